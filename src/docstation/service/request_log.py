"""Round every request: its id goes in and out, its end is logged and counted, and no browser guesses types of answers.

Of the path only the route's template is told; queries, headers and bodies are not looked at.
"""

from __future__ import annotations

import logging
import secrets
from collections import Counter

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from docstation.service.logs import REQUEST, tell, timer

ID = "x-request-id"
LONGEST_ID = 200
UNKNOWN = "-"
"""Stands for the route where there is none: a path from outside is no label and no text of ours."""
Requests = Counter[tuple[str, str, int]]
"""How many requests are over, by route, method and status."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestLog:
    """Middleware; see the module.

    Args:
        app: what answers.
        requests: counts them.
    """

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        took, status, location = timer(), 500, ""
        REQUEST.set(request_id(scope))

        async def answer(message: Message) -> None:
            nonlocal status, location
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers.update(common_headers())
                location = headers.get("location", "")
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            self._over(scope, status, location, took())

    def _over(self, scope: Scope, status: int, location: str, milliseconds: float) -> None:
        route, method = route_of(scope), scope["method"] if scope["method"] in METHODS else UNKNOWN
        self._requests[route, method, status] += 1
        level = logging.ERROR if status == 500 else logging.INFO
        code = scope["state"].get("code")
        told = {"method": method, "route": route, "status": status, "ms": milliseconds}
        tell("request", level=level, **told, code=code, job=_job(scope, location))


def request_id(scope: Scope) -> str:
    """The id that the request brings, the gateway's or a client's; a new one where that is none."""
    for name, value in scope["headers"]:
        if name == ID.encode() and 0 < len(value) <= LONGEST_ID and all(0x20 <= sign < 0x7F for sign in value):
            return str(value.decode("ascii"))
    return f"ds-{secrets.token_hex(8)}"


def common_headers() -> dict[str, str]:
    """Headers of every answer to the request under way."""
    return {ID: REQUEST.get(), "x-content-type-options": "nosniff"}


def route_of(scope: Scope) -> str:
    """Template of the route, such as ``/documents/{id}``."""
    return str(getattr(scope.get("route"), "path", UNKNOWN))


def _job(scope: Scope, location: str) -> str:
    """Id of the document that it is about, or that it made."""
    named = str(scope.get("path_params", {}).get("id", ""))
    if not named and location.startswith("/documents/"):
        named = location.rpartition("/")[2]
    return named if named.isascii() and named.isalnum() and len(named) <= 32 else ""
