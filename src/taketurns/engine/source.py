"""Finds the source of a program and of all that it uses, and plans how to replay it.

A cell holds more than definitions (it calls `explore`, prints, shows sliders), so cells are not
executed again as a whole: only the statements that bind what the program needs are (gather.py),
rewritten (rewrite.py), in a namespace of each run's own (build.py).
"""

from __future__ import annotations

import functools
import inspect
import types
from types import FunctionType
from typing import TYPE_CHECKING, Any

from .build import Build, Script, script_of
from .errors import ProgramError
from .gather import Gathered, name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .scheduler import Scheduler
    from .sites import Sites


class Plan:
    """How to run a program in a fresh world, any number of times."""

    def __init__(self, name: str, fingerprint: str, script: Script, gathered: Gathered) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self._script = script
        self._gathered = gathered

    @property
    def finalises(self) -> bool:
        """Whether the code has something that the collector of garbage may call."""
        return self._script.finalises

    @property
    def sites(self) -> Sites:
        """The places that the steps of a run refer to by number."""
        return self._script.code.sites

    def instantiate(self, sched: Scheduler) -> Callable[[], object]:
        """The program as a function of no arguments; call it in the run's main thread."""

        def run() -> object:
            return Build(sched, self._script, self._gathered).program()()

        return run


def plan(program: object) -> Plan:
    """Find all that the program needs.

    Raises ProgramError if it is not a function of no arguments, SourceError (one of these) if the
    source of something that it uses cannot be found.
    """
    _check(program)
    gathered = Gathered(program)
    script = script_of(gathered)
    return Plan(name_of(program), gathered.fingerprint(), script, gathered)


def _check(program: Any) -> None:
    """Refuse what cannot be called without arguments and run to its end."""
    inner = program
    while isinstance(inner, functools.partial):
        inner = inner.func
    if isinstance(inner, (types.CoroutineType, types.GeneratorType)) or not callable(program):
        raise ProgramError(
            f"a program is a function of no arguments, not {program!r}. "
            "Pass the function itself, without calling it."
        )
    if not isinstance(inner, (FunctionType, types.MethodType)):
        raise ProgramError(
            f"a program is a function whose source can be read, not {program!r}. "
            "Wrap it in one: lambda: …"
        )
    function: Any = inspect.unwrap(inner)
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise ProgramError(f"{name_of(program)} is an async function; a program is an ordinary one")
    if inspect.isgeneratorfunction(function):
        raise ProgramError(
            f"{name_of(program)} contains `yield`: calling it runs nothing. "
            "Use an ordinary function."
        )
    required = [
        name
        for name, parameter in inspect.signature(program).parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if required:
        name = name_of(program)
        raise ProgramError(
            f"{name} takes arguments ({', '.join(required)}). "
            f"Pass a function of no arguments, for example `lambda: {name}(…)`."
        )
