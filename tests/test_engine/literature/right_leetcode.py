"""Right programs: the concurrency problems of LeetCode."""

from __future__ import annotations

import threading
from collections import deque

from .programs import right, together


@right()
def print_in_order():
    """LeetCode 1114, Print in Order: two locks, held from the start, opened by those before."""
    first_done, second_done = threading.Lock(), threading.Lock()
    first_done.acquire()
    second_done.acquire()
    printed = []

    def first():
        printed.append("first")
        first_done.release()

    def second():
        with first_done:
            printed.append("second")
            second_done.release()

    def third():
        with second_done:
            printed.append("third")

    together(third, second, first)
    assert printed == ["first", "second", "third"]


@right()
def foo_bar():
    """LeetCode 1115, Print FooBar Alternately: a semaphore for each turn."""
    foos_turn, bars_turn = threading.Semaphore(1), threading.Semaphore(0)
    printed = []

    def foo(n):
        for _ in range(n):
            foos_turn.acquire()
            printed.append("foo")
            bars_turn.release()

    def bar(n):
        for _ in range(n):
            bars_turn.acquire()
            printed.append("bar")
            foos_turn.release()

    together(lambda: foo(2), lambda: bar(2))
    assert "".join(printed) == "foobarfoobar"


@right()
def foo_bar_at_a_barrier():
    """LeetCode 1115 again: a barrier after each round, an event within it."""
    barrier, foo_done = threading.Barrier(2), threading.Event()
    printed = []

    def foo(n):
        for _ in range(n):
            printed.append("foo")
            foo_done.set()
            barrier.wait()

    def bar(n):
        for _ in range(n):
            foo_done.wait()
            foo_done.clear()
            printed.append("bar")
            barrier.wait()

    together(lambda: foo(2), lambda: bar(2))
    assert "".join(printed) == "foobarfoobar"


@right()
def zero_even_odd():
    """LeetCode 1116, Print Zero Even Odd: zero hands over to the one whose number comes."""
    zeros, evens, odds = (threading.Semaphore(n) for n in (1, 0, 0))
    printed = []

    def zero(n):
        for number in range(1, n + 1):
            zeros.acquire()
            printed.append(0)
            (odds if number % 2 else evens).release()

    def even(n):
        for number in range(2, n + 1, 2):
            evens.acquire()
            printed.append(number)
            zeros.release()

    def odd(n):
        for number in range(1, n + 1, 2):
            odds.acquire()
            printed.append(number)
            zeros.release()

    together(lambda: zero(3), lambda: even(3), lambda: odd(3))
    assert printed == [0, 1, 0, 2, 0, 3]


@right()
def water():
    """LeetCode 1117, Building H2O: two seats for hydrogen, one for oxygen, a barrier of three."""
    hydrogens, oxygens = threading.Semaphore(2), threading.Semaphore(1)
    barrier = threading.Barrier(3)
    bonded = []

    def hydrogen():
        with hydrogens:
            barrier.wait()
            bonded.append("H")

    def oxygen():
        with oxygens:
            barrier.wait()
            bonded.append("O")

    together(hydrogen, oxygen, hydrogen)
    assert sorted(bonded) == ["H", "H", "O"]


@right()
def fizz_buzz():
    """LeetCode 1195, Fizz Buzz Multithreaded: all wait for the number to be theirs."""
    changed, number, printed = threading.Condition(), 2, []

    def say(word, mine):
        nonlocal number
        while True:
            with changed:
                while number <= 4 and not mine(number):
                    changed.wait()
                if number > 4:
                    return
                printed.append(word or number)
                number += 1
                changed.notify_all()

    together(lambda: say("fizz", lambda n: n % 3 == 0), lambda: say("", lambda n: n % 3 != 0))
    assert printed == [2, "fizz", 4]


@right()
def bounded_blocking_queue():
    """LeetCode 1188, Design Bounded Blocking Queue: two semaphores count, a deque holds."""

    class BoundedBlockingQueue:
        def __init__(self, capacity):
            self.items = deque()
            self.free, self.full = threading.Semaphore(capacity), threading.Semaphore(0)

        def enqueue(self, item):
            self.free.acquire()
            self.items.append(item)
            self.full.release()

        def dequeue(self):
            self.full.acquire()
            item = self.items.popleft()
            self.free.release()
            return item

    line, got = BoundedBlockingQueue(1), []

    def produce():
        for n in range(3):
            line.enqueue(n)

    def consume():
        for _ in range(3):
            got.append(line.dequeue())

    together(produce, consume)
    assert got == [0, 1, 2]


@right()
def a_crossing_with_one_road_green():
    """LeetCode 1279, Traffic Light Controlled Intersection: who turns the light holds the lock."""
    lock, green, crossed = threading.Lock(), ["A"], []

    def car(road):
        with lock:
            if green[0] != road:
                green[0] = road
            crossed.append((road, green[0]))

    together(lambda: car("A"), lambda: car("B"), lambda: car("B"))
    assert all(road == light for road, light in crossed)


@right()
def web_crawler():
    """LeetCode 1242, Web Crawler Multithreaded: a page is marked as seen before it is fetched."""
    pages = {"home": ["news", "home"], "news": ["home"]}
    lock, seen, fetched = threading.Lock(), set(), []

    def crawl(page):
        with lock:
            if page in seen:
                return
            seen.add(page)
        fetched.append(page)
        together(*[lambda link=link: crawl(link) for link in pages[page]])

    crawl("home")
    assert sorted(fetched) == ["home", "news"]
