"""One service and one web server for all tests of the pages of a worker; a browser for each module that needs one.

`app` runs the pages without a browser (Streamlit's AppTest), `page` with Chromium; both speak to the same service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from streamlit.testing.v1 import AppTest
from watched import Watched
from web_process import ROOT, SAMPLES, SHOTS, WebService, web_server, web_service

from docstation import messages
from docstation.web import service as web_service_module

PATIENCE_MS = 20_000.0
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PICTURES = """() => {
  const inside = (one) => (one.shadowRoot ? all(one.shadowRoot) : []);
  const all = (root) => [...root.querySelectorAll("*")].flatMap((one) => [one, ...inside(one)]);
  const seen = ({ top, bottom, left, right }) => bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
  return all(document).every((one) => one.tagName !== "IMG" || one.complete || !seen(one.getBoundingClientRect()));
}"""
"""Whether the pictures that are in sight are there."""
MAIN = ROOT / "src" / "docstation" / "web" / "main.py"


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebService]:
    """A running service with the embedded engine; tests leave the documents of others alone."""
    with web_service(tmp_path_factory.mktemp("web")) as made:
        yield made


@pytest.fixture
def document(service: WebService) -> str:
    """Id of the sample report, read: two pages, a table on the first."""
    return service.read(SAMPLES / "report-mixed.pdf")


@pytest.fixture(scope="session")
def web(service: WebService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a running web application, without a slash at its end."""
    with web_server(service.environment, tmp_path_factory.mktemp("streamlit") / "log") as address:
        yield address


@pytest.fixture
def app(service: WebService, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., AppTest]]:
    """Makes the application without a browser: ``app(language="ru", **query)``, before its first run."""
    monkeypatch.setenv("DOCSTATION_HOME", str(service.home))
    monkeypatch.setenv("DOCSTATION_SERVICE_PORT", str(service.port))
    web_service_module.settings.cache_clear()
    web_service_module.forget()

    def make(language: str = "ru", **query: str) -> AppTest:
        # What is chosen is written out by this thread, in the language in which the page has shown it.
        messages.use(language)
        made = AppTest.from_file(str(MAIN), default_timeout=20)
        made.context = {"locale": language}
        for name, value in query.items():
            made.query_params[name] = value
        return made

    yield make
    messages.use("en")
    web_service_module.settings.cache_clear()
    web_service_module.forget()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of a module, not of all: while it runs, nothing else may run an event loop in this thread."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield made
        made.close()


@pytest.fixture
def open_page(browser: Browser, web: str) -> Iterator[Callable[..., Page]]:
    """Opens pages: ``open_page("/models", language="en", width=390, dark=True)``.

    At its end a page must have asked nobody but our own server, and said no error.
    """
    opened: list[Watched] = []

    def make(
        path: str = "/", *, language: str = "ru", width: int = 1280, height: int = 900, dark: bool = False
    ) -> Page:
        context = browser.new_context(
            locale={"ru": "ru-RU", "en": "en-US"}[language],
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )
        context.set_default_timeout(PATIENCE_MS)
        opened.append(Watched(context, web))
        made = context.new_page()
        made.goto(f"{web}{path}")
        return made

    yield make
    for one in opened:
        one.context.close()
    for one in opened:
        one.check()


@pytest.fixture
def shot() -> Callable[[Page, str], Path]:
    """Writes a screenshot for people to look at: ``shot(page, "recognise-ru")``."""

    def write(page: Page, name: str) -> Path:
        SHOTS.mkdir(parents=True, exist_ok=True)
        path = SHOTS / f"{name}.png"
        page.wait_for_function(PICTURES)
        page.screenshot(path=path)
        return path

    return write
