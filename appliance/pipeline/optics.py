"""What can be measured of the light in a smear image: background, density, scale, sharpness.

Numbers only; whether they are good enough is decided in `appliance.pipeline.quality`.

Everything but sharpness is measured on a copy of fixed area, so that no number depends on how
many pixels the camera has. Densities are log10(background / value) of the stored sRGB values: the
sRGB curve is close to a power, which stretches all densities alike and leaves their hue.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.vocabulary import Pixels

Grey = NDArray[np.float32]
"""(height, width) float32."""
Mask = NDArray[np.uint8]
"""(height, width) uint8, 1 where it holds."""

VIEW_AREA_PX = 360_000  # a red cell of a 100x field is still 20 px wide
_SMALLEST_SIDE_PX = 32
_LARGEST_ASPECT = 16
_SURFACE_TILES = (6, 8)
_EVENNESS_TILES = (4, 5)
_BRIGHT_QUANTILE = 0.95  # of a tile: background, even where cells cover nine tenths of it

_OUTSIDE = 2  # a mark in masks of 0 and 1

_FAINTEST_DENSITY = 0.03  # three times the noise of the smoothed copy
_TYPICAL_DENSITY_MOST = 0.16  # a well stained red cell, where most of the field is nucleus

# Sharpness is measured where a cell is this wide; sensor noise is averaged away on the way there.
_FOCUS_CELL_PX = 32
_FOCUS_AREA_PX = 1_500_000
_FINE_SIGMA_PX, _COARSE_SIGMA_PX = 0.8, 2.0
_FEWEST_EDGES = 20
_RISE_PER_SIGMA = 2.56  # 10 % to 90 % of a step blurred by a Gaussian
_PIXEL_VARIANCE = 1 / 12  # of the square a camera pixel averages over, in its own px²


@dataclass(frozen=True, slots=True, eq=False)
class FieldView:
    """A field at the size and in the units in which it is judged."""

    pixels: Pixels
    """RGB copy of fixed area, slightly smoothed."""
    scale: float
    """Copy pixels for each pixel of the original."""
    background: NDArray[np.float32]
    """(3,) mean level of the clear background, 0 to 255, RGB."""
    density: NDArray[np.float32]
    """(height, width, 3) log10 density over the local background."""
    stained: Mask
    """Where the density exceeds half of what the field's typical object has."""
    cores: Mask
    """Where it exceeds three quarters: keeps cells apart whose blurred edges run together."""


def look(pixels: Pixels) -> FieldView:
    """Bring a field of any size to the view in which it is judged."""
    pixels = _sturdy(pixels)
    height, width = pixels.shape[:2]
    scale = (VIEW_AREA_PX / (height * width)) ** 0.5
    small = _resize(pixels, scale)
    smooth = np.asarray(cv2.GaussianBlur(small, (0, 0), 1.0), np.uint8)
    tiles = bright_levels(smooth, _SURFACE_TILES)
    background = _fit_background(tiles, smooth.shape[:2])
    levels = np.log10(np.maximum(np.arange(256), 1)).astype(np.float32)
    # OpenCV looks up and subtracts in a quarter of NumPy's time (0.4 for 1.6 ms).
    density = np.asarray(cv2.subtract(background, cv2.LUT(smooth, levels)), np.float32)
    stained, cores = _stained(density)
    return FieldView(
        pixels=smooth,
        scale=scale,
        background=np.power(10.0, cv2.mean(background)[:3]).astype(np.float32),
        density=density,
        stained=stained,
        cores=cores,
    )


def _sturdy(pixels: Pixels) -> Pixels:
    """Extend slivers by their own edge, so that every later step has some pixels to work on."""
    height, width = pixels.shape[:2]
    least = max(_SMALLEST_SIDE_PX, max(height, width) // _LARGEST_ASPECT)
    down, right = max(0, least - height), max(0, least - width)
    if not down and not right:
        return pixels
    return np.asarray(cv2.copyMakeBorder(pixels, 0, down, 0, right, cv2.BORDER_REPLICATE), np.uint8)


def _resize(image: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=how), np.uint8)


def bright_levels(pixels: Pixels, tiles: tuple[int, int]) -> NDArray[np.float32]:
    """Return the level under which 95 % of each tile lies, by channel: (rows, columns, 3)."""
    rows, columns = tiles
    height, width = pixels.shape[:2]
    ys = np.linspace(0, height, rows + 1).astype(int)
    xs = np.linspace(0, width, columns + 1).astype(int)
    levels = np.empty((rows, columns, 3), np.float32)
    for row in range(rows):
        for column in range(columns):
            tile = pixels[ys[row] : ys[row + 1] : 2, xs[column] : xs[column + 1] : 2]
            levels[row, column] = _quantile(np.ascontiguousarray(tile), _BRIGHT_QUANTILE)
    return levels


def _quantile(pixels: Pixels, share: float) -> NDArray[np.intp]:
    """Return the level by channel, read off its histogram: saves 0.7 ms a field over sorting."""
    rank = int(share * (pixels.shape[0] * pixels.shape[1] - 1))
    counts = [cv2.calcHist([pixels], [each], None, [256], [0, 256]).ravel() for each in range(3)]
    return np.asarray((np.cumsum(counts, axis=1) > rank).argmax(axis=1))


def _fit_background(levels: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Lay a quadratic surface over the bright level of each tile, in log10 of the value.

    Tiles below the surface count little: they are full of cells. Iteratively reweighted least
    squares with Cauchy weights on the lower side only.
    """
    rows, columns = levels.shape[:2]
    y, x = np.mgrid[0:rows, 0:columns]
    terms = _quadratic((2 * x.ravel() + 1) / columns - 1, (2 * y.ravel() + 1) / rows - 1)
    logs = np.log10(np.maximum(levels.reshape(-1, 3), 1))
    weights = np.ones(len(terms))
    for _ in range(6):
        weighted = terms * weights[:, None]
        factors = np.linalg.lstsq(weighted, logs * weights[:, None], rcond=None)[0]
        below = np.minimum((logs - terms @ factors)[:, 1], 0)
        weights = 1 / (1 + (below / 0.02) ** 2)
    height, width = shape
    one, fx, fy, fxx, fxy, fyy = factors[:, None, :]
    x, y = np.linspace(-1, 1, width)[:, None], np.linspace(-1, 1, height)
    # By powers of y the surface is a product of two slim matrices: 0.3 for 2.6 ms.
    by_power = np.stack([one + fx * x + fxx * x * x, fy + fxy * x, fyy + 0 * x]).reshape(3, -1)
    powers = np.stack([np.ones_like(y), y, y * y], axis=1)
    surface = powers.astype(np.float32) @ by_power.astype(np.float32)
    return np.asarray(surface.reshape(height, width, 3), np.float32)


def _quadratic(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)


def mean_density(density: NDArray[np.float32]) -> Grey:
    """Return the mean of the three channels, pixel by pixel."""
    # NumPy's own mean over an axis of three is ten times slower.
    return np.asarray(cv2.transform(density, np.full((1, 3), 1 / 3, np.float32)), np.float32)


def _stained(density: NDArray[np.float32]) -> tuple[Mask, Mask]:
    green = cv2.extractChannel(density, 1)
    strength = np.asarray(cv2.max(green, mean_density(density)), np.float32)
    sample = strength.ravel()[::7]
    present = sample[sample > _FAINTEST_DENSITY]
    typical = float(np.median(present)) if len(present) else 0.0
    typical = min(max(typical, 2 * _FAINTEST_DENSITY), _TYPICAL_DENSITY_MOST)
    masks = [np.greater(strength, share * typical).view(np.uint8) for share in (0.5, 0.75)]
    stained, cores = (cv2.morphologyEx(m, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) for m in masks)
    return np.asarray(stained, np.uint8), np.asarray(cores, np.uint8)


def evenness(view: FieldView) -> float:
    """Return the light in the darkest part of the background over that in the brightest.

    In linear light (sRGB undone by its mean power of 2.2), 0 to 1. A tile counts as background
    where it is darker by the same factor in all channels: uneven light is neutral, stain is not.
    The darkest tile is left out, as it may lie wholly under one large cell.
    """
    levels = bright_levels(view.pixels, _EVENNESS_TILES).reshape(-1, 3)
    brightest = levels[np.argsort(levels[:, 1])[-3:]].mean(axis=0)
    lost = np.log10(np.maximum(brightest, 1) / np.maximum(levels, 1))
    neutral = np.ptp(lost, axis=1) < 0.03 + 0.3 * lost.mean(axis=1)
    light = np.sort((levels[neutral, 1] / 255.0) ** 2.2)
    if len(light) < 2 or light[-1] <= 0:
        return 0.0
    return float(light[1] / light[-1])


def outer_shapes(mask: Mask) -> Mask:
    """Fill the holes of a mask: the pale middle of a red cell belongs to the cell."""
    # What cannot be reached from outside; a third of the time of finding and filling contours.
    framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    cv2.floodFill(framed, None, (0, 0), _OUTSIDE)
    return np.not_equal(framed[1:-1, 1:-1], _OUTSIDE).view(np.uint8)


def typical_width_px(mask: Mask) -> float:
    """Return the width of the mask's typical object; 0 where there is none.

    Twice the median of the distance transform's peaks, each weighted with the area it stands for:
    neither how much of the field is covered nor how objects touch matters.
    """
    framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    distance = cv2.distanceTransform(framed, cv2.DIST_L2, 5)[1:-1, 1:-1]
    peak = (distance >= cv2.dilate(distance, np.ones((7, 7), np.uint8)) - 1e-3) & (distance > 2)
    radii = np.sort(distance[peak].astype(np.float64))
    # A mask without any edge has no distance to it.
    radii = radii[radii < max(mask.shape)]
    if not len(radii):
        return 0.0
    areas = np.cumsum(radii**2)
    return float(2 * radii[np.searchsorted(areas, areas[-1] / 2)])


def sharpness(pixels: Pixels, cell_px: float) -> float:
    """Return how many edge widths a cell is wide: the sharper, the more.

    The width of an edge (10 % to 90 %) follows from how much its slope falls when it is blurred
    once more by a known amount, which needs neither its height nor the field's brightness (Zhuo
    and Sim 2011, Pattern Recognition 44:1852). The usual sums of gradient or Laplacian energy
    (Groen et al. 1985, Cytometry 6:81; Pech-Pacheco et al. 2000, ICPR 15:314; reviewed by Pertuz
    et al. 2013, Pattern Recognition 46:1415) serve to find the best of several images of one
    field; between fields they vary with contrast, cell number and magnification, this does not.

    Args:
        pixels: (height, width, 3) uint8, RGB, at its full size.
        cell_px: width of a typical cell in pixels of the same.

    Returns:
        Cell width over edge width at the sharpest quarter of the strong edges; 0 without edges.
    """
    scale = min(_FOCUS_CELL_PX / cell_px, 4.0)
    green = cv2.extractChannel(_middle(pixels, _FOCUS_AREA_PX / scale**2), 1)
    logs = np.log(np.maximum(np.arange(256), 4)).astype(np.float32)
    light = np.asarray(cv2.LUT(_resize(np.asarray(green, np.uint8), scale), logs), np.float32)
    fine, coarse = _slope(light, _FINE_SIGMA_PX), _slope(light, _COARSE_SIGMA_PX)
    crest = coarse >= 0.97 * cv2.dilate(coarse, np.ones((3, 3), np.uint8))
    slopes = coarse[crest]
    if len(slopes) < _FEWEST_EDGES:
        return 0.0
    rank = len(slopes) - max(10, len(slopes) // 100)
    strong = np.partition(slopes, rank)[rank]
    edge = crest & (coarse > max(0.35 * strong, 0.01))
    if int(edge.sum()) < _FEWEST_EDGES:
        return 0.0
    fall = np.maximum(fine[edge] / coarse[edge], 1.0001) ** 2
    variance = (_COARSE_SIGMA_PX**2 - fall * _FINE_SIGMA_PX**2) / (fall - 1)
    variance = np.maximum(variance - _PIXEL_VARIANCE * scale**2, 0.1)
    width = _RISE_PER_SIGMA * float(np.sqrt(np.percentile(variance, 25)))
    return scale * cell_px / width


def _middle(image: NDArray[np.uint8], area_px: float) -> NDArray[np.uint8]:
    """Cut the middle out of an image that is larger than the area."""
    height, width = image.shape[:2]
    share = min(1.0, (area_px / (height * width)) ** 0.5)
    top, left = int(height * (1 - share) / 2), int(width * (1 - share) / 2)
    return image[top : height - top, left : width - left]


def _slope(light: Grey, sigma_px: float) -> Grey:
    smooth = cv2.GaussianBlur(light, (0, 0), sigma_px)
    across = cv2.Scharr(smooth, cv2.CV_32F, 1, 0, scale=1 / 32)
    down = cv2.Scharr(smooth, cv2.CV_32F, 0, 1, scale=1 / 32)
    return np.asarray(cv2.magnitude(across, down), np.float32)
