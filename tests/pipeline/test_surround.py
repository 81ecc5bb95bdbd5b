"""Cells cut out and laid on black, as public collections show them, and eyepieces' black rims."""

import cv2
import numpy as np
import pytest

from appliance.pipeline.absorbance import measure
from appliance.pipeline.cells import find_cell_at, find_cells
from appliance.pipeline.crops import GLASS, crop_cells
from appliance.pipeline.surround import cut_out, on_glass
from tests.pipeline.drawn_smears import Smear

CYTOPLASM, NUCLEUS, WHITE = (176, 160, 228), (100, 50, 140), 236


def drawn(around, *middles, side=300, radius=70):
    """Draw lymphocytes without anything beside them."""
    picture = np.full((side, side, 3), around, np.uint8)
    for x, y in middles:
        cv2.circle(picture, (x, y), radius, CYTOPLASM, -1)
        cv2.circle(picture, (x - 6, y), int(0.8 * radius), NUCLEUS, -1)
    return picture


def through_an_eyepiece():
    round_field = np.zeros((480, 640, 1), np.uint8)
    cv2.circle(round_field, (320, 240), 238, 1, -1)
    return Smear().lymphocyte(320, 240).red_cells().finished() * round_field


def test_a_cut_out_cell_is_one_whole_cell():
    (cell,) = find_cells(drawn(0, (150, 150)))
    assert cell.counted
    assert (cell.box.width, cell.box.height) == (pytest.approx(141, abs=2),) * 2
    assert cell.nucleus_area_px == pytest.approx(np.pi * 56**2, rel=0.1)


def test_a_cut_out_cell_that_is_pointed_at_is_the_one_that_is_found():
    picture = drawn(0, (80, 150), (220, 150), radius=50)
    left, right = find_cells(picture)
    for cell, x in ((left, 80), (right, 220), (right, 266)):
        pointed = find_cell_at(picture, x, 150)
        assert pointed is not None
        assert pointed.box == cell.box
        assert pointed.nucleus_area_px == cell.nucleus_area_px
        np.testing.assert_array_equal(pointed.outline, cell.outline)


def test_on_the_black_beside_a_cut_out_cell_is_nothing():
    assert find_cell_at(drawn(0, (150, 150)), 20, 20) is None


def test_the_network_sees_a_cut_out_cell_as_it_would_on_its_slide():
    on_black, on_white = drawn(0, (150, 150)), drawn(WHITE, (150, 150))
    crops = [crop_cells(p, find_cells(p), side_px=128)[0].astype(int) for p in (on_black, on_white)]
    assert np.abs(crops[0] - crops[1]).mean() < 6
    assert crops[0][:4].min() >= GLASS - 4


def test_no_dark_ring_is_left_where_scaling_mixed_a_cell_with_the_black():
    large = cv2.resize(drawn(0, (150, 150)), (900, 900), interpolation=cv2.INTER_CUBIC)
    crop = crop_cells(large, find_cells(large), side_px=128)[0]
    assert crop.max(axis=2).min() > 100


def test_nothing_is_peeled_off_a_cell_whose_edge_is_its_own():
    lying = on_glass(drawn(0, (150, 150)))
    assert (lying == CYTOPLASM).all(axis=2).sum() == (drawn(0, (150, 150)) == CYTOPLASM).all(
        axis=2
    ).sum()


def test_a_cell_cut_out_without_a_margin_is_known_by_its_stain():
    tight = np.ascontiguousarray(drawn(0, (150, 150))[80:221, 80:221])
    assert cut_out(tight) is not None
    assert len(find_cells(tight)) == 1


def test_cells_cut_out_side_by_side_stay_two():
    boxes = [cell.box for cell in find_cells(drawn(0, (80, 150), (220, 150), radius=50))]
    assert [box.x for box in boxes] == [pytest.approx(30, abs=2), pytest.approx(170, abs=2)]


def test_a_grey_shape_on_black_is_no_cell():
    picture = np.zeros((300, 300, 3), np.uint8)
    cv2.circle(picture, (150, 150), 70, (180, 180, 180), -1)
    assert find_cells(picture) == []


def test_black_round_a_cut_out_cell_is_empty_slide():
    measured = measure(on_glass(drawn(0, (150, 150))))
    assert measured.index[150, 150] > 0.2
    assert abs(measured.darkness[5, 5]) < 0.01


def test_a_field_through_an_eyepiece_is_not_cut_out():
    picture = through_an_eyepiece()
    assert cut_out(picture) is None
    assert on_glass(picture) is picture


@pytest.mark.parametrize("level", [0, 255])
def test_an_even_picture_is_not_cut_out(level):
    assert cut_out(np.full((50, 60, 3), level, np.uint8)) is None
