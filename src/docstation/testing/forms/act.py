"""An act of services rendered (акт об оказании услуг)."""

from __future__ import annotations

from collections.abc import Mapping

from docstation.document.model import Category
from docstation.testing.forms.paper import Paper, entry, underlined
from docstation.testing.gridding import GridStyle, TableCell, draw_table, head, number
from docstation.testing.numerals import long_date, money, rubles_in_words
from docstation.testing.sheet import Sheet
from docstation.testing.typefaces import Face

_LEFT, _WIDTH = 50.0, 495.0
_COLUMNS = (24.0, 236.0, 46.0, 40.0, 71.0, 78.0)


def draw(sheet: Sheet, paper: Paper) -> Mapping[str, str]:
    """Draw it and return its fields."""
    top = sheet.paragraph(
        f"Акт № {paper.number} от {long_date(paper.day)}", _LEFT, 46, _WIDTH,
        paper.style(14, bold=True, category=Category.TITLE, level=1),
    )  # fmt: skip
    sheet.rule(_LEFT, top + 3, _LEFT + _WIDTH, top + 3, 1.5)
    style = paper.style(9.5)
    seller, buyer = paper.seller, paper.buyer
    top += 12
    for texts in (
        ("Исполнитель:", f"{seller.full}, ИНН {seller.inn}, КПП {seller.kpp}, {seller.address}"),
        ("Заказчик:", f"{buyer.full}, ИНН {buyer.inn}, КПП {buyer.kpp}, {buyer.address}"),
        (
            "Основание:",
            f"Договор возмездного оказания услуг № {paper.random.randint(10, 999)} от {long_date(paper.day)}",
        ),
    ):
        top = entry(sheet, (_LEFT, top), (76, _WIDTH - 76), texts, style) + 5
    top = draw_table(sheet, (_LEFT, top + 8), _COLUMNS, _rows(paper), GridStyle(Face(paper.family, 9), paper.ruling))
    _signatures(sheet, paper, _closing(sheet, paper, top + 12) + 22)
    return {
        "number": paper.number, "date": long_date(paper.day), "seller": seller.full, "seller_inn": seller.inn,
        "seller_kpp": seller.kpp, "buyer": buyer.full, "buyer_inn": buyer.inn, "buyer_kpp": buyer.kpp,
        "vat": money(paper.vat), "total": money(paper.gross),
    }  # fmt: skip


def _rows(paper: Paper) -> list[list[TableCell]]:
    rows = [[head(text) for text in ("№", "Наименование работ, услуг", "Кол-во", "Ед.", "Цена", "Сумма")]]
    for index, item in enumerate(paper.items, 1):
        cells = [TableCell(str(index), align="center"), TableCell(item.name), number(item.amount),
                 TableCell(item.unit), number(money(item.price)), number(money(item.net))]  # fmt: skip
        rows.append(cells)
    rows.append([TableCell("Итого:", columns=5, align="right", bold=True), number(money(paper.net), bold=True)])
    label = f"Сумма НДС ({paper.vat_rate} %):"
    rows.append([TableCell(label, columns=5, align="right", bold=True), number(money(paper.vat), bold=True)])
    rows.append([TableCell("Всего с НДС:", columns=5, align="right", bold=True), number(money(paper.gross), bold=True)])
    return rows


def _closing(sheet: Sheet, paper: Paper, top: float) -> float:
    total = f"Всего оказано услуг {len(paper.items)}, на сумму {money(paper.gross)} руб."
    top = sheet.paragraph(total, _LEFT, top, _WIDTH, paper.style(9.5))
    top = sheet.paragraph(rubles_in_words(paper.gross), _LEFT, top + 1, _WIDTH, paper.style(9.5, bold=True))
    text = (
        "Вышеперечисленные услуги выполнены полностью и в срок. Заказчик претензий по объему, качеству и срокам "
        "оказания услуг не имеет. Настоящий акт составлен в двух экземплярах, имеющих одинаковую юридическую силу, "
        "по одному для каждой из сторон."
    )
    return sheet.paragraph(text, _LEFT, top + 8, _WIDTH, paper.style(9.5, align="justify"))


def _signatures(sheet: Sheet, paper: Paper, top: float) -> None:
    half = _WIDTH / 2
    for x, role, company in ((_LEFT, "ИСПОЛНИТЕЛЬ", paper.seller), (_LEFT + half + 10, "ЗАКАЗЧИК", paper.buyer)):
        below = sheet.paragraph(role, x, top, half - 10, paper.style(10, bold=True))
        below = sheet.paragraph(f"Генеральный директор {company.short}", x, below + 2, half - 12, paper.style(9.5))
        underlined(sheet, (x, below + 30), 110, "(подпись)", paper.style(9.5))
        sheet.paragraph(company.director, x + 118, below + 19, 110, paper.style(9.5))
