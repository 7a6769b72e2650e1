"""Parked OS threads: each carries a model thread of a run, and they are reused between runs."""

from __future__ import annotations

import contextvars
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

from .containment import where

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


class Worker(threading.Thread):
    """An OS thread that sleeps on its baton until somebody hands it over."""

    def __init__(self) -> None:
        super().__init__(daemon=True, name="taketurns-worker")
        self.baton = threading.Lock()
        self.baton.acquire()
        self.job: Callable[[], None] | None = None
        self.lost = False  # given up: stuck in a call that does not return

    def run(self) -> None:
        """Run one job each time the baton comes while parked; end when there is none."""
        where.sweeping = 1  # what is left of a job may be collected after it
        try:
            self._work()
        except BaseException:
            if not self.lost:  # else this is what ends it, come a little late
                raise

    def _work(self) -> None:
        while True:
            self.baton.acquire()
            job = self.job
            if job is None:
                return
            self.job = None
            # A thread starts with an empty context, as on every build that does not inherit one.
            contextvars.Context().run(job)
            if self.lost:
                return


class Crew:
    """The workers of one call of `explore` or `simulate`; leaving the block ends them all."""

    def __init__(self) -> None:
        self._processors: set[int] = set()
        self._all: list[Worker] = []
        self._parked: list[Worker] = []

    def __enter__(self) -> Self:
        self._processors = _gather()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if self._processors:
            os.sched_setaffinity(0, self._processors)
        workers = [worker for worker in self._all if worker.is_alive() and not worker.lost]
        for worker in workers:
            worker.job = None
            worker.baton.release()
        for worker in workers:
            worker.join()

    def take(self) -> Worker:
        """A parked worker, or a new one."""
        if self._parked:
            return self._parked.pop()
        worker = Worker()
        self._all.append(worker)  # before it starts: an interrupt may come at any moment
        worker.start()
        return worker

    def park(self, workers: list[Worker]) -> None:
        """Give back workers whose job is done."""
        self._parked.extend(workers)


def _gather() -> set[int]:
    """Keep this OS thread, and those that it will start, on one processor; return its former ones.

    Only one of a crew runs at a time, and to hand the baton over takes a third of the time if the
    next one runs on the same processor. Only Linux can do it; else nothing happens.
    """
    try:
        stat = Path("/proc/thread-self/stat").read_text()
        processors = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {int(stat.rpartition(")")[2].split()[36])})
    except (AttributeError, OSError):
        return set()
    return processors
