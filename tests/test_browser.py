"""The first notebook, in a real JupyterLab in a real browser, as a learner meets it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "test-screenshots"
FIRST = "00-start-here.ipynb"
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    # A browser and a server are ended by their ids below; what Playwright's own loop drops while it
    # is torn down is not ours.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def chromium() -> str:
    """Return where the system's Chromium is; without one, skip with the reason, but fail in CI."""
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    reason = f"no Chromium on this machine (looked for {', '.join(NAMES)})"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}; CI must have one: apt-get install chromium")
    pytest.skip(reason)


@pytest.fixture(scope="module")
def lab() -> Iterator[str]:
    """Serve a copy of the notebooks with a home of its own; return the address of the first one."""
    with tempfile.TemporaryDirectory(prefix="tt-") as folder:
        home = Path(folder)
        shutil.copytree(ROOT / "notebooks", home / "course" / "notebooks")
        # All cells in the page, not only those in view, so that the test can look at each.
        settings = home / "settings" / "@jupyterlab" / "notebook-extension"
        settings.mkdir(parents=True)
        (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")
        } | {
            "HOME": folder,
            "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        }
        log = (home / "log").open("wb")
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                *("--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", "--ServerApp.port_retries=0"),
                f"--ServerApp.root_dir={home / 'course'}",
            ],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            url, token = address(server, home)
            yield f"{url}lab/tree/notebooks/{FIRST}?token={token}"
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
            log.close()


def address(server: subprocess.Popen[bytes], home: Path) -> tuple[str, str]:
    """Return the server's address and token once it answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        for path in (home / "runtime").glob("jpserver-*.json"):
            try:
                info = json.loads(path.read_text())
                with urllib.request.urlopen(f"{info['url']}api?token={info['token']}", timeout=5):
                    return info["url"], info["token"]
            except (OSError, ValueError):
                pass
        time.sleep(0.1)
    pytest.fail("JupyterLab did not start:\n" + (home / "log").read_text()[-4000:])


@pytest.fixture(scope="module")
def page(chromium: str, lab: str) -> Iterator[Page]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(60_000)
        page.goto(lab)
        yield page
        browser.close()


@pytest.fixture
def picture(page: Page, request: pytest.FixtureRequest) -> Iterator[None]:
    """Keep a picture of how the page looked when the test ended, whether it passed or not."""
    yield
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"{request.node.name}.png")


def run_all(page: Page) -> None:
    page.locator(".jp-NotebookPanel").wait_for()
    # The toolbar names the kernel once there is one, and shows when it has nothing to do.
    page.locator(".jp-Toolbar-kernelName", has_text="Python 3").wait_for()
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.wait_for_function(
        """() => {
            const cells = [...document.querySelectorAll('.jp-CodeCell')].filter(
                cell => cell.querySelector('.cm-content').textContent.trim());
            const prompts = cells.map(
                cell => cell.querySelector('.jp-InputPrompt').textContent.trim());
            return cells.length > 0 && prompts.every(text => /^\\[\\d+\\]:$/.test(text));
        }""",
        timeout=120_000,
    )


def test_the_first_notebook_runs_and_a_slider_redraws_its_picture(page: Page, picture):
    run_all(page)

    errors = page.locator(".jp-OutputArea-output[data-mime-type*='stderr'], .jp-RenderedText pre")
    tracebacks = [text for text in errors.all_text_contents() if "Traceback" in text]
    assert [] == tracebacks
    assert 0 == page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count()

    slider = page.locator(".widget-slider .noUi-handle").first
    slider.wait_for()
    shown = """() => [...document.querySelectorAll('.jp-OutputArea .widget-html svg')]
        .map(svg => svg.outerHTML).join()"""
    before = page.evaluate(shown)
    assert "<svg" in before
    slider.scroll_into_view_if_needed()
    slider.focus()
    at = slider.get_attribute("aria-valuenow")
    # To the right, or, where it stands at its end, to the left.
    end = slider.get_attribute("aria-valuemax")
    page.keyboard.press("ArrowLeft" if at == end else "ArrowRight")
    page.wait_for_function(f"before => ({shown})() !== before", arg=before)

    assert at != slider.get_attribute("aria-valuenow")


def test_a_learner_sees_no_menu_meant_for_instructors(page: Page, picture):
    if not (Path(sys.prefix) / ".learner-ready").exists():
        pytest.skip("this environment was not made by `make`, which hides those menus")
    settings = Path(sys.prefix) / "etc" / "jupyter" / "labconfig" / "page_config.json"
    disabled = json.loads(settings.read_text("utf-8"))["disabledExtensions"]
    if disabled.get("@jupyter/nbgrader:formgrader") is False:
        pytest.skip("somebody has turned Formgrader on in this environment")
    page.locator(".jp-NotebookPanel").wait_for()
    menus = page.locator(".lm-MenuBar-itemLabel").all_text_contents()
    buttons = page.locator(".jp-NotebookPanel-toolbar").all_text_contents()

    assert "Run" in menus
    assert "Nbgrader" not in menus
    assert any("Validate" in text for text in buttons)
    page.get_by_role("menuitem", name="View", exact=True).click()
    page.locator(".lm-Menu-itemLabel", has_text="Activate Command Palette").wait_for()
    assert 0 == page.get_by_text("Create Assignment").count()
    page.keyboard.press("Escape")
