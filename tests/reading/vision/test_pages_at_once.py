"""How many pages are under way while a served model reads: as many as keep it busy, and it is asked how many."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from docstation.bootstrap.engines import Endpoint, ServedLook, pages_for
from docstation.inference.served import active

NOBODY = "http://127.0.0.1:9"
DOTS = {"id": "rednote-hilab/dots.ocr", "object": "model", "owned_by": "docstation", "max_model_len": 8192}


@contextmanager
def listing(*cards: dict[str, object]) -> Iterator[tuple[str, list[str]]]:
    """The address of a gateway that shows these cards, and what it was asked."""
    asked: list[str] = []

    class Gateway(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = json.dumps({"data": cards}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(("told", "sequences", "pages"), [({"max_num_seqs": 16}, 16, 20), ({"max_num_seqs": 4}, 4, 6)])
def test_a_few_more_pages_are_under_way_than_the_model_answers_together(
    told: dict[str, object], sequences: int, pages: int
) -> None:
    with listing(DOTS | told) as (address, _):
        assert active(address).sequences == sequences
        assert ServedLook(lambda: Endpoint(address))("auto") == pages == pages_for(sequences)


def test_a_server_that_does_not_tell_is_given_the_usual_number() -> None:
    for told in ({}, {"max_num_seqs": "many"}, {"max_num_seqs": True}):
        with listing(DOTS | told) as (address, _):
            assert active(address).sequences == 0
            assert ServedLook(lambda at=address: Endpoint(at))("served") == pages_for(0) == 8


def test_the_settings_number_counts_before_the_servers() -> None:
    with listing(DOTS | {"max_num_seqs": 16}) as (address, _):
        assert ServedLook(lambda: Endpoint(address), at_once=3)("auto") == 3


def test_where_no_model_reads_there_is_nothing_to_be_ahead_of() -> None:
    assert ServedLook(lambda: Endpoint(NOBODY))("auto") == 0
    with listing(DOTS | {"max_num_seqs": 16}) as (address, asked):
        assert ServedLook(lambda: Endpoint(address))("embedded") == 0
        assert asked == []


def test_it_is_not_asked_before_every_page() -> None:
    with listing(DOTS) as (address, asked):
        look = ServedLook(lambda: Endpoint(address))
        assert [look("auto") for _ in range(50)] == [8] * 50
        assert asked == ["/v1/models"]
