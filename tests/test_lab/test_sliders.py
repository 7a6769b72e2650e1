from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from taketurns.engine.results import Run
from taketurns.lab import sliders
from taketurns.lab.sliders import explorer, schedules

from . import runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ipywidgets = pytest.importorskip("ipywidgets")


@pytest.fixture(autouse=True)
def no_thread_or_hook_is_left() -> Iterator[None]:
    before = set(threading.enumerate()), threading.excepthook
    yield

    assert before == (set(threading.enumerate()), threading.excepthook)


@pytest.fixture
def exact(monkeypatch) -> list[dict[str, object]]:
    """Answers every simulation with a hand-made run; returns what was asked for."""
    asked: list[dict[str, object]] = []

    def simulate(program: Callable[..., object]) -> Run:
        asked.append(program.keywords)
        if program.keywords.get("pages") == 13:
            raise SyntaxError("no source <here>")
        if program.keywords.get("pages") == 7:
            return runs.deadlock()
        names = tuple(f"page {i}" for i in range(program.keywords.get("pages", 2)))
        return runs.downloads(names, sleep=program.keywords.get("pause", 2.0))

    monkeypatch.setattr(sliders, "_simulate", simulate)
    return asked


def fetch(pages=2, pause=0.0, color="red"):
    """What the sliders run."""
    for thread in [threading.Thread(target=time.sleep, args=(pause,)) for _ in range(pages)]:
        thread.start()
        thread.join()


def parts(box) -> tuple[list[object], object, object, object]:
    controls = [child for child in box.children if hasattr(child, "readout")]
    pictures = [child for child in box.children if type(child) is ipywidgets.HTML]
    buttons = [child for child in box.children if type(child) is ipywidgets.Button]
    return controls, pictures[0], buttons[0] if buttons else None, pictures[-1]


def test_ipywidgets_is_imported_only_when_a_slider_is_made():
    code = "import sys, taketurns.lab.sliders; sys.exit('ipywidgets' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_each_kind_of_choice_becomes_its_kind_of_slider(exact):
    box = explorer(
        fetch,
        parameters={"pages": range(1, 9), "pause": (0.0, 2.0, 0.5), "color": ["red", "blue"]},
    )
    pages, pause, color = parts(box)[0]

    assert (ipywidgets.IntSlider, 1, 8, 1, 2) == (
        type(pages),
        pages.min,
        pages.max,
        pages.step,
        pages.value,
    )
    assert (ipywidgets.FloatSlider, 0.0, 2.0, 0.5, 0.0) == (
        type(pause),
        pause.min,
        pause.max,
        pause.step,
        pause.value,
    )
    assert (ipywidgets.SelectionSlider, ("red", "blue"), "red") == (
        type(color),
        color.options,
        color.value,
    )
    assert [control.description for control in parts(box)[0]] == ["pages", "pause", "color"]


def test_whole_numbers_in_a_tuple_make_a_slider_of_whole_numbers(exact):
    (pages,), *_ = parts(explorer(fetch, parameters={"pages": (1, 4)}))

    assert (ipywidgets.IntSlider, 1, 4, 1) == (type(pages), pages.min, pages.max, pages.step)


@pytest.mark.parametrize("choices", [[], range(0), (1,), ("a", "b")])
def test_a_parameter_without_values_is_refused_with_its_name(exact, choices):
    with pytest.raises(ValueError, match="'pages'"):
        explorer(fetch, parameters={"pages": choices})


def test_moving_a_slider_redraws_the_exact_timeline(exact):
    box = explorer(fetch, parameters={"pages": range(1, 9), "pause": (0.0, 2.0)})
    (pages, pause), picture, *_ = parts(box)
    first = picture.value
    pause.value = 2.0
    pages.value = 3

    assert exact[-1] == {"pages": 3, "pause": 2.0}
    assert picture.value != first
    assert "<svg" in picture.value
    assert "pages = 3, pause = 2" in picture.value
    assert "Exactly 2.5 s of virtual time" in picture.value


@pytest.mark.parametrize(
    ("view", "shown"), [("time", "sleep 2.0 s"), ("text", "<pre>"), ("timeline", "the next thread")]
)
def test_a_view_can_be_chosen(exact, view, shown):
    box = explorer(fetch, parameters={"pause": (2.0, 3.0)}, view=view)

    assert shown in parts(box)[1].value


def test_what_cannot_be_simulated_is_said_in_text(exact, capfd):
    box = explorer(fetch, parameters={"pages": (2, 13)})
    (pages,), picture, *_ = parts(box)
    pages.value = 13

    assert "This cannot be simulated. SyntaxError: no source &lt;here&gt;" in picture.value
    assert "Traceback" not in picture.value
    assert capfd.readouterr() == ("", "")


def test_the_button_measures_the_program_on_real_threads(exact):
    box = explorer(fetch, parameters={"pages": (2, 3), "pause": (0.0, 0.5)})
    _, _, button, report = parts(box)
    button.click()
    box.join()

    assert "With pages = 2, pause = 0: It ended after 0." in report.value
    assert "exactly 0.5 s in virtual time" in report.value
    assert not button.disabled


def test_there_need_not_be_a_button(exact):
    assert parts(explorer(fetch, parameters={"pages": (2, 3)}, real=False))[2] is None


def test_choosing_other_values_clears_what_was_measured(exact):
    box = explorer(fetch, parameters={"pages": (2, 3)})
    (pages,), _, button, report = parts(box)
    button.click()
    box.join()
    pages.value = 3

    assert report.value == ""


def test_exceptions_of_a_real_run_are_text_and_never_on_stderr(exact, capfd):
    def fails(pages=2):
        def die():
            raise KeyError("in <a> thread")

        for _ in range(pages):
            thread = threading.Thread(target=die, name="helper")
            thread.start()
            thread.join()
        raise ValueError("in main")

    box = explorer(fails, parameters={"pages": (2, 3)})
    _, _, button, report = parts(box)
    button.click()
    box.join()

    assert "It ended with ValueError: in main," in report.value
    assert report.value.count("helper died of KeyError: &#x27;in &lt;a&gt; thread&#x27;.") == 2
    assert capfd.readouterr() == ("", "")


def test_a_program_that_would_never_end_is_not_started_for_real(exact):
    ran = []
    box = explorer(lambda pages=7: ran.append(pages), parameters={"pages": (6, 7)})
    _, _, button, report = parts(box)
    button.click()
    box.join()

    assert "would never end (deadlock)" in report.value
    assert ran == []


def test_the_page_goes_on_while_a_real_run_is_under_way(exact):
    gate = threading.Event()
    box = explorer(lambda pages=2: gate.wait(10), parameters={"pages": (2, 3)})
    (pages,), picture, button, report = parts(box)
    button.click()
    pages.value = 3

    assert button.disabled
    assert "Running on real threads" in report.value
    assert "pages = 3" in picture.value
    other = explorer(fetch, parameters={"pages": (2, 3)})
    parts(other)[2].click()
    other.join()
    assert "Another program is running for real" in parts(other)[3].value
    gate.set()
    box.join()
    assert "With pages = 2: It ended" in report.value


def test_a_real_run_that_does_not_end_is_called_late(exact, monkeypatch):
    monkeypatch.setattr(sliders, "PATIENCE", -3 * 0.5)
    gate, said = threading.Event(), threading.Event()
    box = explorer(lambda pause=0.0: gate.wait(10), parameters={"pause": (0.0, 0.5)}, real=True)
    _, _, button, report = parts(box)
    report.observe(
        lambda change: said.set() if "Still running" in change["new"] else None, names="value"
    )
    button.click()

    assert said.wait(10)
    gate.set()
    box.join()


def test_a_slider_over_schedules_shows_each_with_its_outcome():
    first = runs.locked_counter()
    box = schedules([first, runs.lost_update(), runs.deadlock()])
    (slider,), picture, *_ = parts(box)

    assert (slider.min, slider.max) == (1, 3)
    assert "Schedule 1 of 3: it returned 2" in picture.value
    slider.value = 2
    assert "Schedule 2 of 3: An assertion failed" in picture.value
    slider.value = 3
    assert "Schedule 3 of 3: Deadlock" in picture.value


def test_a_slider_over_no_schedules_is_refused():
    with pytest.raises(ValueError, match="no schedule to show"):
        schedules([])


def count_visitors(doors=2, pause=0.0):
    """A counter without a lock, for the engine itself."""
    total = 0

    def enter():
        nonlocal total
        seen = total
        time.sleep(pause)
        total = seen + 1

    threads = [threading.Thread(target=enter) for _ in range(doors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return total


def test_the_engine_simulates_what_the_sliders_choose():
    box = explorer(
        count_visitors, parameters={"doors": range(1, 5), "pause": (0.0, 2.0)}, real=False
    )
    (doors, pause), picture, *_ = parts(box)
    doors.value, pause.value = 3, 1.5

    assert "doors = 3, pause = 1.5" in picture.value
    assert "Exactly 1.5 s of virtual time; it returned 1." in picture.value
    assert "overwrites a value it never saw" in picture.value


def test_the_engine_finds_one_schedule_for_each_outcome():
    box = schedules(count_visitors)
    (slider,), picture, *_ = parts(box)
    seen = set()
    for place in range(1, slider.max + 1):
        slider.value = place
        seen.add(picture.value.partition("Schedule ")[2].partition("<")[0].partition(": ")[2])

    assert seen == {"it returned 1", "it returned 2"}
