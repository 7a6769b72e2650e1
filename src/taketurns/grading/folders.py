"""A course as the grader sees it: where things lie, what was handed in, and its gradebook."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from taketurns.course.errors import CourseError, not_installed
from taketurns.course.folder import MARK, Course

from . import intake
from .job import Master
from .types import Graded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from .gradebook import Gradebook

RECORD = ".taketurns.json"  # beside the graded notebook: the verdicts, for `report` and for us
PRIVATE = ".taketurns"  # in the course's folder: the lock and the cache of verdicts
DONE, SOME, NOT = 0, 1, 2  # exit codes


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


def recorded(folder: Path) -> Graded | None:
    """Return what was kept beside graded notebooks, without these; None if that is nothing."""
    try:
        return Graded.from_json(json.loads((folder / RECORD).read_text("utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


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
