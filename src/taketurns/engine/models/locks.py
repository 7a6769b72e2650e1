"""Lock, RLock, Condition, Semaphore, Event and Barrier."""

from __future__ import annotations

import sys
import threading
from threading import BrokenBarrierError
from typing import TYPE_CHECKING, Any

from taketurns.engine.scheduler import Scheduler, Task, here
from taketurns.engine.spinning import Transparent

from .base import Model, address, attempt, named, patience

if TYPE_CHECKING:
    from collections.abc import Callable


def _limit(blocking: Any, timeout: Any) -> Any:
    """The seconds that an `acquire` may take; None: no end.

    A real lock refuses what is to be refused, in this Python's own words.
    """
    if timeout == -1 and blocking is True:
        return None
    threading.Lock().acquire(blocking, timeout)
    return patience(blocking, None if timeout == -1 else timeout)


def _holder(lock: Lock | RLock, sched: Scheduler, waiting: Task) -> str:
    holder = lock._tt_holder
    if holder is None:
        return named(sched, lock)
    if holder is waiting:
        return f"{named(sched, lock)}, which it holds itself"
    return f"{named(sched, lock)} held by {holder.name}"


class Lock(Model):
    """A lock that any thread may release."""

    __slots__ = ("_tt_holder",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args or kwargs:
            threading.Lock(*args, **kwargs)  # refuses them
        self._tt_holder: Task | None = None

    def __init_subclass__(cls) -> None:
        raise TypeError("type '_thread.lock' is not an acceptable base type")

    def _tt_free(self) -> bool:
        return self._tt_holder is None

    def _tt_waits(self, sched: Scheduler, waiting: Task) -> str:
        return _holder(self, sched, waiting)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock, waiting for it at most `timeout` seconds if that is given."""
        sched = here()
        if timeout == -1 and blocking is True:  # the usual case, many times in every run
            sched.step("acquire", self, guard=self._tt_free)
            self._tt_holder = sched.current
            return True
        limit = _limit(blocking, timeout)
        if not attempt("acquire", self, self._tt_free, limit, waits=self._tt_waits):
            return False
        self._tt_holder = sched.current
        return True

    def release(self) -> None:
        """Give the lock back; RuntimeError if it is not locked."""
        here().step("release", self)
        if self._tt_holder is None:
            raise RuntimeError("release unlocked lock")
        self._tt_holder = None

    def locked(self) -> bool:
        """Whether somebody has the lock."""
        here().step("is-set", self, "R")
        return self._tt_holder is not None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exc_info: object) -> None:
        self.release()

    def _is_owned(self) -> bool:
        # As the library sees it: somebody has it. Only if that is me, nobody can change it.
        return self._tt_holder is here().current or self.locked()

    def __repr__(self) -> str:
        state = "unlocked" if self._tt_holder is None else "locked"
        return f"<{state} _thread.lock object at {address(self)}>"

    acquire_lock = acquire
    release_lock = release
    locked_lock = locked


class RLock(Model):
    """A lock that its owner may take again; it must be released as often."""

    __slots__ = ("_tt_count", "_tt_holder", "_tt_whole")
    _tt_holds = "_thread.RLock"

    def __init__(self, whole: object = None) -> None:
        self._tt_holder: Task | None = None
        self._tt_count = 0
        self._tt_whole = whole  # the Condition that this lock is a part of

    def _tt_waits(self, sched: Scheduler, waiting: Task) -> str:
        return _holder(self, sched, waiting)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock, once more if it is the caller's already."""
        limit = _limit(blocking, timeout)
        sched = here()
        me = sched.current
        if sched.record and self._tt_whole is not None:
            label = sched.label_of(self._tt_whole)
            if label:
                sched.label(self, label)

        def free() -> bool:
            return self._tt_holder is None or self._tt_holder is me

        if not attempt("acquire", self, free, limit, waits=self._tt_waits):
            return False
        me.holds += not self._tt_count
        self._tt_holder = me
        self._tt_count += 1
        return True

    def release(self) -> None:
        """Give the lock back once; RuntimeError if it is not the caller's."""
        sched = here()
        sched.step("release", self)
        if self._tt_holder is not sched.current:
            raise RuntimeError("cannot release un-acquired lock")
        self._tt_count -= 1
        if not self._tt_count:
            sched.current.holds -= 1
            self._tt_holder = None

    if sys.version_info >= (3, 14):

        def locked(self) -> bool:
            """Whether somebody has the lock."""
            here().step("is-set", self, "R")
            return self._tt_holder is not None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exc_info: object) -> None:
        self.release()

    # What a Condition needs to let go of all levels at once.

    def _is_owned(self) -> bool:
        return self._tt_holder is here().current

    def _recursion_count(self) -> int:
        return self._tt_count if self._is_owned() else 0

    def _release_save(self) -> int:
        here().step("release", self)
        if not self._tt_count:
            raise RuntimeError("cannot release un-acquired lock")
        count, self._tt_count = self._tt_count, 0
        if self._tt_holder is not None:
            self._tt_holder.holds -= 1
        self._tt_holder = None
        return count

    def _acquire_restore(self, count: int) -> None:
        self.acquire()
        self._tt_count = count

    def __repr__(self) -> str:
        state = "unlocked" if self._tt_holder is None else "locked"
        owner = 0 if self._tt_holder is None else self._tt_holder.ident
        return (
            f"<{state} _thread.RLock object owner={owner} "
            f"count={self._tt_count} at {address(self)}>"
        )


class _Waiter(Transparent):
    """One call of `Condition.wait` or `Event.wait` that somebody may let through."""

    __slots__ = ("released", "task", "timed")

    def __init__(self, timeout: float | None) -> None:
        self.task = here().current
        self.released = False
        self.timed = timeout is not None

    def is_released(self) -> bool:
        return self.released


class Condition(Model):
    """Threads wait in it until they are notified, first come, first served.

    `wait` is four steps, as the library's: it queues up, releases the lock, is woken, and takes
    the lock again in competition with everybody else.
    """

    __module__ = "threading"
    _tt_holds = "_thread.RLock"

    def __init__(self, lock: Any = None) -> None:
        if lock is None:
            lock = RLock(self)
        self._lock = lock
        self.acquire: Callable[..., bool] = lock.acquire
        self.release: Callable[[], None] = lock.release
        for name in ("_release_save", "_acquire_restore", "_is_owned"):
            if hasattr(lock, name):  # an RLock knows better than the methods below
                setattr(self, name, getattr(lock, name))
        self._tt_waiters: list[_Waiter] = []

    def __enter__(self) -> Any:
        return self._lock.__enter__()

    def __exit__(self, *exc_info: object) -> Any:
        return self._lock.__exit__(*exc_info)

    def _release_save(self) -> Any:
        self._lock.release()

    def _acquire_restore(self, saved: Any) -> None:
        self._lock.acquire()

    def _is_owned(self) -> bool:
        if self._lock.acquire(False):
            self._lock.release()
            return False
        return True

    def _tt_waits(self, sched: Scheduler, waiting: Task) -> str:
        return f"a notification of {named(sched, self)}"

    def wait(self, timeout: float | None = None) -> bool:
        """Release the lock, wait to be notified, take the lock again.

        Returns False if `timeout` seconds went by instead; RuntimeError without the lock.
        """
        if not self._is_owned():
            raise RuntimeError("cannot wait on un-acquired lock")
        sched = here()
        waiter = _Waiter(timeout)
        sched.step("wait", self)
        self._tt_waiters.append(waiter)
        saved = self._release_save()
        if sched.record:
            sched.label(waiter, sched.label_of(self) or type(self).__name__)
        notified = False
        try:
            # Being woken touches this waiter only: who else waits or notifies is not disturbed.
            # To give up does disturb: whoever notifies later no longer finds this waiter.
            more = () if timeout is None else (self,)
            notified = attempt(
                "wake", waiter, waiter.is_released, timeout, more=more, waits=self._tt_waits
            )
        finally:
            if not notified:
                self._tt_waiters.remove(waiter)
            self._acquire_restore(saved)
        return notified

    def wait_for(self, predicate: Callable[[], Any], timeout: float | None = None) -> Any:
        """Wait until `predicate()` is true or `timeout` seconds went by; return its last value."""
        sched = here()
        left = timeout
        end = None if timeout is None else sched.now + timeout
        result = predicate()
        while not result:
            in_time = self.wait(left)
            result = predicate()
            if end is not None:
                left = end - sched.now
                if not in_time or left <= 0:
                    break
        return result

    def notify(self, n: int = 1) -> None:
        """Wake the `n` threads that have waited longest; RuntimeError without the lock."""
        if not self._is_owned():
            raise RuntimeError("cannot notify on un-acquired lock")
        sched = here()
        while True:
            waiting = tuple(self._tt_waiters)
            if not any(waiter.timed for waiter in waiting):
                waiting = waiting[: max(n, 0)]  # nobody can leave before this step
            sched.step("notify", self, more=waiting)
            if set(waiting).issuperset(self._tt_waiters[: max(n, 0)]):
                break  # else others came, while somebody else had the lock
        sched.note(detail=tuple(waiter.task.name for waiter in self._tt_waiters[: max(n, 0)]))
        while self._tt_waiters and n > 0:
            self._tt_waiters.pop(0).released = True
            n -= 1

    def notify_all(self) -> None:
        """Wake all threads that wait; RuntimeError without the lock."""
        if getattr(self._lock, "_tt_holder", None) is not here().current:
            here().step("is-set", self, "R")  # the library, too, counts them before it looks
        self.notify(len(self._tt_waiters))

    notifyAll = notify_all  # the old name, without its warning

    def __repr__(self) -> str:
        return f"<Condition({self._lock!r}, {len(self._tt_waiters)})>"


class Semaphore(Model):
    """Permits: `acquire` takes one, `release` gives some back."""

    __module__ = "threading"

    def __init__(self, value: int = 1) -> None:
        if value < 0:
            raise ValueError("semaphore initial value must be >= 0")
        self._tt_value = value

    def _tt_free(self) -> bool:
        return self._tt_value > 0

    def _tt_waits(self, sched: Scheduler, waiting: Task) -> str:
        return f"a permit of {named(sched, self)}, all taken"

    @property
    def _value(self) -> int:
        here().step("is-set", self, "R")
        return self._tt_value

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Take a permit, waiting for one at most `timeout` seconds if that is given."""
        if not blocking and timeout is not None:
            raise ValueError("can't specify timeout for non-blocking acquire")
        limit = patience(blocking, timeout)
        if not attempt("acquire", self, self._tt_free, limit, waits=self._tt_waits):
            return False
        self._tt_value -= 1
        return True

    def release(self, n: int = 1) -> None:
        """Give back `n` permits."""
        if n < 1:
            raise ValueError("n must be one or more")
        here().step("release", self, "C")
        self._tt_value += n

    __enter__ = acquire

    def __exit__(self, *exc_info: object) -> None:
        self.release()

    def __repr__(self) -> str:
        cls = type(self)
        return f"<{cls.__module__}.{cls.__qualname__} at {address(self)}: value={self._tt_shown()}>"

    def _tt_shown(self) -> str:
        return str(self._tt_value)


class BoundedSemaphore(Semaphore):
    """A Semaphore that refuses more permits than it began with."""

    __module__ = "threading"

    def __init__(self, value: int = 1) -> None:
        super().__init__(value)
        self._initial_value = value

    def release(self, n: int = 1) -> None:
        """Give back `n` permits; ValueError if that is more than were taken."""
        if n < 1:
            raise ValueError("n must be one or more")
        sched = here()
        sched.step("release", self, "C")
        if self._tt_value + n > self._initial_value:
            sched.exact = False  # who is refused depends on an order that is not explored
            raise ValueError("Semaphore released too many times")
        self._tt_value += n

    def _tt_shown(self) -> str:
        return f"{self._tt_value}/{self._initial_value}"


class Event(Model):
    """A flag to wait for.

    A thread that waits while virtual time passes is certainly inside `wait`: a later `set` lets it
    through even if the flag is cleared at once, as with the real one.
    """

    __module__ = "threading"

    def __init__(self) -> None:
        self._tt_flag = False
        self._tt_waiters: list[_Waiter] = []

    def is_set(self) -> bool:
        """Whether the flag is set."""
        here().step("is-set", self, "R")
        return self._tt_flag

    isSet = is_set  # the old name, without its warning

    def set(self) -> None:
        """Set the flag and let all through that wait."""
        here().step("set", self)
        self._tt_flag = True
        for waiter in self._tt_waiters:
            waiter.released = True
        self._tt_waiters.clear()

    def clear(self) -> None:
        """Reset the flag."""
        here().step("clear", self)
        self._tt_flag = False

    def _tt_waits(self, sched: Scheduler, waiting: Task) -> str:
        return f"{named(sched, self)} to be set"

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the flag is set; False if `timeout` seconds went by instead."""
        waiter = _Waiter(timeout)

        def arrived() -> None:
            if not waiter.released and waiter not in self._tt_waiters:
                self._tt_waiters.append(waiter)

        passed = attempt(
            "wait",
            self,
            lambda: self._tt_flag or waiter.released,
            timeout,
            "R",
            waits=self._tt_waits,
            arrived=arrived,
        )
        if waiter in self._tt_waiters:
            self._tt_waiters.remove(waiter)
        return passed

    def __repr__(self) -> str:
        cls = type(self)
        state = "set" if self._tt_flag else "unset"
        return f"<{cls.__module__}.{cls.__qualname__} at {address(self)}: {state}>"


FILLING, DRAINING, RESETTING, BROKEN = 0, 1, -1, -2


class Barrier(Model):
    """A point that threads pass only together, `parties` at a time.

    The states are the library's (filling, draining, resetting, broken); to arrive and to pass are
    one step each.
    """

    __module__ = "threading"

    def __init__(
        self, parties: int, action: Callable[[], object] | None = None, timeout: float | None = None
    ) -> None:
        if sys.version_info >= (3, 13) and parties < 1:
            raise ValueError("parties must be > 0")
        self._tt_parties = parties
        self._tt_action = action
        self._tt_timeout = timeout
        self._tt_state = FILLING
        self._tt_count = 0
        self._tt_acting = False

    def _tt_quiet(self) -> bool:
        return not self._tt_acting

    def _tt_open(self) -> bool:
        return not self._tt_acting and self._tt_state in (FILLING, BROKEN)

    def _tt_moved(self) -> bool:
        return self._tt_state != FILLING

    def _tt_waits(self, sched: Scheduler, waiting: Task) -> str:
        barrier = named(sched, self)
        if self._tt_acting:
            return f"the action of {barrier} to end"
        if self._tt_state != FILLING:
            return f"{barrier} to be left by all"
        return f"{barrier}, which {self._tt_count} of {self._tt_parties} have reached"

    def wait(self, timeout: float | None = None) -> int:
        """Wait until all parties are here; return a number from 0 to parties-1, one each.

        If `timeout` seconds go by first, the barrier breaks: BrokenBarrierError for all.
        """
        attempt("arrive", self, self._tt_open, None, waits=self._tt_waits)
        if self._tt_state == BROKEN:
            raise BrokenBarrierError
        index = self._tt_count
        here().note(detail=(str(index), str(self._tt_parties)))
        self._tt_count += 1
        if self._tt_count == self._tt_parties:
            self._tt_release()
        else:
            self._tt_pass(self._tt_timeout if timeout is None else timeout)
        return index

    def _tt_release(self) -> None:
        """The last party runs the action and opens the barrier."""
        if self._tt_action is None:
            self._tt_leave(DRAINING)
            return
        self._tt_acting = True
        state = BROKEN
        try:
            self._tt_action()
            state = DRAINING
        finally:
            here().step("pass", self)
            self._tt_acting = False
            self._tt_leave(state)

    def _tt_pass(self, limit: float | None) -> None:
        """Every other party waits until the barrier opens, breaks or is reset."""
        mode = "C" if limit is None else "W"  # to leave commutes, to break does not
        in_time = attempt("pass", self, self._tt_moved, limit, mode, waits=self._tt_waits)
        if not in_time and self._tt_acting:  # the action has begun in time
            attempt("pass", self, self._tt_quiet, None, waits=self._tt_waits)
        state = self._tt_state if self._tt_moved() else BROKEN
        self._tt_leave(state)
        if state < 0:
            raise BrokenBarrierError

    def _tt_leave(self, state: int) -> None:
        self._tt_count -= 1
        last = self._tt_count == 0 and state in (DRAINING, RESETTING)
        self._tt_state = FILLING if last else state

    def reset(self) -> None:
        """Back to empty: who waits gets BrokenBarrierError."""
        attempt("reset", self, self._tt_quiet, None, waits=self._tt_waits)
        if not self._tt_count:
            self._tt_state = FILLING
        elif self._tt_state in (FILLING, BROKEN):
            self._tt_state = RESETTING

    def abort(self) -> None:
        """Break the barrier: BrokenBarrierError for who waits and who comes."""
        attempt("abort", self, self._tt_quiet, None, waits=self._tt_waits)
        self._tt_state = BROKEN

    @property
    def parties(self) -> int:
        """How many threads it takes to pass."""
        return self._tt_parties

    @property
    def n_waiting(self) -> int:
        """How many threads wait."""
        sched = here()
        sched.step("is-set", self, "R")
        if self._tt_count == self._tt_parties - 1:
            sched.exact = False  # the library may show all parties for an instant
        return self._tt_count if self._tt_state == FILLING else 0

    @property
    def broken(self) -> bool:
        """Whether the barrier is broken."""
        here().step("is-set", self, "R")
        return self._tt_state == BROKEN

    def __repr__(self) -> str:
        cls = type(self)
        count = self._tt_count if self._tt_state == FILLING else 0
        state = "broken" if self._tt_state == BROKEN else f"waiters={count}/{self._tt_parties}"
        return f"<{cls.__module__}.{cls.__qualname__} at {address(self)}: {state}>"
