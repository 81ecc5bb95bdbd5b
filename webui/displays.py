"""How long cells were on a reader's screen: measured by the page, bounded here.

A page carries a sealed note of when it was opened, for whom and for which reading: it cannot have
shown a cell for longer than it has been open.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from appliance.clock import now
from appliance.vocabulary import Actor
from webui.access import appliance

FIELD = "opened"
"""Name of the note in a form or a JSON body."""
_SALT = "displays"


def note(reading_id: UUID, by: Actor) -> str:
    """Seal that a page of a reading is opened now."""
    return str(_sealer().dumps([reading_id.hex, str(by.user_id), _now_ms()]))


def open_for_ms(sealed: object, reading_id: UUID, by: Actor) -> int:
    """Say how long the page has been open; 0 where the note is not of this person's page."""
    try:
        reading, reader, opened = _sealer().loads(str(sealed))
    except (BadSignature, ValueError, TypeError):
        return 0
    if (reading, reader) != (reading_id.hex, str(by.user_id)):
        return 0
    return max(0, _now_ms() - int(opened))


def shown(measured: object, longest_ms: int) -> dict[UUID, int]:
    """Read what a page measured; what was on the screen too shortly to be seen is left out.

    Args:
        measured: milliseconds by cell id, as the page sent them; anything may come.
        longest_ms: how long the page has been open.
    """
    if not isinstance(measured, Mapping):
        return {}
    least = least_ms()
    found: dict[UUID, int] = {}
    for key, value in measured.items():
        cell_id = _uuid(key)
        if cell_id is None or not isinstance(value, int | float) or not math.isfinite(value):
            continue
        milliseconds = int(min(value, longest_ms))
        if milliseconds >= least:
            found[cell_id] = milliseconds
    return found


def all_of(cell_ids: Iterable[UUID], longest_ms: int) -> dict[UUID, int]:
    """Count the cells of a page without script as shown as long as it was open."""
    return dict.fromkeys(cell_ids, longest_ms) if longest_ms >= least_ms() else {}


def least_ms() -> int:
    """Milliseconds from which a cell counts as displayed."""
    return round(appliance().settings.display_seconds * 1000)


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def _now_ms() -> int:
    return round(now().timestamp() * 1000)


def _sealer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or b"", salt=_SALT)
