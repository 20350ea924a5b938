"""A stand-in for ``vllm`` as a program: the same command line and the same addresses, its behaviour set by variables.

``vllm serve MODEL --host H --port P --served-model-name NAME --max-model-len N``; other arguments are passed over.
Standard library only, one file: it runs in a container that holds nothing else.

STUB_LOAD_SECONDS   time until the port opens; before that connections are refused, as vLLM does
STUB_SAY            text that is printed at the start, before anything else
STUB_LINES          so many numbered lines are printed after it
STUB_EXIT_CODE      ends with this code instead of serving, after STUB_EXIT_AFTER seconds (0)
STUB_IGNORE_TERM    SIGTERM does nothing
STUB_STOP_SECONDS   time that SIGTERM takes
STUB_EAT_MIB        memory taken before serving, by a child where STUB_EAT_BY is "child"
STUB_SERVED_NAME    the id that /v1/models shows, instead of the one asked for
STUB_CONTEXT        the max_model_len that it shows, instead of the one asked for
STUB_ANSWER         what every chat request is answered with
STUB_HANG           /health is fine, but chat requests are never answered
STUB_UNHEALTHY      /health answers 503
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

EAT = "import sys, time; eaten = bytearray(b'x') * (int(sys.argv[1]) << 20); time.sleep(1)"


def argument(name: str, default: str) -> str:
    """The last value given for the option `name`."""
    given = [value for option, value in pairwise(sys.argv) if option == name]
    return given[-1] if given else default


def number(variable: str) -> float:
    return float(os.environ.get(variable, "0"))


class Handler(BaseHTTPRequestHandler):
    """The few addresses of an OpenAI-compatible server that the station uses."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/health":
            self.send(503 if "STUB_UNHEALTHY" in os.environ else 200, None)
        elif self.path == "/v1/models":
            name = os.environ.get("STUB_SERVED_NAME") or argument("--served-model-name", sys.argv[2])
            context = int(os.environ.get("STUB_CONTEXT") or argument("--max-model-len", "8192"))
            self.send(200, {"object": "list", "data": [{"id": name, "object": "model", "max_model_len": context}]})
        else:
            self.send(404, {"error": {"message": "not found", "code": 404}})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != "/v1/chat/completions":
            self.send(404, {"error": {"message": "not found", "code": 404}})
            return
        if "STUB_HANG" in os.environ:
            threading.Event().wait()
        message = {"role": "assistant", "content": os.environ.get("STUB_ANSWER", "Canary 4711")}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        self.send(200, {"id": "stub", "object": "chat.completion", "model": "stub", "choices": [choice]})

    def send(self, status: int, content: object) -> None:
        body = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        print("INFO: " + format % args, flush=True)


def obey_signals() -> None:
    def end(_number: int, _frame: object) -> None:
        print("asked to stop", flush=True)
        time.sleep(number("STUB_STOP_SECONDS"))
        os._exit(0)

    signal.signal(signal.SIGTERM, signal.SIG_IGN if "STUB_IGNORE_TERM" in os.environ else end)


def eat() -> bytearray:
    mebibytes = int(number("STUB_EAT_MIB"))
    if os.environ.get("STUB_EAT_BY") == "child":
        child = subprocess.run([sys.executable, "-c", EAT, str(mebibytes)], check=False)
        print(f"the child ended with {child.returncode}", flush=True)
        return bytearray()
    return bytearray(b"x") * (mebibytes << 20)


def main() -> None:
    if sys.argv[1:2] != ["serve"] or len(sys.argv) < 3:
        sys.exit("usage: vllm serve MODEL [OPTIONS]")
    obey_signals()
    if "STUB_SAY" in os.environ:
        print(os.environ["STUB_SAY"], flush=True)
    for line in range(1, int(number("STUB_LINES")) + 1):
        print(f"line {line}", flush=True)
    if "STUB_EXIT_CODE" in os.environ:
        time.sleep(number("STUB_EXIT_AFTER"))
        sys.exit(int(os.environ["STUB_EXIT_CODE"]))
    eaten = eat()
    time.sleep(number("STUB_LOAD_SECONDS"))
    server = ThreadingHTTPServer((argument("--host", "127.0.0.1"), int(argument("--port", "8000"))), Handler)
    server.daemon_threads = True
    print(f"serving {sys.argv[2]} with {len(eaten)} bytes", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
