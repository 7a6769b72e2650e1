"""One run of a program: its threads, one baton, virtual time.

A thread announces its next operation, waits until the scheduler picks it, and then performs the
operation together with all that follows it up to its next announcement. An operation may have a
guard; a thread whose guard is false is simply not enabled. So the scheduler always knows what each
thread is about to do, and "who waits for what" is exact.
"""

from __future__ import annotations

import bisect
import contextlib
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from . import spinning
from .containment import interrupt, memory_in_use
from .containment import where as _where
from .errors import SimulationError
from .recording import Recorder, kind_of, learner_frame, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

    from .spinning import Touch, Turn
    from .workers import Crew, Worker

MAX_STEPS = 20_000  # steps of one run, before it is called too long to explore
MAX_AFTERWARDS = 500  # steps that daemons get after the end of all others
MAX_TICKS = 1_000_000  # turns of loops, likewise
MAX_THREADS = 256
MAX_LATE = 100_000  # turns of a run's objects in what is used after its end
MAX_MEMORY = 1 << 30  # bytes that a run may add to the process
PATIENCE = 5  # seconds in one uninterruptible call before the run is given up
GRACE = 1  # second in which a thread must end when the run is over
LOOK = 0.2  # seconds between two looks at a run
LONGEST = 5  # seconds of computing in one run; the limits above are reached long before


class Abort(BaseException):
    """Unwinds the threads of a run that is over."""


class Op:
    """An announced operation: what it touches, and when it can go."""

    __slots__ = (
        "arrived",
        "deadline",
        "guard",
        "key",
        "kind",
        "mode",
        "more",
        "obj",
        "patience",
        "site",
        "waits",
    )

    def __init__(
        self,
        kind: str,
        obj: object,
        mode: str,
        key: object = None,
        guard: Callable[[], bool] | None = None,
        deadline: float | None = None,
        waits: Callable[[], str] | None = None,
        arrived: Callable[[], None] | None = None,
        site: int | None = None,
        more: tuple[object, ...] = (),
    ) -> None:
        self.kind = kind
        self.obj = obj
        self.mode = mode
        self.key = key
        self.guard = guard
        self.deadline = deadline
        self.waits = waits
        self.arrived = arrived
        self.site = site
        self.more = more  # further objects, read as wholes
        self.patience: Callable[[], bool] | None = None  # until then, no early time-out


class Task:
    """A model thread: who it is and what it is about to do."""

    thread: Any = None
    op: Op | None = None
    outcome = True
    done = False
    idle = False  # a pool's worker with nothing to do
    pooled = False  # a worker of a pool that may have several, not told apart
    holds = 0  # how many reentrant locks
    atomic = 0
    children = 0
    read_clock = False
    unwinding = False
    # For loops that only wait (see spinning.py).
    log: list[Touch] | None = None  # its steps, from its first loop on
    own: dict[int, int]  # how often it has changed each object since
    turns: dict[tuple[int, FrameType], Turn]
    skipped: dict[int, int]  # turns of each loop that were not looked at
    open: Touch | None = None  # the last of the steps, if it is being performed
    looked = 0
    unseen = 0
    idle_turns = 0
    patience: tuple[Callable[[], bool], list[object]] | None = None
    polls = 0
    poll_seen: Sequence[tuple[object, int]] = ()

    def __init__(
        self, index: int, path: tuple[int, ...], name: str, daemon: bool, worker: Worker
    ) -> None:
        self.index = index
        self.path = path
        self.name = name
        self.daemon = daemon
        self.worker = worker
        self.ident = 1000 + index
        # Numbers of its own: a thread's path, and then a count.
        self.next_serial = sum(part + 1 << 9 * at for at, part in enumerate(path)) << 20
        self.fn: Callable[[], None] = _nothing
        self.inside: list[object] = []  # generators whose bodies run: entering one is an error

    def __repr__(self) -> str:
        return f"<Task {self.name}>"


def _nothing() -> None:
    """What a thread does that was given nothing to do."""


class Strategy(Protocol):
    """Decides who goes next, and may keep books about what is done."""

    def spawned(self, parent: Task | None, child: Task) -> None:
        """A thread was started."""

    def choose(self, sched: Scheduler, enabled: list[Task], me: Task) -> Task | None:
        """One of `enabled` (sorted by path); None ends a run that can show nothing new."""

    def time_passes(self) -> None:
        """Virtual time passes: all that was done happened before all that comes."""

    def pausing(self, sched: Scheduler) -> None:
        """Nobody can go on now, or the run is over: what is pending is not performed here."""

    def forced(self, sched: Scheduler) -> Task | None:
        """Who goes next, where that is settled already; it need not be asked who could.

        Accounts for the decision itself.
        """


def default_choice(enabled: list[Task], me: Task) -> Task:
    """The current thread while it can go on, else the first by path."""
    return me if me in enabled else enabled[0]


def here() -> Scheduler:
    """The scheduler of the simulated thread that calls; raises SimulationError outside of one."""
    sched = _where.sched
    if sched is None:
        raise SimulationError(
            "this object belongs to a simulated program and cannot be used outside of it. "
            "Return plain values (numbers, strings, lists) from the program instead."
        )
    return sched


class Scheduler:
    """Runs one program once, under the strategy's choices."""

    def __init__(
        self,
        crew: Crew,
        strategy: Strategy,
        *,
        clock: str = "exact",
        recorder: Recorder | None = None,
        max_steps: int = MAX_STEPS,
        apart: bool | None = False,
    ) -> None:
        self._crew = crew
        self._strategy = strategy
        self.clock = clock
        # Whether a pool's workers are told apart; None: the run ends where that would matter.
        self.apart = apart
        self.recorder = recorder
        self.record = recorder is not None
        self._max_steps = max_steps
        self.now = 0.0
        self.tasks: list[Task] = []
        self.live: list[Task] = []
        self.state: dict[str, Any] = {}
        self.over = False
        self.verdict = "ok"
        self.message = ""
        self.result: object = None
        self.error: BaseException | None = None
        self.redundant = False
        self.late = 0
        self.exact = True  # False once something happened that the search does not control
        self.output: list[str] = []
        self.problems: list[tuple[Task, BaseException]] = []
        self._texts: dict[int, tuple[str, BaseException]] = {}
        self.steps = 0
        self.afterwards = 0
        self.ticks = 0
        self.decisions: list[tuple[int, int]] = []  # (rank chosen, rank of the default)
        self.preemptions = 0
        self.loops = False  # True once a thread has come to a `while` loop
        self.changes: dict[int, int] = {}  # of each object since, by address
        self.parked: dict[int, tuple[Task, object]] = {}  # what loops that wait change for a while
        self.impatient = False  # True once somebody might notice that such a loop stands still
        self.unfair = False  # True once threads disturb each other in such loops without end
        self._serials: dict[int, tuple[int, object, Task, int]] = {}
        self._labels: dict[int, tuple[str, object]] = {}
        self._unwound = False
        self._finished = threading.Lock()
        self._finished.acquire()
        self.current: Task

    # -- what models and hooks call ---------------------------------------------------------

    def step(
        self,
        kind: str,
        obj: object,
        mode: str = "W",
        *,
        key: object = None,
        guard: Callable[[], bool] | None = None,
        timeout: float | None = None,
        waits: Callable[[], str] | None = None,
        arrived: Callable[[], None] | None = None,
        site: int | None = None,
        more: tuple[object, ...] = (),
    ) -> bool:
        """Announce an operation and return when it is this thread's turn to perform it.

        `mode` is R(ead), W(rite) or C(ommuting update) of part `key` of `obj` (None: the whole).
        `guard` reads only the state of `obj`; `timeout` is in virtual seconds. Returns whether the
        guard held when the thread was picked (False: the time-out fired). Raises Abort when the
        run is over.
        """
        if self.over:
            self._ended()
            return True
        task = self.current
        if task.open is not None:
            spinning.close(task)
        if task.inside:
            more = (*more, *task.inside)
        deadline = None if timeout is None else self.now + max(timeout, 0.0)
        op = Op(kind, obj, mode, key, guard, deadline, waits, arrived, site, more)
        if task.atomic:
            if guard is not None and not guard():
                self.fail(
                    "exception", f"`{kind}` would block inside a callback that must not block"
                )
            self.exact = False  # what it touches here is no part of any step
            if self.loops:
                spinning.touched(self, task, op)
            return True
        if task.patience is not None:
            spinning.wait_patiently(task, op)
        task.op = op
        if self.recorder is not None:
            self.recorder.announce(self, task, op)
        elif guard is None and len(self.tasks) == 1 and self.steps < self._max_steps:
            self.steps += 1  # nobody else is there yet
            if self.loops:
                spinning.touched(self, task, op)
            task.outcome = True
            return True
        nxt = self._next(task)
        if nxt is not task:
            if nxt is not None:
                self.current = nxt
                nxt.worker.baton.release()
                task.worker.baton.acquire()
            if self.over:
                raise Abort
        return task.outcome

    def _ended(self) -> None:
        """Raise Abort in a thread of this run; who looks at its objects later goes on a while."""
        if _where.sched is self or _where.sweeping:
            raise Abort
        self.late += 1
        if self.late > MAX_LATE:
            raise SimulationError(
                "code of a simulated program that is over has been running for too long; "
                "return plain values (numbers, strings, lists) from the program instead"
            )

    def stutter(self) -> None:
        """Say that the step just taken changed nothing (a failed try, an empty queue)."""
        task = self.current
        if task.op is not None and task.op.mode != "R":
            if self.loops:
                spinning.untouched(self, task, task.op)
            if self.recorder is not None:
                self.recorder.stuttered(task)

    def mutated(self) -> None:
        """Say that state changed which no step shows (a random number was drawn)."""
        self.current.unseen += 1

    def tick(self, site: int) -> None:
        """Count one turn of a `while` loop; find loops that can only wait for another thread."""
        self.pulse()
        if self.over:
            return
        task = self.current
        if task.open is not None:
            spinning.close(task)
        if task.log is None or len(task.log) != task.looked:
            task.idle_turns = 0
            spinning.look(self, task, site)
        else:  # many loops only compute
            task.idle_turns += 1
            if task.idle_turns % 50_000 < 3:
                spinning.look(self, task, site)
            else:
                task.skipped[site] = task.skipped.get(site, 0) + 1

    def foreign(self, task: Task, obj: object) -> int:
        """How often others have changed an object since the task came to its first loop."""
        return self.changes.get(id(obj), 0) - task.own.get(id(obj), 0)

    def pulse(self) -> None:
        """Count a turn of any other loop or a call; raises Abort when the run is over."""
        if self.over:
            self._ended()
            return
        self.ticks += 1
        if self.ticks > MAX_TICKS:
            self.fail(
                "inconclusive", f"too long to explore: {MAX_TICKS:,} turns of loops and no end"
            )

    def spawn(
        self, fn: Callable[[], None], *, name: str, daemon: bool, thread: object = None
    ) -> Task:
        """Make a new thread runnable, as a child of the current one."""
        parent = self.current
        if len(self.tasks) >= MAX_THREADS:
            self.fail("inconclusive", f"too long to explore: more than {MAX_THREADS} threads")
        try:
            task = self._make((*parent.path, parent.children), name, daemon, fn)
        except (RuntimeError, MemoryError) as error:
            self.fail(
                "inconclusive",
                f"too long to explore: {len(self.tasks)} threads, and this machine refuses more "
                f"({error})",
            )
        parent.children += 1
        task.thread = thread
        self._strategy.spawned(parent, task)
        if self.recorder is not None and task.op is not None:
            self.recorder.announce(self, task, task.op)
        return task

    def said(self, error: BaseException) -> str:
        """The type and the text of an exception, which is asked for its text only once."""
        known = self._texts.get(id(error))
        if known is None:
            try:
                text = text_of(error)
            except Abort:
                raise
            except BaseException as trouble:
                text = f"{kind_of(error)} (asking for its text raises {kind_of(trouble)})"
            known = self._texts[id(error)] = (text, error)
        return known[0]

    def fail(self, verdict: str, message: str) -> NoReturn:
        """End the run at once with this verdict."""
        self._end(verdict, message)
        raise Abort

    def tell_apart(self) -> None:
        """Note that it matters from here on which worker of a pool makes which call.

        Ends the run unless that is known already, or is to be disregarded.
        """
        if self.apart is None and not self.over:
            self.fail("apart", "which worker makes which call matters")

    def look_at_self(self) -> None:
        """Note that the current thread looks at who it is, or at what is only its own."""
        if self.current.pooled:
            self.tell_apart()

    def problem(self, task: Task, error: BaseException) -> None:
        """Note an exception that left a thread uncaught.

        What cannot be simulated ends the run, lest its consequences hide it.
        """
        self.said(error)  # while its thread is at work: the text may be the learner's own code
        self.problems.append((task, error))
        if self.recorder is not None:
            self.recorder.raised(self, task, error)
        if isinstance(error, SimulationError):
            self._end("exception", self.said(error), error)
            raise Abort

    def write_out(self, text: str, stream: str = "stdout") -> None:
        """Add to the captured output."""
        if len(self.output) < 10_000:
            self.output.append(text[:100_000])
        elif len(self.output) == 10_000:
            self.output.append("\n[more output left out]\n")

    def serial(self, obj: object) -> int:
        """A number for `obj`, the same in every repetition.

        Each thread numbers in its own order what it asks for first, so that this needs no step.
        """
        task = self.current
        entry = self._serials.get(id(obj))
        if entry is None:
            entry = self._serials[id(obj)] = (task.next_serial, obj, task, len(self.tasks))
            task.next_serial += 1
        elif entry[2] is not task and not self.comes_after(entry[2], entry[3]):
            self.exact = False  # the other one might have asked first
        return entry[0]

    def comes_after(self, task: Task, count: int) -> bool:
        """Whether what `task` did when there were `count` threads comes before what happens now.

        That is so if it is the current thread, or has started since then what led to it.
        """
        path, mine = task.path, self.current.path
        if mine[: len(path)] != path:
            return False
        child = mine[: len(path) + 1]
        return mine == path or any(other.path == child for other in self.tasks[count:])

    def label(self, obj: object, text: str) -> None:
        """Remember what the learner calls a model object; the first name wins."""
        self._labels.setdefault(id(obj), (text, obj))

    def label_of(self, obj: object) -> str | None:
        """What the learner calls a model object, if known."""
        entry = self._labels.get(id(obj))
        return entry[0] if entry else None

    def note(self, **values: object) -> None:
        """Attach `before=`, `after=` or `detail=` to the step just taken (when recording)."""
        if self.recorder is not None:
            self.recorder.note(self.current, **values)

    def caught(self, error: BaseException | None) -> None:
        """The learner's code caught an exception; raises Abort when the run is over."""
        if self.over:
            self._ended()
        elif self.recorder is not None:
            self.recorder.caught(self, self.current, error)

    @contextlib.contextmanager
    def atomic(self) -> Iterator[None]:
        """Let the current thread run without switches, as under the library's own mutex."""
        task = self.current
        task.atomic += 1
        try:
            yield
        finally:
            task.atomic -= 1

    # -- the run ----------------------------------------------------------------------------

    def run(self, program: Callable[[], object]) -> None:
        """Run `program` as the main thread to the end of the run, whatever that is."""

        def main() -> None:
            try:
                self.result = program()
            except Abort:
                raise
            except BaseException as error:
                if self.over:
                    raise Abort from None
                self._failed(error)

        self.current = self._make((), "main", False, main)
        self._strategy.spawned(None, self.current)
        self.current.op = None
        begun = False
        interrupted: KeyboardInterrupt | None = None
        while not self._unwound:
            try:
                if not begun:
                    begun = True
                    self.current.worker.baton.release()
                self._watch()
            except KeyboardInterrupt as error:
                interrupted = error
                self._end("interrupted", "stopped by the user")
        self._crew.park([task.worker for task in self.tasks if not task.worker.lost])
        if interrupted is not None:
            raise interrupted

    def _make(self, path: tuple[int, ...], name: str, daemon: bool, fn: Callable[[], None]) -> Task:
        worker = self._crew.take()
        task = Task(len(self.tasks), path, name, daemon, worker)
        task.fn = fn
        task.op = Op("begin", task, "R")
        self.tasks.append(task)
        bisect.insort(self.live, task, key=lambda t: t.path)
        worker.job = lambda: self._body(task)
        return task

    def _body(self, task: Task) -> None:
        """What the worker of a task does, from its first baton to its end."""
        _where.sched = self
        try:
            if not self.over:
                task.fn()
        except Abort:
            if not self.over:
                self._end("exception", "the program raised an exception of the simulation's own")
        except BaseException as error:
            if not self.over:
                self._end("exception", f"the simulation itself failed: {error!r}", error)
        finally:
            _where.sched = None
        if task.worker.lost:
            return
        task.done = True
        task.op = None
        if task.log is not None:
            task.turns.clear()  # they hold frames
        self.live.remove(task)
        if not self.over:
            nxt = self._next(task)
            if nxt is not None:
                self.current = nxt
                nxt.worker.baton.release()
                return
        self._unwind()

    def _next(self, me: Task) -> Task | None:
        """Who goes next; None when the run has ended."""
        if self.over:
            return None
        if self.steps >= self._max_steps:
            self._end("inconclusive", f"too long to explore: {self._max_steps:,} steps and no end")
            return None
        chosen = self._strategy.forced(self)
        if chosen is None and not self.over:
            chosen = self._choose(me)
        if chosen is None:
            return None
        op = chosen.op
        assert op is not None
        chosen.outcome = op.guard is None or op.guard()
        if not chosen.outcome:
            while not self.enabled(chosen):
                if not self._pass_time():
                    self.diverged()
                    return None
            chosen.outcome = _is_ready(chosen)
            if not chosen.outcome and op.deadline is not None:
                self.now = max(self.now, op.deadline)  # the adversarial clock may fire it early
        self.steps += 1
        if self.loops:
            spinning.touched(self, chosen, op)
        if self.recorder is not None:
            self.recorder.take(self, chosen, op)
        return chosen

    def _choose(self, me: Task) -> Task | None:
        """Let the strategy choose among those who can go; None when the run has ended."""
        while True:
            enabled = []
            for task in self.live:
                op = task.op
                if op is not None and (
                    op.guard is None
                    or op.guard()
                    or (op.deadline is not None and self.enabled(task))
                ):
                    enabled.append(task)
            if self.tasks[0].done and not any(
                not task.daemon and (not task.idle or task in enabled) for task in self.live
            ):
                # What daemons can still do at once, they might have done before the end.
                ready = [task for task in enabled if _is_ready(task)]
                if not ready or self.afterwards >= MAX_AFTERWARDS:
                    self.exact = self.exact and not enabled
                    self._strategy.pausing(self)
                    self._end(*self._last_word())
                    return None
                self.afterwards += 1
                enabled = ready
            if self.recorder is not None:
                for task in self.live:
                    if task not in enabled and not task.idle:
                        self.recorder.waiting(task, describe_wait(self, task))
            if enabled:
                break
            self._strategy.pausing(self)
            if not self._pass_time():
                self._stuck()
                return None
        chosen = self._strategy.choose(self, enabled, me)
        if chosen is None:
            self.redundant = not self.over
            self._end("redundant", "")
            return None
        if len(enabled) > 1:
            default = default_choice(enabled, me)
            self.decisions.append((enabled.index(chosen), enabled.index(default)))
            if default is me and chosen is not me:
                self.preemptions += 1
        return chosen

    def enabled(self, task: Task) -> bool:
        """Whether the task could perform its pending operation now."""
        op = task.op
        if op is None:
            return False
        if op.guard is None or op.guard():
            return True
        return _is_timed(op) and (self.clock == "adversarial" or op.deadline <= self.now)  # type: ignore[operator]

    def _pass_time(self) -> bool:
        """Move the clock to the next deadline; False if there is none, or none that can matter."""
        timed = [t for t in self.live if t.op is not None and _is_timed(t.op)]
        if not timed:
            return False
        if all(spinning.polls_in_vain(self, task) for task in timed):
            return False
        self.now = min(t.op.deadline for t in timed if t.op and t.op.deadline is not None)
        for task in self.live:
            if task.op is not None and task.op.arrived is not None:
                task.op.arrived()
        self._strategy.time_passes()
        return True

    def diverged(self) -> None:
        """End the run: repeated under the same schedule, the program did something else."""
        self._end(
            "inconclusive",
            "repeated under the same schedule, the program does something else. It depends on "
            "what differs from run to run, such as the order of a set of functions",
        )

    # -- endings ------------------------------------------------------------------------------

    def _end(self, verdict: str, message: str, error: BaseException | None = None) -> None:
        if self.over:
            return
        self.over = True
        self.verdict = verdict
        self.message = message
        if error is not None:
            self.error = error
        if self.recorder is not None:
            self.recorder.close(self)

    def _failed(self, error: BaseException) -> None:
        """The main thread ended with an exception."""
        verdict = "assertion" if issubclass(type(error), AssertionError) else "exception"
        text = self.said(error)
        if verdict == "assertion":
            text = text.partition(": ")[2] or text
        if self.recorder is not None:
            self.recorder.raised(self, self.current, error)
        self._end(verdict, "\n".join([text, *self._deaths()]), error)

    def _deaths(self) -> list[str]:
        return [f"{task.name} had died of {self.said(error)}" for task, error in self.problems]

    def _last_word(self) -> tuple[str, str, BaseException | None]:
        """The verdict of a run in which every thread came to its end."""
        for task, error in self.problems:
            return "thread-exception", f"{task.name} died of {self.said(error)}", error
        return "ok", "", None

    def _stuck(self) -> None:
        """Nobody can run and no timer is pending."""
        waiting = {task: describe_wait(self, task) for task in self.live if not task.idle}
        lines = [f"{task.name} waits for {reason}" for task, reason in waiting.items()]
        spinning = any(t.op and (t.op.kind == "spin" or t.op.deadline is not None) for t in waiting)
        if self.tasks[0].done:
            verdict = "leaked-thread"
            lines.insert(0, "the program has returned, but")
        else:
            verdict = "no-progress" if spinning else "deadlock"
        lines += self._deaths()
        if self.unfair:
            verdict = "no-progress"
        if self.recorder is not None:
            self.recorder.stuck(self, waiting)
        self._end(verdict, "\n".join(lines))

    def _unwind(self) -> None:
        """Let the next unfinished thread unwind; after the last one, tell the caller."""
        for task in self.tasks:
            if not task.done and not task.unwinding:
                task.unwinding = True
                self.current = task
                task.worker.baton.release()
                return
        self._unwound = True
        self._finished.release()

    def _watch(self) -> None:
        """Wait for the end; give up a thread that is stuck in a call that never returns."""
        beat = (0, 0, False)
        began, moved = time.process_time(), time.monotonic()
        memory = 0
        while not self._unwound:
            if self._finished.acquire(timeout=LOOK):
                return
            now = time.monotonic()
            memory = memory or memory_in_use()
            if (self.steps, self.ticks, self.over) != beat:
                beat, moved = (self.steps, self.ticks, self.over), now
            if now - moved >= (GRACE if self.over else PATIENCE):
                self._give_up(self.current)
                moved = now
            elif time.process_time() - began >= LONGEST:
                why = f"too long to explore: one run computes for {LONGEST} seconds"
                self._end("inconclusive", why)
            elif memory_in_use() - memory > MAX_MEMORY:
                self._end("inconclusive", "too long to explore: one run takes a gigabyte of memory")

    def _give_up(self, task: Task) -> None:
        """End a thread that neither steps nor returns, if it can be; and unwind the others."""
        frame = learner_frame(sys._current_frames().get(task.worker.ident or 0))
        where = f" (line {frame.f_lineno})" if frame is not None else ""
        task.worker.lost = True
        task.done = True
        task.unwinding = True
        self._end(
            "inconclusive",
            f"{task.name} has been in one call for {PATIENCE} seconds{where}; "
            "a call that blocks or computes for real cannot be simulated",
        )
        interrupt(task.worker, Abort)
        self._unwind()


def _is_ready(task: Task) -> bool:
    """Whether a task can go on without the help of a timer."""
    return task.op is not None and (task.op.guard is None or task.op.guard())


def _is_timed(op: Op) -> bool:
    """Whether the time-out of an operation may fire at all."""
    return op.deadline is not None and (op.patience is None or op.patience())


def describe_wait(sched: Scheduler, task: Task) -> str:
    """What a blocked thread waits for, in words."""
    op = task.op
    if op is None:
        return "nothing"
    if op.waits is not None:
        return op.waits()
    if op.kind == "sleep":
        return "its sleep to end"
    explain = getattr(type(op.obj), "_tt_waits", None) if op.kind == "acquire" else None
    if explain is not None:
        return str(explain(op.obj, sched, task))
    return f"{op.kind} of {sched.label_of(op.obj) or type(op.obj).__name__}"
