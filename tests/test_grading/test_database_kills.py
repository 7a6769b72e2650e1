"""When the database server is killed, `taketurns grade`, run again, goes on."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from taketurns.grading import folders, keeper, sandbox
from tests.test_grading.test_grade import ASSIGNMENT, NOTEBOOK, RIGHT, WRONG, Class
from tests.test_grading.test_gradebook import ADMIN, connected, postgres_programs, sql

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("psycopg", reason="psycopg is not installed")
PROGRAMS = postgres_programs()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="finds processes as Linux shows them"),
    pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL's server is not installed"),
    pytest.mark.skipif(
        all(sandbox.probe().values()), reason=f"no sandbox works here: {sandbox.probe()}"
    ),
]
STUDENTS = [f"s{number}" for number in range(4)]
BATCHES = (1, 64)  # each student's result is written alone, or all are written in the end
ROWS = """
    SELECT student_id, base_cell.name, auto_score, manual_score, needs_manual_grade
    FROM submitted_assignment
    JOIN submitted_notebook ON submitted_assignment.id = submitted_notebook.assignment_id
    JOIN grade ON grade.notebook_id = submitted_notebook.id
    JOIN base_cell ON base_cell.id = grade.cell_id
"""


class Server:
    """PostgreSQL in a folder of its own, on a port that was free."""

    def __init__(self, folder: Path) -> None:
        assert PROGRAMS is not None
        self._folder = folder
        self._who: dict[str, Any] = {}
        if os.geteuid() == 0:  # it refuses to run as root
            import pwd

            nobody = pwd.getpwnam("nobody")
            self._who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self._port = taken.getsockname()[1]
        self._do("initdb", "-U", "tester", "-A", "trust", "-N", "-E", "UTF8")
        self.url = f"{ADMIN}:{self._port}"

    def _do(self, program: str, *arguments: str) -> None:
        assert PROGRAMS is not None
        subprocess.run(
            [PROGRAMS / program, "-D", self._folder / "data", *arguments],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            check=True,
            start_new_session=True,  # Ctrl-C in a terminal is for the tests
            **self._who,
        )

    def start(self) -> None:
        options = f"-p {self._port} -h 127.0.0.1 -k '' -c fsync=off"
        self._do("pg_ctl", "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def kill(self) -> None:
        """Kill all of its processes, and wait until the last one has ended."""
        note = self._folder / "data" / "postmaster.pid"
        first = note.read_text("utf-8").split()[0]
        os.kill(int(first), signal.SIGSTOP)  # or it would start others anew
        children = Path(f"/proc/{first}/task/{first}/children").read_text("utf-8").split()
        for process in map(int, [first, *children]):
            with suppress(ProcessLookupError):
                ended = os.pidfd_open(process)
                os.kill(process, signal.SIGKILL)
                select.select([ended], [], [])
                os.close(ended)
        note.unlink()  # where nobody reaps the dead, it would say that the server still runs

    def stop(self) -> None:
        self._do("pg_ctl", "-w", "-m", "immediate", "stop")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="tt-") as name:
        made = Server(Path(name))
        made.start()
        try:
            yield made
        finally:
            made.stop()


class Moments:
    """Counts what the command asks of the database, and each folder that it puts in place."""

    def __init__(self) -> None:
        self.count = 0
        self.strike_at = 0
        self.strike: Any = None
        self.at_the_database = False  # was that what the strike hit

    def asks(self, *_: object) -> None:
        self._tick(at_the_database=True)

    def _tick(self, *, at_the_database: bool) -> None:
        self.count += 1
        if self.count == self.strike_at:
            self.at_the_database = at_the_database
            self.strike()

    @contextmanager
    def watched(self) -> Iterator[None]:
        put = keeper.Keeper._put

        def then(*arguments: Any) -> None:
            put(*arguments)
            self._tick(at_the_database=False)

        for name in ("before_cursor_execute", "commit"):
            event.listen(Engine, name, self.asks)
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(keeper.Keeper, "_put", then)
                yield
        finally:
            for name in ("before_cursor_execute", "commit"):
                event.remove(Engine, name, self.asks)


class School(Class):
    """A course whose gradebook is a new database on the server."""

    def __init__(self, root: Path, server: Server) -> None:
        super().__init__(root)
        self.url = f"{server.url}/school"
        anew = ("DROP DATABASE IF EXISTS school WITH (FORCE)", "CREATE DATABASE school")
        sql(f"{server.url}/postgres", *anew)
        config = self.root / "nbgrader_config.py"
        config.write_text(f"{config.read_text()}\nc.CourseDirectory.db_url = {self.url!r}\n")
        for number, student in enumerate(STUDENTS):
            self.hand_in(student, f"{[RIGHT, WRONG][number % 2]}  # {student}")

    def rows(self) -> list[tuple[Any, ...]]:
        with connected(self.url) as connection:
            return sorted(tuple(row) for row in connection.execute(text(ROWS)))

    def outcome(self) -> Any:
        """All that is kept of the class, without how long it took."""
        records = {student: self.record(student) for student in self.whole()}
        for record in records.values():
            del record["seconds"]
        return self.rows(), records, {student: self.graded(student) for student in records}

    def whole(self) -> list[str]:
        """Who has a result; each must be a whole one."""
        places = sorted((self.root / "autograded").glob(f"*/{ASSIGNMENT}"))
        for place in places:
            assert {folders.RECORD, NOTEBOOK} == {path.name for path in place.iterdir()}
            json.loads((place / NOTEBOOK).read_text("utf-8"))
        return [place.parent.name for place in places]


def school(root: Path, server: Server, patch: pytest.MonkeyPatch, batch: int) -> School:
    patch.setattr(keeper, "BATCH", batch)
    patch.setattr(keeper, "PATIENCE", float("inf"))
    root.mkdir()
    patch.chdir(root)
    return School(root, server)


@pytest.fixture(scope="module")
def unkilled(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Any]:
    """How many moments there are, and what comes of them, by size of a batch."""
    found = {}
    for batch in BATCHES:
        root = tmp_path_factory.mktemp("unkilled") / "course"
        with pytest.MonkeyPatch.context() as patch:
            course, moments = school(root, server, patch, batch), Moments()
            with moments.watched():
                result = course.grade("--workers", "1")
            assert (0, "doubles: 4 graded") == (result.exit_code, result.output.splitlines()[-1])
            found[batch] = moments.count, course.outcome()
    return found


@pytest.mark.parametrize("back", [False, True], ids=["gone", "back at once"])
@pytest.mark.parametrize("seed", range(10))
def test_when_the_database_server_is_killed_the_next_command_goes_on(
    seed, back, server, unkilled, tmp_path, monkeypatch
):
    batch = BATCHES[seed % 2]
    count, expected = unkilled[batch]
    course, moments = school(tmp_path / "course", server, monkeypatch, batch), Moments()
    moments.strike_at = random.Random(f"{seed} {back}").randint(1, count)
    struck = []

    def strike() -> None:
        server.kill()
        struck.append(True)
        if back:
            server.start()

    moments.strike = strike
    with moments.watched():
        killed = course.grade("--workers", "1")
    if not back:
        server.start()
    kept, known = course.whole(), {row[0] for row in course.rows()} if tables(course) else set()
    again = course.grade("--workers", "1")

    assert [True] == struck
    assert not isinstance(killed.exception, Exception)
    assert killed.exit_code in ({2} if moments.at_the_database and not back else {0, 2})
    if killed.exit_code:
        assert "cannot be reached" in killed.output
        assert "run the command again" in killed.output.lower()
    assert set(kept) <= known  # a folder is put in place when the gradebook has it
    assert [] == list((course.root / "autograded").glob(f"{keeper.PARTS}/*"))
    unchanged = f", {len(kept)} unchanged" if kept else ""
    last = f"doubles: {len(STUDENTS) - len(kept)} graded{unchanged}"
    assert (0, last) == (again.exit_code, again.output.splitlines()[-1])
    assert expected == course.outcome()


def tables(course: School) -> bool:
    with connected(course.url) as connection:
        return bool(connection.scalar(text("SELECT to_regclass('submitted_assignment')::text")))
