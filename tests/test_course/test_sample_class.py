"""A class through real nbgrader, from generate_assignment to feedback, and through our grader."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from taketurns.course.errors import CourseError
from taketurns.course.folder import Course
from taketurns.course.sample_class import (
    HEADER,
    SIZE,
    build,
    exercises,
    expected,
    grade,
    grade_side_by_side,
    report,
    run_nbgrader,
    students,
)

ROOT = Path(__file__).resolve().parents[2]
COURSE = Course(ROOT)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("assignment", COURSE.assignments())
def test_nbgrader_gives_the_class_exactly_the_expected_scores(assignment, tmp_path):
    everybody = build(COURSE, tmp_path, assignment)
    want = {student.name: expected(COURSE, assignment, student) for student in everybody}
    master = next((ROOT / "source" / assignment).glob("*.ipynb"))
    full = {c: p for exercise in exercises(master) for c, p in exercise.points.items()}

    first = grade(tmp_path, assignment)
    run_nbgrader(tmp_path, "generate_feedback", assignment)

    assert full == first["all-right"]
    assert dict.fromkeys(full, 0) == first["untouched"]
    for student in everybody:
        if student.fails:
            assert 0 == first[student.name][student.fails]
    assert want == first
    told = {row[0]: row for row in report(tmp_path, assignment)}
    for student in everybody:
        mistake = student.name.removesuffix(f"-in-{student.wrong}")
        assert f"{sum(first[student.name].values()):g}" == told[student.name][-1]
        if student.wrong and mistake != "plain-error":
            assert mistake in " ".join(told[student.name][1:])
    for student in everybody:
        pages = list((tmp_path / "feedback" / student.name / assignment).glob("*.html"))
        assert 1 == len(pages)

    assert want == grade_side_by_side(tmp_path, assignment)


def test_graded_again_everybody_gets_the_same(tmp_path):
    assignment = COURSE.assignments()[0]
    build(COURSE, tmp_path, assignment)

    assert grade(tmp_path, assignment) == grade(tmp_path, assignment)


def test_where_there_is_no_nbgrader_one_sentence_says_so(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbgrader", None)

    with pytest.raises(CourseError, match="this Python has no nbgrader") as caught:
        run_nbgrader(tmp_path, "--version")

    assert [str(caught.value)] == caught.value._render_traceback_()


def test_there_is_a_student_for_each_kind_of_wrong_answer_while_there_is_room():
    for assignment in COURSE.assignments():
        folder = ROOT / "tests" / "answers" / assignment
        headers = [HEADER.match(path.read_text("utf-8")) for path in folder.glob("*/wrong/*.py")]
        kinds = {header["mistake"] for header in headers if header}
        found = students(COURSE, assignment)
        master = next((ROOT / "source" / assignment).glob("*.ipynb"))

        assert {"all-right", "untouched"} <= {student.name for student in found}
        assert min(len(kinds) + 2, SIZE) == len(found) == len({s.name for s in found})
        assert {e.name for e in exercises(master)} == {s.wrong for s in found if s.wrong}


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")

    with pytest.raises(CourseError, match="no sample class"):
        build(COURSE, tmp_path, "any")

    assert "years of work" == (tmp_path / "thesis.txt").read_text()
