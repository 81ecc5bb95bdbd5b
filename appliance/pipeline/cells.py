"""White cells of an image, found without being told its scale.

Optical density against the empty slide (`absorbance`), the red cell as a ruler (`ruler`), nuclei
cut apart where cells touch (`nuclei`) and their lobes put together (`lobes`), bodies grown into
the cytoplasm (`bodies`, `halves`); then whatever is too small, too pale or torn is left out.
Deterministic: the same pixels give the same cells.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from appliance.pipeline.absorbance import Absorbance, Plane, measure
from appliance.pipeline.bodies import Body, grow, sharpen_nucleus, surroundings
from appliance.pipeline.halves import join_halves
from appliance.pipeline.lobes import join_lobes, parts_of
from appliance.pipeline.nuclei import Levels, cut_apart, levels, nuclear_mask
from appliance.pipeline.outlines import outline
from appliance.pipeline.ruler import RED_CELL_UM, red_cell_diameter
from appliance.pipeline.silhouettes import as_cut
from appliance.pipeline.surround import Mask, cut_out, laid_on_glass
from appliance.vocabulary import Box, FoundCell, Pixels

_WORKING_PIXELS = 350_000
_RULER_PIXELS = 260_000
_LARGEST_UNIT = 44.0
_WORKING_UNIT = 40.0
_SMALLEST_UNIT = 22.0
_SMALLEST_SIDE = 8
_SMALLEST_RED_CELL = 11.0
"""Pixels of the image: white cells down to 20 pixels wide are looked for."""
_FINGER = 0.35
"""Red cells that a person points beside what they mean."""
_PORTRAIT = 4.1
"""A picture less than so many red cells wide was cut around one object: what lies in its middle is
taken, even where it is no larger than a platelet."""


@dataclass(frozen=True, slots=True, eq=False)
class _Field:
    """The image as it is worked on."""

    absorbance: Absorbance
    index: Plane
    """Nuclear index, smoothed."""
    unit: float
    """Diameter of a red cell in working pixels."""
    scale: float
    """Working pixels for one pixel of the image."""

    @property
    def red_cell(self) -> float:
        """Area of a red cell in working pixels."""
        return math.pi / 4 * self.unit**2


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A body with the looks that tell a white cell from everything else."""

    body: Body
    nucleus: float
    """Area in red cell areas."""
    cell: float
    level: float
    """Nuclear index relative to the image's nuclei."""
    redness: float
    """Red density of the nucleus relative to its green density."""
    solidity: float
    """Share of the cell's convex hull that it fills."""
    at_border: bool


def find_cells(pixels: Pixels, *, um_per_px: float | None = None) -> list[FoundCell]:
    """Find the white cells of an image, whole field or single cell, 20 to 250 pixels wide.

    Args:
        pixels: (height, width, 3) uint8, RGB.
        um_per_px: Micrometres a pixel, where known; without it the red cells are the ruler.

    Returns:
        The cells in reading order; those cut by the edge of the image are marked. Erythroblasts
        are found too: they are nucleated. Platelets, red cells, precipitate and marks burnt into
        the image are not. Cells that were cut out and laid on black keep the outline they were
        cut out along.
    """
    if min(pixels.shape[:2]) < _SMALLEST_SIDE:
        return []
    shown = cut_out(pixels)
    if shown is None:
        return _in_reading_order(_by_nuclei(pixels, um_per_px))
    found = _by_nuclei(laid_on_glass(pixels, shown), um_per_px)
    return _in_reading_order(as_cut(pixels, shown, found))


def _by_nuclei(pixels: Pixels, um_per_px: float | None) -> list[FoundCell]:
    field, candidates = _look(pixels, um_per_px)
    return _found_cells(_white_cells(candidates, field), field, pixels)


def _look(pixels: Pixels, um_per_px: float | None) -> tuple[_Field, list[_Candidate]]:
    """Measure an image and pick out everything that may be a cell."""
    field = _prepare(pixels, um_per_px)
    # every second pixel will do: the index is smooth
    found = levels(field.absorbance.darkness[::2, ::2], field.index[::2, ::2], field.unit / 2)
    return field, [] if found is None else _candidates(field, found)


def _found_cells(cells: list[_Candidate], field: _Field, pixels: Pixels) -> list[FoundCell]:
    size = (pixels.shape[1], pixels.shape[0])
    return [_found_cell(each, field, size) for each in cells]


def find_cell_at(
    pixels: Pixels, x: float, y: float, *, um_per_px: float | None = None
) -> FoundCell | None:
    """Find the cell that a person points at, however pale, small or torn it is.

    Args:
        pixels: (height, width, 3) uint8, RGB; the whole image, which says what a cell looks like.
        x: of the point, in pixels of the image.
        y: likewise.
        um_per_px: micrometres a pixel, where known.

    Returns:
        What has a nucleus at the point or within a finger of it; None where nothing has. A cell
        that was cut out and laid on black keeps the outline it was cut out along, as `find_cells`
        gives it.
    """
    if min(pixels.shape[:2]) < _SMALLEST_SIDE:
        return None
    shown = cut_out(pixels)
    laid = pixels if shown is None else laid_on_glass(pixels, shown)
    field, candidates = _look(laid, um_per_px)
    at = ((x + 0.5) * field.scale, (y + 0.5) * field.scale)
    near = [(_away(each, *at), each) for each in candidates]
    near = [each for each in near if each[0] <= _FINGER * field.unit]
    pointed = [min(near, key=lambda each: each[0])[1]] if near else []
    if shown is not None:
        white = [each for each in _white_cells(candidates, field) if each not in pointed]
        pieces = as_cut(pixels, shown, _found_cells(pointed + white, field, pixels))
        whole = _nearest(pieces, x, y, _FINGER * field.unit / field.scale)
        if whole is not None:
            return whole
    return next(iter(_found_cells(pointed, field, pixels)), None)


def _nearest(cells: list[FoundCell], x: float, y: float, reach: float) -> FoundCell | None:
    """Return the cell whose outline is at a point or so many pixels from it, if there is one."""
    away = [
        (-cv2.pointPolygonTest(cell.outline, (x, y), measureDist=True), place)
        for place, cell in enumerate(cells)
        if cell.outline is not None
    ]
    least, place = min(away, default=(math.inf, 0))
    return cells[place] if least <= reach else None


def _away(each: _Candidate, x: float, y: float) -> float:
    """Distance of a point from a candidate's body in working pixels; negative inside it."""
    body = each.body
    contours, _ = cv2.findContours(body.cell, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    at = (x - body.x, y - body.y)
    return -max(cv2.pointPolygonTest(contour, at, measureDist=True) for contour in contours)


def _prepare(pixels: Pixels, um_per_px: float | None) -> _Field:
    """Measure the image at a resolution where a red cell is 22 to 44 pixels wide, if it can be."""
    height, width = pixels.shape[:2]
    scale = min(1.0, math.sqrt(_WORKING_PIXELS / (height * width)))
    work = _resized(pixels, scale)
    absorbance = measure(work)
    expected = RED_CELL_UM / um_per_px if um_per_px else None
    unit = _unit(absorbance, scale, expected)
    wanted = _WORKING_UNIT if unit > _LARGEST_UNIT else max(unit, _SMALLEST_UNIT)
    room = math.sqrt(2 * _WORKING_PIXELS / (work.shape[0] * work.shape[1]))
    factor = min(wanted / unit, max(1.0, room))
    if abs(factor - 1) > 0.02:
        absorbance = _rescaled(absorbance, factor)
    sigma = max(0.7, 0.035 * unit * factor)
    index = cv2.GaussianBlur(absorbance.index, (0, 0), sigma)
    return _Field(absorbance, index, unit * factor, scale * factor)


def _unit(absorbance: Absorbance, scale: float, expected: float | None) -> float:
    """Diameter of a red cell in working pixels, measured on smaller planes where that will do."""
    coarse = min(1.0, math.sqrt(_RULER_PIXELS / absorbance.index.size))
    darkness, index = (
        cv2.resize(plane, None, fx=coarse, fy=coarse, interpolation=cv2.INTER_LINEAR)
        for plane in (absorbance.darkness, absorbance.index)
    )
    diameter = red_cell_diameter(
        darkness,
        index,
        smallest_px=_SMALLEST_RED_CELL * scale * coarse,
        expected_px=expected * scale * coarse if expected else None,
    )
    return diameter / coarse


def _resized(pixels: Pixels, scale: float) -> Pixels:
    """The image, made smaller."""
    if scale >= 1.0:
        return np.ascontiguousarray(pixels)
    while scale < 0.5:  # halving is quick, and the odd rest then has little left to do
        pixels = np.asarray(
            cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8
        )
        scale *= 2
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _rescaled(absorbance: Absorbance, factor: float) -> Absorbance:
    """The planes at another resolution."""
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    height, width = absorbance.index.shape
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    planes = (absorbance.density, absorbance.darkness, absorbance.index)
    density, darkness, index = (cv2.resize(plane, size, interpolation=how) for plane in planes)
    rim = absorbance.rim
    if rim is not None:
        rim = cv2.resize(rim, size, interpolation=cv2.INTER_NEAREST)
    return Absorbance(density, darkness, index, rim)


def _candidates(field: _Field, found: Levels) -> list[_Candidate]:
    """Everything with a nucleus-like core, grown to its body."""
    labels = cut_apart(nuclear_mask(field.index, found, field.unit), field.unit)
    parts = parts_of(labels, 0.04 * field.red_cell)
    empty = np.less(field.absorbance.darkness, 0.04).view(np.uint8)
    foreign = empty | np.less(field.index, found.rest + found.spread).view(np.uint8)
    nuclei = join_lobes(parts, labels, empty, foreign, field.unit)
    nuclei = [nucleus for nucleus in nuclei if sum(p.area for p in nucleus) > 0.1 * field.red_cell]
    if not nuclei:
        return []
    around = surroundings(field.absorbance, labels, found, field.unit)
    bodies = [grow(nucleus, labels, around, field.unit) for nucleus in nuclei]
    bodies = join_halves(bodies, field.unit)
    bodies = [sharpen_nucleus(body, field.index, field.unit) for body in bodies]
    return [_candidate(body, field, found) for body in bodies]


def _candidate(body: Body, field: _Field, found: Levels) -> _Candidate:
    """Measure a body."""
    nucleus = body.nucleus > 0
    # Whole pixels by their place: picking them by the mask takes 0.8 ms more for 43 bodies.
    density = np.ascontiguousarray(field.absorbance.density[body.window]).reshape(-1, 3)
    red, green, _ = density.take(np.flatnonzero(nucleus), axis=0).mean(axis=0)
    x, y, width, height = cv2.boundingRect(body.cell)
    high, wide = field.index.shape
    left, top = x + body.x, y + body.y
    return _Candidate(
        body=body,
        nucleus=cv2.countNonZero(body.nucleus) / field.red_cell,
        cell=cv2.countNonZero(body.cell) / field.red_cell,
        level=float(field.index[body.window][nucleus].mean()) / found.nuclei,
        solidity=_solidity(body.cell),
        redness=float(red / max(green, 1e-3)),
        at_border=left <= 0
        or top <= 0
        or left + width >= wide
        or top + height >= high
        or _meets(body, field.absorbance.rim),
    )


def _meets(body: Body, rim: Mask | None) -> bool:
    """Tell whether a cell lies against the eyepiece's rim."""
    if rim is None:
        return False
    nearly = np.ones((5, 5), np.uint8)
    return bool((cv2.dilate(rim[body.window], nearly) & body.cell).any())


def _solidity(mask: Mask) -> float:
    """Share of its convex hull that a mask fills."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.contourArea(cv2.convexHull(np.concatenate(contours)))
    return cv2.countNonZero(mask) / max(1.0, hull)


def _white_cells(candidates: list[_Candidate], field: _Field) -> list[_Candidate]:
    """Leave out platelets by size and smudges by colour; keep a portrait's subject."""
    cells = [each for each in candidates if _is_white_cell(each)]
    if len(cells) >= 3:
        size = float(np.median([each.nucleus for each in cells]))
        cells = [each for each in candidates if each in cells or _is_of_a_kind(each, size)]
        usual = _weighted_median([each.redness for each in cells], [each.nucleus for each in cells])
        cells = [each for each in cells if each.redness >= 0.72 * usual or each.level >= 0.85]
    high, wide = field.index.shape
    if max(high, wide) < _PORTRAIT * field.unit:
        middle = [each for each in candidates if _holds(each, wide / 2, high / 2, field.unit)]
        if middle and not any(each in cells for each in middle):
            cells.append(max(middle, key=lambda each: each.nucleus))
    return cells


def _is_white_cell(each: _Candidate) -> bool:
    """Tell by looks: not pale, not torn, and a nucleus as large as a lymphocyte's.

    A smaller nucleus will do where the whole cell is larger than a platelet, or where it is denser
    than the image's nuclei, which platelets are not: a small lymphocyte's or a normoblast's.
    """
    if each.level < 0.5 or each.solidity < 0.75:
        return False
    if each.level >= 1.25 and each.nucleus >= 0.3 and each.solidity >= 0.9:
        return True
    if each.at_border:
        return each.nucleus >= 0.4
    return each.nucleus >= 0.72 or (each.nucleus >= 0.36 and each.cell >= 1.08)


def _is_of_a_kind(each: _Candidate, usual: float) -> bool:
    """Tell whether a candidate is dense, whole and not much smaller than the cells found.

    `usual` is the area of their nuclei; a platelet is a fifth of that.
    """
    sound = each.level >= 0.7 and each.solidity >= 0.85
    return sound and each.nucleus >= max(0.3, 0.4 * usual)


def _holds(each: _Candidate, x: float, y: float, unit: float) -> bool:
    """Tell whether a candidate's box reaches within a fifth of a red cell of a point."""
    left, top, width, height = cv2.boundingRect(each.body.cell)
    left, top, slack = left + each.body.x, top + each.body.y, 0.2 * unit
    return left - slack <= x <= left + width + slack and top - slack <= y <= top + height + slack


def _weighted_median(values: list[float], weights: list[float]) -> float:
    """The value at which half of the weight is reached."""
    order = np.argsort(values)
    reached = np.cumsum(np.asarray(weights)[order])
    return float(np.asarray(values)[order][int(np.searchsorted(reached, reached[-1] / 2))])


def _found_cell(each: _Candidate, field: _Field, size: tuple[int, int]) -> FoundCell:
    """Turn a candidate into pixels of the whole image."""
    body, scale = each.body, field.scale
    nucleus = outline(body.nucleus, body.x, body.y, scale, size)
    cell = outline(body.cell, body.x, body.y, scale, size)
    left, top = np.minimum(cell.min(axis=0), nucleus.min(axis=0)).tolist()
    right, bottom = np.maximum(cell.max(axis=0), nucleus.max(axis=0)).tolist()
    return FoundCell(
        box=Box(left, top, right - left + 1, bottom - top + 1),
        nucleus=nucleus,
        outline=cell,
        nucleus_area_px=cv2.countNonZero(body.nucleus) / scale**2,
        cell_area_px=cv2.countNonZero(body.cell) / scale**2,
        at_border=each.at_border,
    )


def _in_reading_order(cells: list[FoundCell]) -> list[FoundCell]:
    """From top to bottom in rows about as high as a cell, each from left to right."""
    if not cells:
        return []
    row = float(np.median([cell.box.height for cell in cells]))

    def place(cell: FoundCell) -> tuple[int, int, int]:
        return int((cell.box.y + cell.box.height / 2) // row), cell.box.x, cell.box.y

    return sorted(cells, key=place)
