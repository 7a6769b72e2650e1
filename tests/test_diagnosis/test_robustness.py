"""No rule stumbles over a run that it did not expect."""

from __future__ import annotations

import pytest

from taketurns import explore
from taketurns.diagnosis import _RULES
from taketurns.diagnosis.case import Case
from taketurns.engine.explore import _Exploration
from taketurns.engine.results import Presentation

from ..test_engine.random_programs import planned, random_source  # noqa: TID252


@pytest.fixture
def judged(monkeypatch):
    """Have every rule look at every failure; count the failures."""
    runs = []

    def ask_all(run, calm):
        runs.append(run)
        for rule in _RULES:
            rule(Case(run, calm))
        return None, None

    monkeypatch.setattr(Presentation, "diagnose", staticmethod(ask_all))
    return runs


def wrong_in_a_single_thread():
    assert 1 + 1 == 3, "sums"


def fails_at_once():
    raise ValueError("no")


def test_programs_without_threads(judged):
    explore(wrong_in_a_single_thread)
    explore(fails_at_once)

    assert len(judged) == 2


@pytest.mark.slow
def test_random_programs(judged):
    for seed in range(240):
        with planned(random_source(seed)) as plan:
            _Exploration(plan, "adversarial" if seed % 3 == 0 else "exact", 2_000).report()

    assert len(judged) > 30
