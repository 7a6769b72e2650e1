"""What searching costs, what the benchmarks say of it, and what README says that they say."""

from __future__ import annotations

import importlib
import json
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from taketurns import explore
from taketurns.course import readme
from taketurns.course.folder import Course

ROOT = Path(__file__).resolve().parents[1]
BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture
def engine(monkeypatch):
    """`benchmarks/engine.py` as a module."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module("engine")
    for name in ("engine", "programs"):
        sys.modules.pop(name, None)


@pytest.fixture
def latency(monkeypatch):
    """`benchmarks/latency.py` as a module."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module("latency")
    for name in ("latency", "browser"):
        sys.modules.pop(name, None)


def figures(name):
    return json.loads((BENCHMARKS / f"{name}.json").read_text("utf-8"))


def test_the_readme_shows_the_figures_of_the_json_files(engine):
    text = (ROOT / "README.md").read_text("utf-8")
    table = engine.table(*map(figures, engine.FILES))
    before, _, after = readme.parts(Course(ROOT), engine.PART)

    assert f"<!-- benchmarks -->\n{table}\n<!-- /benchmarks -->" in text
    assert text == f"{before}{table}{after}"


@pytest.mark.parametrize("threads, times", [(2, 1), (2, 2), (2, 3), (3, 1), (3, 2), (4, 1), (5, 1)])
def test_a_counter_with_a_lock_is_tried_once_in_each_order_of_its_turns(engine, threads, times):
    found = engine.searched(engine.Reduced(), engine.counting(threads, times), 1_000)

    assert found.proved
    assert engine.formula(threads, times) == found.executions


class Counter:
    def __init__(self):
        self.value = 0
        self.lock = threading.Lock()

    @contextmanager
    def alone(self):
        with self.lock:
            yield

    def increment(self):
        with self.alone():
            self.value += 1


def test_a_context_manager_of_the_learners_own_costs_no_more_than_its_lock():
    def program():
        counter = Counter()
        threads = [threading.Thread(target=counter.increment) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert counter.value == 3

    report = explore(program).check()

    assert report.coverage.complete
    assert 3 * 2 * 1 == report.coverage.schedules


@pytest.mark.slow
def test_every_program_of_the_benchmark_is_judged_rightly(engine):
    judged = {case.name: engine.ours(case, engine.MOST) for case in engine.CASES}

    assert {case.name: case.right for case in engine.CASES} == {
        name: found.holds for name, found in judged.items()
    }
    assert all(found.proved for found in judged.values() if found.holds)


def test_the_figures_are_as_wanted(engine):
    assert [] == engine.wrong(figures("engine"))
    assert figures("answers")["right"]["share_complete"] >= 0.9
    assert figures("answers")["mistakes"]["share_named"] >= 0.95
    assert 0 == figures("answers")["mistakes"]["named_differently"]


def test_random_programs_were_compared_for_the_record_and_none_differed():
    soundness, fidelity = figures("soundness"), figures("fidelity")

    assert 10_000 <= min(soundness["programs_compared"], fidelity["programs_compared"])
    assert [] == soundness["mismatches"]
    assert [] == fidelity["library_did_more"] + fidelity["model_did_more"]


def test_sliders_and_the_stepper_were_measured_for_the_record_beside_matplotlib():
    record = figures("latency")
    shown = [(row["threads"], row["slider"]) for row in record["sliders"]]

    assert 20 <= record["presses"]
    assert [(8, "sleep"), (8, "threads"), (32, "sleep"), (32, "threads")] == shown
    assert 200 == record["stepper"]["steps"]
    # Milliseconds are the machine's: 30 and 60 were promised where matplotlib takes 124.
    assert all(row["ratio"] >= 124 / 30 for row in record["sliders"])
    assert record["stepper"]["ratio"] >= 124 / 60


def test_a_latency_above_what_was_promised_is_told(latency):
    record = figures("latency")
    record["sliders"][0]["ours"]["milliseconds"] = 30.1
    record["sliders"][2]["ours"]["milliseconds"] = 100.0
    record["stepper"]["milliseconds"] = 61.0

    told = latency.slow(record)

    assert "sleep at 8 threads: 30.1 ms instead of 30" in told
    assert "a step: 61.0 ms instead of 60" in told
    assert not any("sleep at 32" in line for line in told)


def test_pictures_of_two_thousand_events_were_measured_for_the_record_and_are_small(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    timeline = importlib.import_module("timeline")
    sys.modules.pop("timeline", None)
    record = figures("timeline")

    assert set(timeline.FAMILIES) <= {row["run"] for row in record["pictures"]}
    assert 1_900 < max(row["events"] for row in record["pictures"]) <= 2_000
    assert record["worst"]["milliseconds"] < timeline.MILLISECONDS
    assert record["worst"]["bytes"] < timeline.BYTES
