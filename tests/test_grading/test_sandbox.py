"""What a world cannot do to its host, to other worlds and to its limits, and what it still can."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import taketurns
from taketurns.grading import sandbox
from taketurns.grading.sandbox import NoSandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 1 << 20
IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sandboxes are made of Linux")

# Calls something and says what it raised, or that it did not.
TRY = """
import ctypes, os, resource, signal, socket, subprocess, sys, threading

def attempt(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except OSError as error:
        return "refused"
    return "done"
"""


class Warden:
    """A process of sandbox_warden.py."""

    def __init__(self, way: str, shared: Path, pass_fds: tuple[int, ...] = ()):
        self.way = way
        folders = [Path(path) for path in sys.path if path and Path(path).is_dir()]
        package = Path(taketurns.__file__).parents[1]
        self.visible = {Path(sys.prefix), Path(sys.base_prefix), package, shared} | {
            folder for folder in folders if folder.name in {"lib-dynload", "site-packages"}
        }
        self.process = subprocess.Popen(
            [
                sys.executable,
                Path(__file__).with_name("sandbox_warden.py"),
                way,
                *sorted(self.visible),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                "PYTHONPATH": str(package),
                "PATH": "/usr/bin:/bin",
                "TMPDIR": f"{shared.parent}/tmp",
            },
            pass_fds=pass_fds,
        )
        self.protection: dict[str, Any] = json.loads(self.process.stdout.readline())

    def ask(
        self, source: str, *, keep: tuple[int, ...] = (), speaking: bool = False, **limits: float
    ) -> None:
        request = {
            "source": TRY + textwrap.dedent(source),
            "limits": limits,
            "keep": keep,
            "end_when_it_speaks": speaking,
        }
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()

    def run(self, source: str, **options: Any) -> list[Any]:
        """The exit code of a world that runs `source`, then what it said."""
        self.ask(source, **options)
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture(scope="module")
def host() -> Iterator[Path]:
    """A folder that every user may read: what keeps worlds out is the sandbox alone."""
    folder = Path(tempfile.mkdtemp(prefix="sandbox-host-"))
    folder.chmod(0o755)
    (folder / "gradebook.db").write_text("grades")
    (folder / "submitted").mkdir()
    (folder / "submitted" / "another.py").write_text("answers")
    for name in ("shared", "tmp"):
        (folder / name).mkdir()
        (folder / name).chmod(0o777)
    (folder / "shared" / "library.py").write_text("ours")
    (folder / "shared" / "library.py").chmod(0o666)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def ways() -> dict[str, str | None]:
    reasons = sandbox.probe()
    if IS_ROOT and "only root can read" in (reasons["landlock"] or ""):
        reasons["landlock"] = None  # sandbox_warden.py sees to that
    return reasons


@pytest.fixture(scope="module", params=sandbox.WAYS)
def warden(request: pytest.FixtureRequest, ways, host: Path) -> Iterator[Warden]:
    if ways[request.param]:
        pytest.skip(f"{request.param}: {ways[request.param]}")
    with contextlib.closing(Warden(request.param, host / "shared")) as warden:
        yield warden


@pytest.fixture
def neighbour() -> Iterator[subprocess.Popen[bytes]]:
    """A process of the same user as worlds, outside."""
    who: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []} if IS_ROOT else {}
    with subprocess.Popen(
        ["/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, cwd="/", **who
    ) as cat:
        yield cat


def unharmed(cat: subprocess.Popen[bytes]) -> bool:
    cat.stdin.write(b"there?\n")
    return cat.stdout.read(7) == b"there?\n"


# --- Files ---------------------------------------------------------------------------------------


def test_a_world_reads_nothing_but_what_is_visible(warden: Warden, host: Path):
    secrets = [
        "/etc/shadow",
        "/etc/machine-id",
        str(Path("~/.bashrc").expanduser()),
        str(host / "gradebook.db"),
        str(host / "submitted" / "another.py"),
        str(host / "shared" / ".." / "gradebook.db"),
        f"/proc/self/root{host}/gradebook.db",
        f"/proc/1/root{host}/gradebook.db",
        f"/old{host}/gradebook.db",
        "/dev/sda",
        "/dev/mem",
    ]
    on_the_way = sorted({part for path in warden.visible for part in path.parts})
    folders = ["/root", "/home", str(host), str(host / "submitted"), "/work", "/var", "/run"]

    assert [0, {}] == warden.run(f"""
        read = {{path: attempt(open, path) for path in {secrets}}}
        for path in {folders}:
            names = []
            read[path] = attempt(lambda: names.extend(os.listdir(path)))
            if set(names) <= set({on_the_way}):
                read[path] = "refused"
        say({{path: result for path, result in read.items() if result != "refused"}})
    """)


def test_a_world_reads_what_is_visible(warden: Warden, host: Path):
    path = str(host / "shared" / "library.py")

    assert [0, "ours"] == warden.run(f"say(open({path!r}).read())")


def test_a_world_inherits_no_files(warden: Warden):
    assert [0, 2] == warden.run("""
        from contextlib import suppress
        there = []
        for number in range(1024):
            with suppress(OSError):
                os.fstat(number)
                there.append(number)
        say(len(there))  # standard error, and the pipe to say it
    """)


def test_a_world_changes_nothing_outside_its_folder(warden: Warden, host: Path):
    assert [0, ["refused"]] == warden.run(f"""
        library, shared = {str(host / "shared" / "library.py")!r}, {str(host / "shared")!r}
        folders = ["/", "/usr/lib", "/bin", "/etc", "/proc", sys.prefix, sys.base_prefix, shared]
        say(sorted({{
            *(attempt(open, folder + "/new", "w") for folder in folders),
            *(attempt(os.mkdir, folder + "/new") for folder in folders),
            attempt(open, library, "a"),
            attempt(os.truncate, library, 0),
            attempt(os.remove, library),
            attempt(os.rename, library, library + "2"),
            attempt(os.link, library, "mine"),
            attempt(os.chmod, library, 0o600),
            attempt(os.chmod, os.open(library, os.O_RDONLY), 0o600),
            attempt(os.utime, library),
            attempt(os.setxattr, library, "user.x", b"x"),
            attempt(os.chown, library, -1, 65534),
        }}))
    """)
    assert "ours" == (host / "shared" / "library.py").read_text()
    assert 0o666 == (host / "shared" / "library.py").stat().st_mode & 0o777


def test_a_world_has_a_folder_to_write_in(warden: Warden):
    assert [0, True, "text"] == warden.run("""
        import tempfile
        home = os.environ["HOME"]
        say(os.getcwd() == home == os.path.expanduser("~") == tempfile.gettempdir())
        os.mkdir("folder")
        with open("folder/file", "w") as file:
            file.write("text")
        os.rename("folder/file", "file")
        with open("file") as file, open(os.devnull, "w") as null:
            say(file.read())
    """)


def test_what_a_world_leaves_does_not_reach_the_next(warden: Warden):
    code, left = warden.run("""
        places = {os.environ["HOME"], "/tmp", "/var/tmp", "/dev/shm"}
        left = [place + "/left" for place in places if attempt(os.mkdir, place + "/left") == "done"]
        say(left)
    """)

    assert (0, True) == (code, len(left) > 0)
    assert [0, [], []] == warden.run(f"""
        say([path for path in {left} if os.path.exists(path)])
        say(os.listdir("."))
    """)


# --- Network -------------------------------------------------------------------------------------


def test_a_world_reaches_no_server_of_the_host(warden: Warden, host: Path):
    path, abstract = str(host / "shared" / f"{warden.way}.socket"), f"\0{host}{warden.way}"
    with socket.create_server(("127.0.0.1", 0)) as tcp, contextlib.ExitStack() as stack:
        for address in (path, abstract):
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(address)
            listener.listen()
        with contextlib.suppress(FileNotFoundError):
            Path(path).chmod(0o777)
        expected = ["refused", "refused", "refused"]
        if warden.way == "namespaces":
            expected[1] = "done"  # a socket in a visible folder is visible: it was put there

        assert [0, expected] == warden.run(f"""
            def connect(family, address):
                with socket.socket(family) as client:
                    client.connect(address)

            say([
                attempt(connect, socket.AF_INET, {tcp.getsockname()!r}),
                attempt(connect, socket.AF_UNIX, {path!r}),
                attempt(connect, socket.AF_UNIX, {abstract!r}),
            ])
        """)


def test_a_world_sends_nothing_to_the_internet(warden: Warden):
    assert [0, ["refused"]] == warden.run("""
        def send(family, address):
            with socket.socket(family, socket.SOCK_DGRAM) as client:
                client.sendto(b"x", address)

        say(sorted({
            attempt(send, socket.AF_INET, ("192.0.2.1", 53)),
            attempt(send, socket.AF_INET6, ("2001:db8::1", 53)),
            attempt(socket.create_connection, ("192.0.2.1", 80)),
            attempt(socket.getaddrinfo, "example.org", 80),
        }))
    """)


def test_a_world_has_no_other_kinds_of_sockets(warden: Warden):
    assert [0, ["refused"]] == warden.run("""
        families = [socket.AF_NETLINK, socket.AF_PACKET, socket.AF_ALG, socket.AF_VSOCK]
        kinds = [socket.SOCK_STREAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET]
        say(sorted({attempt(socket.socket, family, kind) for family in families for kind in kinds}))
    """)


def test_a_world_serves_itself_where_it_is_promised(warden: Warden):
    server = """
        def serve():
            with socket.create_server(("127.0.0.1", 8765), reuse_port=False) as listener:
                def answer():
                    with listener.accept()[0] as connection:
                        connection.sendall(b"hello")
                thread = threading.Thread(target=answer)
                thread.start()
                with socket.create_connection(("127.0.0.1", 8765)) as client:
                    say(client.recv(5).decode())
                thread.join()
        say(attempt(serve))
    """
    expected = [0, "hello", "done"] if warden.protection["loopback"] else [0, "refused"]

    assert (warden.way == "namespaces") == warden.protection["loopback"]
    assert expected == warden.run(server)
    assert expected == warden.run(server)  # the port is free again


def test_a_pair_of_sockets_works_but_leads_nowhere_else(warden: Warden):
    assert [0, "x", True] == warden.run(f"""
        one, other = socket.socketpair()
        one.sendall(b"x")
        say(other.recv(1).decode())
        other = attempt(socket.socketpair, type=socket.SOCK_DGRAM)
        say(other == {"done" if warden.way == "namespaces" else "refused"!r})
    """)


# --- Processes -----------------------------------------------------------------------------------


def test_a_world_sees_only_its_own_processes(warden: Warden):
    code, seen = warden.run("""
        try:
            say([name for name in os.listdir("/proc") if name.isdigit()])
        except PermissionError:
            say([])
    """)

    assert (0, ["1"] if warden.way == "namespaces" else []) == (code, seen)


def test_a_world_cannot_touch_other_processes(warden: Warden, neighbour: subprocess.Popen[bytes]):
    assert [0, ["refused"]] == warden.run(f"""
        pid = {neighbour.pid}
        others = [pid, {os.getpid()}, {warden.process.pid}, os.getppid() or 999999]
        say(sorted({{
            *(attempt(os.kill, other, signal.SIGKILL) for other in others),
            attempt(os.killpg, os.getpgid(0) + 1, signal.SIGKILL),
            attempt(resource.prlimit, pid, resource.RLIMIT_CPU, (0, 0)),
            attempt(os.sched_setaffinity, pid, [0]),
            attempt(os.setpriority, os.PRIO_PROCESS, pid, 19),
            attempt(open, f"/proc/{{pid}}/cmdline"),
            attempt(lambda: signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGKILL)),
        }}))
        attempt(os.kill, -1, signal.SIGKILL)
    """)
    assert unharmed(neighbour)


def test_detached_grandchildren_end_with_their_world(warden: Warden):
    # That this answers at all means that nobody holds the pipe any more.
    assert [0, "alive"] == warden.run("""
        reading, writing = os.pipe()
        if os.fork() == 0:
            attempt(os.setsid)
            attempt(os.setpgid, 0, 0)
            if os.fork() == 0:
                os.write(writing, b"x")
                while True:
                    signal.pause()
            os._exit(0)
        os.read(reading, 1)
        say("alive")
    """)


def test_a_world_that_does_not_end_is_ended(warden: Warden):
    assert [-9, "working"] == warden.run(
        """
        for number in range(1, 65):
            if number not in (9, 19, 32, 33):
                signal.signal(number, signal.SIG_IGN)
        say("working")
        while True:
            signal.pause()
        """,
        speaking=True,
    )


def test_the_exit_code_of_a_world_is_known(warden: Warden):
    assert [7] == warden.run("os._exit(7)")
    assert [-11] == warden.run("ctypes.string_at(8)")


@pytest.mark.slow
def test_a_world_does_not_outlive_its_warden(ways, host: Path, request: pytest.FixtureRequest):
    for way in (way for way in sandbox.WAYS if not ways[way]):
        reading, writing = os.pipe()
        with contextlib.closing(Warden(way, host / "shared", pass_fds=(writing,))) as warden:
            warden.ask(f"os.write({writing}, b'x')\nsignal.pause()", keep=(writing,))
            os.close(writing)
            assert b"x" == os.read(reading, 1)
            warden.process.kill()
            assert b"" == os.read(reading, 1)
        os.close(reading)


def test_a_world_is_an_ordinary_user_without_privileges(warden: Warden):
    code, users, status = warden.run("""
        say([*os.getresuid(), *os.getresgid()])
        say(dict(line.rstrip().split(":", 1) for line in open("/proc/self/status")))
    """)

    assert 0 == code
    assert not {0} & set(users)
    assert {65534} == set(users) or not IS_ROOT
    assert {0} == {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}
    assert ("1", "2") == (status["NoNewPrivs"].strip(), status["Seccomp"].strip())
    assert not IS_ROOT or set(status["Groups"].split()) <= {"65534"}


# --- System calls --------------------------------------------------------------------------------


def test_dangerous_system_calls_are_refused(warden: Warden):
    column = 1 + sandbox._MACHINES[os.uname().machine][0]
    texts = sandbox._REFUSED + ("," + sandbox._LANDLOCK_REFUSES) * (warden.way == "landlock")
    calls = {words[0]: int(words[column]) for words in map(str.split, texts.split(","))}
    calls = {name: number for name, number in calls.items() if number}

    assert {"ptrace", "mount", "unshare", "bpf", "keyctl", "io_uring_setup"} <= set(calls)
    assert [0, {}] == warden.run(f"""
        libc = ctypes.CDLL(None, use_errno=True)
        results = {{}}
        for name, number in {calls}.items():
            result = libc.syscall(number, 0, 0, 0, 0, 0, 0)
            if (result, ctypes.get_errno()) != (-1, 1):
                results[name] = result
        say(results)
    """)


def test_new_namespaces_are_refused(warden: Warden):
    clone = {"x86_64": 56, "aarch64": 220}[os.uname().machine]

    assert [0, ["EPERM", "ENOSYS"]] == warden.run(f"""
        import errno
        libc = ctypes.CDLL(None, use_errno=True)
        said = []
        for number, flags in [({clone}, 0x10000000 | signal.SIGCHLD), (435, 0)]:
            if libc.syscall(number, flags, 0, 0, 0, 0) == 0:
                os._exit(1)
            said.append(errno.errorcode[ctypes.get_errno()])
        say(said)
    """)


def test_every_number_of_a_system_call_is_that_of_its_name():
    table = Path("/usr/include/asm-generic/unistd.h")
    if not table.exists():
        pytest.skip(f"{table} is not installed")
    numbers = {}
    for line in table.read_text().splitlines():
        if line.startswith("#define __NR"):
            name, _, number = line.removeprefix("#define ").partition(" ")
            numbers[name.removeprefix("__NR3264_").removeprefix("__NR_")] = number.strip()
    texts = f"{sandbox._REFUSED},{sandbox._LANDLOCK_REFUSES}"
    for name, _, aarch64 in map(str.split, texts.split(",")):
        assert name not in numbers or numbers[name] == aarch64, name


# --- Limits --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_fork_bomb_is_bounded(warden: Warden):
    code, count = warden.run(
        """
        count = 0
        try:
            while True:
                if os.fork() == 0:
                    while True:
                        signal.pause()
                count += 1
        except BlockingIOError:
            say(count)
        """,
        processes=40,
    )

    assert 0 == code
    assert 10 <= count <= 40 + warden.protection["others"]


@pytest.mark.slow
def test_a_memory_bomb_is_bounded(warden: Warden):
    code, got, shared = warden.run(
        """
        import mmap
        kept = []
        try:
            while True:
                kept.append(bytearray(1 << 20))
        except MemoryError:
            got, kept = len(kept), None
        kept = []
        shared = attempt(lambda: [kept.append(mmap.mmap(-1, 1 << 20)) for _ in range(1024)])
        say(got)
        say(shared)
        """,
        memory=64 * MIB,
        processes=8,
    )

    assert (0, "refused") == (code, shared)
    # Besides, malloc may use up what it had reserved for threads before.
    assert 32 <= got <= 64 + 8 * sandbox.STACK // MIB + 128


def test_filling_the_disk_is_bounded(warden: Warden):
    files = 1 if warden.protection["others"] else 8  # without namespaces each file by itself
    code, written = warden.run(
        f"""
        written = 0
        try:
            for number in range({files}):
                with open(f"file{{number}}", "wb", buffering=0) as file:
                    while (got := file.write(bytes(1 << 16))):
                        written += got
        except OSError:
            pass
        say(written)
        """,
        files=2 * MIB,
    )

    assert (0, 2 * MIB) == (code, written)


@pytest.mark.slow
def test_processor_time_is_bounded(warden: Warden):
    assert [-9] == warden.run("while True: pass", cell_seconds=0)


def test_no_core_is_dumped_and_limits_cannot_be_raised(warden: Warden):
    assert [0, [0, 0], "refused"] == warden.run("""
        say(resource.getrlimit(resource.RLIMIT_CORE))
        def raise_it():
            try:
                resource.setrlimit(resource.RLIMIT_NPROC, (1 << 20, 1 << 20))
            except ValueError as error:  # "not allowed to raise maximum limit"
                raise OSError from error
        say(attempt(raise_it))
    """)


# --- What still works ----------------------------------------------------------------------------


def test_a_hundred_threads_run(warden: Warden):
    assert [0, 100] == warden.run("""
        everyone, met = threading.Barrier(100), []
        def meet():
            everyone.wait()
            met.append(1)
        threads = [threading.Thread(target=meet) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        say(len(met))
    """)


def test_explore_says_inside_what_it_says_outside(warden: Warden):
    program = """
        import threading
        from taketurns import explore

        def program():
            total = [0]
            def add():
                total[0] += 1
            threads = [threading.Thread(target=add) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert total[0] == 3, f"got {total[0]}"

        report = explore(program)
        say([report.verdict, str(report)])
    """
    outside: list[Any] = []
    path = Path(tempfile.mkdtemp()) / "world.py"
    path.write_text(textwrap.dedent(program))
    exec(compile(path.read_text(), str(path), "exec"), {"say": outside.append, "__name__": "x"})
    shutil.rmtree(path.parent)

    assert "assertion" == outside[0][0]
    assert [0, *outside] == warden.run(program)


@pytest.mark.slow
def test_a_world_may_run_python_and_ask_the_time(warden: Warden):
    assert [0, "42\n", True] == warden.run("""
        import time
        command = [sys.executable, "-c", "print(6 * 7)"]
        say(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        say(time.time() > 0 and time.monotonic() > 0)
    """)


# --- Entering ------------------------------------------------------------------------------------


def test_what_is_hidden_must_not_lie_in_what_is_visible(tmp_path: Path):
    (tmp_path / "course").mkdir()

    with pytest.raises(ValueError, match="course lies in"):
        sandbox.enter([tmp_path], hidden=[tmp_path / "course"])


@pytest.mark.slow
def test_nothing_is_entered_with_several_threads():
    go_on = threading.Event()
    thread = threading.Thread(target=go_on.wait)
    thread.start()
    with pytest.raises(RuntimeError, match="several threads"):
        sandbox.enter([])
    go_on.set()
    thread.join()


@pytest.mark.slow
def test_where_namespaces_are_refused_landlock_is_entered(ways, warden: Warden):
    if ways["landlock"]:
        pytest.skip(f"landlock: {ways['landlock']}")
    visible = [str(path) for path in warden.visible]

    assert [0, "landlock"] == warden.run(f"""
        from pathlib import Path
        from taketurns.grading import sandbox

        say(sandbox.enter([Path(path) for path in {visible}]).way)
    """)


@pytest.mark.slow
def test_where_there_is_no_sandbox_it_says_so():
    code = "from taketurns.grading.sandbox import *; import sys; enter([], ways=())"
    package = Path(taketurns.__file__).parents[1]
    asked = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(package)},
    )

    assert NoSandboxError.__name__ in asked.stderr
    assert "--allow-unsandboxed" in asked.stderr
