"""Sliders over a program's parameters, or over its schedules, that redraw an exact timeline.

Everything that changes is the value of one `ipywidgets.HTML`: no `interact`, no `Output`.
ipywidgets is imported when the first slider is made. Widgets need a kernel: put a static picture
beside them.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import platform
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from taketurns.engine.recording import short
from taketurns.engine.results import Report

from .canvas import SCROLLS, escape
from .real import RUNS, SECONDS, Measured, Quiet, measure
from .story import STUCK, headline, seconds
from .text import timeline_text
from .timeline import timeline_svg

if TYPE_CHECKING:
    from taketurns.engine.results import Failure, Run

Choices = tuple[float, ...] | range | Sequence[object]
View = Literal["timeline", "time", "text"]

PATIENCE = 10.0  # real seconds beyond three times the exact ones, before a run is said to hang
EXACT_BUDGET = 20_000  # steps to explore for a comparison
OUTPUT_LINES = 12
WIDE = {"width": "420px", "max_width": "98%"}  # a slider, where there is room

_one_real_run = threading.Lock()


def explorer(
    program: Callable[..., object],
    *,
    parameters: Mapping[str, Choices],
    view: View = "timeline",
    real: bool = True,
) -> Any:
    """Return a widget: a slider per parameter, and the program's exact timeline for their values.

    Args:
        program: takes the parameters by name; it is simulated in virtual time at every change.
        parameters: for each name, what it can be: a `range`; a tuple (lowest, highest) or
            (lowest, highest, step), of whole numbers or of numbers with a point; or a list of
            values to choose from. A slider starts at the parameter's default if it has one.
        view: "timeline" (steps in their order), "time" (virtual seconds) or "text".
        real: whether there is a button that runs the program on real threads, in the background,
            200 times or for two seconds, and puts what was measured beside what is exact.

    Raises ValueError if a parameter is given no values.
    """
    widgets = importlib.import_module("ipywidgets")
    defaults = _defaults(program)
    controls = {
        name: _control(widgets, name, choices, defaults.get(name))
        for name, choices in parameters.items()
    }
    picture = widgets.HTML()
    bench = _RealRuns(widgets, program) if real else None

    def redraw(_change: object = None) -> None:
        # A slider counts its steps up from its lowest value: 2.5 may be 2.5000000000000004.
        values = {
            name: round(control.value, 9) if isinstance(control.value, float) else control.value
            for name, control in controls.items()
        }
        page, run = _exact(program, values, view)
        picture.value = page
        if bench is not None:
            bench.offer(values, run)

    for control in controls.values():
        control.observe(redraw, names="value")
    redraw()
    box = widgets.VBox([*controls.values(), picture, *(bench.children if bench else [])])
    _for_tests(box, bench)
    return box


def schedules(
    source: Report | Callable[[], object] | Iterable[Run],
    *,
    view: View = "timeline",
    real: bool = True,
) -> Any:
    """Return a widget: a slider over several schedules of one program, and the timeline of each.

    Args:
        source: a report of `explore` or a program to explore (then one schedule for each outcome,
            and the failure), or the runs themselves.
        view: "timeline" (steps in their order), "time" (virtual seconds) or "text".
        real: whether a program gets a button that runs it on real threads too, in the background,
            200 times or for two seconds, and counts its outcomes beside those of the schedules.

    Raises ValueError if there is no run to show.
    """
    widgets = importlib.import_module("ipywidgets")
    report = _report(source)
    runs = list(cast("Iterable[Run]", source)) if report is None else _runs(report)
    if not runs:
        raise ValueError("there is no schedule to show: neither an outcome nor a failure was found")
    total = len(runs)
    slider = widgets.IntSlider(
        value=1,
        min=1,
        max=total,
        description="schedule",
        style={"description_width": "initial"},
        layout=WIDE,
    )
    picture = widgets.HTML()

    def redraw(_change: object = None) -> None:
        run = runs[slider.value - 1]
        title = f"Schedule {slider.value} of {total}: {_ending(run)}"
        picture.value = _show(run, view, title)

    slider.observe(redraw, names="value")
    redraw()
    bench = None
    if real and report is not None and not isinstance(source, Report):
        bench = _RealRuns(widgets, cast("Callable[[], object]", source), report)
        ended = [run for run in runs if run.verdict not in STUCK] or runs
        bench.offer({}, max(ended, key=lambda run: run.elapsed))
    box = widgets.VBox([slider, picture, *(bench.children if bench else [])])
    _for_tests(box, bench)
    return box


# -- the exact part ---------------------------------------------------------------------------


def _defaults(program: Callable[..., object]) -> dict[str, object]:
    try:
        found = inspect.signature(program).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {p.name: p.default for p in found if p.default is not inspect.Parameter.empty}


def _control(widgets: Any, name: str, choices: Choices, default: object) -> Any:
    common: dict[str, Any] = {
        "description": name.replace("_", " "),
        "style": {"description_width": "initial"},
        "layout": WIDE,
    }
    if not len(choices):
        raise ValueError(f"parameter {name!r} has no values to choose from")
    if isinstance(choices, range):
        low, high, step = _bounds(name, (min(choices), max(choices), abs(choices.step)))
    elif isinstance(choices, tuple):
        low, high, step = _bounds(name, choices)
    else:
        options = list(choices)
        start = default if default in options else options[0]
        return widgets.SelectionSlider(options=options, value=start, **common)
    start = default if isinstance(default, (int, float)) and low <= default <= high else low
    make = (
        widgets.IntSlider if all(type(n) is int for n in (low, high, step)) else widgets.FloatSlider
    )
    return make(value=start, min=low, max=high, step=step, **common)


def _bounds(name: str, choices: tuple[Any, ...]) -> tuple[float, float, float]:
    if len(choices) not in (2, 3) or not all(isinstance(n, (int, float)) for n in choices):
        raise ValueError(
            f"parameter {name!r}: a tuple is (lowest, highest) or (lowest, highest, step), "
            f"not {choices!r}; give a list to choose from other values"
        )
    low, high, *rest = choices
    whole = all(type(n) is int for n in choices)
    step = rest[0] if rest else 1 if whole else (high - low) / 20
    return (low, high, step) if whole else (float(low), float(high), float(step))


def _exact(
    program: Callable[..., object], values: Mapping[str, object], view: View
) -> tuple[str, Run | None]:
    """The page for these values, and the run if there was one."""
    try:
        run = _simulate(functools.partial(program, **values))
        page = _show(run, view, _in_words(values) or headline(run))
        return page + _line(f"{_sentence(run)}") + _output(run), run
    except Exception as error:
        return _trouble(f"This cannot be simulated. {type(error).__name__}: {error}"), None


def _simulate(program: Callable[[], object]) -> Run:
    from taketurns.engine.explore import simulate

    return simulate(program)


def _show(run: Run, view: View, title: str) -> str:
    if view == "text":
        text = escape(timeline_text(run))
        return f"<strong>{escape(title)}</strong><pre {SCROLLS}>{text}</pre>"
    return timeline_svg(run, title=title, axis="time" if view == "time" else "step")


def _in_words(values: Mapping[str, object]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} = {_number(value)}" for name, value in values.items()
    )


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _ending(run: Run) -> str:
    """How a run ended, in a few words."""
    if run.verdict == "ok":
        return "it ended" if run.result is None else f"it returned {run.result!r}"
    return headline(run)


def _sentence(run: Run) -> str:
    return f"Exactly {seconds(run.elapsed)} of virtual time; {_ending(run)}."


def _output(run: Run) -> str:
    lines = run.output.splitlines()
    if not lines:
        return ""
    more = [f"… and {len(lines) - OUTPUT_LINES} more lines"] if len(lines) > OUTPUT_LINES else []
    return f"<pre>{escape(chr(10).join(lines[:OUTPUT_LINES] + more))}</pre>"


def _line(text: str) -> str:
    return f'<p style="margin:.4em 0" role="status">{escape(text)}</p>'


def _trouble(text: str) -> str:
    return f'<p style="margin:.4em 0;white-space:pre-wrap" role="alert">{escape(text)}</p>'


def _report(source: Report | Callable[[], object] | Iterable[Run]) -> Report | None:
    from taketurns.engine.explore import explore

    if isinstance(source, Report):
        return source
    return explore(source) if callable(source) else None


def _runs(report: Report) -> list[Run]:
    runs = [report.example(outcome) for outcome in report.schedules]
    return runs if report.failure is None else [*runs, report.failure.run]


# -- the real part ----------------------------------------------------------------------------


def _for_tests(box: Any, bench: _RealRuns | None) -> None:
    box.settled = bench.settled if bench else lambda: None
    box.join = bench.join if bench else lambda: None


class _RealRuns:
    """A button that runs the program on real threads, and the lines that say what came of it."""

    def __init__(
        self, widgets: Any, program: Callable[..., object], report: Report | None = None
    ) -> None:
        self._program = program
        self._known = report
        self._values: dict[str, object] = {}
        self._exact: Run | None = None
        self._watcher: threading.Thread | None = None
        self._runner: threading.Thread | None = None
        self._button = widgets.Button(
            description="Run it for real",
            tooltip=f"Run it on real threads, {RUNS} times or for {SECONDS:g} seconds",
        )
        self._button.on_click(self._click)
        self._page = widgets.HTML()
        self.children = [self._button, self._page]

    def offer(self, values: dict[str, object], run: Run | None) -> None:
        """Other values were chosen: what was measured is no longer about them."""
        self._values, self._exact = values, run
        if not self._running():
            self._page.value = ""

    def settled(self) -> None:
        """Wait until it is said what came of the real runs."""
        if self._watcher is not None:
            self._watcher.join()

    def join(self) -> None:
        """Wait until that is said and the last real run has ended, even if it was given up."""
        self.settled()
        if self._runner is not None:
            self._runner.join()

    def _running(self) -> bool:
        return any(thread and thread.is_alive() for thread in (self._watcher, self._runner))

    def _click(self, _button: object) -> None:
        # Not disabled meanwhile: that would take the keyboard's focus from who just pressed it.
        if self._running():
            return
        exact = self._exact
        if exact is None or (exact.verdict in STUCK and self._known is None):
            reason = (
                "cannot be simulated" if exact is None else f"would never end ({exact.verdict})"
            )
            self._page.value = _trouble(f"Not started for real: with these values it {reason}.")
            return
        self._page.value = _line("Running on real threads …")
        self._watcher = threading.Thread(
            target=self._watch, args=(dict(self._values), exact), name="real run", daemon=True
        )
        self._watcher.start()

    def _watch(self, values: dict[str, object], exact: Run) -> None:
        if not _one_real_run.acquire(blocking=False):
            self._page.value = _trouble("Another program is running for real: wait for its end.")
            return
        try:
            self._page.value = self._measured(values, exact)
        finally:
            _one_real_run.release()

    def _measured(self, values: dict[str, object], exact: Run) -> str:
        """What to say of the runs, which another thread makes: that one may never end."""
        program = functools.partial(self._program, **values) if values else self._program
        measured, quiet, done = Measured(), Quiet(), threading.Event()

        def run() -> None:
            try:
                measure(program, measured, quiet=quiet)
            finally:
                done.set()

        self._runner = threading.Thread(target=run, name="real program", daemon=True)
        self._runner.start()
        limit = max(0.0, 3 * exact.elapsed + PATIENCE)
        seen = 0
        while not _ended_within(limit, done):
            if measured.runs == seen:
                quiet.narrow()
                return _trouble(_hangs(measured, exact, self._known, limit))
            seen = measured.runs
        where = f"With {_in_words(values)}: " if values else ""
        report = self._known
        if report is None:
            with contextlib.suppress(Exception):
                report = _explore(program, EXACT_BUDGET)
        return _comparison(where, measured, exact, report)


def _explore(program: Callable[[], object], budget: int) -> Report:
    from taketurns.engine.explore import explore

    return explore(program, budget=budget)


def _ended_within(limit: float, done: threading.Event) -> bool:
    return done.wait(limit)


def _hangs(measured: Measured, exact: Run, report: Report | None, limit: float) -> str:
    what = "has returned, but threads that it started go on" if measured.returned else "goes on"
    after = f", after {measured.runs} that ended," if measured.runs else ""
    failure = report.failure if report is not None else None
    known = "." if failure is None else f"; there is a schedule that fails: {_mistake(failure)}."
    over = f", though it can be over after {seconds(exact.elapsed)} of virtual time"
    return (
        f"It hangs: on real threads, a run{after} {what} after {limit:g} s"
        f"{'' if exact.verdict in STUCK else over}{known} Nothing can end its threads from "
        "outside. They stay behind in the kernel, hold what they hold, and end with it: restart "
        "the kernel to be rid of them."
    )


def _mistake(failure: Failure) -> str:
    return failure.mistake or failure.verdict


def _comparison(where: str, measured: Measured, exact: Run, report: Report | None) -> str:
    """What the runs gave, beside what the schedules give."""
    count = measured.runs
    runs = f"{count} runs" if count != 1 else "1 run"
    each = " each (the median)" if count != 1 else ""
    took = f"{where}{runs} on real threads, {_duration(measured.median())}{each}, with {_python()};"
    exactly = f"exactly {seconds(exact.elapsed)} in virtual time, which leaves out computing."
    said = [f"{took} {exactly}"]
    if measured.lasting:
        said.append(
            f"Once only, because what it does to {measured.lasting!r} cannot be undone for "
            "another run."
        )
    outcomes = dict(report.outcomes) if report is not None else {}
    total = sum(outcomes.values())
    rows = []
    for key in sorted({*outcomes, *measured.outcomes}, key=repr):
        real, tried = measured.outcomes.get(key, 0), outcomes.get(key, 0)
        name = "it ended" if key is None else f"it returned {short(key)}"
        rows.append((name, f"{real} of {count}", f"{tried} of {total}" if total else "?"))
    failure = report.failure if report is not None else None
    if failure is not None or measured.failed:
        mistake = _mistake(failure) if failure is not None else "no schedule found"
        rows.append(("it failed", f"{measured.failed} of {count}", mistake))
    covered = "not explored"
    if report is not None:
        complete = report.coverage.complete
        covered = "schedules that differ" if complete else f"{report.coverage.schedules} tried"
        never = [row for row in rows if row[1].startswith("0 of")]
        if never:
            said.append(
                f"“{never[0][0]}” never happened on this Python, and yet there are schedules "
                "for it: no run shows that there are none."
            )
    table = "".join(
        f'<tr><th scope="row" style="text-align:left;font-weight:normal">{escape(name)}</th>'
        f"<td>{escape(real)}</td><td>{escape(tried)}</td></tr>"
        for name, real, tried in rows
    )
    return (
        _line(" ".join(said))
        + '<table cellspacing="0" cellpadding="6"><thead><tr><td></td>'
        + f'<th scope="col">real threads</th><th scope="col">{escape(covered)}</th></tr></thead>'
        + f"<tbody>{table}</tbody></table>"
        + _troubles(measured)
    )


def _troubles(measured: Measured) -> str:
    common = sorted(measured.troubles.items(), key=lambda item: -item[1])
    lines = [f"{times} ×: {text}" for text, times in common[:OUTPUT_LINES]]
    more = [f"… and {len(common) - OUTPUT_LINES} more"] if len(common) > OUTPUT_LINES else []
    return f"<pre>{escape(chr(10).join(lines + more))}</pre>" if lines else ""


def _duration(real: float) -> str:
    return f"{real:.2f} s" if real >= 0.1 else f"{1000 * real:.2g} ms"


def _python() -> str:
    free = not getattr(sys, "_is_gil_enabled", lambda: True)()
    return f"Python {platform.python_version()}{', free-threaded' if free else ''}"
