"""The statistics of a laboratory, counted from its records."""

from datetime import timedelta

from appliance import clock
from appliance.clock import now
from appliance.exchange.spreadsheet import as_csv
from appliance.records.review_tables import SiteVerification
from appliance.records.scorecard import Asked
from appliance.services import scorecards
from appliance.services.statistics import sentences
from appliance.services.statistics.drift import Steadiness
from tests.statistics_lab import blur_last_week, furnish

TODAY = now().astimezone().date()
ASKED = Asked(since=TODAY - timedelta(days=90), until=TODAY)


def test_it_counts_from_the_records_of_submitted_examinations(bench, counting):
    furnish(bench, 30, cells=12)
    furnish(bench, 2, cells=12, status="partial", seed=2)
    found = counting.accuracy(ASKED)
    assert (found.examinations, found.looked_at) == (30, 30)
    assert found.result.counts.verified == 360
    assert found.result.agreed.figure.blocks == 30
    assert {"confusion", "roc", "reliability", "readers"} <= set(found.charts)
    by = {group.title: [name for name, _, _ in group.rows] for group in found.result.groups}
    assert by["Microscope"] == ["Olympus", "Zeiss"]
    assert by["Operator"] == ["Olga Tamm"]
    assert by["Model"] == ["all-lite0-1 cccccccc"]


def test_an_empty_laboratory_has_a_scorecard_that_says_what_is_missing(database, counting):
    found = counting.accuracy(ASKED)
    assert found.charts == {}
    told = sentences.headline(found.result, ASKED.since)
    assert told == (
        "Not enough cells yet to say how well the model reads here: "
        "50 more cells, from 3 more patients."
    )
    assert counting.work(ASKED).result.registered == 0
    assert all(c.reference is None for c in counting.drift(ASKED).result.courses)


def test_a_count_is_kept_for_some_minutes_and_made_again_when_asked(bench, counting, monkeypatch):
    first = counting.work(ASKED)
    bench.examination()
    assert counting.work(ASKED) is first
    assert counting.work(ASKED, again=True).result.registered == 1
    bench.examination()
    later = clock.now() + timedelta(minutes=11)
    monkeypatch.setattr(scorecards, "now", lambda: later)
    assert counting.work(ASKED).result.registered == 2


def test_only_so_many_counts_are_kept(database, counting, monkeypatch):
    monkeypatch.setattr(scorecards, "_KEPT", 2)
    for days in range(4):
        counting.work(Asked(since=TODAY - timedelta(days=days), until=TODAY))
    assert len(counting._kept) == 2


def test_a_week_out_of_focus_is_warned_of(bench, counting):
    blur_last_week(bench)
    drift = counting.drift(ASKED).result
    focus = next(course for course in drift.courses if course.key == "focus")
    judged = {monday: each.steadiness for monday, each in focus.weeks if each.count}
    assert list(judged.values()).count(Steadiness.SHIFTED) == 1
    (warning,) = sentences.of_drift(drift.courses)
    assert warning.startswith("Focus has shifted in the week of")
    assert "it lies lower" in warning
    assert counting.adrift(ASKED) == ["Focus"]


def test_weeks_are_held_against_what_came_before_the_head_in_use(bench, counting, adam):
    assert "No site head is in use" in sentences.reference(None, 0)
    furnish(bench, 6, cells=4)
    SiteVerification.create(
        state="active", model_sha256="c" * 64, requested_by=adam,
        created_at=now() - timedelta(days=30),
    )  # fmt: skip
    drift = counting.drift(ASKED).result
    assert drift.examinations == 3
    assert drift.verified_on == (now() - timedelta(days=30)).astimezone().date()
    assert "before the site head in use was fitted" in sentences.reference(drift.verified_on, 3)


def test_the_list_has_every_part_and_names_no_patient(bench, counting):
    furnish(bench, 12, cells=12)
    rows = [row.cells() for row in counting.rows(ASKED)]
    parts = {row[0] for row in rows}
    assert {"cells", "roc", "calibration", "readers", "examinations", "work", "drift"} <= parts
    assert {"microscope", "operator", "stain batch", "model", "month"} <= parts
    text = as_csv([], rows)
    assert "Secretname" not in text
    assert "MRN-" not in text
    assert "withheld: 8 more" in text


def test_what_a_spreadsheet_would_run_is_written_as_text():
    written = as_csv(["name", "value"], [("=cmd|' /C calc'!A0", -1.5), ("-2.5", "+3e2"), ("@x", 1)])
    assert written.splitlines()[1:] == ["'=cmd|' /C calc'!A0,-1.5", "-2.5,+3e2", "'@x,1"]
