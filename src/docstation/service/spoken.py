"""The language of a request: what its Accept-Language names first, of those that are spoken; else the service's own."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from docstation import messages


class Spoken:
    """Answers each request in its language; a request has a context of its own, so none changes another's."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, in the language asked for."""
        if scope["type"] == "http":
            language = spoken(Headers(scope=scope).get("accept-language", ""))
            if language:
                messages.use(language)
        await self._app(scope, receive, send)


def spoken(header: str) -> str:
    """The first language of an Accept-Language that is spoken here, empty for none.

    Weights are passed over: clients name what they like best first (RFC 9110, 12.5.4).
    """
    for part in header.split(","):
        language = part.partition(";")[0].strip().lower().partition("-")[0]
        if language in messages.LANGUAGES:
            return language
    return ""
