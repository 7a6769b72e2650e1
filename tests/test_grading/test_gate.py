"""What could reach the checks is seen in a learner's text, and nothing else is taken for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from taketurns.course._exercise import read_cells
from taketurns.grading.gate import reaches

ROOT = Path(__file__).resolve().parents[2]
GIVEN = ("import threading\nimport time\n\nfrom taketurns import explore",)
MASTERS = {path.parent.name: path for path in ROOT.glob("source/*/*.ipynb")}
RIGHT = sorted((ROOT / "tests" / "answers").glob("*/*/right/*.py"))
# Names that are made up while the code runs may be any names, and who has a report may change it:
# a human looks.
UNDECIDED = {
    "explored_after_all.py",
    "join_extended.py",
    "local_subclass.py",
    "on_the_thread_itself.py",
}


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: "-".join(path.parts[-4:]))
def test_right_answers_reach_for_nothing(path):
    given = [cell.source for cell in read_cells(MASTERS[path.parts[-4]]) if not cell.solution]

    assert bool(reaches([path.read_text("utf-8")], given)) == (path.name in UNDECIDED)


@pytest.mark.parametrize(
    "source",
    [
        "import threading\nfrom threading import Lock, Thread",
        "from concurrent.futures import ThreadPoolExecutor as Pool",
        "import collections.abc\nfrom dataclasses import dataclass, field",
        "def handler(args):\n    pass\n\n\nthreading.excepthook = handler",
        "class Stop(Exception):\n    def __str__(self):\n        return 'stop'",
        "class Queue:\n    def __len__(self):\n        return 0",
        "class Queue:\n    def __iter__(self):\n        yield from ()",
        "value = getattr(object(), 'value', None)",
        "def count(self):\n    '''Uses `__init__`.'''\n    return self.__class__.__name__",
        "def work():\n    global total\n    total = 1\n\n\ntotal = 0",
        "thread = threading.Thread()\nself.thread = thread\nsys = types = 1",
        "sum_of = sum([1, 2])\nnames = {name: len(name) for name in ['a']}",
        "def broken(:",
        "",
    ],
)
def test_ordinary_code_reaches_for_nothing(source):
    assert reaches([source], GIVEN) == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import os", "imports `os`"),
        ("import sys as threading2", "imports `sys`"),
        ("import taketurns.engine", "imports `taketurns.engine`"),
        ("from taketurns.engine import results", "imports `taketurns.engine`"),
        ("from unittest.mock import ANY", "imports `unittest.mock`"),
        ("from threading import _active", "imports `threading._active`"),
        ("from time import *", "imports `time.*`"),
        ("threading._active", "reaches for `threading._active`"),
        ("time.sleep = print", "changes `time.sleep`"),
        ("threading.Thread.start = threading.Thread.run", "changes `threading.Thread.start`"),
        ("setattr(threading, 'Lock', None)", "changes `threading`"),
        ("del threading.Lock", "changes `threading.Lock`"),
        ("explore = print", "binds `explore` anew"),
        ("def explore(program): ...", "binds `explore` anew"),
        ("import queue as threading", "binds `threading` anew"),
        ("for time in (): ...", "binds `time` anew"),
        ("def f():\n    global explore\n    explore = 1", "binds `explore` anew"),
        ("AssertionError = ValueError", "binds `AssertionError` anew"),
        ("class len: ...", "binds `len` anew"),
        ("exec('1')", "uses `exec`"),
        ("run = eval", "uses `eval`"),
        ("get_ipython()", "uses `get_ipython`"),
        ("__builtins__", "uses `__builtins__`"),
        ("(lambda: 0).__globals__", "reaches for `__globals__`"),
        ("error.__traceback__.tb_frame", "reaches for `tb_frame`"),
        ("(x for x in ()).gi_frame.f_back", "reaches for `f_back`"),
        ("object.__subclasses__()", "reaches for `__subclasses__`"),
        ("getattr(f, '__code__')", "reaches for `__code__`"),
        ("getattr(f, '__co' + 'de__')", "a name that it makes up"),
        ("'{0.__globals__}'.format(f)", "names `__globals__` in a text"),
        ("from operator import attrgetter\nattrgetter(name)", "a name that it makes up"),
        ("from operator import attrgetter\nattrgetter('a.__dict__')", "reaches for `a.__dict__`"),
        ("match f:\n    case object(__globals__=g): ...", "reaches for `__globals__`"),
        ("x.__class__ = int", "changes what `x.__class__` leads to"),
        ("dataclasses.sys.modules", "reaches for `sys`"),
        ("from dataclasses import inspect", "imports `dataclasses.inspect`"),
        ("look = getattr", "uses `getattr` without calling it"),
        ("list(map(getattr, [], []))", "uses `getattr` without calling it"),
        ("from operator import attrgetter as a", "`attrgetter` by another name"),
        ("import typing\ntyping.ForwardRef('1')", "reaches for `ForwardRef`"),
        ("Yes = type('Yes', (), {})", "makes a class by `type`"),
        ("type(report).check = None", "changes what `type` leads to"),
        ("explore(print)", "uses `explore`"),
        ("'_tt_tick' in names", "what the engine has put there"),
        ("class Yes:\n    def __eq__(self, other):\n        return True", "equal to (`__eq__`)"),
        ("class Yes:\n    __eq__ = lambda *_: True", "equal to (`__eq__`)"),
        ("class Two(list):\n    def __len__(self):\n        return 2", "equal to (`__len__`)"),
        ("class M(type): ...", "is a metaclass"),
        ("class C(metaclass=M): ...", "has a metaclass"),
        ("threading.settrace(print)", "reaches for `settrace`"),
        ("%run -i x.py", "a command of IPython"),
    ],
)
def test_what_could_reach_the_checks_is_named_with_its_line(source, said):
    (first, *_) = reaches([source], GIVEN)

    assert said in " ".join(reaches([source], GIVEN))
    assert "(line " in first or "command of IPython" in first


def test_code_that_is_nested_beyond_reading_is_not_trusted():
    assert reaches(["(" * 150 + "1" + ")" * 150], GIVEN) == []
    assert reaches(["x = " + "-" * 3000 + "1"], GIVEN) in (
        [],  # Python cannot compile it either
        ["it is nested too deeply to be read"],
    )
