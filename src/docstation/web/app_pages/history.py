"""History and settings: documents that were read, and how DocStation is set up."""

from docstation.web.history.page import draw

draw()
