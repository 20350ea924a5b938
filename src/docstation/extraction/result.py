"""What extraction yields: values with evidence, checks and confidence, and their JSON forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from docstation.extraction.candidates import Path
from docstation.extraction.evidence import Evidence
from docstation.extraction.printed import Scalar
from docstation.extraction.schema import Field, Kind, Schema

Json = None | bool | int | float | str | list[Any] | dict[str, Any]
Say = Callable[..., str]
"""Turns a message id and its fields into words of the reader's language."""


By = Literal["rules", "model", "person"]
"""Who found a value, or looked for it in vain."""


class Status(StrEnum):
    """How a value stands: found on the page, said by a model but found nowhere, not there, for a model to read, or
    corrected by a person.
    """

    FOUND = "found"
    UNPROVEN = "unproven"
    MISSING = "missing"
    NEEDS_MODEL = "needs-model"
    CORRECTED = "corrected"


class Outcome(StrEnum):
    """How a check ended. DOUBTFUL: unusual, but there are papers on which it is right."""

    OK = "ok"
    FAILED = "failed"
    DOUBTFUL = "doubtful"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class Check:
    """One check of one or several values.

    Attributes:
        name: a stable slug, such as ``inn`` or ``rows-total``.
        outcome: how it ended.
        paths: of the values that it looked at.
        sentence: message id of what was found.
        fields: its named fields.
    """

    name: str
    outcome: Outcome
    paths: tuple[Path, ...]
    sentence: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another value that the pages offer for the same field."""

    value: Scalar
    printed: str
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value.

    Attributes:
        path: where it belongs, such as ("items", 0, "price").
        field: what it is.
        value: as it is given back, None where there is none.
        printed: as it stands on the page, or as a model said it.
        status: how it stands.
        evidence: where it stands.
        confidence: 0 to 1.
        alternatives: other values that pages offer: a conflict.
        reason: message id that says why there is no value; empty where there is one.
        by: who found it.
    """

    path: Path
    field: Field
    value: Scalar
    printed: str
    status: Status
    evidence: Evidence | None = None
    confidence: float = 0.0
    alternatives: tuple[Alternative, ...] = ()
    reason: str = ""
    by: By = "rules"


@dataclass(frozen=True, slots=True)
class Extraction:
    """The values of one document.

    Attributes:
        source: name of the file.
        schema: what was asked for.
        leaves: a leaf for each single value, then those of lists row by row; also those without a value.
        checks: all that apply.
        pages: how many pages were looked at.
        model: id of the model that was asked; empty where rules alone looked.
        unanswered: pages that the model gave no answer for, where rules looked instead.
    """

    source: str
    schema: Schema
    leaves: tuple[Leaf, ...]
    checks: tuple[Check, ...] = ()
    pages: int = 0
    model: str = ""
    unanswered: tuple[int, ...] = ()

    @property
    def values(self) -> dict[str, Json]:
        """The values by name, valid against `docstation.extraction.json_schema.to_json_schema` of the schema."""
        found = {leaf.path: leaf.value for leaf in self.leaves}
        return _object(self.schema.fields, (), found)

    @property
    def missing(self) -> tuple[Leaf, ...]:
        """Required values that are not there; a required list without a row is one."""
        return tuple(leaf for leaf in self.leaves if leaf.field.required and leaf.value is None and leaf.reason)

    @property
    def conflicts(self) -> tuple[Leaf, ...]:
        """Values for which the pages offer others."""
        return tuple(leaf for leaf in self.leaves if leaf.alternatives)

    @property
    def failed(self) -> tuple[Check, ...]:
        """Checks that failed or leave a doubt, the failed ones first."""
        bad = [check for check in self.checks if check.outcome in (Outcome.FAILED, Outcome.DOUBTFUL)]
        return tuple(sorted(bad, key=lambda check: check.outcome is Outcome.DOUBTFUL))

    def as_json(self, say: Say) -> dict[str, Json]:
        """Everything, in plain values; sentences by `say`, which takes a message id and its fields."""
        return {
            "source": self.source,
            "schema": self.schema.name,
            "pages": self.pages,
            "model": self.model or None,
            "unanswered": [*self.unanswered],
            "values": self.values,
            "fields": [_leaf_json(leaf, say) for leaf in self.leaves],
            "checks": [_check_json(check, say) for check in self.checks],
            "missing": [dotted(leaf.path) for leaf in self.missing],
        }


def _object(fields: Sequence[Field], above: Path, found: Mapping[Path, Scalar]) -> dict[str, Json]:
    return {field.name: _value(field, (*above, field.name), found) for field in fields}


def _value(field: Field, path: Path, found: Mapping[Path, Scalar]) -> Json:
    if field.many:
        rows = sorted({key[len(path)] for key in found if len(key) > len(path) and key[: len(path)] == path}, key=int)
        return [_single(field, (*path, row), found) for row in rows]
    return _single(field, path, found)


def _single(field: Field, path: Path, found: Mapping[Path, Scalar]) -> Json:
    return _object(field.fields, path, found) if field.kind is Kind.OBJECT else found.get(path)


def dotted(path: Path) -> str:
    """A path as people write it: ``items[0].price``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _leaf_json(leaf: Leaf, say: Say) -> dict[str, Json]:
    made: dict[str, Json] = {
        "path": dotted(leaf.path),
        "title": leaf.field.title,
        "kind": leaf.field.kind.value,
        "value": leaf.value,
        "printed": leaf.printed,
        "status": leaf.status.value,
        "by": leaf.by,
        "confidence": round(leaf.confidence, 3),
        "evidence": _evidence_json(leaf.evidence),
    }
    if leaf.alternatives:
        made["alternatives"] = [
            {"value": one.value, "printed": one.printed, "evidence": _evidence_json(one.evidence)}
            for one in leaf.alternatives
        ]
    return made | ({"reason": say(leaf.reason)} if leaf.reason else {})


def _evidence_json(evidence: Evidence | None) -> Json:
    if evidence is None:
        return None
    boxes = [box.rounded() for box in (evidence.box, *evidence.boxes)]
    listed: list[Json] = [[box.x0, box.y0, box.x1, box.y1] for box in boxes]
    return {
        "page": evidence.page,
        "box": listed[0],
        "boxes": listed[1:],
        "text": evidence.text,
        "score": round(evidence.score, 3),
        "block": evidence.block,
    }


def _check_json(check: Check, say: Say) -> dict[str, Json]:
    return {
        "name": check.name,
        "outcome": check.outcome.value,
        "paths": [dotted(path) for path in check.paths],
        "message": say(check.sentence, **dict(check.fields)),
    }
