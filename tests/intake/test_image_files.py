from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_opening import Open
from intake_pictures import HEIC, HEIGHT, WIDTH, corners, oriented, quarters, saved
from PIL import Image

from docstation.document.geometry import POINTS_PER_INCH
from docstation.errors import BrokenFile, TooLarge
from docstation.intake.limits import Limits
from docstation.intake.opening import fitting_scale, open_document

A4 = 595.28, 841.89

SHOWN = {1: "RGBW", 2: "GRWB", 3: "WBGR", 4: "BWRG", 5: "RBGW", 6: "BRWG", 7: "WGBR", 8: "GWRB"}
"""Corners in reading order after the turn or mirroring that each EXIF orientation asks for (TIFF 6.0, tag 274)."""


def palette_with_hole() -> Image.Image:
    """The quarters in a palette, the white one transparent over black."""
    image = quarters().quantize(4)
    hole = image.getpixel((WIDTH - 1, HEIGHT - 1))
    colours = image.getpalette() or []
    colours[3 * int(hole) : 3 * int(hole) + 3] = [0, 0, 0]
    image.putpalette(colours)
    image.info["transparency"] = hole
    return image


def black_for_white() -> Image.Image:
    image = quarters()
    image.paste("black", (WIDTH // 2, HEIGHT // 2, WIDTH, HEIGHT))
    return image


def see_through() -> Image.Image:
    image = quarters().convert("RGBA")
    image.paste((0, 0, 0, 0), (WIDTH // 2, HEIGHT // 2, WIDTH, HEIGHT))
    return image


def as_shown(opened: Open, path: Path, number: int = 1) -> np.ndarray[Any, Any]:
    source = opened(path)
    return source.render(number, source.native_scale(number))


@pytest.mark.parametrize(
    ("format", "image", "options"),
    [
        ("PNG", quarters(), {}),
        ("PNG", see_through(), {}),
        ("PNG", palette_with_hole(), {}),
        ("PNG", black_for_white(), {"transparency": (0, 0, 0)}),
        ("JPEG", quarters(), {"quality": 90}),
        ("JPEG", quarters(), {"quality": 90, "progressive": True}),
        ("JPEG", quarters().convert("CMYK"), {"quality": 90}),
        ("WEBP", quarters(), {"quality": 90}),
        ("WEBP", see_through(), {"lossless": True}),
        ("BMP", quarters(), {}),
        ("BMP", quarters().quantize(4), {}),
        ("GIF", quarters().quantize(4), {}),
        ("GIF", palette_with_hole(), {}),
        ("TIFF", quarters(), {}),
        ("TIFF", quarters(), {"compression": "tiff_lzw"}),
        ("TIFF", quarters(), {"compression": "jpeg"}),
        ("TIFF", quarters(), {"big_tiff": True}),
        ("TIFF", quarters().convert("CMYK"), {"compression": "tiff_adobe_deflate"}),
        ("TIFF", see_through(), {}),
        ("AVIF", quarters(), {"quality": 90}),
    ],
)
def test_every_format_shows_its_picture_on_white(
    tmp_path: Path, opened: Open, format: str, image: Image.Image, options: dict[str, Any]
) -> None:
    pixels = as_shown(opened, saved(image, tmp_path / "scan", format=format, **options))
    assert (pixels.shape, pixels.dtype) == ((HEIGHT, WIDTH, 3), np.uint8)
    assert corners(pixels) == "RGBW"


def test_heic_photos_are_read(tmp_path: Path, opened: Open) -> None:
    path = tmp_path / "photo.heic"
    path.write_bytes(HEIC)
    pixels = as_shown(opened, path)
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    assert corners(pixels) == "RGBW"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16", "I", "F"])
def test_grey_pictures_of_any_depth_keep_black_grey_and_white(tmp_path: Path, opened: Open, mode: str) -> None:
    ramp = np.linspace(0, 255, 256, dtype=np.uint8)[None, :].repeat(16, axis=0)
    if mode == "I;16":
        image = Image.fromarray(ramp.astype(np.uint16) * 257)
    elif mode == "I":
        image = Image.fromarray(ramp.astype(np.int32) * 257)
    elif mode == "F":
        image = Image.fromarray(ramp.astype(np.float32) / 255)
    else:
        image = Image.fromarray(ramp).convert(mode)
    assert image.mode == mode
    pixels = as_shown(opened, saved(image, tmp_path / "scan", format="TIFF"))
    assert pixels[:, 0].max() == 0
    assert pixels[:, 255].min() == 255
    assert 100 < pixels[:, 118:138].mean() < 156
    assert (pixels[..., 0] == pixels[..., 2]).all()


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_sixteen_bit_scans_are_not_washed_out(tmp_path: Path, opened: Open, format: str) -> None:
    dark = np.full((20, 20), 9_000, dtype=np.uint16)
    dark[:10] = 60_000
    pixels = as_shown(opened, saved(Image.fromarray(dark), tmp_path / "scan", format=format))
    assert abs(int(pixels[0, 0, 0]) - 233) <= 1
    assert abs(int(pixels[15, 0, 0]) - 35) <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
def test_pictures_come_upright(tmp_path: Path, opened: Open, format: str, orientation: int) -> None:
    path = oriented(tmp_path / "photo", orientation, format=format)
    turned = orientation in (5, 6, 7, 8)
    source = opened(path)
    before = source.raw(1)
    pixels = source.render(1, source.native_scale(1))
    assert corners(pixels) == SHOWN[orientation]
    assert pixels.shape == ((WIDTH, HEIGHT, 3) if turned else (HEIGHT, WIDTH, 3))
    assert (before.width < before.height) == turned
    assert source.raw(1) == before


@pytest.mark.parametrize("mode", ["1", "P", "RGBA", "CMYK"])
def test_a_turned_fax_or_palette_scan_comes_upright(tmp_path: Path, opened: Open, mode: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    image.paste("black", (0, 0, WIDTH // 2, HEIGHT // 2))
    pixels = as_shown(opened, saved(image.convert(mode), tmp_path / "fax", format="TIFF", exif=exif))
    assert pixels.shape == (WIDTH, HEIGHT, 3)
    assert pixels[10, -10].max() < 60
    assert pixels[10, 10].min() > 200


def test_a_nonsensical_orientation_is_ignored(tmp_path: Path, opened: Open) -> None:
    assert corners(as_shown(opened, oriented(tmp_path / "photo", 77, format="JPEG"))) == "RGBW"


def test_a_tiff_has_a_page_for_every_picture_whatever_their_sizes_and_kinds(tmp_path: Path, opened: Open) -> None:
    fax = Image.new("1", (1728, 1100), 1)
    fax.paste(0, (0, 0, 864, 550))
    pages = [fax, quarters(300, 200), Image.new("L", (200, 300), 90)]
    options = {"save_all": True, "append_images": pages[1:], "compression": "tiff_adobe_deflate", "dpi": (200, 200)}
    source = opened(saved(fax, tmp_path / "scans.tif", **options))
    assert source.page_count == 3
    for number in (3, 1, 2, 1):  # not only in order
        width, height = pages[number - 1].size
        raw = source.raw(number)
        assert raw.number == number
        assert (raw.width, raw.height) == pytest.approx((width * 0.36, height * 0.36))
        pixels = source.render(number, 200 / POINTS_PER_INCH)
        assert pixels.shape == (height, width, 3)
        assert pixels[5, 5].tolist() == [[0, 0, 0], [200, 0, 0], [90, 90, 90]][number - 1]


def test_fax_pages_are_read_in_their_own_compression(tmp_path: Path, opened: Open) -> None:
    fax = Image.new("1", (1728, 2200), 1)
    fax.paste(0, (100, 100, 900, 300))
    for compression in ("group3", "group4"):
        path = saved(fax, tmp_path / f"{compression}.tif", compression=compression, dpi=(204, 196))
        pixels = as_shown(opened, path)
        assert pixels.shape == (2200, 1728, 3)
        assert np.array_equal(pixels[..., 1] > 127, np.asarray(fax))


def test_a_fax_of_coarse_lines_has_the_shape_of_its_paper(tmp_path: Path, opened: Open) -> None:
    fax = Image.new("1", (1728, 1100), 1)
    fax.paste(0, (204, 98, 408, 196))  # one inch by one inch
    source = opened(saved(fax, tmp_path / "fax.tif", compression="group3", dpi=(204, 98)))
    raw = source.raw(1)
    assert (raw.width, raw.height) == pytest.approx((1728 / 204 * 72, 1100 / 98 * 72), abs=0.5)
    black = np.argwhere(source.render(1, 1.0)[..., 0] < 128)
    assert (black.max(axis=0) - black.min(axis=0)).tolist() == pytest.approx([72, 72], abs=2)


def test_every_frame_of_a_gif_is_a_page(tmp_path: Path, opened: Open) -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "lime", "blue")]
    path = saved(frames[0], tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    source = opened(path)
    assert source.page_count == 3
    shown = [source.render(number, source.native_scale(number))[15, 20].tolist() for number in (1, 2, 3)]
    assert shown == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]


def test_further_pictures_inside_a_photo_are_no_pages(tmp_path: Path, opened: Open) -> None:
    path = saved(quarters(), tmp_path / "photo.jpg", format="MPO", save_all=True, append_images=[quarters(20, 10)])
    source = opened(path)
    assert source.page_count == 1
    assert corners(source.render(1, source.native_scale(1))) == "RGBW"


@pytest.mark.parametrize(
    ("pixels", "claimed", "points"),
    [
        ((1240, 1754), 150, (595.2, 841.9)),
        ((2480, 3508), 300, (595.2, 841.9)),
        ((1240, 1754), None, (595.2, 842)),
        ((3000, 4000), 72, (631.5, 842)),
        ((3000, 4000), 96, (631.5, 842)),
        ((595, 842), 72, (595, 842)),
        ((300, 200), 96, (225, 150)),
        ((1240, 1754), 10, (595.2, 842)),
        ((1240, 1754), 30_000, (595.2, 842)),
        ((4961, 7016), 300, (1190.6, 1683.8)),
        ((9000, 12000), 150, (631.5, 842)),
        ((200, 100), 600, (842, 421)),
        ((600, 2100), None, (240.6, 842)),
        ((1080, 35_000), None, (226.8, 7349)),
    ],
)
def test_a_page_has_the_size_that_its_resolution_means_or_that_of_paper(
    tmp_path: Path, opened: Open, pixels: tuple[int, int], claimed: int | None, points: tuple[float, float]
) -> None:
    options = {} if claimed is None else {"dpi": (claimed, claimed)}
    raw = opened(saved(Image.new("1", pixels, 1), tmp_path / "scan.png", **options)).raw(1)
    assert (raw.width, raw.height) == pytest.approx(points, abs=0.6)
    assert (raw.layer.words, raw.drawing.images, raw.drawing.rulings) == ((), (), ())


@pytest.mark.parametrize("dpi", [(0, 0), (-5, -5), (300, 3), (300, 0)])
def test_a_resolution_without_sense_is_as_none(tmp_path: Path, opened: Open, dpi: tuple[float, float]) -> None:
    path = saved(Image.new("L", (1240, 1754), 255), tmp_path / "scan.bmp")
    content = bytearray(path.read_bytes())
    content[38:46] = b"".join(round(value * 39.37).to_bytes(4, "little", signed=True) for value in dpi)
    path.write_bytes(content)
    raw = opened(path).raw(1)
    assert (raw.width, raw.height) == pytest.approx((595.2, 842), abs=0.6)


def test_a_drawn_page_does_not_change_what_the_file_says(tmp_path: Path, opened: Open) -> None:
    path = saved(quarters(2480, 3508), tmp_path / "scan.jpg", dpi=(300, 300))
    source = opened(path)
    assert source.render(1, 0.5).shape == (421, 298, 3)
    assert (round(source.raw(1).width), round(source.raw(1).height)) == (595, 842)
    assert source.native_scale(1) == pytest.approx(300 / 72)
    full = source.render(1, 300 / 72)
    assert full.shape == (3508, 2480, 3)
    assert np.array_equal(full, opened(path).render(1, 300 / 72))


@settings(max_examples=40, deadline=None)
@given(st.floats(0.01, 1.5), st.integers(1, 8), st.sampled_from(["JPEG", "PNG", "TIFF"]))
def test_a_raster_has_the_pixels_that_were_asked_for(
    tmp_path_factory: pytest.TempPathFactory, scale: float, orientation: int, format: str
) -> None:
    path = oriented(tmp_path_factory.mktemp("scale") / "photo", orientation, format=format)
    with open_document(path, name="photo", limits=Limits()) as source:
        raw = source.raw(1)
        pixels = source.render(1, scale)
    assert pixels.shape[1] == pytest.approx(raw.width * scale, abs=1)
    assert pixels.shape[0] == pytest.approx(raw.height * scale, abs=1)


def test_a_page_of_35000_pixels_is_drawn_legibly_within_the_limits(tmp_path: Path, opened: Open) -> None:
    strip = Image.new("L", (720, 35_000), 255)
    strip.paste(0, (0, 34_900, 720, 35_000))
    source = opened(saved(strip, tmp_path / "strip.png"))
    raw, limits = source.raw(1), Limits()
    with pytest.raises(TooLarge):
        source.render(1, source.native_scale(1))
    scale = fitting_scale(raw.width, raw.height, 300 / POINTS_PER_INCH, limits)
    pixels = source.render(1, scale)
    assert pixels.shape[0] == pytest.approx(limits.page_side, abs=1)
    assert pixels.shape[1] > 600
    assert pixels[-20:].max() == 0


@pytest.mark.parametrize("mode", ["RGB", "L", "1"])
def test_a_pixel_bomb_is_refused_by_its_header(tmp_path: Path, mode: str) -> None:
    # A PNG whose header claims a huge picture; there are no pixels behind it, so nothing can have been decoded.
    path = saved(Image.new(mode, (8, 8)), tmp_path / "bomb.png")
    content = bytearray(path.read_bytes())
    content[16:24] = (60_000).to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    path.write_bytes(content)
    with pytest.raises(TooLarge) as caught:
        open_document(path, name="bomb.png", limits=Limits())
    assert caught.value.fields["name"] == "bomb.png"


def test_a_bilevel_scan_may_have_as_many_pixels_as_its_bytes_allow(tmp_path: Path, opened: Open) -> None:
    limits = Limits(image_pixels=40_000)
    assert opened(saved(Image.new("1", (400, 300), 1), tmp_path / "a.png"), limits=limits).page_count == 1
    for mode, size in (("1", (400, 301)), ("RGB", (200, 201)), ("L", (400, 301))):
        with pytest.raises(TooLarge):
            opened(saved(Image.new(mode, size), tmp_path / "b.png"), limits=limits)


def test_a_bomb_on_a_later_page_does_not_stop_the_others(tmp_path: Path, opened: Open) -> None:
    pages = [quarters(), Image.new("RGB", (900, 900)), quarters(30, 20)]
    path = saved(pages[0], tmp_path / "a.tif", save_all=True, append_images=pages[1:], compression="tiff_adobe_deflate")
    source = opened(path, limits=Limits(image_pixels=100_000))
    for number, width in ((1, WIDTH), (3, 30), (1, WIDTH)):
        with pytest.raises(TooLarge):
            source.raw(2)
        pixels = source.render(number, source.native_scale(number))
        assert corners(pixels) == "RGBW"
        assert pixels.shape[1] == width


def test_more_frames_than_pages_allowed_are_refused(tmp_path: Path, opened: Open) -> None:
    path = saved(quarters(), tmp_path / "a.tif", save_all=True, append_images=[quarters()] * 3)
    assert opened(path, limits=Limits(pages=4)).page_count == 4
    with pytest.raises(TooLarge, match="more than 3 pages"):
        opened(path, limits=Limits(pages=3))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "AVIF", "HEIC"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_a_truncated_file_is_broken(tmp_path: Path, format: str, share: float) -> None:
    path = tmp_path / "scan"
    if format == "HEIC":
        path.write_bytes(HEIC)
    else:
        noise = np.random.default_rng(1).integers(0, 255, (90, 120, 3), dtype=np.uint8)
        saved(Image.fromarray(noise), path, format=format)
    whole = path.read_bytes()
    path.write_bytes(whole[: max(int(len(whole) * share), 24)])
    with pytest.raises(BrokenFile) as caught, open_document(path, name="scan", limits=Limits()) as source:
        source.render(1, source.native_scale(1))
    assert caught.value.fields["name"] == "scan"


def test_the_pages_before_a_damaged_one_are_read(tmp_path: Path, opened: Open) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (60, 80, 3), dtype=np.uint8))
    path = saved(noise, tmp_path / "a.tif", save_all=True, append_images=[noise])
    path.write_bytes(path.read_bytes()[:-2_000])
    source = opened(path)
    assert np.array_equal(source.render(1, source.native_scale(1)), np.asarray(noise))
    with pytest.raises(BrokenFile, match=r"Page 2 of a\.tif"):
        source.render(2, source.native_scale(2))
