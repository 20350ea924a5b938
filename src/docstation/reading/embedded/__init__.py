"""The embedded CPU engine: offline, permissive licences, no GPU."""
