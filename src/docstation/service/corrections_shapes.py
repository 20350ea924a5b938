"""What the corrections API hears and says, and how what is asked becomes a correction."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, Field, ValidationError

from docstation.document.corrections import Correction, changed
from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Page
from docstation.document.table import MAX_CELLS, Cell, Table
from docstation.errors import UsageError
from docstation.messages.marking import N_
from docstation.service.documents_shapes import SEE, inlined, misunderstood
from docstation.service.forms import receive_bytes

LONGEST_BODY = 8 << 20
LONGEST_TEXT = 1 << 20
MOST_SPAN = 1000

Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
Index = Annotated[int, Field(ge=0, lt=MAX_CELLS)]
Span = Annotated[int, Field(ge=1, le=MOST_SPAN)]
Level = Annotated[int, Field(ge=1, le=9)]
BoxAsked = Annotated[list[Annotated[float, Field(allow_inf_nan=False)]], Field(min_length=4, max_length=4)]


class CellText(BaseModel, extra="forbid"):
    """The text of one cell; row and column count from 0, a spanned place means its cell."""

    row: Index
    column: Index
    text: Text


class CellAsked(CellText):
    """A cell of a whole grid, as in the JSON export."""

    rowspan: Span = 1
    colspan: Span = 1
    header: bool = False
    box: BoxAsked | None = None
    confidence: Annotated[float, Field(ge=0, le=1)] = 1.0


class TableAsked(BaseModel, extra="forbid"):
    """A whole grid, as in the JSON export; its size is that of its cells."""

    cells: Annotated[list[CellAsked], Field(min_length=1, max_length=MAX_CELLS)]
    rows: int = 0
    columns: int = 0

    def table(self) -> Table:
        """The grid; what overlaps is cut back.

        Raises:
            UsageError: it is too large.
        """
        try:
            return Table.of_cells(
                Cell(one.row, one.column, one.rowspan, one.colspan, one.text, one.header, _box(one.box))
                for one in self.cells
            )
        except ValueError as error:
            raise UsageError(N_("{place}: {problem}"), place="table", problem=str(error), remedy=SEE) from error


class CorrectionAsked(BaseModel, extra="forbid"):
    """What of a block is to be otherwise; what is left out stays.

    Attributes:
        text: the whole text; a table's is in its cells.
        category: its category.
        level: of a heading or list item.
        table: the whole grid.
        cells: texts of single cells.
        removed: whether it is struck out.
    """

    text: Text | None = None
    category: Category | None = None
    level: Level | None = None
    table: TableAsked | None = None
    cells: Annotated[list[CellText], Field(max_length=MAX_CELLS)] = []
    removed: bool | None = None

    def correction(self, read: Block, before: Correction) -> Correction:
        """The correction `before` with what is asked; what is then as it was read is in it no more.

        Raises:
            UsageError: a place is outside the grid, or a table's text is given as a whole.
        """
        made = replace(
            before,
            text=before.text if self.text is None else self.text,
            category=self.category or before.category,
            level=before.level if self.level is None else self.level,
            table=before.table if self.table is None else self.table.table(),
            cells=({} if self.table else dict(before.cells)) | {(one.row, one.column): one.text for one in self.cells},
            removed=before.removed if self.removed is None else self.removed,
        )
        _check(self, read, made)
        return made if made.added else _without_idle(read, made)


class BlockAsked(BaseModel, extra="forbid"):
    """A block that nobody read.

    Attributes:
        box: its place, page points.
        category: its category.
        text: its text.
        level: of a heading or list item.
        table: its grid, for a table; else lines are rows, and tabs stand between cells.
        after: id of the block that it follows; by reading order where it is left out.
    """

    box: BoxAsked
    category: Category = Category.TEXT
    text: Text = ""
    level: Level | None = None
    table: TableAsked | None = None
    after: Annotated[str, Field(max_length=64)] = ""

    def correction(self, number: int) -> Correction:
        """As a correction of that page."""
        table = self.table.table() if self.table else None
        box = _box(self.box) or Box(0, 0, 0, 0)
        return Correction("", number, box, self.text, self.category, self.level, table, added=True, after=self.after)


class RegionAsked(BaseModel, extra="forbid"):
    """A part of a page to be read.

    Attributes:
        box: the part, page points.
        engine: that reads it; that of the settings where it is left out.
        add: whether what is read is added to the page as blocks.
    """

    box: BoxAsked
    engine: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    add: bool = False

    @property
    def area(self) -> Box:
        """The box, its corners in order."""
        return _box(self.box) or Box(0, 0, 0, 0)


class CorrectedShown(BaseModel):
    """What a change led to.

    Attributes:
        block: id of the block that was corrected or added; empty where an added one was taken away.
        page: as in the JSON export, with all corrections.
        revision: how often the document's corrections were changed.
    """

    block: str
    page: dict[str, Any]
    revision: int


class CorrectionList(BaseModel):
    """Corrections in the order in which they were made, as they are kept.

    `block` of each is the id of the block that it holds for now, null where a page that was read anew has no such
    block any more.
    """

    revision: int
    corrections: list[dict[str, Any]]


class RegionShown(BaseModel):
    """What was read of a part of a page.

    Attributes:
        page: as in the JSON export, with the blocks of the part alone.
        seconds: that it took.
        added: ids of the blocks that were added.
    """

    page: dict[str, Any]
    seconds: float
    added: list[str]


Asked = TypeVar("Asked", bound=BaseModel)


async def heard(request: Request, kind: type[Asked]) -> Asked:
    """The body, of a bounded size.

    Raises:
        TooLarge: it is larger.
        UsageError: it is not understood.
    """
    try:
        return kind.model_validate_json(await receive_bytes(request, LONGEST_BODY) or b"{}")
    except ValidationError as error:
        raise misunderstood(error) from None


def body_of(kind: type[BaseModel], *, required: bool = True, **example: object) -> dict[str, Any]:
    """The body of a route that reads it by hand, for its OpenAPI."""
    content = {"application/json": {"schema": inlined(kind), "example": example}}
    return {"requestBody": {"required": required, "content": content}}


def as_added(page: Page) -> list[Correction]:
    """What was read of a part of a page, as blocks to be added."""
    return [
        Correction("", page.number, one.box, one.text, one.category, one.level or None, one.table, added=True)
        for one in page.blocks
    ]


def _box(given: list[float] | None) -> Box | None:
    if given is None:
        return None
    x0, y0, x1, y1 = given
    return Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def _check(asked: CorrectionAsked, read: Block, made: Correction) -> None:
    after = changed(read, made)
    if asked.cells and after.table is None:
        raise UsageError(N_("The block {block} is no table."), block=read.id, remedy=SEE)
    for one in asked.cells:
        if after.table and (one.row >= after.table.rows or one.column >= after.table.columns):
            raise UsageError(
                N_("The table {block} has no cell in row {row}, column {column}."),
                block=read.id,
                row=one.row,
                column=one.column,
                remedy=SEE,
            )
    if asked.text is not None and after.table is not None and (read.table or made.table):
        raise UsageError(
            N_("A table is corrected by its cells."), remedy=N_("Give single cells, or the whole grid as a table.")
        )


def _without_idle(read: Block, made: Correction) -> Correction:
    """Without what is as it was read."""
    cells = made.cells
    if read.table is not None and made.table is None:
        grid = read.table.grid
        cells = {(row, column): text for (row, column), text in cells.items() if grid[row][column].text != text}
    return replace(
        made,
        text=None if made.text == read.text else made.text,
        category=None if made.category is read.category else made.category,
        level=None if made.level == read.level else made.level,
        cells=cells,
    )
