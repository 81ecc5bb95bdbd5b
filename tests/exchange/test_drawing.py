"""Pictures for paper, and where labels stand."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from appliance.exchange.drawing import (
    STAMP_PX,
    Area,
    fit,
    free_corner,
    place_labels,
    scale_bar_um,
    scaled_jpeg,
    thumbnail,
)
from appliance.vocabulary import Box


def opened(jpeg):
    return np.asarray(Image.open(io.BytesIO(jpeg)))


def field(width=300, height=200):
    pixels = np.full((height, width, 3), 200, np.uint8)
    pixels[80:120, 100:140] = (90, 30, 140)
    return pixels


@pytest.mark.parametrize(
    ("size", "longest", "expected"),
    [((300, 200), 150, (150, 100)), ((300, 200), 900, (300, 200)), ((2000, 3), 100, (100, 1))],
)
def test_a_picture_is_scaled_down_and_never_up(size, longest, expected):
    jpeg = scaled_jpeg(field(*size), longest_px=longest)
    assert Image.open(io.BytesIO(jpeg)).size == expected


def test_colours_survive():
    assert (
        np.abs(opened(scaled_jpeg(field(), longest_px=900))[100, 120] - [90.0, 30, 140]).max() < 8
    )


def test_a_stamp_shows_the_cell_in_its_middle_with_a_margin():
    stamp = opened(thumbnail(field(), Box(100, 80, 40, 40)))
    assert stamp.shape == (54, 54, 3)
    assert stamp[27, 27, 1] < 60
    assert stamp[2, 2, 1] > 180


@pytest.mark.parametrize("box", [Box(0, 0, 30, 30), Box(280, 170, 20, 30), Box(500, 500, 9, 9)])
def test_beyond_the_edge_a_stamp_is_white(box):
    stamp = opened(thumbnail(field(), box))
    assert stamp.shape[0] == stamp.shape[1]
    assert stamp.max() > 250


def test_a_large_cell_is_scaled_to_the_size_of_a_stamp():
    assert opened(thumbnail(field(900, 900), Box(100, 100, 600, 500))).shape[:2] == (
        STAMP_PX,
        STAMP_PX,
    )


def test_a_picture_fills_its_room_and_keeps_its_shape():
    area = fit(200, 100, Area(10, 20, 60, 90))
    assert (area.x, area.y, area.width, area.height) == (10, 20, 60, 30)


def test_a_tiny_picture_is_not_blown_up():
    area = fit(20, 20, Area(0, 0, 180, 180), largest_mm_per_px=0.5)
    assert (area.x, area.width) == (85, 10)


def test_labels_do_not_cover_each_other_while_there_is_room():
    boxes = [Area(20 + 12 * i, 30, 8, 8) for i in range(8)]
    labels = place_labels(boxes, [(6.0, 2.5)] * 8, Area(0, 0, 180, 100))
    for i, label in enumerate(labels):
        assert all(label.overlap(other) == 0 for other in labels[:i])
        assert all(label.overlap(box) == 0 for box in boxes)


@given(
    st.lists(
        st.tuples(st.floats(0, 170), st.floats(0, 90), st.floats(1, 30), st.floats(1, 30)),
        max_size=30,
    )
)
def test_no_label_leaves_the_picture(rectangles):
    within = Area(5, 5, 180, 100)
    boxes = [Area(*r) for r in rectangles]
    for label in place_labels(boxes, [(6.0, 2.5)] * len(boxes), within):
        assert within.x <= label.x <= within.x + within.width - 6.0
        assert within.y <= label.y <= within.y + within.height - 2.5


def test_the_scale_bar_leaves_the_cells_free():
    area = Area(0, 0, 100, 60)
    assert free_corner(area, (16, 6), []).x == 82
    assert free_corner(area, (16, 6), [Area(85, 50, 10, 8)]).x == 2


@pytest.mark.parametrize(
    ("across", "bar"), [(215.0, 20), (100.0, 20), (99.0, 10), (1.0, 0.2), (0.01, 0.01)]
)
def test_the_scale_bar_has_a_round_length_below_a_fifth(across, bar):
    assert scale_bar_um(across) == bar
