import subprocess
import sys
from pathlib import Path

import pytest

from docstation.errors import SettingsError, UsageError
from docstation.messages import explain
from docstation.models.catalogue import load_catalogue, user_files
from docstation.models.catalogue_checks import check_alias, check_entry, is_secret
from docstation.models.catalogue_files import SHIPPED, read_catalogue_file
from docstation.models.catalogue_types import check_types

PROMISED = (
    "dots-ocr",
    "dots-mocr",
    "qwen3-vl-2b",
    "qwen3-vl-4b",
    "qwen3-vl-4b-fp8",
    "qwen3-vl-8b-fp8",
    "qwen3-vl-8b-awq",
    "embedded",
    "qwen3-vl",
)


def own(tmp_path: Path, text: str, name: str = "models.toml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def refused(tmp_path: Path, text: str) -> tuple[str, str]:
    """The sentence and the remedy with which a file is refused."""
    with pytest.raises(SettingsError) as caught:
        load_catalogue([own(tmp_path, text)])
    return explain(caught.value)


def test_shipped_names_are_those_that_are_promised():
    catalogue = load_catalogue()
    assert catalogue.names() == PROMISED
    assert catalogue.resolve(catalogue.default)[0].checkpoint == "rednote-hilab/dots.ocr"


def test_the_shipped_file_passes_every_check_that_a_users_does():
    check_types(read_catalogue_file(SHIPPED))
    catalogue = load_catalogue()
    for entry in catalogue.entries.values():
        check_entry(entry, str(SHIPPED), tuple(catalogue.entries))
    for alias in catalogue.aliases.values():
        check_alias(alias, str(SHIPPED), tuple(catalogue.entries))


def test_shipped_entries_hold_what_their_models_need():
    entries = load_catalogue().entries
    for name in ("dots-ocr", "dots-mocr"):
        assert entries[name].trust_remote_code
        assert entries[name].arguments[:2] == ("--chat-template-content-format", "string")
        assert entries[name].canary_prompt.startswith("<|img|><|imgpad|><|endofimg|>")
    fp8 = [entry for entry in entries.values() if entry.quantisation == "fp8"]
    assert {entry.name for entry in fp8} == {"qwen3-vl-4b-fp8", "qwen3-vl-8b-fp8"}
    assert all(entry.environment == {"VLLM_USE_DEEP_GEMM": "0"} for entry in fp8)


@pytest.mark.parametrize("name", PROMISED[:-1])
def test_an_entry_is_found_by_its_name_and_by_its_id(name):
    catalogue = load_catalogue()
    (entry,) = catalogue.resolve(name)
    assert entry.name == name
    assert catalogue.resolve(entry.model_id) == (entry,)


def test_an_alias_stands_for_its_candidates_in_their_order():
    catalogue = load_catalogue()
    found = [entry.name for entry in catalogue.resolve("qwen3-vl")]
    assert found == ["qwen3-vl-8b-fp8", "qwen3-vl-8b-awq", "qwen3-vl-4b", "qwen3-vl-4b-fp8", "qwen3-vl-2b"]
    assert {catalogue.entries[name].profile for name in found} == {"qwen3-vl"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dots-orc", "Did you mean dots-ocr?"),
        ("qwen3vl", "Did you mean qwen3-vl?"),
        ("Qwen/Qwen3-VL-4B", "Did you mean Qwen/Qwen3-VL-4B-Instruct?"),
        ("", "Known are: dots-ocr,"),
    ],
)
def test_an_unknown_model_is_answered_with_the_closest_name(name, said):
    with pytest.raises(UsageError) as caught:
        load_catalogue().resolve(name)
    assert said in explain(caught.value)[1]


def test_the_shipped_catalogue_is_loaded_without_pydantic_and_other_heavy_libraries():
    code = (
        "import sys\nfrom docstation.models.catalogue import load_catalogue, user_files\n"
        "import docstation.models.arguments, docstation.models.pins\n"
        "load_catalogue(user_files()).resolve('qwen3-vl')\n"
        "print([name for name in ('pydantic', 'docker', 'pynvml', 'huggingface_hub', 'numpy', 'PIL') "
        "if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_users_file_lies_in_the_folder_for_settings_and_not_in_the_working_folder(tmp_path):
    assert user_files({"DOCSTATION_HOME": str(tmp_path)}) == (tmp_path / "models.toml",)
    (only,) = user_files({})
    assert only.parent != Path.cwd()


def test_a_users_key_outweighs_the_shipped_one_and_leaves_the_others(tmp_path):
    shipped = load_catalogue().entries["dots-ocr"]
    entry = load_catalogue([own(tmp_path, "[models.dots-ocr]\ncontext = 16384\n")]).entries["dots-ocr"]
    assert entry.context == 16384
    assert (entry.checkpoint, entry.arguments, entry.title) == (shipped.checkpoint, shipped.arguments, shipped.title)


def test_variables_are_added_one_by_one(tmp_path):
    text = "[models.qwen3-vl-4b-fp8.environment]\nVLLM_LOGGING_LEVEL = 'DEBUG'\n"
    environment = load_catalogue([own(tmp_path, text)]).entries["qwen3-vl-4b-fp8"].environment
    assert environment == {"VLLM_USE_DEEP_GEMM": "0", "VLLM_LOGGING_LEVEL": "DEBUG"}


def test_the_first_of_several_files_outweighs_the_next(tmp_path):
    weighty = own(tmp_path, "default = 'qwen3-vl'\n[models.dots-ocr]\ncontext = 6144\n", "a.toml")
    light = own(tmp_path, "default = 'embedded'\n[models.dots-ocr]\ncontext = 5120\neager = true\n", "b.toml")
    catalogue = load_catalogue([weighty, light, tmp_path / "absent.toml"])
    assert catalogue.default == "qwen3-vl"
    assert (catalogue.entries["dots-ocr"].context, catalogue.entries["dots-ocr"].eager) == (6144, True)


def test_a_new_model_needs_only_its_checkpoint(tmp_path):
    catalogue = load_catalogue([own(tmp_path, "[models.paddle]\ncheckpoint = 'PaddlePaddle/PaddleOCR-VL'\n")])
    (entry,) = catalogue.resolve("PaddlePaddle/PaddleOCR-VL")
    assert (entry.name, entry.engine, entry.context) == ("paddle", "vllm", 8192)
    assert catalogue.names() == (*PROMISED[:-1], "paddle", PROMISED[-1])


def test_an_address_makes_a_model_remote(tmp_path):
    text = "[models.office]\nextends = 'dots-ocr'\nendpoint = 'http://10.0.0.5:8000/v1/'\nkey_variable = 'OFFICE_KEY'\n"
    entry = load_catalogue([own(tmp_path, text)]).entries["office"]
    assert (entry.engine, entry.endpoint, entry.key_variable) == ("remote", "http://10.0.0.5:8000", "OFFICE_KEY")
    assert entry.model_id == "rednote-hilab/dots.ocr"


def test_configurations_of_one_model_stand_side_by_side(tmp_path):
    text = (
        "[models.big]\nextends = 'dots-ocr'\ntitle = 'Big'\ncontext = 16384\n"
        "[models.bigger]\nextends = 'big'\nmax_sequences = 8\n"
    )
    catalogue = load_catalogue([own(tmp_path, text)])
    bigger = catalogue.entries["bigger"]
    assert (bigger.context, bigger.max_sequences, bigger.trust_remote_code) == (16384, 8, True)
    assert bigger.title == ""
    assert catalogue.resolve("rednote-hilab/dots.ocr")[0].name == "dots-ocr"


def test_a_licence_is_that_of_the_weights_and_not_inherited_by_others(tmp_path):
    text = (
        "[models.same]\nextends = 'qwen3-vl-4b'\ncontext = 4096\n"
        "[models.mine]\nextends = 'qwen3-vl-4b'\ncheckpoint = './mine'\n"
        "[models.known]\nextends = 'qwen3-vl-4b'\ncheckpoint = 'a/b'\nlicence = 'MIT'\n"
        "[models.dots-ocr]\ncheckpoint = './other'\n"
    )
    entries = load_catalogue([own(tmp_path, text)]).entries
    assert {name: entries[name].licence for name in ("qwen3-vl-4b", "same", "mine", "known", "dots-ocr")} == {
        "qwen3-vl-4b": "Apache-2.0",
        "same": "Apache-2.0",
        "mine": "",
        "known": "MIT",
        "dots-ocr": "",
    }


def test_pictures_are_not_held_against_figures_that_are_not_known(tmp_path):
    text = "[models.paddle]\ncheckpoint = 'a/b'\nbatch_tokens = 512\n"
    assert load_catalogue([own(tmp_path, text)]).entries["paddle"].batch_tokens == 512


def test_a_folder_of_weights_is_looked_for_beside_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/reader")
    text = (
        "[models.a]\ncheckpoint = './weights'\n[models.b]\ncheckpoint = '~/weights'\n[models.c]\ncheckpoint = 'x/y'\n"
    )
    entries = load_catalogue([own(tmp_path, text)]).entries
    assert [entries[name].checkpoint for name in "abc"] == [str(tmp_path / "weights"), "/home/reader/weights", "x/y"]


@pytest.mark.parametrize(
    ("text", "key", "remedy"),
    [
        ("[models.dots-ocr]\ncontxt = 1", "models.dots-ocr.contxt", "Did you mean context?"),
        ("[model.dots-ocr]\ncontext = 512", "model", "Did you mean models?"),
        ("[models.dots-orc]\ncontext = 16384", "dots-orc", "Did you mean dots-ocr?"),
        ("[models.mine]\ncontext = 16384", "mine", "Give its checkpoint"),
        ("[models.mine]\nname = 'x'", "models.mine.name", "Known are"),
        ("[models.'Big Model']\ncheckpoint = 'a/b'", "Big Model", "small letters"),
        ("models = 3", "models", "[models.my-model]"),
        ("models.mine = 3", "models.mine", "[models.my-model]"),
        ("default = 3", "default", "Give the name"),
        ("default = 'dots-orc'", "default", "Did you mean dots-ocr?"),
        ("[models", "TOML", "docs/models.md"),
        ("[models.dots-ocr]\ncontext = '8192'", "models.dots-ocr.context", "whole number"),
        ("[models.dots-ocr]\nmax_sequences = true", "models.dots-ocr.max_sequences", "whole number"),
        ("[models.dots-ocr]\ncontext = 100", "models.dots-ocr.context", "at least 512"),
        ("[models.dots-ocr]\nmax_sequences = 1000", "models.dots-ocr.max_sequences", "at most 256"),
        ("[models.dots-ocr]\neager = 'yes'", "models.dots-ocr.eager", "true or false"),
        ("[models.dots-ocr]\nengine = 'llama'", "models.dots-ocr.engine", "'embedded'"),
        ("[models.dots-ocr]\ntitle = 3", "models.dots-ocr.title", "text in quotes"),
        ("[models.dots-ocr]\ncanary_prompt = ''", "models.dots-ocr.canary_prompt", "at least one"),
        ("[models.dots-ocr]\narguments = '--x 1'", "models.dots-ocr.arguments", "list of texts"),
        ("[models.dots-ocr]\narguments = ['--x', 1]", "models.dots-ocr.arguments", "text in quotes"),
        ("[models.dots-ocr]\nenvironment = ['A=1']", "models.dots-ocr.environment", "VLLM_LOGGING_LEVEL"),
        ("[models.dots-ocr.environment]\nA = 1", "models.dots-ocr.environment", "text in quotes"),
        ("[models.dots-ocr.environment]\n'A B' = '1'", "A B", "Latin letters"),
        ('[models.dots-ocr.environment]\nA = "\\u0000"', "environment.A", "control characters"),
        ("[models.a]\nextends = 'b'\n[models.b]\nextends = 'a'", "models.b.extends", "a → b → a"),
        ("[models.dots-ocr]\nextends = 'dots-ocr'", "models.dots-ocr.extends", "dots-ocr → dots-ocr"),
        ("[models.a]\nextends = 'dots'", "models.a.extends", "Did you mean dots-ocr?"),
        ("[models.a]\nengine = 'remote'", "models.a.engine", "address of the server"),
        ("[models.a]\nengine = 'vllm'\ncheckpoint = 'a/b'\nendpoint = 'http://h'", "models.a.engine", "remote"),
        ("[models.embedded]\nendpoint = 'http://h'", "models.embedded.engine", "leave out the endpoint"),
        ("[models.a]\nendpoint = '10.0.0.5:8000'", "models.a.endpoint", "http://192"),
        ("[models.a]\nendpoint = 'http://h:99999'", "models.a.endpoint", "http://192"),
        ("[models.a]\ncheckpoint = '--port'", "models.a.checkpoint", "dash"),
        ('[models.a]\ncheckpoint = "a\\nb"', "models.a.checkpoint", "control characters"),
        ("[models.dots-ocr]\nfigures = 'dots'", "models.dots-ocr.figures", "Did you mean dots-ocr?"),
        ("[models.dots-ocr]\nbatch_tokens = 4095", "models.dots-ocr.batch_tokens", "at least 4096"),
        ("[models.qwen3-vl-2b]\nbatch_tokens = 3135", "models.qwen3-vl-2b.batch_tokens", "lower max_pixels"),
        ("[models.dots-ocr]\nmax_pixels = 11_289_600", "models.dots-ocr.batch_tokens", "at least 14400"),
        ("[models.dots-ocr]\ncontext = 4096", "models.dots-ocr.context", "at least 4097"),
        ("[models.dots-ocr]\ncontext = 200_000", "models.dots-ocr.context", "at most 131072"),
        ("[aliases.best]\ncandidates = ['dots-orc']", "aliases.best.candidates", "Did you mean dots-ocr?"),
        ("[aliases.best]\ncandidates = ['qwen3-vl']", "aliases.best.candidates", "Did you mean qwen3-vl-"),
        ("[aliases.best]\ncandidates = []", "aliases.best.candidates", "at least one"),
        ("[aliases.best]\ntitle = 'Best'", "aliases.best.candidates", "at least one"),
        ("[aliases.dots-ocr]\ncandidates = ['embedded']", "aliases.dots-ocr", "no model has"),
        ("[models.qwen3-vl]\ncheckpoint = 'a/b'", "aliases.qwen3-vl", "no model has"),
    ],
)
def test_what_cannot_work_is_refused_with_the_key_the_file_and_a_remedy(tmp_path, text, key, remedy):
    sentence, way_out = refused(tmp_path, text)
    assert key in sentence
    assert remedy in way_out
    assert "models.toml" in sentence or "catalog.toml" in sentence


@pytest.mark.parametrize(
    "text",
    [
        "[models.dots-ocr.environment]\nHF_TOKEN = 'hunter2'",
        "[models.dots-ocr.environment]\nVLLM_API_KEY = 'hunter2'",
        "[models.a]\nendpoint = 'http://me:hunter2@h:8000'",
        "[models.a]\nendpoint = 'http://h:8000?key=hunter2'",
        "[models.a]\nendpoint = 'http://h:8000'\nkey_variable = 'hf_hunter2'",
        "[models.dots-ocr]\narguments = ['--api-key', 'hunter2']",
        "[models.dots-ocr]\narguments = ['--hf-token=hunter2']",
    ],
)
def test_a_secret_is_refused_and_not_repeated(tmp_path, text):
    assert "hunter2" not in " ".join(refused(tmp_path, text))


def test_names_of_secrets_are_told_from_others():
    secret = ("HF_TOKEN", "VLLM_API_KEY", "AWS_SECRET_ACCESS_KEY", "proxy_password")
    assert all(is_secret(name) for name in secret)
    assert not any(is_secret(name) for name in ("MAX_TOKENS", "VLLM_TOKENIZER", "HF_TOKEN_PATH", "MONKEY"))


@pytest.mark.parametrize(
    ("words", "flag", "instead"),
    [
        (["--gpu-memory-utilization", "0.95"], "--gpu-memory-utilization", "Set station.budget instead."),
        (["--gpu_memory_utilization=0.95"], "--gpu-memory-utilization", "Set station.budget instead."),
        (["--gpu-mem", "0.95"], "--gpu-memory-utilization", "Set station.budget instead."),
        (["--device-memory-utilization", "1"], "--device-memory-utilization", "Set station.budget instead."),
        (["--kv-cache-memory", "8G"], "--kv-cache-memory-bytes", "Set station.budget instead."),
        (["--max-model-len", "32768"], "--max-model-len", "Set context instead."),
        (["--served-model-name", "x"], "--served-model-name", "Set served_name instead."),
        (["--mm-processor-kwargs.max_pixels", "9"], "--mm-processor-kwargs", "Set max_pixels instead."),
        (["--no-enforce-eager"], "--enforce-eager", "Set eager instead."),
        (["--dtype", "half", "--port", "80"], "--port", "the station sets it"),
        (["--host", "0.0.0.0"], "--host", "the station sets it"),
        (["--config", "f.yaml"], "--config", "the station sets it"),
    ],
)
def test_flags_that_follow_from_the_plan_are_refused_in_every_guise(tmp_path, words, flag, instead):
    sentence, remedy = refused(tmp_path, f"[models.dots-ocr]\narguments = {words}")
    assert flag in sentence
    assert instead in remedy


def test_words_that_begin_with_no_flag_are_refused(tmp_path):
    assert "Begin with a flag" in refused(tmp_path, "[models.dots-ocr]\narguments = ['other/model']")[1]


def test_other_flags_are_passed_on_word_by_word(tmp_path):
    text = "[models.dots-ocr]\narguments = ['--seed', '7', '--compilation-config', '{\"level\": 0}']"
    words = load_catalogue([own(tmp_path, text)]).entries["dots-ocr"].arguments
    assert words == ("--seed", "7", "--compilation-config", '{"level": 0}')
