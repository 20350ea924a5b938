"""Lines, tables and pictures of a page → its blocks in reading order.

The one entrance of this room. Pure: works on boxes and words in points of the upright frame and renders nothing; only
`pictures` looks at the pixels that a scanned page brings along.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Picture
from docstation.document.order import flows
from docstation.document.order import rows as in_rows
from docstation.document.table import Table
from docstation.document.text import Line, Origin
from docstation.intake.page import PreparedPage
from docstation.reading.layout.categories import Place, Verdict, is_title, verdict_of
from docstation.reading.layout.figures import contents_of, is_running_text, picture_boxes
from docstation.reading.layout.formulas import formula_clusters
from docstation.reading.layout.furniture import Sheet, margins_of
from docstation.reading.layout.joining import joined, vocabulary
from docstation.reading.layout.labels import with_values
from docstation.reading.layout.lines import is_vertical
from docstation.reading.layout.marks import opens_item
from docstation.reading.layout.paragraphs import Group, Measure, groups_of, measure_of
from docstation.reading.layout.pictures import find_pictures
from docstation.reading.layout.rows import Row, merged, row_of, steadied, usual_of


class FoundTable(Protocol):
    """A table that a finder found: where it stands, in points of the upright frame, and its grid."""

    @property
    def box(self) -> Box: ...

    @property
    def table(self) -> Table: ...


@dataclass(frozen=True, slots=True)
class _Piece:
    """A block in the making: a group of rows or a figure, with its verdict."""

    verdict: Verdict
    box: Box
    lines: tuple[Line, ...]
    text: str
    table: Table | None = None


def lay_out(
    page: PreparedPage, lines: Sequence[Line], tables: Sequence[FoundTable], *, pictures: Sequence[Box] = ()
) -> tuple[Block, ...]:
    """The blocks of a page in reading order: running heads first, the body, footers last.

    Every word of `lines` ends in exactly one block: those inside a table in the table's, those inside a picture in the
    picture's.

    Args:
        page: for its number, size, raster images and rulings.
        lines: from OCR, or from `lines_of_words`; in points of the upright frame.
        tables: found on the page; boxes that overlap are trusted in the given order, columns of prose are not.
        pictures: boxes found by looking at pixels, besides `page.images`.

    Returns:
        Blocks with boxes in points of the upright frame, ids ``p<page>-b<n>``.
    """
    tables = [found for found in tables if not is_running_text(found.table)]
    seen = (*pictures, *_seen(page, lines, tables))
    shots = picture_boxes(page, [found.box for found in tables], seen, lines)
    inside = contents_of(lines, [found.box for found in tables], shots)
    rows = steadied([row_of(line) for line in inside.free])
    usual = usual_of(rows)
    known = vocabulary(line.text for line in lines)
    obstacles = (*(found.box for found in tables), *shots)
    sheet = Sheet(page.number, *page.size, obstacles=obstacles, rulings=page.rulings, usual=usual)
    turned = [i for i, row in enumerate(rows) if _is_turned(row)]
    level = [row for i, row in enumerate(rows) if i not in set(turned)]
    margins = margins_of(level, sheet)
    body = with_values([row for i, row in enumerate(level) if i not in margins.top and i not in margins.bottom])
    body, figures = _formula_pieces(body, usual.size)
    figures += [_table_piece(found, part) for found, part in zip(tables, inside.in_tables, strict=True)]
    figures += [_picture_piece(box, part, known) for box, part in zip(shots, inside.in_pictures, strict=True)]
    pieces = [
        *_furniture([rows[i] for i in turned], Category.PAGE_HEADER),
        *_furniture([level[i] for i in sorted(margins.top)], Category.PAGE_HEADER),
        *_body(body, figures, sheet, known),
        *_furniture([level[i] for i in sorted(margins.bottom)], Category.PAGE_FOOTER),
    ]
    return tuple(_block(piece, page.number, index) for index, piece in enumerate(pieces, start=1))


def _is_turned(row: Row) -> bool:
    """Whether a line runs upwards or downwards; one tall box that recognition left in a level line does not."""
    return row.box.height > 1.5 * row.box.width and any(map(is_vertical, row.line.words))


def _seen(page: PreparedPage, lines: Sequence[Line], tables: Sequence[FoundTable]) -> tuple[Box, ...]:
    """Pictures found by looking, on pages that were not made of text alone."""
    if page.pixels is None or not page.unread:
        return ()
    words = (word.box for line in lines for word in line.words)
    found = find_pictures(page.pixels, page.scale, (*words, *(t.box for t in tables), *page.rulings))
    return tuple(box for box in found if any(box.share_inside(part) > 0.5 for part in page.unread))


def _formula_pieces(rows: Sequence[Row], em: float) -> tuple[list[Row], list[_Piece]]:
    """The rows that are left and the displayed formulas gathered from the others."""
    clusters = formula_clusters(rows, em)
    taken = {i for cluster in clusters for i in cluster}
    pieces = []
    for cluster in clusters:
        boxes = [rows[i].box for i in cluster]
        ordered = [rows[cluster[i]] for line in in_rows(boxes, range(len(boxes))) for i in line]
        text = " ".join(row.text for row in ordered)
        pieces.append(_Piece(Verdict(Category.FORMULA), Box.around(boxes), tuple(row.line for row in ordered), text))
    return [row for i, row in enumerate(rows) if i not in taken], pieces


def _table_piece(found: FoundTable, lines: tuple[Line, ...]) -> _Piece:
    return _Piece(Verdict(Category.TABLE), found.box, lines, found.table.to_text(), found.table)


def _picture_piece(box: Box, lines: tuple[Line, ...], known: frozenset[str]) -> _Piece:
    ordered = [lines[i] for i in (i for row in in_rows([line.box for line in lines], range(len(lines))) for i in row)]
    text = joined([line.text for line in ordered], known, kept=range(len(ordered)))
    return _Piece(Verdict(Category.PICTURE), box, tuple(ordered), text)


def _furniture(rows: Sequence[Row], category: Category) -> list[_Piece]:
    """One piece for each row; rows in reading order."""
    order = [i for row in in_rows([row.box for row in rows], range(len(rows))) for i in row]
    return [_Piece(Verdict(category), rows[i].box, (rows[i].line,), rows[i].text) for i in order]


def _body(rows: Sequence[Row], figures: Sequence[_Piece], sheet: Sheet, known: frozenset[str]) -> list[_Piece]:
    boxes = [row.core for row in rows] + [piece.box for piece in figures]
    drafts: list[tuple[Group, Verdict] | _Piece] = []
    for flow in flows(boxes, em=sheet.usual.size):
        drafts.extend(_flow(flow, rows, figures, sheet))
    sizes = [
        max(row.size for row in draft[0].rows)
        for draft in drafts
        if not isinstance(draft, _Piece) and draft[1].category is Category.SECTION_HEADER
    ]
    best = max(sizes, default=0.0)
    return [draft if isinstance(draft, _Piece) else _text_piece(*draft, best, sheet, known) for draft in drafts]


def _text_piece(group: Group, verdict: Verdict, best: float, sheet: Sheet, known: frozenset[str]) -> _Piece:
    if is_title(group, verdict, best, sheet):
        verdict = Verdict(Category.TITLE, 1)
    box = Box.around(row.box for row in group.rows)
    text = joined([row.text for row in group.rows], known, kept=group.ended)
    return _Piece(verdict, box, tuple(row.line for row in group.rows), text)


def _flow(
    flow: Sequence[int], rows: Sequence[Row], figures: Sequence[_Piece], sheet: Sheet
) -> list[tuple[Group, Verdict] | _Piece]:
    """The groups and figures of one column."""
    column = _merged_rows([rows[i] for i in flow if i < len(rows)])
    measure = measure_of(column, sheet.usual) if column else Measure(0, 0, 1, 1, exact=True)
    parts: list[Group | _Piece] = []
    waiting: list[Row] = []
    stops = sorted((figures[i - len(rows)] for i in flow if i >= len(rows)), key=lambda piece: piece.box.center[1])
    for row in column:
        while stops and stops[0].box.center[1] < row.middle:
            parts.extend(groups_of(waiting, sheet.usual))
            parts.append(stops.pop(0))
            waiting = []
        waiting.append(row)
    parts.extend(groups_of(waiting, sheet.usual))
    parts.extend(stops)
    return [
        part if isinstance(part, _Piece) else (part, verdict_of(part, _place(parts, i, measure, sheet), sheet))
        for i, part in enumerate(parts)
    ]


def _merged_rows(rows: Sequence[Row]) -> list[Row]:
    boxes = [row.core for row in rows]
    return [merged([rows[i] for i in line]) for line in in_rows(boxes, range(len(rows)))]


def _place(parts: Sequence[Group | _Piece], index: int, measure: Measure, sheet: Sheet) -> Place:
    group = parts[index]
    assert isinstance(group, Group)
    box = _box_of(group)
    before = parts[index - 1] if index else None
    after = parts[index + 1] if index + 1 < len(parts) else None
    small = 0.95 * sheet.usual.size
    later = [part for part in parts[index + 1 :] if isinstance(part, Group)]
    return Place(
        above=box.y0 - _box_of(before).y1 if before else float("inf"),
        below=_box_of(after).y0 - box.y1 if after else float("inf"),
        measure=measure,
        near_figure=_is_figure(before) or _is_figure(after),
        last=all(max(row.size for row in part.rows) < small for part in later),
        ruled=any(_stands_above(ruling, box, sheet.usual.size) for ruling in sheet.rulings),
        follows_item=isinstance(before, Group) and opens_item(before.rows[0].text),
    )


def _is_figure(part: Group | _Piece | None) -> bool:
    return isinstance(part, _Piece) and part.verdict.category is not Category.FORMULA


def _box_of(part: Group | _Piece) -> Box:
    return part.box if isinstance(part, _Piece) else Box.around(row.box for row in part.rows)


def _stands_above(ruling: Box, box: Box, em: float) -> bool:
    return (
        ruling.height < 3
        and ruling.width > 4 * em
        and 0 <= box.y0 - ruling.y1 + 2 < 2.5 * em
        and (abs(ruling.x0 - box.x0) < 3 * em)
    )


def _block(piece: _Piece, number: int, index: int) -> Block:
    words = [word for line in piece.lines for word in line.words]
    letters = sum(len(word.text) for word in words) or 1
    confidence = sum(word.confidence * len(word.text) for word in words) / letters if words else 1.0
    origins = {word.origin for word in words}
    return Block(
        id=f"p{number}-b{index}",
        category=piece.verdict.category,
        box=piece.box.rounded(),
        text=piece.text,
        lines=piece.lines,
        table=piece.table,
        picture=Picture() if piece.verdict.category is Category.PICTURE else None,
        level=piece.verdict.level,
        confidence=round(min(max(confidence, 0.0), 1.0), 4),
        origin=origins.pop() if len(origins) == 1 else Origin.ENGINE,
    )
