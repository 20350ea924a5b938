"""A turn of a conversation as the service does it: what is attached is fetched, the model asked, the answer kept.

A turn runs in a thread of its own and goes on to its end whoever listens; a listener that leaves stops it. What came is
written down every second, so that a service that dies loses no more.
"""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING

from docstation.bootstrap.engines import Endpoint
from docstation.chat.passages import Passage, passages_of
from docstation.chat.turns import Ended, Question, answer
from docstation.document.conversation import Attachment, Message, State
from docstation.document.geometry import Box
from docstation.errors import DocStationError, NotReady, to_record
from docstation.inference.completions import Client, Timeouts
from docstation.inference.served import active
from docstation.jobs.conversations import ConversationStore
from docstation.jobs.corrections import corrected_document, corrected_page
from docstation.jobs.queue import JobQueue
from docstation.messages.marking import N_
from docstation.service.page_images import ImageTask

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

WRITE_SECONDS = 1.0
PICTURE_WIDTH = 1600
"""Pixels of a page's picture before it is fitted into the model's window."""
REGION_DPI = 200.0
MOST_PICTURES = 4
SWITCH_SECONDS = 120.0
"""That a question waits for the end of a switch."""

Draw = Callable[[ImageTask], bytes]
"""Draws in a child; the bytes of a PNG file."""


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of an answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Over:
    """The answer as it was written down."""

    message: Message
    shown: int
    dropped: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Failed:
    """No answer: why."""

    error: DocStationError


Told = Delta | Over | Failed


class Turn:
    """One question and its answer.

    Args:
        store: of the conversation.
        queue: of the documents.
        draw: pictures of pages.
        where: tells where the model is asked.
        id: of the conversation.
        asked: the question, written down already.

    Attributes:
        told: what is told, in order; an `Over` or a `Failed` is the last.
    """

    def __init__(
        self,
        store: ConversationStore,
        queue: JobQueue,
        draw: Draw,
        where: Callable[[], Endpoint],
        id: str,
        asked: Message,
    ) -> None:
        self._store = store
        self._queue = queue
        self._draw = draw
        self._where = where
        self._id = id
        self._asked = asked
        self._stopped = threading.Event()
        self.told: SimpleQueue[Told] = SimpleQueue()

    def start(self) -> None:
        """Begin in a thread."""
        threading.Thread(target=self._run, name="chat-turn", daemon=True).start()

    def stop(self) -> None:
        """Have no more of the answer; what came is kept."""
        self._stopped.set()

    def _run(self) -> None:
        try:
            self.told.put(self._turn())
        except DocStationError as error:
            self.told.put(Failed(error))

    def _turn(self) -> Over:
        at = self._where()
        model = active(at.base_url, at.key)
        question = self._question()
        begun = self._store.answer(self._id, model.id)
        ended: Ended | None = None
        said: list[str] = []
        written = time.monotonic()
        client = Client(at.base_url, at.key, Timeouts(), patience=SWITCH_SECONDS, cancelled=self._stopped.is_set)
        try:
            with closing(client), closing(answer(question, model, client, self._stopped.is_set)) as pieces:
                for piece in pieces:
                    if isinstance(piece, Ended):
                        ended = piece
                        break
                    said.append(piece.text)
                    self.told.put(Delta(piece.text))
                    if time.monotonic() - written >= WRITE_SECONDS:
                        self._store.write(self._id, begun.id, "".join(said))
                        written = time.monotonic()
        except DocStationError as error:
            state = State.STOPPED if self._stopped.is_set() else State.BROKEN
            with suppress(DocStationError):
                self._store.end(self._id, begun.id, "".join(said), state, problem=json.dumps(to_record(error)))
            raise
        if ended is None:
            raise RuntimeError("an answer came to no end")
        message = self._store.end(self._id, begun.id, ended.text, ended.state, ended.citations, ended.problem)
        return Over(message, ended.shown, ended.dropped, ended.tokens)

    def _question(self) -> Question:
        messages = self._store.messages(self._id)
        place = next((place for place, one in enumerate(messages) if one.id == self._asked.id), len(messages))
        history = [one for one in messages[:place] if one.state is not State.WRITING]
        # What was attached before is spoken of still, until something else is.
        about = [*self._asked.attachments] or _latest(history)
        return Question(self._asked.text, history, self._passages(about), self._pictures(about))

    def _passages(self, about: Sequence[Attachment]) -> list[Passage]:
        found: list[Passage] = []
        documents = list(dict.fromkeys(one.document for one in about if one.document))
        for place, id in enumerate(documents):
            letter = "" if len(documents) == 1 else chr(ord("a") + place % 26)
            own = [one for one in about if one.document == id]
            numbers = [] if any(not one.page for one in own) else [one.page for one in own]
            regions = {one.page: one.box for one in own if one.box is not None}
            for passage in self._read(id, letter, numbers):
                region = regions.get(passage.page)
                if region is None or passage.box.share_inside(region) > 0.5:
                    found.append(passage)
        return found

    def _read(self, id: str, letter: str, numbers: Sequence[int]) -> list[Passage]:
        """What was read of these pages so far."""
        document = corrected_document(self._queue, id)
        if document is not None:
            return passages_of(document, id, letter=letter, pages=numbers)
        record = self._queue.job(id)
        read = []
        for number in numbers or range(1, record.page_count + 1):
            with suppress(NotReady):
                page = corrected_page(self._queue, id, number)
                read += [
                    Passage(f"{letter}{one.id}", id, number, one.id, one.box, one.text)
                    for one in page.blocks
                    if one.text.strip()
                ]
        return read

    def _pictures(self, about: Sequence[Attachment]) -> list[Pixels]:
        wanted = [one for one in about if one.image or one.page][-MOST_PICTURES:]
        return [_pixels(self._picture(one)) for one in wanted]

    def _picture(self, one: Attachment) -> bytes:
        if one.image:
            return self._store.image(self._id, one.image).body
        files = self._queue.files_of(one.document)
        if one.box is None:
            return self._draw(ImageTask(files.original, files.password, one.page, width=PICTURE_WIDTH))
        return self._draw(ImageTask(files.original, files.password, one.page, dpi=REGION_DPI, box=one.box))


def checked(queue: JobQueue, attachments: Sequence[Attachment]) -> tuple[Attachment, ...]:
    """The attachments, named after their documents.

    Raises:
        NotFound: no such document, or no such page in it.
        NotReady: the document was not opened yet.
    """
    found = []
    for one in attachments:
        if not one.document:
            found.append(one)
            continue
        record = queue.job(one.document)
        if one.page and not record.page_count:
            raise NotReady(NOT_OPENED, name=record.name)
        if one.page > record.page_count:
            raise NotReady(NO_SUCH_PAGE, number=one.page, name=record.name)
        box = one.box if one.box is None else Box(*sorted_box(one.box))
        found.append(Attachment(one.document, one.page, box, name=record.name))
    return tuple(found)


def sorted_box(box: Box) -> tuple[float, float, float, float]:
    """The box with its corners in order."""
    return min(box.x0, box.x1), min(box.y0, box.y1), max(box.x0, box.x1), max(box.y0, box.y1)


NOT_OPENED = N_("{name} was not opened yet.")
NO_SUCH_PAGE = N_("There is no page {number} in {name}.")


def _latest(history: Sequence[Message]) -> list[Attachment]:
    return next((list(one.attachments) for one in reversed(history) if one.attachments), [])


def _pixels(png: bytes) -> Pixels:
    """Of a picture that a child of ours has drawn."""
    import numpy as np
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB"))
