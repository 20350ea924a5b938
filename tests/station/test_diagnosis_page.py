from pathlib import Path

from docstation.station.causes import Cause
from docstation.station.remedies.page import page

PAGE = Path(__file__).parents[2] / "docs" / "diagnosis.md"


def test_the_page_is_written_from_the_table():
    again = "run `python -m docstation.station.remedies.page`"
    assert PAGE.read_text(encoding="utf-8") == page(), again


def test_the_page_has_every_cause():
    text = page()
    assert [cause for cause in Cause if f"\n### {cause}\n" not in text] == []
    assert "{" not in text
