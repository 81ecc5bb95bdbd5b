"""From raw numbers to predictions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from appliance.pipeline import crops as cutting
from models.card import TrainingRange, load_card
from models.scores import (
    GLASS,
    blast_probability,
    check_crops,
    distance,
    outside_range,
    to_prediction,
    unusable_share,
)


def range_of(centres, spreads=(1, 1)):
    return TrainingRange(
        np.array(centres, np.float32),
        np.array(spreads, np.float32),
        distance_limit=2,
        unusable_limit=0.5,
    )


scores = arrays(
    np.float32, st.tuples(st.integers(0, 20), st.just(3)), elements=st.floats(-50, 50, width=32)
)


@given(scores, st.floats(0.1, 10))
def test_probabilities_are_probabilities_and_rise_with_the_margin(values, temperature):
    result = blast_probability(values, temperature=temperature)
    assert result.dtype == np.float32
    assert np.all((result >= 0) & (result <= 1))
    order = np.argsort(values[:, 0].astype(float) - values[:, 1], kind="stable")
    assert np.all(np.diff(result[order]) >= 0)


def test_temperature_softens():
    score = np.array([[2.0, 0.0, 0.0]], np.float32)
    plain = blast_probability(score, temperature=1)[0]
    assert plain == pytest.approx(1 / (1 + np.exp(-2)))
    assert 0.5 < blast_probability(score, temperature=3)[0] < plain


@given(scores)
def test_the_unusable_share_is_that_of_a_softmax(values):
    share = unusable_share(values)
    wide = values.astype(np.float64)
    expected = 1 / (1 + np.exp(wide[:, 0] - wide[:, 2]) + np.exp(wide[:, 1] - wide[:, 2]))
    assert np.allclose(share, expected, atol=1e-12)


def test_the_distance_is_to_the_nearest_centre():
    known = range_of([[0, 0], [10, 0]])
    points = np.array([[3, 4], [10, 1]], np.float32)
    assert np.allclose(distance(points, known), [5, 1])


def test_the_distance_counts_in_spreads():
    known = range_of([[0, 0]], spreads=[2, 0.5])
    assert np.allclose(distance(np.array([[2, 0], [0, 2]], np.float32), known), [1, 4])


def test_a_far_cell_and_an_unusable_one_are_outside():
    limits = range_of([[0, 0]])
    scores = np.array([[1, 0, 0], [1, 0, 0], [0, 0, 9]], np.float32)
    embedding = np.array([[1, 1], [3, 0], [0, 0]], np.float32)
    assert list(outside_range(scores, embedding, limits)) == [False, True, True]


@pytest.mark.parametrize(
    "crops",
    [
        np.zeros((1, 64, 64, 3), np.uint8),
        np.zeros((1, 32, 32, 3), np.float32),
        np.zeros((32, 32, 3), np.uint8),
        np.zeros((1, 32, 32, 1), np.uint8),
    ],
)
def test_crops_of_another_shape_or_type_are_refused(crops):
    with pytest.raises(ValueError, match="expected uint8"):
        check_crops(crops, 32)


def test_what_is_hidden_in_a_crop_has_no_attention(bundle):
    card = load_card(bundle)
    assert GLASS == cutting.GLASS
    crops = np.full((2, 128, 128, 3), GLASS, np.uint8)
    crops[:, 32:96, 32:64] = 120
    embedding = np.zeros((2, card.embedding), np.float32)
    scores = np.array([[4, 0, 0], [0, 4, 0]], np.float32)
    raw = np.stack([np.ones((8, 8)), -np.ones((8, 8))]).astype(np.float32)
    attention = to_prediction(scores, embedding, raw, card, crops).attention
    expected = np.zeros((8, 8), np.float32)
    expected[2:6, 2:4] = 1
    assert np.array_equal(attention, np.stack([expected, expected]))


def test_only_the_axes_that_the_range_has_are_looked_at():
    limits = range_of([[0, 0]])
    embedding = np.array([[1, 1, 9], [1, 1, -9]], np.float32)
    assert distance(embedding, limits) == pytest.approx([2**0.5] * 2)
