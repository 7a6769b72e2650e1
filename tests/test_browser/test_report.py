"""The pages of `taketurns report` in a browser, judged by axe-core's rules of accessibility."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from taketurns import simulate
from taketurns.grading import report
from taketurns.grading.types import CellResult, Graded, NotebookResult

from .driver import PICTURES

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

POINTS = {"counter-all-counted": 2.0, "counter-usable-after-an-error": 1.0}


def two_doors():
    count = {"visitors": 0}

    def door():
        count["visitors"] += 1

    doors = [threading.Thread(target=door) for _ in range(2)]
    for each in doors:
        each.start()
    for each in doors:
        each.join()


def submission(number: int) -> report.Submission:
    """Every third needs a human, every second makes a mistake."""
    student, wrong = report.Student(f"s{number}"), number % 2
    cells = tuple(
        CellResult(name, most * wrong, most, "assertion", "", "lost-update" if wrong else None)
        for name, most in POINTS.items()
    )
    reasons = ("counter reaches for the checks: it reads `__import__`",) * (number % 3 == 0)
    result = NotebookResult("one", None, cells, ("2 cells pasted twice",), reasons, 0.4)
    return report.Submission(
        student,
        {("one", cell.name): report.Score(cell.points, needs_human=number == 4) for cell in cells},
        graded=Graded(student.id, "races", "", None, (result,)),
    )


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    exercise = "Exercise 3.1: a counter that never loses an update"
    cells = tuple(
        report.Cell(("one", name), most, exercise, "Watch an update get lost")
        for name, most in POINTS.items()
    )
    assignment = report.Assignment(
        "races", "3 · Races and locks", cells, tuple(submission(number) for number in range(12))
    )
    picture = re.search(r"base64,([\w+/=]+)", simulate(two_doors)._repr_mimebundle_()["text/html"])
    assert picture is not None
    told = "Thread-1 read `count`, then Thread-2 wrote it."
    shown = report.Example(exercise, "2 came in, 1 was counted", told, picture[1], "step  thread")
    (found,) = report.mistakes([assignment])
    mistake = report.Mistake(found.name, found.students, found.exercises, ("3 · Races",), shown)
    index = {"assignments": [assignment], "mistakes": [mistake], "students": 12, "course": "c"}
    values = {
        "assignment": assignment,
        "outcomes": report.outcomes(assignment),
        "mistakes": [mistake],
        "picture": report.distribution(assignment.totals, assignment.max_points),
        "bars": report.bars(assignment.totals, assignment.max_points),
        "times": [(0.4, "s1")],
        "students": 12,
    }
    for name, text in {
        "races": report.page("assignment.html.jinja", **values),
        "index": report.page("index.html.jinja", **index, got=9, could=36),
    }.items():
        (folder / f"{name}.html").write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize("width", [1280, 800])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["races", "index"])
def test_a_page_of_the_report_breaks_no_rule_of_accessibility(
    browser: Browser, pages: Path, name, scheme, width
):
    heard: list[str] = []
    asked: list[str] = []
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.on("console", lambda message: heard.append(message.text))
    page.on("request", lambda request: asked.append(request.url.partition(":")[0]))
    page.goto((pages / f"{name}.html").as_uri())
    for each in page.locator("summary").all():
        each.click()
    response = Axe().run(page).response
    wide = page.evaluate("document.documentElement.scrollWidth")
    ink, paper = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"report-{name}-{scheme}-{width}.png", full_page=True)
    page.close()
    objections = [
        f"{rule['id']}: {rule['help']}: {node['html']}"
        for rule in response["violations"] + response["incomplete"]
        for node in rule["nodes"]
        # One digit is no text to axe-core, so it cannot say whether its contrast is enough.
        if not node["html"].startswith('<text class="')
    ]

    assert [] == objections
    assert [] == heard
    assert {"file", "data"} >= set(asked)
    assert width == wide, "nothing runs out of the page"
    assert (sum(map(int, re.findall(r"\d+", ink))) < 384) == (scheme == "light")
    assert (sum(map(int, re.findall(r"\d+", paper))) < 384) == (scheme == "dark")
