"""The command line: each subcommand is imported only when it is called."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import click

from taketurns.course.errors import CourseError, not_installed

if TYPE_CHECKING:
    from collections.abc import Mapping

# name -> (module, attribute, the line in --help); a module is imported when its command runs
COMMANDS: Mapping[str, tuple[str, str, str]] = {
    "try": (
        "taketurns.course.trying",
        "try_command",
        "Try an answer against an exercise's tests.",
    ),
    "tidy": (
        "taketurns.course.tidy",
        "tidy_command",
        "Bring notebooks into their canonical form.",
    ),
    "release": (
        "taketurns.course.release",
        "release_command",
        "Make the students' notebooks from the masters.",
    ),
    "outline": (
        "taketurns.course.outline",
        "outline_command",
        "Show which cell covers which part of the subject.",
    ),
    "grade": (
        "taketurns.grading.grade",
        "grade_command",
        "Grade what a class has handed in.",
    ),
    "feedback": (
        "taketurns.grading.handback",
        "feedback_command",
        "Write students' feedback again, after a human has graded.",
    ),
    "report": (
        "taketurns.grading.report",
        "report_command",
        "Show what a class can do, and where it stumbles.",
    ),
    "binder-links": (
        "taketurns.course.binder",
        "binder_links_command",
        "Write README's links that open the notebooks on Binder.",
    ),
}


class _CannotRunError(click.ClickException):
    """A command whose package is missing."""

    exit_code = 2


class Commands(click.Group):
    """A group that knows its commands by name and imports them when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the help."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, imported; None where there is none of that name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        try:
            command = getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as error:
            raise _CannotRunError(str(not_installed(error, cmd_name))) from error
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}.{attribute} is not a click command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any of them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what the user can mend is told in one message, without a traceback."""
        try:
            return super().invoke(ctx)
        except CourseError as error:
            raise click.ClickException(str(error)) from error
        except ModuleNotFoundError as error:
            command = str(ctx.invoked_subcommand)
            raise _CannotRunError(str(not_installed(error, command))) from error
        except BrokenPipeError:
            sys.stderr.close()
            ctx.exit(1)


def _show_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    """Show the version and exit."""
    if not value:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        number = version("taketurns")
    except PackageNotFoundError:
        number = "not installed, run from its sources"
    click.echo(f"taketurns, version {number}")
    ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_show_version)
def cli() -> None:
    """Taking Turns: threads in Python, checked under every schedule.

    Exit status: 0 all is well; 1 something is not as it should be, and the message says what;
    2 the command was not understood, or could not run.
    """
