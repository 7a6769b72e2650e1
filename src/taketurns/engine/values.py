"""What a live value is: plain data, a library's, the learner's; and where its code stands."""

from __future__ import annotations

import collections
import enum
import pathlib
import re
import sys
import types
import typing
from types import FunctionType, ModuleType
from typing import Any

from .kinds import is_immutable
from .world import is_learners

if typing.TYPE_CHECKING:
    from collections.abc import Iterable

_IMMUTABLE = (
    *(bool, int, float, complex, str, bytes, type(None), type(...), type(NotImplemented), range),
    re.Pattern,
)
_CONTAINERS: tuple[type, ...] = (
    *(list, set, bytearray, collections.deque, dict),
    *(collections.defaultdict, collections.Counter, collections.OrderedDict),
)


def plainness(value: Any, seen: set[int] | None = None) -> int:
    """0: not plain data; 1: plain and immutable; 2: plain, to be copied."""
    kind = type(value)
    if kind in _IMMUTABLE or is_immutable(kind) or isinstance(value, pathlib.PurePath):
        return 1
    seen = set() if seen is None else seen
    if id(value) in seen:
        return 2
    seen.add(id(value))
    if kind in (tuple, frozenset):
        return _least((plainness(item, seen) for item in value), 1)
    if kind in _CONTAINERS:
        parts: Iterable[Any] = value
        if isinstance(value, dict):
            parts = [*value.keys(), *value.values()]
            if isinstance(value, collections.defaultdict) and not (
                value.default_factory is None or isinstance(value.default_factory, type)
            ):
                return 0
        return _least((plainness(part, seen) for part in parts), 2)
    return 0


def _least(parts: Iterable[int], whole: int) -> int:
    """Whether all parts are plain, and whether any of them or the whole must be copied."""
    for part in parts:
        if part == 0:
            return 0
        whole = max(whole, part)
    return whole


def is_taketurns(value: Any) -> bool:
    """Whether it is one of our own functions or classes, or made by one."""
    kind = value if isinstance(value, (type, FunctionType)) else type(value)
    return str(getattr(kind, "__module__", "")).partition(".")[0] == "taketurns"


def _module_of(value: Any) -> ModuleType | None:
    """The loaded module that a class or function says it is from."""
    return sys.modules.get(str(getattr(value, "__module__", None)))


def is_librarys(value: Any) -> bool:
    """Whether a class or function belongs to Python or to an installed library."""
    if isinstance(value, FunctionType):
        return is_library_file(value.__code__.co_filename)
    module = _module_of(value)
    if module is None or module.__name__ == "__main__":
        return False
    return is_library_file(getattr(module, "__file__", None) or "<built-in>")


def is_library_file(file: str) -> bool:
    """Whether code from this file is Python's or a library's."""
    if file.startswith("<"):
        return file.startswith(("<frozen", "<built-in", "<__array_function__"))
    return pathlib.Path(file).exists() and not is_learners(file)


def importable(value: Any, live: dict[str, Any]) -> tuple[str, list[str]] | None:
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


def is_library_value(value: Any) -> bool:
    """Whether a value that is no class or function is a constant of some library."""
    return type(value).__module__ == "typing" or (
        isinstance(value, (enum.Enum, types.GenericAlias, types.UnionType, typing.TypeVar))
        and is_librarys(type(value))
    )


def function_of(value: Any) -> FunctionType | None:
    """The function with the learner's code in a function, method, property or wrapper."""
    if isinstance(value, property):
        value = value.fget
    if isinstance(value, (staticmethod, classmethod)):
        value = value.__func__
    if isinstance(value, (type, types.MethodType)):
        return None
    wrapped = getattr(value, "__wrapped__", None) if callable(type(value)) else None
    while wrapped is not None and not (isinstance(wrapped, type)):
        value, wrapped = wrapped, getattr(wrapped, "__wrapped__", None)
    return value if isinstance(value, FunctionType) else None


def code_places(value: Any) -> list[tuple[str, int]]:
    """Files and lines of the code in a function or class."""
    if isinstance(value, type):
        functions = [function_of(member) for member in vars(value).values()]
        prefix = f"{value.__qualname__}."
        functions = [f for f in functions if f is not None and f.__qualname__.startswith(prefix)]
    else:
        functions = [function_of(value)]
    return [(f.__code__.co_filename, f.__code__.co_firstlineno) for f in functions if f is not None]


def cells_of(function: FunctionType) -> dict[str, types.CellType]:
    """The variables of enclosing functions that a function uses."""
    return dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
