"""Mistakes after which threads wait for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .case import Case, Finding, line, listed

if TYPE_CHECKING:
    from taketurns.engine.recording import Event


def kept_guard(case: Case) -> Finding | None:
    """A thread waits for a lock or permit whose taker will never give it back."""
    for event in case.events:
        if event.kind != "blocked" or not event.detail or case.is_signal(event.whole):
            continue
        holder, state, taken = event.detail[:3]
        name = _name(event.waited_for)
        if state in ("left", "ended"):
            if _still_at_it(case, event):
                continue  # it may give back later what it took, in another call
            is_lock = len(event.detail) == 3 and "ermit" not in (event.waited_for or "")
            how = "ended" if state == "ended" else "left the block"
            return Finding(
                "lock-not-released" if is_lock else "permit-leak",
                f"{holder} took {name} at line {taken} and {how} without giving it back, so "
                f"{event.thread} waits for it for ever ({line(event)}). An early `return` or an "
                "exception skips a `release`; `with` does not.",
            )
        if {*event.detail[::3]} == {event.thread}:
            return Finding(
                "self-deadlock",
                f"{event.thread} holds {name} since line {taken} and asks for it again "
                f"({line(event)}): it waits for itself. Take the lock once, or use an RLock, which "
                "lets its owner in again.",
            )
    return None


def lock_order(case: Case) -> Finding | None:
    """Threads wait for each other in a circle, each holding what the next one needs."""
    waits = {
        e.thread: (e, e.detail[0])
        for e in case.events
        if e.kind == "blocked"
        and e.detail
        and (e.detail[1] == "active" or _still_at_it(case, e))
        and not case.is_signal(e.whole)
    }
    for start in waits:
        circle, thread = [], start
        while thread in waits and thread not in circle:
            circle.append(thread)
            thread = waits[thread][1]
        if thread == start and len(circle) > 1:
            parts = [
                f"{name} waits for {_name(waits[name][0].waited_for)} ({line(waits[name][0])}), "
                f"which {waits[name][1]} has"
                for name in circle
            ]
            return Finding(
                "lock-order",
                "; ".join(parts)
                + ". Nobody can go on. If everybody takes the locks in one agreed order, no such "
                "circle can form.",
            )
    return None


def _still_at_it(case: Case, event: Event) -> bool:
    """Whether the taker of a permit cannot go on because of the very thread that waits for it."""
    return "ermit" in (event.waited_for or "") and any(
        other.thread == event.detail[0] and event.thread in other.detail[::3]
        for other in case.blocked
    )


def full_pool(case: Case) -> Finding | None:
    """The workers of a pool wait for calls that only they could make."""
    begun = {e.where for e in case.events if e.kind == "set"}
    futures = {e.where for e in case.events if e.kind == "result"} | begun
    waits = [
        e
        for e in case.blocked
        if (e.waited_for or "").startswith("the result of")
        and e.where not in begun
        and any(step.kind == "set" for step in case.by_thread[e.thread])
    ]
    submitted = sum(e.kind == "submit" for e in case.events)
    if not waits or submitted <= len(futures & begun):
        return None
    who = listed(e.thread for e in waits)
    each = "each waits" if len(waits) > 1 else "waits"
    return Finding(
        "self-deadlock",
        f"{who}, in the middle of a call, {each} for the result of another one "
        f"({line(waits[0])}) that has been submitted and that nobody has begun: the pool has no "
        "worker left, so it waits for itself. A task of a pool never waits for a task of the same "
        "pool: let it return what it found, and let the one who asked submit the next.",
    )


def _name(waited_for: str | None) -> str:
    """The lock's own name in the words of a wait: "Lock `lock` held by A" gives "`lock`"."""
    text = waited_for or "a lock"
    if "`" in text:
        return "`" + text.split("`")[1] + "`"
    return text.split(" held by")[0]
