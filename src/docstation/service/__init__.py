"""The service: one process that owns the station, the reader's jobs and the database, and serves them over HTTP.

The gateway on :8000 is a process of its own (`docstation.service.gateway`): it passes model requests through byte for
byte, and everything else to this process over a Unix socket.
"""
