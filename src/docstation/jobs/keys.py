"""Keys of the service's clients: made, listed and revoked in the database, which holds their digests only.

A key is 32 random bytes, so a plain SHA-256 of it tells nothing: there is nothing to guess, and no salt is needed. It
is shown once, when it is made. Who may do what with it is checked by the gateway, which is told the digests.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import Row, delete, insert, or_, select, update

from docstation.errors import NotFound, UsageError
from docstation.jobs.database import Database
from docstation.jobs.tables import ApiKeys
from docstation.messages.marking import N_

Scope = Literal["read", "write", "station", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "write", "station", "admin")
"""What a key may be good for: looking; documents and questions to models; changing what serves; keys themselves."""
USUAL: tuple[Scope, ...] = ("read", "write")
PREFIX = "ds_"
"""Begins every key, so that one that lies where it should not is recognised."""
LONGEST_NAME = 100
_SHOWN = (ApiKeys.id, ApiKeys.name, ApiKeys.scopes, ApiKeys.created, ApiKeys.used)


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key, as far as anybody may know it.

    Attributes:
        id: of the key.
        name: that it was given.
        scopes: of `SCOPES`, in their order.
        created: seconds of the epoch.
        used: seconds of the epoch at which it was last used, to the minute; None for never.
    """

    id: str
    name: str
    scopes: tuple[str, ...]
    created: float
    used: float | None = None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made.

    Attributes:
        record: what is kept of it.
        secret: the key itself; nobody can tell it again.
    """

    record: KeyRecord
    secret: str = field(repr=False)


class KeyStore:
    """All keys of a database, for any number of threads and processes.

    Args:
        database: holds them.
        now: the clock, seconds of the epoch.
    """

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    def add(self, name: str, scopes: Collection[Scope] = USUAL) -> NewKey:
        """Make a key. Whoever may change something may look at it too: any scope brings ``read``.

        Raises:
            UsageError: the name is none, or that of another key.
        """
        checked = _checked_name(name)
        wanted = {"read", *scopes}
        record = KeyRecord(secrets.token_hex(6), checked, tuple(s for s in SCOPES if s in wanted), self._now())
        secret = new_secret()
        with self._database.writing() as connection:
            if connection.scalar(select(ApiKeys.id).where(or_(ApiKeys.name == checked, ApiKeys.id == checked))):
                raise UsageError(
                    N_("There is a key named {name} already."),
                    name=checked,
                    remedy=N_("Choose another name, or take that key back first: `docstation keys revoke {name}`."),
                )
            row = {"id": record.id, "name": checked, "digest": digest(secret), "created": record.created}
            connection.execute(insert(ApiKeys).values(**row, scopes=" ".join(record.scopes)))
        return NewKey(record, secret)

    def records(self) -> tuple[KeyRecord, ...]:
        """All keys, the oldest first."""
        query = select(*_SHOWN).order_by(ApiKeys.created, ApiKeys.id)
        with self._database.reading() as connection:
            return tuple(_record(row) for row in connection.execute(query))

    def revoke(self, which: str) -> KeyRecord:
        """Take a key back for ever, by its id or its name; what it was.

        Raises:
            NotFound: there is none.
        """
        is_it = or_(ApiKeys.id == which, ApiKeys.name == which.strip())
        query = delete(ApiKeys).where(is_it).returning(*_SHOWN)
        with self._database.writing() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound(N_("There is no key {name}."), name=which, remedy=N_("See `docstation keys list`."))
        return _record(row)

    def digests(self) -> dict[str, tuple[str, ...]]:
        """The scopes of every key by its digest, for whoever checks them."""
        with self._database.reading() as connection:
            rows = connection.execute(select(ApiKeys.digest, ApiKeys.scopes).order_by(ApiKeys.created, ApiKeys.id))
            return {row.digest: tuple(row.scopes.split()) for row in rows}

    def note_uses(self, times: Mapping[str, float]) -> None:
        """Keep when keys were last used.

        Args:
            times: seconds of the epoch by digest; earlier ones than those that are kept change nothing.
        """
        with self._database.writing() as connection:
            for one, at in times.items():
                later = or_(ApiKeys.used.is_(None), ApiKeys.used < at)
                connection.execute(update(ApiKeys).where(ApiKeys.digest == one, later).values(used=at))


def new_secret() -> str:
    """A key that nobody has, of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of a key: its SHA-256 in small hexadecimal digits."""
    return sha256(secret.encode()).hexdigest()


def _record(row: Row[*tuple[Any, ...]]) -> KeyRecord:
    return KeyRecord(row.id, row.name, tuple(row.scopes.split()), row.created, row.used)


def _checked_name(given: str) -> str:
    name = given.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable() or name.startswith("-"):
        raise UsageError(
            N_("This cannot be the name of a key."),
            remedy=N_("Give up to {count} letters, digits and signs, such as the name of the program that gets it."),
            count=LONGEST_NAME,
        )
    return name
