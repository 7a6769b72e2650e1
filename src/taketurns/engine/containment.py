"""Keeps a simulation from being felt outside of it, and ends what does not end by itself."""

from __future__ import annotations

import contextlib
import gc
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .scheduler import Scheduler


class Where(threading.local):
    """Where an OS thread is: in which run, if in any, or where the garbage of runs is swept up."""

    sched: Scheduler | None = None
    sweeping = 0


where = Where()


class _Hook:
    """The process's hook for what finalisers raise, while there are simulations."""

    lock = threading.Lock()
    calls = 0  # of contained(), in all OS threads
    outer: Any = None


@contextlib.contextmanager
def contained(*, finalises: bool = False) -> Iterator[None]:
    """No garbage collection while runs are made, and no word from their finalisers.

    The collector would call finalisers at moments that differ. What a finaliser raises in a run
    goes into the output of that run. One that is called after its run is broken off in silence; if
    the code `finalises` at all, that happens here, not in whatever comes later.
    """
    was_on = gc.isenabled()
    gc.disable()
    _begin()
    where.sweeping += 1
    filters = [*warnings.filters]
    try:
        yield
    finally:
        if filters != [*warnings.filters]:
            warnings.resetwarnings()  # which says that they have changed
            warnings.filters[:] = filters  # type: ignore[index]
        if finalises:
            gc.collect()
        where.sweeping -= 1
        _end()
        if was_on:
            gc.enable()


def _begin() -> None:
    with _Hook.lock:
        if _Hook.calls == 0:
            _Hook.outer = sys.unraisablehook
            sys.unraisablehook = _unraisable
        _Hook.calls += 1


def _end() -> None:
    with _Hook.lock:
        _Hook.calls -= 1
        if _Hook.calls == 0:
            if sys.unraisablehook is _unraisable:
                sys.unraisablehook = _Hook.outer
            _Hook.outer = None


def _unraisable(report: Any) -> None:
    """What a finaliser raised: of a simulated thread into its output, of others as ever."""
    sched = where.sched
    if sched is not None:
        if not sched.over:
            kind = type(report.exc_value).__name__
            sched.write_out(f"{report.err_msg or 'Exception ignored'}: {kind}\n", "stderr")
    elif not where.sweeping:
        (_Hook.outer or sys.__unraisablehook__)(report)


def interrupt(thread: threading.Thread, error: type[BaseException]) -> bool:
    """Raise `error` in a thread that runs code of Python; whether that has ended it.

    A call into C notices nothing until it returns. Then it may be too late for us, but the thread
    ends all the same.
    """
    try:
        from ctypes import c_ulong, py_object, pythonapi
    except ImportError:  # some builds are without
        return False
    for _ in range(20):  # it may be caught, and it may come where nobody can be told of it
        if thread.ident is None or not thread.is_alive():
            return True
        pythonapi.PyThreadState_SetAsyncExc(c_ulong(thread.ident), py_object(error))
        thread.join(0.05)
    return not thread.is_alive()


def memory_in_use() -> int:
    """Bytes of memory that the process uses; at least its peak, or 0 where nobody knows."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 (many times a second)
            return int(file.read().split()[1]) * _page()
    except OSError:
        pass
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _page() -> int:
    import resource

    return resource.getpagesize()
