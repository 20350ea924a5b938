"""Values corrected by a person: looked for on the pages as any others, and all checks made anew. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from docstation.document.model import Document
from docstation.errors import NotFound, UsageError
from docstation.extraction.candidates import Path
from docstation.extraction.checking import checks_of
from docstation.extraction.evidence import find
from docstation.extraction.pages import read_page
from docstation.extraction.printed import Scalar, parsed
from docstation.extraction.result import Extraction, Leaf, Status, dotted
from docstation.extraction.rules import lists, singles
from docstation.extraction.schema import Field, Kind
from docstation.extraction.streams import PageStreams
from docstation.messages.marking import N_

NO_VALUE = N_("There is no value {path}.")
NOT_UNDERSTOOD = N_("{path}: this is no {kind}.")
PATHS = N_("Values are named as in the result, such as total or items[0].price; a list takes a row at its end.")


def corrected(
    extraction: Extraction, document: Document, said: Mapping[str, Scalar], today: date | None = None
) -> Extraction:
    """The extraction with values as a person says them.

    Args:
        extraction: as it was found.
        document: that it was found in.
        said: values by dotted path; None: there is none. The row behind a list's last one may be named too.
        today: for the plausibility of dates; None: the day of this machine.

    Raises:
        NotFound: there is no such value.
        UsageError: what is said is none of the field's kind.
    """
    pages = [PageStreams(read_page(page)) for page in document.pages if page.blocks]
    for path, value in said.items():
        extraction = replace(extraction, leaves=_with(extraction, path, value, pages))
    values = {leaf.path: (leaf.field, leaf.value) for leaf in extraction.leaves if leaf.value is not None}
    return replace(extraction, checks=checks_of(values, pages, today))


def _with(extraction: Extraction, path: str, said: Scalar, pages: Sequence[PageStreams]) -> tuple[Leaf, ...]:
    """The leaves with one of them corrected, or with a new row."""
    for place, leaf in enumerate(extraction.leaves):
        if dotted(leaf.path) == path:
            made = _said(leaf, said, pages)
            return (*extraction.leaves[:place], made, *extraction.leaves[place + 1 :])
    for list_path, field in lists(extraction.schema.fields):
        row = _new_row(extraction, list_path, field)
        if path in {dotted(leaf.path) for leaf in row}:
            added = tuple(_said(leaf, said, pages) if dotted(leaf.path) == path else leaf for leaf in row)
            # The leaf that said that the list is empty goes; rows stay together, behind all others.
            return (*(leaf for leaf in extraction.leaves if leaf.path != list_path), *added)
    raise NotFound(NO_VALUE, path=path, remedy=PATHS)


def _new_row(extraction: Extraction, path: Path, field: Field) -> list[Leaf]:
    depth = len(path)
    rows = {leaf.path[depth] for leaf in extraction.leaves if len(leaf.path) > depth and leaf.path[:depth] == path}
    below = singles(field.fields) if field.kind is Kind.OBJECT else iter([((), field)])
    return [Leaf((*path, len(rows), *rest), one, None, "", Status.MISSING, by="person") for rest, one in below]


def _said(leaf: Leaf, said: Scalar, pages: Sequence[PageStreams]) -> Leaf:
    """The leaf with what a person says of it."""
    value = None if said is None else _value(leaf, said)
    printed = "" if value is None else str(said)
    near = next((one for one in pages if leaf.evidence is not None and one.page.number == leaf.evidence.page), None)
    where = [near, *(one for one in pages if one is not near)] if near is not None else pages
    evidence = None if value is None else find(leaf.field, value, printed, where)
    return replace(
        leaf,
        value=value,
        printed=printed,
        status=Status.CORRECTED,
        evidence=evidence,
        confidence=1.0,
        alternatives=(),
        reason="",
        by="person",
    )


def _value(leaf: Leaf, said: Scalar) -> Scalar:
    if isinstance(said, bool):
        value: Scalar = said if leaf.field.kind is Kind.BOOL else None
    else:
        # A number of JSON has a point; a text is as people of the paper write.
        value = parsed(leaf.field, str(said), comma=isinstance(said, str))
    if value is None:
        raise UsageError(NOT_UNDERSTOOD, path=dotted(leaf.path), kind=leaf.field.kind.value)
    return value
