"""Typed access to parsed JSON that names the place of every mistake.

Used by the codec only; knows nothing of documents.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, TypeVar

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"
JsonObject: TypeAlias = dict[str, Value]

Choice = TypeVar("Choice", bound=StrEnum)


class FormatError(ValueError):
    """A JSON value is not what it should be; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One JSON object and the place where it stands, such as ``document.pages[2]``."""

    value: JsonObject
    place: str

    @classmethod
    def of(cls, value: Value, place: str) -> Reader:
        """Wrap `value`; raises FormatError unless it is an object."""
        if not isinstance(value, dict):
            raise FormatError(f"{place}: an object is expected")
        return cls(value, place)

    def has(self, key: str) -> bool:
        """Whether the key is there and not null."""
        return self.value.get(key) is not None

    def text(self, key: str, default: str | None = None) -> str:
        """A string."""
        found = self.value.get(key, default)
        if not isinstance(found, str):
            raise self._wrong(key, "a string")
        return found

    def texts(self, key: str) -> list[str]:
        """A list of strings, empty where the key is missing."""
        found = [item for item in self._list(key) if isinstance(item, str)]
        if len(found) != len(self._list(key)):
            raise self._wrong(key, "a list of strings")
        return found

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number."""
        found = self.value.get(key, default)
        if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
            raise self._wrong(key, "a number")
        return float(found)

    def numbers(self, key: str, count: int | None = None) -> list[float]:
        """A list of finite numbers, `count` of them where given."""
        found = [
            float(item)
            for item in self._list(key)
            if isinstance(item, int | float) and not isinstance(item, bool) and math.isfinite(item)
        ]
        if len(found) != len(self._list(key)) or (count is not None and len(found) != count):
            raise self._wrong(key, f"a list of {count or ''} numbers".replace("  ", " "))
        return found

    def integer(self, key: str, default: int | None = None, *, least: int = 0) -> int:
        """A whole number of at least `least`."""
        found = self.value.get(key, default)
        if isinstance(found, bool) or not isinstance(found, int) or found < least:
            raise self._wrong(key, f"a whole number from {least}")
        return found

    def flag(self, key: str) -> bool:
        """A boolean, False where the key is missing."""
        found = self.value.get(key, False)
        if not isinstance(found, bool):
            raise self._wrong(key, "true or false")
        return found

    def choice(self, key: str, kind: type[Choice], default: Choice | None = None) -> Choice:
        """A member of `kind` by its value."""
        text = self.text(key, default)
        try:
            return kind(text)
        except ValueError as error:
            raise self._wrong(key, " or ".join(kind)) from error

    def child(self, key: str) -> Reader:
        """The object under the key."""
        return Reader.of(self.value.get(key), f"{self.place}.{key}")

    def children(self, key: str) -> Iterator[Reader]:
        """The objects of the list under the key; none where it is missing."""
        for index, item in enumerate(self._list(key)):
            yield Reader.of(item, f"{self.place}.{key}[{index}]")

    def _list(self, key: str) -> list[Value]:
        found = self.value.get(key, [])
        if not isinstance(found, list):
            raise self._wrong(key, "a list")
        return found

    def _wrong(self, key: str, expected: str) -> FormatError:
        return FormatError(f"{self.place}.{key}: {expected} is expected")
