"""Why a model server failed, read from its log and its end: a pure function over a table of rules.

`docstation.station.remedies` has the words for what is found; docs/diagnosis.md is written from both.
"""

from docstation.station.diagnosis.search import Diagnosis, diagnose, fields_of

__all__ = ["Diagnosis", "diagnose", "fields_of"]
