"""HTML files: the page, its pieces and the places that they name. `write` is the format's writer."""

from docstation.export.html.page import write

__all__ = ["write"]
