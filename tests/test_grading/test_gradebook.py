"""Nbgrader's rows, in bulk: the same ones, and after any mishap all or none of a batch."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import warnings
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Base
from nbgrader.api import Gradebook as Stock
from nbgrader.utils import determine_grade
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from traitlets.config import Config

from taketurns.grading.gradebook import Gradebook, GradebookError, Mark
from taketurns.grading.types import CellResult, Graded, NotebookResult

ADMIN = "postgresql+psycopg://tester@127.0.0.1"
SOLUTION = "### BEGIN SOLUTION\ndef double(x):\n    return 2 * x\n### END SOLUTION"
STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
CHECK = "assert double(2) == 4, 'two'"
POINTS = {"check": 2.0, "half": 4.0, "why": 3.0, "draw": 5.0}


def cell(kind: str, source: str, name: str, **what: Any) -> Any:
    about = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    new = {"code": new_code_cell, "markdown": new_markdown_cell}[kind]
    return new(source, id=name, metadata={"nbgrader": {**about, "grade_id": name, **what}})


def master(*more: Any) -> dict[str, Any]:
    notebook = new_notebook(
        cells=[
            new_markdown_cell("Some prose.", id="prose"),
            cell("markdown", "Read this.", "rules", locked=True),
            cell("code", SOLUTION, "double", solution=True),
            cell("code", CHECK, "check", grade=True, points=2, locked=True),
            cell("code", "double(1.0)", "half", grade=True, points=4, locked=True),
            cell("markdown", "YOUR ANSWER HERE", "why", grade=True, solution=True, points=3),
            cell("markdown", "Draw it.", "draw", task=True, points=5, locked=True),
            *more,
        ],
        metadata={"kernelspec": {"name": "python3", "language": "python", "display_name": "P"}},
    )
    return json.loads(json.dumps(notebook))


def answered(**answers: str) -> dict[str, Any]:
    notebook = master()
    texts = {"double": STUB, **answers}
    for each in notebook["cells"]:
        name = each["metadata"].get("nbgrader", {}).get("grade_id")
        each["source"] = texts.get(name, each["source"])
    return notebook


def graded(student: str = "ada", notebook: str = "one", **points: float | None) -> Graded:
    points = {"check": 2.0, "half": 1.5, "why": None, "draw": None, **points}
    cells = tuple(CellResult(name, points[name], POINTS.get(name, 1.0), "ok") for name in points)
    answers = answered(double="def double(x): ...", why="Because.")
    return Graded(student, "hw", "", None, (NotebookResult(notebook, answers, cells),))


def absent(student: str = "ada", notebook: str = "two") -> Graded:
    return Graded(student, "hw", "", None, (NotebookResult(notebook, None, ()),))


# ---------------------------------------------------------------- databases


def postgres_programs() -> Path | None:
    """Return the folder of the server's own programs, which Debian keeps out of the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    where = shutil.which("initdb")
    return found[-1].parent if found else Path(where).resolve().parent if where else None


@pytest.fixture(scope="module")
def server():
    """Start a PostgreSQL server; return its URL without a database."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    programs = postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL's server is not installed")
    with tempfile.TemporaryDirectory(prefix="tt-") as name, socket.socket() as taken:
        # The server refuses to run as root.
        who: dict[str, Any] = {}
        if os.geteuid() == 0:
            import pwd

            nobody = pwd.getpwnam("nobody")
            who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(name, nobody.pw_uid, nobody.pw_gid)
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        taken.close()
        data = f"{name}/data"
        init = [programs / "initdb", "-D", data, "-U", "tester", "-A", "trust", "-N", "-E", "UTF8"]
        made = subprocess.run(init, cwd=name, capture_output=True, text=True, check=False, **who)
        if made.returncode:
            pytest.skip(f"initdb failed: {made.stderr.strip()}")
        options = f"-p {port} -h 127.0.0.1 -k {name} -c fsync=off"
        control = [programs / "pg_ctl", "-D", data, "-w", "-l", f"{name}/log"]
        # Its own session: Ctrl-C in a terminal is for the tests.
        subprocess.run(
            [*control, "-o", options, "start"],
            cwd=name,
            stdout=subprocess.DEVNULL,
            check=True,
            start_new_session=True,
            **who,
        )
        try:
            yield f"{ADMIN}:{port}"
        finally:
            stop = [*control, "-m", "immediate", "stop"]
            subprocess.run(stop, cwd=name, stdout=subprocess.DEVNULL, check=True, **who)


@contextmanager
def connected(url: str, **options: Any):
    with create_engine(url, poolclass=NullPool, **options).connect() as connection:
        yield connection


def sql(url: str, *statements: str) -> None:
    with connected(url, isolation_level="AUTOCOMMIT") as connection:
        for each in statements:
            connection.execute(text(each))


def prepare(url: str) -> None:
    with Gradebook(url, "course") as gradebook:
        gradebook.prepare("hw", {"one": master(), "two": master()})


@pytest.fixture(scope="module")
def prepared_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("prepared") / "gradebook.db"
    prepare(f"sqlite:///{path}")
    with stock(f"sqlite:///{path}") as book:  # it is slow the first time
        assert ["hw"] == [each.name for each in book.assignments]
    return path


@pytest.fixture(scope="module")
def prepared_database(server: str) -> str:
    sql(f"{server}/postgres", "CREATE DATABASE prepared")
    prepare(f"{server}/prepared")
    return server


@pytest.fixture
def empty_file(tmp_path) -> str:
    return f"sqlite:///{tmp_path}/gradebook.db"


@pytest.fixture
def file(empty_file: str, prepared_file: Path) -> str:
    """Return the URL of a gradebook in a file that knows the assignment."""
    shutil.copy(prepared_file, make_url(empty_file).database or "")
    return empty_file


@pytest.fixture
def empty_database(server: str) -> str:
    sql(f"{server}/postgres", "DROP DATABASE IF EXISTS empty WITH (FORCE)", "CREATE DATABASE empty")
    return f"{server}/empty"


@pytest.fixture
def database(prepared_database: str) -> str:
    """Return the URL of a gradebook on a server that knows the assignment."""
    sql(
        f"{prepared_database}/postgres",
        "DROP DATABASE IF EXISTS course WITH (FORCE)",
        "CREATE DATABASE course TEMPLATE prepared",
    )
    return f"{prepared_database}/course"


BOTH = ["file", pytest.param("database", marks=pytest.mark.slow)]


@pytest.fixture(params=BOTH)
def url(request) -> str:
    return request.getfixturevalue(request.param)


@pytest.fixture(params=BOTH)
def empty(request) -> str:
    return request.getfixturevalue(f"empty_{request.param}")


@pytest.fixture
def gradebook(url: str):
    with Gradebook(url, "course") as opened:
        yield opened


@contextmanager
def stock(url: str):
    """Open a gradebook by nbgrader's own means."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLAlchemy's remarks about nbgrader's tables
        with Stock(url, "course") as opened:
            yield opened
            opened.db.commit()


def contents(url: str) -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table."""
    tables = [*Base.metadata.sorted_tables, text("SELECT * FROM alembic_version")]
    with connected(url) as connection:
        return {
            str(getattr(table, "name", "version")): sorted(
                (dict(row) for row in connection.execute(query).mappings()), key=str
            )
            for table in tables
            for query in [table.select() if hasattr(table, "select") else table]
        }


KEYS = {
    "assignment": ("name",),
    "notebook": ("assignment_id", "name"),
    "base_cell": ("notebook_id", "type", "name"),
    "submitted_assignment": ("assignment_id", "student_id"),
    "submitted_notebook": ("assignment_id", "notebook_id"),
}


def named(url: str) -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table, with names for the ids, which are random."""
    found = contents(url)
    del found["course"]  # nbgrader also makes one called default_course
    names: dict[Any, str] = {}
    for table, rows in found.items():
        for row in rows:
            own = row.pop("id", None)
            if table in ("student", "grade_cells", "solution_cells", "task_cells"):
                row["id"] = names.get(own, own)
            for column in [each for each in row if each.endswith("_id")]:
                row[column] = names.get(row[column], row[column])
            if table in KEYS:
                names[own] = "/".join(str(row[column]) for column in KEYS[table])
        rows.sort(key=str)
    return found


def grades(url: str) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Return cell → auto, manual, extra, needs a human: of one student's notebook `one`."""
    return {
        row["cell_id"].split("/")[-1]: (
            row["auto_score"],
            row["manual_score"],
            row["extra_credit"],
            row["needs_manual_grade"],
        )
        for row in named(url)["grade"]
        if row["cell_id"].startswith("hw/one/")
    }


def comments(url: str) -> dict[str, tuple[str | None, str | None]]:
    """Return cell → the autograder's comment, a human's: of one student's notebook `one`."""
    return {
        row["cell_id"].split("/")[-1]: (row["auto_comment"], row["manual_comment"])
        for row in named(url)["comment"]
        if row["cell_id"].startswith("hw/one/")
    }


def human(url: str, name: str, student: str = "ada", **values: Any) -> None:
    """Enter points as Formgrader does."""
    with stock(url) as book:
        grade = book.find_grade(name, "one", "hw", student)
        for column, value in values.items():
            setattr(grade, column, value)
        known = grade.manual_score is not None or grade.auto_score is not None
        grade.needs_manual_grade = not known


# ---------------------------------------------------------------- what is written


def test_a_new_submission_has_all_rows(gradebook, url):
    gradebook.write([graded()])
    assert {
        "check": (2.0, None, None, False),
        "half": (1.5, None, None, False),
        "why": (None, None, None, True),
        "draw": (None, None, None, True),
    } == grades(url)
    assert dict.fromkeys(["double", "why", "draw"], (None, None)) == comments(url)
    rows = contents(url)
    assert (1, 2, 8, 6) == tuple(
        len(rows[table]) for table in ("student", "submitted_notebook", "grade", "comment")
    )


def test_ids_are_like_those_of_nbgrader(gradebook, url):
    gradebook.write([graded()])
    rows = contents(url)
    ids = [row["id"] for table in ("submitted_notebook", "grade", "comment") for row in rows[table]]
    assert ids == [UUID(each).hex for each in ids]


def test_writing_the_same_batch_again_changes_nothing(gradebook, url):
    batch = [graded("ada"), graded("bob", check=0.0)]
    gradebook.write(batch)
    before = contents(url)
    gradebook.write(batch)
    assert before == contents(url)


def test_writing_nothing_is_no_work(gradebook, url):
    before = contents(url)
    gradebook.write([])
    assert before == contents(url)


def test_of_two_results_of_one_student_the_last_counts(gradebook):
    gradebook.write([graded(check=0.0), graded(check=1.0)])
    assert 1.0 == gradebook.scores("hw")["ada"]["one"]["check"]


def test_scores_tell_who_got_what(gradebook):
    assert {} == gradebook.scores("hw")
    gradebook.write([graded(), absent("bob", "one")])
    scores = gradebook.scores("hw")
    assert {"check": 2.0, "half": 1.5, "why": None, "draw": None} == scores["ada"]["one"]
    assert dict.fromkeys(POINTS) == scores["ada"]["two"]
    assert dict.fromkeys(POINTS, 0.0) == scores["bob"]["one"]
    assert {} == gradebook.scores("unknown")


def test_marks_tell_what_humans_have_said_too(gradebook, url):
    gradebook.write([graded("ada"), graded("bob"), absent("bob")])
    human(url, "check", manual_score=1.0, extra_credit=0.5)
    human(url, "half", extra_credit=3.0)
    with stock(url) as book:
        book.find_comment("why", "one", "hw", "ada").manual_comment = "Well said."
    marks = gradebook.marks("hw", ["ada"])
    one = marks["ada"]["one"]

    assert ["ada"] == list(marks)
    assert {"ada", "bob"} == set(gradebook.marks("hw"))
    assert {
        "check": Mark(1.5, 2.0, by_hand=True, needs_human=False),
        "half": Mark(4.5, 4.0, by_hand=False, needs_human=False),
        "why": Mark(None, 3.0, by_hand=False, needs_human=True),
        "draw": Mark(None, 5.0, by_hand=False, needs_human=True),
    } == one.cells
    assert {"why": "Well said."} == one.comments
    assert 0.0 == one.penalty


def test_what_a_human_entered_stays_and_is_looked_at_again(gradebook, url):
    gradebook.write([graded()])
    human(url, "check", manual_score=1.0, extra_credit=0.5)
    human(url, "why", manual_score=2.5)
    human(url, "half", extra_credit=3.0)
    gradebook.write([graded(check=0.0)])
    assert (0.0, 1.0, 0.5, True) == grades(url)["check"]
    assert (None, 2.5, None, True) == grades(url)["why"]
    assert (1.5, None, 3.0, False) == grades(url)["half"]


def test_what_a_human_said_of_a_task_holds(gradebook, url):
    gradebook.write([graded()])
    human(url, "draw", manual_score=4.0)
    gradebook.write([graded(check=0.0)])
    assert (None, 4.0, None, False) == grades(url)["draw"]


def test_what_was_not_handed_in_has_no_points_and_needs_nobody(gradebook, url):
    gradebook.write([absent(notebook="one")])
    assert dict.fromkeys(POINTS, (0.0, None, None, False)) == grades(url)


def test_a_task_that_is_handed_in_later_needs_a_human(gradebook, url):
    gradebook.write([absent(notebook="one")])
    gradebook.write([graded()])
    assert (None, None, None, True) == grades(url)["draw"]


def test_a_cell_without_a_result_needs_a_human(gradebook, url):
    gradebook.write([graded()])
    (result,) = graded().notebooks
    gradebook.write([replace(graded(), notebooks=(replace(result, cells=result.cells[1:]),))])
    assert (None, None, None, True) == grades(url)["check"]


def test_a_notebook_that_is_not_listed_keeps_what_it_has(gradebook):
    gradebook.write([graded()])
    gradebook.write([graded(notebook="two", check=1.0)])
    assert 2.0 == gradebook.scores("hw")["ada"]["one"]["check"]
    assert 1.0 == gradebook.scores("hw")["ada"]["two"]["check"]


def test_no_response_is_said_until_there_is_one(gradebook, url):
    one = graded()
    (result,) = one.notebooks
    empty = replace(one, notebooks=(replace(result, notebook=answered()),))
    gradebook.write([empty])
    assert ("No response.", None) == comments(url)["double"] == comments(url)["why"]
    assert (None, None) == comments(url)["draw"]
    gradebook.write([one])
    assert (None, None) == comments(url)["double"] == comments(url)["why"]


def test_text_in_lines_is_text(gradebook, url):
    one = graded()
    (result,) = one.notebooks
    notebook = answered()
    for each in notebook["cells"]:
        each["source"] = each["source"].splitlines(keepends=True)
    gradebook.write([replace(one, notebooks=(replace(result, notebook=notebook),))])
    assert ("No response.", None) == comments(url)["double"]


def test_what_a_human_wrote_stays(gradebook, url):
    gradebook.write([graded()])
    with stock(url) as book:
        book.find_comment("why", "one", "hw", "ada").manual_comment = "Well said."
    gradebook.write([graded()])
    assert (None, "Well said.") == comments(url)["why"]


def test_times_are_kept_in_utc_until_there_is_a_new_one(gradebook, url):
    gradebook.write([replace(graded(), timestamp="2026-03-01T10:00:00+02:00")])
    gradebook.write([graded()])
    assert [datetime(2026, 3, 1, 8)] == [  # noqa: DTZ001 - as nbgrader has it
        row["timestamp"] for row in contents(url)["submitted_assignment"]
    ]


@pytest.mark.parametrize(
    "penalty, extension, handed_in, expected",
    [
        ("score", 0, "one", 3.5),
        ("score / 2", 0, "one", 1.75),
        ("score + 1", 0, "one", 3.5),
        ("-1.0", 0, "one", 0.0),
        ("late", 1, "one", 1.0),
        ("late", 2, "one", None),
        ("None", 0, "one", None),
        ("score", 0, None, None),
    ],
)
def test_who_is_late_pays_what_the_course_says(file, penalty, extension, handed_in, expected):
    config = Config()
    config.AssignLatePenalties.plugin_class = plugin(penalty)
    with Gradebook(file, "course", config) as gradebook:
        gradebook.write([graded()])
        with stock(file) as book:
            book.find_assignment("hw").duedate = datetime(2026, 3, 1)  # noqa: DTZ001
            book.find_submission("hw", "ada").extension = timedelta(seconds=extension)
        late = graded() if handed_in else absent(notebook="one")
        gradebook.write([replace(late, timestamp="2026-03-01T00:00:02Z")])
        if penalty != "late":
            gradebook.write([replace(late, timestamp="2026-03-01T00:00:02Z")])
    penalties = {row["late_submission_penalty"] for row in contents(file)["submitted_notebook"]}
    assert {None, expected} == penalties


def plugin(penalty: str) -> type:
    from nbgrader.plugins import LateSubmissionPlugin

    class Late(LateSubmissionPlugin):
        def late_submission_penalty(self, student_id, score, total_seconds_late):
            return eval(penalty, {"score": score, "late": total_seconds_late})

    return Late


def test_a_plugin_that_fails_is_named(file):
    config = Config()
    config.AssignLatePenalties.plugin_class = plugin("1 / 0")
    with Gradebook(file, "course", config) as gradebook:
        gradebook.write([graded()])
        with stock(file) as book:
            book.find_assignment("hw").duedate = datetime(2026, 3, 1)  # noqa: DTZ001
        with pytest.raises(GradebookError, match=r"late submissions failed on ada: ZeroDivision"):
            gradebook.write([replace(graded(), timestamp="2027-03-01T00:00:02Z")])


@pytest.mark.parametrize(
    "wrong, message",
    [
        (graded(bonus=1.0), "no graded cell bonus in hw/one"),
        (replace(graded(), assignment="other"), "knows no assignment other"),
        (replace(graded(), timestamp="yesterday"), "submitted/ada/hw/timestamp.txt: 'yesterday'"),
        (graded(notebook="three"), "no graded cell check, draw, half, why in hw/three"),
        (graded("a\udcffb"), "surrogates not allowed"),
    ],
)
def test_a_result_without_a_place_is_refused_and_nothing_is_written(file, wrong, message):
    before = contents(file)
    with Gradebook(file, "course") as gradebook:
        with pytest.raises(GradebookError, match=message):
            gradebook.write([graded("bob"), wrong])
        assert {} == gradebook.scores("hw")
    assert before == contents(file)


# ---------------------------------------------------------------- masters


def test_masters_are_recorded_once(url):
    before = contents(url)
    prepare(url)
    assert before == contents(url)


def test_before_anybody_hands_in_all_may_change_and_ids_stay(url):
    def ids():
        with stock(url) as book:
            return {each.name: each.id for each in book.find_notebook("one", "hw").source_cells}

    before = ids()
    bonus = cell("code", "assert True, 'more'", "bonus", grade=True, points=1, locked=True)
    changed = master(bonus)
    del changed["cells"][1]
    changed["cells"][2]["source"] = "assert False, 'x'"
    with Gradebook(url, "course") as gradebook:
        gradebook.prepare("hw", {"one": changed, "three": master()})
    with stock(url) as book:
        assert ["one", "three"] == [each.name for each in book.find_assignment("hw").notebooks]
        assert "assert False, 'x'" == book.find_source_cell("check", "one", "hw").source
        assert 1.0 == book.find_grade_cell("bonus", "one", "hw").max_score
    after = ids()
    assert {"rules"} == before.keys() - after.keys()
    assert {"bonus"} == after.keys() - before.keys()
    assert {name: before[name] for name in before if name != "rules"} == {
        name: after[name] for name in after if name != "bonus"
    }


def test_afterwards_texts_and_points_may_change(gradebook, url):
    gradebook.write([graded()])
    changed = master()
    changed["cells"][3]["source"] = "assert double(3) == 6, 'three'"
    changed["cells"][3]["metadata"]["nbgrader"]["points"] = 7
    gradebook.prepare("hw", {"one": changed, "two": master()})
    with stock(url) as book:
        assert 7.0 == book.find_grade_cell("check", "one", "hw").max_score
        assert "three" in book.find_source_cell("check", "one", "hw").source
        assert 2.0 == book.find_grade("check", "one", "hw", "ada").auto_score


def test_afterwards_cells_and_notebooks_may_not_come_or_go(gradebook, url):
    gradebook.write([graded()])
    before = contents(url)
    bonus = cell("code", "assert True, 'more'", "bonus", grade=True, points=1, locked=True)
    with pytest.raises(GradebookError, match=r"^source/hw/one.ipynb: bonus was added, removed or"):
        gradebook.prepare("hw", {"one": master(bonus), "two": master()})
    with pytest.raises(GradebookError, match=r"^source/hw: three, two was added, removed or"):
        gradebook.prepare("hw", {"one": master(), "three": master()})
    assert before == contents(url)


def test_a_master_that_nbgrader_refuses_is_named(gradebook):
    twice = master()
    twice["cells"].append({**twice["cells"][3], "id": "again"})
    with pytest.raises(GradebookError, match=r"^source/hw/one.ipynb: nbgrader refuses it: .*check"):
        gradebook.prepare("hw", {"one": twice, "two": master()})


def test_stubs_are_those_of_the_course(empty_file):
    config = Config()
    config.ClearSolutions.code_stub = {"python": "..."}
    with Gradebook(empty_file, "course", config) as gradebook:
        gradebook.prepare("hw", {"one": master()})
    with stock(empty_file) as book:
        assert "..." == book.find_source_cell("double", "one", "hw").source


# ---------------------------------------------------------------- mishaps


@contextmanager
def unchanged(url: str):
    """Nothing in the database differs afterwards, and a batch can be written."""
    before = contents(url)
    yield
    assert before == contents(url)
    with Gradebook(url, "course") as gradebook:
        gradebook.write([graded("eve")])
        assert "eve" in gradebook.scores("hw")


def test_a_file_that_another_program_keeps_locked_is_an_error(file):
    with Gradebook(file, "course", patience=0.0) as gradebook, unchanged(file):
        other = sqlite3.connect(make_url(file).database or "", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(GradebookError, match=r"gradebook.db: another program keeps it locked"):
            gradebook.write([graded()])
        other.close()


@pytest.mark.slow
def test_a_database_that_another_program_keeps_locked_is_an_error(database):
    with (
        unchanged(database),
        Gradebook(database, "course", patience=0.001) as gradebook,
        connected(database) as other,
    ):
        other.execute(text("LOCK TABLE student"))
        with pytest.raises(GradebookError, match="another program keeps it locked"):
            gradebook.write([graded()])


def test_a_file_that_cannot_be_written_is_an_error(file):
    path = make_url(file).database
    read_only = f"sqlite:///file:{path}?mode=ro&uri=true"
    with unchanged(file), Gradebook(read_only, "course") as gradebook:
        with pytest.raises(GradebookError, match="it may be read but not written"):
            gradebook.write([graded()])
        with pytest.raises(GradebookError, match="it may be read but not written"):
            gradebook.prepare("hw", {"one": master(), "two": master()})


@pytest.mark.slow
@pytest.mark.parametrize(
    "forbid, allow",
    [
        ("SET default_transaction_read_only = on", "RESET default_transaction_read_only"),
        ("SET role = pg_read_all_data", "RESET role"),
    ],
)
def test_a_database_that_cannot_be_written_is_an_error(database, server, forbid, allow):
    with unchanged(database):
        sql(f"{server}/postgres", f"ALTER DATABASE course {forbid}")
        with (
            Gradebook(database, "course") as gradebook,
            pytest.raises(GradebookError, match="it may be read but not written"),
        ):
            gradebook.write([graded()])
        sql(f"{server}/postgres", f"ALTER DATABASE course {allow}")


def test_a_full_disk_is_an_error(file):
    with Gradebook(file, "course") as gradebook, unchanged(file):
        with gradebook._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")  # it will not grow
        with pytest.raises(GradebookError, match="no room is left where it is stored"):
            gradebook.write([graded(f"student-{number}") for number in range(64)])


def test_what_is_not_a_database_is_an_error_and_stays(tmp_path):
    path = tmp_path / "gradebook.db"
    path.write_text("student,points\n" * 999, "utf-8")
    with pytest.raises(GradebookError, match=r"gradebook.db: this file is not a gradebook"):
        Gradebook(f"sqlite:///{path}", "course")
    assert "student,points\n" * 999 == path.read_text("utf-8")


def test_the_database_of_another_program_is_an_error_and_stays(empty):
    sql(empty, "CREATE TABLE albums (name TEXT)")
    with pytest.raises(GradebookError, match="this database is not a gradebook"):
        Gradebook(empty, "course")
    with pytest.raises(DBAPIError, match="course"):  # which is none of its tables
        contents(empty)


@pytest.mark.parametrize(
    "version, message",
    [
        ("167914646830", "made by an older nbgrader .* run `nbgrader db upgrade`"),
        ("cafe", "made by a newer or another nbgrader .*cafe.*: update nbgrader"),
    ],
)
def test_tables_of_another_nbgrader_are_an_error(url, version, message):
    sql(url, f"UPDATE alembic_version SET version_num = '{version}'")
    before = contents(url)
    with pytest.raises(GradebookError, match=message):
        Gradebook(url, "course")
    assert before == contents(url)


@pytest.mark.parametrize(
    "url, message",
    [
        ("sqlite:////no/such/folder/gradebook.db", "^/no/such/folder/gradebook.db: cannot be open"),
        ("postgresql+pg8000://u:secret@h/d", r"u:\*\*\*@h/d: .* needs the module pg8000"),
        ("gradebook.db", "Could not parse SQLAlchemy URL"),
        ("cloud://x", "cloud"),
    ],
)
def test_where_there_is_no_database_the_error_says_so(url, message):
    with pytest.raises(GradebookError, match=message):
        Gradebook(url, "course")


@pytest.mark.slow
def test_a_server_that_is_not_there_is_an_error():
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with socket.socket() as nobody:  # a port that is taken, but on which nobody listens
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        with pytest.raises(GradebookError, match=r"cannot be reached .*refused"):
            Gradebook(f"postgresql+psycopg://u:secret@127.0.0.1:{port}/course", "course")


@pytest.mark.slow
def test_a_server_that_goes_away_while_writing_is_an_error_and_may_come_back(database, server):
    with Gradebook(database, "course") as gradebook, unchanged(database):

        def go_away(connection, cursor, statement, *_):
            if statement.startswith("INSERT INTO comment"):
                pid = connection.connection.driver_connection.info.backend_pid
                sql(f"{server}/postgres", f"SELECT pg_terminate_backend({pid}, 9999)")

        event.listen(gradebook._engine, "before_cursor_execute", go_away)
        with pytest.raises(GradebookError, match="the database cannot be reached"):
            gradebook.write([graded()])
        event.remove(gradebook._engine, "before_cursor_execute", go_away)
        assert {} == gradebook.scores("hw")


# Dies when all but the comments is in the database, whose cache is too small to hold it back.
DYING = """
import json, os, signal, sys
from sqlalchemy import event
from taketurns.grading.gradebook import Gradebook
from taketurns.grading.types import Graded

gradebook = Gradebook(sys.argv[1], "course")
if sys.argv[1].startswith("sqlite"):
    with gradebook._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA cache_size = 2")

def die(connection, cursor, statement, *rest):
    if statement.startswith("INSERT INTO comment"):
        print("dying", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(gradebook._engine, "before_cursor_execute", die)
gradebook.write([Graded.from_json(each) for each in json.load(sys.stdin)])
"""


@pytest.mark.slow
def test_who_is_killed_while_writing_leaves_nothing_half_written(url):
    batch = [graded(f"student-{number}") for number in range(64)]
    with unchanged(url):
        ended = subprocess.run(
            [sys.executable, "-c", DYING, url],
            input=json.dumps([each.as_json() for each in batch]),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ("dying\n", -signal.SIGKILL) == (ended.stdout, ended.returncode)
        if url.startswith("sqlite"):  # what was written is there, and how to undo it
            assert Path(f"{make_url(url).database}-journal").stat().st_size


def at_once(*functions: Any) -> list[BaseException]:
    """Call functions in threads that begin together; return what they raised."""
    start, raised = threading.Barrier(len(functions)), []

    def run(function):
        start.wait()
        try:
            function()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(each,)) for each in functions]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return raised


@pytest.mark.slow
def test_two_graders_at_once_lose_nothing(url):
    def grade(name):
        with Gradebook(url, "course") as gradebook:
            for number in range(8):
                # Both grade "both", and each one student of their own.
                gradebook.write([graded("both"), graded(f"{name}-{number}")])

    assert [] == at_once(lambda: grade("left"), lambda: grade("right"))
    with Gradebook(url, "course") as gradebook:
        scores = gradebook.scores("hw")
    wanted = {"both"} | {f"{name}-{number}" for name in ("left", "right") for number in range(8)}
    assert wanted == scores.keys()
    assert {2.0} == {each["one"]["check"] for each in scores.values()}


@pytest.mark.slow
def test_two_who_find_no_gradebook_make_one(empty):
    assert [] == at_once(*[lambda: prepare(empty)] * 2)
    prepare(empty)
    rows = contents(empty)
    assert (1, 1, 2) == tuple(len(rows[table]) for table in ("course", "assignment", "notebook"))
    assert 1 == len(rows["version"])


# ---------------------------------------------------------------- nbgrader itself

CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "course"
c.Execute.kernel_name = "python3"
c.LateSubmissionPlugin.penalty_method = "zero"
"""
DUE = datetime(2026, 3, 1)  # noqa: DTZ001 - as nbgrader has it
HANDED_IN = {
    # student: notebook: what is in it; a time before or after the assignment was due
    "ada": ({"one": {"double": "def double(x):\n    return 2 * x", "why": "So."}, "two": {}}, 1),
    "bob": ({"one": {"double": "def double(x):\n    return x", "draw": "Drawn."}}, 0),
}


def nbgrader(course: Path, *arguments: str) -> None:
    # It looks for a program of its own in PATH, and keeps what it starts with out of the home.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "nbgrader", *arguments],
        cwd=course,
        env={**os.environ, "PATH": path, "PYDEVD_DISABLE_FILE_VALIDATION": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout


def as_nbgrader_graded(course: Path) -> list[Graded]:
    """Return what is in `autograded/`, with the points that nbgrader gives for it."""
    batch = []
    for student, (notebooks, _) in HANDED_IN.items():
        folder = course / "autograded" / student / "hw"
        results = []
        for name in ("one", "two"):
            if name not in notebooks:
                results.append(NotebookResult(name, None, ()))
                continue
            notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
            cells = []
            for each in notebook.cells:
                about = each.metadata.get("nbgrader", {})
                if about.get("grade"):
                    points, maximum = determine_grade(each)
                    cells.append(CellResult(about["grade_id"], points, maximum, "ok"))
                elif about.get("task"):
                    cells.append(CellResult(about["grade_id"], None, about["points"], "manual"))
            results.append(NotebookResult(name, dict(notebook), tuple(cells)))
        timestamp = (course / "submitted" / student / "hw" / "timestamp.txt").read_text("utf-8")
        batch.append(Graded(student, "hw", "", timestamp, tuple(results)))
    return batch


@pytest.mark.slow
def test_the_rows_are_those_of_nbgrader(tmp_path):
    course = tmp_path / "course"
    (course / "source" / "hw").mkdir(parents=True)
    (course / "nbgrader_config.py").write_text(CONFIG, "utf-8")
    for name in ("one", "two"):
        nbformat.write(nbformat.from_dict(master()), course / "source" / "hw" / f"{name}.ipynb")
    nbgrader(course, "generate_assignment", "hw")
    for student, (notebooks, hours) in HANDED_IN.items():
        folder = course / "submitted" / student / "hw"
        folder.mkdir(parents=True)
        time = DUE + timedelta(hours=hours)
        (folder / "timestamp.txt").write_text(f"{time.isoformat()}+00:00", "utf-8")
        for name, answers in notebooks.items():
            released = nbformat.read(course / "release" / "hw" / f"{name}.ipynb", as_version=4)
            for each in released.cells:
                each.source = answers.get(
                    each.metadata.get("nbgrader", {}).get("grade_id"), each.source
                )
            nbformat.write(released, folder / f"{name}.ipynb")

    theirs, ours = f"sqlite:///{course}/gradebook.db", f"sqlite:///{tmp_path}/ours.db"
    config = Config()
    config.LateSubmissionPlugin.penalty_method = "zero"

    def set_due(url):
        with stock(url) as book:
            book.find_assignment("hw").duedate = DUE

    def correct(url):
        human(url, "check", manual_score=1.0, extra_credit=0.5)
        human(url, "why", manual_score=2.0)
        human(url, "draw", "bob", manual_score=5.0)
        human(url, "half", "bob", extra_credit=1.0)
        with stock(url) as book:
            book.find_comment("why", "one", "hw", "ada").manual_comment = "Well said."

    with Gradebook(ours, "course", config) as gradebook:
        gradebook.prepare("hw", {"one": master(), "two": master()})
        assert named(theirs) == named(ours)
        set_due(theirs)
        set_due(ours)

        nbgrader(course, "autograde", "hw")
        gradebook.write(as_nbgrader_graded(course))
        assert named(theirs) == named(ours)
        assert {0.0, 1.0, 2.0, None} == {row["auto_score"] for row in named(ours)["grade"]}

        correct(theirs)
        correct(ours)
        assert named(theirs) == named(ours)
        continued = f"sqlite:///{tmp_path}/continued.db"
        shutil.copy(tmp_path / "ours.db", tmp_path / "continued.db")

        nbgrader(course, "autograde", "hw", "--force")
        gradebook.write(as_nbgrader_graded(course))
        assert named(theirs) == named(ours)

    # It also goes on with what we wrote.
    nbgrader(course, "autograde", "hw", "--force", f"--db={continued}")
    assert named(ours) == named(continued)
    nbgrader(course, "generate_feedback", "hw", f"--db={continued}")
    with stock(theirs) as before, stock(ours) as after:
        for student in HANDED_IN:
            wanted = before.find_submission("hw", student).to_dict()
            assert {**wanted, "id": None} == {
                **after.find_submission("hw", student).to_dict(),
                "id": None,
            }
