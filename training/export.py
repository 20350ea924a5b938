"""Writes trained weights as an ONNX recogniser with its dictionary, as the PP-OCR models carry theirs.

Run as ``python -m training.export --weights RUN_FOLDER/average.pt --output cyrillic_rec.onnx``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from training.alphabet import CHARACTERS
from training.model import CLASSES, Recogniser


class Reader(nn.Module):
    """The recogniser with probabilities for scores."""

    def __init__(self, model: Recogniser) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        """Gives the probability of each class at each step."""
        return torch.softmax(self.model(x), -1)


def export(model: Recogniser, path: Path) -> None:
    """Writes the graph with free batch and width, then its dictionary."""
    model.eval()
    torch.onnx.export(
        Reader(model),
        (torch.zeros(1, 3, 48, 320),),
        str(path),
        input_names=["x"],
        output_names=["probabilities"],
        dynamic_axes={"x": {0: "lines", 3: "width"}, "probabilities": {0: "lines", 1: "steps"}},
        opset_version=17,
        dynamo=False,
    )
    graph = onnx.load(str(path))
    for key, value in (
        ("character", "\n".join(CHARACTERS)),
        ("origin", "PP-OCRv6_rec_small, Apache-2.0, fine-tuned by DocStation"),
        ("input", "float32 lines x 3 x 48 x width, BGR, (value / 255 - 0.5) / 0.5"),
    ):
        item = graph.metadata_props.add()
        item.key, item.value = key, value
    onnx.save(graph, str(path))


def compare(model: Recogniser, path: Path) -> float:
    """Measures the largest difference between the file and the torch module."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    worst = 0.0
    for count, width in ((1, 37), (2, 333), (1, 1999)):
        x = np.random.default_rng(width).uniform(-1, 1, (count, 3, 48, width)).astype(np.float32)
        with torch.no_grad():
            expected = Reader(model)(torch.from_numpy(x)).numpy()
        worst = max(worst, float(np.abs(session.run(None, {"x": x})[0] - expected).max()))
    return worst


def main() -> None:
    """Exports and checks the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = Recogniser(CLASSES)
    model.load_state_dict(torch.load(options.weights))
    model.eval()
    export(model, options.output)
    size = options.output.stat().st_size / 1e6
    print(f"{size:.1f} MB, largest difference from torch {compare(model, options.output):.2e}")


if __name__ == "__main__":
    main()
