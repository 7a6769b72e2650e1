from __future__ import annotations

import signal
import subprocess
import sys
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from taketurns import Inconclusive, Interrupted, Presentation, explore
from taketurns.engine.explore import _Exploration
from taketurns.lab import progress
from taketurns.lab.progress import Progress, page, somebody_looks

if TYPE_CHECKING:
    from collections.abc import Callable

pytest.importorskip("ipywidgets")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shown(monkeypatch) -> list[Any]:
    """A person looks; what is displayed ends up here."""
    displayed: list[Any] = []

    place = SimpleNamespace(
        display=displayed.append, update=lambda data, raw: displayed.append(data)
    )
    monkeypatch.setattr("IPython.display.DisplayHandle", lambda: place)
    monkeypatch.setattr(progress, "somebody_looks", lambda: True)
    return displayed


def visitors():
    counter = 0

    def enter():
        nonlocal counter
        counter += 1

    doors = [threading.Thread(target=enter) for _ in range(2)]
    for door in doors:
        door.start()
    for door in doors:
        door.join()
    return counter


def losing():
    assert visitors() == 2


def test_nothing_is_shown_in_the_first_half_second(shown, clock):
    told = Progress("two_doors", now=clock)
    clock.now += 0.49
    told((900, 0.2))
    told(None)

    assert [] == shown


def test_it_appears_after_half_a_second_with_schedules_rate_and_share(shown, clock):
    told = Progress("two_doors", now=clock)
    clock.now += 0.5
    told((1_500, 0.256))

    assert 1 == len(shown)
    assert "two_doors: 1,500 schedules tried, 3,000 a second" in shown[0].value
    assert "25 % of the budget" in shown[0].value


def test_it_is_one_display_that_changes_a_few_times_a_second(shown, clock):
    told = Progress("two_doors", now=clock)
    values = []
    for number in range(1, 101):
        clock.now += 0.01
        told((number, 0.0))
        values += [shown[0].value] if shown else []

    assert 1 == len(shown)
    assert 3 == len(set(values))


def test_it_is_taken_away_at_the_end(shown, clock):
    told = Progress("two_doors", now=clock)
    clock.now += 1
    told((1, 0.0))
    told(None)
    told((2, 0.0))

    assert [{}] == shown[1:]
    assert shown[0].comm is None


def test_trouble_with_the_display_does_not_disturb(monkeypatch, clock, capfd):
    def refuse() -> None:
        raise OSError("no display")

    monkeypatch.setattr(progress, "somebody_looks", lambda: True)
    monkeypatch.setattr("IPython.display.DisplayHandle", refuse)
    told = Progress("two_doors", now=clock)
    clock.now += 1
    told((1, 0.0))
    told((2, 0.0))
    told(None)

    assert ("", "") == capfd.readouterr()


def test_the_share_never_exceeds_the_whole_and_names_are_escaped():
    text = page("<lambda>", 1, 1.3, seconds=0.0)

    assert "100 % of the budget" in text
    assert "&lt;lambda&gt;: 1 schedule tried" in text


def looks(monkeypatch, shell: object) -> bool:
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    return somebody_looks()


def parent(**content: object) -> object:
    return SimpleNamespace(get_parent=lambda: {"content": content})


@pytest.mark.parametrize(
    "shell",
    [None, SimpleNamespace(), parent(), parent(allow_stdin=False)],
    ids=["no IPython", "a terminal", "a widget's callback", "a grader or a test"],
)
def test_nothing_is_shown_where_nobody_looks(monkeypatch, clock, shell):
    assert not looks(monkeypatch, shell)


def test_somebody_looks_at_a_cell_that_may_ask_for_input(monkeypatch):
    assert looks(monkeypatch, parent(allow_stdin=True))


class XeusShell:
    """It says nothing of what it was asked, and runs a cell in `run_code`."""

    def run_code(self, cell: Callable[[], object]) -> object:
        return cell()


XeusShell.__module__ = "xeus_python_shell.shell"


def may_ask(prompt: str = "") -> str:
    """(prompt: str = '') -> str"""


def may_not_ask(prompt: str = "") -> None:
    """(prompt: str = '') -> None"""


@pytest.mark.parametrize("expected, puts_in_place", [(True, may_ask), (False, may_not_ask)])
def test_on_xeus_python_its_input_says_who_looks(monkeypatch, expected, puts_in_place):
    monkeypatch.setattr("builtins.input", puts_in_place)

    assert expected == looks(monkeypatch, XeusShell())


def test_on_xeus_python_nobody_looks_at_a_widgets_callback(monkeypatch):
    assert not looks(monkeypatch, XeusShell())


@pytest.fixture
def sigint():
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def stop() -> None:
    signal.raise_signal(signal.SIGINT)


def test_on_xeus_python_stop_interrupts_cells_and_nothing_between(monkeypatch, clock, sigint):
    shell = XeusShell()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    Progress("two_doors", now=clock)
    stop()
    with pytest.raises(KeyboardInterrupt):
        shell.run_code(stop)
    stop()


@pytest.mark.parametrize("shell", [None, SimpleNamespace()])
def test_elsewhere_the_stop_button_is_left_alone(monkeypatch, clock, sigint, shell):
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    Progress("two_doors", now=clock)

    assert before is signal.getsignal(signal.SIGINT)


def test_a_handler_of_the_learners_own_is_left_alone(monkeypatch, clock, sigint):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=XeusShell))
    Progress("two_doors", now=clock)

    assert signal.SIG_IGN == signal.getsignal(signal.SIGINT)


def test_nothing_is_shown_from_another_thread(monkeypatch):
    answers: list[bool] = []
    shell = parent(allow_stdin=True)
    thread = threading.Thread(target=lambda: answers.append(looks(monkeypatch, shell)))
    thread.start()
    thread.join()

    assert [False] == answers


@pytest.mark.slow
def test_without_ipython_the_lab_is_not_even_loaded():
    code = (
        "import sys, taketurns as t; "
        "sys.exit(t.Presentation.progress('p') is not None or 'taketurns.lab' in sys.modules)"
    )

    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode


def test_explore_tells_of_every_schedule_and_of_the_end(monkeypatch):
    told: list[Any] = []
    monkeypatch.setattr(Presentation, "progress", staticmethod(lambda _name: told.append))
    report = explore(visitors)

    assert told.pop() is None
    assert [*range(1, report.coverage.schedules + 1)] == sorted({news[0] for news in told})
    assert all(0 < news[1] < 1 for news in told)


def stop_after(monkeypatch, schedules: int) -> list[object]:
    """The user presses stop after so many schedules."""
    told: list[object] = []

    def tell(news: tuple[int, float] | None) -> None:
        told.append(news)
        if news is not None and news[0] == schedules:
            raise KeyboardInterrupt

    monkeypatch.setattr(Presentation, "progress", staticmethod(lambda _name: tell))
    return told


def test_what_is_stopped_has_a_report_that_is_no_verdict(monkeypatch):
    told = stop_after(monkeypatch, 3)
    with pytest.raises(Interrupted) as stopped:
        explore(visitors)
    report = stopped.value.report

    assert ("inconclusive", False, None) == (report.verdict, report.holds, report.failure)
    assert "a sample of 3" == str(report.coverage)
    assert 3 == sum(report.outcomes.values())
    assert "stopped by the user after a sample of 3, none of which failed" in report.summary()
    assert [f"Stopped: {report.summary()}"] == stopped.value._render_traceback_()
    assert told[-1] is None
    with pytest.raises(Inconclusive):
        report.check()


def test_what_is_stopped_passes_no_check_not_even_one_that_catches_exceptions(monkeypatch):
    stop_after(monkeypatch, 1)
    passed: list[str] = []

    def check() -> None:
        try:
            assert explore(visitors).failure is None
        except Exception:
            passed.append("caught")
        passed.append("passed")

    with pytest.raises(KeyboardInterrupt):
        check()

    assert [] == passed


def test_stopped_while_a_failure_is_made_short_it_is_told_as_it_was_found(monkeypatch):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_Exploration, "_shrink", stop)
    with pytest.raises(Interrupted) as stopped:
        explore(losing)
    report = stopped.value.report

    assert (False, "assertion") == (report.holds, report.verdict)
    assert report.failure is not None
    assert "lost-update" == report.failure.mistake
    assert "lost-update" in str(stopped.value)


def test_no_thread_or_hook_is_left_by_a_stop(monkeypatch):
    before = set(threading.enumerate()), sys.unraisablehook
    stop_after(monkeypatch, 2)
    with pytest.raises(Interrupted):
        explore(visitors)

    assert before == (set(threading.enumerate()), sys.unraisablehook)
