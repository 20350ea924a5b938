"""The PP-OCRv6 small recogniser as a torch module, filled from its published ONNX graph, with a new head."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from training.alphabet import CHARACTERS, LATIN_TO_CYRILLIC

WIDTH = 120
"""The number of features of the neck."""

BLANK, SPACE = 0, len(CHARACTERS) + 1
CLASSES = len(CHARACTERS) + 2


class SqueezeExcite(nn.Module):
    """Weighs the channels by a summary of the whole line."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(channels, channels // 4, 1)
        self.up = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Applies the layer."""
        summary = x.mean((2, 3), keepdim=True)
        return x * functional.hardsigmoid(self.up(functional.relu(self.down(summary))))


class Block(nn.Module):
    """Mixes the neighbourhood channel by channel, then the channels with each other."""

    def __init__(self, channels: int, out: int, stride: int, excite: bool) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, (stride, 1), 1, groups=channels)
        self.excite = SqueezeExcite(channels) if excite else nn.Identity()
        self.expand = nn.Conv2d(channels, channels * 2, 1)
        self.project = nn.Conv2d(channels * 2, out, 1)
        self.residual = stride == 1

    def forward(self, x: Tensor) -> Tensor:
        """Applies the block."""
        x = self.excite(self.depthwise(x))
        y: Tensor = self.project(functional.gelu(self.expand(x)))
        return x + y if self.residual else y


class Stem(nn.Module):
    """Brings the image to a quarter of its size in each direction."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 48, 3, 2, 1)
        self.narrow = nn.Conv2d(48, 24, 2)
        self.widen = nn.Conv2d(24, 48, 2)
        self.merge = nn.Conv2d(96, 48, 3, 2, 1)
        self.last = nn.Conv2d(48, 96, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Applies the stem."""
        corner = (0, 1, 0, 1)
        x = functional.relu(self.first(x))
        y = functional.relu(self.narrow(functional.pad(x, corner)))
        y = functional.relu(self.widen(functional.pad(y, corner)))
        # The input is never negative, so padding with zeros leaves the maximum as it is.
        x = functional.max_pool2d(functional.pad(x, corner), 2, 1)
        x = functional.relu(self.merge(torch.cat([x, y], 1)))
        return functional.relu(self.last(x))


class Mixer(nn.Module):
    """A transformer block over the columns of the line."""

    def __init__(self, width: int = WIDTH, heads: int = 8) -> None:
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width, eps=1e-5)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width, eps=1e-5)
        self.up = nn.Linear(width, 2 * width)
        self.down = nn.Linear(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Applies the block."""
        count, length, width = x.shape
        q, k, v = (
            self.qkv(self.norm1(x))
            .reshape(count, length, 3, self.heads, width // self.heads)
            .permute(2, 0, 3, 1, 4)
            .unbind(0)
        )
        mixed = functional.scaled_dot_product_attention(q, k, v)
        x = x + self.out(mixed.transpose(1, 2).reshape(count, length, width))
        return x + self.down(functional.silu(self.up(self.norm2(x))))


class Recogniser(nn.Module):
    """Reads a line 48 pixels high: one set of class scores for every eight columns."""

    def __init__(self, classes: int = CLASSES) -> None:
        super().__init__()
        self.stem = Stem()
        self.blocks = nn.Sequential(
            Block(96, 96, 1, True),
            Block(96, 96, 1, False),
            Block(96, 96, 1, False),
            Block(96, 192, 2, False),
            *[Block(192, 192, 1, index % 2 == 0) for index in range(6)],
            Block(192, 384, 2, False),
            Block(384, 384, 1, True),
            Block(384, 384, 1, False),
        )
        self.shortcut = nn.Conv2d(384, WIDTH, 1)
        self.reduce = nn.Conv2d(384, WIDTH, 1)
        self.local = nn.Conv2d(WIDTH, WIDTH, (1, 7), padding=(0, 3), groups=WIDTH)
        self.mixers = nn.ModuleList([Mixer(), Mixer()])
        self.norm = nn.LayerNorm(WIDTH, eps=1e-6)
        self.head = nn.Linear(WIDTH, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Scores the classes, shaped lines x steps x classes."""
        x = functional.avg_pool2d(self.blocks(self.stem(x)), (3, 2))
        shortcut = functional.silu(self.shortcut(x))
        y = functional.silu(self.reduce(x))
        y = y + functional.silu(self.local(y))
        y = y.flatten(2).transpose(1, 2)
        for mixer in self.mixers:
            y = mixer(y)
        y = self.norm(y) + shortcut.flatten(2).transpose(1, 2)
        scores: Tensor = self.head(y)
        return scores


Weights = list[tuple[NDArray[np.float32], NDArray[np.float32]]]


def read_weights(path: Path) -> tuple[Weights, Weights, Weights, str]:
    """Reads convolutions, matrices and layer norms of the graph in its order, with their shifts, and the dictionary."""
    model = onnx.load(str(path))
    values = {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant":
            values[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        elif node.op_type == "Identity" and node.input[0] in values:
            values[node.output[0]] = values[node.input[0]]
    users = {name: node for node in model.graph.node for name in node.input if name not in values}
    convolutions: Weights = []
    matrices: Weights = []
    norms: Weights = []
    for node in model.graph.node:
        known = [values[name] for name in node.input if name in values]
        if node.op_type == "Conv":
            weight, after = known[0], users[node.output[0]]
            if after.op_type == "BatchNormalization":
                scale, shift, mean, variance = (values[name] for name in after.input[1:])
                factor = scale / np.sqrt(variance + 1e-5)
                convolutions.append((weight * factor[:, None, None, None], shift - mean * factor))
            else:
                convolutions.append((weight, next(values[name] for name in after.input if name in values).reshape(-1)))
        elif node.op_type == "MatMul" and known:
            after = users[node.output[0]]
            matrices.append((known[0].T, next(values[name] for name in after.input if name in values)))
        elif node.op_type == "Mul" and known and known[0].shape == (WIDTH,):
            after = users[node.output[0]]
            norms.append((known[0], next(values[name] for name in after.input if name in values)))
    character = next((item.value for item in model.metadata_props if item.key == "character"), "")
    return convolutions, matrices, norms, character


def load_original(path: Path) -> tuple[Recogniser, list[str]]:
    """Builds the recogniser as published, with its own head; also returns its dictionary."""
    convolutions, matrices, norms, character = read_weights(path)
    dictionary = character.split("\n")
    model = Recogniser(len(matrices[-1][1]))
    for kind, weights in ((nn.Conv2d, convolutions), (nn.Linear, matrices), (nn.LayerNorm, norms)):
        layers = [layer for layer in model.modules() if isinstance(layer, kind)]
        if len(layers) != len(weights):
            raise ValueError(f"the graph has {len(weights)} layers of the kind {kind.__name__}, not {len(layers)}")
        for layer, (weight, shift) in zip(layers, weights, strict=True):
            if tuple(layer.weight.shape) != weight.shape:
                raise ValueError(f"a layer has the shape {weight.shape}, not {tuple(layer.weight.shape)}")
            layer.weight.data = torch.from_numpy(weight.copy())
            layer.bias.data = torch.from_numpy(shift.copy())
    return model, dictionary


def replace_head(model: Recogniser, dictionary: list[str], seed: int = 5) -> None:
    """Swaps the head for one with our alphabet, keeping what the old one knew of each character.

    Characters of the old dictionary keep their row. A Cyrillic letter that looks like a Latin one starts from that row
    with noise, the others from small random rows and the median shift.
    """
    generator = torch.Generator().manual_seed(seed)
    old = model.head
    rows = {char: index + 1 for index, char in enumerate(dictionary)}
    twins = {cyrillic: latin for latin, cyrillic in LATIN_TO_CYRILLIC.items()}
    spread = float(old.weight.data.std())
    head = nn.Linear(WIDTH, CLASSES)
    head.weight.data = torch.randn(head.weight.shape, generator=generator) * spread * 0.5
    head.bias.data.fill_(float(old.bias.data[1:].median()))
    for index, char in enumerate(CHARACTERS, start=1):
        source = rows.get(char, rows.get(twins.get(char, "")))
        if source is None:
            continue
        head.weight.data[index] = old.weight.data[source]
        head.bias.data[index] = old.bias.data[source]
        if char not in rows:
            head.weight.data[index] += torch.randn(WIDTH, generator=generator) * spread * 0.2
            head.bias.data[index] -= 1.0
    for target, source in ((BLANK, 0), (SPACE, len(dictionary) + 1)):
        head.weight.data[target] = old.weight.data[source]
        head.bias.data[target] = old.bias.data[source]
    model.head = head


def decode(scores: NDArray[np.float32]) -> list[str]:
    """Reads the best path: drops repeats and blanks."""
    texts = []
    for line in scores.argmax(-1):
        kept = [
            int(value)
            for index, value in enumerate(line)
            if value != BLANK and (index == 0 or value != line[index - 1])
        ]
        texts.append("".join(" " if value == SPACE else CHARACTERS[value - 1] for value in kept))
    return texts
