"""`taketurns grade`: a whole class, side by side, each in a sandbox, and nothing is lost.

The parent process deals out jobs and is the only one that writes: the students' folders, but apart;
then the gradebook, one transaction for a batch; then the folders are renamed into `autograded/`.
A submission counts as graded when both agree with what was handed in; whatever stops the command at
whatever moment, the next call grades the rest.
"""

from __future__ import annotations

import atexit
import collections
import contextlib
import gc
import hashlib
import itertools
import json
import multiprocessing
import os
import shutil
import signal
import sys
import threading
import time
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self, cast

import click

from taketurns.course.errors import CourseError, not_installed
from taketurns.course.folder import MARK, Course

from . import intake
from .job import GraderError, Job, Master, NotGradedError, begin, grade, version
from .types import Graded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from .gradebook import Gradebook

RECORD = ".taketurns.json"  # beside the graded notebook: the verdicts, for `report` and for us
PRIVATE = ".taketurns"  # in the course's folder: the lock and the cache of verdicts
PARTS = ".taketurns"  # in `autograded/`: what is being written
PROOF = "submission_secret.txt"  # by which `nbgrader release_feedback` knows a submission
BATCH = 64  # submissions in one transaction
PATIENCE = 0.5  # seconds after which a smaller batch is written
TRIES = 3  # of a submission whose worker dies
DONE, SOME, NOT = 0, 1, 2  # exit codes
NO_WORKER = (
    "no process can be started that grades. Is there room in /dev/shm, and does `ulimit -a` allow "
    "more processes and open files?"
)
BROKEN = RuntimeError, OSError  # what a pool answers whose worker was killed, or is just being


@dataclass(frozen=True)
class Folders:
    """Where nbgrader_config.py says that things are."""

    root: Path
    submitted: Path
    autograded: Path
    source: Path
    release: Path
    feedback: Path
    db_url: str
    course_id: str
    config: Any

    @classmethod
    def of(cls, course: Course) -> Folders:
        """Read the course's settings as nbgrader does, but long before it could have been loaded.

        Raises CourseError if they cannot be read.
        """
        from traitlets.config.loader import PyFileConfigLoader

        try:
            config = PyFileConfigLoader(MARK, path=str(course.root)).load_config()
        except Exception as error:
            raise CourseError(f"{course.root / MARK}: {type(error).__name__}: {error}") from error
        set_ = config.CourseDirectory
        root = course.root / set_.get("root", "")
        url = str(set_.get("db_url", "sqlite:///gradebook.db"))
        if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
            url = f"sqlite:///{root / url.removeprefix('sqlite:///')}"
        return cls(
            root,
            submitted=root / set_.get("submitted_directory", "submitted"),
            autograded=root / set_.get("autograded_directory", "autograded"),
            source=root / set_.get("source_directory", "source"),
            release=root / set_.get("release_directory", "release"),
            feedback=root / set_.get("feedback_directory", "feedback"),
            db_url=url,
            course_id=str(set_.get("course_id", "")).strip(),
            config=config,
        )


# -- what there is to do --------------------------------------------------------------------------


def masters_of(folders: Folders, assignment: str) -> tuple[Master, ...]:
    """Return the masters of an assignment; raises CourseError if there are none."""
    paths = sorted((folders.source / assignment).glob("*.ipynb"))
    if not paths:
        known = sorted(p.parent.name for p in folders.source.glob("*/*.ipynb"))
        raise CourseError(
            f"there is no assignment {assignment!r} in {folders.source}; "
            f"there are: {', '.join(dict.fromkeys(known)) or 'none'}"
        )
    found = []
    for path in paths:
        release = folders.release / assignment / path.name
        found.append(Master(path.stem, _json(path), _json(release) if release.is_file() else None))
    return tuple(found)


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
        content["cells"], content["metadata"]
    except OSError as error:
        raise CourseError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CourseError(f"{path}: is no notebook ({error})") from error
    return dict(content)


def submissions(folders: Folders, assignment: str, only: Iterable[str]) -> dict[str, Path]:
    """Return who has handed something in; raises CourseError for a student who has not."""
    found = {
        folder.parent.name: folder
        for folder in sorted(folders.submitted.glob(f"*/{assignment}"))
        if folder.is_dir() and not folder.parent.name.startswith(".")
    }
    wanted = list(only)
    for student in wanted:
        if student not in found:
            raise CourseError(
                f"{student} has handed in nothing for {assignment}: there is no "
                f"{folders.submitted / student / assignment}"
            )
    return {student: found[student] for student in wanted or found}


def digest_of(folder: Path, basis: str) -> str:
    """Return a digest of a submission and of all else that its result depends on."""
    files, left_out = intake.files_of(folder)
    digest = hashlib.sha256(basis.encode())
    for name, data in sorted(files.items()):
        digest.update(f"{name}\0{len(data)}\0".encode("utf-8", "replace"))
        digest.update(data)
    digest.update("\0".join(left_out).encode())
    return digest.hexdigest()


def recorded(folders: Folders, student: str, assignment: str) -> Graded | None:
    """Return how a submission was graded before, without its notebooks; None if it was not."""
    path = folders.autograded / student / assignment / RECORD
    try:
        return Graded.from_json(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        return None


# -- doing it -------------------------------------------------------------------------------------


def pool(workers: int, sandbox: dict[str, Any]) -> Executor:
    """Return a pool of processes that end with this one, each with a warden; all begin at once.

    Raises GraderError where there is no room for one.
    """
    try:
        made = ProcessPoolExecutor(
            workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(sandbox,),
        )
    except OSError as error:  # it needs semaphores, which lie in /dev/shm, and pipes
        raise GraderError(f"{NO_WORKER} ({error.strerror})") from error
    with _undisturbed(), contextlib.suppress(*BROKEN):  # which the first job finds out
        for _ in range(workers):
            made.submit(os.getpid)  # each starts a process as long as none has nothing to do
    return made


def pools(workers: int, sandbox: dict[str, Any]) -> Iterator[Executor]:
    """Yield pools, each because the one before broke; raise GraderError if no worker lives."""
    yield pool(workers, sandbox)
    while True:
        for attempt in reversed(range(TRIES)):
            made = pool(workers, sandbox)
            try:
                made.submit(os.getpid).result()
            except BROKEN as error:
                _end(made)
                if not attempt:
                    raise GraderError(f"{NO_WORKER} ({error})") from error
            else:
                yield made
                break


def _begin(sandbox: dict[str, Any]) -> None:
    """In a worker: end when the parent does, however it ends, and leave Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # see `_undisturbed`
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, name="follow", daemon=True).start()
    with contextlib.suppress(GraderError):  # which the first job finds out
        begin(sandbox)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Let Ctrl-C wait a moment, here and in the processes that start meanwhile."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def results(
    jobs: Iterable[Job], make_pool: Callable[[], Executor], ahead: int
) -> Iterator[Graded | tuple[Job, str]]:
    """Return an iterator over what comes of each job, in the order in which they are done.

    The first of them are dealt out before this returns. A job whose worker dies is done again, and
    alone, so that it is known which one kills workers. One that cannot be done is yielded with the
    reason.
    The iterator raises GraderError or CourseError if none can be done.
    """
    found = _results(jobs, make_pool, ahead)
    if next(found, None) is not None:
        raise AssertionError("a result before the first job")
    return cast("Iterator[Graded | tuple[Job, str]]", found)


def _results(
    jobs: Iterable[Job], make_pool: Callable[[], Executor], ahead: int
) -> Iterator[Graded | tuple[Job, str] | None]:
    """Yield None when the first jobs are dealt out, then the results."""
    begun = False
    waiting = collections.deque((job, 0) for job in jobs)  # with how many workers have died of it
    while waiting:
        executor = make_pool()
        running: dict[Future[Graded], tuple[Job, int]] = {}
        broken = False
        try:
            while (waiting and not broken) or running:
                while waiting and not broken:
                    suspects = waiting[0][1] or any(deaths for _, deaths in running.values())
                    if len(running) >= (1 if suspects else ahead):
                        break
                    job, deaths = waiting.popleft()
                    try:
                        with _undisturbed():
                            future = executor.submit(grade, job)
                    except BROKEN:
                        waiting.appendleft((job, deaths))
                        broken = True
                    else:
                        running[future] = job, deaths
                if not begun:
                    begun = True
                    yield None
                # A broken pool may forget what came at the moment when it broke.
                done = set(running) if broken else wait(running, None, FIRST_COMPLETED).done
                for future in done:
                    job, deaths = running.pop(future)
                    if not future.done():
                        waiting.appendleft((job, deaths + 1))
                        continue
                    try:
                        result: Graded | tuple[Job, str] = future.result()
                    except BrokenExecutor as error:
                        broken |= isinstance(error, BrokenProcessPool)  # a cluster goes on
                        if deaths + 1 < TRIES:
                            waiting.appendleft((job, deaths + 1))
                            continue
                        result = job, f"its worker died {TRIES} times"
                    except (GraderError, CourseError):
                        raise
                    except NotGradedError as error:
                        result = job, str(error)
                    except Exception as error:  # one that we did not think of stops nobody else
                        result = job, f"the grader failed: {type(error).__name__}: {error}"
                    yield result
        finally:
            _end(executor)


def _end(executor: Executor) -> None:
    """End a pool at once, with whatever it still does."""
    processes = list((getattr(executor, "_processes", None) or {}).values())
    thread = getattr(executor, "_executor_manager_thread", None)
    for process in processes:
        process.terminate()
    executor.shutdown(wait=not processes, cancel_futures=True)
    for process in processes:
        process.join(5)
    if thread is not None:  # what it tidies up, Python would look for at its end
        thread.join(5)


class Keeper:
    """Writes results, a batch at a time, each into the gradebook and its folder or into neither."""

    def __init__(self, folders: Folders, gradebook: Gradebook, assignment: str) -> None:
        self._folders = folders
        self._assignment = assignment
        self._autograded = folders.autograded
        self._parts = folders.autograded / PARTS
        self._gradebook = gradebook
        self._batch: list[Graded] = []
        self._since = time.monotonic()
        with self._explained():  # who may not write shall hear it before anything is graded
            self._parts.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._parts, ignore_errors=True)  # with what a killed one has left there

    def add(self, graded: Graded) -> None:
        """Take a result; write when there are enough, or the last time was long ago."""
        self._batch.append(graded)
        if len(self._batch) >= BATCH or time.monotonic() - self._since > PATIENCE:
            self.write()

    def write(self) -> None:
        """Write what there is.

        Raises CourseError if that fails. What is not whole then counts as not graded.
        """
        batch, self._batch = self._batch, []
        self._since = time.monotonic()
        if not batch:
            return
        try:
            with self._explained():
                for number, graded in enumerate(batch):
                    self._prepare(graded, self._parts / str(number))
                self._gradebook.write(batch)
                for number, graded in enumerate(batch):
                    self._put(graded, self._parts / str(number))
        finally:
            shutil.rmtree(self._parts, ignore_errors=True)
        self.write_feedback(graded.student for graded in batch)

    def write_feedback(self, students: Iterable[str]) -> None:
        """Write the pages of some students again, of what has been written about them."""
        from .handback import write_feedback

        write_feedback(self._folders, self._gradebook, self._assignment, list(students))

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise CourseError(
                f"{self._autograded}: {error.strerror}. What could not be written there counts as "
                "not graded: mend that and run the command again."
            ) from error

    def _prepare(self, graded: Graded, part: Path) -> None:
        """Write what is to be in a student's folder."""
        part.mkdir(parents=True)
        for notebook in graded.notebooks:
            if notebook.notebook is not None:
                text = json.dumps(notebook.notebook, indent=1, ensure_ascii=False)
                (part / f"{notebook.name}.ipynb").write_text(text + "\n", "utf-8")
        slim = replace(graded, notebooks=tuple(replace(n, notebook=None) for n in graded.notebooks))
        (part / RECORD).write_text(json.dumps(slim.as_json(), indent=1) + "\n", "utf-8")
        if graded.timestamp:
            (part / "timestamp.txt").write_text(graded.timestamp + "\n", "utf-8")
        secret = self._folders.submitted / graded.student / graded.assignment / PROOF
        if secret.is_file() and not secret.is_symlink():
            shutil.copyfile(secret, part / PROOF)

    def _put(self, graded: Graded, part: Path) -> None:
        """Put a folder where nbgrader looks for it, in the place of the one that is there."""
        place = self._autograded / graded.student / graded.assignment
        place.parent.mkdir(exist_ok=True)
        with _undisturbed():
            if place.exists():
                place.replace(part.with_suffix(".old"))
            part.replace(place)


@contextlib.contextmanager
def alone(root: Path) -> Iterator[None]:
    """Be the only grader of this course. Raises CourseError if there is another one."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    place = root / PRIVATE
    try:
        place.mkdir(exist_ok=True)
        file = (place / "lock").open("a+")
    except OSError as error:
        raise CourseError(f"{place}: {error.strerror}; grading needs to write there") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            who = file.read().strip() or "another process"
            raise CourseError(
                f"this course is being graded already, by process {who}. Wait until it is done."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def open_gradebook(folders: Folders) -> Gradebook:
    """Open the course's gradebook. Raises CourseError if that fails, or if there is no nbgrader."""
    # Half of the time that nbgrader takes to load goes into grammars for checks of internet
    # addresses, which nobody asks for; without them jsonschema leaves these checks out.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    try:
        from .gradebook import Gradebook
    except ModuleNotFoundError as error:
        raise not_installed(error, "grade") from error

    return Gradebook(folders.db_url, folders.course_id, folders.config)


# -- the command ----------------------------------------------------------------------------------


@click.command("grade")
@click.argument("assignment")
@click.option("--student", "students", metavar="ID", multiple=True, help="Only this one; repeat.")
@click.option("--force", is_flag=True, help="Grade again what has not changed.")
@click.option("--regrade", is_flag=True, help="Grade all again, show what changes, then ask.")
@click.option("--yes", is_flag=True, help="With --regrade: write without asking.")
@click.option("--dry-run", is_flag=True, help="Say what would be graded, and do nothing.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes; default: the cores.")
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Use the Dask cluster whose scheduler is at tcp://HOST:PORT.",
)
@click.option("--no-cache", is_flag=True, help="Judge again what was judged before.")
@click.option(
    "--allow-unsandboxed",
    is_flag=True,
    help="Grade even where nothing keeps students' code in. Only for code that you trust.",
)
@click.pass_context
def grade_command(context: click.Context, /, **options: Any) -> None:
    """Grade what the class has handed in for ASSIGNMENT.

    What is in submitted/STUDENT/ASSIGNMENT/ and has not been graded, or has changed since, is
    graded in parallel, each check in a sandbox of its own. Results go into autograded/ and the
    gradebook, where nbgrader and its Formgrader find them.

    Ends with 0 if all were graded, 1 if some need a human, 2 if it could not run.
    """
    atexit.register(gc.freeze)  # Python would take long to tidy up all that nbgrader has loaded
    try:
        code = _Command(context, **options).run()
    except (CourseError, GraderError) as error:
        click.echo(f"taketurns grade: {error}", err=True)
        code = NOT
    except KeyboardInterrupt:
        click.echo("taketurns grade: stopped; run it again to go on", err=True)
        code = NOT
    context.exit(code)


class _Command:
    """One call of the command."""

    def __init__(
        self,
        context: click.Context,
        *,
        assignment: str,
        students: tuple[str, ...],
        force: bool,
        regrade: bool,
        yes: bool,
        dry_run: bool,
        workers: int | None,
        cluster: str | None,
        no_cache: bool,
        allow_unsandboxed: bool,
    ) -> None:
        self._context = context
        self._assignment = assignment
        self._only = students
        self._all = force or regrade
        self._regrade = regrade
        self._yes = yes
        self._dry_run = dry_run
        if workers and cluster:
            raise CourseError("a cluster has its own workers: leave out --workers")
        self._workers = workers or os.cpu_count() or 1
        self._cluster = cluster
        self._folders = Folders.of(Course.here())
        cache = self._folders.root / PRIVATE / "verdicts"
        self._cache = None if no_cache else str(cache)
        ways = ["namespaces", "landlock", *(["none"] if allow_unsandboxed else [])]
        self._sandbox = {"ways": ways}

    def run(self) -> int:
        masters = masters_of(self._folders, self._assignment)
        handed_in = submissions(self._folders, self._assignment, self._only)
        if not handed_in:
            click.echo(f"nobody has handed in {self._assignment} ({self._folders.submitted})")
            return DONE
        with contextlib.ExitStack() as stack:
            stack.enter_context(alone(self._folders.root))
            for part in self._folders.root.glob(f"{PRIVATE}/verdicts/*/.*.part"):
                part.unlink(missing_ok=True)  # of killed workers
            jobs, rest = self._jobs(masters, handed_in)
            dealt = [] if self._dry_run else [stack.enter_context(self._dealt(jobs))]
            # Loading nbgrader takes as long as grading a dozen, who are being graded meanwhile.
            gradebook = stack.enter_context(open_gradebook(self._folders))
            known = gradebook.scores(self._assignment)
            lost = [job for job in rest if job.student not in known]
            jobs += lost
            if self._dry_run:
                for job in jobs:
                    click.echo(f"would grade {job.student}")
                click.echo(f"{len(jobs)} of {len(handed_in)} would be graded")
                return DONE
            gradebook.prepare(self._assignment, {m.name: m.notebook for m in masters})
            keeper = Keeper(self._folders, gradebook, self._assignment)
            if lost:
                dealt.append(stack.enter_context(self._dealt(lost)))
            reasons = self._keep(itertools.chain(*dealt), len(jobs), keeper, known)
            if without := [s for s in handed_in if not self._has_feedback(s)]:
                keeper.write_feedback(without)
            return self._summary(handed_in, jobs, reasons)

    def _has_feedback(self, student: str) -> bool:
        """Whether pages were written; a kill may have come before that."""
        return (self._folders.feedback / student / self._assignment).is_dir()

    def _jobs(
        self, masters: tuple[Master, ...], handed_in: dict[str, Path]
    ) -> tuple[list[Job], list[Job]]:
        """What is new or has changed, and what to grade only if the gradebook has lost it."""
        texts = json.dumps([[m.name, m.notebook, m.release] for m in masters])
        basis = hashlib.sha256(f"{version()}\n{texts}".encode()).hexdigest()
        jobs: list[Job] = []
        rest: list[Job] = []
        for student, folder in handed_in.items():
            digest = digest_of(folder, basis)
            before = recorded(self._folders, student, self._assignment)
            same = before is not None and before.digest == digest
            (rest if same and not self._all else jobs).append(
                Job(
                    student,
                    self._assignment,
                    str(folder),
                    digest,
                    masters,
                    cache=self._cache,
                    sandbox=self._sandbox,
                )
            )
        return jobs, rest

    @contextlib.contextmanager
    def _dealt(self, jobs: list[Job]) -> Iterator[Iterator[Graded | tuple[Job, str]]]:
        """Have these jobs done, from now on."""
        if self._cluster and jobs:
            from .cluster import Cluster

            cluster = Cluster(self._cluster)
            found = results(jobs, lambda: cluster, cluster.ahead)
        else:
            workers = min(self._workers, len(jobs))
            making = pools(workers, self._sandbox)
            found = results(jobs, lambda: next(making), 2 * workers + 2)
        with contextlib.closing(found):  # type: ignore[type-var]
            yield found

    def _keep(
        self,
        found: Iterable[Graded | tuple[Job, str]],
        total: int,
        keeper: Keeper,
        known: dict[str, Any],
    ) -> dict[str, str]:
        """Write what is found, and return why results are missing, by student."""
        missing: dict[str, str] = {}
        held: list[Graded] = []
        with Progress(total) as progress:
            try:
                for result in found:
                    if isinstance(result, tuple):
                        missing[result[0].student] = result[1]
                        progress.failed()
                    else:
                        held.append(result) if self._regrade else keeper.add(result)
                        progress.done()
            except KeyboardInterrupt:
                keeper.write()
                said = f"stopped after {progress.count} of {total}; run it again to go on"
                raise CourseError(said) from None
            except (GraderError, CourseError):
                keeper.write()
                raise
        if self._regrade and held and self._may_write(held, known):
            for graded in held:
                keeper.add(graded)
        keeper.write()
        return missing

    def _may_write(self, held: list[Graded], known: dict[str, Any]) -> bool:
        """Show what changes, and ask."""
        changes = 0
        for graded in sorted(held, key=lambda each: each.student):
            for notebook in graded.notebooks:
                old = known.get(graded.student, {}).get(notebook.name, {})
                for cell in notebook.cells:
                    if cell.name in old and old[cell.name] == cell.points:
                        continue
                    changes += 1
                    was = "none" if old.get(cell.name) is None else f"{old[cell.name]:g}"
                    now = "a human" if cell.points is None else f"{cell.points:g}"
                    click.echo(f"{graded.student:20} {cell.name:35} {was:>5} → {now}")
        click.echo(f"{changes} scores would change" if changes else "no score changes")
        return bool(self._yes or not changes or click.confirm("write them?", default=False))

    def _summary(self, handed_in: dict[str, Path], jobs: list[Job], missing: dict[str, str]) -> int:
        """Say what came of it; return the exit code."""
        need: dict[str, tuple[str, ...]] = {s: (reason,) for s, reason in missing.items()}
        for student in handed_in:
            graded = recorded(self._folders, student, self._assignment)
            for notebook in graded.notebooks if graded is not None else ():
                if notebook.reasons:
                    need[student] = (*need.get(student, ()), *notebook.reasons)
        unchanged = len(handed_in) - len(jobs)
        also = f", {unchanged} unchanged" if unchanged else ""
        click.echo(f"{self._assignment}: {len(jobs) - len(missing)} graded{also}")
        if need:
            click.echo(f"{len(need)} need a human:")
            for student, why in sorted(need.items()):
                click.echo(f"  {student}: {why[0]}")
                for reason in why[1:4]:
                    click.echo(f"    {reason}")
                if len(why) > 4:
                    click.echo(f"    … and {len(why) - 4} more")
        return SOME if need else DONE


class Progress:
    """A bar where somebody looks, plain lines elsewhere."""

    def __init__(self, total: int) -> None:
        self._total = total
        self.count = 0
        self._failed = 0
        self._started = self._said = time.monotonic()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty() and self._total:
            from rich.console import Console
            from rich.progress import Progress as Bar
            from rich.progress import TextColumn, TimeRemainingColumn

            columns = [
                *Bar.get_default_columns()[:2],
                TextColumn("{task.completed} of {task.total}, {task.fields[failed]} failed,"),
                TextColumn("{task.fields[rate]:.1f} a second,"),
                TimeRemainingColumn(),
            ]
            self._bar = Bar(*columns, console=Console(stderr=True))
            self._bar.start()
            self._task = self._bar.add_task("grading", total=self._total, failed=0, rate=0.0)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def done(self) -> None:
        """One more is graded."""
        self.count += 1
        self._show()

    def failed(self) -> None:
        """One more could not be."""
        self._failed += 1
        self._show()

    def _show(self) -> None:
        now = time.monotonic()
        seen = self.count + self._failed
        rate = seen / max(now - self._started, 1e-3)
        if self._bar is not None:
            self._bar.update(self._task, completed=seen, failed=self._failed, rate=rate)
        elif now - self._said > 5 or seen == self._total:
            self._said = now
            left = (self._total - seen) / rate
            click.echo(
                f"{self.count} of {self._total} graded, {self._failed} failed, "
                f"{rate:.1f} a second, {left:.0f} s left",
                err=True,
            )
