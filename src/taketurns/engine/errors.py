"""What the engine says when it is asked for something that it cannot do."""

from __future__ import annotations


class SimulationError(Exception):
    """Something in the program cannot be simulated; the message says what to do instead."""


class ProgramError(TypeError):
    """What was given is not a program: a function of no arguments whose source can be found."""


class SourceError(ProgramError):
    """The source of a program, or of something that it uses, cannot be found."""


class ScheduleError(ValueError):
    """A schedule string is malformed, or belongs to another program."""
