"""Scores of recognition that do not depend on reading order: characters wrong per truth line, words found in place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

from bench.recognition_pages import TruthWord
from docstation.document.geometry import Box

UNIFIED = str.maketrans(
    {**dict.fromkeys("–—−‐‑‒", "-"), **dict.fromkeys("«»“”„‟", '"'), **dict.fromkeys("’‘`´", "'"), "…": "...", "№": "№"}
)
LEADERS = re.compile(r"([._*=-])\1{2,}")
BULLETS = re.compile(r"[•●▪■□○◦·\ue000-\uf8ff]")


def normal(text: str) -> str:
    """One spelling of dashes, quotes, ligatures and white space; bullets and leaders are left out."""
    text = text.replace("№", "\x01")
    text = unicodedata.normalize("NFKC", text).replace("\x01", "№").translate(UNIFIED).replace("''", '"')
    return " ".join(BULLETS.sub(" ", LEADERS.sub(" ", text)).split())


@dataclass(frozen=True, slots=True)
class Found:
    """A recognised word: text, box in pixels of the picture, confidence."""

    text: str
    box: Box
    confidence: float = 1.0


@dataclass(slots=True)
class Score:
    """Sums over pages.

    Attributes:
        characters: of truth.
        edits: character edits inside truth lines.
        stray: characters recognised where the truth has no line.
        words: of truth.
        exact: truth words that were recognised exactly by a word that overlaps them.
        inside: of those, the ones whose recognised middle lies in the true box and whose box overlaps it by half.
        look_alike: edits that vanish when Cyrillic look-alikes are folded to Latin.
    """

    characters: int = 0
    edits: int = 0
    stray: int = 0
    words: int = 0
    exact: int = 0
    inside: int = 0
    look_alike: int = 0

    def add(self, other: Score) -> None:
        """Add the sums of another score."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def cer(self) -> float:
        """Character error rate in per cent, stray characters counted as insertions."""
        return 100 * (self.edits + self.stray) / max(1, self.characters)

    def row(self) -> str:
        """One line for people."""
        share = 100 / max(1, self.words)
        return (
            f"CER {self.cer:6.2f}  lines only {100 * self.edits / max(1, self.characters):6.2f}  "
            f"words exact {self.exact * share:5.1f} %  in place {self.inside * share:5.1f} %  "
            f"look-alikes {100 * self.look_alike / max(1, self.characters):5.2f}"
        )


FOLD = str.maketrans("АВЕКМНОРСТУХаеорсухЗОоiІі", "ABEKMHOPCTYXaeopcyx300iIi")


def score(truth: Sequence[TruthWord], found: Sequence[Found]) -> Score:
    """Compare recognised words with true ones, line by line of the truth."""
    lines = truth_lines(truth)
    groups: list[list[Found]] = [[] for _ in lines]
    result = Score()
    for word in found:
        index = _nearest(lines, word.box)
        if index is None:
            result.stray += len(normal(word.text))
        else:
            groups[index].append(word)
    for line, group in zip(lines, groups, strict=True):
        wanted = normal(" ".join(word.text for word in line))
        got = normal(" ".join(word.text for word in sorted(group, key=lambda item: item.box.x0)))
        edits = Levenshtein.distance(wanted, got)
        result.characters += len(wanted)
        result.edits += edits
        result.look_alike += edits - Levenshtein.distance(wanted.translate(FOLD), got.translate(FOLD))
        for word in line:
            _score_word(word, group, result)
    return result


def _score_word(word: TruthWord, group: Sequence[Found], result: Score) -> None:
    wanted = normal(word.text)
    if not wanted:
        return
    result.words += 1
    hits = [item for item in group if normal(item.text) == wanted and item.box.overlap_x(word.box) > 0]
    if hits:
        result.exact += 1
        result.inside += any(
            word.box.expanded(1).contains(*item.box.center)
            and item.box.overlap_x(word.box) >= 0.6 * max(item.box.width, word.box.width)
            for item in hits
        )


def truth_lines(words: Sequence[TruthWord]) -> list[list[TruthWord]]:
    """Words side by side on one height with no wide gap between them."""
    lines: list[list[TruthWord]] = []
    for word in sorted((item for item in words if normal(item.text)), key=lambda item: item.box.x0):
        best = None
        for line in lines:
            last = line[-1]
            height = max(last.box.height, word.box.height)
            gap = word.box.x0 - last.box.x1
            level = word.box.overlap_y(last.box) >= 0.3 * min(last.box.height, word.box.height) and height > 0
            near = -0.3 * height <= gap <= 2.5 * height
            if level and near and (best is None or gap < word.box.x0 - best[-1].box.x1):
                best = line
        if best is None:
            lines.append([word])
        else:
            best.append(word)
    return lines


def _nearest(lines: Sequence[Sequence[TruthWord]], box: Box) -> int | None:
    x, y = box.center
    best, best_distance = None, float("inf")
    for index, line in enumerate(lines):
        around = Box.around(word.box for word in line)
        slack = 0.45 * around.height + 3
        if not around.expanded(around.height + 4, slack).contains(x, y):
            continue
        near = min(line, key=lambda word: abs(word.box.center[0] - x))
        distance = abs(near.box.center[1] - y) + 0.2 * max(0.0, around.x0 - x, x - around.x1)
        if distance < best_distance:
            best, best_distance = index, distance
    return best


def judged(truth: Sequence[TruthWord], found: Sequence[Found]) -> list[tuple[float, bool]]:
    """Each recognised word that stands on a true one: its confidence, and whether it is right."""
    pairs = []
    for item in found:
        over = [word for word in truth if word.box.expanded(2).contains(*item.box.center)]
        if over:
            pairs.append((item.confidence, any(normal(word.text) == normal(item.text) for word in over)))
    return pairs


def reliability(pairs: Sequence[tuple[float, bool]]) -> str:
    """The share of right words in bins of confidence, for people."""
    edges = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1.01)
    parts = []
    for low, high in pairwise(edges):
        inside = [right for confidence, right in pairs if low <= confidence < high]
        if inside:
            parts.append(f"{low:.2f}-{min(high, 1):.2f}: {100 * sum(inside) / len(inside):.1f} % of {len(inside)}")
    return "; ".join(parts)
