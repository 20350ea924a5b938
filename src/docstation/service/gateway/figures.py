"""The gateway's own counters, as Prometheus reads them. Plain integers: an update costs well under a microsecond."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from resource import getpagesize

KIND = b"text/plain; version=0.0.4; charset=utf-8"
_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_PREFIX = "docstation_gateway_"
HELP = {
    "requests_total": "Requests that are over, by who answered (an entry's name, service, gateway) and status.",
    "failed_total": "Answers that began well and were broken off, or ended with an error event.",
    "clients_left_total": "Requests whose client left before the end, by phase.",
    "refused_total": "Requests that the gateway refused, by code.",
    "retries_total": "Requests sent again because a kept connection had died.",
    "bytes_in_total": "Bytes of request bodies.",
    "bytes_out_total": "Bytes of answers.",
    "passed_total": "Pieces of models' answers.",
    "under_way": "Requests at model servers now.",
    "waiting": "Requests that wait for their turn or for the end of a switch.",
    "oldest_waiting_seconds": "For how long the oldest of them has waited.",
    "held_bytes": "Bytes of bodies that are held for requests that wait.",
    "connections": "Connections of clients.",
    "last_success_timestamp_seconds": "When a model last answered a request whole; 0 for never.",
    "start_time_seconds": "When the gateway was started.",
    "resident_memory_bytes": "Memory that the gateway's process holds.",
    "first_byte_seconds": "Seconds until an answer began, by who answered.",
    "duration_seconds": "Seconds until an answer was over, by who answered.",
}


@dataclass(slots=True)
class Histogram:
    """Times in seconds, by upper bounds.

    Attributes:
        counts: of each bound and beyond the last.
        total: of all times.
    """

    counts: list[int] = field(default_factory=lambda: [0] * (len(_BOUNDS) + 1))
    total: float = 0.0

    def see(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(_BOUNDS, seconds)] += 1
        self.total += seconds


@dataclass(slots=True)
class Figures:
    """What happened since the start.

    Attributes:
        requests: by who answers (entry name, ``service``, ``gateway``) and status.
        failed: answers that began well and ended badly: broken off, or with an error event.
        left: requests whose client left, by phase.
        refused: requests that the gateway refused, by code.
        retries: requests sent again because a kept connection had died.
        bytes_in: of request bodies.
        bytes_out: of answers.
        passed: pieces of models' answers.
        first_byte: seconds until an answer's head, by who answers.
        duration: seconds until an answer's end, by who answers.
        since: POSIX seconds of the start.
    """

    requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    retries: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    passed: int = 0
    first_byte: dict[str, Histogram] = field(default_factory=dict)
    duration: dict[str, Histogram] = field(default_factory=dict)
    since: float = field(default_factory=time.time)

    def began(self, who: str, seconds: float) -> None:
        """An answer's head came."""
        _of(self.first_byte, who).see(seconds)

    def ended(self, who: str, status: int, seconds: float) -> None:
        """An answer has ended."""
        self.requests[who, status] += 1
        _of(self.duration, who).see(seconds)

    def text(self, gauges: dict[str, float]) -> bytes:
        """Everything, with gauges of this moment."""
        lines: list[str] = []
        _family(
            lines, "requests_total", "counter", {_labels(model=w, status=s): n for (w, s), n in self.requests.items()}
        )
        _family(lines, "failed_total", "counter", {_labels(model=who): n for who, n in self.failed.items()})
        _family(lines, "clients_left_total", "counter", {_labels(phase=one): n for one, n in self.left.items()})
        _family(lines, "refused_total", "counter", {_labels(code=one): n for one, n in self.refused.items()})
        for name in ("retries", "bytes_in", "bytes_out", "passed"):
            _family(lines, f"{name}_total", "counter", {"": getattr(self, name)})
        for name, value in self._gauges(gauges).items():
            _family(lines, name, "gauge", {"": value})
        _histograms(lines, "first_byte_seconds", self.first_byte)
        _histograms(lines, "duration_seconds", self.duration)
        return ("\n".join(lines) + "\n").encode()

    def _gauges(self, given: dict[str, float]) -> dict[str, float]:
        return {**given, "start_time_seconds": self.since, "resident_memory_bytes": resident()}


def _of(histograms: dict[str, Histogram], who: str) -> Histogram:
    found = histograms.get(who)
    if found is None:
        found = histograms[who] = Histogram()
    return found


def _family(lines: list[str], name: str, kind: str, values: dict[str, float]) -> None:
    _head(lines, name, kind)
    lines += (f"{_PREFIX}{name}{labels} {value}" for labels, value in values.items())


def _head(lines: list[str], name: str, kind: str) -> None:
    if name in HELP:
        lines.append(f"# HELP {_PREFIX}{name} {HELP[name]}")
    lines.append(f"# TYPE {_PREFIX}{name} {kind}")


def _histograms(lines: list[str], name: str, histograms: dict[str, Histogram]) -> None:
    _head(lines, name, "histogram")
    for who, one in histograms.items():
        count = 0
        for bound, here in zip((*_BOUNDS, "+Inf"), one.counts, strict=True):
            count += here
            lines.append(f"{_PREFIX}{name}_bucket{_labels(model=who, le=bound)} {count}")
        lines.append(f"{_PREFIX}{name}_sum{_labels(model=who)} {one.total}")
        lines.append(f"{_PREFIX}{name}_count{_labels(model=who)} {count}")


def _labels(**labels: object) -> str:
    return "{" + ",".join(f'{name}="{_escaped(str(value))}"' for name, value in labels.items()) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * getpagesize()
