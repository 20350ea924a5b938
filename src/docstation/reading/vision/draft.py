"""One object of an answer while it is being read: keys, values and arrays, however badly they are put together.

Knows the order in which tokens come, nothing of how they were found. What it gives in the end are fields.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from docstation.reading.vision.fields import BOX_KEYS, CATEGORY_KEYS, KNOWN_KEYS, TEXT_KEYS, Fields, Note


@dataclass(slots=True)
class Draft:
    """An object in the making.

    Attributes:
        start: offset of its brace.
        fields: values by key; those of arrays as lists of their parts.
        key: whose value comes next, None where a key is to come.
        array: parts of the open array.
        depth: of open arrays.
        last: the last string, until it proves a key or a value.
        notes: what was mended.
    """

    start: int
    fields: dict[str, str | list[str]] = field(default_factory=dict)
    key: str | None = None
    array: list[str] = field(default_factory=list)
    depth: int = 0
    last: str | None = None
    notes: list[Note] = field(default_factory=list)

    def put(self, value: str) -> None:
        """Take a string or a bare word: a part of the open array, the key's value, or perhaps a key."""
        self.assume_colon()
        if self.depth:
            self.array.append(value)
            self.last = value
        elif self.key is not None:
            self.fields.setdefault(self.key, value)
            self.key = None
        else:
            self.last = value

    def colon(self) -> None:
        """The last string was a key."""
        key, self.last = self.last, None
        if key is None:
            return
        if self.depth:
            # A key in the midst of an array: its bracket is missing.
            self.array.pop()
            self.close_all()
            self.notes.append(Note.BROKEN)
        self.key = key.strip().lower()

    def assume_colon(self) -> None:
        """What comes now is a value: a known key before it lacks its colon."""
        if self.key is None and self.depth == 0 and self.last in KNOWN_KEYS:
            self.colon()
            self.notes.append(Note.BROKEN)

    def open_array(self) -> None:
        """An opening bracket."""
        self.assume_colon()
        self.depth += 1
        self.last = None

    def close_array(self) -> None:
        """A closing bracket."""
        self.last = None
        if self.depth == 0:
            self.notes.append(Note.BROKEN)
        elif self.depth > 1:
            self.depth -= 1
        else:
            self.close_all()

    def close_all(self) -> None:
        """The outermost open array ends, and with it those inside of it; an empty one gives no value."""
        if self.depth and self.key is not None and self.array:
            self.fields.setdefault(self.key, self.array)
        if self.depth:
            self.key = None
        self.array, self.depth = [], 0

    def cut(self) -> None:
        """The answer ended here: of an open array nobody knows whether its last number is whole, or the last."""
        if self.key is not None and self.key in BOX_KEYS:
            self.array = []
        self.close_all()

    def read(self) -> Fields:
        """The fields by meaning; the first of several that mean the same counts."""
        return Fields(self._parts(BOX_KEYS), self._text(CATEGORY_KEYS), self._text(TEXT_KEYS))

    def _parts(self, keys: frozenset[str]) -> list[str] | None:
        found = next((value for key, value in self.fields.items() if key in keys), None)
        return [found] if isinstance(found, str) else found

    def _text(self, keys: frozenset[str]) -> str | None:
        found = self._parts(keys)
        return None if found is None else "\n".join(found)
