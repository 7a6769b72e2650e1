"""A run as a picture: one lane per thread, one sign per step, in SVG without scripts."""

from __future__ import annotations

import base64
from typing import Literal

from .canvas import Picture, escape
from .chart import Chart
from .lanes import Lanes
from .story import LIMIT, RunLike, description, headline, summary, tell
from .text import timeline_text

Axis = Literal["step", "time"]


def timeline_svg(
    run: RunLike,
    *,
    title: str | None = None,
    subtitle: str | None = None,
    focus: tuple[int, int] | None = None,
    axis: Axis = "step",
    width: int = 860,
) -> str:
    """Return the run as an SVG picture: equal runs give equal bytes.

    `focus` is the first and the last step of what to look at (by default the first lost update).
    With `axis="time"` the horizontal axis is virtual seconds instead of the order of the steps.
    `width` is in pixels, at least 480. Of a long run private steps are folded, and what repeats
    itself or is far from what matters; on the axis of time, long times in which nothing happens and
    what is too short to be seen. The picture says what it folded.
    """
    story = tell(run, focus=focus, limit=None if axis == "time" else LIMIT)
    picture = Picture(max(float(width), 480.0))
    picture.head(
        title if title is not None else headline(run),
        subtitle if subtitle is not None else summary(run, story),
    )
    if axis == "time":
        chart = Chart(picture, run, story)
        chart.draw()
        folded = chart.folded()
    else:
        Lanes(picture, run, story).draw()
        folded = story.folded
    picture.message(run)
    if axis == "step":
        picture.lines(story)
    picture.foot(folded)
    return picture.svg(description(run, story, timed=axis == "time"))


def display_bundle(
    run: RunLike,
    headline: str,
    *,
    subtitle: str | None = None,
    focus: tuple[int, int] | None = None,
    axis: Axis = "step",
) -> dict[str, str]:
    """Return what a notebook needs to show the run wherever it is looked at.

    JupyterLab, nbconvert, nbgrader's feedback and GitHub take the HTML: an image that no sanitizer
    removes, as an inline `<svg>` would be in a notebook that is not trusted, and the same as text
    under it. Tools that only know images take the SVG, a terminal the text.
    """
    svg = timeline_svg(run, title=headline, subtitle=subtitle, focus=focus, axis=axis)
    text = timeline_text(run)
    source = base64.b64encode(svg.encode()).decode()
    page = (
        f'<img alt="{escape(headline)}" src="data:image/svg+xml;base64,{source}" '
        'style="max-width:100%">'
        f"<details><summary>The same as text</summary><pre>{escape(text)}</pre></details>"
    )
    return {"text/plain": f"{headline}\n\n{text}", "image/svg+xml": svg, "text/html": page}


class Static:
    """A picture of a run that needs no kernel; show it beside a slider."""

    def __init__(self, run: RunLike, bundle: dict[str, str]) -> None:
        self.run = run
        self._bundle = bundle

    def __repr__(self) -> str:
        return self._bundle["text/plain"]

    def _repr_svg_(self) -> str:
        return self._bundle["image/svg+xml"]

    def _repr_html_(self) -> str:
        return self._bundle["text/html"]


def static(
    run: RunLike,
    *,
    title: str | None = None,
    subtitle: str | None = None,
    focus: tuple[int, int] | None = None,
    axis: Axis = "step",
) -> Static:
    """Return an object that a notebook shows as the run's picture; options as of timeline_svg."""
    title = headline(run) if title is None else title
    return Static(run, display_bundle(run, title, subtitle=subtitle, focus=focus, axis=axis))
