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
        if event.kind != "caught":
            continue
        inside, *ready = event.detail
        callers = [name for name in ready if _is_of(case.run.program, name)]
        if callers and not _is_of(case.run.program, inside):
            return Finding(
                "exception-swallowed",
                f"{inside} caught {event.target} ({line(event)}) and went on, so its caller, which "
                "was ready for it, never learnt of it. Let the error through; `with` releases the "
                "lock on its way.",
            )
    return None


def _is_of(program: str, qualname: str) -> bool:
    """Whether a function is the program, or is defined in it."""
    return program in qualname.split(".")
