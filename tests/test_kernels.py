"""What a notebook shows and does, on every kernel that there is: `conftest.py` finds them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.manager import KernelManager

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.slow

PATIENCE = 120  # seconds after which a kernel that says nothing is given up

SETUP = """
import threading
import taketurns.lab.progress
from taketurns import explore
from taketurns.lab import explorer, schedules, stepper

taketurns.lab.progress.FIRST = 0

def visitors(doors=2):
    counter = 0
    def enter():
        nonlocal counter
        counter += 1
    threads = [threading.Thread(target=enter, name=f"door {n}") for n in range(doors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counter

def losing():
    assert visitors() == 2, "one is missing"

def endless():
    lock = threading.Lock()
    def enter():
        for _ in range(9):
            with lock:
                pass
    threads = [threading.Thread(target=enter) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


class Running:
    """A kernel and what a notebook's page would get from it."""

    def __init__(self, manager: KernelManager) -> None:
        self.manager = manager
        self.client = manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)

    def run(
        self, code: str, *, looked_at: bool = False, heard: Callable[[Any], None] | None = None
    ) -> list[Any]:
        """Run a cell; return all messages that it sent."""
        cell = self.client.execute(code, allow_stdin=looked_at)
        said = []
        while not said or not _ends(said[-1], cell):
            said.append(self.client.get_iopub_msg(timeout=PATIENCE))
            if heard is not None:
                heard(said[-1])
        while self.client.get_shell_msg(timeout=PATIENCE)["parent_header"].get("msg_id") != cell:
            pass  # an answer to one of the questions whether the kernel is ready
        return said

    def value(self, code: str) -> Any:
        """Return what a cell prints as Python reads it."""
        said = self.run(f"print(repr({code}))")
        assert [] == _of(said, "error")
        return eval("".join(message["text"] for message in _of(said, "stream")))

    def send(self, widget: str, data: dict[str, Any]) -> None:
        """Send what the page sends when somebody uses a widget."""
        message = self.client.session.msg("comm_msg", {"comm_id": widget, "data": data})
        self.client.shell_channel.send(message)

    def hears(self, widget: str, words: str) -> str:
        """Return the first value of a widget that has these words."""
        while True:
            content = self.client.get_iopub_msg(timeout=PATIENCE)["content"]
            if content.get("comm_id") == widget:
                value = content["data"].get("state", {}).get("value", "")
                if words in value:
                    return value

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def _of(said: list[Any], kind: str) -> list[Any]:
    return [message["content"] for message in said if message["msg_type"] == kind]


def _ends(message: Any, cell: str) -> bool:
    return (
        message["parent_header"].get("msg_id") == cell
        and message["content"].get("execution_state") == "idle"
    )


def click() -> dict[str, Any]:
    return {"method": "custom", "content": {"event": "click"}}


def choose(value: int) -> dict[str, Any]:
    return {"method": "update", "state": {"value": value}, "buffer_paths": []}


@pytest.fixture(scope="module")
def running(kernel: str) -> Iterator[Running]:
    manager = KernelManager(kernel_name=kernel)
    manager.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    running = Running(manager)
    try:
        assert [] == _of(running.run(SETUP), "error")
        yield running
    finally:
        running.close()


def test_a_failed_check_shows_the_picture_and_tells_the_schedule(running):
    said = running.run("explore(losing).check()")
    (picture,), (error,) = _of(said, "display_data"), _of(said, "error")

    assert "data:image/svg+xml" in picture["data"]["text/html"]
    assert "ScheduleFailure" in error["ename"]
    assert 1 == len(error["traceback"])
    assert "ScheduleFailure: one is missing\nlost-update: " in error["traceback"][0]


def test_progress_is_shown_to_who_may_be_asked_and_then_taken_away(running):
    said = running.run("explore(visitors)", looked_at=True)
    (shown,), (gone,) = _of(said, "display_data"), _of(said, "update_display_data")
    widget = shown["data"]["application/vnd.jupyter.widget-view+json"]["model_id"]

    assert "visitors: 1 schedule tried" in shown["data"]["text/plain"]
    assert {} == gone["data"]
    assert shown["transient"] == gone["transient"]
    assert [widget] == [closed["comm_id"] for closed in _of(said, "comm_close")]


def test_no_progress_is_shown_to_a_program(running):
    said = running.run("explore(visitors)")

    assert [] == _of(said, "display_data") + _of(said, "comm_open")
    assert 1 == len(_of(said, "execute_result"))


def test_the_stop_button_ends_an_exploration_and_nothing_else(running):
    def stop_when_it_is_shown(message: Any) -> None:
        if message["msg_type"] == "display_data":
            running.manager.interrupt_kernel()

    code = "explore(endless, budget=10**9)"
    said = running.run(code, looked_at=True, heard=stop_when_it_is_shown)
    (error,) = _of(said, "error")

    assert "Interrupted" in error["ename"]
    assert 1 == len(error["traceback"])
    assert error["traceback"][0].startswith(
        "Stopped: endless is undecided: stopped by the user after a sample of "
    )
    assert [{}] == [gone["data"] for gone in _of(said, "update_display_data")]
    assert running.value("explore(visitors).outcomes.keys() == {1, 2}")


def test_a_slider_redraws_the_timeline(running):
    slider, picture = running.value(
        "[w.model_id for w in explorer(visitors, parameters={'doors': range(1, 4)}).children[:2]]"
    )
    running.send(slider, choose(3))

    assert "<svg" in running.hears(picture, "doors = 3")


def test_a_slider_over_schedules_shows_each(running):
    slider, picture = running.value("[w.model_id for w in schedules(visitors).children[:2]]")
    running.send(slider, choose(2))

    assert "<svg" in running.hears(picture, "Schedule 2 of 2: it returned 1")


def test_it_runs_for_real_while_the_kernel_is_free(running):
    before = running.value("[box := schedules(visitors), len(threading.enumerate())][1]")
    button, page = running.value("[w.model_id for w in box.children[2:]]")
    running.send(button, click())
    told = running.hears(page, "runs on real threads")

    assert "it returned 2</th>" in told
    assert before == running.value("[box.join(), len(threading.enumerate())][1]")


def test_a_stepper_goes_where_it_is_told(running):
    running.run("box = stepper(losing); _, who, moves, position, _, page = box.children")
    begin = running.value("position.value")
    (main,) = running.value("[button.model_id for button in who.children]")
    position = running.value("position.model_id")
    running.send(main, click())
    first = running.hears(position, "")
    running.send(running.value("moves.children[4].model_id"), click())
    losing = running.hears(position, "")

    assert 3 == len({begin, first, losing})
    assert "one is missing" in running.value("page.value")


@pytest.mark.parametrize(
    "expected, cell",
    [
        ([], "explore(losing)"),
        (
            ["threads still alive: ['late']"],
            "threading.Thread(target=end.wait, name='late').start()",
        ),
        (
            ["written to standard error: Exception in thread early"],
            "t = threading.Thread(target=lambda: 1 / 0, name='early'); t.start(); t.join()",
        ),
        (["written to standard error: oh"], "import sys; print('oh', file=sys.stderr)"),
    ],
    ids=["nothing", "a thread is left", "a thread dies", "a complaint"],
)
def test_what_the_notebooks_may_not_leave_is_noticed(running, watch, expected, cell):
    before, after = watch
    running.run(before)
    running.run(f"end = threading.Event(); {cell}")
    errors = _of(running.run(after), "error")
    running.run("end.set()")

    assert expected == [error["evalue"].splitlines()[0].rstrip(":") for error in errors]
