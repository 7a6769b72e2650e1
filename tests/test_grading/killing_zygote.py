"""Runs `nbgrader autograde` on warm kernels and kills who forks them; for test_zygote.py.

Moments are messages to kernels and requests to the zygote. One request a line comes in, one answer
a line goes out. What is left running becomes this process's own, which waits for all of it.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.test_grading import killing


class Moments:
    """Counts them, and strikes once, at the zygote or at one of the processes it consists of."""

    def __init__(self, strike_at: int, seed: int) -> None:
        self.moments = 0
        self.forked = 0
        self.struck = False
        self._strike_at = strike_at
        self._random = random.Random(seed)
        self._zygotes: list[Any] = []

    def watch(self) -> None:
        from jupyter_client.session import Session

        from taketurns.grading.provisioner import ForkedKernel, Zygote

        made = Zygote.__init__

        def make(zygote: Any, *arguments: Any) -> None:
            made(zygote, *arguments)
            self._zygotes.append(zygote)
            self.tick()

        Zygote.__init__ = make  # type: ignore[method-assign]
        forked = ForkedKernel.__init__

        def fork(kernel: Any, *arguments: Any) -> None:
            forked(kernel, *arguments)
            self.forked += 1

        ForkedKernel.__init__ = fork  # type: ignore[method-assign]
        for owner, name in ((Session, "send"), (Zygote, "ask"), (Zygote, "wait")):
            self._wrap(owner, name)

    def _wrap(self, owner: type, name: str) -> None:
        inner = getattr(owner, name)

        def outer(*arguments: Any, **options: Any) -> Any:
            self.tick()
            return inner(*arguments, **options)

        setattr(owner, name, outer)

    def tick(self) -> None:
        self.moments += 1
        if (
            self._strike_at
            and self.moments >= self._strike_at
            and not self.struck
            and self._zygotes
        ):
            chain = [self._zygotes[-1]._process.pid]
            while children := killing._children(chain[-1]):
                chain += children[:1]
            os.kill(self._random.choice(chain[:3]), signal.SIGKILL)
            self.struck = True


def run(
    folder: str, assignment: str, options: list[str] | None = None, at: int = 0, seed: int = 0
) -> dict[str, Any]:
    """Run the command; say how it ended, and what it left running."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as seen:
        child = os.fork()
        if not child:
            for number in (1, 2):
                os.dup2(said.fileno(), number)
            moments = Moments(at, seed)
            try:
                os.chdir(folder)
                moments.watch()
                from nbgrader.apps import NbGraderApp

                NbGraderApp.launch_instance(["autograde", assignment, *(options or [])])
            finally:
                counted = json.dumps(vars(moments), default=lambda _: None)
                os.pwrite(seen.fileno(), counted.encode(), 0)
            sys.exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        left = killing._left()
        said.seek(0)
        seen.seek(0)
        return {**json.load(seen), "code": code, "left": left, "said": said.read().decode()}


if __name__ == "__main__":
    for name in ("nbgrader.apps", "taketurns.grading.provisioner"):  # once for all commands
        importlib.import_module(name)
    killing.sandbox._do("prctl", 36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    for line in sys.stdin:
        killing.answer(run(**json.loads(line)))
