"""What the kernel says of processes, and how one is started for a shepherd; Linux only.

The shepherd runs without third-party libraries and is to be there at once, so this module imports little: no psutil,
no pathlib, no subprocess.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
from collections.abc import Iterable, Sequence
from functools import cache

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


class Process:
    """What the kernel says of one process.

    Attributes:
        pid: number.
        parent: number of its parent.
        session: number of its session's leader.
        identity: what no other process ever has: the start of the machine, and its own in clock ticks since then.
    """

    __slots__ = ("identity", "parent", "pid", "session")

    def __init__(self, pid: int, parent: int, session: int, identity: str) -> None:
        self.pid = pid
        self.parent = parent
        self.session = session
        self.identity = identity


@cache
def machine() -> str:
    """What tells this start of the machine from all others."""
    return read("/proc/sys/kernel/random/boot_id").decode().strip()


def read(path: str) -> bytes:
    """A small file of the kernel's.

    Raises:
        OSError: it is not there, or not for us.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 1 << 16)
    finally:
        os.close(descriptor)


def look(pid: int) -> Process | None:
    """The living process of that number; an ended one that nobody has waited for counts as gone."""
    try:
        stat = read(f"/proc/{pid}/stat")
    except OSError:
        return None
    state, parent, _, session, *rest = stat[stat.rindex(b")") + 2 :].split()
    if state in (b"Z", b"X"):
        return None
    return Process(pid, int(parent), int(session), f"{machine()}/{int(rest[15])}")


def everything() -> list[Process]:
    """Every living process of this machine, as far as this process may see."""
    found = (look(int(name)) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208
    return [process for process in found if process is not None]


def descendants(pids: Iterable[int]) -> list[Process]:
    """Children of the processes of these numbers, their children, and so on."""
    families: dict[int, list[Process]] = {}
    for process in everything():
        families.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    waiting = list(pids)
    while waiting:
        children = families.pop(waiting.pop(), [])
        found += children
        waiting += [child.pid for child in children]
    return found


def identity(pid: int) -> str:
    """The `Process.identity` of that process; empty for one that is gone."""
    process = look(pid)
    return process.identity if process is not None else ""


def send(pid: int, who: str, number: int) -> bool:
    """Send a signal to the process of that number if it is still the one of that `identity`; says whether it was."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        if identity(pid) != who:
            return False
        signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def spawn(argv: Sequence[str], output: int) -> int:
    """Start a program whose output goes to a descriptor; it is asked to end when this process dies.

    Raises:
        OSError: the program cannot be started.
    """
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            control(PR_SET_PDEATHSIG, signal.SIGTERM)
            for number in (signal.SIGHUP, signal.SIGCHLD, signal.SIGTERM, signal.SIGUSR1, signal.SIGPIPE):
                signal.signal(number, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.execvp(argv[0], list(argv))
        except OSError as error:
            os.write(tell, str(error.errno).encode())
        except ValueError:
            # A word with a zero byte in it.
            os.write(tell, str(errno.EINVAL).encode())
        finally:
            os._exit(127)
    os.close(tell)
    trouble = os.read(told, 16)
    os.close(told)
    if trouble:
        os.waitpid(pid, 0)
        raise OSError(int(trouble), os.strerror(int(trouble)), argv[0])
    return pid


def control(option: int, value: int) -> None:
    """Set one of the kernel's switches for this process."""
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
