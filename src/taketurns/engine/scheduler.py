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
from collections import deque
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from .errors import SimulationError
from .recording import Recorder, learner_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from .workers import Crew, Worker

MAX_STEPS = 20_000  # steps of one run, before it is called too long to explore
MAX_AFTERWARDS = 500  # steps that daemons get after the end of all others
MAX_TICKS = 3_000_000  # turns of loops, likewise
MAX_THREADS = 256
PATIENCE = 10  # seconds in one uninterruptible call before the run is given up
INSTANT = 0.001  # virtual seconds that one look at the clock takes in a loop that waits for it

_where = threading.local()


class Abort(BaseException):
    """Unwinds the threads of a run that is over."""


class Op:
    """An announced operation: what it touches, and when it can go."""

    __slots__ = (
        "also",
        "arrived",
        "deadline",
        "guard",
        "key",
        "kind",
        "mode",
        "more",
        "obj",
        "place",
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
        # Numbers that a search gives to `obj` and to `more`.
        self.place = -1
        self.also: tuple[int, ...] = ()


class Task:
    """A model thread: who it is and what it is about to do."""

    def __init__(
        self, index: int, path: tuple[int, ...], name: str, daemon: bool, worker: Worker
    ) -> None:
        self.index = index
        self.path = path
        self.name = name
        self.daemon = daemon
        self.worker = worker
        self.ident = 1000 + index
        self.thread: Any = None
        self.fn: Callable[[], None] = lambda: None
        self.op: Op | None = None
        self.outcome = True
        self.done = False
        self.idle = False  # a pool's worker with nothing to do
        self.atomic = 0
        self.children = 0
        self.read_clock = False
        self.inside: list[object] = []  # generators whose bodies run: entering one is an error
        self.unwinding = False
        # For loops that only wait: what was read since the last turn, and the state at that turn.
        self.reads: list[object] = []
        self.unsettled = False
        self.still_turns = 0
        self.turns: dict[tuple[int, FrameType], _Turn] = {}
        self.polls = 0
        self.poll_stamp = -1

    def __repr__(self) -> str:
        return f"<Task {self.name}>"


class _Turn:
    """The state of a thread at one turn of a `while` loop."""

    __slots__ = ("equal", "locals", "mutations", "now")

    def __init__(self, values: dict[str, object], mutations: int, now: float) -> None:
        self.locals = values
        self.mutations = mutations
        self.now = now
        self.equal = 0


class Strategy(Protocol):
    """Decides who goes next, and may keep books about what is done."""

    def spawned(self, parent: Task | None, child: Task) -> None:
        """A thread was started."""

    def announced(self, task: Task) -> None:
        """A thread has a new pending operation."""

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
    sched: Scheduler | None = getattr(_where, "sched", None)
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
    ) -> None:
        self._crew = crew
        self._strategy = strategy
        self.clock = clock
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
        self.lost_threads = False
        self.exact = True  # False once something happened that the search does not control
        self.output: list[str] = []
        self.problems: list[tuple[Task, BaseException]] = []
        self.steps = 0
        self.afterwards = 0
        self.ticks = 0
        self.decisions: list[tuple[int, int]] = []  # (rank chosen, rank of the default)
        self.preemptions = 0
        self.mutations = 0
        self._versions: dict[int, int] = {}
        self._serials: dict[int, tuple[int, object]] = {}
        self._labels: dict[int, tuple[str, object]] = {}
        self._finished = threading.Lock()
        self._finished.acquire()
        self.current: Task

    # -- what models and hooks call ---------------------------------------------------------

    @property
    def aborted(self) -> bool:
        """True once the run is over and its threads are being unwound."""
        return self.over

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
        if task.unsettled:
            self._settle(task)
        if task.atomic:
            if guard is not None and not guard():
                self.fail(
                    "exception", f"`{kind}` would block inside a callback that must not block"
                )
            self.exact = False  # what it touches here is no part of any step
            self._touched(task, obj, mode)
            return True
        if task.inside:
            more = (*more, *task.inside)
        deadline = None if timeout is None else self.now + max(timeout, 0.0)
        task.op = op = Op(kind, obj, mode, key, guard, deadline, waits, arrived, site, more)
        if self.recorder is not None:
            self.recorder.announce(self, task, op)
        self._strategy.announced(task)
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
        """Raise Abort in a thread of this run; who looks at its objects later just goes on."""
        if getattr(_where, "sched", None) is self:
            raise Abort

    def stutter(self) -> None:
        """Say that the step just taken changed nothing (a failed try, an empty queue)."""
        task = self.current
        if task.unsettled and task.op is not None:
            task.unsettled = False
            self.mutations -= 1
            self._versions[id(task.op.obj)] -= 1
            task.reads.append(task.op.obj)
            if self.recorder is not None:
                self.recorder.stuttered(task)

    def mutated(self) -> None:
        """Say that state changed which no step shows (a random number was drawn)."""
        self.mutations += 1
        self.current.unsettled = True

    def tick(self, site: int) -> None:
        """Count one turn of a `while` loop; find loops that can only wait for another thread."""
        self.pulse()
        if self.over:
            return
        task = self.current
        if task.unsettled:
            self._settle(task)
        task.still_turns += 1
        if task.still_turns > 2 and (task.reads or task.still_turns % 50_000 < 4):
            self._look_for_spinning(task, site)

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
        task = self._make((*parent.path, parent.children), name, daemon, fn)
        parent.children += 1
        task.thread = thread
        self._strategy.spawned(parent, task)
        self._strategy.announced(task)
        if self.recorder is not None and task.op is not None:
            self.recorder.announce(self, task, task.op)
        return task

    def fail(self, verdict: str, message: str) -> NoReturn:
        """End the run at once with this verdict."""
        self._end(verdict, message)
        raise Abort

    def problem(self, task: Task, error: BaseException) -> None:
        """Note an exception that left a thread uncaught.

        What cannot be simulated ends the run, lest its consequences hide it.
        """
        self.problems.append((task, error))
        if self.recorder is not None:
            self.recorder.raised(self, task, error)
        if isinstance(error, SimulationError):
            self._end("exception", f"{type(error).__name__}: {error}", error)
            raise Abort

    def write_out(self, text: str, stream: str = "stdout") -> None:
        """Add to the captured output."""
        if len(self.output) < 10_000:
            self.output.append(text[:100_000])
        elif len(self.output) == 10_000:
            self.output.append("\n[more output left out]\n")

    def serial(self, obj: object) -> int:
        """A small number for `obj`, by order of first request; the same in every repetition."""
        entry = self._serials.get(id(obj))
        if entry is None:
            entry = self._serials[id(obj)] = (len(self._serials), obj)
        return entry[0]

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
        self.current.worker.baton.release()
        self._watch()

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
            pass
        except BaseException as error:
            if not self.over:
                self._end("exception", f"the simulation itself failed: {error!r}", error)
        finally:
            _where.sched = None
        if task.worker.lost:
            return
        task.done = True
        task.op = None
        task.turns.clear()
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
        if chosen is not None:
            while not self.enabled(chosen):
                passed = self._pass_time()
                assert passed, "the program behaves differently under the same schedule"
        else:
            chosen = self._choose(me)
            if chosen is None:
                return None
        op = chosen.op
        assert op is not None
        chosen.outcome = op.guard is None or op.guard()
        if op.deadline is not None and not chosen.outcome and op.deadline > self.now:
            self.now = op.deadline  # the adversarial clock let it fire early
        self.steps += 1
        self._touched(chosen, op.obj, op.mode)
        if op.more:
            chosen.reads.extend(op.more)
        if self.recorder is not None:
            self.recorder.take(self, chosen, op)
        return chosen

    def _choose(self, me: Task) -> Task | None:
        """Let the strategy choose among those who can go; None when the run has ended."""
        while True:
            enabled = [task for task in self.live if self.enabled(task)]
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
            self.redundant = True
            self._end("redundant", "")
            return None
        default = default_choice(enabled, me)
        if len(enabled) > 1:
            self.decisions.append((enabled.index(chosen), enabled.index(default)))
        if chosen is not me and me in enabled:
            self.preemptions += 1
        return chosen

    def enabled(self, task: Task) -> bool:
        """Whether the task could perform its pending operation now."""
        op = task.op
        if op is None:
            return False
        if op.guard is None or op.guard():
            return True
        deadline = op.deadline
        return deadline is not None and (deadline <= self.now or self.clock == "adversarial")

    def _touched(self, task: Task, obj: object, mode: str) -> None:
        if mode == "R":
            task.reads.append(obj)
        else:
            self.mutations += 1
            self._versions[id(obj)] = self._versions.get(id(obj), 0) + 1
            task.unsettled = True

    def _pass_time(self) -> bool:
        """Move the clock to the next deadline; False if there is none, or none that can matter."""
        timed = [t for t in self.live if t.op is not None and t.op.deadline is not None]
        if not timed:
            return False
        if all(t.polls > 2 and t.poll_stamp == self.mutations and not t.read_clock for t in timed):
            return False  # everybody polls in a state that cannot change any more
        self.now = min(t.op.deadline for t in timed if t.op and t.op.deadline is not None)
        for task in self.live:
            if task.op is not None and task.op.arrived is not None:
                task.op.arrived()
        self._strategy.time_passes()
        return True

    # -- loops that only wait -----------------------------------------------------------------

    def _settle(self, task: Task) -> None:
        """The last step did change something: forget what was read before it."""
        task.unsettled = False
        task.still_turns = 0
        task.reads.clear()
        task.turns.clear()
        task.polls = 0

    def _look_for_spinning(self, task: Task, site: int) -> None:
        """Block a thread that would repeat the last turn of its loop exactly.

        If the local variables are the same objects as a turn ago and nobody has changed anything
        in between, the thread is a function of what it reads: it can only repeat itself until one
        of the objects that it read changes. So it waits for that, which loses no behaviour.
        """
        frame = learner_frame(sys._getframe(1))
        if frame is None:
            return
        values = {name: _state(value) for name, value in frame.f_locals.items()}
        place = (site, frame)
        last = task.turns.get(place)
        if last is None or last.mutations != self.mutations or not _same(last.locals, values):
            task.turns[place] = _Turn(values, self.mutations, self.now)
            task.polls = 0
            return
        if last.now != self.now and (self.clock == "exact" or task.read_clock):
            last.now = self.now
            task.polls += 1
            task.poll_stamp = self.mutations
            return
        last.equal += 1
        if last.equal < 2:
            return
        objects = tuple({id(obj): obj for obj in task.reads}.values())
        task.reads.clear()
        if not objects and not task.read_clock:
            self.fail("no-progress", f"{task.name} repeats a loop that nothing can ever end")
        seen = [self._versions.get(id(obj), 0) for obj in objects]

        def changed() -> bool:
            return any(
                self._versions.get(id(obj), 0) != n for obj, n in zip(objects, seen, strict=True)
            )

        def what() -> str:
            return "a loop that waits for something to change"

        self.step(
            "spin",
            task,
            "R",
            guard=changed,
            timeout=INSTANT if task.read_clock else None,
            waits=what,
            site=site,
            more=objects,
        )
        task.turns.clear()

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
        verdict = "assertion" if isinstance(error, AssertionError) else "exception"
        text = str(error)
        if verdict == "exception" or not text:
            text = f"{type(error).__name__}: {text}" if text else type(error).__name__
        if self.recorder is not None:
            self.recorder.raised(self, self.current, error)
        self._end(verdict, "\n".join([text, *self._deaths()]), error)

    def _deaths(self) -> list[str]:
        return [
            f"{task.name} had died of {type(error).__name__}: {error}"
            for task, error in self.problems
        ]

    def _last_word(self) -> tuple[str, str, BaseException | None]:
        """The verdict of a run in which every thread came to its end."""
        for task, error in self.problems:
            return "thread-exception", f"{task.name} died of {type(error).__name__}: {error}", error
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
        self._finished.release()

    def _watch(self) -> None:
        """Wait for the end; give up a thread that is stuck in a call that never returns."""
        beat, quiet = -1, 0
        interrupted: BaseException | None = None
        while True:
            try:
                if self._finished.acquire(timeout=1.0):
                    break
            except KeyboardInterrupt as error:
                interrupted = error
                self._end("interrupted", "stopped by the user")
                quiet = PATIENCE - 2
            quiet = quiet + 1 if self.steps + self.ticks == beat else 0
            beat = self.steps + self.ticks
            if quiet >= PATIENCE:
                self._give_up(self.current)
                quiet = 0
        self._crew.park([task.worker for task in self.tasks if not task.worker.lost])
        if interrupted is not None:
            raise interrupted

    def _give_up(self, task: Task) -> None:
        """Leave behind a thread that neither steps nor returns, and unwind the others."""
        frame = learner_frame(sys._current_frames().get(task.worker.ident or 0))
        where = f" (line {frame.f_lineno})" if frame is not None else ""
        task.worker.lost = True
        task.done = True
        task.unwinding = True
        self.lost_threads = True
        self._end(
            "inconclusive",
            f"{task.name} has been in one call for {PATIENCE} seconds{where}; "
            "a call that blocks or computes for real cannot be simulated",
        )
        self._unwind()


def _is_ready(task: Task) -> bool:
    """Whether a task can go on without the help of a timer."""
    return task.op is not None and (task.op.guard is None or task.op.guard())


def describe_wait(sched: Scheduler, task: Task) -> str:
    """What a blocked thread waits for, in words."""
    op = task.op
    if op is None:
        return "nothing"
    if op.waits is not None:
        return op.waits()
    if op.kind == "sleep":
        return "its sleep to end"
    return f"{op.kind} of {sched.label_of(op.obj) or type(op.obj).__name__}"


_PLAIN = frozenset({int, str, float, bool, bytes, type(None)})
_CONTAINERS = frozenset({list, set, dict, deque, bytearray})


class _Items(list[object]):
    """What a container holds at one moment."""


def _state(value: object) -> object:
    """A local variable's value, so that a later look can tell whether it has changed.

    The contents of containers belong to it: those that no other thread can reach change without a
    step.
    """
    if type(value) is dict:
        return _Items([*value, *value.values()])
    return _Items(value) if type(value) in _CONTAINERS else value  # type: ignore[call-overload]


def _same(old: dict[str, object], new: dict[str, object]) -> bool:
    return old.keys() == new.keys() and all(map(_equal, old.values(), new.values()))


def _equal(old: object, new: object) -> bool:
    if old is new:
        return True
    if type(old) is not type(new):
        return False
    if isinstance(old, _Items) and isinstance(new, _Items):
        return len(old) == len(new) and all(map(_equal, old, new))
    return type(old) in _PLAIN and old == new
