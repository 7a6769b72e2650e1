"""What the commands tell their user instead of a traceback."""

from __future__ import annotations


class CourseError(Exception):
    """Something that the user can mend; the message says what happened, where, and what to do."""
