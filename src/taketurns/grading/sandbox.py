"""Where learners' code runs while it is graded: worlds that see little and leave nothing.

A *warden* (trusted, one thread, everything already imported) calls `enter` once; then, for each
world, one at a time: `fork`, in the child `confine` and the learner's code, in the warden `end`.

"namespaces": the world is process 1 of its own process namespace, has its own mounts, network and
semaphores, and a root directory that holds only what is visible. As process 1 it gets no signal
from itself that it does not handle. "landlock": where a container forbids namespaces. It hides
files but not their names, has no sockets at all, and bounds each file but not their sum. A seccomp
filter comes on top of both. "none" is limits only.

In no way is memory bounded for all processes of a world together: each has the limit to itself.
What a world inherits is the warden's to choose: its environment, and what `confine` is to `keep`.

Sources: unshare(2), setns(2), pivot_root(2), mount_setattr(2), user_namespaces(7),
pid_namespaces(7), seccomp(2), landlock(7), capset(2), setrlimit(2); the order of the steps around
pivot_root is that of bubblewrap.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import functools
import itertools
import json
import math
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from taketurns.grading.types import Limits

if sys.platform != "win32":
    import fcntl
    import resource

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

WAYS = ("namespaces", "landlock")
NOBODY = 65534  # the user that worlds are, in their own eyes; really so if root grades
HOME = "/world"  # of a world with namespaces: its folder, and its /tmp and /dev/shm
# Of /usr only what programs need, and of /etc nothing that names people.
SYSTEM = [
    *(f"/usr/{name}" for name in ("bin", "lib", "lib32", "lib64", "libexec", "share")),
    *("/usr/local/bin", "/usr/local/lib", "/bin", "/lib", "/lib32", "/lib64", "/nix/store"),
    *("/etc/alternatives", "/etc/ld.so.cache"),
]
DEVICES = ("null", "zero", "full", "random", "urandom")
STACK = 8 << 20  # bytes of addresses that a thread takes, used or not


class NoSandboxError(Exception):
    """Nothing here can keep learners' code in; the message says why, and what to do."""


@dataclass(frozen=True)
class Protection:
    """How worlds are kept in: what `enter` returns."""

    way: str  # "namespaces", "landlock" or "none"
    says: str  # the same for people
    loopback: bool  # a world may serve 127.0.0.1, and only to itself
    visible: tuple[str, ...] = ()
    others: int = 0  # tasks that count against a world's limit of processes
    folder: str = ""  # where worlds have their folders, unless with namespaces
    own: int = -1  # with namespaces, a descriptor of the warden itself


def probe() -> dict[str, str | None]:
    """Return for each way None if it works here, else why not; in another process."""
    asked = subprocess.run(  # noqa: S603 (our own module)
        [sys.executable, "-m", __name__], stdout=subprocess.PIPE, check=True
    )
    reasons: dict[str, str | None] = json.loads(asked.stdout)
    return reasons


def enter(
    visible: Sequence[Path], hidden: Sequence[Path] = (), ways: Sequence[str] = WAYS
) -> Protection:
    """Confine this process to what worlds may see, by the first of the `ways` that works.

    `visible` is what Python needs: its prefixes, the folders of `sys.path`. `hidden`, such as the
    course, is only checked not to lie in there. Call it after all imports, with one thread.

    Errors: NoSandboxError; ValueError if something hidden would be seen; RuntimeError if there are
    threads. All of them leave the process as it was.
    """
    paths = {*(Path(each) for each in SYSTEM), *(each.absolute() for each in visible)}
    everything = sorted(each for each in paths - {Path("/usr")} if each.exists())
    for secret in hidden:
        for each in everything:
            if secret.resolve().is_relative_to(each.resolve()):
                raise ValueError(f"{secret} lies in {each}, which learners' code has to see")
    for patience in reversed(range(500)):  # a thread that was joined may still be on its way out
        if sys.platform != "linux" or len([*Path("/proc/self/task").iterdir()]) == 1:
            break
        if not patience:
            raise RuntimeError("enter() was called in a process with several threads")
        time.sleep(0.001)
    reasons = []
    for way in ways:
        reason = _trial(way, everything)
        if reason is None:
            return _ENTER[way](everything)
        reasons.append(f"  {way}: {reason}\n")
    raise NoSandboxError(
        "nothing here keeps learners' code away from your files and your network:\n"
        f"{''.join(reasons)}"
        "Allow user namespaces (Ubuntu: `sysctl kernel.apparmor_restrict_unprivileged_userns=0`; "
        "Docker: `--security-opt seccomp=unconfined`), or use Linux 6.12 or later, which has what "
        "Landlock needs. --allow-unsandboxed grades without any of it."
    )


def fork(protection: Protection) -> int:
    """Fork a world: 0 in the world, which calls `confine` next; its process id in the warden."""
    if protection.way == "namespaces":
        _do("unshare", _NEWPID)  # for the child
    pid = -1
    try:
        pid = os.fork()
    finally:
        if pid and protection.way == "namespaces":
            _do("setns", protection.own, _NEWPID)  # else the next child would join this one
    with contextlib.suppress(OSError):  # both do it, so that it is done when either goes on
        os.setpgid(pid, pid)
    return pid


def confine(limits: Limits, protection: Protection, keep: Collection[int] = (0, 1, 2)) -> None:
    """Give up, in a world, all that learner's code is not to have; of open files `keep` some."""
    ends = (-1, *sorted(keep), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    for before, after in itertools.pairwise(ends):
        if before + 1 < after:  # an empty range would be all of them
            os.closerange(before + 1, after)
    home = HOME
    if protection.way == "namespaces":
        _do("unshare", _NEWNS | _NEWNET)
        with socket.socket() as any_socket:  # netdevice(7): SIOCSIFFLAGS, IFF_UP
            fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 1))
        _mount("tmpfs", HOME, f"mode=0700,nr_inodes=8k,size={max(limits.files, 1 << 16)}")
        _own_proc()
    else:
        home = f"{protection.folder}/{os.getpid()}"
        Path(home).mkdir(0o700)
    os.chdir(home)
    os.environ["HOME"] = os.environ["TMPDIR"] = home
    tempfile.tempdir = None
    with (
        contextlib.suppress(OSError),  # if memory runs out, this process goes first
        open("/proc/self/oom_score_adj", "wb", buffering=0) as file,  # noqa: PTH123 - quicker
    ):
        file.write(b"1000")

    def limit(what: int, value: int) -> None:
        most = resource.getrlimit(what)[1]
        value = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(what, (value, value))

    # malloc(3) else reserves 64 MiB of addresses for nearly every thread: M_ARENA_MAX is -8.
    if hasattr(_libc(), "mallopt"):
        _libc().mallopt(-8, 1)
    limit(resource.RLIMIT_AS, _mapped() + limits.memory + limits.processes * STACK)
    limit(resource.RLIMIT_NPROC, protection.others + limits.processes)
    # The system counts ticks, on a busy machine too many; the warden, which does not, goes first.
    limit(resource.RLIMIT_CPU, 2 * math.ceil(limits.cell_seconds) + 1)
    limit(resource.RLIMIT_FSIZE, limits.files)
    limit(resource.RLIMIT_NOFILE, 1024)
    limit(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux":
        _do("prctl", 1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG: not to outlive the warden
    if protection.way == "none":
        return
    _do("prctl", 38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    if protection.way == "landlock":
        _landlock(protection.visible, home)
    else:
        _do("capset", struct.pack("Ii", 0x20080522, 0), bytes(24))
    program = _filter(protection.way)
    if program:
        size, address = len(program) // 8, ctypes.create_string_buffer(program, len(program))
        pointer = struct.pack("HxxxxxxP", size, ctypes.addressof(address))
        _do("prctl", 22, 2, pointer, 0, 0)  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


def end(pid: int, protection: Protection) -> int:
    """Kill what there is still of a world, wait for all of it, and return the world's exit code.

    The code is negative for a signal. Nobody else may have reaped it: wait with `os.WNOWAIT`.
    """
    with contextlib.suppress(ProcessLookupError):
        if protection.way == "namespaces":
            os.kill(pid, signal.SIGKILL)  # and with process 1 goes its namespace
        else:
            os.killpg(pid, signal.SIGKILL)  # of which nobody comes out: _LANDLOCK_REFUSES
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if protection.way != "namespaces":
        with contextlib.suppress(ChildProcessError):
            while True:  # orphans become the warden's, before their parent can be waited for
                os.waitpid(-pid, 0)
        shutil.rmtree(f"{protection.folder}/{pid}", ignore_errors=True)
    return code


# --- Entering, in the warden ---------------------------------------------------------------------

_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER = 0x20000, 0x4000000, 0x8000000, 0x10000000
_NEWPID, _NEWNET = 0x20000000, 0x40000000
_ANY_NEW = 0x7E020000


def _trial(way: str, visible: Sequence[Path]) -> str | None:
    """Try a way in a child; None if a world came to life and was confined."""
    if sys.platform != "linux" and way != "none":
        return "needs Linux"
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            protection = _ENTER[way](visible)
            world = fork(protection)
            if world == 0:
                confine(Limits(), protection, (writing,))
                os.write(writing, b"confined")
                os._exit(0)
            os.waitid(os.P_PID, world, os.WEXITED | os.WNOWAIT)
            end(world, protection)
            shutil.rmtree(protection.folder or "/nowhere", ignore_errors=True)
        except BaseException as error:
            os.write(writing, str(error).encode() or repr(error).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8", errors="replace") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return None if said == "confined" else said or "the world died"


def _enter_namespaces(visible: Sequence[Path]) -> Protection:
    others = _others() if _kernel() < (5, 14) else 0  # since then counted by user namespace
    root = os.geteuid() == 0
    if root:  # now, because Python may lie where only root can go
        _do("unshare", _NEWNS)
        _build_root(visible)
        _become_nobody(visible)
    user, group = os.geteuid(), os.getegid()
    _do("unshare", _NEWUSER | _NEWNS | _NEWPID | _NEWNET | _NEWIPC | _NEWUTS)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {group} 1")
    if not root:
        _build_root(visible)
    _do("sethostname", b"world", 5)
    # Only a child is in the new process namespace. So the child goes on as the warden, and this
    # process only stands where the warden is looked for.
    warden = os.fork()
    if warden:
        with contextlib.suppress(KeyboardInterrupt):
            status = os.waitpid(warden, 0)[1]
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
        os._exit(130)
    _do("prctl", 1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    _own_proc()
    program = _filter("namespaces")
    return Protection(
        "namespaces",
        "namespaces + seccomp" if program else f"namespaces (no seccomp for {os.uname().machine})",
        loopback=True,
        others=others,
        own=os.pidfd_open(os.getpid()),
    )


def _enter_landlock(visible: Sequence[Path]) -> Protection:
    version = _libc().syscall(444, None, 0, 1)  # landlock_create_ruleset(…, …_VERSION)
    if version < 6:  # 6 scopes signals and abstract sockets
        raise OSError(f"Landlock is {'not there' if version < 0 else f'of version {version}'}")
    if not _filter("landlock"):
        raise OSError(f"it needs seccomp, which is not written for {os.uname().machine}")
    if os.geteuid() == 0:
        _become_nobody(visible)
    _do("prctl", 36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    return Protection(
        "landlock",
        "Landlock + seccomp (no sockets, names of files are seen)",
        loopback=False,
        visible=tuple(str(each) for each in visible),
        others=_others(),
        folder=_folder(),
    )


def _enter_none(_visible: Sequence[Path]) -> Protection:
    others = _others() if sys.platform == "linux" else 4096
    says = "none (limits only)"
    return Protection("none", says, loopback=True, others=others, folder=_folder())


_ENTER: dict[str, Callable[[Sequence[Path]], Protection]] = {
    "namespaces": _enter_namespaces,
    "landlock": _enter_landlock,
    "none": _enter_none,
}


def _build_root(visible: Sequence[Path]) -> None:
    """Make a root directory that holds what is visible, read-only at its own paths."""
    os.umask(0o022)
    _do("mount", None, b"/", None, 0x44000, None)  # MS_REC | MS_PRIVATE
    _mount("tmpfs", "/tmp", "mode=0755,size=1m")  # noqa: S108 (a place that there always is)
    Path("/tmp/old").mkdir()  # noqa: S108
    _do("pivot_root", b"/tmp", b"/tmp/old")
    os.chdir("/")
    for path in visible:
        _show(path)
    for name in DEVICES:
        _bind(Path("/dev", name), 1)
    _bind(Path("/proc"), None)  # one's own may be mounted only where another is seen in full
    links = {"/dev/fd": "/proc/self/fd", "/dev/shm": HOME, "/tmp": HOME, "/var/tmp": HOME}  # noqa: S108
    for name, target in links.items():
        if not Path(name).exists():  # else Python itself lies there, and it stays read-only
            Path(name).parent.mkdir(exist_ok=True)
            Path(name).symlink_to(target)
    Path("/etc/passwd").write_text(f"learner:x:{NOBODY}:{NOBODY}::{HOME}:/bin/sh\n")
    Path("/etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    Path(HOME).mkdir()
    _do("umount2", b"/old", 2)  # MNT_DETACH
    Path("/old").rmdir()
    _restrict("/", 7, recursive=False)


def _show(path: Path) -> None:
    """Make `path` visible, and the symbolic links on the way to it."""
    here, rest = Path("/"), list(reversed(path.parts[1:]))
    while rest:
        here /= rest.pop()
        if os.path.lexists(here) and here.is_mount():
            return
        outside = Path(f"/old{here}")
        if outside.is_symlink():
            target = outside.readlink()
            if not os.path.lexists(here):
                here.symlink_to(target)
            rest += reversed(Path(os.path.normpath(here.parent / target)).parts[1:])
            here = Path("/")
        elif rest:
            here.mkdir(exist_ok=True)
    _bind(here, 7)


def _bind(path: Path, attributes: int | None) -> None:
    """Mount what was at `path` before the root was changed there again, with what lies below."""
    outside = f"/old{path}"
    if Path(outside).is_dir():
        path.mkdir(exist_ok=True, parents=True)
    else:
        path.parent.mkdir(exist_ok=True, parents=True)
        path.touch()
    _do("mount", outside.encode(), bytes(path), None, 0x5000, None)  # MS_BIND | MS_REC
    if attributes:
        _restrict(str(path), attributes, recursive=True)


def _restrict(path: str, attributes: int, *, recursive: bool) -> None:
    """Make a mount read-only (1), without set-user-ID (2), without devices (4)."""
    attr = struct.pack("QQQQ", attributes, 0, 0, 0)
    _do("syscall", 442, -100, path.encode(), 0x8000 if recursive else 0, attr, 32)  # mount_setattr


def _mount(kind: str, path: str, options: str = "") -> None:
    _do("mount", kind.encode(), path.encode(), kind.encode(), 6, options.encode())  # nosuid, nodev


def _own_proc() -> None:
    """Show of all processes only those of this namespace, or none."""
    try:
        _mount("proc", "/proc")
    except OSError:  # a container that hides parts of its own /proc allows no other
        _mount("tmpfs", "/proc", "size=4k,mode=0555")


def _become_nobody(visible: Sequence[Path]) -> None:
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    _do("prctl", 4, 1, 0, 0, 0)  # PR_SET_DUMPABLE, else /proc/self stays root's
    for path in visible:
        if not os.access(path, os.R_OK):
            raise PermissionError(f"only root can read {path}: do not grade as root")


def _folder() -> str:
    folder = tempfile.mkdtemp(prefix="taketurns-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _others() -> int:
    """Tasks of this user, with room for three more wardens; setrlimit(2) counts them all."""
    count = 3 * Limits().processes
    for task in Path("/proc").glob("[0-9]*/task/*"):
        with contextlib.suppress(OSError):
            count += task.stat().st_uid == os.geteuid()
    return count


def _kernel() -> tuple[int, ...]:
    return tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])


def _mapped() -> int:
    """Bytes of addresses that this process has taken."""
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return 1 << 30


# --- Landlock and seccomp, in a world ------------------------------------------------------------

_EXECUTE, _WRITE, _READ, _LIST, _TRUNCATE = 1, 2, 4, 8, 1 << 14
_ALL = (1 << 16) - 1
_MAKE_DEVICES_OR_USE_THEM = 1 << 6 | 1 << 11 | 1 << 15


def _landlock(visible: Sequence[str], home: str) -> None:
    attr = struct.pack("QQQ", _ALL, 3, 3)  # TCP; signals and abstract sockets
    rules = _do("syscall", 444, attr, len(attr), 0)
    granted = [(path, _EXECUTE | _READ | _LIST) for path in (*visible, "/proc/self")]
    granted += [(f"/dev/{name}", _READ | _WRITE | _TRUNCATE) for name in DEVICES]
    granted += [(home, _ALL & ~_EXECUTE & ~_MAKE_DEVICES_OR_USE_THEM)]
    for path, access in granted:
        with contextlib.suppress(FileNotFoundError):
            file = os.open(path, os.O_PATH | os.O_CLOEXEC)
            fit = _ALL if Path(path).is_dir() else _EXECUTE | _READ | _WRITE | _TRUNCATE
            _do("syscall", 445, rules, 1, struct.pack("=Qi", access & fit, file), 0)
            os.close(file)
    _do("syscall", 446, rules, 0)
    os.close(rules)


# Each with its numbers on x86_64 and aarch64, 0 where there is none; from 424 on they are the same.
# There are packages that know them, but pyseccomp needs libseccomp.so.2, which pip cannot install.
_REFUSED = """
ptrace 101 117, process_vm_readv 310 270, process_vm_writev 311 271, process_madvise 440 440,
pidfd_getfd 438 438, kcmp 312 272, move_pages 279 239, migrate_pages 256 238, mount 165 40,
umount2 166 39, pivot_root 155 41, chroot 161 51, open_tree 428 428, move_mount 429 429,
fsopen 430 430, fsconfig 431 431, fsmount 432 432, fspick 433 433, mount_setattr 442 442,
open_tree_attr 467 467, open_by_handle_at 304 265, name_to_handle_at 303 264, quotactl 179 60,
quotactl_fd 443 443, swapon 167 224, swapoff 168 225, acct 163 89, fanotify_init 300 262,
unshare 272 97, setns 308 268, keyctl 250 219, add_key 248 217, request_key 249 218, bpf 321 280,
perf_event_open 298 241, userfaultfd 323 282, io_uring_setup 425 425, io_uring_enter 426 426,
io_uring_register 427 427, kexec_load 246 104, kexec_file_load 320 294, reboot 169 142,
init_module 175 105, finit_module 313 273, delete_module 176 106, iopl 172 0, ioperm 173 0,
modify_ldt 154 0, personality 135 92, syslog 103 116, settimeofday 164 170, clock_settime 227 112,
adjtimex 159 171, clock_adjtime 305 266, sethostname 170 161, setdomainname 171 162, vhangup 153 58,
memfd_create 319 279, memfd_secret 447 447, shmget 29 194, semget 64 190, msgget 68 186,
mq_open 240 180
"""  # the last six hold memory that no limit counts
# Landlock checks none of these; they would reach files and processes of the same user. The last
# two keep a world in its process group, in which `end` kills it.
_LANDLOCK_REFUSES = """
socket 41 198, chmod 90 0, fchmod 91 52, fchmodat 268 53, fchmodat2 452 452, chown 92 0,
lchown 94 0, fchown 93 55, fchownat 260 54, utime 132 0, utimes 235 0, futimesat 261 0,
utimensat 280 88, setxattr 188 5, lsetxattr 189 6, fsetxattr 190 7, removexattr 197 14,
lremovexattr 198 15, fremovexattr 199 16, setxattrat 463 463, removexattrat 466 466,
file_setattr 469 469, setpriority 141 140, ioprio_set 251 30, setsid 112 157, setpgid 109 154
"""
# Likewise, with what an argument must not contain ("bits") or be ("not"), or must be ("only"), else
# it is of a "kind" that there is not: libzmq, which wants netlink, aborts if it is only forbidden.
_STREAMS = (1, 1 | 0x800, 1 | 0x80000, 1 | 0x80800)  # SOCK_STREAM, SOCK_NONBLOCK, SOCK_CLOEXEC
_JUDGED = [
    (56, 220, 0, "bits", (_ANY_NEW,)),  # clone
    (41, 198, 0, "kind", (1, 2, 10)),  # socket: AF_UNIX, AF_INET, AF_INET6
    (16, 29, 1, "not", (0x5412, 0x541C)),  # ioctl: TIOCSTI, TIOCLINUX type into a terminal
]
_LANDLOCK_JUDGED = [
    (53, 199, 1, "only", _STREAMS),  # socketpair: others could be connected to something else
    (16, 29, 1, "not", (0x40086602, 0x401C5820)),  # ioctl: FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR
    (302, 261, 0, "only", (0,)),  # prlimit64; and of other processes
    (203, 122, 0, "only", (0,)),  # sched_setaffinity
    (314, 274, 0, "only", (0,)),  # sched_setattr
    (142, 118, 0, "only", (0,)),  # sched_setparam
    (144, 119, 0, "only", (0,)),  # sched_setscheduler
]
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # AUDIT_ARCH_…
_CLONE3, _UNKNOWN = 435, 470  # clone3 hides its flags; libraries fall back where it is missing
_KILL, _ALLOW, _EPERM, _EINVAL, _ENOSYS = 0x80000000, 0x7FFF0000, 0x50001, 0x50016, 0x50026


@functools.cache
def _filter(way: str) -> bytes:
    """Return the seccomp program, empty where the numbers of the machine are not known."""
    if os.uname().machine not in _MACHINES or sys.maxsize < 2**32:
        return b""
    column, audit = _MACHINES[os.uname().machine]
    refused, judged = _REFUSED, list(_JUDGED)
    if way == "landlock":
        refused, judged = f"{_REFUSED}, {_LANDLOCK_REFUSES}", judged + _LANDLOCK_JUDGED
    load, give, equal, at_least = 0x20, 0x06, 0x15, 0x35

    def program() -> Iterator[tuple[int, int, int, int]]:
        """Instructions: code, jump if true, jump if false, operand; see struct seccomp_data."""
        number = (load, 0, 0, 0)
        yield from [(load, 0, 0, 4), (equal, 1, 0, audit), (give, 0, 0, _KILL), number]
        yield from [(at_least, 0, 1, _UNKNOWN), (give, 0, 0, _ENOSYS)]
        yield from [(equal, 0, 1, _CLONE3), (give, 0, 0, _ENOSYS)]
        for each in refused.split(","):
            if call := int(each.split()[1 + column]):
                yield from [(equal, 0, 1, call), (give, 0, 0, _EPERM)]
        for *calls, argument, test, values in judged:
            yield (equal, 0, len(values) + 3, calls[column])
            yield (load, 0, 0, 16 + 8 * argument)  # the lower half, in which all of these lie
            for left in reversed(range(len(values))):
                value = values[-1 - left]
                if test in ("only", "kind"):
                    yield (equal, left + 1, 0, value)
                else:
                    yield (0x45 if test == "bits" else equal, left, 0 if left else 1, value)
            yield from [(give, 0, 0, _EINVAL if test == "kind" else _EPERM), number]
        yield (give, 0, 0, _ALLOW)

    return b"".join(struct.pack("HBBI", *each) for each in program())


# --- The C library -------------------------------------------------------------------------------


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _do(name: str, *arguments: int | bytes | None) -> int:
    """Call a function of the C library; OSError names it if it fails."""
    wide = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    result: int = getattr(_libc(), name)(*wide)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
    return result


if __name__ == "__main__":
    shown = [Path(each).absolute() for each in (*SYSTEM, sys.prefix, sys.base_prefix)]
    print(json.dumps({way: _trial(way, [each for each in shown if each.exists()]) for way in WAYS}))
