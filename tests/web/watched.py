"""What a page must not do in a browser: ask others than our server, and say errors."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError

OWN = ("data:", "blob:")
LOOKS_AROUND = ("/_stcore/health", "/_stcore/host-config")


class Watched:
    """Keeps what the pages of a context did that they must not.

    Args:
        context: with no page yet.
        address: of our server.
    """

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context = context
        self.address = address
        self.expected: tuple[str, ...] = ()
        self._foreign: list[str] = []
        self._said: list[str] = []
        context.on("request", self._asked)
        context.on("console", self._told)
        context.on("weberror", self._failed)

    def check(self) -> None:
        """Fail where there was anything."""
        assert self._foreign == [], f"the page asked others than our own server: {self._foreign}"
        assert self._said == [], f"the page said errors: {self._said}"

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.address, *OWN)):
            self._foreign.append(request.url)

    def _told(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not _harmless(message):
            self._said.append(f"{message.type}: {message.text}")

    def _failed(self, error: WebError) -> None:
        self._said.append(str(error.error))


def _harmless(message: ConsoleMessage) -> bool:
    """Words of Streamlit's own page on things that are not ours.

    Opened below the root, it asks whether the server is there (``/chat/_stcore/health``), and is told that it is not.
    """
    return "404" in message.text and message.location["url"].endswith(LOOKS_AROUND)
