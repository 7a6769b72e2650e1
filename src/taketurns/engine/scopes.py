"""Which variable a name means, and whether it can change after another function captured it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp

# The body of such a scope runs later than it is met, maybe in another thread.
_LAZY = {"function", "lambda", "generator"}


def mangled(name: str, klass: str | None) -> str:
    """What the compiler makes of `name` in a class body: `__x` is `_Klass__x`."""
    if klass is None or not name.startswith("__") or name.endswith("__") or "." in name:
        return name
    klass = klass.lstrip("_")
    return f"_{klass}{name}" if klass else name


@dataclass(eq=False, slots=True)
class Scope:
    """One scope: what it binds, and where in the text."""

    kind: str  # module class function lambda types comprehension generator
    node: ast.AST
    parent: Scope | None
    klass: str | None  # the class whose private names are mangled here
    order: int  # position in the text
    bindings: dict[str, list[tuple[int, bool]]] = field(default_factory=dict)  # (order, in a loop)
    uses: set[str] = field(default_factory=set)
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)
    rebound: set[str] = field(default_factory=set)  # by an inner function's `nonlocal`
    captured: dict[str, int] = field(default_factory=dict)  # name: order of the first capture
    hot: frozenset[str] = frozenset()  # captured names that can change after their capture

    def owner(self, name: str) -> Scope | None:
        """The scope whose variable `name` means here; None for globals and builtins."""
        if name in self.globals:
            return None
        if name in self.bindings and name not in self.nonlocals:
            return self
        scope = self.parent
        while scope is not None:
            if scope.kind not in ("class", "module") and name in scope.bindings:
                if name in scope.globals:
                    return None
                if name not in scope.nonlocals:
                    return scope
            scope = scope.parent
        return None

    def names(self) -> set[str]:
        """Every name that is read, bound or deleted here."""
        return self.uses | self.bindings.keys() | self.nonlocals | self.globals

    def runs_later(self) -> bool:
        """Whether the code of this scope runs after the statement that contains it."""
        scope: Scope | None = self
        while scope is not None:
            if scope.kind in _LAZY:
                return True
            scope = scope.parent
        return False


class Scopes:
    """All scopes of a tree; look one up by the node that opens it."""

    def __init__(self, tree: ast.Module | ast.Expression) -> None:
        builder = _Builder(tree)
        self._by_node = builder.scopes
        self.top = builder.top
        for scope in self._by_node.values():
            _find_captures(scope)
        for scope in self._by_node.values():
            scope.hot = frozenset(_changing(scope))

    def __getitem__(self, node: ast.AST) -> Scope:
        return self._by_node[node]

    def __iter__(self) -> Iterator[Scope]:
        return iter(self._by_node.values())

    def outside_names(self) -> tuple[set[str], set[str]]:
        """Names that mean globals: those looked up at once, and those looked up later."""
        now: set[str] = set()
        later: set[str] = set()
        for scope in self:
            found = later if scope.runs_later() else now
            for name in scope.names():
                owner = scope.owner(name)
                if owner is None or owner.kind == "module":
                    found.add(name)
        return now, later


def _find_captures(scope: Scope) -> None:
    for name in scope.names():
        owner = scope.owner(name)
        if owner is None or owner is scope or owner.kind in ("class", "module"):
            continue
        capturing, inner = None, scope
        while inner is not owner:
            if inner.kind in _LAZY:
                capturing = inner
            assert inner.parent is not None
            inner = inner.parent
        if capturing is None:
            continue
        owner.captured[name] = min(capturing.order, owner.captured.get(name, capturing.order))
        if name in scope.nonlocals and name in scope.bindings:
            owner.rebound.add(name)


def _changing(scope: Scope) -> Iterator[str]:
    if scope.kind in ("lambda", "types") or any(
        generator.is_async for generator in getattr(scope.node, "generators", [])
    ):
        return  # no place to make an identity
    for name, first_capture in scope.captured.items():
        bindings = scope.bindings[name]
        if (
            name in scope.rebound
            or len(bindings) > 1
            or any(in_loop or order > first_capture for order, in_loop in bindings)
        ):
            yield name


class _Builder(ast.NodeVisitor):
    """Walks a tree in the order of its text."""

    def __init__(self, tree: ast.Module | ast.Expression) -> None:
        self._order = 0
        self._loops = 0
        self.top = self._scope = Scope("module", tree, None, None, 0)
        self.scopes: dict[ast.AST, Scope] = {tree: self.top}
        self.generic_visit(tree)

    def _bind(self, name: str, scope: Scope | None = None) -> None:
        scope = scope or self._scope
        self._order += 1
        name = mangled(name, scope.klass)
        scope.bindings.setdefault(name, []).append((self._order, self._loops > 0))

    def _open(self, kind: str, node: ast.AST, klass: str | None = None) -> Scope:
        self._order += 1
        scope = Scope(kind, node, self._scope, klass or self._scope.klass, self._order)
        self.scopes[node] = self._scope = scope
        return scope

    def _visit_all(self, nodes: list[ast.expr] | list[ast.stmt] | list[ast.keyword]) -> None:
        for node in nodes:
            self.visit(node)

    # -- names ------------------------------------------------------------------------------

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._scope.uses.add(mangled(node.id, self._scope.klass))
        else:
            self._bind(node.id)

    def visit_Global(self, node: ast.Global) -> None:
        self._scope.globals.update(mangled(name, self._scope.klass) for name in node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self._scope.nonlocals.update(mangled(name, self._scope.klass) for name in node.names)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self._scope.uses.add(mangled(node.target.id, self._scope.klass))
        self.visit(node.value)
        self.visit(node.target)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        self._visit_all(node.targets)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if self._scope.kind != "function":  # elsewhere annotations are evaluated
            self.visit(node.annotation)
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)
        elif isinstance(node.target, ast.Name):  # declares a variable and binds nothing
            name = mangled(node.target.id, self._scope.klass)
            self._scope.bindings.setdefault(name, [])

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        scope = self._scope
        while scope.kind in ("comprehension", "generator") and scope.parent is not None:
            scope = scope.parent
        assert isinstance(node.target, ast.Name)
        self._bind(node.target.id, scope)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            self._bind(alias.asname or alias.name.partition(".")[0])

    visit_ImportFrom = visit_Import

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            self.visit(node.type)
        if node.name is not None:
            self._bind(node.name)
        self._visit_all(node.body)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name is not None:
            self._bind(node.name)
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest is not None:
            self._bind(node.rest)
        self.generic_visit(node)

    # -- loops ------------------------------------------------------------------------------

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self._loops += 1
        self.visit(node.target)
        self._visit_all(node.body)
        self._loops -= 1
        self._visit_all(node.orelse)

    visit_AsyncFor = visit_For

    def visit_While(self, node: ast.While) -> None:
        self._loops += 1
        self.generic_visit(node)
        self._loops -= 1

    # -- scopes -----------------------------------------------------------------------------

    def _type_params(self, node: ast.AST) -> None:
        params: list[ast.AST] = getattr(node, "type_params", [])
        if params:
            self._open("types", params[0])
            for param in params:
                self._bind(param.name)  # type: ignore[attr-defined]
            for param in params:
                self.generic_visit(param)

    def visit_FunctionDef(self, node: FunctionNode) -> None:
        outer, loops = self._scope, self._loops
        self._visit_all(node.decorator_list)
        self._defaults(node.args)
        self._bind(node.name)
        self._type_params(node)
        args = node.args
        for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg):
            if arg is not None and arg.annotation is not None:
                self.visit(arg.annotation)
        if node.returns is not None:
            self.visit(node.returns)
        self._function("function", node, args, node.body)
        self._scope, self._loops = outer, loops

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        outer, loops = self._scope, self._loops
        self._defaults(node.args)
        self._function("lambda", node, node.args, [node.body])
        self._scope, self._loops = outer, loops

    def _defaults(self, args: ast.arguments) -> None:
        for default in (*args.defaults, *args.kw_defaults):
            if default is not None:
                self.visit(default)

    def _function(
        self, kind: str, node: ast.AST, args: ast.arguments, body: list[ast.stmt] | list[ast.expr]
    ) -> None:
        self._open(kind, node)
        self._loops = 0
        for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg):
            if arg is not None:
                self._bind(arg.arg)
        self._visit_all(body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        outer, loops = self._scope, self._loops
        self._visit_all(node.decorator_list)
        self._bind(node.name)
        self._type_params(node)
        self._visit_all(node.bases)
        self._visit_all(node.keywords)
        self._open("class", node, node.name)
        self._visit_all(node.body)
        self._scope, self._loops = outer, loops

    def visit_TypeAlias(self, node: ast.AST) -> None:
        outer = self._scope
        self.visit(node.name)  # type: ignore[attr-defined]
        self._type_params(node)
        self.visit(node.value)  # type: ignore[attr-defined]
        self._scope = outer

    def visit_Call(self, node: ast.Call) -> None:
        self.visit(node.func)
        for arg in node.args:
            if isinstance(arg, ast.GeneratorExp):  # `sum(x for x in xs)` is consumed at once
                self._comprehension("comprehension", arg)
            else:
                self.visit(arg)
        self._visit_all(node.keywords)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self._comprehension("generator", node)

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.DictComp) -> None:
        self._comprehension("comprehension", node)

    visit_SetComp = visit_DictComp = visit_ListComp

    def _comprehension(self, kind: str, node: Comprehension) -> None:
        outer, loops = self._scope, self._loops
        self.visit(node.generators[0].iter)
        self._open(kind, node)
        self._loops = 1
        for at, generator in enumerate(node.generators):
            if at:
                self.visit(generator.iter)
            self.visit(generator.target)
            self._visit_all(generator.ifs)
        if isinstance(node, ast.DictComp):
            self.visit(node.key)
            self.visit(node.value)
        else:
            self.visit(node.elt)
        self._scope, self._loops = outer, loops
