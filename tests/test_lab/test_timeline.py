from __future__ import annotations

import base64
import inspect
import json
import re
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from taketurns import ScheduleFailure, explore
from taketurns.engine.results import Presentation
from taketurns.lab.chart import Scale
from taketurns.lab.lanes import LAYOUTS, Lanes, fit_name
from taketurns.lab.marks import LEGEND, ROLES, fatal_sign, several, sign
from taketurns.lab.measure import fit, width, wrap
from taketurns.lab.story import LIMIT, Fold, reason, tell
from taketurns.lab.timeline import display_bundle, static, timeline_svg

from . import readme_picture, runs

if TYPE_CHECKING:
    from taketurns import Run

SVG = "{http://www.w3.org/2000/svg}"
PICTURES = [
    (name, axis)
    for name, make in runs.ALL.items()
    for axis in ("step", "time")
    if axis == "step" or make().elapsed
]
every_picture = pytest.mark.parametrize(("name", "axis"), PICTURES)


def parse(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def texts(svg: str) -> list[str]:
    """What can be read without pointing at anything."""
    return [element.text or "" for element in parse(svg).iter(SVG + "text")]


def tips(svg: str) -> str:
    return "\n".join(element.text or "" for element in parse(svg).iter(SVG + "title"))


def picture(run: Run, **options: object) -> str:
    return timeline_svg(run, **options)


@every_picture
def test_it_is_well_formed_and_described(name, axis):
    root = parse(picture(runs.ALL[name](), axis=axis))

    assert root.tag == SVG + "svg"
    assert root.get("role") == "img"
    labels = root.get("aria-labelledby").split()
    named = {element.get("id"): element for element in root.iter() if element.get("id")}
    assert [SVG + "title", SVG + "desc"] == [named[label].tag for label in labels]
    assert all(named[label].text for label in labels)


@every_picture
def test_equal_runs_give_equal_bytes(name, axis):
    make = runs.ALL[name]

    assert picture(make(), axis=axis) == picture(make(), axis=axis)


@every_picture
def test_it_is_as_wide_as_asked_and_nothing_is_outside(name, axis):
    for asked in (860, 800):
        root = parse(picture(runs.ALL[name](), axis=axis, width=asked))
        high = float(root.get("height"))

        assert str(asked) == root.get("width")
        for group in root.iter(SVG + "g"):
            size = group.get("font-size")
            for text in group.findall(SVG + "text") if size else ():
                if text.get("transform"):
                    continue
                mono, bold = bool(group.get("font-family")), bool(group.get("font-weight"))
                wide = width(text.text, float(size), mono=mono, bold=bold)
                share = {"middle": 0.5, "end": 1.0}.get(group.get("text-anchor"), 0.0)
                left = float(text.get("x")) - wide * share
                assert left >= 0, text.text
                assert left + wide <= asked + 0.5, text.text
                assert 0 < float(text.get("y")) < high


@every_picture
def test_no_two_texts_overlap(name, axis):
    for asked in (860, 800):
        boxes = []
        for group in parse(picture(runs.ALL[name](), axis=axis, width=asked)).iter(SVG + "g"):
            size = float(group.get("font-size") or 0)
            for text in group.findall(SVG + "text") if size else ():
                if text.get("transform"):
                    continue
                mono, bold = bool(group.get("font-family")), bool(group.get("font-weight"))
                wide = width(text.text, size, mono=mono, bold=bold)
                share = {"middle": 0.5, "end": 1.0}.get(group.get("text-anchor"), 0.0)
                x, y = float(text.get("x")) - wide * share, float(text.get("y"))
                boxes.append((x, y - size * 0.7, x + wide, y, text.text))

        for at, (left, top, right, bottom, one) in enumerate(boxes):
            for left2, top2, right2, bottom2, two in boxes[at + 1 :]:
                apart = right <= left2 + 1 or right2 <= left + 1 or bottom <= top2 or bottom2 <= top
                assert apart, (asked, one, two)


def test_pictures_on_one_page_do_not_share_a_name():
    pages = [picture(runs.ALL[name](), axis=axis) for name, axis in PICTURES]
    prefixes = []
    for page in pages:
        root = parse(page)
        prefix = root.get("class")
        prefixes.append(prefix)
        names = [element.get("id") for element in root.iter() if element.get("id")]
        names += [c for element in root.iter() for c in (element.get("class") or "").split()]

        assert all(name.startswith(prefix) for name in names)
        ids = Counter(element.get("id") for element in root.iter() if element.get("id"))
        assert set(ids.values()) == {1}
        style = root.find(SVG + "style").text
        selectors = re.findall(r"[^{}]+(?=\{[^{}]*\})", style)
        assert selectors
        assert all(f"svg.{prefix}" in selector for selector in selectors)
    assert len(set(prefixes)) == len(prefixes)


@every_picture
def test_every_thread_has_a_lane(name, axis):
    run = runs.ALL[name]()
    seen = texts(picture(run, axis=axis)) + tips(picture(run, axis=axis)).splitlines()

    for thread in run.threads:
        assert thread in seen


def test_a_lost_update_shows_what_was_read_written_and_crossed_out():
    svg = picture(runs.lost_update())
    seen = texts(svg)

    assert seen.count("0") >= 2
    assert {"→ 0", "0 → 1", "1 → 1", "assert office.value == 2"} <= set(seen)
    assert "two visitors came, 1 were counted" in seen
    assert "overwrites a value it never saw" in seen
    assert "failed here" in seen
    assert "step 9, door B: write self.value (1 → 1)" in tips(svg)
    assert "overwriting 1, which door A wrote and it never saw" in tips(svg)


def test_what_happened_is_told_in_order_to_those_who_cannot_see_it():
    root = parse(picture(runs.lost_update()))
    told = root.find(SVG + "desc").text
    parts = [
        "door A: read self.value (0)",
        "door B: read self.value (0)",
        "door A: write self.value (0 → 1)",
        "door B: write self.value (1 → 1), overwriting 1, which door A wrote and it never saw",
        "two visitors came, 1 were counted",
    ]

    assert sorted(parts, key=told.index) == parts


def test_the_learners_own_lines_are_listed():
    seen = texts(picture(runs.lost_update()))

    assert "self.value += by" in seen
    assert "9" in seen


def test_a_deadlock_shows_who_waits_for_what_and_who_has_it():
    svg = picture(runs.deadlock())
    seen = texts(svg)

    assert "waits for b, which ben has" in seen
    assert "waits for a, which ana has" in seen
    assert "waits for ever" in seen
    assert {"with a:", "with b:"} <= set(seen)
    assert "ana holds a" in tips(svg)
    assert "ben holds b" in tips(svg)


def test_a_held_lock_is_a_bar_from_acquire_to_release():
    story = tell(runs.locked_counter())

    assert [("door A", "_lock", 6, 11), ("door B", "_lock", 13, 16)] == [
        (span.thread, span.name, span.first, span.last) for span in story.held
    ]


def test_two_locks_of_one_name_are_told_apart():
    t = runs.Tape()
    t.do("main", "start", "a", 10)
    t.do("main", "start", "b", 11)
    for name, where in (("a", 1), ("b", 2)):
        t.do(name, "acquire", "lock", where)
        t.do(name, "read", "self.value", 3, before=0)
        t.do(name, "write", "self.value", 3, before=0, after=1)
        t.do(name, "release", "lock", where)
    seen = texts(picture(t.run("main", "a", "b")))

    assert any("lock #1" in text for text in seen)
    assert any("lock #2" in text for text in seen)


def test_a_write_by_a_thread_that_saw_the_latest_value_is_not_crossed_out():
    for make in (runs.locked_counter, lambda: runs.locked_counter(3), runs.long_run):
        assert not [mark for mark in tell(make()).marks if mark.lost]


def test_a_write_that_needs_no_earlier_read_is_not_crossed_out():
    t = runs.Tape()
    t.do("a", "read", "flag", 1, before=False)
    t.do("a", "write", "flag", 1, before=False, after=True)
    t.do("b", "write", "flag", 1, before=True, after=True)
    t.do("a", "write", "flag", 1, before=True, after=False)

    assert not [mark for mark in tell(t.run("a", "b")).marks if mark.lost]


def test_private_steps_are_folded_and_counted():
    run = runs.locked_counter()
    story = tell(run)

    assert "3 private steps folded" in texts(picture(run))
    assert story.private == 3
    assert not [
        mark
        for mark in story.marks
        if mark.event.target == "self._lock" and mark.event.kind == "read"
    ]


def test_a_loop_is_folded_but_for_its_first_and_last_turn():
    run = runs.one_by_one(2, 40)
    svg = picture(run)
    folds = [item for item in tell(run).items if isinstance(item, Fold)]

    assert [("door 1", 152, 38), ("door 2", 152, 38)] == [
        (fold.lane, fold.count, fold.turns) for fold in folds
    ]
    assert texts(svg).count("38 × 4 steps") == 2
    assert "304 steps folded in 2 places" in texts(svg)
    assert "steps folded" in texts(svg)
    assert "152 steps of door 1 folded: the 4 steps before them, 38 times more" in tips(svg)
    assert "152 steps of door 1 folded" in parse(svg).find(SVG + "desc").text


def test_what_a_thread_does_alone_is_folded_and_every_switch_stays():
    t = runs.Tape()
    for i in range(3):
        for k in range(30):
            t.do("ab"[i % 2], "put", f"q{k}", 10 + k, line=k + 1, after=k)
    story = tell(t.run("a", "b"))
    shown = [mark.event.step for mark in story.marks]

    assert [("a", 26), ("b", 26), ("a", 26)] == [
        (item.lane, item.count) for item in story.items if isinstance(item, Fold)
    ]
    assert [0, 1, 28, 29, 30, 31, 58, 59, 60, 61, 88, 89] == shown
    assert "26 steps" in texts(picture(t.run("a", "b")))


def test_waits_conflicts_and_lost_updates_are_not_folded_as_long_as_they_are_few():
    t = runs.Tape()
    for i in range(200):
        who = "ab"[i // 100]
        wait = {"since": i - 1, "waited_for": "q"} if i == 50 else {}
        if i in (20, 70, 120, 170):
            t.do(who, "write", "x", 2, line=7, after=i)
        t.do(who, "put", f"q{i}", 10 + i, line=i + 10, after=i, **wait)
    run = t.run("a", "b")
    shown = tell(run).marks

    assert [50] == [mark.event.after and int(mark.event.after) for mark in shown if mark.waited]
    assert ["70", "120"] == [mark.event.after for mark in shown if mark.event.kind == "write"]


@pytest.mark.parametrize("often", [0.002, 0.02, 0.1, 0.5])
@pytest.mark.parametrize("threads", [2, 8, 32])
@pytest.mark.parametrize("events", [100, 500, 2000])
def test_a_picture_of_many_steps_is_short_and_keeps_what_decided_the_run(threads, events, often):
    run = runs.walk(threads, events, often)
    story = tell(run)
    svg = picture(run)
    shown = {mark.event.step for mark in story.marks}

    assert len(svg.encode()) < 200_000
    assert len(story.items) <= LIMIT
    assert run.events[-1].step in shown
    if story.focus:
        assert set(story.focus) <= shown
        assert any(mark.lost for mark in story.marks)


def test_who_took_what_others_wait_for_in_the_end_stays_however_long_ago_it_was():
    t = runs.Tape()
    for i in range(1000):
        if i == 300:
            t.do("a", "acquire", "left", 1, line=31)
        t.do("abc"[i % 3], "put", f"q{i * i % 71}", 100 + i, line=50, after=i)
    t.do("b", "blocked", "left", line=31, waited_for="left, which a has")
    story = tell(t.run("a", "b", "c", verdict="deadlock", message="b waits"))

    assert story.skipped > 900
    assert 300 in [mark.event.step for mark in story.marks]
    assert any(mark.stuck for mark in story.marks)


def test_a_short_run_is_shown_step_by_step():
    for make in (runs.lost_update, runs.deadlock, runs.locked_counter, runs.buffer):
        assert not tell(make()).skipped


@pytest.mark.parametrize("asked", [800, 860, 1280])
@pytest.mark.parametrize("name", runs.ALL)
def test_the_last_row_is_not_nearly_empty(name, asked):
    run = runs.ALL[name]()
    lanes = Lanes(_sheet(asked), run, tell(run))
    lanes.draw()
    used = [row.cells[-1].x - lanes.left for row in lanes.rows]

    assert max(used) * 0.6 <= used[-1]


def test_the_kept_figures_keep_the_promise():
    kept = Path(__file__).parents[2] / "benchmarks" / "timeline.json"
    figures = json.loads(kept.read_text(encoding="utf-8"))

    assert figures["worst"]["milliseconds"] < 50
    assert figures["worst"]["bytes"] < 200_000
    assert {2, 8, 32} == {row["threads"] for row in figures["pictures"]}
    assert max(row["events"] for row in figures["pictures"]) == 2000


def test_threads_without_a_sign_share_one_line():
    svg = picture(runs.one_by_one(32, 15))
    line = next(text for text in texts(svg) if "more threads" in text)

    assert re.match(r"\d+ more threads, of which every step is folded: door ", line)
    assert len(svg.encode()) < 200_000
    assert float(parse(svg).get("height")) < 1600


def test_where_a_row_is_full_it_says_that_it_goes_on():
    assert "… continued" in texts(picture(runs.walk(8, 2000, 0.3)))


def test_a_crossed_out_write_in_the_middle_of_a_long_run_is_kept():
    t = runs.Tape()
    for i in range(600):
        t.do("ab"[i % 2], "put", "q", 1, after=i)
        if i == 300:
            t.do("a", "read", "x", 2, before=0)
            t.do("b", "read", "x", 2, before=0)
            t.do("a", "write", "x", 2, before=0, after=1)
            t.do("b", "write", "x", 2, before=1, after=1)
    story = tell(t.run("a", "b"))

    assert [mark for mark in story.marks if mark.lost]
    assert story.skipped > 400


def test_many_starts_in_a_row_are_one_mark():
    assert "start 32 threads" in texts(picture(runs.many(32)))
    assert "join 32 threads" in texts(picture(runs.many(32)))


def test_where_virtual_time_passes_it_is_said():
    seen = texts(picture(runs.downloads()))

    assert {"0.0 s", "2.0 s", "2.5 s", "sleep 2.0 s", "sleep 2.5 s"} <= set(seen)
    assert "time passes" in seen


def test_on_the_time_axis_sleeps_and_waits_are_bars():
    seen = texts(picture(runs.under_a_lock(), axis="time"))

    assert {"0.0 s", "2.0 s", "4.0 s", "waits for lock, which page A has"} <= set(seen)
    assert seen.count("sleep 2.0 s") == 2


def test_on_the_time_axis_a_long_time_in_which_nothing_happens_is_torn_out_and_said():
    svg = picture(runs.night_shift(), axis="time")
    seen = texts(svg)

    assert "28796.0 s" in seen
    assert "28796.0 s in which nothing happens folded" in seen
    assert "6.0 s to 28802.0 s: 28796.0 s in which nothing happens" in tips(svg)
    assert {"0.0 s", "2.0 s", "6.0 s", "28802.0 s", "28806.0 s"} <= set(seen)
    assert seen.count("1.0 s") == 4  # the rounds of a second each can be seen


def test_on_the_time_axis_times_that_can_be_compared_are_never_torn_out():
    for make in (runs.downloads, runs.under_a_lock):
        assert "left out here" not in texts(picture(make(), axis="time"))
    assert Scale([0, 1, 2, 30], 0, 100).torn == []
    assert Scale([0, 1, 2, 60], 0, 100).torn == [(2, 60)]


def test_what_is_torn_out_is_as_wide_as_the_longest_time_that_is_not():
    scale = Scale([0, 1, 3, 1003, 1004], 100, 700)

    assert [100, 200, 400, 600, 700] == [round(scale(time)) for time in (0, 1, 3, 1003, 1004)]
    assert 500 == round(scale(503))


def test_times_that_differ_by_a_rounding_error_are_one_time():
    assert Scale([0.1 + 0.2, 0.3, 1.0], 0, 100).torn == []


def test_on_the_time_axis_bars_too_short_to_be_told_apart_are_one_block_that_counts_them():
    svg = picture(runs.naps(8, 300), axis="time")

    assert "246 short sleeps, waits and locks folded in 16 places" in texts(svg)
    assert "10 sleeps" in texts(svg)
    assert "Thread-1 (work): 10 sleeps" in tips(svg)
    assert "each too short to be shown" in tips(svg)


@pytest.mark.parametrize("threads", [2, 8, 32])
def test_on_the_time_axis_a_long_run_is_a_small_picture_that_counts_what_it_folds(threads):
    run = runs.naps(threads, 2000)
    svg = picture(run, axis="time")
    folded = next(text for text in texts(svg) if text.endswith("places"))

    assert len(svg.encode()) < 100_000
    assert int(re.search(r"([\d,]+) short", folded)[1].replace(",", "")) > 1000
    assert set(run.threads) <= set(texts(svg))


def test_on_the_time_axis_a_step_has_its_sign_and_several_at_one_time_share_one():
    svg = picture(runs.under_a_lock(), axis="time")

    assert {"acquire", "release", "several steps"} <= set(texts(svg))
    assert "0.0 s, main: start page A\n0.0 s, main: start page B" in tips(svg)
    assert "4.0 s, page B: release lock" in tips(svg)


def test_on_the_time_axis_what_went_wrong_is_shown_even_where_much_is_folded():
    t = runs.Tape()
    for turn in range(300):
        t.time += 0.1
        t.do("a", "sleep", line=41, since=max(turn - 1, 0), waited_for="time to pass")
        if turn == 150:
            t.do("a", "read", "x", 2, before=0)
            t.do("b", "write", "x", 2, before=0, after=5)
            t.do("a", "write", "x", 2, before=5, after=1)
    svg = picture(t.run("a", "b"), axis="time")

    assert any("short sleeps" in text for text in texts(svg))
    assert "overwrites a value it never saw" in texts(svg)
    assert "overwriting 5, which b wrote and it never saw" in tips(svg)


def test_a_wait_is_said_in_as_many_words_as_have_room():
    t = runs.Tape()
    waits = "Queue `shelf` held by nobody, full with 3"
    t.do("a", "put", "shelf", 1, since=0, waited_for=waits)
    mark = tell(t.run("a")).marks[0]

    assert [
        "waits for shelf held by nobody, full with 3",
        "waits for shelf held by nobody",
        "waits for shelf",
        "waits",
    ] == reason(mark)


def test_a_name_that_is_shortened_keeps_its_number():
    assert "frames[me] #12" == fit_name("frames[me] #12", 200)
    assert "fra… #12" == fit_name("frames[me] #12", 60)
    assert "fram…" == fit_name("frames_of_me", 45)


def test_locks_of_one_name_are_told_apart_in_what_is_held_and_waited_for():
    t = runs.Tape()
    for name, where in (("a", 1), ("b", 2)):
        t.do(name, "acquire", "lock", where)
        t.events[-1] = replace(t.events[-1], guards=(where,))
    for name, where, other in (("a", 2, "b"), ("b", 1, "a")):
        waits = f"Lock `lock` held by {other}"
        t.do(name, "blocked", waits, where, since=2, waited_for=waits)
    marks = tell(t.run("a", "b", verdict="deadlock", message="stuck")).marks

    assert [("lock #1",), ("lock #2",)] == [mark.held for mark in marks[:2]]
    assert ["Lock `lock #2` held by b", "Lock `lock #1` held by a"] == [
        mark.reason for mark in marks[2:]
    ]


def test_a_run_without_time_can_have_a_time_axis():
    assert "no virtual time passes" in texts(picture(runs.lost_update(), axis="time"))


def test_the_legend_names_only_what_occurs():
    seen = texts(picture(runs.deadlock()))

    assert {"start", "acquire", "waits", "holds a lock"} <= set(seen)
    assert not {"read", "write", "release", "sleeps", "put"} & set(seen)


def test_every_kind_of_step_has_a_sign_and_a_word():
    seen = " ".join(texts(picture(runs.zoo())))

    for word in (
        "notify",
        "woken",
        "set",
        "clear",
        "put",
        "get",
        "arrive",
        "pass",
        "time-out",
        "brand-new-kind",
    ):
        assert word in seen


def test_what_xml_cannot_hold_is_replaced():
    svg = picture(runs.zoo(), title="a \x00 <b> & \ud800 \ufdd0")

    assert "a � <b> & � �" in texts(svg)


def test_a_run_without_steps_is_still_a_picture():
    for axis in ("step", "time"):
        parse(picture(runs.Tape().run("main"), axis=axis))
    assert "No step was recorded (main)." in texts(picture(runs.Tape().run("main")))


def test_dark_colours_apply_to_a_dark_page_and_to_a_dark_jupyterlab():
    style = parse(picture(runs.lost_update())).find(SVG + "style").text

    assert "@media screen and (prefers-color-scheme:dark)" in style
    assert '[data-jp-theme-light="false"]' in style
    assert ':not([data-jp-theme-light="true"] *)' in style


def themes(root: ET.Element) -> dict[str, dict[tuple[str, str], str]]:
    """What each class sets, in light by the attributes and in dark by the style sheet."""
    light, dark = {}, {}
    for element in root.iter():
        for name in (element.get("class") or "").split():
            for what in ("fill", "stroke"):
                if (element.get(what) or "").startswith("#"):
                    light.setdefault((name, what), element.get(what))
    for name, rules in re.findall(r"\.([\w-]+)\{([^}]*)\}", root.find(SVG + "style").text):
        for rule in rules.split(";"):
            what, _, value = rule.partition(":")
            dark[name, what] = value
    return {"light": light, "dark": dark}


def luminance(colour: str) -> float:
    """As WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, two: str) -> float:
    dark, light = sorted((luminance(one), luminance(two)))
    return (light + 0.05) / (dark + 0.05)


@every_picture
def test_every_text_can_be_read_on_what_lies_behind_it_in_light_and_in_dark(name, axis):
    root = parse(picture(runs.ALL[name](), axis=axis))
    prefix = root.get("class")
    grounds = []
    for rect in root.iter(SVG + "rect"):
        kind = (rect.get("class") or "").removeprefix(f"{prefix}f-")
        if kind in ("bg", "hot") and rect.get("height") not in (None, "6"):
            x, y = float(rect.get("x") or 0), float(rect.get("y") or 0)
            box = x, y, x + float(rect.get("width")), y + float(rect.get("height"))
            grounds.append((*box, f"{prefix}f-{kind}"))
    for theme, colours in themes(root).items():
        seen = set()
        for group in root.iter(SVG + "g"):
            for text in group.findall(SVG + "text") if group.get("font-size") else ():
                x, y = float(text.get("x")), float(text.get("y")) - 3
                behind = [g[4] for g in grounds if g[0] <= x <= g[2] and g[1] <= y <= g[3]]
                seen.add((group.get("class").split()[0], behind[-1]))
        assert seen
        for ink, ground in seen:
            pair = colours[ink, "fill"], colours[ground, "fill"]
            assert contrast(*pair) >= 4.5, (theme, ink, ground, pair)


@pytest.mark.parametrize("theme", [0, 1])
def test_every_sign_stands_out_from_the_page_and_from_the_focus(theme):
    for role in ("hand", "bad", *(f"c{at}" for at in range(7))):
        for ground in ("bg", "hot"):
            assert contrast(ROLES[role][theme], ROLES[ground][theme]) >= 3, (role, ground)


def test_no_two_signs_look_alike_without_colour():
    words: dict[str, set[str]] = {}
    for kind, word in LEGEND.items():
        words.setdefault(sign(kind, 0, 0), set()).add(word)
    signs: dict[str, set[str]] = {}
    for kind, word in LEGEND.items():
        signs.setdefault(word, set()).add(sign(kind, 0, 0))

    assert {} == {shape: found for shape, found in words.items() if len(found) > 1}
    assert {} == {word: found for word, found in signs.items() if len(found) > 1}
    assert not {several(0, 0), fatal_sign(0, 0)} & words.keys()


def test_focus_can_be_chosen():
    run = runs.locked_counter()

    assert picture(run, focus=(13, 16)) != picture(run)
    assert tell(run, focus=(13, 16)).focus_threads == ("door B",)


def test_the_wording_gets_shorter_before_the_picture_gets_longer():
    run = runs.locked_counter(3)
    story = tell(run)
    rows = []
    for terse, pitch in LAYOUTS:
        lanes = Lanes(_sheet(860), run, story)
        lanes.terse, lanes.pitch = terse, pitch
        rows.append(len(lanes._rows()))

    assert rows == sorted(rows, reverse=True)
    assert rows[-1] == 1


def _sheet(wide: float) -> object:
    from taketurns.lab.canvas import Picture

    return Picture(wide)


def test_a_bundle_has_what_each_place_needs():
    bundle = display_bundle(runs.lost_update(), "two_doors fails: lost-update")

    assert set(bundle) == {"text/plain", "image/svg+xml", "text/html"}
    assert bundle["text/plain"].startswith("two_doors fails: lost-update\n\n")
    assert texts(bundle["image/svg+xml"])[:1] != []
    assert "two_doors fails: lost-update" in texts(bundle["image/svg+xml"])
    assert (
        '<img alt="two_doors fails: lost-update" src="data:image/svg+xml;base64,'
        in bundle["text/html"]
    )
    assert "<svg" not in bundle["text/html"]  # a sanitizer would remove it
    assert "read self.value" in bundle["text/html"]


def test_a_static_picture_shows_itself_everywhere():
    shown = static(runs.under_a_lock(), title="One after the other", axis="time")

    assert repr(shown).startswith("One after the other")
    assert "One after the other" in texts(shown._repr_svg_())
    assert "data:image/svg+xml" in shown._repr_html_()


def test_text_is_shortened_to_its_room_and_never_beyond():
    assert fit("value", 100, 12) == "value"
    assert fit("a_very_long_name", 60, 12) == "a_very_…"
    assert fit("value", 3, 12) == ""
    assert width(fit("m" * 50, 80, 12), 12) <= 80
    lines = wrap("one two three " * 20, 120, 12, 3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")


def test_the_picture_in_the_readme_is_current():
    drawn = readme_picture.draw()

    assert "overwrites a value it never saw" in texts(drawn)
    assert drawn == readme_picture.PLACE.read_text(encoding="utf-8"), (
        "draw it anew: python tests/test_lab/readme_picture.py"
    )


# -- what a failed check leaves in a notebook ---------------------------------------------------


class FakeShell:
    """What is published to a shell that runs no cell."""

    def __init__(self):
        self.published = []
        self.display_pub = SimpleNamespace(publish=self.publish)

    def publish(self, data, metadata):
        assert metadata == {}  # xeus-python would pass None on, which no notebook may hold
        self.published.append(data)


@pytest.fixture
def shell(monkeypatch):
    shell = FakeShell()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    return shell


def failed() -> ScheduleFailure:
    with pytest.raises(ScheduleFailure) as caught:
        explore(readme_picture.two_doors).check()
    return caught.value


def test_a_failed_check_that_is_caught_shows_nothing(shell):
    failed()

    assert [] == shell.published


def test_a_failed_check_that_nobody_catches_shows_its_picture_once(shell):
    failure = failed()
    words = failure._render_traceback_()

    assert words == failure._render_traceback_() == [f"ScheduleFailure: {failure}"]
    (data,) = shell.published
    assert {"text/html"} == set(data)  # a terminal that only takes text gets the words once
    assert "data:image/svg+xml;base64," in data["text/html"]


def test_without_ipython_or_a_shell_the_words_stand_alone(monkeypatch):
    for found in (None, SimpleNamespace(get_ipython=lambda: None)):
        monkeypatch.setitem(sys.modules, "IPython", found)
        failure = failed()

        assert [f"ScheduleFailure: {failure}"] == failure._render_traceback_()


def test_a_picture_that_cannot_be_drawn_does_not_take_the_words_with_it(shell, monkeypatch):
    monkeypatch.setattr(Presentation, "bundle", lambda *_: 1 / 0)
    failure = failed()

    assert [f"ScheduleFailure: {failure}"] == failure._render_traceback_()
    assert [] == shell.published


def test_the_picture_of_a_failed_check_quotes_no_line_that_its_words_do_not(shell):
    failure = failed()
    failure._render_traceback_()
    svg = base64.b64decode(re.search('base64,([^"]*)', shell.published[0]["text/html"])[1])
    quoted = set(re.findall(r"^line (\d+): (.*)", tips(svg.decode()), re.MULTILINE))

    assert quoted
    assert quoted <= set(re.findall(r"^line +(\d+): (.*)", str(failure), re.MULTILINE))


def kernels() -> list[object]:
    """The kernels to try, those of other makers only where they are installed."""
    known = KernelSpecManager().find_kernel_specs()
    missing = pytest.mark.skipif("xpython" not in known, reason="xeus-python is not installed")
    return ["python3", pytest.param("xpython", marks=missing)]


@pytest.mark.slow
@pytest.mark.parametrize("kernel", kernels())
def test_a_notebook_and_its_html_show_picture_and_words_of_a_failed_check(kernel, monkeypatch):
    cell = nbformat.v4.new_code_cell
    program = "".join(
        inspect.getsource(part) for part in (readme_picture.Counter, readme_picture.two_doors)
    )
    caught = "try:\n    explore(two_doors).check()\nexcept AssertionError:\n    pass"
    nb = nbformat.v4.new_notebook(
        cells=[
            cell(f"import threading\n\nfrom taketurns import explore\n\n{program}"),
            cell("explore(two_doors).check()"),
            cell(caught),
        ]
    )
    with tempfile.TemporaryDirectory(prefix="tt-") as folder:
        monkeypatch.setenv("JUPYTER_RUNTIME_DIR", folder)
        monkeypatch.setenv("IPYTHONDIR", f"{folder}/ipython")
        NotebookClient(nb, kernel_name=kernel, allow_errors=True, timeout=60).execute()
    html, _ = HTMLExporter().from_notebook_node(nb)

    nbformat.validate(nb)
    assert ["display_data", "error"] == [output.output_type for output in nb.cells[1].outputs]
    assert "text/plain" not in nb.cells[1].outputs[0].data
    assert [] == nb.cells[2].outputs
    assert 1 == html.count('src="data:image/svg+xml;base64,')
    assert "overwrites 1 of door B" in html.partition("ScheduleFailure: ")[2]
