"""What the service and its gateway refuse, as the errors that the same refusal is inside DocStation.

The words were filled in and translated where they arose; here they are carried, whatever braces they hold.
"""

from __future__ import annotations

from collections.abc import Iterator

from docstation import errors
from docstation.document.json_reader import FormatError, JsonObject, Reader
from docstation.errors import DocStationError, NoEngine, NotFound, Overloaded, TooLarge, UsageError
from docstation.messages.marking import N_


class ServiceAway(NoEngine):
    """The service does not answer, or what answers is something else."""

    code = "service-away"
    sentence = N_("No service answers at {address}.")
    remedy = N_("Start it with `docstation serve --detach`.")


NOT_OURS = N_("What answers at {address} is not DocStation: {problem}.")
NOT_OURS_REMEDY = N_("Another program may have this port; see service.port in the settings.")
KEY_REMEDY = N_("Put an API key with the needed scope into the variable DOCSTATION_KEY.")

_OF_THE_GATEWAY: dict[str, type[DocStationError]] = {
    "invalid_api_key": UsageError,
    "insufficient_scope": UsageError,
    "queue_full": Overloaded,
    "body_too_large": TooLarge,
}
"""Codes of the gateway that tell more than their status."""
_KEY_CODES = frozenset({"invalid_api_key", "insufficient_scope", "keys_required"})
_OF_STATUS: dict[int, type[DocStationError]] = {404: NotFound, 413: TooLarge, 502: ServiceAway, 503: ServiceAway}


def error_of(body: Reader, status: int = 0) -> DocStationError:
    """The error that the JSON of an answer or of a document tells.

    Args:
        body: with ``code``, ``message`` and, from the service, ``remedy`` and ``exit_code``.
        status: of the answer, 0 for none.

    Raises:
        FormatError: it is no error of ours.
    """
    code, message = body.text("code"), body.text("message")
    advice = body.text("remedy", "")
    if code in _KEY_CODES:
        advice = KEY_REMEDY
    return _kind(code, body.integer("exit_code", 0), status)(
        "{said}", said=message, remedy=advice if code in _KEY_CODES else "{advice}", advice=advice
    )


def error_of_answer(status: int, data: bytes, address: str) -> DocStationError:
    """The error that an answer with this status is."""
    import json

    try:
        value = Reader.of(json.loads(data), "answer")
        return error_of(value.child("error"), status)
    except (ValueError, RecursionError):
        return not_ours(address, f"HTTP {status}")


def not_ours(address: str, problem: str) -> ServiceAway:
    """Something else than the service has answered."""
    return ServiceAway(NOT_OURS, address=address, problem=problem, remedy=NOT_OURS_REMEDY)


def read_json(data: bytes, address: str) -> Reader:
    """The object that an answer holds.

    Raises:
        ServiceAway: it holds none.
    """
    import json

    try:
        value: JsonObject = json.loads(data)
        return Reader.of(value, "answer")
    except (ValueError, RecursionError) as error:
        problem = str(error) if isinstance(error, FormatError) else "no JSON"
        raise not_ours(address, problem) from error


def _kind(code: str, exit_code: int, status: int) -> type[DocStationError]:
    known = _OF_THE_GATEWAY.get(code) or next((one for one in _tree(DocStationError) if one.code == code), None)
    if known is not None:
        return known
    if exit_code:
        return next((one for one in _tree(DocStationError) if one.exit_code == exit_code), DocStationError)
    usage = UsageError if 400 <= status < 500 else DocStationError
    return _OF_STATUS.get(status, usage)


def _tree(kind: type[DocStationError]) -> Iterator[type[DocStationError]]:
    """The errors of `docstation.errors` and ours, those above before those below."""
    if kind.__module__ in {errors.__name__, __name__}:
        yield kind
        for below in kind.__subclasses__():
            yield from _tree(below)
