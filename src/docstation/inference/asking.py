"""Puts a request together: messages in a profile's dialect, and the body of a chat completion.

Pure data. Pictures are data URLs (`docstation.inference.images`), counted by `docstation.inference.window`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from docstation.inference.profile import Profile, Sampling

Message = dict[str, object]


@dataclass(frozen=True, slots=True)
class Repetition:
    """When the server itself is to end an answer that goes round in circles; servers that cannot pass over it.

    vLLM's ``repetition_detection`` is the second line of defence, for a client that does not listen. It knows exact
    repeats only, and one rule for everything: from 240 tokens on, which rows of blank forms stay below. Every token
    costs the engine a comparison for each pattern size, so the sizes are few; smaller patterns are found as multiples.

    Attributes:
        max_pattern_size: longest pattern, in tokens.
        min_pattern_size: shortest pattern, in tokens.
        min_count: repetitions of it.
    """

    max_pattern_size: int = 120
    min_pattern_size: int = 20
    min_count: int = 12


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question to a served model.

    Attributes:
        model: id, as ``/v1/models`` shows it.
        messages: see `messages`.
        max_tokens: bound on the answer; with pictures and prompt it must fit in the window.
        sampling: how tokens are drawn.
        schema: JSON Schema that the answer is held to, None for free text.
        schema_name: of that schema.
        repetition: the server's own guard, None for none.
        stop: texts at which the answer ends.
        seed: for draws that can be repeated.
    """

    model: str
    messages: Sequence[Message]
    max_tokens: int
    sampling: Sampling = field(default_factory=Sampling)
    schema: Mapping[str, object] | None = None
    schema_name: str = "answer"
    repetition: Repetition | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None

    def body(self) -> dict[str, object]:
        """The body of ``/v1/chat/completions``, as a stream that ends with its usage."""
        content: dict[str, object] = {
            "model": self.model,
            "messages": list(self.messages),
            "max_tokens": self.max_tokens,
            **self.sampling.fields(),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if self.schema is not None:
            named = {"name": self.schema_name, "schema": dict(self.schema), "strict": True}
            content["response_format"] = {"type": "json_schema", "json_schema": named}
        if self.repetition is not None:
            content["repetition_detection"] = asdict(self.repetition)
        if self.stop:
            content["stop"] = list(self.stop)
        if self.seed is not None:
            content["seed"] = self.seed
        return content

    def counted(self) -> dict[str, object]:
        """The body of ``/tokenize`` for the same messages."""
        return {"model": self.model, "messages": list(self.messages), "add_generation_prompt": True}


def user_message(profile: Profile, prompt: str, images: Sequence[str] = ()) -> Message:
    """What the user says: pictures first, then the words, led by the profile's mark where a picture needs one."""
    if not images:
        return {"role": "user", "content": prompt}
    parts: list[Message] = [{"type": "image_url", "image_url": {"url": url}} for url in images]
    words = profile.prefix * len(images) + prompt
    return {"role": "user", "content": [*parts, *([{"type": "text", "text": words}] if words else [])]}


def messages(
    profile: Profile, prompt: str, images: Sequence[str] = (), *, history: Sequence[Message] = ()
) -> list[Message]:
    """The profile's system message where it has one, what was said before, and the new question."""
    system: list[Message] = [{"role": "system", "content": profile.system}] if profile.system else []
    return [*system, *history, user_message(profile, prompt, images)]
