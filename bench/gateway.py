"""What the gateway adds to a request, beside no proxy, nginx, LiteLLM and the proxy that one writes first.

``python bench/gateway.py [--quick] [--rounds 5] [--without NAME ...] [--json FILE]``. All peers run at once and are
measured turn by turn. At one client everything shares one core, so that work is measured and not the waking of another
core; streams of many clients have two. Client and model server are programs in C, see ``gateway_client.c`` and
``gateway_stub.c``. Our side and LiteLLM ask for a key; ours admits and counts. Bodies carry a picture first and
``model`` last, as OpenAI's client writes them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from gateway_busy import busy_service
from gateway_measures import Felt, body, breaks_off, errors_kept, leaving, loops, middle_and_worst, whole
from gateway_sides import DIRECT, LITE, NGINX, OURS, Peer, peers, versions
from ocr_head import head, row

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


def manners_table(running: list[Peer], chunks: Figures, times: int) -> None:
    """Streams, memory, errors, broken answers, and clients that leave."""
    felt = Felt(running[0].process)
    phases = ("upload", "prefill", "stream")
    row(
        "",
        f"chunks/s of {STREAMS * 1_000_000 // TICK:,} offered",
        "MB",
        "bytes the same",
        "errors the same",
        "broken answers shown",
        *(f"client leaves, {phase}: felt after ms, p50 / p99" for phase in phases),
    )
    row("---", *["---:"] * 8)
    for peer in running:
        left = leaving(peer, felt, times)
        cells = [f"{median(chunks[peer.name][CHUNKS]):,.0f}", f"{peer.resident():.0f}"]
        cells += [same_bytes(peer, running[0]), f"{errors_kept(peer, running[0])} of 6"]
        row(peer.name, *cells, f"{breaks_off(peer)} of 2", *(middle_and_worst(left[phase]) for phase in phases))
    print()


def busy_table(running: list[Peer], folder: Path, rounds: int, cores: list[int]) -> None:
    """The same delays with a busy service beside: on the other core, and anywhere."""
    sizes = {name: SIZES[name] for name in ("200 B", "300 kB")}
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
    row("microseconds added, service busy beside (reads, exports, draws, writes)", *sizes, FIRST)
    row("---", *["---:"] * 3)
    for peer in few[1:]:
        row(f"{peer.name}, quiet", *(f"{added(quiet, peer.name, name):,.0f}" for name in (*sizes, FIRST)))
        for title, times in found.items():
            cells = []
            for name in (*sizes, FIRST):
                before, now = added(quiet, peer.name, name), added(times, peer.name, name)
                cells.append(f"{now:,.0f} ({now / before:.2f}×)" if before > 0 else f"{now:,.0f}")
            row(f"{peer.name}, service {title}", *cells)
    print(f"\nThe busy service: {'; '.join(said)}.")


def promises(found: Figures, running: list[Peer], chunks: Figures) -> None:
    """What was promised, and whether it holds in this run."""
    names = [peer.name for peer in running]
    for name, most in GOALS.items():
        value = added(found, OURS, name)
        print(f"- {name}: {value:,.0f} of at most {most:,.0f} us: {'yes' if value <= most else 'NO'}")
    if LITE in names:
        for name in ("200 B", "300 kB"):
            ratio = added(found, LITE, name) / max(1e-9, added(found, OURS, name))
            print(f"- {name}: LiteLLM adds {ratio:,.0f} times as much, at least 20: {'yes' if ratio >= 20 else 'NO'}")
    rate = median(chunks[OURS][CHUNKS])
    print(f"- {rate:,.0f} of at least 20,000 chunks/s: {'yes' if rate >= 20_000 else 'NO'}")
    memory = next(peer.resident() for peer in running if peer.name == OURS)
    print(f"- {memory:.0f} of at most 70 MB: {'yes' if memory <= 70 else 'NO'}\n")


def on_one_core(measure: Callable[[], None], running: list[Peer]) -> None:
    """Do it with everything on the first core."""
    cores = os.sched_getaffinity(0)
    pin(running, one_core=True)
    os.sched_setaffinity(0, {min(cores)})
    try:
        measure()
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
        found: Figures = {}
        on_one_core(lambda: found.update(rounds_of(running, rounds, SIZES)), running)
        delays_table(found, running)
        pin(running, one_core=False)
        chunks = streams_of(running, rounds)
        manners_table(running, chunks, times)
        promises(found, running, chunks)
        cores = sorted(os.sched_getaffinity(0))
        on_one_core(lambda: busy_table(running, Path(name), rounds, cores), running)
    if options.json:
        options.json.write_text(json.dumps({"delays": found, "streams": chunks}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
