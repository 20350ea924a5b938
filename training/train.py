"""Fine-tunes the recogniser on shards of synthetic lines, on one core, for a given time.

Run as ``python -m training.train --original PP-OCRv6_rec_small.onnx --shards SHARD_FOLDER --output RUN_FOLDER``.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.alphabet import CHARACTERS
from training.lines import read_shard
from training.model import BLANK, SPACE, Recogniser, load_original, replace_head

Line = tuple[NDArray[np.uint8], str]
CODES = {char: index for index, char in enumerate(CHARACTERS, start=1)} | {" ": SPACE}
COLUMNS = 8192
"""Columns of pixels in a batch, padding included."""


def pack(lines: list[Line]) -> tuple[Tensor, Tensor, Tensor]:
    """Makes the input of a batch, padded with zeros on the right, and its targets."""
    width = max([32, *(pixels.shape[1] for pixels, _ in lines)])
    batch = np.zeros((len(lines), 3, 48, width), dtype=np.float32)
    for index, (pixels, _) in enumerate(lines):
        batch[index, :, :, : pixels.shape[1]] = pixels.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1
    targets = torch.tensor([CODES[char] for _, text in lines for char in text], dtype=torch.long)
    return torch.from_numpy(batch), targets, torch.tensor([len(text) for _, text in lines])


def batches(folder: Path, rng: random.Random, shards: int, keep: bool) -> Iterator[list[Line]]:
    """Mixes the lines of several shards at a time into batches of similar width; consumed shards are deleted."""
    while True:
        files = sorted(folder.glob("*.npz"), key=lambda path: path.stat().st_mtime)
        if len(files) < shards:
            time.sleep(1)
            continue
        chosen = rng.sample(files, shards) if keep else files[:shards]
        pool = [line for path in chosen for line in read_shard(path)]
        if not keep:
            for path in chosen:
                path.unlink()
        pool.sort(key=lambda line: line[0].shape[1] * rng.uniform(0.93, 1.07))
        groups: list[list[Line]] = []
        group: list[Line] = []
        widest = 0
        for line in pool:
            widest = max(widest, line[0].shape[1])
            if group and widest * (len(group) + 1) > COLUMNS:
                groups.append(group)
                group, widest = [], line[0].shape[1]
            group.append(line)
        groups.append(group)
        rng.shuffle(groups)
        yield from groups


def rate(progress: float, warm: float = 0.02, floor: float = 0.01) -> float:
    """Gives the share of the learning rate: a short rise, then half a cosine."""
    if progress < warm:
        return progress / warm
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * (progress - warm) / (1 - warm)))


def run(options: argparse.Namespace) -> None:
    """Trains until the time is up; writes the averaged weights every few minutes."""
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    rng = random.Random(options.seed)
    model, dictionary = load_original(options.original)
    replace_head(model, dictionary)
    if options.resume:
        model.load_state_dict(torch.load(options.resume))
    model = model.to(memory_format=torch.channels_last)
    model.train()
    model.stem.requires_grad_(False)
    average = {name: value.detach().clone() for name, value in model.state_dict().items()}
    neck = [value for name, value in model.named_parameters() if not name.startswith(("stem.", "blocks."))]
    groups = [
        {"params": list(model.blocks.parameters()), "lr": 0.0, "peak": options.rate * options.share},
        {"params": neck, "lr": 0.0, "peak": options.rate},
    ]
    optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=0.01)
    options.output.mkdir(parents=True, exist_ok=True)
    begin = saved = time.time()
    seen = 0
    recent: list[float] = []
    for step, lines in enumerate(batches(options.shards, rng, options.mix, options.keep), start=1):
        passed = (time.time() - begin) / 60
        progress = passed / options.minutes
        if progress >= 1:
            break
        frozen = passed < options.frozen
        model.blocks.requires_grad_(not frozen)
        # The running scales of a layer that starts to learn are still rough, so its steps grow over two minutes.
        rise = (min(1.0, max(0.0, passed - options.frozen) / 2), 1.0)
        for group, factor in zip(optimiser.param_groups, rise, strict=True):
            group["lr"] = group["peak"] * rate(progress) * factor
        images, targets, lengths = pack(lines)
        with torch.autocast("cpu", torch.bfloat16):
            scores = model(images.contiguous(memory_format=torch.channels_last))
        logs = scores.float().log_softmax(-1).transpose(0, 1)
        steps = torch.full((len(lines),), logs.shape[0], dtype=torch.long)
        losses = functional.ctc_loss(logs, targets, steps, lengths, blank=BLANK, reduction="none", zero_infinity=True)
        loss = (losses / (lengths + 1).sqrt()).sum() / (lengths + 1).sqrt().sum()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        seen += len(lines)
        recent.append(float(losses.detach().sum() / (lengths + 1).sum()))
        update_average(average, model, min(0.998, (step + 1) / (step + 10)))
        if step % 100 == 0:
            print(f"{passed:6.1f} min  step {step}  lines {seen}  loss {np.mean(recent[-100:]):.4f}", flush=True)
        if time.time() - saved > options.save * 60:
            saved = time.time()
            store(options.output, average, model)
    store(options.output, average, model)


def update_average(average: dict[str, Tensor], model: Recogniser, decay: float) -> None:
    """Moves the averaged weights towards the present ones."""
    for name, value in model.state_dict().items():
        average[name].lerp_(value.detach(), 1 - decay)


def store(folder: Path, average: dict[str, Tensor], model: Recogniser) -> None:
    """Writes the averaged and the present weights in one go each."""
    for name, state in (("average.pt", average), ("last.pt", model.state_dict())):
        torch.save({key: value.contiguous() for key, value in state.items()}, folder / (name + ".part"))
        (folder / (name + ".part")).rename(folder / name)


def main() -> None:
    """Reads the options and trains."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--original", type=Path, required=True, help="the published ONNX recogniser")
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--resume", type=Path, help="weights to go on from")
    parser.add_argument("--minutes", type=float, default=90)
    parser.add_argument("--frozen", type=float, default=4, help="minutes during which only the neck and the head learn")
    parser.add_argument("--rate", type=float, default=1e-3, help="peak learning rate of the neck and the head")
    parser.add_argument("--share", type=float, default=0.2, help="part of that rate which the backbone gets")
    parser.add_argument("--mix", type=int, default=3, help="shards mixed at a time")
    parser.add_argument("--save", type=float, default=3, help="minutes between two saves")
    parser.add_argument("--keep", action="store_true", help="do not delete the shards, draw them at random")
    parser.add_argument("--seed", type=int, default=11)
    run(parser.parse_args())


if __name__ == "__main__":
    main()
