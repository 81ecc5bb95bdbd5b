"""Geometry of what a person draws, joins and splits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.records import outlines
from appliance.vocabulary import Box

points = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=20)


def test_the_hull_of_a_square_is_its_corners():
    square = [(0, 0), (4, 0), (4, 4), (0, 4), (2, 2), (2, 0)]
    assert sorted(outlines.hull(square)) == [[0, 0], [0, 4], [4, 0], [4, 4]]


@given(points)
def test_no_point_lies_outside_the_hull(cloud):
    hull = outlines.hull(cloud)
    for point in cloud:
        assert outlines.area(outlines.hull([*hull, point])) == outlines.area(hull)


def test_area_of_a_triangle():
    assert outlines.area([[0, 0], [4, 0], [0, 3]]) == 6


def test_an_ellipse_fills_its_box():
    ellipse = outlines.ellipse(Box(10, 20, 31, 11))
    assert min(x for x, _ in ellipse) == 10
    assert max(x for x, _ in ellipse) == 40
    assert min(y for _, y in ellipse) == 20
    assert max(y for _, y in ellipse) == 30


def test_the_union_holds_all_boxes():
    assert outlines.union([Box(1, 2, 3, 4), Box(10, 0, 5, 5)]) == Box(1, 0, 14, 6)


@pytest.mark.parametrize(
    ("box", "within", "cut"),
    [
        (Box(1, 1, 8, 8), True, False),
        (Box(0, 1, 8, 8), True, True),
        (Box(2, 2, 8, 8), True, True),
        (Box(2, 2, 9, 8), False, True),
        (Box(2, 1, 0, 8), False, False),
    ],
)
def test_what_lies_in_a_picture_and_what_its_edge_cuts(box: Box, within: bool, cut: bool):
    assert outlines.is_within(box, 10, 10) == within
    assert outlines.is_cut(box, 10, 10) == cut
