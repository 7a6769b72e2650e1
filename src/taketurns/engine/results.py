"""What `explore` and `simulate` return, and the error that a failed check raises."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from .recording import Event

VERDICTS = (
    "ok",
    "assertion",
    "exception",
    "thread-exception",
    "deadlock",
    "no-progress",
    "leaked-thread",
    "inconclusive",
)


class Presentation:
    """How results explain and show themselves; the layers above the engine fill this in."""

    diagnose: Callable[[Run, Run | None], tuple[str | None, str | None]] | None = None
    text: Callable[[Run], str] | None = None
    bundle: Callable[[Run, str], dict[str, str]] | None = None
    # given a program's name: what is told the schedules tried and the share of the budget spent,
    # once after each schedule, and None when it is over; or None where nobody looks
    progress: Callable[[str], Callable[[tuple[int, float] | None], None] | None] | None = None


@dataclass(frozen=True, repr=False)
class Run:
    """One schedule of a program, recorded step by step.

    `elapsed` is in virtual seconds; `schedule` replays this very run; `pending` has the steps that
    threads were about to take, or waited to take, when it was over.
    """

    result: object
    error: BaseException | None
    elapsed: float
    output: str
    events: tuple[Event, ...]
    threads: tuple[str, ...]
    verdict: str
    message: str
    schedule: str
    program: str = "program"
    pending: tuple[Event, ...] = ()

    def __repr__(self) -> str:
        return (
            f"<Run of {self.program}: {self.verdict}, {len(self.events)} steps, {self.elapsed:g} s>"
        )

    def headline(self) -> str:
        """One line that says how the run ended."""
        if self.verdict == "ok":
            what = f"{self.program} returned {_brief(self.result)}"
            return what if self.result is not None else f"{self.program} ended"
        return f"{self.verdict}: {self.message.splitlines()[0] if self.message else ''}".rstrip(
            ": "
        )

    def explain(self) -> str:
        """The whole run as text: how it ended, and every step."""
        steps = Presentation.text(self) if Presentation.text else _plain_trace(self)
        return f"{self.headline()}\nschedule {self.schedule}\n\n{steps}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return _bundle(self, self.headline(), self.explain())


@dataclass(frozen=True, repr=False)
class Failure:
    """A schedule under which the program goes wrong, shrunk to the fewest switches."""

    mistake: str | None
    message: str
    schedule: str
    run: Run

    @property
    def verdict(self) -> str:
        """How the run ended."""
        return self.run.verdict

    def __repr__(self) -> str:
        return f"<Failure: {self.mistake or self.verdict}, schedule {self.schedule!r}>"

    def explain(self) -> str:
        """What went wrong, and every step on the way there."""
        steps = Presentation.text(self.run) if Presentation.text else _plain_trace(self.run)
        return f"{self.message}\n\n{steps}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return _bundle(self.run, self.run.headline(), self.explain())


@dataclass(frozen=True)
class Coverage:
    """Which schedules a verdict speaks of.

    `fair` stands for all but those in which a waiting loop turns on and on although nothing that it
    looks at has changed, and somebody could notice.
    """

    complete: bool
    schedules: int
    bound: int | None = None
    fair: bool = False

    def __str__(self) -> str:
        if self.complete:
            return "every schedule"
        if self.fair:
            return "every schedule in which no loop keeps turning in vain"
        if self.bound is not None:
            plural = "" if self.bound == 1 else "s"
            return f"every schedule with at most {self.bound} preemption{plural}"
        return f"a sample of {self.schedules}"


@dataclass(frozen=True, repr=False)
class Report:
    """What exploring a program found.

    `outcomes` counts, for each return value, the schedules that gave it (of those that the search
    had to tell apart), and `schedules` has one of them each, to replay.
    """

    holds: bool
    verdict: str
    outcomes: dict[object, int]
    coverage: Coverage
    failure: Failure | None
    schedules: dict[object, str] = field(default_factory=dict)
    program: str = "program"
    note: str = ""
    _replay: Callable[[str | None], Run] | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        return f"<Report: {self.summary()}>"

    def example(self, outcome: object) -> Run:
        """A run that gave this outcome; KeyError if none did."""
        if outcome not in self.schedules:
            known = ", ".join(sorted(map(repr, self.schedules))) or "none"
            raise KeyError(f"no schedule gave {outcome!r}; outcomes: {known}")
        assert self._replay is not None
        return self._replay(self.schedules[outcome])

    def summary(self) -> str:
        """One line: the verdict and exactly what it covers."""
        count = self.coverage.schedules
        tried = f"{count} schedule{'' if count == 1 else 's'} tried"
        if self.holds:
            return f"{self.program} holds under {self.coverage} ({tried})"
        if self.verdict == "inconclusive":
            return f"{self.program} is undecided: {self.note}"
        assert self.failure is not None
        return f"{self.program} fails: {self.failure.mistake or self.verdict} ({tried})"

    def explain(self) -> str:
        """The verdict, what it covers and, if it fails, the losing schedule."""
        return f"{self.summary()}\n\n{self.failure.explain()}" if self.failure else self.summary()

    def check(self) -> Report:
        """Return this report if the program holds.

        Raises ScheduleFailure if it fails, and Inconclusive if it could not be decided.
        """
        if self.holds:
            return self
        if self.failure is None:
            raise Inconclusive(self)
        raise ScheduleFailure(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        if self.failure is not None:
            return _bundle(self.failure.run, self.summary(), self.explain())
        if self._replay is None:
            return {"text/plain": self.summary()}
        return _bundle(self._replay(None), self.summary(), self.summary())


class ScheduleFailure(AssertionError):
    """A program fails under some schedule; `report` has everything about it."""

    def __init__(self, report: Report) -> None:
        failure = report.failure
        assert failure is not None
        self.report = report
        self.message = failure.message
        self.schedule = failure.schedule
        self.coverage = report.coverage
        self._published = False
        super().__init__(failure.explain())

    def _render_traceback_(self) -> list[str]:
        """What IPython prints: the explanation, without the checker's own frames.

        A notebook gets the picture too, above it. IPython asks only for an error that nobody
        caught, so that a check which is expected to fail shows nothing.
        """
        if not self._published:  # a kernel asks twice
            self._published = True
            with suppress(Exception):  # without a picture the words still stand
                _publish(self.report)
        return [f"ScheduleFailure: {self}"]


class Interrupted(KeyboardInterrupt):
    """The user stopped an exploration; `report` has what was seen until then, and is no verdict."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__(report.explain())

    def _render_traceback_(self) -> list[str]:
        """What IPython prints."""
        return [f"Stopped: {self}"]


class Inconclusive(Exception):
    """A program could not be decided: it is neither right nor wrong as far as we know."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__(report.summary())

    def _render_traceback_(self) -> list[str]:
        """What IPython prints."""
        return [f"Inconclusive: {self}"]


def _bundle(run: Run, headline: str, text: str) -> dict[str, str]:
    bundle = {"text/plain": text}
    if Presentation.bundle is not None:
        bundle |= Presentation.bundle(run, headline)
    bundle["text/plain"] = text
    return bundle


def _publish(report: Report) -> None:
    """Show the failure where IPython shows what cells display; a terminal takes no HTML."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None and report.failure is not None:
        html = report.failure._repr_mimebundle_().get("text/html")
        if html:
            shell.display_pub.publish({"text/html": html}, metadata={})


def _plain_trace(run: Run) -> str:
    width = max((len(name) for name in run.threads), default=0)
    lines = []
    for e in run.events:
        value = " -> ".join(v for v in (e.before, e.after) if v is not None)
        line = f"{e.line}" if e.line is not None else ""
        lines.append(
            f"{e.step:4} {e.thread:{width}} {line:>4} {e.kind} {e.target or ''} {value}".rstrip()
        )
    return "\n".join(lines)


def _brief(value: object) -> str:
    from .recording import short

    return short(value)
