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


# -- what the library has besides ---------------------------------------------------------------------


def test_dates_are_those_of_the_virtual_clock(run):
    body = """
        import time
        from datetime import date, datetime, timedelta, timezone
        begin = datetime.now()
        time.sleep(90)
        later = datetime.now(timezone.utc)
        assert isinstance(datetime(2024, 1, 1) + timedelta(1), datetime)
        assert isinstance(datetime.today().date(), date) and issubclass(datetime, date)
        assert not isinstance(date.today(), datetime)
        return str(datetime.now() - begin), str(later), str(date.today()), repr(datetime.utcnow()), repr(date(2024, 1, 1))
        """
    elapsed, later, *_, utc, day = good(run(body))

    assert ("0:01:30", "2023-11-14 22:14:50+00:00") == (elapsed, later)
    assert "datetime.datetime(2023, 11, 14, 22, 14, 50)" == utc
    assert "datetime.date(2024, 1, 1)" == day


def test_functions_of_time_do_not_become_methods(run):
    body = """
        import threading, time
        class Task:
            pause, now, moment, me = time.sleep, time.monotonic, time.localtime, threading.get_ident
        task = Task()
        task.pause(2)
        return task.now(), task.moment(0.0).tm_year in (1969, 1970), task.me() == threading.get_ident()
        """

    assert (2.0, True, True) == good(run(body))


def test_warnings_go_to_the_output_and_obey_the_program_s_filters_only(run, capsys):
    import warnings

    before = list(warnings.filters)
    made = run("""
        import warnings
        from warnings import catch_warnings
        warnings.warn("careful")
        with catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            warnings.warn("old", DeprecationWarning)
        warnings.simplefilter("error")
        try:
            warnings.warn("refused")
        except UserWarning as error:
            return [str(one.message) for one in seen], str(error)
        """)

    assert (["old"], "refused") == good(made)
    assert "UserWarning: careful" in made.output
    assert before == list(warnings.filters)
    assert ("", "") == capsys.readouterr()


def test_logging_is_set_up_for_one_run_only(run, capsys):
    import logging

    before = list(logging.getLogger().handlers), set(logging.root.manager.loggerDict)
    body = """
        import logging, threading
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(threadName)s %(name)s %(message)s")
        log = logging.getLogger("a shop of this test")
        worker = threading.Thread(target=log.info, args=("sold %d", 3), name="clerk")
        worker.start()
        worker.join()
        log.debug("not shown")
        logging.warning("closed")
        """
    made = run(body)

    good(made)

    lines = [line.partition(",000 ")[2] for line in made.output.splitlines()]
    assert ["clerk a shop of this test sold 3", "MainThread root closed"] == lines
    assert before == (list(logging.getLogger().handlers), set(logging.root.manager.loggerDict))
    assert ("", "") == capsys.readouterr()


def test_what_is_random_repeats(run):
    body = """
        import os, random, secrets, threading, uuid
        from random import Random, SystemRandom
        class Dice(Random):
            def roll(self): return self.randint(1, 6)
        found = []
        def draw():
            dice = Dice()
            found.append((random.random(), Random().random(), SystemRandom().randrange(100), secrets.token_hex(4), os.urandom(3), str(uuid.uuid4()), [dice.roll() for _ in range(5)]))
        threads = [threading.Thread(target=draw) for _ in range(2)]
        for t in threads: t.start()
        for t in threads: t.join()
        draw()
        seeded = Random(7).random() == Random(7).random() and Random(7) != Random(7)
        return found, seeded
        """

    found, seeded = good(run(body))

    assert (found, seeded) == good(run(body))
    assert seeded
    assert 3 == len({str(one) for one in found})


def test_a_random_generator_that_threads_share_is_seen(notebook):
    notebook.cell("""
        import random, threading
        def program():
            dice = random.Random(1)
            found = {}
            def draw(name):
                found[name] = dice.random()
            threads = [threading.Thread(target=draw, args=(n,)) for n in "ab"]
            for t in threads: t.start()
            for t in threads: t.join()
            return found["a"] < found["b"]
        """)

    assert {True, False} == set(explore(notebook["program"]).outcomes)


def test_a_generator_of_its_own_needs_no_seed_to_repeat_under_every_schedule(notebook):
    notebook.cell("""
        import random, threading
        def program():
            found = []
            threads = [threading.Thread(target=lambda: found.append(random.Random().random())) for _ in range(2)]
            for t in threads: t.start()
            for t in threads: t.join()
            return tuple(sorted(found))
        """)

    report = explore(notebook["program"])

    assert 1 == len(report.outcomes)


def test_a_scheduler_of_events_takes_virtual_time(run):
    body = """
        import sched, threading, time
        events = sched.scheduler(time.monotonic, time.sleep)
        seen = []
        events.enter(5, 1, seen.append, ("late",))
        gone = events.enter(3, 1, seen.append, ("never",))
        events.enter(3, 2, lambda: seen.append(time.monotonic()))
        events.cancel(gone)
        threading.Thread(target=events.run).start()
        time.sleep(10)
        return seen, time.monotonic()
        """

    assert ([3.0, "late"], 10.0) == good(run(body))


def test_a_pool_of_threads_by_multiprocessing(run):
    body = """
        import time
        from multiprocessing import TimeoutError
        from multiprocessing.pool import ThreadPool
        def slow(n):
            time.sleep(n)
            return n * n
        seen = []
        with ThreadPool(2) as pool:
            results = [
                pool.map(slow, [3, 1, 2]), pool.apply(slow, (2,)), list(pool.imap(slow, [2, 1], chunksize=1)),
                list(pool.imap_unordered(slow, [2, 1])), pool.starmap(pow, [(2, 3)], 1), list(pool.imap(slow, range(3), 2)), pool.map(slow, []),
            ]
            job = pool.map_async(slow, [1, 2], callback=seen.append)
            try:
                job.get(0.5)
            except TimeoutError:
                seen.append("late")
            bad = pool.apply_async(int, ("x",), error_callback=lambda error: seen.append(type(error).__name__))
            bad.wait()
            job.wait()
            results += [job.ready(), job.successful(), bad.successful()]
            iterator = pool.imap(int, ["1", "x"])
            results.append(next(iterator))
            try:
                next(iterator)
            except ValueError as error:
                seen.append(str(error))
        pool.join()
        try:
            pool.map(slow, [1])
        except ValueError as error:
            seen.append(str(error))
        last = ThreadPool(1)
        job = last.apply_async(slow, (4,))
        last.close()
        last.join()
        return results, seen, job.get()
        """

    results, seen, last = good(run(body))

    assert [[9, 1, 4], 4, [4, 1], [1, 4], [8], [0, 1, 4], [], True, True, False, 1] == results
    said = "invalid literal for int() with base 10: 'x'"
    assert ["late", "ValueError", [1, 4], said, "Pool not running"] == seen
    assert 16 == last


def test_what_the_workers_of_such_a_pool_share_is_seen(notebook):
    notebook.cell("""
        from multiprocessing.pool import ThreadPool
        def program():
            box = [0]
            def add(n): box[0] += n
            pool = ThreadPool(2)
            jobs = [pool.apply_async(add, (1,)) for _ in range(2)]
            for job in jobs: job.get()
            return box[0]
        """)

    assert {1, 2} == set(explore(notebook["program"]).outcomes)


def test_processes_that_are_threads(run):
    body = """
        import multiprocessing.dummy
        from multiprocessing import cpu_count, dummy
        from multiprocessing.dummy import Pool, Process, Queue
        assert dummy is multiprocessing.dummy
        queue = Queue()
        process = Process(target=queue.put, args=(1,))
        process.start()
        process.join()
        with Pool(2) as pool:
            return queue.get(), process.exitcode, pool.map(abs, [-2]), dummy.Value("i", 3).value, cpu_count()
        """

    assert (1, 0, [2], 3, 4) == good(run(body))


@pytest.mark.parametrize(
    "line, advice",
    [
        ("import multiprocessing; multiprocessing.Process()", "ThreadPool"),
        ("from multiprocessing.pool import Pool; Pool(2)", "ThreadPool"),
        ("import asyncio; asyncio.run(None)", "time.sleep"),
        ("from asyncio import to_thread; to_thread(print)", "with threads"),
        ("import signal; signal.signal(2, print)", "threading.Event"),
        ("import _thread; _thread.interrupt_main()", "threading.Event"),
        ("import subprocess; subprocess.run(['true'])", "Use threads here"),
        ("import select; select.select([], [], [])", "time.sleep"),
        ("import uuid; uuid.uuid1()", "uuid4"),
    ],
)
def test_what_cannot_be_simulated_is_refused_with_advice(run, line, advice):
    made = run(line)

    assert "exception" == made.verdict
    assert advice in made.message


def test_names_imported_by_a_cell_are_the_world_s_too(run, capsys):
    head = """
        from datetime import date, datetime
        from logging import getLogger
        from multiprocessing.pool import ThreadPool
        from os import urandom
        from random import Random
        from sched import scheduler
        from secrets import token_hex
        from uuid import uuid4
        from warnings import warn
        """
    body = """
        warn("careful")
        getLogger().warning("closed")
        events = scheduler()
        events.enter(60, 1, print, ("a minute later",))
        events.run()
        with ThreadPool(1) as pool:
            now = pool.apply(datetime.now)
        return str(now.minute), str(date.today().year), Random().random(), urandom(2), token_hex(2), uuid4().hex
        """

    made = run(body, head)

    assert ("14", "2023") == good(made)[:2]
    assert good(made) == good(run(body, head))
    assert 60 == made.elapsed
    assert "UserWarning: careful" in made.output
    assert made.output.endswith("closed\na minute later\n")
    assert ("", "") == capsys.readouterr()


@pytest.mark.parametrize(
    "line, call",
    [
        ("from subprocess import run as it", "it(['true'])"),
        ("from multiprocessing import Process as it", "it()"),
        ("from multiprocessing.pool import Pool as it", "it(2)"),
        ("from socket import socket as it", "it()"),
        ("from urllib.request import urlopen as it", "it('http://localhost')"),
        ("from asyncio import run as it", "it(None)"),
        ("from signal import signal as it", "it(2, print)"),
        ("from select import select as it", "it([], [], [], 1)"),
    ],
)
def test_names_that_a_cell_imported_are_refused_too(run, line, call):
    made = run(call, line)

    assert isinstance(made.error, SimulationError)
