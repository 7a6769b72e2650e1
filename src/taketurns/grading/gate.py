"""Reads a learner's code for what could reach the checks themselves.

Learner and checks share one Python while a check runs, so a verdict can be relied on only if the
learner's code has no way to the frames, modules and functions around it. In Python every such way
begins with a name that has to be written down: an import, a special attribute, a function such as
`exec` that takes text. Code that has one of them is judged like any other, but its points wait for
a human. Everything that the course teaches, and what else learners write for its exercises, passes.

This is about integrity only. What code may do to the machine is the sandbox's business.
"""

from __future__ import annotations

import ast
import builtins
import functools
import importlib
import re
import types
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What may be imported.
MODULES = _words(
    """
    __future__ abc bisect collections collections.abc concurrent concurrent.futures
    contextlib contextvars copy dataclasses datetime decimal enum fractions functools heapq
    itertools json math numbers operator queue random re statistics textwrap threading time
    typing urllib.error urllib.parse weakref
    """
)
# `from … import` of these from modules that are otherwise closed.
MEMBERS = frozenset(
    {("types", "SimpleNamespace"), ("types", "MappingProxyType"), ("types", "TracebackType"),
     ("types", "MethodType")}
)  # fmt: skip
# They take text for code, or lead from an object to the names around it.
FUNCTIONS = _words(
    """
    __build_class__ __builtins__ __import__ __loader__ __spec__ breakpoint compile eval exec
    exit get_ipython globals help input locals memoryview open quit vars
    """
)
BY_NAME = frozenset({"delattr", "getattr", "setattr", "attrgetter", "methodcaller"})
ATTRIBUTES = _words(
    """
    ag_code ag_frame co_code co_consts co_names cr_code cr_frame f_back f_builtins f_code
    f_globals f_locals f_trace get_type_hints gi_code gi_frame setprofile
    setprofile_all_threads settrace settrace_all_threads singledispatch singledispatchmethod
    tb_frame tb_next ForwardRef evaluate_forward_ref make_dataclass
    """
)
SPECIAL = _words(
    """
    __abs__ __add__ __aenter__ __aexit__ __all__ __and__ __annotations__ __author__ __bool__
    __call__ __cause__ __class__ __class_getitem__ __contains__ __context__ __copy__
    __deepcopy__ __del__ __delitem__ __doc__ __enter__ __exit__ __file__ __float__
    __floordiv__ __format__ __future__ __getitem__ __hash__ __iadd__ __init__
    __init_subclass__ __int__ __invert__ __isub__ __iter__ __len__ __main__ __mod__ __mul__
    __name__ __neg__ __new__ __next__ __notes__ __or__ __post_init__ __qualname__ __radd__
    __repr__ __reversed__ __rsub__ __setitem__ __slots__ __str__ __sub__ __truediv__
    __wrapped__
    """
)
# What they answer decides a check; a learner's class has no need to say what it is equal to.
JUDGES = frozenset(
    {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__class__", "__instancecheck__",
     "__subclasshook__", "__getattribute__"}
)  # fmt: skip
# These too, where the class claims to be a plain value.
JUDGES_OF_VALUES = frozenset({"__len__", "__bool__", "__contains__", "__iter__", "__getitem__"})
VALUES = frozenset({"int", "float", "str", "bytes", "list", "tuple", "dict", "set", "frozenset"})
# The one attribute of a module that is there to be assigned to.
ASSIGNABLE = frozenset({("threading", "excepthook")})
_SPECIAL_NAME = re.compile(r"__[a-z]\w*__")
_OURS = "_tt_"  # how the engine's names begin in the code that it has rewritten


@functools.cache
def _ways_out() -> frozenset[str]:
    """Names of other modules that can be had through the open ones, such as `dataclasses.sys`."""
    importlib.import_module("concurrent.futures.thread")  # else it is there only sometimes
    found = set()
    seen = {importlib.import_module(name) for name in MODULES}
    todo = list(seen)
    while todo:
        for attribute, value in vars(todo.pop()).items():
            if not isinstance(value, types.ModuleType) or value in seen:
                continue
            if any(value.__name__.startswith(f"{name}.") for name in MODULES):  # a part of one
                seen.add(value)
                todo.append(value)
            else:
                found.add(attribute)
    return frozenset(found)


def reaches(sources: Iterable[str], given: Iterable[str]) -> list[str]:
    """Say what in a learner's cells could reach the checks; empty if nothing does.

    Args:
        sources: the learner's cells.
        given: cells of the master that run with them; what they bind may not be bound anew.
    """
    kept = tuple(binding for source in given for binding in _bindings(source))
    return list(dict.fromkeys(said for source in sources for said in _said(source, kept)))


# A cell is asked about for each check that needs it.
@functools.lru_cache(256)
def _said(source: str, kept: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """What is said about one cell."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # it cannot run
        is_command = re.search(r"^\s*[%!?]", source, re.MULTILINE)
        return ("it uses a command of IPython",) if is_command else ()
    try:
        return tuple(_Reader(tree, dict(kept)).found())
    except RecursionError:
        return ("it is nested too deeply to be read",)


@functools.lru_cache(256)
def _bindings(source: str) -> tuple[tuple[str, str], ...]:
    """What a cell of the master imports, by name."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return ()
    return tuple(binding for node in tree.body for binding in _imported(node))


def _imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    """The names that an import binds, and what they stand for."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            yield name, alias.name if alias.asname else name
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name, f"{node.module}.{alias.name}"


class _Reader:
    """Goes through one cell."""

    def __init__(self, tree: ast.Module, kept: dict[str, str]) -> None:
        self._tree = tree
        self._kept = kept
        self._imported = dict(kept)
        for node in ast.walk(tree):
            self._imported.update(_imported(node))
        self._called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        # whoever has a class in hand may change it for everybody
        self._sets = any(
            isinstance(node, ast.Attribute)
            and not isinstance(node.ctx, ast.Load)
            and not (isinstance(node.value, ast.Name) and node.value.id == "self")
            for node in ast.walk(tree)
        )

    def found(self) -> list[str]:
        """What is said about it, in the order of its lines."""
        said: list[tuple[int, str]] = []
        for node in ast.walk(self._tree):
            said += [(getattr(node, "lineno", 0), text) for text in self._about(node)]
        said += [(line, f"it binds `{name}` anew") for name, line in self._bound_anew()]
        return [f"{text} (line {line})" if line else text for line, text in sorted(said)]

    def _about(self, node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name not in MODULES:
                    yield f"it imports `{alias.name}`"
        elif isinstance(node, ast.ImportFrom):
            yield from self._about_import(node)
        elif isinstance(node, ast.Name):
            if node.id in FUNCTIONS or not self._is_plain(node.id, way_out=False):
                yield f"it uses `{node.id}`"
            elif node.id in (*BY_NAME, "type") and id(node) not in self._called:
                yield f"it uses `{node.id}` without calling it"
            elif self._kept.get(node.id, "").startswith("taketurns"):
                yield f"it uses `{node.id}`"
        elif isinstance(node, ast.Attribute):
            if node.attr in ("attrgetter", "methodcaller") and id(node) not in self._called:
                yield f"it uses `{node.attr}` without calling it"
            # many a class keeps its thread under the name of a module of Python's
            if not self._is_plain(node.attr) and ast.unparse(node) != "self._thread":
                yield f"it reaches for `{node.attr}`"
            elif node.attr == "__class__" and (self._sets or not isinstance(node.ctx, ast.Load)):
                yield f"it changes what `{ast.unparse(node)}` leads to"
            yield from self._about_module(node)
        elif isinstance(node, ast.Call):
            yield from self._about_call(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            for name in _SPECIAL_NAME.findall(node.value):
                if not self._is_plain(name):
                    yield f"it names `{name}` in a text"
            if _OURS in node.value:
                yield "it names what the engine has put there in a text"
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if not self._is_plain(node.name):
                yield f"it defines `{node.name}`"
        elif isinstance(node, ast.ClassDef):
            yield from self._about_class(node)
        elif isinstance(node, ast.MatchClass):
            for name in node.kwd_attrs:
                if not self._is_plain(name):
                    yield f"it reaches for `{name}`"

    def _is_plain(self, name: str, *, way_out: bool = True) -> bool:
        if name in ATTRIBUTES or name.startswith(_OURS) or (way_out and name in _ways_out()):
            return False
        return name in SPECIAL or not _SPECIAL_NAME.fullmatch(name)

    def _about_import(self, node: ast.ImportFrom) -> Iterator[str]:
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            if (node.module, alias.name) in MEMBERS or self._kept.get(alias.name) == whole:
                continue
            if node.module not in MODULES and whole not in MODULES:
                yield f"it imports `{node.module}`"
            elif alias.name.startswith("_") or alias.name == "*" or not self._is_plain(alias.name):
                yield f"it imports `{whole}`"
            elif alias.name in BY_NAME and alias.asname:
                yield f"it uses `{alias.name}` by another name"

    def _about_module(self, node: ast.Attribute) -> Iterator[str]:
        """Whether an attribute is private to a module, or written to something imported."""
        root: ast.expr = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name) or root.id not in self._imported:
            return
        path = ast.unparse(node)
        if not isinstance(node.ctx, ast.Load):
            if (self._imported[root.id], node.attr) not in ASSIGNABLE:
                yield f"it changes `{path}`"
        elif node.attr.startswith("_") and not node.attr.startswith("__"):
            yield f"it reaches for `{path}`"

    def _about_call(self, node: ast.Call) -> Iterator[str]:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node.func, ast.Name) else name
        if name == "type" and isinstance(node.func, ast.Name):
            if len(node.args) != 1 or node.keywords:
                yield "it makes a class by `type`"
            elif self._sets:
                yield "it changes what `type` leads to"
        if name not in BY_NAME:
            return
        position = 0 if name in ("attrgetter", "methodcaller") else 1
        names = node.args[position:] if name == "attrgetter" else node.args[position : position + 1]
        for argument in names:
            if not isinstance(argument, ast.Constant):
                yield f"it uses `{name}` with a name that it makes up"
            elif not all(self._is_plain(part) for part in str(argument.value).split(".")):
                yield f"it reaches for `{argument.value!s}`"
        if name in ("setattr", "delattr") and node.args:
            root = node.args[0]
            while isinstance(root, ast.Attribute):
                root = root.value
            if isinstance(root, ast.Name) and root.id in self._imported:
                yield f"it changes `{ast.unparse(node.args[0])}`"

    def _about_class(self, node: ast.ClassDef) -> Iterator[str]:
        bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        for keyword in node.keywords:
            if keyword.arg == "metaclass" and ast.unparse(keyword.value) not in (
                "ABCMeta",
                "abc.ABCMeta",
            ):
                yield f"`{node.name}` has a metaclass"
        if "type" in bases:
            yield f"`{node.name}` is a metaclass"
        judges = JUDGES | (JUDGES_OF_VALUES if bases & VALUES else frozenset())
        for statement in ast.walk(node):
            name = getattr(statement, "name", None)
            if isinstance(statement, ast.Name) and isinstance(statement.ctx, ast.Store):
                name = statement.id
            if name in judges:
                yield f"`{node.name}` says by itself what it is equal to (`{name}`)"

    def _bound_anew(self) -> Iterator[tuple[str, int]]:
        """Names of Python, or of the master's imports, that a cell binds to something else."""
        for name, line, means in self._bound():
            if name in self._kept:
                if means != self._kept[name]:
                    yield name, line
            elif hasattr(builtins, name) and name not in ("_", "copyright", "credits", "license"):
                yield name, line

    def _bound(self) -> Iterator[tuple[str, int, str | None]]:
        """Global names that the cell binds."""
        nodes: list[ast.AST] = [self._tree]
        while nodes:
            node = nodes.pop()
            line = getattr(node, "lineno", 0)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield node.name, line, None
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                for name, means in _imported(node):
                    yield name, line, means
            elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                yield node.id, line, None
            elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
                yield node.name, line, None
            if not isinstance(
                node,
                (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.ListComp,
                 ast.SetComp, ast.DictComp, ast.GeneratorExp),
            ):  # fmt: skip
                nodes += ast.iter_child_nodes(node)
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Global):
                for name in node.names:
                    yield name, node.lineno, None
