"""Whether this week's numbers are still like those the model was verified on.

The population stability index compares two distributions over bins that hold a tenth of the
reference each (more, where a week has few numbers); 0.1 and 0.25 are its usual limits (Siddiqi
2006, Credit Risk Scorecards). Few numbers alone make it large even when nothing has changed: it is
then about chi-squared (Yurdakul and Naranjo 2020, J Risk Model Valid 14(4):89). So a warning needs
both: beyond the limit, and beyond what chance would do. Chance is reckoned from how much blocks of
the reference differ, since a week with one more leukaemia is no drift: a weighted sum of
chi-squares, taken as one with its mean and variance (Rao and Scott 1981, J Am Stat Assoc 76:221,
with Satterthwaite's degrees of freedom).
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import chdtri

from appliance.services.statistics.blocks import Blocks, Floats, blocks_in

BINS = 10
LIMIT = 0.25
"""Beyond, the distribution has shifted."""
WATCH = 0.1
"""Beyond, it is worth a look."""
RARE = 0.001
"""How often chance alone may give a warning, each week."""
LEAST = 15
"""Numbers of the week, and of the reference, below which nothing is said."""
LEAST_BLOCKS = 3, 10
"""Blocks of the week, and of the reference, likewise."""
_FULL = 5
"""Numbers that a bin must hold of a week like the reference, or there are fewer bins."""


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

    @property
    def limit(self) -> float:
        """The index beyond which the week has shifted."""
        return _limit(self.by_chance)


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
    least, least_of_reference = LEAST_BLOCKS
    enough = blocks >= least and blocks_in(reference_block) >= least_of_reference
    if enough and min(len(week), len(reference)) >= LEAST:
        edges = _edges(reference, len(week))
        was, now = _spread(reference, reference_block, edges), _spread(week, block, edges)
        index = _index(was.sum(axis=0), now.sum(axis=0))
        by_chance = _by_chance(was, now)
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


def _limit(by_chance: float) -> float:
    return max(LIMIT, by_chance)


def _judged(index: float, by_chance: float) -> Steadiness:
    if np.isnan(index):
        return Steadiness.TOO_FEW
    if index > _limit(by_chance):
        return Steadiness.SHIFTED
    return Steadiness.WATCH if index > max(WATCH, by_chance) else Steadiness.STEADY


def _edges(reference: Floats, count: int) -> Floats:
    """Part the reference into equal bins, ten where a week has numbers for so many."""
    bins = int(np.clip(count // _FULL, 3, BINS))
    return np.unique(np.quantile(reference, np.linspace(0, 1, bins + 1)[1:-1]))


def _spread(numbers: Floats, block: Blocks, edges: Floats) -> Floats:
    """Count the numbers of each block in each bin, (k, b)."""
    blocks, place = np.unique(block, return_inverse=True)
    counts = np.zeros((len(blocks), len(edges) + 1))
    np.add.at(counts, (place, np.searchsorted(edges, numbers, side="right")), 1)
    return counts


def _index(was: Floats, now: Floats) -> float:
    was, now = (np.add(c, 0.5) / (c.sum() + 0.5 * len(c)) for c in (was, now))
    return float(((now - was) * np.log(now / was)).sum())


def _by_chance(was: Floats, now: Floats) -> float:
    """Give the index that a week of blocks like the reference's exceeds with probability RARE.

    Args:
        was: (k, b), counts of the reference.
        now: (l, b), of the week: only how many blocks of which size matters.
    """
    # A bin that the reference leaves empty varies as nothing there can tell.
    filled = was[:, was.sum(axis=0) > 0]
    share = filled.sum(axis=0) / was.sum()
    apart = filled / was.sum(axis=1, keepdims=True) - share
    of_a_block = apart.T @ apart / (len(was) - 1)
    weight = sum(float(((of := c.sum(axis=1)) ** 2).sum() / of.sum() ** 2) for c in (was, now))
    relative = of_a_block * weight / share[:, None]
    mean, square = float(np.trace(relative)), float(np.trace(relative @ relative))
    if not mean:
        return 0.0
    return square / mean * float(chdtri(mean**2 / square, RARE))
