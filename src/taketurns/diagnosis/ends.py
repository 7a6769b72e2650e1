"""Mistakes about how threads end: nobody waits for them, or learns how it went."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from .case import CHANGES, TELLS, Case, Finding, datum, line, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taketurns.engine.recording import Event
    from taketurns.engine.results import Run

# Caught in the normal course of things.
_EXPECTED = (
    "Empty",
    "Full",
    "ShutDown",
    "TimeoutError",
    "StopIteration",
    "CancelledError",
    "BrokenBarrierError",
)
# What the primitives say to those who use them wrongly: the error is not the mistake.
_MISUSE = ("un-acquired lock", "unlocked lock", "too many times", "cannot join", "only be started")
# What Python says when threads meet inside of one object.
_CLASHES = ("during iteration", "already executing")
# Steps that put nobody in order but by starts and joins.
_UNORDERED = frozenset(
    {"start", "begin", "end", "join", "sleep", "time", "read", "write", "delete", "call", "raise"}
)
_SYMPTOMS = ("AssertionError", "BrokenBarrierError", "BrokenThreadPool")


def unfinished(case: Case) -> Finding | None:
    """The result was looked at while a thread that nobody joins was still at work."""
    fatal = case.fatal
    if case.run.verdict != "assertion" or fatal is None:
        return None
    before = case.before(fatal)
    if not before or before[-1].kind not in ("read", "is-set", "is-alive"):
        return None  # it did not look at anything
    joined = {
        e.target
        for e in (*case.events, *(case.calm.events if case.calm is not None else ()))
        if e.kind == "join"
    }
    for name, start in case.starts().items():
        if name in joined or name in case.ended:
            continue
        told = _was_told(case, name)
        if _goes_round(case, name) and not told:
            continue
        slept = _sleeps_of_its_own(case, case.main, start.step, fatal.step)
        if slept and case.adversarial:
            return Finding(
                "sleep-as-synchronisation",
                f"{start.thread} started {name} ({line(start)}), slept ({line(slept[0])}) and "
                f"looked at the result ({line(fatal)}), but {name} was not done yet. Sleeping is "
                "not waiting: `join` waits exactly as long as it takes.",
            )
        if "daemon" in start.detail:
            if slept and not told:
                continue
            return Finding(
                "daemon-killed",
                f"{start.thread} started {name} as a daemon ({line(start)}) and did not wait for "
                f"it: when the result was looked at ({line(fatal)}), {name} was in the middle of "
                "its work. A program does not wait for its daemons, it stops them wherever they "
                "are. Work that matters belongs in a thread that is told to finish and is "
                "joined.",
            )
        return Finding(
            "not-joined",
            f"{start.thread} started {name} ({line(start)}) and nobody waited for it: the result "
            f"was looked at ({line(fatal)}) before it had done its work. Join every thread that "
            "you start.",
        )
    return None


def call_unfinished(case: Case) -> Finding | None:
    """The result was looked at while a pool was still making a call that changes it."""
    fatal = case.fatal
    if case.run.verdict != "assertion" or fatal is None:
        return None
    looked = next(iter(case.before(fatal)[-1:]), None)
    if looked is None or looked.kind != "read" or looked.where is None:
        return None
    submits = [e for e in case.before(looked) if e.kind == "submit"]
    for name in {e.thread: None for e in case.by_place[looked.where] if e.kind in CHANGES}:
        sets = [e for e in case.by_thread[name] if e.kind == "set"]
        calls = [e.where for e in sets]
        if not submits or name in case.starts() or not calls or calls.count(calls[-1]) != 1:
            continue  # not a pool's thread, or it has nothing to do
        changed = [e for e in case.after(sets[-1]) if e.where == looked.where and e.kind in CHANGES]
        if changed:
            return Finding(
                "not-joined",
                f"{submits[-1].thread} submitted calls to a pool ({line(submits[-1])}), and nobody "
                f"waited for all of them: when the result was looked at ({line(looked)}), {name} "
                f"was in the middle of one, after {line(changed[-1])}. The end of a pool's `with` "
                "block waits for every call, whether an error leaves the block or not; so does "
                "`shutdown()`.",
            )
    return None


def joined_too_late(case: Case) -> Finding | None:
    """Threads came in another order than in a run that went well, and nothing puts them in order:
    each was joined only when the other had been started.
    """
    fatal = case.fatal
    if case.run.verdict != "assertion" or fatal is None or case.calm is None:
        return None
    if {e.kind for e in case.events} - _UNORDERED:
        return None  # there is more to their order than who starts and joins whom
    looks = [e for e in case.before(fatal) if e.kind == "read" and e.line == fatal.line]
    for place in dict.fromkeys(e.where for e in looks if e.where is not None):
        for one, two in _swapped(case, case.calm, place):
            found = _why_not_in_turn(case, one, two)
            if found is not None:
                return found
    return None


def _swapped(case: Case, calm: Run, place: int) -> list[tuple[Event, Event]]:
    """What one thread changed after another one had, where in the calm run all of it came before:
    the last change of that one, and the first of the other.
    """
    here = [e for e in case.by_place.get(place, []) if e.kind in CHANGES]
    steps = {(e.target, e.line) for e in here}
    there = [e for e in calm.events if e.kind in CHANGES and (e.target, e.line) in steps]
    starts = case.starts()
    found = []
    for two in here:
        for one in reversed(here[here.index(two) + 1 :]):
            if one.thread == two.thread or not {one.thread, two.thread} <= starts.keys():
                continue
            ones, twos = (
                [at for at, e in enumerate(there) if e.thread == name]
                for name in (one.thread, two.thread)
            )
            if ones and twos and ones[-1] < twos[0]:
                found.append((one, two))
    return found


def _why_not_in_turn(case: Case, one: Event, two: Event) -> Finding | None:
    """What the thread that started both did between that, and when it joined the first."""
    first, second = (case.starts()[e.thread] for e in (one, two))
    if first.thread != second.thread or first.step > second.step:
        return None
    what = (
        f"{two.thread} ({line(two)}) did not wait until {one.thread} was done ({line(one)}): "
        f"{first.thread} started {one.thread} ({line(first)}) and "
    )
    slept = _sleeps_of_its_own(case, first.thread, first.step, second.step)
    if slept and case.adversarial:
        return Finding(
            "sleep-as-synchronisation",
            f"{what}slept ({line(slept[0])}) before it started {two.thread} ({line(second)}), but "
            "the work took longer than the sleep. Sleeping is not waiting: `join` waits exactly as "
            "long as it takes.",
        )
    joins = [e for e in case.after(second) if e.kind == "join" and e.target == one.thread]
    if slept or not joins:
        return None
    return Finding(
        "not-joined",
        f"{what}{two.thread} ({line(second)}), and joined {one.thread} only then "
        f"({line(joins[0])}). If one has to be done before the other begins, join it before you "
        "start the other.",
    )


def _sleeps_of_its_own(case: Case, thread: str, first: int, last: int) -> list[Event]:
    """Where a thread slept between two steps, but for sleeps that are part of some work: others
    sleep there too, or it did so itself before it had started anybody.
    """
    slept = [e for e in case.events if e.kind == "sleep"]
    begun = min((e.step for e in case.starts().values() if e.thread == thread), default=first)
    work = {(e.file, e.line) for e in slept if e.thread != thread or e.step < begun}
    return [
        e
        for e in slept
        if e.thread == thread and first < e.step < last and (e.file, e.line) not in work
    ]


def slept_and_looked(case: Case) -> Finding | None:
    """A thread slept for a while and then looked at what another one had still to write."""
    if not case.wrong_answer or not case.adversarial:
        return None
    starts = case.starts()
    for events in case.by_thread.values():
        for sleep, read in _looks_after_sleeping(events):
            if read.where is None:
                continue
            again = any((e.where, e.line) == (read.where, read.line) for e in case.after(read))
            late = [
                e
                for e in case.by_place[read.where]
                if e.kind in CHANGES
                and e.thread != read.thread
                and e.step > read.step
                and e.thread in starts
                and starts[e.thread].step < sleep.step
            ]
            if late and not again:
                return Finding(
                    "sleep-as-synchronisation",
                    f"{read.thread} slept ({line(sleep)}) and looked at {datum(read)} ({line(read)}"
                    f"{value(read.before)}), but {late[0].thread} wrote it only later "
                    f"({line(late[0])}). Sleeping is not waiting: `join` the thread, or wait for "
                    "an event that it sets.",
                )
    return None


def _looks_after_sleeping(events: list[Event]) -> Iterator[tuple[Event, Event]]:
    """What a thread read right after it had slept, and when it had slept."""
    for at, sleep in enumerate(events):
        if sleep.kind == "sleep":
            for read in takewhile(lambda e: e.kind == "read", events[at + 1 :]):
                yield sleep, read


def slept_and_went_on(case: Case) -> Finding | None:
    """A thread slept for a while and then did what those that it had started had to come before."""
    fatal = case.fatal
    if case.run.verdict != "assertion" or fatal is None or case.calm is None:
        return None
    if not case.adversarial:
        return None
    others = max((e.step for e in case.events if e.thread != fatal.thread), default=0)
    looks = [e for e in case.before(fatal) if e.kind == "read" and e.step > others]
    for place in dict.fromkeys(e.where for e in looks if e.where is not None):
        first = next(_overtaken(case, case.calm, place), None)
        if first is None:
            continue
        one, two, start = first
        slept = _sleeps_of_its_own(case, two.thread, start.step, two.step)
        if slept and not case.learnt_between(slept[-1], two):
            return Finding(
                "sleep-as-synchronisation",
                f"{two.thread} started {one.thread} ({line(start)}), slept ({line(slept[-1])}) and "
                f"went on ({line(two)}), but {one.thread} had not come so far yet: it did its part "
                f"only later ({line(one)}). Sleeping is not waiting: an event that the thread "
                "sets, or `join`, waits exactly as long as it takes.",
            )
    return None


def _overtaken(case: Case, calm: Run, place: int) -> Iterator[tuple[Event, Event, Event]]:
    """Changes that came before one of a thread that the same thread had started, which came first
    in the calm run: that one, the change, and the start.
    """
    here = [e for e in case.by_place.get(place, []) if e.kind in CHANGES]
    there = [(e.thread, e.target, e.line) for e in calm.events if e.kind in CHANGES]
    starts = case.starts()
    for at, two in enumerate(here):
        for one in here[at + 1 :]:
            start = starts.get(one.thread)
            keys = [(e.thread, e.target, e.line) for e in (one, two)]
            if (
                start is not None
                and start.thread == two.thread
                and start.step < two.step
                and [there.count(key) for key in keys] == [1, 1]
                and there.index(keys[0]) < there.index(keys[1])
            ):
                yield one, two, start


def _goes_round(case: Case, thread: str) -> bool:
    """Whether a thread does the same thing over and over, and is not meant to come to an end."""
    done = [
        (e.kind, e.line) for e in case.by_thread[thread] if e.kind in (*TELLS, "sleep", "timeout")
    ]
    return any(done.count(step) > 1 for step in done)


def _was_told(case: Case, thread: str) -> bool:
    """Whether a thread that waits for an event can go on: somebody has set it meanwhile. Or a
    sign to stop has been put into the queue from which it takes.
    """
    for get in case.pending(thread):
        used = case.on(get.whole) if get.kind == "get" else []
        puts = [e for e in used if e.kind == "put"]
        gets = sum(e.kind in ("get", "try-get") and e.before is not None for e in used)
        if gets < len(puts) and puts[-1].after in ("<object>", "None"):
            return True
    return any(
        e.kind == "set" and e.thread != thread and e.step >= wait.since
        for wait in case.pending(thread)
        if wait.kind == "wait"
        for e in case.on(wait.whole)
    )


def exception_swallowed(case: Case) -> Finding | None:
    """An exception was caught inside, where the caller should have seen it."""
    if not case.wrong_answer:
        return None
    for event in case.events:
        if event.kind != "caught":
            continue
        inside, *ready = event.detail
        callers = [name for name in ready if _is_of(case.run.program, name)]
        told = any(e.kind == "caught" and e.detail[0] in callers for e in case.after(event))
        if callers and not told and not _is_of(case.run.program, inside):
            return Finding(
                "exception-swallowed",
                f"{inside} caught {event.target} ({event.thread}, {line(event)}) and went on, so "
                "its caller, which was ready for it, never learnt of it. Let the error through; "
                "`with` releases the lock on its way.",
            )
    return None


def exception_not_told(case: Case) -> Finding | None:
    """A thread or a pool's call failed, and nobody who relies on it was told."""
    if case.run.verdict not in ("assertion", "deadlock"):
        return None
    waiting = next(iter(case.blocked), None)
    vain = f"; {waiting.thread} waits in vain for {waiting.waited_for}" if waiting else ""
    for event in case.events:
        if (
            event.kind == "caught"
            and event.thread != case.main
            and _type_of(event) not in _EXPECTED
        ):
            later = [e for e in case.after(event) if e.kind not in ("release", "abort")]
            if [e.kind for e in later] == ["end"] or _kept_nowhere(case, event):
                return Finding(
                    "exception-swallowed",
                    f"{event.thread} caught {event.target} ({line(event)}) and ended without "
                    "telling anybody what it was, so its work was missing and nobody knew why"
                    f"{vain}. Catch only what you can deal with; keep the rest where the others "
                    "look for it.",
                )
            if _returned_nothing(case, event):
                return Finding(
                    "exception-swallowed",
                    f"{event.thread} caught {event.target} ({line(event)}), and the call that it "
                    "made ended as if all had gone well, so whoever asks for the result never "
                    "learns of the error. Let it through: the future keeps it, and "
                    "`result()` raises it where the result is wanted.",
                )
        if event.kind == "set" and "raised" in event.detail and not _was_asked(case, event):
            return Finding(
                "exception-swallowed",
                f"A call made by {event.thread} raised {event.after} (line {event.detail[1]}); the "
                "error is kept in its future, and nobody asked for the result, so nobody learnt of "
                f"it{vain}. Call `result()` of every future.",
            )
    return None


def _returned_nothing(case: Case, caught: Event) -> bool:
    """Whether the failed assertion speaks of such an error, and the pool's call that caught it did
    nothing more, but returned None.
    """
    said = (case.fatal.target or "") if case.fatal is not None else ""
    later = [e for e in case.after(caught) if e.kind != "release"][:1]
    return _type_of(caught) in said and any(e.kind == "set" and e.after == "None" for e in later)


def _kept_nowhere(case: Case, caught: Event) -> bool:
    """Whether the failed assertion speaks of this very error, and its thread, which ended well, did
    no more after catching it than to write down plain values that do not show it.
    """
    kind, _, text = (caught.target or "").partition(": ")
    said = (case.fatal.target or "") if case.fatal is not None else ""
    later = case.after(caught)
    if not text or kind not in said or text not in said or caught.thread not in case.ended:
        return False
    return all(
        e.kind in ("release", "read", "time", "end")
        or (e.kind == "write" and _is_plain(e.after) and text not in (e.after or ""))
        for e in later
    )


def _is_plain(shown: str | None) -> bool:
    """Whether a value is a text, a number, a truth value or None: nothing is hidden inside."""
    return shown is not None and (
        shown in ("None", "True", "False") or shown[0] in "'\"" or shown[0].isdigit()
    )


def _was_asked(case: Case, completion: Event) -> bool:
    return any(
        e.kind == "result" and e.where == completion.where and e.before is not None
        for e in case.events
    )


def exception_in_thread(case: Case) -> Finding | None:
    """An exception ended a thread, and the others went on, or waited, as if it were alive."""
    dealt_with = {_type_of(e) for e in case.events if e.kind == "caught"}
    for name, event in case.raised.items():
        what = event.target or ""
        if case.run.verdict == "assertion" and _type_of(event) in dealt_with:
            continue  # a refusal that is part of the program: the assertion is about something else
        if _read_what_others_change(case, event) or _ends_well_elsewhere(case, name):
            continue  # what it died of is a matter of who came when
        if (
            name == case.main
            or _type_of(event) in _SYMPTOMS
            or any(m in what for m in (*_MISUSE, *_CLASHES))
        ):
            continue
        waiting = [e for e in case.blocked if e.thread != name]
        if waiting:
            first = waiting[0]
            result = f"{first.thread} waits in vain for {first.waited_for} ({line(first)})"
        else:
            result = f"{case.main} went on as if all were well"
        return Finding(
            "exception-in-thread",
            f"{what} ended {name} ({line(event)}). An exception does not leave its thread, and "
            f"`join` does not raise it again, so {result}. Catch it in the thread and hand it "
            "over, or use a pool: a future's `result()` raises it where the result is wanted.",
        )
    return None


def _ends_well_elsewhere(case: Case, thread: str) -> bool:
    """Whether nothing is wrong with a thread where nobody comes between its steps."""
    calm = case.calm.events if case.calm is not None else ()
    return any(e.kind == "end" and e.thread == thread for e in calm)


def _read_what_others_change(case: Case, fatal: Event) -> bool:
    """Whether a thread died on a line on which it read what others change while it lives."""
    own = case.before(fatal)
    return any(
        e.thread != fatal.thread and e.kind in CHANGES and e.step > own[0].step
        for read in own
        if read.kind == "read" and read.line == fatal.line and read.where is not None
        for e in case.by_place[read.where]
    )


def _type_of(event: Event) -> str:
    """The name of the exception of a "raise" or "caught" event."""
    return (event.target or "").partition(":")[0]


def _is_of(program: str, qualname: str) -> bool:
    """Whether a function is the program, or is defined in it."""
    return program in qualname.split(".")
