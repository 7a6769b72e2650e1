"""Names the mistake behind a failing run, from what happened in it, never from its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .barriers import (
    barrier_lapping,
    barrier_skipped,
    broken_barrier_ignored,
    phase_not_waited_for,
)
from .case import Case, Finding
from .conditions import if_instead_of_while, lost_wakeup, pulse_missed, wrong_thread_notified
from .ends import (
    call_unfinished,
    exception_in_thread,
    exception_not_told,
    exception_swallowed,
    joined_too_late,
    slept_and_looked,
    slept_and_went_on,
    unfinished,
)
from .limits import limit_not_enforced, timeout_ignored, too_many_inside, work_left_undone
from .order import (
    accidentally_serial,
    completion_order,
    late_binding,
    wrong_without_preemption,
)
from .queues import (
    check_then_block,
    done_too_early,
    falsy_sentinel,
    left_too_early,
    missing_sentinel,
    missing_task_done,
    put_too_late,
)
from .races import (
    changed_in_spite_of_a_lock,
    check_then_act,
    intermediate_state,
    lost_before_the_standstill,
    overwritten_unread,
    stale_write,
    taken_over,
    torn_read,
)
from .waiting import full_pool, kept_guard, lock_order

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
        "wrong-without-preemption",
    }
)

# The first rule whose evidence is there speaks; the more specific ones come first.
_RULES: tuple[Callable[[Case], Finding | None], ...] = (
    # Nobody can go on.
    kept_guard,
    lock_order,
    full_pool,
    barrier_skipped,
    pulse_missed,
    wrong_thread_notified,
    lost_wakeup,
    check_then_block,
    falsy_sentinel,
    missing_task_done,
    missing_sentinel,
    # It came out wrong.
    late_binding,
    limit_not_enforced,
    too_many_inside,
    broken_barrier_ignored,
    timeout_ignored,
    if_instead_of_while,
    barrier_lapping,
    stale_write,
    check_then_act,
    put_too_late,
    left_too_early,
    torn_read,
    intermediate_state,
    work_left_undone,
    unfinished,
    call_unfinished,
    done_too_early,
    slept_and_looked,
    slept_and_went_on,
    exception_swallowed,
    exception_not_told,
    completion_order,
    taken_over,
    joined_too_late,
    accidentally_serial,
    exception_in_thread,
    changed_in_spite_of_a_lock,
    lost_before_the_standstill,
    overwritten_unread,
    phase_not_waited_for,
    # What is sure when nothing else is.
    wrong_without_preemption,
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
