"""Runs a command of `taketurns` where it has little room; for test_surroundings.py.

The first argument says how little: what to `mount`, by path, as read-only, writable, or new and how
large; how many mount `namespaces` there may be; which `ways` of a sandbox to try; the `place` to
run it from.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import sys
from pathlib import Path
from typing import Any

from taketurns.__main__ import main
from taketurns.grading import grade, sandbox


def confine(
    mount: dict[str, str] | None = None,
    namespaces: int | None = None,
    ways: list[str] | None = None,
    place: str = ".",
) -> None:
    """Leave this process and those that it starts little room."""
    if namespaces is not None:
        sandbox._do("unshare", sandbox._NEWUSER)  # whose own limit it is
        Path("/proc/self/setgroups").write_text("deny")
        for name in ("uid_map", "gid_map"):
            Path("/proc/self", name).write_text("0 0 1")
        Path("/proc/sys/user/max_mnt_namespaces").write_text(str(namespaces))
    if mount:
        sandbox._do("unshare", sandbox._NEWNS)
        sandbox._do("mount", None, b"/", None, 0x44000, None)  # MS_REC | MS_PRIVATE
    for path, options in (mount or {}).items():
        with contextlib.suppress(FileNotFoundError):
            if options in {"ro", "rw"}:  # what is there, once more; mounts in it stay as they are
                sandbox._do("mount", path.encode(), path.encode(), None, 0x5000, None)
                if options == "ro":
                    sandbox._restrict(path, 1, recursive=False)
            else:
                sandbox._do("mount", b"tmpfs", path.encode(), b"tmpfs", 0, options.encode())
    os.chdir(place)
    if ways is not None:
        begin = grade._Command.__init__

        @functools.wraps(begin)
        def choosing(self: Any, *arguments: Any, **options: Any) -> None:
            begin(self, *arguments, **options)
            self._sandbox = {"ways": ways}

        grade._Command.__init__ = choosing


if __name__ == "__main__":
    confine(**json.loads(sys.argv.pop(1)))
    main()
