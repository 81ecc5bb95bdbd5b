"""Reads why a person goes on with an image that failed the quality gate."""

from typing import Final

from webui import reasons
from webui.forms import Entries

REASONS: Final = (
    "No better field on this slide",
    "Slide cannot be prepared again",
    "Fault does not touch the cells to be counted",
)
"""Ready-made ones, since a person with gloves on does not type."""


def reason_from(entries: Entries) -> str:
    """Put the chosen and the typed reason together.

    Raises:
        InvalidInput: neither was given, or it is too short to tell anything.
    """
    return reasons.reason_from(entries, REASONS)
