"""Profiles: what is shipped, how a served model finds its own, and what a user's file may say."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

from docstation.document.geometry import Box
from docstation.errors import MissingDependency, NoEngine, SettingsError
from docstation.inference.profile import Profile, Sampling, Task
from docstation.inference.profiles import chat_template, load_profile, names, profile_for, shipped_names, user_folder
from docstation.models.catalogue import load_catalogue

SHIPPED = [load_profile(name) for name in shipped_names()]


@pytest.mark.parametrize(
    ("model", "profile"),
    [
        ("rednote-hilab/dots.ocr", "dots-ocr"),
        ("rednote-hilab/dots.mocr", "dots-ocr"),
        ("/weights/models--rednote-hilab--dots.ocr/snapshots/ab", "dots-ocr"),
        ("Qwen/Qwen3-VL-4B-Instruct-FP8", "qwen3-vl"),
        ("cpatonn/Qwen3-VL-8B-Instruct-AWQ-4bit", "qwen3-vl"),
        ("gpt-oss", "generic"),
        ("", "generic"),
    ],
)
def test_a_served_model_is_known_by_its_id(model, profile):
    assert profile_for(model).name == profile


def test_the_catalogues_word_goes_before_the_id():
    assert profile_for("my-own-name", named="qwen3-vl").name == "qwen3-vl"


def test_every_profile_that_the_catalogue_names_is_shipped():
    named = {entry.profile for entry in load_catalogue().entries.values() if entry.profile}
    assert named <= set(shipped_names())


@pytest.mark.parametrize("profile", SHIPPED, ids=lambda one: one.name)
def test_a_shipped_profile_is_whole(profile: Profile):
    grid = profile.grid
    assert {Task.LAYOUT, Task.TEXT, Task.TABLE, Task.FORMULA, Task.PICTURE, Task.GENERAL} <= set(profile.prompts)
    assert grid.min_pixels <= grid.usual_pixels <= grid.max_pixels
    assert grid.usual_pixels >= grid.factor**2
    for task in set(profile.prompts) - {Task.LAYOUT}:
        assert "{" not in profile.prompt(task, region=Box(1, 2, 3, 4), question="What?").replace("{region}", "")
        assert profile.sampling(task).fields()["temperature"] <= 1


def test_models_that_tell_boxes_can_be_asked_for_boxes_alone():
    assert all(one.can(Task.LAYOUT_ONLY) for one in SHIPPED if one.dialect == "layout-json")


def test_the_region_stands_in_the_prompt_as_whole_numbers():
    prompt = load_profile("dots-ocr").prompt(Task.REGION_TEXT, region=Box(10.4, 20.6, 300, 400))
    assert prompt.endswith("[10, 21, 300, 400]")


def test_a_free_question_is_asked_in_its_own_words():
    assert load_profile("dots-ocr").prompt(Task.GENERAL, question="Чей это счёт?") == "Чей это счёт?"


def test_a_task_without_words_is_refused():
    with pytest.raises(NoEngine, match=r"dots\.ocr has no prompt for document"):
        load_profile("dots-ocr").prompt(Task.DOCUMENT)


def test_the_prompt_that_the_model_was_trained_on_comes_from_the_library_that_carries_it(monkeypatch):
    carrying = ModuleType("docling.datamodel.vlm_prompts")
    carrying.DOTS_LAYOUT_PROMPT = "as it was trained"
    for name in ("docling", "docling.datamodel"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "docling.datamodel.vlm_prompts", carrying)
    assert load_profile("dots-ocr").prompt(Task.LAYOUT) == "as it was trained"


def test_where_that_library_is_missing_its_command_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "docling.datamodel.vlm_prompts", None)
    with pytest.raises(MissingDependency) as caught:
        load_profile("dots-ocr").prompt(Task.LAYOUT)
    assert caught.value.fields == {"name": "docling-slim", "command": "pip install docling-slim"}


def test_the_library_itself_has_the_prompt_where_it_is_installed():
    profile = load_profile("dots-ocr")
    if find_spec("docling") is None:
        with pytest.raises(MissingDependency):
            profile.prompt(Task.LAYOUT)
    else:
        assert all(word in profile.prompt(Task.LAYOUT) for word in ("bbox", "Section-header", "HTML", "LaTeX"))


def test_each_further_attempt_is_warmer_up_to_a_bound():
    profile = load_profile("dots-ocr")
    assert [profile.sampling(Task.LAYOUT, attempt=n).temperature for n in range(5)] == [0.1, 0.4, 0.7, 1.0, 1.0]


def test_only_what_differs_from_neutral_is_sent():
    assert Sampling(0.1).fields() == {"temperature": 0.1}
    assert Sampling(0.7, top_p=0.8, top_k=20).fields() == {"temperature": 0.7, "top_p": 0.8, "top_k": 20}


def test_a_users_file_replaces_what_it_names_and_nothing_else(tmp_path):
    text = '[prompts]\nlayout = """\nMy words.\n"""\n[grid]\nusual_pixels = 1_000_000\n[sampling.layout]\ntop_p = 0.5\n'
    (tmp_path / "dots-ocr.toml").write_text(text)
    own, shipped = load_profile("dots-ocr", tmp_path), load_profile("dots-ocr")
    assert own.prompt(Task.LAYOUT) == "My words."
    assert own.prompt(Task.TEXT) == shipped.prompt(Task.TEXT)
    assert (own.grid.usual_pixels, own.grid.factor, own.matches) == (1_000_000, 28, shipped.matches)
    assert own.sampling(Task.LAYOUT) == Sampling(0.1, top_p=0.5)
    assert profile_for("rednote-hilab/dots.ocr", folder=tmp_path) == own


def test_a_users_file_may_describe_a_model_of_its_own(tmp_path):
    (tmp_path / "my_model.toml").write_text('title = "Mine"\nmatches = ["MyLab/"]\n')
    assert names(tmp_path)[-1] == "my-model"
    found = profile_for("mylab/some-vl", folder=tmp_path)
    assert (found.name, found.title, found.grid) == ("my-model", "Mine", load_profile("generic").grid)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour = 1", "Unknown key colour"),
        ("chat_template = 'x'", "Unknown key chat_template"),
        ("[prompts]\nlayuot = 'x'", "Unknown key prompts.layuot"),
        ("[prompts]\nlayout = 5", "prompts.layout cannot be 5"),
        ("[prompts]\nlayout = { module = 'os', name = 'sep', package = 'x' }", "prompts.layout cannot be"),
        ("[grid]\nfactor = 0", "grid.factor cannot be 0"),
        ("[grid]\nfactor = true", "grid.factor cannot be True"),
        ("[grid]\ncoordinates = 'feet'", "grid.coordinates cannot be 'feet'"),
        ("[sampling.layout]\ntemperature = 9.0", "sampling.layout.temperature cannot be 9.0"),
        ("[sampling]\nlayout = 1", "sampling.layout cannot be 1"),
        ("[sampling.layout]\nheat = 1", "Unknown key sampling.layout.heat"),
        ("grid = 1", "grid cannot be 1"),
        ("matches = 'x'", "matches cannot be 'x'"),
        ("dialect = 'latin'", "dialect cannot be 'latin'"),
        ("= 1", "not valid TOML"),
    ],
)
def test_what_is_wrong_in_a_users_file_is_named(tmp_path, text, words):
    (tmp_path / "qwen3-vl.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_profile("qwen3-vl", tmp_path)
    assert words in str(caught.value)
    assert "qwen3-vl.toml" in str(caught.value)


def test_a_profile_that_is_not_there_is_no_profile(tmp_path):
    with pytest.raises(SettingsError, match=r"no profile qwen3-vx\."):
        load_profile("qwen3-vx", tmp_path)
    with pytest.raises(SettingsError):
        load_profile("../../secrets", tmp_path)


def test_the_users_profiles_lie_beside_their_settings(tmp_path):
    assert user_folder({"DOCSTATION_HOME": str(tmp_path)}) == tmp_path / "profiles"
    assert not Path(user_folder({"DOCSTATION_HOME": str(tmp_path)})).exists()


def test_only_a_checkpoint_with_a_defective_template_gets_another():
    assert [name for name in shipped_names() if chat_template(name)] == ["dots-ocr"]
    assert chat_template("dots_ocr") == chat_template("dots-ocr")
    assert (chat_template(""), chat_template("my-own")) == ("", "")
