"""The kernels that notebooks are tried on: both of this Python, and both of every other one.

`make kernels` makes the other Pythons' environments, in `.kernels`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

# A shell that starts tests in the background has them ignore this signal, which children inherit.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parents[1]
HERE = "{}.{}".format(*sys.version_info) + "t" * bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
PYTHONS = {HERE: Path(sys.executable)} | {
    name: ROOT / ".kernels" / name / "bin" / "python"
    for name in ("3.11", "3.12", "3.13", "3.13t", "3.14", "3.14t")
    if name != HERE
}
# Cells to put before and after others. Threads by identity: the kernel starts and ends some itself.
# Standard error is watched from inside, for xeus-python drops what other threads write there.
BEFORE = """
import sys as _tt_sys, threading as _tt_threading

class _TtWatch:
    def __init__(self, stream):
        self.stream, self.said, self.threads = stream, [], set(_tt_threading.enumerate())

    def write(self, text):
        self.said.append(text)
        return self.stream.write(text)

    def __getattr__(self, name):
        return getattr(self.stream, name)

_tt_watch = _tt_sys.stderr = _TtWatch(_tt_sys.stderr)
"""
AFTER = """
_tt_sys.stderr = _tt_watch.stream
_tt_left = [
    thread.name for thread in _tt_threading.enumerate()
    if thread not in _tt_watch.threads and not (thread.__class__.__module__ + ".").startswith(
        ("ipykernel.", "IPython.", "jupyter_client.", "zmq.")
    )
]
assert not _tt_left, f"threads still alive: {_tt_left}"
assert not _tt_watch.said, "written to standard error: " + "".join(_tt_watch.said)
"""
LAUNCHERS = {"ipykernel": "ipykernel_launcher", "xeus-python": "xpython_launcher"}


# Files whose tests share nothing, so that each may run in another process.
APART = ("tests/test_answers.py", "tests/test_course/test_sample_class.py")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let a file's tests run in one process, where they share fixtures; the browser's likewise.

    pytest-xdist's marks for groups do nothing with pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            if file in APART:
                return nodeid
            return "browser" if file.startswith("tests/test_browser/") else file

    return Scheduling(config, log)


@pytest.fixture(scope="session")
def watch() -> tuple[str, str]:
    """Return two cells: the second fails if a thread is left, or anything is on standard error."""
    return BEFORE, AFTER


@pytest.fixture(scope="module")
def kernel_home() -> Iterator[Path]:
    """Return a folder for all that kernels read and keep, its path short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="tt-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", folder, prepend=os.pathsep)
        patch.setenv("JUPYTER_RUNTIME_DIR", f"{folder}/runtime")
        patch.setenv("IPYTHONDIR", f"{folder}/ipython")
        yield Path(folder)


@pytest.fixture(scope="module", params=[p for p in PYTHONS if PYTHONS[p].exists()])
def python(request) -> str:
    """Return the version of one of the Pythons that there are."""
    return request.param


@pytest.fixture(scope="module", params=LAUNCHERS)
def kernel(request, python: str, kernel_home: Path) -> str:
    """Return the name by which Jupyter starts one of the kernels; skip one that is not there."""
    path, launcher = PYTHONS[python], LAUNCHERS[request.param]
    look = f"import importlib.util as u, sys; sys.exit(u.find_spec({launcher!r}) is None)"
    if subprocess.run([path, "-c", look], check=False).returncode:
        pytest.skip(f"{request.param} is not installed for Python {python}")
    name = f"{request.param}-{python}"
    spec = {
        "argv": [str(path), "-m", launcher, "-f", "{connection_file}"],
        "display_name": name,
        "language": "python",
    }
    folder = kernel_home / "kernels" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kernel.json").write_text(json.dumps(spec), "utf-8")
    return name
