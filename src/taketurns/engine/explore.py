"""`explore` tries the schedules of a program; `simulate` runs one of them."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

from .containment import contained
from .errors import ScheduleError
from .recording import Recorder, short, unique_names
from .results import Coverage, Failure, Interrupted, Presentation, Report, Run
from .schedule import Departure, decode, encode, tells_apart
from .scheduler import Scheduler, Strategy
from .search import Bounded, Reduced, Replay, Sampled, departures
from .source import Plan, plan
from .workers import Crew

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BUDGET = 400_000  # steps of one `explore`
SIMULATION_STEPS = 50_000  # steps of one `simulate`
RUN = 10  # steps that to begin and end a run costs
TURNS = 16  # turns of loops that cost what one step costs
SHRINKING_RUNS = 200
SEED = 20_141  # of the sampled schedules


def explore(
    program: Callable[[], object], *, clock: str = "exact", budget: int | None = None
) -> Report:
    """Run `program` under every schedule that can make a difference, or as many as fit the budget.

    Args:
        program: a function of no arguments, defined in a notebook cell, a module or a test file.
        clock: "exact" (time passes only when no thread can run) or "adversarial" (any timer may
            fire at any moment).
        budget: how many steps to spend at most, over all schedules (not seconds, so that the
            verdict does not depend on the machine).

    Raises ProgramError if the program is not such a function or its source cannot be found.
    Interrupted (a KeyboardInterrupt) if the user stops it; its `report` is undecided and covers "a
    sample of n", or has the failure if one was found and not yet made short. It is raised, not
    returned, because who presses stop wants the whole cell to stop, and so that no check whatever,
    of `failure` or of `outcomes`, can pass on what was merely not finished.
    """
    _check_clock(clock)
    return _Exploration(plan(program), clock, BUDGET if budget is None else budget).report()


def simulate(
    program: Callable[[], object], *, schedule: str | None = None, clock: str = "exact"
) -> Run:
    """Run `program` once in virtual time, under the default schedule or the one given.

    Raises ProgramError as `explore` does, ScheduleError if `schedule` does not fit the program.
    """
    _check_clock(clock)
    the_plan = plan(program)
    way: list[Departure] = []
    if schedule is not None:
        way, clock = decode(schedule, the_plan.fingerprint)
    strategy = Replay(way)
    apart = schedule is not None and tells_apart(schedule)
    run, _ = record(the_plan, strategy, clock, apart=apart)
    if strategy.misfit:
        raise ScheduleError(
            f"the schedule {schedule!r} does not fit this program: "
            "it names a thread that cannot run there"
        )
    return run


def replay(program: Callable[[], object], schedule: str) -> Run:
    """Run `program` once under the schedule that a report named."""
    return simulate(program, schedule=schedule)


def record(
    the_plan: Plan,
    strategy: Strategy,
    clock: str,
    recorder: Recorder | None = None,
    *,
    apart: bool = False,
) -> tuple[Run, Scheduler]:
    """One run, recorded step by step."""
    with contained(finalises=the_plan.finalises), Crew() as crew:
        sched = Scheduler(
            crew,
            strategy,
            clock=clock,
            recorder=recorder or Recorder(the_plan.sites),
            max_steps=SIMULATION_STEPS,
            apart=apart,
        )
        sched.run(the_plan.instantiate(sched))
    return _finished(the_plan, sched), sched


def _finished(the_plan: Plan, sched: Scheduler) -> Run:
    assert sched.recorder is not None
    return Run(
        result=sched.result,
        error=sched.error,
        elapsed=sched.now,
        output="".join(sched.output),
        events=sched.recorder.events(sched),
        threads=unique_names(sched.tasks),
        verdict=sched.verdict,
        message=sched.message,
        schedule=schedule_of(the_plan, sched),
        program=the_plan.name,
        pending=sched.recorder.pending(sched),
    )


def schedule_of(the_plan: Plan, sched: Scheduler) -> str:
    """The string that replays a run."""
    way = departures(sched.decisions)
    return encode(way, the_plan.fingerprint, sched.clock, apart=bool(sched.apart))


class _Apart(Exception):
    """The search has to begin again, with pools whose workers are told apart."""


class _Exploration:
    """The search for one program: reduced first; then bounded and sampled for what remains."""

    def __init__(self, the_plan: Plan, clock: str, budget: int) -> None:
        self._plan = the_plan
        self._clock = clock
        self._budget = budget
        self._spent = 0
        # Whether pools tell their workers apart; None until it matters.
        self._apart: bool | None = None
        self._begin()
        self._failed: Scheduler | None = None
        self._undecided = ""
        self._length = 0
        self._tell = Presentation.progress(the_plan.name) if Presentation.progress else None

    def _begin(self) -> None:
        """Forget what was seen."""
        self._schedules = 0
        self._exact = True
        self._fair = True
        self._unfair: Scheduler | None = None
        self._outcomes: dict[object, int] = {}
        self._examples: dict[object, str] = {}

    def report(self) -> Report:
        """Search until a failure, the proof, or the end of the budget."""
        try:
            try:
                return self._explored()
            except _Apart:
                self._apart = True
                self._begin()
                return self._explored()
        except KeyboardInterrupt:
            report = self._stopped_short()
            raise Interrupted(report) from None
        finally:
            if self._tell is not None:
                self._tell(None)

    def _explored(self) -> Report:
        complete, bound = False, None
        with contained(finalises=self._plan.finalises), Crew() as self._crew:
            exhausted = self._search(Reduced(), 0.6)
            complete = exhausted and self._exact
            if exhausted and self._unfair and not self._outcomes and not self._stopped():
                # Whatever the schedule, the loops never end, unless random numbers can end them.
                if any(task.unseen for task in self._unfair.tasks):
                    self._undecided = "loops that wait for luck"
                else:
                    self._failed = self._unfair
            if not complete and not self._stopped():
                for k in range(3):
                    if not self._search(Bounded(k), 0.65 + 0.1 * k):
                        break
                    bound = k
                if not exhausted and not self._stopped():
                    self._search(Sampled(SEED, self._length), 1.0)
            failure = self._failure(self._shrink(self._failed)) if self._failed else None
        proved = complete and not self._stopped()
        coverage = Coverage(
            complete=proved and self._fair,
            fair=proved and not self._fair,
            schedules=self._schedules,
            bound=bound,
        )
        holds = failure is None and not self._undecided
        verdict = "ok" if holds else failure.verdict if failure else "inconclusive"
        return Report(
            holds=holds,
            verdict=verdict,
            outcomes=self._outcomes,
            coverage=coverage,
            failure=failure,
            program=self._plan.name,
            note=self._undecided,
            schedules=self._examples,
            _replay=self._replay,
        )

    def _stopped_short(self) -> Report:
        """What was seen until the user stopped it; never a verdict of being right."""
        failure = None
        if self._failed is not None:
            with contained(finalises=self._plan.finalises), Crew() as self._crew:
                failure = self._failure(departures(self._failed.decisions))
        coverage = Coverage(complete=False, schedules=self._schedules)
        return Report(
            holds=False,
            verdict=failure.verdict if failure else "inconclusive",
            outcomes=self._outcomes,
            coverage=coverage,
            failure=failure,
            program=self._plan.name,
            note=f"stopped by the user after {coverage}, none of which failed",
            schedules=self._examples,
            _replay=self._replay,
        )

    def _replay(self, schedule: str | None) -> Run:
        way = [] if schedule is None else decode(schedule, self._plan.fingerprint)[0]
        apart = bool(self._apart) if schedule is None else tells_apart(schedule)
        return record(self._plan, Replay(way), self._clock, apart=apart)[0]

    def _stopped(self) -> bool:
        return self._failed is not None or bool(self._undecided)

    def _search(self, strategy: Reduced | Bounded | Sampled, share: float) -> bool:
        """Run schedules of a strategy until it has no more (True) or its share is spent."""
        limit = int(self._budget * share)
        while True:
            sched = self._once(strategy)
            if self._stopped():
                return False
            if self._schedules % 32 == 0:
                gc.collect(0)
            if self._tell is not None:
                self._tell((self._schedules, self._spent / max(self._budget, 1)))
            if not strategy.advance():
                return True
            if self._spent >= limit:
                return False
            strategy.begin()
            self._length = max(self._length, sched.steps)

    def _once(self, strategy: Strategy) -> Scheduler:
        sched = Scheduler(self._crew, strategy, clock=self._clock, apart=self._apart)
        sched.run(self._plan.instantiate(sched))
        self._spent += sched.steps + sched.ticks // TURNS + RUN
        if sched.verdict == "apart":
            raise _Apart
        self._fair = self._fair and not (sched.unfair or sched.impatient)
        if sched.redundant:
            return sched
        if sched.unfair and sched.verdict == "no-progress":
            self._unfair = sched
            return sched
        self._schedules += 1
        if not sched.exact or (
            self._clock == "adversarial" and any(task.read_clock for task in sched.tasks)
        ):
            self._exact = False
        if sched.verdict == "ok":
            key = frozen(sched.result)
            self._outcomes[key] = self._outcomes.get(key, 0) + 1
            if key not in self._examples:
                self._examples[key] = schedule_of(self._plan, sched)
        elif sched.verdict == "inconclusive":
            self._undecided = sched.message
        else:
            self._failed = sched
        return sched

    def _failure(self, way: list[Departure]) -> Failure:
        """The failure found, recorded and explained."""
        sched = Scheduler(
            self._crew,
            Replay(way),
            clock=self._clock,
            recorder=Recorder(self._plan.sites),
            apart=self._apart,
        )
        sched.run(self._plan.instantiate(sched))
        run = _finished(self._plan, sched)
        mistake, paragraph = None, None
        if Presentation.diagnose is not None:
            apart = bool(self._apart)
            calm = record(self._plan, Replay([]), self._clock, apart=apart)[0]
            if calm.verdict != "ok" and self._clock != "exact":
                calm = record(self._plan, Replay([]), "exact", apart=apart)[0]
            mistake, paragraph = Presentation.diagnose(run, calm if calm.verdict == "ok" else None)
        lines = [run.message or run.verdict]
        if run.verdict != "assertion":
            lines[0] = f"{run.verdict}: {lines[0]}"
        if paragraph:
            lines.append(f"{mistake}: {paragraph}")
        count = self._schedules
        lines.append(
            f"Replay it with simulate({self._plan.name}, schedule={run.schedule!r}). "
            f"Found after {count} schedule{'' if count == 1 else 's'}."
        )
        return Failure(mistake, "\n".join(lines), run.schedule, run)

    def _shrink(self, failed: Scheduler) -> list[Departure]:
        """The same verdict with as few departures and preemptions as can be found."""
        self._left = SHRINKING_RUNS
        best = failed
        for bound in range(failed.preemptions):
            simpler = self._first_failure(Bounded(bound), failed.verdict)
            if simpler is not None:
                best = simpler
                break
        way = departures(best.decisions)
        changed = True
        while changed and way:
            changed = False
            for at in reversed(range(len(way))):
                for candidate in _without(way, at):
                    sched = self._try(Replay(candidate), failed.verdict)
                    if sched is not None and _cost(sched) < _cost(best):
                        best, way, changed = sched, departures(sched.decisions), True
                        break
                if changed:
                    break
        return way

    def _first_failure(self, strategy: Bounded, verdict: str) -> Scheduler | None:
        while self._left > SHRINKING_RUNS // 4:
            sched = self._try(strategy, verdict)
            if sched is not None:
                return sched
            if not strategy.advance():
                return None
            strategy.begin()
        return None

    def _try(self, strategy: Strategy, verdict: str) -> Scheduler | None:
        if self._left <= 0:
            return None
        self._left -= 1
        sched = Scheduler(self._crew, strategy, clock=self._clock, apart=self._apart)
        sched.run(self._plan.instantiate(sched))
        return sched if sched.verdict == verdict else None


def _cost(sched: Scheduler) -> tuple[int, int, int]:
    return sched.preemptions, len(departures(sched.decisions)), sched.steps


def _without(way: list[Departure], at: int) -> Iterator[list[Departure]]:
    """The schedule without one departure: what follows moved up, or kept in its place."""
    rest = way[at + 1 :]
    yield way[:at] + rest
    if rest:
        kept = Departure(rest[0].gap + way[at].gap + 1, rest[0].rank)
        yield [*way[:at], kept, *rest[1:]]


def frozen(value: object) -> object:
    """`value` as a key of `outcomes`: itself if it is plain and hashable, else a plain copy.

    None of the learner's code runs. What is too large to compare is only described.
    """
    try:
        return _frozen(value, iter(range(MAX_ITEMS)), 0)
    except StopIteration:
        return short(value)


def _frozen(value: Any, left: Iterator[int], depth: int) -> object:
    kind = type(value)
    next(left)
    if kind in (bool, float, complex, str, bytes, type(None)):
        return value
    if issubclass(kind, int):
        plain = int.__int__(value)
        return plain if plain.bit_length() <= MAX_BITS else short(plain)
    if depth < MAX_DEPTH:
        for family in (list, tuple, set, frozenset):
            if issubclass(kind, family):
                items = [_frozen(item, left, depth + 1) for item in family.__iter__(value)]
                return frozenset(items) if family in (set, frozenset) else tuple(items)
        if issubclass(kind, dict):
            return tuple(
                (_frozen(key, left, depth + 1), _frozen(item, left, depth + 1))
                for key, item in [*dict.items(value)]
            )
    for basic in (float, complex, str, bytes):
        if issubclass(kind, basic):
            return _exact[basic](value)
    return short(value)


MAX_ITEMS = 1_000_000
MAX_BITS = 10_000
MAX_DEPTH = 50
_exact: dict[type, Callable[[Any], object]] = {
    float: float.__float__,
    complex: complex.__complex__,
    str: lambda text: str.__getitem__(text, slice(None)),
    bytes: lambda text: bytes.__getitem__(text, slice(None)),
}


def _check_clock(clock: str) -> None:
    if clock not in ("exact", "adversarial"):
        raise ValueError(f"clock is 'exact' or 'adversarial', not {clock!r}")
