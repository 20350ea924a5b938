"""Chat: questions about pages, regions and images, answered by the model that serves."""

from docstation.web.chat.page import draw

draw()
