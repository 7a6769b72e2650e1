"""CONTRIBUTING's checklist, "Add an exercise in an hour", held against every exercise."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from taketurns.course._exercise import BEGIN, END

from .conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MASTERS = sorted(ROOT.glob("source/*/*.ipynb"))
ANSWERS = ROOT / "tests" / "answers"
HEADING = re.compile(r"## Exercise (\d+)\.(\d+): (\S.*\S) \((\d+) points?\)")
HIDDEN = "### BEGIN HIDDEN TESTS"
# `compare` holds what the learner predicted against a proof; it stands in a cell of its own.
CHECKS = re.compile(r"\bassert\b|\.check\(|\bcompare\(")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Exercise:
    """From the exercise's heading to the next one."""

    assignment: str
    place: int  # in its topic, from 1
    text: str  # what stands before the solution cell
    solution: str
    name: str  # the solution cell's grade_id
    graded: tuple[tuple[str, str, float], ...]  # name, source, points

    def __str__(self) -> str:
        return f"{self.assignment}-{self.name}"


def cells_of(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text("utf-8"))["cells"]


def source_of(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def exercises() -> Iterator[Exercise]:
    for path in MASTERS:
        text: list[str] = []
        found: list[tuple[str, str, str, list[tuple[str, str, float]]]] = []
        for cell in cells_of(path):
            grading = cell["metadata"].get("nbgrader", {})
            if cell["cell_type"] == "markdown":
                source = source_of(cell)
                text = [source] if source.startswith("## ") else [*text, source]
            elif grading.get("solution"):
                found.append(("\n\n".join(text), source_of(cell), grading["grade_id"], []))
            elif grading.get("grade"):
                found[-1][3].append((grading["grade_id"], source_of(cell), grading["points"]))
        for place, (said, solution, name, graded) in enumerate(found, 1):
            yield Exercise(path.parent.name, place, said, solution, name, tuple(graded))


EXERCISES = list(exercises())
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=str)
each_topic = pytest.mark.parametrize("master", MASTERS, ids=lambda path: path.parent.name)


def test_the_course_has_its_topics_and_exercises():
    graded = [cell for exercise in EXERCISES for cell in exercise.graded]

    assert len(MASTERS) == 11
    assert len(EXERCISES) >= 25
    assert len(graded) >= 60


@each_exercise
def test_a_heading_gives_number_goal_and_points(exercise):
    heading = HEADING.fullmatch(exercise.text.splitlines()[0])

    assert heading, exercise.text.splitlines()[0]
    topic, place, _, points = heading.groups()
    assert (int(exercise.assignment[:2]), exercise.place) == (int(topic), int(place))
    assert sum(points for *_, points in exercise.graded) == int(points)
    assert all(points > 0 for *_, points in exercise.graded)


@each_exercise
def test_the_text_tells_a_story_what_is_asked_and_what_may_be_edited(exercise):
    story, *asked = re.split(r"^1\. ", exercise.text, maxsplit=1, flags=re.MULTILINE)
    sentences = re.findall(r"[.?](?=\s)", story.partition("\n")[2])

    assert len(sentences) >= 2, "a story of two sentences comes before what is asked"
    assert any(re.search(r"^2\. ", part, re.MULTILINE) for part in asked), "what is asked: 1., 2."
    assert "Edit only" in exercise.text


@each_exercise
def test_hints_go_from_a_question_to_a_nudge(exercise):
    hints = re.findall(
        r"<details><summary>Hint (\d)</summary>(.+?)</details>", exercise.text, re.DOTALL
    )

    assert [str(n) for n in range(1, len(hints) + 1)] == [number for number, _ in hints]
    assert len(hints) in (2, 3)
    assert "?" in hints[0][1]


@each_exercise
def test_a_stub_keeps_names_and_docstrings(exercise):
    tree = ast.parse(exercise.solution)
    public = [
        node
        for node in ast.walk(tree)
        if isinstance(node, _DEFINITIONS) and not node.name.startswith("_")
    ]
    kept = re.sub(rf"{BEGIN}.*?{END}", "pass", exercise.solution, flags=re.DOTALL)
    inside = set(re.findall(r"(?:def|class) (\w+)", exercise.solution)) - set(
        re.findall(r"(?:def|class) (\w+)", kept)
    )

    assert BEGIN in exercise.solution
    assert END in exercise.solution
    assert not [
        node.name for node in public if node.name not in inside and not ast.get_docstring(node)
    ]


@each_exercise
def test_a_graded_cell_states_a_fact_and_checks_it_in_sight_and_out_of_sight(exercise):
    for name, source, _ in exercise.graded:
        said = ast.get_docstring(ast.parse(source))
        seen, _, hidden = source.partition(HIDDEN)

        assert (said or "").endswith("."), name
        assert hidden, f"{name} has no hidden part"
        for part in (seen, hidden):
            assert CHECKS.search(part), name


@each_exercise
def test_every_assert_has_a_message(exercise):
    for name, source, _ in exercise.graded:
        bare = [
            node.lineno
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Assert) and node.msg is None
        ]

        assert not bare, f"{name}, lines {bare}"


@each_exercise
def test_right_and_wrong_answers_test_the_tests(exercise):
    folder = ANSWERS / exercise.assignment / exercise.name

    assert len(list((folder / "right").glob("*.py"))) >= 3
    assert len(list((folder / "wrong").glob("*.py"))) >= 6


@each_topic
def test_a_topic_says_what_it_gives_and_what_one_takes_away(master):
    cells = [source_of(cell) for cell in cells_of(master) if cell["cell_type"] == "markdown"]

    assert re.match(rf"# {int(master.parent.name[:2])} · \S", cells[0])
    for lead in ("**You will learn**", "**You need**", "**Time**"):
        assert lead in cells[0]
    last = next(cell for cell in cells if cell.startswith("## What to take away"))
    assert len(re.findall(r"^\* ", last, re.MULTILINE)) >= 3
    end = "\n".join(cells[cells.index(last) :])
    for word in ("Restart Kernel and Run All", "Validate", "hand in", "Download"):
        assert word in end, word
