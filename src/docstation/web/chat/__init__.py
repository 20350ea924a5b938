"""The page on which the model that serves is asked about pages, regions and images."""
