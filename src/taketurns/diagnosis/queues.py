"""Mistakes with queues: what ends a consumer, and what a queue is told about its items."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .case import TELLS, Case, Finding, datum, line

if TYPE_CHECKING:
    from taketurns.engine.recording import Event

_PUTS = ("put", "try-put")
_GETS = ("get", "try-get")
_FALSY = frozenset({"None", "False", "0", "0.0", "''", "b''", "[]", "()", "{}"})


def check_then_block(case: Case) -> Finding | None:
    """A thread saw that it need not wait, and then another one was quicker."""
    for blocked in case.blocked:
        look = next(
            (
                e
                for e in reversed(case.before(blocked))
                if e.whole == blocked.whole and e.kind == "is-set"
            ),
            None,
        )
        if look is None or not _justified(case, look, blocked):
            continue
        others = [
            e
            for e in case.on(blocked.whole)
            if e.thread != look.thread
            and e.step > look.step
            and e.kind in (*_GETS, *_PUTS, "acquire", "try-acquire")
        ]
        if others:
            return Finding(
                "check-then-block",
                f"{look.thread} looked at {datum(look)} ({line(look)}), saw that it could go on, "
                f"and asked ({line(blocked)}); in between {others[0].thread} was quicker "
                f"({line(others[0])}), so {look.thread} waits for ever for {blocked.waited_for}. "
                "What `empty`, `full`, `qsize` or `locked` say is old when you act on it: try "
                "without waiting (`get_nowait`), or end on a sentinel.",
            )
    return None


def falsy_sentinel(case: Case) -> Finding | None:
    """A consumer took an ordinary item for the sign to stop."""
    for queue, gets, puts in _queues(case):
        got = {id(put) for put in _taken(gets, puts)}
        for name in {e.thread for e in gets}:
            own = [e for e in gets if e.thread == name]
            last = own[-1]
            if last.before not in _FALSY or name in case.raised:
                continue
            if any(e.thread == name and e.whole == queue for e in case.blocked):
                continue
            if [_did_something(case, get) for get in own] != [*[True] * (len(own) - 1), False]:
                continue  # the last one was dealt with like the others
            sources = [p for p in puts if p.after == last.before and p.step < last.step]
            further = [
                later
                for put in sources[:1]
                for later in puts
                if later.thread == put.thread
                and later.step > put.step
                and later.after != last.before
                and id(later) not in got
            ]
            if further:
                return Finding(
                    "falsy-sentinel",
                    f"{name} got {last.before} from {datum(last)} ({line(last)}) and stopped, as "
                    f"if that were the end; but {further[0].thread} had put it there as an item "
                    f"and went on to put {further[0].after} ({line(further[0])}), which nobody "
                    "got. The sign to stop must be something that no item can be: make one `STOP = "
                    "object()` and compare with `is`.",
                )
    return None


def missing_task_done(case: Case) -> Finding | None:
    """`Queue.join` waits for items that were dealt with, but not said to be."""
    for blocked in case.blocked:
        for queue, gets, puts in _queues(case):
            if blocked.whole != queue or blocked.where in {e.where for e in (*gets, *puts)}:
                continue
            if len(gets) < len(puts):
                continue
            for get in gets:
                if get.thread not in case.raised and not _said_done(case, get):
                    return Finding(
                        "missing-task-done",
                        f"{get.thread} got {get.before or 'an item'} from {datum(get)} "
                        f"({line(get)}) and never called `task_done` for it, so {blocked.thread}, "
                        f"which joins the queue ({line(blocked)}), waits for ever. Call "
                        "`task_done` once for each `get`, in a `finally`, and for the sentinel, "
                        "too.",
                    )
    return None


def missing_sentinel(case: Case) -> Finding | None:
    """A consumer waits for more, and nobody is left to put anything or to tell it to stop."""
    for blocked in case.blocked:
        for queue, gets, puts in _queues(case):
            if blocked.whole != queue or blocked.where not in {e.where for e in gets}:
                continue
            same = [e for e in gets if e.line == blocked.line and e.kind == "get"]
            makers = {e.thread for e in puts}
            if not same or not makers or blocked.thread in makers or not _are_through(case, makers):
                continue
            if case.calm is not None and _puts_in(case.calm.events, puts) > len(puts):
                continue  # elsewhere it was put
            last = puts[-1]
            return Finding(
                "missing-sentinel",
                f"{blocked.thread} waits for another item of {datum(last)} ({line(blocked)}), but "
                f"{last.thread} put the last one ({line(last)}: {last.after}) and nobody will put "
                f"any more: {blocked.thread} was never told to stop. Put one sentinel for each "
                "consumer after the last item, or shut the queue down.",
            )
    return None


def _justified(case: Case, look: Event, blocked: Event) -> bool:
    """Whether what a thread saw would have let it go on, had nobody come between."""
    since = case.steps(look.thread, look.step, blocked.step)
    own = [e for e in since if e.whole == look.whole]
    if blocked.where == look.where and (look.before or "").isdigit():  # it wants an item
        return all(e.kind in _GETS for e in own) and int(look.before or 0) > len(own)
    return not own


# -- who put and got what -----------------------------------------------------------------------


def _queues(case: Case) -> list[tuple[int, list[Event], list[Event]]]:
    """Each queue, with the items got from it and put into it."""
    found = []
    for whole, events in case.by_object.items():
        gets = [e for e in events if e.kind in _GETS and e.before is not None]
        puts = [e for e in events if e.kind in _PUTS and e.after is not None]
        if puts:
            found.append((whole, gets, puts))
    return found


def _taken(gets: list[Event], puts: list[Event]) -> list[Event]:
    """The puts whose items were got, as far as their values tell."""
    left = list(puts)
    for get in gets:
        same = next((p for p in left if p.after == get.before), None)
        if same is not None:
            left.remove(same)
    return [p for p in puts if not any(p is other for other in left)]


def _did_something(case: Case, get: Event) -> bool:
    """Whether a thread left anything for others between getting an item and its next `get`."""
    for event in case.after(get):
        if event.whole == get.whole and event.kind in _GETS:
            return False
        if event.kind in TELLS:
            return True
    return False


def _said_done(case: Case, get: Event) -> bool:
    """Whether the thread said that it was done with the item, or may yet do so."""
    for event in case.after(get):
        if event.whole == get.whole and event.kind == "task-done":
            return True
        if event.whole == get.whole and event.kind in (*_GETS, "blocked"):
            return False
    return get.thread not in case.ended


def _are_through(case: Case, threads: set[str]) -> bool:
    """Whether these threads have ended well, or wait for others to end: they will put no more."""
    for name in threads:
        if name in case.raised:
            return False
        if name in case.ended:
            continue
        last = case.by_thread[name][-1]
        if last.kind == "blocked":
            waits_for_end = (last.waited_for or "").endswith(" to end")
            if not (waits_for_end or (last.waited_for or "").startswith("task_done")):
                return False
        elif name != case.main:
            return False
    return True


def _puts_in(events: tuple[Event, ...], puts: list[Event]) -> int:
    targets = {e.target for e in puts}
    return sum(e.kind in _PUTS and e.target in targets for e in events)
