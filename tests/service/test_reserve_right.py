"""Who may have the station switched for a document of his."""

from __future__ import annotations

import pytest

from docstation.errors import UsageError
from docstation.jobs.keys import digest
from docstation.jobs.options import ReadOptions
from docstation.service.documents_shapes import ReadAsked
from docstation.service.uploads import DocumentsSettings, check_may_switch, checked_options

KEYS = {digest("writer"): ("read", "write"), digest("keeper"): ("read", "write", "station")}
SETTINGS = DocumentsSettings(ReadOptions(reserve="allowed"), scopes=lambda: KEYS)
OTHER = ReadOptions(reserve="other")


@pytest.mark.parametrize("header", [{"authorization": "Bearer writer"}, {"x-api-key": "writer"}, {"api-key": "writer"}])
def test_a_key_for_documents_alone_names_no_reserve_of_its_own(header: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="station"):
        check_may_switch(OTHER, SETTINGS, header)
    for allowed in ("", "allowed"):
        check_may_switch(ReadOptions(reserve=allowed), SETTINGS, header)


@pytest.mark.parametrize("header", [{}, {"authorization": "Bearer keeper"}])
def test_keys_that_may_switch_and_the_owner_of_the_socket_name_any(header: dict[str, str]) -> None:
    check_may_switch(OTHER, SETTINGS, header)


def test_what_is_asked_goes_over_the_settings() -> None:
    asked = {None: "allowed", "other": "other", "none": ""}
    for given, meant in asked.items():
        assert checked_options(ReadAsked(reserve=given), SETTINGS, "a.pdf").reserve == meant
