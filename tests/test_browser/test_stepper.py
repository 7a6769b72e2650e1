"""The learner as the scheduler, with the mouse and with the keyboard alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .driver import Lab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Locator

MOVES = [
    "On to the next choice",
    "Undo",
    "Redo",
    "Reset",
    "Show a losing schedule",
    "Show the shortest one",
]
LABEL = "document.activeElement.innerText || document.activeElement.tagName"


class Stepper:
    """The first stepper of the notebook, as a person sees it."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.page = lab.page
        self.box = self.page.locator(".widget-vbox", has_text="Who goes next?").first
        self.field = self.box.get_by_role("textbox")

    @property
    def position(self) -> str:
        return self.field.input_value()

    @property
    def steps(self) -> int:
        return int(self.position.partition("@")[2])

    def button(self, name: str) -> Locator:
        return self.box.get_by_role("button", name=name, exact=True)

    def threads(self) -> list[str]:
        names = self.box.get_by_role("button").all_text_contents()
        return names[: names.index(MOVES[0])]

    def who_can_go(self) -> str:
        """The first thread that can go: its button says what it would do."""
        return next(name for name in self.threads() if ": " in name)

    def shows(self, steps: int) -> None:
        """Wait until so many steps have been taken, and the page says so."""
        self.says(f"After {steps} step")
        self.page.wait_for_function(
            "([field, end]) => field.value.endsWith(end)",
            arg=[self.field.element_handle(), f"@{steps}"],
        )

    def text(self) -> str:
        """Where the program stands, as the page says it."""
        return self.box.locator(".widget-html").last.inner_text()

    def says(self, words: str) -> None:
        """Wait until the page says that."""
        self.box.get_by_text(words).wait_for()

    def press(self, key: str, seen: Callable[..., None], what: str | int) -> None:
        """Press a key, wait until that is seen; the focus must stay where it was."""
        before = self.lab.focused()
        self.page.keyboard.press(key)
        seen(what)
        assert before.evaluate("element => element === document.activeElement")

    def walk(self, wanted: str, key: str = "Tab") -> None:
        """Go to a control by a key alone."""
        for _ in range(30):
            if self.page.evaluate(LABEL) == wanted:
                return
            self.page.keyboard.press(key)
        pytest.fail(f"{key} does not lead to {wanted}")


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> Iterator[Lab]:
    with lab.open("notebooks/you-are-the-scheduler.ipynb"):
        lab.run_all()
        yield lab


@pytest.fixture
def stepper(notebook: Lab) -> Iterator[Stepper]:
    stepper = Stepper(notebook)
    yield stepper
    stepper.button("Reset").click()
    stepper.shows(0)

    assert [] == notebook.errors()


def test_a_click_on_a_thread_takes_its_step(stepper: Stepper):
    first = stepper.who_can_go()
    stepper.button(first).click()
    stepper.shows(1)

    assert first not in stepper.threads()


def test_undo_and_redo_lead_back_and_forth(stepper: Stepper):
    states = [stepper.text()]
    for steps in (1, 2, 3):
        stepper.button(stepper.who_can_go()).click()
        stepper.shows(steps)
        states.append(stepper.text())
    for steps in (2, 1, 0):
        stepper.button("Undo").click()
        stepper.shows(steps)
        assert states[steps] == stepper.text()
    for steps in (1, 2, 3):
        stepper.button("Redo").click()
        stepper.shows(steps)
        assert states[steps] == stepper.text()


def test_a_position_that_is_pasted_leads_to_the_same_state(stepper: Stepper):
    stepper.button("Show a losing schedule").click()
    stepper.says("the run is over")
    position, lost, steps = stepper.position, stepper.text(), stepper.steps
    stepper.button("Reset").click()
    stepper.shows(0)
    stepper.field.fill(position)
    stepper.page.keyboard.press("Enter")
    stepper.shows(steps)

    assert lost == stepper.text()


def test_tab_visits_every_control_and_shift_tab_leads_back(stepper: Stepper):
    stepper.button(stepper.who_can_go()).click()
    stepper.shows(1)
    stepper.button(stepper.who_can_go()).click()
    stepper.shows(2)
    wanted = [*stepper.threads(), *MOVES, "INPUT"]
    stepper.button(wanted[0]).focus()
    seen = [stepper.page.evaluate(LABEL)]
    for _ in wanted[1:]:
        stepper.page.keyboard.press("Tab")
        seen.append(stepper.page.evaluate(LABEL))
    back = seen[-1:]
    for _ in wanted[1:]:
        stepper.page.keyboard.press("Shift+Tab")
        back.append(stepper.page.evaluate(LABEL))

    assert wanted == seen
    assert wanted == back[::-1]


def test_a_whole_program_is_stepped_by_the_keyboard_alone(stepper: Stepper):
    stepper.button(stepper.who_can_go()).focus()
    key, steps = "Enter", 0
    while "the run is over" not in stepper.text():
        stepper.walk(stepper.threads()[0], "Shift+Tab")
        stepper.walk(stepper.who_can_go())
        steps += 1
        stepper.press(key, stepper.shows, steps)
        key = "Space" if key == "Enter" else "Enter"

    assert steps > 6
    assert all(": " not in name for name in stepper.threads())


def test_every_move_is_made_by_the_keyboard_and_leaves_the_focus_where_it_is(stepper: Stepper):
    stepper.button(stepper.who_can_go()).focus()
    stepper.press("Enter", stepper.shows, 1)
    for move, steps in (("Undo", 0), ("Redo", 1), ("Reset", 0)):
        stepper.walk(move)
        stepper.press("Space", stepper.shows, steps)
    stepper.walk("On to the next choice", "Shift+Tab")
    stepper.press("Enter", stepper.says, ", door A can go.")
    for move in ("Show a losing schedule", "Show the shortest one"):
        stepper.walk(move)
        stepper.press("Enter", stepper.says, "the run is over")
        stepper.walk("Reset", "Shift+Tab")
        stepper.press("Enter", stepper.shows, 0)
    stepper.walk("INPUT")
    stepper.page.keyboard.press("Control+a")
    stepper.page.keyboard.type("nonsense")
    stepper.press("Enter", stepper.says, "'nonsense' is not a")


def test_a_button_with_nothing_to_do_says_so_and_keeps_the_focus(stepper: Stepper):
    stepper.button("Undo").focus()
    stepper.press("Enter", stepper.says, "There is no step to take back.")
    stepper.button("Show a losing schedule").click()
    stepper.says("the run is over")
    stepper.button(stepper.threads()[0]).focus()
    stepper.press("Enter", stepper.says, "cannot go")
