"""An English report on two pages: two columns, a list, a half-ruled table, a chart, footnotes, running headers."""

from __future__ import annotations

from docstation.document.geometry import Box
from docstation.document.model import Category
from docstation.testing.drawn import Drawn
from docstation.testing.gridding import GridStyle, Ruling, TableCell, draw_table, head, number
from docstation.testing.sheet import Sheet, Style
from docstation.testing.typefaces import Face, Family

_LEFT, _WIDTH, _GAP = 60.0, 475.0, 19.0
_COLUMN = (_WIDTH - _GAP) / 2

_TITLE = "Paper Archives and the Cost of Finding Things"
_ABSTRACT = (
    "Offices keep far more paper than they read. We counted what three archives hold, timed how long clerks need to "
    "find a document, and compared this with the time after the shelves had been scanned. Search became eleven times "
    "quicker, but only where the scans had been read by a machine and corrected by a person."
)
_LEFT_COLUMN = (
    ("1 Introduction", (
        "An archive is a promise that a document will be found again. The promise is kept by order: folders, numbers, "
        "registers, and the memory of the people who put them there. When those people leave, the order remains but "
        "its meaning fades, and a search that took minutes begins to take days.",
        "Scanning alone does not help. A picture of a page can be carried and copied, yet nobody can look for a word "
        "in it. What is needed is the text, the place of each word on the page, and a record of how sure we are.",
        "Machines that read have been sold for forty years, and for most of that time they were judged by the share of "
        "letters they got right on clean print. Archives are not clean print. Their pages are skewed, stamped, folded, "
        "typed on worn ribbons, and copied from copies; their tables continue overleaf, and their margins hold the "
        "only note that matters. A reader that is right on 99 letters of a hundred still spoils every second name.",
        "This report therefore asks a plain question: how long does it take a clerk to put the right document on the "
        "desk, before and after? It is the only figure that the people who pay for archives have ever asked us for.",
        "We also kept a diary of what went wrong. Half of all failed searches were not failures of reading at all: the "
        "document had been filed under another year, or lent to another office and never returned.",
    )),
)  # fmt: skip
_RIGHT_COLUMN = (
    ("2 What we measured", (
        "Between March 2024 and January 2026 we visited a city court, a shipping company, and a hospital. In each we "
        "drew 250 documents at random and asked two clerks to find them.",
        "Each search was timed by a person who did not know whether the shelf had been scanned. A search ended when "
        "the clerk held the document, or after two hours. For every document we noted",
    )),
)  # fmt: skip
_LIST = (
    "• time from the question to the document in hand;",
    "• share of documents that were not found at all;",
    "• cost of scanning, reading, and checking a page.",
)
_NOTE = "1 All times are medians; the clerks knew that they were being timed."
_SECOND = (
    ("3 Results", (
        "Table 1 shows the medians before and after. The court gained most, because its registers were the oldest and "
        "its folders the thickest. The hospital gained least: its paper was young, and its numbers were already good.",
    )),
    ("4 Discussion", (
        "Three things surprised us. First, clerks stopped using the register within a week. Second, errors of "
        "recognition in names did more harm than errors in running text, since people search for names. Third, nearly "
        "one fifth of all pages carried stamps or handwriting over print, and these pages took most of the checking.",
        "We do not know how far these figures carry. Archives differ in age, language, and care; ours were small, and "
        "all three used the same scanner at 200 dots per inch. A larger study would have to vary at least that.",
        "Nor do we know what the clerks would have done with better registers alone. One of them said that scanning "
        "had merely forced the court to sort its shelves, and that sorting was what had saved the time. We could not "
        "refute her: in the shipping company, where nothing was sorted, the gain was the smallest in relation to cost.",
        "Still, the direction is clear enough to act on: read what is scanned, keep the picture beside the text, and "
        "let people correct what they see. The cost of a page was $0.043 to scan, $0.002 to read & $0.11 to check.",
    )),
)  # fmt: skip
_CHART = (("Court", 96), ("Shipping", 41), ("Hospital", 18))


def report() -> Drawn:
    """Draw the report; both pages are born-digital."""
    sheet = Sheet(title=_TITLE)
    _running(sheet, 1)
    title = Style(Face(Family.TIMES, 18, bold=True), "center", category=Category.TITLE, level=1)
    top = sheet.paragraph(_TITLE, _LEFT, 62, _WIDTH, title)
    top = sheet.paragraph("M. Harrow and L. Okafor", _LEFT, top + 6, _WIDTH, _style(11, "center"))
    top = sheet.paragraph(_ABSTRACT, _LEFT + 36, top + 12, _WIDTH - 72, _style(9.5, "justify")) + 14
    _sections(sheet, (_LEFT, top), _COLUMN, _LEFT_COLUMN)
    right = _LEFT + _COLUMN + _GAP
    level = _sections(sheet, (right, top), _COLUMN, _RIGHT_COLUMN) + 4
    for item in _LIST:
        style = Style(Face(Family.TIMES, 10), category=Category.LIST_ITEM, level=1)
        level = sheet.paragraph(item, right + 8, level, _COLUMN - 8, style)
    level = _chart(sheet, Box(right, level + 10, right + _COLUMN, level + 120))
    caption = Style(Face(Family.TIMES, 9), category=Category.CAPTION)
    sheet.paragraph("Figure 1: Minutes to find a document, before scanning.", right, level + 4, _COLUMN, caption)
    sheet.rule(_LEFT, 752, _LEFT + 90, 752)
    sheet.paragraph(_NOTE, _LEFT, 756, _WIDTH, Style(Face(Family.TIMES, 8), category=Category.FOOTNOTE))
    sheet.end_page()
    _second_page(sheet)
    pdf, pages = sheet.finish()
    return Drawn("report-en", pdf, pages)


def _style(size: float, align: str = "left") -> Style:
    return Style(Face(Family.TIMES, size), "justify" if align == "justify" else "center")


def _running(sheet: Sheet, page: int) -> None:
    style = Style(Face(Family.TIMES, 8.5), "right", category=Category.PAGE_HEADER)
    sheet.paragraph("Journal of Office Practice, Vol. 12 (2026)", _LEFT, 34, _WIDTH, style)
    footer = Style(Face(Family.TIMES, 9), "center", category=Category.PAGE_FOOTER)
    sheet.paragraph(str(page), _LEFT, 796, _WIDTH, footer)


def _sections(
    sheet: Sheet, at: tuple[float, float], width: float, sections: tuple[tuple[str, tuple[str, ...]], ...]
) -> float:
    x, top = at
    heading = Style(Face(Family.TIMES, 12, bold=True), category=Category.SECTION_HEADER, level=2)
    for title, paragraphs in sections:
        top = sheet.paragraph(title, x, top + 6, width, heading) + 3
        for text in paragraphs:
            top = sheet.paragraph(text, x, top, width, Style(Face(Family.TIMES, 10.5), "justify", indent=12)) + 2
    return top


def _chart(sheet: Sheet, box: Box) -> float:
    """A bar chart: a picture with a few words in it."""
    sheet.rule(box.x0 + 46, box.y0, box.x0 + 46, box.y1)
    face = Face(Family.ARIAL, 8)
    lines = []
    for index, (name, value) in enumerate(_CHART):
        top = box.y0 + 10 + index * 34
        sheet.fill(Box(box.x0 + 46, top, box.x0 + 46 + 1.7 * value, top + 20), 0.55)
        for text, x, width in ((name, box.x0, 44.0), (str(value), box.x0 + 50 + 1.7 * value, 30.0)):
            drawn, _ = sheet.lines(text, x, top + 5, width, Style(face))
            lines += drawn
    sheet.block(lines, category=Category.PICTURE, box=box)
    return box.y1


def _second_page(sheet: Sheet) -> None:
    _running(sheet, 2)
    top = _sections(sheet, (_LEFT, 58), _WIDTH, _SECOND[:1])
    caption = Style(Face(Family.TIMES, 9), "center", category=Category.CAPTION)
    top = sheet.paragraph(
        "Table 1: Median search time, minutes, and documents not found.", _LEFT, top + 8, _WIDTH, caption
    )
    rows = [
        [head("Archive"), head("Documents"), head("Before"), head("After"), head("Not found, %")],
        *([TableCell(name), *(number(text) for text in texts)] for name, *texts in (
            ("City court", "250", "96.0", "4.5", "7.2"), ("Shipping company", "250", "41.5", "5.0", "3.6"),
            ("Hospital", "248", "18.0", "4.0", "0.8"),
        )),
    ]  # fmt: skip
    style = GridStyle(Face(Family.TIMES, 10), Ruling.ROWS, padding=(6, 2.5))
    top = draw_table(sheet, (_LEFT + 58, top + 4), (110, 66, 56, 56, 72), rows, style)
    _sections(sheet, (_LEFT, top + 8), _WIDTH, _SECOND[1:])
