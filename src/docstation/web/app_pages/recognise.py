"""Recognition: files in, the queue, and a document beside its pages."""

from docstation.web.recognise.page import draw

draw()
