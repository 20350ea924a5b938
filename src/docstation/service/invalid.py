"""What is wrong with a body or a query that does not fit its schema, in the language of the request.

The words are Pydantic's own or near to them, so that English stays what clients know; what is not listed is said in
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from docstation.messages import translate
from docstation.messages.marking import N_

PROBLEMS = {
    "missing": N_("Field required"),
    "extra_forbidden": N_("Extra inputs are not permitted"),
    "json_invalid": N_("JSON decode error"),
    "int_parsing": N_("Input should be a valid integer, unable to parse string as an integer"),
    "int_type": N_("Input should be a valid integer"),
    "float_parsing": N_("Input should be a valid number, unable to parse string as a number"),
    "float_type": N_("Input should be a valid number"),
    "bool_parsing": N_("Input should be a valid boolean, unable to interpret input"),
    "bool_type": N_("Input should be a valid boolean"),
    "string_type": N_("Input should be a valid string"),
    "list_type": N_("Input should be a valid list"),
    "dict_type": N_("Input should be a valid dictionary"),
    "string_too_short": N_("Input should have at least {min_length} characters"),
    "string_too_long": N_("Input should have at most {max_length} characters"),
    "too_short": N_("Input should have at least {min_length} items"),
    "too_long": N_("Input should have at most {max_length} items"),
    "greater_than": N_("Input should be greater than {gt}"),
    "greater_than_equal": N_("Input should be greater than or equal to {ge}"),
    "less_than": N_("Input should be less than {lt}"),
    "less_than_equal": N_("Input should be less than or equal to {le}"),
    "literal_error": N_("Input should be {expected}"),
    "enum": N_("Input should be {expected}"),
}
"""Message ids by Pydantic's names of errors."""


def problem(error: Mapping[str, Any]) -> str:
    """What is wrong; what was given is not repeated, it may be a password.

    Args:
        error: one of those that Pydantic lists, with its context.
    """
    known = PROBLEMS.get(str(error["type"]))
    return translate(known, **error.get("ctx", {})) if known else str(error["msg"])
