"""Server-sent events: bytes in, events out; and how a feed of them is held on to while connections come and go.

A feed is followed over a stream, from the last number heard on whenever it breaks; where streams do not come through,
questions take their place.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from docstation.client.refusals import ServiceAway
from docstation.client.transport import Streamed

SILENCE = 45.0
"""Seconds without a sign after which a stream counts as broken; the service gives one every 15 s."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
BROKEN_STREAMS = 3
"""After so many streams in a row that brought nothing only questions are asked."""


@dataclass(frozen=True, slots=True)
class Sent:
    """An event as it was sent."""

    event: str
    data: str


def pieces_of(answer: Streamed) -> Callable[[], bytes]:
    """Reads an answer that is to be a stream of events; once it has begun it may be silent for `SILENCE`.

    Raises:
        ServiceAway: it is none.
    """
    if answer.media_type != "text/event-stream":
        raise ServiceAway

    def read() -> bytes:
        piece = answer.read()
        answer.patience(SILENCE)
        return piece

    return read


def events_sent(read: Callable[[], bytes]) -> Iterator[Sent]:
    """The events of a stream (HTML standard, 9.2.6); one that is cut in the middle is left out.

    Args:
        read: gives the next bytes, none at the end.
    """
    name, data = "", list[str]()
    for line in _lines(read):
        if not line:
            if data:
                yield Sent(name or "message", "\n".join(data))
            name, data = "", []
            continue
        key, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if key == "event":
            name = value
        elif key == "data":
            data.append(value)


def _lines(read: Callable[[], bytes]) -> Iterator[str]:
    held = b""
    while piece := read():
        *whole, held = (held + piece).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r").decode("utf-8", "replace")


class Numbered(Protocol):
    """Something that a feed brings."""

    @property
    def number(self) -> int:
        """What to go on after."""


T = TypeVar("T", bound=Numbered)


@dataclass(frozen=True, slots=True)
class Heard(Generic[T]):
    """What a question brought; `over` says that nothing more will come."""

    events: tuple[T, ...]
    over: bool


@dataclass(frozen=True, slots=True)
class Feed(Generic[T]):
    """Where events come from.

    Attributes:
        stream: opens a stream of what comes after a number.
        ask: what has come after a number.
        ends: whether a stream that closes after this event has told all.
    """

    stream: Callable[[int], AbstractContextManager[Iterator[T]]]
    ask: Callable[[int], Heard[T]]
    ends: Callable[[T], bool]


@dataclass(slots=True)
class Following(Generic[T]):
    """A feed that is held on to.

    Attributes:
        feed: to follow.
        after: number of the last event heard.
        patience: seconds for which the service may be away.
        closed: once set, nothing is waited for any more.
    """

    feed: Feed[T]
    after: int
    patience: float
    closed: threading.Event
    _heard: float = field(default_factory=time.monotonic)
    _barren: int = 0

    def events(self) -> Iterator[T]:
        """All that comes, until the feed is over.

        Raises:
            ServiceAway: for longer than `patience`.
        """
        pause = FIRST_PAUSE
        while True:
            before = self.after
            if self._barren < BROKEN_STREAMS and (yield from self._streamed()):
                return
            if (yield from self._asked()):
                return
            pause = FIRST_PAUSE if self.after != before else min(2 * pause, LONGEST_PAUSE)
            if self.closed.wait(pause):
                return

    def _streamed(self) -> Generator[T, None, bool]:
        """What one stream brings; whether that was all."""
        before, last = self.after, None
        try:
            with self.feed.stream(self.after) as stream:
                for last in stream:
                    self._note(last)
                    yield last
        except ServiceAway:
            last = None
        self._barren = 0 if self.after != before else self._barren + 1
        return last is not None and self.feed.ends(last)

    def _asked(self) -> Generator[T, None, bool]:
        """What one question brings; whether that was all."""
        try:
            heard = self.feed.ask(self.after)
        except ServiceAway:
            if time.monotonic() - self._heard > self.patience or self.closed.is_set():
                raise
            self._barren = 0  # nothing at all comes through, which says nothing of streams
            return False
        self._heard = time.monotonic()
        for one in heard.events:
            self._note(one)
            yield one
        return heard.over

    def _note(self, one: T) -> None:
        self.after = one.number
        self._heard = time.monotonic()
