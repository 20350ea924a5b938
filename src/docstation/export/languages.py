"""The language that a document's text is written in, as HTML's ``lang`` and Word's proofing marks need it.

Told from letters only, so Russian and English are all that it knows; any other language must be named by the caller.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from docstation.document.script import Script, script_of
from docstation.export.cleaning import one_line

_TAGS = {Script.CYRILLIC: "ru", Script.LATIN: "en"}


def language_of(text: str) -> str:
    """``ru`` or ``en`` by the letters of `text`, empty where they do not tell."""
    script = script_of(text)
    if script is Script.MIXED:
        # Russian text names Latin brands and units in passing; the longer share of words is the language.
        letters: Counter[Script] = Counter()
        for word in text.split():
            letters[script_of(word)] += len(word)
        script = Script.CYRILLIC if letters[Script.CYRILLIC] >= letters[Script.LATIN] else Script.LATIN
    return _TAGS.get(script, "")


@dataclass(frozen=True, slots=True)
class Languages:
    """The language of the whole text and of its parts.

    Attributes:
        main: tag of the whole, empty where it is not known.
        told: whether the caller named it; then parts are not judged.
    """

    main: str
    told: bool = False

    @classmethod
    def of(cls, texts: Iterable[str], asked: str | None) -> Languages:
        """The language `asked` for, else the one in which most of `texts` is written."""
        if asked and (tag := one_line(asked)):
            return cls(tag, told=True)
        letters: Counter[str] = Counter()
        for text in texts:
            letters[language_of(text)] += len(text)
        del letters[""]
        return cls(letters.most_common(1)[0][0] if letters else "")

    def other(self, text: str) -> str:
        """Tag of `text` where it is known and not that of the whole, else empty."""
        tag = "" if self.told else language_of(text)
        return "" if tag == self.main else tag
