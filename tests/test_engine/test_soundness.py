"""On real programs, too, the reduced search finds what an unreduced one finds, every time alike."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from taketurns.engine import search
from taketurns.engine.explore import _Exploration

from .random_programs import HEADER, compare, compare_text, planned, random_source

BLOCKS = 10
SIZE = 260  # programs of a block
MOST = 200  # runs of a program without reduction; larger ones are only sampled
REPEATED = range(24)  # seeds whose programs are searched again and again


@pytest.mark.slow
@pytest.mark.parametrize("block", range(BLOCKS))
def test_reduced_and_unreduced_search_agree_on_random_programs(block: int) -> None:
    gc.collect()
    comparisons = [compare(seed, MOST) for seed in range(block * SIZE, (block + 1) * SIZE)]

    assert [found.report() for found in comparisons if not found.agree] == []
    assert sum(found.compared for found in comparisons) >= SIZE // 4


@pytest.mark.slow
def test_the_comparison_notices_a_search_that_reverses_no_races(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search.Reduced, "_reverse", lambda *_: False)

    assert not all(compare(seed, MOST).agree for seed in range(40))


# -- minimal programs that were once searched wrongly, or still are -------------------------------

TWO = """
def program():
    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return saw
"""


def two(setup: str, first: str, second: str) -> str:
    """A program of two threads that record what they see in `saw`."""
    parts = [HEADER, "from functools import reduce", "saw = [None, None]", textwrap.dedent(setup)]
    for name, body in (("first", first), ("second", second)):
        parts.append(f"def {name}():\n{textwrap.indent(textwrap.dedent(body).strip(), '    ')}")
    return "\n".join([*parts, TWO])


MINIMAL = {
    "nested list compared": two("m = [[0]]", "m[0].append(1)", "saw[1] = m == [[0]]"),
    "nested list shown": two("m = [[0]]", "m[0].append(1)", "saw[1] = str(m)"),
    "nested list formatted": two("m = [[0]]", "m[0].append(1)", "saw[1] = f'{m}'"),
    "list in a tuple compared": two("m = ([0],)", "m[0].append(1)", "saw[1] = m == ([0],)"),
    "truth of a dict": two("d = {'a': 0}", "d.clear()", "saw[1] = bool(d)"),
    "list formatted by %": two("d = [0]", "d.append(1)", "saw[1] = '%s' % d"),
    "list in a tuple formatted by %": two("d = [0]", "d.append(1)", "saw[1] = '%s' % (d,)"),
    "nested lists filtered": two("d = [[0]]", "d[0].clear()", "saw[1] = list(filter(None, d))"),
    "nested lists, any": two("d = [[0]]", "d[0].clear()", "saw[1] = any(d)"),
    "printed into a buffer": two(
        "import io\nout = io.StringIO()", "print('a', file=out)", "saw[1] = out.getvalue()"
    ),
    "globals()": two("x = 0", "globals()['x'] = 1", "saw[1] = x"),
    "lru_cache": two(
        "from functools import lru_cache\nx = 0\n@lru_cache\ndef g():\n    return x",
        "global x\nx = 1\nsaw[0] = g()",
        "saw[1] = g()",
    ),
    "attrgetter": two(
        "import operator\nclass Box: pass\nbox = Box()\nbox.x = 0\nget = operator.attrgetter('x')",
        "box.x = 1",
        "saw[1] = get(box)",
    ),
    "itemgetter": two(
        "import operator\nd = {'a': 0}\nget = operator.itemgetter('a')",
        "d['a'] = 1",
        "saw[1] = get(d)",
    ),
    "ChainMap": two(
        "from collections import ChainMap\nd = {}\nchain = ChainMap(d)",
        "d['a'] = 1",
        "saw[1] = chain.get('a')",
    ),
    "class exchanged": two(
        "class A:\n    def f(self): return 1\nclass B:\n    def f(self): return 2\nbox = A()",
        "box.__class__ = B",
        "saw[1] = box.f()",
    ),
    "defaults exchanged": two("def g(v=0): return v", "g.__defaults__ = (1,)", "saw[1] = g()"),
    "dataclass hashed": two(
        "@dataclass(unsafe_hash=True)\nclass R:\n    a: int = 0\nr = R()",
        "r.a = 1",
        "saw[1] = hash(r) == hash(R())",
    ),
    "attribute of an exception": two("e = Exception()\ne.n = 0", "e.n = 1", "saw[1] = e.n"),
    "attribute of a partial": two(
        "from functools import partial\np = partial(int)\np.n = 0", "p.n = 1", "saw[1] = p.n"
    ),
    "attribute of an enum": two(
        "from enum import Enum\nclass C(Enum):\n    A = 1\nC.A.n = 0", "C.A.n = 1", "saw[1] = C.A.n"
    ),
    "namespace shown": two(
        "from types import SimpleNamespace\nn = SimpleNamespace(x=0)", "n.x = 1", "saw[1] = str(n)"
    ),
    "generator shared": two(
        """
        x = 0
        def numbers():
            while True:
                yield x
        shared = numbers()
        """,
        """
        global x
        try:
            saw[0] = next(shared)
        except ValueError:
            saw[0] = "busy"
        x = 1
        """,
        """
        try:
            saw[1] = next(shared)
        except ValueError:
            saw[1] = "busy"
        """,
    ),
    "attribute of a thread": two(
        "t = threading.Thread(target=print)", "t.kept = 5", "saw[1] = getattr(t, 'kept', None)"
    ),
    "attribute of a queue": two("q = queue.Queue()\nq.over = 0", "q.over = 1", "saw[1] = q.over"),
    "name of a thread": two("t = threading.Thread()", "t.name = 'z'", "saw[1] = t.name"),
    "number of a thread": two(
        "def f(): pass\nt = threading.Thread(target=f)", "t.start()", "saw[1] = t.ident is None"
    ),
    "default names": two(
        "", "saw[0] = threading.Thread().name[7:]", "saw[1] = threading.Thread().name[7:]"
    ),
    "deque of a queue": two("q = queue.Queue()", "q.put(1)", "saw[1] = list(q.queue)"),
    "event shown": two("e = threading.Event()", "e.set()", "saw[1] = repr(e).split()[-1]"),
    "future formatted": two("f = Future()", "f.set_result(1)", "saw[1] = f'{f}'.split()[-1]"),
    "subclass of Queue": two(
        """
        n = 0
        class Counting(queue.Queue):
            def _put(self, item):
                global n
                n += 1
                super()._put(item)
        q = Counting()
        """,
        "q.put(1)",
        "saw[1] = n",
    ),
    "items that compare": two(
        """
        n = 0
        class Item:
            def __lt__(self, other):
                global n
                n += 1
                return False
        q = queue.PriorityQueue()
        q.put(Item())
        """,
        "q.put(Item())",
        "saw[1] = n",
    ),
    "class between": two(
        """
        class Base:
            level = 0
        class Derived(Base):
            pass
        one = Derived()
        """,
        "Derived.level = 1",
        "saw[1] = one.level",
    ),
    "attribute that uncovers the class's": two(
        """
        class Box:
            x = 0
        box = Box()
        box.x = 1
        z = 0
        """,
        "global z\nsaw[0] = z, box.x",
        "del box.x\nBox.x = 5",
    ),
    "iterator listed": two(
        "numbers = iter([1, 2])", "saw[0] = list(numbers)", "saw[1] = next(numbers, None)"
    ),
    "iterator zipped": two(
        "numbers = iter([1, 2])", "saw[0] = list(zip(numbers, 'a'))", "saw[1] = next(numbers, None)"
    ),
    "loop over a dict that grows": two(
        'd = {"a": 0}',
        """
        d["b"] = 1
        """,
        """
        try:
            for saw[1] in d:
                pass
        except RuntimeError:
            saw[1] = "changed"
        """,
    ),
    "comprehension over a dict that grows": two(
        'd = {"a": 0}', "saw[0] = [d[key] for key in d]", 'd.setdefault("b", 11)'
    ),
    "wait that gives up at the moment of the notification": two(
        "cond = threading.Condition()",
        "with cond:\n    saw[0] = cond.wait(1)",
        "time.sleep(1)\nwith cond:\n    cond.notify()",
    ),
    "adversarial wait that gives up": two(
        "cond = threading.Condition()",
        "with cond:\n    saw[0] = cond.wait(1)",
        "with cond:\n    cond.notify_all()",
    ),
    "notify_all without the lock": two(
        "lock = threading.Lock()\ncond = threading.Condition(lock)",
        """
        try:
            cond.notify_all()
        except RuntimeError:
            saw[0] = "refused"
        """,
        "with cond:\n    saw[1] = cond.wait(1)",
    ),
    "daemon": f"""{HEADER}
x = 0
def work():
    global x
    x = 1
def program():
    threading.Thread(target=work, daemon=True).start()
    return x
""",
    "pool counted": f"""{HEADER}
saw = [None]
def count_them():
    saw[0] = threading.active_count()
def nothing():
    pass
def program():
    t = threading.Thread(target=count_them)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(nothing)
        t.start()
    t.join()
    return saw
""",
    "completed before": f"""{HEADER}
def same(n):
    return n
def program():
    with ThreadPoolExecutor(2) as pool:
        tasks = [pool.submit(same, n) for n in (1, 2)]
        time.sleep(1)
        return [task.result() for task in as_completed(tasks)]
""",
    "adversarial acquire": two(
        "lock = threading.Lock()", "with lock:\n    pass", "saw[1] = lock.acquire(timeout=1)"
    ),
    "adversarial join": f"""{HEADER}
saw = [None]
def nothing():
    pass
def look():
    short.join(1)
    saw[0] = short.is_alive()
short = threading.Thread(target=nothing)
def program():
    looking = threading.Thread(target=look)
    short.start()
    looking.start()
    short.join()
    looking.join()
    return saw
""",
    "RLock taken thrice, given back twice": f"""{HEADER}
lock = threading.RLock()
saw = [None]
def work():
    saw[0] = lock.acquire(timeout=1)
    with lock:
        pass
def program():
    t = threading.Thread(target=work)
    t.start()
    first = lock.acquire(timeout=1)
    with lock:
        pass
    t.join()
    return first, saw
""",
}
# Not yet right.
GAPS = frozenset(
    {
        "list formatted by %",
        "list in a tuple formatted by %",
        "nested lists filtered",
        "nested lists, any",
        "printed into a buffer",
        "globals()",
        "lru_cache",
        "attrgetter",
        "itemgetter",
        "ChainMap",
        "class exchanged",
        "defaults exchanged",
        "dataclass hashed",
        "namespace shown",
        "nested list compared",
        "nested list shown",
        "nested list formatted",
        "list in a tuple compared",
        "name of a thread",
        "number of a thread",
        "default names",
        "event shown",
        "future formatted",
        "iterator listed",
        "iterator zipped",
        "notify_all without the lock",
        "completed before",
    }
)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.xfail(reason="not yet", strict=True))
        if name in GAPS
        else name
        for name in MINIMAL
    ],
)
def test_reduced_and_unreduced_search_agree_on(name: str) -> None:
    clock = "adversarial" if name.startswith("adversarial") else "exact"
    found = compare_text(MINIMAL[name], 1, 6_000, clock)

    assert found.agree, found.report()


# -- the same every time ---------------------------------------------------------------------------


def told(seed: int) -> list[object]:
    """All that a report on a random program says that could differ."""
    with planned(random_source(seed)) as the_plan:
        report = _Exploration(the_plan, "exact", 6_000).report()
    failure = report.failure
    return [
        report.verdict,
        str(report.coverage),
        sorted((str(key), count) for key, count in report.outcomes.items()),
        sorted((str(key), schedule) for key, schedule in report.schedules.items()),
        failure and [failure.schedule, failure.mistake, failure.run.verdict, failure.run.message],
    ]


@pytest.mark.slow
def test_a_report_is_the_same_on_repetition_and_after_other_work() -> None:
    first = [told(seed) for seed in REPEATED]
    clutter = [{object() for _ in range(1_000)} for _ in range(20)]
    for seed in range(1_000, 1_010):
        told(seed)

    assert [told(seed) for seed in REPEATED] == first
    assert [told(seed) for seed in reversed(REPEATED)] == first[::-1]
    assert len(clutter) == 20


@pytest.mark.slow
def test_a_report_is_the_same_under_every_hash_seed() -> None:
    here = Path(__file__)
    code = (
        "import importlib, json, sys; sys.path.insert(0, sys.argv[1]); "
        "m = importlib.import_module('test_engine.test_soundness'); "
        "print(json.dumps([m.told(seed) for seed in m.REPEATED]))"
    )

    def run(hash_seed: str) -> object:
        done = subprocess.run(
            [sys.executable, "-c", code, str(here.parent.parent)],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert run("0") == run("1") == run("4242")
