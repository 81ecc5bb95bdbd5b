"""From probabilities to suggestions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from appliance.pipeline.verdicts import decide
from appliance.vocabulary import Suggestion

probabilities = arrays(np.float32, st.integers(0, 30), elements=st.floats(0, 1, width=32))


def suggestions(values, **options):
    return [v.suggestion for v in decide(np.array(values, np.float32), **options)]


def test_the_thresholds_part_normal_unsure_and_blast():
    assert suggestions([0.1, 0.5, 0.9], thresholds=(0.25, 0.75)) == ["normal", "unsure", "blast"]


def test_a_probability_on_the_low_threshold_is_unsure_and_on_the_high_one_blast():
    assert suggestions([0.25, 0.75], thresholds=(0.25, 0.75)) == ["unsure", "blast"]


def test_equal_thresholds_leave_nobody_unsure():
    assert suggestions([0.49, 0.5, 0.51], thresholds=(0.5, 0.5)) == ["normal", "blast", "blast"]


def test_what_lies_outside_the_training_range_is_said_to_and_not_guessed():
    verdict, other = decide(
        np.array([0.99, 0.99], np.float32),
        thresholds=(0.2, 0.8),
        outside=np.array([True, False]),
    )
    assert (verdict.suggestion, verdict.outside_training_range) == (Suggestion.UNSURE, True)
    assert (other.suggestion, other.outside_training_range) == (Suggestion.BLAST, False)


@given(probabilities)
def test_each_cell_keeps_its_place_and_its_probability(values):
    verdicts = decide(values, thresholds=(0.3, 0.6))
    assert [np.float32(v.blast_probability) for v in verdicts] == list(values)


@given(probabilities)
def test_a_higher_probability_is_never_a_lesser_suggestion(values):
    rank = {Suggestion.NORMAL: 0, Suggestion.UNSURE: 1, Suggestion.BLAST: 2}
    verdicts = decide(np.sort(values), thresholds=(0.3, 0.6))
    ranks = [rank[v.suggestion] for v in verdicts]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize("thresholds", [(0.8, 0.2), (-0.1, 0.5), (0.5, 1.1)])
def test_thresholds_that_do_not_rise_are_refused(thresholds):
    with pytest.raises(ValueError, match="thresholds"):
        decide(np.zeros(1, np.float32), thresholds=thresholds)


@pytest.mark.parametrize("value", [np.nan, -0.1, 1.1])
def test_what_is_no_probability_is_refused(value):
    with pytest.raises(ValueError, match="probability"):
        decide(np.array([value], np.float32), thresholds=(0.2, 0.8))


def test_a_flag_for_another_number_of_cells_is_refused():
    with pytest.raises(ValueError, match="2 flags for 1 cells"):
        decide(np.zeros(1, np.float32), thresholds=(0.2, 0.8), outside=np.zeros(2, np.bool_))
