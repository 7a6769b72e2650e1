"""Programs about ends, errors, order and time."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial


def together(*targets):
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# -- not-joined ------------------------------------------------------------------------------------


def looked_too_early():
    done = []
    threading.Thread(target=lambda: done.append("work")).start()
    assert done == ["work"], "the work was not done"


def one_of_two_forgotten():
    done = []
    threads = [threading.Thread(target=done.append, args=(n,)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    threads[0].join()
    assert sorted(done) == [1, 2], "not all was done"


def opened_at_the_same_time():
    log = []

    def task(name):
        log.append(name)
        time.sleep(1)
        log.append(name)

    together(lambda: task("open"), lambda: task("serve"))
    assert log[:2] == ["open", "open"], "served before it was open"


def closed_while_somebody_serves():
    log = []

    def task(name):
        log.append(name)
        time.sleep(1)
        log.append(name)

    task("open")
    threading.Thread(target=task, args=("serve",)).start()
    task("close")
    assert len(log) == 6, "something was not done"


def a_saver_told_to_stop():
    stop, pages, saved = threading.Event(), [], []

    def save():
        while not stop.wait(60):
            saved.append(len(pages))
        saved.append(len(pages))

    threading.Thread(target=save).start()
    time.sleep(130)
    pages.append("page")
    stop.set()
    assert saved == [0, 0, 1], "the last page was not saved"


# -- not-joined, near misses -----------------------------------------------------------------------


def opened_at_the_same_time_but_wrong_anyhow():
    log = []

    def task(name):
        log.append(name)
        time.sleep(1)
        log.append(name)

    together(lambda: task("open"), lambda: task("serve"))
    assert log[-2:] == ["close", "close"], "nobody closed"


def opened_too_late_for_a_bell():
    log, bell = [], threading.Event()

    def open_up():
        bell.set()
        log.append("open")

    def serve():
        bell.wait()
        log.append("serve")

    together(open_up, serve)
    assert log[0] == "open", "served before it was open"


def slept_until_it_should_be_open():
    log = []

    def task(name):
        log.append(name)
        time.sleep(1)
        log.append(name)

    opening, serving = (threading.Thread(target=task, args=(n,)) for n in ("open", "serve"))
    opening.start()
    time.sleep(2)
    serving.start()
    opening.join()
    serving.join()
    assert log[:2] == ["open", "open"], "served before it was open"


def joined_and_wrong():
    done = []
    together(lambda: done.append("work"))
    assert done == ["play"], "all work"


def a_service_that_goes_on():
    stop, beats, lock, count = threading.Event(), [], threading.Lock(), 0

    def beat():
        while not stop.wait(1):
            beats.append("beat")

    def visit():
        nonlocal count
        with lock:
            count += 1

    threading.Thread(target=beat, daemon=True).start()
    time.sleep(3.5)
    together(visit)
    assert count == 2, "one visitor was missing"


# -- daemon-killed ---------------------------------------------------------------------------------


def saved_by_a_daemon():
    saved = []

    def save():
        saved.append("page 1")
        saved.append("page 2")

    threading.Thread(target=save, daemon=True).start()
    assert len(saved) == 2, "a page was lost"


class Saver(threading.Thread):
    def __init__(self):
        super().__init__(name="saver", daemon=True)
        self.stopping = threading.Event()
        self.saved = False

    def run(self):
        self.stopping.wait()
        self.saved = True

    def stop(self):
        self.stopping.set()


def stopped_but_not_waited_for():
    saver = Saver()
    saver.start()
    saver.stop()
    assert saver.saved, "the last state was not saved"


# -- not-joined, by a pool -------------------------------------------------------------------------


def a_pool_that_nobody_waits_for():
    inside = []

    def work(seconds):
        inside.append(seconds)
        time.sleep(seconds)
        inside.remove(seconds)
        if seconds == 1:
            raise OSError("no answer")

    pool = ThreadPoolExecutor(max_workers=2)
    with contextlib.suppress(OSError):
        list(pool.map(work, [1, 3]))
    assert not inside, f"{inside} is still inside"


# -- not-joined, by a pool, near misses ------------------------------------------------------------


def a_call_that_has_nothing_to_do_with_it():
    inside, seen = [], []

    def work(seconds):
        inside.append(seconds)
        time.sleep(seconds)

    def note():
        seen.append(2)

    pool = ThreadPoolExecutor(max_workers=2)
    pool.submit(work, 3)
    pool.submit(note).result()
    pool.shutdown(wait=False)
    assert seen == [1], f"seen {seen}"


def told_to_stop_but_not_waited_for():
    stop, pages, saved = threading.Event(), [], []

    def save():
        while not stop.wait(60):
            saved.append(len(pages))
        saved.append(len(pages))

    threading.Thread(target=save, daemon=True).start()
    time.sleep(130)
    pages.append("page")
    stop.set()
    assert saved == [0, 0, 1], "the last page was not saved"


# -- daemon-killed, near misses --------------------------------------------------------------------


def a_daemon_that_was_joined():
    done = []
    thread = threading.Thread(target=lambda: done.append("work"), daemon=True)
    thread.start()
    thread.join()
    assert done == ["play"], "all work"


# -- exception-swallowed ---------------------------------------------------------------------------


def refuse(amount):
    if amount < 0:
        raise ValueError("less than nothing")


def pay(amount):
    try:
        refuse(amount)
    except ValueError:
        return


def the_caller_never_learns():
    try:
        pay(-1)
    except ValueError:
        return
    raise AssertionError("a bad amount was accepted")


def a_future_that_nobody_asks():
    results = []

    def work(number):
        results.append(10 // number)

    with ThreadPoolExecutor(max_workers=2) as pool:
        pool.submit(work, 0)
        pool.submit(work, 5)
    assert len(results) == 2, "a result is missing"


def caught_and_forgotten():
    results = []

    def work(number):
        with contextlib.suppress(ZeroDivisionError):
            results.append(10 // number)

    together(lambda: work(5), lambda: work(0))
    assert len(results) == 2, "a result is missing"


def none_instead_of_an_error():
    def work(number):
        try:
            return 10 // number
        except ZeroDivisionError:
            return None

    with ThreadPoolExecutor(max_workers=2) as pool:
        results = list(pool.map(work, [0, 5]))
    assert None not in results, f"a ZeroDivisionError was expected, got {results}"


def a_failed_call_sets_no_event():
    ready, shares = threading.Event(), [10]

    def work(number):
        shares.append(shares[0] // number)
        ready.set()

    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(work, 0)
        ready.wait()


class Job(threading.Thread):
    """A thread that keeps its error where `keep` puts it."""

    def __init__(self, keep):
        super().__init__()
        self.keep = keep
        self.error = None
        self.told = None
        self.seconds = None

    def run(self):
        try:
            raise OSError("no answer")
        except OSError as error:
            self.keep(self, error)
        self.seconds = 2


def went_on_and_kept_something_else():
    job = Job(lambda job, error: None)
    together_as_they_are(job)
    assert job.error is not None, "OSError('no answer') was raised, and is not kept"


def together_as_they_are(*threads):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# -- exception-swallowed, near misses --------------------------------------------------------------


def kept_under_another_name():
    job = Job(lambda job, error: setattr(job, "told", error))
    together_as_they_are(job)
    assert job.error is not None, "OSError('no answer') was raised, and is not kept"


def kept_as_a_text():
    job = Job(lambda job, error: setattr(job, "error", str(error)))
    together_as_they_are(job)
    assert isinstance(job.error, OSError), "OSError('no answer') was raised, and is not kept"


def not_kept_but_that_is_not_the_point():
    job = Job(lambda job, error: None)
    together_as_they_are(job)
    assert job.seconds == 3, "it took another time"


def none_is_a_result():
    def work(number):
        try:
            return 10 // number
        except ZeroDivisionError:
            return None

    with ThreadPoolExecutor(max_workers=2) as pool:
        results = list(pool.map(work, [0, 5]))
    assert results == [None, 3], f"other numbers were wanted, got {results}"


def caught_and_told():
    results, errors = [], []

    def work(number):
        try:
            results.append(10 // number)
        except ZeroDivisionError as error:
            errors.append(error)

    together(lambda: work(5), lambda: work(0))
    assert not errors, "something went wrong"


def asked_and_raised():
    with ThreadPoolExecutor(max_workers=1) as pool:
        future = pool.submit(lambda: 1 // 0)
    assert future.exception() is None, "something went wrong"


# -- exception-in-thread ---------------------------------------------------------------------------


def died_of_a_bad_number():
    results = []

    def work(number):
        results.append(10 // number)

    together(lambda: work(5), lambda: work(0))


def died_and_the_sum_is_wrong():
    total, lock = 0, threading.Lock()

    def add(text):
        nonlocal total
        with lock:
            total += int(text)

    together(lambda: add("1"), lambda: add("two"))
    assert total == 3, "something is missing"


# -- exception-in-thread, near misses --------------------------------------------------------------


def an_assertion_in_a_thread():
    def work():
        assert 1 + 1 == 3, "that is not so"

    together(work)


def a_lock_that_was_not_taken():
    lock = threading.Lock()
    together(lock.release)


def an_exception_of_the_program_itself():
    together(lambda: None)
    raise ValueError("nothing to do with threads")


# -- completion-order ------------------------------------------------------------------------------


def as_they_complete():
    def fetch(page):
        time.sleep(3 - page)
        return page

    with ThreadPoolExecutor(max_workers=3) as pool:
        futures = [pool.submit(fetch, page) for page in (0, 1, 2)]
        pages = [future.result() for future in as_completed(futures)]
    check(pages, [0, 1, 2])


def check(found, wanted):
    assert found == wanted, f"{found} where {wanted} was wanted"


def each_adds_its_own():
    pages = []
    together(lambda: pages.append("first"), lambda: pages.append("second"))
    assert pages == ["first", "second"], "the wrong order"


def kept_under_the_wrong_name():
    with ThreadPoolExecutor(max_workers=2) as pool:
        futures = [pool.submit(sleep_and_return, seconds) for seconds in (2, 1)]
        found = {name: f.result() for name, f in zip("ab", as_completed(futures), strict=True)}
    check(found, {"a": 2, "b": 1})


def sleep_and_return(seconds):
    time.sleep(seconds)
    return seconds


# -- completion-order, near misses -----------------------------------------------------------------


def in_order_but_reversed_afterwards():
    with ThreadPoolExecutor(max_workers=3) as pool:
        pages = list(pool.map(lambda page: page, (0, 1, 2)))
    check(list(reversed(pages)), [0, 1, 2])


def told_whose_turn_it_is_but_too_early():
    passed, turn, moves = threading.Condition(), 0, []

    def play(player):
        nonlocal turn
        for _ in range(2):
            with passed:
                while turn != player:
                    passed.wait()
                turn = 1 - player
                passed.notify_all()
            moves.append(player)

    players = [threading.Thread(target=play, args=(player,)) for player in (0, 1)]
    for player in players:
        player.start()
    for player in players:
        player.join()
    assert moves == [0, 1, 0, 1]


def other_names_altogether():
    with ThreadPoolExecutor(max_workers=2) as pool:
        futures = [pool.submit(sleep_and_return, seconds) for seconds in (2, 1)]
        found = {name: f.result() for name, f in zip("ab", as_completed(futures), strict=True)}
    check(found, {"b": 2, "c": 1})


def other_items_altogether():
    pages, lock = [], threading.Lock()

    def add(page):
        with lock:
            pages.append(page)

    together(lambda: add(1), lambda: add(2))
    assert sorted(pages) == [1, 3], "page 3 was wanted"


# -- late-binding ----------------------------------------------------------------------------------


def the_loop_had_gone_on():
    seen = []
    threads = []
    for number in (1, 2, 3):
        thread = threading.Thread(target=lambda: seen.append(number))  # noqa: B023
        threads.append(thread)
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [1, 2, 3], f"seen {sorted(seen)}"


def the_loop_had_gone_on_and_one_was_forgotten():
    ready = [threading.Event(), threading.Event()]
    threads = []
    for number in (0, 1):

        def work():
            ready[number].set()  # noqa: B023

        threads.append(threading.Thread(target=work))
    for thread in threads:
        thread.start()
    for event in ready:
        event.wait()


def the_pool_was_late():
    seen = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for name in ("a", "b"):
            pool.submit(lambda: seen.append(name))  # noqa: B023
    assert sorted(seen) == ["a", "b"], f"seen {sorted(seen)}"


def the_loop_had_gone_on_and_another_came():
    seen, futures = [], []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for name in ("a", "b"):
            futures.append(pool.submit(lambda: seen.append(name)))  # noqa: B023
    for name, future in zip("ab", futures, strict=True):  # noqa: B007
        future.result()
    assert sorted(seen) == ["a", "b"], f"seen {sorted(seen)}"


def the_loop_over_functions_had_gone_on():
    seen = []

    def job(name):
        seen.append(name)

    threads = []
    for work in (partial(job, "a"), partial(job, "b")):  # their texts begin alike
        threads.append(threading.Thread(target=lambda: work()))  # noqa: B023, PLW0108
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == ["a", "b"], f"seen {sorted(seen)}"


# -- late-binding, near misses ---------------------------------------------------------------------


def a_variable_for_each_phase():
    line, seen, phase = threading.Barrier(3), [], 0

    def run():
        for _ in (1, 2):
            line.wait()
            seen.append(phase)
            line.wait()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in (1, 2):
        phase = number
        line.wait()
        line.wait()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [1, 2], "each phase was seen twice"


def the_same_value_twice():
    seen = []
    with ThreadPoolExecutor(max_workers=1) as pool:
        for _ in range(2):
            page = None
            pool.submit(lambda: seen.append(page)).result()  # noqa: B023
    assert not seen, f"seen {seen}"


def bound_at_once():
    seen = []
    threads = []
    for number in (1, 2, 3):
        thread = threading.Thread(target=lambda number=number: seen.append(number))
        threads.append(thread)
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [1, 2], f"seen {sorted(seen)}"


# -- accidentally-serial ---------------------------------------------------------------------------


def joined_at_once():
    began = time.monotonic()
    for _ in range(3):
        thread = threading.Thread(target=time.sleep, args=(1,))
        thread.start()
        thread.join()
    took = time.monotonic() - began
    assert took < 2, f"it took {took} s"


def asked_at_once():
    def fetch(page):
        time.sleep(1)
        return page

    began = time.monotonic()
    with ThreadPoolExecutor(max_workers=3) as pool:
        for page in range(3):
            pool.submit(fetch, page).result()
    took = time.monotonic() - began
    assert took < 2, f"it took {took} s"


def slept_with_the_lock():
    lock = threading.Lock()

    def fetch():
        with lock:
            time.sleep(1)

    began = time.monotonic()
    together(fetch, fetch)
    took = time.monotonic() - began
    assert took < 2, f"it took {took} s"


def in_groups_of_two():
    began = time.monotonic()
    for group in ((8, 3), (8,)):
        together(*[lambda seconds=seconds: time.sleep(seconds) for seconds in group])
    took = time.monotonic() - began
    assert took == 11, f"it took {took} s"


def gone_home_before_there_was_work():
    todo, lock = [1], threading.Lock()

    def work():
        while True:
            with lock:
                if not todo:
                    return
                item = todo.pop()
            time.sleep(1)
            with lock:
                todo.extend([0, 0] * item)

    began = time.monotonic()
    together(work, work)
    took = time.monotonic() - began
    assert took == 2, f"it took {took} s"


# -- accidentally-serial, near misses --------------------------------------------------------------


def did_most_of_it_alone_and_did_not_wait_for_the_rest():
    def task(seconds):
        time.sleep(seconds)

    began = time.monotonic()
    task(1)
    threading.Thread(target=task, args=(5,)).start()
    task(2)
    took = time.monotonic() - began
    assert took == 8, f"it took {took} s"


def at_the_same_time_but_too_slow():
    began = time.monotonic()
    together(lambda: time.sleep(3), lambda: time.sleep(3))
    took = time.monotonic() - began
    assert took < 2, f"it took {took} s"


def one_after_another_on_purpose():
    order = []
    for name in ("first", "last"):
        thread = threading.Thread(target=lambda name=name: (time.sleep(1), order.append(name)))
        thread.start()
        thread.join()
    assert order == ["last", "first"], "first comes first"


def helped_by_one_that_does_something_else():
    done = []

    def work():
        for _ in range(2):
            time.sleep(1)
        done.append("work")

    began = time.monotonic()
    together(work, lambda: done.append("help"))
    took = time.monotonic() - began
    assert took == 1, f"it took {took} s"


def noted_when_it_asked_again():
    """No threads are wanted here: the pauses are too long, and that is all."""
    asked = []

    def fetch():
        asked.append(time.monotonic())

    for _ in range(3):
        fetch()
        time.sleep(2)
    ended = time.monotonic()
    assert asked == [0, 1, 2], f"asked at {asked} until {ended}"


def asked_one_thread_one_by_one():
    """The pool has one thread; asking for the first result is not what keeps the second waiting."""

    def fetch(page):
        time.sleep(1)
        return page

    began = time.monotonic()
    with ThreadPoolExecutor(max_workers=1) as pool:
        for future in [pool.submit(fetch, page) for page in range(2)]:
            future.result()
    took = time.monotonic() - began
    assert took == 1, f"it took {took} s"


def patient(fetch):
    for pause in (1, 2):
        try:
            return fetch()
        except ConnectionError as error:
            last = error
        time.sleep(pause)
    raise last


def tried_again_and_told():
    def down():
        raise ConnectionError("down")

    start = time.monotonic()
    try:
        patient(down)
    except ConnectionError:
        took = time.monotonic() - start
        assert took == 1, f"the last call failed at 1 s: expected the error then, got it at {took}"


NAMED = {
    "wrong-without-preemption": [joined_and_wrong, none_is_a_result],
    "not-joined": [
        a_saver_told_to_stop,
        looked_too_early,
        one_of_two_forgotten,
        opened_at_the_same_time,
        closed_while_somebody_serves,
        a_pool_that_nobody_waits_for,
    ],
    "daemon-killed": [
        saved_by_a_daemon,
        stopped_but_not_waited_for,
        told_to_stop_but_not_waited_for,
    ],
    "exception-swallowed": [
        the_caller_never_learns,
        a_future_that_nobody_asks,
        caught_and_forgotten,
        went_on_and_kept_something_else,
        none_instead_of_an_error,
        a_failed_call_sets_no_event,
    ],
    "exception-in-thread": [died_of_a_bad_number, died_and_the_sum_is_wrong],
    "completion-order": [as_they_complete, each_adds_its_own, kept_under_the_wrong_name],
    "late-binding": [
        the_loop_had_gone_on,
        the_loop_had_gone_on_and_one_was_forgotten,
        the_pool_was_late,
        the_loop_had_gone_on_and_another_came,
        the_loop_over_functions_had_gone_on,
    ],
    "accidentally-serial": [
        joined_at_once,
        asked_at_once,
        asked_one_thread_one_by_one,
        slept_with_the_lock,
        in_groups_of_two,
        gone_home_before_there_was_work,
    ],
}
NEAR_MISSES = {
    "wrong-without-preemption": {
        opened_too_late_for_a_bell: None,
        died_of_a_bad_number: "exception-in-thread",
    },
    "not-joined": {
        joined_and_wrong: None,
        a_call_that_has_nothing_to_do_with_it: None,
        a_service_that_goes_on: None,
        opened_at_the_same_time_but_wrong_anyhow: None,
        opened_too_late_for_a_bell: None,
        slept_until_it_should_be_open: "sleep-as-synchronisation",
    },
    "daemon-killed": {a_daemon_that_was_joined: None, a_service_that_goes_on: None},
    "exception-swallowed": {
        caught_and_told: None,
        tried_again_and_told: None,
        none_is_a_result: None,
        asked_and_raised: None,
        kept_under_another_name: None,
        kept_as_a_text: None,
        not_kept_but_that_is_not_the_point: None,
    },
    "exception-in-thread": {
        an_assertion_in_a_thread: None,
        a_lock_that_was_not_taken: None,
        an_exception_of_the_program_itself: None,
    },
    "completion-order": {
        in_order_but_reversed_afterwards: None,
        other_items_altogether: None,
        other_names_altogether: None,
        told_whose_turn_it_is_but_too_early: None,
    },
    "late-binding": {
        a_variable_for_each_phase: None,
        bound_at_once: None,
        the_same_value_twice: None,
    },
    "accidentally-serial": {
        tried_again_and_told: None,
        at_the_same_time_but_too_slow: None,
        did_most_of_it_alone_and_did_not_wait_for_the_rest: None,
        noted_when_it_asked_again: None,
        helped_by_one_that_does_something_else: None,
        one_after_another_on_purpose: None,
    },
}
ADVERSARIAL = {
    opened_at_the_same_time,
    closed_while_somebody_serves,
    slept_until_it_should_be_open,
}
