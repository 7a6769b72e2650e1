"""`taketurns try`: one answer, its exercise's tests, in a process of its own."""

import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from taketurns.course import _running
from taketurns.course._exercise import Cell, _Names, solution_cell
from taketurns.course.errors import CourseError
from taketurns.course.trying import read_answer, try_answer, try_command, unsolved

ROOT = Path(__file__).parents[2]
RACES = ROOT / "source" / "03-races-and-locks" / "races-and-locks.ipynb"
ANSWERS = ROOT / "tests" / "answers" / "03-races-and-locks"

IMPORTS = ("imports", "import math\nimport threading")
DOUBLE = (
    "double",
    '''
    def double(x):
        """Return twice `x`."""
        ### BEGIN SOLUTION
        return 2 * x
        ### END SOLUTION
    ''',
)
DOUBLE_VISIBLE = ("double-visible", 1, 'assert double(1) == 2, f"double(1) is {double(1)}"')
DOUBLE_HIDDEN = ("double-hidden", 2, 'assert double(5) == 10, f"double(5) is {double(5)}"')
GOOD = "def double(x):\n    return x + x\n"


def notebook_of(folder, *cells):
    """A notebook of plain and solution cells (id, text) and of graded cells (id, points, text)."""
    made = []
    for name, *points, text in cells:
        source = textwrap.dedent(text).strip()
        solution = "BEGIN SOLUTION" in source or "YOUR CODE HERE" in source
        metadata = {}
        if points or solution:
            metadata = {"grade_id": name, "grade": bool(points), "solution": solution}
            metadata = {"nbgrader": metadata | ({"points": points[0]} if points else {})}
        made.append({"cell_type": "code", "id": name, "metadata": metadata, "source": source})
    path = folder / "notebook.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made}))
    return path


@pytest.fixture
def doubling(tmp_path):
    return notebook_of(tmp_path, IMPORTS, DOUBLE, DOUBLE_VISIBLE, DOUBLE_HIDDEN)


@pytest.fixture
def command(tmp_path):
    """Run the command with an answer's text or bytes; return its result."""

    def run(notebook, answer, *options):
        path = tmp_path / "answer.py"
        if answer is not None:
            path.write_bytes(answer if isinstance(answer, bytes) else answer.encode())
        return CliRunner().invoke(try_command, [str(notebook), str(path), *options])

    return run


def verdicts(outcome):
    return [cell.verdict for cell in outcome.cells]


# ------------------------------------------------------------------------------------- the verdicts


def test_a_right_answer_gets_every_point(doubling):
    outcome = try_answer(doubling, GOOD)

    assert (3, 3) == (outcome.points, outcome.max_points)
    assert outcome.full_marks
    assert "double" == outcome.exercise
    assert ["double-visible", "double-hidden"] == [cell.id for cell in outcome.cells]


def test_a_wrong_answer_loses_the_cells_it_fails_and_is_told_why(doubling):
    outcome = try_answer(doubling, "def double(x):\n    return x + 1\n")

    assert ["ok", "assertion"] == verdicts(outcome)
    assert (1, 3) == (outcome.points, outcome.max_points)
    assert "double(5) is 6" == outcome.cells[1].message


def test_an_error_in_the_answer_is_named_with_its_line(doubling):
    outcome = try_answer(doubling, "def double(x):\n    return x + y\n", name="mine.py")

    assert ["exception"] * 2 == verdicts(outcome)
    assert "NameError: name 'y' is not defined (mine.py, line 2)" == outcome.cells[0].message


def test_a_cell_that_writes_to_stderr_loses_its_points_as_with_nbgrader(doubling):
    answer = "import sys\n\ndef double(x):\n    print('oh', file=sys.stderr)\n    return 2 * x\n"

    outcome = try_answer(doubling, answer)

    assert ["stderr"] * 2 == verdicts(outcome)
    assert outcome.cells[0].message.endswith("oh")


def test_what_an_answer_raises_after_its_definitions_costs_nothing_but_is_told(doubling):
    outcome = try_answer(doubling, GOOD + "double()\n", name="mine.py")

    assert outcome.full_marks
    assert outcome.note.startswith("mine.py: TypeError: double() missing 1")
    assert outcome.note.endswith("(mine.py, line 3)")


def test_an_address_in_a_message_is_left_out(doubling):
    answer = "def double(x):\n    raise ValueError(object())\n"

    outcome = try_answer(doubling, answer)

    assert "ValueError: <object object at 0x…> (answer.py, line 2)" == outcome.cells[0].message


def test_a_failed_check_tells_mistake_schedule_and_coverage(tmp_path):
    check = """
    def program():
        assert double(1) == 2, f"double(1) is {double(1)}"

    explore(program).check()
    """
    imports = ("imports", "from taketurns import explore")
    notebook = notebook_of(tmp_path, imports, DOUBLE, ("double-checked", 1, check))

    right, wrong = try_answer(notebook, GOOD), try_answer(notebook, "def double(x): return x")

    assert right.full_marks
    assert "every schedule" == right.cells[0].coverage
    assert "assertion" == wrong.cells[0].verdict
    assert wrong.cells[0].message.startswith("double(1) is 1")
    assert wrong.cells[0].schedule
    assert wrong.cells[0].coverage


# ---------------------------------------------------------------------- answers that do their worst


@pytest.mark.parametrize(
    "line",
    [
        "raise SystemExit",
        "raise KeyboardInterrupt",
        "return double(x)",
        "return input()",
        "return [2 * x for _ in iter(int, 1)] if 0 else {}['x' * 100_000_000]",
    ],
)
def test_whatever_an_answer_raises_costs_its_points_only(doubling, line):
    outcome = try_answer(doubling, f"def double(x):\n    {line}\n")

    assert ["exception"] * 2 == verdicts(outcome)
    assert all(len(cell.message) < 11_000 for cell in outcome.cells)


def test_an_answer_that_ends_the_process_loses_that_cell_only(doubling):
    answer = "import os\n\ndef double(x):\n    return 2 * x if x == 5 else os._exit(0)\n"

    outcome = try_answer(doubling, answer)

    assert ["crash", "ok"] == verdicts(outcome)
    assert "ended the whole process (exit status 0)" == outcome.cells[0].message


def test_an_answer_that_ends_the_process_at_once_loses_every_cell(doubling):
    outcome = try_answer(doubling, GOOD + "import os\nos._exit(3)\n", name="mine.py")

    assert ["crash"] * 2 == verdicts(outcome)
    assert "before this cell ran, mine.py: ended the whole process (exit status 3)" == (
        outcome.cells[0].message
    )


@pytest.mark.slow
def test_an_answer_that_never_ends_loses_that_cell_only(doubling, monkeypatch):
    monkeypatch.setattr(_running, "GRADED_SECONDS", 0.5)
    answer = "def double(x):\n    while x == 1:\n        pass\n    return 2 * x\n"

    outcome = try_answer(doubling, answer)

    assert ["time-limit", "ok"] == verdicts(outcome)


@pytest.mark.slow
def test_the_time_limit_of_the_notebook_holds_for_all_its_cells(doubling, monkeypatch):
    monkeypatch.setattr(_running, "NOTEBOOK_SECONDS", 1.0)

    outcome = try_answer(doubling, "def double(x):\n    while True:\n        pass\n")

    assert ["time-limit"] * 2 == verdicts(outcome)


@pytest.mark.slow
@pytest.mark.parametrize(
    "line", ["while True: print('x' * 1000)", "threading.Event().wait()", "open(0).read(); wait()"]
)
def test_an_answer_that_never_ends_being_defined_loses_every_cell(doubling, monkeypatch, line):
    monkeypatch.setattr(_running, "OTHER_SECONDS", 2.0)
    answer = f"from threading import Event\nwait = Event().wait\n{GOOD}{line}\n"

    outcome = try_answer(doubling, answer)

    assert ["time-limit"] * 2 == verdicts(outcome)


@pytest.mark.parametrize("sent", ['{"end": 0}', '{"end": 0, "verdict": 1}', "[]", "5", "{", "null"])
def test_what_an_answer_writes_to_the_checkers_connection_is_no_verdict(doubling, sent):
    answer = (
        "import os\nfor descriptor in range(3, 20):\n    try:\n"
        f"        os.write(descriptor, {sent.encode()!r} + bytes([10]))\n"
        "    except OSError:\n        pass\n"
    )

    outcome = try_answer(doubling, answer + GOOD)

    assert ["ok", "ok"] == verdicts(outcome)


def test_an_answer_that_leaves_threads_behind_does_not_hold_the_command_up(doubling):
    answer = f"{GOOD}threading.Thread(target=threading.Event().wait).start()\n"

    assert try_answer(doubling, answer).full_marks


@pytest.mark.skipif(os.name != "posix", reason="process groups")
def test_nothing_that_an_answer_starts_outlives_the_command(doubling, tmp_path):
    pid_file = tmp_path / "pid"
    answer = (
        f"{GOOD}import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(pid_file)!r}, 'w').write(str(child.pid))\n"
    )

    outcome = try_answer(doubling, answer)

    assert outcome.full_marks
    pid = int(pid_file.read_text())
    deadline = time.monotonic() + 10
    while _is_alive(pid) and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert not _is_alive(pid)


def _is_alive(pid):
    """Whether it runs (a zombie, which nobody has waited for, does not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


def test_no_file_of_the_learners_replaces_a_module_of_ours(doubling):
    for name in ("json", "threading", "taketurns", "traceback"):
        (doubling.parent / f"{name}.py").write_text("raise RuntimeError('not me')\n")

    assert ["ok", "ok"] == verdicts(try_answer(doubling, GOOD))


# ------------------------------------------------------------------------------ which cells are run


def test_a_lessons_cells_are_not_run(tmp_path):
    lesson = ("lesson", "slider = 1 / 0")
    notebook = notebook_of(tmp_path, IMPORTS, lesson, DOUBLE, DOUBLE_VISIBLE)

    assert try_answer(notebook, GOOD).full_marks


def test_cells_that_bind_what_the_answer_or_the_tests_use_are_run(tmp_path):
    two = ("two", "def two():\n    return ONE + ONE")
    one = ("one", "ONE = 1")
    expected = ("expected", "EXPECTED = 10")
    test = ("double-five", 1, 'assert double(5) == EXPECTED, f"double(5) is {double(5)}"')
    notebook = notebook_of(tmp_path, two, one, expected, DOUBLE, test)

    assert try_answer(notebook, "def double(x):\n    return x * two()\n").full_marks


def test_the_tests_of_other_exercises_are_not_run(tmp_path):
    triple = (
        "triple",
        "def triple(x):\n    ### BEGIN SOLUTION\n    return 3 * x\n    ### END SOLUTION",
    )
    triple_test = ("triple-visible", 1, 'assert triple(1) == 3, "three"')
    notebook = notebook_of(tmp_path, DOUBLE, DOUBLE_VISIBLE, triple, triple_test)

    double = try_answer(notebook, GOOD)
    other = try_answer(notebook, "def triple(x):\n    return double(x) + x\n")

    assert ["double-visible"] == [cell.id for cell in double.cells]
    assert ["triple-visible"] == [cell.id for cell in other.cells]
    assert other.full_marks


def test_other_solution_cells_of_the_exercise_stay_as_they_are(tmp_path):
    half = ("half", "def half(x):\n    ### BEGIN SOLUTION\n    return x / 2\n    ### END SOLUTION")
    both = ("half-of-double", 1, 'assert half(double(3)) == 3, "three"')
    notebook = notebook_of(tmp_path, DOUBLE, half, both)

    assert try_answer(notebook, GOOD).full_marks
    assert not try_answer(notebook, "def half(x): return x").full_marks


def test_a_release_notebook_is_tried_with_what_it_has(tmp_path):
    stub = ("double", unsolved(textwrap.dedent(DOUBLE[1])))
    notebook = notebook_of(tmp_path, IMPORTS, stub, DOUBLE_VISIBLE)

    assert try_answer(notebook, GOOD).full_marks
    assert ["exception"] == verdicts(try_answer(notebook, stub[1]))


def test_a_cell_that_an_answer_needs_and_that_fails_is_the_notebooks_fault(tmp_path):
    notebook = notebook_of(tmp_path, ("imports", "import no_such_module"), DOUBLE, DOUBLE_VISIBLE)

    with pytest.raises(CourseError, match="cell imports: ModuleNotFoundError: No module named"):
        try_answer(notebook, GOOD)


@pytest.mark.parametrize(
    ("source", "bound", "needed"),
    [
        ("a = b", {"a"}, {"b"}),
        ("a = 1\nb = a", {"a", "b"}, set()),
        ("a += 1", {"a"}, {"a"}),
        ("a = a + 1", {"a"}, {"a"}),
        ("def f(x): return x + y", {"f"}, {"y"}),
        ("def f(): return g()\ndef g(): pass", {"f", "g"}, set()),
        ("def f(x=y): pass\ny = 1", {"f", "y"}, {"y"}),
        ("class A(A): pass", {"A"}, {"A"}),
        ("class A:\n    b = c\n    def m(self): return b", {"A"}, {"b", "c"}),
        ("def f():\n    global t\n    t = u", {"f", "t"}, {"u"}),
        ("[x for x in y]", set(), {"y"}),
        ("a = [x for x in x]", {"a"}, {"x"}),
        ("def f(): return [x for x in y]", {"f"}, {"y"}),
        ("k = lambda: z", {"k"}, {"z"}),
        ("with o as p: pass", {"p"}, {"o"}),
        ("for i in r: j = i", {"i", "j"}, {"r"}),
        ("try:\n    import q.r\nexcept E as e: pass", {"q", "e"}, {"E"}),
        ("match v:\n    case [w, *rest]: pass", {"w", "rest"}, {"v"}),
        ("if (n := 10) > m: pass", {"n"}, {"m"}),
        ("not a cell", set(), set()),
    ],
)
def test_the_names_that_a_cell_binds_and_needs(source, bound, needed):
    names = _Names.of(source)

    used = names.needed | names.needed_later
    assert bound == names.bound
    # What is only bound on the way (a loop's variable) may be asked for: one cell too many runs.
    assert needed <= used <= needed | bound


@pytest.mark.parametrize(
    ("source", "only"),
    [
        ("import a\nfrom b import c", True),
        ('"""Docstring."""\nimport a', True),
        ("import a\nx = 1", False),
        ("", False),
        ('"only text"', False),
    ],
)
def test_a_cell_of_imports_is_known_by_its_statements(source, only):
    assert only == _Names.of(source).only_imports


# ------------------------------------------------------------------- which cell it is that is meant


def cell_for(names, *sources, wanted=None):
    cells = [Cell(source, name, solution=True) for name, source in sources]
    return solution_cell(cells, names, wanted, notebook="n.ipynb", answer="a.py").name


COUNTER = ("counter", "class Counter:\n    ### BEGIN SOLUTION\n    pass\n    ### END SOLUTION")
DESK = ("desk", "class Desk:\n    pass\n### BEGIN SOLUTION\nclass Helper: pass\n### END SOLUTION")
WHOLE = ("whole", "### BEGIN SOLUTION\ndef run(): pass\n### END SOLUTION")


def test_the_cell_is_the_one_whose_names_the_answer_defines():
    assert "counter" == cell_for({"Counter", "helper"}, COUNTER, DESK)
    assert "desk" == cell_for({"Desk"}, COUNTER, DESK)
    assert "whole" == cell_for({"run"}, COUNTER, WHOLE)


def test_several_cells_may_be_meant():
    with pytest.raises(CourseError, match=r"several cells of n.ipynb \(counter, desk\).*--cell"):
        cell_for({"Counter", "Desk"}, COUNTER, DESK)

    assert "desk" == cell_for({"Counter", "Desk"}, COUNTER, DESK, wanted="desk")


def test_a_name_that_is_missing_is_named():
    with pytest.raises(
        CourseError, match=r"a.py: defines nothing that n.ipynb asks for: `Counter`"
    ):
        cell_for({"value"}, COUNTER, DESK)
    with pytest.raises(CourseError, match=r"does not define `Desk`, which cell desk asks for$"):
        cell_for({"Counter"}, COUNTER, DESK, wanted="desk")


def test_a_name_that_is_nearly_right_is_recognised():
    with pytest.raises(CourseError, match="is `counter` meant to be `Counter`"):
        cell_for({"counter"}, COUNTER, DESK)


def test_a_notebook_without_solution_cells_says_so(tmp_path):
    with pytest.raises(CourseError, match="no solution cell"):
        try_answer(notebook_of(tmp_path, IMPORTS), GOOD)
    with pytest.raises(CourseError, match="no graded cells after it"):
        try_answer(notebook_of(tmp_path, DOUBLE), GOOD)


# --------------------------------------------------------------------------------- the command line


def test_the_exit_status_is_0_at_full_marks_only(doubling, command):
    right, wrong = command(doubling, GOOD), command(doubling, "def double(x): return 2")

    assert (0, 1) == (right.exit_code, wrong.exit_code)
    assert "✓ double-visible  1/1" in right.output
    assert "3 of 3 points" in right.output
    assert "✓ double-visible  1/1" in wrong.output
    assert "✗ double-hidden   0/2  assertion" in wrong.output
    assert "    double(5) is 2" in wrong.output
    assert "1 of 3 points" in wrong.output
    assert "\x1b" not in wrong.output


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            "def double(x):\n    return (2 * x\n",
            "answer.py, line 2: not Python: '(' was never closed",
        ),
        ("def double(x):\nreturn 2\n", "answer.py, line 2: not Python: expected an indented block"),
        ("x = 1\nreturn x\n", "answer.py, line 2: not Python: 'return' outside function"),
        ("double = 1\0\n", "answer.py: not Python: source code string cannot contain null bytes"),
        ("(" * 5000 + ")" * 5000, "answer.py"),
        ("", "answer.py: does not define `double`, which cell double asks for"),
        ("def Double(x): pass\n", "is `Double` meant to be `double`?"),
        (b"def double(x):\n    return '\xff'\n", "answer.py, line 2: byte 0xff is not UTF-8"),
        (None, "answer.py: cannot be read (No such file or directory)"),
    ],
)
def test_what_is_not_an_answer_is_told_in_one_message(doubling, command, answer, message):
    result = command(doubling, answer)

    assert 1 == result.exit_code
    assert message in result.output
    assert result.output.startswith("Error: ")
    assert 1 == result.output.count("\n")
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"", "not a notebook"),
        (b"\xff\xfe", "not a notebook"),
        (b"[]", "not a notebook"),
        (b'{"cells": {}}', "not a notebook"),
        (b'{"nbformat": 3, "cells": []}', "notebook format 3, expected 4"),
        (b'{"nbformat": 4, "cells": [1]}', "not a notebook"),
        (b'{"nbformat": 4, "cells": []}', "no solution cell"),
    ],
)
def test_what_is_not_a_notebook_is_told_in_one_message(tmp_path, command, content, message):
    path = tmp_path / "notebook.ipynb"
    if content is not None:
        path.write_bytes(content)

    result = command(path, GOOD)

    assert 1 == result.exit_code
    assert message in result.output
    assert "Traceback" not in result.output


def test_a_command_that_is_not_understood_ends_2(doubling, command):
    assert 2 == CliRunner().invoke(try_command, [str(doubling)]).exit_code
    assert 2 == command(doubling, GOOD, "--colour").exit_code

    result = command(doubling, GOOD, "--cell", "duoble")

    assert 2 == result.exit_code
    assert "has no solution cell 'duoble', but: double" in result.output


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(doubling, command):
    assert 0 == command(doubling, b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()).exit_code


def test_the_machine_form_has_these_keys(doubling, command):
    result = command(doubling, "def double(x): return 2", "--json")

    assert 1 == result.exit_code
    content = json.loads(result.stdout)
    assert {
        "notebook": doubling.as_posix(),
        "answer": (doubling.parent / "answer.py").as_posix(),
        "exercise": "double",
        "points": 1,
        "max_points": 3,
        "problem": None,
        "cells": [
            {
                "id": "double-visible",
                "points": 1,
                "max_points": 1,
                "passed": True,
                "verdict": "ok",
                "mistake": None,
                "message": "",
                "schedule": None,
                "coverage": None,
            },
            {
                "id": "double-hidden",
                "points": 0,
                "max_points": 2,
                "passed": False,
                "verdict": "assertion",
                "mistake": None,
                "message": "double(5) is 2",
                "schedule": None,
                "coverage": None,
            },
        ],
    } == content


def test_the_machine_form_tells_a_problem_too(doubling, command):
    result = command(doubling, "def", "--json")

    assert 1 == result.exit_code
    content = json.loads(result.stdout)
    assert content["problem"].endswith("answer.py, line 1: not Python: invalid syntax")
    assert [] == content["cells"]
    assert 0 == content["points"]


@pytest.mark.slow
def test_a_terminal_that_knows_only_ascii_gets_plain_marks(doubling, tmp_path):
    answer = tmp_path / "answer.py"
    answer.write_text(GOOD)

    result = subprocess.run(
        [sys.executable, "-m", "taketurns", "try", doubling, answer],
        env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert "+ double-visible  1/1" in result.stdout


# -------------------------------------------------------------------- repeatable, whatever the load


@pytest.fixture
def load():
    """Two processes that keep the processors busy."""
    busy = [sys.executable, "-c", "while True: pass"]
    processes = [subprocess.Popen(busy) for _ in range(2)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.slow
@pytest.mark.parametrize(
    "answer",
    [
        "counter/right/polls_for_the_lock.py",
        "ticket-desk/wrong/waits_a_random_time.py",
        "inventory/wrong/locks_in_two_orders.py",
    ],
)
def test_20_repetitions_under_load_give_one_report(load, answer):
    text = read_answer(ANSWERS / answer)

    reports = {json.dumps(try_answer(RACES, text, name=answer).as_json()) for _ in range(20)}

    assert 1 == len(reports)
