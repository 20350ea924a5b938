"""What differs between versions of vLLM and matters for memory, told by the tag of the container image."""

from __future__ import annotations

import re
from dataclasses import dataclass

_VERSION = re.compile(r":v?(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Traits:
    """Memory habits of one version.

    Attributes:
        fused_rotary: the tower of dots.ocr rotates in one kernel. So it is in 0.32; in 0.12 it was written out and took
            6 widths of a patch more. Versions between were not looked at and count as the hungrier kind.
        graphs_counted: CUDA graphs are taken from what was asked for, not on top of it. So it is since 0.21.
    """

    fused_rotary: bool
    graphs_counted: bool


def traits_of(image: str) -> Traits:
    """Habits of the version that the image's tag names; a tag without one, such as latest, is taken for a new one."""
    match = _VERSION.search(image)
    version = (int(match[1]), int(match[2])) if match else None
    return Traits(
        fused_rotary=version is not None and version >= (0, 32),
        graphs_counted=version is None or version >= (0, 21),
    )
