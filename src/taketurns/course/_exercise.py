"""One exercise of a notebook: the cell that an answer replaces, and the cells to run with it."""

from __future__ import annotations

import ast
import contextlib
import difflib
import functools
import json
import symtable
import textwrap
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import CourseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
STUB = "# YOUR CODE HERE\nraise NotImplementedError()"  # nbgrader's own

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = (*_DEFINITIONS, ast.Lambda, *_COMPREHENSIONS)


class UnknownCellError(CourseError):
    """A cell was asked for that the notebook does not have."""


@dataclass(frozen=True)
class Cell:
    """A code cell of a notebook."""

    source: str
    name: str  # its grade_id; without one, its id
    graded: bool = False
    solution: bool = False
    points: float = 0


@dataclass(frozen=True)
class Step:
    """A cell to run."""

    role: str  # "set-up", "answer" or "graded"
    name: str  # what messages and tracebacks call it
    source: str
    points: float = 0


def read_cells(path: Path) -> list[Cell]:
    """Return the code cells of a notebook; raises CourseError if it is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CourseError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise CourseError(f"{path}: not a notebook ({error})") from error
    try:
        if content["nbformat"] != 4:
            raise CourseError(f"{path}: notebook format {content['nbformat']}, expected 4")
        return [
            _code_cell(cell, number)
            for number, cell in enumerate(content["cells"], 1)
            if cell["cell_type"] == "code"
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise CourseError(f"{path}: not a notebook (its JSON has no list of cells)") from error


def _code_cell(cell: dict[str, Any], number: int) -> Cell:
    source = cell["source"]
    grading = cell.get("metadata", {}).get("nbgrader", {})
    return Cell(
        source=source if isinstance(source, str) else "".join(source),
        name=str(grading.get("grade_id") or cell.get("id") or f"cell-{number}"),
        graded=bool(grading.get("grade")) and not grading.get("solution"),
        solution=bool(grading.get("solution")),
        points=grading.get("points", 0),
    )


def unsolved(source: str) -> str:
    """Return a solution cell as the student gets it: nbgrader's stub in place of each solution."""
    lines: list[str] = []
    inside = False
    for line in source.splitlines():
        if BEGIN in line:
            inside = True
            indent = line[: len(line) - len(line.lstrip())]
            lines += textwrap.indent(STUB, indent).splitlines()
        elif END in line:
            inside = False
        elif not inside:
            lines.append(line)
    return "\n".join(lines)


def names_defined(answer: str, name: str) -> set[str]:
    """Return the names that an answer binds; raises CourseError if it is not Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(answer, name, "exec", dont_inherit=True)
            return _names_bound(ast.parse(answer))
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        raise CourseError(f"{name}{line}: not Python: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        what = str(error) or "nested too deeply"
        raise CourseError(f"{name}: not Python: {what}") from error


def solution_cell(
    cells: Sequence[Cell], names: set[str], wanted: str | None, *, notebook: str, answer: str
) -> Cell:
    """Return the cell that an answer defining `names` replaces: the wanted one, or what fits.

    Raises CourseError if there is none, or more than one.
    """
    solutions = [cell for cell in cells if cell.solution]
    if not solutions:
        raise CourseError(f"{notebook}: has no solution cell of nbgrader's")
    if wanted is not None:
        chosen = [cell for cell in solutions if cell.name == wanted]
        if not chosen:
            known = ", ".join(cell.name for cell in solutions)
            raise UnknownCellError(f"{notebook} has no solution cell {wanted!r}, but: {known}")
        solutions = chosen
    asked = [(cell, names_asked_for(cell.source)) for cell in solutions]
    fitting = [(cell, asks) for cell, asks in asked if asks <= names]
    if not fitting:
        raise CourseError(_missing(asked, names, notebook, answer))
    most = max(len(asks) for _, asks in fitting)
    best = [cell for cell, asks in fitting if len(asks) == most]
    if len(best) > 1:
        which = ", ".join(cell.name for cell in best)
        raise CourseError(
            f"{answer}: could be the answer to several cells of {notebook} ({which}); "
            "name one with --cell"
        )
    return best[0]


def _missing(
    asked: Sequence[tuple[Cell, set[str]]], names: set[str], notebook: str, answer: str
) -> str:
    """Say which names the answer lacks, and what may have been meant."""
    cell, asks = max(asked, key=lambda pair: len(pair[1] & names))  # what it comes nearest to
    if len(asked) > 1 and not asks & names:
        every = ", ".join(f"{_listed(asks)} (cell {cell.name})" for cell, asks in asked)
        text = f"{answer}: defines nothing that {notebook} asks for: {every}"
        lacking = sorted(set().union(*(asks for _, asks in asked)))
    else:
        lacking = sorted(asks - names)
        text = f"{answer}: does not define {_listed(lacking)}, which cell {cell.name} asks for"
    folded = {name.casefold(): name for name in names}
    for name in lacking:
        near = difflib.get_close_matches(name.casefold(), folded, n=1)
        if near:
            return f"{text}; is `{folded[near[0]]}` meant to be `{name}`?"
    return text


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def names_asked_for(source: str) -> set[str]:
    """Return what the student is given the name of: functions and classes outside the solutions."""
    for text in (unsolved(source), source):
        with contextlib.suppress(SyntaxError):
            tree = ast.parse(text)
            asked = {node.name for node in tree.body if isinstance(node, _DEFINITIONS)}
            asked = asked or _names_bound(tree)
            if asked:
                return asked
    return set()


def steps_of(cells: Sequence[Cell], solution: Cell, answer: str, name: str) -> list[Step]:
    """Return, in order, the answer, its exercise's graded cells and the cells that these need."""
    exercise = _exercise(cells, solution)
    steps: dict[int, Step] = {}
    for number, cell in enumerate(cells[: max(exercise) + 1]):
        if cell is solution:
            steps[number] = Step("answer", name, answer)
        elif not cell.graded:
            steps[number] = Step("set-up", cell.name, cell.source)
        elif number in exercise:
            steps[number] = Step("graded", cell.name, cell.source, cell.points)
    if not any(step.role == "graded" for step in steps.values()):
        raise CourseError(f"cell {solution.name} has no graded cells after it")
    sources = {number: step.source for number, step in steps.items()}
    return [steps[number] for number in sorted(needed(sources, exercise))]


def needed(sources: Mapping[int, str], wanted: Iterable[int]) -> set[int]:
    """Return the wanted cells, those that they need for their names, and those of imports.

    Args:
        sources: the text of each cell, by its number in the order in which cells run.
        wanted: the numbers of some of them.
    """
    names = {number: _Names.of(source) for number, source in sources.items()}
    chosen = set(wanted) | {number for number in names if names[number].only_imports}
    size = 0
    while size < len(chosen):
        size = len(chosen)
        open_names = set().union(*(names[number].needed_later for number in chosen))
        for number in sorted(names, reverse=True):
            if names[number].bound & open_names:
                chosen.add(number)
            if number in chosen:  # the last cell that binds a name is the one that is meant
                open_names = (open_names - names[number].bound) | names[number].needed
    return chosen


def _exercise(cells: Sequence[Cell], solution: Cell) -> set[int]:
    """Return which cells are one exercise: solution cells and the graded cells after them."""
    exercise: set[int] = set()
    for number, cell in enumerate(cells):
        if cell.solution and any(cells[member].graded for member in exercise):
            if any(cells[member] is solution for member in exercise):
                break
            exercise = set()
        if cell.solution or cell.graded:
            exercise.add(number)
    return exercise


def names_bound_by(source: str) -> frozenset[str]:
    """Return the global names that a cell binds; none if it is not Python."""
    return _Names.of(source).bound


@dataclass(frozen=True)
class _Names:
    """The global names of a cell."""

    bound: frozenset[str]
    needed: frozenset[str]  # when it runs, from cells before it
    needed_later: frozenset[str]  # when the functions that it defines are called
    only_imports: bool

    @classmethod
    @functools.lru_cache(2048)  # a grader asks about each cell of a notebook once for every check
    def of(cls, source: str) -> _Names:
        """Read them off the source; a cell that is not Python binds and needs nothing."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            nothing: frozenset[str] = frozenset()
            return cls(nothing, nothing, nothing, only_imports=False)
        bound: set[str] = set()
        needed: set[str] = set()
        later: set[str] = set()
        imports = 0
        for statement in tree.body:
            used = _globals_used(statement)
            now = used & {node.id for node in _at_once(statement) if isinstance(node, ast.Name)}
            needed |= now - bound
            later |= used - now
            bound |= _names_bound(ast.Module([statement], []))
            constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            imports += constant or isinstance(statement, (ast.Import, ast.ImportFrom))
        only_imports = bool(bound) and imports == len(tree.body)
        return cls(frozenset(bound), frozenset(needed), frozenset(later - bound), only_imports)


def _globals_used(statement: ast.stmt) -> set[str]:
    """Return the global names that a top-level statement uses, itself or in what it defines."""
    used: set[str] = set()
    tables = [symtable.symtable(ast.unparse(statement), "cell", "exec")]
    while tables:
        table = tables.pop()
        module = table.get_type() == "module"
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (module or symbol.is_global()):
                used.add(symbol.get_name())
        tables += table.get_children()
    used -= _variables_of_comprehensions(statement)  # from 3.12 on, symtable has them here
    for node in _at_once(statement):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            used.add(node.target.id)
    return used


def _variables_of_comprehensions(statement: ast.stmt) -> set[str]:
    """Return the names that only the comprehensions of a statement use, for variables of theirs."""
    own: set[str] = set()
    outside: set[str] = set()
    nodes: list[ast.AST] = [statement]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Name):
            outside.add(node.id)
        if isinstance(node, _COMPREHENSIONS):
            for generator in node.generators:
                own |= _names_bound(ast.Module([ast.Expr(generator.target)], []))
            nodes.append(node.generators[0].iter)
        else:
            nodes += ast.iter_child_nodes(node)
    return own - outside


def _at_once(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield what the statement evaluates when it runs, not when its functions are called."""
    nodes: list[ast.AST] = [statement]
    while nodes:
        node = nodes.pop()
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            nodes += [*node.decorator_list, *node.args.defaults]
            nodes += [default for default in node.args.kw_defaults if default is not None]
        elif isinstance(node, ast.Lambda):
            nodes += node.args.defaults
        else:
            nodes += ast.iter_child_nodes(node)


def _names_bound(tree: ast.Module) -> set[str]:
    """Return the names that a cell binds at its top level, or by `global` in a function."""
    bound: set[str] = set()
    nodes: list[ast.AST] = [tree]
    while nodes:
        node = nodes.pop()
        if isinstance(node, _DEFINITIONS):
            bound.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            bound |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            bound.add(node.name)
        if not isinstance(node, _SCOPES):
            nodes += ast.iter_child_nodes(node)
    declared = (node for node in ast.walk(tree) if isinstance(node, ast.Global))
    return bound.union(*(node.names for node in declared))
