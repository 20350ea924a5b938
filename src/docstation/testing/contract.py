"""A Russian supply contract on one page: headings, numbered clauses, a ruled table, requisites in two columns."""

from __future__ import annotations

from dataclasses import replace

from docstation.document.model import Category
from docstation.testing.companies import Company
from docstation.testing.drawn import Drawn
from docstation.testing.forms.paper import Paper, underlined
from docstation.testing.gridding import GridStyle, Ruling, TableCell, draw_table, head, number
from docstation.testing.numerals import long_date, money, rubles_in_words
from docstation.testing.sheet import Sheet, Style
from docstation.testing.typefaces import Face, Family

_LEFT, _WIDTH = 62.0, 486.0

_CLAUSES = (
    ("1. ПРЕДМЕТ ДОГОВОРА", (
        "1.1. Поставщик обязуется передать в собственность Покупателя товар, а Покупатель — принять и оплатить его на "
        "условиях настоящего договора. Наименование, количество и цена товара указаны в спецификации (таблица 1).",
        "1.2. Товар поставляется новым, в заводской упаковке, исключающей его порчу при перевозке и хранении.",
    )),
    ("2. ЦЕНА И ПОРЯДОК РАСЧЁТОВ", (
        "2.1. Общая цена договора составляет {total} руб. ({words}), в том числе НДС {rate} % — {vat} руб.",
        "2.2. Оплата производится в течение 10 (десяти) рабочих дней с даты подписания универсального передаточного "
        "документа. За просрочку платежа начисляется пеня 0,1 % от неоплаченной суммы за каждый день, но не более 5 %.",
    )),
)  # fmt: skip

_LAST = (
    ("3. ОТВЕТСТВЕННОСТЬ СТОРОН", (
        "3.1. Стороны освобождаются от ответственности за неисполнение обязательств, если оно вызвано "
        "обстоятельствами непреодолимой силы, о которых сторона известила другую не позднее трёх дней.",
    )),
    ("4. АДРЕСА И РЕКВИЗИТЫ СТОРОН", ()),
)  # fmt: skip


def contract(seed: int = 17) -> Drawn:
    """Draw the contract that a seed stands for."""
    paper = Paper.of(seed, family=Family.TIMES)
    paper = replace(paper, items=paper.items[:4])
    sheet = Sheet(title=f"contract {seed}")
    top = _preamble(sheet, paper, 48)
    top = _clauses(sheet, paper, top)
    top = sheet.paragraph(
        "Таблица 1 — Спецификация", _LEFT, top + 6, _WIDTH, paper.style(9.5, category=Category.CAPTION)
    )
    columns = (24.0, 236.0, 50.0, 40.0, 64.0, 72.0)
    top = draw_table(sheet, (_LEFT, top + 2), columns, _rows(paper), GridStyle(Face(paper.family, 9), Ruling.FULL))
    top = _clauses(sheet, paper, top + 4, _LAST)
    for x, role, company in ((_LEFT, "ПОСТАВЩИК", paper.seller), (_LEFT + _WIDTH / 2 + 8, "ПОКУПАТЕЛЬ", paper.buyer)):
        _requisites(sheet, paper, (x, top + 4), role, company)
    footer = paper.style(8.5, align="center", category=Category.PAGE_FOOTER)
    sheet.paragraph("Страница 1 из 1", _LEFT, 806, _WIDTH, footer)
    pdf, pages = sheet.finish()
    fields = {"number": paper.number, "date": long_date(paper.day), "total": money(paper.gross)}
    return Drawn(f"contract-{seed}", pdf, pages, fields)


def _preamble(sheet: Sheet, paper: Paper, top: float) -> float:
    title = paper.style(13, bold=True, align="center", category=Category.TITLE, level=1)
    top = sheet.paragraph(f"ДОГОВОР ПОСТАВКИ № {paper.number}", _LEFT, top, _WIDTH, title) + 6
    city = paper.seller.bank.city
    sheet.paragraph(city, _LEFT, top, 200, paper.style(10.5))
    right = paper.style(10.5, align="right")
    top = sheet.paragraph(long_date(paper.day), _LEFT + _WIDTH - 200, top, 200, right) + 8
    text = (
        f"{paper.seller.full}, именуемое в дальнейшем «Поставщик», в лице генерального директора "
        f"{paper.seller.director}, действующего на основании Устава, с одной стороны, и {paper.buyer.full}, именуемое "
        f"в дальнейшем «Покупатель», в лице директора {paper.buyer.director}, с другой стороны, заключили настоящий "
        "договор о нижеследующем."
    )
    return sheet.paragraph(text, _LEFT, top, _WIDTH, _prose(paper))


def _prose(paper: Paper) -> Style:
    return Style(Face(paper.family, 10.5), "justify", indent=24)


def _clauses(
    sheet: Sheet, paper: Paper, top: float, sections: tuple[tuple[str, tuple[str, ...]], ...] = _CLAUSES
) -> float:
    heading = paper.style(10.5, bold=True, align="center", category=Category.SECTION_HEADER, level=2)
    for title, clauses in sections:
        top = sheet.paragraph(title, _LEFT, top + 8, _WIDTH, heading) + 2
        for clause in clauses:
            text = clause.format(
                total=money(paper.gross), words=rubles_in_words(paper.gross), rate=paper.vat_rate, vat=money(paper.vat)
            )
            top = sheet.paragraph(text, _LEFT, top, _WIDTH, _prose(paper))
    return top


def _rows(paper: Paper) -> list[list[TableCell]]:
    rows = [[head(text) for text in ("№", "Наименование товара", "Кол-во", "Ед.", "Цена, руб.", "Сумма, руб.")]]
    for index, item in enumerate(paper.items, 1):
        cells = [TableCell(str(index), align="center"), TableCell(item.name), number(item.amount),
                 TableCell(item.unit, align="center"), number(money(item.price)), number(money(item.net))]  # fmt: skip
        rows.append(cells)
    rows.append([TableCell("Итого без НДС", columns=5, align="right", bold=True), number(money(paper.net), bold=True)])
    return rows


def _requisites(sheet: Sheet, paper: Paper, at: tuple[float, float], role: str, company: Company) -> None:
    x, top = at
    width = _WIDTH / 2 - 12
    top = sheet.paragraph(role, x, top, width, paper.style(10, bold=True))
    for text in (
        company.short,
        company.address,
        f"ИНН {company.inn} КПП {company.kpp}",
        f"р/с {company.account}",
        f"в {company.bank.name}",
        f"к/с {company.bank.account} БИК {company.bank.bik}",
    ):
        top = sheet.paragraph(text, x, top + 1, width, paper.style(9.5))
    underlined(sheet, (x, top + 24), 100, "подпись, М.П.", paper.style(9))
    sheet.paragraph(company.director, x + 108, top + 13, 120, paper.style(9.5))
