"""What a page offers as the value of a field, whoever found it: rules or a model."""

from __future__ import annotations

from dataclasses import dataclass

from docstation.extraction.evidence import Evidence
from docstation.extraction.printed import Scalar

Path = tuple[str | int, ...]
"""Where a value belongs: ("items", 0, "price")."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One possible value.

    Attributes:
        value: as it is given back.
        printed: as it stands on the page, or as a model said it.
        page: number of the page.
        evidence: where it stands, None where it was found nowhere.
        cost: how unsure its place is; of several values the one of least cost is taken.
        refused: what was said and is none of the field's kind: then `value` is None.
    """

    value: Scalar
    printed: str
    page: int
    evidence: Evidence | None = None
    cost: float = 0.0
    refused: bool = False


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """What one page offers.

    Attributes:
        page: its number.
        scalars: candidates by path, the best first.
        rows: of each list by its path, a candidate for each path below a row.
        labelled: paths for which a label stands on the page, whether or not a value was found.
    """

    page: int
    scalars: dict[Path, tuple[Candidate, ...]]
    rows: dict[Path, tuple[dict[Path, Candidate], ...]]
    labelled: frozenset[Path] = frozenset()
