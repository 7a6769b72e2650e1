"""Compares the reduced search with an unreduced one on random programs, as many as wanted.

    python benchmarks/soundness.py [PROGRAMS] [--first SEED] [--most RUNS] [--seconds LIMIT]

Prints what was compared and writes it to benchmarks/soundness.json; exits with 1 if the two
searches ever differ, after printing the seeds and the programs.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import itertools
import json
import platform
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

HERE = Path(__file__).parent


@dataclass
class Tally:
    """What came out so far."""

    python: str = platform.python_version()
    first_seed: int = 0
    last_seed: int = 0
    most_runs_unreduced: int = 0
    programs_compared: int = 0
    skipped_as_too_large: int = 0
    skipped_as_not_claimed: int = 0
    outcomes: int = 0
    programs_with_several_outcomes: int = 0
    programs_with_failures: int = 0
    executions_reduced: int = 0
    executions_unreduced: int = 0
    mismatches: list[int] = field(default_factory=list)
    cpu_seconds: float = 0.0


def main() -> int:
    """Compare, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", nargs="?", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=1_000_000)
    parser.add_argument("--most", type=int, default=400)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--into", type=Path, default=HERE / "soundness.json")
    args = parser.parse_args()
    sys.path.insert(0, str(HERE.parent / "tests"))
    programs = importlib.import_module("test_engine.random_programs")

    tally = Tally(first_seed=args.first, most_runs_unreduced=args.most)
    end = time.monotonic() + args.seconds
    for seed in itertools.count(args.first):
        found = programs.compare(seed, args.most)
        tally.last_seed = seed
        if not found.agree:
            tally.mismatches.append(seed)
            print(f"MISMATCH {found.report()}", flush=True)
        if found.compared:
            kinds = [kind for kind, _ in found.unreduced.outcomes]
            tally.programs_compared += 1
            tally.outcomes += len(kinds)
            tally.programs_with_several_outcomes += len(kinds) > 1
            tally.programs_with_failures += any(kind != "ok" for kind in kinds)
            tally.executions_reduced += found.reduced.runs
            tally.executions_unreduced += found.unreduced.runs
        elif found.reduced.exact:
            tally.skipped_as_too_large += 1
        else:
            tally.skipped_as_not_claimed += 1
        if seed % 20 == 0:
            gc.collect()
        ended = tally.programs_compared >= args.programs or time.monotonic() > end
        if ended or seed % 500 == 0:
            tally.cpu_seconds = round(time.process_time(), 1)
            args.into.write_text(json.dumps(asdict(tally), indent=2) + "\n", encoding="utf-8")
        if ended:
            break
    for name, value in asdict(tally).items():
        print(f"{name.replace('_', ' '):32} {value}")
    return 1 if tally.mismatches else 0


if __name__ == "__main__":
    sys.exit(main())
