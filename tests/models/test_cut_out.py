"""How much a cell changes for the network when it is cut out and laid on black."""

import numpy as np

from appliance.pipeline.surround import cut_out
from models.training.evaluate_cut_out import on_black


def test_a_cut_out_cell_lies_alone_in_the_middle_of_black():
    pixels = np.random.default_rng(4).integers(100, 240, (40, 60, 3)).astype(np.uint8)
    mask = np.zeros((40, 60), np.bool_)
    mask[5:15, 30:50] = True
    square = on_black(pixels, mask)
    assert square.shape == (36, 36, 3)
    assert np.array_equal(square[13:23, 8:28], pixels[5:15, 30:50])
    assert square.sum() == pixels[mask].sum()
    shown = cut_out(square)
    assert shown is not None
    assert shown.sum() == mask.sum()
