"""Which checks need a real kernel, and which kernel that is.

The master alone decides, never what was handed in. The table holds what came out differently when
the same cells ran in a world and in a kernel; widgets, comms, magics and `await` did not.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

PYTHON = "python"
REASONS = {
    "it asks for the kernel itself": r"""
        \bipykernel\b | \bZMQInteractiveShell\b | \bget_connection_file\b | %connect_info\b
        | \.parent_header\b | \bget_ipython\b .* \bkernel\b | \bkernel\b .* \bget_ipython\b
    """,
    # A master that names the backend gets it in a world, too.
    "it draws figures, which a kernel shows and closes after each cell": r"""
        \A (?! .* %matplotlib\ inline ) (?! .* \bmatplotlib\.use\( )
        .* \b(?: pyplot | pylab | get_backend )\b
    """,
    "it needs an event loop that goes on from cell to cell": r"""
        \b(?: asyncio\s*\.\s*(?: run | Runner | create_task | ensure_future )
        | get_running_loop | run_until_complete )\b
    """,
    "it asks what its output is": r"\bstd(?: out | err )\s*\.\s*(?: fileno | encoding )\b",
}
_PATTERNS = {why: re.compile(text, re.VERBOSE | re.DOTALL) for why, text in REASONS.items()}
_OURS = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from ipykernel.kernelapp import launch_new_instance; launch_new_instance()"
)


class NoKernelError(Exception):
    """The kernel that a master asks for cannot be had; says why."""


def language_of(master: dict[str, Any]) -> str:
    """Return the language of a notebook's cells, in lower case."""
    metadata = master["metadata"]
    named = metadata.get("kernelspec", {}).get("language")
    return str(named or metadata.get("language_info", {}).get("name") or PYTHON).lower()


def reason(master: dict[str, Any], sources: Iterable[str]) -> str | None:
    """Say why a check needs a real kernel; None if it needs none.

    Args:
        master: the notebook in `source/`.
        sources: its own cells of those that the check runs with.
    """
    language = language_of(master)
    if language != PYTHON:
        return f"it is written in {language}"
    text = "\n".join(sources)
    return next((why for why, pattern in _PATTERNS.items() if pattern.search(text)), None)


def kernel_of(master: dict[str, Any]) -> dict[str, Any]:
    """Return the kernel for a notebook: its `language`, and the `argv` and `env` to start it.

    Raises NoKernelError if it is not installed.
    """
    language = language_of(master)
    if language == PYTHON:
        root = str(Path(__file__).resolve().parents[2])
        argv = [sys.executable, "-P", "-c", _OURS, root, "-f", "{connection_file}"]
        return {"language": language, "argv": argv, "env": {}}
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    name = str(master["metadata"].get("kernelspec", {}).get("name"))
    try:
        spec = KernelSpecManager().get_kernel_spec(name)
    except NoSuchKernel:
        raise NoKernelError(f"the kernel {name!r}, for {language}, is not installed here") from None
    argv = [part.replace("{resource_dir}", spec.resource_dir) for part in spec.argv]
    if argv and argv[0] in ("python", "python3"):  # as jupyter_client has it
        argv[0] = sys.executable
    return {"language": language, "argv": argv, "env": spec.env}


__all__ = ["PYTHON", "REASONS", "NoKernelError", "kernel_of", "language_of", "reason"]
