"""The keys of clients as the gateway has them: told at the start, again whenever they change, and their uses kept.

Keys change in the database, by whatever process; it is looked at every second, so a key that is taken back is refused
in less than two. The service has a key of its own, which lives as long as it does: its readers ask models through the
gateway like everybody.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from sqlalchemy.exc import SQLAlchemyError

from docstation.jobs.keys import KeyStore, digest, new_secret
from docstation.service.link import GatewayLink

EVERY = 1.0
"""Seconds between two looks."""
USES_EVERY = 60.0
"""Seconds between two times at which uses are kept."""
ANSWER = 1.0
"""Seconds that the gateway gets to tell its news."""
VARIABLE = "DOCSTATION_KEY"
"""The variable in which processes of ours find a key."""
OWN_SCOPES = ("read", "write")

Keys = dict[str, tuple[str, ...]]


class KeyWatch:
    """Keys of clients, and the service's own.

    Args:
        store: of the clients' keys.

    Attributes:
        own: the service's key, to be sent where keys are asked for.
    """

    def __init__(self, store: KeyStore) -> None:
        self.own = new_secret()
        self._store = store
        self._own_digest = digest(self.own)
        self._ended = threading.Event()

    def now(self) -> Keys:
        """Scopes by digest as they are to be checked; none, so that no key is asked for, where clients have none."""
        keys = self._store.digests()
        return {**keys, self._own_digest: OWN_SCOPES} if keys else {}

    @contextmanager
    def telling(self, link: GatewayLink, *, every: float = EVERY, uses_every: float = USES_EVERY) -> Iterator[None]:
        """Tell the gateway whenever keys change, until the block ends; until then processes find our key in `VARIABLE`.

        Args:
            link: to the gateway.
            every: seconds between two looks.
            uses_every: seconds between two times at which uses are kept.
        """
        thread = threading.Thread(target=self._run, args=(link, every, uses_every), name="keys", daemon=True)
        before = os.environ.get(VARIABLE)
        os.environ[VARIABLE] = self.own
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()
            if before is None:
                del os.environ[VARIABLE]
            else:
                os.environ[VARIABLE] = before

    def _run(self, link: GatewayLink, every: float, uses_every: float) -> None:
        due, kept = time.monotonic() + uses_every, dict[str, int]()
        while not self._ended.wait(every):
            # A database that is away has changed nothing; what holds goes on until it is back.
            with suppress(SQLAlchemyError):
                self._tell(link)
                if time.monotonic() >= due:
                    due += uses_every
                    kept = self._keep_uses(link, kept)

    def _tell(self, link: GatewayLink) -> None:
        keys = self.now()
        if keys != link.orders.keys:
            link.order(lambda orders: replace(orders, keys=keys))

    def _keep_uses(self, link: GatewayLink, kept: dict[str, int]) -> dict[str, int]:
        link.settle(ANSWER)
        used = dict(link.news.used) if link.news is not None else {}
        if new := {one: at for one, at in used.items() if one != self._own_digest and kept.get(one) != at}:
            self._store.note_uses(new)
        return used
