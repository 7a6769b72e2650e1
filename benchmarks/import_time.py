"""What importing the library costs on top of `import threading`; promised: under 50 ms.

Each is imported by a fresh interpreter, in turn, so that what else the machine does falls on both
alike; medians are compared. Only the import is timed, not the interpreter's own start.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys

BASE = "import threading"
OURS = "from taketurns import explore, simulate"  # with the engine, however lazily it is loaded
SCRIPT = "import time; start = time.perf_counter(); {statement}; print(time.perf_counter() - start)"
PROMISED = 50  # milliseconds
NO_BYTE_CODE = "PYTHONDONTWRITEBYTECODE"  # would have every interpreter compile every module anew


def measure(statement: str) -> float:
    """Return the milliseconds that a fresh interpreter takes for the statement."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(statement=statement)],
        env={name: value for name, value in os.environ.items() if name != NO_BYTE_CODE},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout) * 1000


def main() -> int:
    """Print the medians, their difference and ratio; return 1 if the promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=31, help="interpreters for each, default 31")
    parser.add_argument("--json", action="store_true", help="write one JSON object instead")
    options = parser.parse_args()
    times: dict[str, list[float]] = {BASE: [], OURS: []}
    for statement in times:
        measure(statement)  # once for the file cache and the byte code
    for _ in range(options.runs):
        for statement, milliseconds in times.items():
            milliseconds.append(measure(statement))
    base, ours = (statistics.median(times[statement]) for statement in (BASE, OURS))
    more = ours - base
    if options.json:
        print(json.dumps({"threading_ms": base, "taketurns_ms": ours, "more_ms": more}))
    else:
        print(f"{BASE:40} {base:7.2f} ms   (median of {options.runs})")
        print(f"{OURS:40} {ours:7.2f} ms   {ours / base:.1f} times as long")
        print(f"{'difference':40} {more:7.2f} ms   promised: under {PROMISED} ms")
    return 0 if more < PROMISED else 1


if __name__ == "__main__":
    sys.exit(main())
