"""Shares of cells: sensitivity, specificity, agreement; and predictive values at a prevalence."""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, ndtri, stdtrit

from appliance.services.statistics.blocks import (
    TAIL,
    Blocks,
    Floats,
    Truths,
    added_up,
    around,
    blocks_in,
    deviations,
    expit,
    variance,
)
from models.figures import Figure


def share(hit: Truths, block: Blocks) -> Figure:
    """Give the share of cells with a property, with its interval over blocks.

    The interval is exact (Clopper and Pearson 1934) on the effective number of cells (Korn and
    Graubard 1998, Surv Methodol 24:193): as many independent cells as vary as much as these
    do in whole blocks, and fewer still where there are few blocks. Where all or none have the
    property nothing varies, and only the number of blocks counts.

    Args:
        hit: (n,), n at least 1.
        block: (n,).
    """
    hits = added_up(hit.astype(np.float64), block)[:, None]
    cells = added_up(np.ones(len(hit)), block)
    value, low, high = shares(hits, cells)
    return Figure(float(value[0]), float(low[0]), float(high[0]), len(hit), blocks_in(block))


def shares(hits: Floats, cells: Floats) -> tuple[Floats, Floats, Floats]:
    """Give several shares of the same cells at once, as `share` does: value, low, high, (t,) each.

    Args:
        hits: (k, t), cells of each block with each property.
        cells: (k,), all cells of each block.
    """
    total = float(cells.sum())
    value = hits.sum(axis=0) / total
    effective = np.minimum(effective_cells(hits, cells, value), total)
    low, high = np.zeros_like(value), np.ones_like(value)
    some, missing = value > 0, value < 1
    expected = value * effective
    rest = effective - expected
    low[some] = betaincinv(expected[some], rest[some] + 1, TAIL)
    high[missing] = betaincinv(expected[missing] + 1, rest[missing], 1 - TAIL)
    return value, low, high


def effective_cells(hits: Floats, cells: Floats, value: Floats) -> Floats:
    """Say how many independent cells would tell as much, (t,); at least 1."""
    total, count = float(cells.sum()), int((cells > 0).sum())
    if count < 2:
        return np.ones_like(value)
    spread = ((hits - value * cells[:, None]) ** 2).sum(axis=0) / total**2 * count / (count - 1)
    alone = value * (1 - value) / (total - 1)
    # Rounding leaves a trace of spread where every cell has the property.
    design = np.where(alone > 1e-12, spread / np.maximum(alone, 1e-12), 1.0)
    few = (float(stdtrit(total - 1, TAIL)) / float(stdtrit(count - 1, TAIL))) ** 2
    return np.clip(total / np.maximum(design, 1.0) * few, 1.0, total)


@dataclass(frozen=True, slots=True)
class PredictiveValues:
    """What a call is worth where this share of cells are blasts."""

    prevalence: float
    positive: Figure
    """Of the cells called blast, the share that are."""
    negative: Figure
    """Of the cells called normal, the share that are."""


def predictive_values(
    called: Truths, blast: Truths, block: Blocks, *, prevalence: float
) -> PredictiveValues:
    """Give predictive values at a prevalence, with intervals on the logit scale.

    Mercaldo, Lau and Zhou 2007 (Stat Med 26:2170), with influences added up within blocks. The
    prevalence counts as known. Where sensitivity or specificity is 0 or 1 the logit is made of
    both with half the squared normal deviate added to either side (their adjusted interval).

    Args:
        called: (n,), called a blast.
        blast: (n,), of both kinds.
        block: (n,).
        prevalence: share of blasts, 0 to 1, exclusive.
    """
    miss, pass_ = ~called & blast, ~called & ~blast
    alarm = called & ~blast
    odds = prevalence / (1 - prevalence)
    positive = _value(called & blast, blast, alarm, ~blast, block, odds)
    negative = _value(pass_, ~blast, miss, blast, block, 1 / odds)
    return PredictiveValues(prevalence, positive, negative)


def _value(
    right: Truths, of: Truths, wrong: Truths, others: Truths, block: Blocks, odds: float
) -> Figure:
    """Weigh how often a call is right among its own kind against how often among the others."""
    rights, wrongs = _rate(right, of), _rate(wrong, others)
    told = rights * odds + wrongs
    value = rights * odds / told if told else float("nan")
    count = blocks_in(block)
    if 0 < rights < 1 and 0 < wrongs < 1:
        influence = (right - of * rights) / (rights * of.sum())
        influence -= (wrong - others * wrongs) / (wrongs * others.sum())
        centre, error = np.log(rights * odds / wrongs), np.sqrt(variance(influence, block))
    else:
        centre, error = _adjusted(right, of, wrong, others, block, odds)
    low, high = (expit(end) for end in around(float(centre), float(error), count))
    # The adjusted rates never reach 0 or 1, a value may; fmin and fmax leave a NaN aside.
    low, high = float(np.fmin(low, value)), float(np.fmax(high, value))
    return Figure(value, low, high, len(block), count)


def _rate(part: Truths, of: Truths) -> float:
    return float(part.sum() / of.sum())


def _adjusted(
    right: Truths, of: Truths, wrong: Truths, others: Truths, block: Blocks, odds: float
) -> tuple[float, float]:
    """Give log-odds and standard error from rates moved off their ends."""
    squared = float(ndtri(TAIL)) ** 2
    rates, errors = [], []
    for part, whole in ((right, of), (wrong, others)):
        rate = _rate(part, whole)
        hits, cells = (
            added_up(part.astype(np.float64), block),
            added_up(whole.astype(np.float64), block),
        )
        effective = float(effective_cells(hits[:, None], cells, np.array([rate]))[0]) + squared
        moved = (rate * (effective - squared) + squared / 2) / effective
        rates.append(moved)
        errors.append((1 - moved) / moved / effective)
    # The number of blocks is in the effective cells already; `around` multiplies by Student's t.
    count = blocks_in(block)
    shrink = -float(ndtri(TAIL)) / deviations(count) if count > 1 else 1.0
    return float(np.log(rates[0] * odds / rates[1])), float(np.sqrt(sum(errors)) * shrink)
