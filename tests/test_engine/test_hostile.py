"""Programs that misbehave get a verdict or a clear error, and leave the process as it was."""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

import taketurns
from taketurns import ProgramError, explore, simulate


@pytest.fixture(autouse=True)
def _process_stays_as_it_was() -> Iterator[None]:
    def state() -> tuple[object, ...]:
        return (
            threading.enumerate(),
            sys.gettrace(),
            sys.getprofile(),
            sys.getrecursionlimit(),
            sys.getswitchinterval(),
            threading.excepthook,
            [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
            sys.stdout,
            sys.stderr,
            gc.isenabled(),
            threading.Thread,
            time.sleep,
        )

    before = state()
    yield
    assert state() == before


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


def floods_its_output():
    for _ in range(20_000):
        print("x" * 1_000)


def test_endless_output_is_cut() -> None:
    run = simulate(floods_its_output)

    assert len(run.output) < 20_000_000
    assert "[more output left out]" in run.output


def replaces_what_it_finds():
    threading.Thread = None
    time.sleep = None
    sys.settrace(print)
    sys.setrecursionlimit(50)
    sys.setswitchinterval(0.5)
    threading.excepthook = print
    sys.stdout = None


def test_what_a_program_replaces_is_its_own_world_only() -> None:
    explore(replaces_what_it_finds)  # the fixture compares


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
