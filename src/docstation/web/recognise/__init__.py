"""The page on which files become documents: taking in, the queue, and a document beside its pages."""
