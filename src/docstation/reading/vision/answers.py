"""Asks a served model about parts of a page, and tells how each answer ended; an answer that failed is an answer too.

Layout answers are read while they come, so that what was said before a break is kept; a loop is cut as soon as it shows
itself, which frees the engine. Knows the model's client and parsers, not the page's fate.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from docstation.errors import Interrupted
from docstation.inference.asking import ChatRequest, Repetition, messages
from docstation.inference.completions import Client
from docstation.inference.failures import AskFailed, EngineFailed, Overdue, Refused, Unavailable
from docstation.inference.images import encode
from docstation.inference.loops import LoopGuard
from docstation.inference.profile import Task
from docstation.inference.served import ServedModel
from docstation.intake.memory import trim
from docstation.intake.page import Pixels
from docstation.reading.vision.fields import ParsedBlock
from docstation.reading.vision.page_html import PageHtml
from docstation.reading.vision.planner import Ask
from docstation.reading.vision.stream import StreamParser


class BlockParser(Protocol):
    """Reads an answer while it comes."""

    def feed(self, delta: str) -> list[ParsedBlock]:
        """Take the next piece; returns the blocks that it completes."""

    def close(self) -> ParsedBlock | None:
        """The answer is over; returns what can be saved of the block that it ended in, or None."""


LAYOUTS: Mapping[Task, Callable[[], BlockParser]] = {
    Task.LAYOUT: StreamParser,
    Task.LAYOUT_ONLY: StreamParser,
    Task.DOCUMENT: PageHtml,
}
"""Questions that are answered with blocks, and what reads the answers."""
_LARGE = 1_000_000
"""Pixels: of a whole page, not of one of the crops that are asked about side by side."""
_LEAST_GARBLE = 8
"""Signs of an answer without blocks that are more than an empty list."""


class End(StrEnum):
    """How an answer ended; the values are written to files.

    STOP: by itself. LENGTH: the window was full. LOOP: it ran in circles and was cut. GARBLED: it holds no blocks.
    BROKEN: engine or connection failed. REFUSED: the server did not take the request. OVERDUE: not in time. AWAY:
    nothing serves.
    """

    STOP = "stop"
    LENGTH = "length"
    LOOP = "loop"
    GARBLED = "garbled"
    BROKEN = "broken"
    REFUSED = "refused"
    OVERDUE = "overdue"
    AWAY = "away"


WORST = (End.AWAY, End.OVERDUE, End.REFUSED, End.BROKEN, End.GARBLED, End.LOOP, End.LENGTH, End.STOP)
"""From the worst on."""


def worst(ends: Sequence[End]) -> End:
    """The worst of several ends; STOP for none."""
    return min(ends, key=WORST.index, default=End.STOP)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said.

    Attributes:
        ask: the question.
        end: how it ended.
        text: what is good of it: without what a loop repeated.
        items: blocks of a layout, in the model's coordinates; the last may be partial.
        tokens: of the answer, as the server counts them; by its length where it does not.
        problem: the server's own words where it failed.
    """

    ask: Ask
    end: End
    text: str = ""
    items: tuple[ParsedBlock, ...] = ()
    tokens: int = 0
    problem: str = ""


class Asker:
    """Asks one served model, from several threads where there are several questions.

    Args:
        model: that serves.
        client: makes a client of its server, given what tells that a question is to be given up.
        at_once: questions that are under way together.
        clock: seconds, for deadlines.
    """

    def __init__(
        self,
        model: ServedModel,
        client: Callable[[Callable[[], bool]], Client],
        *,
        at_once: int = 4,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.model = model
        self._make = client
        self._at_once = at_once
        self._clock = clock
        self._until = float("inf")
        self._lock = threading.Lock()
        self._idle: list[Client] = []

    def ask_all(self, pixels: Pixels, asks: Sequence[Ask], *, until: float, attempt: int = 0) -> list[Answer]:
        """The answers in the order of the questions, which are asked side by side; see `ask`."""
        if len(asks) < 2 or self._at_once < 2:
            return [self.ask(pixels, one, until=until, attempt=attempt) for one in asks]
        with ThreadPoolExecutor(min(self._at_once, len(asks)), thread_name_prefix="ask") as pool:
            return list(pool.map(lambda one: self.ask(pixels, one, until=until, attempt=attempt), asks))

    def ask(self, pixels: Pixels, ask: Ask, *, until: float, attempt: int = 0) -> Answer:
        """One answer; whatever fails is told by its end.

        Args:
            pixels: of the page, height x width x 3, RGB.
            ask: one of `docstation.reading.vision.planner`.
            until: reading of the clock at which it is given up.
            attempt: raises the temperature.
        """
        self._until = until
        heard = _Heard(ask)
        client = self._taken()
        try:
            with client.stream(self._request(pixels, ask, attempt)) as stream:
                if ask.sent[0] * ask.sent[1] > _LARGE:
                    # The answer takes seconds, and other pages need the memory of drawing and sending this one.
                    trim()
                for delta in stream:
                    if heard.hear(delta) or self._late():
                        break
                reason, usage = stream.finish_reason, stream.usage
        except Interrupted:
            return heard.answer(End.OVERDUE)
        except AskFailed as error:
            return heard.answer(_end_of(error), problem=str(error.fields.get("problem", "")))
        finally:
            with self._lock:
                self._idle.append(client)
        if heard.loops or reason == "repetition":
            return heard.answer(End.LOOP)
        if not reason:
            return heard.answer(End.OVERDUE)
        end = End.LENGTH if reason == "length" else End.STOP
        return heard.answer(end, tokens=usage.completion_tokens if usage else 0)

    def close(self) -> None:
        """End all connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for one in idle:
            one.close()

    def _request(self, pixels: Pixels, ask: Ask, attempt: int) -> ChatRequest:
        profile = self.model.profile
        picture = encode(pixels, ask.sent, region=ask.region)
        guard = Repetition() if self.model.features.repetition_detection else None
        return ChatRequest(
            self.model.id,
            messages(profile, ask.prompt, (picture,)),
            ask.max_tokens,
            profile.sampling(ask.task, attempt=attempt),
            repetition=guard,
        )

    def _taken(self) -> Client:
        with self._lock:
            return self._idle.pop() if self._idle else self._make(self._late)

    def _late(self) -> bool:
        return self._clock() > self._until


class _Heard:
    """What of an answer was heard so far."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._parser = LAYOUTS[ask.task]() if ask.task in LAYOUTS else None
        self._guard = LoopGuard()
        self._pieces: list[str] = []
        self._items: list[ParsedBlock] = []
        self._keep: int | None = None

    @property
    def loops(self) -> bool:
        return self._keep is not None

    def hear(self, delta: str) -> bool:
        """Take a piece; whether the rest is not worth hearing."""
        self._pieces.append(delta)
        if self._parser is not None:
            self._items.extend(self._parser.feed(delta))
        loop = self._guard.feed(delta)
        if loop is not None:
            self._keep = loop.keep
        return loop is not None

    def answer(self, end: End, *, tokens: int = 0, problem: str = "") -> Answer:
        text = "".join(self._pieces)
        if self._keep is not None:
            text = text[: self._keep]
        items = self._blocks(text)
        if end is End.STOP and self._parser is not None and not items and not _says_nothing(text):
            end = End.GARBLED
        # A token of a layout is about three signs; the server's own count is better where it came.
        return Answer(self._ask, end, text, items, tokens or len(text) // 3, problem)

    def _blocks(self, text: str) -> tuple[ParsedBlock, ...]:
        """Those that stand in `text`, the good part of what was heard; the last may be partial."""
        if self._parser is None:
            return ()
        if self._keep is not None:
            # The loop may well be inside a block, which then ends where the loop begins.
            self._parser = LAYOUTS[self._ask.task]()
            self._items = self._parser.feed(text)
        partial = self._parser.close()
        return (*self._items, partial) if partial is not None else tuple(self._items)


def _says_nothing(text: str) -> bool:
    """Whether an answer is the empty list, of whatever signs: the model saw a page without blocks. No word is none."""
    return 0 < len(text.strip()) < _LEAST_GARBLE


def _end_of(error: AskFailed) -> End:
    if isinstance(error, Refused):
        return End.AWAY if error.kind in ("model", "key") else End.REFUSED
    if isinstance(error, Overdue):
        return End.AWAY if error.phase == "connect" else End.OVERDUE
    if isinstance(error, Unavailable):
        return End.AWAY
    return End.BROKEN if isinstance(error, EngineFailed) else End.AWAY
