"""Pictures for a request: cut out, brought to the size to send, and written as a data URL, each once."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Literal

from docstation.document.geometry import Box
from docstation.inference.grid import Size

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Form = Literal["png", "jpeg"]

_JPEG_QUALITY = 92


def encode(pixels: npt.NDArray[np.uint8], sent: Size, *, region: Box | None = None, form: Form = "png") -> str:
    """A data URL of `pixels`, or of a region of them.

    Args:
        pixels: height x width x 3, RGB.
        sent: (width, height) to send, one of `docstation.inference.grid.fit`.
        region: in pixels, None for all; parts of a pixel count, so that boxes map back exactly.
        form: ``png`` keeps letters sharp; ``jpeg`` is smaller for photographs.

    Raises:
        ValueError: the region has no area within the picture.
    """
    from PIL import Image

    picture = Image.fromarray(pixels)
    area = region or Box(0, 0, picture.width, picture.height)
    area = area.clipped(picture.width, picture.height)
    if area.area <= 0:
        raise ValueError(f"nothing of the picture is in {region}")
    if (picture.width, picture.height) != sent or area != Box(0, 0, *sent):
        frame = (area.x0, area.y0, area.x1, area.y1)
        picture = picture.resize(sent, Image.Resampling.LANCZOS, box=frame, reducing_gap=3.0)
    stream = io.BytesIO()
    options = {"compress_level": 1} if form == "png" else {"quality": _JPEG_QUALITY, "subsampling": 0}
    picture.save(stream, form.upper(), **options)
    return f"data:image/{form};base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"
