"""Keeps results: the gradebook and `autograded/`, so that nothing is there by half."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from taketurns.course.errors import CourseError

from .folders import RECORD, Folders
from .handback import write_feedback
from .intake import SECRET, TIMESTAMP
from .workers import undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from .gradebook import Gradebook
    from .types import Graded

PARTS = ".taketurns"  # in `autograded/`: what is being written
BATCH = 64  # submissions in one transaction
PATIENCE = 0.5  # seconds after which a smaller batch is written


class Keeper:
    """Writes results, a batch at a time, each into the gradebook and its folder or into neither."""

    def __init__(self, folders: Folders, gradebook: Gradebook, assignment: str) -> None:
        self._folders = folders
        self._assignment = assignment
        self._autograded = folders.autograded
        self._parts = folders.autograded / PARTS
        self._gradebook = gradebook
        self._batch: list[Graded] = []
        self._since = time.monotonic()
        with self._explained():  # who may not write shall hear it before anything is graded
            self._parts.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._parts, ignore_errors=True)  # with what a killed one has left there

    def add(self, graded: Graded) -> None:
        """Take a result; write when there are enough, or the last time was long ago."""
        self._batch.append(graded)
        if len(self._batch) >= BATCH or time.monotonic() - self._since > PATIENCE:
            self.write()

    def write(self) -> None:
        """Write what there is.

        Raises CourseError if that fails. What is not whole then counts as not graded.
        """
        batch, self._batch = self._batch, []
        self._since = time.monotonic()
        if not batch:
            return
        try:
            with self._explained():
                for number, graded in enumerate(batch):
                    self._prepare(graded, self._parts / str(number))
                self._gradebook.write(batch)
                for number, graded in enumerate(batch):
                    self._put(graded, self._parts / str(number))
        finally:
            shutil.rmtree(self._parts, ignore_errors=True)
        self.write_feedback(graded.student for graded in batch)

    def write_feedback(self, students: Iterable[str]) -> None:
        """Write the pages of some students again, of what has been written about them."""
        write_feedback(self._folders, self._gradebook, self._assignment, list(students))

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise CourseError(
                f"{self._autograded}: {error.strerror}. What could not be written there counts as "
                "not graded: mend that and run the command again."
            ) from error

    def _prepare(self, graded: Graded, part: Path) -> None:
        """Write what is to be in a student's folder."""
        part.mkdir(parents=True)
        for notebook in graded.notebooks:
            if notebook.notebook is not None:
                text = json.dumps(notebook.notebook, indent=1, ensure_ascii=False)
                (part / f"{notebook.name}.ipynb").write_text(text + "\n", "utf-8")
        slim = replace(graded, notebooks=tuple(replace(n, notebook=None) for n in graded.notebooks))
        (part / RECORD).write_text(json.dumps(slim.as_json(), indent=1) + "\n", "utf-8")
        if graded.timestamp:
            (part / TIMESTAMP).write_text(graded.timestamp + "\n", "utf-8")
        secret = self._folders.submitted / graded.student / graded.assignment / SECRET
        if secret.is_file() and not secret.is_symlink():
            shutil.copyfile(secret, part / SECRET)

    def _put(self, graded: Graded, part: Path) -> None:
        """Put a folder where nbgrader looks for it, in the place of the one that is there."""
        place = self._autograded / graded.student / graded.assignment
        place.parent.mkdir(exist_ok=True)
        with undisturbed():
            if place.exists():
                place.replace(part.with_suffix(".old"))
            part.replace(place)
