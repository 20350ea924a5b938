import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.models.architecture import shipped_figures
from docstation.models.catalogue import load_catalogue
from docstation.models.checkpoint import Checkpoint
from docstation.models.devices import REFERENCE
from docstation.models.learned import FILE, KEPT, NOTHING_LEARNED, Learned, LearnedFile, Measured, learn
from docstation.models.plan import Item
from docstation.models.planning import plan
from docstation.models.residual import residual
from docstation.models.start_log import StartFigures

GIB, MIB = 2**30, 2**20
BUDGET = 12 * 10**9
ENTRY = load_catalogue().entries["dots-ocr"]
CHECKPOINT = Checkpoint(shipped_figures()["dots-ocr"])
COMPUTED = residual(ENTRY, CHECKPOINT.architecture).inside
ONE = Measured("abc", "dots_ocr", 6 * GIB, 3 * GIB, 2 * GIB, 100 * MIB, 90_000, 1.5)


def planned(learned=NOTHING_LEARNED, entry=ENTRY):
    return plan(entry, BUDGET, REFERENCE, learned, checkpoint=CHECKPOINT)


def figures(**more):
    requested = round(planned().utilisation * REFERENCE.cuda_bytes)
    kv = 2 * GIB
    known = {"loaded_bytes": 6 * GIB, "kv_bytes": kv, "requested_bytes": requested, "graph_bytes": 80 * MIB}
    return StartFigures(**known | more)


def line(found, item):
    return next(one for one in found.bill if one.item is item)


def test_a_start_is_learned_from_its_log():
    found = learn(planned(), figures(), CHECKPOINT, at=7.0)
    assert found is not None
    assert found.fingerprint == planned().fingerprint
    assert found.residual_bytes == figures().requested_bytes - 8 * GIB
    assert (found.computed_bytes, found.graph_bytes, found.at) == (COMPUTED, 80 * MIB, 7.0)


def test_what_is_asked_for_follows_from_the_card_where_the_log_does_not_say():
    exact = learn(planned(), figures(), CHECKPOINT, at=0)
    by_total = learn(planned(), figures(requested_bytes=None, total_bytes=REFERENCE.cuda_bytes), CHECKPOINT, at=0)
    by_plan = learn(planned(), figures(requested_bytes=None), CHECKPOINT, at=0)
    assert by_plan == by_total == exact


def test_the_kv_cache_follows_from_its_tokens_where_the_log_does_not_say():
    tokens = 2 * GIB // 28_672
    found = learn(planned(), figures(kv_bytes=None, kv_tokens=tokens), CHECKPOINT, at=0)
    assert found is not None
    assert abs(found.residual_bytes - (figures().requested_bytes - 8 * GIB)) <= 28_672


@pytest.mark.parametrize(
    "more", [{"loaded_bytes": None}, {"kv_bytes": None}, {"kv_bytes": 9 * GIB}, {"kv_bytes": -GIB}, {"loaded_bytes": 0}]
)
def test_a_log_that_tells_too_little_or_contradicts_itself_teaches_nothing(more):
    assert learn(planned(), figures(**more), CHECKPOINT, at=0) is None


def test_a_plan_that_gives_no_share_teaches_nothing():
    assert learn(replace(planned(), utilisation=0.0), figures(), CHECKPOINT, at=0) is None


def test_the_same_start_is_planned_as_it_was_measured(tmp_path):
    found = learn(planned(), figures(), CHECKPOINT, at=0)
    again = planned(LearnedFile(tmp_path).record(found))
    assert line(again, Item.WEIGHTS).bytes == 6 * GIB
    assert line(again, Item.CUDA_GRAPHS).bytes == 80 * MIB
    assert line(again, Item.ACTIVATIONS).bytes == found.residual_bytes - 80 * MIB
    assert line(again, Item.WEIGHTS).source == line(again, Item.ACTIVATIONS).source == "measured"
    assert line(again, Item.KV_CACHE).source == "computed"
    assert again.fingerprint == planned().fingerprint
    assert again.total_bytes <= BUDGET


def test_another_start_of_the_family_is_planned_with_the_factor():
    learned = Learned({"abc": ONE})
    other = replace(ENTRY, max_pixels=1_605_632)
    plain, scaled = planned(entry=other), planned(learned, other)
    assert learned.factor("dots_ocr") == 1.5
    assert line(scaled, Item.ACTIVATIONS).bytes == round(line(plain, Item.ACTIVATIONS).bytes * 1.5)
    assert line(scaled, Item.ACTIVATIONS).source == "computed"
    assert scaled.total_bytes <= BUDGET


def test_the_newest_start_of_a_family_counts_and_else_the_worst_of_all():
    later = replace(ONE, fingerprint="def", residual_bytes=round(2.2 * GIB))
    learned = Learned({"abc": ONE, "def": later})
    assert learned.factor("dots_ocr") == pytest.approx(1.1)
    assert learned.factor("qwen3_vl") == 1.5
    assert NOTHING_LEARNED.factor("qwen3_vl") == 1.0


def test_the_arithmetic_is_a_floor():
    assert replace(ONE, residual_bytes=GIB).factor == 1.0


def test_what_is_recorded_is_there_again(tmp_path):
    store = LearnedFile(tmp_path / "station")
    assert store.load() == NOTHING_LEARNED
    store.record(ONE)
    store.record(replace(ONE, fingerprint="def"))
    newer = replace(ONE, loaded_bytes=5 * GIB)
    assert list(store.record(newer).starts) == ["def", "abc"]
    assert store.load().measured("abc") == newer
    assert store.load().measured("other") is None
    assert [path.name for path in (tmp_path / "station").iterdir()] == [FILE]


def test_the_oldest_are_forgotten(tmp_path):
    rows = [asdict(replace(ONE, fingerprint=str(number))) for number in range(KEPT)]
    (tmp_path / FILE).write_text(json.dumps(rows))
    starts = LearnedFile(tmp_path).record(ONE).starts
    assert len(starts) == KEPT
    assert "0" not in starts
    assert "abc" in starts


@pytest.mark.parametrize("text", ["", "{", "{}", "null", "[3, null, {}]", '[{"fingerprint": 1}]', "[" * 10**5])
def test_a_damaged_file_counts_as_empty_and_is_mended(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    assert LearnedFile(tmp_path).load() == NOTHING_LEARNED
    assert LearnedFile(tmp_path).record(ONE).starts == {"abc": ONE}


@given(
    st.sampled_from(["family", "loaded_bytes", "residual_bytes", "computed_bytes", "at"]),
    st.none() | st.booleans() | st.text(max_size=3) | st.floats() | st.integers(-5, 0) | st.lists(st.none()),
)
def test_no_row_can_make_a_plan_fail(tmp_path_factory, key, value):
    folder = tmp_path_factory.mktemp("station")
    (folder / FILE).write_text(json.dumps([asdict(ONE) | {key: value}, asdict(replace(ONE, fingerprint="def"))]))
    learned = LearnedFile(folder).load()
    assert "def" in learned.starts
    planned(learned)


def test_keys_of_a_newer_version_are_passed_over(tmp_path):
    (tmp_path / FILE).write_text(json.dumps([asdict(ONE) | {"new": 1}]))
    assert LearnedFile(tmp_path).load().starts == {"abc": ONE}


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    store = LearnedFile(tmp_path)
    store.record(ONE)

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("docstation.models.learned.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.record(replace(ONE, fingerprint="def"))
    assert list(store.load().starts) == ["abc"]
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
