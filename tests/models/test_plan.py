import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_samples import (
    BUDGET,
    CATALOGUE,
    FIGURES,
    GB,
    GIB,
    SERVED,
    budgets,
    checkpoint,
    devices,
    entries,
    fixed_keys,
    line,
    planned,
    said,
)

from docstation.messages import translate
from docstation.models.catalogue import load_catalogue
from docstation.models.devices import CPU, REFERENCE, card_of_size
from docstation.models.entry import ModelEntry
from docstation.models.explaining import explain
from docstation.models.fitting import FLASHINFER, MARGIN, Terms, fitting, uncounted_bytes
from docstation.models.plan import Item, Verdict
from docstation.models.planning import CARD_FULL, SHORTER, TOO_LARGE, pick, plan
from docstation.models.residual import capture_sizes
from docstation.models.savings import COSTS, LEAST_PIXELS
from docstation.models.user_keys import user_keys


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
