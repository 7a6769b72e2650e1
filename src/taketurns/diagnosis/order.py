"""Mistakes about order and time: who comes first, which value is current, what overlaps."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from .case import CHANGES, Case, Finding, datum, line, listed

if TYPE_CHECKING:
    from taketurns.engine.recording import Event

_NOTHING = frozenset({"begin", "end"})
_LAUNCHES = ("start", "submit")


def late_binding(case: Case) -> Finding | None:
    """Threads read a loop's variable when the loop had already gone on."""
    if not case.wrong_answer and not case.blocked:
        return None
    for events in case.by_place.values():
        every = [e for e in events if e.kind == "write"]
        writes = [e for e in every if (e.thread, e.line) == (every[0].thread, every[0].line)]
        if len(writes) < 2:
            continue
        starter = writes[0].thread
        launches = [e for e in case.by_thread[starter] if e.kind in _LAUNCHES]
        others = [e for e in every if e not in writes]
        if any(e.thread != starter or e.step < launches[-1].step for e in others if launches):
            continue  # it is more than a loop's variable that may serve again in a later loop
        if len(launches) != len(writes) or launches[-1].step < writes[-1].step:
            continue
        readings = _first_readings(case, events, starter, {e.target for e in launches})
        for at, read in enumerate(readings):
            twin = next((e for e in readings[:at] if e.before == read.before), None)
            if twin is None or read.before is None:
                continue
            if sum(e.after == read.before for e in writes) > 1 and _is_told_whole(read.before):
                continue  # the loop itself gave it that value more than once
            who = (
                f"{twin.thread} and {read.thread} both"
                if twin.thread != read.thread
                else read.thread
            )
            return Finding(
                "late-binding",
                f"{starter} gave {datum(read)} a new value for each of {len(launches)} "
                f"threads ({line(writes[0])}), but {who} read {read.before} ({line(read)}): a "
                "function looks a variable up when it runs, not when it is made, and by then the "
                "loop had gone on. Hand the value over when you start the thread: `args=(…,)`, or "
                "a default argument.",
            )
    return None


def _is_told_whole(text: str) -> bool:
    """Whether a value's text tells it from all others: a number's does, a function's does not."""
    return text == "None" or _value(text) is not None


def _first_readings(
    case: Case, events: list[Event], starter: str, started: set[str | None]
) -> list[Event]:
    """What each launched thread or call read first of a variable."""
    found: dict[tuple[str, int], Event] = {}
    for event in events:
        if event.kind == "read" and event.thread != starter:
            calls = sum(e.kind == "set" for e in case.before(event))
            if calls or event.thread in started:
                found.setdefault((event.thread, calls), event)
    return list(found.values())


def completion_order(case: Case) -> Finding | None:
    """Results stand in the order in which they were ready; another order was wanted."""
    fatal = case.fatal
    if fatal is None:
        return None
    asked = _asked_in_another_order(case, fatal)
    if asked is not None:
        return asked
    compared = next((e for e in reversed(case.before(fatal)) if len(e.detail) == 2), None)
    if compared is None or compared.kind != "read" or compared.line != fatal.line:
        return None
    left, right = _both_sides(*compared.detail)
    if left is None or right is None or left == right or sorted(left) != sorted(right):
        return None
    sources = _by_pieces(case, left, right) or _by_turns(case, compared)
    if len({e.thread for e in sources}) < 2:
        return None
    first, second = sources[0], next(e for e in sources if e.thread != sources[0].thread)
    if any(e.kind == "wake" for source in (first, second) for e in case.before(source)):
        return None  # they were given an order, and it did not hold
    what = (
        f"{first.thread} was ready first ({line(_line_of(case, first))}) and {second.thread} after "
        f"it ({line(_line_of(case, second))}), so the results stand as {compared.detail[0]} where "
        f"{compared.detail[1]} was wanted ({line(fatal)})."
    )
    if case.adversarial and case.slept_before(first) and case.slept_before(second):
        return Finding(
            "sleep-as-synchronisation",
            f"{what} The sleeps put them in order only as long as each takes the time it is "
            "expected to take. Sleeping is not waiting: join one before you start the other, or "
            "use an event.",
        )
    return Finding(
        "completion-order",
        f"{what} Threads finish in any order. Keep each result with its number or name, or ask the "
        "futures for their results in the order in which you made them, as `map` does.",
    )


def _asked_in_another_order(case: Case, fatal: Event) -> Finding | None:
    """A thread got the same results as in a run that went well, one by one in another order."""
    if case.calm is None:
        return None
    here, there = (
        [e for e in events if e.thread == fatal.thread and e.kind in ("result", "get") and e.before]
        for events in (case.events, case.calm.events)
    )
    got, wanted = [e.before or "" for e in here], [e.before or "" for e in there]
    if got == wanted or sorted(got) != sorted(wanted) or len({e.line for e in (*here, *there)}) > 1:
        return None
    at = next(at for at, pair in enumerate(zip(got, wanted, strict=True)) if pair[0] != pair[1])
    return Finding(
        "completion-order",
        f"{fatal.thread} got {got[at]} ({line(here[at])}) where in another run it got {wanted[at]} "
        f"first: the results come in the order in which the threads were ready, here "
        f"{listed(got)}, and the check at {line(fatal)} wants another one. Threads finish in any "
        "order. Keep each result with its number or name, or ask the futures for their results in "
        "the order in which you made them, as `map` does.",
    )


def _both_sides(one: str, two: str) -> tuple[list[str] | None, list[str] | None]:
    """The items of two lists or tuples, or of two dicts by the keys of the first, as texts; None
    where they are not all known.
    """
    left, right = _value(one), _value(two)
    if isinstance(left, dict) and isinstance(right, dict) and left.keys() == right.keys():
        left, right = list(left.values()), [right[key] for key in left]
    return _items(left), _items(right)


def _value(text: str) -> object:
    try:
        return ast.literal_eval(text) if "..." not in text else None
    except (SyntaxError, ValueError):
        return None


def _items(value: object) -> list[str] | None:
    return [repr(item) for item in value] if isinstance(value, (list, tuple)) else None


def _by_pieces(case: Case, left: list[str], right: list[str]) -> list[Event]:
    """Where one side's items became ready in that order, as calls were completed or items put:
    those events, if that is not the order in which they were begun.
    """
    for kind in ("set", "put"):
        ready = [e for e in case.events if e.kind == kind and e.after in left]
        if [e.after for e in ready] not in (left, right):
            continue
        begun = list(dict.fromkeys(e.where for e in case.events if e.kind == kind))
        calls = [e.where for e in ready if kind == "set"]
        if calls != [place for place in begun if place in calls] or not _in_turn(case, ready):
            return ready
    return []


def _by_turns(case: Case, compared: Event) -> list[Event]:
    """Where threads added to the very list that was compared, not in the order of their start:
    what each added first.
    """
    first: dict[str, Event] = {}
    for event in case.by_place.get(-1 if compared.where is None else compared.where, []):
        if event.kind in CHANGES and event.thread != compared.thread:
            first.setdefault(event.thread, event)
    return [] if _in_turn(case, list(first.values())) else list(first.values())


def _in_turn(case: Case, events: list[Event]) -> bool:
    """Whether the threads appear in the order of their start."""
    threads = list(dict.fromkeys(e.thread for e in events))
    return threads == sorted(threads, key=case.run.threads.index)


def _line_of(case: Case, event: Event) -> Event:
    """The step, or the nearest one before it, or the thread's start, whose line is known."""
    own = [e for e in (*case.before(event), event) if e.line is not None]
    return own[-1] if own else case.starts().get(event.thread, event)


def accidentally_serial(case: Case) -> Finding | None:
    """Threads that wait could have waited at the same time, but did so one after another."""
    fatal = case.fatal
    looks = [e for e in case.before(fatal) if e.kind == "time"] if fatal is not None else []
    if fatal is None or len(looks) < 2 or case.run.verdict != "assertion":
        return None
    alone = _did_it_alone(case, fatal, looks)
    if alone is not None:
        return alone
    alone = _one_did_it_all(case)
    if alone is not None:
        return alone
    spans = [span for span in map(_waiting_of, _workers(case)) if span is not None]
    spans.sort(key=lambda span: span.first.step)
    overlap = any(two.began < one.last.time for one, two in pairwise(spans))
    if len(spans) < 2 or looks[-1].step < spans[-1].last.step:
        return None
    if overlap:
        return _in_groups(case, spans)
    first, second = (span.first for span in spans[:2])
    return Finding(
        "accidentally-serial",
        f"{first.thread} waited ({line(_line_of(case, first))}) until {first.time:g} s, and only "
        f"then {second.thread} began to ({line(_line_of(case, second))}): "
        f"{_why(case, *spans[:2])}. So the {len(spans)} took {looks[-1].time - looks[0].time:g} s, "
        "as long as one after another. Start them all first and join them afterwards, and hold no "
        "lock while you wait.",
    )


def _in_groups(case: Case, spans: list[_Span]) -> Finding | None:
    """The last to be ready was started only when the slowest of some others had been joined."""
    late = max(spans, key=lambda span: span.last.time).last.thread
    start = case.starts().get(late)
    if start is None:
        return None
    ended = {e.thread: e.time for e in case.events[: start.step] if e.kind == "end"}
    just_now = {name for name, time in ended.items() if time == start.time}
    slow = [e for e in case.before(start) if e.kind == "join" and e.target in just_now]
    quick = [name for name, time in ended.items() if time < start.time]
    if not slow or not quick:
        return None
    return Finding(
        "accidentally-serial",
        f"{start.thread} started {late} ({line(start)}) only when it had joined {slow[-1].target} "
        f"({line(slow[-1])}), at {start.time:g} s, though {quick[-1]} had ended at "
        f"{ended[quick[-1]]:g} s. Whoever waits for a whole group waits for its slowest. Let the "
        "next one begin when any has ended: a semaphore or a pool says when, and `join` comes at "
        "the end.",
    )


def _did_it_alone(case: Case, fatal: Event, looks: list[Event]) -> Finding | None:
    """The thread that should have started others did all the waiting itself."""
    if [look.line for look in looks].count(looks[0].line) > 1:
        return None  # it notes down when it does what: nothing says that it is about the whole
    slept = [e for e in case.before(fatal) if e.kind == "sleep"]
    others = [e for e in case.events if e.thread != fatal.thread]
    if len(slept) < 2 or len({e.line for e in slept}) > 1 or {e.kind for e in others} - _NOTHING:
        return None
    if {e.thread for e in others} - case.ended:
        return None  # they may have begun to wait as well
    if any(e.kind == "caught" for e in case.steps(fatal.thread, slept[0].step, slept[-1].step)):
        return None  # it failed, waited and tried again, which nobody else can do meanwhile
    idle = sorted({e.thread for e in others}, key=case.run.threads.index)
    rest = f"while {listed(idle)} had nothing to do" if idle else "and no thread was started"
    return Finding(
        "accidentally-serial",
        f"{fatal.thread} itself waited {len(slept)} times ({line(slept[0])}), until "
        f"{slept[-1].time:g} s, {rest}. `start()` has a thread call its "
        "target; `run()`, or `target=work()` with brackets, calls it here and now.",
    )


def _one_did_it_all(case: Case) -> Finding | None:
    """One of several threads with the same work did all of it; another had gone home early."""
    slept = [e for e in case.events if e.kind == "sleep"]
    if len(slept) < 2 or len({(e.thread, e.line) for e in slept}) > 1:
        return None
    busy = slept[0].thread
    lines = {e.line for e in case.by_thread[busy]}
    for name in case.starts():
        own = [e for e in case.by_thread[name] if e.kind != "begin"]
        last = next((e for e in reversed(own) if e.line is not None), None)
        if name == busy or name not in case.ended or last is None:
            continue
        if {e.line for e in own} <= lines and own[-1].time < slept[-1].time:
            return Finding(
                "accidentally-serial",
                f"{busy} waited {len(slept)} times ({line(slept[0])}), until {slept[-1].time:g} s, "
                f"all by itself: {name}, which runs the same code, had come to its end at "
                f"{own[-1].time:g} s (last at {line(last)}). To have nothing to do for the moment "
                "is not the end: let it wait until there is work, or until nobody can bring any.",
            )
    return None


@dataclass(frozen=True)
class _Span:
    """From when to when a thread, or a call made by a pool, slept."""

    began: float
    first: Event
    last: Event


def _workers(case: Case) -> list[list[Event]]:
    """The steps of each thread that was started, and of each call that was made by a pool."""
    found = []
    for name in case.run.threads:
        if name == case.main:
            continue
        call: list[Event] = []
        for event in case.by_thread[name]:
            if event.kind == "get" and event.code is None:
                found.append(call)
                call = []
            call.append(event)
        found.append(call)
    return found


def _waiting_of(steps: list[Event]) -> _Span | None:
    """When a thread slept; None if no time passed."""
    slept = [at for at, e in enumerate(steps) if e.kind == "sleep" and at]
    if not slept:
        return None
    span = _Span(steps[slept[0] - 1].time, steps[slept[0]], steps[slept[-1]])
    return span if span.began < span.last.time else None


def _why(case: Case, one: _Span, two: _Span) -> str:
    """What kept two threads from waiting at the same time."""
    first, second = one.last, two.first
    if set(first.guards) & set(second.guards):
        return f"both did it while they held {case.guard_name(second)}"
    between = case.events[first.step : second.step]
    if first.thread == second.thread and not any(e.kind == "submit" for e in between):
        return "the pool has only one thread for them"
    for event in between:
        if event.kind in ("join", "result") and event.line is not None:
            return f"{event.thread} waited for the first ({line(event)}) before it went on"
        waited = event.kind == "wait" and event.since < event.step
        if waited and event.thread not in (first.thread, second.thread):
            return f"{event.thread} waited for {datum(event)} ({line(event)}) before it went on"
    return "they did not run at the same time"


def wrong_without_preemption(case: Case) -> Finding | None:
    """The first schedule of all fails, in which every thread goes on for as long as it can."""
    if case.preempted:
        return None
    if case.fatal is not None:
        error = (case.fatal.target or "an exception").partition(":")[0]
        if error == "NotImplementedError":
            return None  # nobody has written it yet
        happened = f"{case.fatal.thread} raised {error} ({line(case.fatal)})"
    elif case.blocked:
        first = case.blocked[0]
        happened = f"{first.thread} waits in vain for {first.waited_for} ({line(first)})"
    else:
        return None
    timers = " (sleeps and time-outs may take any time here)" if case.adversarial else ""
    return Finding(
        "wrong-without-preemption",
        f"{happened}, and yet no thread was preempted in this run: each went on until it had to "
        f"wait or had ended{timers}. So look for the mistake in what the code does when it is read "
        "from top to bottom, before you look for a gap between two steps.",
    )
