"""Finds the source of a program and of all that it uses, and plans how to replay it.

A cell holds more than definitions (it calls `explore`, prints, shows sliders), so cells are not
executed again as a whole: from the names that the program uses, and those that their definitions
use, the statements that bind them are chosen. The live value of each name decides how the world
gets it: modules from the world's import, plain data as a copy, a library's classes and functions
as they are, and the learner's own by executing their statements again.
"""

from __future__ import annotations

import ast
import builtins
import collections
import datetime
import decimal
import enum
import fractions
import functools
import hashlib
import inspect
import pathlib
import re
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import CodeType, FunctionType, ModuleType
from typing import Any

from .errors import ProgramError, SourceError
from .hooks import Cell
from .models import facade
from .rewrite import NO_SURFACE, rewrite, surface
from .scheduler import Scheduler
from .sites import Sites
from .units import Definition, Statement, Unit, cells_like, find_again, unit
from .world import Code, Refusal, World, is_learners

Maker = Callable[["_Build"], Any]


class Plan:
    """How to run a program in a fresh world, any number of times."""

    def __init__(self, name: str, fingerprint: str, script: _Script, gathered: _Gatherer) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self._script = script
        self._gathered = gathered

    @property
    def sites(self) -> Sites:
        """The places that the steps of a run refer to by number."""
        return self._script.code.sites

    def instantiate(self, sched: Scheduler) -> Callable[[], object]:
        """The program as a function of no arguments; call it in the run's main thread."""
        return lambda: _Build(sched, self._script, self._gathered).program()()


def plan(program: object) -> Plan:
    """Find all that the program needs.

    Raises ProgramError if it is not a function of no arguments, SourceError (one of these) if the
    source of something that it uses cannot be found.
    """
    _check(program)
    gathered = _Gatherer(program)
    script = _script(gathered)
    return Plan(_name_of(program), gathered.fingerprint(), script, gathered)


def _check(program: Any) -> None:
    """Refuse what cannot be called without arguments and run to its end."""
    inner = program
    while isinstance(inner, functools.partial):
        inner = inner.func
    if isinstance(inner, (types.CoroutineType, types.GeneratorType)) or not callable(program):
        raise ProgramError(
            f"a program is a function of no arguments, not {program!r}. "
            "Pass the function itself, without calling it."
        )
    if not isinstance(inner, (FunctionType, types.MethodType)):
        raise ProgramError(
            f"a program is a function whose source can be read, not {program!r}. "
            "Wrap it in one: lambda: …"
        )
    function: Any = inspect.unwrap(inner)
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise ProgramError(f"{_name_of(program)} is an async function; a program is an ordinary one")
    if inspect.isgeneratorfunction(function):
        raise ProgramError(
            f"{_name_of(program)} contains `yield`: calling it runs nothing. Use an ordinary function."
        )
    required = [
        name
        for name, parameter in inspect.signature(program).parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if required:
        name = _name_of(program)
        raise ProgramError(
            f"{name} takes arguments ({', '.join(required)}). "
            f"Pass a function of no arguments, for example `lambda: {name}(…)`."
        )


def _home(program: Any) -> FunctionType:
    """The function at the heart of a program, whose namespace is where the program lives."""
    while isinstance(program, functools.partial):
        program = program.func
    function: FunctionType = program.__func__ if isinstance(program, types.MethodType) else program
    return function


def _name_of(program: Any) -> str:
    while isinstance(program, functools.partial):
        program = program.func
    name: str = getattr(program, "__name__", type(program).__name__)
    if name == "<lambda>":
        found = unit(program.__code__.co_filename)
        node = found.function(program.__code__) if found is not None else None
        if found is not None and node is not None:
            text = ast.get_source_segment(found.text, node)
            if text is not None and "\n" not in text:
                return text
    return name


# -- what a name is ---------------------------------------------------------------------------------

_IMMUTABLE = (
    *(bool, int, float, complex, str, bytes, type(None), type(...), type(NotImplemented), range),
    *(decimal.Decimal, fractions.Fraction, re.Pattern),
    *(datetime.date, datetime.time, datetime.datetime, datetime.timedelta, datetime.timezone),
)
_CONTAINERS: tuple[type, ...] = (
    *(list, set, bytearray, collections.deque, dict),
    *(collections.defaultdict, collections.Counter, collections.OrderedDict),
)


def _plainness(value: Any, seen: set[int] | None = None) -> int:
    """0: not plain data; 1: plain and immutable; 2: plain, to be copied."""
    kind = type(value)
    if kind in _IMMUTABLE or isinstance(value, pathlib.PurePath):
        return 1
    seen = set() if seen is None else seen
    if id(value) in seen:
        return 2
    seen.add(id(value))
    if kind in (tuple, frozenset):
        return _least((_plainness(item, seen) for item in value), 1)
    if kind in _CONTAINERS:
        parts: Iterable[Any] = value
        if isinstance(value, dict):
            parts = [*value.keys(), *value.values()]
            if isinstance(value, collections.defaultdict) and not (
                value.default_factory is None or isinstance(value.default_factory, type)
            ):
                return 0
        return _least((_plainness(part, seen) for part in parts), 2)
    return 0


def _least(parts: Iterable[int], whole: int) -> int:
    """Whether all parts are plain, and whether any of them or the whole must be copied."""
    for part in parts:
        if part == 0:
            return 0
        whole = max(whole, part)
    return whole


def _is_taketurns(value: Any) -> bool:
    kind = value if isinstance(value, (type, FunctionType)) else type(value)
    return str(getattr(kind, "__module__", "")).partition(".")[0] == "taketurns"


def _module_of(value: Any) -> ModuleType | None:
    """The loaded module that a class or function says it is from."""
    return sys.modules.get(str(getattr(value, "__module__", None)))


def _is_librarys(value: Any) -> bool:
    """Whether a class or function belongs to Python or to an installed library."""
    if isinstance(value, FunctionType):
        return _is_library_file(value.__code__.co_filename)
    module = _module_of(value)
    if module is None or module.__name__ == "__main__":
        return False
    return _is_library_file(getattr(module, "__file__", None) or "<built-in>")


def _is_library_file(file: str) -> bool:
    if file.startswith("<"):
        return file.startswith(("<frozen", "<built-in", "<__array_function__"))
    return pathlib.Path(file).exists() and not is_learners(file)


def _importable(value: Any, live: dict[str, Any]) -> tuple[str, list[str]] | None:
    """Module and attributes that lead to a class or function of the learner's in another module."""
    module = _module_of(value)
    if isinstance(value, FunctionType):
        module = sys.modules.get(str(value.__globals__.get("__name__")))
        if module is not None and module.__dict__ is not value.__globals__:
            return None
    if (
        module is None
        or module.__dict__ is live
        or module.__name__ == "__main__"  # cannot be imported a second time
        or not is_learners(getattr(module, "__file__", None))
    ):
        return None
    path = str(value.__qualname__).split(".")
    found: Any = module
    for part in path:
        found = getattr(found, part, None)
    return (module.__name__, path) if found is value else None


def _is_library_value(value: Any) -> bool:
    """Whether a value that is no class or function is a constant of some library."""
    return type(value).__module__ == "typing" or (
        isinstance(value, (enum.Enum, types.GenericAlias, types.UnionType, typing.TypeVar))
        and _is_librarys(type(value))
    )


# -- gathering ----------------------------------------------------------------------------------------


class _Space:
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
class _Made:
    """A function or class that was defined inside of a function, to be made again."""

    unit: Unit
    node: Definition
    space: _Space
    name: str
    decorated: bool
    free: dict[str, tuple[int, Maker]] = field(default_factory=dict)  # identity of the cell, content
    defaults: tuple[Maker, ...] | None = None
    kwdefaults: dict[str, Maker] | None = None
    attributes: dict[str, Maker] = field(default_factory=dict)


class _Gatherer:
    """Collects what a program needs, from its live objects and their source."""

    def __init__(self, program: Any) -> None:
        self.spaces: dict[int, _Space] = {}
        self.made: dict[int, _Made] = {}
        self.keep: list[object] = []  # what is identified by address
        self._known: dict[str, Any] = {}  # values of enclosing functions' variables seen so far
        self._makers: dict[int, Maker] = {}
        home = self._space(_home(program))  # replayed statement by statement, never imported
        self.entry = self._value(program, _name_of(program), home)
        self.script: list[tuple[_Space, list[Statement]]] = [
            (space, space.ordered()) for space in reversed(self.spaces.values())
        ]

    def fingerprint(self) -> str:
        """A hash of all that is replayed, the same on every version of Python."""
        digest = hashlib.sha256()
        for _, statements in self.script:
            for statement in statements:
                digest.update(_normal(statement.node).encode())
        for made in self.made.values():
            digest.update(_normal(made.node).encode())
        return digest.hexdigest()

    def _space(self, function: FunctionType) -> _Space:
        live = function.__globals__
        space = self.spaces.get(id(live))
        if space is None:
            space = self.spaces[id(live)] = _Space(live, inspect.unwrap(function).__code__.co_filename)
        return space

    # -- names of namespaces ----------------------------------------------------------------------

    def _need(self, space: _Space, name: str) -> None:
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

    def _choose(self, space: _Space, statement: Statement) -> None:
        if statement not in space.chosen:
            space.chosen[statement] = None
            for name in sorted(statement.needs_now | statement.needs_later):
                self._need(space, name)

    def _binders(self, space: _Space, name: str, value: Any) -> list[Statement]:
        """The statements that gave a name its value."""
        lines = _code_places(value)
        for file, line in lines:
            found = unit(file) if not _is_library_file(file) else None
            for statement in found.binders(name) if found is not None else ():
                if statement.contains(line):
                    assert found is not None
                    return [statement, *_changes(found, statement, name, calls=False)]
        for found in space.units():
            statements = [s for s in found.binders(name) if not isinstance(s.node, _IMPORTS)]
            if statements:
                # From the last plain binding on; the earlier ones made values that are gone.
                last = statements[-1]
                if name not in last.needs_now and isinstance(last.node, (ast.Assign, ast.AnnAssign)):
                    statements = [last]
                changes = _changes(found, statements[0], name, calls=True)
                return sorted({*statements, *changes}, key=lambda s: s.index)
        return []

    # -- values -----------------------------------------------------------------------------------

    def _simple(self, value: Any, name: str, live: dict[str, Any]) -> Maker | None:
        """How a world gets a value that needs no source of this space; None for others."""
        plain = _plainness(value)
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
        if _is_taketurns(value):
            return lambda build: Refusal(name)
        if isinstance(value, (type, FunctionType)):
            path = _importable(value, live)
            if path is not None:
                return functools.partial(_imported, *path)
            if _is_librarys(value) and not hasattr(value, "__wrapped__"):
                return lambda build: value
        elif (isinstance(value, types.BuiltinFunctionType) and isinstance(
            value.__self__, ModuleType | None
        )) or _is_library_value(value):
            return lambda build: value
        return None

    def _value(self, value: Any, name: str, space: _Space | None = None) -> Maker:
        """How a world gets any value; raises SourceError if there is no way."""
        known = self._makers.get(id(value))
        if known is None:
            self.keep.append(value)
            # A function may be met again while its own needs are looked at.
            self._makers[id(value)] = lambda build: self._makers[id(value)](build)
            known = self._makers[id(value)] = self._find_maker(value, name, space)
        return known

    def _find_maker(self, value: Any, name: str, space: _Space | None) -> Maker:
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
        own = isinstance(value, FunctionType) and not _is_librarys(value)
        function = value if own else _function_of(value)
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
                    return functools.partial(_global, where, global_name)
        raise SourceError(
            f"`{name}` is {_a(type(value).__name__)} made where its source cannot be replayed; "
            "make it inside the program"
        )

    def _partial(self, value: functools.partial[Any], name: str, space: _Space | None) -> Maker:
        function = self._value(value.func, name, space)
        args = [self._value(arg, f"argument {at + 1} of {name}", space) for at, arg in enumerate(value.args)]
        keywords = {key: self._value(arg, key, space) for key, arg in value.keywords.items()}
        return lambda build: functools.partial(
            function(build),
            *(arg(build) for arg in args),
            **{key: arg(build) for key, arg in keywords.items()},
        )

    def _structure(self, value: Any, name: str, space: _Space | None) -> Maker:
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
            return functools.partial(_global, space, name)
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
        made = _Made(
            found, node, space, function.__code__.co_name, decorated=value is not function
        )
        self.made[id(value)] = made
        self._free(made, _cells_of(function), [])
        if not made.decorated:
            name = function.__name__
            if function.__defaults__:
                made.defaults = tuple(
                    self._value(default, f"default of {name}", space) for default in function.__defaults__
                )
            if function.__kwdefaults__:
                made.kwdefaults = {
                    key: self._value(default, key, space)
                    for key, default in function.__kwdefaults__.items()
                }
            made.attributes = {
                key: self._value(item, f"{name}.{key}", space) for key, item in vars(value).items()
            }
        return functools.partial(_remade, value)

    def _class(self, value: type, name: str, space: _Space | None) -> Maker:
        """A learner's class: by its global name, or made again from its node."""
        methods = [f for f in map(_function_of, vars(value).values()) if f is not None]
        methods = [f for f in methods if f.__qualname__.startswith(f"{value.__qualname__}.")]
        own = self._space(methods[0]) if methods else space
        if own is not None:
            if own.live.get(value.__name__) is value:
                self._need(own, value.__name__)
                return functools.partial(_global, own, value.__name__)
            files = [m.__code__.co_filename for m in methods] or [own.file]
            found = unit(files[0])
            lines = [m.__code__.co_firstlineno for m in methods]
            node = found.klass(value.__qualname__, lines) if found is not None else None
            if found is not None and node is not None:
                made = _Made(found, node, own, value.__name__, decorated=True)
                self.made[id(value)] = made
                cells: dict[str, types.CellType] = {}
                for method in methods:
                    cells |= _cells_of(method)
                cells.pop("__class__", None)
                self._free(made, cells, [*value.__bases__, type(value)])
                return functools.partial(_remade, value)
        raise SourceError(
            f"the source of the class `{name}` cannot be found; define it inside the program"
        )

    def _free(self, made: _Made, cells: dict[str, types.CellType], others: list[Any]) -> None:
        """Resolve the names that a nested definition takes from outside."""
        for name, cell in cells.items():
            try:
                self._known[name] = cell.cell_contents
            except ValueError:
                continue
        self._known |= {str(other.__name__): other for other in others if other is not type}
        node = made.node
        statement: ast.stmt = ast.Expr(node) if isinstance(node, ast.Lambda) else node
        now, later = Statement(made.unit, 0, statement)._outside
        if not made.decorated:
            now = set()
        for name in sorted((now | later) - {made.name}) + ([made.name] if made.name in cells else []):
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


def _unbound(build: _Build) -> Any:
    raise ValueError


def _changes(found: Unit, after: Statement, name: str, *, calls: bool) -> list[Statement]:
    """The statements of a unit that change the value of a name after it was bound."""
    return [
        statement
        for statement in found.statements[after.index + 1 :]
        if statement.changes(name, calls=calls)
    ]


def _function_of(value: Any) -> FunctionType | None:
    """The function with the learner's code in a function, method, property or wrapper."""
    if isinstance(value, property):
        value = value.fget
    if isinstance(value, (staticmethod, classmethod)):
        value = value.__func__
    if isinstance(value, (type, types.MethodType)):
        return None
    wrapped = getattr(value, "__wrapped__", None) if hasattr(type(value), "__call__") else None
    while wrapped is not None and not (isinstance(wrapped, type)):
        value, wrapped = wrapped, getattr(wrapped, "__wrapped__", None)
    return value if isinstance(value, FunctionType) else None


def _code_places(value: Any) -> list[tuple[str, int]]:
    """Files and lines of the code in a function or class."""
    if isinstance(value, type):
        functions = [_function_of(member) for member in vars(value).values()]
        prefix = f"{value.__qualname__}."
        functions = [f for f in functions if f is not None and f.__qualname__.startswith(prefix)]
    else:
        functions = [_function_of(value)]
    return [
        (f.__code__.co_filename, f.__code__.co_firstlineno) for f in functions if f is not None
    ]


def _cells_of(function: FunctionType) -> dict[str, types.CellType]:
    return dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))


def _a(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def _normal(node: object) -> str:
    """A tree as text, without positions and without what differs between versions of Python."""
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


# -- compiling ------------------------------------------------------------------------------------------


class _Script:
    """The compiled form of what was gathered."""

    def __init__(self, gathered: _Gatherer) -> None:
        self.code = Code()
        nodes: list[ast.AST] = [s.node for _, statements in gathered.script for s in statements]
        nodes += [made.node for made in gathered.made.values()]
        self.surface = surface(nodes) if nodes else NO_SURFACE
        self.pieces = [
            [self._piece(run) for run in _runs(statements)] for _, statements in gathered.script
        ]
        self.factories = [self._factory(made) for made in gathered.made.values()]

    def _piece(self, statements: list[Statement]) -> CodeType:
        """Consecutive statements of one unit."""
        found = statements[0].unit
        body = found.parse().body
        return self.code.compiled(
            [body[s.index] for s in statements], found.file, found.lines, self.surface.globals, found.flags
        )

    def _factory(self, made: _Made) -> CodeType:
        """A function of no arguments that makes the function or class again.

        The statement around the definition is rewritten as a whole, for only there can be seen
        which variables change; then the definition is cut out and compiled by itself.
        """
        found = made.unit
        tree = found.parse()
        node = find_again(tree, made.node)
        around = tree.body[found.statement_of(made.node).index]
        rewrite(
            ast.Module([around], []),
            shared_globals=self.surface.globals,
            sites=self.code.sites,
            file=found.file,
            lines=found.lines,
        )
        body: list[ast.stmt]
        if isinstance(node, ast.Lambda):
            body = [ast.Return(node)]
        else:
            assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            if not made.decorated:
                node.decorator_list = []
            body = [node, ast.Return(ast.Name(node.name, ast.Load()))]
        if not made.decorated and not isinstance(node, ast.ClassDef):
            node.args.defaults = [ast.Constant(None) for _ in node.args.defaults]
            node.args.kw_defaults = [
                None if default is None else ast.Constant(None) for default in node.args.kw_defaults
            ]
        free = [*made.free, *(f"_tt_cell_{name}" for name in made.free)]
        if made.name in made.free:
            body.insert(0, ast.Nonlocal([made.name]))
        inner = _function("_tt_factory", [], body)
        outer = _function("_tt_around", free, [inner])
        module = ast.fix_missing_locations(ast.Module([outer], []))
        code = compile(module, found.file, "exec", found.flags, dont_inherit=True)
        return _constant(_constant(code, "_tt_around"), "_tt_factory")


def _function(name: str, parameters: list[str], body: list[ast.stmt]) -> ast.FunctionDef:
    text = f"def {name}({', '.join(parameters)}): pass"
    made = ast.parse(text).body[0]
    assert isinstance(made, ast.FunctionDef)
    made.body = body
    return made


def _constant(code: CodeType, name: str) -> CodeType:
    for constant in code.co_consts:
        if isinstance(constant, CodeType) and constant.co_name == name:
            return constant
    raise AssertionError(name)


def _runs(statements: list[Statement]) -> list[list[Statement]]:
    """Cut into runs of statements of the same unit."""
    runs: list[list[Statement]] = []
    for statement in statements:
        if runs and runs[-1][-1].unit is statement.unit:
            runs[-1].append(statement)
        else:
            runs.append([statement])
    return runs


_scripts: dict[object, _Script] = {}


def _script(gathered: _Gatherer) -> _Script:
    """The compiled script, from the cache if the same statements were compiled before."""
    key = (
        tuple(tuple(statements) for _, statements in gathered.script),
        tuple((made.unit, made.node, made.decorated, tuple(made.free)) for made in gathered.made.values()),
    )
    script = _scripts.get(key)
    if script is None:
        if len(_scripts) >= 64:
            del _scripts[next(iter(_scripts))]
        script = _scripts[key] = _Script(gathered)
    script.code.refresh()
    return script


# -- building -------------------------------------------------------------------------------------------


class _Build:
    """One world, being furnished."""

    def __init__(self, sched: Scheduler, script: _Script, gathered: _Gatherer) -> None:
        self.world = World(sched, script.code, script.surface)
        self._script = script
        self._gathered = gathered
        self._spaces = {
            id(space): self.world.namespace(space.live) for space in gathered.spaces.values()
        }
        self._once: dict[int, Any] = {}
        self._cells: dict[int, types.CellType] = {}
        self._unfinished: dict[int, list[types.CellType]] = {}
        self._factories = dict(zip(gathered.made, script.factories, strict=True))

    def program(self) -> Callable[[], object]:
        """Execute what was planned and return the program."""
        for space, _ in self._gathered.script:
            namespace = self._spaces[id(space)]
            for name, maker in space.makers.items():
                namespace[name] = maker(self)
        for (space, _), pieces in zip(self._gathered.script, self._script.pieces, strict=True):
            for code in pieces:
                exec(code, self._spaces[id(space)])
        program: Callable[[], object] = self._gathered.entry(self)
        return program

    def namespace(self, space: _Space) -> dict[str, Any]:
        """This world's namespace for one of the learner's."""
        return self._spaces[id(space)]

    def once(self, live: Any, make: Callable[[], Any]) -> Any:
        """What stands for a live object; made when first asked for."""
        if id(live) not in self._once:
            self._once[id(live)] = make()
        return self._once[id(live)]

    def remade(self, live: Any) -> Any:
        """A nested function or class, made again for this world."""
        key = id(live)
        if key in self._once:
            return self._once[key]
        made = self._gathered.made[key]
        waiting = self._unfinished[key] = []
        is_class = isinstance(made.node, ast.ClassDef)
        new: list[tuple[types.CellType, Maker]] = []
        closure = []
        code = self._factories[key]
        for name in code.co_freevars:
            plain = name.removeprefix("_tt_cell_")
            cell_id, maker = made.free[plain]
            if plain != name:
                cell_id, maker = ~cell_id, functools.partial(_new_cell, plain)
            cell = self._cells.get(cell_id)
            if cell is None:
                cell = self._cells[cell_id] = types.CellType()
                new.append((cell, maker))
            closure.append(cell)
        if is_class or made.decorated:  # its body or decorators look at them at once
            self._fill(new)
        factory = FunctionType(code, self.namespace(made.space), closure=tuple(closure))
        result = factory()
        if not made.decorated:
            result.__name__, result.__qualname__ = live.__name__, live.__qualname__
            result.__doc__, result.__module__ = live.__doc__, live.__module__
            if made.defaults is not None:
                result.__defaults__ = tuple(default(self) for default in made.defaults)
            if made.kwdefaults is not None:
                result.__kwdefaults__ = {k: default(self) for k, default in made.kwdefaults.items()}
        self._once[key] = result
        del self._unfinished[key]
        for cell in waiting:
            cell.cell_contents = result
        if not (is_class or made.decorated):
            self._fill(new)
            vars(result).update({key: item(self) for key, item in made.attributes.items()})
        return result

    def _fill(self, cells: list[tuple[types.CellType, Maker]]) -> None:
        for cell, maker in cells:
            try:
                cell.cell_contents = maker(self)
            except _Unfinished as other:
                self._unfinished[other.key].append(cell)
            except ValueError:
                continue  # not bound when the program was looked at, either


class _Unfinished(Exception):
    """A class was asked for while its own body is being executed."""

    def __init__(self, key: int) -> None:
        super().__init__(key)
        self.key = key


def _new_cell(name: str, build: _Build) -> Cell:
    return Cell(name)


def _remade(live: Any, build: _Build) -> Any:
    if id(live) in build._unfinished:
        raise _Unfinished(id(live))
    return build.remade(live)


def _global(space: _Space, name: str, build: _Build) -> Any:
    return build.namespace(space)[name]


def _imported(module: str, path: list[str], build: _Build) -> Any:
    found: Any = build.world.module(module)
    for part in path:
        found = getattr(found, part)
    return found
