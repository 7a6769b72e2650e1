"""Forty hostile or broken submissions harm nobody: eight others are graded as without them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from taketurns.course import sample_class
from taketurns.course.folder import Course
from taketurns.grading import sandbox
from taketurns.grading.folders import PRIVATE, RECORD
from tests.submissions import CASES
from tests.submissions.__main__ import write
from tests.submissions.cases import ASSIGNMENT, EXERCISES, FILE, MARK, PORT, RELEASE, ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        all(sandbox.probe().values()), reason=f"no sandbox works here: {sandbox.probe()}"
    ),
]
TO_A_HUMAN = (
    "busy-loop-that-ignores-signals",
    "child-that-outlives",
    "closes-every-file",
    "corrupt-json",
    "deeply-nested-json",
    "empties-sys-modules",
    "error-output-flood",
    "file-flood",
    "fork-bomb-that-does-not-give-up",
    "huge-file",
    "kills-its-parent",
    "kills-itself",
    "link-without-end",
    "listens-when-it-is-over",
    "memory-bomb",
    "nothing-handed-in",
    "one-instruction-that-takes-for-ever",
    "opens-every-file",
    "os-exit-in-a-thread",
    "output-flood",
    "recursion-without-a-limit",
    "removes-its-own-notebook",
    "segmentation-fault",
    "sleeps-for-ever",
    "stops-itself",
    "sys-exit-in-the-cell",
    "thread-bomb",
    "waits-for-a-thread-that-never-ends",
    "writes-files-everywhere",
)
# Wrong, or repaired; nobody needs to look at these.
TO_NOBODY = (
    "code-with-a-null-byte",
    "deadlock-in-an-answer",
    "endless-loop-that-catches-everything",
    "error-whose-text-never-ends",
    "format-3",
    "leaked-threads",
    "missing-metadata-and-ids",
    "pasted-cell-with-empty-metadata",
    "sentence-instead-of-an-answer",
    "utf-16",
    "wrong-file-name",
)
HOSTILE = sorted(TO_A_HUMAN + TO_NOBODY)
HONEST = [f"{name}-and-then" for name in HOSTILE[::5]]  # each comes right after that one
# Whatever the command starts becomes this process's own when it is left behind.
RUNNER = """
import json, subprocess, sys
sys.path.insert(0, sys.argv[1])
import killing
killing.sandbox._do("prctl", 36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
with open(sys.argv[2], "w") as said:
    command = [sys.executable, "-m", "taketurns", "grade", *sys.argv[3:]]
    done = subprocess.run(command, stdout=said, stderr=said, check=False)
print(json.dumps({"code": done.returncode, "left": killing._left()}))
"""


@dataclass
class Class:
    """A course, and what came of grading it."""

    root: Path
    home: Path
    temporary: Path
    handed_in: dict[str, str]
    sockets: set[str]
    code: int
    left: list[str]
    said: str

    def record(self, student: str) -> dict[str, Any]:
        path = self.root / "autograded" / student / ASSIGNMENT / RECORD
        return json.loads(path.read_text("utf-8"))["notebooks"][0]

    def needs_a_human(self) -> dict[str, str]:
        """Who is in the summary, with the first reason."""
        return dict(re.findall(r"^  (\S+): (.+)$", self.said, re.MULTILINE))


def files(folder: Path) -> dict[str, str]:
    """What lies there, and a digest of its content."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_symlink():
            content = bytes(path.readlink())
        else:
            content = path.read_bytes() if path.is_file() else b""
        found[os.fsencode(path.relative_to(folder)).hex()] = hashlib.sha256(content).hexdigest()
    return found


def sockets() -> set[str]:
    """Where somebody listens of the places that traps choose."""
    names = [line.split()[-1] for line in Path("/proc/net/unix").read_text("utf-8").splitlines()]
    found = {name for name in names if MARK in name}
    for kind in ("tcp", "tcp6"):
        for line in Path("/proc/net", kind).read_text("utf-8").splitlines()[1:]:
            _, address, _, state, *_ = line.split()
            if state == "0A" and address.endswith(f":{PORT:04X}"):
                found.add(f"{kind} {address}")
    return found


def graded(folder: Path, hostile: list[str]) -> Class:
    """Grade the honest ones, and the hostile ones between them."""
    root, home, temporary = (folder / name for name in ("course", "home", "tmp"))
    for made in (home, temporary):
        made.mkdir()
    sample_class.start(Course(ROOT), root, ASSIGNMENT)
    shutil.copytree(ROOT / "release" / ASSIGNMENT, root / "release" / ASSIGNMENT)
    for number, name in enumerate(HONEST):
        answers = {}
        for at, exercise in enumerate(EXERCISES):
            kind = "wrong" if (number + at) % 3 == 0 else "right"
            found = sorted((ROOT / "tests/answers" / ASSIGNMENT / exercise / kind).glob("*.py"))
            answers[exercise] = found[number % len(found)]
        sample_class.hand_in(root, ASSIGNMENT, sample_class.Student(name, answers))
    for name in hostile:
        write(root / "submitted" / name / ASSIGNMENT, CASES[name].files(RELEASE.read_bytes()))
    before, listening, said = files(root / "submitted"), sockets(), folder / "said"
    helper = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, helper, str(said), ASSIGNMENT, "--workers", "2"],
        cwd=root,
        env={**os.environ, "HOME": str(home), "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        check=True,
    )
    found = json.loads(done.stdout)
    text = said.read_text("utf-8")
    return Class(root, home, temporary, before, listening, found["code"], found["left"], text)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Class:
    return graded(tmp_path_factory.mktemp("alone"), [])


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Class:
    return graded(tmp_path_factory.mktemp("batch"), HOSTILE)


def test_the_command_says_that_some_need_a_human(alone, batch):
    assert (0, 1) == (alone.code, batch.code), batch.said
    assert f"{ASSIGNMENT}: 48 graded" in batch.said


def test_the_others_have_what_they_would_have_had_alone(alone, batch):
    scores = sample_class.gradebook(batch.root, ASSIGNMENT)
    expected = sample_class.gradebook(alone.root, ASSIGNMENT)

    assert HONEST == sorted(expected)
    assert {0.0, 1.0} == {points for cells in expected.values() for points in cells.values()}
    for name in HONEST:
        assert expected[name] == scores[name]
        assert alone.record(name)["cells"] == batch.record(name)["cells"]


def test_the_summary_names_each_who_needs_a_human_and_says_why(batch):
    assert 40 == len(HOSTILE)
    assert sorted(TO_A_HUMAN) == sorted(batch.needs_a_human())


@pytest.mark.parametrize("name", HOSTILE)
def test_each_gets_what_its_honest_part_deserves_and_its_reason_is_told(name, batch):
    record = batch.record(name)
    points = {cell["name"]: cell["points"] for cell in record["cells"]}
    told = [*record["remarks"], *record["reasons"], *(c["message"] for c in record["cells"])]

    assert [] == CASES[name].complaints(points, told)
    if name in TO_NOBODY:
        assert None not in points.values()
    else:
        assert batch.needs_a_human()[name] == record["reasons"][0]


def test_no_process_lives_on(batch):
    assert [] == batch.left


def test_no_file_is_left_but_what_grading_makes(batch):
    made = [PRIVATE, "autograded", "feedback", "gradebook.db"]

    assert batch.handed_in == files(batch.root / "submitted")
    assert made == sorted(
        {path.name for path in batch.root.iterdir()}
        - {sample_class.OURS, sample_class.MARK, "source", "release", "submitted"}
    )
    assert {FILE, RECORD, "timestamp.txt"} >= {
        path.name for path in batch.root.glob(f"autograded/*/{ASSIGNMENT}/*")
    }
    assert [{}, {}] == [files(batch.home), files(batch.temporary)]
    for folder in (Path.home(), "/tmp", "/var/tmp", "/dev/shm", ROOT, batch.root.parent):
        assert not Path(folder, MARK).exists()


def test_nobody_listens(batch):
    assert sockets() <= batch.sockets
