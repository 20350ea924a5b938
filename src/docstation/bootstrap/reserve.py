"""The station as a pass with the reserve model needs it: the runner asks, the desk of the station's owner switches."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from docstation.bootstrap.parts import catalogue
from docstation.errors import DocStationError, UsageError
from docstation.jobs.options import EMBEDDED
from docstation.jobs.reserve import Standing, Switched
from docstation.messages.marking import N_
from docstation.station.desk import Order, OwnersDesk, Wish
from docstation.station.telling import EndTold, Told
from docstation.station.words import Mode, Outcome

if TYPE_CHECKING:
    from docstation.bootstrap.parts import Parts

LOOK_SECONDS = 0.2
"""How often whoever waits for a switch looks whether it is to go on waiting."""

_ENDS = {
    Outcome.DONE: Switched.DONE,
    Outcome.REFUSED: Switched.REFUSED,
    Outcome.ROLLED_BACK: Switched.ROLLED_BACK,
    Outcome.FELL_BACK: Switched.FELL_BACK,
}


class StationSwitch:
    """See `docstation.jobs.reserve.ModelSwitch`.

    Args:
        parts: of the station.
        desk: of its owner, in this process.
    """

    def __init__(self, parts: Parts, desk: OwnersDesk) -> None:
        self._parts = parts
        self._desk = desk

    def check(self, name: str) -> None:
        """See that a reserve model may be asked for by that name.

        Raises:
            UsageError: there is no such model, or it is not one that is asked about pages.
            SettingsError: the catalogue cannot be read.
        """
        if all(one.engine == EMBEDDED for one in catalogue(self._parts.config).resolve(name)):
            raise UsageError(
                N_("{name} cannot be the reserve: it reads already what no model reads."),
                name=name,
                remedy=N_("Name a model of `docstation models list`."),
            )

    def names(self, model: str) -> tuple[str, ...]:
        """See there."""
        (entry,) = self._parts.resolver.lineup((model,)).names
        known = catalogue(self._parts.config)
        return tuple(dict.fromkeys((entry, *known.names_of(known.entries[entry]))))

    def standing(self) -> Standing:
        """See there."""
        state = self._desk.state()
        wanted = state.transaction.target if state.transaction is not None else state.wanted
        serving = state.serving.names if state.mode is Mode.READY else ()
        return Standing(tuple(serving), tuple(wanted.names), changing=state.transaction is not None)

    def to(self, models: Sequence[str], stopping: Callable[[], bool]) -> Switched | None:
        """See there."""
        ended: queue.SimpleQueue[Told | DocStationError | None] = queue.SimpleQueue()
        order = Order(Wish.SWITCH, tuple(models))
        threading.Thread(target=lambda: ended.put(self._asked(order)), name="reserve-switch", daemon=True).start()
        while not stopping():
            try:
                end = ended.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                continue
            if isinstance(end, DocStationError):
                raise end
            return _switched(end)
        return None

    def _asked(self, order: Order) -> Told | DocStationError | None:
        try:
            told = deque(self._desk.change(order), maxlen=1)
        except DocStationError as error:
            return error
        return told[0] if told else None


def _switched(end: Told | None) -> Switched:
    if not isinstance(end, EndTold):
        return Switched.FELL_BACK
    if end.outcome == "busy":
        return Switched.BUSY
    return Switched.DONE if end.outcome == "already" else _ENDS[Outcome(end.outcome)]
