"""Mistakes with barriers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from .case import CHANGES, DATA, Case, Finding, datum, line, listed, value

if TYPE_CHECKING:
    from taketurns.engine.recording import Event


def barrier_skipped(case: Case) -> Finding | None:
    """Threads wait at a barrier for one that has ended without coming there."""
    for blocked in case.blocked:
        own = _arrivals(case, blocked.thread, blocked.whole)
        if not own:
            continue
        parties = _parties(case, blocked.whole)
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
    return _fewer_than_parties(case)


def _fewer_than_parties(case: Case) -> Finding | None:
    """All who ever come to a barrier wait there, and they are fewer than its parties."""
    threads = {e.whole for e in case.events if e.kind == "start"}
    for blocked in case.blocked:
        own = _arrivals(case, blocked.thread, blocked.whole)
        if not own:
            continue
        parties = _parties(case, blocked.whole)
        here = [e for e in case.blocked if e.whole == blocked.whole]
        came = {e.thread for e in case.on(blocked.whole) if e.kind == "arrive"}
        if came != {e.thread for e in here} or len(came) >= parties:
            continue
        others = [e for e in case.blocked if e.whole != blocked.whole]
        elsewhere = [e for e in others if _arrivals(case, e.thread, e.whole)]
        twins = [e for e in elsewhere if (e.file, e.line) == (blocked.file, blocked.line)]
        joins = [e for e in others if e.whole in threads]
        if len(twins) + len(joins) < len(others):
            continue  # somebody may be on the way here, and is held up
        waits = f"{listed(e.thread for e in here)} {_plural('wait', here)} at {datum(own[-1])} "
        if twins:
            return Finding(
                "barrier-skipped",
                f"{waits}({line(blocked)}) for {parties} parties, and "
                f"{listed(e.thread for e in twins)} {_plural('wait', twins)} for as many at the "
                "same line, but not at the same barrier: each thread has one of its own, where "
                "nobody else comes. Make one barrier before the threads start, and let all of them "
                "wait at that.",
            )
        meanwhile = "".join(f"; {e.thread} waits for {e.waited_for} ({line(e)})" for e in joins[:1])
        return Finding(
            "barrier-skipped",
            f"{waits}({line(blocked)}) for {parties} parties, but nobody else comes "
            f"there{meanwhile}. As many threads must call `wait` as the barrier has parties, all "
            "of them started before anybody is joined.",
        )
    return None


def barrier_lapping(case: Case) -> Finding | None:
    """A thread was one round ahead: it changed what another one had still to read."""
    if not case.wrong_answer:
        return None
    return _changed_too_early(case) or _more_than_parties(case) or _gate_left_open(case)


def _changed_too_early(case: Case) -> Finding | None:
    for barrier in _barriers(case):
        for place, events in case.by_place.items():
            changes = [e for e in events if e.kind in CHANGES and _rounds(case, e, barrier) >= 0]
            if len({e.thread for e in changes}) != 1:
                continue
            whole = changes[0].whole
            around = [*events, *(e for e in case.on(whole) if e.where == whole != place)]
            done = {
                (e.line, _rounds(case, e, barrier))
                for e in case.on(whole)
                if e.kind in CHANGES and e.thread == changes[0].thread
            }
            reads = {
                _rounds(case, e, barrier): e
                for e in around
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


def _more_than_parties(case: Case) -> Finding | None:
    """A thread comes to a barrier a second time before another one, started by the same line and
    on its way there, has come a first time.
    """
    starts = case.starts()
    for barrier in _barriers(case):
        arrivals = [e for e in case.on(barrier) if e.kind == "arrive"]
        who = dict.fromkeys(e.thread for e in arrivals)
        parties = _parties(case, barrier)
        if not 0 < parties < len(who):
            continue
        counts: Counter[str] = Counter()
        for event in arrivals:
            counts[event.thread] += 1
            for name in who:
                if (
                    counts[name] < counts[event.thread] - 1
                    and _is_sibling(case, event.thread, name)
                    and starts[name].step < event.step
                ):
                    often = _times(counts[name]) if counts[name] else "at all"
                    return Finding(
                        "barrier-lapping",
                        f"{event.thread} came to {datum(event)} {_times(counts[event.thread])} "
                        f"({line(event)}) before {name} had come there {often}: the barrier lets "
                        f"everybody pass when {parties} {'has' if parties == 1 else 'have'} come, "
                        f"but {len(who)} threads meet there. Give it as many parties as there are "
                        "threads that wait there.",
                    )
    return None


def _gate_left_open(case: Case) -> Finding | None:
    """A thread comes round again to an event that one of those who wait for it has set, and that
    nobody has cleared, and leaves another one behind.
    """
    for gate in {e.whole for e in case.events if e.kind == "set" and e.whole is not None}:
        events = case.on(gate)
        passes = [e for e in events if e.kind == "wait"]
        who = {e.thread for e in passes}
        opened = [e for e in events if e.kind == "set" and e.thread in who]
        if len(who) < 2 or not opened or any(e.kind == "clear" for e in events):
            continue
        counts: Counter[str] = Counter()
        for event in passes:
            counts[event.thread] += 1
            rounds = counts[event.thread]
            behind = [name for name in case.run.threads if name in who and counts[name] < rounds]
            if rounds > 1 and behind:
                before = counts[behind[0]]
                had = f"had passed it {_times(before)}" if before else "had not passed it yet"
                return Finding(
                    "barrier-lapping",
                    f"{event.thread} passed {datum(event)} {_times(rounds)} ({line(event)}) while "
                    f"{behind[0]} {had}. An "
                    f"event that has been set ({line(opened[0])}) stays set: from the second round "
                    "on nobody waits there, and a quick thread runs ahead. A `Barrier` closes "
                    "behind the last one.",
                )
    return None


def broken_barrier_ignored(case: Case) -> Finding | None:
    """A thread's time at a barrier ran out, and it went on with the next round all the same."""
    if not case.wrong_answer:
        return None
    for event in case.events:
        if event.kind != "timeout" or event.detail != ("pass",):
            continue
        done = {(e.kind, e.line) for e in case.before(event) if e.kind in DATA}
        again = next((e for e in case.after(event) if (e.kind, e.line) in done), None)
        if again is None:
            continue  # it did not go on
        return Finding(
            "timeout-ignored",
            f"{event.thread} waited at {datum(event)} ({line(event)}), but its time ran out before "
            "all had come; that breaks the barrier for everybody. It went on as if they had "
            f"({line(again)}). After a `BrokenBarrierError` nobody knows where the others are: "
            "stop, or leave the timeout away.",
        )
    return None


def phase_not_waited_for(case: Case) -> Finding | None:
    """Of threads that do the same, each with a part of its own, one looked at another's part before
    that one had come so far, and had waited for nobody.
    """
    if case.run.verdict != "assertion":
        return None
    for place, events in case.by_place.items():
        changes = [e for e in events if e.kind in CHANGES]
        if len({e.thread for e in changes}) != 1:
            continue
        late = changes[0]
        for read in events:
            if read.kind != "read" or not _is_sibling(case, read.thread, late.thread):
                continue
            mine = [
                e
                for e in case.before(read)
                if e.kind in CHANGES
                and (e.line, e.whole) == (late.line, late.whole)
                and e.where != place
            ]
            if not mine or read.step > late.step or case.learnt_between(mine[-1], read):
                continue
            return Finding(
                "barrier-skipped",
                f"{read.thread} had changed {datum(mine[-1])} ({line(mine[-1])}) and went on to "
                f"what needs the part of {late.thread}, too ({line(read)}), before {late.thread} "
                f"had come so far ({line(late)}): nothing in between waits for the others. Between "
                "two phases put a barrier, and let every thread wait there.",
            )
    return None


def _barriers(case: Case) -> list[int | None]:
    return list(dict.fromkeys(e.whole for e in case.events if e.kind == "arrive"))


def _parties(case: Case, barrier: int | None) -> int:
    """How many must come; who finds a barrier broken is not told."""
    arrivals = [e for e in case.on(barrier) if e.kind == "arrive" and e.detail]
    return int(arrivals[0].detail[1]) if arrivals else 0


def _plural(verb: str, subjects: list[Event]) -> str:
    return verb if len(subjects) > 1 else f"{verb}s"


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
