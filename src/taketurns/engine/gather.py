"""Collects what a program needs: from its names, the statements that bind them.

The live value of each name decides how a world gets it: modules from the world's import, plain
data as a copy, a library's classes and functions as they are, and the learner's own by executing
their statements again. What was defined inside of a function is made again by itself, with the
variables of the enclosing function that it shares with others.
"""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import pathlib
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, cast

from .errors import SourceError
from .models import facade
from .units import Definition, Statement, Unit, cells_like, unit
from .values import (
    cells_of,
    code_places,
    function_of,
    importable,
    is_library_file,
    is_library_value,
    is_librarys,
    is_taketurns,
    plainness,
)
from .world import Refusal, is_learners

if TYPE_CHECKING:
    from .build import Build

Maker = Callable[["Build"], Any]  # gives a world its own of something


class Space:
    """A namespace of the learner's: what is taken from it, and how."""

    def __init__(self, live: dict[str, Any], file: str) -> None:
        self.live = live
        self.file = file
        self.makers: dict[str, Maker] = {}
        self.chosen: dict[Statement, None] = {}
        self.needed: set[str] = set()

    def units(self) -> Iterator[Unit]:
        """Where its names may be bound, the most recent first."""
        own = self.live.get("__file__")
        if isinstance(own, str) and is_learners(own) and not _is_cell(self.file):
            found = unit(self.file)
            if found is not None:
                yield found
        else:
            yield from cells_like(self.file, self.live)

    def ordered(self) -> list[Statement]:
        """The chosen statements in an order in which every one finds what it needs."""
        position = {found.file: at for at, found in enumerate(reversed(list(self.units())))}
        natural = sorted(
            self.chosen, key=lambda s: (position.get(s.unit.file, len(position)), s.index)
        )
        binders: dict[str, list[Statement]] = {}
        for statement in natural:
            for name in statement.binds:
                binders.setdefault(name, []).append(statement)
        done: dict[Statement, None] = {}
        visiting: set[Statement] = set()

        def visit(statement: Statement) -> None:
            if statement in visiting:
                return
            visiting.add(statement)
            for name in sorted(self._needs(statement, binders)):
                for other in _before(statement, binders.get(name, [])):
                    visit(other)
            done[statement] = None

        for statement in natural:
            visit(statement)
        return list(done)

    def _needs(self, statement: Statement, binders: dict[str, list[Statement]]) -> set[str]:
        """What must be there when it is executed: what its expressions use, and what they call."""
        needs = set(statement.needs_now) - (statement.binds if statement.is_definition else set())
        todo = list(needs)
        while todo:
            for binder in binders.get(todo.pop(), []):
                new = (binder.needs_later | binder.needs_now) - needs
                needs |= new
                todo += new
        return needs


def _before(statement: Statement, binders: list[Statement]) -> list[Statement]:
    """Of the statements that bind a name, those that `statement` comes after in its own unit."""
    earlier = [s for s in binders if s.unit is statement.unit and s.index < statement.index]
    if statement in binders and earlier:
        return earlier
    own = [s for s in binders if s.unit is statement.unit]
    return earlier or ([] if statement in own else binders)


def _is_cell(file: str) -> bool:
    return file.startswith("<") or not pathlib.Path(file).exists()


@dataclass(eq=False)
class Made:
    """A function or class that was defined inside of a function, to be made again."""

    unit: Unit
    node: Definition
    space: Space
    name: str
    decorated: bool
    free: dict[str, tuple[int, Maker]] = field(
        default_factory=dict
    )  # identity of the cell, content
    defaults: tuple[Maker, ...] | None = None
    kwdefaults: dict[str, Maker] | None = None
    attributes: dict[str, Maker] = field(default_factory=dict)


class Gathered:
    """Collects what a program needs, from its live objects and their source."""

    def __init__(self, program: Any) -> None:
        self.spaces: dict[int, Space] = {}
        self.made: dict[int, Made] = {}
        self.keep: list[object] = []  # what is identified by address
        self._known: dict[str, Any] = {}  # values of enclosing functions' variables seen so far
        self._makers: dict[int, Maker] = {}
        home = self._space(_home(program))  # replayed statement by statement, never imported
        self.entry = self._value(program, name_of(program), home)
        self.script: list[tuple[Space, list[Statement]]] = [
            (space, space.ordered()) for space in reversed(self.spaces.values())
        ]

    def fingerprint(self) -> str:
        """A hash of all that is replayed, the same on every version of Python."""
        import hashlib

        digest = hashlib.sha256()
        for _, statements in self.script:
            for statement in statements:
                digest.update(statement.unit.normal(statement.node).encode())
        for made in self.made.values():
            digest.update(made.unit.normal(made.node).encode())
        return digest.hexdigest()

    def _space(self, function: FunctionType) -> Space:
        live = function.__globals__
        space = self.spaces.get(id(live))
        if space is None:
            space = self.spaces[id(live)] = Space(
                live, inspect.unwrap(function).__code__.co_filename
            )
        return space

    # -- names of namespaces ----------------------------------------------------------------------

    def _need(self, space: Space, name: str) -> None:
        """See to it that the world has a global name."""
        if name in space.needed or name.startswith("__") or name not in space.live:
            return
        space.needed.add(name)
        value = space.live[name]
        maker = self._simple(value, name, space.live)
        if maker is not None:
            space.makers[name] = maker
            return
        statements = self._binders(space, name, value)
        if statements:
            for statement in statements:
                self._choose(space, statement)
        else:
            space.makers[name] = self._value(value, name, space)

    def _choose(self, space: Space, statement: Statement) -> None:
        if statement not in space.chosen:
            space.chosen[statement] = None
            for name in sorted(statement.needs_now | statement.needs_later):
                self._need(space, name)

    def _binders(self, space: Space, name: str, value: Any) -> list[Statement]:
        """The statements that gave a name its value."""
        lines = code_places(value)
        for file, line in lines:
            found = unit(file) if not is_library_file(file) else None
            for statement in found.binders(name) if found is not None else ():
                if statement.contains(line):
                    assert found is not None
                    earlier = [s for s in found.binders(name) if s.index < statement.index]
                    return [
                        *(earlier if name in statement.needs_now else ()),  # `class A(A): ...`
                        statement,
                        *_changes(found, statement, name, calls=False),
                    ]
        for found in space.units():
            statements = [s for s in found.binders(name) if not isinstance(s.node, _IMPORTS)]
            if statements:
                # From the last plain binding on; the earlier ones made values that are gone.
                last = statements[-1]
                if name not in last.needs_now and isinstance(
                    last.node, (ast.Assign, ast.AnnAssign)
                ):
                    statements = [last]
                changes = _changes(found, statements[0], name, calls=True)
                return sorted({*statements, *changes}, key=lambda s: s.index)
        return []

    # -- values -----------------------------------------------------------------------------------

    def _simple(self, value: Any, name: str, live: dict[str, Any]) -> Maker | None:
        """How a world gets a value that needs no source of this space; None for others."""
        plain = plainness(value)
        if plain == 1:
            return lambda build: value
        if plain == 2:
            return lambda build: build.world.copied(value)
        if isinstance(value, ModuleType):
            full = value.__name__
            if sys.modules.get(full) is value or full.partition(".")[0] == "taketurns":
                return lambda build: build.world.module(full)
            return lambda build: value
        place = facade.counterpart(value)
        if place is not None:
            module, attribute = place
            return lambda build: getattr(build.world.module(module), attribute)
        if is_taketurns(value):
            return lambda build: Refusal(name)
        if isinstance(value, (type, FunctionType)):
            path = importable(value, live)
            if path is not None:
                return lambda build: build.imported(*path)
            if is_librarys(value) and not hasattr(value, "__wrapped__"):
                return lambda build: value
        elif (
            isinstance(value, types.BuiltinFunctionType)
            and isinstance(value.__self__, ModuleType | None)
        ) or is_library_value(value):
            return lambda build: value
        return None

    def _value(self, value: Any, name: str, space: Space | None = None) -> Maker:
        """How a world gets any value; raises SourceError if there is no way."""
        known = self._makers.get(id(value))
        if known is None:
            self.keep.append(value)
            # A function may be met again while its own needs are looked at.
            self._makers[id(value)] = functools.partial(self._make, id(value))
            known = self._makers[id(value)] = self._find_maker(value, name, space)
        return known

    def _make(self, key: int, build: Build) -> Any:
        return self._makers[key](build)

    def _find_maker(self, value: Any, name: str, space: Space | None) -> Maker:
        live = space.live if space is not None else {}
        simple = self._simple(value, name, live)
        if simple is not None:
            return simple
        if isinstance(value, functools.partial):
            return self._partial(value, name, space)
        if type(value) in (list, tuple, set, frozenset, dict):
            return self._structure(value, name, space)
        if isinstance(value, types.MethodType):
            owner = self._value(value.__self__, name, space)
            return lambda build: getattr(owner(build), value.__name__)
        # What a decorator of the learner's returned is made again by itself; what a library's
        # decorator returned, by decorating again.
        own = isinstance(value, FunctionType) and not is_librarys(value)
        function = value if own else function_of(value)
        if function is not None:
            return self._function(value, function)
        if isinstance(value, type):
            return self._class(value, name, space)
        for where in [*self.spaces.values()]:
            for global_name, other in list(where.live.items()):
                if (
                    other is value
                    and not global_name.startswith("_")
                    and self._binders(where, global_name, other)
                ):
                    self._need(where, global_name)
                    return _global(where, global_name)
        raise SourceError(
            f"`{name}` is {_a(type(value).__name__)} made where its source cannot be replayed; "
            "make it inside the program"
        )

    def _partial(self, value: functools.partial[Any], name: str, space: Space | None) -> Maker:
        function = self._value(value.func, name, space)
        args = [
            self._value(arg, f"argument {at + 1} of {name}", space)
            for at, arg in enumerate(value.args)
        ]
        keywords = {key: self._value(arg, key, space) for key, arg in value.keywords.items()}
        return lambda build: functools.partial(
            function(build),
            *(arg(build) for arg in args),
            **{key: arg(build) for key, arg in keywords.items()},
        )

    def _structure(self, value: Any, name: str, space: Space | None) -> Maker:
        """A container of things that are not all plain."""
        if isinstance(value, dict):
            pairs = [
                (self._value(k, name, space), self._value(v, f"{name}[…]", space))
                for k, v in value.items()
            ]
            return lambda build: build.once(
                value, lambda: {key(build): item(build) for key, item in pairs}
            )
        items = [self._value(item, f"{name}[…]", space) for item in value]
        kind = type(value)
        return lambda build: build.once(value, lambda: kind(item(build) for item in items))

    def _function(self, value: Any, function: FunctionType) -> Maker:
        """A learner's function: by its global name, or made again from its node."""
        space = self._space(function)
        name = str(getattr(value, "__name__", function.__name__))
        if space.live.get(name) is value and self._binders(space, name, value):
            self._need(space, name)
            return lambda build: build.namespace(space)[name]
        code = function.__code__
        found = unit(code.co_filename)
        if found is None:
            raise SourceError(
                f"the source of `{function.__name__}` cannot be found (it comes from "
                f"{code.co_filename}). Define it in a notebook cell, a module or a test file."
            )
        node = found.function(code)
        if node is None:
            raise SourceError(
                f"`{function.__name__}` is not where it was in {code.co_filename} any more "
                "(the file has changed). Run its cell again, or import its module anew."
            )
        made = Made(found, node, space, function.__code__.co_name, decorated=value is not function)
        self.made[id(value)] = made
        self._free(made, cells_of(function), [])
        if not made.decorated:
            name = function.__name__
            if function.__defaults__:
                made.defaults = tuple(
                    self._value(default, f"default of {name}", space)
                    for default in function.__defaults__
                )
            if function.__kwdefaults__:
                made.kwdefaults = {
                    key: self._value(default, key, space)
                    for key, default in function.__kwdefaults__.items()
                }
            made.attributes = {
                key: self._value(item, f"{name}.{key}", space) for key, item in vars(value).items()
            }
        return lambda build: build.remade(value)

    def _class(self, value: type, name: str, space: Space | None) -> Maker:
        """A learner's class: by its global name, or made again from its node."""
        methods = [f for f in map(function_of, vars(value).values()) if f is not None]
        methods = [f for f in methods if f.__qualname__.startswith(f"{value.__qualname__}.")]
        own = self._space(methods[0]) if methods else space
        if own is not None:
            if own.live.get(value.__name__) is value:
                self._need(own, value.__name__)
                return lambda build: build.namespace(own)[value.__name__]
            files = [m.__code__.co_filename for m in methods] or [own.file]
            found = unit(files[0])
            lines = [m.__code__.co_firstlineno for m in methods]
            node = found.klass(value.__qualname__, lines) if found is not None else None
            if found is not None and node is not None:
                made = Made(found, node, own, value.__name__, decorated=True)
                self.made[id(value)] = made
                cells: dict[str, types.CellType] = {}
                for method in methods:
                    cells |= cells_of(method)
                cells.pop("__class__", None)
                self._free(made, cells, [*value.__bases__, type(value)])
                return lambda build: build.remade(value)
        raise SourceError(
            f"the source of the class `{name}` cannot be found; define it inside the program"
        )

    def _free(self, made: Made, cells: dict[str, types.CellType], others: list[Any]) -> None:
        """Resolve the names that a nested definition takes from outside."""
        for name, cell in cells.items():
            try:
                self._known[name] = cell.cell_contents
            except ValueError:
                continue
        self._known |= {str(other.__name__): other for other in others if other is not type}
        node = made.node
        statement: ast.stmt = ast.Expr(node) if isinstance(node, ast.Lambda) else node
        now, later = Statement(made.unit, 0, statement).outside
        if not made.decorated:
            now = set()
        for name in sorted((now | later) - {made.name}) + (
            [made.name] if made.name in cells else []
        ):
            if name in cells:
                cell = cells[name]
                self.keep.append(cell)
                try:
                    content = self._value(cell.cell_contents, name, made.space)
                except ValueError:
                    content = _unbound
                made.free[name] = (id(cell), content)
            elif name in made.space.live:
                self._need(made.space, name)
            elif name in self._known and not hasattr(builtins, name):
                value = self._known[name]
                made.free[name] = (id(value), self._value(value, name, made.space))


_IMPORTS = (ast.Import, ast.ImportFrom)


def _unbound(build: Build) -> Any:
    raise ValueError


def _changes(found: Unit, after: Statement, name: str, *, calls: bool) -> list[Statement]:
    """The statements of a unit that change the value of a name after it was bound."""
    return [
        statement
        for statement in found.statements[after.index + 1 :]
        if statement.changes(name, calls=calls)
    ]


def _home(program: Any) -> FunctionType:
    """The function at the heart of a program, whose namespace is where the program lives."""
    while isinstance(program, functools.partial):
        program = program.func
    function: Any = program.__func__ if isinstance(program, types.MethodType) else program
    return cast("FunctionType", function)


def name_of(program: Any) -> str:
    """What a program is called; a lambda by its text."""
    while isinstance(program, functools.partial):
        program = program.func
    name: str = getattr(program, "__name__", type(program).__name__)
    if name == "<lambda>":
        found = unit(program.__code__.co_filename)
        node = found.function(program.__code__) if found is not None else None
        if found is not None and node is not None and node.lineno == node.end_lineno:
            line = found.lines[node.lineno - 1].encode()
            return line[node.col_offset : node.end_col_offset].decode()
    return name


def _global(space: Space, name: str) -> Maker:
    return lambda build: build.namespace(space)[name]


def _a(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"
