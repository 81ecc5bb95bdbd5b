"""The ROC curve and its area, against scikit-learn and by brute force."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import t
from sklearn.metrics import roc_auc_score, roc_curve

from appliance.services.statistics.proportions import share
from appliance.services.statistics.ranking import area, roc

scored = st.lists(
    st.tuples(st.booleans(), st.integers(0, 12), st.integers(0, 5)), min_size=6, max_size=60
)


def columns(drawn):
    blast, score, block = (np.array(column) for column in zip(*drawn, strict=True))
    assume(blast.any() and not blast.all())
    return blast, score.astype(float), block


@settings(max_examples=50)
@given(scored)
def test_the_curve_is_scikit_learns(drawn):
    blast, score, block = columns(drawn)
    found = roc(blast, score, block)
    false_alarms, sensitivity, thresholds = roc_curve(blast, score, drop_intermediate=False)
    assert found.false_alarms == pytest.approx(false_alarms)
    assert found.sensitivity == pytest.approx(sensitivity)
    assert found.thresholds == pytest.approx(thresholds)
    assert found.area.value == pytest.approx(roc_auc_score(blast, score))


@settings(max_examples=40)
@given(scored)
def test_each_point_of_the_band_is_the_interval_of_that_sensitivity(drawn):
    blast, score, block = columns(drawn)
    found = roc(blast, score, block)
    for at, threshold in enumerate(found.thresholds):
        alone = share(score[blast] >= threshold, block[blast])
        assert (found.low[at], found.high[at]) == pytest.approx((alone.low, alone.high))


def delong(blast, score):
    """Standard error by the definition: every blast against every normal cell."""
    above = score[blast][:, None] > score[~blast]
    even = score[blast][:, None] == score[~blast]
    wins = above + 0.5 * even
    m, n = wins.shape
    return np.sqrt(wins.mean(axis=1).var(ddof=1) / m + wins.mean(axis=0).var(ddof=1) / n)


@settings(max_examples=60)
@given(scored)
def test_of_cells_each_on_its_own_the_error_is_delongs(drawn):
    blast, score, _ = columns(drawn)
    assume(min(blast.sum(), (~blast).sum()) >= 2)
    found = area(blast, score, np.arange(len(blast)))
    assume(0 < found.value < 1)
    scale = found.value * (1 - found.value)
    logit = np.log(found.value / (1 - found.value))
    reach = t.ppf(0.975, len(blast) - 1) * delong(blast, score) / scale
    assert found.low == pytest.approx(1 / (1 + np.exp(-(logit - reach))))
    assert found.high == pytest.approx(1 / (1 + np.exp(-(logit + reach))))


def test_a_long_curve_is_thinned_without_leaving_its_way():
    random = np.random.default_rng(1)
    blast = random.random(5000) < 0.3
    score = blast + random.normal(0, 1, 5000)
    found = roc(blast, score, np.arange(5000) // 50)
    false_alarms, sensitivity, _ = roc_curve(blast, score, drop_intermediate=False)
    assert 40 < len(found.thresholds) < 130
    assert found.sensitivity[0] == 0
    assert found.sensitivity[-1] == found.false_alarms[-1] == 1
    on_the_way = np.interp(false_alarms, found.false_alarms, found.sensitivity)
    assert np.abs(on_the_way - sensitivity).max() < 0.04


def test_a_perfect_order_is_known_only_to_as_many_pairs_as_there_are_patients():
    blast = np.arange(200) < 100
    found = area(blast, blast * 1.0, np.arange(200) // 20)
    assert found.value == found.high == 1
    assert found.low == pytest.approx(0.025 ** (1 / 5))


def test_blasts_of_one_patient_only_leave_all_open():
    random = np.random.default_rng(2)
    blast = np.arange(90) < 30
    found = area(blast, random.random(90), np.arange(90) // 30)
    assert (found.low, found.high) == (0, 1)


def test_the_interval_covers_the_area_where_patients_differ():
    random = np.random.default_rng(3)
    found = []
    for _ in range(300):
        block = np.repeat(np.arange(16), 20)
        blast = random.random(320) < np.where(np.arange(16) % 2, 0.7, 0.1)[block]
        score = blast * 1.5 + random.normal(0, 0.6, 16)[block] + random.normal(0, 1, 320)
        found.append(area(blast, score, block))
    truth = np.mean([figure.value for figure in found])
    assert np.mean([figure.low <= truth <= figure.high for figure in found]) >= 0.92
