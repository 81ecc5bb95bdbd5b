"""Shares and predictive values, against statsmodels and by drawing laboratories."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import norm, t
from statsmodels.stats.proportion import proportion_confint

from appliance.pipeline.tally import clopper_pearson
from appliance.services.statistics.blocks import variance
from appliance.services.statistics.proportions import predictive_values, share, shares

counts = st.integers(2, 80).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def some(hits, n):
    return np.arange(n) < hits


def alike(patients, cells, share_of, spread, random):
    """Cells of patients who differ: whether each is a hit, and whose it is."""
    own = np.clip(random.normal(share_of, spread, patients), 0.02, 0.98)
    block = np.repeat(np.arange(patients), cells)
    return random.random(len(block)) < own[block], block


@given(counts)
def test_of_cells_each_on_its_own_the_interval_is_clopper_and_pearsons(drawn):
    hits, n = drawn
    figure = share(some(hits, n), np.arange(n))
    theirs = proportion_confint(hits, n, method="beta")
    assert (figure.low, figure.high) == pytest.approx(theirs)
    assert (figure.low, figure.high) == pytest.approx(clopper_pearson(hits, n))
    assert (figure.value, figure.cells, figure.blocks) == (hits / n, n, n)


@given(counts, st.integers(1, 7))
def test_an_interval_holds_its_share_and_is_never_narrower_for_cells_that_are_alike(drawn, size):
    hits, n = drawn
    alone = share(some(hits, n), np.arange(n))
    together = share(some(hits, n), np.arange(n) // size)
    for figure in (alone, together):
        assert 0 <= figure.low <= figure.value <= figure.high <= 1
    assert together.high - together.low >= alone.high - alone.low - 1e-9


def test_the_order_of_cells_and_the_numbers_of_blocks_do_not_matter():
    random = np.random.default_rng(1)
    hit, block = alike(8, 20, 0.7, 0.1, random)
    order = random.permutation(len(hit))
    assert share(hit, block) == share(hit[order], block[order] * 5 + 2)


def test_of_one_patient_alone_nothing_is_known():
    figure = share(some(40, 80), np.zeros(80, int))
    assert figure.low < 0.05
    assert figure.high > 0.95


def test_the_interval_covers_the_share_of_patients_who_differ():
    random = np.random.default_rng(2)
    covered, naive = 0, 0
    for _ in range(400):
        hit, block = alike(12, 30, 0.8, 0.1, random)
        figure = share(hit, block)
        covered += figure.low <= 0.8 <= figure.high
        low, high = clopper_pearson(int(hit.sum()), len(hit))
        naive += low <= 0.8 <= high
    assert covered >= 0.93 * 400
    assert naive < 0.85 * 400  # why cells are not taken one by one


def test_many_shares_at_once_are_each_alone():
    random = np.random.default_rng(3)
    block = np.repeat(np.arange(6), 15)
    hits = random.random((90, 4)) < [0.1, 0.5, 0.9, 1.0]
    sums = np.stack([np.bincount(block, column) for column in hits.T], axis=1)
    for column, value, low, high in zip(
        hits.T, *shares(sums, np.bincount(block).astype(float)), strict=True
    ):
        alone = share(column, block)
        assert (alone.value, alone.low, alone.high) == pytest.approx((value, low, high))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=2, max_size=40))
def test_the_variance_of_a_mean_is_that_of_the_sums_of_blocks(cells):
    hit, block = np.array([h for h, _ in cells]), np.array([b for _, b in cells])
    k = len(np.unique(block))
    if k > 1:
        found = variance((hit - hit.mean()) / len(hit), block)
        sums = np.array([(hit - hit.mean())[block == b].sum() for b in np.unique(block)])
        assert found == pytest.approx(k / (k - 1) * (sums**2).sum() / len(hit) ** 2)


def called_and_true(true_positive, false_negative, false_positive, true_negative):
    called = [True, False, True, False]
    blast = [True, True, False, False]
    times = [true_positive, false_negative, false_positive, true_negative]
    return np.repeat(called, times), np.repeat(blast, times)


cells = st.integers(1, 60)


@settings(max_examples=60)
@given(cells, cells, cells, cells, st.floats(0.01, 0.99))
def test_predictive_values_are_those_of_bayes_and_of_mercaldo(tp, fn, fp, tn, prevalence):
    called, blast = called_and_true(tp, fn, fp, tn)
    n = len(blast)
    found = predictive_values(called, blast, np.arange(n), prevalence=prevalence)
    sensitivity, specificity = tp / (tp + fn), tn / (tn + fp)
    right = sensitivity * prevalence
    positive = right / (right + (1 - specificity) * (1 - prevalence))
    assert found.positive.value == pytest.approx(positive)
    right = specificity * (1 - prevalence)
    negative = right / (right + (1 - sensitivity) * prevalence)
    assert found.negative.value == pytest.approx(negative)
    error = np.sqrt((1 - sensitivity) / sensitivity / (tp + fn) + specificity / (fp * 1.0))
    reach = np.log(found.positive.high / (1 - found.positive.high)) - np.log(
        positive / (1 - positive)
    )
    assert reach == pytest.approx(t.ppf(0.975, n - 1) * error * np.sqrt(n / (n - 1)), rel=1e-6)


def test_at_the_prevalence_of_the_cells_themselves_they_are_shares_of_the_calls():
    called, blast = called_and_true(40, 10, 20, 130)
    found = predictive_values(called, blast, np.arange(200), prevalence=0.25)
    assert found.positive.value == pytest.approx(40 / 60)
    assert found.negative.value == pytest.approx(130 / 140)


@pytest.mark.parametrize(
    "table", [(40, 0, 0, 60), (40, 0, 5, 55), (30, 10, 0, 60), (0, 40, 0, 60), (0, 40, 60, 0)]
)
def test_rates_at_their_ends_still_have_an_interval(table):
    called, blast = called_and_true(*table)
    found = predictive_values(called, blast, np.arange(100) % 20, prevalence=0.3)
    for figure in (found.positive, found.negative):
        assert 0 <= figure.low < figure.high <= 1
        assert np.isnan(figure.value) or figure.low <= figure.value <= figure.high


def test_without_a_false_alarm_the_interval_is_mercaldos_adjusted_one():
    called, blast = called_and_true(40, 10, 0, 50)
    low = predictive_values(called, blast, np.arange(100), prevalence=0.2).positive.low
    squared = float(ndtri(0.025)) ** 2
    sensitivity = (40 + squared / 2) / (50 + squared)
    alarms = (squared / 2) / (50 + squared)
    error = np.sqrt(
        (1 - sensitivity) / sensitivity / (50 + squared) + (1 - alarms) / alarms / (50 + squared)
    )
    centre = np.log(sensitivity * 0.2 / (alarms * 0.8))
    theirs = 1 / (1 + np.exp(-(centre - np.sqrt(squared) * error)))
    assert low == pytest.approx(theirs, rel=0.02)  # but for Student's t of a hundred blocks


def test_the_interval_of_a_predictive_value_covers_it():
    random = np.random.default_rng(4)
    covered = 0
    for _ in range(300):
        blast = np.arange(240) % 2 == 0
        block = np.arange(240) // 16
        shifted = random.normal(0, 0.5, 15)[block]
        called = blast * 1.6 - 0.8 + shifted + random.normal(0, 1, 240) > 0
        found = predictive_values(called, blast, block, prevalence=0.2).positive
        rate = norm.cdf(0.8 / np.sqrt(1.25))
        truth = rate * 0.2 / (rate * 0.2 + (1 - rate) * 0.8)
        covered += found.low <= truth <= found.high
    assert covered >= 0.92 * 300
