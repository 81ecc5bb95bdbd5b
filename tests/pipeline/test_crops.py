"""What the network gets to see of a cell."""

import cv2
import numpy as np
import pytest

from appliance.pipeline.crops import GLASS, crop_cells, crop_masks
from appliance.vocabulary import Box, FoundCell

SIDE = 64
PURPLE = (110, 60, 150)


def circle(x, y, radius, points=60):
    turn = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return np.rint([x + radius * np.cos(turn), y + radius * np.sin(turn)]).T.astype(np.int32)


def cell_at(x, y, radius, *, outline=True):
    return FoundCell(
        box=Box(x - radius, y - radius, 2 * radius + 1, 2 * radius + 1),
        nucleus=circle(x, y, radius // 2 + 1),
        outline=circle(x, y, radius) if outline else None,
        nucleus_area_px=np.pi * radius**2 / 4,
        cell_area_px=None,
        at_border=False,
    )


def field(x=100, y=90, radius=30, *, around=(235, 230, 225), size=(200, 220)):
    """Draw one purple cell with a darker nucleus on even glass."""
    pixels = np.full((*size, 3), around, np.uint8)
    cv2.circle(pixels, (x, y), radius, (170, 150, 200), -1)
    cv2.circle(pixels, (x, y), radius // 2, PURPLE, -1)
    return pixels


def test_no_cell_gives_an_empty_batch_of_the_right_shape():
    crops = crop_cells(field(), [], side_px=SIDE)
    assert crops.shape == (0, SIDE, SIDE, 3)
    assert crops.dtype == np.uint8


def test_crops_come_in_the_order_of_the_cells():
    pixels = field()
    pixels[:, 110:] = 20
    dark, light = cell_at(160, 90, 20), cell_at(100, 90, 30)
    crops = crop_cells(pixels, [dark, light], side_px=SIDE)
    assert crops[0].mean() < crops[1].mean()


@pytest.mark.parametrize("outline", [True, False])
def test_the_slide_around_the_cell_is_hidden(outline):
    cell = cell_at(100, 90, 30, outline=outline)
    plain, busy = field(), field()
    far = np.hypot(*(np.indices(plain.shape[:2]) - np.array([90, 100])[:, None, None])) > 36
    busy[far] = np.random.default_rng(1).integers(150, 236, (far.sum(), 3))
    # The white of the field is set to one level, so it must be the same in both.
    busy[:40] = plain[:40]
    assert np.array_equal(*(crop_cells(p, [cell], side_px=SIDE) for p in (plain, busy)))


def test_the_corners_are_empty_glass():
    crop = crop_cells(field(), [cell_at(100, 90, 30)], side_px=SIDE)[0]
    assert np.all(crop[[0, 0, -1, -1], [0, -1, 0, -1]] == GLASS)


@pytest.mark.parametrize("factor", [0.5, 2, 4])
def test_the_same_cell_at_another_magnification_gives_nearly_the_same_crop(factor):
    pixels, cell = field(), cell_at(100, 90, 30)
    larger = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    scaled = FoundCell(
        box=Box(*(round(v * factor) for v in (70, 60, 61, 61))),
        nucleus=np.int32(cell.nucleus * factor),
        outline=np.int32((cell.outline + 0.5) * factor - 0.5),
        nucleus_area_px=1,
        cell_area_px=None,
        at_border=False,
    )
    one, other = (
        crop_cells(p, [c], side_px=SIDE)[0].astype(int)
        for p, c in ((pixels, cell), (larger, scaled))
    )
    assert np.abs(one - other).mean() < 3.5  # boxes are whole pixels


def test_the_lamps_colour_and_brightness_are_taken_out():
    cell = cell_at(100, 90, 30)
    warm = np.rint(field() * np.array([0.95, 0.8, 0.6])).astype(np.uint8)
    one, other = (crop_cells(p, [cell], side_px=SIDE)[0].astype(int) for p in (field(), warm))
    assert np.abs(one - other).max() <= 3


def test_a_cell_cut_by_the_border_is_completed_with_what_is_nearest():
    pixels = field(x=5, y=90)
    crop = crop_cells(pixels, [cell_at(5, 90, 30)], side_px=SIDE)[0]
    assert crop.shape == (SIDE, SIDE, 3)


def test_a_cell_outside_the_picture_is_refused():
    with pytest.raises(ValueError, match="outside the 220 x 200 picture"):
        crop_cells(field(), [cell_at(400, 400, 20)], side_px=SIDE)


def test_a_cell_without_any_outline_is_cut_as_an_ellipse():
    nothing = np.empty((0, 2), np.int32)
    cell = FoundCell(Box(70, 60, 61, 61), nothing, None, 0.0, None, at_border=False)
    crop = crop_cells(field(), [cell], side_px=SIDE)[0]
    assert np.all(crop[0, 0] == GLASS)
    assert crop[SIDE // 2, SIDE // 2, 1] < 100


def test_the_input_stays_as_it_was():
    pixels = field()
    before = pixels.copy()
    crop_cells(pixels, [cell_at(100, 90, 30)], side_px=SIDE)
    assert np.array_equal(pixels, before)


def test_masks_cover_the_cell_and_nothing_far_from_it():
    mask = crop_masks([cell_at(100, 90, 30)], side_px=SIDE)[0]
    assert mask[SIDE // 2, SIDE // 2] == 255
    assert mask[0, 0] == 0
    assert 0.6 < (mask > 127).mean() < 0.8
