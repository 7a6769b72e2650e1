"""The hooks that rewritten code calls: each announces an access, then performs it.

Every access is one step of the scheduler, taken after the operands were evaluated and immediately
before the access. State that no other thread can change takes no step (see kinds.py).
"""

from __future__ import annotations

import _thread
import contextlib
import functools
import gc
import operator
import sys
import types
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

from .kinds import (
    AS_IS,
    BASE_KINDS,
    CLASS,
    CONTAINERS,
    DEEP,
    ITERATOR,
    LAZY,
    MAPPING,
    MISSING,
    MODULE,
    PARTITIONED,
    PURE_METHODS,
    QUIET,
    READS,
    RECORD,
    SEQUENCE,
    SET,
    SUPER,
    VIEW,
    WRITES,
    classify,
    find,
    find_own,
    is_atom,
    is_engine,
    treatment,
)
from .recording import short

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .rewrite import Surface
    from .scheduler import Scheduler
    from .sites import Sites

# How an attribute of the instances of a type is reached.
(
    PLAIN,  # nothing shared: a method, a property, …
    OWN,  # in the instance
    INHERITED,  # in the instance or, if not there, in its class
    NATIVE,  # a method of a container
    READER,  # a method that reads its arguments
    OPAQUE,  # a method whose code is not rewritten, of an object that may change
    CACHED,  # a functools.cached_property
    MEMBERS,  # `__dict__`
    OF_MODULE,
    OF_CLASS,
    OF_SUPER,
) = range(1, 12)

HEADROOM = 40  # frames that a hook may need
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "@": operator.matmul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "|": operator.or_,
    "&": operator.and_,
    "^": operator.xor,
    "+=": operator.iadd,
    "-=": operator.isub,
    "*=": operator.imul,
    "@=": operator.imatmul,
    "/=": operator.itruediv,
    "//=": operator.ifloordiv,
    "%=": operator.imod,
    "**=": operator.ipow,
    "<<=": operator.ilshift,
    ">>=": operator.irshift,
    "|=": operator.ior,
    "&=": operator.iand,
    "^=": operator.ixor,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda item, container: item in container,
    "not in": lambda item, container: item not in container,
}
_JOINING = frozenset({"join", "format", "format_map"})  # methods of str that read their arguments
_SLOT = types.MemberDescriptorType
_C_METHODS = (types.MethodDescriptorType, types.WrapperDescriptorType)


class Cell:
    """The identity of one closure variable of one call."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Native:
    """A method of a container, as a value: announces itself when it is called."""

    __slots__ = ("_hooks", "_method", "_site")

    def __init__(self, hooks: Hooks, method: Any, site: int | None) -> None:
        self._hooks = hooks
        self._method = method
        self._site = site

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Announce the access, then call the method."""
        return self._hooks._call_native(self._method, self._site, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._method, name)

    def __eq__(self, other: object) -> bool:
        return bool(self._method == (other._method if isinstance(other, Native) else other))

    def __hash__(self) -> int:
        return hash(self._method)

    def __repr__(self) -> str:
        return repr(self._method)


class _Suppress:
    """A `contextlib.suppress` that says what it caught."""

    def __init__(self, inner: contextlib.suppress, sched: Scheduler) -> None:
        self._inner = inner
        self._sched = sched

    def __enter__(self) -> None:
        self._inner.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: types.TracebackType | None,
    ) -> bool:
        caught = bool(self._inner.__exit__(kind, error, tb))
        if caught:
            self._sched.caught(error)
        return caught


class Items:
    """An iterator over a container as a value: announces a read before each item."""

    __slots__ = ("_hooks", "_iterator", "_owner", "_site")

    def __init__(self, hooks: Hooks, owner: Any, iterator: Any, site: int | None) -> None:
        self._hooks = hooks
        self._owner = owner
        self._iterator = iterator
        self._site = site

    def __iter__(self) -> Items:
        return self

    def __reversed__(self) -> Items:
        return self  # asked only by `reversed`, whose own iterator this is to be

    def __next__(self) -> Any:
        self._hooks.announce("read", self._owner, "R", site=self._site)
        return next(self._iterator)

    def __length_hint__(self) -> int:
        return operator.length_hint(self._iterator)

    def __reduce__(self) -> Any:
        return self._iterator.__reduce__()


class Hooks:
    """The hooks of one run."""

    __slots__ = (
        "_builtins",
        "_callees",
        "_gate",
        "_kinds",
        "_models",
        "_owners",
        "_sched",
        "_serial_hash",
        "_sites",
        "_slow",
        "_surface",
        "_ways",
        "announce",
        "record",
    )

    def __init__(
        self, sched: Scheduler, world_builtins: dict[str, Any], surface: Surface, sites: Sites
    ) -> None:
        self._sched = sched
        self.announce = sched.step
        self.record = sched.record
        self._builtins = world_builtins  # functions whose `__builtins__` this is are rewritten
        self._surface = surface
        self._sites = sites
        self._kinds = {**BASE_KINDS, Items: ITERATOR}
        self._ways: dict[tuple[type, str], int] = {}
        self._callees: dict[int, tuple[object, int]] = {}
        self._models: dict[type, bool] = {}
        self._owners: dict[int, tuple[object, object]] = {}  # id of a `__dict__`: it and its owner
        self._gate = sys.getrecursionlimit() // 4
        self._slow: dict[int, Callable[[Any, str, int | None], Any]] = {
            INHERITED: self._inherited,
            NATIVE: self._native,
            READER: self._plain,
            OPAQUE: self._plain,
            CACHED: self._cached,
            MEMBERS: self._members,
            OF_MODULE: self._of_module,
            OF_CLASS: self._of_class,
            OF_SUPER: self._of_super,
        }
        serial = sched.serial

        def __hash__(self: object) -> int:
            return serial(self)

        self._serial_hash = __hash__

    def extend(self, surface: Surface) -> None:
        """More code has come into the world."""
        self._surface |= surface
        self._ways.clear()

    def table(self) -> dict[str, Any]:
        """The hooks by the names under which rewritten code calls them."""
        return {public: getattr(self, name) for public, name in _HOOKS.items()} | {
            "_tt_tick": self._sched.tick,
            "_tt_pulse": self._sched.pulse,
            "_tt_new_cell": Cell,
            "_tt_slice": slice,
        }

    # -- attributes -----------------------------------------------------------------------------

    def attr(self, obj: Any, name: str, site: int | None) -> Any:
        """`obj.name`."""
        kind = type(obj)
        way = self._ways.get((kind, name)) or self._way(kind, name)
        if way == OWN:
            self.announce("read", obj, "R", key=name, site=site)
            return self._seen(getattr(obj, name)) if self.record else getattr(obj, name)
        if way == PLAIN:
            if self.record:
                self._label_owner(obj, name, site)
            return getattr(obj, name)
        return self._slow[way](obj, name, site)

    def method(self, obj: Any, name: str, site: int | None) -> Any:
        """`obj.name`, about to be called."""
        kind = type(obj)
        way = self._ways.get((kind, name)) or self._way(kind, name)
        if way == PLAIN:
            if self.record:
                self._label_owner(obj, name, site)
            return getattr(obj, name)
        if way == NATIVE:
            return functools.partial(self._call_native, getattr(obj, name), site)
        if way == READER:
            return functools.partial(self._call, getattr(obj, name), READS, site)
        if way == OPAQUE:
            return functools.partial(self._call_opaque, getattr(obj, name), obj, site)
        return self.callee(self.attr(obj, name, site), site)

    def _way(self, kind: type, name: str) -> int:
        way = self._ways[kind, name] = self._find_way(kind, name)
        return way

    def _kind(self, kind: type) -> int:
        number = self._kinds[kind] = classify(kind)
        return number

    def _find_way(self, kind: type, name: str) -> int:
        number = self._kinds.get(kind) or self._kind(kind)
        if number == QUIET:
            if name in _JOINING or issubclass(kind, frozenset):
                return READER
            return OWN if self._is_added(kind, name) else PLAIN
        if number in (MODULE, CLASS, SUPER):
            return {MODULE: OF_MODULE, CLASS: OF_CLASS, SUPER: OF_SUPER}[number]
        if type(find(kind, "__getattribute__")[1]) is types.FunctionType:
            return PLAIN  # the learner's own: rewritten
        if name == "__dict__":
            return MEMBERS
        owner, found = find(kind, name)
        how = type(found)
        if found is MISSING or how is _SLOT:
            return OWN
        if how is functools.cached_property:
            return CACHED
        if how in _C_METHODS:
            if owner is object or self._kinds.get(owner) == QUIET:
                return PLAIN
            return NATIVE if number in CONTAINERS else OPAQUE
        if how is types.FunctionType:
            if not self._ours(found) and not is_engine(found) and not name.startswith("__"):
                return NATIVE if number in CONTAINERS else OPAQUE
            return INHERITED if name in self._surface.attributes else PLAIN
        if find(how, "__set__")[1] is not MISSING or find(how, "__delete__")[1] is not MISSING:
            return PLAIN
        return INHERITED if self._is_rebound(name) else PLAIN

    def _is_rebound(self, name: str) -> bool:
        """Whether any code in this world may rebind an attribute of this name."""
        return self._surface.reflective or name in self._surface.attributes

    def _ours(self, function: types.FunctionType) -> bool:
        """Whether a function was defined in this world."""
        return getattr(function, "__builtins__", None) is self._builtins

    def _seen(self, value: Any) -> Any:
        self._sched.note(before=value)
        return value

    def _plain(self, obj: Any, name: str, site: int | None) -> Any:
        return getattr(obj, name)

    def _native(self, obj: Any, name: str, site: int | None) -> Any:
        return Native(self, getattr(obj, name), site)

    def _inherited(self, obj: Any, name: str, site: int | None) -> Any:
        """What the class has, unless the instance has its own: depends on both."""
        # All the classes that may be asked: what hides them may be gone when the turn comes.
        self.announce("read", obj, "R", key=name, site=site, more=_classes(type(obj)))
        return self._seen(getattr(obj, name)) if self.record else getattr(obj, name)

    def _cached(self, obj: Any, name: str, site: int | None) -> Any:
        """A cached_property: look, compute, keep. Before Python 3.12 it had a lock, too."""
        self.announce("read", obj, "R", key=name, site=site)
        cache = _instance_dict(obj)
        found = find(type(obj), name)[1]
        if name in cache or found.attrname != name:
            return getattr(obj, name)
        value = found.func(obj)
        self.announce("write", obj, "W", key=name, site=site)
        cache[name] = value
        return value

    def take(self, site: int | None, iterator: Any, *default: Any) -> Any:
        """`next(iterator)`, of an iterator that threads may share."""
        if (self._kinds.get(type(iterator)) or self._kind(type(iterator))) != ITERATOR:
            return next(iterator, *default)
        self.announce("read", iterator, "W", site=site)
        if type(iterator) is not types.GeneratorType:
            return next(iterator, *default)
        inside = self._sched.current.inside
        inside.append(iterator)
        try:
            return next(iterator, *default)
        finally:
            inside.remove(iterator)

    def _members(self, obj: Any, name: str, site: int | None) -> Any:
        """`obj.__dict__`: accesses to its items are accesses to attributes of `obj`."""
        members = getattr(obj, name)
        if type(members) is dict:
            self._owners[id(members)] = (members, obj)
        return members

    def _of_module(self, module: Any, name: str, site: int | None) -> Any:
        members = _module_members(module)
        if members.get("__builtins__") is self._builtins and (
            name in self._surface.globals or self._is_rebound(name)
        ):
            self.announce("read", members, "R", key=name, site=site)
            return self._seen(getattr(module, name)) if self.record else getattr(module, name)
        return getattr(module, name)

    def _of_class(self, cls: Any, name: str, site: int | None) -> Any:
        if self._is_rebound(name) and find(type(cls), name)[1] is MISSING:
            found = find_own(cls, name)[1]
            if find(type(found), "__get__")[1] is MISSING:
                self.announce("read", cls, "R", key=name, site=site, more=_classes(cls)[1:])
                return self._seen(getattr(cls, name)) if self.record else getattr(cls, name)
        value = getattr(cls, name)
        return functools.partial(self._raw_access, value) if _is_raw(value) else value

    def _of_super(self, proxy: Any, name: str, site: int | None) -> Any:
        value = getattr(proxy, name)
        if _is_raw(value):
            return functools.partial(self._raw_access, value, proxy.__self__)
        return value

    def _raw_access(self, function: Any, obj: Any, name: str, *value: Any) -> Any:
        """`object.__setattr__(obj, name, value)` and the like: the instance, past its own hooks."""
        read = function.__name__ == "__getattribute__"
        if type(name) is str and (self._kinds.get(type(obj)) or self._kind(type(obj))) != QUIET:
            self.announce("read" if read else "write", obj, "R" if read else "W", key=name)
        if type(function) is types.WrapperDescriptorType:
            return function(obj, name, *value)
        return function(name, *value)

    def set_attr(self, value: Any, obj: Any, name: str, site: int | None) -> None:
        """`obj.name = value`."""
        if self._store_is_shared(obj, name, "__setattr__"):
            target = _module_members(obj) if issubclass(type(obj), types.ModuleType) else obj
            self.announce("write", target, "W", key=name, site=site)
            if self.record:
                self._sched.note(before=_peek(obj, name), after=value)
        if self.record:
            self._label(value, site)
        setattr(obj, name, value)

    def del_attr(self, obj: Any, name: str, site: int | None) -> None:
        """`del obj.name`."""
        if self._store_is_shared(obj, name, "__delattr__"):
            target = _module_members(obj) if issubclass(type(obj), types.ModuleType) else obj
            self.announce("delete", target, "W", key=name, site=site)
            if self.record:
                self._sched.note(before=_peek(obj, name))
        delattr(obj, name)

    def update_attr(self, obj: Any, name: str, symbol: str, site: int | None) -> Any:
        """`obj.name += …`: reads; what it returns takes the operand and writes."""
        value = self.attr(obj, name, site)

        def finish(operand: Any) -> None:
            self.set_attr(self.inplace(symbol, value, operand, site), obj, name, site)

        return finish

    def _is_added(self, kind: type, name: str) -> bool:
        """Whether an attribute of a thread, an exception, ... is one that the program gave it."""
        return (
            find(kind, name)[1] is MISSING
            and name not in ("acquire", "release")  # of a Condition, which are its lock's
            and not issubclass(kind, _thread._local)
        )

    def _store_is_shared(self, obj: Any, name: str, store: str) -> bool:
        """Whether storing or deleting an attribute changes state that threads may share."""
        kind = type(obj)
        number = self._kinds.get(kind) or self._kind(kind)
        if number == SUPER:
            return False
        if number == QUIET:
            return self._is_added(kind, name)
        if number == MODULE:
            return _module_members(obj).get("__builtins__") is self._builtins
        if number == CLASS:
            self._ways.clear()
            return True
        if type(find(kind, store)[1]) is types.FunctionType:
            return False  # the learner's own: rewritten
        found = find(kind, name)[1]
        return type(found) is _SLOT or find(type(found), "__set__")[1] is MISSING

    # -- items ----------------------------------------------------------------------------------

    def item(self, obj: Any, key: Any, site: int | None) -> Any:
        """`obj[key]`."""
        kind = type(obj)
        number = self._kinds.get(kind) or self._kind(kind)
        if number in (SEQUENCE, MAPPING) and not self._overrides(kind, "__getitem__"):
            creates = issubclass(kind, defaultdict) and obj.default_factory is not None
            self._touch_part("read", obj, key, number, site, missing="W" if creates else "R")
        elif number >= RECORD and self._is_opaque(kind, "__getitem__"):
            self.announce("read", obj, "R", site=site)
        else:
            return obj[key]
        if not self.record:
            return obj[key]
        value = self._seen(obj[key])
        self._label(value, site, key)
        return value

    def set_item(self, value: Any, obj: Any, key: Any, site: int | None) -> None:
        """`obj[key] = value`."""
        kind = type(obj)
        number = self._kinds.get(kind) or self._kind(kind)
        if number in (SEQUENCE, MAPPING) and not self._overrides(kind, "__setitem__"):
            self._touch_part("write", obj, key, number, site, missing="W")
            if self.record:
                self._sched.note(before=_peek_item(obj, key), after=value)
        elif number >= RECORD and self._is_opaque(kind, "__setitem__"):
            self.announce("write", obj, "W", site=site)
        if self.record:
            self._label(value, site)
        obj[key] = value

    def del_item(self, obj: Any, key: Any, site: int | None) -> None:
        """`del obj[key]`."""
        kind = type(obj)
        number = self._kinds.get(kind) or self._kind(kind)
        if number in (SEQUENCE, MAPPING) and not self._overrides(kind, "__delitem__"):
            self.announce("delete", self._identity(obj), "W", site=site)
            if self.record:
                self._sched.note(before=_peek_item(obj, key))
        elif number >= RECORD and self._is_opaque(kind, "__delitem__"):
            self.announce("delete", obj, "W", site=site)
        del obj[key]

    def update_item(self, obj: Any, key: Any, symbol: str, site: int | None) -> Any:
        """`obj[key] += …`: reads; what it returns takes the operand and writes."""
        value = self.item(obj, key, site)

        def finish(operand: Any) -> None:
            self.set_item(self.inplace(symbol, value, operand, site), obj, key, site)

        return finish

    def _overrides(self, kind: type, name: str) -> bool:
        """Whether a container's class has the learner's own `name`, which is rewritten."""
        return kind not in BASE_KINDS and type(find(kind, name)[1]) is types.FunctionType

    def _is_opaque(self, kind: type, name: str) -> bool:
        """Whether instances have a method `name` whose code is not rewritten."""
        owner, found = find(kind, name)
        if type(found) is types.FunctionType:
            return not self._ours(found) and not is_engine(found)
        return found is not MISSING and found is not None and self._kinds.get(owner) != QUIET

    def _identity(self, obj: Any) -> Any:
        """What stands for a container in footprints: the instance whose `__dict__` it is."""
        if self._owners:
            entry = self._owners.get(id(obj))
            if entry is not None:
                return entry[1]
        return obj

    def _touch_part(
        self, what: str, obj: Any, key: Any, number: int, site: int | None, *, missing: str
    ) -> None:
        """Announce an access to one part of a list or dict: to all of it if there is no such part.

        Whether there is one may change while the thread waits for its turn; then it announces anew.
        """
        identity = self._identity(obj)
        mode = "R" if what == "read" else "W"
        part = _part(obj, key, number)
        while part is not None:
            self.announce(what, identity, mode, key=part, site=site)
            now = _part(obj, key, number)
            if now == part:
                return
            part = now
        self.announce(what, identity, missing if mode == "R" else "W", site=site)

    # -- variables ------------------------------------------------------------------------------

    def global_(self, name: str, site: int) -> None:
        """A module-level variable is about to be read."""
        namespace = sys._getframe(1).f_globals
        self.announce("read", namespace, "R", key=name, site=site)
        if self.record:
            self._sched.note(before=namespace.get(name))

    def set_global(self, value: Any, name: str, site: int) -> Any:
        """A module-level variable is about to be bound to `value`."""
        namespace = sys._getframe(1).f_globals
        self.announce("write", namespace, "W", key=name, site=site)
        if self.record:
            self._sched.note(before=namespace.get(name), after=value)
            self._label(value, site)
        return value

    def cell(self, cell: Cell, site: int) -> None:
        """A variable of an enclosing function is about to be read."""
        self.announce("read", cell, "R", site=site)
        if self.record:
            self._sched.note(before=sys._getframe(1).f_locals.get(cell.name))

    def set_cell(self, value: Any, cell: Cell, site: int) -> Any:
        """A variable that inner functions use is about to be bound to `value`."""
        self.announce("write", cell, "W", site=site)
        if self.record:
            before = sys._getframe(1).f_locals.get(cell.name)
            self._sched.note(before=before, after=value)
            self._label(value, site)
        return value

    def new_cells(self, iterable: Any, *names: str) -> Iterator[tuple[Any, ...]]:
        """Identities for the variables of a comprehension, with its iterator, once."""
        return iter([(*(Cell(name) for name in names), iter(iterable))])

    def bind(self, iterator: Any, site: int | None, *variables: Any) -> Iterator[Any]:
        """An iterator whose items go to shared variables: a write of each before each item."""
        return self._binding(iterator, variables, sys._getframe(1).f_globals, site)

    def delegate(self, iterable: Any, site: int) -> Any:
        """What `yield from` delegates to."""
        number = self._kinds.get(type(iterable)) or self._kind(type(iterable))
        return self._each(iterable, site, (), fresh=True) if number in CONTAINERS else iterable

    # -- iteration ------------------------------------------------------------------------------

    def each(self, iterable: Any, site: int | None, *variables: Any) -> Any:
        """The iterable of a loop; a read before each item, then a write of each shared variable."""
        return self._each(iterable, site, variables, fresh=False)

    def each_new(self, iterable: Any, site: int | None, *variables: Any) -> Any:
        """The same for the result of a call, which is an iterator that nobody else has yet."""
        return self._each(iterable, site, variables, fresh=True)

    def _each(
        self, iterable: Any, site: int | None, variables: tuple[Any, ...], *, fresh: bool
    ) -> Any:
        kind = type(iterable)
        number = self._kinds.get(kind) or self._kind(kind)
        if number in CONTAINERS and not self._overrides(kind, "__iter__"):
            owner = self._identity(_viewed(iterable) if number == VIEW else iterable)
            if _notes_size(kind, number):
                self.announce("read", owner, "R", site=site)
            iterable = self._reading(owner, iter(iterable), site)
        elif number == ITERATOR and not (fresh and _is_unstarted(iterable)):
            iterable = self._draining(iterable, site)
        elif number >= RECORD and self._is_opaque(kind, "__iter__"):
            iterable = self._reading(iterable, iter(iterable), site)
        if variables:
            return self._binding(iter(iterable), variables, sys._getframe(2).f_globals, site)
        return iterable

    def _reading(self, owner: Any, iterator: Iterator[Any], site: int | None) -> Iterator[Any]:
        step, note = self.announce, self._sched.note if self.record else None
        while True:
            step("read", owner, "R", site=site)
            try:
                value = next(iterator)
            except StopIteration:
                return
            if note is not None:
                note(before=value)
            yield value

    def _draining(self, iterator: Iterator[Any], site: int | None) -> Iterator[Any]:
        while True:
            try:
                value = self.take(site, iterator)
            except StopIteration:
                return
            yield value

    def _binding(
        self,
        iterator: Iterator[Any],
        variables: tuple[Any, ...],
        namespace: dict[str, Any],
        site: int | None,
    ) -> Iterator[Any]:
        for value in iterator:
            for variable in variables:
                if isinstance(variable, Cell):
                    self.announce("write", variable, "W", site=site)
                else:
                    self.announce("write", namespace, "W", key=variable, site=site)
                if self.record:
                    self._sched.note(after=value)
            yield value

    # -- contents -------------------------------------------------------------------------------

    def read(self, obj: Any, site: int | None) -> Any:
        """`obj`, whose contents are about to be looked at, if it is a container."""
        kind = type(obj)
        number = self._kinds.get(kind) or self._kind(kind)
        if SEQUENCE <= number <= VIEW:
            self._touch("read", (obj,), "R", site)
        return obj

    def unpack(self, obj: Any, site: int | None) -> Any:
        """`obj`, whose items are about to be taken out of it."""
        kind = type(obj)
        number = self._kinds.get(kind) or self._kind(kind)
        if SEQUENCE <= number <= VIEW:
            self._touch("read", (obj,), "R", site)
        elif number == ITERATOR and not _is_unstarted(obj):
            self.announce("read", obj, "W", site=site)
        return obj

    def show(self, obj: Any, site: int | None) -> Any:
        """`obj`, about to become text."""
        kind = type(obj)
        number = self._kinds.get(kind) or self._kind(kind)
        if SEQUENCE <= number <= VIEW or number == RECORD:
            self._touch("read", (obj,), "R", site)
        return obj

    def compare(self, symbol: str, left: Any, right: Any, site: int | None) -> Any:
        """A comparison with one operator."""
        kinds = self._kinds
        kind = type(right)
        b = kinds.get(kind) or self._kind(kind)
        if symbol in ("in", "not in"):
            if b != QUIET and not self._overrides(kind, "__contains__"):
                if b == MAPPING:
                    self._touch_part("read", right, left, b, site, missing="R")
                elif SEQUENCE <= b <= VIEW:
                    self._touch("read", (right,), "R", site)
                elif b == ITERATOR:
                    self.announce("read", right, "W", site=site)
        else:
            a = kinds.get(type(left)) or self._kind(type(left))
            if a != QUIET or b != QUIET:
                self._touch_contents((left, a), (right, b), "R", site, records=True)
        return _OPERATORS[symbol](left, right)

    def binary(self, symbol: str, left: Any, right: Any, site: int | None) -> Any:
        """`left + right` and the like."""
        a = self._kinds.get(type(left)) or self._kind(type(left))
        b = self._kinds.get(type(right)) or self._kind(type(right))
        if a != QUIET or b != QUIET:
            self._touch_contents((left, a), (right, b), "R", site)
        return _OPERATORS[symbol](left, right)

    def inplace(self, symbol: str, left: Any, right: Any, site: int | None) -> Any:
        """The value of `left += right` and the like: a container changes in place."""
        a = self._kinds.get(type(left)) or self._kind(type(left))
        b = self._kinds.get(type(right)) or self._kind(type(right))
        if a != QUIET or b != QUIET:
            mode = "W" if SEQUENCE <= a <= SET else "R"
            self._touch_contents((left, a), (right, b), mode, site)
        return _OPERATORS[symbol](left, right)

    def _touch_contents(
        self,
        left: tuple[Any, int],
        right: tuple[Any, int],
        mode: str,
        site: int | None,
        *,
        records: bool = False,
    ) -> None:
        found = tuple(
            obj
            for obj, number in (left, right)
            if SEQUENCE <= number <= VIEW or (records and number == RECORD)
        )
        if found:
            self._touch("read" if mode == "R" else "write", found, mode, site)
            if self.record:
                self._sched.note(detail=(short(left[0]), short(right[0])))

    def _touch(self, what: str, objects: tuple[Any, ...], mode: str, site: int | None) -> None:
        """One step that accesses the whole of the first object in `mode`, and reads the others."""
        first, *others = (
            self._identity(_viewed(obj) if type(obj) in _VIEW_TYPES else obj) for obj in objects
        )
        self.announce(what, first, mode, site=site, more=tuple(others))
        if self.record and len(objects) == 1 and mode == "R":
            self._sched.note(before=objects[0])

    # -- calls ----------------------------------------------------------------------------------

    def callee(self, function: Any, site: int | None) -> Any:
        """`function`, about to be called: if it is not rewritten, its arguments are announced."""
        kind = type(function)
        if kind is types.FunctionType:
            if function.__builtins__ is self._builtins:
                return function
        elif kind is types.MethodType:
            inner = function.__func__
            if type(inner) is types.FunctionType and (self._ours(inner) or is_engine(inner)):
                return function
            return self._bound(function, site)
        elif kind is types.BuiltinFunctionType:
            if function.__self__ is not None and type(function.__self__) is not types.ModuleType:
                return self._bound(function, site)
        elif kind in _C_METHODS:
            return functools.partial(self._call_unbound, function, site)
        elif not issubclass(kind, type):
            return function
        entry = self._callees.get(id(function))
        if entry is None:
            entry = self._callees[id(function)] = (function, treatment(function))
        if entry[1] == AS_IS:
            return function
        return functools.partial(self._call, function, entry[1], site)

    def _bound(self, method: Any, site: int | None) -> Any:
        """A bound method whose code is not rewritten."""
        owner = method.__self__
        number = self._kinds.get(type(owner)) or self._kind(type(owner))
        if SEQUENCE <= number <= SET:
            return functools.partial(self._call_native, method, site)
        if number >= RECORD or number == ITERATOR:
            return functools.partial(self._call_opaque, method, owner, site)
        return functools.partial(self._call, method, READS, site)

    def _call_unbound(self, function: Any, site: int | None, /, *args: Any, **kwargs: Any) -> Any:
        """`list.append(xs, 1)`, `dict.__getitem__(d, k)`."""
        if args and not issubclass(type(args[0]), type):
            number = self._kinds.get(type(args[0])) or self._kind(type(args[0]))
            if SEQUENCE <= number <= SET:
                bound = function.__get__(args[0])
                return self._call_native(bound, site, *args[1:], **kwargs)
        return self._call(function, READS, site, *args, **kwargs)

    def _call_native(self, method: Any, site: int | None, /, *args: Any, **kwargs: Any) -> Any:
        """A method of a container: reads or writes all of it, or one part of a dict."""
        obj, name = method.__self__, method.__name__
        mode = "R" if name in PURE_METHODS else "W"
        if args and name in ("get", "setdefault", "__getitem__", "__contains__"):
            number = self._kinds.get(type(obj)) or self._kind(type(obj))
            missing = "W" if name == "setdefault" else "R"
            self._touch_part("read", obj, args[0], number, site, missing=missing)
        elif args and name == "__setitem__":
            number = self._kinds.get(type(obj)) or self._kind(type(obj))
            self._touch_part("write", obj, args[0], number, site, missing="W")
        else:
            touched = (obj, *self._containers(args)) if args else (obj,)
            self._touch("read" if mode == "R" else "write", touched, mode, site)
        return method(*args, **kwargs)

    def _call_opaque(
        self, method: Any, obj: Any, site: int | None, /, *args: Any, **kwargs: Any
    ) -> Any:
        """A method that nobody can look into: may change all of its object."""
        self._touch("call", (obj, *self._containers(args)), "W", site)
        return method(*args, **kwargs)

    def _call(self, function: Any, how: int, site: int | None, /, *args: Any, **kwargs: Any) -> Any:
        """A function that is not rewritten, with its containers announced."""
        if how == LAZY:
            return function(*[self._lazy(arg, function, site) for arg in args], **kwargs)
        touched = self._containers((*args, *kwargs.values()))
        if how == DEEP:
            touched = tuple(self._reachable(args))
        if touched:
            if how == WRITES:
                for other in reversed(touched[1:]):
                    self._touch("call", (other,), "W", site)
                self._touch("call", touched[:1], "W", site)
            else:
                self._touch("call", touched, "R", site)
        return function(*args, **kwargs)

    def _lazy(self, arg: Any, function: Any, site: int | None) -> Any:
        """An argument of map, zip, …, which take its items one by one, later."""
        number = self._kinds.get(type(arg)) or self._kind(type(arg))
        if number not in CONTAINERS or self._overrides(type(arg), "__iter__"):
            return arg
        owner = self._identity(_viewed(arg) if number == VIEW else arg)
        if function is reversed or _notes_size(type(arg), number):
            self.announce("read", owner, "R", site=site)
        iterator = reversed(arg) if function is reversed else iter(arg)
        return Items(self, owner, iterator, site)

    def _containers(self, args: Iterable[Any]) -> tuple[Any, ...]:
        found = []
        for arg in args:
            number = self._kinds.get(type(arg)) or self._kind(type(arg))
            if SEQUENCE <= number <= VIEW or (number == ITERATOR and not _is_unstarted(arg)):
                found.append(arg)
        return tuple(found)

    def _reachable(self, roots: Iterable[Any]) -> Iterator[Any]:
        """All that can change in a structure, for what reads all of it (deepcopy)."""
        seen: set[int] = set()
        todo = list(roots)
        while todo:
            obj = todo.pop(0)
            number = self._kinds.get(type(obj)) or self._kind(type(obj))
            if id(obj) in seen or number in (MODULE, CLASS, SUPER):
                continue
            seen.add(id(obj))
            if number == MAPPING:
                todo += dict.values(obj)
            elif number in (SEQUENCE, SET) or type(obj) in (tuple, frozenset):
                todo += list(obj)
            elif number >= RECORD:
                todo += _instance_dict(obj).values()
            if number != QUIET:
                yield obj

    # -- the rest -------------------------------------------------------------------------------

    def context(self, obj: Any, site: int) -> Any:
        """The context manager of a `with`; named after its text."""
        if self.record:
            self._label(obj, site)
            if type(obj) is contextlib.suppress:
                return _Suppress(obj, self._sched)
        return obj

    def class_(self, cls: Any) -> Any:
        """A new class; its instances hash by order of appearance, so that sets of them repeat."""
        if issubclass(type(cls), type):
            self._callees[id(cls)] = (cls, AS_IS)
            if cls.__hash__ is object.__hash__:
                with contextlib.suppress(AttributeError, TypeError):  # a metaclass may forbid it
                    cls.__hash__ = self._serial_hash
        return cls

    def enter(self) -> None:
        """A function begins. Too deep a recursion is reported here, not inside of a hook."""
        self._sched.pulse()
        try:
            sys._getframe(self._gate)
        except ValueError:
            return
        _probe(HEADROOM)

    def handler(self) -> None:
        """An `except` has caught something; the end of a run passes through."""
        self._sched.caught(sys.exc_info()[1])

    def _is_model(self, kind: type) -> bool:
        found = self._models.get(kind)
        if found is None:
            found = self._models[kind] = any(is_engine(base) for base in kind.__mro__)
        return found

    def _label(self, value: Any, site: int | None, key: Any = MISSING) -> None:
        """Remember what the learner calls a lock or a queue."""
        if site is not None and self._is_model(type(value)):
            text = self._sites[site].text
            if key is not MISSING and text.endswith("]"):
                text = f"{text[: text.rfind('[')]}[{key!r}]" if is_atom(key) else text
            self._sched.label(value, text)

    def _label_owner(self, obj: Any, name: str, site: int | None) -> None:
        if site is not None and self._is_model(type(obj)):
            text = self._sites[site].text
            if text.endswith(f".{name}"):
                self._sched.label(obj, text[: -len(name) - 1])


_NAMES = (
    *("attr", "method", "set_attr", "del_attr", "update_attr"),
    *("item", "set_item", "del_item", "update_item"),
    *(
        "global_",
        "set_global",
        "cell",
        "set_cell",
        "new_cells",
        "each",
        "each_new",
        "delegate",
        "bind",
    ),
    *("read", "unpack", "show", "compare", "binary", "inplace", "callee"),
    *("context", "class_", "enter", "handler"),
)
_HOOKS = {f"_tt_{name.strip('_')}": name for name in _NAMES}
_VIEW_TYPES = frozenset(kind for kind, number in BASE_KINDS.items() if number == VIEW)
_module_members: Callable[[Any], dict[str, Any]] = vars(types.ModuleType)["__dict__"].__get__
_mro: Callable[[type], tuple[type, ...]] = type.__dict__["__mro__"].__get__
_CHANGEABLE = 1 << 9  # CPython's Py_TPFLAGS_HEAPTYPE
_RAW = frozenset({"__getattribute__", "__setattr__", "__delattr__"})


def _is_raw(value: Any) -> bool:
    """Whether this is object's own access to attributes, bound or not."""
    return (
        type(value) in (types.WrapperDescriptorType, types.MethodWrapperType)
        and value.__name__ in _RAW
        and getattr(value, "__objclass__", object) is object
    )


def _part(obj: Any, key: Any, number: int) -> Any:
    """The name of the part of a container that `key` selects; None if it is not there."""
    if type(obj) not in PARTITIONED:
        return None
    if number == MAPPING:
        return key if is_atom(key) and key is not None and key in obj else None
    if type(key) is not int:
        return None
    size = len(obj)
    if key < 0:
        key += size
    return key if 0 <= key < size else None


def _viewed(view: Any) -> Any:
    """The dict that a view shows; `view.mapping` would be a proxy, another object."""
    return gc.get_referents(view)[0]


def _classes(cls: type) -> tuple[type, ...]:
    """A class and its bases, but for those that nobody can change."""
    return tuple(base for base in _mro(cls) if base.__flags__ & _CHANGEABLE)


def _notes_size(kind: type, number: int) -> bool:
    """Whether an iterator over such a container depends on its state when the iterator is made."""
    return number != SEQUENCE or issubclass(kind, deque)


def _is_unstarted(iterator: Any) -> bool:
    """Whether an iterator that a call has just returned must be new."""
    if type(iterator) is types.GeneratorType:
        return (
            iterator.gi_frame is not None and not iterator.gi_suspended and not iterator.gi_running
        )
    return type(iterator) is not types.GeneratorType


def _instance_dict(obj: Any) -> dict[str, Any]:
    try:
        members = object.__getattribute__(obj, "__dict__")
    except AttributeError:
        return {}
    return members if type(members) is dict else {}


def _peek(obj: Any, name: str) -> Any:
    """The value of an attribute before it is overwritten; runs nobody's code."""
    found = _instance_dict(obj).get(name, MISSING)
    if found is MISSING:
        _owner, found = find(type(obj), name)
        if type(found) is _SLOT:
            try:
                return found.__get__(obj)
            except AttributeError:
                return None
        if isinstance(obj, type):
            found = find_own(obj, name)[1]
    return None if found is MISSING else found


def _peek_item(obj: Any, key: Any) -> Any:
    try:
        return obj[key] if _part(obj, key, BASE_KINDS.get(type(obj), 0)) is not None else None
    except LookupError:
        return None


def _probe(depth: int) -> None:
    """Raise RecursionError unless this many frames fit."""
    if depth:
        _probe(depth - 1)
