"""The typed client of the service: what doors import, never the service itself."""
