"""Extraction: values by name from documents, with the place of each."""

from docstation.web.extract.page import draw

draw()
