"""A memory plan as a bar against the budget, and in words. Pure; what is shown are our own words and numbers."""

from __future__ import annotations

from html import escape

from docstation.client import Plan
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web.models.wording import gigabytes, one_line, tokens
from docstation.web.texts import plain

ITEMS = {
    "weights": (N_("weights"), "#2563eb"),
    "kv-cache": (N_("KV cache"), "#0d9488"),
    "activations": (N_("work memory"), "#d97706"),
    "cuda-graphs": (N_("CUDA graphs"), "#7c3aed"),
    "uncounted": (N_("outside vLLM's share"), "#64748b"),
    "margin": (N_("margin"), "#94a3b8"),
}
"""Lines of the bill in their order: name and colour."""
OTHER = "#94a3b8"
STYLE = "display:flex;height:14px;border-radius:4px;overflow:hidden;background:rgba(128,128,128,.22)"
LEGEND = "display:flex;flex-wrap:wrap;gap:2px 14px;font-size:.8rem;margin-top:4px"
DOT = "display:inline-block;width:9px;height:9px;border-radius:2px;margin-right:5px"


def on_processor(plan: Plan) -> bool:
    """Whether it would run on the processor, where only its cache is planned."""
    return bool(plan.bill) and plan.utilisation == 0 and set(plan.bill) == {"kv-cache"} and fits(plan)


def fits(plan: Plan) -> bool:
    """Whether it may be started."""
    return plan.verdict != "does-not-fit"


def sentence(plan: Plan) -> str:
    """What the plan says, as Markdown."""
    if not plan.bill:
        return translate(N_("It takes no memory of the card."))
    if on_processor(plan):
        return translate(
            N_("It runs on the processor: {size} of the main memory for its cache, nothing of a card."),
            size=gigabytes(plan.total_bytes),
        )
    said = {"size": gigabytes(plan.total_bytes), "budget": gigabytes(plan.budget_bytes)}
    if fits(plan):
        text = N_("Fits: {size} of {budget}, {tokens} in its cache.")
        if plan.changes:
            text = N_("Fits with the changes below: {size} of {budget}, {tokens} in its cache.")
        return translate(text, **said, tokens=tokens(plan.kv_tokens))
    if plan.total_bytes > plan.budget_bytes:
        over = gigabytes(plan.total_bytes - plan.budget_bytes)
        return translate(
            N_("Does not fit: it needs {size}, {over} more than the budget of {budget}."), **said, over=over
        )
    return translate(N_("Does not fit: {reason}"), reason=plain(one_line(plan.reason)))


def changes(plan: Plan) -> list[str]:
    """What is otherwise than the catalogue says, each as Markdown."""
    return [f"`{one_line(one.key)}`: {plain(one.before)} → {plain(one.after)}" for one in plan.changes]


def bar(plan: Plan) -> str:
    """The bar with its legend, as HTML; empty where nothing of a card is planned."""
    if not plan.bill or on_processor(plan):
        return ""
    whole = max(plan.total_bytes, plan.budget_bytes, 1)
    pieces, legend = [], []
    for item, count in _lines(plan):
        name, colour = ITEMS.get(item, (item, OTHER))
        size, said = gigabytes(count), escape(translate(name))
        pieces.append(
            f'<div style="width:{100 * count / whole:.2f}%;background:{colour}" title="{said}: {size}"></div>'
        )
        legend.append(f'<span><span style="{DOT};background:{colour}"></span>{said} {size}</span>')
    mark = 100 * plan.budget_bytes / whole
    line = f"position:absolute;top:-3px;bottom:-3px;left:calc({mark:.2f}% - 2px);width:2px;background:#dc2626"
    said = escape(translate(N_("Memory plan: {bill}; budget {budget}"), bill=_bill(plan), budget=_budget(plan)))
    return (
        f'<div role="img" aria-label="{said}">'
        f'<div style="position:relative;margin:4px 0"><div style="{STYLE}">{"".join(pieces)}</div>'
        f'<div style="{line}"></div></div>'
        f'<div style="{LEGEND}">{"".join(legend)}</div></div>'
    )


def _lines(plan: Plan) -> list[tuple[str, int]]:
    order = list(ITEMS)
    known = sorted(plan.bill.items(), key=lambda line: order.index(line[0]) if line[0] in order else len(order))
    return [(item, count) for item, count in known if count > 0]


def _bill(plan: Plan) -> str:
    return ", ".join(f"{translate(ITEMS.get(item, (item, ''))[0])} {gigabytes(count)}" for item, count in _lines(plan))


def _budget(plan: Plan) -> str:
    return gigabytes(plan.budget_bytes)
