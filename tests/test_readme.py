"""What README claims and shows, executed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.slow
def test_the_example_fails_and_names_the_lost_update(tmp_path):
    program = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert program
    script = tmp_path / "visitors.py"
    script.write_text(program[1], "utf-8")
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False
    )

    assert 1 == done.returncode
    assert "ScheduleFailure" in done.stderr
    assert "two visitors came, 1 were counted" in done.stderr
    assert "lost" in done.stderr


def test_a_topic_is_here_exactly_if_it_is_released():
    rows = re.findall(r"^\| `(\d\d-[a-z-]+)` \|.*\| (.+?) \|$", README, re.MULTILINE)
    here = {name for name, status in rows if status.startswith("[here]")}

    assert 11 == len(rows)
    assert {path.name for path in (ROOT / "release").iterdir() if path.is_dir()} == here
