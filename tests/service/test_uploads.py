"""Forms and bodies that bring documents: streamed, bounded, and refused in our shape where they are malformed."""

from __future__ import annotations

import hashlib
import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psutil
import pytest
from run_samples import text_pdf
from test_documents_api_serving import SAMPLES, Served, error_of, serving, until

from docstation.errors import DocStationError, TooLarge, UsageError
from docstation.intake.limits import Limits
from docstation.service import forms, uploads
from docstation.service.uploads import DocumentsSettings

MOST = 2_000_000
PDF = (SAMPLES / "report-mixed.pdf").read_bytes()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = DocumentsSettings(limits=Limits(file_bytes=MOST))
    with serving(tmp_path_factory.mktemp("served"), settings, reads=False) as made:
        yield made


def part(name: str, data: bytes, filename: str | None = None) -> bytes:
    named = f'; filename="{filename}"' if filename is not None else ""
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + data + b"\r\n"


def send(served: Served, body: bytes, kind: str = "multipart/form-data; boundary=b") -> httpx2.Response:
    return served.client.post("/documents", content=body, headers={"Content-Type": kind})


def left(served: Served) -> list[Path]:
    return list((served.queue.files.folder / "incoming").iterdir())


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("service", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(30)
        self.sock.connect(str(self._path))


def test_the_file_arrives_byte_for_byte_under_no_name_of_its_own(served: Served):
    id = served.upload(SAMPLES / "report-mixed.pdf", "../../Отчёт.pdf")
    files = served.queue.files_of(id)
    assert files.given.read_bytes() == PDF
    assert files.given.is_relative_to(served.queue.files.folder)
    shown = served.get(id)
    assert shown["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert shown["name"] == "Отчёт.pdf"


@pytest.mark.parametrize("size", [1, 7, 64, 1000, 100_000])
def test_a_form_is_understood_however_it_is_cut(tmp_path: Path, size: int):
    body = part("pages", b"1-2") + part("file", PDF, "a.pdf") + part("dpi", b"300") + b"--b--\r\n"
    form = forms._Form(tmp_path / "file", b"b", MOST)
    for at in range(0, len(body), size):
        form.feed(body[at : at + size])
    upload = form.finish()
    assert (tmp_path / "file").read_bytes() == PDF
    assert (upload.name, upload.bytes, upload.sha256) == ("a.pdf", len(PDF), hashlib.sha256(PDF).hexdigest())
    assert upload.fields == {"pages": "1-2", "dpi": "300"}


MALFORMED = {
    "nothing": b"",
    "no boundary in it": b"hello",
    "no end": part("file", PDF, "a.pdf"),
    "cut in the middle": (part("file", PDF, "a.pdf") + b"--b--\r\n")[:-5000],
    "no file": part("pages", b"1") + b"--b--\r\n",
    "two files": part("file", PDF, "a.pdf") * 2 + b"--b--\r\n",
    "a field twice": part("pages", b"1") * 2 + part("file", PDF, "a.pdf") + b"--b--\r\n",
    "a part without a name": b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
    "a part without a head": b"--b\r\n\r\nx\r\n--b--\r\n",
    "a bad head": b"--b\r\nContent Disposition\r\n\r\nx\r\n--b--\r\n",
    "an endless head": b"--b\r\nX: " + b"y" * 20_000 + b"\r\n\r\nx\r\n--b--\r\n",
    "many parts": b"".join(part(f"f{n}", b"") for n in range(100)) + part("file", PDF, "a.pdf") + b"--b--\r\n",
    "a long field": part("pages", b"1," * 10_000) + part("file", PDF, "a.pdf") + b"--b--\r\n",
    "an unknown field": part("colour", b"red") + part("file", PDF, "a.pdf") + b"--b--\r\n",
    "a bad number": part("dpi", b"many") + part("file", PDF, "a.pdf") + b"--b--\r\n",
    "an unknown engine": part("engine", b"other") + part("file", PDF, "a.pdf") + b"--b--\r\n",
    "an unknown format": part("formats", b"md,exe") + part("file", PDF, "a.pdf") + b"--b--\r\n",
    "languages that are paths": part("languages", b"../x") + part("file", PDF, "a.pdf") + b"--b--\r\n",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_form_is_refused_and_leaves_nothing(served: Served, body: bytes):
    assert error_of(send(served, body)) == (400, "usage")
    assert left(served) == []


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("multipart/form-data", (400, "usage")),
        ("multipart/form-data; boundary=" + "b" * 300, (400, "usage")),
        ("application/pdf", (415, "unsupported-format")),
        ("", (415, "unsupported-format")),
        ("application/json", (400, "usage")),
    ],
)
def test_a_body_of_another_kind_is_refused(served: Served, kind: str, status: tuple[int, str]):
    assert error_of(send(served, b"%PDF-1.7", kind)) == status


def test_what_the_form_gave_is_not_repeated_in_errors(served: Served):
    body = part("password", b"secret" * 400) + part("file", PDF, "a.pdf") + b"--b--\r\n"
    assert "secret" not in send(served, body).text


def test_a_file_of_an_unknown_kind_is_refused(served: Served):
    body = part("file", b"MZ" + bytes(100), "a.pdf") + b"--b--\r\n"
    assert error_of(send(served, body)) == (415, "unsupported-format")
    assert error_of(send(served, part("file", b"", "a.pdf") + b"--b--\r\n"))[0] == 422
    assert left(served) == []


def test_an_announced_size_is_refused_before_a_byte_is_read(served: Served):
    connection = UnixConnection(served.socket)
    connection.putrequest("POST", "/documents")
    connection.putheader("Content-Type", "multipart/form-data; boundary=b")
    connection.putheader("Content-Length", str(10**12))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_a_size_that_was_not_announced_is_bounded_as_it_comes(served: Served):
    def endless() -> Iterator[bytes]:
        yield part("file", b"", "a.pdf")[:-2]
        for _piece in range(200):
            yield bytes(100_000)

    answer = served.client.post(
        "/documents", content=endless(), headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert error_of(answer) == (413, "too-large")
    assert left(served) == []


def test_a_client_that_leaves_leaves_nothing(served: Served):
    connection = UnixConnection(served.socket)
    connection.putrequest("POST", "/documents")
    connection.putheader("Content-Type", "multipart/form-data; boundary=b")
    connection.putheader("Content-Length", str(1_500_000))
    connection.endheaders()
    connection.send(part("file", bytes(1_200_000), "a.pdf"))
    until(lambda: left(served))
    connection.close()
    until(lambda: not left(served))


def test_an_upload_that_stalls_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    original = uploads.receive_form
    monkeypatch.setattr(uploads, "receive_form", lambda request, path, most: original(request, path, most, 0.1))
    with serving(tmp_path, reads=False) as served:
        connection = UnixConnection(served.socket)
        connection.putrequest("POST", "/documents")
        connection.putheader("Content-Type", "multipart/form-data; boundary=b")
        connection.putheader("Content-Length", "1000")
        connection.endheaders()
        connection.send(b"--b\r\n")
        assert connection.getresponse().status == 408
        connection.close()
        assert left(served) == []


def test_the_same_key_with_the_same_order_gives_the_same_document(served: Served, tmp_path: Path):
    path = text_pdf(tmp_path / "a.pdf", 1)
    key = {"Idempotency-Key": "scan 17"}
    first = served.upload(path, headers=key, pages="1")
    assert served.upload(path, headers=key, pages="1") == first
    assert served.upload(path, pages="1") != first
    assert served.upload(path, headers=key | {"Authorization": "Bearer other"}, pages="1") != first
    refused = served.client.post("/documents", files={"file": ("b.pdf", PDF)}, headers=key)
    assert error_of(refused) == (400, "usage")
    assert error_of(served.client.post("/documents", headers={"Idempotency-Key": "x" * 300}))[0] == 400
    assert left(served) == []


def test_addresses_are_not_fetched_unless_that_is_allowed(served: Served):
    answer = served.client.post("/documents", json={"url": "https://example.org/a.pdf"})
    assert error_of(answer) == (400, "usage")
    assert error_of(served.client.post("/documents", json={"url": "https://example.org/a.pdf", "x": 1}))[0] == 400
    assert error_of(served.client.post("/documents", json={"url": "x" * 100_000})) == (413, "too-large")


def test_errors_of_a_form_are_ours(tmp_path: Path):
    form = forms._Form(tmp_path / "file", b"b", 10)
    with pytest.raises(TooLarge):
        form.feed(part("file", bytes(11), "a.pdf"))
    form.close()
    with pytest.raises(UsageError):
        forms._Form(tmp_path / "other", b"b", 10).finish()
    (tmp_path / "there").write_bytes(b"")
    with pytest.raises(DocStationError):
        forms._Form(tmp_path / "there", b"b", 10).feed(part("file", b"1", "a.pdf"))


def test_sixty_megabytes_pass_through_flat_memory(tmp_path: Path):
    """The service is a process of its own here, so that the client's memory does not count."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    program = Path(__file__).with_name("test_documents_api_serving.py")
    process = subprocess.Popen(
        [sys.executable, str(program), str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"ready\n"
        transport = httpx2.HTTPTransport(uds=str(tmp_path / "s"))
        with httpx2.Client(transport=transport, base_url="http://service", timeout=60) as client:
            small = client.post("/documents", files={"file": ("a.pdf", PDF)})
            assert small.status_code == 202
            before = psutil.Process(process.pid).memory_info().rss
            highest = before

            def big() -> Iterator[bytes]:
                nonlocal highest
                yield part("file", PDF, "big.pdf")[:-2]
                for _piece in range(60):
                    highest = max(highest, psutil.Process(process.pid).memory_info().rss)
                    yield b"\n" * 1_000_000
                yield b"\r\n--b--\r\n"

            answer = client.post(
                "/documents", content=big(), headers={"Content-Type": "multipart/form-data; boundary=b"}
            )
            assert answer.status_code == 202
            assert client.get(answer.json()["links"]["document"]).json()["bytes"] > 60_000_000
            highest = max(highest, psutil.Process(process.pid).memory_info().rss)
        assert highest - before < 12_000_000
    finally:
        process.communicate(timeout=30)
    assert process.returncode == 0
