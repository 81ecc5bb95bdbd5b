"""How well found cells agree with what people marked: matching, overlap, intervals."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.vocabulary import Box, FoundCell, Outline

SEED = 20261124
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Score:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int
    """What it was measured on."""

    def __str__(self) -> str:
        """The figure as a table shows it."""
        return f"{self.value:.3f} ({self.low:.3f}-{self.high:.3f}, n={self.n})"

    def as_json(self) -> dict[str, float | int]:
        """Return plain numbers."""
        return {key: round(value, 4) for key, value in asdict(self).items()}


def share(hits: int, n: int) -> Score:
    """Share of hits with the Wilson interval."""
    if n == 0:
        return Score(float("nan"), 0.0, 1.0, 0)
    z = 1.959964
    rate = hits / n
    middle = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return Score(rate, max(0.0, middle - half), min(1.0, middle + half), n)


def mean(values: Sequence[float]) -> Score:
    """Mean with a percentile bootstrap interval, seeded."""
    sample = np.asarray(values, np.float64)
    if sample.size == 0:
        return Score(float("nan"), float("nan"), float("nan"), 0)
    draws = np.random.default_rng(SEED).integers(0, sample.size, (RESAMPLES, sample.size))
    low, high = np.percentile(sample[draws].mean(axis=1), [2.5, 97.5])
    return Score(float(sample.mean()), float(low), float(high), sample.size)


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    wide = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    high = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    common = max(0, wide) * max(0, high)
    return common / (one.width * one.height + other.width * other.height - common)


def matched(found: Sequence[Box], truth: Sequence[Box], least: float = 0.5) -> dict[int, int]:
    """Pair boxes one to one, best overlap first; index of the truth to index of the found."""
    pairs = sorted(
        ((overlap(f, t), i, j) for i, f in enumerate(found) for j, t in enumerate(truth)),
        reverse=True,
    )
    taken: dict[int, int] = {}
    for value, i, j in pairs:
        if value >= least and j not in taken and i not in taken.values():
            taken[j] = i
    return taken


def inside(cell: FoundCell, x: float, y: float) -> bool:
    """Tell whether a point lies inside a cell's outline (its box where it has none)."""
    box = cell.box
    if cell.outline is None:
        return box.x <= x < box.x + box.width and box.y <= y < box.y + box.height
    return cv2.pointPolygonTest(cell.outline.reshape(-1, 1, 2), (x, y), False) >= 0


def filled(outline: Outline, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """(height, width): the pixels inside an outline."""
    mask: NDArray[Any] = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [outline.reshape(-1, 1, 2)], 1)
    return mask > 0


def dice(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Twice the common area over the sum of both (Dice 1945)."""
    both = int(one.sum()) + int(other.sum())
    return 2 * int((one & other).sum()) / both if both else 1.0
