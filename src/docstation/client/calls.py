"""The client itself: where the service is, whether it is there, and all that it can be asked."""

from __future__ import annotations

import os

from docstation.client.chat_calls import ChatCalls
from docstation.client.correction_calls import CorrectionCalls
from docstation.client.extraction import ExtractionCalls
from docstation.client.finding_calls import FindingCalls
from docstation.client.key_calls import KeyCalls
from docstation.client.refusals import not_ours
from docstation.client.station_calls import StationCalls
from docstation.client.transport import Request, Transport
from docstation.document.json_reader import Reader
from docstation.errors import DocStationError

KEY_VARIABLE = "DOCSTATION_KEY"
LOCAL = "http://127.0.0.1:8000"
QUICK = 0.5
"""Seconds in which a service that is there says so."""


class Client(FindingCalls, CorrectionCalls, ExtractionCalls, ChatCalls, StationCalls, KeyCalls):
    """A client of the service; threads may share it.

    Args:
        base_url: ``http://host:port``, ``https://…``, or ``unix:/path/of/service.sock`` for the service of one's own
            state folder (``/v1/models`` is the gateway's and not to be had there).
        key: API key; None for the one of the variable DOCSTATION_KEY, empty for none.
        seconds: that the service may be silent in answering what it answers at once.

    Raises:
        UsageError: the address or the key cannot be one.
    """

    def __init__(self, base_url: str = LOCAL, key: str | None = None, *, seconds: float = 30.0) -> None:
        own = os.environ.get(KEY_VARIABLE, "") if key is None else key
        super().__init__(Transport(base_url, own, seconds))
        self._key = own

    @property
    def base_url(self) -> str:
        """Where the service is."""
        return self._transport.address

    def again(self) -> Client:
        """Another client of the same service, which is closed by itself."""
        return Client(self.base_url, self._key, seconds=self._transport.seconds)

    def connected(self, *, seconds: float = QUICK) -> bool:
        """Whether DocStation answers there, within that time."""
        try:
            self.version(seconds=seconds)
        except DocStationError:
            return False
        return True

    def version(self, *, seconds: float | None = None) -> str:
        """The version of DocStation that serves.

        Raises:
            ServiceAway: nothing answers, or something else does.
        """

        def ours(answer: Reader) -> str:
            if answer.value.get("name") != "docstation":
                raise not_ours(self.base_url, "/version")
            return answer.text("version")

        return self._read(Request("GET", "/version", seconds=seconds), ours)

    def close(self) -> None:
        """Break off all calls that are under way, in whatever thread; no more can be made."""
        self._transport.close()
