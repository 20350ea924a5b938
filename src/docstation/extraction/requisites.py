"""Check digits of Russian registers and banks.

Sources: INN, the order of the Federal Tax Service of 29.06.2012 No. ММВ-7-6/435@; account keys, the instruction of
the Central Bank of 08.09.1997 No. 515; OGRN, the decree of 19.06.2002 No. 438.
"""

from __future__ import annotations

import re

_INN_TAIL = {
    10: ((2, 4, 10, 3, 5, 9, 4, 6, 8),),
    12: ((7, 2, 4, 10, 3, 5, 9, 4, 6, 8), (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)),
}
_ACCOUNT = (7, 1, 3)
_KPP = re.compile(r"[0-9]{4}[0-9A-Z]{2}[0-9]{3}")
_BIK = re.compile(r"0[0-4][0-9]{7}")


def is_inn(text: str) -> bool:
    """Whether ten digits of a company or twelve of a person are a taxpayer number."""
    if not text.isascii() or not text.isdigit() or len(text) not in _INN_TAIL or text.startswith("00"):
        return False
    return all(_weighted(text, weights) == int(text[len(weights)]) for weights in _INN_TAIL[len(text)])


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % 11 % 10


def is_kpp(text: str) -> bool:
    """Whether nine signs have the form of a tax registration reason code; it has no check digit."""
    return _KPP.fullmatch(text) is not None and text[:2] != "00"


def is_bik(text: str) -> bool:
    """Whether nine digits have the form of a code of a Russian bank; it has no check digit."""
    return _BIK.fullmatch(text) is not None


def is_ogrn(text: str) -> bool:
    """Whether thirteen digits of a company or fifteen of an entrepreneur are a state registration number."""
    if not text.isascii() or not text.isdigit() or len(text) not in (13, 15) or text[0] not in "12356789":
        return False
    return int(text[:-1]) % (len(text) - 2) % 10 == int(text[-1])


def is_account(text: str) -> bool:
    """Whether a text is twenty digits, as an account is; see `fits_bank` for its key."""
    return text.isascii() and text.isdigit() and len(text) == 20


def fits_bank(account: str, bik: str) -> bool:
    """Whether the key of an account fits the code of the bank that keeps it; of a bank's own account as well."""
    if not is_account(account) or not is_bik(bik):
        return False
    # A bank's account at the central bank is keyed by the place of the central bank, others by the bank's number.
    head = f"0{bik[4:6]}" if account.startswith("301") or bik[6:] in {"000", "001", "002"} else bik[6:]
    return sum(int(digit) * _ACCOUNT[index % 3] for index, digit in enumerate(head + account)) % 10 == 0
