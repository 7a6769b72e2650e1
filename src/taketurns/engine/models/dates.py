"""`date` and `datetime` whose present is the virtual one."""

from __future__ import annotations

import datetime as dt
from typing import Any

from .clock import time


def _shown(value: object, kind: type, text: str) -> str:
    """As the real one: the C code leaves the module out where a class was made in Python."""
    return f"datetime.{text}" if type(value) is kind else text


class _Kind(type):
    """Counts every real date, too, as an instance: what computes with them gives real ones."""

    def __instancecheck__(cls, obj: object) -> bool:
        return issubclass(type(obj), cls)

    def __subclasscheck__(cls, kind: type) -> bool:
        if cls in (date, datetime):
            return issubclass(kind, cls.__base__ or object)
        return type.__subclasscheck__(cls, kind)


class date(dt.date, metaclass=_Kind):
    """A date; `today` is that of the virtual clock."""

    __module__ = "datetime"

    def __repr__(self) -> str:
        return _shown(self, date, super().__repr__())

    @classmethod
    def today(cls) -> Any:
        """The date at this moment of the run, by the machine's time zone."""
        return cls.fromtimestamp(time())


class datetime(dt.datetime, metaclass=_Kind):
    """A date and a time of day; `now` is that of the virtual clock."""

    __module__ = "datetime"

    def __repr__(self) -> str:
        return _shown(self, datetime, super().__repr__())

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Any:
        """This moment of the run."""
        return cls.fromtimestamp(time(), tz)

    @classmethod
    def today(cls) -> Any:
        """This moment of the run, by the machine's time zone."""
        return cls.fromtimestamp(time())

    @classmethod
    def utcnow(cls) -> Any:
        """This moment of the run, in UTC, without a time zone."""
        return cls.fromtimestamp(time(), dt.UTC).replace(tzinfo=None)
