"""Takes the source of hidden tests out of whatever quotes it: reports, tracebacks, pictures.

Names and messages are meant for the learner and stay: which object a thread touched, what was
expected, what came out. What goes is code: every line of a hidden region, and every run of
`WINDOW` of its words and signs, however it is coloured, escaped or cut short, unless the same
stands in a part of the notebook that the learner can see.
"""

from __future__ import annotations

import base64
import binascii
import functools
import html
import itertools
import keyword
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REPLACEMENT = "(a hidden check)"
WINDOW = 5  # words and signs: `museum.value` has three, `museum.increment(3)` six

_WORD = r"\w+|[^\w\s]"
_STRING = re.compile(r"""([rbuf]{0,2})("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""", re.IGNORECASE)
_PLACE = re.compile(r"""[\w.\[\]"']*""")  # names an object or a part of it: `self.left`, `sold[0]`
_TAG = re.compile(r"<[^<>]*>")
# An attribute's value. Of numbers, colours and single names a picture has hundreds, and no hidden
# line is that.
_PLAIN = r"(?:[-\d.,% ]*|[\w.]*|\#[\da-f]*)"
_VALUE = re.compile(rf"""(?<==)("(?!{_PLAIN}")[^"]*"|'(?!{_PLAIN}')[^']*')""")
_DATA = re.compile(
    r"""(?P<head>data:(?:image/svg\+xml|text/[\w.+-]+|application/[\w.+-]+)(?:;[\w.=-]+)*?)"""
    r"""(?P<base>;base64)?,(?P<load>[^"'\s()<>\\]+)"""
)
# A quoted text may be HTML or not, and both are tried. The first group is passed over: colours,
# spaces, a backslash before a quotation mark, and in HTML the tags.
_PASSED = r"""\x1b\[[\d;]*m|\s+|\\(?=["'])"""
_READINGS = (
    re.compile(rf"({_PASSED}|<[^<>]*>)|(&\#?\w+;|{_WORD})"),
    re.compile(rf"({_PASSED})|({_WORD})"),
)

Line = tuple[str, ...]


class Hidden:
    """The lines of hidden tests, made recognisable wherever they are quoted."""

    def __init__(self, hidden: Iterable[str], visible: Iterable[str]) -> None:
        visible = list(visible)
        shown = self._shown = "".join(map(_joined_lines, visible))
        lines = {line.strip() for line in hidden}
        # Looking into a set first spares most of the looking through the text.
        known = _windows(_joined(part for line in sorted(lines) for part in _messages(line)))
        known = known.union(*(_windows(_joined_lines(text)) for text in visible))
        self._values: dict[str, str] = {}  # of attributes: what was seen, and what is to be shown
        # their first two words -> words in a row, the line that they are in, from which word on
        self._seeds: dict[Line, list[tuple[Line, Line, int]]] = {}
        self._starts: dict[Line, list[Line]] = {}  # of which little may be left, and then `…`
        for text in sorted(lines):
            line, windows = _telling(text)
            short = len(line) < WINDOW
            if not line or ((short or line[:WINDOW] in known) and _among(line, shown)):
                continue
            found = [(window, at) for window, at in windows if window not in known]
            self._starts.setdefault(line[:2], []).append(line)
            for seed, at in [*found, (line, 0)]:
                self._seeds.setdefault(seed[:2], []).append((seed, line, at))

    def clear(self, value: Any) -> Any:
        """Return an output, or a part of one, without the hidden lines."""
        if isinstance(value, str):
            return self.clear_text(value)
        if isinstance(value, list):
            return [self.clear(item) for item in value]
        if isinstance(value, dict):
            return type(value)({key: self.clear(item) for key, item in value.items()})
        return value

    def clear_text(self, text: str, *, markup: bool = False) -> str:
        """Return a text, plain or HTML or SVG, pictures inside it included.

        Where it is known to be markup, and of our own, it is read as such only, which is faster.
        """
        if not self._seeds:
            return text
        text = _DATA.sub(self._clear_data, text)
        text = _TAG.sub(lambda tag: _VALUE.sub(self._clear_value, tag[0]), text)
        return self._clear_quotations(text, _READINGS[:1] if markup else _READINGS)

    def _clear_data(self, found: re.Match[str]) -> str:
        head, base, load = found["head"], found["base"] or "", found["load"]
        try:
            before = base64.b64decode(load).decode() if base else unquote(load, errors="strict")
        except (binascii.Error, UnicodeDecodeError):
            return found[0]
        after = self.clear_text(before)
        if after == before:
            return found[0]
        return f"{head}{base},{base64.b64encode(after.encode()).decode() if base else quote(after)}"

    def _clear_value(self, found: re.Match[str]) -> str:
        value = found[0]
        if value not in self._values:
            mark, before = value[0], html.unescape(value[1:-1])
            after = self._clear_quotations(before, _READINGS)
            changed = f"{mark}{html.escape(after)}{mark}"
            self._values[value] = value if after == before else changed
        return self._values[value]

    def _clear_quotations(self, text: str, readings: Iterable[re.Pattern[str]]) -> str:
        spans: list[tuple[int, int]] = []
        cuts: list[tuple[int, int]] = []  # of these what is not a colour or a tag
        for reading in readings:
            words = [
                html.unescape(word) if word[0] == "&" else word
                for _, word in reading.findall(text)
                if word and (word[0] != "&" or _is_word(word))
            ]
            quoted = self._quoted(words)
            if not quoted:
                continue
            places = [found.span() for found in reading.finditer(text) if _is_word(found[2])]
            for first, last in quoted:
                start, end = places[first][0], places[last - 1][1]
                spans.append((start, end))
                for passed in reading.finditer(text, start, end):
                    if passed[1] and passed[1][0] in "<\x1b":
                        cuts.append((start, passed.start()))
                        start = passed.end()
                cuts.append((start, end))
        pieces = [(start, REPLACEMENT) for start, _ in _merged(spans)]
        end = 0
        for start, behind in _merged(cuts):
            pieces.append((end, text[end:start]))
            end = behind
        pieces.append((end, text[end:]))
        return "".join(piece for _, piece in sorted(pieces))  # by where each one stood

    def _quoted(self, words: list[str]) -> list[tuple[int, int]]:
        """Which stretches of the words are hidden ones, from the first to behind the last."""
        found: list[tuple[int, int]] = []
        for at, pair in enumerate(itertools.pairwise(words)):
            if pair not in self._seeds:
                continue
            spans = [
                _extended(words, at, line, place, len(seed))
                for seed, line, place in self._seeds.get(pair, ())
                if tuple(words[at : at + len(seed)]) == seed
            ]
            for line in self._starts.get(pair, ()):
                first, last, cut = _extended(words, at, line, 0, 2)
                if cut < last and f" {' '.join(words[first:cut])}" not in self._shown:
                    spans.append((first, last, cut))
            found += [(first, last) for first, last, _ in spans]
        return _merged(found)


def hide_tests(
    cells: Iterable[Mapping[str, Any]], config: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], Hidden]:
    """Return a graded notebook's cells without the hidden tests, and what knows these elsewhere.

    `config` is the course's; it may have delimiters of its own. Outputs stay as they are: what of
    them is to be shown, has to go through `Hidden.clear`.
    """
    markers = config.get("ClearHiddenTests", {})
    begin = markers.get("begin_test_delimeter", "BEGIN HIDDEN TESTS")
    end = markers.get("end_test_delimeter", "END HIDDEN TESTS")
    hidden: list[str] = []
    seen: list[dict[str, Any]] = []
    for cell in cells:
        source = "".join(cell["source"])
        role = cell["metadata"].get("nbgrader", {})
        # Only what nbgrader has put back from the master; the rest is the student's.
        if not role.get("solution") and (role.get("grade") or role.get("locked")):
            sign = "# " if cell["cell_type"] == "code" else ""
            source, lines = _without(source, begin, end, sign)
            hidden += lines
        seen.append({**cell, "source": source})
    return seen, Hidden(hidden, [cell["source"] for cell in seen])


def _without(source: str, begin: str, end: str, sign: str) -> tuple[str, list[str]]:
    """Return a cell's source with a remark in place of each hidden region, and what was in them.

    A region without an end goes on to the end of the cell.
    """
    shown: list[str] = []
    hidden: list[str] = []
    region: list[str] | None = None
    for line in [*source.split("\n"), None]:
        if region is None:
            if line is not None and begin in line:
                region = [line]
                indent = line[: len(line) - len(line.lstrip())]
            elif line is not None:
                shown.append(line)
        elif line is None or end in line:
            count = sum(bool(text.strip()) for text in region[1:])
            what = (
                "1 line of hidden checks is"
                if count == 1
                else f"{count} lines of hidden checks are"
            )
            shown.append(f"{indent}{sign}({what} left out here)")
            hidden += region if line is None else [*region, line]
            region = None
        else:
            region.append(line)
    return "\n".join(shown), hidden


def _extended(words: list[str], at: int, line: Line, place: int, size: int) -> tuple[int, int, int]:
    """The whole quotation around a seed: its first word, its end with and without the sign `…`."""
    first, before = at, place
    while first and before and words[first - 1] == line[before - 1]:
        first, before = first - 1, before - 1
    last, after = at + size, place + size
    while last < len(words) and after < len(line) and words[last] == line[after]:
        last, after = last + 1, after + 1
    cut = last
    if cut < len(words) and after < len(line) and line[after].startswith(words[cut]):
        cut += 1
    for end in (cut, last - 1):  # the first of three dots may have passed for the line's own
        for sign in (["…"], [".", ".", "."]):
            if words[end : end + len(sign)] == sign:
                return first, end + len(sign), end
    return first, last, last


def _is_word(found: str | None) -> bool:
    """Whether something was found, and it is not a space written as `&nbsp;`."""
    return bool(found and not (found[0] == "&" and html.unescape(found).isspace()))


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if merged and first < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _words(text: str) -> Line:
    return tuple(re.findall(_WORD, text))


def _joined(texts: Iterable[str]) -> str:
    return "".join(f" {' '.join(_words(text))} \n" for text in texts)


# What a master hides and what it shows is the same for everybody.
@functools.lru_cache(maxsize=2048)
def _telling(text: str) -> tuple[Line, list[tuple[Line, int]]]:
    """The words of a hidden line, none if it tells nothing; and what in it tells something."""
    line = _words(text)
    if len(text) <= 3 or not _tells(line):
        return (), []
    windows = [(line[at : at + WINDOW], at) for at in range(len(line) - WINDOW + 1)]
    return line, [(window, at) for window, at in windows if _tells(window)]


@functools.lru_cache(maxsize=512)
def _joined_lines(text: str) -> str:
    return _joined(text.splitlines())


@functools.lru_cache(maxsize=512)
def _windows(joined: str) -> frozenset[Line]:
    """Every `WINDOW` words in a row of one line."""
    rows = [line.split() for line in joined.splitlines()]
    return frozenset(
        tuple(row[at : at + WINDOW]) for row in rows for at in range(len(row) - WINDOW + 1)
    )


def _among(words: Line, joined: str) -> bool:
    return f" {' '.join(words)} " in joined


def _messages(line: str) -> list[str]:
    """What the string literals of a line say."""
    found = []
    for prefix, literal in _STRING.findall(line):
        inner = literal[1:-1]
        found += re.split(r"\{[^{}]*\}", inner) if "f" in prefix.lower() else [inner]
    return found


def _tells(words: Line) -> bool:
    """Whether this is more than a value, a name, or such as `else:`, which stand in any program."""
    named = any(word.isidentifier() and not keyword.iskeyword(word) for word in words)
    return named and not _PLACE.fullmatch("".join(words))
