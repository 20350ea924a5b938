"""Registration and bank numbers with their check digits, as Russian law defines them.

Sources: INN, the order of the Federal Tax Service of 29.06.2012 No. ММВ-7-6/435@; account keys, the instruction of
the Central Bank of 08.09.1997 No. 515; OGRN, the decree of 19.06.2002 No. 438. Written here independently of the
checks that extraction makes, so that the two test each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

_INN_10 = (2, 4, 10, 3, 5, 9, 4, 6, 8)
_INN_12_FIRST = (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
_INN_12_SECOND = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
_ACCOUNT = (7, 1, 3)


@dataclass(frozen=True, slots=True)
class Region:
    """Where companies sit: tax region, bank region (OKATO), city and the start of its post codes."""

    tax: str
    bank: str
    city: str
    post: str


REGIONS = (
    Region("77", "45", "г. Москва", "1"),
    Region("78", "40", "г. Санкт-Петербург", "19"),
    Region("54", "50", "г. Новосибирск", "630"),
    Region("66", "65", "г. Екатеринбург", "620"),
    Region("16", "92", "г. Казань", "420"),
    Region("52", "22", "г. Нижний Новгород", "603"),
    Region("61", "60", "г. Ростов-на-Дону", "344"),
    Region("63", "36", "г. Самара", "443"),
)


def _digits(random: Random, count: int) -> str:
    return "".join(str(random.randrange(10)) for _ in range(count))


def _control(digits: str, weights: tuple[int, ...]) -> str:
    return str(sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11 % 10)


def inn(random: Random, region: Region, *, person: bool = False) -> str:
    """A taxpayer number: 10 digits of a company or 12 of a person."""
    if not person:
        body = region.tax + "0" + _digits(random, 6)
        return body + _control(body, _INN_10)
    body = region.tax + _digits(random, 8)
    body += _control(body, _INN_12_FIRST)
    return body + _control(body, _INN_12_SECOND)


def kpp(random: Random, region: Region) -> str:
    """A tax registration reason code; it has no check digit."""
    return f"{region.tax}{random.randint(1, 35):02d}01001"


def ogrn(random: Random, region: Region) -> str:
    """A state registration number of a company, 13 digits."""
    body = f"1{random.randint(3, 25):02d}{region.tax}{_digits(random, 7)}"
    return body + str(int(body) % 11 % 10)


def okpo(random: Random) -> str:
    """A statistics code of a company, 8 digits."""
    body = str(random.randrange(1, 10)) + _digits(random, 6)
    rest = sum(int(d) * w for d, w in zip(body, range(1, 8), strict=True)) % 11
    if rest == 10:
        rest = sum(int(d) * w for d, w in zip(body, range(3, 10), strict=True)) % 11 % 10
    return body + str(rest)


def bik(random: Random, region: Region) -> str:
    """A bank's code: 04, region, unit, and a number of 050 to 999 for a bank other than the central one."""
    return f"04{region.bank}{random.randrange(100):02d}{random.randint(50, 999):03d}"


def settlement_account(random: Random, bank: str) -> str:
    """A company's account, 20 digits, its key fitting the bank's code."""
    return _with_key("40702810", _digits(random, 11), bank[-3:])


def correspondent_account(random: Random, bank: str) -> str:
    """A bank's account at the central bank: ends with the last three digits of its code."""
    return _with_key("30101810", _digits(random, 8) + bank[-3:], "0" + bank[4:6])


def _with_key(head: str, tail: str, prefix: str) -> str:
    for key in "0123456789":
        account = head + key + tail
        if account_fits(prefix, account):
            return account
    raise ValueError(f"no key fits {head}*{tail}")


def account_fits(prefix: str, account: str) -> bool:
    """Whether the weighted sum of prefix (three digits) and account ends with zero."""
    return sum(int(d) * _ACCOUNT[i % 3] for i, d in enumerate(prefix + account)) % 10 == 0
