"""Two runs over the same cases, metric by metric and kind by kind, with paired intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from docstation.evaluation.intervals import Interval, difference
from docstation.evaluation.runs import Run
from docstation.evaluation.scoring import Metric
from docstation.evaluation.text_scores import Ratio


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric on one kind.

    Attributes:
        kind: of the cases; empty for all.
        metric: which.
        first: the first run's score of the set.
        second: the second run's.
        change: second minus first, paired over cases.
    """

    kind: str
    metric: Metric
    first: float
    second: float
    change: Interval

    @property
    def certain(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.change.low > 0 or self.change.high < 0


def compare(first: Run, second: Run) -> list[Comparison]:
    """Everything that both runs scored, on the cases that both have."""
    return list(_comparisons(first, second))


def _comparisons(first: Run, second: Run) -> Iterator[Comparison]:
    for kind in first.kinds:
        for metric in Metric:
            left, right = first.scores(metric, kind), second.scores(metric, kind)
            names = [name for name in left if name in right]
            if names:
                ours, theirs = [left[name] for name in names], [right[name] for name in names]
                sums = [sum(scores, Ratio(0, 0)).value for scores in (ours, theirs)]
                yield Comparison(kind, metric, sums[0], sums[1], difference(ours, theirs))
