import json
import tomllib
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.errors import SettingsError
from docstation.models import catalogue_files
from docstation.models.catalogue import load_catalogue
from docstation.models.catalogue_schema import DOCUMENT, SHIPPED, filled, generate
from docstation.models.derived_flags import DERIVED, derived_flag

SCHEMA = generate()
EXAMPLES = DOCUMENT.read_text(encoding="utf-8").split("```toml\n")[1:]


def test_the_shipped_schema_and_the_document_are_current():
    assert json.loads(SHIPPED.read_text(encoding="utf-8")) == SCHEMA
    text = DOCUMENT.read_text(encoding="utf-8")
    assert filled(text) == text


def test_the_schema_takes_the_shipped_catalogue():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(tomllib.loads(catalogue_files.SHIPPED.read_text(encoding="utf-8")), SCHEMA)


@pytest.mark.parametrize("example", [block.partition("```")[0] for block in EXAMPLES])
def test_every_documented_example_is_taken_by_the_schema_and_loads(example, tmp_path: Path):
    jsonschema.validate(tomllib.loads(example), SCHEMA)
    (tmp_path / "models.toml").write_text(example, encoding="utf-8")
    load_catalogue([tmp_path / "models.toml"])


def test_the_documented_names_are_the_shipped_ones_with_their_checkpoints():
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| `")]
    told = {row[1].strip(" `"): row[2].strip() for row in rows[: len(load_catalogue().names())]}
    entries = load_catalogue().entries
    assert told == {name: entries[name].checkpoint if name in entries else "" for name in load_catalogue().names()}


@pytest.mark.parametrize(
    "text",
    [
        "[model.x]\ncheckpoint = 'a/b'",
        "[models.x]\nchekpoint = 'a/b'",
        "[models.x]\nname = 'y'",
        "[models.'Big Model']\ncheckpoint = 'a/b'",
        "[models.x]\ncontext = '8192'",
        "[models.x]\ncontext = 100",
        "[models.x]\nengine = 'llama'",
        "[models.x]\neager = 'yes'",
        "[models.x]\narguments = '--seed 7'",
        "[models.x]\narguments = ['--max_model_len=9']",
        "[models.x]\narguments = ['--no-enforce-eager']",
        "[models.x]\nkey_variable = 'sk-123'",
        "[models.x.environment]\nA = 1",
        "[models.x.environment]\n'A B' = '1'",
        "[aliases.x]\ncandidates = []",
        "default = 3",
    ],
)
def test_the_schema_and_the_loader_refuse_the_same(text, tmp_path: Path):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(text), SCHEMA)
    (tmp_path / "models.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError):
        load_catalogue([tmp_path / "models.toml"])


@given(st.sampled_from(sorted(DERIVED)), st.booleans(), st.sampled_from(["", "=1", ".part"]), st.data())
def test_a_derived_flag_is_known_in_every_guise(flag, negated, tail, data):
    guise = flag.replace("--", "--no-", 1) if negated else flag
    cuts = data.draw(st.sets(st.sampled_from(range(2, len(guise)))))
    guise = "".join("_" if one == "-" and at in cuts else one for at, one in enumerate(guise))
    assert derived_flag(guise + tail) == flag


@given(st.text(max_size=12))
def test_no_word_breaks_the_reading_of_flags(word):
    assert derived_flag(word) in {"", *DERIVED}
