"""`multiprocessing.pool` with threads, written as a program: every world executes its own.

Its statements are rewritten like a learner's, so whatever threads share here is seen. What the
library's has besides, a thread that looks every 0.1 seconds whether a worker has died, would never
let virtual time stand still; and what it feeds to the workers from a thread of its own is fed
directly, but for the iterables of `imap`, which are read in the background there, too.
"""

from __future__ import annotations

import collections
import itertools
import queue
import threading
from multiprocessing import TimeoutError
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

__all__ = ["Pool", "ThreadPool"]

CORES = 4  # fixed, so that no verdict depends on the machine
RUN, CLOSE, TERMINATE = "RUN", "CLOSE", "TERMINATE"


def Pool(*args: object, **kwargs: object) -> object:
    """Refused: processes cannot be simulated."""
    import multiprocessing

    return multiprocessing.Pool(*args, **kwargs)  # type: ignore[arg-type]


class ThreadPool:
    """A number of daemon threads that make calls, and one that hands the results out."""

    def __init__(
        self,
        processes: int | None = None,
        initializer: Callable[..., object] | None = None,
        initargs: Iterable[Any] = (),
    ) -> None:
        if processes is None:
            processes = CORES
        if processes < 1:
            raise ValueError("Number of processes must be at least 1")
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        self._state = RUN
        self._tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._open: dict[Any, None] = {}  # the jobs that are not complete
        self._lock = threading.Lock()
        self._feeders: list[threading.Thread] = []
        self._pool = [
            threading.Thread(
                target=_work, args=(self._tasks, self._results, initializer, initargs), daemon=True
            )
            for _ in range(processes)
        ]
        for worker in self._pool:
            worker.start()
        self._handler = threading.Thread(target=self._hand_out, daemon=True)
        self._handler.start()

    def _hand_out(self) -> None:
        while True:
            found = self._results.get()
            if found is None:
                break
            job, index, outcome = found
            job._set(index, outcome)

    def _begin(self, job: Any) -> None:
        if self._state != RUN:
            raise ValueError("Pool not running")
        with self._lock:
            self._open[job] = None

    def _forget(self, job: Any) -> None:
        with self._lock:
            del self._open[job]

    # -- calls ------------------------------------------------------------------------------------

    def apply(self, func: Any, args: Any = (), kwds: Mapping[str, Any] | None = None) -> Any:
        """What `func(*args, **kwds)` returns, called by a worker."""
        return self.apply_async(func, args, kwds).get()

    def apply_async(
        self,
        func: Any,
        args: Any = (),
        kwds: Mapping[str, Any] | None = None,
        callback: Any = None,
        error_callback: Any = None,
    ) -> ApplyResult:
        """Have a call made; return what its result will be in."""
        job = ApplyResult(self, callback, error_callback)
        self._begin(job)
        self._tasks.put((job, 0, func, args, {} if kwds is None else kwds))
        return job

    def map(self, func: Any, iterable: Iterable[Any], chunksize: int | None = None) -> Any:
        """The results of `func` over the items, as a list."""
        return self._map(func, [(item,) for item in iterable], chunksize).get()

    def map_async(
        self,
        func: Any,
        iterable: Iterable[Any],
        chunksize: int | None = None,
        callback: Any = None,
        error_callback: Any = None,
    ) -> MapResult:
        """Have `func` called with every item; return what the list will be in."""
        calls = [(item,) for item in iterable]
        return self._map(func, calls, chunksize, callback, error_callback)

    def starmap(self, func: Any, iterable: Iterable[Any], chunksize: int | None = None) -> Any:
        """As `map`, but every item is a sequence of arguments."""
        return self._map(func, list(iterable), chunksize).get()

    def starmap_async(
        self,
        func: Any,
        iterable: Iterable[Any],
        chunksize: int | None = None,
        callback: Any = None,
        error_callback: Any = None,
    ) -> MapResult:
        """As `map_async`, but every item is a sequence of arguments."""
        return self._map(func, list(iterable), chunksize, callback, error_callback)

    def _map(
        self,
        func: Any,
        calls: list[Any],
        chunksize: int | None,
        callback: Any = None,
        error_callback: Any = None,
    ) -> MapResult:
        if chunksize is None:
            chunksize = -(-len(calls) // (len(self._pool) * 4))
        chunks = [calls[at : at + chunksize] for at in range(0, len(calls), chunksize or 1)]
        job = MapResult(self, len(chunks), callback, error_callback)
        self._begin(job)
        if not chunks:
            job._finish()
        for index, chunk in enumerate(chunks):
            self._tasks.put((job, index, _star, (func, chunk), {}))
        return job

    def imap(self, func: Any, iterable: Iterable[Any], chunksize: int = 1) -> Iterator[Any]:
        """The results of `func` over the items, in their order, as they come."""
        return self._imap(IMapIterator(self), func, iterable, chunksize)

    def imap_unordered(
        self, func: Any, iterable: Iterable[Any], chunksize: int = 1
    ) -> Iterator[Any]:
        """The results of `func` over the items, in any order, as they come."""
        return self._imap(IMapUnorderedIterator(self), func, iterable, chunksize)

    def _imap(self, job: Any, func: Any, iterable: Iterable[Any], chunksize: int) -> Iterator[Any]:
        if chunksize < 1:
            raise ValueError(f"Chunksize must be 1+, not {chunksize:n}")
        self._begin(job)
        feeder = threading.Thread(
            target=self._feed, args=(job, func, iterable, chunksize), daemon=True
        )
        self._feeders.append(feeder)
        feeder.start()
        if chunksize == 1:
            return iter(job)
        return (item for chunk in job for item in chunk)

    def _feed(self, job: Any, func: Any, iterable: Iterable[Any], chunksize: int) -> None:
        index = 0
        try:
            items = iter(iterable)
            while chunk := list(itertools.islice(items, chunksize)):
                if self._state == TERMINATE:
                    break
                if chunksize == 1:
                    self._tasks.put((job, index, func, (chunk[0],), {}))
                else:
                    self._tasks.put((job, index, _star, (func, [(item,) for item in chunk]), {}))
                index += 1
        except Exception as error:
            self._results.put((job, index, (False, error)))
            index += 1
        job._set_length(index)

    # -- the end ----------------------------------------------------------------------------------

    def close(self) -> None:
        """Accept no more calls; the workers end when all are made."""
        if self._state == RUN:
            self._state = CLOSE

    def terminate(self) -> None:
        """Forget the calls that have not begun, and hand out no more results."""
        self._state = TERMINATE
        try:
            while True:
                self._tasks.get(block=False)
        except queue.Empty:
            pass
        for _ in self._pool:
            self._tasks.put(None)
        self._results.put(None)
        if threading.current_thread() is not self._handler:
            self._handler.join()

    def join(self) -> None:
        """Wait for the workers to end, after `close` or `terminate`."""
        if self._state == RUN:
            raise ValueError("Pool is still running")
        if self._state == CLOSE:
            for feeder in self._feeders:
                feeder.join()
            with self._lock:
                jobs = list(self._open)
            for job in jobs:
                job._over.wait()
            for _ in self._pool:
                self._tasks.put(None)
            self._results.put(None)
        self._handler.join()
        for worker in self._pool:
            worker.join()

    def __enter__(self) -> Self:
        if self._state != RUN:
            raise ValueError("Pool not running")
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.terminate()


def _work(tasks: Any, results: Any, initializer: Any, initargs: Any) -> None:
    """What a worker does all its life."""
    if initializer is not None:
        initializer(*initargs)
    while True:
        task = tasks.get()
        if task is None:
            break
        job, index, func, args, kwds = task
        try:
            outcome = (True, func(*args, **kwds))
        except Exception as error:
            outcome = (False, error)
        results.put((job, index, outcome))


def _star(func: Any, calls: list[Any]) -> list[Any]:
    return list(itertools.starmap(func, calls))


class ApplyResult:
    """The result of a call that a worker makes."""

    def __init__(self, pool: ThreadPool, callback: Any, error_callback: Any) -> None:
        self._pool = pool
        self._callback = callback
        self._error_callback = error_callback
        self._over = threading.Event()
        self._success = True
        self._value: Any = None

    def ready(self) -> bool:
        """Whether the result is there."""
        return self._over.is_set()

    def successful(self) -> bool:
        """Whether the call has returned, and not raised; ValueError before its end."""
        if not self.ready():
            raise ValueError(f"{self!r} not ready")
        return self._success

    def wait(self, timeout: float | None = None) -> None:
        """Wait for the result, at most `timeout` seconds."""
        self._over.wait(timeout)

    def get(self, timeout: float | None = None) -> Any:
        """What the call has returned, or raise what it raised; TimeoutError if that takes longer
        than `timeout` seconds.
        """
        self.wait(timeout)
        if not self.ready():
            raise TimeoutError
        if self._success:
            return self._value
        raise self._value

    def _set(self, index: int, outcome: tuple[bool, Any]) -> None:
        self._success, self._value = outcome
        self._finish()

    def _finish(self) -> None:
        if self._success and self._callback:
            self._callback(self._value)
        if not self._success and self._error_callback:
            self._error_callback(self._value)
        self._over.set()
        self._pool._forget(self)


AsyncResult = ApplyResult


class MapResult(ApplyResult):
    """The results of the calls of one `map`."""

    def __init__(self, pool: ThreadPool, chunks: int, callback: Any, error_callback: Any) -> None:
        super().__init__(pool, callback, error_callback)
        self._parts: list[Any] = [[]] * chunks
        self._left = chunks
        self._value = []

    def _set(self, index: int, outcome: tuple[bool, Any]) -> None:
        success, value = outcome
        self._left -= 1
        if success:
            self._parts[index] = value
        elif self._success:
            self._success, self._value = False, value
        if not self._left:
            if self._success:
                self._value = [item for part in self._parts for item in part]
            self._finish()


class IMapIterator:
    """The results of one `imap`, in the order of the items."""

    def __init__(self, pool: ThreadPool) -> None:
        self._pool = pool
        self._changed = threading.Condition(threading.Lock())
        self._over = threading.Event()
        self._ready: collections.deque[Any] = collections.deque()
        self._early: dict[int, Any] = {}
        self._index = 0
        self._length: int | None = None

    def __iter__(self) -> IMapIterator:
        return self

    def next(self, timeout: float | None = None) -> Any:
        """The next result; TimeoutError if it is not there in `timeout` seconds."""
        with self._changed:
            if not self._ready and self._index != self._length:
                self._changed.wait(timeout)
            if not self._ready:
                if self._index == self._length:
                    raise StopIteration
                raise TimeoutError
            success, value = self._ready.popleft()
        if success:
            return value
        raise value

    def __next__(self) -> Any:
        return self.next()

    def _set(self, index: int, outcome: tuple[bool, Any]) -> None:
        with self._changed:
            if self._place(index, outcome):
                self._changed.notify()
            self._look()

    def _place(self, index: int, outcome: tuple[bool, Any]) -> bool:
        """Keep a result; say whether one is ready now."""
        self._early[index] = outcome
        before = self._index
        while self._index in self._early:
            self._ready.append(self._early.pop(self._index))
            self._index += 1
        return self._index > before

    def _set_length(self, length: int) -> None:
        with self._changed:
            self._length = length
            self._look()

    def _look(self) -> None:
        if self._index == self._length:
            self._changed.notify()
            self._over.set()
            self._pool._forget(self)


class IMapUnorderedIterator(IMapIterator):
    """The results of one `imap_unordered`, in the order in which they come."""

    def _place(self, index: int, outcome: tuple[bool, Any]) -> bool:
        self._ready.append(outcome)
        self._index += 1
        return True
