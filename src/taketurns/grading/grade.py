"""`taketurns grade`: a whole class, side by side, each in a sandbox, and nothing is lost.

The parent process deals out jobs (workers.py) and is the only one that writes (keeper.py): the
students' folders, but apart; then the gradebook, one transaction for a batch; then the folders are
renamed into `autograded/`. A submission counts as graded when both agree with what was handed in;
whatever stops the command at whatever moment, the next call grades the rest.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import hashlib
import itertools
import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any, Self

import click

from taketurns.course.errors import CourseError
from taketurns.course.folder import Course

from .folders import (
    DONE,
    NOT,
    PRIVATE,
    SOME,
    Folders,
    alone,
    digest_of,
    masters_of,
    open_gradebook,
    recorded,
    submissions,
)
from .job import GraderError, Job, Master, version
from .workers import Results, pools

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .keeper import Keeper
    from .types import Graded


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
            from .keeper import Keeper

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
            before = recorded(self._folders.autograded / student / self._assignment)
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

    def _dealt(self, jobs: list[Job]) -> Results:
        """Have these jobs done, from now on."""
        if self._cluster and jobs:
            from .cluster import Cluster

            cluster = Cluster(self._cluster)
            return Results(jobs, lambda: cluster, cluster.ahead)
        workers = min(self._workers, len(jobs))
        making = pools(workers, self._sandbox)
        return Results(jobs, lambda: next(making), 2 * workers + 2)

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
            graded = recorded(self._folders.autograded / student / self._assignment)
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
