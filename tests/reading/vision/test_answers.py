"""Each way in which an answer ends, as the asker tells it, from a server that does so."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from docstation.inference.completions import Client, Timeouts
from docstation.inference.profile import Task
from docstation.inference.served import active
from docstation.reading.vision.answers import Answer, Asker, End, worst
from docstation.reading.vision.estimate import Estimate
from docstation.reading.vision.planner import Ask, Planner
from docstation.testing.model_server import Running, running
from docstation.testing.model_server_script import Script

PIXELS = np.full((400, 300, 3), 255, np.uint8)
BLOCKS = [{"bbox": [10, 20 * n, 200, 20 * n + 15], "category": "Text", "text": f"строка {n}"} for n in range(1, 6)]
LAYOUT = json.dumps(BLOCKS, ensure_ascii=False)
NAME = "rednote-hilab/dots.ocr"


@contextmanager
def asker(server: Running, *, between: float = 60.0, clock: Callable[[], float] = time.monotonic) -> Iterator[Asker]:
    model = active(server.address)
    waits = Timeouts(between=between)
    made = Asker(
        model, lambda late: Client(server.address, "", waits, patience=0.0, cancelled=late), at_once=3, clock=clock
    )
    yield made
    made.close()


def planned(asker: Asker) -> Ask:
    return Planner(asker.model.profile, asker.model.context).page((300, 400), 100, Estimate(100, 5)).asks[0]


def answered(script: Script, *, seconds: float = 60.0, between: float = 60.0) -> Answer:
    with running(script, name=NAME) as server, asker(server, between=between) as made:
        return made.ask(PIXELS, planned(made), until=time.monotonic() + seconds)


def texts(answer: Answer) -> list[str]:
    return [item.text for item in answer.items if not item.partial]


def test_a_whole_layout() -> None:
    answer = answered(Script(answer=LAYOUT))
    assert answer.end is End.STOP
    assert texts(answer) == [one["text"] for one in BLOCKS]
    assert answer.tokens == -(-len(LAYOUT) // 4)


def test_the_empty_list_is_an_answer_and_silence_is_none() -> None:
    assert answered(Script(answer="[]")).end is End.STOP
    assert answered(Script(answer="")).end is End.GARBLED


def test_words_instead_of_blocks() -> None:
    assert answered(Script(answer="Извините, я не могу прочитать эту страницу.")).end is End.GARBLED


@pytest.mark.parametrize("shown", [0.3, 0.5, 0.9])
def test_a_loop_is_cut_and_its_good_part_kept_without_what_was_repeated(shown: float) -> None:
    begun = LAYOUT[: int(shown * len(LAYOUT))]
    answer = answered(Script(answer=begun + "и ещё раз. " * 5000))
    assert answer.end is End.LOOP
    assert len(answer.text) < len(begun) + 200
    whole = begun.count("}")
    assert texts(answer)[:whole] == [one["text"] for one in BLOCKS[:whole]]
    assert all(len(item.text) < 200 for item in answer.items)


def test_a_full_window_keeps_what_was_said() -> None:
    answer = answered(Script(answer=LAYOUT + " ".join(str(7919 * n * n) for n in range(20_000))))
    assert answer.end is End.LENGTH
    assert texts(answer) == [one["text"] for one in BLOCKS]


@pytest.mark.parametrize(
    ("trouble", "end"),
    [("cut", End.BROKEN), ("breaks", End.BROKEN), ("error", End.BROKEN), ("unavailable", End.BROKEN)],
)
def test_an_engine_that_breaks(trouble: str, end: End) -> None:
    with running(Script(answer=LAYOUT), name=NAME) as server, asker(server) as made:
        ask = planned(made)
        server.api.script = server.api.script.changed({"trouble": trouble, "trouble_requests": 1})
        assert made.ask(PIXELS, ask, until=time.monotonic() + 60).end is end
        assert made.ask(PIXELS, ask, until=time.monotonic() + 60).end is End.STOP


def test_what_was_said_before_it_broke_is_kept() -> None:
    answer = answered(Script(answer=LAYOUT, trouble="cut"))
    assert answer.end is End.BROKEN
    assert 1 <= len(texts(answer)) < len(BLOCKS)


def test_a_refusal_carries_the_servers_words() -> None:
    answer = answered(Script(answer=LAYOUT, trouble="overflow"))
    assert answer.end is End.REFUSED
    assert "maximum context length" in answer.problem


def test_another_model_by_now() -> None:
    with running(Script(answer=LAYOUT), name=NAME) as server, asker(server) as made:
        ask = planned(made)
        server.api.script = server.api.script.changed({"served_name": "Qwen/Qwen3-VL-4B-Instruct"})
        assert made.ask(PIXELS, ask, until=time.monotonic() + 60).end is End.AWAY


def test_an_answer_that_stands_still_is_given_up() -> None:
    assert answered(Script(answer=LAYOUT, piece_seconds=30.0), between=0.3).end is End.OVERDUE


def test_a_deadline_ends_an_answer_that_comes_slowly_and_keeps_what_came() -> None:
    answer = answered(Script(answer=LAYOUT, piece_seconds=0.02), seconds=1.2)
    assert answer.end is End.OVERDUE
    assert texts(answer)


def test_nobody_there() -> None:
    with running(Script(answer=LAYOUT), name=NAME) as server:
        model = active(server.address)
    made = Asker(model, lambda late: Client(server.address, "", Timeouts(), cancelled=late))
    ask = Planner(model.profile, 8192).page((300, 400), 100, Estimate(100, 5)).asks[0]
    assert made.ask(PIXELS, ask, until=time.monotonic() + 60).end is End.BROKEN


def test_answers_come_in_the_order_of_the_questions() -> None:
    with running(Script(answer="текст"), name=NAME) as server, asker(server) as made:
        asks = [Ask(Task.TEXT, planned(made).region, (28 * n, 56), "?", 5, n * 2, 100) for n in range(2, 9)]
        answers = made.ask_all(PIXELS, asks, until=time.monotonic() + 60)
        assert [one.ask for one in answers] == asks
        assert {one.text for one in answers} == {"текст"}
        assert made.ask_all(PIXELS, [], until=0.0) == []


def test_a_warmer_question_says_so() -> None:
    with running(Script(answer=LAYOUT), name=NAME) as server, asker(server) as made:
        temperatures = []
        for attempt in range(3):
            made.ask(PIXELS, planned(made), until=time.monotonic() + 60, attempt=attempt)
            temperatures.append(server.api.last_chat.get("temperature", 0.0))
        assert sorted(set(temperatures)) == temperatures


def test_the_worst_of_several_ends() -> None:
    assert worst([End.STOP, End.LENGTH, End.BROKEN, End.LOOP]) is End.BROKEN
    assert worst([]) is End.STOP
