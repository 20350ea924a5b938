"""A checkpoint's files on this machine: its shape from config.json, its size from the headers of the weights.

Only small files and headers are read, from a folder or from the Hugging Face cache; nothing is downloaded, and no
library of theirs is loaded. Where there are no files, the shipped figures stand in.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docstation.errors import UsageError
from docstation.messages.marking import N_
from docstation.models.architecture import Architecture, architecture_of, shipped_figures
from docstation.models.entry import ModelEntry

CONFIG, INDEX = "config.json", "model.safetensors.index.json"
LARGEST_JSON = 64 * 2**20
"""Bytes; no config or index comes near, and a file that does is not what it says."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is known of a checkpoint.

    Attributes:
        architecture: its shape.
        stored_bytes: size of its tensors by its files, None where they are not at hand.
        source: where the shape comes from: a path, or the name of the shipped figures.
    """

    architecture: Architecture
    stored_bytes: int | None = None
    source: str = ""


def checkpoint_of(entry: ModelEntry, hub: Path | None = None, revision: str = "") -> Checkpoint:
    """What is known of the entry's checkpoint.

    Args:
        entry: of a model that vLLM serves.
        hub: the Hugging Face cache; the usual one where None.
        revision: commit of the weights, empty while none is recorded.

    Raises:
        UsageError: neither its files nor the entry's figures tell its architecture.
    """
    folder = checkpoint_folder(entry.checkpoint, hub or hub_folder(), revision)
    if folder is not None:
        architecture = _read_architecture(folder)
        if architecture is not None:
            return Checkpoint(architecture, stored_size(folder), str(folder / CONFIG))
    figures = shipped_figures()
    if entry.figures in figures:
        return Checkpoint(figures[entry.figures], stored_size(folder) if folder else None, entry.figures)
    raise UsageError(
        N_("The architecture of {model} is not known, so its memory cannot be planned."),
        remedy=N_("Download its weights first, or set its figures to those of a model of the same shape: {known}."),
        model=entry.name,
        known=", ".join(figures),
    )


def hub_folder(environ: Mapping[str, str] | None = None) -> Path:
    """The Hugging Face cache that everybody uses; it need not exist."""
    environ = os.environ if environ is None else environ
    if environ.get("HF_HUB_CACHE"):
        return Path(environ["HF_HUB_CACHE"]).expanduser()
    caches = environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(environ.get("HF_HOME") or f"{caches}/huggingface").expanduser() / "hub"


def checkpoint_folder(checkpoint: str, hub: Path, revision: str = "") -> Path | None:
    """The folder with the checkpoint's files, None where it is not on this machine."""
    own = Path(checkpoint).expanduser()
    if own.is_dir():
        return own
    kept = hub / f"models--{checkpoint.replace('/', '--')}"
    named = revision or _text(kept / "refs" / "main")
    folder = kept / "snapshots" / named
    return folder if named and folder.is_dir() else None


def stored_size(folder: Path) -> int | None:
    """Bytes of all tensors: by the headers of the weights where all are there, else by the index; None without both."""
    index = _json(folder / INDEX)
    shards = index.get("weight_map", {})
    names = set(shards.values()) if isinstance(shards, dict) else set()
    files = [folder / str(name) for name in names] or sorted(folder.glob("*.safetensors"))
    sizes = [_tensor_bytes(path) for path in files]
    known = [size for size in sizes if size is not None]
    if known and len(known) == len(sizes):
        return sum(known)
    metadata = index.get("metadata", {})
    total = metadata.get("total_size") if isinstance(metadata, dict) else None
    return total if isinstance(total, int) and total > 0 else None


def _tensor_bytes(path: Path) -> int | None:
    """Size of a safetensors file without its header: eight bytes that hold the header's length, and the header."""
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            header = 8 + int.from_bytes(stream.read(8), "little")
    except OSError:
        return None
    return size - header if header <= size else None


def _read_architecture(folder: Path) -> Architecture | None:
    try:
        return architecture_of(_json(folder / CONFIG))
    except ValueError:
        return None


def _json(path: Path) -> dict[str, Any]:
    """The object of a JSON file, empty where there is none or it is broken."""
    try:
        if path.stat().st_size > LARGEST_JSON:
            return {}
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
