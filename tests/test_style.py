"""The house's style, as far as machines can judge it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["ruff", "check", "--quiet", "."],
        ["ruff", "format", "--check", "--quiet", "."],
        ["mypy", "--strict", "src"],
    ],
    ids=["ruff check", "ruff format", "mypy"],
)
def test_the_code_passes(arguments):
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert 0 == done.returncode, done.stdout + done.stderr


def test_links_between_our_own_pages_lead_somewhere():
    dead = []
    for page in sorted(ROOT.glob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if "://" not in target and not (ROOT / target).exists():
                dead.append(f"{page.name}: {target}")

    assert [] == dead
