"""Forks kernels: a process that has imported and warmed all that one needs, in a sandbox.

`taketurns.grading.provisioner` starts it, hands it a socket and the sockets of each kernel,
already listening: so a kernel sees no folder of its host, and clients need not wait until it binds.
Requests and replies are JSON, one a packet; a kernel's particulars come in an open file.
"""

from __future__ import annotations

import atexit
import base64
import contextlib
import gc
import json
import os
import select
import shutil
import signal
import socket
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

import zmq
from ipykernel.heartbeat import Heartbeat
from ipykernel.kernelapp import IPKernelApp
from IPython.core.ultratb import AutoFormattedTB

from taketurns import explore

from . import sandbox
from .types import Limits
from .warden import visible

# Of a kernel as a whole. How long a cell may take is nbgrader's to say.
LIMITS = Limits(cell_seconds=600, processes=256)
PACKET = 1 << 16  # bytes, of a request or reply
FILES = 16  # at most, that come with a request
LAST_WORDS = 5  # seconds that a thread has which is to end


def main() -> None:
    """Look after a process that forks kernels: it ends with its owner, and nothing is left.

    Arguments: the socket's descriptor, the owner's process id and folder, settings of the sandbox.
    """
    channel, owner, folder = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]), sys.argv[3]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    watched = [os.pidfd_open(owner)] if os.getppid() == owner else []
    if watched:
        child = os.fork()
        if not child:
            try:
                os.close(watched[0])
                _serve(channel, **json.loads(sys.argv[4]))
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        channel.close()
        watched.append(os.pidfd_open(child))
        ended = select.select(watched, [], [])[0]
        _end_session()
    if not watched or watched[0] in ended:
        shutil.rmtree(folder, ignore_errors=True)


def _end_session() -> None:
    """Kill whatever was started from here."""
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.getsid(int(place.name)) == os.getpid() != int(place.name):
                os.kill(int(place.name), signal.SIGKILL)


def _serve(channel: socket.socket, hidden: list[str], ways: list[str]) -> None:
    """Answer requests until there is nobody to make them."""
    _warm()
    try:
        protection = sandbox.enter(visible(), [Path(each) for each in hidden], ways)
    except (sandbox.NoSandboxError, ValueError) as error:
        _send(channel, {"problem": str(error)})
        return
    gc.collect()
    gc.freeze()  # kernels share these pages
    _send(channel, {"protection": protection.says})
    kernels: list[int] = []  # process ids
    codes: dict[int, int] = {}  # of those that have ended
    while True:
        packet, files, _, _ = socket.recv_fds(channel, PACKET, FILES)
        if not packet:
            return
        request = json.loads(packet)
        number = request.get("kernel", len(kernels))
        if number == len(kernels):
            kernels.append(_start(protection, files))
        elif number not in codes:
            pid, wanted = kernels[number], request["signal"]
            if wanted == signal.SIGKILL or _ended(pid):
                codes[number] = sandbox.end(pid, protection)
            elif wanted:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, wanted)
        _send(channel, {"kernel": number, "code": codes.get(number)})


def _send(channel: socket.socket, reply: dict[str, Any]) -> None:
    channel.send(json.dumps(reply).encode("ascii"))


def _ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _warm() -> None:
    """Do what a kernel does first, so that none has to: a check, an error, what they import."""
    with contextlib.suppress(ImportError):
        import debugpy.server.api  # noqa: F401
    try:
        explore(_two_add).check()
    except AssertionError:
        AutoFormattedTB(mode="Context").text(*sys.exc_info())


def _two_add() -> None:
    counter, lock = [0], threading.Lock()

    def add() -> None:
        with lock:
            counter[0] += 1
        counter[0] += 1

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter == [4], "lost"


# --- In a kernel ---------------------------------------------------------------------------------


def _start(protection: sandbox.Protection, files: list[int]) -> int:
    """Fork a kernel: its particulars are in the first file, the others are its sockets."""
    pid = sandbox.fork(protection)
    if not pid:
        try:
            _live(protection, *files)
        finally:
            os._exit(1)
    for file in files:
        os.close(file)
    return pid


def _live(protection: sandbox.Protection, particulars: int, *sockets: int) -> None:
    atexit._clear()  # what the zygote does in the end is not a kernel's to do
    said = os.dup(2)  # until there is learners' code, what goes wrong is ours to know
    try:
        app = _prepare(protection, particulars, sockets, said)
    except BaseException:
        os.write(said, traceback.format_exc().encode())
        raise
    os.close(said)
    app.start()  # type: ignore[no-untyped-call]
    # The thread that was asked to leave still says so by the thread for outputs, which ends next;
    # at a bad moment it would wait for that one for ever.
    app.control_thread.join(LAST_WORDS)
    atexit._run_exitfuncs()
    os._exit(0)


def _prepare(
    protection: sandbox.Protection, particulars: int, sockets: tuple[int, ...], said: int
) -> Kernel:
    with os.fdopen(particulars, "rb") as file:
        file.seek(0)
        request = json.load(file)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    os.environ.clear()
    os.environ.update(request["environment"])
    sandbox.confine(LIMITS, protection, (0, 1, 2, said, *sockets))
    Path(request["folder"]).mkdir(parents=True, exist_ok=True)
    os.chdir(request["folder"] or ".")
    for name, content in request["files"].items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(content))
    app: Kernel = Kernel.instance()
    app.given = request["connection"]
    app.listening = dict(zip(request["ports"], sockets, strict=True))
    app.initialize(request["arguments"])
    return app


class Kernel(IPKernelApp):
    """IPython's kernel, on sockets that listen already."""

    given: dict[str, Any]  # what else stands in a connection file
    listening: dict[int, int]  # descriptors, by port

    def init_connection_file(self) -> None:
        """Take the connection as it was sent; there is no file."""
        self.load_connection_info(self.given)  # type: ignore[arg-type]

    def write_connection_file(self, **_: Any) -> None:
        """Do nothing: who would read it knows all."""

    def _bind_socket(self, s: Any, port: int) -> int:
        s.setsockopt(zmq.USE_FD, self.listening[port])
        super()._bind_socket(s, port)  # type: ignore[no-untyped-call]
        if port == self.shell_port:
            s.bind("inproc://shell")  # the kernel's own debugger connects to what was bound last
        return port

    def init_iopub(self, context: zmq.Context[Any]) -> None:
        """Start the thread that sends outputs, to which forked processes pass theirs by TCP."""
        # What libzmq binds itself it looks up by netlink, and it aborts where that is denied.
        forked = socket.create_server(("127.0.0.1", 0))
        context.setsockopt(zmq.USE_FD, forked.detach())
        super().init_iopub(context)  # type: ignore[no-untyped-call]
        context.setsockopt(zmq.USE_FD, -1)

    def init_heartbeat(self) -> None:
        """Start the heartbeat."""
        context = zmq.Context()
        context.setsockopt(zmq.USE_FD, self.listening[self.hb_port])
        self.heartbeat = Heartbeat(  # type: ignore[no-untyped-call]
            context,
            (self.transport, self.ip, self.hb_port),
            curve_publickey=self.curve_publickey,
            curve_secretkey=self.curve_secretkey,
        )
        self.heartbeat.start()


if __name__ == "__main__":
    main()
