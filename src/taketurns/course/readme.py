"""Parts of README.md that commands write, each between two markers of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from taketurns.course.errors import CourseError
from taketurns.course.folder import write_atomically

if TYPE_CHECKING:
    from taketurns.course.folder import Course


def parts(course: Course, name: str) -> tuple[str, str, str]:
    """Return README up to the part of this name, the part, and the rest.

    Raises CourseError if README does not have both markers, once each and in order.
    """
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    path = course.root / "README.md"
    text = path.read_bytes().decode("utf-8") if path.is_file() else ""
    found = re.fullmatch(
        f"(.*{re.escape(begin)}\r?\n)(.*?)(\r?\n{re.escape(end)}.*)", text, re.DOTALL
    )
    if found is None or text.count(begin) != 1 or text.count(end) != 1:
        raise CourseError(
            f"{path}: the part {name!r} has no place in it. Put these two lines where it shall "
            f"stand, once each, with a line between them:\n{begin}\n\n{end}"
        )
    return found[1], found[2], found[3]


def read(course: Course, name: str) -> str:
    """Return a part of README, with plain line ends; raise CourseError as `parts` does."""
    return parts(course, name)[1].replace("\r\n", "\n")


def write(course: Course, name: str, text: str) -> None:
    """Write a part of README, in README's own line ends; raise CourseError as `parts` does."""
    before, here, after = parts(course, name)
    if "\r\n" in before:
        text = text.replace("\n", "\r\n")
    if here != text:
        write_atomically(course.root / "README.md", f"{before}{text}{after}".encode())
