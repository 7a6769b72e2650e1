"""Every notebook is run from top to bottom by fresh kernels: nothing wrong may be left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

from taketurns.course.tidy import REAL_TIME, canonical

ROOT = Path(__file__).resolve().parents[1]
LESSONS = sorted((ROOT / "notebooks").glob("**/*.ipynb"))
MASTERS = sorted((ROOT / "source").glob("**/*.ipynb"))
RELEASES = sorted((ROOT / "release").glob("**/*.ipynb"))
SECONDS = 120  # for one cell of a notebook that hangs; a budget is what benchmarks are for

pytestmark = pytest.mark.slow


def visible(paths: list[Path]) -> list[Path]:
    return [p for p in paths if not any(part.startswith(".") for part in p.relative_to(ROOT).parts)]


def named(paths: list[Path]) -> list[Any]:
    return [pytest.param(p, id=p.relative_to(ROOT).as_posix()) for p in visible(paths)]


@pytest.fixture(autouse=True)
def a_folder_for_kernels(kernel_home):
    """Nothing is read from or left in the user's home."""


def test_there_is_something_to_run():
    assert visible(LESSONS)
    assert visible(MASTERS)
    assert len(visible(MASTERS)) == len(visible(RELEASES))


def test_python3_is_this_environments_kernel():
    spec = KernelSpecManager().get_kernel_spec("python3")
    manager = KernelManager(kernel_name="python3")

    assert Path(spec.resource_dir).is_relative_to(sys.prefix)
    assert sys.executable == manager.format_kernel_cmd()[0]


@pytest.fixture(scope="module")
def watched(tmp_path_factory, watch) -> Path:
    """Return copies of all notebooks, with a cell before and one after that watch over the rest."""
    folder = tmp_path_factory.mktemp("watched")
    for path in visible(LESSONS + MASTERS):
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(between(*watch, nbformat.read(path, as_version=4)), copy)
    return folder


def between(before: str, after: str, nb: Any) -> Any:
    new = nbformat.v4.new_code_cell
    nb.cells = [new(before, id="before"), *nb.cells, new(after, id="after")]
    return nb


def test_nbval_finds_nothing_and_no_thread_or_complaint_is_left(kernel, watched):
    # A pytest of its own, with its own settings: ours are about our tests, not about notebooks.
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-kernel-name", kernel, "-q"),
            *("-c", os.devnull, "--rootdir", ".", "-p", "no:cacheprovider", "."),
        ],
        cwd=watched,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    cells = [
        cell
        for path in watched.glob("**/*.ipynb")
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code"
    ]

    assert 0 == done.returncode, done.stdout[-6000:] + done.stderr
    assert f"{len(cells)} passed in" in done.stdout


def execute(path: Path, watch: tuple[str, str], kernel: str = "python3", **options: Any) -> Any:
    """Return the notebook with the outputs of a fresh run, and what the cell after it said."""
    nb = between(*watch, nbformat.read(path, as_version=4))
    client = NotebookClient(
        nb,
        kernel_name=kernel,
        timeout=SECONDS,
        resources={"metadata": {"path": str(path.parent)}},
        store_widget_state=False,
        record_timing=False,
        **options,
    )
    client.execute()
    _, *nb.cells, after = nb.cells
    return nb, after.outputs


@pytest.mark.parametrize("path", named(LESSONS))
def test_kept_outputs_are_reproduced(path: Path, kernel, watch):
    """Compare each cell's kept outputs with those of this run, both in canonical form."""
    nb, _ = execute(path, watch, kernel)
    fresh = canonical(nbformat.writes(nb).encode(), "lesson")
    ran = {cell.id: cell for cell in nbformat.reads(fresh.text, as_version=4).cells}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and REAL_TIME not in cell.metadata.get("tags", []):
            assert cell.outputs == ran[cell.id].outputs, (
                f"{path.name}, cell {cell.id}: a fresh run shows something else than what is kept. "
                "If the new output is right, keep it: jupyter nbconvert --execute --inplace "
                f"--to notebook {path.relative_to(ROOT)}, then make tidy."
            )


@pytest.mark.parametrize("path", named(RELEASES))
def test_an_unsolved_release_scores_nothing_and_hangs_nowhere(path: Path, watch):
    nb, left = execute(path, watch, allow_errors=True)
    passed = [
        cell.id
        for cell in nb.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
        and not any(output.output_type == "error" for output in cell.outputs)
    ]

    assert [] == passed, "graded cells that an untouched notebook passes"
    assert [] == left
