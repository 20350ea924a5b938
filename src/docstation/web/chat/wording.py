"""Answers as they are shown: marks of blocks become numbers of places, and nothing in them fetches or draws anything.

What a model says is untrusted. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from docstation.document.conversation import Attachment, Citation
from docstation.messages import translate
from docstation.messages.marking import N_

_BRACKETS = re.compile(r"\[([^\[\]]{1,200})\]")
_MARK = re.compile(r"(?<![\w-])([a-z]?)(p\d+-b\d+)(?![\w-])")
_PICTURE = re.compile(r"!(?=\[)")
QUOTE = 60
"""Characters of a quotation on a button."""


def harmless(text: str) -> str:
    """Markdown in which no picture is fetched: an address in one would tell others of what was read."""
    return _PICTURE.sub(r"!\\", text)


def harmless_pieces(pieces: Iterable[str]) -> Iterator[str]:
    """`harmless` over pieces of a text, wherever they are cut."""
    held = ""
    for piece in pieces:
        text = held + piece
        held = "!" if text.endswith("!") else ""
        if shown := harmless(text.removesuffix(held)):
            yield shown
    if held:
        yield held


def numbered(answer: str, citations: Sequence[Citation]) -> str:
    """The answer with the number of a citation, from 1, in place of each mark of a block that it names."""
    places = {one.block: place for place, one in reversed(list(enumerate(citations, start=1)))}

    def shown(found: re.Match[str]) -> str:
        numbers = dict.fromkeys(places[block] for _letter, block in _MARK.findall(found[1]) if block in places)
        return f"**\\[{', '.join(map(str, numbers))}\\]**" if numbers else found[0]

    return harmless(_BRACKETS.sub(shown, answer))


def citation_label(place: int, one: Citation, *, name: str = "") -> str:
    """Words of the button that shows a citation; `name` where documents are to be told apart."""
    parts = [str(place), *([name] if name else []), translate(N_("p. {number}"), number=one.page)]
    if one.quote:
        quote = " ".join(one.quote.split())
        parts.append(f"«{quote[:QUOTE]}…»" if len(quote) > QUOTE else f"«{quote}»")
    return " · ".join(parts)


def attachment_label(one: Attachment) -> str:
    """Words for something that a question is about."""
    if not one.page:
        return one.name or translate(N_("Image"))
    key = N_("{name}, p. {number}") if one.box is None else N_("{name}, p. {number}, a region")
    return translate(key, name=one.name, number=one.page)
