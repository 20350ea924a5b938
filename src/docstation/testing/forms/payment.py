"""A payment order (платёжное поручение), form 0401060 of the Central Bank: a form of boxes rather than a table."""

from __future__ import annotations

from collections.abc import Mapping

from docstation.document.geometry import Box
from docstation.document.model import Category
from docstation.testing.forms.paper import Paper, underlined
from docstation.testing.numerals import money, rubles_in_words, short_date
from docstation.testing.sheet import Sheet

_LEFT, _RIGHT = 57.0, 553.0
_MIDDLE, _VALUE = 340.0, 386.0


def draw(sheet: Sheet, paper: Paper) -> Mapping[str, str]:
    """Draw it and return its fields."""
    _heading(sheet, paper)
    _amount_in_words(sheet, paper)
    _payer(sheet, paper)
    _banks(sheet, paper)
    _payee(sheet, paper)
    top = _codes(sheet, paper)
    purpose = _purpose(paper)
    bottom = sheet.paragraph(purpose, _LEFT, top + 6, _RIGHT - _LEFT, paper.style(9))
    sheet.paragraph("Назначение платежа", _LEFT, bottom + 22, 160, paper.style(8))
    sheet.rule(_LEFT, bottom + 20, _RIGHT, bottom + 20)
    _signatures(sheet, paper, bottom + 36)
    seller, buyer = paper.seller, paper.buyer
    return {
        "number": paper.number, "date": short_date(paper.day), "payer": buyer.full, "payer_inn": buyer.inn,
        "payer_kpp": buyer.kpp, "payer_account": buyer.account, "payer_bik": buyer.bank.bik, "payee": seller.full,
        "payee_inn": seller.inn, "payee_kpp": seller.kpp, "payee_account": seller.account,
        "payee_bik": seller.bank.bik, "total": _dashed(paper.gross), "purpose": purpose,
    }  # fmt: skip


def _dashed(kopecks: int) -> str:
    return money(kopecks, separator="", comma="-")


def _purpose(paper: Paper) -> str:
    what = paper.items[0].name.split(",")[0]
    return (
        f"Оплата по счету № {paper.number} от {short_date(paper.day)} за товар: {what}. "
        f"В т.ч. НДС {paper.vat_rate}% - {_dashed(paper.vat)} руб."
    )


def _heading(sheet: Sheet, paper: Paper) -> None:
    small = paper.style(7, align="center")
    for x, caption in ((_LEFT, "Поступ. в банк плат."), (_LEFT + 130, "Списано со сч. плат.")):
        sheet.paragraph(short_date(paper.day), x, 40, 100, paper.style(9, align="center"))
        sheet.rule(x, 52, x + 100, 52)
        sheet.paragraph(caption, x, 53, 100, small)
    sheet.frame(Box(_RIGHT - 52, 38, _RIGHT, 52))
    sheet.paragraph("0401060", _RIGHT - 52, 39.5, 52, paper.style(9, align="center"))
    sheet.paragraph(
        f"ПЛАТЕЖНОЕ ПОРУЧЕНИЕ № {paper.number}", _LEFT, 78, 250,
        paper.style(11, bold=True, category=Category.TITLE, level=1),
    )  # fmt: skip
    for x, width, text, caption in (
        (_LEFT + 258, 90, short_date(paper.day), "Дата"),
        (_LEFT + 362, 84, "электронно", "Вид платежа"),
    ):
        sheet.paragraph(text, x, 79, width, paper.style(9.5, align="center"))
        sheet.rule(x, 91, x + width, 91)
        sheet.paragraph(caption, x, 92, width, small)
    sheet.frame(Box(_RIGHT - 28, 76, _RIGHT, 91))
    sheet.paragraph("01", _RIGHT - 28, 78, 28, paper.style(9, align="center"))


def _amount_in_words(sheet: Sheet, paper: Paper) -> None:
    sheet.paragraph("Сумма прописью", _LEFT, 108, 46, paper.style(8.5))
    sheet.rule(_LEFT + 50, 106, _LEFT + 50, 142)
    sheet.paragraph(rubles_in_words(paper.gross), _LEFT + 56, 108, _RIGHT - _LEFT - 58, paper.style(9.5))
    sheet.rule(_LEFT, 142, _RIGHT, 142)


def _box(sheet: Sheet, paper: Paper, span: tuple[float, float], label: str, value: str) -> None:
    """A label and its value in the two right columns."""
    top, bottom = span
    sheet.rule(_MIDDLE, top, _MIDDLE, bottom)
    sheet.rule(_VALUE, top, _VALUE, bottom)
    sheet.rule(_MIDDLE, bottom, _VALUE, bottom)
    sheet.paragraph(label, _MIDDLE + 4, top + 2, _VALUE - _MIDDLE - 6, paper.style(8.5))
    sheet.paragraph(value, _VALUE + 5, top + 2, _RIGHT - _VALUE - 6, paper.style(9))


def _numbers(sheet: Sheet, paper: Paper, top: float, inn: str, kpp: str) -> None:
    for x, text in ((_LEFT, f"ИНН {inn}"), (_LEFT + 142, f"КПП {kpp}")):
        sheet.paragraph(text, x + 3, top + 2, 135, paper.style(9))
    sheet.rule(_LEFT, top + 15, _MIDDLE, top + 15)
    sheet.rule(_LEFT + 141, top, _LEFT + 141, top + 15)


def _payer(sheet: Sheet, paper: Paper) -> None:
    buyer = paper.buyer
    _numbers(sheet, paper, 142, buyer.inn, buyer.kpp)
    _box(sheet, paper, (142, 172), "Сумма", _dashed(paper.gross))
    sheet.paragraph(buyer.full, _LEFT + 3, 160, _MIDDLE - _LEFT - 8, paper.style(9))
    _box(sheet, paper, (172, 207), "Сч. №", buyer.account)
    sheet.paragraph("Плательщик", _LEFT + 3, 195, 100, paper.style(8))
    sheet.rule(_LEFT, 207, _RIGHT, 207)


def _banks(sheet: Sheet, paper: Paper) -> None:
    for top, bank, caption in (
        (207.0, paper.buyer.bank, "Банк плательщика"),
        (248.0, paper.seller.bank, "Банк получателя"),
    ):
        sheet.paragraph(f"{bank.name} {bank.city}", _LEFT + 3, top + 2, _MIDDLE - _LEFT - 8, paper.style(9))
        _box(sheet, paper, (top, top + 15), "БИК", bank.bik)
        _box(sheet, paper, (top + 15, top + 41), "Сч. №", bank.account)
        sheet.paragraph(caption, _LEFT + 3, top + 29, 140, paper.style(8))
        sheet.rule(_LEFT, top + 41, _RIGHT, top + 41)


def _payee(sheet: Sheet, paper: Paper) -> None:
    seller = paper.seller
    _numbers(sheet, paper, 289, seller.inn, seller.kpp)
    _box(sheet, paper, (289, 325), "Сч. №", seller.account)
    sheet.paragraph(seller.full, _LEFT + 3, 307, _MIDDLE - _LEFT - 8, paper.style(9))
    sheet.rule(_MIDDLE, 325, _RIGHT, 325)
    for row, (left, right) in enumerate((("Вид оп.", "Срок плат."), ("Наз. пл.", "Очер. плат."), ("Код", "Рез. поле"))):
        top = 325 + 14.0 * row
        sheet.paragraph(left, _MIDDLE + 4, top + 2, 42, paper.style(8))
        sheet.paragraph(right, _VALUE + 62, top + 2, 56, paper.style(8))
    sheet.paragraph("01", _VALUE + 5, 327, 30, paper.style(9))
    sheet.paragraph("5", _RIGHT - 30, 341, 20, paper.style(9))
    for x in (_MIDDLE, _VALUE, _VALUE + 60, _VALUE + 120):
        sheet.rule(x, 325, x, 367)
    sheet.paragraph("Получатель", _LEFT + 3, 356, 100, paper.style(8))
    sheet.rule(_LEFT, 367, _RIGHT, 367)


def _codes(sheet: Sheet, paper: Paper) -> float:
    for x in (160.0, 240.0, 275.0, 335.0, 425.0, 510.0):
        sheet.rule(x, 367, x, 381)
    sheet.rule(_LEFT, 381, _RIGHT, 381)
    return 383.0


def _signatures(sheet: Sheet, paper: Paper, top: float) -> None:
    sheet.paragraph("Подписи", 255, top, 80, paper.style(8.5, align="center"))
    sheet.paragraph("Отметки банка", 440, top, 90, paper.style(8.5, align="center"))
    style = paper.style(9)
    for row, name in enumerate((paper.buyer.director, paper.buyer.accountant)):
        underlined(sheet, (220, top + 42 + 36 * row), 150, name, paper.style(11))
    sheet.paragraph("М.П.", 120, top + 44, 40, style)
