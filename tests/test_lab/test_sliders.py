from __future__ import annotations

import functools
import platform
import re
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from taketurns import explore
from taketurns.engine.results import Run
from taketurns.lab import sliders
from taketurns.lab.real import Measured, Quiet, measure
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


@pytest.mark.slow
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
    ("view", "shown"), [("time", "sleep 2.0 s"), ("text", "<pre "), ("timeline", "the next thread")]
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


def cells(page: str) -> list[list[str]]:
    """The table under what was measured."""
    rows = re.findall(r"<tr>(.*?)</tr>", page)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


def test_the_button_measures_the_program_on_real_threads(exact, monkeypatch):
    monkeypatch.setattr(sliders, "measure", functools.partial(measure, runs=3, seconds=1e9))
    box = explorer(fetch, parameters={"pages": (2, 3), "pause": (0.0, 0.5)})
    _, _, button, report = parts(box)
    button.click()
    box.join()

    assert "With pages = 2, pause = 0: 3 runs on real threads, " in report.value
    assert f"with Python {platform.python_version()}" in report.value
    assert "exactly 0.5 s in virtual time" in report.value
    assert [["", "real threads", "schedules that differ"], ["it ended", "3 of 3", "1 of 1"]] == (
        cells(report.value)
    )


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

    assert "400 ×: helper died of KeyError: &#x27;in &lt;a&gt; thread&#x27;" in report.value
    assert "200 ×: ValueError: in main" in report.value
    assert ["it failed", "200 of 200", "exception-in-thread"] in cells(report.value)
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

    button.click()  # in vain: it is not disabled, which would lose the keyboard's focus
    assert not button.disabled
    assert "Running on real threads" in report.value
    assert "pages = 3" in picture.value
    other = explorer(fetch, parameters={"pages": (2, 3)})
    parts(other)[2].click()
    other.join()
    assert "Another program is running for real" in parts(other)[3].value
    gate.set()
    box.join()
    assert "With pages = 2: 1 run on real threads" in report.value
    assert "Once only, because what it does to &#x27;gate&#x27; cannot be undone" in report.value


@pytest.fixture
def patience(monkeypatch):
    """Real time is over as soon as this event is set."""
    over = threading.Event()

    def ended_within(limit: float, done: threading.Event) -> bool:
        over.wait(30)
        return done.is_set()

    monkeypatch.setattr(sliders, "_ended_within", ended_within)
    return over


def test_a_program_that_hangs_for_real_is_called_that_and_what_it_leaves(exact, patience):
    gate = threading.Event()

    def waits(pause=0.0):
        patience.set()
        gate.wait(30)

    box = explorer(waits, parameters={"pause": (0.0, 0.5)})
    _, _, button, report = parts(box)
    button.click()
    box.settled()

    assert "It hangs: on real threads, a run goes on after 11.5 s" in report.value
    assert "over after 0.5 s of virtual time" in report.value
    assert "restart the kernel to be rid of them" in report.value
    button.click()
    assert "It hangs: " in report.value
    gate.set()
    box.join()


def opposite_orders():
    a, b = threading.Lock(), threading.Lock()

    def both(first, second):
        with first, second:
            pass

    threads = [threading.Thread(target=both, args=pair) for pair in ((a, b), (b, a))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_hang_is_told_beside_the_schedule_that_has_it():
    report = explore(opposite_orders)
    assert report.failure is not None
    said = sliders._hangs(Measured(runs=7), report.failure.run, report, 10.0)

    assert "It hangs: on real threads, a run, after 7 that ended, goes on after 10 s;" in said
    assert "there is a schedule that fails: lock-order." in said
    assert "can be over" not in said


def test_threads_that_a_program_leaves_running_are_told_too(exact, patience, monkeypatch, capfd):
    gate = threading.Event()

    class Impatient(Quiet):
        def threads(self):  # is asked for them once the program has returned
            patience.set()
            return super().threads()

    def strays(pause=0.0):
        def stray():
            gate.wait(30)
            print("late")
            raise ValueError("late")

        threading.Thread(target=stray).start()

    monkeypatch.setattr(sliders, "Quiet", Impatient)
    hook, streams = threading.excepthook, (sys.stdout, sys.stderr)
    box = explorer(strays, parameters={"pause": (0.0, 0.5)})
    parts(box)[2].click()
    box.settled()

    assert "a run has returned, but threads that it started go on" in parts(box)[3].value
    gate.set()
    box.join()
    assert ("", "") == capfd.readouterr()
    assert (hook, streams) == (threading.excepthook, (sys.stdout, sys.stderr))


def test_another_program_can_be_run_while_one_hangs(patience, monkeypatch):
    gate = threading.Event()

    def waits(pause=0.0):
        patience.set()
        gate.wait(30)

    box = explorer(waits, parameters={"pause": (0.0, 0.5)})
    parts(box)[2].click()
    box.settled()
    monkeypatch.undo()
    other = explorer(fetch, parameters={"pages": (2, 3)})
    parts(other)[2].click()
    other.join()

    assert "200 runs on real threads" in parts(other)[3].value
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


def test_outcomes_of_real_runs_stand_beside_those_of_the_schedules():
    box = schedules(count_visitors)
    _, _, button, report = parts(box)
    button.click()
    box.join()
    table = cells(report.value)

    assert ["", "real threads", "schedules that differ"] == table[0]
    assert ["it returned 1", "it returned 2"] == [row[0] for row in table[1:]]
    assert 200 == sum(int(row[1].removesuffix(" of 200")) for row in table[1:])
    assert all(re.fullmatch(r"[1-9]\d* of \d+", row[2]) for row in table[1:])


visitors = 0


def two_visitors():
    def enter():
        global visitors
        visitors += 1

    doors = [threading.Thread(target=enter) for _ in range(2)]
    for door in doors:
        door.start()
    for door in doors:
        door.join()
    assert visitors == 2, f"two came, {visitors} were counted"


@pytest.mark.skipif(
    not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="such a build does lose updates"
)
def test_what_never_fails_for_real_is_shown_beside_the_schedule_that_fails(monkeypatch):
    box = schedules(two_visitors)
    _, _, button, report = parts(box)
    button.click()
    box.join()
    table = cells(report.value)

    assert ["it failed", "0 of 200", "lost-update"] == table[-1]
    assert "“it failed” never happened on this Python, and yet there are" in report.value
    assert visitors == 0


def test_only_a_program_can_be_run_for_real():
    assert parts(schedules([runs.lost_update()]))[2] is None
    assert parts(schedules(explore(count_visitors)))[2] is None
    assert parts(schedules(count_visitors, real=False))[2] is None


def test_the_engine_finds_one_schedule_for_each_outcome():
    box = schedules(count_visitors)
    (slider,), picture, *_ = parts(box)
    seen = set()
    for place in range(1, slider.max + 1):
        slider.value = place
        seen.add(picture.value.partition("Schedule ")[2].partition("<")[0].partition(": ")[2])

    assert seen == {"it returned 1", "it returned 2"}
