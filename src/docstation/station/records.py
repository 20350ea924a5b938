"""Events and states as JSON for the journal, and back; frozen dataclasses in, plain objects out.

Written by hand and not with a validating library: ``status`` reads the journal and must start in an instant.
"""

from __future__ import annotations

import types
import typing
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import cache

from docstation.station.words import Event, State

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

EVENTS: dict[str, type[Event]] = {kind.__name__: kind for kind in typing.get_args(Event)}


def event_to_json(event: Event) -> dict[str, Json]:
    """The event's fields, its class as ``event``."""
    made = _to_json(event)
    assert isinstance(made, dict)
    return {"event": type(event).__name__, **made}


def event_from_json(value: dict[str, Json]) -> Event:
    """The event again; ValueError for what no version of ours wrote."""
    name = value.get("event")
    kind = EVENTS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ValueError(name)
    made = _from_json(kind, {key: one for key, one in value.items() if key != "event"})
    return typing.cast("Event", made)


def state_to_json(state: State) -> dict[str, Json]:
    """The state's fields."""
    return typing.cast("dict[str, Json]", _to_json(state))


def state_from_json(value: Json) -> State:
    """The state again; ValueError for what no version of ours wrote."""
    return typing.cast("State", _from_json(State, value))


def _to_json(value: object) -> Json:
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _to_json(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [_to_json(one) for one in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(type(value))


def _from_json(kind: object, value: Json) -> object:
    if isinstance(kind, type) and is_dataclass(kind):
        if not isinstance(value, dict):
            raise ValueError(value)
        hints = _hints(kind)
        # Keys of a newer version are passed over, those that an older one lacked have their defaults.
        return kind(**{name: _from_json(hints[name], one) for name, one in value.items() if name in hints})
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        if not isinstance(value, list):
            raise ValueError(value)
        parts = inner[:1] * len(value) if inner[-1] is Ellipsis else inner
        return tuple(_from_json(part, one) for part, one in zip(parts, value, strict=True))
    if origin in {types.UnionType, typing.Union}:
        return None if value is None else _from_json(next(one for one in inner if one is not type(None)), value)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(str(value))
    return value


@cache
def _hints(kind: type) -> dict[str, object]:
    return typing.get_type_hints(kind)
