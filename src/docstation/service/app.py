"""The service's HTTP application: routers put together, errors in one shape, health.

It is reached through the gateway only, over a Unix socket; it streams no model's answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from docstation import __version__
from docstation.errors import DocStationError, ExitCode, UsageError
from docstation.messages import explain

Health = Literal["ok", "embedded", "switching", "unwell"]
RECENT = 120.0
"""Seconds for which a canary or a real answer counts as a sign of health."""


@dataclass(frozen=True, slots=True)
class HealthSeen:
    """How the active model is.

    Attributes:
        health: in a word.
        model: the active model's id, empty for the embedded engine.
        answered: POSIX seconds of its last good answer, to a canary or a client; 0 for never.
        reason: English sentence where it is not ok.
    """

    health: Health
    model: str = ""
    answered: float = 0.0
    reason: str = ""


def build(routers: Sequence[APIRouter], health: Callable[[], HealthSeen]) -> FastAPI:
    """The application.

    Args:
        routers: of the station, the documents and what else there is.
        health: looked at for each question.
    """
    app = FastAPI(title="DocStation", version=__version__, docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.add_exception_handler(DocStationError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.include_router(_health(health))
    for one in routers:
        app.include_router(one)
    return app


def _health(look: Callable[[], HealthSeen]) -> APIRouter:
    api = APIRouter(tags=["health"])

    @api.get("/health")
    def health() -> Response:
        """200 only where the active model answered its last canary or a request recently."""
        seen = look()
        body = {
            "status": seen.health,
            "model": seen.model or None,
            "answered": seen.answered or None,
            "reason": seen.reason or None,
        }
        return JSONResponse(body, 200 if seen.health == "ok" else 503)

    @api.get("/readyz")
    def readyz() -> Response:
        """200 where requests of some kind are answered: by a model, or by the embedded engine."""
        seen = look()
        return JSONResponse({"status": seen.health}, 503 if seen.health == "unwell" else 200)

    @api.get("/version")
    def version() -> dict[str, str]:
        """The version of DocStation."""
        return {"version": __version__}

    return api


def _ours(_request: Request, error: Exception) -> Response:
    """One of our errors, with its code, sentence and remedy."""
    if not isinstance(error, DocStationError):
        raise error
    message, remedy = explain(error)
    body = {"code": error.code, "message": message, "remedy": remedy, "exit_code": int(error.exit_code)}
    headers = {"Retry-After": "5"} if error.http_status in {409, 423, 503} else {}
    return JSONResponse({"error": body}, error.http_status, headers)


def _http(_request: Request, error: Exception) -> Response:
    """What the framework refuses by itself, such as an unknown route or a wrong method, in the shape of our errors."""
    if not isinstance(error, HTTPException):
        raise error
    code = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "usage")
    body = {"code": code, "message": str(error.detail), "remedy": "", "exit_code": int(ExitCode.USAGE)}
    return JSONResponse({"error": body}, error.status_code, error.headers)


def _invalid(request: Request, error: Exception) -> Response:
    """A body or a query that is not understood, as one of our errors."""
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return _ours(request, UsageError("{place}: {problem}", place=place, problem=first["msg"], remedy=""))


def fresh(answered: float, now: float | None = None) -> bool:
    """Whether a good answer at that time still counts."""
    return bool(answered) and (time.time() if now is None else now) - answered <= RECENT
