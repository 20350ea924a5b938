"""The peers of ``bench/gateway.py``: processes that stand between a client and the stub model server, and the stub.

The stub and the client are programs in C, compiled into ``build/bench``. LiteLLM's proxy gets an environment of its own
in ``build/bench-litellm`` the first time. ``python bench/gateway_sides.py naive PORT UPSTREAM`` is started by the
benchmark itself; run without arguments this prints nothing.
"""

from __future__ import annotations

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
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "build" / "bench"
LITELLM = ROOT / "build" / "bench-litellm"
KEY = "sk-bench"
MODEL = "org/bench"
DIRECT, OURS, NGINX, NAIVE, LITE = "no proxy", "docstation", "nginx", "naive Starlette + httpx", "LiteLLM"
START_SECONDS = 90.0
NGINX_CONFIG = """
daemon off; pid {folder}/pid; error_log /dev/null; worker_processes 1;
events {{ worker_connections 2048; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; client_max_body_size 0;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  keepalive_requests 1000000;
  upstream model {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 1000000; }}
  server {{ listen 127.0.0.1:{port};
    location / {{ proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_request_buffering off; }} }}
}}
"""
LITELLM_CONFIG = """
model_list:
  - model_name: {model}
    litellm_params: {{model: openai/{model}, api_base: "http://127.0.0.1:{upstream}/v1", api_key: none}}
litellm_settings: {{num_retries: 0, telemetry: false}}
general_settings: {{master_key: {key}}}
"""
_HOP = {"connection", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True, slots=True)
class Peer:
    """A process that clients speak to.

    Attributes:
        name: for the table.
        port: of it.
        process: of it.
        streams: events of each of many streams; fewer for the slow.
    """

    name: str
    port: int
    process: subprocess.Popen[bytes]
    streams: int = 500

    def pids(self) -> list[int]:
        """It and its children."""
        return with_children(self.process.pid)

    def resident(self) -> float:
        """Megabytes that it holds, its children included."""
        return sum(_resident(pid) for pid in self.pids())

    def pin(self, core: int) -> None:
        """Let it run on one core only."""
        for pid in self.pids():
            for task in Path(f"/proc/{pid}/task").iterdir():
                with contextlib.suppress(ProcessLookupError):
                    os.sched_setaffinity(int(task.name), {core})


def with_children(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += with_children(int(child))
    return found


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1000


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def compiled(name: str) -> Path:
    """The program made of ``gateway_NAME.c``."""
    source, program = Path(__file__).with_name(f"gateway_{name}.c"), BUILT / f"gateway_{name}"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        BUILT.mkdir(parents=True, exist_ok=True)
        subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-o", str(program), str(source)], check=True)
    return program


def litellm() -> str:
    """The command of LiteLLM's proxy, installed if need be; empty where that cannot be done, which is said."""
    command = LITELLM / "bin" / "litellm"
    if not command.exists():
        print("installing LiteLLM's proxy into build/bench-litellm (the first time takes a minute)", file=sys.stderr)
        pip = [str(LITELLM / "bin" / "python"), "-m", "pip", "install", "--quiet", "litellm[proxy]"]
        for words in ([sys.executable, "-m", "venv", str(LITELLM)], pip):
            if subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode:
                print("LiteLLM is left out: it cannot be installed here", file=sys.stderr)
                return ""
    return str(command)


def versions(names: list[str]) -> str:
    """The versions of the peers."""
    said = []
    if NGINX in names:
        line = subprocess.run([shutil.which("nginx") or "", "-v"], capture_output=True, text=True, check=False).stderr
        said.append(line.strip().rpartition("/")[2].join(("nginx ", "")))
    if LITE in names:
        code = "import importlib.metadata as m; print(m.version('litellm'))"
        words = [str(LITELLM / "bin" / "python"), "-c", code]
        said.append("LiteLLM " + subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip())
    return ", ".join(said)


@contextlib.contextmanager
def peers(folder: Path, leave_out: set[str]) -> Iterator[list[Peer]]:
    """All of them, listening; those whose program is missing are left out, aloud. The first is the stub itself."""
    upstream = free_port()
    running: list[Peer] = []
    try:
        for name in (DIRECT, OURS, NGINX, NAIVE, LITE):
            port = upstream if name == DIRECT else free_port()
            words = [] if name in leave_out else _words(name, folder, port, upstream)
            if not words:
                print(f"left out: {name}", file=sys.stderr)
                continue
            said = subprocess.PIPE if name == DIRECT else subprocess.DEVNULL
            quiet = {"stdout": said, "stderr": subprocess.DEVNULL if name == LITE else None}
            own = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"} if name == LITE else {}
            process = subprocess.Popen(words, env={**os.environ, **own}, cwd=folder, **quiet)
            running.append(Peer(name, port, process, 20 if name == LITE else 500))
            _wait(running[-1])
        yield running
    finally:
        for one in running:
            for pid in one.pids()[::-1]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, 15)
            with contextlib.suppress(subprocess.TimeoutExpired):
                one.process.wait(10)
            one.process.kill()
            one.process.wait()


def _words(name: str, folder: Path, port: int, upstream: int) -> list[str]:
    """How a peer is started; nothing where it cannot be."""
    if name == DIRECT:
        return [str(compiled("stub")), str(port)]
    if name == OURS:
        return _ours(folder, port, upstream)
    if name == NAIVE:
        return [sys.executable, str(Path(__file__).resolve()), "naive", str(port), str(upstream)]
    if name == NGINX:
        program = shutil.which("nginx") or ""
        file = folder / "nginx.conf"
        file.write_text(NGINX_CONFIG.format(folder=folder, port=port, upstream=upstream))
        return [program, "-c", str(file), "-p", str(folder), "-e", "/dev/null"] if program else []
    command = litellm()
    file = folder / "litellm.yaml"
    file.write_text(LITELLM_CONFIG.format(model=MODEL, key=KEY, upstream=upstream))
    return [command, "--config", str(file), "--host", "127.0.0.1", "--port", str(port)] if command else []


def _ours(folder: Path, port: int, upstream: int) -> list[str]:
    """The gateway with a key asked for, admission, figures and a line of log for each request, as it is in use."""
    from docstation.service.gateway.words import Orders, Upstream

    model = Upstream("bench", MODEL, 8192, "127.0.0.1", upstream, concurrency=512)
    keys = {sha256(KEY.encode()).hexdigest(): ("read", "write")}
    orders = folder / "orders.json"
    orders.write_text(json.dumps(asdict(Orders("open", (model,), {"bench": "bench", "other": "other"}, keys=keys))))
    log = ["--log", str(folder / "gateway.log"), "--log-format", "text"]
    return [sys.executable, "-m", "docstation.service.gateway", "--port", str(port), "--orders", str(orders), *log]


def _wait(peer: Peer) -> None:
    last = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", peer.port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > last or peer.process.poll() is not None:
                raise
            time.sleep(0.05)


def _naive(port: int, upstream: int) -> None:
    """The proxy that one writes first: a framework, an HTTP client, and the body read whole."""
    import httpx2
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import StreamingResponse
    from starlette.routing import Route

    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=256)
    client = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{upstream}", timeout=None, limits=limits)

    async def forward(request: Request) -> StreamingResponse:
        passed = client.build_request("POST", request.url.path, content=await request.body())
        answer = await client.send(passed, stream=True)
        headers = {name: value for name, value in answer.headers.items() if name not in _HOP}
        return StreamingResponse(answer.aiter_raw(), answer.status_code, headers)

    app = Starlette(routes=[Route("/{path:path}", forward, methods=["POST"])])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="critical", loop="uvloop", http="httptools")


if __name__ == "__main__" and sys.argv[1:2] == ["naive"]:
    _naive(int(sys.argv[2]), int(sys.argv[3]))
