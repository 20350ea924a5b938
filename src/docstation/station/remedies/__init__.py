"""What is said about each cause and what to do about it, for a person with a server at home.

Sentences are message ids; doors translate them. The most telling words whose fields are known are chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from docstation.station.causes import Cause
from docstation.station.diagnosis import fields_of
from docstation.station.remedies.before import BEFORE
from docstation.station.remedies.running import RUNNING
from docstation.station.remedies.starting import STARTING
from docstation.station.remedies.words import Words

__all__ = ["WORDS", "Advice", "Words", "advise"]

WORDS: Mapping[Cause, tuple[Words, ...]] = BEFORE | STARTING | RUNNING
"""For each cause its words, the most telling first; the last need no field."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What to say about a failure.

    Attributes:
        sentence: message id, what happened.
        remedy: message id, what to do.
        fields: values for both.
    """

    sentence: str
    remedy: str
    fields: Mapping[str, str]


def advise(cause: Cause, detail: str = "", **known: str) -> Advice:
    """The words for a cause.

    Args:
        cause: of a fault or a diagnosis.
        detail: its own words, which hold figures and names.
        **known: further fields, such as model, port, image, endpoint and what a diagnosis found; empty ones count as
            unknown. They win over those read from the detail.
    """
    fields = {"model": "MODEL"} | fields_of(cause, detail) | {name: value for name, value in known.items() if value}
    chosen = next(words for words in WORDS[cause] if all(need in fields for need in words.needs))
    return Advice(chosen.sentence, chosen.remedy, fields)
