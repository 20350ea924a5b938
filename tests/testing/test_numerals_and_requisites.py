from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.testing import requisites
from docstation.testing.numerals import in_words, money, plural, rubles_in_words


@pytest.mark.parametrize(
    ("kopecks", "text"),
    [
        (0, "Ноль рублей 00 копеек"),
        (100, "Один рубль 00 копеек"),
        (2_02, "Два рубля 02 копейки"),
        (1_000_01, "Одна тысяча рублей 01 копейка"),
        (2_111_15, "Две тысячи сто одиннадцать рублей 15 копеек"),
        (1_234_567_21, "Один миллион двести тридцать четыре тысячи пятьсот шестьдесят семь рублей 21 копейка"),
        (5_000_000_000_00, "Пять миллиардов рублей 00 копеек"),
    ],
)
def test_sums_are_written_out(kopecks, text):
    assert rubles_in_words(kopecks) == text


def test_feminine_numbers_and_noun_forms():
    assert in_words(21, feminine=True) == "двадцать одна"
    forms = ("рубль", "рубля", "рублей")
    assert [plural(n, forms) for n in (1, 3, 5, 11, 14, 21, 112)] == [
        "рубль", "рубля", "рублей", "рублей", "рублей", "рубль", "рублей",
    ]  # fmt: skip


def test_money_is_grouped():
    assert money(1_234_567_05) == "1 234 567,05"
    assert money(1_234_05, separator="", comma="-") == "1234-05"


def test_known_numbers_fit_their_check_digits():
    # Published numbers of a large bank: INN 7707083893; account 30101810400000000225 of the bank 044525225.
    assert requisites._control("770708389", requisites._INN_10) == "3"
    assert requisites.account_fits("0" + "044525225"[4:6], "30101810400000000225")


@given(st.integers(0, 10**6))
def test_drawn_numbers_have_the_right_shape(seed):
    random = Random(seed)
    region = random.choice(requisites.REGIONS)
    bank = requisites.bik(random, region)
    account = requisites.settlement_account(random, bank)
    assert len(bank) == 9
    assert len(account) == 20
    assert requisites.account_fits(bank[-3:], account)
    assert requisites.correspondent_account(random, bank).endswith(bank[-3:])
    assert len(requisites.inn(random, region)) == 10
    assert len(requisites.inn(random, region, person=True)) == 12
    ogrn = requisites.ogrn(random, region)
    assert int(ogrn[:12]) % 11 % 10 == int(ogrn[12])
