"""What an object is to the hooks, and what the functions of Python and its library do with it."""

from __future__ import annotations

import _thread
import collections
import copy
import dataclasses
import enum
import functools
import heapq
import itertools
import pathlib
import re
import types
from typing import TYPE_CHECKING, Any

from .endless import ITERATORS

if TYPE_CHECKING:
    from collections.abc import Mapping


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set of names."""
    return frozenset(text.split())


# Kinds. No thread can change what a QUIET object shows (or its methods take steps themselves).
QUIET, SEQUENCE, MAPPING, SET, VIEW, ITERATOR, MODULE, CLASS, SUPER, RECORD, INSTANCE = range(1, 12)
CONTAINERS = frozenset({SEQUENCE, MAPPING, SET, VIEW})

_QUIET_TYPES: tuple[type, ...] = (
    *(int, bool, float, complex, str, bytes, tuple, frozenset, range, slice, type(None), property),
    *(type(...), type(NotImplemented), staticmethod, classmethod, object, functools.partial),
    *(types.BuiltinFunctionType, types.MethodType, types.MethodWrapperType, types.CodeType),
    *(types.MethodDescriptorType, types.WrapperDescriptorType, types.ClassMethodDescriptorType),
    *(types.GetSetDescriptorType, types.MemberDescriptorType, types.MappingProxyType),
    *(types.GenericAlias, types.UnionType, types.FrameType, types.TracebackType),
    *(re.Pattern, re.Match),
)
_QUIET_FAMILIES = (BaseException, enum.Enum, pathlib.PurePath, _thread._local)
_FAMILIES: tuple[tuple[type, int], ...] = (
    (types.ModuleType, MODULE),
    (type, CLASS),
    (list, SEQUENCE),
    (collections.deque, SEQUENCE),
    (bytearray, SEQUENCE),
    (dict, MAPPING),
    (set, SET),
    *((base, ITERATOR) for base in (itertools.count, itertools.cycle, itertools.repeat)),
    *((kind, ITERATOR) for kind in ITERATORS.values()),
)
_VIEWS: tuple[type, ...] = tuple(
    type(getattr(mapping, method)())
    for mapping in (dict[Any, Any](), collections.OrderedDict[Any, Any]())
    for method in ("keys", "values", "items")
)
# Exactly these have parts that can be told apart by their keys.
PARTITIONED = frozenset(
    {
        *(list, collections.deque, bytearray),
        *(dict, collections.defaultdict, collections.OrderedDict, collections.Counter),
    }
)
BASE_KINDS: Mapping[type, int] = {
    **dict.fromkeys(_QUIET_TYPES, QUIET),
    **dict.fromkeys(_QUIET_FAMILIES, QUIET),
    **dict(_FAMILIES),
    **dict.fromkeys(
        PARTITIONED & {kind for kind in PARTITIONED if issubclass(kind, dict)}, MAPPING
    ),
    **dict.fromkeys(_VIEWS, VIEW),
    types.GeneratorType: ITERATOR,
    types.SimpleNamespace: RECORD,
    super: SUPER,
}


_mro = type.__dict__["__mro__"].__get__
_members = type.__dict__["__dict__"].__get__


def is_engine(thing: Any) -> bool:
    """Whether a class or function belongs to the engine, whose operations take their own steps.

    The models call themselves what the real classes are called, so their functions are asked.
    """
    if isinstance(thing, type):
        for member in _members(thing).values():
            if type(member) is types.FunctionType and member.__qualname__.startswith(
                thing.__qualname__
            ):
                return is_engine(member)
    elif type(thing) is types.FunctionType:
        return str(thing.__globals__.get("__name__")).startswith("taketurns.engine.")
    return str(getattr(thing, "__module__", None)).startswith("taketurns.engine.")


# By name, for importing their modules would take longer than all of the engine.
_IMMUTABLE_NAMES = words(
    "datetime.date datetime.datetime datetime.time datetime.timedelta datetime.timezone "
    "decimal.Decimal fractions.Fraction uuid.UUID"
)


def is_immutable(kind: type) -> bool:
    """Whether it is one of the library's types of immutable data."""
    return f"{kind.__module__}.{kind.__qualname__}" in _IMMUTABLE_NAMES


def classify(kind: type) -> int:
    """The kind of the instances of a type that is not in BASE_KINDS."""
    if is_engine(kind) or is_immutable(kind) or issubclass(kind, _QUIET_FAMILIES):
        return QUIET
    for family, number in _FAMILIES:
        if issubclass(kind, family):
            return number
    if any(base.__module__ == "array" for base in _mro(kind)):
        return SEQUENCE
    if type(find(kind, "__next__")[1]) is types.WrapperDescriptorType:
        return ITERATOR
    if dataclasses.is_dataclass(kind) or issubclass(kind, types.SimpleNamespace):
        return RECORD  # its generated `__eq__` and `__repr__` read the fields unseen
    return INSTANCE


MISSING: Any = object()


def find(kind: type, name: str) -> tuple[type, Any]:
    """The class that defines `name` for instances of `kind`, and its value there, unbound.

    The value is MISSING if there is none. No code of the learner's runs.
    """
    for base in _mro(kind):
        found = _members(base).get(name, MISSING)
        if found is not MISSING:
            return base, found
    return kind, MISSING


def find_own(cls: type, name: str) -> tuple[list[type], Any]:
    """The same for an attribute of the class itself: the classes asked, and what the last has."""
    asked = []
    for base in _mro(cls):
        asked.append(base)
        found = _members(base).get(name, MISSING)
        if found is not MISSING:
            return asked, found
    return asked, MISSING


ATOMS = frozenset({str, int, bytes, bool, float, type(None)})


def is_atom(key: object) -> bool:
    """Whether a key is compared without running anybody's code; not a number is no such key."""
    if type(key) is tuple:
        return all(map(is_atom, key))
    return type(key) in ATOMS and key == key  # noqa: PLR0124


# Methods of containers that only read.
PURE_METHODS = words(
    "get keys values items copy count index most_common elements total difference "
    "intersection union symmetric_difference isdisjoint issubset issuperset fromkeys decode "
    "hex find rfind rindex split rsplit splitlines strip lstrip rstrip startswith endswith "
    "translate join replace upper lower title capitalize swapcase center ljust rjust zfill "
    "expandtabs partition rpartition isalnum isalpha isascii isdigit islower isspace istitle "
    "isupper tolist tobytes __len__ __contains__ __getitem__ __iter__ __reversed__ __eq__ "
    "__ne__ __lt__ __le__ __gt__ __ge__ __add__ __mul__ __or__ __and__ __sub__ __xor__ "
    "__repr__ __str__ __sizeof__ __copy__ __reduce__ __reduce_ex__ __format__ __ror__ "
    "__rand__ __rsub__ __rxor__ __rmul__ __radd__"
)

# What a function or class that is not rewritten does with the containers that it is given.
(
    AS_IS,
    READS,  # takes the items out of them, or counts them
    LOOKS,  # looks at the items, too, which may be containers themselves
    SHOWS,  # makes text of them: likewise
    DEEP,  # reads all that can be reached
    WRITES,  # changes the first one
    CHANGES,  # may change any of them
    LAZY,  # takes the items one by one, later
) = range(1, 9)

_LAZY_ONES = (enumerate, zip, map, filter, reversed, iter, heapq.merge)
_READING_ONES = (
    *(len, list, tuple, bool, bytes, bytearray, int, float),
    collections.deque,
)
_LOOKING_ONES = (
    *(sorted, sum, min, max, any, all, hash, abs, round, divmod),
    *(functools.reduce, heapq.nlargest, heapq.nsmallest),
)
_KNOWN: Mapping[int, int] = {
    **{id(function): LAZY for function in (*_LAZY_ONES, *ITERATORS.values())},
    **{id(function): READS for function in _READING_ONES},
    **{id(function): LOOKS for function in _LOOKING_ONES},
    **{id(function): SHOWS for function in (str, repr, format, ascii)},
    **{
        id(function): DEEP
        for function in (
            *(copy.copy, copy.deepcopy),
            *(dataclasses.asdict, dataclasses.astuple, dataclasses.replace),
        )
    },
    id(collections.namedtuple): AS_IS,  # noqa: PYI024 (it is the function that is meant)
}
_READING_MODULES = words(
    "_bisect _hashlib _operator _statistics base64 binascii cmath decimal fractions hashlib "
    "html json math operator pprint random re reprlib statistics string textwrap zlib"
)
_READING_CLASSES = frozenset({"builtins", "collections", "array"})
# Their functions look at the frame that calls them, or deal with what is no data.
_LEFT_ALONE = words("_thread _typing _warnings gc inspect sys")
_WRITING = words("setitem delitem iadd isub imul ior iand ixor iconcat insort_left insort_right")
# The functions of a world's `random`, which are the engine's.
_DRAWING = {"shuffle": WRITES, "choice": READS, "choices": READS, "sample": READS}
_OF_HEAPS = words("heapify heappop heappush heappushpop heapreplace")


def treatment(function: Any) -> int:
    """What a function or class that was not defined in a world does with containers.

    A wrapper around a call is seen by what looks at its caller (namedtuple, warnings), so of the
    standard library's functions only those have one that are known to work on data.
    """
    known = _KNOWN.get(id(function))
    if known is not None:
        return known
    module = getattr(function, "__module__", None) or ""
    name = getattr(function, "__name__", "")
    if is_engine(function):
        drawing = type(function) is types.FunctionType and function.__code__.co_name == "draw"
        return _DRAWING.get(name, AS_IS) if drawing else AS_IS
    if module == "itertools":
        return LAZY
    if isinstance(function, type):
        if module not in _READING_CLASSES or issubclass(function, BaseException):
            return AS_IS
        return LOOKS
    if name in _OF_HEAPS or name in _WRITING:
        return WRITES
    if module in _READING_MODULES:
        return DEEP if (module, name) == ("json", "dumps") else LOOKS
    if type(function) is types.FunctionType:
        return CHANGES if "site-packages" in function.__code__.co_filename else AS_IS
    return AS_IS if module in _LEFT_ALONE else CHANGES
