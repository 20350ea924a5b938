"""What stands around the pages: files of the service by our own address, headers that bind the browser, the start.

The browser speaks to this server only. Pictures of pages and results are passed on from the service, so that its
address and key never leave this process.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from docstation.client import Client
from docstation.errors import DocStationError
from docstation.web import texts
from docstation.web.service import begin, running

MAIN = str(Path(__file__).with_name("main.py"))

_LOG = logging.getLogger(__name__)

WIDEST = 3000
"""Pixels of a page's picture."""
KEPT = "private, max-age=86400, immutable"
"""A document's pictures never change: a file that is given anew gets an id of its own."""
_ID = re.compile(r"[0-9a-z]{8,64}")
_BLOCK = re.compile(r"p[1-9][0-9]{0,5}-b[1-9][0-9]{0,6}")

_POLICY = "; ".join(
    (
        "default-src 'self'",
        # Streamlit's own page and its charts need both; nothing of a document reaches the page as code.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' ws: wss:",
        "worker-src 'self' blob:",
        "media-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)


class BindingHeaders:
    """Sends the headers that forbid the browser what a page of ours never does."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, with our headers."""

        async def bound(message: Message) -> None:
            if message["type"] == "http.response.start":
                had = list(message.get("headers", ()))
                names = {name.lower() for name, _ in had}
                message["headers"] = had + [one for one in _HEADERS if one[0] not in names]
            await send(message)

        await self._app(scope, receive, bound if scope["type"] == "http" else send)


async def page_picture(request: Request) -> Response:
    """The picture of a page, as wide as asked."""
    document, number = request.path_params["id"], request.path_params["number"]
    width = request.query_params.get("width", "1400")
    if not (_ID.fullmatch(document) and width.isdecimal() and 16 <= int(width) <= WIDEST):
        return PlainTextResponse("not found", 404)
    return await _picture(lambda found: found.page_image(document, number, width=int(width), format="webp"), "webp")


async def block_picture(request: Request) -> Response:
    """The picture of a block, cut out of its page."""
    document, block = request.path_params["id"], request.path_params["block"]
    if not (_ID.fullmatch(document) and _BLOCK.fullmatch(block)):
        return PlainTextResponse("not found", 404)
    return await _picture(lambda found: found.block_image(document, block, format="png"), "png")


async def _picture(ask: Callable[[Client], bytes], form: str) -> Response:
    def asked() -> bytes | None:
        found = running()
        return None if found is None else ask(found)

    try:
        body = await anyio.to_thread.run_sync(asked)
    except DocStationError as error:
        return PlainTextResponse(error.code, error.http_status)
    if body is None:
        return PlainTextResponse("the service does not run", 503)
    return Response(body, media_type=f"image/{form}", headers={"Cache-Control": KEPT})


def on_script_error(error: BaseException) -> bool:
    """A bug of ours: the log has it whole, the page a sentence."""
    _LOG.error("a page failed", exc_info=error)
    st.error(texts.bug(), icon=":material/error:")
    return True


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """While the server runs; the service is begun with it. What is wrong with the settings the first page tells."""
    with suppress(DocStationError):
        begin()
    yield


ROUTES = [
    Route("/files/{id}/pages/{number:int}.webp", page_picture),
    Route("/files/{id}/blocks/{block}.png", block_picture),
]
MIDDLEWARE = [Middleware(BindingHeaders)]
