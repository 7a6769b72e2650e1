"""The modules that a simulated program gets instead of the real ones.

What a module holds is the same for all runs, so it is put together once, when some program first
imports it; each world then gets a module of its own with these contents, and may assign to it.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import io
import os as real_os
import random as real_random
import stat
import sys as real_sys
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from taketurns.engine import endless
from taketurns.engine.errors import SimulationError
from taketurns.engine.kinds import words
from taketurns.engine.scheduler import Scheduler, here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Contents = dict[str, Any]

# Modules of the standard library whose own source is executed over these models.
STDLIB_OVER_MODELS = frozenset(
    {
        "_py_warnings",
        "logging",
        "logging.config",
        "logging.handlers",
        "sched",
        "secrets",
        "traceback",
        "warnings",
    }
)

_INPUT_OUTPUT = (
    "does real input/output, which a simulation cannot control. Let the program take the function "
    "that fetches as an argument and pass one that calls time.sleep; or run it for real."
)
_PROCESSES = (
    "is about processes, which a simulation cannot control. Use threads here (threading, "
    "concurrent.futures.ThreadPoolExecutor, multiprocessing.pool.ThreadPool), or run the program "
    "for real."
)
_SIGNALS = (
    "reaches the whole process, which a simulation must leave alone. Use a threading.Event to stop "
    "threads, or run the program for real."
)
_PAST_PYTHON = (
    "reaches past Python, where a simulation can see and control nothing. Run the program for real."
)
_OWN_LOOP = (
    "belongs to an event loop, which this simulation of threads does not know. Write the waiting "
    "calls with threads (threading, concurrent.futures) and time.sleep, or run the program for "
    "real."
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
    **dict.fromkeys(("_socket", "_ssl"), _INPUT_OUTPUT),
    **dict.fromkeys(("_multiprocessing", "_posixsubprocess", "multiprocessing"), _PROCESSES),
    **dict.fromkeys(("_ctypes", "ctypes"), _PAST_PYTHON),
    **dict.fromkeys(("_signal", "faulthandler", "signal"), _SIGNALS),
    "asyncio": _OWN_LOOP,
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
    for name in _CONTENTS:
        real = real_sys.modules.get(name)
        if real is None or name in _counted:
            continue
        _counted.add(name)
        for attribute, stand_in in _contents(name).items():
            original = getattr(real, attribute, stand_in)
            if original is not stand_in and not attribute.startswith("__"):
                _counterparts.setdefault(id(original), (original, (name, attribute)))
    original, place = _counterparts.get(id(value), (None, None))
    if original is value and place is not None:
        return place
    home = str(getattr(value, "__module__", None)).replace("_warnings", "warnings")
    if home in STDLIB_OVER_MODELS or _refusal(home) is not None:
        name = str(getattr(value, "__name__", None))
        if getattr(real_sys.modules.get(home), name, None) is value:
            return home, name
    return None


_counted: set[str] = set()
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
    if name == "os":  # a copy for each run
        environment = dict(module.__dict__["environ"])
        module.__dict__.update(environ=environment, getenv=environment.get)
    if name == "sys":
        for changing in ("argv", "meta_path", "path", "path_hooks", "warnoptions"):
            module.__dict__[changing] = [*module.__dict__[changing]]
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
        if (self.__name__, name) == ("multiprocessing", "cpu_count"):
            return _cores
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


def _named_in(module: str, *names: str) -> Contents:
    """These of what stands for another module."""
    return {name: _contents(module)[name] for name in names if name in _contents(module)}


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
        "_CRLock": locks.RLock,
        "_PyRLock": locks.RLock,
        "__excepthook__": threads.excepthook,
        "activeCount": threads.active_count,
        "active_count": threads.active_count,
        "currentThread": threads.current_thread,
        "current_thread": threads.current_thread,
        "enumerate": threads.enumerate,
        "excepthook": threads.excepthook,
        **_named_in("_thread", "get_ident", "get_native_id", "stack_size"),
        "local": threads.local,
        "main_thread": threads.main_thread,
        **_tracing("threading"),
    }
    contents["__all__"] = [name for name in real.__all__ if name in contents]
    return {name: value for name, value in contents.items() if hasattr(real, name)}


def _tracing(module: str) -> Contents:
    """The functions of a module that set and give the hooks for tracing and profiling."""
    from .threads import get_hook, set_hook

    found: Contents = {}
    for kind in ("trace", "profile"):
        name = f"{kind} of {module}"
        found |= {
            f"set{kind}": functools.partial(set_hook, name),
            f"set{kind}_all_threads": functools.partial(set_hook, name),
            f"get{kind}": functools.partial(get_hook, name),
        }
    return found


@functools.cache
def _lock_factory() -> Callable[..., Any]:
    """`threading.Lock`: a class from 3.13 on, a function before."""
    from . import locks

    if real_sys.version_info >= (3, 13):
        return locks.Lock

    return _Builtin(locks.Lock, "allocate_lock")


class _Builtin:
    """A callable that, like a built-in function, does not become a method in a class."""

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self._function = function
        self.__name__ = self.__qualname__ = name
        self.__doc__ = function.__doc__

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
        "_local": threads.local,
        "allocate": _lock_factory(),
        "allocate_lock": _lock_factory(),
        "error": real.error,
        "exit": leave,
        "exit_thread": leave,
        "interrupt_main": _failing("_thread.interrupt_main", _SIGNALS),
        "get_ident": threads.get_ident,
        "get_native_id": threads.get_ident,
        "lock": locks.Lock,
        "stack_size": threads.stack_size,
        "start_new": threads.start_new_thread,
        "start_new_thread": threads.start_new_thread,
    }
    return _unbound({name: value for name, value in contents.items() if hasattr(real, name)})


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
    return _unbound(contents)


def _unbound(contents: Contents) -> Contents:
    """The same with what stands for built-in functions behaving as such in a class."""
    return {
        name: _Builtin(value, name) if isinstance(value, FunctionType) else value
        for name, value in contents.items()
    }


def _datetime() -> Contents:
    import datetime as dt

    from . import dates

    return {**vars(dt), "date": dates.date, "datetime": dates.datetime}


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

    def accepted(*args: object) -> None:
        """Accepted and ignored: it would change the process in which the simulation runs."""

    contents = dict(vars(real))
    del contents["modules"]  # see _loaded
    contents |= {
        "stdout": Captured("stdout"),
        "stderr": Captured("stderr"),
        "stdin": _NoInput(),
        **{name: hook for name, hook in _tracing("sys").items() if hasattr(real, name)},
        **dict.fromkeys(("addaudithook", "setrecursionlimit", "setswitchinterval"), accepted),
    }
    for name in ("stdout", "stderr", "stdin"):
        contents[f"__{name}__"] = contents[name]
    for name in _OF_PROCESS:
        if name in contents:
            contents[name] = _failing(f"sys.{name}", _CHANGES_PROCESS)
    return contents


_OF_PROCESS = words(
    "_clear_type_cache activate_stack_trampoline call_tracing set_asyncgen_hooks "
    "set_coroutine_origin_tracking_depth set_int_max_str_digits setdlopenflags"
)


def _loaded(wanted: str, sched: Scheduler) -> Any:
    """`sys.modules`, made when it is first asked for: the world's modules where it has its own."""
    if wanted != "modules":
        raise AttributeError(f"module 'sys' has no attribute {wanted!r}")
    own = sched.state["modules"]
    names = dict.fromkeys([*real_sys.modules, *own])
    found = {name: make_module(name, sched) or real_sys.modules[name] for name in names}
    own["sys"].__dict__["modules"] = found
    return found


def loaded(name: str, module: ModuleType, sched: Scheduler) -> None:
    """Add a module that the world has executed to its `sys.modules`, if that is made already."""
    world_sys = sched.state["modules"].get("sys")
    if world_sys is not None and "modules" in world_sys.__dict__:
        world_sys.__dict__["modules"][name] = module


# -- os -------------------------------------------------------------------------------------------

_ENDS_PROCESS = "would end the whole process. Return from the program instead."
_CHANGES_PROCESS = (
    "changes the whole process, once for every schedule, which a simulation must leave as it was. "
    "Let the program take what it needs as an argument."
)
_CHANGES_FILES = (
    "reaches real files or waits for them, once for every schedule. "
    "Keep the data in lists or an io.StringIO instead."
)
_CHANGING = words(
    "chdir chroot close closerange dup dup2 fchdir initgroups nice putenv umask unsetenv"
)
_FILES = words(
    "chflags chmod chown copy_file_range fchmod fchown fdopen fifo ftruncate lchmod lchown link "
    "makedirs mkdir mkfifo mknod open openpty pipe pipe2 posix_openpt pread preadv pwrite pwritev "
    "read readv remove removedirs removexattr rename renames replace rmdir sendfile splice symlink "
    "truncate unlink utime wait wait3 wait4 waitid waitpid write writev"
)
_NO_CLOCK = "reads the real clock and the network card. Use uuid.uuid4, which repeats."
_LEAVES_PROCESS = "goes beyond this process, which a simulation cannot control. Run it for real."


def _os(module: str = "os") -> Contents:
    contents = dict(vars(importlib.import_module(module)))
    for name, value in contents.items():
        if name in ("_exit", "abort"):
            contents[name] = _failing(f"os.{name}", _ENDS_PROCESS)
        elif name in ("fork", "forkpty", "kill", "killpg", "popen", "system") or name.startswith(
            ("exec", "spawn", "posix_spawn")
        ):
            contents[name] = _failing(f"os.{name}", _LEAVES_PROCESS)
        elif name in _CHANGING or (name.startswith("set") and callable(value)):
            contents[name] = _failing(f"os.{name}", _CHANGES_PROCESS)
        elif name in _FILES:
            contents[name] = _failing(f"os.{name}", _CHANGES_FILES)
    ours = {"cpu_count": _cores, "process_cpu_count": _cores, "urandom": _urandom}
    contents.update((name, ours[name]) for name in ours if name in contents)
    return contents


def _urandom(size: int, /) -> bytes:
    """Bytes that the thread draws, the same in every repetition."""
    return _generator().randbytes(size)


def open_for_reading(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
    """`open`, for reading: a program runs hundreds of times, so it must not leave traces."""
    if isinstance(mode, str) and set(mode) & set("wax+"):
        raise SimulationError(
            f"open({file!r}, {mode!r}) would write to a real file, once for every schedule. "
            "Collect the text in a list or an io.StringIO instead."
        )
    try:
        kind = real_os.stat(file).st_mode  # noqa: PTH116 (may be a descriptor)
    except (OSError, TypeError, ValueError):
        kind = stat.S_IFREG  # `open` itself says what is wrong
    if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind) and file != real_os.devnull:
        raise SimulationError(
            f"open({file!r}) is no ordinary file: reading it may wait for ever. "
            "Let the program take the text as an argument."
        )
    return open(file, mode, *args, **kwargs)  # noqa: PTH123 (may be a descriptor)


def _io() -> Contents:
    return {**vars(io), "open": open_for_reading}


def _cores() -> int:
    """How many processors there are: always 4, so that no verdict depends on the machine."""
    return 4


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
    return contents | {"Random": _Random, "SystemRandom": _SystemRandom}


def _drawing(name: str) -> Callable[..., Any]:
    def draw(*args: Any, **kwargs: Any) -> Any:
        return getattr(_generator(), name)(*args, **kwargs)

    draw.__name__ = draw.__qualname__ = name
    return draw


def _generator() -> real_random.Random:
    """The generator of the thread that runs, about to be used."""
    sched = here()
    path = sched.current.path
    generators: dict[object, real_random.Random] = sched.state.setdefault("random", {})
    if path not in generators:
        generators[path] = real_random.Random(str(path) if path else 0)
    sched.mutated()
    return generators[path]


def _seed(generator: real_random.Random, a: Any = None, version: int = 2) -> None:
    """Seed it; without a seed, by what the thread draws, so that runs repeat exactly."""
    real_random.Random.seed(generator, _generator().getrandbits(64) if a is None else a, version)


# Not written as functions of the class, by which the engine's own classes are known: that what an
# instance does is seen is left to who calls it.
_Random: Any = type(
    "Random",
    (real_random.Random,),
    {"__module__": "random", "seed": functools.partialmethod(_seed)},
)


def _bits(generator: object, k: int, /) -> int:
    return _generator().getrandbits(k)


def _bytes(generator: object, n: int) -> bytes:
    return _generator().randbytes(n)


def _fraction(generator: object) -> float:
    return _generator().random()


def _keep_seed(generator: object, *args: object, **kwargs: object) -> None:
    """Accepted and ignored, as by the real one."""


_SystemRandom: Any = type(
    "SystemRandom",
    (real_random.SystemRandom,),
    {
        "__module__": "random",
        "getrandbits": functools.partialmethod(_bits),
        "randbytes": functools.partialmethod(_bytes),
        "random": functools.partialmethod(_fraction),
        "seed": functools.partialmethod(_keep_seed),
    },
)


def _uuid() -> Contents:
    import uuid as real

    def uuid4() -> real.UUID:
        """A UUID from what the thread draws."""
        return real.UUID(int=_generator().getrandbits(128), version=4)

    return {
        **vars(real),
        "uuid1": _failing("uuid.uuid1", _NO_CLOCK),
        "uuid4": uuid4,
    }


# -- what would never end, or reach further than the run ------------------------------------------


def _itertools() -> Contents:
    import itertools as real

    return {**vars(real), **endless.ITERATORS}


def _math() -> Contents:
    import math as real

    ours = {name: getattr(endless, name) for name in ("comb", "factorial", "perm")}
    return {**vars(real), **ours}


def _weakref() -> Contents:
    import weakref as real

    class finalize(real.finalize):  # type: ignore[type-arg]
        """`weakref.finalize`, but not at the end of the process: the run is over long before."""

        __module__ = "weakref"
        _registered_with_atexit = True

        def __init__(self, obj: Any, func: Any, /, *args: Any, **kwargs: Any) -> None:
            super().__init__(obj, func, *args, **kwargs)
            self.atexit = False

    return {**vars(real), "finalize": finalize}


def _operator() -> Contents:
    import operator as real

    ours = {"pow": endless.power, "lshift": endless.shifted}
    return {**vars(real), **ours, **{f"__{name}__": ours[name] for name in ours}}


def _gc() -> Contents:
    """The collector is off in a simulation, lest it calls finalisers at any moment."""
    import gc as real

    def ignored(*args: object) -> None:
        """Accepted and ignored: it would change the process in which the simulation runs."""

    names = ("disable", "enable", "freeze", "set_debug", "set_threshold", "unfreeze")
    return {**vars(real), **dict.fromkeys(names, ignored), "callbacks": [], "garbage": []}


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
    **{
        name: functools.partial(_os, name)
        for name in ("posix", "nt")
        if name in real_sys.builtin_module_names
    },
    "io": _io,
    "random": _random,
    "uuid": _uuid,
    "datetime": _datetime,
    "itertools": _itertools,
    "math": _math,
    "operator": _operator,
    "weakref": _weakref,
    "gc": _gc,
}
