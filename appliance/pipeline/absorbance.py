"""What the stain takes out of the light, measured against the image's own empty slide.

Working in optical density against the slide's own background makes white balance, lamp and
exposure drop out, and an uneven field with them (Ruifrok and Johnston 2001: the same logarithm).
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.pipeline.surround import BLACK, Mask, black_surround
from appliance.vocabulary import Pixels

Plane = NDArray[Any]
"""float32, as OpenCV hands it out (its types do not name it more closely)."""

_OFFSET = 12.0
"""Grey levels added before the logarithm: keeps the noise of nearly black pixels from exploding."""
_LOG = np.log10(np.arange(256, dtype=np.float32) + np.float32(_OFFSET))
_FIT_SIDE = 160
_WHITE_SLIDE = np.full((2, 2, 3), np.log10(235.0 + _OFFSET), np.float32)
_PURPLE = 0.10
_GREY_SHIFT = 0.10


@dataclass(frozen=True, slots=True, eq=False)
class Absorbance:
    """Optical density of an image against its own empty slide."""

    density: Plane
    """(height, width, 3), red, green, blue; 0 is empty slide."""
    darkness: Plane
    """(height, width), the largest of the three channels."""
    index: Plane
    """(height, width), high in nuclei, lower in basophilic cytoplasm, near 0 in red cells."""
    rim: Mask | None = None
    """Where an eyepiece's black rim hides the field."""


def measure(pixels: Pixels) -> Absorbance:
    """Measure an image's optical density and its nuclear index.

    The nuclear index is green minus blue density. Thiazine dyes bound to chromatin absorb green
    and let blue pass, while haemoglobin absorbs blue about as much as green; the difference
    therefore parts nuclei from red cells in every Romanowsky stain tried. Where red is absorbed
    more than green (grey-blue red cells of a strongly blue stain) the excess counts twice
    against it. An image without colour has only its darkness.
    """
    height, width = pixels.shape[:2]
    empty = cv2.resize(empty_slide(pixels), (width, height), interpolation=cv2.INTER_LINEAR)
    density = density_of(pixels, empty)
    rim = black_surround(pixels)
    if rim is not None:
        density[cv2.dilate(rim, np.ones((3, 3), np.uint8)) > 0] = 0.0
    red, green, blue = cv2.split(density)
    index: Plane
    if is_grey(pixels):
        index = green - np.float32(_GREY_SHIFT)
    else:
        excess = np.maximum(cv2.subtract(red, green), 0)
        index = cv2.scaleAdd(excess, -2.0, cv2.subtract(green, blue))
    darkness = cv2.max(cv2.max(red, green), blue)
    return Absorbance(density, darkness, index, rim)


def empty_slide(pixels: Pixels) -> Plane:
    """Fit the empty slide as a quadratic surface: a small smooth picture of logarithms.

    Returns:
        (h, w, 3), to be stretched over the image: its first pixel is the image's upper left.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, _FIT_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    small = cv2.medianBlur(small, 3)
    logs = _LOG[small].reshape(-1, 3)
    brightness = 2 * small[..., 1].astype(np.int32)
    lit = (small.max(axis=2) > BLACK + 6).ravel()
    basis = _basis(*size)
    if lit.mean() < 0.01:
        return _WHITE_SLIDE
    mode = _brightest_mode(brightness.ravel()[lit])
    fitted = _fit(basis, logs, brightness.ravel(), lit, mode)
    if _is_stain(fitted, lit, basis):
        return _WHITE_SLIDE
    surface = _basis(24, 24) @ fitted
    return np.ascontiguousarray(surface.reshape(24, 24, 3), dtype=np.float32)


def density_of(pixels: Pixels, empty: Plane) -> Plane:
    """Give the optical density of pixels against an empty slide of the same shape."""
    return cv2.subtract(empty, cv2.LUT(pixels, _LOG))


def is_grey(pixels: Pixels) -> bool:
    """Tell whether an image carries no colour at all."""
    rows, columns = (max(1, side // 64) for side in pixels.shape[:2])
    sample = pixels[::rows, ::columns].astype(np.int16)
    return bool(np.abs(sample - sample[..., 1:2]).max() <= 3)


def _brightest_mode(brightness: NDArray[np.int32]) -> int:
    """The brightest peak of the histogram that holds a fair share of the pixels."""
    counts = np.bincount(brightness, minlength=511).astype(np.float64)
    smooth = np.convolve(counts, np.hanning(19), "same")
    level = int(np.flatnonzero(smooth >= 0.2 * smooth.max()).max())
    while level > 0 and smooth[level - 1] >= smooth[level]:
        level -= 1
    return level


def _basis(width: int, height: int) -> NDArray[np.float64]:
    """(height * width, 6): the terms of a quadratic surface over -1..1."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=-1).reshape(-1, 6)


def _fit(
    basis: NDArray[np.float64],
    logs: NDArray[np.float32],
    brightness: NDArray[np.int32],
    lit: NDArray[np.bool_],
    mode: int,
) -> NDArray[np.float64]:
    """Fit the surface to what is as bright as the mode, then again to what lies near that surface.

    Returns:
        (6, 3) coefficients of log intensity in red, green, blue.
    """
    target = np.log10(brightness + 2 * _OFFSET)
    expected = np.full(target.shape, np.log10(mode + 2 * _OFFSET))
    both = np.column_stack([logs, target])
    coefficients = np.zeros((6, 4))
    for tolerance in (0.045, 0.030, 0.022):
        near = lit & (np.abs(target - expected) < tolerance)
        share = near.mean()
        terms = 6 if share > 0.15 else 3 if share > 0.05 else 1
        if not near.any():
            break
        used = basis[near][:, :terms]
        damping = 1e-3 * len(used) * np.diag([0.0] + [1.0] * (terms - 1))
        coefficients[:] = 0.0
        coefficients[:terms] = np.linalg.solve(used.T @ used + damping, used.T @ both[near])
        expected = basis @ coefficients[:, 3]
    return coefficients[:, :3]


def _is_stain(
    fitted: NDArray[np.float64], lit: NDArray[np.bool_], basis: NDArray[np.float64]
) -> bool:
    """Tell whether the brightest mode is itself stained: a cell that fills its picture."""
    red, green, blue = (basis[lit] @ fitted).mean(axis=0)
    return bool(min(red, blue) - green > _PURPLE)
