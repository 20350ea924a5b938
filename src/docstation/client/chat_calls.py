"""Conversations of the service: kept there, answered by the model that serves, heard as the answer comes."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from docstation.client.asking import Asking, escaped
from docstation.client.refusals import ServiceAway, error_of
from docstation.client.streaming import SILENCE, events_sent, pieces_of
from docstation.client.transport import Request
from docstation.client.uploading import form
from docstation.document.codec import loads
from docstation.document.conversation import Attachment, Conversation, Message
from docstation.document.conversation_codec import attachment_to_json, conversation_from_json, message_from_json
from docstation.document.json_reader import FormatError, Reader

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class ChatBegun:
    """The question was written down.

    Attributes:
        question: as it stands in the conversation.
    """

    question: Message


@dataclass(frozen=True, slots=True)
class ChatPiece:
    """The next piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ChatEnded:
    """The answer's end.

    Attributes:
        answer: as it stands in the conversation: its state says whether it is whole.
        shown: blocks of the pages that the model saw.
        dropped: earlier messages that had no room in its window.
        tokens: of the answer, 0 where the server does not tell.
    """

    answer: Message
    shown: int
    dropped: int
    tokens: int


ChatTold = ChatBegun | ChatPiece | ChatEnded


class ChatCalls(Asking):
    """What `docstation.client.Client` offers on conversations.

    Each call may raise `ServiceAway`, NotFound and the other errors of the service.
    """

    def conversations(self, search: str = "", limit: int = 100) -> tuple[Conversation, ...]:
        """The newest first; with words to search, those in which all of them occur."""
        request = Request("GET", "/conversations", {"search": search or None, "limit": limit})
        return self._read(request, lambda one: tuple(map(conversation_from_json, one.children("conversations"))))

    def conversation(self, id: str) -> tuple[Conversation, tuple[Message, ...]]:
        """One of them with its messages."""

        def whole(one: Reader) -> tuple[Conversation, tuple[Message, ...]]:
            return conversation_from_json(one), tuple(map(message_from_json, one.children("said")))

        return self._read(Request("GET", escaped("conversations", id)), whole)

    def begin_conversation(self, title: str = "") -> Conversation:
        """A new one; without a title its first question gives it."""
        return self._read(_sent("POST", "/conversations", {"title": title}), conversation_from_json)

    def rename_conversation(self, id: str, title: str) -> Conversation:
        """Give it another title."""
        return self._read(_sent("PATCH", escaped("conversations", id), {"title": title}), conversation_from_json)

    def delete_conversation(self, id: str) -> None:
        """Forget it with all that was said."""
        self._transport.ask(Request("DELETE", escaped("conversations", id)))

    def attach_image(self, id: str, file: Path | bytes, name: str = "") -> Attachment:
        """Upload an image, or a PDF of which page 1 counts, to ask about."""
        with form(file, name or (file.name if isinstance(file, Path) else "image"), {}) as body:
            headers = {"Content-Type": body.media_type}
            path = f"{escaped('conversations', id)}/images"
            request = Request("POST", path, body=body.pieces(), length=body.length, headers=headers, seconds=120.0)
            return self._read(request, lambda one: Attachment(image=one.text("id"), name=one.text("name")))

    def chat_image(self, id: str, image: str) -> bytes:
        """An image that was attached, PNG."""
        return self._transport.ask(Request("GET", escaped("conversations", id, "images", image))).data

    def ask(
        self, id: str, text: str, attachments: Sequence[Attachment] = (), *, instead: str = ""
    ) -> Generator[ChatTold]:
        """Ask, and hear the answer as it comes; closing the iterator stops it, and what came is kept.

        Args:
            id: of the conversation.
            text: the question.
            attachments: what it is about; none, and it is about what the question before was.
            instead: id of a message that it stands instead of: that and all after it are forgotten.

        Raises:
            NoEngine: no model serves that answers questions.
        """
        body = {
            "text": text,
            "attachments": [_without_name(one) for one in attachments],
            "instead": instead,
        }
        return self._heard(_sent("POST", f"{escaped('conversations', id)}/messages", body))

    def ask_again(self, id: str, message: str) -> Generator[ChatTold]:
        """Answer a question anew: `message` is the question or its answer."""
        return self._heard(_sent("POST", f"{escaped('conversations', id)}/messages{escaped(message)}/retry", {}))

    def _heard(self, request: Request) -> Generator[ChatTold]:
        address = self._transport.address
        with self._transport.stream(request) as answer:
            for sent in events_sent(pieces_of(answer)):
                with suppress(FormatError):
                    value = Reader.of(loads(sent.data), sent.event)
                    if sent.event == "error":
                        raise error_of(value)
                    if sent.event == "question":
                        yield ChatBegun(message_from_json(value))
                    elif sent.event == "delta":
                        yield ChatPiece(value.text("text"))
                    elif sent.event == "end":
                        yield ChatEnded(
                            message_from_json(value),
                            value.integer("shown", 0),
                            value.integer("dropped", 0),
                            value.integer("tokens", 0),
                        )
                        return
        raise ServiceAway(address=address)


def _sent(method: str, path: str, value: Mapping[str, object]) -> Request:
    return Request(method, path, body=json.dumps(value).encode(), headers=JSON, seconds=SILENCE)


def _without_name(one: Attachment) -> dict[str, object]:
    return {key: value for key, value in attachment_to_json(one).items() if key != "name"}
