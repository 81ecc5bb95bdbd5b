"""Nuclei: where the nuclear index stands out, cut apart where cells touch.

Everything is measured in `unit`: the diameter of a red cell in pixels (see `ruler`).
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.pipeline.absorbance import Plane
from appliance.pipeline.pieces import pieces
from appliance.pipeline.ruler import NUCLEAR
from appliance.pipeline.surround import Mask

Labels = NDArray[Any]
"""(height, width) int32, 0 where nothing, else the number of a part."""

_FOREGROUND = 0.05
_SPECK = 0.04
"""Parts of less than this many red cell areas are dropped."""
_TOO_LARGE = 4.0
_NECK = 0.75
_NARROWER_NECK = 0.90


@dataclass(frozen=True, slots=True)
class Levels:
    """Nuclear index of an image's nuclei and of everything else."""

    nuclei: float
    rest: float
    spread: float
    """Standard deviation of the rest."""

    @property
    def cut(self) -> float:
        """From here on it is nucleus."""
        return float(np.clip(0.42 * self.nuclei, max(0.09, self.rest + 2.5 * self.spread), 0.3))


def levels(darkness: Plane, index: Plane, unit: float) -> Levels | None:
    """Find the nuclear index of nuclei and of the rest; None where nothing looks like a nucleus."""
    dark = darkness > _FOREGROUND
    values = index[dark]
    ceiling = _red_cell_ceiling(values)
    start = max(NUCLEAR, ceiling)
    seed = np.greater(index, start).view(np.uint8)
    labels, areas = pieces(seed, connectivity=4)
    large = areas > 0.15 * np.pi / 4 * unit * unit
    if not large.any():
        return None
    nuclei = float(np.percentile(index[large[labels]], 60))
    rest = values[values < max(0.45 * nuclei, ceiling)]
    if rest.size < 50:
        return Levels(nuclei, 0.0, 0.02)
    spread = float(rest.std())
    return Levels(nuclei, max(float(rest.mean()), ceiling - 2.5 * spread), spread)


def _red_cell_ceiling(values: NDArray[Any]) -> float:
    """Upper end of the red cells where they are stained nearly like nuclei, else 0.

    Said of an image whose stained pixels make one broad hump that does not fall in two.
    """
    if values.size < 200:
        return 0.0
    stretched = np.clip(values * 300 + 30, 0, 255).astype(np.uint8).reshape(1, -1)
    level = (cv2.threshold(stretched, 0, 255, cv2.THRESH_OTSU)[0] - 29) / 300
    low, high = values[values <= level], values[values > level]
    middle = float(np.median(values))
    if low.size == 0 or high.size < 0.12 * values.size or middle >= NUCLEAR:
        return 0.0
    gap = float(high.mean() - low.mean())
    if gap >= 0.078 or gap >= 2.6 * float(np.sqrt(low.var() + high.var())):
        return 0.0
    return middle + 3.2 * 1.4826 * float(np.median(np.abs(values - middle)))


def nuclear_mask(index: Plane, found: Levels, unit: float) -> Mask:
    """Mark what is nucleus: above the image's cut and not much paler than its surroundings.

    The second condition takes away the stained cytoplasm beside a dark nucleus, and with it the
    bridges between cells that touch.
    """
    reach = 2 * int(0.45 * unit) + 1
    peak = cv2.blur(cv2.dilate(index, np.ones((reach, reach), np.uint8)), (reach, reach))
    mask = np.greater(index, np.maximum(0.5 * peak, found.cut)).view(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    return cv2.morphologyEx(mask, cv2.MORPH_OPEN, disc)


def cut_apart(mask: Mask, unit: float) -> Labels:
    """Cut a mask at its necks and number the parts from 1."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    labels = np.zeros(mask.shape, np.int32)
    red_cell = np.pi / 4 * unit * unit
    last = 0
    for contour in contours:
        x, y, width, height = cv2.boundingRect(contour)
        if width * height < _SPECK * red_cell or len(contour) < 4:
            continue
        x0, y0 = max(0, x - 1), max(0, y - 1)
        window = np.s_[y0 : y + height + 1, x0 : x + width + 1]
        whole = np.zeros_like(mask[window])
        cv2.drawContours(whole, [contour], 0, 1, -1, offset=(-x0, -y0))
        piece = fill_holes(whole & mask[window], 0.25 * red_cell)
        if cv2.countNonZero(piece) < _SPECK * red_cell:
            continue
        parts = _parts(piece, unit)
        labels[window] = np.where(parts > 0, parts + last, labels[window])
        last += int(parts.max())
    return labels


def _parts(piece: Mask, unit: float) -> Labels:
    """Cut one connected piece; what stays too large for one cell is cut again, more readily."""
    parts = _cut_at_necks(piece, unit, _NECK)
    for number in range(1, int(parts.max()) + 1):
        part = np.equal(parts, number).view(np.uint8)
        if cv2.countNonZero(part) > _TOO_LARGE * np.pi / 4 * unit * unit:
            again = _cut_at_necks(part, unit, _NARROWER_NECK)
            parts = np.where(again > 1, again + int(parts.max()) - 1, parts)
    return parts


def _cut_at_necks(piece: Mask, unit: float, neck: float) -> Labels:
    """Give each pixel to the nearest core; cores are peaks of the distance transform.

    Two peaks belong to one core where the way between them is not narrower than `neck` times the
    smaller of the two. Beyond the edge of the image the piece is taken to go on.
    """
    padded = cv2.copyMakeBorder(piece, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    inside = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    inside = cv2.GaussianBlur(inside, (0, 0), max(0.6, 0.03 * unit))
    peaks = _peaks(inside, piece, unit)
    if len(peaks) <= 1:
        return piece.astype(np.int32)
    cores = _cores(peaks, inside, unit, neck)
    if max(cores) == 0:
        return piece.astype(np.int32)
    seeds = np.zeros(piece.shape, np.int32)
    for core, (radius, x, y) in zip(cores, peaks, strict=True):
        cv2.circle(seeds, (x, y), max(1, int(0.6 * radius)), core + 1, -1)
    return np.where(piece > 0, _nearest(seeds), 0)


def _peaks(inside: Plane, piece: Mask, unit: float) -> list[tuple[float, int, int]]:
    """(radius, x, y) of the local maxima, largest first."""
    reach = 2 * max(1, round(0.16 * unit)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    top = (inside >= cv2.dilate(inside, disc) - 1e-6) & (inside > max(1.0, 0.1 * unit))
    top &= piece > 0
    count, tops = cv2.connectedComponents(top.astype(np.uint8), connectivity=8)
    peaks = []
    for number in range(1, count):
        ys, xs = np.nonzero(tops == number)
        middle = len(ys) // 2
        peaks.append((float(inside[ys[middle], xs[middle]]), int(xs[middle]), int(ys[middle])))
    return sorted(peaks, reverse=True)


def _cores(
    peaks: list[tuple[float, int, int]], inside: Plane, unit: float, neck: float
) -> list[int]:
    """Number of the core each peak belongs to, from 0 without gaps."""
    core = list(range(len(peaks)))
    for later, (radius, x, y) in enumerate(peaks):
        for earlier in range(later):
            _, x0, y0 = peaks[earlier]
            if core[later] == core[earlier] or np.hypot(x - x0, y - y0) > 2.6 * unit:
                continue
            steps = max(abs(x - x0), abs(y - y0)) + 1
            xs = np.linspace(x0, x, steps).round().astype(int)
            ys = np.linspace(y0, y, steps).round().astype(int)
            if inside[ys, xs].min() > neck * radius:
                old, new = core[later], core[earlier]
                core = [new if number == old else number for number in core]
    order = {number: place for place, number in enumerate(dict.fromkeys(core))}
    return [order[number] for number in core]


def _nearest(seeds: Labels) -> Labels:
    """Fill the whole window with the number of the nearest seed."""
    free = np.equal(seeds, 0).view(np.uint8)
    _, places = cv2.distanceTransformWithLabels(
        free, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    number = np.zeros(int(places.max()) + 1, np.int32)
    number[places[free == 0]] = seeds[free == 0]
    nearest: Labels = number[places]
    return nearest


def fill_holes(mask: Mask, largest: float) -> Mask:
    """Fill the holes of less than `largest` pixels; what is open to the edge is no hole."""
    contours, family = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    filled = mask.copy()
    for place, contour in enumerate(contours):
        if family[0, place, 3] >= 0 and cv2.contourArea(contour) < largest:
            cv2.drawContours(filled, contours, place, 1, -1)
    return filled
