"""Feedback as nbgrader makes it for real: what its pages show, and what they must not."""

from __future__ import annotations

import base64
import html
import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner
from traitlets.config import Config

from taketurns.cli import cli
from taketurns.course.folder import MARK, Course
from taketurns.course.sample_class import (
    HEADER,
    build,
    grade_side_by_side,
    run_nbgrader,
    students,
)
from taketurns.course.tidy import METADATA
from taketurns.course.trying import read_answer
from taketurns.grading.hiding import hide_tests

ROOT = Path(__file__).resolve().parents[2]
COURSE = Course(ROOT)
ASSIGNMENT = "03-races-and-locks"
STUDENT = "lost-update-in-inventory"

pytestmark = pytest.mark.slow


def parts(master: Path) -> tuple[list[str], str]:
    """Return the lines of a master's hidden regions, and all the rest of it."""
    hidden: list[str] = []
    rest: list[str] = []
    for cell in json.loads(master.read_text("utf-8"))["cells"]:
        lines = "".join(cell["source"]).split("\n")
        while "### BEGIN HIDDEN TESTS" in lines:
            begin, end = lines.index("### BEGIN HIDDEN TESTS"), lines.index("### END HIDDEN TESTS")
            hidden += [line.strip() for line in lines[begin + 1 : end]]
            lines[begin : end + 1] = []
        rest += lines
    return hidden, "\n".join(rest)


def pictures(page: str) -> list[str]:
    """Return the SVG pictures of a page."""
    return [
        base64.b64decode(found).decode()
        for found in re.findall(r"data:image/svg\+xml;base64,([\w+/=]+)", page)
    ]


def readable(page: str) -> str:
    """Return all that can be read in a page, in its pictures, attributes and coloured code."""
    layers = [page, *pictures(page), unquote(page)]
    without_tags = [re.sub(r"<[^>]*>", "", layer) for layer in layers]
    texts = [html.unescape(layer) for layer in layers + without_tags]
    return re.sub(r"[^\S\n]+", " ", "\n".join(texts))


def leaks(page: str, master: Path) -> set[str]:
    """Return the hidden lines that a page quotes and no other part of the master has."""
    hidden, rest = parts(master)
    text = readable(page)
    return {line for line in hidden if len(line) > 3 and line not in rest and line in text}


def page_of(folder: Path, student: str, assignment: str) -> str:
    (path,) = (folder / "feedback" / student / assignment).glob("*.html")
    return path.read_text("utf-8")


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> Path:
    """A course in which nbgrader has graded one student: the last check of three fails hidden."""
    folder = tmp_path_factory.mktemp("class")
    build(COURSE, folder, ASSIGNMENT)
    for path in (folder / "submitted").iterdir():
        if path.name != STUDENT:
            shutil.rmtree(path)
    run_nbgrader(folder, "autograde", ASSIGNMENT)
    return folder


@pytest.fixture(scope="module")
def master(graded) -> Path:
    return next((graded / "source" / ASSIGNMENT).glob("*.ipynb"))


@pytest.fixture(scope="module")
def page(graded) -> str:
    run_nbgrader(graded, "generate_feedback", ASSIGNMENT)
    return page_of(graded, STUDENT, ASSIGNMENT)


def test_the_page_shows_the_losing_timelines_and_says_what_went_wrong(page):
    drawn = [ET.fromstring(svg) for svg in pictures(page)]
    titles = [root.findtext("{http://www.w3.org/2000/svg}title") for root in drawn]
    text = readable(page)

    assert "assertion: (0, 5), then 1 and 2 moved: expected (3, 2), got (3, 3)" in titles
    assert (  # which only a hidden check finds
        "assertion: 2 and 2 of 3: expected 1 ValueError, got 0; in the end there is (4, 1)"
    ) in titles
    assert "Lost update. Thread-2 (move) read self.store (line 10: 5)" in text
    assert "Check then act. Thread-2 (assistant) looked at self.store (line 10: 3)" in text
    assert "in your notebook, with simulate(two_assistants, schedule='8b.f8d3')" in text
    assert "Read again: 3 · Races and locks: “Watch: look first, then sell”." in text
    assert re.search(r"x +23 Thread-2 \(move\) +13 write self.store +4 -> 3", text)


def test_no_hidden_line_stands_anywhere_in_the_page(page, master):
    hidden, rest = parts(master)

    assert 100 < len({line for line in hidden if line not in rest})
    assert set() == leaks(page, master)
    assert "HIDDEN TESTS" not in readable(page)
    assert 8 == page.count("lines of hidden checks are left out here")
    assert "(a hidden check)" in page


def test_the_learners_own_lines_and_the_visible_checks_stay(page, master):
    answers = next(s for s in students(COURSE, ASSIGNMENT) if s.name == STUDENT).answers
    text = readable(page)
    for path in answers.values():
        for line in HEADER.sub("", read_answer(path), count=1).splitlines():
            assert line.strip() in text
    for cell in json.loads(master.read_text("utf-8"))["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade"):
            for line in "".join(cell["source"]).partition("### BEGIN")[0].splitlines():
                assert line.strip() in text


def test_the_page_loads_nothing(page):
    assert [] == re.findall(r"<(?:script|link|iframe|object|embed)\b[^>]*>", page)
    assert [] == re.findall(r"""(?:src|srcset)\s*=\s*["'](?!data:)[^"']*""", page)
    assert [] == re.findall(r"@import|url\(\s*[\"']?(?:https?:)?//", page)


def test_the_page_would_quote_them_if_it_did_not_know_them(graded, master, page):
    unknown = "--ClearHiddenTests.begin_test_delimeter=NOTHING"
    run_nbgrader(graded, "generate_feedback", ASSIGNMENT, "--force", unknown)

    assert 100 < len(leaks(page_of(graded, STUDENT, ASSIGNMENT), master))


def test_taketurns_makes_the_same_page_and_nbgrader_releases_it(graded, page, monkeypatch):
    submitted = graded / "submitted" / STUDENT / ASSIGNMENT
    (submitted / "timestamp.txt").write_text("2030-01-02 03:04:05.000000 UTC")
    (submitted / "submission_secret.txt").write_text("only two know it")
    exchange = graded / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    monkeypatch.chdir(graded)
    result = CliRunner().invoke(cli, ["feedback", ASSIGNMENT])
    run_nbgrader(graded, "release_feedback", ASSIGNMENT, f"--Exchange.root={exchange}")
    (released,) = (exchange / "taking-turns" / "feedback").glob("*.html")

    assert 0 == result.exit_code, result.output
    assert page == page_of(graded, STUDENT, ASSIGNMENT)
    assert page == released.read_text("utf-8")


def test_no_hidden_line_stands_in_any_page_of_a_class_that_taketurns_has_graded(
    tmp_path, monkeypatch
):
    everybody = build(COURSE, tmp_path, ASSIGNMENT)
    grade_side_by_side(tmp_path, ASSIGNMENT)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["feedback", ASSIGNMENT])
    (master,) = (tmp_path / "source" / ASSIGNMENT).glob("*.ipynb")
    pages = {student.name: page_of(tmp_path, student.name, ASSIGNMENT) for student in everybody}

    assert f"{ASSIGNMENT}: {len(everybody)} pages of feedback written\n" == result.output
    assert {name: set() for name in pages} == {n: leaks(p, master) for n, p in pages.items()}
    assert len(everybody) - 2 <= sum(bool(pictures(page)) for page in pages.values())


CHECKS = '''\
"""It returns its argument doubled."""
assert double(1) == 2, f"expected 2, got {double(1)}"


### BEGIN HIDDEN TESTS
def hidden_helper(secret_number):
    return double(secret_number) == 2 * secret_number


assert hidden_helper(secret_number=21), f"expected True, got {hidden_helper(secret_number=21)}"
### END HIDDEN TESTS
'''
SCHEDULES = '''\
"""Nothing is lost."""
### BEGIN HIDDEN TESTS
def secret_program():
    secret_threads = [threading.Thread(target=add, name=NAME) for NAME in (NAMES * 2)]
    for secret_thread in secret_threads:
        secret_thread.start()
    for secret_thread in secret_threads:
        secret_thread.join()
    assert total[0] == 2, f"{NAMES[0]}: expected 2, got {total[0]}"


total = [0]
explore(secret_program).check()
### END HIDDEN TESTS
'''
EVIL = "<script>alert('&\"')</script><img src=x onerror=alert(1)>"
ANSWER = f"""\
NAMES = [{EVIL!r}]


def double(n):
    print(NAMES[0])
    if n > 1:
        raise ValueError(NAMES[0])
    return 2 * n


def add():
    total[0] = total[0] + 1
"""


def cell(name: str, source: str, **roles: Any) -> dict[str, Any]:
    nbgrader = {"grade": False, "locked": False, "solution": False, "task": False} | roles
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": {"nbgrader": {"grade_id": name, "schema_version": 3} | nbgrader},
        "outputs": [],
        "source": source,
    }


def test_tracebacks_are_cut_and_what_learners_write_is_escaped(tmp_path):
    setup = "import threading\nfrom taketurns import explore"
    cells = [
        cell("setup", setup, locked=True),
        cell("double", "### BEGIN SOLUTION\n### END SOLUTION", solution=True),
        cell("doubled", CHECKS, grade=True, locked=True, points=1),
        cell("added", SCHEDULES, grade=True, locked=True, points=1),
    ]
    notebook = {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    master = tmp_path / "source" / "one" / "one.ipynb"
    master.parent.mkdir(parents=True)
    master.write_text(json.dumps(notebook), "utf-8")
    shutil.copy(ROOT / MARK, tmp_path)
    run_nbgrader(tmp_path, "generate_assignment", "one")
    released = json.loads((tmp_path / "release" / "one" / "one.ipynb").read_text("utf-8"))
    released["cells"][1]["source"] = ANSWER
    answer = tmp_path / "submitted" / "eve" / "one" / "one.ipynb"
    answer.parent.mkdir(parents=True)
    answer.write_text(json.dumps(released), "utf-8")
    run_nbgrader(tmp_path, "autograde", "one")
    run_nbgrader(tmp_path, "generate_feedback", "one")
    page = page_of(tmp_path, "eve", "one")
    titles = [
        ET.fromstring(svg).findtext("{http://www.w3.org/2000/svg}title") for svg in pictures(page)
    ]

    assert set() == leaks(page, master)
    assert f"assertion: {EVIL}: expected 2, got 1" in titles
    for markup in (page, *pictures(page)):
        assert "<script" not in markup
        assert "<img src=x" not in markup
    assert "ValueError" in readable(page)
    assert "raise ValueError(NAMES[0])" in readable(page)
    assert "> 10 (a hidden check)\n 11 (a hidden check)\n" in readable(page)
    assert "secret" not in re.sub(r"secret_(program|threads?|number)\b|hidden_helper", "", page)
    assert "Lost update. " in readable(page)


def test_the_courses_own_delimiters_are_respected():
    config = Config()
    config.ClearHiddenTests.begin_test_delimeter = "HIDE"
    config.ClearHiddenTests.end_test_delimeter = "SHOW"
    source = "a = 1\n    # HIDE\n    secret = a + 1\n    # SHOW\nb = 1\n# HIDE\nx = [b]\n\ny = {b}"
    cells = [
        cell("c", source, grade=True, locked=True),
        cell("s", "# HIDE\nmine = 1", grade=True, solution=True),
        cell("m", "# HIDE\nmine = 2"),
    ]
    seen, tests = hide_tests(cells, config)

    assert [
        (
            "a = 1\n    # (1 line of hidden checks is left out here)\n"
            "b = 1\n# (2 lines of hidden checks are left out here)"
        ),
        "# HIDE\nmine = 1",
        "# HIDE\nmine = 2",
    ] == [each["source"] for each in seen]
    says = ["secret = a + 1", "y = {b}", "a = 1"]
    assert ["(a hidden check)", "(a hidden check)", "a = 1"] == tests.clear(says)
