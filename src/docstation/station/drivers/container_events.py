"""Deaths and memory kills of our containers as the engine reports them, for the watch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from docstation.station.causes import Fault
from docstation.station.drivers.container_client import EngineClient, Json
from docstation.station.drivers.container_creation import MODEL, SPEC, label_filters
from docstation.station.drivers.container_errors import engine_errors


@dataclass(frozen=True, slots=True)
class EngineEvent:
    """Something happened to a container of ours.

    Attributes:
        kind: ``die``, its main process ended; ``oom``, the kernel killed one of its processes for memory.
        name: of the container, see `Deployment.instance`.
        model: name of the catalogue's entry.
        spec: see `Deployment.spec`.
        exit_code: of the ended process, negative for a signal; None for other events.
        at: POSIX seconds.
    """

    kind: Literal["die", "oom"]
    name: str
    model: str
    spec: str
    exit_code: int | None
    at: float


class EngineEvents:
    """Events from the moment of its making on; iterating ends when the engine goes, or at `close`.

    After the end nothing is known of what happened: connect again, then read the state.
    """

    def __init__(self, client: EngineClient, station: str) -> None:
        """Listen for events of the containers of `station`.

        Raises:
            Fault: ``ENGINE_DOWN``.
        """
        filters = {"type": "container", "event": ["die", "oom"], "label": label_filters(station)}
        with engine_errors():
            self._stream = client.events(filters=filters, decode=True)

    def __iter__(self) -> Iterator[EngineEvent]:
        with suppress(Fault), engine_errors():
            yield from map(_event, self._stream)

    def close(self) -> None:
        """End it, from any thread."""
        self._stream.close()


def signed(exit_code: int) -> int:
    """An exit code as the engine gives it, 128 and more for a signal, with the signal as a negative number."""
    return 128 - exit_code if 128 < exit_code <= 128 + 64 else exit_code


def oom_was_reported(client: EngineClient, container: str, since: float, until: float) -> bool:
    """Whether the engine remembers that a process of `container` was killed for memory.

    It keeps some hundred events, and forgets them when it is restarted.
    """
    filters = {"type": "container", "event": ["oom"], "container": [container]}
    return any(True for _ in client.events(filters=filters, decode=True, since=int(since), until=int(until)))


def _event(event: Json) -> EngineEvent:
    actor = event.get("Actor", {}).get("Attributes", {})
    code = str(actor.get("exitCode", ""))
    return EngineEvent(
        kind="oom" if event.get("Action") == "oom" else "die",
        name=str(actor.get("name", "")),
        model=str(actor.get(MODEL, "")),
        spec=str(actor.get(SPEC, "")),
        exit_code=signed(int(code)) if code.isdecimal() else None,
        at=int(event.get("timeNano", 0)) / 1e9,
    )
