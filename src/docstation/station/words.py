"""The machine's vocabulary: the state of the station, what can happen to it, and what it wants done. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from docstation.station.causes import Cause
from docstation.station.deployment import NOTHING, Deployment, Lineup


class Mode(StrEnum):
    """What the station is about."""

    IDLE = "idle"
    """Nothing serves and nothing is wanted; the embedded engine reads."""
    SWITCHING = "switching"
    READY = "ready"
    WAITING = "waiting"
    """What is wanted failed and is tried again later; the embedded engine reads meanwhile."""


class Step(StrEnum):
    """Steps of a transaction, in their order. What stands before `STOP` touches nothing that serves."""

    PREPARE = "prepare"
    DRAIN = "drain"
    STOP = "stop"
    RECLAIM = "reclaim"
    START = "start"
    LOAD = "load"
    PROBE = "probe"
    CANARY = "canary"


HARMLESS = frozenset({Step.PREPARE, Step.DRAIN})


class Kind(StrEnum):
    """What a transaction is for."""

    SWITCH = "switch"
    RESTART = "restart"
    SHRINK = "shrink"
    STOP = "stop"


class Outcome(StrEnum):
    """How a transaction ended."""

    DONE = "done"
    REFUSED = "refused"
    """Failed before anything was touched; what served went on serving."""
    ROLLED_BACK = "rolled-back"
    """Failed, and what served before (or the last known good) serves again."""
    FELL_BACK = "fell-back"
    """Failed, and only the embedded engine serves."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One change of what serves.

    Attributes:
        id: of its records in the journal and of its containers' labels.
        kind: what it is for.
        wanted: what was asked for.
        origin: what served when it began.
        step: that is under way.
        began: POSIX seconds.
        back: what is being brought back; None while it goes forward.
        stopping: still to be stopped, the one under way first.
        starting: still to be started, the one under way first.
        tried: lineups that failed in it.
        cause: why going forward failed.
        detail: the cause's own words.
        cancelled: whether it was asked to give up.
    """

    id: str
    kind: Kind
    wanted: Lineup
    origin: Lineup
    step: Step
    began: float
    back: Lineup | None = None
    stopping: tuple[Deployment, ...] = ()
    starting: tuple[Deployment, ...] = ()
    tried: tuple[Lineup, ...] = ()
    cause: Cause | None = None
    detail: str = ""
    cancelled: bool = False

    @property
    def target(self) -> Lineup:
        """What will serve when it succeeds from here."""
        return self.wanted if self.back is None else self.back


@dataclass(frozen=True, slots=True)
class State:
    """The whole station at one moment.

    Attributes:
        mode: what it is about.
        serving: what answers requests now; nothing means the embedded engine.
        wanted: what should serve; it is what a retry starts.
        present: every server that may hold memory: its start was begun and its end not seen.
        ill: names of present ones that crashed, hung or outgrew their budget.
        transaction: under way.
        last_known_good: the newest lineup that passed its canary and stayed stable.
        failures: of what is wanted, in a row.
        since: POSIX seconds at which `serving` last changed.
        cause: why it waits or is idle; None where all is as wanted.
        detail: the cause's own words.
        lost: what served until its engine was away; it is taken over where it went on without that.
    """

    mode: Mode = Mode.IDLE
    serving: Lineup = NOTHING
    wanted: Lineup = NOTHING
    present: tuple[Deployment, ...] = ()
    ill: tuple[str, ...] = ()
    transaction: Transaction | None = None
    last_known_good: Lineup = NOTHING
    failures: int = 0
    since: float = 0.0
    cause: Cause | None = None
    detail: str = ""
    lost: Lineup = NOTHING


@dataclass(frozen=True, slots=True)
class Requested:
    """Somebody, or the watch, asks for a change. A stop asks for nothing to serve."""

    at: float
    id: str
    kind: Kind
    lineup: Lineup


@dataclass(frozen=True, slots=True)
class StepDone:
    """The step under way succeeded."""

    at: float
    id: str
    step: Step


@dataclass(frozen=True, slots=True)
class StepFailed:
    """The step under way failed."""

    at: float
    id: str
    step: Step
    cause: Cause
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """Whoever asked for the change wants it no more."""

    at: float
    id: str


@dataclass(frozen=True, slots=True)
class FellIll:
    """A serving model crashed, hung or outgrew the budget."""

    at: float
    model: str
    cause: Cause
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """What serves since then has done so without failure for the stable time."""

    at: float
    since: float


@dataclass(frozen=True, slots=True)
class RetryDue:
    """The wait for the next try is over; `id` is the transaction's that it begins."""

    at: float
    id: str


@dataclass(frozen=True, slots=True)
class Recovered:
    """A manager took the station over and looked at what runs: `alive` are the specs of our running servers."""

    at: float
    alive: tuple[str, ...]


Event = Requested | StepDone | StepFailed | CancelRequested | FellIll | Settled | RetryDue | Recovered


@dataclass(frozen=True, slots=True)
class Perform:
    """Do one step; its outcome comes back as `StepDone` or `StepFailed`. Every step may be repeated.

    Attributes:
        id: of the transaction.
        step: what to do.
        members: with whom: all of them for prepare, drain and reclaim, one for the others.
        replacing: names of the instances that will be gone before the start (prepare only).
    """

    id: str
    step: Step
    members: tuple[Deployment, ...]
    replacing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Abort:
    """Make the step under way give up; it then fails with CANCELLED."""

    id: str


@dataclass(frozen=True, slots=True)
class Serve:
    """Let requests through to this lineup; to nothing means to the embedded engine."""

    lineup: Lineup


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep new requests waiting: what serves is about to change."""


@dataclass(frozen=True, slots=True)
class WaitToSettle:
    """Say `Settled` after the stable time, unless the lineup changes before."""


@dataclass(frozen=True, slots=True)
class WaitToRetry:
    """Say `RetryDue` after so many seconds, unless something else begins before."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Ended:
    """A transaction is over."""

    transaction: Transaction
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Declined:
    """A request was not begun: another is under way, or it is fulfilled already (``busy`` tells which)."""

    id: str
    busy: bool


Effect = Perform | Abort | Serve | Hold | WaitToSettle | WaitToRetry | Ended | Declined
