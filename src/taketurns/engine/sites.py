"""The places in the learner's source that hooks speak of by number."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Site:
    """A place in the source: an expression, or the loop or function that a tick belongs to."""

    file: str
    line: int
    col: int
    text: str


class Sites(Mapping[int, Site]):
    """All sites of a plan, by number. Their text is cut out of the source when asked for."""

    def __init__(self) -> None:
        self._places: list[tuple[str, Sequence[str], ast.expr | ast.stmt]] = []

    def add(self, file: str, lines: Sequence[str], node: ast.expr | ast.stmt) -> int:
        """The number of a new site; `lines` is the text of the whole file."""
        self._places.append((file, lines, node))
        return len(self._places) - 1

    def __getitem__(self, number: int) -> Site:
        file, lines, node = self._places[number]
        return Site(file, node.lineno, node.col_offset, _text(lines, node))

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self._places)))

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
