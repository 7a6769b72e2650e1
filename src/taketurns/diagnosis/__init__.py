"""Names the mistake behind a failing run, from what happened in it, never from its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .case import Case, Finding
from .errors import exception_swallowed, not_joined
from .races import (
    check_then_act,
    intermediate_state,
    limit_not_enforced,
    stale_write,
    timeout_ignored,
    torn_read,
)
from .waiting import kept_guard, lock_order

if TYPE_CHECKING:
    from collections.abc import Callable

    from taketurns.engine.results import Run

MISTAKES = frozenset(
    {
        "accidentally-serial",
        "barrier-lapping",
        "barrier-skipped",
        "check-then-act",
        "check-then-block",
        "completion-order",
        "daemon-killed",
        "exception-in-thread",
        "exception-swallowed",
        "falsy-sentinel",
        "if-instead-of-while",
        "late-binding",
        "limit-not-enforced",
        "lock-not-released",
        "lock-not-shared",
        "lock-order",
        "lock-released-between-read-and-write",
        "lost-update",
        "lost-wakeup",
        "missing-sentinel",
        "missing-task-done",
        "not-joined",
        "permit-leak",
        "pulse-missed",
        "self-deadlock",
        "sleep-as-synchronisation",
        "timeout-ignored",
        "wrong-thread-notified",
    }
)

# The first rule whose evidence is there speaks; the more specific ones come first.
_RULES: tuple[Callable[[Case], Finding | None], ...] = (
    kept_guard,
    lock_order,
    not_joined,
    limit_not_enforced,
    timeout_ignored,
    stale_write,
    check_then_act,
    torn_read,
    intermediate_state,
    exception_swallowed,
)


def diagnose(run: Run, calm: Run | None = None) -> tuple[str | None, str | None]:
    """The mistake (an identifier of MISTAKES) and a paragraph on this very run.

    `calm` is a run of the same program, without preemptions, that went well, if there is one: what
    a thread would have done had nobody come between. (None, None) where the evidence is not enough.
    """
    case = Case(run, calm)
    for rule in _RULES:
        finding = rule(case)
        if finding is not None:
            return finding.mistake, finding.paragraph
    return None, None
