"""Virtual seconds on the horizontal axis: what each thread sleeps, waits for and holds.

Two things are folded. A long time in which nothing happens is torn out if beside it what does
happen could not be seen. Sleeps, waits and locks of one thread that are too short to be told apart
are one block, which says how many they are.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from .canvas import LABEL, MARGIN, NAME, SMALL, escape
from .marks import both, colour, cross, fatal_sign, fill, n, several, sign, stroke
from .measure import fit, width
from .story import Mark, Span, count, reason, seconds, sentence, together

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .canvas import Picture
    from .story import RunLike, Story

SAME = 1e-6  # seconds: as much as a picture tells apart
SEEN = 0.06  # less of the whole than this cannot be seen
GAPS = 6  # so many long gaps can be torn out
TORN = 46.0  # pixels at least for a gap that is
SHORT = 22.0  # pixels of a bar that is too short to be told from its neighbours
SIGNLESS = frozenset({"begin", "end", "sleep"})  # what the bars and lanes show
LOW = 26  # the height of a lane that has no room for signs but of what went wrong
APART = 16.0  # pixels from one sign to the next
SEVERAL = 12  # so many steps one sign names
MOST = 200  # bars and blocks; where there would be more, longer bars are short too
CROWD = 4  # so many short bars beside each other are one block


class Scale:
    """Where times lie: in proportion, but for the long gaps in which nothing happens."""

    def __init__(self, times: Iterable[float], left: float, right: float) -> None:
        known = [0.0]
        for time in sorted(times):
            if time - known[-1] > SAME:
                known.append(time)
        gaps = list(pairwise(known))
        self.torn = _torn(gaps)
        kept = [end - start for start, end in gaps if (start, end) not in self.torn]
        room = right - left
        share = max(kept) / sum(kept) if kept else 0.0
        # What is torn is as wide as the longest of what is not, so that it never looks shorter.
        whole = room / (1 + len(self.torn) * share)
        if self.torn and share * whole < TORN:
            whole = room - len(self.torn) * TORN
        self.pixels = whole / sum(kept) if kept else 0.0  # of a second
        torn = (room - whole) / max(len(self.torn), 1)
        self.times = known
        self.places = [left]
        for start, end in gaps:
            wide = torn if (start, end) in self.torn else (end - start) * self.pixels
            self.places.append(self.places[-1] + wide)

    def __call__(self, time: float) -> float:
        """Where a time lies."""
        at = bisect_left(self.times, time)
        if at == 0 or at == len(self.times):
            return self.places[min(at, len(self.places) - 1)]
        start, end = self.times[at - 1 : at + 1]
        left, right = self.places[at - 1 : at + 1]
        return left + (right - left) * (time - start) / (end - start)


@dataclass
class _Bar:
    """A sleep, a wait, or a lock that is held, in pixels."""

    left: float
    right: float
    kind: str
    mark: Mark | None = None
    span: Span | None = None


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
        times = {min(event.time, self.total) for event in run.events} | {self.total}
        self.x = Scale(times, self.left, self.right)
        many = len(story.threads)
        self.pitch = LOW if many > 16 else 31 if many > 8 else 40
        self.blocks: list[int] = []  # how many bars each block stands for

    def draw(self) -> None:
        """One bar per sleep and wait, one lane per thread."""
        picture, story = self.picture, self.story
        pitch = self.pitch
        picture.y += 16
        top = picture.y
        bottom = top + pitch * len(story.threads)
        if not self.total:
            picture.text(self.left, top - 4, "no virtual time passes", role="dim", size=SMALL)
        else:
            self._axis(top, bottom)
        by_thread: dict[str, list[Mark]] = {name: [] for name in story.threads}
        for mark in story.marks:
            by_thread[mark.event.thread].append(mark)
        bars = {name: self._bars(name, marks) for name, marks in by_thread.items()}
        short = SHORT
        while True:
            shown = {name: _crowded(found, short) for name, found in bars.items()}
            if short > picture.width or sum(len(a) + len(b) for a, b in shown.values()) <= MOST:
                break
            short *= 1.5
        for at, name in enumerate(story.threads):
            y = top + pitch * (at + 0.5)
            self._lane(name, y, colour(at), by_thread[name], *shown[name])
        for start, end in self.x.torn:
            passed = seconds(end - start)
            tip = f"{seconds(start)} to {seconds(end)}: {passed} in which nothing happens"
            picture.tear((self.x(start) + self.x(end)) / 2, top, bottom, passed, tip)
        picture.y = bottom + 4

    def folded(self) -> str:
        """What the chart left out, in words; empty if nothing."""
        parts = []
        if self.x.torn:
            passed = seconds(sum(end - start for start, end in self.x.torn))
            parts.append(f"{passed} in which nothing happens folded{_places(len(self.x.torn))}")
        if self.blocks:
            bars = f"{sum(self.blocks):,} short sleeps, waits and locks"
            parts.append(f"{bars} folded{_places(len(self.blocks))}")
        return " · ".join(parts)

    def _axis(self, top: float, bottom: float) -> None:
        """Round times, the ends of what is torn out, and the end, as far as they have room."""
        edges = [0.0, self.total, *(time for gap in self.x.torn for time in gap)]
        rounds: list[float] = []
        for start, end in pairwise(sorted(edges)):
            if (start, end) not in self.x.torn:
                rounds += ticks(start, end, self.x.pixels)
        taken: list[tuple[float, float]] = []
        for time in dict.fromkeys([*edges, *rounds]):
            x, half = self.x(time), width(seconds(time), SMALL) / 2
            if any(x - half < right + 8 and left - 8 < x + half for left, right in taken):
                continue
            taken.append((x - half, x + half))
            self.picture.add(
                "back",
                f'<path d="M{n(x)} {n(top)}V{n(bottom)}" {stroke("faint")} stroke-width="1.2"/>',
            )
            self.picture.text(x, top - 5, seconds(time), role="dim", size=SMALL, anchor="middle")

    def _lane(
        self,
        name: str,
        y: float,
        role: str,
        marks: list[Mark],
        single: list[_Bar],
        blocks: list[list[_Bar]],
    ) -> None:
        picture, pitch = self.picture, self.pitch
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
        life = self.story.lives.get(name)
        ends = [self.x(self._time(step, self.total)) for step in life or ()]
        if ends:
            picture.add(
                "back",
                f'<path d="M{n(ends[0])} {n(y)}H{n(ends[1])}" {stroke("life")} '
                'stroke-width="1.6"/>',
            )
        for bar in single:
            if bar.span:
                picture.extras["held"] = None
                picture.add(
                    "band",
                    f'<g><rect x="{n(bar.left - 2)}" y="{n(y - half - 1)}" '
                    f'width="{n(bar.right - bar.left + 4)}" height="{n(2 * half + 2)}" rx="7" '
                    f'{both(role)} fill-opacity=".13" stroke-width="1.4"/>'
                    f"<title>{escape(f'{name} holds {bar.span.name}')}</title></g>",
                )
        for bar in single:
            if bar.mark:
                inside = any(b.span and b.left <= bar.left and bar.right <= b.right for b in single)
                self._bar(bar, bar.mark, y, max(half - 5, 5) if inside else half, role)
        for block in blocks:
            self._block(name, block, y, half, role)
        for near in self._near(marks, blocks):
            self._point(near, y, role)
        for x in ends:
            picture.add(
                "band",
                f'<path d="M{n(x)} {n(y - half)}v{n(2 * half)}" {stroke(role)} '
                'stroke-width="2.4"/>',
            )

    def _bars(self, name: str, marks: Iterable[Mark]) -> list[_Bar]:
        """What a thread sleeps, waits for and holds, from left to right."""
        bars = [
            bar for span in self.story.held if span.thread == name and (bar := self._held(span))
        ]
        for mark in marks:
            if mark.event.time > mark.began or mark.stuck:
                kind = "sleep" if mark.event.kind == "sleep" else "wait"
                bars.append(_Bar(self.x(mark.began), self._place(mark), kind, mark))
        return sorted(bars, key=lambda bar: bar.left)

    def _bar(self, bar: _Bar, mark: Mark, y: float, half: float, role: str) -> None:
        picture = self.picture
        end = self.total if mark.stuck else mark.event.time
        left, right = bar.left + 2, bar.right - 2
        passed = seconds(end - mark.began)
        if bar.kind == "sleep":
            picture.extras["sleepbar"] = None
            piece = picture.dotted_bar(left, right, y, half, role)
            texts = [f"sleep {passed}", passed]
        else:
            picture.extras["waits"] = None
            piece = picture.hatched(left, right, y, max(half - 3, 5))
            texts = reason(mark)
        tip = f"{mark.event.thread}, {seconds(mark.began)} to {seconds(end)}: {texts[0]}"
        picture.add("band", f"<g>{piece}<title>{escape(tip)}</title></g>")
        self._inscribe(left, right, y, texts, tip)

    def _inscribe(self, left: float, right: float, y: float, texts: list[str], tip: str) -> None:
        """Write the longest of the texts that has room in a bar, beside what is torn out of it."""
        middles = [(self.x(start) + self.x(end)) / 2 for start, end in self.x.torn]
        edges = [left, *(x + d for x in middles if left < x < right for d in (-17, 17)), right]
        left, right = max(zip(edges[::2], edges[1::2], strict=True), key=lambda p: p[1] - p[0])
        room = right - left - (24 if self.pitch > LOW else 14)
        text = next((t for t in texts if width(t, LABEL) <= room), "")
        if not text:
            return
        wide = width(text, LABEL) + 12
        x = (left + right) / 2
        self.picture.add(
            "band",
            f'<rect x="{n(x - wide / 2)}" y="{n(y - 8)}" width="{n(wide)}" height="16" rx="8" '
            f"{fill('bg')}/>",
        )
        self.picture.text(x, y + 4, text, anchor="middle", tip=tip)

    def _block(self, name: str, bars: Sequence[_Bar], y: float, half: float, role: str) -> None:
        """One block for bars that are too short to be told apart."""
        self.blocks.append(len(bars))
        self.picture.extras["block"] = None
        left, right = bars[0].left, max(bar.right for bar in bars)
        kinds = Counter(bar.kind for bar in bars)
        words = [count(kinds[kind], kind) for kind in ("sleep", "wait", "lock") if kinds[kind]]
        tip = f"{name}: {together(words)}, each too short to be shown"
        self.picture.add(
            "band",
            f"<g>{self.picture.block(left, right, y, half - 2, role)}"
            f"<title>{escape(tip)}</title></g>",
        )
        self._inscribe(left, right, y, [", ".join(words), *words[:1]], tip)

    def _near(self, marks: Iterable[Mark], blocks: list[list[_Bar]]) -> Iterable[list[Mark]]:
        """The steps that a sign can stand for, those together that would lie on each other."""
        gone = [(block[0].left, max(bar.right for bar in block)) for block in blocks]
        near: list[Mark] = []
        for mark in marks:
            x = self._place(mark)
            if not mark.wrong and (
                self.pitch <= LOW
                or mark.event.kind in SIGNLESS
                or any(left < x < right for left, right in gone)
            ):
                continue
            if near and x - self._place(near[0]) >= APART:
                yield near
                near = []
            near.append(mark)
        if near:
            yield near

    def _place(self, mark: Mark) -> float:
        """Where a step lies; one that is never done, at the end."""
        return self.x(self.total if mark.stuck else mark.event.time)

    def _point(self, near: list[Mark], y: float, role: str) -> None:
        """The sign of a step, or the one of several."""
        picture = self.picture
        worst = [mark for mark in near if mark.wrong]
        mark = (worst or near)[-1]
        x = self._place(mark)
        tip = "\n".join(f"{seconds(m.event.time)}, {sentence(m)}" for m in near[:SEVERAL])
        if len(near) > SEVERAL:
            tip += f"\n… {count(len(near) - SEVERAL, 'more step')}"
        if mark.lost:
            picture.extras["lost"] = None
            drawn = cross(x, y)
        elif worst:
            picture.extras["stuck" if mark.stuck else "fatal"] = None
            drawn = fatal_sign(x, y)
        elif len(near) == 1:
            picture.kinds[mark.event.kind] = None
            drawn = sign(mark.event.kind, x, y)
        else:
            picture.extras["several"] = None
            drawn = several(x, y)
        picture.add(
            "front",
            f'<g {both(role)} stroke-width="0"><circle cx="{n(x)}" cy="{n(y)}" r="9" {fill("bg")}/>'
            f"{drawn}<title>{escape(tip)}</title></g>",
        )

    def _held(self, span: Span) -> _Bar | None:
        """From where to where a lock is held, if that takes time."""
        start = self._time(span.first, 0.0)
        stop = self.total if span.last is None else self._time(span.last, self.total)
        return _Bar(self.x(start), self.x(stop), "lock", span=span) if stop > start else None

    def _time(self, step: int, otherwise: float) -> float:
        """When the first step from this one on was done."""
        at = bisect_left(self.steps, step)
        return self.run.events[at].time if at < len(self.steps) else otherwise


def _places(number: int) -> str:
    return f" in {number} places" if number > 1 else ""


def _torn(gaps: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The gaps beside which all others together could not be seen, if there are few of them."""
    ranked = sorted(gaps, key=lambda gap: gap[0] - gap[1])
    sizes = [end - start for start, end in ranked]
    rest, whole = 0.0, sum(sizes)
    torn = 0
    for at in range(len(sizes) - 1, 0, -1):
        rest += sizes[at]
        if at <= GAPS and rest < SEEN * whole and sizes[at - 1] > 4 * sizes[at]:
            torn = max(torn, at)
    return sorted(ranked[:torn])


def _crowded(bars: Iterable[_Bar], short: float) -> tuple[list[_Bar], list[list[_Bar]]]:
    """The bars that are shown, and those that are too many and too short for that, as blocks."""
    single: list[_Bar] = []
    blocks: list[list[_Bar]] = []
    block: list[_Bar] = []
    for bar in [*bars, None]:
        near = bar is not None and (not block or bar.left - block[-1].right < short)
        if bar is not None and near and bar.right - bar.left < short:
            block.append(bar)
            continue
        if len(block) >= CROWD:
            blocks.append(block)
        else:
            single += block
        block = []
        if bar is None:
            continue
        if bar.right - bar.left < short:
            block.append(bar)
        else:
            single.append(bar)
    return single, blocks


def ticks(start: float, end: float, pixels: float) -> list[float]:
    """Round times between two times, where a second is so many pixels: one in 70 or more."""
    least = 70 / pixels if pixels else end - start
    unit = 10.0 ** math.floor(math.log10(least))
    step = next(unit * f for f in (1, 2, 2.5, 5, 10, 20) if unit * f >= least * 0.999)
    first = math.ceil(start / step - 1e-9)
    return [step * i for i in range(first, math.floor(end / step + 1e-9) + 1)]
