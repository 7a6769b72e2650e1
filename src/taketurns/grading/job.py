"""Grades one submission: a function of what was handed in and of the master, and of nothing else.

It runs in any executor. What it needs comes in as plain data, what it finds goes out as plain data;
it writes nothing but the cache of verdicts, which may be lost at any time.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import platform
import queue
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import dateutil.parser

from taketurns.course._exercise import needed
from taketurns.course.folder import write_atomically

from . import gate, intake, live
from .types import CellResult, Graded, Limits, NotebookResult

Notebook = dict[str, Any]
Frame = dict[str, Any]

LIMIT = {"time-limit", "memory-limit", "crash"}
UNDECIDED = {"inconclusive", "not-run"}
MEMORY = "MemoryError"
SEED = "per_student"  # a check that draws a student's own numbers says so


class GraderError(Exception):
    """The grader itself does not work; no submission is to blame."""


class NotGradedError(Exception):
    """One submission could not be graded; others can be. The message says why."""


@dataclass(frozen=True)
class Master:
    """A notebook in `source/`, and what students were given of it."""

    name: str
    notebook: Notebook
    release: Notebook | None


@dataclass(frozen=True)
class Job:
    """What there is to grade."""

    student: str
    assignment: str
    folder: str  # what the student handed in, on the machine of the parent
    digest: str  # of all that the result depends on
    masters: tuple[Master, ...]
    limits: Limits = field(default_factory=Limits)
    cache: str | None = None  # a folder
    sandbox: dict[str, Any] = field(default_factory=dict)  # settings of `sandbox.enter`
    # For another machine, what is in `folder`: files, and what was left out.
    handed_in: tuple[dict[str, bytes], list[str]] | None = None

    def with_files(self) -> Job:
        """Return a job that needs nothing of this machine."""
        read = intake.files_of(Path(self.folder))
        return replace(self, handed_in=read, folder="", cache=None)


def grade(job: Job) -> Graded:
    """Grade one submission.

    Raises GraderError if the grader itself fails, never for what is in the submission;
    NotGradedError if the warden was killed again and again.
    """
    read, left_out = job.handed_in or intake.files_of(Path(job.folder))
    files = dict(read)
    files.pop(intake.SECRET, None)
    stamp, said = _handed_in_at(files.pop(intake.TIMESTAMP, b""))
    notebooks = tuple(
        _Notebook(job, master, files, [*left_out, *said]).graded() for master in job.masters
    )
    return Graded(job.student, job.assignment, job.digest, stamp, notebooks)


def _handed_in_at(data: bytes) -> tuple[str | None, list[str]]:
    """When something was handed in, and what to say if that cannot be read."""
    text = data.decode("utf-8", "replace").strip()
    if not text:
        return None, []
    try:
        dateutil.parser.parse(text)
    except (ValueError, OverflowError):
        return None, [f"{intake.TIMESTAMP}: {text[:40]!a} is not a time: left out"]
    return text, []


@functools.cache
def version() -> str:
    """What verdicts depend on beside the texts: this package and this Python."""
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256(platform.python_version().encode())
    for path in sorted(root.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


class _Notebook:
    """One notebook of a submission."""

    def __init__(
        self, job: Job, master: Master, files: dict[str, bytes], left_out: list[str]
    ) -> None:
        self._job = job
        self._master = master
        self._files = files
        self._remarks: list[str] = []
        self._reasons = list(left_out)
        self._is_python = live.language_of(master.notebook) == live.PYTHON
        self._spent = 0.0  # seconds of processor time
        self._hangs: dict[str, str] = {}  # a learner's cell -> what became of the world it ran in

    def graded(self) -> NotebookResult:
        started = time.perf_counter()
        try:
            path, said = intake.choose(self._files, self._master.name, self._master.notebook)
            self._remarks += said
            handed_in, said = intake.read(self._files[path])
        except intake.UnreadableError as error:
            return self._unreadable(str(error))
        others = sorted(name for name in self._files if not name.lower().endswith(".ipynb"))
        if others:
            self._remarks.append(f"{intake.listed(others)} came with it and was not used")
        self._remarks += said
        taken = intake.put_right(handed_in, self._master.notebook, self._master.release)
        self._remarks += taken.remarks
        self._reasons += taken.reasons
        cells = tuple(self._cells(taken))
        return NotebookResult(
            self._master.name,
            taken.notebook,
            cells,
            tuple(dict.fromkeys(self._remarks)),
            tuple(dict.fromkeys(self._reasons)),
            round(time.perf_counter() - started, 3),
        )

    def _unreadable(self, why: str) -> NotebookResult:
        cells = [
            CellResult(g["grade_id"], None, float(g["points"]), "manual", why)
            for cell in self._master.notebook["cells"]
            if (g := cell["metadata"].get("nbgrader", {})).get("grade")
        ]
        return NotebookResult(
            self._master.name, None, tuple(cells), tuple(self._remarks), (why, *self._reasons)
        )

    def _cells(self, taken: intake.Intake) -> list[CellResult]:
        """Every cell that counts, in the order of the notebook, with its outputs put there."""
        given = {
            cell["metadata"].get("nbgrader", {}).get("grade_id"): intake.source_of(cell)
            for cell in (self._master.release or {"cells": []})["cells"]
        }
        at = {place.name: n for n, place in enumerate(taken.places) if place.graded}
        found = []
        for cell in taken.notebook["cells"]:
            grading = cell["metadata"].get("nbgrader", {})
            if not grading.get("grade"):
                continue
            name, points = grading["grade_id"], float(grading["points"])
            if name in at and cell["cell_type"] == "code":
                found.append(self._check(taken.places, at[name], cell))
            elif cell["source"].strip() == given.get(name, "").strip():
                found.append(CellResult(name, 0.0, points, "manual", "left as it was"))
            else:
                found.append(CellResult(name, None, points, "manual", "a human grades this"))
        return found

    def _check(self, places: list[intake.Place], number: int, cell: dict[str, Any]) -> CellResult:
        """Judge one check in a world of its own."""
        slice_ = self._slice(places, number)
        if slice_[-1] is not places[number]:
            raise GraderError(f"the check {places[number].name} is not the last of its cells")
        frame = self._frame(slice_)
        cell["outputs"] = frame.get("outputs", [])
        place = places[number]
        points = _points(frame, place.points)
        reaches = []
        if self._is_python:
            given = [p.source for p in slice_ if not p.learners]
            reaches = gate.reaches([p.source for p in slice_ if p.learners], given)
        if frame.get("believed") is False:
            reaches.append("after it, checks cannot fail any more")
        message = frame["message"]
        for reason in reaches:
            self._reasons.append(f"{_owner(slice_)} reaches for the checks: {reason}")
        if reaches and points:
            points = None
            message = "It holds, but the code reaches for the checks: a human looks at it."
        if frame["verdict"] in UNDECIDED:
            points = None
        if frame["verdict"] in LIMIT | UNDECIDED:
            self._reasons.append(f"{place.name}: {message.splitlines()[0]}")
        return CellResult(
            place.name,
            points,
            place.points,
            frame["verdict"],
            message,
            frame.get("mistake"),
            frame.get("schedule"),
            frame.get("coverage"),
        )

    def _slice(self, places: list[intake.Place], number: int) -> list[intake.Place]:
        """The cells that a check needs, itself the last; in another language, all before it."""
        if self._is_python:
            sources = {n: _as_python(places[n].source) for n in range(number + 1)}
            return [places[n] for n in sorted(needed(sources, {number}))]
        return [place for place in places[:number] if not place.graded] + [places[number]]

    def _frame(self, cells: list[intake.Place]) -> Frame:
        """What a world says, or said before about the same texts."""
        for place in cells:
            if place.learners and place.source in self._hangs:
                said = f"not run: {place.name} {self._hangs[place.source]}"
                return {"verdict": "time-limit", "message": said, "outputs": []}
        if self._spent >= self._job.limits.notebook_seconds:
            said = "not run: the notebook has used up its processor time"
            return {"verdict": "time-limit", "message": said, "outputs": []}
        own = SEED in "".join(place.source for place in cells if not place.learners)
        kernel = None
        if live.reason(self._master.notebook, [p.source for p in cells if not p.learners]):
            try:
                kernel = live.kernel_of(self._master.notebook)
            except live.NoKernelError as error:
                return {"verdict": "not-run", "message": f"not run: {error}", "outputs": []}
        request = {
            "cells": [asdict(place) for place in cells],
            "kernel": kernel,
            "student": self._job.student if own else "",
            "limits": asdict(self._job.limits),
            "files": {},
        }
        kept = _Cache(self._job.cache, request)
        frame = kept.get()
        if frame is None:
            reply = _ask(self._job.sandbox, request)
            self._spent += reply["seconds"]
            frame = reply["frame"]
            running = reply.get("running")
            if MEMORY in frame["message"]:
                frame |= {
                    "verdict": "memory-limit",
                    "message": f"out of memory: {frame['message']}",
                }
            if frame["verdict"] in LIMIT | {"not-run"}:
                hung = [place for place in cells if place.learners and place.name == running]
                self._hangs |= {place.source: frame["message"] for place in hung}
            else:
                kept.put(frame)
        return frame


def _points(frame: Frame, most: float) -> float | None:
    """By the rule of nbgrader: a number in the last line's place is a part of the points."""
    if frame["verdict"] != "ok":
        return 0.0
    for output in frame["outputs"]:
        if output["output_type"] == "execute_result":
            with contextlib.suppress(ValueError):
                part = float(output["data"].get("text/plain", ""))
                if 0 <= part <= most:
                    return part
            return most
    return most


def _as_python(source: str) -> str:
    """What IPython makes of a cell that has commands of its own."""
    if not re.search(r"^\s*[%!?]|\?\s*$", source, re.MULTILINE):
        return source
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        return str(TransformerManager().transform_cell(source))
    except SyntaxError:
        return source


def _owner(cells: list[intake.Place]) -> str:
    """The last cell that the learner wrote."""
    return next((place.name for place in reversed(cells) if place.learners), "the code")


class _Cache:
    """Where a verdict is kept, by all that it depends on."""

    def __init__(self, folder: str | None, request: Frame) -> None:
        self._path: Path | None = None
        if folder is not None:
            text = json.dumps([version(), request])
            key = hashlib.sha256(text.encode()).hexdigest()
            self._path = Path(folder) / key[:2] / f"{key[2:]}.json"

    def get(self) -> Frame | None:
        if self._path is None:
            return None
        try:
            frame = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return frame if isinstance(frame, dict) and "verdict" in frame else None

    def put(self, frame: Frame) -> None:
        if self._path is not None:
            with contextlib.suppress(OSError):  # a cache that cannot be written costs time only
                write_atomically(self._path, json.dumps(frame).encode())


# -- the warden -----------------------------------------------------------------------------------


class Warden:
    """The process that makes worlds for this worker; it starts while this one goes on."""

    protection = ""  # how it keeps worlds in; known when it is ready

    def __init__(self, sandbox: dict[str, Any]) -> None:
        start = (
            "import sys; sys.path.append(sys.argv[1]); "
            "from taketurns.grading.warden import main; main()"
        )
        root = str(Path(__file__).resolve().parents[2])
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": "/tmp",  # noqa: S108  (in a world's own file system)
            "LANG": "C.UTF-8",
            "PYTHONHASHSEED": "0",  # a set of strings keeps one order
            "PYTHONDONTWRITEBYTECODE": "1",
            "TAKETURNS_STUDENT": "",
        }
        self._process = subprocess.Popen(  # noqa: S603  (this interpreter, our own module)
            [sys.executable, "-P", "-c", start, root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        self._replies: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="replies", daemon=True)
        self._reader.start()
        self._folder = ""  # where its worlds have theirs
        self._say(sandbox)

    def wait(self) -> None:
        """Wait until it is ready.

        Raises NotGradedError if it was killed, GraderError if it cannot keep anything in.
        """
        if self.protection:
            return
        try:
            hello = self._replies.get(timeout=120)
        except queue.Empty:
            hello = None
        if hello is None or "problem" in hello:
            self.end()
            if hello is None:
                raise NotGradedError("the warden was killed")
            raise GraderError(hello["problem"])
        self.protection = str(hello["protection"])
        self._folder = str(hello["folder"])

    @property
    def lives(self) -> bool:
        """Whether it can still answer."""
        return self._reader.is_alive()

    def ask(self, request: Frame) -> Frame:
        """Have a world made; return its frame, and the processor time that it took.

        Raises NotGradedError if the warden was killed.
        """
        token = secrets.token_hex(16)
        self._say({**request, "token": token})
        reply = self._replies.get()
        if reply is None:
            raise NotGradedError("the warden was killed")
        if reply.pop("token", token) != token:  # nor would a problem of ours come without it
            forged = {"verdict": "crash", "message": "forged a verdict", "outputs": []}
            return {"frame": {**forged, "believed": False}, "seconds": reply["seconds"]}
        if "problem" in reply:
            raise GraderError(f"a world could not be made: {reply['problem']}")
        return reply

    def end(self) -> None:
        """End the process and all that it has started, whether or not it was killed before."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for place in Path("/proc").glob("[0-9]*"):  # a killed warden leaves what a world started
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if os.getsid(int(place.name)) == self._process.pid:
                    os.kill(int(place.name), signal.SIGKILL)
        self._process.wait()
        self._reader.join()
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # what was left to say, to nobody
            self._process.stdin.close()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _say(self, request: Frame) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # then no reply comes either
            self._process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
            self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        # It may be killed within a line.
        with self._process.stdout as replies, contextlib.suppress(ValueError):
            for line in replies:
                self._replies.put(json.loads(line))
        self._replies.put(None)


_wardens: dict[int, tuple[dict[str, Any], Warden]] = {}  # by thread


def warden(sandbox: dict[str, Any]) -> Warden:
    """Return this thread's warden; the first call starts it, as does one after it was killed."""
    for _ in range(2):
        made = begin(sandbox)
        try:
            made.wait()
        except NotGradedError as error:
            died = error
        else:
            return made
    raise GraderError("no warden can be started: each ends at once") from died


def begin(sandbox: dict[str, Any]) -> Warden:
    """Start this thread's warden, if it has none that lives, without waiting until it is ready."""
    me = threading.get_ident()
    if me in _wardens:
        settings, made = _wardens[me]
        if settings == sandbox and made.lives:
            return made
        del _wardens[me]
        made.end()
    try:
        made = Warden(sandbox)
    except (OSError, RuntimeError) as error:  # RuntimeError where no thread can be started
        raise GraderError(f"no process can be started for the sandbox: {error}") from error
    _wardens[me] = sandbox, made
    return made


def _ask(sandbox: dict[str, Any], request: Frame) -> Frame:
    """Have a world made; if the warden is killed meanwhile, once more by another one."""
    with contextlib.suppress(NotGradedError):
        return warden(sandbox).ask(request)
    try:
        return warden(sandbox).ask(request)
    except NotGradedError:
        raise NotGradedError("the process that runs its checks was killed twice") from None


def forget_wardens() -> None:
    """End this process's wardens."""
    while _wardens:
        _wardens.popitem()[1][1].end()


__all__ = [
    "GraderError",
    "Job",
    "Master",
    "NotGradedError",
    "begin",
    "forget_wardens",
    "grade",
    "version",
    "warden",
]
