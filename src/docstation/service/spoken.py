"""The language of a request: what its Accept-Language names first, of those that are spoken; else the service's own.

What went wrong is kept without a language, and said in that of whoever asks for it.
"""

from __future__ import annotations

import json

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from docstation import messages
from docstation.errors import from_record


class Spoken:
    """Answers each request in its language; a request has a context of its own, so none changes another's."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, in the language asked for."""
        if scope["type"] == "http":
            language = messages.accepted(Headers(scope=scope).get("accept-language", ""))
            if language:
                messages.use(language)
        await self._app(scope, receive, send)


def say_problem(kept: str) -> str:
    """What went wrong, as it is kept, in the language of the request.

    Args:
        kept: the JSON of an error as `docstation.errors.to_record` makes it, a message id, or words of a model server;
            empty for nothing.
    """
    if not kept.startswith("{"):
        return messages.translate(kept)
    try:
        record = json.loads(kept)
    except ValueError:
        return kept
    return messages.explain(from_record(record))[0]
