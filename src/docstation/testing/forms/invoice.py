"""An invoice for payment (счёт на оплату), as accounting programs print it."""

from __future__ import annotations

from collections.abc import Mapping

from docstation.document.model import Category
from docstation.testing.forms.paper import Paper, entry
from docstation.testing.gridding import GridStyle, Ruling, TableCell, draw_table, head, number
from docstation.testing.numerals import long_date, money, rubles_in_words, short_date
from docstation.testing.sheet import Sheet
from docstation.testing.typefaces import Face

_LEFT, _WIDTH = 42.0, 511.0
_COLUMNS = (24.0, 253.0, 48.0, 40.0, 70.0, 76.0)


def draw(sheet: Sheet, paper: Paper) -> Mapping[str, str]:
    """Draw it and return its fields."""
    top = _bank(sheet, paper, 40)
    top = sheet.paragraph(
        f"Счет на оплату № {paper.number} от {long_date(paper.day)}", _LEFT, top + 14, _WIDTH,
        paper.style(13.5, bold=True, category=Category.TITLE, level=1),
    )  # fmt: skip
    sheet.rule(_LEFT, top + 4, _LEFT + _WIDTH, top + 4, 1.5)
    top = _parties(sheet, paper, top + 10)
    top = draw_table(sheet, (_LEFT, top + 8), _COLUMNS, _rows(paper), GridStyle(Face(paper.family, 8.5), paper.ruling))
    top = _totals(sheet, paper, top + 6)
    _signatures(sheet, paper, top + 24)
    return _fields(paper)


def _bank(sheet: Sheet, paper: Paper, top: float) -> float:
    bank = paper.seller.bank
    rows = [
        [TableCell(f"{bank.name} {bank.city}", columns=2), TableCell("БИК"), TableCell(bank.bik)],
        [TableCell("Банк получателя", columns=2), TableCell("Сч. №"), TableCell(bank.account)],
        [TableCell(f"ИНН {paper.seller.inn}"), TableCell(f"КПП {paper.seller.kpp}"), TableCell("Сч. №", rows=2),
         TableCell(paper.seller.account, rows=2)],
        [TableCell(f"{paper.seller.short} Получатель", columns=2)],
    ]  # fmt: skip
    # The bank's box is always ruled: it is a form of its own, whatever the list of goods looks like.
    style = GridStyle(Face(paper.family, 9), Ruling.FULL, least=15)
    return draw_table(sheet, (_LEFT, top), (142, 142, 46, 181), rows, style)


def _parties(sheet: Sheet, paper: Paper, top: float) -> float:
    style = paper.style(9)
    seller, buyer = paper.seller, paper.buyer
    entries = (
        ("Поставщик:", f"{seller.short}, ИНН {seller.inn}, КПП {seller.kpp}, {seller.address}, тел.: {seller.phone}"),
        ("Покупатель:", f"{buyer.short}, ИНН {buyer.inn}, КПП {buyer.kpp}, {buyer.address}"),
        ("Основание:", f"Договор поставки № {paper.random.randint(1, 300)}/{paper.day.year % 100}"),
    )
    for texts in entries:
        top = entry(sheet, (_LEFT, top), (70, _WIDTH - 70), texts, style) + 5
    return top


def _rows(paper: Paper) -> list[list[TableCell]]:
    heads = ("№", "Товары (работы, услуги)", "Кол-во", "Ед.", "Цена", "Сумма")
    rows = [[head(text) for text in heads]]
    for index, item in enumerate(paper.items, 1):
        cells = [TableCell(str(index), align="center"), TableCell(item.name), number(item.amount),
                 TableCell(item.unit), number(money(item.price)), number(money(item.net))]  # fmt: skip
        rows.append(cells)
    return rows


def _totals(sheet: Sheet, paper: Paper, top: float) -> float:
    bold = paper.style(9, bold=True, align="right")
    right = _LEFT + _WIDTH
    for label, value in (
        ("Итого:", paper.net),
        (f"Сумма НДС ({paper.vat_rate}%):", paper.vat),
        ("Всего к оплате:", paper.gross),
    ):
        name, _ = sheet.lines(label, right - 240, top, 150, bold)
        amount, top = sheet.lines(money(value), right - 88, top, 86, bold)
        sheet.block([*name, *amount])
        top += 2
    text = f"Всего наименований {len(paper.items)}, на сумму {money(paper.gross)} руб."
    top = sheet.paragraph(text, _LEFT, top + 6, _WIDTH, paper.style(9))
    top = sheet.paragraph(rubles_in_words(paper.gross), _LEFT, top + 1, _WIDTH, paper.style(9, bold=True))
    due = f"Счет действителен до {short_date(paper.day)}. Товар отпускается по факту прихода денег на р/с Поставщика."
    top = sheet.paragraph(due, _LEFT, top + 8, _WIDTH, paper.style(8))
    sheet.rule(_LEFT, top + 6, right, top + 6, 1.5)
    return top


def _signatures(sheet: Sheet, paper: Paper, top: float) -> None:
    bold, plain = paper.style(9, bold=True), paper.style(9)
    for x, label, name in (
        (_LEFT, "Руководитель", paper.seller.director),
        (_LEFT + 265, "Бухгалтер", paper.seller.accountant),
    ):
        role, _ = sheet.lines(label, x, top, 80, bold)
        sheet.rule(x + 78, top + 11, x + 160, top + 11)
        signer, _ = sheet.lines(name, x + 166, top, 90, plain)
        sheet.block([*role, *signer])


def _fields(paper: Paper) -> Mapping[str, str]:
    seller, buyer = paper.seller, paper.buyer
    return {
        "number": paper.number, "date": long_date(paper.day), "seller": seller.short, "seller_inn": seller.inn,
        "seller_kpp": seller.kpp, "bik": seller.bank.bik, "account": seller.account,
        "correspondent_account": seller.bank.account, "buyer": buyer.short, "buyer_inn": buyer.inn,
        "buyer_kpp": buyer.kpp, "net": money(paper.net), "vat": money(paper.vat), "total": money(paper.gross),
    }  # fmt: skip
