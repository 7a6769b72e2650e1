"""How far `explore` has come, shown while it works and taken away when it is done.

One `ipywidgets.HTML`, which appears after half a second and only where somebody looks: in a cell
that a person runs in a notebook, not where a grader or a test runs it. (Who runs a cell says
whether it may ask for input; a program that runs notebooks says no.) Its place in the notebook is
emptied at the end, lest a saved notebook show a dead widget. There is no button beside it: while
one cell is busy no other message is read. The notebook's own stop button interrupts, and `explore`
says how far it came.
"""

from __future__ import annotations

import importlib
import sys
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any

from .canvas import escape

if TYPE_CHECKING:
    from collections.abc import Callable

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
                    display = importlib.import_module("IPython.display").display
                    self._place = display(self._widget, display_id=True)
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
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    if shell is None or threading.current_thread() is not threading.main_thread():
        return False
    try:
        parent = shell.get_parent()
        return bool(parent["content"]["allow_stdin"])
    except (AttributeError, KeyError, TypeError):
        return False  # a terminal, or a kernel that does not say
