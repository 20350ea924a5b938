"""The shape of a checkpoint: the few numbers of its config.json from which its memory follows.

Two families are known, dots.ocr (a Qwen2 decoder under a SwiGLU vision tower) and Qwen3-VL (a Qwen3 decoder under a
vision tower whose inner layers are handed over too, "deepstack"). Nothing here knows a budget or a card.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

Family = Literal["dots_ocr", "qwen3_vl"]
FIGURES = Path(__file__).with_name("figures.toml")


@dataclass(frozen=True, slots=True)
class Language:
    """The decoder.

    Attributes:
        layers: decoder layers.
        hidden: width of the residual stream.
        heads: query heads.
        kv_heads: key and value heads.
        head_dim: width of one head.
        ffn: inner width of the gated MLP.
        vocabulary: tokens, and rows of the embedding and the output head.
        tied: whether the output head is the embedding itself.
        qkv_bias: whether the query, key and value projections have a bias.
        qk_norm: whether queries and keys are normalised head by head.
        positions: length for which it was made, in tokens.
        sectioned: whether rotary positions have sections for time, height and width.
    """

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn: int
    vocabulary: int
    tied: bool
    qkv_bias: bool
    qk_norm: bool
    positions: int
    sectioned: bool


@dataclass(frozen=True, slots=True)
class Vision:
    """The vision tower.

    Attributes:
        layers: transformer blocks.
        hidden: width of the residual stream.
        heads: attention heads.
        ffn: inner width of the MLP.
        out_hidden: width of what is handed to the decoder, the decoder's own.
        patch: side of a patch in pixels.
        merge: patches along each side that become one image token.
        channels: colours.
        temporal_patch: frames of one patch; a single picture is repeated to fill them.
        position_embeddings: rows of the learned position table, 0 where there is none.
        deepstack: inner layers that are handed over besides the last.
    """

    layers: int
    hidden: int
    heads: int
    ffn: int
    out_hidden: int
    patch: int
    merge: int
    channels: int
    temporal_patch: int
    position_embeddings: int
    deepstack: int


@dataclass(frozen=True, slots=True)
class Architecture:
    """Decoder and vision tower of one checkpoint."""

    family: Family
    language: Language
    vision: Vision

    @property
    def pixels_per_token(self) -> int:
        """Pixels of a picture that become one image token: 784 of dots.ocr, 1024 of Qwen3-VL."""
        return (self.vision.patch * self.vision.merge) ** 2

    def image_tokens(self, pixels: int) -> int:
        """Image tokens of the largest picture of at most `pixels`; vLLM rounds pictures down to whole tokens."""
        return max(1, pixels // self.pixels_per_token)


@cache
def shipped_figures() -> Mapping[str, Architecture]:
    """The architectures of figures.toml by name."""
    tables = tomllib.loads(FIGURES.read_text(encoding="utf-8"))
    return {
        name: Architecture(table["family"], Language(**table["language"]), Vision(**table["vision"]))
        for name, table in tables.items()
    }


def architecture_of(config: Mapping[str, Any]) -> Architecture | None:
    """The architecture of a config.json, None for a family that is not known.

    Raises:
        ValueError: the family is known, but a number is missing or is none.
    """
    readers = {"dots_ocr": _dots_ocr, "qwen3_vl": _qwen3_vl}
    reader = readers.get(str(config.get("model_type")))
    if reader is None:
        return None
    try:
        return reader(config)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"config.json: {error}") from error


def _dots_ocr(config: Mapping[str, Any]) -> Architecture:
    vision = config["vision_config"]
    return Architecture(
        "dots_ocr",
        _language(config, qkv_bias=bool(config.get("attention_bias", True)), qk_norm=False),
        Vision(
            layers=_number(vision, "num_hidden_layers"),
            hidden=_number(vision, "embed_dim"),
            heads=_number(vision, "num_attention_heads"),
            ffn=_number(vision, "intermediate_size"),
            out_hidden=_number(vision, "hidden_size"),
            patch=_number(vision, "patch_size"),
            merge=_number(vision, "spatial_merge_size"),
            channels=_number(vision, "num_channels"),
            temporal_patch=_number(vision, "temporal_patch_size"),
            position_embeddings=0,
            deepstack=0,
        ),
    )


def _qwen3_vl(config: Mapping[str, Any]) -> Architecture:
    text, vision = config["text_config"], config["vision_config"]
    return Architecture(
        "qwen3_vl",
        _language(
            {"tie_word_embeddings": config.get("tie_word_embeddings", False)} | dict(text),
            qkv_bias=bool(text.get("attention_bias", False)),
            qk_norm=True,
        ),
        Vision(
            layers=_number(vision, "depth"),
            hidden=_number(vision, "hidden_size"),
            heads=_number(vision, "num_heads"),
            ffn=_number(vision, "intermediate_size"),
            out_hidden=_number(vision, "out_hidden_size"),
            patch=_number(vision, "patch_size"),
            merge=_number(vision, "spatial_merge_size"),
            channels=_number(vision, "in_channels"),
            temporal_patch=_number(vision, "temporal_patch_size"),
            position_embeddings=_number(vision, "num_position_embeddings"),
            deepstack=len(vision["deepstack_visual_indexes"]),
        ),
    )


def _language(config: Mapping[str, Any], *, qkv_bias: bool, qk_norm: bool) -> Language:
    hidden, heads = _number(config, "hidden_size"), _number(config, "num_attention_heads")
    rotary = config.get("rope_scaling") or config.get("rope_parameters") or {}
    return Language(
        layers=_number(config, "num_hidden_layers"),
        hidden=hidden,
        heads=heads,
        kv_heads=_number(config, "num_key_value_heads"),
        head_dim=int(config.get("head_dim") or hidden // heads),
        ffn=_number(config, "intermediate_size"),
        vocabulary=_number(config, "vocab_size"),
        tied=bool(config.get("tie_word_embeddings", False)),
        qkv_bias=qkv_bias,
        qk_norm=qk_norm,
        positions=_number(config, "max_position_embeddings"),
        sectioned="mrope_section" in rotary,
    )


def _number(table: Mapping[str, Any], key: str) -> int:
    value = table[key]
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise TypeError(f"{key} = {value!r}")
    return value
