"""One class, one set of scores: by nbgrader, processes and Dask, in SQLite and PostgreSQL."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from taketurns.course import sample_class
from taketurns.grading import sandbox
from tests.test_grading import mixed_class
from tests.test_grading.mixed_class import ASSIGNMENT, QUESTION, RIGHT, UNTOUCHED, WRONG
from tests.test_grading.test_database_kills import PROGRAMS, Server
from tests.test_grading.test_gradebook import sql

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = 6  # students
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        all(sandbox.probe().values()), reason=f"no sandbox works here: {sandbox.probe()}"
    ),
]


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("handed-in") / "course"
    assert SIZE == len(mixed_class.make(folder, size=SIZE))
    return folder


@pytest.fixture(scope="module")
def expected(handed_in: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What nbgrader itself puts into a file."""
    folder = tmp_path_factory.mktemp("stock") / "course"
    shutil.copytree(handed_in, folder)
    sample_class.run_nbgrader(folder, "autograde", ASSIGNMENT)
    found = mixed_class.in_gradebook(f"sqlite:///{folder / 'gradebook.db'}")
    assert SIZE == sum(name == "all" for _, name in found)
    return found


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    if PROGRAMS is None:
        pytest.skip("PostgreSQL's server is not installed")
    with tempfile.TemporaryDirectory(prefix="tt-") as name:
        made = Server(Path(name))
        made.start()
        try:
            yield made.url
        finally:
            made.stop()


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def course(request, handed_in: Path, tmp_path: Path) -> tuple[Path, str]:
    """Return a copy of the course, and the URL of its gradebook, which is empty."""
    folder = tmp_path / "course"
    shutil.copytree(handed_in, folder)
    if request.param == "SQLite":
        (folder / "gradebook.db").unlink()
        return folder, f"sqlite:///{folder / 'gradebook.db'}"
    server = request.getfixturevalue("server")
    anew = ("DROP DATABASE IF EXISTS same WITH (FORCE)", "CREATE DATABASE same")
    sql(f"{server}/postgres", *anew)
    config = folder / "nbgrader_config.py"
    text = config.read_text("utf-8")
    config.write_text(f"{text}\nc.CourseDirectory.db_url = '{server}/same'\n", "utf-8")
    return folder, f"{server}/same"


@contextlib.contextmanager
def options(way: str) -> Iterator[list[str]]:
    """What to tell `taketurns grade`."""
    if way == "processes":
        yield ["--workers", "2"]
        return
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        protocol="tcp",
        dashboard_address=":0",
        silence_logs=False,
    ) as workers:
        yield ["--cluster", workers.scheduler_address]


def test_the_class_has_all_kinds_of_scores(expected):
    manual = {who for (who, name), of in expected.items() if name == QUESTION and of[0] is None}

    assert (8.0, 10.0) == expected[RIGHT, "all"]
    assert (0.0, 10.0) == expected[UNTOUCHED, "all"]
    assert 0 < expected[WRONG, "all"][0] < 8
    assert (0.0, None, None, False) == expected[UNTOUCHED, QUESTION]
    assert ("No response.", None) == expected[UNTOUCHED, "counter: said"]
    assert SIZE - 1 == len(manual)


@pytest.mark.parametrize("way", ["processes", "dask"])
def test_taketurns_grade_finds_what_nbgrader_finds(way, course, expected):
    folder, url = course
    with options(way) as told:
        command = [sys.executable, "-m", "taketurns", "grade", ASSIGNMENT, *told]
        subprocess.run(command, cwd=folder, check=True)

    assert expected == mixed_class.in_gradebook(url)


@pytest.mark.parametrize("course", ["PostgreSQL"], indirect=True)
def test_nbgrader_itself_finds_the_same_on_a_server_and_so_do_we_after_it(course, expected):
    folder, url = course
    sample_class.run_nbgrader(folder, "generate_assignment", ASSIGNMENT, "--force")
    sample_class.run_nbgrader(folder, "autograde", ASSIGNMENT)
    by_nbgrader = mixed_class.in_gradebook(url)
    command = [sys.executable, "-m", "taketurns", "grade", ASSIGNMENT, "--workers", "2"]
    subprocess.run(command, cwd=folder, check=True)

    assert expected == by_nbgrader
    assert expected == mixed_class.in_gradebook(url)
