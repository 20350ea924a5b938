"""The pass with the reserve model: its words and values, and what the runner asks of the station for it; pure.

A job whose pages were all read, and of which the active model failed at some, may hand those to a reserve model: the
station is switched once, they are read anew, the better of both readings is kept, and what served before is switched
back to. Knows nothing of how a station is switched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from docstation.jobs.options import EMBEDDED, ReadOptions
from docstation.messages.marking import N_

MENDABLE = "model-"
"""How the reasons begin that a model gave: another one may do better. Damaged files and lost workers have others."""


class Phase(StrEnum):
    """Where a pass stands; the values are kept.

    HOLDING: no page is begun any more, those under way are waited for. SWITCHING: the reserve is being brought up.
    READING: it reads. RETURNING: what served before is being brought back.
    """

    HOLDING = "holding"
    SWITCHING = "switching"
    READING = "reading"
    RETURNING = "returning"


class Said(StrEnum):
    """What news of a pass tell; beside these, the code of the error that refused the switch.

    WAITS: some pages wait for the reserve. READS: it reads them. READ: it has. The others say why it did not, or not
    to the end, and the pages are as they were: it served anyway (ACTIVE); nothing served before (NOT_SERVING); there is
    no station (NO_STATION); somebody has switched to another model (TAKEN); the job was paused or cancelled; the switch
    was refused, or came to nothing; the reserve stopped serving (AWAY).
    """

    WAITS = "waits"
    READS = "reads"
    READ = "read"
    ACTIVE = "active"
    NOT_SERVING = "not-serving"
    NO_STATION = "no-station"
    TAKEN = "taken"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    REFUSED = "switch-refused"
    ROLLED_BACK = "switch-rolled-back"
    FELL_BACK = "switch-fell-back"
    AWAY = "away"


_WORDS = {
    Said.WAITS: N_("some pages wait for the reserve model"),
    Said.READS: N_("the reserve model reads what the active one did not"),
    Said.READ: N_("the reserve model has read what the active one did not"),
    Said.ACTIVE: N_("the reserve model was not asked: it is the active one"),
    Said.NOT_SERVING: N_("the reserve model was not asked: no model serves"),
    Said.NO_STATION: N_("the reserve model was not asked: pages are read at another address"),
    Said.TAKEN: N_("the reserve model was given up: somebody has switched to another model"),
    Said.PAUSED: N_("the reserve model was given up: the reading was paused"),
    Said.CANCELLED: N_("the reserve model was given up: the reading was cancelled"),
    Said.REFUSED: N_("the reserve model was not asked: the switch was refused"),
    Said.ROLLED_BACK: N_("the reserve model did not come up, and the active one is back"),
    Said.FELL_BACK: N_("the reserve model did not come up"),
    Said.AWAY: N_("the reserve model was given up: it stopped serving"),
}
_REFUSED = N_("the reserve model was not asked: {code}")


def sentence(code: str) -> tuple[str, dict[str, str]]:
    """What the code of such news says to people: a message and its fields."""
    return (_WORDS[Said(code)], {}) if code in set(Said) else (_REFUSED, {"code": code})


@dataclass(frozen=True, slots=True)
class ReservePass:
    """The pass that is under way.

    Attributes:
        model: the reserve, as jobs ask for it.
        names: of the reserve: its catalogue entry first, then all others that it may be asked for by.
        before: catalogue entries that served before, and that are switched back to; empty before the switch.
        phase: see `Phase`.
    """

    model: str
    names: tuple[str, ...]
    before: tuple[str, ...]
    phase: Phase

    @property
    def entry(self) -> str:
        """The reserve's catalogue entry."""
        return self.names[0]

    def is_of(self, options: ReadOptions) -> bool:
        """Whether a job that is read so waits for this reserve."""
        return options.reserve == self.model or options.reserve in self.names

    def leaves(self, options: ReadOptions) -> bool:
        """Whether pages that are read so may go on meanwhile: no model reads them, or the reserve by its name."""
        return options.engine == EMBEDDED or options.engine in self.names


@dataclass(frozen=True, slots=True)
class Standing:
    """What a station is about, by catalogue entries.

    Attributes:
        serving: what answers now.
        wanted: what is to serve; while it changes, what it changes to.
        changing: whether a switch is under way.
    """

    serving: tuple[str, ...]
    wanted: tuple[str, ...]
    changing: bool = False


class Switched(StrEnum):
    """How a switch ended; BUSY: it was not begun, for another is under way."""

    DONE = "done"
    BUSY = "busy"
    REFUSED = "refused"
    ROLLED_BACK = "rolled-back"
    FELL_BACK = "fell-back"


class ModelSwitch(Protocol):
    """The station, as far as a pass needs it."""

    def names(self, model: str) -> tuple[str, ...]:
        """All names of what a switch to `model` would bring: its catalogue entry first.

        Raises:
            DocStationError: there is no such model, or it does not fit.
        """

    def standing(self) -> Standing:
        """What the station is about now; at once."""

    def to(self, models: Sequence[str], stopping: Callable[[], bool]) -> Switched | None:
        """Switch to these as any user does, and wait for the end; None once `stopping` is true, the switch goes on.

        Raises:
            DocStationError: it is refused before anything is touched.
        """
