"""The places that source comes from: a notebook cell, a module, a test file."""

from __future__ import annotations

import ast
import functools
import linecache
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .errors import SourceError
from .scopes import FunctionNode, Scopes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import CodeType

Definition = FunctionNode | ast.ClassDef | ast.Lambda


@dataclass(frozen=True, eq=False)
class Statement:
    """A statement at the top of a unit."""

    unit: Unit
    index: int
    node: ast.stmt

    @cached_property
    def outside(self) -> tuple[set[str], set[str]]:
        """Global names that are looked up at once, and those that are looked up later."""
        return self._scopes.outside_names()

    @property
    def needs_now(self) -> set[str]:
        """Global names that are looked up when the statement is executed."""
        return self.outside[0]

    @property
    def needs_later(self) -> set[str]:
        """Global names that are looked up when a function in it is called."""
        return self.outside[1]

    @cached_property
    def binds(self) -> frozenset[str]:
        """The global names that executing the statement binds."""
        return frozenset(self._scopes.top.bindings)

    @cached_property
    def finalises(self) -> bool:
        """Whether it has something that the collector of garbage may call."""
        return finalises(self.node)

    @cached_property
    def _scopes(self) -> Scopes:
        return Scopes(ast.Module([self.node], []))

    @property
    def is_definition(self) -> bool:
        """Whether it is a `def` or a `class`, which calls nothing but its decorators and bases."""
        return isinstance(self.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))

    def contains(self, line: int) -> bool:
        """Whether the line belongs to it, decorators included."""
        return first_line(self.node) <= line <= (self.node.end_lineno or self.node.lineno)

    def changes(self, name: str, *, calls: bool) -> bool:
        """Whether it assigns to a part of `name`, or (if `calls`) calls a method of it."""
        node = self.node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            # `@name.register` of a function found by singledispatch, `@app.route(…)` …
            return any(
                _root(use.func if isinstance(use, ast.Call) else use) == name
                for use in node.decorator_list
            )
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            return calls and _root(node.value.func) == name
        if isinstance(node, (ast.Assign, ast.Delete)):
            targets = node.targets
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
            targets = [node.target]
        else:
            return False
        return any(_root(target) == name for target in targets)


class Unit:
    """A parsed cell or file."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.lines = text.splitlines()
        self._normals: dict[int, tuple[ast.AST, str]] = {}  # the tree keeps its id
        self.tree = self.parse()
        self.statements = [Statement(self, at, node) for at, node in enumerate(self.tree.body)]

    def normal(self, node: ast.AST) -> str:
        """A tree of this unit as text: the same for every layout, and for every version of Python.

        Kept, because a program that is stepped or has sliders is asked for again and again.
        """
        if id(node) not in self._normals:
            self._normals[id(node)] = node, _normal(node)
        return self._normals[id(node)][1]

    def parse(self) -> ast.Module:
        """A fresh tree, to be rewritten."""
        try:
            return ast.parse(self.text, self.file)
        except SyntaxError as error:
            line = (error.text or "").strip()
            raise SourceError(
                f"line {error.lineno} of {self.file} is not Python: {line!r} ({error.msg}). "
                "If it is a command of IPython (%, !, ?), move it into a cell of its own."
            ) from None

    @cached_property
    def flags(self) -> int:
        """What its `from __future__ import …` ask of the compiler."""
        import __future__

        flags = 0
        for node in self.tree.body:
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                for alias in node.names:
                    flags |= getattr(__future__, alias.name).compiler_flag
        return flags

    def binders(self, name: str) -> list[Statement]:
        """The statements that bind `name`, in their order."""
        return [statement for statement in self.statements if name in statement.binds]

    @cached_property
    def definitions(self) -> list[tuple[str, Definition]]:
        """Every function, class and lambda, with its qualified name."""
        return list(_definitions(self.tree, ""))

    def function(self, code: CodeType) -> Definition | None:
        """The `def` or lambda that a code object was compiled from."""
        found: list[Definition] = []
        for _, node in self.definitions:
            if isinstance(node, ast.ClassDef) or first_line(node) != code.co_firstlineno:
                continue
            name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
            if name == code.co_name:
                found.append(node)
        if len(found) > 1 and code.co_name == "<lambda>":
            found = [node for node in found if _spans(node, code)] or found
            found.sort(key=_width)
        return found[0] if found else None

    def klass(self, qualname: str, lines: Sequence[int]) -> ast.ClassDef | None:
        """The `class` of this qualified name that contains the lines (of its methods)."""
        found = [
            node
            for name, node in self.definitions
            if name == qualname and isinstance(node, ast.ClassDef)
        ]
        fitting = [
            node
            for node in found
            if all(node.lineno <= at <= (node.end_lineno or 0) for at in lines)
        ]
        candidates = fitting or found
        return candidates[-1] if candidates else None

    def statement_of(self, node: ast.AST) -> Statement:
        """The statement at the top that contains a node."""
        line: int = node.lineno  # type: ignore[attr-defined]
        inside = [statement for statement in self.statements if statement.contains(line)]
        for statement in inside:
            if any(part is node for part in ast.walk(statement.node)):
                return statement
        raise AssertionError("the node is of another tree")


def finalises(tree: ast.AST) -> bool:
    """Whether this may make something that is called when its owner is collected."""
    return any(_finalises(node) for node in ast.walk(tree))


def _finalises(node: ast.AST) -> bool:
    if isinstance(node, (ast.Try, ast.With)):
        return any(isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in ast.walk(node))
    names = (getattr(node, "name", ""), getattr(node, "id", ""), getattr(node, "attr", ""))
    return any(name in ("__del__", "weakref", "finalize", "ref") for name in names)


def unit(file: str) -> Unit | None:
    """The unit that a code object's file name stands for; None if its source is not known."""
    if not file.startswith("<"):
        linecache.checkcache(file)
    lines = linecache.getlines(file)
    return unit_of(file, "".join(lines)) if lines else None


@functools.lru_cache(256)
def unit_of(file: str, text: str) -> Unit:
    """The unit of a text, which is read once."""
    return Unit(file, text)


def cells_like(file: str, namespace: Mapping[str, Any]) -> Iterator[Unit]:
    """The cells of the notebook that `file` is a cell of, the most recently run first.

    ipykernel and xeus-python name them by a folder of their own, IPython `<ipython-input-…>`; all
    leave the source in `linecache`, in the order of the first run. `_ih`, where IPython keeps its
    history, tells which of them was run again.
    """
    head, _, tail = file.replace("\\", "/").rpartition("/")
    names = []
    for name, entry in list(linecache.cache.items()):
        folder, _, last = name.replace("\\", "/").rpartition("/")
        same = folder == head if head else last.startswith(tail.partition("-")[0]) and not folder
        if same and len(entry) == 4:
            names.append(name)
    history = namespace.get("_ih")
    runs: dict[str, int] = {}
    if isinstance(history, list):
        runs = {str(text).strip(): at for at, text in enumerate(history)}
    order = {}
    for at, name in enumerate(names):
        text = "".join(linecache.getlines(name))
        order[name] = (runs.get(text.strip(), -1), at)
    for name in sorted(names, key=lambda name: order[name], reverse=True):
        try:
            found = unit(name)
        except SourceError:
            continue  # a cell that never ran
        if found is not None:
            yield found


def first_line(node: ast.AST) -> int:
    """The first line of a definition: its first decorator's, if it has any."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    line: int = node.lineno  # type: ignore[attr-defined]
    return min([line, *(decorator.lineno for decorator in decorators)])


def find_again(tree: ast.Module, node: ast.AST) -> ast.AST:
    """The node of a fresh tree that stands where `node` stands in its own."""
    place = _place(node)
    for other in ast.walk(tree):
        if type(other) is type(node) and _place(other) == place:
            return other
    raise AssertionError("the tree is of another text")


def _place(node: ast.AST) -> tuple[int | None, ...]:
    names = ("lineno", "col_offset", "end_lineno", "end_col_offset")
    return tuple(getattr(node, name, None) for name in names)


def _definitions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Definition]]:
    for child in ast.iter_child_nodes(node):
        inner = prefix
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield f"{prefix}{child.name}", child
            inner = f"{prefix}{child.name}.<locals>."
        elif isinstance(child, ast.Lambda):
            yield f"{prefix}<lambda>", child
            inner = f"{prefix}<lambda>.<locals>."
        elif isinstance(child, ast.ClassDef):
            yield f"{prefix}{child.name}", child
            inner = f"{prefix}{child.name}."
        yield from _definitions(child, inner)


def _spans(node: Definition, code: CodeType) -> bool:
    """Whether a lambda's body covers exactly what its code was compiled from."""
    assert isinstance(node, ast.Lambda)
    positions = [
        (line, column, end_line, end_column)
        for line, end_line, column, end_column in code.co_positions()
        if line is not None and column is not None and end_line is not None and end_column
    ]
    if not positions:
        return True
    start = min((line, column) for line, column, _, _ in positions)
    end = max((line, column) for _, _, line, column in positions)
    body = node.body
    return start >= (body.lineno, body.col_offset) and end == (body.end_lineno, body.end_col_offset)


def _width(node: Definition) -> tuple[int, int]:
    return (node.end_lineno or 0) - node.lineno, (node.end_col_offset or 0) - node.col_offset


def _root(node: ast.expr) -> str | None:
    """`a` of `a.b[c].d`; None if it is nothing like that."""
    if not isinstance(node, (ast.Attribute, ast.Subscript)):
        return None
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _normal(node: object) -> str:
    """A tree as text, without positions and without what differs between versions of Python."""
    if isinstance(node, ast.JoinedStr):
        # Python 3.12.0 and 3.12.1 put an empty text at the end of some formats.
        parts = [_normal(v) for v in node.values if getattr(v, "value", None) != ""]
        return f"JoinedStr({', '.join(parts)})"
    if isinstance(node, ast.AST):
        parts = [
            f"{name}={_normal(value)}"
            for name, value in ast.iter_fields(node)
            if value not in (None, []) and name not in ("kind", "type_comment", "type_ignores")
        ]
        return f"{type(node).__name__}({', '.join(parts)})"
    if isinstance(node, list):
        return f"[{', '.join(map(_normal, node))}]"
    return repr(node)
