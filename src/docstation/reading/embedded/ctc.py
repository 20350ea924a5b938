"""Line recognisers that are neural networks trained with connectionist temporal classification, run by onnxruntime.

The network answers, for each column of the strip, the probability of each character or of "nothing"; repeated columns
of one character are one character (Graves et al., 2006). The dictionary is part of the model file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from docstation.intake.page import Pixels
from docstation.reading.embedded.line_reading import ReadLine
from docstation.reading.embedded.models import open_model
from docstation.reading.embedded.strips import Strip

NOTHING = 0


class CtcRecogniser:
    """A loaded model.

    Args:
        file: an ONNX model with input ``x`` (lines x 3 x 48 x width) and its dictionary, one character a line, in the
            metadata key ``character``; class 0 is "nothing", the last class is the space.
        allowed: which characters may be read, all where it is not given.
    """

    def __init__(self, file: Path, allowed: Callable[[str], bool] | None = None) -> None:
        self._model = open_model(file)
        listed = self._model.get_modelmeta().custom_metadata_map["character"].split("\n")
        letters = ["", *listed, " "]
        kept = [index for index, letter in enumerate(letters) if not letter.strip() or not allowed or allowed(letter)]
        self._kept = np.array(kept) if len(kept) < len(letters) else None
        self._letters = [letters[index] for index in kept]

    def read(self, strips: Sequence[Strip]) -> list[ReadLine]:
        """The text of each strip; one by one, because padding strips to one width costs more than batches save."""
        return [self._read(strip.image) for strip in strips]

    def _read(self, image: Pixels) -> ReadLine:
        answer = self._model.run(None, {"x": network_input(image)})[0][0]
        if self._kept is not None:
            answer = answer[:, self._kept]
        return decoded(answer, self._letters, image.shape[1] / answer.shape[0])


def network_input(image: Pixels) -> npt.NDArray[np.float32]:
    """A strip as the networks want it: blue-green-red, -1 to 1, one line."""
    values = image[:, :, ::-1].astype(np.float32) / 127.5 - 1
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None])


def decoded(answer: npt.NDArray[np.float32], letters: Sequence[str], step: float) -> ReadLine:
    """The best path through `answer` (columns x classes) as text; `step` is pixels of the strip a column."""
    best = answer.argmax(axis=1)
    sure = answer.max(axis=1)
    text: list[str] = []
    confidences: list[float] = []
    positions: list[float] = []
    for start, stop in _runs(best):
        if best[start] == NOTHING:
            continue
        text.append(letters[best[start]])
        confidences.append(float(sure[start:stop].max()))
        positions.append(float((start + stop) / 2 * step))
    return ReadLine("".join(text), tuple(confidences), tuple(positions))


def _runs(values: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    borders = np.flatnonzero(np.diff(values)) + 1
    edges = [0, *borders.tolist(), len(values)]
    return list(pairwise(edges))
