"""What the gateway adds to a request, beside no proxy, nginx and the proxy that one writes first, turn by turn.

``python bench/gateway.py [--rounds 5] [--nginx nginx] [--json]``. At one client everything shares one core, so that
work is measured and not the waking of another core; streams of many clients have two. Bodies carry the image first
and ``model`` last, as OpenAI's client writes them; our side asks for a key, admits and counts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from gateway_sides import Peer, peers

SIZES = {"200 B": (200, 400), "300 kB": (300_000, 150), "2 MB": (2_000_000, 30)}
"""Bytes of the body, and requests of one round."""
FIRST_CHUNKS = 40
STREAMS, EVENTS = 32, 400
PATH = "/v1/chat/completions"


def request(size: int, query: str = "") -> bytes:
    """One request with a body of about that size."""
    body = json.dumps({"messages": [{"content": "A" * max(0, size - 70)}], "model": "org/bench", "stream": bool(query)})
    head = f"POST {PATH}{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer bench\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def plain(peer: Peer, size: int, count: int) -> list[float]:
    """Seconds of each of `count` requests on one connection."""
    asked, times = request(size), []
    with socket.create_connection(("127.0.0.1", peer.port)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number in range(count + 5):
            begun = time.perf_counter()
            client.sendall(asked)
            got = client.recv(65_536)
            while not got.endswith(b"x" * 2000) and not got.endswith(b"\r\n0\r\n\r\n"):
                got += client.recv(65_536)
            if number >= 5:
                times.append(time.perf_counter() - begun)
    assert got.startswith(b"HTTP/1.1 200"), got[:300]
    return times


def first_chunk(peer: Peer) -> list[float]:
    """Seconds until the first event of a stream that a page image asks for."""
    asked, times = request(300_000, "?events=3"), []
    with socket.create_connection(("127.0.0.1", peer.port)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(FIRST_CHUNKS):
            begun = time.perf_counter()
            client.sendall(asked)
            got = client.recv(65_536)
            while b"data: " not in got:
                got += client.recv(65_536)
            times.append(time.perf_counter() - begun)
            while not got.endswith(b"0\r\n\r\n"):
                got += client.recv(65_536)
    return times


async def _streams(peer: Peer) -> float:
    """Chunks a second that reach 32 clients, of 32 thousand offered."""

    async def one() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", peer.port)
        writer.write(request(200, f"?events={EVENTS}"))
        count, tail = 0, b""
        while not tail.endswith(b"\r\n0\r\n\r\n"):
            got = await reader.read(65_536)
            count += got.count(b"data: ")
            tail = (tail + got)[-7:]
        writer.close()
        return count

    begun = time.perf_counter()
    counts = await asyncio.gather(*(one() for _ in range(STREAMS)))
    assert sum(counts) == STREAMS * EVENTS
    return sum(counts) / (time.perf_counter() - begun)


def pin(running: list[Peer], *, one_core: bool) -> None:
    """Put everything on one core, or the peer under test on its own."""
    cores = sorted(os.sched_getaffinity(0))
    for place, peer in enumerate(running):
        core = cores[0] if one_core or place == 0 else cores[-1]
        if peer.process is not None:
            os.sched_setaffinity(peer.process.pid, {core})
            for task in Path(f"/proc/{peer.process.pid}/task/{peer.process.pid}/children").read_text().split():
                os.sched_setaffinity(int(task), {core})


def measure(running: list[Peer], rounds: int) -> dict[str, dict[str, float]]:
    """Medians by peer and measure: microseconds added, chunks a second, megabytes."""
    import uvloop

    cores = os.sched_getaffinity(0)
    times: dict[str, dict[str, list[float]]] = {peer.name: {} for peer in running}
    pin(running, one_core=True)
    os.sched_setaffinity(0, {min(cores)})
    for _ in range(rounds):
        for peer in running:
            mine = times[peer.name]
            for name, (size, count) in SIZES.items():
                mine.setdefault(name, []).append(median(plain(peer, size, count)))
            mine.setdefault("first chunk", []).append(median(first_chunk(peer)))
    pin(running, one_core=False)
    for _ in range(rounds):
        for peer in running:
            times[peer.name].setdefault("chunks/s", []).append(uvloop.run(_streams(peer)))
    os.sched_setaffinity(0, cores)
    return {peer.name: _result(times[peer.name], times["no proxy"]) | {"MB": peer.resident()} for peer in running}


def _result(mine: dict[str, list[float]], direct: dict[str, list[float]]) -> dict[str, float]:
    """What is added to no proxy, round by round; of no proxy, the times themselves."""
    added = {}
    for name, values in mine.items():
        if name == "chunks/s":
            added[name] = median(values)
        else:
            less = [0.0] * len(values) if mine is direct else direct[name]
            added[name] = 1e6 * median(one - other for one, other in zip(values, less, strict=True))
    return added


def table(results: dict[str, dict[str, float]]) -> str:
    """The results as a table in Markdown."""
    names = list(next(iter(results.values())))
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for peer, values in results.items():
        lines.append(f"| {peer} | " + " | ".join(f"{values[name]:,.0f}" for name in names) + " |")
    return "\n".join(lines)


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--nginx", default="nginx", help="its program; left out where there is none")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with TemporaryDirectory() as folder, peers(Path(folder), options.nginx) as running:
        results = measure(running, options.rounds)
    if options.json:
        print(json.dumps(results, indent=1))
    else:
        print(f"load {os.getloadavg()[0]:.1f}; microseconds, added to no proxy (whose own are shown), medians\n")
        print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
