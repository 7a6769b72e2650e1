"""Programs of every kind, and all that a report on one of them says, as plain data.

Needs nothing but the engine, so that any Python can run it:
`python determinism_programs.py`, with what to replay as JSON on standard input, writes what it
found as JSON to standard output.
"""

from __future__ import annotations

import json
import queue
import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from typing import Any

from taketurns import Report, Run, explore, simulate


def run_all(*works, daemon=None):
    threads = [threading.Thread(target=work, daemon=daemon) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def several_outcomes():
    order = []
    run_all(*(lambda name=name: order.append(name) for name in "abc"))
    return "".join(order)


def lost_update():
    count = {"visitors": 0}

    def enter():
        count["visitors"] += 1

    run_all(enter, enter, enter)
    assert count["visitors"] == 3, f"three came, {count['visitors']} were counted"


def thread_dies():
    free = ["the last seat"]

    def sell():
        if free:
            free.pop()

    run_all(sell, sell)


def main_dies():
    box = {}
    threading.Thread(target=box.setdefault, args=("result", 7)).start()
    return box["result"]


def deadlock():
    left, right = threading.Lock(), threading.Lock()

    def eat(first, second):
        with first, second:
            pass

    run_all(lambda: eat(left, right), lambda: eat(right, left))


def spins_for_ever():
    done = [False]

    def toggle():
        done[0] = not done[0]

    def watch():
        while not done[0]:
            pass

    run_all(toggle, toggle, watch)


def leaves_a_thread():
    opened = threading.Event()
    threading.Thread(target=opened.wait).start()
    flag = []
    threading.Thread(target=flag.append, args=(1,)).start()
    if flag:
        opened.set()


def too_large():
    total = [0]
    lock = threading.Lock()

    def work():
        for _ in range(4):
            with lock:
                total[0] += 1

    run_all(work, work, work, work)
    return total[0]


def sleeps_instead_of_waiting():
    found = []

    def search():
        time.sleep(1)
        found.append("it")

    threading.Thread(target=search).start()
    time.sleep(2)
    return found[0]


def waits_with_a_timeout():
    ready = threading.Event()
    threading.Timer(1, ready.set).start()
    first = ready.wait(0.5)
    return first, ready.wait(), time.monotonic() >= 0


def strings_in_sets():
    seen = set()
    lock = threading.Lock()

    def visit(*pages):
        for page in pages:
            with lock:
                if page not in seen:
                    seen.add(page)

    run_all(lambda: visit("home", "news"), lambda: visit("news", "about"))
    return sorted(seen), len({"a", "b"} | seen), "news" in seen


def pool():
    def square(n):
        if n == 3:
            raise ValueError(f"not {n}")
        return n * n

    with ThreadPoolExecutor(2) as workers:
        tasks = [workers.submit(square, n) for n in (2, 3)]
        done = [task.exception() is None for task in as_completed(tasks)]
    return done, tasks[0].result()


def pipeline():
    orders, served = queue.Queue(2), []

    def cook():
        while (order := orders.get()) is not None:
            served.append(order)
            orders.task_done()

    cooks = [threading.Thread(target=cook) for _ in range(2)]
    for thread in cooks:
        thread.start()
    orders.put("soup")
    for _ in cooks:
        orders.put(None)
    for thread in cooks:
        thread.join()
    return tuple(served)


def phases():
    log = []
    barrier = threading.Barrier(2, action=lambda: log.append("turn"))

    def work():
        log.append("first")
        barrier.wait()
        log.append("second")

    run_all(work, work)
    assert log.index("turn") == 2, log


def breaks_a_barrier():
    barrier, errors = threading.Barrier(3), []

    def work():
        try:
            barrier.wait(1)
        except threading.BrokenBarrierError as error:
            errors.append(type(error).__name__)

    run_all(work, work)
    return errors


def lost_wakeup():
    condition, ready = threading.Condition(), []

    def consume():
        with condition:
            condition.wait()
            ready.pop()

    def produce():
        ready.append(1)
        with condition:
            condition.notify()

    run_all(consume, produce)


def looks_again_and_again():
    lock, done = threading.Lock(), []

    def watch():
        while True:
            with lock:
                if done:
                    return

    def finish():
        with lock:
            done.append(1)

    run_all(watch, finish)


def daemon_left_behind():
    saved = []

    def save():
        saved.append(1)
        saved.append(2)

    threading.Thread(target=save, daemon=True).start()
    return len(saved)


def draws_lots():
    winners = []

    def draw(name):
        winners.append((random.randint(1, 1_000_000), name))

    run_all(lambda: draw("a"), lambda: draw("b"))
    return sorted(winners)


def strings_taken_out_of_a_set():
    visited, pages = [], {"home", "news", "about"}
    run_all(*(lambda page=page: visited.append(page) for page in pages))
    return sorted(visited)


class Account:
    def __init__(self):
        self.lock = threading.Lock()


def objects_in_sets():
    accounts = {Account() for _ in range(3)}
    threads = {threading.Thread(target=id, args=(account,)) for account in accounts}
    run_all(*(thread.run for thread in threads))
    first, second = sorted(accounts, key=id)[:2]
    run_all(lambda: first.lock.acquire(timeout=1), lambda: second.lock.acquire(timeout=1))
    return [sorted(accounts, key=id).index(account) for account in accounts]


PROGRAMS: dict[str, tuple[Any, str, int | None]] = {
    program.__name__: (program, "exact", None)
    for program in (
        several_outcomes,
        lost_update,
        thread_dies,
        main_dies,
        deadlock,
        spins_for_ever,
        leaves_a_thread,
        waits_with_a_timeout,
        strings_in_sets,
        pool,
        pipeline,
        phases,
        breaks_a_barrier,
        lost_wakeup,
        looks_again_and_again,
        daemon_left_behind,
        draws_lots,
        objects_in_sets,
        strings_taken_out_of_a_set,
    )
} | {
    "too_large": (too_large, "exact", 6_000),
    "sleeps_instead_of_waiting": (sleeps_instead_of_waiting, "adversarial", None),
    "lost_update, adversarial": (lost_update, "adversarial", None),
}


# What such a program does first is drawn anew in every process, unless PYTHONHASHSEED is set.
DRAWN = ["strings_taken_out_of_a_set"]


def explored(name: str) -> Report:
    program, clock, budget = PROGRAMS[name]
    return explore(program, clock=clock, budget=budget)


def told(report: Report) -> dict[str, Any]:
    """All that a report says; plain data."""
    failure = report.failure
    said = {
        "verdict": report.verdict,
        "coverage": [str(report.coverage), asdict(report.coverage)],
        "outcomes": [[repr(key), count] for key, count in report.outcomes.items()],
        "examples": [[repr(key), schedule] for key, schedule in report.schedules.items()],
        "failure": failure
        and {
            "mistake": failure.mistake,
            "message": failure.message,
            "schedule": failure.schedule,
            "run": ran(failure.run),
        },
    }
    plain: dict[str, Any] = json.loads(json.dumps(said))
    return plain


def ran(run: Run) -> dict[str, Any]:
    """All that a run says, each of its steps included; plain data."""
    events = [asdict(event) for event in run.events]
    for event in events:
        event["file"] = event["file"] and Path(event["file"]).name
    said = {name: getattr(run, name) for name in _PLAIN}
    said["events"] = events
    said["error"] = run.error and [type(run.error).__name__, str(run.error)]
    said["result"] = repr(run.result)
    # Since Python 3.13 more lines of a traceback are underlined.
    said["output"] = [line for line in run.output.splitlines() if line.strip(" ~^")]
    plain: dict[str, Any] = json.loads(json.dumps(said))
    return plain


_PLAIN = ("elapsed", "threads", "verdict", "message", "schedule", "program")


def schedules_of(found: dict[str, Any]) -> list[str]:
    """The schedules that a report names."""
    failure = found["failure"]
    return [schedule for _, schedule in found["examples"]] + (
        [failure["schedule"]] if failure else []
    )


def replayed(name: str, schedules: list[str]) -> list[dict[str, Any]]:
    """What runs under these schedules say."""
    program, clock, _ = PROGRAMS[name]
    return [ran(simulate(program, schedule=schedule, clock=clock)) for schedule in schedules]


def main() -> None:
    """Explore every program, replay what is asked for."""
    asked: dict[str, list[str]] = json.load(sys.stdin)
    json.dump(
        {
            "python": sys.version.split()[0],
            "told": {name: told(explored(name)) for name in PROGRAMS},
            "replayed": {name: replayed(name, asked[name]) for name in asked},
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
