"""Profiles: the dialect that a model speaks, as data.

A profile says how large pictures may be and in which numbers boxes come back, which words each task is asked with and
how answers are drawn. Values only: files are read in `docstation.inference.profiles`, requests are put together in
`docstation.inference.asking`. Nothing here knows pages or jobs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from docstation.document.geometry import Box
from docstation.errors import MissingDependency, NoEngine
from docstation.messages.marking import N_


class Task(StrEnum):
    """What a picture can be asked for.

    LAYOUT: blocks with boxes, categories and text. LAYOUT_ONLY: the same without text. TEXT: all text, no boxes.
    REGION_TEXT: the text inside one box of the picture. TABLE: the picture is one table, as HTML. FORMULA: it is one
    formula, as LaTeX. PICTURE: it is a picture, described. DOCUMENT: the page as HTML. GENERAL: a free question.
    """

    LAYOUT = "layout"
    LAYOUT_ONLY = "layout_only"
    TEXT = "text"
    REGION_TEXT = "region_text"
    TABLE = "table"
    FORMULA = "formula"
    PICTURE = "picture"
    DOCUMENT = "document"
    GENERAL = "general"


Coordinates = Literal["sent-pixels", "thousand"]
"""``sent-pixels``: pixels of the picture as it was sent. ``thousand``: thousandths of its sides."""

Dialect = Literal["layout-json", "text"]
"""``layout-json``: a layout is answered as a JSON list of blocks. ``text``: as Markdown, without boxes."""

STEPS = (0.0, 0.3, 0.6, 0.9)
"""Added to the temperature at each further attempt: a model that looped seldom loops the same way twice."""
_HOTTEST = 1.0

REGION = "{region}"
QUESTION = "{question}"


@dataclass(frozen=True, slots=True)
class Grid:
    """How a model cuts a picture into tokens.

    Attributes:
        factor: side of the square that becomes one token, in pixels.
        min_pixels: smallest picture; the model enlarges what is smaller.
        max_pixels: largest picture; the model reduces what is larger.
        usual_pixels: largest picture to send where the server's own bound is not known.
        coordinates: in which boxes come back.
    """

    factor: int
    min_pixels: int
    max_pixels: int
    usual_pixels: int
    coordinates: Coordinates


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is drawn; the values of the class change nothing."""

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    repetition_penalty: float = 1.0

    def fields(self) -> dict[str, float | int]:
        """Keys of a request: the temperature, and what differs from the neutral value."""
        neutral = Sampling()
        named = {name: getattr(self, name) for name in self.__slots__}
        return {name: one for name, one in named.items() if name == "temperature" or one != getattr(neutral, name)}


@dataclass(frozen=True, slots=True)
class Frame:
    """Tokens that the chat template puts around what is said, counted generously.

    Attributes:
        message: around each message.
        image: around each picture's own tokens.
        reply: that open the answer.
    """

    message: int
    image: int
    reply: int


@dataclass(frozen=True, slots=True)
class LibraryText:
    """A prompt that a library carries because the model was trained on its very words.

    Attributes:
        module: to import.
        name: of the string in it.
        package: distribution that brings the module.
    """

    module: str
    name: str
    package: str

    def text(self) -> str:
        """The prompt.

        Raises:
            MissingDependency: the library is not installed, or lacks it.
        """
        from importlib import import_module

        try:
            found = getattr(import_module(self.module), self.name, None)
        except ImportError:
            found = None
        if not isinstance(found, str) or not found:
            raise MissingDependency(name=self.package, command=f"pip install {self.package}")
        return found


Prompt = str | LibraryText


@dataclass(frozen=True, slots=True)
class Profile:
    """The dialect of a model family.

    Attributes:
        name: as catalogue entries name it.
        title: what people read.
        matches: parts of model ids by which it is known, in small letters; the longest match wins.
        grid: of its pictures.
        dialect: of its answers to LAYOUT.
        frame: tokens of its chat template.
        vocabulary: ``qwen`` where texts can be counted exactly, empty where they can not.
        prefix: marks that stand in the text where the picture goes; empty where the template places it.
        system: system message, empty for none.
        chat_template: file of `docstation.inference.templates` to serve it with, empty for the checkpoint's own.
        prompts: words by task; GENERAL may be ``{question}`` alone.
        samplings: by task; ``general`` is used for tasks without one.
    """

    name: str
    title: str
    matches: tuple[str, ...]
    grid: Grid
    dialect: Dialect
    frame: Frame
    vocabulary: str = ""
    prefix: str = ""
    system: str = ""
    chat_template: str = ""
    prompts: Mapping[Task, Prompt] = field(default_factory=dict)
    samplings: Mapping[Task, Sampling] = field(default_factory=dict)

    def can(self, task: Task) -> bool:
        """Whether it has words for this task."""
        return task in self.prompts

    def prompt(self, task: Task, *, region: Box | None = None, question: str = "") -> str:
        """The words of a task, without the prefix.

        Args:
            task: one that it can do.
            region: for REGION_TEXT, in the model's own coordinates.
            question: for GENERAL and wherever else the words ask for one; text from outside goes through
                `docstation.inference.tokens.harmless` first.

        Raises:
            NoEngine: the profile has no words for this task.
            MissingDependency: they are in a library that is not installed.
        """
        stated = self.prompts.get(task)
        if stated is None:
            raise NoEngine(NO_PROMPT, model=self.title, task=task.value)
        text = stated if isinstance(stated, str) else stated.text()
        if region is not None:
            text = text.replace(REGION, str([round(one) for one in (region.x0, region.y0, region.x1, region.y1)]))
        return text.replace(QUESTION, question)

    def sampling(self, task: Task, *, attempt: int = 0) -> Sampling:
        """How the answer to a task is drawn, warmer at each further attempt (from 0)."""
        usual = self.samplings.get(task) or self.samplings.get(Task.GENERAL) or Sampling()
        step = STEPS[min(attempt, len(STEPS) - 1)]
        return replace(usual, temperature=round(min(max(usual.temperature, _HOTTEST), usual.temperature + step), 2))


NO_PROMPT = N_("{model} has no prompt for {task}.")
