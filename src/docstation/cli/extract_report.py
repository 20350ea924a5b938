"""What ``docstation extract`` says: values for a person, then what is missing, doubtful or in conflict."""

from __future__ import annotations

from collections.abc import Iterator

from docstation.cli.console import styled
from docstation.export.cleaning import one_line
from docstation.extraction.candidates import Path
from docstation.extraction.result import Extraction, Leaf, Outcome, Status, dotted
from docstation.messages import N_, translate

# Apart from where they are used: extraction of messages does not look into f-strings.
LOOK = N_("look:")
WRONG = N_("wrong:")
_MARKS = {
    Status.FOUND: "",
    Status.UNPROVEN: N_("not found on the pages"),
    Status.MISSING: N_("not found"),
    Status.NEEDS_MODEL: N_("needs a model"),
    Status.CORRECTED: N_("corrected"),
}


def value_lines(extraction: Extraction) -> Iterator[str]:
    """A line for each value, rows of lists beneath their list: ``total: 27 843,33 (page 1)``."""
    listed: Path = ()
    for leaf in extraction.leaves:
        row = next((index for index, part in enumerate(leaf.path) if isinstance(part, int)), None)
        if row is None:
            yield _line(leaf, _name(leaf))
            continue
        if leaf.path[: row + 1] != listed:
            listed = leaf.path[: row + 1]
            yield f"{dotted(listed)}:"
        if leaf.value is not None:
            yield "  " + _line(leaf, _name(leaf))


def _name(leaf: Leaf) -> str:
    return leaf.field.title or leaf.field.name


def _line(leaf: Leaf, name: str) -> str:
    said = "" if leaf.value is None else _value(leaf)
    notes = [translate(_MARKS[leaf.status])] if _MARKS[leaf.status] else []
    if leaf.evidence is not None:
        notes.append(translate(N_("page {number}"), number=leaf.evidence.page))
    note = f" ({', '.join(notes)})" if notes else ""
    return one_line(f"{name}: {said}{note}")


def _value(leaf: Leaf) -> str:
    """As it is printed: a person compares it with the paper."""
    if isinstance(leaf.value, bool):
        return translate(N_("yes") if leaf.value else N_("no"))
    return leaf.printed or str(leaf.value)


def finding_lines(extraction: Extraction, name: str) -> Iterator[str]:
    """How many values there are, then a line for each thing that a person should look at."""
    wanted = [leaf for leaf in extraction.leaves if not any(isinstance(part, int) for part in leaf.path)]
    rows = len({leaf.path[:2] for leaf in extraction.leaves if len(leaf.path) > 1 and isinstance(leaf.path[1], int)})
    found = sum(leaf.value is not None for leaf in wanted)
    counts = {"name": name, "found": found, "all": len(wanted), "rows": rows}
    yield translate(N_("{name}: {found} of {all} values, {rows} rows"), **counts)
    for leaf in extraction.leaves:
        if leaf.status is Status.UNPROVEN:
            yield "  " + _warning(translate(N_("{field}: not found on the pages."), field=dotted(leaf.path)))
        if leaf.alternatives:
            others = ", ".join(one_line(str(one.value)) for one in leaf.alternatives)
            said = translate(N_("{field}: pages also say {others}."), field=dotted(leaf.path), others=others)
            yield "  " + _warning(said)
    for reason, names in _without(extraction).items():
        yield "  " + _warning(f"{', '.join(names)}: {translate(reason)}")
    for check in extraction.failed:
        said = one_line(translate(check.sentence, **dict(check.fields)))
        yield "  " + (_wrong(said) if check.outcome is Outcome.FAILED else _warning(said))


def _without(extraction: Extraction) -> dict[str, list[str]]:
    """The names of values that are wanted and not there, by the reason."""
    found: dict[str, list[str]] = {}
    for leaf in extraction.leaves:
        if leaf.value is None and leaf.reason and (leaf.field.required or leaf.status is Status.NEEDS_MODEL):
            found.setdefault(leaf.reason, []).append(dotted(leaf.path))
    return found


def _warning(text: str) -> str:
    return f"{styled(translate(LOOK), 'yellow')} {one_line(text)}"


def _wrong(text: str) -> str:
    return f"{styled(translate(WRONG), 'red')} {text}"
