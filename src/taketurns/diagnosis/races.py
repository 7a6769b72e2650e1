"""Mistakes in which threads come between each other's steps."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from .case import CHANGES, DATA, Case, Finding, Pair, datum, is_lock, line, value

if TYPE_CHECKING:
    from taketurns.engine.recording import Event


_FEW = 20  # so many steps are looked into, of a run in which nearly all of them are suspicious


def stale_write(case: Case) -> Finding | None:
    """A thread wrote a value computed from a reading that was out of date."""
    if not case.wrong_answer or not case.stale_writes:
        return None
    pairs = case.stale_writes
    for pair in pairs:
        if is_lock(pair.act.after):
            return Finding(
                "lock-not-shared",
                f"{_overwritten(pair)} So each of them went on with a lock of its own, and a lock "
                "keeps out only those who use the same one. Make it once, before the threads "
                "start.",
            )
        if case.flag(pair) or _is_look(pair):
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
    return _lost(pair)


def lost_before_the_standstill(case: Case) -> Finding | None:
    """Nobody can go on, nothing else explains it, and an update had been lost before."""
    if case.run.verdict not in ("deadlock", "no-progress"):
        return None
    for pair in case.stale_writes:
        if case.flag(pair) or _is_look(pair):
            continue
        guarded = _guarding(case, pair)
        if guarded is not None or not pair.earlier_reads:
            return guarded or _lost(pair)
    return None


def check_then_act(case: Case) -> Finding | None:
    """A thread decided on a reading that was out of date when it acted."""
    if not case.wrong_answer:
        return None
    for pair in case.old_checks():
        return _acted_on_old(pair)
    return (
        _filled_meanwhile(case)
        or _gone_meanwhile(case)
        or _each_relied_on_the_other(case)
        or _looked_into_queue(case)
    )


def _filled_meanwhile(case: Case) -> Finding | None:
    """A thread found that a key was not there, and another one put it there first."""
    for act in case.events:
        if act.kind not in CHANGES or act.where == act.whole:
            continue
        looks = [e for e in case.before(act) if e.whole == act.whole and e.kind in DATA]
        if not looks or looks[-1].kind != "read" or looks[-1].where != act.whole:
            continue  # it was there before, or nobody looked
        look = looks[-1]
        others = [
            e
            for e in case.on(act.whole)
            if e.thread != act.thread
            and e.kind == "write"
            and e.where == e.whole
            and look.step < e.step < act.step
        ]
        if look.before is None and others:
            return _acted_on_old(Pair(look, others[0], act))
    return None


def _gone_meanwhile(case: Case) -> Finding | None:
    """A thread read something twice, and what it had seen the first time was no longer there."""
    fatal = case.fatal
    kind = (fatal.target or "").partition(":")[0] if fatal is not None else ""
    if fatal is None or kind not in ("AttributeError", "TypeError", "KeyError", "IndexError"):
        return None
    for second in reversed(case.before(fatal)):
        if second.kind != "read" or second.line != fatal.line or second.where is None:
            continue
        events = case.by_place[second.where]
        for first in (e for e in case.before(second) if e.where == second.where):
            others = [
                e
                for e in events
                if e.thread != first.thread
                and e.kind != "read"
                and first.step < e.step < second.step
            ]
            if others and first.before != second.before and not case.learnt_between(first, second):
                return _acted_on_old(Pair(first, others[0], second))
    return None


def _each_relied_on_the_other(case: Case) -> Finding | None:
    """Two threads each checked a datum that the other was about to change, and changed another."""
    if case.calm is None:
        return None
    # Only what would not have been done, had nobody come between, can have relied on a check.
    acts = [e for e in case.events if e.kind == "write" and not case.would_have_acted(e)][:_FEW]
    for act in acts:
        for other in case.events:
            if other.kind != "write" or other.thread == act.thread or other.where == act.where:
                continue
            read, other_read = _last_look(case, act, other), _last_look(case, other, act)
            if (
                read is not None
                and other_read is not None
                and read.step < other.step < act.step
                and other_read.step < act.step
            ):
                return _acted_on_old(Pair(read, other, act))
    return None


def _last_look(case: Case, act: Event, other: Event) -> Event | None:
    """The last reading, by the thread that acts, of what the other one changes, before it acts."""
    for event in reversed(case.by_place.get(-1 if other.where is None else other.where, [])):
        if event.thread == act.thread and event.step < act.step and event.kind == "read":
            return None if case.learnt_between(event, act) else event
    return None


def _looked_into_queue(case: Case) -> Finding | None:
    """A thread saw an item, or room, in a queue, and another thread was quicker."""
    fatal = case.fatal
    if fatal is None or (fatal.target or "").partition(":")[0] not in ("Empty", "Full"):
        return None
    *_, look, act = [None, None, *(e for e in case.before(fatal) if e.whole is not None)]
    if look is None or act is None or look.kind != "is-set" or look.whole != act.whole:
        return None
    for other in case.on(act.whole):
        if other.thread != act.thread and look.step < other.step < act.step:
            return Finding(
                "check-then-act",
                f"{look.thread} looked into {datum(look)} ({line(look)}{value(look.before)}) and "
                f"acted on that ({line(act)}), but in between {other.thread} had been there "
                f"({line(other)}). What was true at the check need not be true at the act: try "
                "at once, and deal with `Empty` or `Full`.",
            )
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
        for one, two in pairwise(writes):
            if one.thread != two.thread or one.before is None or one.before != two.after:
                continue
            seen = [
                e
                for e in events
                if e.thread != one.thread
                and e.kind == "read"
                and one.step < e.step < two.step
                and not case.changes_it_too(e)
            ]
            if seen:
                return Finding(
                    "check-then-act",
                    f"{one.thread} changed {datum(one)} from {one.before} to {one.after} "
                    f"({line(one)}) and back again ({line(two)}); in between {seen[0].thread} saw "
                    f"{one.after} and acted on it. Deciding and changing must be one step under "
                    "one lock.",
                )
    return None


def changed_in_spite_of_a_lock(case: Case) -> Finding | None:
    """A thread held a lock and read a datum twice; another, without that lock, changed it between.

    So weak a sign comes last: the lock may have been there for something else.
    """
    if not case.wrong_answer:
        return None
    for events in case.by_place.values():
        for thread in {e.thread for e in events}:
            reads = [e for e in events if e.thread == thread and e.kind == "read"]
            for first, second in pairwise(reads):
                kept = case.kept_between(thread, first, second)
                for other in events if kept else ():
                    if (
                        first.step < other.step < second.step
                        and other.thread != thread
                        and other.kind in CHANGES
                        and not kept & set(other.guards)
                    ):
                        how = "with another lock" if other.guards else "without a lock"
                        return Finding(
                            "lock-not-shared",
                            f"{thread} held {case.guard_name(first, kept)} when it read "
                            f"{datum(first)} ({line(first)}{value(first.before)}) and still held "
                            f"it when it read that again ({line(second)}{value(second.before)}); "
                            f"in between {other.thread} changed it {how} ({line(other)}). A lock "
                            "keeps out only those who take the same one: make one lock for "
                            f"{datum(other)}, once, and let everybody take it.",
                        )
    return None


def taken_over(case: Case) -> Finding | None:
    """A thread put a value somewhere and found there what another one had put there by the same
    line and without a look: there is one place where each should have its own.
    """
    if not case.wrong_answer:
        return None
    for events in case.by_place.values():
        writes = [e for e in events if e.kind == "write"]
        for one, two in combinations(writes, 2):
            if (
                one.thread == two.thread
                or (one.line, one.file) != (two.line, two.file)
                or (one.after == two.after and not _is_object(one.after))
                or not case.at_the_same_time(one, two)
            ):
                continue
            between = [e for e in events if one.step < e.step < two.step]
            own = [e for e in case.after(two) if e.where == two.where]
            back = next((e for e in events if e.step > two.step and e.thread == one.thread), None)
            if (
                back is not None
                and back.kind == "read"
                and back.line != one.line
                and not any(e.thread == one.thread and e.kind != "read" for e in between)
                and not any(e.thread == two.thread for e in between)
                and any(e.kind == "read" for e in own)
            ):
                return Finding(
                    "lost-update",
                    f"{one.thread} put a value of its own into {datum(one)} ({line(one)}"
                    f"{value(one.after)}), then {two.thread} put another one there ({line(two)}"
                    f"{value(two.after)}), and when {one.thread} looked again ({line(back)}), its "
                    "own was gone. What belongs to one thread needs a place of its own, such as a "
                    "local variable, an attribute of its own object, or a `threading.local`.",
                )
    return None


def _is_object(text: str | None) -> bool:
    """Whether a value is one that its text does not tell from another one."""
    return text is not None and text.startswith("<")


def overwritten_unread(case: Case) -> Finding | None:
    """Two threads at work at the same time wrote one datum, and nobody had read what the first
    wrote; the first, or whoever noticed the failure, read it later.

    The last one may be all that is wanted, as of a progress bar: a weak sign, unless all else fits.
    """
    if not case.wrong_answer or case.fatal is None:
        return None
    for events in case.by_place.values():
        for one, two in pairwise(events):
            readers = (one.thread, case.fatal.thread)
            if (
                one.kind == two.kind == "write"
                and one.thread != two.thread
                and one.after != two.after
                and {one.after, two.after}.isdisjoint((None, "None", "True", "False"))
                and not set(one.guards) & set(two.guards)
                and case.at_the_same_time(one, two)
                and not any(e.step < two.step for e in case.readings(one))
                and any(e.thread in readers for e in case.readings(two))
            ):
                return Finding(
                    "lost-update",
                    f"{one.thread} wrote {datum(one)} ({line(one)}{value(one.after)}), then "
                    f"{two.thread} wrote it too ({line(two)}{value(two.after)}), and nobody had "
                    f"read what {one.thread} wrote: it is lost. What belongs to one thread needs a "
                    "place of its own, such as a local variable or an attribute of its own object.",
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
            f"{_overwritten(pair)} {pair.act.thread} held {case.guard_name(pair.act)} all the "
            f"time, but {who}. A lock keeps out only those who use the same one: make one lock for "
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


def _lost(pair: Pair) -> Finding:
    return Finding(
        "lost-update",
        f"{_overwritten(pair)} Reading, computing and writing back must be one step that nobody "
        f"can come between: one lock for {datum(pair.act)}, held from the read to the write.",
    )


def _acted_on_old(pair: Pair) -> Finding:
    return Finding(
        "check-then-act",
        f"{pair.read.thread} looked at {datum(pair.read)} ({line(pair.read)}"
        f"{value(pair.read.before)}) and acted on that ({line(pair.act)}), but in between "
        f"{pair.other.thread} had changed it ({line(pair.other)}{value(pair.other.after)}). "
        "What was true at the check need not be true at the act: hold one lock over both.",
    )


def _overwritten(pair: Pair) -> str:
    return (
        f"{pair.read.thread} read {datum(pair.read)} ({line(pair.read)}{value(pair.read.before)}), "
        f"then {pair.other.thread} wrote it ({line(pair.other)}{value(pair.other.after)}), and "
        f"{pair.act.thread} wrote over that ({line(pair.act)}{value(pair.act.after)}) without "
        "having seen it."
    )


def _is_look(pair: Pair) -> bool:
    """Whether what was read can only have been looked at: nothing new is computed from it."""
    if pair.read.before is None:  # `key in table`, if it is not `table.get(key)` of one statement
        return pair.read.line != pair.act.line
    return pair.read.before in ("None", "True", "False") or pair.act.after is None


def _consecutive_reads(case: Case) -> list[tuple[str, Event, Event]]:
    """Two different data read by a thread one after the other: it neither changed nor waited for
    anything between, nor looked at the first again.
    """
    found = []
    for thread, events in case.by_thread.items():
        reads = [e for e in events if e.where in case.by_place or case.learns(e)]
        for at, first in enumerate(reads):
            for second in reads[at + 1 :]:
                if first.kind != "read" or second.kind != "read" or first.where == second.where:
                    break
                if not case.changes_it_too(second):
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
        if not any(
            case.learns(e) or e.kind == "start"
            for e in case.steps(one.thread, *sorted((one.step, two.step)))
        )
    ]
