"""`taketurns report`: what a class can do, where it stumbles, and who needs a human.

One page for each assignment, which needs no network and no JavaScript, and tables as CSV. Points
are the gradebook's, so what humans entered counts; verdicts and mistakes are those that
`taketurns grade` kept beside the graded notebooks. Nothing is graded and nothing is changed here.
"""

from __future__ import annotations

import base64
import binascii
import collections
import csv
import html
import io
import itertools
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from taketurns.course.errors import CourseError
from taketurns.course.folder import Course, write_atomically

from .folders import DONE, NOT, RECORD, SOME, Folders
from .pages import count, page
from .topics import Cell, Key, Topics
from .types import CellResult, Graded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

FOLDER = "report"
INDEX = "index"
RESERVED = frozenset({INDEX, "canvas", "moodle"})  # files that belong to no assignment
TRIES = 8  # submissions that are looked at for an example
SHORTEST = 3  # letters of a name or id that would tell who somebody is
BARS = 12  # so many marks in whole points have a bar each in the picture
FORMULA = tuple("=+-@＝＋－＠")  # what a formula begins with
WHO = "(a student)"  # stands in an example where a name stood

_PICTURE = re.compile(r"""<img [^<>]*src="data:image/svg\+xml;base64,([\w+/=]+)""")
_AS_TEXT = re.compile(r"<pre>(.*?)</pre>", re.DOTALL)
_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
_RAISED = re.compile(r"exception: (\w+)")

# -- what there is --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Student:
    """Someone as the gradebook knows them."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_id: str = ""

    @property
    def name(self) -> str:
        """How the instructor finds them."""
        name = f"{self.first_name} {self.last_name}".strip()
        return f"{name} ({self.id})" if name else self.id


@dataclass(frozen=True)
class Score:
    """What the gradebook says of one graded cell of one student."""

    points: float | None  # None: nobody has said yet
    needs_human: bool


@dataclass
class Submission:
    """What became of what one student handed in."""

    student: Student
    scores: dict[Key, Score] = field(default_factory=dict)
    penalty: float = 0.0
    graded: Graded | None = None
    problem: str = ""  # why `graded` is missing though there is a record

    @property
    def total(self) -> float | None:
        """Points, less the penalty for coming late; None if some are still to be given."""
        points = [score.points for score in self.scores.values()]
        if not points or None in points:
            return None
        return max(0.0, sum(p for p in points if p is not None) - self.penalty)

    @property
    def seconds(self) -> float | None:
        """How long grading it took."""
        return None if self.graded is None else sum(n.seconds for n in self.graded.notebooks)

    @property
    def mistakes(self) -> dict[str, list[Key]]:
        """The mistakes that were named, each with the cells where."""
        found: dict[str, list[Key]] = {}
        for notebook in self.graded.notebooks if self.graded is not None else ():
            for cell in notebook.cells:
                if cell.mistake is not None:
                    found.setdefault(cell.mistake, []).append((notebook.name, cell.name))
        return found

    @property
    def reasons(self) -> list[str]:
        """Why a human should look at it."""
        found = [self.problem] if self.problem else []
        for notebook in self.graded.notebooks if self.graded is not None else ():
            found += notebook.reasons
        waiting = [key[1] for key, score in self.scores.items() if score.needs_human]
        if waiting:
            found.append(f"a human gives the points for {', '.join(waiting)}")
        return list(dict.fromkeys(found))

    @property
    def repaired(self) -> list[str]:
        """What was put right before it was graded."""
        notebooks = self.graded.notebooks if self.graded is not None else ()
        return list(dict.fromkeys(remark for each in notebooks for remark in each.remarks))


@dataclass(frozen=True)
class Assignment:
    """An assignment with all that was handed in for it."""

    name: str
    title: str
    cells: tuple[Cell, ...]
    submissions: tuple[Submission, ...]

    @property
    def max_points(self) -> float:
        """What can be had."""
        return sum(cell.max_points for cell in self.cells)

    @property
    def totals(self) -> list[float]:
        """The points of those who have all of theirs."""
        return [each.total for each in self.submissions if each.total is not None]

    @property
    def file(self) -> str:
        """The name of its files."""
        return f"{self.name}-assignment" if self.name in RESERVED else self.name

    def exercise(self, key: Key) -> str:
        """The exercise that a graded cell belongs to."""
        return next((cell.exercise for cell in self.cells if cell.key == key), key[1])


@dataclass(frozen=True)
class Book:
    """What is read from the gradebook."""

    students: Mapping[str, Student]
    max_points: Mapping[str, Mapping[Key, float]]  # by assignment
    submissions: Mapping[str, Mapping[str, Submission]]  # by assignment and student


def refuse_without_gradebook(folders: Folders) -> None:
    """Raise CourseError if there is no gradebook, which opening it would make."""
    from sqlalchemy.engine import make_url

    url = make_url(folders.db_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise CourseError(
            f"nothing has been graded yet: there is no gradebook {url.database}. "
            "Run `taketurns grade ASSIGNMENT` first."
        )


def read_gradebook(folders: Folders) -> Book:
    """Read the gradebook, and change nothing in it. Raises CourseError if there is none."""
    refuse_without_gradebook(folders)
    from .gradebook import Gradebook

    # Without a course's name there is nothing that it would write.
    with Gradebook(folders.db_url, "") as gradebook, gradebook._transaction() as connection:
        return _read(connection)


def _read(connection: Any) -> Book:
    from nbgrader.api import Base
    from sqlalchemy import func, select

    table = Base.metadata.tables
    assignment, notebook, cell = table["assignment"], table["notebook"], table["base_cell"]
    submission, handed_in = table["submitted_assignment"], table["submitted_notebook"]
    grade, graded, task = table["grade"], table["grade_cells"], table["task_cells"]

    students = {
        row.id: Student(
            row.id,
            row.first_name or "",
            row.last_name or "",
            row.email or "",
            row.lms_user_id or "",
        )
        for row in connection.execute(select(table["student"]))
    }
    most: dict[str, dict[Key, float]] = {}
    points = func.coalesce(graded.c.max_score, task.c.max_score)
    query = (
        select(assignment.c.name, notebook.c.name, cell.c.name, points)
        .select_from(assignment)
        .join(notebook, notebook.c.assignment_id == assignment.c.id)
        .join(cell, cell.c.notebook_id == notebook.c.id)
        .outerjoin(graded, graded.c.id == cell.c.id)
        .outerjoin(task, task.c.id == cell.c.id)
        .where(points.is_not(None))
    )
    for name, book, key, value in connection.execute(query):
        most.setdefault(name, {})[book, key] = value

    found: dict[str, dict[str, Submission]] = {}
    query = (
        select(assignment.c.name, submission.c.student_id, handed_in.c.late_submission_penalty)
        .select_from(submission)
        .join(assignment, assignment.c.id == submission.c.assignment_id)
        .outerjoin(handed_in, handed_in.c.assignment_id == submission.c.id)
    )
    for name, student, penalty in connection.execute(query):
        by_student = found.setdefault(name, {})
        by_student.setdefault(student, Submission(students[student])).penalty += penalty or 0.0
    columns = (grade.c.auto_score, grade.c.manual_score, grade.c.extra_credit)
    scores = (
        select(
            assignment.c.name.label("assignment"),
            submission.c.student_id,
            notebook.c.name.label("notebook"),
            cell.c.name.label("cell"),
            *columns,
            grade.c.needs_manual_grade,
        )
        .select_from(grade)
        .join(cell, cell.c.id == grade.c.cell_id)
        .join(handed_in, handed_in.c.id == grade.c.notebook_id)
        .join(notebook, notebook.c.id == handed_in.c.notebook_id)
        .join(submission, submission.c.id == handed_in.c.assignment_id)
        .join(assignment, assignment.c.id == submission.c.assignment_id)
    )
    for row in connection.execute(scores):
        own = row.auto_score if row.manual_score is None else row.manual_score
        own = None if own is None else own + (row.extra_credit or 0.0)
        score = Score(own, own is None or bool(row.needs_manual_grade))
        found[row.assignment][row.student_id].scores[row.notebook, row.cell] = score
    return Book(students, most, found)


def read_records(folders: Folders, assignment: str) -> Iterator[tuple[str, Graded | str]]:
    """Yield for each student who has a record what is in it, or why it cannot be read."""
    if not folders.autograded.is_dir():
        return
    for folder in sorted(folders.autograded.iterdir()):
        path = folder / assignment / RECORD
        if folder.name.startswith("."):
            continue
        try:
            text = path.read_text("utf-8")
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, UnicodeError) as error:
            yield folder.name, getattr(error, "strerror", None) or str(error)
            continue
        try:
            yield folder.name, _checked(Graded.from_json(json.loads(text)))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            yield folder.name, f"{type(error).__name__}: {error}"


def _checked(graded: Graded) -> Graded:
    """Refuse a record that has the right names and the wrong kinds of values."""
    for notebook in graded.notebooks:
        texts: list[object] = [notebook.name, *notebook.remarks, *notebook.reasons]
        for cell in notebook.cells:
            texts += [cell.name, cell.verdict, cell.message, cell.mistake or ""]
        if not all(isinstance(text, str) for text in texts):
            raise TypeError("a text is missing")
        if not isinstance(notebook.seconds, int | float):
            raise TypeError("seconds are no number")
    return graded


# -- an example that names nobody -----------------------------------------------------------------


class Names:
    """The names and ids of a class, to be kept out of what others may see."""

    def __init__(self, students: Iterable[Student]) -> None:
        everyone = list(students)
        ids = [word for each in everyone for word in (each.id, each.email, each.lms_id)]
        ids += [word.partition("@")[0] for word in ids]
        names = [word for each in everyone for word in (each.first_name, each.last_name)]
        # `Will` is a name, but another's `will` is none.
        self._all = [_words(ids, re.IGNORECASE), _words(names)]

    def in_text(self, text: str, owner: Student) -> bool:
        """Whether somebody is named in a text of the owner's."""
        return any(pattern.search(text) for pattern in self._of(owner))

    def without(self, text: str, owner: Student) -> str:
        """Return the text with the names taken out."""
        for pattern in self._of(owner):
            text = pattern.sub(WHO, text)
        return text

    def _of(self, owner: Student) -> list[re.Pattern[str]]:
        return [*self._all, _words([owner.first_name, owner.last_name], re.IGNORECASE)]


def _words(words: Iterable[str], flags: int = 0) -> re.Pattern[str]:
    """A pattern that finds whole words, also as a part of `a_long_name`."""
    known = sorted({word for word in words if len(word) >= SHORTEST}, key=len, reverse=True)
    if not known:
        return re.compile(r"(?!)")
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, known))})(?![^\W_])", flags)


@dataclass(frozen=True)
class Example:
    """One run in which a mistake was made; nothing in it tells whose it was."""

    exercise: str
    found: str  # what the check found
    told: str  # the paragraph on the mistake
    picture: str  # of the run: SVG in base64, or nothing
    as_text: str  # the same as text


class Examples:
    """Finds for a mistake a run that shows it, in the graded notebooks."""

    def __init__(self, folders: Folders, students: Iterable[Student]) -> None:
        self._folders = folders
        self._names = Names(students)

    def of(self, mistake: str, assignment: Assignment) -> Example | None:
        """Return a run that names nobody, else one whose names and pictures are taken out."""
        second: Example | None = None
        for cell, student in self._candidates(mistake, assignment)[:TRIES]:
            example = self._read(mistake, assignment.name, cell, student)
            if example is None:
                continue
            image = base64.b64decode(example.picture).decode("utf-8", "replace")
            shown = html.unescape(_STYLE.sub("", image))
            texts = (example.found, example.told, example.as_text, shown)
            if not any(self._names.in_text(text, student) for text in texts):
                return example
            found, told = (
                self._names.without(text, student) for text in (example.found, example.told)
            )
            second = second or Example(example.exercise, found, told, "", "")
        return second

    def _candidates(self, mistake: str, assignment: Assignment) -> list[tuple[Cell, Student]]:
        """Who made it where; in an order that says nothing of who it is."""
        found = [
            (each.graded.digest, place, cell, each.student)
            for each in assignment.submissions
            if each.graded is not None
            for place, cell in enumerate(assignment.cells)
            if cell.key in each.mistakes.get(mistake, ())
        ]
        found.sort(key=lambda item: item[:2])
        return [(cell, student) for _, _, cell, student in found]

    def _read(self, mistake: str, assignment: str, cell: Cell, student: Student) -> Example | None:
        """Return what a graded notebook shows of a cell, without the hidden tests."""
        import nbformat

        from .hiding import hide_tests

        path = self._folders.autograded / student.id / assignment / f"{cell.key[0]}.ipynb"
        try:
            notebook = nbformat.reader.reads(path.read_text("utf-8"))
            for each in notebook.cells:
                if each.metadata.get("nbgrader", {}).get("grade_id") != cell.name:
                    each.outputs = []
            cells, tests = hide_tests(notebook.cells, self._folders.config)
            outputs = [output for each in cells for output in tests.clear(each.get("outputs", []))]
            return _example(mistake, cell.exercise, outputs)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, binascii.Error):
            return None  # somebody has changed the notebook since it was graded


def _example(mistake: str, exercise: str, outputs: list[Any]) -> Example | None:
    """Return what is told in the last error, and the last picture before it."""
    raised = [output for output in outputs if output["output_type"] == "error"]
    if not raised:
        return None
    found, *more = raised[-1]["evalue"].partition("\nReplay it with")[0].split("\n")
    told = next((line for line in more if line.startswith(f"{mistake}: ")), None)
    if told is None:
        return None
    shown = [
        output["data"]["text/html"] for output in outputs if "text/html" in output.get("data", {})
    ]
    pictures = [(page, match) for page in shown if (match := _PICTURE.search(page))]
    if not pictures:
        return Example(exercise, found, told.removeprefix(f"{mistake}: "), "", "")
    page, picture = pictures[-1]
    text = _AS_TEXT.search(page)
    as_text = html.unescape(re.sub(r"<[^>]*>", "", text[1])) if text else ""
    base64.b64decode(picture[1]).decode()
    return Example(exercise, found, told.removeprefix(f"{mistake}: "), picture[1], as_text)


# -- what the pages show --------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """How an exercise, or one check of it, came out in the class."""

    name: str
    max_points: float
    full: int
    part: int
    none: int
    human: int
    common: str  # what went wrong most often

    @property
    def all(self) -> int:
        """How many have handed it in."""
        return self.full + self.part + self.none + self.human


@dataclass(frozen=True)
class Mistake:
    """A mistake and who made it, as a number."""

    name: str
    students: int
    exercises: tuple[tuple[str, int], ...]  # in which, and how many students
    reread: tuple[str, ...] = ()
    example: Example | None = None

    @property
    def words(self) -> str:
        """Its name as a heading."""
        return self.name.replace("-", " ")


def outcomes(assignment: Assignment) -> list[tuple[Outcome, list[Outcome]]]:
    """Return how each exercise came out, and each of its checks, in the order of the master."""
    found = []
    for exercise, group in itertools.groupby(assignment.cells, lambda cell: cell.exercise):
        cells = list(group)
        checks = [_outcome(cell.name, [cell], assignment.submissions) for cell in cells]
        found.append((_outcome(exercise, cells, assignment.submissions), checks))
    return found


def _outcome(name: str, cells: Sequence[Cell], submissions: Iterable[Submission]) -> Outcome:
    most = sum(cell.max_points for cell in cells)
    counts = collections.Counter[str]()
    wrong = collections.Counter[str]()
    for each in submissions:
        scores = [each.scores[cell.key] for cell in cells if cell.key in each.scores]
        if scores:
            counts[_kind(scores, most)] += 1
        notebooks = each.graded.notebooks if each.graded is not None else ()
        failed = [
            _in_words(result)
            for notebook in notebooks
            for result in notebook.cells
            if result.verdict != "ok"
            and any(cell.key == (notebook.name, result.name) for cell in cells)
        ]
        wrong.update(set(failed))
    what, number = min(wrong.items(), key=lambda item: (-item[1], item[0]), default=("", 0))
    common = f"{what} ({number})" if number else ""
    return Outcome(
        name, most, counts["full"], counts["part"], counts["none"], counts["human"], common
    )


def _kind(scores: Sequence[Score], most: float) -> str:
    """Tell apart who has all points, some, none, and who waits for a human."""
    if any(score.needs_human for score in scores):
        return "human"
    points = sum(score.points or 0.0 for score in scores)
    if points >= most:
        return "full"
    return "part" if points > 0 else "none"


def _in_words(result: CellResult) -> str:
    """Say what went wrong: the mistake, else what stopped it."""
    if result.mistake is not None:
        return result.mistake.replace("-", " ")
    raised = _RAISED.match(result.message)
    if raised:
        return "not answered yet" if raised[1] == "NotImplementedError" else raised[1]
    said = {"assertion": "refused by a check", "manual": "a human says"}
    return said.get(result.verdict, result.verdict)


def mistakes(assignments: Sequence[Assignment]) -> list[Mistake]:
    """Return the mistakes that were made, the most common one first."""
    who: dict[str, set[str]] = {}
    where: dict[str, dict[str, set[str]]] = {}
    for assignment in assignments:
        for each in assignment.submissions:
            for name, keys in each.mistakes.items():
                who.setdefault(name, set()).add(each.student.id)
                for key in keys:
                    places = where.setdefault(name, {})
                    places.setdefault(assignment.exercise(key), set()).add(each.student.id)
    found = [
        Mistake(name, len(ids), tuple((place, len(n)) for place, n in where[name].items()))
        for name, ids in who.items()
    ]
    return sorted(found, key=lambda each: (-each.students, each.name))


def bars(totals: Sequence[float], most: float) -> list[tuple[str, int]]:
    """Return how many students have how many points: one bar a point, or ten of a tenth each."""
    if most == int(most) <= BARS and all(total == int(total) for total in totals):
        counts = collections.Counter(min(int(total), int(most)) for total in totals)
        return [(f"{points}", counts[points]) for points in range(int(most) + 1)]
    tenths = collections.Counter(
        min(max(int(10 * total / most), 0), 9) if most else 0 for total in totals
    )
    ends = [*range(9, 99, 10), 100]
    return [(f"{10 * n}–{end} %", tenths[n]) for n, end in enumerate(ends)]


def distribution(totals: Sequence[float], most: float) -> str:
    """Draw how the points are spread: an SVG that takes its colours from the page."""
    columns = bars(totals, most)
    width, height, foot = 640, 150, 22
    slot = width / len(columns)
    highest = max((count for _, count in columns), default=0) or 1
    parts = []
    for place, (label, students) in enumerate(columns):
        middle = slot * (place + 0.5)
        tall = (height - 24) * students / highest
        if students:
            parts.append(
                f'<rect class="bar" x="{middle - slot * 0.4:.1f}" y="{height - tall:.1f}" '
                f'width="{slot * 0.8:.1f}" height="{tall:.1f}"/>'
                f'<text class="ink" x="{middle:.1f}" y="{height - tall - 6:.1f}">{students}</text>'
            )
        parts.append(f'<text class="dim" x="{middle:.1f}" y="{height + 16}">{label}</text>')
    told = "; ".join(
        f"{label}{'' if '%' in label else ' points'}: {count}" for label, count in columns if count
    )
    return (
        f'<svg viewBox="0 0 {width} {height + foot}" role="img" '
        'aria-labelledby="spread-title spread-desc">'
        '<title id="spread-title">How many students have how many points</title>'
        f'<desc id="spread-desc">{told or "nobody has points yet"}</desc>'
        f'<line class="axis" x1="0" x2="{width}" y1="{height}" y2="{height}"/>'
        f"{''.join(parts)}</svg>"
    )


# -- tables ---------------------------------------------------------------------------------------


def as_csv(rows: Iterable[Iterable[str | float | None]]) -> str:
    """Return a table as CSV: numbers as they are, and texts that no spreadsheet takes for formulas.

    What begins like one gets an apostrophe in front: https://owasp.org/www-community/attacks/CSV_Injection
    """
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return text.getvalue()


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return f"{round(value, 6):.12g}"
    value = re.sub(r"\s*[\t\r\n]\s*", " ", value)
    return f"'{value}" if value.lstrip()[:1] in FORMULA else value


def assignment_csv(assignment: Assignment, students: Iterable[Student]) -> str:
    """Return a row for each student, also for those who have handed in nothing."""
    notebooks = {cell.key[0] for cell in assignment.cells}
    before = ["student", "last_name", "first_name", "email"]
    after = ["late_penalty", "total", "max", "mistakes", "needs_human", "handed_in", "seconds"]
    names = ["/".join(c.key) if len(notebooks) > 1 else c.name for c in assignment.cells]
    names = [f"cell {name}" if name in (*before, *after) else name for name in names]
    rows: list[list[str | float | None]] = [[*before, *names, *after]]
    handed_in = {each.student.id: each for each in assignment.submissions}
    for student in students:
        row = [student.id, student.last_name, student.first_name, student.email]
        each = handed_in.get(student.id)
        if each is None:
            rows.append([*row, *[None] * (len(names) + len(after))])
            continue
        scores = [each.scores.get(cell.key) for cell in assignment.cells]
        rows.append(
            [
                *row,
                *[None if score is None else score.points for score in scores],
                each.penalty,
                each.total,
                assignment.max_points,
                "; ".join(sorted(each.mistakes)),
                "; ".join(each.reasons),
                each.graded.timestamp if each.graded is not None else None,
                each.seconds,
            ]
        )
    return as_csv(rows)


def _final(
    assignments: Sequence[Assignment], students: Iterable[Student]
) -> Iterator[tuple[Student, list[float | None]]]:
    """Yield the points of those who have any that count."""
    totals = [{each.student.id: each.total for each in a.submissions} for a in assignments]
    for student in students:
        row = [by_student.get(student.id) for by_student in totals]
        if any(total is not None for total in row):
            yield student, row


def canvas_csv(assignments: Sequence[Assignment], students: Iterable[Student]) -> str:
    """Return the points as Canvas imports them into its Gradebook.

    The columns are those of its own export, in that order, and the second row holds the points that
    can be had: https://community.instructure.com/en/kb/articles/660862-how-do-i-import-grades-in-the-gradebook
    Canvas finds a student by ID, else by SIS User ID, else by SIS Login ID, else by name, and an
    assignment by its title; of a title that it does not know it offers to make an assignment.
    nbgrader's `lms_user_id` is Canvas's ID where it is a number, else the SIS User ID; nbgrader's
    id is the login. An empty cell means that there are no points yet.
    """
    info = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    rows: list[list[str | float | None]] = [
        [*info, *[each.name for each in assignments]],
        ["Points Possible", *[None] * 4, *[each.max_points for each in assignments]],
    ]
    for student, totals in _final(assignments, students):
        name = ", ".join(filter(None, [student.last_name, student.first_name])) or student.id
        number = student.lms_id if re.fullmatch("[0-9]+", student.lms_id) else ""
        other = "" if number else student.lms_id
        rows.append([name, number, other, student.id, "", *totals])
    return as_csv(rows)


def moodle_csv(assignments: Sequence[Assignment], students: Iterable[Student]) -> str:
    """Return the points as Moodle imports them from a CSV file.

    Its form asks which column says who somebody is (“Map from”) and what it holds (“Map to”: user
    ID, ID number, username or email address), and for every other column which grade item it is
    for: https://docs.moodle.org/en/Grade_import
    nbgrader's id is given as username and ID number, for it may be either; its `lms_user_id` is
    the user ID. Moodle imports nothing of a file with a user whom it does not know. An empty cell
    means that there are no points yet.
    """
    info = ["Username", "ID number", "User ID", "First name", "Last name", "Email address"]
    rows: list[list[str | float | None]] = [[*info, *[each.name for each in assignments]]]
    for student, totals in _final(assignments, students):
        email = student.email or (student.id if "@" in student.id else "")
        names = [student.first_name, student.last_name]
        rows.append([student.id, student.id, student.lms_id, *names, email, *totals])
    return as_csv(rows)


# -- the command ----------------------------------------------------------------------------------


@click.command("report")
@click.argument("assignment", required=False)
@click.option(
    "--output",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write; default: report/ in the course's folder.",
)
@click.option("--no-html", is_flag=True, help="Only the tables.")
@click.pass_context
def report_command(
    context: click.Context, assignment: str | None, output: Path | None, *, no_html: bool
) -> None:
    """Show what the class can do, where it stumbles, and who needs a human.

    Writes a page and a table for ASSIGNMENT, or for all that are graded and an index of them, and
    their points in the layouts that Canvas and Moodle import. The pages name students: they are for
    the instructor. The examples in them name nobody.

    Ends with 0 if all could be read, 1 if not, 2 if there is nothing to report.
    """
    try:
        code = _report(Folders.of(Course.here()), assignment, output, pages=not no_html)
    except CourseError as error:
        click.echo(f"taketurns report: {error}", err=True)
        code = NOT
    context.exit(code)


def _report(folders: Folders, only: str | None, output: Path | None, *, pages: bool) -> int:
    """Read everything, then write everything; return the exit code."""
    book = read_gradebook(folders)
    topics = Topics(folders.source)
    names = [only] if only is not None else sorted(book.submissions)
    if not names:
        raise CourseError("nothing has been graded yet. Run `taketurns grade ASSIGNMENT` first.")
    assignments = [_assignment(folders, book, topics, name) for name in names]
    students = sorted(
        book.students.values(), key=lambda s: (s.last_name.casefold(), s.first_name, s.id)
    )
    files: dict[str, str] = {}
    examples = Examples(folders, students)
    for each in assignments:
        files[f"{each.file}.csv"] = "\ufeff" + assignment_csv(
            each, students
        )  # Excel needs the mark
        if pages:
            files[f"{each.file}.html"] = _page(each, topics, examples, len(students))
    if pages and only is None:
        files[f"{INDEX}.html"] = page(
            "index.html.jinja",
            assignments=assignments,
            mistakes=mistakes(assignments),
            students=len(students),
            course=folders.course_id,
            got=sum(sum(each.totals) for each in assignments),
            could=sum(each.max_points * len(each.totals) for each in assignments),
        )
    files["canvas.csv"] = canvas_csv(assignments, students)
    files["moodle.csv"] = moodle_csv(assignments, students)
    return _write(folders, output, files, assignments)


def _assignment(folders: Folders, book: Book, topics: Topics, name: str) -> Assignment:
    """Put together what is known of an assignment. Raises CourseError if that is nothing."""
    submissions = dict(book.submissions.get(name, {}))
    if not submissions:
        known = {path.parent.name for path in folders.source.glob("*/*.ipynb")} | {*book.max_points}
        if name in known:
            raise CourseError(
                f"nothing of {name} has been graded yet. Run `taketurns grade {name}` first."
            )
        raise CourseError(
            f"there is no assignment {name!r}; there are: {', '.join(sorted(known)) or 'none'}"
        )
    for student, record in read_records(folders, name):
        if student not in submissions:
            who = book.students.get(student, Student(student))
            submissions[student] = Submission(
                who, problem="is in autograded/, but not in the gradebook: grade it again"
            )
        elif isinstance(record, str):
            submissions[student].problem = f"{RECORD} cannot be read, so no mistakes ({record})"
        else:
            submissions[student].graded = record
    cells = topics.cells(name, book.max_points.get(name, {}))
    in_order = tuple(submissions[student] for student in sorted(submissions))
    return Assignment(name, topics.title(name), cells, in_order)


def _page(assignment: Assignment, topics: Topics, examples: Examples, students: int) -> str:
    """Return the page of an assignment."""
    begins = {cell.exercise: cell.begins for cell in assignment.cells}
    found = [
        Mistake(
            each.name,
            each.students,
            each.exercises,
            tuple(
                topics.reread(
                    each.name,
                    assignment.name,
                    [begins.get(place, "") for place, _ in each.exercises],
                )
            ),
            examples.of(each.name, assignment),
        )
        for each in mistakes([assignment])
    ]
    times = [
        (each.seconds, each.student.name)
        for each in assignment.submissions
        if each.seconds is not None
    ]
    return page(
        "assignment.html.jinja",
        assignment=assignment,
        outcomes=outcomes(assignment),
        mistakes=found,
        picture=distribution(assignment.totals, assignment.max_points),
        bars=bars(assignment.totals, assignment.max_points),
        times=sorted(times, reverse=True),
        students=students,
    )


def _write(
    folders: Folders, output: Path | None, files: Mapping[str, str], assignments: list[Assignment]
) -> int:
    """Write the files, each whole or not at all, and say what there is to know."""
    folder = output if output is not None else folders.root / FOLDER
    for name, text in files.items():
        try:
            write_atomically(folder / name, text.encode("utf-8", "replace"))
        except OSError as error:
            raise CourseError(f"{folder / name}: {error.strerror}") from error
    code = DONE
    waiting = 0
    for assignment in assignments:
        for each in assignment.submissions:
            waiting += bool(each.scores) and each.total is None
            if each.problem:
                code = SOME
                place = folders.autograded / each.student.id / assignment.name
                click.echo(f"taketurns report: {place}: {each.problem}", err=True)
    click.echo(f"{folder}: {', '.join(files)}")
    if waiting:
        click.echo(
            f"{count(waiting, 'mark')} left out of canvas.csv and moodle.csv: "
            "there a human has still to give points."
        )
    return code
