"""Rewrites a learner's code so that every access to shareable state passes a hook first.

A hook is a function whose name begins with `_tt_` (hooks.py); it announces the access to the
scheduler after all operands have been evaluated and immediately before the access. Evaluation
order, scoping, line and column numbers stay what they were, so the code behaves as before and its
tracebacks point where they did. In short (`s` is the number of a site):

    x.a                 _tt_attr(x, 'a', s)
    x.a(…)              _tt_method(x, 'a', s)(…)
    x.a = v             _tt_set_attr(v, x, 'a', s)
    x.a += e            _tt_update_attr(x, 'a', '+=', s)(e)
    d[k], d[k] = v …    _tt_item(d, k, s), _tt_set_item(v, d, k, s) …
    g  (a global)       (_tt_global('g', s) or g)        the hook returns None
    g = v               g = _tt_set_global(v, 'g', s)
    n  (a closure's)    (_tt_cell(_tt_cell_n, s) or n)   likewise; see scopes.Scope.hot
    for i in xs         for i in _tt_each(xs, s)
    if xs, f"{xs}", *xs _tt_read(xs, s)

What cannot race is left alone: local variables, constants, patterns, annotations.
"""

from __future__ import annotations

import ast
import builtins
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from .kinds import words
from .private import CONSUMING, VIEWS, private_names
from .scopes import Comprehension, FunctionNode, Scope, Scopes, mangled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .sites import Sites

_NOTHING = ast.Constant(None)
_BUILTINS = frozenset(vars(builtins))
_Stmt = TypeVar("_Stmt", bound=ast.stmt)
_Body = list[ast.stmt]

# These look at the frame that calls them, or touch nothing that is shared.
_PLAIN_CALLS = words(
    "super locals vars globals eval exec dir breakpoint input print isinstance issubclass "
    "callable id type range int float complex chr ord object property staticmethod "
    "classmethod getattr setattr delattr hasattr next slice memoryview open"
)
# What these return is new, so nobody else can have it yet.
_MAKERS = words(
    "list tuple set frozenset dict sorted str repr bytes bytearray int float complex bool len "
    "range sum abs round format chr ord hash id isinstance callable enumerate zip map filter "
    "reversed"
)
# Of these, what is in the arguments is looked at, too.
_SETS = frozenset({"set", "frozenset"})
_LOOKING = words("all any ascii format max min repr sorted str sum")
_ITERATORS = words("enumerate filter map reversed zip")
_HOLDING = words("dict list set sorted tuple")
_FRESH = (
    ast.Constant,
    ast.JoinedStr,
    ast.List,
    ast.Set,
    ast.Dict,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.Lambda,
    ast.Compare,
)
_OPERATORS: dict[type[ast.operator | ast.cmpop], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.MatMult: "@",
    ast.Div: "/",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.BitAnd: "&",
    ast.FloorDiv: "//",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}


@dataclass(frozen=True)
class Surface:
    """The names through which pieces of code can change what other pieces read."""

    globals: frozenset[str]  # rebound by functions, or as attributes of modules
    attributes: frozenset[str]  # assigned or deleted
    reflective: bool  # whether others may be assigned, too (by `setattr` and the like)

    def __or__(self, other: Surface) -> Surface:
        return Surface(
            self.globals | other.globals,
            self.attributes | other.attributes,
            self.reflective or other.reflective,
        )


NO_SURFACE = Surface(frozenset(), frozenset(), reflective=False)
# Code that uses one of these may set any global variable, of whatever name.
_BY_NAME = {"globals", "exec", "eval"}
# Code that uses one of these may set any attribute.
_REFLECTION = {
    "setattr",
    "delattr",
    "vars",
    "exec",
    "eval",
    "__dict__",
    "__setattr__",
    "__delattr__",
}


def surface(trees: Iterable[ast.AST]) -> Surface:
    """What the code in `trees` rebinds; it decides which accesses of it need a hook."""
    shared: set[str] = set()
    attributes: set[str] = set()
    imported: set[str] = set()
    of_names: list[tuple[str, str]] = []
    keys: set[str] = set()
    reflective = by_name = False
    trees = list(trees)
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Global):
                shared.update(node.names)
            elif isinstance(node, ast.Attribute):
                if not isinstance(node.ctx, ast.Load):
                    attributes.add(node.attr)
                    if isinstance(node.value, ast.Name):
                        of_names.append((node.value.id, node.attr))
                reflective = reflective or node.attr in _REFLECTION
                by_name = by_name or node.attr == "__globals__"
            elif isinstance(node, ast.Subscript):
                if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
                    keys.add(node.slice.value)
            elif isinstance(node, ast.Name):
                reflective = reflective or node.id in _REFLECTION
                by_name = by_name or node.id in _BY_NAME
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                imported.update(
                    alias.asname or alias.name.partition(".")[0] for alias in node.names
                )
    shared.update(attr for name, attr in of_names if name in imported)  # `settings.limit = 3`
    if by_name:
        shared |= keys
        for tree in trees:
            shared.update(_assigned(tree))
    return Surface(frozenset(shared), frozenset(attributes), reflective)


def _assigned(tree: ast.AST) -> Iterator[str]:
    """The names that are assigned to, but for those in functions and classes."""
    if isinstance(tree, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
        return
    if isinstance(tree, ast.Name) and not isinstance(tree.ctx, ast.Load):
        yield tree.id
    for child in ast.iter_child_nodes(tree):
        yield from _assigned(child)


def rewrite(
    tree: ast.Module,
    *,
    shared_globals: frozenset[str],
    sites: Sites,
    file: str = "<unknown>",
    lines: Sequence[str] = (),
) -> ast.Module:
    """The tree with hooks; `tree` itself is changed too.

    Args:
        tree: what to rewrite.
        shared_globals: names of module-level variables that functions rebind.
        sites: gets one entry for every hook.
        file: where the tree comes from.
        lines: the text of that file, for the sites.
    """
    return _Rewriter(Scopes(tree), shared_globals, sites, file, lines).module(tree)


def hook(name: str, *args: ast.expr) -> ast.Call:
    """A call of a hook."""
    return ast.Call(ast.Name(f"_tt_{name}", ast.Load()), list(args), [])


class _Rewriter(ast.NodeTransformer):
    def __init__(
        self,
        scopes: Scopes,
        shared_globals: frozenset[str],
        sites: Sites,
        file: str,
        lines: Sequence[str],
    ) -> None:
        self._scopes = scopes
        self._scope: Scope = scopes.top
        self._shared = shared_globals
        self._sites = sites
        self._file = file
        self._lines = lines
        self._hidden = 0
        self._elements: dict[ast.AST, str] = {}  # generator expressions: what is done to the items
        self._private: frozenset[str] = frozenset()
        self._defined = _defined_names(scopes.top.node)

    def module(self, tree: ast.Module) -> ast.Module:
        tree.body = self._statements(tree.body)
        return ast.fix_missing_locations(tree)

    # -- small helpers ------------------------------------------------------------------------

    def _site(self, node: ast.expr | ast.stmt) -> ast.Constant:
        return ast.Constant(self._sites.add(self._file, self._lines, node))

    def _mangled(self, name: str) -> ast.Constant:
        return ast.Constant(mangled(name, self._scope.klass))

    def _hidden_name(self) -> str:
        self._hidden += 1
        return f"_tt_{self._hidden}"

    def _expr(self, node: ast.expr) -> ast.expr:
        result = self.visit(node)
        assert isinstance(result, ast.expr)
        return result

    def _statements(self, body: Sequence[ast.stmt]) -> _Body:
        result: _Body = []
        for stmt in body:
            new = self.visit(stmt)
            if isinstance(new, list):
                result.extend(new)
            else:
                result.append(new)
        return result

    def _lowers(self) -> bool:
        """Whether hidden variables may be made here: not where they would be seen as members."""
        return self._scope.kind == "function"

    # -- names --------------------------------------------------------------------------------

    def _variable(self, name: str) -> tuple[str, ast.expr] | None:
        """How a variable that threads may share is announced: hook and first argument."""
        name = mangled(name, self._scope.klass)
        owner = self._scope.owner(name)
        if owner is None or owner.kind == "module":
            if name in self._shared and self._scope.runs_later():
                return "global", ast.Constant(name)
        elif name in owner.hot:
            return "cell", ast.Name(_cell(name), ast.Load())
        return None

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if isinstance(node.ctx, ast.Load):
            variable = self._variable(node.id)
            if variable is not None:
                kind, which = variable
                announce = hook(kind, which, self._site(node))
                return ast.copy_location(ast.BoolOp(ast.Or(), [announce, node]), node)
        return node

    def _value_for(self, target: ast.Name, value: ast.expr) -> ast.expr:
        """`value`, announced just before `target` is bound to it."""
        variable = self._variable(target.id)
        if variable is None:
            return value
        kind, which = variable
        new = hook(f"set_{kind}", value, which, self._site(target))
        return ast.copy_location(new, value)

    def _announced(self, name: str, node: _Stmt) -> _Stmt | _Body:
        """A statement that binds `name` by itself (def, class, import), announced before it."""
        variable = self._variable(name)
        if variable is None:
            return node
        kind, which = variable
        call = hook(f"set_{kind}", ast.Constant(None), which, self._site(node))
        return [ast.copy_location(ast.Expr(call), node), node]

    # -- expressions --------------------------------------------------------------------------

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if not isinstance(node.ctx, ast.Load):
            return self._stored_in_place(node)
        site = self._site(node)
        new = hook("attr", self._expr(node.value), self._mangled(node.attr), site)
        return ast.copy_location(new, node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if not isinstance(node.ctx, ast.Load):
            return self._stored_in_place(node)
        if self._is_private(node.value):
            node.slice = self._expr(node.slice)
            return node
        site = self._site(node)
        new = hook("item", self._expr(node.value), self._index(node.slice), site)
        return ast.copy_location(new, node)

    def _stored_in_place(self, node: ast.Attribute | ast.Subscript) -> ast.expr:
        """A target that is not lowered (in a class body or a comprehension): only its parts."""
        node.value = self._expr(node.value)
        if isinstance(node, ast.Subscript):
            node.slice = self._expr(node.slice)
        return node

    def _index(self, node: ast.expr) -> ast.expr:
        """A subscript as an expression that may stand anywhere: slices become `slice(…)`."""
        if isinstance(node, ast.Slice):
            parts = [
                self._expr(part) if part is not None else ast.Constant(None)
                for part in (node.lower, node.upper, node.step)
            ]
            return ast.copy_location(hook("slice", *parts), node)
        if isinstance(node, ast.Tuple):
            node.elts = [self._index(element) for element in node.elts]
            return node
        return self._expr(node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        args: list[ast.expr] = [*node.args, *(keyword.value for keyword in node.keywords)]
        func = node.func
        read_args = hooked = looks = False
        if isinstance(func, ast.Attribute) and self._is_private(func.value):
            read_args = func.attr in CONSUMING
        elif isinstance(func, ast.Attribute):
            hooked = True
            site = self._site(func)
            new = hook("method", self._expr(func.value), self._mangled(func.attr), site)
            node.func = ast.copy_location(new, func)
        else:
            node.func = self._expr(func)
            name = func.id if isinstance(func, ast.Name) else ""
            known = self._is_known(name)
            builtin = name in _BUILTINS and self._is_builtin(name)
            hooked = not known and not (builtin and all(self._is_fresh(arg) for arg in args))
            looks = not hooked and name in _LOOKING and self._is_builtin(name)
            if hooked:
                node.func = ast.copy_location(hook("callee", node.func, self._site(node)), func)
            if name in _LOOKING and args and isinstance(args[0], ast.GeneratorExp):
                self._elements[args[0]] = "read" if name in ("any", "all") else "kept"
        visit = self._expr
        if read_args:
            visit = functools.partial(self._read, how="unpack")
        elif looks:
            visit = self._looked_into
        elif hooked:
            visit = self._argument
        node.args = [visit(arg) for arg in node.args]
        for keyword in node.keywords:
            if keyword.arg is None:
                keyword.value = self._read(keyword.value)
            else:
                keyword.value = self._expr(keyword.value)
        if isinstance(func, ast.Name) and func.id in _SETS and self._is_builtin(func.id) and args:
            return ast.copy_location(hook("ordered", node), node)
        return node

    def _argument(self, node: ast.expr) -> ast.expr:
        """An argument of a call that looks at its arguments: an iterator made here is no secret."""
        if not self._is_iterator(node):
            return self._expr(node)
        return ast.copy_location(hook("fresh", self._expr(node)), node)

    def _is_iterator(self, node: ast.expr) -> bool:
        """Whether it is `zip(…)` or the like."""
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in _ITERATORS
            and self._is_builtin(node.func.id)
        )

    def _looked_into(self, node: ast.expr) -> ast.expr:
        """A new value, in which there may be older ones that are looked at."""
        displays = (ast.List, ast.Tuple, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp)
        holding = isinstance(node, ast.Call) and (
            isinstance(node.func, ast.Name) and node.func.id in _HOLDING
        )
        if not (holding or isinstance(node, displays) or self._is_private(node)):
            return self._expr(node)
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)) and all(
            isinstance(element, ast.Constant) for element in node.elts
        ):
            return self._expr(node)
        site = self._site(node)
        return ast.copy_location(hook("within", self._expr(node), site), node)

    def _is_known(self, name: str) -> bool:
        """Whether a call of this name needs no look at its arguments."""
        owner = self._scope.owner(name)
        if owner is None or owner.kind == "module":
            return name in self._defined or (name in _PLAIN_CALLS and self._is_builtin(name))
        return False

    def _is_builtin(self, name: str) -> bool:
        """Whether nothing here hides the builtin of this name."""
        owner = self._scope.owner(name)
        return (owner is None or owner.kind == "module") and name not in self._scopes.top.bindings

    def _is_fresh(self, node: ast.expr) -> bool:
        """Whether the value was made by this very expression, or is of no interest."""
        if isinstance(node, ast.Call):
            return self._is_private(node) or (
                isinstance(node.func, ast.Name) and node.func.id in _MAKERS
            )
        if isinstance(node, ast.Tuple):
            return all(self._is_fresh(element) for element in node.elts)
        if isinstance(node, ast.UnaryOp):
            return True
        if isinstance(node, ast.BinOp):
            return _is_number(node.left) or _is_number(node.right)
        return isinstance(node, _FRESH) or self._is_private(node)

    def _is_private(self, node: ast.expr) -> bool:
        """Whether it is a container that only this function can reach, or a view of one."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return node.func.attr in VIEWS and self._is_private(node.func.value)
        return isinstance(node, ast.Name) and node.id in self._private

    def visit_Starred(self, node: ast.Starred) -> ast.expr:
        if isinstance(node.ctx, ast.Load):
            node.value = self._read(node.value, "unpack")
        else:
            node.value = self._expr(node.value)
        return node

    def visit_Set(self, node: ast.Set) -> ast.expr:
        constant = all(isinstance(element, ast.Constant) for element in node.elts)
        self.generic_visit(node)
        return node if constant else ast.copy_location(hook("ordered", node), node)

    def visit_Dict(self, node: ast.Dict) -> ast.expr:
        values = [
            self._expr(value) if key is not None else self._read(value)
            for key, value in zip(node.keys, node.values, strict=True)
        ]
        node.keys = [self._expr(key) if key is not None else None for key in node.keys]
        node.values = values
        return node

    def _read(self, node: ast.expr, how: str = "read") -> ast.expr:
        """`node`, whose contents are looked at if it is a container."""
        names = (ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.NamedExpr, ast.Await)
        fresh = isinstance(node, (ast.Name, ast.Call)) and self._is_fresh(node)
        if fresh or not isinstance(node, names):
            return self._expr(node)
        site = self._site(node)
        return ast.copy_location(hook(how, self._expr(node), site), node)

    def _truth(self, node: ast.expr) -> ast.expr:
        """`node`, asked whether it is true."""
        if isinstance(node, ast.BoolOp):
            node.values = [self._truth(value) for value in node.values]
            return node
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            node.operand = self._truth(node.operand)
            return node
        return self._read(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        last = len(node.values) - 1
        node.values = [
            self._truth(value) if at < last else self._expr(value)
            for at, value in enumerate(node.values)
        ]
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        if isinstance(node.op, ast.Not):
            node.operand = self._truth(node.operand)
        else:
            node.operand = self._expr(node.operand)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        node.test = self._truth(node.test)
        node.body = self._expr(node.body)
        node.orelse = self._expr(node.orelse)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left, right = node.left, node.right
        numeric = _is_number(left) or _is_number(right)
        text = any(isinstance(side, ast.JoinedStr) or _is_text(side) for side in (left, right))
        site = self._site(node)
        node.left, node.right = self._expr(left), self._expr(right)
        formats = _is_text(left) or isinstance(left, ast.JoinedStr)
        if isinstance(node.op, ast.Mod) and formats and not (numeric or _is_text(right)):
            text = False
        if text or (numeric and not isinstance(node.op, ast.Mult)):
            if not _may_be_giant(node.op, left, right):
                return node
            numeric = False
        if numeric and any(isinstance(side, (*_FRESH, ast.BinOp)) for side in (left, right)):
            return node  # `2 * 3`, `[0] * 5`
        symbol = ast.Constant(_OPERATORS[type(node.op)])
        return ast.copy_location(hook("binary", symbol, node.left, node.right, site), node)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        sides = [node.left, *node.comparators]
        if len(node.ops) == 1 and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            among = self._among(node.left, node.comparators[0], node.ops[0])
            if among is not None:
                return ast.copy_location(among, node)
        if len(node.ops) > 1 or any(self._is_private(side) for side in sides):
            if all(isinstance(op, (ast.In, ast.NotIn, ast.Is, ast.IsNot)) for op in node.ops):
                node.left, *node.comparators = (self._read(side) for side in sides)
            else:
                node.left, *node.comparators = (
                    self._looked_into(side) if self._is_fresh(side) else self._read(side, "show")
                    for side in sides
                )
            return node
        (op,) = node.ops
        site = self._site(node)
        node.left, node.comparators[0] = (self._expr(side) for side in sides)
        if isinstance(op, (ast.Is, ast.IsNot)):
            return node
        if isinstance(op, (ast.In, ast.NotIn)):
            if isinstance(sides[1], (ast.Constant, ast.Tuple, ast.Set, ast.List)):
                return node
        elif any(isinstance(side, ast.Constant) for side in sides):
            return node
        symbol = ast.Constant(_OPERATORS[type(op)])
        new = hook("compare", symbol, node.left, node.comparators[0], site)
        return ast.copy_location(new, node)

    def _among(self, item: ast.expr, new: ast.expr, op: ast.cmpop) -> ast.expr | None:
        """`item in new`, of a container that nobody else has; None for others."""
        shown = isinstance(new, (ast.List, ast.Tuple, ast.Set)) and not all(
            isinstance(element, ast.Constant) for element in new.elts
        )
        if isinstance(item, (ast.Constant, ast.JoinedStr)) or not (shown or self._is_private(new)):
            return None
        site = self._site(item)
        symbol = ast.Constant(_OPERATORS[type(op)])
        return hook("among", symbol, self._expr(item), self._expr(new), site)

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.expr:
        fresh = self._is_fresh(node.value)
        node.value = self._looked_into(node.value) if fresh else self._read(node.value, "show")
        if node.format_spec is not None:
            node.format_spec = self._expr(node.format_spec)
        return node

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.expr:
        node.value = self._value_for(node.target, self._expr(node.value))
        return node

    def visit_YieldFrom(self, node: ast.YieldFrom) -> ast.expr:
        site = self._site(node.value)
        new = hook("delegate", self._expr(node.value), site)
        node.value = ast.copy_location(new, node.value)
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        self._defaults(node.args)
        outer, self._scope = self._scope, self._scopes[node]
        node.body = self._expr(node.body)
        enter = ast.copy_location(hook("enter"), node.body)  # returns None
        node.body = ast.copy_location(ast.BoolOp(ast.Or(), [enter, node.body]), node.body)
        self._scope = outer
        return node

    def _defaults(self, args: ast.arguments) -> None:
        args.defaults = [self._expr(default) for default in args.defaults]
        args.kw_defaults = [
            self._expr(default) if default is not None else None for default in args.kw_defaults
        ]

    # -- iteration ----------------------------------------------------------------------------

    def _iterated(self, node: ast.expr, target: ast.expr) -> ast.expr:
        """The iterable of a loop; shared variables in `target` are announced for each item."""
        displays = (ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict)
        if isinstance(node, displays) or self._is_private(node):
            new: ast.expr = self._expr(node)
            if not self._cells(target):
                return new
        site = self._site(node)
        new = hook("each", self._expr(node), site, *self._cells(target))
        if isinstance(node, ast.GeneratorExp) or self._is_iterator(node):
            new.func = ast.Name("_tt_each_new", ast.Load())
        elif isinstance(node, ast.Call):
            new.func = ast.Name("_tt_each_called", ast.Load())
        return ast.copy_location(new, node)

    def _cells(self, target: ast.expr) -> list[ast.expr]:
        """What announces the shared variables that a loop binds."""
        found: list[ast.expr] = []
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                variable = self._variable(node.id)
                if variable is not None:
                    found.append(variable[1])
        return found

    def visit_For(self, node: ast.For) -> ast.stmt:
        lowered = self._lowers() and any(
            isinstance(part, (ast.Attribute, ast.Subscript)) for part in ast.walk(node.target)
        )
        node.iter = self._iterated(node.iter, _NOTHING if lowered else node.target)
        body: _Body = []
        if lowered:
            name = self._hidden_name()
            body = self._store(node.target, ast.Name(name, ast.Load()))
            node.target = ast.copy_location(ast.Name(name, ast.Store()), node.target)
        elif not isinstance(node.target, ast.Name):
            node.target = self._expr(node.target)
        node.body = [self._pulse("pulse", node), *body, *self._statements(node.body)]
        node.orelse = self._statements(node.orelse)
        return node

    def visit_While(self, node: ast.While) -> ast.stmt:
        node.test = self._truth(node.test)
        node.body = [self._pulse("tick", node), *self._statements(node.body)]
        node.orelse = self._statements(node.orelse)
        return node

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.stmt:
        node.iter = self._expr(node.iter)
        node.body = [self._pulse("pulse", node), *self._statements(node.body)]
        node.orelse = self._statements(node.orelse)
        return node

    def _pulse(self, kind: str, node: ast.stmt) -> ast.stmt:
        args = [self._site(node)] if kind == "tick" else []
        return ast.copy_location(ast.Expr(hook(kind, *args)), node)

    def visit_ListComp(self, node: Comprehension) -> ast.expr:
        outer, inner = self._scope, self._scopes[node]
        use = self._elements.pop(node, "")
        first, *others = node.generators
        own_cells = sorted(inner.hot)
        if own_cells:
            # The scope's variables need identities, made once per run of the comprehension:
            # [f(i) for _tt_cell_i, _tt_source in _tt_new_cells(xs, 'i') for i in _tt_source]
            name = self._hidden_name()
            iterable = self._iterated(first.iter, _NOTHING)
            make = hook("new_cells", iterable, *(ast.Constant(cell) for cell in own_cells))
            targets: list[ast.expr] = [ast.Name(_cell(cell), ast.Store()) for cell in own_cells]
            targets.append(ast.Name(name, ast.Store()))
            self._scope = inner
            site = self._site(first.iter)
            source = hook("bind", ast.Name(name, ast.Load()), site, *self._cells(first.target))
            maker = ast.comprehension(ast.Tuple(targets, ast.Store()), make, [], 0)
            first.iter = source
            node.generators.insert(0, maker)
            ast.copy_location(make, iterable)
            ast.copy_location(source, iterable)
            ast.copy_location(maker.target, first.target)
        else:
            if not first.is_async:
                first.iter = self._iterated(first.iter, _NOTHING)
            else:
                first.iter = self._expr(first.iter)
            self._scope = inner
        for generator in others:
            if not generator.is_async:
                generator.iter = self._iterated(generator.iter, generator.target)
            else:
                generator.iter = self._expr(generator.iter)
        for generator in (first, *others):
            generator.target = self._expr(generator.target)
            generator.ifs = [self._truth(test) for test in generator.ifs]
        if isinstance(node, ast.DictComp):
            node.key, node.value = self._expr(node.key), self._expr(node.value)
        elif use == "read":
            node.elt = self._truth(node.elt)
        elif use == "kept" and not self._is_fresh(node.elt):
            node.elt = ast.copy_location(hook("kept", self._expr(node.elt)), node.elt)
        else:
            node.elt = self._expr(node.elt)
        self._scope = outer
        return node

    visit_DictComp = visit_GeneratorExp = visit_ListComp

    def visit_SetComp(self, node: ast.SetComp) -> ast.expr:
        return ast.copy_location(hook("ordered", self.visit_ListComp(node)), node)

    # -- assignments --------------------------------------------------------------------------

    def visit_Assign(self, node: ast.Assign) -> ast.stmt | _Body:
        unpacks = any(isinstance(target, (ast.Tuple, ast.List)) for target in node.targets)
        value = self._read(node.value, "unpack") if unpacks else self._expr(node.value)
        if len(node.targets) == 1:
            if not self._lowers() and unpacks:
                node.targets = [self._expr(target) for target in node.targets]
                node.value = value
                return node
            return self._located(self._store(node.targets[0], value), node)
        if not self._lowers() or all(self._is_plain(target) for target in node.targets):
            node.targets = [self._expr(target) for target in node.targets]
            node.value = value
            return node
        name = self._hidden_name()
        body: _Body = [ast.Assign([ast.Name(name, ast.Store())], value)]
        for target in node.targets:
            body += self._store(target, ast.Name(name, ast.Load()))
        return self._located(body, node)

    def _located(self, body: _Body, node: ast.stmt) -> _Body:
        for stmt in body:
            if not hasattr(stmt, "lineno"):
                ast.copy_location(stmt, node)
        return body

    def _is_plain(self, target: ast.expr) -> bool:
        """Whether all that the target binds is local."""
        return all(
            isinstance(node, ast.Name)
            and (isinstance(node.ctx, ast.Load) or self._variable(node.id) is None)
            for node in ast.walk(target)
            if isinstance(node, ast.expr)
            and not isinstance(node, (ast.Tuple, ast.List, ast.Starred))
        )

    def _store(self, target: ast.expr, value: ast.expr) -> _Body:
        """Statements that store `value`, which is rewritten already, in `target`."""
        if isinstance(target, ast.Name):
            new: ast.stmt = ast.Assign([target], self._value_for(target, value))
        elif isinstance(target, ast.Attribute):
            site = self._site(target)
            owner = self._expr(target.value)
            new = ast.Expr(hook("set_attr", value, owner, self._mangled(target.attr), site))
        elif isinstance(target, ast.Subscript) and self._is_private(target.value):
            new = ast.Assign([self._stored_in_place(target)], value)
        elif isinstance(target, ast.Subscript):
            site = self._site(target)
            owner = self._expr(target.value)
            new = ast.Expr(hook("set_item", value, owner, self._index(target.slice), site))
        elif self._is_plain(target):
            new = ast.Assign([target], value)
        else:
            return self._unpack(target, value)
        # A store is what its traceback should show, so the hook stands where the target stood.
        if isinstance(new, ast.Expr):
            ast.copy_location(new.value, target)
        return [ast.copy_location(new, target)]

    def _unpack(self, target: ast.expr, value: ast.expr) -> _Body:
        """`a, x.b = value`: first into hidden variables, then one by one, as Python does."""
        leaves: list[tuple[str, ast.expr]] = []

        def hidden(node: ast.expr) -> ast.expr:
            if isinstance(node, (ast.Tuple, ast.List)):
                elements = [hidden(element) for element in node.elts]
                return ast.copy_location(type(node)(elements, ast.Store()), node)
            if isinstance(node, ast.Starred):
                return ast.copy_location(ast.Starred(hidden(node.value), ast.Store()), node)
            name = self._hidden_name()
            leaves.append((name, node))
            return ast.copy_location(ast.Name(name, ast.Store()), node)

        body: _Body = [ast.copy_location(ast.Assign([hidden(target)], value), target)]
        for name, leaf in leaves:
            body += self._store(leaf, ast.copy_location(ast.Name(name, ast.Load()), leaf))
        return body

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt | _Body:
        if node.value is None:
            return node
        value = self._expr(node.value)
        if self._lowers() and not self._is_plain(node.target):
            return self._located(self._store(node.target, value), node)
        node.value = value
        node.target = self.visit(node.target)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        symbol = ast.Constant(_OPERATORS[type(node.op)] + "=")
        target = node.target
        site = self._site(target)
        giant = isinstance(node.op, ast.Mult) and not _is_small(node.value)
        if isinstance(target, ast.Name) and (giant or not self._is_private(target)):
            return self._augmented_name(node, target, symbol, site)
        if isinstance(target, ast.Name):
            node.value = self._read(node.value, "unpack")
            return node
        if self._is_private(target.value):
            node.target, node.value = self.visit(target), self._expr(node.value)
            return node
        owner = self._expr(target.value)
        if isinstance(target, ast.Attribute):
            update = hook("update_attr", owner, self._mangled(target.attr), symbol, site)
        else:
            update = hook("update_item", owner, self._index(target.slice), symbol, site)
        call = ast.Call(update, [self._expr(node.value)], [])
        ast.copy_location(update, target)
        return ast.copy_location(ast.Expr(ast.copy_location(call, node)), node)

    def _augmented_name(
        self, node: ast.AugAssign, target: ast.Name, symbol: ast.Constant, site: ast.Constant
    ) -> ast.stmt:
        plain = _is_number(node.value) or _is_text(node.value) or self._scope.kind == "class"
        if isinstance(node.op, (ast.Pow, ast.LShift)) and self._scope.kind != "class":
            plain = False
        if plain and self._variable(target.id) is None:
            node.value = self._expr(node.value)
            return node
        old = ast.copy_location(ast.Name(target.id, ast.Load()), target)
        current = self.visit_Name(old)
        value = hook("inplace", symbol, current, self._expr(node.value), site)
        new = ast.Assign([target], self._value_for(target, ast.copy_location(value, node)))
        return ast.copy_location(new, node)

    def visit_Delete(self, node: ast.Delete) -> ast.stmt | _Body:
        body: _Body = []
        targets = list(node.targets)
        while targets:
            target = targets.pop(0)
            if isinstance(target, (ast.Tuple, ast.List)):
                targets[:0] = target.elts
                continue
            if isinstance(target, ast.Attribute):
                site = self._site(target)
                owner = self._expr(target.value)
                call = hook("del_attr", owner, self._mangled(target.attr), site)
                new: ast.stmt = ast.Expr(ast.copy_location(call, target))
            elif isinstance(target, ast.Subscript) and self._is_private(target.value):
                new = ast.Delete([self._stored_in_place(target)])
            elif isinstance(target, ast.Subscript):
                site = self._site(target)
                owner = self._expr(target.value)
                call = hook("del_item", owner, self._index(target.slice), site)
                new = ast.Expr(ast.copy_location(call, target))
            else:
                assert isinstance(target, ast.Name)
                announced = self._announced(target.id, ast.Delete([target]))
                body += self._located(
                    announced if isinstance(announced, list) else [announced], node
                )
                continue
            body.append(ast.copy_location(new, node))
        return body

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> ast.stmt | _Body:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            if name != "*" and self._variable(name) is not None:
                return self._announced(name, node)
        return node

    visit_ImportFrom = visit_Import

    # -- other statements ---------------------------------------------------------------------

    def visit_If(self, node: ast.If) -> ast.stmt:
        node.test = self._truth(node.test)
        node.body = self._statements(node.body)
        node.orelse = self._statements(node.orelse)
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        node.test = self._truth(node.test)
        if node.msg is not None:
            node.msg = self._expr(node.msg)
        return node

    def visit_Try(self, node: ast.Try) -> ast.stmt:
        node.body = self._statements(node.body)
        for handler in node.handlers:
            self._handler(handler)
        node.orelse = self._statements(node.orelse)
        node.finalbody = self._statements(node.finalbody)
        return node

    visit_TryStar = visit_Try  # type: ignore[assignment]

    def _handler(self, handler: ast.ExceptHandler) -> None:
        """A handler says that it caught something, and lets the end of the run pass."""
        if handler.type is not None:
            handler.type = self._expr(handler.type)
        caught = ast.copy_location(ast.Expr(hook("handler")), handler)
        handler.body = [caught, *self._statements(handler.body)]

    def visit_With(self, node: ast.With) -> ast.stmt:
        return self._with(node, list(node.items))

    def _with(self, node: ast.With, items: list[ast.withitem]) -> ast.stmt:
        """Items up to the first whose target must be lowered; the others in a `with` inside."""
        done: list[ast.withitem] = []
        body: _Body = []
        while items:
            item = items.pop(0)
            site = self._site(item.context_expr)
            expr = item.context_expr
            item.context_expr = hook("context", self._expr(expr), site)
            ast.copy_location(item.context_expr, expr)
            done.append(item)
            target = item.optional_vars
            if target is None:
                continue
            if self._lowers() and not self._is_plain(target):
                name = self._hidden_name()
                item.optional_vars = ast.copy_location(ast.Name(name, ast.Store()), target)
                value = ast.copy_location(ast.Name(name, ast.Load()), target)
                body = self._store(target, value)
                break
            item.optional_vars = self._expr(target)
        if items:
            inner = ast.copy_location(ast.With(items, node.body), node)
            body.append(self._with(inner, items))
        else:
            body += self._statements(node.body)
        node.items, node.body = done, body
        return node

    def visit_Match(self, node: ast.Match) -> ast.stmt:
        if not isinstance(node.subject, ast.Constant):
            site = self._site(node.subject)
            subject = hook("match", self._expr(node.subject), site)
            node.subject = ast.copy_location(subject, node.subject)
        for case in node.cases:  # patterns stay as they are
            if case.guard is not None:
                case.guard = self._truth(case.guard)
            case.body = self._statements(case.body)
        return node

    def visit_TypeAlias(self, node: ast.stmt) -> ast.stmt:
        return node

    # -- definitions --------------------------------------------------------------------------

    def visit_FunctionDef(self, node: FunctionNode) -> ast.stmt | _Body:
        node.decorator_list = [self._expr(decorator) for decorator in node.decorator_list]
        self._defaults(node.args)
        outer, self._scope = self._scope, self._scopes[node]
        outer_private, self._private = self._private, private_names(node, self._is_builtin)
        opening, body = _docstring_first(node.body)
        # On the line of the `def`, where a call that goes too deep is reported.
        opening.append(ast.copy_location(ast.Expr(hook("enter")), node))
        for name in sorted(self._scope.hot):
            made = ast.Assign(
                [ast.Name(_cell(name), ast.Store())], hook("new_cell", ast.Constant(name))
            )
            opening.append(ast.copy_location(made, node))
        node.body = [*opening, *self._statements(body)]
        self._scope, self._private = outer, outer_private
        return self._announced(node.name, node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.stmt | _Body:
        node.decorator_list = [self._expr(decorator) for decorator in node.decorator_list]
        node.bases = [self._expr(base) for base in node.bases]
        for keyword in node.keywords:
            keyword.value = self._expr(keyword.value)
        outer, self._scope = self._scope, self._scopes[node]
        opening, body = _docstring_first(node.body)
        node.body = [*opening, *self._statements(body)]
        self._scope = outer
        seal = ast.Name("_tt_class", ast.Load())
        node.decorator_list.insert(0, ast.copy_location(seal, (*node.decorator_list, node)[0]))
        return self._announced(node.name, node)


def _cell(name: str) -> str:
    return f"_tt_cell_{name}"


def _docstring_first(body: _Body) -> tuple[_Body, _Body]:
    if body and isinstance(body[0], ast.Expr) and _is_text(body[0].value):
        return body[:1], body[1:]
    return [], body


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float, complex))


def _may_be_giant(op: ast.operator, left: ast.expr, right: ast.expr) -> bool:
    """Whether an operation with a constant may need a look at how large its result will be."""
    if isinstance(op, (ast.Pow, ast.LShift)):
        return not (_is_small(left) and _is_small(right))
    return isinstance(op, ast.Mult) and not (_is_small(left) or _is_small(right))


def _is_small(node: ast.expr) -> bool:
    """Whether it is a number that makes no giant, as exponent of another or as a factor."""
    return isinstance(node, ast.Constant) and (
        isinstance(node.value, float) or (isinstance(node.value, int) and node.value <= 1000)
    )


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))


def _defined_names(tree: ast.AST) -> frozenset[str]:
    """What only `def` and `class` statements at the top bind: calls of it need no look."""
    defined: set[str] = set()
    for stmt in getattr(tree, "body", []):
        if (
            isinstance(stmt, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            and not stmt.decorator_list
        ):
            defined.add(stmt.name)
    return frozenset(defined)
