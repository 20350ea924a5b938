"""Keys of clients over HTTP under ``/keys``: listed, made and taken back.

Who may ask is decided by the gateway: whoever has a key of the scope ``admin``, and without one nobody. Over the socket
of the state folder, which only its owner may open, no key is asked for: the first is made there.
"""

from __future__ import annotations

from typing import Annotated, Any, get_args

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, Field

from docstation.jobs.keys import USUAL, KeyRecord, KeyStore, Scope
from docstation.service.documents_api import guard
from docstation.service.documents_shapes import typed_errors

Which = Annotated[str, Path(description="Id of a key, or its name.", examples=["5f2c1d35a8b0"], max_length=100)]
MOST_SCOPES = len(get_args(Scope))


class KeyAsked(BaseModel, extra="forbid"):
    """A key that is to be made.

    Attributes:
        name: of whoever gets it; each is given once.
        scopes: what it is good for; any brings ``read`` with it.
    """

    name: Annotated[str, Field(max_length=200)]
    scopes: Annotated[list[Scope], Field(max_length=MOST_SCOPES)] = list(USUAL)


class KeyShown(BaseModel):
    """A key, as far as anybody may know it.

    Attributes:
        id: of it.
        name: of whoever has it.
        scopes: what it is good for.
        created: seconds of the epoch.
        used: when it was used last, to the minute; null for never.
    """

    id: str
    name: str
    scopes: list[Scope]
    created: float
    used: float | None


class NewKeyShown(KeyShown):
    """A key that was just made; `key` is told this once."""

    key: str


class KeyList(BaseModel):
    """All keys, the oldest first; without any nobody is asked for one on this machine."""

    keys: list[KeyShown]


def router(store: KeyStore) -> APIRouter:
    """The routes on the keys of `store`."""
    api = APIRouter(prefix="/keys", tags=["keys"], dependencies=[Depends(guard)])

    @api.get("")
    def keys() -> KeyList:
        """The keys, without what they are."""
        return KeyList(keys=[KeyShown(**_shape(one)) for one in store.records()])

    @api.post("", status_code=201, responses=typed_errors(400))
    def add(asked: KeyAsked, response: Response) -> NewKeyShown:
        """Make a key, and tell it this once. From the first key on everybody is asked for one."""
        response.headers["Cache-Control"] = "no-store"
        made = store.add(asked.name, asked.scopes or USUAL)
        return NewKeyShown(**_shape(made.record), key=made.secret)

    @api.delete("/{key}", responses=typed_errors(404))
    def revoke(key: Which) -> KeyShown:
        """Take a key back for ever; it is refused within two seconds."""
        return KeyShown(**_shape(store.revoke(key)))

    return api


def _shape(one: KeyRecord) -> dict[str, Any]:
    return {"id": one.id, "name": one.name, "scopes": one.scopes, "created": one.created, "used": one.used}
