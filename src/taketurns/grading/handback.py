"""Feedback: what a student gets back, a page for each notebook, which needs no network.

Of what was handed in, text is shown as text and escaped. No HTML of it is passed on, not even that
of our own pictures: from these the page takes the image, in which a browser runs nothing and for
which it fetches nothing, and the same as text. Whoever forges one has drawn a picture for themself.
"""

from __future__ import annotations

import base64
import binascii
import html
import itertools
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from taketurns.course.errors import CourseError
from taketurns.course.folder import Course, write_atomically
from taketurns.diagnosis import MISTAKES

from .folders import DONE, NOT, SOME, Folders, alone, open_gradebook, recorded
from .hiding import hide_tests
from .intake import SECRET, TIMESTAMP
from .pages import count, page
from .topics import Topics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from .gradebook import Gradebook, Mark, Marks
    from .types import CellResult, Graded, NotebookResult

LONGEST = 4000  # signs of what was printed, or of one error

# What `lab.timeline.display_bundle` makes.
_RUN = re.compile(
    r'<img alt="([^"]*)" src="data:image/svg\+xml;base64,([\w+/]+=*)"[^<>]*>'
    r"<details><summary>[^<>]*</summary><pre>(.*?)</pre></details>",
    re.DOTALL,
)
_REPLAY = re.compile(r"^Replay it with (simulate\((.*)\))\. Found after ", re.MULTILINE)
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_FACT = re.compile(r'\s*[rR]?"""\s*(.+?)\s*(?:"""|\n)')  # a docstring's first line


@dataclass(frozen=True)
class Answer:
    """What a student wrote into one cell."""

    name: str
    source: str
    code: bool
    comment: str


@dataclass(frozen=True)
class Run:
    """The picture of a run."""

    title: str
    image: str  # SVG in base64
    as_text: str


@dataclass(frozen=True)
class Check:
    """How one graded cell came out, and why."""

    name: str
    fact: str  # what it checks
    mark: Mark
    outcome: str
    source: str  # what the student may see of it
    comment: str = ""
    found: str = ""  # what went wrong
    mistake: str = ""
    told: str = ""  # the paragraph on that mistake
    run: Run | None = None
    replay: str = ""  # the call that shows it
    hidden: bool = False  # whether what it calls is a part of the hidden checks
    error: str = ""  # as Python tells it
    printed: str = ""
    reread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exercise:
    """The answers and checks under one heading."""

    name: str
    items: tuple[Answer | Check, ...]

    @property
    def checks(self) -> list[Check]:
        """Those that count."""
        return [item for item in self.items if isinstance(item, Check)]

    @property
    def points(self) -> float:
        """What has been given so far."""
        return sum(check.mark.points or 0.0 for check in self.checks)

    @property
    def max_points(self) -> float:
        """What can be had."""
        return sum(check.mark.max_points for check in self.checks)

    @property
    def waits(self) -> bool:
        """Whether a human has still to look at it."""
        return any(check.mark.needs_human for check in self.checks)


# -- the page -------------------------------------------------------------------------------------


def render(
    student: str,
    assignment: str,
    notebook: str,
    cells: Iterable[Mapping[str, Any]],
    marks: Marks,
    record: Graded | None,
    topics: Topics,
    config: Mapping[str, Any],
) -> str:
    """Return the page of one graded notebook.

    `cells` are those in `autograded/`, with hidden tests; none if there was no notebook that could
    be read. `config` is the course's. Raises ValueError, TypeError, KeyError or AttributeError for
    cells that are none.
    """
    results = [each for each in (record.notebooks if record else ()) if each.name == notebook]
    made = _Maker(
        assignment, notebook, cells, marks, results[0] if results else None, topics, config
    )
    exercises = made.exercises()
    got = sum(exercise.points for exercise in exercises)
    return page(
        "feedback.html.jinja",
        title=topics.title(assignment),
        assignment=assignment,
        notebook=notebook,
        student=student,
        exercises=exercises,
        points=max(0.0, got - marks.penalty),
        penalty=min(marks.penalty, got),
        most=sum(exercise.max_points for exercise in exercises),
        waiting=sum(check.mark.needs_human for each in exercises for check in each.checks),
        empty=not made.cells,
        repaired=results[0].remarks if results else (),
    )


class _Maker:
    """Puts together what the page of one notebook shows."""

    def __init__(
        self,
        assignment: str,
        notebook: str,
        cells: Iterable[Mapping[str, Any]],
        marks: Marks,
        result: NotebookResult | None,
        topics: Topics,
        config: Mapping[str, Any],
    ) -> None:
        seen, self._tests = hide_tests(cells, config)
        self.cells: dict[str, dict[str, Any]] = {}
        for cell in seen:
            name = cell["metadata"].get("nbgrader", {}).get("grade_id")
            if name:
                self.cells.setdefault(str(name), cell)
        self._text = "\n".join(cell["source"] for cell in seen)
        self._assignment = assignment
        self._marks = marks
        self._results = {each.name: each for each in (result.cells if result else ())}
        self._topics = topics
        self._headings = topics.exercises(assignment, notebook)
        points = {(notebook, name): mark.max_points for name, mark in marks.cells.items()}
        self._begins = {each.name: each.begins for each in topics.cells(assignment, points)}

    def exercises(self) -> list[Exercise]:
        """Everything that counts, in the order of the master."""
        known = [*self._headings, *self.cells, *self._marks.cells]
        parts = [
            (self._headings.get(name, name), items)
            for name in dict.fromkeys(known)
            if (items := self._items(name))
        ]
        return [
            Exercise(heading, tuple(item for _, items in group for item in items))
            for heading, group in itertools.groupby(parts, key=lambda part: part[0])
        ]

    def _items(self, name: str) -> list[Answer | Check]:
        cell = self.cells.get(name)
        mark = self._marks.cells.get(name)
        items: list[Answer | Check] = []
        answered = cell is not None and bool(cell["metadata"]["nbgrader"].get("solution"))
        if cell is not None and answered:
            comment = self._marks.comments.get(name, "")
            items.append(Answer(name, cell["source"], cell["cell_type"] == "code", comment))
        if mark is not None:
            items.append(self._check(name, mark, cell, answered=answered))
        return items

    def _check(
        self, name: str, mark: Mark, cell: Mapping[str, Any] | None, *, answered: bool
    ) -> Check:
        result = self._results.get(name)
        outputs = [] if cell is None else cell.get("outputs", [])
        failed = any(each["output_type"] == "error" for each in outputs) or (
            result is not None and result.verdict not in {"ok", "manual"}
        )
        if cell is None or answered or cell["cell_type"] != "code":
            source = fact = ""
            outcome = "did not hold" if failed else ""
        else:
            source = cell["source"]
            docstring = _FACT.match(source)
            fact = docstring[1] if docstring else ""
            full = mark.points is not None and mark.points >= mark.max_points
            outcome = "did not hold" if failed or not (full or mark.by_hand) else "held"
            if outcome != "held" and not failed and mark.points:
                outcome = "held in part"
            if mark.points is None and not failed:
                outcome = ""
        comment = "" if answered else self._marks.comments.get(name, "")
        if outcome in {"", "held"} and not (answered and outputs):
            return Check(name, fact, mark, outcome, source, comment)
        why = self._why([_joined(each) for each in outputs], result)
        if failed:
            begins = [self._begins.get(name, "")]
            reread = self._topics.reread(why.get("mistake", ""), self._assignment, begins)
            why["reread"] = tuple(reread)
        return Check(name, fact, mark, outcome, source, comment, **why)

    def _why(
        self, outputs: Sequence[Mapping[str, Any]], result: CellResult | None
    ) -> dict[str, Any]:
        """What the outputs tell, and where they tell nothing, the record."""
        why: dict[str, Any] = {}
        printed = [each["text"] for each in outputs if each["output_type"] == "stream"]
        why["printed"] = self._shown("".join(printed))
        errors = [each for each in outputs if each["output_type"] == "error"]
        if not errors:
            if result is not None and result.verdict not in {"ok", "manual"}:
                why["found"] = self._shown(result.message) or result.verdict
            return why
        name, said = str(errors[-1]["ename"]), str(errors[-1]["evalue"])
        if name == "ScheduleFailure":
            return why | self._losing_run(said, outputs)
        first, _, more = self._shown(said).partition("\n")
        if name == "NotImplementedError":
            why["found"] = f"Not answered yet: {first}"
        elif name == "AssertionError":
            why["found"] = first or "An assertion does not hold."
        else:
            why["found"] = f"{name}: {first}".removesuffix(": ")
        why["told"] = more.strip()
        if name != "NotImplementedError":
            traceback = "\n".join(map(str, errors[-1].get("traceback", [])))
            why["error"] = self._shown(_COLOUR.sub("", traceback))
        return why

    def _losing_run(self, said: str, outputs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """What a check says that has found a losing schedule."""
        words, _, steps = said.partition("\n\n")
        words = self._tests.clear_text(words)
        empty = re.match(r"exception: NotImplementedError: (.*)", words)
        if empty:
            return {"found": f"Not answered yet: {empty[1]}"}
        replay = _REPLAY.search(words)
        found, *more = (words[: replay.start()] if replay else words).strip().split("\n")
        mistake = next((m for line in more if (m := line.partition(": ")[0]) in MISTAKES), "")
        told = "\n".join(line.removeprefix(f"{mistake}: ") if mistake else line for line in more)
        run = self._run(outputs) or Run(found, "", self._tests.clear_text(steps))
        why = {"found": _shortened(found), "mistake": mistake, "told": _shortened(told), "run": run}
        if replay:
            program = re.match(r"\w*", replay[2])
            assert program is not None
            seen = re.search(rf"\bdef {program[0]}\b", self._text) if program[0] else None
            why |= {"replay": replay[1], "hidden": seen is None}
        return why

    def _run(self, outputs: Sequence[Mapping[str, Any]]) -> Run | None:
        """The last picture in the outputs."""
        for output in reversed(outputs):
            found = _RUN.findall(output["data"].get("text/html", ""))
            if found:
                title, image, text = found[-1]
                as_text = html.unescape(re.sub(r"<[^<>]*>", "", text))
                try:
                    svg = base64.b64decode(image, validate=True).decode()
                except (binascii.Error, UnicodeDecodeError):
                    return None
                clear = self._tests.clear_text
                image = base64.b64encode(clear(svg, markup=True).encode()).decode()
                return Run(clear(html.unescape(title)), image, clear(as_text))
        return None

    def _shown(self, text: str) -> str:
        """A text of any length without the hidden tests."""
        return _shortened(self._tests.clear_text(text))


def _joined(output: Mapping[str, Any]) -> dict[str, Any]:
    """An output with its texts whole: nbformat cuts them into lines."""
    whole: dict[str, Any] = dict(output)
    if "text" in whole:
        whole["text"] = "".join(whole["text"])
    shown = whole.get("data", {}).get("text/html")
    whole["data"] = {} if shown is None else {"text/html": "".join(shown)}
    return whole


def _shortened(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    half = LONGEST // 2
    return f"{text[:half]}\n… {len(text) - LONGEST} signs left out …\n{text[-half:]}"


# -- the files ------------------------------------------------------------------------------------


def _say(message: str) -> None:
    click.echo(message, err=True)


def write_feedback(
    folders: Folders,
    gradebook: Gradebook,
    assignment: str,
    students: Iterable[str] | None = None,
    *,
    tell: Callable[[str], None] = _say,
) -> int:
    """Write feedback/STUDENT/ASSIGNMENT/NOTEBOOK.html; return how many pages were written.

    From `autograded/` and what the gradebook says now, for these students, or for all who have
    handed something in. What cannot be read costs nobody else their page: `tell` is called with
    the reason. Raises CourseError if the gradebook cannot be read or a page not be written.
    """
    topics = Topics(folders.source)
    root = folders.feedback
    written = 0
    for student, notebooks in sorted(gradebook.marks(assignment, students).items()):
        graded = folders.autograded / student / assignment
        place = root / student / assignment
        record = recorded(graded)
        for name, marks in sorted(notebooks.items()):
            try:
                cells = _cells(graded / f"{name}.ipynb", record)
                text = render(
                    student, assignment, name, cells, marks, record, topics, folders.config
                )
            except OSError as error:
                tell(f"{error.filename}: {error.strerror}, so there is no feedback on it")
                continue
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                what = f"{type(error).__name__}: {error}"
                tell(f"{graded / name}.ipynb: cannot be read ({what}): grade {student} again")
                continue
            try:
                write_atomically(place / f"{name}.html", text.encode("utf-8", "replace"))
                written += 1
            except OSError as error:
                raise CourseError(f"{place / name}.html: {error.strerror}") from error
        _copy_side_files(graded, folders.submitted / student / assignment, place)
    return written


def _cells(path: Path, record: Graded | None) -> list[dict[str, Any]]:
    """Return the cells of a graded notebook; none if there was nothing to grade."""
    results = record.notebooks if record is not None else ()
    absent = any(each.name == path.stem and not path.exists() for each in results)
    cells: list[dict[str, Any]] = [] if absent else json.loads(path.read_bytes())["cells"]
    return cells


def _copy_side_files(graded: Path, submitted: Path, place: Path) -> None:
    for name in (TIMESTAMP, SECRET):  # `nbgrader release_feedback` reads these
        for folder in (graded, submitted):
            file = folder / name
            if file.is_file() and not file.is_symlink():
                try:
                    write_atomically(place / name, file.read_bytes())
                except OSError as error:
                    raise CourseError(f"{place / name}: {error.strerror}") from error
                break


# -- the command ----------------------------------------------------------------------------------


@click.command("feedback")
@click.argument("assignment")
@click.option("--student", "students", metavar="ID", multiple=True, help="Only this one; repeat.")
@click.pass_context
def feedback_command(context: click.Context, assignment: str, students: tuple[str, ...]) -> None:
    """Write the feedback pages of ASSIGNMENT again, with the points and comments of humans.

    `taketurns grade` writes them when it grades. The pages are in feedback/STUDENT/ASSIGNMENT/,
    where `nbgrader release_feedback` finds them.

    Ends with 0 if all were written, 1 if some could not be, 2 if there is nothing to write.
    """
    try:
        code = _feedback(Folders.of(Course.here()), assignment, students)
    except CourseError as error:
        click.echo(f"taketurns feedback: {error}", err=True)
        code = NOT
    context.exit(code)


def _feedback(folders: Folders, assignment: str, students: tuple[str, ...]) -> int:
    """Write the pages; return the exit code."""
    from .report import refuse_without_gradebook

    refuse_without_gradebook(folders)
    problems: list[str] = []
    with alone(folders.root), open_gradebook(folders) as gradebook:
        known = gradebook.scores(assignment)
        if not known:
            raise CourseError(
                f"nothing of {assignment} has been graded yet. "
                f"Run `taketurns grade {assignment}` first."
            )
        for student in students:
            if student not in known:
                raise CourseError(f"nothing of {student} has been graded for {assignment}")
        written = write_feedback(
            folders, gradebook, assignment, students or None, tell=problems.append
        )
    for problem in problems:
        click.echo(f"taketurns feedback: {problem}", err=True)
    click.echo(f"{assignment}: {count(written, 'page')} of feedback written")
    return SOME if problems else DONE
