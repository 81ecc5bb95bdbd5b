"""Whether this week's numbers are still like those the model was verified on.

The population stability index compares two distributions over bins that hold a tenth of the
reference each; 0.1 and 0.25 are its usual limits (Siddiqi 2006, Credit Risk Scorecards). Few
numbers alone make it large: with m and n of them it is about chi-squared with bins - 1 degrees of
freedom times (1/m + 1/n) even when nothing has changed (Yurdakul and Naranjo 2020, J Risk Model
Valid 14(4):89). So a warning needs both: beyond the limit, and beyond what chance would do. As
numbers of one block are alike, m and n are divided by the mean design effect of the bins (Rao and
Scott 1981, J Am Stat Assoc 76:221).
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import chdtri

from appliance.services.statistics.blocks import Blocks, Floats, blocks_in
from appliance.services.statistics.proportions import effective_cells

BINS = 10
LIMIT = 0.25
"""Beyond, the distribution has shifted."""
WATCH = 0.1
"""Beyond, it is worth a look."""
RARE = 0.001
"""How often chance alone may give a warning, each week."""
LEAST = 30
"""Numbers of the week, and of the reference, below which nothing is said."""


class Steadiness(StrEnum):
    """What a comparison comes to."""

    STEADY = "steady"
    WATCH = "watch"
    SHIFTED = "shifted"
    TOO_FEW = "too-few"


@dataclass(frozen=True, slots=True)
class Shift:
    """One week's numbers held against the reference."""

    steadiness: Steadiness
    index: float
    """Population stability index; NaN where there are too few numbers."""
    by_chance: float
    """The index that chance alone exceeds once in a thousand weeks."""
    low: float
    """Lower quartile of the week."""
    median: float
    high: float
    """Upper quartile."""
    count: int
    """Numbers of the week."""
    blocks: int


def shift(reference: Floats, week: Floats, reference_block: Blocks, block: Blocks) -> Shift:
    """Hold a week against the reference.

    Args:
        reference: (m,), what the model was verified on.
        week: (n,).
        reference_block: (m,), what varies together: the examination of a cell or picture.
        block: (n,).

    """
    low, median, high = np.quantile(week, [0.25, 0.5, 0.75]) if len(week) else (float("nan"),) * 3
    index = by_chance = float("nan")
    blocks = blocks_in(block)
    if min(len(week), len(reference)) >= LEAST and min(blocks, blocks_in(reference_block)) >= 2:
        was, now = _spread(reference, reference_block, reference), _spread(week, block, reference)
        index = _index(was.sum(axis=0), now.sum(axis=0))
        freedom = max(was.shape[1] - 1, 1)
        by_chance = float(chdtri(freedom, RARE)) * (1 / _effective(was) + 1 / _effective(now))
    return Shift(
        _judged(index, by_chance),
        index,
        by_chance,
        float(low),
        float(median),
        float(high),
        len(week),
        blocks,
    )


def _judged(index: float, by_chance: float) -> Steadiness:
    if np.isnan(index):
        return Steadiness.TOO_FEW
    if index > max(LIMIT, by_chance):
        return Steadiness.SHIFTED
    return Steadiness.WATCH if index > max(WATCH, by_chance) else Steadiness.STEADY


def stability_index(reference: Floats, week: Floats) -> float:
    """Give the population stability index, 0 for equal distributions.

    Half a number is added to every bin, so that an empty one does not make it infinite.

    Args:
        reference: (m,), m at least 1; its tenths make the bins. Equal numbers share a bin.
        week: (n,), n at least 1.
    """
    alone = [np.zeros(len(numbers), np.intp) for numbers in (reference, week)]
    was, now = _spread(reference, alone[0], reference), _spread(week, alone[1], reference)
    return _index(was[0], now[0])


def _spread(numbers: Floats, block: Blocks, reference: Floats) -> Floats:
    """Count the numbers of each block in each bin, (k, b)."""
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, BINS + 1)[1:-1]))
    blocks, place = np.unique(block, return_inverse=True)
    counts = np.zeros((len(blocks), len(edges) + 1))
    np.add.at(counts, (place, np.searchsorted(edges, numbers, side="right")), 1)
    return counts


def _index(was: Floats, now: Floats) -> float:
    was, now = (np.add(c, 0.5) / (c.sum() + 0.5 * len(c)) for c in (was, now))
    return float(((now - was) * np.log(now / was)).sum())


def _effective(counts: Floats) -> float:
    """Say how many numbers of blocks of their own would spread over the bins as much."""
    total = float(counts.sum())
    value = counts.sum(axis=0) / total
    design = total / effective_cells(counts, counts.sum(axis=1), value)
    return total / max(float(((1 - value) * design).sum()) / max(len(value) - 1, 1), 1.0)
