"""A few timelines whose every element is kept, so that no change of a picture goes unnoticed.

`python -m tests.test_lab.golden_pictures`, from the project's folder, keeps what is drawn now.
Look at each that changed: in light and dark, and in a window 800 pixels wide.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Any

from . import runs

FOLDER = Path(__file__).parent / "goldens"
ACCEPT = "python -m tests.test_lab.golden_pictures"
SHOWN = 40  # lines of a difference

# name: run, options of timeline_svg
PICTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "lost-update": ("lost_update", {}),
    "lost-update-narrow": ("lost_update", {"width": 560}),
    "deadlock": ("deadlock", {}),
    "locked-by-three": ("locked_three", {"width": 800}),
    "waits-for-each-other": ("buffer", {}),
    "barrier-event-condition": ("gathering", {}),
    "sleeps": ("downloads", {}),
    "sleeps-in-time": ("under_a_lock", {"axis": "time"}),
    "long-gap-in-time": ("night_shift", {"axis": "time"}),
    "many-in-time": ("naps_eight", {"axis": "time"}),
    "folded-loops": ("one_by_one", {}),
}


def drawn(name: str) -> str:
    """The picture as it is drawn now: one element a line, and without the prefix of its names."""
    from taketurns.lab.timeline import timeline_svg

    made, options = PICTURES[name]
    svg = timeline_svg(runs.ALL[made](), **options)
    return re.sub(r"\btt[0-9a-f]{8}", "tt", svg).replace("><", ">\n<")


def difference(name: str) -> str:
    """How the picture differs from the one that is kept, line by line; empty if it does not."""
    place = FOLDER / f"{name}.svg"
    kept = place.read_text(encoding="utf-8") if place.exists() else ""
    now = drawn(name).splitlines()
    lines = list(difflib.unified_diff(kept.splitlines(), now, "kept", "drawn", n=1, lineterm=""))
    if len(lines) > SHOWN:
        lines[SHOWN:] = [f"... and {len(lines) - SHOWN} lines more"]
    return "\n".join(lines)


def keep() -> list[str]:
    """Keep every picture as it is drawn now; return the names of those that changed."""
    FOLDER.mkdir(exist_ok=True)
    changed = [name for name in PICTURES if difference(name)]
    for name in changed:
        (FOLDER / f"{name}.svg").write_text(drawn(name), encoding="utf-8", newline="\n")
    for place in FOLDER.glob("*.svg"):
        if place.stem not in PICTURES:
            place.unlink()
    return changed


if __name__ == "__main__":
    print("\n".join(f"keeps {name}" for name in keep()) or "no picture has changed")
