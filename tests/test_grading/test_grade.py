"""`taketurns grade`: who gets what, what is kept, and what a human is told."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner, Result

from taketurns.cli import cli
from taketurns.grading import folders, grade, job, sandbox
from taketurns.grading.gradebook import Gradebook

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENT, NOTEBOOK = "doubles", "doubles.ipynb"
STUB = "def double(number):\n    raise NotImplementedError()"
RIGHT = "def double(number):\n    return 2 * number"
NOISY = (
    "import sys\n\n\ndef double(number):\n    print('!', file=sys.stderr)\n    return 2 * number"
)
WRONG = "def double(number):\n    return number + 2"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        all(sandbox.probe().values()), reason=f"no sandbox works here: {sandbox.probe()}"
    ),
]


def code(name: str, source: str, **grading: Any) -> dict[str, Any]:
    made = {"grade": False, "solution": False, "locked": True, "task": False, **grading}
    metadata = {"nbgrader": {**made, "grade_id": name, "schema_version": 3}}
    cell = {"cell_type": "code", "execution_count": None, "outputs": [], "source": source}
    return {**cell, "id": name, "metadata": metadata}


def notebook(answer: str, *, hidden: bool = False, first: str = "answer") -> dict[str, Any]:
    more = "\n### BEGIN HIDDEN TESTS\nassert double(5) == 10, 'secret'\n### END HIDDEN TESTS"
    cells = [
        code("setup", "import threading\n\nfrom taketurns import explore"),
        code(first, answer, solution=True, locked=False),
        code("doubles", f"assert double(2) == 4, 'two'{more * hidden}", grade=True, points=2),
        code("zero", "assert double(0) == 0, 'nothing'", grade=True, points=1),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


class Class:
    """A course with one assignment, and those who hand something in."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copy(ROOT / "nbgrader_config.py", root)
        self.write(root / "source" / ASSIGNMENT / NOTEBOOK, notebook(RIGHT, hidden=True))
        self.write(root / "release" / ASSIGNMENT / NOTEBOOK, notebook(STUB))

    @staticmethod
    def write(path: Path, content: dict[str, Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), "utf-8")

    def hand_in(self, student: str, content: dict[str, Any] | str) -> Path:
        if isinstance(content, str):
            content = notebook(content)
        path = self.root / "submitted" / student / ASSIGNMENT / NOTEBOOK
        self.write(path, content)
        return path

    def grade(self, *options: str, answer: str = "") -> Result:
        return CliRunner().invoke(cli, ["grade", ASSIGNMENT, *options], input=answer)

    def scores(self) -> dict[str, dict[str, float | None]]:
        url = f"sqlite:///{self.root / 'gradebook.db'}"
        with Gradebook(url, "taking-turns") as gradebook:
            found = gradebook.scores(ASSIGNMENT)
        return {student: of["doubles"] for student, of in found.items()}

    def record(self, student: str) -> dict[str, Any]:
        path = self.root / "autograded" / student / ASSIGNMENT / folders.RECORD
        return json.loads(path.read_text("utf-8"))["notebooks"][0]

    def graded(self, student: str) -> dict[str, Any]:
        path = self.root / "autograded" / student / ASSIGNMENT / NOTEBOOK
        return json.loads(path.read_text("utf-8"))


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Class:
    monkeypatch.chdir(tmp_path)
    return Class(tmp_path)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Jobs are done in this process, which is quicker than to start others."""

    @contextlib.contextmanager
    def results(jobs: Any, *_: Any) -> Any:
        yield map(job.grade, jobs)

    monkeypatch.setattr(grade, "Results", results)
    yield
    job.forget_wardens()


def test_a_class_is_graded_by_processes_side_by_side(course):
    for number in range(5):
        course.hand_in(f"s{number}", [RIGHT, WRONG][number % 2])

    result = course.grade("--workers", "2")

    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "doubles: 5 graded")
    right, wrong = {"doubles": 2.0, "zero": 1.0}, {"doubles": 0.0, "zero": 0.0}
    assert [course.scores()[f"s{n}"] for n in range(5)] == [right, wrong, right, wrong, right]


@pytest.mark.usefixtures("here")
class TestCommand:
    def test_feedback_is_written_with_the_scores(self, course):
        secret = course.hand_in("ada", WRONG).with_name("submission_secret.txt")
        secret.write_text("abc")

        course.grade()

        handed_back = course.root / "feedback" / "ada" / ASSIGNMENT
        page = (handed_back / NOTEBOOK).with_suffix(".html").read_text("utf-8")
        assert "Did not hold" in page
        assert secret.name not in page
        assert "abc" == (handed_back / secret.name).read_text("utf-8")
        autograded = course.root / "autograded" / "ada" / ASSIGNMENT
        assert "abc" == (autograded / secret.name).read_text("utf-8")

    def test_feedback_that_a_kill_has_prevented_comes_with_the_next_call(self, course):
        course.hand_in("ada", RIGHT)
        course.grade()
        shutil.rmtree(course.root / "feedback")

        again = course.grade()

        assert f"{ASSIGNMENT}: 0 graded, 1 unchanged" == again.output.splitlines()[-1]
        assert (course.root / "feedback" / "ada" / ASSIGNMENT).is_dir()

    def test_what_has_not_changed_is_not_graded_again(self, course):
        course.hand_in("ada", RIGHT)
        path = course.hand_in("bob", WRONG)
        course.grade()
        path.write_text(json.dumps(notebook(RIGHT)), "utf-8")

        result = course.grade()

        assert "doubles: 1 graded, 1 unchanged" in result.output
        assert course.scores()["bob"] == {"doubles": 2.0, "zero": 1.0}

    def test_a_lost_gradebook_is_filled_again(self, course):
        course.hand_in("ada", RIGHT)
        course.grade()
        (course.root / "gradebook.db").unlink()

        assert "1 graded" in course.grade().output
        assert course.scores() == {"ada": {"doubles": 2.0, "zero": 1.0}}

    def test_only_who_is_named_is_graded(self, course):
        course.hand_in("ada", RIGHT)
        course.hand_in("bob", RIGHT)

        course.grade("--student", "bob")

        assert list(course.scores()) == ["bob"]

    def test_a_dry_run_does_nothing(self, course):
        course.hand_in("ada", RIGHT)

        result = course.grade("--dry-run")

        assert (result.exit_code, "would grade ada" in result.output) == (0, True)
        assert not (course.root / "autograded").exists()

    def test_a_regrade_shows_what_changes_and_asks(self, course):
        course.hand_in("ada", RIGHT)
        course.grade()
        master = notebook(RIGHT, hidden=True)
        master["cells"][3]["source"] = "assert double(0) == 1, 'one'"
        course.write(course.root / "source" / ASSIGNMENT / NOTEBOOK, master)

        refused = course.grade("--regrade", answer="n\n")
        kept = course.scores()
        agreed = course.grade("--regrade", "--yes")

        assert [line.split() for line in refused.output.splitlines() if "→" in line] == [
            ["ada", "zero", "1", "→", "0"]
        ]
        assert kept == {"ada": {"doubles": 2.0, "zero": 1.0}}
        assert agreed.exit_code == 0
        assert course.scores() == {"ada": {"doubles": 2.0, "zero": 0.0}}

    def test_an_unknown_assignment_is_told_and_ends_with_2(self, course):
        course.hand_in("ada", RIGHT)

        result = CliRunner().invoke(cli, ["grade", "nothing"])

        assert result.exit_code == 2
        assert "there is no assignment 'nothing'" in result.output
        assert "doubles" in result.output

    def test_a_student_who_handed_in_nothing_is_told_and_ends_with_2(self, course):
        assert course.grade("--student", "eve").exit_code == 2

    def test_nobody_handed_in(self, course):
        result = course.grade()

        assert (result.exit_code, "nobody has handed in" in result.output) == (0, True)

    def test_two_graders_do_not_grade_one_course(self, course):
        course.hand_in("ada", RIGHT)

        with folders.alone(course.root):
            result = course.grade()

        assert (result.exit_code, "is being graded already" in result.output) == (2, True)

    def test_what_is_written_opens_in_nbgrader(self, course):
        course.hand_in("ada", WRONG)
        course.grade()

        made = nbformat.reads(json.dumps(course.graded("ada")), as_version=4)

        nbformat.validate(made)
        assert [cell["metadata"]["nbgrader"]["grade_id"] for cell in made.cells] == [
            "setup",
            "answer",
            "doubles",
            "zero",
        ]
        assert "error" in [output["output_type"] for output in made.cells[3]["outputs"]]
        assert made.cells[3]["outputs"][0]["evalue"] == "nothing"

    @pytest.mark.parametrize(
        ("answer", "verdict", "said"),
        [
            (f"import os\n\nos._exit(0)\n\n\n{RIGHT}", "crash", "ended the whole process"),
            (f"while True:\n    print('x' * 100_000)\n\n\n{RIGHT}", "crash", "output"),
            ("def double(number):", "exception", ""),
            ("def double(number):\n    raise SystemExit", "exception", ""),
            (NOISY, "stderr", ""),
        ],
    )
    def test_an_answer_that_ends_badly_costs_its_own_points_only(
        self, course, answer, verdict, said
    ):
        course.hand_in("ada", RIGHT)
        course.hand_in("eve", answer)

        result = course.grade()

        assert course.scores()["ada"] == {"doubles": 2.0, "zero": 1.0}
        assert course.scores()["eve"] == {"doubles": 0.0, "zero": 0.0}
        assert course.record("eve")["cells"][0]["verdict"] == verdict
        assert said in result.output
        assert result.exit_code == bool(course.record("eve")["reasons"])

    def test_what_reaches_for_the_checks_waits_for_a_human(self, course):
        course.hand_in("eve", f"import sys\n\n\n{RIGHT}")

        result = course.grade()

        assert result.exit_code == 1
        assert "eve: answer reaches for the checks: it imports `sys`" in result.output
        assert course.scores()["eve"] == {"doubles": None, "zero": None}

    @pytest.mark.parametrize(
        "line", ['{"problem": "none"}', '{"frame": {}, "token": "guessed"}', "5", "[" * 100_000]
    )
    def test_whoever_forges_a_reply_stops_nobody(self, course, line):
        write = f"os.write(file, {line!r}.encode() + b'\\n')"
        loop = f"for file in range(3, 20):\n    try:\n        {write}\n    except OSError:"
        loop += "\n        pass"
        course.hand_in("ada", RIGHT)
        course.hand_in("eve", f"import os\n\n{loop}\n\n\n{WRONG}")

        result = course.grade()

        assert result.exit_code == 1
        assert course.scores()["ada"] == {"doubles": 2.0, "zero": 1.0}
        assert course.scores()["eve"] == {"doubles": 0.0, "zero": 0.0}

    def test_a_check_that_can_no_longer_fail_gives_nothing(self, course, monkeypatch):
        monkeypatch.setattr(job.gate, "reaches", lambda *_: [])  # as if it had not been seen
        course.hand_in("eve", "import taketurns\n\ntaketurns.explore = print\n\n\n" + RIGHT)

        course.grade()

        assert course.scores()["eve"] == {"doubles": 0.0, "zero": 0.0}
        assert "cannot fail any more" in " ".join(course.record("eve")["reasons"])

    def test_points_tags_and_checks_come_from_the_master(self, course):
        made = notebook(WRONG)
        made["cells"][2]["metadata"]["nbgrader"]["points"] = 100
        made["cells"][3]["metadata"]["tags"] = ["skip-execution"]
        made["cells"][3]["source"] = "pass"
        course.hand_in("eve", made)

        result = course.grade()

        assert result.exit_code == 1
        assert course.scores()["eve"] == {"doubles": 0.0, "zero": 0.0}
        assert course.graded("eve")["cells"][3]["metadata"].get("tags") is None
        reasons = " ".join(course.record("eve")["reasons"])
        for word in ("(points)", "(skip-execution)", "zero: a check was changed"):
            assert word in reasons

    def test_a_pasted_cell_stops_nobody(self, course):
        made = notebook(RIGHT)
        made["cells"].insert(2, made["cells"][1])
        course.hand_in("ada", made)
        course.hand_in("bob", RIGHT)

        assert course.grade().exit_code == 0
        assert course.scores()["ada"] == course.scores()["bob"] == {"doubles": 2.0, "zero": 1.0}
        assert "pasted" in " ".join(course.record("ada")["remarks"])

    def test_an_answer_is_found_in_another_cell(self, course):
        made = notebook(RIGHT)
        made["cells"][1]["metadata"] = {}
        made["cells"][1]["id"] = "elsewhere"
        made["cells"].append(made["cells"].pop(1))
        course.hand_in("ada", made)

        course.grade()

        assert course.scores()["ada"] == {"doubles": 2.0, "zero": 1.0}
        assert "stood in another cell" in " ".join(course.record("ada")["remarks"])

    def test_what_cannot_be_read_waits_for_a_human(self, course):
        course.hand_in("ada", RIGHT)
        course.hand_in("bob", RIGHT).write_text("{", "utf-8")

        result = course.grade()

        assert (result.exit_code, "bob: the file is no JSON" in result.output) == (1, True)
        assert course.scores()["bob"] == {"doubles": None, "zero": None}
        assert course.scores()["ada"] == {"doubles": 2.0, "zero": 1.0}

    def test_a_failed_gradebook_leaves_no_half(self, course):
        course.hand_in("ada", RIGHT)
        (course.root / "gradebook.db").write_text("no database", "utf-8")

        result = course.grade()

        assert result.exit_code == 2
        assert "gradebook.db" in result.output
        assert not list((course.root / "autograded").glob("*/*"))
