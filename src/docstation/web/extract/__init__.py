"""The page on which values are extracted: what is wanted, from which documents, and where each value stands."""
