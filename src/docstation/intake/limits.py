"""How much a file may ask of us: the one place that bounds bytes, pixels, pages, time and memory of untrusted input.

Everything in intake takes a `Limits` and refuses, reduces or kills at its bounds; nothing here acts by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for one run.

    Attributes:
        file_bytes: size of one input file, unpacked.
        page_pixels: pixels of one rendered page; a larger page is rendered at a smaller scale.
        page_side: longest side of a rendered page in pixels (Tesseract and OpenCV address at most 32,767).
        image_pixels: pixels that an image file may decode to; more is refused before decoding. A one-bit or grey
            image may have as many pixels as this many bytes times three hold.
        pages: pages of one file.
        archive_members: entries of one archive.
        archive_bytes: sum of unpacked sizes of one archive.
        archive_ratio: unpacked to packed size of one archive member, checked from one megabyte on.
        page_seconds: work on one page.
        open_seconds: opening a file and counting its pages.
        start_seconds: start of a worker with its models.
        convert_seconds: conversion of an office file.
        worker_bytes: resident memory of a worker process.
        page_objects: drawing objects of a page that are looked at; the rest is drawn, but not examined.
        characters: characters of a page's text layer that are read.
    """

    file_bytes: int = 1024 * MEGABYTE
    page_pixels: int = 36_000_000
    page_side: int = 30_000
    image_pixels: int = 150_000_000
    pages: int = 10_000
    archive_members: int = 5_000
    archive_bytes: int = 4096 * MEGABYTE
    archive_ratio: float = 200.0
    page_seconds: float = 120.0
    open_seconds: float = 30.0
    start_seconds: float = 60.0
    convert_seconds: float = 180.0
    worker_bytes: int = 1_400_000_000
    page_objects: int = 20_000
    characters: int = 200_000
