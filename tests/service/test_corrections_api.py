"""Corrections over HTTP on real documents: what is corrected is in pages, exports and the search, and can be undone."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import openpyxl
import pytest
from run_samples import scan, text_pdf
from test_documents_api_serving import SAMPLES, Served, error_of, serving, until

from docstation.document.codec import page_from_json
from docstation.document.model import Page
from docstation.service.corrections_shapes import LONGEST_BODY

TABLE, PARAGRAPH = "p2-b5", "p1-b4"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served"), workers=2) as made:
        yield made


@pytest.fixture(scope="module")
def read(served: Served) -> str:
    id = served.upload(SAMPLES / "report-mixed.pdf", engine="embedded")
    served.wait(id)
    return id


@pytest.fixture
def report(served: Served, read: str) -> Iterator[str]:
    """The sample report without corrections."""
    yield read
    assert served.client.delete(f"/documents/{read}/corrections").status_code == 204


def corrected(served: Served, id: str, block: str, method: str = "PATCH", **asked: object) -> dict:
    answer = served.client.request(method, f"/documents/{id}/corrections/{block}", json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(served: Served, id: str, block: str, **asked: object) -> tuple[int, str]:
    return error_of(served.client.patch(f"/documents/{id}/corrections/{block}", json=asked))


def exported(served: Served, id: str, format: str, **asked: object) -> httpx2.Response:
    answer = served.client.get(f"/documents/{id}/export", params={"format": format, **asked})
    assert answer.status_code == 200, answer.text
    return answer


def page_of(served: Served, id: str, number: int, query: str = "") -> Page:
    return page_from_json(served.get(id, f"/pages/{number}{query}"))


def block_of(page: Page, id: str) -> object:
    return next(block for block in page.blocks if block.id == id)


def test_a_corrected_cell_is_in_the_workbook_and_what_was_read_stays(served: Served, report: str):
    first = exported(served, report, "xlsx")
    made = corrected(served, report, TABLE, cells=[{"row": 1, "column": 1, "text": "1 412"}])
    assert made["block"] == TABLE
    sheet = openpyxl.load_workbook(io.BytesIO(exported(served, report, "xlsx").content)).worksheets[0]
    assert 1412 in {cell.value for row in sheet.iter_rows() for cell in row} or "1 412" in str(list(sheet.values))
    again = exported(served, report, "xlsx")
    assert again.headers["etag"] != first.headers["etag"]
    as_read = exported(served, report, "xlsx", corrected="false")
    assert "1 412" not in str(list(openpyxl.load_workbook(io.BytesIO(as_read.content)).worksheets[0].values))
    assert page_of(served, report, 2, "?corrected=false") != page_of(served, report, 2) == page_from_json(made["page"])
    served.client.delete(f"/documents/{report}/corrections/{TABLE}")
    assert page_of(served, report, 2) == page_of(served, report, 2, "?corrected=false")


def test_corrections_add_up_or_take_the_place_of_those_before(served: Served, report: str):
    corrected(served, report, PARAGRAPH, text="Первый абзац.")
    corrected(served, report, PARAGRAPH, category="Section-header", level=3)
    block = block_of(page_of(served, report, 1), PARAGRAPH)
    assert (block.text, block.category, block.level) == ("Первый абзац.", "Section-header", 3)
    (listed,) = served.get(report, "/corrections?page=1")["corrections"]
    assert (listed["block"], listed["text"], listed["level"]) == (PARAGRAPH, "Первый абзац.", 3)
    corrected(served, report, PARAGRAPH, "PUT", text="Иначе.")
    block = block_of(page_of(served, report, 1), PARAGRAPH)
    assert (block.text, block.category, block.level) == ("Иначе.", "Text", 0)
    assert served.get(report, "/corrections?page=2")["corrections"] == []


def test_what_is_as_it_was_read_is_no_correction(served: Served, report: str):
    before = page_of(served, report, 1)
    text = block_of(before, PARAGRAPH).text
    corrected(served, report, PARAGRAPH, text=text, category="Text")
    assert served.get(report, "/corrections")["corrections"] == []
    assert page_of(served, report, 1) == before


def test_a_whole_grid_and_a_block_struck_out(served: Served, report: str):
    cells = [{"row": 0, "column": 0, "text": "Итого", "colspan": 2}, {"row": 1, "column": 1, "text": "5"}]
    made = corrected(served, report, TABLE, table={"cells": cells})
    assert block_of(page_from_json(made["page"]), TABLE).table.to_rows() == [["Итого", ""], ["", "5"]]
    made = corrected(served, report, PARAGRAPH, removed=True)
    assert made["block"] == ""
    assert "far more paper than they read" not in exported(served, report, "md").text
    corrected(served, report, PARAGRAPH, removed=False)
    assert "far more paper than they read" in exported(served, report, "md").text


def test_a_block_is_added_where_one_reads_it_and_taken_away(served: Served, report: str):
    box = page_of(served, report, 1).blocks[1].box
    asked = {"box": [box.x0, box.y1, box.x1, box.y1 + 4], "text": "Добавлено человеком.", "category": "Text"}
    answer = served.client.post(f"/documents/{report}/pages/1/blocks", json=asked)
    assert answer.status_code == 201
    id = answer.json()["block"]
    text = exported(served, report, "md").text
    assert text.index("Paper Archives") < text.index("Добавлено человеком.") < text.index("Introduction")
    assert served.client.get(f"/documents/{report}/blocks/{id}/image?dpi=36").headers["content-type"] == "image/png"
    assert served.client.delete(f"/documents/{report}/corrections/{id}").json()["block"] == ""
    assert "Добавлено" not in exported(served, report, "md").text
    assert refused(served, report, id, text="x") == (404, "not-found")


def test_what_cannot_be_corrected_is_said(served: Served, report: str):
    assert refused(served, report, "p1-b999", text="x") == (404, "not-found")
    assert refused(served, report, "nothing", text="x") == (404, "not-found")
    assert refused(served, report, "p9-b1", text="x") == (404, "not-found")
    assert refused(served, "0" * 24, "p1-b1", text="x") == (404, "not-found")
    assert refused(served, report, TABLE, cells=[{"row": 99, "column": 0, "text": "x"}]) == (400, "usage")
    assert refused(served, report, TABLE, text="x") == (400, "usage")
    assert refused(served, report, PARAGRAPH, cells=[{"row": 0, "column": 0, "text": "x"}]) == (400, "usage")
    assert refused(served, report, PARAGRAPH, colour="red") == (400, "usage")
    assert refused(served, report, PARAGRAPH, category="Poem") == (400, "usage")
    huge = {"cells": [{"row": 100_000, "column": 100_000, "text": "x"}]}
    assert refused(served, report, TABLE, table=huge) == (400, "usage")
    nowhere = json.dumps({"box": [0, 0, 1e400, 1], "text": "x"})
    assert error_of(served.client.post(f"/documents/{report}/pages/1/blocks", content=nowhere)) == (400, "usage")
    large = b'{"text": "' + b"x" * LONGEST_BODY + b'"}'
    answer = served.client.patch(f"/documents/{report}/corrections/{PARAGRAPH}", content=large)
    assert error_of(answer) == (413, "too-large")
    assert served.get(report, "/corrections")["corrections"] == []


def test_corrected_words_are_found(served: Served, report: str):
    corrected(served, report, PARAGRAPH, text="Учреждения хранят бегемотов.")

    def found(question: str) -> list[dict]:
        return served.client.get("/documents/search", params={"q": question}).json()["documents"]

    (one,) = until(lambda: found("бегемоты"))
    assert one["hits"][0] == {
        "page": 1,
        "block": PARAGRAPH,
        "snippet": "Учреждения хранят бегемотов.",
        "marks": [[18, 27]],
    }
    served.client.delete(f"/documents/{report}/corrections/{PARAGRAPH}")
    until(lambda: not found("бегемоты"))
    assert [one["id"] for one in found("diaries archive")] == [report]


def test_a_part_of_a_born_digital_page_is_its_own_text(served: Served, report: str):
    block = block_of(page_of(served, report, 1), PARAGRAPH)
    box = [block.box.x0 - 2, block.box.y0 - 2, block.box.x1 + 2, block.box.y1 + 2]
    answer = served.client.post(f"/documents/{report}/pages/1/read", json={"box": box, "engine": "embedded"})
    page = page_from_json(answer.json()["page"])
    assert [one.text for one in page.blocks] == [block.text]
    assert page.blocks[0].box.iou(block.box) > 0.95
    assert answer.json()["added"] == []
    assert page_of(served, report, 1) == page_of(served, report, 1, "?corrected=false")


def test_a_part_of_a_scan_is_recognised_and_added(served: Served, tmp_path: Path):
    id = served.upload(scan(tmp_path / "scan.png", 4), engine="embedded")
    served.wait(id)
    whole = page_of(served, id, 1)
    head = next(one for one in whole.blocks if "Scan of page 4" in one.text)
    box = [head.box.x0 - 4, head.box.y0 - 4, head.box.x1 + 4, head.box.y1 + 4]
    asked = {"box": box, "engine": "embedded", "add": True}
    made = served.client.post(f"/documents/{id}/pages/1/read", json=asked).json()
    (block,) = page_from_json(made["page"]).blocks
    assert block.text == "Scan of page 4"
    assert block.box.iou(head.box) > 0.7
    assert made["added"] == ["p1-b100001"]
    assert exported(served, id, "md").text.count("Scan of page 4") == 2


def test_what_cannot_be_read_is_said(served: Served, report: str, tmp_path: Path):
    def read(id: str, number: int, **asked: object) -> tuple[int, str]:
        return error_of(served.client.post(f"/documents/{id}/pages/{number}/read", json=asked))

    box = [10, 10, 100, 100]
    assert read(report, 9, box=box) == (404, "not-found")
    assert read("0" * 24, 1, box=box) == (404, "not-found")
    assert read(report, 1, box=[9000, 9000, 9100, 9100], engine="embedded") == (400, "usage")
    assert read(report, 1, box=box, engine="no such") == (400, "usage")
    assert read(report, 1, box=[1, 2, 3]) == (400, "usage")
    served.stage.hold("a.pdf")
    id = served.upload(text_pdf(tmp_path / "a.pdf", 1))
    assert read(id, 1, box=box) == (409, "not-ready")
    served.stage.release("a.pdf")
    served.wait(id)
