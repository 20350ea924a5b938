"""What the service tells of extractions, as plain frozen values; JSON in, values out."""

from __future__ import annotations

from dataclasses import dataclass

from docstation.document.geometry import Box
from docstation.document.json_reader import FormatError, JsonObject, Reader

Scalar = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Preset:
    """What can be asked for by name; the title in Russian and English."""

    name: str
    aliases: tuple[str, ...]
    title: str
    title_en: str

    @classmethod
    def of(cls, one: Reader) -> Preset:
        """From its JSON."""
        return cls(one.text("name"), tuple(one.texts("aliases")), one.text("title"), one.text("title_en"))


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a value stands.

    Attributes:
        page: number.
        box: around all of it, page points.
        boxes: a box for each of its lines.
        text: as it was read.
        score: how well it matches, 0 to 1.
        block: id of the block.
    """

    page: int
    box: Box
    boxes: tuple[Box, ...]
    text: str
    score: float
    block: str

    @classmethod
    def of(cls, one: Reader) -> Evidence:
        """From its JSON."""
        listed = one.value.get("boxes")
        boxes = tuple(_box(Reader({"box": each}, one.place)) for each in (listed if isinstance(listed, list) else []))
        return cls(one.integer("page"), _box(one), boxes, one.text("text"), one.number("score"), one.text("block"))


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another value that the pages offer."""

    value: Scalar
    printed: str
    evidence: Evidence | None

    @classmethod
    def of(cls, one: Reader) -> Alternative:
        """From its JSON."""
        return cls(_scalar(one), one.text("printed", ""), _evidence(one))


@dataclass(frozen=True, slots=True)
class ExtractedField:
    """One value.

    Attributes:
        path: such as ``items[0].price``.
        title: for people; empty where the schema has none.
        kind: text, number, integer, date, money, bool, inn, kpp, bik, ogrn, account, enum or object.
        value: None where there is none.
        printed: as it stands on the page or was said.
        status: found, unproven (a model said it and the pages do not), missing, needs-model or corrected.
        by: rules, model or person.
        confidence: 0 to 1.
        evidence: where it stands, None where it was found nowhere.
        alternatives: other values that pages offer: a conflict.
        reason: why there is no value, in words; empty where there is one.
    """

    path: str
    title: str
    kind: str
    value: Scalar
    printed: str
    status: str
    by: str
    confidence: float
    evidence: Evidence | None = None
    alternatives: tuple[Alternative, ...] = ()
    reason: str = ""

    @classmethod
    def of(cls, one: Reader) -> ExtractedField:
        """From its JSON."""
        return cls(
            one.text("path"),
            one.text("title", ""),
            one.text("kind"),
            _scalar(one),
            one.text("printed", ""),
            one.text("status"),
            one.text("by"),
            one.number("confidence", 0.0),
            _evidence(one),
            tuple(map(Alternative.of, one.children("alternatives"))),
            one.text("reason", ""),
        )


@dataclass(frozen=True, slots=True)
class ExtractionCheck:
    """One check: its slug, ok, failed, doubtful or not-applicable, the paths that it looked at, and what it says."""

    name: str
    outcome: str
    paths: tuple[str, ...]
    message: str

    @classmethod
    def of(cls, one: Reader) -> ExtractionCheck:
        """From its JSON."""
        return cls(one.text("name"), one.text("outcome"), tuple(one.texts("paths")), one.text("message"))


@dataclass(frozen=True, slots=True)
class Extraction:
    """An extraction from a document.

    Attributes:
        id: of it.
        document: id of the document.
        name: of the document.
        created: when it was asked for.
        changed: when it changed last.
        state: running, done or failed.
        done: pages that are done.
        total: pages to be done, 0 before it is known.
        model: that was asked; empty where rules alone extract.
        title: of what was wanted.
        schema: JSON Schema that the values meet.
        problem: what went wrong, empty otherwise.
        values: by name, as the schema says; empty before the end.
        fields: each value with its evidence.
        checks: of the values.
        missing: paths of required values that are not there.
        unanswered: pages that the model gave no answer for, where rules looked instead.
    """

    id: str
    document: str
    name: str
    created: float
    changed: float
    state: str
    done: int
    total: int
    model: str
    title: str
    schema: JsonObject
    problem: str
    values: JsonObject
    fields: tuple[ExtractedField, ...]
    checks: tuple[ExtractionCheck, ...]
    missing: tuple[str, ...]
    unanswered: tuple[int, ...]

    @property
    def over(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.state != "running"

    @classmethod
    def of(cls, one: Reader) -> Extraction:
        """From its JSON."""
        result = one.child("result") if one.has("result") else Reader({}, one.place)
        return cls(
            one.text("id"),
            one.text("document"),
            one.text("name"),
            one.number("created"),
            one.number("changed"),
            one.text("state"),
            one.integer("done"),
            one.integer("total"),
            one.text("model") if one.has("model") else "",
            one.text("title"),
            one.child("schema").value,
            one.text("problem") if one.has("problem") else "",
            result.child("values").value if result.value else {},
            tuple(map(ExtractedField.of, result.children("fields"))),
            tuple(map(ExtractionCheck.of, result.children("checks"))),
            tuple(result.texts("missing")),
            tuple(int(number) for number in result.numbers("unanswered")),
        )


def _box(one: Reader) -> Box:
    return Box(*one.numbers("box", 4))


def _evidence(one: Reader) -> Evidence | None:
    return Evidence.of(one.child("evidence")) if one.has("evidence") else None


def _scalar(one: Reader) -> Scalar:
    value = one.value.get("value")
    if isinstance(value, list | dict):
        raise FormatError(f"{one.place}.value: a plain value is expected")
    return value
