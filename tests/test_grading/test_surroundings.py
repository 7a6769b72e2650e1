"""`taketurns grade` where something around it is missing: packages, room, the right to read."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from concurrent.futures import Executor
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from nbgrader.apps import NbGrader
from nbgrader.coursedir import CourseDirectory

from taketurns.course.folder import MARK, Course
from taketurns.grading import job, sandbox, workers
from taketurns.grading.folders import PRIVATE, Folders
from taketurns.grading.types import Limits
from tests.test_grading.test_grade import ASSIGNMENT, RIGHT, WRONG, Class

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NoReturn

# -- settings -------------------------------------------------------------------------------------

RENAMED = """
c.CourseDirectory.source_directory = "masters"
c.CourseDirectory.release_directory = "for-students"
c.CourseDirectory.submitted_directory = "in/from-students"
c.CourseDirectory.autograded_directory = "graded"
"""
ELSEWHERE = """
c.CourseDirectory.source_directory = "/srv/masters"
c.CourseDirectory.release_directory = "/srv/release"
c.CourseDirectory.submitted_directory = "/srv/submitted"
c.CourseDirectory.autograded_directory = "/srv/autograded"
c.CourseDirectory.db_url = "sqlite:////srv/gradebook.db"
"""


@pytest.mark.parametrize(
    "settings",
    [
        "",
        "c.CourseDirectory.course_id = 'threads'",
        "c.CourseDirectory.course_id = ' threads '",
        RENAMED,
        ELSEWHERE,
        "c.CourseDirectory.db_url = 'sqlite:///grades/book.db'",
        "c.CourseDirectory.db_url = 'postgresql+psycopg://tester@127.0.0.1:5432/course'",
        "c.CourseDirectory.root = '/srv/course'",
        "import os\nc.CourseDirectory.root = os.path.abspath('below')",
    ],
)
def test_settings_are_read_as_nbgrader_reads_them(settings, tmp_path, monkeypatch):
    (tmp_path / MARK).write_text(f"c = get_config()\n{settings}\n", "utf-8")
    monkeypatch.chdir(tmp_path)  # where nbgrader looks for them
    ours = Folders.of(Course.here())
    app = NbGrader(config_dir=str(tmp_path / "nobody's"))
    app.load_config_file()
    theirs = CourseDirectory(config=app.config)

    for name in ("submitted", "autograded", "source", "release"):
        path = theirs.format_path(getattr(theirs, f"{name}_directory"), "ada", "doubles")
        assert Path(path) == getattr(ours, name) / "ada" / "doubles"
    assert theirs.course_id == ours.course_id
    # nbgrader runs in the course's folder, we in any folder of it.
    assert re.sub("^sqlite:///(?=[^/])", f"sqlite:///{tmp_path}/", theirs.db_url) == ours.db_url


# -- packages -------------------------------------------------------------------------------------

HIDING = """
import sys
from importlib.machinery import PathFinder

class Finder(PathFinder):
    @classmethod
    def find_spec(cls, name, *rest):
        if name.partition(".")[0] not in {hidden!r}:
            return PathFinder.find_spec(name, *rest)

sys.meta_path[sys.meta_path.index(PathFinder)] = Finder
"""


def without(hidden: set[str], folder: Path) -> Mapping[str, str]:
    """Return an environment in which Python finds none of these modules."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(HIDING.format(hidden=hidden), "utf-8")
    paths = [str(folder), str(Path(__file__).parents[2] / "src"), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def what_grading_brings() -> set[str]:
    """Return the modules of all packages that `pip install taketurns`, without extras, does not."""
    wanted, brought = ["click", "ipywidgets", "nbformat"], set()
    while wanted:
        name = re.sub(r"[-_.]+", "-", wanted.pop()).lower()
        if name not in brought:
            brought.add(name)
            try:
                requirements = metadata.requires(name) or []
            except metadata.PackageNotFoundError:  # it is for other systems
                continue
            wanted += [re.split(r"[^\w.-]", r)[0] for r in requirements if "extra ==" not in r]
    return {
        module
        for module, packages in metadata.packages_distributions().items()
        if not brought & {re.sub(r"[-_.]+", "-", package).lower() for package in packages}
    } - {"taketurns"}


def run(root: Path, *command: str, environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "taketurns", *command],
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def kept(root: Path) -> list[str]:
    """What the command has left in the course's folder, but for its own notes."""
    ours = root / PRIVATE
    return sorted(
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path != ours and ours not in path.parents
    )


@pytest.fixture
def course(tmp_path: Path) -> Class:
    (tmp_path / "course").mkdir()
    made = Class(tmp_path / "course")
    made.hand_in("ada", RIGHT)
    made.hand_in("bob", WRONG)
    return made


@pytest.mark.slow
@pytest.mark.skipif(
    all(sandbox.probe().values()), reason=f"no sandbox works here: {sandbox.probe()}"
)
@pytest.mark.parametrize("all_of_it", [False, True])
@pytest.mark.parametrize("command", [("grade", ASSIGNMENT, "--force"), ("report",)])
def test_where_nbgrader_is_not_installed_the_user_is_told_what_to_type(
    command, all_of_it, course, tmp_path
):
    assert 0 == run(course.root, "grade", ASSIGNMENT, "--workers", "1")[0]
    before, scores = kept(course.root), course.scores()
    hidden = what_grading_brings() if all_of_it else {"nbgrader"}

    code, said = run(course.root, *command, environment=without(hidden, tmp_path / "hiding"))

    told = f"`taketurns {command[0]}` needs the package nbgrader, which is not installed here: "
    assert f"{told}pip install -r requirements.txt" == said.splitlines()[-1].partition(": ")[2]
    assert (2, 1) == (code, len(said.splitlines()))
    assert (before, scores) == (kept(course.root), course.scores())


# -- room -----------------------------------------------------------------------------------------

NO_SANDBOX = "taketurns grade: nothing here keeps learners' code away from your files"
needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may mount"
)
linux = pytest.mark.skipif(sys.platform != "linux", reason="mounts and limits as Linux has them")


def cramped(course: Class, python: str = sys.executable, **how: Any) -> tuple[int, str, list[str]]:
    """Grade where there is little room, as cramped.py says; and what has been kept of it."""
    (course.root / "source" / "of").mkdir()
    done = subprocess.run(
        [
            *(python, Path(__file__).with_name("cramped.py"), json.dumps(how)),
            *("grade", ASSIGNMENT, "--workers", "1"),
        ],
        cwd=course.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    (course.root / "source" / "of").rmdir()
    return done.returncode, done.stdout, [name for name in kept(course.root) if "graded/" in name]


def goes_on(course: Class) -> bool:
    """Whether the next command, with room, grades everybody."""
    code, said = run(course.root, "grade", ASSIGNMENT, "--workers", "1", "--allow-unsandboxed")
    right, wrong = {"doubles": 2.0, "zero": 1.0}, {"doubles": 0.0, "zero": 0.0}
    return (code, said.splitlines()[-1], course.scores()) == (
        0,
        "doubles: 2 graded",
        {"ada": right, "bob": wrong},
    )


@linux
@needs_root
@pytest.mark.slow
@pytest.mark.parametrize(
    ("room", "why"),
    [("size=4k,nr_inodes=1", "No space left on device"), ("ro", "Read-only file system")],
)
def test_where_there_is_no_room_for_workers_that_is_told(room, why, course):
    code, said, there = cramped(course, mount={"/dev/shm": room})

    assert (2, 1, []) == (code, len(said.splitlines()), there), said
    assert said.startswith("taketurns grade: no process can be started that grades")
    assert f"({why})" in said
    assert goes_on(course)


def test_where_no_worker_comes_to_life_nobody_is_to_blame(monkeypatch):
    class Stillborn(Executor):
        def submit(self, *_: Any) -> NoReturn:
            raise OSError(24, "Too many open files")

    monkeypatch.setattr(workers, "pool", lambda *_: Stillborn())
    making = workers.pools(2, {})
    jobs = [job.Job(student, ASSIGNMENT, "", "", ()) for student in ("ada", "bob")]

    with pytest.raises(job.GraderError, match="Too many open files"):
        list(workers.Results(jobs, lambda: next(making), 4))


@linux
@needs_root
@pytest.mark.slow
@pytest.mark.parametrize(
    ("room", "why"),
    [
        ("ro", r"none: \[Errno 2\] No usable temporary directory found in "),
        ("size=64k,nr_inodes=2", r"none: \[Errno 28\] No space left on device: '/var/tmp/"),
    ],
)
def test_where_worlds_cannot_have_a_folder_that_is_told(room, why, course):
    """A way without namespaces, where nothing else can be written but the course."""
    place = str(course.root / "source" / "of")
    elsewhere = {str(course.root): "rw", place: "ro", "/tmp": "ro", "/usr/tmp": "ro"}
    code, said, there = cramped(
        course, mount={**elsewhere, "/var/tmp": room}, ways=["none"], place=place
    )

    assert (2, []) == (code, there)
    assert said.startswith(NO_SANDBOX)
    assert re.search(why, said)
    assert "Traceback" not in said, said
    assert goes_on(course)


@linux
@needs_root
@pytest.mark.slow
def test_where_namespaces_are_used_up_that_is_told(course):
    if sandbox.probe()["namespaces"]:
        pytest.skip("there are none here")
    code, said, there = cramped(course, namespaces=0)

    assert (2, []) == (code, there)
    assert said.startswith(NO_SANDBOX)
    assert "  namespaces: [Errno 28] unshare: No space left on device\n" in said
    assert "Traceback" not in said, said
    assert goes_on(course)


@linux
@pytest.mark.slow
def test_a_world_for_which_there_is_no_room_any_more_blames_no_submission():
    cell = {"name": "answer", "source": "", "learners": True, "graded": False, "points": 0}
    request = {"cells": [cell], "student": "", "limits": asdict(Limits()), "files": {}}
    warden = job.Warden({"ways": ["none"]})
    try:
        warden.wait()
        shutil.rmtree(warden._folder)
        with pytest.raises(job.GraderError) as caught:
            warden.ask(request)
    finally:
        warden.end()

    assert "a world could not be made: [Errno 2] No such file or directory: " in str(caught.value)
    assert 1 == len(str(caught.value).splitlines())


@linux
@needs_root
@pytest.mark.slow
@pytest.mark.parametrize("way", sandbox.WAYS)
def test_a_python_that_only_root_can_read_is_told(way, course, tmp_path):
    """Worlds are not root, whoever grades; and they need a Python."""
    private = tmp_path / "private"
    venv.create(private, symlinks=True)
    (there,) = private.glob("lib/*/site-packages")
    (there / "all.pth").write_text("\n".join(filter(None, sys.path)), "utf-8")
    private.chmod(0o700)

    code, said, kept_there = cramped(course, str(private / "bin" / "python"), ways=[way])

    assert (2, []) == (code, kept_there)
    assert said.startswith(NO_SANDBOX)
    assert re.search(f"  {way}: only root can read .*: do not grade as root\n", said)
    assert "Traceback" not in said, said


@pytest.mark.slow
def test_a_world_writes_nothing_into_the_home_of_whoever_grades(tmp_path):
    environment = {**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    environment = {name: v for name, v in environment.items() if name != "IPYTHONDIR"}
    source = "from taketurns.grading import world; world.warm()"
    subprocess.run([sys.executable, "-c", source], env=environment, cwd=tmp_path, check=True)

    assert [] == list(tmp_path.iterdir())
