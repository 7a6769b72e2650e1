"""Random programs as a learner would write them, and a comparison of two searches over each.

A program is a seed: the same seed gives the same source text on every Python. Its threads draw
their statements from one or two palettes, each rich in conflicts of one kind, and record whatever
they see; it returns all of that and the state at the end.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import linecache
import random
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from taketurns.engine.explore import frozen
from taketurns.engine.scheduler import Scheduler, Task
from taketurns.engine.search import Base, Bounded, Reduced
from taketurns.engine.source import Plan, plan
from taketurns.engine.workers import Crew

EVERYTHING = 10**9  # no bound on preemptions
MOST_STEPS = 2_000  # of one run
WALKS = 12

# In statements, {v} is a fresh variable whose value is recorded, {n} a number that no other
# statement writes, {b} stands for a nested statement. What begins with "!" may raise, and the kind
# of the error is recorded.


@dataclass(frozen=True)
class Palette:
    """What threads may do with a few shared objects."""

    setup: str
    statements: tuple[str, ...]
    final: str = "None"
    names: str = ""  # variables that the statements bind
    helpers: str = field(default="")  # definitions that stay at module level


def _palette(setup: str, statements: str, final: str = "None", names: str = "") -> Palette:
    parts = textwrap.dedent(statements).strip().split("\n---\n")
    found: list[str] = []
    for part in parts:  # one statement a line, or blocks between lines of dashes
        lines = part.split("\n")
        if any(line.startswith(" ") for line in lines):
            found.append(part)
        else:
            found += lines
    return Palette(textwrap.dedent(setup).strip(), tuple(found), final, names)


DATA = {
    "variables": _palette(
        "x = 0\ny = 0",
        """
        x = {n}
        {v} = x
        x += 1
        y += x
        x, y = y, x + 1
        {v} = (x, y)
        {v} = [x for _ in range(2)]
        ---
        if x == 0:
            x = {n}
        ---
        if x < 2:
            {b}
        ---
        while y < 1:
            y += 1
        """,
        "(x, y)",
        "x, y",
    ),
    "deleted variables": _palette(
        "x = 0",
        """
        !del x
        x = {n}
        !{v} = x
        !x += 1
        """,
        "None",
        "x",
    ),
    "attributes": _palette(
        """
        class Box:
            total = 0

            def __init__(self):
                self.a = 0
                self.b = 0

            def bump(self):
                self.a += 1
                return self.b

            @property
            def both(self):
                return self.a, self.b

        box = Box()
        """,
        """
        box.a += 1
        {v} = box.b
        box.b = {n}
        {v} = box.bump()
        {v} = box.both
        setattr(box, "a", {n})
        {v} = getattr(box, "c", None)
        box.c = {n}
        !{v} = box.c
        {v} = hasattr(box, "c")
        !del box.c
        Box.total += 1
        {v} = Box.total
        {v} = dict(vars(box))
        box.__dict__["a"] = {n}
        {v} = box.__dict__.get("b")
        """,
        "(box.a, box.b, box.total, getattr(box, 'c', None))",
    ),
    "slots and records": _palette(
        """
        @dataclass
        class Record:
            a: int = 0
            b: int = 0

        class Slotted:
            __slots__ = ("a",)

            def __init__(self):
                self.a = 0

            def __eq__(self, other):
                return self.a == other

        record = Record()
        slotted = Slotted()
        """,
        """
        record.a += 1
        record.b = {n}
        {v} = record == Record(0, 0)
        {v} = f"{{record}}"
        {v} = astuple(record)
        slotted.a += 1
        {v} = slotted == 0
        {v} = slotted in [1]
        slotted.a = record.a
        """,
        "(record.a, record.b, slotted.a)",
    ),
    "class attributes": _palette(
        """
        class Base:
            level = 0

            def __init__(self):
                self.seen = 0

        class Derived(Base):
            pass

        one = Derived()
        """,
        """
        Base.level += 1
        {v} = one.level
        {v} = Derived.level
        Derived.level = {n}
        one.level = {n}
        one.level += 1
        type(one).level = {n}
        """,
        "(Base.level, Derived.level, one.level)",
    ),
    "dict": _palette(
        'd = {"a": 0}',
        """
        d["b"] = {n}
        !d["a"] += 1
        {v} = d.get("b")
        !{v} = d.pop("a")
        {v} = d.pop("b", None)
        {v} = d.setdefault("b", {n})
        {v} = "b" in d
        {v} = len(d)
        {v} = sorted(d)
        {v} = list(d.items())
        {v} = d == {{"a": 0}}
        d.update(b={n})
        {v} = dict(d)
        !del d["b"]
        {v} = f"{{d}}"
        !{v} = [d[key] for key in d]
        {v} = bool(d)
        d |= {{"a": {n}}}
        ---
        if "b" not in d:
            d["b"] = {n}
        ---
        !for key in d:
            {v} = d[key]
        """,
        "sorted(d.items())",
        "d",
    ),
    "defaultdict and Counter": _palette(
        "d = defaultdict(int)\ntally = Counter()",
        """
        d["a"] += 1
        {v} = d["b"]
        {v} = dict(d)
        d["a"] = {n}
        {v} = d.get("b")
        tally["a"] += 1
        tally.update(a=1, b={n})
        {v} = tally["b"]
        {v} = tally.most_common(1)
        {v} = len(tally)
        """,
        "(sorted(d.items()), sorted(tally.items()))",
    ),
    "list": _palette(
        "xs = [0, 1]",
        """
        xs.append({n})
        !{v} = xs.pop()
        !{v} = xs.pop(0)
        !xs[0] += 1
        !{v} = xs[-1]
        xs.insert(0, {n})
        {v} = len(xs)
        {v} = xs[:2]
        {v} = {n} in xs
        {v} = sorted(xs)
        {v} = sum(xs)
        {v} = [x for x in xs]
        xs += [{n}]
        {v} = xs == [0, 1]
        {v} = f"{{xs}}"
        !first, *{v} = xs
        xs.reverse()
        {v} = list(enumerate(xs))
        xs[:1] = []
        !xs[1] = {n}
        !del xs[0]
        !{v} = max(xs)
        {v} = [*xs]
        {v} = xs + [{n}]
        xs.extend(xs)
        ---
        if not xs:
            {v} = "empty"
        ---
        for x in xs:
            if x > 5:
                break
            {v} = x
        """,
        "list(xs)",
        "xs",
    ),
    "deque": _palette(
        "xs = deque([0], maxlen=2)",
        """
        xs.append({n})
        xs.appendleft({n})
        !{v} = xs.popleft()
        !{v} = xs[0]
        !{v} = list(xs)
        xs.rotate()
        {v} = len(xs)
        {v} = {n} in xs
        !{v} = [x for x in xs]
        """,
        "list(xs)",
    ),
    "set": _palette(
        "s = {0}",
        """
        s.add({n})
        s.add(1)
        s.discard(0)
        {v} = 1 in s
        {v} = len(s)
        {v} = sorted(s)
        s |= {{1}}
        !s.remove(1)
        {v} = s == {{0, 1}}
        {v} = sorted(s - {{0}})
        !{v} = s.pop()
        {v} = s <= {{0, 1}}
        s.clear()
        """,
        "sorted(s)",
        "s",
    ),
    "two lists": _palette(
        "m = [[0], [1]]\nhere = m[0]",
        """
        m[0].append({n})
        {v} = list(m[0])
        here.append({n})
        {v} = len(here)
        m[0] = m[1]
        m[1] = [{n}]
        {v} = [list(row) for row in m]
        {v} = deepcopy(m)
        {v} = m[0] == m[1]
        m[0], m[1] = m[1], m[0]
        """,
        "[list(row) for row in m]",
        "here",
    ),
    "nested": _palette(
        'm = [[0], {"a": 0}]\npair = (m[0], 1)',
        """
        m[0].append({n})
        m[0].clear()
        m[1]["a"] = {n}
        m[1].clear()
        {v} = str(m)
        {v} = m == [[0], {{"a": 0}}]
        {v} = f"{{pair}}"
        {v} = "%s" % (pair,)
        {v} = pair == ([0], 1)
        {v} = any(m)
        {v} = len(list(filter(None, m)))
        {v} = list(map(len, m))
        {v} = [m[0]] == [[0]]
        {v} = [0] in m
        {v} = max([m[0], [1]]) == [1]
        m[0] = []
        """,
        "deepcopy(m)",
    ),
    "looked up": _palette(
        'd = {"a": 0}\nchain = ChainMap(d)\nget = operator.itemgetter("a")\n'
        'space = SimpleNamespace(x=0)\nx_of = operator.attrgetter("x")\nout = io.StringIO()',
        """
        !{v} = get(d)
        d["a"] = {n}
        {v} = d.pop("a", None)
        {v} = chain.get("a")
        chain["a"] = {n}
        {v} = "a" in chain
        {v} = len(chain)
        space.x = {n}
        {v} = x_of(space)
        {v} = str(space)
        {v} = space == SimpleNamespace(x=0)
        print({n}, file=out)
        {v} = out.getvalue()
        """,
        "(sorted(d.items()), space.x, out.getvalue())",
    ),
    "cache": _palette(
        "@cache\ndef kept(n):\n    return [n]",
        """
        kept(1).append({n})
        {v} = len(kept(1))
        {v} = list(kept(2))
        kept.cache_clear()
        {v} = kept.cache_info().currsize
        """,
        "list(kept(1))",
    ),
    "iterators": _palette(
        "numbers = iter([1, 2, 3])\nticket = count()\nxs = [1]\nitems = iter(xs)",
        """
        {v} = next(numbers, None)
        {v} = next(ticket)
        {v} = list(numbers)
        {v} = [*numbers]
        {v} = sum(numbers)
        {v} = list(zip(numbers, "ab"))
        {v} = dict(enumerate(items))
        xs.extend(numbers)
        ---
        for {v} in numbers:
            break
        ---
        {v} = next(items, None)
        xs.append({n})
        """,
        "(next(numbers, None), next(ticket))",
    ),
    "functions": _palette(
        """
        def tally():
            tally.calls += 1
            return tally.calls

        tally.calls = 0

        def log(item, kept=[]):
            kept.append(item)
            return len(kept)
        """,
        """
        {v} = tally()
        {v} = log({n})
        tally.calls = {n}
        """,
        "(tally.calls, log(0))",
    ),
}

SYNC = {
    "lock": _palette(
        "lock = threading.Lock()\nguarded = 0",
        """
        !lock.acquire()
        !lock.release()
        {v} = lock.acquire(blocking=False)
        {v} = lock.acquire(timeout=1)
        {v} = lock.locked()
        {v} = repr(lock).split()[0]
        guarded += 1
        {v} = guarded
        ---
        with lock:
            guarded += 1
        ---
        with lock:
            {b}
        ---
        with lock:
            {b}
        ---
        if lock.acquire(timeout=1):
            {b}
            lock.release()
        ---
        if lock.acquire(False):
            guarded += 1
            lock.release()
        """,
        "(lock.locked(), guarded)",
        "guarded",
    ),
    "two locks": _palette(
        "first = threading.Lock()\nsecond = threading.Lock()\ntotal = 0",
        """
        with first:
            with second:
                total += 1
        ---
        with second:
            with first:
                {b}
        ---
        with first:
            total += 1
        ---
        with second:
            {b}
        ---
        with first:
            if second.acquire(timeout=1):
                total = {n}
                second.release()
        """,
        "total",
        "total",
    ),
    "RLock": _palette(
        "lock = threading.RLock()\nguarded = 0",
        """
        !lock.acquire()
        !lock.release()
        {v} = lock.acquire(blocking=False)
        {v} = lock.acquire(timeout=1)
        guarded += 1
        ---
        with lock:
            {b}
        ---
        with lock:
            with lock:
                guarded += 1
        """,
        "guarded",
        "guarded",
    ),
    "condition": _palette(
        "cond = threading.Condition()\nready = False",
        """
        with cond:
            {v} = cond.wait()
        ---
        with cond:
            {v} = cond.wait(1)
        ---
        with cond:
            {v} = cond.wait_for(lambda: ready, timeout=2)
        ---
        with cond:
            while not ready:
                cond.wait()
        ---
        with cond:
            if not ready:
                {v} = cond.wait(1)
        ---
        with cond:
            ready = True
            cond.notify()
        ---
        with cond:
            ready = True
            cond.notify_all()
        ---
        with cond:
            ready = not ready
        ---
        with cond:
            cond.notify(2)
            {b}
        ---
        !cond.notify()
        ---
        !cond.wait(1)
        """,
        "ready",
        "ready",
    ),
    "condition over a lock": _palette(
        "lock = threading.Lock()\nfull = threading.Condition(lock)\n"
        "empty = threading.Condition(lock)\nslot = None",
        """
        with full:
            while slot is None:
                full.wait()
            {v} = slot
            slot = None
            empty.notify()
        ---
        with empty:
            while slot is not None:
                empty.wait(1)
            slot = {n}
            full.notify()
        ---
        with lock:
            {v} = slot
        ---
        with full:
            {v} = full.wait(1)
        ---
        with lock:
            full.notify_all()
        ---
        !full.notify_all()
        """,
        "slot",
        "slot",
    ),
    "event": _palette(
        "event = threading.Event()\nworth = 0",
        """
        event.set()
        event.clear()
        {v} = event.is_set()
        {v} = event.wait()
        {v} = event.wait(1)
        {v} = event.wait(0)
        {v} = f"{{event}}".split()[-1]
        worth += 1
        {v} = worth
        ---
        if event.wait(2):
            {b}
        ---
        if not event.is_set():
            worth = {n}
            event.set()
        """,
        "(event.is_set(), worth)",
        "worth",
    ),
    "semaphore": _palette(
        "sem = threading.Semaphore(1)\ninside = 0",
        """
        sem.acquire()
        sem.release()
        sem.release(2)
        {v} = sem.acquire(blocking=False)
        {v} = sem.acquire(timeout=1)
        {v} = str(sem).split()[-1]
        inside += 1
        {v} = sem._value
        ---
        with sem:
            {b}
        ---
        with sem:
            inside += 1
            {v} = inside
            inside -= 1
        """,
        "(sem._value, inside)",
        "inside",
    ),
    "bounded semaphore": _palette(
        "sem = threading.BoundedSemaphore(2)\ninside = 0",
        """
        {v} = sem.acquire()
        {v} = sem.acquire(timeout=1)
        {v} = sem.acquire(False)
        !sem.release()
        ---
        with sem:
            inside += 1
        ---
        if sem.acquire(False):
            {b}
            sem.release()
        """,
        "(sem._value, inside)",
        "inside",
    ),
    "barrier": _palette(
        "barrier = threading.Barrier(2)\nphase = 0",
        """
        !{v} = barrier.wait()
        !{v} = barrier.wait()
        !{v} = barrier.wait(1)
        {v} = barrier.n_waiting
        {v} = "%r" % barrier
        {v} = barrier.broken
        barrier.abort()
        barrier.reset()
        phase += 1
        {v} = phase
        """,
        "(barrier.n_waiting, barrier.broken, phase)",
        "phase",
    ),
    "barrier with an action": _palette(
        "phase = 0\n\ndef advance():\n    nonlocal phase\n    phase += 1\n\n"
        "barrier = threading.Barrier(2, action=advance, timeout=2)",
        """
        !{v} = barrier.wait()
        !{v} = barrier.wait()
        !{v} = barrier.wait(1)
        phase = {n}
        {v} = phase
        {v} = barrier.broken
        """,
        "(barrier.broken, phase)",
        "phase",
    ),
    "queue": _palette(
        "q = queue.Queue(1)",
        """
        q.put({n})
        q.put({n})
        {v} = q.get()
        !q.put_nowait({n})
        !{v} = q.get_nowait()
        !q.put({n}, timeout=1)
        !{v} = q.get(timeout=1)
        {v} = q.qsize()
        {v} = q.empty()
        {v} = q.full()
        ---
        if not q.empty():
            {v} = q.get()
        """,
        "q.qsize()",
    ),
    "queue with tasks": _palette(
        "q = queue.Queue()\nlast = 0",
        """
        q.put({n})
        {v} = q.get()
        q.task_done()
        q.join()
        {v} = q.unfinished_tasks
        last = {n}
        {v} = last
        ---
        {v} = q.get()
        last += 1
        q.task_done()
        ---
        q.put({n})
        q.join()
        {v} = last
        """,
        "(q.qsize(), q.unfinished_tasks, last)",
        "last",
    ),
    "other queues": _palette(
        "stack = queue.LifoQueue(2)\nsimple = queue.SimpleQueue()\nheap = queue.PriorityQueue()",
        """
        stack.put({n})
        {v} = stack.get()
        !{v} = stack.get(timeout=1)
        simple.put({n})
        {v} = simple.get()
        !{v} = simple.get_nowait()
        !{v} = simple.get(timeout=1)
        {v} = simple.empty()
        heap.put({n})
        !{v} = heap.get(timeout=1)
        """,
        "(stack.qsize(), simple.qsize(), heap.qsize())",
    ),
    "future": _palette(
        "future = Future()\nother = Future()\ncalls = []",
        """
        !future.set_result({n})
        !future.set_exception(KeyError({n}))
        !{v} = future.result()
        !{v} = future.result(timeout=1)
        {v} = future.done()
        {v} = repr(future).split()[2]
        {v} = future.cancel()
        {v} = future.cancelled()
        !other.set_result({n})
        {v} = len(wait([future, other], timeout=1).done)
        {v} = len(wait([future, other], timeout=1, return_when="FIRST_COMPLETED").done)
        future.add_done_callback(lambda f: calls.append({n}))
        {v} = len(calls)
        """,
        "(future.done(), other.done(), list(calls))",
    ),
    "pool": _palette(
        "pool = ThreadPoolExecutor(2)\nn = 0\n\ndef job(amount):\n    nonlocal n\n    n += amount\n"
        "    return n",
        """
        !{v} = pool.submit(job, 1).result()
        !{v} = list(pool.map(job, [1, 2]))
        ---
        !task = pool.submit(job, {n})
        {v} = task.cancel()
        ---
        !task = pool.submit(job, {n})
        {v} = task.result(timeout=1)
        ---
        !{v} = [task.result() for task in as_completed([pool.submit(job, 1), pool.submit(job, 2)])]
        ---
        n += 1
        {v} = n
        pool.shutdown()
        """,
        "(pool.shutdown(), n)",
        "n",
    ),
    "pool of one": _palette(
        "pool = ThreadPoolExecutor(1)\nn = 0\n\ndef job(amount):\n    nonlocal n\n    n += amount\n"
        "    return n",
        """
        !{v} = pool.submit(job, 1).result()
        !task = pool.submit(job, {n})
        !{v} = list(pool.map(job, [1, 2]))
        ---
        !task = pool.submit(job, 1)
        task.add_done_callback(lambda f: job(5))
        ---
        !task = pool.submit(job, {n})
        {v} = task.cancel(), task.running()
        ---
        n += 1
        {v} = n
        pool.shutdown(wait=False)
        pool.shutdown(cancel_futures=True)
        """,
        "(pool.shutdown(), n)",
        "n",
    ),
    "sleep": _palette(
        "x = 0",
        """
        time.sleep(1)
        time.sleep(2)
        time.sleep(0)
        x += 1
        {v} = x
        x = {n}
        {v} = time.monotonic()
        """,
        "(x, time.monotonic())",
        "x",
    ),
    "timer": _palette(
        "x = 0\n\ndef ring():\n    nonlocal x\n    x += 1\n\ntimer = threading.Timer(1, ring)",
        """
        !timer.start()
        timer.cancel()
        {v} = timer.is_alive()
        time.sleep(1)
        x = {n}
        {v} = x
        !timer.join()
        """,
        "x",
        "x",
    ),
    "threads": _palette(
        "x = 0\n\ndef extra():\n    nonlocal x\n    x += 1\n\n"
        "helper = threading.Thread(target=extra)",
        """
        !helper.start()
        {v} = helper.is_alive()
        !helper.join()
        !helper.join(1)
        x += 1
        {v} = x
        ---
        more = threading.Thread(target=extra, name="more")
        more.start()
        {v} = more.is_alive()
        ---
        more = threading.Thread(target=extra, name="more")
        more.start()
        more.join()
        """,
        "x",
        "x",
    ),
    "exceptions": _palette(
        "x = 0",
        """
        x += 1
        x = {n}
        {v} = 1 // x
        ---
        if x > 1:
            raise LookupError
        ---
        assert x < 2
        """,
        "x",
        "x",
    ),
    "waiting loops": _palette(
        "flag = False\nx = 0",
        """
        flag = True
        x += 1
        {v} = x
        x = {n}
        ---
        while not flag:
            time.sleep(0.5)
        ---
        while not flag:
            pass
        ---
        while x < 2 and not flag:
            time.sleep(1)
        """,
        "(flag, x)",
        "flag, x",
    ),
}

HEADER = """\
import io
import operator
import queue
import threading
import time
from collections import ChainMap, Counter, defaultdict, deque
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from copy import deepcopy
from dataclasses import astuple, dataclass
from functools import cache
from itertools import count
from types import SimpleNamespace
"""
# What programs are to be made of, and how it looks in them.
FEATURES = {
    "globals": r"^ +global ",
    "closures": r"^ +nonlocal ",
    "attributes": r"box\.\w+ \+?= ",
    "items of dicts": r'd\["\w"\] \+?= ',
    "locks": r"with (lock|first|second):",
    "locks that are taken again": r"threading\.RLock\(",
    "trylocks": r"(lock|sem)\.acquire\((False|blocking=False)\)",
    "conditions": r"(cond|full|empty)\.wait\(",
    "notifications": r"(cond|full|empty)\.notify",
    "events": r"event\.(wait|set|clear)\(",
    "semaphores": r"with sem:|sem\.(acquire|release)\(",
    "barriers": r"barrier\.wait\(",
    "queues": r"q\.(put|get)",
    "tasks of queues": r"q\.(task_done|join)\(",
    "futures": r"future\.(result|set_result)\(",
    "pools": r"pool\.(submit|map)\(",
    "timeouts": r"timeout=|wait\(1\)",
    "sleeps": r"time\.sleep\(",
    "timers": r"threading\.Timer\(",
    "nested containers": r"\bm\[0\]\.",
    "iterators": r"\bnumbers\)",
    "three threads": r"def work3",
}

SHAPES = (  # statements of the main thread and of each other one, at most
    (3, 3),
    (3, 3),
    (0, 3, 2),
    (0, 2, 2),
    (1, 2, 1),
    (0, 1, 1, 1),
)


class _Writer:
    """Draws the statements of one program."""

    def __init__(self, rng: random.Random, palettes: list[Palette]) -> None:
        self._rng = rng
        self._palettes = palettes
        self._statements = [(p, s) for p in palettes for s in p.statements]
        self._numbers = itertools.count(11)

    def body(self, most: int, least: int, *, bare: bool) -> tuple[list[str], list[str]]:
        """The lines of a thread and the variables that it records."""
        self._seen: list[str] = []
        lines: list[str] = []
        for _ in range(self._rng.randint(least, most)):
            lines += self._statement(bare=bare)
        return [f"{name} = None" for name in self._seen] + lines, self._seen

    def _statement(self, depth: int = 0, *, bare: bool) -> list[str]:
        _, text = self._rng.choice(self._statements)
        if depth and "{b}" in text:
            _, text = self._rng.choice([p for p in self._statements if "{b}" not in p[1]])
        risky = text.startswith("!")
        text = text.removeprefix("!")
        if "{b}" in text:
            indent = next(line for line in text.split("\n") if "{b}" in line).removesuffix("{b}")
            inner = textwrap.indent("\n".join(self._statement(depth + 1, bare=bare)), indent)
            head, _, tail = text.partition(indent + "{b}")
            text = self._filled(head) + inner + self._filled(tail)
        else:
            text = self._filled(text)
        if not risky or bare:
            return text.split("\n")
        name = self._fresh()
        return [
            "try:",
            *textwrap.indent(text, "    ").split("\n"),
            "except Exception as error:",
            f"    {name} = type(error).__name__",
        ]

    def _filled(self, text: str) -> str:
        name = self._fresh() if "{v}" in text else ""
        while "{n}" in text:
            text = text.replace("{n}", str(next(self._numbers)), 1)
        return text.replace("{v}", name).replace("{{", "{").replace("}}", "}")

    def _fresh(self) -> str:
        self._seen.append(f"v{len(self._seen)}")
        return self._seen[-1]


def random_source(seed: int, data: Any = None, sync: Any = None) -> str:
    """The text of a program; it defines `program`."""
    data, sync = data or DATA, sync or SYNC
    rng = random.Random(seed)
    chosen = [rng.choice(list(sync.values()) if rng.random() < 0.55 else list(data.values()))]
    if rng.random() < 0.4:
        extra = rng.choice(list(data.values()) if rng.random() < 0.7 else list(sync.values()))
        taken = set(chosen[0].names.split(", ")) | set(_bound(chosen[0].setup))
        if not taken & (set(extra.names.split(", ")) | set(_bound(extra.setup))) - {""}:
            chosen.append(extra)
    shared = rng.random() < 0.6  # at module level, or in the program's own variables
    bare = rng.random() < 0.06  # errors are not caught
    wait = rng.choice(("join()", "join()", "join()", "join()", "join(3)"))
    # What a thread saw is kept where it takes no step, unless somebody may look too early: the
    # fewer the steps, the larger the programs that can be searched without reduction.
    silent = wait == "join()" and rng.random() < 0.8
    main, *others = rng.choice(SHAPES)
    writer = _Writer(rng, chosen)
    names = ", ".join(p.names for p in chosen if p.names)
    keyword = "global" if shared else "nonlocal"
    setup = "\n".join(p.setup for p in chosen).replace("nonlocal", keyword)
    functions = []
    for number, most in enumerate(others, 1):
        lines, seen = writer.body(most, 1, bare=bare)
        scope = [f"{keyword} {names}"] if names else []
        saw = f"({''.join(f'{name}, ' for name in seen)})"
        last = f"saw{number}.args = {saw}" if silent else f"results[{number}] = {saw}"
        lines = [*scope, *lines, last]
        functions.append(f"def work{number}():\n{_indented(lines)}")
    numbers = range(1, len(others) + 1)
    if silent:
        saws = [f"saw{number} = Exception()" for number in numbers]
        results = "".join(f"saw{number}.args, " for number in numbers)
    else:
        saws = [f"results = [None] * {len(others) + 1}"]
        results = "list(results), "
    definitions = ["\n".join(saws), setup, *functions]
    lines, seen = writer.body(main, 1 if main else 0, bare=False)
    ending = f"return ({''.join(f'{name}, ' for name in seen)}), {results}{_final(chosen)}"
    program = [
        *([f"global {names}"] if names and shared else []),
        *(f't{n} = threading.Thread(target=work{n}, name="T{n}")' for n in numbers),
        *(f"t{n}.start()" for n in numbers),
        *lines,
        *(f"t{n}.{wait}" for n in numbers),
        ending,
    ]
    if shared:
        parts = [HEADER, *definitions, f"def program():\n{_indented(program)}"]
    else:
        inside = [line for part in definitions for line in part.split("\n")]
        parts = [HEADER, f"def program():\n{_indented([*inside, *program])}"]
    return "\n\n\n".join(parts) + "\n"


def _final(palettes: list[Palette]) -> str:
    return "(" + "".join(f"{p.final}, " for p in palettes) + ")"


def _bound(setup: str) -> list[str]:
    """The names that the setup of a palette binds."""
    found = []
    for line in setup.split("\n"):
        if line[:1].isspace() or not line:
            continue
        head, equals, _ = line.partition(" = ")
        found.append(head if equals else line.split("(")[0].split(":")[0].split()[-1])
    return found


def _indented(lines: list[str]) -> str:
    return textwrap.indent("\n".join(lines), "    ")


# -- running ------------------------------------------------------------------------------------

_cells = itertools.count(1)


@contextlib.contextmanager
def planned(text: str) -> Iterator[Plan]:
    """The plan of the program that `text`, run as a cell, defines."""
    file = f"/nowhere/ipykernel_{next(_cells)}/1.py"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    namespace: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__}
    try:
        exec(compile(text, file, "exec", dont_inherit=True), namespace)
        yield plan(namespace["program"])
    finally:
        linecache.cache.pop(file, None)


class Walk(Base):
    """One schedule after another, each drawn at random; estimates how many there are.

    A run in which there were a, b, c … threads to choose from had a chance of 1 in abc…; so the
    mean of these products is that of the number of runs (Knuth, Math. Comp. 29, 1975).
    """

    def __init__(self, seed: int, walks: int) -> None:
        self._random = random.Random(seed)
        self._left = walks
        self._products = [1]

    def begin(self) -> None:
        """Start the next run."""
        self._products.append(1)

    def advance(self) -> bool:
        """Whether there is another one."""
        self._left -= 1
        return self._left > 0

    def choose(self, sched: Scheduler, enabled: list[Task], me: Task) -> Task | None:
        """Any of them."""
        self._products[-1] *= len(enabled)
        return self._random.choice(enabled)

    @property
    def estimate(self) -> float:
        """How many runs there are, about."""
        return sum(self._products) / len(self._products)


@dataclass
class Found:
    """What a search over one program came to."""

    outcomes: set[object] = field(default_factory=set)
    runs: int = 0
    whole: bool = False  # the search came to its end
    exact: bool = True  # and would have claimed so


def searched(the_plan: Plan, strategy: Any, clock: str, most: int) -> Found:
    """All outcomes of a program under a strategy, in at most `most` runs."""
    found = Found()
    with Crew() as crew:
        while True:
            sched = Scheduler(crew, strategy, clock=clock, max_steps=MOST_STEPS)
            sched.run(the_plan.instantiate(sched))
            if not sched.redundant:
                found.runs += 1
                found.outcomes.add(outcome(sched))
                found.exact &= not sched.unfair and not sched.impatient
                found.exact &= sched.exact and not (
                    clock == "adversarial" and any(task.read_clock for task in sched.tasks)
                )
                if sched.verdict == "inconclusive":
                    return found
            if not strategy.advance():
                found.whole = True
                return found
            if found.runs >= most:
                return found
            strategy.begin()


def outcome(sched: Scheduler) -> object:
    """The result of a run, or what failed and how.

    In which order several threads died is left out: it is nothing that the program can see.
    """
    if sched.verdict == "ok":
        return "ok", frozen(sched.result)
    if sched.verdict == "thread-exception":
        deaths = sorted((task.name, type(error).__name__) for task, error in sched.problems)
        return sched.verdict, tuple(deaths)
    if sched.verdict in CUT_SHORT:
        return sched.verdict, sched.message.partition("\n")[0]
    return sched.verdict, tuple(sorted(sched.message.splitlines()))


# After these the other threads do nothing more, so what else they could have done is not looked
# into; `explore` stops there anyway.
CUT_SHORT = frozenset({"assertion", "exception"})


@dataclass
class Comparison:
    """What two searches over a program came to."""

    seed: int
    clock: str
    text: str
    reduced: Found
    unreduced: Found

    @property
    def compared(self) -> bool:
        """Whether both came to their end, and the reduced one claims all schedules."""
        return self.reduced.whole and self.unreduced.whole and self.reduced.exact

    @property
    def agree(self) -> bool:
        """Whether the reduced search found what the other one did, as far as that came."""
        if not self.reduced.whole or not self.reduced.exact:
            return True
        ours, theirs = self.reduced.outcomes, self.unreduced.outcomes
        if any(kind in CUT_SHORT for kind, _ in (*ours, *theirs)):  # type: ignore[misc]
            failed = any(kind != "ok" for kind, _ in ours)  # type: ignore[misc]
            return failed and (ours <= theirs or not self.unreduced.whole)
        if not self.unreduced.whole:
            return theirs <= ours
        return ours == theirs and self.reduced.runs <= self.unreduced.runs

    def report(self) -> str:
        """The program, and what only one of the searches found."""
        missing = self.unreduced.outcomes - self.reduced.outcomes
        extra = self.reduced.outcomes - self.unreduced.outcomes if self.unreduced.whole else ""
        return (
            f"seed {self.seed}, clock {self.clock}, {self.reduced.runs} of {self.unreduced.runs} "
            f"runs\nonly unreduced: {missing}\nonly reduced: {extra}\n{self.text}"
        )


def compare(seed: int, most: int = 500, make: Callable[[int], str] = random_source) -> Comparison:
    """Search a random program with and without reduction.

    Of a program of more than `most` schedules a few drawn at random stand for all.
    """
    return compare_text(make(seed), seed, most, "adversarial" if seed % 5 == 0 else "exact")


def compare_text(text: str, seed: int, most: int, clock: str) -> Comparison:
    """The same for a program that is given."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        with planned(text) as the_plan:
            reduced = searched(the_plan, Reduced(), clock, most)
            unreduced = Found()
            if reduced.whole and reduced.exact:
                walk = Walk(seed, WALKS)
                unreduced = searched(the_plan, walk, clock, WALKS)
                unreduced.whole = False
                if walk.estimate < 2 * most:
                    walked = unreduced.outcomes
                    unreduced = searched(the_plan, Bounded(EVERYTHING), clock, most)
                    unreduced.outcomes |= walked
    finally:
        if was_on:
            gc.enable()
    # What a run gave up on says nothing about the program.
    unreduced.outcomes = {found for found in unreduced.outcomes if found[0] != "inconclusive"}  # type: ignore[index]
    return Comparison(seed, clock, text, reduced, unreduced)
