"""What the commands tell their user instead of a traceback."""

from __future__ import annotations

from importlib.util import find_spec


class CourseError(Exception):
    """Something that the user can mend; the message says what happened, where, and what to do."""

    def _render_traceback_(self) -> list[str]:
        """What IPython prints: the message, without a traceback."""
        return [str(self)]


# import name -> what to type, for packages that not every installation has
INSTALL = {
    "ipywidgets": "pip install -r requirements.txt",
    "nbformat": "pip install -r requirements.txt",
    "nbgrader": "pip install -r requirements.txt",
    "rich": "pip install -e '.[grading]'",
}


def not_installed(error: ModuleNotFoundError, command: str) -> CourseError:
    """Return what to tell the user of a command; raises the error if it is not about a package."""
    missing = (error.name or "").partition(".")[0]
    if missing not in {*INSTALL, "taketurns"} and find_spec("nbgrader") is None:
        missing = "nbgrader"  # which brings whatever else grading needs
    if missing not in INSTALL:
        raise error
    return CourseError(
        f"`taketurns {command}` needs the package {missing}, which is not installed here: "
        f"{INSTALL[missing]}"
    )
