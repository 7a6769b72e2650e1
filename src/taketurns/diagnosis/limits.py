"""Mistakes in which a limit, or a wait with a limit, does not hold what it promises."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from .case import CHANGES, DATA, LEARNS, Case, Finding, datum, is_lock, largest_crowd, line, listed

if TYPE_CHECKING:
    from taketurns.engine.recording import Event
    from taketurns.engine.results import Run


def limit_not_enforced(case: Case) -> Finding | None:
    """More threads were inside at once than may be."""
    if not case.wrong_answer:
        return None
    for pair in case.stale_writes:
        if case.kept_between(pair.act.thread, pair.read, pair.act) & set(pair.other.guards):
            return Finding(
                "limit-not-enforced",
                f"{pair.act.thread} and {pair.other.thread} were both between acquiring and "
                f"releasing {case.guard_name(pair.read)} when they changed {datum(pair.act)} "
                f"({line(pair.act)}): it lets more than one thread in at a time. To change a value "
                "alone, let one in: use a Lock.",
            )
    return None


def too_many_inside(case: Case) -> Finding | None:
    """A count of who is inside had risen too far when the check of it failed."""
    fatal = case.fatal
    if fatal is None:
        return None
    seen = next((e for e in reversed(case.before(fatal)) if e.kind == "read"), None)
    for events in case.by_place.values():
        crowd, has_left = largest_crowd(events)
        if seen is None or seen.line != fatal.line or len(crowd) < 2:
            continue
        last = crowd[-1]
        if any(_gave_up(case, e.thread, last.step) for e in crowd):
            continue  # somebody did ask for a permit, and came in without one
        twice = _given_back_twice(case, last)
        if twice is not None and seen.before == str(len(crowd)):
            first, second = twice
            return Finding(
                "limit-not-enforced",
                f"{second.thread} gave a permit back ({line(first)}) and then another one "
                f"({line(second)}), though it had taken only one: from then on one more could come "
                f"in, and {listed(e.thread for e in crowd)} were inside at the same time when "
                f"{datum(last)} had risen to {last.after} ({line(last)}). Give back once what was "
                "taken once, best by `with`; a BoundedSemaphore notices if it is more.",
            )
        who = {e.thread for e in events if e.kind != "read" and e.before not in (None, "None")}
        by_one_inside = fatal.thread == last.thread and seen.where == last.where
        of_all_there_are = has_left and fatal.thread not in who and len(crowd) == len(who)
        noted = has_left and _all_came_in(case, events, last) and _noted_as_most(case, last, seen)
        if by_one_inside or ((of_all_there_are or noted) and seen.before == str(len(crowd))):
            theirs = [e for e in case.by_thread[crowd[0].thread] if e.step < last.step][-1]
            permits = set(theirs.guards) & set(last.guards)
            return Finding(
                "limit-not-enforced",
                f"{listed(e.thread for e in crowd)} were inside at the same time: {datum(last)} "
                f"had risen to {last.after} ({line(last)}) when the check failed ({line(fatal)}). "
                + ("They all held permits, of which there are too many. " if permits else "")
                + "Let each acquire one and the same Semaphore, made once with the limit as its "
                "value, and hold it for as long as it is inside.",
            )
    return None


def _all_came_in(case: Case, events: list[Event], last: Event) -> bool:
    """Whether nobody had to wait outside: whoever came in later was only started later."""
    entered = {e.thread for e in events if e.kind != "read" and e.step <= last.step}
    starts = case.starts()
    return all(
        e.thread in starts and starts[e.thread].step > last.step
        for e in events
        if e.kind != "read" and e.thread not in entered
    )


def _noted_as_most(case: Case, last: Event, seen: Event) -> bool:
    """Whether the last to come in noted how many were inside then, for whoever failed later."""
    return (
        seen.where is not None
        and seen.where != last.where
        and any(
            e.kind == "write" and e.after == seen.before and e.thread == last.thread
            for e in case.by_place[seen.where]
            if last.step < e.step < seen.step
        )
    )


def _gave_up(case: Case, thread: str, step: int) -> bool:
    """Whether a thread had asked for a lock or permit in vain before this step."""
    return any(
        e.kind == "timeout" and e.detail == ("acquire",) and e.step < step
        for e in case.by_thread[thread]
    )


def _given_back_twice(case: Case, inside: Event) -> tuple[Event, Event] | None:
    """The releases of a thread that gave back more permits than it had taken, of a semaphore that
    let in somebody at this step.
    """
    for guard in inside.guards:
        taken: Counter[str] = Counter()
        released: dict[str, Event] = {}
        for event in case.on(guard):
            if event.step > inside.step:
                break
            if event.kind == "acquire" or (event.kind == "try-acquire" and event.after != "False"):
                taken[event.thread] += 1
            elif event.kind == "release":
                taken[event.thread] -= 1
                if taken[event.thread] < 0 and event.thread in released:
                    return released[event.thread], event
                released[event.thread] = event
    return None


# -- waiting with a limit -----------------------------------------------------------------------


def timeout_ignored(case: Case) -> Finding | None:
    """A thread did not get what it waited for, and went on all the same."""
    if not case.wrong_answer:
        return None
    for event in case.events:
        if _failed_to_take(case, event):
            touched = _unguarded(case, event)
            if touched is not None:
                return Finding(
                    "timeout-ignored",
                    f"{event.thread} asked for {datum(event)} ({line(event)}) and did not get it, "
                    "because another thread had it; it went on as if that did not matter and "
                    f"touched {datum(touched)} ({line(touched)}). A lock protects only those who "
                    "wait for it: use `with`, or look at what `acquire` returns and try again.",
                )
    return _gave_up_waiting(case)


def work_left_undone(case: Case) -> Finding | None:
    """A thread did not get a lock and left out what it would have done with it."""
    if not case.wrong_answer or case.calm is None:
        return None
    for event in case.events:
        if not _failed_to_take(case, event):
            continue
        for missing in _done_under(case.calm, event):
            if _times(case.run, missing) < _times(case.calm, missing):
                return Finding(
                    "timeout-ignored",
                    f"{event.thread} asked for {datum(event)} ({line(event)}) and did not get it, "
                    "because another thread had it; so it left out its work, the change of "
                    f"{datum(missing)} ({line(missing)}), and nobody did it later. Wait for the "
                    "lock with `with`, or try again until you have it.",
                )
    return None


def _failed_to_take(case: Case, event: Event) -> bool:
    """Whether this step failed to take a lock that the thread did not take later either."""
    failed = (event.kind == "timeout" and event.detail == ("acquire",)) or (
        event.kind == "try-acquire" and event.after == "False"
    )
    return (
        failed
        and event.whole not in event.guards
        and not any(
            e.whole == event.whole and e.whole in e.guards and e.kind in ("acquire", "try-acquire")
            for e in case.after(event)
        )
    )


def _unguarded(case: Case, failed: Event) -> Event | None:
    """A datum that the thread then touched, and that threads that have the lock touch, too."""
    for event in case.after(failed):
        if event.where is not None and event.kind in DATA and not is_lock(event.before):
            others = [e for e in case.by_place.get(event.where, []) if e.thread != event.thread]
            if any(failed.whole in e.guards for e in others) and any(
                e.kind in CHANGES for e in (event, *others)
            ):
                return event
    return None


def _done_under(calm: Run, failed: Event) -> list[Event]:
    """What a thread of this name changed in the calm run once it had the lock."""
    found = []
    guard = None
    for event in calm.events:
        if event.thread != failed.thread:
            continue
        if event.line == failed.line and event.kind in ("acquire", "try-acquire"):
            guard = event.whole
        elif guard in event.guards and event.kind in CHANGES:
            found.append(event)
    return found


def _times(run: Run, like: Event) -> int:
    return sum(
        (e.kind, e.target, e.line) == (like.kind, like.target, like.line) for e in run.events
    )


def _gave_up_waiting(case: Case) -> Finding | None:
    """A thread had waited for an event or a thread's end, in vain, and gone on all the same."""
    fatal = case.fatal
    decides = fatal.thread if fatal is not None else None
    for event in sorted(case.events, key=lambda e: e.thread != decides):
        if event.kind != "timeout" or event.detail[0] not in ("wait", "wake", "join"):
            continue
        if event.line is None:
            continue  # a Timer: its time is meant to run out
        later = case.after(event)
        again = any(
            e.line == event.line and e.kind in (*LEARNS, "timeout")
            for e in (*later, *case.pending(event.thread))
        )
        used = next((e for e in later if e.kind in DATA), None)
        if again or used is None or _came_about(case, event, used.step):
            continue
        if event.thread != decides and (
            _is_a_beat(case, event) or not _came_about(case, event, len(case.events))
        ):
            continue  # nothing says that it was too early
        what = {
            "wait": f"{datum(event)} to be set",
            "wake": f"a notification of {datum(event)}",
            "join": f"{event.target} to end",
        }[event.detail[0]]
        return Finding(
            "timeout-ignored",
            f"{event.thread} waited for {what} ({line(event)}), but its time ran out first; it "
            f"went on as if that had happened, and used {datum(used)} ({line(used)}) too early. "
            "After a wait with a timeout, ask whether what you waited for is so, and do something "
            "else if not.",
        )
    return None


def _is_a_beat(case: Case, timeout: Event) -> bool:
    """Whether a thread goes round, and its time is meant to run out: what it did before it waited
    for an event, it did again.
    """
    before, after = ({(e.kind, e.line) for e in f(timeout)} for f in (case.before, case.after))
    return timeout.detail[0] == "wait" and not before.isdisjoint(after)


def _came_about(case: Case, gave_up: Event, until: int) -> bool:
    """Whether what a thread had waited for was so after all before a certain step."""
    if gave_up.detail[0] == "join":
        return any(e.kind == "end" and e.thread == gave_up.target for e in case.events[:until])
    wait = next((e for e in reversed(case.before(gave_up)) if e.kind == "wait"), gave_up)
    things = {gave_up.whole, wait.whole}
    return any(
        e.kind in ("set", "notify") and e.whole in things for e in case.events[gave_up.step : until]
    )
