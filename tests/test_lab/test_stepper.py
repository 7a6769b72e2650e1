from __future__ import annotations

import queue
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from taketurns import ScheduleError, simulate
from taketurns.engine.containment import contained
from taketurns.engine.errors import ProgramError
from taketurns.engine.scheduler import Scheduler
from taketurns.engine.search import Bounded
from taketurns.engine.workers import Crew
from taketurns.lab.puzzles import Progress
from taketurns.lab.stepper import Stepping, _blocks, stepper

if TYPE_CHECKING:
    from collections.abc import Iterator

ipywidgets = pytest.importorskip("ipywidgets")


@pytest.fixture(autouse=True)
def no_thread_or_hook_is_left() -> Iterator[None]:
    before = set(threading.enumerate()), sys.unraisablehook
    yield

    assert before == (set(threading.enumerate()), sys.unraisablehook)


class Tally:
    def __init__(self):
        self.value = 0

    def increment(self):
        self.value += 1


def two_doors():
    office = Tally()
    doors = [threading.Thread(target=office.increment, name=f"door {x}") for x in "AB"]
    for door in doors:
        door.start()
    for door in doors:
        door.join()
    assert office.value == 2, f"2 came, {office.value} were counted"


def two_clerks():
    left, right = threading.Lock(), threading.Lock()

    def ada():
        with left, right:
            pass

    def bo():
        with right, left:
            pass

    clerks = [threading.Thread(target=ada, name="Ada"), threading.Thread(target=bo, name="Bo")]
    for clerk in clerks:
        clerk.start()
    for clerk in clerks:
        clerk.join()


def missed_notice():
    ready = threading.Condition()
    items = []

    def consume():
        if not items:
            with ready:
                ready.wait()

    consumer = threading.Thread(target=consume, name="consumer")
    consumer.start()
    items.append("bread")
    with ready:
        ready.notify()
    consumer.join()


def meeting_points():
    gate, tray = threading.Barrier(2), queue.Queue(1)
    stoves, bell = threading.Semaphore(1), threading.Event()

    def cook():
        gate.wait()
        with stoves:
            time.sleep(2)
            tray.put("soup")
        bell.wait(60)
        print("home")

    cooks = [threading.Thread(target=cook, name=name) for name in ("Ada", "Bo")]
    for thread in cooks:
        thread.start()
    soups = [tray.get(), tray.get()]
    bell.set()
    for thread in cooks:
        thread.join()
    return soups


def long_day():
    slate = Tally()

    def work():
        for _ in range(40):
            slate.increment()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    return slate.value


def follow(model: Stepping, *names: str) -> Stepping:
    for name in names:
        model.step(name)
    return model


def thread(model: Stepping, name: str):
    return next(thread for thread in model.state.threads if thread.name == name)


# -- where a program stands -----------------------------------------------------------------------


def test_at_the_beginning_only_main_can_go():
    state = Stepping(two_doors).state

    assert (0, False, None, ("main",), ()) == (
        state.steps,
        state.over,
        state.verdict,
        state.choices,
        state.events,
    )


def test_a_step_lets_the_chosen_thread_go_on():
    model = Stepping(two_doors).skip().step("main")
    model.step("door B")

    assert ("door B", "begin") == (model.state.events[-1].thread, model.state.events[-1].kind)
    assert model.state.steps == len(model.state.events)


def test_each_thread_shows_its_line_and_what_it_does_next():
    model = follow(Stepping(two_doors).skip(), "main", "door A", "door A")
    door = thread(model, "door A")

    assert ("can go", "write self.value", "self.value += 1") == (door.state, door.next, door.code)
    assert f"door A can go: write self.value (line {door.line})" == str(door)


def test_who_cannot_go_shows_what_it_waits_for():
    model = Stepping(two_doors).skip().step("main")

    assert ("waits", "door A to end") == (
        thread(model, "main").state,
        thread(model, "main").waits_for,
    )
    assert ("door A", "door B") == model.state.choices


def test_a_variable_shows_its_value_and_who_saw_an_older_one():
    doors = "door A", "door A", "door B", "door B", "door B"
    model = follow(Stepping(two_doors).skip(), "main", *doors)
    (value,) = model.state.variables

    assert ("self.value", "1", "door B", (("door A", "0"),)) == (
        value.name,
        value.value,
        value.writer,
        value.stale,
    )


def test_a_lock_shows_its_holder_and_its_queue():
    model = follow(Stepping(two_clerks).skip(), "main", "Ada", "Ada", "Bo", "Bo")

    assert [
        "Lock `left`: held by Ada; waiting: Bo",
        "Lock `right`: held by Bo; waiting: Ada",
    ] == list(map(str, model.state.primitives))
    assert "deadlock" == model.state.verdict


def test_a_condition_shows_who_waits_in_it():
    model = Stepping(missed_notice)

    assert model.losing()
    assert "Condition `ready`: somebody waits; waiting: consumer" in map(
        str, model.state.primitives
    )
    assert ("waits", "a notification of Condition `ready`") == (
        thread(model, "consumer").state,
        thread(model, "consumer").waits_for,
    )
    assert ["items = ['bread'], written by main"] == list(map(str, model.state.variables))


def test_virtual_time_barriers_queues_semaphores_and_events_are_shown():
    model = Stepping(meeting_points)
    seen: set[str] = set()
    while not model.state.over:
        model.step(0)
        seen |= set(map(str, model.state.primitives)) | {f"{model.state.time:g} s"}

    assert {
        "Barrier `gate`: 1 of 2 are here; waiting: Ada",
        "Semaphore `stoves`: 0 permits left; waiting: Bo",
        "Queue `tray`: ['soup']",
        "Queue `tray`: empty; waiting: main",
        "Event `bell`: set",
        "2 s",
        "4 s",
    } <= seen
    assert "home\nhome\n" == model.state.run.output
    assert "It returned ['soup', 'soup'], and nothing went wrong." in model.state.ending


def test_the_verdict_comes_with_the_last_step():
    model = Stepping(two_doors).skip().step("main")
    while not model.state.over:
        model.step("door A" if "door A" in model.state.choices else 0)

    assert ("ok", 2 * ["has ended"]) == (
        model.state.verdict,
        [model.state.threads[1].state, model.state.threads[2].state],
    )
    assert () == model.state.choices


def test_a_thread_that_failed_shows_where_and_of_what():
    model = Stepping(two_doors)
    model.losing()
    main = thread(model, "main")

    assert ("has failed", "AssertionError: 2 came, 1 were counted") == (main.state, main.next)
    assert main.code.startswith("assert office.value == 2")
    assert any("<-" in line and "main has failed" in line for line in model.text().splitlines())


def test_the_run_so_far_is_the_start_of_the_run_to_its_end():
    model = Stepping(two_doors)
    assert model.losing()
    whole = model.state.events
    model.undo().undo()

    assert whole[: len(model.state.events)] == model.state.events


# -- moving ---------------------------------------------------------------------------------------


def test_a_step_by_rank_is_a_step_by_name():
    by_name = Stepping(two_doors).skip().step("door A")
    by_rank = Stepping(two_doors).skip()
    by_rank.step(by_rank.state.choices.index("door A"))

    assert by_name.text() == by_rank.text()


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ("door B", "door B cannot go: it waits for Lock `_lock` held by door A"),
        ("main", "main cannot go: it waits for door A to end"),
        ("door C", "there is no thread 'door C' here: main, door A, door B"),
        (7, "there is no number 7 among those who can go: door A"),
        (-1, "there is no number -1 among those who can go: door A"),
    ],
)
def test_an_impossible_step_is_refused_with_the_reason_and_changes_nothing(who, why):
    lock = threading.Lock  # the program makes its own

    def program():
        _lock = lock()

        def pass_through():
            with _lock:
                pass

        doors = [threading.Thread(target=pass_through, name=f"door {x}") for x in "AB"]
        for door in doors:
            door.start()
        for door in doors:
            door.join()

    model = follow(Stepping(program).skip(), "main", "door A", "door A", "door B")
    before = model.text()

    with pytest.raises(ValueError, match="^" + why.replace("(", r"\(")):
        model.step(who)
    assert before == model.text()


def test_after_the_end_nobody_can_go():
    model = Stepping(two_doors)
    model.losing()

    with pytest.raises(ValueError, match=r"main cannot go: the run is over \(assertion\)"):
        model.step("main")
    with pytest.raises(ValueError, match="nobody, the run is over"):
        model.step(0)


def test_undo_and_redo_at_the_ends_do_nothing():
    model = Stepping(two_doors)
    before = model.text()

    assert before == model.undo().redo().text()
    assert (False, False) == (model.can_undo, model.can_redo)


def test_another_step_after_undo_forgets_what_was_undone():
    model = follow(Stepping(two_doors).skip(), "main", "door A").undo().step("door B")

    assert not model.can_redo
    assert "door B" == model.state.events[-1].thread


def test_the_same_step_after_undo_keeps_the_rest():
    model = follow(Stepping(two_doors).skip(), "main", "door A", "door B", "door A").undo().undo()
    model.step("door B")

    assert model.can_redo
    assert "door A" == model.redo().state.events[-1].thread


def test_reset_goes_to_the_beginning_and_redo_knows_the_way():
    model = follow(Stepping(two_doors).skip(), "main", "door B")
    before = model.text()
    steps = model.state.steps
    model.reset()

    assert 0 == model.state.steps
    for _ in range(steps):
        model.redo()
    assert before == model.text()


@pytest.mark.slow
def test_undo_through_200_steps_returns_identical_states():
    model = Stepping(long_day)
    texts = []
    while len(texts) < 200:
        texts.append(model.text())
        model.step(len(texts) * 7 % len(model.state.choices))
    last = model.text()

    assert 200 == model.state.steps
    for text in reversed(texts):
        assert text == model.undo().text()
    for text in [*texts[1:], last]:
        assert text == model.redo().text()


def test_skip_stops_where_there_is_a_choice():
    model = Stepping(two_doors).skip()

    assert ("main", "door A") == model.state.choices
    assert model.text() == model.skip().text()


# -- positions ------------------------------------------------------------------------------------


def test_a_position_leads_back_to_the_same_state():
    model = follow(Stepping(two_doors).skip(), "main", "door B", "door A", "door B")

    assert model.text() == Stepping(two_doors).to(model.position).text()


def test_the_schedule_in_a_position_replays_the_run():
    model = Stepping(two_doors)
    model.losing()

    assert simulate(two_doors, schedule=model.position.partition("@")[0]).events == (
        model.state.events
    )


def test_a_schedule_of_a_report_leads_to_its_end():
    model = Stepping(two_doors)
    schedule = model.report.failure.schedule

    assert "assertion" == model.to(schedule).state.verdict


def test_an_adversarial_position_brings_its_clock():
    model = Stepping(meeting_points, clock="adversarial").skip()

    assert model.position.startswith("~")
    assert model.text() == Stepping(meeting_points).to(model.position).text()


@pytest.mark.parametrize(
    ("position", "why"),
    [
        ("nonsense", "is not a schedule"),
        ("", "is not a schedule"),
        ("0.0000@3", "belongs to another version"),
        ("{schedule}@many", "is not a position"),
        ("{schedule}@-1", "is not a position"),
        ("{schedule}@999", "its run is over after"),
        ("0z.{checksum}", "it names a thread that cannot run there"),
    ],
)
def test_a_position_that_does_not_fit_is_refused_and_changes_nothing(position, why):
    model = Stepping(two_doors).skip()
    schedule = model.position.partition("@")[0]
    before = model.text()
    text = position.format(schedule=schedule, checksum=schedule.partition(".")[2])

    with pytest.raises(ScheduleError, match=why):
        model.to(text)
    assert before == model.text()


# -- failures -------------------------------------------------------------------------------------


def test_a_losing_schedule_is_shown_at_its_end_and_can_be_undone():
    model = Stepping(two_doors)

    assert model.losing()
    assert ("assertion", "2 came, 1 were counted") == (
        model.state.verdict,
        model.state.run.message,
    )
    assert not model.undo().state.over


def test_the_shortest_failure_is_no_longer_than_the_simplest():
    model = Stepping(missed_notice)
    model.losing()
    simplest = model.state.steps

    assert model.shortest()
    assert model.state.over
    assert model.state.verdict != "ok"
    assert simplest >= model.state.steps


def test_no_failure_has_fewer_steps_than_the_shortest():
    def program():
        left, right = threading.Lock(), threading.Lock()

        def ada():
            for _ in range(2):
                with left, right:
                    pass

        def bo():
            with right, left:
                pass

        clerks = [threading.Thread(target=job) for job in (ada, bo)]
        for clerk in clerks:
            clerk.start()
        for clerk in clerks:
            clerk.join()

    model = Stepping(program)
    every = set()
    strategy = Bounded(3)
    with contained(), Crew() as crew:
        while True:
            sched = Scheduler(crew, strategy)
            sched.run(model._plan.instantiate(sched))
            if sched.verdict == "deadlock":
                every.add(sched.steps)
            if not strategy.advance():
                break
            strategy.begin()

    assert {6, 10} <= every
    assert model.shortest()
    assert min(every) == model.state.steps


def test_where_nothing_fails_the_position_stays():
    model = Stepping(meeting_points).skip()
    before = model.text()

    assert (False, False) == (model.losing(), model.shortest())
    assert before == model.text()


def test_what_is_no_program_is_refused():
    with pytest.raises(ProgramError):
        Stepping(lambda eggs: eggs)
    with pytest.raises(ValueError, match="clock is"):
        Stepping(two_doors, clock="wall")


# -- text and page --------------------------------------------------------------------------------


def test_the_text_marks_each_threads_line_by_its_name():
    model = follow(Stepping(two_doors).skip(), "main", "door A", "door A")
    lines = model.text().splitlines()

    (marked,) = [line for line in lines if "door A: write self.value" in line and "<-" in line]
    assert "self.value += 1" in marked
    assert any("door.join()" in line and "main waits" in line for line in lines)
    assert "position " + model.position in lines


def test_of_a_long_function_the_functions_inside_are_shown():
    lines = [
        "def long():\n",
        "    def step():\n",
        "        return 1\n",
        *["    pass\n"] * 70,
        "    step()\n",
    ]

    assert [(2, 3), (74, 74)] == _blocks(lines, [3, 74])
    assert [(1, 74)] == _blocks([*lines[:1], *["    pass\n"] * 72, "    step()\n"], [74])
    assert [(1, 3)] == _blocks(["def short():\n", "    pass\n", "    pass\n"], [2])
    assert [(2, 2)] == _blocks(["%magic\n", "x = 1\n"], [2])


def test_what_the_program_uses_stands_above_it_and_nothing_else_is_shown():
    shown = [line for _, number, line in Stepping(two_doors)._source() if number > 0]

    assert shown.index("class Tally:") < shown.index("def two_doors():")
    assert 14 == len(shown)


def test_an_object_that_has_no_plain_value_is_no_variable_to_show():
    model = Stepping(missed_notice)
    model.losing()

    assert not any("<" in str(variable) for variable in model.state.variables)


def test_the_page_names_everything_that_the_text_does():
    model = Stepping(two_clerks)
    model.losing()
    page = model.html()

    assert 'role="alert"' in page
    assert "<caption" in page
    assert 'scope="col"' in page
    for thread in model.state.threads:
        assert f"{thread.name} waits" in page
    assert "<svg" in page


def test_a_saved_notebook_keeps_a_page_without_a_kernel():
    bundle = Stepping(two_doors).skip()._repr_mimebundle_()

    assert {"text/plain", "text/html"} == set(bundle)
    assert "<svg" not in bundle["text/html"]
    assert 'src="data:image/svg+xml' in bundle["text/html"]


# -- the widget -----------------------------------------------------------------------------------


class Parts:
    """The widget's pieces by what they are for."""

    def __init__(self, box):
        self.model = box.model
        _, self._who, moves, self.position, self.said, self.page = box.children
        self.moves = {button.description: button for button in moves.children}

    @property
    def who(self):
        names = [thread.name for thread in self.model.state.threads]
        return dict(zip(names, self._who.children, strict=True))


@pytest.fixture
def parts() -> Parts:
    return Parts(stepper(two_doors))


def test_ipywidgets_is_imported_only_when_a_stepper_is_made():
    code = "import sys, taketurns.lab.stepper; sys.exit('ipywidgets' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_lab_offers_the_stepper():
    from taketurns import lab

    assert lab.stepper is stepper
    assert {"stepper", "Stepping"} <= set(lab.__all__)


def test_there_is_a_button_for_each_thread_and_it_takes_the_step(parts):
    parts.moves["On to the next choice"].click()
    before = parts.page.value
    parts.who["door A"].click()

    assert ["main", "door A"] == list(parts.who)
    assert "door A" == parts.model.state.events[-1].thread
    assert before != parts.page.value


def test_a_button_says_what_the_step_would_be(parts):
    parts.moves["On to the next choice"].click()
    for name in ("main", "door A"):
        parts.who[name].click()

    assert "door A: read self.value" == parts.who["door A"].description
    assert "Let door A take its next step: read self.value (line " in parts.who["door A"].tooltip


def flat(button):
    return button.style.button_color == "transparent"


def test_the_button_of_who_cannot_go_is_flat_and_says_the_reason(parts):
    parts.moves["On to the next choice"].click()
    parts.who["main"].click()
    main = parts.who["main"]
    at = parts.position.value
    main.click()

    assert (True, "main waits") == (flat(main), main.description)
    assert "main cannot go: it waits for door A to end" in main.tooltip
    assert "main cannot go: it waits for door A to end" in parts.said.value
    assert at == parts.position.value


def test_a_button_stays_the_same_while_its_thread_lives(parts):
    parts.moves["On to the next choice"].click()
    door = parts.who["door A"]
    parts.who["main"].click()

    assert door is parts.who["door A"]


def test_undo_redo_and_reset_stand_out_when_there_is_something_to_do(parts):
    def useless():
        return [flat(parts.moves[name]) for name in ("Undo", "Redo", "Reset")]

    begun = useless()
    parts.who["main"].click()
    stepped = useless()
    parts.moves["Undo"].click()

    assert ([True, True, True], [False, True, False]) == (begun, stepped)
    assert [True, False, True] == useless()
    parts.moves["Redo"].click()
    assert 1 == parts.model.state.steps
    parts.moves["Reset"].click()
    assert 0 == parts.model.state.steps


def test_the_losing_schedule_is_one_click_away(parts):
    parts.moves["Show a losing schedule"].click()

    assert "assertion" == parts.model.state.verdict
    assert "2 came, 1 were counted" in parts.page.value
    assert all(flat(button) for button in parts.who.values())
    parts.moves["Undo"].click()
    assert not flat(parts.who["main"])
    parts.moves["Show the shortest one"].click()
    assert "assertion" == parts.model.state.verdict


def test_a_button_with_nothing_to_do_says_so_and_none_is_ever_disabled(parts):
    # A disabled button would lose the keyboard's focus to nowhere.
    said = {}
    for name in ("Undo", "Redo", "Reset"):
        parts.moves[name].click()
        said[name] = parts.said.value
    for _ in range(2):
        parts.moves["On to the next choice"].click()
    said["On"] = parts.said.value
    parts.moves["Show a losing schedule"].click()

    assert all("There is no step " in said[name] for name in ("Undo", "Redo", "Reset"))
    assert "Here you have to choose" in said["On"]
    assert "" == parts.said.value
    assert not any(button.disabled for button in (*parts.moves.values(), *parts.who.values()))


def test_where_nothing_loses_the_widget_says_so():
    parts = Parts(stepper(meeting_points))
    parts.moves["Show a losing schedule"].click()

    assert "No losing schedule was found: meeting_points holds under every schedule" in (
        parts.said.value
    )


def test_the_position_can_be_copied_and_pasted(parts):
    parts.moves["On to the next choice"].click()
    parts.who["main"].click()
    position = parts.position.value
    other = Parts(stepper(two_doors))
    other.position.value = position

    assert parts.page.value == other.page.value
    assert parts.page.value == Parts(stepper(two_doors, position=position)).page.value


def test_a_wrong_position_is_refused_in_words_and_the_right_one_comes_back(parts):
    right = parts.position.value
    parts.position.value = "0.0000@1"

    assert 'role="alert"' in parts.said.value
    assert "belongs to another version" in parts.said.value
    assert right == parts.position.value
    parts.who["main"].click()
    assert "" == parts.said.value


# -- puzzles ----------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def press(box, *names: str) -> None:
    """Press the buttons of threads, then let the first that can go do so until the end."""
    model = box.model
    while not model.state.over:
        name, *names = names or (model.state.choices[0],)
        at = [thread.name for thread in model.state.threads].index(name)
        box.children[1].children[at].click()


def solved(box) -> str:
    return box.children[4].children[0].value


def test_a_puzzle_solved_by_hand_is_kept_beside_the_notebook(folder):
    box = stepper(two_doors, puzzle="doors")
    begun = solved(box)
    press(box, "main", "main", "main", "door A", "door A", "door B", "door B", "door B")
    steps = box.model.state.steps

    assert "assertion" == box.model.state.verdict
    assert ("Not solved yet.", f"Solved in {steps} steps.") == (begun, solved(box))
    assert solved(box) == solved(stepper(two_doors, puzzle="doors"))
    assert "Not solved yet." == solved(stepper(two_doors, puzzle="others"))
    assert ["puzzles.json"] == [path.name for path in folder.iterdir()]


def test_a_solved_puzzle_can_be_forgotten(folder):
    box = stepper(two_doors, puzzle="doors")
    press(box, "main", "main", "main", "door A", "door A", "door B", "door B", "door B")
    forget = box.children[4].children[1]
    forget.click()

    assert ("Not solved yet.", True) == (solved(box), flat(forget))
    assert [] == [*folder.iterdir()]


def test_a_puzzle_is_not_solved_by_looking(folder):
    box = stepper(two_doors, puzzle="doors")
    moves = {button.description: button for button in box.children[2].children}
    moves["Show a losing schedule"].click()
    moves["Undo"].click()
    press(box)

    assert "assertion" == box.model.state.verdict
    assert "Not solved yet." == solved(box)


def test_a_puzzle_that_goes_well_is_not_solved(folder):
    box = stepper(two_doors, puzzle="doors")
    press(box, "main", "main", "main", "door A", "door A", "door A", "door A")

    assert ("ok", "Not solved yet.") == (box.model.state.verdict, solved(box))


def test_more_steps_do_not_replace_fewer_and_a_broken_file_counts_as_none(folder):
    progress = Progress(folder)
    progress.path.write_text("[1", "utf-8")

    assert progress.best("doors") is None
    for steps in (12, 15):
        progress.solved("doors", steps)
    assert 12 == progress.best("doors")


def test_where_nothing_can_be_written_a_puzzle_is_played_all_the_same(folder):
    progress = Progress(folder / "missing")
    progress.solved("doors", 12)

    assert progress.best("doors") is None
