"""Cuts what was found as one cell into the cells that a person sees in it.

Decides nothing about what they are; the picture itself is not looked at, only the outlines.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.pipeline.nuclei import cut_apart
from appliance.vocabulary import Box, Outline

Points = NDArray[np.float64]
"""(n, 2): x, y in pixels of the image."""

_NUCLEUS_TO_RED_CELL = 1.3
"""Areas, as `ruler` has it: tells `cut_apart` how wide a red cell is."""
_CRUMB = 0.15
"""Share of the nucleus below which a part of it is no cell."""
_ROUNDS = 20


def split_boxes(
    nucleus: Outline, outline: Outline | None, centres: Sequence[tuple[float, float]] = ()
) -> list[Box]:
    """Divide a cell; each pixel goes to the nearest centre.

    Args:
        nucleus: of the cell, in pixels of the image.
        outline: of the whole cell, where it is known.
        centres: where a person sees a cell each, in pixels of the image; with none, the nucleus
            is cut at its necks, or across its longer axis where it has none.

    Returns:
        Boxes of the parts, from left to right; fewer than centres where two of them coincide.
    """
    whole = outline if outline is not None and len(outline) >= 3 else nucleus
    points = np.array(centres, np.float64).reshape(-1, 2)
    if not len(points):
        points = _centres(nucleus if len(nucleus) >= 3 else whole)
    mask, corner = _mask(whole)
    inside = np.argwhere(mask)[:, ::-1] + corner
    nearest = _nearest(inside, points)
    parts = [inside[nearest == number] for number in range(len(points))]
    return sorted((_box(part) for part in parts if len(part)), key=lambda box: (box.x, box.y))


def _centres(nucleus: Outline) -> Points:
    """Guess the centres of the cells whose nuclei make up one outline; two at least."""
    mask, corner = _mask(nucleus)
    area = cv2.countNonZero(mask)
    unit = math.sqrt(area / (2 * _NUCLEUS_TO_RED_CELL) * 4 / math.pi)
    labels = cut_apart(mask, unit)
    parts = [np.argwhere(labels == number)[:, ::-1] for number in range(1, int(labels.max()) + 1)]
    large = [part.mean(axis=0) for part in parts if len(part) >= _CRUMB * area]
    if len(large) >= 2:
        return np.asarray(large + corner, np.float64)
    return _two_halves((np.argwhere(mask)[:, ::-1] + corner).astype(np.float64))


def _two_halves(points: Points) -> Points:
    """Put two centres into a cloud of points (Lloyd 1982), begun at the ends of its long axis."""
    middle = points.mean(axis=0)
    _, _, axes = np.linalg.svd(points - middle, full_matrices=False)
    along = (points - middle) @ axes[0]
    centres = np.stack([points[along.argmin()], points[along.argmax()]])
    for _ in range(_ROUNDS):
        nearest = _nearest(points, centres)
        centres = np.stack([points[nearest == side].mean(axis=0) for side in (0, 1)])
    return np.asarray(centres, np.float64)


def _nearest(points: NDArray[np.generic], centres: Points) -> NDArray[np.intp]:
    """Number of the centre nearest to each point."""
    away = ((points[:, None].astype(np.float64) - centres[None]) ** 2).sum(axis=2)
    return np.asarray(away.argmin(axis=1))


def _mask(outline: Outline) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Draw an outline into a window of its own, one pixel wider; with the window's corner."""
    corner = outline.min(axis=0) - 1
    width, height = outline.max(axis=0) - corner + 2
    mask = np.zeros((int(height), int(width)), np.uint8)
    cv2.fillPoly(mask, [(outline - corner).astype(np.int32)], 1)
    return mask, corner.astype(np.int32)


def _box(points: NDArray[np.generic]) -> Box:
    left, top = points.min(axis=0)
    right, bottom = points.max(axis=0)
    return Box(int(left), int(top), int(right - left) + 1, int(bottom - top) + 1)
