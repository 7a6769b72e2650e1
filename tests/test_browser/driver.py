"""A notebook in a real JupyterLab in a real browser, as a learner meets it."""

from __future__ import annotations

import json
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright import sync_api

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, JSHandle, Locator, Page

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "test-screenshots"
SECONDS = 120  # for a notebook that hangs; speed is what benchmarks are for

# What JupyterLab itself says on the console, each with the reason why it is not about us: nothing.
NOT_OURS: tuple[str, ...] = ()

# The first line of each cell with code that has no number; after an error no other cell is run.
NOT_RUN = """() => [...document.querySelectorAll('.jp-CodeCell')].filter(cell =>
    cell.querySelector('.cm-content').textContent.trim()
    && !/^\\[\\d+\\]:$/.test(cell.querySelector('.jp-InputPrompt').textContent.trim())
).map(cell => cell.querySelector('.cm-line').textContent)"""
ENDED = f"""() => ({NOT_RUN})().length === 0
    || document.querySelector("[data-mime-type$='jupyter.error']")"""
ALL_SHOWN = """() => [...document.querySelectorAll("[data-mime-type$='widget-view+json']")].every(
    place => place.querySelector('.jupyter-widgets'))"""


class Lab:
    """A server and a browser; one notebook is open at a time."""

    def __init__(self, browser: Browser, url: str, token: str, folder: Path) -> None:
        self._context = browser.new_context(viewport={"width": 1280, "height": 900})
        self._context.set_default_timeout(1000 * SECONDS)
        self._url = url
        self._token = token
        self.folder = folder  # the course that is served
        self.page: Page
        self.heard: list[str] = []  # errors on the console, and those that nobody caught

    @contextmanager
    def open(self, path: str) -> Iterator[None]:
        """Open a notebook of the course in a page of its own with a kernel; then close both."""
        self.heard.clear()
        self.page = self._context.new_page()
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.heard.append(f"uncaught: {error}"))
        try:
            self.page.goto(f"{self._url}lab/tree/{path}?token={self._token}&reset")
            self.page.locator(".jp-NotebookPanel").wait_for()
            # The toolbar names the kernel once there is one, and shows when it has nothing to do.
            self.page.locator(".jp-Toolbar-kernelName", has_text="Python 3").wait_for()
            self.idle()
            yield
        finally:
            self.page.close()
            for session in self._ask("GET", "api/sessions"):
                self._ask("DELETE", f"api/sessions/{session['id']}")

    def idle(self) -> None:
        """Wait until the kernel has nothing to do."""
        self.page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()

    def run_all(self) -> None:
        """Run every cell by the menu, and wait for the last output."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_text("Run All Cells", exact=True).click()
        try:
            self.page.wait_for_function(ENDED)
        except sync_api.TimeoutError:
            pytest.fail(f"after {SECONDS} s some cells have not run: {self.page.evaluate(NOT_RUN)}")
        self.idle()
        self.page.wait_for_function(ALL_SHOWN)

    def output(self, number: int) -> Locator:
        """What a code cell shows, counted from 0."""
        return self.page.locator(".jp-CodeCell").nth(number).locator(".jp-Cell-outputArea")

    def errors(self) -> list[str]:
        """What went wrong in cells, on stderr, and on the browser's console."""
        wrong = self.page.locator("[data-mime-type$='jupyter.error'], [data-mime-type$='.stderr']")
        return wrong.all_text_contents() + self.heard

    def theme(self, *, light: bool) -> None:
        """Choose JupyterLab's light or dark theme by the menu."""
        self.page.get_by_role("menuitem", name="Settings", exact=True).click()
        self.page.locator(".lm-Menu-itemLabel", has_text="Theme").first.click()
        self.page.get_by_text(f"JupyterLab {'Light' if light else 'Dark'}", exact=True).click()
        shown = self.page.locator(f'body[data-jp-theme-light="{str(light).lower()}"]')
        shown.wait_for(state="attached")

    def focused(self) -> JSHandle:
        """The element that the keyboard acts on."""
        return self.page.evaluate_handle("document.activeElement")

    def pictures(self, name: str, width: int, height: int = 8000) -> None:
        """Keep pictures of all of the notebook for people to look at: sheets of that size."""
        PICTURES.mkdir(exist_ok=True)
        before = self.page.viewport_size
        self.page.set_viewport_size({"width": width, "height": height})
        scroll = """([page]) => {
            const view = document.querySelector('.jp-WindowedPanel-outer');
            view.scrollTop = page * view.clientHeight;
            return Math.ceil(view.scrollHeight / view.clientHeight);
        }"""
        page = 0
        while page < self.page.evaluate(scroll, [page]):
            page += 1
            self.page.screenshot(path=PICTURES / f"{name}-{width}-{page}.png")
        self.page.set_viewport_size(before)

    def _listen(self, message: ConsoleMessage) -> None:
        text = f"{message.text} ({message.location['url']})"
        if message.type == "error" and not any(known in text for known in NOT_OURS):
            self.heard.append(text)

    def _ask(self, method: str, what: str) -> Any:
        request = urllib.request.Request(
            f"{self._url}{what}", method=method, headers={"Authorization": f"token {self._token}"}
        )
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            said = answer.read()
        return json.loads(said) if said else None
