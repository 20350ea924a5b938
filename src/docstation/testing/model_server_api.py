"""The addresses of the scripted model server, with vLLM's answers and error bodies.

Texts are counted by bytes and pictures by a flat rate. What is to go wrong is said by the script, which may change
between two pieces of an answer.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from uuid import uuid4

from docstation.testing.model_server_http import Exchange, Request
from docstation.testing.model_server_script import Script, Trouble

_LOOK_SECONDS = 0.02
_PIECE = 4
_PICTURE_TOKENS = 288
_TEMPLATE_TOKENS = 3
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*")
_DIED = "EngineCore encountered an issue. See stack trace (above) for the root cause."

Json = dict[str, object]


@dataclass(slots=True)
class Engine:
    """Figures as ``/metrics`` shows them; the gauges are as old as the last step, so a hung engine shows old ones.

    Attributes:
        running: requests that are being answered.
        waiting: requests that wait for their turn.
        shown: both, as of the last step.
        steps: of the engine.
        tokens: made.
    """

    running: int = 0
    waiting: int = 0
    shown: tuple[int, int] = (0, 0)
    steps: int = 0
    tokens: int = 0

    def step(self, tokens: int = 0) -> None:
        """Count one step."""
        self.steps += 1
        self.tokens += tokens
        self.shown = (self.running, self.waiting)


class Refusal(Exception):
    """A request that is refused, with vLLM's error body."""

    def __init__(self, status: int, kind: str, param: str | None, message: str) -> None:
        self.status = status
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": status}}


@dataclass(frozen=True, slots=True)
class Said:
    """What one chat request is to get, in place of what the script says for all.

    Attributes:
        answer: text.
        trouble: see `model_server_script.Trouble`; of this request alone.
        piece_seconds: before each further piece.
        finish: reason that is given for the end, where it is not to be told from the length.
    """

    answer: str
    trouble: str = Trouble.NONE
    piece_seconds: float = 0.0
    finish: str = ""


@dataclass
class Api:
    """Answers requests.

    Attributes:
        script: what is to happen.
        model: name or folder of the weights.
        names: ids asked for.
        context: asked for.
        key: that requests below /v1 must carry; empty for none.
        sequences: requests answered at once.
        developer: whether sleeping is offered.
        die: ends the process with that exit code, or by that signal where it is negative.
        says: what a chat request gets, by its body; None: what the script says.
        engine: figures for the metrics.
        asked: how often each path was asked for.
        last_chat: body of the last chat request.
        stopping: whether answers are to be cut short.
        asleep: whether the engine sleeps, and lets requests lie.
        since: POSIX seconds at which it began to listen.
    """

    script: Script
    model: str
    names: tuple[str, ...]
    context: int
    key: str = ""
    sequences: int = 256
    developer: bool = False
    die: Callable[[int], None] = lambda code: None
    says: Callable[[Json], Said] | None = None
    engine: Engine = field(default_factory=Engine)
    asked: Counter[str] = field(default_factory=Counter)
    last_chat: Json = field(default_factory=dict)
    stopping: bool = False
    asleep: bool = False
    since: float = 0.0

    def __post_init__(self) -> None:
        self._turns = asyncio.Semaphore(self.sequences)

    @property
    def shown_names(self) -> tuple[str, ...]:
        """The model ids that it shows."""
        return (self.script.served_name,) if self.script.served_name else self.names

    @property
    def shown_context(self) -> int:
        """The context that it shows, in tokens."""
        return self.script.context or self.context

    async def handle(self, request: Request, exchange: Exchange) -> None:
        """Answer one request."""
        if request.path == "/control":
            await self._control(request, exchange)
            return
        self.asked[request.path] += 1
        trouble = self._trouble()
        while self.script.trouble == Trouble.FROZEN and not exchange.left:
            await asyncio.sleep(_LOOK_SECONDS)
        try:
            if trouble == Trouble.UNAVAILABLE:
                raise Refusal(503, "ServiceUnavailableError", None, "The server is overloaded.")
            self._check_key(request)
            await self._route(request, exchange, trouble)
        except Refusal as refusal:
            await exchange.answer_json(refusal.status, refusal.body)

    def _trouble(self) -> str:
        """The trouble that this request runs into; one that lasts for some requests wears off."""
        trouble, left = self.script.trouble, self.script.trouble_requests
        if trouble and left:
            over = {"trouble": Trouble.NONE, "trouble_requests": 0}
            self.script = self.script.changed(over if left == 1 else {"trouble_requests": left - 1})
        return trouble

    def _check_key(self, request: Request) -> None:
        if self.key and request.path.startswith("/v1") and request.headers.get("authorization") != f"Bearer {self.key}":
            raise Refusal(401, "AuthenticationError", None, "Unauthorized")

    async def _route(self, request: Request, exchange: Exchange, trouble: str) -> None:
        match request.method, request.path:
            case ("GET", "/health") | (_, "/ping"):
                await exchange.answer(503 if trouble == Trouble.DEAD else 200)
            case "GET", "/version":
                await exchange.answer_json(200, {"version": "0.32.0"})
            case "GET", "/load":
                await exchange.answer_json(200, {"server_load": self.engine.running + self.engine.waiting})
            case "GET", "/v1/models":
                await exchange.answer_json(200, {"object": "list", "data": self._cards()})
            case "GET", "/metrics":
                await exchange.answer(200, self._metrics().encode(), "text/plain; version=1.0.0; charset=utf-8")
            case "POST", "/tokenize":
                tokens = list(str(request.content.get("prompt", "")).encode())
                counted = {"count": len(tokens), "max_model_len": self.shown_context, "tokens": tokens}
                await exchange.answer_json(200, {**counted, "token_strs": None})
            case "POST", "/v1/chat/completions":
                await self._chat(request, exchange, trouble)
            case ("POST", "/sleep" | "/wake_up") | ("GET", "/is_sleeping") if self.developer:
                self.asleep = request.path == "/sleep" if request.method == "POST" else self.asleep
                await exchange.answer_json(200, {"is_sleeping": self.asleep})
            case _, "/health" | "/version" | "/load" | "/v1/models" | "/metrics" | "/tokenize" | "/v1/chat/completions":
                await exchange.answer_json(405, {"detail": "Method Not Allowed"})
            case _:
                await exchange.answer_json(404, {"detail": "Not Found"})

    async def _control(self, request: Request, exchange: Exchange) -> None:
        if request.method == "POST":
            news = request.content
            self.script = self.script.changed(news)
            if "die" in news:
                self.die(int(str(news["die"])))
            elif self.script.trouble == Trouble.DEAD:
                asyncio.get_running_loop().call_later(self.script.dead_seconds, self.die, 0)
        await exchange.answer_json(200, {"asked": self.asked, "last_chat": self.last_chat, "since": self.since})

    def _cards(self) -> list[Json]:
        card = {"object": "model", "created": int(time.time()), "owned_by": "vllm", "root": self.model, "parent": None}
        return [{"id": name, **card, "max_model_len": self.shown_context} for name in self.shown_names]

    def _metrics(self) -> str:
        labels = f'{{engine="0",model_name="{self.shown_names[0]}"}}'
        running, waiting = self.engine.shown
        figures = {
            "num_requests_running": running,
            "num_requests_waiting": waiting,
            "generation_tokens_total": self.engine.tokens,
            "iteration_tokens_total_count": self.engine.steps,
        }
        return "".join(f"vllm:{name}{labels} {float(figure)}\n" for name, figure in figures.items())

    async def _chat(self, request: Request, exchange: Exchange, trouble: str) -> None:
        try:
            content = request.content
        except ValueError as error:
            text = f"1 validation error:\n  {{'type': 'json_invalid', 'loc': 'body.1', 'msg': '{error}'}}"
            raise Refusal(400, "Bad Request", "body.1", text) from error
        self.last_chat = content
        prompt = self._checked(content)
        said = self.says(content) if self.says else Said(self.script.answer, trouble, self.script.piece_seconds)
        if said.trouble in (Trouble.DEAD, Trouble.ERROR):
            raise Refusal(500, "InternalServerError", None, _DIED)
        if said.trouble == Trouble.OVERFLOW:
            text = f"Input length ({self.shown_context + 1}) exceeds model's maximum context length"
            raise Refusal(400, "BadRequestError", None, f"{text} ({self.shown_context}).")
        self.engine.waiting += 1
        async with self._turns:
            self.engine.waiting -= 1
            answer = Chat(self, exchange, content, prompt, said)
            try:
                await (answer.stream() if content.get("stream") else answer.whole())
            finally:
                answer.finish()

    def _checked(self, content: Json) -> int:
        """Tokens of the prompt of a request that is in order."""
        if "messages" not in content:
            text = "1 validation error:\n  {'type': 'missing', 'loc': 'body.messages', 'msg': 'Field required'}"
            raise Refusal(400, "Bad Request", "body.messages", text)
        if content.get("model") not in (None, *self.shown_names):
            text = f"The model `{content['model']}` does not exist. Valid aliases: {', '.join(self.shown_names)}."
            raise Refusal(404, "NotFoundError", "model", text)
        limit, wanted = self.shown_context, _wanted(content)
        if wanted is not None and wanted > limit:
            text = (
                f"max_tokens={wanted} cannot be greater than max_model_len={limit}. Please request fewer output tokens."
            )
            raise Refusal(400, "BadRequestError", "max_tokens", text)
        prompt = _TEMPLATE_TOKENS + sum(_tokens_of(part) for part in _parts(content["messages"]))
        if prompt > limit:
            text = (
                f"This model's maximum context length is {limit} tokens. However, your prompt contains at least"
                f" {limit + 1} input tokens, which exceeds this limit even without any output tokens."
            )
            raise Refusal(400, "BadRequestError", "input_tokens", text)
        return prompt


class Chat:
    """One chat request that is in order, being answered."""

    def __init__(self, api: Api, exchange: Exchange, content: Json, prompt: int, said: Said) -> None:
        self._api = api
        self._exchange = exchange
        self._prompt = prompt
        self._options = content.get("stream_options")
        self._cut = said.trouble == Trouble.CUT
        self._breaks = said.trouble == Trouble.BREAKS
        self._slow = said.piece_seconds if api.says else None
        text = "!" * 400 if said.trouble == Trouble.GARBAGE else said.answer
        pieces = [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]
        wanted = _wanted(content)
        self._pieces = pieces[:wanted]
        self._finish = said.finish or ("stop" if len(self._pieces) == len(pieces) else "length")
        self._running = True
        api.engine.running += 1
        self._head: Json = {
            "id": f"chatcmpl-{uuid4().hex[:16]}",
            "created": int(time.time()),
            "model": api.shown_names[0],
        }

    async def whole(self) -> None:
        """Answer at once, when all is said."""
        said = [piece async for piece in self._said()]
        if self._died:
            raise Refusal(500, "InternalServerError", None, _DIED)
        message = {"role": "assistant", "content": "".join(said), "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self._finish, "stop_reason": None}
        body = {**self._head, "object": "chat.completion", "choices": [choice], "usage": self._usage(len(said))}
        await self._exchange.answer_json(200, body)

    async def stream(self) -> None:
        """Answer piece by piece; a stream that the engine's death ends says so, and still ends as streams do."""
        await self._exchange.begin_events()
        await self._chunk({"role": "assistant", "content": ""}, None)
        count = 0
        async for piece in self._said():
            count += 1
            await self._chunk({"content": piece}, self._finish if count == len(self._pieces) else None)
        if not self._pieces and not self._died:
            await self._chunk({"content": ""}, self._finish)
        if self._died:
            await self._exchange.event(Refusal(500, "InternalServerError", None, _DIED).body)
        elif isinstance(self._options, dict) and self._options.get("include_usage"):
            await self._exchange.event({**self._chunk_head, "choices": [], "usage": self._usage(count)})
        await self._exchange.event("[DONE]")
        await self._exchange.end_events()

    def finish(self) -> None:
        """Count it as no longer running, once; the engine does so in its last step, before the answer is out."""
        if self._running:
            self._running = False
            self._api.engine.running -= 1
            if self._api.script.trouble != Trouble.HANG:
                self._api.engine.step()

    @property
    def _died(self) -> bool:
        return self._breaks or self._api.script.trouble == Trouble.DEAD

    @property
    def _piece_seconds(self) -> float:
        """As the script says now, which may change in the middle of an answer."""
        return self._api.script.piece_seconds if self._slow is None else self._slow

    @property
    def _chunk_head(self) -> Json:
        return {**self._head, "object": "chat.completion.chunk"}

    async def _chunk(self, delta: Json, finish: str | None) -> None:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        await self._exchange.event({**self._chunk_head, "choices": [choice]})

    async def _said(self) -> AsyncIterator[str]:
        """The pieces at their pace; a client that left is felt at once, as vLLM does."""
        await self._pause(self._api.script.first_seconds)
        for index, piece in enumerate(self._pieces):
            if index:
                await self._pause(self._piece_seconds)
            if self._breaks and index >= len(self._pieces) // 2:
                return
            if self._cut and index >= len(self._pieces) // 2:
                self._exchange.cut()
                raise ConnectionError
            if self._api.stopping or self._api.script.trouble == Trouble.DEAD:
                return
            self._api.engine.step(1)
            if index == len(self._pieces) - 1:
                self.finish()
            yield piece

    async def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while True:
            left = until - time.monotonic()
            stuck = self._api.script.trouble == Trouble.HANG or self._api.asleep
            if self._exchange.left:
                raise ConnectionError
            if left <= 0.0 and not stuck:
                await asyncio.sleep(0)
                return
            await asyncio.sleep(_LOOK_SECONDS if stuck else min(left, _LOOK_SECONDS))

    def _usage(self, count: int) -> Json:
        return {"prompt_tokens": self._prompt, "total_tokens": self._prompt + count, "completion_tokens": count}


def _wanted(content: Json) -> int | None:
    """The most tokens that the client wants."""
    wanted = content.get("max_completion_tokens", content.get("max_tokens"))
    return wanted if isinstance(wanted, int) else None


def _parts(messages: object) -> list[object]:
    contents = [message.get("content") for message in messages] if isinstance(messages, list) else []
    return [part for content in contents for part in (content if isinstance(content, list) else [content])]


def _tokens_of(part: object) -> int:
    if not isinstance(part, dict):
        return len(str(part or "").encode())
    if part.get("type") != "image_url":
        return len(str(part.get("text", "")).encode())
    image = part.get("image_url")
    address = str(image.get("url", "")) if isinstance(image, dict) else ""
    try:
        picture = base64.b64decode(address.partition("base64,")[2], validate=True)
    except binascii.Error:
        picture = b""
    if not picture.startswith(_PICTURES):
        text = "Failed to load image: cannot identify image file <_io.BytesIO object>"
        raise Refusal(400, "BadRequestError", None, text)
    return _PICTURE_TOKENS
