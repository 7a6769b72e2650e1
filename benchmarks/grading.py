"""How long a class takes: `taketurns grade` beside `nbgrader autograde`, on the same submissions.

    python benchmarks/grading.py [--students N] [--rounds N] [--synthetic N]    writes grading.json

A class: rounds, each a course of its own with a part of the class, graded by one grader after the
other, by ours between the others, too. Every submission is another combination of answers from
tests/answers/03-races-and-locks, so that hardly a verdict can be had from another student's. All
graders start anew in each round, and the scores must be the same. nbgrader runs twice: with its own
defaults ("stock") and with this course's nbgrader_config.py, by which it does not wait for kernels
to end.

Synthetic submissions, of one exercise with two checks that take no time: what a submission costs
beside its cells, whether twice as many take twice as long, and what the gradebook can take.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbformat.v4 import new_code_cell, new_notebook

from taketurns.course import sample_class
from taketurns.course.folder import Course
from taketurns.grading.folders import Folders, recorded
from taketurns.grading.gradebook import Gradebook

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


def timed(command: list[str], folder: Path) -> tuple[float, int]:
    """Seconds of wall clock that a command takes, and the most memory of a process, in bytes.

    Wardens, which end by themselves when their worker has ended, are not looked at.
    """
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=folder, stdout=said, stderr=said
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 1):
            said.seek(0)
            raise SystemExit(f"{' '.join(command)}:\n{said.read()[-2000:]}")
    return wall, used.ru_maxrss * 1024


def forget(folder: Path) -> None:
    """Leave nothing of an earlier grading."""
    for name in ("autograded", "feedback", ".taketurns"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / "gradebook.db").unlink(missing_ok=True)


def ours(folder: Path) -> float:
    """Grade by `taketurns grade`, from nothing."""
    forget(folder)
    return timed(["taketurns", "grade", ASSIGNMENT], folder)[0]


def stock(folder: Path, *options: str) -> float:
    """Grade by `nbgrader autograde`, from nothing but the assignment in its gradebook."""
    forget(folder)
    sample_class.run_nbgrader(folder, "generate_assignment", ASSIGNMENT, "--force")
    return timed(["nbgrader", "autograde", ASSIGNMENT, *options], folder)[0]


DEFAULTS = ["--Execute.shutdown_kernel=graceful", "--Execute.timeout=30"]
GRADERS = {
    "taketurns": ours,
    "stock nbgrader": lambda folder: stock(folder, *DEFAULTS),
    "nbgrader as configured here": stock,
}


# Ours between the others, since the machine is not always as fast: the mean counts.
TURNS = ["taketurns", "stock nbgrader", "taketurns", "nbgrader as configured here", "taketurns"]


def of_class(students: int, rounds: int) -> dict[str, Any]:
    """How long each grader takes for a class."""
    took = dict.fromkeys(GRADERS, 0.0)
    with tempfile.TemporaryDirectory(prefix="tt-") as place:
        for turn in range(rounds):
            folder = Path(place) / str(turn)
            hand_in(folder, range(turn * students // rounds, (turn + 1) * students // rounds))
            scores = []
            for name in TURNS:
                took[name] += GRADERS[name](folder) / TURNS.count(name)
                scores.append(sample_class.gradebook(folder, ASSIGNMENT))
            if any(each != scores[0] for each in scores):
                raise SystemExit(f"the scores differ: {scores}")
    return {
        "students": students,
        "rounds": rounds,
        "seconds": {name: round(seconds, 1) for name, seconds in took.items()},
        "times_faster": {
            name: round(seconds / took["taketurns"], 1)
            for name, seconds in took.items()
            if name != "taketurns"
        },
    }


def exercise(answer: str) -> dict[str, Any]:
    """A notebook with an answer and two checks."""
    cells = [new_code_cell(answer, id="answer", metadata={"nbgrader": settings("answer", 0)})]
    for name, number in (("small", 2), ("large", 200)):
        check = f"assert twice({number}) == {2 * number}"
        cells.append(new_code_cell(check, id=name, metadata={"nbgrader": settings(name, 1)}))
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return dict(new_notebook(cells=cells, metadata=metadata))


def settings(name: str, points: int) -> dict[str, Any]:
    """Nbgrader's settings of a cell."""
    solution = not points
    known = {"schema_version": 3, "locked": not solution, "task": False, "grade_id": name}
    extra = {} if solution else {"points": points}
    return {**known, **extra, "solution": solution, "grade": not solution}


def synthetic(folder: Path, number: int) -> tuple[float, int]:
    """Seconds and bytes that so many submissions take."""
    for name in ("source", "release", "submitted"):
        shutil.rmtree(folder / name, ignore_errors=True)
    forget(folder)
    folder.mkdir(exist_ok=True)
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    texts = {"source/twice": "def twice(x):\n    return 2 * x"}
    for at in range(number):
        texts[f"submitted/s{at:04}/twice"] = f"def twice(x):\n    return x * 2  # {at}"
    for place, text in texts.items():
        (folder / place).mkdir(parents=True)
        (folder / place / "twice.ipynb").write_text(json.dumps(exercise(text)), "utf-8")
    return timed(["taketurns", "grade", "twice"], folder)


def of_many(number: int) -> dict[str, Any]:
    """What many submissions cost that take no time themselves."""
    with tempfile.TemporaryDirectory(prefix="tt-") as place:
        folder = Path(place) / "course"
        synthetic(folder, 1)
        sizes = (1, number // 4, number // 2, number)
        # The quickest of three, in turns: the machine is not always as fast.
        (one, _), (quarter, _), (half, half_memory), (whole, memory) = map(
            min, zip(*([synthetic(folder, size) for size in sizes] for _ in range(3)), strict=True)
        )
        folders = Folders.of(Course(folder))
        graded = [recorded(folders.autograded / f"s{at:04}" / "twice") for at in range(number)]
        new = [replace(each, student=f"n{each.student}") for each in graded if each is not None]
        with Gradebook(folders.db_url, folders.course_id) as gradebook:
            began = time.perf_counter()
            for at in range(0, number, 64):
                gradebook.write(new[at : at + 64])
            writing = time.perf_counter() - began
    return {
        "submissions": number,
        "checks_each": 2,
        "seconds": round(whole, 1),
        "seconds_of_one": round(one, 1),
        "milliseconds_each": round(1000 * (whole - one) / (number - 1), 1),
        # Both without the start, in which the workers are alone until nbgrader is there.
        "second_half_to_twice_the_second_quarter": round(
            (whole - half)
            / (half - quarter)
            / (number - number // 2)
            * (number // 2 - number // 4),
            2,
        ),
        "memory_to_that_of_half": round(memory / half_memory, 2),
        "gradebook_writes_a_second": round(number / writing),
    }


def main() -> int:
    """Measure, print, write grading.json; return 1 if it is not fast enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--synthetic", type=int, default=1000)
    options = parser.parse_args()
    figures = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "class": of_class(options.students, options.rounds),
        "many": of_many(options.synthetic),
    }
    (HERE / "grading.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    print(json.dumps(figures, indent=2))
    faster = figures["class"]["times_faster"]["stock nbgrader"]
    if faster < TIMES_FASTER:
        print(f"only {faster} times as fast, wanted {TIMES_FASTER:g}")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
