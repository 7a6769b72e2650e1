"""Which puzzles have been solved: a small file of JSON beside the notebook."""

from __future__ import annotations

import contextlib
import importlib
import json
from pathlib import Path
from typing import Any

from .canvas import escape
from .story import count

FILE = "puzzles.json"
_met: dict[str, None] = {}  # the puzzles that this kernel has shown, in their order


def meet(puzzle: str) -> None:
    """Note that a puzzle is there to be solved."""
    _met[puzzle] = None


class Progress:
    """The puzzles solved so far, kept in a folder; by default the one where the notebook runs.

    A file that cannot be read counts as none, and one that cannot be written is left out: a puzzle
    is played all the same.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.path = (folder or Path.cwd()) / FILE

    def table(self) -> dict[str, int | None]:
        """The fewest steps of each puzzle met in this kernel or solved before; None: not solved."""
        names = {**_met, **self._read()}
        return {puzzle: self.best(puzzle) for puzzle in names}

    def best(self, puzzle: str) -> int | None:
        """The fewest steps in which a puzzle was solved; None if it was not."""
        steps = self._read().get(puzzle)
        return steps if type(steps) is int else None

    def solved(self, puzzle: str, steps: int) -> None:
        """Note that a puzzle was solved in so many steps."""
        best = self.best(puzzle)
        if best is None or steps < best:
            self._write(self._read() | {puzzle: steps})

    def forget(self, puzzle: str) -> None:
        """As if it had never been solved; the last one takes the file away."""
        known = self._read()
        if known.pop(puzzle, None) is not None:
            self._write(known)

    def reset(self) -> None:
        """Forget all of them."""
        self._write({})

    def _read(self) -> dict[str, Any]:
        try:
            known = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _write(self, known: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            if not known:
                self.path.unlink(missing_ok=True)
                return
            new = self.path.with_suffix(".new")
            new.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", "utf-8")
            new.replace(self.path)


def scoreboard() -> Any:
    """Return a widget: the puzzles of the notebook, in how few steps each was solved, and a reset.

    It lists the puzzles whose stepper has been shown since the kernel started, and what
    `puzzles.json` in the folder of the notebook knows of.
    """
    widgets = importlib.import_module("ipywidgets")
    progress = Progress()
    page = widgets.HTML()
    again = widgets.Button(description="Look again", tooltip="Read the table anew")
    reset = widgets.Button(
        description="Reset all",
        tooltip="Forget all that was solved, and take puzzles.json away",
    )

    def show() -> None:
        page.value = _scores(progress.table())

    def forget_all(_: object) -> None:
        progress.reset()
        show()

    again.on_click(lambda _: show())
    reset.on_click(forget_all)
    show()
    return widgets.VBox([page, widgets.HBox([again, reset])])


def _scores(table: dict[str, int | None]) -> str:
    cell = 'style="text-align:left;padding:.1em 1em .1em 0;line-height:1.4"'
    rows = "".join(
        f"<tr><td {cell}>{escape(puzzle)}</td>"
        f"<td {cell}>{'not yet' if steps is None else count(steps, 'step')}</td></tr>"
        for puzzle, steps in table.items()
    )
    solved = sum(steps is not None for steps in table.values())
    head = f'<th scope="col" {cell}>puzzle</th><th scope="col" {cell}>solved in</th>'
    return (
        f'<p style="margin:.4em 0" role="status"><strong>{solved} of {count(len(table), "puzzle")} '
        f"solved.</strong></p><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )
