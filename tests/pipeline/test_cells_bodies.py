import cv2
import numpy as np
import pytest

from appliance.pipeline.absorbance import Absorbance
from appliance.pipeline.bodies import Body, grow, sharpen_nucleus, surroundings
from appliance.pipeline.halves import join_halves
from appliance.pipeline.lobes import parts_of
from appliance.pipeline.nuclei import Levels
from appliance.pipeline.outlines import outline

UNIT = 30.0
LEVELS = Levels(nuclei=0.5, rest=0.02, spread=0.02)


def disc(x: int, y: int, radius: int) -> np.ndarray:
    mask = np.zeros((200, 300), np.uint8)
    cv2.circle(mask, (x, y), radius, 1, -1)
    return mask


def painted() -> Absorbance:
    """A cell at 100, 100 (nucleus 18, cell 28 wide from its middle) with red cells at its side."""
    density = np.zeros((200, 300, 3), np.float32)
    for x in (143, 200, 260):
        density[disc(x, 100, 15) > 0] = (0.04, 0.13, 0.12)
    density[disc(100, 100, 28) > 0] = (0.12, 0.18, 0.04)
    density[disc(100, 100, 18) > 0] = (0.4, 0.7, 0.15)
    index = density[..., 1] - density[..., 2]
    return Absorbance(density, density.max(axis=2), index)


def grown() -> Body:
    labels = disc(100, 100, 18).astype(np.int32)
    around = surroundings(painted(), labels, LEVELS, UNIT)
    return grow(parts_of(labels, 10), labels, around, UNIT)


def test_a_body_ends_at_empty_slide_and_at_red_cells() -> None:
    body = grown()
    truth = disc(100, 100, 28)[body.window]
    common = int((truth & body.cell).sum())
    assert 2 * common / (int(truth.sum()) + int(body.cell.sum())) > 0.93
    assert not (body.cell & disc(143, 100, 12)[body.window]).any()


def test_a_nucleus_taken_too_wide_is_found_again() -> None:
    body = grown()
    wide = Body(body.x, body.y, body.cell, body.cell)
    again = sharpen_nucleus(wide, painted().index, UNIT)
    assert again.nucleus.sum() == pytest.approx(np.pi * 18**2, rel=0.1)


def test_a_nucleus_that_fills_its_cell_is_left_alone() -> None:
    body = Body(70, 70, disc(30, 30, 18)[:60, :60], disc(30, 30, 18)[:60, :60])
    same = sharpen_nucleus(body, np.full((200, 300), 0.5, np.float32), UNIT)
    assert np.array_equal(same.nucleus, body.nucleus)


def test_halves_of_one_round_cell_become_one() -> None:
    whole = disc(100, 100, 28)
    left, right = whole.copy(), whole.copy()
    left[:, 100:] = 0
    right[:, :100] = 0
    lobes = [disc(88, 100, 8), disc(112, 100, 8)]
    bodies = [Body(0, 0, lobes[0], left), Body(0, 0, lobes[1], right)]
    (one,) = join_halves(bodies, UNIT)
    assert one.cell.sum() == pytest.approx(whole.sum(), rel=0.02)
    assert one.nucleus.sum() == lobes[0].sum() + lobes[1].sum()


def test_two_cells_that_touch_stay_two() -> None:
    bodies = [Body(0, 0, disc(x, 100, 15), disc(x, 100, 25)) for x in (80, 130)]
    assert len(join_halves(bodies, UNIT)) == 2


def test_an_outline_of_two_pieces_has_their_area() -> None:
    pieces = disc(60, 60, 15) | disc(120, 60, 15)
    polygon = outline(pieces, 10, 20, 0.5, (1000, 1000))
    assert cv2.contourArea(polygon) == pytest.approx(4 * pieces.sum(), rel=0.06)
    assert polygon[:, 0].min() == pytest.approx((60 - 15 + 10) * 2, abs=3)
    assert polygon[:, 1].max() == pytest.approx((60 + 15 + 20) * 2, abs=3)


def test_an_outline_stays_in_the_image() -> None:
    polygon = outline(np.ones((50, 50), np.uint8), 0, 0, 0.5, (90, 95))
    assert polygon.min() == 0
    assert polygon.max(axis=0).tolist() == [89, 94]
