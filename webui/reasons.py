"""Reads why a person takes a step: one of the ready-made reasons, own words, or both."""

from collections.abc import Iterable

from appliance.errors import InvalidInput
from webui.forms import Entries

SHORTEST = 10
"""Letters: what is shorter tells a reader nothing later."""


def reason_from(entries: Entries, ready: Iterable[str]) -> str:
    """Put the chosen and the typed reason together.

    Args:
        entries: with `reason`, chosen, and `reason_text`, typed.
        ready: what is offered, since a person with gloves on does not type.

    Raises:
        InvalidInput: neither was given, or it is too short to tell anything.
    """
    chosen = entries.choice("reason", ready, required=False)
    typed = entries.text("reason_text", longest=900)
    entries.check()
    reason = ". ".join(part for part in (chosen, typed) if part)
    if len(reason) < SHORTEST:
        entries.errors["reason"] = (
            f"Choose a reason, or write one of at least {SHORTEST} letters: it is printed."
        )
        raise InvalidInput(dict(entries.errors))
    return reason
