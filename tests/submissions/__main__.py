"""Writes every trap as a submission: `python -m tests.submissions FOLDER`."""

import sys
from pathlib import Path

from . import CASES
from .cases import ASSIGNMENT, RELEASE, Files, Link


def write(folder: Path, files: Files) -> None:
    """Write what one student hands in."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            path.symlink_to(content.target)
        else:
            path.write_bytes(content)


def main(arguments: list[str]) -> int:
    """Write all cases, or those that are named, below FOLDER/submitted."""
    if not arguments or not set(arguments[1:]) <= set(CASES):
        print("usage: python -m tests.submissions FOLDER [CASE ...]", file=sys.stderr)
        return 2
    submitted = Path(arguments[0]) / "submitted"
    if submitted.exists():
        print(f"{submitted} is there already", file=sys.stderr)
        return 2
    release = RELEASE.read_bytes()
    for name in arguments[1:] or CASES:
        write(submitted / name / ASSIGNMENT, CASES[name].files(release))
        print(f"{name:40} {CASES[name].why}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
