"""Images as PDF image data without loss: JPEG files as they are, black and white as CCITT group 4, others as Flate.

What is shown (orientation, transparency on white, depth) is decided by `docstation.intake.images`, so that the page
is the one that was read.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docstation.errors import BrokenFile
from docstation.export.pdf.jpeg import is_common
from docstation.intake.images import ImageSource
from docstation.intake.limits import Limits
from docstation.intake.opening import fitting_scale
from docstation.intake.page import Pixels
from docstation.messages.marking import N_

LIMITS = Limits(page_pixels=64_000_000, page_side=60_000)
"""Beyond this a picture that has to be decoded is made smaller: a worker would not hold it."""

_ORIENTATION = 0x0112
_DECODING_ERRORS = (OSError, ValueError, SyntaxError, EOFError, TypeError, LookupError, ArithmeticError, struct.error)
"""What Pillow's plugins raise on damaged files: there is no common class."""
_COLOURS = {1: "/DeviceGray", 3: "/DeviceRGB"}
_STRIP_OFFSETS, _STRIP_LENGTHS = 273, 279
_LEVEL = 4
"""Of compression: twice as fast as the usual one and, on scans, as small."""
_INVERTED = [255] + [0] * 255


@dataclass(frozen=True, slots=True)
class Picture:
    """Image data as a PDF holds it.

    Attributes:
        data: encoded.
        width: samples across.
        height: samples down.
        colours: components of a sample, 1 or 3.
        bits: of a component.
        filter: name of the encoding.
        parameters: of the encoding.
        orientation: EXIF orientation, 1 to 8, in which the samples lie.
        profile: ICC profile of the colours, empty for none.
    """

    data: bytes
    width: int
    height: int
    colours: int
    bits: int
    filter: str
    parameters: Mapping[str, int | bool] = field(default_factory=dict)
    orientation: int = 1
    profile: bytes = b""

    def added_to(self, pdf: Any) -> Any:
        """The picture as an object of the open file `pdf`."""
        from pikepdf import Array, Dictionary, Name, Stream

        colours: Any = Name(_COLOURS[self.colours])
        if self.profile:
            colours = Array([Name.ICCBased, pdf.make_stream(self.profile, N=self.colours, Alternate=colours)])
        stream = Stream(pdf, self.data)
        stream.stream_dict = Dictionary(
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=self.width,
            Height=self.height,
            ColorSpace=colours,
            BitsPerComponent=self.bits,
            Filter=Name(self.filter),
        )
        if self.parameters:
            stream["/DecodeParms"] = Dictionary({f"/{key}": value for key, value in self.parameters.items()})
        return stream


def picture_of(source: ImageSource, path: Path, number: int) -> Picture:
    """Page `number` (from 1) of the image file at `path`, which `source` has open.

    Raises:
        BrokenFile: it cannot be decoded.
        TooLarge: it exceeds the limits of `source`.
    """
    size = source.raw(number)
    try:
        found, profile = _as_stored(path, number)
    except _DECODING_ERRORS as error:
        raise BrokenFile(N_("Page {page} of {name} is damaged."), name=source.name, page=number) from error
    if found is not None:
        return found
    scale = fitting_scale(size.width, size.height, source.native_scale(number), LIMITS)
    return _lossless(source.render(number, scale), profile)


def _as_stored(path: Path, number: int) -> tuple[Picture | None, tuple[int, bytes]]:
    """The picture where it need not be decoded, or only to one bit a sample; and its colour profile."""
    from PIL import Image, ImageOps

    with Image.open(path) as image:
        image.seek(number - 1)
        profile = _profile(image.info.get("icc_profile"))
        if number == 1 and (kept := _kept_jpeg(image, path, profile)):
            return kept, profile
        if image.mode != "1" or "transparency" in image.info:
            return None, profile
        ImageOps.exif_transpose(image, in_place=True)
        return _bilevel(image), profile


def _kept_jpeg(image: Any, path: Path, profile: tuple[int, bytes]) -> Picture | None:
    colours = {"L": 1, "RGB": 3}.get(image.mode)
    if image.format not in ("JPEG", "MPO") or colours is None:
        return None
    data = path.read_bytes()
    if not is_common(data):
        return None
    turned = image.getexif().get(_ORIENTATION, 1)
    orientation = turned if isinstance(turned, int) and 1 <= turned <= 8 else 1
    width, height = image.size
    return Picture(
        data,
        width,
        height,
        colours,
        8,
        "/DCTDecode",
        orientation=orientation,
        profile=profile[1] if profile[0] == colours else b"",
    )


def _lossless(pixels: Pixels, profile: tuple[int, bytes]) -> Picture:
    from PIL import Image

    first = pixels[:, :, 0]
    grey = all((pixels[:, :, channel] == first).all() for channel in (1, 2))
    if grey and ((first == 0) | (first == 255)).all():
        return _bilevel(Image.fromarray(first).convert("1"))
    colours = 1 if grey else 3
    data = _deflated(Image.fromarray(first if grey else pixels))
    height, width = first.shape
    parameters = {"Predictor": 15, "Colors": colours, "BitsPerComponent": 8, "Columns": width}
    kept = profile[1] if profile[0] == colours else b""
    return Picture(data, width, height, colours, 8, "/FlateDecode", parameters, profile=kept)


def _deflated(image: Any) -> bytes:
    """Samples as Flate data with PNG's prediction, which is how a PNG file holds them (PDF 32000-1, 7.4.4.4)."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=_LEVEL)
    return b"".join(data for kind, data in _chunks(buffer.getvalue()) if kind == b"IDAT")


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        yield kind, png[at + 8 : at + 8 + length]
        at += 12 + length


def _bilevel(image: Any) -> Picture:
    """Black and white, taken out of a TIFF file of one strip, in which set bits are ink as in facsimiles."""
    from PIL import Image

    width, height = image.size
    buffer = io.BytesIO()
    strip = (width + 7) // 8 * height
    image.point(_INVERTED).save(buffer, "TIFF", compression="group4", strip_size=strip)
    with Image.open(buffer) as tiff:
        tags = tiff.getexif()
        offset, length = tags[_STRIP_OFFSETS], tags[_STRIP_LENGTHS]
    data = buffer.getvalue()[offset : offset + length]
    return Picture(data, width, height, 1, 1, "/CCITTFaxDecode", {"K": -1, "Columns": width, "Rows": height})


def _profile(data: object) -> tuple[int, bytes]:
    """Components of an ICC profile and its bytes; (0, b"") for one that is missing, damaged or of another kind."""
    from PIL import ImageCms

    if not isinstance(data, bytes) or not data:
        return 0, b""
    try:
        space = ImageCms.ImageCmsProfile(io.BytesIO(data)).profile.xcolor_space.strip()
    except (OSError, ValueError, TypeError):
        return 0, b""
    components = {"GRAY": 1, "RGB": 3}.get(space, 0)
    return (components, data) if components else (0, b"")
