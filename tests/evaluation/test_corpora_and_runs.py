from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from docstation.document import codec
from docstation.document.model import Block, Category, Document, Page, Source
from docstation.document.table import Table
from docstation.document.text import Line
from docstation.errors import BrokenFile, NotFound, UsageError
from docstation.evaluation.cases import Case, Truth
from docstation.evaluation.comparing import compare
from docstation.evaluation.corpus import cases
from docstation.evaluation.evaluate import evaluate
from docstation.evaluation.layer_truth import prose_language
from docstation.evaluation.peers import tesseract, text_layer
from docstation.evaluation.rasters import opened, save
from docstation.evaluation.reading import Reading, one_by_one
from docstation.evaluation.report import changes, report
from docstation.evaluation.runs import from_json, perform, to_json
from docstation.evaluation.scoring import Metric, score
from docstation.testing.business import Kind, draw
from docstation.testing.contract import contract
from docstation.testing.degrade import rasterised
from docstation.testing.report import report as drawn_report

GOOD_HIGH = (Metric.WORD_F1, Metric.TEDS, Metric.TEDS_S, Metric.CELL_F1)
GOOD_LOW = (Metric.CER, Metric.CER_PLACED, Metric.WER, Metric.LOOK_ALIKES, Metric.TEXT_EDIT, Metric.ORDER_EDIT)


def _document(page) -> Document:
    return Document(Source("x", "", "", 1), (page,))


def test_the_truth_itself_scores_full_marks():
    for kind in (Kind.UPD, Kind.PAYMENT):
        drawn = draw(kind, 1)
        case = Case("x", "x", Path("x.png"), Truth.of_page(drawn.pages[0]))
        scores = score(case, drawn.document)
        assert all(scores[metric].value == 0 for metric in GOOD_LOW), scores
        assert all(scores[metric].value == pytest.approx(1) for metric in GOOD_HIGH if metric in scores), scores


def test_a_file_that_was_not_read_scores_as_an_empty_page():
    case = Case("x", "x", Path("x.png"), Truth.of_page(draw(Kind.ACT, 1).pages[0]))
    scores = score(case, None)
    assert scores[Metric.CER].value == scores[Metric.CER_PLACED].value == 1
    assert scores[Metric.TEDS].value == scores[Metric.WORD_F1].value == 0


def test_generated_pages_come_in_all_conditions(tmp_path):
    found = list(cases("generated:5:4", tmp_path))
    assert [case.kind for case in found] == [
        "business-clean", "business-scanned", "business-photographed", "business-stamped",
    ]  # fmt: skip
    for case in found:
        with opened(case.path) as source:
            raw = source.raw(1)
        assert case.truth.lines
        assert all(line.box.x1 <= raw.width and line.box.y1 <= raw.height for line in case.truth.lines)


@pytest.mark.parametrize("spec", ["generated:1", "generated:a:2", "generated:1:2:3"])
def test_wrong_names_of_generated_corpora_are_refused(spec, tmp_path):
    with pytest.raises(UsageError):
        list(cases(spec, tmp_path))


def test_missing_folders_and_engines_are_named(tmp_path):
    with pytest.raises(NotFound):
        list(cases(str(tmp_path / "none"), tmp_path))
    with pytest.raises(UsageError, match="nobody"):
        evaluate("generated:1:1", ["nobody"])
    with pytest.raises(NotFound):
        evaluate(str(tmp_path), ["text-layer"])


@pytest.fixture
def folder(tmp_path) -> Path:
    """One document of each layout that is understood."""
    made = tmp_path / "corpus"
    (made / "bench" / "pdfs").mkdir(parents=True)
    (made / "bench" / "pdfs" / "report.pdf").write_bytes(drawn_report().pdf)
    facts = [
        {"pdf": "report.pdf", "page": 1, "id": "1", "type": "present", "text": "An archive is a promise"},
        {"pdf": "report.pdf", "page": 1, "id": "2", "type": "absent", "text": "Journal of Office Practice"},
        {"pdf": "report.pdf", "page": 1, "id": "3", "type": "math", "math": "x"},
        {"pdf": "report.pdf", "page": 2, "id": "4", "type": "table", "cell": "96.0", "right": "4.5"},
        {"pdf": "missing.pdf", "page": 1, "id": "5", "type": "present", "text": "x"},
    ]
    (made / "bench" / "dataset.jsonl").write_text("\n".join(map(json.dumps, facts)), "utf-8")
    shot = rasterised(contract(), dpi=100)
    save(shot, made / "plain.png")
    (made / "plain.txt").write_text(shot.page.text, "utf-8")
    save(shot, made / "full.png")
    document = _document(shot.page)
    (made / "full.truth.json").write_bytes(codec.dumps(codec.to_json(document)))
    save(shot, made / "receipt.jpg")
    (made / "receipt.box.csv").write_text("10,10,90,10,90,30,10,30,TOTAL 1,234.00\n", "utf-8")
    (made / "prose.pdf").write_bytes(contract().pdf)
    (made / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    return made


def test_every_layout_of_a_folder_is_understood(folder, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    found = {case.name: case for case in cases(str(folder), scratch)}
    kinds = sorted(case.kind for case in found.values())
    # The report's first page has its figure drawn as vectors and is prose itself; both of its pages are.
    assert kinds.count("facts-image") == 2
    assert kinds.count("digital-en") == 2
    assert {"digital-ru", "document", "receipts", "text"} <= set(kinds)
    (receipt,) = (case for case in found.values() if case.kind == "receipts")
    assert receipt.truth.text == "TOTAL 1,234.00"
    line = receipt.truth.lines[0]
    word = replace(line.words[0], text="Total 1,234.00")
    block = Block("p1-b1", Category.TEXT, line.box, word.text, (Line((word,)),))
    scores = score(receipt, _document(Page(1, 100, 100, (block,))))
    assert scores[Metric.CER].value == scores[Metric.CER_PLACED].value == 0
    assert receipt.truth.lines[0].box.x0 == pytest.approx(7.2, abs=0.1)
    assert found["full"].truth.tables
    assert len({case.path for case in found.values()}) == len(found)


def test_facts_of_a_drawn_page_hold_for_its_truth(folder, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    pages = drawn_report().pages
    for case in cases(str(folder), scratch):
        if case.kind == "facts-image":
            page = pages[int(case.name.split("-")[2]) - 1]
            scores = score(case, _document(page))
            assert scores[Metric.FACTS].value == 1
            skipped = 1 if page.number == 1 else 0
            assert scores[Metric.FACTS_SKIPPED].part == skipped


def test_only_prose_beyond_doubt_is_truth(tmp_path):
    path = tmp_path / "form.pdf"
    path.write_bytes(draw(Kind.PAYMENT, 1).pdf)
    with opened(path) as source:
        form = source.raw(1)
    path.write_bytes(contract().pdf)
    with opened(path) as source:
        prose = source.raw(1)
    assert prose_language(form) is None
    assert prose_language(prose) == "ru"
    garbled = tuple(replace(word, text=word.text[::-1] + "Û") for word in prose.layer.words)
    assert prose_language(replace(prose, layer=replace(prose.layer, words=garbled))) is None


def test_the_broken_layer_of_a_real_law_is_no_truth(corpus):
    with opened(corpus / "russian" / "laws" / "ukodeksrf.pdf") as source:
        assert prose_language(source.raw(1)) is None


def _run(name: str, found: list[Case], spoil: bool = False):
    def read(path: Path) -> Document:
        case = next(case for case in found if case.path == path)
        if spoil and case.name.startswith("act"):
            raise BrokenFile(name=path.name)
        kind, seed = case.name.split("-")[:2]
        page = rasterised(draw(Kind(kind), int(seed))).page
        if spoil:
            blocks = tuple(replace(block, text=block.text.replace("а", "a")) for block in page.blocks)
            page = replace(page, blocks=blocks)
        return _document(page)

    return perform(name, one_by_one(read), "generated:1:2", found)


def test_runs_survive_json_and_are_compared(tmp_path):
    found = list(cases("generated:1:2", tmp_path))
    good, bad = _run("good", found), _run("bad", found, spoil=True)
    assert from_json(json.dumps(to_json(good))) == replace(
        good, seconds=round(good.seconds, 3),
        results=tuple(replace(result, seconds=round(result.seconds, 4)) for result in good.results),
    )  # fmt: skip
    assert [result.error for result in bad.results] == ["", "broken-file"]
    assert good.peak_process > 10_000_000
    assert good.pages_per_second > 0
    by_metric = {(item.kind, item.metric): item for item in compare(good, bad)}
    change = by_metric["business-clean", Metric.CER]
    assert change.first == 0
    assert change.second > 0
    assert change.certain
    assert by_metric["business-clean", Metric.LOOK_ALIKES].second > 0.1
    assert "**" in changes(list(by_metric.values()), "ru")


def test_reports_are_markdown_in_both_languages(tmp_path):
    found = list(cases("generated:1:2", tmp_path))
    runs = [_run("good", found), _run("bad", found, spoil=True)]
    russian, english = report(runs, "ru"), report(runs, "en")
    assert "Оценка распознавания" in russian
    assert "Recognition scores" in english
    assert "| good |" in english
    assert "## business-clean (1 pages)" in english
    with pytest.raises(ValueError, match="no run"):
        report([])


def test_a_reading_that_never_comes_back_counts_as_lost(tmp_path):
    found = list(cases("generated:1:2", tmp_path))
    run = perform("half", lambda paths: iter([Reading(paths[0], None, 0.1)]), "x", found)
    assert [result.error for result in run.results] == ["", "lost"]


def test_the_text_layer_peer_reads_a_born_digital_page_exactly(tmp_path):
    drawn = contract()
    path = tmp_path / "contract.pdf"
    path.write_bytes(drawn.pdf)
    case = Case("contract", "x", path, Truth.of_page(drawn.pages[0]))
    (reading,) = text_layer()([path])
    scores = score(case, reading.document)
    assert scores[Metric.CER_PLACED].value < 0.002
    assert scores[Metric.WORD_F1].value > 0.995


@pytest.mark.skipif(
    shutil.which("tesseract") is None and not os.environ.get("CI"), reason="the tesseract command is not installed"
)
def test_the_tesseract_peer_reads_the_same_pixels(tmp_path):
    (run,) = evaluate("generated:2:1", ["tesseract"])
    assert run.results[0].error == ""
    assert run.results[0].scores[Metric.CER_PLACED].value < 0.2
    path = tmp_path / "clean.png"
    shot = rasterised(contract())
    save(shot, path)
    (reading,) = tesseract()([path])
    scores = score(Case("x", "x", path, Truth.of_page(shot.page)), reading.document)
    assert scores[Metric.CER_PLACED].value < 0.03
    assert scores[Metric.CER].value < 0.2


def test_tables_found_in_any_order_are_paired():
    drawn = draw(Kind.INVOICE, 3)
    page = drawn.pages[0]
    turned = replace(page, blocks=tuple(reversed(page.blocks)))
    case = Case("x", "x", Path("x.png"), Truth(tables=Truth.of_page(page).tables))
    assert score(case, _document(turned))[Metric.TEDS].value == pytest.approx(1)
    flat = Table.from_rows([["a"]])
    assert score(replace(case, truth=Truth(tables=(flat,))), _document(page))[Metric.CELL_F1].value < 0.1
