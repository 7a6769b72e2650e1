"""Compares the models with the standard library's own source on random programs.

    python benchmarks/fidelity.py [PROGRAMS] [--first SEED] [--most RUNS] [--seconds LIMIT]

Each program is run under every schedule twice: with a model, and with this Python's library over
the model lock (tests/test_engine/test_against_stdlib.py says how). Prints what was compared and
writes it to benchmarks/fidelity.json; exits with 1 if one can ever do what the other cannot.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import itertools
import json
import platform
import random
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LENGTHS = [(2, 1), (2, 2), (3, 2), (1, 1, 1), (2, 1, 1), (2, 2, 1)]  # operations of each thread


@dataclass
class Tally:
    """What came out so far."""

    python: str = platform.python_version()
    first_seed: int = 0
    last_seed: int = 0
    most_runs_of_the_library: int = 0
    programs_compared: int = 0
    programs_by_subject: dict[str, int] = field(default_factory=dict)
    skipped_as_too_large: int = 0
    not_claimed_exact: int = 0
    outcomes: int = 0
    programs_with_several_outcomes: int = 0
    # Seeds of programs for which one can do what the other cannot.
    library_did_more: list[int] = field(default_factory=list)
    model_did_more: list[int] = field(default_factory=list)
    cpu_seconds: float = 0.0


def main() -> int:
    """Compare, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", nargs="?", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=1_000_000)
    parser.add_argument("--most", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--into", type=Path, default=HERE / "fidelity.json")
    args = parser.parse_args()
    sys.path.insert(0, str(HERE.parent / "tests"))
    models = importlib.import_module("test_engine.test_against_stdlib")
    search = importlib.import_module("taketurns.engine.search")
    subjects = sorted(models.SUBJECTS)

    tally = Tally(first_seed=args.first, most_runs_of_the_library=args.most)
    end = time.monotonic() + args.seconds
    for seed in itertools.count(args.first):
        rng = random.Random(seed)
        subject = subjects[seed % len(subjects)]
        scripts = models.random_scripts(rng, subject, rng.choice(LENGTHS))
        program = (scripts, subject, rng.randrange(2))
        tally.last_seed = seed
        theirs = models.outcomes(*program, True, search.Reduced(), args.most)
        if theirs is None:
            tally.skipped_as_too_large += 1
        else:
            ours = models.outcomes(*program, False, search.Reduced(), models.EVERYTHING)
            count(tally, seed, program, theirs, ours)
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
    return 1 if tally.library_did_more or tally.model_did_more else 0


def count(tally: Tally, seed: int, program: Any, theirs: Any, ours: Any) -> None:
    """Add one program, of which the outcomes are known both ways."""
    (their_outcomes, _), (our_outcomes, exact) = theirs, ours
    subject = program[1]
    tally.programs_compared += 1
    tally.programs_by_subject[subject] = tally.programs_by_subject.get(subject, 0) + 1
    tally.outcomes += len(their_outcomes)
    tally.programs_with_several_outcomes += len(their_outcomes) > 1
    if not exact:
        tally.not_claimed_exact += 1
    elif their_outcomes - our_outcomes:
        tally.library_did_more.append(seed)
        print(f"LOST {seed} {program} {sorted(their_outcomes - our_outcomes)}", flush=True)
    if our_outcomes - their_outcomes:
        tally.model_did_more.append(seed)
        print(f"MORE {seed} {program} {sorted(our_outcomes - their_outcomes)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
