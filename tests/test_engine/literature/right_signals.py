"""Right programs: semaphores, events and barriers as signals between threads."""

from __future__ import annotations

import threading

from .programs import right, together


@right()
def a_semaphore_says_that_it_is_done():
    """Little Book 3.1: signalling, one thread's step before another's."""
    written = threading.Semaphore(0)
    log = []

    def write():
        log.append("write")
        written.release()

    def read():
        written.acquire()
        log.append("read")

    together(read, write)
    assert log == ["write", "read"], "read before it was written"


@right()
def a_rendezvous_of_two():
    """Little Book 3.3: each says that it has come, then waits for the other."""
    ana_is_here, ben_is_here = threading.Semaphore(0), threading.Semaphore(0)
    arrived = set()

    def ana():
        arrived.add("ana")
        ana_is_here.release()
        ben_is_here.acquire()
        assert "ben" in arrived, "ana went on alone"

    def ben():
        arrived.add("ben")
        ben_is_here.release()
        ana_is_here.acquire()
        assert "ana" in arrived, "ben went on alone"

    together(ana, ben)


@right()
def a_multiplex_lets_two_in():
    """Little Book 3.5: a semaphore of two, asked for by three."""
    seats = threading.Semaphore(2)
    free = ["window", "aisle"]

    def sit():
        with seats:
            seat = free.pop()
            free.append(seat)

    seats.acquire()
    mine = free.pop()
    crew = [threading.Thread(target=sit) for _ in range(2)]
    for thread in crew:
        thread.start()
    free.append(mine)
    seats.release()
    for thread in crew:
        thread.join()
    assert sorted(free) == ["aisle", "window"], "a seat got lost"


@right()
def a_barrier_is_a_turnstile_that_the_last_one_opens():
    """Little Book 3.6: a count under a mutex, and a turnstile."""
    mutex, turnstile = threading.Lock(), threading.Semaphore(0)
    count = 0

    def work():
        nonlocal count
        with mutex:
            count += 1
            if count == 2:
                turnstile.release()
        turnstile.acquire()
        turnstile.release()
        assert count == 2, "one went through before all had come"

    together(work, work)


class TwoTurnstiles:
    """A barrier for `n` threads, to be used any number of times."""

    def __init__(self, n):
        self.n = n
        self.count = 0
        self.mutex = threading.Lock()
        self.way_in = threading.Semaphore(0)
        self.way_out = threading.Semaphore(0)

    def wait(self):
        with self.mutex:
            self.count += 1
            assert self.count <= self.n, "one has lapped the others"
            last = self.count == self.n
            if last:
                self.way_in.release(self.n - 1)
        if not last:
            self.way_in.acquire()
        with self.mutex:
            self.count -= 1
            last = self.count == 0
            if last:
                self.way_out.release(self.n - 1)
        if not last:
            self.way_out.acquire()


@right()
def a_reusable_barrier_from_two_turnstiles():
    """Little Book 3.7: nobody laps the others, because the way out is shut as well."""
    barrier, laps = TwoTurnstiles(2), 0

    def leader():
        nonlocal laps
        barrier.wait()
        laps += 1
        barrier.wait()

    def follower():
        barrier.wait()
        barrier.wait()
        assert laps == 1, "the leader was lapped"

    together(leader, follower)


@right()
def leaders_and_followers_dance_in_pairs():
    """Little Book 3.8: two semaphores used as queues."""
    leaders, followers = threading.Semaphore(0), threading.Semaphore(0)
    on_the_floor = []

    def leader():
        followers.release()
        leaders.acquire()
        on_the_floor.append("leader")

    def follower():
        leaders.release()
        followers.acquire()
        on_the_floor.append("follower")

    together(leader, follower)
    assert sorted(on_the_floor) == ["follower", "leader"]


@right()
def ping_pong_with_two_semaphores():
    """Stack Overflow, alternating two threads: weak semaphores do where each has one waiter."""
    mine, yours = threading.Semaphore(1), threading.Semaphore(0)
    log = []

    def say(word, before, after):
        for _ in range(2):
            before.acquire()
            log.append(word)
            after.release()

    together(lambda: say("ping", mine, yours), lambda: say("pong", yours, mine))
    assert log == ["ping", "pong", "ping", "pong"]


@right()
def a_handshake_of_two_events():
    """Stack Overflow, Event as request and reply: each is set by one thread and awaited by one."""
    asked, answered = threading.Event(), threading.Event()
    note = {}

    def client():
        note["question"] = 6
        asked.set()
        answered.wait()
        assert note["answer"] == 42

    def server():
        asked.wait()
        note["answer"] = note["question"] * 7
        answered.set()

    together(client, server)


@right()
def an_event_used_again_is_cleared_by_its_only_waiter():
    """Stack Overflow, when to clear an Event: by whom it was meant for, before the reply."""
    ball, back = threading.Event(), threading.Event()
    caught = []

    def thrower():
        for n in range(2):
            caught.append(("thrown", n))
            ball.set()
            back.wait()
            back.clear()

    def catcher():
        for n in range(2):
            ball.wait()
            ball.clear()
            caught.append(("caught", n))
            back.set()

    together(thrower, catcher)
    assert caught == [("thrown", 0), ("caught", 0), ("thrown", 1), ("caught", 1)]


@right()
def a_start_gate_and_an_end_gate():
    """JCIP 5.5.1, listing 5.11: workers start at one time and are awaited."""
    start, left = threading.Event(), threading.Semaphore(0)
    ready, done = [], []

    def worker():
        start.wait()
        assert ready == ["ready"], "began before the start"
        done.append(1)
        left.release()

    crew = [threading.Thread(target=worker) for _ in range(2)]
    for thread in crew:
        thread.start()
    ready.append("ready")
    start.set()
    for _ in crew:
        left.acquire()
    assert len(done) == 2, "went on before the end"
    for thread in crew:
        thread.join()


@right()
def a_barrier_between_two_phases():
    """JCIP 5.5.4: each computes its part, then reads the other's."""
    barrier = threading.Barrier(2)
    part, total = [0, 0], [0, 0]

    def worker(me):
        part[me] = me + 1
        barrier.wait()
        total[me] = sum(part)

    together(lambda: worker(0), lambda: worker(1))
    assert total == [3, 3]


@right()
def the_barrier_elects_one_for_the_work_of_all():
    """Python docs, Barrier.wait: of the numbers it returns, just one is 0."""
    barrier = threading.Barrier(2)
    log = []

    def worker():
        if barrier.wait() == 0:
            log.append("swept the floor")

    together(worker, worker)
    assert log == ["swept the floor"]


@right()
def a_broken_barrier_is_noticed():
    """JCIP 5.5.4: the one who cannot come breaks the barrier for the others."""
    barrier = threading.Barrier(2)
    log = []

    def fails():
        try:
            raise ValueError("no data")
        except ValueError:
            barrier.abort()

    def waits():
        try:
            barrier.wait()
        except threading.BrokenBarrierError:
            log.append("told")

    together(fails, waits)
    assert log == ["told"]
