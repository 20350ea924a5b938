"""Server-sent events of a chat completion: bytes in whatever pieces they come, out what each event says."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from docstation.inference.failures import EngineFailed, one_line
from docstation.messages.marking import N_, Word

DONE = b"[DONE]"
_LONGEST_EVENT = 4_000_000


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of a request, as the server counted them.

    Attributes:
        prompt_tokens: of pictures, words and template.
        completion_tokens: of the answer.
    """

    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """One event.

    Attributes:
        text: further text of the answer, often empty.
        finish_reason: why it ended, in the event that ends it.
        usage: in the last event, where the server tells.
        id: of the request, in the server's log.
    """

    text: str = ""
    finish_reason: str = ""
    usage: Usage | None = None
    id: str = ""


def chunks(pieces: Iterable[bytes]) -> Iterator[Chunk | None]:
    """What the events say, up to the end of `pieces`; None is the mark that nothing more comes.

    Raises:
        EngineFailed: an event is an error, or none at all.
    """
    for line in _lines(pieces):
        field, _, data = line.partition(b":")
        if field == b"data":
            data = data.strip()
            yield None if data == DONE else _chunk(data)


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n") if b"\n" in piece else (rest + piece,)
        yield from whole
        if len(rest) > _LONGEST_EVENT:
            raise EngineFailed(problem=Word(N_("an event without end")))
    if rest:
        yield rest


def _chunk(data: bytes) -> Chunk:
    try:
        content = json.loads(data)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise EngineFailed(problem=f"no event: {one_line(data.decode('utf-8', 'replace'), 80)}")
    if content.get("error"):
        raise EngineFailed(problem=error_words(content) or Word(N_("an error without words")))
    choices = content.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    delta = choice.get("delta")
    return Chunk(
        text=_text(delta.get("content") if isinstance(delta, dict) else None),
        finish_reason=_text(choice.get("finish_reason")),
        usage=_usage(content.get("usage")),
        id=one_line(_text(content.get("id")), 80),
    )


def error_words(content: object) -> str:
    """The message of an error's body, in the shape of OpenAI or of FastAPI; empty where it has none."""
    if not isinstance(content, dict):
        return ""
    told = content.get("error", content.get("detail", content.get("message")))
    if isinstance(told, dict):
        told = told.get("message")
    return one_line(told) if isinstance(told, str) else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _usage(value: object) -> Usage | None:
    if not isinstance(value, dict):
        return None
    prompt, made = value.get("prompt_tokens"), value.get("completion_tokens")
    return Usage(prompt, made if isinstance(made, int) else 0) if isinstance(prompt, int) else None
