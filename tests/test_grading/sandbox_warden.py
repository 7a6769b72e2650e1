"""A warden for test_sandbox.py: reads what worlds are to run, one JSON object a line, and answers.

`python sandbox_warden.py WAY VISIBLE...`
"""

from __future__ import annotations

import json
import linecache
import os
import sys
import traceback
from pathlib import Path

import taketurns
from taketurns.grading import sandbox
from taketurns.grading.types import Limits


def _reachable(paths: list[Path]) -> None:
    """Let nobody reach what only root can go to, as it is where one does not work as root."""
    sandbox._do("unshare", sandbox._NEWNS)
    sandbox._do("mount", None, b"/", None, 0x44000, None)
    for path in paths:
        for parent in reversed(path.parents):
            if not parent.stat().st_mode & 1:
                kept = os.open(path, os.O_PATH)
                sandbox._mount("tmpfs", str(parent), "mode=0755")
                path.mkdir(parents=True)
                source = f"/proc/self/fd/{kept}".encode()
                sandbox._do("mount", source, bytes(path), None, 0x5000, None)
                os.close(kept)
                break


def _live(source: str, say: object) -> None:
    linecache.cache["world.py"] = (len(source), None, source.splitlines(keepends=True), "world.py")
    exec(compile(source, "world.py", "exec"), {"__name__": "__main__", "say": say})


def main() -> None:
    way, *paths = sys.argv[1:]
    visible = [Path(path) for path in paths]
    taketurns.explore(lambda: None)  # so that worlds need not import
    if way == "landlock" and os.geteuid() == 0:
        _reachable(visible)
    protection = sandbox.enter(visible, ways=(way,))
    print(json.dumps({"loopback": protection.loopback, "others": protection.others}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        reading, writing = os.pipe()

        def say(value: object, pipe: int = writing) -> None:
            os.write(pipe, json.dumps(value).encode() + b"\n")

        world = sandbox.fork(protection)
        if world == 0:
            try:
                keep = (2, writing, *request["keep"])
                sandbox.confine(Limits(**request["limits"]), protection, keep)
                _live(request["source"], say)
            except BaseException:
                say(traceback.format_exc())
            os._exit(0)
        os.close(writing)
        if request["end_when_it_speaks"]:
            first = os.read(reading, 65536)
        else:
            first = b""
            os.waitid(os.P_PID, world, os.WEXITED | os.WNOWAIT)
        code = sandbox.end(world, protection)
        with os.fdopen(reading, "rb") as pipe:  # ends when nobody has its other end any more
            said = (first + pipe.read()).splitlines()
        print(json.dumps([code, *(json.loads(each) for each in said)]), flush=True)


if __name__ == "__main__":
    main()
