import cv2
import numpy as np

from appliance.pipeline.absorbance import is_grey, measure
from tests.pipeline.drawn_smears import Smear

PLACE = (320, 240)


def smear() -> np.ndarray:
    return Smear().lymphocyte(*PLACE).red_cells().finished()


def test_the_empty_slide_has_no_density() -> None:
    density = measure(smear()).density
    assert abs(float(np.percentile(density, 20))) < 0.02


def test_nuclei_stand_out_from_red_cells_in_the_index() -> None:
    measured = measure(smear())
    red_cells = (measured.darkness > 0.05) & (measured.darkness < 0.25)
    assert measured.index[PLACE[1], PLACE[0]] > 0.25
    assert np.percentile(measured.index[red_cells], 90) < 0.12


def test_light_falling_off_to_the_corners_is_evened_out() -> None:
    y, x = np.mgrid[-1:1:480j, -1:1:640j]
    dim = (smear() * (1 - 0.2 * (x**2 + y**2))[..., None]).astype(np.uint8)
    difference = measure(dim).density - measure(smear()).density
    assert np.percentile(np.abs(difference), 95) < 0.06


def test_an_eyepiece_rim_is_known() -> None:
    picture = smear()
    round_field = np.zeros((480, 640, 1), np.uint8)
    cv2.circle(round_field, (320, 240), 238, 1, -1)
    measured = measure(picture * round_field)
    assert measured.rim is not None
    assert measured.rim[5, 5] == 1
    assert measured.rim[240, 320] == 0
    assert measured.index[240, 320] > 0.25


def test_grey_pictures_are_told_from_coloured_ones() -> None:
    grey = cv2.cvtColor(smear(), cv2.COLOR_RGB2GRAY)
    assert is_grey(np.dstack([grey] * 3))
    assert not is_grey(smear())
