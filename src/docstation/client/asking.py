"""Questions whose answers are JSON, turned into values where they arrive."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote

from docstation.client.refusals import not_ours, read_json
from docstation.client.transport import Request, Transport
from docstation.document.json_reader import FormatError, Reader

T = TypeVar("T")


class Asking:
    """What all groups of calls share.

    Args:
        transport: to the service.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _read(self, request: Request, parse: Callable[[Reader], T]) -> T:
        """What the answer holds.

        Raises:
            ServiceAway: nothing answers, or what answers is not understood.
            DocStationError: the service refuses.
        """
        return self._parsed(self._transport.ask(request).data, parse)

    def _parsed(self, data: bytes, parse: Callable[[Reader], T]) -> T:
        address = self._transport.address
        answer = read_json(data, address)
        try:
            return parse(answer)
        except FormatError as error:
            raise not_ours(address, str(error)) from error


def escaped(*parts: str) -> str:
    """A path of these parts; what they hold does not lead elsewhere."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)
