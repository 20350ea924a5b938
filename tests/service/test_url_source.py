"""Documents fetched from addresses: public hosts only, whatever form an address has and whatever a resolver says."""

from __future__ import annotations

import hashlib
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from run_samples import text_pdf
from test_documents_api_serving import error_of, serving

from docstation.errors import AddressRefused, FetchFailed, TooLarge
from docstation.intake.limits import Limits
from docstation.service.uploads import DocumentsSettings
from docstation.service.url_source import Fetcher, is_public

PUBLIC = "93.184.216.34"
MOST = 100_000

NOT_PUBLIC = [
    "127.0.0.1", "127.255.0.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:93.184.216.34", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1",
    "2002:7f00:1::", "2002:5db8:d822::1", "2001::1", "100::1",
]  # fmt: skip


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_not_everybody_reaches_is_not_public(address: str):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946"])
def test_the_others_are(address: str):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/",
        "http://0/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[fe80::1]/",
        "http://localhost/", "http://localhost./", "http://LOCALHOST/", "http://169.254.169.254/latest/meta-data/",
        "http://①②⑦.⓪.⓪.①/", "https://[64:ff9b::7f00:1]/", "http://[::]/",
    ],
)  # fmt: skip
def test_no_form_of_a_local_address_is_connected_to(url: str, tmp_path: Path):
    def connect(address: str, port: int, seconds: float) -> socket.socket:
        raise AssertionError(address)

    with pytest.raises((AddressRefused, FetchFailed)):  # some systems do not know some of these forms at all
        Fetcher(MOST, connect=connect).fetch(url, tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/a", "file:///etc/passwd", "gopher://example.org/", "data:text/plain,x", "//example.org/a",
        "example.org/a", "http://", "http:///a", "http://user:pass@example.org/", "http://example.org@10.0.0.1/",
        "http://example.org:0/", "http://example.org:99999/", "http://exa mple.org/", "http://example.org/\r\nX: y",
        "http://example.org\\@10.0.0.1/", "http://[::1/", "http://" + "a" * 300 + ".org/", "http://[fe80::1%25eth0]/",
        "javascript:alert(1)", "unix:///run/docker.sock",
    ],
)  # fmt: skip
def test_what_is_no_plain_web_address_is_refused_before_it_is_resolved(url: str, tmp_path: Path):
    def resolve(host: str, port: int) -> Sequence[str]:
        raise AssertionError(host)

    with pytest.raises(AddressRefused):
        Fetcher(MOST, resolve=resolve).fetch(url, tmp_path / "file")


def test_a_host_is_resolved_once_and_the_judged_address_is_connected_to(tmp_path: Path):
    """DNS rebinding: the second answer would be a local address."""
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    went: list[str] = []

    def connect(address: str, port: int, seconds: float) -> socket.socket:
        went.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    with pytest.raises(FetchFailed):
        Fetcher(MOST, resolve=lambda host, port: next(answers), connect=connect).fetch(
            "http://rebinding.example/a.pdf", tmp_path / "file"
        )
    assert went == [PUBLIC]
    assert list(answers) == [["127.0.0.1"]]


def test_one_local_address_among_public_ones_is_enough_to_refuse(tmp_path: Path):
    def connect(address: str, port: int, seconds: float) -> socket.socket:
        raise AssertionError(address)

    for found in ([PUBLIC, "10.0.0.1"], ["::1", PUBLIC], []):
        with pytest.raises(AddressRefused):
            Fetcher(MOST, resolve=lambda host, port, found=found: found, connect=connect).fetch(
                "http://mixed.example/", tmp_path / "file"
            )


# A real server on the loopback, which a scripted resolver calls public.

Act = Callable[[BaseHTTPRequestHandler], None]


class Web:
    """A server that does what a test says, by path."""

    def __init__(self) -> None:
        self.acts: dict[str, Act] = {}
        self.heads: list[dict[str, str]] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                web.heads.append(dict(self.headers))
                web.acts[self.path](self)

            def log_message(self, *words: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def address(self, path: str, host: str = "files.example") -> str:
        return f"http://{host}:{self.port}{path}"

    def fetcher(self, **chosen: object) -> Fetcher:
        """One for which the loopback stands for the public, under names that end with ``.example`` only."""

        def resolve(host: str, port: int) -> Sequence[str]:
            return ["127.0.0.1"] if host.endswith(".example") else ["10.0.0.1"]

        return Fetcher(MOST, resolve=resolve, public=lambda address: address.is_loopback, **chosen)

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def web() -> Iterator[Web]:
    made = Web()
    yield made
    made.close()


def gives(data: bytes, status: int = 200, **headers: str) -> Act:
    def act(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in ({"Content_Length": str(len(data))} | headers).items():
            if value:
                request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(data)
        request.close_connection = True

    return act


def test_a_file_is_fetched_whole_and_named_after_its_address(web: Web, tmp_path: Path):
    web.acts["/%D0%B0%20b.pdf?x=1"] = gives(b"data")
    fetched = web.fetcher().fetch(web.address("/%D0%B0%20b.pdf?x=1"), tmp_path / "file")
    assert (fetched.name, fetched.bytes) == ("а b.pdf", 4)
    assert fetched.sha256 == hashlib.sha256(b"data").hexdigest()
    assert (tmp_path / "file").read_bytes() == b"data"
    assert web.heads[0]["Host"] == f"files.example:{web.port}"
    assert not {"Cookie", "Authorization", "Referer"} & set(web.heads[0])


def test_addresses_in_russian_are_understood(web: Web, tmp_path: Path):
    web.acts["/%D1%84%D0%B0%D0%B9%D0%BB.pdf"] = gives(b"data")
    fetched = web.fetcher().fetch(web.address("/файл.pdf", "документы.example"), tmp_path / "file")
    assert fetched.name == "файл.pdf"
    assert web.heads[0]["Host"].startswith("xn--d1acoigc6ae0f.example:")


def test_redirects_are_followed_a_few_times_and_each_is_judged(web: Web, tmp_path: Path):
    web.acts["/a"] = gives(b"", 302, Location="/b")
    web.acts["/b"] = gives(b"", 301, Location=web.address("/c", "other.example"))
    web.acts["/c"] = gives(b"end")
    web.acts["/inside"] = gives(b"", 307, Location="http://intranet.local/secret")
    web.acts["/file"] = gives(b"", 302, Location="file:///etc/passwd")
    web.acts["/loop"] = gives(b"", 302, Location="/loop")
    assert web.fetcher().fetch(web.address("/a"), tmp_path / "file").bytes == 3
    for path in ("/inside", "/file"):
        with pytest.raises(AddressRefused):
            web.fetcher().fetch(web.address(path), tmp_path / "other")
    before = len(web.heads)
    with pytest.raises(FetchFailed):
        web.fetcher().fetch(web.address("/loop"), tmp_path / "other")
    assert len(web.heads) - before == 6
    with pytest.raises(FetchFailed):
        web.fetcher(redirects=0).fetch(web.address("/a"), tmp_path / "other")
    assert not (tmp_path / "other").exists()


def drips(data: bytes) -> Act:
    """Sends a byte now and then, for ever."""

    def act(request: BaseHTTPRequestHandler) -> None:
        request.close_connection = True
        stop = threading.Event()
        try:
            while not stop.wait(0.02):
                request.wfile.write(data)
        except OSError:
            return

    return act


def breaks_off(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(b"begin")
    request.close_connection = True


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (gives(b"x", 404), FetchFailed),
        (gives(b"x", 206), FetchFailed),
        (gives(b"x", Content_Encoding="gzip"), FetchFailed),
        (gives(bytes(MOST + 1)), TooLarge),
        (gives(bytes(MOST + 1), Content_Length=""), TooLarge),
        (gives(b"", Content_Length=str(10**15)), TooLarge),
        (breaks_off, FetchFailed),
        (drips(b"x"), FetchFailed),
        (drips(b"HTTP/1.1 200 OK\r\n\r\n"), FetchFailed),
        (lambda request: request.wfile.write(b"\x00\xff nonsense\r\n\r\n"), FetchFailed),
    ],
)
def test_what_is_no_document_fails_and_leaves_nothing(web: Web, tmp_path: Path, act: Act, error: type[Exception]):
    web.acts["/"] = act
    with pytest.raises(error):
        web.fetcher(seconds=0.5).fetch(web.address("/"), tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def test_tls_needs_a_certificate_that_is_trusted(web: Web, tmp_path: Path):
    with pytest.raises(FetchFailed, match=r"TLS|certificate|understood"):
        web.fetcher(seconds=2).fetch(web.address("/").replace("http:", "https:"), tmp_path / "file")


def test_documents_are_taken_in_by_address_where_that_is_allowed(web: Web, tmp_path: Path):
    web.acts["/a.pdf"] = gives(text_pdf(tmp_path / "a.pdf", 1).read_bytes())
    web.acts["/none.pdf"] = gives(b"", 404)
    settings = DocumentsSettings(limits=Limits(file_bytes=MOST), allow_urls=True, fetcher=web.fetcher())
    (tmp_path / "state").mkdir()
    with serving(tmp_path / "state", settings, reads=False) as served:
        answer = served.client.post("/documents", json={"url": web.address("/a.pdf"), "pages": "1"})
        assert answer.status_code == 202
        shown = served.get(answer.json()["id"])
        assert (shown["name"], shown["options"]["pages"]) == ("a.pdf", "1")
        refused = served.client.post("/documents", json={"url": "http://10.0.0.1/a.pdf"})
        assert error_of(refused) == (403, "address-refused")
        failed = served.client.post("/documents", json={"url": web.address("/none.pdf")})
        assert error_of(failed) == (422, "fetch-failed")
        assert list((served.queue.files.folder / "incoming").iterdir()) == []
