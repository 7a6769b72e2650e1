"""A run as plain text: the content of its picture, for a terminal or an assertion's message."""

from __future__ import annotations

from .story import ERRORS, LIMIT, VERBS, Fold, Mark, RunLike, seconds, tell

WIDEST = 44  # characters of one column
MESSAGE = 200  # characters of an exception's message


def timeline_text(run: RunLike, *, limit: int | None = LIMIT) -> str:
    """Return the run as a table, one step a line: who did what, on which line, with which value.

    Of a long run what repeats itself or is far from what matters is folded, so that about `limit`
    steps stay; None shows all. `x` marks a write that overwrites a value its thread never saw, `!`
    the moment that decided the run.
    """
    story = tell(run, limit=limit, trace=True)
    timed = run.elapsed > 0
    header = ["", "step", "time", "thread", "line", "what", "value", ""]
    rows: list[list[str] | str] = [header]
    for item in story.items:
        rows.append(f"     ... {item.text}" if isinstance(item, Fold) else _row(item))
    tables = [row for row in rows if isinstance(row, list)]
    widths = [max(len(row[at]) for row in tables) for at in range(len(header))]
    lines = []
    for row in rows:
        if isinstance(row, str):
            lines.append(row)
            continue
        cells = [
            text.rjust(size) if at in (1, 2, 4) else text.ljust(size)
            for at, (text, size) in enumerate(zip(row, widths, strict=True))
            if timed or at != 2
        ]
        lines.append("  ".join(cells).replace(cells[0] + "  ", cells[0] + " ", 1).rstrip())
    if story.folded:
        lines.append(f"({story.folded})")
    found = {
        (mark.event.file or "", mark.event.line): mark.event.code
        for mark in story.marks
        if mark.event.line is not None and mark.event.code
    }
    if found:
        lines.append("")
        size = max(len(str(line)) for _, line in found)
        lines += [
            f"line {line!s:>{size}}: {code}" for (_, line), code in sorted(found.items())[:24]
        ]
    return "\n".join(lines)


def _row(mark: Mark) -> list[str]:
    event = mark.event
    sign = "!" if mark.fatal or mark.stuck else "x" if mark.lost else ""
    notes = []
    what = mark.what
    if mark.lost:
        saw = f"saw only {mark.lost.seen}, at step {mark.lost.read}"
        notes.append(
            f"overwrites {mark.lost.value} of {mark.lost.writer} (step {mark.lost.step}): {saw}"
        )
    if mark.stuck:
        reason = f"for {mark.reason}, " if mark.reason else ""
        notes.append(f"{reason}since step {event.since}")
    elif event.kind in ERRORS:
        name, _, message = mark.full.partition(": ")
        what = f"{VERBS[event.kind]} {name}"
        notes.append(_short(message, MESSAGE))
    elif event.kind == "sleep":
        notes.append(f"slept {seconds(event.time - mark.began)}")
    elif mark.waited and mark.reason:
        notes.append(f"waited from step {event.since} for {mark.reason}")
    if mark.held and event.kind not in ("blocked", "raise"):
        notes.append(f"holds {', '.join(mark.held)}")
    return [
        sign,
        str(event.step),
        seconds(event.time),
        _short(event.thread),
        "" if event.line is None else str(event.line),
        _short(what),
        _short(mark.value.replace("→", "->")),
        "; ".join(filter(None, notes)),
    ]


def _short(text: str, room: int = WIDEST) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= room else flat[: room - 3] + "..."
