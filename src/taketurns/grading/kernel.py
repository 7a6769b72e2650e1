"""Runs the cells that one check needs in a real kernel, for the few checks that need one.

The kernel is a child of a world (`taketurns.grading.warden`), and learners' code runs in it alone.
The world itself talks to it as a notebook's front end does, over sockets in its own folder, and
sends the frame. It believes a passed check only if checks could fail before it and after it.
"""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zmq
from jupyter_client.connect import write_connection_file
from jupyter_client.session import Session

from taketurns.course._child import plain
from taketurns.course.variety import VARIABLE

from . import sandbox
from .live import PYTHON
from .world import CANARIES, Outputs, _data, _size

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Frame = dict[str, Any]

TICK = 100  # milliseconds between two looks at whether the kernel still lives
NUDGE = 200  # milliseconds until a kernel that was asked whether it is ready is asked again
_OUTPUTS = {"stream", "error", "display_data", "update_display_data", "execute_result"}
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class _DeadError(Exception):
    """The kernel has ended; says how."""


def run(
    cells: Sequence[dict[str, Any]],
    kernel: dict[str, Any],
    student: str,
    room: int,
    begins: Callable[[str], None],
) -> Frame:
    """Run the cells in a kernel of their own; return the frame of the last one, the check.

    Args:
        cells: each with `name`, `source` and whether it is `learners`.
        kernel: what `live.kernel_of` returned.
        student: for whom numbers are drawn.
        room: bytes of outputs of a cell that are kept.
        begins: called with the name of each cell before it runs.
    """
    if sys.platform == "linux":
        sandbox._do("prctl", 4, 0, 0, 0, 0)  # PR_SET_DUMPABLE: its own user cannot read our memory
    try:
        live = _Kernel(kernel, student, room)
    except (OSError, _DeadError) as reason:
        return not_run(f"its kernel cannot be started here: {reason}")
    check = cells[-1]["source"]
    engine = any("taketurns" in cell["source"] for cell in cells)
    if not live.can_fail(""):
        return not_run(f"nobody knows how to make a cell fail in {kernel['language']}")
    before = ""
    try:
        for cell in cells[:-1]:
            begins(cell["name"])
            _, error = live.execute(cell["source"])
            if error is not None and cell["learners"] and not before:
                before = f"{cell['name']}: {_failed(error)['message']}"
        believed = live.can_fail(check)
        begins(cells[-1]["name"])
        outputs, error = live.execute(check)
        frame = _frame(outputs, error)
        if before and frame["verdict"] != "ok":
            frame["message"] = f"before this cell ran, {before}\n{frame['message']}"
        if frame["verdict"] == "ok" and not (believed and live.can_fail(check, engine=engine)):
            said = "checks cannot fail any more after this code"
            return {**frame, "verdict": "crash", "believed": False, "message": said}
    except _DeadError as reason:
        return {"verdict": "crash", "message": f"ended the kernel ({reason})", "outputs": []}
    return frame


def not_run(why: str) -> Frame:
    """The frame of a check that says nothing about the answer, because it could not be run."""
    return {"verdict": "not-run", "message": f"not run: {why}", "outputs": []}


class _Kernel:
    """A kernel that has been started and answers."""

    def __init__(self, kernel: dict[str, Any], student: str, room: int) -> None:
        """Start it.

        Errors: OSError if that cannot be done, _DeadError if it ends at once.
        """
        self._room = room
        self._python = kernel["language"] == PYTHON
        folder = Path.cwd() / "kernel"
        folder.mkdir(mode=0o700)
        key = secrets.token_hex(16).encode("ascii")
        file, ports = write_connection_file(
            str(folder / "connection.json"), ip=str(folder / "at"), key=key, transport="ipc"
        )
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603  (the instructor's kernel)
                [part.replace("{connection_file}", file) for part in kernel["argv"]],
                env=os.environ | kernel["env"] | ({VARIABLE: student} if student else {}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._session = Session(key=key)
        context = zmq.Context()
        self._shell, self._iopub = context.socket(zmq.DEALER), context.socket(zmq.SUB)
        self._iopub.subscribe(b"")
        self._poller = zmq.Poller()
        for socket, port in (self._iopub, ports["iopub_port"]), (self._shell, ports["shell_port"]):
            address = Path(f"{folder / 'at'}-{port}")
            self._wait_for(address)
            socket.linger = 0  # what was not sent to a dead kernel is not waited for
            socket.connect(f"ipc://{address}")
            self._poller.register(socket, zmq.POLLIN)
        self._wait_until_it_answers()

    def _wait_for(self, address: Path) -> None:
        """Wait for a socket, ever more patiently, so that a kernel that never comes is idle."""
        pause = 0.005  # seconds
        while not address.exists():
            if self._process.poll() is not None:
                raise _DeadError(self._how())
            time.sleep(pause)
            pause *= 1.1

    def _wait_until_it_answers(self) -> None:
        """Ask until it answers in both ways."""
        seen: set[zmq.Socket[bytes]] = set()
        self._session.send(self._shell, "kernel_info_request")
        while len(seen) < 2:
            ready = dict(self._poller.poll(NUDGE))
            for socket in ready:
                self._session.recv(socket)
                seen.add(socket)
            if self._process.poll() is not None:
                raise _DeadError(self._how())
            if not ready and self._shell in seen:  # what it published was for nobody
                self._session.send(self._shell, "kernel_info_request")

    def _how(self) -> str:
        """How it ended: the last line that it wrote, and its exit status."""
        lines = self._log.read_text("utf-8", "replace")[-2_000:].splitlines() or [""]
        return f"{lines[-1].strip()[:200]} (exit status {self._process.returncode})".strip()

    def execute(self, source: str) -> tuple[Outputs, Frame | None]:
        """Run a cell; return what it put out and, if it failed, the error as it was told.

        Raises _DeadError if the kernel ends.
        """
        content = {
            "code": source,
            "silent": False,
            "store_history": False,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        request = self._session.msg("execute_request", content)
        self._session.send(self._shell, request)
        asked = request["header"]["msg_id"]
        shown = _Shown(self._room)
        reply: Frame = {}
        idle = False
        while not (reply and idle):
            ready = dict(self._poller.poll(TICK))
            if not ready and self._process.poll() is not None:
                raise _DeadError(f"exit status {self._process.returncode}")
            for socket in ready:
                message = self._session.recv(socket)[1] or {}
                kind, told = message["msg_type"], message["content"]
                if message["parent_header"].get("msg_id") != asked:
                    shown.outputs._count(len(str(told)))
                elif kind == "execute_reply":
                    reply = told
                elif kind == "status":
                    idle = told["execution_state"] == "idle"
                else:
                    shown.add(kind, told)
        return shown.outputs, reply if reply["status"] != "ok" else None

    def can_fail(self, check: str, *, engine: bool = False) -> bool:
        """Whether a cell that must tell a sum does, and one that must fail fails.

        What looks at the text of cells takes them for the check. With `engine`, a race must be
        found, too.
        """
        word = secrets.token_hex(8)
        one, two = (100_000 + 2 * secrets.randbelow(150_000) for _ in "12")
        tells, fails = f"{one} + {two + 1}", f"(]{word}"  # in most languages
        if self._python:
            like = "".join(f"# {line}\n" for line in check.splitlines())
            tells, fails = f"{like}print({tells})", f"{like}assert not {word!r}, {word!r}"
        outputs, error = self.execute(tells)
        if error is not None or str(one + two + 1) not in str(outputs.kept):
            return False
        _, error = self.execute(fails)
        if error is None or (self._python and error.get("evalue") != word):
            return False
        if not (engine and self._python):
            return True
        _, error = self.execute(CANARIES[-1])
        return error is not None and "canary" in str(error.get("evalue"))


class _Shown:
    """What a front end would show below a cell."""

    def __init__(self, room: int) -> None:
        self.outputs = Outputs(room)
        self._by_id: dict[str, list[Frame]] = {}
        self._clears = False  # before the next output

    def add(self, kind: str, told: Frame) -> None:
        """Take a message of the kernel's."""
        kept = self.outputs.kept
        if kind == "clear_output":
            self._clears = True
            if told["wait"]:
                return
        elif kind not in _OUTPUTS:
            return
        if self._clears:
            self._clears = False
            kept.clear()
        if kind == "stream":
            self.outputs.write(str(told["name"]), told["text"])
        elif kind == "error":
            self.outputs.add(_error(told), sum(map(len, told["traceback"])))
        elif kind != "clear_output":
            data, size = _data(told["data"]), _size(told["data"])
            shown = {"data": data, "metadata": told.get("metadata") or {}}
            name = told.get("transient", {}).get("display_id")
            if kind == "update_display_data":
                self.outputs._count(size)
                for output in self._by_id.get(name, []):
                    output.update(shown)
                return
            count = {"execution_count": None} if kind == "execute_result" else {}
            output = {"output_type": kind, **shown, **count}
            self._by_id.setdefault(name, []).append(output)
            self.outputs.add(output, size)


def _clean(text: object) -> str:
    return plain(_COLOURS.sub("", str(text)))


def _error(told: Frame) -> Frame:
    """An error as a notebook keeps it."""
    return {
        "output_type": "error",
        "ename": str(told["ename"]),
        "evalue": _clean(told["evalue"]),
        "traceback": [_clean(line) for line in told["traceback"]],
    }


def _failed(told: Frame) -> Frame:
    """What a frame says about an error that ended a cell."""
    name, text = str(told.get("ename")), _clean(told.get("evalue", ""))
    if name == "Inconclusive":
        return {"verdict": "inconclusive", "message": text}
    if name in ("AssertionError", "ScheduleFailure"):
        return {"verdict": "assertion", "message": text or "an assertion failed"}
    return {"verdict": "exception", "message": f"{name}: {text}" if text else name}


def _frame(outputs: Outputs, error: Frame | None) -> Frame:
    """What is said about the check."""
    noise = "".join(o["text"] for o in outputs.kept if o.get("name") == "stderr").strip()
    frame: Frame = {"verdict": "ok", "message": "", "coverage": None}
    if error is not None:
        frame = _failed(error)
    elif noise:
        said = f"the cell wrote to stderr, which costs its points: {_clean(noise)}"
        frame = {"verdict": "stderr", "message": said}
    if outputs.lost:
        outputs.write("stdout", "… (more was put out)\n")
    return {**frame, "outputs": outputs.kept}
