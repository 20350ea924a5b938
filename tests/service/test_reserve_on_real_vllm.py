"""A page that one real vLLM makes nothing of is read by another: the station switches there and back by itself."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from programmed_page import DPI, PLACES, layout, scan
from real_vllm import DOTS_OCR, TinyModel
from running_service import COMMAND, eventually
from vllm_cpu import tiny_models as builder
from vllm_service import vllm_service

from docstation.station.canary import LINES, ROWS, TITLE

RESERVE = TinyModel("dots-mocr", "rednote-hilab/dots.mocr", DOTS_OCR.flags)


@pytest.mark.vllm
@pytest.mark.slow
def test_the_real_reserve_reads_what_the_real_active_model_does_not(vllm_python: Path, tmp_path: Path) -> None:
    models, home = tmp_path / "models", tmp_path / "home"
    home.mkdir()
    # Enough for the canary, and no layout.
    builder.build_dots_ocr(models / DOTS_OCR.folder, builder.qwen3_answer(TITLE, LINES, ROWS))
    builder.build_dots_ocr(models / RESERVE.folder, layout())
    catalogue = DOTS_OCR.entry("dots-ocr", models) + RESERVE.entry("dots-mocr", models)
    with vllm_service(vllm_python, home, catalogue) as served:
        line = [COMMAND, "ocr", str(scan(tmp_path / "page.pdf")), "--service", "--json", "-f", "json"]
        line += ["--dpi", str(DPI), "--reserve", "dots-mocr"]
        done = subprocess.run(
            line, env=served.environment, cwd=home, capture_output=True, text=True, check=False, timeout=900
        )
        assert done.returncode == 0, done.stderr
        (file,) = json.loads(done.stdout)["files"]
        (page,) = json.loads(file["content"])["pages"]
        assert (page["status"], page["engine"]) == ("ok", RESERVE.served_name), page
        assert [block["category"] for block in page["blocks"]] == list(PLACES)
        assert [one["model"] for one in page["attempts"]][:: len(page["attempts"]) - 1] == [
            DOTS_OCR.served_name,
            RESERVE.served_name,
        ]
        eventually(lambda: served.serving() == ["dots-ocr"], "it does not go back", 500)
