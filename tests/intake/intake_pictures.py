"""Image files for the tests of intake: four coloured quarters, so that every turn and mirroring shows."""

from __future__ import annotations

import base64
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from docstation.intake.page import Pixels

COLOURS = {"R": (200, 0, 0), "G": (0, 160, 0), "B": (0, 0, 200), "W": (255, 255, 255)}
WIDTH, HEIGHT = 64, 48

# 64 x 48 pixels, quarters as in `quarters`; no encoder for HEVC comes with the test packages.
HEIC = zlib.decompress(
    base64.b64decode(
        "eNpjYGCQSSupLMhIzUxmAILczDRDEDs3MzGNgYFxX25qSSIDBChmpOQUQdkMBZnJJQxowCQzJx9siIsDAxMDI4jF+AhCA8ENoBgQ"
        "MO2Ci0gAsUVmZl4amAeSFQVyUsHKgGoyypINGZAEGUFKXCsywcr5CjJLchmgKhn+ZhYUFQDpu5kFyflAugyo15mRGSQ0AaxI7gPD"
        "n78/fjAw8DMnAHVIODDyMP7/D1LADFLBDEJyu5gcEoGSWk6MjGgyCxQaWae9erJs5w6ODAMFoBAziGBQTAIqZ3NhPFh8oBNoiXBy"
        "fk5RXnJOBVCUl4GtASgkkllckAr1rgMUayTnJBZA2SDHG0BpcCD8////AzQwBAoyKzJBgswcHByg4MosyIXFBSMDI2sjEzNrC5At"
        "lVmUmgYV50tOKU4GBz7IxB+5KYmgWLqiwbie84Gixcr/3+7x/1eZO333f/Wpy/dH/P/run6vlfw/S+mSun7Oxfx85X/e3P95b902"
        "N68s+39HIytNOD8Z35BMsLzfe2FZp7XR3sPHzY9ZL1247PAeBsXtkZPeuOwJKTn0Qt2C7ezyp/XM57rnqj7busNQ7bKJf9wrixdz"
        "quRVNeTm9Vrf4GwK23jK7MWrLP8D+/9uvlBjW2Kov8t/q/pbg7VmRdNyeZhbk04c/1fwdWbFt5VGroxbnrdqeQW3b1kYmn65Ibju"
        "2LXOxxHNry5eYJ3XY7DtwHp+1UsGs54A/cUGSQ2+vgxaQB4HJAgAmTDDiw=="
    )
)


def quarters(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """Red, green, blue and white, in reading order."""
    image = Image.new("RGB", (width, height), COLOURS["W"])
    x, y = width // 2, height // 2
    image.paste(COLOURS["R"], (0, 0, x, y))
    image.paste(COLOURS["G"], (x, 0, width, y))
    image.paste(COLOURS["B"], (0, y, x, height))
    return image


def corners(pixels: Pixels) -> str:
    """The letters of the four corners' colours in reading order; inks and codecs may be off by a good shade."""
    rows, columns = pixels.shape[0], pixels.shape[1]
    places = [(y, x) for y in (rows // 4, 3 * rows // 4) for x in (columns // 4, 3 * columns // 4)]
    return "".join(_nearest(pixels[place]) for place in places)


def _nearest(colour: np.ndarray[Any, Any]) -> str:
    return min(COLOURS, key=lambda letter: sum(abs(int(a) - b) for a, b in zip(colour, COLOURS[letter], strict=True)))


def saved(image: Image.Image, path: Path, **options: Any) -> Path:
    image.save(path, **options)
    return path


def oriented(path: Path, orientation: int, **options: Any) -> Path:
    """`quarters` with an EXIF orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(quarters(), path, exif=exif, **options)
