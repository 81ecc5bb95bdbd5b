"""How numbers, times and findings are put into words."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.exchange import wording
from appliance.exchange.report import CellEntry
from appliance.pipeline.tally import clopper_pearson, tally
from appliance.vocabulary import Box, QualityCheck, Suggestion, Tally, Verdict

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        (ZoneInfo("Europe/Warsaw"), "2026-07-01 14:00 CEST"),
        (ZoneInfo("America/Sao_Paulo"), "2026-07-01 09:00 UTC-03:00"),
        (ZoneInfo("Asia/Kathmandu"), "2026-07-01 17:45 UTC+05:45"),
        (timezone(timedelta(hours=-2, minutes=-30)), "2026-07-01 09:30 UTC-02:30"),
        (UTC, "2026-07-01 12:00 UTC"),
    ],
)
def test_a_time_is_local_and_names_its_zone(zone, text):
    assert wording.moment(NOON, zone) == text


def test_a_time_without_a_given_zone_is_the_machines():
    assert wording.moment(NOON, None) == wording.moment(NOON, NOON.astimezone().tzinfo)


def test_a_missing_time_says_so():
    assert wording.moment(None, UTC) == "not recorded"


@pytest.mark.parametrize(
    ("born", "text"),
    [
        (date(2020, 7, 2), "5 years"),
        (date(2020, 7, 1), "6 years"),
        (date(2025, 1, 1), "18 months"),
        (date(2026, 5, 15), "1 month"),
        (date(2026, 6, 30), "1 day"),
        (date(2026, 7, 1), "0 days"),
        (date(2027, 1, 1), ""),
        (None, ""),
    ],
)
def test_ages_are_written_as_they_are_spoken_of(born, text):
    assert wording.age(born, date(2026, 7, 1)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "<1 %"), (0.5, "50 %"), (0.994, ">99 %"), (1.0, ">99 %"), (0.99, "99 %"), (0.01, "1 %")],
)
def test_a_probability_is_never_nought_or_certain(value, text):
    assert wording.probability(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234.5, "1234"), (61.2, "61.2"), (40.0, "40"), (0.35, "0.35"), (0.0021, "0.002"), (0, "0")],
)
def test_numbers_have_about_three_digits(value, text):
    assert wording.number(value) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (1.0, 2.0, "1 to 2 %"),
        (1.0, None, "at least 1 %"),
        (None, 2.0, "at most 2 %"),
        (None, None, ""),
    ],
)
def test_limits_are_written_as_far_as_they_exist(low, high, text):
    check = QualityCheck("x", 1.5, low, high, "%", True, "")
    assert wording.limits(check) == text


@pytest.mark.parametrize(
    ("blast", "normal", "sentence"),
    [(5, 15, "inside the interval"), (15, 5, "below the interval"), (1, 99, "above the interval")],
)
def test_the_decision_limit_is_placed_against_the_interval(blast, normal, sentence):
    counted = Tally(blast, normal, 0, clopper_pearson(blast, blast + normal))
    assert sentence in wording.limit_sentence(counted, 0.2)


@given(st.lists(st.sampled_from(list(Suggestion)), max_size=60))
def test_the_printed_interval_is_the_tallys(suggestions):
    counted = tally(Verdict(s, 0.5, False) for s in suggestions)
    sentence = wording.fraction_sentence(counted)
    if counted.interval95 is None:
        assert "no blast fraction" in sentence
        assert wording.limit_sentence(counted, 0.2) == ""
    else:
        low, high = counted.interval95
        assert f"(exact 95 % interval {100 * low:.1f} to {100 * high:.1f} %)" in sentence
        inside = "inside the interval" in wording.limit_sentence(counted, 0.2)
        assert inside is (low <= 0.2 <= high)


def counted(blast, normal):
    return Tally(blast, normal, 0, clopper_pearson(blast, blast + normal))


@pytest.mark.parametrize(
    ("tally_", "sentence"),
    [
        (Tally(0, 0, 3, None), ""),
        (counted(15, 5), ""),
        (counted(25, 75), "About 210 more decided cells at this fraction would settle it."),
        (counted(2, 2), "About 10 more decided cells at this fraction would settle it."),
        (counted(20, 80), "Even 2000 more cells at this fraction would not settle it."),
    ],
)
def test_what_would_settle_the_question_is_said_where_it_is_open(tally_, sentence):
    assert wording.more_cells_sentence(tally_, 0.2) == sentence


def cell(**values):
    given = {
        "number": 1,
        "box": Box(0, 0, 9, 9),
        "suggestion": Suggestion.BLAST,
        "blast_probability": 0.9,
    }
    return CellEntry(**given | values)


@pytest.mark.parametrize(
    ("areas", "um_per_px", "text"),
    [
        ({"cell_area_px": 7853.98}, 0.1, "10.0 µm"),
        ({"cell_area_px": 7853.98}, None, "100 px"),
        ({"nucleus_area_px": 7853.98}, 0.1, "10.0 µm n"),
        ({}, 0.1, "-"),
    ],
)
def test_a_size_is_a_diameter_with_its_unit(areas, um_per_px, text):
    assert wording.size(cell(**areas), um_per_px) == text


def test_flags_name_what_is_special():
    assert wording.flags(cell()) == ""
    assert wording.flags(cell(counted=False, outside_training_range=True)) == "edge, range"


def test_powers_of_ten_are_led_by_a_times_sign():
    assert wording.measured(45.3, "10⁹/L") == "45.3 \N{MULTIPLICATION SIGN} 10⁹/L"
    assert wording.measured(78, "g/L") == "78 g/L"
