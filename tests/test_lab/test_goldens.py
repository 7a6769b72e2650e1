from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from . import golden_pictures
from .golden_pictures import ACCEPT, FOLDER, PICTURES, difference


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_is_the_one_that_is_kept(name):
    changes = difference(name)

    assert "" == changes, f"{name} has changed; look at it, then: {ACCEPT}\n{changes}"


def test_what_is_kept_is_what_is_compared_and_can_be_looked_at():
    assert set(PICTURES) == {place.stem for place in FOLDER.glob("*")}
    for place in FOLDER.glob("*"):
        assert ET.parse(place).getroot().tag.endswith("svg")


def test_a_change_is_shown_line_by_line_and_can_be_accepted(tmp_path, monkeypatch):
    monkeypatch.setattr(golden_pictures, "FOLDER", tmp_path / "goldens")

    assert list(PICTURES) == golden_pictures.keep()
    assert [] == golden_pictures.keep()
    place = tmp_path / "goldens" / "deadlock.svg"
    place.write_text(place.read_text("utf-8").replace(">ana</text>", ">Ana</text>"), "utf-8")
    old, new = [line for line in difference("deadlock").splitlines()[2:] if line[0] in "-+"]
    assert (old[0], new[0]) == ("-", "+")
    assert (old[1:], new[1:]) == (new[1:].replace(">ana<", ">Ana<"), old[1:].replace("Ana", "ana"))
    assert ["deadlock"] == golden_pictures.keep()
