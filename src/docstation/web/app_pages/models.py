"""Models: what serves, what could, switching, the card, events and comparisons."""

from docstation.web.models.page import draw

draw()
