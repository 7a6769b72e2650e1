"""Grading on a Dask cluster: an executor whose workers are on other machines.

Those need this package and this Python, and a sandbox of their own; but nothing of the course, for
a job brings with it what was handed in. Verdicts that are found there are not cached.
"""

from __future__ import annotations

import contextlib
import logging
import platform
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from typing import TYPE_CHECKING, Any

from taketurns.course.errors import CourseError

from . import job as jobs
from .job import GraderError, Job

if TYPE_CHECKING:
    from collections.abc import Callable

    from .types import Graded

PATIENCE = 15  # seconds until the scheduler, and then a worker, must have answered
RETRIES = 2  # of a job that failed on a worker, which may be the worker's fault


class Cluster(Executor):
    """The workers of the cluster whose scheduler has an `address`.

    Raises CourseError if nobody answers there, or if workers would judge by other code than ours.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        try:
            import dask
            from distributed import Client
        except ImportError as error:
            raise self._error(
                f"{error}. Install what a cluster needs: pip install 'taketurns[cluster]'"
            ) from None
        for name in ("distributed", "distributed.client"):  # what goes wrong, we say ourselves
            logging.getLogger(name).setLevel(logging.CRITICAL)
        # A submission may have 40 MB; Dask would warn of more than 10.
        dask.config.set({"distributed.admin.large-graph-warning-threshold": "100MB"})
        try:
            self._client = Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, ImportError) as error:
            raise self._error(
                f"no scheduler answers there ({_brief(error)}). Is it running, and is this the "
                "address that it told when it started, such as tcp://host:8786?"
            ) from None
        try:
            self._compare()
        except BaseException:
            self._client.close()
            raise
        threads = sum(self._client.nthreads().values())
        self.ahead = 2 * threads + 16  # jobs that it has at a time
        self._executor = self._client.get_executor(pure=False, retries=RETRIES)

    def _compare(self) -> None:
        """Find out whether the workers would judge as this process would."""
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
        except OSError:  # TimeoutError is one
            raise self._error(f"it has had no worker for {PATIENCE} seconds") from None
        here = _version()
        for worker, there in self._client.run(_version, on_error="return").items():
            if isinstance(there, BaseException):
                raise self._error(f"{worker} cannot load taketurns ({_brief(there)})")
            if there != here:
                raise self._error(f"{worker} has {_unlike(there, here)}")

    def submit(self, function: Callable[[Job], Graded], job: Job, /) -> Future[Graded]:  # type: ignore[override]
        """Have a job done, of which everything is sent."""
        here: Future[Graded] = Future()
        there = self._executor.submit(_grade, function, job.with_files(), _version())
        there.add_done_callback(lambda done: self._pass_on(done, here))
        return here

    def _pass_on(self, there: Future[Graded], here: Future[Graded]) -> None:
        """Take a result over, with errors that people understand."""
        from distributed import KilledWorker

        if not here.set_running_or_notify_cancel():
            return
        try:
            here.set_result(there.result())
        except CancelledError:
            here.set_exception(self._error("it has gone away. Run the command again to go on"))
        except KilledWorker as error:  # each that had this job, whether or not it did just that
            here.set_exception(BrokenExecutor(str(error)))
        except BaseException as error:
            here.set_exception(error)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster; what it has not done is forgotten."""
        with contextlib.suppress(OSError, CancelledError):  # it may have left before
            self._executor.shutdown(wait=wait and not cancel_futures)
        self._client.close()

    def _error(self, what: str) -> CourseError:
        return CourseError(f"--cluster {self._address}: {what}")


def _grade(function: Callable[[Job], Graded], job: Job, version: tuple[str, str]) -> Graded:
    """On a worker, which may have come after all were compared: do a job."""
    if _version() != version:
        raise GraderError(f"the worker on {platform.node()} has {_unlike(_version(), version)}")
    return function(job)


def _version() -> tuple[str, str]:
    return platform.python_version(), jobs.version()


def _unlike(there: tuple[str, str], here: tuple[str, str]) -> str:
    """What is different."""
    if there[0] != here[0]:
        return f"Python {there[0]}, but `taketurns grade` runs on {here[0]}: both must be the same"
    return "another version of taketurns than `taketurns grade`: both must be the same"


def _brief(error: Any) -> str:
    return f"{error or type(error).__name__}".splitlines()[0]
