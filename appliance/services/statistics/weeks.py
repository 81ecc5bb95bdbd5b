"""Weeks of a period: which moment belongs to which."""

from datetime import date, datetime, timedelta

MOST = 53
"""Weeks that are shown one by one, the last of the period."""


def week_of(moment: datetime | date) -> date:
    """Give the Monday of a moment's week, as the clock on the wall counts."""
    day = moment.astimezone().date() if isinstance(moment, datetime) else moment
    return day - timedelta(days=day.weekday())


def weeks_between(since: date, until: date) -> list[date]:
    """List the Mondays of the weeks of a period, at most the last `MOST`."""
    last = week_of(until)
    count = min((last - week_of(since)).days // 7 + 1, MOST)
    return [last - timedelta(weeks=back) for back in reversed(range(count))]
