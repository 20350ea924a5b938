"""How much of what an engine can give is used: pages a second of our reader and of a client with one thread a page.

``python bench/reading.py [--pages 200] [--slots 8] [--memory]``. The engine is `reading_server.py`: continuous
batching, with the times of a card stood in for by sleeps. Three clients read the same scanned pages, one after the
other: one that has all requests ready before it begins (what the engine can give); ours; and one as in dots.ocr's own
parser, which renders all pages first and then asks about each in a thread of its own without streaming. With
``--memory`` ours alone reads, and what it holds at most is told for each fifth of the pages: flat, however long a
document is.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import io
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
from ocr_head import head, row

from docstation.testing.samples import russian_scan

HERE = Path(__file__).parent
THREADS = 16
"""Of the peer, the default of its command line."""
PEER_DPI = 200
BLOCKS = 14


def answer_for(page: tuple[int, int]) -> str:
    """A layout that covers the whole page, as large as usual answers are: about 1,700 tokens at four signs each."""
    width, height = page
    step = height // BLOCKS
    # No two lines alike: what repeats itself is cut as a loop.
    chance = random.Random(0)
    blocks = [
        {"bbox": [0, place * step, width, (place + 1) * step], "category": "Text", "text": _prose(chance)}
        for place in range(BLOCKS)
    ]
    return json.dumps(blocks, ensure_ascii=False)


def _prose(chance: random.Random) -> str:
    letters = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфё"
    return " ".join("".join(chance.choices(letters, k=chance.randint(2, 11))) for _ in range(50))


def document(folder: Path, pages: int) -> tuple[Path, bytes]:
    """A PDF whose pages are all the same scan."""
    import pikepdf
    from PIL import Image

    jpeg, _ = russian_scan()
    with Image.open(io.BytesIO(jpeg)) as image:
        width, height = image.size
    made = pikepdf.new()
    picture = pikepdf.Stream(made, jpeg)
    picture.stream_dict = pikepdf.Dictionary(
        Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=width, Height=height,
        ColorSpace=pikepdf.Name.DeviceGray if image.mode == "L" else pikepdf.Name.DeviceRGB, BitsPerComponent=8,
        Filter=pikepdf.Name.DCTDecode,
    )  # fmt: skip
    shared = made.make_indirect(picture)
    for _ in range(pages):
        page = made.add_blank_page(page_size=(595, 842))
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(P=shared))
        page.Contents = pikepdf.Stream(made, b"595 0 0 842 0 0 cm /P Do")
    path = folder / "scans.pdf"
    made.save(path)
    return path, jpeg


@contextmanager
def server(answer: str, slots: int) -> Iterator[int]:
    """The engine as a process of its own; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, str(HERE / "reading_server.py"), str(port), json.dumps(answer), str(slots)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE)
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def asked(port: int, picture: bytes, form: str) -> str:
    """One question without streaming; the answer's text."""
    url = f"data:image/{form};base64,{base64.b64encode(picture).decode()}"
    parts = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "layout"}]
    body = {"model": "rednote-hilab/dots.ocr", "messages": [{"role": "user", "content": parts}], "max_tokens": 4096}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
    text: str = json.loads(connection.getresponse().read())["choices"][0]["message"]["content"]
    return text


def ready_made(port: int, path: Path, jpeg: bytes, pages: int) -> int:
    """All requests are there before it begins, and are queued at the engine."""
    with ThreadPoolExecutor(THREADS * 2) as pool:
        return sum(1 for _ in pool.map(lambda _: asked(port, jpeg[:1000], "jpeg"), range(pages)))


def one_thread_a_page(port: int, path: Path, jpeg: bytes, pages: int) -> int:
    """Renders all pages, then asks about each in a thread, PNG, and reads the answers when they are whole."""
    import pypdfium2

    with pypdfium2.PdfDocument(path) as opened:
        images = [page.render(scale=PEER_DPI / 72).to_pil() for page in opened]

    def read(image: object) -> int:
        stream = io.BytesIO()
        image.save(stream, "PNG")  # type: ignore[attr-defined]
        return len(json.loads(asked(port, stream.getvalue(), "png")))

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(1 for count in pool.map(read, images) if count)


def read_by_us(port: int, path: Path) -> Iterator[bool]:
    """The Python interface, as many workers as the settings say; whether each page is well."""
    os.environ["DOCSTATION_READING_ENDPOINT"] = f"http://127.0.0.1:{port}"
    from docstation.bootstrap.reader import pages as read_pages

    return (bool(page.blocks) and page.status.value == "ok" for page in read_pages(path, engine="served"))


def ours(port: int, path: Path, jpeg: bytes, pages: int) -> int:
    """The pages that we read well."""
    return sum(read_by_us(port, path))


def memory_by_fifths(port: int, path: Path, pages: int) -> None:
    """Print the most memory in each fifth of the pages."""
    row("pages", "read well", "peak memory meanwhile, MB")
    row(*["---"] * 3)
    well = 0
    with Watch() as watch:
        for number, is_well in enumerate(read_by_us(port, path), start=1):
            well += is_well
            if number * 5 % pages < 5:
                row(number, well, round(watch.most / 1e6))
                watch.most = 0


class Watch:
    """The largest memory of this process and its children, proportional set size, looked at twice a second."""

    def __init__(self) -> None:
        self.most = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        own = psutil.Process()
        while not self._ended.wait(0.5):
            total = 0
            for one in [own, *own.children(recursive=True)]:
                try:
                    if "reading_server.py" not in " ".join(one.cmdline()):
                        total += one.memory_full_info().pss
                except psutil.Error:
                    continue
            self.most = max(self.most, total)


SIDES = {
    "all requests ready: what the engine can give": ready_made,
    "docstation": ours,
    "one thread a page, all rendered first": one_thread_a_page,
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--slots", type=int, default=8)
    parser.add_argument("--memory", action="store_true")
    given = parser.parse_args()
    head("Reading with a served model: pages a second")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DOCSTATION_HOME"] = folder
        path, jpeg = document(Path(folder), given.pages)
        if given.memory:
            with server(answer_for((1540, 2184)), given.slots) as port:
                memory_by_fifths(port, path, given.pages)
            return
        row("client", "pages read", "seconds", "pages/s", "of the engine's", "peak memory, MB")
        row(*["---"] * 6)
        best = 0.0
        for name, read in SIDES.items():
            with server(answer_for((1540, 2184)), given.slots) as port, Watch() as watch:
                began = time.monotonic()
                count = read(port, path, jpeg, given.pages)
                seconds = time.monotonic() - began
            best = best or count / seconds
            share = f"{100 * count / seconds / best:.1f} %"
            row(name, count, f"{seconds:.1f}", f"{count / seconds:.2f}", share, round(watch.most / 1e6))


if __name__ == "__main__":
    main()
