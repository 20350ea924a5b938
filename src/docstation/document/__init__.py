"""Document vocabulary: geometry, text, blocks, tables, reading order; pure, standard library only."""
