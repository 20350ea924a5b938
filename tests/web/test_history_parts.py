"""What the page of history makes of what the service tells, without a page."""

from __future__ import annotations

import subprocess

import pytest

from docstation import messages
from docstation.client import Hit, Job, JobOptions
from docstation.errors import DocStationError
from docstation.settings import load
from docstation.web.history import diagnosis, listing, settings
from docstation.web.history.pictures import picture
from docstation.web.history.searching import marked


@pytest.fixture(autouse=True)
def english() -> None:
    messages.use("en")


def job(**changed: object) -> Job:
    given: dict[str, object] = {
        "id": "0123456789abcdef",
        "name": "a.pdf",
        "state": "done",
        "media_type": "application/pdf",
        "sha256": "",
        "bytes": 1_400_000,
        "options": JobOptions(),
        "created": 0.0,
        "started": None,
        "ended": None,
        "page_count": 9,
        "total": 9,
        "done": 9,
        "counts": {},
        "progress": 1.0,
        "eta_seconds": None,
        "error": None,
        "last_news": 1,
    }
    return Job(**(given | changed))


def test_the_picture_is_of_the_first_page_that_was_asked_for() -> None:
    pages = {None: 1, "3-5": 3, "-2": 1, "7,1": 7, "99": 1}
    assert {asked: listing.first_page(job(options=JobOptions(pages=asked))) for asked in pages} == pages
    assert listing.first_page(job(page_count=0)) == 0


def test_what_is_no_id_gets_no_address() -> None:
    assert "<img" not in picture("../../etc", 1, title="")
    assert 'alt="&lt;b&gt;"' in picture("0123456789abcdef", 1, title="<b>")


def test_a_document_says_pages_size_and_what_is_the_matter() -> None:
    said = listing.facts(job(state="failed", counts={"failed": 2}))
    assert "9 pages" in said
    assert "1.4 MB" in said
    assert ":red-badge[could not be read]" in said
    assert "2 pages failed" in said


def test_words_that_were_found_are_marked_and_the_rest_is_only_text() -> None:
    hit = Hit(1, "p1-b1", "*договор* поставки", ((1, 8), (10, 18), (5, 7), (90, 99)))
    assert marked(hit) == "\\*:orange-background[договор]\\* :orange-background[поставки]"


def test_settings_are_shown_with_the_place_that_they_are_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCSTATION_SERVICE_KEEP_DAYS", "30")
    rows = {row["Setting"].split("`")[1]: row for row in settings.rows(load())}
    assert rows["service.keep_days"]["Value"] == "30"
    assert "DOCSTATION" in rows["service.keep_days"]["From"].replace("\\", "")
    assert rows["station.budget"]["Value"] == "12.00 GB"
    assert settings.retention(30) == "Documents are deleted 30 days after they were read."


def test_languages_are_named_in_themselves() -> None:
    assert [settings.own_name(one) for one in ("ru", "en")] == ["Русский", "English"]


def test_a_report_that_cannot_be_made_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "COMMAND", ("sh", "-c", "echo no such thing >&2; exit 3"))
    with pytest.raises(DocStationError, match="no such thing"):
        diagnosis.report()
    monkeypatch.setattr(diagnosis, "SECONDS", 0.01)
    monkeypatch.setattr(diagnosis, "COMMAND", ("sleep", "5"))
    with pytest.raises(DocStationError, match=subprocess.TimeoutExpired.__name__):
        diagnosis.report()


def test_a_report_of_something_broken_is_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "COMMAND", ("sh", "-c", "echo '# broken'; exit 4"))
    assert diagnosis.report() == "# broken\n"


class Reading:
    """The calls that have a document read."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def retry(self, id: str) -> Job:
        self.asked.append(("retry", id))
        return job(id=id, state="reading")

    def reread(self, id: str) -> Job:
        self.asked.append(("reread", id))
        return job(id="fedcba9876543210", state="waiting")


def test_reading_again_goes_on_with_what_was_cancelled_and_begins_anew_with_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(listing, "open_there", opened.append)
    client = Reading()
    listing.read_again(client, job(state="cancelled"))
    listing.read_again(client, job())
    assert client.asked == [("retry", "0123456789abcdef"), ("reread", "0123456789abcdef")]
    assert opened == ["0123456789abcdef", "fedcba9876543210"]
