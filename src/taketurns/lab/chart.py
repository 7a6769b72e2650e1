"""Virtual seconds on the horizontal axis: what each thread sleeps, waits for and holds."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from .canvas import LABEL, MARGIN, NAME, SMALL, escape
from .marks import both, colour, cross, fatal_sign, fill, n, stroke
from .measure import fit, width
from .story import Mark, Span, seconds, sentence, tell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .canvas import Picture
    from .story import RunLike, Story


class Chart:
    """Lays out and draws what takes virtual time."""

    def __init__(self, picture: Picture, run: RunLike, story: Story) -> None:
        self.picture = picture
        self.run = run
        self.story = story
        longest = max((width(name, NAME, bold=True) for name in story.threads), default=0)
        self.names = min(max(longest, 44.0), picture.width * 0.22)
        self.left = MARGIN + 18 + self.names + 20
        self.right = picture.width - MARGIN - 16
        self.steps = [event.step for event in run.events]
        self.total = run.elapsed if run.elapsed > 0 else 0.0

    def x(self, time: float) -> float:
        """Where a time lies."""
        if not self.total:
            return self.left
        return self.left + (self.right - self.left) * min(time / self.total, 1.0)

    def draw(self) -> None:
        """One bar per sleep and wait, one lane per thread."""
        picture, story = self.picture, self.story
        full = tell(self.run, limit=None)
        many = len(story.threads) > 8
        pitch = 26 if len(story.threads) > 16 else 31 if many else 40
        picture.y += 16
        top = picture.y
        bottom = top + pitch * len(story.threads)
        if not self.total:
            picture.text(self.left, top - 4, "no virtual time passes", role="dim", size=SMALL)
        for time in ticks(self.total):
            picture.add(
                "back",
                f'<path d="M{n(self.x(time))} {n(top)}V{n(bottom)}" {stroke("faint")} '
                'stroke-width="1.2"/>',
            )
            picture.text(
                self.x(time), top - 5, seconds(time), role="dim", size=SMALL, anchor="middle"
            )
        by_thread: dict[str, list[Mark]] = {name: [] for name in story.threads}
        for mark in full.marks:
            by_thread[mark.event.thread].append(mark)
        for at, name in enumerate(story.threads):
            y = top + pitch * (at + 0.5)
            self._lane(name, y, colour(at), by_thread[name], pitch)
        picture.y = bottom + 4

    def _lane(self, name: str, y: float, role: str, marks: list[Mark], pitch: float) -> None:
        picture, story = self.picture, self.story
        half = pitch * 0.5 - 6
        picture.add(
            "back",
            f'<path d="M{n(self.left)} {n(y)}H{n(self.right)}" {stroke("faint")} '
            'stroke-width="1.2" stroke-dasharray="2 4"/>',
        )
        picture.add(
            "back",
            f'<rect x="{n(MARGIN)}" y="{n(y - half)}" width="8" height="{n(2 * half)}" rx="3" '
            f"{fill(role)}/>",
        )
        size = NAME if pitch > 30 else 12.0
        picture.text(
            MARGIN + 18,
            y + size * 0.35,
            fit(name, self.names, size, bold=True),
            size=size,
            bold=True,
            tip=name,
        )
        times = [event.time for event in self.run.events if event.thread == name]
        if times:
            picture.add(
                "back",
                f'<path d="M{n(self.x(times[0]))} {n(y)}H{n(self.x(times[-1]))}" '
                f'{stroke("life")} stroke-width="1.6"/>',
            )
        spans = [part for span in story.held if span.thread == name and (part := self._held(span))]
        for span, left, right in spans:
            picture.extras["held"] = None
            picture.add(
                "band",
                f'<g><rect x="{n(left)}" y="{n(y - half - 1)}" width="{n(max(right - left, 2))}" '
                f'height="{n(2 * half + 2)}" rx="7" {both(role)} fill-opacity=".13" '
                f'stroke-width="1.4"/><title>{escape(f"{name} holds {span.name}")}</title></g>',
            )
        for mark in marks:
            if mark.event.time > mark.began or mark.stuck:
                inside = any(span.first <= mark.event.step for span, *_ in spans)
                self._bar(mark, y, max(half - 5, 5) if inside else half, role)
        for mark in marks:
            if mark.lost or mark.fatal or mark.stuck:
                x = self.x(mark.event.time)
                drawn = cross(x, y) if mark.lost else fatal_sign(x, y)
                picture.extras["lost" if mark.lost else "fatal"] = None
                picture.add("front", f"<g>{drawn}<title>{escape(sentence(mark))}</title></g>")
        if times:
            for kind, time in (("begin", times[0]), ("end", times[-1])):
                x = self.x(time)
                picture.add(
                    "band",
                    f'<path d="M{n(x)} {n(y - half)}v{n(2 * half)}" {stroke(role)} '
                    f'stroke-width="2.4"/><!--{kind}-->',
                )

    def _bar(self, mark: Mark, y: float, half: float, role: str) -> None:
        picture = self.picture
        event = mark.event
        end = self.total if mark.stuck else event.time
        left, right = self.x(mark.began) + 2, self.x(end) - 2
        passed = seconds(end - mark.began)
        if event.kind == "sleep":
            picture.extras["sleepbar"] = None
            piece = picture.dotted_bar(left, right, y, half, role)
            texts = [f"sleep {passed}", passed]
        else:
            picture.extras["waits"] = None
            piece = picture.hatched(left, right, y, max(half - 3, 5))
            reason = event.waited_for or mark.name or event.kind
            texts = [f"waits for {reason}", "waits"]
        tip = f"{event.thread}, {seconds(mark.began)} to {seconds(end)}: {texts[0]}"
        picture.add("band", f"<g>{piece}<title>{escape(tip)}</title></g>")
        room = right - left - 14
        text = next((t for t in texts if width(t, LABEL) <= room), "")
        if not text and event.kind != "sleep" and room > 60:
            text = fit(texts[0], room, LABEL)
        if text:
            wide = width(text, LABEL) + 12
            x = (left + right) / 2
            picture.add(
                "band",
                f'<rect x="{n(x - wide / 2)}" y="{n(y - 8)}" width="{n(wide)}" height="16" rx="8" '
                f"{fill('bg')}/>",
            )
            picture.text(x, y + 4, text, anchor="middle", tip=tip)

    def _held(self, span: Span) -> tuple[Span, float, float] | None:
        """From where to where a lock is held, if that takes time."""
        start = self._time(span.first, 0.0)
        stop = self.total if span.last is None else self._time(span.last, self.total)
        return (span, self.x(start) - 2, self.x(stop) + 2) if stop > start else None

    def _time(self, step: int, otherwise: float) -> float:
        """When the first step from this one on was done."""
        at = bisect_left(self.steps, step)
        return self.run.events[at].time if at < len(self.steps) else otherwise


def ticks(total: float) -> Iterable[float]:
    """Round times from 0 to `total` seconds, at most nine, and the end itself."""
    if total <= 0:
        return [0.0]
    unit = 10.0 ** (len(str(int(total))) - 1) if total >= 1 else 0.1
    while total / unit < 1:
        unit /= 10
    step = next(
        unit * factor
        for factor in (0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10)
        if total / (unit * factor) <= 8.0001
    )
    rounds = [step * i for i in range(int(total / step + 1e-9) + 1)]
    if total - rounds[-1] > 1e-9:
        if total - rounds[-1] < step * 0.6:
            rounds.pop()
        rounds.append(total)
    return rounds
