"""nbgrader's way to the feedback pages: for `nbgrader generate_feedback` and Formgrader's button.

`nbgrader_config.py` names the class below. nbgrader's own pages print hidden tests word for word,
in the graded cells and in tracebacks, and need the network.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter

from .folders import recorded
from .gradebook import Gradebook
from .handback import render
from .topics import Topics


class FeedbackPage(Exporter):  # type: ignore[misc]
    """Makes the page that `taketurns grade` makes; points and comments are the gradebook's."""

    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(self, nb: Any, resources: Any = None, **options: Any) -> tuple[str, Any]:
        """Return the page of a graded notebook."""
        nb, resources = super().from_notebook_node(nb, resources, **options)
        its = resources["nbgrader"]
        student, assignment, name = its["student"], its["assignment"], its["notebook"]
        with Gradebook(its["db_url"], "") as gradebook:
            marks = gradebook.marks(assignment, [student])[student][name]
        folders = self.config.get("CourseDirectory", {})
        # nbgrader stands in the course's folder while it converts.
        source = Path.cwd() / folders.get("source_directory", "source")
        record = recorded(Path(resources["metadata"]["path"]))
        page = render(
            student, assignment, name, nb.cells, marks, record, Topics(source), self.config
        )
        return page, resources
