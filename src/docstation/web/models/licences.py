"""Under which licence the weights of shipped models are published, by the repository that they are from."""

from __future__ import annotations

from docstation.messages import translate
from docstation.messages.marking import N_

APACHE = "Apache-2.0"
OWN = N_("the model's own licence")
PUBLISHERS = {"rednote-hilab": OWN, "Qwen": APACHE}


def licence(checkpoint: str) -> str:
    """Of a checkpoint, in the active language; where it is not known, that it has to be looked up."""
    publisher, slash, name = checkpoint.partition("/")
    known = PUBLISHERS.get(publisher) if slash and name and "/" not in name else None
    return translate(known or N_("see the model's page"))
