"""Lobes: which parts belong to one nucleus, as in granulocytes and folded monocytes.

Distances are in `unit`, the diameter of a red cell; areas in that of a red cell.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.pipeline.absorbance import Mask
from appliance.pipeline.nuclei import Labels

_GAP = 0.40
"""Lobes of one nucleus are never farther apart."""
_APART = 2.2


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A piece of nucleus in one blob."""

    number: int
    """In the label image."""
    area: float
    contour: NDArray[Any]
    """(n, 2) int32 x, y, each pixel of its rim."""

    @property
    def roundness(self) -> float:
        """1 for a disc, less for everything else."""
        length = cv2.arcLength(self.contour, True)
        return float(4 * np.pi * cv2.contourArea(self.contour) / max(1.0, length * length))


@dataclass(frozen=True, slots=True)
class _Pair:
    """What two groups of parts would make together."""

    gap: float
    area: float
    extent: float
    """Diameter of the smallest circle about both."""
    hull: float
    """Area of the convex hull."""
    both_cells: bool
    """Each has a part that might well be a round nucleus of its own."""
    empty: float
    """Share of the hull that is empty slide."""
    foreign: float
    """Share of the hull outside the parts that is empty slide or red cell."""

    @property
    def fill(self) -> float:
        """Share of the circle that the hull takes."""
        return self.hull / max(1e-6, self.extent**2)

    @property
    def is_one(self) -> bool:
        """Whether they are one nucleus: any of three sets of looks is enough."""
        clean = self.empty <= 0.18 and self.foreign <= 0.45
        lobed = self.area <= 2.3 and self.extent <= 2.5 and clean
        lobed &= self.area <= 1.5 or self.fill > (0.5 if self.extent < 2.1 else 0.6)
        folded = self.gap < 0.09 and self.area <= 3.6 and self.extent <= 2.6
        folded &= self.area > 0.91 * self.hull and self.fill > 0.62 and clean
        spread = not self.both_cells and self.area <= 3.0 and self.extent <= 2.5
        spread &= self.fill > 0.4 and self.empty <= 0.25 and self.foreign <= 0.65
        return lobed or folded or spread


def parts_of(labels: Labels, smallest: float) -> list[Part]:
    """Describe the numbered parts of at least `smallest` pixels."""
    count = int(labels.max())
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    ys, xs = np.nonzero(labels)
    numbers = labels[ys, xs]
    low = np.full((count + 1, 2), 1 << 30)
    high = np.zeros((count + 1, 2), np.int64)
    np.minimum.at(low, numbers, np.column_stack([xs, ys]))
    np.maximum.at(high, numbers, np.column_stack([xs, ys]))
    parts = []
    for number in range(1, count + 1):
        if areas[number] < smallest:
            continue
        (x0, y0), (x1, y1) = low[number].tolist(), high[number].tolist()
        mask = (labels[y0 : y1 + 1, x0 : x1 + 1] == number).astype(np.uint8)
        contours, _ = cv2.findContours(
            mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE, offset=(x0, y0)
        )
        contour = max(contours, key=len).reshape(-1, 2)
        parts.append(Part(number, float(areas[number]), contour))
    return parts


def join_lobes(
    parts: list[Part], labels: Labels, empty: Mask, foreign: Mask, unit: float
) -> list[list[Part]]:
    """Group parts into nuclei, nearest pairs first.

    Args:
        parts: From `parts_of`.
        labels: The image they were numbered in.
        empty: Where the slide is empty.
        foreign: Where there is empty slide or something without nuclear stain: a red cell.
        unit: Diameter of a red cell in pixels.
    """
    groups = [[part] for part in parts]
    home = list(range(len(parts)))
    for gap, first, second in _neighbours(parts, unit):
        one, other = home[first], home[second]
        if one == other:
            continue
        together = groups[one] + groups[other]
        if _pair(gap, groups[one], groups[other], labels, empty, foreign, unit).is_one:
            groups[one] = together
            groups[other] = []
            home = [one if place == other else place for place in home]
    return [group for group in groups if group]


def _neighbours(parts: list[Part], unit: float) -> list[tuple[float, int, int]]:
    """(gap, first, second) of all parts that are near enough to be lobes, nearest first."""
    if len(parts) < 2:
        return []
    centres = np.array([part.contour.mean(axis=0) for part in parts])
    away = np.hypot(*(centres[:, None] - centres[None]).transpose(2, 0, 1))
    near = np.argwhere(np.triu(away < _APART * unit, k=1)).tolist()
    found = []
    for first, second in near:
        a, b = parts[first].contour[::2], parts[second].contour[::2]
        gap = float(np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=2).min())) / unit
        if gap < _GAP:
            found.append((gap, first, second))
    return sorted(found)


def _pair(
    gap: float,
    one: list[Part],
    other: list[Part],
    labels: Labels,
    empty: Mask,
    foreign: Mask,
    unit: float,
) -> _Pair:
    """Measure what two groups would make together."""
    red_cell = np.pi / 4 * unit * unit
    together = one + other
    hull = cv2.convexHull(np.concatenate([part.contour for part in together]))
    x, y, width, height = cv2.boundingRect(hull)
    inside = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(inside, hull - [x, y], 1)
    window = np.s_[y : y + height, x : x + width]
    between = inside * (labels[window] == 0)
    wide = between.sum() > 0.04 * red_cell and sum(part.area for part in together) > 1.2 * red_cell
    return _Pair(
        gap=gap,
        area=sum(part.area for part in together) / red_cell,
        extent=2 * cv2.minEnclosingCircle(hull)[1] / unit,
        hull=cv2.contourArea(hull) / red_cell,
        both_cells=all(_might_be_cell(group, red_cell) for group in (one, other)),
        empty=float(empty[window][inside > 0].mean()),
        foreign=float(foreign[window][between > 0].mean()) if wide else 0.0,
    )


def _might_be_cell(group: list[Part], red_cell: float) -> bool:
    """Tell whether the largest part is as large and round as a lymphocyte's nucleus."""
    largest = max(group, key=lambda part: part.area)
    return largest.area > 0.95 * red_cell and largest.roundness > 0.8
