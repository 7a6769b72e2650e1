"""Every picture as a browser draws it: what is written can be read."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from taketurns.lab.timeline import timeline_svg

from . import runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

PICTURES = [
    (name, axis)
    for name, make in runs.ALL.items()
    for axis in ("step", "time")
    if axis == "step" or make().elapsed
]
WIDTHS = (800, 1280)
NEAR = 1  # pixels by which boxes of texts may overlap; a box is higher than what it holds

# Texts that lie on each other, outside, or on a sign; how wide the picture is, its smallest text.
MEASURE = """near => {
    const svg = document.querySelector('svg'), page = svg.getBoundingClientRect();
    const box = (name, element) => ({name, ...element.getBoundingClientRect().toJSON()});
    const texts = [...svg.querySelectorAll('text')].map(e => box(e.firstChild.data, e));
    const signs = [...svg.querySelectorAll('g[stroke-width="0"]')].map(
        e => [e, e.querySelector(':scope > title')]).filter(([, tip]) => tip).map(
        ([e, tip]) => box(tip.textContent, e));
    const on = (a, b, high) =>
        Math.min(a.right, b.right) - Math.max(a.left, b.left) > near
        && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > high;
    const wrong = [];
    texts.forEach((one, at) => {
        if (one.left < page.left - near || one.right > page.right + near
                || one.top < page.top - near || one.bottom > page.bottom + near)
            wrong.push([one.name, 'outside']);
        for (const two of texts.slice(at + 1))
            if (on(one, two, near)) wrong.push([one.name, two.name]);
        for (const sign of signs)
            if (on(one, sign, 3)) wrong.push([one.name, sign.name]);
    });
    const sizes = [...svg.querySelectorAll('g[font-size]')].map(
        e => parseFloat(getComputedStyle(e).fontSize));
    return {wrong, texts: texts.length, signs: signs.length, width: page.width,
            least: Math.min(...sizes) * page.width / svg.viewBox.baseVal.width};
}"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    # What Playwright's own loop drops while it is torn down is not ours.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        reason = f"no Chromium on this machine (looked for {', '.join(names)})"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason}; CI must have one: apt-get install chromium")
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser.new_page()
        browser.close()


def show(page: Page, svg: str, window: int) -> None:
    page.set_viewport_size({"width": window, "height": 600})
    page.set_content(f'<body style="margin: 0">{svg}</body>')


@pytest.mark.parametrize(("name", "axis"), PICTURES)
def test_no_text_lies_on_another_or_on_a_sign_or_outside_the_picture(page, name, axis):
    run = runs.ALL[name]()
    for wide in WIDTHS:
        show(page, timeline_svg(run, axis=axis, width=wide), wide)
        found = page.evaluate(MEASURE, NEAR)

        assert [] == found["wrong"], wide
        assert wide == found["width"]
        assert len(run.threads) <= found["texts"]
        assert found["signs"] or axis == "time"


@pytest.mark.parametrize(("name", "axis"), PICTURES)
def test_in_a_narrow_window_it_shrinks_and_its_smallest_text_can_be_read(page, name, axis):
    show(page, timeline_svg(runs.ALL[name](), axis=axis), 800)
    found = page.evaluate(MEASURE, NEAR)

    assert [] == found["wrong"]
    assert 800 == found["width"]
    assert 10 <= found["least"]


@pytest.mark.parametrize(
    ("place", "wrong", "other"),
    [
        (">door A</text>", f">door A{' of a long name' * 3}</text>", "read self.value"),
        ('x="20" y="31"', 'x="20" y="38"', "15 steps"),
        ('x="20" y="31"', 'x="-9" y="31"', "outside"),
    ],
)
def test_the_measure_finds_what_is_wrong(page, place, wrong, other):
    svg = timeline_svg(runs.lost_update())
    assert place in svg
    show(page, svg.replace(place, wrong), 860)

    assert other in str(page.evaluate(MEASURE, NEAR)["wrong"])
