"""Tools that make the Cyrillic and Latin line recogniser from synthetic lines of text."""
