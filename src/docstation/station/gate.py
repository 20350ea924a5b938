"""The gate where no gateway stands before the model server: clients speak to it directly, so nothing can be held back.

All it can do is wait, before a switch, until the server answers no request any more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import Event as Flag

from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment, Lineup

EVERY = 0.25
"""Seconds between two looks at what is under way."""


class DirectGate:
    """Clients reach the server by themselves.

    Args:
        under_way: requests that a server is working on or has waiting; 0 where it does not say.
    """

    def __init__(self, under_way: Callable[[Deployment], int]) -> None:
        self._under_way = under_way

    def hold(self) -> None:
        """Nothing to hold: clients that come during a switch find the port closed."""

    def serve(self, lineup: Lineup) -> None:
        """Nothing to open."""

    def drain(self, members: Sequence[Deployment], *, seconds: float, cancelled: Flag) -> None:
        """Return when no server has work, or after `seconds`: then what is left is cut off.

        Raises:
            Fault: ``CANCELLED``.
        """
        last = time.monotonic() + seconds
        while any(self._under_way(one) for one in members) and time.monotonic() < last:
            if cancelled.wait(EVERY):
                raise Fault(Cause.CANCELLED)
