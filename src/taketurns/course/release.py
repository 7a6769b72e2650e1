"""The students' notebooks: nbgrader makes them from the masters, we write them in canonical form.

The generator is nbgrader's own, with the settings in nbgrader_config.py: students get what
`nbgrader generate_assignment` would give them. Everything is generated in a temporary folder first;
`release/` is touched only when all of it is there.
"""

from __future__ import annotations

import logging
import os
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from taketurns.course.errors import CourseError
from taketurns.course.folder import MARK, Course, write_atomically
from taketurns.course.tidy import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

LEFT_BY_EDITORS = (".ipynb_checkpoints", "__pycache__", ".DS_Store", "Thumbs.db")


@dataclass
class Outcome:
    """What `release` wrote, or found to differ, and what is wrong with the masters."""

    assignments: int = 0
    changed: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class _Log(logging.Handler):
    """Keeps what nbgrader says, for the case that it fails."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def generate(course: Course) -> dict[str, bytes]:
    """Return what belongs in `release/`: the content of each notebook under its name.

    Raises CourseError where a master has a fault that nbgrader refuses or students would see.
    """
    _refuse_other_files(course)
    with tempfile.TemporaryDirectory(prefix="taketurns-release-") as folder:
        out = Path(folder).resolve()
        _run_nbgrader(course, out)
        contents: dict[str, bytes] = {}
        problems: list[str] = []
        for path in sorted(out.rglob("*.ipynb")):
            name = f"release/{path.relative_to(out).as_posix()}"
            result = canonical(path.read_bytes(), "release")
            contents[name] = result.text.encode()
            problems += [f"{name}: {problem}" for problem in result.problems]
    if problems:
        raise CourseError("\n".join(problems))
    return contents


def _refuse_other_files(course: Course) -> None:
    """Refuse what lies beside a master: nbgrader hands every such file to the students."""
    for path in sorted((course.root / "source").rglob("*")):
        relative = path.relative_to(course.root)
        if path.is_dir() or any(part in LEFT_BY_EDITORS for part in relative.parts):
            continue
        if path.suffix != ".ipynb" or len(relative.parts) != 3:
            raise CourseError(
                f"{relative.as_posix()}: only notebooks belong into source/, one folder per "
                "assignment: nbgrader would hand this file to the students. Move it elsewhere."
            )


def _run_nbgrader(course: Course, out: Path) -> None:
    """Let nbgrader generate every assignment into the folder `out`."""
    # Its database, its tables' warnings and its log lines are no concern of who makes a release.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from nbgrader.converters import GenerateAssignment
        from nbgrader.coursedir import CourseDirectory
        from traitlets.config import Config
        from traitlets.config.loader import PyFileConfigLoader

        config: Any = Config(PyFileConfigLoader(MARK, str(course.root)).load_config())
        config.CourseDirectory.root = str(course.root)
        config.CourseDirectory.release_directory = str(out)
        config.CourseDirectory.directory_structure = os.path.join(  # noqa: PTH118 - a format
            "{nbgrader_step}", "{student_id}", "{assignment_id}"
        )
        config.SaveCells.enabled = False  # these two are what --no-db sets
        config.GenerateAssignment.no_database = True
        config.BaseConverter.force = True
        for name in course.assignments():
            heard = _Log()
            log = logging.Logger("taketurns.release", logging.WARNING)  # noqa: LOG001 - ours alone
            log.addHandler(heard)
            config.CourseDirectory.assignment_id = name
            directory = CourseDirectory(config=config, log=log)
            converter = GenerateAssignment(coursedir=directory, config=config, log=log)
            try:
                converter.start()
            except (Exception, SystemExit) as error:
                said = [_last_line(message) for message in heard.messages] or [str(error)]
                notebooks = sorted(course.root.glob(f"source/{name}/*.ipynb"))
                raise CourseError(
                    f"{', '.join(map(course.name, notebooks))}: "
                    f"nbgrader cannot make the students' version: {said[0]}\n"
                    "Nothing was written. `taketurns tidy --check` says more about most faults."
                ) from error


def _last_line(message: str) -> str:
    """Return the line of a logged message that says what happened: of a traceback, the last."""
    lines = [line for line in message.splitlines() if line.strip()] or [""]
    return lines[-1] if lines[0].startswith("Traceback") else lines[0]


def release(course: Course, *, check: bool = False) -> Outcome:
    """Make `release/` from `source/`; with `check`, write nothing and say where they differ."""
    masters = course.notebooks("source")
    if not masters:
        raise CourseError(f"no master notebook in {course.root / 'source'}: nothing to release")
    outcome = Outcome(assignments=len(course.assignments()))
    for path in masters:
        master = canonical(path.read_bytes(), "source")
        name = course.name(path)
        outcome.problems += [f"{name}: {problem}" for problem in master.problems]
        if master.changes:
            outcome.problems.append(
                f"{name}: not in its canonical form ({master.changes[0]}): "
                "run `taketurns tidy` first"
            )
    if outcome.problems:
        return outcome
    contents = generate(course)
    here = {course.name(path): path for path in course.notebooks("release")}
    for name, content in contents.items():
        if name not in here:
            outcome.changed.append(f"{name}: {'is missing' if check else 'new'}")
        elif (old := here[name].read_bytes()) != content:
            outcome.changed.append(f"{name}: {first_difference(old, content)}")
    gone = sorted(set(here) - set(contents))
    outcome.changed += [f"{name}: has no master in source/" for name in gone]
    if check:
        named = {message.partition(":")[0] for message in outcome.changed}
        outcome.problems += [
            message
            for message in course.unrecorded("source", "release", command="release")
            if message.partition(":")[0] not in named
        ]
        return outcome
    for name, content in contents.items():
        path = course.root / name
        if not path.is_file() or path.read_bytes() != content:
            write_atomically(path, content)
    for name in gone:
        here[name].unlink()
        if not any(here[name].parent.iterdir()):
            here[name].parent.rmdir()
    course.record(course.notebooks("source", "release"))
    return outcome


def first_difference(old: bytes, new: bytes) -> str:
    """Return, in words, the first line on which a release is not what its master makes it."""
    have, want = list(_lines(old)), list(_lines(new))
    cell = ""
    for number in range(max(len(have), len(want))):
        a = have[number] if number < len(have) else None
        b = want[number] if number < len(want) else None
        if a != b:
            if b is None:
                return f"line {number + 1}: the notebook should end here, the file goes on"
            return f"line {number + 1}{cell} is {_shown(a)}, its master makes it {_shown(b)}"
        if b is not None and b.startswith('   "id": '):
            cell = f" (cell {b.split(': ', 1)[1].strip(' ,')})"
        elif b in {"  {", " ],"}:
            cell = ""
    return "differs in its line ends"


def _lines(content: bytes) -> Iterator[str]:
    return iter(content.decode("utf-8", "backslashreplace").split("\n"))


def _shown(line: str | None, width: int = 70) -> str:
    if line is None:
        return "missing"
    text = line.strip() or line
    return repr(text if len(text) <= width else text[:width] + "…")


@click.command("release")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if anything would change.")
def release_command(*, check: bool) -> None:
    """Make the students' notebooks in release/ from the masters in source/.

    Solutions and hidden tests are taken out by nbgrader itself. Nothing is written unless all of
    it could be made.
    """
    outcome = release(Course.here(), check=check)
    for message in outcome.changed:
        click.echo(message, err=check)
    for message in outcome.problems:
        click.echo(message, err=True)
    if check and outcome.changed:
        click.echo("release/ is not what source/ makes: run `taketurns release`", err=True)
    if outcome.problems or (check and outcome.changed):
        raise SystemExit(1)
    count = f"{outcome.assignments} assignment" + ("" if outcome.assignments == 1 else "s")
    click.echo(f"{count}: release/ is what source/ makes.")
