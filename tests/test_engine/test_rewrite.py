"""Rewritten code behaves as the original does, in results, output, errors and lines."""

# ruff: noqa: E501 (the programs under test are written on few lines)

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import re
import sys
import traceback
from pathlib import Path

import pytest

from taketurns import explore, simulate
from taketurns.engine.rewrite import rewrite, surface
from taketurns.engine.scopes import Scopes
from taketurns.engine.sites import Sites

# Every snippet defines `program`; what it returns, prints and raises must not change.
SNIPPETS = {
    "closures": """
        def program():
            def adder(n):
                def add(m):
                    return n + m
                return add
            return [adder(i)(10) for i in range(3)]
        """,
    "nonlocal counters": """
        def program():
            count = 0
            def up(by=1):
                nonlocal count
                count += by
                def twice():
                    nonlocal count
                    count *= 2
                    return count
                return twice()
            return up(), up(2), count
        """,
    "lambdas in a loop see the last value": """
        def program():
            late = [lambda: i for i in range(3)]
            made = []
            for k in range(3):
                made.append(lambda: k)
            early = [lambda j=j: j for j in range(3)]
            return [f() for f in late], [f() for f in made], [f() for f in early], k
        """,
    "a variable bound after the function that uses it": """
        def program():
            def show():
                return later
            later = 1
            first = show()
            later = 2
            del later
            try:
                show()
            except NameError as error:
                return first, str(error)
        """,
    "a parameter that is rebound": """
        def program():
            def outer(n, *rest, key=0, **more):
                def inner():
                    return n, rest, key, more
                n += 1
                rest = rest[1:]
                key, more = more, key
                return inner()
            return outer(1, 2, 3, key=4, other=5)
        """,
    "globals": """
        total = 10
        names = ["a"]
        def bump(by):
            global total, fresh
            total += by
            fresh = [total]
            for total_name in names:
                pass
            return total
        def program():
            global total, made
            before = total = 10
            bump(5)
            fresh.append(0)
            made, total = total, 3
            del made
            try:
                made
            except NameError as error:
                message = str(error)
            return before, total, fresh, message
        """,
    "a global as a loop variable": """
        step = None
        def program():
            global step
            seen = []
            for step in range(3):
                seen.append(step)
            for step, rest in [(7, 8)]:
                seen.append((step, rest))
            with open(__import__("os").devnull) as step:
                seen.append(step.read())
            return seen, step.closed
        """,
    "evaluation order of an augmented assignment": """
        log = []
        def say(name, value):
            log.append(name)
            return value
        class Box:
            def __init__(self): self.n = 1
            @property
            def seen(self):
                log.append("get")
                return self.n
            @seen.setter
            def seen(self, value):
                log.append("set")
                self.n = value
            def __getitem__(self, key):
                log.append(("getitem", key))
                return 1
            def __setitem__(self, key, value):
                log.append(("setitem", key, value))
        def program():
            log.clear()
            box = Box()
            say("target", box).seen += say("operand", 2)
            say("container", box)[say("key", "k")] += say("operand", 3)
            say("object", box).n = say("value", 4)
            say("container", box)[say("key", 5)] = say("value", 6)
            return log, box.n
        """,
    "augmented assignment in place": """
        def program():
            a = b = [1]
            a += (2,)
            s = t = {1}
            s |= {2}
            d = {"x": a}
            d["x"] += [3]
            n = "text"
            n += "!"
            x = 7
            x //= 2; x **= 3; x <<= 1; x >>= 2; x %= 5; x -= 1; x &= 6; x |= 9; x ^= 3; x /= 4
            return a, b, a is b, s is t, d, n, x
        """,
    "chained assignment and unpacking": """
        class Spot: pass
        def program():
            spot = Spot()
            d = {}
            a = spot.b = d["c"] = [0]
            spot.x, d["y"], *spot.rest = range(5)
            (p, (q, spot.r)), [s, *t] = (1, (2, 3)), "four"
            for spot.i, d["j"] in [(1, 2), (3, 4)]:
                pass
            i = 0
            i, d[i] = 1, "after i"
            return a is spot.b is d["c"], vars(spot), d, p, q, s, t
        """,
    "chained comparison stops early": """
        log = []
        def v(n):
            log.append(n)
            return n
        def program():
            log.clear()
            return v(1) < v(2) < v(0) < v(9), 1 < v(3) != 4, v(1) in [1, 2] in [[1, 2]], log
        """,
    "and, or, not and conditional expressions": """
        def program():
            empty, full = [], [1]
            return (empty or full, empty and full, not empty, not full, full if full else empty,
                    0 or empty or None, [] and 1, (full and 0) or "x")
        """,
    "walrus": """
        def program():
            data = [3, 1, 2]
            if (n := len(data)) > 2:
                big = n
            pairs = [(last := x, last ** 2) for x in data]
            def inner():
                nonlocal n
                return (n := n + 1)
            return big, pairs, last, inner(), n, [y := 1, y + 1]
        """,
    "f-strings": """
        class P:
            def __format__(self, spec): return f"<{spec}>"
            def __repr__(self): return "P()"
        def program():
            x, items, width = 3.14159, [1, {"a": 2}], 10
            return (f"{x:.2f}|{x:{width}.{2}f}|{items!r:>20}|{P():abc}|{P()!r}|{x=:.1f}|{items=}"
                    f"|{'nested ' + f'{x}'}|{{}}")
        """,
    "match": """
        from dataclasses import dataclass
        @dataclass
        class Point:
            x: int
            y: int = 0
        class Color:
            RED = "red"
        def kind(value):
            match value:
                case Color.RED: return "a value"
                case Point(x=0, y=y): return f"on the axis, {y}"
                case Point(px, py) if px == py: return "diagonal"
                case [1, 2, *rest]: return rest
                case {"k": v, **others}: return v, others
                case (a, b) | [a, b, _]: return a + b
                case str() as text: return text.upper()
                case None | True: return "single"
                case _: return "other"
        def program():
            values = ["red", Point(0, 5), Point(2, 2), [1, 2, 3, 4], {"k": 1, "z": 2}, (3, 4), [3, 4, 5],
                      "text", None, True, 7.5]
            return [kind(value) for value in values]
        """,
    "private names": """
        class Safe:
            __slots__ = ("__code", "_Safe__extra")
            __count = 0
            def __init__(self):
                self.__code = 1
                self.__extra = 2
                Safe.__count += 1
            def open(self):
                __local = self.__code
                def inner(): return __local, self.__extra
                class _Inner:
                    __x = 5
                    def get(self): return self.__x
                return inner(), _Inner().get(), Safe.__count
        def program():
            return Safe().open(), sorted(n for n in dir(Safe) if "Safe__" in n)
        """,
    "slots and properties": """
        class Celsius:
            __slots__ = ("_degrees", "log")
            def __init__(self, degrees):
                self.log = []
                self.degrees = degrees
            @property
            def degrees(self): return self._degrees
            @degrees.setter
            def degrees(self, value):
                if value < -273: raise ValueError("too cold")
                self.log.append(value)
                self._degrees = value
            @degrees.deleter
            def degrees(self): del self._degrees
        def program():
            c = Celsius(20)
            c.degrees += 5
            try:
                c.degrees = -300
            except ValueError as error:
                message = str(error)
            try:
                c.other = 1
            except AttributeError as error:
                message += "; " + str(error).split(" and ")[0]
            value = c.degrees
            del c.degrees
            return c.log, value, message, hasattr(c, "degrees")
        """,
    "__getattr__, __setattr__ and __getattribute__": """
        class Proxy:
            def __init__(self, inner):
                object.__setattr__(self, "inner", inner)
                object.__setattr__(self, "log", [])
            def __getattr__(self, name):
                self.log.append(("get", name))
                return getattr(self.inner, name)
            def __setattr__(self, name, value):
                self.log.append(("set", name))
                super().__setattr__(name, value)
            def __delattr__(self, name):
                self.log.append(("del", name))
                super().__delattr__(name)
        class Loud:
            def __init__(self): self.n = 1
            def __getattribute__(self, name):
                return "loud " + name if name == "m" else super().__getattribute__(name)
        def program():
            p = Proxy([3, 1])
            p.sort()
            p.x = 1
            p.x += 1
            del p.x
            loud = Loud()
            return p.inner, p.log, loud.m, loud.n, getattr(loud, "q", None)
        """,
    "descriptors": """
        class Typed:
            def __set_name__(self, owner, name): self.name = "_" + name
            def __get__(self, obj, kind=None):
                return self if obj is None else getattr(obj, self.name)
            def __set__(self, obj, value): setattr(obj, self.name, int(value))
            def __delete__(self, obj): delattr(obj, self.name)
        class Lazy:
            def __init__(self, f): self.f = f
            def __set_name__(self, owner, name): self.name = name
            def __get__(self, obj, kind):
                value = obj.__dict__[self.name] = self.f(obj)
                return value
        class Thing:
            size = Typed()
            calls = 0
            def __init__(self, size): self.size = size
            @Lazy
            def area(self):
                self.calls += 1
                return self.size ** 2
        def program():
            t = Thing("3")
            t.size += 1
            result = t.area, t.area, t.calls, Thing.calls, sorted(vars(t)), type(Thing.size).__name__
            del t.size
            return result, hasattr(t, "size")
        """,
    "class data, instance data": """
        class Base:
            shared = 0
            items = []
            def grow(self):
                self.shared += 1
                type(self).shared += 10
                self.items.append(self.shared)
                return self
        class Sub(Base):
            pass
        def program():
            Base.shared, Base.items = 0, []
            a, b = Base().grow(), Sub().grow().grow()
            Sub.shared = "own"
            del Sub.shared
            b.grow = lambda: "mine"
            return a.shared, b.shared, Base.shared, Sub.shared, Base.items, b.grow(), Sub.items is Base.items
        """,
    "methods of classes": """
        import functools
        class Tool:
            made = []
            @classmethod
            def make(cls, *args, **kwargs):
                cls.made.append((args, kwargs))
                return cls()
            @staticmethod
            def double(n): return n * 2
            @functools.cached_property
            def slow(self):
                self.computed = getattr(self, "computed", 0) + 1
                return self.computed
            def __call__(self, x): return x + 1
            def __enter__(self): return self
            def __exit__(self, kind, error, tb): return kind is ValueError
        def program():
            Tool.made.clear()
            tool = Tool.make(1, *[2, 3], k=4, **{"m": 5})
            with tool as t, Tool() as u:
                raise ValueError("swallowed")
            return Tool.made, Tool.double(4), tool.slow, tool.slow, tool.computed, tool(1), t is tool
        """,
    "super and __class__": """
        class A:
            def __init__(self, n): self.n = n
            def name(self): return "A" + str(self.n)
            @classmethod
            def make(cls, n): return cls(n)
        class B(A):
            def __init__(self, n):
                super().__init__(n + 1)
                self.kind = __class__.__name__
            def name(self): return "B" + super().name() + super(B, self).name()
            @classmethod
            def make(cls, n): return super().make(n * 2)
        class L(list):
            def append(self, x):
                super().append(x)
                list.append(self, -x)
            @property
            def total(self): return sum(self)
        def program():
            b = B.make(3)
            xs = L([1])
            xs.append(5)
            xs.extra = 1
            return b.name(), b.kind, xs, xs.total, xs.extra, len(xs), xs[1:], L(xs) == xs
        """,
    "metaclasses and class decorators": """
        class Registry(type):
            known = {}
            def __new__(meta, name, bases, space, **options):
                cls = super().__new__(meta, name, bases, space)
                meta.known[name] = options
                return cls
            def __init__(cls, name, bases, space, **options): super().__init__(name, bases, space)
            def __call__(cls, *args):
                made = super().__call__(*args)
                made.stamp = "stamped"
                return made
            @property
            def loud(cls): return cls.__name__.upper()
        def tag(**marks):
            def mark(cls):
                for name, value in marks.items():
                    setattr(cls, name, value)
                return cls
            return mark
        @tag(color="red")
        class Thing(metaclass=Registry, size=3):
            def __init_subclass__(cls, **kw): cls.kw = kw
            def __init__(self, n=0): self.n = n
        class Sub(Thing, size=4):
            "A docstring."
            inherits: int
            x: int = 5
            y = [i * x for i in range(2)] if False else [k for k in (x,)]
        def program():
            return (Registry.known, Thing(2).stamp, Thing.color, Sub.loud, Sub.kw, Sub.__doc__,
                    Sub.__annotations__, Sub.y, type(Sub).__name__)
        """,
    "dataclasses": """
        from dataclasses import dataclass, field, replace, asdict, FrozenInstanceError
        @dataclass(order=True)
        class Item:
            name: str
            price: float = 0.0
            tags: list = field(default_factory=list)
        @dataclass(frozen=True, slots=True)
        class Fixed:
            n: int
            def __post_init__(self): object.__setattr__(self, "n", self.n + 1)
        def program():
            a, b = Item("a", 2), Item("b")
            a.tags.append("x")
            a.price += 1
            try:
                Fixed(1).n = 5
            except FrozenInstanceError as error:
                message = str(error)
            try:
                hash(a)
            except TypeError as error:
                unhashable = str(error)
            return (repr(a), a < b, a == replace(a), asdict(a), Fixed(1), {Fixed(1), Fixed(1)} == {Fixed(1)},
                    message, unhashable, f"{b}", sorted([b, a])[0].name)
        """,
    "enums and named tuples": """
        import enum
        from collections import namedtuple
        from typing import NamedTuple
        Point = namedtuple("Point", "x y")
        class Row(NamedTuple):
            name: str
            n: int = 3
            def both(self): return self.name * self.n
        class Color(enum.Enum):
            RED = 1
            GREEN = 2
            def lower(self): return self.name.lower()
        class Flag(enum.IntFlag):
            A = enum.auto()
            B = enum.auto()
        def program():
            p = Point(1, y=2)
            return (p, p._replace(x=5), Point.__module__, Row("a").both(), Color.RED.lower(), Color(2), Color["RED"],
                    list(Color), Flag.A | Flag.B, {Color.RED: 1}[Color.RED], Color.RED in Color)
        """,
    "decorators": """
        import functools
        calls = []
        def logged(f):
            @functools.wraps(f)
            def wrapper(*args, **kwargs):
                calls.append((f.__name__, args, kwargs))
                wrapper.count += 1
                return f(*args, **kwargs)
            wrapper.count = 0
            return wrapper
        def repeat(times):
            return lambda f: lambda *a: [f(*a) for _ in range(times)]
        @repeat(2)
        @logged
        def area(w, h=2): return w * h
        @functools.lru_cache(maxsize=None)
        def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
        @logged
        def plain(): "Docs."
        def program():
            calls.clear()
            plain()
            return area(3), calls, fib(30), fib.cache_info().misses > 0, plain.__doc__, plain.__name__, plain.count
        """,
    "generators": """
        def count(n):
            try:
                for i in range(n):
                    got = yield i
                    if got: yield got * 10
            finally:
                log.append("closed")
            return "done"
        def relay(n):
            result = yield from count(n)
            yield result
            yield from [1, 2]
            yield from {"k": 1}
        log = []
        def program():
            log.clear()
            g = relay(2)
            first = [next(g), g.send(7), next(g), next(g), next(g)]
            rest = list(g)
            h = count(5)
            next(h)
            h.close()
            t = relay(3)
            next(t)
            try:
                t.throw(KeyError("k"))
            except KeyError as error:
                caught = repr(error)
            numbers = (x * y for x in range(3) if x for y in (1, 2))
            total = sum(x for x in [1, 2, 3])
            try:
                next(numbers), next(numbers), next(numbers), next(numbers), next(numbers)
            except StopIteration:
                ended = True
            return first, rest, log, caught, total, ended, next(iter([]), "none")
        """,
    "iterators of one's own": """
        class Countdown:
            def __init__(self, n): self.n = n
            def __iter__(self): return self
            def __next__(self):
                self.n -= 1
                if self.n < 0: raise StopIteration
                return self.n
        class Bag:
            def __init__(self, *items): self.items = list(items)
            def __iter__(self): return iter(self.items)
            def __len__(self): return len(self.items)
            def __contains__(self, x): return x in self.items
            def __getitem__(self, i): return self.items[i]
            def __setitem__(self, i, x): self.items[i] = x
            def __delitem__(self, i): del self.items[i]
            def __bool__(self): return bool(self.items)
            def __add__(self, other): return Bag(*self, *other)
            def __iadd__(self, other):
                self.items += other
                return self
            def __eq__(self, other): return self.items == list(other)
        class Old:
            def __getitem__(self, i):
                if i > 2: raise IndexError
                return i * i
        def program():
            bag = Bag(3, 1, 2)
            bag[0] += 4
            del bag[1]
            same = bag
            bag += [9]
            a, *b = bag
            return (list(Countdown(3)), [x for x in bag], 9 in bag, len(bag + bag), same is bag, a, b, bag == (7, 2, 9),
                    list(Old()), [*Old()], 4 in Old(), sorted(bag), max(bag), bag[-1], bag[0:2], not Bag(),
                    list(zip(bag, Countdown(5))), list(map(str, bag)), list(enumerate(bag, 1)), list(reversed(bag)))
        """,
    "comprehensions": """
        def program():
            rows = [[1, 2], [3, 4]]
            data = {"a": 1, "b": 2}
            x = "outer"
            flat = [x for row in rows for x in row if x % 2 or x > 2]
            table = {k: [v * i for i in range(v)] for k, v in data.items()}
            fs = [lambda y=y: (x, y) for y in "ab"]
            gs = [[lambda: (i, j) for i in range(2)] for j in range(2)]
            return (flat, table, {len(r) for r in rows}, [f() for f in fs], x, [[g() for g in row] for row in gs],
                    list(i for i in (lambda: [k for k in data])()))
        """,
    "comprehensions in a class body": """
        class Grid:
            size = 2
            cells = [(i, j) for i in range(size) for j in (0, 1)]
            makers = [lambda: i for i in range(size)]
            width = len(cells)
            for k in cells: pass
            other, extra = cells[0]
            size += 1
            if size > 2: big = True
            try:
                1 / 0
            except ZeroDivisionError:
                failed = True
        def program():
            return Grid.cells, [m() for m in Grid.makers], sorted(n for n in vars(Grid) if n[0] not in "_"), Grid.size
        """,
    "try, except, else, finally": """
        log = []
        def work(kind):
            try:
                log.append("try")
                if kind: raise kind("x")
            except (KeyError, IndexError) as error:
                log.append(type(error).__name__)
                return "lookup"
            except Exception:
                try:
                    raise
                except ValueError as again:
                    raise RuntimeError("wrapped") from again
            except BaseException:
                return "base"
            else:
                return "fine"
            finally:
                log.append("finally")
        def odd():
            for i in range(3):
                try:
                    continue
                finally:
                    if i == 1: break
            else:
                return "no"
            return i
        def program():
            log.clear()
            results = [work(None), work(KeyError), work(SystemExit), odd()]
            try:
                work(ValueError)
            except RuntimeError as error:
                results.append((str(error), repr(error.__cause__), error.__context__ is error.__cause__))
            try:
                error
            except NameError as gone:
                results.append(str(gone))
            return results, log
        """,
    "exception groups": """
        def program():
            caught = []
            try:
                raise ExceptionGroup("many", [ValueError(1), TypeError(2), KeyError(3)])
            except* ValueError as group:
                caught.append(("v", len(group.exceptions)))
            except* (TypeError, KeyError) as group:
                caught.append(("o", len(group.exceptions)))
            return caught
        """,
    "with statements": """
        import contextlib
        log = []
        @contextlib.contextmanager
        def managed(name):
            log.append("enter " + name)
            try:
                yield name
            except ValueError:
                log.append("caught in " + name)
            finally:
                log.append("exit " + name)
        class Spot: pass
        def program():
            log.clear()
            spot, d = Spot(), {}
            with managed("a") as spot.a, managed("b") as d["b"], managed(spot.a + d["b"]) as (first, second):
                raise ValueError
            with contextlib.suppress(KeyError), managed("z"):
                {}["missing"]
            with contextlib.ExitStack() as stack:
                stack.enter_context(managed("s"))
                stack.callback(log.append, "callback")
            return log, spot.a, d, first, second
        """,
    "star-args": """
        def f(*args, **kwargs): return args, kwargs
        def g(a, /, b, *, c=3): return a, b, c
        def program():
            xs, d = [1, 2], {"c": 5}
            return (f(*xs, *"ab", **d, e=1), g(*xs, **d), [*xs, 0, *xs], {*xs, 9}, {**d, "c": 1, **{"z": 2}},
                    f(*(i for i in xs)), f(*{}, **{}), (*xs,))
        """,
    "del": """
        class Spot: pass
        def program():
            xs, d, s = [1, 2, 3, 4], {"a": 1, "b": 2}, Spot()
            s.x = s.y = 1
            del xs[0], d["a"], s.x
            del xs[:1], (s.y)
            n = 1
            del n
            try:
                n
            except UnboundLocalError as error:
                message = type(error).__name__
            try:
                del d["a"]
            except KeyError as error:
                message += repr(error)
            return xs, d, vars(s), message
        """,
    "containers": """
        from collections import Counter, OrderedDict, defaultdict, deque
        def program():
            xs = [5, 3, 9]
            xs.append(1); xs.sort(reverse=True); xs.insert(0, 7); xs[1:3] = [0]; xs.reverse()
            d = defaultdict(list, {"k": [0]})
            d["k"].append(1); d["new"].append(2); d.setdefault("s", []).extend(xs)
            d.update(other=1, **{"more": 2}); popped = d.pop("other"), d.pop("gone", None)
            q = deque(xs, maxlen=3); q.appendleft(8); q.rotate(1); q += [4]
            c = Counter("hello"); c.update("l"); c["z"] += 2
            o = OrderedDict(a=1, b=2); o.move_to_end("a")
            s = {3, 1}; s.add(2); s.discard(9); s -= {1}; s ^= {7}
            b = bytearray(b"ab"); b += b"c"; b[0] = 65
            t = (xs, 1); t[0].append("in a tuple")
            append = xs.append
            append("later")
            return (xs, dict(d), popped, q, c.most_common(2), c["z"], c["none"], o, s, b, t, 3 in s, "k" in d, "x" not in d,
                    list(d.items())[0], sorted(c), d.get("k"), d.get("none", 0), xs.index(1), xs.count(0), xs * 2, [0] * 2,
                    s | {1}, s & {2}, xs + [1], {"a": 1} | {"b": 2}, xs == list(xs), xs < [99], "-".join(["a", "b"]),
                    xs[-1], xs[::2], xs.copy() is xs, list(map(None.__class__, [])), [*reversed(xs)][:1],
                    repr(append)[:9], append == xs.append, callable(append))
        """,
    "mutation while iterating": """
        def program():
            messages = []
            d, s, xs = {1: 1}, {1}, [1, 2, 3]
            try:
                for k in d: d[k + 1] = 1
            except RuntimeError as error:
                messages.append(str(error))
            try:
                for k in s: s.add(k + 1)
            except RuntimeError as error:
                messages.append(str(error))
            for x in xs:
                if x < 10: xs.append(x + 7)
            return messages, xs
        """,
    "errors and their messages": """
        def attempts():
            class C: n = 1
            c, xs, d = C(), [1], {"a": 1}
            yield lambda: c.missing
            yield lambda: xs[5]
            yield lambda: d["b"]
            yield lambda: xs["a"]
            yield lambda: xs + 1
            yield lambda: 1 in 2
            yield lambda: xs < d
            yield lambda: c()
            yield lambda: c[0]
            yield lambda: len(5)
            yield lambda: [x for x in 5]
            yield lambda: (lambda a: a)()
            yield lambda: xs.append()
            yield lambda: d.popitem(1)
            yield lambda: int("x")
            yield lambda: undefined_name
            yield lambda: max([])
            yield lambda: (1).real.imag.nothing
            yield lambda: None.x
            yield lambda: xs.remove(9)
            yield lambda: exec("1 +")
            yield lambda: getattr(c, "missing")
            yield lambda: setattr(5, "x", 1)
            yield lambda: next(iter([]))
            yield lambda: xs @ xs
            yield lambda: {}.x
        def program():
            messages = []
            for attempt in attempts():
                try:
                    attempt()
                except Exception as error:
                    messages.append((type(error).__name__, str(error)))
                else:
                    messages.append("no error")
            n = 1
            try:
                n += "x"
            except TypeError as error:
                messages.append(str(error))
            try:
                a, b = [1, 2, 3]
            except ValueError as error:
                messages.append(str(error))
            return messages
        """,
    "async code that nobody awaits": """
        class A:
            async def __aenter__(self): return self
            async def __aexit__(self, *args): return False
            def __aiter__(self): return self
            async def __anext__(self): raise StopAsyncIteration
        async def work(n):
            total = 0
            async with A() as a, A():
                async for x in a:
                    total += x
                else:
                    total += n
            return [y async for y in a], total, await other(n), [await other(z) for z in (1, 2)]
        async def other(n): return n * 2
        def program():
            c = work(3)
            try:
                c.send(None)
            except StopIteration as stop:
                return stop.value
        """,
    "recursion": """
        import sys
        def fact(n): return 1 if n < 2 else n * fact(n - 1)
        def deep(n): return deep(n + 1)
        class Tree:
            def __init__(self, depth): self.kids = [Tree(depth - 1) for _ in range(2)] if depth else []
            def size(self): return 1 + sum(kid.size() for kid in self.kids)
        def program():
            try:
                deep(0)
            except RecursionError as error:
                message = str(error)
            try:
                deep(0)
            except:
                again = True
            return fact(100), Tree(4).size(), message, again
        """,
    "strings of code": """
        def program():
            space = {"n": 2}
            exec("def f(x):\\n    return x + n\\nclass K:\\n    v = [f(i) for i in range(3)]", space)
            local = 5
            exec("local = 6; made = local")
            return space["f"](3), space["K"].v, eval("n * 2", space), eval("local + 1"), eval("[i for i in (1, 2)]"), local
        """,
    "introspection": """
        def program(a=1, *, b: int = 2) -> int:
            "Doc."
            here = locals()
            class K:
                x = 1
                def m(self): "M."
            return (sorted(here), program.__name__, program.__doc__, program.__defaults__, program.__kwdefaults__,
                    program.__annotations__, K.m.__doc__, K.__qualname__, vars(K())  , isinstance(K(), K), callable(K),
                    sorted(dir())[:2], type(K.m).__name__, K.__mro__[1], program.__code__.co_varnames[:2])
        """,
    "a docstring and no body": '''
        """A module docstring."""
        from __future__ import annotations
        x: undefined_annotation = 1
        def program(a: whatever = 3) -> nothing:
            """Only this."""
            y: also_nothing = 2
            z: nor_this
            return __doc__, program.__annotations__, y
        ''',
    "sorting with learner code": """
        from functools import cmp_to_key, total_ordering, reduce, singledispatch
        import operator, itertools
        @total_ordering
        class V:
            def __init__(self, n): self.n = n
            def __eq__(self, o): return self.n == o.n
            def __lt__(self, o): return self.n < o.n
            def __hash__(self): return hash(self.n)
            def __repr__(self): return f"V({self.n})"
        @singledispatch
        def kind(x): return "object"
        @kind.register
        def _(x: int): return "int"
        @kind.register(list)
        def _(x): return "list"
        def program():
            vs = [V(3), V(1), V(2)]
            return (sorted(vs), max(vs), min(vs, key=lambda v: -v.n), V(1) >= V(0), {V(1), V(1)}, reduce(operator.add, [1, 2, 3]),
                    sorted([3, 1], key=cmp_to_key(lambda a, b: b - a)), kind(1), kind([]), kind(""),
                    [(k, list(g)) for k, g in itertools.groupby([1, 1, 2])], list(itertools.chain([1], {2})), operator.itemgetter(1)([5, 6]),
                    list(filter(None, [0, 1])), any(v.n > 2 for v in vs), all([]), sum([[1], [2]], []))
        """,
    "output": """
        import sys
        def program():
            print("a", [1], sep="-", end="!\\n")
            print(file=sys.stdout)
            sys.stdout.write("w\\n")
            print({"k": (1, 2)}, flush=True)
            print(*[1, 2])
        """,
    "an error leaves the program": """
        class Account:
            def __init__(self): self.balance = 1
            def take(self, n):
                if n > self.balance:
                    raise ValueError(f"only {self.balance} left")
                self.balance -= n
        def program():
            account = Account()
            account.take(1)
            for n in [0, 5]:
                account.take(n)
        """,
    "an assertion fails": """
        def program():
            seen = {"a": [1]}
            assert seen, "never"
            assert seen["a"] == [2], f"expected 2, got {seen['a']}"
        """,
    "names of builtins hidden": """
        def len(x): return "mine"
        def program():
            list = lambda x: ("list", x)
            def sorted(x, *more): return x[::-1]
            id = 5
            return len([1]), list([1]), sorted([1, 2]), id, [print for print in (1, 2)]
        """,
    "local containers": """
        def keep(x, store=[]):
            store.append(x)
            return store
        def program():
            a, b, c = [], {}, set()
            rows = [[0] * 2 for _ in range(2)]
            seen = {}
            names = list("abc")
            for i, n in enumerate(names):
                seen[n] = i
                seen[n] += 1
                seen.setdefault("all", []).append(n)
            names += ["d"]
            names[0] = "A"
            del names[1], seen["b"]
            names.extend(x for x in ["e"])
            b.update({"z": 1}); c |= {4}
            total = sum(len(r) for r in rows)
            if not a and seen: a = [1]
            kept = keep(c)
            return (names, seen, total, a, kept[-1] is c, [n for n in names if n in seen], max(seen["all"]), f"{names}",
                    [*names], sorted(seen.items(), key=str)[:1], *a, {**b}, "x" in names, names != ["q"])
        """,
}


def _lines(error, files):
    """Lines and functions of the learner's frames in a traceback."""
    return [
        (frame.lineno, frame.name)
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename in files
    ]


def _outcome(program):
    """What a program does when it is called: result, output, error."""
    output = io.StringIO()
    result = error = None
    with contextlib.redirect_stdout(output):
        try:
            result = program()
        except Exception as caught:
            error = caught
    return result, output.getvalue(), error


@pytest.mark.parametrize("text", SNIPPETS.values(), ids=SNIPPETS)
def test_a_program_behaves_as_before(notebook, text):
    notebook.cell(text)
    notebook.cell("def shown(): return repr(program())")
    result, output, error = _outcome(notebook["shown"])

    run = simulate(notebook["shown"])

    if error is None:
        assert run.error is None, "".join(traceback.format_exception(run.error))
    assert _shown(result) == _shown(run.result)
    assert output == run.output
    assert (type(error), str(error)) == (type(run.error), str(run.error))
    if error is not None:
        assert _lines(error, notebook.files) == _lines(run.error, notebook.files)


def _shown(text):
    """A repr without addresses."""
    return text and re.sub(r" at 0x[0-9a-f]+", "", text)


@pytest.mark.parametrize("text", SNIPPETS.values(), ids=SNIPPETS)
def test_a_program_without_threads_has_one_schedule(notebook, text):
    notebook.cell(text)

    report = explore(notebook["program"])

    assert 1 == report.coverage.schedules


# -- the standard library's own code, rewritten ---------------------------------------------------

_LIBRARY = {
    "textwrap": """
        text = "The quick brown fox jumps over the lazy dog. " * 4
        return (m.wrap(text, 30), m.fill(text, 20, initial_indent="* "), m.shorten(text, 25), m.indent("a\\nb", "> "),
                m.dedent("   x\\n     y"))
        """,
    "heapq": """
        heap = []
        for n in [5, 1, 8, 3, 9, 2]: m.heappush(heap, n)
        return ([m.heappop(heap) for _ in range(3)], heap, m.heapreplace(heap, 4), m.nsmallest(2, [4, 1, 3], key=lambda x: -x),
                m.nlargest(2, "hello"), list(m.merge([1, 4], [2, 3])), m.heapify(heap))
        """,
    "statistics": """
        data = [2.5, 3.25, 5.5, 11.25, 11.75]
        return (m.mean(data), m.median(data), m.pstdev(data), m.mode("aab"), m.quantiles(data), m.fmean([1, 2]),
                m.NormalDist(0, 1) + 3, m.linear_regression([1, 2, 3], [2, 4, 7]))
        """,
    "fractions": """
        F = m.Fraction
        return F(3, 4) + F("1/3"), F(0.5) ** 2, round(F(7, 2)), F(1, 3) < 1, hash(F(1, 2)), divmod(F(7), 2), repr(F("2.5"))
        """,
    "string": """
        return m.Template("$who likes ${what}").substitute(who="tim", what="kung pao"), m.capwords("a b c"), m.Formatter().format("{0:>4}|{x!r}", 1, x="y")
        """,
    "difflib": """
        a, b = "one two three four".split(), "ore two tree emu".split()
        return (list(m.unified_diff(a, b, lineterm="")), list(m.ndiff(a, b)), m.SequenceMatcher(None, "abcd", "bcde").ratio(),
                m.get_close_matches("appel", ["ape", "apple", "peach"]))
        """,
    "argparse": """
        parser = m.ArgumentParser(prog="p", exit_on_error=False)
        parser.add_argument("files", nargs="*")
        parser.add_argument("-n", type=int, default=3)
        parser.add_argument("--flag", action="store_true")
        sub = parser.parse_args(["a", "b", "-n", "7", "--flag"])
        return vars(sub), parser.format_usage()
        """,
    "ast": """
        tree = m.parse("def f(a, *, b=1):\\n    return [x for x in a if x > b]")
        names = sorted(n.id for n in m.walk(tree) if isinstance(n, m.Name))
        class Up(m.NodeTransformer):
            def visit_Name(self, node): return m.Name(node.id.upper(), node.ctx)
        return m.dump(tree), m.unparse(Up().visit(tree)), names, m.literal_eval("{'a': [1, (2, -3)]}")
        """,
    "dataclasses": """
        @m.dataclass(order=True)
        class P:
            x: int
            y: list = m.field(default_factory=list, compare=False)
        p = P(1)
        p.y.append(2)
        return repr(p), m.asdict(p), P(1) == P(1, [5]), P(0) < p, [f.name for f in m.fields(P)], m.replace(p, x=9), m.is_dataclass(P)
        """,
    "shlex": """
        return m.split("a 'b c' d\\\\ e # f", comments=True), m.quote("it's"), m.join(["a b", "c"])
        """,
    "configparser": """
        c = m.ConfigParser()
        c.read_string("[a]\\nx = 1\\ny = %(x)s2\\n[b]\\nz: yes")
        return {s: dict(c[s]) for s in c.sections()}, c.getint("a", "y"), c["b"].getboolean("z")
        """,
    "pprint": """
        return m.pformat({"k": list(range(30)), "n": {"deep": ["x" * 40, "y" * 40]}}), m.saferepr([1, (2,)])
        """,
    "graphlib": """
        return tuple(m.TopologicalSorter({"D": {"B", "C"}, "B": {"A"}, "C": {"B"}}).static_order())
        """,
    "ipaddress": """
        net = m.ip_network("192.168.0.0/29")
        return [str(h) for h in net.hosts()], m.ip_address("::1").is_loopback, m.ip_address("10.0.0.1") + 5
        """,
    "csv": """
        import io
        out = io.StringIO()
        w = m.DictWriter(out, ["a", "b"])
        w.writeheader()
        w.writerow({"a": 1, "b": "x,y"})
        return out.getvalue(), [dict(r) for r in m.DictReader(io.StringIO(out.getvalue()))], m.Sniffer().sniff("a;b\\n1;2\\n").delimiter
        """,
    "copy": """
        a = [1, {"k": [2]}, (3,)]
        a.append(a)
        b = m.deepcopy(a)
        return b[3] is b, b[1]["k"] is not a[1]["k"], m.copy(a)[1] is a[1]
        """,
    "reprlib": """
        r = m.Repr()
        r.maxlist = 2
        return r.repr(list(range(9))), m.repr("x" * 99), r.repr({1: {2: {3: {4: {}}}}})
        """,
    "enum": """
        class C(m.Enum):
            A = m.auto()
            B = "b"
        class F(m.Flag):
            X = 1
            Y = 2
        return [c.name for c in C], C("b").name, (F.X | F.Y).value, repr(C.A), F.X in F.X | F.Y
        """,
}


@pytest.fixture
def importable(tmp_path, monkeypatch):
    """A folder of modules of the learner's."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.mark.parametrize("name", _LIBRARY)
def test_the_library_s_own_code_behaves_as_before(notebook, importable, name):
    """A module of the standard library, copied under another name, is a learner's module."""
    source = Path(importlib.import_module(name).__file__).read_text("utf-8")
    # Without the C versions, which would replace what is rewritten here.
    source = re.sub(
        r"^( *)from _(heapq|statistics|csv_none) import .*$", r"\1pass", source, flags=re.MULTILINE
    )
    (importable / f"mine_{name}.py").write_text(source, "utf-8")
    notebook.cell(f"import mine_{name} as m\ndef work():" + _LIBRARY[name])
    notebook.cell("def program(): return repr(work())")
    expected = notebook["program"]()

    run = simulate(notebook["program"])

    assert run.error is None, "".join(traceback.format_exception(run.error))
    assert _shown(expected) == _shown(run.result)
    assert len(run.events) > 5 or name in ("graphlib", "copy", "reprlib")


# -- what is announced ------------------------------------------------------------------------------


def _steps(notebook, text, kinds=("read", "write", "delete", "call")):
    """Kind and target of every access that a program makes."""
    notebook.cell(text)
    run = simulate(notebook["program"])
    assert run.error is None, "".join(traceback.format_exception(run.error))
    return [(event.kind, event.target) for event in run.events if event.kind in kinds]


def test_an_update_is_a_read_and_a_write(notebook):
    text = """
        class Counter: pass
        def program():
            c = Counter()
            c.n = 0
            c.n += 1
        """

    assert [("write", "c.n"), ("read", "c.n"), ("write", "c.n")] == _steps(notebook, text)


def test_values_before_and_after_are_recorded(notebook):
    notebook.cell("""
        class Counter: pass
        def program():
            c, d = Counter(), {"k": 1}
            c.n = 5
            c.n += 1
            other = d
            other["k"] = 2
        """)

    run = simulate(notebook["program"])

    assert [(None, "5"), ("5", None), ("5", "6"), ("1", "2")] == [
        (event.before, event.after) for event in run.events
    ][-4:] or [("None", "5"), ("5", None), ("5", "6"), ("1", "2")] == [
        (event.before, event.after) for event in run.events
    ]


def test_globals_that_functions_rebind_are_announced(notebook):
    text = """
        total = 0
        constant = 5
        def add():
            global total
            total += constant
        def program():
            add()
            return total
        """

    assert [("read", "total"), ("write", "total"), ("read", "total")] == _steps(notebook, text)


def test_variables_of_closures_that_change_are_announced(notebook):
    text = """
        def program():
            count, fixed = 0, 2
            def add():
                nonlocal count
                count += fixed
            add()
            return count
        """

    assert [("write", "count"), ("read", "count"), ("write", "count"), ("read", "count")] == _steps(
        notebook, text
    )


def test_a_late_bound_loop_variable_is_announced(notebook):
    text = """
        def program():
            fs = [lambda: i for i in range(2)]
            return fs[0]()
        """

    assert [("write", "range(2)"), ("write", "range(2)"), ("read", "i")] == _steps(notebook, text)


def test_a_container_that_stays_in_its_function_is_not_announced(notebook):
    text = """
        def program():
            xs = [1]
            xs.append(2)
            for x in xs:
                xs[0] += x
            return len(xs), sorted(xs), xs
        """

    assert [] == _steps(notebook, text)


@pytest.mark.parametrize(
    "leak",
    [
        "keep(xs)",
        "other = xs",
        "box.xs = xs",
        "pair = (xs, 1)",
        "f = lambda: xs",
        "it = iter(xs)",
        "m = xs.append",
        "xs = keep",
        "g = (x for x in xs)",
        "default = [] or xs",
        "v = {}; v['k'] = xs",
    ],
)
def test_a_container_that_is_handed_on_is_announced(notebook, leak):
    text = f"""
        class Box: pass
        box = Box()
        def keep(x): return x
        def program():
            xs = [1]
            if False:
                {leak}
            xs.append(2)
        """

    assert ("write", "xs.append") in _steps(notebook, text) or "= keep" in leak


def test_items_of_a_dict_are_told_apart(notebook):
    notebook.cell("""
        class Box: pass
        def program():
            box = Box()
            box.d = {"a": 1, "b": 2}
            box.d["a"] += 1
            box.d["b"] = 5
            len(box.d)
        """)

    run = simulate(notebook["program"])

    where = {event.target: event.where for event in run.events}
    assert where['box.d["a"]'] != where['box.d["b"]']


def test_contents_are_read_by_builtins_loops_tests_and_operators(notebook):
    text = """
        class Box: pass
        def program():
            box = Box()
            box.xs = xs = [1, 2]
            again = xs
            len(xs); sorted(xs); sum(xs); list(xs); f"{xs}"; not xs; 1 in xs; xs == []; xs + []; print(*xs)
        """

    reads = [target for kind, target in _steps(notebook, text, ("read", "call"))]

    assert 10 <= len(reads)


def test_what_the_learner_does_not_share_takes_no_step(notebook):
    text = """
        import math
        LIMIT = 10
        class Thing:
            SIZE = 3
            def area(self): return self.SIZE * LIMIT
        def helper(n): return n * 2
        def program():
            x = helper(3) + math.sqrt(4)
            for i in range(3):
                x += i
            return x, "a".upper(), (1, 2)[0], Thing().area(), isinstance(x, float)
        """

    assert [] == _steps(notebook, text)


def test_an_iterator_made_on_the_spot_takes_no_step(notebook):
    text = """
        import itertools
        def numbers():
            yield 1
            yield 2
        def program():
            text = ", ".join(map(str, (1, 2)))
            pairs = sorted(zip("ab", (2, 1)), key=lambda pair: pair[1])
            xs = [*numbers()]
            xs.extend(zip("ab", "cd"))
            one, two = map(int, "12")
            for n in itertools.count():
                if n in xs:
                    break
            return text, dict(pairs), max(map(int, "12"), default=0), "%s" % (n,), list(numbers())
        """

    assert [] == _steps(notebook, text, ("read", "write", "call"))


def test_what_is_in_a_new_list_is_announced(notebook):
    text = """
        class Box: pass
        def program():
            box = Box()
            box.xs = [1]
            xs = box.xs
            return str([xs]), xs in [xs]
        """

    assert [("write", "box.xs"), ("read", "box.xs"), ("read", "[xs]"), ("read", "xs")] == _steps(
        notebook, text
    )


def test_class_data_that_somebody_rebinds_is_announced(notebook):
    text = """
        class Thing:
            total = 0
            def grow(self): self.total += 1
        def program():
            Thing().grow()
            Thing.total += 1
        """

    assert [
        ("read", "self.total"),
        ("write", "self.total"),
        ("read", "Thing.total"),
        ("write", "Thing.total"),
    ] == (_steps(notebook, text))


def test_attributes_reached_by_calls_are_announced(notebook):
    text = """
        class Thing: pass
        def program():
            t = Thing()
            setattr(t, "a", 1)
            getattr(t, "a")
            hasattr(t, "b")
            t.__dict__["a"] = 2
            vars(t)["a"]
            object.__setattr__(t, "a", 3)
            delattr(t, "a")
        """

    kinds = [kind for kind, _ in _steps(notebook, text)]

    assert ["write", "read", "read", "write", "read", "write", "delete"] == kinds


# -- and is seen to race ------------------------------------------------------------------------------

# What two threads do at the same time, how it is set up, what is looked at, and all that can come out.
RACES = {
    "a class's datum, through instances": (
        "c.total += 1",
        "class C: total = 0\nc = C()",
        "c.total",
        {1, 2},
    ),
    "a class's datum": ("C.total += 1", "class C: total = 0", "C.total", {1, 2}),
    "a slot": ("c.n += 1", "class C: __slots__ = 'n'\nc = C()\nc.n = 0", "c.n", {1, 2}),
    "a function's attribute": ("f.n += 1", "def f(): pass\nf.n = 0", "f.n", {1, 2}),
    "a mutable default": (
        "f()",
        "def f(seen=[0]): seen[0] += 1; return seen[0]",
        "f() - 1",
        {1, 2},
    ),
    "an item": ("d['k'] += 1", "d = {'k': 0}", "d['k']", {1, 2}),
    "an item of a list, from both ends": (
        "xs[-1] += 1; xs[1] += 0",
        "xs = [0, 0]",
        "xs[1]",
        {1, 2},
    ),
    "setattr and getattr": (
        "setattr(c, 'n', getattr(c, 'n') + 1)",
        "class C: pass\nc = C()\nc.n = 0",
        "c.n",
        {1, 2},
    ),
    "an attribute and its __dict__": (
        "vars(c)['n'] = c.n + 1",
        "class C: pass\nc = C()\nc.n = 0",
        "c.n",
        {1, 2},
    ),
    "a property over an attribute": (
        "c.n += 1",
        """
class C:
    _n = 0
    @property
    def n(self): return self._n
    @n.setter
    def n(self, value): self._n = value
c = C()
""",
        "c.n",
        {1, 2},
    ),
    "a dataclass": (
        "c.n += 1",
        "from dataclasses import dataclass\n@dataclass\nclass C: n: int = 0\nc = C()",
        "c.n",
        {1, 2},
    ),
    "len, then append": ("if len(xs) < 1: xs.append(1)", "xs = []", "len(xs)", {1, 2}),
    "truth, then append": ("if not xs: xs.append(1)", "xs = []", "len(xs)", {1, 2}),
    "in, then add": (
        "if 1 not in s:\n    s.add(1); made.append(1)",
        "s = set(); made = []",
        "len(made)",
        {1, 2},
    ),
    "get, then set": ("d['k'] = d.get('k', 0) + 1", "d = {}", "d['k']", {1, 2}),
    "comparison, then append": ("if xs == []: xs.append(1)", "xs = []", "len(xs)", {1, 2}),
    "max, then append": ("xs.append(max(xs) + 1)", "xs = [0]", "max(xs)", {1, 2}),
    "a method kept in a variable": (
        "look = xs.count\nif look(1) == 0: xs.append(1)",
        "xs = []",
        "len(xs)",
        {1, 2},
    ),
    "an f-string, then append": ("if f'{xs}' == '[]': xs.append(1)", "xs = []", "len(xs)", {1, 2}),
    "addition, then binding": (
        "c.xs = c.xs + [1]",
        "class C: pass\nc = C()\nc.xs = []",
        "len(c.xs)",
        {1, 2},
    ),
    "unpacking is one read": (
        "if me: pair[0] = 1; pair[1] = 1\nelse: a, b = pair; seen.append((a, b))",
        "pair = [0, 0]; seen = []",
        "seen[0]",
        {(0, 0), (1, 0), (1, 1)},
    ),
    "star-arguments are one read": (
        "if me: pair[0] = 1; pair[1] = 1\nelse: seen.append((lambda *a: a)(*pair))",
        "pair = [0, 0]; seen = []",
        "seen[0]",
        {(0, 0), (1, 0), (1, 1)},
    ),
    "iterating is a read for each item": (
        "if me: pair[0] = 1; pair[1] = 1\nelse: seen.append([x for x in pair])",
        "pair = [0, 0]; seen = []",
        "tuple(seen[0])",
        {(0, 0), (1, 0), (1, 1), (0, 1)},
    ),
    "map, zip and enumerate look later": (
        "if me: pair[0] = 1; pair[1] = 1\nelse: seen.append([x for x, _ in zip(map(int, pair), range(2))])",
        "pair = [0, 0]; seen = []",
        "tuple(seen[0])",
        {(0, 0), (1, 0), (1, 1), (0, 1)},
    ),
    "an append is one step": ("xs.append(1)", "xs = []", "len(xs)", {2}),
    "setdefault is one step": ("d.setdefault('k', []).append(1)", "d = {}", "len(d['k'])", {2}),
    "list += is a read and a write": (
        "c.xs += [1]",
        "class C: pass\nc = C()\nc.xs = []",
        "len(c.xs)",
        {2},
    ),
    "a cached property may be computed twice": (
        "c.n",
        """
import functools
class C:
    made = 0
    @functools.cached_property
    def n(self):
        C.made += 1
        return C.made
c = C()
""",
        "C.made",
        {1, 2},
    ),
    "an iterator hands out every item once": (
        "got.append(next(it))",
        "it = iter([1, 2]); got = []",
        "sorted(got) == [1, 2]",
        {True},
    ),
    "a generator cannot run twice at once": (
        """
try:
    got.append(next(gen))
except ValueError as error:
    got.append(str(error))
""",
        """
class C: n = 0
c = C()
def make():
    c.n += 1
    yield c.n
    c.n += 1
    yield c.n
gen = make(); got = []
""",
        "sorted(map(str, got)) in (['1', '2'], ['1', 'generator already executing'])",
        {True},
    ),
    "deletion": (
        "try:\n    del d['k']\n    got.append('deleted')\nexcept KeyError:\n    got.append('gone')",
        "d = {'k': 1}; got = []",
        "tuple(sorted(got))",
        {("deleted", "gone")},
    ),
}


@pytest.mark.parametrize(("body", "setup", "look", "expected"), RACES.values(), ids=RACES)
def test_all_that_can_come_out_is_found(notebook, body, setup, look, expected):
    notebook.cell("import threading\n" + setup)
    lines = "\n".join(f"        {line}" for line in body.splitlines())
    notebook.cell(f"""
def program():
    def work(me):
{lines}
    threads = [threading.Thread(target=work, args=(me,)) for me in (False, True)]
    for t in threads: t.start()
    for t in threads: t.join()
    return {look}
""")

    report = explore(notebook["program"])

    assert report.failure is None, report.failure
    assert expected == set(report.outcomes)
    assert report.coverage.complete


# -- the tree -----------------------------------------------------------------------------------------


def test_lines_and_columns_stay(notebook):
    text = "def f(self, xs):\n    self.a = xs[0]\n    return [x.b for x in self.c]\n"
    tree = rewrite(
        ast.parse(text), shared_globals=frozenset(), sites=Sites(), lines=text.splitlines()
    )

    lines = {node.lineno for node in ast.walk(tree) if hasattr(node, "lineno")}

    assert {1, 2, 3} == lines
    compile(tree, "x", "exec")


def test_a_site_knows_its_place_and_text():
    text = "def f(self):\n    self.é.a += 1\n"
    sites = Sites()
    rewrite(
        ast.parse(text),
        shared_globals=frozenset(),
        sites=sites,
        file="f.py",
        lines=text.splitlines(),
    )

    assert ("f.py", 2, "self.é.a") in [(site.file, site.line, site.text) for site in sites.values()]


def test_the_surface_is_what_code_may_rebind():
    text = """
import settings
def f(self):
    global a
    settings.b = self.c = 1
    del self.d
"""

    found = surface([ast.parse(text)])

    assert {"a", "b"} == found.globals
    assert {"b", "c", "d"} == found.attributes
    assert not found.reflective
    assert surface([ast.parse("setattr(x, n, 1)")]).reflective


def test_names_find_their_scopes():
    text = """
def f(a):
    b = 1
    class C:
        b = 2
        def m(self):
            return a, b, g, [b for c in b]
    a = 2
    return lambda: b
"""
    scopes = Scopes(ast.parse(text))
    (function,) = [s for s in scopes if getattr(s.node, "name", "") == "f"]
    (method,) = [s for s in scopes if getattr(s.node, "name", "") == "m"]

    assert function is method.owner("a")
    assert function is method.owner("b")
    assert method.owner("g") is None
    assert {"a"} == function.hot
