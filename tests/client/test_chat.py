"""Conversations through a real service: kept, streamed, stopped, asked anew, cited; the model is a scripted server."""

from __future__ import annotations

import http.client
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from service_process import ServiceProcess, service_process, until

from docstation.client import ChatBegun, ChatEnded, ChatPiece, Client
from docstation.document.conversation import Attachment, Role, State
from docstation.document.geometry import Box
from docstation.document.model import FURNITURE
from docstation.errors import NoEngine, NotFound

pytestmark = pytest.mark.slow

SAMPLE = Path(__file__).parents[2] / "samples" / "report-mixed.pdf"


def script(service: ServiceProcess, **knobs: object) -> None:
    """Set knobs of the scripted server, and what it was asked last."""
    port = int(service.environment["DOCSTATION_STATION_PORT"])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/control", json.dumps(knobs))
    assert connection.getresponse().read() is not None
    connection.close()


def asked_last(service: ServiceProcess) -> dict[str, object]:
    port = int(service.environment["DOCSTATION_STATION_PORT"])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/control")
    told: dict[str, object] = json.loads(connection.getresponse().read())
    connection.close()
    return told["last_chat"]  # type: ignore[return-value]


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with service_process(tmp_path_factory.mktemp("chat"), "--idle") as made:
        with pytest.raises(NoEngine, match="answers no questions"):
            list(made.client.ask(made.client.begin_conversation().id, "Кто здесь?"))
        change = made.client.switch("qwen3-vl")
        for _event in made.client.change_events(change):
            pass
        yield made


@pytest.fixture
def client(serving: ServiceProcess) -> Client:
    return serving.client


@pytest.fixture(scope="module")
def document(serving: ServiceProcess) -> str:
    made = serving.client.submit(SAMPLE)
    for _event in serving.client.follow(made.id):
        pass
    assert serving.client.job(made.id).state == "done"
    return made.id


def test_an_answer_comes_in_pieces_and_is_kept_with_what_it_cites(
    serving: ServiceProcess, client: Client, document: str
) -> None:
    block = next(one for one in client.page(document, 1).blocks if one.category not in FURNITURE and len(one.text) > 60)
    script(serving, answer=f"Там сказано: «{block.text[:60]}» [{block.id}], и ещё [p9-b9].")
    id = client.begin_conversation().id
    told = list(client.ask(id, "Что там сказано?", [Attachment(document, 1)]))
    begun, pieces, ended = told[0], told[1:-1], told[-1]
    assert isinstance(begun, ChatBegun)
    assert begun.question.attachments[0].name == SAMPLE.name
    assert all(isinstance(one, ChatPiece) for one in pieces)
    assert isinstance(ended, ChatEnded)
    assert ended.answer.state is State.WHOLE
    assert ended.answer.text == "".join(one.text for one in pieces if isinstance(one, ChatPiece))
    assert [(one.document, one.page, one.block) for one in ended.answer.citations] == [(document, 1, block.id)]
    assert ended.answer.citations[0].box == block.box
    conversation, said = client.conversation(id)
    assert conversation.title == "Что там сказано?"
    assert [(one.role, one.text) for one in said] == [
        (Role.USER, "Что там сказано?"),
        (Role.ASSISTANT, ended.answer.text),
    ]
    assert said[1].citations == ended.answer.citations


def test_the_model_sees_the_page_its_blocks_and_what_was_said_before(
    serving: ServiceProcess, client: Client, document: str
) -> None:
    script(serving, answer="Да.")
    id = client.begin_conversation("Беседа").id
    list(client.ask(id, "Первый вопрос", [Attachment(document, 1, Box(0, 0, 600, 300))]))
    list(client.ask(id, "Второй вопрос"))
    messages = json.dumps(asked_last(serving), ensure_ascii=False)
    assert "data:image/png;base64," in messages
    assert "[p1-b" in messages
    assert messages.index("Первый вопрос") < messages.index("Да.") < messages.index("Второй вопрос")


def test_a_listener_that_leaves_stops_the_answer_and_what_came_is_kept(serving: ServiceProcess, client: Client) -> None:
    script(serving, answer="слово " * 2000, piece_seconds=0.02)
    id = client.begin_conversation().id
    told = client.ask(id, "Говори долго")
    for one in told:
        if isinstance(one, ChatPiece):
            break
    told.close()
    answer = until(lambda: (said := client.conversation(id)[1])[-1].state is State.STOPPED and said[-1])
    script(serving, piece_seconds=0)
    assert answer.text.startswith("слов")  # type: ignore[attr-defined]
    assert len(answer.text) < 2000  # type: ignore[attr-defined]


def test_a_question_is_answered_anew_and_an_edited_one_takes_its_place(serving: ServiceProcess, client: Client) -> None:
    script(serving, answer="первый ответ")
    id = client.begin_conversation().id
    list(client.ask(id, "Вопрос"))
    script(serving, answer="второй ответ")
    list(client.ask_again(id, "2"))
    assert [one.text for one in client.conversation(id)[1]] == ["Вопрос", "второй ответ"]
    list(client.ask(id, "Другой вопрос", instead="1"))
    assert [one.text for one in client.conversation(id)[1]] == ["Другой вопрос", "второй ответ"]


def test_an_engine_that_breaks_leaves_what_it_said_with_the_reason(serving: ServiceProcess, client: Client) -> None:
    script(serving, answer="начало и конец " * 50, trouble="cut", trouble_requests=1)
    id = client.begin_conversation().id
    told = list(client.ask(id, "Вопрос"))
    assert isinstance(told[-1], ChatEnded)
    assert told[-1].answer.state is State.BROKEN
    assert told[-1].answer.problem
    assert told[-1].answer.text.startswith("начало")


def test_an_image_of_ones_own_is_drawn_anew_and_asked_about(serving: ServiceProcess, client: Client) -> None:
    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (400, 300), "white").save(stream, "JPEG")
    script(serving, answer="Пусто.")
    id = client.begin_conversation().id
    attached = client.attach_image(id, stream.getvalue(), "снимок.jpg")
    assert attached.name == "снимок.jpg"
    assert client.chat_image(id, attached.image).startswith(b"\x89PNG")
    list(client.ask(id, "Что здесь?", [attached]))
    assert "data:image/png" in json.dumps(asked_last(serving))


def test_conversations_are_found_renamed_and_deleted(serving: ServiceProcess, client: Client) -> None:
    script(serving, answer="про ЁЛКИ")
    one, other = client.begin_conversation("Лес").id, client.begin_conversation("Море").id
    list(client.ask(one, "О чём?"))
    assert [found.id for found in client.conversations("елки")] == [one]
    assert client.rename_conversation(other, "Океан").title == "Океан"
    client.delete_conversation(other)
    with pytest.raises(NotFound):
        client.conversation(other)
    with pytest.raises(NotFound):
        list(client.ask(one, "?", [Attachment("0" * 24, 1)]))
