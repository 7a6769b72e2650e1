"""Loops that only wait: what a turn did, and when the next one can be different.

A turn of a `while` loop was *in vain* if the local variables are the same objects as a turn ago,
if the thread has put back whatever it changed, and if nobody else has changed anything that it
looked at, since it looked. Such a thread can only repeat itself until somebody does. So it is
parked until then: at the head of the loop or, if it holds a lock there that its turn gives back
for a while, where the turn waits for something.

To leave out turns in vain loses no behaviour as long as nobody can tell that they are missing: a
lock that is taken and given back delays others, no more. Who asks whether it is locked, or gives
up waiting for it, can tell; `Scheduler.impatient` says that this was left out. The same holds
where threads in such loops disturb each other without end: after IN_VAIN turns in one situation a
thread is parked for good, and how the run ends counts for nothing (a bound on unfairness, as in
Musuvathi & Qadeer, "Fair stateless model checking", PLDI 2008).
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Mapping
from types import FunctionType, MemberDescriptorType, ModuleType
from typing import TYPE_CHECKING

from .recording import learner_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .scheduler import Op, Scheduler, Task

IN_VAIN = 1  # turns in one situation, of a loop that others notice or disturb
INSTANT = 0.001  # virtual seconds that one look at the clock takes in a loop that waits for it

_PLAIN = frozenset({int, str, float, bool, bytes, type(None)})
_CONTAINERS = frozenset({list, set, dict, deque, bytearray})
_MISSING = object()
_GIVES_BACK = frozenset({"release", "notify", "task-done", "end"})


class Transparent:
    """Something of the engine's whose attributes are all of its state."""

    __slots__ = ()


class Touch:
    """A step of a thread that has come to a loop, and what it changed."""

    __slots__ = ("after", "before", "foreign", "op")

    def __init__(self, op: Op, foreign: list[int]) -> None:
        self.op = op
        self.foreign = foreign  # how often others had changed the objects
        self.before: list[object] = [] if op.mode == "R" else self.states()
        self.after = self.before

    def states(self) -> list[object]:
        """The states of the objects now."""
        return [state_of(self.op.obj, self.op.key), *map(state_of, self.op.more)]


class Turn:
    """A `while` loop at the head of its body."""

    __slots__ = ("locals", "mark", "now", "situations", "skipped", "unseen")

    def __init__(self) -> None:
        self.locals: dict[str, object] | None = None
        self.mark = 0  # where the turn begins in the thread's log
        self.now = 0.0
        self.skipped = 0
        self.unseen = 0
        self.situations: list[_Situation] = []


class _Situation:
    """What a thread found that turned in vain, and how often it did."""

    def __init__(self, values: dict[str, object], states: list[object]) -> None:
        self.values = values
        self.states = states
        self.times = 0


def touched(sched: Scheduler, task: Task, op: Op) -> None:
    """Note a step that is about to be performed."""
    changes = op.mode != "R"
    if changes:
        sched.changes[id(op.obj)] = sched.changes.get(id(op.obj), 0) + 1
    if task.log is not None:
        if changes:
            task.own[id(op.obj)] = task.own.get(id(op.obj), 0) + 1
        touch = Touch(op, [sched.foreign(task, obj) for obj in (op.obj, *op.more)])
        task.log.append(touch)
        if changes:
            task.open = touch
    if sched.parked:
        _notice(sched, task, op)


def untouched(sched: Scheduler, task: Task, op: Op) -> None:
    """Take that back: the step changed nothing."""
    key = id(op.obj)
    sched.changes[key] = sched.changes.get(key, 0) - 1
    if task.log is not None:
        task.own[key] = task.own.get(key, 0) - 1


def _notice(sched: Scheduler, task: Task, op: Op) -> None:
    """Note whether a step could tell that a parked thread does not turn."""
    for obj in (op.obj, *op.more):
        parked, _ = sched.parked.get(id(obj), (task, None))
        if (
            parked is not task
            and not parked.done
            and (op.guard is None or op.deadline is not None)
            and op.kind not in _GIVES_BACK
        ):
            sched.impatient = True


def wait_patiently(task: Task, op: Op) -> None:
    """Let the first operation of a turn that can wait do so until something is different."""
    assert task.patience is not None
    is_different, objects = task.patience
    guard = op.guard
    if op.deadline is not None:
        op.patience = is_different
    elif op.kind == "acquire" and guard is not None:
        op.guard = lambda: guard() and is_different()
    else:
        return
    op.more = (*op.more, *objects)
    task.patience = None


def polls_in_vain(sched: Scheduler, task: Task) -> bool:
    """Whether a thread that polls has seen several times what it would see again."""
    return (
        task.polls > 2
        and not task.read_clock
        and all(sched.foreign(task, obj) == count for obj, count in task.poll_seen)
    )


def close(task: Task) -> None:
    """The last step has been performed: see what it changed."""
    touch, task.open = task.open, None
    if touch is not None:
        touch.after = touch.states()


def look(sched: Scheduler, task: Task, site: int) -> None:
    """Park a thread whose last turn of the loop at `site` was in vain."""
    frame = learner_frame(sys._getframe(1))
    if frame is None:
        return
    if task.log is None:
        task.log, task.own, task.turns, task.skipped = [], {}, {}, {}
        sched.loops = True
    turn = task.turns.setdefault((site, frame), Turn())
    values = {name: _state(value) for name, value in frame.f_locals.items()}
    old, turn.locals = turn.locals, values
    mark, turn.mark = turn.mark, len(task.log)
    then, turn.now = turn.now, sched.now
    unseen, turn.unseen = turn.unseen, task.unseen
    skipped, turn.skipped = turn.skipped, task.skipped.get(site, 0)
    touches = task.log[mark:]
    task.looked = len(task.log)
    if (
        old is None
        or skipped != turn.skipped
        or not _same(old, values)
        or not _has_put_back(touches)
    ):
        task.polls = 0
        return
    looked_at = _looked_at(touches)
    changed = [t.op.obj for t in touches if not _all_equal(t.before, t.after)]
    disturbed = unseen != task.unseen or not _is_undisturbed(sched, task, touches, looked_at)
    if not disturbed and then != sched.now and (sched.clock == "exact" or task.read_clock):
        task.polls += 1
        task.poll_seen = [(obj, sched.foreign(task, obj)) for obj in looked_at]
        return
    task.polls = 0
    if changed and looked_at and _times(turn, looked_at) > IN_VAIN:
        sched.unfair = True
        _park(sched, task, turn, site, looked_at, changed, lambda: False)
    elif not disturbed:
        for obj in changed:
            sched.parked[id(obj)] = task, obj
        seen = [(obj, sched.foreign(task, obj)) for obj in looked_at]

        def is_different() -> bool:
            return any(sched.foreign(task, obj) != count for obj, count in seen)

        _park(sched, task, turn, site, looked_at, changed, is_different)


def _park(
    sched: Scheduler,
    task: Task,
    turn: Turn,
    site: int,
    looked_at: list[object],
    changed: list[object],
    guard: Callable[[], bool],
) -> None:
    """Let a thread wait until the guard holds, where it keeps nobody else from going on."""
    if any(_holder(obj) is task for obj in changed):
        task.patience = guard, looked_at
        return
    what = "something to change" if looked_at or task.read_clock else "nothing that can ever come"
    sched.step(
        "spin",
        task,
        "R",
        guard=guard,
        timeout=INSTANT if task.read_clock else None,
        waits=lambda: f"a loop that waits for {what}",
        site=site,
        more=tuple(looked_at),
    )
    turn.mark = task.looked = len(task.log or ())
    task.idle_turns = 0


def _times(turn: Turn, objects: list[object]) -> int:
    """How often the loop has come round to the situation that it is in now."""
    assert turn.locals is not None
    states = [state_of(obj) for obj in objects]
    for situation in turn.situations:
        if _same(situation.values, turn.locals) and _all_equal(situation.states, states):
            break
    else:
        situation = _Situation(turn.locals, states)
        turn.situations.append(situation)
    situation.times += 1
    return situation.times


def _looked_at(touches: Iterable[Touch]) -> list[object]:
    """What the course of a turn depends on.

    Not a lock that was only waited for and given back.
    """
    objects: list[object] = []
    for touch in touches:
        op = touch.op
        is_waited_for = op.kind == "acquire" and op.guard is not None and op.deadline is None
        if _holder(op.obj) is _MISSING or not (is_waited_for or op.kind == "release"):
            objects.append(op.obj)
        objects.extend(op.more)
    return _distinct(objects)


def _holder(obj: object) -> object:
    """The thread that has a lock; for what is no lock, a value of its own."""
    return _own(obj, "_tt_holder") if _is_transparent(obj) else _MISSING


def _own(obj: object, name: str) -> object:
    """An attribute, without asking a learner's class, which may answer with code of its own."""
    try:
        return object.__getattribute__(obj, name)
    except AttributeError:
        return _MISSING


def _is_transparent(obj: object) -> bool:
    return issubclass(type(obj), Transparent)


def _distinct(objects: Iterable[object]) -> list[object]:
    return list({id(obj): obj for obj in objects}.values())


def _is_undisturbed(
    sched: Scheduler, task: Task, touches: Iterable[Touch], looked_at: Iterable[object]
) -> bool:
    """Whether nobody else has changed anything since this thread looked at it."""
    relevant = {id(obj) for obj in looked_at}
    return all(
        sched.foreign(task, obj) == count
        for touch in touches
        for obj, count in zip((touch.op.obj, *touch.op.more), touch.foreign, strict=True)
        if id(obj) in relevant
    )


def _has_put_back(touches: Iterable[Touch]) -> bool:
    """Whether the changes of a turn cancel each other."""
    befores: dict[tuple[int, object], list[object]] = {}
    afters: dict[tuple[int, object], list[object]] = {}
    for touch in touches:
        op = touch.op
        keys = [(id(op.obj), op.key), *((id(obj), None) for obj in op.more)]
        for key, before, after in zip(keys, touch.before, touch.after, strict=False):
            befores.setdefault(key, []).append(before)
            afters.setdefault(key, []).append(after)
    for key, left in afters.items():
        for before in befores[key]:
            at = next((i for i, after in enumerate(left) if _equal(before, after)), None)
            if at is None:
                return False
            del left[at]
    return True


# -- states --------------------------------------------------------------------------------------


class _Items(list[object]):
    """What something contains at one moment."""


def state_of(obj: object, key: object = None) -> object:
    """The state of a shared object, or of its part `key`; equal to nothing if it cannot be seen."""
    kind = type(obj)
    if _is_transparent(obj):
        names = [n for cls in kind.__mro__ for n in cls.__dict__.get("__slots__", ())]
        members = _own(obj, "__dict__")
        values = list(members.values()) if isinstance(members, dict) else []
        values += [_own(obj, name) for name in names if name != "__weakref__"]
        return _Items(map(_state, values))
    if kind in _CONTAINERS:
        if kind is dict and type(key) in _PLAIN and key is not None:
            return obj.get(key, _MISSING)  # type: ignore[attr-defined]
        return _state(obj)
    if issubclass(kind, (type, ModuleType, FunctionType)) or kind.__flags__ & _HEAP:
        return _attribute(obj, kind, key)
    return object()


_HEAP = 1 << 9  # Py_TPFLAGS_HEAPTYPE: of a class that was made by a `class` statement


def _attribute(obj: object, kind: type, key: object) -> object:
    members = _own(obj, "__dict__")
    if not isinstance(members, Mapping):
        members = {}
    if not isinstance(key, str):
        return _Items([*members, *members.values()]) if members else object()
    if key in members:
        return members[key]
    for cls in kind.__mro__:
        found = cls.__dict__.get(key)
        if isinstance(found, MemberDescriptorType):
            try:
                return found.__get__(obj)
            except AttributeError:
                return _MISSING
    return _MISSING


def _state(value: object) -> object:
    """A variable's value, so that a later look can tell whether it has changed.

    The contents of containers belong to it: those that no other thread can reach change without a
    step.
    """
    if type(value) is dict:
        return _Items([*value, *value.values()])
    return _Items(value) if type(value) in _CONTAINERS else value  # type: ignore[call-overload]


def _same(old: dict[str, object], new: dict[str, object]) -> bool:
    return old.keys() == new.keys() and all(map(_equal, old.values(), new.values()))


def _all_equal(old: list[object], new: list[object]) -> bool:
    return len(old) == len(new) and all(map(_equal, old, new))


def _equal(old: object, new: object) -> bool:
    if old is new:
        return True
    if type(old) is not type(new):
        return False
    if isinstance(old, _Items) and isinstance(new, _Items):
        return _all_equal(old, new)
    return type(old) in _PLAIN and old == new
