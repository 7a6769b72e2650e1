"""Mistakes about how threads end: nobody waits for them, or learns how it went."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from .case import CHANGES, TELLS, Case, Finding, datum, line, value

if TYPE_CHECKING:
    from taketurns.engine.recording import Event

# Caught in the normal course of things.
_EXPECTED = ("Empty", "Full", "ShutDown", "TimeoutError", "StopIteration", "CancelledError")
# What the primitives say to those who use them wrongly: the error is not the mistake.
_MISUSE = ("un-acquired lock", "unlocked lock", "too many times", "cannot join", "only be started")
# What Python says when threads meet inside of one object.
_CLASHES = ("during iteration", "already executing")
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
        if name in joined or name in case.ended or _goes_round(case, name):
            continue
        slept = [e for e in case.steps(case.main, start.step, fatal.step) if e.kind == "sleep"]
        if slept and case.adversarial:
            return Finding(
                "sleep-as-synchronisation",
                f"{start.thread} started {name} ({line(start)}), slept ({line(slept[0])}) and "
                f"looked at the result ({line(fatal)}), but {name} was not done yet. Sleeping is "
                "not waiting: `join` waits exactly as long as it takes.",
            )
        if "daemon" in start.detail:
            if slept:
                continue
            return Finding(
                "daemon-killed",
                f"{start.thread} started {name} as a daemon ({line(start)}) and did not wait for "
                f"it: when the result was looked at ({line(fatal)}), {name} was in the middle of "
                "its work. A program does not wait for its daemons, it stops them wherever they "
                "are. Work that matters belongs into a thread that is told to finish and is "
                "joined.",
            )
        return Finding(
            "not-joined",
            f"{start.thread} started {name} ({line(start)}) and nobody waited for it: the result "
            f"was looked at ({line(fatal)}) before it had done its work. Join every thread that "
            "you start.",
        )
    return None


def slept_and_looked(case: Case) -> Finding | None:
    """A thread slept for a while and then looked at what another one had still to write."""
    if not case.wrong_answer or not case.adversarial:
        return None
    starts = case.starts()
    for events in case.by_thread.values():
        for sleep, read in pairwise(events):
            if sleep.kind != "sleep" or read.kind != "read" or read.where is None:
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


def _goes_round(case: Case, thread: str) -> bool:
    """Whether a thread does the same thing over and over, and is not meant to come to an end."""
    done = [
        (e.kind, e.line) for e in case.by_thread[thread] if e.kind in (*TELLS, "sleep", "timeout")
    ]
    return any(done.count(step) > 1 for step in done)


def exception_swallowed(case: Case) -> Finding | None:
    """An exception was caught inside, where the caller should have seen it."""
    if not case.wrong_answer:
        return None
    for event in case.events:
        if event.kind != "caught":
            continue
        inside, *ready = event.detail
        callers = [name for name in ready if _is_of(case.run.program, name)]
        if callers and not _is_of(case.run.program, inside):
            return Finding(
                "exception-swallowed",
                f"{inside} caught {event.target} ({event.thread}, {line(event)}) and went on, so "
                "its caller, which was ready for it, never learnt of it. Let the error through; "
                "`with` releases the lock on its way.",
            )
    return None


def exception_not_told(case: Case) -> Finding | None:
    """A thread or a pool's call failed, and nobody who relies on it was told."""
    if case.run.verdict != "assertion":
        return None
    for event in case.events:
        if (
            event.kind == "caught"
            and event.thread != case.main
            and _type_of(event) not in _EXPECTED
        ):
            later = [e for e in case.after(event) if e.kind != "release"]
            if [e.kind for e in later] == ["end"]:
                return Finding(
                    "exception-swallowed",
                    f"{event.thread} caught {event.target} ({line(event)}) and ended without "
                    "telling anybody, so its work was missing and nobody knew why. Catch only what "
                    "you can deal with; keep the rest where the others look for it.",
                )
        if event.kind == "set" and "raised" in event.detail and not _was_asked(case, event):
            return Finding(
                "exception-swallowed",
                f"A call made by {event.thread} raised {event.after} (line {event.detail[1]}); the "
                "error is kept in its future, and nobody asked for the result, so nobody learnt of "
                "it. Call `result()` of every future.",
            )
    return None


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
