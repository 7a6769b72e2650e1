"""Programs with queues that do not end, or end too soon."""

from __future__ import annotations

import contextlib
import queue
import threading
import time


def together(*targets):
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# -- missing-sentinel ------------------------------------------------------------------------------


def never_told_to_stop():
    jobs, done = queue.Queue(), []

    def consume():
        while True:
            done.append(jobs.get())

    def produce():
        for job in ("a", "b"):
            jobs.put(job)

    together(consume, produce)


def one_pill_for_two():
    jobs, done = queue.Queue(), []

    def consume():
        while (job := jobs.get()) is not None:
            done.append(job)

    threads = [threading.Thread(target=consume) for _ in range(2)]
    for thread in threads:
        thread.start()
    jobs.put("a")
    jobs.put(None)
    for thread in threads:
        thread.join()


# -- missing-sentinel, near misses -----------------------------------------------------------------


def the_producer_died():
    jobs, done = queue.Queue(), []

    def consume():
        while (job := jobs.get()) is not None:
            done.append(job)

    def produce():
        jobs.put(1)
        jobs.put(1 // 0)
        jobs.put(None)

    together(consume, produce)


def the_wrong_queue():
    jobs, answers = queue.Queue(), queue.Queue()

    def serve():
        jobs.put(jobs.get() + 1)

    def ask():
        jobs.put(1)
        answers.get()

    together(serve, ask)


# -- falsy-sentinel --------------------------------------------------------------------------------


def stops_at_zero():
    numbers, total = queue.Queue(), []

    def consume():
        while number := numbers.get():
            total.append(number)

    def produce():
        for number in (1, 0, 2):
            numbers.put(number)
        numbers.put(None)

    together(consume, produce)
    assert sum(total) == 3, "the last number was not added"


def nothing_is_an_item_too():
    answers, seen = queue.Queue(), []

    def consume():
        while True:
            answer = answers.get()
            if answer is None:
                break
            seen.append(answer)

    def produce():
        for answer in (None, "yes"):
            answers.put(answer)
        answers.put(None)

    together(consume, produce)
    assert seen == [None, "yes"], f"seen {seen}"


def an_empty_line_and_a_join():
    lines, seen = queue.Queue(), []

    def consume():
        while line := lines.get():
            seen.append(line)
            lines.task_done()
        lines.task_done()

    threading.Thread(target=consume).start()
    for line in ("one", "", "two"):
        lines.put(line)
    lines.put("")
    lines.join()


# -- falsy-sentinel, near misses -------------------------------------------------------------------


def stops_at_the_pill_and_computes_wrongly():
    numbers, total = queue.Queue(), []

    def consume():
        while (number := numbers.get()) is not None:
            total.append(number)

    def produce():
        for number in (1, 0, 2):
            numbers.put(number)
        numbers.put(None)

    together(consume, produce)
    assert sum(total) == 4, "one and two are three"


def takes_a_fixed_number():
    numbers, total = queue.Queue(), []

    def consume():
        for _ in range(2):
            total.append(numbers.get())

    def produce():
        for number in (1, 0, 2):
            numbers.put(number)

    together(consume, produce)
    assert sum(total) == 3, "the last number was not taken"


# -- check-then-block ------------------------------------------------------------------------------


def empties_it_together():
    jobs, done = queue.Queue(), []
    jobs.put("a")

    def consume():
        while not jobs.empty():
            done.append(jobs.get())

    together(consume, consume)


def saw_room():
    shelf = queue.Queue(maxsize=1)

    def put():
        if not shelf.full():
            shelf.put("bread")

    together(put, put)


def counted_first():
    jobs = queue.SimpleQueue()
    jobs.put("a")
    jobs.put("b")

    def take_two():
        if jobs.qsize() >= 2:
            jobs.get()
            jobs.get()

    def take():
        if jobs.qsize():
            jobs.get()

    together(take_two, take)


# -- check-then-block, near misses -----------------------------------------------------------------


def looked_and_asked_for_too_many():
    jobs = queue.Queue()
    jobs.put("a")

    def take():
        if jobs.qsize():
            jobs.get()
            jobs.get()

    together(take)


def saw_that_it_is_empty():
    jobs = queue.Queue()

    def take():
        jobs.empty()
        jobs.get()

    together(take)


def looked_and_did_not_wait():
    jobs, done = queue.Queue(), []
    jobs.put("a")

    def take():
        if not jobs.empty():
            done.append(jobs.get_nowait())

    together(take, take)


# -- missing-task-done -----------------------------------------------------------------------------


def never_says_that_it_is_done():
    jobs, done = queue.Queue(), []

    def consume():
        while (job := jobs.get()) is not None:
            done.append(job)

    threading.Thread(target=consume).start()
    jobs.put("a")
    jobs.put(None)
    jobs.join()


def not_for_the_bad_ones():
    jobs, done = queue.Queue(), []

    def consume():
        while True:
            number = jobs.get()
            if number == 0:
                continue
            done.append(10 // number)
            jobs.task_done()

    threading.Thread(target=consume, daemon=True).start()
    for number in (0, 5):
        jobs.put(number)
    jobs.join()


# -- missing-task-done, near misses ----------------------------------------------------------------


def nobody_takes_them():
    jobs = queue.Queue()
    jobs.put("a")
    jobs.join()


def the_consumer_died():
    jobs, done = queue.Queue(), []

    def consume():
        while True:
            done.append(10 // jobs.get())
            jobs.task_done()

    threading.Thread(target=consume, daemon=True).start()
    for number in (0, 5):
        jobs.put(number)
    jobs.join()


# -- check-then-act: an item behind the sign to stop -----------------------------------------------


class Desk:
    def __init__(self):
        self.jobs, self.done, self.refused = queue.Queue(), [], []
        self.closed, self.lock = False, threading.Lock()
        self.clerk = threading.Thread(target=self.work)
        self.clerk.start()

    def work(self):
        while (job := self.jobs.get()) != "stop":
            self.done.append(job)

    def close(self):
        with self.lock:
            self.closed = True
            self.jobs.put("stop")
        self.clerk.join()


def accepted_behind_the_sign():
    desk = Desk()

    def submit():
        if not desk.closed:
            desk.jobs.put("letter")

    late = threading.Thread(target=submit)
    late.start()
    desk.close()
    late.join()
    assert desk.done == ["letter"] or desk.jobs.empty(), "the letter was accepted, and lost"


def put_when_the_lock_was_given_back():
    desk = Desk()

    def submit():
        with desk.lock:
            accepted = not desk.closed
        if accepted:
            desk.jobs.put("letter")
        else:
            desk.refused.append("letter")

    late = threading.Thread(target=submit)
    late.start()
    desk.close()
    late.join()
    assert desk.done + desk.refused == ["letter"], "the letter was accepted, and lost"


def put_without_a_look():
    desk = Desk()
    late = threading.Thread(target=lambda: desk.jobs.put("letter"))
    late.start()
    desk.close()
    late.join()
    assert desk.done == ["letter"], "the letter was lost"


# -- gone home before the last item ----------------------------------------------------------------


def goes_home_when_it_is_empty():
    jobs, done = queue.Queue(), []

    def consume():
        while not jobs.empty():
            done.append(jobs.get())

    def produce():
        jobs.put("a")
        jobs.put("b")

    together(consume, produce)
    assert len(done) == 2, "an item was left"


def takes_without_waiting_until_it_fails():
    jobs, done = queue.Queue(), []

    def consume():
        try:
            while True:
                done.append(jobs.get_nowait())
        except queue.Empty:
            pass

    together(consume, lambda: jobs.put("a"))
    assert done == ["a"], "an item was left"


def gives_up_after_a_while():
    jobs, done = queue.Queue(), []

    def consume():
        with contextlib.suppress(queue.Empty):
            done.append(jobs.get(timeout=5))

    def produce():
        time.sleep(8)
        jobs.put("a")

    together(consume, produce)
    assert done == ["a"], "an item was left"


def the_sign_overtakes_an_item():
    stop = object()
    jobs, done = queue.Queue(), []

    def consume():
        while (job := jobs.get()) is not stop:
            done.append(job)

    threads = [threading.Thread(target=consume), threading.Thread(target=jobs.put, args=("a",))]
    for thread in threads:
        thread.start()
    jobs.put(stop)
    for thread in threads:
        thread.join()
    assert done == ["a"], "an item was left"


def called_done_before_the_work():
    jobs, done = queue.Queue(), []

    def consume():
        job = jobs.get()
        jobs.task_done()
        done.append(job)

    thread = threading.Thread(target=consume)
    thread.start()
    jobs.put("a")
    jobs.join()
    seen = len(done)
    thread.join()
    assert seen == 1, "an item was not ready"


def the_sign_is_put_and_the_consumer_is_forgotten():
    stop = object()
    jobs, done = queue.Queue(), []

    def consume():
        while (job := jobs.get()) is not stop:
            done.append(job)

    threading.Thread(target=consume).start()
    for job in ("a", "b", "c", stop):
        jobs.put(job)
    assert len(done) == 3, "an item was not ready"


def takes_the_sign_and_goes_on():
    stop = object()
    jobs, done = queue.Queue(), []

    def consume():
        while True:
            job = jobs.get()
            if job is not stop:
                done.append(job)

    thread = threading.Thread(target=consume)
    thread.start()
    jobs.put("a")
    jobs.put(stop)
    thread.join()


# -- gone home, near misses ------------------------------------------------------------------------


def looks_and_everything_was_taken():
    jobs, done = queue.Queue(), []
    jobs.put("a")

    def consume():
        while not jobs.empty():
            done.append(jobs.get())

    together(consume)
    assert done == ["b"], "wrong item"


def asks_again_after_a_while():
    jobs, done = queue.Queue(), []

    def consume():
        while not done:
            try:
                done.append(jobs.get(timeout=5))
            except queue.Empty:
                continue

    def produce():
        time.sleep(8)
        jobs.put("a")

    together(consume, produce)
    assert done == ["b"], "wrong item"


def the_sign_comes_last():
    stop = object()
    jobs, done = queue.Queue(), []

    def consume():
        while (job := jobs.get()) is not stop:
            done.append(job)

    together(consume, lambda: [jobs.put(job) for job in ("a", stop)])
    assert done == ["b"], "wrong item"


def called_done_after_the_work():
    jobs, done = queue.Queue(), []

    def consume():
        job = jobs.get()
        done.append(job)
        jobs.task_done()

    thread = threading.Thread(target=consume)
    thread.start()
    jobs.put("a")
    jobs.join()
    thread.join()
    assert done == ["b"], "wrong item"


NAMED = {
    "missing-sentinel": [never_told_to_stop, one_pill_for_two, takes_the_sign_and_goes_on],
    "falsy-sentinel": [stops_at_zero, nothing_is_an_item_too, an_empty_line_and_a_join],
    "check-then-block": [empties_it_together, saw_room, counted_first],
    "missing-task-done": [never_says_that_it_is_done, not_for_the_bad_ones],
    "check-then-act": [
        looked_and_did_not_wait,
        accepted_behind_the_sign,
        put_when_the_lock_was_given_back,
        goes_home_when_it_is_empty,
        takes_without_waiting_until_it_fails,
    ],
    "timeout-ignored": [gives_up_after_a_while],
    "not-joined": [
        the_sign_overtakes_an_item,
        called_done_before_the_work,
        the_sign_is_put_and_the_consumer_is_forgotten,
    ],
}
NEAR_MISSES = {
    "missing-sentinel": {the_producer_died: "exception-in-thread", the_wrong_queue: None},
    "falsy-sentinel": {stops_at_the_pill_and_computes_wrongly: None, takes_a_fixed_number: None},
    "check-then-block": {
        looked_and_asked_for_too_many: None,
        saw_that_it_is_empty: None,
        looked_and_did_not_wait: "check-then-act",
    },
    "check-then-act": {put_without_a_look: None, looks_and_everything_was_taken: None},
    "timeout-ignored": {asks_again_after_a_while: None},
    "not-joined": {the_sign_comes_last: None, called_done_after_the_work: None},
    "missing-task-done": {nobody_takes_them: None, the_consumer_died: "exception-in-thread"},
}
ADVERSARIAL = set()
