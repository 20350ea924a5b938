"""Numbers as Russian business papers write them: grouped digits, dates, and sums in words.

Pure arithmetic on kopecks; grammar of gender and number follows the rules for Russian cardinal numerals.
"""

from __future__ import annotations

from datetime import date

MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября",
    "декабря",
)  # fmt: skip

_ONES = ("", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять", "одиннадцать",
         "двенадцать", "тринадцать", "четырнадцать", "пятнадцать", "шестнадцать", "семнадцать", "восемнадцать",
         "девятнадцать")  # fmt: skip
_TENS = ("", "", "двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят", "восемьдесят", "девяносто")
_HUNDREDS = ("", "сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот", "девятьсот")

_GROUPS = (
    (10**9, ("миллиард", "миллиарда", "миллиардов"), False),
    (10**6, ("миллион", "миллиона", "миллионов"), False),
    (10**3, ("тысяча", "тысячи", "тысяч"), True),
)


def plural(count: int, forms: tuple[str, str, str]) -> str:
    """The form of a noun after `count`: (1 рубль, 2 рубля, 5 рублей)."""
    if 10 < count % 100 < 20:
        return forms[2]
    return forms[0] if count % 10 == 1 else forms[1] if 1 < count % 10 < 5 else forms[2]


def in_words(count: int, *, feminine: bool = False) -> str:
    """A whole number from 0 to 999 999 999 999 in words."""
    if count == 0:
        return "ноль"
    words: list[str] = []
    for size, forms, gender in _GROUPS:
        group, count = divmod(count, size)
        if group:
            words += [*_below_thousand(group, feminine=gender), plural(group, forms)]
    return " ".join(words + _below_thousand(count, feminine=feminine))


def _below_thousand(count: int, *, feminine: bool) -> list[str]:
    hundreds, rest = divmod(count, 100)
    tens, ones = (0, rest) if rest < 20 else divmod(rest, 10)
    last = {1: "одна", 2: "две"}.get(ones, _ONES[ones]) if feminine else _ONES[ones]
    return [word for word in (_HUNDREDS[hundreds], _TENS[tens], last) if word]


def rubles_in_words(kopecks: int) -> str:
    """A sum as «Двенадцать тысяч триста рублей 05 копеек»."""
    rubles, rest = divmod(kopecks, 100)
    text = (
        f"{in_words(rubles)} {plural(rubles, ('рубль', 'рубля', 'рублей'))} "
        f"{rest:02d} {plural(rest, ('копейка', 'копейки', 'копеек'))}"
    )
    return text[0].upper() + text[1:]


def money(kopecks: int, *, separator: str = " ", comma: str = ",") -> str:
    """A sum as «12 300,05»; the separator groups thousands."""
    rubles, rest = divmod(kopecks, 100)
    return f"{rubles:,}".replace(",", separator) + f"{comma}{rest:02d}"


def long_date(day: date) -> str:
    """A date as «24 ноября 2026 г.»."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year} г."


def short_date(day: date) -> str:
    """A date as «24.11.2026»."""
    return day.strftime("%d.%m.%Y")
