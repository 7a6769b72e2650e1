"""What nbgrader adds to JupyterLab: Validate, and for learners nothing else."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .driver import ROOT, Lab

if TYPE_CHECKING:
    from collections.abc import Iterator

RELEASE = min((ROOT / "release").glob("*/*.ipynb")).relative_to(ROOT)
SOURCE = Path("source", *RELEASE.parts[1:])


@pytest.fixture(params=[RELEASE, SOURCE], ids=["release", "source"])
def opened(lab: Lab, request: pytest.FixtureRequest) -> Iterator[tuple[Lab, Path]]:
    with lab.open(request.param.as_posix()):
        yield lab, request.param


def test_validate_says_which_exercises_are_still_to_be_solved(opened: tuple[Lab, Path]):
    lab, path = opened
    lab.page.get_by_role("button", name="Validate").click()
    dialog = lab.page.locator(".jp-Dialog")
    dialog.get_by_text("Validation Results").wait_for()
    said = dialog.inner_text()

    if path == SOURCE:
        assert "Success! Your notebook passes all the tests." in said
    else:
        assert "failed" in said
        assert "this part is still to be written" in said
    assert [] == lab.heard


def test_a_learner_sees_no_menu_meant_for_instructors(lab: Lab):
    if not (Path(sys.prefix) / ".learner-ready").exists():
        pytest.skip("this environment was not made by `make`, which hides those menus")
    settings = Path(sys.prefix) / "etc" / "jupyter" / "labconfig" / "page_config.json"
    disabled = json.loads(settings.read_text("utf-8"))["disabledExtensions"]
    if disabled.get("@jupyter/nbgrader:formgrader") is False:
        pytest.skip("somebody has turned Formgrader on in this environment")
    with lab.open(RELEASE.as_posix()):
        menus = lab.page.locator(".lm-MenuBar-itemLabel").all_text_contents()
        buttons = lab.page.locator(".jp-NotebookPanel-toolbar").all_text_contents()
        lab.page.get_by_role("menuitem", name="View", exact=True).click()
        lab.page.locator(".lm-Menu-itemLabel", has_text="Activate Command Palette").wait_for()
        for_instructors = lab.page.get_by_text("Create Assignment").count()

    assert "Run" in menus
    assert "Nbgrader" not in menus
    assert any("Validate" in text for text in buttons)
    assert 0 == for_instructors
