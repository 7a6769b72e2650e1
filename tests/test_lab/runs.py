"""Runs made by hand, one per thing that a picture has to show."""

from __future__ import annotations

import random
from typing import Any

from taketurns.engine.recording import Event
from taketurns.engine.results import Run

LINES = {
    3: "self.value = 0",
    6: "def increment(self, by=1):",
    9: "self.value += by",
    12: "with self._lock:",
    13: "self.value += by",
    20: "door.start()",
    22: "door.join()",
    23: 'assert office.value == 2, f"two visitors came, {office.value} were counted"',
    31: "with a:",
    32: "with b:",
    41: "time.sleep(2)",
}


class Tape:
    """Writes events as the engine's recorder does."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.time = 0.0
        self.holds: dict[str, list[str]] = {}

    def do(
        self,
        thread: str,
        kind: str,
        target: str | None = None,
        where: int | None = None,
        *,
        line: int | None = None,
        code: str | None = None,
        before: object = None,
        after: object = None,
        since: int | None = None,
        waited_for: str | None = None,
    ) -> int:
        """Add one step and return its number."""
        step = len(self.events)
        held = self.holds.setdefault(thread, [])
        if kind == "acquire" and target:
            held.append(target)
        elif kind in ("release", "wait") and target in held:
            held.remove(target)
        over = kind in ("blocked", "raise")
        self.events.append(
            Event(
                step=step,
                thread=thread,
                kind=kind,
                target=target,
                where=where,
                file="<cell>" if line is not None else None,
                line=line,
                code=code or LINES.get(line or 0),
                before=None if before is None else str(before),
                after=None if after is None else str(after),
                time=self.time,
                held=() if over else tuple(held),
                since=step if since is None else since,
                waited_for=waited_for,
            )
        )
        return step

    def run(self, *threads: str, **more: Any) -> Run:
        """The finished run."""
        values: dict[str, Any] = {
            "result": None,
            "error": None,
            "elapsed": self.time,
            "output": "",
            "verdict": "ok",
            "message": "",
            "schedule": "3b1a.7c1e",
        }
        return Run(events=tuple(self.events), threads=threads, **(values | more))


def lost_update() -> Run:
    """Two doors count one visitor each; one of them is lost."""
    t = Tape()
    a, b = "door A", "door B"
    t.do("main", "write", "self.value", 1, line=3, after=0)
    t.do("main", "start", a, 10, line=20)
    t.do("main", "start", b, 11, line=20)
    t.do(a, "begin")
    t.do(a, "read", "self.value", 1, line=9, before=0)
    t.do(b, "begin")
    t.do(b, "read", "self.value", 1, line=9, before=0)
    t.do(a, "write", "self.value", 1, line=9, before=0, after=1)
    t.do(a, "end", a, 10)
    t.do(b, "write", "self.value", 1, line=9, before=1, after=1)
    t.do(b, "end", b, 11)
    t.do("main", "join", a, 10, line=22, since=3, waited_for="door A to end")
    t.do("main", "join", b, 11, line=22)
    t.do("main", "read", "office.value", 1, line=23, before=1)
    message = "two visitors came, 1 were counted"
    t.do("main", "raise", f"AssertionError: {message}", line=23)
    return t.run("main", a, b, verdict="assertion", message=message)


def deadlock() -> Run:
    """Two threads take two locks in opposite orders."""
    t = Tape()
    one, two = "ana", "ben"
    t.do("main", "start", one, 10, line=20)
    t.do("main", "start", two, 11, line=20)
    t.do(one, "begin")
    t.do(one, "acquire", "a", 1, line=31)
    t.do(two, "begin")
    t.do(two, "acquire", "b", 2, line=32)
    waits = {"main": "ana to end", one: "b, which ben has", two: "a, which ana has"}
    for thread, since, line, code in (
        ("main", 2, 22, None),
        (one, 6, 32, "with b:"),
        (two, 6, 31, "with a:"),
    ):
        t.do(
            thread,
            "blocked",
            waits[thread],
            since=since,
            waited_for=waits[thread],
            line=line,
            code=code,
        )
    message = "\n".join(f"{who} waits for {what}" for who, what in waits.items())
    return t.run("main", one, two, verdict="deadlock", message=message)


def locked_counter(threads: int = 2) -> Run:
    """Every increment under a lock; all but the first thread wait for it."""
    t = Tape()
    names = [f"door {chr(65 + i)}" for i in range(threads)]
    t.do("main", "write", "self.value", 1, line=3, after=0)
    t.do("main", "write", "self._lock", 3, line=3, after="<Lock>")
    for i, name in enumerate(names):
        t.do("main", "start", name, 10 + i, line=20)
    waiting = {}
    for i, name in enumerate(names):
        t.do(name, "begin")
        t.do(name, "read", "self._lock", 3, line=12, before="<Lock>")
        if i == 0:
            t.do(name, "acquire", "self._lock", 2, line=12)
        else:
            waiting[name] = len(t.events)
    for i, name in enumerate(names):
        if i:
            t.do(
                name,
                "acquire",
                "self._lock",
                2,
                line=12,
                since=waiting[name],
                waited_for=f"self._lock, which {names[0]} has",
            )
        t.do(name, "read", "self.value", 1, line=13, before=i)
        t.do(name, "write", "self.value", 1, line=13, before=i, after=i + 1)
        t.do(name, "release", "self._lock", 2, line=12)
        t.do(name, "end", name, 10 + i)
    for i, name in enumerate(names):
        t.do(
            "main",
            "join",
            name,
            10 + i,
            line=22,
            since=5 if i == 0 else None,
            waited_for=f"{name} to end" if i == 0 else None,
        )
    t.do("main", "read", "office.value", 1, line=23, before=threads)
    return t.run("main", *names, result=threads)


def downloads(names: tuple[str, ...] = ("page A", "page B"), sleep: float = 2.0) -> Run:
    """Downloads that sleep at the same time; the last takes half a second more."""
    t = Tape()
    for i, name in enumerate(names):
        t.do("main", "start", name, 10 + i, line=20)
    for name in names:
        t.do(name, "begin")
    began = len(t.events)
    t.time = sleep
    for i, name in enumerate(names):
        t.time = sleep + 0.5 * (i == len(names) - 1)
        t.do(name, "sleep", line=41, since=began, waited_for="time to pass")
        t.do(
            name, "write", "pages[url]", 40 + i, line=42, code="pages[url] = text", after=repr(name)
        )
        t.do(name, "end", name, 10 + i)
    for i, name in enumerate(names):
        t.do(
            "main",
            "join",
            name,
            10 + i,
            line=22,
            since=began if i == 0 else None,
            waited_for=f"{name} to end",
        )
    return t.run("main", *names, result=None)


def under_a_lock() -> Run:
    """Two downloads that sleep while they hold the same lock: one after the other."""
    t = Tape()
    t.do("main", "start", "page A", 10, line=20)
    t.do("main", "start", "page B", 11, line=20)
    t.do("page A", "begin")
    t.do("page A", "acquire", "lock", 1, line=31, code="with lock:")
    t.do("page B", "begin")
    t.time = 2.0
    t.do("page A", "sleep", line=41, since=4, waited_for="time to pass")
    t.do("page A", "release", "lock", 1, line=31, code="with lock:")
    t.do("page A", "end", "page A", 10)
    t.do(
        "page B",
        "acquire",
        "lock",
        1,
        line=31,
        code="with lock:",
        since=5,
        waited_for="lock, which page A has",
    )
    t.time = 4.0
    t.do("page B", "sleep", line=41, since=9, waited_for="time to pass")
    t.do("page B", "release", "lock", 1, line=31, code="with lock:")
    t.do("page B", "end", "page B", 11)
    t.do("main", "join", "page A", 10, line=22, since=2, waited_for="page A to end")
    t.do("main", "join", "page B", 11, line=22)
    return t.run("main", "page A", "page B")


def many(threads: int, seed: int = 1, steps: int = 3) -> Run:
    """Many threads, a few steps each on one counter, in a scrambled order."""
    draw = random.Random(seed)
    names = [f"Thread-{i + 1} (worker)" for i in range(threads)]
    t = Tape()
    t.do("main", "write", "count", 1, line=3, after=0)
    for i, name in enumerate(names):
        t.do("main", "start", name, 10 + i, line=20)
    left = {name: ["begin", *(["read", "write"] * (steps // 2)), "end"] for name in names}
    value, seen = 0, {}
    while left:
        name = draw.choice(sorted(left))
        kind = left[name].pop(0)
        if kind == "read":
            seen[name] = value
            t.do(name, "read", "count", 1, line=9, before=value)
        elif kind == "write":
            t.do(name, "write", "count", 1, line=9, before=value, after=seen[name] + 1)
            value = seen[name] + 1
        elif kind == "begin":
            t.do(name, "begin")
        else:
            t.do(name, "end", name, 10 + names.index(name))
        if not left[name]:
            del left[name]
    for i, name in enumerate(names):
        t.do("main", "join", name, 10 + i, line=22)
    return t.run("main", *names, result=value)


def long_run(steps: int = 2000) -> Run:
    """Two producers, a queue, a consumer with private work, for thousands of steps."""
    t = Tape()
    names = ("baker", "waiter")
    for i, name in enumerate(names):
        t.do("main", "start", name, 10 + i, line=20)
        t.do(name, "begin")
    item = 0
    while len(t.events) < steps - 8:
        item += 1
        t.do(
            "baker",
            "write",
            "self.made",
            5,
            line=50,
            code="self.made += 1",
            before=item - 1,
            after=item,
        )
        t.do(
            "baker", "put", "counter", 1, line=51, code="counter.put(cake)", after=f"'cake {item}'"
        )
        t.do(
            "waiter",
            "get",
            "counter",
            1,
            line=60,
            code="cake = counter.get()",
            before=f"'cake {item}'",
        )
        t.do(
            "waiter", "write", "tray[n]", 6, line=61, code="tray[n] = cake", after=f"'cake {item}'"
        )
    t.do("baker", "end", "baker", 10)
    t.do("waiter", "end", "waiter", 11)
    t.do("main", "join", "baker", 10, line=22)
    t.do("main", "join", "waiter", 11, line=22)
    return t.run("main", *names, result=item)


def walk(threads: int, events: int, often: float, seed: int = 1) -> Run:
    """Doors that count visitors without a lock; so often, by a draw, another door goes on."""
    draw = random.Random(seed)
    names = [f"door {i + 1}" for i in range(threads)]
    t = Tape()
    for i, name in enumerate(names):
        t.do("main", "start", name, 10 + i, line=20)
        t.do(name, "begin")
    value, seen, me = 0, {}, names[0]
    while len(t.events) < events - 1:
        if draw.random() < often:
            me = draw.choice(names)
        if me in seen:
            t.do(me, "write", "self.value", 1, line=9, before=value, after=seen[me] + 1)
            value = seen.pop(me) + 1
        else:
            t.do(me, "read", "self.value", 1, line=9, before=value)
            seen[me] = value
    message = "some were lost"
    t.do("main", "raise", f"AssertionError: {message}", line=23)
    return t.run("main", *names, verdict="assertion", message=message)


def one_by_one(threads: int, turns: int) -> Run:
    """Doors that count so many visitors each under a lock, one door after the other."""
    names = [f"door {i + 1}" for i in range(threads)]
    t = Tape()
    for i, name in enumerate(names):
        t.do("main", "start", name, 10 + i, line=20)
    for i, name in enumerate(names):
        t.do(name, "begin")
        for turn in range(turns):
            value = i * turns + turn
            t.do(name, "acquire", "self._lock", 2, line=12)
            t.do(name, "read", "self.value", 1, line=13, before=value)
            t.do(name, "write", "self.value", 1, line=13, before=value, after=value + 1)
            t.do(name, "release", "self._lock", 2, line=12)
        t.do(name, "end", name, 10 + i)
    for i, name in enumerate(names):
        t.do("main", "join", name, 10 + i, line=22)
    return t.run("main", *names, result=threads * turns)


def buffer() -> Run:
    """A producer and a consumer that wait for each other in turn."""
    t = Tape()
    t.do("main", "start", "baker", 10, line=20)
    t.do("main", "start", "waiter", 11, line=20)
    t.do("baker", "begin")
    room = "room in Queue `shelf`, full with 1"
    item = "an item in Queue `shelf`, which is empty"
    for cake in range(4):
        since = len(t.events) - 1 if cake else None
        waits = room if cake else None
        t.do("baker", "put", "shelf", 1, line=51, after=cake, since=since, waited_for=waits)
        since = len(t.events) - 1 if cake else None
        waits = item if cake else None
        t.do("waiter", "get", "shelf", 2, line=60, after=cake, since=since, waited_for=waits)
    t.do("baker", "end", "baker", 10)
    t.do("waiter", "end", "waiter", 11)
    t.do("main", "join", "baker", 10, line=22, since=2, waited_for="baker to end")
    t.do("main", "join", "waiter", 11, line=22)
    return t.run("main", "baker", "waiter", result=4)


def zoo() -> Run:
    """Every kind of step once, with awkward names, values and messages."""
    t = Tape()
    a, b = "Thread-12 (download_all_the_pages)", "ünïcode 線程"
    t.do("main", "start", a, 10, line=20)
    t.do("main", "start", b, 11, line=20)
    t.do(a, "begin")
    t.do(b, "begin")
    kinds = [
        ("read", "x", 1),
        ("write", "x", 1),
        ("delete", "d['<key>']", 2),
        ("call", "items.append", 3),
        ("acquire", "lock", 4),
        ("release", "lock", 4),
        ("try-acquire", "lock", 4),
        ("wait", "cond", 5),
        ("notify", "cond", 5),
        ("wake", "cond", 5),
        ("set", "gate", 6),
        ("clear", "gate", 6),
        ("is-set", "gate", 6),
        ("is-alive", a, 10),
        ("put", "q", 7),
        ("get", "q", 7),
        ("try-put", "q", 7),
        ("try-get", "q", 7),
        ("task-done", "q", 7),
        ("queue-join", "q", 7),
        ("shutdown", "q", 7),
        ("submit", "pool", 8),
        ("result", "future", 9),
        ("cancel", "future", 9),
        ("arrive", "barrier", 12),
        ("pass", "barrier", 12),
        ("abort", "barrier", 12),
        ("reset", "barrier", 12),
        ("spin", None, None),
        ("time", None, None),
        ("timeout", "q", 7),
        ("brand-new-kind", "thing", 13),
    ]
    for i, (kind, target, where) in enumerate(kinds):
        who = (a, b)[i // 3 % 2]
        values = {"before": i, "after": f"'a long <value> & more of it {i}'"} if i % 4 < 2 else {}
        t.do(
            who,
            kind,
            target,
            where,
            line=70 + i,
            code=f"{kind} of {target} <here> & there",
            **values,
        )
        if kind in ("read", "write", "delete", "call"):
            t.do((b, a)[i // 3 % 2], kind, target, where, line=70 + i, **values)
    message = (
        "KeyError: 'it went <wrong> & badly \x00 " + "because of a very long story " * 25 + "'"
    )
    t.do(b, "raise", message, line=99, code="raise KeyError(key)")
    t.do(a, "end", a, 10)
    return t.run("main", a, b, verdict="thread-exception", message=message)


def night_shift() -> Run:
    """Two guards who make a round of a few seconds, and one each morning: nothing in between."""
    t = Tape()
    names = ("guard A", "guard B")
    for i, name in enumerate(names):
        t.do("main", "start", name, 10 + i, line=20)
    for name in names:
        t.do(name, "begin")
    began = len(t.events)
    for at in (0.0, 28800.0):
        for i, name in enumerate(names):
            since = began if at == 0 else len(t.events) - 1
            t.time = at + 2 + 3 * i
            t.do(name, "sleep", line=41, since=since, waited_for="time to pass")
            t.do(name, "acquire", "key", 1, line=31, code="with key:")
            t.do(name, "write", "rounds", 2, line=9, before=i, after=i + 1)
            t.time += 1
            t.do(name, "sleep", line=41, since=len(t.events) - 1, waited_for="time to pass")
            t.do(name, "release", "key", 1, line=31, code="with key:")
    for i, name in enumerate(names):
        t.do(name, "end", name, 10 + i)
        t.do("main", "join", name, 10 + i, line=22, since=3, waited_for=f"{name} to end")
    return t.run("main", *names)


def naps(threads: int = 32, events: int = 2000) -> Run:
    """Many threads that take short naps, wait for one lock, and nap while they hold it."""
    names = [f"Thread-{i + 1} (work)" for i in range(threads)]
    t = Tape()
    for i, name in enumerate(names):
        t.do("main", "start", name, 10 + i, line=20)
        t.do(name, "begin")
    told = dict.fromkeys(names, 0)
    at = 0
    while len(t.events) < events - 2 * threads:
        at += 1
        name = names[at * 7 % threads]
        t.time += 0.25
        t.do(name, "sleep", line=41, since=told[name], waited_for="time to pass")
        told[name] = len(t.events)
        if at % 3 == 0:
            t.time += 0.125
            other = names[at * 5 % threads]
            waits = f"Lock `lock` held by {other}"
            t.do(name, "acquire", "lock", 1, line=31, since=told[name] - 1, waited_for=waits)
            t.time += 0.25
            t.do(name, "sleep", line=41, since=len(t.events) - 1, waited_for="time to pass")
            t.do(name, "release", "lock", 1, line=31)
        if at % 64 == 0:
            t.time += 30.0
    for i, name in enumerate(names):
        t.do(name, "end", name, 10 + i)
    for i, name in enumerate(names):
        t.do("main", "join", name, 10 + i, line=22)
    return t.run("main", *names)


def gathering() -> Run:
    """Three threads meet at a barrier when an event lets them; one is told so by a condition."""
    t = Tape()
    names = ("red", "green", "blue")
    for i, name in enumerate(names):
        t.do("main", "start", name, 10 + i, line=20)
    for name in names:
        t.do(name, "begin")
    t.do("main", "set", "gate", 5, line=70, code="gate.set()")
    for name in names:
        waits = "Event `gate` to be set"
        t.do(name, "wait", "gate", 5, line=71, code="gate.wait()", since=5, waited_for=waits)
    came = {}
    for name in names:
        came[name] = t.do(name, "arrive", "meeting", 6, line=72, code="meeting.wait()")
    for i, name in enumerate(names):
        waits = f"Barrier `meeting`, which {i + 1} of 3 have reached"
        t.do(
            name,
            "pass",
            "meeting",
            6,
            line=72,
            code="meeting.wait()",
            since=came[name] + 1 if i < 2 else None,
            waited_for=waits if i < 2 else None,
        )
    t.do("blue", "acquire", "news", 7, line=73, code="with news:")
    slept = t.do("blue", "wait", "news", 7, line=74, code="news.wait()")
    t.do("red", "acquire", "news", 7, line=75, code="with news:")
    t.do("red", "notify", "news", 7, line=76, code="news.notify()")
    t.do("red", "release", "news", 7, line=75, code="with news:")
    waits = "a notification of Condition `news`"
    t.do("blue", "wake", "news", 7, line=74, since=slept + 1, waited_for=waits)
    t.do("blue", "acquire", "news", 7, line=74, code="news.wait()")
    t.do("blue", "release", "news", 7, line=73, code="with news:")
    for i, name in enumerate(names):
        t.do(name, "end", name, 10 + i)
        t.do("main", "join", name, 10 + i, line=22, since=8, waited_for=f"{name} to end")
    return t.run("main", *names)


ALL = {
    "lost_update": lost_update,
    "deadlock": deadlock,
    "locked_counter": locked_counter,
    "locked_three": lambda: locked_counter(3),
    "downloads": downloads,
    "under_a_lock": under_a_lock,
    "eight": lambda: many(8),
    "thirty_two": lambda: many(32),
    "long": long_run,
    "walk_two": lambda: walk(2, 200, 0.3),
    "walk_two_far": lambda: walk(2, 2000, 0.02),
    "walk_eight": lambda: walk(8, 2000, 0.3),
    "walk_thirty_two": lambda: walk(32, 2000, 0.1),
    "one_by_one": lambda: one_by_one(2, 40),
    "thirty_two_by_one": lambda: one_by_one(32, 15),
    "buffer": buffer,
    "zoo": zoo,
    "gathering": gathering,
    "night_shift": night_shift,
    "naps": naps,
    "naps_eight": lambda: naps(8, 300),
}
