"""Long work: files read page by page in parallel processes, kept as they finish, resumed after a kill."""
