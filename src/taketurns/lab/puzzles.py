"""Which puzzles have been solved: a small file of JSON beside the notebook."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

FILE = "puzzles.json"


class Progress:
    """The puzzles solved so far, kept in a folder; by default the one where the notebook runs.

    A file that cannot be read counts as none, and one that cannot be written is left out: a puzzle
    is played all the same.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.path = (folder or Path.cwd()) / FILE

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
