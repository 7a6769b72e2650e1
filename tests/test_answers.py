"""Answers that test the tests: `tests/answers/ASSIGNMENT/EXERCISE/{right,wrong}/*.py`.

A right answer gets full marks.  A wrong one begins with two lines, `# fails: GRADE_ID` and
`# mistake: IDENTIFIER`: it loses that cell for certain, and is told that mistake.  The identifier
`none` is for an answer whose mistake has no name: calling it a race would be a false accusation.
"""

import functools
import json
import re
from pathlib import Path

import pytest

from taketurns.course._exercise import read_cells
from taketurns.course.trying import read_answer, try_answer, unsolved
from taketurns.diagnosis import MISTAKES

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
ANSWERS = ROOT / "tests" / "answers"
MASTERS = {path.parent.name: path for path in sorted(ROOT.glob("source/*/*.ipynb"))}
RIGHT = sorted(ANSWERS.glob("*/*/right/*.py"))
WRONG = sorted(ANSWERS.glob("*/*/wrong/*.py"))
SOLUTIONS = [
    (assignment, cell.name)
    for assignment, path in MASTERS.items()
    for cell in read_cells(path)
    if cell.solution
]
HEADER = re.compile(r"# fails: (?P<cell>[a-z0-9-]+)\n# mistake: (?P<mistake>[a-z-]+)\n")


def each(paths):
    return pytest.mark.parametrize(
        "path", paths, ids=lambda path: path.relative_to(ANSWERS).with_suffix("").as_posix()
    )


@functools.cache
def outcome_of(path):
    """What the answer of this file got, as its exercise's folder is called."""
    assignment, exercise = path.relative_to(ANSWERS).parts[:2]
    return try_answer(MASTERS[assignment], read_answer(path), cell=exercise, name=path.name)


def header_of(path):
    header = HEADER.match(path.read_text(encoding="utf-8"))
    assert header, f"{path}: the first lines are not `# fails: …` and `# mistake: …`"
    return header


def told(outcome):
    """The report, for the message of a failed test."""
    return json.dumps(outcome.as_json(), indent=1)


@each(RIGHT)
def test_a_right_answer_gets_full_marks(path):
    outcome = outcome_of(path)

    assert outcome.full_marks, told(outcome)
    assert outcome.note is None


def test_nine_in_ten_checks_of_right_answers_are_proofs():
    covered = [cell.coverage for path in RIGHT for cell in outcome_of(path).cells if cell.coverage]

    assert len(covered) * 0.9 <= covered.count("every schedule")


@each(WRONG)
def test_a_wrong_answer_loses_the_cell_that_it_names(path):
    header = header_of(path)
    outcome = outcome_of(path)

    lost = [cell.id for cell in outcome.cells if not cell.passed]
    assert header["cell"] in lost, told(outcome)
    assert not [cell for cell in outcome.cells if cell.verdict == "inconclusive"], told(outcome)


@each(WRONG)
def test_a_wrong_answer_is_told_its_mistake(path):
    header = header_of(path)
    outcome = outcome_of(path)

    mistakes = {cell.id: cell.mistake or "none" for cell in outcome.cells if not cell.passed}
    assert header["mistake"] == mistakes.get(header["cell"]), told(outcome)


@each(WRONG)
def test_the_header_of_a_wrong_answer_names_a_known_mistake(path):
    assert header_of(path)["mistake"] in {*MISTAKES, "none"}


def test_nineteen_in_twenty_wrong_answers_are_told_a_mistake_by_name():
    named = [path for path in WRONG if header_of(path)["mistake"] != "none"]

    assert len(WRONG) * 0.95 <= len(named)


@pytest.mark.parametrize(("assignment", "exercise"), SOLUTIONS)
def test_an_exercise_has_enough_answers(assignment, exercise):
    right = [path for path in RIGHT if path.parts[-4:-2] == (assignment, exercise)]
    wrong = [path for path in WRONG if path.parts[-4:-2] == (assignment, exercise)]

    assert len(right) >= 3
    assert len(wrong) >= 6


@pytest.mark.parametrize(("assignment", "exercise"), SOLUTIONS)
def test_every_graded_cell_refuses_some_wrong_answer(assignment, exercise):
    wrong = [path for path in WRONG if path.parts[-4:-2] == (assignment, exercise)]
    outcomes = [outcome_of(path) for path in wrong]

    refusing = {cell.id for outcome in outcomes for cell in outcome.cells if not cell.passed}
    assert {cell.id for outcome in outcomes for cell in outcome.cells} == refusing


@pytest.mark.parametrize(("assignment", "exercise"), SOLUTIONS)
def test_the_solution_in_the_notebook_gets_full_marks(assignment, exercise):
    (cell,) = (cell for cell in read_cells(MASTERS[assignment]) if cell.name == exercise)

    outcome = try_answer(MASTERS[assignment], cell.source, cell=exercise)

    assert outcome.full_marks, told(outcome)


@pytest.mark.parametrize("stub", ["raise NotImplementedError()", "pass"])
@pytest.mark.parametrize(("assignment", "exercise"), SOLUTIONS)
def test_an_unsolved_exercise_gets_nothing(assignment, exercise, stub):
    (cell,) = (cell for cell in read_cells(MASTERS[assignment]) if cell.name == exercise)
    answer = unsolved(cell.source).replace("raise NotImplementedError()", stub)

    outcome = try_answer(MASTERS[assignment], answer, cell=exercise)

    assert [0] * len(outcome.cells) == [cell.points for cell in outcome.cells], told(outcome)


def test_every_folder_of_answers_belongs_to_an_exercise():
    folders = {path.parts[-4:-2] for path in [*RIGHT, *WRONG]}

    assert folders == set(SOLUTIONS)
