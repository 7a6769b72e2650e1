"""Which cell of the course covers which part of its subject, told by the tags of the cells.

A cell that covers part 4 carries the tag `covers-4`. A part may have several such cells.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click
import nbformat

from taketurns.course import readme
from taketurns.course.binder import title
from taketurns.course.errors import CourseError
from taketurns.course.folder import Course

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PART = "outline"
TAG = re.compile(r"covers-([1-9][0-9]*)")

SUBJECT: tuple[str, ...] = (
    "When threads help: waiting for input and output, not computing under the GIL",
    "`Thread(target, args)`, `start` and `join`; two downloads that take as long as one",
    "Subclasses of `Thread` that override `run` and keep a state of their own",
    "Shared data and races: `counter += 1` is a read and a write",
    "Locks: `with lock`, given back even when the block raises",
    "`RLock`: taken again by the thread that has it",
    "`Condition`: `wait` and `notify`",
    "`Semaphore`: a fixed number of resources",
    "`Event`: one signals, others wait",
    "`Barrier`: threads that work in phases",
    "Queues: producer, consumer, poison pill, `task_done`",
    "Daemon threads, and how a program ends",
    "Good habits: focused threads, not too many, always joined; queues; errors in threads",
    "`ThreadPoolExecutor`: `with`, `map`, `max_workers`",
    "Pitfalls: no join, deadlock, races, beliefs about the GIL, globals and `threading.local`",
)
"""The parts of the subject, numbered from 1: what a course on Python's threads has to cover."""


def homes(course: Course) -> dict[int, list[tuple[str, str, str]]]:
    """Return for each part the path, title and id of each cell of a released topic that covers it.

    Raises CourseError if a cell names a part that there is not.
    """
    found: dict[int, list[tuple[str, str, str]]] = {n + 1: [] for n in range(len(SUBJECT))}
    for path in course.notebooks("release"):
        name = course.name(path)
        for cell in nbformat.read(path, as_version=4).cells:
            for tag in cell.metadata.get("tags", []):
                match = TAG.fullmatch(tag)
                if match is None:
                    continue
                if int(match[1]) not in found:
                    raise CourseError(
                        f"{name}, cell {cell.id}: the tag {tag} names a part that is not in the "
                        f"outline, whose parts are 1 to {len(SUBJECT)}"
                    )
                found[int(match[1])].append((name, title(path), cell.id))
    return found


def table(found: Mapping[int, Sequence[tuple[str, str, str]]]) -> str:
    """Return the outline as a table in Markdown: each part, and the cells that cover it."""
    rows = ["| part | covered in |", "|---|---|"]
    for number, cells in found.items():
        by_topic: dict[str, list[str]] = {}
        for path, heading, cell in cells:
            by_topic.setdefault(f"[{heading}]({path})", []).append(f"`{cell}`")
        where = "; ".join(f"{topic}: {', '.join(ids)}" for topic, ids in by_topic.items())
        rows.append(f"| {number}. {SUBJECT[number - 1]} | {where or '**nowhere**'} |")
    return "\n".join(rows)


def problems(course: Course) -> list[str]:
    """Return what is wrong: parts that no cell covers, and a README that says something else."""
    found = homes(course)
    messages = [
        f"part {number} is covered nowhere: {SUBJECT[number - 1]}. Give the cell that covers it "
        f"the tag covers-{number}, in source/, then run `taketurns release`."
        for number, cells in found.items()
        if not cells
    ]
    if readme.read(course, PART) != table(found):
        messages.append("README.md has another outline: run `taketurns outline --write`")
    return messages


@click.command("outline")
@click.option("--write", is_flag=True, help="Write the table into README.md too.")
@click.option("--check", is_flag=True, help="Print what is wrong; exit 1 if something is.")
def outline_command(*, write: bool, check: bool) -> None:
    """Show which cell of the course covers which part of its subject."""
    course = Course.here()
    if check:
        messages = problems(course)
        for message in messages:
            click.echo(message, err=True)
        if messages:
            raise SystemExit(1)
        click.echo(f"Each of the {len(SUBJECT)} parts is covered, and README.md says where.")
        return
    text = table(homes(course))
    if write:
        readme.write(course, PART, text)
    click.echo(text)
