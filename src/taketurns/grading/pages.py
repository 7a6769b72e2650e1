"""Pages made of the templates here, and how they write numbers and words."""

from __future__ import annotations

import functools
import re
import statistics
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Environment
    from markupsafe import Markup


def middle(values: Sequence[float]) -> str:
    """The median, in words."""
    return number(statistics.median(values)) if values else "–"


def mean(values: Sequence[float]) -> str:
    """The average, to one decimal."""
    return f"{statistics.fmean(values):.1f}" if values else "–"


def number(value: float) -> str:
    """Write a number as people do: no more digits than it has, and at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def percent(part: float, whole: float) -> str:
    """Say what share one number is of another."""
    return f"{100 * part / whole:.0f} %" if whole else "–"


def count(amount: int, noun: str) -> str:
    """Say how many: `1 student`, `2 students`."""
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"


def code(text: str) -> Markup:
    """Set in type what stands between backticks; the rest is escaped."""
    from markupsafe import Markup, escape

    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - see above


def page(template: str, **values: Any) -> str:
    """Fill in a template."""
    return str(_environment().get_template(template).render(values))


@functools.cache
def _environment() -> Environment:
    """Where templates are kept once they are compiled."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("taketurns.grading"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"code": code, "number": number, "mean": mean, "middle": middle}
    environment.globals |= {"percent": percent, "count": count}
    return environment
