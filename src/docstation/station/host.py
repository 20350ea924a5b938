"""The machine around the card: what kind of Linux this is, what it lets us see, and what it lets us use.

`look` reads a handful of files of the system, `understand` makes sense of them; neither starts anything nor asks the
driver. All memory is in bytes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from docstation.messages.marking import N_

LITTLE_SHARED = 2**30
"""Shared memory below which a note is made: vLLM's processes talk through it, and a container has 64 MiB by default."""
LITTLE_LOCKED = 2**30
"""Likewise for memory that may be locked, which is what pinned copies between host and card need."""

_CONTAINERS = ("kubepods", "docker", "libpod", "containerd", "lxc")


@dataclass(frozen=True, slots=True)
class Traces:
    """What the system shows, unjudged.

    Attributes:
        release: of the kernel, as ``uname -r`` says it.
        meminfo: text of ``/proc/meminfo``.
        cgroup: text of ``/proc/1/cgroup``.
        memory_limit: text of the control group's limit, ``max`` or bytes; empty where there is none.
        dxg: whether the device is there through which Windows lends its GPU.
        container_mark: what a container engine says of itself in a file or variable; empty outside of containers.
        shared_bytes: size of ``/dev/shm``; None where it is missing.
        locked_bytes: what a process may lock (``ulimit -l``); None for no limit.
    """

    release: str
    meminfo: str = ""
    cgroup: str = ""
    memory_limit: str = ""
    dxg: bool = False
    container_mark: str = ""
    shared_bytes: int | None = None
    locked_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something about the machine that its user should know: message id, and values of its named fields."""

    message: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Host:
    """The machine as far as it matters to a model server.

    Attributes:
        kernel: its release.
        wsl: 1 or 2 inside the Windows Subsystem for Linux, else 0.
        gpu_of_windows: whether the GPU is lent by Windows, so that NVML is blind to what is said in `notes`.
        container: ``docker``, ``podman``, ``kubernetes``…; empty outside of containers.
        memory_bytes: what we may use at most: the machine's, the virtual machine's or the control group's, whichever
            is least; None where it cannot be read.
        available_bytes: what could be had of it now without swapping.
        swap_bytes: size of the swap.
        shared_bytes: size of ``/dev/shm``; None where it is missing.
        locked_bytes: how much a process may lock; None for no limit.
        notes: what follows from all this, the gravest first.
    """

    kernel: str
    wsl: int = 0
    gpu_of_windows: bool = False
    container: str = ""
    memory_bytes: int | None = None
    available_bytes: int | None = None
    swap_bytes: int | None = None
    shared_bytes: int | None = None
    locked_bytes: int | None = None
    notes: tuple[Note, ...] = ()


def look(root: Path = Path("/")) -> Host:
    """The machine that we run on; `root` stands in front of every path that is read."""
    return understand(traces(root))


def traces(root: Path = Path("/")) -> Traces:
    """Read what `understand` needs. What is missing is empty: other systems than Linux have none of it."""
    proc = root / "proc"
    return Traces(
        release=_text(proc / "sys/kernel/osrelease").strip() or os.uname().release,
        meminfo=_text(proc / "meminfo"),
        cgroup=_text(proc / "1/cgroup"),
        memory_limit=_text(root / "sys/fs/cgroup/memory.max")
        or _text(root / "sys/fs/cgroup/memory/memory.limit_in_bytes"),
        dxg=(root / "dev/dxg").exists(),
        container_mark=_mark(root),
        shared_bytes=_size(root / "dev/shm"),
        locked_bytes=_may_lock(),
    )


def understand(seen: Traces) -> Host:
    """What kind of machine leaves such traces."""
    wsl = _wsl(seen.release, seen.dxg)
    memory = _meminfo(seen.meminfo)
    limit = seen.memory_limit.strip()
    total = _least(memory.get("MemTotal"), int(limit) if limit.isdecimal() else None)
    host = Host(
        kernel=seen.release,
        wsl=wsl,
        gpu_of_windows=wsl == 2 or seen.dxg,
        container=_container(seen),
        memory_bytes=total,
        available_bytes=_least(memory.get("MemAvailable"), total),
        swap_bytes=memory.get("SwapTotal"),
        shared_bytes=seen.shared_bytes,
        locked_bytes=seen.locked_bytes,
    )
    return _with_notes(host)


def _least(*sizes: int | None) -> int | None:
    return min((size for size in sizes if size is not None), default=None)


def _wsl(release: str, dxg: bool) -> int:
    """WSL 1 has a release like ``4.4.0-19041-Microsoft``, WSL 2 like ``5.15.153.1-microsoft-standard-WSL2``.

    A kernel that a user has built for WSL 2 may keep any of these words; the device of Windows' GPU gives it away.
    """
    name = release.lower()
    if "wsl2" in name or "microsoft-standard" in name or (dxg and "microsoft" in name):
        return 2
    return 1 if name.endswith("-microsoft") else 0


def _container(seen: Traces) -> str:
    if seen.container_mark and seen.container_mark != "wsl":  # systemd counts WSL among the containers
        return seen.container_mark
    kind = next((kind for kind in _CONTAINERS if f"/{kind}" in seen.cgroup), "")
    return {"libpod": "podman", "kubepods": "kubernetes"}.get(kind, kind)


def _meminfo(text: str) -> dict[str, int]:
    """Sizes by name; the kernel's ``kB`` are kibibytes."""
    sizes = {}
    for line in text.splitlines():
        name, _colon, rest = line.partition(":")
        words = rest.split()
        if words and words[0].isdecimal():
            sizes[name] = int(words[0]) * (1024 if words[1:] == ["kB"] else 1)
    return sizes


def _with_notes(host: Host) -> Host:
    notes = [*_notes_on_windows(host), *_notes_on_memory(host)]
    return replace(host, notes=tuple(notes))


def _notes_on_windows(host: Host) -> list[Note]:
    if host.wsl == 1:
        return [Note(N_("WSL 1 gives no access to the GPU; convert this Linux with: wsl --set-version NAME 2"))]
    if not host.gpu_of_windows:
        return []
    notes = [
        Note(
            N_(
                "Windows owns the GPU: its driver does not tell Linux how much memory each process holds, so ours is "
                "taken to be what the card's use grew by since our start."
            )
        ),
        Note(
            N_(
                "Windows' desktop and programs hold GPU memory that is not listed here; what CUDA finds free is less "
                "than what the driver shows."
            )
        ),
    ]
    if host.wsl == 2:
        notes.append(
            Note(
                N_("Under WSL 2 vLLM does not pin memory unless VLLM_WSL2_ENABLE_PIN_MEMORY is set: loading is slower.")
            )
        )
        if host.memory_bytes is not None:
            message = N_(
                "WSL 2 has {memory} of this computer's memory, by default half; .wslconfig sets another share."
            )
            notes.append(Note(message, (("memory", _shown(host.memory_bytes)),)))
    return notes


def _notes_on_memory(host: Host) -> list[Note]:
    notes = []
    if host.container and host.shared_bytes is not None and host.shared_bytes < LITTLE_SHARED:
        message = N_("This container has {shared} of shared memory, too little for a model server: use --shm-size=2g.")
        notes.append(Note(message, (("shared", _shown(host.shared_bytes)),)))
    if host.locked_bytes is not None and host.locked_bytes < LITTLE_LOCKED and host.gpu_of_windows:
        message = N_("A process may lock {locked} of memory (ulimit -l); pinned copies to the GPU may need more.")
        notes.append(Note(message, (("locked", _shown(host.locked_bytes)),)))
    return notes


def _shown(size: int) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.0f} MiB"


def _mark(root: Path) -> str:
    """Docker and Podman leave a file of their own, systemd writes down what the others told it."""
    if (root / "run/.containerenv").exists():
        return "podman"
    if (root / ".dockerenv").exists():
        return "docker"
    return _text(root / "run/systemd/container").strip()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _size(path: Path) -> int | None:
    try:
        found = os.statvfs(path)
    except OSError:
        return None
    return found.f_frsize * found.f_blocks


def _may_lock() -> int | None:
    import resource

    soft, _hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    return None if soft == resource.RLIM_INFINITY else soft
