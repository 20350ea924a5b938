"""The peers of ``bench/gateway.py``: processes that stand between a client and the stub model server, and the stub.

``python bench/gateway_sides.py stub PORT`` and ``... naive PORT UPSTREAM`` are started by the benchmark itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2000\r\n\r\n" + b"x" * 2000
EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
EVENT = b"data: " + b"y" * 142 + b"\n\n"
CHUNK = b"96\r\n" + EVENT + b"\r\n"
TICK_SECONDS = 0.001
NGINX = """
daemon off; pid {folder}/pid; error_log /dev/null; worker_processes 1;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; client_max_body_size 0;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  keepalive_requests 1000000;
  upstream model {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 1000000; }}
  server {{ listen 127.0.0.1:{port};
    location / {{ proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_request_buffering off; }} }}
}}
"""


class Stub(asyncio.Protocol):
    """A model server that answers at once: 2 kB, or as many events as the path says, one a tick."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = transport
        self._head, self._left, self._events = b"", -1, 0

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if self._left < 0:
            self._head += data
            head, found, rest = self._head.partition(b"\r\n\r\n")
            if not found:
                return
            self._events = int(head.partition(b"/")[2].partition(b"?events=")[2].split(b" ")[0] or 0)
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            self._left, self._head, data = length, b"", rest
        self._left -= len(data)
        if self._left <= 0:
            self._left = -1
            if self._events:
                self._transport.write(EVENTS + CHUNK)
                asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick, self._events - 1)
            else:
                self._transport.write(ANSWER)

    def _tick(self, left: int) -> None:
        if left:
            self._transport.write(CHUNK)
            asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick, left - 1)
        else:
            self._transport.write(b"0\r\n\r\n")


async def _stub(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", port)
    await server.serve_forever()


def _naive(port: int, upstream: int) -> None:
    """The proxy that one writes first: a framework, an HTTP client, and the body read whole."""
    import httpx2
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import StreamingResponse
    from starlette.routing import Route

    client = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{upstream}", timeout=None)

    async def forward(request: Request) -> StreamingResponse:
        target = f"{request.url.path}?{request.url.query}"
        passed = client.build_request("POST", target, content=await request.body())
        answer = await client.send(passed, stream=True)
        return StreamingResponse(answer.aiter_raw(), answer.status_code, {"content-type": "text/event-stream"})

    app = Starlette(routes=[Route("/{path:path}", forward, methods=["POST"])])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="critical", loop="uvloop", http="httptools")


@dataclass(frozen=True, slots=True)
class Peer:
    """A process that clients speak to.

    Attributes:
        name: for the table.
        port: of it.
        process: of it; None where clients speak to the stub itself.
    """

    name: str
    port: int
    process: subprocess.Popen[bytes] | None

    def resident(self) -> float:
        """Megabytes that it holds, its children included."""
        if self.process is None:
            return 0.0
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return sum(_resident(int(pid)) for pid in (self.process.pid, *tasks))


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1000


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@contextlib.contextmanager
def peers(folder: Path, nginx: str) -> Iterator[list[Peer]]:
    """All of them, listening; those whose program is missing are left out."""
    own = [sys.executable, __file__]
    upstream = free_port()
    words = {"no proxy": [*own, "stub", str(upstream)]}
    ports = {"no proxy": upstream, **{name: free_port() for name in ("docstation", "nginx", "naive")}}
    words["docstation"] = _ours(folder, ports["docstation"], upstream)
    if shutil.which(nginx):
        file = folder / "nginx.conf"
        file.write_text(NGINX.format(folder=folder, port=ports["nginx"], upstream=upstream))
        words["nginx"] = [nginx, "-c", str(file), "-p", str(folder), "-e", "/dev/null"]
    words["naive"] = [*own, "naive", str(ports["naive"]), str(upstream)]
    running: list[Peer] = []
    try:
        for name, line in words.items():
            process = subprocess.Popen(line, stdout=subprocess.DEVNULL)
            running.append(Peer(name, ports[name], process))
            _wait(ports[name])
        yield running
    finally:
        for one in running:
            if one.process is not None:
                one.process.terminate()
                one.process.wait()


def _ours(folder: Path, port: int, upstream: int) -> list[str]:
    """The gateway with a key asked for, admission and figures on."""
    from hashlib import sha256

    from docstation.service.gateway.words import Orders, Upstream

    model = Upstream("bench", "org/bench", 8192, "127.0.0.1", upstream, concurrency=256)
    keys = {sha256(b"bench").hexdigest(): ("read", "write")}
    orders = folder / "orders.json"
    orders.write_text(json.dumps(asdict(Orders("open", (model,), {"bench": "bench", "other": "other"}, keys=keys))))
    return [sys.executable, "-m", "docstation.service.gateway", "--port", str(port), "--orders", str(orders)]


def _wait(port: int) -> None:
    last = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > last:
                raise
            time.sleep(0.02)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    if sys.argv[1] == "stub":
        import uvloop

        uvloop.run(_stub(int(sys.argv[2])))
    else:
        _naive(int(sys.argv[2]), int(sys.argv[3]))
