"""The journal of the station: an append-only file of JSON lines, each synced to disk before anybody acts on it.

It is the only truth about the station's state: a state is the newest checkpoint with the events after it folded in by
the machine. A line that a crash tore is not counted. Notes (measurements, diagnoses) stand between the events for
people to read; they change no state.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from docstation.station.machine import react
from docstation.station.records import Json, event_from_json, event_to_json, state_from_json, state_to_json
from docstation.station.words import Event, State

FILE = "journal.jsonl"
OLDER = "journal.1.jsonl"
LARGEST = 4_000_000
"""Bytes after which a new file is begun at the next checkpoint; one older file is kept."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the journal.

    Attributes:
        number: ascending over all files.
        at: POSIX seconds.
        kind: ``checkpoint``, ``event`` or ``note``.
        transaction: id of the transaction that it belongs to, empty for none.
        before: mode, or step under way, before the event.
        after: the same after it.
        seconds: spent in `before`, as far as the transaction goes back; 0 where it began.
        body: the state, the event or the note itself.
    """

    number: int
    at: float
    kind: str
    transaction: str = ""
    before: str = ""
    after: str = ""
    seconds: float = 0.0
    body: dict[str, Json] = field(default_factory=dict)


class Journal:
    """The journal open for writing; one process at a time has it, see `docstation.station.lock`.

    Args:
        folder: of the station's state; made where it is missing.

    Raises:
        OSError: the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        known = replay_newest(folder)
        self.state, self._number, self._entered = known.state, known.number, known.entered
        self._stream: BinaryIO = _opened(folder / FILE)

    def append(self, event: Event, after: State) -> Record:
        """Write an event, durably, before its effects are performed; `after` is the state that it leads to."""
        step = _doing(self.state)
        transaction = (after.transaction or self.state.transaction) if step != _doing(after) else after.transaction
        record = Record(
            self._number + 1,
            event.at,
            "event",
            transaction.id if transaction else "",
            step,
            _doing(after),
            round(event.at - self._entered, 3) if self._entered else 0.0,
            event_to_json(event),
        )
        self._write(record)
        if _doing(after) != step:
            self._entered = event.at
        self.state = after
        return record

    def note(self, at: float, name: str, fields: dict[str, Json], transaction: str = "") -> Record:
        """Write something worth knowing that changes no state."""
        record = Record(self._number + 1, at, "note", transaction, body={"note": name, **fields})
        self._write(record)
        return record

    def checkpoint(self, at: float) -> None:
        """Write the whole state, into a new file when the old one has grown large."""
        if os.fstat(self._stream.fileno()).st_size > LARGEST:
            self._stream.close()
            (self._folder / FILE).replace(self._folder / OLDER)
            self._stream = _opened(self._folder / FILE)
        self._write(Record(self._number + 1, at, "checkpoint", body=state_to_json(self.state)))
        _sync_folder(self._folder)

    def close(self) -> None:
        """Close the file; everything was written already."""
        self._stream.close()

    def _write(self, record: Record) -> None:
        descriptor = self._stream.fileno()
        before, rest = os.fstat(descriptor).st_size, memoryview(_line(record))
        try:
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        except OSError:
            # What does not fit whole must not stay in part: the same record is tried again.
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, before)
            raise
        self._number = record.number


def read_records(folder: Path, *, notes: bool = True) -> Iterator[Record]:
    """All records that are kept, oldest first; torn lines are left out."""
    for name in (OLDER, FILE):
        for record in _records(folder / name):
            if notes or record.kind != "note":
                yield record


def newest_records(folder: Path) -> Iterator[Record]:
    """All records that are kept, newest first; only as far as they are taken they are read and understood."""
    for name in (FILE, OLDER):
        for line in reversed(_lines(folder / name)):
            if (record := _parsed(line)) is not None:
                yield record


def replay_newest(folder: Path) -> Replayed:
    """What the records of `folder` add up to, from the last checkpoint on.

    Two are read, so that it is known since when the step or mode at the last one is under way.
    """
    found: list[Record] = []
    checkpoints = 0
    for record in newest_records(folder):
        found.append(record)
        checkpoints += record.kind == "checkpoint"
        if checkpoints == 2:
            break
    return replay(reversed(found))


@dataclass(frozen=True, slots=True)
class Replayed:
    """What records add up to.

    Attributes:
        state: of the station.
        number: of the last record, 0 for none.
        entered: POSIX seconds at which the step or mode under way began.
    """

    state: State
    number: int
    entered: float


def replay(records: Iterable[Record]) -> Replayed:
    """The state that `records` add up to: the last checkpoint and every event after it."""
    state, number, entered = State(), 0, 0.0
    for record in records:
        number = record.number
        if record.kind == "checkpoint":
            state = state_from_json(record.body)
        elif record.kind == "event":
            before = _doing(state)
            state, _effects = react(state, event_from_json(record.body))
            entered = entered if _doing(state) == before else record.at
    return Replayed(state, number, entered)


def _doing(state: State) -> str:
    return str(state.transaction.step if state.transaction else state.mode)


def _opened(path: Path) -> BinaryIO:
    """The file for appending, a torn last line cut off."""
    stream = path.open("ab+")
    stream.seek(0)
    whole = stream.read()
    end = whole.rfind(b"\n") + 1
    if end != len(whole):
        stream.truncate(end)
    stream.seek(0, os.SEEK_END)
    return stream


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _line(record: Record) -> bytes:
    value = {
        "n": record.number,
        "at": round(record.at, 3),
        "kind": record.kind,
        "transaction": record.transaction,
        "before": record.before,
        "after": record.after,
        "seconds": record.seconds,
        "body": record.body,
    }
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _records(path: Path) -> Iterator[Record]:
    for line in _lines(path):
        if (record := _parsed(line)) is not None:
            yield record


def _lines(path: Path) -> list[bytes]:
    """The whole lines of a file; what a crash tore is left out."""
    try:
        return path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []


def _parsed(line: bytes) -> Record | None:
    try:
        value = json.loads(line)
        return Record(
            int(value["n"]),
            float(value["at"]),
            str(value["kind"]),
            str(value.get("transaction", "")),
            str(value.get("before", "")),
            str(value.get("after", "")),
            float(value.get("seconds", 0.0)),
            dict(value["body"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
