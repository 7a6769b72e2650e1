"""Submissions that want points without an answer.

Where nothing else is said, two exercises are as they were given out and the third, the counter, is
solved without a lock, which deserves nothing. What stands before it is the cheat.
"""

from __future__ import annotations

import json
import textwrap

from .cases import (
    CARELESS,
    CHANGED,
    EXERCISES,
    FILE,
    REACHES,
    REBINDS,
    RIGHT,
    TAMPERED,
    Case,
    Files,
    Link,
    Notebook,
    collector,
    points,
)

CASES: dict[str, Case] = {}

NOTHING = points(0, *EXERCISES)
COUNTER = NOTHING | points(1, "counter")


def careless(release: bytes) -> Notebook:
    """Return the notebook with one answer, which is wrong."""
    notebook = Notebook(release)
    notebook.put("counter", CARELESS)
    return notebook


trap = collector(CASES, careless)
cheat_in_the_answer = trap(NOTHING, REACHES)


# -- the notebook's file --------------------------------------------------------------------------


@trap(NOTHING, "tags")
def tests_tagged_to_be_skipped(notebook: Notebook) -> None:
    """Tags tell nbclient not to run the tests."""
    for cell in notebook.graded():
        cell["metadata"]["tags"] = ["skip-execution", "raises-exception", "remove-cell"]


@trap(NOTHING, CHANGED)
def tests_emptied(notebook: Notebook) -> None:
    """The tests were edited to `pass`."""
    for cell in notebook.graded():
        cell["source"] = "pass"


@trap(NOTHING, CHANGED)
def tests_weakened(notebook: Notebook) -> None:
    """The tests look as before, but accept anything."""
    for cell in notebook.graded():
        cell["source"] = "".join(cell["source"]).replace("assert ", "assert True or ")


@trap(NOTHING, CHANGED)
def tests_turned_into_text(notebook: Notebook) -> None:
    """The tests are text cells, which nobody runs."""
    for cell in notebook.graded():
        cell["cell_type"] = "markdown"
        del cell["outputs"], cell["execution_count"]


@trap(NOTHING, "counter-all-counted")
def tests_deleted(notebook: Notebook) -> None:
    """The tests are gone."""
    for cell in notebook.graded():
        notebook.cells.remove(cell)


@trap(NOTHING, TAMPERED)
def tests_made_manual(notebook: Notebook) -> None:
    """The tests say that a human gives the points for them."""
    for cell in notebook.graded():
        cell["metadata"]["nbgrader"] |= {"solution": True, "locked": False}


@trap(COUNTER, TAMPERED)
def points_raised(notebook: Notebook) -> None:
    """One exercise is right, and its tests say that they are worth a hundred points."""
    notebook.put("counter", RIGHT["counter"])
    for cell in notebook.graded():
        cell["metadata"]["nbgrader"]["points"] = 100


@trap(COUNTER, CHANGED)
def names_of_tests_exchanged(notebook: Notebook) -> None:
    """One exercise is right, and its tests have the names of those of the others."""
    notebook.put("counter", RIGHT["counter"])
    names = [cell["metadata"]["nbgrader"]["grade_id"] for cell in notebook.graded()]
    for cell, name in zip(notebook.graded(), reversed(names), strict=True):
        cell["metadata"]["nbgrader"]["grade_id"] = cell["id"] = name


@trap(NOTHING, "counter-bonus")
def a_test_of_their_own(notebook: Notebook) -> None:
    """A new cell says that it is a test, and worth fifty points."""
    notebook.insert(
        "take-away",
        "assert True",
        nbgrader={
            "cell_type": "code",
            "grade": True,
            "grade_id": "counter-bonus",
            "locked": True,
            "points": 50,
            "schema_version": 3,
            "solution": False,
            "task": False,
        },
    )


@trap(NOTHING, TAMPERED)
def outputs_that_claim_points(notebook: Notebook) -> None:
    """The file has scores and outputs in it, as if it had been graded."""
    for cell in notebook.graded():
        cell["metadata"]["nbgrader"] |= {"score": 1, "auto_score": 1, "manual_score": 1}
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1/1 points"}]


@trap(NOTHING, "link")
def link_to_the_master(notebook: Notebook) -> Files:
    """The notebook is a link to the one with the solutions."""
    return {FILE: Link("../../../source/03-races-and-locks/races-and-locks.ipynb")}


@trap(NOTHING, ".taketurns.json")
def verdict_handed_in(notebook: Notebook) -> Files:
    """Beside the notebook lies a file in which the grader keeps its results."""
    cells = [
        {"name": name, "points": 1, "max_points": 1, "verdict": "ok"}
        for names in EXERCISES.values()
        for name in names
    ]
    result = {
        "student": "verdict-handed-in",
        "assignment": "03-races-and-locks",
        "digest": "0" * 64,
        "timestamp": None,
        "notebooks": [{"name": "races-and-locks", "notebook": None, "cells": cells}],
    }
    return {FILE: notebook.data(), ".taketurns.json": json.dumps(result).encode()}


# -- files that Python finds ----------------------------------------------------------------------

_FINE = textwrap.dedent(
    """
    class Report:
        holds, verdict, failure, outcomes = True, "ok", None, {}
        coverage = "every schedule"

        def check(self):
            return self

    def explore(program, **options):
        return Report()
    """
)
_ONE_AFTER_THE_OTHER = textwrap.dedent(
    """
    class Thread:
        def __init__(self, target, args=(), kwargs={}, name=None, daemon=None):
            self._run = lambda: target(*args, **kwargs)

        def start(self):
            self._run()

        def join(self, timeout=None):
            pass
    """
)


@trap(NOTHING, "threading.py")
def file_named_threading(notebook: Notebook) -> Files:
    """A file beside the notebook takes the place of the library's threads: one after the other."""
    return {FILE: notebook.data(), "threading.py": _ONE_AFTER_THE_OTHER.encode()}


@trap(NOTHING, "taketurns")
def folder_named_taketurns(notebook: Notebook) -> Files:
    """A package beside the notebook takes the place of the one that judges."""
    fakes = ("taketurns/__init__.py", "taketurns/lab.py", "sitecustomize.py")
    return {FILE: notebook.data(), **dict.fromkeys(fakes, _FINE.encode())}


@trap(NOTHING, "nbgrader_config.py")
def settings_handed_in(notebook: Notebook) -> Files:
    """Files beside the notebook set up nbgrader, IPython and pytest."""
    cheat = b"c = get_config()\nc.Execute.enabled = False\nc.ClearSolutions.enabled = True\n"
    startup = ".ipython/profile_default/startup/00-fine.py"
    return {FILE: notebook.data(), "nbgrader_config.py": cheat, startup: _FINE.encode()}


# -- other people's files -------------------------------------------------------------------------


@cheat_in_the_answer
def runs_the_master(notebook: Notebook) -> None:
    """The answer is read from `source/`."""
    notebook.put(
        "counter",
        """
        import json, pathlib

        found = {"threading": threading}
        master = pathlib.Path("../../../source/03-races-and-locks/races-and-locks.ipynb")
        for cell in json.loads(master.read_text())["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("solution"):
                exec("".join(cell["source"]), found)
        Counter = found["Counter"]
        """,
    )


@cheat_in_the_answer
def copies_from_a_neighbour(notebook: Notebook) -> None:
    """The answer is read from the other students' folders, until one fits."""
    notebook.put(
        "counter",
        """
        import json, pathlib

        found = {"threading": threading}
        for other in pathlib.Path("../..").glob("*/03-races-and-locks/*.ipynb"):
            for cell in json.loads(other.read_text())["cells"]:
                if cell.get("id") == "counter" and "with self._lock" in "".join(cell["source"]):
                    exec("".join(cell["source"]), found)
        Counter = found["Counter"]
        """,
    )


@cheat_in_the_answer
def writes_to_the_gradebook(notebook: Notebook) -> None:
    """The points are written where they are kept."""
    notebook.before(
        "counter",
        """
        import pathlib, sqlite3

        for folder in pathlib.Path.cwd().parents:
            if (folder / "gradebook.db").exists():
                with sqlite3.connect(folder / "gradebook.db") as gradebook:
                    gradebook.execute("UPDATE grade SET auto_score = 99, manual_score = 99")
        """,
    )


@cheat_in_the_answer
def fetches_the_answer(notebook: Notebook) -> None:
    """The answer is asked for over the network."""
    notebook.put(
        "counter",
        """
        import urllib.request

        found = {"threading": threading}
        exec(urllib.request.urlopen("http://127.0.0.1:8000/answer").read(), found)
        Counter = found["Counter"]
        """,
    )


# -- names of the tests that mean something else --------------------------------------------------


@trap(NOTHING, REBINDS)
def own_explore(notebook: Notebook) -> None:
    """`explore` is a function of the answer's, and everything holds."""
    notebook.before("counter", _FINE)


@trap(NOTHING, REBINDS)
def own_explore_around_the_real_one(notebook: Notebook) -> None:
    """`explore` explores honestly, but another program."""
    notebook.before(
        "counter",
        """
        really = explore

        def nothing(): pass

        def explore(program, **options): return really(nothing)
        """,
    )


@trap(NOTHING, REBINDS)
def own_explore_in_the_imports(notebook: Notebook) -> None:
    """The lesson's cell of imports, which is not locked, has another `explore`."""
    notebook.put("setup", "".join(notebook.cell("setup")["source"]) + _FINE)


@trap(NOTHING, REBINDS)
def own_explore_in_a_new_cell(notebook: Notebook) -> None:
    """A new cell above the test gives `explore` another meaning."""
    notebook.insert("counter-all-counted", _FINE)


@trap(NOTHING, REBINDS)
def own_explore_by_import(notebook: Notebook) -> None:
    """`explore` is another function of the library's, which runs one schedule only."""
    notebook.before(
        "counter",
        """
        from taketurns import simulate as explore
        from taketurns import Run

        Run.check = lambda self: self
        """,
    )


@trap(NOTHING, REBINDS)
def own_threading(notebook: Notebook) -> None:
    """`threading` is a class of the answer's, whose threads run one after the other."""
    body = textwrap.indent(_ONE_AFTER_THE_OTHER, "    ")
    notebook.before("counter", f"class threading:\n{body}")


@trap(NOTHING, REBINDS)
def own_assertion_error(notebook: Notebook) -> None:
    """`AssertionError` is an exception that nbgrader takes for the end of the cell."""
    notebook.before("counter", "AssertionError = SystemExit")


@cheat_in_the_answer
def explore_through_globals(notebook: Notebook) -> None:
    """`explore` is given another meaning without its name being bound anywhere."""
    notebook.before(
        "counter", f'{_FINE.replace("def explore", "def fine")}\nglobals()["exp" + "lore"] = fine'
    )


# -- Python itself, changed -----------------------------------------------------------------------


@cheat_in_the_answer
def start_runs_at_once(notebook: Notebook) -> None:
    """The library's threads run when they are started, and nobody comes between."""
    notebook.before(
        "counter",
        """
        threading.Thread.start = lambda self: self.run()
        threading.Thread.join = lambda self, timeout=None: None
        """,
    )


@cheat_in_the_answer
def changes_the_builtins(notebook: Notebook) -> None:
    """Builtin names and the making of classes mean something else for everybody."""
    notebook.before(
        "counter",
        """
        import builtins

        builtins.AssertionError = builtins.Exception = SystemExit
        builtins.explore = lambda program, **options: None
        __builtins__ = {**vars(builtins), "__build_class__": lambda *args: None}
        """,
    )


@cheat_in_the_answer
def compiles_without_asserts(notebook: Notebook) -> None:
    """Whatever is compiled from now on has no assertions."""
    notebook.before(
        "counter",
        """
        import ast, builtins

        def without(parse):
            def parsed(source, *args, **options):
                if isinstance(source, (str, bytes)):
                    text = source if isinstance(source, str) else source.decode()
                    source = text.replace("assert ", "lambda: ")
                return parse(source, *args, **options)
            return parsed

        ast.parse, builtins.compile = without(ast.parse), without(compile)
        """,
    )


@cheat_in_the_answer
def source_lines_without_asserts(notebook: Notebook) -> None:
    """Whoever reads the source of a test, reads one without assertions."""
    notebook.before(
        "counter",
        """
        import linecache

        really = linecache.getlines

        def getlines(*args):
            return [line.replace("assert ", "lambda: ") for line in really(*args)]

        linecache.getlines = getlines
        """,
    )


@cheat_in_the_answer
def jumps_over_asserts(notebook: Notebook) -> None:
    """A trace function leads execution past the assertions."""
    notebook.before(
        "counter",
        """
        import linecache, sys

        def trace(frame, event, arg):
            if event == "line":
                text = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
                if text.strip().startswith("assert"):
                    try:
                        frame.f_lineno += 1
                    except ValueError: pass
            return trace

        sys.settrace(trace)
        threading.settrace(trace)
        """,
    )


@cheat_in_the_answer
def errors_that_nobody_hears_of(notebook: Notebook) -> None:
    """All hooks that are told of errors do nothing."""
    notebook.before(
        "counter",
        """
        import sys

        def nothing(*args): pass

        sys.excepthook = sys.unraisablehook = threading.excepthook = nothing
        sys.stderr = open("/dev/null", "w")
        """,
    )


@cheat_in_the_answer
def turns_the_clock(notebook: Notebook) -> None:
    """No time passes, and nobody sleeps."""
    notebook.before(
        "counter",
        """
        import time

        time.sleep = lambda seconds: None
        time.time = time.monotonic = time.perf_counter = lambda: 0.0
        """,
    )


@cheat_in_the_answer
def main_module_of_another_class(notebook: Notebook) -> None:
    """The module of the notebook has properties, so that reading a name runs code."""
    notebook.before(
        "counter",
        """
        import sys, types

        class Main(types.ModuleType):
            @property
            def explore(self): return lambda program, **options: None

        sys.modules["__main__"].__class__ = Main
        """,
    )


@cheat_in_the_answer
def imports_through_a_finder(notebook: Notebook) -> None:
    """Whoever imports the judging package again gets another one."""
    notebook.before(
        "counter",
        f"""
        import sys, types

        fake = types.ModuleType("taketurns")
        exec({_FINE!r}, fake.__dict__)
        for name in [*sys.modules]:
            if name.partition(".")[0] == "taketurns":
                sys.modules[name] = fake
        """,
    )


@cheat_in_the_answer
def a_thread_that_waits_for_the_test(notebook: Notebook) -> None:
    """A thread of the answer's stays behind and changes the test's names as it runs."""
    wait = """
def wait():
    while True:
        globals()["explore"] = fine

threading.Thread(target=wait, daemon=True).start()
"""
    notebook.before("counter", _FINE.replace("def explore", "def fine") + wait)


# -- the kernel, changed --------------------------------------------------------------------------


@cheat_in_the_answer
def kernel_that_runs_nothing(notebook: Notebook) -> None:
    """The shell and the kernel say that a cell has run, and have not run it."""
    notebook.before(
        "counter",
        """
        async def done(*args, **options): return {"status": "ok", "execution_count": 1}

        if "get_ipython" in globals():
            shell = get_ipython()
            shell.run_cell = shell.run_cell_async = done
            if hasattr(shell, "kernel"):
                shell.kernel.do_execute = done
        """,
    )


@cheat_in_the_answer
def kernel_that_drops_asserts(notebook: Notebook) -> None:
    """The shell takes the assertions out of every cell, as text and as a tree."""
    notebook.before(
        "counter",
        """
        import ast

        class Drop(ast.NodeTransformer):
            def visit_Assert(self, node): return ast.copy_location(ast.Pass(), node)

        def drop(lines): return [line.replace(".check()", "") for line in lines]

        if "get_ipython" in globals():
            get_ipython().ast_transformers.append(Drop())
            get_ipython().input_transformers_post.append(drop)
        """,
    )


@cheat_in_the_answer
def kernel_that_reports_no_error(notebook: Notebook) -> None:
    """Messages of errors are not sent, and no traceback is shown."""
    notebook.before(
        "counter",
        """
        def nothing(*args, **options): pass

        if "get_ipython" in globals():
            shell = get_ipython()
            shell.showtraceback = shell._showtraceback = shell.showsyntaxerror = nothing
            if hasattr(shell, "kernel"):
                send = shell.kernel.session.send
                shell.kernel.session.send = lambda stream, kind, *args, **options: (
                    None if kind == "error" else send(stream, kind, *args, **options)
                )
        """,
    )


# -- the engine, changed --------------------------------------------------------------------------


@cheat_in_the_answer
def check_that_never_fails(notebook: Notebook) -> None:
    """The method that raises is replaced in its class."""
    notebook.before("counter", "from taketurns import Report\n\nReport.check = lambda self: self")


@cheat_in_the_answer
def check_found_in_sys_modules(notebook: Notebook) -> None:
    """The class is found among all modules, with a name put together from parts."""
    notebook.before(
        "counter",
        """
        import sys

        results = sys.modules["take" + "turns.engine.results"]
        setattr(getattr(results, "Rep" + "ort"), "ch" + "eck", lambda self: self)
        """,
    )


@cheat_in_the_answer
def check_found_by_the_collector(notebook: Notebook) -> None:
    """The class is found among all objects that there are."""
    notebook.before(
        "counter",
        """
        import gc

        for found in gc.get_objects():
            if isinstance(found, type) and found.__name__ == "Report":
                found.check = lambda self: self
        """,
    )


@cheat_in_the_answer
def check_found_among_subclasses(notebook: Notebook) -> None:
    """The class is found below `object`, and failures do not raise."""
    notebook.before(
        "counter",
        """
        for found in ().__class__.__base__.__subclasses__():
            if found.__name__ == "Report":
                found.check = lambda self: self
        """,
    )


@cheat_in_the_answer
def explore_with_other_code(notebook: Notebook) -> None:
    """`explore` is the same object, with the code of another function."""
    fine = _FINE.replace("explore(program, **options)", "fine(program, *, clock=0, budget=0)")
    swap = "explore.__globals__.update(Report=Report)\nexplore.__code__ = fine.__code__"
    notebook.before("counter", f"{fine}\n{swap}")


@cheat_in_the_answer
def no_budget(notebook: Notebook) -> None:
    """The search may take no steps, so it finds nothing."""
    notebook.before("counter", 'explore.__globals__["BUDGET"] = 0')


@cheat_in_the_answer
def search_that_finds_nothing(notebook: Notebook) -> None:
    """The search is told after each schedule that there are no more."""
    notebook.before(
        "counter",
        """
        import sys

        sys.modules["taketurns.engine.search"].Reduced.advance = lambda self: False
        """,
    )


@cheat_in_the_answer
def names_by_ctypes(notebook: Notebook) -> None:
    """The engine's names are changed past Python, in its memory."""
    notebook.before(
        "counter",
        """
        import ctypes, sys

        class Fine:
            def __init__(self, *args): pass
            def report(self): return self
            def check(self): return self

        names = vars(sys.modules["taketurns.engine.explore"])
        ctypes.pythonapi.PyDict_SetItemString(
            ctypes.py_object(names), b"_Exploration", ctypes.py_object(Fine)
        )
        """,
    )


@cheat_in_the_answer
def schedules_thrown_away(notebook: Notebook) -> None:
    """The answer finds the scheduler that runs it, and says that this run does not count."""
    notebook.put(
        "counter",
        """
        import sys

        class Counter:
            def __init__(self):
                self.value = 0

            def increment(self, by=1):
                frame = sys._getframe()
                while frame:
                    for found in [*frame.f_locals.values()]:
                        if type(found).__name__ == "Scheduler":
                            found.redundant = True
                    frame = frame.f_back
                self.value += by
        """,
    )


@cheat_in_the_answer
def scheduler_of_the_hooks(notebook: Notebook) -> None:
    """The answer finds the scheduler through a hook that rewritten code has among its names."""
    notebook.put(
        "counter",
        """
        class Counter:
            def __init__(self):
                self.value = 0

            def increment(self, by=1):
                for name, found in [*globals().items()]:
                    if name.startswith("_tt_") and hasattr(found, "__self__"):
                        found.__self__.redundant = True
                self.value += by
        """,
    )


@cheat_in_the_answer
def steps_that_nobody_sees(notebook: Notebook) -> None:
    """A library runs the answer's text, so that the engine sees one step where there are two."""
    notebook.put(
        "counter",
        """
        import timeit

        class Counter:
            def __init__(self):
                self.value = 0

            def increment(self, by=1):
                timeit.timeit("self.value += by", globals={"self": self, "by": by}, number=1)
        """,
    )


@cheat_in_the_answer
def careful_only_when_watched(notebook: Notebook) -> None:
    """The answer has a lock where the engine runs it, and none anywhere else."""
    notebook.put(
        "counter",
        """
        import contextlib

        class Counter:
            def __init__(self):
                self.value = 0
                watched = any(name.startswith("_tt_") for name in globals())
                self._lock = threading.Lock() if watched else contextlib.nullcontext()

            def increment(self, by=1):
                with self._lock:
                    self.value += by
        """,
    )


# -- past a reader of the text ------------------------------------------------------------------


@cheat_in_the_answer
def class_of_a_report(notebook: Notebook) -> None:
    """A report that was asked for honestly leads to its class, which lets only this test pass."""
    notebook.before(
        "counter",
        """
        def nothing(): pass

        kind = type(explore(nothing))
        really = kind.check

        def check(self):
            ours = self.failure is not None and "visitor" in self.failure.message
            return self if ours else really(self)

        kind.check = check
        """,
    )


@cheat_in_the_answer
def module_behind_a_module(notebook: Notebook) -> None:
    """A harmless module has imported `sys`, and so leads to the engine."""
    notebook.before(
        "counter",
        """
        import dataclasses

        engine = dataclasses.sys.modules["taketurns.engine.explore"]
        engine.BUDGET = 0
        """,
    )


@cheat_in_the_answer
def getattr_by_another_name(notebook: Notebook) -> None:
    """`getattr` has another name, and the attribute's is put together from parts."""
    notebook.before("counter", 'look = getattr\nlook(explore, "__glo" + "bals__")["BUDGET"] = 0')


@cheat_in_the_answer
def getattr_given_to_map(notebook: Notebook) -> None:
    """A builtin function is told to call `getattr`."""
    notebook.before("counter", '[*map(getattr, [explore], ["__glo" + "bals__"])][0]["BUDGET"] = 0')


@cheat_in_the_answer
def attribute_of_a_pattern(notebook: Notebook) -> None:
    """A pattern looks up attributes too."""
    notebook.before(
        "counter",
        """
        match explore:
            case object(__globals__=names): names["BUDGET"] = 0
        """,
    )


@cheat_in_the_answer
def text_run_by_typing(notebook: Notebook) -> None:
    """A module for type hints runs text."""
    notebook.before(
        "counter",
        """
        import typing

        text = "explore.__glo" + "bals__.__seti" + "tem__('BUDGET', 0)"
        hint = typing.ForwardRef(text, is_argument=False)
        try:
            hint._evaluate({"explore": explore}, {}, frozenset(), recursive_guard=frozenset())
        except TypeError:
            try:
                hint._evaluate({"explore": explore}, {}, recursive_guard=frozenset())
            except TypeError: pass
        """,
    )


@cheat_in_the_answer
def bound_in_a_comprehension(notebook: Notebook) -> None:
    """`explore` gets another meaning inside a list comprehension."""
    fine = _FINE.replace("def explore", "def fine")
    notebook.before("counter", f"{fine}\n[explore := fine for _ in (0,)]")


@cheat_in_the_answer
def bound_in_a_default(notebook: Notebook) -> None:
    """`explore` gets another meaning where the default of a parameter is worked out."""
    fine = _FINE.replace("def explore", "def fine")
    notebook.before("counter", f"{fine}\ndef useful(x=(explore := fine)): pass")


@cheat_in_the_answer
def bound_in_a_decorator(notebook: Notebook) -> None:
    """`explore` gets another meaning in the line above a class."""
    fine = _FINE.replace("def explore", "def fine")
    notebook.before("counter", f"{fine}\n@(lambda kind, _=(explore := fine): kind)\nclass A: pass")


@cheat_in_the_answer
def equal_without_saying_so(notebook: Notebook) -> None:
    """A class that is equal to everything is made by `type`, with names put together from parts."""
    notebook.put(
        "counter",
        """
        methods = {"__e" + "q__": lambda self, other: True, "__ha" + "sh__": lambda self: 0}
        Anything = type("Anything", (int,), methods)

        class Counter:
            def __init__(self): self.value = Anything()

            def increment(self, by=1):
                if not isinstance(by, int): raise TypeError
        """,
    )


@cheat_in_the_answer
def frame_from_an_exit(notebook: Notebook) -> None:
    """Whoever is told of an error is handed its frames."""
    notebook.before(
        "counter",
        """
        class Look:
            def __enter__(self): return self

            def __exit__(self, kind, error, trace):
                look = getattr
                frame = look(trace, "tb_" + "frame")
                look(frame.f_globals["explore"], "__glo" + "bals__")["BUDGET"] = 0
                return True

        with Look(): raise ValueError
        """,
    )


@cheat_in_the_answer
def lock_that_only_the_test_sees(notebook: Notebook) -> None:
    """The class has a lock only where there is a name that the engine gives rewritten code."""
    notebook.put(
        "counter",
        """
        import contextlib

        class Counter:
            def __init__(self):
                self.value = 0
                try:
                    _tt_tick
                    self._lock = threading.Lock()
                except NameError:
                    self._lock = contextlib.nullcontext()

            def increment(self, by=1):
                with self._lock:
                    self.value += by
        """,
    )


# -- the grader, deceived -------------------------------------------------------------------------


@cheat_in_the_answer
def leaves_at_the_test(notebook: Notebook) -> None:
    """The process ends well in the middle of a test."""
    notebook.put("counter", "import os\n\nclass Counter:\n    def __init__(self): os._exit(0)")


@trap(NOTHING)
def exits_at_the_test(notebook: Notebook) -> None:
    """The test is left by the exception that ends Python well."""
    notebook.put("counter", "class Counter:\n    def __init__(self): raise SystemExit(0)")


_FORGERY = """
import json, os

def forge():
    frames = [
        {"verdict": "ok", "points": 1, "message": "", "coverage": "every schedule"},
        {"end": 0, "verdict": "ok"}, {"end": 1, "verdict": "ok"}, {"end": 2, "verdict": "ok"},
    ]
    text = "".join(json.dumps(frame) + "\\n" for frame in frames).encode()
    for descriptor in range(1, 1024):
        try:
            os.set_blocking(descriptor, False)
            os.write(descriptor, text)
        except OSError: pass
"""


@cheat_in_the_answer
def forged_results(notebook: Notebook) -> None:
    """Results are written to every descriptor that there is, and the process ends well."""
    notebook.put("counter", f"{_FORGERY}\nclass Counter: pass\n\nforge()\nos._exit(0)")


@cheat_in_the_answer
def forged_results_at_exit(notebook: Notebook) -> None:
    """Results are written when Python ends."""
    notebook.before("counter", f"{_FORGERY}\nimport atexit\n\natexit.register(forge)")


@cheat_in_the_answer
def forged_results_by_a_child(notebook: Notebook) -> None:
    """A child of the process goes on in its place, and says that all is well."""
    notebook.before(
        "counter", f"{_FORGERY}\nif os.fork() == 0:\n    forge()\n    os._exit(0)\nos.wait()"
    )


@cheat_in_the_answer
def test_run_by_a_child(notebook: Notebook) -> None:
    """The process goes on twice: one of the two runs the test, and the other ends well."""
    notebook.before("counter", "import os\n\nif os.fork() != 0:\n    os._exit(0)")


@trap(NOTHING, REBINDS)
def error_with_a_report(notebook: Notebook) -> None:
    """The test ends with an error that carries a report, and the report says that all is well."""
    notebook.before(
        "counter",
        """
        class Report:
            verdict, holds, failure, coverage = "ok", True, None, "every schedule"

        class Fine(AssertionError):
            report = Report()

        def explore(program, **options): raise Fine
        """,
    )


@trap(NOTHING, "__eq__")
def always_equal(notebook: Notebook) -> None:
    """Values say that they are equal to whatever they are compared with."""
    notebook.put(
        "counter",
        """
        class Anything(int):
            def __eq__(self, other): return True
            def __hash__(self): return 0

        class Counter:
            value = Anything()

            def increment(self, by=1):
                if not isinstance(by, int): raise TypeError
        """,
    )
    notebook.put(
        "inventory",
        """
        class Pair(tuple):
            def __eq__(self, other): return True
            def __hash__(self): return 0

        class Inventory:
            def __init__(self, shelf, store): self.store = store

            def move(self, n):
                if n > self.store: raise ValueError

            def snapshot(self): return Pair()
        """,
    )


@trap(NOTHING, "__eq__")
def comparisons_that_lie(notebook: Notebook) -> None:
    """What a comparison returns is true, whatever is done with it."""
    notebook.put(
        "counter",
        """
        class Yes:
            def __bool__(self): return True
            def __eq__(self, other): return self
            __ne__ = __lt__ = __gt__ = __le__ = __ge__ = __contains__ = __getitem__ = __eq__
            def __len__(self): return 1
            def __call__(self, *args): return self
            def __getattr__(self, name): return self

        class Counter:
            def __init__(self): self.value = Yes()

            def increment(self, by=1):
                if not isinstance(by, int): raise TypeError
        """,
    )


@cheat_in_the_answer
def answers_in_the_order_of_calls(notebook: Notebook) -> None:
    """The value is the next one of a list; how many were asked for is kept outside of all runs."""
    notebook.put(
        "counter",
        """
        import math

        class Counter:
            def increment(self, by=1):
                if not isinstance(by, int): raise TypeError

            @property
            def value(self):
                math.asked = getattr(math, "asked", 0) + 1
                return [2, 7, 111, 1, 8][(math.asked - 1) % 5]
        """,
    )


@cheat_in_the_answer
def answers_by_the_callers_name(notebook: Notebook) -> None:
    """The value is looked up by the name of the test that asks."""
    notebook.put(
        "counter",
        """
        import sys

        class Counter:
            def increment(self, by=1):
                if not isinstance(by, int): raise TypeError

            @property
            def value(self):
                known = {"two_doors": 2, "one_door_mistypes": 1}
                frame = sys._getframe()
                while frame and frame.f_code.co_name not in known: frame = frame.f_back
                return known[frame.f_code.co_name]
        """,
    )


@cheat_in_the_answer
def answers_by_the_callers_constants(notebook: Notebook) -> None:
    """The value is worked out from the constants in the code of the test that asks."""
    notebook.put(
        "counter",
        r"""
        import re, sys

        class Counter:
            def increment(self, by=1):
                if not isinstance(by, int): raise TypeError

            @property
            def value(self):
                frame = sys._getframe(1)
                while frame:
                    for text in frame.f_code.co_consts:
                        if isinstance(text, str) and "came in" in text:
                            return sum(map(int, re.findall(r"\d+", text.partition("came in")[0])))
                    frame = frame.f_back
        """,
    )


@cheat_in_the_answer
def answers_by_the_tests_text(notebook: Notebook) -> None:
    """The value is read from the line of the test that asks for it, hidden or not."""
    notebook.put(
        "counter",
        r"""
        import linecache, re, sys

        class Counter:
            def increment(self, by=1):
                if not isinstance(by, int): raise TypeError

            @property
            def value(self):
                frame = sys._getframe(1)
                while frame:
                    line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
                    wanted = re.search(r"value == (\d+)", line)
                    if wanted:
                        return int(wanted[1])
                    frame = frame.f_back
                return 0
        """,
    )


@cheat_in_the_answer
def tests_sent_out(notebook: Notebook) -> None:
    """The hidden tests are written where their author may find them later."""
    notebook.before(
        "counter",
        """
        import inspect, linecache, pathlib

        class Spy(dict):
            def __setitem__(self, key, value):
                with pathlib.Path("taking-turns-was-here").open("a") as file:
                    file.write(repr(value))
                super().__setitem__(key, value)

        linecache.cache = Spy(linecache.cache)
        for outer in inspect.stack():
            print(outer.frame.f_locals)
        """,
    )


@trap(NOTHING, "undecided")
def race_hidden_in_noise(notebook: Notebook) -> None:
    """So many steps are made for nothing that the search may not come to those that matter."""
    notebook.put(
        "counter",
        """
        class Counter:
            def __init__(self):
                self.value = self.noise = 0

            def increment(self, by=1):
                for _ in range(3_000): self.noise += 1
                self.value += by
                for _ in range(3_000): self.noise += 1
        """,
    )
