"""How fluid the recognition page is on a long document, felt in Chromium against the real service.

``python bench/web.py [--pages 100] [--turns 40]``. Times are taken inside the page, from the click to the frame in
which what was asked for is there; nobody else is to use the machine meanwhile. Memory is the heap of the page's
JavaScript after a collection, early and late.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from ocr_head import head, row

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "tests" / "web"))

from pdf_samples import chapters, written  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402
from web_process import web_server, web_service  # noqa: E402

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WATCH = """
window.deep = (wanted) => {
  const found = [];
  const walk = (root) => {
    found.push(...root.querySelectorAll(wanted));
    for (const one of root.querySelectorAll("*")) if (one.shadowRoot) walk(one.shadowRoot);
  };
  walk(document);
  return found;
};
window.felt = (act, there) => new Promise((done) => {
  const began = performance.now();
  act();
  const look = () => (there() ? done(performance.now() - began) : requestAnimationFrame(look));
  look();
});
"""
MARK = """(n) => felt(
  () => deep(".box")[n].click(),
  () => deep("li")[n].firstChild.getAttribute("aria-pressed") === "true")"""
EDITOR = """(n) => felt(
  () => deep(".box")[n].click(),
  () => document.querySelector(`[class*="st-key-recognise_text_"][class*="-b${n + 1}_"] textarea`))"""
TURN = """(n) => felt(
  () => document.querySelector(".st-key-recognise_turn_Right button").click(),
  () => {
    const image = deep(".page img")[0], block = deep("li")[0];
    return block?.textContent.includes(`Chapter number ${n}`) && image.complete && image.naturalWidth
      && image.getAttribute("src").includes(`/${n}.webp`);
  })"""
REST = 300.0
"""Milliseconds between two clicks: a quick reader's."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--turns", type=int, default=40)
    asked = parser.parse_args()
    head(f"The recognition page on {asked.pages} pages")
    row("what is felt", "median, ms", "worst, ms")
    row("---", "---:", "---:")
    with TemporaryDirectory() as folder, _open(Path(folder), asked.pages) as page:
        _measure(page, asked.turns)


@contextmanager
def _open(folder: Path, pages: int) -> Iterator[Page]:
    with web_service(folder) as service, web_server(service.environment, folder / "log") as address:
        file = written(folder, "chapters.pdf", chapters(pages))
        client, began = service.client, time.monotonic()
        made = client.submit(file)
        while not client.job(made.id).over:
            time.sleep(0.2)
        sys.stderr.write(f"{pages} pages were read in {time.monotonic() - began:.0f} s\n")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.add_init_script(WATCH)
            page.goto(f"{address}/?doc={made.id}")
            page.locator(".box").first.wait_for()
            page.wait_for_timeout(2000)
            yield page
            browser.close()


def _measure(page: Page, turns: int) -> None:
    def times(script: str, places: Callable[[int], int], count: int) -> list[float]:
        found = []
        for number in range(count):
            found.append(float(page.evaluate(script, places(number))))
            page.wait_for_timeout(REST)
        return found

    _tell("block and box marked after a click", times(MARK, lambda n: 1 + n % 5, turns))
    _tell("the block's editor is there", times(EDITOR, lambda n: 2 + n % 4, turns))
    heaps = []
    turned = []
    for number in range(turns):
        turned += times(TURN, lambda _n, number=number: number + 2, 1)
        if number in {turns // 4, turns - 1}:
            heaps.append(_heap(page))
    _tell("the next page with its picture and blocks", turned)
    print(f"\nHeap of the page after {turns // 4 + 1} and {turns} turns: {heaps[0]:.1f} and {heaps[1]:.1f} MB.")


def _tell(what: str, times: list[float]) -> None:
    row(what, f"{median(times):.0f}", f"{max(times):.0f}")


def _heap(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return float(used) / 1e6


if __name__ == "__main__":
    main()
