"""What a reader does on the pages of reading cells, and what the records say of it then."""

import re
from datetime import timedelta

from appliance.clock import now
from appliance.records import decisions, readings
from appliance.review_vocabulary import ReadingKind

TILES = re.compile(r'id="c-([0-9a-f-]+)" data-cell="[0-9a-f-]+" data-group="([a-z-]+)"')
NOTE = re.compile(r'name="opened" value="([^"]+)"')
JSON = {"Accept": "application/json"}


def page(browser, examination, query=""):
    """Begin the reading, or go on with it, and look at its page."""
    begun = browser.post(f"/examinations/{examination.id}/read")
    assert begun.location == f"/examinations/{examination.id}/read"
    return browser.get(f"/examinations/{examination.id}/read{query}").text


def reading(examination, kind=ReadingKind.FIRST):
    return next(row for row in readings.of_examination(examination.id) if row.kind == kind)


def call(browser, examination, label, *cells, kind=ReadingKind.FIRST, **more):
    address = f"/readings/{reading(examination, kind).id}/decide"
    sent = {"cell": [str(cell.id) for cell in cells], "label": label, **more}
    return browser.post(address, json=sent, headers=JSON)


def submit(browser, row):
    return browser.post("/readings/submit", data={"reading_id": str(row.id)})


def labels(examination):
    return {key: its.label for key, its in decisions.standing(examination.id).items()}


class Later:
    """The clock of the pages, put forward."""

    seconds = 0.0

    def __call__(self):
        return now() + timedelta(seconds=self.seconds)
