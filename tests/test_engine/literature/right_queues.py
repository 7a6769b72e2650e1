"""Right programs: work and values that travel through queues."""

from __future__ import annotations

import queue
import threading
from collections import deque

from .programs import right, together


@right()
def the_counter_travels_through_a_queue():
    """Stack Overflow, share memory by communicating: whoever holds the number may change it."""
    purse = queue.Queue()
    purse.put(0)

    def increment():
        count = purse.get()
        count += 1
        purse.put(count)

    together(increment, increment, increment)
    assert purse.get() == 3


@right()
def a_pill_for_each_consumer():
    """JCIP 7.2.3, listing 7.17: poison pills, one for each who must stop."""
    line, done = queue.Queue(), []
    stop = object()

    def produce():
        for n in range(2):
            line.put(n)
        for _ in range(2):
            line.put(stop)

    def consume():
        while (item := line.get()) is not stop:
            done.append(item)

    together(produce, consume, consume)
    assert sorted(done) == [0, 1]


@right()
def a_pill_handed_on():
    """Stack Overflow, stop several consumers with one sentinel: each puts it back for the next."""
    line, done = queue.Queue(), []
    for item in ("a", "b", None):
        line.put(item)

    def consume():
        while (item := line.get()) is not None:
            done.append(item)
        line.put(None)

    together(consume, consume)
    assert sorted(done) == ["a", "b"]


@right()
def join_waits_until_every_task_is_done():
    """Python docs, Queue.join: daemons at work, `task_done` even when a task fails."""
    line, done = queue.Queue(), []

    def worker():
        while True:
            item = line.get()
            try:
                done.append(6 // item)
            except ZeroDivisionError:
                done.append(None)
            finally:
                line.task_done()

    threading.Thread(target=worker, daemon=True).start()
    for item in (2, 0, 3):
        line.put(item)
    line.join()
    assert done == [3, None, 2]


@right()
def two_queues_exchange_values():
    """JCIP 5.5.4, Exchanger: a queue each way makes a rendezvous."""
    there, back = queue.Queue(1), queue.Queue(1)
    bags = {}

    def filler():
        there.put("full bag")
        bags["filler"] = back.get()

    def drinker():
        back.put("empty bag")
        bags["drinker"] = there.get()

    together(filler, drinker)
    assert bags == {"filler": "empty bag", "drinker": "full bag"}


@right()
def a_pipeline_of_two_stages():
    """Stack Overflow, pipelines of threads: each stage passes the pill on and ends."""
    raw, cooked, served = queue.Queue(1), queue.Queue(1), []

    def cook():
        while (item := raw.get()) is not None:
            cooked.put(item.upper())
        cooked.put(None)

    def serve():
        while (item := cooked.get()) is not None:
            served.append(item)

    crew = [threading.Thread(target=cook), threading.Thread(target=serve)]
    for thread in crew:
        thread.start()
    for item in ("soup", "fish", None):
        raw.put(item)
    for thread in crew:
        thread.join()
    assert served == ["SOUP", "FISH"]


@right()
def what_is_there_is_taken_without_waiting():
    """Stack Overflow, “get_nowait” rather than `empty`: ask and take in one step, catch Empty."""
    line, done = queue.Queue(), []
    for n in range(3):
        line.put(n)

    def worker():
        while True:
            try:
                item = line.get_nowait()
            except queue.Empty:
                return
            done.append(item)

    together(worker, worker)
    assert sorted(done) == [0, 1, 2]


@right()
def work_is_stolen_from_the_other_end():
    """JCIP 5.3.3: a deque each, own work from the back, others' from the front."""
    lock = threading.Lock()
    desks = {"ana": deque([1, 2]), "ben": deque()}
    done = []

    def worker(me, other):
        while True:
            with lock:
                if desks[me]:
                    task = desks[me].pop()
                elif desks[other]:
                    task = desks[other].popleft()
                else:
                    return
            done.append(task)

    together(lambda: worker("ana", "ben"), lambda: worker("ben", "ana"))
    assert sorted(done) == [1, 2]


@right()
def one_thread_owns_the_data_and_answers_by_mail():
    """Stack Overflow, the actor pattern: requests carry the queue for their reply."""
    post = queue.Queue()

    def bank():
        balance = 10
        while (request := post.get()) is not None:
            amount, reply = request
            ok = balance >= amount
            if ok:
                balance -= amount
            reply.put(ok)

    paid = []

    def customer():
        reply = queue.Queue()
        post.put((7, reply))
        paid.append(reply.get())

    thread = threading.Thread(target=bank)
    thread.start()
    together(customer, customer)
    post.put(None)
    thread.join()
    assert sorted(paid) == [False, True]


@right()
def the_most_urgent_comes_first():
    """Python docs, PriorityQueue: a counter settles ties, so items need no order."""
    line, order = queue.PriorityQueue(), []
    line.put((2, 0, {"name": "later"}))
    filled = threading.Event()

    def give():
        line.put((1, 1, {"name": "soon"}))
        line.put((2, 2, {"name": "last"}))
        filled.set()

    def take():
        filled.wait()
        for _ in range(3):
            order.append(line.get()[2]["name"])

    together(take, give)
    assert order == ["soon", "later", "last"]
