"""Cohen's kappa, against scikit-learn and statsmodels."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import t
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from appliance.services.statistics.agreement import agreement

calls = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 4)), min_size=4, max_size=80
)


def columns(drawn):
    return tuple(np.array(column) for column in zip(*drawn, strict=True))


@settings(max_examples=60)
@given(calls)
def test_kappa_is_scikit_learns(drawn):
    first, second, block = columns(drawn)
    found = agreement(first, second, block, kinds=3)
    assert found.agreed == (first == second).sum()
    assert found.table.sum() == len(first)
    if min(len(np.unique(first)), len(np.unique(second))) == 1:
        assert np.isnan(found.kappa.value)
        return
    assert found.kappa.value == pytest.approx(cohen_kappa_score(first, second))
    assert -1 <= found.kappa.low <= found.kappa.value <= found.kappa.high <= 1


@settings(max_examples=60)
@given(calls)
def test_of_cells_each_on_its_own_the_interval_is_statsmodels(drawn):
    first, second, _ = columns(drawn)
    n = len(first)
    assume(min(len(np.unique(first)), len(np.unique(second))) > 1)
    assume(0 < (first == second).sum() < n)
    found = agreement(first, second, np.arange(n), kinds=3)
    theirs = cohens_kappa(found.table)
    assert found.kappa.value == pytest.approx(theirs.kappa, abs=1e-12)
    # Theirs is for many cells: normal, and without n / (n - 1).
    reach = theirs.std_kappa * np.sqrt(n / (n - 1)) * t.ppf(0.975, n - 1)
    assert found.kappa.low == pytest.approx(max(theirs.kappa - reach, -1), abs=1e-9)
    assert found.kappa.high == pytest.approx(min(theirs.kappa + reach, 1), abs=1e-9)


def test_of_many_cells_the_interval_is_statsmodels_to_three_digits():
    random = np.random.default_rng(1)
    first = random.integers(0, 2, 3000)
    second = np.where(random.random(3000) < 0.9, first, 1 - first)
    found = agreement(first, second, np.arange(3000), kinds=2)
    theirs = cohens_kappa(found.table)
    assert found.kappa.low == pytest.approx(theirs.kappa_low, abs=1e-3)
    assert found.kappa.high == pytest.approx(theirs.kappa_upp, abs=1e-3)


def test_full_agreement_is_not_certain_agreement():
    same = np.arange(60) % 2
    found = agreement(same, same, np.arange(60) // 6, kinds=2).kappa
    assert found.value == 1 == found.high
    assert 0.6 < found.low < 0.95


def test_who_calls_everything_the_same_one_kind_cannot_be_agreed_with():
    same = np.ones(20, int)
    mixed = np.arange(20) % 2
    assert np.isnan(agreement(same, mixed, np.arange(20), kinds=2).kappa.value)
    assert np.isnan(agreement(same, same, np.arange(20), kinds=2).kappa.value)


def test_the_interval_covers_the_agreement_of_readers_who_differ_by_patient():
    random = np.random.default_rng(2)
    found = []
    for _ in range(300):
        block = np.repeat(np.arange(14), 20)
        rate = np.clip(random.normal(0.85, 0.1, 14), 0.5, 1)[block]
        first = random.integers(0, 2, 280)
        second = np.where(random.random(280) < rate, first, 1 - first)
        found.append(agreement(first, second, block, kinds=2).kappa)
    truth = np.mean([figure.value for figure in found])
    covered = np.mean([figure.low <= truth <= figure.high for figure in found])
    assert covered >= 0.92
