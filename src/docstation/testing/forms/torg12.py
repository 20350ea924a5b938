"""A consignment note (товарная накладная), form TORG-12 of the statistics committee, landscape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from docstation.document.geometry import Box
from docstation.document.model import Category
from docstation.testing.companies import Company
from docstation.testing.forms.paper import Paper, entry, underlined
from docstation.testing.gridding import GridStyle, Ruling, TableCell, draw_table, head, number
from docstation.testing.numerals import in_words, long_date, money, rubles_in_words, short_date
from docstation.testing.sheet import Sheet
from docstation.testing.typefaces import Face, Family

_LEFT, _WIDTH = 28.0, 786.0
_COLUMNS = (26.0, 190.0, 52.0, 38.0, 38.0, 36.0, 42.0, 42.0, 44.0, 48.0, 54.0, 62.0, 34.0, 56.0, 64.0)
_CODES = 660.0


def draw(sheet: Sheet, paper: Paper) -> Mapping[str, str]:
    """Draw it and return its fields."""
    sheet.paragraph(
        "Унифицированная форма № ТОРГ-12 Утверждена постановлением Госкомстата России от 25.12.98 № 132",
        _LEFT + 440, 14, 346, paper.style(6, align="right", category=Category.PAGE_HEADER),
    )  # fmt: skip
    bottom = max(_parties(sheet, paper, 32), _codes(sheet, paper, 26))
    top = _title(sheet, paper, bottom + 4)
    # DejaVu is a sixth wider than the others and would not fit fifteen columns.
    size = 5.6 if paper.family in (Family.SANS, Family.SERIF) else 6.6
    style = GridStyle(Face(paper.family, size), Ruling.FULL, padding=(1.6, 1.4))
    top = draw_table(sheet, (_LEFT, top + 5), _widths(), _rows(paper), style)
    _closing(sheet, paper, top + 6)
    seller, buyer = paper.seller, paper.buyer
    return {
        "number": paper.number, "date": short_date(paper.day), "seller": seller.short, "seller_inn": seller.inn,
        "buyer": buyer.short, "buyer_inn": buyer.inn, "net": money(paper.net), "vat": money(paper.vat),
        "total": money(paper.gross),
    }  # fmt: skip


def _widths() -> tuple[float, ...]:
    scale = _WIDTH / sum(_COLUMNS)
    return tuple(width * scale for width in _COLUMNS)


def _described(company: Company) -> str:
    return (
        f"{company.short}, ИНН {company.inn}, {company.address}, тел.: {company.phone}, р/с {company.account}, "
        f"в банке {company.bank.name}, БИК {company.bank.bik}, к/с {company.bank.account}"
    )


def _parties(sheet: Sheet, paper: Paper, top: float) -> float:
    style = paper.style(7)
    basis = f"Договор № {paper.random.randint(1, 99)} от {long_date(paper.day)}"
    for texts in (
        ("Грузоотправитель", _described(paper.seller)),
        ("Грузополучатель", _described(paper.buyer)),
        ("Поставщик", _described(paper.seller)),
        ("Плательщик", _described(paper.buyer)),
        ("Основание", basis),
    ):
        top = entry(sheet, (_LEFT, top), (76, _CODES - _LEFT - 96), texts, style)
        sheet.rule(_LEFT + 76, top + 1, _CODES - 24, top + 1, 0.4)
        top += 4
    return top


def _codes(sheet: Sheet, paper: Paper, top: float) -> float:
    """The column of codes at the right edge: boxes with labels outside them, so not a table but pairs."""
    style, centred = paper.style(6.8), paper.style(6.8, align="center")
    for label, value in (
        ("", "Коды"),
        ("Форма по ОКУД", "0330212"),
        ("по ОКПО", paper.seller.okpo),
        ("Вид деятельности по ОКДП", ""),
        ("по ОКПО", paper.buyer.okpo),
        ("по ОКПО", paper.seller.okpo),
        ("по ОКПО", paper.buyer.okpo),
        ("номер", str(paper.random.randint(1, 99))),
        ("дата", short_date(paper.day)),
    ):
        named, _ = sheet.lines(label, _CODES - 20, top + 2, 104, replace(style, align="right"))
        valued, _ = sheet.lines(value, _CODES + 88, top + 2, 66, centred)
        sheet.block([*named, *valued])
        sheet.frame(Box(_CODES + 88, top, _CODES + 154, top + 12))
        top += 12
    return top


def _title(sheet: Sheet, paper: Paper, top: float) -> float:
    style = paper.style(11, bold=True, align="right", category=Category.TITLE, level=1)
    sheet.paragraph("ТОВАРНАЯ НАКЛАДНАЯ", _LEFT + 130, top + 10, 170, style)
    rows = [
        [head("Номер документа"), head("Дата составления")],
        [
            TableCell(paper.number, align="center", bold=True),
            TableCell(short_date(paper.day), align="center", bold=True),
        ],
    ]
    return draw_table(
        sheet, (_LEFT + 310, top), (90, 90), rows, GridStyle(Face(paper.family, 7.5), Ruling.FULL, least=12)
    )


def _heads() -> list[list[TableCell]]:
    first = [
        head("№ п/п", rows=2), head("Товар", columns=2), head("Единица измерения", columns=2),
        head("Вид упа\u00adковки", rows=2), head("Количество", columns=2), head("Масса брутто", rows=2),
        head("Кол-во (масса нетто)", rows=2), head("Цена, руб. коп.", rows=2),
        head("Сумма без учета НДС, руб. коп.", rows=2), head("НДС", columns=2),
        head("Сумма с учетом НДС, руб. коп.", rows=2),
    ]  # fmt: skip
    second = [head(text) for text in (
        "наименование, характеристика, сорт, артикул товара", "код", "наиме\u00adнование", "код по ОКЕИ",
        "в одном месте", "мест, штук", "ставка, %", "сумма, руб. коп.",
    )]  # fmt: skip
    return [first, second, [head(str(index)) for index in range(1, 16)]]


def _rows(paper: Paper) -> list[list[TableCell]]:
    rows = _heads()
    for index, item in enumerate(paper.items, 1):
        rows.append([
            TableCell(str(index), align="center"), TableCell(item.name),
            TableCell(f"{paper.random.randint(0, 99999):08d}"), TableCell(item.unit, align="center"),
            TableCell(item.unit_code, align="center"), TableCell(), TableCell(),
            number(str(paper.random.randint(1, 40))), TableCell(), number(item.amount), number(money(item.price)),
            number(money(item.net)), number(f"{item.vat_rate}%"), number(money(item.vat)), number(money(item.gross)),
        ])  # fmt: skip
    for label in ("Итого", "Всего по накладной"):
        rows.append([
            TableCell(label, columns=7, align="right"), TableCell("Х", align="center"), TableCell(), TableCell(),
            TableCell("Х", align="center"), number(money(paper.net)), TableCell("Х", align="center"),
            number(money(paper.vat)), number(money(paper.gross)),
        ])  # fmt: skip
    return rows


def _closing(sheet: Sheet, paper: Paper, top: float) -> None:
    style = paper.style(7)
    count = in_words(len(paper.items))
    top = sheet.paragraph(
        f"Товарная накладная имеет приложение на двух листах и содержит {count} порядковых номеров записей",
        _LEFT, top, 500, style,
    )  # fmt: skip
    text = f"Всего отпущено на сумму {rubles_in_words(paper.gross)}"
    top = sheet.paragraph(text, _LEFT, top + 3, 520, paper.style(7, bold=True)) + 16
    half = _WIDTH / 2
    for x, signers in (
        (_LEFT, (("Отпуск разрешил", paper.seller.director), ("Главный (старший) бухгалтер", paper.seller.accountant))),
        (
            _LEFT + half,
            (("Груз принял", paper.buyer.accountant), ("Груз получил грузополучатель", paper.buyer.director)),
        ),
    ):
        for row, (role, name) in enumerate(signers):
            level = top + 26 * row
            sheet.paragraph(role, x, level, 110, style)
            underlined(sheet, (x + 116, level + 10), 70, "подпись", style)
            sheet.paragraph(name, x + 200, level, 120, style)
            underlined(sheet, (x + 196, level + 10), 120, "расшифровка подписи", style)
    sheet.paragraph("М.П.", _LEFT + 30, top + 54, 40, style)
    sheet.paragraph(f"«{paper.day.day}» {long_date(paper.day).split(' ', 1)[1]}", _LEFT + 90, top + 54, 160, style)
