"""A course of one assignment and one lesson in a temporary folder, to spoil at will."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from taketurns.course.folder import Course
from taketurns.course.tidy import METADATA

ROOT = Path(__file__).resolve().parents[2]

Json = dict[str, Any]


def markdown(name: str, text: str) -> Json:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": lines(text)}


def code(name: str, text: str, **nbgrader: Any) -> Json:
    cell: Json = {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": {},
        "outputs": [],
        "source": lines(text),
    }
    if nbgrader:
        roles = {"grade": False, "locked": False, "solution": False, "task": False}
        defaults = {"grade_id": name, "schema_version": 3, **roles}
        cell["metadata"]["nbgrader"] = defaults | nbgrader
    return cell


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def notebook(*cells: Json) -> Json:
    return {"cells": list(cells), "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}


def dump(nb: Json) -> bytes:
    return (json.dumps(nb, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def master() -> Json:
    return notebook(
        markdown("title", "# 3 · Races and locks\n\nThe ticket office counts visitors."),
        code("imports", "import threading"),
        code(
            "counter",
            '''class Counter:
    """A counter."""

    def __init__(self):
        self.value = 0
        ### BEGIN SOLUTION
        self._lock = threading.Lock()
        ### END SOLUTION

    def increment(self, by=1):
        """Add `by`."""
        ### BEGIN SOLUTION
        with self._lock:
            self.value += by
        ### END SOLUTION''',
            solution=True,
        ),
        code(
            "counter-all-counted",
            '''"""Every increment is counted."""

office = Counter()
office.increment()
assert office.value == 1, f"one visitor came, {office.value} were counted"

### BEGIN HIDDEN TESTS
office.increment(2)
assert office.value == 3, f"two more came, {office.value} were counted"
### END HIDDEN TESTS''',
            grade=True,
            locked=True,
            points=1,
        ),
    )


def lesson() -> Json:
    shown = code("watch", "6 * 7")
    shown["outputs"] = [
        {
            "data": {"text/plain": ["42"]},
            "execution_count": 1,
            "metadata": {},
            "output_type": "execute_result",
        }
    ]
    shown["execution_count"] = 1
    return notebook(markdown("start-here", "# Start here"), shown)


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """Return a tidy course in the current folder, not yet recorded or released."""
    root = tmp_path / "course"
    (root / "source" / "03-races").mkdir(parents=True)
    (root / "notebooks").mkdir()
    shutil.copy(ROOT / "nbgrader_config.py", root)
    (root / "source" / "03-races" / "races.ipynb").write_bytes(dump(master()))
    (root / "notebooks" / "00-start.ipynb").write_bytes(dump(lesson()))
    monkeypatch.chdir(root)
    return Course(root.resolve())
