"""Right programs: the classical problems."""

from __future__ import annotations

import threading
from collections import deque

from .programs import right, together


class Lightswitch:
    """The first one in takes the room, the last one out gives it back."""

    def __init__(self):
        self.count = 0
        self.mutex = threading.Lock()

    def enter(self, room):
        with self.mutex:
            self.count += 1
            if self.count == 1:
                room.acquire()

    def leave(self, room):
        with self.mutex:
            self.count -= 1
            if self.count == 0:
                room.release()


@right()
def readers_and_a_writer_with_a_lightswitch():
    """Little Book 4.2: readers share the room, a writer has it alone."""
    room, switch = threading.Semaphore(1), Lightswitch()
    book = ["old", "old"]

    def reader():
        switch.enter(room)
        assert book[0] == book[1], "read in the middle of a change"
        switch.leave(room)

    def writer():
        with room:
            book[0] = "new"
            book[1] = "new"

    together(reader, writer, reader)


@right()
def readers_who_do_not_starve_the_writer():
    """Little Book 4.2: a turnstile in which a waiting writer stops new readers."""
    room, turnstile, switch = threading.Semaphore(1), threading.Semaphore(1), Lightswitch()
    book = ["old", "old"]

    def reader():
        with turnstile:
            pass
        switch.enter(room)
        assert book[0] == book[1], "read in the middle of a change"
        switch.leave(room)

    def writer():
        with turnstile, room:
            book[0] = "new"
            book[1] = "new"

    together(reader, writer)


@right()
def a_mutex_that_starves_nobody():
    """Little Book 4.3, after Morris: two rooms and two turnstiles."""
    first_room = second_room = 0
    mutex, first, second = (threading.Semaphore(n) for n in (1, 1, 0))
    total = 0

    def work():
        nonlocal first_room, second_room, total
        with mutex:
            first_room += 1
        first.acquire()
        second_room += 1
        with mutex:
            first_room -= 1
            (second if first_room == 0 else first).release()
        second.acquire()
        second_room -= 1
        total += 1
        (first if second_room == 0 else second).release()

    together(work, work)
    assert total == 2


def dine(forks, philosopher, meals):
    """Eat once with the forks to the left and to the right, in the order given."""
    first, second = forks
    with first, second:
        meals.append(philosopher)


@right()
def philosophers_one_of_whom_is_left_handed():
    """Little Book 4.4, second solution: one of them takes the forks the other way round."""
    forks, meals = [threading.Lock() for _ in range(3)], []
    together(
        lambda: dine((forks[0], forks[1]), 0, meals),
        lambda: dine((forks[1], forks[2]), 1, meals),
        lambda: dine((forks[0], forks[2]), 2, meals),
    )
    assert sorted(meals) == [0, 1, 2]


@right()
def philosophers_with_a_waiter():
    """Little Book 4.4, first solution: a footman lets all but one sit down."""
    footman, meals = threading.Semaphore(1), []
    forks = [threading.Lock(), threading.Lock()]

    def philosopher(me):
        with footman:
            dine((forks[me], forks[1 - me]), me, meals)

    together(lambda: philosopher(0), lambda: philosopher(1))
    assert sorted(meals) == [0, 1]


@right()
def philosophers_of_leetcode():
    """LeetCode 1226, The Dining Philosophers: forks are taken in the order of their numbers."""
    forks, log = [threading.Lock(), threading.Lock()], []

    def wants_to_eat(me):
        low, high = sorted((me, (me + 1) % 2))
        with forks[low], forks[high]:
            log.append((me, "takes"))
            log.append((me, "eats"))

    together(lambda: wants_to_eat(0), lambda: wants_to_eat(1))
    assert [who for who, _ in log] in ([0, 0, 1, 1], [1, 1, 0, 0])


@right()
def a_bounded_buffer_from_semaphores():
    """OSTEP 31.4: `empty` and `full` count, the mutex is taken last and kept short."""
    empty, full, mutex = threading.Semaphore(1), threading.Semaphore(0), threading.Lock()
    buffer, got = deque(), []

    def produce():
        for n in range(2):
            empty.acquire()
            with mutex:
                buffer.append(n)
            full.release()

    def consume():
        full.acquire()
        with mutex:
            got.append(buffer.popleft())
        empty.release()

    together(produce, consume, consume)
    assert sorted(got) == [0, 1]


@right()
def cigarette_smokers_with_a_pusher():
    """Little Book 4.5: a pusher for each ingredient finds out who can smoke."""
    mutex = threading.Lock()
    tobacco, paper, ready = (threading.Semaphore(0) for _ in range(3))
    table, log = set(), []

    def pusher(ingredient, arrives):
        arrives.acquire()
        with mutex:
            table.add(ingredient)
            if table == {"tobacco", "paper"}:
                table.clear()
                ready.release()

    def smoker_with_matches():
        ready.acquire()
        log.append("smokes")

    tobacco.release()
    paper.release()
    together(
        lambda: pusher("tobacco", tobacco), lambda: pusher("paper", paper), smoker_with_matches
    )
    assert log == ["smokes"]
    assert table == set()


@right()
def a_sleeping_barber():
    """Little Book 5.2: customers balk when the chairs are taken, the barber sleeps."""
    mutex, customer, barber = threading.Lock(), threading.Semaphore(0), threading.Semaphore(0)
    waiting, cut, balked = [0], [], []

    def work():
        customer.acquire()
        barber.release()
        cut.append(1)

    def visit():
        with mutex:
            if waiting[0] == 1:
                balked.append(1)
                return
            waiting[0] += 1
        customer.release()
        barber.acquire()
        with mutex:
            waiting[0] -= 1

    threading.Thread(target=work, daemon=True).start()
    threading.Thread(target=work, daemon=True).start()
    together(visit, visit)
    assert len(balked) <= 1


@right()
def savages_who_wake_the_cook():
    """Little Book 5.1: who finds the pot empty wakes the cook and waits for it."""
    mutex, empty, full = threading.Lock(), threading.Semaphore(0), threading.Semaphore(0)
    servings, eaten = [0], []

    def cook():
        for _ in range(2):
            empty.acquire()
            servings[0] = 1
            full.release()

    def savage():
        with mutex:
            if servings[0] == 0:
                empty.release()
                full.acquire()
            servings[0] -= 1
        eaten.append(1)

    together(cook, savage, savage)
    assert len(eaten) == 2
    assert servings == [0]


@right()
def a_bathroom_for_both():
    """Little Book 6.2: a lightswitch each, one room; never both kinds inside."""
    room, women, men = threading.Semaphore(1), Lightswitch(), Lightswitch()
    inside = []

    def visit(kind, switch):
        switch.enter(room)
        inside.append(kind)
        assert set(inside) == {kind}, "both inside"
        inside.remove(kind)
        switch.leave(room)

    together(lambda: visit("w", women), lambda: visit("m", men))
    assert inside == []


@right()
def search_insert_delete():
    """Little Book 6.1: searchers together, one inserter beside them, a deleter alone."""
    no_searcher, no_inserter = threading.Semaphore(1), threading.Semaphore(1)
    searching, inserting = Lightswitch(), Lightswitch()
    insert_mutex = threading.Lock()
    items = [1, 2]

    def search():
        searching.enter(no_searcher)
        assert items[0] == 1
        searching.leave(no_searcher)

    def insert():
        inserting.enter(no_inserter)
        with insert_mutex:
            items.append(3)
        inserting.leave(no_inserter)

    def delete():
        with no_searcher, no_inserter:
            items.remove(2)

    together(search, insert, delete)
    assert items == [1, 3]
