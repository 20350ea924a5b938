"""Conversations in the database: their messages as they are said, with what is attached and what is cited.

An answer is written down when it begins and when it ends; one whose writer died in between is told as stopped.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from docstation.document.codec import loads
from docstation.document.conversation import Attachment, Citation, Conversation, Message, Role, State
from docstation.document.conversation_codec import (
    attachment_from_json,
    attachment_to_json,
    citation_from_json,
    citation_to_json,
)
from docstation.document.json_reader import JsonObject, Reader
from docstation.errors import NotFound, UsageError
from docstation.jobs.database import Database
from docstation.jobs.tables import ChatImages, ChatMessages, Conversations
from docstation.messages.marking import N_

LONGEST_TITLE = 120
NO_CONVERSATION = N_("There is no conversation {name}.")
NO_MESSAGE = N_("There is no message {name} in this conversation.")
NO_IMAGE = N_("There is no image {name} in this conversation.")
_EMPTY = N_("A title has at least one letter.")


@dataclass(frozen=True, slots=True)
class Image:
    """An image that was attached.

    Attributes:
        id: of it.
        name: as its owner calls the file.
        media_type: ``image/png`` or ``image/jpeg``.
        body: the file.
    """

    id: str
    name: str
    media_type: str
    body: bytes


class ConversationStore:
    """All conversations of a database, for any number of threads.

    Args:
        database: that holds them.
        now: the clock, seconds of the epoch.
    """

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    def begin(self, title: str = "") -> Conversation:
        """A new one."""
        now = self._now()
        made = Conversation(secrets.token_hex(12), _titled(title), now, now)
        with self._database.writing() as connection:
            values = {"id": made.id, "title": made.title, "created": now, "changed": now, "news": 0}
            connection.execute(insert(Conversations), values)
        return made

    def listed(self, *, search: str = "", limit: int = 100) -> list[Conversation]:
        """The newest first; with `search`, those in whose title or messages all its words occur."""
        query = select(Conversations).order_by(Conversations.changed.desc(), Conversations.id).limit(limit)
        for word in _folded(search).split():
            said = select(ChatMessages.conversation).where(ChatMessages.folded.contains(word, autoescape=True))
            titled = func.lower(Conversations.title).contains(word, autoescape=True)
            query = query.where(Conversations.id.in_(said) | titled)
        with self._database.reading() as connection:
            return [_conversation(row) for row in connection.execute(query)]

    def get(self, id: str) -> Conversation:
        """One of them; raises NotFound."""
        with self._database.reading() as connection:
            return _conversation(_row(connection, id))

    def messages(self, id: str) -> list[Message]:
        """Its messages in their order; raises NotFound."""
        with self._database.reading() as connection:
            _row(connection, id)
            query = select(ChatMessages).where(ChatMessages.conversation == id).order_by(ChatMessages.number)
            return [_message(row) for row in connection.execute(query)]

    def rename(self, id: str, title: str) -> Conversation:
        """Give it another title; raises NotFound and UsageError."""
        if not title.strip():
            raise UsageError(_EMPTY)
        with self._database.writing() as connection:
            _row(connection, id)
            connection.execute(update(Conversations).where(Conversations.id == id).values(title=_titled(title)))
            return _conversation(_row(connection, id))

    def delete(self, id: str) -> None:
        """Forget it with all that was said; raises NotFound."""
        with self._database.writing() as connection:
            _row(connection, id)
            for table in (ChatMessages, ChatImages):
                connection.execute(delete(table).where(table.conversation == id))
            connection.execute(delete(Conversations).where(Conversations.id == id))

    def ask(self, id: str, text: str, attachments: Sequence[Attachment] = ()) -> Message:
        """Write a question down; raises NotFound."""
        with self._database.writing() as connection:
            row = _row(connection, id)
            if row.news == 0 and not row.title:
                connection.execute(update(Conversations).where(Conversations.id == id).values(title=_titled(text)))
            return self._say(connection, id, row.news + 1, Role.USER, text, State.WHOLE, attachments)

    def answer(self, id: str, model: str) -> Message:
        """Begin an answer; raises NotFound."""
        with self._database.writing() as connection:
            row = _row(connection, id)
            return self._say(connection, id, row.news + 1, Role.ASSISTANT, "", State.WRITING, model=model)

    def write(self, id: str, message: str, text: str) -> None:
        """What has come of an answer so far."""
        values = {"text": text, "folded": _folded(text)}
        with self._database.writing() as connection:
            connection.execute(update(ChatMessages).where(*_place(id, message)).values(values))

    def end(
        self, id: str, message: str, text: str, state: State, citations: Sequence[Citation] = (), problem: str = ""
    ) -> Message:
        """An answer's end; raises NotFound where it was deleted meanwhile."""
        now = self._now()
        values = {
            "text": text,
            "folded": _folded(text),
            "state": state.value,
            "citations": json.dumps([citation_to_json(one) for one in citations], ensure_ascii=False),
            "problem": problem,
        }
        with self._database.writing() as connection:
            _row(connection, id)
            connection.execute(update(ChatMessages).where(*_place(id, message)).values(values))
            connection.execute(update(Conversations).where(Conversations.id == id).values(changed=now))
            return _message(_message_row(connection, id, message))

    def cut(self, id: str, message: str) -> None:
        """Forget a message and all that came after it, to ask anew; raises NotFound."""
        with self._database.writing() as connection:
            number = _message_row(connection, id, message).number
            connection.execute(
                delete(ChatMessages).where(ChatMessages.conversation == id, ChatMessages.number >= number)
            )
            connection.execute(update(Conversations).where(Conversations.id == id).values(news=number - 1))

    def attach(self, id: str, name: str, media_type: str, body: bytes) -> Image:
        """Keep an image; raises NotFound."""
        made = Image(secrets.token_hex(12), name[:255], media_type, body)
        with self._database.writing() as connection:
            _row(connection, id)
            values = {"id": made.id, "conversation": id, "name": made.name, "media_type": media_type}
            connection.execute(insert(ChatImages), {**values, "body": body})
        return made

    def image(self, id: str, image: str) -> Image:
        """An image of a conversation; raises NotFound."""
        with self._database.reading() as connection:
            query = select(ChatImages).where(ChatImages.conversation == id, ChatImages.id == image)
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound(NO_IMAGE, name=image)
        return Image(row.id, row.name, row.media_type, row.body)

    def recover(self) -> int:
        """Tell of answers whose writer died that they were stopped; how many these are."""
        with self._database.writing() as connection:
            written = update(ChatMessages).where(ChatMessages.state == State.WRITING.value)
            return connection.execute(written.values(state=State.STOPPED.value)).rowcount

    def _say(
        self,
        connection: Connection,
        id: str,
        number: int,
        role: Role,
        text: str,
        state: State,
        attachments: Sequence[Attachment] = (),
        model: str = "",
    ) -> Message:
        now = self._now()
        values = {
            "conversation": id,
            "number": number,
            "role": role.value,
            "state": state.value,
            "text": text,
            "folded": _folded(text),
            "attachments": json.dumps([attachment_to_json(one) for one in attachments], ensure_ascii=False),
            "citations": "[]",
            "model": model,
            "problem": "",
            "created": now,
        }
        connection.execute(insert(ChatMessages), values)
        connection.execute(update(Conversations).where(Conversations.id == id).values(news=number, changed=now))
        return Message(str(number), role, text, now, state, tuple(attachments), (), model)


def _place(id: str, message: str) -> tuple[Any, Any]:
    number = int(message) if message.isascii() and message.isdecimal() and len(message) < 10 else 0
    return ChatMessages.conversation == id, ChatMessages.number == number


def _row(connection: Connection, id: str) -> Row[Any]:
    row = connection.execute(select(Conversations).where(Conversations.id == id)).one_or_none()
    if row is None:
        raise NotFound(NO_CONVERSATION, name=id)
    return row


def _message_row(connection: Connection, id: str, message: str) -> Row[Any]:
    row = connection.execute(select(ChatMessages).where(*_place(id, message))).one_or_none()
    if row is None:
        raise NotFound(NO_MESSAGE, name=message)
    return row


def _conversation(row: Row[Any]) -> Conversation:
    return Conversation(row.id, row.title, row.created, row.changed, row.news)


def _message(row: Row[Any]) -> Message:
    return Message(
        str(row.number),
        Role(row.role),
        row.text,
        row.created,
        State(row.state),
        tuple(attachment_from_json(one) for one in _each(row.attachments)),
        tuple(citation_from_json(one) for one in _each(row.citations)),
        row.model,
        row.problem,
    )


def _each(text: str) -> list[Reader]:
    value: JsonObject = {"items": loads(text)}
    return list(Reader.of(value, "message").children("items"))


def _titled(text: str) -> str:
    return " ".join(text.split())[:LONGEST_TITLE]


def _folded(text: str) -> str:
    return " ".join(text.casefold().replace("ё", "е").split())
