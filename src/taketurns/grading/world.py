"""Runs the cells that one check needs, in a process that was forked for it alone.

A cell runs as in a kernel, by IPython's `InteractiveShell`, without a kernel: no sockets, no
history, and outputs are kept as a notebook has them. `taketurns.grading.warden` forks the process,
confines it, and reads the one frame that it sends.
"""

from __future__ import annotations

import concurrent.futures.thread  # noqa: F401  (loaded when asked for, else; too late to guard it)
import contextlib
import io
import linecache
import operator
import os
import re
import sys
import types
from typing import TYPE_CHECKING, Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import InteractiveShell

from taketurns.course._child import FOLDER, failed, plain, strength, watch_checks
from taketurns.course.variety import VARIABLE
from taketurns.engine.build import prepare
from taketurns.engine.results import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Output = dict[str, Any]  # as in a notebook

# Checks that must fail, by an assertion and by a race. If they do not, nothing is believed.
CANARIES = (
    "# An assertion fails.\nassert False, 'canary'",
    """
def canary():
    total = 0

    def add():
        nonlocal total
        total += 1

    thread = canary_threading.Thread(target=add)
    thread.start()
    add()
    thread.join()
    return total


import threading as canary_threading
from taketurns import explore as canary_explore

assert 1 not in canary_explore(canary).outcomes, "canary"
""",
)
_CANARIES = tuple(
    {"name": f"canary-{at}", "source": text, "learners": False} for at, text in enumerate(CANARIES)
)
# What a world may not change, though code could get at it: all that verdicts are made by.
GUARDED = re.compile(
    r"builtins|threading|queue|time|concurrent\.futures\..*"
    r"|taketurns\.course\._child|taketurns\.grading\.world"
)
ENGINE = re.compile(r"taketurns(\.engine(\..*)?)?")
KEPT = (type, int, float, str, frozenset, property, classmethod, staticmethod)
MOST = 256  # transformed cells that are kept
_code_of = operator.attrgetter("__code__")
_defaults_of = operator.attrgetter("__defaults__")


class State:
    """The functions and constants of modules, and of the classes in them, as they are now."""

    def __init__(self, names: re.Pattern[str]) -> None:
        self._modules = {n: module for n, module in sys.modules.items() if names.fullmatch(n)}
        # Of each module and class: how to ask for what is compared, and the answer.
        self._spaces: list[tuple[Any, Callable[[Any], tuple[object, ...]], tuple[object, ...]]] = []
        self._functions: list[types.FunctionType] = []
        for name, module in self._modules.items():
            self._note(vars(module))
            for value in list(vars(module).values()):
                if isinstance(value, type) and value.__module__ == name:
                    self._note(vars(value))
        self._codes = [*map(_code_of, self._functions)]
        self._defaults = [*map(_defaults_of, self._functions)]

    def _note(self, space: Mapping[str, object]) -> None:
        kept = [n for n, v in space.items() if isinstance(v, (types.FunctionType, *KEPT))]
        if kept:
            ask = operator.itemgetter(*kept, kept[0])  # of one name only it would give no tuple
            self._spaces.append((space, ask, ask(space)))
            self._functions += (v for v in ask(space) if isinstance(v, types.FunctionType))

    def stands(self) -> bool:
        """Whether all is as it was.

        Whatever a world looks at costs it a copy of that page of memory, so this looks at little.
        """
        same = operator.is_
        try:
            return (
                all(sys.modules.get(name) is module for name, module in self._modules.items())
                and all(all(map(same, ask(space), was)) for space, ask, was in self._spaces)
                and all(map(same, map(_code_of, self._functions), self._codes))
                and all(map(same, map(_defaults_of, self._functions), self._defaults))
            )
        except KeyError:  # it is gone
            return False


FLOOD = 32  # times as much as is kept, and a cell is stopped
FLOODED = 86  # exit status of such a world


class Outputs:
    """What a cell puts out, as a notebook keeps it, up to so many bytes."""

    def __init__(self, room: int) -> None:
        self.kept: list[Output] = []
        self.lost = 0
        self._room = room
        self._patience = room * FLOOD

    def _count(self, size: int) -> None:
        self._patience -= size
        if self._patience < 0:
            os._exit(FLOODED)  # nothing that a cell can catch

    def add(self, output: Output, size: int) -> None:
        """Keep an output if there is room for it."""
        self._count(size)
        if size > self._room:
            self.lost += 1
            return
        self._room -= size
        self.kept.append(output)

    def write(self, name: str, text: str) -> None:
        """Keep text on a stream, together with what was written there just before."""
        self._count(len(text))
        text = text[: self._room]
        if not text:
            self.lost += 1
            return
        self._room -= len(text)
        last = self.kept[-1] if self.kept else {}
        if last.get("name") == name:
            last["text"] += text
        else:
            self.kept.append({"output_type": "stream", "name": name, "text": text})


class _Stream(io.TextIOBase):
    """A standard stream of a cell."""

    def __init__(self, outputs: Outputs, name: str) -> None:
        self._outputs = outputs
        self._name = name

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            self._outputs.write(self._name, text)
        return len(text)


class _Publisher(DisplayPublisher):  # type: ignore[misc]
    """Where `display` and the engine put pictures."""

    outputs: Outputs

    def publish(self, data: dict[str, Any], metadata: Any = None, **_rest: Any) -> None:
        self.outputs.add(
            {"output_type": "display_data", "data": _data(data), "metadata": metadata or {}},
            _size(data),
        )

    def clear_output(self, wait: bool = False) -> None:
        del wait
        self.outputs.kept.clear()


class _Hook(DisplayHook):  # type: ignore[misc]
    """Where the value of a cell's last line goes."""

    outputs: Outputs

    def __call__(self, result: object = None) -> None:
        if result is None or self.quiet():
            return
        if isinstance(result, Report) and result.holds:  # a picture of it would take longer
            data, metadata = {"text/plain": result.summary()}, {}
        else:
            data, metadata = self.compute_format_data(result)
        self.update_user_ns(result)
        self.outputs.add(
            {
                "output_type": "execute_result",
                "data": _data(data),
                "metadata": metadata or {},
                "execution_count": None,
            },
            _size(data),
        )


def _data(data: dict[str, Any]) -> dict[str, Any]:
    return {str(kind): value if isinstance(value, (str, dict)) else repr(value)
            for kind, value in data.items()}  # fmt: skip


def _size(data: dict[str, Any]) -> int:
    return sum(len(value) if isinstance(value, str) else 1_000 for value in data.values())


class Shell(InteractiveShell):  # type: ignore[misc]
    """IPython as in a kernel, for cells that are known by name."""

    cell_name = ""
    shows_errors = True
    outputs: Outputs
    _transformed: dict[str, str]

    def expect(self, name: str, source: str) -> None:
        """Read a cell that is going to run, unless it is of one line, which may mean anything."""
        if source in self._transformed or len(source.splitlines()) < 2:
            return
        with contextlib.suppress(Exception):  # what is wrong with it is found when it runs
            text = str(super().transform_cell(source))
            if len(self._transformed) >= MOST:
                self._transformed.clear()
            self._transformed[source] = text
            if source not in CANARIES:  # of which the engine is to do everything itself
                prepare(f"{FOLDER}/{name}", "".join(f"{line}\n" for line in text.splitlines()))

    def transform_cell(self, raw_cell: str) -> str:
        """Return what is left to Python of a cell; of those expected it is known."""
        known = self._transformed.get(raw_cell)
        return str(super().transform_cell(raw_cell)) if known is None else known

    def init_history(self) -> None:
        """Keep no history: it would be a file, and a thread."""
        self.history_manager = HistoryManager(
            shell=self, parent=self, enabled=False, hist_file=":memory:"
        )

    def init_ipython_dir(self, _: object) -> None:
        """Have no settings: they would be files, for all who use this machine."""

    def init_profile_dir(self, _: object) -> None:
        """Likewise; what `%cd` notes stays in memory."""
        self._db: dict[str, Any] = {}

    def enable_gui(self, gui: object = None) -> None:
        """Do nothing: nobody looks."""

    def showtraceback(self, *arguments: Any, **options: Any) -> None:
        """Show an error where it is of interest, for that takes longer than most checks."""
        if self.shows_errors:
            super().showtraceback(*arguments, **options)

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        """Keep the error as a notebook does."""
        self.outputs.add(
            {
                "output_type": "error",
                "ename": str(getattr(etype, "__name__", etype)),
                "evalue": plain(_text(evalue)),
                "traceback": [plain(line) for line in stb],
            },
            sum(map(len, stb)),
        )


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:
        return "(its text cannot be shown)"


def shell() -> Shell:
    """Return the one shell of this process, warmed so that a world has nothing left to import."""
    made: Shell = Shell.instance(display_pub_class=_Publisher, displayhook_class=_Hook)
    made.compile.get_code_name = lambda *_: f"{FOLDER}/{made.cell_name}"
    made.colors = "nocolor"
    made.autocall = 0
    made._transformed = {}
    made.system = made.system_raw  # without a terminal: a world has none to give
    return made


class World:
    """One process's cells."""

    def __init__(self) -> None:
        self._shell = shell()
        self._room = 0
        self._reports = watch_checks()
        self._streams = sys.stdout, sys.stderr
        self._note_state()

    def _note_state(self) -> None:
        self._state, self._engine = State(GUARDED), State(ENGINE)

    def expect(self, cells: Sequence[dict[str, Any]]) -> None:
        """Read the master's cells now, so that the worlds that run them need not.

        Reading runs nothing. It takes as long as running most of them.
        """
        for cell in (*_CANARIES, *cells):
            if not cell["learners"]:
                self._shell.expect(cell["name"], cell["source"])

    def run(
        self,
        cells: Sequence[dict[str, Any]],
        student: str,
        room: int,
        begins: Callable[[str], None] = lambda _: None,
    ) -> dict[str, Any]:
        """Run the cells; return the frame of the last one, which is the check.

        Args:
            cells: each with `name`, `source` and whether it is `learners`.
            student: for whom numbers are drawn.
            room: bytes of outputs of a cell that are kept.
            begins: called with the name of each cell before it runs.
        """
        self._room = room
        if student:
            os.environ[VARIABLE] = student
        before = ""
        for cell in cells[:-1]:
            begins(cell["name"])
            outputs, error = self._cell(cell)
            if error is not None and cell["learners"] and not before:
                before = f"{cell['name']}: {failed(error)['message']}"
        self._reports.clear()
        begins(cells[-1]["name"])
        outputs, error = self._cell(cells[-1])
        frame = self._frame(outputs, error)
        if before and frame["verdict"] != "ok":
            frame["message"] = f"before this cell ran, {before}\n{frame['message']}"
        explores = any("taketurns" in cell["source"] for cell in cells if not cell["learners"])
        if frame["verdict"] == "ok" and not self._is_believable(explores=explores):
            said = "checks cannot fail any more after this code"
            return {**frame, "verdict": "crash", "believed": False, "message": said}
        return frame

    def _is_believable(self, *, explores: bool) -> bool:
        """Whether checks still fail, and are still the same; and the engine, if it was asked."""
        if not self._state.stands() or (explores and not self._engine.stands()):
            return False
        self._shell.shows_errors = False
        try:
            for canary in _CANARIES if explores else _CANARIES[:1]:
                _, error = self._cell(canary)
                if error is None or "canary" not in _text(error):
                    return False
        finally:
            self._shell.shows_errors = True
        return True

    def _cell(self, cell: dict[str, Any]) -> tuple[Outputs, BaseException | None]:
        """Run one cell; return what it put out and what it raised."""
        made = self._shell
        made.cell_name = cell["name"]
        outputs = made.outputs = made.display_pub.outputs = made.displayhook.outputs = Outputs(
            self._room
        )
        source = cell["source"]
        file = f"{FOLDER}/{cell['name']}"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        sys.stdout, sys.stderr = _Stream(outputs, "stdout"), _Stream(outputs, "stderr")
        try:
            result = made.run_cell(source, store_history=False)
        except BaseException as error:  # such as SystemExit in a hook of the shell's own
            return outputs, error
        finally:
            sys.stdout, sys.stderr = self._streams
        return outputs, result.error_before_exec or result.error_in_exec

    def _frame(self, outputs: Outputs, error: BaseException | None) -> dict[str, Any]:
        """What is said about the check."""
        frame: dict[str, Any]
        noise = "".join(o["text"] for o in outputs.kept if o.get("name") == "stderr").strip()
        if error is not None:
            frame = failed(error)
        elif noise:
            said = f"the cell wrote to stderr, which costs its points: {plain(noise)}"
            frame = {"verdict": "stderr", "message": said}
        else:
            weakest = min((r.coverage for r in self._reports), key=strength, default=None)
            frame = {"verdict": "ok", "message": "", "coverage": weakest and str(weakest)}
        frame.pop("steps", None)
        if outputs.lost:
            outputs.kept.append(
                {"output_type": "stream", "name": "stdout", "text": "… (more was put out)\n"}
            )
        return {**frame, "outputs": outputs.kept}


def warm() -> World:
    """Return a world in which the first cell, check and error have been seen already."""
    made = World()
    setup = "import threading\nimport time\nfrom taketurns import explore, simulate\n"
    for source in (WARM, "1 / 0", "1"):
        cells = [
            {"name": f"warm-{number}", "source": text, "learners": False}
            for number, text in enumerate((setup, source))
        ]
        made.run(cells, "", 1 << 20)
    made._shell.reset(new_session=False)
    made._note_state()
    return made


WARM = """
def program():
    counter = [0]
    lock = threading.Lock()
    def add():
        with lock:
            counter[0] += 1
        time.sleep(1)
        counter[0] += 1
    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter == [4], "lost"


explore(program).check()
"""
