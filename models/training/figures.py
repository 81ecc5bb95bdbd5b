"""Shares of cells with intervals over blocks; the other figures are `models.figures`."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from appliance.pipeline.tally import clopper_pearson
from models.figures import Figure, Truths, with_interval


def rate_figure(hit: Truths, block: NDArray[np.str_]) -> Figure:
    """Give a share of cells with an interval over blocks.

    Where all or none are hit, drawing says nothing: then the exact interval of as many blocks.
    """
    found = with_interval(lambda rows: float(hit[rows].mean()), block)
    if found.value in {0.0, 1.0}:
        low, high = clopper_pearson(round(found.value) * found.blocks, found.blocks)
        found = replace(found, low=low, high=high)
    return found
