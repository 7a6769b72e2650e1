"""A notebook in a real JupyterLab in the system's Chromium, for what is measured there."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def chromium() -> str | None:
    """Where the system's Chromium is."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextlib.contextmanager
def notebook(*cells: str) -> Iterator[tuple[Any, int]]:
    """Run a notebook of these cells; yield its page, and the id of the server's process.

    The page is Playwright's. All cells are in it, also those out of view.
    """
    import nbformat
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="tt-") as folder:
        home = Path(folder)
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        (home / "course").mkdir()
        nbformat.write(book, home / "course" / "measured.ipynb")
        with _server(home) as (url, token, pid), sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(60_000)
            page.goto(f"{url}lab/tree/measured.ipynb?token={token}")
            _run_all(page)
            yield page, pid
            browser.close()


@contextlib.contextmanager
def _server(home: Path) -> Iterator[tuple[str, str, int]]:
    """Serve the folder `course` with settings of its own; yield address, token and process id."""
    settings = home / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    environment = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")} | {
        "HOME": str(home),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
    }
    with (home / "log").open("wb") as log:
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
            yield *_address(server, home), server.pid
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _address(server: subprocess.Popen[bytes], home: Path) -> tuple[str, str]:
    """The server's address and token, once it answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        for path in (home / "runtime").glob("jpserver-*.json"):
            with contextlib.suppress(OSError, ValueError):
                info = json.loads(path.read_text())
                with urllib.request.urlopen(f"{info['url']}api?token={info['token']}", timeout=5):  # noqa: S310
                    return info["url"], info["token"]
        time.sleep(0.1)
    raise RuntimeError("JupyterLab did not start:\n" + (home / "log").read_text()[-4000:])


def _run_all(page: Any) -> None:
    page.locator(".jp-NotebookPanel").wait_for()
    page.locator(".jp-Toolbar-kernelName", has_text="Python 3").wait_for()
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.wait_for_function(
        r"""() => document.querySelector('[data-mime-type$=".error"], [data-mime-type$=".stderr"]')
            || [...document.querySelectorAll('.jp-CodeCell')].every(
                cell => !cell.querySelector('.cm-content').textContent.trim()
                    || /^\[\d+\]:$/.test(cell.querySelector('.jp-InputPrompt').textContent.trim())
            )"""
    )
    said = page.locator('[data-mime-type$=".error"], [data-mime-type$=".stderr"]')
    if said.count():
        raise RuntimeError("the notebook did not run:\n" + "\n".join(said.all_text_contents()))
