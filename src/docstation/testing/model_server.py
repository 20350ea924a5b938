"""A model server without a model: what ``vllm serve`` shows to its keeper and its clients, good and bad, by script.

    python -m docstation.testing.model_server serve MODEL --port 8000 --served-model-name NAME --max-model-len 8192

It takes vLLM's flags and passes over those that it does not know, so that drivers start it instead of vLLM. While it
"loads" connections are refused and the log tells vLLM's phases. What else it does is said by `Script`, whose fields are
variables of the environment (``MODEL_SERVER_LOAD_SECONDS=2``) and flags (``--double-load-seconds 2``); while it runs,
``POST /control`` with some of them as JSON sets them anew, ``{"die": 3}`` ends it with that exit code, ``{"die": -9}``
by that signal, and ``GET /control`` tells what was asked of it. `running` serves in a thread of the caller's process.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from functools import partial

from docstation.testing.model_server_api import Api
from docstation.testing.model_server_http import converse
from docstation.testing.model_server_log import FAILURES, Figures, Phase, lines_of, said
from docstation.testing.model_server_script import FLAG, Script

_OUTLIVES = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"


@dataclass(frozen=True, slots=True)
class Served:
    """What the command line asks for, in vLLM's flags.

    Attributes:
        model: name or folder of the weights.
        names: ids under which it is served.
        host: to listen on.
        port: to listen on.
        context: in tokens.
        sequences: requests answered at once.
        key: that clients must have; empty for none.
    """

    model: str
    names: tuple[str, ...]
    host: str
    port: int
    context: int
    sequences: int
    key: str

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://{self.host}:{self.port}"


class Server:
    """One scripted server as a process: it loads, serves, and ends as it is told."""

    def __init__(self, served: Served, script: Script) -> None:
        self._served = served
        self._api = Api(
            script,
            served.model,
            served.names,
            served.context,
            key=served.key,
            sequences=served.sequences,
            developer=os.environ.get("VLLM_SERVER_DEV_MODE") == "1",
            die=die,
        )
        self._stop = asyncio.Event()
        self._child: subprocess.Popen[bytes] | None = None

    async def run(self) -> bool:
        """Load, then serve until SIGTERM; whether it came to serve at all."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, lambda: loop.call_later(self._api.script.stop_seconds, self._stop.set))
        if self._api.script.child:
            self._child = subprocess.Popen([sys.executable, "-I", "-S", "-c", _OUTLIVES])
        try:
            if not await self._load():
                return False
            await self._serve()
            return True
        finally:
            if self._child is not None:
                self._child.kill()
                self._child.wait()

    async def _load(self) -> bool:
        """Go through the phases; whether nobody asked it to end meanwhile."""
        for phase in Phase:
            for line in lines_of(phase, self._served.model, self._served.address, self._served.context, Figures()):
                tell(line)
            self._fail_in(phase)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), self._api.script.load_seconds / len(Phase))
                return False
        return True

    def _fail_in(self, phase: Phase) -> None:
        script = self._api.script
        if script.fail and FAILURES[script.fail].phase == phase:
            failure = FAILURES[script.fail]
            for line in failure.lines:
                tell(said(failure.process, line, "ERROR"))
            die(failure.code)
        if script.exit_at == phase:
            tell(script.exit_text)
            die(script.exit_code)

    async def _serve(self) -> None:
        serving = await asyncio.start_server(
            partial(converse, handle=self._api.handle), self._served.host, self._served.port, limit=1 << 20
        )
        self._api.since = time.time()
        await self._stop.wait()
        tell(said("APIServer", "[shutdown] API server: shutdown triggered"))
        self._api.stopping = True
        serving.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                while self._api.engine.running:
                    await asyncio.sleep(0.01)


def tell(line: str) -> None:
    """Write a line of the log."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def die(code: int) -> None:
    """End this process at once: with an exit code, or by a signal where it is negative."""
    if code < 0:
        with suppress(OSError):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def understand(words: Sequence[str]) -> tuple[Served, Script]:
    """What a command line asks for; unknown flags are passed over. ValueError for a knob's impossible value."""
    parser = argparse.ArgumentParser(prog="vllm", allow_abbrev=False)
    parser.add_argument("model")
    parser.add_argument("--served-model-name", nargs="+")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--max-model-len", type=int, default=8192)
    parser.add_argument("--max-num-seqs", type=int, default=256)
    parser.add_argument("--api-key", default="")
    for knob in fields(Script):
        parser.add_argument(f"{FLAG}{knob.name.replace('_', '-')}", dest=knob.name, default=None)
    given, _ = parser.parse_known_args(words[1:] if words[:1] == ["serve"] else words)
    flags = {knob.name: value for knob in fields(Script) if (value := getattr(given, knob.name)) is not None}
    served = Served(
        model=given.model,
        names=tuple(given.served_model_name or [given.model]),
        host=given.host,
        port=given.port,
        context=given.max_model_len,
        sequences=given.max_num_seqs,
        key=given.api_key,
    )
    return served, Script.of(os.environ, flags)


async def _main(words: Sequence[str]) -> None:
    if not await Server(*understand(words)).run():
        # As vLLM ends when it is stopped while it loads.
        die(-signal.SIGTERM)


class Running:
    """A scripted server in a thread of this process; it does not load, and cannot die.

    Attributes:
        address: where it answers, without ``/v1``.
        api: what it was asked, and its script, which may be set anew at any time.
    """

    def __init__(self, api: Api) -> None:
        self.api = api
        self.address = ""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def start(self) -> None:
        """Return once it listens."""
        self._thread.start()
        self._ready.wait()

    def end(self) -> None:
        """Return once it has stopped, with whatever was under way."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        serving = await asyncio.start_server(partial(converse, handle=self.api.handle), "127.0.0.1", 0, limit=1 << 20)
        self.address = f"http://127.0.0.1:{serving.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self._stop.wait()
        serving.close()


@contextmanager
def running(
    script: Script | None = None,
    *,
    name: str = "scripted/model",
    context: int = 8192,
    key: str = "",
    sequences: int = 256,
) -> Iterator[Running]:
    """A server in this process for as long as the block runs."""
    server = Running(Api(script or Script(), "scripted", (name,), context, key=key, sequences=sequences))
    server.start()
    try:
        yield server
    finally:
        server.end()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_main(sys.argv[1:]))
