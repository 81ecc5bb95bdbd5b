"""Temperature, thresholds, and the limit of what is known."""

import numpy as np
import pytest

from models.training.calibrate import (
    FALSE_ALARMS,
    MISSED,
    balance,
    scaling,
    thresholds,
    training_range,
    with_limits,
)


def test_scaling_undoes_overconfidence_and_a_leaning_to_one_side():
    random = np.random.default_rng(1)
    honest = random.normal(0, 2, 20_000)
    blast = random.random(20_000) < 1 / (1 + np.exp(-honest))
    found = scaling(3 * honest - 2, blast, np.ones(20_000))
    assert found.temperature == pytest.approx(3, rel=0.05)
    assert found.offset == pytest.approx(2, abs=0.2)
    assert found.probability(3 * honest - 2) == pytest.approx(1 / (1 + np.exp(-honest)), abs=0.03)


def test_every_combination_of_groups_weighs_alike():
    source = np.array(["a", "a", "a", "b"])
    weight = balance(source, np.array([True, True, False, True]))
    assert list(weight) == [0.5, 0.5, 1, 1]


def test_the_unsure_band_keeps_errors_on_either_side_as_rare_as_asked():
    random = np.random.default_rng(2)
    blast = np.arange(4000) % 2 == 0
    probability = np.clip(random.normal(np.where(blast, 0.65, 0.35), 0.15), 0, 1)
    low, high = thresholds(probability, blast, np.ones(4000))
    assert (probability[blast] < low).mean() == pytest.approx(MISSED, abs=0.01)
    assert (probability[~blast] >= high).mean() == pytest.approx(FALSE_ALARMS, abs=0.01)


def test_a_cell_that_weighs_more_moves_the_band_more():
    probability, blast = np.array([0.1, 0.6, 0.3, 0.9]), np.array([True, True, False, False])
    low, high = thresholds(probability, blast, np.array([0.01, 1.0, 0.01, 1.0]))
    assert (low, high) == (0.6, 0.9)


def test_classes_that_part_well_leave_no_unsure_band():
    blast = np.array([False, False, True, True])
    low, high = thresholds(np.array([0.1, 0.2, 0.8, 0.9]), blast, np.ones(4))
    assert low == high == pytest.approx(0.5, abs=0.05)


def test_limits_flag_a_small_share_of_held_out_cells():
    random = np.random.default_rng(3)
    embedding = random.normal(0, [1, 5, 0.2], (4000, 3)).astype(np.float32)
    known = training_range(embedding[:2000], seed=1)
    scores = random.normal(0, 1, (2000, 3)).astype(np.float32)
    limited = with_limits(known, scores, embedding[2000:])
    assert 0 < limited.unusable_limit < 1
    assert limited.distance_limit < np.inf
