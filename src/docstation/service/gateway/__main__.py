"""``python -m docstation.service.gateway``: the process. It ends in order on SIGTERM, and outlives its service.

Nothing else may run in it: one busy thread beside the loop was measured to cost every request 80 times its delay.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

import uvloop

from docstation.service.gateway.allocation import keep_blocks
from docstation.service.gateway.clients import Client
from docstation.service.gateway.control import Control
from docstation.service.gateway.door import Door
from docstation.service.gateway.lines import orders_of
from docstation.service.gateway.requests_log import LogFile, RequestsLog
from docstation.service.gateway.state import Gateway

ADDRESS_IN_USE = 8
DRAIN_SECONDS = 10.0
"""How long requests under way may go on once the process is told to end."""
_LOOK = 0.02


def understand(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m docstation.service.gateway", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on; 0 for any")
    parser.add_argument("--control", default="", help="Unix socket on which the service gives orders")
    parser.add_argument("--service", default="", help="Unix socket of the service's HTTP application")
    parser.add_argument("--allow-host", action="append", default=[], help="another name that Host may have")
    parser.add_argument("--log", type=Path, help="file for one line a request; none without it")
    parser.add_argument("--log-format", choices=("text", "json"), default="text", help="of these lines")
    parser.add_argument("--orders", type=Path, help="orders as a JSON file, until others come; read again on SIGHUP")
    return parser.parse_args(words)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def run(options: argparse.Namespace) -> int:
    """Listen until SIGTERM or SIGINT; the exit code."""
    loop = asyncio.get_running_loop()
    door = Door(frozenset(name.lower() for name in options.allow_host), any_address=not is_loopback(options.host))
    gateway = Gateway(loop, options.service, door)
    ended = asyncio.Event()
    if options.log is not None:
        gateway.log = RequestsLog(loop, LogFile(options.log, follow=_to_file(options.log)), options.log_format)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    _obey_file(gateway, options.orders)
    try:
        server = await loop.create_server(lambda: Client(gateway), options.host, options.port, backlog=1024)
    except OSError as error:
        sys.stderr.write(f"The gateway cannot listen on {options.host}:{options.port}: {error.strerror or error}\n")
        return ADDRESS_IN_USE
    sys.stdout.write(f"listening on http://{options.host}:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    talking = _talk(gateway, options.control)
    await ended.wait()
    gateway.ending = True
    server.close()
    await _drain(gateway)
    if talking is not None:
        talking.cancel()
    if gateway.log is not None:
        gateway.log.flush()
    return 0


def _to_file(path: Path) -> tuple[int, ...]:
    """Which of the standard streams go to that file."""
    try:
        there = path.stat()
        return tuple(one for one in (1, 2) if os.path.samestat(os.fstat(one), there))
    except OSError:
        return ()


def _obey_file(gateway: Gateway, path: Path | None) -> None:
    """Take orders from a file, now and on SIGHUP. ValueError and OSError where it cannot be used now."""
    if path is None:
        gateway.loop.add_signal_handler(signal.SIGHUP, lambda: None)
        return
    gateway.order(orders_of(json.loads(path.read_bytes())))

    def again() -> None:
        try:
            gateway.order(orders_of(json.loads(path.read_bytes())))
        except (OSError, ValueError) as error:
            sys.stderr.write(f"The orders in {path} cannot be used: {error}\n")

    gateway.loop.add_signal_handler(signal.SIGHUP, again)


def _talk(gateway: Gateway, path: str) -> asyncio.Task[None] | None:
    if not path:
        return None
    control = Control(gateway, path)
    gateway.told = control.changed
    return gateway.loop.create_task(control.run())


async def _drain(gateway: Gateway) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while any(client.busy for client in gateway.clients):
                await asyncio.sleep(_LOOK)


def main(words: Sequence[str] | None = None) -> int:
    """Run the process; its exit code."""
    keep_blocks()
    # What is loaded stays; there is no need to look through it for garbage while requests pass.
    gc.freeze()
    return uvloop.run(run(understand(words)))


if __name__ == "__main__":
    sys.exit(main())
