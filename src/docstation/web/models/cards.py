"""The catalogue as cards: what each model is, whether it fits by its plan, and the button that switches to it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from docstation.client import Catalogue, CatalogueEntry, Client, Plan, StationStatus
from docstation.errors import DocStationError
from docstation.messages import explain, translate
from docstation.messages.marking import N_
from docstation.web import texts
from docstation.web.models import bar, wording
from docstation.web.models.acting import button
from docstation.web.texts import plain

COMING, READS, RESERVE = N_("being switched to"), N_("reads now"), N_("in reserve")
PLAN_SECONDS = 30.0
"""For so long a plan counts: others may take memory of the card."""


def cards(client: Client, status: StationStatus, catalogue: Catalogue) -> None:
    """Draw them."""
    entries = in_order(catalogue, [one.model for one in status.serving])
    plans = {one.name: _plan(client, client.base_url, one.name) for one in entries}
    troubles = {explain(one) for one in plans.values() if isinstance(one, DocStationError)}
    # What is wrong with all of them is said once.
    shared = len(troubles) == 1
    if shared:
        texts.show(next(one for one in plans.values() if isinstance(one, DocStationError)))
    for entry in entries:
        _card(client, status, entry, plans[entry.name], default=catalogue.default, silent=shared)


def in_order(catalogue: Catalogue, serving: Sequence[str]) -> list[CatalogueEntry]:
    """The entries, those that serve first."""
    return sorted(catalogue.entries, key=lambda one: one.name not in serving)


@st.cache_resource(ttl=PLAN_SECONDS, show_spinner=False, max_entries=200)
def _plan(_client: Client, _address: str, name: str) -> Plan | DocStationError:
    try:
        (plan,) = _client.plan(name)
    except DocStationError as error:
        return error
    return plan


def _card(
    client: Client,
    status: StationStatus,
    entry: CatalogueEntry,
    plan: Plan | DocStationError,
    *,
    default: str,
    silent: bool,
) -> None:
    with st.container(border=True, gap="xsmall", key=f"models_card_{entry.name}"):
        st.markdown(f"**{title(entry)}** {state(status, entry)}")
        st.caption(facts(entry, default=entry.name == default))
        if isinstance(plan, Plan):
            if drawn := bar.bar(plan):
                st.html(drawn)
            text = bar.sentence(plan)
            st.markdown(text if bar.fits(plan) else f":red[:material/block: {text}]")
            if plan.changes:
                st.markdown("\n".join(f"- {one}" for one in bar.changes(plan)))
        elif not silent:
            texts.show(plan)
        _button(client, status, entry, plan)


def title(entry: CatalogueEntry) -> str:
    """What people call it, as Markdown."""
    if entry.engine == "embedded":
        return translate(N_("Embedded engine"))
    return plain(entry.title or entry.name)


def state(status: StationStatus, entry: CatalogueEntry) -> str:
    """How it is, as a badge of Markdown; nothing for those in reserve."""
    for one in status.serving:
        if one.model == entry.name:
            word, colour = (N_("serves"), "green") if one.answers else (N_("does not answer"), "red")
            return f":{colour}-badge[{translate(word)}]"
    if status.transaction is not None and entry.name in status.transaction.wanted:
        return f":orange-badge[{translate(COMING)}]"
    if entry.engine == "embedded" and not status.serving:
        return f":blue-badge[{translate(READS)}]"
    return f":gray-badge[{translate(RESERVE)}]"


def facts(entry: CatalogueEntry, *, default: bool) -> str:
    """What is known of it, as Markdown."""
    if entry.engine == "embedded":
        return translate(N_("built in · reads pages · no chat"))
    parts = [plain(entry.name)]
    if default:
        parts.append(translate(N_("default")))
    if entry.context:
        parts.append(translate(N_("context {tokens}"), tokens=wording.tokens(entry.context)))
    if entry.quantisation not in {"", "none"}:
        parts.append(plain(entry.quantisation))
    if entry.checkpoint:
        known = plain(entry.licence) or translate(N_("unknown"))
        parts.append(translate(N_("licence: {licence}"), licence=known))
        parts.append(plain(entry.checkpoint))
    return " · ".join(parts)


def _button(client: Client, status: StationStatus, entry: CatalogueEntry, plan: Plan | DocStationError) -> None:
    busy = status.transaction is not None
    key = f"models_switch_{entry.name}"
    if entry.engine == "embedded":
        label = translate(N_("Go on without a model"))
        button(label, ":material/stop_circle:", key, client.stop, disabled=busy or not status.serving)
        return
    serves = any(one.model == entry.name for one in status.serving)
    fits = isinstance(plan, Plan) and bar.fits(plan)
    button(
        translate(N_("Serves")) if serves else translate(N_("Switch")),
        ":material/check:" if serves else ":material/swap_horiz:",
        key,
        lambda: _switch(client, entry.name),
        disabled=busy or serves or not fits,
    )


def _switch(client: Client, name: str) -> None:
    client.switch(name)
    # Clicks are heard before the page speaks.
    texts.speak()
    st.toast(translate(N_("The switch to {models} has begun."), models=plain(name)), icon=":material/swap_horiz:")
