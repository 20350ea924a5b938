"""Runs as Markdown, in Russian or English: scores by kind with intervals, speed and memory, changes between runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from docstation.evaluation.comparing import Comparison
from docstation.evaluation.intervals import Interval, interval
from docstation.evaluation.runs import Run
from docstation.evaluation.scoring import Metric

Language = Literal["ru", "en"]

_WORDS: dict[str, dict[Language, str]] = {
    "title": {"ru": "Оценка распознавания", "en": "Recognition scores"},
    "corpus": {"ru": "Набор", "en": "Corpus"},
    "machine": {"ru": "Машина", "en": "Machine"},
    "date": {"ru": "Дата", "en": "Date"},
    "kind": {"ru": "вид", "en": "kind"},
    "engine": {"ru": "движок", "en": "engine"},
    "pages": {"ru": "стр.", "en": "pages"},
    "speed": {"ru": "стр./с", "en": "pages/s"},
    "process": {"ru": "память процесса, МБ", "en": "process, MB"},
    "tree": {"ru": "память всех процессов, МБ", "en": "all processes, MB"},
    "failed": {"ru": "не прочитано", "en": "failed"},
    "metric": {"ru": "мера", "en": "metric"},
    "change": {"ru": "разница [95 %]", "en": "change [95 %]"},
    "note": {
        "ru": "В процентах; в скобках 95 % интервал бутстрепа по страницам. cer, cer-placed, wer, look-alikes, "
        "text-edit, order-edit — чем меньше, тем лучше; остальные — чем больше, тем лучше.",
        "en": "Per cent; in brackets the 95 % bootstrap interval over pages. cer, cer-placed, wer, look-alikes, "
        "text-edit, order-edit: lower is better; the others: higher is better.",
    },
}


def report(runs: Sequence[Run], language: Language = "en") -> str:
    """One document about runs over the same corpus; raises ValueError when there is none."""
    if not runs:
        raise ValueError("no run to report")
    head = runs[0]
    parts = [
        f"# {_word('title', language)}",
        "\n".join(
            f"- {_word(key, language)}: {value}"
            for key, value in (("corpus", head.corpus), ("machine", head.machine), ("date", head.date))
        ),
        _word("note", language),
        *(_kind_table(runs, kind, language) for kind in head.kinds),
        _cost_table(runs, language),
    ]
    return "\n\n".join(parts) + "\n"


def changes(comparisons: Sequence[Comparison], language: Language = "en") -> str:
    """A table of differences between two runs; certain ones in bold."""
    rows = [
        [
            item.kind,
            item.metric.value,
            _percent(item.first),
            _percent(item.second),
            _bold(_with_ends(item.change), item.certain),
        ]
        for item in comparisons
    ]
    return _table([_word("kind", language), _word("metric", language), "A", "B", _word("change", language)], rows)


def _kind_table(runs: Sequence[Run], kind: str, language: Language) -> str:
    metrics = [metric for metric in Metric if any(run.scores(metric, kind) for run in runs)]
    rows = []
    for run in runs:
        row = [run.engine]
        for metric in metrics:
            scores = list(run.scores(metric, kind).values())
            row.append(_with_ends(interval(scores)) if scores else "–")
        rows.append(row)
    count = sum(result.kind == kind for result in runs[0].results)
    head = [_word("engine", language), *(metric.value for metric in metrics)]
    return f"## {kind} ({count} {_word('pages', language)})\n\n{_table(head, rows)}"


def _cost_table(runs: Sequence[Run], language: Language) -> str:
    rows = [
        [
            run.engine,
            str(len(run.results)),
            f"{run.pages_per_second:.2f}",
            f"{run.peak_process / 1e6:.0f}",
            f"{run.peak_tree / 1e6:.0f}",
            str(sum(bool(result.error) for result in run.results)),
        ]
        for run in runs
    ]
    keys = ("engine", "pages", "speed", "process", "tree", "failed")
    return _table([_word(key, language) for key in keys], rows)


def _word(key: str, language: Language) -> str:
    return _WORDS[key][language]


def _percent(value: float) -> str:
    return f"{100 * value:.2f}"


def _with_ends(result: Interval) -> str:
    return f"{_percent(result.value)} [{_percent(result.low)}; {_percent(result.high)}]"


def _bold(text: str, certain: bool) -> str:
    return f"**{text}**" if certain else text


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
