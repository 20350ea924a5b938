from __future__ import annotations

import pytest
from fastapi import APIRouter
from starlette.testclient import TestClient

from docstation.errors import NotFound
from docstation.messages import accepted
from docstation.service.app import HealthSeen, build


@pytest.mark.parametrize(
    ("header", "language"),
    [("ru", "ru"), ("ru-RU,ru;q=0.9,en;q=0.8", "ru"), ("de, en-GB;q=0.5", "en"), ("de", ""), ("", ""), (";,", "")],
)
def test_the_first_language_that_is_spoken_is_taken(header: str, language: str):
    assert accepted(header) == language


def test_a_refusal_is_told_in_the_language_of_its_request_and_no_other_is_changed():
    api = APIRouter()

    @api.get("/gone")
    def gone() -> None:
        raise NotFound(name="a.pdf")

    client = TestClient(build([api], lambda: HealthSeen("ok")))

    def said(**headers: str) -> str:
        message: str = client.get("/gone", headers=headers).json()["error"]["message"]
        return message

    english = said()
    assert said(**{"Accept-Language": "ru"}) != english
    assert said(**{"Accept-Language": "en"}) == english == said()
