"""The canary: what passes for reading a page, and what a failure is called."""

from __future__ import annotations

import base64
import io
import json
import time
from dataclasses import replace

import numpy as np
import pytest
from driver_contract import free_port
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from docstation.reading.embedded.tesseract import Tesseract
from docstation.station.canary import LINES, PAGE, ROWS, TITLE, check, found, question, read_page, repeats
from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment
from docstation.testing.model_server import Running, running
from docstation.testing.model_server_script import READING, Script

DEPLOYMENT = Deployment("dots-ocr", "process", "scripted/model", 8192, canary_prompt="Extract the text.")

DOTS = json.dumps(
    [
        {"bbox": [36, 28, 400, 70], "category": "Title", "text": f"# {TITLE}"},
        {"bbox": [36, 180, 636, 284], "category": "Table", "text": "<table><tr><td>Товар</td><td>Quantity</td></tr>"
         "<tr><td>Бумага писчая</td><td>250</td><td>4830</td></tr></table>"},
    ]
)  # fmt: skip

INVOICE = (
    "СЧЁТ НА ОПЛАТУ № 204 от 3 июня 2026 г. Поставщик: ООО «Вектор». Покупатель: АО «Север». Товар: бумага офисная, "
    "количество 40, цена 310, сумма 12 400 руб. Всего наименований 1. Акт прилагается. Statement of account."
)


def at(server: Running) -> Deployment:
    return replace(DEPLOYMENT, port=int(server.address.rpartition(":")[2]))


def caught(deployment: Deployment, seconds: float = 10.0) -> Fault:
    with pytest.raises(Fault) as caught:
        read_page(deployment, seconds=seconds)
    return caught.value


def test_the_page_shows_what_is_looked_for() -> None:
    """Another engine reads the shipped picture, so picture and words belong together."""
    with Image.open(PAGE) as image:
        raster = np.asarray(image.convert("L"))
    text = " ".join(token.text for line in Tesseract(("rus", "eng")).page(raster, 150) for token in line)
    assert found(text) > 0.8
    check(text, "stop")


def test_the_page_is_small() -> None:
    assert PAGE.stat().st_size < 10_000
    with Image.open(PAGE) as image:
        assert image.width * image.height / 28**2 < 300


def test_the_question_carries_the_page_and_the_prompt_of_the_model() -> None:
    body = question(DEPLOYMENT)
    ((picture, text),) = [message["content"] for message in body["messages"]]
    kind, _, data = picture["image_url"]["url"].partition("base64,")
    assert kind == "data:image/png;"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert image.format == "PNG"
    assert text == {"type": "text", "text": "Extract the text."}
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("scripted/model", 0.0, 1024)
    assert question(replace(DEPLOYMENT, context=512))["max_tokens"] == 128


@pytest.mark.parametrize(
    "text",
    [
        READING,
        READING.upper(),
        f"```markdown\n**{TITLE}**\n\n*{LINES[0]}*\n\n| Товар | Quantity |\n|---|---|\n| Бумага писчая | 250 |\n```",
        DOTS,
        DOTS.replace("№", "N"),
        "The image shows a reconciliation statement No. 17 with columns: quantity 250 and amount 4830.",
        "Акт сверки № 17. Товар: бумага писчая, 250 шт., сумма 4830",
        "  " + "-" * 80 + "\n" + READING + "\n" + "." * 60,
    ],
)
def test_reading_counts_however_it_is_wrapped(text: str) -> None:
    check(text, "stop")
    check(text, "length")


@pytest.mark.parametrize(
    "text",
    ["", " \n", "!" * 400, "!!!!", INVOICE, "I am sorry, I cannot read this image.", "акт " * 300, "ab" * 500,
     READING + "\n" + "сверки " * 40, READING + "<td></td>" * 30, READING + "0" * 200,
     "На изображении документ с таблицей. В таблице указаны товар, количество и сумма."],
)  # fmt: skip
def test_garbage_does_not_count(text: str) -> None:
    with pytest.raises(Fault) as fault:
        check(text, "stop")
    assert fault.value.cause is Cause.GARBAGE


@pytest.mark.parametrize("finish", ["", "error", "abort", "repetition", "content_filter"])
def test_an_answer_that_ended_strangely_does_not_count(finish: str) -> None:
    with pytest.raises(Fault) as fault:
        check(READING, finish)
    assert fault.value.cause is Cause.GARBAGE


@given(st.text(max_size=2000))
def test_the_evidence_of_any_garbage_is_a_few_clean_lines(text: str) -> None:
    with pytest.raises(Fault) as fault:
        check(text, "stop")
    assert all(line.isprintable() for line in (fault.value.detail, *fault.value.evidence))
    assert len(fault.value.evidence) <= 5


@given(st.text(min_size=1, max_size=24), st.integers(16, 40))
def test_what_is_said_over_and_over_is_seen(unit: str, times: int) -> None:
    ruling = set(unit) <= set(" \t\n-_=.|:*#~")
    assert repeats("Начало " + unit * times) or ruling


def test_long_answers_are_judged_in_no_time() -> None:
    text = " ".join(f"слово{number}" for number in range(5000))
    began = time.perf_counter()
    repeats(text)
    assert time.perf_counter() - began < 2.0


def test_a_model_that_reads_passes() -> None:
    with running() as server:
        answer = read_page(at(server), seconds=10)
        assert answer.text == READING
        assert 0.0 < answer.seconds < 10.0
        assert len(answer.digest) == 64
        assert server.api.last_chat["model"] == "scripted/model"


def test_garbage_is_shown() -> None:
    with running(Script(trouble="garbage")) as server:
        fault = caught(at(server))
    assert fault.cause is Cause.GARBAGE
    assert fault.detail.startswith("!!!!")
    assert fault.evidence[0].startswith("!!!!")


def test_an_engine_that_never_answers_hangs() -> None:
    with running(Script(trouble="hang")) as server:
        assert caught(at(server), seconds=0.3).cause is Cause.ENGINE_HUNG


def test_who_cancels_does_not_wait() -> None:
    with running(Script(trouble="hang")) as server, pytest.raises(Fault) as fault:
        read_page(at(server), seconds=60.0, cancelled=lambda: True)
    assert fault.value.cause is Cause.CANCELLED


@pytest.mark.parametrize("trouble", ["dead", "unavailable", "cut"])
def test_an_engine_that_breaks_is_dead(trouble: str) -> None:
    with running(Script(trouble=trouble)) as server:
        assert caught(at(server)).cause is Cause.ENGINE_DEAD


def test_a_server_that_is_away_is_dead_and_a_remote_one_unreachable() -> None:
    away = replace(DEPLOYMENT, port=free_port())
    assert caught(away).cause is Cause.ENGINE_DEAD
    assert caught(replace(away, driver="remote", endpoint=away.address)).cause is Cause.ENDPOINT_UNREACHABLE


def test_another_model_than_asked_for_is_told() -> None:
    with running() as server:
        assert caught(replace(at(server), served_name="another/model")).cause is Cause.WRONG_MODEL


def test_a_key_that_is_refused_is_told() -> None:
    with running(key="secret") as server:
        assert caught(at(server)).cause is Cause.ENDPOINT_REFUSED
        read_page(at(server), seconds=10, key="secret")


@pytest.mark.parametrize(
    ("status", "message", "cause"),
    [
        (400, "Input length (11132) exceeds model's maximum context length (8192).", Cause.CONTEXT_TOO_LONG),
        (
            400,
            "The image item with length 5000 exceeds the pre-allocated encoder cache size 2048.",
            Cause.CONTEXT_TOO_LONG,
        ),
        (400, "Failed to apply Qwen2VLProcessor on data={'images': ...}", Cause.PROCESSOR_BROKEN),
        (400, "At most 0 image(s) may be provided in one prompt.", Cause.PROCESSOR_BROKEN),
        (400, "This model is not a multimodal model.", Cause.PROCESSOR_BROKEN),
        (400, "Grammar error", Cause.UNKNOWN),
        (429, "Too many requests", Cause.ENDPOINT_REFUSED),
        (500, "CUDA out of memory. Tried to allocate 2.89 GiB.", Cause.OOM_REQUEST),
        (500, "EngineCore encountered an issue. See stack trace (above) for the root cause.", Cause.ENGINE_DEAD),
        (502, "Bad Gateway", Cause.ENGINE_DEAD),
    ],
)
def test_a_refusal_is_named_and_keeps_the_servers_words(
    status: int, message: str, cause: Cause, monkeypatch: pytest.MonkeyPatch
) -> None:
    from docstation.station import canary
    from docstation.station.talk import Answer

    body = json.dumps({"error": {"message": message, "code": status}}).encode()
    monkeypatch.setattr(canary, "post", lambda *_, **__: Answer(status, body))
    fault = caught(DEPLOYMENT)
    assert (fault.cause, fault.detail) == (cause, f"{status} {message}")


@pytest.mark.parametrize(
    "body", [b"", b"null", b"{}", b'{"choices": []}', b'{"choices": [1]}', b'{"choices": [{"message": null}]}',
             b'{"choices": [{"message": {"content": null}, "finish_reason": "stop"}]}', b"<html>"],
)  # fmt: skip
def test_an_answer_of_another_form_is_garbage(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    from docstation.station import canary
    from docstation.station.talk import Answer

    monkeypatch.setattr(canary, "post", lambda *_, **__: Answer(200, body))
    assert caught(DEPLOYMENT).cause is Cause.GARBAGE


def test_the_words_of_the_page_are_all_different() -> None:
    words = " ".join((TITLE, *LINES, *(cell for row in ROWS for cell in row))).casefold().split()
    assert len(set(words)) == len(words) == 13
