"""Reads why a person goes on with an image that failed the quality gate."""

from typing import Final

from appliance.errors import InvalidInput
from webui.forms import Entries

REASONS: Final = (
    "No better field on this slide",
    "Slide cannot be prepared again",
    "Fault does not touch the cells to be counted",
)
"""Ready-made ones, since a person with gloves on does not type."""
SHORTEST = 10
"""Letters: what is shorter tells a reader nothing later."""


def reason_from(entries: Entries) -> str:
    """Put the chosen and the typed reason together.

    Raises:
        InvalidInput: neither was given, or it is too short to tell anything.
    """
    chosen = entries.choice("reason", REASONS, required=False)
    typed = entries.text("reason_text", longest=900)
    entries.check()
    reason = ". ".join(part for part in (chosen, typed) if part)
    if len(reason) < SHORTEST:
        entries.errors["reason"] = (
            f"Choose a reason, or write one of at least {SHORTEST} letters: it is printed."
        )
        raise InvalidInput(dict(entries.errors))
    return reason
