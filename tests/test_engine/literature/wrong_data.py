"""Wrong programs: data that threads change without keeping each other out."""

from __future__ import annotations

import itertools
import threading
import time

from .programs import together, wrong


@wrong("assertion", "lost-update")
def a_sequence_that_gives_a_number_twice():
    """JCIP 1.3.1, listing 1.1: UnsafeSequence, `value++`."""
    value, given = 0, []

    def next_number():
        nonlocal value
        number = value
        value += 1
        given.append(number)

    together(next_number, next_number)
    assert len(set(given)) == 2, "one number was given twice"


@wrong("assertion", "lost-update")
def counts_in_a_dict():
    """Stack Overflow, “Is the += operator thread-safe in Python?”: not in a dict, either."""
    counts = {}

    def count(word):
        counts[word] = counts.get(word, 0) + 1

    together(lambda: count("to"), lambda: count("to"))
    assert counts == {"to": 2}


@wrong("assertion", "lost-update")
def a_list_replaced_by_a_longer_one():
    """Stack Overflow, are lists thread-safe: `append` is one step, `x = x + [y]` is three."""
    names = []

    def add(name):
        nonlocal names
        names = [*names, name]

    together(lambda: add("ana"), lambda: add("ben"))
    assert len(names) == 2, "a name was lost"


class Thermostat:
    """A value behind a property."""

    def __init__(self):
        self._degrees = 20

    @property
    def degrees(self):
        return self._degrees

    @degrees.setter
    def degrees(self, value):
        self._degrees = value


@wrong("assertion", "lost-update")
def read_and_written_through_a_property():
    """Stack Overflow, `obj.x += 1` where x is a property: a call to read, a call to write."""
    thermostat = Thermostat()

    def warmer():
        thermostat.degrees += 1

    together(warmer, warmer)
    assert thermostat.degrees == 22


class LockedCell:
    """A value whose reading and writing are each locked."""

    def __init__(self, value):
        self.lock = threading.Lock()
        self.value = value

    def get(self):
        with self.lock:
            return self.value

    def set(self, value):
        with self.lock:
            self.value = value


@wrong("assertion", "lock-released-between-read-and-write")
def get_and_set_locked_each_by_itself():
    """JCIP 4.4.1: thread-safe parts do not make a thread-safe whole."""
    cell = LockedCell(0)

    def increment():
        cell.set(cell.get() + 1)

    together(increment, increment)
    assert cell.get() == 2


@wrong("assertion", "lock-not-shared")
def two_locks_for_one_datum():
    """JCIP 4.4.1, listing 4.14: the helper locks itself, not the list's lock."""

    class Numbers:
        def __init__(self):
            self.lock = threading.Lock()
            self.total = 0

        def add(self, n):
            with self.lock:
                self.total += n

    class Helper:
        def __init__(self, numbers):
            self.lock = threading.Lock()
            self.numbers = numbers

        def add(self, n):
            with self.lock:
                self.numbers.total += n

    numbers = Numbers()
    helper = Helper(numbers)
    together(lambda: numbers.add(1), lambda: helper.add(1))
    assert numbers.total == 2


@wrong("assertion", "lock-not-shared")
def a_lock_made_on_the_spot():
    """Stack Overflow, why does my lock not work: `with threading.Lock():` locks out nobody."""
    total = 0

    def add():
        nonlocal total
        with threading.Lock():  # noqa: PLW2101
            total += 1

    together(add, add)
    assert total == 2


@wrong("assertion", "lock-not-shared")
def a_lock_for_each_key_made_by_two():
    """Stack Overflow, a dict of locks: look and insert are two steps, so two locks for one key."""
    locks, balance = {}, {"ana": 0}

    def pay(name):
        if name not in locks:
            locks[name] = threading.Lock()
        with locks[name]:
            balance[name] += 1

    together(lambda: pay("ana"), lambda: pay("ana"))
    assert balance == {"ana": 2}


@wrong("assertion", "limit-not-enforced")
def a_semaphore_of_two_for_a_lock():
    """Little Book 3.4: a mutex begins with 1; with 2 it lets two in."""
    mutex, total = threading.Semaphore(2), [0]

    def add():
        with mutex:
            total[0] += 1

    together(add, add)
    assert total == [2]


@wrong("assertion", "check-then-act")
def lazy_without_a_lock():
    """JCIP 2.2.2, listing 2.3: LazyInitRace makes two instances."""
    instance, got = None, []

    def get():
        nonlocal instance
        if instance is None:
            instance = object()
        return instance

    together(lambda: got.append(get()), lambda: got.append(get()))
    assert got[0] is got[1], "there are two instances"


@wrong("thread-exception", "lock-not-shared")
def seen_before_it_is_finished():
    """JCIP 16.2.4, listing 16.7: the second one finds it half made."""
    lock, settings = threading.Lock(), None

    def get():
        nonlocal settings
        if settings is None:
            with lock:
                if settings is None:
                    settings = {}
                    settings["host"] = "localhost"
        return settings

    together(lambda: get()["host"], lambda: get()["host"])


@wrong("thread-exception", "check-then-act")
def taken_from_a_list_that_had_one():
    """JCIP 5.1.1, listing 5.1: getLast and deleteLast, size first."""
    items, taken = ["last"], []

    def take():
        if items:
            taken.append(items.pop())

    together(take, take)


@wrong("assertion", "check-then-act")
def two_files_of_one_name():
    """Stack Overflow, create a file if it does not exist: the name was free at the time."""
    folder = {"report.txt": "old"}

    def save(text):
        number = 0
        while f"report-{number}.txt" in folder:
            number += 1
        folder[f"report-{number}.txt"] = text

    together(lambda: save("ana's"), lambda: save("ben's"))
    assert len(folder) == 3, "a report was written over"


@wrong("assertion", "check-then-act")
def visited_twice():
    """LeetCode 1242, Web Crawler, without a lock: `not in` and `add` are two steps."""
    seen, fetched = set(), []

    def crawl(page):
        if page not in seen:
            seen.add(page)
            fetched.append(page)

    together(lambda: crawl("home"), lambda: crawl("home"))
    assert fetched == ["home"], "fetched twice"


@wrong("assertion", "check-then-act")
def computed_twice_for_one_key():
    """JCIP 5.6, listing 5.17: a memo that is looked up and then filled."""
    memo, computed = {}, []

    def square(n):
        if n not in memo:
            computed.append(n)
            memo[n] = n * n
        return memo[n]

    together(lambda: square(3), lambda: square(3))
    assert computed == [3]


@wrong("assertion", "check-then-act")
def a_limit_looked_at_outside_the_lock():
    """JCIP 4.3.3, listing 4.10: each number is safe, the rule for both is not."""

    class NumberRange:
        def __init__(self):
            self.lower, self.upper = LockedCell(0), LockedCell(10)

        def set_lower(self, n):
            if n <= self.upper.get():
                self.lower.set(n)

        def set_upper(self, n):
            if n >= self.lower.get():
                self.upper.set(n)

    numbers = NumberRange()
    together(lambda: numbers.set_lower(5), lambda: numbers.set_upper(4))
    assert numbers.lower.get() <= numbers.upper.get()


@wrong("assertion", "check-then-act", "lost-update")
def the_greatest_so_far():
    """Stack Overflow, keep a maximum in several threads: it is written over a greater one."""
    greatest = 0

    def offer(n):
        nonlocal greatest
        if n > greatest:  # noqa: PLR1730
            greatest = n

    together(lambda: offer(3), lambda: offer(7))
    assert greatest == 7


@wrong("assertion", "check-then-act")
def a_flag_for_a_lock():
    """OSTEP 28.6: test the flag, then set it."""
    busy, total = False, [0]

    def add():
        nonlocal busy
        while busy:
            pass
        busy = True
        total[0] += 1
        busy = False

    together(add, add)
    assert total == [2]


@wrong("assertion", "check-then-act", "lost-update")
def peterson_who_looks_before_he_says():
    """OSTEP 28, aside on Dekker and Peterson: with the flag set after looking, both go in."""
    wants, total = [False, False], [0]

    def enter(me):
        while wants[1 - me]:
            pass
        wants[me] = True
        total[0] += 1
        wants[me] = False

    together(lambda: enter(0), lambda: enter(1))
    assert total == [2]


@wrong("assertion")
def peterson_who_gives_way_too_early():
    """Stack Overflow, the lines of Peterson's algorithm: turn first, flag second, is wrong."""
    wants, turn, inside = [False, False], [0], []

    def enter(me):
        turn[0] = 1 - me
        wants[me] = True
        while wants[1 - me] and turn[0] == 1 - me:
            pass
        inside.append(me)
        assert inside == [me], "both are inside"
        inside.remove(me)
        wants[me] = False

    crew = [threading.Thread(target=enter, args=(1,))]
    crew[0].start()
    enter(0)
    crew[0].join()


@wrong("assertion", "lost-update")
def a_swap_in_two_threads():
    """Stack Overflow, is `a, b = b, a` atomic: two reads, two writes."""
    left, right = 1, 2

    def swap():
        nonlocal left, right
        left, right = right, left

    together(swap, swap)
    assert (left, right) == (1, 2)


@wrong("assertion")
def a_cache_of_two_fields():
    """JCIP 2.3, listing 2.5: UnsafeCachingFactorizer, number and factors apart."""

    class Squares:
        number, square = 0, 0

    cache, answers = Squares(), []

    def ask(n):
        if cache.number == n:
            answers.append((n, cache.square))
        else:
            cache.number = n
            cache.square = n * n

    together(lambda: ask(3), lambda: ask(3))
    assert answers in ([], [(3, 9)]), "the factors of another number"


@wrong("assertion")
def a_total_read_in_the_middle_of_a_transfer():
    """JCIP 2.4: an invariant over two accounts needs one lock for both."""
    accounts = {"ana": 10, "ben": 0}

    def transfer():
        accounts["ana"] -= 5
        accounts["ben"] += 5

    seen = []
    together(transfer, lambda: seen.append(accounts["ana"] + accounts["ben"]))
    assert seen == [10], "money was missing"


@wrong("thread-exception")
def a_dict_grows_while_it_is_looked_through():
    """Stack Overflow, “dictionary changed size during iteration” in a threaded program."""
    scores = {"ana": 1, "ben": 2}

    def report():
        for name in scores:
            len(name)

    def join(name):
        scores[name] = 0

    together(report, lambda: join("cem"))


@wrong("thread-exception", "check-then-act")
def set_to_none_after_the_look():
    """OSTEP 32.2: MySQL's proc_info, tested by one thread, cleared by another."""

    class Thread:
        info = "query"

    thd, printed = Thread(), []

    def show():
        if thd.info:
            printed.append(thd.info.upper())

    def end():
        thd.info = None

    together(show, end)


@wrong("thread-exception")
def used_before_it_was_stored():
    """OSTEP 32.2: Mozilla's mThread, an order nobody enforced."""
    state = {}

    def child():
        assert state["thread"] is not None

    def parent():
        thread = threading.Thread(target=child)
        thread.start()
        state["thread"] = thread
        thread.join()

    together(parent)


@wrong("assertion", "check-then-act", "lost-update")
def compare_and_set_in_two_steps():
    """JCIP 15.2.1: compare-and-set is one instruction, or it is nothing."""
    value = 0

    def increment():
        nonlocal value
        while True:
            old = value
            if value == old:
                value = old + 1
                return

    together(increment, increment)
    assert value == 2


@wrong("assertion", "check-then-act")
def the_same_top_is_not_the_same_stack():
    """JCIP 15.4.4: the ABA problem, in a stack that reuses its nodes."""

    class Node:
        after = None

    class Stack:
        def __init__(self):
            self.top = None
            self.lock = threading.Lock()

        def compare_and_set(self, old, new):
            with self.lock:
                if self.top is not old:
                    return False
                self.top = new
                return True

        def push(self, node):
            while True:
                node.after = self.top
                if self.compare_and_set(node.after, node):
                    return

        def pop(self):
            while (node := self.top) is not None:
                if self.compare_and_set(node, node.after):
                    return node
            return None

    stack, a, b = Stack(), Node(), Node()
    stack.push(b)
    stack.push(a)
    popped = []

    def pops_two_and_pushes_one():
        first, second = stack.pop(), stack.pop()
        popped.append(second)
        if first is not None:
            stack.push(first)

    together(lambda: popped.append(stack.pop()), pops_two_and_pushes_one)
    held = [node for node in popped if node is not None]
    while (node := stack.pop()) is not None:
        held.append(node)
    assert len(held) == len(set(map(id, held))), "a node is in two places"


@wrong("thread-exception")
def a_generator_entered_twice():
    """Stack Overflow, “generator already executing”: a generator is not to be shared as it is."""

    def numbers():
        for n in itertools.count():
            latest.append(n)
            yield n

    latest, source = [], numbers()
    together(lambda: next(source), lambda: next(source))


@wrong("assertion", "sleep-as-synchronisation", clock="adversarial")
def a_sleep_that_is_long_enough():
    """Stack Overflow, wait for a thread with `time.sleep`: until the machine is busy."""
    found = []

    def search():
        found.append("result")

    thread = threading.Thread(target=search)
    thread.start()
    time.sleep(5)
    seen = list(found)
    thread.join()
    assert seen == ["result"], "the result was not there yet"


@wrong("assertion", "sleep-as-synchronisation", clock="adversarial")
def threads_that_sleep_out_of_each_others_way():
    """OSTEP 30.1: neither spinning nor sleeping says that the other has finished."""
    total = 0

    def add(pause):
        nonlocal total
        time.sleep(pause)
        total += 1

    together(lambda: add(1), lambda: add(2))
    assert total == 2


@wrong("thread-exception", "exception-in-thread")
def a_thread_local_set_by_somebody_else():
    """Stack Overflow, threading.local has no attribute: what main has set is main's own."""
    request = threading.local()
    request.user = "ana"

    def handle():
        assert request.user == "ana"

    together(handle)


@wrong("assertion", "check-then-act")
def two_threads_of_one_name():
    """Stack Overflow, threads without names of their own: still two of them."""
    stock, sold = [1], []

    def sell():
        if stock[0] > 0:
            stock[0] -= 1
            sold.append(1)

    crew = [threading.Thread(target=sell, name="seller") for _ in range(2)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    assert len(sold) == 1, "sold one twice"
