"""The page of models: what serves, what could and whether it fits, changes as they happen, the card, comparisons."""
