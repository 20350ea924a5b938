"""Running headers, footers and page numbers of a single page, by place and form.

Only one page is seen here; whether a line repeats on other pages is for the assembly to judge. A line is set apart when
it stands at the margin, away from the body, and has a form that furniture has. What could be a title, an address or the
end of a paragraph stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from docstation.document.geometry import Box
from docstation.document.order import rows as in_rows
from docstation.reading.layout.marks import is_capitals, names_deed, names_section, opens_caption, opens_item
from docstation.reading.layout.rows import Row, Usual

MARGIN_SHARE = 0.145
"""Furniture stands in this share of the page's height at the top or bottom."""
NUMBER_SHARE = 0.4
"""A lone number that ends a page early is still its number."""
MAX_ROWS = 4

_NUMBER = re.compile(
    r"^[\s\-–—•|.~\[(]*(?:(?:стр(?:аница|\.)?|лист|page|p\.|pg\.?|с\.)\s*)?(?:\d{1,4}|[ivxlc]{1,7}|[IVXLC]{1,7})"
    r"(?:\s*(?:/|из|of|\|)\s*\d{1,4})?[\s\-–—•|.~\])]*$",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"(?:https?://|www\.|doi[:.]|\bdoi\.org|arxiv:|downloaded from|download date|скачано|©|\(c\)|copyright|all rights|"
    r"\bissn\b|\bisbn\b|\bvol(?:ume|\.)\s*\d|\bissue\s*\d|\bno\.\s*\d|preprint|консультантплюс|гарант|page \d+|"
    r"стр(?:аница|\.) \d+|confidential|конфиденциально|дата (?:сохранения|печати)|et al\.|\bjournal\b|проставляется|"
    r"licensed|доступ(?:а|ен)|printed|распечатано|@\w+\.|^\d{4}, vol|вестник|журнал|\bтом \d)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?://|www\.", re.IGNORECASE)
_FOOTNOTE = re.compile(r"^(?:\d{1,3}|[*†‡])[^\W\d_«]")
_DATE = re.compile(r"\b(?:\d{1,2}[./]\d{1,2}[./]\d{2,4}|(?:19|20)\d\d)\b")


@dataclass(frozen=True, slots=True)
class Margins:
    """Indices of rows set apart at the top and the bottom of a page."""

    top: frozenset[int]
    bottom: frozenset[int]


def is_page_number(text: str) -> bool:
    """Whether a line is nothing but a page number («- 5 -», «стр. 5», "Page 3 of 10", «xii»)."""
    return bool(_NUMBER.match(text.strip()))


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a page holds besides its rows.

    Attributes:
        number: of the page in its file, from 1.
        width: points.
        height: points.
        obstacles: boxes of tables and pictures.
        rulings: thin lines.
        usual: what is usual among its rows.
    """

    number: int
    width: float
    height: float
    obstacles: tuple[Box, ...]
    rulings: tuple[Box, ...]
    usual: Usual


def margins_of(rows: Sequence[Row], sheet: Sheet) -> Margins:
    """Find the furniture of one page among the rows that stand in no table or picture."""
    if not rows:
        return Margins(frozenset(), frozenset())
    finder = _Finder(rows, sheet)
    return Margins(frozenset(finder.found(top=True)), frozenset(finder.found(top=False)))


class _Finder:
    """Walks from an edge of the page inwards, one line of rows at a time."""

    def __init__(self, rows: Sequence[Row], sheet: Sheet) -> None:
        self._rows = rows
        self._obstacles = sheet.obstacles
        self._height = sheet.height
        self._number = sheet.number
        self._usual = sheet.usual
        self._lines = in_rows([row.box for row in rows], range(len(rows)))
        self._left = min(row.box.x0 for row in rows)
        self._right = max(row.box.x1 for row in rows)
        wide = 0.35 * (self._right - self._left)
        self._rulings = [r for r in sheet.rulings if r.width > wide and r.height < 4]

    def found(self, *, top: bool) -> list[int]:
        """Indices of rows that are furniture at one edge.

        The deepest line that closes a block of furniture takes the lines outside of it along.
        """
        lines = self._lines if top else self._lines[::-1]
        taken: list[int] = []
        waiting: list[int] = []
        for depth, line in enumerate(lines[: MAX_ROWS + 1]):
            if depth >= len(lines) - 1 and len(lines) > 1:
                break
            if depth == MAX_ROWS or not self._at_margin(line, top=top):
                break
            waiting.extend(line)
            verdict = self._verdict(line, lines[depth + 1] if depth + 1 < len(lines) else None, top=top)
            if verdict:
                taken.extend(waiting)
                waiting = []
            elif self._looks_like_body(line):
                break
        return taken

    def _at_margin(self, line: list[int], *, top: bool) -> bool:
        if top:
            return max(self._rows[i].box.y1 for i in line) < MARGIN_SHARE * self._height
        share = NUMBER_SHARE if len(line) == 1 and is_page_number(self._text(line)) else MARGIN_SHARE
        return min(self._rows[i].box.y0 for i in line) > (1 - share) * self._height

    def _looks_like_body(self, line: list[int]) -> bool:
        text = self._text(line)
        wide = self._extent(line).width > 0.8 * (self._right - self._left)
        return wide and len(text) > 60 and not _FORM.search(text)

    def _text(self, line: list[int]) -> str:
        return "   ".join(self._rows[i].text for i in line)

    def _extent(self, line: list[int]) -> Box:
        return Box.around(self._rows[i].box for i in line)

    def _verdict(self, line: list[int], inner: list[int] | None, *, top: bool) -> bool:
        """Whether the line, with what lies outside of it, is furniture: points for form and place, above a bar."""
        texts = [self._rows[i].text for i in line]
        whole = " ".join(texts)
        gap = self._gap(line, inner, top=top)
        usual = self._usual
        ruled = self._ruled(line, inner, top=top)
        evidence = self._evidence(line, texts, whole)
        if not ruled and evidence < 1:
            return False
        points = evidence + self._form_points(line, texts, whole, top=top)
        if ruled:
            points += 2
        if gap > 1.0 * usual.pitch:
            points += 1
        if gap > 2.2 * usual.pitch:
            points += 1
        # Without a rule only more white than between lines sets a line apart; a bare number needs less.
        least = max(usual.pitch - usual.size, 0.0) + 0.45 * usual.size
        if ruled or any(is_page_number(text) for text in texts):
            least = 0.25 * usual.size
        return points >= 3 and gap > least

    def _evidence(self, line: list[int], texts: list[str], whole: str) -> float:
        """What only furniture has: a page number, a known form, parts at both edges, smaller or slanted type."""
        points = 0.0
        rows = [self._rows[i] for i in line]
        if any(is_page_number(text) for text in texts):
            points += 2.5 if len(texts) > 1 or re.search(r"\d", whole) else 1.5
        if _FORM.search(whole) and (len(whole) < 100 or not _ADDRESS.search(whole)):
            points += 2
        if len(texts) > 1 and self._spread(line):
            points += 1
        if max(row.size for row in rows) < 0.93 * self._usual.size or all(row.italic for row in rows):
            points += 1
        return points

    def _form_points(self, line: list[int], texts: list[str], whole: str, *, top: bool) -> float:
        points = 0.0
        rows = [self._rows[i] for i in line]
        size = max(row.size for row in rows)
        if not top and _FOOTNOTE.match(whole):
            points -= 3
        if is_capitals(whole) or re.match(r"^\d{1,4}\s+\D+$|^\D+\s+\d{1,4}$", whole):
            points += 0.5
        if len(whole) < 60:
            points += 0.5
        if _DATE.search(whole):
            points += 0.5
        return points - self._body_points(rows, texts, whole, size)

    def _body_points(self, rows: list[Row], texts: list[str], whole: str, size: float) -> float:
        """Reasons to keep the line: headings, items, captions, large or bold type, a title page."""
        points = 0.0
        if size > 1.2 * self._usual.size and not any(is_page_number(text) for text in texts):
            points += 2
        if opens_caption(whole) or names_section(whole) or (opens_item(whole) and len(texts) == 1):
            points += 1.5
        if names_deed(whole) and self._number == 1:
            points += 1.5
        if any(row.bold for row in rows) and not self._usual.bold and self._number == 1:
            points += 1
        if len(whole) > 90 and not _FORM.search(whole):
            points += 1
        return points

    def _spread(self, line: list[int]) -> bool:
        extent = self._extent(line)
        gaps = sum(self._rows[i].box.width for i in line)
        return extent.width > 0.6 * (self._right - self._left) and gaps < 0.8 * extent.width

    def _gap(self, line: list[int], inner: list[int] | None, *, top: bool) -> float:
        """White space between the line and what stands further inside."""
        own = self._extent(line)
        edges = [box for box in self._obstacles if box.height < 0.9 * self._height]
        # Boxes of a bad layer overlap: the distance of the lines' middles counts as well.
        apart = abs(self._extent(inner).center[1] - own.center[1]) - self._usual.size if inner else self._height
        if inner:
            near = self._extent(inner)
            apart = max(apart, near.y0 - own.y1 if top else own.y0 - near.y1)
        if top:
            return min(apart, *(box.y0 - own.y1 for box in edges if box.y1 > own.y1), self._height)
        return min(apart, *(own.y0 - box.y1 for box in edges if box.y0 < own.y0), self._height)

    def _ruled(self, line: list[int], inner: list[int] | None, *, top: bool) -> bool:
        """Whether a long thin line divides it from the body."""
        own = self._extent(line)
        near = self._extent(inner) if inner else None
        for ruling in self._rulings:
            if top and own.y1 - 1 < ruling.y0 < own.y1 + 1.5 * self._usual.size:
                return near is None or ruling.y0 < near.y0 + 2
            # A line at the foot of the inner row only underlines it.
            if not top and own.y0 - 1.5 * self._usual.size < ruling.y1 < own.y0 + 1:
                return near is None or ruling.y1 > near.y1 + 1
        return False
