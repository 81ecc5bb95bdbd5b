"""The simulated microscope can be driven, and knows what it showed."""

import cv2
import numpy as np
import pytest

from appliance.errors import CameraUnavailable
from firmware_hooks.cameras.synthetic import SyntheticCamera
from firmware_hooks.drawing import Kind


def small(seed: int = 7) -> SyntheticCamera:
    return SyntheticCamera(seed, cells=4, blasts=2, width=640, height=480)


def test_the_same_seed_shows_the_same_slide():
    one, other = small(), small()
    for _ in range(2):
        np.testing.assert_array_equal(one.capture().pixels, other.capture().pixels)


def test_fields_of_one_slide_share_stain_and_light():
    camera = small()
    levels = [np.percentile(camera.capture().pixels, 90, axis=(0, 1)) for _ in range(2)]
    np.testing.assert_allclose(levels[0], levels[1], atol=3)
    assert np.abs(np.percentile(small(8).capture().pixels, 90, axis=(0, 1)) - levels[0]).max() > 3


def test_truth_is_of_the_last_frame():
    camera = small()
    assert camera.truth == ()
    camera.capture()
    first = camera.truth
    camera.capture()
    assert [cell.kind for cell in camera.truth].count(Kind.BLAST) == 2
    assert [cell.box for cell in camera.truth] != [cell.box for cell in first]
    assert camera.fields_taken == 2


def test_defocus_holds_until_it_is_taken_back():
    camera = small()
    sharp = _contrast(camera.capture().pixels)
    camera.defocus_um = 4.0
    blurred = _contrast(camera.capture().pixels)
    camera.defocus_um = 0.0
    again = _contrast(camera.capture().pixels)
    assert blurred < 0.5 * min(sharp, again)


def _contrast(pixels):
    return cv2.Laplacian(cv2.GaussianBlur(pixels, (0, 0), 1.0), cv2.CV_64F).var()


def test_only_the_next_capture_fails_and_no_field_is_lost():
    camera, undisturbed = small(), small()
    camera.fail_next(CameraUnavailable("unplugged"))
    with pytest.raises(CameraUnavailable, match="unplugged"):
        camera.capture()
    np.testing.assert_array_equal(camera.capture().pixels, undisturbed.capture().pixels)


def test_the_scale_is_told():
    assert small().capture().um_per_px == 0.12
