"""The ladder: what to do next about a page, by what was tried and how it ended. Pure; the steps are done elsewhere.

A page that a model answered whole is done at once. What an answer left out is asked for by itself; an answer that ran
in circles is asked for again, warmer, then smaller, then in parts; an engine that broke is asked again after a pause,
for the station brings it back meanwhile. At the end of the ladder stands the embedded engine, which always answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from docstation.reading.vision.answers import End

ENOUGH = 0.97
"""Share of the ink that blocks must explain for a page to be whole: specks and stamps are left over on many."""
MENDABLE = 0.3
"""Share from which what is missing is asked for by itself, instead of the page anew."""
MOST_GAPS = 40
"""Places without a block that are asked for one by one; a page with more was not understood."""
MOST_STEPS = 8


class Step(StrEnum):
    """What can be done; the values are written to files.

    PLANNED: as the planner says. AGAIN: the same once more. WARMER: the same at a higher temperature. SMALLER: the same
    with a smaller picture. HTML: the page as HTML, which some models write better than JSON. HALVES, QUARTERS: in parts
    that overlap. FILL: what no block explains, by itself; the
    embedded engine reads what the model does not, and all of it where there are more than `MOST_GAPS`. EMBEDDED: the
    whole page by the embedded engine. DONE: nothing more.
    """

    PLANNED = "planned"
    AGAIN = "again"
    WARMER = "warmer"
    SMALLER = "smaller"
    HTML = "html"
    HALVES = "halves"
    QUARTERS = "quarters"
    FILL = "fill"
    EMBEDDED = "embedded"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Tried:
    """A step that was taken.

    Attributes:
        step: which.
        end: how the answers ended; the worst of several.
        blocks: that came of it.
        covered: share of the page's ink that these explain, 0 to 1.
        gaps: places of ink that none explains.
    """

    step: Step
    end: End
    blocks: int
    covered: float
    gaps: int = 0

    @property
    def worth(self) -> tuple[float, bool, int]:
        """By which the best is chosen: ink explained, in steps of a percent; a proper end; blocks."""
        return round(self.covered, 2), self.end is End.STOP, self.blocks

    @property
    def is_whole(self) -> bool:
        """Whether nothing is to be mended."""
        return self.end is End.STOP and self.covered >= ENOUGH

    @property
    def is_mendable(self) -> bool:
        """Whether what is missing is worth filling in, by whoever can."""
        return self.blocks > 0 and self.covered >= MENDABLE


_AFTER = {
    End.LOOP: (Step.WARMER, Step.SMALLER, Step.HTML, Step.HALVES, Step.QUARTERS),
    End.GARBLED: (Step.WARMER, Step.HTML, Step.SMALLER, Step.HALVES),
    End.LENGTH: (Step.HALVES, Step.QUARTERS, Step.WARMER),
    End.STOP: (Step.WARMER, Step.HALVES),
    End.BROKEN: (Step.AGAIN, Step.WARMER, Step.HALVES),
    End.REFUSED: (Step.SMALLER, Step.QUARTERS),
    End.OVERDUE: (Step.AGAIN, Step.HALVES),
    End.AWAY: (),
}
"""What may follow an answer that ended so, each once, in this order."""


def best(tried: Sequence[Tried]) -> int:
    """Place of the best of the steps; raises ValueError for none."""
    return max(range(len(tried)), key=lambda place: tried[place].worth)


def next_step(tried: Sequence[Tried], *, in_time: bool = True, html: bool = False) -> Step:
    """What comes next.

    Args:
        tried: what was done, in order.
        html: whether the model has words for a page as HTML.
        in_time: whether the page's deadline leaves room for another question to the model.
    """
    if not tried:
        return Step.PLANNED
    top = tried[best(tried)]
    done = {one.step for one in tried}
    if top.is_whole or Step.FILL in done:
        return Step.DONE
    if top.is_mendable and top.gaps <= MOST_GAPS:
        return Step.FILL
    if not html:
        done.add(Step.HTML)
    left = [step for step in _AFTER[tried[-1].end] if step not in done]
    if left and in_time and len(tried) < MOST_STEPS:
        return left[0]
    # Scattered gaps are filled as well, but by the embedded engine, which reads them all in one go.
    return Step.FILL if top.is_mendable else Step.EMBEDDED
