"""Files that are pasted on the recognition page: Ctrl+V with a file on the clipboard takes it as if it were picked."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from web_process import WebService

Opens = Callable[..., Page]
Shot = Callable[[Page, str], Path]
PASTE = """async ({ selector, name }) => {
  const canvas = new OffscreenCanvas(600, 200);
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff"; pen.fillRect(0, 0, 600, 200);
  pen.fillStyle = "#000"; pen.font = "40px sans-serif"; pen.fillText("Pasted picture 42", 40, 100);
  const data = new DataTransfer();
  data.items.add(new File([await canvas.convertToBlob()], name, { type: "image/png" }));
  const pasted = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.querySelector(selector).dispatchEvent(pasted);
}"""
"""What a browser does at Ctrl+V with a picture on the clipboard, at what has the focus, the body where nothing has."""


UPLOADER = '[data-testid="stFileUploaderDropzone"]'


def paste(page: Page, name: str, place: str = "body") -> None:
    """Paste a picture as a file of that name, where the element of that selector has the focus."""
    expect(page.locator("[data-hears=paste]")).to_be_attached()
    page.evaluate(PASTE, {"selector": place, "name": name})


@pytest.mark.parametrize(("language", "button"), [("ru", "Распознать"), ("en", "Recognise")])
def test_a_picture_that_is_pasted_as_soon_as_the_page_is_open_is_read(
    open_page: Opens, service: WebService, shot: Shot, language: str, button: str
) -> None:
    page = open_page(language=language)
    paste(page, f"pasted-{language}.png")
    expect(page.get_by_text(f"pasted-{language}.png")).to_be_visible()
    shot(page, f"recognise-pasted-{language}")
    page.get_by_role("button", name=button).click()
    expect(page.locator("li button").first).to_contain_text("42", timeout=60_000)
    page.wait_for_url(re.compile("doc="))
    id = page.url.partition("doc=")[2].partition("&")[0]
    page.context.close()  # a page that is open asks for the pictures of its document
    service.client.delete(id)


def test_it_is_taken_once_where_the_uploader_has_the_focus(open_page: Opens) -> None:
    page = open_page(language="en")
    zone = page.locator(UPLOADER)
    zone.get_by_role("button").first.focus()
    page.evaluate(PASTE, {"selector": f"{UPLOADER} button", "name": "focused.png"})
    expect(page.get_by_text("focused.png")).to_have_count(1)
    paste(page, "second.png")
    expect(page.get_by_role("button", name="Recognise 2 files")).to_be_enabled()


def test_what_is_pasted_into_a_text_stays_there(open_page: Opens, document: str) -> None:
    page = open_page(f"/?doc={document}", language="en")
    page.locator(".box").first.click()
    field = page.get_by_role("textbox", name="Text of the block")
    expect(field).to_be_visible()
    page.evaluate(PASTE, {"selector": "textarea", "name": "into-text.png"})
    paste(page, "beside.png")
    expect(page.get_by_text("beside.png")).to_be_visible()
    expect(page.get_by_text("into-text.png")).to_have_count(0)
