"""What can be said of the Makefile without making an environment; CI makes one through it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("make") is None, reason="no make on this machine"),
]


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """Return a folder with what the Makefile reads, and no environment."""
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def test_help_lists_the_targets_that_the_readme_names():
    listed = set(re.findall(r"make ([a-z]+)", make(ROOT, "help").stdout))
    named = set(re.findall(r"`make ([a-z]+)", (ROOT / "README.md").read_text("utf-8")))

    assert {"lab", "test", "class", "release", "tidy", "bench", "help"} <= listed
    assert set() == named - listed


def test_a_python_that_is_too_old_is_refused_with_what_to_do(fresh: Path):
    old = fresh / "python3.9"
    old.write_text('#!/bin/sh\ncase "$2" in *print*) echo 3.9;; *) exit 1;; esac\n')
    old.chmod(0o755)

    done = make(fresh, "lab", f"PYTHON={old}")

    assert 0 != done.returncode
    assert "needs Python 3.11 or newer" in done.stderr
    assert "is 3.9" in done.stderr
    assert "make lab PYTHON=" in done.stderr
    assert not (fresh / ".venv").exists()


def test_without_any_python_it_says_the_same(fresh: Path):
    done = make(fresh, "test", "PYTHON=/no/such/python")

    assert 0 != done.returncode
    assert "needs Python 3.11 or newer." in done.stderr
    assert "make test PYTHON=" in done.stderr


def test_a_finished_environment_is_used_as_it_is(fresh: Path):
    (fresh / ".venv").mkdir()
    for stamp in (".learner-ready", ".tester-ready"):
        (fresh / ".venv" / stamp).touch()

    done = make(fresh, "--dry-run", "test")

    assert "pip" not in done.stdout
    assert ".venv/bin/python -m pytest" in done.stdout


@pytest.mark.parametrize("changed", ["requirements.txt", "pyproject.toml"])
def test_an_environment_older_than_what_it_is_made_from_is_brought_up_to_date(fresh, changed):
    (fresh / ".venv").mkdir()
    for stamp in (".learner-ready", ".tester-ready"):
        (fresh / ".venv" / stamp).touch()
        os.utime(fresh / ".venv" / stamp, (1, 1))
    for name in ("requirements.txt", "pyproject.toml"):
        os.utime(fresh / name, (0, 0))
    os.utime(fresh / changed, (2, 2))

    done = make(fresh, "--dry-run", "test")

    assert "-r requirements.txt" in done.stdout


@pytest.fixture
def tested(fresh: Path) -> Path:
    """Return a folder whose environment is done, and has no more in it than this Python."""
    (fresh / ".venv" / "bin").mkdir(parents=True)
    (fresh / ".venv" / "bin" / "python").symlink_to(sys.executable)
    for stamp in (".learner-ready", ".tester-ready"):
        (fresh / ".venv" / stamp).touch()
    return fresh


def test_kernels_of_a_python_that_is_not_there_are_left_out_with_a_reason(tested: Path):
    done = make(tested, "kernels", "PYTHONS=3.99")

    assert (0, "") == (done.returncode, done.stderr)
    assert "Python 3.99 is not on this machine: the notebooks are not tried on it.\n" == done.stdout


def test_the_python_of_the_environment_gets_no_other_one(tested: Path):
    free = "t" * bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    here = "{}.{}".format(*sys.version_info) + free

    assert f"Python {here} is that of .venv.\n" == make(tested, "kernels", f"PYTHONS={here}").stdout
