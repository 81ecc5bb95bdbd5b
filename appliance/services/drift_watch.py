"""Tells people once when the laboratory's numbers have shifted, wherever they are in the software.

The worker counts a few times a day. What has shifted is noted in the audit log when it is another
thing than at the last look, and so is who looked at it: a page has to read no more than the last
note of each. No count is made for a request.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta

from appliance.clock import now
from appliance.errors import DiskFull, RecordsUnavailable
from appliance.records import audit
from appliance.records.database import transaction
from appliance.records.scorecard import Asked
from appliance.services.scorecards import Scorecards
from appliance.vocabulary import APPLIANCE, Actor

log = logging.getLogger(__name__)

NOTED = "drift:noted"
SEEN = "drift:seen"
DAYS = 90
"""That are looked at, as on the page that shows them all."""


def look(scorecards: Scorecards) -> None:
    """Count, and note what has shifted where that is not what was noted last."""
    today = now().astimezone().date()
    found = scorecards.adrift(Asked(since=today - timedelta(days=DAYS - 1), until=today))
    with transaction():
        if found != _noted()[1]:
            audit.note(NOTED, by=APPLIANCE, details={"shifted": found})


def unseen(by: Actor) -> Sequence[str]:
    """Name what has shifted, as long as this person has not looked at it since it was noted."""
    number, shifted = _noted()
    return [] if shifted and audit.has_done(SEEN, by, after=number) else shifted


def see(by: Actor) -> None:
    """Note that a person is shown what has shifted, if that is new to them."""
    shifted = unseen(by)
    if not shifted:
        return
    try:
        audit.note(SEEN, by=by, details={"shifted": shifted})
    except (DiskFull, RecordsUnavailable) as error:
        log.error("%s is not in the audit log: %s", SEEN, type(error).__name__)  # so: told again


def _noted() -> tuple[int, list[str]]:
    """Return the number of the last note and what had shifted; nothing before the first."""
    try:
        last = audit.last(NOTED)
        return (last.sequence, list(last.details["shifted"])) if last else (0, [])
    except (KeyError, TypeError, ValueError):
        return 0, []  # changed past the software, which keeps nobody from any page
