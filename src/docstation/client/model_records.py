"""What the service tells of models: those that could serve, what they need, what requests may name.

Plain frozen values; JSON in, values out. Sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from docstation.document.json_reader import Reader

EMBEDDED = "embedded"
"""The built-in engine, as a model."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model of ``/v1/models``.

    Attributes:
        id: what requests name.
        entry: its name in the catalogue, ``embedded`` for the built-in engine.
        active: whether it answers now.
        context: tokens of prompt and answer together, 0 where it is not known.
        aliases: other names of it.
        chat: whether it answers chats; the embedded engine does not.
    """

    id: str
    entry: str
    active: bool
    context: int = 0
    aliases: tuple[str, ...] = ()
    chat: bool = True

    @classmethod
    def of(cls, one: Reader) -> Model:
        """From its JSON."""
        return cls(
            one.text("id"),
            one.text("entry", ""),
            one.flag("active"),
            one.integer("max_model_len") if one.has("max_model_len") else 0,
            tuple(one.texts("aliases")),
            one.value.get("chat") is not False and one.value.get("entry") != EMBEDDED,
        )


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A model that could serve.

    Attributes:
        name: what people type.
        title: what people read, empty for none.
        engine: ``vllm``, ``remote`` or ``embedded``.
        checkpoint: where its weights are from, empty for the embedded engine.
        id: what requests name.
        context: tokens of prompt and answer together, 0 for the embedded engine.
        max_sequences: requests answered at once.
        quantisation: how its weights are stored.
        licence: of its weights, empty where it is not known.
    """

    name: str
    title: str
    engine: str
    checkpoint: str
    id: str
    context: int
    max_sequences: int
    quantisation: str
    licence: str = ""

    @classmethod
    def of(cls, one: Reader) -> CatalogueEntry:
        """From its JSON."""
        return cls(
            one.text("name"),
            one.text("title", ""),
            one.text("engine", ""),
            one.text("checkpoint", ""),
            one.text("id", ""),
            one.integer("context", 0),
            one.integer("max_sequences", 0),
            one.text("quantisation", ""),
            one.text("licence", ""),
        )


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What could serve.

    Attributes:
        default: what serves when nothing else was chosen.
        models: names of the entries.
        aliases: other names that may be asked for.
        entries: what is known of each.
    """

    default: str
    models: tuple[str, ...]
    aliases: tuple[str, ...]
    entries: tuple[CatalogueEntry, ...] = ()

    @classmethod
    def of(cls, one: Reader) -> Catalogue:
        """From its JSON."""
        entries = tuple(map(CatalogueEntry.of, one.children("entries")))
        return cls(word(one, "default"), tuple(one.texts("models")), tuple(one.texts("aliases")), entries)


@dataclass(frozen=True, slots=True)
class PlanChange:
    """What has to be otherwise than the catalogue says, so that a model fits."""

    key: str
    before: str
    after: str

    @classmethod
    def of(cls, one: Reader) -> PlanChange:
        """From its JSON."""
        return cls(one.text("key"), str(one.value.get("before")), str(one.value.get("after")))


@dataclass(frozen=True, slots=True)
class Plan:
    """The memory plan of a model.

    Attributes:
        model: name of its catalogue entry.
        verdict: a word; see `docstation plan`.
        total_bytes: that it needs.
        budget_bytes: that it may take.
        utilisation: share of the card that vLLM is told to take.
        kv_tokens: tokens that fit in its cache.
        bill: bytes of each item.
        reason: sentence where it does not fit.
        changes: what has to be otherwise so that it fits, the cheapest first.
    """

    model: str
    verdict: str
    total_bytes: int
    budget_bytes: int
    utilisation: float
    kv_tokens: int
    bill: Mapping[str, int]
    reason: str
    changes: tuple[PlanChange, ...] = ()

    @classmethod
    def of(cls, one: Reader) -> Plan:
        """From its JSON."""
        return cls(
            one.text("model"),
            one.text("verdict"),
            one.integer("total_bytes", 0),
            one.integer("budget_bytes", 0),
            one.number("utilisation", 0.0),
            one.integer("kv_tokens", 0),
            {line.text("item"): int(line.number("bytes")) for line in one.children("bill")},
            word(one, "reason"),
            tuple(map(PlanChange.of, one.children("changes"))),
        )


def word(one: Reader, key: str) -> str:
    """A text, empty where there is none."""
    return one.text(key) if one.has(key) else ""
