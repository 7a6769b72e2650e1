"""Runs `taketurns grade` and stops it, or a process of it, at a chosen moment; for test_kills.py.

Moments are counted: each thing that the command does to files and to the gradebook is one, as is
each job that it deals out and each that comes back. So a number says when, on any machine.

One request a line comes in, one answer a line goes out. What the command leaves running becomes
this process's own, which waits for all of it.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import mmap
import multiprocessing
import os
import random
import signal
import struct
import sys
import tempfile
from pathlib import Path
from typing import Any

from taketurns.grading import grade, intake, keeper, sandbox, workers

LONGEST = 30  # seconds that a process may go on after the command has ended
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
EVENTS = {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "shutil.rmtree", "sqlite3.connect"}


class Moments:
    """Counts them, and strikes once."""

    def __init__(self, folder: str, strike_at: int, what: str, seed: int) -> None:
        self._shared = mmap.mmap(-1, 8)  # with the process that strikes
        self._folder = folder
        self._strike_at = strike_at
        self._what = what
        self._random = random.Random(seed)
        self._struck = False

    @property
    def count(self) -> int:
        return struct.unpack_from("I", self._shared)[0]

    @property
    def struck(self) -> bool:
        return bool(struct.unpack_from("I", self._shared, 4)[0])

    def watch(self) -> None:
        """Begin to count, in the process of the command."""
        from sqlalchemy import event
        from sqlalchemy.engine import Engine

        for name in ("before_cursor_execute", "commit"):
            event.listen(Engine, name, self.tick)
        for owner, name in (
            (workers.ProcessPoolExecutor, "submit"),
            (grade.Progress, "done"),
        ):
            self._wrap(owner, name)
        sys.addaudithook(self._hear)

    def _wrap(self, owner: type, name: str) -> None:
        inner = getattr(owner, name)

        def outer(*arguments: Any) -> Any:
            result = inner(*arguments)
            self.tick()
            return result

        setattr(owner, name, outer)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in EVENTS or (event == "open" and (arguments[2] or 0) & WRITES):
            name = arguments[0]
            if isinstance(name, str | Path) and str(name).startswith(self._folder):
                self.tick()

    def tick(self, *_: Any) -> None:
        count = self.count + 1
        struct.pack_into("I", self._shared, 0, count)
        if self._strike_at and count >= self._strike_at and not self._struck:
            self._struck = self._strike()
            struct.pack_into("I", self._shared, 4, self._struck)

    def _strike(self) -> bool:
        if self._what in {"SIGKILL", "SIGSTOP"}:
            struct.pack_into("I", self._shared, 4, 1)
            os.kill(os.getpid(), signal.Signals[self._what])
            return True
        if self._what == "SIGINT":  # as a terminal does it
            self._struck = True
            os.killpg(os.getpgrp(), signal.SIGINT)
            return True
        found = [process.pid for process in multiprocessing.active_children() if process.pid]
        if self._what == "warden":
            found = [child for worker in found for child in _children(worker)]
        if not found:
            return False  # the next moment will do
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._random.choice(found), signal.SIGKILL)
            return True
        return False


def _children(process: int) -> list[int]:
    found: list[int] = []
    for place in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, place.read_text("utf-8").split())
    return found


def run(
    folder: str,
    options: list[str],
    at: int = 0,
    what: str = "",
    seed: int = 0,
    batch: int = 1,
    mount: str = "",
) -> dict[str, Any]:
    """Run the command; say what it said, how it ended, and what it left running."""
    moments = Moments(folder, at, what, seed)
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as seen:
        child = os.fork()
        if not child:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            _live(folder, options, moments, batch, mount, seen.fileno())
        _, status = os.waitpid(child, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            answer({"stopped": child})
            sys.stdin.readline()
            os.kill(child, signal.SIGCONT)
            _, status = os.waitpid(child, 0)
        left = _left()
        return {
            "code": os.waitstatus_to_exitcode(status),
            "said": os.pread(said.fileno(), 1 << 20, 0).decode(),
            "seen": json.loads(os.pread(seen.fileno(), 1 << 20, 0) or b"null"),
            "moments": moments.count,
            "struck": moments.struck,
            "left": left,
        }


def _live(
    folder: str, options: list[str], moments: Moments, batch: int, mount: str, seen: int
) -> None:
    """Be the command, in the child."""
    from taketurns.__main__ import main

    os.setpgid(0, 0)
    os.chdir(folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    keeper.BATCH, keeper.PATIENCE = batch, float("inf")
    autograded = Path(folder, "autograded")
    if mount:
        autograded.mkdir()
        sandbox._do("unshare", sandbox._NEWNS)
        sandbox._do("mount", None, b"/", None, 0x44000, None)  # MS_REC | MS_PRIVATE
        read_only = int(mount == "ro")
        size = b"" if read_only else mount.encode()
        sandbox._do("mount", b"tmpfs", bytes(autograded), b"tmpfs", read_only, size)
    moments.watch()
    sys.argv = ["taketurns", "grade", *options]
    try:
        main()
    finally:
        paths = sorted(str(path.relative_to(autograded)) for path in autograded.rglob("*"))
        os.pwrite(seen, json.dumps(paths).encode(), 0)
    sys.exit(0)


def _left() -> list[str]:
    """Wait for what was left running; say what would not end, and end it."""

    def too_long(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(LONGEST)
    try:
        while True:
            os.wait()
    except ChildProcessError:
        return []
    except TimeoutError:
        left = []
        for child in _children(os.getpid()):
            left.append(Path(f"/proc/{child}/cmdline").read_text("utf-8").replace("\0", " "))
            os.kill(child, signal.SIGKILL)
        return left
    finally:
        signal.alarm(0)


def answer(content: dict[str, Any]) -> None:
    print(json.dumps(content), flush=True)


if __name__ == "__main__":
    for name in (
        "cli",
        "grading.gradebook",
        "grading.job",
        "grading.keeper",
    ):  # once for all commands
        importlib.import_module(f"taketurns.{name}")
    sandbox._do("prctl", 36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    for line in sys.stdin:
        answer(run(**json.loads(line)))

if __name__ == "__mp_main__":  # in a worker: one submission kills it

    def _files_of(folder: Path, inner: Any = intake.files_of) -> Any:
        if "mallory" in folder.parts:
            os.kill(os.getpid(), signal.SIGKILL)
        return inner(folder)

    intake.files_of = _files_of
