"""A notebook without a kernel: cells that leave their source where ipykernel leaves it."""

from __future__ import annotations

import itertools
import linecache
import textwrap

import pytest

_numbers = itertools.count(1)


class Notebook:
    """Cells that share one namespace."""

    def __init__(self):
        self.folder = f"/nowhere/ipykernel_{next(_numbers)}"
        self.namespace = {"__name__": "__main__", "__builtins__": __builtins__}
        self.files = []

    def cell(self, text, *, run=True):
        """Run a cell; `run=False` leaves only its source, as a cell that failed to compile does."""
        text = textwrap.dedent(text)
        file = f"{self.folder}/{len(self.files)}.py"
        self.files.append(file)
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        if run:
            exec(compile(text, file, "exec", dont_inherit=True), self.namespace)

    def __getitem__(self, name):
        return self.namespace[name]


@pytest.fixture
def notebook():
    made = Notebook()
    yield made
    for file in made.files:
        linecache.cache.pop(file, None)
