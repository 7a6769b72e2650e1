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

from .driver import ROOT, Lab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
MARKS = (
    pytest.mark.slow,
    pytest.mark.browser,
    # A browser and a server are ended by their ids below; what Playwright's own loop drops while it
    # is torn down is not ours.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            for mark in MARKS:
                item.add_marker(mark)


@pytest.fixture(scope="package")
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


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """Open the browser that all tests share: Playwright allows no second one beside it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def lab(browser: Browser) -> Iterator[Lab]:
    """Serve a copy of the course with a home of its own, to the browser."""
    with tempfile.TemporaryDirectory(prefix="tt-") as folder:
        home = Path(folder)
        course = home / "course"
        for name in ("notebooks", "source", "release", "tests/answers"):
            keep_out = shutil.ignore_patterns(".*", "puzzles.json")
            shutil.copytree(ROOT / name, course / name, ignore=keep_out)
        for path in course.glob("notebooks/**/*.ipynb"):
            forget_outputs(path)
        shutil.copy(ROOT / "nbgrader_config.py", course)
        # All cells in the page, not only those in view, so that the tests can look at each.
        settings = home / "settings" / "@jupyterlab"
        for name, setting in (
            ("notebook-extension/tracker", '{"windowingMode": "none"}'),
            # No toast that offers news, which `make` turns off too.
            ("apputils-extension/notification", '{"fetchNews": "false"}'),
        ):
            file = settings / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True)
            file.write_text(setting)
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")
        } | {
            "HOME": folder,
            "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        }
        with (home / "log").open("wb") as log:
            server = subprocess.Popen(
                [
                    *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                    *("--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"),
                    *("--ServerApp.port_retries=0", f"--ServerApp.root_dir={course}"),
                ],
                cwd=course,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            try:
                url, token = address(server, home)
                yield Lab(browser, url, token, course)
            finally:
                server.terminate()
                try:
                    server.wait(20)
                except subprocess.TimeoutExpired:
                    server.kill()
                    server.wait()


def forget_outputs(path: Path) -> None:
    """Take out what a notebook was saved with, lest a test look at that."""
    notebook = json.loads(path.read_text("utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    path.write_text(json.dumps(notebook), "utf-8")


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
