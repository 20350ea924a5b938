"""A universal transfer document (УПД): the tax invoice and the act of transfer on one landscape sheet.

Laid out after the form of the letter of the Federal Tax Service of 21.10.2013 No. ММВ-20-3/96@.
"""

from __future__ import annotations

from collections.abc import Mapping

from docstation.document.geometry import Box
from docstation.document.model import Category
from docstation.testing.companies import Item
from docstation.testing.forms.paper import Paper, entry, underlined
from docstation.testing.gridding import GridStyle, Ruling, TableCell, draw_table, head, number
from docstation.testing.numerals import long_date, money, short_date
from docstation.testing.sheet import Sheet
from docstation.testing.typefaces import Face, Family

_LEFT, _WIDTH = 96.0, 722.0
_MARGIN = 24.0
_COLUMNS = (40.0, 24.0, 136.0, 34.0, 28.0, 40.0, 40.0, 58.0, 66.0, 40.0, 38.0, 58.0, 66.0, 32.0, 44.0)


def draw(sheet: Sheet, paper: Paper) -> Mapping[str, str]:
    """Draw it and return its fields."""
    _status(sheet, paper)
    top = _heading(sheet, paper)
    top = _parties(sheet, paper, top)
    size = 5.4 if paper.family in (Family.SANS, Family.SERIF) else 6.3
    scale = _WIDTH / sum(_COLUMNS)
    widths = tuple(width * scale for width in _COLUMNS)
    style = GridStyle(Face(paper.family, size), Ruling.FULL, padding=(1.5, 1.3))
    top = draw_table(sheet, (_LEFT, top + 4), widths, _rows(paper), style)
    top = _invoice_signatures(sheet, paper, top + 8)
    sheet.rule(_LEFT - 8, 16, _LEFT - 8, top - 4, 1.2)
    sheet.rule(_MARGIN, top, _LEFT + _WIDTH, top, 1.2)
    _transfer(sheet, paper, top + 4)
    seller, buyer = paper.seller, paper.buyer
    return {
        "number": paper.number, "date": long_date(paper.day), "seller": seller.short, "seller_inn": seller.inn,
        "seller_kpp": seller.kpp, "buyer": buyer.short, "buyer_inn": buyer.inn, "buyer_kpp": buyer.kpp,
        "net": money(paper.net), "vat": money(paper.vat), "total": money(paper.gross),
    }  # fmt: skip


def _status(sheet: Sheet, paper: Paper) -> None:
    sheet.paragraph("Универсальный передаточный документ", _MARGIN, 20, 66, paper.style(6.4, bold=True))
    sheet.paragraph("Статус:", _MARGIN, 62, 32, paper.style(7.5))
    sheet.frame(Box(_MARGIN + 36, 60, _MARGIN + 54, 74), 1)
    sheet.paragraph("1", _MARGIN + 36, 62, 18, paper.style(8, bold=True, align="center"))
    sheet.paragraph(
        "1 – счет-фактура и передаточный документ (акт) 2 – передаточный документ (акт)", _MARGIN, 80, 62,
        paper.style(5.5),
    )  # fmt: skip


def _heading(sheet: Sheet, paper: Paper) -> float:
    bold = paper.style(9, bold=True, category=Category.TITLE, level=1)
    sheet.paragraph(f"Счет-фактура № {paper.number} от {long_date(paper.day)} (1)", _LEFT, 20, 360, bold)
    sheet.paragraph("Исправление № -- от -- (1а)", _LEFT, 33, 300, paper.style(8))
    sheet.paragraph(
        "Приложение № 1 к постановлению Правительства Российской Федерации от 26 декабря 2011 г. № 1137",
        _LEFT + 482, 18, 240, paper.style(5.5, align="right", category=Category.PAGE_HEADER),
    )  # fmt: skip
    return 47.0


def _parties(sheet: Sheet, paper: Paper, top: float) -> float:
    seller, buyer = paper.seller, paper.buyer
    payment = f"№ {paper.random.randint(1, 999)} от {short_date(paper.day)}"
    left = (
        ("Продавец:", f"{seller.full} (2)"), ("Адрес:", f"{seller.address} (2а)"),
        ("ИНН/КПП продавца:", f"{seller.inn}/{seller.kpp} (2б)"),
        ("Грузоотправитель и его адрес:", "он же (3)"),
        ("Грузополучатель и его адрес:", f"{buyer.short}, {buyer.address} (4)"),
        ("К платежно-расчетному документу:", f"{payment} (5)"),
    )  # fmt: skip
    right = (
        ("Покупатель:", f"{buyer.full} (6)"), ("Адрес:", f"{buyer.address} (6а)"),
        ("ИНН/КПП покупателя:", f"{buyer.inn}/{buyer.kpp} (6б)"),
        ("Валюта: наименование, код", "Российский рубль, 643 (7)"),
        ("Идентификатор государственного контракта:", "-- (8)"),
    )  # fmt: skip
    style = paper.style(6.8)
    half = _WIDTH / 2
    bottoms = []
    for x, entries in ((_LEFT, left), (_LEFT + half + 8, right)):
        level = top
        for texts in entries:
            level = entry(sheet, (x, level), (108, half - 118), texts, style) + 2
        bottoms.append(level)
    return max(bottoms)


def _heads() -> list[list[TableCell]]:
    first = [
        head("Код товара/ работ, услуг", rows=2), head("№ п/п", rows=2),
        head("Наименование товара (описание выполненных работ, оказанных услуг), имущественного права", rows=2),
        head("Код вида товара", rows=2), head("Единица измерения", columns=2),
        head("Коли\u00adчество (объем)", rows=2), head("Цена (тариф) за единицу измерения", rows=2),
        head("Стоимость товаров (работ, услуг) без налога – всего", rows=2), head("В том числе сумма акциза", rows=2),
        head("Нало\u00adговая ставка", rows=2), head("Сумма налога, предъяв\u00adляемая покупателю", rows=2),
        head("Стоимость товаров (работ, услуг) с налогом – всего", rows=2), head("Страна происхождения", columns=2),
    ]  # fmt: skip
    second = [
        head(text) for text in ("код", "условное обозна\u00adчение", "циф\u00adровой код", "краткое наимено\u00adвание")
    ]
    labels = ("А", "1", "1а", "1б", "2", "2а", "3", "4", "5", "6", "7", "8", "9", "10", "10а")
    return [first, second, [head(text) for text in labels]]


def _item(paper: Paper, index: int, item: Item) -> list[TableCell]:
    return [
        TableCell(f"{paper.random.randint(0, 9999999):07d}"), TableCell(str(index), align="center"),
        TableCell(item.name), TableCell("--", align="center"), TableCell(item.unit_code, align="center"),
        TableCell(item.unit, align="center"), number(item.amount), number(money(item.price)),
        number(money(item.net)), TableCell("без акциза", align="center"), number(f"{item.vat_rate}%"),
        number(money(item.vat)), number(money(item.gross)), TableCell(item.country[0], align="center"),
        TableCell(item.country[1]),
    ]  # fmt: skip


def _rows(paper: Paper) -> list[list[TableCell]]:
    rows = _heads()
    rows += [_item(paper, index, item) for index, item in enumerate(paper.items, 1)]
    rows.append([
        TableCell(), TableCell("Всего к оплате (9)", columns=7, bold=True), number(money(paper.net), bold=True),
        TableCell("Х", columns=2, align="center"), number(money(paper.vat), bold=True),
        number(money(paper.gross), bold=True), TableCell(columns=2),
    ])  # fmt: skip
    return rows


def _signed(sheet: Sheet, paper: Paper, at: tuple[float, float], role: str, name: str) -> None:
    x, top = at
    style = paper.style(6.8)
    sheet.paragraph(role, x, top, 118, style)
    underlined(sheet, (x + 122, top + 14), 84, "(подпись)", style)
    sheet.paragraph(name, x + 216, top + 5, 118, paper.style(6.8, align="center"))
    underlined(sheet, (x + 216, top + 14), 118, "(ф.и.о.)", style)


def _invoice_signatures(sheet: Sheet, paper: Paper, top: float) -> float:
    half = _WIDTH / 2
    seller = paper.seller
    _signed(sheet, paper, (_LEFT, top), "Руководитель организации или иное уполномоченное лицо", seller.director)
    role = "Главный бухгалтер или иное уполномоченное лицо"
    _signed(sheet, paper, (_LEFT + half + 8, top), role, seller.accountant)
    return top + 28


def _transfer(sheet: Sheet, paper: Paper, top: float) -> None:
    style = paper.style(6.8)
    width = _LEFT + _WIDTH - _MARGIN
    basis = f"Договор № {paper.random.randint(1, 500)} от {long_date(paper.day)}"
    top = entry(
        sheet,
        (_MARGIN, top),
        (178, width - 190),
        ("Основание передачи (сдачи) / получения (приемки)", f"{basis} [10]"),
        style,
    )
    top = (
        entry(sheet, (_MARGIN, top + 1), (178, width - 190), ("Данные о транспортировке и грузе", "-- [11]"), style) + 5
    )
    half = width / 2
    day = short_date(paper.day)
    columns = (
        (
            "Товар (груз) передал / услуги, результаты работ, права сдал",
            paper.seller,
            "Дата отгрузки, передачи (сдачи)",
            11,
        ),
        ("Товар (груз) получил / услуги, результаты работ, права принял", paper.buyer, "Дата получения (приемки)", 16),
    )
    for index, (title, company, label, mark) in enumerate(columns):
        x = _MARGIN + index * (half + 6)
        sheet.paragraph(title, x, top, half - 8, paper.style(6.8, bold=True))
        _signed(sheet, paper, (x, top + 10), "Генеральный директор", company.director)
        sheet.paragraph(f"{label} {day} [{mark}]", x, top + 36, half - 8, style)
        name = f"{company.short}, ИНН/КПП {company.inn}/{company.kpp} [{mark + 3}]"
        bottom = sheet.paragraph(name, x, top + 47, half - 8, style)
        sheet.paragraph("М.П.", x, bottom + 3, 40, style)
    sheet.rule(_MARGIN + half, top - 2, _MARGIN + half, top + 66, 0.8)
