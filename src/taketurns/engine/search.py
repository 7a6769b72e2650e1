"""Strategies: which thread goes next, in one run and from run to run.

`Reduced` is dynamic partial-order reduction (Flanagan & Godefroid, POPL 2005, figure 3) with sleep
sets (Godefroid, LNCS 1032, chapter 5). Pending operations, blocked ones included, are analysed
when they are announced and whenever a conflicting one is performed. Virtual time passes only when
nobody can run, so it splits a run into epochs; everything in one happens before everything in the
next, and the analysis never has to look across.

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

Footprint = tuple[tuple[int, object, str], ...]


def footprint(op: Op) -> Footprint:
    """What an operation touches: (object, part, mode) triples."""
    first = (id(op.obj), op.key, op.mode)
    if not op.more:
        return (first,)
    return (first, *((id(obj), None, "R") for obj in op.more))


def _modes_conflict(a: str, b: str) -> bool:
    return not (a == b and a in "RC")


def conflict(a: Footprint, b: Footprint) -> bool:
    """Whether two operations of different threads may not be swapped."""
    for obj, key, mode in a:
        for obj2, key2, mode2 in b:
            if (
                obj == obj2
                and (key is None or key2 is None or key == key2)
                and _modes_conflict(mode, mode2)
            ):
                return True
    return False


@dataclass(slots=True)
class _Node:
    """A state of the current path through the search."""

    enabled: tuple[int, ...]  # indices of tasks, by path
    sleep: set[int]
    choice: int
    done: set[int] = field(default_factory=set)
    backtrack: set[int] = field(default_factory=set)


class Base:
    """A strategy that keeps no books."""

    def spawned(self, parent: Task | None, child: Task) -> None:
        """Nothing to note."""

    def announced(self, task: Task) -> None:
        """Nothing to note."""

    def time_passes(self) -> None:
        """Nothing to note."""


class Reduced(Base):
    """Depth-first search with partial-order reduction, one run after another."""

    def __init__(self) -> None:
        self._stack: list[_Node] = []
        self.begin()

    def begin(self) -> None:
        """Start the next run."""
        self._depth = 0
        self._fresh = max(len(self._stack) - 1, 0)  # from here on, races are new
        self._clocks: dict[int, list[int]] = {}  # per task: last step of each task known to it
        self._accesses: dict[int, dict[tuple[int, object, str, str], tuple[int, list[int]]]] = {}
        self._kept: list[object] = []
        self._feet: dict[int, Footprint] = {}
        self._pending: dict[int, Task] = {}
        self._asleep: set[int] = set()

    def advance(self) -> bool:
        """Move to the next unexplored branch; False when there is none."""
        while self._stack:
            node = self._stack[-1]
            node.done.add(node.choice)
            left = node.backtrack - node.done - node.sleep
            if left:
                node.choice = next(t for t in node.enabled if t in left)
                return True
            self._stack.pop()
        return False

    def spawned(self, parent: Task | None, child: Task) -> None:
        """A child knows what its parent knew."""
        self._clocks[child.index] = list(self._clocks[parent.index]) if parent else []

    def announced(self, task: Task) -> None:
        """Look back for the last step that the new pending operation could have come before."""
        op = task.op
        assert op is not None
        self._pending[task.index] = task
        foot = self._feet[task.index] = footprint(op)
        if self._depth <= self._fresh:
            return
        clock = self._clocks[task.index]
        latest = -1
        for obj, key, mode in foot:
            for (other, key2, mode2, kind), (depth, _) in self._accesses.get(obj, {}).items():
                if (
                    depth > latest
                    and other != task.index
                    and (key is None or key2 is None or key == key2)
                    and _modes_conflict(mode, mode2)
                    and depth > _at(clock, other)
                    and (kind, op.kind) not in _EXCLUSIVE
                ):
                    latest = depth
        if latest >= 0:
            self._reverse(latest, task.index)

    def time_passes(self) -> None:
        """Everything so far happened before everything to come."""
        self._accesses.clear()

    def choose(self, sched: Scheduler, enabled: list[Task], me: Task) -> Task | None:
        """Follow the stack; beyond it, the default order among threads that are not asleep."""
        depth = self._depth
        if depth < len(self._stack):
            node = self._stack[depth]
            task = sched.tasks[node.choice]
            assert task in enabled, "the program behaves differently under the same schedule"
        else:
            sleep = self._asleep
            awake = [t for t in enabled if t.index not in sleep]
            if not awake:
                return None
            task = default_choice(awake, me)
            node = _Node(tuple(t.index for t in enabled), sleep, task.index)
            node.backtrack.add(task.index)
            self._stack.append(node)
        self._perform(task, node)
        return task

    def _perform(self, task: Task, node: _Node) -> None:
        depth = self._depth
        foot = self._feet.get(task.index, ())
        op = task.op
        assert op is not None
        # Sleepers stay asleep while what is done does not conflict with what they would do.
        self._asleep = {
            t for t in (node.sleep | node.done) - {task.index} if not conflict(self._feet[t], foot)
        }
        # Pending operations of others that this step conflicts with could have come before it.
        if depth >= self._fresh:
            for index, other in self._pending.items():
                if index == task.index or other.done or not conflict(self._feet[index], foot):
                    continue
                if index in node.enabled:
                    node.backtrack.add(index)
                elif len(self._feet[index]) > 1 or any(mode == "C" for _, _, mode in foot):
                    node.backtrack.update(node.enabled)
                # Otherwise this step is what enables it. Whatever else could have enabled it
                # earlier changes the same object, so conflicts with this step by itself.
        kind = op.kind
        if kind == "release" and getattr(op.obj, "_tt_holder", None) is not None:
            kind = "unlock"  # held until now, so nobody could have acquired it just before
        clock = self._clocks[task.index]
        for obj, key, mode in foot:
            for (other_index, key2, mode2, _), (_, known) in self._accesses.get(obj, {}).items():
                if (
                    other_index != task.index
                    and (key is None or key2 is None or key == key2)
                    and _modes_conflict(mode, mode2)
                ):
                    _join(clock, known)
        _set(clock, task.index, depth)
        snapshot = list(clock)
        for obj, key, mode in foot:
            self._accesses.setdefault(obj, {})[(task.index, key, mode, kind)] = depth, snapshot
        self._kept.append(op.obj)
        self._kept.extend(op.more)
        self._pending.pop(task.index, None)
        self._depth = depth + 1

    def _reverse(self, depth: int, index: int) -> None:
        """Make sure that, in the state before step `depth`, task `index` gets its chance."""
        node = self._stack[depth]
        if index in node.enabled:
            node.backtrack.add(index)
            return
        clock = self._clocks[index]
        leading = [t for t in node.enabled if _at(clock, t) > depth]
        if not leading:
            node.backtrack.update(node.enabled)
        elif not any(t in node.backtrack for t in leading):
            node.backtrack.add(leading[0])


def _at(clock: list[int], index: int) -> int:
    return clock[index] if index < len(clock) else -1


def _set(clock: list[int], index: int, depth: int) -> None:
    clock.extend([-1] * (index + 1 - len(clock)))
    clock[index] = depth


def _join(clock: list[int], other: list[int]) -> None:
    clock.extend([-1] * (len(other) - len(clock)))
    for i, depth in enumerate(other):
        if depth > clock[i]:
            clock[i] = depth


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
