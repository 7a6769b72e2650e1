"""Programs that misbehave get a verdict or a clear error, and leave the process as it was."""

from __future__ import annotations

import _thread
import atexit
import builtins
import collections
import contextlib
import ctypes
import faulthandler
import functools
import gc
import importlib
import itertools
import json
import linecache
import math
import multiprocessing
import operator
import os
import queue
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import taketurns
from taketurns import ProgramError, explore, simulate

MODULES = (
    *("atexit", "builtins", "collections", "copy", "functools", "gc", "io", "itertools", "json"),
    *("linecache", "logging", "math", "operator", "os", "queue", "random", "signal", "string"),
    *("sys", "threading", "time", "traceback", "types", "warnings", "weakref", "_thread"),
    *("concurrent.futures", "concurrent.futures.thread", "importlib"),
    *(name for name in sys.modules if name.startswith("taketurns.engine")),
)
OWN = frozenset(
    # What the engine keeps from call to call, and what warnings and pytest keep anywhere.
    {"__warningregistry__", "_counterparts", "_made", "last_traceback", "last_type", "last_value"}
)


def _contents(name: str) -> dict[str, int]:
    """What a module and its classes have, by identity."""
    found = {}
    for key, value in vars(importlib.import_module(name)).items():
        if key not in OWN:
            found[key] = id(value)
        if isinstance(value, type) and value.__module__.startswith(("threading", "taketurns")):
            members = {k: id(v) for k, v in vars(value).items() if not k.startswith("_abc")}
            found |= {f"{key}.{member}": v for member, v in members.items()}
    return found


def _names(folder: str) -> list[str]:
    """What is in a folder, where the system has such a one."""
    path = Path(folder)
    return sorted(entry.name for entry in path.iterdir()) if path.is_dir() else []


def _state() -> dict[str, object]:
    """What a simulation must leave as it was."""
    numbers = [number for number in signal.valid_signals() if number < 32]
    return {
        "threads": threading.enumerate(),
        "trace": (sys.gettrace(), threading.gettrace()),
        "profile": (sys.getprofile(), threading.getprofile()),
        "limits": (sys.getrecursionlimit(), sys.getswitchinterval(), threading.stack_size()),
        "digits": sys.get_int_max_str_digits(),
        "signals": [signal.getsignal(number) for number in numbers],
        "streams": (sys.stdin, sys.stdout, sys.stderr, sys.__stdout__),
        "hooks": (sys.excepthook, sys.unraisablehook, sys.displayhook, threading.excepthook),
        "collector": (gc.isenabled(), gc.get_threshold(), gc.get_debug(), [*gc.callbacks]),
        "folder": Path.cwd(),
        "environment": {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")},
        "exit": atexit._ncallbacks(),
        "warnings": [*warnings.filters],
        "random": random.getstate(),
        "paths": ([*sys.path], [*sys.meta_path], [*sys.path_hooks], [*sys.argv]),
        "files": _names("/proc/self/fd"),
        **{name: _contents(name) for name in MODULES},
    }


@pytest.fixture(autouse=True)
def _process_stays_as_it_was(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    tmp_path_factory.getbasetemp()  # registers its own clearing up for the end of the process
    explore(raises_in_a_thread)  # loads what is loaded when it is first needed
    before, modules = _state(), set(sys.modules)
    yield
    after, new = _state(), set(sys.modules) - modules
    assert before.keys() == after.keys()
    assert {} == {key: (before[key], after[key]) for key in before if before[key] != after[key]}
    assert set() == {name for name in new if name.partition(".")[0] not in sys.stdlib_module_names}


# -- what is no program ------------------------------------------------------------------------


def takes_arguments(count):
    return count


def generates():
    yield 1


async def awaits():
    pass


class CallableObject:
    def __call__(self):
        return 1


@pytest.mark.parametrize(
    ("program", "says"),
    [
        (42, "a function of no arguments, not 42"),
        (takes_arguments, "takes arguments (count)"),
        (generates, "contains `yield`"),
        (awaits, "async"),
        (CallableObject(), "whose source can be read"),
        (len, "whose source can be read"),
        (threading.Thread, "whose source can be read"),
    ],
)
def test_what_is_no_program_is_refused_with_what_to_do(program: object, says: str) -> None:
    with pytest.raises(ProgramError) as refusal:
        explore(program)  # type: ignore[arg-type]

    assert says in str(refusal.value)


def test_a_program_whose_source_is_lost_is_refused() -> None:
    space: dict[str, Callable[[], object]] = {}
    exec("def program():\n    return 1\n", space)

    with pytest.raises(ProgramError, match="cannot be found"):
        explore(space["program"])


def test_an_unknown_clock_is_refused() -> None:
    with pytest.raises(ValueError, match="'exact' or 'adversarial'"):
        explore(generates, clock="fast")


# -- what cannot be simulated ------------------------------------------------------------------


def reads_standard_input():
    return input("how many? ")


def reads_stdin_directly():
    return sys.stdin.readline()


def ends_the_process():
    os._exit(3)


def forks():
    return os.fork()


def kills_itself():
    os.kill(os.getpid(), signal.SIGKILL)


def opens_a_socket():
    return socket.create_connection(("127.0.0.1", 9))


def writes_a_file():
    with open("left-behind.txt", "w") as file:  # noqa: PTH123
        file.write("x")


def explores_itself():
    return taketurns.explore(writes_a_file)


def simulates_by_name():
    return simulate(writes_a_file)


def imports_the_checker():
    from taketurns import explore as mine

    return mine(writes_a_file)


def aborts():
    os.abort()


def forks_by_the_back_door():
    import posix

    posix.fork()


def sets_an_alarm():
    signal.alarm(1)


def sets_an_alarm_by_the_back_door():
    import _signal

    _signal.alarm(1)


def handles_a_signal():
    signal.signal(signal.SIGINT, print)


def dumps_core():
    faulthandler._sigsegv()


def reads_memory():
    ctypes.string_at(0)


def starts_a_process():
    multiprocessing.Process(target=print).start()


def runs_a_command():
    subprocess.run(["true"], check=True)


def changes_the_folder():
    os.chdir("/")


def closes_the_output():
    os.close(1)


def reads_a_pipe():
    os.read(os.pipe()[0], 1)


def reads_what_has_no_end():
    return open("/dev/zero").read()  # noqa: PTH123


def lifts_the_limit_of_digits():
    sys.set_int_max_str_digits(0)


def patches_threads():
    threading.Thread.start = lambda self: None


def patches_locks():
    type(threading.Lock()).acquire = lambda self: True


def patches_queues():
    queue.Queue.get = lambda self: None


def patches_builtins():
    builtins.print = None


def patches_the_library():
    json.dumps = None


def uses_a_number_that_is_too_large():
    n = 10**9
    return 10**n


def multiplies_without_end():
    n = 3
    while True:
        n *= n


def shifts_too_far():
    n = 1
    n <<= 10**12


def computes_a_factorial_that_is_too_large():
    return math.factorial(10**7)


def powers_by_function():
    return operator.pow(10, 10**9), pow(10, 10**9)


def repeats_a_text_too_often():
    return len("x" * 10**10)


def repeats_a_list_too_often():
    n = 10**10
    return [0] * n


def raises_the_engine_s_own():
    raise next(kind for kind in BaseException.__subclasses__() if kind.__name__ == "Abort")


def raises_the_engine_s_own_in_a_thread():
    thread = threading.Thread(target=raises_the_engine_s_own)
    thread.start()
    thread.join()


@pytest.mark.parametrize(
    ("program", "says"),
    [
        (reads_standard_input, "reads standard input"),
        (reads_stdin_directly, "standard input"),
        (ends_the_process, "os._exit"),
        (forks, "os.fork"),
        (kills_itself, "os.kill"),
        (opens_a_socket, "real input/output"),
        (writes_a_file, "would write to a real file"),
        (explores_itself, "inside a simulated program"),
        (simulates_by_name, "inside a simulated program"),
        (imports_the_checker, "inside a simulated program"),
        (aborts, "os.abort"),
        (forks_by_the_back_door, "os.fork"),
        (sets_an_alarm, "whole process"),
        (sets_an_alarm_by_the_back_door, "whole process"),
        (handles_a_signal, "whole process"),
        (dumps_core, "whole process"),
        (reads_memory, "reaches past Python"),
        (starts_a_process, "about processes"),
        (runs_a_command, "about processes"),
        (changes_the_folder, "changes the whole process"),
        (closes_the_output, "changes the whole process"),
        (reads_a_pipe, "real files"),
        (reads_what_has_no_end, "no ordinary file"),
        (lifts_the_limit_of_digits, "changes the whole process"),
        (patches_threads, "`Thread.start`"),
        (patches_locks, "`Lock.acquire`"),
        (patches_queues, "`Queue.get`"),
        (patches_builtins, "`builtins.print`"),
        (patches_the_library, "`json.dumps`"),
        (uses_a_number_that_is_too_large, "10 ** 1000000000 is a number of more than"),
        (multiplies_without_end, "is a number of more than"),
        (shifts_too_far, "1 << 1000000000000 is a number"),
        (computes_a_factorial_that_is_too_large, "math.factorial(10000000) is a number"),
        (powers_by_function, "10 ** 1000000000 is a number"),
        (repeats_a_text_too_often, "takes too much memory"),
        (repeats_a_list_too_often, "takes too much memory"),
        (raises_the_engine_s_own, "of the simulation's own"),
        (raises_the_engine_s_own_in_a_thread, "of the simulation's own"),
    ],
)
def test_what_cannot_be_simulated_is_said(program: Callable[[], object], says: str) -> None:
    report = explore(program)

    assert (report.holds, report.verdict) == (False, "exception")
    assert report.failure is not None
    assert says in report.failure.message


# -- what does not end -------------------------------------------------------------------------


def spins_for_ever():
    while True:
        pass


def waits_for_a_flag_that_nobody_sets():
    flag = []
    while not flag:
        pass


def polls_for_ever():
    flag = []
    while not flag:
        time.sleep(0.1)


def counts_for_ever():
    n = 0
    while True:
        n += 1


def shares_a_count_for_ever():
    box = [0]
    while True:
        box[0] += 1


def two_hundred_thousand_increments():
    box = [0]

    def work():
        for _ in range(100_000):
            box[0] += 1

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def starts_too_many():
    def nap():
        time.sleep(1)

    for _ in range(10_000):
        threading.Thread(target=nap).start()


def starts_itself():
    thread = threading.Thread(target=starts_itself)
    thread.start()
    thread.join()


def starts_timers_for_ever():
    threading.Timer(1, starts_timers_for_ever).start()


def sums_without_end():
    sum(itertools.count())


def looks_for_the_largest_of_an_endless_cycle():
    max(itertools.cycle([1]))


def lists_what_a_call_returns_without_end():
    list(iter(int, 1))


def drops_what_repeats():
    collections.deque(itertools.repeat(1), maxlen=0)


def looks_for_what_is_not_there():
    return -1 in itertools.count()


def asks_without_end():
    return any(x < 0 for x in itertools.count())


def joins_without_end():
    return "".join(itertools.repeat("x"))


def sums_a_long_range():
    return sum(range(10**15))


def lists_nothing_of_a_long_range():
    return [0 for _ in range(10**18) if False]


def lists_all_orders():
    return list(itertools.permutations(range(20)))


def recurses_whatever_happens():
    try:
        recurses_whatever_happens()
    except RecursionError:
        recurses_whatever_happens()


def does_much_in_every_turn():
    done = 0
    while True:
        done += len(sorted(range(99_000)))


def runs_code_that_was_compiled_before():
    exec(compile("while True: pass", "compiled", "exec"))


def hides_the_builtins():
    exec("while True: pass", {"__builtins__": {}})


def grows_without_end():
    text = "x"
    while True:
        text = text + text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "verdict"),
    [
        (spins_for_ever, "no-progress"),
        (waits_for_a_flag_that_nobody_sets, "no-progress"),
        (polls_for_ever, "no-progress"),
        (counts_for_ever, "inconclusive"),
        (shares_a_count_for_ever, "inconclusive"),
        (two_hundred_thousand_increments, "inconclusive"),
        (starts_too_many, "inconclusive"),
        (starts_itself, "inconclusive"),
        (starts_timers_for_ever, "inconclusive"),
        (sums_without_end, "inconclusive"),
        (looks_for_the_largest_of_an_endless_cycle, "inconclusive"),
        (lists_what_a_call_returns_without_end, "inconclusive"),
        (drops_what_repeats, "inconclusive"),
        (looks_for_what_is_not_there, "inconclusive"),
        (asks_without_end, "inconclusive"),
        (joins_without_end, "inconclusive"),
        (sums_a_long_range, "inconclusive"),
        (lists_nothing_of_a_long_range, "inconclusive"),
        (lists_all_orders, "inconclusive"),
        (recurses_whatever_happens, "inconclusive"),
        (does_much_in_every_turn, "inconclusive"),
        (runs_code_that_was_compiled_before, "inconclusive"),
        (hides_the_builtins, "inconclusive"),
        (grows_without_end, "inconclusive"),
    ],
)
def test_what_never_ends_gets_a_verdict(program: Callable[[], object], verdict: str) -> None:
    assert explore(program).verdict == verdict


def recurses():
    return recurses() + 1


def recurses_in_a_thread():
    def down(n):
        return down(n + 1)

    thread = threading.Thread(target=down, args=(0,))
    thread.start()
    thread.join()


def test_endless_recursion_is_an_ordinary_error() -> None:
    main = explore(recurses)
    thread = explore(recurses_in_a_thread)

    assert main.verdict == "exception"
    assert main.failure is not None
    assert "RecursionError" in main.failure.message
    assert thread.verdict == "thread-exception"


# -- what resists ------------------------------------------------------------------------------


def swallows_everything():
    lock = threading.Lock()
    lock.acquire()
    while True:
        with contextlib.suppress(BaseException):
            lock.acquire()


def swallows_in_a_finally():
    lock = threading.Lock()
    lock.acquire()
    for _ in itertools.count():
        try:
            lock.acquire()
        except:  # noqa: E722
            continue
        finally:
            lock.locked()


def a_daemon_that_swallows_everything():
    done = threading.Event()

    def resist():
        while True:
            with contextlib.suppress(BaseException):
                done.wait()

    threading.Thread(target=resist, daemon=True).start()
    return "returned"


def test_a_program_that_swallows_every_exception_is_ended_all_the_same() -> None:
    assert explore(swallows_everything).verdict == "deadlock"
    assert explore(swallows_in_a_finally).verdict == "deadlock"
    assert explore(a_daemon_that_swallows_everything).outcomes.keys() == {"returned"}


def loops_while_it_ends():
    lock = threading.Lock()
    lock.acquire()
    try:
        lock.acquire()
    finally:
        while True:
            pass


def locks_while_it_ends():
    lock = threading.Lock()
    lock.acquire()
    try:
        lock.acquire()
    finally:
        lock.acquire()


def calls_itself_while_it_ends():
    lock = threading.Lock()
    lock.acquire()
    try:
        lock.acquire()
    finally:
        calls_itself_while_it_ends()


def swallows_on_leaving():
    lock = threading.Lock()
    lock.acquire()

    class Swallows:
        def __enter__(self):
            return self

        def __exit__(self, *error):
            return True

    while True:
        with Swallows():
            lock.acquire()


def swallows_in_a_call_from_c():
    lock = threading.Lock()
    lock.acquire()

    def tries(_):
        try:
            lock.acquire()
        except BaseException:
            return 1

    return list(map(tries, itertools.repeat(1)))


def closes_generators_while_it_ends():
    lock = threading.Lock()
    lock.acquire()

    def locks():
        try:
            yield
        finally:
            lock.acquire()

    def stays():
        while True:
            with contextlib.suppress(GeneratorExit):
                yield

    generators = [locks(), stays()]
    for generator in generators:
        next(generator)
    lock.acquire()


@pytest.mark.parametrize(
    "program",
    [
        loops_while_it_ends,
        locks_while_it_ends,
        calls_itself_while_it_ends,
        swallows_on_leaving,
        swallows_in_a_call_from_c,
        closes_generators_while_it_ends,
    ],
)
def test_the_end_of_a_run_cannot_be_held_up(program: Callable[[], object]) -> None:
    assert explore(program).verdict == "deadlock"


def locks_in_a_finaliser():
    lock = threading.Lock()
    lock.acquire()

    class Locks:
        def __del__(self):
            lock.acquire()

    Locks()


def locks_in_a_callback():
    lock = threading.Lock()
    lock.acquire()

    class Thing:
        pass

    thing = Thing()
    kept = weakref.ref(thing, lambda _: lock.acquire())
    del thing
    return kept()


def loops_in_a_finaliser():
    class Loops:
        def __del__(self):
            while True:
                pass

    Loops()


@pytest.mark.parametrize(
    ("program", "verdict"),
    [
        (locks_in_a_finaliser, "deadlock"),
        (locks_in_a_callback, "deadlock"),
        (loops_in_a_finaliser, "no-progress"),
    ],
)
def test_finalisers_are_part_of_the_program(
    program: Callable[[], object], verdict: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert explore(program).verdict == verdict
    assert capfd.readouterr() == ("", "")


def leaves_a_finaliser_that_loops():
    class Loops:
        def __init__(self):
            self.me = self

        def __del__(self):
            while True:
                pass

    return Loops()


def leaves_a_finaliser_that_prints():
    class Prints:
        def __init__(self):
            self.me = self

        def __del__(self):
            print("late")

    Prints()


def leaves_a_generator_with_a_lock():
    lock = threading.Lock()

    def holds():
        with lock:
            yield

    generator = holds()
    next(generator)
    generator.gi_frame.f_locals["me"] = generator
    return [generator][:0]


def leaves_a_finaliser_for_the_end_of_the_process():
    class Thing:
        pass

    thing = Thing()
    thing.me = thing
    weakref.finalize(thing, print, "bye")


@pytest.mark.parametrize(
    "program",
    [
        leaves_a_finaliser_that_loops,
        leaves_a_finaliser_that_prints,
        leaves_a_generator_with_a_lock,
        leaves_a_finaliser_for_the_end_of_the_process,
    ],
)
def test_finalisers_after_the_end_are_not_heard(
    program: Callable[[], object], capfd: pytest.CaptureFixture[str]
) -> None:
    assert explore(program).verdict == "ok"
    gc.collect()
    assert capfd.readouterr() == ("", "")


def test_what_a_finaliser_raises_is_part_of_the_output(capfd: pytest.CaptureFixture[str]) -> None:
    def program() -> None:
        class Fails:
            def __del__(self) -> None:
                raise ValueError("no")

        Fails()

    run = simulate(program)

    assert "ValueError" in run.output
    assert capfd.readouterr() == ("", "")


# -- odd exceptions and odd results ----------------------------------------------------------------


class Unspeakable(Exception):
    """Its text raises."""

    def __str__(self):
        return f"{self.missing}"

    __repr__ = __str__


class Liar(Exception):
    """Says that it is something else."""

    @property
    def __class__(self):
        return AssertionError

    @property
    def args(self):
        raise ValueError("no arguments")

    @property
    def __traceback__(self):
        raise ValueError("no traceback")


class Endless(Exception):
    """Its text takes for ever."""

    def __str__(self):
        while not self.args:
            pass
        return "never"


def raises(error):
    raise error


def raises_elsewhere(error):
    thread = threading.Thread(target=raises, args=(error,), name="worker")
    thread.start()
    thread.join()


def catches(error):
    try:
        raise error
    except BaseException:
        return "caught"


@pytest.mark.parametrize(
    ("program", "verdict", "says"),
    [
        (lambda: raises(SystemExit(3)), "exception", "SystemExit: 3"),
        (lambda: raises(KeyboardInterrupt()), "exception", "KeyboardInterrupt"),
        (lambda: raises(GeneratorExit()), "exception", "GeneratorExit"),
        (lambda: raises(42), "exception", "must derive from BaseException"),
        (lambda: raises(Unspeakable()), "exception", "Unspeakable (asking for its text raises Att"),
        (lambda: raises(AssertionError(Unspeakable())), "assertion", "asking for its text raises"),
        (lambda: raises(Liar()), "exception", "Liar"),
        (lambda: raises(Endless()), "no-progress", "loop"),
        (lambda: raises(ValueError("x" * 10**7)), "exception", "ValueError: xxx"),
        (lambda: raises_elsewhere(KeyboardInterrupt()), "thread-exception", "KeyboardInterrupt"),
        (lambda: raises_elsewhere(Unspeakable()), "thread-exception", "died of Unspeakable"),
        (lambda: raises_elsewhere(Endless()), "no-progress", "worker"),
    ],
)
def test_odd_exceptions_get_a_verdict(
    program: Callable[[], object], verdict: str, says: str
) -> None:
    report = explore(program)

    assert verdict == report.verdict
    assert report.failure is not None
    assert says in report.failure.message
    assert len(report.failure.message) < 50_000


def test_what_is_caught_is_not_asked_for_its_text() -> None:
    assert explore(lambda: catches(Unspeakable())).outcomes == {"caught": 1}
    assert simulate(lambda: catches(Endless())).result == "caught"


def test_leaving_a_thread_is_no_error() -> None:
    assert explore(lambda: raises_elsewhere(SystemExit())).verdict == "ok"


def odd(base, *members):
    """An object of a class all of whose special methods loop, lock or raise."""

    def fails(self, *args):
        threading.Thread(target=print).start()
        while True:
            pass

    names = ("__eq__", "__hash__", "__repr__", "__str__", "__bool__", "__iter__", "__len__")
    return type("Odd", (base,), dict.fromkeys((*names, *members), fails))


def nested(depth):
    made = ()
    for _ in range(depth):
        made = (made,)
    return made


def holds_itself():
    made = []
    made.append(made)
    return made


@pytest.mark.parametrize(
    ("program", "shown"),
    [
        (lambda: [odd(object, "__getattr__", "__getattribute__")()], ("<Odd>",)),
        (lambda: odd(int)(3), 3),
        (lambda: odd(str)("text"), "text"),
        (lambda: odd(float)(1.5), 1.5),
        (lambda: odd(list)([1, 2]), (1, 2)),
        (lambda: odd(tuple)([1, 2]), (1, 2)),
        (lambda: odd(dict, "items", "keys")(a=1), (("a", 1),)),
        (lambda: odd(Exception)(3), "Odd(3)"),
        (lambda: [odd(object)], ("Odd",)),
        (lambda: [threading.Lock()], ("<Lock>",)),
        (lambda: (x + 1 for x in itertools.count()), "<generator>"),
        (lambda: 1 << 1_000_000, "<int of 1000001 bits>"),
        (lambda: list(range(2_000_000)), "[0, 1, 2, 3, 4, 5, ...]"),
    ],
)
def test_odd_results_are_described_without_asking_them(
    program: Callable[[], object], shown: object
) -> None:
    assert {shown: 1} == explore(program).outcomes
    assert "ok" == simulate(program).verdict


@pytest.mark.parametrize("program", [functools.partial(nested, 100_000), holds_itself])
def test_endless_results_are_cut(program: Callable[[], object]) -> None:
    report = explore(program)

    assert report.holds
    assert len(repr(report.outcomes)) < 1000


# -- what reaches for more -------------------------------------------------------------------------

REAL_LOCK = threading.Lock()
REAL_QUEUE = queue.Queue()


class Keeper:
    def __init__(self):
        self.lock = threading.Lock()


KEEPER = Keeper()


def locks_what_was_made_outside():
    REAL_LOCK.acquire()
    REAL_LOCK.acquire()


def waits_for_what_was_made_outside():
    REAL_QUEUE.get()


def locks_what_an_object_outside_keeps():
    KEEPER.lock.acquire()
    KEEPER.lock.acquire()


@pytest.mark.parametrize(
    "program",
    [
        locks_what_was_made_outside,
        waits_for_what_was_made_outside,
        locks_what_an_object_outside_keeps,
    ],
)
def test_what_was_made_outside_is_made_again_inside(program: Callable[[], object]) -> None:
    assert explore(program).verdict == "deadlock"
    assert not REAL_LOCK.locked()


def test_a_lock_that_only_a_closure_has_is_refused() -> None:
    lock = threading.Lock()

    with pytest.raises(ProgramError):
        explore(functools.partial(lambda given: given.acquire(), lock))


def floods_its_output():
    for _ in range(20_000):
        print("x" * 1_000)


def test_endless_output_is_cut() -> None:
    run = simulate(floods_its_output)

    assert len(run.output) < 20_000_000
    assert "[more output left out]" in run.output


def replaces_what_it_finds():
    gc.disable()
    gc.set_threshold(1)
    gc.callbacks.append(print)
    os.environ["TAKETURNS_LEFT"] = "1"
    os.environ.pop("PATH", None)
    sys.path.insert(0, "/nowhere")
    sys.meta_path.clear()
    sys.argv.append("left")
    sys.modules.clear()
    sys.modules["left"] = None
    warnings.simplefilter("ignore")
    warnings.filterwarnings("error")
    atexit.register(print, "left")
    atexit._clear()
    random.seed(3)
    random.random()
    __builtins__["len"] = None
    __builtins__["_tt_tick"] = None
    queue.Queue = queue.Empty = None
    itertools.count = math.pi = os.path = None
    _thread.start_new_thread = None
    sys.excepthook = sys.displayhook = sys.unraisablehook = print
    threading.settrace(print)
    threading.setprofile(print)
    sys.setprofile(print)
    threading.Lock = None
    threading.Thread = None
    time.sleep = None
    sys.settrace(print)
    sys.setrecursionlimit(50)
    sys.setswitchinterval(0.5)
    threading.excepthook = print
    sys.stdout = None


def test_what_a_program_replaces_is_its_own_world_only() -> None:
    assert explore(replaces_what_it_finds).verdict == "ok"  # the fixture compares


def looks_around():
    frame = sys._getframe()
    depth = 0
    while frame is not None:
        depth += 1
        frame = frame.f_back
    return depth > 0, len(gc.get_objects()) > 0, isinstance(linecache.cache, dict)


def test_a_program_may_look_around() -> None:
    assert {(True, True, True): 1} == explore(looks_around).outcomes


def raises_in_a_thread():
    def fail():
        raise ValueError("no")

    thread = threading.Thread(target=fail, name="worker")
    thread.start()
    thread.join()


def test_nothing_reaches_the_real_output(capfd: pytest.CaptureFixture[str]) -> None:
    run = simulate(raises_in_a_thread)
    simulate(floods_its_output)

    assert capfd.readouterr() == ("", "")
    assert run.verdict == "thread-exception"
    assert "ValueError: no" in run.output


# -- what is stopped from outside ------------------------------------------------------------------

INTERRUPTED = """
import gc, os, signal, sys, threading
from taketurns import explore
from taketurns.engine import scheduler, search

def program():
    lock, counts = threading.Lock(), [0]

    def work():
        for _ in range(5):
            with lock:
                counts[0] += 1

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

def interrupting(function, after):
    calls = 0
    def call(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls == after:
            os.kill(os.getpid(), signal.SIGINT)
        return function(*args, **kwargs)
    return call

owner, name, after = {
    "between two runs": (search.Reduced, "advance", 100),
    "in a thread": (scheduler.Scheduler, "step", 1_000),
    "as a run begins": (scheduler.Scheduler, "run", 50),
    "at the end of a run": (scheduler.Scheduler, "_unwind", 50),
}[sys.argv[1]]
setattr(owner, name, interrupting(getattr(owner, name), after))
hook = sys.unraisablehook
try:
    explore(program, budget=10**9)
except KeyboardInterrupt:
    print("interrupted", threading.active_count(), gc.isenabled(), sys.unraisablehook is hook)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "moment", ["between two runs", "in a thread", "as a run begins", "at the end of a run"]
)
def test_an_interrupt_leaves_nothing_behind(tmp_path: Path, moment: str) -> None:
    script = tmp_path / "interrupted.py"
    script.write_text(INTERRUPTED)

    child = subprocess.run(
        [sys.executable, script, moment], capture_output=True, text=True, timeout=120, check=False
    )

    assert ("interrupted 1 True True\n", "", 0) == (child.stdout, child.stderr, child.returncode)
