"""Facts about a page that a right reading fulfils, as olmOCR-bench states them: present, absent, order, table.

Semantics after the benchmark's description: texts are found fuzzily, as many characters may differ as a fact allows;
tables are asked for neighbours and headings. Facts about mathematics need a formula renderer and are skipped, and
counted as skipped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from docstation.document.json_reader import Reader
from docstation.document.table import Table
from docstation.errors import MissingDependency
from docstation.evaluation.normalising import normalised
from docstation.evaluation.table_facts import TableFact, holds_in


class FactKind(StrEnum):
    """What a fact says."""

    PRESENT = "present"
    ABSENT = "absent"
    ORDER = "order"
    TABLE = "table"
    MATH = "math"
    BASELINE = "baseline"


class Verdict(StrEnum):
    """What became of a fact."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact.

    Attributes:
        id: unique in its file.
        file: the PDF that it is about.
        page: number, from 1.
        kind: what it says.
        text: for present and absent; for order the part that comes first.
        after: for order, the part that comes later.
        max_diffs: characters that may differ.
        case_sensitive: whether case counts.
        first: look only into so many characters from the start, 0 for all.
        last: the same from the end; with both, either end will do.
        table: for facts about tables.
    """

    id: str
    file: str
    page: int
    kind: FactKind
    text: str = ""
    after: str = ""
    max_diffs: int = 0
    case_sensitive: bool = True
    first: int = 0
    last: int = 0
    table: TableFact | None = None


def read_facts(lines: Iterable[str]) -> list[Fact]:
    """Facts from the lines of a ``.jsonl`` file; raises `docstation.document.json_reader.FormatError` on others."""
    return [_fact(Reader.of(json.loads(line), "fact")) for line in lines if line.strip()]


def _fact(reader: Reader) -> Fact:
    kind = FactKind(reader.text("type"))
    table = None
    if kind is FactKind.TABLE:
        names = ("cell", "up", "down", "left", "right", "top_heading", "left_heading")
        cell, up, down, left, right, top, side = (normalised(reader.text(name, "")) for name in names)
        table = TableFact(cell, up, down, left, right, top, side, reader.integer("max_diffs", 0))
    return Fact(
        id=reader.text("id"),
        file=reader.text("pdf"),
        page=reader.integer("page", 1, least=1),
        kind=kind,
        text=reader.text("before" if kind is FactKind.ORDER else "text", ""),
        after=reader.text("after", ""),
        max_diffs=reader.integer("max_diffs", 0),
        case_sensitive=reader.flag("case_sensitive") if reader.has("case_sensitive") else True,
        first=reader.integer("first_n", 0),
        last=reader.integer("last_n", 0),
        table=table,
    )


def baseline(file: str, page: int) -> Fact:
    """The fact that every page has to fulfil: something was read, and it does not end in a loop."""
    return Fact(f"{file}_p{page}_baseline", file, page, FactKind.BASELINE)


def judge(fact: Fact, text: str, tables: Sequence[Table]) -> Verdict:
    """Whether the reading (text of the page without running headers and footers, and its tables) fulfils the fact.

    Raises:
        MissingDependency: fuzzysearch is not installed (facts about order need it).
    """
    match fact.kind:
        case FactKind.MATH:
            return Verdict.SKIPPED
        case FactKind.PRESENT:
            good = _present(fact, text)
        case FactKind.ABSENT:
            good = not _present(fact, text)
        case FactKind.ORDER:
            good = _in_order(fact, normalised(text))
        case FactKind.TABLE:
            good = fact.table is not None and any(holds_in(fact.table, table) for table in tables)
        case FactKind.BASELINE:
            good = _reads_well(text)
    return Verdict.PASSED if good else Verdict.FAILED


def _present(fact: Fact, text: str) -> bool:
    from rapidfuzz.fuzz import partial_ratio

    wanted, content = normalised(fact.text), normalised(text)
    if not fact.case_sensitive:
        wanted, content = wanted.lower(), content.lower()
    parts = [content[: fact.first]] if fact.first else []
    parts += [content[-fact.last :]] if fact.last else []
    least = 1 - fact.max_diffs / max(len(wanted), 1) - 1e-9
    # A text shorter than what is wanted cannot hold it; partial_ratio would look for it the other way round.
    return any(
        partial_ratio(wanted, part) / 100 >= least and len(part) >= len(wanted) - fact.max_diffs
        for part in parts or [content]
    )


def _in_order(fact: Fact, content: str) -> bool:
    before, after = (_starts(normalised(part), content, fact.max_diffs) for part in (fact.text, fact.after))
    return bool(before and after) and min(before) < max(after)


def _starts(wanted: str, content: str, max_diffs: int) -> list[int]:
    try:
        from fuzzysearch import find_near_matches
    except ImportError as error:
        raise MissingDependency(name="fuzzysearch", command="pip install 'docstation[eval]'") from error
    return [int(match.start) for match in find_near_matches(wanted, content, max_l_dist=max_diffs)]


_LONGEST_LOOP = 30


def _reads_well(text: str) -> bool:
    """Some letter or digit was read, and the end does not repeat one to five words more than thirty times."""
    if not any(char.isalnum() for char in text):
        return False
    words = normalised(text).split()
    for size in range(1, 6):
        tail = words[-size:]
        count = 0
        while words[len(words) - (count + 1) * size : len(words) - count * size] == tail and tail:
            count += 1
        if count > _LONGEST_LOOP:
            return False
    return True
