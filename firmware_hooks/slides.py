"""Synthetic blood smears: fields that look like real ones and whose truth is known.

Drawn, so that a demo lab, a simulated microscope and tests need no patient's image. Cells are
amounts of dye (`firmware_hooks.drawing`); here they are laid on a slide, and light, lens and
sensor make a picture of it. The same seed gives the same picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.vocabulary import Box, Outline, Pixels
from firmware_hooks.drawing import (
    DYES,
    WHITE_CELLS,
    Kind,
    Stamp,
    draw_platelet,
    draw_red_cell,
)

_GAMMA = 2.2  # mean power of the sRGB curve
_NORMAL_MIX = {Kind.NEUTROPHIL: 0.5, Kind.LYMPHOCYTE: 0.38, Kind.MONOCYTE: 0.12}
_RED_CELL_UM = 7.3
_RED_CELL_STAMPS = 24
_PLATELETS_PER_MM2 = 400.0
_PSF_UM = 0.11  # sigma of the spot of an NA 1.0 lens in green light (0.21 wavelength / NA)
_BLUR_PER_DEFOCUS = 0.44  # half the radius of its cone of light, per um out of focus


@dataclass(frozen=True, slots=True)
class StainLook:
    """How a batch of stain colours the four dyes, as optical densities of the stored values.

    The defaults are the means measured on hand-segmented May-Grunwald-Giemsa cells.
    """

    chromatin: tuple[float, float, float] = (0.25, 0.56, 0.08)
    azure: tuple[float, float, float] = (0.21, 0.20, 0.03)
    eosin: tuple[float, float, float] = (0.06, 0.16, 0.04)
    haemoglobin: tuple[float, float, float] = (0.06, 0.115, 0.105)
    pallor: float = 0.5
    """How much the middle of red cells lacks, 0 to 1: spread and blood differ by slide."""

    @property
    def densities(self) -> NDArray[np.float32]:
        """(3, DYES): density of each channel for each dye."""
        dyes = (self.chromatin, self.azure, self.eosin, self.haemoglobin)
        return np.array(dyes, np.float32).T


@dataclass(frozen=True, slots=True)
class Light:
    """How the field is lit and what the sensor adds."""

    level: tuple[float, float, float] = (0.80, 0.78, 0.73)
    """Clear background in the middle, share of full scale, by channel."""
    vignetting: float = 0.08
    """Share of the stored value lost in the corners."""
    off_centre: tuple[float, float] = (0.0, 0.0)
    """Where the light is brightest, -1 to 1 across and down."""
    noise: float = 0.008
    """Standard deviation at the clear background, share of full scale."""


@dataclass(frozen=True, slots=True, eq=False)
class DrawnCell:
    """What was drawn at one place, as far as it lies in the picture."""

    kind: Kind
    box: Box
    outline: Outline
    nucleus: Outline | None
    at_border: bool


@dataclass(frozen=True, slots=True, eq=False)
class DrawnField:
    """A picture and its truth."""

    pixels: Pixels
    truth: tuple[DrawnCell, ...]
    um_per_px: float

    @property
    def white_cells(self) -> tuple[DrawnCell, ...]:
        """The leukocytes of the truth, in reading order of their boxes' tops."""
        return tuple(cell for cell in self.truth if cell.kind.is_white)


def mix_stain(seed: int | Sequence[int]) -> StainLook:
    """Make one batch of stain: every laboratory's, and every day's, is a little different."""
    rng = np.random.default_rng(seed)
    usual, strength = StainLook(), rng.normal(1, 0.08)

    def vary(dye: tuple[float, float, float], spread: float) -> tuple[float, float, float]:
        red, green, blue = (density * rng.normal(strength, spread) for density in dye)
        return (red, green, blue)

    return StainLook(
        chromatin=vary(usual.chromatin, 0.08),
        azure=vary(usual.azure, 0.1),
        eosin=vary(usual.eosin, 0.12),
        haemoglobin=vary(usual.haemoglobin, 0.14),
        pallor=float(rng.uniform(0.15, 0.75)),
    )


def light_up(seed: int | Sequence[int]) -> Light:
    """Set up one microscope's lamp, condenser and white balance."""
    rng = np.random.default_rng(seed)
    level = rng.uniform(0.66, 0.86)
    red, green, blue = level * rng.normal((1.0, 0.985, 0.94), (0.015, 0.01, 0.03))
    x, y = rng.uniform(-0.4, 0.4, 2)
    return Light(
        level=(float(red), float(green), float(blue)),
        vignetting=float(rng.uniform(0.03, 0.14)),
        off_centre=(float(x), float(y)),
        noise=float(rng.uniform(0.004, 0.010)),
    )


def draw_field(
    seed: int | Sequence[int],
    *,
    width: int = 1920,
    height: int = 1080,
    cells: int = 12,
    blasts: int = 0,
    red_cover: float = 0.42,
    stain: StainLook | None = None,
    light: Light | None = None,
    defocus_um: float = 0.0,
    um_per_px: float = 0.12,
) -> DrawnField:
    """Draw one field of a smear.

    Args:
        seed: the same numbers give the same picture.
        width: pixels across.
        height: pixels down.
        cells: white cells with their middle in the picture; fewer where there is no room.
        blasts: how many of them are blasts.
        red_cover: area of all red cells over that of the field; above 1 they lie in layers.
        stain: mixed from the seed where None.
        light: set up from the seed where None.
        defocus_um: distance of the smear from the plane of focus.
        um_per_px: width of a pixel on the slide.

    Raises:
        ValueError: more blasts than cells, or a number that is negative.
    """
    if not 0 <= blasts <= cells or red_cover < 0:
        raise ValueError(f"cannot draw {cells} cells with {blasts} blasts on {red_cover} red cover")
    rng = np.random.default_rng(seed)
    stain = stain or mix_stain(int(rng.integers(2**32)))
    light = light or light_up(int(rng.integers(2**32)))
    slide = _Slide(rng, width, height, um_per_px)
    _add_white_cells(slide, _kinds(rng, cells, blasts))
    _add_platelets(slide)
    _add_red_cells(slide, red_cover, stain.pallor)
    pixels = _photograph(slide, stain, light, defocus_um)
    truth = tuple(sorted(slide.truth, key=lambda cell: (cell.box.y, cell.box.x)))
    return DrawnField(pixels=pixels, truth=truth, um_per_px=um_per_px)


@dataclass(slots=True, eq=False)
class _Slide:
    """Dye on glass, while cells are being put there."""

    rng: np.random.Generator
    width: int
    height: int
    um_per_px: float
    truth: list[DrawnCell] = field(default_factory=list)
    taken: list[tuple[float, float, float]] = field(default_factory=list)
    """x, y, radius in px of what red cells must stay clear of."""
    dyes: NDArray[np.float32] = field(init=False)

    def __post_init__(self) -> None:
        self.dyes = np.zeros((self.height, self.width, DYES), np.float32)

    def put(self, kind: Kind, stamp: Stamp, x: float, y: float) -> None:
        """Add a cell with its middle at a place, and remember it; what lies outside is lost."""
        down, across = stamp.cell.shape
        left, top = round(x - across / 2), round(y - down / 2)
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + across, self.width), min(top + down, self.height)
        if x1 <= x0 or y1 <= y0:
            return
        seen = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
        self.dyes[y0:y1, x0:x1] += stamp.dyes[seen]
        outline = _outline(stamp.cell[seen], x0, y0)
        if outline is None:
            return
        nucleus = None if stamp.nucleus is None else _outline(stamp.nucleus[seen], x0, y0)
        box = Box(*cv2.boundingRect(outline))
        cut = stamp.cell.sum() > stamp.cell[seen].sum()
        self.truth.append(DrawnCell(kind, box, outline, nucleus, at_border=bool(cut)))


def _outline(mask: NDArray[np.uint8], x0: int, y0: int) -> Outline | None:
    contours, _ = cv2.findContours(
        np.ascontiguousarray(mask), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE, offset=(x0, y0)
    )
    if not contours:
        return None
    return np.asarray(max(contours, key=cv2.contourArea).reshape(-1, 2), np.int32)


def _kinds(rng: np.random.Generator, cells: int, blasts: int) -> list[Kind]:
    normal = rng.choice(len(_NORMAL_MIX), size=cells - blasts, p=list(_NORMAL_MIX.values()))
    kinds = [Kind.BLAST] * blasts + [list(_NORMAL_MIX)[index] for index in normal]
    return [kinds[index] for index in rng.permutation(len(kinds))]


def _add_white_cells(slide: _Slide, kinds: list[Kind]) -> None:
    for kind in kinds:
        stamp = WHITE_CELLS[kind](slide.rng, slide.um_per_px)
        radius = float(np.sqrt(stamp.cell.sum() / np.pi))
        place = _free_place(slide, radius)
        if place is not None:
            slide.put(kind, stamp, *place)
            slide.taken.append((*place, radius))


def _free_place(slide: _Slide, radius: float) -> tuple[float, float] | None:
    """Find room for a white cell; one in six lies against another, as on real smears."""
    for attempt in range(200):
        x, y = slide.rng.uniform(0, slide.width), slide.rng.uniform(0, slide.height)
        if slide.taken and attempt < 30 and slide.rng.random() < 1 / 6:
            other_x, other_y, other = slide.taken[slide.rng.integers(len(slide.taken))]
            angle = slide.rng.uniform(0, 2 * np.pi)
            reach = 1.02 * (radius + other)
            x, y = other_x + reach * np.cos(angle), other_y + reach * np.sin(angle)
        inside = 0 <= x < slide.width and 0 <= y < slide.height
        if inside and all(
            np.hypot(x - tx, y - ty) > radius + taken for tx, ty, taken in slide.taken
        ):
            return float(x), float(y)
    return None


def _add_platelets(slide: _Slide) -> None:
    area_mm2 = slide.width * slide.height * (slide.um_per_px / 1000) ** 2
    for _ in range(slide.rng.poisson(_PLATELETS_PER_MM2 * area_mm2)):
        stamp = draw_platelet(slide.rng, slide.um_per_px)
        place = _free_place(slide, stamp.cell.shape[0] / 2)
        if place is not None:
            slide.put(Kind.PLATELET, stamp, *place)
            slide.taken.append((*place, 0.4 * stamp.cell.shape[0]))


def _add_red_cells(slide: _Slide, cover: float, pallor: float) -> None:
    """Strew red cells between the white ones; most lie free, some overlap."""
    rng = slide.rng
    width_px = _RED_CELL_UM / slide.um_per_px
    stamps = [
        draw_red_cell(rng, slide.um_per_px, pallor=float(np.clip(rng.normal(pallor, 0.12), 0, 0.9)))
        for _ in range(_RED_CELL_STAMPS)
    ]
    margin = width_px / 2
    area = (slide.width + 2 * margin) * (slide.height + 2 * margin)
    wanted = int(cover * area / (np.pi / 4 * width_px**2))
    taken = np.array(slide.taken or [(-1e6, -1e6, 0.0)])
    places = np.empty((wanted, 2))
    found = 0
    for _ in range(12 * wanted):
        if found == wanted:
            break
        place = rng.uniform((-margin, -margin), (slide.width + margin, slide.height + margin))
        room = np.hypot(*(place - taken[:, :2]).T) - taken[:, 2]
        apart = np.hypot(*(place - places[:found]).T)
        crowded = (apart < width_px * rng.uniform(0.55, 1.08)).any()
        # In a smear too thick to spread, cells lie on each other.
        if room.min() < 0.42 * width_px or (crowded and (cover < 1 or rng.random() < 0.8)):
            continue
        places[found] = place
        found += 1
    for x, y in places[:found]:
        slide.put(Kind.RED_CELL, _turned(stamps[rng.integers(len(stamps))], rng), x, y)


def _turned(stamp: Stamp, rng: np.random.Generator) -> Stamp:
    """Turn and mirror a stamp, so that a few serve for many cells."""
    turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))
    dyes, cell = np.rot90(stamp.dyes, turns), np.rot90(stamp.cell, turns)
    if mirrored:
        dyes, cell = dyes[:, ::-1], cell[:, ::-1]
    return Stamp(dyes=dyes, cell=cell, nucleus=None)


def _photograph(slide: _Slide, stain: StainLook, light: Light, defocus_um: float) -> Pixels:
    """Shine through the dyes (Beer-Lambert), blur by the lens, expose, and store as sRGB."""
    density = cv2.transform(slide.dyes, stain.densities)
    linear = np.asarray(cv2.exp(density * np.float32(-np.log(10) * _GAMMA)), np.float32)
    spot_um = float(np.hypot(_PSF_UM, _BLUR_PER_DEFOCUS * defocus_um))
    blurred = cv2.GaussianBlur(linear, (0, 0), spot_um / slide.um_per_px)
    exposed = blurred * _illumination(slide, light)
    # Shot noise: its variance follows the light. The curve's slope turns it into stored values.
    grain = slide.rng.standard_normal(exposed.shape, np.float32)
    exposed += grain * np.sqrt(exposed) * np.float32(light.noise * _GAMMA * 0.8)
    steps = 4096
    curve = np.round(255 * (np.arange(steps) / (steps - 1)) ** (1 / _GAMMA)).astype(np.uint8)
    levels = np.clip(exposed * (steps - 1), 0, steps - 1).astype(np.int32)
    return np.asarray(curve[levels], np.uint8)


def _illumination(slide: _Slide, light: Light) -> NDArray[np.float32]:
    """Return (height, width, 3) linear light that reaches the smear."""
    across = np.linspace(-1, 1, slide.width, dtype=np.float32) - light.off_centre[0]
    down = np.linspace(-1, 1, slide.height, dtype=np.float32) - light.off_centre[1]
    fall = 1 - light.vignetting * (across[None, :] ** 2 + down[:, None] ** 2) / 2
    return np.asarray(
        (np.maximum(fall, 0) ** _GAMMA)[..., None] * np.power(light.level, _GAMMA), np.float32
    )
