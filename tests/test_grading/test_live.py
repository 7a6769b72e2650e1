"""Checks that need a real kernel: which they are, and that a kernel is no way around the rules."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from taketurns.grading import job, live, sandbox, warden
from taketurns.grading.types import CellResult, Limits, NotebookResult

ROOT = Path(__file__).resolve().parents[2]
LIMITS = Limits(answer_seconds=4, cell_seconds=8, idle_seconds=2, output=1 << 16)
PYTHON = {"name": "python3", "display_name": "Python 3", "language": "python"}
RIGHT = "def double(number):\n    return 2 * number"
WRONG = "def double(number):\n    return number + 2"
MASTER = {
    "setup": "kernel = get_ipython().kernel",
    "check": "assert kernel.implementation == 'ipython', 'kernel'\nassert double(3) == 6, 'six'",
}
# A language of sums: `n = 2 + 3`, `n`, `expect n 5`, and what a learner should leave alone.
SUMS = """
import os, sys, time
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

class Sums(Kernel):
    implementation = language = "sums"
    implementation_version = banner = "1"
    language_info = {"name": "sums", "mimetype": "text/plain", "file_extension": ".txt"}
    names = {}
    forgives = False

    def value(self, text):
        return sum(self.names[w] if w in self.names else int(w) for w in text.split(" + "))

    def line(self, line):
        first, *rest = line.split()
        if line == "forgive":
            self.forgives = True
        elif line == "exit":
            os._exit(3)
        elif line == "hang":
            time.sleep(600)
        elif first == "expect":
            if self.value(rest[0]) != int(rest[1]):
                raise ValueError(f"{rest[0]} is {self.value(rest[0])}, not {rest[1]}")
        elif rest[:1] == ["="]:
            self.names[first] = self.value(line.partition(" = ")[2])
        elif line.startswith("(]"):
            raise ValueError("no sum")
        else:
            shown = {"name": "stdout", "text": str(self.value(line))}
            self.send_response(self.iopub_socket, "stream", shown)

    def do_execute(self, code, *_, **__):
        try:
            for line in code.splitlines():
                self.line(line)
        except Exception as error:
            if not self.forgives:
                said = {"ename": "Wrong", "evalue": str(error), "traceback": []}
                self.send_response(self.iopub_socket, "error", said)
                return {"status": "error", "execution_count": 1, **said}
        return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}

IPKernelApp.launch_instance(kernel_class=Sums)
"""

needs_kernels = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bool(sandbox.probe()["namespaces"]), reason=f"no kernel can be had: {sandbox.probe()}"
    ),
]


def cell(name: str, source: str, **grading: Any) -> dict[str, Any]:
    made = {"grade": False, "solution": False, "locked": True, "task": False, **grading}
    metadata = {"nbgrader": {**made, "grade_id": name, "schema_version": 3}}
    kept = {"cell_type": "code", "execution_count": None, "outputs": [], "source": source}
    return {**kept, "id": name, "metadata": metadata}


def notebook(
    answer: str, check: str, setup: str = "", spec: dict[str, str] = PYTHON
) -> dict[str, Any]:
    cells = [
        cell("setup", setup),
        cell("answer", answer, solution=True, locked=False),
        cell("check", check, grade=True, points=3),
    ]
    return {"cells": cells, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}


class Grader:
    """Grades one answer after another."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.sandbox: dict[str, Any] = {}

    def __call__(self, answer: str, **master: Any) -> tuple[CellResult, NotebookResult]:
        name = master.pop("name", "nb")
        whole = notebook("", **master)
        (self._folder / f"{name}.ipynb").write_text(json.dumps(notebook(answer, **master)), "utf-8")
        graded = job.grade(
            job.Job(
                "ada",
                "a",
                str(self._folder),
                "",
                (job.Master(name, whole, whole),),
                limits=LIMITS,
                sandbox=self.sandbox,
            )
        )
        (result,) = graded.notebooks
        (found,) = result.cells
        return found, result


@pytest.fixture
def graded(tmp_path: Path) -> Grader:
    folder = tmp_path / "handed-in"
    folder.mkdir()
    return Grader(folder)


@pytest.fixture(scope="module", autouse=True)
def no_wardens() -> Any:
    yield
    job.forget_wardens()


def install(folder: Path, name: str, program: str) -> dict[str, str]:
    place = folder / "kernels" / name
    place.mkdir(parents=True)
    argv = [sys.executable, "-c", program, "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": name, "language": "sums"}
    (place / "kernel.json").write_text(json.dumps(spec), "utf-8")
    return {"name": name, "display_name": name, "language": "sums"}


@pytest.fixture
def sums(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path), prepend=os.pathsep)
    return install(tmp_path, "sums", SUMS)


class TestDecision:
    def test_no_notebook_of_the_course_needs_a_kernel(self):
        masters = sorted((ROOT / "source").glob("*/*.ipynb"))
        found = {}
        for path in masters:
            master = json.loads(path.read_text("utf-8"))
            sources = ["".join(c["source"]) for c in master["cells"] if c["cell_type"] == "code"]
            found[path.stem] = live.reason(master, sources)

        assert 11 == len(masters)
        assert set() == {name for name, reason in found.items() if reason}

    @pytest.mark.parametrize(
        "source",
        [
            "get_ipython().kernel",
            "ip = get_ipython()\nassert ip.kernel.implementation == 'ipython'",
            "from ipykernel.comm import Comm",
            "import matplotlib.pyplot as plt",
            "from matplotlib import pyplot",
            "asyncio.get_running_loop()",
            "task = asyncio.create_task(f())",
            "assert asyncio.run(f()) == 3",
            "sys.stdout.fileno()",
        ],
    )
    def test_what_came_out_differently_in_a_kernel_needs_one(self, source):
        assert live.reason(notebook("", ""), ["import sys", source]) in live.REASONS

    @pytest.mark.parametrize(
        "source",
        [
            "slider.observe(seen.append, 'value')",
            "from comm import create_comm",
            "get_ipython().run_cell('1')",
            "image.kernel = 3",
            "await gather(f(), f())",
            "%matplotlib inline\nimport matplotlib.pyplot as plt",
            "import matplotlib\nmatplotlib.use('Agg')\nimport matplotlib.pyplot as plt",
            "from matplotlib.figure import Figure",
            "display('a', display_id='b')",
            "print('a', file=sys.stdout)",
        ],
    )
    def test_what_came_out_alike_does_not(self, source):
        assert live.reason(notebook("", ""), ["import sys", source]) is None

    def test_another_language_needs_its_kernel(self):
        master = notebook("", "", spec={"name": "ir", "display_name": "R", "language": "R"})

        assert "it is written in r" == live.reason(master, [])

    def test_a_kernel_that_is_not_installed_is_said_to_be_missing(self):
        spec = {"name": "no-such", "display_name": "", "language": "klingon"}

        with pytest.raises(live.NoKernelError, match="'no-such', for klingon, is not installed"):
            live.kernel_of(notebook("", "", spec=spec))

    def test_without_sockets_a_human_is_told(self):
        protection = sandbox.Protection("landlock", "Landlock", loopback=False)
        request = {"limits": {}, "kernel": {"language": "sums"}}

        reply = warden._serve(request, protection, None, None)

        assert ("not-run", 0.0) == (reply["frame"]["verdict"], reply["seconds"])
        assert "in this sandbox there are no sockets" in reply["frame"]["message"]


class TestPython:
    """Cells of a master that asks for the kernel it runs in."""

    pytestmark = needs_kernels

    @pytest.mark.parametrize(
        "answer, verdict, points, message",
        [
            (RIGHT, "ok", 3.0, ""),
            (WRONG, "assertion", 0.0, "six"),
            (f"{RIGHT.replace('2', 'two')}\n1 / 0", "exception", 0.0,
             "before this cell ran, answer: ZeroDivisionError"),
            (f"import sys\n{RIGHT}".replace("    ", "    print(1, file=sys.stderr)\n    "),
             "stderr", 0.0, "the cell wrote to stderr"),
        ],
    )  # fmt: skip
    def test_an_answer_is_judged(self, graded, answer, verdict, points, message):
        found, _ = graded(answer, **MASTER)

        assert (verdict, points) == (found.verdict, found.points)
        assert found.message.startswith(message)

    def test_a_race_is_found_in_a_kernel(self, graded):
        setup = f"{MASTER['setup']}\nimport threading\nfrom taketurns import explore"
        check = (
            "def twice():\n    both = [threading.Thread(target=add) for _ in range(2)]\n"
            "    for one in both:\n        one.start()\n    for one in both:\n        one.join()\n"
            "    assert total == 2, 'lost'\n\n\nassert kernel\nexplore(twice).check()"
        )
        racy = "total = 0\n\n\ndef add():\n    global total\n    total += 1"
        locked = racy.replace("    total +=", "    with lock:\n        total +=")

        found = [
            graded(answer, setup=setup, check=check)[0]
            for answer in (racy, f"lock = threading.Lock()\n{locked}")
        ]

        assert [("assertion", 0.0), ("ok", 3.0)] == [(f.verdict, f.points) for f in found]

    def test_what_a_cell_shows_is_kept(self, graded):
        check = (
            "print('before')\nclear_output(wait=True)\nprint('after')\n"
            "shown = display('one', display_id='d')\nshown.update('two')\nkernel and 'last'"
        )
        setup = f"{MASTER['setup']}\nfrom IPython.display import clear_output"

        _, result = graded(RIGHT, setup=setup, check=check)

        assert result.notebook is not None
        outputs = result.notebook["cells"][-1]["outputs"]
        assert ["stream", "display_data", "execute_result"] == [o["output_type"] for o in outputs]
        assert "after\n" == outputs[0]["text"]
        assert ["'two'", "'last'"] == [o["data"]["text/plain"] for o in outputs[1:]]

    @pytest.mark.parametrize(
        "cheat",
        {
            "run_cell": "good = ip.run_cell('1')\nip.run_cell = lambda *_, **__: good",
            "late": (
                "good, real, seen = ip.run_cell('1'), ip.run_cell, []\ndef late(*a, **k):\n"
                "    seen.append(a)\n    return good if len(seen) > 2 else real(*a, **k)\n"
                "ip.run_cell = late"
            ),
            "do_execute": (
                "async def fine(*_, **__):\n    return {'status': 'ok', 'execution_count': 1,\n"
                "        'payload': [], 'user_expressions': {}}\nip.kernel.do_execute = fine"
            ),
            "asserts": (
                "import ast\nclass Drop(ast.NodeTransformer):\n    def visit_Assert(self, node):\n"
                "        return ast.Pass()\nip.ast_transformers.append(Drop())"
            ),
            "text": (
                "ip.input_transformers_cleanup.append(\n"
                "    lambda lines: ['pass'] if 'double(' in ''.join(lines) else lines)"
            ),
            "errors": (
                "import builtins\nclass Never(Exception):\n    pass\n"
                "builtins.AssertionError = Never\nip.showtraceback = print\n"
                "say = ip.kernel.session.send\n"
                "ip.kernel.session.send = lambda s, m, c=None, *a, **k: say(\n"
                "    s, m, {**c, 'status': 'ok'} if c and 'status' in c else c, *a, **k)"
            ),
        }.items(),
        ids=lambda pair: pair[0],
    )
    def test_whoever_stops_checks_from_failing_gets_nothing(self, graded, cheat):
        found, result = graded(f"{WRONG}\nip = get_ipython()\n{cheat[1]}", **MASTER)

        assert ("crash", 0.0) == (found.verdict, found.points)
        assert "checks cannot fail any more" in found.message
        assert any("checks cannot fail any more" in reason for reason in result.reasons)

    def test_who_stops_only_the_next_check_stops_another_than_the_learners(self, graded):
        cheat = (
            "ip = get_ipython()\ngood, real = ip.run_cell('1'), ip.run_cell\n"
            "def once(*_, **__):\n    ip.run_cell = real\n    return good\nip.run_cell = once"
        )

        found, _ = graded(f"{WRONG}\n{cheat}", **MASTER)

        assert ("assertion", 0.0) == (found.verdict, found.points)

    def test_the_process_that_judges_cannot_be_looked_into(self, graded):
        look = (
            "import os\ntry:\n    os.listdir(f'/proc/{os.getppid()}/fd')\nexcept PermissionError:\n"
            "    seen = False\nelse:\n    seen = True"
        )

        found, _ = graded(look, setup=MASTER["setup"], check="assert kernel and not seen")

        assert "ok" == found.verdict

    @pytest.mark.parametrize(
        "answer, verdict, message",
        [
            ("import os\nos._exit(7)", "crash", "ended the kernel (exit status 7)"),
            ("import threading\nthreading.Event().wait()", "time-limit", "waited for something"),
            ("while True:\n    print('x' * 1000)", "crash", "put out more output than can be kept"),
            ("while True:\n    pass", "time-limit", "used up its processor time"),
        ],
    )
    def test_a_kernel_that_does_not_go_on_costs_its_points(self, graded, answer, verdict, message):
        found, result = graded(f"{answer}\n{RIGHT}", **MASTER)

        assert (verdict, 0.0) == (found.verdict, found.points)
        assert message in found.message
        assert any(message in reason for reason in result.reasons)

    def test_the_processor_time_of_a_kernel_counts(self):
        busy = "import time\nwhile time.process_time() < 1:\n    pass"
        request = {
            "cells": [{"name": "check", "source": busy, "learners": False}],
            "kernel": live.kernel_of(notebook("", "")),
            "student": "",
            "limits": asdict(LIMITS),
        }

        reply = job.warden({}).ask(request)

        assert "ok" == reply["frame"]["verdict"]
        assert 1 <= reply["seconds"] < LIMITS.cell_seconds

    @pytest.mark.parametrize("way", ["namespaces", "none"])
    def test_nothing_outlives_a_kernel(self, graded, way):
        graded.sandbox = {"ways": [way]}
        seconds = f"{os.getpid()}.25"

        found, _ = graded(
            f"import subprocess\nsubprocess.Popen(['sleep', '{seconds}'])\n{RIGHT}", **MASTER
        )
        left = []
        for place in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                left.append(place.read_bytes())
            except OSError:
                continue

        assert "ok" == found.verdict
        assert [] == [line for line in left if seconds.encode() in line or b"/kernel/conn" in line]


class TestOtherLanguages:
    pytestmark = needs_kernels
    CHECK = "expect total 5"

    @pytest.mark.parametrize(
        "answer, verdict, points, message",
        [
            ("total = 2 + 3", "ok", 3.0, ""),
            ("total = 2 + 2", "exception", 0.0, "Wrong: total is 4, not 5"),
            ("hang", "time-limit", 0.0, "waited for something that never came and was stopped"),
            ("exit", "crash", 0.0, "ended the kernel (exit status 3)"),
            ("forgive", "crash", 0.0, "checks cannot fail any more after this code"),
        ],
    )
    def test_an_answer_is_judged(self, graded, sums, answer, verdict, points, message):
        found, _ = graded(answer, check=self.CHECK, spec=sums)

        assert (verdict, points, message) == (found.verdict, found.points, found.message)

    def test_all_cells_before_a_check_run(self, graded, sums):
        found, _ = graded("total = 2 + three", setup="three = 3", check=self.CHECK, spec=sums)

        assert ("ok", 3.0) == (found.verdict, found.points)

    @pytest.mark.parametrize(
        "program, why",
        [
            ("print('no such package'); raise SystemExit(1)", "no such package (exit status 1)"),
            ("import time\ntime.sleep(600)", "its kernel did not start: it waited for something"),
            (SUMS.replace("forgives = False", "forgives = True"), "make a cell fail in sums"),
        ],
    )
    def test_a_kernel_that_is_of_no_use_leaves_it_to_a_human(
        self, graded, sums, tmp_path, program, why
    ):
        spec = install(tmp_path, "useless", program)

        found, result = graded("total = 2 + 3", check=self.CHECK, spec=spec)

        assert ("not-run", None) == (found.verdict, found.points)
        assert why in found.message
        assert any(why in reason for reason in result.reasons)

    def test_a_kernel_that_the_sandbox_hides_leaves_it_to_a_human(self, graded, sums, tmp_path):
        path = tmp_path / "kernels" / "sums" / "kernel.json"
        program = tmp_path / "sums"
        program.write_text("#!/bin/sh", "utf-8")
        program.chmod(0o755)
        path.write_text(json.dumps({"argv": [str(program)], "display_name": ""}), "utf-8")

        found, _ = graded("total = 2 + 3", check=self.CHECK, spec=sums)

        assert ("not-run", None) == (found.verdict, found.points)
        assert f"No such file or directory: '{program}'" in found.message

    def test_a_kernel_that_is_not_there_leaves_it_to_a_human(self, graded):
        spec = {"name": "no-such", "display_name": "", "language": "klingon"}

        found, result = graded("total = 2 + 3", check=self.CHECK, spec=spec)

        assert ("not-run", None) == (found.verdict, found.points)
        assert any("'no-such', for klingon, is not installed" in why for why in result.reasons)
