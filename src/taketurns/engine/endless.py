"""Iterators and operations that would keep C busy for ever: counted, or refused.

A function in C that consumes an endless iterator never comes back, and Python can neither end it
nor, as it keeps the interpreter to itself, do anything else. So the iterators that a world offers
count their items as turns of a loop, and what would make a giant of a number or a sequence is
refused before it begins.
"""

from __future__ import annotations

import builtins
import collections.abc
import itertools
import math
from typing import TYPE_CHECKING, Any

from .containment import where
from .errors import SimulationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_BITS = 2_000_000  # of a number
MAX_SIZE = 100_000_000  # characters or items of a sequence
LONG = 100_000  # items of a range, from which on they are counted
STRIDE = 8  # items of a range that count as one turn


def pulse() -> None:
    """Count a turn of a loop, if a simulated thread asks."""
    sched = where.sched
    if sched is not None:
        sched.pulse()


def _counting(base: type) -> type:
    """A subclass of an iterator that counts its items."""
    following: Callable[[Any], Any] = base.__dict__["__next__"]

    def __next__(self: Any) -> Any:
        pulse()
        return following(self)

    members = {"__slots__": (), "__next__": __next__, "__module__": "itertools"}
    members["__doc__"] = base.__doc__
    return type(base.__name__, (base,), members)


# What they take their items from may be finite, and the loop over all of them still not.
ITERATORS: dict[str, type] = {
    name: _counting(getattr(itertools, name))
    for name in (
        *("count", "cycle", "repeat", "product", "permutations", "combinations"),
        "combinations_with_replacement",
    )
}


def counted(function: Callable[[], Any]) -> Callable[[], Any]:
    """`function`, as the first of two arguments of `iter`."""

    def call() -> Any:
        pulse()
        return function()

    return call


class _Ranges(type):
    """What `range` is an instance of: real ranges are instances of it in turn."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, (builtins.range, LongRange))

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, (builtins.range, LongRange))

    def __repr__(cls) -> str:
        return "<class 'range'>"


class range(metaclass=_Ranges):
    """`range`: a real one unless it is long."""

    __module__ = "builtins"

    def __new__(cls, *args: Any) -> Any:
        """A range of the same items."""
        real = builtins.range(*args)
        return real if len(real[:LONG]) < LONG else LongRange(real)


class LongRange:
    """A range whose items are counted as turns of a loop when all of them are wanted."""

    __slots__ = ("_real",)

    def __init__(self, real: builtins.range) -> None:
        self._real = real

    def __iter__(self) -> Iterator[int]:
        return self._items(self._real)

    def _items(self, real: builtins.range) -> Iterator[int]:
        while real:
            pulse()
            yield from real[:STRIDE]
            real = real[STRIDE:]

    def __reversed__(self) -> Iterator[int]:
        return self._items(self._real[::-1])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def __len__(self) -> int:
        return len(self._real)

    def __getitem__(self, key: Any) -> Any:
        found = self._real[key]
        return LongRange(found) if isinstance(found, builtins.range) else found

    def __contains__(self, item: object) -> bool:
        if type(item) in (int, bool):
            return item in self._real
        return any(item is one or item == one for one in self)

    def index(self, item: Any) -> int:
        """Where `item` is; ValueError if it is not there."""
        if type(item) not in (int, bool) and item not in self:
            raise ValueError("sequence.index(x): x not in sequence")
        return self._real.index(item)

    def count(self, item: Any) -> int:
        """How often `item` is in it: 1 or 0."""
        return int(item in self)

    def __eq__(self, other: object) -> bool:
        return self._real == (other._real if isinstance(other, LongRange) else other)

    def __hash__(self) -> int:
        return hash(self._real)

    def __repr__(self) -> str:
        return repr(self._real)

    def __reduce__(self) -> Any:
        return self._real.__reduce__()


collections.abc.Sequence.register(LongRange)


# -- giants -------------------------------------------------------------------------------------


def power(base: Any, exponent: Any) -> Any:
    """`base ** exponent`."""
    _check_power(base, exponent)
    return base**exponent


def raised(base: Any, exponent: Any) -> Any:
    """`base **= exponent`."""
    _check_power(base, exponent)
    base **= exponent
    return base


def pow(*args: Any, **kwargs: Any) -> Any:
    """`pow`."""
    if len(args) == 2 and not kwargs:
        _check_power(*args)
    return builtins.pow(*args, **kwargs)


def times(left: Any, right: Any) -> Any:
    """`left * right`."""
    _check_product(left, right)
    return left * right


def multiplied(left: Any, right: Any) -> Any:
    """`left *= right`."""
    _check_product(left, right)
    left *= right
    return left


def shifted(left: Any, right: Any) -> Any:
    """`left << right`."""
    _check_shift(left, right)
    return left << right


def shifted_in_place(left: Any, right: Any) -> Any:
    """`left <<= right`."""
    _check_shift(left, right)
    left <<= right
    return left


def factorial(n: Any, /) -> Any:
    """`math.factorial`."""
    if type(n) is int and n > 20:
        _check_bits(n * (math.log2(n) - 1.44), f"math.factorial({_short(n)})")
    return math.factorial(n)


def comb(n: Any, k: Any, /) -> Any:
    """`math.comb`."""
    if type(n) is type(k) is int and 0 <= k <= n:
        _check_bits(20 * min(k, n - k), f"math.comb({_short(n)}, {_short(k)})")
    return math.comb(n, k)


def perm(n: Any, k: Any = None, /) -> Any:
    """`math.perm`."""
    if type(n) is int and n > 0:
        many = min(n, k) if type(k) is int else n
        _check_bits(many * n.bit_length(), f"math.perm({_short(n)}, {_short(many)})")
    return math.perm(n, k)


def _check_power(base: Any, exponent: Any) -> None:
    if type(base) is type(exponent) is int and exponent > 64:
        _check_bits((base.bit_length() - 1) * exponent, f"{_short(base)} ** {_short(exponent)}")


def _check_shift(left: Any, right: Any) -> None:
    if type(left) is type(right) is int and left:
        _check_bits(left.bit_length() + right, f"{_short(left)} << {_short(right)}")


def _check_product(left: Any, right: Any) -> None:
    if type(right) is int:
        if type(left) is int:
            bits = left.bit_length() + right.bit_length()
            if bits > MAX_BITS:
                _check_bits(bits, f"{_short(left)} * {_short(right)}")
            return
    elif type(left) is int:
        left, right = right, left
    else:
        return
    if right > 1000 and type(left) in _SEQUENCES and len(left) * right > MAX_SIZE:
        raise SimulationError(
            f"this {type(left).__name__} * {_short(right)} takes too much memory. "
            f"Make at most {MAX_SIZE:,} characters or items."
        )


def _check_bits(bits: float, what: str) -> None:
    if bits > MAX_BITS:
        raise SimulationError(
            f"{what} is a number of more than {MAX_BITS:,} bits. Computing it may take for ever, "
            "and nothing could stop it. Use smaller numbers."
        )


def _short(number: int) -> str:
    return str(number) if number.bit_length() < 100 else f"(a number of {number.bit_length()} bits)"


_SEQUENCES = frozenset({str, bytes, list, tuple, bytearray, collections.deque})
