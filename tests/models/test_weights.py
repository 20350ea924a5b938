import json
from dataclasses import replace

import pytest

from docstation.errors import UsageError
from docstation.models.architecture import Architecture, architecture_of, shipped_figures
from docstation.models.checkpoint import INDEX, checkpoint_of, hub_folder, stored_size
from docstation.models.entry import ModelEntry
from docstation.models.kv_cache import CPU_BLOCK, bytes_per_token
from docstation.models.tensors import parameters
from docstation.models.weights import loaded_bytes, stored_bytes

GIB = 2**30
FIGURES = shipped_figures()
DOTS = FIGURES["dots-ocr"]

CHECKPOINTS = [
    # figures, quantisation, billions of parameters of decoder and tower, GiB
    ("dots-ocr", "none", 1.777, 1.262, 5.66),
    ("qwen3-vl-2b", "none", 1.721, 0.407, 3.96),
    ("qwen3-vl-4b", "none", 4.022, 0.415, 8.27),
    ("qwen3-vl-8b", "none", 8.191, 0.576, 16.33),
    ("qwen3-vl-4b", "fp8", 4.022, 0.415, 4.88),
    ("qwen3-vl-8b", "fp8", 8.191, 0.576, 9.86),
    ("qwen3-vl-8b", "awq-4bit", 8.191, 0.576, 6.8),
]


@pytest.mark.parametrize(("figures", "quantisation", "decoder", "tower", "size"), CHECKPOINTS)
def test_parameters_and_sizes_are_those_of_the_published_checkpoints(figures, quantisation, decoder, tower, size):
    counted = parameters(FIGURES[figures])
    assert [round(count / 1e9, 3) for count in counted] == [decoder, tower]
    assert stored_bytes(FIGURES[figures], quantisation) / GIB == pytest.approx(size, rel=0.005)


@pytest.mark.parametrize(
    ("figures", "quantisation", "batch_tokens", "logged"),
    [
        # vLLM 0.12.0 on an RTX 3090 and 0.9.1 under WSL: "Model loading took 5.7172 GiB" and "5.7174 GiB".
        ("dots-ocr", "none", 16384, 5.7172),
        # vLLM 0.23.0 on an RTX 5080 (vllm issue 46625): "Model loaded: 10.18 GiB" of a checkpoint of 9.86 GiB.
        ("qwen3-vl-8b", "fp8", 2048, 10.18),
    ],
)
def test_loaded_weights_are_those_of_published_logs(figures, quantisation, batch_tokens, logged):
    loaded = loaded_bytes(FIGURES[figures], quantisation, batch_tokens=batch_tokens) / GIB
    assert loaded == pytest.approx(logged, rel=0.003)


@pytest.mark.parametrize(
    ("figures", "kv_bytes", "tokens"),
    # vLLM's own lines: "Available KV cache memory" in GiB and "GPU KV cache size" in tokens.
    [("dots-ocr", 9.84, 368_512), ("dots-ocr", 3.65, 136_592), ("qwen3-vl-8b", 1.8, 13_104)],
)
def test_kv_bytes_of_a_token_are_those_of_published_logs(figures, kv_bytes, tokens):
    per_token = bytes_per_token(FIGURES[figures].language)
    rounding = 0.005 * GIB  # the log has two decimals at most
    assert abs(per_token * tokens - kv_bytes * GIB) <= rounding + 16 * per_token
    assert per_token == pytest.approx(kv_bytes * GIB / tokens, rel=0.001)
    assert bytes_per_token(FIGURES[figures].language, "fp8") * 2 == per_token


@pytest.mark.parametrize(
    ("layers", "kv_heads", "kv_bytes", "tokens"),
    [
        # The tiny dots.ocr, served by vLLM 0.32.0 on the CPU with --kv-cache-memory-bytes 64M on 25 November 2026:
        # "CPU KV cache size: 65,536 tokens, Maximum concurrency for 8,192 tokens per request: 8.00x".
        (2, 1, 64 * 2**20, 65_536),
        # A dots.ocr of the real shape with random weights, likewise with 512 MiB: 18,688 tokens.
        (28, 2, 512 * 2**20, 18_688),
    ],
)
def test_kv_tokens_are_those_that_a_real_vllm_counted(layers, kv_heads, kv_bytes, tokens):
    language = replace(DOTS.language, layers=layers, kv_heads=kv_heads)
    assert kv_bytes // (bytes_per_token(language) * CPU_BLOCK) * CPU_BLOCK == tokens


@pytest.mark.parametrize("name", ["dots-ocr", "qwen3-vl"])
def test_arithmetic_is_exact_for_checkpoints_that_a_real_vllm_loads(tiny_models, name):
    found = checkpoint_of(ModelEntry(name="tiny", checkpoint=str(tiny_models / name)))
    assert found.source == str(tiny_models / name / "config.json")
    assert found.stored_bytes == stored_bytes(found.architecture)


def snapshot(hub, checkpoint, commit="c0ffee"):
    kept = hub / f"models--{checkpoint.replace('/', '--')}"
    folder = kept / "snapshots" / commit
    folder.mkdir(parents=True)
    (kept / "refs").mkdir(exist_ok=True)
    (kept / "refs" / "main").write_text(commit + "\n")
    return folder


def safetensors(size):
    header = json.dumps({"t": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(size)


def test_a_checkpoint_is_found_in_the_cache_by_branch_and_by_commit(tmp_path):
    entry = ModelEntry(name="one", checkpoint="maker/model", figures="dots-ocr")
    for commit, layers in (("old", 5), ("new", 6)):
        config = tiny_config(num_hidden_layers=layers)
        (snapshot(tmp_path, entry.checkpoint, commit) / "config.json").write_text(json.dumps(config))
    assert checkpoint_of(entry, tmp_path).architecture.language.layers == 6
    assert checkpoint_of(entry, tmp_path, revision="old").architecture.language.layers == 5
    assert checkpoint_of(entry, tmp_path, revision="none").architecture == DOTS


def test_sizes_of_files_outweigh_the_index_and_the_index_the_arithmetic(tmp_path):
    entry = ModelEntry(name="one", checkpoint="maker/model", figures="dots-ocr")
    folder = snapshot(tmp_path, entry.checkpoint)
    assert checkpoint_of(entry, tmp_path).stored_bytes is None
    index = {"metadata": {"total_size": 777}, "weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}
    (folder / INDEX).write_text(json.dumps(index))
    assert stored_size(folder) == 777
    (folder / "1.safetensors").write_bytes(safetensors(300))
    assert stored_size(folder) == 777  # one shard is missing
    (folder / "2.safetensors").write_bytes(safetensors(200))
    assert checkpoint_of(entry, tmp_path).stored_bytes == 500
    beside = loaded_bytes(DOTS, batch_tokens=8192) - stored_bytes(DOTS)
    assert loaded_bytes(DOTS, batch_tokens=8192, stored=500) == 500 + beside


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "null", '{"model_type": "dots_ocr"}', '{"model_type": "qwen3_vl", "text_config": 3}', "[" * 10**5],
)
def test_a_broken_config_leaves_the_shipped_figures(tmp_path, text):
    entry = ModelEntry(name="one", checkpoint="maker/model", figures="qwen3-vl-2b")
    (snapshot(tmp_path, entry.checkpoint) / "config.json").write_text(text)
    found = checkpoint_of(entry, tmp_path)
    assert (found.architecture, found.source) == (FIGURES["qwen3-vl-2b"], "qwen3-vl-2b")


@pytest.mark.parametrize("content", [b"", b"\x01", (2**60).to_bytes(8, "little") + b"{}", safetensors(5)[:30]])
def test_a_torn_weights_file_has_no_size(tmp_path, content):
    (tmp_path / "model.safetensors").write_bytes(content)
    assert stored_size(tmp_path) is None


def test_an_unknown_architecture_is_refused_with_a_way_out(tmp_path):
    with pytest.raises(UsageError, match="not known") as caught:
        checkpoint_of(ModelEntry(name="one", checkpoint="maker/model"), tmp_path)
    assert "dots-ocr" in str(caught.value.fields["known"])


def tiny_config(**more):
    vision = {
        "num_hidden_layers": 2,
        "embed_dim": 64,
        "num_attention_heads": 2,
        "intermediate_size": 128,
        "hidden_size": 256,
        "patch_size": 14,
        "spatial_merge_size": 2,
        "num_channels": 3,
        "temporal_patch_size": 1,
    }
    return {
        "model_type": "dots_ocr",
        "hidden_size": 256,
        "intermediate_size": 256,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": 131072,
        "vocab_size": 512,
        "vision_config": vision,
    } | more


def test_a_config_is_read_as_the_figures_are_written():
    text = DOTS.language
    config = tiny_config(
        hidden_size=text.hidden,
        intermediate_size=text.ffn,
        num_hidden_layers=text.layers,
        num_attention_heads=text.heads,
        num_key_value_heads=text.kv_heads,
        vocab_size=text.vocabulary,
        vision_config=tiny_config()["vision_config"]
        | {"num_hidden_layers": 42, "embed_dim": 1536, "num_attention_heads": 12, "intermediate_size": 4224}
        | {"hidden_size": 1536},
    )
    assert architecture_of(config) == DOTS


@pytest.mark.parametrize("value", [0, -1, "28", 1.5, True, None])
def test_a_number_that_is_none_is_refused(value):
    with pytest.raises(ValueError, match="num_hidden_layers"):
        architecture_of(tiny_config(num_hidden_layers=value))


def test_image_tokens_are_those_of_the_real_processors():
    assert (DOTS.pixels_per_token, FIGURES["qwen3-vl-8b"].pixels_per_token) == (784, 1024)
    # The budgets that vLLM 0.32 logs for these limits: 14400 and 6144, 16384 and 4704.
    assert [DOTS.image_tokens(pixels) for pixels in (11_289_600, 4_816_896)] == [14_400, 6144]
    assert [FIGURES["qwen3-vl-2b"].image_tokens(pixels) for pixels in (16_777_216, 4_816_896)] == [16_384, 4704]


def test_the_cache_is_where_hugging_face_keeps_it(tmp_path):
    assert hub_folder({"HF_HUB_CACHE": str(tmp_path)}) == tmp_path
    assert hub_folder({"HF_HOME": str(tmp_path)}) == tmp_path / "hub"
    assert hub_folder({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "huggingface" / "hub"


def test_every_shipped_figure_is_whole():
    assert all(isinstance(one, Architecture) for one in FIGURES.values())
    assert set(FIGURES) == {"dots-ocr", "qwen3-vl-2b", "qwen3-vl-4b", "qwen3-vl-8b"}
