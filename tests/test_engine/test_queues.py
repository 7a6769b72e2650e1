"""Queue and its kin: as the real ones, under every schedule."""

from __future__ import annotations

import pickle
import queue
import sys
import threading
import time

import pytest

from taketurns import explore, simulate

from .reality import said, same


def queue_arguments():
    box = queue.Queue(2)
    return [
        said(box.get_nowait),
        said(box.get, False),
        said(box.get, timeout=0.01),
        said(box.get, timeout=0),
        said(box.get, timeout=-1),
        said(box.get, timeout="long"),
        said(box.get, False, -1),
        box.put("a"),
        box.put("b", timeout=-0.0),
        said(box.put, "c", False),
        said(box.put_nowait, "c"),
        said(box.put, "c", timeout=0.01),
        said(box.put, "c", timeout=-1),
        said(box.put, "c", False, -1),
        (box.qsize(), box.empty(), box.full(), box.maxsize, list(box.queue), box.unfinished_tasks),
        box.get(),
        box.get(timeout=5),
        box.task_done(),
        box.task_done(),
        said(box.task_done),
        box.join(),
        queue.Queue().put(1, timeout=-1),
        queue.Queue().put(1, timeout="long"),
        said(box.put, "c", timeout="long"),
        said(pickle.dumps, box),
        repr(box),
    ]


def kinds_of_queues():
    boxes = [queue.Queue(), queue.LifoQueue(), queue.PriorityQueue(), queue.SimpleQueue()]
    for box in boxes:
        for item in (2, 3, 1):
            box.put(item)
    return [[box.get() for _ in range(3)] for box in boxes], [box.empty() for box in boxes]


def simple_queues():
    box = queue.SimpleQueue()
    return [
        said(box.get, False),
        said(box.get_nowait),
        said(box.get, timeout=0.01),
        said(box.get, timeout=-1),
        said(box.get, True, "long")[0],
        box.put(1, False, 3),
        box.put_nowait(2),
        (box.qsize(), box.empty(), box.get(), box.get(timeout=1)),
        said(getattr, box, "task_done")[0],
        said(pickle.dumps, box),
        repr(box),
    ]


def items_that_cannot_be_compared():
    box = queue.PriorityQueue()
    box.put(object())
    return said(box.put, object()), box.unfinished_tasks, box.qsize()


def queue_of_ones_own():
    class SetQueue(queue.Queue):
        def _init(self, maxsize):
            self.queue = set()

        def _put(self, item):
            self.queue.add(item)

        def _get(self):
            return self.queue.pop()

        def _qsize(self):
            return len(self.queue)

    box = SetQueue(2)
    for item in (1, 1, 1, 2):
        box.put(item)
    return (
        said(box.put_nowait, 3),
        box.qsize(),
        sorted([box.get(), box.get()]),
        said(box.get_nowait),
    )


def shutting_down():
    box = queue.Queue()
    box.put(1)
    box.put(2)
    seen = [box.is_shutdown, box.shutdown(), box.is_shutdown, said(box.put, 3), box.get()]
    seen += [box.unfinished_tasks, box.shutdown(immediate=True), box.unfinished_tasks]
    return [*seen, said(box.get), said(box.get_nowait), said(box.get, timeout=-1)]


@pytest.mark.parametrize(
    "program",
    [
        queue_arguments,
        kinds_of_queues,
        simple_queues,
        items_that_cannot_be_compared,
        queue_of_ones_own,
        pytest.param(
            shutting_down,
            marks=pytest.mark.skipif(sys.version_info < (3, 13), reason="came with Python 3.13"),
        ),
    ],
    ids=lambda program: program.__name__,
)
def test_it_behaves_as_the_real_one(program):
    same(program)


def consumer(box, out, stop):
    while (item := box.get()) is not stop:
        out.append(item)
        box.task_done()
    box.task_done()


def test_a_pipeline_hands_on_every_item_under_every_schedule():
    def program():
        box, out = queue.Queue(1), []
        thread = threading.Thread(target=consumer, args=(box, out, None))
        thread.start()
        for item in (1, 2, 3, None):
            box.put(item)
        thread.join()
        return out

    report = explore(program).check()

    assert report.coverage.complete
    assert {(1, 2, 3)} == set(report.outcomes)


def test_join_waits_for_task_done_not_for_an_empty_queue():
    def program():
        box = queue.Queue()
        box.put(1)
        threading.Thread(target=box.get).start()
        box.join()

    report = explore(program)

    assert report.verdict == "deadlock"
    assert "task_done of 1 more item of Queue `box`" in report.failure.run.message


def test_join_returns_when_all_is_done():
    def program():
        box, out = queue.Queue(), []
        for item in (1, 2, None, None):
            box.put(item)
        threads = [threading.Thread(target=consumer, args=(box, out, None)) for _ in range(2)]
        for thread in threads:
            thread.start()
        box.join()
        return sorted(out)

    report = explore(program).check()

    assert report.coverage.complete
    assert {(1, 2)} == set(report.outcomes)


def test_a_missing_sentinel_is_a_deadlock_that_says_so():
    def program():
        box = queue.Queue()
        thread = threading.Thread(target=box.get, name="consumer")
        thread.start()
        thread.join()

    message = explore(program).failure.run.message

    assert "consumer waits for an item in Queue `box`, which is empty" in message
    assert "main waits for consumer to end" in message


def test_a_full_queue_says_so():
    def program():
        box = queue.Queue(1)
        box.put(1)
        box.put(2)

    assert "main waits for room in Queue `box`, full with 1" in explore(program).failure.run.message


def test_empty_is_only_a_hint():
    def program():
        box = queue.Queue()
        box.put(1)

        def taker():
            if not box.empty():
                box.get()

        threads = [threading.Thread(target=taker) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert explore(program).verdict == "deadlock"


def test_a_timeout_takes_exactly_its_time():
    def program():
        box = queue.Queue(1)
        first = said(box.get, timeout=1.5)[0]
        box.put(1)
        return first, said(box.put, 2, timeout=0.5)[0], time.monotonic()

    assert ("Empty", "Full", 2.0) == simulate(program).result


def test_no_order_of_a_queue_of_ones_own_is_lost():
    def program():
        class Newest(queue.Queue):
            def _init(self, maxsize):
                self.queue = []

            def _get(self):
                return self.queue.pop()

        box = Newest()
        thread = threading.Thread(target=lambda: [box.put(item) for item in (1, 2)])
        thread.start()
        return box.get(), box.get()

    assert {(1, 2), (2, 1)} == set(explore(program).check().outcomes)


def test_there_is_no_lock_inside():
    def program():
        return said(getattr, queue.Queue(), "mutex")

    assert (
        "AttributeError",
        "'Queue' object has no attribute 'mutex': a simulated queue has no locks inside",
    ) == simulate(program).result


@pytest.mark.skipif(sys.version_info < (3, 13), reason="came with Python 3.13")
def test_shutting_down_reaches_who_waits():
    def program():
        box, full = queue.Queue(), queue.Queue(1)
        full.put(1)
        seen = []
        threads = [
            threading.Thread(target=lambda: seen.append(said(box.get)[0])),
            threading.Thread(target=lambda: seen.append(said(full.put, 2)[0])),
        ]
        for thread in threads:
            thread.start()
        box.shutdown()
        full.shutdown()
        for thread in threads:
            thread.join()
        return seen

    assert {("ShutDown", "ShutDown")} == set(explore(program).check().outcomes)


@pytest.mark.parametrize("workers, items, schedules", [(1, 3, 1), (2, 1, 4), (2, 2, 8), (2, 3, 16)])
def test_the_search_stays_small(workers, items, schedules):
    def program():
        box = queue.Queue()
        for item in [*range(items), *[None] * workers]:
            box.put(item)
        threads = [threading.Thread(target=consumer, args=(box, [], None)) for _ in range(workers)]
        for thread in threads:
            thread.start()
        box.join()
        for thread in threads:
            thread.join()

    coverage = explore(program).check().coverage

    assert coverage.complete
    assert coverage.schedules <= schedules
