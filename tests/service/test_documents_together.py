"""Many documents at once: archives, progress of those being read, thumbnails; and one document read anew."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from run_samples import locked_pdf, text_pdf
from test_documents_api_serving import Served, error_of, serving, until

from docstation.export import FORMATS


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served"), workers=1) as made:
        yield made


@pytest.fixture(scope="module")
def pictured(served: Served, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two pages of text, a picture on the second."""
    file = text_pdf(tmp_path_factory.mktemp("files") / "a.pdf", 2, pictures={2})
    id = served.upload(file, "Отчёт: 1.pdf", engine="embedded")
    served.wait(id)
    return id


def archive(served: Served, *ids: str, **asked: object) -> zipfile.ZipFile:
    answer = served.client.get("/documents/export", params={"ids": list(ids), **asked})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    made = zipfile.ZipFile(io.BytesIO(answer.content))
    assert made.testzip() is None
    return made


def test_one_document_goes_into_an_archive_in_all_formats(served: Served, pictured: str):
    made = archive(served, pictured)
    names = made.namelist()
    assert {f"Отчёт_ 1{one.suffix}" for one in FORMATS.values()} <= set(names)
    text = made.read("Отчёт_ 1.md").decode()
    (picture,) = [name for name in names if name.startswith("pictures/")]
    assert f"({picture})" in text
    assert Image.open(io.BytesIO(made.read(picture))).size > (100, 80)
    alone = served.client.get(f"/documents/{pictured}/export?format=md").text
    assert "pictures/" not in alone


def test_many_documents_have_a_folder_each(served: Served, pictured: str, tmp_path: Path):
    ids = [
        served.upload(text_pdf(tmp_path / f"{n}.pdf", 1), name) for n, name in enumerate(("a.pdf", "A.PDF", "b.pdf"))
    ]
    for id in ids:
        served.wait(id)
    made = archive(served, *ids, pictured, ids[0], formats=["md", "csv"])
    assert [name for name in made.namelist() if name.endswith(".md")] == [
        "a/a.md",
        "A (2)/A (2).md",
        "b/b.md",
        "Отчёт_ 1/Отчёт_ 1.md",
    ]
    assert "Layer of page 1" in made.read("b/b.md").decode()


def test_what_cannot_be_made_is_told_in_its_place(served: Served, tmp_path: Path):
    id = served.upload(text_pdf(tmp_path / "a.pdf", 1))
    served.wait(id)
    original = served.queue.files_of(id).original
    original.write_bytes(b"%PDF-1.7\nnothing")
    made = archive(served, id, formats=["pdf", "txt"])
    assert made.namelist() == ["a.pdf.error.txt", "a.txt"]
    assert made.read("a.pdf.error.txt").decode().strip()


def test_only_documents_that_are_there_go_into_an_archive(served: Served, pictured: str, tmp_path: Path):
    def refused(**asked: object) -> tuple[int, str]:
        return error_of(served.client.get("/documents/export", params=asked))

    assert refused(ids=[pictured, "0" * 24]) == (404, "not-found")
    assert refused(ids=[pictured], formats=["nothing"]) == (400, "usage")
    assert refused() == (400, "usage")
    served.stage.hold(1)
    id = served.upload(text_pdf(tmp_path / "a.pdf", 1))
    assert refused(ids=[id]) == (409, "not-ready")
    served.stage.release(1)
    served.wait(id)
    served.stage.forget()


def test_a_document_is_read_anew_with_other_options(served: Served, pictured: str):
    answer = served.client.post(f"/documents/{pictured}/reread", json={"pages": "2", "dpi": 300})
    assert answer.status_code == 202
    id = answer.json()["id"]
    assert answer.headers["location"] == f"/documents/{id}"
    before, now = served.get(pictured), served.wait(id)
    assert (now["name"], now["sha256"], now["bytes"]) == (before["name"], before["sha256"], before["bytes"])
    assert now["options"] == before["options"] | {"pages": "2", "dpi": 300}
    assert [page["number"] for page in now["pages"]] == [2]
    assert served.client.get(f"/documents/{id}/pages/2/image?width=64").status_code == 200


def test_a_password_is_known_when_a_document_is_read_anew(served: Served, tmp_path: Path):
    id = served.upload(locked_pdf(tmp_path / "locked.pdf", "тайна"), password="тайна")
    served.wait(id)
    again = served.client.post(f"/documents/{id}/reread").json()["id"]
    assert served.wait(again)["state"] == "done"
    served.client.delete(f"/documents/{id}")
    assert served.client.get(f"/documents/{again}/file").status_code == 200
    assert error_of(served.client.post(f"/documents/{id}/reread")) == (404, "not-found")
    assert error_of(served.client.post(f"/documents/{again}/reread", json={"dpi": 9999})) == (400, "usage")


def test_progress_tells_what_changed_since(served: Served, tmp_path: Path):
    served.stage.hold(2)
    id = served.upload(text_pdf(tmp_path / "three.pdf", 3))
    served.stage.await_held(2)
    until(lambda: served.get(id, "/progress")["done"] == 1)
    first = served.get(id, "/progress")
    assert (first["pages"], first["total"], first["state"]) == (
        {"1": "ok", "2": "reading", "3": "waiting"},
        3,
        "reading",
    )
    assert [one["id"] for one in served.client.get("/documents/progress").json()["documents"]] == [id]
    assert served.get(id, f"/progress?after={first['last_news']}")["pages"] == {}
    served.stage.release(2)
    served.wait(id)
    last = served.get(id, f"/progress?after={first['last_news']}")
    assert (last["pages"], last["progress"], last["state"]) == ({"1": "ok", "2": "ok", "3": "ok"}, 1.0, "done")
    assert served.client.get("/documents/progress").json() == {"documents": []}
    served.stage.forget()


def test_only_pages_that_changed_are_told_while_a_document_is_read(served: Served, tmp_path: Path):
    served.stage.hold(3)
    id = served.upload(text_pdf(tmp_path / "three.pdf", 3))
    served.stage.await_held(3)
    events = served.get(id, "/events?after=0")["events"]
    opened = next(one["number"] for one in events if one["kind"] == "opened")
    second = next(one["number"] for one in events if one["page"] == 2)
    assert served.get(id, f"/progress?after={second - 1}")["pages"] == {"2": "ok", "3": "reading"}
    assert len(served.get(id, f"/progress?after={opened - 1}")["pages"]) == 3
    served.stage.release(3)
    served.wait(id)
    served.stage.forget()


def test_thumbnails_are_drawn_once_and_kept(served: Served, pictured: str):
    folder = served.queue.files_of(pictured).pictures.parent / "thumbnails"
    first = served.client.get(f"/documents/{pictured}/pages/1/image?width=160&format=webp")
    assert Image.open(io.BytesIO(first.content)).width == 160
    assert "immutable" in first.headers["cache-control"]
    assert [one.name for one in folder.iterdir()] == ["1-160.webp"]
    (folder / "1-160.webp").write_bytes(b"kept")
    assert served.client.get(f"/documents/{pictured}/pages/1/image?width=160&format=webp").content == b"kept"
    known = {"If-None-Match": first.headers["etag"]}
    again = served.client.get(f"/documents/{pictured}/pages/1/image?width=160&format=webp", headers=known)
    assert again.status_code == 304
    served.client.get(f"/documents/{pictured}/pages/1/image?width=800")
    assert len(list(folder.iterdir())) == 1
