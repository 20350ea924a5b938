"""Answers of the gateway's own to requests that it does not pass: one list of causes, in the shape of OpenAI's errors.

    {"error": {"message": "...", "type": "...", "param": null, "code": "queue_full"}}

``code`` is stable. What a model server or the service answers is never rewritten, whatever it says.
"""

from __future__ import annotations

import json
from contextvars import copy_context
from dataclasses import dataclass, field
from http import HTTPStatus

from docstation import messages
from docstation.messages.marking import N_, Word


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a request is not passed.

    Attributes:
        code: a stable slug.
        status: of the answer.
        sentence: English, with named fields.
        kind: ``type`` of OpenAI's shape.
        param: field of the request that is at fault.
        again: whether it may help to ask again later; then Retry-After is sent.
    """

    code: str
    status: int
    sentence: str
    kind: str = "invalid_request_error"
    param: str | None = None
    again: bool = False


_BUSY, _KEY = "service_unavailable", "authentication_error"

BAD_REQUEST = Cause("bad_request", 400, "{detail}")
BAD_HOST = Cause(
    "host_not_allowed", 403, N_("The Host {host} is not allowed here. Add it to service.hosts in the settings.")
)
BAD_ORIGIN = Cause(
    "origin_not_allowed", 403, N_("Pages of {origin} may not ask here: only those of this address itself may.")
)
KEYS_NEEDED = Cause(
    "keys_required",
    403,
    N_("This address can be reached by others, and there are no API keys yet. Make one with `docstation keys add`."),
)
ADMIN_NEEDED = Cause(
    "keys_required",
    403,
    N_(
        "Keys are managed with a key for that, and there is none yet. Make one with "
        "`docstation keys add NAME --scope admin`."
    ),
)
NO_KEY = Cause("invalid_api_key", 401, N_("An API key is needed: send it as `Authorization: Bearer KEY`."), kind=_KEY)
NO_SCOPE = Cause("insufficient_scope", 403, N_("This API key lacks the scope {scope}."), kind="permission_error")
NOT_FOUND = Cause("not_found", 404, N_("There is nothing at {path}."))
WRONG_METHOD = Cause("method_not_allowed", 405, N_("{path} is asked with {method}."))
HEAD_TOO_LARGE = Cause("head_too_large", 431, N_("The request's head is larger than {limit} bytes."))
BODY_TOO_LARGE = Cause("body_too_large", 413, N_("The request's body is larger than {limit} bytes."))
HEAD_TOO_SLOW = Cause("request_timeout", 408, N_("The request's head took longer than {seconds:g} s to arrive."))
BODY_TOO_SLOW = Cause("request_timeout", 408, N_("The request's body arrives too slowly."))
TOO_MANY_CONNECTIONS = Cause("too_many_connections", 503, N_("Too many connections are open."), kind=_BUSY, again=True)
NO_MODEL = Cause("no_active_model", 503, N_("No model serves now. {reason}"), kind=_BUSY, again=True)
OTHER_MODEL = Cause(
    "model_not_active",
    404,
    N_("The model {model} is not active: {active} is. Switch with `docstation models switch {entry}`, then ask again."),
    param="model",
    again=True,
)
CANNOT_CHAT = Cause(
    "model_cannot_chat",
    400,
    N_("The embedded engine reads pages and cannot chat. Switch to a model with `docstation models switch`."),
    param="model",
)
SWITCH_REFUSED = Cause(
    "switch_refused",
    409,
    N_("The switch to {model} was refused. {reason}"),
    kind=_BUSY,
    param="model",
    again=True,
)
SWITCH_FAILED = Cause(
    "switch_failed",
    503,
    N_("The switch to {model} did not come about. {reason}"),
    kind=_BUSY,
    param="model",
    again=True,
)
QUEUE_FULL = Cause("queue_full", 503, N_("Too many requests wait already: {waiting}. {reason}"), kind=_BUSY, again=True)
QUEUE_TIMEOUT = Cause(
    "queue_timeout",
    503,
    N_("The request waited for {seconds:.0f} s and was number {position} in the queue. {reason}"),
    kind=_BUSY,
    again=True,
)
ENGINE_AWAY = Cause(
    "engine_unreachable", 503, N_("The model server does not accept connections."), kind=_BUSY, again=True
)
ENGINE_DIED = Cause(
    "engine_died", 502, N_("The model server ended the connection before it answered."), kind="server_error", again=True
)
SERVICE_AWAY = Cause(
    "service_unavailable", 503, N_("The service is not running or is just starting."), kind=_BUSY, again=True
)
SERVICE_DIED = Cause(
    "service_died", 502, N_("The service ended the connection before it answered."), kind="server_error", again=True
)
ENDING = Cause("ending", 503, N_("The gateway is being stopped."), kind=_BUSY, again=True)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A cause with what fills its sentence.

    Attributes:
        cause: why.
        fields: values of the sentence's named fields.
        retry_after: seconds, where the cause allows another attempt.
    """

    cause: Cause
    fields: dict[str, object] = field(default_factory=dict)
    retry_after: int = 5

    @property
    def message(self) -> str:
        """What happened, in English."""
        return self.cause.sentence.format_map(self.fields).strip()

    def message_in(self, language: str) -> str:
        """What happened, in that language; in English where it is none of ours."""
        return copy_context().run(self._said, language)

    def _said(self, language: str) -> str:
        messages.use(language)
        fields = {name: messages.translate(one) if isinstance(one, Word) else one for name, one in self.fields.items()}
        return messages.translate(self.cause.sentence).format_map(fields).strip()

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Headers that belong to the cause."""
        headers = [(b"retry-after", str(max(1, self.retry_after)).encode())] if self.cause.again else []
        if self.cause is NO_KEY:
            headers.append((b"www-authenticate", b"Bearer"))
        if self.cause is WRONG_METHOD:
            headers.append((b"allow", str(self.fields["method"]).encode()))
        return headers

    def body(self, accept_language: bytes = b"") -> bytes:
        """The answer's body, in a language that the client accepts."""
        error = {
            "message": self.message_in(messages.accepted(accept_language.decode("latin-1"))),
            "type": self.cause.kind,
            "param": self.cause.param,
            "code": self.cause.code,
        }
        return json.dumps({"error": error}, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def whole_answer(
    status: int,
    body: bytes,
    headers: list[tuple[bytes, bytes]],
    *,
    kind: bytes = b"application/json",
    keep: bool = True,
    head_only: bool = False,
) -> bytes:
    """An answer of the gateway's own, head and body."""
    lines = [b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode())]
    lines += (b"content-type: " + kind, b"content-length: %d" % len(body), b"x-content-type-options: nosniff")
    lines += (name + b": " + value for name, value in headers)
    if not keep:
        lines.append(b"connection: close")
    return b"\r\n".join(lines) + b"\r\n\r\n" + (b"" if head_only else body)
