"""Right programs: waiting by looking again and again."""

from __future__ import annotations

import queue
import threading
import time

from .programs import right, together


@right()
def spins_and_sleeps_until_the_flag_is_set():
    """JCIP 3.1, listing 3.4: counting sheep, with a flag that is seen."""
    asleep, result = False, []

    def fall_asleep():
        nonlocal asleep
        result.append("zzz")
        asleep = True

    def count_sheep():
        while not asleep:
            time.sleep(0.1)
        assert result == ["zzz"]

    together(count_sheep, fall_asleep)


@right()
def spins_and_yields():
    """OSTEP 28.13: spin, but give up the processor in between."""
    lock, taken, total = threading.Lock(), [False], [0]

    def test_and_set():
        with lock:
            old, taken[0] = taken[0], True
        return old

    def work():
        while test_and_set():
            time.sleep(0)
        total[0] += 1
        with lock:
            taken[0] = False

    together(work, work)
    assert total == [2]


@right()
def spins_under_a_lock():
    """OSTEP 30, opening: look at the flag under the lock again and again; slow, but right."""
    lock, items = threading.Lock(), []

    def take():
        while True:
            with lock:
                if items:
                    return

    def put():
        with lock:
            items.append("item")

    together(take, put)


@right()
def polls_an_event_with_a_timeout():
    """Stack Overflow, a wait that Ctrl-C can interrupt: short waits, until it is really set."""
    ready, data = threading.Event(), []

    def produce():
        data.append("data")
        ready.set()

    def consume():
        while not ready.wait(timeout=0.5):
            pass
        assert data == ["data"]

    together(consume, produce)


@right()
def polls_a_queue_until_told_to_stop():
    """Stack Overflow, stop a worker thread: `get(timeout)`, then look whether all was said."""
    line, done, closed = queue.Queue(), [], threading.Event()

    def worker():
        while True:
            try:
                done.append(line.get(timeout=1))
            except queue.Empty:
                if closed.is_set() and line.empty():
                    return

    thread = threading.Thread(target=worker)
    thread.start()
    line.put("a")
    closed.set()
    thread.join()
    assert done == ["a"]


@right()
def polls_for_the_end_of_a_thread():
    """Stack Overflow, join with a timeout: it says nothing, so `is_alive` is asked."""
    done = []
    thread = threading.Thread(target=lambda: [time.sleep(3), done.append(1)])
    thread.start()
    while thread.is_alive():
        thread.join(timeout=1)
    assert done == [1]


@right()
def a_buffer_that_sleeps_and_tries_again():
    """JCIP 14.1.2, listing 14.5: look under the lock, sleep outside of it."""
    lock, items = threading.Lock(), []

    def take():
        while True:
            with lock:
                if items:
                    return items.pop()
            time.sleep(0.01)

    def put():
        with lock:
            items.append("item")

    got = []
    together(lambda: got.append(take()), put)
    assert got == ["item"]


@right()
def a_condition_with_a_timeout_is_looked_at_again():
    """Python docs, Condition.wait: a timeout ends the wait, not the reason for it."""
    changed, ready = threading.Condition(), []

    def wait():
        with changed:
            while not ready:
                changed.wait(timeout=1)
        assert ready == ["ready"]

    def tell():
        with changed:
            ready.append("ready")
            changed.notify()

    together(wait, tell)


@right()
def asks_for_the_lock_for_a_while_only():
    """JCIP 13.1.1: a timed lock; what was not done is said."""
    lock, done, given_up = threading.Lock(), [], []

    def work():
        if lock.acquire(timeout=1):
            try:
                done.append(1)
            finally:
                lock.release()
        else:
            given_up.append(1)

    together(work, work)
    assert len(done) + len(given_up) == 2


@right(clock="exact")
def gives_up_at_a_deadline():
    """Stack Overflow, poll until a deadline: `monotonic`, and the condition looked at once more."""
    ready = threading.Event()
    timer = threading.Timer(2, ready.set)
    timer.start()
    began = time.monotonic()
    deadline = began + 10
    while not ready.is_set() and time.monotonic() < deadline:
        time.sleep(0.5)
    assert ready.is_set()
    assert time.monotonic() - began < 3
    timer.join()


@right()
def a_spin_on_two_flags():
    """OSTEP 28: Dekker's wish to enter, with a tie settled by who must step back."""
    wants = {"ana": False, "ben": False}
    log = []

    def ana():
        wants["ana"] = True
        while wants["ben"]:
            pass
        log.append("ana")
        wants["ana"] = False

    def ben():
        wants["ben"] = True
        while wants["ana"]:
            wants["ben"] = False
            while wants["ana"]:
                pass
            wants["ben"] = True
        log.append("ben")
        wants["ben"] = False

    together(ana, ben)
    assert sorted(log) == ["ana", "ben"]


@right()
def a_trylock_that_nobody_needs_to_win():
    """Stack Overflow, skip the job if it is already running: `acquire(blocking=False)`."""
    running, runs = threading.Lock(), []

    def job():
        if running.acquire(blocking=False):
            try:
                runs.append(len(runs))
            finally:
                running.release()

    together(job, job)
    assert runs in ([0], [0, 1])
