"""An MCP server over the client of the service."""
