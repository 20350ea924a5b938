"""What is asked of a model server over HTTP, on the scripted server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from driver_contract import eventually, free_port, refused

from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment
from docstation.station.probes import (
    HttpProbes,
    Progress,
    check_identity,
    is_healthy,
    models_in,
    progress,
    served_models,
    wait_until_answers,
)
from docstation.station.steps import Probes
from docstation.station.talk import Answer, TalkError, post
from docstation.testing.model_server import Running, running
from docstation.testing.model_server_script import Script


def deployed(server: Running | int, name: str = "scripted/model", context: int = 8192) -> Deployment:
    port = server if isinstance(server, int) else int(server.address.rpartition(":")[2])
    return Deployment("scripted", "process", name, context, port=port, canary_prompt="Read.")


@contextmanager
def asking(server: Running) -> Iterator[None]:
    """A chat request is under way."""

    def ask() -> None:
        with suppress(TalkError):
            post(f"{server.address}/v1/chat/completions", {"messages": []}, read=30.0, cancelled=over.is_set)

    over = threading.Event()
    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_server_that_answers_is_seen_at_once() -> None:
    with running() as server:
        wait_until_answers(
            server.address, deadline=time.monotonic() + 10, still_running=lambda: True, cancelled=threading.Event()
        )


def test_a_server_that_refuses_connections_is_waited_for() -> None:
    looks = []

    def still_running() -> bool:
        looks.append(1)
        return len(looks) < 3

    address = f"http://127.0.0.1:{free_port()}"
    wait_until_answers(address, deadline=float("inf"), still_running=still_running, cancelled=threading.Event())
    assert len(looks) == 3


def test_the_waiting_ends_with_its_time() -> None:
    clock = iter((0.0, 5.0, 10.0))
    with refused(Cause.LOAD_TIMEOUT):
        wait_until_answers(
            f"http://127.0.0.1:{free_port()}",
            deadline=10.0,
            still_running=lambda: True,
            cancelled=threading.Event(),
            clock=lambda: next(clock),
        )


def test_the_waiting_ends_when_it_is_cancelled() -> None:
    cancelled = threading.Event()
    cancelled.set()
    with refused(Cause.CANCELLED):
        wait_until_answers(
            f"http://127.0.0.1:{free_port()}", deadline=float("inf"), still_running=lambda: True, cancelled=cancelled
        )


def test_health_is_yes_no_or_silence() -> None:
    with running() as server:
        assert is_healthy(server.address) is True
        server.api.script = Script(trouble="dead")
        assert is_healthy(server.address) is False
        server.api.script = Script(trouble="frozen")
        assert is_healthy(server.address, seconds=0.1) is None
    assert is_healthy(server.address) is False


def test_the_identity_is_model_and_context() -> None:
    with running() as server:
        check_identity(deployed(server))
        (model,) = served_models(deployed(server))
        assert (model.id, model.context) == ("scripted/model", 8192)
        with pytest.raises(Fault) as caught:
            check_identity(deployed(server, name="another/model"))
        assert (caught.value.cause, caught.value.detail) == (Cause.WRONG_MODEL, "scripted/model")
        with pytest.raises(Fault) as caught:
            check_identity(deployed(server, context=4096))
        assert (caught.value.cause, caught.value.detail) == (Cause.WRONG_CONTEXT, "8192")


def test_a_server_that_shows_something_else_is_found_out() -> None:
    with running(Script(served_name="other/model")) as server, refused(Cause.WRONG_MODEL):
        check_identity(deployed(server))
    with running(Script(context=2048)) as server, refused(Cause.WRONG_CONTEXT):
        check_identity(deployed(server))


def test_a_server_of_ours_that_is_away_is_dead_and_a_silent_one_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    with refused(Cause.ENGINE_DEAD):
        check_identity(deployed(free_port()))
    monkeypatch.setattr("docstation.station.probes.ANSWER_SECONDS", 0.1)
    with running(Script(trouble="frozen")) as server, refused(Cause.ENGINE_HUNG):
        check_identity(deployed(server))


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'{"data": 3}', b'{"data": [1, {}, {"id": 5}]}', b"\xff", b'{"data": null}']
)
def test_a_list_of_models_in_another_form_holds_none(body: bytes) -> None:
    assert models_in(Answer(200, body)) == []


def test_progress_moves_with_the_engine() -> None:
    with running() as server:
        before = progress(server.address)
        assert before == Progress(running=0, waiting=0, steps=0, tokens=0)
        post(f"{server.address}/v1/chat/completions", {"messages": []})
        after = progress(server.address)
        assert after.steps is not None
        assert after.steps > 0
        assert after.tokens == len(server.api.script.answer) // 4 + 1


def test_progress_stands_still_in_a_hung_engine() -> None:
    with running(Script(piece_seconds=0.01, answer="word " * 400)) as server, asking(server):
        eventually(lambda: (progress(server.address).steps or 0) > 3)
        server.api.script = server.api.script.changed({"trouble": "hang"})
        eventually(lambda: progress(server.address) == progress(server.address))
        still = progress(server.address)
        assert (still.running, still.waiting) == (1, 0)
        assert is_healthy(server.address)
        assert progress(server.address) == still


def test_progress_is_unknown_where_there_are_no_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    assert progress(f"http://127.0.0.1:{free_port()}") == Progress()
    with running(Script(trouble="unavailable")) as server:
        assert progress(server.address) == Progress()


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        ("", Progress()),
        ("vllm:num_requests_running nonsense\nvllm:num_requests_waiting NaN\n", Progress()),
        ('# HELP x\nvllm:num_requests_running{model="a} b",engine="0"} 2.0\n', Progress(running=2)),
        (
            "vllm:iteration_tokens_total_count{e='0'} 1e3\nvllm:iteration_tokens_total_count{e='1'} 5\n",
            Progress(steps=1005),
        ),
        ("vllm:num_requests_running_now 3\nvllm:generation_tokens_total 7\n", Progress(tokens=7)),
    ],
)
def test_metrics_are_summed_over_engines_and_read_with_care(
    metrics: str, expected: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("docstation.station.probes.get", lambda *_, **__: Answer(200, metrics.encode()))
    assert progress("http://anywhere") == expected


def test_the_probes_of_the_switch_go_through_a_whole_start() -> None:
    probes, cancelled = HttpProbes({}), threading.Event()
    switch: Probes = probes
    with running() as server:
        deployment = deployed(server)
        switch.wait_until_answers(deployment, seconds=10, still_running=lambda: True, cancelled=cancelled)
        switch.check_identity(deployment)
        switch.canary(deployment, seconds=10, cancelled=cancelled)
        first = probes.answers[deployment.spec]
        switch.canary(deployment, seconds=10, cancelled=cancelled)
        assert probes.answers[deployment.spec].digest == first.digest
        server.api.script = Script(answer=server.api.script.answer + ".")
        switch.canary(deployment, seconds=10, cancelled=cancelled)
        assert probes.answers[deployment.spec].digest != first.digest


def test_the_embedded_engine_passes_every_probe() -> None:
    probes, embedded = HttpProbes({}), Deployment("embedded", "embedded", "embedded", 8192)
    probes.wait_until_answers(embedded, seconds=0.0, still_running=lambda: True, cancelled=threading.Event())
    probes.check_identity(embedded)
    probes.canary(embedded, seconds=0.0, cancelled=threading.Event())
