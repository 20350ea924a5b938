import json
import os
import stat

import pytest

from docstation.errors import SettingsError
from docstation.messages import explain
from docstation.models.pins import FILE, Pins

COMMIT = "0123456789abcdef0123456789abcdef01234567"
DIGEST = "sha256:" + "ab" * 32
CHECKPOINT, IMAGE = "rednote-hilab/dots.ocr", "vllm/vllm-openai:v0.32.0"


def test_nothing_is_pinned_before_it_is_recorded(tmp_path):
    pins = Pins(tmp_path / "station")
    assert (pins.get("weights", CHECKPOINT), pins.get("image", IMAGE)) == ("", "")
    pins.drop("weights", CHECKPOINT)
    assert not (tmp_path / "station").exists()


def test_what_is_recorded_is_held_until_it_is_dropped(tmp_path):
    Pins(tmp_path / "station").record("weights", CHECKPOINT, COMMIT)
    Pins(tmp_path / "station").record("image", IMAGE, DIGEST)
    pins = Pins(tmp_path / "station")
    assert (pins.get("weights", CHECKPOINT), pins.get("image", IMAGE)) == (COMMIT, DIGEST)
    assert pins.get("image", CHECKPOINT) == ""
    pins.drop("weights", CHECKPOINT)
    assert (pins.get("weights", CHECKPOINT), pins.get("image", IMAGE)) == ("", DIGEST)


def test_the_file_holds_what_was_recorded_and_nothing_lies_beside_it(tmp_path):
    pins = Pins(tmp_path)
    pins.record("image", IMAGE, DIGEST)
    assert json.loads(pins.path.read_text()) == {"image": {IMAGE: DIGEST}, "weights": {}}
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize(
    ("kind", "pin"),
    [("weights", "main"), ("weights", COMMIT[:7]), ("weights", DIGEST), ("image", COMMIT), ("image", "latest")],
)
def test_a_branch_or_a_tag_is_no_pin(tmp_path, kind, pin):
    with pytest.raises(ValueError, match=pin):
        Pins(tmp_path).record(kind, "name", pin)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", '{"weights": 3}', '{"weights": {"a": "main"}}', '{"image": {"a": null}}', "\ufeff{}\x00"],
)
def test_a_damaged_file_is_not_taken_for_an_empty_one(tmp_path, damage):
    pins = Pins(tmp_path)
    pins.path.write_text(damage, encoding="utf-8")
    for act in (lambda: pins.get("weights", "a"), lambda: pins.record("weights", "a", COMMIT)):
        with pytest.raises(SettingsError) as caught:
            act()
        sentence, remedy = explain(caught.value)
        assert str(pins.path) in sentence
        assert "delete it" in remedy
    assert pins.path.read_text(encoding="utf-8") == damage


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_earlier_pins_and_no_rest(tmp_path, monkeypatch, failing):
    pins = Pins(tmp_path)
    pins.record("weights", CHECKPOINT, COMMIT)

    def full(*_arguments, **_more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, full)
    with pytest.raises(OSError, match="No space"):
        pins.record("weights", CHECKPOINT, "f" * 40)
    monkeypatch.undo()
    assert pins.get("weights", CHECKPOINT) == COMMIT
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_the_content_is_on_the_disk_before_the_name_and_the_name_before_the_return(tmp_path, monkeypatch):
    steps = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (steps.append(stat.S_ISDIR(os.fstat(fd).st_mode)), fsync(fd)))
    monkeypatch.setattr(os, "replace", lambda *where: (steps.append("replace"), replace(*where)))
    Pins(tmp_path).record("weights", CHECKPOINT, COMMIT)
    assert steps == [False, "replace", True]
