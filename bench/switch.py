"""What the machinery around a model costs: a switch less the load itself, readiness seen, status, a second manager.

``python bench/switch.py [--switches 30] [--json]``. The station and shell scripts (``switch_peer.sh``) switch the same
model servers turn by turn, see ``switch_sides.py``. Inside ``GPU=fake tools/container_engine.sh run`` containers are
measured too.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from ocr_head import head, row
from switch_sides import LOADS, ROOT, Kind, Ours, Side, Switch, World

from docstation.evaluation.runs import machine
from docstation.station.journal import FILE, LARGEST, OLDER

RUNS = 20
"""Fresh processes of each kind."""
OVERHEAD, SEEN, STATUS, REFUSAL = 600, 150, 250, 200
"""What is promised, in milliseconds."""
OURS = "docstation"

PASS = {"`python -c pass`": [sys.executable, "-c", "pass"]}
COMMAND = str(Path(sys.executable).with_name("docstation"))
STATUSES = {
    "`docstation models status`": [COMMAND, "models", "status"],
    "`python model_switcher.py status`": [sys.executable, "model_switcher.py", "status"],
}
MANAGE = {"`docstation models manage`, the whole process": [COMMAND, "models", "manage", "--idle"]}
LOCKED = 8
"""Exit code of who is refused."""

SECOND_OWNER = """
import sys, time
from pathlib import Path
from docstation.station.lock import HeldByOther, StationLock
began = time.perf_counter()
try:
    StationLock(Path(sys.argv[1]))
except HeldByOther:
    print(time.perf_counter() - began)
"""

Measured = dict[str, dict[str, list[Switch]]]
"""By load and side."""
Spent = dict[str, list[float]]
"""Seconds by command."""


@dataclass(frozen=True, slots=True)
class Table:
    """Figures to print."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]


def switches(sides: dict[str, Side], count: int) -> Measured:
    """To and fro, turn by turn: `count` times without load, half as often with; the peers a third of either."""
    for side in sides.values():
        side.switch("instant-b")
    measured: Measured = {}
    for load, turns in zip(LOADS, (count, ceil(count / 2)), strict=True):
        measured[load] = {name: [] for name in sides}
        for turn in range(turns):
            for name, side in sides.items():
                if name == OURS or turn < ceil(turns / 3):
                    measured[load][name].append(side.switch(f"{load}-{'ab'[turn % 2]}"))
    return measured


def processes(commands: dict[str, list[str]], *, runs: int = RUNS, code: int = 0) -> Spent:
    """Seconds of fresh processes, turn by turn."""
    spent: Spent = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, words in commands.items():
            began = time.perf_counter()
            done = subprocess.run(words, cwd=ROOT, capture_output=True, check=False)
            if turn:  # the first one fills caches
                spent[name].append(time.perf_counter() - began)
            if done.returncode != code:
                sys.exit(f"{shlex.join(words)}: {done.returncode} {done.stderr.decode()}")
    return spent


def refusals(home: Path) -> Spent:
    """Seconds until a second owner is refused: by the lock itself, and as people see it."""
    words = [sys.executable, "-c", SECOND_OWNER, str(home / "station")]
    done = [subprocess.run(words, capture_output=True, check=True).stdout for _ in range(RUNS)]
    return {"the lock, from its construction": [float(each) for each in done], **processes(MANAGE, code=LOCKED)}


def let_grow_old(home: Path) -> None:
    """Make the journal nearly as long as it may become: the same story over and over."""
    journal = home / "station" / FILE
    story = journal.read_bytes()
    long = story * max(1, LARGEST * 9 // 10 // len(story))
    journal.write_bytes(long)
    journal.with_name(OLDER).write_bytes(long)


def measure(kind: Kind, folder: Path, count: int) -> Iterator[Table]:
    """All that depends on a driver, and with processes the rest."""
    world = World(kind, folder)
    status: dict[str, Spent] = {}
    with world.ours() as ours:
        with world.peers() as peers:
            measured = switches({OURS: ours, **peers}, count)
        if kind == "process":
            status["a model"] = processes(STATUSES)
            refused = refusals(world.home)
            ours.stop()
            status["nothing"] = processes(STATUSES)
    if kind == "process":
        let_grow_old(world.home)
        with world.ours() as ours:
            measured["instant, longest journal"] = {OURS: aged_switches(ours, ceil(count / 5))}
            status["a model, longest journal"] = processes(STATUSES, runs=RUNS // 4)
    yield from switch_tables(kind, measured)
    if kind == "process":
        yield status_table({"–": processes(PASS)} | status)
        yield refusal_table(refused)


def aged_switches(ours: Ours, count: int) -> list[Switch]:
    """Switches after the first one, which starts from nothing."""
    return [ours.switch(f"instant-{'ab'[turn % 2]}") for turn in range(count + 1)][1:]


def switch_tables(kind: Kind, measured: Measured) -> Iterator[Table]:
    """What switches took, by phase, and how late readiness was seen."""
    costs = [each for load, sides in measured.items() for each in cost_rows(load, sides)]
    heads = (
        "load",
        "who",
        "switches",
        "total",
        "server's own",
        "overhead",
        "p95",
        "engine's",
        "ours / theirs",
        "promised",
    )
    yield Table(f"A switch to and fro, {kind}, ms", heads, costs)
    phases = [each for load, sides in measured.items() for each in phase_rows(load, sides[OURS])]
    names = measured["instant"][OURS][0].phases
    yield Table(f"The same by phase, {kind}, ms", ("load", "of all", *names), phases)
    pooled = {name: [one for sides in measured.values() for one in sides.get(name, [])] for name in measured["instant"]}
    late = [each for load, sides in [*measured.items(), ("all", pooled)] for each in late_rows(load, sides)]
    columns = ("load", "who", "starts", "median", "p95", "worst", "ours / theirs", "promised")
    yield Table(f"From the first possible answer until it is known, {kind}, ms", columns, late)


def cost_rows(load: str, sides: dict[str, list[Switch]]) -> Iterator[tuple[object, ...]]:
    """The whole, the server's own part, what is left, and how much of that the container engine took."""
    base = median(one.overhead for one in sides[OURS])
    for name, done in sides.items():
        over = [one.overhead for one in done]
        total, own = median(one.total for one in done), median(one.own for one in done)
        engine = ms(median(one.engine for one in done)) or None
        figures = (ms(total), ms(own), ms(median(over)), ms(p95(over)), engine, round(base / median(over), 2))
        yield load, name, len(done), *figures, OVERHEAD if name == OURS else None


def phase_rows(load: str, done: Sequence[Switch]) -> Iterator[tuple[object, ...]]:
    """Each phase of our switches; the servers' own part is in start and load."""
    took = [[one.phases[name] for one in done] for name in done[0].phases]
    yield load, "median", *(ms(median(each)) for each in took)
    yield load, "p95", *(ms(p95(each)) for each in took)


def late_rows(load: str, sides: dict[str, list[Switch]]) -> Iterator[tuple[object, ...]]:
    """How long a server was ready before anybody knew."""
    base = median(one.seen for one in sides[OURS])
    for name, done in sides.items():
        late = [one.seen for one in done]
        figures = (ms(median(late)), ms(p95(late)), ms(max(late)), round(base / median(late), 2))
        yield load, name, len(done), *figures, SEEN if name == OURS else None


def status_table(status: dict[str, Spent]) -> Table:
    """Cold processes, by what serves."""
    rows: list[tuple[object, ...]] = [
        (name, what, len(one), ms(min(one)), ms(median(one)), ms(max(one)), STATUS if name in STATUSES else None)
        for what, spent in status.items()
        for name, one in spent.items()
    ]
    columns = ("command", "what serves", "runs", "best", "median", "worst", "promised")
    return Table("Status, a cold process, ms", columns, rows)


def refusal_table(refused: Spent) -> Table:
    """How long until the second one knows."""
    rows: list[tuple[object, ...]] = [
        (name, len(one), ms(min(one)), ms(median(one)), ms(p95(one)), REFUSAL) for name, one in refused.items()
    ]
    return Table("A second manager refused, ms", ("what", "runs", "best", "median", "p95", "promised"), rows)


def p95(values: Sequence[float]) -> float:
    """The smallest value that 95 of 100 do not exceed."""
    return sorted(values)[ceil(0.95 * len(values)) - 1]


def ms(seconds: float) -> float:
    """Milliseconds, short ones with a decimal."""
    value = 1000.0 * seconds
    return round(value, 1) if abs(value) < 10 else round(value)


def show(tables: Sequence[Table], load: tuple[float, float], as_json: bool) -> None:
    """Print the tables as Markdown, or as one JSON document."""
    if as_json:
        named = {each.title: [dict(zip(each.columns, cells, strict=True)) for cells in each.rows] for each in tables}
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}"
        print(json.dumps({"date": now, "machine": machine(), "load": load, "tables": named}, indent=1))
        return
    head("Switching models")
    print("Load average of the machine before and after: {:.1f}, {:.1f}.".format(*load))
    for each in tables:
        print(f"\n### {each.title}\n")
        row(*each.columns)
        row(*("---" for _ in each.columns))
        for cells in each.rows:
            row(*("" if cell is None else cell for cell in cells))


def main() -> None:
    """Measure with every driver that can be had here, then print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--switches", type=int, default=30)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    given = parser.parse_args()
    kinds: tuple[Kind, ...] = ("process", "container") if os.environ.get("CONTAINER_ENGINE_DIR") else ("process",)
    before = os.getloadavg()[0]
    # Servers are stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with TemporaryDirectory(prefix="docstation-bench-") as name:
        # Processes find compiled modules, as those of an installed package do.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = f"{name}/compiled"
        tables = [table for kind in kinds for table in measure(kind, Path(name) / kind, given.switches)]
    show(tables, (round(before, 2), round(os.getloadavg()[0], 2)), given.json)


if __name__ == "__main__":
    main()
