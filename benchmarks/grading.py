"""How long a class takes: `taketurns grade` beside `nbgrader autograde`, on the same submissions.

    python benchmarks/grading.py [--students N] [--rounds N]    measures and writes grading.json

Three rounds, each a course of its own with a third of the class: first one grader, then the other,
then the other way round. Every submission is another combination of answers from
tests/answers/03-races-and-locks, so that hardly a verdict can be had from another student's. Both
start anew in each round. The scores must be the same.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from taketurns.course import sample_class
from taketurns.course.folder import Course

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
ASSIGNMENT = "03-races-and-locks"
TIMES_FASTER = 10.0


def hand_in(folder: Path, numbers: range) -> None:
    """Make a course with these students; a quarter of their answers are wrong."""
    course = Course(ROOT)
    sample_class.start(course, folder, ASSIGNMENT)
    shutil.copytree(ROOT / "release" / ASSIGNMENT, folder / "release" / ASSIGNMENT)
    answers = ROOT / "tests" / "answers" / ASSIGNMENT
    names = [e.name for e in sample_class.exercises(sample_class._master(course, ASSIGNMENT))]
    for number in numbers:
        chosen = {}
        for at, name in enumerate(names):
            kind = "wrong" if (number + at) % 4 == 0 else "right"
            files = sorted((answers / name / kind).glob("*.py"))
            chosen[name] = files[number % len(files)]
        sample_class.hand_in(folder, ASSIGNMENT, sample_class.Student(f"s{number:04}", chosen))


def timed(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds of wall clock and of processor time that a command takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False
    )
    wall = time.perf_counter() - began
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)}:\n{done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ours(folder: Path) -> tuple[float, float]:
    """Grade by `taketurns grade`, from nothing."""
    for name in ("autograded", ".taketurns"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / "gradebook.db").unlink(missing_ok=True)
    return timed(["taketurns", "grade", ASSIGNMENT], folder)


def stock(folder: Path) -> tuple[float, float]:
    """Grade by `nbgrader autograde`, from nothing but the assignment in its gradebook."""
    shutil.rmtree(folder / "autograded", ignore_errors=True)
    (folder / "gradebook.db").unlink(missing_ok=True)
    sample_class.run_nbgrader(folder, "generate_assignment", ASSIGNMENT, "--force")
    return timed(["nbgrader", "autograde", ASSIGNMENT], folder)


def measured(students: int, rounds: int) -> dict[str, Any]:
    """All figures."""
    took: dict[str, list[tuple[float, float]]] = {"taketurns": [], "nbgrader": []}
    with tempfile.TemporaryDirectory(prefix="tt-") as place:
        for turn in range(rounds):
            folder = Path(place) / str(turn)
            hand_in(folder, range(turn * students // rounds, (turn + 1) * students // rounds))
            scores = {}
            graders = [("taketurns", ours), ("nbgrader", stock)]
            for name, grade in graders if turn % 2 == 0 else reversed(graders):
                took[name].append(grade(folder))
                scores[name] = sample_class.gradebook(folder, ASSIGNMENT)
            if scores["taketurns"] != scores["nbgrader"]:
                raise SystemExit(f"the scores differ: {scores}")
    wall = {name: sum(seconds for seconds, _ in each) for name, each in took.items()}
    spent = {name: sum(seconds for _, seconds in each) for name, each in took.items()}
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "students": students,
        "rounds": rounds,
        "seconds": {name: round(seconds, 1) for name, seconds in wall.items()},
        "processor_seconds": {name: round(seconds, 1) for name, seconds in spent.items()},
        "times_faster": round(wall["nbgrader"] / wall["taketurns"], 1),
    }


def main() -> int:
    """Measure, print, write grading.json; return 1 if it is not fast enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    figures = measured(options.students, options.rounds)
    (HERE / "grading.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    print(json.dumps(figures, indent=2))
    if figures["times_faster"] < TIMES_FASTER:
        print(f"only {figures['times_faster']} times as fast, wanted {TIMES_FASTER:g}")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
