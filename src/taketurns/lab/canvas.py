"""A picture under construction: its head and foot, its texts, and how it becomes SVG."""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .marks import LEGEND, MARKER, ROLES, both, cross, fatal_sign, fill, n, several, sign, stroke
from .measure import fit, width, wrap

if TYPE_CHECKING:
    from .story import RunLike, Story

MARGIN = 20.0
LABEL, VALUE, NAME, SMALL = 11.5, 12.0, 13.5, 11.0  # font sizes
_SANS = "system-ui, sans-serif"
_MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"
# Of a <pre>: long lines scroll, by the keyboard too, and do not widen what is around them.
SCROLLS = (
    'tabindex="0" style="overflow-x:auto;white-space:pre;contain:inline-size;line-height:1.45"'
)
_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010fffd]")


@dataclass
class Picture:
    """Collects what is drawn, in layers, and writes it out."""

    width: float
    y: float = 0.0
    layers: dict[str, list[str]] = field(default_factory=dict)
    texts: dict[tuple[str, float, bool, bool, str, str], list[str]] = field(default_factory=dict)
    kinds: dict[str, None] = field(default_factory=dict)
    extras: dict[str, None] = field(default_factory=dict)
    hatch: bool = False
    title: str = ""
    only: dict[str, str] = field(default_factory=dict)

    def add(self, layer: str, piece: str) -> None:
        """Draw on one of the layers back, band, hand, front."""
        self.layers.setdefault(layer, []).append(piece)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        role: str = "ink",
        size: float = LABEL,
        mono: bool = False,
        bold: bool = False,
        anchor: str = "start",
        halo: str = "",
        tip: str = "",
        turn: bool = False,
    ) -> None:
        """Write a text; `halo` is the role of the ground that it hides lines with."""
        if not text:
            return
        inner = escape(text) + (f"<title>{escape(tip)}</title>" if tip and tip != text else "")
        place = f'x="{n(x)}" y="{n(y)}"'
        if turn:
            place += f' transform="rotate(-90 {n(x)} {n(y)})"'
        style = (role, size, mono, bold, anchor, halo)
        self.texts.setdefault(style, []).append(f"<text {place}>{inner}</text>")

    def head(self, title: str, subtitle: str) -> None:
        """The title and the line under it."""
        self.title = title
        room = self.width - 2 * MARGIN
        self.y = 12.0
        for line in wrap(title, room, 15, 2, bold=True):
            self.y += 19
            self.text(MARGIN, self.y, line, size=15, bold=True, tip=title if "…" in line else "")
        for line in wrap(subtitle, room, 12, 2):
            self.y += 18
            self.text(
                MARGIN, self.y, line, role="dim", size=12, tip=subtitle if "…" in line else ""
            )
        self.y += 12

    def message(self, run: RunLike) -> None:
        """What was wrong, in words, under the lanes."""
        if run.verdict == "ok" or not run.message:
            return
        room = self.width - 2 * MARGIN - 46
        lines = wrap(run.message, room, 12.5, 5)
        if not lines:
            return
        height = 16 * len(lines) + 16
        self.y += 4
        self.add(
            "back",
            f'<rect x="{n(MARGIN)}" y="{n(self.y)}" width="{n(self.width - 2 * MARGIN)}" '
            f'height="{n(height)}" rx="7" {fill("hot")}/>',
        )
        self.add("front", fatal_sign(MARGIN + 19, self.y + 18))
        for at, line in enumerate(lines):
            self.text(
                MARGIN + 38,
                self.y + 21 + 16 * at,
                line,
                role="bad",
                size=12.5,
                tip=run.message if "…" in line else "",
            )
        self.y += height + 6

    def lines(self, story: Story) -> None:
        """The learner's own lines in which it happened."""
        wanted = story.marks
        if story.focus:
            first, last = story.focus
            wanted = [m for m in wanted if first <= m.event.step <= last or m.fatal]
        ranked = sorted(
            (m for m in wanted if m.event.line is not None and m.event.code),
            key=lambda m: (not (m.fatal or m.stuck), not m.lost, m.event.step),
        )
        found = {(m.event.file, m.event.line): m.event.code or "" for m in ranked}
        listed = sorted(
            list(found.items())[:4], key=lambda item: (item[0][0] or "", item[0][1] or 0)
        )
        if not listed:
            return
        number = max(width(str(line), 11, mono=True) for (_, line), _ in listed)
        self.y += 4
        for (_, line), code in listed:
            self.y += 16
            self.text(
                MARGIN + 30 + number,
                self.y,
                str(line),
                role="dim",
                size=11,
                mono=True,
                anchor="end",
            )
            room = self.width - 2 * MARGIN - 44 - number
            shown = fit(code, room, 11.5, mono=True)
            self.text(MARGIN + 42 + number, self.y, shown, size=11.5, mono=True, tip=code)
            if line == listed[0][0][1]:
                self.text(MARGIN, self.y, "line", role="dim", size=SMALL)
        self.y += 6

    def foot(self, folded: str) -> None:
        """The legend of the signs that occur, and what was folded."""
        x, right = MARGIN, self.width - MARGIN
        self.y += 22
        entries: dict[str, str] = {}
        order = list(LEGEND)
        for kind in sorted(self.kinds, key=lambda k: order.index(k) if k in order else len(order)):
            text = LEGEND.get(kind, kind)
            if self.only.get(kind):
                text = self.only[kind]
            entries.setdefault(text, kind)
        words = list(entries.items()) + [
            (text, key) for key, text in _EXTRAS.items() if key in self.extras
        ]
        for text, kind in words:
            wide = 30 if kind in _WIDE else 18
            needed = wide + width(text, 11)
            if x > MARGIN and x + needed > right:
                x = MARGIN
                self.y += 19
            self._key(kind, x, self.y - 4)
            self.text(x + wide, self.y, text, role="dim", size=11)
            x += needed + 16
        if folded:
            needed = width(folded, 11)
            if x > MARGIN and x + needed > right:
                x, self.y = MARGIN, self.y + 19
            self.text(right, self.y, folded, role="dim", size=11, anchor="end")
        self.y += 14

    def _key(self, kind: str, x: float, y: float) -> None:
        if kind in ("fatal", "stuck"):
            piece = f'<g transform="translate({n(x + 7)} {n(y)}) scale(.72)">{fatal_sign(0, 0)}</g>'
        elif kind == "lost":
            piece = f'<g transform="translate({n(x + 7)} {n(y)}) scale(.7)">{cross(0, 0)}</g>'
        elif kind == "held":
            piece = (
                f'<rect x="{n(x + 1)}" y="{n(y - 6)}" width="22" height="12" rx="5" '
                f'{both("c0")} fill-opacity=".14" stroke-width="1.4"/>'
            )
        elif kind in ("folded", "block"):
            piece = self.block(x, x + 24, y, 6, "c0")
        elif kind == "several":
            piece = f'<g {both("c0")} stroke-width="0">{several(x + 7, y)}</g>'
        elif kind == "torn":
            zigzag = "".join(f"M{n(x + side)} {n(y - 7)}l3 5 -3 5 3 5" for side in (1, 10))
            piece = f'<path d="{zigzag}" {stroke("life")} stroke-width="1.2"/>'
        elif kind == "waits":
            piece = self.hatched(x, x + 24, y, 5)
        elif kind == "sleeps":
            piece = dotted(x + 3, x + 24, y, "c0")
        elif kind == "sleepbar":
            piece = self.dotted_bar(x, x + 24, y, 6, "c0")
        elif kind == "hand":
            piece = (
                f'<path d="M{n(x + 1)} {n(y - 5)}c12 0,6 10,19 10" {stroke("hand")} '
                'stroke-width="1.4" stroke-dasharray="3 3"/>'
            )
        elif kind == "time":
            piece = (
                f'<path d="M{n(x + 8)} {n(y - 7)}v14" {stroke("dim")} stroke-width="1.2" '
                'stroke-dasharray="1 3"/>'
            )
        else:
            piece = (
                f'<g {both("c0")} stroke-width="0" transform="translate({n(x + 7)} {n(y)}) '
                f'scale(.8)">{sign(kind, 0, 0)}</g>'
            )
        self.add("front", piece)

    def hatched(self, left: float, right: float, y: float, half: float) -> str:
        """A gap in which a thread waits."""
        self.hatch = True
        return (
            f'<rect x="{n(left)}" y="{n(y - half)}" width="{n(max(right - left, 2))}" '
            f'height="{n(2 * half)}" rx="3" fill="url(#{MARKER}h)" '
            f'class="{MARKER}l-life" stroke="{ROLES["life"][0]}" stroke-width="1"/>'
        )

    def dotted_bar(self, left: float, right: float, y: float, half: float, role: str) -> str:
        """A time for which a thread sleeps, as a bar."""
        inner = dotted(left + 6, right - 4, y, role) if right - left > 14 else ""
        return (
            f'<rect x="{n(left)}" y="{n(y - half)}" width="{n(max(right - left, 2))}" '
            f'height="{n(2 * half)}" rx="5" {both(role)} fill-opacity=".13" stroke-width="1.4"/>'
            + inner
        )

    def block(self, left: float, right: float, y: float, half: float, role: str) -> str:
        """What stands for several things of one thread that are folded."""
        place = (
            f'x="{n(left)}" y="{n(y - half)}" width="{n(max(right - left, 8))}" '
            f'height="{n(2 * half)}" rx="{n(min(half, 8))}"'
        )
        return (
            f'<rect {place} {fill("bg")}/><rect {place} {stroke(role)} stroke-width="1.2" '
            'stroke-dasharray="3 2"/>'
        )

    def tear(self, x: float, top: float, bottom: float, text: str, tip: str) -> None:
        """Where a part of every lane is torn out, with how much that was."""
        self.extras["torn"] = None
        zigzag = []
        for side in (-15.0, 15.0):
            points = [f"M{n(x + side - 2)} {n(top)}"]
            y, turn = top, 4
            while y + 7 <= bottom:
                points.append(f"l{turn} 7")
                turn = -turn
                y += 7
            zigzag.append("".join(points))
        self.add(
            "band",
            f'<g><rect x="{n(x - 15)}" y="{n(top)}" width="30" height="{n(bottom - top)}" '
            f'{fill("bg")}/><path d="{"".join(zigzag)}" {stroke("life")} stroke-width="1.2"/>'
            f"<title>{escape(tip)}</title></g>",
        )
        if bottom - top > width(text, 11) + 4:
            self.text(
                x + 4,
                (top + bottom) / 2,
                text,
                role="dim",
                size=11,
                anchor="middle",
                turn=True,
                tip=tip,
            )

    def svg(self, described: str) -> str:
        """The finished picture."""
        wide, high = n(self.width), n(round(self.y))
        body = [
            f'<rect width="{wide}" height="{high}" rx="8" {fill("bg")}/>',
            *self.layers.get("back", ()),
            *self.layers.get("band", ()),
            *self.layers.get("hand", ()),
            *self.layers.get("front", ()),
        ]
        for (role, size, mono, bold, anchor, halo), texts in sorted(self.texts.items()):
            attributes = f'{fill(role)} font-size="{size:g}"'
            if halo:
                attributes = (
                    f'class="{MARKER}f-{role} {MARKER}l-{halo}" fill="{ROLES[role][0]}" '
                    f'font-size="{size:g}" stroke="{ROLES[halo][0]}" stroke-width="3.5" '
                    'stroke-linejoin="round" paint-order="stroke"'
                )
            if mono:
                attributes += f' font-family="{_MONO}"'
            if bold:
                attributes += ' font-weight="600"'
            if anchor != "start":
                attributes += f' text-anchor="{anchor}"'
            body.append(f"<g {attributes}>{''.join(texts)}</g>")
        defs = ""
        if self.hatch:
            defs = (
                f'<defs><pattern id="{MARKER}h" width="6" height="6" '
                'patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
                f'<rect width="6" height="6" {fill("bg")}/>'
                f'<path d="M0 0v6" {stroke("life")} stroke-width="2.4"/></pattern></defs>'
            )
        text = "\n".join(body)
        whole = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="{MARKER}" viewBox="0 0 {wide} {high}" '
            f'width="{wide}" height="{high}" role="img" aria-labelledby="{MARKER}t {MARKER}d" '
            f'font-family="{_SANS}" style="max-width:100%;height:auto">\n'
            f'<title id="{MARKER}t">{escape(self.title)}</title>'
            f'<desc id="{MARKER}d">{escape(described)}</desc>\n'
            f"<style>{_style(defs + text)}</style>\n{defs}\n{text}\n</svg>\n"
        )
        digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
        return whole.replace(MARKER, f"tt{digest}")


_EXTRAS = {
    "hand": "the next thread goes on",
    "held": "holds a lock",
    "waits": "waits",
    "sleeps": "sleeps",
    "sleepbar": "sleeps",
    "time": "time passes",
    "lost": "overwrites a value it never saw",
    "fatal": "failed here",
    "stuck": "waits for ever",
    "folded": "steps folded",
    "several": "several steps",
    "block": "many short ones",
    "torn": "left out here",
}
_WIDE = frozenset({"folded", "block", "held", "waits", "sleeps", "sleepbar", "hand"})


def _style(text: str) -> str:
    """The rules for a dark page; everything else is in the elements themselves."""
    rules = []
    # names of classes, two or more of them in one attribute; splitting is far quicker than a regex
    used = {part.partition('"')[0].strip() for part in text.split(MARKER)[1:]}
    for prefix, properties in (
        ("f", ("fill",)),
        ("s", ("stroke",)),
        ("l", ("stroke",)),
        ("b", ("fill", "stroke")),
    ):
        for role, (_, dark) in ROLES.items():
            if f"{prefix}-{role}" in used:
                declared = ";".join(f"{name}:{dark}" for name in properties)
                rules.append((f".{MARKER}{prefix}-{role}", declared))
    inside = f"svg.{MARKER}"
    light_page = '[data-jp-theme-light="true"] *'
    dark_page = '[data-jp-theme-light="false"]'
    alone = "".join(f"{inside}:not({light_page}) {name}{{{what}}}" for name, what in rules)
    lab = "".join(f"{dark_page} {inside} {name}{{{what}}}" for name, what in rules)
    return f"@media screen and (prefers-color-scheme:dark){{{alone}}}@media screen{{{lab}}}"


def dotted(left: float, right: float, y: float, role: str) -> str:
    """A time for which a thread sleeps, as a row of dots."""
    return (
        f'<path d="M{n(left)} {n(y)}H{n(max(right, left + 0.1))}" {stroke(role)} '
        'stroke-width="4" stroke-linecap="round" stroke-dasharray="0 8"/>'
    )


def escape(text: str) -> str:
    """`text` for XML, without the characters that XML cannot hold."""
    return html.escape(_ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text), quote=True)
