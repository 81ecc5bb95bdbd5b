"""The counts and the exact interval."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from appliance.pipeline.tally import clopper_pearson, tally
from appliance.vocabulary import Suggestion, Verdict

proportions = st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def verdicts(blast=0, normal=0, unsure=0):
    return (
        [Verdict(Suggestion.BLAST, 0.9, False)] * blast
        + [Verdict(Suggestion.NORMAL, 0.1, False)] * normal
        + [Verdict(Suggestion.UNSURE, 0.5, False)] * unsure
    )


@given(proportions, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_the_interval_is_that_of_scipy(proportion, confidence):
    k, n = proportion
    expected = binomtest(k, n).proportion_ci(confidence, method="exact")
    assert clopper_pearson(k, n, confidence=confidence) == pytest.approx(tuple(expected), abs=1e-9)


@given(proportions)
def test_the_interval_holds_the_proportion_and_stays_within_0_and_1(proportion):
    k, n = proportion
    low, high = clopper_pearson(k, n)
    assert 0 <= low <= k / n <= high <= 1


@given(proportions)
def test_the_other_side_mirrors_the_interval(proportion):
    k, n = proportion
    low, high = clopper_pearson(k, n)
    assert clopper_pearson(n - k, n) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@given(proportions)
def test_more_confidence_is_wider(proportion):
    narrow, wide = clopper_pearson(*proportion), clopper_pearson(*proportion, confidence=0.99)
    assert wide[0] <= narrow[0] <= narrow[1] <= wide[1]


@given(st.integers(1, 60), st.integers(0, 1000))
def test_the_interval_covers_what_it_promises(n, permille):
    truth = permille / 1000
    covered = sum(
        binom.pmf(k, n, truth)
        for k in range(n + 1)
        if clopper_pearson(k, n)[0] <= truth <= clopper_pearson(k, n)[1]
    )
    assert covered >= 0.95 - 1e-9


@pytest.mark.parametrize(("k", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_what_is_no_proportion_is_refused(k, n):
    with pytest.raises(ValueError, match="not a proportion"):
        clopper_pearson(k, n)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_what_is_no_confidence_is_refused(confidence):
    with pytest.raises(ValueError, match="confidence"):
        clopper_pearson(1, 2, confidence=confidence)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_every_verdict_is_counted_once(blast, normal, unsure):
    counts = tally(verdicts(blast, normal, unsure))
    assert (counts.blast, counts.normal, counts.unsure) == (blast, normal, unsure)
    assert counts.cells == blast + normal + unsure


def test_unsure_cells_enter_neither_fraction_nor_interval():
    assert tally(verdicts(3, 7, 20)).interval95 == clopper_pearson(3, 10)
    assert tally(verdicts(3, 7, 20)).blast_fraction == 0.3


@pytest.mark.parametrize("unsure", [0, 4])
def test_without_a_decided_cell_there_is_no_interval(unsure):
    assert tally(verdicts(unsure=unsure)).interval95 is None
