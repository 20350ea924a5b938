"""The gateway: the process that owns the public port. It streams, admits and refuses; it decides nothing else.

It imports nothing of the station, the reader or the database, so that no work of theirs can delay a stream.
"""
