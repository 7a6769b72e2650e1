"""How far `explore` has come, shown while it works and taken away when it is done.

One `ipywidgets.HTML`, which appears after half a second and only where somebody looks: in a cell
that a person runs in a notebook, not where a grader or a test runs it. (Who runs a cell says
whether it may ask for input; a program that runs notebooks says no.) Its place in the notebook is
emptied at the end, lest a saved notebook show a dead widget. There is no button beside it: while
one cell is busy no other message is read. The notebook's own stop button interrupts, and `explore`
says how far it came. On xeus-python that button ends the kernel; it is taught better here.
"""

from __future__ import annotations

import importlib
import signal
import sys
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any

from .canvas import escape

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

FIRST = 0.5  # seconds after which it appears
AGAIN = 0.2  # seconds between two looks at it


class Progress:
    """Call it after each schedule with the schedules tried and the share of the budget spent.

    Call it with None when it is over. It never raises and never prints.
    """

    def __init__(self, program: str, *, now: Callable[[], float] = time.monotonic) -> None:
        self._program = program
        self._now = now
        self._began = now()
        self._due = self._began + FIRST
        self._widget: Any = None
        self._place: Any = None
        self._off = False
        let_stop_interrupt()

    def __call__(self, news: tuple[int, float] | None) -> None:
        """Show the news if it is time to."""
        if news is None:
            self._close()
            return
        if self._off:
            return
        now = self._now()
        if now >= self._due:
            self._due = now + AGAIN
            self._show(page(self._program, *news, seconds=now - self._began))

    def _show(self, text: str) -> None:
        try:
            if self._widget is None and not somebody_looks():
                self._off = True
                return
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if self._widget is None:
                    self._widget = importlib.import_module("ipywidgets").HTML(text)
                    # The place first: the user may press stop as soon as there is something to see.
                    self._place = importlib.import_module("IPython.display").DisplayHandle()
                    self._place.display(self._widget)
                else:
                    self._widget.value = text
        except Exception:
            self._off = True  # a courtesy: the exploration goes on without it

    def _close(self) -> None:
        self._off = True
        widget, self._widget = self._widget, None
        if widget is not None:
            try:
                widget.close()
                self._place.update({}, raw=True)
            except Exception:
                return


def page(program: str, schedules: int, share: float, *, seconds: float) -> str:
    """The display as HTML: the schedules tried, how fast, and the share of the budget."""
    percent = min(100, int(100 * share))
    rate = f"{schedules / seconds:,.0f} a second" if seconds > 0 else ""
    plural = "" if schedules == 1 else "s"
    text = (
        f"{program}: {schedules:,} schedule{plural} tried, {rate}; "
        f"{percent} % of the budget spent. The stop button ends it."
    )
    return (
        f'<span role="status">{escape(text)}</span> '
        f'<progress max="100" value="{percent}" aria-label="share of the budget"></progress>'
    )


def somebody_looks() -> bool:
    """Whether this is the main thread in a cell that a person runs in a notebook."""
    shell = _shell()
    if shell is None or threading.current_thread() is not threading.main_thread():
        return False
    if _is_xeus(shell):
        # It keeps what was asked to itself, but puts one `input` or another in place for a cell.
        return (input.__doc__ or "").rstrip().endswith("-> str")
    try:
        return bool(shell.get_parent()["content"]["allow_stdin"])
    except (AttributeError, KeyError, TypeError):
        return False  # a terminal, or a kernel that does not say


def let_stop_interrupt() -> None:
    """Let the stop button interrupt a cell on xeus-python, as it does on other kernels.

    xeus-python 0.19 answers SIGINT by ending itself (its issue 527), behind Python's back: Python
    still believes in its own handler. So what was there cannot be put back, and this one stays.
    It interrupts cells only: between them, a KeyboardInterrupt would end the kernel's loop.
    """
    shell = _shell()
    if (
        _is_xeus(shell)
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    ):
        cell = type(shell).run_code.__code__

        def interrupt(_number: int, frame: FrameType | None) -> None:
            while frame is not None:
                if frame.f_code is cell:
                    raise KeyboardInterrupt
                frame = frame.f_back

        signal.signal(signal.SIGINT, interrupt)


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def _is_xeus(shell: object) -> bool:
    return type(shell).__module__.startswith("xeus_python")
