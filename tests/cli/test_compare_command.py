"""``docstation compare`` through the real service: two readings, the station switched and brought back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from run_samples import text_pdf
from service_process import ServiceProcess, service_process

from docstation.bootstrap.comparing import compare_models
from docstation.bootstrap.comparison_report import comparison_to_html, score_lines
from docstation.bootstrap.switching import serving, switch_and_wait
from docstation.errors import DocStationError, UsageError
from docstation.evaluation.differing import compare_documents

COMMAND = str(Path(sys.executable).with_name("docstation"))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with service_process(tmp_path_factory.mktemp("service"), "--idle") as made:
        yield made


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    return text_pdf(tmp_path / "text.pdf", 2)


def run(service: ServiceProcess, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "compare", *words], env=service.environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_two_models_read_the_same_pages_and_nothing_serves_afterwards(service, paper, tmp_path):
    report = tmp_path / "out.html"
    done = run(service, str(paper), "--models", "embedded,dots-ocr", "--pages", "2", "-o", str(report), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [told[side]["model"] for side in ("first", "second")] == ["embedded", "dots-ocr"]
    assert [page["number"] for page in told["pages"]] == [2]
    assert "".join(piece["first"] for piece in told["pages"][0]["pieces"]).startswith("Layer of page 2"[:5])
    assert "Switching to dots-ocr" in done.stderr
    assert serving(service.client) == ()
    text = report.read_text()
    assert text.startswith("<!DOCTYPE html>")
    assert "dots-ocr" in text
    # What the client is told of the same two documents is the same.
    ids = [told[side]["document"] for side in ("first", "second")]
    again = service.client.compare(*ids)
    assert again.scores.words == told["scores"]["words"]
    assert [len(page.pieces) for page in again.pages] == [len(page["pieces"]) for page in told["pages"]]


def test_what_served_before_serves_again_also_after_a_failure(service, tmp_path, paper):
    client = service.client
    assert switch_and_wait(client, "dots-ocr") == ("dots-ocr",)
    (broken := tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    with pytest.raises(DocStationError):
        compare_models(client, broken, ["qwen3-vl", "embedded"])
    assert serving(client) == ("dots-ocr",)
    compared = compare_models(client, paper, ["qwen3-vl", "embedded"])
    assert serving(client) == ("dots-ocr",)
    assert len(compared.pages) == 2
    assert next(score_lines(compared)).startswith("qwen3-vl")


@pytest.mark.parametrize("models", ["dots-ocr", "embedded,embedded", "a,b,c", ","])
def test_two_models_are_needed(service, paper, models):
    with pytest.raises(UsageError):
        compare_models(service.client, paper, models.split(","))


def test_a_model_that_is_not_known_changes_nothing(service, paper):
    before = serving(service.client)
    with pytest.raises(UsageError):
        compare_models(service.client, paper, ["embedded", "nothing"])
    assert serving(service.client) == before


def test_the_report_runs_nothing_of_what_was_read(service, paper, tmp_path):
    compared = compare_models(service.client, paper, ["embedded", "dots-ocr"], pages="1")
    evil = "<script>alert(1)</script>\x00"
    page = compared.first.read.pages[0]
    block = replace(page.blocks[0], text=evil, lines=())
    read = replace(compared.first.read, pages=(replace(page, blocks=(block,)),))
    shown = replace(compared, pages=compare_documents(read, compared.second.read))
    html = comparison_to_html(f"{evil}.pdf", shown)
    assert "<script" not in html
    assert "\x00" not in html
