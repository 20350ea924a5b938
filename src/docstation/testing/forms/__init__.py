"""The papers of Russian trade, one a file, each drawn with all of its boxes."""
