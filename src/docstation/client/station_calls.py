"""The station of the service: what serves, what could, and changes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from docstation.client.asking import Asking, escaped
from docstation.client.model_records import Catalogue, Model, Plan
from docstation.client.station_records import (
    Change,
    GpuHistory,
    Health,
    StationEvent,
    StationStatus,
)
from docstation.client.streaming import SILENCE, Feed, Following, Heard, events_sent, pieces_of
from docstation.client.transport import Request

JSON = {"Content-Type": "application/json"}
LOOK_SECONDS = 15.0
"""Seconds that the station may take to look at its servers and the card."""
PATIENCE = 60.0
"""Seconds for which a service that is followed may be away: it may be starting anew."""


class StationCalls(Asking):
    """What `docstation.client.Client` offers on the station and its models.

    Each call may raise `ServiceAway` and the errors of the service.
    """

    def health(self) -> Health:
        """How the active model is; any status is an answer."""
        return self._parsed(self._transport.ask(Request("GET", "/health", accepted=(503,))).data, Health.of)

    def models(self) -> tuple[Model, ...]:
        """The active model first, then those that could be switched to; asked of the gateway."""
        request = Request("GET", "/v1/models")
        return self._read(request, lambda one: tuple(map(Model.of, one.children("data"))))

    def catalogue(self) -> Catalogue:
        """What could serve."""
        return self._read(Request("GET", "/station/models"), Catalogue.of)

    def status(self) -> StationStatus:
        """What serves, what is under way, the memory and the card."""
        return self._read(Request("GET", "/station", seconds=LOOK_SECONDS), StationStatus.of)

    def gpu_history(self) -> GpuHistory:
        """The card in the last hour, a point every few seconds."""
        return self._read(Request("GET", "/station/gpu/history"), GpuHistory.of)

    def plan(self, *models: str) -> tuple[Plan, ...]:
        """The memory plan of a model, or of several together."""
        request = Request("GET", "/station/plan", {"model": models}, seconds=LOOK_SECONDS)
        return self._read(request, lambda one: tuple(map(Plan.of, one.children("plans"))))

    def switch(self, *models: str, restart: bool = False) -> Change:
        """Begin a switch; how it goes on is told by `change_events`.

        Args:
            models: catalogue names, aliases or checkpoints; several are to serve together.
            restart: whether a model that serves already is started anew.

        Raises:
            Busy: another change is under way.
            BudgetExceeded: it does not fit in the memory.
            UsageError: there is no such model.
        """
        return self._begun("switch", {"models": list(models), "restart": restart})

    def restore(self, *, shipped: bool = False) -> Change:
        """Bring back what served well last, or the shipped configuration; see `switch`."""
        return self._begun("restore", {"shipped": shipped})

    def stop(self) -> Change:
        """Stop what serves; the embedded engine goes on reading. See `switch`."""
        return self._begun("stop", {})

    def cancel_change(self) -> None:
        """Call off the change under way."""
        self._transport.ask(Request("POST", "/station/cancel"))

    def change_events(self, change: Change, *, patience: float = PATIENCE) -> Iterator[StationEvent]:
        """The events of a change, as they happen, up to its end; what serves then is told by `status`."""
        if not change.transaction:
            return
        for event in self.station_events(change.after, patience=patience):
            if event.transaction == change.transaction:
                yield event
            if event.ends(change):
                return

    def station_events(self, since: int = 0, *, patience: float = PATIENCE) -> Iterator[StationEvent]:
        """What happens at the station after the event of that number, as it happens, without end.

        Args:
            since: number of the last event that is known already; 0 begins with the history.
            patience: seconds for which the service may be away.

        Raises:
            ServiceAway: for longer than that.
        """
        feed = Feed(self._station_stream, lambda after: Heard(self.station_history(after), False), lambda _last: False)
        return Following(feed, since, patience, self._transport.closed).events()

    def station_history(self, since: int = 0) -> tuple[StationEvent, ...]:
        """The newest events after that number, at most a thousand, the oldest first."""
        request = Request("GET", "/station/events", {"after": since})
        return self._read(request, lambda one: tuple(map(StationEvent.of, one.children("events"))))

    def logs(self, model: str, lines: int = 200) -> tuple[str, ...]:
        """Last lines of a running server's log."""
        request = Request("GET", escaped("station", "logs", model), {"lines": lines}, seconds=LOOK_SECONDS)
        return self._read(request, lambda one: tuple(one.texts("lines")))

    def _begun(self, what: str, asked: dict[str, object]) -> Change:
        known = self.station_history()
        body = json.dumps(asked).encode()
        # A change is answered once its memory plan was made, for which weights may have to be looked at.
        request = Request("POST", f"/station/{what}", {}, body, 0, JSON, 2 * LOOK_SECONDS)
        return replace(self._read(request, Change.of), after=known[-1].number if known else 0)

    @contextmanager
    def _station_stream(self, after: int) -> Iterator[Iterator[StationEvent]]:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(after)}
        query = {"follow": True, "after": after}
        with self._transport.stream(Request("GET", "/station/events", query, headers=headers, seconds=SILENCE)) as sent:
            events = events_sent(pieces_of(sent))
            yield (self._parsed(one.data.encode(), StationEvent.of) for one in events)
