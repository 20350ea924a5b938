"""The command line, a door: words in, calls of the library, and every outcome as text, JSON and an exit code."""
