"""From scores to honest probabilities, an unsure band, and a limit to what is known."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from scipy.optimize import minimize
from scipy.special import expit

from models.card import TrainingRange
from models.scores import distance, unusable_share

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]
MISSED = 0.05
"""Share of blasts below the unsure band: what the thresholds let be called normal."""
FALSE_ALARMS = 0.10
"""Share of normal cells above the band. Twice the other: a person looks at every blast."""
FAR, UNFIT = 0.005, 0.010
"""Shares of held-out usable cells that are flagged as too far from all others, and as no usable
cell. The second asks what was learned for the purpose, so it may cost more."""
ELSEWHERE = 1.3
"""By how much farther than held-out cells of known microscopes a cell may lie. Cells of a source
that was left out lie farther, and the distance alone catches next to nothing."""
GROUPS = 16
AXES = 64
"""Of the embedding, that the distance looks at; in the others there is little but noise."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """From blast score less normal score to probability (Platt 1999)."""

    temperature: float
    """Divides, after the offset is added."""
    offset: float

    def probability(self, margin: Floats) -> Floats:
        """Give the probability of a blast, (n,)."""
        return np.asarray(expit((margin + self.offset) / self.temperature), np.float64)


def scaling(margin: Floats, blast: Truths, weight: Floats) -> Scaling:
    """Find temperature and offset under which probabilities are as likely as can be.

    Args:
        margin: (n,) blast score less normal score, of cells not trained on.
        blast: (n,) the truth.
        weight: (n,) so that sources and classes count alike.
    """
    sign = np.where(blast, 1.0, -1.0)

    def loss(parameters: Floats) -> float:
        scaled = sign * (margin + parameters[1]) / np.exp(parameters[0])
        return float((weight * np.logaddexp(0, -scaled)).sum() / weight.sum())

    found = minimize(loss, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-5}).x
    return Scaling(float(np.exp(found[0])), float(found[1]))


def balance(*groups: NDArray[np.str_] | NDArray[np.bool_]) -> Floats:
    """Give weights so that every combination of the groups counts alike."""
    names = np.array(["|".join(map(str, row)) for row in zip(*groups, strict=True)])
    _, place = np.unique(names, return_inverse=True)
    return np.asarray(1 / np.bincount(place)[place], np.float64)


def thresholds(probability: Floats, blast: Truths, weight: Floats) -> tuple[float, float]:
    """Find the unsure band: below it few blasts, from its upper end on few normal cells.

    Where the classes are parted better than asked, the band closes at the middle of both ends.
    """
    low = _quantile(probability[blast], weight[blast], MISSED)
    high = _quantile(probability[~blast], weight[~blast], 1 - FALSE_ALARMS)
    if low > high:
        low = high = (low + high) / 2
    return round(low, 3), round(high, 3)


def _quantile(values: Floats, weight: Floats, share: float) -> float:
    """Give the value that this share of the weight lies at or below."""
    order = np.argsort(values)
    reached = np.cumsum(weight[order]) / weight.sum()
    place = min(int(np.searchsorted(reached, share)), len(order) - 1)
    return float(values[order][place])


def training_range(embedding: NDArray[np.float32], *, seed: int) -> TrainingRange:
    """Group training cells and measure how far they lie from their group; no limits yet."""
    embedding = embedding[:, :AXES]
    scale = embedding.std(axis=0) + 1e-6
    centres, group = kmeans2(
        (embedding / scale).astype(np.float64), GROUPS, minit="++", rng=np.random.default_rng(seed)
    )
    used = np.unique(group)
    centres = (centres[used] * scale).round(3)
    within = embedding - centres[np.searchsorted(used, group)]
    spreads = (within.std(axis=0) + 1e-3).round(4)
    return TrainingRange(centres.astype(np.float32), spreads.astype(np.float32), np.inf, 1.0)


def with_limits(
    known: TrainingRange, scores: NDArray[np.float32], embedding: NDArray[np.float32]
) -> TrainingRange:
    """Set both limits so that they flag no more of held-out usable cells than FAR and UNFIT.

    The distance is then widened for microscopes that were not learned from.
    """
    return replace(
        known,
        distance_limit=round(
            float(np.quantile(distance(embedding, known), 1 - FAR)) * ELSEWHERE, 3
        ),
        unusable_limit=round(float(np.quantile(unusable_share(scores), 1 - UNFIT)), 4),
    )
