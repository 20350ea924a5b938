"""What the service tells of its station, as plain frozen values; JSON in, values out.

Words such as modes are kept as text: a client is not to fail because a newer service knows one more. Times are
seconds of the epoch, sizes bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from docstation.client.document_records import optional
from docstation.client.model_records import word
from docstation.document.json_reader import JsonObject, Reader

AT_REST = frozenset({"idle", "ready", "waiting"})
"""What the station is about while no change is under way."""


@dataclass(frozen=True, slots=True)
class Health:
    """How the active model is.

    Attributes:
        status: ``ok``, ``embedded`` (no model serves, pages are read all the same), ``switching`` or ``unwell``.
        model: the active model's id, empty for none.
        answered: when it last answered well, None for never.
        reason: sentence where it is not ok.
    """

    status: str
    model: str = ""
    answered: float | None = None
    reason: str = ""

    @classmethod
    def of(cls, one: Reader) -> Health:
        """From its JSON."""
        return cls(one.text("status"), word(one, "model"), optional(one, "answered"), word(one, "reason"))


@dataclass(frozen=True, slots=True)
class Serving:
    """A model that serves.

    Attributes:
        model: name of its catalogue entry.
        id: what requests name.
        context: tokens of prompt and answer together.
        driver: what runs it.
        answers: whether it answered just now.
        planned_bytes: GPU memory by the plan.
        measured_bytes: GPU memory by measurement, None where there is none.
        checkpoint: where its weights are from.
    """

    model: str
    id: str
    context: int
    driver: str
    answers: bool
    planned_bytes: int
    measured_bytes: int | None
    checkpoint: str

    @classmethod
    def of(cls, one: Reader) -> Serving:
        """From its JSON."""
        return cls(
            one.text("model"),
            one.text("id"),
            one.integer("context", 0),
            one.text("driver", ""),
            one.flag("answers"),
            one.integer("planned_bytes", 0),
            one.integer("measured_bytes") if one.has("measured_bytes") else None,
            word(one, "checkpoint"),
        )


@dataclass(frozen=True, slots=True)
class Phase:
    """A step of a change that is over, and the seconds that it took."""

    step: str
    seconds: float

    @classmethod
    def of(cls, one: Reader) -> Phase:
        """From its JSON."""
        return cls(one.text("step"), one.number("seconds"))


@dataclass(frozen=True, slots=True)
class Transaction:
    """A change under way.

    Attributes:
        id: of the change.
        kind: ``switch``, ``restart``, ``shrink`` or ``stop``.
        wanted: models that are to serve.
        step: under way, such as ``load``.
        began: when.
        seconds: since then.
        step_seconds: since the step began.
        phases: steps that are over, in their order.
    """

    id: str
    kind: str
    wanted: tuple[str, ...]
    step: str
    began: float
    seconds: float = 0.0
    step_seconds: float = 0.0
    phases: tuple[Phase, ...] = ()

    @classmethod
    def of(cls, one: Reader) -> Transaction:
        """From its JSON."""
        wanted = tuple(one.texts("wanted"))
        return cls(
            one.text("id"),
            one.text("kind"),
            wanted,
            one.text("step"),
            one.number("began"),
            one.number("seconds", 0.0),
            one.number("step_seconds", 0.0),
            tuple(map(Phase.of, one.children("phases"))),
        )


@dataclass(frozen=True, slots=True)
class Gpu:
    """The card.

    Attributes:
        name: empty where there is none.
        used_bytes: of its memory, by everybody.
        free_bytes: of its memory.
        absent: why there is none, empty where there is one.
        total_bytes: that programs may have of it.
        load: per cent of time in which it works, None where that is not known.
        temperature: degrees Celsius, None where it is not known.
    """

    name: str = ""
    used_bytes: int = 0
    free_bytes: int = 0
    absent: str = ""
    total_bytes: int = 0
    load: int | None = None
    temperature: int | None = None

    @classmethod
    def of(cls, one: Reader) -> Gpu:
        """From its JSON."""
        return cls(
            one.text("name", ""),
            one.integer("used_bytes", 0),
            one.integer("free_bytes", 0),
            one.text("absent", ""),
            one.integer("total_bytes", 0),
            one.integer("load") if one.has("load") else None,
            one.integer("temperature") if one.has("temperature") else None,
        )


@dataclass(frozen=True, slots=True)
class GpuPoint:
    """The card at one moment.

    Attributes:
        at: when.
        used_bytes: of its memory, by everybody.
        load: per cent of time in which it worked, None where that is not known.
    """

    at: float
    used_bytes: int
    load: int | None = None

    @classmethod
    def of(cls, one: Reader) -> GpuPoint:
        """From its JSON."""
        return cls(one.number("at"), one.integer("used_bytes"), one.integer("load") if one.has("load") else None)


@dataclass(frozen=True, slots=True)
class GpuHistory:
    """The card in the last hour.

    Attributes:
        every: seconds between two points.
        budget_bytes: GPU memory that all models may take.
        points: the oldest first; none where there is no card.
    """

    every: float
    budget_bytes: int
    points: tuple[GpuPoint, ...]

    @classmethod
    def of(cls, one: Reader) -> GpuHistory:
        """From its JSON."""
        points = tuple(map(GpuPoint.of, one.children("points")))
        return cls(one.number("every"), one.integer("budget_bytes", 0), points)


@dataclass(frozen=True, slots=True)
class StationStatus:
    """What the station is doing.

    Attributes:
        mode: ``idle`` (the embedded engine reads), ``switching``, ``ready`` or ``waiting`` (tried again later).
        engine: ``vllm`` or ``embedded``.
        serving: the first is the active model.
        since: when what serves last changed.
        wanted: models that should serve.
        failures: of what is wanted, in a row.
        cause: slug of why it is not as wanted, empty where it is.
        detail: the cause's own words.
        transaction: the change under way.
        last_known_good: models that served well last.
        budget_bytes: GPU memory that all may take.
        gpu: the card.
    """

    mode: str
    engine: str
    serving: tuple[Serving, ...]
    since: float
    wanted: tuple[str, ...]
    failures: int
    cause: str
    detail: str
    transaction: Transaction | None
    last_known_good: tuple[str, ...]
    budget_bytes: int
    gpu: Gpu

    @classmethod
    def of(cls, one: Reader) -> StationStatus:
        """From its JSON."""
        return cls(
            mode=one.text("mode"),
            engine=one.text("engine"),
            serving=tuple(Serving.of(each) for each in one.children("serving")),
            since=one.number("since", 0.0),
            wanted=tuple(one.texts("wanted")),
            failures=one.integer("failures", 0),
            cause=word(one, "cause"),
            detail=word(one, "detail"),
            transaction=Transaction.of(one.child("transaction")) if one.has("transaction") else None,
            last_known_good=tuple(one.texts("last_known_good")),
            budget_bytes=one.integer("budget_bytes", 0),
            gpu=Gpu.of(one.child("gpu")),
        )


@dataclass(frozen=True, slots=True)
class Change:
    """A change that was asked for.

    Attributes:
        transaction: its id, empty where nothing had to be changed.
        outcome: ``begun`` or ``already``.
        after: number of the newest event of the station before it.
    """

    transaction: str
    outcome: str
    after: int = 0

    @classmethod
    def of(cls, one: Reader) -> Change:
        """From its JSON."""
        return cls(one.text("transaction"), one.text("outcome"))


@dataclass(frozen=True, slots=True)
class StationEvent:
    """A record of the station's journal.

    Attributes:
        number: ascending; `station_events` goes on after it.
        at: when.
        kind: ``checkpoint``, ``event`` or ``note``.
        transaction: id of the change that it belongs to, empty for none.
        before: mode, or step under way, before it.
        after: the same after it.
        seconds: spent in `before`.
        body: the event or the note itself, for programs.
    """

    number: int
    at: float
    kind: str
    transaction: str = ""
    before: str = ""
    after: str = ""
    seconds: float = 0.0
    body: JsonObject = field(default_factory=dict)

    def ends(self, change: Change) -> bool:
        """Whether that change is over with this event."""
        return self.kind == "event" and self.transaction == change.transaction and self.after in AT_REST

    @classmethod
    def of(cls, one: Reader) -> StationEvent:
        """From its JSON."""
        return cls(
            one.integer("number"),
            one.number("at"),
            one.text("kind"),
            one.text("transaction", ""),
            one.text("before", ""),
            one.text("after", ""),
            one.number("seconds", 0.0),
            one.child("body").value if one.has("body") else {},
        )
