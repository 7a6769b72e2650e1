"""Step a program by hand: who goes next is your choice, and every choice can be taken back.

`Stepping` is the model and knows no widgets. A position in it is a list of choices, and its state
is computed by running the program anew that far; so what is undone and done again is the same.
`stepper` puts buttons on it.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import linecache
from collections import deque
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from taketurns.engine.containment import contained
from taketurns.engine.errors import ScheduleError
from taketurns.engine.explore import explore, record
from taketurns.engine.recording import Recorder, code_line, short, unique_names
from taketurns.engine.results import VERDICTS
from taketurns.engine.schedule import decode, encode, tells_apart
from taketurns.engine.scheduler import Scheduler, describe_wait
from taketurns.engine.search import Bounded, Guided, departures
from taketurns.engine.source import plan
from taketurns.engine.workers import Crew

from .canvas import SCROLLS, escape
from .puzzles import Progress, meet
from .story import DATA, STUCK, VERBS, count, headline, seconds, tell
from .text import timeline_text
from .timeline import display_bundle, timeline_svg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from taketurns.engine.recording import Event, Place
    from taketurns.engine.results import Report, Run
    from taketurns.engine.scheduler import Op, Task
    from taketurns.engine.source import Plan

Choice = tuple[int, int] | None  # rank chosen and rank of the default; None: only one could go

LONG = 60  # lines of source that are shown as they are; of longer ones the functions inside
WIDEST = 40  # characters of a step on a button
SEARCHED = 2000  # runs in which `shortest` looks for a failure
LEFT_OUT, APART = 0, -1  # instead of a line's number: lines left out, another file
GAPS = {LEFT_OUT: "     ...", APART: " "}
LOST = frozenset(VERDICTS) - {"ok", "inconclusive"}
CONTAINERS = (list, dict, set, deque)
THREADS = frozenset({"start", "join", "is-alive", "end"})
NOTHING_DONE = "Nothing has been done yet."
CAN_GO, WAITS, RESTS, STOPPED = "can go", "waits", "rests", "stopped"
ENDED, FAILED = "has ended", "has failed"


@dataclass(frozen=True)
class ThreadState:
    """A thread where the program stands: what it does next, or why it cannot."""

    name: str
    state: str  # CAN_GO, WAITS, RESTS (a pool's worker without work), ENDED, FAILED or STOPPED
    next: str  # its next step in words; of one that failed, the error
    waits_for: str | None
    file: str | None
    line: int | None
    code: str | None

    def __str__(self) -> str:
        line = f" (line {self.line})" if self.line is not None else ""
        if self.state == CAN_GO:
            return f"{self.name} can go: {self.next}{line}"
        if self.state == WAITS:
            return f"{self.name} waits for {self.waits_for}{line}"
        if self.state == FAILED:
            return f"{self.name} {self.state}: {self.next}{line}"
        return f"{self.name} {self.state}"


@dataclass(frozen=True)
class Variable:
    """Something that threads share, its value, and who knows an older one."""

    name: str
    value: str
    writer: str | None  # the thread that wrote it last
    stale: tuple[tuple[str, str], ...]  # threads that have seen another value, and which

    def __str__(self) -> str:
        by = f", written by {self.writer}" if self.writer else ""
        old = "".join(f"; {thread} saw {value}" for thread, value in self.stale)
        return f"{self.name} = {self.value}{by}{old}"


@dataclass(frozen=True)
class Primitive:
    """A lock, condition, queue or the like: its state, who has it, and who waits for it."""

    name: str
    state: str
    holder: str | None
    waiters: tuple[str, ...]

    def __str__(self) -> str:
        queue = f"; waiting: {', '.join(self.waiters)}" if self.waiters else ""
        return f"{self.name}: {self.state}{queue}"


@dataclass(frozen=True)
class State:
    """Where a program stands after some steps."""

    steps: int
    over: bool
    time: float  # virtual seconds
    threads: tuple[ThreadState, ...]
    choices: tuple[str, ...]  # the names of those who can go, in the order of their ranks
    variables: tuple[Variable, ...]
    primitives: tuple[Primitive, ...]
    run: Run  # what was done so far; its verdict counts only if the run is over

    @property
    def events(self) -> tuple[Event, ...]:
        """What was done so far."""
        return self.run.events

    @property
    def verdict(self) -> str | None:
        """How the run ended; None while it goes on."""
        return self.run.verdict if self.over else None

    @property
    def ending(self) -> str:
        """Where the program stands, in a sentence or two."""
        at = f"After {count(self.steps, 'step')}"
        if self.time:
            at += f" and {seconds(self.time)} of virtual time"
        if not self.over:
            return f"{at}: {', '.join(self.choices)} can go."
        run = self.run
        if run.verdict != "ok":
            return f"{at}, the run is over. {headline(run)}. {run.message}"
        ending = "The program ended" if run.result is None else f"It returned {short(run.result)}"
        return f"{at}, the run is over. {ending}, and nothing went wrong."


class Stepping:
    """A program that you step by choosing who goes next.

    Args:
        program: a function of no arguments, as for `explore`.
        clock: "exact" or "adversarial", as for `explore`.

    Raises ProgramError as `explore` does.
    """

    def __init__(self, program: Callable[[], object], clock: str = "exact") -> None:
        if clock not in ("exact", "adversarial"):
            raise ValueError(f"clock is 'exact' or 'adversarial', not {clock!r}")
        self.program = program
        self.clock = clock
        self._plan = plan(program)
        self._apart = False  # whether pools tell their workers apart
        self._path: list[Choice] = []
        self._at = 0
        self._report: Report | None = None
        own = _lines_of(program)
        self._own = {file for file, _ in own}
        self._lines = own | _touched(record(self._plan, Guided([], None), clock)[0])
        self._listed: list[tuple[str, int, str]] = []
        self._guide, self.state = self._look([], 0)

    # -- where it stands ----------------------------------------------------------------------

    @property
    def position(self) -> str:
        """Where the program stands, as a string for `to`: a schedule and a number of steps."""
        taken = [choice for choice in self._path[: self._at] if choice is not None]
        return f"{self._encoded(taken)}@{self._at}"

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        """Whether a step was taken back."""
        return self._at < len(self._path)

    # -- moving -------------------------------------------------------------------------------

    def step(self, who: str | int) -> Self:
        """Let a thread go on by one step: by its name, or its rank among those who can go.

        Raises ValueError if it cannot go, or there is none such; the message says why.
        """
        rank = self._rank(who)
        several = len(self._guide.enabled) > 1
        choice = (rank, self._guide.default) if several else None
        path = [*self._path[: self._at], choice]
        found = self._look(path, len(path))
        # Going where the undone steps went leaves the rest of them to be done again.
        if self._path[: len(path)] != path:
            self._path = path
        self._at = len(path)
        self._guide, self.state = found
        return self

    def skip(self) -> Self:
        """Go on while only one thread can."""
        while len(self.state.choices) == 1:
            self.step(0)
        return self

    def undo(self) -> Self:
        """Take the last step back, if there is one."""
        return self._move(self._at - 1) if self.can_undo else self

    def redo(self) -> Self:
        """Take again the step that was taken back last, if there is one."""
        return self._move(self._at + 1) if self.can_redo else self

    def reset(self) -> Self:
        """Back to the beginning; `redo` still knows the way."""
        return self._move(0)

    def to(self, position: str) -> Self:
        """Go to a position, or to the end of a schedule that a report named.

        Raises ScheduleError if it is no such string or does not fit this program.
        """
        schedule, at, number = position.strip().partition("@")
        if at and not number.isdecimal():
            raise ScheduleError(
                f"{position!r} is not a position. "
                "A position looks like '3b1a.7c1e@12': copy it whole."
            )
        way, clock = decode(schedule, self._plan.fingerprint)
        guide = Guided(way, int(number) if at else None)
        apart = tells_apart(schedule)
        record(self._plan, guide, clock, apart=apart)
        if guide.misfit or (at and len(guide.choices) != int(number)):
            raise ScheduleError(
                f"{position!r} does not fit this program: "
                + (
                    "it names a thread that cannot run there"
                    if guide.misfit
                    else f"its run is over after {len(guide.choices)} steps"
                )
            )
        self.clock, self._apart = clock, apart
        self._path = guide.choices
        return self._move(len(self._path))

    def losing(self) -> bool:
        """Go to the end of a schedule with few switches that fails; False if none was found.

        What the search covers is in `report`. `undo` leads back through the failure step by step.
        """
        failure = self.report.failure
        if failure is not None:
            self.to(failure.schedule)
        return failure is not None

    def shortest(self) -> bool:
        """Go to the end of the failing schedule with the fewest steps; False if none was found.

        Looks through the schedules with at most two preemptions, and at most `SEARCHED` of them.
        """
        schedule = self._shortest()
        if schedule is not None:
            self.to(schedule)
        return schedule is not None

    @property
    def report(self) -> Report:
        """What `explore` says about the program; asked once."""
        if self._report is None:
            self._report = explore(self.program, clock=self.clock)
        return self._report

    # -- how that is done ---------------------------------------------------------------------

    def _rank(self, who: str | int) -> int:
        state = self.state
        if isinstance(who, int):
            if 0 <= who < len(state.choices):
                return who
            raise ValueError(
                f"there is no number {who} among those who can go: "
                f"{', '.join(state.choices) or 'nobody, the run is over'}"
            )
        if who in state.choices:
            return state.choices.index(who)
        if state.over:
            raise ValueError(f"{who} cannot go: the run is over ({state.verdict})")
        for thread in state.threads:
            if thread.name == who:
                raise ValueError(f"{who} cannot go: it {_hindrance(thread)}")
        raise ValueError(
            f"there is no thread {who!r} here: {', '.join(t.name for t in state.threads)}"
        )

    def _move(self, at: int) -> Self:
        self._guide, self.state = self._look(self._path, at)
        self._at = at
        return self

    def _look(self, path: Sequence[Choice], at: int) -> tuple[Guided, State]:
        """Run the program along a path, and see how it stands there."""
        taken = [choice for choice in path[:at] if choice is not None]
        guide = Guided(departures(taken), at)
        witness = _Witness(self._plan)
        run, sched = record(self._plan, guide, self.clock, witness, apart=self._apart)
        if guide.choices != list(path[:at]):
            raise ScheduleError(
                "repeated under the same choices, the program does something else; "
                "it depends on what differs from run to run"
            )
        over = sched.verdict != "redundant"
        if not over:
            run = replace(run, verdict="ok")
        names = dict(zip(sched.tasks, run.threads, strict=True))
        return guide, State(
            steps=at,
            over=over,
            time=run.elapsed,
            threads=witness.threads(guide, names, run),
            choices=tuple(names[task] for task in guide.enabled),
            variables=tuple(_variables(run, witness)),
            primitives=witness.primitives,
            run=run,
        )

    def _shortest(self) -> str | None:
        best: Scheduler | None = None
        limit = 20_000
        left = SEARCHED
        with contained(finalises=self._plan.finalises), Crew() as crew:
            for bound in range(3):
                strategy = Bounded(bound)
                while left > 0:
                    left -= 1
                    sched = Scheduler(
                        crew, strategy, clock=self.clock, max_steps=limit, apart=self._apart
                    )
                    sched.run(self._plan.instantiate(sched))
                    if sched.verdict not in ("ok", "inconclusive"):
                        best, limit = sched, sched.steps  # what takes as many is cut short
                    if not strategy.advance():
                        break
                    strategy.begin()
        if best is None:
            return None
        return self._encoded(best.decisions)

    def _encoded(self, decisions: list[tuple[int, int]]) -> str:
        way = departures(decisions)
        return encode(way, self._plan.fingerprint, self.clock, apart=self._apart)

    # -- as text and as a page ------------------------------------------------------------------

    def text(self) -> str:
        """All that the page shows, as plain text."""
        state = self.state
        parts = [state.ending, f"position {self.position}", ""]
        for file, number, line in self._source():
            here = [t for t in state.threads if (t.file, t.line) == (file, number)]
            badges = "".join(f"  <- {_badge(thread)}" for thread in here)
            parts.append(GAPS.get(number) or f"{number:4} {line}{badges}".rstrip())
        for title, rows in (
            ("Threads", state.threads),
            ("Shared variables", state.variables),
            ("Locks and the like", state.primitives),
        ):
            if rows:
                parts += ["", title, *(f"  {row}" for row in rows)]
        if state.run.output:
            parts += ["", "Output", *(f"  {line}" for line in state.run.output.splitlines())]
        parts += ["", "Done so far", timeline_text(state.run) if state.events else NOTHING_DONE]
        return "\n".join(parts)

    __str__ = text

    def __repr__(self) -> str:
        return f"<Stepping {self._plan.name}: {self.state.ending}>"

    def html(self) -> str:
        """The state as a page without scripts."""
        return _page(self, timeline_svg)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        del include, exclude  # there is nothing to leave out
        return {"text/plain": self.text(), "text/html": _page(self, _image)}

    def _source(self) -> list[tuple[str, int, str]]:
        """File, number and text of each line to show; or LEFT_OUT or APART for the number."""
        wanted = self._lines | {
            (t.file, t.line) for t in self.state.threads if t.file is not None and t.line
        }
        if wanted != self._lines or not self._listed:
            self._lines, self._listed = wanted, [*self._list(wanted)]
        return self._listed

    def _list(self, wanted: set[tuple[str, int]]) -> Iterator[tuple[str, int, str]]:
        # The program's own file comes last: what it uses stands above it, as in a notebook.
        files = sorted({file for file, _ in wanted}, key=lambda file: (file in self._own, file))
        for file in files:
            lines = linecache.getlines(file)
            last = 0
            if file != files[0]:
                yield file, APART, ""
            for first, end in _blocks(lines, sorted(n for f, n in wanted if f == file)):
                if last:
                    blank = not "".join(lines[last : first - 1]).strip()
                    yield file, APART if blank else LEFT_OUT, ""
                for number in range(first, end + 1):
                    yield file, number, lines[number - 1].rstrip("\n")
                last = end


class _Witness(Recorder):
    """A recorder that looks around at the very end, while every thread stands still."""

    def __init__(self, the_plan: Plan) -> None:
        super().__init__(the_plan.sites)
        self._sites_of_plan = the_plan.sites
        self.primitives: tuple[Primitive, ...] = ()
        self.contents: dict[int, str] = {}  # step: what the container that it touched has in it
        self._sched: Scheduler | None = None
        self._upcoming: dict[Task, tuple[Op | None, str, str | None]] = {}

    def close(self, sched: Scheduler) -> None:
        """The run is over, or stopped: see who is where."""
        super().close(sched)
        self._sched = sched
        names = dict(zip(sched.tasks, unique_names(sched.tasks), strict=True))
        stopped = sched.verdict != "redundant" and sched.verdict not in STUCK
        live = [*sched.live]
        for task in live:
            op = task.op
            if stopped and task is sched.current:
                continue
            reason = None if op is None or sched.enabled(task) else describe_wait(sched, task)
            if reason and op is not None and op.deadline is not None and op.patience is None:
                reason += f", at most until {seconds(op.deadline)}"
            words = _in_words(sched, op, names, self._sites_of_plan) if op is not None else ""
            self._upcoming[task] = op, words, reason
        objects = {id(obj): obj for obj in self.touched()}
        for task in live:
            if task.op is not None:
                objects.setdefault(id(task.op.obj), task.op.obj)
        self.primitives = _numbered([*_primitives(sched, objects.values(), names)])
        for step, obj in enumerate(self._objects()):
            if isinstance(obj, CONTAINERS):
                self.contents[step] = short(obj)

    def _objects(self) -> list[object]:
        return [entry.obj for entry in self._entries]

    def threads(self, guide: Guided, names: dict[Task, str], run: Run) -> tuple[ThreadState, ...]:
        """Every thread that there has been."""
        found = []
        errors = {event.thread: event for event in run.events if event.kind == "raise"}
        for task, name in names.items():
            if name in errors and task not in guide.enabled:  # else it still has to end
                end = errors[name]
                words, place = end.target or "", (end.file, end.line, end.code)
                found.append(ThreadState(name, FAILED, words, None, *place))
                continue
            op, words, reason = self._upcoming.get(task, (None, "", None))
            file, line = self.place_of(task) if task in self._upcoming else (None, None)
            if task not in self._upcoming or op is None:
                state = ENDED
            elif task in guide.enabled:
                state, reason = CAN_GO, None
            elif task.idle:
                state = RESTS
            elif reason is not None:
                state = WAITS
            else:
                state = STOPPED
            found.append(ThreadState(name, state, words, reason, file, line, code_line(file, line)))
        return tuple(found)


def _in_words(sched: Scheduler, op: Op, names: dict[Task, str], sites: Any) -> str:
    """A step that is announced, such as "write self.value"."""
    verb = VERBS.get(op.kind, op.kind)
    if op.kind in ("begin", "sleep", "spin", "time", "end"):
        return verb
    target: str | None = None
    if op.kind in THREADS:
        task = getattr(op.obj, "_tt_task", None)
        name = names.get(task) if task is not None else getattr(op.obj, "_tt_name", None)
        target = name if isinstance(name, str) else None
    elif op.site is not None:
        place: Place = sites[op.site]
        target = place.text
    target = target or sched.label_of(op.obj) or type(op.obj).__name__.lstrip("_")
    return f"{verb} {target}"


def _primitives(
    sched: Scheduler, objects: Iterable[object], names: dict[Task, str]
) -> Iterator[Primitive]:
    """What of these threads meet at, in the order given."""
    waiting = [
        (task, task.op)
        for task in sched.live
        if task.op is not None and task.op.guard is not None and not task.op.guard()
    ]
    for obj in objects:
        queue = [names[task] for task, op in waiting if op.obj is obj]
        holder: str | None = None
        if hasattr(obj, "_tt_holder"):
            task = obj._tt_holder
            holder = names.get(task) if task is not None else None
            state = f"held by {holder}" if holder else "free"
            if holder and getattr(obj, "_tt_count", 1) > 1:
                state += f", {obj._tt_count} times"  # type: ignore[attr-defined]
        elif hasattr(obj, "_tt_flag"):
            state = "set" if obj._tt_flag else "not set"
        elif hasattr(obj, "_tt_value"):
            state = f"{count(obj._tt_value, 'permit')} left"
        elif hasattr(obj, "_tt_parties"):
            broken = obj._tt_state == -2  # type: ignore[attr-defined]
            state = f"{obj._tt_count} of {obj._tt_parties} are here"  # type: ignore[attr-defined]
            state = "broken" if broken else state
        elif hasattr(obj, "_tt_workers"):
            continue  # of a pool, its threads tell enough
        elif hasattr(obj, "_tt_unfinished") or hasattr(obj, "_tt_items"):
            items = getattr(obj, "queue", None) or getattr(obj, "_tt_items", None) or ()
            if not isinstance(items, (list, deque)):
                items = ()
            state = short(list(items)) if items else "empty"
        elif hasattr(obj, "_tt_waiters"):
            queue += [names[waiter.task] for waiter in obj._tt_waiters if waiter.task in names]
            state = "somebody waits" if queue else "nobody waits"
        else:
            continue
        kind, label = type(obj).__name__, sched.label_of(obj)
        name = f"{kind} `{label}`" if label else kind
        if getattr(obj, "_tt_whole", None) is not None:
            name = f"the lock of {type(obj._tt_whole).__name__} `{label}`"  # type: ignore[attr-defined]
        yield Primitive(name, state, holder, tuple(dict.fromkeys(queue)))


def _numbered(primitives: Sequence[Primitive]) -> tuple[Primitive, ...]:
    """The same, with a number where several have one name."""
    names = [primitive.name for primitive in primitives]
    return tuple(
        replace(primitive, name=f"{primitive.name} #{names[: at + 1].count(primitive.name)}")
        if names.count(primitive.name) > 1
        else primitive
        for at, primitive in enumerate(primitives)
    )


def _variables(run: Run, witness: _Witness) -> Iterator[Variable]:
    """What more than the main thread has touched, with the values that the steps show."""
    story = tell(run, limit=None, trace=True)
    full = {mark.event.step: mark.full for mark in story.marks}
    places: dict[int, list[Event]] = {}
    for event in run.events:
        if event.kind in DATA and event.where is not None and event.target:
            places.setdefault(event.where, []).append(event)
    boxes = {
        name: where
        for where, events in places.items()
        if events[-1].where == events[-1].whole and events[-1].step in witness.contents
        for name in _names(events, full)
    }
    others = [t for t in run.threads if t != run.threads[0]]
    for where, events in places.items():
        names = _names(events, full)
        if all(event.thread not in others for event in events):
            continue
        if any(boxes.get(name, where) != where for name in names):
            continue  # the container itself is told of
        value, writer = "?", None
        seen: dict[str, str] = {}
        for event in events:
            if event.kind == "read":
                value = event.before or event.after or value
                seen[event.thread] = value
            elif event.kind == "delete":
                value, writer = "deleted", event.thread
            else:
                value, writer = event.after or value, event.thread
                seen.pop(event.thread, None)
        if where == events[-1].whole:
            value = witness.contents.get(events[-1].step, value)
            seen.clear()
        stale = tuple((thread, old) for thread, old in seen.items() if old != value)
        if not value.startswith("<"):  # that says no more than that there is an object
            also = f" ({', '.join(names[1:])})" if names[1:] else ""
            yield Variable(names[0] + also, value, writer, stale)


def _names(events: Iterable[Event], full: dict[int, str]) -> list[str]:
    """What the learner calls a place, without the method of a call."""
    found: dict[str, None] = {}
    for event in events:
        name = full.get(event.step) or event.target or ""
        if f"{event.target}(" in (event.code or "") and event.where == event.whole:
            name = name.rpartition(".")[0] or name
        found[name] = None
    return [*found]


# -- the source to show -------------------------------------------------------------------------


def _lines_of(program: object) -> set[tuple[str, int]]:
    """The first line of the program's own function, if it has one."""
    while isinstance(program, partial):
        program = program.func
    code = getattr(inspect.unwrap(program), "__code__", None)  # type: ignore[arg-type]
    return {(code.co_filename, code.co_firstlineno)} if code is not None else set()


def _touched(run: Run) -> set[tuple[str, int]]:
    return {(e.file, e.line) for e in run.events if e.file is not None and e.line is not None}


def _blocks(lines: Sequence[str], wanted: Sequence[int]) -> list[tuple[int, int]]:
    """First and last line of each definition to show, so that all wanted lines are in one."""
    try:
        tree = ast.parse("".join(lines))
    except SyntaxError:  # a cell with magics
        return [(min(wanted), min(max(wanted), len(lines)))] if lines else []
    found: set[tuple[int, int]] = set()

    def look(nodes: Iterable[ast.AST], numbers: list[int]) -> None:
        for node in nodes:
            first, last = _span(node)
            inside = [number for number in numbers if first <= number <= last]
            if not inside:
                continue
            children = [child for child in ast.walk(node) if _is_definition(child)][1:]
            if last - first < LONG or not children:
                found.add((first, last))
                continue
            covered = [n for n in inside if any(_within(child, n) for child in children)]
            found.update((n, n) for n in inside if n not in covered)
            look([c for c in children if not any(_contains(o, c) for o in children)], covered)

    look(tree.body, [number for number in wanted if number <= len(lines)])
    return sorted(found)


def _is_definition(node: ast.AST) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))


def _span(node: Any) -> tuple[int, int]:
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    return first, node.end_lineno or node.lineno


def _within(node: ast.AST, number: int) -> bool:
    first, last = _span(node)
    return first <= number <= last


def _contains(outer: ast.AST, inner: ast.AST) -> bool:
    (a, b), (c, d) = _span(outer), _span(inner)
    return (a, b) != (c, d) and a <= c and d <= b


# -- the page -----------------------------------------------------------------------------------

_CELL = (
    "text-align:left;vertical-align:top;min-width:5.5em;overflow-wrap:anywhere;"
    "padding:.1em 1em .1em 0;line-height:1.4"
)
_BADGE = "border:1px solid currentColor;border-radius:.6em;padding:0 .5em;margin-left:.6em"


def _badge(thread: ThreadState) -> str:
    """A thread at its line, with a sign that tells whether it can go."""
    if thread.state == CAN_GO:
        return f"\N{BLACK RIGHT-POINTING SMALL TRIANGLE} {thread.name}: {thread.next}"
    if thread.state == WAITS:
        return f"\N{DOUBLE VERTICAL LINE} {thread.name} waits"
    return f"\N{BLACK SQUARE} {thread.name} {thread.state}"


def _hindrance(thread: ThreadState) -> str:
    return f"waits for {thread.waits_for}" if thread.state == WAITS else thread.state


def _image(run: Run, *, title: str) -> str:
    """The timeline as an image that no sanitizer removes."""
    return display_bundle(run, title)["text/html"]


def _clip(words: str) -> str:
    return words if len(words) <= WIDEST else words[: WIDEST - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _page(model: Stepping, picture: Callable[..., str]) -> str:
    state = model.state
    bad = state.over and state.run.verdict != "ok"
    role = "alert" if bad else "status"
    ending = f"<strong>{escape(state.ending)}</strong>"
    parts = [
        f'<p style="margin:.4em 0;white-space:pre-wrap" role="{role}">{ending}</p>',
        _listing(model),
        _table(
            "Threads",
            ("thread", "state", "next step", "line"),
            (
                (
                    t.name,
                    f"waits for {t.waits_for}" if t.state == WAITS else t.state,
                    t.next,
                    f"{t.line}: {t.code}" if t.line is not None else "",
                )
                for t in state.threads
            ),
        ),
        _table(
            "Shared variables",
            ("variable", "value", "written last by", "who saw another value"),
            (
                (v.name, v.value, v.writer or "", ", ".join(f"{t} saw {o}" for t, o in v.stale))
                for v in state.variables
            ),
        ),
        _table(
            "Locks and the like",
            ("what", "state", "who waits"),
            ((p.name, p.state, ", ".join(p.waiters)) for p in state.primitives),
        ),
    ]
    if state.run.output:
        parts.append(f"<pre>{escape(state.run.output)}</pre>")
    if state.events:
        parts.append(picture(state.run, title=headline(state.run) if bad else "Done so far"))
    return "".join(parts)


def _listing(model: Stepping) -> str:
    rows = []
    for file, number, line in model._source():
        if number in GAPS:
            rows.append(GAPS[number])
            continue
        here = [t for t in model.state.threads if (t.file, t.line) == (file, number)]
        badges = "".join(f'<span style="{_BADGE}">{escape(_badge(t))}</span>' for t in here)
        text = f"{number:4}  {line}"
        body = f"<strong>{escape(text)}</strong>{badges}" if here else escape(text)
        rows.append(body)
    return f"<pre {SCROLLS}>{chr(10).join(rows)}</pre>"


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{escape(cell)}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    if not body:
        return ""
    cells = "".join(f'<th scope="col" style="{_CELL}">{escape(cell)}</th>' for cell in head)
    return (
        f'<table style="margin:.6em 0"><caption style="text-align:left;font-weight:bold">'
        f"{escape(title)}</caption><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"
    )


# -- the widget ---------------------------------------------------------------------------------


def stepper(
    program: Callable[[], object] | Stepping,
    *,
    clock: str = "exact",
    position: str | None = None,
    puzzle: str | None = None,
) -> Any:
    """Return a widget: a button per thread, and the program's state after the steps you chose.

    Args:
        program: a function of no arguments, as for `explore`, or a `Stepping` of one.
        clock: "exact" or "adversarial", as for `explore`.
        position: where to begin; the text field of a stepper shows such strings.
        puzzle: a name under which to keep, in `puzzles.json` in the folder of the notebook, in how
            few steps the program was made to fail by hand, without the buttons that show it.

    Raises ProgramError as `explore` does, and ScheduleError if the position does not fit.
    """
    model = program if isinstance(program, Stepping) else Stepping(program, clock)
    if position is not None:
        model.to(position)
    return _View(importlib.import_module("ipywidgets"), model, puzzle).box


class _View:
    """The buttons, the position and the page; they call the model and show what it says.

    No button is ever disabled, for that would take the keyboard's focus from under who just
    pressed it. One with nothing to do is flat, and says so when pressed.
    """

    def __init__(self, widgets: Any, model: Stepping, puzzle: str | None) -> None:
        self._widgets = widgets
        self._puzzle = puzzle
        self._progress = Progress()
        if puzzle:
            meet(puzzle)
        self._helped = False
        self._model = model
        self._busy = False
        self._threads: dict[str, Any] = {}
        self._who = widgets.HBox(layout={"flex_flow": "row wrap"})
        nothing = "There is no step to take back."
        self._undo = self._button("Undo", "Take the last step back", model.undo, nothing)
        self._redo = self._button(
            "Redo",
            "Take again the step taken back last",
            model.redo,
            "There is no step that was taken back.",
        )
        self._reset = self._button("Reset", "Back to the beginning", self._start_over, nothing)
        self._skip = self._button(
            "On to the next choice",
            "Take steps while only one thread can go",
            model.skip,
            "Here you have to choose, or the run is over.",
        )
        losing = self._button(
            "Show a losing schedule",
            "Go to the end of a schedule that fails; then Undo leads back through it",
            partial(self._search, model.losing),
        )
        shortest = self._button(
            "Show the shortest one",
            "Go to the end of the failing schedule with the fewest steps that a short search finds",
            partial(self._search, model.shortest),
        )
        self._position = widgets.Text(
            description="position",
            continuous_update=False,
            tooltip="Where you are: copy it, or paste one and press Enter",
            style={"description_width": "initial"},
        )
        self._position.observe(self._go_to, names="value")
        self._said = widgets.HTML()
        self._best = widgets.HTML()
        self._forget = self._button(
            "Forget it", "Forget that this puzzle was solved", self._forget_it
        )
        self._page = widgets.HTML()
        moves = [self._skip, self._undo, self._redo, self._reset, losing, shortest]
        self.box = widgets.VBox(
            [
                widgets.HTML("<strong>Who goes next?</strong>"),
                self._who,
                widgets.HBox(moves, layout={"flex_flow": "row wrap"}),
                self._position,
                *([widgets.HBox([self._best, self._forget])] if puzzle else []),
                self._said,
                self._page,
            ]
        )
        self.box.model = model
        self._show()

    def _button(self, text: str, tip: str, act: Callable[[], object], nothing: str = "") -> Any:
        button = self._widgets.Button(description=text, tooltip=tip, layout={"width": "auto"})
        button.on_click(lambda _: self._do(act, nothing))
        return button

    def _start_over(self) -> None:
        self._helped = False
        self._model.reset()

    def _step(self, name: str) -> None:
        """Let a thread go on; if that is where the program fails, the puzzle is solved."""
        model = self._model.step(name)
        if model.state.verdict in LOST and not self._helped and self._puzzle:
            self._progress.solved(self._puzzle, model.state.steps)

    def _forget_it(self) -> None:
        self._progress.forget(self._puzzle or "")

    def _search(self, look: Callable[[], bool]) -> str:
        self._helped = True
        if look():
            return ""
        report = self._model.report
        return f"No losing schedule was found: {report.summary()}."

    def _go_to(self, change: Any) -> None:
        if not self._busy and change["new"].strip() != self._model.position:
            self._helped = True
            self._do(partial(self._model.to, change["new"]))

    def _do(self, act: Callable[[], object], nothing: str = "") -> None:
        """Act, show the new state, and say what went wrong, or `nothing` if no step was taken."""
        before = self._model.state.steps
        try:
            said = act()
            if self._model.state.steps == before:
                said = said if isinstance(said, str) else nothing
        except (ScheduleError, ValueError) as error:
            said = str(error)
        self._said.value = (
            f'<p style="margin:.4em 0" role="alert">{escape(said)}</p>'
            if isinstance(said, str) and said
            else ""
        )
        self._show()

    def _show(self) -> None:
        model, state = self._model, self._model.state
        self._busy = True
        try:
            buttons = [self._of(thread) for thread in state.threads]
            if list(self._who.children) != buttons:
                self._who.children = buttons
            _raise(self._skip, len(state.choices) == 1)
            _raise(self._undo, model.can_undo)
            _raise(self._redo, model.can_redo)
            _raise(self._reset, model.can_undo)
            self._position.value = model.position
            self._page.value = model.html()
            best = self._progress.best(self._puzzle) if self._puzzle else None
            _raise(self._forget, best is not None)
            self._best.value = (
                "Not solved yet." if best is None else f"Solved in {count(best, 'step')}."
            )
        finally:
            self._busy = False

    def _of(self, thread: ThreadState) -> Any:
        """The button of a thread; it stays the same one, and so keeps the keyboard's focus."""
        button = self._threads.get(thread.name)
        if button is None:
            button = self._widgets.Button(layout={"width": "auto"})
            button.on_click(lambda _: self._do(partial(self._step, thread.name)))
            self._threads[thread.name] = button
        can_go = thread.state == CAN_GO
        place = f" (line {thread.line})" if thread.line is not None else ""
        _raise(button, can_go)
        with button.hold_sync():  # one message for both
            if can_go:
                button.description = f"{thread.name}: {_clip(thread.next)}"
                button.tooltip = f"Let {thread.name} take its next step: {thread.next}{place}"
            else:
                button.description = f"{thread.name} {thread.state}"
                button.tooltip = f"{thread.name} cannot go: it {_hindrance(thread)}{place}"
        return button


def _raise(button: Any, useful: bool) -> None:
    """Let a button stand out if it has something to do, and lie flat if not."""
    button.style.button_color = None if useful else "transparent"
