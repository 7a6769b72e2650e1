"""Mistakes about exceptions, and about threads that nobody waited for."""

from __future__ import annotations

from .case import Case, Finding, line


def not_joined(case: Case) -> Finding | None:
    """The result was looked at while a thread that nobody joins was still at work."""
    if case.run.verdict != "assertion":
        return None
    joined = {e.target for e in case.events if e.kind == "join"}
    started = {e.target: e for e in case.events if e.kind == "start"}
    for name, event in started.items():
        if name is not None and name not in joined and name not in case.ended:
            return Finding(
                "not-joined",
                f"{event.thread} started {name} ({line(event)}) and nobody waited for it: the result "
                "was looked at before it had done its work. Join every thread that you start.",
            )
    return None


def exception_swallowed(case: Case) -> Finding | None:
    """An exception was caught inside, where the caller should have seen it."""
    if not case.wrong_answer:
        return None
    for event in case.events:
        if event.kind == "caught" and event.detail:
            outermost = event.detail[0].split(".")[0]
            if outermost != case.run.program:
                return Finding(
                    "exception-swallowed",
                    f"{event.detail[0]} caught {event.target} ({line(event)}) and went on, so its "
                    "caller never learnt of it. Let the error through; `with` releases the lock on "
                    "its way.",
                )
    return None
