"""Wrong programs: queues, pools and the lives of threads."""

from __future__ import annotations

import queue
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

from .programs import together, wrong


@wrong("assertion", "falsy-sentinel")
def a_sentinel_that_equals_a_datum():
    """Stack Overflow, stop a consumer with a special value: 0 is also a measurement."""
    line, seen = queue.Queue(), []

    def produce():
        for reading in (3, 0, 5):
            line.put(reading)
        line.put(0)

    def consume():
        while (reading := line.get()) != 0:
            seen.append(reading)

    together(produce, consume)
    assert seen == [3, 0, 5], "stopped at a datum"


@wrong("assertion", "falsy-sentinel")
def stops_at_whatever_is_false():
    """Stack Overflow, `while item := q.get()`: an empty text ends it as None does."""
    line, seen = queue.Queue(), []

    def produce():
        for text in ("a", "", "b", None):
            line.put(text)

    def consume():
        while text := line.get():
            seen.append(text)

    together(produce, consume)
    assert seen == ["a", "", "b"]


@wrong("deadlock", "missing-sentinel")
def one_pill_for_two():
    """JCIP 7.2.3: as many pills as consumers, or some wait for ever."""
    line, done = queue.Queue(), []

    def produce():
        line.put("work")
        line.put(None)

    def consume():
        while (item := line.get()) is not None:
            done.append(item)

    together(produce, consume, consume)


@wrong("deadlock", "missing-sentinel", "exception-in-thread")
def a_producer_that_dies_before_the_pill():
    """JCIP 7.2.3: the pill belongs into `finally`."""
    line, done = queue.Queue(), []

    def produce():
        for text in ("1", "two"):
            line.put(int(text))
        line.put(None)

    def consume():
        while (item := line.get()) is not None:
            done.append(item)

    together(produce, consume)


@wrong("deadlock", "missing-task-done")
def a_task_that_was_never_said_to_be_done():
    """Python docs, Queue.join: it counts `task_done`, not empty queues."""
    line, done = queue.Queue(), []

    def worker():
        while True:
            done.append(line.get())

    threading.Thread(target=worker, daemon=True).start()
    line.put("work")
    line.join()


@wrong("deadlock", "missing-task-done")
def a_task_that_was_skipped_was_not_said_to_be_done():
    """Stack Overflow, Queue.join hangs: `continue` jumps over `task_done`."""
    line, done = queue.Queue(), []

    def worker():
        while True:
            item = line.get()
            if item < 0:
                continue
            done.append(item)
            line.task_done()

    threading.Thread(target=worker, daemon=True).start()
    for item in (1, -1):
        line.put(item)
    line.join()


@wrong("thread-exception")
def said_to_be_done_twice():
    """Stack Overflow, “task_done() called too many times”."""
    line = queue.Queue()
    line.put("work")

    def worker():
        line.get()
        line.task_done()
        line.task_done()

    together(worker)


@wrong("deadlock", "check-then-block")
def asks_whether_it_is_empty_and_then_waits():
    """Python docs, Queue.empty: what it says may be over when it has said it."""
    line, done = queue.Queue(), []
    line.put("work")

    def worker():
        while not line.empty():
            done.append(line.get())

    together(worker, worker)


@wrong("thread-exception", "check-then-act")
def asks_whether_it_is_full_and_then_puts():
    """Python docs, Queue.full: no promise that `put_nowait` will find room."""
    line = queue.Queue(1)

    def offer(item):
        if not line.full():
            line.put_nowait(item)

    together(lambda: offer(1), lambda: offer(2))


@wrong("deadlock")
def more_than_the_queue_can_hold():
    """Stack Overflow, join the producer before the consumer begins: a bounded queue is full."""
    line, got = queue.Queue(1), []

    def produce():
        for n in range(2):
            line.put(n)

    together(produce)
    together(lambda: got.append(line.get()))


@wrong("assertion", "completion-order")
def results_in_the_order_in_which_they_came():
    """Stack Overflow, as_completed and zip: the order of completion is not that of submission."""
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(pow, n, 2) for n in (2, 3)]
        squares = [future.result() for future in as_completed(futures)]
    assert squares == [4, 9], "in another order"


@wrong("assertion", "completion-order")
def results_appended_as_they_come():
    """Stack Overflow, collect what threads return: `append` loses nothing, but keeps no order."""
    squares = []
    together(*[lambda n=n: squares.append(n * n) for n in (2, 3)])
    assert squares == [4, 9], "in another order"


@wrong("assertion", "late-binding")
def a_lambda_that_looks_later():
    """Stack Overflow, “What do lambda function closures capture?”: the variable, not its value."""
    seen, crew = [], []
    for n in (1, 2):
        crew.append(threading.Thread(target=lambda: seen.append(n)))  # noqa: B023
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    assert sorted(seen) == [1, 2], "one number twice"


@wrong("assertion", "late-binding")
def a_function_in_a_loop_that_looks_later():
    """Python FAQ, “Why do lambdas defined in a loop … return the same result?”: so do `def`s."""
    seen, crew = [], []
    for name in ("ana", "ben"):

        def greet():
            seen.append(name)  # noqa: B023

        thread = threading.Thread(target=greet)
        thread.start()
        crew.append(thread)
    for thread in crew:
        thread.join()
    assert sorted(seen) == ["ana", "ben"]


@wrong("assertion", "exception-swallowed")
def a_pool_that_keeps_its_errors_to_itself():
    """Stack Overflow, exceptions vanish in a ThreadPoolExecutor: nobody asked for the result."""
    done = []

    def work(text):
        done.append(int(text))

    with ThreadPoolExecutor(1) as pool:
        for text in ("1", "two", "3"):
            pool.submit(work, text)
    assert done == [1, 2, 3], "something is missing"


@wrong("thread-exception", "exception-in-thread")
def a_thread_that_dies_alone():
    """Stack Overflow, “Catch a thread's exception in the caller thread”: not around `start`."""
    try:
        thread = threading.Thread(target=lambda: int("two"))
        thread.start()
        thread.join()
    except ValueError:
        pass


@wrong("thread-exception", "exception-in-thread")
def a_daemon_that_dies_if_it_gets_the_time():
    """Python docs, daemon threads: whether it comes so far before the end is left to luck."""
    threading.Thread(target=lambda: int("two"), daemon=True).start()


@wrong("assertion", "not-joined")
def looks_before_they_are_done():
    """OSTEP 27.2: created, but not waited for."""
    found = []
    thread = threading.Thread(target=lambda: found.append(1))
    thread.start()
    assert found == [1]


@wrong("assertion", "accidentally-serial")
def started_and_joined_one_after_the_other():
    """Stack Overflow, threads run one at a time: `join` inside of the loop that starts them."""
    before = time.monotonic()
    for _ in range(2):
        thread = threading.Thread(target=time.sleep, args=(1,))
        thread.start()
        thread.join()
    assert time.monotonic() - before < 2, "one after the other"


@wrong("assertion", "accidentally-serial")
def run_instead_of_start():
    """Stack Overflow, the difference between `start` and `run`: `run` is a plain call."""
    crew = [threading.Thread(target=time.sleep, args=(1,)) for _ in range(2)]
    before = time.monotonic()
    for thread in crew:
        thread.run()
    assert time.monotonic() - before < 2, "one after the other"


@wrong("assertion", "accidentally-serial")
def called_where_it_should_be_passed():
    """Stack Overflow, a thread runs before `start` is called: `target=work()`."""

    def work():
        time.sleep(1)

    before = time.monotonic()
    crew = [threading.Thread(target=work()) for _ in range(2)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    assert time.monotonic() - before < 2, "one after the other"


@wrong("assertion", "accidentally-serial")
def asks_for_each_result_at_once():
    """Stack Overflow, ThreadPoolExecutor is not parallel: `submit(...).result()` in one line."""
    before = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):
            pool.submit(time.sleep, 1).result()
    assert time.monotonic() - before < 2, "one after the other"


@wrong("thread-exception", "exception-in-thread")
def a_promise_kept_twice():
    """Python docs, Future.set_result: InvalidStateError, from the second one who sets it."""
    promise = Future()
    together(lambda: promise.set_result(1), lambda: promise.set_result(2))


@wrong("deadlock")
def a_promise_that_nobody_keeps():
    """Stack Overflow, Future.result hangs: a future made by hand has nobody who works for it."""
    promise, got = Future(), []

    def work():
        if got:
            promise.set_result(1)

    together(work, lambda: got.append(promise.result()))


@wrong("assertion")
def a_timer_that_nobody_cancelled():
    """Stack Overflow, stop a threading.Timer: the work was done in time, and yet it rang."""
    alarms = []
    timer = threading.Timer(1, alarms.append, ["too late"])
    timer.start()
    timer.join()
    assert alarms == [], "a false alarm"


@wrong("assertion", clock="adversarial")
def a_timer_cancelled_in_time_as_a_rule():
    """Python docs, Timer.cancel: only while it is still waiting."""
    alarms = []
    timer = threading.Timer(1, alarms.append, ["too late"])
    timer.start()
    timer.cancel()
    timer.join()
    assert alarms == [], "a false alarm"


@wrong("leaked-thread", "missing-sentinel")
def a_worker_that_nobody_told_to_stop():
    """Stack Overflow, the program does not exit: a thread that is no daemon waits for work."""
    line, done = queue.Queue(), []

    def worker():
        while True:
            done.append(line.get())

    threading.Thread(target=worker).start()
    line.put("work")


@wrong("assertion", "lost-update")
def a_race_beside_a_timer_that_rang():
    """Stack Overflow, a Timer changes what main changes: two threads, and no lock."""
    total = 0

    def add():
        nonlocal total
        total += 1

    timer = threading.Timer(1, add)
    other = threading.Timer(1, add)
    timer.start()
    other.start()
    timer.join()
    other.join()
    assert total == 2
