"""What the commands tell their user instead of a traceback."""

from __future__ import annotations


class CourseError(Exception):
    """Something that the user can mend; the message says what happened, where, and what to do."""

    def _render_traceback_(self) -> list[str]:
        """What IPython prints: the message, without a traceback."""
        return [str(self)]
