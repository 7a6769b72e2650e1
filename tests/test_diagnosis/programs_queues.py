"""Programs with queues that do not end, or end too soon."""

from __future__ import annotations

import queue
import threading


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


NAMED = {
    "missing-sentinel": [never_told_to_stop, one_pill_for_two],
    "falsy-sentinel": [stops_at_zero, nothing_is_an_item_too, an_empty_line_and_a_join],
    "check-then-block": [empties_it_together, saw_room, counted_first],
    "missing-task-done": [never_says_that_it_is_done, not_for_the_bad_ones],
    "check-then-act": [looked_and_did_not_wait],
}
NEAR_MISSES = {
    "missing-sentinel": {the_producer_died: "exception-in-thread", the_wrong_queue: None},
    "falsy-sentinel": {stops_at_the_pill_and_computes_wrongly: None, takes_a_fixed_number: None},
    "check-then-block": {
        looked_and_asked_for_too_many: None,
        saw_that_it_is_empty: None,
        looked_and_did_not_wait: "check-then-act",
    },
    "missing-task-done": {nobody_takes_them: None, the_consumer_died: "exception-in-thread"},
}
ADVERSARIAL = set()
