"""The composition root: the only place that names concrete classes.

`reader` puts the reader together and is the Python interface, `station` puts the station together.
"""
