"""What was searched for, kept out of addresses: names must not stand in logs or histories.

A search is posted; the address of its results carries a key, the session the text behind it.
"""

import re
from secrets import token_hex

from flask import request, session

PARAMETER = "search"
LONGEST = 160
"""Characters; the code of a report is an address with 64 digits."""
_KEY = "searches"
_AT_MOST = 4  # the session is a cookie; older searches are simply typed again


def typed() -> str:
    """Return what was typed or scanned into the search box of the form that was posted."""
    return request.form.get("text", "").strip()[:LONGEST]


def hash_in(text: str) -> str:
    """Return the hash of a record in what a scanner typed; empty where there is none."""
    found = re.findall(r"[0-9a-f]{64}", text.lower())
    return str(found[-1]) if found else ""


def keep(text: str) -> str:
    """Remember a text and return its key for addresses; the empty text has the empty key."""
    if not text:
        return ""
    kept: dict[str, str] = session.get(_KEY, {})
    for key, known in kept.items():
        if known == text:
            return key
    key = token_hex(3)
    session[_KEY] = dict([*kept.items(), (key, text)][-_AT_MOST:])
    return key


def asked() -> str:
    """Return the text behind the key of this request's address, or nothing."""
    kept: dict[str, str] = session.get(_KEY, {})
    return kept.get(request.args.get(PARAMETER, ""), "")


def key() -> str:
    """Return the key in this request's address, if there is still a text behind it."""
    given = request.args.get(PARAMETER, "")
    return given if given in session.get(_KEY, {}) else ""
