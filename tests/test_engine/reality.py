"""Run a program for real and simulated, and compare what it returns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from taketurns import simulate

if TYPE_CHECKING:
    from collections.abc import Callable

_ADDRESS = re.compile(r"0x[0-9a-f]+|\b\d{4,}\b")


def said(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What a call returns, or the type and the message of what it raises."""
    try:
        return call(*args, **kwargs)
    except Exception as error:
        return type(error).__name__, str(error)


def plain(value: Any) -> Any:
    """`value` without addresses and thread numbers."""
    if isinstance(value, str):
        return _ADDRESS.sub("N", value)
    if isinstance(value, (list, tuple)):
        return type(value)(plain(item) for item in value)
    return value


def same(program: Callable[[], Any]) -> None:
    """Check that a program returns in simulation what it returns for real."""
    run = simulate(program)

    assert ("ok", "") == (run.verdict, run.message)
    assert plain(program()) == plain(run.result)
