"""Requests while models are switched: nothing is lost, nothing answered by the wrong model, all in order."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from gateway_parts import CHAT, Talk, alpha, answering, beta, chunk, post, raw, until, whole

from docstation.service.gateway.words import Failed, Limits


def naming(name: str) -> bytes:
    return json.dumps({"messages": [], "model": name}).encode()


def waiting(gateway) -> int:
    return gateway.service.news[-1].waiting if gateway.service.news else 0


def test_requests_wait_for_a_switch_and_go_on_in_order_with_their_position(gateway):
    order: list[int] = []

    def talk(one: Talk) -> None:
        while True:
            order.append(json.loads(one.request()[1])["n"])
            one.say(whole(b"{}"))

    with raw(talk) as server, ThreadPoolExecutor(8) as pool:
        gateway.serve(way="hold", reason="A switch of models is under way.")
        asked = []
        for number in range(6):
            asked.append(pool.submit(gateway.ask, "POST", CHAT, {"n": number, "x": "y" * 100_000, "model": "b"}))
            until(lambda wanted=number + 1: waiting(gateway) == wanted, "it waits")
        gateway.serve(beta(server.port, concurrency=1))
        answers = [one.result() for one in asked]
    assert [one.status for one in answers] == [200] * 6
    assert order == list(range(6))
    assert [one.headers["x-queue-position"] for one in answers] == list("123456")
    assert float(answers[0].headers["x-queue-seconds"]) > 0


def test_after_a_switch_requests_for_the_old_model_are_told_how_to_get_it(gateway):
    with raw(answering(whole(b'{"by":"beta"}'))) as server, ThreadPoolExecutor(8) as pool:
        gateway.serve(alpha(1), way="hold")
        old = pool.submit(gateway.ask, "POST", CHAT, naming("org/alpha"))
        new = pool.submit(gateway.ask, "POST", CHAT, naming("org/beta"))
        until(lambda: waiting(gateway) == 2)
        gateway.serve(beta(server.port))
        assert new.result().body == b'{"by":"beta"}'
        answer = old.result()
    assert (answer.status, answer.error["code"], answer.error["param"]) == (404, "model_not_active", "model")
    assert "docstation models switch alpha" in str(answer.error["message"])


def test_a_request_under_way_goes_on_while_others_wait(gateway):
    may = threading.Event()

    def talk(one: Talk) -> None:
        one.request()
        assert may.wait(10)
        one.say(whole(b'{"by":"alpha"}'))

    with raw(talk) as server, ThreadPoolExecutor(8) as pool:
        orders = gateway.serve(alpha(server.port))
        under_way = pool.submit(gateway.ask, "POST", CHAT, naming("alpha"))
        until(lambda: gateway.service.news[-1].under_way == {"alpha": 1})
        gateway.serve(*orders.upstreams, way="hold")
        assert gateway.service.news[-1].under_way == {"alpha": 1}
        may.set()
        assert under_way.result().body == b'{"by":"alpha"}'
        until(lambda: gateway.service.news[-1].under_way == {})


def test_a_bet_that_was_wrong_is_called_off_before_the_server_has_it_all(gateway):
    """The model's name comes behind the image: until then the body goes to the active model."""
    got: list[int] = []
    gone = threading.Event()

    def talk(one: Talk) -> None:
        one.head()
        got.append(len(one.received))
        one.left_at()
        gone.set()

    body = json.dumps({"messages": "x" * 500_000, "model": "org/beta"}).encode()
    with raw(talk) as server, gateway.connect() as client:
        gateway.serve(alpha(server.port))
        client.sendall(post(CHAT, body)[:-20])
        until(lambda: got)
        client.sendall(body[-20:])
        answer = client.recv(4000)
        assert answer.startswith(b"HTTP/1.1 404")
        assert b"model_not_active" in answer
        assert gone.wait(10)
        # The connection goes on.
        client.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.recv(4000).startswith(b"HTTP/1.1 200")
    until(lambda: gateway.service.news[-1].under_way == {})


@pytest.mark.parametrize("chunked", [False, True])
def test_by_orders_it_wishes_for_the_switch_and_waits(gateway, chunked):
    bodies: list[bytes] = []

    def talk(one: Talk) -> None:
        bodies.append(one.request()[1])
        one.say(whole(b'{"by":"beta"}'))

    body = json.dumps({"messages": "x" * 500_000, "model": "b"}).encode()
    if chunked:
        head = f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        request = head + b"".join(chunk(body[at : at + 90_000]) for at in range(0, len(body), 90_000)) + b"0\r\n\r\n"
    else:
        request = post(CHAT, body)
    with raw(lambda one: one.request()) as first, raw(talk) as second, gateway.connect() as client:
        gateway.serve(alpha(first.port), on_other="switch")
        client.sendall(request)
        until(lambda: gateway.service.news[-1].wish == "beta")
        assert gateway.service.news[-1].under_way == {}
        gateway.serve(alpha(first.port), on_other="switch", way="hold")
        gateway.serve(beta(second.port), on_other="switch")
        answer = client.recv(4000)
    assert answer.endswith(b'{"by":"beta"}')
    content = bodies[0]
    if chunked:
        content = b"".join(part for part in content.split(b"\r\n")[1::2])
    assert content == body
    until(lambda: gateway.service.news[-1].wish == "")
    assert gateway.metric("held_bytes") == 0


def test_a_switch_that_fails_is_told_to_those_who_wished_for_it(gateway):
    with raw(answering(whole(b"{}"))) as server, ThreadPoolExecutor(8) as pool:
        gateway.serve(alpha(server.port), on_other="switch")
        asked = pool.submit(gateway.ask, "POST", CHAT, naming("beta"))
        until(lambda: gateway.service.news[-1].wish == "beta")
        gateway.serve(alpha(server.port), on_other="switch", way="hold")
        gateway.serve(alpha(server.port), on_other="switch")
        failed = Failed("It does not fit.", time.time(), 60.0, begun=True)
        gateway.serve(alpha(server.port), on_other="switch", failed={"beta": failed})
        answer = asked.result()
    assert (answer.status, answer.error["code"]) == (503, "switch_failed")
    assert "It does not fit." in str(answer.error["message"])
    assert int(answer.headers["retry-after"]) > 30


@pytest.mark.parametrize("chunked", [False, True])
def test_with_nothing_serving_the_model_that_a_body_names_is_wished_for(gateway, chunked):
    body = json.dumps({"messages": "x" * 500_000, "model": "b"}).encode()
    nameless = json.dumps({"messages": "x" * 500_000}).encode()
    gateway.serve(way="closed", on_other="switch", reason="Chat needs a model.")
    with raw(answering(whole(b'{"by":"beta"}'))) as server, ThreadPoolExecutor(8) as pool:
        headers = {"Transfer-Encoding": "chunked"} if chunked else {}
        pieces = chunk(body) + b"0\r\n\r\n" if chunked else body
        asked = pool.submit(gateway.ask, "POST", CHAT, pieces, headers)
        until(lambda: gateway.service.news[-1].wish == "beta")
        answer = gateway.ask("POST", CHAT, nameless)
        assert (answer.status, answer.error["code"]) == (503, "no_active_model")
        gateway.serve(beta(server.port), on_other="switch")
        assert asked.result().body == b'{"by":"beta"}'


def test_a_model_answers_no_more_at_once_than_it_can(gateway):
    now, most, guard = [0], [0], threading.Lock()

    def talk(one: Talk) -> None:
        while True:
            one.request()
            with guard:
                now[0] += 1
                most[0] = max(most[0], now[0])
            time.sleep(0.005)
            with guard:
                now[0] -= 1
            one.say(whole(b"{}"))

    with raw(talk) as server, ThreadPoolExecutor(20) as pool:
        gateway.serve(alpha(server.port, concurrency=3))
        answers = list(pool.map(lambda _: gateway.ask("POST", CHAT, naming("alpha")).status, range(40)))
    assert answers == [200] * 40
    assert most[0] <= 3


def test_the_queue_is_bounded_in_number_bytes_and_age(gateway):
    limits = Limits(waiting=2, waiting_bytes=300_000, waiting_seconds=0.5)
    orders = {"way": "hold", "limits": limits, "reason": "A switch is under way.", "retry_after": 9}
    gateway.serve(alpha(1), **orders)
    with ThreadPoolExecutor(8) as pool:
        begun = time.monotonic()
        first = pool.submit(gateway.ask, "POST", CHAT, b"x" * 200_000)
        until(lambda: waiting(gateway) == 1)
        large = gateway.ask("POST", CHAT, b"x" * 200_000)
        second = pool.submit(gateway.ask, "POST", CHAT, b"x")
        until(lambda: waiting(gateway) == 2)
        third = gateway.ask("POST", CHAT, b"x")
        late = first.result()
        assert time.monotonic() - begun > 0.5
        second.result()
    for answer, code in ((large, "queue_full"), (third, "queue_full"), (late, "queue_timeout")):
        assert (answer.status, answer.error["code"], answer.headers["retry-after"]) == (503, code, "9")
        assert "A switch is under way." in str(answer.error["message"])
    assert gateway.metric("held_bytes") == 0
    assert gateway.metric("waiting") == 0


def test_a_chunked_body_that_outgrows_the_room_is_refused_too(gateway):
    gateway.serve(alpha(1), way="hold", limits=Limits(waiting_bytes=300_000))
    with gateway.connect() as client:
        client.sendall(f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        for _ in range(4):
            client.sendall(chunk(b"x" * 100_000))
        assert client.recv(1000).startswith(b"HTTP/1.1 503")
    assert gateway.metric("held_bytes") == 0


def test_a_client_that_leaves_while_it_waits_gives_its_place_back(gateway):
    gateway.serve(alpha(1), way="hold")
    with gateway.connect() as client:
        client.sendall(post(CHAT, naming("alpha")))
        until(lambda: waiting(gateway) == 1)
    until(lambda: waiting(gateway) == 0)
    assert gateway.metric('clients_left_total{phase="waiting"}') == 1
    assert gateway.metric("held_bytes") == 0


def test_many_switches_under_many_clients_lose_nothing_and_mix_nothing(gateway):
    def by(name: str):
        def talk(one: Talk) -> None:
            while True:
                asked = json.loads(one.request()[1])["model"]
                assert asked == name
                one.say(whole(json.dumps({"by": name}).encode()))

        return talk

    stop = threading.Event()
    seen = {"alpha": 0, "beta": 0, "refused": 0}
    guard = threading.Lock()

    def client(name: str) -> None:
        while not stop.is_set():
            answer = gateway.ask("POST", CHAT, {"messages": "x" * 20_000, "model": name})
            content = json.loads(answer.body)
            with guard:
                if answer.status == 200:
                    assert content["by"] == name
                    seen[name] += 1
                else:
                    assert (answer.status, answer.error["code"]) == (404, "model_not_active")
                    seen["refused"] += 1

    with raw(by("alpha")) as first, raw(by("beta")) as second, ThreadPoolExecutor(8) as pool:
        ups = [alpha(first.port), beta(second.port)]
        gateway.serve(ups[0])
        running = [pool.submit(client, name) for name in ("alpha", "beta") * 4]
        for number in range(40):
            old, new = ups[number % 2], ups[1 - number % 2]
            gateway.serve(old, way="hold")
            until(lambda: not gateway.service.news[-1].under_way, "drained")
            gateway.serve(new)
            time.sleep(0.02)
        stop.set()
        for one in running:
            one.result()
    assert seen["alpha"] > 20
    assert seen["beta"] > 20
