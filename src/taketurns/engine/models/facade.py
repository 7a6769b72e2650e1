"""The modules that a simulated program gets instead of the real ones.

What a module holds is the same for all runs, so it is put together once, when some program first
imports it; each world then gets a module of its own with these contents, and may assign to it.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import random as real_random
import sys as real_sys
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from taketurns.engine.errors import SimulationError
from taketurns.engine.scheduler import Scheduler, here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Contents = dict[str, Any]

# Modules of the standard library whose own source is executed over these models.
STDLIB_OVER_MODELS = frozenset(
    {"logging", "logging.config", "logging.handlers", "sched", "traceback"}
)

_INPUT_OUTPUT = (
    "does real input/output, which a simulation cannot control. Let the program take the function "
    "that fetches as an argument and pass one that calls time.sleep; or run it for real."
)
_PROCESSES = (
    "starts processes, which a simulation cannot control. Use threads here, or run the program "
    "for real."
)
_SIGNALS = (
    "reaches the whole process, which a simulation must leave alone. Use a threading.Event to stop "
    "threads, or run the program for real."
)
_OWN_LOOP = (
    "runs an event loop of its own, which this simulation of threads does not know. "
    "Run the program for real."
)
_REFUSED = {
    **dict.fromkeys(
        (
            "aiohttp",
            "ftplib",
            "http.client",
            "http.server",
            "httpx",
            "requests",
            "select",
            "selectors",
            "smtplib",
            "socket",
            "socketserver",
            "ssl",
            "urllib.request",
        ),
        _INPUT_OUTPUT,
    ),
    "asyncio": _OWN_LOOP,
    "multiprocessing": _PROCESSES,
    "signal": _SIGNALS,
    "subprocess": _PROCESSES,
}
_PACKAGES = ("concurrent", "http", "urllib")  # real ones, but for some of their modules


def make_module(name: str, sched: Scheduler) -> ModuleType | None:
    """This run's module `name`; None if the real one will do. The same one when asked again."""
    modules: dict[str, ModuleType] = sched.state.setdefault("modules", {})
    if name in modules:
        return modules[name]
    module: ModuleType
    why = _refusal(name)
    if why is not None:
        if not _exists(name):
            return None
        module = _Refusing(name, why)
    elif name in _CONTENTS:
        module = ModuleType(name)
        module.__dict__.update(_contents(name))
    elif name in _PACKAGES:
        module = ModuleType(name)
        module.__dict__.update(importlib.import_module(name).__dict__)
    else:
        return None
    modules[name] = module
    _tie(name, module, modules, sched)
    return module


def counterpart(value: object) -> tuple[str, str] | None:
    """Where the facades have what stands for a real object, as (module, attribute).

    `threading.Lock` gives ("threading", "Lock"); None for what is no part of a modelled module.
    """
    if not _counterparts:
        for name in _CONTENTS:
            real = importlib.import_module(name)
            for attribute, stand_in in _contents(name).items():
                original = getattr(real, attribute, stand_in)
                if original is not stand_in and not attribute.startswith("__"):
                    _counterparts.setdefault(id(original), (original, (name, attribute)))
    original, place = _counterparts.get(id(value), (None, None))
    return place if original is value else None


_counterparts: dict[int, tuple[object, tuple[str, str]]] = {}


def _refusal(name: str) -> str | None:
    """Why the module, or the package that it is in, is refused."""
    while name:
        if name in _REFUSED:
            return _REFUSED[name]
        name = name.rpartition(".")[0]
    return None


def _exists(name: str) -> bool:
    try:
        return name in real_sys.modules or importlib.util.find_spec(name) is not None
    except ImportError:
        return False


def _tie(name: str, module: ModuleType, modules: dict[str, ModuleType], sched: Scheduler) -> None:
    """Make a new module the attribute of its package, and the modules in it its own."""
    package, _, last = name.rpartition(".")
    if package in modules:
        setattr(modules[package], last, module)
    for part in _PARTS.get(name, ()):
        setattr(module, part, make_module(f"{name}.{part}", sched))
    if name == "sys":
        module.__dict__["__getattr__"] = lambda wanted: _loaded(wanted, sched)


_PARTS = {
    "concurrent": ("futures",),
    "concurrent.futures": ("_base", "thread"),
    "http": ("client", "server"),
    "urllib": ("request",),
}


class _Refusing(ModuleType):
    """A module that may be imported, but whose functions and classes refuse to be touched."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self._tt_why = why

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(self.__name__), name)
        if isinstance(value, (int, str)):
            return value
        if isinstance(value, type) and issubclass(value, BaseException):
            return value
        if isinstance(value, ModuleType):
            full = f"{self.__name__}.{name}"
            return make_module(full if value.__name__ == full else value.__name__, here()) or value
        raise SimulationError(f"`{self.__name__}.{name}` {self._tt_why}")


# -- what is in the modules -----------------------------------------------------------------------


def _contents(name: str) -> Contents:
    contents = _made.get(name)
    if contents is None:
        contents = _made[name] = _CONTENTS[name]()
    return contents


_made: dict[str, Contents] = {}


def _named(real: ModuleType, names: Iterable[str]) -> Contents:
    """These names of a real module, as far as this Python has them."""
    return {name: getattr(real, name) for name in names if hasattr(real, name)}


def _threading() -> Contents:
    import threading as real

    from . import locks, threads

    def rlock(*args: Any, **kwargs: Any) -> locks.RLock:
        if args or kwargs:
            real.RLock(*args, **kwargs)  # warns of them or refuses them
        return locks.RLock()

    rlock.__name__ = rlock.__qualname__ = "RLock"
    rlock.__module__ = "threading"
    contents = {
        "__all__": list(real.__all__),
        "BrokenBarrierError": real.BrokenBarrierError,
        "Barrier": locks.Barrier,
        "BoundedSemaphore": locks.BoundedSemaphore,
        "Condition": locks.Condition,
        "Event": locks.Event,
        "ExceptHookArgs": real.ExceptHookArgs,
        "Lock": _lock_factory(),
        "RLock": rlock,
        "Semaphore": locks.Semaphore,
        "TIMEOUT_MAX": real.TIMEOUT_MAX,
        "Thread": threads.Thread,
        "ThreadError": real.ThreadError,
        "Timer": threads.Timer,
        "__excepthook__": threads.excepthook,
        "activeCount": threads.active_count,
        "active_count": threads.active_count,
        "currentThread": threads.current_thread,
        "current_thread": threads.current_thread,
        "enumerate": threads.enumerate,
        "excepthook": threads.excepthook,
        "get_ident": threads.get_ident,
        "get_native_id": threads.get_ident,
        "getprofile": threads.no_hook,
        "gettrace": threads.no_hook,
        "local": real.local,  # a run never has two threads on one OS thread
        "main_thread": threads.main_thread,
        "setprofile": threads.ignore_hook,
        "setprofile_all_threads": threads.ignore_hook,
        "settrace": threads.ignore_hook,
        "settrace_all_threads": threads.ignore_hook,
        "stack_size": threads.stack_size,
    }
    contents["__all__"] = [name for name in real.__all__ if name in contents]
    return {name: value for name, value in contents.items() if hasattr(real, name)}


def _lock_factory() -> Callable[..., Any]:
    """`threading.Lock`: a class from 3.13 on, a function before."""
    from . import locks

    if real_sys.version_info >= (3, 13):
        return locks.Lock

    return _Builtin(locks.Lock)


class _Builtin:
    """A callable that, like a built-in function, does not become a method in a class."""

    __name__ = "allocate_lock"

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<built-in function {self.__name__}>"


def _bare_threads() -> Contents:
    import _thread as real

    from . import locks, threads

    def leave() -> NoReturn:
        raise SystemExit

    contents = {
        "LockType": locks.Lock,
        "RLock": locks.RLock,
        "TIMEOUT_MAX": real.TIMEOUT_MAX,
        "_ExceptHookArgs": threads.ExceptHookArgs,
        "_excepthook": threads.excepthook,
        "_local": real._local,
        "allocate": _contents("threading")["Lock"],
        "allocate_lock": _contents("threading")["Lock"],
        "error": real.error,
        "exit": leave,
        "exit_thread": leave,
        "get_ident": threads.get_ident,
        "get_native_id": threads.get_ident,
        "lock": locks.Lock,
        "stack_size": threads.stack_size,
        "start_new": threads.start_new_thread,
        "start_new_thread": threads.start_new_thread,
    }
    return {name: value for name, value in contents.items() if hasattr(real, name)}


def _queue() -> Contents:
    import queue as real

    from . import queues

    ours = {
        name: getattr(queues, name)
        for name in ("LifoQueue", "PriorityQueue", "Queue", "SimpleQueue")
    }
    return {**_named(real, ("__all__", "Empty", "Full", "ShutDown")), **ours}


def _futures() -> Contents:
    import concurrent.futures as real

    from . import futures

    names = (
        "Executor",
        "Future",
        "InterpreterPoolExecutor",
        "ProcessPoolExecutor",
        "ThreadPoolExecutor",
        "as_completed",
        "wait",
    )
    contents = _named(real, real.__all__) | {
        "InvalidStateError": real._base.InvalidStateError,
        "__all__": real.__all__,
        "__path__": [],
    }
    for name in names:
        if name != "InterpreterPoolExecutor" or name in real.__all__:
            contents[name] = getattr(futures, name)
    return contents


def _futures_base() -> Contents:
    import concurrent.futures._base as real

    states = ("PENDING", "RUNNING", "CANCELLED", "CANCELLED_AND_NOTIFIED", "FINISHED", "Error")
    return {
        **_contents("concurrent.futures"),
        **_named(real, (*states, "DoneAndNotDoneFutures")),
    }


def _futures_thread() -> Contents:
    import concurrent.futures.thread as real

    from . import futures

    return {
        "BrokenThreadPool": real.BrokenThreadPool,
        "ThreadPoolExecutor": futures.ThreadPoolExecutor,
    }


def _time() -> Contents:
    import time as real

    from . import clock

    contents = {
        name: getattr(clock, name, value)
        for name, value in vars(real).items()
        if not name.startswith("__")
    }
    for name in ("perf_counter", "monotonic"):
        contents[name] = clock.monotonic
        contents[f"{name}_ns"] = clock.monotonic_ns
    for name in ("process_time", "thread_time"):
        contents[name] = clock.process_time
        contents[f"{name}_ns"] = clock.process_time_ns
    return contents


# -- sys ------------------------------------------------------------------------------------------


class Captured(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of a simulated program: kept for `Run.output`."""

    encoding = "utf-8"
    errors = "strict"

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def name(self) -> str:
        """The name as the real one has it."""
        return f"<{self._name}>"

    def write(self, text: str, /) -> int:
        """Keep the text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        here().write_out(text, self._name)
        return len(text)

    def writable(self) -> bool:
        """Yes."""
        return True


class _NoInput(io.TextIOBase):
    """`sys.stdin` of a simulated program: nobody is there to answer."""

    name = "<stdin>"

    def _refuse(self, *args: object) -> NoReturn:
        here().fail(
            "exception",
            "the program reads standard input, which nobody can answer in a simulation. "
            "Let it take the text as an argument.",
        )

    read = readline = readlines = __next__ = _refuse

    def readable(self) -> bool:
        """Yes, but for what follows."""
        return True


def _sys() -> Contents:
    import sys as real

    from .threads import ignore_hook, no_hook

    def accepted(*args: object) -> None:
        """Accepted and ignored: it would change the process in which the simulation runs."""

    contents = dict(vars(real))
    del contents["modules"]  # see _loaded
    contents |= {
        "stdout": Captured("stdout"),
        "stderr": Captured("stderr"),
        "stdin": _NoInput(),
        "gettrace": no_hook,
        "getprofile": no_hook,
        "settrace": ignore_hook,
        "setprofile": ignore_hook,
        **dict.fromkeys(("addaudithook", "setrecursionlimit", "setswitchinterval"), accepted),
    }
    for name in ("stdout", "stderr", "stdin"):
        contents[f"__{name}__"] = contents[name]
    return contents


def _loaded(wanted: str, sched: Scheduler) -> Any:
    """`sys.modules`, made when it is first asked for: the world's modules where it has its own."""
    if wanted != "modules":
        raise AttributeError(f"module 'sys' has no attribute {wanted!r}")
    names = [*real_sys.modules]
    loaded = {name: make_module(name, sched) or real_sys.modules[name] for name in names}
    sched.state["modules"]["sys"].__dict__["modules"] = loaded
    return loaded


# -- os -------------------------------------------------------------------------------------------

_ENDS_PROCESS = "would end the whole process. Return from the program instead."
_LEAVES_PROCESS = "goes beyond this process, which a simulation cannot control. Run it for real."


def _os() -> Contents:
    import os as real

    contents = dict(vars(real))
    for name in contents:
        if name in ("_exit", "abort"):
            contents[name] = _failing(f"os.{name}", _ENDS_PROCESS)
        elif name in ("fork", "forkpty", "kill", "killpg", "popen", "system") or name.startswith(
            ("exec", "spawn", "posix_spawn")
        ):
            contents[name] = _failing(f"os.{name}", _LEAVES_PROCESS)
    return contents


def _failing(name: str, why: str) -> Callable[..., NoReturn]:
    def refuse(*args: object, **kwargs: object) -> NoReturn:
        here().fail("exception", f"`{name}` {why}")

    return refuse


# -- random ---------------------------------------------------------------------------------------


def _random() -> Contents:
    """The functions of `random`, from one seeded generator for each thread.

    The real module has one generator for all. With one each, what a thread draws does not depend
    on when the others draw, and so drawing needs no step.
    """
    contents = _named(real_random, (*real_random.__all__, "__all__"))
    for name, value in contents.items():
        if isinstance(getattr(value, "__self__", None), real_random.Random):
            contents[name] = _drawing(name)
    return contents


def _drawing(name: str) -> Callable[..., Any]:
    def draw(*args: Any, **kwargs: Any) -> Any:
        sched = here()
        path = sched.current.path
        generators = sched.state.setdefault("random", {})
        if path not in generators:
            generators[path] = real_random.Random(str(path) if path else 0)
        sched.mutated()
        return getattr(generators[path], name)(*args, **kwargs)

    draw.__name__ = draw.__qualname__ = name
    return draw


_CONTENTS: dict[str, Callable[[], Contents]] = {
    "threading": _threading,
    "_thread": _bare_threads,
    "queue": _queue,
    "concurrent.futures": _futures,
    "concurrent.futures._base": _futures_base,
    "concurrent.futures.thread": _futures_thread,
    "time": _time,
    "sys": _sys,
    "os": _os,
    "random": _random,
}
