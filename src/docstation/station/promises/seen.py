"""What was looked at for the report of promises, as data; made by `docstation.bootstrap.promises`, judged in this room.

Raw figures only. What could not be looked at says why (`Said`) and never stands in for a figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from docstation.models.plan import MemoryPlan
from docstation.station.deployment import Deployment, DriverKind
from docstation.station.gpu import GpuReading, NoReading
from docstation.station.host import Host
from docstation.station.lock import Holder
from docstation.station.probes import ServedModel
from docstation.station.promises.past import Change
from docstation.station.words import State

EngineState = Literal["answers", "unsupported", "absent", "down", "denied"]
"""``absent``: none is installed; ``down`` and ``denied``: one is, and it does not answer, or not to us."""


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence: message id, and values of its named fields."""

    message: str
    fields: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, message: str, **fields: object) -> Said:
        """The sentence with its fields."""
        return cls(message, tuple((name, str(value)) for name, value in fields.items()))


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something could not be looked at, or is not as it should be.

    Attributes:
        said: for the person.
        remedy: what to do; its message is empty where nothing is known to help.
        words: in which the other side refused, raw; empty where there are none.
    """

    said: Said
    remedy: Said = Said("")
    words: str = ""


@dataclass(frozen=True, slots=True)
class CanarySeen:
    """What came of having the canary page read.

    Attributes:
        seconds: from the question to the end of the answer, or to giving up.
        share: of the page's words that were in the answer; None where it was not accepted.
        trouble: why it was not accepted, None where it was.
    """

    seconds: float
    share: float | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back of one request.

    Attributes:
        status: of HTTP, 0 where no answer came.
        words: why none came, or those of a refusal, raw; empty for 200.
    """

    status: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True)
class ServerAsked:
    """One model server that should serve, and what it answered.

    Attributes:
        deployment: as the journal has it.
        health: of ``/health``, which a remote server is not asked for.
        models: of ``/v1/models``.
        shown: entries of ``/v1/models``.
        canary: what came of the canary page, None where it was not sent.
        trouble: why it was not asked at all.
    """

    deployment: Deployment
    health: Reply = Reply()
    models: Reply = Reply()
    shown: tuple[ServedModel, ...] = ()
    canary: CanarySeen | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class ServerListed:
    """One server of ours as the system lists it.

    Attributes:
        kind: ``container`` or ``process``.
        name: of the container or process.
        model: name of the catalogue's entry, by its label or record.
        spec: see `Deployment.spec`.
        running: whether it runs.
        status: in the engine's words or as an exit code, raw.
    """

    kind: DriverKind
    name: str
    model: str
    spec: str
    running: bool
    status: str = ""


@dataclass(frozen=True, slots=True)
class EngineSeen:
    """The container engine.

    Attributes:
        state: see `EngineState`.
        address: where it was looked for.
        version: such as ``Docker 28.5.2 (API 1.51)``; empty where it did not answer.
        trouble: why it is of no use; None where it is.
        gpu_trouble: why it cannot give a GPU to a container; None where it can, or was not asked.
    """

    state: EngineState
    address: str = ""
    version: str = ""
    trouble: Trouble | None = None
    gpu_trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """All servers of ours that can be found.

    Attributes:
        engine: that was asked for containers.
        label: that our containers carry.
        records: folder of the records of server processes.
        servers: found, running or ended.
        strangers: names of containers that another state folder started.
    """

    engine: EngineSeen
    label: str = ""
    records: str = ""
    servers: tuple[ServerListed, ...] = ()
    strangers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CardSeen:
    """The card, and what is to be on it.

    Attributes:
        reading: of the card, with our processes named where they are known.
        cuda_bytes: what CUDA offers of it, 0 where it was not read.
        budget_bytes: of all our models together.
        measured: bytes that were noted after the start, by spec, and whether they were ``ours`` or the whole ``card``.
    """

    reading: GpuReading | NoReading
    cuda_bytes: int
    budget_bytes: int
    measured: Mapping[str, tuple[int, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OwnerSeen:
    """Who owns the station.

    Attributes:
        holder: of the lock, None where nobody holds it.
        listens: whether a manager answers on the control socket; the same process watches.
        socket: where it was looked for.
    """

    holder: Holder | None
    listens: bool
    socket: str = ""


@dataclass(frozen=True, slots=True)
class PlansSeen:
    """The memory plans of the default and the reserve model.

    Attributes:
        names: of both, as they were asked for.
        card: that they are planned for.
        reference: whether no card was read and this is only the one that plans are made for.
        on_card: whether vLLM computes on a card at all.
        alone: the plan of each.
        together: their plans for one card at once.
        trouble: why there are none.
    """

    names: tuple[str, ...]
    card: str = ""
    reference: bool = False
    on_card: bool = True
    alone: tuple[MemoryPlan, ...] = ()
    together: tuple[MemoryPlan, ...] = ()
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class BundleSeen:
    """What one model needs to start without a network.

    Attributes:
        deployment: of the model; a recorded digest of its image is in it.
        role: ``active``, ``last-known-good`` or ``default``.
        weights: folder of the weights, empty where they are not whole on this machine.
        own_folder: whether the checkpoint is a folder of the user's, which needs no pin.
        weights_trouble: what is missing of them.
        image: reference by which the engine has it, empty where it has not, or none is needed.
        image_trouble: why not.
    """

    deployment: Deployment
    role: str
    weights: str = ""
    own_folder: bool = False
    weights_trouble: Trouble | None = None
    image: str = ""
    image_trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class EmbeddedSeen:
    """What came of having the canary page read by the embedded engine.

    Attributes:
        seconds: from the call to the document, workers started anew.
        share: of the page's words that were in it, None where there was no document.
        trouble: why there was none.
    """

    seconds: float
    share: float | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class Observations:
    """All that was looked at.

    Attributes:
        at: POSIX seconds at which the looking began.
        folder: of the station's state.
        kind: what starts vLLM here; embedded where nothing does.
        contained: whether the settings let servers run in containers.
        state: of the station, by its journal.
        asked: servers that should serve.
        canary: whether a request was to be sent.
        listed: servers that were found.
        card: the card.
        change: the last change of what serves, None where the journal has none.
        drain_seconds: that requests under way are given, by the settings.
        stable_seconds: that a model must serve to become the last known good, by the settings.
        owner: of the station.
        plans: of both models.
        bundles: of the active model, the last known good and the default model.
        bundles_trouble: why there are none.
        embedded: the embedded engine.
        host: the machine.
    """

    at: float
    folder: str
    kind: DriverKind
    contained: bool
    state: State
    asked: tuple[ServerAsked, ...]
    canary: bool
    listed: Listed
    card: CardSeen
    change: Change | None
    drain_seconds: float
    stable_seconds: float
    owner: OwnerSeen
    plans: PlansSeen
    bundles: tuple[BundleSeen, ...]
    bundles_trouble: Trouble | None
    embedded: EmbeddedSeen
    host: Host
