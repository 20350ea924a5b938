"""Tables as grids of cells with spans, and their way from and to HTML and rows.

The grid is the truth; HTML is one of its spellings. A well-formed table is rectangular: after spans are laid out every
position belongs to exactly one cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from html.parser import HTMLParser

from docstation.document.geometry import Box

MAX_CELLS = 200_000
"""A table larger than this is refused: spans of untrusted HTML may claim billions of positions."""


@dataclass(frozen=True, slots=True)
class Cell:
    r"""One cell.

    Attributes:
        row: of its top left position, from 0.
        column: of its top left position, from 0.
        rowspan: rows that it covers, at least 1.
        colspan: columns that it covers, at least 1.
        text: its text; line breaks inside a cell are ``\\n``.
        header: whether it is a heading cell.
        box: in page points, None where it is not known.
        confidence: 0 to 1.
    """

    row: int
    column: int
    rowspan: int = 1
    colspan: int = 1
    text: str = ""
    header: bool = False
    box: Box | None = None
    confidence: float = 1.0

    @property
    def positions(self) -> Iterator[tuple[int, int]]:
        """All grid positions (row, column) that it covers."""
        for row in range(self.row, self.row + self.rowspan):
            for column in range(self.column, self.column + self.colspan):
                yield row, column


@dataclass(frozen=True, slots=True)
class Table:
    """A rectangular grid of `rows` x `columns` positions, each covered by exactly one cell.

    Cells are kept in row-major order of their top left position. Build it with `of_cells`, `from_rows` or `from_html`:
    they mend overlaps and gaps.
    """

    rows: int
    columns: int
    cells: tuple[Cell, ...]

    @classmethod
    def of_cells(cls, cells: Iterable[Cell]) -> Table:
        """Lay cells out into a rectangle: overlapping spans are cut back, gaps are filled by empty cells.

        Raises:
            ValueError: when the grid would exceed `MAX_CELLS` positions.
        """
        kept: list[Cell] = []
        taken: set[tuple[int, int]] = set()
        for cell in sorted(cells, key=lambda c: (c.row, c.column)):
            if (cell.row, cell.column) in taken:
                continue
            if cell.rowspan * cell.colspan > MAX_CELLS:
                raise ValueError(f"a cell spans more than {MAX_CELLS} positions")
            fitted = _without_overlap(cell, taken)
            taken.update(fitted.positions)
            kept.append(fitted)
            if len(taken) > MAX_CELLS:
                raise ValueError(f"a table has more than {MAX_CELLS} positions")
        rows = max((c.row + c.rowspan for c in kept), default=0)
        columns = max((c.column + c.colspan for c in kept), default=0)
        if rows * columns > MAX_CELLS:
            raise ValueError(f"a table has more than {MAX_CELLS} positions")
        kept.extend(Cell(r, c) for r in range(rows) for c in range(columns) if (r, c) not in taken)
        return cls(rows, columns, tuple(sorted(kept, key=lambda c: (c.row, c.column))))

    @classmethod
    def from_rows(cls, rows: Sequence[Sequence[str]], *, header_rows: int = 0) -> Table:
        """A table without spans; short rows are filled up with empty cells."""
        return cls.of_cells(
            Cell(r, c, text=text, header=r < header_rows) for r, row in enumerate(rows) for c, text in enumerate(row)
        )

    @classmethod
    def from_html(cls, html: str) -> Table:
        """Parse the first table of `html`, forgiving: unclosed cells, missing rows and absurd spans are mended.

        Raises:
            ValueError: when there is no cell at all, or far too many.
        """
        parser = _TableParser()
        parser.feed(html)
        parser.close()
        cells = parser.laid_out()
        if not cells:
            raise ValueError("no table cell found")
        return cls.of_cells(cells)

    @property
    def grid(self) -> list[list[Cell]]:
        """Rows of cells; a spanning cell stands at every position that it covers."""
        grid: list[list[Cell]] = [[Cell(r, c) for c in range(self.columns)] for r in range(self.rows)]
        for cell in self.cells:
            for row, column in cell.positions:
                grid[row][column] = cell
        return grid

    def to_rows(self, *, repeat_spans: bool = False) -> list[list[str]]:
        """Rows of texts; a spanning cell's text stands at its top left position, or at all with `repeat_spans`."""
        return [
            [cell.text if repeat_spans or (cell.row, cell.column) == (r, c) else "" for c, cell in enumerate(row)]
            for r, row in enumerate(self.grid)
        ]

    def to_html(self) -> str:
        """Compact HTML: ``<table><tr><td rowspan=…>…``; texts escaped, line breaks as ``<br>``."""
        rows: list[list[str]] = [[] for _ in range(self.rows)]
        for cell in self.cells:
            rows[cell.row].append(_cell_html(cell))
        return "<table>" + "".join(f"<tr>{''.join(row)}</tr>" for row in rows) + "</table>"

    def to_text(self) -> str:
        """Plain text: one row a line, cells by tab."""
        return "\n".join("\t".join(text.replace("\n", " ") for text in row).rstrip() for row in self.to_rows())

    def header_row_count(self) -> int:
        """How many leading rows consist of heading cells only."""
        count = 0
        for row in self.grid:
            if not all(cell.header for cell in row):
                break
            count += 1
        return count

    def stacked(self, below: Table) -> Table:
        """This table with the rows of `below` appended; raises ValueError when the column counts differ."""
        if self.columns != below.columns:
            raise ValueError(f"tables of {self.columns} and {below.columns} columns cannot be joined")
        shifted = (replace(cell, row=cell.row + self.rows) for cell in below.cells)
        return Table.of_cells([*self.cells, *shifted])

    def without_rows(self, count: int) -> Table:
        """The table without its first `count` rows; spans that reach below are cut to what is left."""
        kept = []
        for cell in self.cells:
            end = cell.row + cell.rowspan
            if end > count:
                top = max(cell.row, count)
                kept.append(replace(cell, row=top - count, rowspan=end - top))
        return Table.of_cells(kept)


def _without_overlap(cell: Cell, taken: set[tuple[int, int]]) -> Cell:
    colspan = 1
    while colspan < cell.colspan and (cell.row, cell.column + colspan) not in taken:
        colspan += 1
    rowspan = 1
    while rowspan < cell.rowspan and not any((cell.row + rowspan, cell.column + c) in taken for c in range(colspan)):
        rowspan += 1
    return replace(cell, rowspan=rowspan, colspan=colspan)


def _cell_html(cell: Cell) -> str:
    tag = "th" if cell.header else "td"
    spans = "".join(
        f' {name}="{value}"' for name, value in (("rowspan", cell.rowspan), ("colspan", cell.colspan)) if value > 1
    )
    return f"<{tag}{spans}>{escape(cell.text, quote=False).replace(chr(10), '<br>')}</{tag}>"


class _TableParser(HTMLParser):
    """Collects rows of (text, rowspan, colspan, header) of the first table; nested tables are read as text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._rows: list[list[tuple[list[str], int, int, bool]]] = []
        self._open = False
        self._depth = 0
        self._done = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._depth += 1
        if self._done or self._depth > 1:
            return
        if tag == "tr":
            self._rows.append([])
            self._open = False
        elif tag in ("td", "th"):
            if not self._rows:
                self._rows.append([])
            values = dict(attrs)
            spans = _span(values.get("rowspan")), _span(values.get("colspan"))
            self._rows[-1].append(([], *spans, tag == "th"))
            self._open = True
        elif tag == "br" and self._open:
            self._rows[-1][-1][0].append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._depth = max(0, self._depth - 1)
            self._done = self._done or (self._depth == 0 and bool(self._rows))
        elif tag in ("td", "th", "tr") and self._depth <= 1:
            self._open = False

    def handle_data(self, data: str) -> None:
        if self._open and not self._done:
            self._rows[-1][-1][0].append(data)

    def laid_out(self) -> list[Cell]:
        cells: list[Cell] = []
        taken: set[tuple[int, int]] = set()
        height = len(self._rows)
        for r, row in enumerate(self._rows):
            column = 0
            for parts, rowspan, colspan, header in row:
                while (r, column) in taken:
                    column += 1
                # A rowspan that reaches below the last row says nothing: it is cut, as browsers do.
                cell = Cell(r, column, min(rowspan, height - r), colspan, _tidy(parts), header)
                if len(taken) + cell.rowspan * cell.colspan > MAX_CELLS:
                    raise ValueError(f"a table has more than {MAX_CELLS} positions")
                taken.update(cell.positions)
                cells.append(cell)
                column += colspan
        return cells


def _span(value: str | None) -> int:
    digits = (value or "").strip()
    return min(max(int(digits), 1), 1000) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 1


def _tidy(parts: list[str]) -> str:
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    return "\n".join(line for line in lines if line)
