"""What the service costs before anybody asks it anything: seconds until it is ready, memory at rest.

``python bench/service_start.py [--runs 7]``. Memory is the proportional set size of the service and of its gateway,
before the embedded engine is first used; ready means that the documents, the station and ``/readyz`` answer over the
gateway.
"""

from __future__ import annotations

import argparse
import http.client
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from gateway_sides import free_port, with_children
from ocr_head import head, row

PATIENCE = 60.0
REST_SECONDS = 5.0
MOST_SECONDS, MOST_MEGABYTES = 2.0, 200.0
QUESTIONS = ("/readyz", "/station", "/documents")


@dataclass(frozen=True, slots=True)
class Start:
    """One start.

    Attributes:
        first: seconds until the gateway answered at all.
        ready: seconds until everything answered.
        service: megabytes of the service's process.
        gateway: megabytes of the gateway's.
        processes: of the whole service.
        cpu: seconds of processor time until it was ready.
    """

    first: float
    ready: float
    service: float
    gateway: float
    processes: int
    cpu: float


def status(port: int, path: str) -> int:
    """What is answered; 0 for nothing."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def wait(port: int, path: str, good: set[int]) -> None:
    """Until it answers so.

    Raises:
        TimeoutError: it does not.
    """
    last = time.monotonic() + PATIENCE
    while status(port, path) not in good:
        if time.monotonic() > last:
            raise TimeoutError(path)
        time.sleep(0.005)


def proportional(pid: int) -> float:
    """Megabytes of a process, shared pages counted in part."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(text.partition("Pss:")[2].split()[0]) / 1000


def cpu_of(pids: list[int]) -> float:
    """Seconds of processor time of some processes so far."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(one[11]) + int(one[12]) for one in fields) / os.sysconf("SC_CLK_TCK")


def start(folder: Path) -> Start:
    """Start it, look at it, end it."""
    port = free_port()
    own = {"DOCSTATION_HOME": str(folder), "DOCSTATION_SERVICE_PORT": str(port)}
    own["DOCSTATION_STATION_DRIVER"] = "embedded"
    words = [sys.executable, "-m", "docstation", "serve", "--idle"]
    begun = time.monotonic()
    process = subprocess.Popen(words, env={**os.environ, **own}, stderr=subprocess.DEVNULL)
    try:
        wait(port, "/livez", {200})
        first = time.monotonic() - begun
        for path in QUESTIONS:
            wait(port, path, {200})
        ready = time.monotonic() - begun
        cpu = cpu_of(with_children(process.pid))
        time.sleep(REST_SECONDS)
        pids = with_children(process.pid)
        memory = [proportional(pid) for pid in pids]
        return Start(first, ready, memory[0], sum(memory[1:]), len(pids), cpu)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    head("Start and memory of the service")
    print(f"load {os.getloadavg()[0]:.1f} before\n")
    starts = []
    with TemporaryDirectory() as name:
        for number in range(options.runs + 1):
            folder = Path(name) / ("0" if number < 2 else "1")
            folder.mkdir(exist_ok=True)
            starts.append(start(folder))
    first, again = starts[0], starts[1:]
    row("", "the first, with a new database", "later, median", "best", "promised")
    row("---", "---:", "---:", "---:", "---:")
    for name, title, most in (
        ("first", "seconds until the gateway answers", ""),
        ("ready", "seconds until documents and station answer", f"{MOST_SECONDS:.0f}"),
        ("cpu", "processor seconds until then", ""),
    ):
        values = [getattr(one, name) for one in again]
        row(title, f"{getattr(first, name):.2f}", f"{median(values):.2f}", f"{min(values):.2f}", most)
    for title, values in (
        ("MB of the service", [one.service for one in again]),
        ("MB of the gateway", [one.gateway for one in again]),
        ("MB of both", [one.service + one.gateway for one in again]),
    ):
        most = f"{MOST_MEGABYTES:.0f}" if "both" in title else ""
        row(title, "", f"{median(values):.0f}", f"{min(values):.0f}", most)
    row("processes", first.processes, max(one.processes for one in again), "", "")
    return 0


if __name__ == "__main__":
    sys.exit(main())
