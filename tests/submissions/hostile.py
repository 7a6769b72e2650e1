"""Submissions that break, block or flood whoever runs or reads them. Most have right answers too.

What an answer does before its class is defined costs that exercise its points, where it ends there;
the others are not touched. What it does in passing, and is refused, costs nothing.
"""

from __future__ import annotations

import json
from typing import Any

from .cases import (
    ENDED,
    EXERCISES,
    FILE,
    MARK,
    MEMORY,
    OUTPUT,
    PORT,
    REACHES,
    RIGHT,
    TIME,
    UNREADABLE,
    WAITED,
    Case,
    Files,
    Link,
    Notebook,
    collector,
    points,
    solved,
)

CASES: dict[str, Case] = {}
trap = collector(CASES, solved)

FULL = points(1, *EXERCISES)
NOTHING = points(0, *EXERCISES)
LOST = FULL | points(0, "counter")  # the counter's points only
EITHER = FULL | points(None, "counter")  # they may be lost, if it cannot be helped


# -- it does not end ------------------------------------------------------------------------------


@trap(LOST)
def deadlock_in_an_answer(notebook: Notebook) -> None:
    """The answer waits for a lock that it holds itself."""
    twice = RIGHT["counter"].replace("with self._lock", "with self._lock, self._lock")
    notebook.put("counter", twice)


@trap(LOST)
def endless_loop_in_a_method(notebook: Notebook) -> None:
    """A thread of the test never comes back from the answer's method."""
    notebook.put("counter", RIGHT["counter"].replace("self.value += by", "while True: pass"))


@trap(LOST)
def endless_loop_that_catches_everything(notebook: Notebook) -> None:
    """A method goes on whatever is raised in it, even what should end its thread."""
    forever = """while True:
                try:
                    while True: pass
                except BaseException: continue"""
    notebook.put("counter", RIGHT["counter"].replace("self.value += by", forever))


@trap(LOST, TIME)
def busy_loop(notebook: Notebook) -> None:
    """The answer's cell never ends."""
    notebook.before("counter", "while True: pass")


@trap(LOST, TIME)
def busy_loop_that_catches_everything(notebook: Notebook) -> None:
    """The answer's cell cannot be interrupted, not even from the keyboard."""
    notebook.before(
        "counter",
        """
        while True:
            try:
                while True: pass
            except BaseException: continue
        """,
    )


@trap(LOST, TIME)
def busy_loop_that_ignores_signals(notebook: Notebook) -> None:
    """The answer's cell refuses every signal that can be refused."""
    notebook.before(
        "counter",
        """
        import signal

        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            try:
                signal.signal(number, signal.SIG_IGN)
            except OSError: pass
        while True: pass
        """,
    )


@trap(LOST, WAITED)
def sleeps_for_ever(notebook: Notebook) -> None:
    """The answer's cell takes no processor time, so that a limit on it is never reached."""
    notebook.before("counter", "import time\ntime.sleep(10**8)")


@trap(LOST, TIME)
def one_instruction_that_takes_for_ever(notebook: Notebook) -> None:
    """Python looks at no signal until the sum, made in C, is over."""
    notebook.before("counter", "import itertools\nsum(itertools.repeat(0))")


@trap(LOST, WAITED)
def waits_for_a_thread_that_never_ends(notebook: Notebook) -> None:
    """The answer's cell joins a thread that waits for ever."""
    notebook.before(
        "counter",
        """
        waiting = threading.Thread(target=threading.Event().wait)
        waiting.start()
        waiting.join()
        """,
    )


@trap(EITHER, REACHES)
def stops_itself(notebook: Notebook) -> None:
    """The process is stopped, which is not ended: whoever waits for its end waits for ever."""
    notebook.before("counter", "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)")


@trap(LOST)
def waits_for_input(notebook: Notebook) -> None:
    """The answer's cell asks the user."""
    notebook.before("counter", 'input("Ready? ")')


@trap(points(None, *EXERCISES), WAITED)
def every_cell_is_slow(notebook: Notebook) -> None:
    """Every answer's cell takes less than a cell may take, but all together take too long."""
    for name in EXERCISES:
        notebook.before(name, "import time\ntime.sleep(25)")


@trap(LOST)
def error_whose_text_never_ends(notebook: Notebook) -> None:
    """Whoever asks what went wrong gets no answer: `str` of the error loops."""
    notebook.put(
        "counter",
        """
        class Trouble(Exception):
            def __str__(self):
                while True: pass
            __repr__ = __str__

        class Counter:
            def __init__(self):
                raise Trouble
        """,
    )


# -- it ends too early ----------------------------------------------------------------------------


@trap(LOST)
def sys_exit_in_the_cell(notebook: Notebook) -> None:
    """The answer's cell leaves Python politely."""
    notebook.before("counter", "import sys\nsys.exit(0)")


@trap(FULL)
def sys_exit_in_a_thread(notebook: Notebook) -> None:
    """A thread leaves, which ends nobody else."""
    notebook.before("counter", "import sys\nthreading.Thread(target=sys.exit).start()")


@trap(LOST, ENDED)
def os_exit(notebook: Notebook) -> None:
    """The process is gone without a word."""
    notebook.before("counter", "import os\nos._exit(0)")


@trap(LOST, ENDED)
def os_exit_in_a_thread(notebook: Notebook) -> None:
    """A thread ends the process, so perhaps not at once."""
    notebook.before(
        "counter",
        """
        import os

        leaving = threading.Thread(target=os._exit, args=(0,))
        leaving.start()
        leaving.join()
        """,
    )


@trap(LOST, ENDED)
def segmentation_fault(notebook: Notebook) -> None:
    """Memory is read that is not there."""
    notebook.before("counter", "import ctypes\nctypes.string_at(0)")


@trap(EITHER, REACHES)
def kills_itself(notebook: Notebook) -> None:
    """The process sends itself the signal that nobody can refuse, but the first of a namespace."""
    notebook.before("counter", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")


@trap(EITHER)
def kills_its_parent(notebook: Notebook) -> None:
    """The process tries to end whoever started it, and then is right."""
    notebook.before(
        "counter",
        """
        import os, signal

        try:
            if os.getppid() > 0:  # 0 would mean every process of the group
                os.kill(os.getppid(), signal.SIGKILL)
        except OSError: pass
        """,
    )


@trap(LOST)
def alarm_clock(notebook: Notebook) -> None:
    """A timer of the system ends the process a moment after the cell, in the middle of a test."""
    notebook.before(
        "counter",
        """
        import signal

        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        while True: pass
        """,
    )


@trap(LOST)
def recursion_without_end(notebook: Notebook) -> None:
    """A method calls itself."""
    notebook.put(
        "counter",
        "class Counter:\n    value = 0\n\n    def increment(self, by=1): self.increment(by)",
    )


@trap(LOST)
def recursion_without_a_limit(notebook: Notebook) -> None:
    """The limit on recursion is lifted first, so the stack or the memory ends the process."""
    notebook.before(
        "counter",
        """
        import sys

        class Endless:
            def __repr__(self): return repr([self])

        sys.setrecursionlimit(2**31 - 1)
        repr(Endless())
        """,
    )


# -- it takes too much ----------------------------------------------------------------------------


@trap(LOST, MEMORY)
def memory_bomb(notebook: Notebook) -> None:
    """The answer's cell takes all memory that there is."""
    notebook.before("counter", "hoard = []\nwhile True: hoard.append(bytearray(1 << 24))")


@trap(LOST)
def fork_bomb(notebook: Notebook) -> None:
    """Every process makes another one, as long as the system lets it."""
    notebook.before("counter", "import os\nwhile True: os.fork()")


@trap(LOST, TIME)
def fork_bomb_that_does_not_give_up(notebook: Notebook) -> None:
    """Every process makes another one, and tries again when it is refused."""
    notebook.before(
        "counter",
        """
        import os

        while True:
            try:
                os.fork()
            except OSError: pass
        """,
    )


@trap(LOST, TIME)
def thread_bomb(notebook: Notebook) -> None:
    """Threads are started without end, and again when one is refused."""
    notebook.before(
        "counter",
        """
        import time

        while True:
            try:
                threading.Thread(target=time.sleep, args=(10**8,), daemon=True).start()
            except RuntimeError: pass
        """,
    )


@trap(LOST, OUTPUT)
def output_flood(notebook: Notebook) -> None:
    """The answer's cell prints without end."""
    notebook.before("counter", 'while True: print("spam " * 10_000)')


@trap(FULL)
def output_of_twenty_megabytes(notebook: Notebook) -> None:
    """The answer's cell prints for a while, and then is right."""
    notebook.before("counter", 'for _ in range(400): print("spam " * 10_000)')


@trap(LOST, TIME)
def error_output_flood(notebook: Notebook) -> None:
    """The answer's cell writes to stderr without end, past Python's own stream."""
    notebook.before("counter", 'import os\nwhile True: os.write(2, b"spam " * 10_000)')


@trap(LOST, OUTPUT)
def display_flood(notebook: Notebook) -> None:
    """The answer's cell shows pictures without end."""
    notebook.before(
        "counter",
        """
        from IPython.display import display

        while True: display({"image/png": "A" * 1_000_000}, raw=True)
        """,
    )


@trap(LOST)
def file_flood(notebook: Notebook) -> None:
    """The answer's cell writes a file without end."""
    notebook.before(
        "counter",
        f"""
        with open("{MARK}", "wb") as file:
            while True: file.write(b"spam " * 1_000_000)
        """,
    )


@trap(LOST)
def opens_every_file(notebook: Notebook) -> None:
    """The answer's cell leaves no descriptor for anybody else."""
    notebook.before("counter", 'kept = []\nwhile True: kept.append(open("/dev/null"))')


# -- it leaves something behind -------------------------------------------------------------------


@trap(FULL)
def child_that_outlives(notebook: Notebook) -> None:
    """A process of its own session goes on when the grading is over."""
    notebook.before(
        "counter",
        f"""
        import os, time

        try:
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    os.execvp("sleep", ["{MARK}", "600"])
                os._exit(0)
        except OSError: pass
        """,
    )


@trap(FULL)
def program_that_outlives(notebook: Notebook) -> None:
    """A program is started in the background, with all outputs of this one."""
    notebook.before(
        "counter",
        """
        import subprocess

        try:
            subprocess.Popen(["sleep", "600"], start_new_session=True)
        except OSError: pass
        """,
    )


@trap(FULL)
def leaked_threads(notebook: Notebook) -> None:
    """Threads that are no daemons keep Python from ending."""
    notebook.before(
        "counter",
        """
        import time

        for _ in range(3): threading.Thread(target=time.sleep, args=(10**8,)).start()
        """,
    )


@trap(EITHER)
def threads_that_write_to_stderr(notebook: Notebook) -> None:
    """Threads of the first exercise write errors while the others are graded."""
    notebook.before(
        "counter",
        """
        import sys, time

        def complain():
            while True:
                print("still here", file=sys.stderr, flush=True)
                time.sleep(0.001)

        for _ in range(3): threading.Thread(target=complain, daemon=True).start()
        """,
    )


@trap(FULL)
def thread_that_fails_late(notebook: Notebook) -> None:
    """A thread of the first exercise raises when another one is graded."""
    notebook.before(
        "counter",
        """
        import time

        def fail():
            time.sleep(3)
            raise RuntimeError("too late")

        threading.Thread(target=fail).start()
        """,
    )


@trap(FULL)
def opens_sockets(notebook: Notebook) -> None:
    """The answer calls out, and listens."""
    notebook.before(
        "counter",
        """
        import socket

        sockets = []
        for host in ("127.0.0.1", "192.0.2.1"):  # the second is nobody's, for documentation
            try:
                sockets.append(socket.create_connection((host, 80), timeout=0.2))
            except OSError: pass
        try:
            sockets.append(socket.create_server(("", 0)))
        except OSError: pass
        """,
    )


@trap(FULL)
def listens_when_it_is_over(notebook: Notebook) -> None:
    """A process of its own session keeps sockets open, one of them without a file."""
    notebook.before(
        "counter",
        f"""
        import os, socket, time

        try:
            if os.fork() == 0:
                os.setsid()
                for family, address in (
                    (socket.AF_INET, ("", {PORT})), (socket.AF_UNIX, "\\0{MARK}")
                ):
                    listening = socket.socket(family)
                    listening.bind(address)
                    listening.listen()
                    if os.fork() == 0:
                        time.sleep(600)
                os._exit(0)
        except OSError: pass
        """,
    )


@trap(FULL)
def writes_files_everywhere(notebook: Notebook) -> None:
    """Files are left in the home folder, in /tmp, in shared memory and beside the notebook."""
    notebook.before(
        "counter",
        f"""
        import pathlib

        for folder in (pathlib.Path.home(), "/tmp", "/var/tmp", "/dev/shm", ".", "..", "../.."):
            try:
                pathlib.Path(folder, "{MARK}").write_text("hello")
            except OSError: pass
        """,
    )


@trap(FULL)
def changes_folder(notebook: Notebook) -> None:
    """The process goes to another folder and stays there."""
    notebook.before("counter", 'import os\nos.chdir("/")')


@trap(FULL)
def removes_its_own_notebook(notebook: Notebook) -> None:
    """What was handed in is deleted while it is graded."""
    notebook.before(
        "counter",
        f"""
        import pathlib

        for folder in (".", "../../../submitted/removes-its-own-notebook/03-races-and-locks"):
            try:
                pathlib.Path(folder, "{FILE}").unlink()
            except OSError: pass
        """,
    )


@trap(EITHER)
def closes_every_file(notebook: Notebook) -> None:
    """Descriptors 0 to 10 are closed, whoever's they are."""
    notebook.before("counter", "import os\nos.closerange(0, 11)")


@trap(EITHER)
def empties_sys_modules(notebook: Notebook) -> None:
    """Python forgets what it has imported."""
    notebook.before("counter", "import sys\nsys.modules.clear()")


@trap(EITHER)
def breaks_the_imports(notebook: Notebook) -> None:
    """Nothing can be imported any more."""
    notebook.before("counter", "import sys\nsys.path.clear()\nsys.meta_path.clear()")


@trap(FULL)
def waits_at_exit(notebook: Notebook) -> None:
    """Python is told to sleep when it ends."""
    notebook.before("counter", "import atexit, time\natexit.register(time.sleep, 10**8)")


@trap(EITHER)
def replaces_the_streams(notebook: Notebook) -> None:
    """What is printed goes nowhere, and whoever prints gets an error."""
    notebook.before(
        "counter", "import sys\nsys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = None"
    )


# -- it is not Python -----------------------------------------------------------------------------


@trap(LOST)
def syntax_error(notebook: Notebook) -> None:
    """The answer is not Python."""
    notebook.before("counter", "class Counter\n    pass")


@trap(LOST)
def sentence_instead_of_an_answer(notebook: Notebook) -> None:
    """The answer is a sentence."""
    notebook.put("counter", "I didn’t have time for this one, sorry!")


@trap(FULL)
def magics(notebook: Notebook) -> None:
    """The answer's cell begins with magics and a shell command that do nothing."""
    notebook.before("counter", "%precision 2\n!true\n%load_ext autoreload")


@trap(LOST)
def cell_magic(notebook: Notebook) -> None:
    """The answer's cell is a shell script."""
    notebook.put("counter", f"%%bash\ntouch {MARK} /tmp/{MARK}\nsleep 600 &")


@trap(EITHER)
def code_nested_deeply(notebook: Notebook) -> None:
    """A line of the answer is nested so deeply that whoever walks over it may crash."""
    sums, nots = "+".join(["1"] * 50_000), "not " * 5_000
    notebook.before("counter", f"if False:\n    {sums}\n    {nots}1")


@trap(LOST)
def code_with_a_null_byte(notebook: Notebook) -> None:
    """There is a null byte in a line of the answer."""
    notebook.before("counter", "x = 1\0")


@trap(EITHER)
def code_with_a_lone_surrogate(notebook: Notebook) -> Files:
    """There is half a character in a comment of the answer, which no encoding can write."""
    notebook.before("counter", "# \ud83e")
    return {FILE: notebook.text(ascii_only=True).encode()}


# -- the file cannot be read as it is -------------------------------------------------------------


@trap(NOTHING, "no races-and-locks.ipynb")
def nothing_handed_in(notebook: Notebook) -> Files:
    """There is a time stamp and nothing else."""
    return {"timestamp.txt": b"2026-11-02 18:00:00 UTC"}


@trap(NOTHING, UNREADABLE)
def empty_file(notebook: Notebook) -> Files:
    """The notebook has no bytes."""
    return {FILE: b""}


@trap(NOTHING, UNREADABLE)
def file_of_zeros(notebook: Notebook) -> Files:
    """The notebook was lost when a disk was full: only its length is left."""
    return {FILE: bytes(len(notebook.data()))}


@trap(NOTHING, UNREADABLE)
def binary_file(notebook: Notebook) -> Files:
    """A picture has the notebook's name."""
    return {FILE: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 16}


@trap(NOTHING, UNREADABLE)
def corrupt_json(notebook: Notebook) -> Files:
    """The upload broke off in the middle."""
    data = notebook.data()
    return {FILE: data[: len(data) // 2]}


@trap(NOTHING, UNREADABLE)
def merge_conflict(notebook: Notebook) -> Files:
    """The marks of a merge conflict were left in the file."""
    text = notebook.text().replace('"cells": [', '<<<<<<< HEAD\n "cells": [\n=======', 1)
    return {FILE: text.encode()}


@trap(NOTHING, UNREADABLE)
def deeply_nested_json(notebook: Notebook) -> Files:
    """The file is a hundred thousand brackets."""
    return {FILE: b"[" * 100_000 + b"]" * 100_000}


@trap(NOTHING, UNREADABLE)
def not_a_notebook(notebook: Notebook) -> Files:
    """The file is JSON, but no notebook."""
    return {FILE: b'{"cells": 42}'}


@trap(NOTHING, UNREADABLE)
def web_page(notebook: Notebook) -> Files:
    """The page around the notebook was saved instead."""
    return {FILE: b"<!DOCTYPE html>\n<title>Sign in</title>\n"}


@trap(NOTHING, "no races-and-locks.ipynb")
def folder_instead_of_a_file(notebook: Notebook) -> Files:
    """A folder has the notebook's name."""
    return {f"{FILE}/readme.txt": b"The notebook is on my other machine."}


@trap(FULL, "MB")
def huge_file(notebook: Notebook) -> None:
    """60 MB of outputs were saved with the notebook."""
    notebook.cell("two-doors")["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "spam spam \n" * 6_000_000}
    ]


@trap(FULL)
def utf_16(notebook: Notebook) -> Files:
    """An editor saved the notebook as UTF-16."""
    return {FILE: notebook.text().encode("utf-16")}


@trap(FULL)
def utf_8_with_a_mark(notebook: Notebook) -> Files:
    """An editor saved the notebook with a byte order mark."""
    return {FILE: notebook.text().encode("utf-8-sig")}


@trap(FULL)
def latin_1(notebook: Notebook) -> Files:
    """An editor saved the notebook as Latin-1, so it is not UTF-8."""
    notebook.before("counter", "# Zähler für das Café")
    return {FILE: notebook.text().encode("latin-1", "replace")}


@trap(FULL)
def lone_surrogate_in_a_text(notebook: Notebook) -> Files:
    """Half a character stands in a text cell and in an output; nothing can be written with it."""
    notebook.put("title", "# Races \ud83e")
    notebook.cell("two-doors")["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "\udcff"}
    ]
    return {FILE: notebook.text(ascii_only=True).encode()}


@trap(FULL)
def windows_line_ends(notebook: Notebook) -> Files:
    """Every line ends as on Windows, in the file and in its cells."""
    for cell in notebook.cells:
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")
    return {FILE: notebook.text().replace("\n", "\r\n").encode()}


# -- the file is not quite the one that was given out ---------------------------------------------


def _format_3(notebook: Notebook) -> dict[str, Any]:
    cells = []
    for cell in notebook.cells:
        old = {"cell_type": cell["cell_type"], "metadata": cell["metadata"]}
        if cell["cell_type"] == "code":
            old |= {"input": cell["source"], "language": "python", "collapsed": False}
            old |= {"outputs": [], "prompt_number": 1}
        else:
            old |= {"source": cell["source"]}
        cells.append(old)
    return {
        "metadata": {"name": ""},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"cells": cells, "metadata": {}}],
    }


@trap(FULL, "format")
def format_3(notebook: Notebook) -> Files:
    """The notebook was saved by a Jupyter of 2014."""
    return {FILE: json.dumps(_format_3(notebook)).encode()}


@trap(FULL, "format")
def format_5(notebook: Notebook) -> None:
    """The notebook says that it is in a format that does not exist yet."""
    notebook.content |= {"nbformat": 5, "nbformat_minor": 0}


@trap(FULL)
def format_4_99(notebook: Notebook) -> None:
    """The notebook was saved by a Jupyter of the future."""
    notebook.content["nbformat_minor"] = 99
    notebook.cell("counter")["mood"] = "sunny"


@trap(FULL, "metadata")
def missing_metadata(notebook: Notebook) -> None:
    """Another tool has dropped all metadata; the cells still have their ids."""
    notebook.content["metadata"] = {}
    for cell in notebook.cells:
        cell["metadata"] = {}


@trap(FULL, "counter")
def missing_metadata_and_ids(notebook: Notebook) -> None:
    """Another tool has dropped all metadata and the ids; only what cells define tells them."""
    notebook.content |= {"metadata": {}, "nbformat_minor": 2}
    for cell in notebook.cells:
        del cell["id"]
        cell["metadata"] = {}


@trap(FULL, "metadata")
def empty_nbgrader_metadata(notebook: Notebook) -> None:
    """A solution cell has `nbgrader: {}`, as nbgrader itself leaves it in a pasted one."""
    notebook.cell("counter")["metadata"]["nbgrader"] = {}


@trap(FULL)
def metadata_of_the_wrong_kind(notebook: Notebook) -> None:
    """Metadata are lists and numbers where objects should be."""
    notebook.content["metadata"]["kernelspec"] = [1, 2]
    notebook.cell("two-doors")["metadata"] = {"tags": 7, "nbgrader": "yes"}
    notebook.cell("inventory")["metadata"]["nbgrader"] = [None]


@trap(FULL)
def cells_that_are_no_cells(notebook: Notebook) -> None:
    """Among the cells there are a null, a number, and one without a source."""
    notebook.cells[5:5] = [None, 42, {"cell_type": "code"}, {"cell_type": "poem", "source": "x"}]


@trap(FULL)
def invalid_outputs_and_attachments(notebook: Notebook) -> None:
    """Outputs, attachments and execution counts are not what the format says."""
    code, text = notebook.cell("two-doors"), notebook.cell("title")
    code |= {"outputs": [42, {"output_type": "song"}, {"text": None}], "execution_count": "seven"}
    text |= {"attachments": "none", "source": ["# Races", None, 7]}


@trap(FULL, "(1)")
def wrong_file_name(notebook: Notebook) -> Files:
    """The browser has numbered the download."""
    return {"races-and-locks (1).ipynb": notebook.data()}


@trap(FULL, "Untitled")
def untitled(notebook: Notebook) -> Files:
    """The notebook has a name that says nothing, and another ending."""
    return {"Untitled.ipynb.json": notebook.data()}


@trap(FULL, "sent")
def notebook_in_a_folder(notebook: Notebook) -> Files:
    """The notebook lies one folder too deep."""
    return {f"sent/{FILE}": notebook.data()}


@trap(FULL, "Copy1")
def two_notebooks(notebook: Notebook) -> Files:
    """An untouched copy lies beside the notebook, which has the right name."""
    return {"races-and-locks-Copy1.ipynb": notebook.release, FILE: notebook.data()}


@trap(FULL)
def checkpoints_handed_in(notebook: Notebook) -> Files:
    """JupyterLab's own folder of checkpoints was handed in too."""
    checkpoint = f".ipynb_checkpoints/{FILE.replace('.ipynb', '-checkpoint.ipynb')}"
    return {checkpoint: notebook.release, FILE: notebook.data()}


@trap(FULL)
def strange_file_names(notebook: Notebook) -> Files:
    """Files beside the notebook have names with a line end, a duck, and bytes that are no text."""
    names = ("two\nlines.txt", "🦆.txt", "\udcff\udcfe.txt", "-rf", "$(reboot).txt", "a" * 250)
    return {FILE: notebook.data(), **dict.fromkeys(names, b"quack")}


@trap(FULL)
def time_stamp_of_nobody(notebook: Notebook) -> Files:
    """The time stamp is no time."""
    return {FILE: notebook.data(), "timestamp.txt": b"\xff\xfe yesterday, about five"}


@trap(FULL, "kernel")
def other_kernel(notebook: Notebook) -> None:
    """The notebook asks for R; what stands in it is Python."""
    notebook.content["metadata"] = {
        "kernelspec": {"display_name": "R", "language": "R", "name": "ir"},
        "language_info": {"name": "R"},
    }


@trap(NOTHING, "kernel")
def other_language(notebook: Notebook) -> None:
    """The notebook asks for R, and what stands in it is R."""
    other_kernel(notebook)
    for name in EXERCISES:
        notebook.put(name, "Counter <- function() { value <- 0 }")


# -- cells were pasted, deleted, split, moved -----------------------------------------------------


@trap(FULL)
def pasted_solution_cell(notebook: Notebook) -> None:
    """A solved cell was copied, grade_id and all (nbgrader's issue 1083)."""
    notebook.paste("counter")


@trap(FULL)
def pasted_and_solved_in_the_copy(notebook: Notebook) -> None:
    """The given cell was kept as it was, and the answer written into a copy below it."""
    notebook.paste("counter")
    notebook.put("counter", _given(notebook, "counter"))


@trap(FULL)
def pasted_from_the_start(notebook: Notebook) -> None:
    """The given cell was pasted again below the answer, and left untouched."""
    notebook.paste("counter")["source"] = _given(notebook, "counter")


@trap(FULL)
def pasted_graded_cell(notebook: Notebook) -> None:
    """A test was copied, grade_id and all."""
    notebook.paste("counter-all-counted")


@trap(FULL)
def pasted_cell_with_empty_metadata(notebook: Notebook) -> None:
    """A copy has `nbgrader: {}`, which stops nbgrader's whole batch."""
    notebook.paste("counter-all-counted")["metadata"]["nbgrader"] = {}


@trap(FULL, "counter-all-counted")
def deleted_graded_cell(notebook: Notebook) -> None:
    """A test is gone; the answer to it is there."""
    notebook.remove("counter-all-counted")


@trap(LOST, "counter")
def deleted_solution_cell(notebook: Notebook) -> None:
    """An answer is gone; its tests are there."""
    notebook.remove("counter")


@trap(FULL)
def deleted_lesson(notebook: Notebook) -> None:
    """Everything but the exercises was deleted, the imports too."""
    keep = ("exercise-counter", *EXERCISES, *(c for cells in EXERCISES.values() for c in cells))
    notebook.cells[:] = [cell for cell in notebook.cells if cell["id"] in keep]


@trap(FULL)
def helper_in_its_own_cell(notebook: Notebook) -> None:
    """A part of the answer stands in a cell of its own, above."""
    notebook.insert("counter", "def new_lock():\n    return threading.Lock()")
    notebook.put("counter", RIGHT["counter"].replace("threading.Lock()", "new_lock()"))


@trap(FULL)
def solution_cell_split(notebook: Notebook) -> None:
    """The cell was split in two; JupyterLab gave both halves the same metadata."""
    lower = notebook.paste("counter")
    lower["id"] = "lower-half"
    lower["source"] = RIGHT["counter"].replace("threading.Lock()", "new_lock()")
    notebook.put("counter", "def new_lock():\n    return threading.Lock()")


@trap(EITHER)
def method_added_in_a_second_cell(notebook: Notebook) -> None:
    """The class is begun in its cell and completed in the next."""
    notebook.put(
        "counter",
        """
        class Counter:
            def __init__(self):
                self.value = 0
                self._lock = threading.Lock()
        """,
    )
    notebook.insert(
        "counter-all-counted",
        """
        def increment(self, by=1):
            with self._lock:
                self.value += by

        Counter.increment = increment
        """,
    )


@trap(EITHER)
def class_extended_in_a_second_cell(notebook: Notebook) -> None:
    """The class is begun in its cell; the next has a class of the same name on top of it."""
    notebook.put(
        "counter",
        """
        class Counter:
            def __init__(self):
                self.value = 0
                self._lock = threading.Lock()
        """,
    )
    notebook.insert(
        "counter-all-counted",
        """
        class Counter(Counter):
            def increment(self, by=1):
                with self._lock:
                    self.value += by
        """,
    )


@trap(FULL)
def answer_in_a_new_cell(notebook: Notebook) -> None:
    """The given cell was left as it was, and the answer written into a new one below it."""
    notebook.insert("counter-all-counted", RIGHT["counter"])
    notebook.put("counter", _given(notebook, "counter"))


@trap(EITHER)
def answers_in_each_others_cells(notebook: Notebook) -> None:
    """Two answers stand in each other's cells."""
    notebook.put("counter", RIGHT["ticket-desk"])
    notebook.put("ticket-desk", RIGHT["counter"])


@trap(EITHER, "counter")
def answer_in_a_text_cell(notebook: Notebook) -> None:
    """The key M has turned the answer's cell into text."""
    cell = notebook.cell("counter")
    cell["cell_type"] = "markdown"
    del cell["outputs"], cell["execution_count"]


@trap(FULL)
def reordered_cells(notebook: Notebook) -> None:
    """The cells stand in the opposite order."""
    notebook.cells.reverse()


@trap(FULL)
def cells_for_trying_things_out(notebook: Notebook) -> None:
    """Cells for trying things out hang, end Python and are not Python; the answers are right."""
    notebook.insert("counter", "while True: pass")
    notebook.insert("ticket-desk", "import os\nos._exit(1)")
    notebook.insert("inventory", "desk = TicketDesk(")


# -- links ----------------------------------------------------------------------------------------


@trap(NOTHING, "link")
def link_to_a_system_file(notebook: Notebook) -> Files:
    """The notebook is a link to the list of users."""
    return {FILE: Link("/etc/passwd")}


@trap(NOTHING, "link")
def link_without_end(notebook: Notebook) -> Files:
    """The notebook is a link to a device from which one can read for ever."""
    return {FILE: Link("/dev/zero")}


@trap(NOTHING, "link")
def link_to_itself(notebook: Notebook) -> Files:
    """The notebook is a link to itself."""
    return {FILE: Link(FILE)}


@trap(FULL, "link")
def links_beside_the_notebook(notebook: Notebook) -> Files:
    """Beside the notebook there are links to the master and to the list of users."""
    return {
        FILE: notebook.data(),
        "notes.txt": Link("/etc/passwd"),
        "more": Link("../../../source"),
    }


def _given(notebook: Notebook, name: str) -> str:
    """Return what a cell of the release has in it."""
    return "".join(Notebook(notebook.release).cell(name)["source"])
