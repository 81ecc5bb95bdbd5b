"""Whether probabilities come true: of cells said to be blasts at 80 %, 80 in 100 should be."""

from dataclasses import dataclass

import numpy as np

from appliance.services.statistics.blocks import Blocks, Floats, Truths, added_up, blocks_in
from appliance.services.statistics.proportions import shares
from models.figures import DRAWS, Figure, calibration_error

BINS = 10
_AT_ONCE = 50  # draws: pages share their memory with this
_LEAST = 10
"""Cells of a bin: of fewer, the share says nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Bins of about equally many cells, from low to high probability."""

    said: Floats
    """(b,), mean probability."""
    seen: Floats
    """(b,), share of blasts."""
    low: Floats
    """(b,), of the share, 95 %."""
    high: Floats
    cells: Floats
    """(b,), cells of each bin."""
    error: Figure
    """Expected calibration error (Naeini et al. 2015): the mean gap between said and seen."""


def reliability(blast: Truths, probability: Floats, block: Blocks) -> Reliability:
    """Compare what was said with what was seen.

    The interval of the error is drawn over blocks, the bins held as they are. With few cells the
    error is above zero even for true probabilities, and drawing raises it: an upper estimate.

    Args:
        blast: (n,).
        probability: (n,), 0 to 1.
        block: (n,).
    """
    bins = int(np.clip(len(blast) // _LEAST, 1, BINS))
    parts = np.array_split(np.argsort(probability, kind="stable"), bins)
    ends = [shares(*_sums(blast[part], block[part])) for part in parts]
    value = calibration_error(blast, probability, bins)
    low, high = _drawn(blast - probability, parts, block)
    return Reliability(
        said=np.array([probability[part].mean() for part in parts]),
        seen=np.array([float(end[0][0]) for end in ends]),
        low=np.array([float(end[1][0]) for end in ends]),
        high=np.array([float(end[2][0]) for end in ends]),
        cells=np.array([float(len(part)) for part in parts]),
        error=Figure(value, low, high, len(blast), blocks_in(block)),
    )


def _sums(hit: Truths, block: Blocks) -> tuple[Floats, Floats]:
    hits = added_up(hit.astype(np.float64), block)
    return hits[:, None], added_up(np.ones(len(hit)), block)


def _drawn(gap: Floats, parts: list[Blocks], block: Blocks) -> tuple[float, float]:
    """Draw blocks with replacement: the error needs only sums of gaps by block and bin."""
    blocks, place = np.unique(block, return_inverse=True)
    sums, cells = np.zeros((len(blocks), len(parts))), np.zeros((len(blocks), len(parts)))
    for number, part in enumerate(parts):
        np.add.at(sums[:, number], place[part], gap[part])
        np.add.at(cells[:, number], place[part], 1)
    even = np.full(len(blocks), 1 / len(blocks))
    random, errors = np.random.default_rng(0), []
    for _ in range(DRAWS // _AT_ONCE):
        times = random.multinomial(len(blocks), even, _AT_ONCE)
        errors.append(np.abs(times @ sums).sum(axis=1) / (times @ cells).sum(axis=1))
    low, high = np.quantile(np.concatenate(errors), [0.025, 0.975])
    return float(low), float(high)
