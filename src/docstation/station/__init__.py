"""The station: the one model that serves, switched as a transaction inside the memory budget and watched day and night.

The machine (`machine`) is a pure function; drivers start and stop what serves, the keeper performs what the machine
wants and writes every step to the journal. Nothing here knows what a page or a document is.
"""
