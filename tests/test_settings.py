import json
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.errors import SettingsError
from docstation.intake.limits import Limits
from docstation.messages import explain
from docstation.settings import config_files, load, state_folder
from docstation.settings.keys import keys
from docstation.settings.schema import SHIPPED, as_markdown, generate
from docstation.settings.sizes import format_size, parse_size


def test_flag_outweighs_environment_outweighs_files_outweigh_built_in(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "docstation.toml").write_text("[reading]\ndpi = 101\njobs = 1\nengine = 'x'\n")
    (tmp_path / "docstation.toml").write_text("[reading]\ndpi = 102\njobs = 2\n")
    environ = {"DOCSTATION_HOME": str(tmp_path / "home"), "DOCSTATION_READING_DPI": "103"}
    loaded = load({"reading.dpi": 104, "reading.jobs": None}, environ=environ, cwd=tmp_path)
    assert (loaded.settings.reading.dpi, loaded.settings.reading.jobs, loaded.settings.reading.engine) == (104, 2, "x")
    assert [loaded.origins[f"reading.{key}"].kind for key in ("dpi", "jobs", "languages")] == [
        "flag",
        "file",
        "built-in",
    ]
    assert loaded.origins["reading.engine"].place == str(tmp_path / "home" / "docstation.toml")


def test_a_named_file_is_the_only_one(tmp_path):
    (tmp_path / "docstation.toml").write_text("[reading]\ndpi = 150\n")
    (tmp_path / "other.toml").write_text("[reading]\njobs = 2\n")
    loaded = load(config=str(tmp_path / "other.toml"), environ={}, cwd=tmp_path)
    assert (loaded.settings.reading.dpi, loaded.settings.reading.jobs) == (200, 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[reading]\ndppi = 1", "Did you mean reading.dpi?"),
        ("[raeding]\ndpi = 1", "Did you mean reading"),
        ("[reading]\ndpi = 7", "Give at least 72."),
        ("[reading]\ndpi = 'much'", "Give a whole number."),
        ("[reading]\nlanguages = []", "Give at least one."),
        ("[limits]\npages = 0", "Give more than 0."),
        ("[limits]\nfile_bytes = '3 apples'", "Write a size"),
        ("[ui]\nlanguage = 'de'", "'ru'"),
        ("reading = 3", "Known are"),
        ("[reading", "config schema"),
    ],
)
def test_impossible_files_are_refused_with_a_remedy(tmp_path, text, said):
    (tmp_path / "docstation.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(environ={"DOCSTATION_HOME": str(tmp_path / "none")}, cwd=tmp_path)
    sentence, remedy = explain(caught.value)
    assert said in remedy
    assert "docstation.toml" in sentence


@pytest.mark.parametrize("name", ["DOCSTATION_READING_DPPI", "DOCSTATION_LIMITS_FILEBYTES"])
def test_misspelt_variables_are_refused(name, tmp_path):
    with pytest.raises(SettingsError) as caught:
        load(environ={name: "1"}, cwd=tmp_path)
    assert "Did you mean DOCSTATION_" in explain(caught.value)[1]


def test_variables_of_others_are_left_alone(tmp_path):
    environ = {"DOCSTATION_CORPUS": "x", "DOCSTATION_PASSWORD": "y", "DOCSTATION_HOME": str(tmp_path)}
    assert load(environ=environ, cwd=tmp_path).settings.reading.dpi == 200


def test_lists_and_sizes_are_read_from_variables(tmp_path):
    environ = {
        "DOCSTATION_READING_LANGUAGES": "rus+eng, deu",
        "DOCSTATION_LIMITS_WORKER_BYTES": "1,4 ГБ",
        "DOCSTATION_OUTPUT_FURNITURE": "yes",
    }
    settings = load(environ=environ, cwd=tmp_path).settings
    assert settings.reading.languages == ("rus", "eng", "deu")
    assert settings.limits.worker_bytes == 1_400_000_000
    assert settings.output.furniture is True


def test_limits_have_the_defaults_of_intake(tmp_path):
    assert load(environ={}, cwd=tmp_path).settings.limits == Limits()
    assert {f"limits.{one.name}" for one in fields(Limits)} <= set(keys())


@given(st.integers(min_value=1, max_value=10**15))
def test_sizes_are_read_back_as_they_were(count):
    assert parse_size(format_size(count)) == count


@pytest.mark.parametrize("text", ["", "MB", "12 parrots", "-3 MB", "1 2 MB"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the caller says it in words
        parse_size(text)
    assert str(caught.value) == text


def test_state_folder_is_home_or_the_platforms(tmp_path):
    assert state_folder({"DOCSTATION_HOME": str(tmp_path)}) == tmp_path
    assert state_folder({}).name == "docstation"
    assert config_files({"DOCSTATION_HOME": "/h"}, Path("/w")) == (
        Path("/w/docstation.toml"),
        Path("/h/docstation.toml"),
    )


def test_shipped_schema_and_document_are_current():
    schema = generate()
    assert json.loads(SHIPPED.read_text(encoding="utf-8")) == schema
    document = Path(__file__).parents[1] / "docs" / "settings.md"
    assert document.read_text(encoding="utf-8") == as_markdown(schema)


def test_schema_takes_the_documented_example_and_refuses_unknown_keys():
    import jsonschema

    document = (Path(__file__).parents[1] / "docs" / "settings.md").read_text(encoding="utf-8")
    example = tomllib.loads(document.split("```toml")[1].split("```")[0])
    jsonschema.validate(example, generate())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"reading": {"dppi": 1}}, generate())
