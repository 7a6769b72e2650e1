"""What the engine's search costs: side by side with others, and as programs grow.

    python benchmarks/engine.py [--most N]     measures, writes engine.json and README's table
    python benchmarks/engine.py --readme       writes README's table from the JSON files

Side by side are an unreduced search (every schedule, over the same models), `explore` and, where
it is installed (`pip install -e ".[bench]"`), frontrun's partial-order reduction without a bound on
preemptions, in virtual time, with its locks as its pytest plugin puts them in. Each program and
engine has a process of its own, which has explored another program before. A wrong program is
searched until it first fails; shrinking, naming the mistake and repetitions are not counted as
executions, but what `explore` spends on them is part of its time.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import math
import multiprocessing
import os
import platform
import sys
import time
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from programs import CASES, Case, counting, together

from taketurns import explore, simulate
from taketurns.course import readme
from taketurns.course.folder import Course
from taketurns.engine.scheduler import Scheduler
from taketurns.engine.search import Bounded, Reduced
from taketurns.engine.source import plan
from taketurns.engine.workers import Crew

if TYPE_CHECKING:
    from collections.abc import Callable


HERE = Path(__file__).resolve().parent
ENGINES = ("unreduced", "ours", "frontrun")
EVERYTHING = 10**9  # no bound on preemptions, no end to the budget
MOST = 20_000  # executions, then a search is given up
SECONDS = 60.0  # for frontrun, which can be told a time
PATIENCE = 600.0  # for a whole process
ENOUGH = 1.0  # seconds that repetitions of a quick search take together
PART = "benchmarks"  # of README


@dataclass(frozen=True)
class Searched:
    """How a search ended: `holds` is None if it could not say."""

    holds: bool | None
    executions: int
    proved: bool  # it claims to have covered everything
    milliseconds: float = 0.0
    note: str = ""


def searched(strategy: Any, program: Callable[[], object], most: int) -> Searched:
    """Run a program under a strategy of the engine's until it fails or nothing is left to try."""
    the_plan = plan(program)
    exact, executions = True, 0
    with Crew() as crew:
        while True:
            sched = Scheduler(crew, strategy)
            sched.run(the_plan.instantiate(sched))
            executions += 1
            exact &= sched.exact
            if sched.verdict == "inconclusive":
                return Searched(holds=None, executions=executions, proved=False, note=sched.message)
            if sched.verdict not in ("ok", "redundant"):
                return Searched(holds=False, executions=executions, proved=False)
            if not strategy.advance():
                return Searched(holds=True, executions=executions, proved=exact)
            if executions >= most:
                return Searched(holds=None, executions=executions, proved=False, note="cap reached")
            strategy.begin()


def unreduced(case: Case, most: int) -> Searched:
    """Every schedule, one after another."""
    program = partial(together, case.setup, case.workers, case.holds)
    return searched(Bounded(EVERYTHING), program, most)


def ours(case: Case, most: int) -> Searched:  # noqa: ARG001 (has a budget of its own)
    """What a learner gets."""
    report = explore(partial(together, case.setup, case.workers, case.holds))
    holds = None if report.verdict == "inconclusive" else report.holds
    return Searched(holds, report.coverage.schedules, report.coverage.complete)


def frontrun(case: Case, most: int) -> Searched:
    """The same through frontrun, given the functions one by one."""
    explore = importlib.import_module("frontrun").explore
    try:
        result = explore(
            setup=case.setup,
            workers=list(case.workers),
            invariant=case.holds,
            preemption_bound=None,
            clock="virtual",
            max_executions=most,
            total_timeout=SECONDS,
            reproduce_on_failure=0,
        )
    except Exception as error:  # raised in one of the threads: it has found a failure
        return Searched(holds=False, executions=0, proved=False, note=type(error).__name__)
    holds = result.property_holds
    proved = result.exhausted is True  # it says so only of processes, not of threads
    note = "" if holds is not None else "inconclusive"
    return Searched(holds=holds, executions=result.num_explored, proved=proved, note=note)


def missing() -> str:
    """Why frontrun cannot be compared with here; empty if it can."""
    if importlib.util.find_spec("frontrun") is None:
        python = ".".join(platform.python_version_tuple()[:2])
        return f'frontrun is not installed for Python {python}: pip install -e ".[bench]"'
    return ""


def measure(name: str, number: int, most: int) -> Searched:
    """Search one case with one engine; runs in a process of its own."""
    if name == "frontrun":
        os.environ["FRONTRUN_ACTIVE"] = "1"
        importlib.import_module("frontrun._cooperative").patch_locks()

    search = {"unreduced": unreduced, "ours": ours, "frontrun": frontrun}[name]
    search(CASES[1 if number == 0 else 0], 10)  # what is imported late is then there
    return timed(lambda: search(CASES[number], most))


def timed(search: Callable[[], Searched]) -> Searched:
    """The search with its time: of a quick one's repetitions, the quickest."""
    times: list[float] = []
    start = time.perf_counter()
    while True:
        before = time.perf_counter()
        found = search()
        times.append((time.perf_counter() - before) * 1000)
        if time.perf_counter() - start > ENOUGH or len(times) == 5:
            break
    return Searched(found.holds, found.executions, found.proved, min(times), found.note)


def grown(kind: str, threads: int, times: int, most: int) -> Searched:
    """Search the counter with a lock; runs in a process of its own."""

    def search(program: Callable[[], None], most: int) -> Searched:
        strategy = Reduced() if kind == "reduced" else Bounded(EVERYTHING)
        return searched(strategy, program, most)

    search(counting(1, 1), most)
    return timed(lambda: search(counting(threads, times), most))


def pace() -> Searched:
    """`explore` on a program of some 40 events; runs in a process of its own."""
    program = counting(2, 4)
    events = len(simulate(program).events)
    found = timed(lambda: _explored(program))
    return replace(found, note=f"{events} events")


def _explored(program: Callable[[], None]) -> Searched:
    report = explore(program)
    return Searched(report.holds, report.coverage.schedules, report.coverage.complete)


def alone(function: Callable[..., Searched], *args: object) -> Searched:
    """Call a function in a new process, and give that up when it takes too long."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:  # its end terminates the process
        try:
            return pool.apply_async(function, args).get(PATIENCE)
        except multiprocessing.TimeoutError:
            return Searched(holds=None, executions=0, proved=False, note=f"over {PATIENCE:.0f} s")


def formula(threads: int, times: int) -> int:
    """In how many orders so many threads can each pass a lock so many times."""
    return math.factorial(threads * times) // math.factorial(times) ** threads


def measured(most: int) -> dict[str, Any]:
    """All figures."""
    reason = missing()
    if reason:
        print(f"frontrun left out: {reason}")
    cases = []
    for number, case in enumerate(CASES):
        row: dict[str, Any] = {"program": case.name, "right": case.right}
        for name in ENGINES:
            if name != "frontrun" or not reason:
                row[name] = asdict(alone(measure, name, number, most))
                print(f"{case.name:40} {name:10} {row[name]}", flush=True)
        cases.append(row)
    growth = []
    for threads in range(2, 6):
        for times in range(1, 4):
            row = {"threads": threads, "times": times, "formula": formula(threads, times)}
            for kind in ("unreduced", "reduced"):
                row[kind] = asdict(alone(grown, kind, threads, times, most))
                print(f"{threads} threads, {times} times {kind:10} {row[kind]}", flush=True)
            growth.append(row)
    found = alone(pace)
    print(f"pace: {found}", flush=True)
    return {
        "pace": asdict(found),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "frontrun": None if reason else importlib.metadata.version("frontrun"),
        "most_executions": most,
        "cases": cases,
        "growth": growth,
    }


def wrong(figures: dict[str, Any]) -> list[str]:
    """Where our search was wrong, or cost more than it must."""
    said = []
    for row in figures["cases"]:
        found = row["ours"]
        if found["holds"] != row["right"] or found["proved"] != row["right"]:
            said.append(f"{row['program']}: {found}")
    for row in figures["growth"]:
        found = row["reduced"]
        if found["proved"] and found["executions"] != row["formula"]:
            said.append(f"{row['threads']} threads, {row['times']} times: {found['executions']}")
    return said


# -- README ---------------------------------------------------------------------------------------


def table(
    figures: dict[str, Any],
    answers: dict[str, Any],
    soundness: dict[str, Any],
    fidelity: dict[str, Any],
    latency: dict[str, Any],
    timeline: dict[str, Any],
    grading: dict[str, Any],
    hostile: dict[str, Any],
) -> str:
    """What README says about these figures, in Markdown."""
    pace = figures["pace"]
    rate = pace["executions"] / pace["milliseconds"] * 1000
    right, refused, mistakes = answers["right"], answers["wrong"], answers["mistakes"]
    return f"""\
Executions until the first failure or the end of the search (✓: it claims every schedule), and the \
time; Python {figures["python"]}, {figures["cores"]} cores.
A search was stopped after {figures["most_executions"]:,} executions.
frontrun says that a program holds, not that it tried everything, and does not count the execution \
in which a thread raises (–).

{_side_by_side(figures)}

What a counter with a lock costs, as threads (n) and turns of each (k) grow: all schedules → those \
that Taking Turns tries, (nk)!/(k!)ⁿ, and its time:

{_growth(figures)}

{right["answers"]} right and {refused["answers"]} wrong answers test the exercises.
Of the {right["programs"]} checks that right ones go through, {right["share_complete"]:.0%} end \
with a proof: after {_ms(right["median_s"])} (median), {_ms(right["maximum_s"])} at most.
Wrong ones are refused after {_ms(refused["median_s"])} (median), {_ms(refused["maximum_s"])} at \
most; of those whose mistake has a name, {mistakes["share_named"]:.0%} are told it.

On a program of {pace["note"]}, {rate:,.0f} schedules are tried in a second.

Does the search leave anything out? On {soundness["programs_compared"]:,} random programs it found \
the {soundness["outcomes"]:,} outcomes that an unreduced search finds, with \
{soundness["executions_reduced"]:,} executions instead of {soundness["executions_unreduced"]:,}; \
{len(soundness["mismatches"])} differed.
Do the simulated locks behave like real ones? On {fidelity["programs_compared"]:,} random \
programs they allowed the same {fidelity["outcomes"]:,} outcomes as the standard library's own \
source; {len(fidelity["library_did_more"]) + len(fidelity["model_did_more"])} differed.

{_seen(latency, timeline)}

{_graded(grading, hostile)}"""


def _graded(grading: dict[str, Any], hostile: dict[str, Any]) -> str:
    """How long grading takes."""
    ours, *others = grading["class"]["seconds"].items()
    told = " and ".join(
        f"{name} {seconds:g} s ({grading['class']['times_faster'][name]:g} times as long)"
        for name, seconds in others
    )
    many = grading["many"]
    bad = hostile["seconds"]
    return f"""\
How long does a class take? {grading["class"]["students"]} submissions of the third topic, with \
three exercises and eight checks: `taketurns grade` {ours[1]:g} s, {told}; all scores are the same.
{hostile["submissions"]} that hang, flood, exit or are broken: {bad["taketurns"]:g} s and \
{bad["stock nbgrader"]:g} s ({hostile["times_faster"]:g} times as long).
Of {many["submissions"]:,} submissions with {many["checks_each"]} checks that take no time, each \
takes {many["milliseconds_each"]:g} ms."""


def _seen(latency: dict[str, Any], timeline: dict[str, Any]) -> str:
    """How soon one sees something."""
    named = {"sleep": "sleep time", "threads": "number of threads"}
    rows = [
        [
            f"slider: {named[row['slider']]}, {row['threads']} threads",
            _ms(row["ours"]["milliseconds"] / 1000),
            _ms(row["matplotlib"]["milliseconds"] / 1000),
            f"{row['ratio']:.1f}",
            ", ".join(
                _ms(row[name]["kernel_milliseconds"] / 1000) for name in ("ours", "matplotlib")
            ),
        ]
        for row in latency["sliders"]
    ]
    step, worst = latency["stepper"], timeline["worst"]
    heads = ["", "Taking Turns", "`interact`, matplotlib", "times", "processor time of each kernel"]
    return f"""\
How soon does one see what one did? From a slider's keypress to the last change of the page, in \
JupyterLab in headless Chromium, the median of {latency["presses"]}; beside it `interact` and \
matplotlib {latency["matplotlib"]}, which draw no more than bars:

{_markdown(heads, rows)}

A click in the stepper, {step["steps"]} steps into a program, shows the next state after \
{_ms(step["milliseconds"] / 1000)}; matplotlib's 8 bars take {step["ratio"]:.1f} times as long.
Of {len(timeline["pictures"])} timelines with up to \
{max(row["events"] for row in timeline["pictures"]):,} events the slowest takes \
{_ms(worst["milliseconds"] / 1000)} to draw, {worst["ratio"]:.0f} times as long as one with \
{timeline["small"]} events; the largest has {worst["bytes"] / 1000:.0f} kB."""


def _side_by_side(figures: dict[str, Any]) -> str:
    most, other = figures["most_executions"], figures["frontrun"]
    heads = ["program", "", "all schedules", "Taking Turns", *([f"frontrun {other}"] * bool(other))]
    rows = [
        [
            row["program"],
            "right" if row["right"] else "wrong",
            *(_cell(row[name], row["right"], most) for name in ENGINES if name in row),
        ]
        for row in figures["cases"]
    ]
    return _markdown(heads, rows)


def _growth(figures: dict[str, Any]) -> str:
    most = figures["most_executions"]
    cells = {
        (row["threads"], row["times"]): (
            f"{_count(row['unreduced'], most)} → {_count(row['reduced'], most)}"
            f", {_ms(row['reduced']['milliseconds'] / 1000)}"
        )
        for row in figures["growth"]
    }
    threads, times = (sorted({key[at] for key in cells}) for at in (0, 1))
    rows = [[f"n = {n}", *(cells[n, k] for k in times)] for n in threads]
    return _markdown(["", *(f"k = {k}" for k in times)], rows)


def _markdown(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"


def _cell(found: dict[str, Any], right: bool, most: int) -> str:
    if found["holds"] is None and found["note"] != "cap reached":
        return "undecided"
    text = _count(found, most)
    if found["holds"] is False:
        text += " false alarm" if right else ""
    elif found["holds"]:
        text += " ✓" if found["proved"] else ""
        text += "" if right else " missed"
    return f"{text}, {_ms(found['milliseconds'] / 1000)}"


def _count(found: dict[str, Any], most: int) -> str:
    if found["note"] == "cap reached":
        return f">{most:,}"
    return f"{found['executions']:,}" if found["executions"] else "–"


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readme", action="store_true", help="only write README's table")
    parser.add_argument("--most", type=int, default=MOST, help=f"executions, default {MOST:,}")
    options = parser.parse_args()
    into = HERE / "engine.json"
    said = []
    if not options.readme:
        figures = measured(options.most)
        into.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", "utf-8")
        said = wrong(figures)
        print(*said, sep="\n")
    found = (json.loads((HERE / f"{name}.json").read_text("utf-8")) for name in FILES)
    readme.write(Course(HERE.parent), PART, table(*found))
    return 1 if said else 0


FILES = (
    "engine",
    "answers",
    "soundness",
    "fidelity",
    "latency",
    "timeline",
    "grading",
    "hostile",
)

if __name__ == "__main__":
    sys.exit(main())
