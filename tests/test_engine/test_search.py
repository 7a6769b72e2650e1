"""The reduced search finds what an unreduced one finds, and no more."""

from __future__ import annotations

import gc
from math import factorial

import pytest

from taketurns.engine import search
from taketurns.engine.scheduler import Scheduler
from taketurns.engine.search import Bounded, Reduced, Sampled
from taketurns.engine.workers import Crew

from .op_programs import Script, program, random_scripts

EVERYTHING = 10**9  # no bound on preemptions


def outcomes(
    scripts: list[Script], strategy: Reduced | Bounded, clock: str = "exact", most: int = EVERYTHING
) -> tuple[set[object], int] | None:
    """All that running the scripts can give, and in how many runs; None if there are too many."""
    found: set[object] = set()
    runs = 0
    with Crew() as crew:
        while True:
            sched = Scheduler(crew, strategy, clock=clock)
            sched.run(program(scripts, sched))
            if not sched.redundant:
                runs += 1
                found.add(sched.result if sched.verdict == "ok" else sched.verdict)
            if not strategy.advance():
                return found, runs
            if runs >= most:
                return None
            strategy.begin()


def compare(seed: int, most: int = 400) -> bool | None:
    """Whether both searches agree on a random program; None if it is too large to compare."""
    scripts = random_scripts(seed)
    clock = "adversarial" if seed % 5 == 0 else "exact"
    unreduced = outcomes(scripts, Bounded(EVERYTHING), clock, most)
    if unreduced is None:
        return None
    reduced = outcomes(scripts, Reduced(), clock)
    assert reduced is not None
    return reduced[0] == unreduced[0] and reduced[1] <= unreduced[1]


@pytest.mark.slow
@pytest.mark.parametrize("block", range(8))
def test_reduced_and_unreduced_search_agree_on_random_programs(block: int) -> None:
    gc.collect()
    verdicts = {seed: compare(seed) for seed in range(block * 40, block * 40 + 40)}

    assert [seed for seed, agree in verdicts.items() if agree is False] == []
    assert sum(agree is True for agree in verdicts.values()) >= 10


@pytest.mark.slow
def test_the_comparison_notices_a_search_that_reverses_no_races(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search.Reduced, "_reverse", lambda self, depth, index: None)

    assert False in {compare(seed) for seed in range(40)}


@pytest.mark.parametrize(("threads", "times"), [(2, 1), (2, 2), (2, 3), (3, 1), (3, 2), (4, 1)])
def test_a_locked_counter_takes_as_many_runs_as_its_critical_sections_have_orders(
    threads: int, times: int
) -> None:
    section: Script = [("acquire", 0), ("increment", 0), ("release", 0)]
    orders = factorial(threads * times) // factorial(times) ** threads

    found = outcomes([section * times] * threads, Reduced())

    assert found is not None
    assert (len(found[0]), found[1]) == (1, orders)


def test_threads_that_share_nothing_need_one_run() -> None:
    found = outcomes([[("write", 0)] * 3, [("write", 1)] * 3], Reduced())

    assert found is not None
    assert found[1] == 1


def test_no_preemption_is_allowed_within_a_bound_of_zero() -> None:
    scripts: list[Script] = [[("increment", 0)], [("increment", 0)]]
    lost_update = (2, 1)  # runs of the bound that lose one, by bound

    totals = [
        {state[1][0] for state in found[0] if isinstance(state, tuple)}
        for bound in (0, 1)
        if (found := outcomes(scripts, Bounded(bound))) is not None
    ]

    assert totals == [{2}, set(lost_update)]


def test_samples_are_the_same_for_the_same_seed() -> None:
    def decisions(seed: int) -> list[list[tuple[int, int]]]:
        strategy = Sampled(seed, 20)
        found = []
        with Crew() as crew:
            for _ in range(10):
                sched = Scheduler(crew, strategy)
                sched.run(program([[("increment", 0)] * 3] * 2, sched))
                found.append(sched.decisions)
                strategy.begin()
        return found

    assert decisions(7) == decisions(7)
    assert decisions(7) != decisions(8)
