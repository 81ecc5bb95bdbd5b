"""Lobes: which parts belong to one nucleus, as in granulocytes and folded monocytes.

Distances are in `unit`, the diameter of a red cell; areas in that of a red cell.
"""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from appliance.pipeline.nuclei import Labels
from appliance.pipeline.surround import Mask

_GAP = 0.40
"""Lobes of one nucleus are never farther apart."""
_APART = 2.2
_ROUND = 0.72


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
    crowded: bool
    """The image shows what lone nuclei look like, so that the line above is sure."""
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
        if self.both_cells and self.crowded:
            return False
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
    parts = []
    for number, found in enumerate(ndimage.find_objects(labels), start=1):
        if found is None:
            continue
        mask = np.equal(labels[found], number).view(np.uint8)
        area = cv2.countNonZero(mask)
        if area < smallest:
            continue
        offset = (found[1].start, found[0].start)
        contours, _ = cv2.findContours(
            mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE, offset=offset
        )
        parts.append(Part(number, float(area), max(contours, key=len).reshape(-1, 2)))
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
    neighbours = _neighbours(parts, unit)
    lone = _lone_nuclei(parts, neighbours, unit)
    for gap, first, second in neighbours:
        one, other = home[first], home[second]
        if one == other:
            continue
        together = groups[one] + groups[other]
        both = _both_cells(groups[one], groups[other], lone, unit)
        pair = _pair(gap, together, labels, empty, foreign, unit, both, lone is not None)
        if pair.is_one:
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
        across, down = (np.subtract.outer(a[:, axis], b[:, axis]) for axis in (0, 1))
        gap = math.sqrt((across * across + down * down).min()) / unit
        if gap < _GAP:
            found.append((gap, first, second))
    return sorted(found)


def _pair(
    gap: float,
    together: list[Part],
    labels: Labels,
    empty: Mask,
    foreign: Mask,
    unit: float,
    both_cells: bool,
    crowded: bool,
) -> _Pair:
    """Measure what two groups would make together."""
    red_cell = np.pi / 4 * unit * unit
    hull = cv2.convexHull(np.concatenate([part.contour for part in together]))
    x, y, width, height = cv2.boundingRect(hull)
    inside = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(inside, hull - [x, y], 1)
    window = np.s_[y : y + height, x : x + width]
    between = inside & np.equal(labels[window], 0).view(np.uint8)
    wide = cv2.countNonZero(between) > 0.04 * red_cell
    wide = wide and sum(part.area for part in together) > 1.2 * red_cell
    return _Pair(
        gap=gap,
        area=sum(part.area for part in together) / red_cell,
        extent=2 * cv2.minEnclosingCircle(hull)[1] / unit,
        hull=cv2.contourArea(hull) / red_cell,
        both_cells=both_cells,
        crowded=crowded,
        empty=_share(empty[window], inside),
        foreign=_share(foreign[window], between) if wide else 0.0,
    )


def _share(mask: Mask, inside: Mask) -> float:
    """Share of what is inside that a mask takes."""
    return cv2.countNonZero(cv2.bitwise_and(mask, inside)) / cv2.countNonZero(inside)


def _lone_nuclei(
    parts: list[Part], neighbours: list[tuple[float, int, int]], unit: float
) -> float | None:
    """Typical area of round nuclei without neighbours, where the image shows at least three."""
    beside = {place for _, first, second in neighbours for place in (first, second)}
    alone = [
        part.area
        for place, part in enumerate(parts)
        if place not in beside
        and part.area > 0.3 * np.pi / 4 * unit * unit
        and part.roundness > _ROUND
    ]
    return float(np.median(alone)) if len(alone) >= 3 else None


def _both_cells(one: list[Part], other: list[Part], lone: float | None, unit: float) -> bool:
    """Tell whether each has a part as large and round as a nucleus of its own.

    That is a lymphocyte's, or somewhat less than the image's lone nuclei.
    """
    usual = 0.95 if lone is None else float(np.clip(0.45 * lone / (np.pi / 4 * unit**2), 0.5, 0.95))
    least = usual * np.pi / 4 * unit * unit
    largest = (max(group, key=lambda part: part.area) for group in (one, other))
    return all(part.area > least and part.roundness > _ROUND for part in largest)
