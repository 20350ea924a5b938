"""``docstation keys``: the key alone on the standard output, once; words on the other stream; JSON without it later."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from docstation.errors import ExitCode


def test_a_new_key_is_all_that_the_standard_output_holds(run):
    outcome = run("keys", "add", "laptop")
    assert outcome.code == 0
    assert re.fullmatch(r"ds_[\w-]{43}\n", outcome.out)
    assert outcome.out.strip() not in outcome.err
    assert "laptop, for: read, write" in outcome.err
    assert "It is the first key" in outcome.err
    assert "It is the first key" not in run("keys", "add", "other").err


def test_a_key_is_shown_once(run, home: Path):
    made = json.loads(run("keys", "add", "admin", "--scope", "station", "--json").out)
    assert (made["name"], made["scopes"], made["used"]) == ("admin", ["read", "station"], None)
    shown = [run("keys", "list").out, run("keys", "list", "--json").out, run("keys", "revoke", "admin", "--json").out]
    assert all(made["id"] in one and made["key"] not in one for one in shown)
    assert all(made["key"].encode() not in path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_the_list_is_a_table_for_people_and_a_document_for_programs(run):
    assert "There are no keys" in run("keys", "list").err
    assert json.loads(run("keys", "list", "--json").out) == {"keys": [], "exit_code": 0}
    run("keys", "add", "laptop")
    run("keys", "add", "prometheus", "--scope", "read")
    head, *lines = run("keys", "list").out.splitlines()
    assert re.split(r"\s{2,}", head) == ["id", "name", "scopes", "made", "last used"]
    cells = [re.split(r"\s{2,}", line) for line in lines]
    assert [(one[1], one[2], one[4]) for one in cells] == [
        ("laptop", "read, write", "never"),
        ("prometheus", "read", "never"),
    ]
    keys = json.loads(run("keys", "list", "--json").out)["keys"]
    assert [one["id"] for one in keys] == [one[0] for one in cells]


@pytest.mark.parametrize("by", ["id", "name"])
def test_a_key_is_taken_back_by_its_name_or_its_id(run, by):
    run("keys", "add", "kept")
    made = json.loads(run("keys", "add", "gone", "--json").out)
    outcome = run("keys", "revoke", made[by])
    assert outcome.code == 0
    assert "The key gone is taken back" in outcome.err
    assert "last key" not in outcome.err
    assert "It was the last key" in run("keys", "revoke", "kept").err
    assert run("keys", "revoke", "gone").code == ExitCode.INPUT


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "laptop"), "There is a key named laptop already"),
        (("add", " "), "cannot be the name of a key"),
        (("add", "x", "--scope", "all"), "'all' is not one of"),
        (("add",), "Missing argument"),
    ],
)
def test_what_cannot_be_made_is_refused_in_words(run, words, said):
    run("keys", "add", "laptop")
    outcome = run("keys", *words)
    assert outcome.code == ExitCode.USAGE
    assert said in outcome.err
    assert not outcome.out
