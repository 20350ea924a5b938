"""Answers of pages made one: for each field the best candidate, others kept as a conflict; rows one after another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from docstation.extraction.candidates import Candidate, PageAnswer, Path
from docstation.extraction.schema import Field

_ALIKE = 0.75
"""Candidates whose costs differ by no more contend."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The candidate taken for a path, and those of other values that contend with it."""

    chosen: Candidate
    others: tuple[Candidate, ...] = ()


def merged_scalar(field: Field, path: Path, answers: Sequence[PageAnswer]) -> Merged | None:
    """The best candidate for one field over all pages, None where no page offers any.

    Of equally good ones the value that most pages say is taken, then the first, or the last for totals. Within one
    page the rules have already chosen.
    """
    found = [answer.scalars[path][0] for answer in answers if answer.scalars.get(path)]
    valued = [one for one in found if one.value is not None]
    if not valued:
        return Merged(found[0]) if found else None
    least = min(map(_cost, valued))
    contending = [one for one in valued if _cost(one) <= least + _ALIKE]
    if field.search.last:
        contending.reverse()
    chosen = max(contending, key=lambda one: (sum(one.value == other.value for other in contending), -_cost(one)))
    others = {str(one.value): one for one in contending if one.value != chosen.value}
    return Merged(chosen, tuple(others.values()))


def _cost(candidate: Candidate) -> float:
    """A value that was found on the page is worth more than one that was said only."""
    if candidate.evidence is None:
        return candidate.cost + 10.0
    return candidate.cost + 5.0 * (1.0 - candidate.evidence.score)


def merged_rows(path: Path, answers: Iterable[PageAnswer]) -> list[dict[Path, Candidate]]:
    """The rows of a list over all pages, in their order."""
    return [row for answer in answers for row in answer.rows.get(path, ())]
