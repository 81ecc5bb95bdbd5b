"""Cells in groups of a size that a runner can compute, and their outputs together again."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from appliance.vocabulary import Crops

Outputs = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
"""Scores (n, classes), embedding (n, d) and attention (n, h, w), as the network gives them."""


def in_batches(
    crops: Crops, run: Callable[[Crops], Outputs], *, largest: int, padded: Callable[[int], int]
) -> Outputs:
    """Run cells group by group.

    An empty call still asks the network once, for the sizes of its outputs.

    Args:
        crops: (n, side, side, 3) uint8; n may be 0.
        run: computes one group.
        largest: cells in a group at most.
        padded: for the number of cells in a group, how many to compute; the rest are black.
    """
    parts = []
    for start in range(0, max(len(crops), 1), largest):
        group = crops[start : start + largest]
        filled = np.zeros((padded(len(group)), *crops.shape[1:]), np.uint8)
        filled[: len(group)] = group
        parts.append([output[: len(group)] for output in run(filled)])
    scores, embedding, attention = (np.concatenate(column) for column in zip(*parts, strict=True))
    return scores, embedding, attention
