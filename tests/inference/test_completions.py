"""Asking a served model: pieces as they come, ends that are ends, typed errors, cancels that reach the engine."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_server import HEAD, chunked, delta, event, plain, speaking, stream

from docstation.errors import Interrupted, UsageError
from docstation.inference.asking import ChatRequest, messages
from docstation.inference.completions import Client, Timeouts
from docstation.inference.events import Usage, chunks
from docstation.inference.failures import AskFailed, EngineFailed, Overdue, Refused, Unavailable
from docstation.inference.profiles import load_profile
from docstation.testing.model_server import running
from docstation.testing.model_server_script import Script

REQUEST = ChatRequest("scripted/model", messages(load_profile("qwen3-vl"), "Read."), 100)
SHORT = Timeouts(connect=1.0, first=0.2, between=0.2, total=0.5)


def asked(*scripts, **options):
    """The answer that a server of these scripts gives, and the server."""
    with speaking(scripts) as server:
        client = Client(server.address, **options)
        try:
            return client.ask(REQUEST), server
        finally:
            client.close()


def answering(events):
    def script(talk):
        while talk.hear():
            talk.answer(events)

    return script


def test_an_answer_comes_piece_by_piece_with_its_end_and_its_tokens():
    with running(Script(answer="Счёт № 17, итого 4830")) as server:
        client = Client(server.address)
        with client.stream(REQUEST) as pieces:
            said = list(pieces)
        client.close()
    assert len(said) > 3
    assert "".join(said) == pieces.text == "Счёт № 17, итого 4830"
    assert pieces.finish_reason == "stop"
    assert pieces.usage is not None
    assert pieces.usage.completion_tokens == len(said)
    assert pieces.request_id.startswith("chatcmpl-")


def test_an_answer_that_is_cut_by_its_bound_says_so():
    with running(Script(answer="abcd" * 50)) as server:
        client = Client(server.address)
        answer = client.ask(ChatRequest("scripted/model", REQUEST.messages, 5))
        client.close()
    assert (answer.finish_reason, len(answer.text)) == ("length", 20)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 400), max_size=12))
def test_however_the_bytes_are_cut_the_answer_is_the_same(sizes):
    data = stream("Приве", "т, «мир»\n", '"x"')
    pieces, at = [], 0
    for size in sizes:
        pieces.append(data[at : at + size])
        at += size
    told = list(chunks([*pieces, data[at:]]))
    assert "".join(one.text for one in told if one) == 'Привет, «мир»\n"x"'
    assert [one.usage for one in told if one and one.usage] == [Usage(7, 3)]
    assert told[-1] is None


def test_other_fields_comments_and_carriage_returns_are_passed_over():
    data = b": hello\r\nid: 3\r\nretry: 5\r\n\r\n" + delta("A").replace(b"\n", b"\r\n") + event(b"[DONE]")
    assert [one.text for one in chunks([data]) if one] == ["A"]


def test_the_connection_is_used_again():
    with speaking([answering(stream("A"))]) as server:
        client = Client(server.address)
        assert [client.ask(REQUEST).text for _ in range(3)] == ["A"] * 3
        client.close()
        assert [len(talk.requests) for talk in server.talks] == [3]


def test_a_connection_that_went_stale_is_opened_anew_once():
    def once(talk):
        talk.hear()
        talk.answer(stream("A"))

    with speaking([once]) as server:
        client = Client(server.address)
        assert [client.ask(REQUEST).text for _ in range(3)] == ["A"] * 3
        client.close()
    assert len(server.talks) == 3


def test_a_kept_connection_that_breaks_in_the_middle_of_an_answer_is_no_reason_to_ask_again():
    def script(talk):
        talk.hear()
        talk.answer(stream("A"))
        talk.hear()
        talk.say(HEAD + chunked(delta("half")))
        talk.wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with speaking([script]) as server:
        client = Client(server.address)
        client.ask(REQUEST)
        with pytest.raises(EngineFailed):
            client.ask(REQUEST)
        assert len(server.talks) == 1


def test_a_fresh_connection_that_is_cut_is_an_error_and_no_second_request():
    with speaking([lambda talk: talk.hear()]) as server:
        with pytest.raises(EngineFailed):
            Client(server.address).ask(REQUEST)
        assert len(server.talks) == 1


def test_an_error_among_the_events_is_an_error_though_the_status_was_good():
    died = {"error": {"message": "EngineCore encountered an issue. See stack trace.", "code": 500}}
    with pytest.raises(EngineFailed, match="EngineCore encountered an issue"):
        asked(answering(delta("half ") + event(died) + event(b"[DONE]")))


@pytest.mark.parametrize(
    "events",
    [
        delta("half"),
        delta("half") + event(b"[DONE]"),
        delta("half", "abort") + event(b"[DONE]"),
        delta("whole", "stop"),
        event(b"[DONE]"),
        event(b"not json"),
        event([1]),
        b"",
    ],
)
def test_an_answer_without_its_proper_end_is_an_error(events):
    with pytest.raises(EngineFailed):
        asked(answering(events))


def test_a_connection_that_drops_in_the_middle_is_an_error():
    def script(talk):
        talk.hear()
        talk.say(HEAD + chunked(delta("half")))

    with pytest.raises(EngineFailed, match="cut off"):
        asked(script)


@pytest.mark.parametrize("trouble", ["cut", "unavailable", "dead"])
def test_what_a_failing_engine_does_is_one_error(trouble):
    with running(Script(trouble=trouble, answer="x" * 100)) as server:
        client = Client(server.address)
        with pytest.raises(EngineFailed):
            client.ask(REQUEST)
        client.close()


def test_what_is_no_http_is_an_error():
    with pytest.raises(EngineFailed):
        asked(lambda talk: (talk.hear(), talk.say(b"SSH-2.0-OpenSSH\r\n\r\n")))


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (400, "This model's maximum context length is 8192 tokens. However, your prompt contains more", "context"),
        (400, "Input length (11132) exceeds model's maximum context length (8192).", "context"),
        (400, "max_tokens=9000 cannot be greater than max_model_len=8192.", "context"),
        (400, "The image item exceeds the pre-allocated encoder cache size", "context"),
        (400, "Failed to load image: cannot identify image file <_io.BytesIO object>", "image"),
        (400, "Failed to apply Qwen2VLProcessor on data=...", "image"),
        (404, "The model `x` does not exist.", "model"),
        (409, "Another model serves.", "model"),
        (401, "Unauthorized", "key"),
        (400, "Grammar error: Invalid type: nonsense", "other"),
    ],
)
def test_a_refusal_says_what_is_wrong_with_the_request(status, words, kind):
    body = json.dumps({"error": {"message": words, "type": "BadRequestError", "param": None, "code": status}}).encode()
    with pytest.raises(Refused) as caught:
        asked(lambda talk: (talk.hear(), talk.say(plain(f"{status} X", body))))
    assert (caught.value.status, caught.value.kind) == (status, kind)
    assert words.rstrip(".")[:60] in str(caught.value)


def test_a_refusal_leaves_the_connection_for_the_next_question():
    def script(talk):
        talk.hear()
        talk.say(plain("400 Bad Request", b'{"error":{"message":"no"}}'))
        talk.hear()
        talk.answer(stream("A"))

    with speaking([script]) as server:
        client = Client(server.address)
        with pytest.raises(Refused):
            client.ask(REQUEST)
        assert client.ask(REQUEST).text == "A"
        client.close()


def test_a_switch_under_way_is_waited_out():
    busy = plain("503 Service Unavailable", b'{"error":{"message":"A switch is under way."}}', "Retry-After: 0")

    def script(talk):
        for _ in range(3):
            talk.hear()
            talk.say(busy)
        talk.hear()
        talk.answer(stream("A"))

    answer, server = asked(script)
    assert (answer.text, len(server.requests)) == ("A", 4)


def test_patience_has_a_bound():
    def script(talk):
        while talk.hear():
            talk.say(plain("503 Service Unavailable", b'{"error":{"message":"Nothing serves"}}', "Retry-After: 1"))

    began = time.monotonic()
    with pytest.raises(Unavailable, match="Nothing serves"):
        asked(script, patience=0.2)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("script", "phase"),
    [
        (lambda talk: (talk.hear(), talk.left()), "first"),
        (lambda talk: (talk.hear(), talk.say(HEAD), talk.left()), "first"),
        (lambda talk: (talk.hear(), talk.say(HEAD + chunked(delta("A"))), talk.left()), "between"),
    ],
)
def test_what_does_not_come_in_time_is_withdrawn(script, phase):
    with pytest.raises(Overdue) as caught:
        asked(script, timeouts=SHORT)
    assert caught.value.phase == phase


def test_an_answer_that_never_ends_is_withdrawn():
    def script(talk):
        talk.hear()
        talk.say(HEAD)
        while True:
            talk.say(chunked(delta("A")))
            time.sleep(0.02)

    with pytest.raises(Overdue) as caught:
        asked(script, timeouts=SHORT)
    assert caught.value.phase == "total"


def test_an_address_that_does_not_answer_is_given_up():
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = []
        for _ in range(3):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(full.getsockname())
            waiting.append(one)
        with pytest.raises(AskFailed):
            Client(f"http://127.0.0.1:{full.getsockname()[1]}", timeouts=SHORT).ask(REQUEST)
        for one in waiting:
            one.close()


def test_nobody_there_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as gone:
        address = f"http://127.0.0.1:{gone.getsockname()[1]}"
    with pytest.raises(EngineFailed, match="refused"):
        Client(address).ask(REQUEST)


@pytest.mark.parametrize(
    "address", ["ftp://a", "http://", "127.0.0.1:8000", "http://u:p@h:1", "http://h:x", "http://["]
)
def test_what_is_no_address_is_a_mistake_of_use(address):
    with pytest.raises(UsageError, match="no address") as caught:
        Client(address).ask(REQUEST)
    assert "p@" not in str(caught.value)


def test_leaving_early_is_felt_by_the_engine():
    with running(Script(answer="abcd" * 500, piece_seconds=0.01)) as server:
        client = Client(server.address)
        with client.stream(REQUEST) as pieces:
            next(iter(pieces))
        assert _becomes(lambda: server.api.engine.running == 0)
        client.close()


def test_closing_from_another_thread_ends_a_wait_at_once():
    with running(Script(trouble="hang")) as server:
        client = Client(server.address)
        pieces = client.stream(REQUEST)
        threading.Timer(0.1, pieces.close).start()
        began = time.monotonic()
        with pytest.raises(Interrupted):
            list(pieces)
        assert time.monotonic() - began < 1
        assert _becomes(lambda: server.api.engine.running == 0)


@pytest.mark.parametrize("trouble", ["hang", "frozen"])
def test_an_asker_who_gave_up_is_heard_in_every_wait(trouble):
    given_up = threading.Event()
    threading.Timer(0.1, given_up.set).start()
    with running(Script(trouble=trouble)) as server, pytest.raises(Interrupted):
        Client(server.address, cancelled=given_up.is_set).ask(REQUEST)


def test_an_asker_who_gave_up_does_not_wait_for_a_switch():
    given_up = threading.Event()
    threading.Timer(0.1, given_up.set).start()
    busy = plain("503 Service Unavailable", b"{}", "Retry-After: 60")
    with pytest.raises(Interrupted):
        asked(lambda talk: (talk.hear(), talk.say(busy)), cancelled=given_up.is_set)


def test_the_key_and_the_path_before_v1_are_used():
    with speaking([answering(stream("A"))]) as server:
        client = Client(f"{server.address}/proxy/", "secret")
        client.ask(REQUEST)
        client.close()
        (asked_for,) = server.requests
    assert asked_for.startswith(b"POST /proxy/v1/chat/completions HTTP/1.1\r\n")
    assert b"Authorization: Bearer secret\r\n" in asked_for


@pytest.mark.parametrize("key", ["a\r\nX-Evil: 1", "ключ", "\x00"])
def test_what_no_header_can_carry_is_no_key(key):
    with speaking([answering(stream("A"))]) as server, pytest.raises(UsageError, match="API key"):
        Client(server.address, key).ask(REQUEST)


def test_the_servers_own_count_is_asked_for_the_same_messages():
    def script(talk):
        talk.hear()
        talk.say(plain("200 OK", b'{"count": 4321, "max_model_len": 8192}'))

    with speaking([script]) as server:
        client = Client(server.address)
        assert client.count(REQUEST) == 4321
        client.close()
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /tokenize ")
    assert json.loads(body)["messages"] == REQUEST.messages


def test_a_request_that_no_buffer_holds_is_sent_whole():
    long = ChatRequest("m", messages(load_profile("qwen3-vl"), "я" * 3_000_000), 10)

    def script(talk):
        talk.hear()
        talk.answer(stream("A"))

    with speaking([script]) as server:
        client = Client(server.address)
        assert client.ask(long).text == "A"
        client.close()
        body = server.requests[0].partition(b"\r\n\r\n")[2]
    assert json.loads(body)["messages"] == long.messages


def _becomes(true, within: float = 3.0) -> bool:
    until = time.monotonic() + within
    while not true() and time.monotonic() < until:
        time.sleep(0.01)
    return true()
