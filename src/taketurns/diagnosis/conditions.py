"""Mistakes with conditions and events: signals that are lost, or taken for more than they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .case import CHANGES, DATA, Case, Finding, datum, is_lock, line, listed, value

if TYPE_CHECKING:
    from taketurns.engine.recording import Event


def if_instead_of_while(case: Case) -> Finding | None:
    """A thread was woken and acted without looking again, though what it wanted was not so."""
    if not case.wrong_answer:
        return None
    for wake in case.events:
        wait = _wait_of(case, wake) if wake.kind == "wake" else None
        back = next((e for e in case.after(wake) if e.kind == "acquire"), None)
        check = _check_before(case, wait) if wait is not None else []
        if wait is None or back is None or not check:
            continue
        places = {e.where: e for e in check}
        used = _first_uses(case, back, set(places))
        if not used or used[0].line == check[-1].line:
            continue  # it looked again
        first = used[0]
        thief = _taken_meanwhile(case, wait, wake, back, set(places))
        unchanged = all(
            e.before is not None and e.before == places[e.where].before
            for e in used
            if e.kind == "read"
        ) and any(e.kind == "read" for e in used)
        if thief is None and not unchanged:
            continue
        seen = places[thief.where] if thief is not None else check[-1]
        how = (
            f"but before it had the lock again {thief.thread} had changed that ({line(thief)})"
            if thief is not None
            else f"but {datum(seen)} was as before{value(seen.before)}"
        )
        return Finding(
            "if-instead-of-while",
            f"{wake.thread} looked at {datum(seen)} ({line(seen)}{value(seen.before)}) and waited "
            f"for {datum(wait)} ({line(wait)}). It was woken, {how}; it did not look again and "
            f"went on ({line(first)}). To be notified is only a hint: wait in a `while`, or use "
            "`wait_for`.",
        )
    return None


def wrong_thread_notified(case: Case) -> Finding | None:
    """A notification went to one thread, and another one that it concerned sleeps on."""
    for blocked, wait in _asleep(case):
        concerned = {e.where for e in _check_before(case, wait)}
        for notify in _notifies(case, wait):
            if notify.step < wait.step or not notify.detail or blocked.thread in notify.detail:
                continue
            changed = {e.where for e in _changes_before(case, notify)}
            useless = [name for name in notify.detail if _waits_again(case, notify, name)]
            if changed & concerned and _is_still_so(case, notify, changed & concerned):
                return Finding(
                    "wrong-thread-notified",
                    f"{notify.thread} changed what {blocked.thread} waits for and notified "
                    f"{datum(notify)} ({line(notify)}), but that woke only "
                    f"{listed(notify.detail)}; {blocked.thread} was waiting, too ({line(wait)}), "
                    "was not told, and now waits for ever. `notify` wakes one thread: use "
                    "`notify_all` where others may go on, too.",
                )
            if changed & concerned and useless == list(notify.detail):
                woken = listed(useless)
                return Finding(
                    "wrong-thread-notified",
                    f"{notify.thread} notified {datum(notify)} ({line(notify)}); that woke "
                    f"{woken}, who found nothing to do and waited again, while {blocked.thread}, "
                    f"who waits for something else ({line(wait)}), was not woken and now waits for "
                    "ever. Use `notify_all`, or one condition for each thing that threads wait "
                    "for.",
                )
    return None


def lost_wakeup(case: Case) -> Finding | None:
    """A thread began to wait for a notification after it had been given."""
    for blocked, wait in _asleep(case):
        notifies = [n for n in _notifies(case, wait) if n.thread != blocked.thread]
        if notifies and (told := _told_before_it_was_so(case, blocked, wait, notifies[-1])):
            return told
        heard = [n.step for n in notifies if blocked.thread in n.detail and n.step < wait.step]
        since = heard[-1] if heard else 0
        missed = [n for n in notifies if n.step > since]
        early = [n for n in missed if n.step < wait.step]
        if not early or len(early) < len(missed):
            continue
        notify = early[-1]
        changed = {e.where: e for e in _changes_before(case, notify)}
        looked = [
            e
            for e in case.before(wait)
            if e.kind == "read" and e.where in changed and since < e.step < changed[e.where].step
        ]
        if any(
            e.kind == "read" and e.where in changed and notify.step < e.step
            for e in case.before(wait)
        ):
            continue  # it knew, and waited all the same
        if looked:
            what = (
                f"{blocked.thread} looked at {datum(looked[-1])} ({line(looked[-1])}"
                f"{value(looked[-1].before)}) and decided to wait. Before it did ({line(wait)}), "
                f"{notify.thread} changed that and notified {datum(notify)} ({line(notify)})"
            )
        else:
            what = (
                f"{notify.thread} notified {datum(notify)} ({line(notify)}) before "
                f"{blocked.thread} waited for it ({line(wait)})"
            )
        return Finding(
            "lost-wakeup",
            f"{what}: nobody was waiting, and a condition remembers nothing, so {blocked.thread} "
            "waits for ever. Keep what happened in a variable, and check it under the lock, in a "
            "`while`, before each wait.",
        )
    return None


def _told_before_it_was_so(
    case: Case, blocked: Event, wait: Event, notify: Event
) -> Finding | None:
    """The last notification came first, and the change that it should have told of afterwards."""
    check = _check_before(case, wait)
    places = {e.where for e in check}
    if any(e.where in places for e in _changes_before(case, notify)):
        return None
    for change in case.after(notify):
        if change.kind in CHANGES and change.where in places and change.step > check[-1].step:
            return Finding(
                "lost-wakeup",
                f"{notify.thread} notified {datum(notify)} ({line(notify)}) and changed "
                f"{datum(change)} only afterwards ({line(change)}{value(change.after)}); "
                f"{blocked.thread}, which looked in between ({line(check[-1])}"
                f"{value(check[-1].before)}), waits for ever ({line(wait)}). Change first, then "
                "notify, under one and the same lock.",
            )
    return None


def pulse_missed(case: Case) -> Finding | None:
    """An event was set and cleared again before a thread that waits for it had looked."""
    for blocked in case.blocked:
        on_event = case.on(blocked.whole)
        sets = [e for e in on_event if e.kind == "set"]
        clears = [e for e in on_event if e.kind == "clear" and sets and e.step > sets[-1].step]
        if not clears:
            continue
        passed = [
            e
            for e in on_event
            if e.thread == blocked.thread
            and e.kind in ("wait", "is-set")
            and sets[-1].step < e.step < clears[0].step
        ]
        if not passed:
            setter, clearer = sets[-1].thread, clears[0].thread
            who = "" if setter == clearer else f"{clearer} "
            return Finding(
                "pulse-missed",
                f"{setter} set {datum(sets[-1])} ({line(sets[-1])}) and {who}cleared it "
                f"({line(clears[0])}) before {blocked.thread} had waited for it "
                f"({line(blocked)}), so {blocked.thread} waits for ever. An event is a state, not "
                "a pulse: leave it set, or use a Condition or a Semaphore for a signal.",
            )
    return None


# -- what happened around a condition -----------------------------------------------------------


def _asleep(case: Case) -> list[tuple[Event, Event]]:
    """Threads that nobody will wake: where they are blocked, and the `wait` that it belongs to."""
    found = []
    for blocked in case.blocked:
        before = [e for e in case.before(blocked) if e.kind in ("wait", "wake", "timeout")]
        if before and before[-1].kind == "wait" and _is_condition(case, before[-1]):
            found.append((blocked, before[-1]))
    return found


def _is_condition(case: Case, wait: Event) -> bool:
    """Whether a wait was one of a condition: it goes on with the release of a lock."""
    later = case.after(wait)
    return bool(later) and later[0].kind == "release"


def _wait_of(case: Case, wake: Event) -> Event | None:
    """The `wait` that a thread was woken from."""
    return next((e for e in reversed(case.before(wake)) if e.kind == "wait"), None)


def _notifies(case: Case, wait: Event) -> list[Event]:
    return [e for e in case.on(wait.whole) if e.kind == "notify"]


def _check_before(case: Case, wait: Event) -> list[Event]:
    """What a thread read, under the lock, on the line of the check that made it wait."""
    found: list[Event] = []
    for event in reversed(case.before(wait)):
        if event.kind == "acquire" or (event.kind in DATA and event.kind != "read"):
            break
        if (
            event.kind == "read"
            and not is_lock(event.before)  # such as `self.changed` of `self.changed.wait()`
            and event.line in (None, (found or [event])[0].line)
        ):
            found.insert(0, event)
    return found


def _first_uses(case: Case, back: Event, places: set[int | None]) -> list[Event]:
    """The first thing that a thread did to each of some data, up to its first change of one."""
    found: list[Event] = []
    for event in case.after(back):
        if event.kind in ("wait", "release") or (found and found[-1].kind in CHANGES):
            break
        if event.where in places and event.where not in [e.where for e in found]:
            found.append(event)
    return found


def _taken_meanwhile(
    case: Case, wait: Event, wake: Event, back: Event, places: set[int | None]
) -> Event | None:
    """What a third thread changed after the notification and before the woken one had the lock."""
    calls = [n for n in _notifies(case, wait) if wake.thread in n.detail and n.step < wake.step]
    if not calls:
        return None
    return next(
        (
            e
            for e in case.events[calls[-1].step : back.step]
            if e.where in places
            and e.kind in CHANGES
            and e.thread not in (calls[-1].thread, wake.thread)
        ),
        None,
    )


def _changes_before(case: Case, notify: Event) -> list[Event]:
    """What the notifying thread had changed since it last took a lock, was woken or notified."""
    found: list[Event] = []
    for event in reversed(case.before(notify)):
        told = event.kind == "notify" and event.whole == notify.whole
        if told or event.kind == "wake" or (found and event.kind == "acquire"):
            break
        if event.kind in CHANGES:
            found.append(event)
    return found


def _is_still_so(case: Case, notify: Event, places: set[int | None]) -> bool:
    """Whether what was changed before a notification has stayed as it was then, and those woken
    went on.
    """
    later = [e for e in case.events if e.step > notify.step]
    return not any(e.where in places and e.kind in CHANGES for e in later) and all(
        not _waits_again(case, notify, name) for name in notify.detail
    )


def _waits_again(case: Case, notify: Event, name: str) -> bool:
    """Whether a woken thread waited again, without having changed anything."""
    for event in case.by_thread[name]:
        if event.step > notify.step and event.kind in (*CHANGES, "wait", "end", "raise", "notify"):
            return event.kind == "wait"
    return False
