"""Twenty thousand requests in twenty minutes, with crashes, cancels and switches: does anything grow or stay behind?

``python bench/soak.py [--minutes 20] [--requests 20000] [--seed 1] [--port 8270]``, or ``make soak``. A real service
with its gateway, its documents and its station runs in a folder of its own; model servers are scripted. After a
warm-up of a fifth of that, everything rests and is counted; at the end once more. The exit code tells whether all is
in order. It takes half an hour.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import random
import re
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from ocr_head import head, row
from soak_clients import Clients, Tally
from soak_service import MODELS, Census, Soaked, free, soaked, until

CLIENTS = 24
WARM_UP = 0.2
"""Part of the time that is spent before the first count."""
GROWTH = 0.05
"""What memory may grow by after the warm-up."""
SPARE = 4
"""Descriptors and threads more that are no leak, such as connections of a pool that was not full before."""
REST_SECONDS = 75.0
"""After this long without work idle children and connections have been let go."""
TROUBLES = {
    "switch": 40,
    "switch, cancelled": 12,
    "model server killed": 14,
    "engine dies in its server": 8,
    "connections cut by the server": 8,
    "page worker killed": 10,
    "stop and start": 8,
}


class Trouble:
    """What goes wrong, at random moments, in a thread of its own.

    Args:
        service: that it happens to.
        tally: told of crashes.
        chance: that draws kinds and moments.

    Attributes:
        done: what was done, by kind.
    """

    def __init__(self, service: Soaked, tally: Tally, chance: random.Random) -> None:
        self._service = service
        self._tally = tally
        self._chance = chance
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._current = 0
        self.done: Counter[str] = Counter()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """Make no more trouble; returns when a model serves."""
        self._stop.set()
        self._thread.join()
        self._settle()

    def _run(self) -> None:
        actions: dict[str, Callable[[], None]] = {
            "switch": self._switch,
            "switch, cancelled": self._switch_cancelled,
            "model server killed": lambda: self._control({"die": self._chance.choice((-9, -15, 0, 1))}),
            "engine dies in its server": lambda: self._control({"trouble": "dead"}),
            "connections cut by the server": lambda: self._control({"trouble": "cut", "trouble_requests": 3}),
            "page worker killed": self._kill_worker,
            "stop and start": self._stop_and_start,
        }
        while not self._stop.wait(self._chance.uniform(1.0, 8.0)):
            kind = self._chance.choices(list(TROUBLES), list(TROUBLES.values()))[0]
            with suppress(OSError, http.client.HTTPException):
                actions[kind]()
                self.done[kind] += 1
            self._settle()

    def kill_gateway(self) -> None:
        """The front door ends without a word; the service starts it again."""
        pid = self._service.gateway()
        if not pid:
            return
        self._tally.crashed()
        os.kill(pid, signal.SIGKILL)
        self.done["gateway killed"] += 1
        until(lambda: self._service.gateway() not in {0, pid} and self._service.mode() != "away", "a new gateway")
        self._tally.crashed()

    def _switch(self) -> None:
        self._current = 1 - self._current
        self._service.ask("POST", "/station/switch", {"models": [list(MODELS)[self._current]]})

    def _switch_cancelled(self) -> None:
        self._switch()
        time.sleep(self._chance.uniform(0.0, 0.8))
        self._service.ask("POST", "/station/cancel")

    def _control(self, words: dict[str, object]) -> None:
        self._tally.crashed()
        self._service.ask("POST", "/control", words, port=self._service.model_port, seconds=5)

    def _kill_worker(self) -> None:
        workers = [pid for pid, words in self._service.children().items() if "docstation.intake.worker" in words]
        if workers:
            self._tally.crashed()
            with suppress(ProcessLookupError):
                os.kill(self._chance.choice(workers), signal.SIGKILL)

    def _stop_and_start(self) -> None:
        self._service.ask("POST", "/station/stop")
        until(lambda: self._service.mode() == "idle", "the model stops")
        self._switch()

    def _settle(self) -> None:
        """Wait until a model serves; ask for one where the station has given up."""
        last = time.monotonic() + 120
        while (mode := self._service.mode()) != "ready":
            if mode in {"waiting", "idle"}:
                with suppress(OSError, http.client.HTTPException):
                    self._switch()
            if time.monotonic() > last:
                self._tally.complain(f"the station does not come back: {mode}")
                return
            time.sleep(0.3)


def press(clients: Clients, count: int, seconds: float, seed: str) -> float:
    """Ask `count` times, evenly over `seconds`; the seconds that it took."""
    numbers = itertools.count()
    begun = time.monotonic()

    def work() -> None:
        while (number := next(numbers)) < count:
            time.sleep(max(0.0, begun + number * seconds / count - time.monotonic()))
            clients.one(random.Random(f"{seed} {number}"))

    workers = [threading.Thread(target=work, daemon=True) for _ in range(CLIENTS)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    return time.monotonic() - begun


def rest(service: Soaked) -> Census:
    """Delete what documents there are, let idle things go, and count."""
    while documents := json.loads(service.ask("GET", "/documents?limit=500")[2])["documents"]:
        for one in documents:
            service.ask("DELETE", f"/documents/{one['id']}")
    time.sleep(REST_SECONDS)
    return service.census()


def compare(before: Census, after: Census) -> list[str]:
    """Print both counts; what is not in order, in words."""
    faults = []
    row("", "after the warm-up", "at the end", "growth")
    row("---", "---:", "---:", "---:")
    for name, first, last in (
        ("service", before.service, after.service),
        ("gateway", before.gateway, after.gateway),
    ):
        growth = last.megabytes / first.megabytes - 1
        row(f"{name}: memory, MB", f"{first.megabytes:.1f}", f"{last.megabytes:.1f}", f"{growth:+.1%}")
        row(f"{name}: descriptors", first.descriptors, last.descriptors, last.descriptors - first.descriptors)
        row(f"{name}: threads", first.threads, last.threads, last.threads - first.threads)
        faults += [f"{name} grew by {growth:.1%}"] if growth >= GROWTH else []
        faults += [f"{name} leaks descriptors"] if last.descriptors > first.descriptors + SPARE else []
        faults += [f"{name} leaks threads"] if last.threads > first.threads + SPARE else []
    for name in ("temporary", "documents", "kept"):
        first, last = getattr(before, name), getattr(after, name)
        row(f"files, {name}", first, last, last - first)
    sizes = [one.kept_bytes / 1e6 for one in (before, after)]
    row("database, journal, logs: MB", *(f"{size:.1f}" for size in sizes), f"{sizes[1] - sizes[0]:+.1f}")
    row("processes", len(before.processes), len(after.processes), len(after.processes) - len(before.processes))
    faults += ["temporary files stay"] if after.temporary > before.temporary else []
    faults += ["files of documents stay"] if after.documents > before.documents else []
    if len(after.processes) > len(before.processes):
        faults.append(f"processes stay: {Counter(after.processes) - Counter(before.processes)}")
    return faults


def report(tally: Tally, trouble: Trouble) -> None:
    """Print what was asked, what became of it, and what went wrong on purpose."""
    for title, counted in (("asked", tally.asked), ("became of it", tally.outcomes), ("trouble made", trouble.done)):
        print(f"\n{title}: " + ", ".join(f"{name} {count:,}" for name, count in counted.most_common()))


def soak(service: Soaked, options: argparse.Namespace) -> list[str]:
    """Warm up, count, go on, count again; what is not in order."""
    from soak_sample import sample

    tally = Tally()
    clients = Clients(service, tally, sample(service.home.parent / "soak.pdf"))
    seconds = options.minutes * 60
    trouble = Trouble(service, tally, random.Random(options.seed))
    trouble.start()
    killing = threading.Timer(WARM_UP * seconds / 3, trouble.kill_gateway)
    killing.daemon = True
    killing.start()
    press(clients, int(WARM_UP * options.requests), WARM_UP * seconds, f"{options.seed} warm")
    trouble.end()
    before = rest(service)
    asked = sum(tally.asked.values())
    again = Trouble(service, tally, random.Random(options.seed + 1))
    again.done = trouble.done
    again.start()
    took = press(clients, options.requests, seconds, f"{options.seed} soak")
    again.end()
    after = rest(service)
    print(f"{sum(tally.asked.values()) - asked:,} requests in {took / 60:.1f} minutes after {asked:,} to warm up\n")
    faults = compare(before, after)
    report(tally, trouble)
    left = service.end()
    faults += [f"left after the end: {', '.join(left)}"] if left else []
    return faults + tally.wrong


def main() -> int:
    """Soak; 1 where something is not in order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the service's files are left, to be looked at")
    parser.add_argument("--port", type=int, default=8270, help="of the gateway; the model server takes the next one")
    options = parser.parse_args()
    if not free(options.port):
        print(f"Ports {options.port} and {options.port + 1} are not free.")
        return 2
    # Whoever ends it early leaves no service behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
    head("Soak")
    with TemporaryDirectory() as folder, soaked(options.folder or Path(folder), options.port) as service:
        faults = soak(service, options)
    print(f"\nnot in order: {len(faults)}")
    alike = Counter(re.sub(r"[0-9a-f]{24}|[0-9.]+", "N", one) for one in faults)
    for one, count in alike.most_common(40):
        print(f"- {count} × {one}" if count > 1 else f"- {one}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
