"""Kernels for `nbgrader autograde`, forked from a warm process in a sandbox instead of started.

The environment variable JUPYTER_DEFAULT_PROVISIONER_NAME=taketurns lets jupyter_client use it; see
`nbgrader_config.py`. Only kernels that grade, and that are IPython's on this very Python, are
forked; all others are started as ever. A forked kernel works on a copy of its folder, which goes
with it.

nbgrader's kernels have another current folder than nbgrader has, and by default jupyter_client
names local sockets relative to it, so neither would find the other's. Here each kernel has a
private folder, and its sockets are named by their whole path.
"""

from __future__ import annotations

import atexit
import base64
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

from jupyter_client.provisioning import LocalProvisioner  # type: ignore[attr-defined]
from traitlets import Bool

from . import intake

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LONGEST = 100  # bytes of the path of a socket, of which unix(7) allows 107
TRIES = 3  # to have a kernel forked while something kills who does it
PATIENCE = 120.0  # seconds for an answer; the first one comes when everything is imported
# What of the environment kernels get: nothing that may be a secret.
KEPT = ("LANG", "LC_", "MPLBACKEND", "NBGRADER_", "PATH", "PYDEVD_", "PYTHON", "TAKETURNS_", "TZ")


class ZygoteError(Exception):
    """The process that forks kernels is no more, and with it are all of its kernels."""


class NoZygoteError(Exception):
    """It cannot keep anything in; the message says why."""


class Zygote:
    """The process that forks kernels; it starts at once."""

    def __init__(self, folder: str, ways: tuple[str, ...]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        settings = {"hidden": [str(Path.cwd())], "ways": ways}
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 (this interpreter, our own module)
                [
                    *(sys.executable, "-P", "-m", "taketurns.grading.zygote"),
                    *(str(theirs.fileno()), str(os.getpid()), folder, json.dumps(settings)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**_kept(os.environ), "HOME": folder, "TMPDIR": folder},
                start_new_session=True,
            )
        self._channel = ours
        self._channel.settimeout(PATIENCE)
        self._lock = threading.Lock()
        self._ready = False

    def wait(self) -> None:
        """Wait until it is ready. Raises NoZygoteError, or ZygoteError if it was killed."""
        with self._lock:
            if not self._ready:
                hello = self._hear()
                if "problem" in hello:
                    raise NoZygoteError(hello["problem"])
                self._ready = True

    def ask(self, request: dict[str, Any], files: Sequence[int] = ()) -> dict[str, Any]:
        """Return the reply. Raises ZygoteError if it was killed, and then all of it ends."""
        with self._lock:
            if self._process.poll() is not None:  # nobody would clear up after us
                self._lose()
            with contextlib.suppress(OSError):
                socket.send_fds(self._channel, [json.dumps(request).encode("ascii")], files)
            return self._hear()

    def _hear(self) -> dict[str, Any]:
        packet = b""
        with contextlib.suppress(OSError):
            packet = self._channel.recv(1 << 16)
        if not packet:
            self._lose()
        reply: dict[str, Any] = json.loads(packet)
        return reply

    def _lose(self) -> NoReturn:
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)
        raise ZygoteError("the process that forks kernels was killed")

    def end(self) -> None:
        """End it, with all of its kernels."""
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)  # even if another process has it, too
        self._channel.close()
        self._process.wait()


class ForkedKernel:
    """A kernel that a zygote has forked, as if it were a `subprocess.Popen`."""

    stdin = stdout = stderr = None
    pid = 0  # it has one only in its own namespace

    def __init__(self, zygote: Zygote, number: int) -> None:
        self._zygote = zygote
        self._number = number
        self.returncode: int | None = None

    def send_signal(self, number: int) -> None:
        """Send a signal to all of the kernel's process group; 0 sends none."""
        if self.returncode is None:
            try:
                reply = self._zygote.ask({"kernel": self._number, "signal": number})
                self.returncode = reply["code"]
            except ZygoteError:
                self.returncode = -signal.SIGKILL

    def poll(self) -> int | None:
        """Return None while it runs, then its exit code, negative for a signal."""
        self.send_signal(0)
        return self.returncode

    wait = poll  # LocalProvisioner waits only for what has ended

    def kill(self) -> None:
        """End it; it has ended when this returns."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class _Owner:
    """What this process has: a folder, and a zygote for each setting."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.folder = ""  # if there is a zygote, or was one
        self.zygotes: dict[tuple[str, ...], Zygote] = {}
        self.refusals: dict[tuple[str, ...], str] = {}
        self.lock = threading.Lock()
        atexit.register(self.end)

    def zygote(self, ways: tuple[str, ...]) -> Zygote:
        """Return one that has been ready. Raises NoZygoteError if none can be."""
        for _ in range(TRIES):
            with self.lock:
                if ways in self.refusals:
                    break
                self.folder = self.folder or _private_folder()
                if ways not in self.zygotes:
                    self.zygotes[ways] = Zygote(self.folder, ways)
                made = self.zygotes[ways]
            try:
                made.wait()
            except (ZygoteError, NoZygoteError) as error:
                self.forget(ways, made)
                if isinstance(error, NoZygoteError):
                    self.refusals[ways] = str(error)
                    if not self.zygotes:  # nobody would remove it if this process were killed
                        shutil.rmtree(self.folder)
                        self.folder = ""
            else:
                return made
        why = self.refusals.setdefault(ways, "the process that forks them ends before it is ready")
        raise NoZygoteError(why)

    def forget(self, ways: tuple[str, ...], zygote: Zygote) -> None:
        with self.lock:
            if self.zygotes.get(ways) is zygote:
                del self.zygotes[ways]
                zygote.end()

    def end(self) -> None:
        if self.pid == os.getpid():  # not in a process that was forked from it
            for zygote in self.zygotes.values():
                zygote.end()
            shutil.rmtree(self.folder, ignore_errors=True)


def _private_folder() -> str:
    folder = tempfile.gettempdir()
    if len(os.fsencode(folder)) > LONGEST - len("/taketurns-12345678/12345678/s-5"):
        folder = "/tmp"  # noqa: S108 (sockets need a short path; mkdtemp makes it safe)
    return tempfile.mkdtemp(prefix="taketurns-", dir=folder)


_owner: _Owner | None = None
_owner_lock = threading.Lock()


def _own() -> _Owner:
    global _owner  # noqa: PLW0603 (one of a process, as its processes and its folder are)
    with _owner_lock:
        if _owner is None or _owner.pid != os.getpid():
            _owner = _Owner()
        return _owner


def _kept(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in environment.items() if name.startswith(KEPT)}


class ZygoteProvisioner(LocalProvisioner):
    """Forks kernels where it can, and starts them as `LocalProvisioner` does where it cannot."""

    sandbox = Bool(
        default_value=True,
        help="Whether kernels are kept from files and network; where that cannot be, they are not"
        " forked. False: they are forked with limits only.",
    ).tag(config=True)

    _folder: str | None = None  # of the kernel's sockets, if it is forked

    @property
    def _ways(self) -> tuple[str, ...]:
        return ("namespaces",) if self.sandbox else ("none",)

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Return what `launch_kernel` needs; the kernel's sockets get their own folder."""
        manager: Any = self.parent
        if self._folder is None and self._can_fork(kwargs.get("env") or os.environ):
            base = _own().folder
            self._folder = tempfile.mkdtemp(prefix="", dir=base)
            manager.transport, manager.ip, manager.cache_ports = "ipc", f"{self._folder}/s", False
            manager.connection_file = manager.connection_file or f"{base}/{self.kernel_id}.json"
        return await super().pre_launch(**kwargs)

    def _can_fork(self, environment: Mapping[str, str]) -> bool:
        spec, manager = self.kernel_spec, self.parent
        if (
            sys.platform != "linux"
            or manager is None
            or environment.get("NBGRADER_EXECUTION") != "autograde"
            or environment.get("PYTHONPATH") != os.environ.get("PYTHONPATH")
            or not _ours(spec.argv)
            or not version("ipykernel").startswith("7.")  # of whose parts a forked one is made
        ):
            return False
        try:
            _own().zygote(self._ways)
        except NoZygoteError as error:
            self.log.warning("Kernels are started one by one, and nothing keeps them in: %s", error)
            return False
        return True

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork the kernel, or start it; return how to connect to it."""
        if self._folder is None:
            return await super().launch_kernel(cmd, **kwargs)
        folder = Path(os.path.abspath(kwargs.get("cwd") or "/"))  # noqa: ASYNC240, PTH100 (quick)
        files, left_out = intake.files_of(folder) if kwargs.get("cwd") else ({}, [])
        for remark in left_out:
            self.log.warning("In %s, %s", folder, remark)
        connection, manager = self.connection_info, cast("Any", self.parent)
        request = {
            "environment": _kept(kwargs["env"])
            | {name: kwargs["env"][name] for name in self.kernel_spec.env},
            "arguments": cmd[cmd.index("-f") + 2 :],
            "connection": {**connection, "key": manager.session.key.decode()},
            "ports": manager.ports,
            "folder": "/".join(folder.parts[1:][-3:]),  # taketurns.course.variety looks at these
            "files": {
                name: base64.b64encode(content).decode("ascii") for name, content in files.items()
            },
        }
        self.process = self._fork(request)  # type: ignore[assignment]
        self.cwd = folder
        return connection

    def _fork(self, request: dict[str, Any]) -> ForkedKernel:
        """Have a kernel forked; if a zygote is killed meanwhile, by the next."""
        with contextlib.ExitStack() as stack:
            particulars = stack.enter_context(tempfile.TemporaryFile("w+"))
            json.dump(request, particulars)
            particulars.flush()
            files = [particulars.fileno()]
            for port in request["ports"]:
                path = Path(f"{self._folder}/s-{port}")
                path.unlink(missing_ok=True)
                listener = stack.enter_context(socket.socket(socket.AF_UNIX))
                listener.bind(str(path))
                listener.listen(100)
                files.append(listener.fileno())
            for _ in range(TRIES):
                zygote = _own().zygote(self._ways)
                try:
                    return ForkedKernel(zygote, zygote.ask({}, files)["kernel"])
                except ZygoteError:
                    _own().forget(self._ways, zygote)
        raise ZygoteError(f"the process that forks kernels was killed {TRIES} times")

    async def cleanup(self, restart: bool = False) -> None:
        """Remove what the kernel had, unless it will be started again."""
        if self._folder is not None and not restart:
            if self.process is not None:
                self.process.kill()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        await super().cleanup(restart=restart)


def _ours(argv: list[str]) -> bool:
    """Whether a kernel is IPython's, on this Python, without settings of its own."""
    python, *options = argv
    if not python.startswith("/"):
        known = {"python", "python3", f"python3.{sys.version_info[1]}"}  # what jupyter_client knows
        python = sys.executable if python in known else python
    here = Path(sys.executable)
    same = Path(python).parent == here.parent and Path(python).resolve() == here.resolve()
    options = [each for each in options if each != "-Xfrozen_modules=off"]
    return same and options[:4] == ["-m", "ipykernel_launcher", "-f", "{connection_file}"]
