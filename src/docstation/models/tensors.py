"""Every weight tensor of a checkpoint, written out by shape as vLLM allocates them: fused where it fuses them.

From the shapes follow the number of parameters, the size of the files and, in `docstation.models.weights`, the memory
that the loaded model takes. Each function names its tensors in the order of the checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from docstation.models.architecture import Architecture, Language, Vision


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor, or several of the same shape.

    Attributes:
        elements: of one tensor.
        count: how many there are, one for each layer as a rule.
        linear: whether it is a projection of the decoder, which quantised checkpoints store in fewer bits. Embeddings,
            the output head, norms and the vision tower stay in bfloat16.
    """

    elements: int
    count: int = 1
    linear: bool = False


def tensors(architecture: Architecture) -> Iterator[Tensor]:
    """All weight tensors of the model."""
    yield from _decoder(architecture.language)
    yield from (_swiglu_tower if architecture.family == "dots_ocr" else _deepstack_tower)(architecture.vision)


def parameters(architecture: Architecture) -> tuple[int, int]:
    """Parameters of the decoder and of the vision tower."""
    decoder = sum(one.elements * one.count for one in _decoder(architecture.language))
    return decoder, sum(one.elements * one.count for one in tensors(architecture)) - decoder


def _decoder(shape: Language) -> Iterator[Tensor]:
    """Qwen2 and Qwen3 decoders: embedding, layers of attention and gated MLP, final norm, output head."""
    hidden, layers = shape.hidden, shape.layers
    queries, keys = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    yield Tensor(shape.vocabulary * hidden)
    yield Tensor(hidden * (queries + 2 * keys), layers, linear=True)
    if shape.qkv_bias:
        yield Tensor(queries + 2 * keys, layers)
    if shape.qk_norm:
        yield Tensor(shape.head_dim, 2 * layers)
    yield Tensor(queries * hidden, layers, linear=True)
    yield Tensor(hidden * 2 * shape.ffn, layers, linear=True)
    yield Tensor(shape.ffn * hidden, layers, linear=True)
    yield Tensor(hidden, 2 * layers + 1)
    if not shape.tied:
        yield Tensor(shape.vocabulary * hidden)


def _swiglu_tower(shape: Vision) -> Iterator[Tensor]:
    """The tower of dots.ocr: projections without bias, RMS norms, gate and up projection fused."""
    hidden, layers = shape.hidden, shape.layers
    yield Tensor(shape.channels * shape.patch**2 * hidden)
    yield Tensor(hidden, 2)  # bias and norm of the patch embedding
    yield Tensor(hidden * 3 * hidden, layers)
    yield Tensor(hidden * hidden, layers)
    yield Tensor(hidden * 2 * shape.ffn, layers)
    yield Tensor(shape.ffn * hidden, layers)
    yield Tensor(hidden, 2 * layers + 1)  # two norms a layer and one after the last
    yield Tensor(hidden, 2)  # layer norm of the merger
    yield from _merger(shape)


def _deepstack_tower(shape: Vision) -> Iterator[Tensor]:
    """The tower of Qwen3-VL: projections with bias, layer norms, learned positions, a merger a deepstack layer."""
    hidden, layers = shape.hidden, shape.layers
    yield Tensor(shape.channels * shape.temporal_patch * shape.patch**2 * hidden)
    yield Tensor(hidden)
    yield Tensor(shape.position_embeddings * hidden)
    yield Tensor(hidden * 3 * hidden, layers)
    yield Tensor(3 * hidden, layers)
    yield Tensor(hidden * hidden, layers)
    yield Tensor(hidden, layers)
    yield Tensor(hidden * shape.ffn, 2 * layers)
    yield Tensor(shape.ffn + hidden, layers)  # biases of both MLP projections
    yield Tensor(hidden, 4 * layers)  # weight and bias of two norms
    yield Tensor(hidden, 2)
    yield from _merger(shape)
    yield Tensor(shape.merge**2 * hidden, 2 * shape.deepstack)
    yield from _merger(shape, shape.deepstack)


def _merger(shape: Vision, count: int = 1) -> Iterator[Tensor]:
    """Two projections with bias that turn the patches of one image token into the decoder's width."""
    merged = shape.merge**2 * shape.hidden
    yield Tensor(merged * merged, count)
    yield Tensor(merged, count)
    yield Tensor(merged * shape.out_hidden, count)
    yield Tensor(shape.out_hidden, count)
