"""What the forms share: who trades what with whom, and how a seed chooses it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

from docstation.document.model import Category
from docstation.testing import companies
from docstation.testing.companies import Company, Item
from docstation.testing.gridding import Ruling
from docstation.testing.sheet import Align, Sheet, Style
from docstation.testing.typefaces import Face, Family


@dataclass(frozen=True, slots=True)
class Paper:
    """A trade: what any of its papers says, and how it is to look.

    Attributes:
        random: decides the rest of the details.
        seller: who sells.
        buyer: who buys.
        items: what.
        number: of the paper.
        day: of the paper.
        vat_rate: per cent, 0 for none.
        family: typeface.
        ruling: of its main table.
    """

    random: Random
    seller: Company
    buyer: Company
    items: tuple[Item, ...]
    number: str
    day: date
    vat_rate: int
    family: Family
    ruling: Ruling

    @classmethod
    def of(
        cls, seed: int, *, services: bool = False, ruling: Ruling | None = None, family: Family | None = None
    ) -> Paper:
        """The trade that a seed stands for; `ruling` and `family` replace what it would choose."""
        random = Random(seed * 7919 + services)
        chosen = random.choice((Family.TIMES, Family.ARIAL, Family.ARIAL, Family.SANS, Family.SERIF))
        lines = random.choice((Ruling.FULL, Ruling.FULL, Ruling.ROWS, Ruling.NONE))
        rate = random.choice((20, 20, 22, 10))
        count = random.randint(1, 3) if services else random.randint(2, 9)
        goods = companies.items(random, count, services=services, vat_rate=rate)
        number = f"{random.choice(('', '', 'А-', 'ЮГ/', '00'))}{random.randint(1, 4999)}"
        seller, buyer = companies.company(random), companies.company(random)
        while buyer.full.split(" «")[-1] == seller.full.split(" «")[-1]:
            buyer = companies.company(random)
        return cls(
            random=random,
            seller=seller,
            buyer=buyer,
            items=tuple(goods),
            number=number,
            day=companies.day(random),
            vat_rate=rate,
            family=family or chosen,
            ruling=ruling or lines,
        )

    @property
    def net(self) -> int:
        """Sum without tax, kopecks."""
        return sum(item.net for item in self.items)

    @property
    def vat(self) -> int:
        """Tax, kopecks."""
        return sum(item.vat for item in self.items)

    @property
    def gross(self) -> int:
        """Sum with tax, kopecks."""
        return self.net + self.vat

    def style(
        self,
        size: float,
        *,
        bold: bool = False,
        align: Align = "left",
        category: Category = Category.TEXT,
        level: int = 0,
    ) -> Style:
        """A style in the paper's family."""
        return Style(Face(self.family, size, bold), align, category=category, level=level)


def entry(
    sheet: Sheet, at: tuple[float, float], widths: tuple[float, float], texts: tuple[str, str], style: Style
) -> float:
    """A label and, beside it, its wrapped value, as one block; returns the bottom."""
    x, top = at
    label, bottom_label = sheet.lines(texts[0], x, top, widths[0], style)
    value, bottom = sheet.lines(texts[1], x + widths[0], top, widths[1], style)
    sheet.block([*label, *value])
    return max(bottom, bottom_label)


def underlined(sheet: Sheet, at: tuple[float, float], width: float, caption: str, style: Style) -> None:
    """A line to sign on, its caption below."""
    x, top = at
    sheet.rule(x, top, x + width, top)
    small = Style(Face(style.face.family, style.face.size * 0.72), "center", category=Category.TEXT)
    sheet.paragraph(caption, x, top + 0.5, width, small)
