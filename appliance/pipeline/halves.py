"""Halves: grown bodies that turn out to be one cell are put together.

A granulocyte whose lobes lie far apart is first grown as two bodies. They meet along a broad front
and make one round whole, which two cells that only touch do not.
"""

import cv2
import numpy as np

from appliance.pipeline.bodies import Body
from appliance.pipeline.nuclei import fill_holes
from appliance.pipeline.surround import Mask

_NUCLEUS = 3.2
_CELL = 7.0


def join_halves(bodies: list[Body], unit: float) -> list[Body]:
    """Put together what is one cell, until nothing changes; `unit` is a red cell's diameter."""
    red_cell = np.pi / 4 * unit * unit
    left = list(bodies)
    done: list[Body] = []
    while left:
        one = left.pop(0)
        for place, other in enumerate(left):
            near = _overlap(one, other) and _within_reach(one, other)
            whole = _whole(one, other, red_cell) if near else None
            if whole is not None:
                left[place] = whole
                break
        else:
            done.append(one)
    return done


def _overlap(one: Body, other: Body) -> bool:
    """Tell whether the windows of two bodies overlap."""
    high, wide = one.cell.shape
    other_high, other_wide = other.cell.shape
    across = one.x < other.x + other_wide and other.x < one.x + wide
    along = one.y < other.y + other_high and other.y < one.y + high
    return bool(across and along)


def _within_reach(one: Body, other: Body) -> bool:
    """Tell whether the boxes of two cells overlap or lie side by side; else they have no front."""
    left, top, width, height = cv2.boundingRect(one.cell)
    x, y, wide, high = cv2.boundingRect(other.cell)
    x, y = x + other.x - one.x, y + other.y - one.y
    across = x <= left + width and left <= x + wide
    along = y <= top + height and top <= y + high
    return bool(across and along)


def _whole(one: Body, other: Body, red_cell: float) -> Body | None:
    """The cell that two bodies make together, or None where they are two cells."""
    if cv2.countNonZero(one.nucleus) + cv2.countNonZero(other.nucleus) > _NUCLEUS * red_cell:
        return None
    x, y = min(one.x, other.x), min(one.y, other.y)
    right = max(body.x + body.cell.shape[1] for body in (one, other))
    bottom = max(body.y + body.cell.shape[0] for body in (one, other))
    shape = (bottom - y, right - x)
    first, second = (_placed(body, body.cell, x, y, shape) for body in (one, other))
    square = np.ones((3, 3), np.uint8)
    front = cv2.countNonZero(cv2.dilate(first, square) & second)
    smaller = min(cv2.countNonZero(first), cv2.countNonZero(second))
    if front <= 0.6 * np.sqrt(4 * smaller / np.pi):
        return None
    union: Mask = cv2.morphologyEx(cv2.bitwise_or(first, second), cv2.MORPH_CLOSE, square)
    if cv2.countNonZero(union) > _CELL * red_cell or not _is_round(union):
        return None
    nucleus = _placed(one, one.nucleus, x, y, shape) | _placed(other, other.nucleus, x, y, shape)
    return Body(x, y, nucleus, fill_holes(union, union.size))


def _placed(body: Body, mask: Mask, x: int, y: int, shape: tuple[int, int]) -> Mask:
    """A body's mask in a larger window."""
    placed = np.zeros(shape, np.uint8)
    top, left = body.y - y, body.x - x
    placed[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
    return placed


def _is_round(mask: Mask) -> bool:
    """Tell whether a mask is convex and about as wide as it is high."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.convexHull(np.concatenate(contours))
    _, radius = cv2.minEnclosingCircle(hull)
    area = cv2.countNonZero(mask)
    return area > 0.93 * cv2.contourArea(hull) and area > 0.64 * np.pi * radius * radius
