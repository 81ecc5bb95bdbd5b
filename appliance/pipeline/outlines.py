"""Outlines: from masks of the working image to polygons of the whole image."""

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.pipeline.surround import Mask
from appliance.vocabulary import Outline

_FINER = 2


def outline(mask: Mask, x: int, y: int, scale: float, size: tuple[int, int]) -> Outline:
    """Draw one closed polygon about a mask.

    A mask in several pieces (a segmented nucleus) makes one polygon too: the pieces are joined by
    lines of no width, so that its area is that of the pieces.

    Args:
        mask: (height, width) uint8, not empty.
        x: Of the mask's upper left pixel in the working image.
        y: Likewise.
        scale: Working pixels for one pixel of the whole image.
        size: (width, height) of the whole image; the polygon stays inside.
    """
    left, top, width, height = cv2.boundingRect(mask)
    piece = mask[top : top + height, left : left + width] * 255
    padded = cv2.copyMakeBorder(piece, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    shape = (padded.shape[1] * _FINER, padded.shape[0] * _FINER)
    fine = cv2.resize(padded, shape, interpolation=cv2.INTER_LINEAR)
    contours, _ = cv2.findContours(
        np.greater(fine, 127).view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_TC89_L1
    )
    pieces = sorted(contours, key=len, reverse=True)
    polygon: NDArray[np.float64] = pieces[0].reshape(-1, 2).astype(np.float64)
    for piece in pieces[1:]:
        polygon = _bridge(polygon, piece.reshape(-1, 2).astype(np.float64))
    polygon = (polygon + 0.5) / _FINER - 1.0 + [x + left, y + top]
    whole = np.rint(polygon / scale - 0.5).astype(np.int32)
    return np.clip(whole, 0, [size[0] - 1, size[1] - 1]).astype(np.int32)


def _bridge(
    polygon: NDArray[np.float64],
    piece: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Walk the polygon to the piece, round it, and back by the same line."""
    away = ((polygon[:, None] - piece[None]) ** 2).sum(axis=2)
    leave, arrive = np.unravel_index(int(away.argmin()), away.shape)
    round_trip = np.roll(piece, -int(arrive), axis=0)
    return np.concatenate(
        [polygon[: leave + 1], round_trip, round_trip[:1], polygon[leave:]], axis=0
    )
