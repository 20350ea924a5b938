"""Lines that only say that a table goes on: «Продолжение таблицы 3», «Таблица 3 (окончание)», "Table 3 (cont'd)".

Russian and English; only wording is looked at.
"""

from __future__ import annotations

import re

MAX_LENGTH = 200

_GOES_ON = r"(?:продолжение|прод\.|окончание|оконч\.|continued|cont(?:['’`]?d\b|\.)|concluded)"
_TABLE = r"(?:табл(?:иц[аы])?\b\.?|table\b|tab\.)"
_OF_TABLE = re.compile(
    rf"^\W*(?:{_GOES_ON}|конец|continuation|end)\s+(?:of\s+)?(?:the\s+)?(?:{_TABLE}|приложения|appendix)", re.IGNORECASE
)
_TABLE_GOES_ON = re.compile(
    # Right after the number, or at the end of the caption.
    rf"^\W*{_TABLE}\s*(?:№\s*|no\.?\s*)?[\w.\-–]*\W*{_GOES_ON}(?:\W*$|\s*[).:,—–\-])|^\W*{_TABLE}.*[(\[—–\-.,]\s*{_GOES_ON}\W*$",
    re.IGNORECASE,
)
_ALONE = re.compile(
    rf"^\W*{_GOES_ON}(?:\s+(?:from\s+(?:the\s+)?previous\s+page|с предыдущей страницы))?\W*$", re.IGNORECASE
)
_ONWARD = re.compile(
    r"^\W*(?:(?:to be\s+)?continued|continues|cont['’]?d|см\.\s+продолжение|продолжение(?:\s+таблицы\s*[\d.\-]*)?)"
    r"\s+(?:see\s+)?(?:(?:on|over|overleaf)\b.{0,20}|на\s+(?:следующ\w+|обороте|стр)\b.{0,20})$",
    re.IGNORECASE,
)
_NUMBER = re.compile(rf"{_TABLE}\s*(?:№\s*|no\.?\s*)?([A-ZА-Я]?\.?\d+(?:[.\-–]\d+)*)", re.IGNORECASE)


def says_continued(text: str) -> bool:
    """Whether a line above a table says that it is the rest of one."""
    line = " ".join(text.split())
    if not line or len(line) > MAX_LENGTH or _ONWARD.match(line):
        return False
    return bool(_OF_TABLE.match(line) or _TABLE_GOES_ON.match(line) or _ALONE.match(line))


def says_to_be_continued(text: str) -> bool:
    """Whether a line below a table says that its rest follows: "continued on next page", «продолжение на стр. 5»."""
    line = " ".join(text.split())
    return 0 < len(line) <= 80 and bool(_ONWARD.match(line))


def table_number(text: str) -> str:
    """The number of the table that a caption or such a line names, "2.1" for «Продолжение таблицы 2.1»; "" for none."""
    match = _NUMBER.search(text[:MAX_LENGTH])
    return match.group(1).replace("–", "-").upper() if match else ""
