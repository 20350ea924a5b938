"""All checks of a document's values: registers, dates, sums; made when values are found, and anew at a correction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from docstation.extraction.register_checks import Values, register_checks
from docstation.extraction.result import Check
from docstation.extraction.streams import PageStreams
from docstation.extraction.sum_checks import sum_checks
from docstation.extraction.worded import sums_in_words

_NUMBER = re.compile(r"(?<![0-9])[0-9](?: ?[0-9]){9,19}(?![0-9])")


def checks_of(values: Values, pages: Sequence[PageStreams], today: date | None = None) -> tuple[Check, ...]:
    """The checks that apply.

    Args:
        values: those that are there, by path.
        pages: of the document, for what else stands on them.
        today: for the plausibility of dates; None: the day of this machine.
    """
    russian = any(page.comma for page in pages)
    return (
        *register_checks(values, _numbers(pages), today or date.today()),
        *sum_checks(values, _worded(pages), russian=russian),
    )


def _numbers(pages: Iterable[PageStreams]) -> Iterator[str]:
    for streams in pages:
        for found in _NUMBER.finditer(streams.rows.text):
            yield found[0].replace(" ", "")


def _worded(pages: Iterable[PageStreams]) -> tuple[Decimal, ...]:
    """Sums in words, each once; also those that run on over lines of one block."""
    return tuple(dict.fromkeys(one for streams in pages for one in sums_in_words(streams.reading.text)))
