"""What a picture of a run costs, from 2 to 32 threads and from a few to 2,000 events.

    python benchmarks/timeline.py [--runs N]     measures and writes timeline.json
    python benchmarks/timeline.py --look FOLDER  writes the pictures instead

Promised: a picture of 2,000 events in under 50 ms and under 200 kB. Beside the milliseconds stands
how many times a picture of about 20 events each takes, which is the same on slow machines.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import queue
import random
import statistics
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taketurns import Run, simulate
from taketurns.engine.explore import record
from taketurns.engine.search import Base
from taketurns.engine.source import plan
from taketurns.lab.text import timeline_text
from taketurns.lab.timeline import timeline_svg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from taketurns.lab.timeline import Axis

HERE = Path(__file__).resolve().parent
MILLISECONDS = 50.0  # promised for 2,000 events
BYTES = 200_000
THREADS = (2, 8, 32)
EVENTS = (20, 200, 2_000)


class Walk(Base):
    """One run in which now and then, by a seeded draw, another thread goes on."""

    def __init__(self, often: float) -> None:
        super().__init__()
        self._draw = random.Random(1)
        self._often = often

    def choose(self, sched: Any, enabled: list[Any], me: Any) -> Any:  # noqa: ARG002
        """Go on, or draw who does."""
        if me in enabled and self._draw.random() > self._often:
            return me
        return self._draw.choice(enabled)


def walked(program: Callable[[], object], often: float) -> Run:
    """A run of the program along a walk; threads are switched in that share of the steps."""
    return record(plan(program), Walk(often), "exact")[0]


# -- the programs: threads that do something so many times --------------------------------------


def together(count: int, work: Callable[[], object]) -> None:
    """Run so many threads and wait for them."""
    doors = [threading.Thread(target=work, name=f"door {n + 1}") for n in range(count)]
    for door in doors:
        door.start()
    for door in doors:
        door.join()


class Office:
    """Counts visitors, with a lock or without."""

    def __init__(self, lock: bool) -> None:
        self.value = 0
        self.lock = threading.Lock() if lock else None

    def visit(self) -> None:
        """Count one."""
        if self.lock is None:
            self.value += 1
            return
        with self.lock:
            self.value += 1


def counting(threads: int, times: int, lock: bool) -> Callable[[], object]:
    """Threads that count so many visitors each."""

    def counter() -> None:
        office = Office(lock)

        def work() -> None:
            for _ in range(times):
                office.visit()

        together(threads, work)
        assert office.value == threads * times, f"{office.value} of {threads * times} were counted"

    return counter


def baking(threads: int, times: int) -> Callable[[], object]:
    """Half of the threads put cakes on a shelf with three places, the others eat them."""

    def bakery() -> None:
        shelf = queue.Queue(3)

        def baker() -> None:
            for cake in range(times):
                shelf.put(cake)

        def eater() -> None:
            for _ in range(times):
                shelf.get()

        half = threads // 2
        people = [threading.Thread(target=baker, name=f"baker {n + 1}") for n in range(half)]
        people += [threading.Thread(target=eater, name=f"eater {n + 1}") for n in range(half)]
        for one in people:
            one.start()
        for one in people:
            one.join()

    return bakery


def dining(threads: int, times: int) -> Callable[[], object]:
    """Each takes the fork on the left, then the one on the right, so many times."""

    def dinner() -> None:
        forks = [threading.Lock() for _ in range(threads)]

        def eat(seat: int) -> None:
            for _ in range(times):
                with forks[seat], forks[(seat + 1) % threads]:
                    pass

        guests = [
            threading.Thread(target=eat, args=(n,), name=f"guest {n + 1}") for n in range(threads)
        ]
        for guest in guests:
            guest.start()
        for guest in guests:
            guest.join()

    return dinner


def resting(threads: int, times: int) -> Callable[[], object]:
    """Threads that sleep between visits, each for a time of its own."""

    def office_hours() -> None:
        office = Office(True)

        def work(pause: float) -> None:
            for _ in range(times):
                time.sleep(pause)
                office.visit()

        doors = [
            threading.Thread(target=work, args=(n / 4 + 1,), name=f"door {n + 1}")
            for n in range(threads)
        ]
        for door in doors:
            door.start()
        for door in doors:
            door.join()

    return office_hours


FAMILIES: dict[str, Callable[[int, int], Run]] = {
    "counter": lambda n, k: walked(counting(n, k, False), 0.3),
    "counter, few switches": lambda n, k: walked(counting(n, k, False), 0.01),
    "counter with a lock": lambda n, k: walked(counting(n, k, True), 0.1),
    "counter with a lock, in order": lambda n, k: simulate(counting(n, k, True)),
    "shelf": lambda n, k: walked(baking(n, k), 0.1),
    "forks": lambda n, k: walked(dining(n, k), 0.02),
    "sleeps": lambda n, k: simulate(resting(n, k)),
}


def sized(family: Callable[[int, int], Run], threads: int, events: int) -> Run:
    """The family's run with the number of events nearest to the one asked for, but not more."""
    best, low, high = family(threads, 1), 1, max(events // threads, 1)
    while low < high:
        middle = (low + high + 1) // 2
        run = family(threads, middle)
        if len(run.events) <= events:
            best, low = run, middle
        else:
            high = middle - 1
    return best


def built(run: Run, small: Run, runs: int, axis: Axis) -> tuple[float, float, int]:
    """The median milliseconds of building a picture and a small one in turn, and its bytes.

    They are milliseconds of processor time: what else the machine does does not count.
    """
    spent: tuple[list[float], list[float]] = ([], [])
    size = 0
    for _ in range(runs):
        for one, times in zip((small, run), spent, strict=True):
            start = time.process_time()
            svg = timeline_svg(one, axis=axis if one is run else "step")
            times.append((time.process_time() - start) * 1000)
            size = len(svg.encode())
    return statistics.median(spent[1]), statistics.median(spent[0]), size


def grid() -> Iterator[tuple[str, int, int, Run, Axis]]:
    """Every family at every size that it can have: name, threads, events asked for, run, axis."""
    for name, family in FAMILIES.items():
        for threads in THREADS:
            known = 0
            for events in EVENTS:
                run = sized(family, threads, events)
                if not known < len(run.events) <= events:
                    continue  # it cannot be so short, or it ends before it gets longer
                known = len(run.events)
                yield name, threads, events, run, "step"
                if run.elapsed:
                    yield f"{name}, time axis", threads, events, run, "time"


def main() -> int:
    """Measure every size, write timeline.json; return 1 if the promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="builds of each picture, default 9")
    parser.add_argument("--look", type=Path, metavar="FOLDER", help="write the pictures instead")
    parser.add_argument("--width", type=int, default=860, help="pixels, with --look")
    options = parser.parse_args()
    if options.look:
        options.look.mkdir(parents=True, exist_ok=True)
        for name, threads, events, run, axis in grid():
            stem = f"{name.replace(', ', '-').replace(' ', '-')}-{threads}-{events}"
            picture = timeline_svg(run, width=options.width, axis=axis)
            (options.look / f"{stem}.svg").write_text(picture, "utf-8", newline="\n")
            (options.look / f"{stem}.txt").write_text(timeline_text(run), "utf-8", newline="\n")
        return 0
    rows = []
    small = sized(FAMILIES["counter"], 2, 20)
    print(f"{'run':32}{'threads':>8}{'events':>8}{'ms':>8}{'ratio':>8}{'kB':>8}")
    for name, threads, _, run, axis in grid():
        spent, least, size = built(run, small, options.runs, axis)
        row = {
            "run": name,
            "threads": threads,
            "events": len(run.events),
            "milliseconds": round(spent, 2),
            "ratio": round(spent / least, 1),
            "bytes": size,
        }
        rows.append(row)
        print(
            f"{name:32}{threads:8}{len(run.events):8,}{spent:8.1f}{spent / least:8.1f}"
            f"{size / 1000:8.0f}"
        )
    figures = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "builds": options.runs,
        "small": len(small.events),
        "worst": {
            "milliseconds": max(row["milliseconds"] for row in rows),
            "ratio": max(row["ratio"] for row in rows),
            "bytes": max(row["bytes"] for row in rows),
        },
        "pictures": rows,
    }
    (HERE / "timeline.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    kept = figures["worst"]["milliseconds"] < MILLISECONDS and figures["worst"]["bytes"] < BYTES
    print("" if kept else f"a picture takes over {MILLISECONDS:g} ms or {BYTES:,} bytes")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
