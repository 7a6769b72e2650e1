"""Forks a world for each request, inside a sandbox that it has entered once.

One warden belongs to one worker. It has imported all that a world needs, so that a fork is all
that a world costs, and it never runs a learner's code itself. Requests come in on standard input,
replies go out by standard output, one line of JSON each.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import select
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import IO, Any

from . import sandbox, world
from .types import Limits

LONGEST = 16 << 20  # bytes of a frame
TICK = 0.25  # seconds between two looks at whether a world still does something
Frame = dict[str, Any]


def main() -> None:
    """Serve requests until there are no more, or nobody is there to ask."""
    with contextlib.suppress(BrokenPipeError):
        _main()


def _main() -> None:
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):
        os.dup2(nothing, descriptor)
    settings = requests.readline()
    if not settings:  # whoever started us was ended before it could say more
        return
    prepared = world.warm()
    try:
        protection = sandbox.enter(visible(), **json.loads(settings))
    except sandbox.NoSandboxError as error:
        _send(replies, {"problem": str(error)})
        return
    gc.collect()
    gc.freeze()  # worlds share these pages
    _send(replies, {"protection": protection.says, "folder": protection.folder})
    for line in requests:
        _send(replies, _serve(json.loads(line), protection, prepared, requests))


def visible() -> list[Path]:
    """Return what a world may see beside the system: Python, and what is imported from."""
    paths = {Path(path).resolve() for path in (sys.prefix, sys.base_prefix, *sys.path) if path}
    return [path for path in sorted(paths) if path.exists()]


def _send(replies: IO[bytes], reply: Frame) -> None:
    replies.write(json.dumps(reply).encode("ascii") + b"\n")
    replies.flush()


def _serve(
    request: Frame,
    protection: sandbox.Protection,
    prepared: world.World,
    requests: IO[bytes],
) -> Frame:
    """Make a world for one check; return the frame that it sent, or what became of it.

    Raises BrokenPipeError if meanwhile there is nobody any more to whom it matters.
    """
    limits = Limits(**request["limits"])
    if request.get("kernel"):
        from . import kernel  # now, so that a world need not

        if not protection.loopback:
            said = "it needs a kernel, and in this sandbox there are no sockets to talk to one"
            return {"frame": kernel.not_run(said), "seconds": 0.0}
    else:
        prepared.expect(request["cells"])
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    reading, writing = os.pipe()
    child = sandbox.fork(protection)
    if not child:
        status = 1
        try:
            status = _live(request, limits, protection, prepared, writing)
        finally:
            os._exit(status)
    os.close(writing)
    try:
        alone = protection.way == "namespaces"
        cells = len(request["cells"])
        data, ended = _listen(reading, requests, child, limits, cells, alone=alone)
        of_kernel = _used(child, alone=alone) if request.get("kernel") else 0.0
    finally:
        os.close(reading)
        code = sandbox.end(child, protection)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    spent = max(spent, of_kernel)  # nobody waits for a kernel, so the system leaves it out
    if code == -signal.SIGKILL and spent >= limits.cell_seconds:
        ended = ended or "time"  # by the system's own limit
    reply = _read(data, ended, code)
    if request.get("kernel") and "token" not in reply and reply["running"] is None:
        reply["frame"] = kernel.not_run(f"its kernel did not start: it {reply['frame']['message']}")
    return {**reply, "seconds": spent}


def _live(
    request: Frame,
    limits: Limits,
    protection: sandbox.Protection,
    prepared: world.World,
    writing: int,
) -> int:
    """Run the cells, in the child."""
    os.dup2(os.open(os.devnull, os.O_RDWR), 2)
    frames = os.fdopen(writing, "wb", buffering=0)
    try:
        sandbox.confine(limits, protection, (0, 1, 2, writing))
    except Exception as error:
        known = isinstance(error, OSError)  # no room, say
        problem = str(error) if known else traceback.format_exc(limit=-3)
        told = {"problem": problem, "token": request["token"]}
        frames.write(json.dumps(told).encode("ascii") + b"\n")
        return 0

    def begins(name: str) -> None:
        frames.write(json.dumps({"begins": name}).encode("ascii") + b"\n")

    cells, student = request["cells"], request["student"]
    if request.get("kernel"):
        from . import kernel

        frame = kernel.run(cells, request["kernel"], student, limits.output, begins)
    else:
        frame = prepared.run(cells, student, limits.output, begins)
    frames.write(json.dumps({"frame": frame, "token": request["token"]}).encode("ascii") + b"\n")
    return 0


def _listen(
    reading: int, requests: IO[bytes], child: int, limits: Limits, cells: int, *, alone: bool
) -> tuple[bytes, str]:
    """Return what a world has sent, and why it was not waited for any longer, if so.

    The check is the last of its `cells`.
    """
    data = bytearray()
    spent, idle, looked = -1.0, 0.0, time.monotonic()
    while True:
        ready, _, _ = select.select([reading, requests.fileno()], [], [], TICK)
        if requests.fileno() in ready:  # nobody asks before the last reply, so this is the end
            raise BrokenPipeError
        if ready:
            part = os.read(reading, 1 << 16)
            data += part
            if not part:
                return bytes(data), ""
            if data.endswith(b"\n") and b'"token": ' in data[-200:]:
                return bytes(data), ""  # threads that the cells left behind are not waited for
            if len(data) > LONGEST:
                return b"", "output"
        now = time.monotonic()
        if now - looked < TICK:
            continue
        used = _used(child, alone=alone)
        checking = data.count(b'{"begins": ') >= cells
        if used >= limits.cell_seconds or (used >= limits.answer_seconds and not checking):
            return bytes(data), "time"
        if used != spent:
            spent, idle = used, 0.0
        else:  # where the machine stood still, we did not look either
            idle += min(now - looked, 2 * TICK)
        looked = now
        if idle >= limits.idle_seconds:
            return bytes(data), "idle"


def _used(world: int, *, alone: bool) -> float:
    """Processor time of a world's processes, those included that have ended; proc_pid_stat(5).

    They are of one process group, which they cannot leave, or alone with us in this /proc. Two
    figures of each are rounded down, by half a tick on average; of hundreds that matters.
    """
    ticks = 0
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has just ended
            number, _, fields = place.read_text("utf-8", "replace").partition(" (")
            status = fields.rpartition(")")[2].split()
            if int(status[2]) == world or (alone and int(number) != os.getpid()):
                ticks += sum(map(int, status[11:15])) + 1
    return ticks / os.sysconf("SC_CLK_TCK")


def _read(data: bytes, ended: str, code: int) -> Frame:
    """The frame in what a world sent; if there is none, one that says how the world ended."""
    running = None
    for line in data.splitlines():
        with contextlib.suppress(ValueError, RecursionError):
            sent = json.loads(line)
            if not isinstance(sent, dict):  # it is not from us
                continue
            if "token" in sent:
                return sent
            running = sent.get("begins", running)
    if ended == "time":
        verdict, how = "time-limit", "used up its processor time and was stopped"
    elif ended == "idle":
        verdict, how = "time-limit", "waited for something that never came and was stopped"
    elif ended == "output" or code == world.FLOODED:
        verdict, how = "crash", "put out more output than can be kept"
    elif code < 0:
        verdict, how = "crash", f"ended the whole process ({signal.Signals(-code).name})"
    else:
        verdict, how = "crash", f"ended the whole process (exit status {code})"
    return {"frame": {"verdict": verdict, "message": how, "outputs": []}, "running": running}


if __name__ == "__main__":
    main()
