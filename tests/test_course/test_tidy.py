from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner

from taketurns.cli import cli
from taketurns.course.folder import RECORD, Course
from taketurns.course.tidy import canonical, tidy

from .conftest import ROOT, code, dump, lesson, markdown, master, notebook

HTML = "text/html"
WIDGET = "application/vnd.jupyter.widget-view+json"


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def cell_of(text: str, name: str) -> dict[str, Any]:
    return next(cell for cell in json.loads(text)["cells"] if cell["id"] == name)


def test_every_notebook_of_the_course_is_in_its_canonical_form(monkeypatch):
    monkeypatch.chdir(ROOT)

    outcome = tidy(check=True)

    assert outcome.tidy, "\n".join(outcome.changed + outcome.problems)


@pytest.mark.parametrize("kind", ["source", "lesson"])
def test_a_tidy_notebook_stays_as_it_is(kind):
    nb = master() if kind == "source" else lesson()

    result = canonical(dump(nb), kind)

    assert dump(nb).decode() == result.text
    assert ((), ()) == (result.changes, result.problems)


def test_tidying_twice_changes_nothing_the_second_time():
    first = canonical(dump(untidy()), "lesson")
    second = canonical(first.text.encode(), "lesson")

    assert first.changes
    assert first.text == second.text
    assert () == second.changes


def test_what_nbformat_writes_is_the_canonical_form(tmp_path):
    path = tmp_path / "nb.ipynb"
    nbformat.write(nbformat.reads(dump(master()).decode(), as_version=4), path)

    assert () == canonical(path.read_bytes(), "source").changes


def untidy() -> dict[str, Any]:
    """Return a notebook as an editor leaves it."""
    nb = notebook(
        markdown("d3ad10cc", "## Watch an update get lost\n\nLook.\n\n"),
        code("1f0a5cb2-84f1-4df4-9a55-8c3a1a2b4c5d", "1 + 1\n"),
        code("watch", "2 + 2"),
        code("watch", "3 + 3"),
        code("5ba5eba1", ""),
    )
    nb["cells"][1] |= {"execution_count": 7}
    nb["cells"][1]["metadata"] = {
        "scrolled": True,
        "execution": {"iopub.execute_input": "2026-11-01"},
        "tags": [],
        "editable": True,
    }
    nb["metadata"] = {
        "kernelspec": {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python", "version": "3.13.1"},
        "widgets": {"application/vnd.jupyter.widget-state+json": {}},
    }
    nb["nbformat_minor"] = 4
    return nb


def test_what_an_editor_leaves_behind_goes():
    result = canonical(dump(untidy()), "lesson")
    nb = json.loads(result.text)

    assert () == result.problems
    assert (4, 5) == (nb["nbformat"], nb["nbformat_minor"])
    assert master()["metadata"] == nb["metadata"]
    assert [{}] * 4 == [cell["metadata"] for cell in nb["cells"]]
    assert [None] * 3 == [cell["execution_count"] for cell in nb["cells"][1:]]
    assert ["1 + 1"] == nb["cells"][1]["source"]
    assert result.text.endswith("}\n")
    assert not result.text.endswith("\n\n")


def test_an_id_that_is_no_word_is_made_from_its_section():
    nb = json.loads(canonical(dump(untidy()), "lesson").text)

    names = [cell["id"] for cell in nb["cells"]]

    assert [
        "watch-an-update-get-lost",
        "watch-an-update-get-lost-2",
        "watch",
        "watch-2",
    ] == names


def test_a_graded_cell_is_called_by_its_grade_id():
    nb = master()
    nb["cells"][3]["id"] = "0badcafe"

    result = canonical(dump(nb), "source")

    assert dump(master()).decode() == result.text
    assert any("grade_id" in change for change in result.changes)


def test_a_cell_that_has_the_id_of_a_graded_cell_makes_way():
    nb = master()
    nb["cells"][1]["id"] = "counter"

    names = [cell["id"] for cell in json.loads(canonical(dump(nb), "source").text)["cells"]]

    assert ["title", "counter-2", "counter", "counter-all-counted"] == names


def test_a_master_keeps_no_outputs_and_nothing_that_nbgrader_computes():
    nb = master()
    nb["cells"][1]["outputs"] = lesson()["cells"][1]["outputs"]
    nb["cells"][3]["metadata"]["nbgrader"] |= {"checksum": "abc", "cell_type": "code"}
    nb["cells"][3]["metadata"]["nbgrader"]["points"] = 1.0

    result = canonical(dump(nb), "source")

    assert dump(master()).decode() == result.text


def test_a_release_keeps_what_nbgrader_computed():
    nb = notebook(copy.deepcopy(master()["cells"][1]))
    nb["cells"][0] = code("counter", "class Counter: ...\n", solution=True)
    nb["cells"][0]["metadata"]["nbgrader"] |= {"checksum": "abc", "cell_type": "code"}
    nb["cells"][0]["metadata"]["deletable"] = False

    result = canonical(dump(nb), "release")

    assert dump(nb).decode() == result.text


def test_kept_outputs_are_counted_as_in_a_fresh_run():
    nb = lesson()
    nb["cells"].insert(1, code("before", "x = 1"))
    nb["cells"][2]["execution_count"] = 17
    nb["cells"][2]["outputs"][0]["execution_count"] = 17

    result = canonical(dump(nb), "lesson")

    assert [1, 2] == [cell["execution_count"] for cell in json.loads(result.text)["cells"][1:]]
    assert 2 == cell_of(result.text, "watch")["outputs"][0]["execution_count"]
    assert ("execution counts none, 17 are not those of one fresh run",) == result.changes


def test_an_empty_role_that_nbgrader_left_goes():
    nb = lesson()
    nb["cells"][1]["metadata"]["nbgrader"] = {}

    assert dump(lesson()).decode() == canonical(dump(nb), "lesson").text


def test_a_lesson_keeps_outputs_but_no_widgets_and_no_real_time():
    nb = lesson()
    widget = {WIDGET: {"model_id": "9f"}, "text/plain": ["IntSlider(value=2)"]}
    picture = {HTML: ["<svg/>"], "text/plain": ["<picture>"]}
    nb["cells"][1]["outputs"] = [
        {"data": data, "metadata": {}, "output_type": "display_data"} for data in (widget, picture)
    ]
    timed = code("for-real", "run()")
    timed["metadata"]["tags"] = ["real-time"]
    timed["outputs"] = [{"name": "stdout", "output_type": "stream", "text": ["0.31 s\n"]}]
    nb["cells"].append(timed)

    result = canonical(dump(nb), "lesson")

    assert () == result.problems
    assert [picture] == [out["data"] for out in cell_of(result.text, "watch")["outputs"]]
    assert [] == cell_of(result.text, "for-real")["outputs"]


def test_what_a_cell_prints_is_one_output_however_a_kernel_sends_it():
    nb = lesson()
    nb["cells"][1]["outputs"] = [
        {"name": "stdout", "output_type": "stream", "text": [text]}
        for text in ("a", " ", "b\n", "c")
    ]

    result = canonical(dump(nb), "lesson")

    assert [{"name": "stdout", "output_type": "stream", "text": ["a b\n", "c"]}] == cell_of(
        result.text, "watch"
    )["outputs"]
    assert result.text == canonical(result.text.encode(), "lesson").text


PROBLEMS = {
    "no points": (
        lambda cells: cells[3]["metadata"]["nbgrader"].update(points=0),
        "graded for 0 points",
    ),
    "points missing": (
        lambda cells: cells[3]["metadata"]["nbgrader"].pop("points"),
        "graded for None points",
    ),
    "no grade_id": (
        lambda cells: cells[3]["metadata"]["nbgrader"].pop("grade_id"),
        "no grade_id",
    ),
    "made-up grade_id": (
        lambda cells: cells[3]["metadata"]["nbgrader"].update(grade_id="cell-938593c4a215c6cc"),
        "should be words",
    ),
    "grade_id twice": (
        lambda cells: cells[3]["metadata"]["nbgrader"].update(grade_id="counter"),
        "never used twice",
    ),
    "old schema": (
        lambda cells: cells[3]["metadata"]["nbgrader"].update(schema_version=0),
        "nbgrader update",
    ),
    "assert without message": (
        lambda cells: cells[3]["source"].insert(2, "assert office\n"),
        "assert in line 3 has no message",
    ),
    "no docstring": (
        lambda cells: cells[3]["source"].pop(0),
        "begin this graded cell with a docstring",
    ),
    "not Python": (
        lambda cells: cells[1]["source"].append("\n%matplotlib inline"),
        "line 2 is not Python",
    ),
    "solution never ends": (
        lambda cells: cells[2]["source"].pop(),
        "SOLUTION begins in line 12 and never ends",
    ),
    "solution ends twice": (
        lambda cells: cells[2]["source"].append("\n        ### END SOLUTION"),
        "ends SOLUTION that nothing began",
    ),
    "solution in a solution": (
        lambda cells: cells[2]["source"].insert(6, "        ### BEGIN SOLUTION\n"),
        "begins SOLUTION again, open since line 6",
    ),
    "solution elsewhere": (
        lambda cells: cells[1]["source"].extend(["\n### BEGIN SOLUTION", "\n### END SOLUTION"]),
        "marks SOLUTION outside a solution cell",
    ),
    "hidden tests elsewhere": (
        lambda cells: cells[0]["source"].append("\nBEGIN HIDDEN TESTS\nEND HIDDEN TESTS"),
        "marks HIDDEN TESTS outside a graded cell",
    ),
    "hidden tests never end": (
        lambda cells: cells[3]["source"].pop(),
        "HIDDEN TESTS begins in line 7 and never ends",
    ),
    "not in the schema": (
        lambda cells: cells[0].update(cell_type="note"),
        "not a valid notebook",
    ),
}


@pytest.mark.parametrize("spoil, said", PROBLEMS.values(), ids=PROBLEMS)
def test_what_only_the_author_can_mend_is_reported(spoil, said):
    nb = master()
    spoil(nb["cells"])

    problems = "\n".join(canonical(dump(nb), "source").problems)

    assert said in problems
    assert "cell" in problems


def test_a_release_that_shows_a_marker_is_reported():
    problems = canonical(dump(master()), "release").problems

    assert any("shows a HIDDEN TESTS marker to students" in problem for problem in problems)
    assert any("shows a SOLUTION marker to students" in problem for problem in problems)


def test_a_lesson_that_ends_in_an_error_or_writes_to_stderr_is_reported():
    nb = lesson()
    nb["cells"][1]["outputs"] = [
        {"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []},
        {"output_type": "stream", "name": "stderr", "text": ["Exception in thread\n"]},
    ]

    problems = "\n".join(canonical(dump(nb), "lesson").problems)

    assert "ends in ValueError" in problems
    assert "writes to stderr: Exception in thread" in problems


@pytest.mark.parametrize(
    "content, said",
    [
        (b"", "JSON cannot be read"),
        (b"{}", "nbformat is missing"),
        (b"[1]", "nbformat is missing"),
        (b'{"nbformat": 3, "worksheets": []}', "notebook format 3"),
        (b'{"nbformat": 4, "nbformat_minor": 5}', "cells are missing"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[" * 100_000, "JSON cannot be read"),
        (
            dump(notebook(markdown("title", "HALF"))).replace(b"HALF", b"\\ud800"),
            "half a character",
        ),
    ],
)
def test_what_is_no_notebook_is_reported_and_left_alone(course: Course, content, said):
    path = course.root / "notebooks" / "broken.ipynb"
    path.write_bytes(content)

    status, output = run("tidy", str(path))

    assert 1 == status
    assert said in output
    assert "broken.ipynb" in output
    assert content == path.read_bytes()


def test_the_command_mends_and_then_has_nothing_to_say(course: Course):
    path = course.root / "notebooks" / "untidy.ipynb"
    path.write_bytes(dump(untidy()))

    before = run("tidy", "--check")
    mended = run("tidy")
    after = run("tidy", "--check")

    assert 1 == before[0]
    assert 'notebooks/untidy.ipynb: cell "watch" (number 4)' not in before[1]
    assert '"execution", "scrolled"' in before[1]
    assert "taketurns tidy" in before[1]
    assert 0 == mended[0]
    assert (0, "3 notebooks, all in their canonical form.\n") == after


def test_check_writes_nothing(course: Course):
    path = course.root / "notebooks" / "untidy.ipynb"
    path.write_bytes(dump(untidy()))

    run("tidy", "--check")

    assert dump(untidy()) == path.read_bytes()
    assert not (course.root / RECORD).exists()


@pytest.mark.parametrize("folder", ["notebooks", "source"])
def test_check_notices_a_change_of_any_one_byte(course: Course, folder: str):
    tidy()
    path = next((course.root / folder).rglob("*.ipynb"))
    content = path.read_bytes()
    chance = random.Random(20261122)
    places = [*chance.sample(range(len(content)), 40), 0, len(content) - 1]
    missed = []
    for place in places:
        byte = chance.choice([b for b in range(256) if b != content[place]])
        path.write_bytes(content[:place] + bytes([byte]) + content[place + 1 :])
        outcome = tidy(check=True)
        named = [m for m in outcome.changed + outcome.problems if m.startswith(course.name(path))]
        if not named:
            missed.append((place, byte))
    path.write_bytes(content)

    assert [] == missed
    assert tidy(check=True).tidy


def test_check_names_the_line_where_only_the_writing_differs(course: Course):
    tidy()
    path = course.root / "notebooks" / "00-start.ipynb"
    path.write_bytes(path.read_bytes().replace(b'   "id": "watch"', b'    "id": "watch"'))

    status, output = run("tidy", "--check")

    assert 1 == status
    assert "notebooks/00-start.ipynb: line 14 is" in output


def test_check_says_which_notebook_is_gone(course: Course):
    tidy()
    (course.root / "notebooks" / "00-start.ipynb").unlink()

    status, output = run("tidy", "--check")

    assert 1 == status
    assert f"notebooks/00-start.ipynb: recorded in {RECORD}, but gone" in output


def test_a_notebook_outside_any_course_can_be_tidied(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.ipynb").write_bytes(dump(untidy()))

    assert 0 == run("tidy", "mine.ipynb")[0]
    assert (0, "1 notebook, all in their canonical form.\n") == run("tidy", "--check", "mine.ipynb")
    assert not (tmp_path / RECORD).exists()


@pytest.mark.parametrize(
    "argument, said",
    [
        ("absent.ipynb", "there is no such file"),
        ("nbgrader_config.py", "does not end in .ipynb"),
        ("empty", "no notebook in this folder"),
    ],
)
def test_a_path_that_is_no_notebook_is_told_in_one_line(course: Course, argument, said):
    (course.root / "empty").mkdir()

    status, output = run("tidy", argument)

    assert 1 == status
    assert said in output
    assert "Traceback" not in output


def test_outside_a_course_the_command_says_where_to_go(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    status, output = run("tidy")

    assert 1 == status
    assert "no course here" in output
