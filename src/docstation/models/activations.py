"""Work memory of one step: the tensors that are alive at once when vLLM needs most, found from their shapes.

vLLM measures this at every start: a dummy batch of pictures goes through the vision tower, then a full batch through
the decoder, then a full set of requests through the sampler; what PyTorch holds at the worst moment is kept free from
then on. The tensors are listed here phase by phase, as the code of vLLM 0.32 makes them (`vllm/model_executor/models`
and `v1/worker/gpu_model_runner.py`), and nothing is fitted to any model. Checked against published starts in
tests/models/test_plan_accuracy.py. Widths are in elements; numbers are bfloat16 (2 bytes) where nothing else is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docstation.models.architecture import Architecture, Language, Vision

BFLOAT16, FLOAT32, INT64 = 2, 4, 8
LOADED_MODULES = 64 * 2**20
"""What CUDA and its libraries take while the dummy batch runs: 0.07 GiB by a published log."""
SAMPLER_BYTES = BFLOAT16 + 2 * FLOAT32 + FLOAT32 + INT64 + FLOAT32
"""For each request and token of the vocabulary: the head's output and its float32 copy, the copy that top-k and top-p
mask, the sorted values and their order, and the probabilities."""


@dataclass(frozen=True, slots=True)
class Step:
    """How large a step may be.

    Attributes:
        batch_tokens: ``--max-num-batched-tokens``.
        sequences: ``--max-num-seqs``.
        image_tokens: of the largest picture.
        fused_rotary: whether the engine rotates the vision tower's queries and keys in one kernel.
    """

    batch_tokens: int
    sequences: int
    image_tokens: int
    fused_rotary: bool = True

    @property
    def pictures(self) -> int:
        """Largest pictures that are encoded together: as many as the step has tokens for, one a request."""
        return max(1, min(self.batch_tokens // self.image_tokens, self.sequences))

    @property
    def encoded_tokens(self) -> int:
        """Image tokens of the dummy batch that vLLM measures: whole pictures of the largest size."""
        return self.pictures * self.image_tokens

    @property
    def most_tokens(self) -> int:
        """Image tokens that requests can bring about: smaller pictures fill a step better than the largest do."""
        return min(self.sequences * self.image_tokens, max(self.batch_tokens, self.image_tokens))


@dataclass(frozen=True, slots=True)
class Activations:
    """Bytes of work memory by phase.

    Attributes:
        kept: buffers that stay: the embeddings of one step.
        vision: worst moment of the vision tower.
        decoder: worst moment of the decoder, the encoded pictures still at hand.
        sampler: worst moment of the sampler, likewise.
        modules: see `LOADED_MODULES`.
    """

    kept: int
    vision: int
    decoder: int
    sampler: int
    modules: int = LOADED_MODULES

    @property
    def total(self) -> int:
        """What is alive at the worst moment."""
        return self.kept + self.modules + max(self.vision, self.decoder, self.sampler)


def activations(architecture: Architecture, step: Step) -> Activations:
    """Work memory of one step as vLLM measures it."""
    return _activations(architecture, step, step.encoded_tokens)


def burst(architecture: Architecture, step: Step) -> int:
    """Bytes by which a step of real requests can outgrow the one that was measured."""
    most = _activations(architecture, step, step.most_tokens)
    return most.total - activations(architecture, step).total


def _activations(architecture: Architecture, step: Step, tokens: int) -> Activations:
    language, vision = architecture.language, architecture.vision
    patches = tokens * vision.merge**2
    encoded = tokens * vision.out_hidden * (1 + vision.deepstack) * BFLOAT16
    if architecture.family == "dots_ocr":
        per_patch = _swiglu_tower(vision, fused_rotary=step.fused_rotary)
    else:
        per_patch = _deepstack_tower(vision)
    hidden = step.batch_tokens * language.hidden * BFLOAT16
    return Activations(
        kept=hidden,
        vision=patches * per_patch,
        decoder=encoded + step.batch_tokens * _decoder(language) * BFLOAT16,
        sampler=encoded + hidden + step.sequences * language.vocabulary * SAMPLER_BYTES,
    )


def _swiglu_tower(vision: Vision, *, fused_rotary: bool) -> int:
    """Bytes a patch of the tower of dots.ocr (`dots_ocr.py`).

    Attention: the residual stream, its norm, queries, keys and values fused (3) and once more apart (3), queries and
    keys joined (2); they are rotated in float32: a copy (4 widths of bfloat16), then either the result (4) and its
    bfloat16 (2), or, where it is written out, one product (4), the half-turned copy (4) and its product (4).

    MLP: the stream before and after attention, the norm, gate and up projection, the activated gate, the product.
    """
    width = vision.hidden
    angles = width // vision.heads // 2
    # Angles, cosines and sines; written out, the last two are repeated to a head's width.
    tables = angles * FLOAT32 * (3 if fused_rotary else 5)
    attention = (1 + 1 + 3 + 3 + 2 + 4 + (4 + 2 if fused_rotary else 4 + 4 + 4)) * width
    mlp = 3 * width + 4 * vision.ffn
    return (_pixels(vision) + max(attention, mlp)) * BFLOAT16 + tables


def _deepstack_tower(vision: Vision) -> int:
    """Bytes a patch of the tower of Qwen3-VL (`qwen3_vl.py`, its attention in `qwen2_5_vl.py`), all in bfloat16.

    Throughout: pixels, learned positions, the deepstack layers handed over so far, cosines and sines.

    Attention: the residual stream, its norm, queries, keys and values fused (3), queries and keys gathered (2) and
    rotated (2), the attention's output and its projection.

    MLP: the stream before and after attention, the norm, the inner width before and after its GELU.
    """
    width = vision.hidden
    handed_over = vision.deepstack * vision.out_hidden // vision.merge**2
    angles = width // vision.heads
    attention = (1 + 1 + 3 + 2 + 2 + 1 + 1) * width
    mlp = 3 * width + 2 * vision.ffn
    return (_pixels(vision) + width + handed_over + angles + max(attention, mlp)) * BFLOAT16


def _pixels(vision: Vision) -> int:
    """Numbers of one patch as the tower gets them."""
    return vision.channels * vision.temporal_patch * vision.patch**2


def _decoder(language: Language) -> int:
    """Elements a token of the compiled decoder: the stream, its residual and norm, then attention or the gated MLP."""
    queries, keys = language.heads * language.head_dim, language.kv_heads * language.head_dim
    attention = queries + 2 * keys + queries
    return 3 * language.hidden + max(attention, 3 * language.ffn)
