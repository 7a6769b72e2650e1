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
import weakref
from collections import ChainMap, defaultdict, deque
from typing import TYPE_CHECKING, Any

from . import endless
from .errors import SimulationError
from .kinds import (
    AS_IS,
    ATOMS,
    BASE_KINDS,
    CHANGES,
    CLASS,
    CONTAINERS,
    DEEP,
    INSTANCE,
    ITERATOR,
    LAZY,
    LOOKS,
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
    SHOWS,
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
from .recording import Deputy, kind_name, short

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
MOST_PARTS = 1_000  # objects that one look into a structure may reach
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": endless.times,
    "@": operator.matmul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": endless.power,
    "<<": endless.shifted,
    ">>": operator.rshift,
    "|": operator.or_,
    "&": operator.and_,
    "^": operator.xor,
    "+=": operator.iadd,
    "-=": operator.isub,
    "*=": endless.multiplied,
    "@=": operator.imatmul,
    "/=": operator.itruediv,
    "//=": operator.ifloordiv,
    "%=": operator.imod,
    "**=": endless.raised,
    "<<=": endless.shifted_in_place,
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
# Methods of containers that run no code but their own, whatever they are given.
_SIMPLE = frozenset({"append", "appendleft", "clear", "insert", "popleft", "reverse", "rotate"})
# Of these, what is changed is not announced where it is read: methods are found by way of them.
_REPLACED = frozenset({"__class__", "__dict__", "__code__", "__defaults__", "__kwdefaults__"})
_HARMLESS = frozenset({"__doc__", "__module__", "__name__", "__qualname__", "__annotations__"})
_GETTERS = (operator.attrgetter, operator.itemgetter, operator.methodcaller)
_CACHE = type(functools.cache(lambda: None))
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


class Items(Deputy):
    """An iterator over a container as a value: announces a read before each item.

    To take one changes the iterator, in the same step.
    """

    __slots__ = ("_hooks", "_iterator", "_site")

    def __init__(self, hooks: Hooks, owner: Any, iterator: Any, site: int | None) -> None:
        self._hooks = hooks
        self.stands_for = owner
        self._iterator = iterator
        self._site = site

    def __iter__(self) -> Items:
        return self

    def __reversed__(self) -> Items:
        return self  # asked only by `reversed`, whose own iterator this is to be

    def __next__(self) -> Any:
        self._hooks.announce("read", self, "W", site=self._site, more=(self.stands_for,))
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
        "_claims",
        "_gate",
        "_kinds",
        "_latest",
        "_models",
        "_owners",
        "_sched",
        "_serial_hash",
        "_shown",
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
        self._ways: dict[tuple[type, str] | tuple[type, str, str], int] = {}
        self._callees: dict[int, tuple[object, int]] = {}
        self._models: dict[type, bool] = {}
        self._shown: dict[type, bool] = {}
        self._latest: tuple[Any, int] = (None, 0)  # an iterator, and how many steps made it
        self._claims: dict[int, tuple[weakref.ref[Any], object]] = {}
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
        sched.state["callee"] = self.callee  # for what the models call
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
            if (kind, name) not in self._ways:  # a class was changed in the meantime
                return self.attr(obj, name, site)
            try:
                value = getattr(obj, name)
            except AttributeError:
                return self._absent(obj, name, site)
            return self._seen(value) if self.record else value
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
            how = READS
            if name.startswith("format"):  # `"{0.x}"` asks for an attribute
                how = DEEP if "." in obj else SHOWS
            return functools.partial(self._call, getattr(obj, name), how, site)
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
        if function.__globals__ is vars(contextlib):  # of @contextmanager: it only makes a manager
            function = getattr(function, "__wrapped__", function)
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

    def _absent(self, obj: Any, name: str, site: int | None) -> Any:
        """An attribute that neither the instance nor its class has: depends on both."""
        alone = len(self._sched.tasks) == 1
        if not alone and self._is_rebound(name) and find(type(obj), "__getattr__")[1] is MISSING:
            return self._inherited(obj, name, site)
        return getattr(obj, name)

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
        self._claim(iterator, anew=False)
        if type(iterator) is Items:
            return next(iterator, *default)  # announces itself
        self.announce("read", iterator, "W", site=site)
        if type(iterator) is not types.GeneratorType:
            return next(iterator, *default)
        return self._perform([iterator], "R", next, iterator, *default)

    def _claim(self, iterator: Any, *, anew: bool = True) -> bool:
        """Whether an iterator was used by this thread alone so far, and without a step.

        If another thread uses it later, the run says that it does not know all schedules. Only a
        generator that nobody has used can be claimed `anew`.
        """
        if type(iterator) is not types.GeneratorType:
            return False
        task = self._sched.current
        claim = self._claims.get(id(iterator))
        if claim is None or claim[0]() is not iterator:
            if anew and _is_unstarted(iterator):
                self._claims[id(iterator)] = weakref.ref(iterator), task
                return True
            return False
        if claim[1] is not task:
            self._sched.exact = False
            del self._claims[id(iterator)]
        return claim[1] is task

    def _perform(
        self, touched: Iterable[Any], mode: str, function: Any, /, *args: Any, **kwargs: Any
    ) -> Any:
        """Call what may call back. Until it returns, each step of this thread reads `touched`."""
        sched = self._sched
        task = sched.current
        inside, op = task.inside, task.op
        depth = len(inside)
        inside.extend(map(self._identity, touched))
        try:
            return function(*args, **kwargs)
        finally:
            del inside[depth:]
            if mode == "W" and task.op is not op and len(sched.live) > 1:
                sched.exact = False  # what it changed last is no part of the last step

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
        if name[:2] == "__":
            self._replaced(obj, name)
        elif issubclass(type(obj), type) and find(type(value), "__set__")[1] is not MISSING:
            self._sched.exact &= len(self._sched.tasks) == 1  # it hides what instances have
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
        if name[:2] == "__":
            self._replaced(obj, name)
        delattr(obj, name)

    def _replaced(self, obj: Any, name: str) -> None:
        """A class, a function's default, `__eq__`, ...: what uses it does not say so."""
        special = issubclass(type(obj), type) and name[-2:] == "__" and name not in _HARMLESS
        if len(self._sched.tasks) > 1 and (special or name in _REPLACED):
            self._sched.exact = False

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
            if _module_members(obj).get("__builtins__") is self._builtins:
                return True
            _refuse_if_everybodys(obj, name)
            return False
        if number == CLASS:
            _refuse_if_everybodys(obj, name)
            self._ways.clear()
            return True
        way = self._ways.get((kind, store, name))
        if way is None:
            found = find(kind, name)[1]
            way = self._ways[kind, store, name] = (
                type(find(kind, store)[1]) is not types.FunctionType  # the learner's are rewritten
                and (type(found) is _SLOT or find(type(found), "__set__")[1] is MISSING)
            )
        return bool(way)

    # -- items ----------------------------------------------------------------------------------

    def item(self, obj: Any, key: Any, site: int | None) -> Any:
        """`obj[key]`."""
        kind = type(obj)
        number = self._kinds.get(kind) or self._kind(kind)
        if number in (SEQUENCE, MAPPING) and not self._overrides(kind, "__getitem__"):
            creates = issubclass(kind, defaultdict) and obj.default_factory is not None
            missing = "W" if creates else "R"
            self._touch_part("read", obj, key, number, site, missing=missing)
            if type(key) not in ATOMS:
                value = self._perform((obj,), missing, operator.getitem, obj, key)
                return self._seen(value) if self.record else value
        elif number >= RECORD and self._is_opaque(kind, "__getitem__"):
            if not self._look("read", (obj,), "R", site, LOOKS):
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
            self.announce("write", self._identity(_written(obj)), "W", site=site)
        if self.record:
            self._label(value, site)
        if type(key) in ATOMS:
            obj[key] = value
        else:
            self._perform((), "W", operator.setitem, obj, key, value)

    def del_item(self, obj: Any, key: Any, site: int | None) -> None:
        """`del obj[key]`."""
        kind = type(obj)
        number = self._kinds.get(kind) or self._kind(kind)
        if number in (SEQUENCE, MAPPING) and not self._overrides(kind, "__delitem__"):
            self.announce("delete", self._identity(obj), "W", site=site)
            if self.record:
                self._sched.note(before=_peek_item(obj, key))
        elif number >= RECORD and self._is_opaque(kind, "__delitem__"):
            self.announce("delete", self._identity(_written(obj)), "W", site=site)
        if type(key) in ATOMS:
            del obj[key]
        else:
            self._perform((), "W", operator.delitem, obj, key)

    def update_item(self, obj: Any, key: Any, symbol: str, site: int | None) -> Any:
        """`obj[key] += …`: reads; what it returns takes the operand and writes."""
        value = self.item(obj, key, site)

        def finish(operand: Any) -> None:
            self.set_item(self.inplace(symbol, value, operand, site), obj, key, site)

        return finish

    def _overrides(self, kind: type, name: str) -> bool:
        """Whether a container's class has the learner's own `name`, which is rewritten."""
        if kind in BASE_KINDS:
            return False
        found = find(kind, name)[1]
        return type(found) is types.FunctionType and self._ours(found)

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
        # What is compared and hashed to find another key may itself be something that changes.
        more = () if type(key) in ATOMS else tuple(self._contents((key,), LOOKS))
        self.announce(what, identity, missing if mode == "R" else "W", site=site, more=more)

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
        if number == ITERATOR and type(iterable) is not types.GeneratorType:
            return self._draining(iterable, site)
        if number == ITERATOR:  # it is sent to, so it stays as it is
            self._claim(iterable)
        return self._each(iterable, site, (), fresh=True) if number in CONTAINERS else iterable

    # -- iteration ------------------------------------------------------------------------------

    def each(self, iterable: Any, site: int | None, *variables: Any) -> Any:
        """The iterable of a loop; a read before each item, then a write of each shared variable."""
        return self._each(iterable, site, variables, fresh=False)

    def each_new(self, iterable: Any, site: int | None, *variables: Any) -> Any:
        """The same for an iterator that was made on the spot."""
        return self._each(iterable, site, variables, fresh=True)

    def each_called(self, iterable: Any, site: int | None, *variables: Any) -> Any:
        """The same for what a call returned: perhaps an iterator that nobody else has yet."""
        fresh = type(iterable) is types.GeneratorType or self._is_new(iterable)
        return self._each(iterable, site, variables, fresh=fresh)

    def _each(
        self, iterable: Any, site: int | None, variables: tuple[Any, ...], *, fresh: bool
    ) -> Any:
        kind = type(iterable)
        number = self._kinds.get(kind) or self._kind(kind)
        if kind is set or kind is frozenset:
            self._check_order(iterable)
        if number in CONTAINERS and not self._overrides(kind, "__iter__"):
            owner = self._identity(_viewed(iterable) if number == VIEW else iterable)
            if _notes_size(kind, number):
                self.announce("read", owner, "R", site=site)
            iterable = self._reading(owner, iter(iterable), site)
        elif number == ITERATOR and not (
            fresh and (type(iterable) is not types.GeneratorType or self._claim(iterable))
        ):
            iterable = self._draining(iterable, site)
        elif number >= RECORD and self._is_opaque(kind, "__iter__"):
            if isinstance(iterable, ChainMap):
                self._look("read", (iterable,), "R", site, READS)
            iterable = self._reading(iterable, iter(iterable), site)
        if variables:
            return self._binding(iter(iterable), variables, sys._getframe(2).f_globals, site)
        return iterable

    def ordered(self, items: Any) -> Any:
        """A set that was made on the spot, perhaps to be looked through at once."""
        self._check_order(items)
        return items

    def _check_order(self, items: Any) -> None:
        """Claim less where a set is looked through whose order differs from run to run."""
        if len(items) > 1 and any(type(item).__hash__ in _BY_ADDRESS for item in items):
            self._sched.exact = False

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
        elif number >= RECORD and isinstance(obj, ChainMap):
            self._look("read", (obj,), "R", site, READS)
        return obj

    def unpack(self, obj: Any, site: int | None) -> Any:
        """`obj`, whose items are about to be taken out of it."""
        kind = type(obj)
        number = self._kinds.get(kind) or self._kind(kind)
        if SEQUENCE <= number <= VIEW:
            self._touch("read", (obj,), "R", site)
        elif number == ITERATOR and not (self._is_new(obj) or self._claim(obj)):
            self.announce("read", obj, "W", site=site)
        elif number >= RECORD and isinstance(obj, ChainMap):
            self._look("read", (obj,), "R", site, LOOKS)
        return obj

    def show(self, obj: Any, site: int | None) -> Any:
        """`obj`, about to become text."""
        if type(obj) not in ATOMS:
            self._look("read", (obj,), "R", site, SHOWS)
        return obj

    def within(self, obj: Any, site: int | None) -> Any:
        """`obj`, new itself, but about to be looked into."""
        if type(obj) not in ATOMS:
            found = [part for part in self._contents((obj,), SHOWS) if part is not obj]
            if found:
                self._look("read", tuple(found), "R", site, SHOWS)
        return obj

    def match(self, obj: Any, site: int | None) -> Any:
        """`obj`, about to be held against patterns, which look as deep as they like."""
        if type(obj) not in ATOMS:
            self._look("read", (obj,), "R", site, DEEP)
        return obj

    def among(self, symbol: str, item: Any, new: Any, site: int | None) -> Any:
        """Whether an item is in a container that nobody else has: it is compared with the items."""
        if type(item) not in ATOMS:
            found = [part for part in self._contents((item, new), LOOKS) if part is not new]
            if found:
                found = self._look("read", tuple(found), "R", site, LOOKS)
                return self._perform(found, "R", _OPERATORS[symbol], item, new)
        return _OPERATORS[symbol](item, new)

    def kept(self, obj: Any) -> Any:
        """`obj`, an item of several that are compared with each other later: in no step."""
        if type(obj) not in ATOMS and len(self._sched.tasks) > 1:
            self._sched.exact &= not self._contents((obj,), LOOKS)
        return obj

    def fresh(self, iterator: Any) -> Any:
        """An iterator that nobody else has yet, and cannot have before the next step."""
        self._latest = iterator, self._sched.steps
        return iterator

    def _is_new(self, iterator: Any) -> bool:
        """Whether an iterator was made after the last step."""
        return self._latest[0] is iterator and self._latest[1] == self._sched.steps

    def compare(self, symbol: str, left: Any, right: Any, site: int | None) -> Any:
        """A comparison with one operator."""
        kinds = self._kinds
        kind = type(right)
        b = kinds.get(kind) or self._kind(kind)
        if symbol in ("in", "not in"):
            if b != QUIET and not self._overrides(kind, "__contains__"):
                if b == MAPPING:
                    self._touch_part("read", right, left, b, site, missing="R")
                    if type(left) not in ATOMS:
                        return self._perform((right,), "R", _OPERATORS[symbol], left, right)
                elif SEQUENCE <= b <= VIEW:
                    simple = type(left) in ATOMS
                    roots = (right,) if simple else (right, left)
                    found = self._look("read", roots, "R", site, READS if simple else LOOKS)
                    return self._perform(found, "R", _OPERATORS[symbol], left, right)
                elif b == ITERATOR:
                    self._claim(right, anew=False)
                    self.announce("read", right, "W", site=site)
                elif isinstance(right, ChainMap):
                    self._look("read", (right,), "R", site, READS)
            elif b == QUIET and kind is tuple and type(left) not in ATOMS:
                self._look("read", (left, right), "R", site, LOOKS)
        else:
            a = kinds.get(type(left)) or self._kind(type(left))
            if a != QUIET or b != QUIET or kind is tuple:
                if type(left) in ATOMS or kind in ATOMS:
                    return _OPERATORS[symbol](left, right)
                found = self._look("read", (left, right), "R", site, LOOKS)
                if found:
                    if self.record:
                        self._sched.note(detail=(short(left), short(right)))
                    return self._perform(found, "R", _OPERATORS[symbol], left, right)
        return _OPERATORS[symbol](left, right)

    def binary(self, symbol: str, left: Any, right: Any, site: int | None) -> Any:
        """`left + right` and the like."""
        if symbol == "%" and type(left) in (str, bytes):
            self.show(right, site)
            return left % right
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
            add = _adding(left, "extend") if symbol == "+=" and b == ITERATOR else None
            if add is not None and not self._overrides(type(left), "__iadd__"):
                self._prepared((right,), {}, site, alone=False)
                self._extend(left, right, add, site)
                return left
        return _OPERATORS[symbol](left, right)

    def _touch_contents(
        self,
        left: tuple[Any, int],
        right: tuple[Any, int],
        mode: str,
        site: int | None,
    ) -> None:
        found = tuple(obj for obj, number in (left, right) if SEQUENCE <= number <= VIEW)
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

    def _look(
        self,
        what: str,
        roots: tuple[Any, ...],
        mode: str,
        site: int | None,
        how: int,
    ) -> list[Any]:
        """One step that looks into structures, and may change the first thing in them.

        What can be reached may change while the thread waits for its turn; then it announces anew.
        """
        again = found = self._contents(roots, how)
        while again:
            found = again
            self.announce(what, found[0], mode, site=site, more=tuple(found[1:]))
            known = set(map(id, found))
            again = self._contents(roots, how)
            if known.issuperset(map(id, again)):
                break
        if found and self.record and len(roots) == 1 and mode == "R":
            self._sched.note(before=roots[0])
        return found

    def _contents(self, roots: Iterable[Any], how: int) -> list[Any]:
        """All that can change in what is read of structures: containers, records, and so on.

        `how` is READS for the roots alone. Who SHOWS things sees the states of locks, too, and DEEP
        is a look at whatever there is.
        """
        found: list[Any] = []
        seen: set[int] = set()
        todo = list(roots)
        for obj in todo:  # grows
            kind = type(obj)
            number = self._kinds.get(kind) or self._kind(kind)
            if number == VIEW:
                obj, number = _viewed(obj), MAPPING  # noqa: PLW2901
            if id(obj) in seen or number in (MODULE, CLASS, SUPER):
                continue
            seen.add(id(obj))
            parts = self._parts(obj, kind, number, how)
            if parts is None:
                continue
            if not issubclass(kind, (tuple, frozenset)) and (
                number != QUIET or self._is_model(kind)
            ):
                found.append(self._identity(obj))
            if how != READS or issubclass(kind, ChainMap):
                todo += [part for part in parts if type(part) not in ATOMS]
            if len(todo) > MOST_PARTS:
                self._sched.exact = False
                break
        return found

    def _parts(self, obj: Any, kind: type, number: int, how: int) -> Iterable[Any] | None:
        """What is in an object, as far as it is looked at; None if nothing in it can change."""
        if number == MAPPING:
            return [*dict.keys(obj), *dict.values(obj)]
        if number in _PLAIN_ITER:
            if kind is set:
                self._check_order(obj)
            return _items_of(obj)
        if number == QUIET:
            if kind is frozenset:
                self._check_order(obj)
            if issubclass(kind, (tuple, frozenset)):
                return _items_of(obj)
            if how == SHOWS:
                if issubclass(kind, BaseException):
                    return _items_of(obj.args)
                if self._shows_state(kind):
                    return (getattr(obj, "_lock", None),)
            return None
        if number == RECORD or (number == INSTANCE and how == DEEP):
            return _fields_of(obj)
        if issubclass(kind, tuple):
            return _items_of(obj)
        if issubclass(kind, ChainMap):
            return list(obj.maps)
        if number == INSTANCE and self._is_opaque(kind, "__len__"):
            return _fields_of(obj)  # a UserList and the like
        return None

    def _shows_state(self, kind: type) -> bool:
        """Whether it is one of the models, with a text of its own."""
        shown = self._shown.get(kind)
        if shown is None:
            owner, found = find(kind, "__repr__")
            shown = is_engine(found) and owner.__name__ != "Model"
            self._shown[kind] = shown
        return shown

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
        elif kind in _GETTERS:
            return functools.partial(self._get, function, site)
        elif kind is _CACHE:
            return functools.partial(self._call_cache, function, function, site)
        elif kind is functools.partial:
            inner = self.callee(function.func, site)
            if inner is function.func:
                return function
            return functools.partial(inner, *function.args, **function.keywords)
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
        inner = getattr(method, "__func__", None)
        if type(inner) is _CACHE:
            return functools.partial(self._call_cache, method, inner, site)
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
        if name == "pop" and type(obj) is set:
            self._check_order(obj)
        mode = "R" if name in PURE_METHODS else "W"
        if args and name in ("get", "setdefault", "__getitem__", "__contains__"):
            number = self._kinds.get(type(obj)) or self._kind(type(obj))
            missing = "W" if name == "setdefault" else "R"
            self._touch_part("read", obj, args[0], number, site, missing=missing)
        elif args and name == "__setitem__":
            number = self._kinds.get(type(obj)) or self._kind(type(obj))
            self._touch_part("write", obj, args[0], number, site, missing="W")
        else:
            args, kwargs = self._prepared(args, kwargs, site, alone=False)
            touched = (obj, *self._containers(args)) if args else (obj,)
            if name in _COMPARING and not kwargs:
                what = "read" if mode == "R" else "write"
                touched = tuple(self._look(what, (obj, *args), mode, site, LOOKS))
            else:
                self._touch("read" if mode == "R" else "write", touched, mode, site)
            add = _adding(obj, name)
            if add is not None and len(args) == 1:
                number = self._kinds.get(type(args[0])) or self._kind(type(args[0]))
                if number == ITERATOR:
                    return self._extend(obj, args[0], add, site)
            if name not in _SIMPLE:
                return self._perform(touched, mode, method, *args, **kwargs)
        if args and type(args[0]) not in ATOMS:
            return self._perform((obj,), mode, method, *args, **kwargs)
        return method(*args, **kwargs)

    def _extend(self, obj: Any, iterator: Any, add: Any, site: int | None) -> None:
        """Add items to a list or set, which has just been announced, as they come."""
        task = self._sched.current
        op = task.op
        for item in iterator:
            if task.op is not op:  # to get it took steps
                self._touch("write", (obj,), "W", site)
                op = task.op
            add(item)

    def _prepared(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], site: int | None, *, alone: bool
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Arguments: iterators are announced, and functions in them announce what they do.

        Unless a shared iterator is `alone`, the call changes it later than in its own step.
        """
        for arg in args:
            if type(arg) not in ATOMS:
                number = self._kinds.get(type(arg)) or self._kind(type(arg))
                if number == ITERATOR and not (
                    type(arg) is Items or self._is_new(arg) or self._claim(arg)
                ):
                    self.announce("call", arg, "W", site=site)
                    if not alone or len(args) > 1:
                        self._sched.exact = False
        key = kwargs.get("key")
        if key is not None:
            kwargs["key"] = self.callee(key, site)
        return args, kwargs

    def _call_opaque(
        self, method: Any, obj: Any, site: int | None, /, *args: Any, **kwargs: Any
    ) -> Any:
        """A method that nobody can look into: may change all of its object."""
        args, kwargs = self._prepared(args, kwargs, site, alone=False)
        if isinstance(obj, ChainMap):
            mode = "R" if method.__name__ in PURE_METHODS else "W"
            roots = (obj, *args) if mode == "R" else (_written(obj), obj, *args)
            found = self._look("call", roots, mode, site, LOOKS)
            return self._perform(found, mode, method, *args, **kwargs)
        self._touch("call", (obj, *self._containers(args)), "W", site)
        return method(*args, **kwargs)

    def _get(self, getter: Any, site: int | None, /, *args: Any) -> Any:
        """An operator.attrgetter and the like, which do what syntax does."""
        if len(args) != 1:
            return getter(*args)
        (obj,) = args
        if type(getter) is operator.methodcaller:
            reduced: Any = getter.__reduce__()
            make = reduced[0]  # a partial of the class, if there are keywords
            given: list[Any] = [*getattr(make, "args", ()), *reduced[1]]
            call = self.method(obj, given[0], site)
            return call(*given[1:], **getattr(make, "keywords", {}))
        values = []
        names: tuple[Any, ...] = getter.__reduce__()[1]
        for name in names:
            value = obj
            if type(getter) is operator.attrgetter:
                for part in name.split("."):
                    value = self.attr(value, part, site)
            else:
                value = self.item(obj, name, site)
            values.append(value)
        return tuple(values) if len(values) > 1 else values[0]

    def _call_cache(
        self, function: Any, cache: Any, site: int | None, /, *args: Any, **kwargs: Any
    ) -> Any:
        """A function with a functools.cache: looked up, and kept when its code has run."""
        self.announce("call", cache, "W", site=site)
        task = self._sched.current
        op = task.op
        value = function(*args, **kwargs)
        last = task.op
        if last is not op and (last is None or last.obj is not cache):
            self._sched.exact = False  # what it keeps is no part of the last step
        return value

    def _call(self, function: Any, how: int, site: int | None, /, *args: Any, **kwargs: Any) -> Any:
        """A function that is not rewritten, with its containers announced."""
        if how == LAZY:
            if function is iter and len(args) == 2:
                args = (endless.counted(args[0]), args[1])
            values = [self._lazy(arg, function, site) for arg in args]
            return self.fresh(function(*values, **kwargs))
        args, kwargs = self._prepared(args, kwargs, site, alone=not kwargs)
        roots = (*args, *kwargs.values())
        mode = "W" if how in (WRITES, CHANGES) else "R"
        if how == CHANGES and len(self._containers(roots)) > 1:
            self._sched.exact = False  # only one thing can be changed in a step
        if how == CHANGES or kwargs.get("key") or _is_mapping_copied(function, roots):
            how = READS
        found = self._look("call", roots, mode, site, LOOKS if how == WRITES else how)
        if found:
            return self._perform(found, mode, function, *args, **kwargs)
        return function(*args, **kwargs)

    def _lazy(self, arg: Any, function: Any, site: int | None) -> Any:
        """An argument of map, zip, …, which take its items one by one, later."""
        number = self._kinds.get(type(arg)) or self._kind(type(arg))
        if arg is None and function is filter:
            return self.callee(bool, site)
        if callable(arg) and number not in CONTAINERS:
            return self.callee(arg, site)
        if number == ITERATOR and function is not iter:
            mine = self._is_new(arg) or self._claim(arg)
            return arg if mine else self._draining(arg, site)
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
            if SEQUENCE <= number <= VIEW:
                found.append(arg)
        return tuple(found)

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
        "each_called",
        "delegate",
        "bind",
    ),
    *("read", "unpack", "show", "within", "match", "among", "kept", "fresh", "ordered"),
    *("compare", "binary", "inplace", "callee"),
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


def _is_unstarted(generator: Any) -> bool:
    """Whether nobody has taken anything from a generator yet."""
    return (
        generator.gi_frame is not None and not generator.gi_suspended and not generator.gi_running
    )


def _items_of(obj: Any) -> Iterable[Any]:
    """The items of a plain container; runs nobody's code."""
    for kind in _ITERATED:
        if isinstance(obj, kind):
            return list(kind.__iter__(obj))
    return ()


_ITERATED: tuple[Any, ...] = (list, tuple, set, frozenset, deque)
_PLAIN_ITER = frozenset({SEQUENCE, SET})
# Hashes that come from addresses: of functions, classes, generators, partials, and of methods.
_BY_ADDRESS = frozenset(
    {object.__hash__, type.__hash__, types.MethodType.__hash__, types.BuiltinFunctionType.__hash__}
)


def _adding(obj: Any, name: str) -> Any:
    """What adds one item, where the method of this name adds many; None if there is no such."""
    if name == "extend" and isinstance(obj, (list, deque)):
        return (list if isinstance(obj, list) else deque).append.__get__(obj)
    if name == "extendleft" and isinstance(obj, deque):
        return deque.appendleft.__get__(obj)
    if name == "update" and isinstance(obj, set):
        return set.add.__get__(obj)
    return None


# Methods that compare the items.
_COMPARING = frozenset({"sort", "index", "count", "remove", "__contains__", "__eq__", "__ne__"})


def _fields_of(obj: Any) -> list[Any]:
    """The values of the attributes of an instance, those in slots included."""
    fields = [*_instance_dict(obj).values()]
    for base in _mro(type(obj)):
        for member in vars(base).values():
            if type(member) is _SLOT:
                with contextlib.suppress(AttributeError):
                    fields.append(member.__get__(obj))
    return fields


def _written(obj: Any) -> Any:
    """What changes when an item of `obj` is set: of a ChainMap, its first dict."""
    return obj.maps[0] if isinstance(obj, ChainMap) else obj


def _is_mapping_copied(function: Any, args: tuple[Any, ...]) -> bool:
    """Whether a dict is made of another one, whose values are not looked at."""
    return (
        isinstance(function, type)
        and issubclass(function, dict)
        and bool(args)
        and isinstance(args[0], dict)
    )


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


def _refuse_if_everybodys(thing: Any, name: str) -> None:
    """Raise SimulationError for a class or module that other schedules, and the process, have."""
    if isinstance(thing, types.ModuleType):
        what = str(_module_members(thing).get("__name__"))
        everybodys = sys.modules.get(what) is thing
    else:
        what = kind_name(thing)
        home = sys.modules.get(str(find_own(thing, "__module__")[1]))
        members = _module_members(home) if isinstance(home, types.ModuleType) else {}
        everybodys = is_engine(thing) or members.get(what) is thing
    if everybodys:
        raise SimulationError(
            f"changing `{what}.{name}` would change it for every schedule, and for all that runs "
            "beside the simulation. Make a subclass, or a function of your own, and use that."
        )


def _probe(depth: int) -> None:
    """Raise RecursionError unless this many frames fit."""
    if depth:
        _probe(depth - 1)
