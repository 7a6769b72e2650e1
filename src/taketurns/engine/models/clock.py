"""The functions of `time` in virtual time: computing takes none, only waiting does."""

from __future__ import annotations

import math
import operator
import time as real
from typing import TYPE_CHECKING, Any

from taketurns.engine.scheduler import here
from taketurns.engine.spinning import Transparent

if TYPE_CHECKING:
    from collections.abc import Callable

EPOCH = 1_700_000_000.0  # what time.time() reads when a run begins: 14 November 2023, 22:13:20 UTC


class _Clock(Transparent):
    """What a sleeping thread is about."""

    __slots__ = ()


CLOCK = _Clock()


def monotonic() -> float:
    """Virtual seconds since the run began."""
    sched = here()
    sched.current.read_clock = True
    if sched.recorder is not None:
        sched.recorder.looked_at_clock(sched, sched.current)
    return sched.now


def time() -> float:
    """Virtual seconds since 1970, rounded up, so that no measured interval comes out too short."""
    now = monotonic()
    reading = EPOCH + now
    return reading if reading - EPOCH >= now else math.nextafter(reading, math.inf)


def process_time() -> float:
    """Seconds of computing: always 0.0, since in virtual time computing takes none."""
    here()
    return 0.0


def monotonic_ns() -> int:
    """Virtual nanoseconds since the run began."""
    return round(monotonic() * 1e9)


def time_ns() -> int:
    """Virtual nanoseconds since 1970."""
    return int(EPOCH) * 10**9 + monotonic_ns()


def process_time_ns() -> int:
    """Nanoseconds of computing: always 0."""
    return round(process_time())


def sleep(seconds: Any, /) -> None:
    """Let `seconds` of virtual time go by; ValueError if negative."""
    if not isinstance(seconds, float):
        seconds = operator.index(seconds)
    if not 0 <= seconds < 9e9:
        real.sleep(seconds)  # refuses it in this Python's own words
    sched = here()
    if seconds:
        sched.step("sleep", CLOCK, "R", guard=_never, timeout=seconds)
    else:
        sched.step("sleep", CLOCK, "R")


def _never() -> bool:
    return False


_CLOCKS = {
    getattr(real, name, None): clock
    for name, clock in (
        ("CLOCK_REALTIME", time_ns),
        ("CLOCK_TAI", time_ns),
        ("CLOCK_PROCESS_CPUTIME_ID", process_time_ns),
        ("CLOCK_THREAD_CPUTIME_ID", process_time_ns),
    )
}


def clock_gettime_ns(clock_id: int, /) -> int:
    """What a clock of the operating system would read, in nanoseconds."""
    return _CLOCKS.get(clock_id, monotonic_ns)()


def clock_gettime(clock_id: int, /) -> float:
    """What a clock of the operating system would read, in seconds."""
    return clock_gettime_ns(clock_id) / 1e9


def _at_now(function: Callable[..., Any], *leading: str) -> Callable[..., Any]:
    """A calendar function of the real module whose default moment is the virtual present."""
    needs = len(leading)
    takes_tuple = function in (real.asctime, real.strftime)

    def calendar(*args: Any) -> Any:
        if len(args) == needs or (len(args) == needs + 1 and args[-1] is None and not takes_tuple):
            args = (*args[:needs], real.localtime(time()) if takes_tuple else time())
        return function(*args)

    return calendar


gmtime = _at_now(real.gmtime)
localtime = _at_now(real.localtime)
ctime = _at_now(real.ctime)
asctime = _at_now(real.asctime)
strftime = _at_now(real.strftime, "format")
