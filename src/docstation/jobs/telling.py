"""How a run tells of its files: each under a name of its own, and in the order in which they were found; pure.

Files are opened side by side, and one that is large may open after one that was named later. Names of results and the
order of texts in a stream must not depend on that.
"""

from __future__ import annotations

import re
from collections import deque

from docstation.jobs.events import Event

_UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class Turns:
    """A queue of events in which no file begins before those found before it have begun.

    The first event of every number must come some time, or those of higher numbers wait for ever.
    """

    def __init__(self) -> None:
        self._ready: deque[Event] = deque()
        self._held: dict[int, list[Event]] = {}
        self._turn = 1

    def __bool__(self) -> bool:
        """Whether an event may be told now."""
        return bool(self._ready)

    def add(self, number: int, event: Event) -> None:
        """Queue what happened to the file of that number, from 1."""
        if number < self._turn:
            self._ready.append(event)
            return
        self._held.setdefault(number, []).append(event)
        while (events := self._held.pop(self._turn, None)) is not None:
            self._ready.extend(events)
            self._turn += 1

    def take(self) -> Event:
        """The next event to be told."""
        return self._ready.popleft()


class ShownNames:
    """Names of the files of one run, as doors show them and tell files apart."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def give(self, name: str) -> str:
        """`name` without what no terminal and no JSON document can hold; with a number where it was given before."""
        own = shown = _UNSHOWABLE.sub("\ufffd", name)
        number = 1
        while shown in self._given:
            number += 1
            shown = f"{own} ({number})"
        self._given.add(shown)
        return shown
