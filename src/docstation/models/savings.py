"""Settings that give memory back, the cheapest first, and the search for the least of them that makes a model fit.

The search is lexicographic: as little as possible of the costliest saving, then of the one before it, and so on. The
context is not among them: what was promised to requests is never shortened in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from docstation.messages.marking import N_
from docstation.models.architecture import Architecture
from docstation.models.entry import ModelEntry
from docstation.models.fitting import FLASHINFER
from docstation.models.kv_cache import GPU_BLOCK, blocks_for, bytes_per_token
from docstation.models.plan import Change

LEAST_PIXELS = 1_003_520
"""A page of A4 at a hundred dots per inch; what small print there is would be lost below."""
PIXEL_STEP = 64
"""Image tokens between two sizes that are tried."""
BESIDE_PICTURE = 128
"""Tokens of a step beside its pictures, so that one and the words before it are never split."""
AS_ASKED = 0
"""Stands for the step that was asked for, whatever pictures it holds."""

COSTS = {
    "max_sequences": N_("fewer requests are answered at once"),
    "batch_tokens": N_("several pages at once begin a little later"),
    "eager": N_("answers come more slowly; it starts sooner"),
    "kv_cache_type": N_("the cache is coarser, which may cost some accuracy"),
    "max_pixels": N_("pictures are reduced; small print may be missed"),
}
"""What each saving costs, by the entry's key, the cheapest first."""
STEP_TOO_SMALL = N_("a step has to hold a whole picture, else vLLM fails at the second request")

Value = int | bool | str


def changes(asked: ModelEntry, served: ModelEntry) -> tuple[Change, ...]:
    """What differs between the two, the cheapest first."""
    found = []
    for key, cost in COSTS.items():
        before, after = getattr(asked, key), getattr(served, key)
        if before != after:
            raised = key == "batch_tokens" and after > before
            found.append(Change(key, _shown(before), _shown(after), STEP_TOO_SMALL if raised else cost))
    return tuple(found)


def fit_for_pictures(entry: ModelEntry, architecture: Architecture, fixed: frozenset[str]) -> ModelEntry:
    """The entry with steps that hold a whole picture: larger steps, or smaller pictures where those are fixed."""
    tokens = architecture.image_tokens(entry.max_pixels)
    if entry.batch_tokens >= tokens:
        return entry
    if "batch_tokens" not in fixed:
        return replace(entry, batch_tokens=tokens + BESIDE_PICTURE)
    if "max_pixels" not in fixed:
        return replace(entry, max_pixels=entry.batch_tokens * architecture.pixels_per_token)
    return entry


def cheapest(
    entry: ModelEntry, architecture: Architecture, fixed: frozenset[str], fits: Callable[[ModelEntry], bool]
) -> ModelEntry | None:
    """The entry with the least costly savings that make it fit, None where all together are not enough."""
    ladder = _ladder(entry, architecture, fixed)
    depth = next((depth for depth in range(len(ladder) + 1) if fits(_lean(entry, architecture, ladder, depth))), None)
    if depth is None:
        return None
    chosen = {key: values[-1] for key, values in ladder[:depth]}
    for key, values in reversed(ladder[:depth]):
        chosen[key] = next(
            value for value in values if fits(_with(entry, architecture, chosen | {key: value}))
        )  # the last of them fits: it is the one chosen so far
    return _with(entry, architecture, chosen)


def leanest(
    entry: ModelEntry, architecture: Architecture, fixed: frozenset[str], depth: int = len(COSTS)
) -> ModelEntry:
    """The entry with the `depth` cheapest savings taken as far as they go."""
    return _lean(entry, architecture, _ladder(entry, architecture, fixed), depth)


_Ladder = Sequence[tuple[str, Sequence[Value]]]


def _ladder(entry: ModelEntry, architecture: Architecture, fixed: frozenset[str]) -> _Ladder:
    """Values of each key that may be changed, from what was asked for to the leanest."""
    tokens = architecture.image_tokens(entry.max_pixels)
    values: dict[str, Sequence[Value]] = {
        "max_sequences": range(entry.max_sequences, 0, -1),
        # As the number of pictures that a step holds: what a step costs jumps with it.
        "batch_tokens": (AS_ASKED, *range(max(1, entry.batch_tokens // tokens), 0, -1)),
        "eager": (entry.eager, True),
        "kv_cache_type": (entry.kv_cache_type, "fp8") if _is_worth(entry, architecture, fixed) else (),
        "max_pixels": tuple(_pixels(entry, architecture)),
    }
    return [(key, values[key]) for key in COSTS if key not in fixed and values[key]]


def _is_worth(entry: ModelEntry, architecture: Architecture, fixed: frozenset[str]) -> bool:
    """Whether half the KV cache is more than the workspaces of FlashInfer, which an fp8 cache brings with it."""
    blocks = blocks_for(entry.context, entry.max_sequences if "max_sequences" in fixed else 1)
    language = architecture.language
    return blocks * GPU_BLOCK * (bytes_per_token(language) - bytes_per_token(language, "fp8")) > FLASHINFER


def _pixels(entry: ModelEntry, architecture: Architecture) -> Iterator[int]:
    yield entry.max_pixels
    side = architecture.pixels_per_token
    for tokens in range(architecture.image_tokens(entry.max_pixels) - PIXEL_STEP, 0, -PIXEL_STEP):
        if tokens * side < LEAST_PIXELS:
            return
        yield tokens * side


def _lean(entry: ModelEntry, architecture: Architecture, ladder: _Ladder, depth: int) -> ModelEntry:
    return _with(entry, architecture, {key: values[-1] for key, values in ladder[:depth]})


def _with(entry: ModelEntry, architecture: Architecture, chosen: dict[str, Value]) -> ModelEntry:
    """The entry with values of a ladder; a number of pictures becomes the step that holds them."""
    values = dict(chosen)
    pictures = values.pop("batch_tokens", AS_ASKED)
    changed: ModelEntry = replace(entry, **values)  # type: ignore[arg-type]  # keys and kinds are those of the ladder
    if not pictures:
        return changed
    step = int(pictures) * architecture.image_tokens(changed.max_pixels) + BESIDE_PICTURE
    return replace(changed, batch_tokens=min(entry.batch_tokens, step))


def _shown(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
