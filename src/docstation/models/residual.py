"""What a server takes of its request besides weights and KV cache, by arithmetic: work memory and CUDA graphs.

This is the part that is learned: `docstation.models.learned` compares it with what starts really took.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from docstation.models.activations import Step, activations, burst
from docstation.models.engine_traits import traits_of

if TYPE_CHECKING:
    from docstation.models.architecture import Architecture
    from docstation.models.entry import ModelEntry

LARGEST_GRAPH = 512
"""Tokens of the largest captured step by default."""
GRAPH_POOL = 64 * 2**20
GRAPH_OF_A_LAYER = 320 * 2**10
"""Memory of the pool, and of one layer in one graph: not above three published starts (67 graphs of 32 layers took 0.67
GiB, 67 of dots.ocr 0.31 GiB)."""


@dataclass(frozen=True, slots=True)
class Residual:
    """Bytes by kind.

    Attributes:
        activations: work memory of one step.
        graphs: CUDA graphs; 0 where they are left out.
        burst: work memory of the fullest step beyond the one that the engine measures.
        graphs_counted: whether the engine takes the graphs from what it asked for, not on top of it.
    """

    activations: int
    graphs: int
    burst: int = 0
    graphs_counted: bool = True

    @property
    def inside(self) -> int:
        """What the engine takes of its request."""
        return self.activations + (self.graphs if self.graphs_counted else 0)

    @property
    def outside(self) -> int:
        """What it takes on top of its request."""
        return self.burst + (0 if self.graphs_counted else self.graphs)

    def scaled(self, factor: float) -> Residual:
        """The same, `factor` times as much."""
        return replace(
            self,
            activations=round(self.activations * factor),
            graphs=round(self.graphs * factor),
            burst=round(self.burst * factor),
        )


def residual(entry: ModelEntry, architecture: Architecture) -> Residual:
    """What `entry` takes besides weights and KV cache, as computed from shapes."""
    traits = traits_of(entry.image)
    step = step_of(entry, architecture)
    graphs = 0 if entry.eager else cuda_graphs(entry, architecture.language.layers)
    work = activations(architecture, step).total
    return Residual(work, graphs, burst(architecture, step), traits.graphs_counted)


def step_of(entry: ModelEntry, architecture: Architecture) -> Step:
    """How large one step of `entry` may be."""
    tokens = architecture.image_tokens(entry.max_pixels)
    return Step(entry.batch_tokens, entry.max_sequences, tokens, traits_of(entry.image).fused_rotary)


def cuda_graphs(entry: ModelEntry, layers: int) -> int:
    """Memory of the captured graphs: each size once in pieces and, while it can be a pure decoding step, once whole."""
    sizes = capture_sizes(entry.max_sequences, entry.batch_tokens)
    whole = sum(size <= entry.max_sequences for size in sizes)
    return GRAPH_POOL + (len(sizes) + whole) * layers * GRAPH_OF_A_LAYER


def capture_sizes(sequences: int, batch_tokens: int) -> list[int]:
    """Tokens of the steps that vLLM captures: 1, 2, 4, eights, from 256 on sixteens, to twice the requests at once."""
    largest = min(2 * sequences, LARGEST_GRAPH, batch_tokens)
    sizes = {1, 2, 4, *range(8, 256, 8), *range(256, LARGEST_GRAPH + 1, 16), sequences}
    return sorted(size for size in sizes if size <= largest)
