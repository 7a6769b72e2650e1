from __future__ import annotations

import re

import pytest

from taketurns.lab.story import Fold, tell
from taketurns.lab.text import timeline_text

from . import runs


def test_the_text_alone_tells_the_losing_interleaving():
    text = timeline_text(runs.lost_update())
    found = re.findall(
        r"^(\S?) +(\d+)  (door .) +\d+  (read|write) self\.value +(.*?)(?:  (.*))?$",
        text,
        re.MULTILINE,
    )

    assert found == [
        ("", "4", "door A", "read", "0", ""),
        ("", "6", "door B", "read", "0", ""),
        ("", "7", "door A", "write", "0 -> 1", ""),
        (
            "x",
            "9",
            "door B",
            "write",
            "1 -> 1",
            "overwrites 1 of door A (step 7): saw only 0, at step 6",
        ),
    ]
    last = [line for line in text.splitlines() if line.startswith("!")]
    assert len(last) == 1
    assert "raise AssertionError" in last[0]
    assert last[0].endswith("two visitors came, 1 were counted")


def test_the_learners_lines_follow():
    lines = timeline_text(runs.lost_update()).splitlines()

    assert "line  9: self.value += by" in lines


def test_a_deadlock_names_who_waits_for_what():
    stuck = [line for line in timeline_text(runs.deadlock()).splitlines() if line.startswith("!")]

    assert len(stuck) == 3
    assert "waits for ever" in stuck[1]
    assert "for b, which ben has, since step 6" in stuck[1]
    assert "for a, which ana has, since step 6" in stuck[2]


def test_locks_held_and_waits_are_said():
    text = timeline_text(runs.locked_counter())

    assert "holds self._lock" in text
    assert "waited from step 9 for self._lock, which door A has; holds self._lock" in text


def test_times_have_a_column_only_if_time_passes():
    assert " time " in timeline_text(runs.downloads()).splitlines()[0]
    assert "slept 2.5 s" in timeline_text(runs.downloads())
    assert " time " not in timeline_text(runs.lost_update()).splitlines()[0]


def test_folded_and_private_steps_are_counted():
    text = timeline_text(runs.one_by_one(2, 40))

    assert "... 152 steps of door 1 folded: the 4 steps before them, 38 times more\n" in text
    assert text.count("steps of door") == 2
    assert "(304 steps folded in 2 places)" in text
    assert "(994 private steps folded · " in timeline_text(runs.long_run())
    assert "... " not in timeline_text(runs.long_run(), limit=None)


def test_a_fold_says_who_how_often_and_what_was_lost_in_it():
    text = timeline_text(runs.walk(8, 2000, 0.3))
    found = re.findall(
        r"\.\.\. (\S+) steps of 8 threads folded, "
        r"with (\d+) switches and (\d+) writes over a value never seen",
        text,
    )

    assert found
    assert len(text.splitlines()) < 120


@pytest.mark.parametrize("name", runs.ALL)
def test_text_and_picture_fold_the_same_steps_and_every_step_is_told_or_counted(name):
    run = runs.ALL[name]()
    shown, traced = tell(run), tell(run, trace=True)
    folds = [item for item in traced.items if isinstance(item, Fold)]
    told = [mark.event.step for mark in traced.marks]

    assert folds == [item for item in shown.items if isinstance(item, Fold)]
    assert len(run.events) == len(told) + traced.private + traced.skipped
    assert told == sorted(set(told))
    assert not [step for step in told for fold in folds if fold.first <= step <= fold.last]
    drawn = {e.event.step for mark in shown.marks for e in (mark, *mark.more)}
    assert drawn <= set(told)
    rest = [mark for mark in traced.marks if mark.event.step not in drawn]
    assert {"begin", "end"} >= {mark.event.kind for mark in rest}


def test_it_is_the_same_every_time_and_has_no_loose_ends():
    for make in runs.ALL.values():
        text = timeline_text(make())

        assert text == timeline_text(make())
        assert all(line == line.rstrip() for line in text.splitlines())


def test_its_own_signs_are_plain_ascii():
    assert timeline_text(runs.lost_update()).isascii()


def test_a_long_message_stays_on_its_line():
    text = timeline_text(runs.zoo())

    assert max(map(len, text.splitlines())) < 420
    assert text.count("because of a very long story") < 10
