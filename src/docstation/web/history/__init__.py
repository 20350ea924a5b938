"""The page of history and settings: documents that were read, how DocStation is set up, keys, and what it is."""
