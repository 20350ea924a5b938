"""One turn of a conversation: the question goes to the model that serves, the answer comes in pieces and ends somehow.

What came is never lost: an answer that its reader stopped, or that the engine broke off, is told with its state.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docstation.chat.citing import citations
from docstation.chat.passages import Passage
from docstation.chat.window import Prepared, messages_of, prepared
from docstation.document.conversation import Citation, Message, State
from docstation.errors import Interrupted, to_record
from docstation.inference.asking import ChatRequest
from docstation.inference.completions import Client
from docstation.inference.failures import AskFailed, Refused
from docstation.inference.images import encode
from docstation.inference.loops import LoopGuard
from docstation.inference.profile import Task
from docstation.inference.served import ServedModel
from docstation.messages.marking import N_

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

USUAL_WINDOW = 8192
LOOP = N_("The model began to repeat itself, and was stopped.")


@dataclass(frozen=True, slots=True)
class Piece:
    """The next piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The answer's end.

    Attributes:
        state: whole, stopped or broken.
        text: all of it.
        citations: what it rests on.
        model: id of the model that answered.
        tokens: of the answer, 0 where the server does not tell.
        shown: blocks of the pages that the model saw.
        dropped: earlier messages that had no room in its window.
        problem: why it broke: a message id, or the JSON of an error; empty otherwise.
    """

    state: State
    text: str
    citations: tuple[Citation, ...]
    model: str
    tokens: int = 0
    shown: int = 0
    dropped: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        text: of the user.
        history: earlier messages, oldest first.
        passages: blocks of the pages in question.
        pictures: of pages, regions and images, height x width x 3, RGB; the most important last.
    """

    text: str
    history: Sequence[Message] = ()
    passages: Sequence[Passage] = ()
    pictures: Sequence[Pixels] = ()


def answer(
    question: Question, model: ServedModel, client: Client, stopped: Callable[[], bool] = lambda: False
) -> Generator[Piece | Ended]:
    """Ask, and give the answer as it comes; the last thing is its end. Closing the iterator ends the engine's work.

    Raises:
        InputError: the question does not fit in the window.
        AskFailed: the model did not begin to answer.
    """
    pictures = list(question.pictures)
    while True:
        ready = _ready(question, model, pictures)
        try:
            yield from _said(ready, model, client, pictures, stopped)
            return
        except Refused as error:
            # A server that takes one picture only is asked about the last one.
            if error.kind != "image" or len(pictures) < 2:
                raise
            pictures = pictures[-1:]


def _ready(question: Question, model: ServedModel, pictures: Sequence[Pixels]) -> Prepared:
    return prepared(
        model.profile,
        model.context or USUAL_WINDOW,
        question.text,
        history=question.history,
        passages=question.passages,
        pictures=[(one.shape[1], one.shape[0]) for one in pictures],
    )


def _said(
    ready: Prepared, model: ServedModel, client: Client, pictures: Sequence[Pixels], stopped: Callable[[], bool]
) -> Generator[Piece | Ended]:
    last = pictures[len(pictures) - len(ready.sent) :]
    images = [encode(one, size) for one, size in zip(last, ready.sent, strict=True)]
    request = ChatRequest(
        model.id,
        messages_of(ready, model.profile, images),
        ready.max_tokens,
        model.profile.sampling(Task.GENERAL),
    )
    said: list[str] = []
    guard = LoopGuard()

    def ended(state: State, tokens: int = 0, problem: str = "") -> Ended:
        text = "".join(said)
        cited = citations(text, ready.passages)
        return Ended(state, text, cited, model.id, tokens, len(ready.passages), ready.dropped, problem)

    with client.stream(request) as stream:
        try:
            for delta in stream:
                said.append(delta)
                yield Piece(delta)
                if stopped():
                    yield ended(State.STOPPED)
                    return
                if loop := guard.feed(delta):
                    said[:] = ["".join(said)[: loop.keep]]
                    yield ended(State.BROKEN, problem=LOOP)
                    return
        except Interrupted:
            yield ended(State.STOPPED)
            return
        except AskFailed as error:
            if not said:
                raise
            yield ended(State.BROKEN, problem=json.dumps(to_record(error)))
            return
        usage = stream.usage
    yield ended(State.WHOLE, usage.completion_tokens if usage else 0)
