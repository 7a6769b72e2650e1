from __future__ import annotations

import json
import os
import random
import subprocess
import sys

import pytest
from click.testing import CliRunner

from taketurns.cli import cli
from taketurns.course import release as module
from taketurns.course.folder import Course
from taketurns.course.release import first_difference, generate, release
from taketurns.course.tidy import canonical, tidy

from .conftest import ROOT, dump, lesson, master

pytestmark = pytest.mark.slow  # importing nbgrader takes longer than that


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


@pytest.fixture
def released(course: Course) -> Course:
    """Return a tidy course whose release has been made."""
    tidy()
    release(course)
    return course


def master_of(course: Course):
    return course.root / "source" / "03-races" / "races.ipynb"


def release_of(course: Course):
    return course.root / "release" / "03-races" / "races.ipynb"


def test_release_is_what_source_makes():
    outcome = release(Course(ROOT), check=True)

    assert [] == outcome.changed + outcome.problems


def test_students_get_the_stub_and_neither_solution_nor_hidden_test(released: Course):
    text = release_of(released).read_text("utf-8")

    assert "_lock" not in text
    assert "two more came" not in text
    assert "SOLUTION" not in text
    assert "HIDDEN" not in text
    assert text.count("raise NotImplementedError") == 2
    assert "one visitor came" in text


def test_a_release_is_canonical_and_recorded(released: Course):
    path = release_of(released)

    assert () == canonical(path.read_bytes(), "release").changes
    assert tidy(check=True).tidy


def test_graded_cells_keep_their_ids_and_a_checksum_that_holds(released: Course):
    from nbformat import reads
    from nbgrader.utils import compute_checksum

    nb = reads(release_of(released).read_text("utf-8"), as_version=4)
    cells = {cell["id"]: cell for cell in nb.cells if "nbgrader" in cell.metadata}

    assert ["counter", "counter-all-counted"] == list(cells)
    for cell in cells.values():
        assert compute_checksum(cell) == cell.metadata.nbgrader.checksum


def test_it_is_what_nbgraders_own_command_gives(released: Course):
    root = released.root
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "03-races", "--no-db"]
    option = f"--CourseDirectory.release_directory={root / 'theirs'}"
    subprocess.run([*command, option], cwd=root, check=True, capture_output=True, timeout=120)
    theirs = (root / "theirs" / "03-races" / "races.ipynb").read_bytes()

    assert release_of(released).read_text("utf-8") == canonical(theirs, "release").text


def test_making_it_again_changes_nothing(released: Course):
    times = [path.stat().st_mtime_ns for path in released.notebooks()]

    again = release(released)

    assert [] == again.changed
    assert times == [path.stat().st_mtime_ns for path in released.notebooks()]


def test_nothing_but_the_release_and_the_record_is_written(course: Course):
    tidy()
    before = {path for path in course.root.rglob("*") if path.is_file()}
    release(course)
    after = {path for path in course.root.rglob("*") if path.is_file()}

    assert {release_of(course)} == after - before


def test_the_command_says_nothing_of_nbgraders(course: Course):
    environment = os.environ | {"PYTHONWARNINGS": "default"}
    done = subprocess.run(
        [sys.executable, "-m", "taketurns", "release"],
        cwd=course.root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert 0 == done.returncode
    assert "" == done.stderr
    assert [
        "release/03-races/races.ipynb: new",
        "1 assignment: release/ is what source/ makes.",
    ] == done.stdout.splitlines()


@pytest.mark.parametrize("of", [master_of, release_of])
def test_check_notices_a_change_of_any_one_byte(released: Course, of):
    path = of(released)
    content = path.read_bytes()
    chance = random.Random(20261122)
    missed = []
    for place in [*chance.sample(range(len(content)), 20), 0, len(content) - 1]:
        byte = chance.choice([b for b in range(256) if b != content[place]])
        path.write_bytes(content[:place] + bytes([byte]) + content[place + 1 :])
        try:
            outcome = release(released, check=True)
            messages = outcome.changed + outcome.problems
        except module.CourseError as error:
            messages = [str(error)]
        if not any(released.name(path) in message for message in messages):
            missed.append((place, byte))
    path.write_bytes(content)

    assert [] == missed
    assert 0 == run("release", "--check")[0]


def test_check_names_the_file_the_cell_and_the_first_difference(released: Course):
    path = release_of(released)
    path.write_bytes(path.read_bytes().replace(b"one visitor came", b"one visitor cane"))

    status, output = run("release", "--check")

    assert 1 == status
    assert "release/03-races/races.ipynb: line " in output
    assert '(cell "counter-all-counted")' in output
    assert "cane" in output
    assert "taketurns release" in output


def test_check_sees_a_change_that_students_would_not(released: Course):
    path = master_of(released)
    path.write_bytes(path.read_bytes().replace(b"two more came", b"two more cane"))

    status, output = run("release", "--check")

    assert 1 == status
    assert "source/03-races/races.ipynb: its content is not what" in output


def test_check_writes_nothing(course: Course):
    tidy()

    status, output = run("release", "--check")

    assert 1 == status
    assert "release/03-races/races.ipynb: is missing" in output
    assert not (course.root / "release").exists()


def test_a_release_without_master_goes(released: Course):
    stale = released.root / "release" / "02-gone" / "gone.ipynb"
    stale.parent.mkdir()
    stale.write_bytes(dump(lesson()))

    assert 1 == run("release", "--check")[0]
    assert 0 == run("release")[0]
    assert not stale.parent.exists()


def test_a_fault_in_one_master_leaves_all_of_release_as_it_was(released: Course):
    nb = master()
    nb["cells"][0]["source"] = ["# Another title"]
    master_of(released).write_bytes(dump(nb))
    nb["cells"][2]["source"].pop()  # the solution never ends
    other = released.root / "source" / "04-more" / "more.ipynb"
    other.parent.mkdir()
    other.write_bytes(dump(nb))
    before = release_of(released).read_bytes()

    status, output = run("release")

    assert 1 == status
    assert "source/04-more/more.ipynb" in output
    assert "never ends" in output
    assert before == release_of(released).read_bytes()


def test_what_nbgrader_refuses_is_told_in_its_words(released: Course, monkeypatch):
    nb = master()
    nb["cells"][2]["source"].pop()
    master_of(released).write_bytes(dump(nb))
    monkeypatch.setattr(module, "canonical", lambda *_: canonical(dump(lesson()), "lesson"))

    status, output = run("release")

    assert 1 == status
    assert "source/03-races/races.ipynb: nbgrader cannot make the students' version" in output
    assert "Traceback" not in output


def test_a_file_beside_a_master_is_refused(released: Course):
    (released.root / "source" / "03-races" / "solutions.py").write_text("x = 1\n")

    status, output = run("release", "--check")

    assert 1 == status
    assert "source/03-races/solutions.py: only notebooks belong into source/" in output


def test_a_write_that_fails_leaves_the_old_file_whole(released: Course, monkeypatch):
    nb = master()
    nb["cells"][0]["source"] = ["# Another title"]
    master_of(released).write_bytes(dump(nb))
    before = release_of(released).read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="No space left"):
        release(released)

    assert before == release_of(released).read_bytes()
    assert [release_of(released)] == list(release_of(released).parent.iterdir())


def test_without_masters_it_says_so(course: Course):
    master_of(course).unlink()

    status, output = run("release")

    assert 1 == status
    assert "nothing to release" in output


def test_generating_twice_gives_the_same_bytes(course: Course):
    assert generate(course) == generate(course)


def test_the_first_difference_is_told_whatever_it_is():
    nb = json.dumps(lesson(), indent=1).encode() + b"\n"

    assert first_difference(nb + b"\n", nb).endswith("the file goes on")
    assert "missing" in first_difference(nb[:-3], nb) or "is" in first_difference(nb[:-3], nb)
