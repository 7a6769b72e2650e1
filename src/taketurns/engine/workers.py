"""Parked OS threads: each carries a model thread of a run, and they are reused between runs."""

from __future__ import annotations

import contextvars
import threading
from typing import TYPE_CHECKING, Self

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
        self.start()

    def run(self) -> None:
        """Run one job each time the baton comes while parked; end when there is none."""
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
        self._parked: list[Worker] = []
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        workers, self._parked = self._parked, []
        for worker in workers:
            worker.baton.release()
        for worker in workers:
            worker.join()

    def take(self) -> Worker:
        """A parked worker, or a new one."""
        if self._parked:
            return self._parked.pop()
        self.size += 1
        return Worker()

    def park(self, workers: list[Worker]) -> None:
        """Give back workers whose job is done."""
        self._parked.extend(workers)
