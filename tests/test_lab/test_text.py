from __future__ import annotations

import re
import threading
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from taketurns import explore, simulate
from taketurns.lab.story import Fold, tell
from taketurns.lab.text import timeline_text

from . import runs

# -- the story, read out of the text by somebody who has nothing else ------------------------------


@dataclass
class Row:
    sign: str
    step: int
    thread: str
    what: str
    value: str
    note: str


def rows(text: str) -> list[Row]:
    """The table of a text, by the columns that its first line names."""
    head, *lines = text.partition("\n\n")[0].splitlines()
    thread, line, what, value = (head.index(name) for name in ("thread", "line", "what", "value"))
    found = []
    for row in lines:
        if row[:2].strip() in ("", "x", "!") and row[2:thread].strip().isdigit():
            shown, _, note = row[value:].partition("  ")
            cells = row[thread:line].strip(), row[what:value].strip(), shown.strip(), note.strip()
            found.append(Row(row[:2].strip(), int(row[2:thread]), *cells))
    return found


class Turns:
    """Real threads do what they are asked to in the order given, whatever the system would do."""

    def __init__(self, order: list[tuple[str, str]]) -> None:
        self.left = deque(order)
        self.moved = threading.Condition()

    def expects(self, what: str) -> bool:
        me = threading.current_thread().name.replace("MainThread", "main")
        return (me, what) in self.left

    @contextmanager
    def turn(self, what: str):
        me = threading.current_thread().name.replace("MainThread", "main")
        with self.moved:
            mine = self.moved.wait_for(lambda: self.left and self.left[0] == (me, what), 30)
            assert mine, f"{me} waits to {what}, but next is {list(self.left)[:1]}"
            yield
            self.left.popleft()
            self.moved.notify_all()

    def over(self) -> None:
        with self.moved:
            assert self.moved.wait_for(lambda: not self.left, 30), list(self.left)


class Counter:
    def __init__(self):
        self.value = 0

    def increment(self):
        self.value += 1


def visits(office, names):
    doors = [threading.Thread(target=office.increment, name=name) for name in names]
    for door in doors:
        door.start()
    for door in doors:
        door.join()
    return office.value


def two_doors():
    counted = visits(Counter(), ["north", "south"])
    assert counted == 2, f"{counted} of 2 visitors counted"


def three_doors():
    counted = visits(Counter(), ["north", "south", "back door"])
    assert counted > 1, f"{counted} of 3 visitors counted"


@pytest.mark.parametrize(
    ("program", "names"),
    [(two_doors, ["north", "south"]), (three_doors, ["north", "south", "back door"])],
)
def test_who_read_and_wrote_what_stands_in_the_text_and_leads_to_the_same_loss(program, names):
    table = rows(timeline_text(explore(program).failure.run))
    at = {row.step: row for row in table}
    accesses = [row for row in table if re.fullmatch(r"(read|write) \w+\.value", row.what)]

    lost = [row for row in table if row.sign == "x"]
    assert lost
    for row in lost:
        words = r"overwrites (\d+) of (.+) \(step (\d+)\): saw only (\d+), at step (\d+)"
        gone, writer, step, seen, read = re.fullmatch(words, row.note).groups()
        assert (writer, "write", gone) == (
            at[int(step)].thread,
            at[int(step)].what.split()[0],
            at[int(step)].value.split(" -> ")[-1],
        )
        assert (row.thread, "read", seen) == (
            at[int(read)].thread,
            at[int(read)].what.split()[0],
            at[int(read)].value,
        )
        assert int(read) < int(step) < row.step
    (end,) = [row for row in table if row.sign == "!"]

    turns = Turns([(row.thread, row.what.split()[0]) for row in accesses])
    told = []

    class Paced(Counter):
        """The same counter, whose every access waits for its turn."""

        @property
        def value(self):
            with turns.turn("read"):
                told.append(str(self._value))
                return self._value

        @value.setter
        def value(self, new):
            with turns.turn("write"):
                told.append(f"{self._value} -> {new}" if hasattr(self, "_value") else f"-> {new}")
                self._value = new

    counted = visits(Paced(), names)

    assert end.note == f"{counted} of {len(names)} visitors counted"
    assert [row.value for row in accesses] == told
    assert not turns.left


def carry(first, second):
    with first, second:
        pass


def dinner(left, middle, right):
    seats = {"ana": (left, middle), "ben": (middle, right), "cyd": (right, left)}
    guests = [threading.Thread(target=carry, args=forks, name=n) for n, forks in seats.items()]
    for guest in guests:
        guest.start()
    for guest in guests:
        guest.join()


def three_guests():
    left, middle, right = threading.Lock(), threading.Lock(), threading.Lock()
    dinner(left, middle, right)


def test_who_took_what_and_waits_for_whom_stands_in_the_text_and_leads_to_the_same_deadlock():
    table = rows(timeline_text(explore(three_guests).failure.run))
    taken = [(row.thread, row.what) for row in table if row.what.startswith("acquire")]
    holds = {name: what.removeprefix("acquire ") for name, what in taken}
    waits = {
        row.thread: re.search(r"for Lock `(.+)` held by (\w+)", row.note).groups()
        for row in table
        if row.sign == "!" and row.thread != "main"
    }

    assert {"ana", "ben", "cyd"} == set(waits) == set(holds)
    assert all(holds[owner] == lock for lock, owner in waits.values())

    turns = Turns(taken)
    stuck = {}

    class Stuck(Exception):
        pass

    class Paced:
        """A lock that is taken in turn; who has no turn left must find it taken."""

        def __init__(self, name: str) -> None:
            self.name = name
            self.lock = threading.Lock()
            self.owner = ""

        def __enter__(self) -> None:
            if not turns.expects(f"acquire {self.name}"):
                turns.over()
                assert not self.lock.acquire(blocking=False)
                stuck[threading.current_thread().name] = self.name, self.owner
                raise Stuck
            with turns.turn(f"acquire {self.name}"):
                assert self.lock.acquire(blocking=False)
                self.owner = threading.current_thread().name

        def __exit__(self, kind: object, *_: object) -> bool:
            if kind is not Stuck:
                self.lock.release()
            return kind is Stuck  # and keep it, as who is stuck does

    dinner(*(Paced(holds[name]) for name in ("ana", "ben", "cyd")))  # who takes left, middle, right

    assert waits == stuck


# -- its form -------------------------------------------------------------------------------------


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


def sleeps_at_first():
    time.sleep(2)


def test_a_sleep_that_is_the_first_of_all_steps_takes_its_time():
    assert "slept 2.0 s" in timeline_text(simulate(sleeps_at_first))
