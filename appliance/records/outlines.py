"""Outlines of cells that a person draws, joins or splits; plain geometry, no picture."""

import math
from collections.abc import Iterable, Sequence

from appliance.vocabulary import Box

Points = list[list[int]]
"""[[x, y], …] in pixels of the image, as `tables.Cell` keeps an outline."""

_CORNERS = 24  # of an ellipse that stands for a cell


def hull(points: Iterable[Sequence[int]]) -> Points:
    """Return the convex hull, counterclockwise in a y-up plane (Andrew 1979, monotone chain)."""
    ordered = sorted({(int(x), int(y)) for x, y in points})
    if len(ordered) < 3:
        return [list(point) for point in ordered]
    lower, upper = _half(ordered), _half(ordered[::-1])
    return [list(point) for point in lower[:-1] + upper[:-1]]


def ellipse(box: Box) -> Points:
    """Return the ellipse that fills a box."""
    half_width, half_height = (box.width - 1) / 2, (box.height - 1) / 2
    angles = [2 * math.pi * corner / _CORNERS for corner in range(_CORNERS)]
    return [
        [
            round(box.x + half_width * (1 + math.cos(angle))),
            round(box.y + half_height * (1 + math.sin(angle))),
        ]
        for angle in angles
    ]


def area(points: Sequence[Sequence[int]]) -> float:
    """Return the area within a closed polygon, square pixels (Gauss' shoelace formula)."""
    pairs = zip(points, [*points[1:], *points[:1]], strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2


def union(boxes: Sequence[Box]) -> Box:
    """Return the smallest box around all of them."""
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right = max(box.x + box.width for box in boxes)
    bottom = max(box.y + box.height for box in boxes)
    return Box(left, top, right - left, bottom - top)


def is_within(box: Box, width: int, height: int) -> bool:
    """Say whether a box with some area lies in a picture of this size."""
    inside = box.x >= 0 and box.y >= 0 and box.width > 0 and box.height > 0
    return inside and box.x + box.width <= width and box.y + box.height <= height


def is_cut(box: Box, width: int, height: int) -> bool:
    """Say whether a box touches the edge of the picture, so that its cell may be cut by it."""
    right, bottom = box.x + box.width, box.y + box.height
    return box.x <= 0 or box.y <= 0 or right >= width or bottom >= height


def _half(ordered: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    chain: list[tuple[int, int]] = []
    for point in ordered:
        while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
            chain.pop()
        chain.append(point)
    return chain


def _turn(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> int:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
