"""Conversations over HTTP under ``/conversations``: kept in the database, answered by the model that serves.

Answers are streamed as events: ``question``, ``delta`` for each piece, and ``end`` or ``error``. A client that leaves
stops its answer; what came is kept and marked.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path as FilePath
from queue import Empty
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, File, Path, Query, Response, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from docstation.bootstrap.engines import Endpoint
from docstation.document.conversation import Attachment, Message, Role
from docstation.document.conversation_codec import conversation_to_json, message_to_json
from docstation.document.geometry import Box
from docstation.errors import TooLarge, UsageError
from docstation.intake.limits import Limits
from docstation.jobs.conversations import ConversationStore
from docstation.jobs.queue import JobQueue
from docstation.messages import explain
from docstation.messages.marking import N_
from docstation.service.chatting import PICTURE_WIDTH, Delta, Failed, Over, Told, Turn, checked
from docstation.service.documents_api import guard
from docstation.service.documents_shapes import typed_errors
from docstation.service.making import Making
from docstation.service.page_images import ImageTask
from docstation.service.spoken import say_problem

Id = Annotated[str, Path(description="Id of a conversation.", max_length=64, examples=["5f2c1d35a8b00a1b2c3d4e5f"])]
MessageId = Annotated[str, Path(description="Id of a message.", max_length=16, examples=["1"])]
Upload = Annotated[UploadFile, File(description="An image, or a PDF of which page 1 counts.")]
LONGEST_QUESTION = 100_000
MOST_ATTACHED = 16
IMAGE_BYTES = 50_000_000
LOOK_SECONDS = 0.02
QUIET_SECONDS = 15.0
STREAM: dict[int | str, dict[str, Any]] = {
    200: {"description": "Events.", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
}


class Titled(BaseModel):
    """A conversation's title; empty, and the first question gives it."""

    model_config = ConfigDict(extra="forbid")
    title: Annotated[str, Field(max_length=1000)] = ""


class AttachmentAsked(BaseModel):
    """What a question is about: a document, a page of it, a region of the page, or an image of its own.

    Attributes:
        document: id.
        page: number, 0 for the whole document.
        box: of the page, page points.
        image: id of an image that was uploaded to the conversation.
    """

    model_config = ConfigDict(extra="forbid")
    document: Annotated[str, Field(max_length=64)] = ""
    page: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    box: Annotated[list[float], Field(min_length=4, max_length=4)] | None = None
    image: Annotated[str, Field(max_length=64)] = ""


class Asked(BaseModel):
    """A question.

    Attributes:
        text: of it.
        attachments: what it is about; none, and it is about what the question before was.
        instead: id of a message that it stands instead of: that and all after it are forgotten.
    """

    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, Field(min_length=1, max_length=LONGEST_QUESTION)]
    attachments: Annotated[list[AttachmentAsked], Field(max_length=MOST_ATTACHED)] = []
    instead: Annotated[str, Field(max_length=16)] = ""


def router(
    store: ConversationStore, queue: JobQueue, making: Making, where: Callable[[], Endpoint], limits: Limits
) -> APIRouter:
    """The routes.

    Args:
        store: of conversations.
        queue: of the documents that they are about.
        making: draws pages.
        where: tells where the model is asked.
        limits: on what is uploaded.
    """
    api = APIRouter(prefix="/conversations", tags=["conversations"], dependencies=[Depends(guard)])
    _add_looks(api, store)
    _add_changes(api, store)
    _add_images(api, store, making, limits)
    _add_turns(api, store, queue, making, where)
    return api


def _add_looks(api: APIRouter, store: ConversationStore) -> None:
    @api.get("")
    def conversations(
        search: Annotated[str, Query(max_length=200)] = "", limit: Annotated[int, Query(ge=1, le=1000)] = 100
    ) -> dict[str, Any]:
        """Conversations, the newest first; with words to search, those where all of them occur."""
        return {"conversations": [conversation_to_json(one) for one in store.listed(search=search, limit=limit)]}

    @api.get("/{id}", responses=typed_errors(404))
    def conversation(id: Id) -> dict[str, Any]:
        """One of them with its messages."""
        shown = conversation_to_json(store.get(id))
        return {**shown, "said": [_message(one) for one in store.messages(id)]}


def _add_changes(api: APIRouter, store: ConversationStore) -> None:
    @api.post("", status_code=201, responses=typed_errors(400))
    def begin(asked: Titled) -> dict[str, Any]:
        """A new one."""
        return dict(conversation_to_json(store.begin(asked.title)))

    @api.patch("/{id}", responses=typed_errors(400, 404))
    def rename(id: Id, asked: Titled) -> dict[str, Any]:
        """Give it another title."""
        return dict(conversation_to_json(store.rename(id, asked.title)))

    @api.delete("/{id}", status_code=204, responses=typed_errors(404))
    def delete(id: Id) -> None:
        """Forget it with all that was said."""
        store.delete(id)


def _add_images(api: APIRouter, store: ConversationStore, making: Making, limits: Limits) -> None:
    @api.post("/{id}/images", status_code=201, responses=typed_errors(400, 404, 503))
    async def attach(
        id: Id, file: Annotated[UploadFile, File(description="An image, or a PDF of which page 1 counts.")]
    ) -> dict[str, str]:
        """Upload an image to ask about; it is drawn anew in a child, and kept as PNG."""
        await to_thread.run_sync(store.get, id)
        most = min(IMAGE_BYTES, limits.file_bytes)
        body = await file.read(most + 1)
        if len(body) > most:
            raise TooLarge(IMAGE_TOO_LARGE, limit=most)
        picture = await _drawn(making, body)
        kept = await to_thread.run_sync(store.attach, id, file.filename or "image", "image/png", picture)
        return {"id": kept.id, "name": kept.name}

    @api.get("/{id}/images/{image}", response_class=Response, responses=typed_errors(404))
    def image(id: Id, image: Annotated[str, Path(max_length=64)]) -> Response:
        """An image that was attached."""
        found = store.image(id, image)
        return Response(found.body, media_type=found.media_type, headers={"Cache-Control": "private, max-age=604800"})


async def _drawn(making: Making, body: bytes) -> bytes:
    """The picture in a file from outside, as PNG, drawn in a killable child."""
    descriptor, name = await to_thread.run_sync(lambda: tempfile.mkstemp(prefix="docstation-chat-"))
    path = FilePath(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
        made: bytes = await making.make(ImageTask(path, None, 1, width=PICTURE_WIDTH))
        return made
    finally:
        path.unlink(missing_ok=True)


IMAGE_TOO_LARGE = N_("The image is larger than {limit} bytes.")


def _add_turns(
    api: APIRouter, store: ConversationStore, queue: JobQueue, making: Making, where: Callable[[], Endpoint]
) -> None:
    loop: list[asyncio.AbstractEventLoop] = []

    def draw(task: ImageTask) -> bytes:
        made: bytes = asyncio.run_coroutine_threadsafe(making.make(task), loop[0]).result()
        return made

    def turn(id: str, asked: Message) -> StreamingResponse:
        made = Turn(store, queue, draw, where, id, asked)
        made.start()
        return StreamingResponse(
            _told(made, asked), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    @api.post("/{id}/messages", response_class=StreamingResponse, responses=typed_errors(400, 404, 409) | STREAM)
    async def ask(id: Id, asked: Asked) -> StreamingResponse:
        """Ask, and hear the answer as it comes."""
        loop[:] = [asyncio.get_running_loop()]
        attachments = [_attachment(one) for one in asked.attachments]

        def written() -> Message:
            store.get(id)
            about = checked(queue, attachments)
            if asked.instead:
                store.cut(id, asked.instead)
            return store.ask(id, asked.text, about)

        return turn(id, await to_thread.run_sync(written))

    @api.post(
        "/{id}/messages/{message}/retry", response_class=StreamingResponse, responses=typed_errors(400, 404) | STREAM
    )
    async def retry(id: Id, message: MessageId) -> StreamingResponse:
        """Answer a question anew: `message` is the question, or its answer, which is forgotten with all after it."""
        loop[:] = [asyncio.get_running_loop()]
        return turn(id, await to_thread.run_sync(_question_again, store, id, message))


def _question_again(store: ConversationStore, id: str, message: str) -> Message:
    said = store.messages(id)
    place = next((place for place, one in enumerate(said) if one.id == message), len(said))
    while place >= 0 and (place >= len(said) or said[place].role is not Role.USER):
        place -= 1
    if place < 0:
        raise UsageError(NO_QUESTION)
    if place + 1 < len(said):
        store.cut(id, said[place + 1].id)
    return said[place]


NO_QUESTION = N_("There is no question before this message.")


def _attachment(one: AttachmentAsked) -> Attachment:
    return Attachment(one.document, one.page, Box(*one.box) if one.box else None, one.image)


async def _told(turn: Turn, asked: Message) -> AsyncIterator[str]:
    """The turn's events; a listener that leaves stops it."""
    yield _event("question", _message(asked))
    quiet = 0.0
    try:
        while True:
            try:
                told = turn.told.get_nowait()
            except Empty:
                await asyncio.sleep(LOOK_SECONDS)
                quiet += LOOK_SECONDS
                if quiet >= QUIET_SECONDS:
                    quiet = 0.0
                    yield ": still here\n\n"
                continue
            quiet = 0.0
            yield _event(*_shown(told))
            if not isinstance(told, Delta):
                return
    finally:
        turn.stop()


def _shown(told: Told) -> tuple[str, dict[str, Any]]:
    match told:
        case Delta(text):
            return "delta", {"text": text}
        case Over(message, shown, dropped, tokens):
            return "end", {**_message(message), "shown": shown, "dropped": dropped, "tokens": tokens}
        case Failed(error):
            sentence, remedy = explain(error)
            return "error", {
                "code": error.code,
                "message": sentence,
                "remedy": remedy,
                "exit_code": int(error.exit_code),
            }


def _message(one: Message) -> dict[str, Any]:
    return dict(message_to_json(replace(one, problem=say_problem(one.problem))))


def _event(kind: str, value: dict[str, Any]) -> str:
    return f"event: {kind}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n"
