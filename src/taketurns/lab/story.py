"""What a picture or a trace of a run tells: which steps, under which names, and what went wrong."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
_THING = re.compile(r"\b[A-Z]\w* `([^`]*)`")  # what kind of thing it is need not be said
_QUOTED = re.compile("`([^`]*)`")
# Kinds that name the same things. An attribute and the lock in it are not taken for twins, nor what
# a `put` and a `get` touch of one queue.
SORTS = dict.fromkeys(DATA, "data") | dict.fromkeys(("acquire", "try-acquire", "release"), "lock")
WAITED = ("lock", "wait", "put", "get")  # sorts of things that threads wait for
FEW = 12  # steps that are all shown, private or not
COMFORT = 40  # so many items are all shown; of more, what repeats itself or is alone is folded
LIMIT = 72  # items shown of a long run: then what is far from what matters is folded too
HEAD, TAIL, AROUND = 16, 20, 10  # which ones stay: first, last, around what matters
GROUP = 4  # so many starts or joins in a row are one mark
LEAST = 4  # fewer steps are not worth a fold
NEAR = 2  # steps on each side of a switch
LOOP = 16  # the most steps that a repeated turn may have

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
    reason: str = ""  # what it waited for, if it waited
    held: tuple[str, ...] = ()  # the locks that the thread holds after it
    more: tuple[Mark, ...] = ()  # starts or joins that directly follow this one

    @property
    def waited(self) -> bool:
        """Whether the thread had to wait for this step."""
        return self.stuck or self.event.since < self.event.step or self.began < self.event.time

    @property
    def wrong(self) -> bool:
        """Whether something went wrong in this step."""
        return self.lost is not None or self.fatal or self.stuck

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
    """Steps of a long run that are left out here; private ones are counted elsewhere."""

    count: int
    first: int
    last: int
    threads: tuple[str, ...] = ()
    switches: int = 0
    lost: int = 0  # of them overwrite a value that their thread never saw
    turns: int = 0  # so many times more the same steps as before; 0: not a loop

    @property
    def lane(self) -> str:
        """The thread whose steps these are, if it is one."""
        return self.threads[0] if len(self.threads) == 1 else ""

    @property
    def text(self) -> str:
        """What is left out, in words."""
        few = len(self.threads) <= 3
        who = together(self.threads) if few else f"{len(self.threads)} threads"
        what = f"{count(self.count, 'step')} of {who} folded"
        if self.turns:
            each = count(self.count // self.turns, "step")
            what += f": the {each} before them, {count(self.turns, 'time')} more"
        notes = []
        if self.switches:
            notes.append(count(self.switches, "switch", "switches"))
        if self.lost:
            notes.append(f"{count(self.lost, 'write')} over a value never seen")
        return f"{what}, with {together(notes)}" if notes else what


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

    @cached_property
    def marks(self) -> list[Mark]:
        """The shown steps."""
        return [item for item in self.items if isinstance(item, Mark)]

    @property
    def folded(self) -> str:
        """What was left out, in words; empty if nothing was."""
        parts = []
        if self.private:
            parts.append(f"{count(self.private, 'private step')} folded")
        folds = [item for item in self.items if isinstance(item, Fold)]
        if len(folds) == 1:
            parts.append(folds[0].text)
        elif folds:
            parts.append(f"{self.skipped:,} steps folded in {len(folds)} places")
        return " · ".join(parts)


def count(number: int, noun: str, plural: str = "") -> str:
    """`3 steps`, `1 switch`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def together(words: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


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
    """Choose what to show of a run: about `limit` items (None: all), private steps not at all.

    A `trace` lists what a picture shows otherwise: the beginnings and ends of threads, and each of
    several starts or joins in a row. Both fold the same steps.
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
    last = dict.fromkeys(run.threads[:1], 0.0)  # the first thread is there from the beginning
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
                names.numbered(event.waited_for, event.where) if event.waited_for else "",
                names.held(event) if event.held else (),
            )
        )
    held = tuple(_held(events, names))
    items: list[Mark | Fold] = list(_gathered(marks))
    if limit is not None and len(items) > min(limit, COMFORT):
        decisive = set(focus or ())
        if stuck:  # who has what others wait for, and since when
            decisive |= {span.first for span in held if span.last is None}
        items = _Folding(marks, items, decisive).fold(limit)
    if trace:
        items = _unfolded(marks, items)
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
        held=held,
        lives=lives,
        private=hidden,
        skipped=skipped,
        switches=sum(a.thread != b.thread for a, b in pairwise(events)),
        steps=len(events),
        nicknames=names.nicknames,
        focus=focus,
        focus_threads=involved,
    )


def reason(mark: Mark, nicknames: Mapping[str, str] | None = None) -> list[str]:
    """What a thread waits for before a step, from all that is known to the one word."""
    why = _THING.sub(r"\1", mark.reason)
    for name, short in (nicknames or {}).items():
        why = why.replace(name, short)
    ends = (" to end", " to be ", " held by ", " in ", " of ")
    what = why.partition(",")[0]  # what follows says more about it: "barrier, which 2 of 3 …"
    texts = sorted(
        {why, what, *(what.partition(end)[0] for end in ends)} - {""}, key=lambda t: (-len(t), t)
    )
    return [*(f"waits for {text}" for text in texts), "waits"]


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
        if mark.reason:
            text += f" for {mark.reason}"
    elif event.kind == "sleep":
        text += f" {seconds(event.time - mark.began)}"
    elif mark.waited and mark.reason:
        text += f", after waiting for {mark.reason}"
    if mark.lost:
        text += f", overwriting {mark.lost.value}, which {mark.lost.writer} wrote and it never saw"
    return text


def description(run: RunLike, story: Story, *, timed: bool = False) -> str:
    """The story in sentences, for those who do not see the picture.

    If `timed`, that is when each thread went on that had waited or slept, and what went wrong.
    """
    parts = [headline(run) + "."]
    for item in story.items:
        if isinstance(item, Fold):
            parts.append(f"{item.text}.")
        elif timed:
            if item.waited or item.wrong:
                parts.append(f"{seconds(item.event.time)}, {sentence(item)}.")
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
        self._twins = {
            where
            for (sort, _), known in places.items()
            if sort in WAITED and len(known) > 1
            for where in known
        }

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
        if self._apart(sort, twins):
            return full, full
        number = twins.index(event.where) + 1
        return f"{full} #{number}", f"{short} #{number}"

    def _apart(self, sort: str, twins: Sequence[int]) -> bool:
        """Whether things of one short name have each a full name of their own."""
        return all(
            len(self._spellings[where]) == 1
            and len(self._fulls[sort, next(iter(self._spellings[where]))]) == 1
            for where in twins
        )

    def numbered(self, text: str, where: int | None) -> str:
        """`text` with the number that tells what it names, in backticks, from its namesakes."""
        if where is None or where not in self._twins:
            return text
        return _QUOTED.sub(lambda name: f"`{name[1]}{self._number(name[1], where)}`", text, 1)

    def held(self, event: Event) -> tuple[str, ...]:
        """The locks that a thread holds, each by the name that its other steps have for it."""
        if self._twins.isdisjoint(event.guards) or len(event.guards) != len(event.held):
            return event.held
        both = zip(event.held, event.guards, strict=True)
        return tuple(name + self._number(name, where) for name, where in both)

    def _number(self, target: str, where: int) -> str:
        for sort in WAITED:
            twins = self._places.get((sort, shorten(target)), [])
            if where in twins and len(twins) > 1:
                return "" if self._apart(sort, twins) else f" #{twins.index(where) + 1}"
        return ""


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


class _Folding:
    """Decides which items of a long run are left out: loops, then what is alone, then what is far.

    What decided the run, its first lost update, who is stuck and who took what they wait for always
    stay. The steps on both sides of a switch, waits and conflicts stay unless they repeat
    themselves, or there are so many that the picture would be longer than its limit; the fold then
    says how many.
    """

    def __init__(
        self, marks: Sequence[Mark], items: Sequence[Mark | Fold], decisive: set[int]
    ) -> None:
        self.marks = marks
        self.at = [mark.event.step for mark in marks]
        self.items = [item for item in items if isinstance(item, Mark)]
        self.size = len(self.items)
        self.vital = [
            mark.fatal or mark.stuck or mark.event.step in decisive for mark in self.items
        ]
        self.turns: dict[int, tuple[int, int]] = {}  # first item of a fold: items, turns

    def fold(self, limit: int) -> list[Mark | Fold]:
        """The items, with folds for what is left out."""
        keep = [True] * self.size
        self._loops(keep)
        self._alone(keep)
        if self._length(keep) > limit:
            self._far(keep, limit)
        result: list[Mark | Fold] = []
        at = 0
        while at < self.size:
            stop = at
            while stop < self.size and not keep[stop]:
                size, _ = self.turns.get(stop, (0, 0))
                if size and stop > at:
                    break  # a loop has a fold of its own
                stop += size or 1
                if size:
                    break
            if stop > at:
                result.append(self._fold(at, stop))
                at = stop
            else:
                result.append(self.items[at])
                at += 1
        return result

    def _fold(self, start: int, stop: int) -> Fold:
        """One for these items, and the beginnings and ends of threads among them."""
        first = self.items[start].event.step
        end = self.items[stop - 1]
        last = (end.more[-1] if end.more else end).event.step
        inside = self.marks[bisect_left(self.at, first) : bisect_right(self.at, last)]
        size, turns = self.turns.get(start, (0, 0))
        return Fold(
            len(inside),
            first,
            last,
            tuple(dict.fromkeys(mark.event.thread for mark in inside)),
            sum(a.event.thread != b.event.thread for a, b in pairwise(inside)),
            sum(mark.lost is not None for mark in inside),
            turns if start + size == stop and len(inside) == size else 0,
        )

    def _length(self, keep: Sequence[bool]) -> int:
        """How many items are shown, folds included."""
        gaps = sum(one and not two for one, two in pairwise([True, *keep]))
        return sum(keep) + gaps

    def _loops(self, keep: list[bool]) -> None:
        """Leave out all but the first and the last turn of what is done over and over."""
        known: dict[object, int] = {}
        signs = []
        for at, mark in enumerate(self.items):
            event = mark.event
            where = mark.name if event.where is None else event.where
            waits = mark.waited and event.kind != "sleep"
            sign = (event.thread, event.kind, where, event.line, mark.lost is None, waits)
            signs.append(-1 - at if self.vital[at] else known.setdefault(sign, len(known)))
        for period in range(1, LOOP + 1):
            same = 0
            for at in range(self.size - period + 1):
                if (
                    at + period < self.size
                    and signs[at] == signs[at + period]
                    and keep[at]
                    and keep[at + period]
                ):
                    same += 1
                    continue
                turns = same // period - 1  # but for the first and the last
                if turns > 1 and turns * period >= LEAST:
                    start = at - same + period
                    self.turns[start] = turns * period, turns
                    keep[start : start + turns * period] = [False] * (turns * period)
                same = 0

    def _alone(self, keep: list[bool]) -> None:
        """Leave out what a thread does while it is alone, far from switches, waits, conflicts."""
        stays = [vital or mark.waited for mark, vital in zip(self.items, self.vital, strict=True)]
        place = {mark.event.step: at for at, mark in enumerate(self.items)}
        latest: dict[int, tuple[str, int]] = {}
        for at, mark in enumerate(self.items):
            event = mark.event
            if mark.lost:
                for step in (event.step, mark.lost.read, mark.lost.step):
                    stays[place.get(step, at)] = True
            if event.where is not None and event.kind in DATA:
                before = latest.get(event.where)
                if before and before[0] != event.thread:
                    stays[at] = stays[before[1]] = True
                latest[event.where] = event.thread, at
        for at in (*range(NEAR), *range(self.size - NEAR, self.size)):
            stays[at] = True
        for start, (size, turns) in self.turns.items():  # what a loop's fold refers to
            each = size // turns
            stays[start - each : start] = [True] * each
            stays[start + size : start + size + each] = [True] * each
        at = -1
        for one, two in pairwise(self.marks):
            at += place.get(one.event.step) is not None
            if one.event.thread != two.event.thread:
                for near in range(max(at - NEAR + 1, 0), min(at + NEAR + 1, self.size)):
                    stays[near] = True
        start = 0
        for at in range(self.size + 1):
            if at < self.size and keep[at] and not stays[at]:
                continue
            if at - start >= LEAST:
                keep[start:at] = [False] * (at - start)
            start = at + 1

    def _far(self, keep: list[bool], limit: int) -> None:
        """Leave out what is far from what matters, until not more than `limit` items stay."""
        shown = [at for at in range(self.size) if keep[at]]
        total = len(shown)
        decisive = [at for at in range(total) if self.vital[shown[at]]]
        lost = [at for at in range(total) if self.items[shown[at]].lost]
        keep[:] = [False] * self.size
        for at in (*decisive, *range(min(HEAD, total)), *range(max(total - TAIL, 0), total)):
            keep[shown[at]] = True
        windows = [range(max(at - AROUND, 0), min(at + AROUND // 2, total)) for at in decisive]
        windows += [range(max(at - AROUND, 0), min(at + AROUND // 2, total)) for at in lost]
        windows += [range(at, at + 1) for at in range(total)]
        length = self._length(keep)
        padded = [True, *keep, True]
        for window in windows:
            new = [shown[at] + 1 for at in window if not padded[shown[at] + 1]]
            more = 0
            for at in new:  # each ends up between two folds, beside one, or in place of one
                more += (not padded[at - 1]) + (not padded[at + 1])
                padded[at] = True
            if length + more <= limit:
                length += more
                continue
            for at in new:
                padded[at] = False
            if len(window) == 1:
                break
        keep[:] = padded[1:-1]
        # What lies between two left out items is one fold: the loops in it are not told apart.
        for start in sorted(self.turns):
            size, turns = self.turns[start]
            before = keep[start - size // turns : start]
            if not all(before) or not keep[start + size]:
                del self.turns[start]


def _unfolded(marks: Sequence[Mark], items: Iterable[Mark | Fold]) -> list[Mark | Fold]:
    """Every step that is not in a fold, each by itself, and the folds."""
    result: list[Mark | Fold] = []
    rest = iter(marks)
    mark = next(rest, None)
    for fold in items:
        if isinstance(fold, Mark):
            continue
        while mark is not None and mark.event.step < fold.first:
            result.append(mark)
            mark = next(rest, None)
        while mark is not None and mark.event.step <= fold.last:
            mark = next(rest, None)
        result.append(fold)
    while mark is not None:
        result.append(mark)
        mark = next(rest, None)
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
