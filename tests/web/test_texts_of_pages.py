"""No page says anything that is not in the catalogues."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import docstation.web

PACKAGE = Path(docstation.web.__file__).parent
SAYING = frozenset(
    re.findall(
        r"\w+",
        """badge button caption checkbox chat_input code dialog download_button error expander feedback file_uploader
        form_submit_button header info link_button markdown menu_button metric multiselect number_input page_link pills
        popover progress radio segmented_control select_slider selectbox slider spinner status subheader success tabs
        text text_area text_input title toast toggle warning write""",
    )
)
"""Methods of Streamlit that show their first argument."""
LOG = "_LOG"
NAMED = frozenset({"help", "label", "placeholder", "text", "alt", "title"})
LETTERS = re.compile(r"[^\W\d_]{2,}")
MARKUP = re.compile(r":material/\w+:|:\w+(-badge|-background)?\[")


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_page_says_only_what_is_translated(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = [f"{path.name}:{one.lineno}: {text!r}" for one, text in _said(tree) if LETTERS.search(MARKUP.sub("", text))]
    assert said == []


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_page_holds_russian(path: Path) -> None:
    assert re.findall(r"[а-яёА-ЯЁ]+", path.read_text(encoding="utf-8")) == []


def _said(tree: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in SAYING):
            continue
        if isinstance(call.func.value, ast.Name) and call.func.value.id == LOG:
            continue
        named = [one.value for one in call.keywords if one.arg in NAMED]
        for one in [*call.args[:1], *named]:
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                yield one, one.value
            elif isinstance(one, ast.JoinedStr):
                parts = (part.value for part in one.values if isinstance(part, ast.Constant))
                yield one, " ".join(str(part) for part in parts)
