"""The counts and the exact interval."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from appliance.pipeline.tally import cells_to_decide, clopper_pearson, tally
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


def later(k, n, more, limit):
    """So many more cells at the same fraction, blasts rounded towards the limit."""
    exact = k * (n + more)
    return exact // n if k > limit * n else -(-exact // n), n + more


def settles(k, n, limit):
    low, high = clopper_pearson(k, n)
    return not low <= limit <= high


@given(proportions, st.sampled_from([0.05, 0.2, 0.5, 0.9]))
def test_so_many_more_cells_settle_it_and_one_less_does_not(proportion, limit):
    k, n = proportion
    more = cells_to_decide(k, n, limit=limit)
    if more is None:
        assert not settles(*later(k, n, 2000, limit), limit)
    else:
        assert settles(*later(k, n, more, limit), limit)
        assert more == 0 or not settles(*later(k, n, more - 1, limit), limit)


@given(proportions, st.integers(0, 400))
def test_once_settled_it_stays_settled(proportion, further):
    k, n = proportion
    more = cells_to_decide(k, n, limit=0.2)
    if more is not None and more + further <= 2000:
        assert settles(*later(k, n, more + further, 0.2), 0.2)


@given(proportions)
def test_more_confidence_needs_more_cells(proportion):
    loose = cells_to_decide(*proportion, limit=0.2, confidence=0.9)
    strict = cells_to_decide(*proportion, limit=0.2, confidence=0.99)
    assert strict is None or (loose is not None and loose <= strict)


@given(proportions)
def test_the_other_side_needs_as_many(proportion):
    k, n = proportion
    if 5 * k != n:  # a fraction on the limit itself is rounded to either side
        assert cells_to_decide(k, n, limit=0.2) == cells_to_decide(n - k, n, limit=0.8)


def test_a_fraction_on_the_limit_is_never_settled():
    assert cells_to_decide(20, 100, limit=0.2) is None


def test_what_is_settled_needs_no_more_cells():
    assert cells_to_decide(90, 100, limit=0.2) == 0
    assert cells_to_decide(0, 100, limit=0.2) == 0


def test_without_a_decided_cell_nothing_can_be_said():
    assert cells_to_decide(0, 0, limit=0.2) is None


def test_more_than_anybody_counts_is_none():
    assert cells_to_decide(25, 100, limit=0.2, at_most=50) is None
    assert 100 < cells_to_decide(25, 100, limit=0.2) < 300


@pytest.mark.parametrize(
    ("k", "n", "how"),
    [
        (2, 1, {"limit": 0.2}),
        (-1, 5, {"limit": 0.2}),
        (1, 5, {"limit": 0.0}),
        (1, 5, {"limit": 1}),
        (1, 5, {"limit": 0.2, "confidence": 95}),
        (1, 5, {"limit": 0.2, "at_most": -1}),
    ],
)
def test_what_cannot_be_is_refused(k, n, how):
    with pytest.raises(ValueError, match=r"cannot be|not between"):
        cells_to_decide(k, n, **how)
