"""The service's HTTP application: routers put together, errors in one shape, health.

It is reached through the gateway only, over a Unix socket; it streams no model's answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from sqlite3 import SQLITE_FULL
from typing import Literal

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from docstation import __version__
from docstation.errors import DocStationError, ExitCode, NoRoom, Overloaded, UsageError
from docstation.jobs.database import UNANSWERED
from docstation.messages import translate
from docstation.messages.marking import N_, Word
from docstation.service.documents_shapes import error_shape, typed_errors
from docstation.service.invalid import problem
from docstation.service.logs import REQUEST, log
from docstation.service.request_log import RequestLog, Requests, common_headers
from docstation.service.spoken import Spoken

Health = Literal["ok", "embedded", "switching", "unwell"]
DESCRIPTION = (
    "Documents, station and figures of the service. What an OpenAI client asks for (/v1/models, /v1/chat/completions "
    "and the like) is answered by the model server behind the gateway, in its own words. Where there are API keys, "
    "each request carries one as `Authorization: Bearer KEY`. Every error has the shape ErrorShown and every answer an "
    "X-Request-Id, the client's own or a new one, under which the logs have it."
)
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


class HealthShown(BaseModel):
    """How the active model is; see `HealthSeen`."""

    status: Health
    model: str | None
    answered: float | None
    reason: str | None


class Readiness(BaseModel):
    """How the active model is, in a word."""

    status: Health


class Version(BaseModel):
    """What serves here."""

    name: Literal["docstation"] = "docstation"
    version: str = __version__


def build(
    routers: Sequence[APIRouter],
    health: Callable[[], HealthSeen],
    *,
    requests: Requests | None = None,
    log_name: str = "stderr",
) -> FastAPI:
    """The application.

    Args:
        routers: of the station, the documents and what else there is.
        health: looked at for each question.
        requests: counts them.
        log_name: where the log is, for people.
    """
    app = FastAPI(
        title="DocStation",
        description=DESCRIPTION,
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        responses=typed_errors(),
    )
    app.add_middleware(RequestLog, requests=Requests() if requests is None else requests)
    app.add_middleware(Spoken)
    app.add_exception_handler(DocStationError, _ours)
    app.add_exception_handler(Exception, _unexpected(log_name))
    for away in UNANSWERED:
        app.add_exception_handler(away, _database)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.include_router(_health(health))
    for one in routers:
        app.include_router(one)
    return app


def _health(look: Callable[[], HealthSeen]) -> APIRouter:
    api = APIRouter(tags=["health"])

    @api.get("/health", responses={503: {"model": HealthShown, "description": "It did not, or there is none."}})
    def health(response: Response) -> HealthShown:
        """200 only where the active model answered its last canary or a request recently."""
        seen = look()
        response.status_code = 200 if seen.health == "ok" else 503
        return HealthShown(
            status=seen.health,
            model=seen.model or None,
            answered=seen.answered or None,
            reason=seen.reason or None,
        )

    @api.get("/readyz", responses={503: {"model": Readiness, "description": "Nothing is answered."}})
    def readyz(response: Response) -> Readiness:
        """200 where requests of some kind are answered: by a model, or by the embedded engine."""
        seen = look()
        response.status_code = 503 if seen.health == "unwell" else 200
        return Readiness(status=seen.health)

    @api.get("/version")
    def version() -> Version:
        """The version of DocStation; its name tells it from other programs."""
        return Version()

    return api


def _ours(request: Request, error: Exception) -> Response:
    """One of our errors, with its code, sentence and remedy."""
    if not isinstance(error, DocStationError):
        raise error
    request.state.code = error.code
    headers = {"Retry-After": "5"} if error.http_status in {409, 423, 503} else {}
    return JSONResponse({"error": error_shape(error)}, error.http_status, headers)


def _unexpected(log_name: str) -> Callable[[Request, Exception], Response]:
    """A bug, in the shape of our errors; the framework raises it once more, and so it comes into the log."""

    def answer(request: Request, _error: Exception) -> Response:
        bug = DocStationError(remedy=REPORT, log=log_name, request=REQUEST.get())
        answered = _ours(request, bug)
        answered.headers.update(common_headers())
        return answered

    return answer


REPORT = N_("Please report it with the lines of the log ({log}) for the request {request}; what was finished is kept.")


def _database(request: Request, error: Exception) -> Response:
    """The database is away, busy for too long, or has no room."""
    log.warning("database", exc_info=error)
    if getattr(getattr(error, "orig", None), "sqlite_errorcode", None) == SQLITE_FULL:
        return _ours(request, NoRoom(name="docstation.db", reason=Word(N_("the disk is full"))))
    return _ours(request, Overloaded(N_("The database does not answer.")))


_REFUSED = {404: ("not-found", N_("Not Found")), 405: ("method-not-allowed", N_("Method Not Allowed"))}


def _http(_request: Request, error: Exception) -> Response:
    """What the framework refuses by itself, such as an unknown route or a wrong method, in the shape of our errors."""
    if not isinstance(error, HTTPException):
        raise error
    code, said = _REFUSED.get(error.status_code, ("usage", str(error.detail)))
    body = {"code": code, "message": translate(said), "remedy": "", "exit_code": int(ExitCode.USAGE)}
    return JSONResponse({"error": body}, error.status_code, error.headers)


def _invalid(request: Request, error: Exception) -> Response:
    """A body or a query that is not understood, as one of our errors."""
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return _ours(request, UsageError(N_("{place}: {problem}"), place=place, problem=problem(first), remedy=""))


def fresh(answered: float, now: float | None = None) -> bool:
    """Whether a good answer at that time still counts."""
    return bool(answered) and (time.time() if now is None else now) - answered <= RECENT
