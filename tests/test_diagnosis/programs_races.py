"""Programs whose threads come between each other's steps."""

from __future__ import annotations

import threading
import time


def together(*targets):
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# -- lost-update -----------------------------------------------------------------------------------


def counter_without_lock():
    count = 0

    def visit():
        nonlocal count
        count += 1

    together(visit, visit)
    assert count == 2, f"{count} of 2 visitors were counted"


def stock_in_a_dict():
    stock = {"tea": 3}

    def deliver():
        before = stock["tea"]
        stock["tea"] = before + 5

    together(deliver, deliver)
    assert stock["tea"] == 13, "a delivery was lost"


class Account:
    def __init__(self, balance):
        self.balance = balance

    def pay_in(self, amount):
        self.balance += amount


def two_paying_in():
    account = Account(10)
    together(lambda: account.pay_in(1), lambda: account.pay_in(2))
    assert account.balance == 13, "money was lost"


def kept_in_the_class():
    class Task(threading.Thread):
        result = None

        def __init__(self, work):
            super().__init__()
            self.work = work

        def run(self):
            Task.result = self.work

    tasks = [Task(1), Task(2)]
    for task in tasks:
        task.start()
    for task in tasks:
        task.join()
    results = [task.result for task in tasks]
    assert results == [1, 2], "one task has the result of another"


def kept_under_the_same_key():
    kept = {"result": 0}

    def work(number):
        kept["result"] = number

    together(lambda: work(1), lambda: work(2))
    results = list(kept.values()) * 2
    assert results == [1, 2], "one task has the result of another"


def user_in_a_global():
    user, seen = None, []

    def request(name):
        nonlocal user
        user = name
        time.sleep(1)
        seen.append(user)

    together(lambda: request("first"), lambda: request("second"))
    assert sorted(seen) == ["first", "second"], f"both requests, expected both users, got {seen}"


def card_in_a_global():
    card, shown = None, {}

    def request(number):
        nonlocal card
        card = number
        shown[number] = card

    together(lambda: request(17), lambda: request(42))
    assert shown == {17: 17, 42: 42}, f"each should see its own card, got {shown}"


def card_behind_a_lock():
    card, shown, lock = None, {}, threading.Lock()

    def request(number):
        nonlocal card
        with lock:
            card = number
        with lock:
            shown[number] = card

    together(lambda: request(17), lambda: request(42))
    assert shown == {17: 17, 42: 42}, f"each should see its own card, got {shown}"


def a_local_for_each_call():
    own, shown = threading.local(), {}

    def request(number):
        nonlocal own
        own = threading.local()
        own.card = number
        shown[number] = getattr(own, "card", None)

    together(lambda: request(17), lambda: request(42))
    assert shown == {17: 17, 42: 42}, f"each should see its own card, got {shown}"


# -- lost-update, near misses ----------------------------------------------------------------------


def started_when_the_other_had_ended():
    last = 0

    def work(number):
        nonlocal last
        last = number

    for number in (1, 2):
        together(lambda number=number: work(number))
    assert last == 1, "the last one is 2"


def read_in_between_through_an_object():
    class Task(threading.Thread):
        result = 0

        def __init__(self, work):
            super().__init__()
            self.work = work

        def run(self):
            time.sleep(self.work)
            Task.result = self.work

    tasks = [Task(1), Task(2)]
    for task in tasks:
        task.start()
    tasks[0].join()
    seen = tasks[0].result
    tasks[1].join()
    assert [seen, tasks[1].result] == [1, 3], "the second wrote 2"


def written_under_one_lock():
    lock, longest = threading.Lock(), ""

    def work(word):
        nonlocal longest
        with lock:
            longest = word

    together(lambda: work("turn"), lambda: work("turns"))
    assert longest == "take", "nobody wrote that"


def both_write_the_same():
    price = 0

    def work():
        nonlocal price
        price = 5

    together(work, work)
    assert price == 6, "nobody wrote that"


def counted_well_but_wrongly_expected():
    lock, count = threading.Lock(), 0

    def visit():
        nonlocal count
        with lock:
            count += 1

    together(visit, visit)
    assert count == 3, "the third visitor is missing"


def reset_after_the_threads():
    count = 0

    def visit():
        nonlocal count
        count = 5

    old = count
    together(visit)
    count = old
    assert count == 5, "the program itself put the old value back"


# -- check-then-act --------------------------------------------------------------------------------


def last_seat_sold_twice():
    seats, sold, lock = 1, [], threading.Lock()

    def sell():
        nonlocal seats
        if seats > 0:
            with lock:
                seats -= 1
                sold.append("seat")

    together(sell, sell)
    assert len(sold) == 1, "one seat was sold twice"


def claimed_twice():
    owner, claims = None, []

    def claim():
        nonlocal owner
        if owner is None:
            owner = "somebody"
            claims.append("mine")

    together(claim, claim)
    assert len(claims) == 1, "two claimed it"


def looked_into_the_dict_first():
    cache, made, lock = {}, [], threading.Lock()

    def get():
        with lock:
            missing = "key" not in cache
        if missing:
            with lock:
                made.append("value")
                cache["key"] = "value"

    together(get, get)
    assert len(made) == 1, "it was made twice"


# -- check-then-act, near misses -------------------------------------------------------------------


def checked_again_after_waiting():
    changed = threading.Condition()
    items, taken = [], []

    def take():
        with changed:
            while not items:
                changed.wait()
            taken.append(items.pop())

    def put():
        with changed:
            items.append("bread")
            changed.notify_all()

    together(take, put)
    assert taken == ["cake"], "bread was put where cake was wanted"


def sold_under_one_lock():
    seats, sold, lock = 1, [], threading.Lock()

    def sell():
        nonlocal seats
        with lock:
            if seats > 0:
                seats -= 1
                sold.append("seat")

    together(sell, sell)
    assert len(sold) == 2, "there was only one seat"


# -- lock-not-shared -------------------------------------------------------------------------------


def a_lock_for_each_call():
    count = 0

    def visit():
        nonlocal count
        lock = threading.Lock()
        with lock:
            count += 1

    together(visit, visit)
    assert count == 2, "a visitor was not counted"


def one_locks_the_other_does_not():
    count, lock = 0, threading.Lock()

    def careful():
        nonlocal count
        with lock:
            count += 1

    def careless():
        nonlocal count
        count += 1

    together(careful, careless)
    assert count == 2, "a visitor was not counted"


# -- lock-not-shared, near misses ------------------------------------------------------------------


def one_lock_but_wrong_sum():
    total, lock = 0, threading.Lock()

    def add(amount):
        nonlocal total
        with lock:
            total += amount

    together(lambda: add(1), lambda: add(-1))
    assert total == 2, "the amounts do not add up"


def counted_twice_under_a_lock_of_its_own():
    counting, adding, stock = threading.Lock(), threading.Lock(), 5
    counts = []

    def count():
        with counting:
            counts.append(stock)
            counts.append(stock)

    def add():
        nonlocal stock
        with adding:
            stock += 1

    together(count, add)
    assert counts[0] == counts[1], f"counted {counts}"


def counted_by_two_locks_and_waited_for():
    shop, street, guests = threading.Lock(), threading.Lock(), 0
    both = threading.Event()

    def come(lock):
        nonlocal guests
        with lock:
            guests += 1
        if guests == 2:
            both.set()

    together(lambda: come(shop), lambda: come(street), both.wait)


def counted_twice_under_the_same_lock():
    lock, stock = threading.Lock(), 5
    counts = []

    def count():
        with lock:
            counts.append(stock)
            counts.append(stock)

    def add():
        nonlocal stock
        with lock:
            stock += 1

    together(count, add)
    assert counts == [5, 5], f"counted {counts}"


# -- lock-released-between-read-and-write ----------------------------------------------------------


def let_go_before_writing():
    count, lock = 0, threading.Lock()

    def visit():
        nonlocal count
        with lock:
            seen = count
        with lock:
            count = seen + 1

    together(visit, visit)
    assert count == 2, "a visitor was not counted"


def let_go_to_compute():
    total, lock = 10, threading.Lock()

    def double():
        nonlocal total
        lock.acquire()
        seen = total
        lock.release()
        seen = seen * 2
        lock.acquire()
        total = seen
        lock.release()

    together(double, double)
    assert total == 40, "it was doubled once only"


# -- limit-not-enforced ----------------------------------------------------------------------------


def two_permits_for_one_counter():
    count, gate = 0, threading.Semaphore(2)

    def visit():
        nonlocal count
        with gate:
            count += 1

    together(visit, visit)
    assert count == 2, "a visitor was not counted"


def three_where_two_may_be():
    inside, door, lock = 0, threading.Semaphore(3), threading.Lock()

    def visit():
        nonlocal inside
        with door:
            with lock:
                inside += 1
                assert inside <= 2, "too many inside"
            time.sleep(1)
            with lock:
                inside -= 1

    together(visit, visit, visit)


def nobody_counts_the_guests():
    inside, most, lock = 0, 0, threading.Lock()

    def visit():
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        time.sleep(1)
        with lock:
            inside -= 1

    together(visit, visit, visit)
    assert most <= 2, f"{most} were inside at once"


def gave_back_twice_after_a_failure():
    inside, most, lock, door = 0, 0, threading.Lock(), threading.Semaphore(1)

    def visit():
        nonlocal inside, most
        door.acquire()
        try:
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(1)
            with lock:
                inside -= 1
            raise LookupError
        except LookupError:
            door.release()
        finally:
            door.release()

    together(visit, visit, visit)
    assert most <= 1, f"{most} were inside at once"


# -- limit-not-enforced, near misses ---------------------------------------------------------------


def one_alone_and_then_a_crowd():
    inside, most, lock = 0, 0, threading.Lock()

    def visit(*others):
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        time.sleep(1)
        with lock:
            inside -= 1
        together(*others)

    visit(visit, visit)
    assert most == 1, "one should have been inside at a time"


def too_few_at_once():
    inside, most, lock, door = 0, 0, threading.Lock(), threading.Semaphore(2)

    def visit():
        nonlocal inside, most
        with door:
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(1)
            with lock:
                inside -= 1

    together(visit, visit, visit)
    assert most == 3, "three should have been inside at once"


def let_in_two_by_two_signals():
    inside, seen, lock, door = 0, [], threading.Lock(), threading.Semaphore(0)

    def visit():
        nonlocal inside
        door.acquire()
        with lock:
            inside += 1
            seen.append(inside)
        time.sleep(1)
        with lock:
            inside -= 1

    def open_twice():
        door.release()
        door.release()

    together(visit, visit, open_twice)
    assert max(seen) == 3, f"{max(seen)} were inside at once"


def only_counted_up():
    arrived, lock = 0, threading.Lock()

    def arrive():
        nonlocal arrived
        with lock:
            arrived += 1

    together(arrive, arrive)
    assert arrived == 3, "three were expected"


# -- timeout-ignored -------------------------------------------------------------------------------


def went_on_without_the_lock():
    count, lock = 0, threading.Lock()

    def visit():
        nonlocal count
        got = lock.acquire(timeout=1)
        seen = count
        time.sleep(2)
        count = seen + 1
        if got:
            lock.release()

    together(visit, visit)
    assert count == 2, "a visitor was not counted"


def skipped_the_work():
    count, lock = 0, threading.Lock()

    def visit():
        nonlocal count
        if lock.acquire(blocking=False):
            count += 1
            lock.release()

    together(visit, visit)
    assert count == 2, "a visitor was not counted"


def read_before_it_was_ready():
    ready, answer = threading.Event(), None

    def compute():
        nonlocal answer
        time.sleep(5)
        answer = 42
        ready.set()

    thread = threading.Thread(target=compute)
    thread.start()
    ready.wait(timeout=1)
    seen = answer
    thread.join()
    assert seen == 42, "the answer was not there"


def joined_not_long_enough():
    done = []

    def work():
        time.sleep(5)
        done.append("work")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(timeout=1)
    assert done == ["work"], "the work was not done"


# -- timeout-ignored, near misses ------------------------------------------------------------------


def polls_until_it_is_time():
    stop, beats = threading.Event(), []

    def beat():
        while not stop.wait(1):
            beats.append("beat")

    thread = threading.Thread(target=beat)
    thread.start()
    time.sleep(2.5)
    stop.set()
    thread.join()
    assert len(beats) == 3, "two beats fit into that time"


def beats_until_it_fails():
    stop, beats = threading.Event(), []

    def send():
        if len(beats) == 2:
            raise OSError("no radio")
        beats.append("beat")

    def beat():
        while not stop.is_set():
            try:
                send()
            except OSError as error:
                beats.append(str(error))
                return
            stop.wait(1)

    thread = threading.Thread(target=beat)
    thread.start()
    time.sleep(2.5)
    stop.set()
    thread.join()
    assert len(beats) == 4, "it ended with the error"


def looks_at_what_it_got():
    ready = threading.Event()
    came = ready.wait(timeout=1)
    assert came, "it was never set"


def tries_until_it_has_it():
    count, lock = 0, threading.Lock()

    def visit():
        nonlocal count
        while not lock.acquire(timeout=1):
            pass
        count += 1
        lock.release()

    together(visit, visit)
    assert count == 3, "only two came"


# -- sleep-as-synchronisation ----------------------------------------------------------------------


def sleeps_out_of_step():
    count = 0

    def visit(pause):
        nonlocal count
        time.sleep(pause)
        count += 1

    together(lambda: visit(1), lambda: visit(2))
    assert count == 2, "a visitor was not counted"


def sleeps_instead_of_joining():
    done = []

    def work():
        time.sleep(1)
        done.append("work")

    threading.Thread(target=work).start()
    time.sleep(2)
    assert done == ["work"], "the work was not done"


def sleeps_into_the_right_order():
    order = []

    def say(word, pause):
        time.sleep(pause)
        order.append(word)

    together(lambda: say("first", 1), lambda: say("last", 2))
    assert order == ["first", "last"], "the wrong order"


def sleeps_until_all_should_be_ready():
    log, go = [], threading.Event()

    def get_ready(name):
        time.sleep(1)
        log.append(name)
        go.wait()

    threads = [threading.Thread(target=get_ready, args=(name,)) for name in "AB"]
    for thread in threads:
        thread.start()
    time.sleep(5)
    log.append("go")
    go.set()
    for thread in threads:
        thread.join()
    assert log[-1] == "go", f"somebody was not ready: {log}"


# -- sleep-as-synchronisation, near misses ---------------------------------------------------------


def sleeps_but_the_race_is_elsewhere():
    count = 0

    def visit():
        nonlocal count
        count += 1

    time.sleep(1)
    together(visit, visit)
    assert count == 2, "a visitor was not counted"


def goes_on_and_sleeps_afterwards():
    log, go = [], threading.Event()

    def get_ready(name):
        time.sleep(1)
        log.append(name)
        go.wait()

    thread = threading.Thread(target=get_ready, args=("A",))
    thread.start()
    log.append("go")
    go.set()
    time.sleep(5)
    log.append("gone")
    thread.join()
    assert log[0] == "A", f"nobody was ready: {log}"


def sleeps_and_computes_wrongly():
    lock, total = threading.Lock(), 0

    def add():
        nonlocal total
        time.sleep(1)
        with lock:
            total += 2

    together(add, add)
    assert total == 2, "it must be four"


NAMED = {
    "lost-update": [
        counter_without_lock,
        stock_in_a_dict,
        two_paying_in,
        kept_in_the_class,
        kept_under_the_same_key,
        user_in_a_global,
        card_in_a_global,
        card_behind_a_lock,
        a_local_for_each_call,
    ],
    "check-then-act": [last_seat_sold_twice, claimed_twice, looked_into_the_dict_first],
    "lock-not-shared": [
        a_lock_for_each_call,
        one_locks_the_other_does_not,
        counted_twice_under_a_lock_of_its_own,
        counted_by_two_locks_and_waited_for,
    ],
    "lock-released-between-read-and-write": [let_go_before_writing, let_go_to_compute],
    "limit-not-enforced": [
        two_permits_for_one_counter,
        three_where_two_may_be,
        nobody_counts_the_guests,
        one_alone_and_then_a_crowd,
        gave_back_twice_after_a_failure,
    ],
    "timeout-ignored": [
        went_on_without_the_lock,
        skipped_the_work,
        read_before_it_was_ready,
        joined_not_long_enough,
    ],
    "sleep-as-synchronisation": [
        sleeps_out_of_step,
        sleeps_instead_of_joining,
        sleeps_into_the_right_order,
        sleeps_until_all_should_be_ready,
    ],
}
NEAR_MISSES = {
    "lost-update": {
        counted_well_but_wrongly_expected: None,
        reset_after_the_threads: None,
        started_when_the_other_had_ended: None,
        read_in_between_through_an_object: None,
        written_under_one_lock: None,
        both_write_the_same: None,
    },
    "check-then-act": {checked_again_after_waiting: None, sold_under_one_lock: None},
    "lock-not-shared": {
        one_lock_but_wrong_sum: None,
        counted_twice_under_the_same_lock: None,
        let_go_before_writing: "lock-released-between-read-and-write",
    },
    "lock-released-between-read-and-write": {
        one_lock_but_wrong_sum: None,
        one_locks_the_other_does_not: "lock-not-shared",
    },
    "limit-not-enforced": {
        too_few_at_once: None,
        only_counted_up: None,
        let_in_two_by_two_signals: None,
    },
    "timeout-ignored": {
        polls_until_it_is_time: None,
        beats_until_it_fails: None,
        looks_at_what_it_got: None,
        tries_until_it_has_it: None,
    },
    "sleep-as-synchronisation": {
        sleeps_but_the_race_is_elsewhere: "lost-update",
        goes_on_and_sleeps_afterwards: None,
        sleeps_and_computes_wrongly: None,
    },
}
ADVERSARIAL = {*NAMED["sleep-as-synchronisation"], *NEAR_MISSES["sleep-as-synchronisation"]}
