"""API keys of the service's clients: listed, made and taken back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from docstation.client.asking import Asking, escaped
from docstation.client.transport import Request
from docstation.document.json_reader import Reader

JSON = {"Content-Type": "application/json"}
USUAL = ("read", "write")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key, as far as anybody may know it.

    Attributes:
        id: of it.
        name: of whoever has it.
        scopes: what it is good for: read, write, station (changes what serves), admin (keys themselves).
        created: seconds of the epoch.
        used: when it was used last, to the minute; None for never.
    """

    id: str
    name: str
    scopes: tuple[str, ...]
    created: float
    used: float | None = None

    @classmethod
    def of(cls, one: Reader) -> ApiKey:
        """From its JSON."""
        used = one.number("used") if one.has("used") else None
        return cls(one.text("id"), one.text("name"), tuple(one.texts("scopes")), one.number("created"), used)


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key that was just made; nobody can tell its `secret` again."""

    key: ApiKey
    secret: str = field(repr=False)

    @classmethod
    def of(cls, one: Reader) -> NewApiKey:
        """From its JSON."""
        return cls(ApiKey.of(one), one.text("key"))


class KeyCalls(Asking):
    """What `docstation.client.Client` offers on keys: over a network with a key of the scope admin, over the socket of
    the state folder without one. Each call may raise what the service raises.
    """

    def api_keys(self) -> tuple[ApiKey, ...]:
        """All keys, the oldest first; without any nobody is asked for one on this machine."""
        return self._read(Request("GET", "/keys"), lambda one: tuple(map(ApiKey.of, one.children("keys"))))

    def add_key(self, name: str, scopes: Sequence[str] = USUAL) -> NewApiKey:
        """Make a key. From the first key on everybody is asked for one, on this machine too.

        Args:
            name: of whoever gets it.
            scopes: what it is good for; any brings read with it.

        Raises:
            UsageError: the name is none, or that of another key.
        """
        body = json.dumps({"name": name, "scopes": [*scopes]}).encode()
        return self._read(Request("POST", "/keys", body=body, headers=JSON), NewApiKey.of)

    def revoke_key(self, which: str) -> ApiKey:
        """Take a key back for ever, by its id or its name; it is refused within two seconds.

        Raises:
            NotFound: there is none.
        """
        return self._read(Request("DELETE", escaped("keys", which)), ApiKey.of)
