"""Runs the steps of an exercise in processes of their own, so that nothing in them can stop us."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from .errors import CourseError
from .variety import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._exercise import Step

# Wall-clock seconds. No right answer comes near them, so that no verdict depends on the machine.
NOTEBOOK_SECONDS = 120.0  # all cells together
GRADED_SECONDS = 30.0  # one graded cell; nbgrader's own limit
OTHER_SECONDS = 15.0  # the answer, or a cell of imports: they only define

Frame = dict[str, Any]  # what the child says about a cell, see `_child`


def run_steps(
    steps: Sequence[Step], directory: Path, notebook: str, student: str | None = None
) -> tuple[list[Frame], str | None]:
    """Run the steps; return a frame for each graded one, and what the answer itself raised, if so.

    Raises CourseError if a cell of the notebook fails on which the exercise depends.
    """
    return _Execution(steps, directory, notebook, student).results()


class _Execution:
    """One process after another, until each graded step has run or is lost."""

    def __init__(
        self, steps: Sequence[Step], directory: Path, notebook: str, student: str | None
    ) -> None:
        self._steps = steps
        self._student = student
        self._directory = directory
        self._notebook = notebook
        self._deadline = time.monotonic() + NOTEBOOK_SECONDS
        self._found: dict[int, Frame] = {}
        self._note: str | None = None

    def results(self) -> tuple[list[Frame], str | None]:
        graded = [number for number, step in enumerate(self._steps) if step.role == "graded"]
        while any(number not in self._found for number in graded):
            if time.monotonic() > self._deadline:
                message = f"not run: the {NOTEBOOK_SECONDS:.0f} s of the notebook had passed"
                frame = {"verdict": "time-limit", "message": message}
                self._found |= {n: frame for n in graded if n not in self._found}
                break
            lost, frame = self._session()
            if lost is None:
                break
            step = self._steps[lost]
            if step.role == "graded":
                self._found[lost] = frame
            elif step.role == "answer":
                self._note = f"{step.name}: {frame['message']}"
                frame = {**frame, "message": f"before this cell ran, {self._note}"}
                self._found |= {n: frame for n in graded if n not in self._found}
            else:
                raise CourseError(f"{self._notebook}, cell {step.name}: {frame['message']}")
        return [self._found[number] for number in graded], self._note

    def _session(self) -> tuple[int | None, Frame]:
        """Run what has not been graded yet; return the step that ended the process, if one did."""
        pending = [number for number in range(len(self._steps)) if number not in self._found]
        steps = [self._steps[number] for number in pending]
        with _Child(self._directory, steps, self._student) as child:
            for number in pending:
                frame: Frame = {}
                while "end" not in frame:  # the first only says that the cell begins
                    limit = self._limit(self._steps[number])
                    received = child.frame(limit)
                    if received is None:
                        return number, child.obituary(limit)
                    frame = received
                self._take(number, frame)
        return None, {}

    def _limit(self, step: Step) -> float:
        own = GRADED_SECONDS if step.role == "graded" else OTHER_SECONDS
        return max(0.0, min(own, self._deadline - time.monotonic()))

    def _take(self, number: int, frame: Frame) -> None:
        step = self._steps[number]
        if step.role == "graded":
            self._found[number] = frame
        elif frame["verdict"] in ("ok", "stderr"):
            return
        elif step.role == "answer":  # as in a kernel, the cells after it run all the same
            self._note = f"{step.name}: {frame['message']}"
        else:
            raise CourseError(f"{self._notebook}, cell {step.name}: {frame['message']}")


class _Child:
    """A process that runs cells, and what it has to say about them."""

    def __init__(self, directory: Path, steps: Sequence[Step], student: str | None) -> None:
        # -P: a file of the learner's that is named like a library must not be imported here.
        start = (
            "import sys; sys.path.append(sys.argv[1]); "
            "from taketurns.course._child import main; main()"
        )
        root = str(Path(__file__).parents[2])
        environment = dict(os.environ, PYTHONHASHSEED="0")  # a set of strings keeps one order
        if student is not None:
            environment[VARIABLE] = student
        self._process = subprocess.Popen(  # noqa: S603  (this interpreter, our own module)
            [sys.executable, "-P", "-c", start, root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        self._frames: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        self._timed_out = False
        self._reader = threading.Thread(target=self._read, name="frames", daemon=True)
        self._reader.start()
        request = {
            "directory": str(directory),
            "seconds": NOTEBOOK_SECONDS + GRADED_SECONDS,
            "cells": [{"name": Path(step.name).name, "source": step.source} for step in steps],
        }
        assert self._process.stdin is not None
        with contextlib.suppress(OSError), self._process.stdin as stdin:
            stdin.write(json.dumps(request).encode("ascii"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if sys.platform == "win32":
            self._process.kill()
        else:  # and whatever the process has started
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join(timeout=1)

    def frame(self, seconds: float) -> Frame | None:
        """Return the next frame; None if the process has ended or the seconds have passed."""
        try:
            return self._frames.get(timeout=seconds)
        except queue.Empty:
            self._timed_out = True
            return None

    def obituary(self, limit: float) -> Frame:
        """Return the frame of the cell during which frames ceased to come."""
        if self._timed_out:
            return {"verdict": "time-limit", "message": f"stopped after {limit:.0f} s"}
        try:
            status = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:  # it has closed our pipe and runs on
            return {"verdict": "crash", "message": "closed the checker's connection"}
        how = f"exit status {status}"
        if status < 0:
            with contextlib.suppress(ValueError):
                how = signal.Signals(-status).name
        return {"verdict": "crash", "message": f"ended the whole process ({how})"}

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                with contextlib.suppress(ValueError):
                    frame = json.loads(line)
                    if _is_frame(frame):
                        self._frames.put(frame)
        self._frames.put(None)


def _is_frame(sent: object) -> bool:
    """Whether it may be from our child; what cells write to its descriptor is something else."""
    return isinstance(sent, dict) and (
        "begin" in sent or all(isinstance(sent.get(key), str) for key in ("verdict", "message"))
    )
