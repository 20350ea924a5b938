"""The service's end of the link to its gateway: orders go out whenever they change, news come in.

A gateway that starts or comes back gets the orders that hold; between two gateways the last news are forgotten.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from docstation.service.gateway.words import News, Orders

LONGEST_LINE = 1_000_000


class GatewayLink:
    """Listens on a local socket for the gateway, until it is closed.

    Args:
        path: of the socket; one that a dead service left is replaced.
        orders: that hold at first; a gateway may connect at once.
    """

    def __init__(self, path: Path, orders: Orders | None = None) -> None:
        self._path = path
        self._guard = threading.Condition()
        self._orders = orders or Orders()
        self._news: News | None = None
        self._gateway: socket.socket | None = None
        self._pid = 0
        self._pings = 0
        self._pong = 0
        self._figures = ""
        self._closed = False
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            self._listener.bind(str(path))
        finally:
            os.umask(before)
        self._listener.listen()
        threading.Thread(target=self._accept, name="gateway-link", daemon=True).start()

    @property
    def orders(self) -> Orders:
        """What holds now."""
        return self._orders

    @property
    def news(self) -> News | None:
        """What the gateway told last; None while there is no gateway."""
        return self._news

    @property
    def pid(self) -> int:
        """Process id of the gateway at the other end, 0 while there is none."""
        return self._pid

    @property
    def closed(self) -> bool:
        """Whether nothing will be told any more."""
        return self._closed

    def order(self, change: Callable[[Orders], Orders]) -> None:
        """Replace the orders by what `change` makes of them, and send them."""
        with self._guard:
            self._orders = change(self._orders)
            self._send()

    def settle(self, seconds: float) -> bool:
        """Wait until the gateway has taken the orders, so that its news are of a time after them; whether it did."""
        with self._guard:
            if self._gateway is None:
                return True
            self._pings += 1
            mine = self._pings
            with contextlib.suppress(OSError):
                self._gateway.sendall(json.dumps({"ping": mine}).encode() + b"\n")
            return self._guard.wait_for(lambda: self._closed or self._gateway is None or self._pong >= mine, seconds)

    def figures(self, seconds: float) -> str:
        """What the gateway has counted, as Prometheus reads it; empty where it does not tell in time."""
        with self._guard:
            if self._gateway is None:
                return ""
            self._pings += 1
            mine, self._figures = self._pings, ""
            with contextlib.suppress(OSError):
                self._gateway.sendall(json.dumps({"ping": mine, "figures": True}).encode() + b"\n")
            self._guard.wait_for(lambda: self._closed or self._gateway is None or self._pong >= mine, seconds)
            return self._figures

    def wait_for(self, true: Callable[[News | None], bool], seconds: float) -> bool:
        """Wait until the news make `true` true; whether they did in time."""
        with self._guard:
            return self._guard.wait_for(lambda: self._closed or true(self._news), seconds)

    def close(self) -> None:
        """Listen no more."""
        with self._guard:
            self._closed = True
            self._guard.notify_all()
        for one in (self._gateway, self._listener):
            if one is not None:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
        self._path.unlink(missing_ok=True)

    def _send(self) -> None:
        if self._gateway is None:
            return
        with contextlib.suppress(OSError):
            self._gateway.sendall(json.dumps(asdict(self._orders)).encode() + b"\n")

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            with self._guard:
                self._gateway, self._pid = connection, peer(connection)
                self._send()
                self._guard.notify_all()
            self._listen(connection)

    def _listen(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection.makefile("rb") as stream:
            while line := stream.readline(LONGEST_LINE):
                with contextlib.suppress(ValueError, TypeError):
                    self._take(json.loads(line))
        with self._guard:
            self._gateway, self._news, self._pid = None, None, 0
            self._guard.notify_all()

    def _take(self, told: dict[str, object]) -> None:
        if "pong" not in told:
            self._hear(News(**told))  # type: ignore[arg-type]
            return
        with self._guard:
            self._pong = int(str(told["pong"]))
            self._figures = str(told.get("figures", "")) or self._figures
            self._guard.notify_all()

    def _hear(self, news: News) -> None:
        with self._guard:
            self._news = news
            self._guard.notify_all()


def peer(connection: socket.socket) -> int:
    """Process id at the other end of a Unix socket."""
    said = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", said)[0])
