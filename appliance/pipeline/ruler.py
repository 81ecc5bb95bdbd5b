"""The field's own ruler: how wide a red cell is, in pixels.

Red cells are about 7.2 um wide in health, so everything else can be judged relative to them without
being told the magnification. Votes come from lone round red cells, from the distance transform of
crowded ones, and from whole white cells; the size of the nuclei says which votes are plausible, and
stands in alone where a picture shows no red cell.
"""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.pipeline.absorbance import Plane
from appliance.pipeline.pieces import pieces
from appliance.pipeline.surround import Mask

RED_CELL_UM = 7.2
NUCLEAR = 0.12
"""Nuclear index that is hardly ever reached by anything but nuclei and platelets."""

_GRID = np.linspace(np.log(4.0), np.log(260.0), 180)
_LEVELS = 700.0
_ENOUGH = 150
_PRIOR = 0.5
"""Votes that every size has from the start."""
_FAINTEST = 9
"""Darkness level (0.013 in density) that no red cell stays below."""
_SPECKS = 1 / 30
_RIDGE = 0.65
_PALLOR = 0.002
_LARGE_PALLOR = 0.008
_THIN = 0.70
_FEW_NUCLEI = 0.01
_NUCLEUS_TO_RED_CELL = 1.3
_WHITE_TO_RED_CELL = 1.75

Votes = NDArray[np.float64]


def red_cell_diameter(
    darkness: Plane, index: Plane, *, smallest_px: float = 4.0, expected_px: float | None = None
) -> float:
    """Estimate the diameter of a red cell.

    Args:
        darkness: Of the whole image (see `Absorbance`).
        index: Likewise.
        smallest_px: No red cell is taken to be smaller.
        expected_px: What the image's stated scale would make of a red cell, if there is one.

    Returns:
        Diameter in pixels of the given planes, 4 to 260.
    """
    return _measured(darkness, index, smallest_px, expected_px)[0]


def seen_red_cell_diameter(
    darkness: Plane, index: Plane, *, expected_px: float | None = None
) -> float | None:
    """Estimate the diameter of a red cell, or give None where none was seen.

    A picture of one white cell has no ruler: what `red_cell_diameter` says of it is a guess by the
    nucleus, and nothing may be measured against that.
    """
    diameter, votes = _measured(darkness, index, 4.0, expected_px)
    return diameter if votes >= _PRIOR else None


def _measured(
    darkness: Plane, index: Plane, smallest_px: float, expected_px: float | None
) -> tuple[float, float]:
    """Give the diameter, and the votes of red cells for it."""
    darkness = cv2.GaussianBlur(darkness, (0, 0), 0.8)
    levels = cv2.convertScaleAbs(np.maximum(darkness, 0), alpha=_LEVELS)
    nuclear = np.greater(index, NUCLEAR).view(np.uint8)
    threshold = _foreground_level(levels, nuclear)
    nucleus = _nuclear_diameter(nuclear)
    red, white = _round_things(levels, nuclear, threshold)
    votes = _bumps(red, 0.10, 1.0)
    discs, ridges = _crowded(levels, nuclear, threshold, nucleus)
    votes += _bumps(discs, 0.12, 0.3) + _bumps(ridges, 0.12, 0.15)
    of_red_cells = votes.copy()
    votes += _bumps([diameter / _WHITE_TO_RED_CELL for diameter in white], 0.20, 0.4)
    score = (votes + _PRIOR) * _plausible(nucleus, expected_px)
    score[np.exp(_GRID) < min(smallest_px, 100.0)] = 0.0
    best = int(score.argmax())
    return float(np.exp(_GRID[best])), float(of_red_cells[best])


def _foreground_level(levels: Mask, nuclear: Mask) -> int:
    """Darkness that parts red cells from the empty slide; the nuclei are left out of it."""
    rest = levels[cv2.dilate(nuclear, np.ones((5, 5), np.uint8)) == 0]
    if rest.size < 100:
        rest = levels.ravel()
    level, _ = cv2.threshold(rest.reshape(1, -1), 0, 255, cv2.THRESH_OTSU)
    return int(level)


def _nuclear_diameter(nuclear: Mask) -> float | None:
    """Typical diameter of the nuclei, by area; a clump counts as four of its inner radii.

    None where there are only specks: they may be platelets and must not shrink the ruler.
    """
    labels, counts = pieces(nuclear, connectivity=8)
    areas = counts[1:].astype(np.float64)
    big = areas > 25
    if not big.any():
        return None
    padded = cv2.copyMakeBorder(nuclear, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    inside = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
    radii = np.zeros(len(counts), np.float32)
    np.maximum.at(radii, labels[nuclear > 0].astype(np.intp), inside[nuclear > 0])
    radii = np.minimum(radii, max(nuclear.shape))  # an image that is all nucleus has no edge
    diameters = np.minimum(np.sqrt(4 * areas[big] / np.pi), 4.0 * radii[1:][big])
    typical = float(np.exp(np.average(np.log(diameters), weights=areas[big])))
    return typical if typical > _SPECKS * math.sqrt(nuclear.size) else None


def _round_things(levels: Mask, nuclear: Mask, threshold: int) -> tuple[list[float], list[float]]:
    """Diameters of lone round cells: those without a nucleus, and those with one."""
    red: list[float] = []
    white: list[float] = []
    for factor in (0.75, 0.55):
        mask = np.greater(levels, max(_FAINTEST, int(factor * threshold))).view(np.uint8)
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        for contour in contours[:: 1 + len(contours) // _ENOUGH]:
            if len(contour) < 16 or not _is_lone_and_round(contour, mask.shape):
                continue
            x, y, width, height = cv2.boundingRect(contour)
            share = cv2.mean(nuclear[y : y + height, x : x + width])[0]
            diameter = float(np.sqrt(4 * cv2.contourArea(contour) / np.pi))
            if share <= 0.12:
                red.append(diameter)
            elif share > 0.2:
                white.append(diameter)
        if len(red) > 8:
            break
    return red, white


def _is_lone_and_round(contour: NDArray[Any], shape: tuple[int, ...]) -> bool:
    """Tell whether a contour is one whole disc rather than a pile, a crescent or a cut one."""
    x, y, width, height = cv2.boundingRect(contour)
    if x <= 0 or y <= 0 or x + width >= shape[1] or y + height >= shape[0]:
        return False
    area = cv2.contourArea(contour)
    if area < 40 or 4 * np.pi * area < 0.72 * cv2.arcLength(contour, True) ** 2:
        return False
    return bool(area >= 0.92 * cv2.contourArea(cv2.convexHull(contour)))


def _crowded(
    levels: Mask, nuclear: Mask, threshold: int, nucleus: float | None
) -> tuple[list[float], list[float]]:
    """Widths at the peaks of the distance transform, for cells that touch: discs, then ridges."""
    mask: Mask = np.greater(levels, max(_FAINTEST, int(0.7 * threshold))).view(np.uint8)
    pallor = 0.16 * nucleus * nucleus if nucleus else _PALLOR * levels.size
    few = nucleus is None or cv2.countNonZero(nuclear) < _FEW_NUCLEI * nuclear.size
    mask = _filled(mask, pallor, max(pallor, _LARGE_PALLOR * mask.size) if few else pallor)
    padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    inside: Plane = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
    inside = np.minimum(inside, max(mask.shape))  # an image without empty slide has no edge
    inside = cv2.GaussianBlur(inside, (0, 0), 1.0)
    reach = 2 * int(0.15 * nucleus) + 3 if nucleus else 9
    peaks = (inside >= cv2.dilate(inside, np.ones((reach, reach), np.uint8))) & (inside > 3.5)
    if cv2.countNonZero(nuclear):
        away: Plane = cv2.distanceTransform(1 - nuclear, cv2.DIST_L2, 3)
        peaks &= away > 0.9 * inside
    discs, ridges = _discs(inside, peaks)
    return [2.05 * radius for radius in discs], [2.05 * radius for radius in ridges]


def _filled(mask: Mask, pallor: float, thin_pallor: float) -> Mask:
    """Fill the pale middles of red cells.

    In a thin field every hole is one, up to `thin_pallor`; in a crowded field most are gaps
    between cells, and only those as small as `pallor` are filled.
    """
    labels, areas = pieces(1 - mask, connectivity=4)
    for limit in (thin_pallor, pallor):
        hole = (areas < limit).astype(np.uint8)
        hole[0] = 0
        if int(mask.sum()) + int(areas[hole > 0].sum()) < _THIN * mask.size:
            break
    filled: Mask = mask | hole[labels]
    return filled


def _discs(inside: Plane, peaks: NDArray[np.bool_]) -> tuple[list[float], list[float]]:
    """Radii of the peaks with slopes on all sides, and of those on a ridge (rings, rouleaux)."""
    ys, xs = np.nonzero(peaks)
    radii = inside[ys, xs]
    highest = np.zeros(len(radii), np.float32)
    for angle in np.arange(0, 2 * np.pi, np.pi / 4):
        across = np.clip(np.rint(xs + radii * np.cos(angle)), 0, inside.shape[1] - 1).astype(int)
        down = np.clip(np.rint(ys + radii * np.sin(angle)), 0, inside.shape[0] - 1).astype(int)
        highest = np.maximum(highest, inside[down, across])
    disc = highest < _RIDGE * radii
    return radii[disc].tolist(), radii[~disc].tolist()


def _bumps(diameters: list[float], spread: float, weight: float) -> Votes:
    """Sum of bell curves over the grid of sizes, larger things weighing more than specks."""
    if not diameters:
        return np.zeros_like(_GRID)
    sizes = np.asarray(diameters, np.float64)
    bells = np.exp(-0.5 * ((_GRID[:, None] - np.log(sizes)) / spread) ** 2)
    return np.asarray(weight * bells @ np.minimum(9.0, (sizes / 30.0) ** 2))


def _plausible(nucleus: float | None, expected_px: float | None) -> Votes:
    """How well each size goes with the stated scale, else with the nuclei seen.

    Much smaller than the nuclei is hardly possible; larger is, for the "nuclei" may be platelets.
    """
    if expected_px is not None:
        return np.asarray(np.exp(-0.5 * ((_GRID - np.log(expected_px)) / 0.15) ** 2) + 1e-6)
    if nucleus is None:
        return np.ones_like(_GRID)
    off = _GRID - np.log(nucleus / _NUCLEUS_TO_RED_CELL)
    smaller, larger = 1 / (1 + (off / 0.4) ** 2) ** 2, 1 / (1 + (off / 0.5) ** 2)
    return np.asarray(np.where(off < 0, smaller, larger))
