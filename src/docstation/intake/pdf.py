"""PDF files through PDFium, a page at a time.

Maps user space to the page as a viewer shows it (/Rotate, CropBox, UserUnit), reads its text layer and its drawing,
and renders it with its form fields. Runs in worker processes only: PDFium parses untrusted bytes here.
"""

from __future__ import annotations

import ctypes
import math
import mmap
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from docstation.document.geometry import Affine
from docstation.errors import BrokenFile, PasswordError, TooLarge, UnsupportedFormat
from docstation.intake.limits import Limits
from docstation.intake.page import Pixels, RawPage, TextLayerReading
from docstation.intake.pdf_drawing import read_drawing
from docstation.intake.pdf_text import read_words
from docstation.intake.pdfium import address
from docstation.intake.sniff import PDF
from docstation.messages.marking import N_

_BAD_PASSWORD = 4
_UNSUPPORTED_SECURITY = 5
_SLACK = 1.02
_COVERING = 0.8
"""Share of a page that its picture covers if the page is a scan."""
_MOST_IMAGES = 8
_SMALLEST = 1.0
"""Points: what PDFium gives as a page's side is at least this for us."""


class PdfSource:
    """An open PDF; see `docstation.intake.opening.PageSource`."""

    media_type = PDF

    def __init__(self, path: Path, *, name: str, password: str | None, limits: Limits) -> None:
        """Open the file.

        Raises:
            PasswordError: it is locked and there is no `password`, or a wrong one.
            BrokenFile: PDFium cannot read it, or it has no page.
            UnsupportedFormat: locked in a way that no password opens here.
            TooLarge: more pages than the limit.
        """
        self.name = name
        self.limits = limits
        self._document = _load(path, name, password)
        self.page_count = len(self._document)
        if self.page_count == 0:
            self._document.close()
            raise BrokenFile(name=name)
        if self.page_count > limits.pages:
            self._document.close()
            raise TooLarge(N_("{name} has more than {limit} pages."), name=name, limit=limits.pages)
        self._units = _UserUnits(path, password)
        self._number = 0
        self._page: Any = None

    def raw(self, number: int) -> RawPage:
        """Size, text layer and drawing of page `number`."""
        page = self._open(number)
        to_page, (width, height) = self._frame(page, number)
        found = read_drawing(address(page.raw), to_page, (width, height), cap=self.limits.page_objects)
        layer = self._layer(page, to_page, (width, height))
        if found.text_hidden and layer.words and not layer.invisible:
            layer = TextLayerReading(layer.words, True, layer.unmapped_share, layer.turn)
        return RawPage(number, width, height, layer, found.drawing)

    def render(self, number: int, scale: float) -> Pixels:
        """The page at `scale` pixels per point, form fields drawn, on white."""
        page = self._open(number)
        unit = self._units.of(number)
        _, (width, height) = self._frame(page, number)
        too_many = width * height * scale * scale > self.limits.page_pixels * _SLACK
        if too_many or max(width, height) * scale > self.limits.page_side * _SLACK:
            raise TooLarge(N_("Page {page} of {name} is too large to be drawn."), name=self.name, page=number)
        try:
            bitmap = page.render(scale=scale * unit, rev_byteorder=True, may_draw_forms=True)
        except _pdfium_errors() as error:
            raise _broken_page(self.name, number) from error
        try:
            pixels: Pixels = _as_rgb(bitmap.to_numpy())
        finally:
            bitmap.close()
        return pixels

    def native_scale(self, number: int) -> float:
        """Pixels per point of the one picture that covers a scanned page; 0 for every other page."""
        import pypdfium2

        page = self._open(number)
        _, (width, height) = self._frame(page, number)
        kinds = [pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]
        images = list(islice(page.get_objects(filter=kinds, max_depth=3), _MOST_IMAGES))
        if len(images) != 1:
            return 0.0
        try:
            pixels = images[0].get_px_size()
            left, bottom, right, top = images[0].get_bounds()
        except _pdfium_errors():
            return 0.0
        unit = self._units.of(number)
        covered = (right - left) * (top - bottom) * unit * unit
        return math.sqrt(pixels[0] * pixels[1] / covered) if covered >= _COVERING * width * height else 0.0

    def close(self) -> None:
        """Close the page and the file."""
        self._close_page()
        self._document.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self, number: int) -> Any:
        if number != self._number or self._page is None:
            self._close_page()
            try:
                self._page = self._document[number - 1]
            except _pdfium_errors() as error:
                raise _broken_page(self.name, number) from error
            self._number = number
        return self._page

    def _close_page(self) -> None:
        if self._page is not None:
            self._page.close()
            self._page = None

    def _frame(self, page: Any, number: int) -> tuple[Affine, tuple[float, float]]:
        """User space → points of the shown page, and the shown page's size."""
        left, bottom, right, top = page_box(page)
        width, height = max(right - left, _SMALLEST), max(top - bottom, _SMALLEST)
        unit = self._units.of(number)
        upright = Affine(1, 0, -left, 0, -1, top)
        turned = upright.then(Affine.quarter_turns(page.get_rotation(), width, height)).then(Affine.scaling(unit))
        if page.get_rotation() % 180:
            width, height = height, width
        return turned, (width * unit, height * unit)

    def _layer(self, page: Any, to_page: Affine, size: tuple[float, float]) -> TextLayerReading:
        try:
            text_page = page.get_textpage()
        except _pdfium_errors() as error:
            raise _broken_page(self.name, self._number) from error
        try:
            count = min(text_page.count_chars(), self.limits.characters)
            return read_words(address(text_page.raw), count, to_page, size)
        finally:
            text_page.close()


def page_box(page: Any) -> tuple[float, float, float, float]:
    """(left, bottom, right, top) of what PDFium shows of a page, in its user space."""
    from pypdfium2 import raw

    box = raw.FS_RECTF()
    if raw.FPDF_GetPageBoundingBox(page, ctypes.byref(box)):
        values = (box.left, box.bottom, box.right, box.top)
        if all(map(math.isfinite, values)):
            return values
    width, height = page.get_size()
    return 0.0, 0.0, width, height


def _load(path: Path, name: str, password: str | None) -> Any:
    import pypdfium2

    # PDFium goes on reporting its last error, and a file without a page sets none of its own: without this loading of
    # nothing, such a file would be called locked where the one before it was.
    pypdfium2.raw.FPDF_LoadMemDocument64(b"", 0, None)
    try:
        document = pypdfium2.PdfDocument(path, password=password)
    except pypdfium2.PdfiumError as error:
        code = getattr(error, "err_code", None)
        if code == _BAD_PASSWORD:
            raise _locked(name, password) from error
        if code == _UNSUPPORTED_SECURITY:
            raise UnsupportedFormat(name=name) from error
        raise BrokenFile(name=name) from error
    if document.get_formtype():
        try:
            document.init_forms()
            # A viewer tints fields that one may fill in; on paper they have no colour.
            pypdfium2.raw.FPDF_SetFormFieldHighlightAlpha(document.formenv.raw, 0)
        except pypdfium2.PdfiumError:
            # XFA needs a build of PDFium that is not ours; the static page is read without its fields.
            return document
    return document


def _locked(name: str, password: str | None) -> PasswordError:
    if not password:
        return PasswordError(N_("{name} is protected: a password is needed."), name=name)
    remedy = N_("Check the password in --password or in the variable DOCSTATION_PASSWORD.")
    return PasswordError(N_("The password given for {name} is wrong."), name=name, remedy=remedy)


def _pdfium_errors() -> tuple[type[Exception], ...]:
    import pypdfium2

    return (pypdfium2.PdfiumError, ValueError)


def _as_rgb(image: Any) -> Pixels:
    import numpy as np

    if image.ndim == 2 or image.shape[2] == 1:
        grey = image.reshape(image.shape[:2])
        return np.repeat(grey[:, :, None], 3, axis=2)
    return np.array(image[:, :, :3], dtype=np.uint8, order="C")


def _broken_page(name: str, number: int) -> BrokenFile:
    return BrokenFile(N_("Page {page} of {name} is damaged."), name=name, page=number)


class _UserUnits:
    """The /UserUnit of each page (PDF 32000-1, 14.11.2), which PDFium ignores; 1 for nearly every file.

    The file is searched for the key first, so that the second parser is only loaded where it occurs. A file whose
    page dictionaries are compressed hides it; its pages then count in plain units, in themselves consistent.
    """

    def __init__(self, path: Path, password: str | None) -> None:
        self._units = _user_units(path, password) if _contains(path, b"/UserUnit") else ()

    def of(self, number: int) -> float:
        return self._units[number - 1] if number <= len(self._units) else 1.0


def _contains(path: Path, text: bytes) -> bool:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return data.find(text) >= 0


def _user_units(path: Path, password: str | None) -> tuple[float, ...]:
    import pikepdf

    try:
        with pikepdf.open(path, password=password or "") as document:
            return tuple(_sane_unit(page.obj.get("/UserUnit", 1)) for page in document.pages)
    except (pikepdf.PdfError, ValueError):
        return ()


def _sane_unit(value: Any) -> float:
    try:
        unit = float(value)
    except (TypeError, ValueError):
        return 1.0
    return unit if 0.01 <= unit <= 10_000 else 1.0
