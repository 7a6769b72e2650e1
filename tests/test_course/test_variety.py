from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from taketurns.course.folder import MARK
from taketurns.course.sample_class import run_nbgrader
from taketurns.course.variety import NOBODY, VARIABLE, per_student, student

from .conftest import ROOT, code, dump, markdown, notebook

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def drawn(purpose: str = "counter") -> list[int]:
    return per_student(purpose).sample(range(1000), 5)


def test_nobody_in_particular_draws_the_same_each_time():
    assert NOBODY == student()
    assert drawn() == drawn()


def test_two_students_draw_different_numbers(monkeypatch):
    monkeypatch.setenv(VARIABLE, "ada")
    hers = drawn()
    monkeypatch.setenv(VARIABLE, "grace")

    assert hers != drawn()


def test_two_purposes_draw_different_numbers():
    assert drawn("counter") != drawn("buffer")


def test_the_folder_where_nbgrader_grades_says_whose_notebook_it_is(tmp_path: Path, monkeypatch):
    folder = tmp_path / "autograded" / "ada" / "03-races"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)

    assert "ada" == student()


def test_another_folder_says_nothing(tmp_path: Path, monkeypatch):
    folder = tmp_path / "release" / "ada" / "03-races"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)

    assert NOBODY == student()


def test_the_environment_goes_before_the_folder(tmp_path: Path, monkeypatch):
    folder = tmp_path / "autograded" / "ada" / "03-races"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv(VARIABLE, "grace")

    assert "grace" == student()


@pytest.mark.slow
def test_under_nbgrader_a_notebook_knows_whose_it_is(tmp_path: Path):
    says = "from taketurns.course.variety import student\n\nprint(student())"
    handed_in = dump(notebook(markdown("title", "# One"), code("who", says)))
    for folder in ("source", "submitted/ada"):
        place = tmp_path / folder / "one"
        place.mkdir(parents=True)
        (place / "one.ipynb").write_bytes(handed_in)
    shutil.copy(ROOT / MARK, tmp_path)
    run_nbgrader(tmp_path, "generate_assignment", "one")
    run_nbgrader(tmp_path, "autograde", "one")

    graded = json.loads((tmp_path / "autograded" / "ada" / "one" / "one.ipynb").read_text("utf-8"))
    assert ["ada\n"] == graded["cells"][-1]["outputs"][0]["text"]
