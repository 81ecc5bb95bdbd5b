"""What statistics are counted from."""

from datetime import timedelta

import pytest

from appliance.clock import now
from appliance.records import scorecard, scored_cells
from appliance.records.review_tables import Reading
from appliance.records.scorecard import COUNTED, SIGNED, SUBMITTED, Asked
from appliance.records.tables import Examination
from tests.statistics_lab import Bench, filling

TODAY = now().astimezone().date()
MONTH = Asked(since=TODAY - timedelta(days=30), until=TODAY)


@pytest.fixture
def bench(database, olga, hana):
    with filling():
        yield Bench(olga, hana)


def asked(**values):
    return Asked(since=MONTH.since, until=MONTH.until, **values)


def seen(bench):
    sample = scorecard.sample(MONTH, COUNTED)
    cells = scored_cells.cells_of(scorecard.pictures_of(sample.cases, MONTH))
    return sorted((cell.suggestion, cell.label) for cell in cells)


def numbers(cases):
    rows = Examination.select().where(Examination.id.in_([case.id for case in cases]))
    return sorted(row.accession_number for row in rows)


def test_a_sample_has_the_examinations_of_a_period_in_the_states_asked_for(bench):
    kept = bench.examination("final")
    bench.examination("partial")
    bench.examination("cancelled")
    bench.examination("final", now() - timedelta(days=40))
    assert numbers(scorecard.sample(MONTH, SUBMITTED).cases) == [kept.accession_number]
    assert scorecard.sample(MONTH, COUNTED).total == 2
    assert scorecard.sample(MONTH, SIGNED).total == 1


def test_what_somebody_is_to_read_blind_is_left_out_of_every_count(bench, olga):
    kept, hidden = (bench.examination("final", now() - timedelta(days=9)) for _ in range(2))
    for each in (kept, hidden):
        bench.picture(each)
        bench.sign(each, 5.0)
    without = asked(without=frozenset([hidden.id]), operator=olga.id)
    assert numbers(scorecard.sample(without, SUBMITTED).cases) == [kept.accession_number]
    assert numbers(scorecard.before(now(), without, limit=9)) == [kept.accession_number]
    assert scorecard.sample(without.widened, COUNTED).total == 1
    assert len(scorecard.turnaround(without)) == 1
    assert [sum(day.values()) for day in scorecard.volume(without).values()] == [1]


def test_the_last_day_counts_whole(bench):
    bench.examination("final", now())
    assert scorecard.sample(MONTH, SIGNED).total == 1


def test_a_large_period_is_sampled_and_the_sample_is_the_same_each_time(bench):
    for _ in range(12):
        bench.examination("final")
    drawn = scorecard.sample(MONTH, SIGNED, limit=5)
    assert (len(drawn.cases), drawn.total) == (5, 12)
    assert scorecard.sample(MONTH, SIGNED, limit=5).cases == drawn.cases


def test_no_more_examinations_are_looked_at_than_have_so_many_cells(bench):
    for _ in range(4):
        picture = bench.picture(bench.examination("final"))
        for _ in range(3):
            bench.cell(picture)
    few, pictures = scorecard.look(MONTH, SIGNED, cells=7)
    assert (len(few.cases), few.total) == (2, 4)
    assert {picture.case.id for picture in pictures} == {case.id for case in few.cases}
    assert len(scorecard.look(MONTH, SIGNED, cells=1)[0].cases) == 1
    assert len(scorecard.look(MONTH, SIGNED)[1]) == 4


def test_it_narrows_by_microscope_stain_batch_operator_and_model(bench, adam):
    one = bench.examination("final", microscope="Olympus", stain_batch="G-1")
    other = bench.examination("final", microscope="Zeiss", stain_batch="G-2")
    bench.picture(one)
    head = {"sha256": "ab" * 32, "cells": 50, "date": "2026-01-01"}
    with_head = {
        "id": "all-lite0-1", "sha256": "c" * 64, "thresholds": [0.3, 0.7], "site_head": head
    }  # fmt: skip
    bench.picture(other, uploaded_by=adam, stamp=with_head)

    def pictures(**values):
        found = asked(**values)
        sample = scorecard.sample(found, SIGNED)
        return [p.case.id for p in scorecard.pictures_of(sample.cases, found)]

    assert len(pictures()) == 2
    assert pictures(microscope="Olympus") == [one.id]
    assert pictures(stain_batch="G-2") == [other.id]
    assert pictures(operator=adam.id) == [other.id]
    assert pictures(model="all-lite0-1 cccccccc") == [one.id]
    assert pictures(model="all-lite0-1 cccccccc head abababab") == [other.id]
    assert pictures(model="another 00000000") == []


def test_the_last_decision_that_is_not_blind_stands(bench):
    examination = bench.examination()
    picture, first = bench.picture(examination), bench.reading(examination)
    second = bench.reading(examination, "second")
    cell = bench.cell(picture)
    bench.decide(first, cell, "normal", 1)
    bench.decide(first, cell, "blast", 2)
    bench.decide(second, cell, "other", 3)
    assert seen(bench) == [("blast", "blast")]


def test_replaced_and_uncounted_cells_are_no_cells_and_unread_or_added_ones_say_so(bench):
    examination = bench.examination()
    picture, first = bench.picture(examination), bench.reading(examination)
    bench.decide(first, bench.cell(picture), "replaced")
    bench.cell(picture, counted=False)
    bench.cell(picture, "normal", 0.1)
    bench.decide(first, bench.cell(picture, None, None), "blast")
    taken_back = bench.cell(picture, "unsure", 0.5)
    bench.decide(first, taken_back, "blast", 1)
    bench.decide(first, taken_back, "", 2)
    assert seen(bench) == [("", "blast"), ("normal", ""), ("unsure", "")]


def test_calls_of_a_blind_reading_under_way_are_not_counted_yet(bench):
    examination = bench.examination("preliminary")
    cell = bench.cell(bench.picture(examination))
    first, blind = bench.reading(examination), bench.reading(examination, "second")
    bench.decide(first, cell, "blast")
    bench.decide(blind, cell, "blast", 2)
    again = Reading.create(
        examination=examination, kind="second", reader=bench.second, state="open"
    )
    bench.decide(again, cell, "normal", 3)
    (pair,) = scored_cells.blind_pairs(scorecard.sample(MONTH, SUBMITTED).cases)
    assert (pair.first, pair.second) == ("blast", "blast")


def test_a_blind_reading_is_held_against_the_first_and_not_against_what_came_after(bench):
    examination = bench.examination()
    picture, first = bench.picture(examination), bench.reading(examination)
    second, review = bench.reading(examination, "second"), bench.reading(examination, "review")
    cell, unseen = bench.cell(picture), bench.cell(picture)
    bench.decide(first, cell, "normal", 1)
    bench.decide(first, cell, "blast", 2)
    bench.decide(second, cell, "unsure", 3)
    bench.decide(second, cell, "normal", 4)
    bench.decide(review, cell, "other", 5)
    bench.decide(first, unseen, "blast", 1)
    cases = scorecard.sample(MONTH, SUBMITTED).cases
    (pair,) = scored_cells.blind_pairs(cases)
    assert (pair.suggestion, pair.first, pair.second) == ("blast", "blast", "normal")
    assert pair.patient == examination.patient.id


def test_what_the_first_reader_changed_after_the_second_called_is_no_agreement(bench):
    examination = bench.examination()
    picture, first = bench.picture(examination), bench.reading(examination)
    second = bench.reading(examination, "second")
    changed, late = bench.cell(picture), bench.cell(picture)
    bench.decide(first, changed, "blast", 1)
    bench.decide(second, changed, "normal", 2)
    bench.decide(first, changed, "normal", 3)
    bench.decide(second, late, "normal", 1)
    bench.decide(first, late, "normal", 2)
    (pair,) = scored_cells.blind_pairs(scorecard.sample(MONTH, SUBMITTED).cases)
    assert (pair.first, pair.second) == ("blast", "normal")


def test_a_second_reading_under_way_is_not_looked_at(bench):
    examination = bench.examination()
    picture, first = bench.picture(examination), bench.reading(examination)
    second = bench.reading(examination, "second")
    second.update(state="open").where(type(second).id == second.id).execute()
    cell = bench.cell(picture)
    bench.decide(first, cell, "normal", 1)
    bench.decide(second, cell, "blast", 2)
    assert scored_cells.blind_pairs(scorecard.sample(MONTH, SUBMITTED).cases) == []


def test_turnaround_runs_from_receipt_to_the_first_signature(bench):
    registered = bench.examination()
    received = bench.examination(received_at=now() - timedelta(days=1, hours=3))
    amended = bench.examination("amended")
    bench.sign(registered, 4)
    bench.sign(received, 4)
    bench.sign(amended, 2)
    bench.sign(amended, 20, number=2)
    bench.examination("preliminary")
    hours = sorted(round(took / timedelta(hours=1)) for _, took in scorecard.turnaround(MONTH))
    assert hours == [2, 4, 7]


def test_volume_is_counted_by_day_and_state(bench):
    at = now() - timedelta(days=2)
    for status in ("final", "final", "cancelled"):
        bench.examination(status, at)
    assert scorecard.volume(MONTH) == {at.date(): {"final": 2, "cancelled": 1}}


def test_pictures_carry_their_passport_and_what_became_of_them(bench):
    bench.picture(bench.examination(), focus=3.5, passed=False, override_at=now(), state="failed")
    (picture,) = scorecard.pictures_of(scorecard.sample(MONTH, SIGNED).cases, MONTH)
    assert picture.checks == {"focus": (3.5, False), "stain": (0.3, True)}
    assert (picture.passed, picture.overridden, picture.state) == (False, True, "failed")


def test_it_offers_what_the_period_can_be_told_apart_by(bench, olga):
    bench.picture(bench.examination(microscope="Zeiss", stain_batch="G-2"))
    bench.picture(bench.examination(microscope="Olympus"))
    offered = scorecard.offered(scorecard.pictures_of(scorecard.sample(MONTH, SIGNED).cases, MONTH))
    assert offered.microscopes == ["Olympus", "Zeiss"]
    assert offered.stain_batches == ["G-2"]
    assert offered.operators == [(olga.id, "Olga Tamm")]
    assert offered.models == ["all-lite0-1 cccccccc"]


def test_how_it_was_is_the_first_examinations_or_the_last_before_a_day(bench):
    made = [bench.examination(at=now() - timedelta(days=20 - day)) for day in range(5)]
    first = scorecard.before(None, MONTH, limit=2)
    assert [case.id for case in first] == [made[0].id, made[1].id]
    last = scorecard.before(made[3].created_at, MONTH, limit=2)
    assert [case.id for case in last] == [made[3].id, made[2].id]


def test_nothing_is_found_in_an_empty_laboratory(database):
    nothing = scorecard.sample(MONTH, SUBMITTED)
    assert nothing.cases == []
    assert scorecard.head_in_use() is None
    assert scorecard.offered([]).operators == []
