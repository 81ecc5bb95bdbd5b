"""Whether probabilities come true, against scikit-learn."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from appliance.services.statistics.proportions import share
from appliance.services.statistics.reliability import reliability
from models.figures import calibration_error


def drawn(cells, *, overconfident=1.0, seed=1):
    random = np.random.default_rng(seed)
    probability = random.permutation(np.linspace(0.01, 0.99, cells))
    blast = random.random(cells) < probability**overconfident
    return blast, probability, np.arange(cells) // 10


def test_the_bins_are_scikit_learns():
    blast, probability, block = drawn(200)
    found = reliability(blast, probability, block)
    seen, said = calibration_curve(blast, probability, n_bins=10, strategy="quantile")
    assert found.seen == pytest.approx(seen)
    assert found.said == pytest.approx(said)
    assert found.cells == pytest.approx(np.full(10, 20))


def test_the_interval_of_a_bin_is_that_of_its_share():
    blast, probability, block = drawn(200)
    found = reliability(blast, probability, block)
    lowest = np.argsort(probability)[:20]
    alone = share(blast[lowest], block[lowest])
    assert (found.low[0], found.high[0]) == pytest.approx((alone.low, alone.high))


def test_the_error_is_the_mean_gap_and_grows_with_overconfidence():
    true, boasting = (reliability(*drawn(600, overconfident=power)) for power in (1, 3))
    blast, probability, _ = drawn(600, overconfident=3)
    assert boasting.error.value == pytest.approx(calibration_error(blast, probability))
    assert true.error.high < boasting.error.low


def test_few_cells_make_few_bins():
    blast, probability, block = drawn(35)
    assert len(reliability(blast, probability, block).said) == 3


def test_the_interval_is_the_same_each_time():
    assert reliability(*drawn(100)).error == reliability(*drawn(100)).error
