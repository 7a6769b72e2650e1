"""The picture in the README: the schedule under which a counter without a lock loses an update.

`python tests/test_lab/readme_picture.py` draws it anew.
"""

from __future__ import annotations

import threading
from pathlib import Path

PLACE = Path(__file__).parents[2] / "docs" / "losing-schedule.svg"


class Counter:
    def __init__(self):
        self.value = 0

    def increment(self, by=1):
        self.value += by


def two_doors():
    office = Counter()
    doors = [threading.Thread(target=office.increment, name=f"door {n}") for n in "AB"]
    for door in doors:
        door.start()
    for door in doors:
        door.join()
    counted = office.value
    assert counted == 2, f"two visitors came, {counted} was counted"


def draw() -> str:
    from taketurns.engine.explore import explore
    from taketurns.lab.story import summary, tell
    from taketurns.lab.timeline import timeline_svg

    run = explore(two_doors).failure.run
    return timeline_svg(
        run,
        title="Two visitors came, one was counted",
        subtitle=f"lost update on office.value · {summary(run, tell(run))}",
    )


if __name__ == "__main__":
    PLACE.parent.mkdir(exist_ok=True)
    PLACE.write_text(draw(), encoding="utf-8", newline="\n")
    print(f"drew {PLACE}")
