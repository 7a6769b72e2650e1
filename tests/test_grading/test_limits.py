"""What a world may use before its check begins, and after."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest

from taketurns.grading import job, sandbox
from taketurns.grading.types import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        all(sandbox.probe().values()), reason=f"no sandbox works here: {sandbox.probe()}"
    ),
]
BUSY = "import time\n\n\nbegan = time.process_time()\nwhile time.process_time() < began + {}: pass"
LIMITS = asdict(Limits(answer_seconds=0.5, cell_seconds=5))


@pytest.fixture(scope="module")
def warden() -> Iterator[job.Warden]:
    yield job.warden({})
    job.forget_wardens()


def asked(warden: job.Warden, answer: str, check: str) -> tuple[dict[str, Any], str | None]:
    """The frame, and the cell that was running if the world was given up."""
    cells = [
        {"name": "answer", "source": answer, "learners": True},
        {"name": "check", "source": check, "learners": False},
    ]
    reply = warden.ask({"cells": cells, "student": "", "limits": LIMITS, "files": {}})
    return reply["frame"], reply.get("running")


def test_an_answer_that_never_gets_to_its_check_is_given_up_soon(warden):
    frame, running = asked(warden, BUSY.format(4), "pass")

    assert ("time-limit", "answer") == (frame["verdict"], running)


def test_a_check_may_take_longer_than_an_answer(warden):
    frame, running = asked(warden, "pass", BUSY.format(2))

    assert ("ok", None) == (frame["verdict"], running)


def test_a_check_is_given_up_too(warden):
    frame, running = asked(warden, "pass", BUSY.format(60))

    assert ("time-limit", "check") == (frame["verdict"], running)


def test_processes_that_an_answer_starts_count(warden):
    fork = "import os\n\n\nfor _ in range(4):\n    if os.fork() == 0:\n        while True: pass"
    frame, running = asked(warden, f"{fork}\nos.wait()", "pass")

    assert ("time-limit", "answer") == (frame["verdict"], running)
