"""Right programs: monitors, and what can be built from a condition."""

from __future__ import annotations

import threading
from collections import deque

from .programs import right, together


class BoundedBuffer:
    """A buffer whose producers and consumers wait on conditions of their own."""

    def __init__(self, size):
        self.items = deque()
        self.size = size
        self.lock = threading.Lock()
        self.not_full = threading.Condition(self.lock)
        self.not_empty = threading.Condition(self.lock)

    def put(self, item):
        with self.lock:
            while len(self.items) == self.size:
                self.not_full.wait()
            self.items.append(item)
            self.not_empty.notify()

    def get(self):
        with self.lock:
            while not self.items:
                self.not_empty.wait()
            item = self.items.popleft()
            self.not_full.notify()
            return item


@right()
def a_monitor_with_two_conditions():
    """JCIP 14.3, listing 14.11: one lock, a condition for each reason to wait."""
    buffer, got = BoundedBuffer(1), []

    def produce():
        for n in range(3):
            buffer.put(n)

    def consume():
        for _ in range(3):
            got.append(buffer.get())

    together(produce, consume)
    assert got == [0, 1, 2]


@right()
def two_consumers_of_one_buffer():
    """OSTEP 30.2: `while`, two conditions, so any number of each may come."""
    buffer, got = BoundedBuffer(1), []

    def produce():
        buffer.put("a")
        buffer.put("b")

    def consume():
        got.append(buffer.get())

    together(produce, consume, consume)
    assert sorted(got) == ["a", "b"]


@right()
def wait_for_looks_again_by_itself():
    """Python docs, Condition.wait_for: the loop around `wait`, written by the library."""
    changed, tasks = threading.Condition(), []

    def give():
        for n in range(2):
            with changed:
                tasks.append(n)
                changed.notify_all()

    def take():
        with changed:
            changed.wait_for(lambda: len(tasks) == 2)
            assert tasks == [0, 1]

    together(take, give, take)


@right()
def join_written_by_hand():
    """OSTEP 30.1: a flag, a lock and a condition; missing any of them is wrong."""
    ended, done = threading.Condition(), False
    log = []

    def child():
        nonlocal done
        log.append("child")
        with ended:
            done = True
            ended.notify()

    def parent():
        with ended:
            while not done:
                ended.wait()
        log.append("parent")

    together(parent, child)
    assert log == ["child", "parent"]


@right()
def everybody_is_woken_where_needs_differ():
    """OSTEP 30.3: a covering condition, since only the sleepers know whether there is enough."""
    changed, free = threading.Condition(), 0

    def allocate(size):
        nonlocal free
        with changed:
            while free < size:
                changed.wait()
            free -= size

    def release(size):
        nonlocal free
        with changed:
            free += size
            changed.notify_all()

    together(lambda: allocate(100), lambda: allocate(10), lambda: [release(10), release(100)])
    assert free == 0


class Gate:
    """A gate that may be opened and closed again: who waited at an opening gets through."""

    def __init__(self):
        self.changed = threading.Condition()
        self.is_open = False
        self.opened = 0

    def open(self):
        with self.changed:
            self.opened += 1
            self.is_open = True
            self.changed.notify_all()

    def close(self):
        with self.changed:
            self.is_open = False

    def wait(self):
        with self.changed:
            arrival = self.opened
            while not self.is_open and self.opened == arrival:
                self.changed.wait()


@right()
def a_gate_that_closes_again():
    """JCIP 14.2.5, listing 14.9: a generation number remembers the opening."""
    gate, waiting = Gate(), threading.Semaphore(0)

    def pass_through():
        waiting.release()
        gate.wait()

    def porter():
        waiting.acquire()
        gate.open()
        gate.close()
        gate.open()

    together(pass_through, porter)


@right()
def a_latch_counts_down():
    """JCIP 5.5.1: a latch from a condition, opened by the last of its parts."""
    changed, left = threading.Condition(), 2
    ready = []

    def part(name):
        nonlocal left
        ready.append(name)
        with changed:
            left -= 1
            if left == 0:
                changed.notify_all()

    def whole():
        with changed:
            changed.wait_for(lambda: left == 0)
        assert sorted(ready) == ["disk", "network"]

    together(whole, lambda: part("disk"), lambda: part("network"))


class GenerationBarrier:
    """A barrier in which the last one starts a new generation."""

    def __init__(self, n):
        self.n = n
        self.count = 0
        self.generation = 0
        self.changed = threading.Condition()

    def wait(self):
        with self.changed:
            mine = self.generation
            self.count += 1
            if self.count == self.n:
                self.count = 0
                self.generation += 1
                self.changed.notify_all()
            while self.generation == mine:
                self.changed.wait()


@right()
def a_reusable_barrier_from_a_condition():
    """Stack Overflow, barriers before Python 3.2: who waits, waits for the generation to end."""
    barrier, rounds = GenerationBarrier(2), [0, 0]

    def runner(me):
        for lap in range(1, 3):
            rounds[me] = lap
            barrier.wait()
            assert rounds == [lap, lap]
            barrier.wait()

    together(lambda: runner(0), lambda: runner(1))


class Zemaphore:
    """A semaphore from a lock and a condition."""

    def __init__(self, value):
        self.value = value
        self.changed = threading.Condition()

    def wait(self):
        with self.changed:
            while self.value <= 0:
                self.changed.wait()
            self.value -= 1

    def post(self):
        with self.changed:
            self.value += 1
            self.changed.notify()


@right()
def a_semaphore_from_a_condition():
    """OSTEP 31.8: Zemaphores, used as a lock and as a signal."""
    mutex, ready = Zemaphore(1), Zemaphore(0)
    total = 0

    def add():
        nonlocal total
        mutex.wait()
        total += 1
        mutex.post()
        ready.post()

    def look():
        ready.wait()
        ready.wait()
        assert total == 2

    together(add, look, add)


class Library:
    """Readers together, a writer alone."""

    def __init__(self):
        self.changed = threading.Condition()
        self.readers = 0
        self.writing = False

    def start_reading(self):
        with self.changed:
            while self.writing:
                self.changed.wait()
            self.readers += 1

    def stop_reading(self):
        with self.changed:
            self.readers -= 1
            if self.readers == 0:
                self.changed.notify_all()

    def start_writing(self):
        with self.changed:
            while self.writing or self.readers:
                self.changed.wait()
            self.writing = True

    def stop_writing(self):
        with self.changed:
            self.writing = False
            self.changed.notify_all()


@right()
def readers_and_a_writer_in_a_monitor():
    """JCIP 13.5: a read-write lock as a monitor with a count and a flag."""
    library = Library()
    book = ["old", "old"]

    def reader():
        library.start_reading()
        assert book[0] == book[1], "read in the middle of a change"
        library.stop_reading()

    def writer():
        library.start_writing()
        book[0] = "new"
        book[1] = "new"
        library.stop_writing()

    together(reader, writer)
    assert book == ["new", "new"]


@right()
def two_threads_take_turns_by_a_number():
    """Stack Overflow, odd and even numbers from two threads: whose turn it is, in a condition."""
    changed, log = threading.Condition(), []

    def count(parity):
        for n in range(parity, 4, 2):
            with changed:
                while len(log) != n:
                    changed.wait()
                log.append(n)
                changed.notify_all()

    together(lambda: count(1), lambda: count(0))
    assert log == [0, 1, 2, 3]
