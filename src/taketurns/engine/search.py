"""Strategies: which thread goes next, in one run and from run to run.

`Reduced` is dynamic partial-order reduction with source sets and sleep sets (Abdulla, Aronis,
Jonsson & Sagonas, JACM 64(4), 2017, algorithm 1). Two steps *race* if they conflict and neither is
known to the other's thread by way of other steps; whether the later one could have come first is
asked when it is performed. An operation that is still pending when nobody can go on, or when the
run ends, is asked as if it were performed there, since it may be what a step has disabled. Virtual
time passes only when nobody can run, so it splits a run into epochs; everything in one happens
before everything in the next, and no race crosses the border.

`Bounded` tries every schedule with at most k preemptions (Musuvathi & Qadeer, PLDI 2007).
`Sampled` draws schedules by PCT (Burckhardt et al., ASPLOS 2010, section 3).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from .schedule import Departure
from .scheduler import Op, Scheduler, Task, default_choice

# One of the pair can never be enabled where the other one is, in any state.
_EXCLUSIVE = {("unlock", "acquire"), ("end", "join")}


def conflict(a: Op, b: Op) -> bool:
    """Whether two pending operations of different threads may not be swapped."""
    if (
        a.place == b.place
        and (a.key is None or b.key is None or a.key == b.key)
        and not (a.mode == b.mode and a.mode != "W")
    ):
        return True
    if not a.also and not b.also:
        return False
    return (
        (b.place in a.also and b.mode != "R") or (a.place in b.also and a.mode != "R")
        # What is read besides is read as a whole; two reads never conflict.
    )


@dataclass(slots=True)
class _Node:
    """A state of the current path through the search, and the step taken from it."""

    enabled: tuple[int, ...]  # indices of tasks, by path
    default: int  # whom the default order would have taken
    current: int  # the running thread, if it could have gone on; else -1
    sleep: set[int]
    choice: int
    done: set[int] = field(default_factory=set)
    backtrack: set[int] = field(default_factory=set)
    clock: list[int] = field(default_factory=list)  # what the step knows, itself included
    # What to restore when the step is taken back.
    before: list[int] = field(default_factory=list)
    log: list[tuple[_Table, _Access]] = field(default_factory=list)
    epoch: dict[int, _Table] | None = None  # the accesses before time passed, if it did just here


@dataclass(frozen=True, slots=True)
class _Entry:
    """An access on the stack: its depth, what its thread knew then, the one before it."""

    depth: int
    known: list[int]
    previous: _Entry | None


_Access = tuple[int, object, str, str]  # task, part, mode, kind
_Table = dict[_Access, _Entry]  # the last such access


class Base:
    """A strategy that keeps no books."""

    def spawned(self, parent: Task | None, child: Task) -> None:
        """Nothing to note."""

    def announced(self, task: Task) -> None:
        """Nothing to note."""

    def time_passes(self) -> None:
        """Nothing to note."""

    def pausing(self, sched: Scheduler) -> None:
        """Nothing to note."""

    def forced(self, sched: Scheduler) -> Task | None:
        """Nobody in particular."""
        return None


class Reduced(Base):
    """Depth-first search with partial-order reduction, one run after another.

    What is known of the steps on the stack (clocks, last accesses) is kept from run to run and
    taken back step by step; so in repeating the start of a run, nothing is computed again.
    """

    def __init__(self) -> None:
        self._stack: list[_Node] = []
        self._clocks: dict[int, list[int]] = {}  # per task: last step of each task known to it
        self._accesses: dict[int, _Table] = {}
        self._epoch: dict[int, _Table] | None = None
        self.begin()

    def begin(self) -> None:
        """Start the next run."""
        self._depth = 0
        self._fresh = max(len(self._stack) - 1, 0)  # the first step that is not a repetition
        # Objects by the order in which they are announced: the same in every repetition.
        self._places: dict[int, tuple[int, object]] = {}
        self._asleep: set[int] = set()

    def advance(self) -> bool:
        """Move to the next unexplored branch; False when there is none."""
        while self._stack:
            node = self._stack[-1]
            self._take_back(node)
            node.done.add(node.choice)
            left = node.backtrack - node.done - node.sleep
            if left:
                node.choice = next(t for t in node.enabled if t in left)
                return True
            if node.epoch is not None:
                self._accesses = node.epoch
            self._stack.pop()
        return False

    def spawned(self, parent: Task | None, child: Task) -> None:
        """A child knows what its parent knew."""
        if self._depth > self._fresh or parent is None:
            self._clocks[child.index] = self._clocks[parent.index] if parent else []

    def announced(self, task: Task) -> None:
        """Number the objects of the new pending operation."""
        op = task.op
        assert op is not None
        op.place = self._place(op.obj)
        if op.more:
            op.also = tuple(map(self._place, op.more))

    def _place(self, obj: object) -> int:
        entry = self._places.get(id(obj))
        if entry is None:
            entry = self._places[id(obj)] = len(self._places), obj
        return entry[0]

    def pausing(self, sched: Scheduler) -> None:
        """Ask of all that is pending whether it could have come earlier."""
        if self._depth >= len(self._stack):
            for task in sched.live:
                if task.op is not None:
                    self._look_back(task, task.op)

    def time_passes(self) -> None:
        """Everything so far happened before everything to come."""
        if self._depth >= len(self._stack):
            self._epoch, self._accesses = self._accesses, {}

    def forced(self, sched: Scheduler) -> Task | None:
        """Who goes next in the repetition of a run's start."""
        depth = self._depth
        if depth >= len(self._stack):
            return None
        node = self._stack[depth]
        task = sched.tasks[node.choice]
        if len(node.enabled) > 1:
            places = node.enabled.index
            sched.decisions.append((places(node.choice), places(node.default)))
        if node.current not in (-1, node.choice):
            sched.preemptions += 1
        if depth < self._fresh:
            self._depth = depth + 1
        else:
            self._perform(sched, task, node)
        return task

    def choose(self, sched: Scheduler, enabled: list[Task], me: Task) -> Task | None:
        """The default order, among threads that are not asleep."""
        sleep = self._asleep
        awake = [t for t in enabled if t.index not in sleep] if sleep else enabled
        if not awake:
            return None
        task = default_choice(awake, me)
        node = _Node(
            enabled=tuple([t.index for t in enabled]),
            default=default_choice(enabled, me).index,
            current=me.index if me in enabled else -1,
            sleep=sleep,
            choice=task.index,
        )
        node.backtrack.add(task.index)
        if self._epoch is not None:
            node.epoch, self._epoch = self._epoch, None
        self._stack.append(node)
        self._perform(sched, task, node)
        return task

    def _perform(self, sched: Scheduler, task: Task, node: _Node) -> None:
        depth, index = self._depth, task.index
        op = task.op
        assert op is not None
        # Sleepers stay asleep while what is done does not conflict with what they would do.
        self._asleep = {
            t
            for t in node.sleep | node.done
            if t != index and not conflict(_pending(sched.tasks[t]), op)
        }
        kind = op.kind
        if kind == "release" and getattr(op.obj, "_tt_holder", None) is not None:
            kind = "unlock"  # held until now, so nobody could have acquired it just before
        node.before = self._clocks[index]
        clock = self._look_back(task, op)
        clock.extend([-1] * (index + 1 - len(clock)))
        clock[index] = depth
        node.clock = self._clocks[index] = clock
        node.log = []
        self._access(node, op.place, (index, op.key, op.mode, kind))
        for place in op.also:
            self._access(node, place, (index, None, "R", kind))
        self._depth = depth + 1

    def _look_back(self, task: Task, op: Op) -> list[int]:
        """What the operation, performed now, would know; its races are dealt with."""
        own = self._clocks[task.index]
        clock = list(own)
        races: list[tuple[int, _Entry]] = []
        self._learn(clock, races, task.index, op, op.place, op.key, op.mode)
        for place in op.also:
            self._learn(clock, races, task.index, op, place, None, "R")
        for other, last in races:
            # Where the operation was disabled already, an earlier access may have done that.
            entry: _Entry | None = last
            while (
                entry is not None
                and entry.depth > (own[other] if other < len(own) else -1)
                and not self._reverse(entry.depth, task.index, op, clock)
            ):
                entry = entry.previous
        return clock

    def _learn(
        self,
        clock: list[int],
        races: list[tuple[int, _Entry]],
        index: int,
        op: Op,
        place: int,
        key: object,
        mode: str,
    ) -> None:
        """Let `clock` know what the earlier accesses knew that this one comes after.

        Those that were not known before race with it.
        """
        table = self._accesses.get(place)
        if not table:
            return
        own = self._clocks[index]
        for (other, key2, mode2, kind), entry in table.items():
            if (
                other != index
                and (mode == "W" or mode2 == "W" or mode != mode2)
                and (key is None or key2 is None or key == key2)
            ):
                if entry.depth > (own[other] if other < len(own) else -1) and (
                    op.deadline is not None or (kind, op.kind) not in _EXCLUSIVE
                ):
                    races.append((other, entry))
                known = entry.known
                clock.extend([-1] * (len(known) - len(clock)))
                for i, seen in enumerate(known):
                    clock[i] = max(clock[i], seen)

    def _access(self, node: _Node, place: int, access: _Access) -> None:
        table = self._accesses.get(place)
        if table is None:
            table = self._accesses[place] = {}
        table[access] = _Entry(self._depth, node.clock, table.get(access))
        node.log.append((table, access))

    def _take_back(self, node: _Node) -> None:
        self._clocks[node.choice] = node.before
        for table, access in reversed(node.log):
            entry = table.pop(access).previous
            if entry is not None:
                table[access] = entry
        node.log = []

    def _reverse(self, depth: int, index: int, op: Op, clock: list[int]) -> bool:
        """See to it that the step at `depth` is also tried after the operation of task `index`.

        What did not depend on that step, followed by the operation, is a way to go on without it.
        One of the threads that can begin this way has to be tried instead of it. `clock` is what
        the operation knows. False if the operation may have been disabled at the end of that way.
        """
        node = self._stack[depth]
        late = node.choice
        way: list[tuple[int, int]] = []  # depth and task of the steps that did not depend on it
        initials: list[int] = []
        seen: set[int] = set()
        for at in range(depth + 1, self._depth):
            other = self._stack[at]
            knows = other.clock
            if late < len(knows) and knows[late] >= depth:
                continue
            if other.choice not in seen:
                seen.add(other.choice)
                if not any(t < len(knows) and knows[t] >= d for d, t in way):
                    initials.append(other.choice)
            way.append((at, other.choice))
        certain = op.guard is None
        if index not in seen and not any(t < len(clock) and clock[t] >= d for d, t in way):
            initials.append(index)
            certain = certain or index in node.enabled
        if any(t in node.backtrack or t in node.sleep for t in initials):
            return certain
        first = next((t for t in reversed(initials) if t in node.enabled), None)
        if first is not None:
            node.backtrack.add(first)
        return certain and first is not None


def _pending(task: Task) -> Op:
    assert task.op is not None
    return task.op


class Bounded(Base):
    """Every schedule with at most `bound` preemptions, one run after another."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._stack: list[tuple[list[int], int]] = []
        self.begin()

    def begin(self) -> None:
        """Start the next run."""
        self._depth = 0
        self._used = 0

    def advance(self) -> bool:
        """Move to the next unexplored branch; False when there is none."""
        while self._stack:
            options, at = self._stack.pop()
            if at + 1 < len(options):
                self._stack.append((options, at + 1))
                return True
        return False

    def choose(self, sched: Scheduler, enabled: list[Task], me: Task) -> Task | None:
        """Follow the stack; beyond it, the default order."""
        default = default_choice(enabled, me)
        if len(enabled) == 1:
            return default
        if self._depth == len(self._stack):
            others = [t.index for t in enabled if t is not default]
            if me in enabled and self._used >= self._bound:
                others = []
            self._stack.append(([default.index, *others], 0))
        options, at = self._stack[self._depth]
        self._depth += 1
        if me in enabled and options[at] != me.index:
            self._used += 1
        return sched.tasks[options[at]]


class Sampled(Base):
    """Random priorities with a few random points at which the running thread drops to the last."""

    def __init__(self, seed: int, length: int) -> None:
        self._random = random.Random(seed)
        self._length = max(length, 2)
        self.begin()

    def begin(self) -> None:
        """Draw the priorities and change points of the next run."""
        changes = self._random.randrange(4)
        self._drops = {self._random.randrange(self._length): -1 - n for n in range(changes)}
        self._priority: dict[int, float] = {}
        self._count = 0

    def advance(self) -> bool:
        """There is always another sample."""
        return True

    def spawned(self, parent: Task | None, child: Task) -> None:
        """A new thread gets a priority."""
        self._priority[child.index] = self._random.random()

    def choose(self, sched: Scheduler, enabled: list[Task], me: Task) -> Task | None:
        """The runnable thread of the highest priority."""
        best = max(enabled, key=lambda t: self._priority[t.index])
        drop = self._drops.get(self._count)
        self._count += 1
        if drop is not None:
            self._priority[best.index] = drop
            best = max(enabled, key=lambda t: self._priority[t.index])
        return best


class Replay(Base):
    """The schedule that a list of departures names; one run."""

    def __init__(self, departures: list[Departure]) -> None:
        self._departures = list(departures)
        self._gap = 0
        self.misfit = False

    def choose(self, sched: Scheduler, enabled: list[Task], me: Task) -> Task | None:
        """The default order, but for the departures."""
        default = default_choice(enabled, me)
        if len(enabled) == 1 or not self._departures:
            return default
        if self._gap < self._departures[0].gap:
            self._gap += 1
            return default
        departure = self._departures.pop(0)
        self._gap = 0
        if departure.rank >= len(enabled):
            self.misfit = True
            return default
        return enabled[departure.rank]


def departures(decisions: list[tuple[int, int]]) -> list[Departure]:
    """The departures from the default order in the decisions of a run."""
    found, gap = [], 0
    for rank, default in decisions:
        if rank == default:
            gap += 1
        else:
            found.append(Departure(gap, rank))
            gap = 0
    return found
