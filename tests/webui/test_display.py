from datetime import UTC, date, datetime

import pytest

from webui import display


def test_a_moment_is_local_and_names_its_zone():
    shown = display.moment(datetime(2026, 3, 31, 12, 5, tzinfo=UTC))
    local = datetime(2026, 3, 31, 12, 5, tzinfo=UTC).astimezone()
    assert local.strftime(">%-d %b %Y %H:%M<") in shown
    assert local.strftime("UTC%z") in shown
    assert 'datetime="2026-0' in shown


def test_the_time_of_day_has_the_date_in_its_title():
    assert "2026" in display.clock_time(datetime(2026, 3, 31, 12, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    "show", [display.moment, display.clock_time, display.day, display.percent, display.decimal]
)
def test_nothing_is_a_dash(show):
    assert show(None) == display.NOTHING


@pytest.mark.parametrize(
    ("born", "shown"),
    [
        (date(2020, 3, 31), "6 y"),
        (date(2020, 4, 1), "5 y"),
        (date(2024, 1, 15), "26 months"),
        (date(2026, 3, 1), "0 months"),
        (None, "age unknown"),
    ],
)
def test_ages_are_years_or_months_for_the_small(born, shown):
    assert display.age(born, date(2026, 3, 31)) == shown


def test_numbers_have_units_and_digits():
    assert display.percent(0.4271) == "42.7 %"
    assert display.decimal(3.14159, 2) == "3.14"
    assert display.day(date(2026, 3, 3)) == "3 Mar 2026"
