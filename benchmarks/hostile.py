"""How long thirty hostile submissions take: `taketurns grade` beside stock `nbgrader autograde`.

    python benchmarks/hostile.py    measures and writes hostile.json

The thirty are of tests/submissions, two of which never end. nbgrader, which has no sandbox, runs
them too, so none is here that would harm this machine: no fork or memory bombs, nothing that writes
outside of its folder. Nor is one here at which nbgrader stops the whole batch, such as a pasted
cell, nor a flood of output without end, which it keeps in memory for 30 seconds. Both use
nbgrader's own settings: 30 seconds for a cell, and a kernel is asked to end and waited for.
Only the time is compared: a kernel that is gone costs a student all exercises in nbgrader, and only
the one of them here.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from grading import ASSIGNMENT, DEFAULTS, HERE, ROOT, TIMES_FASTER, ours, stock

from taketurns.course import sample_class
from taketurns.course.folder import Course

NAMES = (
    # They end the process, or their cell, too early.
    "alarm-clock",
    "kills-itself",
    "os-exit",
    "os-exit-in-a-thread",
    "recursion-without-end",
    "segmentation-fault",
    "sys-exit-in-a-thread",
    "sys-exit-in-the-cell",
    # They do not end; the engine sees it in the first three, a limit of time in the last two.
    "deadlock-in-an-answer",
    "endless-loop-in-a-method",
    "endless-loop-that-catches-everything",
    "busy-loop",
    "sleeps-for-ever",
    # They leave something behind, or break something.
    "breaks-the-imports",
    "changes-folder",
    "leaked-threads",
    "output-of-twenty-megabytes",
    "thread-that-fails-late",
    "waits-at-exit",
    "waits-for-input",
    # They are not Python, or not quite the notebook that was given out.
    "magics",
    "code-with-a-null-byte",
    "sentence-instead-of-an-answer",
    "syntax-error",
    "corrupt-json",
    "deleted-graded-cell",
    "deleted-solution-cell",
    "other-kernel",
    "utf-8-with-a-mark",
    "wrong-file-name",
)


def hand_in(folder: Path) -> None:
    """Make a course with these submissions."""
    sample_class.start(Course(ROOT), folder, ASSIGNMENT)
    shutil.copytree(ROOT / "release" / ASSIGNMENT, folder / "release" / ASSIGNMENT)
    write = [sys.executable, "-m", "tests.submissions", str(folder), *NAMES]
    subprocess.run(write, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)


def measured() -> dict[str, Any]:
    """All figures."""
    took = {}
    with tempfile.TemporaryDirectory(prefix="tt-") as place:
        folder = Path(place) / "course"
        hand_in(folder)
        graders = {"taketurns": ours, "stock nbgrader": lambda at: stock(at, *DEFAULTS)}
        for name, grade in graders.items():
            took[name] = grade(folder)
            tried = sample_class.gradebook(folder, ASSIGNMENT)
            if sorted(tried) != sorted(NAMES):
                raise SystemExit(f"{name} did not get to {set(NAMES) - set(tried)}")
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "submissions": len(NAMES),
        "seconds": {name: round(seconds, 1) for name, seconds in took.items()},
        "times_faster": round(took["stock nbgrader"] / took["taketurns"], 1),
    }


def main() -> int:
    """Measure, print, write hostile.json; return 1 if it is not fast enough."""
    figures = measured()
    (HERE / "hostile.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    print(json.dumps(figures, indent=2))
    if figures["times_faster"] < TIMES_FASTER:
        print(f"only {figures['times_faster']} times as fast, wanted {TIMES_FASTER:g}")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
