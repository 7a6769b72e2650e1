"""Local containers that only their own function can reach, so that using them takes no step.

`threads = [Thread(…) …]` followed by two loops over it would cost a step for every item, and fill
every picture with them, though no other thread can ever see that list. A local variable is private
if it is only ever bound to containers made on the spot, and is only used in ways that do not hand
the container itself to anything that could keep it. What is *in* it may well be shared.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from .kinds import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from .scopes import FunctionNode


# These look at the items at once, and keep nothing but them.
_EAGER = words("all any bool dict frozenset len list max min print repr set sorted str sum tuple")
_LAZY = frozenset({"enumerate", "filter", "map", "reversed", "zip"})
# No sets: the order of their items may differ from run to run, which hooks have to notice.
_MAKERS = frozenset({"bytearray", "dict", "list", "sorted"})
METHODS = words(
    "add append appendleft clear copy count difference difference_update discard extend "
    "extendleft get index insert intersection intersection_update isdisjoint issubset "
    "issuperset pop popitem popleft remove reverse rotate setdefault sort "
    "symmetric_difference symmetric_difference_update union update"
)
VIEWS = frozenset({"items", "keys", "values"})
# Of these methods, the arguments are containers whose items are read.
CONSUMING = words(
    "difference difference_update extend extendleft intersection intersection_update "
    "isdisjoint issubset issuperset symmetric_difference symmetric_difference_update union "
    "update"
)
_DISPLAYS = (ast.List, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp)
_INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def private_names(function: FunctionNode, is_builtin: Callable[[str], bool]) -> frozenset[str]:
    """The private variables of a function; `is_builtin` tells what a name means in it."""
    parents: dict[ast.AST, ast.AST] = {}
    made: set[str] = set()
    spoilt: set[str] = set()
    names: list[ast.Name] = []
    for node in ast.walk(function):
        for child in ast.iter_child_nodes(node):
            parents[child] = node
        if isinstance(node, ast.Name):
            names.append(node)
            if node.id in ("locals", "vars", "eval", "exec"):
                return frozenset()
        elif isinstance(node, ast.arg):
            spoilt.add(node.arg)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            spoilt.update(node.names)
        elif (isinstance(node, ast.ExceptHandler) and node.name) or (
            isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name
        ):
            spoilt.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            spoilt.add(node.rest)
        elif isinstance(node, ast.alias):
            spoilt.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, _INNER) and node is not function:
            spoilt.update(part.id for part in ast.walk(node) if isinstance(part, ast.Name))
            spoilt.add(getattr(node, "name", ""))
    for name in names:
        if name.id in spoilt:
            continue
        parent = parents[name]
        if isinstance(name.ctx, ast.Store):
            if _is_made(name, parent, is_builtin):
                made.add(name.id)
            elif not isinstance(parent, ast.AugAssign):
                spoilt.add(name.id)
        elif isinstance(name.ctx, ast.Load) and not _is_harmless(name, parents, is_builtin):
            spoilt.add(name.id)
    return frozenset(made - spoilt)


def _is_made(name: ast.Name, parent: ast.AST, is_builtin: Callable[[str], bool]) -> bool:
    """Whether the assignment binds the variable to a container that is new."""
    if isinstance(parent, ast.Assign):
        if parent.targets != [name]:
            return False
    elif not isinstance(parent, ast.AnnAssign):
        return False
    value = parent.value
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult):
        value = value.left if isinstance(value.left, ast.List) else value.right
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return value.func.id in _MAKERS and is_builtin(value.func.id)
    return isinstance(value, _DISPLAYS) and not isinstance(value, (ast.Set, ast.SetComp))


def _is_harmless(
    node: ast.expr, parents: dict[ast.AST, ast.AST], is_builtin: Callable[[str], bool]
) -> bool:
    """Whether this use of the container keeps it to the function."""
    parent = parents[node]
    if isinstance(parent, ast.Subscript):
        return parent.value is node
    if isinstance(parent, (ast.For, ast.comprehension)):
        if parent.iter is not node:
            return False
        around = parents[parent]
        return not isinstance(around, ast.GeneratorExp) or _is_consumed(around, parents, is_builtin)
    if isinstance(parent, ast.Attribute):
        call = parents[parent]
        if not (isinstance(call, ast.Call) and call.func is parent):
            return False
        if parent.attr in VIEWS:
            return _is_consumed(call, parents, is_builtin)
        return parent.attr in METHODS
    if isinstance(parent, ast.Call):
        return _is_consumed(node, parents, is_builtin)
    if isinstance(parent, ast.Starred):
        return isinstance(parent.ctx, ast.Load)
    if isinstance(parent, ast.AugAssign):
        return parent.target is node
    if isinstance(parent, (ast.If, ast.While, ast.IfExp, ast.Assert)):
        return parent.test is node
    if isinstance(parent, ast.UnaryOp):
        return isinstance(parent.op, ast.Not)
    if isinstance(parent, ast.Compare):  # not with `==`, which asks the other side's `__eq__`
        return all(
            isinstance(op, (ast.In, ast.NotIn, ast.Is, ast.IsNot)) for op in parent.ops
        ) or all(
            side is node or isinstance(side, (*_DISPLAYS, ast.Constant))
            for side in (parent.left, *parent.comparators)
        )
    if isinstance(parent, ast.Tuple):
        return isinstance(parents[parent], ast.Return)
    return isinstance(parent, (ast.Return, ast.FormattedValue, ast.Expr))


def _is_consumed(
    node: ast.expr, parents: dict[ast.AST, ast.AST], is_builtin: Callable[[str], bool]
) -> bool:
    """Whether the items are taken out of it on the spot: by a loop, or a builtin that reads."""
    parent = parents[node]
    if isinstance(parent, (ast.For, ast.comprehension)) and parent.iter is node:
        return not isinstance(parents[parent], ast.GeneratorExp)
    if not (
        isinstance(parent, ast.Call)
        and node in parent.args
        and isinstance(parent.func, ast.Name)
        and is_builtin(parent.func.id)
    ):
        return False
    if parent.func.id in _LAZY:
        return _is_consumed(parent, parents, is_builtin)
    return parent.func.id in _EAGER
