"""What a picture or a trace of a run tells: which steps, under which names, and what went wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from taketurns.engine.recording import Event


class RunLike(Protocol):
    """What this package reads of a Run."""

    @property
    def events(self) -> tuple[Event, ...]:
        """The steps, in order."""

    @property
    def threads(self) -> tuple[str, ...]:
        """The threads' names, in order of creation."""

    @property
    def verdict(self) -> str:
        """How the run ended."""

    @property
    def message(self) -> str:
        """What was wrong, or nothing."""

    @property
    def elapsed(self) -> float:
        """Virtual seconds."""

    @property
    def schedule(self) -> str:
        """The string to replay it with."""

    def headline(self) -> str:
        """One line that says how the run ended."""


DATA = frozenset({"read", "write", "delete", "call"})
CHANGES = frozenset({"write", "delete", "call"})
PRIVATE = DATA | {"time"}
NAMELESS = frozenset({"begin", "end", "sleep", "spin", "time", "return", "blocked", "idle"})
ERRORS = frozenset({"raise", "caught"})
STUCK = frozenset({"deadlock", "no-progress", "leaked-thread"})  # what would never end for real
# Kinds that name the same things. An attribute and the lock in it are not taken for twins, nor what
# a `put` and a `get` touch of one queue.
SORTS = dict.fromkeys(DATA, "data") | dict.fromkeys(("acquire", "try-acquire", "release"), "lock")
FEW = 12  # steps that are all shown, private or not
LIMIT = 90  # steps shown of a long run
HEAD, TAIL, AROUND = 24, 36, 16  # which ones these are: first, last, around what matters
GROUP = 4  # so many starts or joins in a row are one mark

VERBS = {
    "read": "read",
    "write": "write",
    "delete": "delete",
    "call": "call",
    "acquire": "acquire",
    "try-acquire": "try",
    "release": "release",
    "wait": "wait on",
    "notify": "notify",
    "wake": "woken by",
    "set": "set",
    "clear": "clear",
    "is-set": "look at",
    "start": "start",
    "begin": "begin",
    "join": "join",
    "end": "end",
    "is-alive": "is alive:",
    "put": "put into",
    "get": "get from",
    "try-put": "try to put into",
    "try-get": "try to get from",
    "task-done": "task done:",
    "queue-join": "join",
    "shutdown": "shut down",
    "submit": "submit to",
    "result": "result of",
    "cancel": "cancel",
    "arrive": "arrive at",
    "pass": "pass",
    "abort": "abort",
    "reset": "reset",
    "sleep": "sleep",
    "spin": "spin",
    "time": "look at the clock",
    "timeout": "time-out of",
    "blocked": "waits for ever",
    "raise": "raise",
    "caught": "catch",
    "return": "return",
    "idle": "wait for work",
}
HEADLINES = {
    "assertion": "An assertion failed",
    "exception": "An exception ended the program",
    "thread-exception": "A thread died of an exception",
    "deadlock": "Deadlock: nobody can go on",
    "no-progress": "It waits for ever",
    "leaked-thread": "The program ended, a thread did not",
    "inconclusive": "Too long to explore",
}


@dataclass(frozen=True)
class Lost:
    """A write that overwrites a value which its thread never saw."""

    seen: str | None  # what the thread had read
    read: int  # at which step
    writer: str  # who wrote in between
    step: int  # at which step
    value: str | None  # what was overwritten


@dataclass(frozen=True)
class Mark:
    """One shown step."""

    event: Event
    full: str  # the target as the learner wrote it, numbered where that is ambiguous
    name: str  # the same, as short as is clear
    began: float  # virtual seconds at which the thread announced it
    lost: Lost | None = None
    fatal: bool = False
    stuck: bool = False  # announced, never done
    creates: bool = False  # nobody had touched this location before
    more: tuple[Mark, ...] = ()  # starts or joins that directly follow this one

    @property
    def waited(self) -> bool:
        """Whether the thread had to wait for this step."""
        return self.stuck or self.event.since < self.event.step or self.began < self.event.time

    @property
    def value(self) -> str:
        """The value read, put or got, or `before → after`; empty if the step has none."""
        event = self.event
        if event.kind in ("write", "delete"):
            after = "gone" if event.kind == "delete" else event.after
            if event.before is None or (self.creates and event.before == "None"):
                return f"→ {after}" if after is not None else ""
            return f"{event.before} → {after}" if after is not None else event.before
        if event.kind == "read":
            return event.before or event.after or ""
        return event.after or event.before or ""

    @property
    def what(self) -> str:
        """The step in words."""
        if self.more:
            return f"{self.event.kind} {len(self.more) + 1} threads"
        verb = VERBS.get(self.event.kind, self.event.kind)
        if self.event.kind in CHANGES and f"{self.event.target}(" in (self.event.code or ""):
            verb = "call"  # of a method that changes its object
        return f"{verb} {self.full}".rstrip() if self.full else verb.removesuffix(":").strip()


@dataclass(frozen=True)
class Fold:
    """Steps of a long run that are left out here."""

    count: int
    first: int
    last: int


@dataclass(frozen=True)
class Span:
    """A lock held by a thread, from one step to another."""

    thread: str
    name: str
    first: int
    last: int | None  # None: to the end of the run
    depth: int


@dataclass(frozen=True)
class Story:
    """A run as it is told."""

    items: tuple[Mark | Fold, ...]
    threads: tuple[str, ...]
    held: tuple[Span, ...]
    lives: dict[str, tuple[int, int]]  # first and last step of each thread that took one
    private: int  # steps folded because no other thread could notice them
    skipped: int  # steps left out of a long run
    switches: int
    steps: int
    nicknames: dict[str, str]  # of threads, where that is clear
    focus: tuple[int, int] | None
    focus_threads: tuple[str, ...]

    @property
    def marks(self) -> list[Mark]:
        """The shown steps."""
        return [item for item in self.items if isinstance(item, Mark)]

    @property
    def folded(self) -> str:
        """What was left out, in words; empty if nothing was."""
        parts = []
        if self.private:
            parts.append(f"{count(self.private, 'private step')} folded")
        if self.skipped:
            parts.append(f"{count(self.skipped, 'step')} in between left out")
        return " · ".join(parts)


def count(number: int, noun: str, plural: str = "") -> str:
    """`3 steps`, `1 switch`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def seconds(value: float) -> str:
    """`2.0 s`, `0.25 s`: virtual seconds, as short as is exact to a microsecond."""
    text = f"{value:.6f}".rstrip("0")
    return (text + "0" if text.endswith(".") else text) + " s"


def headline(run: RunLike) -> str:
    """The title of a run that was given none."""
    return HEADLINES.get(run.verdict) or run.headline()


def summary(run: RunLike, story: Story) -> str:
    """One line: how long the run is, and how to replay it."""
    parts = [count(story.steps, "step"), count(story.switches, "switch", "switches")]
    if run.elapsed:
        parts.append(f"{seconds(run.elapsed)} of virtual time")
    if run.schedule:
        parts.append(f"replay “{run.schedule}”")
    return " · ".join(parts)


def tell(
    run: RunLike,
    *,
    focus: tuple[int, int] | None = None,
    limit: int | None = LIMIT,
    trace: bool = False,
) -> Story:
    """Choose what to show of a run: at most `limit` items, private steps not at all.

    A `trace` lists what a picture shows otherwise: the beginnings and ends of threads, and each of
    several starts or joins in a row.
    """
    events = run.events
    names = _Names(events, run.threads)
    lost = _lost(events)
    stuck = _stuck(run)
    fatal = _fatal(run, stuck)
    two: tuple[str, ...] = ()
    if focus is None and lost:
        at, loss = next(iter(lost.items()))
        mine = next(event for event in events if event.step == at)
        theirs = [
            event.step
            for event in events
            if event.where == mine.where
            and event.thread == loss.writer
            and event.kind == "read"
            and event.step < loss.step
        ]
        focus = (min(loss.read, *theirs[-1:]) if theirs else loss.read, at)
        two = (loss.writer, mine.thread)
    marks = []
    last: dict[str, float] = {}
    shown = _interesting(events) if len(events) > FEW else None
    if shown is not None and not any(
        event.kind not in ("begin", "end") for event in events if event.step in shown
    ):
        shown = None
    hidden = 0
    touched: set[int | None] = {None}
    for event in events:
        creates = event.where not in touched
        touched.add(event.where)
        began = min(last.get(event.thread, event.time), event.time)
        last[event.thread] = event.time
        if shown is not None and event.step not in shown and event.step not in (fatal, *stuck):
            hidden += 1
            continue
        full, name = names(event)
        marks.append(
            Mark(
                event,
                full,
                name,
                began,
                lost.get(event.step),
                event.step == fatal,
                event.step in stuck,
                creates,
            )
        )
    items: list[Mark | Fold] = list(marks if trace else _gathered(marks))
    skipped = 0
    if limit is not None and len(items) > limit:
        items = _shorten(items, limit, focus)
        skipped = sum(item.count for item in items if isinstance(item, Fold))
    lives: dict[str, tuple[int, int]] = {}
    for event in events:
        lives[event.thread] = (lives.get(event.thread, (event.step, 0))[0], event.step)
    involved: tuple[str, ...] = ()
    if focus is not None:
        inside = [e for e in events if focus[0] <= e.step <= focus[1]]
        who = set(two) or {event.thread for event in inside}
        involved = tuple(name for name in run.threads if name in who)
    known = dict.fromkeys(run.threads) | dict.fromkeys(event.thread for event in events)
    return Story(
        items=tuple(items),
        threads=tuple(known),
        held=tuple(_held(events, names)),
        lives=lives,
        private=hidden,
        skipped=skipped,
        switches=sum(a.thread != b.thread for a, b in pairwise(events)),
        steps=len(events),
        nicknames=names.nicknames,
        focus=focus,
        focus_threads=involved,
    )


def sentence(mark: Mark) -> str:
    """One step in words: who, what, with which value, and what is wrong with it."""
    event = mark.event
    text = f"{event.thread}: {mark.what}"
    if mark.more:
        text += f" ({', '.join(m.full for m in (mark, *mark.more))})"
    if mark.value:
        text += f" ({mark.value})"
    if mark.stuck:
        text = f"{event.thread} waits for ever"
        if event.waited_for:
            text += f" for {event.waited_for}"
    elif mark.waited and event.waited_for:
        text += f", after waiting for {event.waited_for}"
    if mark.lost:
        text += f", overwriting {mark.lost.value}, which {mark.lost.writer} wrote and it never saw"
    return text


def description(run: RunLike, story: Story) -> str:
    """The story in sentences, for those who do not see the picture."""
    parts = [headline(run) + "."]
    for item in story.items:
        if isinstance(item, Fold):
            parts.append(f"{count(item.count, 'step')} left out.")
        else:
            parts.append(f"{sentence(item)}.")
        if sum(map(len, parts)) > 2000:
            parts.append("And so on.")
            break
    if run.message:
        parts.append(run.message)
    return " ".join(parts)


# -- names ------------------------------------------------------------------------------------


class _Names:
    """Calls events' targets by names that are short, and different for different things."""

    def __init__(self, events: Sequence[Event], threads: Sequence[str]) -> None:
        self._people = self._thread_names(events, threads)
        plain = [re.sub(r" \(.*\)$", "", name) for name in threads]
        self.nicknames = {
            name: short
            for name, short in zip(threads, plain, strict=True)
            if plain.count(short) == 1
        }
        places: dict[tuple[str, str], list[int]] = {}
        spellings: dict[int, set[str]] = {}
        fulls: dict[tuple[str, str], list[int]] = {}
        for event in events:
            if event.target is None or event.where is None or event.where in self._people:
                continue
            if event.kind in NAMELESS | ERRORS:
                continue
            sort = SORTS.get(event.kind, event.kind)
            short = shorten(event.target)
            for table, key in ((places, (sort, short)), (fulls, (sort, event.target))):
                if event.where not in table.setdefault(key, []):
                    table[key].append(event.where)
            spellings.setdefault(event.where, set()).add(event.target)
        self._places = places
        self._fulls = fulls
        self._spellings = spellings

    @staticmethod
    def _thread_names(events: Sequence[Event], threads: Sequence[str]) -> dict[int, str]:
        people = {
            event.where: event.thread
            for event in events
            if event.kind == "end" and event.where is not None
        }
        started = [event for event in events if event.kind == "start"]
        if len(started) == len(threads) - 1:
            for event, name in zip(started, threads[1:], strict=True):
                if event.where is not None:
                    people.setdefault(event.where, name)
        known = {event.where for event in started} | {
            event.where for event in events if event.kind in ("end", "join", "is-alive")
        }
        return {where: name for where, name in people.items() if where in known}

    def __call__(self, event: Event) -> tuple[str, str]:
        """The full and the short name of what the event touches."""
        if event.target is None or event.kind in NAMELESS:
            return "", ""
        if event.kind in ERRORS:
            return event.target, event.target.partition(":")[0]
        if event.where is not None and event.where in self._people:
            name = self._people[event.where]
            return name, self.nicknames.get(name, name)
        full, short = event.target, shorten(event.target)
        if event.where is None:
            return full, short
        sort = SORTS.get(event.kind, event.kind)
        twins = self._places.get((sort, short), [])
        if len(twins) < 2:
            return full, short
        apart = all(
            len(self._spellings[where]) == 1
            and len(self._fulls[sort, next(iter(self._spellings[where]))]) == 1
            for where in twins
        )
        if apart:
            return full, full
        number = twins.index(event.where) + 1
        return f"{full} #{number}", f"{short} #{number}"


@lru_cache(maxsize=1024)
def shorten(target: str) -> str:
    """The last part of a dotted name: `value` for `office.value`."""
    tail = re.search(r"(?:^|\.)([^.\[\]()'\"]+(?:\[.*\])?)$", target)
    return tail.group(1) if tail and tail.group(1) else target


# -- what matters -------------------------------------------------------------------------------


def _interesting(events: Sequence[Event]) -> set[int]:
    """The steps that other threads can notice, or that wait for them."""
    began = next((e.step for e in events if e.kind in ("start", "submit", "begin")), None)
    users: dict[int, set[str]] = {}
    changed: set[int] = set()
    for event in events:
        if event.kind in DATA and event.where is not None:
            users.setdefault(event.where, set()).add(event.thread)
            if event.kind in CHANGES and (began is None or event.step > began):
                changed.add(event.where)
    shared = {where for where, threads in users.items() if len(threads) > 1} & changed
    return {e.step for e in events if e.kind not in PRIVATE or e.where in shared}


def _lost(events: Sequence[Event]) -> dict[int, Lost]:
    """Writes that overwrite another thread's write which their own thread never saw.

    A thread that reads a location and then writes it, while another thread wrote it in between, has
    computed from an old value. Its own write ends the matter: the next needs a new read.
    """
    seen: dict[tuple[str, int], Event] = {}
    written: dict[int, dict[str, Event]] = {}
    lost = {}
    for event in events:
        if event.where is None:
            continue
        mine = (event.thread, event.where)
        if event.kind == "read":
            seen[mine] = event
        elif event.kind == "write":
            read = seen.pop(mine, None)
            writers = written.setdefault(event.where, {})
            between = [
                other
                for thread, other in writers.items()
                if thread != event.thread and read is not None and other.step > read.step
            ]
            if read is not None and between:
                latest = max(between, key=lambda other: other.step)
                was, now = read.before or read.after, event.before or latest.after
                if was is None or was != now:
                    lost[event.step] = Lost(
                        was, read.step, latest.thread, latest.step, latest.after
                    )
            writers[event.thread] = event
    return lost


def _stuck(run: RunLike) -> frozenset[int]:
    """The announced, never performed steps with which a stuck run ends."""
    return frozenset(event.step for event in run.events if event.kind == "blocked")


def _fatal(run: RunLike, stuck: Iterable[int]) -> int | None:
    if run.verdict == "ok" or any(True for _ in stuck):
        return None
    raised = [event.step for event in run.events if event.kind == "raise"]
    if raised:
        return raised[0] if run.verdict == "thread-exception" else raised[-1]
    return run.events[-1].step if run.events else None


def _gathered(marks: Sequence[Mark]) -> Iterable[Mark]:
    """Without the beginnings and ends that the lanes show, and with starts and joins as groups."""
    rest = [mark for mark in marks if mark.event.kind not in ("begin", "end") or mark.fatal]
    at = 0
    while at < len(rest):
        mark, stop = rest[at], at + 1
        if mark.event.kind in ("start", "join"):
            while (
                stop < len(rest)
                and rest[stop].event.kind == mark.event.kind
                and rest[stop].event.thread == mark.event.thread
                and rest[stop].began == rest[stop].event.time
                and not rest[stop].waited
            ):
                stop += 1
        if stop - at >= GROUP:
            yield replace(mark, more=tuple(rest[at + 1 : stop]))
            at = stop
        else:
            yield mark
            at += 1


def _shorten(
    items: Sequence[Mark | Fold], limit: int, focus: tuple[int, int] | None
) -> list[Mark | Fold]:
    """The first, the last and the most telling items, and how many were left out between them."""
    total = len(items)
    keep = set(range(max(total - TAIL, 0), total)) | set(range(min(HEAD, total)))
    points = [
        at
        for at, item in enumerate(items)
        if isinstance(item, Mark)
        and (item.fatal or item.lost or (focus and item.event.step in focus))
    ]
    for point in points:
        window = set(range(max(point - AROUND, 0), min(point + AROUND // 2, total)))
        if len(keep | window) > limit:
            break
        keep |= window
    at = HEAD
    while len(keep) < limit and at < total:
        keep.add(at)
        at += 1
    result: list[Mark | Fold] = []
    gap: list[Mark] = []
    for at, item in enumerate(items):
        if at not in keep and isinstance(item, Mark):
            gap.append(item)
            continue
        if gap:
            result.append(Fold(len(gap), gap[0].event.step, gap[-1].event.step))
            gap = []
        result.append(item)
    return result


def _held(events: Sequence[Event], names: _Names) -> Iterable[Span]:
    """The locks held by each thread, from the step that took one to the step that gave it back."""
    holding: dict[str, dict[int | str, tuple[str, int, int]]] = {}
    for event in events:
        if event.kind in ("blocked", "raise"):
            continue
        before = holding.get(event.thread, {})
        now: dict[int | str, tuple[str, int, int]] = {}
        known = len(event.guards) == len(event.held)
        for at, label in enumerate(event.held):
            key = event.guards[at] if known else label
            if key in before:
                now[key] = before[key]
            else:
                own = event.where == key or not known
                name = names(event)[1] if own and event.target else shorten(label)
                now[key] = (name, event.step, len(now))
        for key, (name, first, depth) in before.items():
            if key not in now:
                yield Span(event.thread, name, first, event.step, depth)
        holding[event.thread] = now
    for thread, bars in holding.items():
        for name, first, depth in bars.values():
            yield Span(thread, name, first, None, depth)
