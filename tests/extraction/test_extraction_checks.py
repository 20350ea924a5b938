from datetime import date
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.extraction.presets import preset
from docstation.extraction.register_checks import register_checks
from docstation.extraction.requisites import fits_bank, is_inn, is_ogrn
from docstation.extraction.result import Outcome
from docstation.extraction.schema import Field, Kind
from docstation.extraction.sum_checks import sum_checks
from docstation.testing import requisites
from docstation.testing.companies import items
from docstation.testing.requisites import REGIONS

TODAY = date(2026, 11, 25)
seeds = st.integers(0, 10**9).map(Random)


def outcomes(checks):
    return {check.name: check.outcome for check in checks}


@given(seeds, st.sampled_from(REGIONS))
def test_numbers_made_by_the_law_fit(random, region):
    bik = requisites.bik(random, region)
    assert is_inn(requisites.inn(random, region))
    assert is_inn(requisites.inn(random, region, person=True))
    assert is_ogrn(requisites.ogrn(random, region))
    assert fits_bank(requisites.settlement_account(random, bik), bik)
    assert fits_bank(requisites.correspondent_account(random, bik), bik)


@pytest.mark.parametrize("text", ["", "0000000000", "77071158731", "７７０７１１５８７３", "770711587x", "-770711587"])
def test_what_is_no_inn_is_none(text):
    assert not is_inn(text)


def changed(random, digits):
    at = random.randrange(len(digits))
    return digits[:at] + random.choice([one for one in "0123456789" if one != digits[at]]) + digits[at + 1 :]


def test_a_wrong_digit_of_an_inn_that_the_paper_says_twice_is_caught():
    random, caught, count = Random(7), 0, 4000
    field = Field("seller_inn", Kind.INN)
    for _ in range(count):
        right = requisites.inn(random, random.choice(REGIONS))
        wrong = changed(random, right)
        checks = register_checks({("seller_inn",): (field, wrong)}, {right, wrong}, TODAY)
        caught += any(check.outcome in (Outcome.FAILED, Outcome.DOUBTFUL) for check in checks)
    assert caught == count


def test_a_wrong_digit_of_a_lone_inn_or_account_is_caught_as_far_as_check_digits_go():
    random, caught, count = Random(8), 0, 4000
    for number in range(count):
        region = random.choice(REGIONS)
        bik = requisites.bik(random, region)
        account = requisites.settlement_account(random, bik)
        person = requisites.inn(random, region, person=True)
        caught += not (fits_bank(changed(random, account), bik) if number % 2 else is_inn(changed(random, person)))
    assert caught / count >= 0.99


def paper(seed, **wrong):
    """The values of an invoice, a digit of some of them changed."""
    random = Random(seed)
    schema = {field.name: field for field in preset("счёт").fields}
    rows = items(random, random.randint(1, 9))
    net, vat = sum(row.net for row in rows), sum(row.vat for row in rows)
    values = {(name,): (schema[name], kopecks / 100) for name, kopecks in
              (("net", net), ("vat", vat), ("total", net + vat))}  # fmt: skip
    below = {field.name: field for field in schema["items"].fields}
    for number, row in enumerate(rows):
        for name, value in (("quantity", row.quantity / 1000), ("price", row.price / 100), ("amount", row.net / 100)):
            values["items", number, name] = (below[name], value)
    return values


def bad(checks):
    return [check for check in checks if check.outcome in (Outcome.FAILED, Outcome.DOUBTFUL)]


def test_right_papers_raise_no_alarm():
    for seed in range(300):
        assert bad(sum_checks(paper(seed), russian=True)) == [], seed


def test_a_wrong_digit_in_a_sum_is_caught():
    random, caught, count = Random(9), 0, 3000
    for seed in range(count):
        values = paper(seed)
        path = random.choice([path for path in values if path[-1] in ("amount", "net", "vat", "total")])
        field, value = values[path]
        values[path] = (field, float(changed(random, f"{value:012.2f}".replace(".", ""))) / 100)
        caught += bool(bad(sum_checks(values, russian=True)))
    assert caught / count >= 0.99


def test_a_check_that_lacks_its_partner_does_not_apply():
    account = {("account",): (Field("account", Kind.ACCOUNT), "40702810623209471122")}
    assert outcomes(register_checks(account, (), TODAY)) == {"account": Outcome.NOT_APPLICABLE}
    assert list(sum_checks({("total",): (Field("total", Kind.MONEY, role="total"), 5)}, russian=True)) == []


def test_accounts_are_checked_with_the_bank_of_their_own_party():
    random = Random(3)
    ours, theirs = (requisites.bik(random, region) for region in REGIONS[:2])
    values = {
        ("payer_bik",): (Field("payer_bik", Kind.BIK), ours),
        ("payee_bik",): (Field("payee_bik", Kind.BIK), theirs),
        ("payer_account",): (Field("payer_account", Kind.ACCOUNT), requisites.settlement_account(random, ours)),
        ("payee_account",): (Field("payee_account", Kind.ACCOUNT), requisites.settlement_account(random, theirs)),
        ("счёт получателя",): (Field("счёт получателя", Kind.ACCOUNT), "40702810623209471122"),
    }
    found = {check.paths: check.outcome for check in register_checks(values, (), TODAY) if check.name == "account"}
    assert found == {
        (("payer_account",), ("payer_bik",)): Outcome.OK,
        (("payee_account",), ("payee_bik",)): Outcome.OK,
        (("счёт получателя",),): Outcome.NOT_APPLICABLE,
    }


def test_a_branch_elsewhere_is_doubtful_not_wrong():
    values = {
        ("inn",): (Field("inn", Kind.INN), "7707115873"),
        ("kpp",): (Field("kpp", Kind.KPP), "540245001"),
    }
    assert outcomes(register_checks(values, (), TODAY)) == {
        "inn": Outcome.OK,
        "inn-kpp": Outcome.DOUBTFUL,
        "kpp": Outcome.OK,
    }


@pytest.mark.parametrize(
    ("name", "value", "outcome"),
    [
        ("date", "2026-01-01", Outcome.OK),
        ("date", "2062-01-01", Outcome.DOUBTFUL),
        ("date", "1926-01-01", Outcome.DOUBTFUL),
        ("birth_date", "1926-01-01", Outcome.OK),
        ("дата рождения", "2030-01-01", Outcome.DOUBTFUL),
    ],
)
def test_dates_far_from_today_are_doubtful(name, value, outcome):
    checks = register_checks({(name,): (Field(name, Kind.DATE), value)}, (), TODAY)
    assert outcomes(checks) == {"date": outcome}


def test_foreign_rates_of_tax_are_not_judged():
    fields = {role: Field(role, Kind.MONEY, role=role) for role in ("net", "vat", "total")}
    values = {("net",): (fields["net"], 100), ("vat",): (fields["vat"], 6), ("total",): (fields["total"], 106)}
    assert outcomes(sum_checks(values, russian=True))["vat-rate"] is Outcome.DOUBTFUL
    assert "vat-rate" not in outcomes(sum_checks(values, russian=False))


def test_a_total_is_held_against_its_words():
    total = {("total",): (Field("total", Kind.MONEY, role="total"), 27843.38)}
    assert outcomes(sum_checks(total, (Decimal("27843.33"),), russian=True)) == {"in-words": Outcome.FAILED}
    assert outcomes(sum_checks(total, (Decimal("27843.38"),), russian=True)) == {"in-words": Outcome.OK}
