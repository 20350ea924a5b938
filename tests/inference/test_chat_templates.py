"""Our chat template of dots.ocr, rendered by the real template engine as vLLM sets it up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from docstation.inference.asking import messages
from docstation.inference.profile import Task
from docstation.inference.profiles import chat_template, load_profile
from docstation.models.arguments import arguments
from docstation.models.catalogue import load_catalogue
from docstation.models.plan import Item, Line, MemoryPlan, Verdict

PICTURE = "<|img|><|imgpad|><|endofimg|>"
IMAGE = {"type": "image"}
DOTS = load_profile("dots-ocr")


def rendered(*said, generate=True):
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(chat_template("dots-ocr"))
    return template.render(messages=list(said), add_generation_prompt=generate)


def text(words):
    return {"type": "text", "text": words}


@pytest.mark.parametrize(
    "content",
    [
        f"{PICTURE}Read.",
        f"{PICTURE}\nRead.",
        [IMAGE, text("Read.")],
        [text("Read."), IMAGE],
        [IMAGE, text(f"{PICTURE}Read.")],
        [text(PICTURE), text("Read."), IMAGE],
    ],
)
def test_a_picture_comes_first_then_the_words_and_roles_are_always_there(content):
    said = rendered({"role": "user", "content": content})
    assert said == f"<|user|>{PICTURE}Read.<|endofuser|><|assistant|>"


@pytest.mark.parametrize("content", ["Read.", [text("Re"), text("ad.")]])
def test_words_alone_are_said_alike_in_either_form(content):
    assert rendered({"role": "user", "content": content}) == "<|user|>Read.<|endofuser|><|assistant|>"


def test_a_conversation_keeps_its_turns():
    said = rendered(
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [IMAGE, text("What?")]},
        {"role": "assistant", "content": "A bill."},
        {"role": "user", "content": "Whose?"},
    )
    assert said == (
        f"<|systemprompt|>Be brief.<|endofsystemprompt|><|user|>{PICTURE}What?<|endofuser|>"
        "<|assistant|>A bill.<|endofassistant|><|user|>Whose?<|endofuser|><|assistant|>"
    )


def test_nothing_is_opened_where_no_answer_is_wanted():
    assert rendered({"role": "user", "content": "A"}, generate=False) == "<|user|>A<|endofuser|>"


def test_line_breaks_in_the_words_stay():
    assert rendered({"role": "user", "content": "a\n\nb\n"}) == "<|user|>a\n\nb\n<|endofuser|><|assistant|>"


def test_an_empty_message_has_its_roles():
    assert rendered({"role": "user", "content": None}) == "<|user|><|endofuser|><|assistant|>"


def test_the_template_is_one_word_that_no_server_takes_for_a_file_name():
    word = chat_template("dots-ocr")
    assert "\n" not in word
    assert word.isascii()
    assert "{" in word


def serving(name, **about):
    entry = load_catalogue().entries[name]
    bill = (Line(Item.WEIGHTS, 6_000_000_000), Line(Item.KV_CACHE, 512 * 2**20))
    plan = MemoryPlan(replace(entry, **about), Verdict.FITS, bill, 12_000_000_000, 16_653_484_032, 0.69, 18_724)
    return arguments(plan, port=8001, chat_template=chat_template(entry.profile))


@pytest.mark.parametrize("name", ["dots-ocr", "dots-mocr"])
def test_the_server_is_started_with_it(name):
    words = serving(name)
    assert words[words.index("--chat-template") + 1] == chat_template("dots-ocr")
    assert words[words.index("--chat-template-content-format") + 1] == "string"


def test_other_models_keep_their_own():
    assert "--chat-template" not in serving("qwen3-vl-4b")


@pytest.mark.parametrize("own", [("--chat-template", "mine.jinja"), ("--chat-template=mine.jinja",)])
def test_a_template_of_the_users_wins(own):
    words = serving("dots-ocr", arguments=own)
    assert words[-len(own) :] == own
    assert chat_template("dots-ocr") not in words


def test_our_own_request_renders_as_the_model_was_trained():
    (message,) = messages(DOTS, DOTS.prompt(Task.TEXT), ["data:image/png;base64,AA=="])
    parts = [IMAGE if part["type"] == "image_url" else part for part in message["content"]]
    assert rendered({**message, "content": parts}) == (
        f"<|user|>{PICTURE}{DOTS.prompt(Task.TEXT)}<|endofuser|><|assistant|>"
    )
