"""CPython's own tests of threads, locks, queues and pools, run in worlds.

The sources of the installed `test` package are copied into a package of their own, whose `support`
takes its time from the world. There they are a learner's modules: rewritten, and imported anew by
every run. Each case runs under the default schedule and under a few others.
"""

from __future__ import annotations

import fnmatch
import functools
import importlib
import re
import sys
import unittest
from pathlib import Path

import pytest

from taketurns import explore, simulate

if sys.version_info >= (3, 14):
    pytest.skip("the table of cases was made on 3.11 to 3.13", allow_module_level=True)
try:
    import test.support.threading_helper
except ImportError:
    pytest.skip("this Python comes without its `test` package", allow_module_level=True)

LIBRARY = Path(test.__file__).parent
PLAIN = ["test_threading", "test_queue", "test_thread", "test_threading_local", "test_sched"]
FUTURES = "test_concurrent_futures"  # a module at first, a package since 3.12 (and late 3.11)
if (LIBRARY / FUTURES).is_dir():
    parts = ("as_completed", "future", "init", "shutdown", "thread_pool", "wait")
    MODULES = [*PLAIN, *(f"{FUTURES}.test_{part}" for part in parts)]
elif (LIBRARY / f"{FUTURES}.py").exists():
    MODULES = [*PLAIN, FUTURES]
else:
    MODULES = PLAIN

# Cases that are left out, as patterns, and why. Versions are given below.
CHILD = "its program runs in a child process, where there is no world"
FORK = "forks the process"
SIGNALS = "is about signals"
SAME = "its subject has the same model as that of its twin"
PRIVATE = "looks at private parts of the library"
COUNTS = "is about when an object is freed"
NATIVE = "is about how C calls Python"
LONG = "takes very many steps"
LEFT_OUT = {
    "test_threading.ThreadTests.test_PyThreadState_SetAsyncExc": NATIVE,
    "test_threading.ThreadTests.test_debug_deprecation": CHILD,
    "test_threading.ThreadTests.test_disallow_instantiation": NATIVE,
    "test_threading.ThreadTests.test_finalize_*": CHILD,
    "test_threading.ThreadTests.test_finalization_shutdown": CHILD,
    "test_threading.ThreadTests.test_foreign_thread": PRIVATE,
    "test_threading.ThreadTests.test_*fork*": FORK,
    "test_threading.ThreadTests.test_getprofile_all_threads": "no thread is traced",
    "test_threading.ThreadTests.test_gettrace_all_threads": "no thread is traced",
    "test_threading.ThreadTests.test_ident_of_no_threading_threads": PRIVATE,
    "test_threading.ThreadTests.test_import_from_another_thread": CHILD,
    "test_threading.ThreadTests.test_join_nondaemon_on_shutdown": CHILD,
    "test_threading.ThreadTests.test_leak_without_join": CHILD,
    "test_threading.ThreadTests.test_limbo_cleanup": PRIVATE,
    "test_threading.ThreadTests.test_locals_at_exit": CHILD,
    "test_threading.ThreadTests.test_main_thread_during_shutdown": CHILD,
    "test_threading.ThreadTests.test_name": PRIVATE,
    "test_threading.ThreadTests.test_no_refcycle_through_target": COUNTS,
    "test_threading.ThreadTests.test_old_threading_api": "the old names warn in every schedule",
    "test_threading.ThreadTests.test_shutdown_locks": PRIVATE,
    "test_threading.ThreadTests.test_tstate_lock": PRIVATE,
    "test_threading.ThreadJoinOnShutdown.*": CHILD,
    "test_threading.SubinterpThreadingTests.*": "starts other interpreters",
    "test_threading.ThreadingExceptionTests.test_multithread_modify_file_noerror": "writes a file",
    "test_threading.ThreadingExceptionTests.test_print_exception*": CHILD,
    "test_threading.ThreadingExceptionTests.test_recursion_limit": CHILD,
    "test_threading.PyRLockTests.*": SAME,
    "test_threading.*.test_at_fork_reinit": FORK,
    "test_threading.ConditionAsRLockTests.test_recursion_count": "is skipped by itself",
    "test_threading.MiscTestCase.*": PRIVATE,
    "test_threading.InterruptMainTests.*": SIGNALS,
    "test_threading.AtexitTests.*": CHILD,
    "test_queue.Py*": SAME,
    "test_queue.CSimpleQueueTest.test_many_threads*": LONG,
    "test_queue.CSimpleQueueTest.test_reentrancy": COUNTS,
    "test_queue.C*.test_shutdown*_all_methods_in_many_threads": LONG,
    "test_thread.ThreadRunningTests.test__count": COUNTS,
    "test_thread.ThreadRunningTests.test_join*": PRIVATE,
    "test_thread.ThreadRunningTests.test_set_done_unstarted": PRIVATE,
    "test_thread.ThreadRunningTests.test_start_*_handle": PRIVATE,
    "test_thread.LockTests.test_at_fork_reinit": FORK,
    "test_thread.TestForkInThread.*": FORK,
    "test_threading_local.*.test_cycle_collection": COUNTS,
    "test_threading_local.*.test_local_refs": COUNTS,
    "test_concurrent_futures.*FutureTests.test_exception_with_success": PRIVATE,
    "test_concurrent_futures.*FailingInitializerResources*": "is about processes",
    "test_concurrent_futures.*Process*": "is about processes",
    "test_concurrent_futures.*ThreadPool*.test_default_workers": "counts the processors",
    "test_concurrent_futures.*ThreadPool*.test_del_shutdown": COUNTS,
    "test_concurrent_futures.*ThreadPool*.test_free_reference*": COUNTS,
    "test_concurrent_futures.*ThreadPool*.test_hang_global_shutdown_lock": FORK,
    "test_concurrent_futures.*ThreadPool*.test_hang_gh94440": SIGNALS,
    "test_concurrent_futures.*ThreadPool*.test_initializer": "unittest watches the real `logging`",
    "test_concurrent_futures.*ThreadPool*.test_interpreter_shutdown": CHILD,
    "test_concurrent_futures.*ThreadPool*.test_no_stale_references": COUNTS,
    "test_concurrent_futures.*ThreadPool*.test_submit_after_interpreter_shutdown": CHILD,
    "test_concurrent_futures.*ThreadPool*.test_thread_names_*": COUNTS,
}
# In which versions, where not in all: from the first on, before the second.
VERSIONS = {
    "test_threading.ThreadTests.test_debug_deprecation": ((3, 11), (3, 12)),
    "test_threading.ThreadTests.test_disallow_instantiation": ((3, 11), (3, 13)),
    "test_threading.ThreadTests.test_shutdown_locks": ((3, 11), (3, 13)),
    "test_threading.ThreadTests.test_tstate_lock": ((3, 11), (3, 13)),
    "test_threading.ThreadTests.test_getprofile_all_threads": ((3, 12), (4,)),
    "test_threading.ThreadTests.test_gettrace_all_threads": ((3, 12), (4,)),
    "test_queue.C*.test_shutdown*_all_methods_in_many_threads": ((3, 13), (4,)),
    "test_thread.ThreadRunningTests.test_join*": ((3, 13), (4,)),
    "test_thread.ThreadRunningTests.test_set_done_unstarted": ((3, 13), (4,)),
    "test_thread.ThreadRunningTests.test_start_*_handle": ((3, 13), (4,)),
    "test_concurrent_futures.*FailingInitializerResources*": ((3, 13), (4,)),
}
# A thread dies of an exception in these, as it should.
DIES = {
    "test_threading.ExceptHookTests.test_excepthook",
    "test_threading.ExceptHookTests.test_excepthook_thread_None",
    "test_threading.ExceptHookTests.test_original_excepthook",
}

SUPPORT = """
import contextlib, io, sys, time
from test import support as real
from test.support import *

SHORT_TIMEOUT = LONG_TIMEOUT = 30.0
LOOPBACK_TIMEOUT = 5.0
verbose = 0

def __getattr__(name):
    if name in ("threading_helper", "import_helper"):  # these are imported from here
        raise AttributeError(name)
    return getattr(real, name)

def gc_collect():
    pass

reap_children = gc_collect

def sleeping_retry(timeout, err_msg=None, /, *, init_delay=0.010, max_delay=1.0, error=True):
    end = time.monotonic() + timeout
    while True:
        yield
        if time.monotonic() >= end:
            break
        time.sleep(init_delay)
    if error:
        raise AssertionError(err_msg or "timeout")

busy_retry = sleeping_retry

@contextlib.contextmanager
def captured_output(name):
    before = getattr(sys, name)
    setattr(sys, name, io.StringIO())
    try:
        yield getattr(sys, name)
    finally:
        setattr(sys, name, before)

def captured_stdout():
    return captured_output("stdout")

def captured_stderr():
    return captured_output("stderr")

class catch_unraisable_exception:
    def __enter__(self):
        self.before = sys.unraisablehook
        sys.unraisablehook = lambda unraisable: setattr(self, "unraisable", unraisable)
        return self

    def __exit__(self, *exc_info):
        sys.unraisablehook = self.before
"""
THREADING_HELPER = """
def threading_setup():
    return ()

def threading_cleanup(*original):
    pass

@contextlib.contextmanager
def wait_threads_exit(timeout=None):
    yield
    time.sleep(1)
"""
IMPORT_HELPER = """
import importlib

def import_module(name, deprecated=False, *, required_on=()):
    return importlib.import_module(name)

def import_fresh_module(name, fresh=(), blocked=()):
    return importlib.import_module(name)

def __getattr__(name):
    from test.support import import_helper
    return getattr(import_helper, name)
"""


def translated(file):
    """The source of a test module, with its imports taken from the copy."""
    text = file.read_text("utf-8")
    ours = r"\1from cpython\2 import"
    text = re.sub(
        r"^(\s*)from test(\.support(?:\.(?:import|threading)_helper)?)? import",
        ours,
        text,
        flags=re.MULTILINE,
    )
    both = "from cpython import support\nclass test: support = support"
    return re.sub(r"^import test\.support$", both, text, flags=re.MULTILINE)


@pytest.fixture(scope="module", autouse=True)
def copy(tmp_path_factory):
    """The package `cpython`, to be imported in worlds only."""
    folder = tmp_path_factory.mktemp("copy")
    texts = {
        "__init__": "",
        "lock_tests": translated(LIBRARY / "lock_tests.py"),
        "support/__init__": SUPPORT,
        "support/import_helper": IMPORT_HELPER,
        "support/threading_helper": translated(LIBRARY / "support" / "threading_helper.py")
        + THREADING_HELPER,
    }
    for file in (*LIBRARY.glob(f"{FUTURES}/*.py"), *(LIBRARY / f"{name}.py" for name in PLAIN)):
        texts[file.relative_to(LIBRARY).with_suffix("").as_posix()] = translated(file)
    if FUTURES in MODULES:
        texts[FUTURES] = translated(LIBRARY / f"{FUTURES}.py")
    elif len(MODULES) > len(PLAIN):
        texts[f"{FUTURES}/__init__"] = ""
    for name, text in texts.items():
        file = folder / "cpython" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield


@functools.cache
def all_cases():
    """The names of all cases, as module.class.method."""
    found = []
    for module in MODULES:
        for name, kind in vars(importlib.import_module(f"test.{module}")).items():
            if isinstance(kind, type) and issubclass(kind, unittest.TestCase):
                methods = unittest.defaultTestLoader.getTestCaseNames(kind)
                found += [f"{module}.{name}.{method}" for method in methods]
    return found


def chosen_cases():
    return [
        name
        for name in all_cases()
        if not any(fnmatch.fnmatchcase(name, pattern) for pattern in LEFT_OUT)
    ]


def case(module, kind, method):
    import importlib
    import unittest

    try:
        getattr(importlib.import_module(f"cpython.{module}"), kind)(method).debug()
    except unittest.SkipTest as skip:
        return f"skipped: {skip}"
    return "passed"


@pytest.mark.slow
@pytest.mark.parametrize("name", chosen_cases())
def test_a_case_of_cpython_passes_under_every_schedule_tried(name):
    program = functools.partial(case, *name.rsplit(".", 2))
    verdict = "thread-exception" if name in DIES else "ok"

    run = simulate(program)

    assert (verdict, "passed") == (run.verdict, run.result), run.message

    report = explore(program, budget=4 * len(run.events) + 100)

    assert {"passed"} >= set(report.outcomes)
    assert report.failure is None or verdict == report.failure.verdict, str(report.failure)


def test_at_least_150_cases_are_run():
    assert 150 <= len(chosen_cases())


@pytest.mark.parametrize("pattern", LEFT_OUT)
def test_what_is_left_out_still_exists(pattern):
    module = pattern.partition(".")[0]
    missing = module == FUTURES and MODULES == PLAIN
    first, end = VERSIONS.get(pattern, ((3, 11), (4,)))
    if missing or not first <= sys.version_info < end:
        pytest.skip("not in this version")

    assert fnmatch.filter(all_cases(), pattern)
