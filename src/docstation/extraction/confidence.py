"""How far a value can be trusted: by its match on the page, the reading of its words, its checks and other pages."""

from __future__ import annotations

from collections.abc import Iterable

from docstation.extraction.evidence import Evidence
from docstation.extraction.result import Check, Outcome

UNPROVEN = 0.3
"""Of a value that a model said and that was found nowhere."""
_FACTORS = {Outcome.FAILED: 0.4, Outcome.DOUBTFUL: 0.7}
_CONFLICT = 0.6
_GUESSED = 0.6
_OPEN = 0.9
"""Of a value that nothing speaks against and no check confirms."""


def confidence(
    evidence: Evidence | None, checks: Iterable[Check], *, conflict: bool = False, guessed: bool = False
) -> float:
    """0 to 1: the match's score times the reading's confidence, raised by checks that hold, lowered by others.

    Args:
        evidence: where the value stands.
        checks: those that looked at it.
        conflict: whether pages offer other values.
        guessed: whether no label says that it is the one.
    """
    outcomes = {check.outcome for check in checks}
    sure = evidence.score**2 * (0.5 + 0.5 * evidence.reading) * _OPEN if evidence else UNPROVEN
    if Outcome.OK in outcomes:
        sure = 1 - (1 - sure) / 2
    for outcome, factor in _FACTORS.items():
        if outcome in outcomes:
            sure *= factor
    return round(sure * (_CONFLICT if conflict else 1.0) * (_GUESSED if guessed else 1.0), 4)
