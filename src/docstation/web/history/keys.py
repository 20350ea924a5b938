"""API keys: who needs them, and the commands that make, list and take them back.

They are no matter of a web page: whoever could make one here could let anybody in.
"""

from __future__ import annotations

import streamlit as st

from docstation.messages import translate
from docstation.messages.marking import N_

COMMANDS = (
    (N_("Make a key; it is shown this once:"), "docstation keys add laptop"),
    (N_("A key that only looks, such as for monitoring:"), "docstation keys add prometheus --scope read"),
    (N_("Who has keys, and when each was last used:"), "docstation keys list"),
    (N_("Take one back; the service refuses it within two seconds:"), "docstation keys revoke laptop"),
)


def keys() -> None:
    """Draw them."""
    st.markdown(
        translate(
            N_(
                "Without keys the service serves this machine alone and asks nobody. As soon as there is one, "
                "everybody is asked. Only whoever can log in to this machine may make keys, so it is done in its "
                "terminal:"
            )
        )
    )
    for sentence, command in COMMANDS:
        st.markdown(translate(sentence))
        st.code(command, language="bash")
