"""The shape of what is said about a cause."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """What is said about a cause, and what to do, as message ids with ``{named}`` fields.

    Attributes:
        sentence: what happened.
        remedy: what to do next.
        needs: fields without which these words are not chosen; ``model`` is always known.
    """

    sentence: str
    remedy: str
    needs: tuple[str, ...] = ()
