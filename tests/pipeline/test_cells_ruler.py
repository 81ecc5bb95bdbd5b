import cv2
import numpy as np
import pytest

from appliance.pipeline.absorbance import measure
from appliance.pipeline.ruler import red_cell_diameter, seen_red_cell_diameter
from tests.pipeline.drawn_smears import Smear


def ruler(smear: Smear, **known: float) -> float:
    measured = measure(smear.finished())
    return red_cell_diameter(measured.darkness, measured.index, **known)


@pytest.mark.parametrize("unit", [14, 25, 40, 80])
def test_lone_red_cells_are_the_ruler(unit: int) -> None:
    assert ruler(Smear(unit=unit).lymphocyte(300, 240).red_cells()) == pytest.approx(unit, rel=0.12)


def test_platelets_do_not_shrink_the_ruler() -> None:
    smear = Smear(unit=60).red_cells()
    for x in range(40, 640, 60):
        smear.platelet(x, 200).platelet(x, 300)
    assert ruler(smear) == pytest.approx(60, rel=0.15)


def test_without_red_cells_the_white_cell_is_the_ruler() -> None:
    smear = Smear(width=200, height=200, unit=50).lymphocyte(100, 100)
    assert ruler(smear) == pytest.approx(50, rel=0.25)


def test_a_known_scale_is_believed() -> None:
    smear = Smear(width=200, height=200, unit=50).lymphocyte(100, 100)
    assert ruler(smear, expected_px=30.0) == pytest.approx(30, rel=0.15)


def test_overlapping_red_cells_are_measured_too() -> None:
    smear = Smear(unit=40).lymphocyte(320, 240)
    for x in range(60, 620, 30):
        cv2.circle(smear.pixels, (x, 100 + x % 60), 20, (178, 140, 128), -1)
        cv2.circle(smear.pixels, (x, 400 - x % 60), 20, (178, 140, 128), -1)
    assert ruler(smear) == pytest.approx(40, rel=0.3)


def test_an_empty_picture_has_some_ruler_within_the_grid() -> None:
    nothing = np.zeros((100, 100), np.float32)
    assert 4 <= red_cell_diameter(nothing, nothing) <= 260
    everything = np.ones((100, 100), np.float32)
    assert 4 <= red_cell_diameter(everything, everything) <= 260


def test_a_picture_stained_all_over_is_measured_without_a_fault() -> None:
    darkness = np.random.default_rng(0).uniform(0.27, 0.36, (383, 510)).astype(np.float32)
    nothing = np.zeros_like(darkness)
    assert 4 <= red_cell_diameter(darkness, nothing) <= 260
    assert seen_red_cell_diameter(darkness, nothing) is None


def test_a_ruler_that_is_only_guessed_is_told_from_one_that_was_seen() -> None:
    alone = measure(Smear(width=200, height=200, unit=50).lymphocyte(100, 100).finished())
    assert seen_red_cell_diameter(alone.darkness, alone.index) is None
    field = measure(Smear(unit=40).lymphocyte(300, 240).red_cells().finished())
    assert seen_red_cell_diameter(field.darkness, field.index) == pytest.approx(40, rel=0.12)
