"""Random programs written directly in steps of the scheduler, to test the search by itself."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from taketurns.engine.scheduler import Scheduler

Script = list[tuple[str, int]]

# Each palette is rich in conflicts of one kind; most pairs of its operations do not commute.
PALETTES = [
    ["write", "read", "increment", "acquire", "release"],
    ["increment", "take permit", "give permit"],
    ["put", "get", "write"],
    ["write", "read", "set", "clear", "wait", "timed wait"],
    ["timed acquire", "release", "sleep", "write", "increment"],
    ["try", "release", "acquire", "increment"],
    ["sleep", "increment", "write", "read"],
    ["acquire", "release", "take permit", "give permit", "set", "wait", "write"],
    ["put", "get", "acquire", "release", "read", "write"],
    ["timed wait", "set", "clear", "sleep", "write"],
]


class Box:
    """A value that threads share."""

    def __init__(self, value: Any = 0) -> None:
        self.value = value


class Mutex:
    """A lock as the search knows it."""

    def __init__(self) -> None:
        self._tt_holder: object = None


def random_scripts(seed: int) -> list[Script]:
    """Two or three short scripts over few objects."""
    rng = random.Random(seed)
    palette = rng.choice(PALETTES)
    threads = rng.choice([2, 2, 3])
    longest = 4 if threads == 2 else 3
    return [
        [
            (rng.choice(palette), rng.randrange(2) if rng.random() < 0.25 else 0)
            for _ in range(rng.randint(1, longest))
        ]
        for _ in range(threads)
    ]


def program(scripts: list[Script], sched: Scheduler) -> Callable[[], object]:
    """A program whose threads follow the scripts; it returns all that they saw."""
    mutexes = [Mutex(), Mutex()]
    permits = [Box(1), Box(0)]
    values = [Box(), Box()]
    queue: list[int] = []
    flag = Box(False)
    seen: list[tuple[object, ...]] = []

    def step(name: int, operation: str, arg: int) -> object:
        mutex, permit, value = mutexes[arg], permits[arg], values[arg]

        def free() -> bool:
            return mutex._tt_holder is None

        match operation:
            case "write":
                sched.step("write", value)
                value.value = value.value * 3 + name
            case "read":
                sched.step("read", value, "R")
                return value.value
            case "increment":
                sched.step("read", value, "R")
                before = value.value
                sched.step("write", value)
                value.value = before + 1
            case "acquire":
                sched.step("acquire", mutex, guard=free)
                mutex._tt_holder = name
            case "timed acquire":
                if not sched.step("acquire", mutex, guard=free, timeout=1.0 + arg):
                    return False
                mutex._tt_holder = name
            case "try":
                sched.step("try-acquire", mutex)
                if not free():
                    sched.stutter()
                    return False
                mutex._tt_holder = name
            case "release":
                sched.step("release", mutex)
                was_free, mutex._tt_holder = free(), None
                return was_free
            case "take permit":
                sched.step("acquire", permit, guard=lambda: permit.value > 0)
                permit.value -= 1
            case "give permit":
                sched.step("release", permit)
                permit.value += 1
            case "put":
                sched.step("put", queue, guard=lambda: not queue)
                queue.append(name * 10 + arg)
            case "get":
                sched.step("get", queue, guard=lambda: bool(queue))
                return queue.pop()
            case "sleep":
                sched.step("sleep", sched.current, "R", guard=lambda: False, timeout=float(arg))
            case "set" | "clear":
                sched.step(operation, flag)
                flag.value = operation == "set"
            case "wait":
                sched.step("wait", flag, "R", guard=lambda: flag.value)
            case "timed wait":
                return sched.step("wait", flag, "R", guard=lambda: flag.value, timeout=1.0)
        return None

    def main() -> object:
        ends = []
        for name, script in enumerate(scripts, 1):
            end = Box(False)
            sched.step("start", end)

            def body(name: int = name, script: Script = script, end: Box = end) -> None:
                seen.append((name, *(step(name, *operation) for operation in script)))
                sched.step("end", end)
                end.value = True

            sched.spawn(body, name=f"T{name}", daemon=False)
            ends.append(end)
        for end in ends:
            sched.step("join", end, "R", guard=lambda end=end: end.value)
        state = [box.value for box in values + permits]
        clock = round(sched.now, 6) if sched.clock == "exact" else None
        return tuple(sorted(seen, key=str)), tuple(state), tuple(queue), clock

    return main
