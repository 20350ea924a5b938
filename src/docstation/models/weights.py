"""Memory of a loaded model: its tensors, what vLLM builds beside them while loading, and what the allocator rounds up.

It reproduces two published starts: dots.ocr, 5.714 GiB against 5.717 logged, and Qwen3-VL-8B-FP8, 10.16 against 10.18.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from docstation.models.tensors import Tensor, tensors

if TYPE_CHECKING:
    from docstation.models.architecture import Architecture, Language
    from docstation.models.entry import Quantisation

MIB = 2**20
BFLOAT16 = 2
BYTES_PER_LINEAR = {"none": float(BFLOAT16), "fp8": 1.0, "awq-4bit": 0.53}
"""Bytes of one parameter in the decoder's projections.

FP8 is one byte; its scales, one for 128 x 128 parameters, are a hundredth of a per cent. 4-bit weights have scales and
zero points for small groups besides, which makes 0.53 an estimate: checkpoints choose the size of the group.
"""
SECTIONED_POSITIONS = 4
"""vLLM makes the rotary table of models with sectioned positions four times as long (its ``MRotaryEmbedding``)."""


def stored_bytes(architecture: Architecture, quantisation: Quantisation = "none") -> int:
    """Size of the checkpoint's tensors, by arithmetic."""
    return sum(round(one.elements * one.count * _bytes_per_element(one, quantisation)) for one in tensors(architecture))


def loaded_bytes(
    architecture: Architecture, quantisation: Quantisation = "none", *, batch_tokens: int, stored: int | None = None
) -> int:
    """What vLLM logs as "Model loading took".

    Args:
        architecture: of the checkpoint.
        quantisation: how its projections are stored.
        batch_tokens: tokens of one step; models with deepstack keep a buffer for them.
        stored: size of the checkpoint's tensors where its files are at hand, in place of the arithmetic.
    """
    weights = stored_bytes(architecture, quantisation) if stored is None else stored
    rounded = sum(one.count * _rounding(one, quantisation) for one in tensors(architecture))
    return weights + rounded + _rotary_table(architecture.language) + _deepstack_buffers(architecture, batch_tokens)


def _bytes_per_element(tensor: Tensor, quantisation: Quantisation) -> float:
    return BYTES_PER_LINEAR[quantisation] if tensor.linear else BFLOAT16


def _rounding(tensor: Tensor, quantisation: Quantisation) -> int:
    """What PyTorch's CUDA allocator adds to a tensor of 10 MiB or more.

    It takes segments of whole 2 MiB for them and splits the rest off only where that is more than 1 MiB. Smaller ones
    share segments with next to no loss.
    """
    size = round(tensor.elements * _bytes_per_element(tensor, quantisation))
    rest = -size % (2 * MIB)
    return rest if size >= 10 * MIB and rest <= MIB else 0


def _rotary_table(language: Language) -> int:
    """Cosines and sines of every position that the model was made for, whatever the context is set to."""
    positions = language.positions * (SECTIONED_POSITIONS if language.sectioned else 1)
    return positions * language.head_dim * BFLOAT16


def _deepstack_buffers(architecture: Architecture, batch_tokens: int) -> int:
    return architecture.vision.deepstack * batch_tokens * architecture.language.hidden * BFLOAT16
