"""The score of a field: every cell speaks, none decides alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.pipeline.evidence import field_score
from appliance.vocabulary import Suggestion, Verdict


def said(*probabilities, outside=False):
    return [Verdict(Suggestion.UNSURE, value, outside) for value in probabilities]


def test_cells_that_say_the_same_are_given_back():
    assert field_score(said(0.8, 0.8, 0.8)) == pytest.approx(0.8)


def test_one_sure_blast_among_normal_cells_outweighs_many_doubtful_ones():
    assert field_score(said(0.98, *[0.05] * 7)) > field_score(said(*[0.45] * 8))
    assert field_score(said(1.0, 0.0)) == pytest.approx(0.5 ** (1 / 3))


def test_what_is_outside_the_training_range_says_nothing():
    assert field_score([*said(0.2), *said(1.0, outside=True)]) == pytest.approx(0.2)
    assert field_score(said(0.7, outside=True)) is None
    assert field_score([]) is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(0, 29))
def test_it_lies_between_the_cells_and_rises_with_each(values, place):
    score = field_score(said(*values))
    assert min(values) - 1e-5 <= score <= max(values) + 1e-5
    raised = list(values)
    raised[place % len(values)] = 1.0
    assert field_score(said(*raised)) >= score - 1e-12
