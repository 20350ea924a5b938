"""Assembly: pages read one by one → the body of the document; a pure function over all of its pages."""

from docstation.reading.assembly.body import assemble, body_of

__all__ = ["assemble", "body_of"]
