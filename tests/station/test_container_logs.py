"""Lines of a log as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.station.drivers.container_logs import follow_lines, last_lines
from docstation.station.drivers.log_lines import readable


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"plain", "plain"),
        ("Загрузка весов".encode(), "Загрузка весов"),
        (b"\x1b[32mINFO\x1b[0m 11-25 ready\r", "INFO 11-25 ready"),
        (b"Loading:   0%\rLoading:  50%\rLoading: 100%", "Loading: 100%"),
        (b"\x1b]0;title\x07text\x00\x08", "0;titletext"),
        (b"broken \xff\xfe bytes", "broken \ufffd\ufffd bytes"),
        (b"tab\tstays", "tab\tstays"),
        (b"", ""),
    ],
)
def test_a_line_is_shown_as_its_last_state_without_controls(raw: bytes, shown: str) -> None:
    assert readable(raw) == shown


@given(st.binary())
def test_no_control_character_comes_through(raw: bytes) -> None:
    assert all(letter == "\t" or letter.isprintable() or ord(letter) > 0x9F for letter in readable(raw))


class Written:
    """A client that knows one log, its frames as given."""

    def __init__(self, *frames: bytes) -> None:
        self.frames = frames

    def logs(self, container: str, **options: object) -> object:
        return list(self.frames) if options.get("stream") else b"".join(self.frames)


def stamped(number: int, text: bytes) -> bytes:
    return f"2026-11-25T18:00:00.{number:09}Z ".encode() + text


def test_a_long_line_comes_in_pieces_and_is_one() -> None:
    client = Written(stamped(1, b"one "), stamped(2, b"line"), stamped(3, b"\nand\n"), stamped(4, b"rest"))
    assert list(follow_lines(client, "c", lambda: False)) == ["one line", "and", "rest"]


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    client = Written(*(stamped(number, b"x" * (1 << 19)) for number in range(1, 6)))
    assert [len(line) for line in follow_lines(client, "c", lambda: False)] == [3 << 19, 2 << 19]


def test_a_stream_that_ends_while_the_server_lives_is_taken_up_again() -> None:
    streams = [[], [stamped(1, b"one\n")], [], [stamped(1, b"one\n"), stamped(2, b"two\n")], []]
    lives = iter([True, True, True, False, False])

    class Breaking:
        def logs(self, container: str, **options: object) -> object:
            return streams.pop(0)

    assert list(follow_lines(Breaking(), "c", lambda: next(lives))) == ["one", "two"]
    assert streams == []


def test_the_end_of_a_log_has_no_more_lines_than_asked_for() -> None:
    assert last_lines(Written(b"1\n2\n3\n"), "c", 2) == ["2", "3"]
    assert last_lines(Written(b"1\n\n3"), "c", 9) == ["1", "", "3"]
    assert last_lines(Written(b""), "c", 9) == []
