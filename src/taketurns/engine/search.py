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

from .schedule import Departure
from .scheduler import Op, Scheduler, Task, default_choice

# One of the pair can never be enabled where the other one is, in any state.
_EXCLUSIVE = {("unlock", "acquire"), ("end", "join")}


def conflict(a: Op, b: Op) -> bool:
    """Whether two pending operations of different threads may not be swapped."""
    if (
        a.obj is b.obj
        and (a.key is None or b.key is None or a.key == b.key)
        and not (a.mode == b.mode and a.mode != "W")
    ):
        return True
    # What is read besides is read as a whole; two reads never conflict.
    return (b.mode != "R" and any(obj is b.obj for obj in a.more)) or (
        a.mode != "R" and any(obj is a.obj for obj in b.more)
    )


class _Node:
    """A state of the current path through the search, and the step taken from it.

    Sets of tasks are bits of a number.
    """

    __slots__ = (
        "backtrack",
        "before",
        "choice",
        "clock",
        "current",
        "decision",
        "default",
        "done",
        "enabled",
        "epoch",
        "kind",
        "log",
        "place",
        "sleep",
    )

    def __init__(
        self, enabled: tuple[int, ...], default: int, current: int, sleep: int, choice: int
    ) -> None:
        self.enabled = enabled  # indices of tasks, by path
        self.default = default  # whom the default order would have taken
        self.current = current  # the running thread, if it could have gone on; else -1
        self.sleep = sleep
        self.take(choice)
        self.kind = ""  # of the step, and the number of its object: to know it again by
        self.place = -1
        self.done = 0
        self.backtrack = 1 << choice
        # The accesses before time passed, if it did just here.
        self.epoch: dict[int, _Table] | None = None
        self.clock: list[int] = []  # what the step knows, itself included
        # What to restore when the step is taken back.
        self.before: list[int] = []
        self.log: list[tuple[_Table, _Access]] = []

    def take(self, choice: int) -> None:
        """Choose who goes next here."""
        self.choice = choice
        # The ranks of the choice and of the default, if there was something to choose.
        self.decision: tuple[int, int] | None = None
        if len(self.enabled) > 1:
            self.decision = self.enabled.index(choice), self.enabled.index(self.default)


class _Entry:
    """An access on the stack: its depth, what its thread knew then, the one before it."""

    __slots__ = ("depth", "known", "previous")

    def __init__(self, depth: int, known: list[int], previous: _Entry | None) -> None:
        self.depth = depth
        self.known = known
        self.previous = previous


_Access = tuple[int, object, str, str]  # task, part, mode, kind
_Table = dict[_Access, _Entry]  # the last such access


class Base:
    """A strategy that keeps no books."""

    def spawned(self, parent: Task | None, child: Task) -> None:
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
        self._width = 4  # of all clocks: at least as many as there are tasks
        self._clocks: dict[int, list[int]] = {}  # per task: last step of each task known to it
        self._accesses: dict[int, _Table] = {}
        self._epoch: dict[int, _Table] | None = None
        self.begin()

    def begin(self) -> None:
        """Start the next run."""
        self._depth = 0
        self._fresh = max(len(self._stack) - 1, 0)  # the first step that is not a repetition
        # Objects by the order in which they are touched: the same in every repetition.
        self._places: dict[int, tuple[int, object]] = {}
        self._asleep = 0

    def advance(self) -> bool:
        """Move to the next unexplored branch; False when there is none."""
        while self._stack:
            node = self._stack[-1]
            self._take_back(node)
            node.done |= 1 << node.choice
            left = node.backtrack & ~node.done & ~node.sleep
            if left:
                node.take(next(t for t in node.enabled if left >> t & 1))
                return True
            if node.epoch is not None:
                self._accesses = node.epoch
            self._stack.pop()
        return False

    def spawned(self, parent: Task | None, child: Task) -> None:
        """A child knows what its parent knew."""
        if parent is None:
            self._clocks[child.index] = [-1] * self._width
        elif self._depth > self._fresh or not self._stack:
            self._clocks[child.index] = self._clocks[parent.index]
            if child.index >= self._width:
                self._widen()

    def _widen(self) -> None:
        lists = [*self._clocks.values()]
        for node in self._stack:
            lists += node.clock, node.before
        for clock in {id(clock): clock for clock in lists}.values():
            clock.extend([-1] * self._width)
        self._width *= 2

    def _number(self, op: Op) -> int:
        """Number the objects of an operation that is performed now; return the first's."""
        places, obj = self._places, op.obj
        place = places.setdefault(id(obj), (len(places), obj))[0]
        for obj in op.more:
            places.setdefault(id(obj), (len(places), obj))
        return place

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
        task = sched.tasks[node.choice] if node.choice < len(sched.tasks) else None
        op = task.op if task is not None else None
        if task is None or op is None:
            sched.diverged()
            return None
        if depth == self._fresh:
            self._account(sched)
            self._perform(sched, task, node)
            return task
        self._depth = depth + 1
        known = None if op.more else self._places.get(id(op.obj))
        place = self._number(op) if known is None else known[0]
        if place != node.place or op.kind != node.kind:
            sched.diverged()
            return None
        return task

    def _account(self, sched: Scheduler) -> None:
        """Tell the run what was decided up to its first step that is not a repetition."""
        sched.decisions = [node.decision for node in self._stack if node.decision is not None]
        sched.preemptions = sum(node.current not in (-1, node.choice) for node in self._stack)

    def choose(self, sched: Scheduler, enabled: list[Task], me: Task) -> Task | None:
        """The default order, among threads that are not asleep."""
        sleep = self._asleep
        awake = [t for t in enabled if not sleep >> t.index & 1] if sleep else enabled
        if not awake:
            return None
        goes_on = me in enabled
        default = me if goes_on else enabled[0]
        task = default if awake is enabled else default_choice(awake, me)
        node = _Node(
            tuple([t.index for t in enabled]),
            default.index,
            me.index if goes_on else -1,
            sleep,
            task.index,
        )
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
        sleepers = (node.sleep | node.done) & ~(1 << index)
        if sleepers:
            for other in sched.live:
                if sleepers >> other.index & 1 and conflict(_pending(other), op):
                    sleepers ^= 1 << other.index
        self._asleep = sleepers
        kind = op.kind
        if kind == "release" and getattr(op.obj, "_tt_holder", None) is not None:
            kind = "unlock"  # held until now, so nobody could have acquired it just before
        node.kind, node.place = op.kind, self._number(op)
        node.before = self._clocks[index]
        clock = self._look_back(task, op)
        clock[index] = depth
        node.clock = self._clocks[index] = clock
        node.log = []
        self._access(node, node.place, (index, op.key, op.mode, kind))
        for obj in op.more:
            self._access(node, self._places[id(obj)][0], (index, None, "R", kind))
        self._depth = depth + 1

    def _look_back(self, task: Task, op: Op) -> list[int]:
        """What the operation, performed now, would know; its races are dealt with."""
        own = self._clocks[task.index]
        clock = list(own)
        races: list[tuple[int, _Entry]] = []
        self._learn(clock, races, task.index, op, op.obj, op.key, op.mode)
        for obj in op.more:
            self._learn(clock, races, task.index, op, obj, None, "R")
        for other, last in races:
            # Where the operation was disabled already, an earlier access may have done that.
            entry: _Entry | None = last
            while (
                entry is not None
                and entry.depth > own[other]
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
        obj: object,
        key: object,
        mode: str,
    ) -> None:
        """Let `clock` know what the earlier accesses knew that this one comes after.

        Those that were not known before race with it.
        """
        known = self._places.get(id(obj))
        table = self._accesses.get(known[0]) if known is not None else None
        if not table:
            return
        own = self._clocks[index]
        for (other, key2, mode2, kind), entry in reversed(table.items()):
            if (
                other == index
                or entry.depth <= own[other]  # known already, with all that it knew
                or (mode == mode2 and mode != "W")
                or (key is not None and key2 is not None and key != key2)
            ):
                continue
            if op.deadline is not None or (kind, op.kind) not in _EXCLUSIVE:
                races.append((other, entry))
            if entry.depth > clock[other]:
                clock[:] = map(max, clock, entry.known)

    def _access(self, node: _Node, place: int, access: _Access) -> None:
        table = self._accesses.get(place)
        if table is None:
            table = self._accesses[place] = {}
        # Taken out first, so that the table is in the order of time.
        table[access] = _Entry(self._depth, node.clock, table.pop(access, None))
        node.log.append((table, access))

    def _take_back(self, node: _Node) -> None:
        self._clocks[node.choice] = node.before
        for table, access in reversed(node.log):
            entry = table.pop(access).previous
            if entry is not None:
                table[access] = entry

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
            if knows[late] >= depth:
                continue
            if other.choice not in seen:
                seen.add(other.choice)
                if not any(knows[t] >= d for d, t in way):
                    initials.append(other.choice)
            way.append((at, other.choice))
        certain = op.guard is None
        if index not in seen and not any(clock[t] >= d for d, t in way):
            initials.append(index)
            certain = certain or index in node.enabled
        tried = node.backtrack | node.sleep
        if any(tried >> t & 1 for t in initials):
            return certain
        first = next((t for t in reversed(initials) if t in node.enabled), None)
        if first is not None:
            node.backtrack |= 1 << first
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
        if all(t.index != options[at] for t in enabled):
            sched.diverged()
            return None
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


class Guided(Replay):
    """The first steps of the schedule that departures name; there the run stops, undecided.

    `choices` has each step's decision (None where only one could go); `enabled` who could go next.
    """

    def __init__(self, departures: list[Departure], steps: int | None) -> None:
        super().__init__(departures)
        self._steps = steps
        self.choices: list[tuple[int, int] | None] = []
        self.enabled: list[Task] = []
        self.default = 0

    def choose(self, sched: Scheduler, enabled: list[Task], me: Task) -> Task | None:
        """As a replay, until the steps are taken."""
        default = enabled.index(default_choice(enabled, me))
        if len(self.choices) == self._steps:
            self.enabled, self.default = [*enabled], default
            return None
        chosen = super().choose(sched, enabled, me)
        assert chosen is not None
        self.choices.append((enabled.index(chosen), default) if len(enabled) > 1 else None)
        return chosen


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
