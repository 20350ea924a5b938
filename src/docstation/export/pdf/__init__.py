"""Pages with an invisible text layer: what the writer of searchable PDFs is made of. Runs in a worker process."""
