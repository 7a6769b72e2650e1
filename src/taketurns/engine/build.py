"""Compiles what was gathered, once, and makes a world of it, for every run."""

from __future__ import annotations

import ast
import contextlib
import functools
import types
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from .errors import SourceError
from .hooks import Cell
from .rewrite import NO_SURFACE, rewrite, surface
from .units import Statement, finalises, find_again, unit_of
from .world import Code, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from .gather import Gathered, Made, Maker, Space
    from .scheduler import Scheduler
    from .sites import Sites


class Script:
    """The compiled form of what was gathered."""

    def __init__(self, gathered: Gathered) -> None:
        self.code = Code()
        statements = [s for _, each in gathered.script for s in each]
        nodes: list[ast.AST] = [s.node for s in statements]
        nodes += [made.node for made in gathered.made.values()]
        self.surface = surface(nodes) if nodes else NO_SURFACE
        self.finalises = any(statement.finalises for statement in statements) or any(
            finalises(made.node) for made in gathered.made.values()
        )
        self.pieces = [
            [self._piece(run) for run in _runs(statements)] for _, statements in gathered.script
        ]
        self.factories = [self._factory(made) for made in gathered.made.values()]

    def _piece(self, statements: list[Statement]) -> CodeType:
        """Consecutive statements of one unit."""
        code, sites = _compiled(tuple(statements), self.surface.globals)
        self.code.sites.update(sites)
        return code

    def _factory(self, made: Made) -> CodeType:
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


@functools.lru_cache(128)
def _compiled(
    statements: tuple[Statement, ...], shared_globals: frozenset[str]
) -> tuple[CodeType, Sites]:
    """Consecutive statements of one unit; the programs of a cell often have the same in common."""
    unit = statements[0].unit
    body = unit.parse().body
    code = Code()
    made = code.compiled(
        [body[s.index] for s in statements], unit.file, unit.lines, shared_globals, unit.flags
    )
    return made, code.sites


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


def prepare(file: str, text: str) -> None:
    """Do for a cell, if it is Python, what does not depend on the programs that will need it."""
    with contextlib.suppress(SourceError):
        unit = unit_of(file, text)
        _ = unit.definitions
        for statement in unit.statements:
            _ = statement.outside, statement.binds, statement.finalises
            unit.normal(statement.node)
            if statement.is_definition:
                _compiled((statement,), NO_SURFACE.globals)


_scripts: dict[object, Script] = {}


def script_of(gathered: Gathered) -> Script:
    """The compiled script, from the cache if the same statements were compiled before."""
    key = (
        tuple(tuple(statements) for _, statements in gathered.script),
        tuple(
            (made.unit, made.node, made.decorated, tuple(made.free))
            for made in gathered.made.values()
        ),
    )
    script = _scripts.get(key)
    if script is None:
        if len(_scripts) >= 64:
            del _scripts[next(iter(_scripts))]
        script = _scripts[key] = Script(gathered)
    script.code.refresh()
    return script


class Build:
    """One world, being furnished."""

    def __init__(self, sched: Scheduler, script: Script, gathered: Gathered) -> None:
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

    def namespace(self, space: Space) -> dict[str, Any]:
        """This world's namespace for one of the learner's."""
        return self._spaces[id(space)]

    def once(self, live: Any, make: Callable[[], Any]) -> Any:
        """What stands for a live object; made when first asked for."""
        if id(live) not in self._once:
            self._once[id(live)] = make()
        return self._once[id(live)]

    def imported(self, module: str, path: list[str]) -> Any:
        """A class or function of a learner's module, reached through this world's import."""
        found: Any = self.world.module(module)
        for part in path:
            found = getattr(found, part)
        return found

    def remade(self, live: Any) -> Any:
        """A nested function or class, made again for this world."""
        key = id(live)
        if key in self._unfinished:
            raise _Unfinished(key)
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


def _new_cell(name: str, build: Build) -> Cell:
    return Cell(name)
