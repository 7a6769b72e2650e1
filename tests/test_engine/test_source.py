"""What a program uses is found and replayed: from cells, modules, test files and closures."""

# ruff: noqa: E501 (the programs under test are written on few lines)

from __future__ import annotations

import functools
import importlib
import sys
import textwrap
import threading
from collections import Counter as Tally
from threading import Lock

import pytest

from taketurns import ProgramError, explore, simulate
from taketurns.engine.errors import SourceError
from taketurns.engine.source import plan


def result(program):
    run = simulate(program)
    if run.error is not None:
        raise run.error
    assert "ok" == run.verdict, run.message
    return run.result


COUNTER = """
    import threading

    class Counter:
        def __init__(self):
            self.value = 0
        def increment(self, by=1):
            self.value += by
    """
TWO = """
    def two():
        office = Counter()
        doors = [threading.Thread(target=office.increment) for _ in range(2)]
        for door in doors:
            door.start()
        for door in doors:
            door.join()
        return office.value
    """


# -- cells --------------------------------------------------------------------------------------------


def test_names_come_from_other_cells(notebook):
    notebook.cell(COUNTER)
    notebook.cell(TWO)

    assert {1, 2} == set(explore(notebook["two"]).outcomes)


def test_only_what_is_needed_is_executed_again(notebook):
    notebook.cell(COUNTER + "\n    shown = []\n    shown.append('once')\n    print('loud')")
    notebook.cell(TWO + "\n    result = two()\n    raise_later = [shown.append('again')]")

    assert result(notebook["two"]) == 2
    assert ["once", "again"] == notebook["shown"]
    assert "" == simulate(notebook["two"]).output


def test_the_live_definition_counts_when_a_cell_was_changed(notebook):
    notebook.cell(COUNTER)
    notebook.cell(TWO)
    notebook.cell("""
        class Counter:
            def __init__(self):
                self.value = 40
            def increment(self):
                self.value += 1
        """)

    assert 42 == result(notebook["two"])


def test_a_base_class_that_was_redefined_later_is_there_first(notebook):
    notebook.cell("class Base:\n    def m(self): return 'old'")
    notebook.cell("class Sub(Base): pass\ndef program(): return Sub().m()")
    notebook.cell("class Base:\n    def m(self): return 'new'")

    assert "new" == result(notebook["program"])


def test_helpers_may_stand_below_and_call_each_other(notebook):
    notebook.cell("""
        def program(): return even(10), LIMIT
        def even(n): return n == 0 or odd(n - 1)
        def odd(n): return n != 0 and even(n - 1)
        LIMIT = 3
        """)

    assert (True, 3) == result(notebook["program"])


def test_a_local_variable_does_not_drag_in_the_global_of_its_name(notebook):
    notebook.cell("""
        report = object()
        def program():
            report = 1
            def inner(report): return report
            return inner(report) + sum(report for report in [1])
        """)

    assert 2 == result(notebook["program"])


def test_an_object_made_in_a_cell_is_made_again_for_every_run(notebook):
    notebook.cell(COUNTER)
    notebook.cell("""
        office = Counter()
        office.increment(by=5)
        office.name = "desk"
        """)
    notebook.cell("""
        def program():
            office.increment()
            return office.value, office.name
        """)

    assert (6, "desk") == result(notebook["program"])
    assert (6, "desk") == result(notebook["program"])
    assert 5 == notebook["office"].value


def test_data_is_copied_and_stays_shared(notebook):
    notebook.cell("""
        import collections
        stock = {"apples": [1, 2]}
        alias = stock["apples"]
        seen = collections.deque([1], maxlen=2)
        LIMIT = 10
        """)
    notebook.cell("""
        def program():
            alias.append(3)
            seen.append(2)
            return stock, seen.maxlen, LIMIT
        """)

    assert ({"apples": [1, 2, 3]}, 2, 10) == result(notebook["program"])
    assert {"apples": [1, 2]} == notebook["stock"]


@pytest.mark.parametrize(
    ("line", "use"),
    [
        ("import threading", "threading.Lock"),
        ("import threading as t", "t.Lock"),
        ("from threading import Lock", "Lock"),
        ("from threading import Lock as L", "L"),
        ("import threading\nmake = threading.Lock", "make"),
    ],
)
def test_modelled_names_are_the_world_s_however_imported(notebook, line, use):
    notebook.cell(line)
    notebook.cell(f"""
        def program():
            lock = {use}()
            with lock:
                return type(lock).__module__ != "_thread", lock.locked()
        """)

    assert (True, True) == result(notebook["program"])


def test_a_lock_made_at_the_top_of_a_cell_is_made_in_the_world(notebook):
    notebook.cell("import threading\nlock = threading.Lock()\nbig = {'lock': lock}")
    notebook.cell("""
        def program():
            with lock:
                return big["lock"] is lock, lock.acquire(timeout=1)
        """)

    assert (True, False) == result(notebook["program"])


def test_library_classes_and_modules_are_as_they_are(notebook):
    notebook.cell("""
        import math, os.path as p, collections
        from collections import deque, namedtuple
        from dataclasses import dataclass, field
        from functools import lru_cache, partial
        from typing import Any, Optional
        Point = namedtuple("Point", "x y")
        @dataclass
        class Item:
            n: int = 0
            more: Optional[Any] = field(default=None)
        @lru_cache
        def square(n): return n * n
        twice = partial(square, 2)
        """)
    notebook.cell("""
        def program():
            return math.sqrt(4), p.join("a", "b"), deque([1]), Point(1, 2), Item(3), square(3), twice()
        """)

    assert "(2.0, 'a/b', deque([1]), Point(x=1, y=2), Item(n=3, more=None), 9, 4)" == (
        repr(notebook["program"]()).replace("\\", "/")
    )
    notebook.cell("def shown(): return repr(program())")
    assert repr(notebook["program"]()) == result(notebook["shown"])


def test_compound_statements_bind_names(notebook):
    notebook.cell("""
        try:
            import no_such_module_here
        except ImportError:
            no_such_module_here = None
        if True:
            def helper(): return "then"
        else:
            def helper(): return "else"
        class Box: pass
        for place in range(2):
            box = Box()
            box.place = place
        (first, second), third = (Box(), 2), [Box()]
        """)
    notebook.cell("""
        def program():
            return helper(), box.place, no_such_module_here, type(first).__name__, second, len(third)
        """)

    assert ("then", 1, None, "Box", 2, 1) == result(notebook["program"])


def test_statements_that_change_an_object_belong_to_it(notebook):
    notebook.cell("""
        class Box: pass
        box = Box()
        box.items = {}
        box.items["k"] = [1]
        box.items["k"].append(2)
        box.n = 1
        box.n += 1
        del box.items["k"][0]
        Box.shared = "set later"
        """)
    notebook.cell("def program(): return box.items, box.n, box.shared")

    assert ({"k": [2]}, 2, "set later") == result(notebook["program"])


def test_a_cell_run_again_is_the_latest(notebook):
    notebook.cell("class Box:\n    def __init__(self, n): self.n = n")
    notebook.cell("box = Box(1)")
    notebook.cell("box = Box(2)")
    notebook.namespace["_ih"] = [
        "",
        "class Box ...",
        "box = Box(1)",
        "box = Box(2)",
        "box = Box(1)",
    ]
    notebook.cell("def program(): return box.n")

    assert 1 == result(notebook["program"])


def test_a_cell_that_is_no_python_is_left_out(notebook):
    notebook.cell("%timeit x", run=False)
    notebook.cell("class Box: pass\nbox = Box()\nbox.n = 3")
    notebook.cell("def program(): return box.n")

    assert 3 == result(notebook["program"])


def test_globals_of_the_program_change_in_the_world_only(notebook):
    notebook.cell("""
        total = 0
        def add():
            global total
            total += 1
        """)
    notebook.cell("""
        import threading
        def program():
            threads = [threading.Thread(target=add) for _ in range(2)]
            for t in threads: t.start()
            for t in threads: t.join()
            return total
        """)

    assert {1, 2} == set(explore(notebook["program"]).outcomes)
    assert 0 == notebook["total"]


def test_future_imports_of_a_cell_hold(notebook):
    notebook.cell(
        "from __future__ import annotations\ndef program(x: nowhere = 1): return program.__annotations__"
    )

    assert {"x": "nowhere"} == result(notebook["program"])


def test_a_missing_name_is_missing_in_the_run_too(notebook):
    notebook.cell("def program(): return nothing_of_that_name")

    assert "exception" == simulate(notebook["program"]).verdict


def test_taketurns_cannot_be_used_from_inside(notebook):
    notebook.cell("import taketurns\nfrom taketurns import explore, simulate as s")
    for call in ("explore(print)", "s(print)", "taketurns.explore(print)"):
        notebook.cell(f"def program(): {call}")
        run = simulate(notebook["program"])
        assert "inside a simulated program" in str(run.error)


# -- kinds of programs --------------------------------------------------------------------------------


def test_lambdas_on_one_line_are_told_apart(notebook):
    notebook.cell(COUNTER)
    notebook.cell("def f(n): return n * 10")
    notebook.cell(
        "a, b, c = lambda: f(1), (lambda: f(2)), lambda: (lambda: f(3))()\nd = [lambda: f(n) for n in (4, 5)]"
    )

    assert [10, 20, 30] == [result(notebook[name]) for name in "abc"]
    assert [50, 50] == [result(program) for program in notebook["d"]]


def test_a_lambda_gets_its_name_from_its_text(notebook):
    notebook.cell("def f(n): return n\nprogram = lambda: f(2)")

    assert "lambda: f(2)" == plan(notebook["program"]).name


def test_partials_pass_plain_data(notebook):
    notebook.cell(COUNTER)
    notebook.cell("def program(n, data, *, key=None):\n    data.append(n)\n    return data, key")
    data = [0]
    program = functools.partial(notebook["program"], 1, data, key={"k": 2})

    assert ([0, 1], {"k": 2}) == result(program)
    assert [0] == data


def test_a_program_with_defaults(notebook):
    notebook.cell(
        "LIMIT = 3\nfs = [lambda n=n, *, m=LIMIT: (n, m) for n in range(3)]\ndef g(a=[1]):\n    a.append(2)\n    return a"
    )

    assert [(0, 3), (1, 3), (2, 3)] == [result(f) for f in notebook["fs"]]
    assert [1, 2] == result(notebook["g"]) == result(notebook["g"])


def test_a_nested_program_sees_its_closure():
    limit, data = 3, [1]

    def helper(n):
        return n if n <= limit else helper(n - 1)

    def program():
        data.append(helper(10))
        return data

    assert [1, 3] == result(program)
    assert [1] == data


def test_functions_of_one_closure_share_their_variables():
    count = 0

    def add():
        nonlocal count
        count += 1

    def program():
        threads = [threading.Thread(target=add) for _ in range(2)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        return count

    assert {1, 2} == set(explore(program).outcomes)
    assert 0 == count


def test_classes_of_a_test_function_are_replayed():
    class Base:
        made = 0

        def __init__(self):
            type(self).made += 1
            self.lock = Lock()

    class Desk(Base):
        def __init__(self, seats):
            super().__init__()
            self.seats = seats

        def sell(self):
            with self.lock:
                self.seats -= 1
                return Desk, self.seats

        def __lt__(self, other):
            return isinstance(other, Desk)

    def program():
        desk = Desk(3)
        kind, seats = desk.sell()
        return kind is Desk, seats, desk < Desk(1), Desk.made

    assert (True, 2, True, 2) == result(program)


def test_decorated_functions_in_a_closure():
    def twice(f):
        @functools.wraps(f)
        def wrapper(*args):
            return f(*args), f(*args)

        return wrapper

    @twice
    def value(n):
        return n + 1

    @functools.cache
    def cached(n):
        return [n]

    def program():
        return value(1), cached(2) is cached(2)

    assert ((2, 2), True) == result(program)


def test_a_program_that_a_decorator_returned():
    def ready(f):
        return lambda: f(5)

    @ready
    def program(n):
        return n * 2

    assert 10 == result(program)


def test_structures_of_functions_in_a_closure():
    def one():
        return 1

    table = {"one": one, "again": [one, len]}

    def program():
        return table["one"](), table["again"][0] is table["one"], table["again"][1]([1])

    assert (1, True, 1) == result(program)


def test_an_object_of_a_closure_is_refused_with_advice():
    class Desk:
        pass

    desk = Desk()

    def program():
        return desk

    with pytest.raises(SourceError, match=r"`desk` is a Desk .* make it inside the program"):
        plan(program)


def test_a_lock_of_a_closure_is_refused_with_advice():
    lock = threading.Lock()

    def program():
        return lock

    with pytest.raises(SourceError, match=r"`lock` is a lock .* make it inside the program"):
        plan(program)


module_level = [1, 2]
shared_lock = threading.Lock()


class Here:
    def method(self):
        module_level.append(3)
        return module_level, Tally("aab")["a"]


def program_here():
    with shared_lock:
        return Here().method()


here = Here()


def test_a_program_in_a_test_file():
    assert ([1, 2, 3], 2) == result(program_here)
    assert [1, 2] == module_level


def test_a_method_of_a_global_object():
    assert ([1, 2, 3], 2) == result(here.method)


def test_a_lambda_in_a_call():
    assert [1, 2, 3] == result(lambda: program_here()[0])


# -- modules ---------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of modules; what was imported from it is forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def write(**files):
        for name, text in files.items():
            file = tmp_path / (name.replace("__", "/") + ".py")
            file.parent.mkdir(exist_ok=True)
            file.write_text(textwrap.dedent(text), "utf-8")
        importlib.invalidate_caches()

    yield write
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def test_a_program_in_a_module(folder):
    folder(
        mine_desk="""
            import threading
            from dataclasses import dataclass
            print = print
            loaded = []
            loaded.append(1)
            @dataclass
            class Desk:
                seats: int = 2
                def sell(self): self.seats -= 1
            def program():
                desk = Desk()
                threads = [threading.Thread(target=desk.sell) for _ in range(2)]
                for t in threads: t.start()
                for t in threads: t.join()
                return desk.seats
            """
    )
    module = importlib.import_module("mine_desk")

    assert {0, 1} == set(explore(module.program).outcomes)


def test_a_learner_s_module_is_replayed_through_import(notebook, folder):
    folder(
        mine_shop="""
            import threading
            stock = 2
            def take():
                global stock
                stock -= 1
            class Shop:
                def close(self): return stock
            """
    )
    notebook.cell("""
        import threading, mine_shop
        from mine_shop import take, Shop
        def program():
            threads = [threading.Thread(target=take), threading.Thread(target=mine_shop.take)]
            for t in threads: t.start()
            for t in threads: t.join()
            return Shop().close(), mine_shop.stock
        """)

    assert {(0, 0), (1, 1)} == set(explore(notebook["program"]).outcomes)
    assert 2 == sys.modules["mine_shop"].stock


def test_a_changed_module_is_read_anew(notebook, folder):
    folder(mine_changing="def f(): return 1\n")
    notebook.cell("def program():\n    import mine_changing\n    return mine_changing.f()")
    first = result(notebook["program"])
    folder(mine_changing="def f(): return 22\n")

    assert (1, 22) == (first, result(notebook["program"]))


# -- what is no program --------------------------------------------------------------------------------


def generator():
    yield 1


async def coroutine():
    pass


class Callable:
    def __call__(self):
        pass


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (3, "a function of no arguments, not 3"),
        (None, "a function of no arguments"),
        (generator, "contains `yield`"),
        (generator(), "without calling it"),
        (coroutine, "async"),
        (Callable, "Wrap it in one"),
        (Callable(), "Wrap it in one"),
        (len, "Wrap it in one"),
        (lambda n: n, "takes arguments"),
        (functools.partial(lambda a, b: a, 1), "takes arguments"),
    ],
)
def test_what_is_no_program_is_refused_with_advice(program, message):
    with pytest.raises(ProgramError, match=message):
        plan(program)


def test_the_names_of_missing_arguments_are_told(notebook):
    notebook.cell("def program(n, m=1, *, k): pass")

    with pytest.raises(ProgramError, match=r"program takes arguments \(n, k\)"):
        plan(notebook["program"])


def test_a_source_that_cannot_be_found_is_said():
    space = {"__name__": "__main__"}
    exec("def program(): return 1", space)

    with pytest.raises(SourceError, match=r"`program`.*Define it in a notebook cell"):
        plan(space["program"])


def test_an_object_whose_statement_cannot_be_found_is_refused(notebook):
    notebook.cell("class Box: pass")
    notebook.namespace["box"] = notebook["Box"]()
    notebook.cell("def program(): return box")

    with pytest.raises(SourceError, match=r"`box` is a Box .*make it inside the program"):
        plan(notebook["program"])


# -- the fingerprint ----------------------------------------------------------------------------------


def test_the_fingerprint_is_that_of_the_replayed_code_only(notebook):
    notebook.cell("def helper(): return 1\ndef other(): pass")
    notebook.cell("def program(): return helper()")
    first = plan(notebook["program"]).fingerprint
    notebook.cell("def other(): return 'changed'")
    notebook.cell("def program():\n    # with a comment\n\n    return (helper())")

    assert first == plan(notebook["program"]).fingerprint
    assert 64 == len(first)

    notebook.cell("def helper(): return 2")

    assert first != plan(notebook["program"]).fingerprint


def test_the_fingerprint_is_the_same_on_every_python(notebook):
    notebook.cell("""
        class A:
            x: int = 1
            def m(self, *a, k=None, **kw): return f"{self.x!r:>{4}} {a}" if k else [i for i in a]
        def program():
            match A().m(1):
                case [1]: return lambda: 1
        """)

    assert "0d33bf462124" == plan(notebook["program"]).fingerprint[:12]


def test_plans_of_unchanged_programs_share_their_code(notebook):
    notebook.cell(COUNTER)
    notebook.cell(TWO)

    assert plan(notebook["two"]).sites is plan(notebook["two"]).sites
