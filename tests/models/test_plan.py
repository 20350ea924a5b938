import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docstation.messages import translate
from docstation.models.architecture import shipped_figures
from docstation.models.catalogue import load_catalogue
from docstation.models.checkpoint import Checkpoint
from docstation.models.devices import CPU, KNOWN_CARDS, REFERENCE, Device, card_named, card_of_size, device_of
from docstation.models.entry import ModelEntry
from docstation.models.explaining import explain
from docstation.models.fitting import FLASHINFER, MARGIN, Terms, fitting, uncounted_bytes
from docstation.models.plan import Item, Verdict
from docstation.models.planning import CARD_FULL, SHORTER, TOO_LARGE, pick, plan
from docstation.models.residual import capture_sizes
from docstation.models.savings import COSTS, LEAST_PIXELS
from docstation.models.together import NOT_TOGETHER, Member, first_together, plan_together
from docstation.models.user_keys import user_keys

GIB, GB = 2**30, 10**9
BUDGET = 12 * GB
FIGURES = shipped_figures()
CATALOGUE = load_catalogue().entries
SERVED = [entry for entry in CATALOGUE.values() if entry.engine == "vllm"]


def checkpoint(entry):
    return Checkpoint(FIGURES[entry.figures], source=entry.figures)


def planned(entry, budget=BUDGET, device=REFERENCE, **more):
    return plan(entry, budget, device, checkpoint=checkpoint(entry), **more)


def line(found, item):
    return next(one.bytes for one in found.bill if one.item is item)


def said(found):
    return translate(found.reason, **dict(found.reason_fields))


entries = st.builds(
    ModelEntry,
    name=st.just("one"),
    figures=st.sampled_from(sorted(FIGURES)),
    quantisation=st.sampled_from(["none", "fp8", "awq-4bit"]),
    context=st.integers(512, 40_000),
    max_pixels=st.integers(65_536, 20_000_000),
    max_sequences=st.integers(1, 64),
    batch_tokens=st.integers(512, 40_000),
    kv_cache_type=st.sampled_from(["auto", "fp8"]),
    eager=st.booleans(),
    image=st.sampled_from(["vllm/vllm-openai:v0.32.0", "vllm/vllm-openai:v0.12.0", "vllm/vllm-openai:latest"]),
)


@st.composite
def devices(draw):
    board = draw(st.integers(4 * GIB, 48 * GIB))
    reserved = draw(st.integers(0, GIB))
    free = draw(st.integers(0, board - reserved))
    return Device("some card", board, reserved, free)


budgets = st.integers(GB, 40 * GB)
fixed_keys = st.frozensets(st.sampled_from(sorted(COSTS)))


@settings(max_examples=150, deadline=None)
@given(entries, budgets, devices(), fixed_keys, st.integers(0, GIB))
def test_a_plan_that_fits_keeps_every_promise(entry, budget, device, fixed, margin):
    found = planned(entry, budget, device, fixed=fixed, margin_bytes=margin)
    changed = {one.key for one in found.changes}
    assert not changed & fixed
    assert found.entry.context == entry.context
    if not found.fits:
        assert (found.utilisation, found.kv_tokens, changed) == (0, 0, set())
        assert found.entry == entry
        return
    served = found.entry
    allowed = min(budget, device.free_bytes)
    assert found.total_bytes <= allowed
    requested = found.utilisation * device.cuda_bytes
    outside = line(found, Item.UNCOUNTED) + line(found, Item.MARGIN)
    assert requested + outside <= allowed + 1
    inside = found.total_bytes - outside - (0 if ":v0.12" not in entry.image else line(found, Item.CUDA_GRAPHS))
    assert inside <= requested + 1
    assert found.kv_tokens >= served.max_sequences * served.context
    tokens = FIGURES[entry.figures].image_tokens(served.max_pixels)
    assert served.batch_tokens >= tokens or {"batch_tokens", "max_pixels"} <= fixed
    assert replace(served, **{one.key: getattr(entry, one.key) for one in found.changes}) == entry
    assert (found.verdict is Verdict.FITS) is (not changed)


needs = st.sampled_from(["context", "max_sequences", "max_pixels", "batch_tokens"])


@settings(max_examples=200, deadline=None)
@given(entries, needs, st.integers(1, 50_000))
def test_more_of_anything_never_needs_less(entry, key, more):
    def needed(one):
        return fitting(one, Terms(BUDGET, REFERENCE, checkpoint(one))).needed

    # A picture of more tokens than a step holds is no setting that is served; plans mend it first.
    entry = replace(entry, batch_tokens=max(entry.batch_tokens, 40_000))
    assert needed(replace(entry, **{key: getattr(entry, key) + more})) >= needed(entry)


@settings(max_examples=60, deadline=None)
@given(entries, budgets, st.integers(0, 8 * GB))
def test_what_fits_a_budget_fits_a_larger_one_with_no_costlier_changes(entry, budget, more):
    small, large = planned(entry, budget), planned(entry, budget + more)
    if small.fits:
        assert large.fits
        order = list(COSTS)
        worst = max((order.index(one.key) for one in small.changes), default=-1)
        assert max((order.index(one.key) for one in large.changes), default=-1) <= worst


@pytest.mark.parametrize(
    ("name", "budget", "verdict"),
    [
        ("dots-ocr", 12 * GB, Verdict.FITS),
        ("dots-mocr", 12 * GB, Verdict.FITS),
        ("qwen3-vl-2b", 12 * GB, Verdict.FITS),
        ("qwen3-vl-4b", 12 * GB, Verdict.FITS_WITH_CHANGES),
        ("qwen3-vl-4b-fp8", 12 * GB, Verdict.FITS),
        ("qwen3-vl-8b-fp8", 12 * GB, Verdict.DOES_NOT_FIT),
        ("qwen3-vl-8b-fp8", 15 * GB, Verdict.FITS),
        ("qwen3-vl-8b-awq", 12 * GB, Verdict.FITS),
        ("dots-ocr", 7 * GB, Verdict.DOES_NOT_FIT),
    ],
)
def test_the_shipped_models_on_the_reference_card(name, budget, verdict):
    assert planned(CATALOGUE[name], budget).verdict is verdict


def test_the_reserve_is_the_best_candidate_that_fits():
    candidates = load_catalogue().resolve("qwen3-vl")
    choice = pick(planned(one) for one in candidates)
    assert choice.plan.fits
    assert [one.entry.name for one in choice.refused] == ["qwen3-vl-8b-fp8"]
    assert "12.0 GB are allowed" in said(choice.refused[0])


def test_of_candidates_that_all_fail_the_last_is_shown():
    names = ["qwen3-vl-8b-fp8", "qwen3-vl-4b"]
    choice = pick(planned(CATALOGUE[name], 6 * GB) for name in names)
    assert not choice.plan.fits
    assert [one.entry.name for one in (*choice.refused, choice.plan)] == names
    with pytest.raises(ValueError, match="candidates"):
        pick([])


def test_savings_are_taken_from_the_cheapest_on():
    entry = CATALOGUE["qwen3-vl-4b"]
    seen = [tuple(one.key for one in planned(entry, size * GB // 10).changes) for size in range(132, 104, -1)]
    costliest = [max((list(COSTS).index(key) for key in keys), default=-1) for keys in seen if keys]
    assert costliest == sorted(costliest)
    assert ("max_sequences",) in seen
    assert any("max_pixels" in keys for keys in seen)


def test_no_more_is_taken_of_the_costliest_saving_than_needed():
    entry = CATALOGUE["qwen3-vl-4b"]
    reduced = [
        found.entry.max_pixels
        for size in range(1000, 1130, 5)
        if (found := planned(entry, size * GB // 100)).fits and found.entry.max_pixels < entry.max_pixels
    ]
    assert reduced == sorted(reduced)
    for size in range(1000, 1130, 5):
        found = planned(entry, size * GB // 100)
        if found.fits and found.entry.max_pixels < entry.max_pixels:
            larger = replace(entry, max_pixels=found.entry.max_pixels + 64 * 1024)
            assert not planned(larger, size * GB // 100, fixed=frozenset({"max_pixels"})).fits


def test_settings_of_the_users_stay_and_others_make_up_for_them():
    entry = CATALOGUE["qwen3-vl-4b"]
    found = planned(entry, 12 * GB, fixed=frozenset({"max_sequences"}))
    assert found.entry.max_sequences == entry.max_sequences
    assert found.changes
    assert not planned(entry, 12 * GB, fixed=frozenset(COSTS)).fits


def test_keys_that_a_user_set_are_found_along_what_an_entry_extends(tmp_path):
    own = tmp_path / "models.toml"
    own.write_text(
        '[models.mine]\nextends = "base"\nmax_pixels = 1_000_000\n'
        '[models.base]\nextends = "dots-ocr"\neager = true\n'
        "[models.dots-ocr]\nmax_sequences = 2\n"
        '[models.loop]\nextends = "loop"\n'
    )
    other = tmp_path / "more.toml"
    other.write_text("[models.mine]\ncontext = 4096\n")
    files = (other, own, tmp_path / "none.toml")
    assert user_keys(files, "mine") == {"context", "max_pixels", "eager", "max_sequences"}
    assert user_keys(files, "dots-ocr") == {"max_sequences"}
    assert user_keys(files, "loop") == user_keys(files, "qwen3-vl-2b") == frozenset()


def test_pictures_are_never_reduced_beyond_legibility():
    least = min(
        found.entry.max_pixels
        for size in range(60, 130)
        if (found := planned(CATALOGUE["qwen3-vl-4b"], size * GB // 10)).fits
    )
    assert LEAST_PIXELS <= least < CATALOGUE["qwen3-vl-4b"].max_pixels


@pytest.mark.parametrize("fixed", [frozenset(), frozenset({"batch_tokens"})])
def test_a_step_smaller_than_a_picture_is_mended(fixed):
    entry = replace(CATALOGUE["dots-ocr"], batch_tokens=2048)
    found = planned(entry, fixed=fixed)
    assert found.entry.batch_tokens >= FIGURES["dots-ocr"].image_tokens(found.entry.max_pixels)
    assert [one.key for one in found.changes] == ["max_pixels" if fixed else "batch_tokens"]


def test_a_refusal_says_what_would_fit():
    found = planned(CATALOGUE["qwen3-vl-8b-fp8"])
    fields = dict(found.reason_fields)
    assert found.reason == SHORTER
    shorter = replace(CATALOGUE["qwen3-vl-8b-fp8"], context=int(fields["longest"]))
    assert planned(shorter).fits
    assert not planned(replace(shorter, context=shorter.context + 64)).fits
    enough = int(float(fields["needed"]) * GB) + REFERENCE.cuda_bytes // 1000
    assert planned(CATALOGUE["qwen3-vl-8b-fp8"], enough).fits


def test_a_refusal_tells_weights_that_are_too_large_from_a_card_that_is_full():
    assert planned(CATALOGUE["qwen3-vl-4b"], 6 * GB).reason == TOO_LARGE
    busy = replace(REFERENCE, free_bytes=6 * GB)
    found = planned(CATALOGUE["dots-ocr"], BUDGET, busy)
    assert found.reason == CARD_FULL
    assert "6.0 GB of the card are free" in said(found)
    small = planned(CATALOGUE["qwen3-vl-4b"], BUDGET, card_of_size(9 * GIB))
    assert not small.fits
    assert "other programs" not in said(small)


def test_the_bill_of_a_refusal_is_what_was_asked_for():
    found = planned(CATALOGUE["qwen3-vl-8b-fp8"])
    assert found.total_bytes > BUDGET
    assert line(found, Item.KV_CACHE) >= 2 * 8192 * 147_456


def test_old_versions_take_cuda_graphs_on_top_of_their_share():
    new = planned(CATALOGUE["dots-ocr"])
    old = planned(replace(CATALOGUE["dots-ocr"], image="vllm/vllm-openai:v0.20.1"))
    assert old.utilisation < new.utilisation
    assert line(old, Item.CUDA_GRAPHS) == line(new, Item.CUDA_GRAPHS)
    assert line(planned(replace(CATALOGUE["dots-ocr"], eager=True)), Item.CUDA_GRAPHS) == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"kv_cache_type": "fp8"},
        {"environment": {"VLLM_ATTENTION_BACKEND": "FLASHINFER"}},
        {"arguments": ("--attention-backend", "FlashInfer")},
        {"arguments": ("--seed", "7", "--attention_backend=FLASHINFER")},
    ],
)
def test_flashinfer_costs_more_outside_the_share(changed):
    plain = CATALOGUE["qwen3-vl-2b"]
    assert uncounted_bytes(replace(plain, **changed)) - uncounted_bytes(plain) == FLASHINFER
    assert uncounted_bytes(replace(plain, arguments=("--served", "flashinfer"))) == uncounted_bytes(plain)


@pytest.mark.parametrize(
    ("sequences", "batch", "sizes"),
    [(1, 8192, [1, 2]), (4, 8192, [1, 2, 4, 8]), (6, 8192, [1, 2, 4, 6, 8]), (2, 1, [1])],
)
def test_graphs_are_captured_for_the_sizes_that_vllm_chooses(sequences, batch, sizes):
    assert capture_sizes(sequences, batch) == sizes
    assert len(capture_sizes(256, 8192)) == 51


@pytest.mark.parametrize("name", ["embedded", "elsewhere"])
def test_what_vllm_does_not_serve_here_takes_no_memory(name):
    entry = CATALOGUE.get(name, ModelEntry(name="elsewhere", engine="remote", endpoint="http://192.168.0.5:8000"))
    found = plan(entry, BUDGET, REFERENCE)
    assert (found.fits, found.total_bytes, found.bill) == (True, 0, ())


def test_on_the_processor_only_the_kv_cache_is_planned():
    entry = CATALOGUE["dots-ocr"]
    found = planned(entry, device=CPU)
    assert found.verdict is Verdict.FITS
    assert [one.item for one in found.bill] == [Item.KV_CACHE]
    # Blocks of 128 tokens, and one that vLLM keeps for padding.
    assert found.kv_tokens == 4 * 8192 + 128
    assert found.total_bytes == found.kv_tokens * 28_672


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


@pytest.mark.parametrize("name", ["rtx5070ti", "RTX 5070 Ti", "NVIDIA GeForce RTX 5070 Ti", "5070 ti"])
def test_cards_are_known_however_they_are_spelt(name):
    assert card_named(name) is REFERENCE


def test_a_card_of_a_size_keeps_the_usual_reserve():
    card = card_of_size(24 * GIB)
    assert card.cuda_bytes == 24 * GIB - REFERENCE.reserved_bytes
    assert (card.name, card.reference) == ("24 GiB", True)
    assert card_named("GTX 1") is None


class Reading:
    name, driver, capability = "NVIDIA GeForce RTX 5070 Ti", "580.95.05", (12, 0)
    board_bytes, reserved_bytes = 16303 * 2**20, 421 * 2**20
    free_bytes, ours_bytes = 3 * GIB, 11 * GIB


def test_what_our_servers_hold_counts_as_free():
    device = device_of(Reading)
    assert (device.free_bytes, device.cuda_bytes) == (14 * GIB, REFERENCE.cuda_bytes)


def test_where_windows_lends_the_card_cuda_has_the_whole_board():
    class Unattributed(Reading):
        ours_bytes = None

    device = device_of(Unattributed, leaving_bytes=2 * GIB, of_windows=True)
    assert (device.free_bytes, device.cuda_bytes) == (5 * GIB, 16303 * 2**20)
    # A share of what is more gives the same bytes: the promise does not depend on the guess.
    same = planned(CATALOGUE["dots-ocr"], device=replace(device, free_bytes=15 * GIB))
    assert same.total_bytes <= BUDGET


@pytest.mark.parametrize("name", [entry.name for entry in SERVED])
@pytest.mark.parametrize("budget", [8 * GB, 12 * GB])
def test_every_line_of_a_bill_is_explained(name, budget):
    entry = CATALOGUE[name]
    found = planned(entry, budget)
    explanations = list(explain(found, checkpoint(entry)))
    expected = set(Item) - (set() if found.fits else {Item.MARGIN})
    assert {one.item for one in explanations} == expected
    for one in explanations:
        assert "{" not in translate(one.sentence, **one.fields)
    assert list(explain(planned(entry, device=CPU), checkpoint(entry))) == []


def test_equal_plans_have_equal_fingerprints_and_no_others():
    entry = CATALOGUE["dots-ocr"]
    base = planned(entry).fingerprint
    assert planned(replace(entry, title="another title", context=4096)).fingerprint == base
    others = [
        planned(replace(entry, max_pixels=1_605_632)),
        planned(replace(entry, image="vllm/vllm-openai:v0.31.0")),
        planned(replace(entry, environment={"A": "1"})),
        planned(entry, digest="sha256:" + "0" * 64),
        planned(entry, device=replace(REFERENCE, driver="600.1")),
    ]
    assert len({base, *(one.fingerprint for one in others)}) == len(others) + 1


def test_the_margin_is_left_free():
    assert line(planned(CATALOGUE["dots-ocr"]), Item.MARGIN) == MARGIN
    wide = planned(CATALOGUE["dots-ocr"], margin_bytes=GIB)
    assert wide.utilisation < planned(CATALOGUE["dots-ocr"]).utilisation


def test_planning_loads_nothing_heavy():
    script = (
        "import sys\nfrom docstation.models import explaining, learned, planning, start_log, together\n"
        "sys.stdout.write('\\n'.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heavy = {"pydantic", "numpy", "docker", "pynvml", "huggingface_hub", "PIL", "rich", "psutil", "click"}
    assert not heavy & set(done.stdout.split())
