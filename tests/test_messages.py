import ast
import re
from collections.abc import Iterator
from string import Formatter

import pytest

from docstation import messages
from docstation.errors import PasswordError
from docstation.messages import update


@pytest.fixture(autouse=True)
def english_afterwards():
    yield
    messages.use("en")


@pytest.fixture(scope="module")
def template():
    return update.collect()


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_marked_sentence_is_in_each_catalogue(language, template):
    assert [gap.message for gap in update.gaps(language, template)] == [], "run `make messages` and translate"


def test_every_marked_sentence_is_collected_wherever_it_stands(template):
    lost = [
        f"{path.name}:{line}: {text}"
        for path in sorted(update.PACKAGE.rglob("*.py"))
        for line, text in marked(ast.parse(path.read_text(encoding="utf-8")))
        if template.get(text) is None
    ]
    assert lost == [], "Babel finds no call inside an f-string, and no text that is put together"


def marked(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The first text of every call that marks one, and the line on which it stands."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in {"N_", "NP_"}:
            for text in ast.walk(call.args[0]):
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield text.lineno, text.value


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_compiled_catalogues_are_those_that_are_written(language):
    source = update.load(language)
    messages.use(language)
    for message in source:
        if message.id and isinstance(message.id, str):
            assert messages.translate(message.id) == message.string


def test_translations_keep_the_named_fields():
    for message in update.load("ru"):
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        texts = [message.string] if isinstance(message.string, str) else list(message.string)
        allowed = {field for text in ids for field in names(text)}
        for text in texts:
            assert names(text) <= allowed, text
            assert isinstance(message.id, tuple | list) or names(text) == allowed, text


def names(text: str) -> set[str]:
    return {name for _before, name, _spec, _conversion in Formatter().parse(text) if name}


def test_russian_texts_are_russian():
    same = {"Python", "Tesseract", "PDF", "LibreOffice", "Docker"}
    for message in update.load("ru"):
        if message.id and isinstance(message.string, str) and message.string not in same:
            if not re.search("[A-Za-z]", re.sub(r"\{.*?\}", "", message.id)):
                continue  # nothing but fields and signs
            assert re.search("[а-яёА-ЯЁ]", message.string), message.string


@pytest.mark.parametrize(
    ("count", "said"), [(1, "1 страница"), (3, "3 страницы"), (5, "5 страниц"), (11, "11 страниц"), (21, "21 страница")]
)
def test_russian_has_three_plurals(count, said):
    messages.use("ru")
    assert messages.plural("{count} page", "{count} pages", count) == said


@pytest.mark.parametrize(
    ("option", "environ", "setting", "spoken"),
    [
        ("ru", {"DOCSTATION_UI_LANGUAGE": "en"}, "en", "ru"),
        ("", {"DOCSTATION_UI_LANGUAGE": "ru", "LANG": "en_US"}, "en", "ru"),
        ("", {"LANG": "en_US.UTF-8"}, "ru", "ru"),
        ("", {"LC_ALL": "ru_RU.UTF-8", "LANG": "en_US"}, "", "ru"),
        ("", {"LC_MESSAGES": "ru_RU", "LANG": "en_US"}, "auto", "ru"),
        ("", {"LANG": "de_DE.UTF-8", "LANGUAGE": "de:ru"}, "", "ru"),
        ("", {"LANG": "C.UTF-8"}, "", "en"),
        ("auto", {}, "", "en"),
    ],
)
def test_language_is_chosen_by_option_variable_setting_and_locale(option, environ, setting, spoken):
    assert messages.choose(option, environ, setting) == spoken


def test_errors_are_explained_in_the_active_language():
    messages.use("ru")
    sentence, remedy = messages.explain(PasswordError(name="договор.pdf"))
    assert sentence == "договор.pdf: файл защищён паролем."
    assert "--password" in remedy


def test_unknown_sentences_and_missing_fields_stay_readable():
    messages.use("ru")
    assert messages.translate("No such file: {name}.", other=1) == "Файл не найден: {name}."
    assert messages.translate("never said {x}", x=1) == "never said 1"
