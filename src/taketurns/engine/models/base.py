"""What all models share: identity, labels, and the one way to wait."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

from taketurns.engine.errors import SimulationError
from taketurns.engine.scheduler import Scheduler, Task, here
from taketurns.engine.spinning import Transparent

Explanation = Callable[[Scheduler, Task], str]  # of what the task waits for, and who has it

# What an operation is called when it may not wait at all.
_AT_ONCE = {"acquire": "try-acquire", "put": "try-put", "get": "try-get", "join": "is-alive"}


class Untold:
    """Keeps watch over what threads read and write without a step, as hardly any two of them do."""

    __slots__ = ("_reads", "_write")

    def __init__(self) -> None:
        self._reads: dict[Task, int] = {}  # how many threads there were at the last one
        self._write: tuple[Task, int] | None = None

    def read(self) -> bool:
        """Note that the current thread reads; say whether it certainly comes after the write."""
        sched = here()
        self._reads[sched.current] = len(sched.tasks)
        return self._write is None or sched.comes_after(*self._write)

    def write(self) -> bool:
        """Note that the current thread writes; say whether that certainly comes after all else."""
        sched = here()
        if len(sched.tasks) == 1:  # nobody else is there yet
            self._write = sched.current, 1
            return True
        earlier = [*self._reads.items(), *([self._write] if self._write else ())]
        self._write = sched.current, len(sched.tasks)
        return all(sched.comes_after(*entry) for entry in earlier)


FIRST_ADDRESS = 0x7F0000000000  # as of the world's `id`


class Model(Transparent):
    """Something that threads share, hashed by order of appearance so that runs repeat exactly."""

    __slots__ = ("__weakref__",)
    _tt_holds = "_thread.lock"  # what copying or pickling the real thing stumbles over

    def __hash__(self) -> int:
        try:
            return here().serial(self)
        except SimulationError:
            return object.__hash__(self)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"cannot pickle {self._tt_holds!r} object")

    def __repr__(self) -> str:
        cls = type(self)
        return f"<{cls.__module__}.{cls.__qualname__} object at {address(self)}>"


def attempt(
    kind: str,
    obj: object,
    guard: Callable[[], bool],
    limit: float | None,
    mode: str = "W",
    *,
    key: object = None,
    more: tuple[object, ...] = (),
    waits: Explanation | None = None,
    arrived: Callable[[], None] | None = None,
) -> bool:
    """Take a guarded step within `limit` seconds (None: for ever); say if the guard held."""
    sched = here()
    if limit is None or limit > 0:
        held = sched.step(
            kind,
            obj,
            mode,
            key=key,
            guard=guard,
            timeout=limit,
            waits=None if waits is None else partial(waits, sched, sched.current),
            arrived=arrived,
            more=more,
        )
        if not held and kind in _AT_ONCE:
            sched.stutter()
        return held
    sched.step(_AT_ONCE.get(kind, kind), obj, mode, key=key, more=more)
    if guard():
        return True
    sched.stutter()
    return False


def newer(more: dict[str, Any], name: str, function: str) -> Any:
    """The value in `more` of a keyword argument that Python has from 3.14 on, and of no other."""
    value = more.pop(name, None) if sys.version_info >= (3, 14) else None
    if more:
        unknown = next(iter(more))
        raise TypeError(f"{function}() got an unexpected keyword argument {unknown!r}")
    return value


def announcing(function: Any) -> Any:
    """`function`, announcing what it touches if its code is not rewritten, as that of `sum`."""
    callee = here().state.get("callee")
    return function if callee is None else callee(function, None)


def patience(block: object, timeout: Any) -> Any:
    """The limit that a pair of arguments such as (block, timeout) means."""
    return timeout if block else 0


def named(sched: Scheduler, obj: object) -> str:
    """Kind and name of a model object, as in "Lock `self._lock`"."""
    label = sched.label_of(obj)
    kind = type(obj).__name__
    return f"{kind} `{label}`" if label else kind


def address(obj: object) -> str:
    """What stands for the address of an object in its repr: the same in every repetition."""
    try:
        return hex(FIRST_ADDRESS + 16 * here().serial(obj))
    except SimulationError:
        return hex(id(obj))
