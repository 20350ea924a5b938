"""What the heading of a column, or the label before a value, says about the numbers under or behind it.

Codes, accounts and phone numbers look like quantities; their headings tell them apart. Words only, no tables.
"""

from __future__ import annotations

import re
from enum import StrEnum

_REQUISITES = (
    r"инн|кпп|огрн(?:ип)?|бик|снилс|окпо|окв[эе]д2?|окато|октмо|окопф|окфс|окп[дп]2?|окз|окогу|океи|кбк|уин|рнм|"
    r"тн\W?вэд|[ркл]\s?/\s?сч?|сч\.|iban|swift|bic|inn|kpp|ogrn|ssn|vin"
)
_CODES = (
    r"код(?:а|ы|ов|ом)?|артикул\w*|шифр\w*|сч[её]т(?:а|у|ов|ом)?|тел(?:ефон\w*)?|факс\w*|индекс|штрих\W?код\w*|"
    r"паспорт\w*|серия|номер\w*|кадастр\w*|инв(?:ентарн\w*)?|заводск\w*|пункт\w*|раздел\w*|стать[яи]|глава|параграф\w*|"
    r"ean|upc|gtin|sku|isbn|issn|hs|id|codes?|phone|tel|fax|zip|postcode|accounts?|acct|serial|article|part|section|"
    r"clause|versions?|tax\s?(?:id|no)"
)
_QUANTITIES = (
    r"кол-во|кол\b|колич\w*|сумм\w*|итог\w*|всего|цен[аыу]|стоим\w*|оборот\w*|остат\w*|сальдо|дебет\w*|кредит\w*|"
    r"приход\w*|расход\w*|площад\w*|вес|масса|объ[её]м\w*|ставк\w*|налог\w*|ндс|аванс\w*|оклад\w*|выручк\w*|прибыл\w*|"
    r"численн\w*|население|руб|шт|amounts?|totals?|qty|quantity|prices?|costs?|balance|sum|volume|weight|value|rate|"
    r"revenue|profit|population|units"
)
_REQUISITE = re.compile(rf"\b(?:{_REQUISITES})(?!\w)|^\W*(?:код|номер|артикул|шифр|code|account|phone|id)\b")
_IDENTIFIER = re.compile(rf"\b(?:{_CODES})(?!\w)|§|^[№#]\s*[^\W\d]{{3,}}|\w\s+(?:number|no|№)\W*$")
_QUANTITY = re.compile(rf"\b(?:{_QUANTITIES})(?!\w)|%|₽")
_NUMBERING = re.compile(r"(?:[№#n]\W*)?(?:п\W*п|строки)\W*|[№#]\W*|n|(?:no|nr)\W*")
_DATE = re.compile(r"\b(?:дат[аыеу]|dates?)\b")
_TIME = re.compile(r"\b(?:срок\w*|день|период\w*|day|due|period)\b")
_LABEL = re.compile(
    rf"\b(?:{_REQUISITES})(?!\w)|^\W*(?:{_CODES})\W*(?:№\W*)?$|^\W*(?:номер|код)\b|\w\s+(?:number|no|code|id)\W*$|\wnr\W*$"
    r"|^\W*(?:почтовый|лицевой|расч\w*|корр?\w*)\W+(?:индекс|сч)"
)
_LONGEST_LABEL = 60


class Heading(StrEnum):
    """What stands in a column.

    OPEN: nothing is said; QUANTITY: amounts; NUMBERING: the numbers of the rows; IDENTIFIER: codes, accounts, phones;
    DATE: dates.
    """

    OPEN = "open"
    QUANTITY = "quantity"
    NUMBERING = "numbering"
    IDENTIFIER = "identifier"
    DATE = "date"


def heading_of(text: str) -> Heading:
    """What the heading `text` says.

    Words of quantity outweigh those of codes («Сумма по счёту»), but not the names of requisites («ИНН
    налогоплательщика») nor a first word («Код вида расходов»).
    """
    words = " ".join(text.casefold().split())
    if not words:
        return Heading.OPEN
    if _NUMBERING.fullmatch(words):
        return Heading.NUMBERING
    if _DATE.search(words):
        return Heading.DATE
    if _REQUISITE.search(words):
        return Heading.IDENTIFIER
    if _QUANTITY.search(words):
        return Heading.QUANTITY
    if _IDENTIFIER.search(words):
        return Heading.IDENTIFIER
    return Heading.DATE if _TIME.search(words) else Heading.OPEN


def labels_identifier(text: str) -> bool:
    """Whether the words before a value in its row say that it is a code: «ИНН», «БИК банка», "Phone:"."""
    return len(text) <= _LONGEST_LABEL and bool(_LABEL.search(" ".join(text.casefold().split())))
