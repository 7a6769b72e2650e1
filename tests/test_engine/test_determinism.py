"""The same program, the same report: whatever else the machine, the process or Python does.

A report is compared as a whole: verdict, what is covered, how often which outcome, the schedules
it names, and every step of the run that it shows.

The order in which a set of strings is iterated is not part of that: Python draws it anew for every
process unless PYTHONHASHSEED is set, so a program that lets it matter is another program in every
process. The last tests of this file say how far that goes.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import itertools
import json
import os
import shutil
import string
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from taketurns import ProgramError, ScheduleFailure, explore

from .determinism_programs import DRAWN, PROGRAMS, explored, replayed, schedules_of, told

HERE = Path(__file__).parent
SRC = HERE.parents[1] / "src"
REPETITIONS = 20
PYTHONS = ("3.11", "3.12", "3.13", "3.14", "3.13t", "3.14t")  # `t`: free-threaded
SMALL = ("several_outcomes", "lost_update", "deadlock", "waits_with_a_timeout")

FIXED = [name for name in PROGRAMS if name not in DRAWN]

each_program = pytest.mark.parametrize("name", PROGRAMS)


@functools.cache
def first(name):
    """What the first report said."""
    return told(explored(name))


@functools.cache
def asked():
    """Every schedule that the first reports name, as JSON."""
    return json.dumps({name: schedules_of(first(name)) for name in PROGRAMS})


def elsewhere(python=sys.executable, hash_seed="0"):
    """What a process of its own finds, under another Python or another order of strings."""
    done = subprocess.run(
        [python, str(HERE / "determinism_programs.py")],
        input=asked(),
        env={**os.environ, "PYTHONPATH": str(SRC), "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "" == done.stderr
    return json.loads(done.stdout)


@contextlib.contextmanager
def busy_processes():
    """Two processes that compute without end."""
    endless = "print(flush=True)\nwhile True: pass"
    running = [
        subprocess.Popen([sys.executable, "-c", endless], stdout=subprocess.PIPE) for _ in range(2)
    ]
    try:
        for process in running:
            process.stdout.readline()
        yield
    finally:
        for process in running:
            process.kill()
            process.communicate()


@contextlib.contextmanager
def busy_threads():
    """Two threads of this process that compute, in very short turns."""
    stop = threading.Event()

    def compute():
        while not stop.is_set():
            sum(range(100))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    threads = [threading.Thread(target=compute) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(interval)


@pytest.mark.slow
def test_the_programs_end_in_every_way():
    reports = [first(name) for name in PROGRAMS]

    assert {
        "ok",
        "assertion",
        "exception",
        "thread-exception",
        "deadlock",
        "no-progress",
        "leaked-thread",
    } == {report["verdict"] for report in reports}
    assert "ok" == first("too_large")["verdict"]
    assert "a sample of" in first("too_large")["coverage"][0]
    assert any(len(report["outcomes"]) > 5 for report in reports)


@each_program
def test_a_schedule_is_short(name):
    assert [] == [text for text in schedules_of(first(name)) if len(text) >= 40]


@pytest.mark.slow
@each_program
def test_a_report_is_the_same_on_repetition(name):
    assert [first(name)] * REPETITIONS == [told(explored(name)) for _ in range(REPETITIONS)]


@each_program
def test_a_schedule_replays_as_it_was_reported(name):
    failure = first(name)["failure"]
    runs = replayed(name, schedules_of(first(name)))

    assert runs == replayed(name, schedules_of(first(name)))
    assert schedules_of(first(name)) == [run["schedule"] for run in runs]
    if failure:
        assert failure["run"] == runs[-1]


@pytest.mark.slow
def test_a_report_is_the_same_beside_busy_processes():
    wanted = {name: first(name) for name in PROGRAMS}
    with busy_processes():
        found = [{name: told(explored(name)) for name in PROGRAMS} for _ in range(2)]

    assert [wanted, wanted] == found


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_a_report_is_the_same_beside_busy_threads(name):
    wanted = first(name)
    with busy_threads():
        found = [told(explored(name)) for _ in range(3)]

    assert [wanted] * 3 == found


@pytest.mark.slow
def test_a_report_is_the_same_after_unrelated_work():
    wanted = {name: first(name) for name in PROGRAMS}
    clutter = [{object() for _ in range(997)} for _ in range(20)]
    finished = [threading.Thread(target=gc.collect) for _ in range(10)]
    for thread in finished:
        thread.start()
    for thread in finished:
        thread.join()
    for module in ("asyncio", "decimal", "logging.handlers", "sqlite3", "unittest.mock"):
        importlib.import_module(module)
    with pytest.raises(ScheduleFailure):
        explore(lambda: 1 / 0).check()
    with pytest.raises(ProgramError):
        explore(print)
    clutter.clear()
    gc.collect()

    assert wanted == {name: told(explored(name)) for name in reversed(PROGRAMS)}


@pytest.mark.slow
@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_a_report_is_the_same_under_every_hash_seed(hash_seed):
    found = elsewhere(hash_seed=hash_seed)

    for name in FIXED:
        assert first(name) == found["told"][name], name
        assert replayed(name, schedules_of(first(name))) == found["replayed"][name], name


@pytest.mark.slow
def test_where_the_order_of_strings_in_a_set_matters_the_hash_seed_settles_it():
    again = [elsewhere(hash_seed=seed) for seed in ("7", "7", "8")]
    other = again.pop()

    assert again[0] == again[1]
    for name in DRAWN:
        # A program that is right in any order is found to be so in any, after as many schedules.
        for part in ("verdict", "coverage", "outcomes"):
            assert again[0]["told"][name][part] == other["told"][name][part]


# -- other Pythons ------------------------------------------------------------------------------


@functools.cache
def found_python(version):
    """A Python of this version on PATH or among pyenv's; None if there is none that starts."""
    free = version.endswith("t")
    number = version.rstrip("t")
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    candidates = [shutil.which(f"python{version}")]
    candidates += sorted(map(str, pyenv.glob(f"{number}*/bin/python")), reverse=True)
    for candidate in filter(None, candidates):
        question = (
            "import sys, sysconfig; print('%d.%d' % sys.version_info[:2], "
            "bool(sysconfig.get_config_var('Py_GIL_DISABLED')))"
        )
        answer = subprocess.run(
            [candidate, "-c", question], capture_output=True, text=True, timeout=60, check=False
        )
        if answer.stdout.split() == [number, str(free)]:
            return candidate
    return None


@pytest.mark.slow
@pytest.mark.parametrize("version", PYTHONS)
def test_reports_and_replays_are_the_same_on_python(version):
    python = found_python(version)
    if python is None:
        pytest.skip(f"no Python {version} on PATH or among pyenv's versions")
    found = elsewhere(python)

    assert found["python"].startswith(version.rstrip("t"))
    for name in FIXED:
        assert first(name) == found["told"][name], name
        assert replayed(name, schedules_of(first(name))) == found["replayed"][name], name


# -- programs that are not the same every time ----------------------------------------------------


def changes_its_mind():
    lock, log = threading.Lock(), []
    tossed = next(string.tosses) % 3

    def work():
        with lock:
            log.append(1)
        if tossed == 1:
            with lock:
                log.append(2)

    threads = [threading.Thread(target=work) for _ in range(2 + tossed)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(log)


def test_a_program_that_does_something_else_when_repeated_is_not_proved(monkeypatch):
    # Nothing that a learner writes keeps its state from run to run; a library's module does.
    monkeypatch.setattr(string, "tosses", itertools.count(), raising=False)

    report = explore(changes_its_mind, budget=2_000)

    assert "inconclusive" == report.verdict
    assert "the program does something else" in report.note


def one():
    return 1


def two():
    return 2


def goes_through_a_set_of_functions():
    return [job() for job in {one, two}]


def takes_functions_out_of_a_set():
    jobs = set()
    jobs.add(one)
    jobs.add(two)
    return jobs.pop()()


def lists_a_frozen_set_of_functions():
    first, _second = list(frozenset([one, two]))
    return first()


@pytest.mark.parametrize(
    "program",
    [
        goes_through_a_set_of_functions,
        takes_functions_out_of_a_set,
        lists_a_frozen_set_of_functions,
    ],
)
def test_an_order_that_differs_from_run_to_run_is_no_proof(program):
    assert not explore(program).coverage.complete


def passes_through_a_set_of_numbers():
    return sorted({3, 1, 2}), max({4, 5})


def test_the_order_of_numbers_is_always_the_same():
    assert explore(passes_through_a_set_of_numbers).coverage.complete
