"""Draws paragraphs, captions and tables from top to bottom of a page, breaks pages and counts blocks.

Running headers and footers stand on every page. It knows pages, not which tables belong together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from docstation.document.model import Category
from docstation.document.table import Table
from docstation.testing.gridding import GridStyle, TableCell, draw_table
from docstation.testing.sheet import Sheet, Style
from docstation.testing.table_columns import Language, sentence
from docstation.testing.typefaces import Face

LEFT, WIDTH, TOP, BOTTOM = 62.0, 470.0, 76.0, 744.0
"""Of the body, points."""

Row = Sequence[TableCell]


@dataclass(slots=True)
class PageWriter:
    """A document in the making.

    Attributes:
        random: chooses words.
        language: of all words.
        sheet: that is drawn on.
        style: of tables; its typeface is that of the text as well.
        top: where the next block begins, points.
        number: of the page.
        table: number of the last table that has a caption.
    """

    random: Random
    language: Language
    sheet: Sheet
    style: GridStyle
    top: float = TOP
    number: int = 1
    table: int = 0
    _blocks: int = 0

    @property
    def room(self) -> float:
        """What is left of the page, points."""
        return BOTTOM - self.top

    def choice(self, russian: Sequence[str], english: Sequence[str]) -> str:
        """One of the wordings in the document's language."""
        return self.random.choice(russian if self.language == "ru" else english)

    def line(self, text: str, size: float, category: Category = Category.TEXT, *, at: float | None = None) -> None:
        """Draw a paragraph in the flow, or somewhere else on the page."""
        justified = category is Category.TEXT and len(text) > 60
        style = Style(Face(self.style.face.family, size), "justify" if justified else "left", category=category)
        bottom = self.sheet.paragraph(text, LEFT, self.top if at is None else at, WIDTH, style)
        self._blocks += 1
        if at is None:
            self.top = bottom + 5

    def paragraph(self, clauses: int) -> None:
        """A sentence of so many clauses, on this page or the next."""
        if self.room < 60:
            self.end_page()
        self.line(f"{sentence(self.random, self.language, clauses).capitalize()}.", 11)

    def fill(self, room: float) -> None:
        """Paragraphs until about `room` points are left."""
        while self.room > room + 45:
            self.paragraph(2)

    def caption(self) -> None:
        """The caption of the next table."""
        self.table += 1
        word, topic = (
            self.choice(("Таблица",), ("Table",)),
            self.choice(
                ("Ведомость работ", "Перечень изделий", "Распределение обязанностей"),
                ("List of works", "Schedule of items", "Duties by post"),
            ),
        )
        self.line(f"{word} {self.table} – {topic}", 11, Category.CAPTION)

    def continuation(self) -> None:
        """A line that says that the last table goes on."""
        n = self.table
        russian = (f"Продолжение таблицы {n}", f"Окончание табл. {n}", f"Таблица {n} (продолжение)")
        self.line(self.choice(russian, (f"Table {n} (continued)", f"Table {n}, cont'd", "(continued)")), 10)

    def footnote(self) -> None:
        """A footnote at the foot of the page."""
        text = f"1 {sentence(self.random, self.language, 1).capitalize()}."
        self.line(text, 8, Category.FOOTNOTE, at=BOTTOM + 8)

    def draw(self, widths: Sequence[float], rows: Sequence[Row]) -> str:
        """Draw a table, or a part of one; returns its block's id."""
        self.top = draw_table(self.sheet, (LEFT, self.top), widths, rows, self.style) + 12
        self._blocks += 1
        return f"p{self.number}-b{self._blocks}"

    def height(self, widths: Sequence[float], rows: Sequence[Row]) -> float:
        """How high rows become, points."""
        return draw_table(Sheet(), (LEFT, 0.0), widths, rows, self.style)

    def whole(self, widths: Sequence[float], rows: Sequence[Row]) -> Table:
        """The grid of a table that no page cuts."""
        sheet = Sheet()
        draw_table(sheet, (LEFT, 0.0), widths, rows, self.style)
        table = sheet.finish()[1][0].blocks[0].table
        if table is None:
            raise RuntimeError("a drawn table has a grid")
        return table

    def begin_page(self) -> None:
        """The running header."""
        self._blocks = 0
        self.top = TOP
        title = "Регламент технического обслуживания" if self.language == "ru" else "Rules of technical maintenance"
        self.line(title, 9, Category.PAGE_HEADER, at=40)

    def end_page(self) -> None:
        """Close the page; what is drawn next stands on a new one."""
        self.close_page()
        self.number += 1
        self.begin_page()

    def close_page(self) -> None:
        """The running footer, and nothing after it."""
        word = "Страница" if self.language == "ru" else "Page"
        self.line(f"{word} {self.number}", 9, Category.PAGE_FOOTER, at=800)
        self.sheet.end_page()
