"""``/v1/ocr`` as clients of Mistral's endpoint use it, on the real reader."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from PIL import Image
from run_samples import locked_pdf, scan, text_pdf
from test_documents_api_serving import SAMPLES, Served, error_of, serving, until

from docstation.intake.limits import Limits
from docstation.service.uploads import DocumentsSettings


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = DocumentsSettings(limits=Limits(file_bytes=3_000_000))
    with serving(tmp_path_factory.mktemp("served"), settings) as made:
        yield made


@pytest.fixture
def stage(served: Served) -> Iterator[object]:
    yield served.stage
    served.stage.forget()


def data_url(path: Path, kind: str = "application/pdf") -> str:
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def document(path: Path, name: str = "a.pdf") -> dict[str, str]:
    return {"type": "document_url", "document_url": data_url(path), "document_name": name}


def read(served: Served, **asked: object) -> httpx2.Response:
    return served.client.post("/v1/ocr", json={"model": "mistral-ocr-latest", **asked})


def test_pages_come_as_markdown_with_their_size_and_pictures(served: Served, tmp_path: Path):
    path = text_pdf(tmp_path / "a.pdf", 2, pictures={2})
    answer = read(served, document=document(path), include_image_base64=True)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["model"] == "embedded"
    assert body["usage_info"] == {"pages_processed": 2, "doc_size_bytes": path.stat().st_size}
    assert [page["index"] for page in body["pages"]] == [0, 1]
    assert "Layer of page 1" in body["pages"][0]["markdown"]
    assert body["pages"][0]["images"] == []
    assert body["pages"][1]["dimensions"] == {"dpi": 200, "width": 833, "height": 556}
    (picture,) = body["pages"][1]["images"]
    assert f"]({picture['id']})" in body["pages"][1]["markdown"]
    head, _, data = picture["image_base64"].partition(",")
    assert head == "data:image/png;base64"
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    width = picture["bottom_right_x"] - picture["top_left_x"]
    height = picture["bottom_right_y"] - picture["top_left_y"]
    assert abs(image.width / image.height - width / height) < 0.1
    assert served.client.get("/documents").json()["documents"] == []


def test_an_image_is_read_by_the_same_way(served: Served, tmp_path: Path):
    url = data_url(SAMPLES / "dogovor-scan.jpg", "image/jpeg")
    body = read(served, document={"type": "image_url", "image_url": url}).json()
    assert "договор" in body["pages"][0]["markdown"].lower()
    given = {"url": data_url(scan(tmp_path / "scan.png", 1), "image/png"), "detail": "high"}
    body = read(served, document={"type": "image_url", "image_url": given}).json()
    assert "Scan of page 1" in body["pages"][0]["markdown"]


@pytest.mark.parametrize(
    ("pages", "indexes"), [([0, 2], [0, 2]), (1, [1]), ("0-1,2", [0, 1, 2]), ([], [0, 1, 2]), (None, [0, 1, 2])]
)
def test_pages_are_chosen_from_zero(served: Served, tmp_path: Path, pages: object, indexes: list[int]):
    body = read(served, document=document(text_pdf(tmp_path / "a.pdf", 3)), pages=pages).json()
    assert [page["index"] for page in body["pages"]] == indexes


def test_pictures_are_left_out_by_number_and_size(served: Served, tmp_path: Path):
    path = text_pdf(tmp_path / "a.pdf", 2, pictures={1, 2})
    few = read(served, document=document(path), image_limit=1).json()
    assert [len(page["images"]) for page in few["pages"]] == [1, 0]
    assert "image_base64" not in few["pages"][0]["images"][0]
    large = read(served, document=document(path), image_min_size=5000).json()
    assert [len(page["images"]) for page in large["pages"]] == [0, 0]


def test_all_blocks_come_with_their_boxes_where_that_is_asked_for(served: Served, tmp_path: Path):
    path = text_pdf(tmp_path / "a.pdf", 1, pictures={1})
    (page,) = read(served, document=document(path), include_blocks=True, table_format=None).json()["pages"]
    text = next(block for block in page["blocks"] if "Layer of page 1" in block["content"])
    assert 0 < text["top_left_x"] < text["bottom_right_x"] < page["dimensions"]["width"]
    image = next(block for block in page["blocks"] if block["type"] == "image")
    assert image["image_id"] == page["images"][0]["id"]
    assert "blocks" not in read(served, document=document(path)).json()["pages"][0]


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({}, (400, "usage")),
        ({"document": {"type": "file", "file_id": "x"}}, (400, "usage")),
        ({"document": {"type": "document_url", "document_url": "data:nothing"}}, (400, "usage")),
        ({"document": {"type": "document_url", "document_url": "data:;base64,***"}}, (400, "usage")),
        ({"document": {"type": "document_url", "document_url": "data:;base64,AAAA"}}, (415, "unsupported-format")),
        ({"document": {"type": "document_url", "document_url": "data:,"}}, (422, "broken-file")),
        ({"document": {"type": "document_url", "document_url": "https://example.org/a.pdf"}}, (400, "usage")),
        ({"document": {"type": "document_url", "document_url": "file:///etc/passwd"}}, (400, "usage")),
        ({"document": {"type": "document_url", "document_url": "data:,x"}, "colour": 1}, (400, "usage")),
        ({"document": {"type": "document_url", "document_url": "data:,x"}, "table_format": "html"}, (400, "usage")),
        ({"document": {"type": "document_url", "document_url": "data:,x"}, "pages": [-1]}, (400, "usage")),
        ({"document": {"type": "document_url", "document_url": "data:,x"}, "pages": "last"}, (400, "usage")),
        ({"document": {"type": "document_url", "document_url": "data:;base64," + "A" * 5_000_000}}, (413, "too-large")),
    ],
)
def test_what_cannot_be_read_is_refused_in_our_shape(served: Served, asked: dict, error: tuple[int, str]):
    assert error_of(served.client.post("/v1/ocr", json=asked)) == error
    assert list((served.queue.files.folder / "incoming").iterdir()) == []


def test_what_reading_fails_with_is_the_answer(served: Served, tmp_path: Path):
    locked = locked_pdf(tmp_path / "locked.pdf", "secret")
    assert error_of(read(served, document=document(locked))) == (401, "password")
    assert error_of(read(served, document=document(text_pdf(tmp_path / "a.pdf", 2)), pages=[7])) == (400, "page-range")
    assert error_of(served.client.post("/v1/ocr", content=b"{", headers={"Content-Type": "application/json"}))[0] == 400
    assert served.client.get("/documents").json()["documents"] == []


def test_a_client_that_leaves_takes_its_document_along(served: Served, stage, tmp_path: Path):
    stage.hold(1)
    path = scan(tmp_path / "scan.png", 1)

    def ask() -> None:
        transport = httpx2.HTTPTransport(uds=str(served.socket))
        client = httpx2.Client(transport=transport, base_url="http://service")
        with client, pytest.raises(httpx2.ReadTimeout):
            client.post("/v1/ocr", json={"document": document(path)}, timeout=2)

    asking = threading.Thread(target=ask)
    asking.start()
    stage.await_held(1)
    asking.join()
    until(lambda: served.client.get("/documents").json()["documents"] == [])


def test_a_document_that_takes_too_long_is_given_up(tmp_path: Path):
    (tmp_path / "state").mkdir()
    with serving(tmp_path / "state", DocumentsSettings(ocr_seconds=0.2), reads=False) as served:
        assert error_of(read(served, document=document(text_pdf(tmp_path / "a.pdf", 1)))) == (504, "deadline")
        assert served.client.get("/documents").json()["documents"] == []
