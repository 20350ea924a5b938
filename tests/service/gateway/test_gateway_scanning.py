"""The scanner of ``model`` against ``json.loads``."""

from __future__ import annotations

import json
import time
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from docstation.service.gateway.scanning import LONGEST, ModelScanner

texts = st.text(max_size=20) | st.sampled_from(["model", 'a"b', "\\", '\\"', "{", "}]", "model\\", 'x":"y', "мод"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
pairs = st.lists(st.tuples(texts | st.just("model"), values), max_size=6)


def scan(body: bytes, *cuts: int) -> str | None:
    scanner, places = ModelScanner(), sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
    for start, end in pairwise(places):
        scanner.feed(body[start:end])
    return scanner.model


def expected(body: bytes) -> str | None:
    content = json.loads(body)
    model = content.get("model") if isinstance(content, dict) else None
    return model if isinstance(model, str) else None


def written(members: list[tuple[str, object]], ascii_only: bool, indent: int | None) -> bytes:
    """An object whose keys may repeat."""
    space = " " * (indent or 0)
    dump = partial(json.dumps, ensure_ascii=ascii_only)
    parts = [f"{dump(key)}{space}:{space}{dump(one, indent=indent)}" for key, one in members]
    return ("{" + f",{space}".join(parts) + "}").encode("utf-8", "surrogatepass")


@given(pairs, st.booleans(), st.sampled_from([None, 1]), st.lists(st.integers(0, 400), max_size=5))
@example([("model", "a"), ("model", 5)], True, None, [])
@example([("model", {"model": "b"}), ("x", [{"model": "c"}])], True, None, [])
def test_it_finds_what_json_loads_finds_however_the_body_is_cut(members, ascii_only, indent, cuts):
    body = written(members, ascii_only, indent)
    assert scan(body, *cuts) == expected(body)


@given(values)
def test_a_body_that_is_no_object_names_no_model(value):
    body = json.dumps(value).encode()
    assert scan(body) == expected(body)


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=3))
def test_any_bytes_are_taken_and_cuts_change_nothing(body, cuts):
    assert scan(body, *cuts) == scan(body)


@pytest.mark.parametrize("body", [rb'{"\u006dodel":"a"}', rb'{"m\u006fde\u006c" : "\u0061"}'])
def test_escapes_in_the_key_hide_nothing(body):
    assert scan(body) == "a" == expected(body)


def test_the_last_of_two_counts_as_it_does_for_the_model_server():
    assert scan(b'{"model":"a","messages":[],"model":"b"}') == "b"


def test_a_name_beyond_measure_is_no_models():
    assert scan(json.dumps({"model": "a" * (LONGEST + 1)}).encode(), 700) is None


def test_it_is_found_behind_two_megabytes_of_image_in_well_under_a_parse():
    image = "data:image/png;base64," + "QUJD" * 500_000
    content = {"messages": [{"role": "user", "content": [{"image_url": {"url": image}}]}], "model": "org/alpha"}
    body = json.dumps(content).encode()
    pieces = [body[at : at + 65_536] for at in range(0, len(body), 65_536)]

    def scanned() -> float:
        begun = time.perf_counter()
        scanner = ModelScanner()
        for piece in pieces:
            scanner.feed(piece)
        assert scanner.model == "org/alpha"
        return time.perf_counter() - begun

    def parsed() -> float:
        begun = time.perf_counter()
        json.loads(body)
        return time.perf_counter() - begun

    assert min(scanned() for _ in range(5)) < min(parsed() for _ in range(5)) / 4
