"""Several models inside one budget: all of them, or none."""

from hypothesis import given, settings
from hypothesis import strategies as st
from plan_samples import BUDGET, CATALOGUE, GB, budgets, checkpoint, devices

from docstation.models.catalogue import load_catalogue
from docstation.models.devices import KNOWN_CARDS, REFERENCE
from docstation.models.plan import Verdict
from docstation.models.together import NOT_TOGETHER, Member, first_together, plan_together

MEMBERS = ("dots-ocr", "qwen3-vl-2b", "qwen3-vl-4b-fp8")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(MEMBERS), min_size=1, max_size=3, unique=True), budgets, devices())
def test_several_models_stay_within_the_budget_together(names, budget, device):
    members = [Member(CATALOGUE[name], checkpoint(CATALOGUE[name])) for name in names]
    plans = plan_together(members, budget, device)
    assert [one.entry.name for one in plans] == names
    assert len({one.fits for one in plans}) == 1
    if plans[0].fits:
        allowed = min(budget, device.free_bytes)
        assert sum(one.total_bytes for one in plans) <= allowed
        # Each start needs its request free beside all that the earlier ones may show.
        held = 0
        for one in plans:
            assert one.utilisation * device.cuda_bytes + held <= device.free_bytes + 1
            held += one.total_bytes


def test_at_the_very_edge_all_fit_or_none():
    members = [Member(CATALOGUE[name], checkpoint(CATALOGUE[name])) for name in ("dots-ocr", "qwen3-vl-2b")]
    too_little, enough = 10 * GB, 16 * GB
    while enough - too_little > 1000:
        middle = (enough + too_little) // 2
        fits = {one.fits for one in plan_together(members, middle, REFERENCE)}
        assert len(fits) == 1
        too_little, enough = (too_little, middle) if True in fits else (middle, enough)
    assert 13 * GB < enough < 14 * GB


def test_models_that_do_not_fit_together_say_so():
    members = [Member(CATALOGUE[name], checkpoint(CATALOGUE[name])) for name in ("dots-ocr", "qwen3-vl-8b-awq")]
    plans = plan_together([*members, Member(CATALOGUE["embedded"])], BUDGET, REFERENCE)
    assert [one.reason for one in plans[:2]] == [NOT_TOGETHER] * 2
    assert [one.fits for one in plans] == [False, False, True]


def test_of_several_candidates_the_first_that_fit_together_are_taken():
    reserve = [Member(one, checkpoint(one)) for one in load_catalogue().resolve("qwen3-vl")]
    dots = [Member(CATALOGUE["dots-ocr"], checkpoint(CATALOGUE["dots-ocr"]))]
    names = {
        size: [one.entry.name for one in first_together([dots, reserve], size * GB, REFERENCE) if one.fits]
        for size in (12, 14, 15)
    }
    assert names == {12: [], 14: ["dots-ocr", "qwen3-vl-2b"], 15: ["dots-ocr", "qwen3-vl-4b-fp8"]}


def test_two_models_on_a_large_card_each_have_their_share():
    members = [Member(CATALOGUE[name], checkpoint(CATALOGUE[name])) for name in ("dots-ocr", "qwen3-vl-2b")]
    plans = plan_together(members, 24 * GB, KNOWN_CARDS["RTX 5090"])
    assert [one.verdict for one in plans] == [Verdict.FITS, Verdict.FITS]
    assert sum(one.utilisation for one in plans) * KNOWN_CARDS["RTX 5090"].cuda_bytes < 24 * GB
