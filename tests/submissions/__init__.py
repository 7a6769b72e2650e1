"""Submissions that set traps for a grader; see README.md."""

from . import cheats, hostile
from .cases import Case, Link, solved

CASES: dict[str, Case] = {**hostile.CASES, **cheats.CASES}

__all__ = ["CASES", "Case", "Link", "solved"]
