"""Whether blasts score above normal cells: the ROC curve, its band and the area under it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from appliance.services.statistics.blocks import (
    TAIL,
    Blocks,
    Floats,
    Truths,
    around_logit,
    blocks_in,
)
from appliance.services.statistics.proportions import shares
from models.figures import Figure, auc, ranks

_POINTS = 120
"""Corners of a curve that a picture can show; the area is of all cells."""


@dataclass(frozen=True, slots=True, eq=False)
class Roc:
    """The curve from (0, 0) to (1, 1), thresholds falling; t points."""

    false_alarms: Floats
    """(t,), share of normal cells from the threshold on: 1 - specificity."""
    sensitivity: Floats
    """(t,), share of blasts from the threshold on."""
    low: Floats
    """(t,), of the sensitivity at that threshold, 95 %."""
    high: Floats
    thresholds: Floats
    """(t,), the first infinite."""
    area: Figure


def roc(blast: Truths, score: Floats, block: Blocks) -> Roc:
    """Draw the curve and measure the area under it.

    Args:
        blast: (n,), of both kinds.
        score: (n,), higher for blasts.
        block: (n,).
    """
    thresholds = _thresholds(blast, score)
    positives = _beyond(score[blast], block[blast], thresholds)
    value, low, high = shares(*positives)
    return Roc(
        false_alarms=_share_beyond(score[~blast], thresholds),
        sensitivity=value,
        low=low,
        high=high,
        thresholds=thresholds,
        area=area(blast, score, block),
    )


@dataclass(frozen=True, slots=True)
class Point:
    """What comes of calling everything from a threshold on a blast."""

    threshold: float
    sensitivity: float
    low: float
    """Of the sensitivity, 95 %."""
    high: float
    specificity: float


def points(blast: Truths, score: Floats, block: Blocks, thresholds: Sequence[float]) -> list[Point]:
    """Give the points of the curve at some thresholds, in their order."""
    falling = np.sort(np.array(thresholds, np.float64))[::-1]
    value, low, high = shares(*_beyond(score[blast], block[blast], falling))
    specificity = 1 - _share_beyond(score[~blast], falling)
    found = [
        Point(*map(float, row)) for row in zip(falling, value, low, high, specificity, strict=True)
    ]
    return sorted(found, key=lambda point: thresholds.index(point.threshold))


def area(blast: Truths, score: Floats, block: Blocks) -> Figure:
    """Give the area under the curve, with the interval of Obuchowski (1997, Biometrics 53:567).

    Each blast has the share of normal cells it outranks, each normal cell that of blasts which
    outrank it; these add up within blocks, and blasts and normal cells of one patient vary
    together. With blocks of one cell this is DeLong's (1988, Biometrics 44:837). The interval is
    made on the logit scale. Where no normal cell outranks a blast nothing varies: then as many
    pairs as can be formed of different blocks stand for the trials of an exact interval.
    """
    value, count = auc(blast, score), blocks_in(block)
    if value in (0.0, 1.0):
        pairs = min(blocks_in(block[blast]), blocks_in(block[~blast]))
        end = float(betaincinv(pairs, 1, TAIL))
        low, high = (end, 1.0) if value else (0.0, 1 - end)
    else:
        error = float(np.sqrt(_variance(blast, score, block, value)))
        low, high = around_logit(value, error, count)
    return Figure(value, low, high, len(blast), count)


def _variance(blast: Truths, score: Floats, block: Blocks, value: float) -> float:
    positives, negatives = int(blast.sum()), int((~blast).sum())
    place = ranks(score)
    among_blasts, among_normal = ranks(score[blast]), ranks(score[~blast])
    outranks = (place[blast] - among_blasts) / negatives - value
    outranked = 1 - (place[~blast] - among_normal) / positives - value
    blocks = int(block.max()) + 1
    own = np.bincount(block[blast], outranks, blocks)
    other = np.bincount(block[~blast], outranked, blocks)
    with_blasts, with_normal = blocks_in(block[blast]), blocks_in(block[~blast])
    if min(with_blasts, with_normal) < 2:
        return float("inf")
    count = blocks_in(block)
    return (
        _corrected(with_blasts) * float((own**2).sum()) / positives**2
        + _corrected(with_normal) * float((other**2).sum()) / negatives**2
        + 2 * _corrected(count) * float((own * other).sum()) / (positives * negatives)
    )


def _corrected(blocks: int) -> float:
    return blocks / (blocks - 1)


def _thresholds(blast: Truths, score: Floats) -> Floats:
    """Choose scores, falling, at which the curve has its corners: at most about _POINTS."""
    found = np.unique(score)[::-1]
    if len(found) > _POINTS:
        # Even steps along both axes: no corner is further off than two of them.
        steps = np.linspace(0, 1, _POINTS // 2)
        chosen = [np.quantile(score[kind], steps, method="nearest") for kind in (blast, ~blast)]
        found = np.unique(np.concatenate([*chosen, found[[0, -1]]]))[::-1]
    return np.concatenate([[np.inf], found])


def _share_beyond(score: Floats, thresholds: Floats) -> Floats:
    below = np.searchsorted(np.sort(score), thresholds, side="left")
    return np.asarray((len(score) - below) / len(score), np.float64)


def _beyond(score: Floats, block: Blocks, thresholds: Floats) -> tuple[Floats, NDArray[np.float64]]:
    """Count, for each block, its cells from each threshold on, (k, t), and all its cells, (k,)."""
    blocks, place = np.unique(block, return_inverse=True)
    # Thresholds fall: the first that a cell reaches, it and all later ones count the cell.
    first = np.searchsorted(-thresholds, -score, side="left")
    counts = np.zeros((len(blocks), len(thresholds) + 1))
    np.add.at(counts, (place, first), 1)
    # What reaches none of them was counted beyond the last.
    return counts[:, :-1].cumsum(axis=1), np.bincount(place).astype(np.float64)
