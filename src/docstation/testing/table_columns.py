"""What stands in the columns of drawn tables: goods, staff and terms, in Russian and English, from a seed.

Only words and figures; how a table is set and broken over pages is told elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

Language = Literal["ru", "en"]

_THINGS = {
    "ru": ("насос", "клапан", "кабель", "шкаф", "датчик", "фильтр", "кран", "муфта", "щит", "реле", "лоток", "болт"),
    "en": (
        "pump",
        "valve",
        "cable",
        "cabinet",
        "sensor",
        "filter",
        "tap",
        "coupling",
        "panel",
        "relay",
        "tray",
        "bolt",
    ),
}
_SORTS = {
    "ru": ("стальной", "малый", "сетевой", "угловой", "медный", "сварной", "тихий", "складной", "полевой"),
    "en": ("steel", "small", "mains", "angled", "copper", "welded", "quiet", "folding", "field"),
}
_CLAUSES = {
    "ru": (
        "проверяет состояние оборудования не реже одного раза в месяц",
        "ведёт журнал учёта и передаёт его копию в отдел снабжения",
        "отвечает за хранение запасных частей на складе участка",
        "готовит заявку на закупку и согласует её с главным инженером",
        "сообщает о неисправности начальнику смены в тот же день",
        "принимает работы вместе с представителем заказчика",
        "хранит протоколы испытаний в течение пяти лет",
    ),
    "en": (
        "checks the state of the equipment at least once a month",
        "keeps the register and hands a copy of it to the supply office",
        "answers for the spare parts that are stored on the site",
        "prepares the order and agrees it with the chief engineer",
        "reports a fault to the head of the shift on the same day",
        "accepts the work together with the customer's delegate",
        "keeps the records of the tests for a term of five years",
    ),
}
_POSTS = {
    "ru": ("мастер", "инженер", "кладовщик", "техник", "диспетчер", "электрик", "технолог", "контролёр"),
    "en": ("foreman", "engineer", "storekeeper", "technician", "dispatcher", "electrician", "planner", "inspector"),
}

Fill = Callable[[Random, Language, int], str]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a drawn table.

    Attributes:
        heads: its name by language.
        share: of the table's width.
        fill: makes the text of a row from its number, from 1.
        is_figure: whether it is set to the right.
    """

    heads: dict[Language, tuple[str, ...]]
    share: float
    fill: Fill
    is_figure: bool = False


def sentence(random: Random, language: Language, clauses: int) -> str:
    """A long sentence for a cell: clauses by comma, no full stop."""
    return ", ".join(random.sample(_CLAUSES[language], clauses))


def _name(random: Random, language: Language, _number: int) -> str:
    thing, sort = random.choice(_THINGS[language]), random.choice(_SORTS[language])
    made = f"{thing} {sort}" if language == "ru" else f"{sort} {thing}"
    return f"{made.capitalize()} {random.choice('АВКМС' if language == 'ru' else 'ABKMS')}-{random.randint(10, 990)}"


def _sum(random: Random, language: Language, _number: int) -> str:
    value = random.choice((random.uniform(5, 900), random.uniform(1_000, 90_000)))
    plain = f"{value:,.2f}"
    return plain.replace(",", " ").replace(".", ",") if language == "ru" else plain


def _post(random: Random, language: Language, number: int) -> str:
    return f"{random.choice(_POSTS[language]).capitalize()} {number}"


def _duty(random: Random, language: Language, _number: int) -> str:
    return sentence(random, language, random.randint(1, 2)).capitalize()


def _place(random: Random, language: Language, _number: int) -> str:
    return f"Цех {random.choice('АБВГ')}" if language == "ru" else f"Hall {random.choice('ABCD')}"


def _date(random: Random, _language: Language, _number: int) -> str:
    return f"{random.randint(1, 28):02}.{random.randint(1, 12):02}.2026"


def _count(random: Random, _language: Language, _number: int) -> str:
    return str(random.randint(1, 400))


def _row_number(_random: Random, _language: Language, number: int) -> str:
    return str(number)


_NUMBER = Column({"ru": ("№",), "en": ("No.",)}, 0.5, _row_number)
_NAME = Column({"ru": ("Наименование", "Изделие"), "en": ("Description", "Item")}, 2.4, _name)
_COUNT = Column({"ru": ("Кол-во", "Остаток"), "en": ("Quantity", "Stock")}, 0.9, _count, is_figure=True)
_PRICE = Column({"ru": ("Цена, руб.", "Тариф"), "en": ("Price", "Rate")}, 1.2, _sum, is_figure=True)
_TOTAL = Column({"ru": ("Сумма, руб.", "Итог"), "en": ("Amount", "Total")}, 1.3, _sum, is_figure=True)
_DATE = Column({"ru": ("Срок", "Дата"), "en": ("Due", "Date")}, 1.1, _date)
_POST = Column({"ru": ("Должность", "Исполнитель"), "en": ("Post", "Officer")}, 1.3, _post)
_DUTY = Column({"ru": ("Обязанность", "Порядок работ"), "en": ("Duty", "Procedure")}, 3.2, _duty)
_PLACE = Column({"ru": ("Участок", "Отдел"), "en": ("Site", "Office")}, 1.2, _place)

SETS: Sequence[tuple[Column, ...]] = (
    (_NUMBER, _NAME, _COUNT, _PRICE, _TOTAL),
    (_NUMBER, _NAME, _DATE, _TOTAL),
    (_POST, _DUTY, _PLACE),
    (_NUMBER, _POST, _DUTY),
    (_NAME, _PLACE, _COUNT),
)
"""Columns that go together."""
