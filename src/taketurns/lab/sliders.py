"""Sliders over a program's parameters, or over its schedules, that redraw an exact timeline.

Everything that changes is the value of one `ipywidgets.HTML`: no `interact`, no `Output`.
ipywidgets is imported when the first slider is made. Widgets need a kernel: put a static picture
beside them.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self, cast

from .canvas import escape
from .story import STUCK, headline, seconds
from .text import timeline_text
from .timeline import timeline_svg

if TYPE_CHECKING:
    from types import TracebackType

    from taketurns.engine.results import Report, Run

Choices = tuple[float, ...] | range | Sequence[object]
View = Literal["timeline", "time", "text"]

PATIENCE = 10.0  # real seconds beyond three times the exact ones, before a real run is called late
OUTPUT_LINES = 12

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
        real: whether there is a button that runs the program on real threads, once, in the
            background, and puts the measured seconds beside the exact ones.

    Raises ValueError if a parameter is given no values.
    """
    widgets = importlib.import_module("ipywidgets")
    defaults = _defaults(program)
    controls = {
        name: _control(widgets, name, choices, defaults.get(name))
        for name, choices in parameters.items()
    }
    picture = widgets.HTML()
    bench = _RealRun(widgets, program) if real else None

    def redraw(_change: object = None) -> None:
        values = {name: control.value for name, control in controls.items()}
        page, run = _exact(program, values, view)
        picture.value = page
        if bench is not None:
            bench.offer(values, run)

    for control in controls.values():
        control.observe(redraw, names="value")
    redraw()
    box = widgets.VBox([*controls.values(), picture, *(bench.children if bench else [])])
    box.join = bench.join if bench else lambda: None  # waits for a real run, for tests
    return box


def schedules(
    source: Report | Callable[[], object] | Iterable[Run], *, view: View = "timeline"
) -> Any:
    """Return a widget: a slider over several schedules of one program, and the timeline of each.

    Args:
        source: a report of `explore` or a program to explore (then one schedule for each outcome,
            and the failure), or the runs themselves.
        view: "timeline" (steps in their order), "time" (virtual seconds) or "text".

    Raises ValueError if there is no run to show.
    """
    widgets = importlib.import_module("ipywidgets")
    runs = _runs(source)
    if not runs:
        raise ValueError("there is no schedule to show: neither an outcome nor a failure was found")
    total = len(runs)
    slider = widgets.IntSlider(
        value=1,
        min=1,
        max=total,
        description="schedule",
        style={"description_width": "initial"},
        layout={"width": "420px"},
    )
    picture = widgets.HTML()

    def redraw(_change: object = None) -> None:
        run = runs[slider.value - 1]
        title = f"Schedule {slider.value} of {total}: {_ending(run)}"
        picture.value = _show(run, view, title)

    slider.observe(redraw, names="value")
    redraw()
    return widgets.VBox([slider, picture])


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
        "layout": {"width": "420px"},
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
        return f"<strong>{escape(title)}</strong><pre>{escape(timeline_text(run))}</pre>"
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


def _runs(source: Report | Callable[[], object] | Iterable[Run]) -> list[Run]:
    from taketurns.engine.explore import explore
    from taketurns.engine.results import Report

    report = source if isinstance(source, Report) else explore(source) if callable(source) else None
    if report is None:
        return list(cast("Iterable[Run]", source))
    runs = [report.example(outcome) for outcome in report.schedules]
    return runs if report.failure is None else [*runs, report.failure.run]


# -- the real part ----------------------------------------------------------------------------


class _RealRun:
    """A button that runs the program on real threads, and the line that says what came of it."""

    def __init__(self, widgets: Any, program: Callable[..., object]) -> None:
        self._program = program
        self._values: dict[str, object] = {}
        self._exact: Run | None = None
        self._thread: threading.Thread | None = None
        self._button = widgets.Button(
            description="Run it for real",
            tooltip="Run the program once on real threads and measure it",
        )
        self._button.on_click(self._click)
        self._report = widgets.HTML()
        self.children = [self._button, self._report]

    def offer(self, values: dict[str, object], run: Run | None) -> None:
        """Other values were chosen: what was measured is no longer about them."""
        self._values, self._exact = values, run
        if not self._running():
            self._report.value = ""

    def join(self) -> None:
        """Wait until the real run, if there is one, has ended and said so."""
        if self._thread is not None:
            self._thread.join()

    def _running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _click(self, _button: object) -> None:
        if self._running():
            return
        exact = self._exact
        if exact is None or exact.verdict in STUCK:
            reason = (
                "cannot be simulated" if exact is None else f"would never end ({exact.verdict})"
            )
            self._report.value = _trouble(f"Not started for real: with these values it {reason}.")
            return
        self._button.disabled = True
        self._report.value = _line("Running on real threads …")
        self._thread = threading.Thread(
            target=self._measure, args=(dict(self._values), exact), name="real run", daemon=True
        )
        self._thread.start()

    def _measure(self, values: dict[str, object], exact: Run) -> None:
        if not _one_real_run.acquire(blocking=False):
            self._report.value = _trouble("Another program is running for real: wait for its end.")
            self._button.disabled = False
            return
        late = threading.Timer(3 * exact.elapsed + PATIENCE, self._late, args=(exact,))
        late.daemon = True
        late.start()
        try:
            with _Deaths() as deaths:
                began = time.perf_counter()
                try:
                    self._program(**values)
                    ending = "It ended"
                except BaseException as error:
                    ending = f"It ended with {type(error).__name__}: {error},"
                measured = time.perf_counter() - began
        finally:
            late.cancel()
            late.join()
            _one_real_run.release()
        where = f"With {_in_words(values)}: " if values else ""
        said = (
            f"{where}{ending} after {measured:.3f} s on real threads; exactly "
            f"{seconds(exact.elapsed)} in virtual time, which leaves out what computing costs."
        )
        self._report.value = _line(" ".join([said, *deaths.found]))
        self._button.disabled = False

    def _late(self, exact: Run) -> None:
        self._report.value = _trouble(
            f"Still running for real, though it takes exactly {seconds(exact.elapsed)} in virtual "
            "time. If it never ends, restart the kernel."
        )


class _Deaths:
    """Notes the exceptions that end threads started meanwhile, instead of printing them.

    `threading.excepthook` is put back afterwards, unless the program has set one of its own.
    """

    def __init__(self) -> None:
        self.found: list[str] = []

    def __enter__(self) -> Self:
        self._known = set(threading.enumerate())
        self._before = threading.excepthook
        threading.excepthook = self._note
        self._mine = threading.excepthook
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if threading.excepthook is self._mine:
            threading.excepthook = self._before

    def _note(self, death: threading.ExceptHookArgs) -> None:
        if death.thread is None or death.thread in self._known:
            self._before(death)
        elif death.exc_type is not SystemExit:
            self.found.append(
                f"{death.thread.name} died of {death.exc_type.__name__}: {death.exc_value}."
            )
