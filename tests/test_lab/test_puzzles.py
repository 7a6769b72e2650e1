"""The puzzles of `notebooks/you-are-the-scheduler`: each can be lost, and a repair is proved."""

from __future__ import annotations

import ast
import json
import linecache
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from taketurns import explore, simulate
from taketurns.diagnosis import MISTAKES
from taketurns.lab import Stepping, puzzles, scoreboard, stepper
from taketurns.lab.puzzles import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "you-are-the-scheduler.ipynb"
STEPS = 25  # in which a puzzle can be solved
LAST_STEPS = 32  # and the last two


class Puzzle(NamedTuple):
    """The cells of one puzzle: what is played, what the text says of it, and the repair."""

    title: str
    name: str
    program: str
    text: str
    repaired: str


def puzzles_of(notebook: Any) -> list[Puzzle]:
    cells = [(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]
    found = []
    for at, (_, source) in enumerate(cells):
        played = re.fullmatch(r'stepper\((\w+), puzzle="(.+)"\)', source)
        if played:
            (_, program), (_, text), (_, repaired) = cells[at - 1], cells[at + 1], cells[at + 2]
            found.append(Puzzle(played[2], played[1], program, text, repaired))
    return found


CELLS = json.loads(NOTEBOOK.read_text("utf-8"))
PUZZLES = puzzles_of(CELLS)
each_puzzle = pytest.mark.parametrize(
    "puzzle", PUZZLES, ids=[puzzle.title.replace(" ", "-") for puzzle in PUZZLES]
)


@pytest.fixture
def define() -> Iterator[Any]:
    """Define the function of a cell as a notebook does, without running it; return it."""
    made: list[str] = []

    def define(code: str) -> Any:
        definition, last = ast.parse(code).body
        assert isinstance(definition, ast.FunctionDef)
        assert f"({definition.name})" in ast.unparse(last)
        code = "import queue\nimport threading\nimport time\n\n\n" + ast.unparse(definition) + "\n"
        file = f"<puzzle {definition.name} {len(made)}>"
        made.append(file)
        linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(compile(code, file, "exec"), names)
        return names[definition.name]

    yield define
    for file in made:
        linecache.cache.pop(file, None)


def test_there_are_a_dozen_puzzles_with_names_of_their_own():
    headings = [
        line.partition(": ")[2]
        for cell in CELLS["cells"]
        for line in cell["source"]
        if line.startswith("## Puzzle ")
    ]

    assert 12 == len(PUZZLES)
    assert headings == [puzzle.title.rstrip("\n") + "\n" for puzzle in PUZZLES]
    assert 12 == len({puzzle.name for puzzle in PUZZLES})


@each_puzzle
def test_who_always_lets_the_first_thread_go_does_not_solve_a_puzzle(define, puzzle):
    model = Stepping(define(puzzle.program))
    while not model.state.over:
        model.step(0)

    assert "ok" == model.state.verdict


@each_puzzle
def test_the_picture_of_a_puzzle_shows_a_day_on_which_all_goes_well(define, puzzle):
    assert f"simulate({puzzle.name})" == puzzle.program.splitlines()[-1]
    assert "ok" == simulate(define(puzzle.program)).verdict


@pytest.mark.slow
@each_puzzle
def test_a_puzzle_can_be_solved_in_few_steps_and_stepped_back(define, puzzle):
    model = Stepping(define(puzzle.program))
    begun = model.text()

    assert model.losing()
    steps = model.state.steps
    while model.can_undo:
        model.undo()
        going = [t.name for t in model.state.threads if t.state == "can go"]
        assert sorted(model.state.choices) == sorted(going)
    assert begun == model.text()
    assert model.shortest()
    assert model.state.steps <= steps
    assert model.state.steps <= (LAST_STEPS if puzzle in PUZZLES[-2:] else STEPS)


@each_puzzle
def test_the_text_names_the_mistake_that_the_verdict_names(define, puzzle):
    named = [word for word in re.findall(r"<code>([a-z-]+)</code>", puzzle.text) if "-" in word]

    assert named == [explore(define(puzzle.program)).failure.mistake]
    assert set(named) <= MISTAKES


@each_puzzle
def test_the_repair_of_a_puzzle_is_proved(define, puzzle):
    report = explore(define(puzzle.repaired)).check()

    assert report.coverage.complete
    assert f"explore({report.program})" == puzzle.repaired.splitlines()[-1]


# -- the score ----------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(puzzles, "_met", {})
    return tmp_path


def tick_tock():
    return None


def cells_of(board) -> list[str]:
    return re.findall("<td[^>]*>(.*?)</td>", board.children[0].value)


def test_the_scoreboard_lists_the_puzzles_met_and_those_solved_before(folder):
    Progress().solved("an old <one>", 7)
    stepper(tick_tock, puzzle="second")
    stepper(tick_tock, puzzle="first")
    Progress().solved("first", 1)
    board = scoreboard()

    assert ["second", "not yet", "first", "1 step", "an old &lt;one&gt;", "7 steps"] == cells_of(
        board
    )
    assert "2 of 3 puzzles solved." in board.children[0].value


def test_the_scoreboard_looks_again_and_resets_all(folder):
    stepper(tick_tock, puzzle="first")
    board = scoreboard()
    again, reset = board.children[1].children
    Progress().solved("first", 12)
    again.click()
    assert ["first", "12 steps"] == cells_of(board)
    reset.click()

    assert ["first", "not yet"] == cells_of(board)
    assert [] == [*folder.iterdir()]


def test_a_scoreboard_without_puzzles_says_so(folder):
    board = scoreboard()

    assert [] == cells_of(board)
    assert "0 of 0 puzzles solved." in board.children[0].value


def test_what_is_no_number_of_steps_counts_as_not_solved(folder):
    (folder / "puzzles.json").write_text('{"first": "much", "second": 3}', "utf-8")

    assert {"first": None, "second": 3} == Progress().table()
