"""How well it reads: metrics, runs over a corpus, comparison reports, generated pages with exact truth."""
