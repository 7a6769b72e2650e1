"""Future, ThreadPoolExecutor, wait and as_completed.

All orders in which a pool can make its calls are explored. How they are shared out matters only to
who can tell the workers apart, so at first there are not all ways to do that: a call goes to a new
worker unless there are enough of them, or one is certainly idle (its last call ended at an earlier
moment, or the caller has seen the result). The first call that looks at who makes it, and all that
a worker may keep from one call to the next (attributes of a `local`, context variables, a reentrant
lock, what an initializer did), lets the search begin again with workers that are told apart: calls
wait in one queue, from which any free worker takes the next, and a worker is hired where the
library hires one. So it does where calls that no worker has taken yet are cancelled at the end.
Only one thing is left out then, and the claim is lowered: a worker whose initializer fails may take
away what tells another one that the pool is shut down, and the library waits for that one for ever.

A worker that has nothing to do when its pool is shut down is as good as ended, and takes no step
for it.
"""

from __future__ import annotations

import collections
import contextvars
import itertools
import sys
import types
from concurrent.futures import (
    ALL_COMPLETED,
    FIRST_COMPLETED,
    FIRST_EXCEPTION,
    CancelledError,
    InvalidStateError,
)
from concurrent.futures._base import (
    CANCELLED,
    CANCELLED_AND_NOTIFIED,
    FINISHED,
    PENDING,
    RUNNING,
    DoneAndNotDoneFutures,
)
from concurrent.futures.thread import BrokenThreadPool
from typing import TYPE_CHECKING, Any, NoReturn

from taketurns.engine.errors import SimulationError
from taketurns.engine.recording import learner_line
from taketurns.engine.scheduler import Abort, Scheduler, Task, here

from .base import Model, address, announcing, attempt, named, newer
from .threads import Thread, roll, traceback_text, world_module, write_error

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

DEFAULT_WORKERS = 8  # of a real pool on 4 cores; fixed, so that no verdict depends on the machine
_OVER = (CANCELLED, CANCELLED_AND_NOTIFIED, FINISHED)
_NOTIFIED = (CANCELLED_AND_NOTIFIED, FINISHED)
STAFF, WORK = "staff", "work"  # the two parts of a pool
# Since 3.13 a worker counts as idle when it finds no work; before, when it has done some.
LOOKS_FIRST = sys.version_info >= (3, 13)


class Future(Model):
    """The result of a call that some thread makes."""

    __module__ = "concurrent.futures._base"
    _tt_holds = "_thread.RLock"

    def __init__(self) -> None:
        self._state = PENDING
        self._result: Any = None
        self._exception: BaseException | None = None
        self._done_callbacks: list[Callable[[Future], object]] = []
        self._tt_rank = 0  # in the order of completion
        self._tt_seen: set[Task] = set()  # who knows the result

    def __repr__(self) -> str:
        state = self._state.lower().removesuffix("_and_notified")
        if self._state == FINISHED:
            what = self._result if self._exception is None else self._exception
            state += f" {'raised' if self._exception else 'returned'} {type(what).__name__}"
        return f"<{type(self).__name__} at {address(self)} state={state}>"

    def _tt_over(self) -> bool:
        return self._state in _OVER

    def _tt_notified(self) -> bool:
        return self._state in _NOTIFIED

    def _tt_waits(self, sched: Scheduler, waiting: Task) -> str:
        return f"the result of {named(sched, self)}"

    # -- asking -------------------------------------------------------------------------------

    def _tt_await(self, timeout: float | None) -> None:
        in_time = attempt("result", self, self._tt_over, timeout, "R", waits=self._tt_waits)
        if not in_time:
            raise TimeoutError
        self._tt_seen.add(here().current)
        if self._state != FINISHED:
            raise CancelledError

    def result(self, timeout: float | None = None) -> Any:
        """What the call returned, or raise what it raised.

        TimeoutError if that is not known within `timeout` seconds, CancelledError if it never will.
        """
        self._tt_await(timeout)
        here().note(before=self._result if self._exception is None else self._exception)
        if self._exception is not None:
            raise self._exception
        return self._result

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """What the call raised, or None; errors as of `result`."""
        self._tt_await(timeout)
        here().note(before=self._exception)
        return self._exception

    def _tt_look(self) -> str:
        here().step("is-set", self, "R")
        return self._state

    def cancelled(self) -> bool:
        """Whether the call was cancelled."""
        return self._tt_look() in (CANCELLED, CANCELLED_AND_NOTIFIED)

    def running(self) -> bool:
        """Whether the call is being made."""
        return self._tt_look() == RUNNING

    def done(self) -> bool:
        """Whether the call has ended or was cancelled."""
        return self._tt_look() in _OVER

    # -- changing -----------------------------------------------------------------------------

    def cancel(self) -> bool:
        """Cancel the call unless it runs or has ended; say whether it is cancelled."""
        here().step("cancel", self)
        if self._state == PENDING:
            self._state = CANCELLED
            self._tt_call_back()
        return self._state in (CANCELLED, CANCELLED_AND_NOTIFIED)

    def add_done_callback(self, fn: Callable[[Future], object]) -> None:
        """Have `fn(self)` called by whoever completes this future, or at once if it is complete."""
        here().step("call", self)
        if self._tt_over():
            self._tt_call(fn)
        else:
            self._done_callbacks.append(fn)

    def _tt_call_back(self) -> None:
        for fn in self._done_callbacks:
            self._tt_call(fn)

    def _tt_call(self, fn: Callable[[Future], object]) -> None:
        try:
            fn(self)
        except Exception as error:
            _log("error", f"exception calling callback for {self!r}", error)

    def set_running_or_notify_cancel(self) -> bool:
        """For executors: the call begins now; False if it was cancelled."""
        sched = here()
        sched.step("set", self)
        if self._state == CANCELLED:
            self._state = CANCELLED_AND_NOTIFIED
            self._tt_rank = sched.steps
            return False
        if self._state != PENDING:
            raise RuntimeError("Future in unexpected state")
        self._state = RUNNING
        return True

    def set_result(self, result: Any) -> None:
        """For executors: the call has returned `result`."""
        self._tt_complete(result, None)

    def set_exception(self, exception: BaseException | None) -> None:
        """For executors: the call has raised `exception`."""
        self._tt_complete(None, exception)

    def _tt_complete(self, result: Any, exception: BaseException | None) -> None:
        sched = here()
        sched.step("set", self)
        if self._state in _OVER:
            raise InvalidStateError(f"{self._state}: {self!r}")
        self._result = result
        self._exception = exception
        self._state = FINISHED
        self._tt_rank = sched.steps
        sched.note(after=result if exception is None else exception)
        if exception is not None:
            sched.note(detail=("raised", str(learner_line(exception.__traceback__)[1])))
        self._tt_call_back()

    __class_getitem__: Any = classmethod(types.GenericAlias)


# -- several futures ----------------------------------------------------------------------------


def _any_of(futures: Collection[Future], guard: Callable[[], bool], limit: float | None) -> bool:
    """Take a step when something holds of several futures, within `limit` seconds."""
    first, *rest = futures
    return attempt(
        "result",
        first,
        guard,
        limit,
        "R",
        more=tuple(rest),
        waits=lambda sched, waiting: (
            f"one of {len(futures)} futures" if len(futures) > 1 else "a future"
        ),
    )


def wait(
    fs: Iterable[Future], timeout: float | None = None, return_when: str = ALL_COMPLETED
) -> Any:
    """Wait for futures; return those that are done and those that are not, as two sets."""
    futures = set(fs)
    end = None if timeout is None else here().now + timeout

    def complete() -> bool:
        return all(f._tt_notified() for f in futures)

    def first_completed() -> bool:
        return any(f._tt_notified() for f in futures)

    def first_exception() -> bool:
        return complete() or any(f._state == FINISHED and f._exception for f in futures)

    done: set[Future] = set()
    if return_when in (FIRST_COMPLETED, FIRST_EXCEPTION) and futures:
        guard = first_completed if return_when == FIRST_COMPLETED else first_exception
        _any_of(futures, guard, timeout)
        done = {f for f in futures if f._tt_notified()}
    else:  # one after another: in which order they complete makes no difference
        for f in futures:
            limit = None if end is None else end - here().now
            if return_when != ALL_COMPLETED:
                limit = 0
            if attempt("result", f, f._tt_notified, limit, "R", waits=f._tt_waits):
                done.add(f)
        if return_when != ALL_COMPLETED and done != futures:
            raise ValueError(f"Invalid return condition: {return_when!r}")
    both: Any = (done, futures - done)
    return DoneAndNotDoneFutures(*both)


def as_completed(fs: Iterable[Future], timeout: float | None = None) -> Iterator[Future]:
    """Yield futures as they complete; TimeoutError if some have not after `timeout` seconds."""
    pending = dict.fromkeys(fs)
    total = len(pending)
    end = None if timeout is None else here().now + timeout

    def some() -> bool:
        return any(f._tt_notified() for f in pending)

    late = False
    first = True
    while pending:
        limit = None if end is None else end - here().now
        if late or not _any_of(pending, some, limit):
            raise TimeoutError(f"{len(pending)} (of {total}) futures unfinished")
        batch = [f for f in pending if f._tt_notified()]
        if not first:  # what is done from the start comes in no particular order
            batch.sort(key=lambda f: f._tt_rank)
        first = False
        for f in batch:
            del pending[f]
        yield from batch
        late = end is not None and here().now > end


# -- executors ----------------------------------------------------------------------------------


class Executor:
    """What all executors can do, given `submit`."""

    __module__ = "concurrent.futures._base"

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        """Have `fn(*args, **kwargs)` called; return the Future of its result."""
        raise NotImplementedError

    def map(
        self,
        fn: Callable[..., Any],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
        **more: Any,
    ) -> Iterator[Any]:
        """The results of `fn` over the iterables, in their order; the calls overlap.

        Raises TimeoutError when a result is not there `timeout` seconds after this call.
        """
        buffersize = newer(more, "buffersize", "Executor.map")
        if buffersize is not None and not isinstance(buffersize, int):
            raise TypeError("buffersize must be an integer or None")
        if buffersize is not None and buffersize < 1:
            raise ValueError("buffersize must be None or > 0")
        end = None if timeout is None else here().now + timeout
        calls = (self.submit(fn, *args) for args in zip(*iterables))  # noqa: B905
        futures = collections.deque(itertools.islice(calls, buffersize))

        def results() -> Iterator[Any]:
            try:
                while futures:
                    futures.extend(itertools.islice(calls, 1 if buffersize else 0))
                    limit = None if end is None else end - here().now
                    yield futures[0].result(limit)
                    futures.popleft()
            finally:
                if futures and _running():
                    for future in futures:
                        future.cancel()

        return results()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accept no more calls."""

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.shutdown(wait=True)


def _running() -> bool:
    """Whether there is a run to take steps in: a generator may be closed after its end."""
    try:
        return not here().over
    except SimulationError:
        return False


def _log(level: str, message: str, error: BaseException) -> None:
    """Tell the program's `logging`; it prints such records if nobody has set it up."""
    logging = world_module("logging")
    if logging is None:
        write_error(f"{message}\n{traceback_text(error)}")
    else:
        shown = error.__traceback__.tb_next if error.__traceback__ is not None else None
        log = getattr(logging.getLogger("concurrent.futures"), level)
        log("%s", message, exc_info=(type(error), error, shown))


class _Item:
    """A call to make."""

    def __init__(self, fn: Callable[..., Any], args: Any, kwargs: Any, over: bool = False) -> None:
        self.future = Future()
        self.call = (fn, args, kwargs)
        self.over = over
        self.end = 0.0  # virtual seconds, once it is over

    def is_over(self) -> bool:
        return self.over

    def run(self) -> None:
        if self.future.set_running_or_notify_cancel():
            fn, args, kwargs = self.call
            try:
                result = announcing(fn)(*args, **kwargs)
            except Abort:
                raise
            except BaseException as error:
                if here().over:
                    raise
                self.future.set_exception(error)
            else:
                self.future.set_result(result)
        sched = here()
        if self.future._done_callbacks:
            sched.step("set", self.future)  # they may have taken steps since the last one
        self.over = True
        self.end = sched.now


def _nothing() -> None:
    """What a worker has done that has not done anything yet."""


class _Worker:
    """A thread of a pool and the item that it was given last."""

    thread: Thread
    ready = False  # has it done what the initializer wants?
    counts = False  # does it matter whether it is idle, or were there enough when it took its item?

    def __init__(self, item: _Item) -> None:
        self.item = item

    def is_ready(self) -> bool:
        return self.ready


class ThreadPoolExecutor(Model, Executor):
    """At most `max_workers` threads that make calls."""

    __module__ = "concurrent.futures.thread"

    def __init__(
        self,
        max_workers: int | None = None,
        thread_name_prefix: str = "",
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
    ) -> None:
        if max_workers is None:
            max_workers = DEFAULT_WORKERS
        if max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        if not thread_name_prefix:
            pools = here().state.setdefault("pools", itertools.count())
            thread_name_prefix = f"ThreadPoolExecutor-{next(pools)}"
        self._max_workers = max_workers
        self._thread_name_prefix = thread_name_prefix
        self._initializer = initializer
        self._initargs = initargs
        self._shutdown = False
        self._broken: str | bool = False
        self._tt_items: list[_Item] = []  # all that were accepted
        self._tt_queue: collections.deque[_Item] = collections.deque()
        self._tt_workers: list[_Worker] = []
        sched = here()
        if initializer is not None and max_workers > 1:
            sched.tell_apart()
        self._tt_apart = bool(sched.apart)
        self._tt_idle = 0  # the library's count of idle workers, until there are enough
        self._tt_locked = False  # while what the library does under a lock takes several steps

    @property
    def _threads(self) -> set[Thread]:
        if self._max_workers > 1:
            here().tell_apart()
        here().step("is-set", self, "R")
        return {worker.thread for worker in self._tt_workers}

    def _tt_is_full(self) -> bool:
        """Whether there are enough workers, or one that is certainly idle."""
        if len(self._tt_workers) >= self._max_workers:
            return True
        sched = here()
        idle = [
            worker.item
            for worker in self._tt_workers
            if worker.item.over
            and (worker.item.end < sched.now or sched.current in worker.item.future._tt_seen)
        ]
        return len(idle) > len(self._tt_queue)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        """Have `fn(*args, **kwargs)` called by a worker; return the Future of its result."""
        if self._tt_apart:
            return self._tt_enqueue(_Item(fn, args, kwargs))
        sched = here()
        hiring = not self._tt_is_full()
        # What is known to have a result is over when its callbacks are.
        busy = [worker.item for worker in self._tt_workers if not worker.item.over]
        ending = [item.future for item in busy if sched.current in item.future._tt_seen]
        # Idle workers look at the queue only, so hiring one more does not disturb them.
        more = (roll(sched), *ending)
        sched.step("submit", self, key=STAFF if hiring else None, more=more)
        if hiring and self._tt_is_full():
            sched.step("submit", self, more=(roll(sched),))
        self._tt_check()
        item = _Item(fn, args, kwargs)
        self._tt_items.append(item)
        if self._tt_is_full():
            self._tt_queue.append(item)
        else:
            self._tt_hire(item)
        return item.future

    def _tt_check(self) -> None:
        if self._broken:
            raise BrokenThreadPool(self._broken)
        if self._shutdown:
            raise RuntimeError("cannot schedule new futures after shutdown")

    def _tt_enqueue(self, item: _Item) -> Future:
        """Put a call where any worker may take it, and hire one if the library would."""
        sched = here()
        if self._tt_is_staffed():
            sched.step("submit", self, key=WORK, guard=self._tt_guard())
            self._tt_check()
            self._tt_items.append(item)
            self._tt_queue.append(item)
            return item.future
        sched.step("submit", self, guard=self._tt_guard(), more=(roll(sched),))
        self._tt_check()
        self._tt_items.append(item)
        self._tt_queue.append(item)
        if LOOKS_FIRST and not self._tt_is_staffed():
            # A worker may take the call and come back before it is asked who is idle.
            self._tt_locked = True
            sched.step("submit", self, more=(roll(sched),))
            self._tt_locked = False
        if self._tt_idle:
            self._tt_idle -= 1
        elif not self._tt_is_staffed():
            self._tt_hire(_Item(_nothing, (), {}, over=True))
        return item.future

    def _tt_is_staffed(self) -> bool:
        return len(self._tt_workers) >= self._max_workers

    def _tt_guard(self) -> Callable[[], bool] | None:
        return self._tt_is_unlocked if self._tt_apart else None

    def _tt_is_unlocked(self) -> bool:
        return not self._tt_locked

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accept no more calls; wait for those accepted, or cancel those not yet begun."""
        sched = here()
        # Who is idle matters no more.
        key = WORK if self._tt_apart else None
        sched.step("shutdown", self, key=key, guard=self._tt_guard())
        self._shutdown = True
        if cancel_futures:
            if any(sched.current not in item.future._tt_seen for item in self._tt_items):
                sched.tell_apart()  # a call may be cancelled that was given to a worker already
            self._tt_locked = True
            while self._tt_queue:
                item = self._tt_queue.popleft()
                self._tt_items.remove(item)
                item.future.cancel()
                sched.step("shutdown", self, key=WORK)  # a worker may come between
            self._tt_locked = False
        for item in self._tt_items if wait else ():
            future = item.future
            if not (item.over and sched.current in future._tt_seen):
                attempt("join", future, item.is_over, None, "R", waits=future._tt_waits)
        if wait and self._tt_apart and self._initializer is not None:
            for worker in self._tt_workers:
                thread = worker.thread
                attempt("join", thread, worker.is_ready, None, "R", waits=thread._tt_waits)

    def _tt_hire(self, item: _Item) -> None:
        worker = _Worker(item)
        name = f"{self._thread_name_prefix}_{len(self._tt_workers)}"
        self._tt_workers.append(worker)
        worker.counts = not self._tt_is_staffed()
        worker.thread = Thread(name=name, target=self._tt_work, args=(worker,))
        worker.thread._tt_rests = lambda: self._shutdown and worker.item.over and not self._tt_queue
        worker.thread._tt_go()

    def _tt_work(self, worker: _Worker) -> None:
        """What a worker does all its life."""
        sched = here()
        sched.current.pooled = self._max_workers > 1 and not self._tt_apart
        if self._initializer is not None:
            try:
                self._initializer(*self._initargs)
            except Abort:
                raise
            except BaseException as error:
                if here().over:
                    raise
                _log("critical", "Exception in initializer:", error)
                self._tt_break(worker)
                self._tt_get_ready(worker)
                return
            self._tt_get_ready(worker)
        if self._tt_apart:
            self._tt_serve(worker)
        kept = contextvars.copy_context()
        while True:
            worker.item.run()
            if sched.current.holds or not _same(kept, contextvars.copy_context()):
                sched.look_at_self()  # the next call may find what this one has left
            self._tt_wait_for_work()
            worker.item = self._tt_queue.popleft()

    def _tt_get_ready(self, worker: _Worker) -> None:
        if self._tt_apart:
            here().step("set", worker.thread)
            worker.ready = True

    def _tt_serve(self, worker: _Worker) -> NoReturn:
        """Make whatever call is next, and count as idle where the library counts so."""
        sched = here()
        while True:
            waits = True
            if LOOKS_FIRST and worker.counts:
                sched.step("try-get", self, key=WORK)
                waits = not self._tt_queue
                if waits:
                    sched.stutter()
                    sched.step("set", self, key=STAFF)
                    self._tt_idle += 1
            if waits:
                self._tt_wait_for_work()
            worker.item = self._tt_queue.popleft()
            worker.counts = not self._tt_is_staffed()
            worker.item.run()
            if worker.counts and not LOOKS_FIRST:
                sched.step("set", self, key=STAFF)
                self._tt_idle += 1

    def _tt_wait_for_work(self) -> None:
        sched = here()
        sched.current.idle = True
        attempt("get", self, self._tt_has_work, None, key=WORK, waits=self._tt_waits)
        sched.current.idle = False

    def _tt_has_work(self) -> bool:
        return bool(self._tt_queue)

    def _tt_waits(self, sched: Scheduler, waiting: Task) -> str:
        return f"work from {named(sched, self)}"

    def _tt_break(self, worker: _Worker) -> None:
        """The initializer failed: nothing that was submitted will be done."""
        sched = here()
        sched.step("shutdown", self, guard=self._tt_guard())
        self._broken = "A thread initializer failed, the thread pool is not usable anymore"
        if self._tt_apart:
            if self._shutdown and len(self._tt_workers) > 1:
                sched.exact = False  # another one may never hear of it
            self._tt_locked = True
            while self._tt_queue:
                item = self._tt_queue.popleft()
                if not item.future._tt_over():
                    item.future.set_exception(BrokenThreadPool(self._broken))
                item.over = True
                sched.step("shutdown", self, key=WORK)  # a worker may come between
            self._tt_locked = False
            return
        items = [worker.item, *self._tt_queue]
        self._tt_queue.clear()
        for item in items:
            if not item.future._tt_over():
                item.future.set_exception(BrokenThreadPool(self._broken))
            item.over = True


def _same(before: contextvars.Context, after: contextvars.Context) -> bool:
    """Whether all context variables are what they were."""
    return len(before) == len(after) and all(
        name in before and before[name] is value for name, value in after.items()
    )


class ProcessPoolExecutor(Executor):
    """Refuses to be made: processes cannot be simulated."""

    __module__ = "concurrent.futures.process"

    def __init__(self, *args: object, **kwargs: object) -> None:
        raise SimulationError(
            f"`{type(self).__name__}` does its work outside of this process, which a simulation "
            "cannot control. Use a ThreadPoolExecutor here, or run the program for real."
        )


class InterpreterPoolExecutor(ProcessPoolExecutor):
    """Refuses to be made: other interpreters cannot be simulated."""

    __module__ = "concurrent.futures.interpreter"
