"""Every trap of tests/submissions: what its honest part deserves, and a human is told the rest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from taketurns.grading import job, sandbox
from taketurns.grading.types import Limits
from tests.submissions import CASES
from tests.submissions.cases import ASSIGNMENT, RELEASE, ROOT, Link

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.submissions.cases import Case

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        all(sandbox.probe().values()), reason=f"no sandbox works here: {sandbox.probe()}"
    ),
]
MASTER = job.Master(
    RELEASE.stem,
    json.loads((ROOT / "source" / ASSIGNMENT / RELEASE.name).read_text("utf-8")),
    json.loads(RELEASE.read_text("utf-8")),
)
# Enough for an honest answer; the usual limits would only take longer to be reached.
LIMITS = Limits(cell_seconds=4, notebook_seconds=10, idle_seconds=2)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield str(tmp_path_factory.mktemp("verdicts"))
    job.forget_wardens()


def hand_in(case: Case, folder: Path) -> None:
    for name, content in case.files(RELEASE.read_bytes()).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            path.symlink_to(content.target)
        else:
            path.write_bytes(content)


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_trap_gives_what_its_honest_part_deserves(name, tmp_path, verdicts):
    case = CASES[name]
    folder = tmp_path / "submitted" / name / ASSIGNMENT
    folder.mkdir(parents=True)
    hand_in(case, folder)
    job.warden({})

    graded = job.grade(
        job.Job(name, ASSIGNMENT, str(folder), "", (MASTER,), limits=LIMITS, cache=verdicts)
    )

    (result,) = graded.notebooks
    told = [*result.remarks, *result.reasons, *(cell.message for cell in result.cells)]
    assert [] == case.complaints({cell.name: cell.points for cell in result.cells}, told)
