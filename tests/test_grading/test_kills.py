"""Whatever is killed whenever: `taketurns grade`, run again, ends as if nothing had been."""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from taketurns.grading import folders, job, sandbox, workers
from taketurns.grading.types import Limits
from tests.test_grading.test_grade import ASSIGNMENT, NOTEBOOK, RIGHT, WRONG, Class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="watches processes as Linux shows them"),
    pytest.mark.skipif(
        all(sandbox.probe().values()), reason=f"no sandbox works here: {sandbox.probe()}"
    ),
]
STUDENTS = [f"s{number}" for number in range(4)]
BATCHES = (1, 64)  # each student's result is written alone, or all are written in the end
WHENEVER = pytest.mark.parametrize("seed", range(10))


@contextlib.contextmanager
def grader_in(folder: Path) -> Iterator[Callable[..., dict[str, Any]]]:
    """Start killing.py, whose temporary files go to a folder."""
    folder.mkdir(exist_ok=True)
    with subprocess.Popen(
        [sys.executable, Path(__file__).with_name("killing.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(folder)},
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def ask(course: Class | None, *options: str, **how: Any) -> dict[str, Any]:
            workers = str(how.pop("workers", 2))
            request = {"options": [ASSIGNMENT, "--workers", workers, *options], **how}
            if course is not None:
                request["folder"] = str(course.root)
            print(json.dumps(request), file=process.stdin, flush=True)
            return json.loads(process.stdout.readline())

        yield ask
        process.stdin.close()


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def run(temporary: Path) -> Iterator[Callable[..., dict[str, Any]]]:
    with grader_in(temporary) as ask:
        yield ask


def school(root: Path) -> Class:
    root.mkdir(exist_ok=True)
    made = Class(root)
    for number, student in enumerate(STUDENTS):
        path = made.hand_in(student, f"{[RIGHT, WRONG][number % 2]}  # {student}")
        path.with_name("timestamp.txt").write_text(f"2026-03-0{number + 1} 12:00:00 UTC", "utf-8")
    return made


@pytest.fixture
def course(tmp_path: Path) -> Class:
    return school(tmp_path / "course")


@pytest.fixture(scope="module")
def unkilled(run, tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[int, Any]]:
    """How many moments there are, and what comes of them, by size of a batch.

    Those of the larger one find all verdicts in the cache, as in a regrade.
    """
    found = {}
    root = tmp_path_factory.mktemp("course")
    for batch in BATCHES:
        made = school(root)
        result = run(made, "--force", batch=batch)
        assert (result["code"], result["left"]) == (0, [])
        found[batch] = result["moments"], outcome(made)
    shutil.copytree(root / folders.PRIVATE, root.with_name("known"))
    return found


@pytest.fixture
def known(unkilled, seed: int, course: Class, tmp_path_factory: pytest.TempPathFactory) -> None:
    """For every other seed a cache of all verdicts."""
    if seed % 2:
        shutil.copytree(tmp_path_factory.getbasetemp() / "known", course.root / folders.PRIVATE)


def outcome(course: Class) -> Any:
    """All that is kept of a class, without how long it took."""
    files = {}
    for path in sorted((course.root / "autograded").rglob("*")):
        text = path.read_text("utf-8") if path.is_file() else ""
        if path.name == folders.RECORD:
            record = json.loads(text)
            for notebook in record["notebooks"]:
                del notebook["seconds"]
            text = json.dumps(record)
        files[str(path.relative_to(course.root))] = text
    with contextlib.closing(sqlite3.connect(course.root / "gradebook.db")) as gradebook:
        rows = gradebook.execute(
            "select student_id, timestamp, base_cell.name, auto_score, manual_score"
            " from submitted_assignment"
            " join submitted_notebook on submitted_assignment.id = submitted_notebook.assignment_id"
            " join grade on grade.notebook_id = submitted_notebook.id"
            " join base_cell on base_cell.id = grade.cell_id"
        ).fetchall()
        sound = gradebook.execute("pragma integrity_check").fetchall()
    return files, sorted(rows), sound


def whole(course: Class) -> int:
    """How many students have a result; each must be a whole one."""
    places = list((course.root / "autograded").glob(f"s*/{ASSIGNMENT}"))
    for place in places:
        names = {path.name for path in place.iterdir()}
        assert {folders.RECORD, NOTEBOOK, "timestamp.txt"} == names
        course.record(place.parent.name)
        course.graded(place.parent.name)
    return len(places)


@WHENEVER
@pytest.mark.usefixtures("known")
def test_when_the_command_is_killed_the_next_one_goes_on(seed, run, unkilled, course, temporary):
    batch = BATCHES[seed % 2]
    moments, expected = unkilled[batch]
    at = random.Random(seed).randint(1, moments)

    killed = run(course, batch=batch, at=at, what="SIGKILL", workers=1)
    kept = whole(course)
    again = run(course, batch=batch, workers=1)

    assert (-9, []) == (killed["code"], killed["left"])
    assert (0, []) == (again["code"], again["left"])
    assert expected == outcome(course)
    unchanged = f", {kept} unchanged" if kept else ""
    assert f"doubles: {4 - kept} graded{unchanged}" == again["said"].splitlines()[-1]
    assert [] == list(course.root.glob(".taketurns/**/*.part"))
    assert [] == list(temporary.iterdir())


@WHENEVER
@pytest.mark.usefixtures("known")
def test_ctrl_c_is_answered_and_the_next_command_goes_on(seed, run, unkilled, course):
    batch = BATCHES[seed % 2]
    moments, expected = unkilled[batch]
    at = random.Random(100 + seed).randint(1, moments)

    stopped = run(course, batch=batch, at=at, what="SIGINT", workers=1)
    whole(course)
    again = run(course, batch=batch, workers=1)

    assert (2, []) == (stopped["code"], stopped["left"])
    assert "run it again to go on" in stopped["said"].splitlines()[-1]
    assert "Traceback" not in stopped["said"]
    assert (0, []) == (again["code"], again["left"])
    assert expected == outcome(course)


@WHENEVER
@pytest.mark.parametrize("what", ["worker", "warden"])
def test_when_one_of_its_processes_is_killed_nobody_notices(what, seed, run, unkilled, course):
    moments, expected = unkilled[1]
    at = random.Random(f"{what} {seed}").randint(1, moments * 3 // 4)

    result = run(course, at=at, what=what, seed=seed)

    assert "doubles: 4 graded" == result["said"].splitlines()[-1]
    assert (0, True, []) == (result["code"], result["struck"], result["left"])
    assert expected == outcome(course)


def test_who_kills_each_worker_is_left_out_with_a_reason(run, unkilled, course):
    course.hand_in("mallory", RIGHT)

    result = run(course)

    assert (1, []) == (result["code"], result["left"])
    assert "  mallory: its worker died 3 times" == result["said"].splitlines()[-1]
    assert unkilled[1][1] == outcome(course)


def test_a_warden_that_is_killed_twice_gives_one_student_up(course, monkeypatch):
    """In threads of this process, each with a warden of its own, as on a cluster."""
    struck = []
    say = job.Warden._say

    def killing(self, request):
        if "# s3" in json.dumps(request) and len(struck) < 2:
            struck.append(self)
            os.killpg(self._process.pid, 9)
            self._process.wait()
        say(self, request)

    monkeypatch.chdir(course.root)
    monkeypatch.setattr(workers, "pool", ThreadPoolExecutor)
    monkeypatch.setattr(job.Warden, "_say", killing)
    try:
        first, again = course.grade("--workers", "2"), course.grade("--workers", "2")
    finally:
        job.forget_wardens()

    assert 1 == first.exit_code
    assert "3 graded\n1 need a human:\n  s3: the process that runs its checks was killed twice" in (
        first.output
    )
    assert (0, "doubles: 1 graded, 3 unchanged") == (
        again.exit_code,
        again.output.splitlines()[-1],
    )
    assert 2 == len(set(struck))


@pytest.fixture
def sleeping(tmp_path: Path) -> Iterator[tuple[job.Warden, Any, int, Path]]:
    """A warden without namespaces, what a world was asked, a process that it started, its folder.

    The world waits, and so does its process, until they are killed.
    """
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    source = (
        "import os, subprocess, time\n"
        "child = subprocess.Popen(['sleep', '1000'])\n"
        f"with open({str(pipe)!r}, 'w') as pipe:\n"
        "    pipe.write(f'{child.pid} {os.getcwd()}')\n"
        "time.sleep(1000)"
    )
    cell = {"name": "answer", "source": source, "learners": True, "graded": False, "points": 0}
    limits = asdict(Limits(idle_seconds=1000))
    warden = job.Warden({"ways": ["none"]})
    warden.wait()
    with ThreadPoolExecutor(1) as threads:
        request = {"cells": [cell], "student": "", "limits": limits, "files": {}}
        asked = threads.submit(warden.ask, request)
        child, folder = pipe.read_text("utf-8").split()
        watched = os.pidfd_open(int(child))
        try:
            yield warden, asked, watched, Path(folder).parent
        finally:
            os.close(watched)
            if warden._process.returncode is None:
                warden.end()


def ends(process: int) -> bool:
    return bool(select.select([process], [], [], 30)[0])


def test_what_a_killed_warden_leaves_is_ended_and_removed(sleeping):
    warden, asked, process, folder = sleeping

    os.kill(warden._process.pid, 9)
    with pytest.raises(job.NotGradedError, match="the warden was killed"):
        asked.result()
    warden.end()

    assert ends(process)
    assert not folder.exists()


def test_a_warden_ends_with_its_worker_whatever_its_world_does(sleeping):
    warden, asked, process, folder = sleeping

    own = os.pidfd_open(warden._process.pid)
    warden._process.stdin.close()  # as if the worker were killed

    assert ends(process)
    assert ends(own)
    assert not folder.exists()
    assert isinstance(asked.exception(), job.NotGradedError)
    os.close(own)


def test_of_two_commands_at_once_one_is_told_to_wait(run, unkilled, course, tmp_path):
    with grader_in(tmp_path / "other") as other:
        first = other(course, at=unkilled[1][0] // 2, what="SIGSTOP")
        second = run(course)
        done = other(None)

    assert 2 == second["code"]
    said = f"this course is being graded already, by process {first['stopped']}."
    assert said in second["said"]
    assert (0, []) == (done["code"], done["left"])
    assert unkilled[1][1] == outcome(course)


needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may mount"
)


@needs_root
@pytest.mark.parametrize("batch", BATCHES)
def test_where_there_is_no_room_nothing_is_half_written(batch, run, unkilled, course):
    full = run(course, mount="size=28k", batch=batch)
    scores = set(course.scores())
    again = run(course, batch=batch)

    assert (2, []) == (full["code"], full["left"])
    assert "autograded: No space left on device. " in full["said"]
    assert "run the command again" in full["said"]
    assert scores == {path.split("/")[0] for path in full["seen"] if path.endswith(folders.RECORD)}
    assert {1: True, 64: False}[batch] == bool(scores)
    assert len(full["seen"]) == 5 * len(scores)
    assert 0 == again["code"]
    assert unkilled[batch][1] == outcome(course)


def test_where_nothing_may_be_written_nothing_is_graded(run, unkilled, course):
    if os.geteuid() == 0:
        refused = run(course, mount="ro")
    else:
        place = course.root / "autograded"
        place.mkdir(0o555)
        refused = run(course)
        place.chmod(0o755)
    again = run(course)

    assert (2, [], []) == (refused["code"], refused["left"], refused["seen"])
    for words in ("autograded: ", "mend that and run the command again"):
        assert words in refused["said"]
    assert "Traceback" not in refused["said"]
    assert 0 == again["code"]
    assert unkilled[1][1] == outcome(course)
