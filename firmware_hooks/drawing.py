"""How one stained cell is drawn: shapes in micrometres, filled with amounts of dye.

Where cells lie, and how light, lens and sensor turn dye into a picture, is said in
`firmware_hooks.slides`. Sizes are of cells on dried smears (Bain, Blood Cells, 6th ed., ch. 3).
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
"""(height, width) float32: distances in um, or amounts of dye."""


class Kind(StrEnum):
    """What a drawn object is."""

    BLAST = "blast"
    LYMPHOCYTE = "lymphocyte"
    NEUTROPHIL = "neutrophil"
    MONOCYTE = "monocyte"
    PLATELET = "platelet"
    RED_CELL = "red cell"

    @property
    def is_white(self) -> bool:
        """Whether it is a leukocyte, blasts among them."""
        return self not in {Kind.PLATELET, Kind.RED_CELL}


# Order of the dyes in every stack of planes.
CHROMATIN, AZURE, EOSIN, HAEMOGLOBIN = range(4)
DYES = 4


@dataclass(frozen=True, slots=True, eq=False)
class Stamp:
    """One drawn cell, before it is put on a slide."""

    dyes: NDArray[np.float32]
    """(height, width, DYES) amount of each dye; 1 is what a typical cell has of it."""
    cell: NDArray[np.uint8]
    """(height, width), 1 inside the cell."""
    nucleus: NDArray[np.uint8] | None
    """(height, width), 1 inside the nucleus; None where there is none."""


class Pen:
    """Draws into a square that holds one cell, at a given scale.

    Shapes are planes of signed distance to an outline, positive inside, in micrometres.
    """

    def __init__(self, rng: np.random.Generator, width_um: float, um_per_px: float) -> None:
        side = max(5, int(np.ceil(width_um / um_per_px)))
        axis = (np.arange(side, dtype=np.float32) - (side - 1) / 2) * np.float32(um_per_px)
        self.rng, self.um_per_px, self.side = rng, um_per_px, side
        self.x, self.y = np.meshgrid(axis, axis)

    def blob(
        self,
        radius_um: float,
        *,
        centre_um: tuple[float, float] = (0.0, 0.0),
        stretch: float = 1.0,
        wobble: float = 0.02,
    ) -> Plane:
        """Return a rounded shape: an ellipse of random tilt with a wavy edge."""
        tilt = self.rng.uniform(0, np.pi)
        across, down = self.x - centre_um[0], self.y - centre_um[1]
        u = (across * np.cos(tilt) + down * np.sin(tilt)) / np.sqrt(stretch)
        v = (down * np.cos(tilt) - across * np.sin(tilt)) * np.sqrt(stretch)
        angle, distance = np.arctan2(v, u), np.hypot(u, v)
        edge = np.ones_like(angle)
        for waves in (2, 3, 4, 5):
            height = self.rng.normal(0, wobble) * 2 / waves
            edge += height * np.cos(waves * angle + self.rng.uniform(0, 2 * np.pi))
        return np.asarray(radius_um * edge - distance, np.float32)

    def band(self, start: NDArray[np.float64], end: NDArray[np.float64], half_um: float) -> Plane:
        """Return a straight band with round ends, between two points in um."""
        along = end - start
        length = max(float(along @ along), 1e-6)
        share = ((self.x - start[0]) * along[0] + (self.y - start[1]) * along[1]) / length
        share = np.clip(share, 0, 1)
        distance = np.hypot(
            self.x - start[0] - share * along[0], self.y - start[1] - share * along[1]
        )
        return np.asarray(half_um - distance, np.float32)

    def fill(self, shape: Plane, softness_um: float = 0.2) -> Plane:
        """Return 1 inside a shape and 0 outside, with an edge as soft as said."""
        soft = shape / max(softness_um, self.um_per_px) + 0.5
        return np.asarray(np.clip(soft, 0, 1), np.float32)

    def grain(self, size_um: float) -> Plane:
        """Return a random texture of unit variance, as coarse as said."""
        cells = max(2, round(self.side * self.um_per_px / size_um)) + 2
        coarse = self.rng.standard_normal((cells, cells)).astype(np.float32)
        fine = cv2.resize(coarse, (self.side, self.side), interpolation=cv2.INTER_CUBIC)
        return np.asarray(fine / 0.75, np.float32)  # interpolation evens out a quarter

    def dots(self, number: int, radius_um: float, within: Plane) -> Plane:
        """Return granules strewn inside a shape, 0 to 1."""
        inside = np.argwhere(within > radius_um)
        canvas = np.zeros((self.side, self.side), np.float32)
        if not len(inside) or number <= 0:
            return canvas
        chosen = inside[self.rng.integers(len(inside), size=number)]
        np.add.at(canvas, (chosen[:, 0], chosen[:, 1]), self.rng.uniform(0.5, 1.0, number))
        sigma_px = max(radius_um / self.um_per_px, 0.3)
        blurred = cv2.GaussianBlur(canvas, (0, 0), sigma_px)
        return np.asarray(np.minimum(blurred * 2 * np.pi * sigma_px**2, 1.2), np.float32)


def draw_red_cell(rng: np.random.Generator, um_per_px: float, *, pallor: float) -> Stamp:
    """Draw a red cell: a disc, paler in the middle, with a faint dark rim.

    The middle lacks the share `pallor` (0 to 1) of its haemoglobin.
    """
    radius = rng.normal(3.65, 0.2)
    pen = Pen(rng, 2.5 * radius, um_per_px)
    stretch = 1 + abs(rng.normal(0, 0.1))
    shape = pen.blob(radius, stretch=stretch, wobble=0.018)
    depth = np.clip(1 - shape / radius, 0, 1.2)  # 0 in the middle, 1 at the edge
    middle = rng.uniform(0.35, 0.55)
    amount = 1 - pallor * np.exp(-((depth / middle) ** 4))
    amount = amount + 0.18 * np.exp(-(((depth - 0.93) / 0.05) ** 2)) + 0.02 * pen.grain(0.5)
    dyes = np.zeros((pen.side, pen.side, DYES), np.float32)
    dyes[..., HAEMOGLOBIN] = amount * pen.fill(shape, 0.3) * rng.normal(1, 0.08)
    return Stamp(dyes=dyes, cell=_inside(shape), nucleus=None)


def draw_platelet(rng: np.random.Generator, um_per_px: float) -> Stamp:
    """Draw a platelet: a small lilac cloud with granules in its middle."""
    radius = rng.uniform(0.9, 1.7)
    pen = Pen(rng, 3.2 * radius, um_per_px)
    shape = pen.blob(radius, stretch=rng.uniform(1, 1.4), wobble=0.08)
    body = pen.fill(shape, 0.5)
    dyes = np.zeros((pen.side, pen.side, DYES), np.float32)
    dyes[..., AZURE] = 0.35 * body
    dyes[..., EOSIN] = 0.5 * body
    core = pen.fill(shape - 0.35 * radius, 0.6)
    dyes[..., CHROMATIN] = core * np.clip(0.42 + 0.2 * pen.grain(0.35), 0, 1)
    return Stamp(dyes=dyes, cell=_inside(shape), nucleus=None)


def draw_blast(rng: np.random.Generator, um_per_px: float) -> Stamp:
    """Draw a lymphoblast: large, nearly all nucleus, fine chromatin, nucleoli, a deep blue rim."""
    radius = rng.uniform(5.0, 7.3)
    pen = Pen(rng, 2.6 * radius, um_per_px)
    stretch = 1 + abs(rng.normal(0, 0.1))
    cell = pen.blob(radius, stretch=stretch, wobble=0.045)
    share = np.sqrt(rng.uniform(0.8, 0.93))
    nucleus = pen.blob(
        radius * share,
        centre_um=_aside(rng, radius * (1 - share) * 1.2),
        stretch=stretch,
        wobble=0.045,
    )
    if rng.random() < 0.4:  # a cleft
        bite = pen.blob(radius * 0.3, centre_um=_aside(rng, radius * 1.05), wobble=0.1)
        nucleus = np.minimum(nucleus, -bite)
    nucleus = np.minimum(nucleus, cell - 0.05)
    texture = 0.08 * pen.grain(0.4) + 0.06 * pen.grain(1.1) + 0.06 * pen.grain(2.6)
    chromatin = rng.uniform(0.62, 1.0) * (1 + texture)
    dyes = _with_cytoplasm(pen, cell, nucleus, azure=rng.uniform(0.85, 1.25), rim=0.4)
    for _ in range(rng.integers(1, 4)):
        at = _aside(rng, radius * rng.uniform(0.1, 0.55))
        nucleolus = pen.fill(pen.blob(rng.uniform(0.5, 1.0), centre_um=at, wobble=0.1), 0.6)
        chromatin = chromatin * (1 - 0.25 * nucleolus)
        dyes[..., AZURE] += 0.15 * nucleolus
    # The nucleus of a blast holds RNA as well, which makes it bluer than a lymphocyte's.
    dyes[..., AZURE] += np.clip(0.2 + 0.1 * pen.grain(1.8), 0, 1) * pen.fill(nucleus, 0.3)
    return _finished(pen, cell, nucleus, chromatin, dyes)


def draw_lymphocyte(rng: np.random.Generator, um_per_px: float) -> Stamp:
    """Draw a small lymphocyte: dense clumped nucleus, a little sky-blue cytoplasm."""
    radius = rng.uniform(3.8, 4.9)
    pen = Pen(rng, 2.6 * radius, um_per_px)
    cell = pen.blob(radius, stretch=1 + abs(rng.normal(0, 0.07)), wobble=0.025)
    share = np.sqrt(rng.uniform(0.6, 0.78))
    nucleus = pen.blob(
        radius * share, centre_um=_aside(rng, radius * (1 - share) * 0.8), wobble=0.02
    )
    nucleus = np.minimum(nucleus, cell - 0.2)
    clumps = np.tanh(1.6 * pen.grain(1.0))
    chromatin = rng.uniform(1.05, 1.3) * (1 + 0.22 * clumps + 0.08 * pen.grain(0.5))
    dyes = _with_cytoplasm(pen, cell, nucleus, azure=rng.uniform(0.4, 0.7), rim=0.35)
    return _finished(pen, cell, nucleus, chromatin, dyes)


def draw_neutrophil(rng: np.random.Generator, um_per_px: float) -> Stamp:
    """Draw a neutrophil: three to five lobes on a string, pink cytoplasm with fine granules."""
    radius = rng.uniform(5.4, 6.8)
    pen = Pen(rng, 2.6 * radius, um_per_px)
    cell = pen.blob(radius, stretch=1 + abs(rng.normal(0, 0.06)), wobble=0.03)
    nucleus = _lobes(pen, radius)
    nucleus = np.minimum(nucleus, cell - 0.4)
    chromatin = rng.uniform(0.95, 1.2) * (1 + 0.26 * np.tanh(1.5 * pen.grain(0.9)))
    body = pen.fill(cell, 0.35) * (1 - pen.fill(nucleus, 0.3))
    dyes = np.zeros((pen.side, pen.side, DYES), np.float32)
    dyes[..., EOSIN] = body * (0.62 + 0.05 * pen.grain(0.8))
    granules = pen.dots(int(rng.integers(120, 240)), 0.15, cell) * body
    dyes[..., CHROMATIN] += rng.uniform(0.16, 0.36) * granules
    return _finished(pen, cell, nucleus, chromatin, dyes)


def _lobes(pen: Pen, radius: float) -> Plane:
    """Lay lobes along an arc and join neighbours by a strand."""
    number = int(pen.rng.integers(3, 6))
    turn, spread = pen.rng.uniform(0, 2 * np.pi), pen.rng.uniform(3.4, 4.8)
    angles = turn + np.linspace(0, spread, number) + pen.rng.normal(0, 0.08, number)
    distance = radius * pen.rng.normal(0.47, 0.05, number)
    middles = np.stack([distance * np.cos(angles), distance * np.sin(angles)], axis=1)
    nucleus = np.full((pen.side, pen.side), -radius, np.float32)
    for middle in middles:
        size = radius * pen.rng.uniform(0.24, 0.33) * (1.12 if number == 3 else 1.0)
        at = (float(middle[0]), float(middle[1]))
        lobe = pen.blob(size, centre_um=at, stretch=pen.rng.uniform(1.0, 1.5), wobble=0.05)
        nucleus = np.maximum(nucleus, lobe)
    for start, end in itertools.pairwise(middles):
        nucleus = np.maximum(nucleus, pen.band(start, end, pen.rng.uniform(0.3, 0.8)))
    return nucleus


def draw_monocyte(rng: np.random.Generator, um_per_px: float) -> Stamp:
    """Draw a monocyte: the largest; kidney-shaped lacy nucleus, grey-blue cytoplasm, vacuoles."""
    radius = rng.uniform(6.3, 8.0)
    pen = Pen(rng, 2.6 * radius, um_per_px)
    cell = pen.blob(radius, stretch=1 + abs(rng.normal(0, 0.1)), wobble=0.05)
    away = rng.uniform(0, 2 * np.pi)
    direction = np.array([np.cos(away), np.sin(away)])
    middle, bite = 0.12 * radius * direction, -0.62 * radius * direction
    kidney = pen.blob(radius * 0.68, centre_um=(middle[0], middle[1]), stretch=1.15, wobble=0.04)
    notch = pen.blob(radius * 0.42, centre_um=(bite[0], bite[1]), wobble=0.04)
    nucleus = np.minimum(np.minimum(kidney, -notch), cell - 0.4)
    lace = 1 + 0.13 * pen.grain(0.9) + 0.07 * pen.grain(0.4)
    dyes = _with_cytoplasm(pen, cell, nucleus, azure=rng.uniform(0.42, 0.6), rim=0.05)
    body = pen.fill(cell, 0.4) * (1 - pen.fill(nucleus, 0.3))
    dyes[..., CHROMATIN] += 0.1 * pen.dots(90, 0.12, cell) * body
    holes = pen.dots(int(rng.integers(0, 9)), 0.4, np.minimum(cell - 0.6, -nucleus - 0.5))
    dyes *= (1 - 0.8 * np.minimum(holes, 1))[..., None]
    return _finished(pen, cell, nucleus, rng.uniform(0.72, 0.92) * lace, dyes)


def _with_cytoplasm(
    pen: Pen, cell: Plane, nucleus: Plane, *, azure: float, rim: float
) -> NDArray[np.float32]:
    """Fill the cytoplasm with azure, deeper towards the rim and paler beside the nucleus."""
    body = pen.fill(cell, 0.35) * (1 - pen.fill(nucleus, 0.3))
    near_edge = np.exp(-np.clip(cell, 0, None) / 0.7)
    pale = pen.fill(pen.blob(1.6, centre_um=_aside(pen.rng, float(cell.max()) * 0.8)), 1.2)
    amount = azure * (1 - rim + 2 * rim * near_edge) * (1 - 0.4 * pale) + 0.06 * pen.grain(0.7)
    dyes = np.zeros((pen.side, pen.side, DYES), np.float32)
    dyes[..., AZURE] = np.clip(amount, 0, None) * body
    dyes[..., EOSIN] = 0.12 * body
    return dyes


def _finished(
    pen: Pen, cell: Plane, nucleus: Plane, chromatin: NDArray[Any], dyes: NDArray[np.float32]
) -> Stamp:
    """Add the nucleus: a slightly denser membrane, and less depth where its edge thins out."""
    membrane = 0.1 * np.exp(-(((nucleus - 0.3) / 0.25) ** 2))
    depth = 0.86 + 0.14 * np.clip(nucleus / 1.5, 0, 1)
    dyes[..., CHROMATIN] += (
        np.clip(chromatin, 0, None) * (depth + membrane) * pen.fill(nucleus, 0.3)
    )
    return Stamp(dyes=dyes, cell=_inside(cell), nucleus=_inside(nucleus))


def _inside(shape: Plane) -> NDArray[np.uint8]:
    return (shape > 0).astype(np.uint8)


def _aside(rng: np.random.Generator, distance_um: float) -> tuple[float, float]:
    """Return a point at a distance from the middle, in a random direction."""
    angle = rng.uniform(0, 2 * np.pi)
    return distance_um * float(np.cos(angle)), distance_um * float(np.sin(angle))


WHITE_CELLS: dict[Kind, Callable[[np.random.Generator, float], Stamp]] = {
    Kind.BLAST: draw_blast,
    Kind.LYMPHOCYTE: draw_lymphocyte,
    Kind.NEUTROPHIL: draw_neutrophil,
    Kind.MONOCYTE: draw_monocyte,
}
