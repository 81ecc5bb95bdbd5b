"""Cell bodies: from a nucleus into its cytoplasm, up to empty slide, red cell or neighbour.

Distances are in `unit`, the diameter of a red cell in pixels (see `ruler`).
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.pipeline.absorbance import Absorbance, Plane
from appliance.pipeline.lobes import Part
from appliance.pipeline.nuclei import Labels, Levels, fill_holes
from appliance.pipeline.pieces import pieces
from appliance.pipeline.surround import Mask

Colour = NDArray[Any]
"""(3, ...): green less blue, red less blue, half of green, in optical density.

The three lie apart, not pixel by pixel: NumPy is five times as fast along rows as over threes.
"""

_REACH = 1.1
"""Cytoplasm lies at most this far from the nucleus."""
_FAINT = 0.035
"""Density below which nothing is told from empty slide."""


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """One cell: two masks over a window of the image whose upper left pixel is x, y."""

    x: int
    y: int
    nucleus: Mask
    cell: Mask

    @property
    def window(self) -> tuple[slice, slice]:
        """Where the masks lie in the image."""
        height, width = self.cell.shape
        return np.s_[self.y : self.y + height, self.x : self.x + width]


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What cells are told from: colours of the whole image, smoothed, and of its red cells."""

    colour: Colour
    darkness: Plane
    red_cells: tuple[Colour, ...]
    """A pale and a dark one; none where the image shows no red cells."""


def surroundings(
    absorbance: Absorbance, labels: Labels, found: Levels, unit: float
) -> Surroundings:
    """Measure colours and find those of the red cells."""
    sigma = max(0.8, 0.05 * unit)
    red, green, blue = cv2.split(cv2.GaussianBlur(absorbance.density, (0, 0), sigma))
    colour = np.stack([green - blue, red - blue, 0.5 * green])
    darkness = cv2.GaussianBlur(absorbance.darkness, (0, 0), sigma)
    # every second pixel will do for what fills large areas
    thin = Absorbance(
        *(plane[::2, ::2] for plane in (absorbance.density, darkness, absorbance.index))
    )
    red_cells = _red_cells(thin, colour[:, ::2, ::2], labels[::2, ::2], found, unit / 2)
    return Surroundings(colour, darkness, red_cells)


def _red_cells(
    absorbance: Absorbance, colour: Colour, labels: Labels, found: Levels, unit: float
) -> tuple[Colour, ...]:
    """Colours of what is stained but lies far from nuclei, or nearer but reaches the frame.

    Cytoplasm lies near its nucleus and, in a picture of a single cell, inside the frame.
    """
    away = cv2.distanceTransform(np.equal(labels, 0).view(np.uint8), cv2.DIST_L2, 3)
    stained = (away > 0.4 * unit) & (absorbance.density[..., 1] > 0.05)
    stained &= absorbance.darkness > 0.06
    _, things = cv2.connectedComponents(stained.astype(np.uint8), connectivity=4)
    reaching = np.zeros(int(things.max()) + 1, bool)
    reaching[np.concatenate([things[0], things[-1], things[:, 0], things[:, -1]])] = True
    stained &= (away > 0.8 * unit) | reaching[things]
    stained &= absorbance.index < found.rest + 2 * found.spread
    if np.count_nonzero(stained) < 0.4 * np.pi / 4 * unit * unit:
        return ()
    colours = _colours(colour, stained)
    middle = _median(colours[2])
    return _median(colours[:, colours[2] <= middle]), _median(colours[:, colours[2] >= middle])


def _colours(colour: Colour, mask: NDArray[np.bool_]) -> Colour:
    """(3, n): the colours inside a mask."""
    return np.stack([plane[mask] for plane in colour])


def _median(values: NDArray[Any]) -> Any:
    """What np.median gives along the last axis, in half its time: 43 cells ask for it 200 times."""
    low, high = (values.shape[-1] - 1) // 2, values.shape[-1] // 2
    parted = np.partition(values, (low, high), axis=-1)
    return (parted[..., low] + parted[..., high]) / 2


def grow(group: list[Part], labels: Labels, around: Surroundings, unit: float) -> Body:
    """Grow one nucleus into its cell."""
    contour = np.concatenate([part.contour for part in group])
    x, y, width, height = cv2.boundingRect(contour)
    margin = int((_REACH + 0.05) * unit)
    x0, y0 = max(0, x - margin), max(0, y - margin)
    window = np.s_[y0 : y + height + margin, x0 : x + width + margin]
    here = labels[window]
    nucleus = np.zeros(here.shape, np.uint8)
    for part in group:
        nucleus |= np.equal(here, part.number).view(np.uint8)
    core = nucleus.copy()
    if len(group) > 1:
        cv2.fillConvexPoly(core, cv2.convexHull(contour) - [x0, y0], 1)
    outside = nucleus == 0
    others = np.logical_and(here > 0, outside).view(np.uint8)
    core[others > 0] = 0
    away = cv2.distanceTransform(1 - core, cv2.DIST_L2, 3)
    to_others = (
        cv2.distanceTransform(1 - others, cv2.DIST_L2, 3)
        if others.any()
        else np.full(away.shape, 1e6, np.float32)
    )
    dark = around.darkness[window]
    rim = ((away > 0.06 * unit) & (away < 0.22 * unit)) | ((core > 0) & outside)
    rim &= to_others > 0.15 * unit
    stained = rim & (dark > _FAINT)
    if np.count_nonzero(stained) <= 0.15 * max(1, int(np.count_nonzero(rim))):
        return Body(x0, y0, nucleus, fill_holes(nucleus, nucleus.size))
    colour = around.colour[:, *window]
    own = _own_colours(colour, nucleus, stained)
    reach = _reach(own[0], around.red_cells) * unit
    likely = (dark > max(_FAINT, 0.4 * float(_median(dark[stained])))) & outside
    likely &= (away <= to_others) & (away < reach)
    likely[likely] = _is_own(_colours(colour, likely), own, around.red_cells)
    cell = _tidy(likely.astype(np.uint8) | core, nucleus, core, unit)
    return Body(x0, y0, nucleus, cell)


def _own_colours(
    colour: Colour, nucleus: Mask, stained: NDArray[np.bool_]
) -> tuple[Colour, Colour]:
    """Colour of this cell's cytoplasm, by the more nuclear half of its rim, and of its nucleus."""
    rim = _colours(colour, stained)
    cytoplasm = _median(rim[:, rim[0] >= _median(rim[0])])
    return cytoplasm, _median(_colours(colour, nucleus > 0))


def _reach(cytoplasm: Colour, red_cells: tuple[Colour, ...]) -> float:
    """How far from the nucleus colours are believed: not far where they are like red cells'."""
    apart = min((float(np.linalg.norm(cytoplasm - red)) for red in red_cells), default=1.0)
    return _REACH if apart > 0.04 else 0.25


def _is_own(
    colour: Colour, own: tuple[Colour, Colour], red_cells: tuple[Colour, ...]
) -> NDArray[np.bool_]:
    """Tell which colours are nearer to this cell's than to the red cells'.

    The cell's lie between half its cytoplasm's density and its nucleus; the red cells' between
    less and more than their usual density.
    """
    if not red_cells:
        return np.ones(colour.shape[1], bool)
    cytoplasm, nucleus = own
    to_own = np.minimum(
        _off_line(colour, 0.5 * cytoplasm, cytoplasm), _off_line(colour, cytoplasm, nucleus)
    )
    to_red = [_off_line(colour, 0.35 * red, 1.3 * red) for red in red_cells]
    return np.asarray(to_own < np.minimum.reduce(to_red))


def _off_line(colour: Colour, start: Colour, end: Colour) -> Plane:
    """Squared distance of each colour from the straight line between two."""
    way = (end - start).astype(np.float32)
    off = colour - start[:, None].astype(np.float32)
    along = _dot(off, way / max(1e-9, float(way @ way)))
    np.clip(along, 0, 1, out=along)
    off -= along * way[:, None]
    return _dot(off, off)


def _dot(one: Colour, other: Colour) -> Plane:
    """The product of colours with one colour, or each with its own."""
    return np.asarray(one[0] * other[0] + one[1] * other[1] + one[2] * other[2])


def _tidy(cell: Mask, nucleus: Mask, core: Mask, unit: float) -> Mask:
    """Cut thin leaks off, keep what holds the nucleus, fill it."""
    radius = max(1, round(0.10 * unit))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    wide = cv2.copyMakeBorder(cell, radius, radius, radius, radius, cv2.BORDER_REPLICATE)
    wide = cv2.morphologyEx(wide, cv2.MORPH_OPEN, disc)[radius:-radius, radius:-radius]
    wide = wide | core | nucleus
    _, things = cv2.connectedComponents(wide, connectivity=4)
    holding = np.zeros(int(things.max()) + 1, np.uint8)
    holding[things[nucleus > 0]] = 1
    return fill_holes(holding[things], wide.size)


def sharpen_nucleus(body: Body, index: Plane, unit: float) -> Body:
    """Find the nucleus again inside its own cell, where two stains make two humps (Otsu 1979)."""
    here = index[body.window]
    inside = body.cell > 0
    values = here[inside]
    low, high = float(values.min()), float(np.percentile(values, 99))
    if values.size < 20 or high - low < 0.05:
        return body
    stretched = np.clip((values - low) / (high - low) * 255, 0, 255).astype(np.uint8)
    level = cv2.threshold(stretched.reshape(1, -1), 0, 255, cv2.THRESH_OTSU)[0]
    cut = low + (level + 1) / 255 * (high - low)
    pale, dark = values[values <= cut], values[values > cut]
    if dark.size == 0 or pale.size < 0.06 * values.size:
        return body
    if dark.mean() < 1.7 * max(float(pale.mean()), 0.02):
        return body
    red_cell = np.pi / 4 * unit * unit
    nucleus = _large_pieces(((here > cut) & inside).astype(np.uint8), 0.02 * red_cell)
    if not nucleus.any():
        return body
    return Body(body.x, body.y, fill_holes(nucleus, 0.06 * red_cell), body.cell)


def _large_pieces(mask: Mask, smallest: float) -> Mask:
    """Keep the pieces that are no crumbs beside the largest."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, disc)
    labels, areas = pieces(mask, connectivity=8)
    kept: Mask = (areas >= max(smallest, 0.08 * areas.max())).astype(np.uint8)
    kept[0] = 0
    large: Mask = kept[labels]
    return large
