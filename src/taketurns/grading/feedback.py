"""Feedback pages for students: every picture and every word of a failed check, no hidden test.

nbgrader's own pages print hidden tests word for word, in the graded cells and in tracebacks. Its
`generate_feedback`, and Formgrader, make them this way instead because `nbgrader_config.py` names
the two classes below. What is in `autograded/` stays as it is: graders see everything.
"""

from __future__ import annotations

from typing import Any

from jinja2 import DictLoader
from nbconvert.exporters import HTMLExporter
from nbconvert.preprocessors import Preprocessor
from nbgrader.preprocessors import ClearHiddenTests
from nbgrader.utils import is_locked
from traitlets import Bool
from traitlets.config import Config

from .hiding import Hidden

WIDGET = "application/vnd.jupyter.widget-view+json"

# In nbgrader's pages long lines run out of the window, and what opens does not look like it.
STYLE = """
.input_area pre, .output_error pre {
    white-space: pre-wrap; word-break: normal; overflow-wrap: anywhere;
}
.output_html summary { display: list-item; cursor: pointer; }
"""


class FeedbackPage(HTMLExporter):  # type: ignore[misc]
    """A page that loads nothing from the network: nbgrader's without MathJax."""

    def _extra_loaders_default(self) -> list[DictLoader]:
        nothing = "{% macro mathjax(url='') %}{% endmacro %}"
        return [DictLoader({"mathjax.html.j2": nothing})]


class HideTests(Preprocessor):  # type: ignore[misc]
    """Takes the hidden tests out of a graded notebook: of its cells and of what they put out."""

    enabled = Bool(True, help="Whether to leave the hidden tests out of feedback.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Return the notebook as its student may see it."""
        # with the delimiters that this course has set, and no other settings to remark on
        markers = ClearHiddenTests(config=Config(ClearHiddenTests=self.config.ClearHiddenTests))
        begin, end = markers.begin_test_delimeter, markers.end_test_delimeter
        hidden: list[str] = []
        for cell in nb.cells:
            if is_locked(cell):  # what nbgrader has put back from the master; the rest is theirs
                sign = "# " if cell.cell_type == "code" else ""
                cell.source, lines = without_hidden_tests(cell.source, begin, end, sign)
                hidden += lines
        tests = Hidden(hidden, [cell.source for cell in nb.cells])
        for cell in nb.cells:
            if cell.cell_type == "code":
                # A slider needs a kernel; here it would leave a gap and an error.
                outputs = [o for o in cell.outputs if WIDGET not in o.get("data", {})]
                cell.outputs = tests.clear(outputs)
        resources.setdefault("inlining", {}).setdefault("css", []).append(STYLE)
        return nb, resources


def without_hidden_tests(source: str, begin: str, end: str, sign: str) -> tuple[str, list[str]]:
    """Return a cell's source with a remark in place of each hidden region, and what was in them.

    A region without an end goes on to the end of the cell.
    """
    shown: list[str] = []
    hidden: list[str] = []
    region: list[str] | None = None
    for line in [*source.split("\n"), None]:
        if region is None:
            if line is not None and begin in line:
                region = [line]
                indent = line[: len(line) - len(line.lstrip())]
            elif line is not None:
                shown.append(line)
        elif line is None or end in line:
            count = sum(bool(text.strip()) for text in region[1:])
            what = (
                "1 line of hidden checks is"
                if count == 1
                else f"{count} lines of hidden checks are"
            )
            shown.append(f"{indent}{sign}({what} left out here)")
            hidden += region if line is None else [*region, line]
            region = None
        else:
            region.append(line)
    return "\n".join(shown), hidden
