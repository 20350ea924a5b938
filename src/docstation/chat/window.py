"""Puts a question with its history, passages and pictures into the model's window; never over it. Pure.

The question and its newest picture come first, then the passages, then as much of the history as is left, newest first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from docstation.chat.passages import Passage, chosen
from docstation.document.conversation import Message, Role
from docstation.errors import InputError
from docstation.inference.asking import Message as Said
from docstation.inference.asking import user_message
from docstation.inference.grid import Size, fit, image_tokens
from docstation.inference.profile import Grid, Profile, Task
from docstation.inference.tokens import count, harmless
from docstation.messages.marking import N_

LEAST_ANSWER = 512
ANSWER_SHARE = 0.25
"""Of the window, kept for the answer."""
PICTURE_SHARE = 0.45
"""Of the window, that pictures may take."""
PASSAGE_SHARE = 0.6
"""Of what is left beside question and pictures, that passages may take; the rest is for the history."""
LONGEST_ANSWER = 4096

GUIDE = """\
You answer questions about pages of documents. What was read on them is given below as blocks, each with a mark in \
square brackets, such as [p2-b5]. Put the mark of a block behind what you took from it, and quote numbers and names \
exactly. Where the pages do not say it, say so. Answer in the language of the question."""
PARTLY = "Only the blocks that fit are given; others are left out."


@dataclass(frozen=True, slots=True)
class Prepared:
    """A question, ready to be sent.

    Attributes:
        messages: for the model, without pictures; those are put in by `with_pictures`.
        question: words of the last message.
        sent: sizes (width, height) that its pictures are sent in.
        max_tokens: bound on the answer.
        passages: that the model sees.
        dropped: earlier messages that had no room.
    """

    system: str
    history: tuple[Said, ...]
    question: str
    sent: tuple[Size, ...]
    max_tokens: int
    passages: tuple[Passage, ...]
    dropped: int


def prepared(
    profile: Profile,
    window: int,
    question: str,
    *,
    history: Sequence[Message] = (),
    passages: Sequence[Passage] = (),
    pictures: Sequence[Size] = (),
) -> Prepared:
    """What to send.

    Args:
        profile: of the model.
        window: its context in tokens.
        question: of the user.
        history: earlier messages, oldest first.
        passages: blocks of the pages in question, in reading order.
        pictures: sizes (width, height) of the pictures in question, the most important last.

    Raises:
        InputError: the question alone does not fit.
    """
    frame = profile.frame

    def cost(text: str) -> int:
        return frame.message + count(text, profile.vocabulary)

    answer = min(LONGEST_ANSWER, max(LEAST_ANSWER, int(ANSWER_SHARE * window)))
    words = (
        profile.prompt(Task.GENERAL, question=harmless(question)) if profile.can(Task.GENERAL) else harmless(question)
    )
    left = window - answer - frame.reply - cost(words) - cost(profile.system)
    sent, spent = _pictures(profile, pictures, min(left, int(PICTURE_SHARE * window)))
    left -= spent
    if left < 0:
        raise InputError(TOO_LONG, window=window)
    guide = cost(GUIDE) + count(PARTLY, profile.vocabulary) + 2 if passages else 0
    shown, whole = chosen(
        passages, question, max(0, int(PASSAGE_SHARE * left) - guide), lambda text: count(text, profile.vocabulary)
    )
    system = _system(profile, shown, whole)
    left -= cost(system) - cost(profile.system) if shown else 0
    kept = _history(history, left, cost)
    return Prepared(
        system if shown else profile.system,
        tuple({"role": one.role.value, "content": harmless(one.text)} for one in kept),
        words,
        sent,
        answer,
        tuple(shown),
        len(history) - len(kept),
    )


TOO_LONG = N_("The question does not fit in the model's window of {window} tokens; make it shorter.")


def messages_of(ready: Prepared, profile: Profile, images: Sequence[str]) -> list[Said]:
    """The messages with their pictures, data URLs in the order of `Prepared.sent`."""
    system: list[Said] = [{"role": "system", "content": ready.system}] if ready.system else []
    return [*system, *ready.history, user_message(profile, ready.question, images)]


def _pictures(profile: Profile, pictures: Sequence[Size], tokens: int) -> tuple[tuple[Size, ...], int]:
    """Sizes to send and what they cost; the last picture gets what it needs first, others share the rest."""
    sent: list[Size] = []
    spent = 0
    for place, (width, height) in enumerate(reversed(pictures)):
        left = tokens - spent
        share = left if place == len(pictures) - 1 else 3 * left // 5
        size = _fitted(width, height, profile.grid, share - profile.frame.image)
        if size is None:
            break
        sent.append(size)
        spent += image_tokens(*size, profile.grid) + profile.frame.image
    return tuple(reversed(sent)), spent


def _fitted(width: int, height: int, grid: Grid, tokens: int) -> Size | None:
    most = min(tokens * grid.factor**2, grid.usual_pixels)
    if most < grid.min_pixels:
        return None
    try:
        return fit(width, height, grid, max_pixels=most)
    except ValueError:
        return None


def _system(profile: Profile, passages: Sequence[Passage], whole: bool) -> str:
    parts = [profile.system, GUIDE, "" if whole else PARTLY, *(one.line for one in passages)]
    return "\n".join(part for part in parts if part)


def _history(history: Sequence[Message], tokens: int, cost: Callable[[str], int]) -> list[Message]:
    """The newest messages that fit, from a question on: a model that reads an answer first is at a loss."""
    kept: list[Message] = []
    for one in reversed(history):
        taken = cost(harmless(one.text))
        if not one.text.strip():
            continue
        if taken > tokens:
            break
        kept.insert(0, one)
        tokens -= taken
    while kept and kept[0].role is not Role.USER:
        kept.pop(0)
    return kept
