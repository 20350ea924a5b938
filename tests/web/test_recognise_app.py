"""The recognition page's logic without a browser: what is open, what is offered, and what happens at each click."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pdf_samples import chapters, written
from streamlit.testing.v1 import AppTest
from web_process import WebService

from docstation.client import Client, Job

Makes = Callable[..., AppTest]


@pytest.fixture
def sheet(service: WebService, tmp_path: Path) -> Iterator[str]:
    """Id of a document of three pages, for a test that changes it."""
    id = service.read(written(tmp_path, "Ведомость.pdf", chapters(3)))
    yield id
    service.client.delete(id)


def keyed(app: AppTest, kind: str, start: str) -> list[object]:
    """Elements whose key begins so."""
    return [one for one in app.get(kind) if (one.key or "").startswith(start)]  # type: ignore[attr-defined]


def test_the_document_and_page_of_the_address_are_open(app: Makes, sheet: str) -> None:
    made = app("en", doc=sheet, page="2").run()
    assert not made.exception
    assert made.query_params["page"] == "2"
    assert "Page 2 of 3" in [one.value for one in made.markdown]
    assert not made.button(key="recognise_turn_Left").disabled


def test_pages_that_are_not_there_open_the_first(app: Makes, sheet: str) -> None:
    for page in ("99", "-1", "x", "1e9"):
        made = app("en", doc=sheet, page=page).run()
        assert not made.exception
        assert "Page 1 of 3" in [one.value for one in made.markdown]


def test_turning_the_page_is_in_the_address(app: Makes, sheet: str) -> None:
    made = app("en", doc=sheet).run()
    made.button(key="recognise_turn_Right").click().run()
    assert made.query_params["page"] == "2"
    made.button(key="recognise_turn_Right").click().run()
    assert made.button(key="recognise_turn_Right").disabled


def test_a_document_that_is_gone_is_told_and_others_are_offered(app: Makes, sheet: str) -> None:
    made = app("en", doc="0000000000000000000000aa").run()
    assert not made.exception
    assert made.error
    made.button(key="recognise_others").click().run()
    assert not made.error
    assert made.query_params["doc"] != "0000000000000000000000aa"


def test_an_id_of_nonsense_is_no_failure_of_ours(app: Makes, sheet: str) -> None:
    for id in ("../../etc/passwd", "<script>", "a" * 500):
        made = app("en", doc=id).run()
        assert not made.exception
        assert made.error


def test_files_are_read_with_the_options_that_were_chosen(
    app: Makes, service: WebService, sheet: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = app("en", doc=sheet).run()
    assert made.button(key="recognise_go").disabled
    made.text_input(key="recognise_pages").set_value("2").run()
    uploader = made.file_uploader[0]
    uploader.upload("two.pdf", chapters(2), "application/pdf").run()
    made.button(key="recognise_go").click().run()
    id = made.query_params["doc"]
    assert id != sheet
    assert service.client.job(id).name == "two.pdf"
    assert service.client.job(id).options.pages == "2"
    service.client.delete(id)


def test_a_refused_file_is_named_and_the_others_are_read(app: Makes, service: WebService, sheet: str) -> None:
    made = app("en", doc=sheet).run()
    uploader = made.file_uploader[0]
    uploader.upload("nothing.bin", b"\x00\x01\x02", "application/octet-stream").upload(
        "one.pdf", chapters(1), "application/pdf"
    ).run()
    made.button(key="recognise_go").click().run()
    names = [one.name for one in service.client.jobs().jobs]
    assert "one.pdf" in names
    assert not made.exception
    for one in service.client.jobs().jobs:
        if one.name in {"one.pdf", "nothing.bin"}:
            service.client.delete(one.id)


def test_a_failed_page_says_why_and_is_read_again_by_a_button(
    app: Makes, sheet: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int]] = []
    real = Client.job

    def with_failure(self: Client, id: str) -> Job:
        job = real(self, id)
        pages = tuple(replace(one, state="failed", code="timeout") if one.number == 2 else one for one in job.pages)
        return replace(job, pages=pages, counts={"ok": 2, "failed": 1})

    def retried(self: Client, id: str, number: int) -> Job:
        asked.append((id, number))
        return real(self, id)

    monkeypatch.setattr(Client, "job", with_failure)
    monkeypatch.setattr(Client, "retry_page", retried)
    made = app("en", doc=sheet, page="2").run()
    assert any("1 page could not be read" in one.value for one in made.markdown)
    assert any("it took too long" in one.value for one in made.error)
    made.button(key=f"recognise_again_{sheet}_2").click().run()
    assert asked == [(sheet, 2)]


def test_a_change_that_is_refused_is_told(app: Makes, sheet: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from docstation.errors import Overloaded

    def refused(self: Client, *arguments: object, **more: object) -> None:
        raise Overloaded

    monkeypatch.setattr(Client, "reread", refused)
    made = app("en", doc=sheet).run()
    made.button(key="recognise_reread").click().run()
    assert not made.exception
    assert any("Too many requests" in one.value for one in made.error)


def test_russian_is_spoken_where_the_browser_speaks_it(app: Makes, sheet: str) -> None:
    made = app("ru", doc=sheet).run()
    assert made.button(key="recognise_go").label == "Распознать"


def test_a_service_that_is_away_is_told_with_a_way_to_go_on(
    app: Makes, sheet: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from docstation.client import ServiceAway
    from docstation.web import service as web_service

    def away(*_arguments: object) -> None:
        raise ServiceAway(address="http://127.0.0.1:1")

    made = app("en", doc=sheet)
    monkeypatch.setattr(web_service, "ensure_service", away)
    made.run()
    assert not made.exception
    assert any("No service answers" in one.value for one in made.error)
    assert made.button(key="main_again")
