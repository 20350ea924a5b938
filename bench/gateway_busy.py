"""The busy service of ``bench/gateway.py``: documents are read, exported and drawn beside the gateway under test.

Run by itself this prints nothing.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway_sides import ROOT, free_port, with_children
from soak_sample import sample

SAMPLE = ROOT / "samples" / "report-mixed.pdf"
FORMATS = ("md", "docx", "xlsx", "pdf")
PATIENCE = 120.0


class Busy:
    """Keeps a service at work until it is stopped: one client has scans read, two have small documents exported.

    Args:
        process: of the service.
        port: of its gateway.
        small: a document that is quickly read.

    Attributes:
        rounds: documents that were read and exported.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int, small: bytes) -> None:
        self.rounds = 0
        self._process = process
        self._port = port
        self._stop = threading.Event()
        contents = (SAMPLE.read_bytes(), small, small)
        self._threads = [threading.Thread(target=self._run, args=(one,), daemon=True) for one in contents]

    def seconds(self) -> float:
        """Processor time that the service and its children took so far."""
        return sum(_seconds(pid) for pid in with_children(self._process.pid))

    def start(self) -> None:
        """Begin; returns when the first document is being read."""
        for one in self._threads:
            one.start()
        last = time.monotonic() + PATIENCE
        while not self.rounds and time.monotonic() < last:
            time.sleep(0.1)

    def stop(self) -> None:
        """End it."""
        self._stop.set()
        for one in self._threads:
            one.join()

    def _run(self, content: bytes) -> None:
        while not self._stop.is_set():
            with suppress(OSError, http.client.HTTPException, ValueError, KeyError):
                self._round(content)
                self.rounds += 1

    def _round(self, content: bytes) -> None:
        mark = "----bench"
        head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="report.pdf"\r\n\r\n'
        form = head.encode() + content + f"\r\n--{mark}--\r\n".encode()
        said = self._ask("POST", "/documents", form, {"Content-Type": f"multipart/form-data; boundary={mark}"})
        path = f"/documents/{json.loads(said)['id']}"
        while not self._stop.is_set() and json.loads(self._ask("GET", path))["state"] not in {"done", "failed"}:
            time.sleep(0.05)
        for name in FORMATS:
            self._ask("GET", f"{path}/export?format={name}")
        self._ask("GET", f"{path}/pages/1/image")
        self._ask("DELETE", path)

    def _ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers or {})
            return connection.getresponse().read()
        finally:
            connection.close()


def _seconds(pid: int) -> float:
    """Processor time of a process and of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def busy_service(folder: Path, cores: set[int], workers: int) -> Iterator[Busy]:
    """A service on these cores that reads, exports, draws and writes its database while the block runs."""
    home = folder / "busy"
    home.mkdir()
    port = free_port()
    own = {
        "DOCSTATION_HOME": str(home),
        "DOCSTATION_SERVICE_PORT": str(port),
        "DOCSTATION_STATION_DRIVER": "embedded",
        "DOCSTATION_READING_JOBS": str(workers),
    }
    before = os.sched_getaffinity(0)
    # Children and threads begin where their parent runs.
    os.sched_setaffinity(0, cores)
    with (home / "log").open("ab") as log:
        words = [sys.executable, "-m", "docstation", "serve", "--idle"]
        process = subprocess.Popen(words, env={**os.environ, **own}, stdout=log, stderr=log)
    try:
        busy = Busy(process, port, sample(folder / "small.pdf").read_bytes())
        busy.start()
        os.sched_setaffinity(0, before)
        yield busy
        busy.stop()
    finally:
        os.sched_setaffinity(0, before)
        process.send_signal(signal.SIGTERM)
        process.wait(60)
