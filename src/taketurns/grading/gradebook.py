"""The one writer of nbgrader's gradebook.

Writes the rows that `nbgrader generate_assignment` and `nbgrader autograde` would have written, so
that nbgrader's commands and its Formgrader go on from there; but a batch of submissions in one
transaction, in bulk. Whatever goes wrong, a batch is there whole or not at all.
"""

from __future__ import annotations

import json
import logging
import math
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from uuid import uuid4

import nbformat
from alembic.script import ScriptDirectory
from nbconvert.exporters import NotebookExporter
from nbgrader.api import Base
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.dbutil import ALEMBIC_DIR
from nbgrader.preprocessors import AssignLatePenalties, SaveCells
from nbgrader.utils import is_grade, is_locked, is_solution, is_task, parse_utc
from sqlalchemy import (
    Connection,
    Table,
    bindparam,
    create_engine,
    exists,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from traitlets.config import Config

from taketurns.course.errors import CourseError
from taketurns.course.release import _last_line, _Log

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from taketurns.grading.types import Graded, NotebookResult

_TABLES: Mapping[str, Table] = Base.metadata.tables
_ASSIGNMENT = _TABLES["assignment"]
_NOTEBOOK = _TABLES["notebook"]
_CELL = _TABLES["base_cell"]
_SOURCE = _TABLES["source_cell"]
_STUDENT = _TABLES["student"]
_SUBMISSION = _TABLES["submitted_assignment"]
_HANDED_IN = _TABLES["submitted_notebook"]
_GRADE = _TABLES["grade"]
_COMMENT = _TABLES["comment"]

# The kinds of cells, in nbgrader's order, each with the table of what only that kind has.
_KINDS = {
    "GradeCell": _TABLES["grade_cells"],
    "SolutionCell": _TABLES["solution_cells"],
    "TaskCell": _TABLES["task_cells"],
}
_SOURCE_CELL = "SourceCell"  # not a kind of `base_cell`, but recorded beside them

_NO_RESPONSE = "No response."  # nbgrader's own words
_LOCK = 0x7461_6B65  # of all our writers on one PostgreSQL database; any number will do

_AGAIN = "Nothing of this batch was written. Run the command again, and it goes on."
_LOCKED = f"another program keeps it locked. {_AGAIN}"
_READ_ONLY = "it may be read but not written. Nothing was written. Ask for the right to write to it"
_FULL = f"no room is left where it is stored. Make room. {_AGAIN}"
_CLASH = f"another program wrote the same rows at the same moment. {_AGAIN}"
_SQLITE = {
    "BUSY": _LOCKED,
    "LOCKED": _LOCKED,
    "READONLY": f"{_READ_ONLY}, and to its folder.",
    "FULL": _FULL,
    "CONSTRAINT": _CLASH,
    "NOTADB": "this file is not a gradebook. Name another in `c.CourseDirectory.db_url`.",
    "CORRUPT": "this file is damaged. Put a copy in its place.",
    "CANTOPEN": "cannot be opened. Is its folder there, and may you write to it?",
}
_POSTGRESQL = {  # by SQLSTATE, or the class that it begins with
    "55P03": _LOCKED,
    "25006": f"{_READ_ONLY}.",
    "42501": f"{_READ_ONLY}.",
    "53100": _FULL,
    "23": _CLASH,
    "40": _CLASH,
}


class GradebookError(CourseError):
    """The gradebook cannot be read or written; what was in it before is still in it."""


class _Key(NamedTuple):
    """What names a cell of a notebook."""

    kind: str
    name: str


@dataclass(frozen=True)
class _Master:
    """A master notebook as the gradebook keeps it."""

    kernelspec: str
    cells: Mapping[_Key, Mapping[str, Any]]


@dataclass
class _Recorded:
    """A master notebook that is in the gradebook: the ids of its cells, and its stubs."""

    id: str
    graded: dict[str, str] = field(default_factory=dict)
    tasks: set[str] = field(default_factory=set)  # of those that are graded
    commented: dict[str, str] = field(default_factory=dict)
    stubs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Mark:
    """The points of one graded cell of one student."""

    points: float | None  # None: nobody has said yet
    max_points: float
    by_hand: bool  # a human gave them
    needs_human: bool


@dataclass
class Marks:
    """What the gradebook says of one notebook of one student; by grade_id."""

    penalty: float = 0.0  # points off for handing in late
    cells: dict[str, Mark] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)


class Gradebook:
    """The gradebook of a course; a context manager.

    The database is nbgrader's `db_url` and is made if there is none. `config` is the course's, as
    in `nbgrader_config.py`: how masters become what students get, and the penalty for late
    submissions. Without it nbgrader's defaults hold: no penalty. `patience` is how many seconds to
    wait for another program that writes.
    """

    def __init__(
        self, db_url: str, course_id: str, config: Config | None = None, *, patience: float = 30.0
    ) -> None:
        self._course = course_id
        self._config = Config(config or {})
        self._patience = patience
        self._where = "the gradebook"
        with self._explained():
            url = make_url(db_url)
            sqlite = url.get_backend_name() == "sqlite"
            self._where = (sqlite and url.database) or url.render_as_string(hide_password=True)
            # SQLite's module would begin transactions of its own, too late to lock out others.
            options: dict[str, Any] = (
                {"timeout": patience, "isolation_level": None}
                if sqlite
                else {"connect_timeout": max(2, math.ceil(patience))}
            )
            self._engine = create_engine(url, connect_args=options, pool_pre_ping=True)
        late = AssignLatePenalties(config=self._config)
        late.init_plugin()
        self._penalty = late.plugin_inst.late_submission_penalty if late.enabled else None
        try:
            self._set_up()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def prepare(self, assignment: str, masters: Mapping[str, Mapping[str, Any]]) -> None:
        """Record an assignment: all of its master notebooks, as they lie in `source/`, by name.

        Nothing changes if they are recorded already. Raises GradebookError where nbgrader refuses:
        after something was handed in, notebooks and cells can be changed, but not added or removed.
        """
        wanted = {name: self._master(assignment, name, masters[name]) for name in sorted(masters)}
        with self._transaction(write=True) as connection:
            row = connection.execute(
                select(_ASSIGNMENT.c.id).where(_ASSIGNMENT.c.name == assignment)
            ).one_or_none()
            key = row.id if row else _new_id()
            if row is None:
                values = {"id": key, "name": assignment, "course_id": self._course}
                connection.execute(_ASSIGNMENT.insert(), values)
            # Changes nothing; but who may not write shall hear it before anything is graded.
            own = _ASSIGNMENT.update().where(_ASSIGNMENT.c.id == key)
            connection.execute(own, {"name": assignment})
            notebooks = {
                each.name: each
                for each in connection.execute(
                    select(_NOTEBOOK).where(_NOTEBOOK.c.assignment_id == key)
                )
            }
            if notebooks.keys() != wanted.keys() and _any(
                connection, _SUBMISSION.c.assignment_id == key
            ):
                names = sorted(notebooks.keys() ^ wanted.keys())
                raise GradebookError(
                    f"source/{assignment}: {', '.join(names)} was added, removed or renamed, but "
                    "students have handed in already, and then the gradebook keeps its notebooks. "
                    f"Undo that, or remove the submissions from {self._where}."
                )
            for name in notebooks.keys() - wanted.keys():
                _remove_cells(connection, notebooks[name].id)
                connection.execute(_NOTEBOOK.delete().where(_NOTEBOOK.c.id == notebooks[name].id))
            for name, master in wanted.items():
                if name in notebooks:
                    self._renew(connection, f"source/{assignment}/{name}", notebooks[name], master)
                else:
                    _add(connection, key, name, master)

    def scores(self, assignment: str) -> dict[str, dict[str, dict[str, float | None]]]:
        """Return what the autograder gave: student → notebook → graded cell → points.

        None where a human must say, or where nothing was graded yet. Only students who have a
        submission are there.
        """
        query = (
            select(_SUBMISSION.c.student_id, _NOTEBOOK.c.name, _CELL.c.name, _GRADE.c.auto_score)
            .select_from(_SUBMISSION)
            .join(_ASSIGNMENT, _ASSIGNMENT.c.id == _SUBMISSION.c.assignment_id)
            .join(_HANDED_IN, _HANDED_IN.c.assignment_id == _SUBMISSION.c.id)
            .join(_NOTEBOOK, _NOTEBOOK.c.id == _HANDED_IN.c.notebook_id)
            .join(_GRADE, _GRADE.c.notebook_id == _HANDED_IN.c.id)
            .join(_CELL, _CELL.c.id == _GRADE.c.cell_id)
            .where(_ASSIGNMENT.c.name == assignment)
        )
        found: dict[str, dict[str, dict[str, float | None]]] = {}
        with self._transaction() as connection:
            for student, notebook, cell, points in connection.execute(query):
                found.setdefault(student, {}).setdefault(notebook, {})[cell] = points
        return found

    def marks(
        self, assignment: str, students: Iterable[str] | None = None
    ) -> dict[str, dict[str, Marks]]:
        """Return what is known now, humans' points and comments included: student → notebook.

        Of all who have handed something in, or of these students.
        """
        task, graded = _KINDS["TaskCell"], _KINDS["GradeCell"]
        most = func.coalesce(graded.c.max_score, task.c.max_score)
        comment = func.coalesce(_COMMENT.c.manual_comment, _COMMENT.c.auto_comment)
        query = (
            select(
                _SUBMISSION.c.student_id,
                _NOTEBOOK.c.name.label("notebook"),
                _HANDED_IN.c.late_submission_penalty,
                _CELL.c.name.label("cell"),
                _GRADE.c.auto_score,
                _GRADE.c.manual_score,
                _GRADE.c.extra_credit,
                _GRADE.c.needs_manual_grade,
                most.label("most"),
                comment.label("comment"),
            )
            .select_from(_SUBMISSION)
            .join(_ASSIGNMENT, _ASSIGNMENT.c.id == _SUBMISSION.c.assignment_id)
            .join(_HANDED_IN, _HANDED_IN.c.assignment_id == _SUBMISSION.c.id)
            .join(_NOTEBOOK, _NOTEBOOK.c.id == _HANDED_IN.c.notebook_id)
            .join(_CELL, _CELL.c.notebook_id == _NOTEBOOK.c.id)
            .outerjoin(graded, graded.c.id == _CELL.c.id)
            .outerjoin(task, task.c.id == _CELL.c.id)
            .outerjoin(
                _GRADE, (_GRADE.c.notebook_id == _HANDED_IN.c.id) & (_GRADE.c.cell_id == _CELL.c.id)
            )
            .outerjoin(
                _COMMENT,
                (_COMMENT.c.notebook_id == _HANDED_IN.c.id) & (_COMMENT.c.cell_id == _CELL.c.id),
            )
            .where(_ASSIGNMENT.c.name == assignment)
        )
        if students is not None:
            query = query.where(_SUBMISSION.c.student_id.in_(list(students)))
        found: dict[str, dict[str, Marks]] = {}
        with self._transaction() as connection:
            for row in connection.execute(query):
                by_notebook = found.setdefault(row.student_id, {})
                marks = by_notebook.setdefault(
                    row.notebook, Marks(row.late_submission_penalty or 0.0)
                )
                if row.most is not None:
                    by_hand = row.manual_score is not None
                    points = row.manual_score if by_hand else row.auto_score
                    if points is not None:
                        points += row.extra_credit or 0.0
                    waits = points is None or bool(row.needs_manual_grade)
                    marks.cells[row.cell] = Mark(points, row.most, by_hand, waits)
                if row.comment:
                    marks.comments[row.cell] = row.comment
        return found

    def write(self, batch: Sequence[Graded]) -> None:
        """Record graded submissions of prepared assignments, all of them or none.

        As `nbgrader autograde` does: what humans entered stays; a cell needs a human where the
        autograder has no points, or where a human gave points to what was now graded again. Of a
        notebook that was not handed in, cells without a result get 0 points. Notebooks of the
        assignment that a submission does not list keep what they have. The penalty is the plugin's
        that the course names for `AssignLatePenalties`.

        Two things differ from nbgrader. A graded cell that has no result any more needs a human,
        instead of keeping old points. A task that was not handed in, and so got 0 points, needs a
        human once it is handed in.

        Writing the same batch twice changes nothing.
        """
        by_assignment: dict[str, dict[str, Graded]] = {}
        for each in batch:  # the last one counts
            by_assignment.setdefault(each.assignment, {})[each.student] = each
        if not by_assignment:
            return
        with self._transaction(write=True) as connection:
            for assignment, submissions in by_assignment.items():
                self._write(connection, assignment, submissions)

    def _write(
        self, connection: Connection, assignment: str, submissions: dict[str, Graded]
    ) -> None:
        """Record submissions of one assignment."""
        row = connection.execute(
            select(_ASSIGNMENT.c.id, _ASSIGNMENT.c.duedate).where(_ASSIGNMENT.c.name == assignment)
        ).one_or_none()
        if row is None:
            raise GradebookError(f"{self._where}: knows no assignment {assignment}")
        notebooks = _recorded(connection, row.id)
        rows = _Rows(connection, row.id, submissions)
        for student, graded in submissions.items():
            self._refuse_unknown(graded, notebooks)
            rows.get(_STUDENT, student)
            submission = rows.get(_SUBMISSION, row.id, student)
            if graded.timestamp is not None:
                submission.set(timestamp=self._time(graded))
            late = _seconds_late(submission, row.duedate)
            results = {each.name: each for each in graded.notebooks}
            for name, notebook in notebooks.items():
                handed_in = rows.get(_HANDED_IN, submission["id"], notebook.id)
                result = results.get(name)
                grades = _grade(rows, handed_in["id"], notebook, result)
                _comment(rows, handed_in["id"], notebook, result)
                if result is not None and result.notebook is not None:
                    penalty = self._late_penalty(student, grades, late)
                    handed_in.set(late_submission_penalty=penalty)
        rows.flush()

    def _refuse_unknown(self, graded: Graded, notebooks: Mapping[str, _Recorded]) -> None:
        """Refuse results that have no place in the gradebook: they would be lost."""
        for result in graded.notebooks:
            known = notebooks[result.name].graded if result.name in notebooks else {}
            unknown = sorted(cell.name for cell in result.cells if cell.name not in known)
            if unknown:
                raise GradebookError(
                    f"{self._where}: has no graded cell {', '.join(unknown)} in "
                    f"{graded.assignment}/{result.name}. Has the master changed meanwhile? {_AGAIN}"
                )

    def _time(self, graded: Graded) -> Any:
        """Return when it was handed in, as nbgrader keeps it: in UTC, without saying so."""
        try:
            return parse_utc(graded.timestamp)
        except (ValueError, OverflowError) as error:
            raise GradebookError(
                f"submitted/{graded.student}/{graded.assignment}/timestamp.txt: "
                f"{graded.timestamp!r} is not a time. {_AGAIN}"
            ) from error

    def _late_penalty(self, student: str, grades: Iterable[_Row], late: float) -> float | None:
        """Return what the course's plugin takes off a notebook, at most all of its points."""
        if self._penalty is None or not late:
            return None
        score = sum(map(_score, grades))
        try:
            penalty: float | None = self._penalty(student, score, late)
        except Exception as error:
            raise GradebookError(
                f"the plugin for late submissions failed on {student}: {error!r}. {_AGAIN}"
            ) from error
        return None if penalty is None else min(max(penalty, 0.0), score)

    def _master(self, assignment: str, name: str, notebook: Mapping[str, Any]) -> _Master:
        """Return what `nbgrader generate_assignment` records of a master."""
        config = Config(self._config)
        config.Exporter.default_preprocessors = []
        heard = _Log()
        log = logging.Logger("taketurns.gradebook", logging.WARNING)  # noqa: LOG001 - ours alone
        log.addHandler(heard)
        exporter = NotebookExporter(config=config, log=log)
        directory = CourseDirectory(config=config, log=log)
        steps = GenerateAssignment(coursedir=directory, config=config, log=log).preprocessors
        for step in steps:
            if step is SaveCells:  # what comes after it is for the students' version only
                break
            exporter.register_preprocessor(step)
        about = {"assignment": assignment, "notebook": name, "student": ".", "db_url": ""}
        try:
            node = nbformat.reads(json.dumps(notebook), as_version=4)
            prepared, _ = exporter.from_notebook_node(node, {"nbgrader": about})
        except Exception as error:
            raise GradebookError(
                f"source/{assignment}/{name}.ipynb: nbgrader refuses it: "
                f"{_last_line(heard.messages[0]) if heard.messages else error}"
            ) from error
        node = nbformat.reads(prepared, as_version=4)
        cells: dict[_Key, Mapping[str, Any]] = {}
        for cell in node.cells:
            kinds = dict(
                zip(_KINDS, (is_grade(cell), is_solution(cell), is_task(cell)), strict=True)
            )
            if not (any(kinds.values()) or is_locked(cell)):
                continue
            own = cell.metadata.nbgrader
            for kind in (each for each, applies in kinds.items() if applies):
                cells[_Key(kind, own["grade_id"])] = (
                    {}
                    if kind == "SolutionCell"
                    else {"max_score": float(own["points"]), "cell_type": cell.cell_type}
                )
            cells[_Key(_SOURCE_CELL, own["grade_id"])] = {
                "cell_type": cell.cell_type,
                "locked": is_locked(cell),
                "source": cell.source,
                "checksum": own.get("checksum"),
            }
        return _Master(json.dumps(node.metadata.get("kernelspec", {})), cells)

    def _renew(self, connection: Connection, path: str, old: Any, master: _Master) -> None:
        """Bring a recorded notebook up to date."""
        recorded = _cells(connection, old.id)
        known = {key: values for key, (_, values) in recorded.items()}
        ids = {key: cell for key, (cell, _) in recorded.items()}
        if not _any(connection, _HANDED_IN.c.notebook_id == old.id):
            if (known, old.kernelspec) != (master.cells, master.kernelspec):
                _remove_cells(connection, old.id)
                connection.execute(
                    _NOTEBOOK.update().where(_NOTEBOOK.c.id == old.id),
                    {"kernelspec": master.kernelspec},
                )
                _add_cells(connection, old.id, master.cells, ids)
            return
        if known.keys() != master.cells.keys():
            names = sorted({key.name for key in known.keys() ^ master.cells.keys()})
            raise GradebookError(
                f"{path}.ipynb: {', '.join(names)} was added, removed or changed in kind, but "
                "students have handed in already, and then the gradebook keeps its cells. Undo "
                f"that, or remove the submissions from {self._where}."
            )
        for key, values in master.cells.items():
            if values != known[key]:
                table = _SOURCE if key.kind == _SOURCE_CELL else _KINDS[key.kind]
                connection.execute(table.update().where(table.c.id == ids[key]), dict(values))

    def _set_up(self) -> None:
        """Make the tables and the course where there are none."""
        with self._transaction() as connection:
            if self._is_set_up(connection):
                return
        with self._transaction(write=True) as connection:
            if self._is_set_up(connection):  # another program was faster
                return
            if not inspect(connection).get_table_names():
                Base.metadata.create_all(connection)
                connection.exec_driver_sql(
                    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"
                )
                connection.execute(
                    text("INSERT INTO alembic_version (version_num) VALUES (:head)"),
                    {"head": ScriptDirectory(ALEMBIC_DIR).get_current_head()},
                )
            if self._course:
                connection.execute(_TABLES["course"].insert(), {"id": self._course})

    def _is_set_up(self, connection: Connection) -> bool:
        """Whether the tables and the course are there; refuse tables that nbgrader did not make."""
        tables = set(inspect(connection).get_table_names())
        if not tables:
            return False
        versions = ScriptDirectory(ALEMBIC_DIR)
        found = (
            connection.scalar(text("SELECT version_num FROM alembic_version"))
            if "alembic_version" in tables
            else None
        )
        if found is None:
            raise GradebookError(
                f"{self._where}: this database is not a gradebook of nbgrader's. "
                "Name another in `c.CourseDirectory.db_url`."
            )
        if found != versions.get_current_head():
            older = found in {each.revision for each in versions.walk_revisions()}
            what = "copy it, then run `nbgrader db upgrade`" if older else "update nbgrader"
            raise GradebookError(
                f"{self._where}: made by {'an older' if older else 'a newer or another'} nbgrader "
                f"(its tables have the version {found}): {what}."
            )
        course = _TABLES["course"].c.id
        query = select(exists().where(course == self._course))
        return not self._course or bool(connection.scalar(query))

    @contextmanager
    def _transaction(self, *, write: bool = False) -> Iterator[Connection]:
        """One transaction; of those that write there is one at a time."""
        with self._explained(), self._engine.begin() as connection:
            match connection.dialect.name:
                case "sqlite":
                    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
                case "postgresql" if write:
                    milliseconds = max(1, round(self._patience * 1000))
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {milliseconds}")
                    connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            yield connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say what the user can do about an error of the database."""
        try:
            yield
        except ModuleNotFoundError as error:
            raise GradebookError(
                f"{self._where}: this kind of database needs the module {error.name}. "
                'For PostgreSQL: pip install "taketurns[postgres]"'
            ) from error
        except DBAPIError as error:
            raise GradebookError(f"{self._where}: {_reason(error)}") from error
        except (SQLAlchemyError, UnicodeError) as error:
            raise GradebookError(f"{self._where}: {error}. {_AGAIN}") from error


class _Row:
    """A row to be: what it holds, and whether the database must be told."""

    def __init__(self, values: dict[str, Any], *, fresh: bool) -> None:
        self.values = values
        self.fresh = fresh
        self.changed = False

    def __getitem__(self, column: str) -> Any:
        return self.values[column]

    def set(self, **values: Any) -> None:
        """Change columns."""
        if any(self.values[column] != value for column, value in values.items()):
            self.values |= values
            self.changed = True


class _Rows:
    """The rows of a batch: read at once, made or changed in memory, written at once."""

    # Each table, parents first: what finds a row, what may change, and with what a row begins.
    TABLES: tuple[tuple[Table, tuple[str, ...], dict[str, Any]], ...] = (
        (_STUDENT, ("id",), {}),
        (_SUBMISSION, ("assignment_id", "student_id"), {"timestamp": None, "extension": None}),
        (
            _HANDED_IN,
            ("assignment_id", "notebook_id"),
            {"flagged": False, "late_submission_penalty": None},
        ),
        (
            _GRADE,
            ("notebook_id", "cell_id"),
            {
                "auto_score": None,
                "manual_score": None,
                "extra_credit": None,
                "needs_manual_grade": True,
            },
        ),
        (_COMMENT, ("notebook_id", "cell_id"), {"auto_comment": None, "manual_comment": None}),
    )
    CHANGES = (
        (_SUBMISSION, ("timestamp",)),
        (_HANDED_IN, ("late_submission_penalty",)),
        (_GRADE, ("auto_score", "needs_manual_grade")),
        (_COMMENT, ("auto_comment",)),
    )

    def __init__(self, connection: Connection, assignment: str, students: Iterable[str]) -> None:
        students = list(students)
        submissions = select(_SUBMISSION.c.id).where(
            _SUBMISSION.c.assignment_id == assignment, _SUBMISSION.c.student_id.in_(students)
        )
        handed_in = select(_HANDED_IN.c.id).where(_HANDED_IN.c.assignment_id.in_(submissions))
        which = (
            _STUDENT.c.id.in_(students),
            _SUBMISSION.c.id.in_(submissions),
            _HANDED_IN.c.id.in_(handed_in),
            _GRADE.c.notebook_id.in_(handed_in),
            _COMMENT.c.notebook_id.in_(handed_in),
        )
        self._connection = connection
        self._rows: dict[Table, dict[tuple[Any, ...], _Row]] = {}
        self._new: dict[Table, tuple[tuple[str, ...], dict[str, Any]]] = {}
        for (table, key, new), condition in zip(self.TABLES, which, strict=True):
            # Locked, or points that a human enters meanwhile would be overlooked.
            found = connection.execute(select(table).where(condition).with_for_update()).mappings()
            self._rows[table] = {
                tuple(row[column] for column in key): _Row(dict(row), fresh=False) for row in found
            }
            self._new[table] = (key, new)

    def get(self, table: Table, *key: str) -> _Row:
        """Return the row that is found by `key`, a new one if there is none."""
        rows = self._rows[table]
        if key not in rows:
            columns, new = self._new[table]
            found = dict(zip(columns, key, strict=True))
            rows[key] = _Row({"id": _new_id(), **new, **found}, fresh=True)
        return rows[key]

    def flush(self) -> None:
        """Write what is new and what has changed."""
        for table, _, _ in self.TABLES:
            new = [row.values for row in self._rows[table].values() if row.fresh]
            if new:
                self._connection.execute(table.insert(), new)
        for table, columns in self.CHANGES:
            changed = [
                {"key": row["id"], **{column: row[column] for column in columns}}
                for row in self._rows[table].values()
                if row.changed and not row.fresh
            ]
            if changed:
                update = table.update().where(table.c.id == bindparam("key"))
                self._connection.execute(
                    update.values({column: bindparam(column) for column in columns}), changed
                )


def _grade(
    rows: _Rows, handed_in: str, notebook: _Recorded, result: NotebookResult | None
) -> list[_Row]:
    """Grade the cells of a notebook; return their rows."""
    grades = {name: rows.get(_GRADE, handed_in, cell) for name, cell in notebook.graded.items()}
    if result is None:
        return list(grades.values())
    absent = result.notebook is None
    points = {cell.name: cell.points for cell in result.cells}
    for name, grade in grades.items():
        score = points.get(name, 0.0 if absent else None)
        manual = grade["manual_score"] is not None
        if name in notebook.tasks and manual and not absent:
            # nbgrader's autograder leaves tasks alone: what a human said of one still holds.
            needed = grade["needs_manual_grade"]
        else:
            needed = score is None or (manual and not absent)
        grade.set(auto_score=score, needs_manual_grade=needed)
    return list(grades.values())


def _comment(
    rows: _Rows, handed_in: str, notebook: _Recorded, result: NotebookResult | None
) -> None:
    """Say where nothing was answered: the text is still the one that students were given."""
    texts: dict[str | None, str] = {}
    if result is not None and result.notebook is not None:
        for cell in result.notebook["cells"]:
            name = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id")
            texts.setdefault(name, "".join(cell["source"]))
    for name, cell in notebook.commented.items():
        comment = rows.get(_COMMENT, handed_in, cell)
        if result is not None and result.notebook is not None:
            empty = name in notebook.stubs and texts.get(name) == notebook.stubs[name]
            comment.set(auto_comment=_NO_RESPONSE if empty else None)


def _score(grade: _Row) -> float:
    """Return the points of a cell: a human's, else the autograder's, and what was added."""
    own: float | None = grade["manual_score"]
    if own is None:
        own = grade["auto_score"]
    extra: float = grade["extra_credit"] or 0.0
    if own is None:
        return 0.0
    return own + extra


def _seconds_late(submission: _Row, due: Any) -> float:
    """Return how late it was handed in, with the student's own extension."""
    if submission["timestamp"] is None or due is None:
        return 0.0
    if submission["extension"] is not None:
        due += submission["extension"]
    late: float = (submission["timestamp"] - due).total_seconds()
    return max(0.0, late)


def _recorded(connection: Connection, assignment: str) -> dict[str, _Recorded]:
    """Return the master notebooks of an assignment."""
    notebooks = {
        row.id: (row.name, _Recorded(row.id))
        for row in connection.execute(
            select(_NOTEBOOK).where(_NOTEBOOK.c.assignment_id == assignment)
        )
    }
    cells = select(_CELL).where(_CELL.c.notebook_id.in_(notebooks))
    for row in connection.execute(cells):
        notebook = notebooks[row.notebook_id][1]
        if row.type != "SolutionCell":
            notebook.graded[row.name] = row.id
        if row.type == "TaskCell":
            notebook.tasks.add(row.name)
        if row.type != "GradeCell":
            notebook.commented[row.name] = row.id
    sources = select(_SOURCE).where(_SOURCE.c.notebook_id.in_(notebooks))
    for row in connection.execute(sources):
        notebook = notebooks[row.notebook_id][1]
        if row.name not in notebook.tasks:  # these are not filled in, but answered elsewhere
            notebook.stubs[row.name] = row.source
    return dict(notebooks.values())


def _cells(connection: Connection, notebook: str) -> dict[_Key, tuple[str, dict[str, Any]]]:
    """Return the recorded cells of a notebook: the id of each, and what is kept of it."""
    found: dict[_Key, tuple[str, dict[str, Any]]] = {}
    for kind, table in _KINDS.items():
        query = select(_CELL.c.name, table).join(table, table.c.id == _CELL.c.id)
        for row in connection.execute(query.where(_CELL.c.notebook_id == notebook)).mappings():
            kept = [column.name for column in table.c if column.name != "id"]
            found[_Key(kind, row["name"])] = (row["id"], {column: row[column] for column in kept})
    sources = select(_SOURCE).where(_SOURCE.c.notebook_id == notebook)
    for row in connection.execute(sources).mappings():
        kept = ["cell_type", "locked", "source", "checksum"]
        found[_Key(_SOURCE_CELL, row["name"])] = (row["id"], {each: row[each] for each in kept})
    return found


def _add(connection: Connection, assignment: str, name: str, master: _Master) -> None:
    """Record a new notebook."""
    values = {"id": _new_id(), "name": name, "assignment_id": assignment}
    connection.execute(_NOTEBOOK.insert(), {**values, "kernelspec": master.kernelspec})
    _add_cells(connection, values["id"], master.cells, {})


def _add_cells(
    connection: Connection,
    notebook: str,
    cells: Mapping[_Key, Mapping[str, Any]],
    ids: Mapping[_Key, str],
) -> None:
    """Record cells; those that were there before under their ids."""
    for key, values in cells.items():
        row = {"id": ids.get(key) or _new_id(), "name": key.name, "notebook_id": notebook}
        if key.kind == _SOURCE_CELL:
            connection.execute(_SOURCE.insert(), {**row, **values})
        else:
            connection.execute(_CELL.insert(), {**row, "type": key.kind})
            connection.execute(_KINDS[key.kind].insert(), {"id": row["id"], **values})


def _remove_cells(connection: Connection, notebook: str) -> None:
    """Forget the cells of a notebook that nobody has handed in."""
    cells = select(_CELL.c.id).where(_CELL.c.notebook_id == notebook)
    for table in _KINDS.values():
        connection.execute(table.delete().where(table.c.id.in_(cells)))
    for table in (_CELL, _SOURCE):
        connection.execute(table.delete().where(table.c.notebook_id == notebook))


def _any(connection: Connection, condition: Any) -> bool:
    """Whether there is a row of which this is true."""
    return bool(connection.scalar(select(exists().where(condition))))


def _reason(error: DBAPIError) -> str:
    """Return what went wrong in the database, and what to do."""
    said = (str(error.orig).strip().splitlines() or [""])[0]
    name = getattr(error.orig, "sqlite_errorname", None)
    if name is not None:
        return _SQLITE.get(name.split("_")[1], f"{said}. {_AGAIN}")
    # psycopg's name for it, or psycopg2's.
    state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
    if state is None or state.startswith(("08", "57P")):
        return f"the database cannot be reached ({said}). Does the server run? {_AGAIN}"
    for key in (state, state[:2]):
        if key in _POSTGRESQL:
            return _POSTGRESQL[key]
    return f"{said}. {_AGAIN}"


def _new_id() -> str:
    """Return an id like nbgrader's."""
    return uuid4().hex
