"""The station's history: records of its journal, copied into the database, where they outlive the journal's trimming.

The journal stays the only truth about the station's state: nothing is decided by what stands here. Whoever owns the
station copies; anybody may read.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import takewhile
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from docstation.jobs.database import UNANSWERED, Database
from docstation.jobs.tables import StationEvents
from docstation.station.journal import FILE, Record, newest_records

MOST = 1000
"""Records in one answer."""
KEPT = 100_000
"""Records that are kept; some thousand switches."""
EVERY = 0.5
"""Seconds between two looks at the journal."""


class StationHistory:
    """The history of one station.

    Args:
        database: that it is kept in.
        folder: of the station's state.
        kept: records that are kept, the newest.
    """

    def __init__(self, database: Database, folder: Path, *, kept: int = KEPT) -> None:
        self._database = database
        self._folder = folder
        self._kept = kept
        self._turn = threading.Lock()
        self._seen: tuple[int, int] | None = None

    def records(self, *, after: int = 0, since: float = 0.0, limit: int = MOST, oldest: bool = False) -> list[Record]:
        """Records up to this moment, oldest first.

        Args:
            after: number of the last one that is known already.
            since: seconds of the epoch.
            limit: of records. Where there are more, they are the first after `after` or `since`, and the last ones
                where neither is given.
            oldest: whether they are the first ones then too.
        """
        self.catch_up()
        forward = oldest or bool(after or since)
        wanted = (StationEvents.number > after) & (StationEvents.at >= since)
        order = StationEvents.number if forward else StationEvents.number.desc()
        with self._database.reading() as connection:
            rows = connection.execute(select(*StationEvents.__table__.c).where(wanted).order_by(order).limit(limit))
            found = [_record(row) for row in rows]
        return found if forward else found[::-1]

    def catch_up(self) -> int:
        """Copy what the journal has and the database has not; how many records that were."""
        with self._turn:
            seen = self._look()
            if seen == self._seen:
                return 0
            with self._database.writing() as connection:
                copied = self._copy(connection)
            self._seen = seen
            return copied

    @contextmanager
    def following(self, every: float = EVERY) -> Iterator[None]:
        """Catch up again and again until the block ends, and once more at its end."""
        ended = threading.Event()

        def run() -> None:
            while not ended.wait(every):
                # A database that is away for a while misses nothing: the journal waits.
                with suppress(*UNANSWERED):
                    self.catch_up()

        thread = threading.Thread(target=run, name="station-history", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            with suppress(*UNANSWERED):
                self.catch_up()

    def _look(self) -> tuple[int, int] | None:
        """What tells whether the journal has been written to."""
        try:
            status = (self._folder / FILE).stat()
        except OSError:
            return None
        return status.st_ino, status.st_size

    def _copy(self, connection: Connection) -> int:
        newest = select(StationEvents.number, StationEvents.journal, StationEvents.at)
        last = connection.execute(newest.order_by(StationEvents.number.desc()).limit(1)).first()
        # Number and moment together: a journal that was begun anew counts from 1 again.
        known = (last.journal, last.at) if last else None
        fresh = list(takewhile(lambda one: (one.number, one.at) != known, newest_records(self._folder)))[::-1]
        rows = list(_rows(fresh, last.number if last else 0))
        if rows:
            connection.execute(insert(StationEvents), rows)
            connection.execute(delete(StationEvents).where(StationEvents.number <= rows[-1]["number"] - self._kept))
        return len(rows)


def _rows(records: Sequence[Record], last: int) -> Iterator[dict[str, Any]]:
    for one in records:
        last = max(one.number, last + 1)
        yield {
            "number": last,
            "journal": one.number,
            "at": one.at,
            "kind": one.kind,
            "transaction_id": one.transaction,
            "mode_before": one.before,
            "mode_after": one.after,
            "seconds": one.seconds,
            # A checkpoint sums up what the events say, at length.
            "body": "{}" if one.kind == "checkpoint" else json.dumps(one.body, ensure_ascii=False),
        }


def _record(row: Row[Any]) -> Record:
    return Record(
        row.number,
        row.at,
        row.kind,
        row.transaction_id,
        row.mode_before,
        row.mode_after,
        row.seconds,
        json.loads(row.body),
    )
