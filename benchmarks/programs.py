"""Small classic programs, right and wrong, in the form that all engines understand.

Each is a state made afresh, functions of that state that run side by side, and what must hold when
all have ended. That they end at all must hold too.
"""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Case:
    """A program and whether it is right."""

    name: str
    right: bool
    setup: Callable[[], Any]
    workers: tuple[Callable[[Any], object], ...]
    holds: Callable[[Any], bool]


def together(
    setup: Callable[[], Any],
    workers: tuple[Callable[[Any], object], ...],
    holds: Callable[[Any], bool],
) -> None:
    """The case as one ordinary program that starts its threads itself."""
    state = setup()
    threads = [threading.Thread(target=worker, args=(state,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert holds(state)


class Counter:
    """A number and a lock."""

    def __init__(self) -> None:
        self.value = 0
        self.lock = threading.Lock()


def unlocked(counter: Counter) -> None:
    """Count one, without the lock."""
    counter.value += 1


def locked_twice(counter: Counter) -> None:
    """Count two, each under the lock."""
    for _ in range(2):
        with counter.lock:
            counter.value += 1


class Forks:
    """Three locks."""

    def __init__(self) -> None:
        self.forks = [threading.Lock() for _ in range(3)]

    def eat(self, first: int, second: int) -> None:
        """Take two forks, give them back."""
        with self.forks[first], self.forks[second]:
            pass


class Buffer:
    """A buffer for one item."""

    def __init__(self) -> None:
        self.items: list[int] = []
        self.changed = threading.Condition()
        self.taken = 0


def put_two(buffer: Buffer) -> None:
    """Put two items, waiting for room."""
    for item in range(2):
        with buffer.changed:
            while buffer.items:
                buffer.changed.wait()
            buffer.items.append(item)
            buffer.changed.notify_all()


def take_if(buffer: Buffer) -> None:
    """Take an item; whether there is one is not looked at again after waiting."""
    with buffer.changed:
        if not buffer.items:
            buffer.changed.wait()
        buffer.items.pop()
        buffer.taken += 1
        buffer.changed.notify_all()


def take_while(buffer: Buffer) -> None:
    """Take an item, waiting until there is one."""
    with buffer.changed:
        while not buffer.items:
            buffer.changed.wait()
        buffer.items.pop()
        buffer.taken += 1
        buffer.changed.notify_all()


class Signal:
    """An event."""

    def __init__(self) -> None:
        self.event = threading.Event()


def pulse(signal: Signal) -> None:
    """Set the event and clear it at once."""
    signal.event.set()
    signal.event.clear()


def wait(signal: Signal) -> None:
    """Wait for the event."""
    signal.event.wait()


class Desk:
    """Seats to sell."""

    def __init__(self) -> None:
        self.seats = 1
        self.sold = 0


def sell(desk: Desk) -> None:
    """Look, then sell."""
    if desk.seats > 0:
        desk.seats -= 1
        desk.sold += 1


class Phases:
    """A result of each of two threads, and what each saw of the other's."""

    def __init__(self) -> None:
        self.barrier = threading.Barrier(2)
        self.made = [0, 0]
        self.seen = [0, 0]

    def work(self, me: int) -> None:
        """Make a result; after the barrier, look at the other one."""
        self.made[me] = 1
        self.barrier.wait()
        self.seen[me] = self.made[1 - me]


class Channel:
    """A queue and what came out of it."""

    def __init__(self) -> None:
        self.queue: queue.Queue[int | None] = queue.Queue()
        self.got: list[int] = []


def send(channel: Channel) -> None:
    """Send two numbers, then the end."""
    for item in (1, 2, None):
        channel.queue.put(item)


def receive(channel: Channel) -> None:
    """Receive until the end."""
    while (item := channel.queue.get()) is not None:
        channel.got.append(item)


class Room:
    """A room for two."""

    def __init__(self) -> None:
        self.permits = threading.Semaphore(2)
        self.lock = threading.Lock()
        self.inside = 0
        self.most = 0


def visit(room: Room) -> None:
    """Enter, leave."""
    with room.permits:
        with room.lock:
            room.inside += 1
            room.most = max(room.most, room.inside)
        with room.lock:
            room.inside -= 1


class Lazy:
    """Something that is made when it is first wanted."""

    def __init__(self) -> None:
        self.value: int | None = None
        self.made = 0
        self.lock = threading.Lock()


def want(lazy: Lazy) -> None:
    """Look, and look again under the lock before making it."""
    if lazy.value is None:
        with lazy.lock:
            if lazy.value is None:
                lazy.made += 1
                lazy.value = 7


def ended(_state: object) -> bool:
    """Nothing has to hold but that all have ended."""
    return True


CASES = (
    Case(
        "counter without a lock",
        False,
        Counter,
        (unlocked,) * 2,
        lambda counter: counter.value == 2,
    ),
    Case("counter with a lock", True, Counter, (locked_twice,) * 2, lambda c: c.value == 4),
    Case("seats: check, then act", False, Desk, (sell,) * 2, lambda desk: desk.sold == 1),
    Case("made once: look, lock, look again", True, Lazy, (want,) * 3, lambda lazy: lazy.made == 1),
    Case(
        "two locks in opposite orders",
        False,
        Forks,
        (lambda table: table.eat(0, 1), lambda table: table.eat(1, 0)),
        ended,
    ),
    Case(
        "three philosophers, forks in order",
        True,
        Forks,
        (
            lambda table: table.eat(0, 1),
            lambda table: table.eat(1, 2),
            lambda table: table.eat(0, 2),
        ),
        ended,
    ),
    Case(
        "buffer: `if` around `wait`",
        False,
        Buffer,
        (take_if, take_if, put_two),
        lambda buffer: buffer.taken == 2,
    ),
    Case(
        "buffer: `while` around `wait`",
        True,
        Buffer,
        (take_while, take_while, put_two),
        lambda buffer: buffer.taken == 2,
    ),
    Case("event set and cleared", False, Signal, (wait, pulse), ended),
    Case(
        "two phases with a barrier",
        True,
        Phases,
        (lambda phases: phases.work(0), lambda phases: phases.work(1)),
        lambda phases: phases.seen == [1, 1],
    ),
    Case(
        "queue with an end", True, Channel, (send, receive), lambda channel: channel.got == [1, 2]
    ),
    Case("room for two, three visitors", True, Room, (visit,) * 3, lambda room: room.most <= 2),
)


def counting(threads: int, times: int) -> Callable[[], None]:
    """A program: so many threads count so many times each, under a lock."""

    def program() -> None:
        lock = threading.Lock()
        count = 0

        def work() -> None:
            nonlocal count
            for _ in range(times):
                with lock:
                    count += 1

        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert count == threads * times

    return program
