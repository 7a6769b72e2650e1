"""The layers of the library: who may import whom, and what `import taketurns` may load."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "taketurns"


@pytest.mark.slow
def test_no_part_imports_one_above_it():
    # A process of its own: import-linter changes the import path and the logging of its own.
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "1 kept, 0 broken" in done.stdout


def imports(path: Path) -> list[tuple[int, str]]:
    """Return the line and name of every absolute import in the file."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.append((node.lineno, node.module or ""))
    return found


def test_the_engine_imports_the_standard_library_only():
    allowed = set(sys.stdlib_module_names) | {"taketurns"}
    foreign = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in sorted((PACKAGE / "engine").rglob("*.py"))
        for line, name in imports(path)
        if name.partition(".")[0] not in allowed
    ]

    assert [] == foreign


def test_importing_the_library_loads_the_engine_only():
    script = "import sys, taketurns; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = set(done.stdout.split())
    ours = {name for name in loaded if name.startswith("taketurns.")}
    foreign = {"IPython", "click", "ipykernel", "ipywidgets", "nbformat", "nbgrader", "traitlets"}

    assert set() == {name for name in ours if name.split(".")[1] != "engine"}
    assert set() == loaded & foreign
    assert "" == done.stderr
