"""When a week is said to have shifted, and when chance is left to itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.services.statistics.drift import LEAST, Steadiness, shift


def weeks(count, *, by=0.0, patients=12, cells=25, spread=0.5, seed=1):
    random = np.random.default_rng(seed)
    block = np.repeat(np.arange(patients), cells)
    for _ in range(count):
        own = random.normal(by, spread, patients)
        yield own[block] + random.normal(0, 1, len(block)), block


def judged(count, **changed):
    ((reference, of),) = weeks(1, patients=30, seed=9)
    return [shift(reference, week, of, block) for week, block in weeks(count, **changed)]


def test_weeks_like_the_reference_give_no_warning_though_patients_differ():
    found = [each.steadiness for each in judged(300)]
    assert found.count(Steadiness.SHIFTED) <= 3


def test_a_week_with_a_leukaemia_more_is_no_drift():
    random = np.random.default_rng(5)

    def scores(patients):
        block = np.repeat(np.arange(patients), 50)
        rate = np.where(random.random(patients) < 0.35, 0.6, 0.02)[block]
        return np.where(random.random(len(block)) < rate, 2, -2) + random.normal(
            0, 1.3, len(block)
        ), block

    (reference, of), found = scores(100), []
    for _ in range(200):
        week, block = scores(8)
        found.append(shift(reference, week, of, block).steadiness)
    assert found.count(Steadiness.SHIFTED) <= 3


def test_a_week_of_few_pictures_is_judged_in_fewer_bins():
    random = np.random.default_rng(6)
    reference, of = random.normal(9, 1.2, 100), np.arange(100) // 2
    blurred = random.normal(6, 1.2, 18)
    assert shift(reference, blurred, of, np.arange(18) // 2).steadiness is Steadiness.SHIFTED


def test_a_shift_by_one_and_a_half_deviations_is_seen():
    found = [each.steadiness for each in judged(40, by=1.7)]
    assert found.count(Steadiness.SHIFTED) >= 36


def test_a_week_of_few_numbers_or_two_blocks_is_not_judged():
    few = judged(1, patients=4, cells=3)[0]
    two = judged(1, patients=2, cells=60)[0]
    assert few.steadiness == two.steadiness == Steadiness.TOO_FEW
    assert np.isnan(few.index)
    assert few.low < few.median < few.high


def test_a_week_without_any_number_is_not_judged():
    found = shift(np.arange(50.0), np.array([]), np.arange(50), np.array([], int))
    assert found.steadiness is Steadiness.TOO_FEW
    assert found.count == found.blocks == 0


numbers = st.lists(st.floats(-50, 50), min_size=LEAST, max_size=60).map(np.array)


def index_of(reference, week):
    return shift(reference, week, np.arange(len(reference)), np.arange(len(week))).index


@settings(max_examples=60)
@given(numbers, numbers)
def test_the_index_is_never_below_zero_and_zero_for_the_reference_itself(reference, week):
    assert index_of(reference, week) >= 0
    assert index_of(reference, reference) == pytest.approx(0)


def test_the_index_is_the_textbooks():
    reference = np.arange(1000.0)
    week = np.concatenate([np.arange(0, 500, 1.0), np.arange(0, 1000, 2.0)])
    was, now = np.full(10, 0.1), np.repeat([0.15, 0.05], 5)
    expected = ((now - was) * np.log(now / was)).sum()
    assert index_of(reference, week) == pytest.approx(expected, rel=0.02)


def test_a_reference_of_one_value_has_two_bins_at_most():
    found = shift(np.ones(60), np.ones(60), np.arange(60), np.arange(60))
    assert found.steadiness is Steadiness.STEADY
