"""Taking a file in: looked at, named by an id, put in its folder, then written down; safe once it is written down.

What is left of a submission that was broken off in the middle has no row, and goes with the next sweep.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from docstation.errors import TooLarge, UnsupportedFormat, UsageError
from docstation.intake.limits import Limits
from docstation.intake.sniff import ZIP, media_type
from docstation.jobs.keeping import make_room
from docstation.jobs.queue_news import write_news
from docstation.jobs.queue_records import JobOrder, JobState, NewsKind
from docstation.jobs.queue_rows import fingerprint, options_to_text
from docstation.jobs.tables import Documents, Jobs
from docstation.jobs.telling import ShownNames
from docstation.messages.marking import N_

if TYPE_CHECKING:
    from docstation.jobs.queue import JobQueue

LONGEST_KEY = 255
LONGEST_NAME = 255


class Submission:
    """One order on its way into the queue.

    Raises:
        UnsupportedFormat: the file is of a kind that is not read, or an archive.
        TooLarge: it is larger than the limit.
        InputError: it is empty, damaged or locked.
        UsageError: the idempotency key is none.
    """

    def __init__(self, queue: JobQueue, order: JobOrder, limits: Limits) -> None:
        self._queue = queue
        self._order = order
        self._name = ShownNames().give(order.name)[:LONGEST_NAME] or "?"
        self._key = _checked_key(order.idempotency_key)
        self._kind = _kind(order.path, self._name, limits)
        self._size = order.path.stat().st_size
        self._sha256 = order.sha256 or _sha256(order.path)
        self._fingerprint = fingerprint(self._sha256, self._name, order.options)

    def place(self, id: str) -> str:
        """Put the file into the queue under that id; the id of the job, an older one where the same was ordered before.

        Raises:
            InputError: there is no room.
            UsageError: the idempotency key was used for another order.
        """
        known = self._known()
        if known is not None:
            return known
        make_room(self._queue, self._size, self._name)
        try:
            folder = self._queue.files.of(id, self._kind)
            self._queue.files.take(self._order.path, folder, self._order.options.password)
            with self._queue.database.writing() as connection:
                self._insert(connection, id)
        except BaseException as error:
            self._queue.files.remove(id)
            known = self._known() if isinstance(error, IntegrityError) else None
            if known is None:
                raise
            return known  # the same order came twice at once
        return id

    def _known(self) -> str | None:
        if self._key is None:
            return None
        with self._queue.database.reading() as connection:
            query = select(Jobs.id, Jobs.fingerprint).where(Jobs.idempotency_key == self._key)
            row = connection.execute(query).one_or_none()
        if row is not None and row.fingerprint != self._fingerprint:
            raise UsageError(
                N_("The idempotency key {key} was used for another order."),
                key=self._key,
                remedy=N_("Use a new key for each file and set of options."),
            )
        return row.id if row is not None else None

    def _insert(self, connection: Connection, id: str) -> None:
        now = self._queue.now()
        file = {"name": self._name, "sha256": self._sha256, "media_type": self._kind}
        connection.execute(insert(Documents).values(id=id, **file, bytes=self._size, kept=self._size, created=now))
        asked = {"idempotency_key": self._key, "fingerprint": self._fingerprint, "priority": self._order.priority}
        job = {"id": id, "state": JobState.WAITING, "options": options_to_text(self._order.options)}
        # Its turn begins now: it comes after those that wait longer, and before those that were served since.
        connection.execute(insert(Jobs).values(**job, **asked, turn=now, created=now))
        write_news(connection, id, NewsKind.SUBMITTED, now)


class Ids:
    """Ids that ascend with time: microseconds of the epoch and chance, in hexadecimal."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._last = 0
        self._lock = threading.Lock()

    def new(self) -> str:
        """One that was never given before."""
        with self._lock:
            self._last = max(int(self._now() * 1e6), self._last + 1)
            return f"{self._last:014x}{secrets.token_hex(5)}"


def _kind(path: Path, name: str, limits: Limits) -> str:
    kind = media_type(path, name=name)
    if kind == ZIP:
        raise UnsupportedFormat(name=name)
    if path.stat().st_size > limits.file_bytes:
        raise TooLarge(name=name)
    return kind


def _checked_key(key: str) -> str | None:
    if not key:
        return None
    if len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise UsageError(
            N_("The idempotency key is not understood."), remedy=N_("Use at most 255 printable ASCII characters.")
        )
    return key


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
