"""What the machine is, told from what its files say."""

from __future__ import annotations

from pathlib import Path

import pytest

from docstation.station.host import Host, Traces, look, understand

GIB = 2**30
MEMINFO = """MemTotal:       16279208 kB
MemFree:         9123456 kB
MemAvailable:   12345678 kB
SwapTotal:       4194304 kB
HugePages_Total:       0
Broken
Also: broken
"""
WSL2 = "5.15.153.1-microsoft-standard-WSL2"


def notes(host: Host) -> str:
    return " ".join(one.message.format_map(dict(one.fields)) for one in host.notes)


@pytest.mark.parametrize(
    ("release", "dxg", "wsl"),
    [
        (WSL2, True, 2),
        (WSL2, False, 2),
        ("6.6.87.2-microsoft-standard-WSL2+", True, 2),
        ("4.19.104-microsoft-standard", True, 2),
        ("6.1.0-microsoft-mine", True, 2),
        ("4.4.0-19041-Microsoft", False, 1),
        ("6.12.43+deb13-amd64", False, 0),
        ("6.8.0-1021-azure", False, 0),
        ("", False, 0),
    ],
)
def test_the_subsystem_of_windows_is_known_by_its_kernel(release: str, dxg: bool, wsl: int) -> None:
    host = understand(Traces(release, dxg=dxg))
    assert (host.wsl, host.gpu_of_windows) == (wsl, wsl == 2)


def test_a_gpu_lent_by_windows_to_any_virtual_machine_is_known_by_its_device() -> None:
    host = understand(Traces("6.12.43+deb13-amd64", dxg=True))
    assert (host.wsl, host.gpu_of_windows) == (0, True)
    assert "Windows owns the GPU" in notes(host)
    assert "WSL" not in notes(host)


def test_what_is_blind_and_scarce_under_wsl_2_is_told() -> None:
    told = notes(understand(Traces(WSL2, MEMINFO, dxg=True, locked_bytes=64 * 2**20)))
    for fact in ("grew by since our start", "not listed here", "VLLM_WSL2_ENABLE_PIN_MEMORY", "15.5 GiB", "64 MiB"):
        assert fact in told


def test_wsl_1_has_no_gpu_and_one_way_out() -> None:
    assert [one.message for one in understand(Traces("4.4.0-19041-Microsoft", MEMINFO)).notes] == [
        "WSL 1 gives no access to the GPU; convert this Linux with: wsl --set-version NAME 2"
    ]


def test_plain_linux_has_nothing_to_tell() -> None:
    host = understand(Traces("6.12.43+deb13-amd64", MEMINFO, "0::/init.scope", shared_bytes=GIB, locked_bytes=8 << 20))
    assert host.notes == ()
    assert not host.container


def test_memory_is_read_in_bytes() -> None:
    host = understand(Traces("6.12", MEMINFO))
    assert (host.memory_bytes, host.available_bytes, host.swap_bytes) == (
        16279208 * 1024,
        12345678 * 1024,
        4194304 * 1024,
    )


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("max\n", 16279208 * 1024),
        ("4294967296\n", 4 * GIB),
        ("9223372036854771712\n", 16279208 * 1024),
        ("", 16279208 * 1024),
    ],
)
def test_a_limit_of_the_control_group_counts_where_it_is_less(limit: str, expected: int) -> None:
    host = understand(Traces("6.12", MEMINFO, memory_limit=limit))
    assert host.memory_bytes == expected
    assert host.available_bytes == min(expected, 12345678 * 1024)


@pytest.mark.parametrize(
    ("traces", "container"),
    [
        (Traces("6.12", container_mark="podman"), "podman"),
        (Traces("6.12", cgroup="12:memory:/docker/0123abcd\n0::/\n"), "docker"),
        (Traces("6.12", cgroup="0::/system.slice/docker-0123.scope"), "docker"),
        (Traces("6.12", cgroup="0::/machine.slice/libpod-0123.scope"), "podman"),
        (Traces("6.12", cgroup="11:cpu:/kubepods/besteffort/pod1"), "kubernetes"),
        (Traces("6.12", cgroup="0::/init.scope"), ""),
        (Traces(WSL2, container_mark="wsl"), ""),
    ],
)
def test_a_container_is_known_by_its_mark_or_its_control_group(traces: Traces, container: str) -> None:
    assert understand(traces).container == container


@pytest.mark.parametrize(
    ("container", "shared", "told"), [("docker", 64 << 20, True), ("docker", 2 * GIB, False), ("", 64 << 20, False)]
)
def test_little_shared_memory_is_told_where_it_can_be_changed(container: str, shared: int, told: bool) -> None:
    host = understand(Traces("6.12", container_mark=container, shared_bytes=shared))
    assert ("--shm-size" in notes(host)) is told


def test_the_files_are_read_where_linux_keeps_them(tmp_path: Path) -> None:
    for name, text in {
        "proc/sys/kernel/osrelease": WSL2 + "\n",
        "proc/meminfo": MEMINFO,
        "proc/1/cgroup": "0::/\n",
        "sys/fs/cgroup/memory.max": "8589934592\n",
        "dev/dxg": "",
        "dev/shm/here": "",
        ".dockerenv": "",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    host = look(tmp_path)

    assert (host.kernel, host.wsl, host.container, host.memory_bytes) == (WSL2, 2, "docker", 8 * GIB)
    assert host.shared_bytes is not None


def test_a_system_without_these_files_is_looked_at_without_harm(tmp_path: Path) -> None:
    host = look(tmp_path)
    assert (host.memory_bytes, host.container, host.shared_bytes) == (None, "", None)
    assert host.kernel


def test_this_machine_can_be_looked_at() -> None:
    host = look()
    assert host.memory_bytes is not None
    assert host.available_bytes is not None
    assert 0 < host.available_bytes <= host.memory_bytes
