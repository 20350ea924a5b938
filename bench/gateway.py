"""What the gateway adds to a request, beside no proxy, nginx, LiteLLM and the proxy that one writes first.

``python bench/gateway.py [--quick] [--rounds 5] [--without NAME ...] [--json FILE]``. All peers run at once and are
measured turn by turn. At one client everything shares one core, so that work is measured and not the waking of another
core; streams of many clients have two. Client and model server are programs in C, see ``gateway_client.c`` and
``gateway_stub.c``. Our side and LiteLLM ask for a key; ours admits, counts and logs. Bodies carry a picture first
and ``model`` last, as OpenAI's client writes them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TypeVar

from gateway_busy import busy_service
from gateway_measures import Felt, body, breaks_off, errors_kept, leaving, loops, middle_and_worst, whole
from gateway_sides import DIRECT, LITE, NGINX, OURS, Peer, peers, versions
from ocr_head import head, row

T = TypeVar("T")
SIZES = {"200 B": (200, 400), "300 kB": (300_000, 120), "2 MB": (2_000_000, 24)}
"""Bytes of the body, and requests of one round."""
SLOW = 10
"""Of how many requests LiteLLM gets one."""
FIRST, STREAM = "first chunk, 300 kB", "whole stream of 50, 200 B"
CHUNKS = "chunks/s"
STREAMS, TICK = 128, 2000
"""Streams at once, and microseconds between the events of each: 64,000 chunks a second are offered."""
GOALS = {"200 B": 200.0, "300 kB": 500.0, FIRST: 2000.0}
"""What may be added, in microseconds."""
PHASES = ("upload", "prefill", "stream")
FELT_MS, BUSY = 10.0, 1.5

Figures = dict[str, dict[str, list[float]]]
"""By peer and measure, one value a round."""


def rounds_of(running: list[Peer], rounds: int, sizes: dict[str, tuple[int, int]]) -> Figures:
    """Delays of one client, everything on one core: microseconds at the middle, by round."""
    found: Figures = {peer.name: {} for peer in running}
    for _ in range(rounds):
        for peer in running:
            less = SLOW if peer.name == LITE else 1
            mine = found[peer.name]
            for name, (size, count) in sizes.items():
                mine.setdefault(name, []).append(loops(peer, body(size), 1, max(5, count // less)).p50)
            told = loops(peer, body(300_000, events=3), 1, max(5, 60 // less))
            mine.setdefault(FIRST, []).append(told.first_p50)
            told = loops(peer, body(200, events=50), 1, max(3, 40 // less))
            mine.setdefault(STREAM, []).append(told.p50)
    return found


def streams_of(running: list[Peer], rounds: int) -> Figures:
    """Chunks a second of many streams, the peer alone on a core."""
    found: Figures = {peer.name: {CHUNKS: []} for peer in running}
    for _ in range(rounds):
        for peer in running:
            told = loops(peer, body(200, events=peer.streams, tick=TICK), STREAMS, 1, 0)
            if peer.name != LITE and (told.early or told.odd or told.events != STREAMS * (peer.streams + 1)):
                print(f"{peer.name}: {told.early} streams ended early, {told.events} events", file=sys.stderr)
            found[peer.name][CHUNKS].append(told.events / told.seconds if told.seconds else 0.0)
    return found


def same_bytes(peer: Peer, direct: Peer) -> str:
    """Whether a plain answer and a stream come byte for byte, and the stream in the chunks in which it was sent."""
    asked = [body(200, events=events) for events in (0, 30)]
    if any(whole(peer, one)[2] != whole(direct, one)[2] for one in asked):
        return "no"
    sums = [[loops(one, content, 1, 1, 0).sum for content in asked] for one in (peer, direct)]
    return "yes" if sums[0] == sums[1] else "chunked anew"


def pin(running: list[Peer], *, one_core: bool) -> None:
    """Put everything on one core, or the peers under test on their own."""
    cores = sorted(os.sched_getaffinity(0))
    for place, peer in enumerate(running):
        peer.pin(cores[0] if one_core or place == 0 else cores[-1])


def added(found: Figures, peer: str, measure: str) -> float:
    """Microseconds added to no proxy, round by round, at the middle."""
    return median(one - other for one, other in zip(found[peer][measure], found[DIRECT][measure], strict=True))


def delays_table(found: Figures, running: list[Peer]) -> None:
    """What is added by each peer, and how many times as much as by ours."""
    measures = [*SIZES, FIRST, STREAM]
    row("microseconds added at one client", *measures)
    row("---", *["---:"] * len(measures))
    own = {name: f"{median(found[DIRECT][name]):,.0f}" for name in measures}
    row("no proxy, its own times", *own.values())
    for peer in running[1:]:
        cells = []
        for name in measures:
            mine, ours = added(found, peer.name, name), added(found, OURS, name)
            ratio = f" ({mine / ours:.1f}×)" if peer.name != OURS and ours > 0 else ""
            cells.append(f"{mine:,.0f}{ratio}")
        row(peer.name, *cells)
    print()


@dataclass(frozen=True, slots=True)
class Manners:
    """How a peer behaves.

    Attributes:
        chunks: a second.
        megabytes: that it holds.
        same: whether bytes come as they were sent.
        errors: of six, those that come as they were written.
        broken: of two broken answers, those that look broken.
        left: milliseconds until the model server feels that a client left, by phase.
    """

    chunks: float
    megabytes: float
    same: str
    errors: int
    broken: int
    left: dict[str, list[float | None]]


def manners_of(running: list[Peer], chunks: Figures, times: int) -> dict[str, Manners]:
    """Streams, memory, errors, broken answers, and clients that leave."""
    felt = Felt(running[0].process)
    return {
        peer.name: Manners(
            median(chunks[peer.name][CHUNKS]),
            peer.resident(),
            same_bytes(peer, running[0]),
            errors_kept(peer, running[0]),
            breaks_off(peer),
            leaving(peer, felt, times),
        )
        for peer in running
    }


def manners_table(found: dict[str, Manners]) -> None:
    """Print it."""
    offered = STREAMS * 1_000_000 // TICK
    titles = [f"chunks/s of {offered:,} offered", "MB", "bytes the same", "errors the same", "broken answers shown"]
    row("", *titles, *(f"client leaves, {phase}: felt after ms, p50 / p99" for phase in PHASES))
    row("---", *["---:"] * 8)
    for name, one in found.items():
        cells = [f"{one.chunks:,.0f}", f"{one.megabytes:.0f}", one.same, f"{one.errors} of 6", f"{one.broken} of 2"]
        row(name, *cells, *(middle_and_worst(one.left[phase]) for phase in PHASES))
    print()


def busy_table(running: list[Peer], folder: Path, rounds: int, cores: list[int]) -> dict[str, float]:
    """The same delays with a busy service beside, on the other core and anywhere; worst ratios by peer."""
    measures = ("200 B", "300 kB", FIRST)
    sizes = {name: SIZES[name] for name in measures[:2]}
    few = [peer for peer in running if peer.name in {DIRECT, OURS, NGINX}]
    quiet = rounds_of(few, rounds, sizes)
    found, said = {}, []
    for title, where, workers in (("on the other core", {cores[-1]}, 1), ("on both cores", set(cores), 2)):
        own = folder / title.replace(" ", "-")
        own.mkdir()
        with busy_service(own, where, workers) as busy:
            before, begun = busy.seconds(), time.monotonic()
            found[title] = rounds_of(few, rounds, sizes)
            share = (busy.seconds() - before) / (time.monotonic() - begun)
            said.append(f"{title} it took {share:.0%} of a core and finished {busy.rounds} documents")
    row("microseconds added, service busy beside (reads, exports, draws, writes)", *measures)
    row("---", *["---:"] * 3)
    ratios: dict[str, float] = {}
    for peer in few[1:]:
        before_it = {name: added(quiet, peer.name, name) for name in measures}
        row(f"{peer.name}, quiet", *(f"{value:,.0f}" for value in before_it.values()))
        for title, times in found.items():
            now = {name: added(times, peer.name, name) for name in measures}
            times_it = {name: now[name] / before_it[name] for name in measures}
            row(f"{peer.name}, service {title}", *(f"{now[name]:,.0f} ({times_it[name]:.2f}×)" for name in measures))
            ratios[peer.name] = max(ratios.get(peer.name, 0.0), *times_it.values())
    print(f"\nThe busy service: {'; '.join(said)}.\n")
    return ratios


def promises(found: Figures, manners: dict[str, Manners], busy: dict[str, float]) -> None:
    """What was promised, and whether it holds in this run."""
    ours = manners[OURS]
    for name, most in GOALS.items():
        value = added(found, OURS, name)
        promise(f"{name}: {value:,.0f} of at most {most:,.0f} us", value <= most)
    for name in ("200 B", "300 kB") if LITE in manners else ():
        ratio = added(found, LITE, name) / added(found, OURS, name)
        promise(f"{name}: LiteLLM adds {ratio:,.0f} times as much, at least 20", ratio >= 20)
    promise(f"{ours.chunks:,.0f} of at least 20,000 chunks/s", ours.chunks >= 20_000)
    promise(f"{ours.megabytes:.0f} of at most 70 MB", ours.megabytes <= 70)
    for phase in PHASES:
        late = [one is None or one > FELT_MS for one in ours.left[phase]]
        promise(
            f"client leaves, {phase}: {sum(late)} of {len(late)} felt after more than {FELT_MS:.0f} ms",
            sum(late) <= len(late) / 100,
        )
    promise(
        f"{ours.errors} of 6 errors, {ours.broken} of 2 broken answers, bytes: {ours.same}",
        (ours.errors, ours.broken, ours.same) == (6, 2, "yes"),
    )
    beside = f"; nginx {busy[NGINX]:.2f}" if NGINX in busy else ""
    promise(f"service busy beside: at worst {busy[OURS]:.2f} times, at most {BUSY}{beside}", busy[OURS] <= BUSY)


def promise(what: str, holds: bool) -> None:
    """Print one."""
    print(f"- {what}: {'yes' if holds else 'NO'}")


def on_one_core(running: list[Peer], measure: Callable[[], T]) -> T:
    """Do it with everything on the first core."""
    cores = os.sched_getaffinity(0)
    pin(running, one_core=True)
    os.sched_setaffinity(0, {min(cores)})
    try:
        return measure()
    finally:
        os.sched_setaffinity(0, cores)


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="three rounds, in less than five minutes")
    parser.add_argument("--without", action="append", default=[], help="a peer that is left out")
    parser.add_argument("--json", type=Path, help="file for all values")
    options = parser.parse_args()
    rounds, times = (3, 40) if options.quick else (options.rounds, 100)
    head("Gateway")
    with TemporaryDirectory() as name, peers(Path(name), set(options.without)) as running:
        print(
            f"{versions([peer.name for peer in running])}; load {os.getloadavg()[0]:.1f}; medians of {rounds} rounds\n"
        )
        found = on_one_core(running, lambda: rounds_of(running, rounds, SIZES))
        delays_table(found, running)
        pin(running, one_core=False)
        chunks = streams_of(running, rounds)
        manners = manners_of(running, chunks, times)
        manners_table(manners)
        cores = sorted(os.sched_getaffinity(0))
        busy = on_one_core(running, lambda: busy_table(running, Path(name), rounds, cores))
        promises(found, manners, busy)
    if options.json:
        options.json.write_text(json.dumps({"delays": found, "streams": chunks}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
