"""The incremental parser of layout answers: fed as the model writes, it gives each block once its object is closed.

A forgiving reader of JSON, not a strict one: prose and fences around the array, wrappers, missing commas, quotes and
brackets, quotes inside of strings, single backslashes, an end anywhere. How the answer was cut into pieces never
changes what is read. Linear in the length of the answer. Knows nothing of pages; boxes stay in the model's coordinates.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from docstation.reading.vision.draft import Draft
from docstation.reading.vision.fields import Note, ParsedBlock, block_of
from docstation.reading.vision.string_end import Undecided, begins_key, ends_value, swallowed
from docstation.reading.vision.strings import decoded

_LONGEST_BARE = 64
_BARE = re.compile(rf"[^\s,:\[\]{{}}\"]{{1,{_LONGEST_BARE}}}")
_SPACE = re.compile(r"[\s,]+")
_STRING_STOP = {'"': re.compile(r'["\\]'), "'": re.compile(r"['\\]")}
_OBJECT_SIGNS = frozenset("\"'{}[]:")
_OUTSIDE_STOP = re.compile(r"[{\]]")
_TORN_END = " \t\r\n,}]"


class _In(Enum):
    OUTSIDE = auto()
    OBJECT = auto()
    STRING = auto()


class StreamParser:
    """Feed it the pieces of an answer in their order; then close it."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._text = ""
        self._at = 0
        self._base = 0
        """Offset in the answer of `_text`'s first character."""
        self._state = _In.OUTSIDE
        self._draft: Draft | None = None
        self._quote = '"'
        self._string: list[str] = []
        self._stuck = False
        """Whether a quote is there that only what follows can judge."""
        self._found: list[ParsedBlock] = []
        self._final = False
        self.ended = False
        """Whether the answer's outer array was closed after its last block."""

    def feed(self, delta: str) -> list[ParsedBlock]:
        """Take the next piece; returns the blocks whose objects it closes, most often none."""
        self._pieces.append(delta)
        if not self._may_matter(delta):
            return []
        return self._run()

    def close(self) -> ParsedBlock | None:
        """The answer is over; returns what can be saved of the object that it ended in, or None.

        Blocks that only the end of the answer makes whole cannot occur: an object is whole by its own brace.
        """
        self._final = True
        self._run()
        draft, self._draft = self._draft, None
        if draft is None:
            return None
        if self._state is _In.STRING:
            draft.put(decoded("".join(self._string)))
        draft.cut()
        fields = draft.read()
        if not fields.is_block:
            return None
        return block_of(fields, draft.start, self._base + len(self._text), [*draft.notes, Note.CUT], partial=True)

    def _may_matter(self, delta: str) -> bool:
        """Whether anything can be decided now; else the piece just waits for the next ones."""
        if self._state is _In.STRING:
            return self._quote in delta or (self._stuck and bool(delta.strip()))
        if self._state is _In.OUTSIDE:
            return "{" in delta or "]" in delta
        return not _OBJECT_SIGNS.isdisjoint(delta)

    def _run(self) -> list[ParsedBlock]:
        self._base += self._at
        self._text = self._text[self._at :] + "".join(self._pieces)
        self._at = 0
        self._pieces.clear()
        self._stuck = False
        try:
            while self._at < len(self._text):
                self._step()
        except Undecided:
            self._stuck = self._state is _In.STRING and bool(_STRING_STOP[self._quote].search(self._text, self._at))
        found, self._found = self._found, []
        return found

    @property
    def _now(self) -> Draft:
        assert self._draft is not None
        return self._draft

    def _step(self) -> None:
        if self._state is _In.OUTSIDE:
            self._outside()
        elif self._state is _In.STRING:
            self._in_string()
        else:
            self._in_object()

    def _outside(self) -> None:
        match = _OUTSIDE_STOP.search(self._text, self._at)
        if match is None:
            self._at = len(self._text)
            return
        self._at = match.end()
        if match[0] == "]":
            self.ended = True
        else:
            self._open(self._base + match.start())

    def _open(self, start: int) -> None:
        self._draft = Draft(start)
        self._state = _In.OBJECT
        self.ended = False

    def _in_object(self) -> None:
        draft = self._now
        if space := _SPACE.match(self._text, self._at):
            self._at = space.end()
            return
        sign = self._text[self._at]
        if sign in "{}":
            self._brace(draft, sign)
        elif sign == '"' or (sign == "'" and self._opens_string(draft)):
            draft.assume_colon()
            self._state, self._quote, self._string = _In.STRING, sign, []
            self._at += 1
        elif sign == "[":
            draft.open_array()
            self._at += 1
        elif sign == "]":
            draft.close_array()
            self._at += 1
        elif sign == ":":
            draft.colon()
            self._at += 1
        else:
            self._bare(draft)

    def _brace(self, draft: Draft, sign: str) -> None:
        """An object ends; or another begins inside, which closes this one, or shows it to be a wrapper."""
        self._at += 1
        if draft.depth or sign == "{":
            draft.notes.append(Note.BROKEN)
            draft.close_all()
        if draft.read().is_block:
            self._emit(draft, self._base + self._at - (sign == "{"))
        self._draft, self._state = None, _In.OUTSIDE
        if sign == "{":
            self._open(self._base + self._at - 1)

    def _emit(self, draft: Draft, end: int) -> None:
        self._found.append(block_of(draft.read(), draft.start, end, draft.notes))

    def _opens_string(self, draft: Draft) -> bool:
        """Whether a single quote is one of Python's string quotes, not an apostrophe in prose."""
        awaits_value = draft.key is not None or draft.depth > 0
        return awaits_value or begins_key(self._text, self._at, final=self._final)

    def _bare(self, draft: Draft) -> None:
        """A number, a literal, a key without quotes, or noise."""
        match = _BARE.match(self._text, self._at)
        assert match is not None
        if match.end() == len(self._text) and len(match[0]) < _LONGEST_BARE:
            # It may go on; at the very end nobody knows whether a number was whole.
            raise Undecided
        self._at = match.end()
        if match[0] != "null":
            draft.put(match[0])
        elif draft.key is not None and not draft.depth:
            draft.key = None

    def _in_string(self) -> None:
        match = _STRING_STOP[self._quote].search(self._text, self._at)
        if match is None:
            if self._final:
                self._take(len(self._text))
            raise Undecided
        at = match.start()
        self._take(at)
        if match[0] == "\\":
            self._escape()
        elif sign := swallowed("".join(self._string[-1:]), self._text, at, final=self._final):
            self._end_broken(sign)
        elif self._ends(at + 1):
            self._at = at + 1
            self._end_string()
        else:
            self._take(at + 1)
            self._now.notes.append(Note.BROKEN)

    def _escape(self) -> None:
        """A backslash and what it escapes."""
        if self._at + 1 == len(self._text) and not self._final:
            raise Undecided
        self._take(self._at + 2)

    def _ends(self, at: int) -> bool:
        """Whether the quote before `at` ends the string; keys hold no quotes."""
        draft = self._now
        is_key = draft.key is None and draft.depth == 0
        return is_key or ends_value(self._text, at, in_array=draft.depth > 0, final=self._final)

    def _take(self, end: int) -> None:
        """The text up to `end` belongs to the string."""
        if end > self._at:
            self._string.append(self._text[self._at : end])
            self._at = min(end, len(self._text))

    def _end_string(self) -> None:
        draft = self._now
        draft.put(decoded("".join(self._string)))
        self._state, self._string = _In.OBJECT, []

    def _end_broken(self, sign: str) -> None:
        """End the string before its last `sign`; the quote that comes opens a key, of a new object behind a brace."""
        draft = self._now
        raw = "".join(self._string)
        cut = raw.rindex(sign)
        draft.put(decoded(raw[:cut].rstrip(_TORN_END)))
        draft.notes.append(Note.BROKEN)
        self._state, self._string = _In.OBJECT, []
        if sign == "{":
            brace = self._base + self._at - len(raw) + cut
            if draft.read().is_block:
                self._emit(draft, brace)
            self._open(brace)


def parse(text: str) -> list[ParsedBlock]:
    """All blocks of a whole answer; the last is partial where the answer was cut."""
    parser = StreamParser()
    found = parser.feed(text)
    rest = parser.close()
    return [*found, rest] if rest else found
