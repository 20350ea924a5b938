"""Two checkpoints of a few megabytes that the real vLLM serves on a CPU: dots.ocr and Qwen3-VL as a client sees them.

Kept as in the real models: architecture, special tokens, chat format, image processor (so a picture costs the same
number of tokens), head size and number type of the KV cache. Only the number of layers and their widths are small.

What a model says is set, not learnt. Every layer adds nothing to the stream that runs through it, so the output head
sees the last token alone. The answer is cut into pieces, each a token of the vocabulary; the head maps each piece to
the next one, the last to the end of the answer, and any other token (the end of a prompt) to the first. The picture is
encoded for real and does not matter.

    python tests/vllm_cpu/tiny_models.py FOLDER        builds both with the answers that the canary expects
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

WIDTH = 256
"""Width of the stream: one place that all tokens share, one for tokens outside the answer, the rest for its pieces."""
HEAD = 128
VOCABULARY = 640
CERTAIN = 24.0

# Where a grammar forbids the next piece (structured output), these close strings, objects and lists, the best first.
CLOSING = {'"': 10.0, "}": 9.5, "{": 9.2, "]": 9.0, ",": 6.0, ":": 5.5, "1": 4.0, "[": 3.5, "a": 3.0, " ": -8.0,
           "\n": -8.0, "\t": -8.0}  # fmt: skip

_QWEN = (
    "<|endoftext|> <|im_start|> <|im_end|> <|object_ref_start|> <|object_ref_end|> <|box_start|> <|box_end|>"
    " <|quad_start|> <|quad_end|> <|vision_start|> <|vision_end|> <|vision_pad|> <|image_pad|> <|video_pad|>"
    " <tool_call> </tool_call> <|fim_prefix|> <|fim_middle|> <|fim_suffix|> <|fim_pad|> <|repo_name|> <|file_sep|>"
)
_DOTS = (
    " <|imgpad|> <|img|> <|endofimg|> <|systemprompt|> <|endofsystemprompt|> <|user|> <|endofuser|> <|assistant|>"
    " <|endofassistant|>"
)
_QWEN3 = " <tool_response> </tool_response> <think> </think>"

_DOTS_TEMPLATE = (
    "{%- for m in messages -%}"
    "{%- set name = 'systemprompt' if m.role == 'system' else m.role -%}"
    "<|{{ name }}|>{{ m.content }}<|endof{{ name }}|>"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}<|assistant|>{%- endif -%}"
)
_QWEN3_TEMPLATE = (
    "{%- for m in messages -%}<|im_start|>{{ m.role }}{{ '\n' }}"
    "{%- if m.content is string -%}{{ m.content }}"
    "{%- else -%}{%- for part in m.content -%}"
    "{%- if part.type == 'text' -%}{{ part.text }}"
    "{%- else -%}<|vision_start|><|{{ 'video' if part.type == 'video' else 'image' }}_pad|><|vision_end|>{%- endif -%}"
    "{%- endfor -%}{%- endif -%}<|im_end|>{{ '\n' }}{%- endfor -%}"
    "{%- if add_generation_prompt -%}<|im_start|>assistant{{ '\n' }}{%- endif -%}"
)

# As in the real repository the configuration class comes with the weights, so vLLM wants --trust-remote-code.
_DOTS_CONFIGURATION = """from transformers import PretrainedConfig
from transformers.models.qwen2 import Qwen2Config


class DotsVisionConfig(PretrainedConfig):
    model_type = "dots_vit"


class DotsOCRConfig(Qwen2Config):
    model_type = "dots_ocr"

    def __init__(self, vision_config=None, **kwargs):
        super().__init__(**kwargs)
        self.vision_config = DotsVisionConfig(**(vision_config or {}))
"""

Shape = tuple[int, ...]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """Bytes, special tokens, and pieces of the answer that no text is ever split into.

    Attributes:
        specials: special tokens in their order.
        pieces: the answer, cut into pieces that all differ.
        vocabulary: every token, as byte-level tokenizers spell it, with its number.
    """

    specials: tuple[str, ...]
    pieces: tuple[str, ...]
    vocabulary: Mapping[str, int]

    @classmethod
    def of(cls, specials: str, answer: str) -> Tokenizer:
        """The tokenizer of a model that has these special tokens and gives this answer."""
        names, pieces = tuple(specials.split()), _cut(answer)
        texts = [*ALPHABET, *names, *(_spell(piece.encode()) for piece in pieces)]
        return cls(names, pieces, {text: number for number, text in enumerate(texts)})

    def id_of(self, text: str) -> int:
        """The number of a special token, a piece or a character of ASCII."""
        return self.vocabulary[text if text in self.specials else _spell(text.encode())]

    def files(self, template: str, end: str) -> dict[str, Json]:
        """Its two files."""
        byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
        flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
        added = [
            {"id": self.id_of(text), "content": text, "special": text.startswith("<|"), **flags}
            for text in self.specials
        ]
        model = {"type": "BPE", "vocab": dict(self.vocabulary), "merges": []}
        tokenizer = {"version": "1.0", "added_tokens": added, "normalizer": {"type": "NFC"}, "model": model,
                     "pre_tokenizer": byte_level, "post_processor": byte_level, "decoder": byte_level}  # fmt: skip
        settings = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 131072, "eos_token": end,
                    "pad_token": "<|endoftext|>", "chat_template": template}  # fmt: skip
        return {"tokenizer.json": tokenizer, "tokenizer_config.json": settings}


def _cut(answer: str) -> tuple[str, ...]:
    """Pieces of one length, the shortest for which all differ and there is room for them in the stream."""
    for length in range(3, len(answer)):
        pieces = [answer[start : start + length] for start in range(0, len(answer), length)]
        if len(set(pieces)) == len(pieces) <= WIDTH - 2 and len(pieces[-1].encode()) > 1:
            return tuple(pieces)
    raise ValueError(f"an answer has at least four characters and does not repeat itself: {answer!r}")


def _alphabet() -> list[str]:
    """How byte-level tokenizers write each byte: the printable ones as they are, the others from 256 on."""
    shown = {*range(33, 127), *range(161, 173), *range(174, 256)}
    hidden = iter(range(256, 512))
    return [chr(byte if byte in shown else next(hidden)) for byte in range(256)]


ALPHABET = _alphabet()


def _spell(raw: bytes) -> str:
    return "".join(ALPHABET[byte] for byte in raw)


def _set_answer(tokenizer: Tokenizer, end: str, endless: bool) -> tuple[np.ndarray, np.ndarray]:
    """Token embeddings and output head, both (vocabulary, width), that give the answer."""
    chain = [tokenizer.id_of(piece) for piece in tokenizer.pieces]
    place = np.ones(VOCABULARY, int)
    place[chain] = np.arange(2, 2 + len(chain))
    embedding = np.eye(WIDTH)[place]
    embedding[:, 0] = 1.0
    head = np.zeros((VOCABULARY, WIDTH))
    head[chain[0], 1] = CERTAIN
    for piece, successor in zip(chain, [*chain[1:], chain[0] if endless else tokenizer.id_of(end)], strict=True):
        head[successor, place[piece]] += CERTAIN
    for text, preference in CLOSING.items():
        head[tokenizer.id_of(text), 0] = preference
    # The normalisation before the head brings two ones among `WIDTH` numbers to a mean square of 1.
    return embedding, head / np.sqrt(WIDTH / 2)


def _linear(name: str, out: int, into: int, *, bias: bool = True) -> dict[str, Shape]:
    return {f"{name}.weight": (out, into)} | ({f"{name}.bias": (out,)} if bias else {})


def _decoder(prefix: str, layers: int, *, qwen3: bool) -> dict[str, Shape]:
    """Weights of the language model; Qwen2 (dots.ocr) has biases where Qwen3 has norms."""
    shapes: dict[str, Shape] = {f"{prefix}norm.weight": (WIDTH,)}
    for layer in range(layers):
        at = f"{prefix}layers.{layer}."
        for part, heads in (("q", 2), ("k", 1), ("v", 1)):
            shapes |= _linear(f"{at}self_attn.{part}_proj", heads * HEAD, WIDTH, bias=not qwen3)
        if qwen3:
            shapes |= {f"{at}self_attn.{part}_norm.weight": (HEAD,) for part in "qk"}
        shapes |= _linear(f"{at}self_attn.o_proj", WIDTH, 2 * HEAD, bias=False)
        for part in ("gate", "up", "down"):
            shapes |= _linear(f"{at}mlp.{part}_proj", 256, WIDTH, bias=False)
        shapes |= {f"{at}{part}_layernorm.weight": (WIDTH,) for part in ("input", "post_attention")}
    return shapes


def _dots_vision(vision: Json) -> dict[str, Shape]:
    dim, inner, patch = vision["embed_dim"], vision["intermediate_size"], vision["patch_size"]
    at = "vision_tower."
    shapes: dict[str, Shape] = {
        f"{at}patch_embed.patchifier.proj.weight": (dim, 3, patch, patch),
        f"{at}patch_embed.patchifier.proj.bias": (dim,),
        f"{at}patch_embed.patchifier.norm.weight": (dim,),
        f"{at}post_trunk_norm.weight": (dim,),
        f"{at}merger.ln_q.weight": (dim,),
        f"{at}merger.ln_q.bias": (dim,),
    }
    shapes |= _linear(f"{at}merger.mlp.0", 4 * dim, 4 * dim) | _linear(f"{at}merger.mlp.2", WIDTH, 4 * dim)
    for block in range(vision["num_hidden_layers"]):
        inside = f"{at}blocks.{block}."
        for part, out, into in (
            ("attn.qkv", 3 * dim, dim),
            ("attn.proj", dim, dim),
            ("mlp.fc1", inner, dim),
            ("mlp.fc2", dim, inner),
            ("mlp.fc3", inner, dim),
        ):
            shapes |= _linear(f"{inside}{part}", out, into, bias=False)
        shapes |= {f"{inside}norm{i}.weight": (dim,) for i in (1, 2)}
    return shapes


def _qwen3_vision(vision: Json) -> dict[str, Shape]:
    dim, inner, patch = vision["hidden_size"], vision["intermediate_size"], vision["patch_size"]
    at = "model.visual."
    shapes: dict[str, Shape] = {
        f"{at}patch_embed.proj.weight": (dim, 3, vision["temporal_patch_size"], patch, patch),
        f"{at}patch_embed.proj.bias": (dim,),
        f"{at}pos_embed.weight": (vision["num_position_embeddings"], dim),
    }
    for block in range(vision["depth"]):
        inside = f"{at}blocks.{block}."
        for part, out, into in (
            ("attn.qkv", 3 * dim, dim),
            ("attn.proj", dim, dim),
            ("mlp.linear_fc1", inner, dim),
            ("mlp.linear_fc2", dim, inner),
        ):
            shapes |= _linear(f"{inside}{part}", out, into)
        shapes |= {f"{inside}norm{i}.{what}": (dim,) for i in (1, 2) for what in ("weight", "bias")}
    deep = [f"deepstack_merger_list.{i}" for i in range(len(vision["deepstack_visual_indexes"]))]
    for part in ("merger", *deep):
        normed = dim if part == "merger" else 4 * dim
        shapes |= {f"{at}{part}.norm.{what}": (normed,) for what in ("weight", "bias")}
        shapes |= _linear(f"{at}{part}.linear_fc1", 4 * dim, 4 * dim)
        shapes |= _linear(f"{at}{part}.linear_fc2", WIDTH, 4 * dim)
    return shapes


def _save_weights(path: Path, weights: Mapping[str, np.ndarray]) -> None:
    """A safetensors file: length of the header, header, data; bfloat16 is the upper half of a 32-bit number."""
    header, data = {}, b""
    for name, array in weights.items():
        raw = (array.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
        header[name] = {"dtype": "BF16", "shape": array.shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def _dots_config(tokenizer: Tokenizer) -> dict[str, Json]:
    vision = {"embed_dim": 64, "hidden_size": WIDTH, "intermediate_size": 128, "num_hidden_layers": 2,
              "num_attention_heads": 2, "num_channels": 3, "patch_size": 14, "spatial_merge_size": 2,
              "temporal_patch_size": 1, "rms_norm_eps": 1e-5, "use_bias": False, "post_norm": True,
              "is_causal": False}  # fmt: skip
    config = {"architectures": ["DotsOCRForCausalLM"], "model_type": "dots_ocr", "torch_dtype": "bfloat16",
              "auto_map": {"AutoConfig": "configuration_dots.DotsOCRConfig"}, "attention_bias": True,
              "hidden_act": "silu", "hidden_size": WIDTH, "intermediate_size": 256, "num_hidden_layers": 2,
              "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 131072,
              "max_window_layers": 28, "rms_norm_eps": 1e-6, "rope_theta": 1000000, "sliding_window": 131072,
              "use_sliding_window": False, "tie_word_embeddings": False, "vocab_size": VOCABULARY,
              "image_token_id": tokenizer.id_of("<|imgpad|>"), "video_token_id": tokenizer.id_of("<|video_pad|>"),
              "vision_config": vision}  # fmt: skip
    image = {"image_processor_type": "Qwen2VLImageProcessor", "min_pixels": 3136, "max_pixels": 11289600,
             "patch_size": 14, "temporal_patch_size": 1, "merge_size": 2,
             "image_mean": [0.48145466, 0.4578275, 0.40821073],
             "image_std": [0.26862954, 0.26130258, 0.27577711]}  # fmt: skip
    ends = [tokenizer.id_of("<|endoftext|>"), tokenizer.id_of("<|endofassistant|>")]
    return {"config.json": config, "preprocessor_config.json": image, "generation_config.json": {"eos_token_id": ends}}


def _qwen3_config(tokenizer: Tokenizer) -> dict[str, Json]:
    vision = {"model_type": "qwen3_vl", "depth": 3, "hidden_size": 64, "intermediate_size": 128, "num_heads": 2,
              "hidden_act": "gelu_pytorch_tanh", "in_channels": 3, "patch_size": 16, "spatial_merge_size": 2,
              "temporal_patch_size": 2, "out_hidden_size": WIDTH, "num_position_embeddings": 2304,
              "deepstack_visual_indexes": [0, 1, 2]}  # fmt: skip
    text = {"model_type": "qwen3_vl_text", "dtype": "bfloat16", "attention_bias": False, "head_dim": HEAD,
            "hidden_act": "silu", "hidden_size": WIDTH, "intermediate_size": 256, "num_hidden_layers": 4,
            "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 262144,
            "rms_norm_eps": 1e-6, "rope_theta": 5000000, "tie_word_embeddings": False, "vocab_size": VOCABULARY,
            "rope_scaling": {"rope_type": "default", "mrope_interleaved": True, "mrope_section": [24, 20, 20]},
            "bos_token_id": tokenizer.id_of("<|endoftext|>"),
            "eos_token_id": tokenizer.id_of("<|im_end|>")}  # fmt: skip
    config = {"architectures": ["Qwen3VLForConditionalGeneration"], "model_type": "qwen3_vl", "text_config": text,
              "vision_config": vision, "tie_word_embeddings": False,
              "image_token_id": tokenizer.id_of("<|image_pad|>"), "video_token_id": tokenizer.id_of("<|video_pad|>"),
              "vision_start_token_id": tokenizer.id_of("<|vision_start|>"),
              "vision_end_token_id": tokenizer.id_of("<|vision_end|>")}  # fmt: skip
    pixels = {"patch_size": 16, "temporal_patch_size": 2, "merge_size": 2,
              "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}  # fmt: skip
    image = {**pixels, "image_processor_type": "Qwen2VLImageProcessorFast", "processor_class": "Qwen3VLProcessor",
             "size": {"longest_edge": 16777216, "shortest_edge": 65536}}  # fmt: skip
    video = {**pixels, "video_processor_type": "Qwen3VLVideoProcessor", "processor_class": "Qwen3VLProcessor",
             "size": {"longest_edge": 25165824, "shortest_edge": 4096}}  # fmt: skip
    ends = [tokenizer.id_of("<|im_end|>"), tokenizer.id_of("<|endoftext|>")]
    generation = {"eos_token_id": ends, "do_sample": True, "temperature": 0.7, "top_p": 0.8, "top_k": 20}
    return {"config.json": config, "preprocessor_config.json": image, "video_preprocessor_config.json": video,
            "generation_config.json": generation}  # fmt: skip


def build_dots_ocr(folder: Path, answer: str, *, endless: bool = False) -> Path:
    """A dots.ocr that gives `answer`, which must not repeat itself (at most 250 pieces); endless begins it anew."""
    end = "<|endofassistant|>"
    tokenizer = Tokenizer.of(_QWEN + _DOTS, answer)
    files = _dots_config(tokenizer) | tokenizer.files(_DOTS_TEMPLATE, end)
    shapes = _decoder("model.", 2, qwen3=False) | _dots_vision(files["config.json"]["vision_config"])
    _write(folder, files, shapes, "model.", _set_answer(tokenizer, end, endless))
    (folder / "configuration_dots.py").write_text(_DOTS_CONFIGURATION)
    return folder


def build_qwen3_vl(folder: Path, answer: str, *, endless: bool = False) -> Path:
    """A Qwen3-VL that gives `answer`, as `build_dots_ocr`."""
    end = "<|im_end|>"
    tokenizer = Tokenizer.of(_QWEN + _QWEN3, answer)
    files = _qwen3_config(tokenizer) | tokenizer.files(_QWEN3_TEMPLATE, end)
    prefix = "model.language_model."
    shapes = _decoder(prefix, 4, qwen3=True) | _qwen3_vision(files["config.json"]["vision_config"])
    _write(folder, files, shapes, prefix, _set_answer(tokenizer, end, endless))
    return folder


def _write(
    folder: Path,
    files: Mapping[str, Json],
    shapes: Mapping[str, Shape],
    prefix: str,
    answer: tuple[np.ndarray, np.ndarray],
) -> None:
    """Norms are ones and all else is zeros, so that layers add nothing; only embeddings and head are set."""
    weights = {f"{prefix}embed_tokens.weight": answer[0], "lm_head.weight": answer[1]}
    for name, shape in shapes.items():
        is_norm = "norm" in name.rsplit(".", 2)[-2] or ".ln_q." in name
        weights[name] = np.ones(shape) if is_norm and name.endswith("weight") else np.zeros(shape)
    folder.mkdir(parents=True, exist_ok=True)
    _save_weights(folder / "model.safetensors", weights)
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def dots_answer(title: str, lines: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """What dots.ocr says of a page: a list of blocks with their boxes."""
    cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    blocks = [{"bbox": [60, 40, 700, 90], "category": "Title", "text": f"# {title}"}]
    blocks += [
        {"bbox": [60, 110 + 40 * i, 700, 140 + 40 * i], "category": "Text", "text": line}
        for i, line in enumerate(lines)
    ]
    blocks.append({"bbox": [60, 200, 700, 300], "category": "Table", "text": f"<table>{cells}</table>"})
    return json.dumps(blocks, ensure_ascii=False)


def qwen3_answer(title: str, lines: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """What Qwen3-VL says when it is asked to read a page: Markdown."""
    return "\n".join([f"# {title}", *lines, *(f"| {' | '.join(row)} |" for row in rows)])


def build(folder: Path) -> Path:
    """Both models below `folder`, with answers that pass the canary."""
    from docstation.station.canary import LINES, ROWS, TITLE

    build_dots_ocr(folder / "dots-ocr", dots_answer(TITLE, LINES, ROWS))
    build_qwen3_vl(folder / "qwen3-vl", qwen3_answer(TITLE, LINES, ROWS))
    return folder


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))
