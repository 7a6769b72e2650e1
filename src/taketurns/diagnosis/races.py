"""Mistakes in which threads come between each other's steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .case import Case, Finding, Pair, datum, line

if TYPE_CHECKING:
    from taketurns.engine.recording import Event


def timeout_ignored(case: Case) -> Finding | None:
    """A thread that did not get a lock went on all the same."""
    if not case.wrong_answer:
        return None
    for event in case.events:
        failed = event.kind == "timeout" or (event.kind == "try-acquire" and event.after == "False")
        if not failed or event.where is None:
            continue
        later = [e for e in case.by_thread[event.thread] if e.step > event.step]
        got_it = any(
            e.where == event.where
            and (e.kind == "acquire" or (e.kind == "try-acquire" and e.after != "False"))
            for e in later
        )
        if not got_it:
            return Finding(
                "timeout-ignored",
                f"{event.thread} asked for {datum(event)} ({line(event)}) and did not get it, because "
                "another thread had it; it went on as if that did not matter. A lock protects only "
                "those who wait for it: use `with`, or look at what `acquire` returns and try again.",
            )
    return None


def limit_not_enforced(case: Case) -> Finding | None:
    """Two threads were inside at once, each with a permit of the same semaphore."""
    if not case.wrong_answer:
        return None
    for pair in case.stale_writes:
        if case.kept_between(pair.act.thread, pair.read, pair.act) & set(pair.other.guards):
            return Finding(
                "limit-not-enforced",
                f"{pair.act.thread} and {pair.other.thread} were both between acquiring and releasing "
                f"{case.guard_name(pair.read)} when they changed {datum(pair.act)}: it lets more than "
                "one thread in at a time. To change a value alone, let one in: use a Lock.",
            )
    return None


def stale_write(case: Case) -> Finding | None:
    """A thread wrote a value computed from a reading that was out of date."""
    if not case.wrong_answer or not case.stale_writes:
        return None
    pairs = case.stale_writes
    for pair in pairs:
        if _is_lock(pair.act.after):
            return Finding(
                "lock-not-shared",
                f"{_overwritten(pair)} So each of them went on with a lock of its own, and a lock "
                "keeps out only those who use the same one. Make it once, before the threads start.",
            )
        if case.flag(pair):
            return _acted_on_old(pair)  # a value of the learner's own, meant to keep others out
    pair = next((p for p in pairs if p.earlier_reads == 0), pairs[0])
    if case.adversarial and case.slept_before(pair.act) and case.slept_before(pair.other):
        return Finding(
            "sleep-as-synchronisation",
            f"{_overwritten(pair)} The sleeps kept the threads apart only as long as each took the "
            "time it was expected to take. Sleeping is not waiting: a lock says who may go.",
        )
    guarded = _guarding(case, pair)
    if guarded is not None:
        return guarded
    if pair.earlier_reads and not case.would_have_acted(pair.act):
        return _acted_on_old(pair)
    return Finding(
        "lost-update",
        f"{_overwritten(pair)} Reading, computing and writing back must be one step that nobody can "
        f"come between: one lock for {datum(pair.act)}, held from the read to the write.",
    )


def check_then_act(case: Case) -> Finding | None:
    """A thread decided on a reading that was out of date when it acted."""
    if not case.wrong_answer:
        return None
    for pair in case.old_checks():
        return _acted_on_old(pair)
    return None


def torn_read(case: Case) -> Finding | None:
    """A thread read two data that belong together, one before and one after a change of both."""
    if not case.wrong_answer:
        return None
    for reader, first, second in _consecutive_reads(case):
        for writer, one, two in _changes_of_both(case, reader, first, second):
            before = first.step < one.step and two.step < second.step and one.where == first.where
            inside = one.step < first.step and second.step < two.step
            across = first.step < min(one.step, two.step) and max(one.step, two.step) < second.step
            if not (before or inside or across):
                continue
            begin, end = sorted((one, two), key=lambda e: e.step)
            what = (
                f"{reader} read {datum(first)} ({line(first)}) and {datum(second)} "
                f"({line(second)}); {writer} was changing both (lines {begin.line} and "
                f"{end.line}), so the two values never belonged together."
            )
            if case.adversarial and case.slept_before(first):
                return Finding(
                    "sleep-as-synchronisation",
                    f"{what} {reader} slept before it looked, which is enough only if everybody "
                    "else is as quick as expected. Sleeping is not waiting: use a lock.",
                )
            kept_by_reader = case.kept_between(reader, first, second)
            kept_by_writer = case.kept_between(writer, begin, end)
            if kept_by_reader & kept_by_writer:
                continue
            if (kept_by_reader or kept_by_writer) and (
                (kept_by_reader and kept_by_writer) or not (first.guards and begin.guards)
            ):
                return Finding(
                    "lock-not-shared",
                    f"{what} They did not hold the same lock: one lock must guard both values, for "
                    "those who read them too.",
                )
            if first.guards or begin.guards:
                return Finding(
                    "lock-released-between-read-and-write",
                    f"{what} The lock was given up between the two: hold one lock over both.",
                )
    return None


def intermediate_state(case: Case) -> Finding | None:
    """A thread acted on a value that another one had put there for a moment only."""
    if not case.wrong_answer:
        return None
    for events in case.by_place.values():
        writes = [e for e in events if e.kind == "write" and e.thread != case.main]
        for one, two in zip(writes, writes[1:], strict=False):
            if one.thread != two.thread or one.before is None or one.before != two.after:
                continue
            seen = [
                e
                for e in events
                if e.thread != one.thread and e.kind == "read" and one.step < e.step < two.step
            ]
            if seen:
                return Finding(
                    "check-then-act",
                    f"{one.thread} changed {datum(one)} from {one.before} to {one.after} "
                    f"({line(one)}) and back again ({line(two)}); in between {seen[0].thread} saw "
                    f"{one.after} and acted on it. Deciding and changing must be one step under one lock.",
                )
    return None


def _guarding(case: Case, pair: Pair) -> Finding | None:
    """What is wrong with the locks of a stale write, if there were any."""
    kept = case.kept_between(pair.act.thread, pair.read, pair.act)
    theirs = set(pair.other.guards)
    if kept and not kept & theirs:
        who = (
            f"{pair.other.thread} held another lock"
            if theirs
            else f"{pair.other.thread} held no lock"
        )
        return Finding(
            "lock-not-shared",
            f"{_overwritten(pair)} {pair.act.thread} held {case.guard_name(pair.act)} all the time, "
            f"but {who}. A lock keeps out only those who use the same one: make one lock for "
            f"{datum(pair.act)}, once, and let every thread use it.",
        )
    release = case.released_between(pair.act.thread, pair.read, pair.act)
    if pair.read.guards and release is not None and not pair.earlier_reads:
        return Finding(
            "lock-released-between-read-and-write",
            f"{_overwritten(pair)} {pair.act.thread} had held {case.guard_name(pair.read)} for the "
            f"read, but released it ({line(release)}) before the write. Hold it over both.",
        )
    return None


def _acted_on_old(pair: Pair) -> Finding:
    return Finding(
        "check-then-act",
        f"{pair.read.thread} looked at {datum(pair.read)} ({line(pair.read)}"
        f"{_value(pair.read.before)}) and acted on that ({line(pair.act)}), but in between "
        f"{pair.other.thread} had changed it ({line(pair.other)}{_value(pair.other.after)}). "
        "What was true at the check need not be true at the act: hold one lock over both.",
    )


def _overwritten(pair: Pair) -> str:
    return (
        f"{pair.read.thread} read {datum(pair.read)} ({line(pair.read)}{_value(pair.read.before)}), "
        f"then {pair.other.thread} wrote it ({line(pair.other)}{_value(pair.other.after)}), and "
        f"{pair.act.thread} wrote over that ({line(pair.act)}{_value(pair.act.after)}) without having "
        "seen it."
    )


def _is_lock(value: str | None) -> bool:
    return value in ("<Lock>", "<RLock>", "<Condition>", "<Semaphore>", "<BoundedSemaphore>")


def _value(value: str | None) -> str:
    return f": {value}" if value is not None else ""


def _consecutive_reads(case: Case) -> list[tuple[str, Event, Event]]:
    """Two different data read by a thread one after the other, without a write of its own."""
    found = []
    for thread, events in case.by_thread.items():
        reads = [e for e in events if e.kind in ("read", "write") and e.where in case.by_place]
        for at, first in enumerate(reads):
            for second in reads[at + 1 :]:
                if first.kind == "write" or second.kind == "write":
                    break
                if first.where != second.where:
                    found.append((thread, first, second))
    return found


def _changes_of_both(
    case: Case, reader: str, first: Event, second: Event
) -> list[tuple[str, Event, Event]]:
    """Another thread's writes of the two data, as (writer, of the first, of the second)."""
    assert first.where is not None
    assert second.where is not None
    return [
        (one.thread, one, two)
        for one in case.by_place[first.where]
        for two in case.by_place[second.where]
        if one.kind == two.kind == "write" and one.thread == two.thread != reader
    ]
