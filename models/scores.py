"""From the network's raw numbers to a prediction: calibration and training range. No library."""

import numpy as np
from numpy.typing import NDArray

from appliance.vocabulary import Crops
from models.card import Card, TrainingRange
from models.classifier import Prediction

GLASS, FAINTEST = 240, 4
"""Grey level of what is hidden in a crop, as `pipeline.crops` has it, and by how many levels of
green a cell differs from it."""


def check_crops(crops: Crops, side_px: int) -> None:
    """Refuse what the network was not made for.

    Raises:
        ValueError: crops are not (n, side_px, side_px, 3) uint8.
    """
    if crops.dtype != np.uint8 or crops.ndim != 4 or crops.shape[1:] != (side_px, side_px, 3):
        raise ValueError(
            f"crops are {crops.dtype} {crops.shape}, expected uint8 (n, {side_px}, {side_px}, 3)"
        )


def blast_probability(scores: NDArray[np.float32], *, temperature: float) -> NDArray[np.float32]:
    """Give the calibrated probability that a usable cell is a blast.

    Args:
        scores: (n, 3) for blast, normal, unusable, before any softmax.
        temperature: divides the difference of the first two (Guo et al. 2017).

    Returns:
        (n,) float32, computed in double precision and independent of the third score.
    """
    margin = scores[:, 0].astype(np.float64) - scores[:, 1]
    probability = 1 / (1 + np.exp(-np.clip(margin / temperature, -60, 60)))
    return np.asarray(probability, np.float32)


def unusable_share(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Give the softmax share of the third score, (n,)."""
    shifted = scores.astype(np.float64) - scores.max(axis=1, keepdims=True, initial=-np.inf)
    powers = np.exp(shifted)
    return np.asarray(powers[:, 2] / powers.sum(axis=1), np.float64)


def distance(embedding: NDArray[np.float32], known: TrainingRange) -> NDArray[np.float64]:
    """Give each cell's distance to the nearest centre, in spreads.

    The Mahalanobis distance to the nearest of several groups with one covariance (Lee et al.
    2018), which is diagonal, since the embedding's axes are principal components; only the first,
    which vary most, are looked at where the centres have fewer.

    Returns:
        (n,) float64.
    """
    looked_at = embedding[:, None, : len(known.spreads)].astype(np.float64)
    gaps = (looked_at - known.centres) / known.spreads
    return np.asarray(np.sqrt((gaps**2).sum(axis=2).min(axis=1)), np.float64)


def outside_range(
    scores: NDArray[np.float32], embedding: NDArray[np.float32], limits: TrainingRange
) -> NDArray[np.bool_]:
    """Tell which cells the network was not made for, (n,)."""
    far = distance(embedding, limits) > limits.distance_limit
    return np.asarray(far | (unusable_share(scores) > limits.unusable_limit), np.bool_)


def to_prediction(
    scores: NDArray[np.float32],
    embedding: NDArray[np.float32],
    attention: NDArray[np.float32] | None,
    card: Card,
    crops: Crops,
) -> Prediction:
    """Put the outputs of one run together as the card says.

    Args:
        scores: (n, 3).
        embedding: (n, d).
        attention: (n, h, w), or None; what speaks for a blast is positive, for normal negative.
        card: calibration and training range.
        crops: what was classified; what is hidden in them has no attention.
    """
    probability = blast_probability(scores, temperature=card.temperature)
    return Prediction(
        blast_probability=probability,
        embedding=embedding,
        outside=outside_range(scores, embedding, card.training_range),
        attention=None
        if attention is None
        else _speaking(attention * _shown(crops, attention.shape[1:]), probability),
    )


def _shown(crops: Crops, size: tuple[int, ...]) -> NDArray[np.float32]:
    """Give how much of each place of a map (n, height, width) is cell and not empty glass."""
    count, side, _, _ = crops.shape
    height, width = size
    cell = (crops[..., 1] < GLASS - FAINTEST).reshape(
        count, height, side // height, width, side // width
    )
    return np.asarray(cell.mean(axis=(2, 4)), np.float32)


def _speaking(
    attention: NDArray[np.float32], probability: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Keep what speaks for the likelier class, each map scaled to a maximum of 1."""
    sign = np.where(probability >= 0.5, np.float32(1), np.float32(-1))
    positive = np.maximum(attention * sign[:, None, None], 0)
    peak = positive.max(axis=(1, 2), keepdims=True, initial=0)
    return np.asarray(positive / np.where(peak > 0, peak, 1), np.float32)
