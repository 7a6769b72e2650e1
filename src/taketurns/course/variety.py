"""Numbers and names that differ from student to student, so that a copied result does not pass.

What is asked stays the same for all. A seed comes from who the student is, as far as the process
knows: the variable `TAKETURNS_STUDENT`, or, under `nbgrader autograde`, the folder
`autograded/STUDENT/ASSIGNMENT` that a notebook runs in. Everybody else, the students themselves
included, draws from one seed.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

VARIABLE = "TAKETURNS_STUDENT"
NOBODY = ""


def student() -> str:
    """Return whose notebook this is; an empty string if nothing says so."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        return named
    try:
        parts = Path.cwd().parts
    except OSError:  # the folder is gone
        return NOBODY
    return parts[-2] if len(parts) > 2 and parts[-3] == "autograded" else NOBODY


def per_student(purpose: str) -> random.Random:
    """Return random numbers of this student's own, the same each time.

    Args:
        purpose: where they are used, such as the `grade_id`; each purpose has numbers of its own.
    """
    return random.Random(f"{purpose} for {student()}")
