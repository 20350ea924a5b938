"""Values as they are shown: grouped into single ones and lists, with what is to be said of each. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from docstation.client.extraction_records import ExtractedField, Extraction, ExtractionCheck, Scalar
from docstation.messages import active, translate
from docstation.messages.marking import N_

DOUBTFUL = 0.75
"""Values with less confidence are to be looked at."""
GOOD, DOUBT, BAD, NONE = "#15803d", "#b45309", "#b3261e", "#64748b"
"""Colours, each with a contrast of at least 4.5 with white."""
_ROW = re.compile(r"^(?P<list>[^\[\]]+)\[(?P<row>\d+)\](?:\.(?P<column>.+))?$")
_DATE = re.compile(r"^(\d{4})-(\d\d)-(\d\d)$")

STATES = {
    "found": N_("found on the page"),
    "unproven": N_("the model says so, the page does not"),
    "missing": N_("not found"),
    "needs-model": N_("needs a model"),
    "corrected": N_("corrected"),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of rows.

    Attributes:
        name: key of the list.
        title: for people.
        columns: keys, in order; one empty key where the rows are plain values.
        titles: of the columns, by key.
        rows: numbers of the rows, in order.
        cells: by row and column.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    titles: Mapping[str, str]
    rows: tuple[int, ...]
    cells: Mapping[tuple[int, str], ExtractedField]


def singles(extraction: Extraction) -> list[ExtractedField]:
    """The values outside lists."""
    return [one for one in extraction.fields if not _ROW.match(one.path)]


def lists(extraction: Extraction) -> list[Listed]:
    """The lists, those without a row too."""
    found: dict[str, dict[tuple[int, str], ExtractedField]] = {}
    for one in extraction.fields:
        if place := _ROW.match(one.path):
            found.setdefault(place["list"], {})[int(place["row"]), place["column"] or ""] = one
    return [_listed(name, cells, extraction) for name, cells in found.items()]


def _listed(name: str, cells: Mapping[tuple[int, str], ExtractedField], extraction: Extraction) -> Listed:
    columns = tuple(dict.fromkeys(column for _row, column in cells))
    titles = {column: one.title or column or name for (_row, column), one in cells.items()}
    rows = tuple(sorted({row for row, _column in cells}))
    return Listed(name, _title(extraction, name), columns, titles, rows, cells)


def _title(extraction: Extraction, name: str) -> str:
    properties = extraction.schema.get("properties")
    node = properties.get(name) if isinstance(properties, dict) else None
    title = node.get("title") if isinstance(node, dict) else None
    return title if isinstance(title, str) and title else name


def title(one: ExtractedField) -> str:
    """What a value is called."""
    return one.title or one.path


def shown(value: Scalar, kind: str = "") -> str:
    """A value as people of the active language write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return translate(N_("yes") if value else N_("no"))
    if isinstance(value, int | float):
        digits = f"{value:,.2f}" if kind == "money" else f"{value:,}"
        return digits.replace(",", "\u00a0").replace(".", ",") if active() == "ru" else digits
    if kind == "date" and active() == "ru" and (found := _DATE.match(value)):
        return f"{found[3]}.{found[2]}.{found[1]}"
    return value


def checks_of(extraction: Extraction, path: str) -> list[ExtractionCheck]:
    """The checks that look at a value, without those that do not apply."""
    return [one for one in extraction.checks if path in one.paths and one.outcome != "not-applicable"]


def colour(one: ExtractedField, checks: Sequence[ExtractionCheck]) -> str:
    """Of a value: how much it is to be trusted."""
    outcomes = {check.outcome for check in checks}
    if one.value is None:
        return NONE
    if "failed" in outcomes or one.status == "unproven":
        return BAD
    if "doubtful" in outcomes or one.alternatives or (one.confidence < DOUBTFUL and one.status != "corrected"):
        return DOUBT
    return GOOD


def remarks(one: ExtractedField, checks: Sequence[ExtractionCheck]) -> tuple[str, ...]:
    """What is said of a value in the list: its confidence, and what is wrong with it."""
    said: list[str] = []
    if one.value is not None:
        certain = one.status == "corrected"
        percent = translate(N_("{percent} %"), percent=round(100 * one.confidence))
        said.append(translate(STATES["corrected"]) if certain else percent)
    if one.status in {"unproven", "needs-model"}:
        said.append(translate(STATES[one.status]))
    if one.alternatives:
        said.append(translate(N_("pages disagree")))
    said += [check.message for check in checks if check.outcome in {"failed", "doubtful"}]
    return tuple(said)


def grid(listed: Listed, extraction: Extraction) -> dict[str, list[str]]:
    """The columns of a list by their headings, values as texts; the first says which rows are to be looked at."""
    marks = [
        "⚠" if any(_suspect(listed, row, column, extraction) for column in listed.columns) else ""
        for row in listed.rows
    ]
    made: dict[str, list[str]] = {"": marks}
    for heading, column in zip(headings(listed), listed.columns, strict=True):
        made[heading] = [_cell(listed, row, column) for row in listed.rows]
    return made


def headings(listed: Listed) -> list[str]:
    """Of the columns, each once."""
    made: list[str] = []
    for column in listed.columns:
        name = listed.titles[column]
        made.append(name if name not in made else f"{name} ({column})")
    return made


def _suspect(listed: Listed, row: int, column: str, extraction: Extraction) -> bool:
    one = listed.cells.get((row, column))
    return one is not None and colour(one, checks_of(extraction, one.path)) in {BAD, DOUBT}


def _cell(listed: Listed, row: int, column: str) -> str:
    one = listed.cells.get((row, column))
    return "" if one is None else shown(one.value, one.kind)


def table(extractions: Sequence[Extraction], name: str = "") -> dict[str, list[str]]:
    """Many documents in one table, by headings: a row for each, or for each row of the list of that name."""
    file = translate(N_("File"))
    rows = [row for one in extractions for row in (_rows(one, name) if name else [_row(one)])]
    columns = list(dict.fromkeys(key for _file, row in rows for key in row))
    return {file: [each for each, _row in rows]} | {key: [row.get(key, "") for _, row in rows] for key in columns}


def _row(extraction: Extraction) -> tuple[str, dict[str, str]]:
    return extraction.name, {title(one): shown(one.value, one.kind) for one in singles(extraction)}


def _rows(extraction: Extraction, name: str) -> list[tuple[str, dict[str, str]]]:
    listed = next((one for one in lists(extraction) if one.name == name), None)
    if listed is None:
        return []
    named = list(zip(headings(listed), listed.columns, strict=True))
    return [
        (extraction.name, {heading: _cell(listed, row, column) for heading, column in named}) for row in listed.rows
    ]
