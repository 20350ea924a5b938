"""What is wanted, in one of three ways: a preset, rows of fields, one line or a JSON Schema."""

from __future__ import annotations

import json

import streamlit as st

from docstation.client import Client
from docstation.client.extraction_records import Preset
from docstation.errors import UsageError
from docstation.messages import active, translate
from docstation.messages.marking import N_
from docstation.web import texts
from docstation.web.extract.field_rows import KINDS, FieldRow, kind_label, schema_of_rows
from docstation.web.extract.state import Wanted

WAYS = {
    "preset": N_("A known paper"),
    "rows": N_("Own fields"),
    "text": N_("As text"),
}
LINE = N_("number, date date, total money, items[]: name, quantity number, price money")
NO_JSON = N_("The schema is no JSON.")
LONGEST = 256_000
FIRST_ROWS = ((N_("document number"), "text"), (N_("date"), "date"), (N_("total"), "money"))


def wanting(client: Client) -> Wanted:
    """Draw the choice; what was chosen, empty where nothing is said yet."""
    way = st.segmented_control(
        translate(N_("What to extract")),
        list(WAYS),
        default="preset",
        required=True,
        format_func=lambda one: translate(WAYS[one]),
        key="extract_way",
        label_visibility="collapsed",
    )
    if way == "rows":
        return _rows()
    if way == "text":
        return _text()
    return _preset(client)


def _preset(client: Client) -> Wanted:
    presets = {one.name: one for one in client.presets()}
    # Papers of the reader's own country first.
    names = sorted(presets, key=lambda name: presets[name].name.isascii() is (active() == "ru"))
    name = st.selectbox(
        translate(N_("Kind of paper")), names, format_func=lambda one: preset_title(presets[one]), key="extract_preset"
    )
    return Wanted(preset=name or "")


def preset_title(one: Preset) -> str:
    """In the active language."""
    return one.title if active() == "ru" else one.title_en


def _rows() -> Wanted:
    key = f"extract_rows_{active()}"
    names = [translate(name) for name, _kind in FIRST_ROWS]
    given: dict[str, list[object]] = {
        "name": [*names],
        "kind": [kind for _name, kind in FIRST_ROWS],
        "description": ["" for _ in names],
        "list": ["" for _ in names],
    }
    # The editor of the browser gives back what it was given, with the rows that were added.
    made: dict[str, list[object]] = st.data_editor(
        given,
        num_rows="dynamic",
        key=key,
        hide_index=True,
        width="stretch",
        column_config={
            "name": st.column_config.TextColumn(translate(N_("Field")), required=True, max_chars=200),
            "kind": st.column_config.SelectboxColumn(
                translate(N_("Kind")), options=list(KINDS), default="text", required=True, format_func=kind_label
            ),
            # Empty, not missing: of what is missing Streamlit says "None", in English.
            "description": st.column_config.TextColumn(
                translate(N_("Description")),
                default="",
                help=translate(N_("What it is, or words that stand beside it")),
            ),
            "list": st.column_config.TextColumn(
                translate(N_("Column of the table")),
                default="",
                help=translate(N_("Name of a list of rows, such as items; empty for a single value")),
            ),
        },
    )
    rows = [FieldRow(*(str(value or "") for value in row)) for row in zip(*(made[key] for key in given), strict=True)]
    schema = schema_of_rows(rows)
    return Wanted(schema=schema) if schema["properties"] else Wanted()


def _text() -> Wanted:
    text = st.text_area(
        translate(N_("One line of fields, or a JSON Schema")),
        translate(LINE),
        max_chars=LONGEST,
        height=120,
        key=f"extract_text_{active()}",
    ).strip()
    try:
        return wanted_text(text)
    except UsageError as error:
        texts.show(error)
        return Wanted()


def wanted_text(text: str) -> Wanted:
    """What a text names: a JSON Schema where it begins like one, else one line of fields.

    Raises:
        UsageError: it begins like JSON and is none.
    """
    if not text.startswith("{"):
        return Wanted(fields=text)
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError(NO_JSON) from None
    return Wanted(schema=schema)
