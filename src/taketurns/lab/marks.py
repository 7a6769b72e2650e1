"""The signs that steps are drawn as, and the colours of a picture in light and dark.

Colours follow Okabe and Ito's palette for colour-blind readers, with the pale ones darkened to a
contrast of 3 : 1 on white. No sign depends on its colour: each has a shape of its own.
"""

from __future__ import annotations

# What `@` stands for: the prefix of every class and id, replaced when the picture is complete.
MARKER = "\ufdd0"

# role: (light, dark)
ROLES = {
    "bg": ("#ffffff", "#111827"),
    "hot": ("#fdecec", "#3a1519"),
    "ink": ("#111827", "#f3f4f6"),
    "dim": ("#4b5563", "#b6bcc6"),
    "faint": ("#d7dbe0", "#3b4554"),
    "life": ("#9aa1ac", "#6f7987"),
    "hand": ("#7b8391", "#8d96a5"),
    "bad": ("#b91c1c", "#fca5a5"),
    "c0": ("#6b7280", "#a3abb8"),
    "c1": ("#0072b2", "#4fa8e0"),
    "c2": ("#d55e00", "#ef8332"),
    "c3": ("#008a64", "#2bbd92"),
    "c4": ("#b4568c", "#d98fba"),
    "c5": ("#2a8fc9", "#7cc6ee"),
    "c6": ("#b07a00", "#e6ab2e"),
}


def n(value: float) -> str:
    """A coordinate, to a tenth of a pixel."""
    return f"{value:.1f}".removesuffix(".0")


def colour(index: int) -> str:
    """The role that colours the thread at this place in the order of creation; main is grey."""
    return "c0" if index == 0 else f"c{(index - 1) % 6 + 1}"


def fill(role: str) -> str:
    """Attributes that fill with a role, in light by themselves and in dark by the style sheet."""
    return f'class="{MARKER}f-{role}" fill="{ROLES[role][0]}"'


def stroke(role: str) -> str:
    """Attributes that stroke with a role and fill nothing."""
    return f'class="{MARKER}s-{role}" stroke="{ROLES[role][0]}" fill="none"'


def both(role: str) -> str:
    """Attributes that fill and stroke with a role."""
    return f'class="{MARKER}b-{role}" fill="{ROLES[role][0]}" stroke="{ROLES[role][0]}"'


_HOLLOW = fill("bg")


def _diamond(x: float, y: float, r: float = 7.5) -> str:
    return f"M{n(x - r)} {n(y)}l{n(r)} {n(-r)} {n(r)} {n(r)} {n(-r)} {n(r)}z"


def _hexagon(x: float, y: float) -> str:
    return f"M{n(x - 7.5)} {n(y)}l3.7 -6.5h7.6l3.7 6.5 -3.7 6.5h-7.6z"


def sign(kind: str, x: float, y: float) -> str:
    """The sign of one kind of step, centred at (x, y), about 14 pixels wide.

    It is drawn in the fill and stroke of the group that it is put into.
    """
    if kind == "read":
        return f'<circle cx="{n(x)}" cy="{n(y)}" r="5.8" {_HOLLOW} stroke-width="2.8"/>'
    if kind in ("is-set", "is-alive"):
        return (
            f'<circle cx="{n(x)}" cy="{n(y)}" r="5.8" {_HOLLOW} stroke-width="2"/>'
            f'<circle cx="{n(x)}" cy="{n(y)}" r="2"/>'
        )
    if kind == "write":
        return f'<rect x="{n(x - 6.5)}" y="{n(y - 6.5)}" width="13" height="13" rx="1"/>'
    if kind == "delete":
        return (
            f'<rect x="{n(x - 6)}" y="{n(y - 6)}" width="12" height="12" {_HOLLOW} '
            'stroke-width="2" stroke-dasharray="3 2"/>'
        )
    if kind in ("acquire", "try-acquire"):
        body = _HOLLOW + ' stroke-width="2"' if kind == "try-acquire" else ""
        return (
            f'<rect x="{n(x - 6)}" y="{n(y - 1.5)}" width="12" height="9" rx="1.5" {body}/>'
            f'<path d="M{n(x - 3.6)} {n(y - 1.5)}v-2.4a3.6 3.6 0 0 1 7.2 0v2.4" fill="none" '
            'stroke-width="2.2"/>'
        )
    if kind == "release":
        return (
            f'<rect x="{n(x - 6)}" y="{n(y - 1.5)}" width="12" height="9" rx="1.5" {_HOLLOW} '
            'stroke-width="2"/>'
            f'<path d="M{n(x - 3.6)} {n(y - 1.5)}v-3.6a3.6 3.6 0 0 1 7.2 0v.6" fill="none" '
            'stroke-width="2.2"/>'
        )
    if kind == "wait":
        return (
            f'<rect x="{n(x - 5.5)}" y="{n(y - 6.5)}" width="4" height="13"/>'
            f'<rect x="{n(x + 1.5)}" y="{n(y - 6.5)}" width="4" height="13"/>'
        )
    if kind == "wake":
        return (
            f'<path d="M{n(x - 5)} {n(y - 6.5)}l11 6.5 -11 6.5z" {_HOLLOW} stroke-width="2.2" '
            'stroke-linejoin="round"/>'
        )
    if kind == "notify":
        return (
            f'<path d="M{n(x - 6)} {n(y - 6)}l6 6 -6 6m6 -12l6 6 -6 6" fill="none" '
            'stroke-width="2.8"/>'
        )
    if kind in ("set", "clear"):
        body = _HOLLOW if kind == "clear" else ""
        return (
            f'<path d="M{n(x - 4)} {n(y - 6.5)}h10l-3 4 3 4h-10z" {body} stroke-width="1.8" '
            'stroke-linejoin="round"/>'
            f'<path d="M{n(x - 4)} {n(y - 7.4)}v15" fill="none" stroke-width="2.2"/>'
        )
    if kind == "start":
        return f'<path d="{_diamond(x, y)}"/>'
    if kind == "submit":
        bar = f'<path d="M{n(x - 4)} {n(y)}h8" {stroke("bg")} stroke-width="2"/>'
        return f'<path d="{_diamond(x, y)}"/>{bar}'
    if kind in ("join", "queue-join"):
        return f'<path d="{_diamond(x, y, 7)}" {_HOLLOW} stroke-width="2.4"/>'
    if kind == "result":
        return (
            f'<path d="{_diamond(x, y, 7)}" {_HOLLOW} stroke-width="2"/>'
            f'<circle cx="{n(x)}" cy="{n(y)}" r="2"/>'
        )
    if kind == "cancel":
        return (
            f'<path d="{_diamond(x, y, 7)}" {_HOLLOW} stroke-width="2.4"/>'
            f'<path d="M{n(x - 6)} {n(y + 6)}l12 -12" stroke-width="2"/>'
        )
    if kind == "begin":
        return f'<path d="M{n(x)} {n(y - 6)}v12m0 -6h7" fill="none" stroke-width="2.6"/>'
    if kind in ("end", "return"):
        return f'<path d="M{n(x)} {n(y - 6)}v12m0 -6h-7" fill="none" stroke-width="2.6"/>'
    if kind in ("put", "try-put"):
        cross = f'<path d="M{n(x - 4)} {n(y)}h8m-4 -4v8" {stroke("bg")} stroke-width="2"/>'
        return f'<rect x="{n(x - 7)}" y="{n(y - 7)}" width="14" height="14" rx="3"/>{cross}'
    if kind in ("get", "try-get"):
        return (
            f'<rect x="{n(x - 6)}" y="{n(y - 6)}" width="12" height="12" rx="3" {_HOLLOW} '
            'stroke-width="2"/>'
            f'<path d="M{n(x - 3.5)} {n(y)}h7" stroke-width="2"/>'
        )
    if kind == "task-done":
        return f'<path d="M{n(x - 6)} {n(y)}l4.5 5 8 -10" fill="none" stroke-width="3"/>'
    if kind == "arrive":
        return (
            f'<path d="M{n(x - 7)} {n(y - 6)}l8 6 -8 6z"/>'
            f'<path d="M{n(x + 4)} {n(y - 8)}v16" stroke-width="3"/>'
        )
    if kind == "pass":
        return (
            f'<path d="M{n(x - 1)} {n(y - 6)}l8 6 -8 6z" {_HOLLOW} stroke-width="1.8"/>'
            f'<path d="M{n(x - 5)} {n(y - 8)}v16" stroke-width="3" stroke-dasharray="4 2.5"/>'
        )
    if kind == "sleep":
        return f'<circle cx="{n(x)}" cy="{n(y)}" r="3.6"/>'
    if kind == "time":
        return (
            f'<circle cx="{n(x)}" cy="{n(y)}" r="6" {_HOLLOW} stroke-width="2"/>'
            f'<path d="M{n(x)} {n(y - 3.5)}v3.5h3" fill="none" stroke-width="1.6"/>'
        )
    if kind == "timeout":
        return f'<path d="M{n(x - 5)} {n(y - 7)}h10l-10 14h10z"/>'
    if kind == "spin":
        return (
            f'<path d="M{n(x + 4.6)} {n(y - 3.4)}a5.7 5.7 0 1 0 1 4.6" fill="none" '
            f'stroke-width="2.4"/><path d="M{n(x + 6.8)} {n(y - 7)}v6h-6z"/>'
        )
    if kind == "shutdown":
        return (
            f'<path d="M{n(x - 4)} {n(y - 4.6)}a6 6 0 1 0 8 0M{n(x)} {n(y - 7.5)}v7" fill="none" '
            'stroke-width="2.2"/>'
        )
    if kind == "idle":
        return f'<circle cx="{n(x)}" cy="{n(y)}" r="3.6" {_HOLLOW} stroke-width="2"/>'
    if kind == "caught":
        return f'<path d="M{n(x - 7)} {n(y - 6)}h14l-7 12z" {_HOLLOW} stroke-width="2.2"/>'
    if kind == "raise":
        return f'<path d="M{n(x)} {n(y - 8)}l8.5 15h-17z"/>'
    if kind in ("abort", "reset"):
        return f'<path d="{_hexagon(x, y)}" {_HOLLOW} stroke-width="2.2"/>'
    return f'<path d="{_hexagon(x, y)}"/>'  # a call, or a kind made after this was written


def fatal_sign(x: float, y: float) -> str:
    """The sign of the moment that decided the run."""
    return (
        f'<path d="M{n(x)} {n(y - 9.5)}l10 18h-20z" {fill("bad")}/>'
        f'<path d="M{n(x)} {n(y - 3.5)}v6m0 2.2v2" {stroke("bg")} stroke-width="2"/>'
    )


def cross(x: float, y: float) -> str:
    """What crosses out a write that overwrites a value never seen."""
    d = f"M{n(x - 10)} {n(y - 10)}l20 20m0 -20l-20 20"
    return (
        f'<path d="{d}" {stroke("bg")} stroke-width="5"/>'
        f'<path d="{d}" {stroke("bad")} stroke-width="2.6"/>'
    )


def several(x: float, y: float) -> str:
    """The sign of several steps at one place."""
    return "".join(f'<circle cx="{n(x)}" cy="{n(y + d)}" r="2.4"/>' for d in (-6.0, 0.0, 6.0))


LEGEND = {
    "read": "read",
    "write": "write",
    "delete": "delete",
    "call": "call",
    "acquire": "acquire",
    "try-acquire": "try to acquire",
    "release": "release",
    "wait": "wait",
    "notify": "notify",
    "wake": "woken",
    "set": "set",
    "clear": "clear",
    "is-set": "look",
    "is-alive": "look",
    "start": "start",
    "submit": "submit",
    "join": "join",
    "queue-join": "join",
    "result": "result",
    "cancel": "cancel",
    "begin": "begin",
    "end": "end",
    "return": "end",
    "put": "put",
    "try-put": "put",
    "get": "get",
    "try-get": "get",
    "task-done": "task done",
    "shutdown": "shut down",
    "arrive": "arrive",
    "pass": "pass",
    "abort": "abort or reset",
    "reset": "abort or reset",
    "sleep": "wakes up",
    "spin": "spin",
    "time": "look at the clock",
    "timeout": "time-out",
    "raise": "raise",
    "caught": "catch",
    "idle": "takes work",
}
