"""Drawn smears are the same for a seed, know their truth, and read like real ones."""

import cv2
import numpy as np
import pytest

from appliance.pipeline.cells import find_cells
from appliance.vocabulary import Box
from firmware_hooks.drawing import Kind
from firmware_hooks.slides import DrawnField, Light, StainLook, draw_field, light_up, mix_stain


@pytest.fixture(scope="module")
def field() -> DrawnField:
    return draw_field(4, cells=12, blasts=5)


def test_a_seed_gives_the_same_picture_and_truth_again(field):
    again = draw_field(4, cells=12, blasts=5)
    np.testing.assert_array_equal(again.pixels, field.pixels)
    assert [cell.box for cell in again.truth] == [cell.box for cell in field.truth]


def test_another_seed_gives_another_picture(field):
    assert not np.array_equal(draw_field(5, cells=12, blasts=5).pixels, field.pixels)


def test_the_picture_has_the_shape_and_cells_asked_for(field):
    assert field.pixels.shape == (1080, 1920, 3)
    assert field.pixels.dtype == np.uint8
    kinds = [cell.kind for cell in field.white_cells]
    assert len(kinds) == 12
    assert kinds.count(Kind.BLAST) == 5
    assert sum(cell.kind is Kind.RED_CELL for cell in field.truth) > 100
    assert any(cell.kind is Kind.PLATELET for cell in field.truth)


def test_truth_lies_in_the_picture_and_boxes_enclose_outlines(field):
    for cell in field.truth:
        box = cell.box
        assert 0 <= box.x < box.x + box.width <= 1920
        assert 0 <= box.y < box.y + box.height <= 1080
        assert cv2.boundingRect(cell.outline) == (box.x, box.y, box.width, box.height)
        assert (cell.nucleus is not None) <= cell.kind.is_white


def test_cells_cut_by_the_edge_are_marked():
    seen = [cell for seed in range(6) for cell in _small(seed).truth]
    for cell in seen:
        touches = cell.box.x == 0 or cell.box.y == 0
        touches |= cell.box.x + cell.box.width == 640 or cell.box.y + cell.box.height == 480
        assert touches or not cell.at_border
    assert any(cell.at_border and cell.kind.is_white for cell in seen)


def _small(seed: int) -> DrawnField:
    return draw_field(seed, width=640, height=480, cells=6, blasts=2)


def test_blasts_are_larger_and_fuller_of_nucleus_than_lymphocytes():
    cells = [c for seed in range(8) for c in _small(seed).white_cells if not c.at_border]
    blasts = [c for c in cells if c.kind is Kind.BLAST]
    lymphocytes = [c for c in cells if c.kind is Kind.LYMPHOCYTE]
    assert _mean_area(blasts) > 1.5 * _mean_area(lymphocytes)
    assert _nuclear_share(blasts) > 0.78 > _nuclear_share(lymphocytes)


def _mean_area(cells):
    return np.mean([cv2.contourArea(cell.outline) for cell in cells])


def _nuclear_share(cells):
    return np.mean([cv2.contourArea(c.nucleus) / cv2.contourArea(c.outline) for c in cells])


def test_nuclei_are_darker_than_red_cells_and_those_than_the_background(field):
    green = field.pixels[..., 1].astype(float)
    of_nuclei = _mean_under(green, [c.nucleus for c in field.white_cells])
    of_red_cells = _mean_under(green, [c.outline for c in field.truth if c.kind is Kind.RED_CELL])
    assert of_nuclei < of_red_cells - 30 < np.percentile(green, 95) - 40


def _mean_under(image, outlines):
    mask = np.zeros(image.shape, np.uint8)
    cv2.drawContours(mask, outlines, -1, 1, -1)
    return image[mask > 0].mean()


def test_defocus_blurs_and_keeps_the_truth():
    quiet = Light(noise=0.0)
    sharp, blurred = (
        draw_field(3, width=640, height=480, cells=6, blasts=2, light=quiet, defocus_um=defocus)
        for defocus in (0.0, 3.0)
    )
    assert _detail(blurred) < 0.2 * _detail(sharp)
    assert [cell.box for cell in blurred.truth] == [cell.box for cell in sharp.truth]


def _detail(field):
    return cv2.Laplacian(field.pixels, cv2.CV_64F).var()


def test_scale_is_the_width_of_a_pixel_on_the_slide():
    coarse = draw_field(3, width=640, height=480, cells=4, um_per_px=0.24)
    fine = draw_field(3, width=640, height=480, cells=4, um_per_px=0.12)
    assert _red_cell_width(fine) == pytest.approx(2 * _red_cell_width(coarse), rel=0.15)
    assert _red_cell_width(fine) * 0.12 == pytest.approx(7.3, abs=0.6)


def _red_cell_width(field):
    whole = [c for c in field.truth if c.kind is Kind.RED_CELL and not c.at_border]
    return np.median([np.sqrt(c.box.width * c.box.height) for c in whole])


def test_stain_and_light_differ_by_seed_and_are_obeyed():
    assert mix_stain(1) != mix_stain(2)
    assert light_up(1) != light_up(2)
    plain = Light(level=(0.9, 0.6, 0.4), vignetting=0.0, noise=0.0)
    empty = draw_field(1, width=320, height=240, cells=0, red_cover=0, light=plain)
    np.testing.assert_allclose(
        np.median(empty.pixels.reshape(-1, 3), axis=0), [230, 153, 102], atol=1.5
    )
    colourless = StainLook(*[(0.0, 0.0, 0.0)] * 4)
    field = draw_field(1, width=320, height=240, stain=colourless, light=plain)
    assert np.ptp(field.pixels[..., 1]) <= 1


@pytest.mark.parametrize(("cells", "blasts", "cover"), [(2, 3, 0.4), (-1, -1, 0.4), (2, 1, -0.1)])
def test_numbers_that_cannot_be_drawn_are_refused(cells, blasts, cover):
    with pytest.raises(ValueError, match="cannot draw"):
        draw_field(1, cells=cells, blasts=blasts, red_cover=cover)


def test_a_full_field_holds_what_fits():
    assert 5 < len(draw_field(1, width=320, height=240, cells=60).white_cells) < 60


def test_the_detector_finds_the_drawn_white_cells_and_nothing_else():
    fields = [draw_field(seed, cells=12, blasts=5) for seed in (21, 22, 23)]
    wanted = found = surplus = 0
    for field in fields:
        cells = find_cells(field.pixels)
        truth = [cell for cell in field.white_cells if not cell.at_border]
        wanted += len(truth)
        found += sum(any(_overlap(t.box, c.box) > 0.5 for c in cells) for t in truth)
        surplus += sum(all(_overlap(t.box, c.box) < 0.2 for t in field.white_cells) for c in cells)
    assert found >= 0.95 * wanted
    assert surplus <= 1


def _overlap(a: Box, b: Box) -> float:
    across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    down = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    shared = max(across, 0) * max(down, 0)
    return shared / (a.width * a.height + b.width * b.height - shared)
