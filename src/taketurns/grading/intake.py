"""Reads what a student handed in, whatever it is, and puts the notebook right.

Of a submission only the learner's own text is used: the solution cells, and cells that the learner
added or changed. Everything else comes from the master: the order of its cells, their metadata and
tags, and every locked or graded cell. So nothing that is written into a submission changes what is
asked, or how much it counts.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from taketurns.course._exercise import names_asked_for, names_bound_by

# Beside the notebooks; by the second one `nbgrader release_feedback` knows a submission.
TIMESTAMP, SECRET = "timestamp.txt", "submission_secret.txt"
LARGEST = 20 << 20  # bytes of a notebook; one of ours has a few hundred thousand
MOST_CELLS = 2_000
LONGEST_CELL = 200_000  # characters

# What nbgrader writes into a cell's metadata.
KNOWN = frozenset(
    {"cell_type", "checksum", "grade", "grade_id", "locked", "points", "remove", "schema_version",
     "solution", "task"}
)  # fmt: skip

Notebook = dict[str, Any]


class UnreadableError(Exception):
    """No notebook can be made of what was handed in; says why."""


@dataclass(frozen=True)
class Place:
    """One code cell, in the order in which the cells run."""

    name: str  # its grade_id; without one, its id
    source: str
    learners: bool  # the learner wrote it
    graded: bool = False
    points: float = 0


@dataclass
class Intake:
    """A notebook as it is to be graded."""

    notebook: Notebook
    places: list[Place]
    remarks: list[str] = field(default_factory=list)  # what was repaired
    reasons: list[str] = field(default_factory=list)  # why a human should look


# -- files ----------------------------------------------------------------------------------------


def files_of(folder: Path) -> tuple[dict[str, bytes], list[str]]:
    """Return the ordinary files of a submission, and what was left out, and why.

    A link may lead anywhere, so none is followed.
    """
    found: dict[str, bytes] = {}
    left_out: list[str] = []
    room = 2 * LARGEST
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = Path(root)
        for name in [*folders, *sorted(names)]:
            path = here / name
            shown = ascii(str(path.relative_to(folder)))[1:-1]
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                left_out.append(f"{shown} is a symbolic link: not followed")
                if name in folders:
                    folders.remove(name)
            elif stat.S_ISDIR(mode):
                continue
            elif not stat.S_ISREG(mode):
                left_out.append(f"{shown} is no ordinary file: not read")
            elif path.lstat().st_size > min(LARGEST, room):
                left_out.append(f"{shown} has {path.lstat().st_size >> 20} MB: not read")
            else:
                try:
                    found[str(path.relative_to(folder))] = path.read_bytes()
                except OSError as error:
                    left_out.append(f"{shown} cannot be read: {error.strerror}")
                else:
                    room -= path.lstat().st_size
    return found, left_out


def choose(files: dict[str, bytes], name: str, master: Notebook) -> tuple[str, list[str]]:
    """Return which file is the notebook `name`, and what to say about that.

    Raises UnreadableError if none can be.
    """
    wanted = f"{name}.ipynb"
    notebooks = [path for path in files if path.lower().endswith((".ipynb", ".json", ".ipynb.txt"))]
    if wanted in files:
        others = [path for path in notebooks if path != wanted]
        more = f"{wanted} was graded, {listed(others)} not" if others else ""
        return wanted, [more] if more else []
    ids = {_grading(cell).get("grade_id") for cell in master["cells"]} - {None}
    alike: dict[str, int] = {}
    for path in notebooks:
        try:
            cells = read(files[path])[0]["cells"]
        except UnreadableError:
            continue
        alike[path] = len(ids & {str(_grading(cell).get("grade_id")) for cell in cells})
    best = max(alike, key=lambda path: alike[path], default=None)
    if best is None or not alike[best]:
        handed_in = f"there is {listed(sorted(files))}" if files else "nothing was handed in"
        raise UnreadableError(f"no {wanted}: {handed_in}")
    return best, [f"{_shown(best)} was taken for {wanted}, whose cells it has"]


def read(data: bytes) -> tuple[Notebook, list[str]]:
    """Return a notebook of format 4, and what was done to make it one.

    Raises UnreadableError if it is none.
    """
    text, remarks = _decoded(data)
    if not text.strip():
        raise UnreadableError("the file is empty")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"the file is no JSON: {_brief(str(error))}") from None
    if not isinstance(content, dict):
        raise UnreadableError("the file is no notebook: its JSON is no object")
    cells = content.get("cells")
    if not isinstance(cells, list):
        sheets = content.get("worksheets")
        if not isinstance(sheets, list):
            raise UnreadableError("the file is no notebook: its JSON has no list of cells")
        remarks.append(f"notebook format {content.get('nbformat')} was converted to 4")
        cells = [
            cell
            for sheet in sheets
            if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
            for cell in sheet["cells"]
        ]
    elif content.get("nbformat") != 4:
        remarks.append(f"it says to be of format {content.get('nbformat')}; it was read as 4")
    kept = [clean for cell in cells[:MOST_CELLS] if (clean := _clean(cell)) is not None]
    if len(kept) < len(cells):
        remarks.append(f"{len(cells) - len(kept)} of {len(cells)} cells are no cells: left out")
    metadata = content.get("metadata")
    return {"cells": kept, "metadata": metadata if isinstance(metadata, dict) else {}}, remarks


def _decoded(data: bytes) -> tuple[str, list[str]]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "latin-1"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        usual = encoding == "utf-8-sig"
        return text, [] if usual else [f"it is encoded in {encoding}, not UTF-8"]
    raise UnreadableError("the file is encoded in no way that we know")


def _clean(cell: object) -> dict[str, Any] | None:
    """Return what is used of a cell; None if it is none."""
    if not isinstance(cell, dict):
        return None
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list) and all(isinstance(part, str) for part in source):
        source = "".join(source)
    if not isinstance(source, str) or len(source) > LONGEST_CELL:
        return None
    # what is half a character cannot be written down again
    source = source.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n")
    metadata = cell.get("metadata")
    kind = cell.get("cell_type")
    return {
        "cell_type": kind if kind in ("code", "raw") else "markdown",
        "source": source.replace("\r", "\n"),
        "metadata": metadata if isinstance(metadata, dict) else {},
        "id": cell.get("id") if isinstance(cell.get("id"), str) else None,
    }


def _grading(cell: dict[str, Any]) -> dict[str, Any]:
    grading = cell.get("metadata", {}).get("nbgrader")
    return grading if isinstance(grading, dict) else {}


def _brief(text: str) -> str:
    return text if len(text) < 100 else f"{text[:100]} …"


def _shown(name: str) -> str:
    return ascii(name)[1:-1]


def listed(names: list[str]) -> str:
    """Return the first names of files, as they can be shown."""
    return ", ".join(_shown(name) for name in names[:3]) + (", …" if len(names) > 3 else "")


# -- cells ----------------------------------------------------------------------------------------


def source_of(cell: dict[str, Any]) -> str:
    """Return a cell's text."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def put_right(handed_in: Notebook, master: Notebook, release: Notebook | None) -> Intake:
    """Put the learner's text into the master.

    Args:
        handed_in: what `read` returned.
        master: the notebook in `source/`, as JSON.
        release: the one in `release/`, to tell what was changed; None if there is none.
    """
    taken = _Joined(handed_in["cells"], master["cells"], release, master).intake()
    spec = handed_in["metadata"].get("kernelspec")
    kernel = spec.get("name") if isinstance(spec, dict) else None
    if isinstance(kernel, str) and kernel != master["metadata"]["kernelspec"]["name"]:
        taken.remarks.append(f"it was written with the kernel {kernel[:40]!a}")
    return taken


class _Joined:
    """The learner's cells, each with the master's cell that it stands for, if any."""

    def __init__(
        self,
        cells: list[dict[str, Any]],
        masters: list[dict[str, Any]],
        release: Notebook | None,
        master: Notebook,
    ) -> None:
        self._cells = cells
        self._masters = masters
        self._whole = master
        self._remarks: list[str] = []
        self._reasons: list[str] = []
        given = release["cells"] if release is not None else []
        self._given = {_key(cell): cell for cell in given if _key(cell)}
        self._dropped: set[int] = set()
        self._of_learner = self._match()

    def _is_untouched(self, master: dict[str, Any], cell: dict[str, Any]) -> bool:
        """Whether a cell is as students were given it."""
        given = self._given.get(_key(master))
        return given is not None and cell["source"].strip() == source_of(given).strip()

    def _match(self) -> dict[int, int]:
        """The learner's cell for each of the master's, by number."""
        by_grade_id = {_grading(m).get("grade_id"): n for n, m in enumerate(self._masters)}
        by_id = {m.get("id"): n for n, m in enumerate(self._masters)}
        by_grade_id.pop(None, None)
        found: dict[int, int] = {}
        for number, cell in enumerate(self._cells):
            grade_id = _grading(cell).get("grade_id")
            if _grading(cell).get("grade") and grade_id not in by_grade_id:
                shown = ascii(str(grade_id)[:40])
                self._reasons.append(f"{shown}: tampered with: the assignment has no such check")
            at = by_grade_id.get(grade_id) if isinstance(grade_id, str) else None
            if at is None and not grade_id:
                at = by_id.get(cell["id"]) if cell["id"] else None
            if at is None:
                continue
            name = _name(self._masters[at])
            if not grade_id and _grading(self._masters[at]):
                self._remarks.append(f"{name}: its metadata were lost; its id tells what it is")
            if at in found:
                if self._is_untouched(self._masters[at], cell):
                    self._dropped.add(number)
                    self._remarks.append(
                        f"{name} is there more than once: the untouched is left out"
                    )
                else:
                    self._remarks.append(f"{name} is there more than once: pasted, all were kept")
            elif cell["cell_type"] != self._masters[at]["cell_type"]:
                self._reasons.append(f"{_name(self._masters[at])} was changed into another kind")
            else:
                found[at] = number
        return found

    def intake(self) -> Intake:
        order = [self._of_learner[at] for at in sorted(self._of_learner)]
        if order != sorted(order):
            self._remarks.append("cells were moved: they are back in their order")
        self._find_lost_answers()
        taken = set(self._of_learner.values())
        after: dict[int, list[dict[str, Any]]] = {}
        last = -1
        at_of = {number: at for at, number in self._of_learner.items()}
        for number, cell in enumerate(self._cells):
            if number in taken:
                last = max(last, at_of[number])
            elif cell["source"].strip() and number not in self._dropped:
                after.setdefault(last, []).append(cell)
        cells: list[dict[str, Any]] = []
        places: list[Place] = []
        self._add(after.get(-1, []), cells, places)
        for at, master in enumerate(self._masters):
            own = self._of_learner.get(at)
            self._keep(master, None if own is None else self._cells[own], cells, places)
            self._add(after.get(at, []), cells, places)
        notebook = {
            "cells": cells,
            "metadata": copy.deepcopy(self._whole["metadata"]),
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        return Intake(notebook, places, self._remarks, self._reasons)

    def _find_lost_answers(self) -> None:
        """A solution cell that is gone may have been copied elsewhere without its metadata."""
        taken = set(self._of_learner.values())
        for at, master in enumerate(self._masters):
            if at in self._of_learner or not _grading(master).get("solution"):
                continue
            if master["cell_type"] != "code":
                continue
            asked = names_asked_for(source_of(master))
            for number, cell in enumerate(self._cells):
                if number in taken or cell["cell_type"] != "code" or not asked:
                    continue
                if asked <= names_bound_by(cell["source"]):
                    self._of_learner[at] = number
                    taken.add(number)
                    self._remarks.append(f"{_name(master)}: its answer stood in another cell")
                    break
            else:
                self._reasons.append(f"{_name(master)}: the cell for the answer is gone")

    def _keep(
        self,
        master: dict[str, Any],
        own: dict[str, Any] | None,
        cells: list[dict[str, Any]],
        places: list[Place],
    ) -> None:
        """Add one of the master's cells, with the learner's text where that is the learner's."""
        grading = _grading(master)
        text = source_of(master)
        answer = bool(grading.get("solution"))
        locked = bool(grading.get("locked") or grading.get("grade")) and not answer
        if own is not None:
            self._compare(master, own, locked=locked)
        elif locked:
            self._remarks.append(f"{_name(master)}: it was deleted, and put back")
        name = _name(master)
        if answer:
            text = "" if own is None else own["source"]
        code = master["cell_type"] == "code"
        if code and not answer:
            graded = bool(grading.get("grade"))
            places.append(Place(name, text, False, graded, float(grading.get("points") or 0)))
        if not answer and not locked and own is not None and own["source"].strip() != text.strip():
            text = own["source"]
            if code:  # the master's own cell has run before it, so that nothing is missing
                places.append(Place(name, text, True))
        elif code and answer:
            places.append(Place(name, text, True))
        cell = copy.deepcopy(master)
        cell["source"] = text
        if code:
            cell["outputs"], cell["execution_count"] = [], None
        cells.append(cell)

    def _compare(self, master: dict[str, Any], own: dict[str, Any], *, locked: bool) -> None:
        """Say what was changed that is not the learner's."""
        grading, theirs = _grading(master), _grading(own)
        name = _name(master)
        if grading:
            for key in ("grade", "solution", "locked", "points", "task"):
                if theirs and theirs.get(key, grading.get(key)) != grading.get(key):
                    self._reasons.append(f"{name}: its metadata were tampered with ({key})")
            unknown = sorted(str(key) for key in set(theirs) - KNOWN)
            if unknown:
                self._reasons.append(f"{name}: its metadata were tampered with ({listed(unknown)})")
            tags = own["metadata"].get("tags")
            known = master["metadata"].get("tags", [])
            extra = [t for t in tags if t not in known] if isinstance(tags, list) else []
            if extra:
                tags = listed([str(tag) for tag in extra])
                self._reasons.append(f"{name}: it was given tags ({tags})")
        if locked and _key(master) in self._given and not self._is_untouched(master, own):
            what = "a check was changed" if grading.get("grade") else "it was changed"
            said = f"{name}: {what}, and put back"
            (self._reasons if grading.get("grade") else self._remarks).append(said)

    def _add(
        self, extra: list[dict[str, Any]], cells: list[dict[str, Any]], places: list[Place]
    ) -> None:
        """Add cells of the learner's own."""
        used = {cell.get("id") for cell in [*cells, *self._masters]}
        for cell in extra:
            digest = hashlib.sha256(cell["source"].encode()).hexdigest()
            name = next(n for k in range(999) if (n := f"own-{digest[:6]}{k or ''}") not in used)
            used.add(name)
            kept: dict[str, Any] = {
                "cell_type": cell["cell_type"],
                "id": name,
                "metadata": {},
                "source": cell["source"],
            }
            if cell["cell_type"] == "code":
                kept |= {"outputs": [], "execution_count": None}
                places.append(Place(name, cell["source"], True))
            cells.append(kept)


def _key(cell: dict[str, Any]) -> str:
    return str(_grading(cell).get("grade_id") or cell.get("id") or "")


def _name(cell: dict[str, Any]) -> str:
    return _key(cell) or "a cell"
