"""The course on disk: which notebooks there are, of which kind, and what was recorded of them."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from taketurns.course.errors import CourseError

Kind = Literal["source", "release", "lesson"]
"""A master with solutions; a student version made from one; a lesson to read and play with."""

MARK = "nbgrader_config.py"
RECORD = "notebooks.sha256"
FOLDERS: dict[str, Kind] = {"source": "source", "release": "release", "notebooks": "lesson"}


def write_atomically(path: Path, content: bytes) -> None:
    """Write the whole file or, whatever happens meanwhile, leave the one that is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        mode = path.stat().st_mode if path.exists() else 0o666 & ~_umask()
        part.chmod(mode & 0o777)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _umask() -> int:
    """Return the process's umask, which can be read only by setting it."""
    umask = os.umask(0o022)
    os.umask(umask)
    return umask


def kind_of(path: Path) -> Kind:
    """Return the kind of the notebook at this path, told by the nearest folder that has one."""
    for parent in path.resolve().parents:
        if parent.name in FOLDERS:
            return FOLDERS[parent.name]
    return "lesson"


@dataclass(frozen=True)
class Course:
    """The folder that holds `source/`, `release/`, `notebooks/` and nbgrader_config.py."""

    root: Path

    @classmethod
    def containing(cls, place: Path) -> Course | None:
        """Return the course that this file or folder belongs to, None if it belongs to none."""
        place = place.resolve()
        for folder in (place, *place.parents):
            if (folder / MARK).is_file():
                return cls(folder)
        return None

    @classmethod
    def here(cls) -> Course:
        """Return the course of the current folder; raise CourseError where there is none."""
        course = cls.containing(Path.cwd())
        if course is None:
            raise CourseError(
                f"no course here: neither {Path.cwd()} nor a folder above it holds {MARK}. "
                "Go to the course's folder and try again."
            )
        return course

    def notebooks(self, *kinds: Kind) -> list[Path]:
        """Return the notebooks of these kinds (of all kinds if none is named), in a fixed order."""
        found: list[Path] = []
        for name, kind in FOLDERS.items():
            if not kinds or kind in kinds:
                folder = self.root / name
                found += sorted(p for p in folder.rglob("*.ipynb") if not self._hidden(p))
        return found

    def _hidden(self, path: Path) -> bool:
        return any(part.startswith(".") for part in path.relative_to(self.root).parts)

    def assignments(self) -> list[str]:
        """Return the names of the assignments in `source/`, in order."""
        folder = self.root / "source"
        names = {p.parent.name for p in self.notebooks("source") if p.parent.parent == folder}
        return sorted(names)

    def name(self, path: Path) -> str:
        """Return the path as it is called in messages and in the record."""
        path = path.resolve()
        if path.is_relative_to(self.root):
            return path.relative_to(self.root).as_posix()
        return str(path)

    # The record: one line per notebook, as sha256sum writes and checks it. It notices what a check
    # of form alone cannot: a slip in a sentence, or in a solution that the release does not show.

    def recorded(self) -> dict[str, str]:
        """Return the digest that was recorded for each notebook."""
        path = self.root / RECORD
        if not path.is_file():
            return {}
        pairs = (line.split(maxsplit=1) for line in path.read_text("utf-8").splitlines())
        return {pair[1].strip(): pair[0] for pair in pairs if len(pair) == 2}

    def record(self, paths: list[Path], *, forget_missing: bool = True) -> None:
        """Record the content of these notebooks as it is now."""
        digests = self.recorded()
        digests |= {self.name(p): digest(p.read_bytes()) for p in paths}
        if forget_missing:
            digests = {name: d for name, d in digests.items() if (self.root / name).is_file()}
        text = "".join(f"{d}  {name}\n" for name, d in sorted(digests.items()))
        path = self.root / RECORD
        if not path.is_file() or path.read_bytes() != text.encode():
            write_atomically(path, text.encode())

    def unrecorded(self, *kinds: Kind, command: str) -> list[str]:
        """Return a message for each notebook of these kinds that is not as it was recorded."""
        digests = self.recorded()
        messages = []
        here = {self.name(p): p for p in self.notebooks(*kinds)}
        for name, path in here.items():
            if name not in digests:
                messages.append(
                    f"{name}: new, not yet recorded in {RECORD}: run `taketurns {command}`"
                )
            elif digests[name] != digest(path.read_bytes()):
                messages.append(
                    f"{name}: its content is not what {RECORD} recorded: something changed it "
                    f"since `taketurns {command}` last ran. See what with `git diff {name}`, "
                    "then run that again."
                )
        folders = {folder for folder, kind in FOLDERS.items() if not kinds or kind in kinds}
        for name in digests:
            if name.partition("/")[0] in folders and name not in here:
                messages.append(
                    f"{name}: recorded in {RECORD}, but gone: run `taketurns {command}`"
                )
        return messages


def digest(content: bytes) -> str:
    """Return the SHA-256 of the content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
