"""The gateway's end of the link, as a bare socket."""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import threading
from dataclasses import asdict
from pathlib import Path

from docstation.service.gateway.words import News


class BareGateway:
    """The other end of the link."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(5)
        self.socket.connect(str(path))
        self._stream = self.socket.makefile("rb")
        self.at_ping = News()
        self.takes_failures = False
        """Whether a wish that the orders call failed ends at once, as in the real gateway."""
        self._orders = queue.Queue[dict[str, object]]()
        self._answers = False

    def orders(self) -> dict[str, object]:
        """The next orders, in their turn."""
        return self._orders.get(timeout=5) if self._answers else json.loads(self._stream.readline())

    def tell(self, news: News) -> None:
        self.socket.sendall(json.dumps(asdict(news)).encode() + b"\n")

    def answer_pings(self) -> None:
        """From now on, in a thread: what a gateway does with what it is told."""

        self._answers = True

        def run() -> None:
            with contextlib.suppress(OSError, ValueError):  # it is closed at the end of the test
                for line in self._stream:
                    told = json.loads(line)
                    if "ping" in told:
                        self.tell(self.at_ping)
                        self.socket.sendall(json.dumps({"pong": told["ping"]}).encode() + b"\n")
                    else:
                        if self.takes_failures and self.at_ping.wish in told.get("failed", {}):
                            self.at_ping = News()
                            self.tell(self.at_ping)
                        self._orders.put(told)

        threading.Thread(target=run, daemon=True).start()

    def close(self) -> None:
        self._stream.close()
        self.socket.close()
