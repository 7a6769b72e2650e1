"""Thread, Timer and the functions of `threading` and `_thread` that speak of threads.

Default names are numbered in the order of creation. Names, numbers and the daemon flag are read and
set without a step: they are settled before a thread starts; if not, the run says that it does not
know all schedules. Attributes whose names the library shares
with learners' subclasses (`_target`, `_args`, `_kwargs`, `_name`, `_started`) are its own ones.
"""

from __future__ import annotations

import _thread
import contextvars
import itertools
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from taketurns.engine.containment import where
from taketurns.engine.scheduler import Abort, Scheduler, Task, here

from .base import Model, Untold, announcing, attempt, newer
from .locks import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import ModuleType, TracebackType

_ENGINE = str(Path(__file__).parent.parent)

ExceptHookArgs = threading.ExceptHookArgs


class _Names:
    """The default names of a run; in which order they are drawn matters to who looks at them."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._drawing = Untold()
        self._disputed = self._seen = False

    def draw(self, template: str) -> str:
        """The next one."""
        self._disputed |= not self._drawing.write()
        self.look(seen=False)
        return template % (next(self._numbers),)

    def look(self, *, seen: bool = True) -> None:
        """Somebody reads one."""
        self._seen |= seen
        if self._seen and self._disputed:
            here().exact = False


def _names() -> _Names:
    names: _Names = here().state.setdefault("thread names", _Names())
    return names


def numbered(template: str) -> str:
    """A default name: `template` with the next number of this run, from 1."""
    return _names().draw(template)


def world_module(name: str) -> ModuleType | None:
    """The module of this name that the running program has imported, if it has."""
    module: ModuleType | None = here().state.setdefault("modules", {}).get(name)
    return module


def write_error(text: str) -> None:
    """Write to what the program has as `sys.stderr`."""
    stream = getattr(world_module("sys"), "stderr", None)
    if stream is None:
        here().write_out(text, "stderr")
    else:
        stream.write(text)


def traceback_text(error: BaseException) -> str:
    """The traceback of `error` as Python prints it, without the frames of the engine."""
    return "".join(_pruned(traceback.TracebackException.from_exception(error)).format())


def _pruned(report: traceback.TracebackException) -> traceback.TracebackException:
    report.stack[:] = [frame for frame in report.stack if not frame.filename.startswith(_ENGINE)]
    for part in (
        report.__cause__,
        report.__context__,
        *(getattr(report, "exceptions", None) or ()),
    ):
        if part is not None:
            _pruned(part)
    return report


class _Started:
    """Whether a thread was started; asked as the library asks its own event."""

    __slots__ = ("_flag",)

    def __init__(self) -> None:
        self._flag = False

    def is_set(self) -> bool:
        return self._flag

    def set(self) -> None:
        self._flag = True


class Thread(Model):
    """A thread of control: a target, or a subclass with its own `run`."""

    __module__ = "threading"
    _initialized = False
    _tt_task: Task | None = None
    _tt_done = False
    _tt_joined = False
    _tt_numbered = False  # whether it has a default name
    _tt_rests: Callable[[], bool] | None = None  # of a pool's worker: has it nothing left to do?

    def __init__(
        self,
        group: None = None,
        target: Callable[..., object] | None = None,
        name: object = None,
        args: Iterable[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        daemon: bool | None = None,
        **more: Any,
    ) -> None:
        assert group is None, "group argument must be None for now"
        context = newer(more, "context", "Thread.__init__")
        self._tt_numbered = not name
        if name:
            name = str(name)
        else:
            name = numbered("Thread-%d")
            target_name = getattr(target, "__name__", None)
            if target_name is not None:
                name += f" ({target_name})"
        self._target = target
        self._name = name
        self._args = args
        self._kwargs = {} if kwargs is None else kwargs
        self._daemonic = _thread_of(here().current).daemon if daemon is None else daemon
        self._tt_context: contextvars.Context | None = context
        self._started = _Started()
        self._initialized = True

    # -- starting and running ---------------------------------------------------------------

    def start(self) -> None:
        """Make the thread run; RuntimeError the second time."""
        if not self._initialized:
            raise RuntimeError("thread.__init__() not called")
        sched = here()
        sched.step("start", self, more=(roll(sched),))
        if self._started.is_set():
            raise RuntimeError("threads can only be started once")
        if self._daemonic:
            sched.note(detail=("daemon",))
        self._tt_go()

    def _tt_go(self) -> None:
        sched = here()
        self._tt_tell("start", writes=True)
        self._started.set()
        if self._tt_context is None and getattr(sys.flags, "thread_inherit_context", False):
            self._tt_context = contextvars.copy_context()
        self._tt_task = sched.spawn(
            self._tt_body, name=self._name, daemon=bool(self._daemonic), thread=self
        )

    def run(self) -> None:
        """Call the target; subclasses put their own code here."""
        try:
            if self._target is not None:
                announcing(self._target)(*self._args, **self._kwargs)
        finally:
            del self._target, self._args, self._kwargs

    def _tt_body(self) -> None:
        try:
            if self._tt_context is None:
                self.run()
            else:
                self._tt_context.run(self.run)
        except Abort:
            raise
        except BaseException as error:
            if here().over:
                raise
            _uncaught(error, self)
        here().step("end", self)
        self._tt_done = True

    # -- waiting for its end ----------------------------------------------------------------

    def _tt_ended(self) -> bool:
        return self._tt_done or (self._tt_rests is not None and self._tt_rests())

    def _tt_waits(self, sched: Scheduler, waiting: Task) -> str:
        return f"{self._name} to end"

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end of the thread, at most `timeout` seconds; RuntimeError if it is
        the calling thread or was never started.
        """
        if not self._initialized:
            raise RuntimeError("Thread.__init__() not called")
        mine = self._tt_task is here().current

        def free() -> bool:
            return self._tt_ended() or mine or not self._started.is_set()

        attempt("join", self, free, timeout, "R", waits=self._tt_waits)
        if not self._started.is_set():
            raise RuntimeError("cannot join thread before it is started")
        if mine:
            raise RuntimeError("cannot join current thread")
        self._tt_settle()

    def is_alive(self) -> bool:
        """Whether the thread has been started and has not ended."""
        assert self._initialized, "Thread.__init__() not called"
        here().step("is-alive", self, "R")
        self._tt_settle()
        return self._started.is_set() and not self._tt_ended()

    if sys.version_info >= (3, 13):

        def _tt_settle(self) -> None:
            pass

    else:

        def _tt_settle(self) -> None:
            # Before 3.13 whoever saw the end called `_stop`: a subclass whose attribute of that
            # name is something else fails here, and so it must in a simulation.
            if self._tt_ended() and not self._tt_joined:
                self._stop()

        def _stop(self) -> None:
            self._tt_joined = True

    # -- who it is --------------------------------------------------------------------------

    @property
    def _tt_name(self) -> str | None:
        return self.__dict__.get("_name")

    def _tt_tell(self, what: str, *, writes: bool = False) -> None:
        """Note a use of the name or of the start that takes no step."""
        untold: Untold = self.__dict__.setdefault(f"_tt_{what}_untold", Untold())
        if not (untold.write() if writes else untold.read()):
            here().exact = False

    @property
    def name(self) -> str:
        """The name, for people only."""
        assert self._initialized, "Thread.__init__() not called"
        self._tt_tell("name")
        if self._tt_numbered:
            _names().look()
        return self._name

    @name.setter
    def name(self, name: object) -> None:
        assert self._initialized, "Thread.__init__() not called"
        self._tt_tell("name", writes=True)
        self._tt_numbered = False
        self._name = str(name)
        if self._tt_task is not None:
            self._tt_task.name = self._name

    @property
    def ident(self) -> int | None:
        """A number for the thread; None before it starts."""
        assert self._initialized, "Thread.__init__() not called"
        self._tt_tell("start")
        return None if self._tt_task is None else self._tt_task.ident

    @property
    def native_id(self) -> int | None:
        """A number for the thread; None before it starts."""
        return self.ident

    @property
    def daemon(self) -> bool:
        """Whether the program may end while the thread runs; inherited from the creator."""
        assert self._initialized, "Thread.__init__() not called"
        return self._daemonic

    @daemon.setter
    def daemon(self, daemonic: bool) -> None:
        if not self._initialized:
            raise RuntimeError("Thread.__init__() not called")
        self._tt_tell("start")
        if self._started.is_set():
            raise RuntimeError("cannot set daemon status of active thread")
        self._daemonic = daemonic

    def __repr__(self) -> str:
        assert self._initialized, "Thread.__init__() was not called"
        state = "initial"
        if self._started.is_set():
            state = "stopped" if self._tt_ended() else "started"
        if self._daemonic:
            state += " daemon"
        if self._tt_task is not None:
            state += f" {self._tt_task.ident}"
        return f"<{type(self).__name__}({self.name}, {state})>"

    # The old names, without their warning, which would come in every schedule.

    def isDaemon(self) -> bool:
        """Whether it is a daemon."""
        return self.daemon

    def setDaemon(self, daemonic: bool) -> None:
        """Make it a daemon or not."""
        self.daemon = daemonic

    def getName(self) -> str:
        """The name."""
        return self.name

    def setName(self, name: object) -> None:
        """Change the name."""
        self.name = name


class Timer(Thread):
    """A thread that calls a function after `interval` seconds unless it is cancelled first."""

    __module__ = "threading"

    def __init__(
        self,
        interval: float,
        function: Callable[..., object],
        args: Iterable[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.interval = interval
        self.function = function
        self.args = [] if args is None else args
        self.kwargs = {} if kwargs is None else kwargs
        self.finished = Event()

    def cancel(self) -> None:
        """Stop the timer if it still waits."""
        self.finished.set()

    def run(self) -> None:
        """Wait, then call the function."""
        if not self.finished.wait(self.interval):
            announcing(self.function)(*self.args, **self.kwargs)
        self.finished.set()


class _MainThread(Thread):
    """Stands for the thread that runs the program."""

    __module__ = "threading"

    def __init__(self, task: Task) -> None:
        self._initialized = True
        self._name = "MainThread"
        self._daemonic = False
        self._started = _Started()
        self._started.set()
        self._tt_task = task

    def _tt_ended(self) -> bool:
        return self._tt_task is not None and self._tt_task.done


class _DummyThread(_MainThread):
    """Stands for a thread that `_thread.start_new_thread` started."""

    __module__ = "threading"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self._name = numbered("Dummy-%d")
        self._daemonic = True


# -- exceptions that nobody caught --------------------------------------------------------------


def _uncaught(error: BaseException, thread: Thread) -> None:
    """Give an exception that left `run` to the program's `threading.excepthook`."""
    module = world_module("threading")
    hook = getattr(module, "excepthook", None) or excepthook
    try:
        hook(ExceptHookArgs([type(error), error, error.__traceback__, thread]))
    except Exception as failure:
        failure.__suppress_context__ = True
        write_error("Exception in threading.excepthook:\n")
        if not _given_to("excepthook", type(failure), failure, failure.__traceback__):
            write_error(traceback_text(failure))
            here().problem(here().current, failure)


def _given_to(name: str, *args: object) -> bool:
    """Give an error to a hook in `sys` that is the program's own; say if there is one."""
    hook = getattr(world_module("sys"), name, None)
    if hook is None or hook is getattr(sys, name):
        return False
    hook(*args)
    return True


def excepthook(args: Any, /) -> None:
    """Print an uncaught exception and count it as the program's; SystemExit is no problem."""
    if args.exc_type is SystemExit:
        return
    error = args.exc_value if args.exc_value is not None else args.exc_type()
    name = args.thread.name if args.thread is not None else get_ident()
    write_error(f"Exception in thread {name}:\n{traceback_text(error)}")
    sched = here()
    sched.problem(sched.current, error)


class _Unraisable(NamedTuple):
    """What `sys.unraisablehook` is given."""

    exc_type: type[BaseException]
    exc_value: BaseException
    exc_traceback: TracebackType | None
    err_msg: str
    object: object


def start_new_thread(
    function: Callable[..., object], args: tuple[Any, ...], kwargs: dict[str, Any] | None = None, /
) -> int:
    """Start a bare thread, which cannot be joined; return its number."""
    if not callable(function):
        raise TypeError("first arg must be callable")
    if not isinstance(args, tuple):
        raise TypeError("2nd arg must be a tuple")
    if kwargs is not None and not isinstance(kwargs, dict):
        raise TypeError("optional 3rd arg must be a dictionary")

    def body() -> None:
        try:
            announcing(function)(*args, **(kwargs or {}))
        except Abort:
            raise
        except BaseException as error:
            sched = here()
            if sched.over:
                raise
            if isinstance(error, SystemExit):
                return
            said, about = "Exception ignored in thread started by", function
            text = f"{said}: {function!r}"
            if sys.version_info >= (3, 13):
                said, about = f"{said} {function!r}", None
                text = f"{said}:"
            report = _Unraisable(type(error), error, error.__traceback__, said, about)
            if _given_to("unraisablehook", report):
                return
            write_error(f"{text}\n{traceback_text(error)}")
            sched.problem(sched.current, error)

    sched = here()
    sched.step("start", body)
    name = getattr(function, "__name__", "thread")
    return sched.spawn(body, name=f"{name}-{len(sched.tasks)}", daemon=True).ident


# -- who is there -------------------------------------------------------------------------------


def current_thread() -> Thread:
    """The Thread that runs."""
    sched = here()
    sched.look_at_self()
    return _thread_of(sched.current)


def _thread_of(task: Task) -> Thread:
    if task.thread is None:
        task.thread = _DummyThread(task) if task.index else _MainThread(task)
    thread: Thread = task.thread
    return thread


def main_thread() -> Thread:
    """The Thread that runs the program."""
    return _thread_of(here().tasks[0])


def roll(sched: Scheduler) -> object:
    """What stands for the list of all threads: who starts one reads it, who reads it writes it.

    That way starts do not disturb each other, but are seen by `enumerate`.
    """
    return sched.state.setdefault("roll", _Roll())


class _Roll:
    """The list of all threads."""


def enumerate() -> list[Thread]:
    """All threads that are alive; each of them is asked in a step of its own."""
    sched = here()
    sched.look_at_self()
    sched.step("is-set", roll(sched))
    sched.stutter()
    tasks = [task for task in sched.tasks if task.thread is not None or not task.index]
    if any(task.thread is not None and task.thread._tt_rests is not None for task in tasks):
        sched.exact = False  # whether a pool's worker rests depends on more than is read here
    return [thread for thread in map(_thread_of, tasks) if thread.is_alive()]


def active_count() -> int:
    """How many threads are alive."""
    return len(enumerate())


def get_ident() -> int:
    """The number of the thread that runs."""
    sched = here()
    sched.look_at_self()
    return sched.current.ident


class local(_thread._local):
    """Attributes that every thread has of its own: a run never has two on one OS thread."""

    __module__ = "_thread"
    __qualname__ = "_local"

    def __getattribute__(self, name: str) -> Any:
        _look_at_self()
        return super().__getattribute__(name)

    def __setattr__(self, name: str, value: object) -> None:
        _look_at_self()
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        _look_at_self()
        super().__delattr__(name)


local.__name__ = "_thread._local"  # which is what error messages call it


def _look_at_self() -> None:
    if where.sched is not None:
        where.sched.look_at_self()


SMALLEST_STACK = 32_768  # bytes


def stack_size(size: int = 0, /) -> int:
    """The size that was set last (0: the usual one); `size` is remembered and has no effect."""
    if size < 0:
        raise ValueError("size must be 0 or a positive value")
    if 0 < size < SMALLEST_STACK:
        raise ValueError(f"size not valid: {size} bytes")
    state = here().state
    before: int = state.get("stack size", 0)
    state["stack size"] = size
    return before


def set_hook(name: str, hook: object) -> None:
    """Remember a hook for tracing, which is never called: a simulated thread is not traced."""
    here().state[name] = hook


def get_hook(name: str) -> object:
    """The hook that was set last, or None."""
    return here().state.get(name)
