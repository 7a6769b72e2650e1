"""What stands in a feedback page: points, comments, answers; and nothing that a student can do."""

from __future__ import annotations

import base64
import html
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from taketurns.cli import cli
from taketurns.course.folder import Course
from taketurns.grading.folders import RECORD, Folders
from taketurns.grading.gradebook import Gradebook
from taketurns.grading.handback import LONGEST, write_feedback
from taketurns.grading.types import CellResult, Graded, NotebookResult

ROOT = Path(__file__).resolve().parents[2]
SECRET = "assert double(secret_number) == secret_number + secret_number"
CHECK = (
    f'"""It returns `n` twice."""\ndef two(): ...\n'
    f"### BEGIN HIDDEN TESTS\n{SECRET}\n### END HIDDEN TESTS"
)
EVIL = "</pre><script>alert('&\"')</script><img src=https://example.org/x onerror=alert(1)>"
PARAGRAPH = "Thread-1 wrote over `self.value` without having seen it."
TOLD = (
    f"4 expected, got 3\nlost-update: {PARAGRAPH}\n"
    "Replay it with simulate(two, schedule='0.1'). Found after 2 schedules.\n\n  step  thread"
)


def code(name: str, source: str, **grading: Any) -> dict[str, Any]:
    made = {"grade": False, "solution": False, "locked": True, "task": False, **grading}
    metadata = {"nbgrader": {**made, "grade_id": name, "schema_version": 3}}
    cell = {"cell_type": "code", "execution_count": None, "outputs": [], "source": source}
    return {**cell, "id": name, "metadata": metadata}


def prose(name: str, source: str, **grading: Any) -> dict[str, Any]:
    cell = code(name, source, **grading)
    del cell["outputs"], cell["execution_count"]
    return cell | {"cell_type": "markdown"} | ({} if grading else {"metadata": {}})


def notebook() -> dict[str, Any]:
    cells = [
        prose("top", "# 1 · Doubles"),
        prose("lesson", "## Watch a number grow\n\nIt grows."),
        prose("first", "## Exercise 1.1: twice as much (2 points)"),
        code("double", "def double(n): ...", solution=True, locked=False),
        code("doubles", CHECK, grade=True, points=2),
        prose("second", "## Exercise 1.2: and why (1 point)"),
        prose("why", "", grade=True, solution=True, locked=False, points=1),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def shown(page: str) -> dict[str, Any]:
    return {"output_type": "display_data", "data": {"text/html": page}, "metadata": {}}


def error(name: str, value: str, *traceback: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": name, "evalue": value, "traceback": list(traceback)}


def printed(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def picture(title: str, text: str) -> str:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><title>{html.escape(text)}</title></svg>'
    data = base64.b64encode(svg.encode()).decode()
    return (
        f'<img alt="{html.escape(title)}" src="data:image/svg+xml;base64,{data}" style="">'
        f"<details><summary>The same as text</summary><pre>{html.escape(text)}</pre></details>"
    )


class Class:
    """A course whose gradebook and graded notebooks are written down, not earned."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.url = f"sqlite:///{root / 'gradebook.db'}"
        shutil.copy(ROOT / "nbgrader_config.py", root)
        source = root / "source" / "doubles" / "one.ipynb"
        source.parent.mkdir(parents=True)
        source.write_text(json.dumps(notebook()), "utf-8")

    def add(
        self,
        student: str,
        doubles: float | None = 2.0,
        why: float | None = 1.0,
        *,
        answers: tuple[str, str] = ("def double(n):\n    return 2 * n", "Because."),
        outputs: tuple[dict[str, Any], ...] = (),
        verdict: str = "ok",
        message: str = "",
        remarks: tuple[str, ...] = (),
        absent: bool = False,
    ) -> Path:
        """Somebody handed in, and it was graded."""
        answered = notebook()
        answered["cells"][3]["source"], answered["cells"][6]["source"] = answers
        answered["cells"][4]["outputs"] = list(outputs)
        cells = (
            CellResult("doubles", doubles, 2.0, verdict, message),
            CellResult("why", why, 1.0, "manual"),
        )
        result = NotebookResult("one", None if absent else answered, cells, remarks)
        graded = Graded(student, "doubles", "", None, (result,))
        with Gradebook(self.url, "taking-turns") as gradebook:
            gradebook.prepare("doubles", {"one": notebook()})
            gradebook.write([graded])
        path = self.root / "autograded" / student / "doubles" / "one.ipynb"
        path.parent.mkdir(parents=True)
        if not absent:
            path.write_text(json.dumps(answered), "utf-8")
        data = graded.as_json()
        data["notebooks"][0]["notebook"] = None
        (path.parent / RECORD).write_text(json.dumps(data), "utf-8")
        return path

    def enter(self, student: str, points: float, comment: str) -> None:
        """A human gives points, and says why, in Formgrader."""
        from nbgrader.api import Gradebook as Nbgrader

        with Nbgrader(self.url) as book:
            grade = book.find_grade("why", "one", "doubles", student)
            grade.manual_score, grade.needs_manual_grade = points, False
            book.find_comment("why", "one", "doubles", student).manual_comment = comment
            book.db.commit()

    def feedback(self, *arguments: str) -> Result:
        return CliRunner().invoke(cli, ["feedback", "doubles", *arguments])

    def page(self, student: str) -> str:
        return (self.root / "feedback" / student / "doubles" / "one.html").read_text("utf-8")

    def text(self, student: str) -> str:
        return readable(self.page(student))


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Class:
    monkeypatch.chdir(tmp_path)
    return Class(tmp_path)


def readable(page: str) -> str:
    """Return the text of a page, a space between its elements."""
    return " ".join(html.unescape(re.sub(r"(?s)<style>.*?</style>|<[^>]*>", " ", page)).split())


def pictures(page: str) -> list[str]:
    found = re.findall(r"data:image/svg\+xml;base64,([\w+/=]+)", page)
    return [base64.b64decode(each).decode() for each in found]


# -- what is told ---------------------------------------------------------------------------------


def test_a_page_tells_the_points_of_each_exercise_and_shows_the_answers(course):
    course.add("ada")
    result = course.feedback()
    text = course.text("ada")

    assert (0, "doubles: 1 page of feedback written\n") == (result.exit_code, result.output)
    assert "1 · Doubles Feedback on one for ada Points 3 of 3" in text
    assert "Exercise 1.1: twice as much 2 of 2 Exercise 1.2: and why 1 of 1" in text
    assert "Your answer def double(n): return 2 * n It returns n twice. ✓ Held , 2 of 2" in text
    assert "Your answer Because. why 1 of 1" in text
    assert "# (1 line of hidden checks is left out here)" in text
    assert "secret_number" not in course.page("ada")


def test_a_failed_check_has_its_paragraph_its_picture_what_to_replay_and_what_to_reread(course):
    run = picture("4 expected", f"a run of {SECRET}")
    outputs = (shown(run), error("ScheduleFailure", TOLD, f"ScheduleFailure: {TOLD}"))
    course.add("ada", 0.0, outputs=outputs, verdict="assertion", message=TOLD)
    course.feedback()
    text = course.text("ada")

    assert "✗ Did not hold , 0 of 2 ( doubles ) 4 expected, got 3 Lost update. Thread-1" in text
    assert "The run as text a run of (a hidden check) Replay it" in text
    assert "in your notebook, with simulate(two, schedule='0.1')" in text
    assert "Read again: 1 · Doubles: from “Watch a number grow” on." in text
    assert ["a run of (a hidden check)"] == [
        readable(each) for each in pictures(course.page("ada"))
    ]
    assert "secret_number" not in course.page("ada")


def test_a_schedule_of_a_hidden_program_is_not_offered_for_replay(course):
    told = TOLD.replace("simulate(two,", "simulate(hidden,")
    course.add("ada", 0.0, outputs=(error("ScheduleFailure", told),), verdict="assertion")
    course.feedback()

    assert "is a part of the hidden checks, so you cannot run it yourself" in course.text("ada")
    assert "The run as text step thread" in course.text("ada"), "there was no picture"


@pytest.mark.parametrize(
    "raised, expected",
    [
        (
            error("NotImplementedError", "this part is still to be written"),
            "Not answered yet: this",
        ),
        (
            error("ScheduleFailure", "exception: NotImplementedError: this\nmore"),
            "answered yet: this",
        ),
        (error("AssertionError", "4 expected\nand more"), "4 expected and more"),
        (error("AssertionError", ""), "An assertion does not hold."),
        (error("NameError", "name 'x'", f"\x1b[31m--> {SECRET}"), "NameError: name 'x' The error"),
        (error("KeyError", "", f"\x1b[31m--> {SECRET}\x1b[0m"), "Python tells it --> (a hidden"),
    ],
)
def test_an_error_is_told_in_words(course, raised, expected):
    course.add("ada", 0.0, outputs=(raised,), verdict="exception")
    course.feedback()

    assert expected in course.text("ada")
    assert "secret_number" not in course.page("ada")


def test_where_the_outputs_say_nothing_the_record_does(course):
    message = f"not run: double took too long in {SECRET}"
    course.add("ada", 0.0, outputs=(printed("so far"),), verdict="time-limit", message=message)
    course.feedback()

    assert "not run: double took too long in (a hidden check)" in course.text("ada")
    assert "What was printed so far" in course.text("ada")


def test_what_was_repaired_is_told(course):
    course.add("ada", remarks=("2 cells were pasted twice",))
    course.feedback()

    assert "put right before it was graded: 2 cells were pasted twice" in course.text("ada")


def test_who_handed_in_nothing_that_can_be_read_gets_a_page_that_says_so(course):
    course.add("ada", None, None, verdict="not-run", message="the file is no notebook", absent=True)
    result = course.feedback()

    assert 0 == result.exit_code
    assert "No notebook of this name that could be read was handed in." in course.text("ada")
    assert "Not final: a human has still to look at 2 parts of it." in course.text("ada")


# -- humans ---------------------------------------------------------------------------------------


def test_until_a_human_has_looked_the_page_is_not_final_and_then_it_has_points_and_comment(course):
    course.add("ada", 2.0, None)
    course.feedback()
    before = course.text("ada")
    course.enter("ada", 0.5, f"Say <why>. {EVIL}")
    course.feedback("--student", "ada")
    after = course.text("ada")

    assert "Points 2 of 3 Not final: a human has still to look at 1 part of it." in before
    assert "why – of 1 ( why ) A human has still to look at this." in before
    assert "Points 2.5 of 3 Exercises" in after
    assert "Comment: Say <why>." in after
    assert "0.5 of 1, given by a human" in after
    assert "<script" not in course.page("ada")


def test_points_come_off_for_handing_in_late(course):
    from nbgrader.api import Gradebook as Nbgrader

    course.add("ada")
    with Nbgrader(course.url) as book:
        book.find_submission_notebook("one", "doubles", "ada").late_submission_penalty = 1.5
        book.db.commit()
    course.feedback()

    assert "Points 1.5 of 3 Taken off for handing in late 1.5" in course.text("ada")


# -- what students may not do ---------------------------------------------------------------------


def test_what_students_write_and_put_out_is_text_and_no_html_of_theirs_is_passed_on(course):
    forged = picture("</title>", "x").replace("<details>", f"<script>{EVIL}</script><details>")
    outputs = (
        shown(EVIL),
        shown(picture(EVIL, EVIL).replace("style=", "onload=alert(1) style=")),
        shown(forged),
        printed(EVIL),
        {"output_type": "display_data", "data": {"image/svg+xml": "<svg onload=alert(1)>"}},
        error("ScheduleFailure", TOLD.replace("4 expected", EVIL)),
    )
    remarks = (EVIL,)
    course.add(
        "ada", 0.0, answers=(EVIL, EVIL), outputs=outputs, verdict="assertion", remarks=remarks
    )
    course.feedback()
    page = course.page("ada")
    tags = set(
        re.findall(r"<([a-zA-Z]+)", re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL))
    )
    attributes = set(re.findall(r'[\s"](on\w+|href|src|action|http-equiv)="([^"]{0,22})', page))

    assert set() == tags & {"script", "svg", "iframe", "object", "link", "form", "base"}
    assert {
        ("http-equiv", "Content-Security-Polic"),
        ("src", "data:image/svg+xml;bas"),
        ("href", "#exercise-1"),
        ("href", "#exercise-2"),
    } == attributes
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in page
    assert 4 <= readable(page).count("<script>alert('&\"')</script>"), "it is there, as text"


def test_a_flood_of_output_is_cut(course):
    outputs = (printed("x" * 10**6), error("ValueError", "y" * 10**6))
    course.add("ada", 0.0, outputs=outputs, verdict="exception")
    course.feedback()

    assert 60_000 > len(course.page("ada"))
    assert f"… {10**6 - LONGEST} signs left out …" in course.text("ada")


# -- the files and the command --------------------------------------------------------------------


@pytest.mark.parametrize(
    "content, expected",
    [
        ("{", "cannot be read (JSONDecodeError"),
        ('{"cells": [{"cell_type": "code"}]}', "cannot be read (KeyError: 'source')"),
        ("[" * 10**5, "cannot be read (RecursionError"),
        (b"\xff\xfe{", "cannot be read ("),
        (None, "one.ipynb: Is a directory, so there is no feedback on it"),
    ],
)
def test_a_graded_notebook_that_cannot_be_read_costs_nobody_else_their_page(
    course, content, expected
):
    path = course.add("ada")
    course.add("bob")
    if content is None:
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    result = course.feedback()

    assert 1 == result.exit_code
    assert f"taketurns feedback: {path}: " in result.output
    assert expected in result.output
    assert "Points 3 of 3" in course.text("bob")
    assert not (course.root / "feedback" / "ada" / "doubles" / "one.html").exists()


def test_a_graded_notebook_that_nbgrader_graded_and_that_is_gone_is_missed(course):
    path = course.add("ada")
    path.unlink()
    (path.parent / RECORD).unlink()
    result = course.feedback()

    assert 1 == result.exit_code
    assert f"{path}: No such file or directory, so there is no feedback on it" in result.output


def test_release_feedback_finds_the_time_and_the_secret_of_the_submission(course):
    path = course.add("ada")
    submitted = course.root / "submitted" / "ada" / "doubles"
    submitted.mkdir(parents=True)
    (submitted / "submission_secret.txt").write_text("s3cret")
    (submitted / "timestamp.txt").write_text("old")
    (path.parent / "timestamp.txt").write_text("2030-01-02")
    course.feedback()
    written = {
        each.name: each.read_text() for each in (course.root / "feedback/ada/doubles").glob("*.txt")
    }

    assert {"submission_secret.txt": "s3cret", "timestamp.txt": "2030-01-02"} == written


def test_only_the_students_who_are_asked_for_get_new_pages(course):
    for student in ("ada", "bob"):
        course.add(student)
    folders = Folders.of(Course(course.root))
    with Gradebook(course.url, "taking-turns") as gradebook:
        written = write_feedback(folders, gradebook, "doubles", ["bob"])

    assert 1 == written
    assert ["bob"] == [path.name for path in (course.root / "feedback").iterdir()]


def test_without_a_gradebook_or_grades_it_says_what_to_do(course):
    none = course.feedback()
    course.add("ada")
    unknown = course.feedback("--student", "eve")
    other = CliRunner().invoke(cli, ["feedback", "triples"])

    assert [2, 2, 2] == [each.exit_code for each in (none, unknown, other)]
    assert "nothing has been graded yet: there is no gradebook" in none.output
    assert "nothing of eve has been graded for doubles" in unknown.output
    assert "nothing of triples has been graded yet. Run `taketurns grade triples`" in other.output


def test_a_folder_that_cannot_be_written_to_is_named(course):
    course.add("ada")
    (course.root / "feedback").write_text("a file")
    result = course.feedback()

    assert 2 == result.exit_code
    assert "feedback/ada/doubles/one.html: Not a directory" in result.output
