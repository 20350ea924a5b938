"""Rules for lists of rows: tables whose headings are the fields' labels, and the same told by place where a table was
not recognised as one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from docstation.document.geometry import Box
from docstation.document.table import Cell
from docstation.extraction.candidates import Candidate
from docstation.extraction.evidence import Match, evidence_of, labels_of
from docstation.extraction.labels import Place, places
from docstation.extraction.pages import Token, gap
from docstation.extraction.printed import parsed
from docstation.extraction.schema import NUMBERS, Field, Kind
from docstation.extraction.streams import PageStreams
from docstation.extraction.table_heads import Heads, counts_columns, heads_of, is_total

_GROUP = re.compile(r"[0-9]{3}(?![0-9])")
_CLOSE = 0.6
"""Heights between the words of one cell, at most."""

Row = dict[str, Candidate]
"""One row: a candidate for each field that has a value."""


@dataclass(frozen=True, slots=True)
class Continuing:
    """A table that may go on over the next page: its columns, how many it has, and whether totals have ended it."""

    heads: Heads
    columns: int


def rows_of(field: Field, streams: PageStreams, before: Continuing | None) -> tuple[list[Row], Continuing | None]:
    """The rows of a list on one page.

    Args:
        field: the list.
        streams: the page.
        before: the table that the page before ended in.
    """
    scored = [(block, table, heads_of(table, field.fields)) for block, table in streams.page.tables]
    best = max((heads.score for _block, _table, heads in scored if heads), default=0.0)
    rows: list[Row] = []
    goes_on = before
    for block, table, heads in scored:
        if heads is not None and heads.score >= 0.7 * best:
            goes_on = Continuing(heads, table.columns)
        elif goes_on is None or goes_on.columns != table.columns:
            continue
        fitting = heads if heads is not None and heads.score >= 0.7 * best else Heads(goes_on.heads.columns, 0, 0.0)
        found, ended = _table_rows(field, streams, block, fitting)
        rows += found
        goes_on = None if ended else goes_on
    by_place = list(_placed_rows(field, streams))
    # A table that was cut wrongly gives fewer values than the places of its words do.
    return (rows, goes_on) if _values(rows) >= _values(by_place) else (by_place, None)


def _values(rows: Sequence[Row]) -> int:
    return sum(len(row) for row in rows)


def _table_rows(field: Field, streams: PageStreams, block: str, heads: Heads) -> tuple[list[Row], bool]:
    table = dict(streams.page.tables)[block]
    rows: list[Row] = []
    for cells in table.grid[heads.below :]:
        texts = [cell.text for cell in cells]
        if is_total(texts):
            return rows, True
        if counts_columns(texts) or not any(text.strip() for text in texts):
            continue
        parts = {name: _cell_part(streams, block, cells, columns) for name, columns in heads.columns.items()}
        _add(rows, field, streams, parts)
    return rows, False


def _cell_part(
    streams: PageStreams, block: str, cells: Sequence[Cell], columns: Sequence[int]
) -> tuple[str, tuple[Token, ...]]:
    under = list(dict.fromkeys(cells[column] for column in columns))
    tokens = tuple(token for cell in under for token in streams.page.of_cell(block, cell))
    return " ".join(cell.text for cell in under if cell.text.strip()), tokens


def _add(rows: list[Row], field: Field, streams: PageStreams, parts: dict[str, tuple[str, tuple[Token, ...]]]) -> None:
    """Make a row of the parts, or let a lone text go on the row before."""
    row = {
        one.name: made
        for one in field.fields
        if one.name in parts and (made := _candidate(one, streams, *parts[one.name])) is not None
    }
    if not row:
        return
    named = [one for one in field.fields if one.name in row and one.kind is not Kind.TEXT]
    if rows and not named and len(field.fields) > 1 and any(one.kind in NUMBERS for one in field.fields):
        for name, more in row.items():
            rows[-1][name] = _joined(rows[-1].get(name), more)
        return
    rows.append(row)


def _candidate(field: Field, streams: PageStreams, text: str, tokens: tuple[Token, ...]) -> Candidate | None:
    text = " ".join(text.split())
    value = parsed(field, text, comma=streams.comma)
    if value is None or (field.kind is Kind.TEXT and not any(map(str.isalnum, text))):
        return None
    number = streams.page.number
    return Candidate(value, text, number, evidence_of(number, Match(tokens, 1.0)) if tokens else None)


def _joined(before: Candidate | None, more: Candidate) -> Candidate:
    if before is None or not isinstance(before.value, str) or not isinstance(more.value, str):
        return more
    text = f"{before.value} {more.value}"
    if before.evidence is None or more.evidence is None:
        return Candidate(text, text, before.page)
    boxes = (*before.evidence.boxes, *more.evidence.boxes)
    seen = replace(before.evidence, box=Box.around(boxes), boxes=boxes, text=text)
    return Candidate(text, text, before.page, seen)


def _placed_rows(field: Field, streams: PageStreams) -> Iterator[Row]:
    """Rows under the row of words that holds most of the labels, each word in the column that it stands under."""
    found = _head_row(field, streams)
    if found is None:
        return
    columns, bottom = found
    rows: list[Row] = []
    last = bottom
    for tokens in streams.page.rows:
        top, height = tokens[0].place.center[1], max(tokens[0].place.height, 1.0)
        if top <= bottom + 0.3 * height:
            continue
        if is_total([token.text for token in tokens]) or (rows and top - last > 6 * height):
            break
        parts = _parts(columns, tokens)
        if not counts_columns([token.text for token in tokens]):
            before = len(rows)
            _add(rows, field, streams, parts)
            last = top if len(rows) > before or parts else last
    yield from (row for row in rows if len(row) >= 2)


def _head_row(field: Field, streams: PageStreams) -> tuple[dict[str, Box], float] | None:
    """The headings of the row that holds most of the labels, by field, and the middle of that row.

    Its other words are columns of no field: without them their values would be taken for those of a neighbour.
    """
    by_row: dict[int, dict[str, Place]] = {}
    stream = streams.rows
    for one in field.fields:
        for place in places(streams, labels_of(one)):
            row = by_row.setdefault(stream.text.count("\n", 0, place.start), {})
            taken = any(place.start < other.end and other.start < place.end for other in row.values())
            if not taken and (one.name not in row or place.rank < row[one.name].rank):
                row[one.name] = place
    number, best = max(by_row.items(), key=lambda item: len(item[1]), default=(0, {}))
    if len(best) < 2:
        return None
    columns = {name: place.box for name, place in best.items()}
    for token in streams.page.rows[number]:
        if not any(token.place.overlap_x(box) > 0 for box in columns.values()):
            columns[f"\0{len(columns)}"] = token.place
    return columns, max(box.center[1] for box in columns.values())


def _parts(columns: dict[str, Box], tokens: Sequence[Token]) -> dict[str, tuple[str, tuple[Token, ...]]]:
    """The words of a row by column: a word belongs where it overlaps a heading, else to the one it begins under."""
    ordered = sorted(columns.items(), key=lambda item: item[1].x0)
    found: dict[str, list[Token]] = {}
    for words in _words(tokens, [box for _name, box in ordered]):
        around = Box.around(token.place for token in words)
        share, name = max((box.overlap_x(around), name) for name, box in ordered)
        if share <= 0:
            left = [name for name, box in ordered if box.x0 <= around.center[0]]
            name = left[-1] if left else ordered[0][0]
        found.setdefault(name, []).extend(words)
    return {name: (" ".join(token.text for token in some), tuple(some)) for name, some in found.items()}


def _words(tokens: Sequence[Token], heads: Sequence[Box]) -> Iterator[list[Token]]:
    """Phrases that stand under one heading at most; of longer ones the words, a number with its thousands as one."""
    for phrase in _runs(tokens, lambda _before, _token: True):
        around = Box.around(token.place for token in phrase)
        if sum(box.overlap_x(around) > 0 for box in heads) <= 1:
            yield phrase
        else:
            yield from _runs(phrase, _one_number)


def _one_number(before: Token, token: Token) -> bool:
    return before.text.isdigit() and _GROUP.match(token.text) is not None


def _runs(tokens: Sequence[Token], joined: Callable[[Token, Token], bool]) -> Iterator[list[Token]]:
    """Tokens that stand close and are `joined`."""
    run: list[Token] = []
    for token in tokens:
        if run and (gap(run[-1], token) > _CLOSE or not joined(run[-1], token)):
            yield run
            run = []
        run.append(token)
    if run:
        yield run
