"""Mistakes after which threads wait for ever."""

from __future__ import annotations

from .case import Case, Finding, line


def kept_guard(case: Case) -> Finding | None:
    """A thread waits for a lock or permit whose taker will never give it back."""
    for event in case.events:
        if event.kind != "blocked" or not event.detail or case.is_signal(event.whole):
            continue
        holder, state, taken = event.detail[:3]
        name = _name(event.waited_for)
        if state in ("left", "ended"):
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
        and e.detail[1] == "active"
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


def _name(waited_for: str | None) -> str:
    """The lock's own name in the words of a wait: "Lock `lock` held by A" gives "`lock`"."""
    text = waited_for or "a lock"
    if "`" in text:
        return "`" + text.split("`")[1] + "`"
    return text.split(" held by")[0]
