"""A comparison of two readings as JSON, and as one page of HTML that needs nothing else and runs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from docstation.bootstrap.comparing import Compared, Reading
from docstation.evaluation.differing import Agreement, PageDifference, Piece, mean
from docstation.export.cleaning import cleaned, one_line
from docstation.export.html.style import STYLE
from docstation.messages import N_, translate

SCORES = {
    "characters": N_("Letters"),
    "words": N_("Words"),
    "blocks": N_("Blocks"),
    "order": N_("Order"),
    "tables": N_("Tables"),
}
SHOWN = 10
"""Differences of a page that are shown in a terminal."""
_STYLE = """
main { max-width: 100rem }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 1.5rem }
.two > div { border: 1px solid var(--line); padding: .8em 1em; white-space: pre-wrap }
del { background: #f6c9c9; color: #5c0d0d; text-decoration: none }
ins { background: #c6ebcf; color: #0a4a1c; text-decoration: none }
"""


def agreement_to_json(agreement: Agreement) -> dict[str, float | None]:
    """The scores by name."""
    found = {name: getattr(agreement, name) for name in SCORES}
    return {name: None if score is None else round(score, 4) for name, score in found.items()}


def pages_to_json(pages: Sequence[PageDifference]) -> list[dict[str, Any]]:
    """Scores and pieces of each page."""
    return [
        {
            "number": page.number,
            "scores": agreement_to_json(page.agreement),
            "differences": page.differences,
            "pieces": [{"kind": one.kind, "first": one.first, "second": one.second} for one in page.pieces],
        }
        for page in pages
    ]


def comparison_to_json(name: str, compared: Compared) -> dict[str, Any]:
    """All of it."""
    return {
        "source": name,
        "first": _reading(compared.first),
        "second": _reading(compared.second),
        "scores": agreement_to_json(mean(compared.pages)),
        "pages": pages_to_json(compared.pages),
    }


def _reading(reading: Reading) -> dict[str, Any]:
    return {"model": reading.model, "document": reading.document, "seconds": round(reading.seconds, 3)}


def comparison_to_html(name: str, compared: Compared) -> str:
    """All of it for people, in the language that is spoken now."""
    models = compared.first.model, compared.second.model
    rows = [(translate(N_("All pages")), mean(compared.pages), sum(page.differences for page in compared.pages))]
    rows += [(str(page.number), page.agreement, page.differences) for page in compared.pages]
    head = "".join(f"<th>{escape(translate(one))}</th>" for one in (N_("Page"), *SCORES.values(), N_("Differences")))
    title = escape(cleaned(f"{name}: {models[0]} / {models[1]}"))
    parts = [
        f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>{title}</title>',
        f"<style>{STYLE}{_STYLE}</style></head><body><main><h1>{title}</h1>",
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(_row(*row) for row in rows)}</tbody></table>",
        *(part for page in compared.pages for part in _page(page, models)),
        "</main></body></html>\n",
    ]
    return "\n".join(parts)


def _row(name: str, agreement: Agreement, differences: int) -> str:
    cells = "".join(f'<td class="number">{shown(getattr(agreement, one))}</td>' for one in SCORES)
    return f'<tr><th>{escape(name)}</th>{cells}<td class="number">{differences}</td></tr>'


def shown(score: float | None) -> str:
    """A score as people read it; full agreement is told apart from nearly full."""
    if score is None:
        return "–"
    return "100 %" if score == 1 else f"{min(99.9, 100 * score):.1f} %"


def _page(page: PageDifference, models: tuple[str, str]) -> Iterator[str]:
    heading = escape(translate(N_("page {number}"), number=page.number))
    yield f'<h2>{heading}</h2><div class="two">'
    for side, model in enumerate(models):
        words = " ".join(filter(None, (_marked(piece, side) for piece in page.pieces)))
        yield f"<div><b>{escape(cleaned(model))}</b>\n{words}</div>"
    yield "</div>"


def _marked(piece: Piece, side: int) -> str:
    text = escape(cleaned((piece.first, piece.second)[side]))
    if piece.kind == "same" or not text:
        return text
    return f"<ins>{text}</ins>" if side else f"<del>{text}</del>"


def score_lines(compared: Compared) -> Iterator[str]:
    """The scores as lines of text, the worst places of each page below."""
    for reading in (compared.first, compared.second):
        yield one_line(translate(N_("{model}: {seconds:.1f} s"), model=reading.model, seconds=reading.seconds))
    yield _score_line(translate(N_("All pages")), mean(compared.pages))
    for page in compared.pages:
        yield _score_line(translate(N_("page {number}"), number=page.number), page.agreement)
        differing = [piece for piece in page.pieces if piece.kind != "same"]
        for piece in differing[:SHOWN]:
            yield one_line(f"  {_short(piece.first)} | {_short(piece.second)}")
        if len(differing) > SHOWN:
            yield f"  … {len(differing) - SHOWN}"


def _score_line(name: str, agreement: Agreement) -> str:
    scores = (f"{translate(title)} {shown(getattr(agreement, score))}" for score, title in SCORES.items())
    return f"{name}: {', '.join(scores)}"


def _short(text: str) -> str:
    return (text if len(text) <= 60 else f"{text[:59]}…") or "—"
