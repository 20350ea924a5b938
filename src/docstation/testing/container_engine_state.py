"""What a container engine in memory keeps: its containers, and the events that it tells to whoever listens.

Parts of `docstation.testing.container_engine`, which answers the client's calls.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

Json = dict[str, Any]


@dataclass(slots=True)
class Container:
    """A container from its making to its removal; the log is a list of moments and bytes."""

    id: str
    name: str
    body: Json
    status: Literal["created", "running", "exited"] = "created"
    exit_code: int = 0
    oom_killed: bool = False
    started_at: float = 0.0
    pid: int = 0
    deaf: bool = False
    removed: bool = False
    log: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def labels(self) -> dict[str, str]:
        return dict(self.body.get("Labels") or {})

    @property
    def bindings(self) -> list[Json]:
        found = self.body.get("HostConfig", {}).get("PortBindings") or {}
        return [
            {"IP": each["HostIp"], "PrivatePort": int(inner.partition("/")[0]), "PublicPort": int(each["HostPort"])}
            for inner, outer in found.items()
            for each in outer
        ]


class EventStream:
    """Events of an `EngineDouble`, up to a moment or as they come."""

    def __init__(
        self,
        events: list[Json],
        changed: threading.Condition,
        down: Callable[[], bool],
        filters: Json,
        since: int | None,
        until: int | None,
    ) -> None:
        self._events = events
        self._changed = changed
        self._down = down
        self._filters = filters
        self._endless = until is None
        self._next = 0 if since is not None else len(events)
        self._closed = False

    def __iter__(self) -> Iterator[Json]:
        while (event := self._wait()) is not None:
            if self._wanted(event):
                yield event

    def close(self) -> None:
        """End it, from any thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _wait(self) -> Json | None:
        with self._changed:
            while self._endless and self._next >= len(self._events) and not (self._closed or self._down()):
                self._changed.wait()
            if self._closed or self._down() or self._next >= len(self._events):
                return None
            self._next += 1
            return self._events[self._next - 1]

    def _wanted(self, event: Json) -> bool:
        actor = event["Actor"]
        return (
            event["Action"] in self._filters.get("event", [event["Action"]])
            and actor["ID"] in self._filters.get("container", [actor["ID"]])
            and carries(actor["Attributes"], self._filters.get("label", []))
        )


def carries(labels: Mapping[str, str], wanted: Iterable[str]) -> bool:
    """Whether `labels` hold all of `wanted`, each a name and a value with an equals sign between."""
    return all(labels.get(key) == value for key, _, value in (each.partition("=") for each in wanted))


def moment(at: float, nanoseconds: int = 0) -> str:
    """POSIX seconds as the engine writes moments; 0 is never."""
    if not at:
        return "0001-01-01T00:00:00Z"
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S.%f}{nanoseconds % 1000:03}Z"
