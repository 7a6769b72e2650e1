"""Nbgrader's Formgrader on what `taketurns grade` wrote, as an instructor meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from taketurns.course import sample_class
from taketurns.grading import sandbox
from tests.test_grading import mixed_class
from tests.test_grading.mixed_class import (
    ASSIGNMENT,
    NOTEBOOK,
    QUESTION,
    RIGHT,
    UNTOUCHED,
    WRONG,
)

from .conftest import address
from .driver import PICTURES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator, Page

STUDENTS = [RIGHT, UNTOUCHED, WRONG]
FORMGRADER = "nbgrader.server_extensions.formgrader"
# Its pages take this from elsewhere, to show formulas; without it the rest works.
MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/**"
NO_MATHJAX = """window.MathJax = new Proxy(function () {}, {
    get: (_, name) => name === Symbol.toPrimitive ? () => "" : window.MathJax,
    apply: () => window.MathJax,
});"""
pytestmark = pytest.mark.skipif(
    all(sandbox.probe().values()), reason=f"no sandbox works here: {sandbox.probe()}"
)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a course with three students and a question for a human; have it graded."""
    folder = tmp_path_factory.mktemp("formgrader") / "course"
    assert STUDENTS == mixed_class.make(folder)
    grade(folder)
    return folder


def grade(folder: Path, *options: str) -> None:
    command = [sys.executable, "-m", "taketurns", "grade", ASSIGNMENT, "--workers", "2", *options]
    subprocess.run(command, cwd=folder, check=True)


@pytest.fixture(scope="module")
def server(course: Path) -> Iterator[tuple[str, str]]:
    """Serve the course with Formgrader, as README says; return the address and the token."""
    with tempfile.TemporaryDirectory(prefix="tt-") as folder:
        home = Path(folder)
        turned_on = home / "config" / "jupyter_server_config.d" / "formgrader.json"
        turned_on.parent.mkdir(parents=True)
        turned_on.write_text(json.dumps({"ServerApp": {"jpserver_extensions": {FORMGRADER: True}}}))
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")
        } | {
            "HOME": folder,
            "JUPYTER_CONFIG_PATH": str(home / "config"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        }
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"),
                    *("--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"),
                    *("--ServerApp.port_retries=0", f"--ServerApp.root_dir={course}"),
                ],
                cwd=course,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            try:
                yield address(process, home)
            finally:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


class Formgrader:
    """Pages of it, one after another in one tab."""

    def __init__(self, page: Page, url: str, token: str) -> None:
        self.page = page
        self.heard: list[str] = []  # errors on the console, and those that nobody caught
        self._url = f"{url}formgrader"
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.heard.append(f"uncaught: {error}"))
        page.goto(f"{self._url}?token={token}")

    def _listen(self, message: Any) -> None:
        if message.type == "error":
            self.heard.append(f"{message.text} ({message.location['url']})")

    def rows(self, path: str) -> list[list[str]]:
        """Open a page; return what stands in its table."""
        self.page.goto(f"{self._url}/{path}")
        self.page.locator("#main-table td:not(:has-text('Loading'))").first.wait_for()
        self.page.wait_for_load_state("networkidle")
        rows = self.page.locator("#main-table tr").all()
        return [[text.strip() for text in row.locator("td").all_inner_texts()] for row in rows]

    def submission(self, student: str) -> None:
        """Open a student's notebook by the link that leads there."""
        self.rows(f"manage_students/{student}/{ASSIGNMENT}")
        self.page.get_by_role("link", name=NOTEBOOK, exact=True).click()
        self.page.wait_for_load_state("networkidle")

    def cell(self, name: str) -> Locator:
        return self.page.locator(".nbgrader_cell", has=self.page.locator(f"[id='{name}']"))

    def enter(self, field: str, text: str) -> None:
        """Type into a field and leave it, whereupon the page saves it."""
        with self.page.expect_response(lambda reply: reply.request.method == "PUT") as reply:
            self.page.locator(f"[id='{field}']").fill(text)
            self.page.locator(f"[id='{field}']").blur()
        assert 200 == reply.value.status

    def picture(self, name: str, of: Locator | None = None) -> None:
        """Keep a picture of the page for people to look at, from `of` on."""
        PICTURES.mkdir(exist_ok=True)
        if of is not None:
            of.evaluate("element => element.scrollIntoView()")
        self.page.screenshot(path=PICTURES / f"formgrader-{name}.png")


@pytest.fixture
def formgrader(browser: Browser, server: tuple[str, str]) -> Iterator[Formgrader]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    script = "text/javascript"
    context.route(MATHJAX, lambda each: each.fulfill(body=NO_MATHJAX, content_type=script))
    opened = Formgrader(context.new_page(), *server)
    yield opened
    context.close()
    assert [] == opened.heard


def in_gradebook(course: Path) -> dict[tuple[str, str], tuple[Any, ...]]:
    return mixed_class.in_gradebook(f"sqlite:///{course / 'gradebook.db'}")


def test_formgrader_shows_who_has_how_many_points(formgrader: Formgrader, course: Path):
    assignments = formgrader.rows("manage_assignments")
    formgrader.picture("assignments")
    submissions = formgrader.rows(f"manage_submissions/{ASSIGNMENT}")
    formgrader.picture("submissions")
    by_notebook = formgrader.rows(f"gradebook/{ASSIGNMENT}/{NOTEBOOK}")
    formgrader.picture("gradebook")

    assert [(ASSIGNMENT, "3")] == [(row[0], row[8]) for row in assignments]
    status = dict.fromkeys(STUDENTS, "needs manual grading") | {UNTOUCHED: "graded"}
    got = {student: in_gradebook(course)[student, "all"] for student in STUDENTS}
    said = {student: "{:g} / {:g}".format(*got[student]) for student in STUDENTS}
    expected = {student: [status[student], said[student]] for student in STUDENTS}
    assert expected == {row[1]: row[3:5] for row in submissions}
    assert sorted(said.values()) == sorted(row[2] for row in by_notebook)
    assert 0 == got[UNTOUCHED][0] < got[WRONG][0] < got[RIGHT][0] == got[RIGHT][1] - 2


def test_a_submission_is_shown_with_what_its_checks_put_out(formgrader: Formgrader):
    formgrader.submission(WRONG)
    shown = formgrader.page.locator("#notebook")
    check = formgrader.cell("counter-all-counted")
    assert "0" == check.locator(".score").get_attribute("placeholder")
    output = shown.locator(".cell", has=check).locator(".output_error")
    formgrader.picture("submission", output)
    assert "lost-update" in output.inner_text()
    assert shown.locator(".cell", has=check).locator("svg, img").count()
    assert "three" == formgrader.cell(QUESTION).locator("strong").inner_text()


def test_points_and_comments_of_a_human_are_kept_when_graded_again(
    formgrader: Formgrader, course: Path
):
    before = in_gradebook(course)
    formgrader.submission(WRONG)
    formgrader.enter(QUESTION, "1.5")
    formgrader.enter("counter-all-counted", "0.5")
    formgrader.enter("counter-comment", "Nearly: **one** lock.")
    formgrader.picture("by-hand", formgrader.page.locator("#counter-comment"))
    by_hand = in_gradebook(course)
    grade(course, "--force")
    by_us = in_gradebook(course)
    formgrader.submission(WRONG)
    formgrader.picture("graded-again", formgrader.cell(QUESTION))
    shown = {
        field: formgrader.page.locator(f"[id='{field}']").input_value()
        for field in (QUESTION, "counter-all-counted", "counter-comment")
    }
    sample_class.run_nbgrader(course, "autograde", ASSIGNMENT, "--force")

    assert {
        (WRONG, "all"): (8.0, 10.0),
        (WRONG, QUESTION): (None, 1.5, None, False),
        (WRONG, "counter-all-counted"): (0.0, 0.5, None, False),
        (WRONG, "counter: said"): (None, "Nearly: **one** lock."),
    } == {key: value for key, value in by_hand.items() if value != before[key]}
    values = {QUESTION: "1.5", "counter-all-counted": "0.5"}
    assert {**values, "counter-comment": "Nearly: **one** lock."} == shown
    assert in_gradebook(course) == by_us
    assert {
        (WRONG, QUESTION): (None, 1.5, None, True),  # a human is to look at it again
        (WRONG, "counter-all-counted"): (0.0, 0.5, None, True),
    } == {key: value for key, value in by_us.items() if value != by_hand[key]}
