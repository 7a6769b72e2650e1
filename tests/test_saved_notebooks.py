"""What a saved notebook shows where no kernel runs: on GitHub, in a viewer, in print."""

from __future__ import annotations

import ast
import base64
import html
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import nbformat
import pytest
from nbconvert import HTMLExporter

ROOT = Path(__file__).resolve().parents[1]
WIDGETS = {"explorer", "schedules", "stepper"}

every_lesson = pytest.mark.parametrize(
    "path", [pytest.param(p, id=p.stem) for p in sorted((ROOT / "notebooks").glob("*.ipynb"))]
)


def code_cells(path: Path) -> list[Any]:
    return [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]


def shows_a_widget(cell: Any) -> bool:
    calls = [node.func for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)]
    return any(isinstance(func, ast.Name) and func.id in WIDGETS for func in calls)


def pictures(cell: Any) -> list[Any]:
    """Return the cell's outputs that show a picture, of a run or of the stepper."""
    found = [output.data for output in cell.outputs if "data" in output]
    return [data for data in found if "<img " in data.get("text/html", "")]


def drawn(markup: str) -> list[tuple[str, str]]:
    """Return the pictures in HTML: what stands for each where it cannot be seen, and its SVG."""
    found = re.findall(r'<img alt="([^"]+)" src="data:image/svg\+xml;base64,([\w+/=]+)"', markup)
    return [(html.unescape(alt), base64.b64decode(svg).decode()) for alt, svg in found]


def page(path: Path, **options: Any) -> str:
    return HTMLExporter(**options).from_filename(str(path))[0]


@every_lesson
def test_every_widget_has_a_picture_beside_it(path):
    cells = code_cells(path)
    without = [
        cell.id
        for at, cell in enumerate(cells)
        if shows_a_widget(cell) and not any(map(pictures, cells[max(at - 1, 0) : at + 3]))
    ]

    assert [] == without
    assert "widgets" not in nbformat.read(path, as_version=4).metadata


@pytest.mark.slow
@every_lesson
def test_the_page_made_of_it_shows_every_picture(path):
    kept = [data for cell in code_cells(path) for data in pictures(cell)]
    shown = drawn(page(path))

    assert kept
    assert [found for data in kept for found in drawn(data["text/html"])] == shown
    assert len(kept) <= len(shown)
    for alt, svg in shown:
        assert alt
        assert "{http://www.w3.org/2000/svg}svg" == ET.fromstring(svg).tag


@every_lesson
def test_who_takes_no_html_gets_the_picture_alone_or_the_text(path):
    for cell in code_cells(path):
        for data in pictures(cell):
            assert data["text/plain"]
            if "image/svg+xml" in data:
                assert [data["image/svg+xml"]] == [svg for _, svg in drawn(data["text/html"])]


@pytest.mark.slow
@every_lesson
def test_a_sanitizer_that_takes_the_pictures_leaves_their_text(path):
    # nbviewer's, which takes images in data URIs
    text = html.unescape(re.sub(r"<[^>]*>", "", page(path, sanitize_html=True)))
    for cell in code_cells(path):
        for data in pictures(cell):
            for block in re.findall(r"<pre[^>]*>(.*?)</pre>", data["text/html"], re.DOTALL):
                told = html.unescape(re.sub(r"<[^>]*>", "", block))

                assert told.strip()
                assert told in text
