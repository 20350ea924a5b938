"""Requests: messages in each dialect, bodies of the OpenAI interface, pictures as data URLs."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from docstation.document.geometry import Box
from docstation.inference.asking import ChatRequest, Repetition, messages, user_message
from docstation.inference.images import encode
from docstation.inference.profile import Sampling
from docstation.inference.profiles import load_profile

DOTS, QWEN = load_profile("dots-ocr"), load_profile("qwen3-vl")
SCHEMA = {"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]}


def test_the_picture_comes_first_and_its_mark_leads_the_words_where_the_model_wants_one():
    for profile, mark in ((DOTS, "<|img|><|imgpad|><|endofimg|>"), (QWEN, "")):
        picture, words = user_message(profile, "Read.", ["data:image/png;base64,AA=="])["content"]
        assert picture == {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
        assert words == {"type": "text", "text": f"{mark}Read."}


def test_without_pictures_the_words_stand_alone():
    assert user_message(DOTS, "Read.") == {"role": "user", "content": "Read."}


def test_what_was_said_before_stands_between_system_and_question(tmp_path):
    (tmp_path / "qwen3-vl.toml").write_text('system = "Be brief."')
    profile = load_profile("qwen3-vl", tmp_path)
    said = messages(profile, "And?", history=[{"role": "user", "content": "A"}, {"role": "assistant", "content": "B"}])
    assert [one["role"] for one in said] == ["system", "user", "assistant", "user"]


def test_a_body_says_what_was_asked_and_nothing_else():
    request = ChatRequest("m", [{"role": "user", "content": "A"}], 100, Sampling(0.1))
    assert request.body() == {
        "model": "m",
        "messages": [{"role": "user", "content": "A"}],
        "max_tokens": 100,
        "temperature": 0.1,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_a_schema_a_guard_stops_and_a_seed_are_sent_where_they_are_given():
    request = ChatRequest("m", [], 9, schema=SCHEMA, schema_name="bill", repetition=Repetition(), stop=("\n",), seed=7)
    body = json.loads(json.dumps(request.body()))
    assert body["response_format"]["json_schema"] == {"name": "bill", "schema": SCHEMA, "strict": True}
    assert body["repetition_detection"] == {"max_pattern_size": 120, "min_pattern_size": 20, "min_count": 12}
    assert (body["stop"], body["seed"]) == (["\n"], 7)


def decoded(url: str) -> Image.Image:
    head, _, data = url.partition(",")
    assert head in ("data:image/png;base64", "data:image/jpeg;base64")
    return Image.open(io.BytesIO(base64.b64decode(data, validate=True)))


@pytest.mark.parametrize("form", ["png", "jpeg"])
def test_a_picture_is_sent_in_the_size_that_was_planned(form):
    pixels = np.full((300, 200, 3), 255, np.uint8)
    picture = decoded(encode(pixels, (56, 84), form=form))
    assert (picture.size, picture.mode, picture.format) == ((56, 84), "RGB", form.upper())


def test_a_region_is_cut_out_where_it_stands():
    pixels = np.zeros((100, 100, 3), np.uint8)
    pixels[40:60, 20:80] = 255
    picture = np.asarray(decoded(encode(pixels, (56, 28), region=Box(20, 40, 80, 60))))
    assert (picture[3:-3, 3:-3] == 255).all()
    assert picture.min() > 200


def test_a_picture_of_the_right_size_is_not_touched():
    pixels = np.random.default_rng(1).integers(0, 255, (28, 56, 3), np.uint8)
    assert (np.asarray(decoded(encode(pixels, (56, 28)))) == pixels).all()


def test_a_region_outside_is_refused():
    with pytest.raises(ValueError, match="nothing of the picture"):
        encode(np.zeros((10, 10, 3), np.uint8), (28, 28), region=Box(20, 20, 30, 30))
