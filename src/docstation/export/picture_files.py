"""The image files of pictures, as they are embedded into documents.

A picture's file name comes with the document and is not trusted: only plain names of files in the folder are followed,
and only images of kinds that every reader shows and that cannot hold scripts.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image as Pillow

from docstation.document.model import Picture

_MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "MPO": "image/jpeg", "GIF": "image/gif"}
_TRIED = ("PNG", "JPEG", "GIF")


@dataclass(frozen=True, slots=True)
class Image:
    """An image file in memory.

    Attributes:
        data: the file's bytes.
        media_type: by content.
        width: pixels, at least 1.
        height: pixels, at least 1.
    """

    data: bytes
    media_type: str
    width: int
    height: int

    @property
    def data_url(self) -> str:
        """The image as an address that needs no request."""
        return f"data:{self.media_type};base64,{base64.b64encode(self.data).decode('ascii')}"


def image_of(picture: Picture | None, folder: Path | None) -> Image | None:
    """The image of `picture` in `folder`; None where it has none, or none that can be shown."""
    if picture is None or folder is None or not picture.file or Path(picture.file).name != picture.file:
        return None
    try:
        data = (folder / picture.file).read_bytes()
        with Pillow.open(io.BytesIO(data), formats=_TRIED) as opened:
            width, height = opened.size
            media_type = _MEDIA_TYPES[opened.format or ""]
    except (OSError, ValueError, Pillow.DecompressionBombError):  # ValueError: a NUL in the name, a bloated header
        return None
    return Image(data, media_type, width, height) if width > 0 and height > 0 else None
