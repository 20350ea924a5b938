"""Asks a served model about a page: its picture and what was read of it fill the window, the answer keeps to a schema.

How pictures come is the caller's matter. What the model says stays untrusted: `docstation.extraction.ask` looks for
every value on the page.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from docstation.errors import InputError
from docstation.extraction.ask import READ
from docstation.extraction.json_schema import Json
from docstation.extraction.mending import mended
from docstation.inference.asking import ChatRequest, Repetition, messages
from docstation.inference.completions import Client
from docstation.inference.failures import AskFailed, Refused
from docstation.inference.grid import Size, fit, image_tokens
from docstation.inference.images import encode
from docstation.inference.loops import LoopGuard
from docstation.inference.profile import STEPS, Profile, Sampling, Task
from docstation.inference.served import ServedModel
from docstation.inference.tokens import harmless
from docstation.inference.window import prompt_tokens, room
from docstation.messages.marking import N_

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

USUAL_WINDOW = 8192
ANSWER_SHARE = 0.3
"""Of the window, that is kept for the answer."""
PICTURE_SHARE = 0.4
"""Of the window, that the picture may take."""
LEAST_ANSWER = 64
ATTEMPTS = 2
TOO_MANY = N_("The fields do not fit in the model's window of {window} tokens; ask for fewer.")
NO_ANSWER = "the answer is no JSON object"


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt with its picture, made to fit.

    Attributes:
        words: of the prompt; the end of a long page's text is left out.
        sent: size (width, height) of the picture; None for none.
        max_tokens: bound on the answer.
    """

    words: str
    sent: Size | None
    max_tokens: int


class ModelAsker:
    """Asks about pages one by one; see `docstation.extraction.ask.Asker`.

    Args:
        model: that serves.
        client: of its server.
        picture: a page's picture by the page's number, height x width x 3, RGB; None where there is none to be had.
    """

    def __init__(self, model: ServedModel, client: Client, picture: Callable[[int], Pixels | None]) -> None:
        self.model = model.id
        self._served = model
        self._client = client
        self._picture = picture
        self._window = model.context or USUAL_WINDOW

    @property
    def text_characters(self) -> int:
        """More than any window takes: what does not fit is cut off here, where tokens are counted."""
        return 8 * self._window

    def ask(self, pages: Sequence[int], prompt: str, schema: Mapping[str, Json]) -> Mapping[str, Json]:
        """One answer; a model that loses its way is asked once more.

        Raises:
            InputError: the schema alone does not fit.
            AskFailed: there is no answer, or none that can be read.
            Interrupted: the asker gave up.
        """
        pixels = self._picture(pages[0])
        size = None if pixels is None else (pixels.shape[1], pixels.shape[0])
        question = question_for(self._served.profile, self._window, prompt, size)
        images = [] if pixels is None or question.sent is None else [encode(pixels, question.sent)]
        for attempt in range(ATTEMPTS):
            said = self._said(question, images, schema, attempt)
            if said is not None:
                return said
        raise AskFailed(problem=NO_ANSWER)

    def _said(
        self, question: Question, images: Sequence[str], schema: Mapping[str, Json], attempt: int
    ) -> Mapping[str, Json] | None:
        profile = self._served.profile
        request = ChatRequest(
            self._served.id,
            messages(profile, question.words, images),
            question.max_tokens,
            # The likeliest letters: what a profile draws conversation with would punish repeated words of forms.
            Sampling(temperature=STEPS[attempt]),
            schema=schema,
            schema_name="extraction",
            repetition=Repetition() if self._served.features.repetition_detection else None,
        )
        try:
            return answer_of(self._streamed(request))
        except Refused as error:
            # Its words have other tokens than we counted: it counts itself.
            if error.kind != "context" or (left := self._window - self._client.count(request)) < LEAST_ANSWER:
                raise
            return answer_of(self._streamed(replace(request, max_tokens=min(left, request.max_tokens))))

    def _streamed(self, request: ChatRequest) -> str:
        """What comes, up to where it begins to repeat itself."""
        said, guard = "", LoopGuard()
        with self._client.stream(request) as stream:
            for delta in stream:
                said += delta
                if loop := guard.feed(delta):
                    return said[: loop.keep]
        return said


def answer_of(text: str) -> Mapping[str, Json] | None:
    """The JSON object of an answer, also of one that was cut off: then without what was not whole; None for none."""
    for one in (text, mended(text)):
        try:
            found = json.loads(one)
        except (ValueError, RecursionError):
            continue
        return found if isinstance(found, dict) else None
    return None


def question_for(profile: Profile, window: int, prompt: str, size: Size | None) -> Question:
    """The prompt and its picture in a window, room for an answer kept.

    Args:
        profile: of the model.
        window: its context in tokens.
        prompt: whose part behind `docstation.extraction.ask.READ` may be cut at its end.
        size: of the picture, width and height in pixels; None for none.

    Raises:
        InputError: the prompt without the page's text does not fit.
    """
    sent = None if size is None else _fitted(size, profile, int(PICTURE_SHARE * window))
    picture = image_tokens(*sent, profile.grid) if sent else 0
    budget = room(window, picture, int(ANSWER_SHARE * window))
    asked, mark, text = harmless(prompt).partition(READ)
    if prompt_tokens(profile, _worded(profile, asked), int(sent is not None)) > budget:
        raise InputError(TOO_MANY, window=window)
    words = _worded(profile, asked + mark + _cut(profile, asked + mark, text, budget, int(sent is not None)))
    return Question(words, sent, room(window, picture, prompt_tokens(profile, words, int(sent is not None))))


def _cut(profile: Profile, before: str, text: str, budget: int, images: int) -> str:
    """The longest beginning of a page's text that fits; counted anew each time, since tokens span the cut."""

    def fits(length: int) -> bool:
        return prompt_tokens(profile, _worded(profile, before + text[:length]), images) <= budget

    low, high = 0, len(text)
    if fits(high):
        return text
    while high - low > 16:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return text[:low]


def _worded(profile: Profile, question: str) -> str:
    return profile.prompt(Task.GENERAL, question=question) if profile.can(Task.GENERAL) else question


def _fitted(size: Size, profile: Profile, tokens: int) -> Size | None:
    grid = profile.grid
    most = min((tokens - profile.frame.image) * grid.factor**2, grid.usual_pixels)
    if most < grid.min_pixels:
        return None
    try:
        return fit(*size, grid, max_pixels=most)
    except ValueError:
        return None
