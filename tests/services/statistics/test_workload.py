"""Work figures and weeks."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from appliance.records.scorecard import Case, Picture
from appliance.services.statistics import sentences
from appliance.services.statistics.cells import gather
from appliance.services.statistics.weeks import MOST, week_of, weeks_between
from appliance.services.statistics.workload import median_interval, work
from appliance.vocabulary import ExaminationStatus, FieldState

NOBODY = gather([], {})
MONDAY = date(2026, 3, 2)
PERIOD = (MONDAY, MONDAY + timedelta(days=20))


def picture(number, *, passed=True, overridden=False, state=FieldState.ANALYSED):
    at = datetime(2026, 3, 3, 12, tzinfo=UTC)
    case = Case(UUID(int=number), UUID(int=number), at, ExaminationStatus.FINAL, "", "")
    checks = {"focus": (3.0, passed), "stain": (0.3, True)}
    return Picture(case, f"{number}", None, state, "", passed, overridden, checks)


def counted(turnaround=(), pictures=(), volume=None):
    return work(volume or {}, list(turnaround), list(pictures), NOBODY, PERIOD)


def signed(hours, week=0):
    end = datetime(2026, 3, 4, 12, tzinfo=UTC) + timedelta(weeks=week)
    return end, timedelta(hours=hours)


@given(st.integers(6, 200))
def test_the_interval_of_a_median_covers_95_in_100(count):
    low, high = median_interval(count)
    # The median lies between the two, unless at most `low` or more than `high` lie below it.
    covered = binom.cdf(high, count, 0.5) - binom.cdf(low, count, 0.5)
    assert covered >= 0.95
    narrower = binom.cdf(high - 1, count, 0.5) - binom.cdf(low + 1, count, 0.5)
    assert narrower < 0.95 or low == 0


def test_turnaround_is_a_median_with_its_interval():
    found = counted([signed(hour) for hour in range(1, 31)])
    assert found.hours.figure.value == pytest.approx(15.5)
    assert found.hours.figure.low < 15.5 < found.hours.figure.high
    assert found.slowest == pytest.approx(np.quantile(range(1, 31), 0.9))
    assert "Half were signed within 15.5 hours" in sentences.of_work(found)


def test_few_signed_reports_are_not_summed_up():
    found = counted([signed(3)] * 5)
    assert found.hours.figure is None
    assert "15 more signed reports" in sentences.of_work(found)


def test_weeks_have_what_was_registered_and_signed_in_them():
    volume = {
        MONDAY: {ExaminationStatus.FINAL: 3},
        MONDAY + timedelta(days=6): {ExaminationStatus.PARTIAL: 2},
        MONDAY + timedelta(days=7): {ExaminationStatus.CANCELLED: 1},
    }
    found = counted([signed(2), signed(4), signed(9, week=2)], volume=volume)
    assert [week.registered for week in found.weeks] == [5, 1, 0]
    assert [week.signed for week in found.weeks] == [2, 0, 1]
    assert [week.median for week in found.weeks] == pytest.approx([3, np.nan, 9], nan_ok=True)
    assert found.registered == 6
    assert found.by_status[ExaminationStatus.FINAL] == 3


def test_the_gate_is_counted_and_its_checks_are_named():
    pictures = [picture(n, passed=n % 2 == 0, overridden=n % 4 == 1) for n in range(60)]
    found = counted(pictures=pictures)
    held, overridden, broken, _ = found.lines
    assert held.figure.value == pytest.approx(0.5)
    assert overridden.figure.value == pytest.approx(0.5)
    assert overridden.figure.cells == 30
    assert broken.figure.value == 0
    assert found.failures == [("focus", 30)]


def test_few_images_that_failed_are_withheld():
    found = counted(pictures=[picture(n, passed=n > 0) for n in range(30)])
    held, overridden, *_ = found.lines
    assert held.figure is not None
    assert overridden.missing == "19 more images that failed, from 2 more patients"


def test_a_week_begins_on_monday_by_the_clock_on_the_wall():
    assert week_of(MONDAY + timedelta(days=6)) == MONDAY
    noon = datetime(2026, 3, 8, 12, tzinfo=UTC)
    assert week_of(noon) == MONDAY


def test_weeks_of_a_period_are_the_last_ones():
    assert weeks_between(*PERIOD) == [MONDAY + timedelta(weeks=n) for n in range(3)]
    long = weeks_between(date(2000, 1, 1), MONDAY)
    assert len(long) == MOST
    assert long[-1] == MONDAY


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.5, "30 minutes"), (1 / 60, "1 minute"), (5, "5.0 hours"), (72, "3.0 days")],
)
def test_hours_are_written_as_people_say_them(value, told):
    assert sentences.hours(value) == told
