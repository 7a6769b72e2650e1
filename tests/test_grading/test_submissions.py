"""The traps in `tests/submissions` are what they say; no grader is needed to see that."""

from __future__ import annotations

import json
import re

import pytest

from tests.submissions import CASES, Link, cheats, hostile
from tests.submissions.__main__ import main
from tests.submissions.cases import ASSIGNMENT, EXERCISES, FILE, RELEASE, ROOT, UNREADABLE

BIG = {"huge-file"}
NOT_PYTHON = {
    "cell-magic": {"counter"},
    "code-nested-deeply": {"counter"},
    "code-with-a-lone-surrogate": {"counter"},
    "code-with-a-null-byte": {"counter"},
    "magics": {"counter"},
    "other-language": set(EXERCISES),
    "sentence-instead-of-an-answer": {"counter"},
    "syntax-error": {"counter"},
}
each = pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] if name in BIG else []) for name in CASES],
)


@pytest.fixture(scope="module")
def release():
    return RELEASE.read_bytes()


def cells_of(files):
    """The cells of the notebook that has the right name; None if it cannot be read."""
    content = files.get(FILE)
    if not isinstance(content, bytes):
        return None
    try:
        notebook = json.loads(content)
    except (ValueError, RecursionError):
        return None
    for place in [notebook, *notebook["worksheets"]] if "worksheets" in notebook else [notebook]:
        if isinstance(place, dict) and isinstance(place.get("cells"), list):
            return place["cells"]
    return None


def test_there_are_enough_of_both_kinds():
    assert 40 <= len(hostile.CASES)
    assert 25 <= len(cheats.CASES)
    assert len(CASES) == len(hostile.CASES) + len(cheats.CASES)


def test_what_is_expected_is_about_the_masters_graded_cells(release):
    cells = [cell["metadata"].get("nbgrader", {}) for cell in json.loads(release)["cells"]]
    graded = {cell["grade_id"]: cell["points"] for cell in cells if cell.get("grade")}

    assert graded == {cell: 1 for names in EXERCISES.values() for cell in names}
    for case in CASES.values():
        assert graded.keys() == case.expected.keys(), case.name
        assert {0, 1, None} >= set(case.expected.values()), case.name


@each
def test_a_case_is_made_of_the_release_and_says_what_it_is(name, release):
    case = CASES[name]
    files = case.files(release)

    assert name == case.name
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", name)
    assert re.fullmatch(r"[A-Z0-9`].*\.", case.why)
    assert all(isinstance(content, bytes | Link) for content in files.values())
    assert {FILE: release} != files
    if isinstance(files.get(FILE), bytes):
        assert (case.reason != UNREADABLE and name != "latin-1") == bool(cells_of(files))


@each
def test_a_trap_does_not_fail_by_a_slip_of_the_pen(name, release):
    broken = set()
    for cell in cells_of(CASES[name].files(release)) or ():
        if isinstance(cell, dict) and cell.get("id") in EXERCISES:
            try:
                compile("".join(cell["source"]), cell["id"], "exec")
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                broken.add(cell["id"])

    assert NOT_PYTHON.get(name, set()) == broken


@pytest.mark.parametrize("name", cheats.CASES)
def test_no_cheat_may_stay_unnoticed(name):
    assert CASES[name].reason or name == "exits-at-the-test"  # wrong, and no more than that


def test_a_case_says_what_a_grader_got_wrong():
    case = CASES["os-exit"]
    right = {cell: points or 0 for cell, points in case.expected.items()}
    to_a_human = dict.fromkeys(right)

    assert [] == case.complaints(right, ["the process was ended"])
    assert [] == case.complaints(to_a_human, ["the process was ended"])
    assert "nobody is told" in case.complaints(right, [])[0]
    assert len(right) == len(
        case.complaints({cell: 1 - got for cell, got in right.items()}, ["ended"])
    )
    assert 7 == len(case.complaints(to_a_human, []))


def test_the_same_is_made_each_time(release):
    for name in ("fork-bomb", "format-3", "verdict-handed-in"):
        assert CASES[name].files(release) == CASES[name].files(release)


def test_cases_are_written_as_submissions(tmp_path, capsys):
    names = ["links-beside-the-notebook", "strange-file-names", "folder-instead-of-a-file"]

    assert 0 == main([str(tmp_path), *names])
    links, strange, folder = (tmp_path / "submitted" / name / ASSIGNMENT for name in names)
    assert links.joinpath("notes.txt").is_symlink()
    assert strange.joinpath("two\nlines.txt").is_file()
    assert folder.joinpath(FILE).is_dir()
    assert CASES[names[0]].why in capsys.readouterr().out


def test_cases_are_not_written_over_what_is_there(tmp_path, capsys):
    (tmp_path / "submitted").mkdir()

    assert 2 == main([str(tmp_path), "os-exit"])
    assert "is there already" in capsys.readouterr().err
    assert 2 == main([str(tmp_path / "other"), "no-such-case"])
    assert not (tmp_path / "other").exists()


def test_nothing_big_is_kept_in_the_repository():
    kept = [path for path in (ROOT / "tests" / "submissions").glob("*") if path.is_file()]

    assert {".py", ".md"} == {path.suffix for path in kept}
    assert [] == [path.name for path in kept if path.stat().st_size > 64_000]
