"""A PDF reduced to some of its pages, with what the file holds about them.

Form fields, layers, bookmarks and named destinations of the pages are carried by the library; document information,
metadata and page labels by this module. Links and bookmarks that lead to a page left behind lead nowhere, and the
structure tree of tagged files is left behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_KEPT = ("/Lang", "/Metadata", "/OutputIntents", "/PageLayout", "/PageMode", "/ViewerPreferences")
"""Entries of the catalogue that say nothing of single pages."""


def reduced(source: Any, numbers: Sequence[int]) -> Any:
    """A file of the pages `numbers` (from 1) of the open file `source`, which must stay open; itself, where all are.

    Raises:
        IndexError: for a number that is no page.
    """
    import pikepdf

    count = len(source.pages)
    if list(numbers) == list(range(1, count + 1)):
        return source
    made = pikepdf.new()
    made.add_pages_from(source, [number - 1 for number in numbers])
    for key in _KEPT:
        if key in source.Root:
            made.Root[key] = _carried(source, source.Root[key], made)
    if "/Info" in source.trailer:
        made.trailer["/Info"] = _carried(source, source.trailer["/Info"], made)
    labels = _labels(source, numbers)
    if labels:
        made.Root["/PageLabels"] = pikepdf.Dictionary(Nums=pikepdf.Array(labels))
    return made


def _carried(source: Any, value: Any, made: Any) -> Any:
    from pikepdf import Array, Dictionary, Stream

    if not isinstance(value, (Array, Dictionary, Stream)):
        return value
    return made.copy_foreign(value if value.is_indirect else source.make_indirect(value))


def _labels(source: Any, numbers: Sequence[int]) -> list[Any]:
    """Entries of a number tree that give the pages the labels that they had (PDF 32000-1, 12.4.2)."""
    from pikepdf import Dictionary, NumberTree

    if not isinstance(source.Root.get("/PageLabels"), Dictionary):
        return []
    given = {
        int(start): label
        for start, label in NumberTree(source.Root["/PageLabels"]).items()
        if isinstance(label, Dictionary)
    }
    entries: list[Any] = []
    for index, number in enumerate(numbers):
        start = max((start for start in given if start < number), default=None)
        entries += [index, _label(given[start], number - 1 - start) if start is not None else Dictionary()]
    return entries


def _label(given: Any, offset: int) -> Any:
    """The label of one page, `offset` pages after the one at which `given` begins."""
    from pikepdf import Dictionary

    label = Dictionary(St=_first(given) + offset)
    for key in ("/S", "/P"):
        if key in given:
            label[key] = given[key]
    return label


def _first(given: Any) -> int:
    try:
        return max(int(given.get("/St", 1)), 1)
    except (TypeError, ValueError):
        return 1
