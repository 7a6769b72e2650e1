"""Thread, Timer, excepthook and the clock: as the real ones, under every schedule."""

from __future__ import annotations

import _thread
import contextvars
import io
import os
import random
import sys
import threading
import time

import pytest

from taketurns import explore, simulate

from .reality import said, same


def thread_errors():
    thread = threading.Thread(target=time.sleep, args=(0.01,), name="door B")
    seen = [
        repr(thread),
        said(thread.join),
        thread.is_alive(),
        thread.ident,
        thread.native_id,
        thread.daemon,
        thread.start(),
        said(thread.start),
        said(setattr, thread, "daemon", True),
        thread.is_alive(),
        repr(thread),
        thread.join(),
        thread.is_alive(),
        said(thread.start),
        thread.join(),
        thread.join(-1),
        repr(thread),
        isinstance(thread.ident, int),
        said(threading.Thread, 3),
        said(threading.Thread, shape="round"),
        said(threading.current_thread().join),
        repr(threading.Thread(name="door A", daemon=True)),
        said(thread.run),
    ]
    thread.name = 7
    return [*seen, thread.name, thread.getName(), thread.isDaemon()]


def subclass_without_super_init():
    class Mine(threading.Thread):
        def __init__(self):
            pass

    return (
        said(Mine().start),
        said(Mine().join),
        said(lambda: Mine().name),
        said(repr, Mine()),
        said(Mine().is_alive),
    )


def subclass_with_a_result():
    class Squared(threading.Thread):
        def __init__(self, number):
            super().__init__(name=f"square {number}")
            self.number = number

        def run(self):
            self.result = self.number**2

    threads = [Squared(number) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [(thread.name, thread.result) for thread in threads], repr(threads[0])


def subclass_that_uses_the_target():
    class Returning(threading.Thread):
        def run(self):
            self.result = self._target(*self._args, **self._kwargs)

    thread = Returning(target=divmod, args=(7, 2))
    thread.start()
    thread.join()
    return thread.result


def attribute_that_the_library_uses():
    class Stoppable(threading.Thread):
        def __init__(self):
            super().__init__()
            self._stop = threading.Event()

        def run(self):
            self._stop.wait()

    thread = Stoppable()
    thread.start()
    thread._stop.set()
    return said(thread.join)


def join_oneself():
    seen = []
    thread = threading.Thread(target=lambda: seen.append(said(thread.join)))
    thread.start()
    thread.join()
    return seen


def join_in_time():
    thread = threading.Thread(target=time.sleep, args=(0.05,))
    thread.start()
    return thread.join(0.01), thread.is_alive(), thread.join(0), thread.join(5), thread.is_alive()


def who_is_there():
    gate = threading.Event()
    threads = [threading.Thread(target=gate.wait, name=name, daemon=True) for name in "ab"]
    before = threading.active_count()
    for thread in threads:
        thread.start()
    names = sorted(thread.name for thread in threading.enumerate() if thread in threads)
    during = threading.active_count() - before
    gate.set()
    for thread in threads:
        thread.join()
    main = threading.main_thread()
    return [
        names,
        during,
        threading.active_count() - before,
        main is threading.current_thread(),
        main.name,
        main.is_alive(),
        main.daemon,
        main.ident == threading.get_ident(),
        repr(main),
    ]


def daemons_beget_daemons():
    seen = []

    def parent():
        seen.append(threading.Thread().daemon)
        seen.append(threading.Thread(daemon=False).daemon)

    thread = threading.Thread(target=parent, daemon=True)
    thread.start()
    thread.join()
    return seen


def timers():
    calls = []
    timer = threading.Timer(0.01, calls.append, args=["rang"])
    stopped = threading.Timer(60, calls.append, ["never"])
    for each in (timer, stopped):
        each.start()
    stopped.cancel()
    for each in (timer, stopped):
        each.join()
    return calls, timer.finished.is_set(), timer.args, timer.kwargs, timer.interval


def thread_locals():
    mine = threading.local()
    mine.value = 1
    seen = []

    def other():
        seen.append(said(lambda: mine.value))
        mine.value = 2

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    return seen, mine.value


def bare_threads():
    lock = _thread.allocate_lock()
    seen = []

    def body(*args, **kwargs):
        seen.append((args, kwargs, threading.current_thread().daemon))
        lock.release()

    lock.acquire()
    number = _thread.start_new_thread(body, (1,), {"key": 2})
    lock.acquire()
    return [
        isinstance(number, int),
        seen,
        said(_thread.start_new_thread, 3, ()),
        said(_thread.start_new_thread, print, 3),
        said(_thread.start_new_thread, print, (), 3),
    ]


def sleeping():
    return [
        said(time.sleep, -1),
        said(time.sleep, "long"),
        said(time.sleep, None),
        said(time.sleep, float("nan")),
        said(time.sleep, 1e30),
        time.sleep(0),
        time.sleep(False),
        time.sleep(0.001),
    ]


def calendars():
    return [
        time.gmtime(0),
        time.strftime("%Y", time.gmtime(0)),
        time.asctime(time.gmtime(0)),
        time.localtime().tm_year >= 2023,
        time.strftime("%Y") >= "2023",
        said(time.strftime, 3)[0],
        type(time.time_ns()),
        type(time.clock_gettime(time.CLOCK_MONOTONIC)),
    ]


@pytest.mark.filterwarnings("ignore:.* is deprecated:DeprecationWarning")
@pytest.mark.parametrize(
    "program",
    [
        thread_errors,
        subclass_without_super_init,
        subclass_with_a_result,
        subclass_that_uses_the_target,
        attribute_that_the_library_uses,
        join_oneself,
        join_in_time,
        who_is_there,
        daemons_beget_daemons,
        timers,
        thread_locals,
        bare_threads,
        sleeping,
        pytest.param(
            calendars,
            marks=pytest.mark.skipif(sys.platform == "win32", reason="no clock_gettime there"),
        ),
    ],
    ids=lambda program: program.__name__,
)
def test_it_behaves_as_the_real_one(program):
    same(program)


def test_default_names_are_counted_in_each_run():
    def program():
        def work():
            pass

        threads = [threading.Thread(), threading.Thread(target=work), threading.Timer(1, work)]
        return [thread.name for thread in threads]

    assert ["Thread-1", "Thread-2 (work)", "Thread-3"] == simulate(program).result
    assert ["Thread-1", "Thread-2 (work)", "Thread-3"] == simulate(program).result


def test_a_thread_may_not_have_ended_when_nobody_joined_it():
    def program():
        done = []
        thread = threading.Thread(target=lambda: done.append(1))
        thread.start()
        return len(done)

    assert {0, 1} == set(explore(program).check().outcomes)


def test_join_before_the_start_of_another_thread_is_an_error_in_some_schedule():
    def program():
        late = threading.Thread()
        other = threading.Thread(target=late.start)
        other.start()
        seen = said(late.join)
        other.join()
        return seen

    assert {None, ("RuntimeError", "cannot join thread before it is started")} == set(
        explore(program).outcomes
    )


def test_a_join_that_times_out_leaves_the_thread_alive():
    def program():
        thread = threading.Thread(target=time.sleep, args=(3,))
        thread.start()
        thread.join(1)
        return thread.is_alive(), time.monotonic()

    assert {(True, 1.0): 1} == explore(program).outcomes


def test_alive_threads_are_counted_in_every_schedule():
    def program():
        thread = threading.Thread()
        thread.start()
        return threading.active_count()

    assert {1, 2} == set(explore(program).check().outcomes)


def test_threads_started_by_others_are_counted_in_every_schedule():
    def program():
        gate = threading.Event()
        inner = threading.Thread(target=gate.wait)
        outer = threading.Thread(target=inner.start)
        outer.start()
        count = threading.active_count()
        gate.set()
        return count

    assert {1, 2, 3} == set(explore(program).check().outcomes)


def test_a_loop_until_all_have_ended_ends():
    def program():
        threading.Thread(target=time.sleep, args=(2,)).start()
        while threading.active_count() > 1:
            time.sleep(0.5)
        return time.monotonic()

    assert {2.0, 2.5} == set(explore(program).check().outcomes)


def test_sets_of_threads_repeat_their_order():
    def program():
        return [thread.name for thread in {threading.Thread() for _ in range(20)}]

    assert simulate(program).result == simulate(program).result


# -- exceptions ---------------------------------------------------------------------------------


def fail():
    raise ValueError("no such film")


def test_an_uncaught_exception_is_printed_and_is_a_problem():
    def program():
        thread = threading.Thread(target=fail, name="door A")
        thread.start()
        thread.join()
        return "the others go on"

    run = simulate(program)

    assert ("thread-exception", "the others go on") == (run.verdict, run.result)
    lines = run.output.splitlines()
    assert ["Exception in thread door A:", "Traceback (most recent call last):"] == lines[:2]
    assert "ValueError: no such film" == lines[-1]
    assert ["fail"] == [line.rpartition(" ")[2] for line in lines if line.startswith("  File")]


def test_system_exit_is_silent():
    def program():
        thread = threading.Thread(target=sys.exit, args=(3,))
        thread.start()
        thread.join()

    run = simulate(program)

    assert ("ok", "") == (run.verdict, run.output)


def test_a_hook_of_ones_own_handles_the_exception():
    def program():
        seen = []
        threading.excepthook = lambda args: seen.append((args.exc_type, args.thread.name))
        thread = threading.Thread(target=fail, name="door A")
        thread.start()
        thread.join()
        return [(kind.__name__, name) for kind, name in seen]

    run = simulate(program)

    assert ("ok", [("ValueError", "door A")], "") == (run.verdict, run.result, run.output)
    assert threading.excepthook is not None
    assert "ok" == explore(program).verdict


def test_a_hook_that_hands_on_is_a_problem_again():
    def program():
        threading.excepthook = threading.__excepthook__
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()

    assert "thread-exception" == simulate(program).verdict


def test_a_hook_that_fails_says_so():
    def program():
        threading.excepthook = lambda args: 1 / 0
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()

    run = simulate(program)

    assert "thread-exception" == run.verdict
    assert run.output.startswith("Exception in threading.excepthook:\nTraceback")
    assert run.output.endswith("ZeroDivisionError: division by zero\n")


def test_the_causes_of_an_exception_are_printed():
    def program():
        def work():
            try:
                fail()
            except ValueError as error:
                raise RuntimeError("no tickets") from error

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    output = simulate(program).output

    assert "The above exception was the direct cause of the following exception" in output
    assert os.sep + "engine" + os.sep not in output


def test_a_bare_thread_prints_its_exception():
    def program():
        _thread.start_new_thread(fail, ())
        time.sleep(1)

    run = simulate(program)

    assert "thread-exception" == run.verdict
    colon = ":" if sys.version_info < (3, 13) else ""
    assert run.output.startswith(f"Exception ignored in thread started by{colon} <function")


# -- time and chance ----------------------------------------------------------------------------


def test_clocks_agree_and_computing_takes_no_time():
    def program():
        start = time.time(), time.monotonic(), time.perf_counter(), time.process_time()
        time.sleep(0.3)
        return [
            start[1],
            time.monotonic(),
            time.perf_counter() - start[2],
            time.process_time() - start[3],
            time.monotonic_ns(),
            time.time() - start[0] >= 0.3,
            time.time_ns() - int(start[0]) * 10**9,
            time.strftime("%Y-%m-%d", time.gmtime()),
        ]

    expected = [0.0, 0.3, 0.3, 0.0, 300_000_000, True, 300_000_000, "2023-11-14"]

    assert expected == simulate(program).result


def test_who_sleeps_shorter_is_first():
    def program():
        order = []

        def sleeper(seconds):
            time.sleep(seconds)
            order.append(seconds)

        threads = [threading.Thread(target=sleeper, args=(seconds,)) for seconds in (3, 1, 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return tuple(order), time.monotonic()

    assert {((1, 2, 3), 3.0): 1} == explore(program).outcomes


def test_what_a_thread_draws_depends_on_no_other_thread():
    def program():
        drawn = {}

        def draw(name):
            drawn[name] = random.random()

        threads = [threading.Thread(target=draw, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return drawn["a"], drawn["b"], random.randint(1, 6), random.choice("xyz")

    report = explore(program).check()

    assert 1 == len(report.outcomes)
    ((first, second, *_),) = report.outcomes
    assert first != second


def test_the_seed_counts():
    def program():
        random.seed(42)
        return [random.random(), random.sample(range(100), 3)]

    random.seed(42)
    assert [random.random(), random.sample(range(100), 3)] == simulate(program).result


def test_a_thread_starts_with_an_empty_context():
    def program():
        place = contextvars.ContextVar("place", default="nowhere")
        place.set("here")
        seen = []
        thread = threading.Thread(target=lambda: seen.append(place.get()))
        thread.start()
        thread.join()
        return seen

    expected = "here" if getattr(sys.flags, "thread_inherit_context", 0) else "nowhere"

    assert [expected] == simulate(program).result


def test_the_modules_of_a_run_are_its_own():
    def program():
        threading.excepthook = None
        sys.stdout = None
        time.sleep = None
        return threading is sys.modules["threading"], sys.modules["time"].sleep

    hook, stdout, sleep = threading.excepthook, sys.stdout, time.sleep

    assert (True, None) == simulate(program).result
    assert (hook, stdout, sleep) == (threading.excepthook, sys.stdout, time.sleep)


@pytest.mark.parametrize(
    "program",
    [
        lambda: os._exit(1),
        lambda: os.system("true"),
        lambda: os.kill(1, 9),
        sys.stdin.read,
    ],
    ids=["_exit", "system", "kill", "stdin"],
)
def test_what_would_reach_beyond_the_program_ends_it(program):
    run = simulate(program)

    assert "exception" == run.verdict
    assert "process" in run.message or "standard input" in run.message


def test_sockets_are_refused_with_advice():
    def program():
        import socket

        return socket.AF_INET is not None, issubclass(socket.timeout, Exception), socket.socket()

    run = simulate(program)

    assert "exception" == run.verdict
    assert "`socket.socket` does real input/output" in run.message
    assert "time.sleep" in run.message


def test_hooks_for_tracing_are_remembered_and_never_called():
    def program():
        called = []

        def hook(*args):
            called.append(args)

        before = threading.gettrace(), threading.getprofile(), sys.gettrace()
        threading.settrace(hook)
        threading.setprofile(hook)
        thread = threading.Thread(target=called.count, args=(0,))
        thread.start()
        thread.join()
        return before, threading.gettrace() is threading.getprofile() is hook, called

    assert ((None, None, None), True, []) == simulate(program).result


def test_the_size_of_stacks_is_remembered():
    def program():
        sizes = [threading.stack_size(), threading.stack_size(262_144), threading.stack_size(0)]
        return sizes, said(threading.stack_size, 1), said(threading.stack_size, -1)

    same(program)


def failing_hook():
    def hook(args):
        raise KeyError(args.thread.name)

    seen = []
    before = threading.excepthook, sys.excepthook, sys.stderr
    threading.excepthook = hook
    sys.excepthook = lambda kind, error, trace: seen.append((kind.__name__, str(error)))
    sys.stderr = io.StringIO()
    try:
        thread = threading.Thread(target=int, args=("x",), name="T")
        thread.start()
        thread.join()
        return seen, sys.stderr.getvalue()
    finally:
        threading.excepthook, sys.excepthook, sys.stderr = before


def test_an_error_in_a_hook_goes_to_the_program_s_last_hook():
    same(failing_hook)


def unraisable():
    seen = []
    before = sys.unraisablehook
    sys.unraisablehook = lambda report: seen.append(
        (report.exc_type.__name__, str(report.exc_value), report.err_msg[:27], report.object is int)
    )
    ready = threading.Lock()
    ready.acquire()

    def bad():
        ready.release()
        raise KeyError("key")

    try:
        _thread.start_new_thread(bad, ())
        ready.acquire()
        time.sleep(0.01)
        return seen
    finally:
        sys.unraisablehook = before


def test_an_error_in_a_bare_thread_goes_to_the_program_s_hook():
    same(unraisable)
