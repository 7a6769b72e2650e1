"""Runs a program many times on real threads, as it is, and counts what comes of it.

Nothing of it is printed, whatever its threads raise or write. What it changes outside of itself
(global and captured names, lists, objects of the learner's own classes) is put back after each
run, as every simulated run begins afresh; where that cannot be done it runs once.
"""

from __future__ import annotations

import collections
import dis
import enum
import functools
import sys
import sysconfig
import threading
import time
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RUNS = 200
SECONDS = 2.0  # of real runs, after which no other is begun

_PLAIN = (int, float, complex, str, bytes, bool, type(None), range, type(...))
_LOCKS = (type(threading.Lock()), type(threading.RLock()))


@dataclass
class Measured:
    """What came of the runs so far; `outcomes` has the keys that a report's outcomes have."""

    runs: int = 0
    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    outcomes: dict[object, int] = field(default_factory=dict)
    troubles: dict[str, int] = field(default_factory=dict)
    failed: int = 0  # runs that raised, or in which a thread died
    lasting: str = ""  # what cannot be put back after a run, if there is anything
    returned: bool = False  # whether the run under way has returned, and waits for its threads

    def median(self) -> float:
        """The middle of the runs' seconds."""
        return sorted(self.times)[len(self.times) // 2] if self.times else 0.0


def measure(
    program: Callable[[], object],
    measured: Measured,
    *,
    quiet: Quiet,
    runs: int = RUNS,
    seconds: float = SECONDS,
    now: Callable[[], float] = time.perf_counter,
) -> None:
    """Run `program` in this thread `runs` times or for `seconds`, and note all in `measured`.

    After each run it waits for the threads that the program has left. Who gives it up calls
    `quiet.narrow`; then it ends with the run under way, should that ever end.
    """
    from taketurns.engine.explore import frozen

    state = State(program)
    measured.lasting = state.lasting
    with quiet:
        began = now()
        while True:
            start = now()
            try:
                result = program()
                measured.times.append(now() - start)
                said = None
            except BaseException as error:
                measured.times.append(now() - start)
                said = f"{type(error).__name__}: {error}".rstrip(": ")
            measured.returned = True
            while threads := quiet.threads():
                for thread in threads:
                    thread.join()
            measured.returned = False
            if quiet.narrowed:
                return
            troubles = ([said] if said else []) + quiet.take()
            for trouble in troubles:
                measured.troubles[trouble] = measured.troubles.get(trouble, 0) + 1
            if troubles:
                measured.failed += 1
            else:
                key = frozen(result)
                measured.outcomes[key] = measured.outcomes.get(key, 0) + 1
            result = None
            state.put_back()
            measured.seconds = now() - began
            measured.runs += 1
            if measured.runs >= runs or measured.seconds >= seconds or state.lasting:
                return


class Quiet:
    """Keeps what the threads started meanwhile raise or write from being printed.

    Meanwhile is since this object was made. The hook and the streams are put back afterwards,
    unless the program has set its own.
    """

    def __init__(self) -> None:
        self._found: list[str] = []
        self._lock = threading.Lock()
        self._only: set[threading.Thread | None] | None = None
        self._me: threading.Thread | None = None
        self._known = set(threading.enumerate())

    def __enter__(self) -> Self:
        self._me = threading.current_thread()
        self._before = threading.excepthook
        threading.excepthook = self._mine = self._note
        self._streams = [_Muted(sys.stdout, self), _Muted(sys.stderr, self)]
        sys.stdout, sys.stderr = self._streams
        return self

    def __exit__(self, *_: object) -> None:
        if threading.excepthook is self._mine:
            threading.excepthook = self._before
        if sys.stdout is self._streams[0]:
            sys.stdout = self._streams[0].stream
        if sys.stderr is self._streams[1]:
            sys.stderr = self._streams[1].stream

    def threads(self) -> list[threading.Thread]:
        """The threads started meanwhile that are still there."""
        return [
            thread
            for thread in threading.enumerate()
            if self.ours(thread)
            and thread is not self._me
            and not isinstance(thread, threading._DummyThread)
        ]

    @property
    def narrowed(self) -> bool:
        """Whether whoever waited for these threads has given them up."""
        return self._only is not None

    def ours(self, thread: threading.Thread | None) -> bool:
        """Whether a thread is the one that measures or was started since this object was made."""
        if self._only is not None:
            return thread in self._only
        return thread is self._me or thread not in self._known

    def narrow(self) -> None:
        """From now on only the threads that are there now are silent: the rest are others'."""
        self._only = {self._me, *self.threads()}

    def take(self) -> list[str]:
        """How threads died since it was last asked."""
        with self._lock:
            found, self._found = self._found, []
        return found

    def _note(self, death: threading.ExceptHookArgs) -> None:
        if death.thread is None or not self.ours(death.thread):
            self._before(death)
        elif death.exc_type is not SystemExit:
            text = f"{death.exc_type.__name__}: {death.exc_value}".rstrip(": ")
            with self._lock:
                self._found.append(f"{death.thread.name} died of {text}")


class _Muted:
    """A stream that swallows what a program's threads write, and passes on what others do."""

    def __init__(self, stream: Any, quiet: Quiet) -> None:
        self.stream = stream
        self._quiet = quiet

    def write(self, text: str) -> int:
        if self._quiet.ours(threading.current_thread()):
            return len(text)
        return int(self.stream.write(text) or 0)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class State:
    """What a program uses from outside of itself and may change."""

    def __init__(self, program: Callable[..., object]) -> None:
        self.lasting = ""
        self._back: list[Callable[[], object]] = []
        self._seen: dict[int, object] = {}
        self._visit(program, "the program")

    def put_back(self) -> None:
        """Make everything what it was when this object was made."""
        for back in self._back:
            back()

    def _visit(self, value: Any, name: str) -> None:
        kind = type(value)
        if kind in _PLAIN or id(value) in self._seen:
            return
        self._seen[id(value)] = value
        if isinstance(value, (types.ModuleType, enum.Enum)):
            return
        if kind is types.BuiltinFunctionType:
            self._visit(value.__self__, name)
            return
        if kind is types.FunctionType:
            self._function(value)
        elif kind is types.MethodType:
            if _is_own(value):
                self._items([value.__func__, value.__self__], name)
        elif isinstance(value, functools.partial):
            self._items([value.func, *value.args, *value.keywords.values()], name)
        elif isinstance(value, type):
            self._class(value)
        elif kind in (tuple, frozenset):
            self._items(value, name)
        elif kind in (staticmethod, classmethod):
            self._visit(value.__func__, name)
        elif kind is property:
            self._items([value.fget, value.fset, value.fdel], name)
        elif kind in (list, collections.deque, bytearray):
            copy = list(value)
            self._back.append(lambda: (value.clear(), value.extend(copy)))
            self._items(copy, name)
        elif kind in (dict, set, collections.Counter, collections.OrderedDict):
            contents: Any = kind(value)
            self._back.append(lambda: (value.clear(), value.update(contents)))
            self._items([*contents, *(contents.values() if isinstance(value, dict) else ())], name)
        elif kind is collections.defaultdict:
            entries = dict(value)
            self._back.append(lambda: (value.clear(), value.update(entries)))
            self._items([value.default_factory, *entries, *entries.values()], name)
        elif kind in _LOCKS:
            pass  # who leaves it locked would hang, and that is told
        elif _is_own(kind) and type(getattr(value, "__dict__", None)) is dict:
            attributes = dict(vars(value))
            self._back.append(lambda: (vars(value).clear(), vars(value).update(attributes)))
            self._items(attributes.values(), name)
            self._visit(kind, name)
        else:
            self.lasting = self.lasting or name

    def _items(self, values: Any, name: str) -> None:
        for value in values:
            self._visit(value, name)

    def _class(self, kind: type) -> None:
        if not _is_own(kind) or issubclass(kind, enum.Enum):
            return
        for name, value in [*vars(kind).items()]:
            if name.startswith("__") and not callable(value):
                continue
            if not callable(value) and not hasattr(value, "__get__"):
                self._back.append(functools.partial(setattr, kind, name, value))
            self._visit(value, f"{kind.__name__}.{name}")
        self._items(kind.__bases__, kind.__name__)

    def _function(self, function: types.FunctionType) -> None:
        if not _is_own(function):
            return
        for loads, name in _globals(function.__code__):
            there = function.__globals__
            if loads and name in there:
                self._visit(there[name], name)
            elif not loads:
                known = name in there
                self._back.append(
                    functools.partial(there.__setitem__, name, there[name])
                    if known
                    else functools.partial(there.pop, name, None)
                )
        for cell, name in zip(
            function.__closure__ or (), function.__code__.co_freevars, strict=True
        ):
            try:
                value = cell.cell_contents
            except ValueError:
                continue  # nothing in it yet
            self._back.append(functools.partial(setattr, cell, "cell_contents", value))
            self._visit(value, name)
        self._items(function.__defaults__ or (), function.__name__)
        self._items((function.__kwdefaults__ or {}).values(), function.__name__)


def _is_own(thing: Any) -> bool:
    """Whether the learner wrote this class or function, rather than a library's author."""
    name = getattr(thing, "__module__", None)
    module = sys.modules.get(name) if isinstance(name, str) else None
    path = getattr(module, "__file__", None)
    if name == "__main__":
        return True
    return path is not None and not str(path).startswith(_LIBRARY)


def _globals(code: types.CodeType) -> Iterator[tuple[bool, str]]:
    """The global names that a function and those inside it read (True) or bind (False)."""
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield True, step.argval
        elif step.opname in ("STORE_GLOBAL", "DELETE_GLOBAL"):
            yield False, step.argval
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _globals(constant)


_LIBRARY = (
    *{sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")},
    str(Path(__file__).parent.parent),
)
