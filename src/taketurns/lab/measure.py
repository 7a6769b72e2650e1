"""How wide a text is in a picture, without asking a browser.

The widths are those of DejaVu Sans, the widest of the fonts that `system-ui` stands for in
practice, so that a text laid out with them has room in every browser.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_NORMAL = (  # hundredths of an em, for the characters 32 to 126
    "32 40 46 84 64 95 78 27 39 39 50 84 32 36 32 34 64 64 64 64 64 64 64 64 64 64 34 34 84 84 "
    "84 53 100 68 69 70 77 63 58 77 75 29 29 66 56 86 75 79 60 79 69 63 61 73 68 99 69 61 69 39 "
    "34 39 84 50 50 61 63 55 63 62 35 63 63 28 28 58 28 97 63 61 63 63 41 52 39 63 59 82 59 59 "
    "52 64 34 64 84"
)
_BOLD = (
    "35 46 52 84 70 100 87 31 46 46 52 84 38 42 38 37 70 70 70 70 70 70 70 70 70 70 40 40 84 84 "
    "84 58 100 77 76 73 83 68 68 82 84 37 37 77 64 100 84 85 73 85 77 72 68 81 77 110 77 72 73 "
    "46 37 46 84 50 50 67 72 59 72 68 44 72 71 34 34 67 34 104 71 69 72 72 49 60 48 71 65 92 65 "
    "65 58 71 37 71 84"
)
_SYMBOLS = {"…": 100, "·": 34, "“": 54, "”": 54, "’": 34, "–": 50, "—": 100, "×": 84}
_TABLES = tuple(tuple(int(n) / 100 for n in text.split()) for text in (_NORMAL, _BOLD))
_MONO = 0.61
_OTHER = 0.88  # a character of another script or a symbol


@lru_cache(maxsize=4096)
def width(text: str, size: float, *, mono: bool = False, bold: bool = False) -> float:
    """The width of `text` in pixels at `size` pixels, rather too large than too small."""
    table = _TABLES[bold]
    total = 0.0
    for char in text:
        code = ord(char)
        if code > 126 and unicodedata.east_asian_width(char) in "WF":
            total += 1.25
        elif mono:
            total += _MONO
        elif 32 <= code <= 126:
            total += table[code - 32]
        elif not unicodedata.combining(char):
            total += _SYMBOLS.get(char, _OTHER * 100) / 100
    return total * size


def fit(text: str, room: float, size: float, *, mono: bool = False, bold: bool = False) -> str:
    """`text`, or as much of it as `room` pixels hold, with an ellipsis; empty if nothing fits."""
    if width(text, size, mono=mono, bold=bold) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width(text[:middle].rstrip() + "…", size, mono=mono, bold=bold) <= room:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…" if low else ""


def wrap(
    text: str, room: float, size: float, lines: int, *, mono: bool = False, bold: bool = False
) -> list[str]:
    """`text` in at most `lines` lines of `room` pixels; what does not fit ends in an ellipsis."""
    result: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}" if line else word
            if line and width(longer, size, mono=mono, bold=bold) > room:
                result.append(line)
                line = word
            else:
                line = longer
        if line:
            result.append(line)
    if len(result) > lines:
        result = [*result[: lines - 1], " ".join(result[lines - 1 :])]
    return [fit(line, room, size, mono=mono, bold=bold) for line in result]
