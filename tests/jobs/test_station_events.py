"""The station's history: what the journal held is found again after it was trimmed, begun anew, or read by somebody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from queue_databases import database_url, postgres

from docstation.jobs.database import Database
from docstation.jobs.station_events import StationHistory
from docstation.station.journal import FILE, OLDER, Journal, read_records

__all__ = ["database_url", "postgres"]


@pytest.fixture
def database(tmp_path: Path, database_url: str | None) -> Iterator[Database]:
    made = Database(tmp_path / "state", database_url)
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "station"


def write(folder: Path, *words: str, at: float = 1000.0) -> None:
    journal = Journal(folder)
    for place, word in enumerate(words):
        journal.note(at + place, word, {"said": word})
    journal.close()


def words(history: StationHistory, **asked: float) -> list[object]:
    return [one.body["said"] for one in history.records(**asked)]


def test_records_come_back_as_the_journal_has_them(database: Database, folder: Path):
    write(folder, "first", "вторая", "third")
    assert StationHistory(database, folder).records() == list(read_records(folder))


def test_each_record_is_copied_once_whoever_copies(database: Database, folder: Path):
    history = StationHistory(database, folder)
    assert history.catch_up() == 0, "there is no journal yet"
    write(folder, "first", "second")
    assert (history.catch_up(), history.catch_up()) == (2, 0)
    write(folder, "third", at=2000.0)
    assert StationHistory(database, folder).catch_up() == 1
    assert history.catch_up() == 0
    assert words(history) == ["first", "second", "third"]


def test_what_the_journal_has_trimmed_is_still_there(database: Database, folder: Path):
    history = StationHistory(database, folder)
    write(folder, "first", "second")
    history.catch_up()
    (folder / FILE).replace(folder / OLDER)
    write(folder, "third", at=2000.0)
    (folder / OLDER).unlink()
    assert words(history) == ["first", "second", "third"]
    assert [one.number for one in history.records()] == [1, 2, 3]


def test_a_journal_that_was_begun_anew_goes_on_with_higher_numbers(database: Database, folder: Path):
    history = StationHistory(database, folder)
    write(folder, "first", "second")
    history.catch_up()
    (folder / FILE).unlink()
    write(folder, "anew", "and on", at=3000.0)
    assert [(one.number, one.body["said"]) for one in history.records()] == [
        (1, "first"),
        (2, "second"),
        (3, "anew"),
        (4, "and on"),
    ]
    write(folder, "more", at=4000.0)
    assert words(history, after=4) == ["more"]


def test_a_part_is_found_by_number_by_moment_or_from_the_end(database: Database, folder: Path):
    history = StationHistory(database, folder)
    write(folder, *"abcdef")
    assert words(history, limit=2) == ["e", "f"]
    assert words(history, after=1, limit=2) == ["b", "c"]
    assert words(history, since=1004.0) == ["e", "f"]
    assert words(history, oldest=True, limit=2) == ["a", "b"]


def test_only_the_newest_are_kept(database: Database, folder: Path):
    history = StationHistory(database, folder, kept=3)
    write(folder, *"abcde")
    assert words(history) == ["c", "d", "e"]


def test_checkpoints_are_told_without_the_state_that_they_hold(database: Database, folder: Path):
    journal = Journal(folder)
    journal.checkpoint(1.0)
    journal.close()
    (one,) = StationHistory(database, folder).records()
    assert (one.kind, one.body) == ("checkpoint", {})


def test_a_torn_line_is_copied_once_it_is_whole(database: Database, folder: Path):
    history = StationHistory(database, folder)
    write(folder, "first")
    line = json.dumps({"n": 2, "at": 1.0, "kind": "note", "body": {"said": "second"}}).encode() + b"\n"
    with (folder / FILE).open("ab") as stream:
        stream.write(line[:20])
    assert words(history) == ["first"]
    with (folder / FILE).open("ab") as stream:
        stream.write(line[20:])
    assert words(history) == ["first", "second"]


def test_it_follows_until_its_end(database: Database, folder: Path):
    history = StationHistory(database, folder)
    with history.following(every=3600.0):
        write(folder, "last words")
    assert history.catch_up() == 0, "they were copied at the end"
    assert words(history) == ["last words"]
