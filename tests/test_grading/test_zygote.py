"""Kernels that are forked do what others do; they are kept in, and nothing of them is left."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning import KernelProvisionerFactory
from traitlets.config import Config

from taketurns.course import sample_class
from taketurns.course.folder import Course
from taketurns.grading import provisioner, sandbox
from taketurns.grading.gradebook import Gradebook
from tests.test_grading.test_grade import ASSIGNMENT, NOTEBOOK, RIGHT, WRONG, Class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
GROUP = "jupyter_client.kernel_provisioners"
VARIABLE = KernelProvisionerFactory.default_provisioner_name_env
LINE = f'os.environ["{VARIABLE}"] = "taketurns"'  # in nbgrader_config.py
PATIENCE = 60  # seconds, for what should come at once

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux" or sandbox.probe()["namespaces"] is not None,
        reason="kernels are forked only where there are namespaces",
    ),
]


@pytest.fixture(scope="module")
def entry() -> EntryPoint:
    """What installing this package would tell jupyter_client."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    [(name, value)] = project["entry-points"][GROUP].items()
    return EntryPoint(name, value, GROUP)


@pytest.fixture(scope="module")
def site(entry: EntryPoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for `sys.path` in which the package is installed, as far as its entry point goes."""
    folder = tmp_path_factory.mktemp("site")
    folder.chmod(0o755)  # root's kernels are nobody's
    info = folder / "taketurns_kernels-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: taketurns-kernels\nVersion: 0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{entry.name} = {entry.value}\n")
    return folder


def python_path(site: Path) -> str:
    """What there is, and the folder; an empty part would stand for the current folder."""
    return os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(site)]))


@pytest.fixture(scope="module")
def short() -> Iterator[Path]:
    """A temporary folder: the path of a socket must not be long."""
    folder = Path(tempfile.mkdtemp(prefix="tt-"))
    yield folder
    assert [] == list(folder.iterdir())
    folder.rmdir()


@pytest.fixture(scope="module")
def owner(short: Path, tmp_path_factory) -> Iterator[provisioner._Owner]:
    """What this process has for as long as these tests run."""
    tmp_path_factory.getbasetemp()  # which is elsewhere
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(short))
        patch.setattr(provisioner, "_owner", None)
        patch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
        made = provisioner._own()
        yield made
        made.end()


@pytest.fixture
def start(owner, entry, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Kernel]]:
    """Starts kernels as nbgrader does while it grades."""
    monkeypatch.setitem(KernelProvisionerFactory.provisioners, entry.name, entry)
    monkeypatch.setenv(VARIABLE, entry.name)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    KernelProvisionerFactory.clear_instance()
    with contextlib.ExitStack() as stack:

        def make(spec: KernelSpec | None = None, settings: Any = (), **options: Any) -> Kernel:
            manager = KernelManager(kernel_name="python3", **dict(settings))
            manager._kernel_spec = spec
            kernel = Kernel(manager, **options)
            stack.callback(kernel.end)
            return kernel

        yield make
    KernelProvisionerFactory.clear_instance()


class Kernel:
    """A running kernel, and who talks to it."""

    def __init__(self, manager: KernelManager, **options: Any) -> None:
        self.manager = manager
        manager.start_kernel(extra_arguments=["--HistoryManager.hist_file=:memory:"], **options)
        self.client = manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)

    @property
    def forked(self) -> bool:
        return isinstance(self.manager.provisioner.process, provisioner.ForkedKernel)

    def run(self, source: str) -> tuple[str, str]:
        """The status, and what was printed or raised."""
        said: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            said.append(content.get("text", content.get("evalue", "")))

        reply = self.client.execute_interactive(source, timeout=PATIENCE, output_hook=hear)
        return reply["content"]["status"], "".join(said)

    def wait(self) -> int | None:
        """Wait until it has ended; return its exit code."""
        for _ in range(PATIENCE * 10):
            if (code := self.manager.provisioner.process.poll()) is not None:
                return code
            select.select([], [], [], 0.1)
        return None

    def end(self, *, now: bool = True) -> None:
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel(now=now)
        self.manager.cleanup_resources()


@pytest.fixture
def kernel(start) -> Kernel:
    return start()


# --- What any kernel does ------------------------------------------------------------------------


def test_a_kernel_is_forked_and_runs_cells(kernel):
    assert kernel.forked
    assert ("ok", "2\n") == kernel.run("print(1 + 1)")
    assert ("error", "division by zero") == kernel.run("1 / 0")
    assert ("ok", "2") == kernel.run("import sys\nprint(sys.getsizeof('') and 2, end='')")


def test_what_its_subprocesses_print_is_heard(kernel):
    assert ("ok", "hello\n") == kernel.run("import os\n_ = os.system('echo hello')")
    forking = (
        "import multiprocessing as m\nm.get_context('fork').Process(target=print, args=('below',))"
    )
    kernel.client.execute(f"{forking}.start()")
    while "below" != kernel.client.get_iopub_msg(timeout=PATIENCE)["content"].get("text"):
        pass  # it may come after the cell, and the end of its line apart


def test_a_cell_can_be_interrupted(kernel):
    waiting = "print('waiting', flush=True)\nimport time\ntime.sleep(1000)"

    def interrupt(message: dict[str, Any]) -> None:
        if message["content"].get("name") == "stdout":
            kernel.manager.interrupt_kernel()

    reply = kernel.client.execute_interactive(waiting, timeout=PATIENCE, output_hook=interrupt)

    assert "KeyboardInterrupt" == reply["content"]["ename"]
    assert ("ok", "on") == kernel.run("print('on', end='')")


def test_a_kernel_can_be_restarted(kernel):
    folder = kernel.manager.provisioner._folder
    kernel.run("x = 1")

    kernel.manager.restart_kernel(now=True)
    kernel.client.wait_for_ready(timeout=PATIENCE)

    assert ("error", "name 'x' is not defined") == kernel.run("x")
    assert (True, folder) == (kernel.forked, kernel.manager.provisioner._folder)


def test_a_kernel_that_is_asked_to_leave_does_so_in_order(kernel, owner):
    kernel.manager.shutdown_wait_time = 2 * PATIENCE  # the machine may be busy

    kernel.end(now=False)

    assert "ShutdownRequest" == kernel.manager._shutdown_status.value
    assert (False, False) == (kernel.manager.has_kernel, kernel.manager.is_alive())
    assert [] == [path for path in Path(owner.folder).iterdir() if path.suffix == ".json"]


def test_a_kernel_that_ends_itself_is_seen_to_have_ended(kernel):
    kernel.client.execute("import os\nos._exit(7)")

    assert 7 == kernel.wait()
    assert not kernel.manager.is_alive()


def test_a_kernel_that_crashes_is_seen_to_have_ended(kernel):
    kernel.client.execute("import ctypes\nctypes.string_at(8)")

    assert -signal.SIGSEGV == kernel.wait()


def test_a_kernel_gets_signals(kernel):
    handler = "lambda *_: heard.append('heard')"
    kernel.run(f"import signal\nheard = []\nsignal.signal(signal.SIGUSR1, {handler})")

    kernel.manager.signal_kernel(signal.SIGUSR1)

    assert ("ok", "['heard']\n") == kernel.run("print(heard)")


def test_three_kernels_at_once_do_not_meet(start):
    kernels = [start() for _ in range(3)]

    for number, each in enumerate(kernels):
        each.run(f"open('mine', 'w').write('{number}')")

    reading = "print(open('mine').read(), end='')"
    assert ["0", "1", "2"] == [kernel.run(reading)[1] for kernel in kernels]
    kernels[0].end()
    assert ("ok", "on") == kernels[1].run("print('on', end='')")


# --- What it may see -----------------------------------------------------------------------------


def test_a_kernel_has_a_copy_of_its_folder_and_sees_no_other(start, tmp_path):
    folder = tmp_path / "autograded" / "ada" / "one"
    folder.mkdir(parents=True)
    (folder / "data.csv").write_text("1,2")
    (folder / "link").symlink_to("/etc/hostname")
    (tmp_path / "gradebook.db").write_text("grades")

    kernel = start(cwd=str(folder))
    hidden = [str(tmp_path / "gradebook.db"), str(ROOT / "source"), str(tmp_path)]
    asking = f"""
import os
from taketurns.course.variety import student
open('new', 'w').close()
print(sorted(os.listdir('.')), open('data.csv').read(), student(), end=' ')
print([path for path in {hidden} if os.path.exists(path)], os.getpid(), end='')
"""

    assert ("ok", "['data.csv', 'new'] 1,2 ada [] 1") == kernel.run(asking)
    assert ["data.csv", "link"] == sorted(path.name for path in folder.iterdir())


def test_a_kernel_gets_of_the_environment_what_python_and_nbgrader_need(start, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "secret")
    monkeypatch.setenv("TAKETURNS_STUDENT", "ada")

    kernel = start()
    names = ["SECRET_TOKEN", "TAKETURNS_STUDENT", "NBGRADER_EXECUTION"]
    asking = f"import os\nprint([os.environ.get(name) for name in {names}], end='')"

    assert "[None, 'ada', 'autograde']" == kernel.run(asking)[1]
    everywhere = "print('SECRET_' + 'TOKEN' in open('/proc/self/environ').read(), end='')"
    assert "False" == kernel.run(everywhere)[1]


def test_its_sockets_are_for_the_owner_alone(kernel, owner):
    folder = Path(kernel.manager.provisioner._folder)

    assert 0o700 == folder.stat().st_mode & 0o777
    assert Path(owner.folder) == folder.parent
    assert 5 == len(list(folder.iterdir()))
    kernel.end()
    assert not folder.exists()


def test_where_temporary_files_have_long_names_sockets_still_have_short_ones(tmp_path, monkeypatch):
    folder = tmp_path / ("long" * 25)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))

    made = Path(provisioner._private_folder())

    assert provisioner.LONGEST >= len(f"{tempfile.mkdtemp(prefix='', dir=made)}/s-5")
    assert 0o700 == made.stat().st_mode & 0o777
    shutil.rmtree(made)


# --- Which kernels are forked --------------------------------------------------------------------


def test_outside_of_grading_kernels_are_started_as_ever(start, monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION")

    kernel = start()

    assert (False, "tcp") == (kernel.forked, kernel.manager.transport)
    assert ("ok", "2\n") == kernel.run("print(2)")


@pytest.mark.parametrize(
    "expected, argv",
    [
        (True, ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]),
        (True, ["python3", "-m", "ipykernel_launcher", "-f", "{connection_file}", "--quiet"]),
        (True, [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]),
        (
            True,
            [
                "python",
                "-Xfrozen_modules=off",
                "-m",
                "ipykernel_launcher",
                "-f",
                "{connection_file}",
            ],
        ),
        (False, ["python", "-O", "-m", "ipykernel_launcher", "-f", "{connection_file}"]),
        (False, ["/usr/bin/python0", "-m", "ipykernel_launcher", "-f", "{connection_file}"]),
        (False, ["python2", "-m", "ipykernel_launcher", "-f", "{connection_file}"]),
        (False, ["python", "-m", "xpython_launcher", "-f", "{connection_file}"]),
        (False, ["R", "--slave", "-e", "IRkernel::main()", "--args", "{connection_file}"]),
    ],
)
def test_only_kernels_of_this_python_are_forked(expected, argv):
    assert expected == provisioner._ours(argv)


def test_another_kernel_is_started_as_ever(start):
    argv = [sys.executable, "-B", "-m", "ipykernel_launcher", "-f", "{connection_file}"]

    kernel = start(KernelSpec(argv=argv, language="python", display_name="-B"))

    assert (False, ("ok", "True")) == (
        kernel.forked,
        kernel.run("import sys\nprint(sys.dont_write_bytecode, end='')"),
    )


def test_a_sandbox_can_be_done_without(start):
    config = Config(ZygoteProvisioner={"sandbox": False})

    kernel = start(settings={"config": config})

    assert kernel.forked
    assert ("ok", "True") == kernel.run("import os\nprint(os.getpid() > 1, end='')")


def test_with_another_ipykernel_they_are_started_as_ever(start, monkeypatch):
    monkeypatch.setattr(provisioner, "version", {"ipykernel": "8.0.0"}.get)

    assert not start().forked


def test_where_nothing_keeps_kernels_in_they_are_started_as_ever(start, short, monkeypatch, caplog):
    monkeypatch.setattr(provisioner, "_owner", provisioner._Owner())
    before = {*short.iterdir()}
    monkeypatch.setattr(provisioner.ZygoteProvisioner, "_ways", ())
    caplog.set_level(logging.WARNING)

    kernel = start(settings={"log": logging.getLogger("kernels")})

    assert (False, ("ok", "2\n")) == (kernel.forked, kernel.run("print(2)"))
    assert before == {path for path in short.iterdir() if path.suffix != ".json"}
    assert "nothing keeps them in: nothing here keeps learners' code away" in caplog.text


# --- What is killed, and what is left ------------------------------------------------------------


def zygote_of(owner: provisioner._Owner) -> provisioner.Zygote:
    return owner.zygotes["namespaces",]


def test_a_killed_zygote_is_started_again(start, owner):
    first = start()
    zygote = zygote_of(owner)
    zygote._process.kill()
    zygote._process.wait()

    assert -signal.SIGKILL == first.wait()
    second = start()
    assert ("ok", "2\n") == second.run("print(2)")
    assert zygote is not zygote_of(owner)


def test_a_start_during_which_the_zygote_is_killed_is_repeated(start, owner, monkeypatch):
    start().end()
    asked = provisioner.Zygote.ask
    killed = []

    def ask(zygote: provisioner.Zygote, request: Any, files: Any = ()) -> Any:
        if files and len(killed) < 2:
            killed.append(zygote)
            zygote._process.kill()
            zygote._process.wait()
        return asked(zygote, request, files)

    monkeypatch.setattr(provisioner.Zygote, "ask", ask)
    kernel = start()

    assert ("ok", "2\n") == kernel.run("print(2)")
    assert 2 == len({*killed} - {zygote_of(owner)})


OWNER = """
import os, sys
from jupyter_client.manager import KernelManager
kernels = [KernelManager(kernel_name="python3") for _ in range(2)]
for kernel in kernels:
    kernel.start_kernel()
    client = kernel.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
client.execute("import subprocess\\nsubprocess.Popen(['sleep', '1000'], start_new_session=True)")
print(type(kernel.provisioner.process).__name__, flush=True)
if sys.argv[1] == "killed":
    os.kill(os.getpid(), 9)
elif sys.argv[1] == "raises":
    raise SystemExit("!")
"""


@pytest.mark.parametrize("how", ["killed", "raises", "ends"])
def test_nothing_outlives_the_process_that_started_the_kernels(how, site, short):
    done = subprocess.run(  # this returns when nobody holds the pipes any more
        [sys.executable, "-c", OWNER, how],
        env={
            **os.environ,
            "NBGRADER_EXECUTION": "autograde",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "PYTHONPATH": python_path(site),
            "TMPDIR": str(short),
            VARIABLE: "taketurns",
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert "ForkedKernel\n" == done.stdout
    assert {"killed": -9, "raises": 1, "ends": 0}[how] == done.returncode
    assert {"raises": "!\n"}.get(how, "") == done.stderr
    assert [] == [path for path in short.glob("taketurns-*") if path != _here()]


def _here() -> Path | None:
    return Path(provisioner._owner.folder) if provisioner._owner else None


# --- nbgrader itself -----------------------------------------------------------------------------


def use_zygote(folder: Path) -> None:
    """Take the one line in nbgrader_config.py out of its comment."""
    path = folder / "nbgrader_config.py"
    text = path.read_text("utf-8")
    assert 1 == text.count(f"# {LINE}\n")
    path.write_text(text.replace(f"# {LINE}\n", f"{LINE}\n"), "utf-8")


@pytest.fixture(scope="module")
def autograde(site: Path, short: Path) -> Iterator[Callable[..., dict[str, Any]]]:
    with subprocess.Popen(
        [sys.executable, Path(__file__).with_name("killing_zygote.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": python_path(site),
            "TMPDIR": str(short),
        },
        text=True,
    ) as process:

        def ask(folder: Path, **how: Any) -> dict[str, Any]:
            request = {"folder": str(folder), "assignment": ASSIGNMENT, **how}
            print(json.dumps(request), file=process.stdin, flush=True)
            return json.loads(process.stdout.readline())

        yield ask
        process.stdin.close()


def test_nbgrader_gives_the_same_scores_with_warm_kernels(autograde, tmp_path):
    assignment = Course(ROOT).assignments()[2]
    course, folder = Course(ROOT), tmp_path / "course"
    sample_class.start(course, folder, assignment)
    sample_class.run_nbgrader(folder, "generate_assignment", assignment)
    for student in sample_class.students(course, assignment)[:3]:
        sample_class.hand_in(folder, assignment, student)

    stock = sample_class.grade(folder, assignment)
    use_zygote(folder)
    done = autograde(folder, assignment=assignment, options=["--force"])

    assert (0, 3) == (done["code"], done["forked"]), done["said"]
    assert stock == sample_class.gradebook(folder, assignment)
    assert 3 == len(stock)


def scores(folder: Path) -> dict[str, Any]:
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}", "taking-turns") as gradebook:
        return gradebook.scores(ASSIGNMENT)


STUDENTS = {"ada": RIGHT, "bob": WRONG, "cy": RIGHT}


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("course")
    made = Class(folder)
    use_zygote(folder)
    shutil.rmtree(folder / "release")
    sample_class.run_nbgrader(folder, "generate_assignment", ASSIGNMENT)
    for student, answer in STUDENTS.items():
        made.hand_in(student, answer)
    return folder


@pytest.fixture(scope="module")
def unkilled(autograde, handed_in: Path, tmp_path_factory) -> tuple[int, dict[str, Any]]:
    """How many moments there are, and what comes of them."""
    folder = tmp_path_factory.mktemp("unkilled") / "course"
    shutil.copytree(handed_in, folder)
    result = autograde(folder)
    assert (0, []) == (result["code"], result["left"]), result["said"]
    return result["moments"], scores(folder)


@pytest.mark.parametrize("seed", range(10))
def test_when_the_zygote_is_killed_no_submission_is_lost(
    seed, autograde, handed_in, unkilled, tmp_path, short
):
    moments, expected = unkilled
    folder = tmp_path / "course"
    shutil.copytree(handed_in, folder)

    killed = autograde(folder, at=random.Random(seed).randint(1, moments * 3 // 4), seed=seed)
    again = autograde(folder)

    assert (True, []) == (killed["struck"], killed["left"])
    assert killed["code"] in {0, 1}, killed["said"]  # 1: it says itself that one failed
    assert (0, []) == (again["code"], again["left"]), again["said"]
    assert expected == scores(folder)
    assert {*STUDENTS} == {*expected}
    for student in STUDENTS:
        assert (folder / "autograded" / student / ASSIGNMENT / NOTEBOOK).exists()
    assert [] == [path for path in short.glob("taketurns-*") if path != _here()]
