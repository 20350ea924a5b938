"""Marks message ids for extraction without translating them; imported by everything, so it imports nothing."""


class Word(str):
    """A field of a sentence that is a message id itself, such as the state of a document: doors translate it too."""

    __slots__ = ()


def N_(message: str) -> str:
    """Return `message` unchanged; Babel collects it into the catalogues."""
    return message


def NP_(one: str, many: str) -> tuple[str, str]:
    """Return both forms of a counted sentence unchanged; Babel collects them as one entry with plurals."""
    return one, many
