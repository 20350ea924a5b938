"""DocStation: scans, photos and PDFs in Russian and English to text, tables and data.

    >>> import docstation
    >>> document = docstation.read("scan.pdf")            # doctest: +SKIP
    >>> for page in docstation.pages("scan.pdf"): ...     # doctest: +SKIP

Names are loaded when first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docstation.bootstrap.reader import apages, aread, pages, read

__version__ = "0.1.0"
__all__ = ["__version__", "apages", "aread", "pages", "read"]

_LAZY = dict.fromkeys(("read", "aread", "pages", "apages"), "docstation.bootstrap.reader")


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
