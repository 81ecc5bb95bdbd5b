"""How much is missing before a figure is shown."""

import numpy as np

from appliance.services.statistics.minimum import Missing, missing, missing_of_either


def test_it_says_how_many_cells_and_patients_more():
    assert missing(np.repeat([0, 1], 6)) == Missing(cells=38, blocks=1)


def test_enough_is_enough():
    assert missing(np.arange(50)).nothing


def test_blasts_and_normal_cells_are_counted_apart():
    blast = np.arange(100) < 20
    blasts, normal = missing_of_either(blast, np.arange(100))
    assert blasts == Missing(cells=30, blocks=0)
    assert normal.nothing
