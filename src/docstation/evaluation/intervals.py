"""Bootstrap confidence intervals, plain and paired (Efron & Tibshirani, 1993), the percentile method.

Pages are drawn with replacement; the score of a set is the ratio of the sums of the drawn pages. Seeded, so a report
repeated gives the same digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from docstation.evaluation.text_scores import Ratio

ROUNDS = 1000
_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A score of a set with its 95 % interval.

    Attributes:
        value: ratio of sums.
        low: lower end.
        high: upper end.
        count: pages (or tables) that it rests on.
    """

    value: float
    low: float
    high: float
    count: int


def interval(scores: Sequence[Ratio], *, rounds: int = ROUNDS, seed: int = 0) -> Interval:
    """The set's score and how far it could be off by the choice of pages; raises ValueError with no page."""
    if not scores:
        raise ValueError("no score to average")
    value = sum(scores, Ratio(0, 0)).value
    random = Random(seed)
    drawn = sorted(_summed(random.choices(scores, k=len(scores))) for _ in range(rounds))
    return Interval(value, *_ends(drawn), len(scores))


def difference(first: Sequence[Ratio], second: Sequence[Ratio], *, rounds: int = ROUNDS, seed: int = 0) -> Interval:
    """Second minus first on the same pages, paired: each round draws the same pages for both.

    Raises:
        ValueError: when the two differ in length or are empty.
    """
    if len(first) != len(second) or not first:
        raise ValueError("paired scores come from the same pages")
    random = Random(seed)
    pairs = list(zip(first, second, strict=True))
    drawn = []
    for _ in range(rounds):
        sample = random.choices(pairs, k=len(pairs))
        drawn.append(_summed([b for _, b in sample]) - _summed([a for a, _ in sample]))
    drawn.sort()
    return Interval(_summed(second) - _summed(first), *_ends(drawn), len(pairs))


def _summed(scores: Sequence[Ratio]) -> float:
    return Ratio(sum(score.part for score in scores), sum(score.whole for score in scores)).value


def _ends(drawn: Sequence[float]) -> tuple[float, float]:
    tail = (1 - _LEVEL) / 2
    last = len(drawn) - 1
    return drawn[round(tail * last)], drawn[round((1 - tail) * last)]
