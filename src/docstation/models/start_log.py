"""vLLM's own figures, read from the log of a start: what it loaded, measured, kept for the KV cache and captured.

Tolerant by design: wordings differ between versions (0.9 to 0.33 were looked at), a line that is not there leaves its
figures None, and of several starts in one log the last one counts. The log is untrusted text; only numbers are taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

GIB = 2**30


@dataclass(frozen=True, slots=True)
class StartFigures:
    """Figures of one start, None where the log does not tell them.

    Attributes:
        version: of vLLM.
        loaded_bytes: weights and what is built with them.
        loading_seconds: from the first byte to the last.
        encoder_tokens: image tokens for which the vision tower was measured.
        encoder_pictures: pictures that make them up.
        activation_bytes: most work memory of one step; newer versions add their estimate of the graphs.
        consumed_bytes: weights and all else that stays; older versions tell `loaded_bytes` and `other_bytes` apart.
        other_bytes: what is not PyTorch's.
        kv_bytes: left for the KV cache.
        kv_tokens: tokens that it holds.
        graph_seconds: capturing CUDA graphs.
        graph_bytes: what they took.
        graph_estimate_bytes: what was expected of them.
        free_bytes: free on the card before the weights.
        total_bytes: all that CUDA offers.
        utilisation: share of it that was asked for.
        requested_bytes: the same in bytes.
        init_seconds: measuring, allocating and warming up.
    """

    version: str | None = None
    loaded_bytes: int | None = None
    loading_seconds: float | None = None
    encoder_tokens: int | None = None
    encoder_pictures: int | None = None
    activation_bytes: int | None = None
    consumed_bytes: int | None = None
    other_bytes: int | None = None
    kv_bytes: int | None = None
    kv_tokens: int | None = None
    graph_seconds: float | None = None
    graph_bytes: int | None = None
    graph_estimate_bytes: int | None = None
    free_bytes: int | None = None
    total_bytes: int | None = None
    utilisation: float | None = None
    requested_bytes: int | None = None
    init_seconds: float | None = None


_N = r"(-?[0-9][0-9,]{0,14}(?:\.[0-9]{1,9})?)"
_FRESH = re.compile(r"Initializing a V1 LLM engine \(v([\w.+-]{1,40})\)")
_PATTERNS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (re.compile(pattern), names)
    for pattern, names in (
        (rf"(?:Model loading|Loading model weights) took {_N} Gi?B", ("loaded_bytes",)),
        (rf"Model loading took {_N} Gi?B(?: memory)? and {_N} s", ("loaded_bytes", "loading_seconds")),
        (
            rf"Encoder cache will be initialized with a budget of {_N} tokens, and profiled with {_N} ",
            ("encoder_tokens", "encoder_pictures"),
        ),
        (rf"Available KV cache memory: {_N} GiB", ("kv_bytes",)),
        (rf"(?:GPU|CPU) KV cache size: {_N} tokens", ("kv_tokens",)),
        (rf"Graph capturing finished in {_N} secs?, took {_N} GiB", ("graph_seconds", "graph_bytes")),
        (
            rf"CUDA graph pool memory: {_N} GiB \(actual\), {_N} GiB \(estimated\)",
            ("graph_bytes", "graph_estimate_bytes"),
        ),
        (rf"Free memory on device (?:cuda:\d+ )?\({_N}/{_N} GiB\) on startup", ("free_bytes", "total_bytes")),
        (rf"[Dd]esired GPU memory utilization (?:is )?\({_N}, {_N} GiB\)", ("utilisation", "requested_bytes")),
        (rf"Actual usage is {_N} GiB for consumed memory", ("consumed_bytes",)),
        (rf"{_N} GiB for peak activation", ("activation_bytes",)),
        (rf"{_N} GiB for non-torch memory", ("other_bytes",)),
        (rf"init engine \(profile, create kv cache, warmup model\) took {_N} s", ("init_seconds",)),
    )
)


def read_start_log(lines: Iterable[str]) -> StartFigures:
    """The figures of the last start that `lines` tell of, oldest line first."""
    found: dict[str, str | int | float] = {}
    for line in lines:
        fresh = _FRESH.search(line)
        if fresh:
            found = {"version": fresh[1]}
        for pattern, names in _PATTERNS:
            match = pattern.search(line)
            if match:
                found |= {name: _value(name, text) for name, text in zip(names, match.groups(), strict=True)}
    return StartFigures(**found)  # type: ignore[arg-type]  # names and kinds are those of the table above


def _value(name: str, text: str) -> int | float:
    number = float(text.replace(",", ""))
    if name.endswith("_bytes"):
        return round(number * GIB)
    return number if name == "utilisation" or name.endswith("_seconds") else round(number)
