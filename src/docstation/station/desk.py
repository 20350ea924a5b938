"""The desk: where changes of what serves are asked for by name, and told as they go on.

The same desk stands in the owner's process and, by `docstation.station.control`, in every other.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from docstation.station.deployment import NOTHING, Lineup
from docstation.station.journal import Record
from docstation.station.owner import Listener, Owner, new_id
from docstation.station.telling import EndTold, Teller, Told
from docstation.station.words import CancelRequested, Effect, Kind, Requested, State


class Wish(StrEnum):
    """What can be asked for."""

    SWITCH = "switch"
    RESTART = "restart"
    STOP = "stop"
    RESTORE = "restore"
    """Back to the last known good, or to the shipped configuration where nothing is known to be good."""


@dataclass(frozen=True, slots=True)
class Order:
    """A change that is asked for.

    Attributes:
        wish: what kind.
        names: models by the catalogue's names; for a restart none means what serves.
        shipped: whether a restore passes the last known good over.
        wait: whether to wait for a change that is under way, instead of being declined.
    """

    wish: Wish
    names: tuple[str, ...] = ()
    shipped: bool = False
    wait: bool = False


class Desk(Protocol):
    """Takes orders."""

    def change(self, order: Order) -> Iterator[Told]:
        """Carry the order out; the last thing told is an `EndTold`. Leaving the iterator does not stop the change.

        Raises:
            DocStationError: before anything is touched: unknown model, budget, settings, no engine.
        """

    def cancel(self) -> None:
        """Ask that the change under way be given up; with none under way nothing happens."""


class Resolve(Protocol):
    """Turns names into what is started, by the catalogue, the memory plan and the settings of the moment."""

    def lineup(self, names: Sequence[str]) -> Lineup:
        """The deployments of these models together; DocStationError when they do not fit or are not known."""

    def shipped(self) -> Lineup:
        """The default model as it is shipped, whatever the user's files say."""


class OwnersDesk:
    """The desk in the owner's own process."""

    def __init__(self, owner: Owner, resolve: Resolve) -> None:
        self._owner = owner
        self._resolve = resolve

    def state(self) -> State:
        """The station's state now."""
        return self._owner.state

    def listen(self, listener: Listener) -> Callable[[], None]:
        """See `docstation.station.owner.Owner.listen`."""
        return self._owner.listen(listener)

    def change(self, order: Order) -> Iterator[Told]:
        kind, lineup = self._request(order)
        while True:
            for told in self._asked(kind, lineup):
                if order.wait and isinstance(told, EndTold) and told.outcome == "busy":
                    break
                yield told
            else:
                return
            self._wait_until_free()

    def cancel(self) -> None:
        now = self._owner.state.transaction
        if now is not None:
            self._owner.post(CancelRequested(self._owner.now(), now.id))

    def _request(self, order: Order) -> tuple[Kind, Lineup]:
        state = self._owner.state
        match order.wish:
            case Wish.STOP:
                return Kind.STOP, NOTHING
            case Wish.RESTORE:
                known = NOTHING if order.shipped else state.last_known_good
                return Kind.SWITCH, known or self._resolve.shipped()
            case Wish.RESTART:
                return Kind.RESTART, self._resolve.lineup(order.names) if order.names else state.wanted
            case Wish.SWITCH:
                return Kind.SWITCH, self._resolve.lineup(order.names)

    def _asked(self, kind: Kind, lineup: Lineup) -> Iterator[Told]:
        """Ask, and pass on what is told."""
        identity, box = new_id(), queue.Queue[Told]()
        teller = Teller(identity)

        def listen(record: Record, state: State, effects: tuple[Effect, ...]) -> None:
            for told in teller.told(record, state, effects):
                box.put(told)

        leave = self._owner.listen(listen)
        try:
            self._owner.post(Requested(self._owner.now(), identity, kind, lineup))
            while True:
                told = box.get()
                yield told
                if isinstance(told, EndTold):
                    return
        finally:
            leave()

    def _wait_until_free(self) -> None:
        box = queue.Queue[None]()
        leave = self._owner.listen(lambda _record, state, _effects: None if state.transaction else box.put(None))
        try:
            while self._owner.state.transaction is not None:
                box.get()
        finally:
            leave()
