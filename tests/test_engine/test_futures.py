"""Future and ThreadPoolExecutor: as the real ones, under every schedule."""

from __future__ import annotations

import concurrent.futures
import contextvars
import threading
import time
from concurrent.futures import (
    FIRST_COMPLETED,
    FIRST_EXCEPTION,
    Future,
    ThreadPoolExecutor,
    as_completed,
    wait,
)
from multiprocessing.pool import ThreadPool

import pytest

from taketurns import explore, simulate
from taketurns.engine.explore import frozen

from .reality import said, same


def fail(text="no such film"):
    raise ValueError(text)


def future_states():
    future, failed, cancelled = Future(), Future(), Future()
    return [
        repr(future),
        said(future.result, 0),
        said(future.result, 0.01),
        said(future.exception, -1),
        (future.done(), future.running(), future.cancelled()),
        future.set_running_or_notify_cancel(),
        repr(future),
        (future.done(), future.running(), future.cancel()),
        future.set_result([1]),
        repr(future),
        (future.done(), future.running(), future.cancel(), future.cancelled()),
        future.result(),
        future.exception(),
        said(future.set_result, 2),
        said(future.set_exception, KeyError()),
        failed.set_exception(KeyError("key")),
        repr(failed),
        said(failed.result),
        repr(failed.exception()),
        cancelled.cancel(),
        cancelled.cancel(),
        repr(cancelled),
        said(cancelled.result),
        said(cancelled.exception, 1),
        said(cancelled.set_result, 1),
        cancelled.set_running_or_notify_cancel(),
        repr(cancelled),
        (cancelled.done(), cancelled.cancelled(), cancelled.running()),
    ]


def unexpected_state():
    future = Future()
    future.set_result(1)
    return said(future.set_running_or_notify_cancel)


def callbacks():
    calls = []
    future = Future()
    future.add_done_callback(lambda f: calls.append(("first", f is future)))
    future.add_done_callback(lambda f: calls.append(("second", f.result())))
    future.set_result(3)
    future.add_done_callback(lambda f: calls.append(("late", f.done())))
    gone = Future()
    gone.add_done_callback(lambda f: calls.append(("cancelled", f.cancelled())))
    gone.cancel()
    return calls


def pool_arguments():
    seen = [
        said(ThreadPoolExecutor, 0),
        said(ThreadPoolExecutor, "many"),
        said(ThreadPoolExecutor, 1, initializer=3),
    ]
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="oven") as pool:
        future = pool.submit(divmod, 7, 2)
        bad = pool.submit(fail)
        named = pool.submit(lambda *, key: key, key=5)
        seen += [future.result(), said(bad.result), repr(bad.exception()), named.result()]
        seen += [said(pool.submit)[0], pool._max_workers]
    return [*seen, said(pool.submit, print), pool.shutdown(), said(pool.map, print, [1])]


def names_of_workers():
    with ThreadPoolExecutor(1, "oven") as pool:
        return {pool.submit(lambda: threading.current_thread().name).result() for _ in range(3)}


def mapping():
    with ThreadPoolExecutor(3) as pool:
        squares = pool.map(lambda x: x * x, range(4))
        sums = pool.map(lambda x, y: x + y, [1, 2, 3], [10, 20])
        bad = pool.map(fail, ["one", "two"])
        slow = pool.map(time.sleep, [0.05, 0.05], timeout=0.01)
        return [list(squares), list(sums), said(next, bad), said(list, bad), said(list, slow)]


def initializers():
    ready = []
    with ThreadPoolExecutor(1, initializer=ready.append, initargs=("hot",)) as pool:
        pool.submit(str).result()
    return ready


def broken_pool():
    with ThreadPoolExecutor(1, initializer=fail) as pool:
        future = pool.submit(str)
        first = said(future.result)
        return (
            first,
            said(pool.submit, str),
            isinstance(future.exception(), concurrent.futures.BrokenExecutor),
        )


def waiting_for_several():
    with ThreadPoolExecutor(3) as pool:
        slow, quick, bad = (
            pool.submit(time.sleep, 0.2),
            pool.submit(str),
            pool.submit(lambda: time.sleep(0.05) or fail()),
        )
        first = wait([slow, quick], return_when=FIRST_COMPLETED)
        late = wait([slow], timeout=0.01)
        failed = wait([slow, bad], return_when=FIRST_EXCEPTION)
        return [
            first.done == {quick},
            first.not_done == {slow},
            late.done == set(),
            failed.done == {bad},
            wait([slow, bad, bad]).done == {slow, bad},
            wait([]) == (set(), set()),
            said(wait, [Future()], 0, "SOME"),
            wait([quick], return_when="SOME").done == {quick},
            said(as_completed([Future()], timeout=0.01).__next__),
            list(as_completed([])),
            [f is quick for f in as_completed([quick, quick])],
        ]


def order_of_completion():
    with ThreadPoolExecutor(3) as pool:
        futures = {pool.submit(time.sleep, s): s for s in (0.1, 0.02, 0.06)}
        return [futures[future] for future in as_completed(futures)]


def cancelling_what_has_not_begun():
    pool = ThreadPoolExecutor(1)
    gate = threading.Event()
    running = pool.submit(gate.wait)
    while not running.running():
        time.sleep(0.01)
    waiting = [pool.submit(str) for _ in range(2)]
    seen = [waiting[0].cancel(), running.cancel()]
    pool.shutdown(wait=False, cancel_futures=True)
    gate.set()
    return [*seen, running.result(), [future.cancelled() for future in waiting]]


def executor_of_ones_own():
    class Now(concurrent.futures.Executor):
        def submit(self, fn, /, *args, **kwargs):
            future = Future()
            future.set_result(fn(*args, **kwargs))
            return future

    with Now() as executor:
        return list(executor.map(abs, [-1, -2])), said(concurrent.futures.Executor().submit, str)


@pytest.mark.parametrize(
    "program",
    [
        future_states,
        callbacks,
        pool_arguments,
        names_of_workers,
        mapping,
        initializers,
        waiting_for_several,
        order_of_completion,
        cancelling_what_has_not_begun,
        executor_of_ones_own,
    ],
    ids=lambda program: program.__name__,
)
def test_it_behaves_as_the_real_one(program):
    same(program)


@pytest.mark.parametrize("program", [unexpected_state, broken_pool], ids=lambda p: p.__name__)
def test_it_behaves_as_the_real_one_that_writes_a_log(program, caplog):
    same(program)

    assert caplog.records


def test_a_callback_that_fails_is_printed():
    def program():
        future = Future()
        future.add_done_callback(lambda f: fail())
        future.set_result(1)
        return future.result()

    run = simulate(program)

    assert ("ok", 1) == (run.verdict, run.result)
    assert run.output.startswith("exception calling callback for <Future at 0x")
    assert run.output.endswith("ValueError: no such film\n")


def test_map_keeps_the_order_under_every_schedule():
    def program():
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda x: x * x, range(4)))

    report = explore(program).check()

    assert report.coverage.complete
    assert {(0, 1, 4, 9)} == set(report.outcomes)
    assert report.coverage.schedules <= 15


def test_results_come_in_any_order_of_completion():
    def program():
        with ThreadPoolExecutor(2) as pool:
            futures = [pool.submit(int, n) for n in range(2)]
            return [future.result() for future in as_completed(futures)]

    assert {(0, 1), (1, 0)} == set(explore(program).check().outcomes)


def test_what_completed_first_comes_first_though_nobody_looked():
    def program():
        with ThreadPoolExecutor(3) as pool:
            futures = {pool.submit(time.sleep, s): s for s in (3, 1, 2)}
            order = []
            for future in as_completed(futures):
                order.append(futures[future])
                time.sleep(5)
            return order

    assert {(1, 2, 3): 1} == explore(program).outcomes


def test_two_calls_race_for_what_they_share():
    def program():
        total = [0]

        def add():
            seen = total[0]
            total[0] = seen + 1

        with ThreadPoolExecutor(2) as pool:
            for _ in range(2):
                pool.submit(add)
        return total[0]

    assert {1, 2} == set(explore(program).outcomes)


def test_one_worker_makes_one_call_after_the_other():
    def program():
        log = []
        with ThreadPoolExecutor(1) as pool:
            for name in "ab":
                pool.submit(lambda name=name: (log.append(name), log.append(name)))
        return "".join(log)

    assert {"aabb"} == set(explore(program).check().outcomes)


def test_calls_overlap_as_far_as_there_are_workers():
    def program():
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(time.sleep, [1, 1, 1]))
        return time.monotonic()

    assert {2.0} == set(explore(program).outcomes)


def test_a_worker_that_is_idle_is_used_again():
    def program():
        with ThreadPoolExecutor(3, "oven") as pool:
            seen = [pool.submit(lambda: threading.current_thread().name).result()]
            pool.submit(seen.append, "x")
            time.sleep(1)
            seen.append(pool.submit(lambda: threading.current_thread().name).result())
        return seen

    # Its caller may see a result before the worker counts as idle.
    again = {("oven_0", "x", "oven_0"), ("oven_0", "x", "oven_1")}
    assert again == set(explore(program).check().outcomes)


def test_calls_that_wait_for_each_other_in_a_small_pool_deadlock():
    def program():
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: pool.submit(str).result()).result()

    assert "deadlock" == explore(program).verdict


def test_an_executor_that_is_never_shut_down_leaks_nothing():
    def program():
        pool = ThreadPoolExecutor(2)
        return pool.submit(int).result()

    assert {0: 1} == explore(program).check().outcomes


def test_calls_are_made_though_nobody_waits_for_them():
    def program():
        pool = ThreadPoolExecutor(1)
        for text in "ab":
            pool.submit(print, text)

    assert "a\nb\n" == simulate(program).output


def test_leaving_the_block_waits_for_callbacks_too():
    def program():
        done = []
        with ThreadPoolExecutor(1) as pool:
            pool.submit(int).add_done_callback(lambda f: (time.sleep(1), done.append(1)))
        return done

    assert {(1,)} == set(explore(program).check().outcomes)


def test_cancelling_races_with_beginning():
    def program():
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(int)
            return future.cancel() == future.cancelled() and future.cancelled()

    assert {True, False} == set(explore(program).check().outcomes)


def test_what_is_left_of_a_map_is_cancelled():
    def program():
        calls = []
        with ThreadPoolExecutor(1) as pool:
            results = pool.map(lambda x: (time.sleep(1), calls.append(x)), range(5))
            next(results)
            results.close()
        return len(calls) < 5

    assert {True} == set(explore(program).outcomes)


def test_a_pool_of_processes_is_refused_with_advice():
    def program():
        concurrent.futures.ProcessPoolExecutor()

    run = simulate(program)

    assert "exception" == run.verdict
    assert "Use a ThreadPoolExecutor here" in run.message


def test_what_a_pool_complains_of_goes_to_the_program_s_logging():
    def program():
        import logging

        logging.basicConfig(format="%(levelname)s of %(name)s: %(message)s")
        future = Future()
        future.add_done_callback(lambda done: 1 // 0)
        future.set_result(1)
        with ThreadPoolExecutor(1, initializer=fail) as pool:
            return type(pool.submit(int).exception()).__name__

    run = simulate(program)

    assert "BrokenThreadPool" == run.result
    assert "ERROR of concurrent.futures: exception calling callback for <Future" in run.output
    assert "CRITICAL of concurrent.futures: Exception in initializer:\nTraceback" in run.output
    assert "ValueError: no such film\n" in run.output


# -- who makes which call -------------------------------------------------------------------------


def greeted_by_locals():
    own, greeted = threading.local(), []

    def greet(card=None):
        if card is not None:
            own.card = card
        greeted.append(getattr(own, "card", "nobody"))

    with ThreadPoolExecutor(2) as pool:
        pool.submit(greet, 17)
        pool.submit(greet)
    return greeted


def greeted_by_names():
    greeted = []

    def greet():
        greeted.append(threading.current_thread().name[-1])

    with ThreadPoolExecutor(2) as pool:
        pool.submit(greet)
        pool.submit(greet)
    return greeted


def greeted_by_numbers():
    own, greeted = {}, []

    def greet(card=None):
        me = threading.get_ident()
        if card is not None:
            own[me] = card
        greeted.append(own.get(me, "nobody"))

    with ThreadPoolExecutor(2) as pool:
        pool.submit(greet, 17)
        pool.submit(greet)
    return greeted


def greeted_by_context():
    card, greeted = contextvars.ContextVar("card", default="nobody"), []

    def greet(number=None):
        if number is not None:
            card.set(number)
        greeted.append(card.get())

    with ThreadPoolExecutor(2) as pool:
        pool.submit(greet, 17)
        pool.submit(greet)
    return greeted


def greeted_with_the_lock_kept():
    door, greeted = threading.RLock(), []

    def greet():
        greeted.append("in" if door.acquire(timeout=1) else "out")

    with ThreadPoolExecutor(2) as pool:
        pool.submit(greet)
        pool.submit(greet)
    return greeted


def greeted_after_an_initializer():
    greeted = []
    with ThreadPoolExecutor(2, initializer=greeted.append, initargs=("hired",)) as pool:
        pool.submit(greeted.append, "hello")
        time.sleep(1)
        pool.submit(greeted.append, "again")
        pool.submit(int)
    return greeted.count("hired")


def greeted_by_a_pool_of_the_other_kind():
    own, greeted = threading.local(), []

    def greet(card):
        if card:
            own.card = card
        greeted.append(getattr(own, "card", "nobody"))

    with ThreadPool(2) as pool:
        pool.map(greet, [17, 0])
    return greeted


CARDS = {(17, 17), (17, "nobody"), ("nobody", 17)}
SHARED_OUT = {
    greeted_by_locals: CARDS,
    greeted_by_names: {("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")},
    greeted_by_numbers: CARDS,
    greeted_by_context: CARDS,
    greeted_with_the_lock_kept: {("in", "in"), ("in", "out")},
    greeted_after_an_initializer: {1, 2},
}


@pytest.mark.parametrize("program", SHARED_OUT, ids=lambda program: program.__name__)
def test_one_worker_may_make_all_calls_or_each_its_own(program):
    report = explore(program).check()

    assert "every schedule" == str(report.coverage)
    assert SHARED_OUT[program] == set(report.outcomes)
    for outcome, schedule in report.schedules.items():
        assert outcome == frozen(simulate(program, schedule=schedule).result)


def test_the_other_kind_of_pool_always_shares_out_so():
    report = explore(greeted_by_a_pool_of_the_other_kind, budget=20_000)

    assert CARDS == set(report.outcomes)


def test_a_call_that_no_worker_has_taken_can_be_cancelled_with_the_pool():
    def program():
        pool = ThreadPoolExecutor(1)
        future = pool.submit(int)
        pool.shutdown(cancel_futures=True)
        return future.cancelled()

    assert {True, False} == set(explore(program).check().outcomes)


def test_where_nobody_looks_the_workers_are_not_told_apart():
    def program():
        total, lock = [0], threading.Lock()

        def add():
            with lock:
                total[0] += 1

        with ThreadPoolExecutor(3) as pool:
            for _ in range(3):
                pool.submit(add)
        return total[0]

    report = explore(program).check()

    assert 6 == report.coverage.schedules
    assert not any(schedule.startswith("+") for schedule in report.schedules.values())


def test_a_failure_among_workers_told_apart_can_be_replayed():
    def program():
        greeted = greeted_by_names()
        assert greeted[0] != greeted[1]

    failure = explore(program).failure

    assert failure.schedule.startswith("+")
    assert "assertion" == simulate(program, schedule=failure.schedule).verdict
