"""What a conversation is made of: messages, what is attached to them, and what their answers cite. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from docstation.document.geometry import Box


class Role(StrEnum):
    """Who said it."""

    USER = "user"
    ASSISTANT = "assistant"


class State(StrEnum):
    """How far an answer came. WHOLE: to its end. STOPPED: its asker had enough. BROKEN: the model failed.

    WRITING: it is being written, or its writer died.
    """

    WHOLE = "whole"
    STOPPED = "stopped"
    BROKEN = "broken"
    WRITING = "writing"


@dataclass(frozen=True, slots=True)
class Attachment:
    """Something that a question is about.

    Attributes:
        document: id of a document of the service; empty for an image of its own.
        page: number in the document, 0 for the whole of it.
        box: a region of the page, page points; None for the page.
        image: id of an uploaded image, empty for pages.
        name: for people.
    """

    document: str = ""
    page: int = 0
    box: Box | None = None
    image: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Citation:
    """A place that an answer rests on.

    Attributes:
        document: id.
        page: number.
        block: id of the block.
        box: of the block, page points.
        quote: what the answer quotes of it, empty where it only names the block.
        score: how well the quote matches, 0 to 1.
    """

    document: str
    page: int
    block: str
    box: Box
    quote: str = ""
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        id: in its conversation.
        role: who said it.
        text: of it; for an answer that was stopped, what had come.
        created: seconds of the epoch.
        state: of an answer.
        attachments: of a question.
        citations: of an answer.
        model: that answered.
        problem: why an answer broke; empty otherwise. It is kept as a message id or as the JSON of an error, and told
            as a sentence.
    """

    id: str
    role: Role
    text: str
    created: float
    state: State = State.WHOLE
    attachments: tuple[Attachment, ...] = ()
    citations: tuple[Citation, ...] = field(default=())
    model: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation without its messages.

    Attributes:
        id: of it.
        title: for people; the beginning of the first question unless it was renamed.
        created: seconds of the epoch.
        changed: when the last message came.
        messages: how many it has.
    """

    id: str
    title: str
    created: float
    changed: float
    messages: int = 0
