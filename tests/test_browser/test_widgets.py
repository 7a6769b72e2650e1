"""Each kind of picture and widget once, judged by axe-core's rules of accessibility."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from nbformat import v4, write

from .driver import Lab

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = """\
import threading
import time

from taketurns import explore, simulate
from taketurns.lab import explorer, schedules, scoreboard, stepper

def two_doors():
    visitors = 0

    def enter():
        nonlocal visitors
        visitors += 1

    doors = [threading.Thread(target=enter, name=f"door {x}") for x in "AB"]
    for door in doors:
        door.start()
    for door in doors:
        door.join()
    print("a line that the program prints, and that is longer than there is room for" * 2)
    assert visitors == 2, f"2 visitors came, {visitors} were counted"

def desk(clerks=2, pause=0.0):
    lock = threading.Lock()

    def serve():
        with lock:
            time.sleep(pause)

    threads = [threading.Thread(target=serve, name=f"clerk {n}") for n in range(clerks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("all were served")
"""
EXPLORER, STEPPER = 1, 5
CELLS = (
    PROGRAMS,
    'explorer(desk, parameters={"clerks": range(1, 5), "pause": (0.0, 2.0)})',
    'explorer(desk, parameters={"clerks": [1, 2]}, view="time")',
    'explorer(desk, parameters={"clerks": (1, 3)}, view="text")',
    "schedules(two_doors)",
    'stepper(two_doors, puzzle="doors")',
    "explore(two_doors)",
    "simulate(desk)",
    "scoreboard()",
    "explore(two_doors).check()",  # the last one, for it fails
)
# What is not ours to mend: rule, part of the page, reason.
NOT_OURS = {
    "aria-input-field-name": (
        ".noUi-handle",
        "ipywidgets has no way to name a slider's handle; its label stands beside it as text",
    )
}


@pytest.fixture(scope="module")
def widgets(lab: Lab) -> Iterator[Lab]:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = v4.new_notebook(
        metadata={"kernelspec": kernel}, cells=[v4.new_code_cell(source) for source in CELLS]
    )
    write(notebook, lab.folder / "widgets.ipynb")
    with lab.open("widgets.ipynb"):
        lab.run_all()
        output = lab.output(STEPPER)
        output.get_by_role("button", name="Show a losing schedule").click()
        output.get_by_text("the run is over").wait_for()
        output.get_by_role("textbox").fill("no position")
        lab.page.keyboard.press("Enter")
        output.get_by_text("'no position' is not a").wait_for()
        yield lab


def violations(lab: Lab) -> list[str]:
    """What axe-core objects to in the outputs of cells, but for what is not ours."""
    found = []
    response = Axe().run(lab.page, context={"include": [[".jp-OutputArea"]]}).response
    assert response["passes"], "axe-core looked at nothing"
    for rule in response["violations"] + response["incomplete"]:
        for node in rule["nodes"]:
            part = lab.page.locator(node["target"][0])
            known = NOT_OURS.get(rule["id"])
            if known is None or not part.evaluate("(e, known) => e.matches(known)", known[0]):
                found.append(f"{rule['id']}: {rule['help']}: {node['html']}")
    return found


def test_the_button_runs_a_program_for_real_and_keeps_the_focus(widgets: Lab):
    output = widgets.output(EXPLORER)
    button = output.get_by_role("button", name="Run it for real")
    button.focus()
    before = widgets.focused()
    widgets.page.keyboard.press("Enter")
    output.get_by_text("runs on real threads").wait_for()

    assert "of virtual time" in output.text_content()
    assert ["real threads", "schedules that differ"] == (
        output.locator("thead th").all_text_contents()
    )
    assert before.evaluate("button => button === document.activeElement")
    assert [] == widgets.heard


@pytest.mark.parametrize("width", [1280, 640])
@pytest.mark.parametrize("light", [True, False], ids=["light", "dark"])
def test_nothing_of_ours_breaks_a_rule_of_accessibility(widgets: Lab, light, width):
    widgets.theme(light=light)
    widgets.page.set_viewport_size({"width": width, "height": 900})
    found = violations(widgets)
    widgets.pictures(f"widgets-{'light' if light else 'dark'}", width)
    widgets.page.set_viewport_size({"width": 1280, "height": 900})

    assert [] == found
    assert 1 == len(widgets.errors()), "one cell fails, by intent"
