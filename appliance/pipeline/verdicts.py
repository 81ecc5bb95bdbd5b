"""From probabilities to suggestions. Decides nothing else: a verdict is never a result."""

import numpy as np
from numpy.typing import NDArray

from appliance.vocabulary import Suggestion, Verdict


def decide(
    probabilities: NDArray[np.float32],
    *,
    thresholds: tuple[float, float],
    outside: NDArray[np.bool_] | None = None,
) -> list[Verdict]:
    """Suggest blast, normal or unsure for each cell.

    Args:
        probabilities: (n,) calibrated probability of a blast, 0 to 1.
        thresholds: (low, high) of the card: below low normal, from high on blast, else unsure.
        outside: (n,) cells unlike the training cells; their suggestion is unsure, since the
            probability means nothing there. None: no cell is.

    Returns:
        One verdict a cell, in order.

    Raises:
        ValueError: thresholds fall, lengths differ, or a probability is not between 0 and 1.
    """
    low, high = thresholds
    if not 0 <= low <= high <= 1:
        raise ValueError(f"thresholds {thresholds} are not two rising probabilities")
    flags = np.zeros(len(probabilities), np.bool_) if outside is None else outside
    if len(flags) != len(probabilities):
        raise ValueError(f"{len(flags)} flags for {len(probabilities)} cells")
    if not np.all((probabilities >= 0) & (probabilities <= 1)):
        raise ValueError("a probability is not between 0 and 1")
    return [
        Verdict(_suggest(float(p), low, high, outside=bool(flag)), float(p), bool(flag))
        for p, flag in zip(probabilities, flags, strict=True)
    ]


def _suggest(probability: float, low: float, high: float, *, outside: bool) -> Suggestion:
    if outside:
        return Suggestion.UNSURE
    if probability >= high:
        return Suggestion.BLAST
    return Suggestion.NORMAL if probability < low else Suggestion.UNSURE
