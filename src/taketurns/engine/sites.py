"""The places in the learner's source that hooks speak of by number."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_numbers = itertools.count()  # no two plans share one, so that they may share compiled code


@dataclass(frozen=True, slots=True)
class Site:
    """A place in the source: an expression, or the loop or function that a tick belongs to."""

    file: str
    line: int
    col: int
    text: str


class Sites(Mapping[int, Site]):
    """The sites of a plan, by number. Their text is cut out of the source when asked for."""

    def __init__(self) -> None:
        self._places: dict[int, tuple[str, Sequence[str], ast.expr | ast.stmt]] = {}

    def add(self, file: str, lines: Sequence[str], node: ast.expr | ast.stmt) -> int:
        """The number of a new site; `lines` is the text of the whole file."""
        number = next(_numbers)
        self._places[number] = file, lines, node
        return number

    def update(self, others: Sites) -> None:
        """Take over the sites of code that others have had compiled."""
        self._places |= others._places

    def __getitem__(self, number: int) -> Site:
        file, lines, node = self._places[number]
        return Site(file, node.lineno, node.col_offset, _text(lines, node))

    def __iter__(self) -> Iterator[int]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _text(lines: Sequence[str], node: ast.expr | ast.stmt) -> str:
    """The source of a node: all of a one-line expression, else its first line."""
    if node.lineno > len(lines):
        return ast.unparse(node) if isinstance(node, ast.expr) else ""
    line = lines[node.lineno - 1].encode()
    one_line = isinstance(node, ast.expr) and node.end_lineno == node.lineno
    end = node.end_col_offset if one_line else None
    return line[node.col_offset : end].decode(errors="replace").strip()
