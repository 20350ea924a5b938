"""The desk for other processes: one JSON line asks over a Unix socket, JSON lines tell what goes on.

Only the user who runs the owner may speak (mode 0600, and the peer's user is checked). A client that leaves stops
nothing; cancelling is a request of its own.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import socketserver
import struct
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from docstation.errors import DocStationError, from_record, to_record
from docstation.station.desk import Desk, Order, Wish
from docstation.station.records import Json
from docstation.station.telling import EndTold, Told, told_from_json, told_to_json

LONGEST_PATH = 100
"""Bytes that the address of a Unix socket may have (Linux: 107)."""
LONGEST_REQUEST = 65_536


def socket_path(folder: Path) -> Path:
    """Where the owner of `folder` listens: there, or in the temporary folder where that path is too long."""
    path = folder / "control.sock"
    if len(os.fsencode(path)) <= LONGEST_PATH:
        return path
    mark = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"docstation-{os.getuid()}-{mark}.sock"


class ControlServer:
    """Lets other processes speak to `desk` until it is closed.

    Args:
        folder: of the station's state, whose owner this process is.
        desk: answers.
    """

    def __init__(self, folder: Path, desk: Desk) -> None:
        path = socket_path(folder)
        # A socket left by an owner that was killed: the lock says that it is nobody's.
        path.unlink(missing_ok=True)
        self._path = path
        before = os.umask(0o177)
        try:
            self._server = _Server(str(path), desk)
        finally:
            os.umask(before)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="control", daemon=True).start()

    def close(self) -> None:
        """Listen no more; changes under way go on."""
        self._server.shutdown()
        self._server.server_close()
        self._path.unlink(missing_ok=True)


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: str, desk: Desk) -> None:
        self.desk = desk
        super().__init__(address, _Conversation)


class _Conversation(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        if _peer(self.connection) != os.getuid():
            return
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            line = self.rfile.readline(LONGEST_REQUEST)
            if not line:
                return  # somebody only looked whether anybody listens
            try:
                self._answer(json.loads(line))
            except DocStationError as error:
                self._send({"tell": "error", **to_record(error)})

    def _answer(self, asked: dict[str, Json]) -> None:
        if asked.get("do") == "cancel":
            self.server.desk.cancel()
            self._send({"tell": "heard"})
            return
        names = asked.get("names")
        order = Order(
            Wish(str(asked["do"])),
            tuple(str(name) for name in names) if isinstance(names, list) else (),
            bool(asked.get("shipped")),
            bool(asked.get("wait")),
        )
        for told in self.server.desk.change(order):
            self._send(told_to_json(told))

    def _send(self, value: dict[str, Json]) -> None:
        self.wfile.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")
        self.wfile.flush()


def _peer(connection: socket.socket) -> int:
    """User id of the process at the other end."""
    said = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", said)[1])


class OwnerGone(Exception):
    """The owner does not listen, or went away in the middle of a change."""


class DistantDesk:
    """The desk of the process that owns `folder`."""

    def __init__(self, folder: Path) -> None:
        self._path = socket_path(folder)

    def change(self, order: Order) -> Iterator[Told]:
        """See `Desk.change`; raises `OwnerGone` too."""
        asked: dict[str, Json] = {
            "do": order.wish.value,
            "names": list(order.names),
            "shipped": order.shipped,
            "wait": order.wait,
        }
        for value in self._lines(asked):
            if value.get("tell") == "error":
                raise from_record(value)
            told = told_from_json(value)
            yield told
            if isinstance(told, EndTold):
                return
        raise OwnerGone(str(self._path))

    def cancel(self) -> None:
        """See `Desk.cancel`; raises `OwnerGone` too."""
        for _heard in self._lines({"do": "cancel"}):
            return

    def listens(self) -> bool:
        """Whether the owner can be spoken to."""
        try:
            self._connected().close()
        except OwnerGone:
            return False
        return True

    def _connected(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(self._path))
        except OSError as error:
            connection.close()
            raise OwnerGone(str(self._path)) from error
        return connection

    def _lines(self, asked: dict[str, Json]) -> Iterator[dict[str, Json]]:
        with self._connected() as connection, connection.makefile("rwb") as stream:
            try:
                stream.write(json.dumps(asked).encode() + b"\n")
                stream.flush()
                for line in stream:
                    yield json.loads(line)
            except (OSError, ValueError) as error:
                raise OwnerGone(str(self._path)) from error
