from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from docstation.jobs.events import FileStarted
from docstation.jobs.telling import ShownNames, Turns


@given(st.permutations(range(1, 7)))
def test_files_take_turns_whatever_the_order_in_which_they_come(numbers):
    turns, told = Turns(), []
    for number in numbers:
        turns.add(number, FileStarted(str(number), 0))
        turns.add(number, FileStarted(f"{number}, page", 0))
        while turns:
            told.append(turns.take().name)
    assert [name for name in told if "page" not in name] == [str(number) for number in range(1, 7)]
    assert all(told.index(f"{number}, page") > told.index(str(number)) for number in numbers)


@given(st.lists(st.text(st.characters(codec=None), max_size=3)))
def test_names_are_told_apart_and_can_be_written_anywhere(names):
    shown = ShownNames()
    given_names = [shown.give(name) for name in names]
    assert len(set(given_names)) == len(names)
    assert json.loads(json.dumps(given_names, ensure_ascii=False).encode()) == given_names
    assert not any(ord(letter) < 32 for name in given_names for letter in name)


def test_a_name_that_can_be_shown_is_left_as_it_is():
    for name in ("Счёт № 5  от 01.02.pdf", "папка/файл.tiff", "a\u00a0b\u0301.png"):
        assert ShownNames().give(name) == name
