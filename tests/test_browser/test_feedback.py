"""A feedback page in a browser, judged by axe-core's rules of accessibility; it loads nothing."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from taketurns import ScheduleFailure, explore
from taketurns.grading.gradebook import Mark, Marks
from taketurns.grading.handback import render
from taketurns.grading.topics import Topics

from .driver import PICTURES, ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MASTER = ROOT / "source" / "03-races-and-locks" / "races-and-locks.ipynb"
EVIL = (
    "<script>console.log('ran')</script><img src=https://example.org/a onerror=console.log('ran')>"
)


def two_doors():
    count = {"visitors": 0}

    def door():
        count["visitors"] += 1

    doors = [threading.Thread(target=door) for _ in range(2)]
    for each in doors:
        each.start()
    for each in doors:
        each.join()
    assert count["visitors"] == 2, EVIL


def failing() -> list[dict[str, Any]]:
    """What a kernel puts out for a failed check, and what a student may do to be seen."""
    with pytest.raises(ScheduleFailure) as raised:
        explore(two_doors).check()
    failure = raised.value.report.failure
    page = failure._repr_mimebundle_()["text/html"]
    return [
        {"output_type": "display_data", "data": {"text/html": EVIL}, "metadata": {}},
        {"output_type": "stream", "name": "stdout", "text": EVIL},
        {"output_type": "display_data", "data": {"text/html": page}, "metadata": {}},
        {
            "output_type": "error",
            "ename": "ScheduleFailure",
            "evalue": str(raised.value),
            "traceback": [],
        },
    ]


@pytest.fixture(scope="module")
def feedback(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with a check that failed, one that stopped, one that held, and one for a human."""
    cells = json.loads(MASTER.read_text("utf-8"))["cells"]
    marks = Marks(penalty=0.5, comments={"counter": f"Nearly. {EVIL}"})
    stopped = {"output_type": "error", "ename": "ValueError", "evalue": EVIL, "traceback": [EVIL]}
    outcomes = [(0.0, failing()), (0.0, [stopped]), (None, []), (0.5, [])]
    for cell in cells:
        grading = cell["metadata"].get("nbgrader", {})
        if grading.get("solution"):
            cell["source"] = f"# {EVIL}\n" + 3 * "a_name_that_is_rather_long = "
        if grading.get("grade"):
            points, cell["outputs"] = outcomes.pop(0) if outcomes else (1.0, [])
            by_hand = points == 0.5
            mark = Mark(points, 1.0, by_hand=by_hand, needs_human=points is None)
            marks.cells[grading["grade_id"]] = mark
    topics = Topics(ROOT / "source")
    page = render("ada", MASTER.parent.name, MASTER.stem, cells, marks, None, topics, {})
    path = tmp_path_factory.mktemp("feedback") / "one.html"
    path.write_text(page, "utf-8")
    return path


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_feedback_page_breaks_no_rule_of_accessibility_loads_nothing_and_runs_nothing(
    browser: Browser, feedback: Path, scheme, width
):
    heard: list[str] = []
    asked: list[str] = []
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.on("console", lambda message: heard.append(message.text))
    page.on("request", lambda request: asked.append(request.url.partition(":")[0]))
    page.goto(feedback.as_uri())
    for each in page.locator("summary").all():
        each.click()
    response = Axe().run(page).response
    wide = page.evaluate("document.documentElement.scrollWidth")
    drawn = page.evaluate("[...document.images].map(image => image.naturalWidth > 0)")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)")
    text = page.inner_text("body")
    ink, paper = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"feedback-{scheme}-{width}.png", full_page=True)
    page.close()
    objections = [
        f"{rule['id']}: {rule['help']}: {node['html']}"
        for rule in response["violations"] + response["incomplete"]
        for node in rule["nodes"]
    ]

    assert [] == objections
    assert [] == heard
    assert {"file", "data"} >= set(asked)
    assert [True] == drawn
    assert len(set(ids)) == len(ids)
    assert 5 <= text.count(EVIL), "it can be read"
    assert width == wide, "nothing runs out of the page"
    assert (sum(map(int, re.findall(r"\d+", ink))) < 384) == (scheme == "light")
    assert (sum(map(int, re.findall(r"\d+", paper))) < 384) == (scheme == "dark")
