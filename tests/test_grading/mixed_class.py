"""A class on `03-races-and-locks`: right, untouched, wrong, and a question that a human grades."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from taketurns.course import sample_class
from taketurns.course.folder import Course

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENT, NOTEBOOK = "03-races-and-locks", "races-and-locks"
QUESTION = "why-a-lock"  # answered in words by all but who has touched nothing
WORDS = "Because `+=` is **three** steps."
RIGHT, UNTOUCHED, WRONG = "all-right", "untouched", "wrong-in-counter"


def make(folder: Path, *, size: int = 3) -> list[str]:
    """Make a course in `folder` in which they have handed in; return their names, `size` many."""
    sample_class.start(Course(ROOT), folder, ASSIGNMENT)
    master = folder / "source" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    notebook = json.loads(master.read_text("utf-8"))
    grading = {"grade": True, "solution": True, "locked": False, "task": False, "points": 2}
    metadata = {"nbgrader": {**grading, "grade_id": QUESTION, "schema_version": 3}}
    notebook["cells"].append(
        {"cell_type": "markdown", "id": QUESTION, "metadata": metadata, "source": "Write here."}
    )
    master.write_text(json.dumps(notebook), "utf-8")
    sample_class.run_nbgrader(folder, "generate_assignment", ASSIGNMENT)
    right, untouched, *others = sample_class.students(Course(ROOT), ASSIGNMENT)
    no_lock = ROOT / "tests" / "answers" / ASSIGNMENT / "counter" / "wrong" / "no_lock.py"
    wrong = sample_class.Student(WRONG, right.answers | {"counter": no_lock})
    students = [right, untouched, wrong, *others][:size]
    for student in students:
        path = sample_class.hand_in(folder, ASSIGNMENT, student)
        if student.answers:
            handed_in = json.loads(path.read_text("utf-8"))
            handed_in["cells"][-1]["source"] = WORDS
            path.write_text(json.dumps(handed_in), "utf-8")
    return [student.name for student in students]


def in_gradebook(url: str) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Return what is kept for each student, of each graded cell and of each comment."""
    found: dict[tuple[str, str], tuple[Any, ...]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLAlchemy's remarks about nbgrader's tables
        from nbgrader.api import Gradebook

        with Gradebook(url) as opened:
            for submission in opened.assignment_submissions(ASSIGNMENT):
                who = submission.student.id
                for notebook in submission.notebooks:
                    found[who, "all"] = notebook.score, notebook.max_score
                    for each in notebook.grades:
                        scores = each.auto_score, each.manual_score, each.extra_credit
                        found[who, each.name] = (*scores, each.needs_manual_grade)
                    for each in notebook.comments:
                        found[who, f"{each.name}: said"] = each.auto_comment, each.manual_comment
    return found
