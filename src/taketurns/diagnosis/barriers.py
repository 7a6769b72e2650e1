"""Mistakes with barriers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .case import CHANGES, Case, Finding, datum, line, value

if TYPE_CHECKING:
    from taketurns.engine.recording import Event


def barrier_skipped(case: Case) -> Finding | None:
    """Threads wait at a barrier for one that has ended without coming there."""
    for blocked in case.blocked:
        own = _arrivals(case, blocked.thread, blocked.whole)
        if not own:
            continue
        _, parties = own[-1].detail
        for name in case.run.threads:
            theirs = len(_arrivals(case, name, blocked.whole))
            if name not in case.ended or theirs >= len(own):
                continue
            if not (theirs or _is_sibling(case, name, blocked.thread)):
                continue
            died = case.raised.get(name)
            last = died or case.by_thread[name][-1]
            shown = next((e for e in reversed(case.by_thread[name]) if e.line is not None), last)
            how = f"died of {died.target}" if died is not None else "ended"
            return Finding(
                "barrier-skipped",
                f"{blocked.thread} waits at {datum(own[-1])} ({line(blocked)}) for all {parties} "
                f"parties, but {name} {how} (last at {line(shown)}) without coming there"
                f"{' again' if theirs else ''}, so nobody passes. Every party must reach the "
                "barrier as often as the others, whatever happens on the way; one that cannot must "
                "call `abort`.",
            )
    return None


def barrier_lapping(case: Case) -> Finding | None:
    """A thread was one round ahead: it changed what another one had still to read."""
    if not case.wrong_answer:
        return None
    for barrier in {e.whole for e in case.events if e.kind == "arrive"}:
        for events in case.by_place.values():
            changes = [e for e in events if e.kind in CHANGES and _rounds(case, e, barrier) >= 0]
            if len({e.thread for e in changes}) != 1:
                continue
            done = {(e.line, _rounds(case, e, barrier)) for e in changes}
            reads = {
                _rounds(case, e, barrier): e
                for e in events
                if e.kind == "read" and e.thread != changes[0].thread
            }
            for ahead in changes:
                rounds = _rounds(case, ahead, barrier)
                read = reads.get(rounds)
                if read is None or read.step < ahead.step or (ahead.line, rounds - 1) not in done:
                    continue
                return Finding(
                    "barrier-lapping",
                    f"{ahead.thread} had been at {datum(case.on(barrier)[0])} {_times(rounds)} and "
                    f"changed {datum(ahead)} for its next round "
                    f"({line(ahead)}{value(ahead.after)}) before {read.thread}, which had been "
                    "there as often, had read the value of the round before "
                    f"({line(read)}{value(read.before)}). One barrier lets a quick thread run one "
                    "round ahead: put a second one after the reading.",
                )
    return None


def _arrivals(case: Case, thread: str, barrier: int | None) -> list[Event]:
    return [e for e in case.by_thread[thread] if e.kind == "arrive" and e.whole == barrier]


def _rounds(case: Case, event: Event, barrier: int | None) -> int:
    """How often the thread had been at the barrier before this step; -1 if it never is."""
    arrivals = _arrivals(case, event.thread, barrier)
    return sum(e.step < event.step for e in arrivals) if arrivals else -1


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _is_sibling(case: Case, one: str, other: str) -> bool:
    """Whether two threads were started by the same line."""
    starts = case.starts()
    return (
        one in starts
        and other in starts
        and (starts[one].line, starts[one].thread) == (starts[other].line, starts[other].thread)
    )
