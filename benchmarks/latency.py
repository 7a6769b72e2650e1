"""How soon one sees what one did: a slider's keypress, and a click in the stepper.

    python benchmarks/latency.py [--rounds N]    measures and writes latency.json

JupyterLab in headless Chromium. The time is from the event, as the page gets it, to the last
change of the cell's output. Side by side, in turn and in the same notebook: `explorer`, which
simulates the program and draws all that happened, and `interact` with matplotlib, which draws
bars that a multiplication gives. Beside the milliseconds, which depend on what else the machine
does, stand the kernel's processor time and how many times as long matplotlib takes; for the
stepper, with its 8 bars.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import statistics
from pathlib import Path
from typing import Any

from browser import chromium, notebook

HERE = Path(__file__).resolve().parent
PROMISED = {8: 30.0, 32: 100.0}  # milliseconds for a slider, at so many threads
PROMISED_STEP = 60.0  # and for a click in the stepper
STEPS = 200  # into the stepped program
QUIET = 300  # milliseconds without a change: it was the last

PROGRAMS = f"""\
import threading
import time

import ipywidgets
import matplotlib.pyplot as plt

from taketurns.lab import Stepping, explorer, stepper


def shop(clerks, minutes):
    sold = 0
    till = threading.Lock()

    def serve():
        nonlocal sold
        with till:
            time.sleep(minutes)
            sold += 1

    staff = [threading.Thread(target=serve, name=f"clerk {{n + 1}}") for n in range(clerks)]
    for clerk in staff:
        clerk.start()
    for clerk in staff:
        clerk.join()
    return sold


def bars(clerks, minutes):
    lanes = range(clerks)
    turns = [clerk * minutes for clerk in lanes]
    figure, axes = plt.subplots(figsize=(8.6, 1 + clerks / 4))
    axes.barh(lanes, turns, height=0.2, color="lightgrey")
    axes.barh(lanes, minutes, left=turns, color="steelblue")
    axes.set_yticks(lanes, [f"clerk {{clerk + 1}}" for clerk in lanes])
    axes.invert_yaxis()
    axes.set_xlabel("seconds")
    axes.set_title(f"clerks = {{clerks}}, minutes = {{minutes:g}}")
    plt.show()


def doors():
    visitors = 0
    desk = threading.Lock()

    def enter():
        nonlocal visitors
        for _ in range(20):
            with desk:
                visitors += 1

    people = [threading.Thread(target=enter, name=f"door {{n + 1}}") for n in range(4)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert visitors == 80


stepped = Stepping(doors)
while stepped.state.steps < {STEPS}:
    stepped.step(stepped.state.choices[stepped.state.steps % len(stepped.state.choices)])
"""


def _sliders(threads: int) -> tuple[str, str]:
    """Two cells that show the same two sliders, ours and matplotlib's."""
    few = f"{threads - 1}, {threads}"
    ours = f"""\
explorer(
    lambda clerks={threads}, minutes=1.0: shop(clerks, minutes),
    parameters={{"clerks": ({few}), "minutes": (0.5, 4.0, 0.1)}},
)"""
    others = f"""\
ipywidgets.interact(
    bars,
    clerks=ipywidgets.IntSlider({threads}, {few}),
    minutes=ipywidgets.FloatSlider(1.0, min=0.5, max=4.0, step=0.1),
);"""
    return ours, others


CELLS = (PROGRAMS, *_sliders(8), *_sliders(32), "stepper(stepped)")

# Waits for an event and for what it changes in an element, but for the slider or the button itself.
WATCH = """([element, event]) => {
    const seen = {start: 0, last: 0, drawn: false};
    element.addEventListener(
        event, e => { seen.start = e.timeStamp; }, {capture: true, once: true});
    const own = node => (node.nodeType === 1 ? node : node.parentElement)?.closest(
        '.widget-slider, .widget-readout, .widget-button');
    const observer = new MutationObserver(changes => {
        if (!seen.start) return;
        seen.last = performance.now();
        seen.drawn ||= changes.some(change => !own(change.target));
    });
    observer.observe(element,
        {subtree: true, childList: true, characterData: true, attributes: true});
    window.watched = {seen, observer};
}"""
SETTLED = f"""async () => {{
    const {{seen, observer}} = window.watched;
    const end = performance.now() + 30000;
    while (!seen.drawn || performance.now() - seen.last < {QUIET}) {{
        if (performance.now() > end) throw new Error('nothing was drawn');
        await new Promise(go => setTimeout(go, 20));
    }}
    observer.disconnect();
    return seen.last - seen.start;
}}"""


class Watch:
    """Milliseconds until what is seen has changed, and of the kernel's processor time."""

    def __init__(self, page: Any, kernel: Any) -> None:
        self._page = page
        self._kernel = kernel
        self.seen: dict[tuple[object, ...], list[tuple[float, float]]] = {}

    def press(self, key: tuple[object, ...], cell: int, slider: int, arrow: str) -> None:
        """Press an arrow on a slider."""
        output = self._page.locator(".jp-CodeCell").nth(cell).locator(".jp-OutputArea").first
        handle = output.locator(".noUi-handle").nth(slider)
        handle.focus()
        self._measure(key, output, "keydown", lambda: self._page.keyboard.press(f"Arrow{arrow}"))

    def click(self, key: tuple[object, ...], cell: int) -> None:
        """Click on the first thread that can go."""
        output = self._page.locator(".jp-CodeCell").nth(cell).locator(".jp-OutputArea").first
        button = output.locator("button", has_text=re.compile(r"^door \d+: ")).first
        button.scroll_into_view_if_needed()
        self._measure(key, output, "click", button.click)

    def _measure(self, key: tuple[object, ...], output: Any, event: str, act: Any) -> None:
        self._page.wait_for_timeout(50)  # what scrolling and focus bring with them is over
        self._page.evaluate(WATCH, [output.element_handle(), event])
        before = self._spent()
        act()
        took = self._page.evaluate(SETTLED)
        self.seen.setdefault(key, []).append((took, self._spent() - before))

    def _spent(self) -> float:
        times = self._kernel.cpu_times()
        return 1000 * float(times.user + times.system)

    def figures(self, *key: object) -> dict[str, float]:
        """The medians, but of processor time the mean: its clock ticks every 10 ms."""
        took, spent = zip(*self.seen[key], strict=True)
        return {
            "milliseconds": round(statistics.median(took), 1),
            "fastest": round(min(took), 1),
            "slowest": round(max(took), 1),
            "kernel_milliseconds": round(statistics.mean(spent), 1),
        }


def measured(rounds: int) -> dict[str, Any]:
    """All figures; each round presses every slider and clicks twice."""
    import psutil

    with notebook(*CELLS) as (page, server):
        (kernel,) = (
            child
            for child in psutil.Process(server).children(recursive=True)
            if any("ipykernel" in word for word in child.cmdline())
        )
        watch = Watch(page, kernel)
        for _ in range(rounds):
            for at, threads in enumerate(PROMISED):
                for name, cell in (("ours", 1 + 2 * at), ("matplotlib", 2 + 2 * at)):
                    watch.press((threads, "sleep", name), cell, 1, "Right")
                    watch.press((threads, "threads", name), cell, 0, "Left")
                    watch.press((threads, "threads", name), cell, 0, "Right")
                    watch.press((threads, "sleep", name), cell, 1, "Right")
            for _ in range(2):
                watch.click(("step",), len(CELLS) - 1)
        version = page.context.browser.version
    sliders = []
    for threads in PROMISED:
        for slider in ("sleep", "threads"):
            row: dict[str, Any] = {"threads": threads, "slider": slider}
            for name in ("ours", "matplotlib"):
                row[name] = watch.figures(threads, slider, name)
            row["ratio"] = round(row["matplotlib"]["milliseconds"] / row["ours"]["milliseconds"], 1)
            sliders.append(row)
    step = watch.figures("step")
    bars = watch.figures(8, "sleep", "matplotlib")["milliseconds"]
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "jupyterlab": importlib.metadata.version("jupyterlab"),
        "matplotlib": importlib.metadata.version("matplotlib"),
        "chromium": version,
        "presses": 2 * rounds,
        "sliders": sliders,
        "stepper": {"steps": STEPS, **step, "ratio": round(bars / step["milliseconds"], 1)},
    }


def slow(figures: dict[str, Any]) -> list[str]:
    """What takes longer than was promised."""
    rows = [
        (f"{row['slider']} at {row['threads']} threads", row["ours"], PROMISED[row["threads"]])
        for row in figures["sliders"]
    ]
    rows.append(("a step", figures["stepper"], PROMISED_STEP))
    return [
        f"{name}: {found['milliseconds']} ms instead of {promised:g}"
        for name, found, promised in rows
        if found["milliseconds"] > promised
    ]


def missing() -> str:
    """Why nothing can be measured here; empty if it can."""
    if chromium() is None:
        return "no Chromium on this machine"
    for name in ("matplotlib", "playwright", "jupyterlab", "psutil"):
        if importlib.util.find_spec(name) is None:
            return f'{name} is not installed: pip install -e ".[bench]"'
    return ""


def main() -> int:
    """Measure, print, write latency.json; return 1 if a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="of two presses each, default 10")
    options = parser.parse_args()
    reason = missing()
    if reason:
        print(f"left out: {reason}")
        return 0
    figures = measured(options.rounds)
    (HERE / "latency.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    print(json.dumps(figures, indent=2))
    said = slow(figures)
    print(*said, sep="\n")
    return 1 if said else 0


if __name__ == "__main__":
    raise SystemExit(main())
