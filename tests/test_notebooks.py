"""Every notebook is run from top to bottom by a fresh kernel: nothing wrong may be left."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
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
def short_runtime_folder(monkeypatch):
    """Kernels meet their client in a folder of their own, with a path short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="tt-") as folder:
        monkeypatch.setenv("JUPYTER_RUNTIME_DIR", folder)
        monkeypatch.setenv("IPYTHONDIR", f"{folder}/ipython")
        yield


def test_there_is_something_to_run():
    assert visible(LESSONS)
    assert visible(MASTERS)
    assert len(visible(MASTERS)) == len(visible(RELEASES))


def test_python3_is_this_environments_kernel():
    spec = KernelSpecManager().get_kernel_spec("python3")
    manager = KernelManager(kernel_name="python3")

    assert Path(spec.resource_dir).is_relative_to(sys.prefix)
    assert sys.executable == manager.format_kernel_cmd()[0]


@pytest.mark.parametrize("path", named(LESSONS + MASTERS))
def test_nbval_finds_nothing(path: Path, tmp_path: Path):
    # A pytest of its own, with its own settings: ours are about our tests, not about notebooks.
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-q"),
            *("-c", os.devnull, "--rootdir", str(tmp_path), "-p", "no:cacheprovider", str(path)),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )

    assert 0 == done.returncode, done.stdout[-6000:] + done.stderr


# Threads by identity, not by number: the kernel starts and ends some of its own meanwhile.
BEFORE = "import threading as _tt; _tt_before = set(_tt.enumerate())"
AFTER = """
_tt_left = [
    thread.name for thread in _tt.enumerate()
    if thread not in _tt_before and not (thread.__class__.__module__ + ".").startswith(
        ("ipykernel.", "IPython.", "jupyter_client.", "zmq.")
    )
]
print(*_tt_left, sep="\\n", end="")
"""


def execute(path: Path) -> tuple[Any, str, list[str]]:
    """Return the notebook with the outputs of a fresh run, the threads left, and its stderr."""
    nb = nbformat.read(path, as_version=4)
    new = nbformat.v4.new_code_cell
    nb.cells = [new(BEFORE, id="before"), *nb.cells, new(AFTER, id="after")]
    client = NotebookClient(
        nb,
        kernel_name="python3",
        timeout=SECONDS,
        resources={"metadata": {"path": str(path.parent)}},
        allow_errors=path.is_relative_to(ROOT / "release"),
        store_widget_state=False,
        record_timing=False,
    )
    client.execute()
    before, *cells, after = nb.cells
    assert [] == before.outputs
    nb.cells = cells
    said = [
        f"cell {cell.id}: {output.text}"
        for cell in cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream" and output.name == "stderr"
    ]
    left = "".join(output.get("text", "") for output in after.outputs)
    return nb, left, said


@pytest.mark.parametrize("path", named(LESSONS + MASTERS))
def test_a_run_leaves_no_thread_and_nothing_on_stderr(path: Path):
    nb, left, said = execute(path)

    assert "" == left, f"threads still alive after the last cell: {left}"
    assert [] == said
    if path in LESSONS:
        assert_kept_outputs_are_reproduced(path, nb)


def assert_kept_outputs_are_reproduced(path: Path, nb: Any) -> None:
    """Compare each cell's kept outputs with those of this run, both in canonical form."""
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
def test_an_unsolved_release_scores_nothing_and_hangs_nowhere(path: Path):
    nb, left, said = execute(path)
    passed = [
        cell.id
        for cell in nb.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
        and not any(output.output_type == "error" for output in cell.outputs)
    ]

    assert [] == passed, "graded cells that an untouched notebook passes"
    assert "" == left, f"threads still alive after the last cell: {left}"
    assert [] == said
