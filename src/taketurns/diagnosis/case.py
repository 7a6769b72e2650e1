"""A failing run, indexed for the rules that look for evidence in it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from taketurns.engine.recording import Event
    from taketurns.engine.results import Run

DATA = frozenset({"read", "write", "delete"})
CHANGES = frozenset({"write", "delete"})
# Steps by which a thread learns that another one has come to some point.
LEARNS = frozenset(
    {
        "join",
        "queue-join",
        "is-alive",
        "wake",
        "wait",
        "arrive",
        "pass",
        "get",
        "try-get",
        "result",
        "spin",
    }
)
# Steps by which a thread leaves something for others.
TELLS = frozenset({"write", "delete", "call", "put", "try-put", "set", "notify", "submit", "start"})


Step = tuple[str, str | None, int | None]  # kind, target, line


@dataclass(frozen=True)
class Finding:
    """A named mistake, and what happened, why it is wrong and what to do."""

    mistake: str
    paragraph: str


@dataclass(frozen=True)
class Pair:
    """A thread's reading and a later step of it that relies on it, with another's write between."""

    read: Event
    other: Event
    act: Event
    earlier_reads: int = 0


_step = attrgetter("step")


class Case:
    """The events of a run by thread and by shared thing."""

    def __init__(self, run: Run, calm: Run | None = None) -> None:
        self.run = run
        self.calm = calm
        self.events = tuple(map(_told_plainly, run.events))
        self.by_place: dict[int, list[Event]] = defaultdict(list)
        self.by_thread: dict[str, list[Event]] = defaultdict(list)
        self.by_object: dict[int, list[Event]] = defaultdict(list)
        self._signals: dict[int | None, bool] = {}
        for event in self.events:
            self.by_thread[event.thread].append(event)
            if event.where is not None and event.kind in DATA:
                self.by_place[event.where].append(event)
            if event.whole is not None:
                self.by_object[event.whole].append(event)

    # -- how it ended -----------------------------------------------------------------------------

    @property
    def wrong_answer(self) -> bool:
        """The run came to an end and something was wrong with it."""
        return self.run.verdict in ("assertion", "exception", "thread-exception")

    @property
    def adversarial(self) -> bool:
        """Timers fired at any moment in this run."""
        return self.run.schedule.startswith("~")

    @property
    def preempted(self) -> bool:
        """A thread had to let another one go first although it could have gone on."""
        return not self.run.schedule.lstrip("+~").startswith("0.")

    @property
    def main(self) -> str:
        """The thread that ran the program."""
        return self.run.threads[0]

    @cached_property
    def ended(self) -> set[str]:
        """Threads that came to their end."""
        return {e.thread for e in self.events if e.kind == "end"}

    @cached_property
    def blocked(self) -> list[Event]:
        """What threads wait for in vain."""
        return [e for e in self.events if e.kind == "blocked"]

    @cached_property
    def raised(self) -> dict[str, Event]:
        """The exceptions that ended threads."""
        return {e.thread: e for e in self.events if e.kind == "raise"}

    @property
    def fatal(self) -> Event | None:
        """The exception that made this run a failure."""
        if not self.wrong_answer:
            return None
        if self.run.verdict == "thread-exception":
            return next(iter(self.raised.values()), None)
        return self.raised.get(self.main)

    # -- parts of it ------------------------------------------------------------------------------

    def steps(self, thread: str, first: int, last: int) -> list[Event]:
        """What a thread did after step `first` and before step `last`."""
        own = self.by_thread[thread]
        return own[bisect_right(own, first, key=_step) : bisect_left(own, last, key=_step)]

    def after(self, event: Event) -> list[Event]:
        """What a thread did after a step of it."""
        own = self.by_thread[event.thread]
        return own[bisect_right(own, event.step, key=_step) :]

    def pending(self, thread: str) -> list[Event]:
        """The step that a thread had still to take when the run was over, if there was one."""
        return [e for e in self.run.pending if e.thread == thread]

    def before(self, event: Event) -> list[Event]:
        """What a thread did before a step of it."""
        own = self.by_thread[event.thread]
        return own[: bisect_left(own, event.step, key=_step)]

    def readings(self, write: Event) -> list[Event]:
        """Where somebody later read the value that was written: in its place, with the whole of
        which it is a part, or, if it is an attribute of a class, through an object of that.
        """
        return [
            e
            for e in self.events[bisect_right(self.events, write.step, key=_step) :]
            if e.kind == "read"
            and (
                e.where == e.whole == write.whole is not None
                or (
                    e.before == write.after
                    and (e.where == write.where or _attribute(e) == _attribute(write) is not None)
                )
            )
        ]

    def on(self, whole: int | None) -> list[Event]:
        """All that was done to an object."""
        return [] if whole is None else self.by_object.get(whole, [])

    def starts(self) -> dict[str, Event]:
        """Who was started, and by which step."""
        return {e.target: e for e in self.events if e.kind == "start" and e.target is not None}

    def at_the_same_time(self, one: Event, two: Event) -> bool:
        """Whether two steps are of threads that were started, the second before anybody knew that
        the first had ended.
        """
        starts = self.starts()
        if not {one.thread, two.thread} <= starts.keys():
            return False
        begun = starts[two.thread].step
        return not any(
            e.kind == "join" and e.target == one.thread and e.step < begun for e in self.events
        )

    # -- readings that were out of date -----------------------------------------------------------

    @cached_property
    def stale_writes(self) -> list[Pair]:
        """Writes based on a reading that somebody had overwritten in between, in order."""
        found = []
        for events in self.by_place.values():
            for act in events:
                if act.kind != "write":
                    continue
                reads = _reads_of_this_operation(act, events)
                if not reads or self.learnt_between(reads[-1], act):
                    continue
                others = _changes_by_others(events, reads[-1], act)
                if others:
                    found.append(Pair(reads[-1], others[0], act, len(reads) - 1))
        return sorted(found, key=lambda pair: pair.act.step)

    def old_checks(self) -> Iterator[Pair]:
        """Steps taken on a reading that was out of date, though the datum was read again."""
        for events in self.by_place.values():
            if largest_crowd(events)[1]:
                continue  # who counts itself out does not act on what it read when it came in
            for act in events:
                if act.kind == "read":
                    continue
                reads = _reads_of_this_operation(act, events)
                for at, first in enumerate(reads[:-1]):
                    if any(later.line == first.line for later in reads[at + 1 :]):
                        continue  # it was checked again
                    between = _changes_by_others(events, first, act)
                    if between and not self.learnt_between(first, act):
                        yield Pair(first, between[0], act, len(reads) - 1)

    def learnt_between(self, first: Event, last: Event) -> bool:
        """Whether a thread waited for others between two steps of it."""
        return any(self.learns(e) for e in self.steps(first.thread, first.step, last.step))

    def learns(self, event: Event) -> bool:
        """Whether this step waited for what another thread does."""
        return event.kind in LEARNS or (event.kind == "acquire" and self.is_signal(event.whole))

    def would_have_acted(self, act: Event) -> bool:
        """Whether as many such steps were taken where nobody came between: no check was passed
        here that failed there.
        """
        if self.calm is None:
            return False

        here, there = self._counts
        step = (act.kind, act.target, act.line)
        return here[step] == there[step]

    @cached_property
    def _counts(self) -> tuple[Counter[Step], Counter[Step]]:
        """How often each step was taken, here and in the calm run."""
        calm = self.calm.events if self.calm is not None else ()
        here, there = (
            Counter((e.kind, e.target, e.line) for e in events) for events in (self.events, calm)
        )
        return here, there

    def changes_it_too(self, read: Event) -> bool:
        """Whether a reading is part of a change: the thread's next step on the datum is a write."""
        return any(
            e.kind in CHANGES for e in [e for e in self.after(read) if e.where == read.where][:1]
        )

    def flag(self, pair: Pair) -> bool:
        """Whether the thread set the datum for a while and then put its old value back."""
        later = [e for e in self.after(pair.act) if e.where == pair.act.where and e.kind == "write"]
        return bool(later) and later[0].after == pair.read.before and pair.read.before is not None

    # -- locks and sleeps -------------------------------------------------------------------------

    def kept_between(self, thread: str, first: Event, last: Event) -> set[int]:
        """Guards that a thread held without a break from one step of it to another."""
        kept = set(first.guards)
        for event in self.by_thread[thread]:
            if first.step <= event.step <= last.step:
                kept &= set(event.guards)
        return kept

    def released_between(self, thread: str, first: Event, last: Event) -> Event | None:
        """The first release by a thread between two steps of it."""
        return next(
            (e for e in self.steps(thread, first.step, last.step) if e.kind == "release"), None
        )

    def slept_before(self, event: Event) -> bool:
        """The thread had slept before this step."""
        return any(e.kind == "sleep" for e in self.before(event))

    def guard_name(self, event: Event, among: Iterable[int] = ()) -> str:
        """What the learner calls the lock held at this step; the first `among` these, if known."""
        if len(event.held) == len(event.guards):  # else there are permits between, without names
            for name, guard in zip(event.held, event.guards, strict=True):
                if guard in among:
                    return f"`{name}`"
        return f"`{event.held[-1]}`" if event.held else "its lock"

    def is_signal(self, guard: int | None) -> bool:
        """Whether a lock or semaphore passes messages from thread to thread: it is released by
        those who did not take it, or was empty at first.
        """
        if guard not in self._signals:
            self._signals[guard] = self._passes_messages(guard)
        return self._signals[guard]

    def _passes_messages(self, guard: int | None) -> bool:
        taken: dict[str, int] = defaultdict(int)
        most = 0
        for event in self.on(guard):
            if event.kind == "acquire" or (event.kind == "try-acquire" and event.after != "False"):
                taken[event.thread] += 1
                most = max(most, sum(taken.values()))
            elif event.kind == "release":
                if taken[event.thread] == 0:
                    return True
                taken[event.thread] -= 1
        return most == 0


def _attribute(event: Event) -> str | None:
    """The last name of `user.name`."""
    _, dot, name = (event.target or "").rpartition(".")
    return name if dot else None


def _told_plainly(event: Event) -> Event:
    """`len(items)` is a call, but all that it does is to read."""
    return replace(event, kind="read") if event.kind == "call" and event.before else event


def _reads_of_this_operation(act: Event, events: list[Event]) -> list[Event]:
    """The readings of a datum by a thread since it last wrote it, before it acts."""
    reads: list[Event] = []
    for event in reversed(events[: bisect_left(events, act.step, key=_step)]):
        if event.thread == act.thread:
            if event.kind != "read":
                break
            reads.insert(0, event)
    return reads


def _changes_by_others(events: list[Event], first: Event, last: Event) -> list[Event]:
    """What other threads did to a datum between two steps of a thread."""
    after, before = (bisect_left(events, e.step, key=_step) for e in (first, last))
    return [e for e in events[after:before] if e.thread != last.thread and e.kind != "read"]


def largest_crowd(events: list[Event]) -> tuple[list[Event], bool]:
    """For a datum that threads count up when they enter and down when they leave: the entries of
    those who were inside when they were most, and whether any has left.
    """
    inside: dict[str, Event] = {}
    crowd: list[Event] = []
    has_left = False
    for event in events:
        if event.kind == "read" or event.before in (None, "None"):
            continue  # nothing changes, or it gets its first value
        try:
            change = int(event.after or "") - int(event.before or "")
        except ValueError:
            return [], False
        if change == 1 and event.thread not in inside:
            inside[event.thread] = event
            crowd = max(crowd, list(inside.values()), key=len)
        elif change == -1 and event.thread in inside:
            del inside[event.thread]
            has_left = True
        else:
            return [], False
    return crowd, has_left


def line(event: Event) -> str:
    """`line 7`, or something to say where it is not known."""
    return f"line {event.line}" if event.line is not None else "a line that is not known"


def datum(event: Event) -> str:
    """The shared thing as the learner wrote it."""
    return f"`{event.target}`" if event.target else "a shared value"


def value(text: str | None) -> str:
    """`: 7`, or nothing where it is not known."""
    return f": {text}" if text is not None else ""


def is_lock(text: str | None) -> bool:
    """Whether a value is shown as what one takes and gives back."""
    return text in ("<Lock>", "<RLock>", "<Condition>", "<Semaphore>", "<BoundedSemaphore>")


def listed(names: Iterable[str]) -> str:
    """`A, B and C`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
