"""The black round a picture: an eyepiece's rim, or what was put round cells that were cut out.

Public collections show cells cut out of their slide and laid on black. Nothing of the slide is
left there to measure the white against, and the black itself must be neither stain nor cell: such
cells are laid on glass again before anything looks at them.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.vocabulary import Pixels

Mask = NDArray[Any]
"""(height, width) uint8, 0 where not."""

BLACK = 14
"""Brightest grey level of what counts as black."""
_LEAST_SHARE, _CUT_OUT_SHARE, _CUT_OUT_REACH = 0.02, 0.25, 0.93
_STAINED, _STAINED_SHARE = 1.08, 0.5
"""A pixel is stained where red and blue are so many times its green; red cells are not."""
_MIXED, _MOST_PEELED = 0.85, 1 / 25
"""How bright the outermost pixels are at most, over those within, where scaling or compression has
mixed them with the black; and how much is peeled off at most, over the cell's width."""
_LIGHTEST, _LIGHTEST_TO_WHITE, _WHITES = 0.98, 0.97, (120, 255)
"""Blue passes the dyes of cytoplasm nearly as it passes glass: its 98th percentile within a cell
is 0.97 of the white (medians of five sources: 0.89, 0.97, 0.99 and twice above 1)."""


def black_surround(pixels: Pixels) -> Mask | None:
    """Mark black areas that touch the frame, (height, width) of 0 and 1; None without any."""
    frame = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    if frame.max(axis=1).min() > BLACK:  # the quick answer for nearly every field
        return None
    black = cv2.inRange(pixels, (0, 0, 0), (BLACK, BLACK, BLACK))
    if cv2.countNonZero(black) < _LEAST_SHARE * black.size:
        return None
    _, labels = cv2.connectedComponents(black, connectivity=4)
    touching = np.zeros(int(labels.max()) + 1, np.uint8)
    touching[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = 1
    touching[0] = 0
    surround: Mask = touching[labels]
    return surround if surround.any() else None


def cut_out(pixels: Pixels) -> Mask | None:
    """Mark what is shown of a picture of cells on black, (height, width) of 0 and 1.

    Returns:
        None for any other picture. A field seen through an eyepiece reaches the frame, and less
        than half of it is stained.
    """
    surround = black_surround(pixels)
    if surround is None:
        return None
    shown: Mask = 1 - surround
    if not shown.any():
        return None
    _, _, width, height = cv2.boundingRect(shown)
    apart = max(height / shown.shape[0], width / shown.shape[1]) < _CUT_OUT_REACH
    if (apart and surround.mean() >= _CUT_OUT_SHARE) or is_stained(pixels, shown):
        return shown
    return None


def is_stained(pixels: Pixels, where: Mask) -> bool:
    """Tell whether most of an area lets red and blue pass and holds green back, as nuclei do."""
    red, green, blue = (plane[where > 0].astype(np.float32) for plane in cv2.split(pixels))
    stained = np.minimum(red, blue) > _STAINED * green
    return bool(stained.mean() > _STAINED_SHARE)


def on_glass(pixels: Pixels) -> Pixels:
    """Lay cells that were cut out on glass; any other picture is given back as it is.

    Args:
        pixels: (height, width, 3) uint8, RGB.

    Returns:
        The same array, or a new one of that shape whose black is an even grey: the white of the
        slide as the cells' lightest parts tell it.
    """
    shown = cut_out(pixels)
    return pixels if shown is None else laid_on_glass(pixels, shown)


def laid_on_glass(pixels: Pixels, shown: Mask) -> Pixels:
    """Do so where it is known already what is shown, as `cut_out` gives it."""
    lit = _peeled(pixels, shown) > 0
    white = np.clip(np.quantile(pixels[lit][:, 2], _LIGHTEST) / _LIGHTEST_TO_WHITE, *_WHITES)
    laid = pixels.copy()
    laid[~lit] = round(float(white))
    return laid


def _peeled(pixels: Pixels, shown: Mask) -> Mask:
    """Take the outermost pixels off for as long as they are darker than those within."""
    bright = pixels.max(axis=2)
    _, _, width, height = cv2.boundingRect(shown)
    square = np.ones((3, 3), np.uint8)
    for _ in range(int(max(width, height) * _MOST_PEELED)):
        within = cv2.erode(shown, square, borderValue=1)
        core = cv2.erode(within, square, borderValue=1)
        edge, next_to_it = bright[shown > within], bright[within > core]
        if not len(edge) or not len(next_to_it):
            break
        if np.median(edge) >= _MIXED * np.median(next_to_it):
            break
        shown = within
    return shown
