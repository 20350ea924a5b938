"""The JSON forms of attachments, citations and messages, for the database and for clients; standard library only."""

from __future__ import annotations

from docstation.document.conversation import Attachment, Citation, Conversation, Message, Role, State
from docstation.document.geometry import Box
from docstation.document.json_reader import JsonObject, Reader, Value


def attachment_to_json(one: Attachment) -> JsonObject:
    """Keys that hold nothing are left out."""
    value: JsonObject = {}
    if one.document:
        value["document"] = one.document
    if one.page:
        value["page"] = one.page
    if one.box is not None:
        value["box"] = _numbers(one.box)
    if one.image:
        value["image"] = one.image
    if one.name:
        value["name"] = one.name
    return value


def attachment_from_json(reader: Reader) -> Attachment:
    """Raises `FormatError` for what is none."""
    return Attachment(
        reader.text("document", ""),
        reader.integer("page", 0),
        _box(reader),
        reader.text("image", ""),
        reader.text("name", ""),
    )


def citation_to_json(one: Citation) -> JsonObject:
    """All keys."""
    return {
        "document": one.document,
        "page": one.page,
        "block": one.block,
        "box": _numbers(one.box),
        "quote": one.quote,
        "score": one.score,
    }


def citation_from_json(reader: Reader) -> Citation:
    """Raises `FormatError` for what is none."""
    return Citation(
        reader.text("document"),
        reader.integer("page"),
        reader.text("block"),
        Box(*reader.numbers("box", 4)),
        reader.text("quote", ""),
        reader.number("score", 1.0),
    )


def message_to_json(one: Message) -> JsonObject:
    """All keys."""
    return {
        "id": one.id,
        "role": one.role.value,
        "state": one.state.value,
        "text": one.text,
        "created": one.created,
        "model": one.model,
        "problem": one.problem,
        "attachments": [attachment_to_json(each) for each in one.attachments],
        "citations": [citation_to_json(each) for each in one.citations],
    }


def message_from_json(reader: Reader) -> Message:
    """Raises `FormatError` for what is none."""
    return Message(
        reader.text("id"),
        reader.choice("role", Role),
        reader.text("text"),
        reader.number("created"),
        reader.choice("state", State, State.WHOLE),
        tuple(attachment_from_json(each) for each in reader.children("attachments")),
        tuple(citation_from_json(each) for each in reader.children("citations")),
        reader.text("model", ""),
        reader.text("problem", ""),
    )


def conversation_to_json(one: Conversation) -> JsonObject:
    """All keys."""
    return {
        "id": one.id,
        "title": one.title,
        "created": one.created,
        "changed": one.changed,
        "messages": one.messages,
    }


def conversation_from_json(reader: Reader) -> Conversation:
    """Raises `FormatError` for what is none."""
    return Conversation(
        reader.text("id"),
        reader.text("title"),
        reader.number("created"),
        reader.number("changed"),
        reader.integer("messages", 0),
    )


def _numbers(box: Box) -> list[Value]:
    return [box.x0, box.y0, box.x1, box.y1]


def _box(reader: Reader) -> Box | None:
    return Box(*reader.numbers("box", 4)) if "box" in reader.value else None
