"""Makes training lines and writes them in shards that the training loop consumes.

Run as ``python -m training.lines --text TEXT_FOLDER --output SHARD_FOLDER``.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.degrade import HEIGHT, degrade, fit
from training.render import Fonts, render
from training.text import LineSampler

RESOLUTIONS = {72: 2, 85: 3, 100: 20, 120: 10, 150: 20, 200: 22, 250: 6, 300: 17}
"""Dots per inch of the simulated scans and their weights."""

WIDEST = 1920


class LineMaker:
    """Draws pairs of a crop and its text."""

    def __init__(self, text: Path, fonts: list[Path], seed: int) -> None:
        self.rng = random.Random(seed)
        self.sampler = LineSampler(text, self.rng)
        self.fonts = Fonts(fonts, self.rng)

    def em(self) -> float:
        """Draws the size of the type in pixels."""
        rng = self.rng
        dpi = rng.choices(list(RESOLUTIONS), list(RESOLUTIONS.values()))[0]
        points = rng.triangular(6.5, 14, 10.5) if rng.random() < 0.92 else rng.uniform(12, 24)
        return min(90.0, max(8.5, points * dpi / 72))

    def __call__(self) -> tuple[NDArray[np.uint8], str]:
        """Makes one line."""
        rng = self.rng
        while True:
            draw = rng.random()
            longest = 28 if draw < 0.35 else 60 if draw < 0.9 else 110
            text = "" if rng.random() < 0.008 else self.sampler(longest)
            severity = rng.choice([0.15, 0.5, 0.8, 1.0, 1.0])
            neighbours = ("", "")
            if rng.random() < 0.3:
                neighbours = tuple(self.sampler(40) if rng.random() < 0.7 else "" for _ in range(2))
            try:
                face = self.fonts.pick(text + "".join(neighbours))
            except LookupError:
                continue
            drawn = text or " " * rng.randint(2, 12)
            drawing = render(drawn, face, self.em(), rng, neighbours=neighbours, rules=rng.random() < 0.13)
            part = degrade(drawing, rng, severity)
            method = rng.choice([cv2.INTER_LINEAR, cv2.INTER_AREA if part.shape[0] > HEIGHT else cv2.INTER_CUBIC])
            pixels = fit(part, 1.0 if rng.random() < 0.7 else rng.uniform(0.88, 1.14), method)
            if pixels.shape[1] <= WIDEST and len(text) * 8 <= pixels.shape[1] * 1.02:
                return pixels, text


def write_shard(path: Path, lines: list[tuple[NDArray[np.uint8], str]]) -> None:
    """Writes lines side by side in one array, with their widths and texts next to it."""
    joined = np.concatenate([pixels for pixels, _ in lines], axis=1)
    partial = path.with_suffix(".part")
    with partial.open("wb") as stream:
        np.savez(
            stream,
            pixels=joined,
            widths=[pixels.shape[1] for pixels, _ in lines],
            texts=json.dumps([text for _, text in lines]),
        )
    partial.rename(path)


def read_shard(path: Path) -> Iterator[tuple[NDArray[np.uint8], str]]:
    """Reads the lines of a shard back."""
    with np.load(path) as shard:
        pixels, widths, texts = shard["pixels"], shard["widths"], json.loads(str(shard["texts"]))
    left = 0
    for width, text in zip(widths, texts, strict=True):
        yield np.ascontiguousarray(pixels[:, left : left + width]), text
        left += int(width)


def main() -> None:
    """Writes shards for as long as they are consumed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--fonts", type=Path, nargs="+", default=[Path("/usr/share/fonts")])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=512, help="lines in a shard")
    parser.add_argument("--ahead", type=int, default=40, help="shards to keep waiting for the training loop")
    parser.add_argument("--count", type=int, default=0, help="stop after this many shards; 0 never stops")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    options.output.mkdir(parents=True, exist_ok=True)
    maker = LineMaker(options.text, options.fonts, options.seed)
    number = 0
    while not options.count or number < options.count:
        if len(list(options.output.glob("*.npz"))) >= options.ahead:
            time.sleep(2)
            continue
        write_shard(options.output / f"{options.seed:04d}-{number:05d}.npz", [maker() for _ in range(options.size)])
        number += 1


if __name__ == "__main__":
    main()
