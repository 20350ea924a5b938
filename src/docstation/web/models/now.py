"""What the station is about: what serves, or the change under way with its steps and log; it follows by itself."""

from __future__ import annotations

import streamlit as st

from docstation.client import Client, Serving, StationStatus, Transaction
from docstation.errors import DocStationError
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web import texts
from docstation.web.models import wording
from docstation.web.models.acting import button
from docstation.web.models.gpu import card
from docstation.web.models.story import Story, newest_story
from docstation.web.texts import plain

BUSY_SECONDS = 0.7
QUIET_SECONDS = 5.0
LOG_LINES = 8
BACK = N_("what served before is brought back")
EMBEDDED = N_("Embedded engine")
Sign = tuple[str, tuple[str, ...], str, tuple[str, ...]]


def now(client: Client, status: StationStatus) -> None:
    """Draw it."""
    busy = status.transaction is not None
    st.fragment(run_every=BUSY_SECONDS if busy else QUIET_SECONDS)(_now)(client, sign(status))


def sign(status: StationStatus) -> Sign:
    """What the whole page depends on: it is drawn anew when this is another."""
    change = status.transaction.id if status.transaction else ""
    return change, tuple(one.model for one in status.serving), status.cause, status.last_known_good


def _now(client: Client, known: Sign) -> None:
    texts.speak()
    try:
        status = client.status()
        if sign(status) != known:
            st.rerun()
        with st.container(border=True, key="models_now"):
            if status.transaction is not None:
                _changing(client, status.transaction, status.last_known_good)
            else:
                _at_rest(client, status)
            card(client, status)
    except DocStationError as error:
        texts.show(error)


def _changing(client: Client, change: Transaction, good: tuple[str, ...]) -> None:
    newest = newest_story(client.station_history())
    story = newest if newest is not None and newest.id == change.id else None
    with st.container(horizontal=True, vertical_alignment="center", key="models_changing"):
        title = wording.change(change.kind, change.wanted)
        st.markdown(f"**{title}** · {wording.took_seconds(change.seconds)}")
        button(
            translate(N_("Cancel the switch")),
            ":material/close:",
            "models_cancel",
            client.cancel_change,
            help=translate(N_("What served before is brought back.")),
        )
    st.markdown("  \n".join(progress(change, story)))
    # What failed has told why; now it is of interest how what served before comes back.
    _log(client, good if story is not None and story.failure is not None else change.wanted)


def progress(change: Transaction, story: Story | None) -> list[str]:
    """The steps: those over, the one under way, those to come; each a line of Markdown."""
    lines, back = [], False
    for one in story.steps if story is not None else ():
        took = wording.took_seconds(one.seconds)
        if one.cause:
            why = wording.cause(one.cause, one.detail, ", ".join(change.wanted))[0]
            lines.append(f":red[:material/close:] {wording.step(one.step)} · {took} · {why}")
            if not back:
                lines.append(f":material/undo: *{translate(BACK)}*")
            back = True
        else:
            lines.append(f":green[:material/check:] {wording.step(one.step)} · {took}")
    current = wording.took_seconds(change.step_seconds)
    lines.append(f":orange[:material/pending:] **{wording.step(change.step)}** · {current}")
    steps = list(wording.STEPS)
    if not back and change.step in steps and change.kind != "stop":
        rest = steps[steps.index(change.step) + 1 :]
        # What has to be stopped first is known only to the machine.
        if change.step in {"start", "load", "probe"}:
            lines += [f":gray[:material/circle: {wording.step(one)}]" for one in rest]
    return lines


def _log(client: Client, models: tuple[str, ...]) -> None:
    """Last lines of the log of the server that is being started, where there is one yet."""
    lines: tuple[str, ...] = ()
    for model in models[:1]:
        try:
            lines = client.logs(model, LOG_LINES)
        except DocStationError:
            continue
    with st.expander(translate(N_("Log of the server")), expanded=True, key="models_log"):
        if lines:
            st.code("\n".join(wording.one_line(one) for one in lines), language=None, wrap_lines=True)
        else:
            st.caption(translate(N_("Nothing yet: the server has not begun.")))


def _at_rest(client: Client, status: StationStatus) -> None:
    if status.serving:
        for one in status.serving:
            st.markdown(f"**{plain(one.model)}** · {facts(one, status.since)}")
            if not one.answers:
                st.warning(translate(N_("It does not answer just now.")), icon=":material/heart_broken:")
    else:
        st.markdown(f"**{translate(EMBEDDED)}**")
        st.markdown(translate(N_("The embedded engine reads pages. Chat and answers by schema need a model.")))
    if status.cause:
        _trouble(status)
    _changes(client, status)


def facts(one: Serving, since: float) -> str:
    """What is known of a model that serves, as Markdown."""
    parts = [wording.tokens(one.context)] if one.context else []
    if one.measured_bytes:
        parts.append(translate(N_("{size} measured"), size=wording.gigabytes(one.measured_bytes)))
    elif one.planned_bytes:
        parts.append(translate(N_("{size} by the plan"), size=wording.gigabytes(one.planned_bytes)))
    parts.append(translate(N_("since {time}"), time=wording.at(since)))
    return " · ".join(parts)


def _trouble(status: StationStatus) -> None:
    why, remedy = wording.cause(status.cause, status.detail, ", ".join(status.wanted))
    again = translate(N_("It is tried again by itself.")) if status.mode == "waiting" else ""
    st.warning("\n\n".join(one for one in (why, remedy, again) if one), icon=":material/warning:")


def _changes(client: Client, status: StationStatus) -> None:
    names = tuple(one.model for one in status.serving)
    with st.container(horizontal=True, key="models_changes"):
        if names:
            restart = translate(N_("Restart"))
            button(restart, ":material/restart_alt:", "models_restart", lambda: client.switch(*names, restart=True))
            button(translate(N_("Stop")), ":material/stop_circle:", "models_stop", client.stop)
        good = status.last_known_good
        if good and good != names:
            label = translate(N_("Bring back {models}"), models=", ".join(good))
            button(label, ":material/undo:", "models_restore", client.restore)
        button(
            translate(N_("Shipped configuration")),
            ":material/settings_backup_restore:",
            "models_shipped",
            lambda: client.restore(shipped=True),
            help=translate(N_("Switches to the default model as it was shipped, whatever your own models.toml says.")),
        )
