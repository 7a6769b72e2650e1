"""What is taken out of a text that quotes hidden tests, and what must stay."""

from __future__ import annotations

import base64
import html
import re
from urllib.parse import quote

import pytest

from taketurns.grading.hiding import REPLACEMENT, Hidden

HIDDEN = """
def three_groups():
    museum = Counter()
    seen = [True, False, True]
    groups = [threading.Thread(target=museum.increment, args=(size,)) for size in (1, 2, 4)]
    for group in groups:
        group.start()
    try:
        museum.increment(by=3)
    except ValueError:
        pass
    assert museum.value == 7, f"visitors were lost: 1 + 2 + 4 came in, {museum.value} were counted"
    assert seen == ["x"], (
        "increment(by=3) must raise TypeError to its caller, got no error"
    )

explore(three_groups, clock="adversarial").check()
"""
VISIBLE = """
class Counter:
    def increment(self, by=1):
        self.value += by
        groups = list(by)
        for group in groups:
            pass
"""
ASSERTION = HIDDEN.splitlines()[11].strip()
SECRETS = [  # the lines that say something and stand nowhere else
    line.strip()
    for line in HIDDEN.splitlines()
    if line.strip() not in ("", "try:", "pass", ")") and line not in VISIBLE
]


@pytest.fixture
def hidden() -> Hidden:
    return Hidden(HIDDEN.splitlines(), [VISIBLE])


@pytest.mark.parametrize("line", SECRETS)
@pytest.mark.parametrize(
    "quoted",
    [
        "{}",
        "---> 45     {}\n     46",
        "line 45: {}",
        "main looked at `{}` (line 3) and went on",
        "\\n  File 'cell', line 45\\n    {}\\n",
    ],
)
def test_a_hidden_line_goes_wherever_it_is_quoted(hidden, line, quoted):
    assert quoted.format(REPLACEMENT) == hidden.clear_text(quoted.format(line))


@pytest.mark.parametrize("line", SECRETS)
def test_colours_do_not_protect_a_line(hidden, line):
    coloured = re.sub(r"(\w+|\S)", "\x1b[38;5;28m\\1\x1b[39m", line)
    seen = hidden.clear_text(f"\x1b[32m45\x1b[39m {coloured} end")

    assert f"45 {REPLACEMENT} end" == re.sub(r"\x1b\[[\d;]*m", "", seen)
    assert coloured.count("\x1b[39m") + 1 == seen.count("\x1b[39m")


@pytest.mark.parametrize("line", SECRETS)
def test_tags_and_entities_do_not_protect_a_line(hidden, line):
    spans = "".join(
        f"<span class='k'>{html.escape(word)}</span>" if word.strip() else word
        for word in re.findall(r"\w+|\s+|[^\w\s]", line)
    )
    page = f"<pre>45 {spans} end</pre>"
    seen = hidden.clear_text(page)

    assert f"45 {REPLACEMENT} end" == html.unescape(re.sub(r"<[^>]*>", "", seen))
    assert page.count("<") == seen.count("<")
    assert page.count("span>") == seen.count("span>")


@pytest.mark.parametrize("line", SECRETS)
@pytest.mark.parametrize(
    "encode",
    [
        lambda svg: "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode(),
        lambda svg: "data:image/svg+xml;charset=utf-8," + quote(svg),
        lambda svg: (
            "data:text/html;base64,"
            + base64.b64encode(f'<img src="data:image/svg+xml,{quote(svg)}">'.encode()).decode()
        ),
    ],
    ids=["base64", "percent", "a page in a page"],
)
def test_pictures_are_looked_into(hidden, line, encode):
    def page(text: str) -> str:
        svg = f"<svg><title>{text}</title><text>45</text><text>self.value</text></svg>"
        return f'<img alt="{text}" src="{encode(svg)}" style="max-width:100%">'

    assert page(REPLACEMENT) == hidden.clear_text(page(html.escape(line)))


def test_what_is_cut_short_goes_with_the_sign_that_it_is(hidden):
    for cut in range(len("assert museum"), len(ASSERTION)):
        for sign in ("…", "..."):
            assert f"<{REPLACEMENT}>" == hidden.clear_text(f"<{ASSERTION[:cut]}{sign}>"), cut


def test_a_part_of_a_line_goes_too(hidden):
    assert f"read {REPLACEMENT}" == hidden.clear_text("read museum.value == 7")
    assert f"call {REPLACEMENT}" == hidden.clear_text("call museum.increment(by=3)")


@pytest.mark.parametrize(
    "text",
    [
        "visitors were lost: 1 + 2 + 4 came in, 6 were counted",
        "AssertionError: increment(by=3) must raise TypeError to its caller, got no error",
        "expected [True, False, True], got [True, False, False]",
        "main: read museum.value (7). Thread-1 (three_groups): write seen[0] (→ 1)",
        "Replay it with simulate(three_groups, schedule='8b.f8d3').",
        "line 4: self.value += by",
        "for group in groups: ...",
        "for gro…",
        "try: pass",
        "1 < 2 & 3 > 2, &lt;script&gt;alert(1)&lt;/script&gt; &amp;amp; \x1b[31mred\x1b[0m",
        'data:image/svg+xml;base64,@@@ data:image/svg+xml,%FF "data:,"',
        "",
    ],
)
def test_messages_values_names_and_visible_lines_stay_as_they_are(hidden, text):
    assert text == hidden.clear_text(text)
    assert f"<p title='{text}'>" == hidden.clear_text(f"<p title='{text}'>")


def test_half_coloured_and_half_escaped_lines_go_as_a_whole():
    hidden = Hidden([*HIDDEN.splitlines(), "if a < secret and big > b: return 2 * secret"], [])
    start, end = "\x1b[32m", "\x1b[39m"

    assert f"{REPLACEMENT}{start}{end}" == hidden.clear_text(
        f"if a < secret and big > b: return {start}2{end} * secret"
    )
    assert f"<b>{REPLACEMENT}</b>" == hidden.clear_text(
        "<b>if a &lt; secret and big > b: return 2 * secret</b>"
    )


def test_what_the_learner_wrote_stays_escaped(hidden):
    page = f"<text>{html.escape('<script>alert(1)</script>')} {html.escape(ASSERTION)}</text>"

    assert f"<text>&lt;script&gt;alert(1)&lt;/script&gt; {REPLACEMENT}</text>" == hidden.clear_text(
        page
    )


def test_every_part_of_an_output_is_looked_at(hidden):
    output = {"traceback": [ASSERTION, 1], "data": {"application/json": {"a": [ASSERTION]}}}

    assert {
        "traceback": [REPLACEMENT, 1],
        "data": {"application/json": {"a": [REPLACEMENT]}},
    } == hidden.clear(output)


def test_without_hidden_tests_nothing_changes():
    assert ASSERTION == Hidden([], [VISIBLE]).clear_text(ASSERTION)
