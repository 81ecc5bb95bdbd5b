"""How far chance moves a figure when whole blocks of cells vary together.

A figure is a smooth function of means over cells; its linear part gives each cell an influence.
Influences add up within a block, and the spread of those sums is the variance (the sandwich, or
infinitesimal jackknife over clusters; Liang and Zeger 1986, Biometrika 73:13).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]
Blocks = NDArray[np.intp]
"""(n,) number of the block of each cell, 0 and up; some may be empty."""

TAIL = 0.025
"""Of either side of a 95 % interval."""


def blocks_in(block: Blocks) -> int:
    """Count the blocks that have a cell."""
    return len(np.unique(block))


def added_up(values: Floats, block: Blocks) -> Floats:
    """Add up values within blocks, (k,); blocks without a cell give 0."""
    return np.asarray(np.bincount(block, weights=values), np.float64)


def variance(influence: Floats, block: Blocks) -> float:
    """Give the variance of a figure from the influence of each cell on it.

    Args:
        influence: (n,), by how much each cell moves the figure; sums to about 0.
        block: (n,).

    Returns:
        With the correction k / (k - 1) for k blocks; infinite for a single one.
    """
    count = blocks_in(block)
    if count < 2:
        return float("inf")
    sums = added_up(influence, block)
    return float((sums**2).sum() * count / (count - 1))


def deviations(count: int) -> float:
    """Give how many standard errors a 95 % interval reaches: of Student's t, count - 1 degrees."""
    return float(-stdtrit(count - 1, TAIL)) if count > 1 else float("inf")


def around(value: float, error: float, count: int) -> tuple[float, float]:
    """Give the 95 % interval of a figure that may take any value, from its standard error."""
    reach = deviations(count) * error if error else 0.0
    return value - reach, value + reach


def around_logit(value: float, error: float, count: int) -> tuple[float, float]:
    """Give the interval of a figure strictly between 0 and 1, made on the logit scale.

    Args:
        value: 0 to 1, exclusive.
        error: standard error of the value itself.
        count: blocks.
    """
    low, high = around(float(np.log(value / (1 - value))), error / (value * (1 - value)), count)
    return expit(low), expit(high)


def expit(value: float) -> float:
    """Give the probability that belongs to log-odds; both infinities have one."""
    if value >= 0:
        return float(1 / (1 + np.exp(-value)))
    odds = float(np.exp(value))
    return odds / (1 + odds)
