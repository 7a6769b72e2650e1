"""Has jobs done by processes of this machine, or by any other executor, whatever becomes of it."""

from __future__ import annotations

import collections
import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any, Self

from taketurns.course.errors import CourseError

from .job import GraderError, Job, NotGradedError, begin, grade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .types import Graded

TRIES = 3  # of a submission whose worker dies
NO_WORKER = (
    "no process can be started that grades. Is there room in /dev/shm, and does `ulimit -a` allow "
    "more processes and open files?"
)
BROKEN = RuntimeError, OSError  # what a pool answers whose worker was killed, or is just being


def pool(workers: int, sandbox: dict[str, Any]) -> Executor:
    """Return a pool of processes that end with this one, each with a warden; all begin at once.

    Raises GraderError where there is no room for one.
    """
    try:
        made = ProcessPoolExecutor(
            workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(sandbox,),
        )
    except OSError as error:  # it needs semaphores, which lie in /dev/shm, and pipes
        raise GraderError(f"{NO_WORKER} ({error.strerror})") from error
    with undisturbed(), contextlib.suppress(*BROKEN):  # which the first job finds out
        for _ in range(workers):
            made.submit(os.getpid)  # each starts a process as long as none has nothing to do
    return made


def pools(workers: int, sandbox: dict[str, Any]) -> Iterator[Executor]:
    """Yield pools, each because the one before broke; raise GraderError if no worker lives."""
    yield pool(workers, sandbox)
    while True:
        for attempt in reversed(range(TRIES)):
            made = pool(workers, sandbox)
            try:
                made.submit(os.getpid).result()
            except BROKEN as error:
                _end(made)
                if not attempt:
                    raise GraderError(f"{NO_WORKER} ({error})") from error
            else:
                yield made
                break


def _begin(sandbox: dict[str, Any]) -> None:
    """In a worker: end when the parent does, however it ends, and leave Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # see `undisturbed`
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, name="follow", daemon=True).start()
    with contextlib.suppress(GraderError):  # which the first job finds out
        begin(sandbox)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Let Ctrl-C wait a moment, here and in the processes that start meanwhile."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Results:
    """What comes of jobs, in the order in which they are done; a context manager.

    The first jobs are dealt out at once, so that they are under way before anybody asks. A job
    whose worker dies is done again, and alone, so that it is known which one kills workers. One
    that cannot be done is yielded with the reason.

    Args:
        jobs: what there is to do.
        make_pool: makes an executor, and another one when a worker has broken it.
        ahead: how many jobs an executor is given at a time.

    Making it and iterating over it raise GraderError or CourseError if no job can be done.
    """

    def __init__(self, jobs: Iterable[Job], make_pool: Callable[[], Executor], ahead: int) -> None:
        self._make_pool = make_pool
        self._ahead = ahead
        # Jobs, and with how many workers each has died.
        self._waiting = collections.deque((job, 0) for job in jobs)
        self._running: dict[Future[Graded], tuple[Job, int]] = {}
        self._pool: Executor | None = None
        self._broken = False
        self._deal()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def __iter__(self) -> Iterator[Graded | tuple[Job, str]]:
        while self._waiting or self._running:
            self._deal()
            # A broken pool may forget what came at the moment when it broke.
            running = self._running
            done = set(running) if self._broken else wait(running, None, FIRST_COMPLETED).done
            for future in done:
                result = self._result(future, *running.pop(future))
                if result is not None:
                    yield result
            if self._broken and not running:
                self._end()

    def _deal(self) -> None:
        """Give out as many jobs as may be under way."""
        while self._waiting and not self._broken:
            suspects = self._waiting[0][1] or any(deaths for _, deaths in self._running.values())
            if len(self._running) >= (1 if suspects else self._ahead):
                return
            if self._pool is None:
                self._pool = self._make_pool()
            job, deaths = self._waiting.popleft()
            try:
                with undisturbed():
                    future = self._pool.submit(grade, job)
            except BROKEN:
                self._waiting.appendleft((job, deaths))
                self._broken = True
            else:
                self._running[future] = job, deaths

    def _result(
        self, future: Future[Graded], job: Job, deaths: int
    ) -> Graded | tuple[Job, str] | None:
        """Return what came of a job, None if it has to be done again."""
        if not future.done():
            self._waiting.appendleft((job, deaths + 1))
            return None
        try:
            return future.result()
        except BrokenExecutor as error:
            self._broken |= isinstance(error, BrokenProcessPool)  # a cluster goes on
            if deaths + 1 < TRIES:
                self._waiting.appendleft((job, deaths + 1))
                return None
            return job, f"its worker died {TRIES} times"
        except (GraderError, CourseError):
            raise
        except NotGradedError as error:
            return job, str(error)
        except Exception as error:  # one that we did not think of stops nobody else
            return job, f"the grader failed: {type(error).__name__}: {error}"

    def _end(self) -> None:
        if self._pool is not None:
            _end(self._pool)
        self._pool, self._broken = None, False


def _end(executor: Executor) -> None:
    """End a pool at once, with whatever it still does."""
    processes = list((getattr(executor, "_processes", None) or {}).values())
    thread = getattr(executor, "_executor_manager_thread", None)
    for process in processes:
        process.terminate()
    executor.shutdown(wait=not processes, cancel_futures=True)
    for process in processes:
        process.join(5)
    if thread is not None:  # what it tidies up, Python would look for at its end
        thread.join(5)
