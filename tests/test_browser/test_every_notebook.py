"""Every notebook, and every master with its solutions, run and played with in JupyterLab."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .driver import ROOT, Lab

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTEBOOKS = [
    path.relative_to(ROOT).as_posix()
    for folder in ("notebooks", "source")
    for path in sorted((ROOT / folder).glob("**/*.ipynb"))
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
]
PICTURE = "slider => slider.closest('.widget-vbox').querySelector('.widget-html').innerHTML"
# Of what the widgets show, that which reaches beyond the cell; what scrolls by itself may.
CLIPPED = """() => [...document.querySelectorAll('.jp-OutputArea-output .jupyter-widgets *')]
    .filter(part => {
        const scroller = part.closest('pre');
        const cell = part.closest('.jp-OutputArea-output').getBoundingClientRect();
        return !scroller && part.getBoundingClientRect().right > cell.right + 1;
    }).map(part => part.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module", params=NOTEBOOKS)
def notebook(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """A notebook in which every cell has been run."""
    with lab.open(request.param):
        lab.run_all()
        yield lab
        for width in (800, 1280):
            lab.pictures(request.param.removesuffix(".ipynb").replace("/", "-"), width)


def test_it_runs_without_an_error_in_a_cell_or_on_the_console(notebook: Lab):
    assert [] == notebook.errors()


def test_every_slider_redraws_its_picture_by_the_keyboard(notebook: Lab):
    page = notebook.page
    for slider in page.locator(".widget-slider .noUi-handle").all():
        at, low, high = (slider.get_attribute(f"aria-value{end}") for end in ("now", "min", "max"))
        if low == high:
            continue
        before = slider.evaluate(PICTURE)
        slider.focus()
        page.keyboard.press("ArrowLeft" if at == high else "ArrowRight")
        page.wait_for_function(
            f"([slider, before]) => ({PICTURE})(slider) !== before",
            arg=[slider.element_handle(), before],
        )

        assert at != slider.get_attribute("aria-valuenow")
        assert "<svg" in slider.evaluate(PICTURE)
    assert [] == notebook.heard


def test_in_a_narrow_window_nothing_is_clipped(notebook: Lab):
    notebook.page.set_viewport_size({"width": 800, "height": 900})
    clipped = notebook.page.evaluate(CLIPPED)

    assert [] == clipped
