"""Counts how often letters follow one another, for the judgement of text layers (`docstation.intake.plausibility`).

Run as ``python -m training.letter_pairs``; it reads the manual pages that Debian's packages ``manpages``,
``manpages-ru``, ``-de``, ``-fr``, ``-es``, ``-nl`` and ``-uk`` install and writes
``src/docstation/intake/data/letter_pairs.json``.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

from docstation.intake.plausibility import ALPHABETS, EDGE, letters_of
from training.sources import man_passages

FOLDERS = {"en": ""} | {name: name for name in ("ru", "uk", "de", "fr", "es", "nl")}
SCRIPTS = {"ru": "cyrillic", "uk": "cyrillic"}
FILE = Path(__file__).parents[1] / "src" / "docstation" / "intake" / "data" / "letter_pairs.json"
SMOOTHING = 0.05
"""Added to each count: a pair never seen is rare, not impossible."""


def costs(language: str) -> list[int]:
    """Tenths of bits that each second letter costs after each first, row by row of the alphabet and the word's edge."""
    alphabet = ALPHABETS[SCRIPTS.get(language, "latin")] + EDGE
    counts: Counter[tuple[str, str]] = Counter()
    for passage in man_passages(str(Path("/usr/share/man") / FOLDERS[language])):
        for word in passage.split():
            letters = letters_of(word.strip(".,;:!?()«»\"'"), alphabet[:-1])
            if len(letters) >= 2 and (word.islower() or word.istitle()):
                counts.update(zip(EDGE + letters, letters + EDGE, strict=True))
    rows = []
    for first in alphabet:
        total = sum(counts[first, second] + SMOOTHING for second in alphabet)
        rows += [round(-10 * math.log2((counts[first, second] + SMOOTHING) / total)) for second in alphabet]
    print(language, sum(counts.values()), "pairs")
    return rows


def main() -> None:
    """Writes the file."""
    tables = {language: costs(language) for language in FOLDERS}
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(tables, separators=(",", ":")) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
