"""How far two who call the same cells agree beyond chance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.services.statistics.blocks import Blocks, Floats, around, blocks_in, variance
from appliance.services.statistics.proportions import share
from models.figures import Figure

Calls = NDArray[np.intp]
"""(n,) number of the kind each cell was called, 0 and up."""


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """Two readers, or a reader and the model, on the same cells."""

    kappa: Figure
    agreed: int
    """Cells called the same."""
    table: NDArray[np.int64]
    """(kinds, kinds): cells by the call of the first (rows) and the second (columns)."""


def agreement(first: Calls, second: Calls, block: Blocks, *, kinds: int) -> Agreement:
    """Give Cohen's kappa (1960, Educ Psychol Meas 20:37), unweighted: the kinds have no order.

    The interval comes from the influence of each cell on kappa, added up within blocks; with
    blocks of one cell it is that of Fleiss, Cohen and Everitt (1969, Psychol Bull 72:323). Kappa is
    NaN where one of the two called everything the same one kind: that is no reading to agree with.
    """
    table = np.bincount(first * kinds + second, minlength=kinds * kinds).reshape(kinds, kinds)
    agreed, count = int(np.trace(table)), blocks_in(block)
    joint = table / len(first)
    rows, columns = joint.sum(axis=1), joint.sum(axis=0)
    by_chance = float(rows @ columns)
    if len(first) in (*table.sum(axis=0), *table.sum(axis=1)):
        nothing = float("nan")
        return Agreement(Figure(nothing, nothing, nothing, len(first), count), agreed, table)
    observed = agreed / len(first)
    kappa = (observed - by_chance) / (1 - by_chance)
    if agreed == len(first):
        # Nothing varies: the exact interval of the agreement stands in.
        low = (share(first == second, block).low - by_chance) / (1 - by_chance)
        return Agreement(Figure(1.0, max(low, -1.0), 1.0, len(first), count), agreed, table)
    influence = _influence(first, second, rows, columns, kappa, by_chance)
    low, high = around(kappa, float(np.sqrt(variance(influence, block))), count)
    figure = Figure(kappa, max(low, -1.0), min(high, 1.0), len(first), count)
    return Agreement(figure, agreed, table)


def _influence(
    first: Calls, second: Calls, rows: Floats, columns: Floats, kappa: float, by_chance: float
) -> Floats:
    """Give the derivative of kappa by the weight of each cell, (n,).

    A cell called i and j moves the observed agreement by [i = j] and that by chance by
    columns[i] + rows[j].
    """
    chance = columns[first] + rows[second]
    raw = (first == second) - (1 - kappa) * chance
    mean = kappa * (1 - by_chance) + by_chance - (1 - kappa) * 2 * by_chance
    return np.asarray((raw - mean) / ((1 - by_chance) * len(first)), np.float64)
