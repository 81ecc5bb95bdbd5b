"""Figures and their intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import roc_auc_score

from models.figures import auc, auc_figure, calibration_error, calibration_figure
from models.training.figures import rate_figure

truths = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40)


@given(truths)
def test_the_auc_is_the_chance_that_a_blast_scores_above_a_normal_cell(pairs):
    truth = np.array([t for t, _ in pairs])
    score = np.array([s for _, s in pairs], float)
    above = [1.0 if b > n else 0.5 if b == n else 0.0 for b in score[truth] for n in score[~truth]]
    if above:
        assert auc(truth, score) == pytest.approx(np.mean(above))
    else:
        assert np.isnan(auc(truth, score))


def test_probabilities_that_come_true_have_no_calibration_error():
    probability = np.repeat([0.25, 0.75], 40)
    truth = np.tile([True, False, False, False], 10).tolist() + [True, True, True, False] * 10
    assert calibration_error(np.array(truth), probability, bins=2) == pytest.approx(0)


def test_overconfidence_is_calibration_error():
    probability, truth = np.ones(50), np.arange(50) % 2 == 0
    assert calibration_error(truth, probability) == pytest.approx(0.5)


def test_the_interval_holds_the_figure_and_narrows_with_blocks():
    random = np.random.default_rng(2)
    truth = random.random(2000) < 0.5
    score = truth + random.normal(0, 1, 2000)
    few = auc_figure(truth, score, np.array([f"{i // 200}" for i in range(2000)]))
    many = auc_figure(truth, score, np.array([f"{i // 5}" for i in range(2000)]))
    for figure in (few, many):
        assert figure.low < figure.value < figure.high
    assert many.blocks > few.blocks


def test_a_share_of_all_is_given_the_exact_interval_of_its_blocks():
    figure = rate_figure(np.ones(100, bool), np.repeat(["a", "b", "c", "d"], 25))
    assert figure.value == figure.high == 1
    assert figure.low == pytest.approx(0.025 ** (1 / 4))


def test_what_cannot_be_measured_is_null_in_the_card():
    figure = auc_figure(np.ones(3, bool), np.arange(3.0), np.array(["a", "b", "c"]))
    assert figure.as_json()["value"] is None


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=3, max_size=60))
def test_the_auc_is_scikit_learns(pairs):
    truth = np.array([t for t, _ in pairs])
    score = np.array([s for _, s in pairs])
    if truth.any() and not truth.all():
        assert auc(truth, score) == pytest.approx(roc_auc_score(truth, score))


def test_the_calibration_error_is_that_of_scikit_learns_reliability_curve():
    random = np.random.default_rng(3)
    probability = random.permutation(np.linspace(0.01, 0.99, 200))
    truth = random.random(200) < probability**2
    seen, said = calibration_curve(truth, probability, n_bins=10, strategy="quantile")
    expected = np.abs(seen - said).mean()  # ten bins of twenty cells each
    assert calibration_error(truth, probability) == pytest.approx(expected, abs=1e-9)


def test_the_interval_of_the_calibration_error_is_above_zero():
    random = np.random.default_rng(4)
    probability = random.random(400)
    truth = random.random(400) < probability
    figure = calibration_figure(truth, probability, np.array([f"{i // 4}" for i in range(400)]))
    assert 0 < figure.low < figure.high < 0.2
