"""`taketurns grade --cluster`: the same scores from workers that see nothing of the course."""

from __future__ import annotations

import os
import platform
import random
import signal
import socket
import sys
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from taketurns.course.errors import CourseError
from taketurns.grading import cluster, intake, job, keeper, sandbox
from taketurns.grading.types import Graded
from taketurns.grading.workers import Results
from tests.test_grading.test_grade import ASSIGNMENT, NOTEBOOK, RIGHT, WRONG, Class

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

distributed = pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="there is no sandbox for workers"),
    pytest.mark.skipif(
        all(sandbox.probe().values()), reason=f"no sandbox works here: {sandbox.probe()}"
    ),
]
KILLED = distributed.KilledWorker("grade", SimpleNamespace(address="tcp://y:1"), 3)
STUDENTS = [f"s{number:02}" for number in range(12)]
MORE = [f"t{number:02}" for number in range(28)]


@pytest.fixture(scope="module")
def workers() -> Iterator[Any]:
    """Two processes on this machine, reached over TCP, of which one does two jobs at a time."""
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=2,
        processes=True,
        protocol="tcp",
        dashboard_address=":0",
        silence_logs=False,
    ) as made:
        yield made


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Class:
    monkeypatch.chdir(tmp_path)
    made = Class(tmp_path)
    for number, student in enumerate(STUDENTS):
        path = made.hand_in(student, f"{[RIGHT, WRONG][number % 2]}  # {student}")
        path.with_name("timestamp.txt").write_text("2026-03-01 12:00:00 UTC", "utf-8")
    return made


def kept(course: Class) -> Any:
    """Scores, and all that autograded/ says but for how long it took."""
    records = [course.record(student) for student in STUDENTS]
    for record in records:
        del record["seconds"]
    return course.scores(), records, [course.graded(student) for student in STUDENTS]


def test_a_cluster_finds_what_processes_here_find(workers, course):
    there = course.grade("--cluster", workers.scheduler_address)
    by_cluster = kept(course)
    here = course.grade("--force", "--no-cache", "--workers", "2")

    assert (0, 0) == (there.exit_code, here.exit_code)
    assert "doubles: 12 graded" == there.output.splitlines()[-1]
    assert kept(course) == by_cluster
    assert {"doubles": 2.0, "zero": 1.0} == course.scores()["s00"]


def test_when_workers_are_killed_nobody_is_lost_and_none_is_graded_twice(
    workers, course, monkeypatch
):
    """Ten times, each after some more results have come."""
    moments = random.Random(1)
    written: list[str] = []
    killed: list[int] = []
    at = [2]
    write = keeper.Keeper.write

    def killing(self):
        written.extend(graded.student for graded in self._batch)
        write(self)
        alive = [nanny.pid for nanny in workers.workers.values() if nanny.pid not in killed]
        if len(written) >= at[0] and len(killed) < 10 and any(alive):
            killed.append(moments.choice([pid for pid in alive if pid]))
            os.kill(killed[-1], signal.SIGKILL)
            at[0] = len(written) + moments.randint(2, 4)

    for student in MORE:
        course.hand_in(student, f"{RIGHT}  # {student}")
    monkeypatch.setattr(keeper, "PATIENCE", 0)
    with monkeypatch.context() as patched:
        patched.setattr(keeper.Keeper, "write", killing)
        result = course.grade("--cluster", workers.scheduler_address)
    by_cluster = kept(course)
    course.grade("--force", "--no-cache", "--workers", "2")

    assert f"doubles: {len(STUDENTS + MORE)} graded" == result.output.splitlines()[-1]
    assert 10 == len(killed)
    assert sorted(STUDENTS + MORE) == sorted(written)
    assert kept(course) == by_cluster


def test_a_worker_needs_no_file_of_the_course(course):
    made = job.Job("s00", ASSIGNMENT, str(course.root / "submitted" / "s00" / ASSIGNMENT), "", ())

    sent = made.with_files()

    files, left_out = sent.handed_in or ({}, ["nothing"])
    assert ("", None, []) == (sent.folder, sent.cache, left_out)
    assert [NOTEBOOK, "timestamp.txt"] == sorted(files)


def test_a_job_can_be_done_again_with_the_same_files(course, monkeypatch):
    made = job.Job("s00", ASSIGNMENT, str(course.root / "submitted" / "s00" / ASSIGNMENT), "", ())
    sent = made.with_files()
    monkeypatch.setattr(intake, "files_of", None)

    assert job.grade(sent) == job.grade(sent)
    assert "2026-03-01 12:00:00 UTC" == job.grade(sent).timestamp


def refused(course: Class, address: str) -> str:
    result = course.grade("--cluster", address)
    assert 2 == result.exit_code
    assert [] == list((course.root / "autograded").rglob("*"))
    return result.output


@pytest.mark.parametrize("address", ["nonsense://x", "tcp://127.0.0.1:{port}"])
def test_a_wrong_address_is_told(address, course, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    with socket.socket() as nobody:  # bound, but it does not listen
        nobody.bind(("127.0.0.1", 0))
        address = address.format(port=nobody.getsockname()[1])

        said = refused(course, address)

    assert f"--cluster {address}: no scheduler answers there" in said
    assert "Traceback" not in said


def test_a_cluster_without_workers_is_told(course, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    with distributed.LocalCluster(n_workers=0, dashboard_address=":0") as empty:
        said = refused(course, empty.scheduler_address)

    assert "it has had no worker for 1 seconds" in said


def test_workers_with_another_version_are_told(workers, course, monkeypatch):
    monkeypatch.setattr(job, "version", lambda: "newer")

    said = refused(course, workers.scheduler_address)

    assert "another version of taketurns than `taketurns grade`: both must be the same" in said
    assert "tcp://127.0.0.1:" in said


def test_workers_with_another_python_are_told(workers, course, monkeypatch):
    monkeypatch.setattr(platform, "python_version", lambda: "3.99.0")

    assert "runs on 3.99.0: both must be the same" in refused(course, workers.scheduler_address)


def test_a_worker_that_came_later_and_is_another_one_does_nothing(course):
    made = job.Job("s00", ASSIGNMENT, str(course.root), "", ())

    with pytest.raises(job.GraderError, match="has another version of taketurns"):
        cluster._grade(job.grade, made, (platform.python_version(), "newer"))


@pytest.mark.parametrize(
    ("what", "expected", "said"),
    [
        (KILLED, BrokenExecutor, "died while running it"),
        (CancelledError(), CourseError, "--cluster tcp://x:1: it has gone away"),
        (job.GraderError("no sandbox"), job.GraderError, "no sandbox"),
    ],
)
def test_what_goes_wrong_on_a_cluster_is_told(what, expected, said):
    there: Future[Graded] = Future()
    here: Future[Graded] = Future()
    there.cancel() if isinstance(what, CancelledError) else there.set_exception(what)
    made = cluster.Cluster.__new__(cluster.Cluster)
    made._address = "tcp://x:1"

    made._pass_on(there, here)

    with pytest.raises(expected, match=said):
        here.result()


class Deadly(Executor):
    """A cluster where each worker that has one job dies."""

    def submit(self, function, made, /):
        future: Future[Graded] = Future()
        if made.student == "mallory":
            future.set_exception(BrokenExecutor("died"))
        else:
            future.set_result(function(made))
        return future


def test_who_kills_workers_of_a_cluster_is_told_and_the_others_are_graded():
    jobs = [job.Job(student, ASSIGNMENT, "", "", ()) for student in ("ada", "mallory", "bob")]

    with Results(jobs, Deadly, 8) as results:
        found = list(results)

    given_up = [(made[0].student, made[1]) for made in found if isinstance(made, tuple)]
    assert [("mallory", "its worker died 3 times")] == given_up
    assert {"ada", "bob"} == {made.student for made in found if isinstance(made, Graded)}


def test_a_cluster_has_its_own_number_of_workers(course):
    result = course.grade("--cluster", "tcp://127.0.0.1:1", "--workers", "2")

    assert (2, True) == (result.exit_code, "leave out --workers" in result.output)
