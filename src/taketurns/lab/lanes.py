"""The order of the steps on the horizontal axis, one lane per thread."""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from .canvas import LABEL, MARGIN, NAME, SMALL, VALUE, dotted, escape
from .marks import both, colour, cross, fatal_sign, fill, n, sign, stroke
from .measure import fit, width
from .story import Fold, Mark, Span, reason, seconds, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .canvas import Picture
    from .story import RunLike, Story

ROOM = 9.0  # between two texts on one line
BEYOND = 16.0  # so far a text may stand out of the gap that it is about
HALF = 11.0  # half the height of a lane's signs
HELD = 16.0  # half the height of a lane on which a lock is held
TERSE = 3
TEXTS = ((150, 130), (120, 110), (84, 96), (84, 110))  # widest label and value, by terseness
SPAN_TEXT = (150, 130, 84, 50)
LAYOUTS = (
    (0, 46),
    (0, 38),
    (1, 42),
    (1, 34),
    (2, 36),
    (2, 27),
    (3, 27),
    (3, 24),
)  # terseness and pitch
FEW_NAMES = 3  # so many names the legend can hold for the marks
MANY_QUIET = 3  # more threads without a sign in the picture share one line
CROWD = 9  # from so many threads on, lanes are low and marks are not labelled twice


@dataclass
class _Cell:
    """One column: a step, a fold, or the end at which threads are stuck."""

    item: Mark | Fold | None
    above: float  # half the width of the text above
    below: float
    x: float = 0.0


@dataclass
class _Row:
    """One line of the picture."""

    cells: list[_Cell]
    used: float


@dataclass
class _Lane:
    """One thread in one row."""

    y: float
    half: float
    top: float
    bottom: float


class Lanes:
    """Lays out and draws steps in their order."""

    def __init__(self, picture: Picture, run: RunLike, story: Story) -> None:
        self.picture = picture
        self.run = run
        self.story = story
        self.role = {name: colour(at) for at, name in enumerate(story.threads)}
        longest = max((width(name, NAME, bold=True) for name in story.threads), default=0)
        self.names = min(max(longest, 44.0), picture.width * 0.22)
        self.left = MARGIN + 18 + self.names + 16
        self.right = picture.width - MARGIN
        self.ends = [mark for mark in story.marks if mark.stuck]
        self.items = [item for item in story.items if not (isinstance(item, Mark) and item.stuck)]
        self.terse = 0
        self.pitch = 0.0
        self.crowded = len(story.threads) >= CROWD
        self.only = _only(story)
        self.rows: list[_Row] = []
        self.marks_of: dict[str, list[Mark]] = {}
        for mark in story.marks:
            self.marks_of.setdefault(mark.event.thread, []).append(mark)
        self.sizes: dict[tuple[int, int], tuple[float, float, float, float]] = {}
        self.edge = self.right
        shown = {_lane(item) for item in story.items} | {mark.event.thread for mark in self.ends}
        self.quiet = [
            name for name in story.threads[1:] if name in story.lives and name not in shown
        ]
        if len(self.quiet) <= MANY_QUIET:
            self.quiet = []
        self.held = [
            span
            for span in story.held
            if span.thread not in self.quiet and not _inside(span, story.items)
        ]

    # .. layout ..

    def draw(self) -> None:
        """Choose the wording that needs the fewest rows, and draw them."""
        best: tuple[int, int, list[_Row]] | None = None
        names = len({mark.name for mark in self.story.marks if mark.event.kind in self.only})
        few = names <= FEW_NAMES
        for terse, pitch in LAYOUTS:
            if (terse == TERSE and not few) or (self.crowded and terse < TERSE - (not few)):
                continue
            self.terse, self.pitch = terse, pitch
            rows = self._rows()
            fewer = best is None or len(rows) < len(best[2])
            if fewer or (terse == TERSE and best is not None and len(rows) == len(best[2])):
                best = terse, pitch, rows
            if len(rows) == 1:
                break
        assert best is not None
        self.terse, self.pitch, self.rows = best
        if not self.rows[0].cells:
            self._empty()
            return
        if self.terse == TERSE:
            self.picture.only = self.only
        if len(self.rows) > 1:
            self._balance()
        self._index()
        for at in range(len(self.rows)):
            self._draw_row(at)
            if at == 0 and self.quiet:
                self._draw_quiet()

    def _balance(self) -> None:
        """Spread the items evenly over the rows, so that the last is not nearly empty."""
        low, high = self.left + (self.right - self.left) / 4, self.right
        best = self.rows
        while high - low > 16:
            self.edge = (low + high) / 2
            rows = self._rows()
            if len(rows) == len(best):
                best, high = rows, self.edge
            else:
                low = self.edge
        self.edge, self.rows = self.right, best
        for row in best:
            self._stretch(row.cells)

    def _empty(self) -> None:
        self.picture.y += 18
        names = ", ".join(self.story.threads) or "no thread"
        self.picture.text(MARGIN, self.picture.y, f"No step was recorded ({names}).", role="dim")
        self.picture.y += 10

    def label(self, mark: Mark) -> str:
        """The text above a sign."""
        kind = mark.event.kind
        room = float(TEXTS[self.terse][0])
        if mark.fatal and kind == "raise":
            text, room = fatal_text(mark, self.run), (200, 160, 110, 110)[self.terse]
            if width(text, LABEL) > room:  # the message stands under the lanes too
                text = text.partition(":")[0]
            return fit(text, room, LABEL)
        if kind == "sleep" or (self.terse == TERSE and kind in self.only):
            return ""
        if self.terse == 0 or mark.more:
            text, room = mark.what, 150
        elif self.terse == 1:
            text = mark.what.removesuffix(mark.full) + mark.name if mark.full else mark.what
        elif kind in ("release", "wake", "pass"):
            text = ""
        else:
            text = mark.name or mark.what
        return fit_name(text, room)

    def value(self, mark: Mark) -> str:
        """The text below a sign."""
        return fit_value(mark.value, TEXTS[self.terse][1])

    def span_texts(self, mark: Mark) -> list[str]:
        """What may stand in the gap in which a thread waits or sleeps before this step."""
        event = mark.event
        if not mark.waited:
            return []
        if event.kind == "sleep":
            passed = seconds(event.time - mark.began)
            return [f"sleep {passed}", passed] if event.time > mark.began else ["sleep"]
        return reason(mark, self.story.nicknames if self.terse else None)

    def number(self, mark: Mark) -> str:
        """What stands for a mark on the axis."""
        last = f"–{mark.more[-1].event.step}" if mark.more else ""
        return f"{mark.event.step}{last}"

    def _size(self, mark: Mark) -> tuple[float, float, float, float]:
        """Half of what its texts above and below take, its numbers' width, and what its gap needs.

        The numbers are those of the step and of the line; no gap needs 0.
        """
        key = id(mark), self.terse
        if key not in self.sizes:
            line = "" if mark.event.line is None else str(mark.event.line)
            words = self.span_texts(mark)
            self.sizes[key] = (
                max(width(self.label(mark), LABEL) / 2, 9),
                max(width(self.value(mark), VALUE, mono=True) / 2, 9),
                max(width(self.number(mark), SMALL), width(line, SMALL)),
                min(width(words[0], LABEL), SPAN_TEXT[self.terse]) + 2 * ROOM if words else 0.0,
            )
        return self.sizes[key]

    def _rows(self) -> list[_Row]:
        """Place every item as far left as its texts allow; begin a new row when one is full."""
        rows: list[_Row] = []
        cells: list[_Cell] = []
        lanes: dict[str, _Cell] = {}
        previous: Mark | Fold | None = None
        wide = float(self.pitch)
        timed = self.run.elapsed > 0
        pending: list[Mark | Fold | None] = [*self.items, *([None] if self.ends else [])]
        for item in pending:
            if isinstance(item, Mark):
                above, below, _, _ = self._size(item)
                cell = _Cell(item, above, below)
            elif item is None:
                half = max(width(self.end_label(mark), LABEL) / 2 for mark in self.ends)
                cell = _Cell(None, max(half, 12), 9)
            elif item.lane:
                cell = _Cell(item, half := width(fold_text(item), SMALL) / 2 + 6, half)
            else:
                cell = _Cell(item, 22, 22)
            x = self._place(item, cell, cells, lanes, previous, wide, timed)
            if cells and x + max(cell.above, cell.below) > self.edge:
                rows.append(_Row(cells, cells[-1].x))
                cells, lanes, previous = [], {}, None
                x = self._place(item, cell, cells, lanes, previous, wide, timed)
            cell.x = min(x, self.right - max(cell.above, cell.below))
            cells.append(cell)
            if isinstance(item, Mark):
                lanes[item.event.thread] = cell
            previous = item
        rows.append(_Row(cells, cells[-1].x if cells else 0))
        if len(rows) == 1 and cells:
            self._stretch(cells)
        return rows

    def _place(
        self,
        item: Mark | Fold | None,
        cell: _Cell,
        cells: list[_Cell],
        lanes: dict[str, _Cell],
        previous: Mark | Fold | None,
        wide: float,
        timed: bool,
    ) -> float:
        reach = max(cell.above, cell.below)
        if not cells:
            return self.left + max(reach, 10)
        if isinstance(item, Mark) and isinstance(previous, Mark):
            wide = max(wide, (self._size(item)[2] + self._size(previous)[2]) / 2 + 7)
            if timed and item.event.time > previous.event.time:
                wide += 14
        x = cells[-1].x + wide
        if isinstance(previous, Fold) and previous.lane:
            x = max(x, cells[-1].x + cells[-1].above + 17)
        elif isinstance(previous, Fold):
            x = cells[-1].x + 24 + reach
        if isinstance(item, Fold) and item.lane:
            return max(x, cells[-1].x + cell.above + 17, self.left + reach)
        if isinstance(item, Fold):
            return max(x, max(c.x + max(c.above, c.below) for c in cells) + 24)
        comers = [item] if isinstance(item, Mark) else self.ends if item is None else []
        for mark in comers:
            near = lanes.get(mark.event.thread)
            if near is None:
                x = max(x, self.left + reach)
                if mark.waited:
                    near = next(
                        (
                            _Cell(None, 0, 0, c.x)
                            for c in reversed(cells)
                            if isinstance(c.item, Mark) and c.item.event.step < mark.event.since
                        ),
                        None,
                    )
                if near is None:
                    continue
            x = max(x, near.x + near.above + cell.above + ROOM)
            _, _, _, need = self._size(mark)
            if need:
                x = max(x, near.x + near.below + need + cell.below, near.x + 46)
            else:
                x = max(x, near.x + near.below + cell.below + ROOM)
        return x

    def _stretch(self, cells: list[_Cell]) -> None:
        """Use the room that a short run leaves, within reason."""
        last = cells[-1]
        first = cells[0].x
        room = self.right - max(last.above, last.below) - 6 - first
        used = last.x - first
        if used > 0 and room > used:
            factor = min(room / used, 1.6)
            for cell in cells:
                cell.x = first + (cell.x - first) * factor

    def _index(self) -> None:
        """Where each step is: row and x."""
        self.steps: list[int] = []
        self.places: list[tuple[int, float]] = []
        for at, row in enumerate(self.rows):
            for cell in row.cells:
                if isinstance(cell.item, Mark):
                    self.steps.append(cell.item.event.step)
                    self.places.append((at, cell.x))
                elif isinstance(cell.item, Fold):
                    half = cell.above if cell.item.lane else 12
                    self.steps += cell.item.first, cell.item.last
                    self.places += (at, cell.x - half), (at, cell.x + half)
        end = self.rows[-1].cells[-1]
        self.end = (len(self.rows) - 1, end.x)

    def _where(self, step: int) -> tuple[int, float]:
        """The place of the first shown step from `step` on."""
        at = bisect.bisect_left(self.steps, step)
        return self.places[at] if at < len(self.places) else self.end

    def _before(self, step: int) -> tuple[int, float]:
        """The place of the last shown step before `step`."""
        at = bisect.bisect_left(self.steps, step) - 1
        return self.places[at] if at >= 0 else (0, self.left - 12)

    def _part(
        self, start: tuple[int, float], stop: tuple[int, float], row: int
    ) -> tuple[float, float] | None:
        """Which part of a stretch from `start` to `stop` lies in a row."""
        if not start[0] <= row <= stop[0]:
            return None
        left = start[1] if start[0] == row else self.left - 8
        right = stop[1] if stop[0] == row else self.right
        return (left, right) if right > left else None

    # .. drawing ..

    def _draw_row(self, at: int) -> None:
        picture = self.picture
        row = self.rows[at]
        spans = self._spans(at)
        held = [
            (span, part) for span in self.held if (part := self._held_part(span, at)) is not None
        ]
        self._spans_here = spans
        threads = self._threads(at, spans, held)
        if at:
            picture.y += 6
            picture.text(MARGIN, picture.y + 10, "… continued", role="dim", size=11)
            picture.y += 18 if self.crowded else 14
        if self.run.elapsed > 0:
            picture.y += 14
        top = picture.y
        lanes = self._measure(row, threads, spans, held)
        bottom = picture.y
        self._draw_focus(at, lanes)
        self._draw_lanes(at, lanes)
        for span, part in held:
            self._draw_held(span, part, lanes[span.thread])
        for mark, part in spans:
            self._draw_span(mark, part, lanes[mark.event.thread], row)
        self._draw_runs(row, lanes)
        self._draw_times(at, top, bottom)
        self._draw_hands(at, lanes)
        for cell in row.cells:
            if isinstance(cell.item, Mark):
                self._draw_mark(cell, cell.item, lanes[cell.item.event.thread])
            elif isinstance(cell.item, Fold):
                self._draw_fold(cell, cell.item, lanes, top, bottom)
            else:
                for mark in self.ends:
                    self._draw_end(cell, mark, lanes[mark.event.thread])
        self._draw_axis(row)

    def _threads(
        self,
        at: int,
        spans: list[tuple[Mark, tuple[float, float]]],
        held: list[tuple[Span, tuple[float, float]]],
    ) -> list[str]:
        """Who has a lane in this row: everybody, or who takes part if there are several rows."""
        if len(self.rows) == 1:
            return [name for name in self.story.threads if name not in self.quiet]
        busy = {
            cell.item.event.thread for cell in self.rows[at].cells if isinstance(cell.item, Mark)
        }
        busy |= {_lane(cell.item) for cell in self.rows[at].cells}
        busy |= {mark.event.thread for mark, _ in spans} | {span.thread for span, _ in held}
        if any(cell.item is None for cell in self.rows[at].cells):
            busy |= {mark.event.thread for mark in self.ends}
        if at == 0:
            busy |= {name for name in self.story.threads if name not in self.story.lives}
            shown = {mark.event.thread for mark in self.story.marks}
            busy |= {name for name in self.story.threads if name not in shown}
        return [name for name in self.story.threads if name in busy and name not in self.quiet]

    def _spans(self, at: int) -> list[tuple[Mark, tuple[float, float]]]:
        """The waits and sleeps of this row."""
        result = []
        last: dict[str, tuple[int, float]] = {}
        for mark in [*self.items, *self.ends]:
            if isinstance(mark, Fold):
                last.update(dict.fromkeys(mark.threads, self._where(mark.last)))
                continue
            event = mark.event
            stop = self.end if mark.stuck else self._where(event.step)
            if mark.waited:
                start = last.get(event.thread)
                if start is None:
                    start = self._before(event.since)
                part = self._part(start, stop, at)
                if part is not None:
                    left, right = part
                    if start[0] == at:
                        left += 12
                    if stop[0] == at:
                        right -= 11
                    if right - left > 3:
                        result.append((mark, (left, right)))
            last[event.thread] = stop
        return result

    def _held_part(self, span: Span, at: int) -> tuple[float, float] | None:
        start = self._where(span.first)
        stop = self.end if span.last is None else self._where(span.last)
        part = self._part(start, stop, at)
        if part is None:
            if span.last is None and start == stop and start[0] == at:
                part = (start[1], start[1])
            else:
                return None
        pad = 12.0 - 3 * min(span.depth, 2)
        return (
            part[0] - (pad if start[0] == at else 0),
            part[1] + (pad if stop[0] == at else 0),
        )

    def _measure(
        self,
        row: _Row,
        threads: list[str],
        spans: list[tuple[Mark, tuple[float, float]]],
        held: list[tuple[Span, tuple[float, float]]],
    ) -> dict[str, _Lane]:
        """Give each lane the height that its texts need."""
        above = {
            c.item.event.thread
            for c in row.cells
            if isinstance(c.item, Mark) and self.label(c.item)
        }
        below = {
            c.item.event.thread
            for c in row.cells
            if isinstance(c.item, Mark) and self.value(c.item)
        }
        if any(cell.item is None for cell in row.cells):
            above |= {mark.event.thread for mark in self.ends}
        below |= {mark.event.thread for mark, _ in spans}
        locked = {span.thread for span, _ in held}
        lanes = {}
        y = self.picture.y
        for name in threads:
            half = HELD if name in locked else HALF
            gap = 2 if self.crowded else 6
            top = y
            y += gap + (16 if name in above else 0) + half
            middle = y
            y += half + (16 if name in below else 0) + gap
            lanes[name] = _Lane(middle, half, top, y)
        self.picture.y = y
        return lanes

    def _draw_focus(self, at: int, lanes: dict[str, _Lane]) -> None:
        story = self.story
        self._hot = (0.0, 0.0, 0.0, 0.0)
        if story.focus is None:
            return
        start, stop = self._where(story.focus[0]), self._where(story.focus[1])
        part = self._part((start[0], start[1] - 0.1), stop, at)
        inside = [lanes[name] for name in story.focus_threads if name in lanes]
        if part is None or not inside:
            return
        reach = 0.0
        for cell in self.rows[at].cells:
            if isinstance(cell.item, Mark) and cell.item.event.step in story.focus:
                reach = max(reach, cell.above, cell.below)
        left = max(part[0] - reach - 6, self.left - 10) if start[0] == at else part[0]
        right = min(part[1] + reach + 6, self.right + 6) if stop[0] == at else part[1]
        top = min(lane.top for lane in inside)
        bottom = max(lane.bottom for lane in inside)
        self._hot = (left, top, right, bottom)
        self.picture.add(
            "back",
            f'<rect x="{n(left)}" y="{n(top)}" width="{n(right - left)}" '
            f'height="{n(bottom - top)}" rx="10" {fill("hot")}/>',
        )

    def _draw_lanes(self, at: int, lanes: dict[str, _Lane]) -> None:
        picture, story = self.picture, self.story
        chip = 9 if self.crowded else 12
        for name, lane in lanes.items():
            role = self.role[name]
            y = lane.y
            picture.add(
                "back",
                f'<path d="M{n(self.left - 8)} {n(y)}H{n(self.right)}" {stroke("faint")} '
                'stroke-width="1.2" stroke-dasharray="2 4"/>',
            )
            life = story.lives.get(name)
            if life is not None:
                main = name == story.threads[0]
                stop = self._last_sign(name, life[1])
                start = (0, self.left - 8) if main else self._birth(name, life[0])
                part = self._part(start, stop, at)
                if part is not None:
                    picture.add(
                        "back",
                        f'<path d="M{n(part[0])} {n(y)}H{n(part[1])}" {stroke("life")} '
                        'stroke-width="1.6"/>',
                    )
                    if start[0] == at and not main:
                        picture.add(
                            "back",
                            f'<path d="M{n(part[0])} {n(y - 5)}v10" {stroke("life")} '
                            'stroke-width="1.6"/>',
                        )
            picture.add(
                "back",
                f'<rect x="{n(MARGIN)}" y="{n(y - chip)}" width="8" height="{n(2 * chip)}" rx="3" '
                f"{fill(role)}/>",
            )
            picture.text(
                MARGIN + 18,
                y + 4.7,
                fit(name, self.names, NAME, bold=True),
                size=NAME,
                bold=True,
                tip=name,
            )

    def _birth(self, name: str, step: int) -> tuple[int, float]:
        """Where the life of a thread begins in the picture."""
        own = next(iter(self.marks_of.get(name, [])), None)
        row, x = self._where(step)
        if own and not own.waited and self._where(own.event.step) == (row, x):
            return row, x - 14
        row, x = self._before(step)
        return row, x + 12

    def _last_sign(self, name: str, step: int) -> tuple[int, float]:
        """Where the life of a thread ends in the picture."""
        if any(mark.event.thread == name for mark in self.ends):
            return self.end
        row, x = self._where(step)
        own = self.marks_of.get(name)
        if own and step not in self.steps:  # its end is not drawn as a sign
            last, end = self._where(own[-1].event.step)
            return min((last, end + 14), (row, x)) if row == last else (last, end + 14)
        return row, x

    def _draw_held(self, span: Span, part: tuple[float, float], lane: _Lane) -> None:
        half = max(lane.half - 2 - 4 * span.depth, 8)
        tip = f"{span.thread} holds {span.name}"
        self.picture.extras["held"] = None
        self.picture.add(
            "band",
            f'<g><rect x="{n(part[0])}" y="{n(lane.y - half)}" width="{n(part[1] - part[0])}" '
            f'height="{n(2 * half)}" rx="7" {both(self.role[span.thread])} fill-opacity=".13" '
            f'stroke-width="1.4"/><title>{escape(tip)}</title></g>',
        )

    def _draw_span(self, mark: Mark, part: tuple[float, float], lane: _Lane, row: _Row) -> None:
        picture = self.picture
        left, right = part
        words = self.span_texts(mark)
        if mark.event.kind == "sleep":
            picture.extras["sleeps"] = None
            piece = dotted(left + 4, right - 2, lane.y, self.role[mark.event.thread])
        else:
            picture.extras["waits"] = None
            piece = picture.hatched(left, right, lane.y, 5)
        tip = f"{mark.event.thread} {words[0]}"
        picture.add("band", f"<g>{piece}<title>{escape(tip)}</title></g>")
        values = [
            (cell.x, cell.below)
            for cell in row.cells
            if isinstance(cell.item, Mark)
            and cell.item.event.thread == mark.event.thread
            and self.value(cell.item)
        ]
        folds = [c.x for c in row.cells if isinstance(c.item, Fold) and not c.item.lane]
        edges = [left, *(x + d for x in folds if left < x < right for d in (-19, 19)), right]
        # The words stand in the widest part that no fold cuts.
        left, right = max(zip(edges[::2], edges[1::2], strict=True), key=lambda p: p[1] - p[0])
        middle = (left + right) / 2
        low = max([self.left, *(x + half + ROOM for x, half in values if x < middle)])
        high = min([self.right, *(x - half - ROOM for x, half in values if x > middle)])
        others = [
            part
            for other, part in self._spans_here
            if other.event.thread == mark.event.thread and other is not mark
        ]
        low = max([low, *((end + left) / 2 + 4 for _, end in others if end <= left)])
        high = min([high, *((begin + right) / 2 - 4 for begin, _ in others if begin >= right)])
        low = max([low, *(x + 19 for x in folds if x < middle)])
        high = min([high, *(x - 19 for x in folds if x > middle)])
        room = min(2 * min(middle - low, high - middle), right - left + 2 * BEYOND)
        picture.text(
            middle,
            lane.y + lane.half + 11,
            next((text for text in words if width(text, LABEL) <= room), ""),
            role="dim",
            anchor="middle",
            halo=self._ground(middle, lane.y),
            tip=words[0],
        )

    def _draw_runs(self, row: _Row, lanes: dict[str, _Lane]) -> None:
        """The stretches in which one thread goes on without a switch."""
        start: _Cell | None = None
        last: _Cell | None = None
        for cell in [*row.cells, _Cell(None, 0, 0)]:
            item = cell.item
            thread = _lane(item)
            same = last is not None and thread and thread == _lane(last.item)
            if not same or (isinstance(item, Mark) and item.waited):
                if start is not None and last is not None and last is not start:
                    name = _lane(start.item)
                    y = lanes[name].y
                    self.picture.add(
                        "band",
                        f'<path d="M{n(start.x)} {n(y)}H{n(last.x)}" {stroke(self.role[name])} '
                        'stroke-width="8" stroke-linecap="round" stroke-opacity=".28"/>',
                    )
                start = cell if thread else None
            last = cell if thread else None

    def _draw_times(self, at: int, top: float, bottom: float) -> None:
        """Where virtual time passes."""
        if not self.run.elapsed > 0:
            return
        picture = self.picture
        cells = [cell for cell in self.rows[at].cells if isinstance(cell.item, Mark)]
        edge = 0.0
        last: float | None = None
        if at:
            earlier = [c.item for c in self.rows[at - 1].cells if isinstance(c.item, Mark)]
            last = earlier[-1].event.time if earlier else None
        for cell in cells:
            assert isinstance(cell.item, Mark)
            now = cell.item.event.time
            if last is None or now > last:
                x = max(cell.x - 14, self.left - 8)
                text = seconds(now)
                half = width(text, SMALL) / 2
                if x - half > edge:
                    picture.text(
                        max(x, self.left - 8 + half * (last is None)),
                        top - 4,
                        text,
                        role="dim",
                        size=SMALL,
                        anchor="middle",
                    )
                    edge = x + half + 6
                if last is not None:
                    picture.extras["time"] = None
                    picture.add(
                        "back",
                        f'<path d="M{n(x)} {n(top)}V{n(bottom)}" {stroke("dim")} '
                        'stroke-width="1.2" stroke-dasharray="1 3"/>',
                    )
            last = now

    def _draw_hands(self, at: int, lanes: dict[str, _Lane]) -> None:
        """From each step to the next, where another thread goes on."""
        cells = self.rows[at].cells
        pieces = []
        for one, two in pairwise(cells):
            a, b = _lane(one.item), _lane(two.item)
            if not a or not b or a == b:
                continue
            ya, yb = lanes[a].y, lanes[b].y
            x = one.x + (9 if isinstance(one.item, Mark) else one.above + 1)
            to = two.x - (11 if isinstance(two.item, Mark) else two.above + 3)
            down = yb > ya  # then it passes the value of the one and the label of the other
            low = one.x + (one.below if down else one.above) + 2
            high = two.x - (two.above if down else two.below) - 2
            drop = (x + to) / 2
            drop = (low + high) / 2 if low > high else min(max(drop, low), high)
            drop = min(max(drop, x + 5), to - 5)
            pieces.append(
                f'<path d="M{n(x)} {n(ya)}C{n(drop)} {n(ya)} {n(drop)} {n(yb)} '
                f'{n(to)} {n(yb)}" stroke-dasharray="3 3"/>'
                f'<path d="M{n(to - 3)} {n(yb - 3)}l4 3 -4 3"/>'
            )
        if pieces:
            self.picture.extras["hand"] = None
            self.picture.add(
                "hand", f'<g {stroke("hand")} stroke-width="1.3">{"".join(pieces)}</g>'
            )

    def _draw_mark(self, cell: _Cell, mark: Mark, lane: _Lane) -> None:
        picture = self.picture
        event = mark.event
        tip = f"step {event.step}, {sentence(mark)}"
        if event.line is not None:
            tip += f"\nline {event.line}: {event.code or ''}"
        if mark.fatal and event.kind == "raise":
            drawn = fatal_sign(cell.x, lane.y)
        else:
            drawn = sign(event.kind, cell.x, lane.y)
            picture.kinds[event.kind] = None
            if mark.lost:
                drawn += cross(cell.x, lane.y)
                picture.extras["lost"] = None
            if mark.fatal:
                drawn += (
                    f'<g transform="translate({n(cell.x)} {n(lane.y - 17)})">{fatal_sign(0, 0)}</g>'
                )
        if mark.fatal:
            picture.extras["fatal"] = None
        picture.add(
            "front",
            f'<g {both(self.role[event.thread])} stroke-width="0">{drawn}'
            f"<title>{escape(tip)}</title></g>",
        )
        wrong = mark.wrong
        ground = self._ground(cell.x, lane.y)
        raised = 19 if mark.fatal and event.kind != "raise" else 0
        picture.text(
            cell.x,
            lane.y - lane.half - 5 - raised,
            self.label(mark),
            role="bad" if wrong else "ink",
            anchor="middle",
            halo=ground,
        )
        picture.text(
            cell.x,
            lane.y + lane.half + 11,
            self.value(mark),
            role="bad" if wrong else "ink",
            size=VALUE,
            mono=True,
            anchor="middle",
            halo=ground,
            tip=mark.value,
        )

    def _ground(self, x: float, y: float) -> str:
        """The role of what lies behind a text: the focus or the page."""
        left, top, right, bottom = self._hot
        return "hot" if left < x < right and top < y < bottom else "bg"

    def end_label(self, mark: Mark) -> str:
        """What stands over the end at which a thread is stuck."""
        return fit(mark.event.code or mark.what, TEXTS[self.terse][0], LABEL)

    def _draw_end(self, cell: _Cell, mark: Mark, lane: _Lane) -> None:
        self.picture.extras["stuck"] = None
        tip = sentence(mark)
        self.picture.add(
            "front",
            f"<g>{fatal_sign(cell.x, lane.y)}<title>{escape(tip)}</title></g>",
        )
        self.picture.text(
            cell.x,
            lane.y - lane.half - 5,
            self.end_label(mark),
            role="bad",
            anchor="middle",
            halo="bg",
        )

    def _draw_fold(
        self, cell: _Cell, fold: Fold, lanes: dict[str, _Lane], top: float, bottom: float
    ) -> None:
        picture = self.picture
        x = cell.x
        tip = f"steps {fold.first} to {fold.last}: {fold.text}"
        if not fold.lane:
            text = f"{fold.count:,} steps"
            if bottom - top < width(text, 11) + 4:
                text = f"{fold.count:,}"
            picture.tear(x, top, bottom, text, tip)
            return
        picture.extras["folded"] = None
        y, half = lanes[fold.lane].y, cell.above
        shape = picture.block(x - half, x + half, y, 8, self.role[fold.lane])
        picture.add("front", f"<g>{shape}<title>{escape(tip)}</title></g>")
        picture.text(x, y + 3.5, fold_text(fold), size=SMALL, anchor="middle", tip=tip)

    def _draw_quiet(self) -> None:
        """One line for the threads that have no sign in the picture."""
        self.picture.y += 14
        names = ", ".join(self.quiet)
        text = f"{len(self.quiet)} more threads, of which every step is folded: {names}"
        room = self.right - MARGIN - 18
        self.picture.text(
            MARGIN + 18,
            self.picture.y,
            fit(text, room, 11),
            role="dim",
            size=11,
            tip="\n".join(self.quiet),
        )
        self.picture.y += 6

    def _draw_axis(self, row: _Row) -> None:
        """The number of each step and the line that it is on."""
        picture = self.picture
        marks = [(cell.x, cell.item) for cell in row.cells if isinstance(cell.item, Mark)]
        lined = any(mark.event.line is not None for _, mark in marks)
        picture.y += 12
        picture.text(self.left - 14, picture.y, "step", role="dim", size=SMALL, anchor="end")
        for x, mark in marks:
            picture.text(
                x,
                picture.y,
                self.number(mark),
                role="dim",
                size=SMALL,
                anchor="middle",
            )
        if lined:
            picture.y += 14
            picture.text(self.left - 14, picture.y, "line", role="dim", size=SMALL, anchor="end")
            for x, mark in marks:
                if mark.event.line is not None:
                    picture.text(
                        x, picture.y, str(mark.event.line), role="dim", size=SMALL, anchor="middle"
                    )
        picture.y += 8


def _only(story: Story) -> dict[str, str]:
    """The kinds of steps that all have one and the same target: the legend can name it."""
    targets: dict[str, set[str]] = {}
    for mark in story.marks:
        if mark.event.kind not in ("start", "join", "raise", "caught", "blocked", "sleep"):
            text = mark.what.removesuffix(mark.full) + mark.name if mark.full else mark.what
            targets.setdefault(mark.event.kind, set()).add(text)
    return {kind: next(iter(names)) for kind, names in targets.items() if len(names) == 1}


def _lane(item: Mark | Fold | None) -> str:
    """The thread whose lane an item is drawn on; none for the end and for a fold of several."""
    return item.event.thread if isinstance(item, Mark) else item.lane if item else ""


def _inside(span: Span, items: Iterable[Mark | Fold]) -> bool:
    """Whether a lock was taken and given back in one fold."""
    last = span.last
    return last is not None and any(
        isinstance(item, Fold) and item.first <= span.first and last <= item.last for item in items
    )


def fold_text(fold: Fold) -> str:
    """What stands on a fold: `24 steps`, or `6 × 4 steps` of a loop."""
    if fold.turns:
        return f"{fold.turns:,} × {fold.count // fold.turns} steps"
    return f"{fold.count:,} steps"


def fatal_text(mark: Mark, run: RunLike) -> str:
    """What stands over the moment that decided the run."""
    code = mark.event.code or ""
    if code.startswith("assert"):
        return re.split(r""", *[fr]?["']""", code)[0]
    return mark.event.target or code or run.verdict


def fit_name(name: str, room: float) -> str:
    """A name in so much room, with the number that tells it from others of that name."""
    start, mark, number = name.rpartition(" #")
    if not mark or width(name, LABEL) <= room:
        return fit(name, room, LABEL)
    return fit(start, room - width(mark + number, LABEL), LABEL) + mark + number


def fit_value(value: str, room: float) -> str:
    """`before → after` in so much room, shortening both sides alike."""
    if width(value, VALUE, mono=True) <= room:
        return value
    before, arrow, after = value.partition(" → ")
    if not arrow:
        return fit(value, room, VALUE, mono=True)
    half = (room - width(arrow, VALUE, mono=True)) / 2
    spare = max(half - width(before, VALUE, mono=True), 0)
    right = fit(after, half + spare, VALUE, mono=True)
    spare = max(half - width(right, VALUE, mono=True), 0)
    return fit(before, half + spare, VALUE, mono=True) + arrow + right
