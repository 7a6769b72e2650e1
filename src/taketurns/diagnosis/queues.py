"""Mistakes with queues: what ends a consumer, and what a queue is told about its items."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .case import CHANGES, TELLS, Case, Finding, datum, line, value

if TYPE_CHECKING:
    from taketurns.engine.recording import Event

_PUTS = ("put", "try-put")
_GETS = ("get", "try-get")
_SENTINEL = "<object>"
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
            got = next((e for e in reversed(gets) if e.thread == blocked.thread), None)
            if got is not None and got.before == _SENTINEL:
                return Finding(
                    "missing-sentinel",
                    f"{blocked.thread} got {got.before} from {datum(got)} ({line(got)}) and went "
                    f"on to ask for another item ({line(blocked)}), but nobody will put any more. "
                    "If that object was the sign to stop, it was not obeyed: compare what was got "
                    "with it by `is`, and leave the loop.",
                )
            return Finding(
                "missing-sentinel",
                f"{blocked.thread} waits for another item of {datum(last)} ({line(blocked)}), but "
                f"{last.thread} put the last one ({line(last)}: {last.after}) and nobody will put "
                f"any more: {blocked.thread} was never told to stop. Put one sentinel for each "
                "consumer after the last item, or shut the queue down.",
            )
    return None


def put_too_late(case: Case) -> Finding | None:
    """A thread saw that it may put an item, and meanwhile another one sent the consumers home."""
    if not case.wrong_answer:
        return None
    for queue, gets, puts in _queues(case):
        takers = {get.thread for get in gets}
        if not takers or not takers <= case.ended:
            continue
        taken = _taken(gets, puts)
        signs = [put for put in taken if put.after in {_last(gets, name) for name in takers}]
        for put in (p for p in puts if not any(p is other for other in taken)):
            for look in reversed(case.before(put)):
                if look.kind in (*_PUTS, *_GETS) or case.learns(look):
                    break
                if look.kind != "read" or look.where is None:
                    continue
                other = next(
                    (
                        e
                        for e in case.by_place[look.where]
                        if e.kind in CHANGES
                        and look.step < e.step < put.step
                        and (e.before is None or e.before != e.after)
                        and any(e.thread == sign.thread != put.thread for sign in signs)
                    ),
                    None,
                )
                if other is not None:
                    return Finding(
                        "check-then-act",
                        f"{put.thread} looked at {datum(look)} ({line(look)}{value(look.before)}) "
                        f"and acted on that by putting {put.after} into {_queue_name(case, queue)} "
                        f"({line(put)}), but in between {other.thread} had changed it "
                        f"({line(other)}{value(other.after)}) and put the sign to stop: what came "
                        "behind that, nobody took any more. Hold one lock over the look and the "
                        "`put`, and the same over the change and the sign.",
                    )
    return None


def _last(gets: list[Event], thread: str) -> str | None:
    """What a thread got last."""
    return [get.before for get in gets if get.thread == thread][-1]


def _queue_name(case: Case, queue: int) -> str:
    """What the learner calls a queue."""
    return next((datum(e) for e in case.on(queue) if e.target), "a queue")


def left_too_early(case: Case) -> Finding | None:
    """A consumer took an empty queue, or a sentinel put too early, for the end of all items."""
    for queue, gets, puts in _queues(case):
        if not case.wrong_answer and not any(e.whole == queue for e in case.blocked):
            continue
        taken = {id(put) for put in _taken(gets, puts)}
        for name, last in _last_uses(case, queue).items():
            left = [p for p in puts if id(p) not in taken and p.step > last.step]
            if name not in case.ended or name in case.raised or name in {p.thread for p in puts}:
                continue
            if _saw_nothing(last) and left:
                return _went_home(name, last, left[0])
            pill = next((p for p in puts if p.after == last.before and p.step < last.step), None)
            if last.kind != "get" or pill is None or pill.after != _SENTINEL:
                continue
            later = [
                p
                for p in puts
                if id(p) not in taken
                and p.step > pill.step
                and p.after != _SENTINEL
                and p.thread != pill.thread
            ]
            if later and not _did_something(case, last):
                return Finding(
                    "not-joined",
                    f"{pill.thread} put the sign to stop into {datum(pill)} ({line(pill)}) while "
                    f"{later[0].thread} had still something to put there: {later[0].after} "
                    f"({line(later[0])}) came after it, when {name} had stopped or was about to, "
                    "and nobody got it. Join all producers first, and put the sentinels then.",
                )
    return None


def done_too_early(case: Case) -> Finding | None:
    """A queue was joined when items had been called done that were not."""
    fatal = case.fatal
    if fatal is None:
        return None
    for join in (e for e in case.before(fatal) if e.kind == "queue-join"):
        for said in case.on(join.whole):
            if said.kind != "task-done" or said.thread == join.thread or said.step > join.step:
                continue
            rest = case.after(said)
            ends = (e.step for e in rest if e.whole == said.whole and e.kind in _GETS)
            end = next(ends, len(case.events))
            work = [e for e in rest if e.kind in TELLS and e.step < end]
            if work and work[0].step > join.step:
                return Finding(
                    "not-joined",
                    f"{said.thread} called `task_done` ({line(said)}) before it was done: "
                    f"{join.thread} joined {datum(join)} ({line(join)}) and went on, and only then "
                    f"did {said.thread} come to {line(work[0])}. Joining a queue waits for "
                    "`task_done` and for nothing else: call it when the work on the item is over.",
                )
    return None


def _last_uses(case: Case, queue: int) -> dict[str, Event]:
    """What each thread that takes things from a queue, or looks for them, did there last."""
    uses = (e for e in case.on(queue) if e.kind in (*_GETS, "is-set") or _saw_nothing(e))
    return {e.thread: e for e in uses}


def _saw_nothing(event: Event) -> bool:
    """Whether this step found the queue empty, and did not wait until it was not."""
    return (
        (event.kind == "is-set" and event.before == "0")
        or (event.kind == "timeout" and event.detail == ("get",))
        or (event.kind == "try-get" and event.before is None)
    )


def _went_home(name: str, last: Event, left: Event) -> Finding:
    came = f"{left.thread} put {left.after} there later ({line(left)}), which nobody got"
    if last.kind == "timeout":
        return Finding(
            "timeout-ignored",
            f"{name} waited for an item of {datum(last)} ({line(last)}), gave up when its time "
            f"ran out, and never came back; but {came}. That nothing came for a while does not "
            "mean that nothing will come: wait without a limit and end on a sentinel, or ask "
            "again after each `Empty`.",
        )
    return Finding(
        "check-then-act",
        f"{name} looked into {datum(last)} ({line(last)}), found nothing there, and never came "
        f"back; but {came}. That a queue is empty now does not mean that nothing will come: wait "
        "with `get`, and end on a sentinel.",
    )


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
