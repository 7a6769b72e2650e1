"""A failing run, indexed for the rules that look for evidence in it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taketurns.engine.recording import Event
    from taketurns.engine.results import Run


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


class Case:
    """The events of a run by thread and by shared thing."""

    def __init__(self, run: Run, calm: Run | None = None) -> None:
        self.run = run
        self.calm = calm
        self.events = run.events
        self.by_place: dict[int, list[Event]] = defaultdict(list)
        self.by_thread: dict[str, list[Event]] = defaultdict(list)
        for event in run.events:
            self.by_thread[event.thread].append(event)
            if event.where is not None and event.kind in ("read", "write", "delete"):
                self.by_place[event.where].append(event)

    @property
    def wrong_answer(self) -> bool:
        """The run came to an end and something was wrong with it."""
        return self.run.verdict in ("assertion", "exception", "thread-exception")

    @property
    def adversarial(self) -> bool:
        """Timers fired at any moment in this run."""
        return self.run.schedule.startswith("~")

    @property
    def main(self) -> str:
        """The thread that ran the program."""
        return self.run.threads[0]

    @cached_property
    def ended(self) -> set[str]:
        """Threads that came to their end."""
        return {e.thread for e in self.events if e.kind == "end"}

    @cached_property
    def stale_writes(self) -> list[Pair]:
        """Writes based on a reading that somebody had overwritten in between, in order."""
        found = []
        for events in self.by_place.values():
            for act in events:
                if act.kind != "write":
                    continue
                own = [e for e in events if e.thread == act.thread and e.step < act.step]
                reads = _reads_of_this_operation(own)
                if not reads:
                    continue
                others = [
                    e
                    for e in events
                    if e.thread != act.thread
                    and e.kind != "read"
                    and reads[-1].step < e.step < act.step
                ]
                if others:
                    found.append(Pair(reads[-1], others[0], act, len(reads) - 1))
        return sorted(found, key=lambda pair: pair.act.step)

    def old_checks(self) -> Iterator[Pair]:
        """Steps taken on a reading that was out of date, though the datum was read again."""
        for events in self.by_place.values():
            for act in events:
                if act.kind == "read":
                    continue
                own = [e for e in events if e.thread == act.thread and e.step < act.step]
                reads = _reads_of_this_operation(own)
                for first in reads[:-1]:
                    between = [
                        e
                        for e in events
                        if e.thread != act.thread
                        and e.kind != "read"
                        and first.step < e.step < act.step
                    ]
                    if between:
                        yield Pair(first, between[0], act, len(reads) - 1)

    def would_have_acted(self, act: Event) -> bool:
        """Whether as many such steps were taken where nobody came between: no check was passed
        here that failed there.
        """
        if self.calm is None:
            return False

        def count(run: Run) -> int:
            return sum(
                (e.kind, e.target, e.line) == (act.kind, act.target, act.line) for e in run.events
            )

        return count(self.calm) == count(self.run)

    def flag(self, pair: Pair) -> bool:
        """Whether the thread set the datum for a while and then put its old value back."""
        later = [
            e
            for e in self.by_thread[pair.act.thread]
            if e.where == pair.act.where and e.kind == "write" and e.step > pair.act.step
        ]
        return bool(later) and later[0].after == pair.read.before and pair.read.before is not None

    def kept_between(self, thread: str, first: Event, last: Event) -> set[int]:
        """Guards that a thread held without a break from one step of it to another."""
        kept = set(first.guards)
        for event in self.by_thread[thread]:
            if first.step <= event.step <= last.step:
                kept &= set(event.guards)
        return kept

    def released_between(self, thread: str, first: Event, last: Event) -> Event | None:
        """The first release by a thread between two steps of it."""
        for event in self.by_thread[thread]:
            if first.step < event.step < last.step and event.kind == "release":
                return event
        return None

    def slept_before(self, event: Event) -> bool:
        """The thread had slept before this step."""
        return any(e.kind == "sleep" and e.step < event.step for e in self.by_thread[event.thread])

    def guard_name(self, event: Event) -> str:
        """What the learner calls the lock held at this step."""
        return f"`{event.held[-1]}`" if event.held else "its lock"


def _reads_of_this_operation(own: list[Event]) -> list[Event]:
    """The readings of a datum by a thread since it last wrote it."""
    reads: list[Event] = []
    for event in own:
        if event.kind == "read":
            reads.append(event)
        else:
            reads.clear()
    return reads


def line(event: Event) -> str:
    """`line 7`, or nothing where it is not known."""
    return f"line {event.line}" if event.line is not None else "a line that is not known"


def datum(event: Event) -> str:
    """The shared datum as the learner wrote it."""
    return f"`{event.target}`" if event.target else "a shared value"
