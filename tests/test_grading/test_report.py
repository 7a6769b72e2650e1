"""`taketurns report`: what is counted, who is named and who is not, what can be imported."""

from __future__ import annotations

import base64
import csv
import html
import json
import re
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from taketurns.cli import cli
from taketurns.course.folder import Course
from taketurns.course.sample_class import hand_in, students
from taketurns.diagnosis import MISTAKES
from taketurns.grading import report, sandbox, topics
from taketurns.grading.folders import RECORD
from taketurns.grading.gradebook import Gradebook
from taketurns.grading.types import CellResult, Graded, NotebookResult

ROOT = Path(__file__).resolve().parents[2]
SECRET = "assert double(secret_number) == secret_number + secret_number"
HIDDEN = f"### BEGIN HIDDEN TESTS\n{SECRET}\n### END HIDDEN TESTS"
PARAGRAPH = "lost-update: Thread-1 wrote over `self.value` without having seen it."


def code(name: str, source: str, **grading: Any) -> dict[str, Any]:
    made = {"grade": False, "solution": False, "locked": True, "task": False, **grading}
    metadata = {"nbgrader": {**made, "grade_id": name, "schema_version": 3}}
    cell = {"cell_type": "code", "execution_count": None, "outputs": [], "source": source}
    return {**cell, "id": name, "metadata": metadata}


def prose(name: str, source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": source}


def notebook() -> dict[str, Any]:
    cells = [
        prose("top", "# 1 · Doubles"),
        prose("lesson", "## Watch a number grow\n\nIt grows."),
        prose("first", "## Exercise 1.1: twice as much (2 points)"),
        code("double", "def double(number): ...", solution=True, locked=False),
        code("doubles", f"assert double(2) == 4, 'two'\n{HIDDEN}", grade=True, points=2),
        prose("second", "## Exercise 1.2: and why (1 point)"),
        code("why", "", grade=True, solution=True, locked=False, points=1),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def picture(text: str) -> str:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><title>{text}</title></svg>'
    data = base64.b64encode(svg.encode()).decode()
    return (
        f'<img alt="x" src="data:image/svg+xml;base64,{data}"><script>boo()</script>'
        f"<details><summary>The same as text</summary><pre>{html.escape(text)}</pre></details>"
    )


class Class:
    """A course whose gradebook and records are written down, not earned."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copy(ROOT / "nbgrader_config.py", root)
        self.url = f"sqlite:///{root / 'gradebook.db'}"

    def add(
        self,
        student: str,
        doubles: float | None = 2.0,
        why: float | None = 1.0,
        *,
        assignment: str = "doubles",
        mistake: str | None = None,
        shows: str = f"two threads {SECRET}",
        **more: Any,
    ) -> Path:
        """Somebody handed in, and it was graded."""
        source = self.root / "source" / assignment / "one.ipynb"
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(json.dumps(notebook()), "utf-8")
        verdict = "ok" if doubles else "assertion"
        told = f"4 expected, got 3\n{PARAGRAPH}\nReplay it with simulate(two, schedule='0.1')."
        cells = (
            CellResult("doubles", doubles, 2.0, verdict, told if mistake else "", mistake),
            CellResult("why", why, 1.0, "manual" if why is None else "ok"),
        )
        result = NotebookResult("one", notebook(), cells, **{"seconds": 0.5, **more})
        time = "2030-01-02T03:04:05+00:00"
        graded = Graded(student, assignment, f"digest of {student}", time, (result,))
        with Gradebook(self.url, "taking-turns") as gradebook:
            gradebook.prepare(assignment, {"one": notebook()})
            gradebook.write([graded])
        answered = notebook()
        if mistake:
            answered["cells"][4]["outputs"] = [
                {
                    "output_type": "display_data",
                    "data": {"text/html": picture(shows)},
                    "metadata": {},
                },
                {
                    "output_type": "error",
                    "ename": "ScheduleFailure",
                    "evalue": f"{told}\n{shows}",
                    "traceback": [],
                },
            ]
        folder = self.root / "autograded" / student / assignment
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "one.ipynb").write_text(json.dumps(answered), "utf-8")
        data = graded.as_json()
        data["notebooks"][0]["notebook"] = None
        (folder / RECORD).write_text(json.dumps(data), "utf-8")
        return folder

    def know(self, student: str, **values: str) -> None:
        """The gradebook knows who somebody is."""
        from nbgrader.api import Gradebook as Nbgrader

        with Nbgrader(self.url) as book:
            book.update_or_create_student(student, **values)

    def enter(self, student: str, cell: str, points: float) -> None:
        """A human gives points in Formgrader."""
        from nbgrader.api import Gradebook as Nbgrader

        with Nbgrader(self.url) as book:
            grade = book.find_grade(cell, "one", "doubles", student)
            grade.manual_score, grade.needs_manual_grade = points, False
            book.db.commit()

    def report(self, *arguments: str) -> Result:
        return CliRunner().invoke(cli, ["report", *arguments])

    def files(self) -> list[str]:
        return sorted(path.name for path in (self.root / "report").iterdir())

    def page(self, name: str = "doubles") -> str:
        return (self.root / "report" / f"{name}.html").read_text("utf-8")

    def rows(self, name: str) -> list[dict[str, str]]:
        text = (self.root / "report" / f"{name}.csv").read_text("utf-8-sig")
        return list(csv.DictReader(text.splitlines()))


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Class:
    monkeypatch.chdir(tmp_path)
    return Class(tmp_path)


def readable(page: str) -> str:
    """Return the text of a page, a space between its elements."""
    return " ".join(html.unescape(re.sub(r"<style>.*?</style>|<[^>]*>", " ", page)).split())


def examples(page: str) -> str:
    """Return the part of a page that tells of mistakes, its pictures decoded."""
    part = page[page.index('<h2 id="mistakes">') : page.index('<h2 id="time">')]
    pictures = re.findall(r"data:image/svg\+xml;base64,([\w+/=]+)", part)
    return html.unescape(part) + "".join(base64.b64decode(each).decode() for each in pictures)


# -- the page -------------------------------------------------------------------------------------


def test_the_page_says_how_each_exercise_and_each_check_came_out(course):
    course.add("ada")
    course.add("bob", 0.0, mistake="lost-update")
    course.add("eve", 1.5, None)
    course.report("doubles")
    text = readable(course.page())

    assert "Handed in 3 of 3" in text
    assert "Exercise 1.1: twice as much 2 1 1 1 0 33 % lost update (1)" in text
    assert "doubles 2 1 1 1 0 33 % lost update (1)" in text
    assert "Exercise 1.2: and why 1 2 0 0 1 67 % a human says (1)" in text


def test_points_are_the_gradebooks_so_a_humans_count(course):
    course.add("ada", 2.0, None)
    course.enter("ada", "why", 0.5)
    course.enter("ada", "doubles", 1.0)
    course.report("doubles")

    assert "1.5" == course.rows("doubles")[0]["total"]
    assert "" == course.rows("doubles")[0]["needs_human"]
    assert "Need a human 0" in readable(course.page())


def test_who_needs_a_human_is_named_with_every_reason(course):
    course.add("ada", 2.0, None, reasons=("double reaches for the checks: inspect",))
    course.add("bob", remarks=("two cells were pasted twice",))
    course.know("ada", first_name="Ada", last_name="<b>King</b>")
    course.report("doubles")
    text = readable(course.page())

    assert (
        "Ada <b>King</b> (ada) double reaches for the checks: inspect "
        "a human gives the points for why"
    ) in text
    assert "bob: two cells were pasted twice" in text
    assert "<b>King" not in course.page()


def test_a_mistake_has_its_number_its_example_and_what_to_read_again(course):
    course.add("ada")
    course.add("bob", 0.0, mistake="lost-update", shows="step 1 of <two>")
    course.add("eve", 0.0, mistake="lost-update", shows="step 1 of <two>")
    course.report("doubles")
    page = course.page()

    assert "Lost update: 2 students, 67 %" in page
    assert "<p><strong>4 expected, got 3</strong></p>" in page
    assert "Thread-1 wrote over <code>self.value</code> without having seen it." in page
    assert "step 1 of &lt;two&gt;</pre>" in page
    assert "Read again: 1 · Doubles: from “Watch a number grow” on." in page
    assert "boo()" not in page


def test_no_hidden_test_stands_in_an_example(course):
    course.add("bob", 0.0, mistake="lost-update")
    course.report("doubles")
    shown = examples(course.page())

    assert "two threads (a hidden check)" in shown
    assert "secret_number" not in shown + course.page()


def test_an_example_names_nobody(course):
    for number in range(3):
        course.add(f"s1000{number}", 0.0, mistake="lost-update", shows=f"by s1000{number}")
    course.add("s20000", 0.0, mistake="lost-update", shows="by the willow")
    course.know("s10000", first_name="Will", last_name="Willow")
    course.report("doubles")
    shown = examples(course.page())

    assert "by the willow" in shown  # another's name, but as a word
    assert re.search("s1000|s20000", shown) is None


@pytest.mark.parametrize(
    "shows",
    [
        "door_of_ada_king",
        "ADA.KING",
        "by Lovelace",
        "by lovelace",
        "king1@example.org",
        "for king1",
        "bob1 too",
    ],
)
def test_an_example_that_would_name_somebody_has_neither_picture_nor_name(course, shows):
    course.add("bob1")
    course.add("ada_king", 0.0, mistake="lost-update", shows=shows.replace(".", "_"))
    course.know("ada_king", first_name="Ada", last_name="Lovelace", email="king1@example.org")
    course.report("doubles")
    shown = examples(course.page())

    assert "Its timeline is left out here, for it names a student." in shown
    assert "data:image" not in shown
    assert re.search(r"ada|king|lovelace|bob1", shown, re.IGNORECASE) is None


def test_the_picture_of_the_points_has_the_same_in_words():
    drawn = ET.fromstring(report.distribution([0, 5, 5, 8], 8))

    assert ["1", "2", "1"] == [each.text for each in drawn.iter() if each.get("class") == "ink"]
    assert "0 points: 1; 5 points: 2; 8 points: 1" == drawn.findtext("desc")


@pytest.mark.parametrize(
    ("totals", "most", "expected"),
    [
        ([], 3, {}),
        ([0, 3, 3], 3, {"0": 1, "3": 2}),
        ([4], 3, {"3": 1}),  # with extra credit
        ([0.5, 3], 3, {"10–19 %": 1, "90–100 %": 1}),
        ([0, 20, 21], 20, {"0–9 %": 1, "90–100 %": 2}),
        ([0], 0, {"0": 1}),
    ],
)
def test_points_are_counted_each_or_in_tenths(totals, most, expected):
    assert expected == {label: count for label, count in report.bars(totals, most) if count}


def test_without_an_assignment_there_is_an_index_of_all(course):
    course.add("ada")
    course.add("bob", 0.0, mistake="lost-update")
    course.add("ada", 1.0, assignment="more & more")
    result = course.report()

    assert 0 == result.exit_code, result.output
    assert [
        *("canvas.csv", "doubles.csv", "doubles.html", "index.html"),
        *("moodle.csv", "more & more.csv", "more & more.html"),
    ] == course.files()
    text = readable(course.page("index"))
    assert "1 · Doubles 2 2.0 3 67 % 1 0 1 · Doubles 1 2.0 3 67 % 0 0" in text
    assert "All, 2 students 3 6 67 % 0" in text
    assert 'href="more%20%26%20more.html"' in course.page("index")


def test_pages_need_nothing_from_elsewhere(course):
    course.add("bob", 0.0, mistake="lost-update")
    course.report()

    for page in (course.page(), course.page("index")):
        assert set() == set(re.findall(r"<(?:script|link|iframe|object)\b", page))
        sources = re.findall(r'(?:src|href)="([^"]*)"|url\(|@import', page)
        assert all(each.startswith(("#", "data:", "doubles.html")) for each in sources)


# -- tables ---------------------------------------------------------------------------------------


def test_the_table_has_a_row_for_everybody(course):
    course.add("ada", mistake=None)
    course.add("bob", 0.0, None, mistake="lost-update", reasons=("odd,\n  very",))
    course.know("carol", last_name="Ångström")
    course.report("doubles")
    ada, bob, carol = course.rows("doubles")

    assert [
        *("student", "last_name", "first_name", "email", "doubles", "why", "late_penalty"),
        *("total", "max", "mistakes", "needs_human", "handed_in", "seconds"),
    ] == list(ada)
    assert ["ada", "", "", "", "2", "1", "0", "3", "3", "", ""] == list(ada.values())[:11]
    assert ["2030-01-02T03:04:05+00:00", "0.5"] == list(ada.values())[11:]
    assert ("0", "", "", "lost-update") == tuple(
        bob[name] for name in ("doubles", "why", "total", "mistakes")
    )
    assert "odd, very; a human gives the points for why" == bob["needs_human"]
    assert ("carol", "Ångström", "") == (carol["student"], carol["last_name"], carol["total"])


def test_canvas_gets_its_columns_and_the_points_that_can_be_had(course):
    course.add("ada", 1.5)
    course.add("bob")
    course.add("eve", 2.0, None)
    course.add("bob", 0.0, assignment="more")
    course.know("ada", first_name="Ada", last_name="King", lms_user_id="1815")
    course.know("bob", lms_user_id="b-07")
    course.know("carol")
    result = course.report()
    lines = (course.root / "report" / "canvas.csv").read_text("utf-8").splitlines()

    assert [
        "Student,ID,SIS User ID,SIS Login ID,Section,doubles,more",
        "Points Possible,,,,,3,3",
        "bob,,b-07,bob,,3,1",
        '"King, Ada",1815,,ada,,2.5,',
    ] == lines  # eve has a mark to come, carol has handed in nothing
    assert "1 mark left out of canvas.csv and moodle.csv" in result.output


def test_moodle_gets_what_it_may_know_somebody_by(course):
    course.add("ada", 1.5)
    course.add("bob@example.org")
    course.know("ada", first_name="Ada", last_name="King", email="ada@example.org")
    course.report("doubles")
    lines = (course.root / "report" / "moodle.csv").read_text("utf-8").splitlines()

    assert [
        "Username,ID number,User ID,First name,Last name,Email address,doubles",
        "bob@example.org,bob@example.org,,,,bob@example.org,3",
        "ada,ada,,Ada,King,ada@example.org,2.5",
    ] == lines


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "＝1", " =1", "\t=1", "\r\n=1"])
def test_no_text_is_taken_for_a_formula(text):
    (value,) = next(csv.reader(report.as_csv([[text]]).splitlines()))

    assert value.startswith("'")
    assert value.lstrip("' ") == text.strip()


def test_numbers_stay_numbers():
    rows = [[-1.0, 0.1 + 0.2, 3.0, None, "a=1", "1e5", 1 / 3]]

    assert "-1,0.3,3,,a=1,1e5,0.333333\r\n" == report.as_csv(rows)


def test_names_that_look_like_formulas_are_harmless_everywhere(course):
    course.add("=cmd")
    course.know("=cmd", first_name="+a", last_name="@b", email="-c", lms_user_id="=d")
    course.report("doubles")

    for name in ("doubles", "canvas", "moodle"):
        text = (course.root / "report" / f"{name}.csv").read_text("utf-8-sig")
        values = [value for row in csv.reader(text.splitlines()) for value in row]
        assert "'=cmd" in values
        assert not [value for value in values if value.startswith(report.FORMULA)]


def test_penalties_for_coming_late_are_taken_off(course):
    from nbgrader.api import Gradebook as Nbgrader

    course.add("ada")
    with Nbgrader(course.url) as book:
        book.find_submission("doubles", "ada").notebooks[0].late_submission_penalty = 0.5
        book.db.commit()
    course.report("doubles")

    assert ("0.5", "2.5") == tuple(course.rows("doubles")[0][k] for k in ("late_penalty", "total"))


# -- what can go wrong ----------------------------------------------------------------------------


def test_only_tables_are_written_where_no_pages_are_wanted(course):
    course.add("ada")
    result = course.report("--no-html", "--output", "elsewhere/deep")

    written = sorted(path.name for path in (course.root / "elsewhere" / "deep").iterdir())
    assert ["canvas.csv", "doubles.csv", "moodle.csv"] == written
    assert not (course.root / "report").exists()
    assert 0 == result.exit_code


def test_where_nothing_is_graded_it_says_so_and_makes_no_gradebook(course):
    result = course.report()

    assert 2 == result.exit_code
    assert "nothing has been graded yet" in result.output
    assert not (course.root / "gradebook.db").exists()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("tripples", "there is no assignment 'tripples'; there are: doubles, later"),
        ("later", "nothing of later has been graded yet. Run `taketurns grade later` first."),
        ("../doubles", "there is no assignment '../doubles'"),
    ],
)
def test_an_assignment_that_there_is_not_is_refused(course, name, told):
    course.add("ada")
    later = course.root / "source" / "later" / "one.ipynb"
    later.parent.mkdir()
    later.write_text(json.dumps(notebook()), "utf-8")
    result = course.report(name)

    assert 2 == result.exit_code
    assert told in result.output
    assert not (course.root / "report").exists()


@pytest.mark.parametrize(
    "content",
    [b"{", b"\xff", b"[]", b'{"notebooks": 3}', b"[" * 5000, b"null", b'{"student": "ada"}'],
)
def test_a_record_that_cannot_be_read_is_named_and_skipped(course, content):
    course.add("ada", 0.0, mistake="lost-update")
    course.add("bob", 0.0, mistake="not-joined")
    path = course.root / "autograded" / "ada" / "doubles" / RECORD
    path.write_bytes(content)
    result = course.report("doubles")

    assert 1 == result.exit_code
    assert f"{path.parent}: {RECORD} cannot be read" in result.output
    assert ["1", "1"] == [row["total"] for row in course.rows("doubles")]
    assert ["", "not-joined"] == [row["mistakes"] for row in course.rows("doubles")]


def test_a_record_with_values_of_the_wrong_kind_is_skipped_too(course):
    path = course.add("ada") / RECORD
    data = json.loads(path.read_text("utf-8"))
    data["notebooks"][0]["cells"][0]["mistake"] = {"a": 1}
    path.write_text(json.dumps(data), "utf-8")

    assert 1 == course.report("doubles").exit_code


def test_who_is_not_in_the_gradebook_is_named(course):
    course.add("ada")
    shutil.copytree(course.root / "autograded" / "ada", course.root / "autograded" / "bob")
    result = course.report("doubles")

    assert 1 == result.exit_code
    assert "is in autograded/, but not in the gradebook" in result.output


def test_what_was_graded_by_nbgrader_alone_has_points_and_no_mistakes(course):
    (course.add("ada") / RECORD).unlink()
    result = course.report("doubles")

    assert 0 == result.exit_code
    assert "3" == course.rows("doubles")[0]["total"]
    assert "Nothing here was graded by taketurns grade" in readable(course.page())


def test_an_example_that_is_gone_is_done_without(course):
    (course.add("ada", 0.0, mistake="lost-update") / "one.ipynb").unlink()
    result = course.report("doubles")

    assert 0 == result.exit_code
    assert "No graded notebook shows an example." in course.page()


def test_without_masters_the_gradebook_is_enough(course):
    course.add("ada", 0.0, mistake="lost-update")
    shutil.rmtree(course.root / "source")
    course.report("doubles")

    assert "doubles 2 0 0 1 0 0 %" in readable(course.page())
    assert "Read again: doubles." in course.page()


def test_an_assignment_has_files_of_its_own_whatever_it_is_called(course):
    course.add("ada", assignment="canvas")
    course.report()

    assert ["canvas-assignment.csv", "canvas-assignment.html", "canvas.csv"] == course.files()[:3]


def test_a_folder_that_cannot_be_written_is_told(course):
    course.add("ada")
    (course.root / "report").write_text("in the way", "utf-8")
    result = course.report()

    assert 2 == result.exit_code
    assert "taketurns report: " in result.output
    assert "Traceback" not in result.output


def test_what_is_not_text_does_not_stop_it(course):
    course.add("ada", reasons=("half a pair: \ud800",))
    result = course.report("doubles")

    assert 0 == result.exit_code, result.exception
    assert "half a pair: ?" in readable(course.page())


# -- this course ----------------------------------------------------------------------------------


def test_every_mistake_has_a_section_to_read_again_and_it_is_there():
    known = topics.Topics(ROOT / "source")
    dead = [
        f"{mistake}: {home}: {heading}"
        for mistake, (home, heading) in topics.REREAD.items()
        if heading not in known._of(home).all
    ]

    assert [] == dead
    assert {"wrong-without-preemption"} == MISTAKES - topics.REREAD.keys()


@pytest.mark.slow
@pytest.mark.skipif(all(sandbox.probe().values()), reason="no sandbox works here")
def test_a_class_of_this_course_is_reported_without_a_hidden_line(course):
    name = "03-races-and-locks"
    for folder in ("source", "release"):
        shutil.copytree(ROOT / folder / name, course.root / folder / name)
    for student in students(Course(ROOT), name):
        if student.name.startswith(("all-right", "lost-update", "lock-order")):
            hand_in(course.root, name, student)
    CliRunner().invoke(cli, ["grade", name], catch_exceptions=False)
    result = course.report(name)
    page = course.page(name)
    shown = examples(page)
    master = json.loads((course.root / "source" / name / "races-and-locks.ipynb").read_text())
    lines = [
        line.strip()
        for cell in master["cells"]
        for line in re.findall(r"(?s)### BEGIN HIDDEN TESTS\n(.*?)### END", "".join(cell["source"]))
        for line in line.splitlines()
    ]
    visible = re.sub(
        r"(?s)### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS",
        "",
        "\n".join("".join(cell["source"]) for cell in master["cells"]),
    )

    assert 0 == result.exit_code, result.output
    assert {"check-then-act", "lock-order", "lost-update"} <= set(re.findall('h3 id="(.*?)"', page))
    assert 3 == shown.count("Timeline of this run")
    assert "Read again: 3 · Races and locks: “Watch an update get lost”." in shown
    assert [] == [x for x in lines if len(x) > 3 and x not in visible and x in shown]
    assert "in-inventory" not in shown
