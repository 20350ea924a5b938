"""Documents over HTTP from upload to deletion, on real sample files, the real queue and the real reader."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import docx
import httpx2
import openpyxl
import pikepdf
import pytest
from PIL import Image
from run_samples import locked_pdf, scan, text_pdf
from test_documents_api_serving import SAMPLES, Served, error_of, serving, until

from docstation.export import FORMATS
from docstation.service.documents_api import disposition
from docstation.service.documents_shapes import shown_name

NOBODY = "0" * 24


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served"), workers=2) as made:
        yield made


@pytest.fixture
def stage(served: Served) -> Iterator[object]:
    yield served.stage
    served.stage.forget()


@pytest.fixture(scope="module")
def report(served: Served) -> str:
    """A document that was read: the sample report."""
    id = served.upload(SAMPLES / "report-mixed.pdf", "Отчёт «Ромашка»: 1/2.pdf")
    served.wait(id)
    return id


@pytest.fixture(scope="module")
def pictured(served: Served, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A document with a picture on its second page."""
    id = served.upload(text_pdf(tmp_path_factory.mktemp("files") / "pictured.pdf", 2, pictures={2}))
    served.wait(id)
    return id


def events_of(answer: Iterator[str]) -> Iterator[tuple[int, str, dict]]:
    number, kind = 0, ""
    for line in answer:
        name, _, value = line.partition(": ")
        if name == "id":
            number = int(value)
        elif name == "event":
            kind = value
        elif name == "data":
            yield number, kind, json.loads(value)


def test_a_document_is_taken_in_read_and_told_of(served: Served, report: str):
    shown = served.get(report)
    assert shown["name"] == "2.pdf"  # what a path was is cut away
    assert shown["media_type"] == "application/pdf"
    assert (shown["progress"], shown["done"], shown["eta_seconds"]) == (1.0, shown["total"], None)
    assert [page["number"] for page in shown["pages"]] == list(range(1, shown["total"] + 1))
    assert {page["state"] for page in shown["pages"]} == {"ok"}
    assert "password" not in shown["options"]


def test_the_answer_to_an_upload_leads_on(served: Served, tmp_path: Path):
    with text_pdf(tmp_path / "a.pdf", 1).open("rb") as file:
        answer = served.client.post("/documents", files={"file": file})
    links = answer.json()["links"]
    assert answer.headers["location"] == links["document"]
    assert served.client.get(links["document"]).status_code == 200
    assert set(links["exports"]) == set(FORMATS)


def test_a_page_is_there_before_the_document_is(served: Served, stage, tmp_path: Path):
    stage.hold(2)
    id = served.upload(text_pdf(tmp_path / "two.pdf", 2))
    first = until(lambda: (answer := served.client.get(f"/documents/{id}/pages/1")).status_code == 200 and answer)
    assert "Layer of page 1" in first.json()["blocks"][0]["text"]
    assert error_of(served.client.get(f"/documents/{id}/pages/2")) == (409, "not-ready")
    assert error_of(served.client.get(f"/documents/{id}/export?format=md")) == (409, "not-ready")
    assert served.client.get(f"/documents/{id}/pages/2").headers["retry-after"]
    stage.release(2)
    served.wait(id)
    assert served.client.get(f"/documents/{id}/pages/2").status_code == 200
    assert error_of(served.client.get(f"/documents/{id}/pages/3")) == (404, "not-found")


def test_documents_are_listed_in_parts_newest_first(served: Served, tmp_path: Path):
    ids = [served.upload(text_pdf(tmp_path / f"{number}.pdf", 1)) for number in range(3)]
    first = served.client.get("/documents?limit=2").json()
    assert [one["id"] for one in first["documents"]] == ids[:0:-1]
    second = served.client.get("/documents", params={"limit": 1, "before": first["next"]}).json()
    assert second["documents"][0]["id"] == ids[0]
    for id in ids:
        served.wait(id)
    assert {one["state"] for one in served.client.get("/documents?state=done").json()["documents"]} == {"done"}
    assert served.client.get("/documents?state=paused").json() == {"documents": [], "next": None}


def test_events_are_told_live_and_resumed_after_the_last_one_seen(served: Served, stage, tmp_path: Path):
    stage.hold(2)
    id = served.upload(text_pdf(tmp_path / "three.pdf", 3))
    seen = []
    with served.client.stream("GET", f"/documents/{id}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for event in events_of(answer.iter_lines()):
            seen.append(event)
            if event[1] == "page" and event[2]["page_state"] == "ok":
                break
    stage.release(2)
    with served.client.stream("GET", f"/documents/{id}/events", headers={"Last-Event-ID": str(seen[-1][0])}) as answer:
        seen += events_of(answer.iter_lines())
    assert [number for number, _kind, _data in seen] == list(range(1, len(seen) + 1))
    assert (seen[0][1], seen[-1][1]) == ("submitted", "done")
    assert seen[-1][2]["done"] == 3
    polled = served.get(id, "/events?after=0")
    assert polled["events"] == [data for _number, _kind, data in seen]
    assert polled["ended"]
    assert served.get(id, f"/events?after={polled['last']}")["events"] == []
    again = served.client.get(f"/documents/{id}/events", headers={"Last-Event-ID": str(polled["last"])})
    assert again.status_code == 204  # an EventSource does not come back after that


def test_a_stream_of_events_ends_when_its_document_is_deleted(served: Served, stage, tmp_path: Path):
    stage.hold(1)
    id = served.upload(text_pdf(tmp_path / "one.pdf", 1))
    stage.await_held(1)
    with served.client.stream("GET", f"/documents/{id}/events") as answer:
        events = events_of(answer.iter_lines())
        next(events)
        assert served.client.delete(f"/documents/{id}").status_code == 204
        assert list(events)[-1][1] == "deleted"


def test_a_page_that_never_ends_is_cancelled_within_two_seconds(served: Served, stage, tmp_path: Path):
    stage.hold(1)
    id = served.upload(scan(tmp_path / "scan.png", 1))
    stage.await_held(1)
    began = time.monotonic()
    assert served.client.post(f"/documents/{id}/cancel").json()["state"] == "cancelled"
    other = served.upload(text_pdf(tmp_path / "next.pdf", 1))
    assert time.monotonic() - began <= 2
    until(lambda: served.get(id)["pages"][0]["state"] != "reading", 2 - (time.monotonic() - began))
    assert error_of(served.client.get(f"/documents/{id}/pages/1")) == (409, "not-ready")
    stage.release(1)
    served.wait(other)
    assert served.client.post(f"/documents/{id}/retry").json()["state"] in ("waiting", "reading")
    assert served.wait(id)["counts"] == {"ok": 1}


def test_a_document_is_paused_and_goes_on(served: Served, stage, tmp_path: Path):
    stage.hold(1)
    id = served.upload(text_pdf(tmp_path / "four.pdf", 4))
    stage.await_held(1)
    assert served.client.post(f"/documents/{id}/pause").json()["state"] == "paused"
    stage.release(1)
    until(lambda: served.get(id)["pages"][0]["state"] == "ok")
    assert served.get(id)["state"] == "paused"
    assert served.client.post(f"/documents/{id}/resume").json()["state"] == "reading"
    assert served.wait(id)["done"] == 4


def test_a_page_is_read_again(served: Served, tmp_path: Path):
    id = served.upload(text_pdf(tmp_path / "again.pdf", 2))
    served.wait(id)
    assert served.client.post(f"/documents/{id}/pages/2/retry").json()["state"] == "reading"
    again = served.wait(id)
    assert [page["attempts"] for page in again["pages"]] == [1, 2]
    assert error_of(served.client.post(f"/documents/{id}/pages/9/retry")) == (404, "not-found")


def test_what_is_deleted_is_gone_with_its_files(served: Served, tmp_path: Path):
    id = served.upload(text_pdf(tmp_path / "gone.pdf", 1))
    served.wait(id)
    assert served.client.get(f"/documents/{id}/export?format=txt").status_code == 200
    assert served.client.delete(f"/documents/{id}").status_code == 204
    assert not (served.queue.files.folder / id).exists()
    for path in ("", "/pages/1", "/export?format=md", "/pages/1/image", "/blocks/p1-b1/image", "/events"):
        assert error_of(served.client.get(f"/documents/{id}{path}")) == (404, "not-found")
    assert error_of(served.client.delete(f"/documents/{id}")) == (404, "not-found")


@pytest.mark.parametrize("id", [NOBODY, "x", "..%2F..%2Fetc", "%00", "A" * 24])
def test_an_unknown_document_is_not_found_whatever_its_id(served: Served, id: str):
    for method, path in (("GET", ""), ("POST", "/cancel"), ("DELETE", ""), ("GET", "/events"), ("GET", "/pages/1")):
        assert served.client.request(method, f"/documents/{id}{path}").status_code == 404


# Exports


@pytest.mark.parametrize("name", FORMATS)
def test_every_export_is_a_file_to_be_saved_and_never_run(served: Served, report: str, name: str):
    answer = served.client.get(f"/documents/{report}/export?format={name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(FORMATS[name].media_type)
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert int(answer.headers["content-length"]) == len(answer.content)
    again = {"If-None-Match": answer.headers["etag"]}
    assert served.client.get(f"/documents/{report}/export?format={name}", headers=again).status_code == 304


def test_exports_open_in_their_own_libraries(served: Served, report: str):
    made = {name: served.client.get(f"/documents/{report}/export?format={name}").content for name in FORMATS}
    assert any(one.text for one in docx.Document(io.BytesIO(made["docx"])).paragraphs)
    assert openpyxl.load_workbook(io.BytesIO(made["xlsx"])).sheetnames
    with pikepdf.open(io.BytesIO(made["pdf"])) as pdf:
        assert len(pdf.pages) == served.get(report)["page_count"]
    assert json.loads(made["json"])["source"]["name"] == "2.pdf"
    assert json.loads(made["docling"])["schema_name"] == "DoclingDocument"
    assert made["md"].decode().strip()


def test_an_export_is_made_once_and_anew_after_the_document_changed(served: Served, tmp_path: Path):
    id = served.upload(text_pdf(tmp_path / "changes.pdf", 1))
    served.wait(id)
    before = served.client.get(f"/documents/{id}/export?format=docx")
    kept = list((served.queue.files.folder / id / "exports").iterdir())
    assert served.client.get(f"/documents/{id}/export?format=docx").content == before.content
    assert list((served.queue.files.folder / id / "exports").iterdir()) == kept
    served.client.post(f"/documents/{id}/pages/1/retry")
    served.wait(id)
    after = served.client.get(f"/documents/{id}/export?format=docx")
    assert after.headers["etag"] != before.headers["etag"]
    assert len(list((served.queue.files.folder / id / "exports").iterdir())) == 1


def test_formats_that_were_ordered_are_made_ahead(served: Served, tmp_path: Path):
    id = served.upload(text_pdf(tmp_path / "ahead.pdf", 1), formats="txt,html")
    served.wait(id)
    folder = served.queue.files.folder / id / "exports"
    until(lambda: folder.is_dir() and {path.suffix for path in folder.iterdir()} == {".txt", ".html"})


def test_an_unknown_format_is_refused(served: Served, report: str):
    assert error_of(served.client.get(f"/documents/{report}/export?format=exe")) == (400, "usage")
    assert error_of(served.client.get(f"/documents/{report}/export")) == (400, "usage")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\secret\\a.pdf", "a.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie: x.pdf"),
        ("..", "document"),
        ("", "document"),
        ("x" * 400, "x" * 255),
    ],
)
def test_a_name_from_outside_is_shown_and_is_no_path(given: str, shown: str):
    assert shown_name(given) == shown


def test_names_of_exports_come_in_full_and_for_old_clients():
    said = disposition('Договор "№ 5".pdf', ".docx")
    assert said.startswith('attachment; filename="')
    assert said.isascii()
    assert said.partition("filename*=UTF-8''")[2] == (
        "%D0%94%D0%BE%D0%B3%D0%BE%D0%B2%D0%BE%D1%80%20%22%E2%84%96%205%22.docx"
    )
    assert "\n" not in disposition("a\r\nX: y.pdf", ".md")


# Images


@pytest.mark.parametrize(("width", "format"), [(300, "png"), (777, "webp")])
def test_a_page_is_drawn_as_wide_as_asked(served: Served, report: str, width: int, format: str):
    answer = served.client.get(f"/documents/{report}/pages/1/image?width={width}&format={format}")
    assert answer.headers["content-type"] == f"image/{format}"
    image = Image.open(io.BytesIO(answer.content))
    assert abs(image.width - width) <= 1
    page = served.get(report, "/pages/1")
    assert abs(image.height / image.width - page["height"] / page["width"]) < 0.01
    assert "immutable" in answer.headers["cache-control"]
    same = {"If-None-Match": f'"other", {answer.headers["etag"]}'}
    assert served.client.get(str(answer.url), headers=same).status_code == 304


def test_a_page_beyond_the_file_has_no_image(served: Served, report: str):
    assert error_of(served.client.get(f"/documents/{report}/pages/999/image")) == (404, "not-found")
    assert error_of(served.client.get(f"/documents/{report}/pages/0/image")) == (400, "usage")
    assert error_of(served.client.get(f"/documents/{report}/pages/1/image?width=1000000")) == (400, "usage")


def test_a_block_is_cut_out_where_its_box_says(served: Served, pictured: str):
    blocks = served.get(pictured, "/pages/2")["blocks"]
    picture = next(block for block in blocks if block["category"] == "Picture")
    answer = served.client.get(f"/documents/{pictured}/blocks/{picture['id']}/image?dpi=144")
    image = Image.open(io.BytesIO(answer.content))
    x0, y0, x1, y1 = picture["box"]
    assert abs(image.width - (x1 - x0) * 2) <= 2
    assert abs(image.height - (y1 - y0) * 2) <= 2
    assert len(image.convert("RGB").getcolors(1 << 20) or []) > 1000  # the photo, not the white beside it
    assert error_of(served.client.get(f"/documents/{pictured}/blocks/p2-b99/image")) == (404, "not-found")
    assert error_of(served.client.get(f"/documents/{pictured}/blocks/x/image")) == (404, "not-found")


def test_children_that_draw_are_ended_when_nobody_needs_them(served: Served, report: str):
    assert served.client.get(f"/documents/{report}/pages/1/image?width=100").status_code == 200
    served.making.close()
    assert served.client.get(f"/documents/{report}/pages/1/image?width=100").status_code == 200


def test_many_images_at_once_leave_other_requests_quick(served: Served, report: str):
    threads = [
        threading.Thread(target=served.client.get, args=(f"/documents/{report}/pages/1/image?width={width}",))
        for width in range(2000, 2012)
    ]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    assert served.client.get("/documents?limit=1").status_code == 200
    waited = time.monotonic() - began
    for thread in threads:
        thread.join()
    assert waited < 1


# Passwords and files that cannot be read


def test_a_locked_file_is_read_with_its_password_which_is_never_told(served: Served, tmp_path: Path):
    path = locked_pdf(tmp_path / "locked.pdf", "тайна 17")
    id = served.upload(path, password="тайна 17")
    served.wait(id)
    assert served.client.get(f"/documents/{id}/pages/1/image?width=100").status_code == 200
    assert served.client.get(f"/documents/{id}/export?format=pdf").status_code == 200
    assert "тайна" not in served.client.get(f"/documents/{id}").text
    refused = served.upload(path, password="wrong")
    assert served.wait(refused, "failed")["error"]["code"] == "password"
    assert error_of(served.client.get(f"/documents/{refused}/export?format=md")) == (401, "password")
    assert error_of(served.client.get(f"/documents/{refused}/pages/1/image")) == (401, "password")


def test_a_page_range_is_judged_at_once_where_it_can_be(served: Served, tmp_path: Path):
    path = text_pdf(tmp_path / "range.pdf", 3)
    files = {"file": ("a.pdf", path.read_bytes())}
    assert error_of(served.client.post("/documents", files=files, data={"pages": "3-1"})) == (400, "page-range")
    id = served.upload(path, pages="2-")
    assert [page["number"] for page in served.wait(id)["pages"]] == [2, 3]
    assert served.wait(served.upload(path, pages="7"), "failed")["error"]["code"] == "page-range"


def test_all_answers_are_typed_and_safe(served: Served, report: str):
    for answer in (served.client.get(f"/documents/{report}"), served.client.get(f"/documents/{report}/pages/1")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert isinstance(answer, httpx2.Response)
