"""What is said about each cause: complete, filled in, and of commands that exist."""

import re
from string import Formatter

import pytest
from log_corpus import labelled_logs

from docstation import messages
from docstation.messages import update
from docstation.station.causes import Cause
from docstation.station.remedies import WORDS, advise

EVERY_WORDS = [(cause, words) for cause, several in WORDS.items() for words in several]
COMMANDS = {"plan", "pull", "doctor", "models restore", "models logs", "models status", "models list"}


def fields(message: str) -> set[str]:
    return {name for _before, name, _spec, _conversion in Formatter().parse(message) if name}


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_words_that_need_nothing(cause):
    *more, plain = WORDS[cause]
    assert plain.needs == ()
    assert all(words.needs for words in more)


@pytest.mark.parametrize(("cause", "words"), EVERY_WORDS)
def test_words_use_only_what_they_need(cause, words):
    assert fields(words.sentence) | fields(words.remedy) <= {"model", *words.needs}
    assert words.sentence.endswith(".")
    assert words.remedy.endswith(".")


@pytest.mark.parametrize(("cause", "words"), EVERY_WORDS)
def test_remedies_name_commands_that_exist(cause, words):
    named = re.findall(r"`docstation ((?:models )?[a-z]+)", words.remedy)
    assert set(named) <= COMMANDS


def test_all_words_are_marked_for_translation():
    marked = {message.id for message in update.collect()}
    assert {text for _cause, words in EVERY_WORDS for text in (words.sentence, words.remedy)} <= marked


def test_the_most_telling_words_are_chosen():
    told = advise(Cause.PORT_TAKEN, "Bind for 127.0.0.1:8101 failed: port is already allocated", model="dots-ocr")
    assert messages.translate(told.sentence, **told.fields) == "Port 8101 is in use by another program."
    plain = advise(Cause.PORT_TAKEN, model="dots-ocr", port="")
    assert messages.translate(plain.sentence, **plain.fields) == "The port for dots-ocr is in use by another program."


def test_what_the_caller_knows_wins():
    assert advise(Cause.PORT_TAKEN, "8101 (x)", port="8000").fields["port"] == "8000"


def test_without_a_model_its_place_is_named():
    assert advise(Cause.BUDGET).fields["model"] == "MODEL"


@pytest.mark.parametrize("log", list(labelled_logs()), ids=lambda log: log.name)
def test_every_diagnosis_can_be_told_whole(log):
    found = log.diagnosed()
    told = advise(found.cause, found.detail, model="dots-ocr", **found.fields)
    for message in (told.sentence, told.remedy):
        assert "{" not in messages.translate(message, **told.fields)
