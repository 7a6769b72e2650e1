from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from taketurns.cli import COMMANDS, cli
from taketurns.course.errors import CourseError


def invoke(*arguments: str):
    return CliRunner().invoke(cli, list(arguments))


def test_help_names_every_command_with_what_it_does():
    output = invoke("--help").output

    for name, (_, _, text) in COMMANDS.items():
        assert name in output
        assert text in output


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_of_its_own(name):
    result = invoke(name, "--help")

    assert 0 == result.exit_code
    assert f"Usage: cli {name}" in result.output


@pytest.mark.slow
def test_help_imports_no_command():
    script = (
        "import sys; from taketurns.cli import cli; cli(['--help'], standalone_mode=False); "
        "print(*[m for m in sys.modules if m.startswith('taketurns.course.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )

    assert {"taketurns.course.errors"} >= set(done.stdout.splitlines()[-1].split())


def test_an_unknown_command_is_not_understood():
    result = invoke("teach")

    assert 2 == result.exit_code
    assert "No such command 'teach'" in result.output


def test_a_package_that_is_missing_is_named_with_what_to_type(monkeypatch):
    def absent(name: str):
        raise ModuleNotFoundError(f"No module named {name!r}", name="nbgrader.converters")

    monkeypatch.setattr("taketurns.cli.importlib.import_module", absent)
    result = invoke("release")

    assert 2 == result.exit_code
    assert "needs the package nbgrader" in result.output
    assert "pip install -r requirements.txt" in result.output


def test_what_the_user_can_mend_is_told_without_a_traceback(monkeypatch):
    def fail(*_, **__):
        raise CourseError("the course is upside down: turn it over")

    monkeypatch.setattr("taketurns.course.tidy.tidy", fail)
    result = invoke("tidy")

    assert 1 == result.exit_code
    assert "Error: the course is upside down: turn it over\n" == result.output


@pytest.mark.slow
def test_it_can_be_called_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "taketurns", "--version"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout.startswith("taketurns, version ")
