"""The whole way, with the real reader and engine, in processes of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PROGRAM = [sys.executable, "-c", "import sys; from docstation.cli.main import main; sys.exit(main())"]
TEXT = "Station reads the page"


def scan(path: Path, pages: int = 1) -> None:
    """An image file with a line of large print on each page."""
    from PIL import Image, ImageDraw, ImageFont

    drawn = []
    for number in range(1, pages + 1):
        image = Image.new("L", (1000, 400), 255)
        ImageDraw.Draw(image).text((60, 120), f"{TEXT} {number}", fill=0, font=ImageFont.load_default(60))
        drawn.append(image)
    drawn[0].save(path, save_all=pages > 1, append_images=drawn[1:], dpi=(150, 150))


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*PROGRAM, *arguments], cwd=folder, capture_output=True, check=False, timeout=120)


def test_a_scan_and_a_broken_file_end_as_text_and_a_typed_error(tmp_path):
    scan(tmp_path / "scan.png")
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7\nnothing")
    done = call(tmp_path, "ocr", "bad.pdf", "scan.png", "-o", "out", "-f", "md,txt,json", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == report["exit_code"] == 4
    assert [file["status"] for file in report["files"]] == ["failed", "ok"]
    assert TEXT in (tmp_path / "out" / "scan.md").read_text()
    assert b"error: " in done.stderr


def test_standard_input_gives_text_on_standard_output(tmp_path):
    scan(tmp_path / "scan.png")
    data = (tmp_path / "scan.png").read_bytes()
    done = subprocess.run([*PROGRAM, "ocr", "-", "-q"], input=data, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0
    assert TEXT in done.stdout.decode()
    assert done.stderr == b""


def test_an_interrupted_run_is_resumed_without_reading_kept_pages_again(tmp_path):
    scan(tmp_path / "book.tiff", pages=8)
    arguments = [*PROGRAM, "ocr", "book.tiff", "-o", "out", "-v", "--jobs", "1"]
    running = subprocess.Popen(arguments, cwd=tmp_path, stderr=subprocess.PIPE, env=os.environ)
    for line in running.stderr:
        if b"page 2" in line:
            break
    running.send_signal(signal.SIGINT)
    rest = running.stderr.read().decode()
    assert running.wait(60) == 130
    assert "--resume" in rest
    done = call(tmp_path, "ocr", "book.tiff", "-o", "out", "--resume", "--json")
    (file,) = json.loads(done.stdout)["files"]
    assert done.returncode == 0
    assert file["kept_pages"] >= 2
    assert [page["number"] for page in file["pages"]] == list(range(1, 9))
    assert sum(page["seconds"] is None for page in file["pages"]) == file["kept_pages"]
