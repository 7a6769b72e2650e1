"""How long verdicts take, and how much they cover, over all answers of the course.

    python benchmarks/answers.py [--runs N] [--seconds LIMIT]

Every program that a graded check explores is timed: from the call of `explore` to its report, with
shrinking and diagnosis. Each answer has a process of its own, which has explored something before.
Of several runs, each of a notebook of its own, the quickest counts: what else the machine does only
adds to it. Writes benchmarks/answers.json and exits with 1 if something
that is wanted does not hold.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import linecache
import multiprocessing
import os
import platform
import re
import statistics
import sys
import time
import types
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT = Path(__file__).resolve().parents[1]
ANSWERS = ROOT / "tests" / "answers"
HEADER = re.compile(r"# fails: (?P<cell>[a-z0-9-]+)\n# mistake: (?P<mistake>[a-z-]+)\n")
WANTED = {
    "right": {"share_complete": 0.9, "median_s": 0.1, "maximum_s": 2.0},
    "wrong": {"median_s": 0.03, "maximum_s": 1.0},
    "mistakes": {"share_named": 0.95, "named_differently": 0},
}


@dataclass(frozen=True)
class Check:
    """One program explored: by which cell and answer, how long, to what end."""

    answer: str  # its path below tests/answers, without `.py`
    right: bool
    cell: str
    program: str
    holds: bool
    verdict: str
    complete: bool
    coverage: str
    schedules: int
    mistake: str | None
    schedule: str | None  # of the failure
    seconds: float

    @property
    def where(self) -> str:
        """The answer and the check."""
        return f"{self.answer} · {self.cell} · {self.program}"


def lost_update() -> None:
    """A program to explore before anything is timed: what is imported late is then there."""
    import threading

    total = 0

    def add() -> None:
        nonlocal total
        total += 1

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert total == 2


def checks_of(path: Path, runs: int) -> list[Check]:
    """Run the graded cells of the answer's exercise; what they explored, in order."""
    exercise = importlib.import_module("taketurns.course._exercise")
    taketurns = importlib.import_module("taketurns")
    assignment, name = path.relative_to(ANSWERS).parts[:2]
    (master,) = (ROOT / "source" / assignment).glob("*.ipynb")
    cells = exercise.read_cells(master)
    (solution,) = (cell for cell in cells if cell.name == name)
    steps = exercise.steps_of(cells, solution, path.read_text("utf-8"), path.name)
    os.chdir(master.parent)
    explore = taketurns.explore
    explore(lost_update)
    rounds = [_round(f"{number}.ipynb", steps, explore, taketurns) for number in range(runs)]
    return [
        Check(
            answer=path.relative_to(ANSWERS).with_suffix("").as_posix(),
            right=path.parent.name == "right",
            cell=cell,
            program=report.program,
            holds=report.holds,
            verdict=report.verdict,
            complete=report.coverage.complete,
            coverage=str(report.coverage),
            schedules=report.coverage.schedules,
            mistake=report.failure and report.failure.mistake,
            schedule=report.failure and report.failure.schedule,
            seconds=min(found[number][2] for found in rounds),
        )
        for number, (cell, report, _) in enumerate(rounds[0])
    ]


def _round(
    folder: str, steps: Iterable[Any], explore: Callable[..., Any], taketurns: Any
) -> list[tuple[str, Any, float]]:
    """Run the cells once in a namespace of their own: cell, report and seconds of each check."""
    found: list[tuple[str, Any, float]] = []
    notebook = types.ModuleType("__main__")
    sys.modules["__main__"] = notebook
    step: Any = None

    def timed(*args: Any, **kwargs: Any) -> Any:
        start = time.perf_counter()
        report = explore(*args, **kwargs)
        seconds = time.perf_counter() - start
        if step.role == "graded":
            found.append((step.name, report, seconds))
        return report

    timed.__module__ = explore.__module__  # the engine must know it for its own
    taketurns.explore = timed
    for step in steps:
        file, source = f"{folder}/{step.name}", step.source
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        with (
            contextlib.suppress(Exception),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            exec(compile(source, file, "exec", dont_inherit=True), notebook.__dict__)  # noqa: S102
    taketurns.explore = explore
    return found


def _share(part: Iterable[bool], whole: list[Any]) -> float:
    return round(sum(part) / max(len(whole), 1), 4)


def _times(checks: list[Check]) -> dict[str, Any]:
    slowest = max(checks, key=lambda check: check.seconds)
    return {
        "programs": len(checks),
        "median_s": round(statistics.median(check.seconds for check in checks), 4),
        "maximum_s": round(slowest.seconds, 3),
        "slowest": slowest.where,
    }


def named(path: Path, checks: list[Check]) -> tuple[str, str | None]:
    """The mistake that a wrong answer's header names, and the one that its cell was told."""
    header = HEADER.match(path.read_text("utf-8"))
    assert header, path
    cell = [check for check in checks if check.cell == header["cell"] and not check.holds]
    return header["mistake"], cell[0].mistake if cell else None


def summary(found: dict[Path, list[Check]]) -> dict[str, Any]:
    """The figures."""
    checks = [check for each in found.values() for check in each]
    right = [check for check in checks if check.right]
    refused = [check for check in checks if not check.right and not check.holds]
    passed = [check for check in checks if not check.right and check.holds]
    wrong = {path: each for path, each in found.items() if path.parent.name == "wrong"}
    told = [named(path, each) for path, each in wrong.items()]
    real = [(wanted, got) for wanted, got in told if wanted != "none"]
    lengths = [len(check.schedule) for check in refused if check.schedule]
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "right": {
            "answers": len(found) - len(wrong),
            "share_complete": _share((check.complete for check in right), right),
            **_times(right),
        },
        "wrong": {"answers": len(wrong), **_times(refused)},
        "wrong_but_this_check_passes": {
            "share_complete": _share((check.complete for check in passed), passed),
            **_times(passed),
        },
        "mistakes": {
            "answers_with_one": len(real),
            "share_named": _share((wanted == got for wanted, got in real), real),
            "named_differently": sum(got not in (None, wanted) for wanted, got in told),
        },
        "schedule_length": {"median": statistics.median(lengths), "maximum": max(lengths)},
    }


def broken(found: dict[Path, list[Check]], figures: dict[str, Any]) -> list[str]:
    """What is wanted and does not hold, with the programs to blame."""
    said = []
    for part, limits in WANTED.items():
        for name, limit in limits.items():
            value = figures[part][name]
            if value < limit if name.startswith("share") else value > limit:
                said.append(f"{part}: {name} is {value}, wanted {limit}")
    for path, checks in found.items():
        for check in checks:
            if check.right and not check.complete:
                said.append(f"not complete: {check.where}: {check.coverage}")
            limit = WANTED["right" if check.holds else "wrong"]["maximum_s"]
            if check.seconds > limit:
                said.append(f"slow: {check.where}: {check.seconds:.2f} s, {check.coverage}")
        if path.parent.name == "wrong":
            wanted, got = named(path, checks)
            if (got or "none") != wanted:
                said.append(f"named {got}, not {wanted}: {path.relative_to(ANSWERS)}")
    return said


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each answer, default 3")
    parser.add_argument(
        "--only", default="", help="answers with this in their path; writes no file"
    )
    parser.add_argument("--all", action="store_true", help="print every check")
    options = parser.parse_args()
    paths = [path for path in sorted(ANSWERS.glob("*/*/*/*.py")) if options.only in str(path)]
    os.environ["PYTHONHASHSEED"] = "0"  # as `taketurns try` does
    context = multiprocessing.get_context("spawn")
    found: dict[Path, list[Check]] = {}
    with context.Pool(1, maxtasksperchild=1) as pool:
        jobs = [(path, pool.apply_async(checks_of, (path, options.runs))) for path in paths]
        for path, job in jobs:
            found[path] = job.get()
            if options.all:
                for check in found[path]:
                    said = check.mistake or check.verdict if not check.holds else check.coverage
                    print(f"{check.seconds * 1000:9.1f} ms  {check.where}: {said}", flush=True)
    figures = summary(found)
    print(json.dumps(figures, indent=2))
    said = broken(found, figures)
    for line in said:
        print(line)
    if not options.only:
        text = json.dumps(figures, indent=2, ensure_ascii=False) + "\n"
        (ROOT / "benchmarks" / "answers.json").write_text(text, "utf-8")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
