"""The rich record of one run: what each step touched, on which line, with which values."""

from __future__ import annotations

import dis
import linecache
import re
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from types import FrameType, FunctionType, TracebackType
from typing import TYPE_CHECKING, Protocol

from .kinds import MISSING, find, is_atom, is_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .scheduler import Op, Scheduler, Task

_HOOK = "_tt_tick"  # a namespace that has this name holds rewritten code
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


@dataclass(frozen=True)
class Event:
    """One step of a recorded run.

    `where` numbers the shared thing that was touched (equal numbers: the same) and `whole` the
    object that it is a part of; `held` names the locks that the thread holds after the step and
    `guards` numbers them, permits of semaphores included. `since` is the step at which the thread
    began to wait for this one (`step` if it did not wait) and `waited_for` says for what. `time` is
    in virtual seconds. `detail` holds evidence:
    of a "blocked" event, who has the thing waited for (name, "active", "left" or "ended", line);
    of a "caught" one, the function that caught it and its callers that were ready to do so; of a
    "timeout", what was tried; of a "notify", the threads woken; of an "arrive", how many had come
    before and how many must; of the "start" of a daemon, that it is one; of the "set" of a future
    whose call raised, "raised" and the line; of a comparison, both sides.
    """

    step: int
    thread: str
    kind: str
    target: str | None
    where: int | None
    file: str | None
    line: int | None
    code: str | None
    before: str | None
    after: str | None
    time: float
    held: tuple[str, ...]
    since: int
    waited_for: str | None
    guards: tuple[int, ...] = ()
    detail: tuple[str, ...] = ()
    whole: int | None = None


class Place(Protocol):
    """A place in the learner's source."""

    @property
    def file(self) -> str:
        """The name that its code objects have."""

    @property
    def line(self) -> int:
        """Counted from 1."""

    @property
    def text(self) -> str:
        """The expression that stands there."""


@dataclass
class _Announcement:
    """What a thread said that it will do next, and where."""

    since: int
    reason: str | None
    file: str | None
    line: int | None
    frame: FrameType | None


class _Entry:
    """An event that is still being filled in."""

    def __init__(self, step: int, task: Task, kind: str, time: float) -> None:
        self.step = step
        self.task = task
        self.kind = kind
        self.time = time
        self.obj: object = None
        self.target: str | None = None
        self.where: int | None = None
        self.whole: int | None = None
        self.file: str | None = None
        self.line: int | None = None
        self.before: str | None = None
        self.after: str | None = None
        self.held: tuple[str, ...] = ()
        self.since = step
        self.waited_for: str | None = None
        self.guards: tuple[int, ...] = ()
        self.detail: tuple[str, ...] = ()


class _Permit:
    """A lock or a permit that a thread took, and the call in which it did."""

    def __init__(self, task: Task, frame: FrameType | None, line: int | None) -> None:
        if frame is not None and frame.f_code.co_name == "__enter__":
            frame = learner_frame(frame.f_back)  # a context manager of the learner's own
        self.task = task
        self.frame = frame
        self.line = line

    def state(self) -> str:
        """Whether the call that took it is still at work."""
        if self.task.done:
            return "ended"
        frame = sys._current_frames().get(self.task.worker.ident or 0)
        while frame is not None:
            if frame is self.frame:
                return "active"
            frame = frame.f_back
        return "left"


class Deputy:
    """Something of the engine's that stands for an object of the program's in what is shown."""

    __slots__ = ("stands_for",)
    stands_for: object


class Recorder:
    """Collects the events of one run."""

    def __init__(self, sites: Mapping[int, Place]) -> None:
        self._sites = sites
        self._entries: list[_Entry] = []
        self._announced: dict[int, _Announcement] = {}
        self._last: dict[int, _Entry] = {}
        self._places: dict[tuple[int, object], int] = {}
        self._kept: list[object] = []  # keeps what is identified by address alive
        self._permits: dict[int, list[_Permit]] = {}
        self._guards: dict[int, object] = {}
        self._pending: list[_Entry] = []

    def announce(self, sched: Scheduler, task: Task, op: Op) -> None:
        """A thread says what it will do next; what it did before is complete now."""
        self._complete(sched, task)
        file, line, frame = None, None, None
        if op.kind != "begin":
            frame = learner_frame(sys._getframe(1))
            if op.site is not None:
                file, line = self._sites[op.site].file, self._sites[op.site].line
            elif frame is not None:
                file, line = frame.f_code.co_filename, frame.f_lineno
        self._announced[task.index] = _Announcement(len(self._entries), None, file, line, frame)

    def waiting(self, task: Task, reason: str) -> None:
        """A thread cannot take its announced step now."""
        said = self._announced[task.index]
        if said.reason is None:
            said.since, said.reason = len(self._entries), reason

    def take(self, sched: Scheduler, task: Task, op: Op) -> None:
        """A thread takes its announced step."""
        said = self._announced[task.index]
        step = len(self._entries)
        kind = op.kind
        if op.guard is not None and not task.outcome and kind != "sleep":
            kind = "timeout"
        entry = _Entry(step, task, kind, sched.now)
        if kind == "timeout":
            entry.detail = (op.kind,)
        # Not isinstance, which would ask a learner's own `__getattribute__`.
        deputy = issubclass(type(op.obj), Deputy)
        shown = entry.obj = op.obj.stands_for if deputy else op.obj  # type: ignore[attr-defined]
        entry.file, entry.line = said.file, said.line
        entry.since = said.since if said.reason is not None else step
        entry.waited_for = said.reason
        if op.obj is not task and op.kind != "sleep":
            entry.where = self._place(shown, op.key)
            entry.whole = self._place(shown, None)
        if op.site is not None:
            entry.target = self._sites[op.site].text
        self._entries.append(entry)
        self._last[task.index] = entry
        if kind in ("acquire", "try-acquire"):
            self._guards[id(op.obj)] = op.obj
            self._permits.setdefault(id(op.obj), []).append(_Permit(task, said.frame, said.line))
        elif kind == "release":
            permits = self._permits.get(id(op.obj), [])
            own = [permit for permit in permits if permit.task is task]
            if permits:
                permits.remove((own or permits)[-1])

    def stuttered(self, task: Task) -> None:
        """The step just taken changed nothing; a try did not get what it tried for."""
        entry = self._last.get(task.index)
        if entry is not None and entry.kind == "try-acquire":
            entry.after = "False"
            self._permits[id(entry.obj)].pop()

    def caught(self, sched: Scheduler, task: Task, error: BaseException | None) -> None:
        """An exception was caught by the learner's code."""
        self._complete(sched, task)
        frame = learner_frame(sys._getframe(1))
        if error is None or frame is None:
            return
        entry = _Entry(len(self._entries), task, "caught", sched.now)
        entry.target = _ADDRESS.sub("", text_of(error) if _is_simple(error) else short(error))
        entry.file, entry.line = frame.f_code.co_filename, frame.f_lineno
        entry.detail = (frame.f_code.co_qualname, *_ready(frame.f_back))
        self._entries.append(entry)
        self._last[task.index] = entry

    def note(self, task: Task, **values: object) -> None:
        """Attach the value seen (`before`), written (`after`) or a `detail` to the last step."""
        entry = self._last.get(task.index)
        if entry is not None:
            for name, value in values.items():
                setattr(entry, name, value if name == "detail" else short(value))

    def looked_at_clock(self, sched: Scheduler, task: Task) -> None:
        """A thread read the time, which takes no step."""
        self._complete(sched, task)
        entry = _Entry(len(self._entries), task, "time", sched.now)
        frame = learner_frame(sys._getframe(1))
        if frame is not None:
            entry.file, entry.line = frame.f_code.co_filename, frame.f_lineno
        self._entries.append(entry)
        self._last[task.index] = entry

    def raised(self, sched: Scheduler, task: Task, error: BaseException) -> None:
        """An exception ended a thread."""
        self._complete(sched, task)
        entry = _Entry(len(self._entries), task, "raise", sched.now)
        entry.target = _ADDRESS.sub("", sched.said(error))
        entry.file, entry.line = learner_line(_traceback(error))
        self._entries.append(entry)

    def stuck(self, sched: Scheduler, waiting: dict[Task, str]) -> None:
        """The run cannot go on: these threads wait for ever, for what is said."""
        for task in list(sched.live):
            self._complete(sched, task)
        for task, reason in waiting.items():
            entry = self._next(sched, task, "blocked")
            entry.waited_for = entry.target = reason
            if task.op is not None:
                for permit in self._holders(task.op.obj):
                    entry.detail += (permit.task.name, permit.state(), str(permit.line))
            entry.guards = self._guards_of(task)
            self._entries.append(entry)

    def close(self, sched: Scheduler) -> None:
        """The run is over: complete the last events."""
        for task in sched.tasks:
            self._complete(sched, task)
        self._pending = [
            self._next(sched, task, task.op.kind)
            for task in sched.live
            if task.op is not None and task is not sched.current
        ]

    def _next(self, sched: Scheduler, task: Task, kind: str) -> _Entry:
        """What a thread said that it will do next."""
        said = self._announced[task.index]
        entry = _Entry(len(self._entries), task, kind, sched.now)
        entry.file, entry.line = said.file, said.line
        entry.since = said.since
        if task.op is not None:
            entry.obj = task.op.obj
            entry.where = self._place(task.op.obj, task.op.key)
            entry.whole = self._place(task.op.obj, None)
        return entry

    def place_of(self, task: Task) -> tuple[str | None, int | None]:
        """File and line of what a thread said that it will do next."""
        said = self._announced.get(task.index)
        return (said.file, said.line) if said is not None else (None, None)

    def touched(self) -> list[object]:
        """All that steps were about, by order of first touch."""
        return [*{id(entry.obj): entry.obj for entry in self._entries}.values()]

    def events(self, sched: Scheduler) -> tuple[Event, ...]:
        """The finished record."""
        return self._finished(sched, self._entries)

    def pending(self, sched: Scheduler) -> tuple[Event, ...]:
        """The steps that threads had still to take when the run was over, one of each."""
        return self._finished(sched, self._pending)

    def _finished(self, sched: Scheduler, entries: list[_Entry]) -> tuple[Event, ...]:
        names = dict(zip(sched.tasks, unique_names(sched.tasks), strict=True))
        return tuple(
            Event(
                step=e.step,
                thread=names[e.task],
                kind=e.kind,
                target=e.target if e.target is not None else self._name(sched, e, names),
                where=e.where,
                file=e.file,
                line=e.line,
                code=code_line(e.file, e.line),
                before=e.before,
                after=e.after,
                time=e.time,
                held=e.held,
                since=e.since,
                waited_for=e.waited_for,
                guards=e.guards,
                detail=e.detail,
                whole=e.whole,
            )
            for e in entries
        )

    def _complete(self, sched: Scheduler, task: Task) -> None:
        entry = self._last.get(task.index)
        if entry is not None:
            entry.guards = self._guards_of(task)
            entry.held = tuple(
                sched.label_of(guard) or type(guard).__name__
                for guard in self._guards.values()
                if any(permit.task is task for permit in self._holders(guard))
            )

    def _holders(self, guard: object) -> list[_Permit]:
        permits = self._permits.get(id(guard), [])
        if hasattr(guard, "_tt_holder"):  # a lock knows; Condition.wait gives it up for a while
            return [permit for permit in permits if permit.task is guard._tt_holder][-1:]
        return permits

    def _guards_of(self, task: Task) -> tuple[int, ...]:
        return tuple(
            self._place(guard, None)
            for guard in self._guards.values()
            if any(permit.task is task for permit in self._holders(guard))
        )

    def _name(self, sched: Scheduler, entry: _Entry, names: dict[Task, str]) -> str | None:
        if entry.kind in ("start", "join", "is-alive", "end", "timeout"):
            task = getattr(entry.obj, "_tt_task", None)
            if task in names:
                return names[task]
            name = getattr(entry.obj, "_tt_name", None)
            if isinstance(name, str):
                return name
        if entry.kind in ("begin", "spin", "sleep", "time"):
            return None
        return sched.label_of(entry.obj) or type(entry.obj).__name__

    def _place(self, obj: object, key: object) -> int:
        self._kept.append(obj)
        return self._places.setdefault((id(obj), key), len(self._places))


def unique_names(tasks: list[Task]) -> tuple[str, ...]:
    """The threads' names; where several have one name, the later ones with a number."""
    found: list[str] = []
    for task in tasks:
        name, count = task.name, 1
        while name in found:
            count += 1
            name = f"{task.name} ({count})"
        found.append(name)
    return tuple(found)


def short(value: object, depth: int = 2) -> str:
    """A short, repeatable description of a value; never runs the learner's code."""
    kind = type(value)
    if kind is int and value.bit_length() > _LONG:  # type: ignore[attr-defined]
        text = f"<int of {value.bit_length()} bits>"  # type: ignore[attr-defined]
    elif kind in (int, float, bool, type(None), complex):
        text = repr(value)
    elif kind in (str, bytes):
        text = repr(value[:_LONG])  # type: ignore[index]
        return text if len(text) <= 40 else text[:36] + "..." + text[-1]
    elif kind in (list, tuple, set, frozenset, deque):
        of_set = kind in (set, frozenset)
        items: list[object] = [*(value if of_set else islice(value, 7))]  # type: ignore[call-overload, misc]
        if depth == 0 and items:
            inner = "..."
        else:
            if of_set:  # whose own order is another in every process
                texts = sorted((short(item, depth - 1) for item in items), key=_shortlex)[:6]
            else:
                texts = [short(item, depth - 1) for item in items[:6]]
            inner = ", ".join(texts)
            if len(items) > 6:
                inner += ", ..."
        brackets = {list: "[]", tuple: "()", deque: "[]"}.get(kind, "{}")
        text = brackets[0] + inner + brackets[1]
    elif kind in (dict, defaultdict, OrderedDict, Counter):
        inner = ", ".join(
            f"{short(k, 0)}: {short(v, depth - 1)}" if depth else "..."
            for k, v in islice(value.items(), 4)  # type: ignore[attr-defined]
        )
        text = "{" + inner + (", ..." if len(value) > 4 else "") + "}"  # type: ignore[arg-type]
    elif kind is FunctionType:
        text = value.__name__  # type: ignore[attr-defined]
    elif issubclass(kind, type):
        text = kind_name(value)
    elif issubclass(kind, BaseException):
        text = f"{kind_name(kind)}({', '.join(short(arg, 0) for arg in _arguments(value))})"
    elif issubclass(kind, Enum):
        text = f"{kind_name(kind)}.{object.__getattribute__(value, '_name_')}"
    else:
        owner, found = find(kind, "_tt_name")
        name = found.__get__(value) if found is not MISSING and is_engine(owner) else None
        text = name if type(name) is str else f"<{kind_name(kind)}>"
    return text if len(text) <= 60 else text[:57] + "..."


def kind_of(value: object) -> str:
    """The name of a value's class, whatever it says itself."""
    return kind_name(type(value))


def text_of(error: BaseException) -> str:
    """The type and the text of an exception; may run the learner's code."""
    text = str(error)
    text = str.__getitem__(text, slice(_LONGER)) + ("..." if len(text) > _LONGER else "")
    return f"{kind_of(error)}: {text}" if text else kind_of(error)


def _is_simple(error: BaseException) -> bool:
    """Whether making the text of an exception runs nobody's code."""
    how = find(type(error), "__str__")[1]
    return type(how) is not FunctionType and all(map(is_atom, _arguments(error)))


_LONG = 1000  # bits or characters
_LONGER = 10_000  # characters
kind_name: Callable[[object], str] = type.__dict__["__name__"].__get__
_arguments: Callable[[object], tuple[object, ...]] = vars(BaseException)["args"].__get__
_traceback: Callable[[object], TracebackType | None] = vars(BaseException)["__traceback__"].__get__


def _shortlex(text: str) -> tuple[int, str]:
    return len(text), text


def learner_frame(frame: FrameType | None) -> FrameType | None:
    """The nearest frame, from `frame` outwards, that runs rewritten code."""
    while frame is not None and _HOOK not in frame.f_globals:
        frame = frame.f_back
    return frame


def _ready(frame: FrameType | None) -> list[str]:
    """The learner's functions, from `frame` outwards, that are inside of a `try` or `with`."""
    found = []
    while (frame := learner_frame(frame)) is not None:
        code = frame.f_code
        if any(
            e.start <= frame.f_lasti < e.end
            for e in getattr(dis.Bytecode(code), "exception_entries", ())
        ):
            found.append(code.co_qualname)
        frame = frame.f_back
    return found


def learner_line(tb: TracebackType | None) -> tuple[str | None, int | None]:
    """File and line of the innermost frame of the learner's code in a traceback."""
    found: tuple[str | None, int | None] = (None, None)
    while tb is not None:
        if _HOOK in tb.tb_frame.f_globals:
            found = tb.tb_frame.f_code.co_filename, tb.tb_lineno
        tb = tb.tb_next
    return found


def code_line(file: str | None, line: int | None) -> str | None:
    """The stripped source line, if it can be found."""
    if file is None or line is None:
        return None
    return linecache.getline(file, line).strip() or None
