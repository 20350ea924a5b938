"""Image files as pages: PNG, JPEG, WebP, BMP, GIF and TIFF (all frames), HEIC and AVIF, through Pillow.

A frame becomes an upright RGB raster on white. Size in points comes from the file's resolution where that gives a
page that one can hold, else from a guess. Runs in worker processes only: decoders work on untrusted bytes here.
"""

from __future__ import annotations

import math
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from docstation.document.geometry import POINTS_PER_INCH
from docstation.errors import BrokenFile, InputError, TooLarge
from docstation.intake.limits import Limits
from docstation.intake.page import Pixels, RawPage
from docstation.messages.marking import N_

_PAPER_LONG_SIDE = 842.0
"""Points: the long side of A4, which a page of unknown size is taken for."""
_ROLL_WIDTH = 80.0 / 25.4 * POINTS_PER_INCH
"""Points: no page of unknown size is narrower than a till roll, however long: receipts, long screenshots."""
_SQUARE, _OBLONG = 1.1, 2.5
"""Resolutions across and down that differ less are one; those that differ more are nonsense. Faxes have 204 x 98."""
_SHORTEST_SIDE, _LONGEST_SIDE = 2.0 / 2.54 * POINTS_PER_INCH, 60.0 / 2.54 * POINTS_PER_INCH
_FEWEST_DOTS = 50.0
_SLACK = 1.02
_ORIENTATION = 0x0112
_TRANSPOSED = frozenset({5, 6, 7, 8})
_SCREEN_DPI = frozenset({72, 96})
_BYTES_PER_PIXEL = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}


class ImageSource:
    """An open image file; see `docstation.intake.opening.PageSource`."""

    def __init__(self, path: Path, *, name: str, media_type: str, limits: Limits) -> None:
        """Open the file and look at its header; nothing is decoded yet.

        Raises:
            BrokenFile: Pillow cannot read it.
            TooLarge: more pixels or frames than the limits.
        """
        self.name = name
        self.media_type = media_type
        self._path = path
        self.limits = limits
        self._image = _opened(path, name)
        self._number = 0
        self._shown = (0, 0)
        self._scale = 1.0
        try:
            self.page_count = self._count_frames()
            self._check_pixels()
        except InputError:
            self.close()
            raise

    def raw(self, number: int) -> RawPage:
        """Size of page `number`; images have neither text layer nor drawing."""
        self._seek(number)
        width, height = self._shown
        return RawPage(number, width / self._scale, height / self._scale)

    def native_scale(self, number: int) -> float:
        """Pixels per point at which the image is stored."""
        self._seek(number)
        return self._scale

    def render(self, number: int, scale: float) -> Pixels:
        """The image, resampled to `scale` pixels per point."""
        self._seek(number)
        width, height = self._shown
        factor = scale / self._scale
        size = max(round(width * factor), 1), max(round(height * factor), 1)
        if size[0] * size[1] > self.limits.page_pixels * _SLACK or max(size) > self.limits.page_side * _SLACK:
            raise TooLarge(N_("Page {page} of {name} is too large to be drawn."), name=self.name, page=number)
        return _resampled(self._decoded(number, size), size)

    def close(self) -> None:
        """Close the file."""
        self._image.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _count_frames(self) -> int:
        if self.media_type == "image/jpeg":
            return 1  # the further pictures in one (MPO) are previews, depth maps and the other eye's view, not pages
        with _translated(BrokenFile(name=self.name)):
            count: int = getattr(self._image, "n_frames", 1)
        if count > self.limits.pages:
            raise TooLarge(N_("{name} has more than {limit} pages."), name=self.name, limit=self.limits.pages)
        return count

    def _seek(self, number: int) -> None:
        """Go to the frame and note its size and scale; decoding changes what Pillow says of them."""
        if number == self._number:
            return
        self._number = 0  # at no known frame, should it fail
        with _translated(_broken_page(self.name, number)):
            self._image.seek(number - 1)
            self._check_pixels()
            self._shown, self._scale = _frame(self._image)
        self._number = number

    def _check_pixels(self) -> None:
        width, height = self._image.size
        if width * height * _BYTES_PER_PIXEL.get(self._image.mode, 3) > self.limits.image_pixels * 3:
            raise TooLarge(name=self.name)

    def _decoded(self, number: int, wanted: tuple[int, int]) -> Any:
        """The frame as an upright RGB or grey Pillow image; a JPEG is decoded smaller where that suffices."""
        with _translated(_broken_page(self.name, number)):
            if self._image.format != "JPEG":
                return _upright(self._image)
            # A JPEG is opened anew: one that was decoded smaller cannot be decoded larger any more.
            with _opened(self._path, self.name) as image:
                image.draft(None, (max(wanted), max(wanted)))
                return _upright(image)


def _opened(path: Path, name: str) -> Any:
    from PIL import Image

    # Our own limits are checked before anything is decoded; Pillow's would only warn.
    Image.MAX_IMAGE_PIXELS = None
    with _translated(BrokenFile(name=name)):
        _register_heif()
        return Image.open(path)


@contextmanager
def _translated(broken: BrokenFile) -> Iterator[None]:
    """What Pillow raises, as errors of ours; memory runs out where a damaged length asks for all there is."""
    try:
        yield
    except MemoryError as error:
        raise TooLarge(name=broken.fields["name"]) from error
    except _decoding_errors() as error:
        raise broken from error


def _register_heif() -> None:
    import pi_heif

    pi_heif.register_heif_opener()


def _decoding_errors() -> tuple[type[Exception], ...]:
    """What Pillow's plugins raise on damaged files: there is no common class."""
    from PIL import Image

    return (
        OSError, ValueError, SyntaxError, EOFError, TypeError, KeyError, IndexError, ArithmeticError, AttributeError,
        RuntimeError, struct.error, Image.DecompressionBombError,
    )  # fmt: skip


def _orientation(image: Any) -> int:
    """The EXIF orientation, 1 to 8, that is left to us; 1 where there is none or it makes no sense."""
    if image.format == "TIFF":
        return 1  # Pillow turns these itself
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except _decoding_errors():
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _frame(image: Any) -> tuple[tuple[int, int], float]:
    """(width, height) of the frame as shown, in square pixels, and how many of them make a point."""
    width, height = image.size
    across, down = _claimed_resolution(image)
    if _orientation(image) in _TRANSPOSED:
        width, height, across, down = height, width, down, across
    if across > _SQUARE * down:
        height, down = round(height * across / down), across
    elif down > _SQUARE * across:
        width, across = round(width * down / across), down
    return (width, height), _dots_per_inch((across + down) / 2, width, height) / POINTS_PER_INCH


def _dots_per_inch(claimed: float, width: int, height: int) -> float:
    """The stored resolution where it makes a page of 2 to 60 cm, else one that makes the long side that of A4.

    A claim of 72 or 96 dots is what cameras and screen tools write without meaning it: it is believed only where
    the page comes out no larger than A4.
    """
    short, long = sorted((width, height))
    guessed = min(long / _PAPER_LONG_SIDE, short / _ROLL_WIDTH) * POINTS_PER_INCH
    if claimed < _FEWEST_DOTS:
        return guessed
    if round(claimed) in _SCREEN_DPI and claimed < guessed:
        return guessed
    side_short, side_long = (side / claimed * POINTS_PER_INCH for side in (short, long))
    return claimed if side_short >= _SHORTEST_SIDE and side_long <= _LONGEST_SIDE else guessed


def _claimed_resolution(image: Any) -> tuple[float, float]:
    """Dots per inch (across, down) that the file names, 1.0 twice where it names none that make sense."""
    claim = image.info.get("dpi")
    try:
        x, y = (float(value) for value in claim)
    except (TypeError, ValueError, ZeroDivisionError):
        return 1.0, 1.0
    if not (math.isfinite(x) and math.isfinite(y)) or min(x, y) <= 0 or max(x, y) > _OBLONG * min(x, y):
        return 1.0, 1.0
    return x, y


def _upright(image: Any) -> Any:
    from PIL import ImageOps

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image.load()
        return ImageOps.exif_transpose(_on_white(image))


def _on_white(image: Any) -> Any:
    """8-bit grey or RGB, transparency laid on white, 16 bits scaled down; the EXIF block is kept."""
    from PIL import Image

    if image.mode in ("RGB", "L") and "transparency" not in image.info:
        return image
    exif = image.getexif()
    if image.mode.startswith(("I", "F")):
        made = _eight_bits(image)
    elif image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        colours = image.convert("RGBA")
        made = Image.new("RGB", image.size, (255, 255, 255))
        made.paste(colours, mask=colours.getchannel("A"))
    elif image.mode == "1":
        made = image.convert("L")
    else:
        made = image.convert("RGB")
    made.info["exif"] = exif.tobytes() if len(exif) else b""
    return made


def _eight_bits(image: Any) -> Any:
    import numpy as np
    from PIL import Image

    values = np.asarray(image, dtype=np.float32)
    top = 65535.0 if image.mode.startswith("I;16") or values.max(initial=0) > 255 else 255.0
    if values.max(initial=0) <= 1.0:
        top = 1.0
    return Image.fromarray(np.clip(values * (255.0 / top), 0, 255).astype(np.uint8))


def _resampled(image: Any, size: tuple[int, int]) -> Pixels:
    import numpy as np
    from PIL import Image

    if image.size != size:
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    pixels: Pixels = np.ascontiguousarray(np.asarray(image.convert("RGB"), dtype=np.uint8))
    return pixels


def _broken_page(name: str, number: int) -> BrokenFile:
    return BrokenFile(N_("Page {page} of {name} is damaged."), name=name, page=number)
