"""A world has its own builtins and its own modules, and leaves the real ones alone."""

# ruff: noqa: E501 (the programs under test are written on few lines)

from __future__ import annotations

import builtins
import importlib
import sys
import textwrap
import threading

import pytest

from taketurns import SimulationError, explore, simulate


@pytest.fixture
def run(notebook):
    """Run the body of a program."""

    def run(body, head=""):
        notebook.cell(textwrap.dedent(head))
        notebook.cell("def program():\n" + textwrap.indent(textwrap.dedent(body), "    "))
        return simulate(notebook["program"])

    return run


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Writes modules of the learner's."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(**files):
        write_all({f"{name}.py": text for name, text in files.items()})

    def write_all(files):
        for name, text in files.items():
            file = tmp_path / name
            file.parent.mkdir(exist_ok=True, parents=True)
            file.write_text(textwrap.dedent(text), "utf-8")
        importlib.invalidate_caches()

    write.all = write_all
    before = set(sys.modules)
    yield write
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def good(run):
    if run.error is not None:
        raise run.error
    assert "ok" == run.verdict, run.message
    return run.result


# -- modules ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "import threading; Lock = threading.Lock",
        "import threading as t; Lock = t.Lock",
        "from threading import Lock",
        "from threading import *; Lock = Lock",
        "import importlib; Lock = importlib.import_module('threading').Lock",
        "from importlib import import_module; Lock = import_module('threading').Lock",
        "Lock = __import__('threading').Lock",
        "exec('from threading import Lock', globals()); Lock = globals()['Lock']",
        "import sys, threading; Lock = sys.modules['threading'].Lock",
    ],
)
def test_threading_is_the_world_s_however_imported(run, line):
    if "*" in line:
        made = run(
            "return type(Lock()) is not real", f"import _thread\n{line}\nreal = _thread.LockType"
        )
    else:
        made = run(f"{line}\nlock = Lock()\nlock.acquire()\nreturn lock.acquire(timeout=5)")
        assert 5 == made.elapsed

    assert made.error is None


def test_packages_whose_parts_are_modelled(run):
    body = """
        import concurrent.futures
        import concurrent.futures as cf
        from concurrent import futures
        from concurrent.futures import ThreadPoolExecutor
        assert concurrent.futures is cf is futures and cf.ThreadPoolExecutor is ThreadPoolExecutor
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda n: n * n, range(3)))
        """

    assert [0, 1, 4] == good(run(body))


def test_real_modules_are_the_real_ones(run):
    body = """
        import json, os.path, xml.dom as dom, collections.abc
        from email import message
        import email.mime.text
        return json.dumps([1]), os.path.basename("a/b"), dom.Node.TEXT_NODE, collections.abc.Sized.__name__, message.__name__, email.mime.text.__name__
        """

    assert ("[1]", "b", 3, "Sized", "email.message", "email.mime.text") == good(run(body))


@pytest.mark.parametrize("regular", [True, False])
def test_a_learner_s_package_with_relative_and_circular_imports(run, folder, regular):
    folder.all(
        {
            "mine/shop/__init__.py": """
                from . import desk
                from .desk import Desk as Desk, stock
                name = __name__
                """,
            "mine/shop/desk.py": """
                from __future__ import annotations
                import threading
                from . import back
                from .back import other as o
                from ..shop import back as again
                stock = [1]
                class Desk:
                    lock = threading.Lock()
                    def sell(self): return back.take(), o(), again is back
                """,
            "mine/shop/back.py": """
                import mine.shop.desk
                def take(): return mine.shop.desk.stock
                def other(): return __package__, __name__
                """,
            **({"mine/__init__.py": ""} if regular else {}),
        }
    )
    body = """
        import mine.shop
        from mine.shop import Desk, desk
        return Desk().sell(), mine.shop.name, desk is mine.shop.desk, desk.__file__[-7:]
        """

    expected = (([1], ("mine.shop", "mine.shop.back"), True), "mine.shop", True, "desk.py")
    assert expected == good(run(body))
    assert "mine.shop" not in sys.modules


def test_a_module_that_fails_is_not_kept(run, folder):
    folder(mine_bad="started = True\nraise ValueError('in the module')\n")
    body = """
        messages = []
        for _ in range(2):
            try:
                import mine_bad
            except ValueError as error:
                messages.append(str(error))
        try:
            import mine_missing
        except ModuleNotFoundError as error:
            messages.append(error.name)
        try:
            from json import no_such_name
        except ImportError as error:
            messages.append(error.name)
        return messages
        """

    assert ["in the module", "in the module", "mine_missing", "json"] == good(run(body))


def test_a_module_is_executed_once_a_run(notebook, folder):
    folder(mine_once="loaded = []\nloaded.append(1)\n")
    notebook.cell("""
        import threading
        def look():
            import mine_once
            mine_once.loaded.append(2)
        def program():
            threads = [threading.Thread(target=look) for _ in range(2)]
            for t in threads: t.start()
            for t in threads: t.join()
            import mine_once
            return mine_once.loaded
        """)

    assert {(1, 2, 2)} == set(explore(notebook["program"]).outcomes)


def test_library_source_over_the_models(run):
    body = """
        import logging, logging.handlers, queue
        q = queue.Queue()
        logger = logging.getLogger("shop")
        logger.addHandler(logging.handlers.QueueHandler(q))
        logger.warning("sold %d", 3)
        return q.get().getMessage()
        """

    assert "sold 3" == good(run(body))


def test_nothing_real_is_touched(run):
    before = dict(vars(builtins)), threading.Lock, set(threading.enumerate()), sys.stdout

    good(
        run(
            "import threading, sys\nsys.stdout = None\nthreading.Lock = None\nimport builtins\nreturn 1"
        )
    )

    assert before == (dict(vars(builtins)), threading.Lock, set(threading.enumerate()), sys.stdout)


# -- builtins ----------------------------------------------------------------------------------------------


def test_output_is_captured(run, capsys):
    made = run("""
        import sys, io
        print("a", 1, sep="-", end="!")
        print("to stderr", file=sys.stderr)
        sys.stdout.write("b")
        text = io.StringIO()
        print("kept", file=text)
        sys.stdout = text
        print("redirected")
        return text.getvalue()
        """)

    assert "kept\nredirected\n" == good(made)
    assert made.output.startswith("a-1!")
    assert made.output.endswith("b")
    assert ("", "") == capsys.readouterr()


def test_standard_input_is_refused(run):
    made = run("try:\n    return input('name? ')\nexcept Exception:\n    return 'caught'")

    assert "exception" == made.verdict
    assert "standard input" in made.message


def test_writing_to_a_real_file_is_refused(run, tmp_path):
    made = run(f"open({str(tmp_path / 'x')!r}, 'w')")

    assert isinstance(made.error, SimulationError)
    assert not (tmp_path / "x").exists()
    assert "def run" in good(run(f"with open({__file__!r}) as file:\n    return file.read()"))


@pytest.mark.parametrize("call", ["breakpoint()", "explore(print)"])
def test_what_makes_no_sense_inside_is_refused(run, call):
    made = run(call, "from taketurns import explore")

    assert isinstance(made.error, SimulationError)


def test_identities_and_sets_repeat(run):
    body = """
        class Thing: pass
        things = [Thing() for _ in range(20)]
        return [things.index(t) for t in set(things)], id(things[3]) - id(things[2]), id(things[0]) == id(things[0]), hash(things[0])
        """

    assert 1 == len({str(good(run(body))) for _ in range(5)})


def test_code_in_strings_is_rewritten(notebook):
    notebook.cell("""
        import threading
        code = "class Counter: n = 0\\nc = Counter()\\ndef add():\\n    c.n += 1"
        def program():
            space = {}
            exec(code, space)
            threads = [threading.Thread(target=space["add"]) for _ in range(2)]
            for t in threads: t.start()
            for t in threads: t.join()
            return eval("c.n", space)
        """)

    assert {1, 2} == set(explore(notebook["program"]).outcomes)


def test_nothing_is_left_for_the_end_of_the_process(run, monkeypatch):
    registered = []
    monkeypatch.setattr("atexit.register", registered.append)

    good(run("import atexit, logging\natexit.register(print)\nlogging.getLogger().info('x')"))

    assert [] == registered


# -- the end of a run ----------------------------------------------------------------------------------


STUBBORN = {
    "except everything": "while True:\n    try:\n        lock.acquire()\n    except BaseException:\n        pass",
    "bare except": "for _ in iter(int, 1):\n    try:\n        lock.acquire()\n    except:\n        continue",
    "suppress": "import contextlib\nwhile True:\n    with contextlib.suppress(BaseException):\n        lock.acquire()",
    "finally return": "def f():\n    try:\n        lock.acquire()\n    finally:\n        return\nwhile True:\n    f()",
    "a name for it": "E = BaseException\nwhile True:\n    try:\n        lock.acquire()\n    except E:\n        pass",
    "recursion": "def f():\n    try:\n        lock.acquire()\n    except BaseException:\n        f()\nf()",
    "comprehension": "[lock.acquire() for _ in iter(int, 1)]",
}


@pytest.mark.parametrize("body", STUBBORN.values(), ids=STUBBORN)
def test_code_that_swallows_everything_still_ends(run, body):
    made = run(f"import threading\nlock = threading.Lock()\nlock.acquire()\n{body}")

    assert "deadlock" == made.verdict


def test_objects_of_a_run_can_be_looked_at_afterwards(run):
    made = run("""
        class Point:
            def __init__(self): self.x = 1
            def __repr__(self): return f"Point({self.x})"
            def move(self):
                for _ in range(2): self.x += 1
        return Point()
        """)

    made.result.move()

    assert "Point(3)" == repr(made.result)
