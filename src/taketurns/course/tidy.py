"""The canonical form of a notebook: one way to write each, so that a diff shows what someone meant.

`canonical` says what the form is; `taketurns tidy` makes it, `taketurns tidy --check` only looks.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from taketurns.course.errors import CourseError
from taketurns.course.folder import Course, Kind, kind_of, write_atomically

Json = dict[str, Any]

METADATA: Json = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL_METADATA = {"nbgrader", "tags", "editable", "deletable"}
NBGRADER = {"grade", "grade_id", "locked", "points", "schema_version", "solution", "task"}
NBGRADER_DERIVED = {"cell_type", "checksum"}  # nbgrader computes them; a master has none
NBGRADER_SCHEMA = 3
REAL_TIME = "real-time"  # the tag of a cell that runs real threads in real time: its output varies
WIDGET = "application/vnd.jupyter.widget-view+json"

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# What editors make up: half a UUID (nbformat, jupytext), a whole one (JupyterLab), nbgrader's own.
MADE_UP_ID = re.compile(
    r"(?=.*\d)[0-9a-f]{8}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|cell-[0-9a-f]{16}|[0-9-]+"
)
ID_LENGTH = 48  # nbformat allows 64; shorter reads better, and leaves room for a number

MARKERS = {
    "SOLUTION": ("solution", "a solution cell"),
    "HIDDEN TESTS": ("grade", "a graded cell"),
}


@dataclass(frozen=True)
class Canonical:
    """A notebook in its form: the text, what had to change, and what only its author can mend."""

    text: str
    changes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass
class _Notes:
    changes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def canonical(content: bytes, kind: Kind) -> Canonical:
    """Return the notebook in its canonical form, with what changed and what is wrong with it.

    What is wrong and cannot be mended here is in `problems`, each with its cell and what to do.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Canonical("", (), (f"byte {error.start} is not UTF-8: save the notebook again",))
    try:
        nb = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Canonical(text, (), (f"not a notebook, its JSON cannot be read: {error}",))
    notes = _Notes()
    problem = _unreadable(nb)
    if problem:
        return Canonical(text, (), (problem,))

    cells: list[Json] = []
    for number, cell in enumerate(nb["cells"], 1):
        tidied = _cell(cell, f"cell {_label(cell, number)}", kind, notes)
        if tidied is not None:
            cells.append(tidied)
    _name_cells(cells, notes)
    _count_executions(cells, nb["cells"], notes)
    for number, cell in enumerate(cells, 1):
        _judge(cell, f'cell "{cell["id"]}" (number {number})', kind, notes)
    _judge_grade_ids(cells, notes)

    if nb.get("metadata") != METADATA:
        notes.changes.append(f"notebook metadata: {_difference(nb.get('metadata'), METADATA)}")
    if (nb["nbformat"], nb.get("nbformat_minor")) != (4, 5):
        notes.changes.append(f"format {nb['nbformat']}.{nb.get('nbformat_minor')} becomes 4.5")
    tidy = {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    notes.problems += _invalid(tidy)
    result = json.dumps(tidy, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    try:
        encoded = result.encode()
    except UnicodeEncodeError as error:
        notes.problems.append(f"holds half a character ({error.object[error.start]!r}): delete it")
        return Canonical(text, (), tuple(notes.problems))
    if encoded != content and not notes.changes:
        notes.changes.append(_first_line_that_differs(content, encoded))
    return Canonical(result, tuple(notes.changes), tuple(notes.problems))


def _unreadable(nb: Any) -> str | None:
    """Return why this JSON is not a notebook that can be brought into form, None if it is one."""
    if not isinstance(nb, dict) or not isinstance(nb.get("nbformat"), int):
        return "not a notebook: nbformat is missing"
    if nb["nbformat"] != 4:
        return (
            f"written in notebook format {nb['nbformat']}, not 4: open it in JupyterLab and save it"
        )
    cells = nb.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        return "not a notebook: its cells are missing"
    return None


def _label(cell: Json, number: int) -> str:
    name = cell.get("id")
    return f'"{name}" (number {number})' if isinstance(name, str) else f"number {number}"


def _cell(cell: Json, where: str, kind: Kind, notes: _Notes) -> Json | None:
    """Return the cell in its form, its text not yet judged; None for a cell that says nothing."""
    source = _text(cell.get("source", ""))
    if kind == "release":  # nbgrader's checksums hold for its text as it is
        stripped = source
    else:
        stripped = source.replace("\r\n", "\n").rstrip()
    metadata = _cell_metadata(cell, where, kind, notes)
    if not source.strip() and "nbgrader" not in metadata and not cell.get("attachments"):
        notes.changes.append(f"{where}: is empty and goes")
        return None
    if stripped != source:
        notes.changes.append(f"{where}: blank ends of its text go")
    tidied: Json = {
        "cell_type": cell.get("cell_type"),
        "id": cell.get("id"),
        "metadata": metadata,
        "source": stripped.splitlines(keepends=True),
    }
    if cell.get("attachments"):
        tidied["attachments"] = cell["attachments"]
    if tidied["cell_type"] == "code":
        tidied["execution_count"] = None
        tidied["outputs"] = _outputs(cell, metadata, where, kind, notes)
    extra = sorted(set(cell) - set(tidied))
    if extra:
        notes.changes.append(f"{where}: {_list(extra)} not kept")
    return tidied


def _cell_metadata(cell: Json, where: str, kind: Kind, notes: _Notes) -> Json:
    raw = cell.get("metadata")
    raw = raw if isinstance(raw, dict) else {}
    metadata = {key: value for key, value in raw.items() if key in CELL_METADATA}
    for key in ("editable", "deletable"):
        if metadata.get(key) is True:  # what it is anyway
            del metadata[key]
    if "tags" in metadata and not metadata["tags"]:
        del metadata["tags"]
    nbgrader = metadata.pop("nbgrader", None)
    if isinstance(nbgrader, dict) and any(
        nbgrader.get(role) for role in ("grade", "solution", "locked", "task")
    ):
        metadata["nbgrader"] = _nbgrader(nbgrader, kind)
    dropped = sorted(set(raw) - set(metadata))
    if dropped:
        notes.changes.append(f"{where}: metadata {_list(dropped)} not kept")
    if "nbgrader" in metadata and metadata["nbgrader"] != nbgrader:
        difference = _difference(nbgrader, metadata["nbgrader"])
        notes.changes.append(f"{where}: nbgrader's metadata: {difference}")
    return metadata


def _nbgrader(raw: Json, kind: Kind) -> Json:
    kept = NBGRADER | (set() if kind == "source" else NBGRADER_DERIVED)
    tidied = {key: value for key, value in raw.items() if key in kept}
    for role in ("grade", "locked", "solution", "task"):
        tidied[role] = bool(raw.get(role))
    if not (tidied["grade"] or tidied["task"]):
        tidied.pop("points", None)
    points = tidied.get("points")
    if isinstance(points, float) and points.is_integer():
        tidied["points"] = int(points)
    if raw.get("schema_version", NBGRADER_SCHEMA) in {1, 2, NBGRADER_SCHEMA}:
        tidied["schema_version"] = NBGRADER_SCHEMA
    return tidied


def _outputs(cell: Json, metadata: Json, where: str, kind: Kind, notes: _Notes) -> list[Json]:
    raw = cell.get("outputs") or []
    if kind != "lesson":
        if raw:
            notes.changes.append(f"{where}: outputs go")
        return []
    if REAL_TIME in metadata.get("tags", []):
        if raw:
            notes.changes.append(f"{where}: outputs go, it is tagged {REAL_TIME}")
        return []
    outputs: list[Json] = []
    for output in raw:
        if WIDGET in output.get("data", {}):
            notes.changes.append(f"{where}: a widget goes, a saved notebook cannot show it")
            continue
        tidied = dict(output)
        if "execution_count" in tidied:
            tidied["execution_count"] = None
        if "metadata" in tidied:
            tidied["metadata"] = {}
        if "text" in tidied:
            tidied["text"] = _text(tidied["text"]).splitlines(keepends=True)
        if "data" in tidied:
            tidied["data"] = {
                kind_: _text(value).splitlines(keepends=True) if _is_text(value) else value
                for kind_, value in tidied["data"].items()
            }
        if tidied != output | ({"execution_count": None} if "execution_count" in output else {}):
            notes.changes.append(f"{where}: an output is written differently")
        if outputs and _stream(tidied) and _stream(tidied) == _stream(outputs[-1]):
            # Where a kernel parts what is printed depends on the kernel and on the moment.
            notes.changes.append(f"{where}: pieces of its output are joined")
            tidied["text"] = "".join(outputs.pop()["text"] + tidied["text"]).splitlines(
                keepends=True
            )
        outputs.append(tidied)
    return outputs


def _stream(output: Json) -> str | None:
    """Return the name of the stream that an output belongs to, None if it is something else."""
    return output["name"] if output.get("output_type") == "stream" else None


def _count_executions(cells: list[Json], before: list[Json], notes: _Notes) -> None:
    """Count as a fresh kernel does that ran all cells; where no output is kept, nothing was run."""
    codes = [cell for cell in cells if cell["cell_type"] == "code"]
    if any(cell["outputs"] for cell in codes):
        for count, cell in enumerate(codes, 1):
            cell["execution_count"] = count
            for output in cell["outputs"]:
                if output.get("output_type") == "execute_result":
                    output["execution_count"] = count
    was = [cell.get("execution_count") for cell in before if cell.get("cell_type") == "code"]
    if was != [cell["execution_count"] for cell in codes]:
        notes.changes.append(f"execution counts {_in_words(was)} are not those of one fresh run")


def _in_words(counts: list[Any]) -> str:
    return ", ".join("none" if count is None else str(count) for count in counts)


def _name_cells(cells: list[Json], notes: _Notes) -> None:
    """Give each cell an id in words: its grade_id, the one it has, or one made from its section."""
    taken: set[str] = set()
    for cell in cells:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if isinstance(grade_id, str) and ID.fullmatch(grade_id):
            taken.add(grade_id)
            if cell["id"] != grade_id:
                notes.changes.append(
                    f'cell "{cell["id"]}": its id becomes its grade_id, "{grade_id}"'
                )
                cell["id"] = grade_id
    section = "cell"
    seen: set[str] = set()
    for cell in cells:
        section = _heading(cell) or section
        old = cell["id"]
        if "nbgrader" in cell["metadata"] and old in taken:
            continue
        usable = isinstance(old, str) and _is_words(old) and old not in seen and old not in taken
        if not usable:
            base = old if isinstance(old, str) and _is_words(old) else section
            cell["id"] = _free(base, seen | taken)
            why = "is there twice" if base == old else "is no word"
            notes.changes.append(
                f'cell "{old}": its id {why} and becomes "{cell["id"]}"'
                if old is not None
                else f'a cell without id gets "{cell["id"]}"'
            )
        seen.add(cell["id"])


def _is_words(name: str) -> bool:
    return bool(ID.fullmatch(name)) and not MADE_UP_ID.fullmatch(name) and len(name) <= 64


def _heading(cell: Json) -> str | None:
    """Return the words of the first heading in a text cell, as an id."""
    if cell["cell_type"] != "markdown":
        return None
    for line in cell["source"]:
        match = re.match(r"#{1,6}\s+(.*)", line)
        if match:
            words = re.findall(r"[a-z0-9]+", match[1].lower().replace("'", "").replace("’", ""))
            name = ""
            for word in words:
                if len(name) + 1 + len(word) > ID_LENGTH:
                    break
                name = f"{name}-{word}" if name else word
            if name and _is_words(name):
                return name
    return None


def _free(base: str, taken: set[str]) -> str:
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name


def _judge(cell: Json, where: str, kind: Kind, notes: _Notes) -> None:
    """Report what is wrong with the cell and needs its author."""
    problems = notes.problems
    source = "".join(cell["source"])
    nbgrader = cell["metadata"].get("nbgrader", {})
    if nbgrader:
        problems += [f"{where}: {problem}" for problem in _judge_nbgrader(nbgrader, cell)]
    if kind != "lesson":
        problems += [f"{where}: {problem}" for problem in _judge_markers(source, nbgrader, kind)]
    if cell["cell_type"] != "code":
        return
    try:
        tree = compile(
            source,
            "cell",
            "exec",
            ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
            dont_inherit=True,
        )
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        problems.append(
            f"{where}: line {line} is not Python ({getattr(error, 'msg', error)}). "
            "Magics and shell commands do not run on every kernel: write them as Python."
        )
        return
    if nbgrader.get("grade") and not nbgrader.get("solution") and kind != "lesson":
        if ast.get_docstring(tree, clean=False) is None:
            problems.append(
                f"{where}: begin this graded cell with a docstring that states, as a fact, "
                "the behaviour that it checks"
            )
        problems += [
            f"{where}: the assert in line {node.lineno} has no message: "
            "say what was lost, expected and got"
            for node in ast.walk(tree)
            if isinstance(node, ast.Assert) and node.msg is None
        ]
    for output in cell["outputs"]:
        if output.get("name") == "stderr":
            problems.append(f"{where}: writes to stderr: {_start(output.get('text', ''))}")
        tags = cell["metadata"].get("tags", [])
        if output.get("output_type") == "error" and "raises-exception" not in tags:
            problems.append(
                f"{where}: ends in {output.get('ename')}: mend it and run it again, or, where "
                "the error is what the lesson shows, give the cell the tag raises-exception"
            )


def _judge_nbgrader(nbgrader: Json, cell: Json) -> list[str]:
    problems = []
    grade_id = nbgrader.get("grade_id")
    if not isinstance(grade_id, str) or not grade_id:
        problems.append("has a role in grading but no grade_id: give it one in words")
    elif not _is_words(grade_id):
        problems.append(
            f'its grade_id "{grade_id}" should be words, like "counter-all-counted": '
            "lower-case letters, digits and hyphens"
        )
    if nbgrader["grade"]:
        points = nbgrader.get("points")
        if isinstance(points, bool) or not isinstance(points, (int, float)) or points <= 0:
            problems.append(f"is graded for {points!r} points: it should be more than 0")
    if nbgrader.get("schema_version") != NBGRADER_SCHEMA:
        problems.append(
            f"nbgrader's metadata has schema version {nbgrader.get('schema_version')!r}, "
            f"not {NBGRADER_SCHEMA}: run `nbgrader update`"
        )
    derived = nbgrader.get("cell_type")
    if derived is not None and derived != cell["cell_type"]:
        problems.append(f"was a {derived} cell for nbgrader and is now {cell['cell_type']}")
    return problems


def _judge_markers(source: str, nbgrader: Json, kind: Kind) -> list[str]:
    """Report markers that nbgrader would stumble over or, worse, quietly take out."""
    problems = []
    for marker, (role, cell_name) in MARKERS.items():
        opened = 0
        for number, line in enumerate(source.splitlines(), 1):
            begins, ends = f"BEGIN {marker}" in line, f"END {marker}" in line
            if not (begins or ends):
                continue
            if kind == "release":
                problems.append(
                    f"line {number} shows a {marker} marker to students: run `taketurns release`"
                )
                continue
            if not nbgrader.get(role):
                problems.append(f"line {number} marks {marker} outside {cell_name}")
            if begins and opened:
                problems.append(f"line {number} begins {marker} again, open since line {opened}")
            if ends and not opened:
                problems.append(f"line {number} ends {marker} that nothing began")
            opened = number if begins else 0
        if opened:
            problems.append(f"{marker} begins in line {opened} and never ends")
    return problems


def _judge_grade_ids(cells: list[Json], notes: _Notes) -> None:
    first: dict[str, int] = {}
    for number, cell in enumerate(cells, 1):
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if not isinstance(grade_id, str):
            continue
        if grade_id in first:
            notes.problems.append(
                f'cell number {number}: its grade_id "{grade_id}" is also that of cell number '
                f"{first[grade_id]}: a grade_id is never used twice, choose another"
            )
        first.setdefault(grade_id, number)


def _invalid(nb: Json) -> list[str]:
    """Return what nbformat's own schema says against the notebook."""
    from nbformat.validator import iter_validate

    if len({cell["id"] for cell in nb["cells"]}) != len(nb["cells"]):
        return []  # said already, cell by cell
    errors = iter_validate(nb, version=4, version_minor=5)
    return [f"not a valid notebook: {_start(str(error))}" for error in errors]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(line, str) for line in value)
    )


def _text(value: Any) -> str:
    """Return text that a notebook may hold whole or as a list of lines."""
    return "".join(value) if isinstance(value, list) else str(value)


def _start(value: Any) -> str:
    text = _text(value).strip().splitlines()
    return text[0][:80] if text else ""


def _list(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names) + (" is" if len(names) == 1 else " are")


def _difference(old: Any, new: Json) -> str:
    """Return, in words, the first key on which two objects differ."""
    if not isinstance(old, dict):
        return "is missing"
    for key in sorted({*old, *new}):
        if key not in new:
            return f'"{key}" is not kept'
        if key not in old:
            return f'"{key}" is added'
        if old[key] != new[key]:
            if isinstance(old[key], dict) and isinstance(new[key], dict):
                return f'"{key}": {_difference(old[key], new[key])}'
            return f'"{key}" becomes {json.dumps(new[key])}, it is {json.dumps(old[key])}'
    return "is written in another order"


def _first_line_that_differs(old: bytes, new: bytes) -> str:
    have, want = old.split(b"\n"), new.split(b"\n")
    for number, (a, b) in enumerate(zip(have, want, strict=False), 1):
        if a != b:
            return f"line {number} is {_shown(a)}, its form is {_shown(b)}"
    if len(have) < len(want):
        return "the end of the file has no newline" if not want[-1] else "the file is cut short"
    return f"line {len(want)}: the notebook ends here, the file goes on"


def _shown(line: bytes, width: int = 70) -> str:
    text = line.decode("utf-8", "backslashreplace")
    return repr(text if len(text) <= width else text[:width] + "…")


def find(paths: tuple[Path, ...]) -> list[Path]:
    """Return the notebooks that these files and folders name; raise CourseError if one is none."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(
                p
                for p in path.rglob("*.ipynb")
                if not any(part.startswith(".") for part in p.relative_to(path).parts)
            )
            if not inside:
                raise CourseError(f"{path}: no notebook in this folder")
            found += inside
        elif not path.exists():
            raise CourseError(f"{path}: there is no such file")
        elif path.suffix != ".ipynb":
            raise CourseError(f"{path}: not a notebook, its name does not end in .ipynb")
        else:
            found.append(path)
    return found


@dataclass
class Outcome:
    """What `tidy` did to, or found in, a set of notebooks."""

    looked_at: int = 0
    changed: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def tidy(self) -> bool:
        """Whether there was nothing to do and nothing to report."""
        return not (self.changed or self.problems)


def tidy(paths: tuple[Path, ...] = (), *, check: bool = False) -> Outcome:
    """Bring notebooks into their canonical form; with `check`, change nothing and say what would.

    Without paths: every notebook of the course in the current folder.
    """
    course = Course.containing(Path.cwd()) if paths else Course.here()
    notebooks = find(paths) if paths or course is None else course.notebooks()
    if not notebooks:
        raise CourseError("no notebook in notebooks/, source/ or release/: nothing to look at")
    outcome = Outcome(looked_at=len(notebooks))
    ours = {path.resolve() for path in course.notebooks()} if course else set()
    recordable: list[Path] = []
    for path in notebooks:
        name = course.name(path) if course else str(path)
        content = path.read_bytes()
        result = canonical(content, kind_of(path))
        outcome.changed += [f"{name}: {change}" for change in result.changes]
        outcome.problems += [f"{name}: {problem}" for problem in result.problems]
        if result.changes and not check:
            write_atomically(path, result.text.encode())
        if path.resolve() in ours:
            recordable.append(path)
    if course and not check:
        course.record(recordable)
    if course and check:
        asked = {course.name(path) for path in recordable}
        untidy = {message.partition(":")[0] for message in outcome.changed + outcome.problems}
        outcome.problems += [
            message
            for message in course.unrecorded(command="tidy")
            if (not paths or message.partition(":")[0] in asked)
            and message.partition(":")[0] not in untidy
        ]
    return outcome


@click.command("tidy")
@click.option("--check", is_flag=True, help="Change nothing; exit 1 if anything would change.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
def tidy_command(paths: tuple[Path, ...], *, check: bool) -> None:
    """Bring notebooks into their canonical form.

    Without PATHS: all of notebooks/, source/ and release/. What can be mended is mended; what
    cannot is reported with its file, its cell and what to do, and the exit status is then 1.
    """
    outcome = tidy(paths, check=check)
    for message in outcome.changed:
        click.echo(message, err=check)
    for message in outcome.problems:
        click.echo(message, err=True)
    if check and outcome.changed:
        click.echo("To mend this: taketurns tidy", err=True)
    if outcome.problems or (check and outcome.changed):
        raise SystemExit(1)
    count = f"{outcome.looked_at} notebook" + ("" if outcome.looked_at == 1 else "s")
    click.echo(f"{count}, all in their canonical form.")
