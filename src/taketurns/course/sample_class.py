"""A small class of made-up students, graded as any other: `make class`.

Each student hands in the released notebook with answers from `tests/answers/` pasted into it: one
has everything right, one has touched nothing, and for every kind of mistake there is one who makes
it once and has the rest right. What each must get is known beforehand, from the masters' points and
from `taketurns try`; the command says whether the gradebook agrees.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from .errors import CourseError
from .folder import MARK, Course
from .trying import read_answer, try_answer

OURS = ".sample-class"  # marks a folder that this module made and may make again
SIZE = 12  # students at most
# What a report calls a mistake, at the beginning of its paragraph, and an error in the first line.
MISTAKE, ERROR = re.compile(r"([a-z]+(?:-[a-z]+)+): "), re.compile(r"exception: (\w+)")
HEADER = re.compile(r"# fails: (?P<cell>[a-z0-9-]+)\n# mistake: (?P<mistake>[a-z-]+)\n")

Scores = dict[str, float]
"""grade_id -> points."""


@dataclass(frozen=True)
class Student:
    """Someone who hands in one assignment."""

    name: str
    answers: dict[str, Path] = field(default_factory=dict)  # exercise -> what is pasted into it
    wrong: str | None = None  # the exercise that this student gets wrong
    fails: str | None = None  # the graded cell that must refuse it


@dataclass(frozen=True)
class Exercise:
    """A solution cell of a master and the graded cells up to the next one."""

    name: str
    points: Scores


def exercises(master: Path) -> list[Exercise]:
    """Return the exercises of a master notebook, in its order."""
    found: list[Exercise] = []
    for cell in _read(master)["cells"]:
        nbgrader = cell["metadata"].get("nbgrader", {})
        if nbgrader.get("solution") and not nbgrader.get("grade"):
            found.append(Exercise(nbgrader["grade_id"], {}))
        elif nbgrader.get("grade") and found:
            found[-1].points[nbgrader["grade_id"]] = nbgrader["points"]
    return found


def students(course: Course, assignment: str) -> list[Student]:
    """Return the class for one assignment: all right, untouched, and one for a kind of mistake.

    Those that are made in the fewest exercises come first, up to the size of the class.
    """
    folder = course.root / "tests" / "answers" / assignment
    names = [exercise.name for exercise in exercises(_master(course, assignment))]
    right: dict[str, Path] = {}
    for name in names:
        answers = sorted((folder / name / "right").glob("*.py"))
        if not answers:
            raise CourseError(f"{_relative(course, folder / name / 'right')}: no right answer here")
        right[name] = answers[0]
    found = [Student("all-right", right), Student("untouched")]
    kinds: dict[str, dict[str, Student]] = {}  # mistake -> exercise -> who makes it there
    for name in names:
        for path in sorted((folder / name / "wrong").glob("*.py")):
            header = HEADER.match(read_answer(path))
            if header is None:
                raise CourseError(
                    f"{_relative(course, path)}: the first two lines should be "
                    "`# fails: GRADE_ID` and `# mistake: IDENTIFIER`"
                )
            kind = "plain-error" if header["mistake"] == "none" else header["mistake"]
            student = Student(f"{kind}-in-{name}", right | {name: path}, name, header["cell"])
            kinds.setdefault(kind, {}).setdefault(name, student)
    rarest_first = sorted(kinds.items(), key=lambda item: (len(item[1]), item[0]))
    for _, choices in rarest_first[: SIZE - len(found)]:
        # in the exercise that fewest others get wrong, so that every exercise has its share
        crowd = [student.wrong for student in found]
        found.append(min(choices.values(), key=lambda student: crowd.count(student.wrong)))
    return found


def expected(course: Course, assignment: str, student: Student) -> Scores:
    """Return what each graded cell must give this student."""
    master = _master(course, assignment)
    scores: Scores = {}
    for exercise in exercises(master):
        answer = student.answers.get(exercise.name)
        if answer is None:
            scores |= dict.fromkeys(exercise.points, 0.0)
        elif exercise.name != student.wrong:
            scores |= exercise.points
        else:
            outcome = try_answer(
                master,
                read_answer(answer),
                cell=exercise.name,
                name=answer.name,
                student=student.name,
            )
            scores |= {cell.id: cell.points for cell in outcome.cells}
            if student.fails:
                scores[student.fails] = 0.0
    return scores


def build(course: Course, folder: Path, assignment: str) -> list[Student]:
    """Make a course of its own in `folder`, generate the assignment and hand in for every student.

    Raises CourseError if there is something in the folder that this function has not made.
    """
    start(course, folder, assignment)
    run_nbgrader(folder, "generate_assignment", assignment, "--force")
    found = students(course, assignment)
    for student in found:
        hand_in(folder, assignment, student)
    return found


def start(course: Course, folder: Path, assignment: str) -> None:
    """Make a course of its own in `folder`, with the settings of this one and one master.

    Raises CourseError if there is something in the folder that this function has not made.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / OURS).exists():
        raise CourseError(
            f"{folder}: there is something in this folder already, and it is no sample class: "
            "name another one"
        )
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / OURS).touch()
    shutil.copy(course.root / MARK, folder)
    shutil.copytree(course.root / "source" / assignment, folder / "source" / assignment)


def hand_in(folder: Path, assignment: str, student: Student) -> Path:
    """Put the released notebook, with the student's answers, where nbgrader looks for it."""
    release = next((folder / "release" / assignment).glob("*.ipynb"))
    notebook = _read(release)
    for cell in notebook["cells"]:
        nbgrader = cell["metadata"].get("nbgrader", {})
        if nbgrader.get("solution") and nbgrader["grade_id"] in student.answers:
            answer = read_answer(student.answers[nbgrader["grade_id"]])
            cell["source"] = HEADER.sub("", answer, count=1)
    path = folder / "submitted" / student.name / assignment / release.name
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(notebook), "utf-8")
    return path


def grade(folder: Path, assignment: str) -> dict[str, Scores]:
    """Let nbgrader grade everybody, again if need be; return what its gradebook holds."""
    run_nbgrader(folder, "autograde", assignment, "--force")
    return gradebook(folder, assignment)


def grade_side_by_side(folder: Path, assignment: str) -> dict[str, Scores]:
    """Let `taketurns grade` do the same; return what the gradebook holds.

    The answers are this course's own, so they may run where there is no sandbox.
    """
    command = ["taketurns", "grade", assignment, "--force", "--allow-unsandboxed"]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CourseError(f"taketurns grade {assignment} in {folder}:\n{done.stdout}{done.stderr}")
    return gradebook(folder, assignment)


def gradebook(folder: Path, assignment: str) -> dict[str, Scores]:
    """Return, for every student, what the gradebook holds for each graded cell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLAlchemy's remarks about nbgrader's tables
        from nbgrader.api import Gradebook

        found: dict[str, Scores] = {}
        with Gradebook(f"sqlite:///{folder.resolve() / 'gradebook.db'}") as book:
            for submission in book.assignment_submissions(assignment):
                scores = found.setdefault(submission.student.id, {})
                for notebook in submission.notebooks:
                    scores |= {grade.name: grade.score for grade in notebook.grades}
    return found


def report(folder: Path, assignment: str) -> list[list[str]]:
    """Return a table: for every student the points in each exercise, and the mistakes named there.

    The points are the gradebook's, the names those in the autograded notebook.
    """
    parts = exercises(_master(Course(folder), assignment))
    rows = [["student", *(part.name for part in parts), "points"]]
    for student, scores in sorted(gradebook(folder, assignment).items()):
        named = _mistakes(next((folder / "autograded" / student / assignment).glob("*.ipynb")))
        cells = []
        for part in parts:
            names = dict.fromkeys(named[cell] for cell in part.points if cell in named)
            cells.append(f"{_points(part, scores)} {', '.join(names)}".rstrip())
        rows.append([student, *cells, f"{sum(scores.values()):g}"])
    return rows


def _mistakes(autograded: Path) -> dict[str, str]:
    """Return the name of the mistake, or else of the error, for each graded cell that failed."""
    found = {}
    for cell in _read(autograded)["cells"]:
        errors = [out for out in cell.get("outputs", []) if out["output_type"] == "error"]
        if errors and cell["metadata"].get("nbgrader", {}).get("grade"):
            told = errors[-1]["evalue"].partition("\nReplay it with")[0].split("\n")
            named = [ERROR.match(told[0]), *map(MISTAKE.match, told[1:])]
            names = [errors[-1]["ename"], *(match[1] for match in named if match)]
            found[cell["metadata"]["nbgrader"]["grade_id"]] = names[-1]
    return found


def _points(part: Exercise, scores: Scores) -> str:
    return f"{sum(scores.get(c, 0) for c in part.points):g}/{sum(part.points.values()):g}"


def run_nbgrader(folder: Path, *arguments: str) -> None:
    """Run one of nbgrader's commands on the course in `folder`, apart from the user's own settings.

    Raises CourseError, with what nbgrader said, if the command fails, or if there is no nbgrader.
    """
    if importlib.util.find_spec("nbgrader") is None:
        raise CourseError(
            "this Python has no nbgrader, which grading needs: run "
            f"`{sys.executable} -m pip install -r requirements.txt` in the course's folder"
        )
    with tempfile.TemporaryDirectory(prefix="tt-") as short:  # kernels' sockets need a short path
        # Half of a command's start goes into this package's grammars, for checks of internet
        # addresses that jsonschema makes on request only, and leaves out without the package.
        without = Path(short, "without")
        without.mkdir()
        (without / "rfc3987_syntax.py").write_text("raise ImportError", "utf-8")
        environment = os.environ | {
            "IPYTHONDIR": f"{short}/ipython",
            "JUPYTER_CONFIG_DIR": f"{short}/config",
            "JUPYTER_RUNTIME_DIR": f"{short}/runtime",
            # nbgrader calls its database tool by name: it must find the one beside it
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
            "PYTHONPATH": os.pathsep.join(
                filter(None, [str(without), os.environ.get("PYTHONPATH")])
            ),
        }
        done = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-m", "nbgrader", *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise CourseError(
            f"nbgrader {' '.join(arguments)} failed in {folder}:\n{done.stderr[-3000:].strip()}"
        )


def _master(course: Course, assignment: str) -> Path:
    masters = sorted((course.root / "source" / assignment).glob("*.ipynb"))
    if not masters:
        raise CourseError(
            f"no assignment {assignment} in source/; there are: {', '.join(course.assignments())}"
        )
    return masters[0]


def _read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _relative(course: Course, path: Path) -> str:
    return path.relative_to(course.root).as_posix()


def _table(rows: list[list[str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), help="Where to work: ./sample-class.")
@click.argument("assignments", nargs=-1)
def main(assignments: tuple[str, ...], folder: Path | None) -> None:
    """Grade a sample class and print who got what.

    Without ASSIGNMENTS: every one that tests/answers/ has answers for.
    """
    try:
        course = Course.here()
        answered = course.root / "tests" / "answers"
        names = assignments or [n for n in course.assignments() if (answered / n).is_dir()]
        agreed = True
        for name in names:
            work = (folder or course.root / "sample-class") / name
            agreed &= _grade_and_tell(course, work, name)
    except CourseError as error:
        raise click.ClickException(str(error)) from error
    if not agreed:
        raise SystemExit(1)


def _grade_and_tell(course: Course, work: Path, assignment: str) -> bool:
    """Grade one assignment, print the table; return whether every score is as expected."""
    click.echo(f"{assignment}: handing in, grading ...")
    found = build(course, work, assignment)
    scores = grade_side_by_side(work, assignment)
    parts = exercises(_master(course, assignment))
    rows = [["student", *(part.name for part in parts), "points", "as expected"]]
    agreed = True
    for student in found:
        got = scores.get(student.name, {})
        want = expected(course, assignment, student)
        agreed &= got == want
        cells = [_points(part, got) for part in parts]
        wrong = sorted(c for c in {*got, *want} if got.get(c) != want.get(c))
        verdict = "yes" if not wrong else "NO: " + ", ".join(wrong)
        rows.append([student.name, *cells, f"{sum(got.values()):g}", verdict])
    click.echo(_table(rows))
    click.echo(f"Feedback as students would get it: {work / 'feedback'}")
    click.echo(f"For nbgrader's Formgrader: run JupyterLab in {work}")
    return agreed


if __name__ == "__main__":
    main()
