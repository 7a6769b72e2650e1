"""Queue, LifoQueue, PriorityQueue and SimpleQueue.

A queue's items and its count of unfinished tasks are two parts: `get` touches only the first one,
`task_done` and `join` only the second one.
"""

from __future__ import annotations

import heapq
import queue as real
import sys
import types
from collections import deque
from queue import Empty, Full
from typing import Any

from taketurns.engine.scheduler import Scheduler, Task, here

from .base import Model, address, attempt, named

ITEMS, TASKS = "items", "tasks"
NEGATIVE = "'timeout' must be a non-negative number"
_INSIDE = ("mutex", "not_empty", "not_full", "all_tasks_done")


class Queue(Model):
    """First in, first out; at most `maxsize` items, if that is positive."""

    __module__ = "queue"
    queue: Any

    def __init__(self, maxsize: int = 0) -> None:
        self.maxsize = maxsize
        self._tt_size = 0
        self._tt_unfinished = 0
        self._tt_closed = False
        self._init(maxsize)

    def __getattr__(self, name: str) -> Any:
        why = ": a simulated queue has no locks inside" if name in _INSIDE else ""
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{why}")

    # What subclasses may replace. It runs without a switch, as under the library's own mutex.

    def _init(self, maxsize: int) -> None:
        self.queue = deque()

    def _qsize(self) -> int:
        return len(self.queue)

    def _put(self, item: Any) -> None:
        self.queue.append(item)

    def _get(self) -> Any:
        return self.queue.popleft()

    # Guards must not run a learner's `_qsize`, so its last answer is kept.

    def _tt_length(self) -> int:
        return len(self.queue) if type(self)._qsize is Queue._qsize else self._tt_size

    def _tt_can_put(self) -> bool:
        return self._tt_closed or not 0 < self.maxsize <= self._tt_length()

    def _tt_can_get(self) -> bool:
        return self._tt_closed or self._tt_length() > 0

    def _tt_all_done(self) -> bool:
        return self._tt_unfinished == 0

    def _tt_wants_room(self, sched: Scheduler, waiting: Task) -> str:
        return f"room in {named(sched, self)}, full with {self._tt_length()}"

    def _tt_wants_item(self, sched: Scheduler, waiting: Task) -> str:
        return f"an item in {named(sched, self)}, which is empty"

    def _tt_wants_done(self, sched: Scheduler, waiting: Task) -> str:
        left = self._tt_unfinished
        items = "1 more item" if left == 1 else f"{left} more items"
        return f"task_done of {items} of {named(sched, self)}"

    # -- items --------------------------------------------------------------------------------

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Add an item, waiting for room; Full if there is none in time."""
        limit, negative = _limit(block, timeout) if self.maxsize > 0 else (None, False)
        in_time = attempt("put", self, self._tt_can_put, limit, waits=self._tt_wants_room)
        if self._tt_closed:
            raise _shut_down()
        if negative:
            raise ValueError(NEGATIVE)
        if not in_time:
            raise Full
        here().note(after=item)
        with here().atomic():
            self._put(item)
            self._tt_size = self._qsize()
        self._tt_unfinished += 1

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take an item, waiting for one; Empty if there is none in time."""
        limit, negative = _limit(block, timeout)
        in_time = attempt(
            "get", self, self._tt_can_get, limit, key=ITEMS, waits=self._tt_wants_item
        )
        if self._tt_closed and not self._tt_length():
            raise _shut_down()
        if negative:
            raise ValueError(NEGATIVE)
        if not in_time:
            raise Empty
        item = self._tt_take()
        here().note(before=item)
        return item

    def _tt_take(self) -> Any:
        with here().atomic():
            item = self._get()
            self._tt_size = self._qsize()
        return item

    def put_nowait(self, item: Any) -> None:
        """Add an item; Full if there is no room."""
        self.put(item, block=False)

    def get_nowait(self) -> Any:
        """Take an item; Empty if there is none."""
        return self.get(block=False)

    def qsize(self) -> int:
        """How many items there are at this moment."""
        sched = here()
        sched.step("is-set", self, "R", key=ITEMS)
        with sched.atomic():
            size = self._qsize()
        sched.note(before=size)
        return size

    def empty(self) -> bool:
        """Whether there is no item at this moment."""
        return not self.qsize()

    def full(self) -> bool:
        """Whether there is no room at this moment."""
        return 0 < self.maxsize <= self.qsize()

    # -- tasks --------------------------------------------------------------------------------

    @property
    def unfinished_tasks(self) -> int:
        """How many items were put for which nobody has called `task_done` yet."""
        here().step("is-set", self, "R", key=TASKS)
        return self._tt_unfinished

    def task_done(self) -> None:
        """Count one item as dealt with; ValueError if there was none."""
        sched = here()
        sched.step("task-done", self, "C", key=TASKS)
        if not self._tt_unfinished:
            sched.exact = False  # who is refused depends on an order that is not explored
            raise ValueError("task_done() called too many times")
        self._tt_unfinished -= 1

    def join(self) -> None:
        """Wait until every item that was put is dealt with."""
        attempt(
            "queue-join", self, self._tt_all_done, None, "R", key=TASKS, waits=self._tt_wants_done
        )

    # -- shutting down ------------------------------------------------------------------------

    if sys.version_info >= (3, 13):

        @property
        def is_shutdown(self) -> bool:
            """Whether the queue is shut down."""
            here().step("is-set", self, "R", key=ITEMS)
            return self._tt_closed

        def shutdown(self, immediate: bool = False) -> None:
            """From now on `put` raises ShutDown, and `get` once the queue is empty."""
            here().step("shutdown", self)
            self._tt_closed = True
            while immediate and self._tt_length():
                self._tt_take()
                self._tt_unfinished = max(self._tt_unfinished - 1, 0)

    __class_getitem__: Any = classmethod(types.GenericAlias)


def _limit(block: object, timeout: float | None) -> tuple[float | None, bool]:
    """The seconds that an operation may take (None: no end), and whether that is negative."""
    if not block:
        return 0, False
    return timeout, timeout is not None and timeout < 0


def _shut_down() -> BaseException:
    error: BaseException = getattr(real, "ShutDown", RuntimeError)()  # real from 3.13 on
    return error


class LifoQueue(Queue):
    """Last in, first out."""

    __module__ = "queue"

    def _init(self, maxsize: int) -> None:
        self.queue = []

    def _get(self) -> Any:
        return self.queue.pop()


class PriorityQueue(Queue):
    """Smallest first."""

    __module__ = "queue"

    def _init(self, maxsize: int) -> None:
        self.queue = []

    def _put(self, item: Any) -> None:
        heapq.heappush(self.queue, item)

    def _get(self) -> Any:
        return heapq.heappop(self.queue)


class SimpleQueue(Model):
    """First in, first out, without a size and without tasks."""

    __slots__ = ("_tt_items",)
    _tt_holds = "_queue.SimpleQueue"

    def __init__(self) -> None:
        self._tt_items: deque[Any] = deque()

    def _tt_can_get(self) -> bool:
        return bool(self._tt_items)

    def _tt_wants_item(self, sched: Scheduler, waiting: Task) -> str:
        return f"an item in {named(sched, self)}, which is empty"

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Add an item; this never waits."""
        here().step("put", self)
        here().note(after=item)
        self._tt_items.append(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take an item, waiting for one; Empty if there is none in time."""
        limit, negative = _limit(block, timeout)
        if negative:
            raise ValueError(NEGATIVE)
        if not attempt("get", self, self._tt_can_get, limit, waits=self._tt_wants_item):
            raise Empty
        item = self._tt_items.popleft()
        here().note(before=item)
        return item

    def put_nowait(self, item: Any) -> None:
        """Add an item."""
        self.put(item, block=False)

    def get_nowait(self) -> Any:
        """Take an item; Empty if there is none."""
        return self.get(block=False)

    def qsize(self) -> int:
        """How many items there are at this moment."""
        here().step("is-set", self, "R")
        here().note(before=len(self._tt_items))
        return len(self._tt_items)

    def empty(self) -> bool:
        """Whether there is no item at this moment."""
        return not self.qsize()

    def __repr__(self) -> str:
        return f"<_queue.SimpleQueue object at {address(self)}>"

    __class_getitem__: Any = classmethod(types.GenericAlias)
