"""Measures each cell's form, stain and texture, as numbers beside the network's suggestion.

A cell is looked at in a window where it is always the same number of pixels wide, so that no
number depends on the camera's resolution as long as there is enough of it. What each number means,
and where it comes from, is said in `vocabulary.Morphology`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.pipeline import absorbance
from appliance.pipeline.absorbance import Plane
from appliance.pipeline.ruler import RED_CELL_UM, seen_red_cell_diameter
from appliance.pipeline.surround import Mask, on_glass
from appliance.vocabulary import FoundCell, Morphology, Outline, Pixels

CELL_PX = 64
"""Longer side of a cell's box in the window where it is measured."""
FEWEST_PX = 24.0
"""Width of a nucleus in the image, in pixels, below which nothing is said of its texture."""
_MARGIN = 2
_SUBPIXEL_BITS = 4
_RULER_PIXELS = 260_000
_LEVELS = 16
_RELATIVE_DENSITY = (0.4, 1.6)
"""Densities, over the nucleus' mean, that the levels of the co-occurrence matrix span."""
_LEAST_CYTOPLASM = 0.05
"""Share of the cell below which its cytoplasm is no more than the outline's fault."""
_SPOT_WIDTH = 0.3
_SPOT_DEPTH = 0.16
_SPOT_AREA = (0.006, 0.08)
_SPOT_ROUNDNESS = 0.45
_TEXTURE = (
    "chromatin_variation",
    "chromatin_contrast",
    "chromatin_entropy",
    "nucleoli",
    "nucleoli_share",
)
_RIM_PX = 3
"""Edge of the nucleus that is left out of its texture: there its outline would be measured."""
_DISCS = {
    size: cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    for size in range(3, CELL_PX, 2)
}


NUMBERS = tuple(column.name for column in fields(Morphology) if not column.name.endswith("_um"))
"""What `as_columns` gives; micrometres are left out, as not every picture states a scale."""
_FACTORS = (
    "nucleus_to_red_cell",
    "cell_to_red_cell",
    "nucleus_px",
    "cell_px",
    "nucleus_to_cytoplasm",
    "chromatin_contrast",
)
"""What is compared by how many times, not by how much more."""


@dataclass(frozen=True, slots=True)
class _Ruler:
    """The field's scale."""

    red_cell_px: float | None
    um_per_px: float | None


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """A cell at its size for measuring."""

    density: Plane
    nucleus: Mask
    cell: Mask | None
    scale: float
    """Pixels of the window for one of the image."""


def measure(
    pixels: Pixels,
    cells: Sequence[FoundCell],
    *,
    um_per_px: float | None = None,
    red_cell_px: float | None = None,
) -> list[Morphology | None]:
    """Measure cells.

    Args:
        pixels: (height, width, 3) uint8, RGB.
        cells: as `find_cells` gives them for these pixels.
        um_per_px: micrometres a pixel, where known.
        red_cell_px: diameter of the field's usual red cell; measured here where it is not given.

    Returns:
        One for each cell, in order; None for one without an outline of its nucleus.
    """
    if not cells:
        return []
    pixels = on_glass(pixels)
    scale = min(1.0, math.sqrt(_RULER_PIXELS / (pixels.shape[0] * pixels.shape[1])))
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    if red_cell_px is None:
        expected = RED_CELL_UM / um_per_px * scale if um_per_px else None
        found = _red_cell_px(small, expected)
        red_cell_px = found / scale if found else None
    ruler, slide = _Ruler(red_cell_px, um_per_px), absorbance.empty_slide(small)
    return [_measure_one(pixels, cell, slide, ruler) for cell in cells]


def as_columns(found: Sequence[Morphology | None]) -> NDArray[np.float32]:
    """Give the numbers as a table to fit to.

    Returns:
        (n, len(NUMBERS)); sizes and ratios as logarithms, NaN where a number is not known.
    """
    table = np.full((len(found), len(NUMBERS)), np.nan, np.float32)
    for row, each in zip(table, found, strict=True):
        if each is not None:
            values = [getattr(each, name) for name in NUMBERS]
            row[:] = [np.nan if value is None else value for value in values]
    factors = [NUMBERS.index(name) for name in _FACTORS]
    table[:, factors] = np.log(np.maximum(table[:, factors], 1e-4))
    return table


def _red_cell_px(pixels: Pixels, expected_px: float | None) -> float | None:
    """Measure the usual red cell; None where no red cell is seen."""
    seen = absorbance.measure(pixels)
    return seen_red_cell_diameter(seen.darkness, seen.index, expected_px=expected_px)


def _measure_one(pixels: Pixels, cell: FoundCell, slide: Plane, ruler: _Ruler) -> Morphology | None:
    if len(cell.nucleus) < 3 or cell.nucleus_area_px <= 0:
        return None
    window = _window(pixels, cell, slide)
    area = cv2.countNonZero(window.nucleus)
    if area < 9:
        return None
    form = _form(window.nucleus, area)
    return Morphology(
        **_sizes(cell, ruler),
        **form,
        **_texture(window, area, cell.nucleus_area_px),
        basophilia=_basophilia(window),
    )


def _sizes(cell: FoundCell, ruler: _Ruler) -> dict[str, Any]:
    nucleus, whole = cell.nucleus_area_px, cell.cell_area_px
    red_cell = math.pi / 4 * ruler.red_cell_px**2 if ruler.red_cell_px else None
    share = min(nucleus / whole, 1.0) if whole else None
    some = share is not None and share < 1 - _LEAST_CYTOPLASM
    return {
        "nucleus_to_red_cell": nucleus / red_cell if red_cell else None,
        "cell_to_red_cell": whole / red_cell if red_cell and whole else None,
        "nucleus_px": None if red_cell else _diameter(nucleus),
        "cell_px": _diameter(whole) if whole and not red_cell else None,
        "nucleus_diameter_um": _diameter_um(nucleus, ruler),
        "cell_diameter_um": _diameter_um(whole, ruler) if whole else None,
        "nucleus_share": share,
        "nucleus_to_cytoplasm": share / (1 - share) if share and some else None,
    }


def _diameter(area_px: float) -> float:
    return 2 * math.sqrt(area_px / math.pi)


def _diameter_um(area_px: float, ruler: _Ruler) -> float | None:
    return _diameter(area_px) * ruler.um_per_px if ruler.um_per_px else None


def _window(pixels: Pixels, cell: FoundCell, slide: Plane) -> _Window:
    """Cut the cell out, with a margin, at CELL_PX along its longer side."""
    box = cell.box
    height, width = pixels.shape[:2]
    margin = max(1, round(_MARGIN / CELL_PX * max(box.width, box.height)))
    x0, y0 = max(0, box.x - margin), max(0, box.y - margin)
    x1, y1 = min(width, box.x + box.width + margin), min(height, box.y + box.height + margin)
    part = pixels[y0:y1, x0:x1]
    scale = CELL_PX / max(box.width, box.height, 1)
    size = max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(part, size, interpolation=how), np.uint8)
    row = min(int((y0 + y1) / 2 / height * slide.shape[0]), slide.shape[0] - 1)
    column = min(int((x0 + x1) / 2 / width * slide.shape[1]), slide.shape[1] - 1)
    empty = np.broadcast_to(slide[row, column], small.shape)
    density = absorbance.density_of(small, np.ascontiguousarray(empty))
    nucleus = _unbridged(_filled(cell.nucleus, x0, y0, scale, size))
    whole = None
    if cell.outline is not None and len(cell.outline) >= 3:
        whole = _filled(cell.outline, x0, y0, scale, size) | nucleus
    return _Window(density, nucleus, whole, scale)


def _filled(outline: Outline, x0: int, y0: int, scale: float, size: tuple[int, int]) -> Mask:
    """Draw an outline into a window."""
    corners = (outline - (x0, y0) + 0.5) * scale - 0.5
    mask = np.zeros((size[1], size[0]), np.uint8)
    fixed = np.rint(corners * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    return cv2.fillPoly(mask, [fixed], 1, shift=_SUBPIXEL_BITS)


def _unbridged(nucleus: Mask) -> Mask:
    """Take away the lines of no width that join the pieces of a lobed nucleus in its outline."""
    opened = cv2.morphologyEx(nucleus, cv2.MORPH_OPEN, _DISCS[3])
    return opened if cv2.countNonZero(opened) else nucleus


def _form(nucleus: Mask, area: int) -> dict[str, Any]:
    """Outline and axes of the nucleus."""
    contours, _ = cv2.findContours(nucleus, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    pieces = [contour for contour in contours if cv2.contourArea(contour) >= 0.02 * area]
    pieces = pieces or [max(contours, key=len)]
    hull = cv2.convexHull(np.concatenate(pieces))
    # A contour runs through the middles of the outermost pixels: half a pixel is added all round.
    filled = cv2.contourArea(hull) + cv2.arcLength(hull, True) / 2 + 1
    around = [_smooth_length(piece) + math.pi for piece in pieces]
    moments = cv2.moments(nucleus, binaryImage=True)
    spread = np.hypot(moments["mu20"] - moments["mu02"], 2 * moments["mu11"])
    both = moments["mu20"] + moments["mu02"]
    return {
        "circularity": min(1.0, 4 * math.pi * area / sum(around) ** 2),
        "solidity": min(1.0, area / filled),
        "axis_ratio": math.sqrt(max(both - spread, 0.0) / max(both + spread, 1e-9)),
        "lobes": len(pieces),
    }


def _smooth_length(contour: NDArray[Any]) -> float:
    """Length of a contour without its pixel steps: each point is the mean of five neighbours."""
    points = contour[:, 0].astype(np.float32)
    if len(points) < 8:
        return float(cv2.arcLength(contour, True))
    ring = np.concatenate([points[-2:], points, points[:2]])
    sums = np.cumsum(np.concatenate([np.zeros((1, 2), np.float32), ring]), axis=0)
    return float(cv2.arcLength(((sums[5:] - sums[:-5]) / 5).astype(np.float32), True))


def _texture(window: _Window, area: int, area_px: float) -> dict[str, Any]:
    """Stain and chromatin of the nucleus."""
    green = np.ascontiguousarray(window.density[..., 1])
    mean = float(cv2.mean(green, window.nucleus)[0])
    inner = cv2.erode(window.nucleus, _DISCS[_RIM_PX])
    few = 2 * math.sqrt(area_px / math.pi) < FEWEST_PX or cv2.countNonZero(inner) < 0.2 * area
    if few or mean < 0.05:
        return {"nucleus_density": mean, **dict.fromkeys(_TEXTURE)}
    middle, spread = (float(value[0, 0]) for value in cv2.meanStdDev(green, mask=inner))
    contrast, entropy = _co_occurrence(green / np.float32(middle), inner)
    spots, share = _pale_spots(green, inner, area, middle)
    return {
        "nucleus_density": mean,
        "chromatin_variation": spread / middle,
        "chromatin_contrast": contrast,
        "chromatin_entropy": entropy,
        "nucleoli": spots,
        "nucleoli_share": share,
    }


def _co_occurrence(relative: Plane, inner: Mask) -> tuple[float, float]:
    """Contrast and entropy of densities two pixels apart, across and down."""
    low, high = _RELATIVE_DENSITY
    step = _LEVELS / (high - low)
    levels = np.clip((relative - np.float32(low)) * np.float32(step), 0, _LEVELS - 1)
    levels = levels.astype(np.uint8)
    counts = np.zeros(_LEVELS * _LEVELS)
    for ahead, behind in ((np.s_[:, 2:], np.s_[:, :-2]), (np.s_[2:], np.s_[:-2])):
        pair = levels[ahead] * np.uint8(_LEVELS) + levels[behind]
        both = (inner[ahead] & inner[behind]).view(bool)
        counts += np.bincount(pair[both], minlength=len(counts))
    share = counts / max(counts.sum(), 1.0)
    gap = np.subtract.outer(np.arange(_LEVELS), np.arange(_LEVELS)).ravel() / step
    some = share[share > 0]
    entropy = -float((some * np.log2(some)).sum()) / (2 * math.log2(_LEVELS))
    return float((share * gap**2).sum()), entropy


def _pale_spots(green: Plane, inner: Mask, area: int, mean: float) -> tuple[int, float]:
    """Count round places that are paler than all about them (black top-hat, Meyer 1979)."""
    width = round(_SPOT_WIDTH * math.sqrt(4 * area / math.pi)) | 1
    smooth = cv2.GaussianBlur(green, (0, 0), 1.0)
    hat = cv2.morphologyEx(smooth, cv2.MORPH_BLACKHAT, _DISCS[max(width, 3)])
    spots = np.greater(hat, _SPOT_DEPTH * mean).view(np.uint8) & inner
    count, _, stats, _ = cv2.connectedComponentsWithStats(spots, connectivity=4)
    if count == 1:
        return 0, 0.0
    found = stats[1:]
    longest = np.maximum(found[:, cv2.CC_STAT_WIDTH], found[:, cv2.CC_STAT_HEIGHT])
    areas = found[:, cv2.CC_STAT_AREA]
    kept = (areas >= _SPOT_AREA[0] * area) & (areas <= _SPOT_AREA[1] * area)
    kept &= areas >= _SPOT_ROUNDNESS * longest**2
    return int(kept.sum()), float(areas[kept].sum()) / area


def _basophilia(window: _Window) -> float | None:
    """Balance of red against green density between nucleus and outline."""
    if window.cell is None:
        return None
    near = cv2.dilate(window.nucleus, _DISCS[3])
    cytoplasm = window.cell & (1 - near)
    if cv2.countNonZero(cytoplasm) < _LEAST_CYTOPLASM * cv2.countNonZero(window.cell):
        return None
    red, green, _, _ = cv2.mean(window.density, cytoplasm)
    red, green = max(red, 0.0), max(green, 0.0)
    return (red - green) / (red + green) if red + green > 0.02 else None
