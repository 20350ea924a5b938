"""A model server that behaves as an engine with continuous batching, for `bench/reading.py`.

Some requests run together; each first waits its turn to be taken in (prefill, one after the other), then gets a token
at every step of the engine, and a step takes longer the more run. What every page is answered is given.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from docstation.testing.model_server_http import Exchange, Request, converse

PIECE = 4
"""Characters of a token."""


@dataclass
class Engine:
    """The times of the engine, in seconds.

    Attributes:
        slots: requests that run together.
        prefill: of one request, during which no other is taken in.
        step: of the engine with one request running.
        further: that each further request adds to a step.
    """

    slots: int = 8
    prefill: float = 0.10
    step: float = 0.004
    further: float = 0.0005
    running: int = 0


class Server:
    """Answers chats as the engine would."""

    def __init__(self, engine: Engine, answer: str, model: str, context: int) -> None:
        self._engine = engine
        self._pieces = [answer[at : at + PIECE] for at in range(0, len(answer), PIECE)]
        self._model, self._context = model, context
        self._slots = asyncio.Semaphore(engine.slots)
        self._prefill = asyncio.Lock()

    async def handle(self, request: Request, exchange: Exchange) -> None:
        if request.path == "/v1/models":
            card = {"id": self._model, "object": "model", "owned_by": "vllm", "max_model_len": self._context}
            # As the gateway says it before vLLM.
            card["max_num_seqs"] = self._engine.slots
            await exchange.answer_json(200, {"object": "list", "data": [card]})
        elif request.path == "/version":
            await exchange.answer_json(200, {"version": "0.32.0"})
        else:
            await self._chat(bool(request.content.get("stream")), exchange)

    async def _chat(self, stream: bool, exchange: Exchange) -> None:
        async with self._slots:
            self._engine.running += 1
            try:
                await self._run(stream, exchange)
            finally:
                self._engine.running -= 1

    async def _run(self, stream: bool, exchange: Exchange) -> None:
        async with self._prefill:
            await asyncio.sleep(self._engine.prefill)
        if stream:
            await exchange.begin_events()
        due = time.monotonic()
        for place, piece in enumerate(self._pieces):
            due += self._engine.step + self._engine.further * (self._engine.running - 1)
            # Sleeping for every token would measure this process; several tokens go out together when they are due.
            if due - time.monotonic() > 0.004:
                await asyncio.sleep(due - time.monotonic())
            if stream:
                await exchange.event(_chunk(self._model, piece, None if place else "assistant"))
        if stream:
            await exchange.event(_chunk(self._model, "", None, "stop"))
            await exchange.event("[DONE]")
            await exchange.end_events()
        else:
            message = {"role": "assistant", "content": "".join(self._pieces)}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            await exchange.answer_json(200, {"id": "a", "object": "chat.completion", "choices": [choice]})


def _chunk(model: str, text: str, role: str | None, reason: str | None = None) -> dict[str, object]:
    delta = {"content": text} | ({"role": role} if role else {})
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return {"id": "a", "object": "chat.completion.chunk", "model": model, "choices": [choice]}


async def _serve(port: int, answer: str, slots: int) -> None:
    server = Server(Engine(slots=slots), answer, "rednote-hilab/dots.ocr", 8192)
    listening = await asyncio.start_server(partial(_conversed, server), "127.0.0.1", port, limit=1 << 26)
    async with listening:
        threading.Thread(target=_until_parent_goes, daemon=True).start()
        await listening.serve_forever()


async def _conversed(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await converse(reader, writer, server.handle)


def _until_parent_goes() -> None:
    sys.stdin.read()
    import os

    os._exit(0)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(int(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])))
