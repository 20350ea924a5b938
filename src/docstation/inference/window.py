"""The arithmetic of a context window: picture, words, template and answer together fit, or nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass

from docstation.inference.profile import Profile
from docstation.inference.tokens import count


@dataclass(frozen=True, slots=True)
class Need:
    """What one request takes of a window, in tokens.

    Attributes:
        image_tokens: of the pictures.
        prompt_tokens: of everything else that is sent, see `prompt_tokens`.
        output_tokens: kept for the answer.
    """

    image_tokens: int
    prompt_tokens: int
    output_tokens: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.image_tokens + self.prompt_tokens + self.output_tokens


def fits(need: Need, window: int) -> bool:
    """Whether the request fits in a window of so many tokens, with an answer of one token at least."""
    return need.output_tokens >= 1 and need.total <= window


def room(window: int, image_tokens: int, prompt_tokens: int) -> int:
    """Tokens that are left for the answer; 0 where nothing is."""
    return max(0, window - image_tokens - prompt_tokens)


def prompt_tokens(profile: Profile, prompt: str, images: int = 1) -> int:
    """Tokens of a request beside the pictures' own: words, system message and the template around them; never too few.

    The profile's prefix stands for the picture itself and is counted with the template.
    """
    frame = profile.frame
    system = frame.message + count(profile.system, profile.vocabulary) if profile.system else 0
    return system + frame.message + frame.reply + images * frame.image + count(prompt, profile.vocabulary)
