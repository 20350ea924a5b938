"""Documents of several pages whose tables do or do not go on over the page's end, drawn from a seed with the truth.

Tables that go on: without a heading, with the heading or the row of column numbers again, under «Продолжение таблицы
3», with a row cut in two, with a footnote between. Tables that do not, though one ends a page and the other begins the
next: other columns, width or heading, a caption or a sentence between. Knows nothing of who reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from docstation.document.model import Page
from docstation.document.table import Table
from docstation.testing.gridding import GridStyle, Ruling, TableCell, head
from docstation.testing.page_writer import WIDTH, PageWriter, Row
from docstation.testing.sheet import Sheet
from docstation.testing.table_columns import SETS, Column, Language, sentence
from docstation.testing.typefaces import Face, Family


class Join(StrEnum):
    """How a table goes on over the page's end."""

    BARE = "bare"
    HEADS = "heads"
    NUMBERS = "numbers"
    WORDS = "words"
    WORDS_AND_HEADS = "words and heads"
    SPLIT_ROW = "split row"
    SPLIT_ROW_AND_HEADS = "split row and heads"
    FOOTNOTE = "footnote"


class Gap(StrEnum):
    """What keeps two tables apart of which one ends a page and the other begins the next."""

    COLUMNS = "columns"
    WIDTH = "width"
    HEADING = "heading"
    CAPTION = "caption"
    SAME_HEADING = "same heading"
    SENTENCE = "sentence"


_WITH_HEADS = frozenset({Join.HEADS, Join.WORDS_AND_HEADS, Join.SPLIT_ROW_AND_HEADS})
_WITH_WORDS = frozenset({Join.WORDS, Join.WORDS_AND_HEADS})
_SPLIT = frozenset({Join.SPLIT_ROW, Join.SPLIT_ROW_AND_HEADS})
_LONG_SETS = [columns for columns in SETS if columns[0].share < 2 and max(column.share for column in columns) > 3]
"""Columns of which one holds long texts and the first names the rows."""


@dataclass(frozen=True, slots=True)
class LongTable:
    """A table as it was before the pages cut it.

    Attributes:
        whole: its grid.
        parts: ids of its blocks, in order.
        kind: how it goes on, or what keeps it from the table before.
    """

    whole: Table
    parts: tuple[str, ...]
    kind: Join | Gap


@dataclass(frozen=True, slots=True)
class LongTables:
    """A drawn document.

    Attributes:
        name: file name stem.
        pdf: the born-digital file.
        pages: the truth, blocks with lines and words.
        tables: in reading order.
    """

    name: str
    pdf: bytes
    pages: tuple[Page, ...]
    tables: tuple[LongTable, ...]


def draw(seed: int, *, ruling: Ruling | None = None) -> LongTables:
    """Draw a document of three tables that go on and two pairs that do not; the same arguments give the same bytes.

    Args:
        seed: chooses language, typeface, ruling and cases.
        ruling: of all tables, instead of the seed's choice.
    """
    random = Random(seed)
    language: Language = random.choice(("ru", "en"))
    family = random.choice((Family.TIMES, Family.ARIAL, Family.SANS, Family.SERIF))
    chosen = ruling or random.choice((Ruling.FULL, Ruling.FULL, Ruling.ROWS))
    style = GridStyle(Face(family, random.choice((9.0, 10.0))), chosen, padding=(4.0, random.choice((2.0, 3.0))))
    writer = PageWriter(random, language, Sheet(title=f"long tables {seed}"), style)
    writer.begin_page()
    joins, gaps = random.sample(list(Join), 3), random.sample(list(Gap), 2)
    cases: list[Join | Gap] = [*joins, *gaps]
    random.shuffle(cases)
    tables: list[LongTable] = []
    for case in cases:
        writer.paragraph(3)
        tables += [_joined(writer, case)] if isinstance(case, Join) else _apart(writer, case)
    writer.paragraph(2)
    writer.close_page()
    pdf, pages = writer.sheet.finish()
    return LongTables(f"long-tables-{seed}", pdf, pages, tuple(tables))


class _Grid:
    """Columns of a table, with the widths, heading and rows that they make."""

    def __init__(self, writer: PageWriter, columns: Sequence[Column], *, other_names: bool = False) -> None:
        self._writer = writer
        self.columns = columns
        scale = WIDTH / sum(column.share for column in columns)
        self.widths = [column.share * scale for column in columns]
        names = [column.heads[writer.language][-1 if other_names else 0] for column in columns]
        self.heads: list[list[TableCell]] = [[head(name) for name in names]]
        if len(columns) > 3 and writer.random.random() < 0.4:
            over = head(writer.choice(("Показатели",), ("Figures",)), columns=2)
            self.heads = [[*(head(name, rows=2) for name in names[:-2]), over], [head(name) for name in names[-2:]]]

    @property
    def numbers(self) -> list[TableCell]:
        """The row that numbers the columns."""
        return [head(str(number)) for number in range(1, len(self.columns) + 1)]

    def narrowed(self, share: float) -> _Grid:
        """The same columns, in a narrower table."""
        grid = _Grid(self._writer, self.columns)
        grid.heads = self.heads
        grid.widths = [width * share for width in self.widths]
        return grid

    def row(self, number: int) -> list[TableCell]:
        """A row of values."""
        random, language = self._writer.random, self._writer.language
        texts = [column.fill(random, language, number) for column in self.columns]
        aligned = zip(texts, self.columns, strict=True)
        return [TableCell(text, align="right" if column.is_figure else "left") for text, column in aligned]

    def height(self, rows: Sequence[Row]) -> float:
        """Of rows, points."""
        return self._writer.height(self.widths, rows) if rows else 0.0

    def fitting(self, first: int, room: float) -> list[Row]:
        """Rows from number `first` on, one at least, as many as there is room for."""
        rows: list[Row] = [self.row(first)]
        room -= self.height(rows)
        while True:
            row = self.row(first + len(rows))
            room -= self.height([row])
            if room < 0:
                return rows
            rows.append(row)

    def cut(self, number: int, room: float) -> tuple[Row, Row, Row] | None:
        """A row that does not fit: what stands above the page's end, what below, and the whole; None without room."""
        writer, style = self._writer, self._writer.style
        long = max(range(len(self.columns)), key=lambda index: self.columns[index].share)
        side, above = style.padding
        text = sentence(writer.random, writer.language, 4).capitalize()
        lines = style.face.wrapped(text, self.widths[long] - 2 * side)
        fit = int((room - 2 * above) / style.face.leading)
        if not 1 <= fit < len(lines):
            return None
        row = self.row(number)
        halves = [" ".join(lines[:fit]), " ".join(lines[fit:])]
        upper, lower, whole = list(row), [TableCell() for _ in row], list(row)
        upper[long], lower[long], whole[long] = TableCell(halves[0]), TableCell(halves[1]), TableCell(text)
        return upper, lower, whole


def _joined(writer: PageWriter, case: Join) -> LongTable:
    """A table on two pages or three."""
    random = writer.random
    grid = _Grid(writer, random.choice(_LONG_SETS if case in _SPLIT else SETS))
    _open(writer)
    heads = [*grid.heads, grid.numbers] if case is Join.NUMBERS else grid.heads
    again = {Join.NUMBERS: [grid.numbers]}.get(case, grid.heads if case in _WITH_HEADS else [])
    rows: list[Row] = []
    parts: list[str] = []
    lead: list[Row] = [*heads]
    pages = random.choice((2, 2, 2, 3))
    for page in range(pages):
        is_last = page == pages - 1
        room = (random.uniform(90, 300) if is_last else writer.room) - grid.height(lead)
        made = grid.fitting(len(rows) + 1, room)
        cut = None
        if case in _SPLIT and not is_last:
            made = made[:-1] or made
            cut = grid.cut(len(rows) + len(made) + 1, room - grid.height(made))
        parts.append(writer.draw(grid.widths, [*lead, *made, *([cut[0]] if cut else [])]))
        rows += [*made, *([cut[2]] if cut else [])]
        lead = [*again, *([cut[1]] if cut else [])]
        if not is_last:
            _break(writer, case)
    return LongTable(writer.whole(grid.widths, [*heads, *rows]), tuple(parts), case)


def _break(writer: PageWriter, case: Join) -> None:
    if case is Join.FOOTNOTE:
        writer.footnote()
    writer.end_page()
    if case in _WITH_WORDS:
        writer.continuation()


def _apart(writer: PageWriter, case: Gap) -> list[LongTable]:
    """Two tables, one at the end of a page and one at the beginning of the next."""
    random = writer.random
    grid = _Grid(writer, random.choice(SETS))
    _open(writer)
    rows = [*grid.heads, *grid.fitting(1, writer.room - grid.height(grid.heads))]
    above = LongTable(writer.whole(grid.widths, rows), (writer.draw(grid.widths, rows),), case)
    writer.end_page()
    second = _second(writer, grid, case)
    rows = [*second.heads, *second.fitting(1, random.uniform(60, 250))]
    below = LongTable(writer.whole(second.widths, rows), (writer.draw(second.widths, rows),), case)
    return [above, below]


def _second(writer: PageWriter, grid: _Grid, case: Gap) -> _Grid:
    """The columns of the second table, after whatever keeps it from the first."""
    random = writer.random
    match case:
        case Gap.COLUMNS:
            return _Grid(writer, random.choice([one for one in SETS if len(one) != len(grid.widths)]))
        case Gap.WIDTH:
            return grid.narrowed(random.uniform(0.55, 0.8))
        case Gap.HEADING:
            return _Grid(writer, grid.columns, other_names=True)
        case Gap.SENTENCE:
            writer.paragraph(1)
            return grid
        case Gap.CAPTION | Gap.SAME_HEADING:
            writer.caption()
            return grid if case is Gap.SAME_HEADING else _Grid(writer, random.choice(SETS))


def _open(writer: PageWriter) -> None:
    """Text down to where a table has room for some rows, and its caption."""
    writer.fill(writer.random.uniform(150, 420))
    if writer.room < 150:
        writer.end_page()
    writer.caption()
