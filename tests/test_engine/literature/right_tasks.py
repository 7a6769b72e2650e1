"""Right programs: futures, pools and timers."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait

from .programs import right, together


@right()
def a_future_filled_by_hand():
    """Python docs, Future: made by one thread, filled by another, awaited by a third."""
    promise = Future()
    got = []

    def keep():
        if promise.set_running_or_notify_cancel():
            promise.set_result(42)

    together(lambda: got.append(promise.result()), keep)
    assert got == [42]


class Promise:
    """A future from a condition."""

    def __init__(self):
        self.changed = threading.Condition()
        self.state = "pending"
        self.value = None

    def keep(self, value):
        with self.changed:
            if self.state == "pending":
                self.state, self.value = "kept", value
                self.changed.notify_all()

    def result(self):
        with self.changed:
            while self.state == "pending":
                self.changed.wait()
            return self.value


@right()
def a_future_written_from_scratch():
    """JCIP 5.5.2: a result that its readers wait for, kept only once."""
    promise = Promise()
    got = []
    together(lambda: got.append(promise.result()), lambda: promise.keep(1), lambda: promise.keep(2))
    assert got in ([1], [2])
    assert promise.result() == got[0]


@right()
def a_memo_of_futures():
    """JCIP 5.6, listing 5.19: the first to ask computes, the others wait."""
    lock, memo, computed = threading.Lock(), {}, []

    def square(n):
        with lock:
            mine = n not in memo
            if mine:
                memo[n] = Future()
            future = memo[n]
        if mine:
            computed.append(n)
            future.set_result(n * n)
        return future.result()

    got = []
    together(lambda: got.append(square(3)), lambda: got.append(square(3)))
    assert got == [9, 9]
    assert computed == [3], "computed twice"


@right()
def a_pool_inside_each_thread():
    """Stack Overflow, a ThreadPoolExecutor in a thread: `with` waits for the pool's own threads."""
    sums = {}

    def office(name, numbers):
        with ThreadPoolExecutor(max_workers=1) as pool:
            sums[name] = sum(pool.map(lambda n: n * n, numbers))

    together(lambda: office("a", [1, 2]), lambda: office("b", [3]))
    assert sums == {"a": 5, "b": 9}


@right()
def tasks_that_wait_for_tasks_of_another_pool():
    """JCIP 8.1.1: dependent tasks do not starve if they have a pool each."""
    with ThreadPoolExecutor(1) as chefs, ThreadPoolExecutor(1) as helpers:

        def meal():
            return "fish and " + helpers.submit(lambda: "chips").result()

        assert chefs.submit(meal).result() == "fish and chips"


@right()
def an_exception_arrives_where_the_result_is_asked_for():
    """Python docs, Future.result: it raises what the task raised."""
    with ThreadPoolExecutor(2) as pool:
        good, bad = pool.submit(int, "7"), pool.submit(int, "seven")
        assert good.result() == 7
        assert isinstance(bad.exception(), ValueError)


@right()
def results_are_matched_with_what_they_belong_to():
    """Python docs, as_completed: a dict from future to argument, since order is not kept."""
    squares = {}
    with ThreadPoolExecutor(2) as pool:
        futures = {pool.submit(pow, n, 2): n for n in (2, 3)}
        for future in as_completed(futures):
            squares[futures[future]] = future.result()
    assert squares == {2: 4, 3: 9}


@right()
def all_of_them_are_waited_for():
    """Python docs, wait: sets of those done and those not."""
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(abs, -n) for n in (1, 2)]
        done, pending = wait(futures)
        assert pending == set()
        assert sorted(future.result() for future in done) == [1, 2]


@right()
def a_timer_cancelled_in_time_or_not():
    """Stack Overflow, stop a threading.Timer: whoever wins, a flag under a lock says it once."""
    lock, ended = threading.Lock(), []

    def end(how):
        with lock:
            if not ended:
                ended.append(how)

    timer = threading.Timer(5, end, ["timed out"])
    timer.start()
    end("finished")
    timer.cancel()
    timer.join()
    assert ended in (["finished"], ["timed out"])


@right(clock="exact")
def a_timer_cancelled_before_its_time_does_nothing():
    """Python docs, Timer.cancel: in an exact clock the five seconds have not gone by."""
    rung = []
    timer = threading.Timer(5, rung.append, ["ring"])
    timer.start()
    timer.cancel()
    timer.join()
    assert rung == []


@right()
def a_heartbeat_that_can_be_stopped():
    """Stack Overflow, a repeating timer: `Event.wait(timeout)` is a sleep that can be cut short."""
    stop, beats = threading.Event(), []

    def beat():
        while not stop.wait(1):
            if len(beats) == 2:
                return
            beats.append("beat")

    thread = threading.Thread(target=beat)
    thread.start()
    stop.set()
    thread.join()
    assert len(beats) <= 2


@right()
def the_first_answer_counts():
    """JCIP 6.3.5: ask two, take one result, let the pool end the other."""
    answers = []
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(str.upper, "a"), pool.submit(str.upper, "b")]
        first = next(as_completed(asked))
        answers.append(first.result())
    assert answers in (["A"], ["B"])


@right()
def a_callback_tells_when_it_is_done():
    """Python docs, Future.add_done_callback: called once, before or after the result."""
    told = []
    future = Future()

    def work():
        future.set_result("done")

    def listen():
        future.add_done_callback(lambda done: told.append(done.result()))

    together(work, listen)
    assert told == ["done"]
