"""Runs the cells of one exercise in a process of its own, which `_running` starts and listens to.

A request comes in on standard input: JSON with `directory`, `seconds` and `cells`, each cell with
`name` and `source`.  Out go frames, one line of JSON each: `{"begin": n}` before cell number n
runs, `{"end": n, …}` after it.  Frames leave by a descriptor that cells do not see.  What cells
print is thrown away; what they write to stderr is kept, since nbgrader gives such a cell no points.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import json
import linecache
import os
import re
import sys
import traceback
import types
from typing import Any

# Cells are known by the folder that they share, as those of a kernel are; there is no such folder.
FOLDER = "notebook.ipynb"
MEMORY = 2 << 30  # bytes that the process may have
KEPT = 10_000  # characters of a message that are kept
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")  # in a repr: differs from run to run


def main() -> None:
    """Run the requested cells one after the other and end the process."""
    request = json.loads(sys.stdin.buffer.read())
    # An orphan must not live for ever: the parent stops this process long before this does.
    sink = os.open(os.devnull, os.O_RDWR)
    faulthandler.dump_traceback_later(request["seconds"], exit=True, file=sink)
    frames = os.fdopen(os.dup(1), "wb", buffering=0)
    for descriptor in (0, 1, 2):
        os.dup2(sink, descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  (it ends with the process)
    sys.stdout = Bounded(0)
    _limit_memory()
    os.chdir(request["directory"])
    sys.path.append(request["directory"])  # last: a file named like a library replaces nothing

    notebook = types.ModuleType("__main__")
    sys.modules["__main__"] = notebook
    reports = watch_checks()
    for number, cell in enumerate(request["cells"]):
        _send(frames, {"begin": number})
        reports.clear()
        _send(frames, {"end": number, **_run(cell["name"], cell["source"], notebook, reports)})
    os._exit(0)  # threads that the cells left behind are not waited for


def _limit_memory() -> None:
    """Let a cell that takes memory without end fail before the machine does, where systems can."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


def _run(name: str, source: str, notebook: types.ModuleType, reports: list[Any]) -> dict[str, Any]:
    """Run one cell; say how it ended, and under which schedules its checks held."""
    # As ipykernel does it: this is where tracebacks, and the engine, look for a cell's source.
    file = f"{FOLDER}/{name}"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    sys.stderr = errors = Bounded(KEPT)
    try:
        exec(compile(source, file, "exec", dont_inherit=True), notebook.__dict__)  # noqa: S102
    except BaseException as error:
        return failed(error)
    if errors.text:
        message = f"the cell wrote to stderr, which costs its points: {plain(errors.text.strip())}"
        return {"verdict": "stderr", "message": message}
    coverage = min((report.coverage for report in reports), key=strength, default=None)
    return {"verdict": "ok", "message": "", "coverage": None if coverage is None else str(coverage)}


def failed(error: BaseException) -> dict[str, Any]:
    """What a frame says about an exception that ended a cell."""
    report = getattr(error, "report", None)  # the engine's ScheduleFailure and Inconclusive
    if report is not None:
        failure = report.failure
        return {
            "verdict": report.verdict,
            "message": plain(str(error) if failure is None else failure.message),
            "mistake": failure and failure.mistake,
            "schedule": failure and failure.schedule,
            "coverage": str(report.coverage),
            "steps": plain(str(error)),
        }
    where = _where(error)
    if isinstance(error, AssertionError):
        return {"verdict": "assertion", "message": _text(error) or f"an assertion failed{where}"}
    text = _text(error)
    name = type(error).__name__
    return {"verdict": "exception", "message": f"{name}: {text}{where}" if text else name + where}


def _where(error: BaseException) -> str:
    """The innermost line of a cell that the exception went through."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        folder, _, name = frame.filename.partition("/")
        if folder == FOLDER:
            return f" ({name}, line {frame.lineno})"
    return ""


def _text(error: BaseException) -> str:
    try:
        return plain(str(error))
    except Exception:
        return "(its text cannot be shown)"


def plain(text: str) -> str:
    """The text without addresses and without end, so that it is the same in every run."""
    text = ADDRESS.sub(" at 0x…", text[: 2 * KEPT])
    return text if len(text) <= KEPT else text[:KEPT] + " …"


def watch_checks() -> list[Any]:
    """Return a list that every `Report.check` of this process adds its report to."""
    from taketurns.engine.results import Report

    reports: list[Any] = []
    check = Report.check

    def watched(self: Report) -> Report:
        reports.append(self)
        return check(self)

    Report.check = watched  # type: ignore[method-assign]
    return reports


def strength(coverage: Any) -> tuple[bool, bool, int, int]:
    """Order coverages by how much they say."""
    bound = -1 if coverage.bound is None else coverage.bound
    return coverage.complete, coverage.fair, bound, coverage.schedules


class Bounded(io.TextIOBase):
    """A text file that keeps the first characters written to it."""

    def __init__(self, room: int) -> None:
        self.text = ""
        self._room = room

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if len(self.text) < self._room:
            self.text += text[: self._room]
        return len(text)


def _send(frames: Any, frame: dict[str, Any]) -> None:
    frames.write(json.dumps(frame).encode("ascii") + b"\n")
